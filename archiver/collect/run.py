"""Run many accounts at once, isolated from each other, with one summary.

Clients run side by side, and so do a client's accounts, which share one archive with one writer. The number of accounts
at one platform is limited, so that a slow client does not block the others. A failing account never stops the others,
and a hanging account ends at its deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from archiver.archive.clock_skew import was_ahead
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue.archives import Restored, writing
from archiver.catalogue.index import Catalogue
from archiver.collect.account_result import AccountResult
from archiver.collect.account_run import AccountRun
from archiver.collect.run_context import RunContext, RunRequest
from archiver.collect.source_run import read_source, select_sources
from archiver.core.errors import ArchiverError, ConfigError, Remedy, any_error
from archiver.home.settings import Account, Home, Input
from archiver.home.source_settings import Source
from archiver.provider import ProviderInfo, Scope, Transport, load

MAX_CLIENTS = 16  # archives open at once
MAX_ACCOUNTS_PER_PLATFORM = 4  # accounts of one platform at once
MAX_SOURCES = 4  # mailboxes and folders at once
MAX_BROWSER_ACCOUNTS = 4  # accounts of all platforms at once; each is a context of the one browser


def clients_without_accounts(home: Home, order: RunRequest) -> list[str]:
    """Clients with an archive but no open account. Their archives are checked against witnesses, cleaned and sealed."""
    if (
        order.dry_run
        or order.accounts
        or order.sources
        or order.asset_id
        or (order.after_restore and not order.clients)
    ):
        return []
    asked = [home.client(slug).slug for slug in order.clients] or list(home.clients)
    read = {each.client for each in home.inputs() if not each.closed}
    begun = [slug for slug in asked if any((home.archive(slug) / part).exists() for part in ("ledger", "evidence"))]
    return [slug for slug in begun if slug not in read]


def select_accounts(home: Home, order: RunRequest) -> list[Input]:
    """The open accounts and sources that a request selects, in the order of the home's files; ConfigError for unknown
    names, or if nothing matches.
    """
    wanted_clients = {home.client(slug).slug for slug in order.clients}
    wanted = {home.account(name).name for name in order.accounts}
    keys = {account.name: info.title for account in home.accounts() if (info := on_request(account))}
    if named := sorted(wanted & keys.keys()):
        raise ConfigError(
            f"{named[0]} only holds an API key, because {keys[named[0]]} has no history. Capture single assets.",
            remedy=Remedy.of("capture", {}),
        )
    named_sources = frozenset(home.source(name).name for name in order.sources)
    accounts = [
        account
        for account in home.accounts()
        if (not wanted_clients or account.client in wanted_clients)
        and (not wanted or account.name in wanted)
        and account.name not in keys
        and (wanted or not named_sources)
    ]
    if closed := [account for account in accounts if account.closed and account.name in wanted]:
        raise ConfigError(f"{closed[0].name} was closed on {closed[0].closed}. Leave it out, or name another account.")
    accounts = [account for account in accounts if not account.closed]
    if closed_ones := [each.name for each in home.sources() if each.closed and each.name in named_sources]:
        raise ConfigError(f"{closed_ones[0]} is closed. Leave it out, or name another source.")
    sources = []
    if not order.replay and not order.asset_id and order.sample is None and (named_sources or not wanted):
        sources = select_sources(home, frozenset(wanted_clients), named_sources)
    if (
        not accounts
        and not sources
        and not clients_without_accounts(home, order)
        and (asked := ", ".join((*order.clients, *order.accounts, *order.sources)))
    ):
        raise ConfigError(
            f"No account matches {asked}. Name fewer, or add one.", remedy=Remedy.of("connect account", {})
        )
    return [*accounts, *sources]


def on_request(account: Account) -> ProviderInfo | None:
    """The declaration of the account's platform if it has no history; else None."""
    with suppress(ConfigError):  # the account's run reports an unknown provider
        info = load(account.provider).info
        return info if info.on_request else None
    return None


def not_asked(home: Home, order: RunRequest) -> Iterator[str]:
    """A warning about platforms without a history, on which a run cannot look for the requested asset."""
    fit = [each for each in home.accounts() if not (order.clients and each.client not in order.clients)]
    titles = dict.fromkeys(info.title for each in fit if not each.closed and (info := on_request(each)))
    if order.asset_id and not order.accounts and titles:
        yield (
            f"{', '.join(titles)}: not searched for {order.asset_id}, because there is no history. "
            f"{Remedy.of('capture', {})}"
        )


def asking(account: Account, assets: Sequence[str], by: str) -> Account:
    """The account with a person's request for these assets (ids or page addresses) of a platform without a history."""
    return account.model_copy(update={"settings": {**account.settings, "assets": " ".join(assets), "by": by}})


