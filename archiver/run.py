"""One run over many accounts: who is due, how much at once, isolated from each other, with one summary.

Clients are independent and run side by side; a client's accounts do too, into one archive that has one writer. How many
may be at one platform at once is bounded, so that a slow client leaves room to the others. One failing account never
stops the others, and a hanging one is given up at its deadline.
"""

from __future__ import annotations

import asyncio
import json
import secrets as randomness
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyotp

from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.archive.verify import moment, renewal
from archiver.archive.writer import ArchiveWriter
from archiver.browsing.browser_session import Browsers, PlaywrightSession, expiry
from archiver.browsing.http_session import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording, clock
from archiver.browsing.replay import Listener, Replay
from archiver.browsing.request_pipeline import Hear
from archiver.catalogue.assignment import follow, follow_rules
from archiver.catalogue.index import Catalogue
from archiver.clock import was_ahead
from archiver.concerns import Concern, concerns
from archiver.core.errors import (
    AccountBlocked,
    AdapterBroken,
    ArchiverError,
    ConfigError,
    NotAccepted,
    PasswordExpired,
    SavedPage,
    SecretFound,
    SessionExpired,
    SignInNeeded,
    SiteUnavailable,
    WrongPassword,
    machine_error,
)
from archiver.core.model import Outcome, iso
from archiver.home.archives import as_rotated, network_of, writing
from archiver.home.network import Network
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault, run_secret_command, secret_digest
from archiver.listing import Cursors, Retries, sweep_day
from archiver.notify import tell
from archiver.provider import (
    Challenge,
    Provider,
    ProviderInfo,
    Request,
    Scope,
    SignInMethod,
    TermsPage,
    Transport,
    load,
)
from archiver.reading.secret_scan import all_forms, contains, mask_text
from archiver.reading.worker import DocumentReader
from archiver.retention import prune
from archiver.sync import Progress, Result, Sync, keep_page
from archiver.terms import SeenTerms, look
from archiver.terms import given as terms_given
from archiver.terms import rules as terms_rules

