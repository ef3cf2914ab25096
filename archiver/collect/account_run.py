"""One account's part of a run: may it run, sign in, sync, and what to remember of it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from archiver.archive.writer import ArchiveWriter
from archiver.browsing.browser_session import PlaywrightSession, expiry
from archiver.browsing.http_session import HttpSession
from archiver.browsing.recording import Recording, clock
from archiver.browsing.replay import Listener
from archiver.catalogue.index import Catalogue
from archiver.collect.account_result import Result, keep_page
from archiver.collect.account_session import SigningIn, Totp, find_recording, open_session, secrets_of
from archiver.collect.automation import accepted
from archiver.collect.history_cursor import Cursors, Retries, sweep_day
from archiver.collect.run_context import RunContext
from archiver.collect.sync import Sync
from archiver.collect.terms import SeenTerms
from archiver.collect.terms import given as terms_given
from archiver.collect.terms_visits import seen_terms
from archiver.core.errors import (
    AccountBlocked,
    AdapterBroken,
    ArchiverError,
    PasswordExpired,
    SavedPage,
    SecretFound,
    SiteUnavailable,
    WrongPassword,
    machine_error,
)
from archiver.core.model import Outcome
from archiver.home.archives import as_rotated
from archiver.home.settings import Account
from archiver.home.vault import secret_digest
from archiver.provider import (
    Provider,
    ProviderInfo,
    SignInMethod,
    load,
)
from archiver.reading.secret_scan import all_forms, contains, mask_text

RENEWAL = timedelta(hours=36)  # before a session ends: one night is a night too late


REFUSALS = (WrongPassword, PasswordExpired, AccountBlocked)  # never tried again until a person has acted


def failed(result: Result, error: ArchiverError, needles: list[str]) -> Result:
    """The result of an account that could not be finished; what was archived before stays counted."""
    result.outcome, result.error, result.exit_code = Outcome.FAILED, type(error).__name__, error.exit_code
    result.message = mask_text(error.message(result.account), needles)
    return result


@dataclass
class Visit:
    """One account's turn: may it run, sign in, sync, and what to remember of it."""

    run: RunContext
    account: Account
    archive: ArchiveWriter
    catalogue: Catalogue
    result: Result = field(init=False)

    def overdue(self, patience: float) -> Result:
        """What came of a turn that was ended at its deadline: what it archived stays, the rest is for the next run."""
        span = f"{patience / 3600:g} h" if patience >= 3600 else f"{patience:g} s"
        late = SiteUnavailable(f"{self.account.name} was not done at its deadline, {span} after its turn began")
        failed(self.result, late, [])
        if self.result.archived:
            self.result.outcome = Outcome.PARTIAL
        return self.result

    async def __call__(self) -> Result:
        result = self.result = Result(self.account.name, self.account.provider)
        needles: list[str] = []
        listener: Listener | None = None
        terms: asyncio.Task[list[SeenTerms]] | None = None
        try:
            provider: Provider[Any] = load(self.account.provider)()
            recording = find_recording(self.run.order.replay, self.account) if self.run.order.replay else None
            method = provider.info.method(recording.method if recording else self.account.method)
            accepted(self.run.home, self.account, provider.info)
            self.account = await asyncio.to_thread(as_rotated, self.run.home, self.run.vault, self.account)
            secrets = await asyncio.to_thread(secrets_of, self.run.vault, self.account, method, recording)
            needles += secrets.values()
            digest = secret_digest(secrets)
            trouble = self.run.vault.trouble(self.account.name)
            if trouble and trouble.secret_digest == digest:
                return self._refused_before(result, trouble.error, trouble.at)
            if recording and self.run.tools.replay:
                listener = await self.run.tools.replay.serve(recording, provider.info.rules)
            network = listener.network if listener else self.run.tools.network
            if not self.run.order.dry_run:
                terms = asyncio.create_task(self._terms(provider.info, recording))
            now = clock(recording)
            async with open_session(
                self.run.tools, provider.info, method, self.account, network, secrets, now,
                self._saved(provider.info, method) or (recording.session if recording else None),
            ) as session:  # fmt: skip
                code = Totp(secrets.get("totp"), now)
                signing_in = SigningIn(provider, session, secrets, code)
                given: list[SeenTerms] = []
                looked = partial(seen_terms, terms, given) if terms else None
                sync = self._sync(provider, session, method, recording, looked, signing_in.again)
                result = self.result = sync.result
                try:
                    await signing_in.once()
                    given += await self._given_terms(provider, session) if terms else []
                    await self._remember(session)  # it was earned, whatever becomes of the sync
                    await sync()
                    await self._remember(session)
                except REFUSALS as error:
                    self.run.vault.mark(self.account.name, type(error).__name__, digest)
                    raise
                finally:
                    needles += session.needles()
        except ArchiverError as error:
            self._keep(error, needles)
            failed(result, error, needles)
        except OSError as error:
            failed(result, machine_error(error), needles)
        except asyncio.CancelledError:
            if terms:
                terms.cancel()
            raise
        except Exception as error:  # noqa: BLE001  # a fault of one adapter, told in full, must not stop the others
            trace = "".join(traceback.format_exception(error)).encode()
            broken = AdapterBroken(f"{type(error).__name__}: {error}", page=SavedPage("", trace))
            self._keep(broken, needles)
            failed(result, broken, needles)
        finally:
            if terms:
                await asyncio.wait([terms])
            if listener:
                self.run.summary.replays[self.account.name] = listener
        return result

    async def _terms(self, info: ProviderInfo, recording: Recording | None) -> list[SeenTerms]:
        """The platform's terms of today, each in this client's archive. What fails is told, and concerns no licence."""
        seen = await self.run.seen_terms(info, recording)
        try:
            for each in seen:
                if each.documents:  # else every archive holds it
                    await asyncio.wrap_future(self.archive.put(each.new_object(self.run.summary.run)))
        except (ArchiverError, OSError) as error:
            self.run.summary.warnings.append(f"{self.account.client}: the terms of {info.title}: {error}")
            return []
        return seen

    async def _given_terms(self, provider: Provider[Any], session: Any) -> list[SeenTerms]:
        """The terms that the platform's interface gives to this account, each in the archive; they concern no licence
        either, so that what fails is told and no more."""
        title, seen = provider.info.title, list[SeenTerms]()
        try:
            for text in await provider.terms(session):
                terms = terms_given(provider.info, text)
                if contains(terms.text, all_forms(session.needles())):
                    raise SecretFound(f"the text {text.page.name} holds a secret of this sign-in")
                await asyncio.wrap_future(self.archive.put(terms.new_object(self.run.summary.run)))
                seen.append(terms)
        except (ArchiverError, OSError) as error:
            why = mask_text(str(error), session.needles())
            self.run.summary.warnings.append(
                f"{self.account.name}: the terms that {title} gives by its interface: {why}"
            )
        return seen

    def _refused_before(self, result: Result, error: str, at: str) -> Result:
        kind = next(each for each in REFUSALS if each.__name__ == error)
        return failed(result, kind(f"it was refused on {at} and nothing has changed since, so it was not tried"), [])

    def _sync(
        self,
        provider: Provider[Any],
        session: Any,
        method: SignInMethod,
        recording: Recording | None,
        terms: Callable[[], Awaitable[list[SeenTerms]]] | None,
        renew: Callable[[], Any],
    ) -> Sync:
        home, order, today = self.run.home, self.run.order, datetime.now(UTC).date()
        return Sync(
            account=self.account.name,
            method=method.name,
            provider=provider,
            session=session,
            archive=self.archive,
            catalogue=self.catalogue,
            cursors=Cursors(home.state / "history" / f"{self.account.name}.json", self.archive.lines),
            retries=Retries(home.state / "retries" / f"{self.account.name}.json", today),
            reader=self.run.tools.reader,
            run=self.run.summary.run,
            client=self.account.client,
            trouble=home.state / "trouble",
            renew=renew,
            full=order.full or order.after_restore is not None,
            full_since=sweep_day(self.account.name, today),
            dry_run=order.dry_run,
            asset_id=order.asset_id,
            known=frozenset(recording.known) if recording else frozenset(),
            sample=order.sample,
            progress=self.run.progress,
            terms=terms,
        )

    def _saved(self, info: ProviderInfo, method: SignInMethod) -> Any:
        """The saved session. One that soon ends is renewed while there is somebody to notice if that fails: by secrets
        at once, else by a person, who is told."""
        state = self.run.vault.session(self.account.name)
        ends = expiry(info, state)
        if ends is None or ends - datetime.now(UTC) > RENEWAL:
            return state
        if method.secrets:
            return None
        self.run.summary.warnings.append(
            f"{self.account.name}: the saved session ends on {ends:%Y-%m-%d %H:%M} UTC. Run `archiver sign-in "
            f"{self.account.name}` before."
        )
        return state

    async def _remember(self, session: HttpSession | PlaywrightSession) -> None:
        if isinstance(session, PlaywrightSession) and not session.info.on_request:
            self.run.vault.save_session(self.account.name, await session.state())

    def _keep(self, error: ArchiverError, needles: list[str]) -> None:
        if error.page and error.page.content:
            folder = self.run.home.state / "trouble"
            path = keep_page(folder, self.account.name, error.page.content, ".html", all_forms(needles))
            error.detail += f" (page kept as {path.relative_to(self.run.home.root).as_posix()})"
