"""One account's part of a run: check that it may run, sign in, sync, save the session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from archiver.archive.writer import ArchiveWriter
from archiver.catalogue.index import Catalogue
from archiver.collect.account_result import AccountResult, name_input
from archiver.collect.account_session import REFUSALS, AccountAccess, AccountSession, SigningIn, Totp, admit, remember
from archiver.collect.history_cursor import HistoryCursors, Retries, sweep_day
from archiver.collect.run_context import RunContext
from archiver.collect.sync import Sync
from archiver.collect.terms import SeenTerms
from archiver.collect.terms_visits import archive_given_terms, archive_terms, seen_terms
from archiver.collect.trouble_page import adapter_fault, add_page, personal, save_trouble
from archiver.core.errors import ArchiverError, LayoutChanged, SiteUnavailable, machine_error
from archiver.home.settings import Account


@dataclass
class AccountRun:
    run: RunContext
    account: Account
    archive: ArchiveWriter
    catalogue: Catalogue
    result: AccountResult = field(init=False)
    _step: str = "signing in"  # what is being done, for the note beside a saved page
    _secret_values: list[str] = field(default_factory=list)

    def overdue(self, timeout_s: float) -> AccountResult:
        """The result of an account that reached its deadline. Archived licences stay; the next run does the rest."""
        span = f"{timeout_s / 3600:g} h" if timeout_s >= 3600 else f"{timeout_s:g} s"
        late = SiteUnavailable(f"{self.account.name} did not finish before its deadline, {span} after its start")
        self.result.fail(late)
        return self.result

    async def __call__(self) -> AccountResult:
        self.result = AccountResult(self.account.name, self.account.provider)
        async with AsyncExitStack() as beside:
            try:
                await self._run(beside)
            except ArchiverError as error:
                name_input(error, self.account)
                self._fail(error)
            except OSError as error:
                self.result.fail(machine_error(error), self._secret_values)
            except Exception as error:  # noqa: BLE001  # one adapter's fault is reported and must not stop the others
                self._fail(adapter_fault(error))
        return self.result

    async def _run(self, beside: AsyncExitStack) -> None:
        access = await asyncio.to_thread(admit, self.run, self.account)
        self.account, recording, provider = access.account, access.recording, access.provider
        self.result.adapter = access.own_adapter
        self._secret_values += access.secrets.values()
        network = self.run.tools.network
        if recording and self.run.tools.replay:
            listener = await self.run.tools.replay.serve(recording, provider.info.rules)
            beside.callback(self.run.summary.replays.__setitem__, self.account.name, listener)
            network = listener.network
        public = await beside.enter_async_context(self._public_terms(access))
        async with access.open(self.run, network) as session:
            await self._in_session(access, session, public)

    @asynccontextmanager
    async def _public_terms(self, access: AccountAccess) -> AsyncIterator[asyncio.Task[list[SeenTerms]] | None]:
        """Read the platform's terms pages meanwhile; None in a dry run."""
        if self.run.order.dry_run:
            yield None
            return
        terms = asyncio.create_task(
            archive_terms(self.run, self.account.client, self.archive, access.provider.info, access.recording)
        )
        try:
            yield terms
        except asyncio.CancelledError:
            terms.cancel()
            raise
        finally:
            await asyncio.wait([terms])

    async def _in_session(
        self, access: AccountAccess, session: AccountSession, public: asyncio.Task[list[SeenTerms]] | None
    ) -> None:
        """Sign in, keep the session, and read the lists."""
        provider, vault = access.provider, self.run.vault
        signing_in = SigningIn(provider, session, access.secrets, Totp(access.secrets.get("totp"), access.now))
        given: list[SeenTerms] = []
        sync = self._sync(access, session, partial(seen_terms, public, given) if public else None, signing_in.again)
        self.result = sync.result
        self.result.adapter = access.own_adapter
        try:
            await signing_in.once()
            if access.secrets:
                vault.accepted(self.account.name, access.secret_digest)
            self._step = "reading the lists"
            if public:
                given += await archive_given_terms(self.run, self.account, self.archive, provider, session)
            await remember(vault, self.account, session)  # keep it even if the sync fails
            await sync()
            await remember(vault, self.account, session)
        except REFUSALS as error:
            vault.mark(self.account.name, type(error).__name__, access.secret_digest)
            raise
        except LayoutChanged as error:
            await add_page(error, session)
            raise
        finally:
            self._secret_values += session.secret_values()
            self.result.refused = provider.info.rules.explained(session.refused)

    def _sync(
        self,
        access: AccountAccess,
        session: AccountSession,
        terms: Callable[[], Awaitable[list[SeenTerms]]] | None,
        renew: Callable[[], Awaitable[None]],
    ) -> Sync:
        home, order, today = self.run.home, self.run.order, datetime.now(UTC).date()
        return Sync(
            account=self.account.name,
            method=access.method.name,
            provider=access.provider,
            session=session,
            archive=self.archive,
            catalogue=self.catalogue,
            cursors=HistoryCursors(home.state / "history" / f"{self.account.name}.json", self.archive.reader),
            retries=Retries(home.state / "retries" / f"{self.account.name}.json", today),
            reader=self.run.tools.reader,
            run=self.run.summary.run,
            client=self.account.client,
            trouble=home.state / "trouble",
            personal=personal(home, self.account),
            renew=renew,
            full=order.full or order.after_restore is not None,
            accepts_fewer=order.accepts_fewer,
            full_since=sweep_day(self.account.name, today),
            dry_run=order.dry_run,
            asset_id=order.asset_id,
            known=frozenset(access.recording.known) if access.recording else frozenset(),
            sample=order.sample,
            progress=self.run.progress,
            terms=terms,
        )

    def _fail(self, error: ArchiverError) -> None:
        """Make this error the result, and save the page that shows it, if there is one."""
        save_trouble(
            self.run.home, self.account, error, self._secret_values, step=self._step,
            blocked=self.result.refusals_message(),
        )  # fmt: skip
        self.result.fail(error, self._secret_values)