RENEWAL = timedelta(hours=36)  # before a session ends: one night is a night too late
CLIENTS_AT_ONCE = 16  # archives open at once
ACCOUNTS_AT_ONCE = 4  # of one platform
BROWSERS_AT_ONCE = 4  # accounts, of all platforms; each is a context of the one browser
CLOSING = 20.0  # seconds for a browser's context to close
REFUSALS = (WrongPassword, PasswordExpired, AccountBlocked)  # never tried again until a person has acted


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to run. Empty `clients` and `accounts` mean all; `replay` is a folder of recordings (replay homes only).

    `after_restore` names what a witness holds of before a restore from a backup; every history is then read to its end.
    `sample` bounds how many licences of each list are fetched (recordings): the rest count as known, and are told.
    """

    clients: Sequence[str] = ()
    accounts: Sequence[str] = ()
    asset_id: str | None = None
    full: bool = False
    dry_run: bool = False
    replay: Path | None = None
    after_restore: Path | None = None
    sample: int | None = None


@dataclass
class Summary:
    """A run as a whole; `replays` holds what served each account, with its log; empty in a real home."""

    run: str
    accounts: list[Result] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)
    faults: dict[str, ArchiverError] = field(default_factory=dict)  # client -> why its archive could not be written on
    machine: ArchiverError | None = None  # what kept a step after the accounts from being done
    replays: dict[str, Listener] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        outcomes = {result.outcome for result in self.accounts}
        if len(outcomes) > 1:
            return Outcome.PARTIAL
        return outcomes.pop() if outcomes else Outcome.FAILED if self.faults else Outcome.COMPLETE

    @property
    def exit_code(self) -> int:
        codes = [result.exit_code for result in self.accounts] + [fault.exit_code for fault in self.faults.values()]
        codes += [self.machine.exit_code] if self.machine else []
        return max(codes, default=0)

    def as_json(self) -> dict[str, Any]:
        """The document that `run --json` prints."""
        return {"run": self.run, "outcome": self.outcome, "accounts": [result.as_json() for result in self.accounts]}


@dataclass
class Tools:
    """What all accounts of a process share: one browser, one pool of document readers, one pacing, perhaps a replay.

    `hear` is told of every exchange.
    """

    browsers: Browsers
    reader: DocumentReader
    pacing: Pacing
    network: Network
    replay: Replay | None = None
    hear: Hear | None = None


@asynccontextmanager
async def tools(home: Home, *, replay: bool, headless: bool = True, hear: Hear | None = None) -> AsyncIterator[Tools]:
    """Open the shared tools; the browser itself starts when an account first needs one."""
    settings = home.settings
    async with AsyncExitStack() as stack:
        network = network_of(home)
        replaying = await stack.enter_async_context(Replay()) if replay else None
        if replaying:
            network = Network(ca_file=replaying.ca_file)
        reader = stack.enter_context(DocumentReader())
        browsers = await stack.enter_async_context(Browsers(network, headless=headless, hear=hear))
        pacing = Pacing(settings.pacing.default, settings.pacing.hosts, off=replay)
        yield Tools(browsers, reader, pacing, network, replaying, hear)


# ---------------------------------------------------------------- the run


async def run(
    home: Home,
    vault: Vault,
    order: Order,
    *,
    progress: Progress = lambda *_: None,
    finished: Callable[[Result], None] = lambda _: None,
    shared: Tools | None = None,
    accounts: Sequence[Account] | None = None,
) -> Summary:
    """Run the accounts and return what came of each. Raises only what concerns the run as a whole.

    `accounts` takes the place of those that the order names, for what is asked of platforms without a history.
    ConfigError for unknown names or `replay` in a real home. A client whose archive another command holds is a fault
    of that client, named in the summary with the holder; the other clients' accounts run.
    """
    visited = resting(home, order) if accounts is None else []
    accounts = chosen(home, order) if accounts is None else accounts
    home.check_replay(order.replay)
    if order.after_restore and order.dry_run:
        raise ConfigError("--after-restore records a loss, and a dry run records nothing. Leave one of them out.")
    summary = Summary(run=f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{randomness.token_hex(3)}")
    if not accounts and not visited:
        summary.warnings.append("There is no account yet. Add one with `archiver account add`.")
    async with AsyncExitStack() as stack:
        common = await stack.enter_async_context(tools(home, replay=bool(order.replay))) if shared is None else shared
        by_client: dict[str, list[Account]] = {slug: [] for slug in visited}
        for account in accounts:
            by_client.setdefault(account.client, []).append(account)
        terms, gates = TermsVisits(common, summary, home, accounts), Gates()
        visits = [
            ClientRun(home, vault, order, common, summary, terms, gates, progress, finished)(client, group)
            for client, group in by_client.items()
        ]
        ends = await asyncio.gather(*visits, return_exceptions=True)
        terms.end()
    position = {account.name: number for number, account in enumerate(accounts)}
    summary.accounts.sort(key=lambda result: position[result.account])
    if not order.dry_run:
        summary.warnings += await _afterwards(summary, shared_out, home, vault) or []
    summary.concerns += await _afterwards(summary, concerns, home, datetime.now(UTC).date()) or []
    # A mistaken --after-restore is no fault of the home: nobody but who typed it is to be told.
    mistaken = order.after_restore and any(isinstance(fault, ConfigError) for fault in summary.faults.values())
    await _afterwards(summary, partial(log, home, summary, dry_run=order.dry_run or bool(mistaken)))
    summary.warnings += renewals_due(home)
    summary.warnings += not_asked(home, order)
    if not order.dry_run:
        summary.warnings += prune(home.root, datetime.now(UTC))
        faults = {} if mistaken else summary.faults | ({"": summary.machine} if summary.machine else {})
        summary.warnings += await asyncio.to_thread(tell, home, ran=True, known=summary.concerns, faults=faults)
    for end in ends:
        if isinstance(end, BaseException):
            raise end  # only now: one client's archive must not stop the others
    return summary


async def _afterwards[**P, T](
    summary: Summary, step: Callable[P, T], *arguments: P.args, **named: P.kwargs
) -> T | None:
    """What a step gives that follows the accounts. Where the machine refuses it, as on a full disk, that is a fault of
    the run, and the other steps are done all the same: people must be told."""
    try:
        return await asyncio.to_thread(step, *arguments, **named)
    except (ArchiverError, OSError) as error:
        summary.machine = machine_error(error) if isinstance(error, OSError) else error
        return None


def resting(home: Home, order: Order) -> list[str]:
    """Clients with an archive and no open account: it is held against witnesses, tidied up, and sealed if need be."""
    if order.dry_run or order.accounts or order.asset_id or (order.after_restore and not order.clients):
        return []
    asked = [home.client(slug).slug for slug in order.clients] or list(home.clients)
    read = {account.client for account in home.accounts() if not account.closed}
    begun = [slug for slug in asked if any((home.archive(slug) / part).exists() for part in ("ledger", "evidence"))]
    return [slug for slug in begun if slug not in read]


def shared_out(home: Home, vault: Vault) -> list[str]:
    """Assign what the rules of shared accounts say, and bring copies up to date; what a person should know of that."""
    opened = partial(writing, home, vault)
    return [*follow_rules(home, opened), *follow(home, opened)]


def chosen(home: Home, order: Order) -> list[Account]:
    """The accounts of an order that are open, in the order of the home's files; ConfigError for unknown names and where
    none fits."""
    wanted_clients = {home.client(slug).slug for slug in order.clients}
    wanted = {home.account(name).name for name in order.accounts}
    keys = {account.name: info.title for account in home.accounts() if (info := on_request(account))}
    if named := sorted(wanted & keys.keys()):
        raise ConfigError(
            f"{named[0]} only holds a key: {keys[named[0]]} keeps no history. Ask for single assets with "
            "`archiver capture`."
        )
    accounts = [
        account
        for account in home.accounts()
        if (not wanted_clients or account.client in wanted_clients)
        and (not wanted or account.name in wanted)
        and account.name not in keys
    ]
    if closed := [account for account in accounts if account.closed and account.name in wanted]:
        raise ConfigError(f"{closed[0].name} was closed on {closed[0].closed}; nothing signs in there any more.")
    accounts = [account for account in accounts if not account.closed]
    if not accounts and not resting(home, order) and (asked := ", ".join((*order.clients, *order.accounts))):
        raise ConfigError(f"No account fits {asked}. Ask for less at once, or add one with `archiver account add`.")
    return accounts


def on_request(account: Account) -> ProviderInfo | None:
    """The declaration of the account's platform where that keeps no history."""
    with suppress(ConfigError):  # an unknown provider: its visit tells
        info = load(account.provider).info
        return info if info.on_request else None
    return None