class ConcurrencyLimits:
    """The limits on what runs at once.

    A few accounts use a platform together, at most two of one client, so that many or slow accounts of one client do
    not block the others. A client's accounts that see a whole organisation run in turn, because they may list the same
    licences. In addition, requests are paced by host.
    """

    def __init__(self) -> None:
        self.clients = asyncio.Semaphore(MAX_CLIENTS)
        self._sources = asyncio.Semaphore(MAX_SOURCES)
        self._browsers = asyncio.Semaphore(MAX_BROWSER_ACCOUNTS)
        self._platforms: dict[str, asyncio.Semaphore] = {}
        self._lanes: dict[tuple[str, str], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def turn(self, account: Input) -> AsyncIterator[None]:
        """Wait for the account's turn, and hold it."""
        if isinstance(account, Source):
            async with self._sources:
                yield
            return
        browser, organisation = False, False
        with suppress(ConfigError):  # the account's run reports it
            info = load(account.provider).info
            organisation = info.scope is Scope.ORGANISATION
            browser = info.method(account.method).transport is Transport.BROWSER
        lane = self._lanes.setdefault((account.client, account.provider), asyncio.Semaphore(1 if organisation else 2))
        platform = self._platforms.setdefault(account.provider, asyncio.Semaphore(MAX_ACCOUNTS_PER_PLATFORM))
        async with lane, platform, AsyncExitStack() as stack:
            if browser:
                await stack.enter_async_context(self._browsers)
            yield


@dataclass
class ClientRun:
    """The accounts of one client, side by side, into one archive."""

    run: RunContext
    gates: ConcurrencyLimits

    async def __call__(self, client: str, accounts: list[Input]) -> None:
        done: set[str] = set()
        try:
            place, by = self.run.order.after_restore, self.run.order.confirmed_by
            restored = Restored(place=place, by=by) if place else None
            async with self.gates.clients:
                with writing(self.run.home, self.run.vault, client, after_restore=restored) as archive:
                    try:
                        await self._all(client, accounts, archive, done)
                    except Exception:  # raised again below, once what was archived before the fault is sealed
                        if not self.run.order.dry_run:
                            await self._seal(client, archive)
                        raise
                    if not self.run.order.dry_run:
                        await self._seal(client, archive)
                    if restored:
                        self.run.summary.warnings.append(
                            f"{client}: the restore is recorded. Import again what you imported since the backup, and "
                            "erase again what you erased since then."
                        )
        except Exception as error:  # noqa: BLE001  # the archive failed, so its remaining accounts fail too
            fault = any_error(error)
            self.run.summary.faults[client] = fault
            for account in accounts:
                if account.name not in done:
                    result = AccountResult(account.name, account.provider)
                    result.fail(fault)
                    self._end(result)

    async def _seal(self, client: str, archive: ArchiveWriter) -> None:
        seal = await asyncio.to_thread(archive.seal)
        self.run.summary.warnings.extend(seal.warnings)
        archive.changes_reported()
        if found := was_ahead(self.run.home.archive(client)):
            self.run.summary.warnings.append(
                f"{client}: this machine's clock said {found[0]} when an authority said {found[1]}. "
                "Set the clock right."
            )

    async def _all(self, client: str, accounts: Sequence[Input], archive: ArchiveWriter, done: set[str]) -> None:
        with Catalogue(self.run.home.catalogue(client)) as catalogue:
            await asyncio.to_thread(catalogue.catch_up, archive.reader, self.run.tools.reader)
            turns = [self._turn(account, archive, done) for account in accounts]
            ends = await asyncio.gather(*turns, return_exceptions=True)
            for end in ends:
                if isinstance(end, BaseException):
                    raise end
            await asyncio.to_thread(catalogue.catch_up, archive.reader, self.run.tools.reader)

    async def _turn(self, account: Input, archive: ArchiveWriter, done: set[str]) -> None:
        async with self.gates.turn(account):
            # One catalogue for each account, because accounts run side by side.
            with Catalogue(self.run.home.catalogue(account.client)) as catalogue:
                result = await self._account(account, archive, catalogue)
        done.add(account.name)
        self._end(result)

    def _end(self, result: AccountResult) -> None:
        self.run.summary.accounts.append(result)
        self.run.finished(result)

    async def _account(self, account: Input, archive: ArchiveWriter, catalogue: Catalogue) -> AccountResult:
        result = await self._visit(account, archive, catalogue)
        if not self.run.order.dry_run:
            await asyncio.to_thread(
                archive.append,
                "run",
                account=account.name,
                provider=account.provider,
                sweep=result.sweep,
                listed=result.listed,
                archived=result.archived,
                total=result.total,
                outcome=result.outcome.value,
                error=result.error,
                incomplete=len(result.incomplete),
                unexplained=len(result.unexplained),
                **({"ground": result.ground} if result.ground else {}),
                **({"funds": result.funds} if result.funds else {}),
            )
            await asyncio.to_thread(catalogue.catch_up, archive.reader, self.run.tools.reader)
        return result

    async def _visit(self, account: Input, archive: ArchiveWriter, catalogue: Catalogue) -> AccountResult:
        try:
            if isinstance(account, Source):
                found: AccountResult = await read_source(self.run, account, archive)
                return found
            return await self._account_in_time(account, archive, catalogue)
        except (ArchiverError, OSError):  # the archive failed
            raise
        except Exception as error:  # noqa: BLE001  # it is told, and must not stop the other accounts
            result = AccountResult(account.name, account.provider)
            result.fail(any_error(error))
            return result

    async def _account_in_time(self, account: Account, archive: ArchiveWriter, catalogue: Catalogue) -> AccountResult:
        started = time.monotonic()
        visit, timeout_s = AccountRun(self.run, account, archive, catalogue), self.run.home.settings.run.deadline
        try:
            async with asyncio.timeout(timeout_s):
                result = await visit()
        except TimeoutError:
            result = visit.overdue(timeout_s)
        result.seconds = round(time.monotonic() - started, 3)
        return result


async def run_accounts(run: RunContext, by_client: Mapping[str, list[Input]]) -> list[BaseException]:
    """Run the accounts of all clients side by side. Returns the errors that are not an account's result."""
    gates = ConcurrencyLimits()
    visits = [ClientRun(run, gates)(client, accounts) for client, accounts in by_client.items()]
    ends = await asyncio.gather(*visits, return_exceptions=True)
    return [end for end in ends if isinstance(end, BaseException)]