def not_asked(home: Home, order: Order) -> Iterator[str]:
    """Which platforms were not asked for the order's asset, as they keep no history to look through."""
    fit = [each for each in home.accounts() if not (order.clients and each.client not in order.clients)]
    titles = dict.fromkeys(info.title for each in fit if not each.closed and (info := on_request(each)))
    if order.asset_id and not order.accounts and titles:
        yield (
            f"{', '.join(titles)}: not asked for {order.asset_id}, as no history is kept there. `archiver capture` "
            "asks for single assets."
        )


def asking(account: Account, assets: Sequence[str], by: str) -> Account:
    """The account, asked by a person for these assets of a platform without a history: ids, or pages' addresses."""
    return replace(account, settings={**account.settings, "assets": " ".join(assets), "by": by})


def renewals_due(home: Home) -> Iterator[str]:
    """In words: the archives, also those that nothing is written to any more, whose timestamps are to be renewed."""
    for slug in home.clients:
        due = renewal(home.archive(slug))
        if due and due <= moment():
            yield f"The timestamps of {slug} are to be renewed since {due}. Run `archiver verify --renew`."


def log(home: Home, summary: Summary, *, dry_run: bool) -> None:
    """One JSON line per account and run, and per client whose archive could not be written on, for people who ask
    later; disposable like all of state/."""
    folder = home.state / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    frame = {"run": summary.run, "at": iso(datetime.now(UTC)), "dry_run": dry_run}
    told = [result.as_json() for result in summary.accounts]
    told += [
        {"client": client, "fault": type(fault).__name__, "message": str(fault)}
        for client, fault in summary.faults.items()
    ]
    lines = [json.dumps(frame | each, sort_keys=True) for each in told]
    (folder / f"{summary.run}.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")
    if summary.replays:
        asked = [
            json.dumps({"account": account, "method": request.method, "url": request.url, "status": request.status})
            for account, listener in summary.replays.items()
            for request in listener.log
        ]
        (folder / f"{summary.run}.requests.jsonl").write_text("".join(line + "\n" for line in asked), "utf-8")


@dataclass
class TermsVisits:
    """The run's visits to the pages of licence terms: one for each platform, by whichever account comes first."""

    tools: Tools
    summary: Summary
    home: Home
    accounts: Sequence[Account]
    _visits: dict[str, asyncio.Task[list[SeenTerms]]] = field(default_factory=dict)

    async def seen(self, info: ProviderInfo, recording: Recording | None) -> list[SeenTerms]:
        """The terms as they are today; those that could not be had are a warning of the run."""
        if info.name not in self._visits:
            self._visits[info.name] = asyncio.create_task(self._visit(info, recording))
        return await asyncio.shield(self._visits[info.name])

    def end(self) -> None:
        """Wait for none any more: all accounts have ended."""
        for visit in self._visits.values():
            visit.cancel()

    async def _visit(self, info: ProviderInfo, recording: Recording | None) -> list[SeenTerms]:
        network = self.tools.network
        if recording and self.tools.replay:
            info = replace(info, terms=tuple(page for page in info.terms if recorded(recording, page)))
        if not info.terms:
            return []
        if recording and self.tools.replay:
            listener = await self.tools.replay.serve(recording, terms_rules(info))
            self.summary.replays[f"terms of {info.name}"] = listener
            network = listener.network
        seen, warnings = await look(
            self.tools.browsers, info, network=network, pacing=self.tools.pacing, missing=partial(self._missing, info)
        )
        self.summary.warnings.extend(warnings)
        return seen

    def _missing(self, info: ProviderInfo, object_id: str) -> bool:
        clients = {account.client for account in self.accounts if account.provider == info.name}
        return not all(object_path(self.home.archive(client), object_id).exists() for client in clients)


def recorded(recording: Recording, page: TermsPage) -> bool:
    """Whether a recording foresees the page at its declared place."""
    asked = [Request(each.request.method, each.request.url) for each in recording.exchanges]
    return any(page.rules[0].matches(request) for request in asked)


class Gates:
    """How much of a run goes on at once.

    A platform is visited by a few accounts together, and by no more than two of one client: so whoever has many
    accounts, or slow ones, does not keep the others waiting. Of accounts that see a whole organisation, one client's
    follow one another, since they may list the same licences. Requests are paced by host besides.
    """

    def __init__(self) -> None:
        self.clients = asyncio.Semaphore(CLIENTS_AT_ONCE)
        self._browsers = asyncio.Semaphore(BROWSERS_AT_ONCE)
        self._platforms: dict[str, asyncio.Semaphore] = {}
        self._lanes: dict[tuple[str, str], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def turn(self, account: Account) -> AsyncIterator[None]:
        """Wait for the account's turn, and hold it."""
        browser, organisation = False, False
        with suppress(ConfigError):  # the visit tells
            info = load(account.provider).info
            organisation = info.scope is Scope.ORGANISATION
            browser = info.method(account.method).transport is Transport.BROWSER
        lane = self._lanes.setdefault((account.client, account.provider), asyncio.Semaphore(1 if organisation else 2))
        platform = self._platforms.setdefault(account.provider, asyncio.Semaphore(ACCOUNTS_AT_ONCE))
        async with lane, platform, AsyncExitStack() as stack:
            if browser:
                await stack.enter_async_context(self._browsers)
            yield


@dataclass
class ClientRun:
    """The accounts of one client, side by side, into one archive."""

    home: Home
    vault: Vault
    order: Order
    tools: Tools
    summary: Summary
    terms: TermsVisits
    gates: Gates
    progress: Progress
    finished: Callable[[Result], None]

    async def __call__(self, client: str, accounts: list[Account]) -> None:
        done: set[str] = set()
        try:
            async with self.gates.clients:
                with writing(self.home, self.vault, client, after_restore=self.order.after_restore) as archive:
                    await self._all(client, accounts, archive, done)
                    if not self.order.dry_run:
                        seal = await asyncio.to_thread(archive.seal)
                        self.summary.warnings.extend(seal.warnings)
                        if found := was_ahead(self.home.archive(client)):
                            self.summary.warnings.append(
                                f"{client}: this machine's clock said {found[0]} when an authority said {found[1]}. "
                                "Set it right."
                            )
                    if self.order.after_restore:
                        self.summary.warnings.append(
                            f"{client}: the restore is recorded. What was imported since the backup is to be imported "
                            "again, and what was erased since then is there again: erase it again."
                        )
        except (ArchiverError, OSError) as error:  # the archive itself: all accounts that were to follow share its fate
            fault = machine_error(error) if isinstance(error, OSError) else error
            self.summary.faults[client] = fault
            for account in accounts:
                if account.name not in done:
                    self._end(failed(Result(account.name, account.provider), fault, []))

    async def _all(self, client: str, accounts: Sequence[Account], archive: ArchiveWriter, done: set[str]) -> None:
        with Catalogue(self.home.catalogue(client)) as catalogue:
            await asyncio.to_thread(catalogue.catch_up, archive.reader, self.tools.reader)
            turns = [self._turn(account, archive, done) for account in accounts]
            ends = await asyncio.gather(*turns, return_exceptions=True)
            for end in ends:
                if isinstance(end, BaseException):
                    raise end
            await asyncio.to_thread(catalogue.catch_up, archive.reader, self.tools.reader)

    async def _turn(self, account: Account, archive: ArchiveWriter, done: set[str]) -> None:
        async with self.gates.turn(account):
            with Catalogue(self.home.catalogue(account.client)) as catalogue:  # one for each: they go on side by side
                result = await self._account(account, archive, catalogue)
        done.add(account.name)
        self._end(result)

    def _end(self, result: Result) -> None:
        self.summary.accounts.append(result)
        self.finished(result)

    async def _account(self, account: Account, archive: ArchiveWriter, catalogue: Catalogue) -> Result:
        started = time.monotonic()
        visit, patience = Visit(self, account, archive, catalogue), self.home.settings.run.deadline
        try:
            async with asyncio.timeout(patience):
                result = await visit()
        except TimeoutError:
            result = visit.overdue(patience)
        result.seconds = round(time.monotonic() - started, 3)
        if not self.order.dry_run:
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
                **({"funds": result.funds} if result.funds else {}),
            )
            await asyncio.to_thread(catalogue.catch_up, archive.reader, self.tools.reader)
        return result


def failed(result: Result, error: ArchiverError, needles: list[str]) -> Result:
    """The result of an account that could not be finished; what was archived before stays counted."""
    result.outcome, result.error, result.exit_code = Outcome.FAILED, type(error).__name__, error.exit_code
    result.message = mask_text(error.message(result.account), needles)
    return result


# ---------------------------------------------------------------- one account


@dataclass
class Visit:
    """One account's turn: may it run, sign in, sync, and what to remember of it."""

    of: ClientRun
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
            recording = find_recording(self.of.order.replay, self.account) if self.of.order.replay else None
            method = provider.info.method(recording.method if recording else self.account.method)
            accepted(self.of.home, self.archive.reader, self.account, provider.info)
            self.account = await asyncio.to_thread(as_rotated, self.of.home, self.of.vault, self.account)
            secrets = await asyncio.to_thread(secrets_of, self.of.vault, self.account, method, recording)
            needles += secrets.values()
            digest = secret_digest(secrets)
            trouble = self.of.vault.trouble(self.account.name)
            if trouble and trouble.secret_digest == digest:
                return self._refused_before(result, trouble.error, trouble.at)
            if recording and self.of.tools.replay:
                listener = await self.of.tools.replay.serve(recording, provider.info.rules)
            network = listener.network if listener else self.of.tools.network
            if not self.of.order.dry_run:
                terms = asyncio.create_task(self._terms(provider.info, recording))
            now = clock(recording)
            async with open_session(
                self.of.tools, provider.info, method, self.account, network, secrets, now,
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
                    self.of.vault.mark(self.account.name, type(error).__name__, digest)
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
                self.of.summary.replays[self.account.name] = listener
        return result

    async def _terms(self, info: ProviderInfo, recording: Recording | None) -> list[SeenTerms]:
        """The platform's terms of today, each in this client's archive. What fails is told, and concerns no licence."""
        seen = await self.of.terms.seen(info, recording)
        try:
            for each in seen:
                if each.documents:  # else every archive holds it
                    await asyncio.wrap_future(self.archive.put(each.new_object(self.of.summary.run)))
        except (ArchiverError, OSError) as error:
            self.of.summary.warnings.append(f"{self.account.client}: the terms of {info.title}: {error}")
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
                await asyncio.wrap_future(self.archive.put(terms.new_object(self.of.summary.run)))
                seen.append(terms)
        except (ArchiverError, OSError) as error:
            why = mask_text(str(error), session.needles())
            self.of.summary.warnings.append(
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
        home, order, today = self.of.home, self.of.order, datetime.now(UTC).date()
        return Sync(
            account=self.account.name,
            method=method.name,
            provider=provider,
            session=session,
            archive=self.archive,
            catalogue=self.catalogue,
            cursors=Cursors(home.state / "history" / f"{self.account.name}.json", self.archive.lines),
            retries=Retries(home.state / "retries" / f"{self.account.name}.json", today),
            reader=self.of.tools.reader,
            run=self.of.summary.run,
            client=self.account.client,
            trouble=home.state / "trouble",
            renew=renew,
            full=order.full or order.after_restore is not None,
            full_since=sweep_day(self.account.name, today),
            dry_run=order.dry_run,
            asset_id=order.asset_id,
            known=frozenset(recording.known) if recording else frozenset(),
            sample=order.sample,
            progress=self.of.progress,
            terms=terms,
        )

    def _saved(self, info: ProviderInfo, method: SignInMethod) -> Any:
        """The saved session. One that soon ends is renewed while there is somebody to notice if that fails: by secrets
        at once, else by a person, who is told."""
        state = self.of.vault.session(self.account.name)
        ends = expiry(info, state)
        if ends is None or ends - datetime.now(UTC) > RENEWAL:
            return state
        if method.secrets:
            return None
        self.of.summary.warnings.append(
            f"{self.account.name}: the saved session ends on {ends:%Y-%m-%d %H:%M} UTC. Run `archiver sign-in "
            f"{self.account.name}` before."
        )
        return state

    async def _remember(self, session: HttpSession | PlaywrightSession) -> None:
        if isinstance(session, PlaywrightSession) and not session.info.on_request:
            self.of.vault.save_session(self.account.name, await session.state())

    def _keep(self, error: ArchiverError, needles: list[str]) -> None:
        if error.page and error.page.content:
            folder = self.of.home.state / "trouble"
            path = keep_page(folder, self.account.name, error.page.content, ".html", all_forms(needles))
            error.detail += f" (page kept as {path.relative_to(self.of.home.root).as_posix()})"


async def seen_terms(looked: asyncio.Task[list[SeenTerms]], given: list[SeenTerms]) -> list[SeenTerms]:
    """The public pages of terms, once they were looked at, and what the platform's interface gave.

    Shielded: one licence that is given up must not end what all others wait for.
    """
    seen = looked.result() if looked.done() else await asyncio.shield(looked)
    return [*seen, *given]


@dataclass
class SigningIn:
    """Restore or sign in, once; and once more when the session expires on the way."""

    provider: Provider[Any]
    session: Any
    secrets: Mapping[str, str]
    challenge: Challenge

    async def once(self) -> None:
        """Use the restored session where it still holds, else sign in."""
        try:
            if await self.provider.signed_in(self.session):
                return
        except SessionExpired:
            pass
        await self.again()

    async def again(self) -> None:
        """Sign in; where that does not make the account signed in, a person is needed."""
        before = len(self.session.refused)
        await self.provider.sign_in(self.session, self.secrets, self.challenge)
        if not await self.provider.signed_in(self.session):
            refused = self.session.refused[before:]
            on_the_way = f"; refused on the way, as no rule allows it: {', '.join(refused)}" if refused else ""
            raise SignInNeeded(f"the sign-in ended, and the platform still does not show the account{on_the_way}")


@dataclass
class Totp:
    """The unattended challenge: a code from the vault's TOTP secret, or SignInNeeded. No code is used twice."""

    secret: str | None
    now: Callable[[], datetime]
    used: str = ""

    async def code(self) -> str:
        if not self.secret:
            raise SignInNeeded("the platform asks for a code that is not in the vault")
        totp = ShortSecretTotp(self.secret.replace(" ", ""))
        if totp.at(self.now()) == self.used:  # wait for the next one
            await asyncio.sleep(totp.interval - self.now().timestamp() % totp.interval)
        self.used = totp.at(self.now())
        return self.used


class ShortSecretTotp(pyotp.TOTP):
    """TOTP that accepts the 80-bit secrets which many sites still hand out."""

    min_secret_length_bits = 0


@asynccontextmanager
async def open_session(
    shared: Tools,
    info: ProviderInfo,
    method: SignInMethod,
    account: Account,
    network: Network,
    secrets: Mapping[str, str],
    now: Callable[[], datetime],
    state: Any,
) -> AsyncIterator[HttpSession | PlaywrightSession]:
    """A guarded session of the method's transport."""
    if method.transport is Transport.HTTP:
        async with HttpSession(
            info, network=network, pacing=shared.pacing, username=account.username, settings=account.settings,
            secrets=secrets, now=now, hear=shared.hear,
        ) as session:  # fmt: skip
            yield session
    else:
        browser = await shared.browsers.open(
            info, network=network, pacing=shared.pacing, username=account.username, settings=account.settings,
            secrets=secrets, now=now, state=state,
        )  # fmt: skip
        try:
            yield browser
        finally:
            with suppress(TimeoutError):  # one that hangs must not keep the run
                async with asyncio.timeout(CLOSING):
                    await browser.close()


def find_recording(folder: Path, account: Account) -> Recording:
    """The recording that serves an account: DIR itself, DIR/ACCOUNT, or DIR/PROVIDER/two-pages."""
    for path in (folder, folder / account.name, folder / account.provider / "two-pages"):
        if (path / "session.yaml").is_file():
            recording = Recording.load(path)
            if recording.provider != account.provider:
                raise ConfigError(f"{path} is a recording of {recording.provider}, and {account.name} is of another.")
            return recording
    raise ConfigError(f"No recording for account {account.name} in {folder}. Add {account.name}/session.yaml there.")


def accepted(home: Home, archive: Archive, account: Account, info: ProviderInfo) -> None:
    """NotAccepted where the platform's terms bar or do not mention robots, and no named person accepted that.

    What a person asks for there and then is no unattended run.
    """
    if not info.automation.stance.needs_acceptance or info.on_request or home.settings.replay:
        return
    said = acceptance(account, info).object_id[:-8]  # what follows tells an acceptance after an erased one
    stated = (line.id or "" for line in archive.lines() if b'"statement"' in line.raw and line.type == "statement")
    if not any(each.startswith(said) and object_path(archive.root, each).exists() for each in stated):
        raise NotAccepted(
            f"the terms of {info.title} on automation are {info.automation.stance} "
            f"({info.automation.source}, read {info.automation.read_on})"
        )


def secrets_of(vault: Vault, account: Account, method: SignInMethod, recording: Recording | None) -> dict[str, str]:
    """An account's secrets, from its command or the vault, over a recording's; SignInNeeded names those missing."""
    stored = vault.secrets(account.name)
    if account.secret_command:
        stored = run_secret_command(account.secret_command, bare=next(iter(method.secrets), "password"))
    secrets = {**(recording.secrets if recording else {}), **stored}
    missing = [name for name in method.secrets if not secrets.get(name)]
    if missing:
        raise SignInNeeded(f"the vault holds no {' and no '.join(missing)} for {account.name}")
    return secrets


def acceptance(account: Account, info: ProviderInfo, statement: bytes = b"", again: str = "") -> NewObject:
    """The archive object by which a person accepted unattended runs of an account; found again by its id, but for the
    digest at its end. `again` makes it another one, where the first was erased."""
    return NewObject(
        kind="statements",
        date=None,
        provider=info.name,
        asset_id=account.name,
        identity=f"automation:{info.name}:{account.name}{again}",
        files={"statement.json": statement},
        created=datetime.now(UTC),
    )
