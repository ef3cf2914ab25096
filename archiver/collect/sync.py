"""One account: read its history, fetch what is new, archive it, and account for every row. `stages` has the steps.

A sweep reads one list of a platform, newest first. Known licences are counted; new ones are fetched side by side, up to
a limit, and archived as they arrive. The stated, seen and archived numbers must agree; otherwise the account's
outcome is `partial` and its message names the difference.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from archiver.archive.writer import ArchiveWriter
from archiver.browsing.request_pipeline import single_try
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.collect.account_result import AccountResult, Progress, most_severe
from archiver.collect.cross_checks import counted_otherwise, differences, in_words
from archiver.collect.history_cursor import HistoryCursor, HistoryCursors, ListReading, Retries, Row, Tally
from archiver.collect.stages import (
    RECORD,
    DocumentChecker,
    DocumentFetcher,
    Evidence,
    EvidenceStore,
    GuardedSession,
    KnownLicences,
    Outage,
    Reconciliation,
    SessionSecrets,
    fewer_now,
    judged,
)
from archiver.collect.terms import SeenTerms
from archiver.core.errors import (
    ArchiverError,
    Erased,
    LayoutChanged,
    RateLimited,
    SessionExpired,
    SignInNeeded,
    SiteUnavailable,
    SpendRefused,
    Withheld,
)
from archiver.core.model import GapReason, Ground, Licence, Outcome, TermsReference, iso
from archiver.provider import AnyProvider, Page
from archiver.provider.paging import ListEnd, PageSource
from archiver.reading.licence_json import from_json
from archiver.reading.worker import DocumentReader

MAX_FETCHING = 16  # licences whose documents are fetched and read at once; the session bounds the requests
MAX_PENDING = 64  # licences on their way to the disk at once
CATALOGUE_EVERY = 100  # licences, while their documents' texts are remembered
GIVE_UP_S = 180.0  # in which nothing at all got through; then the account is left to the next run
PARTIAL_EXIT_CODE = 40


@dataclass(kw_only=True)
class Sync:
    """One account's sync. `renew` signs in again; it is called at most once, when the session expires on the way."""

    account: str
    method: str
    provider: AnyProvider
    session: GuardedSession
    archive: ArchiveWriter
    catalogue: Catalogue
    cursors: HistoryCursors
    retries: Retries
    reader: DocumentReader
    run: str
    client: str
    trouble: Path  # where pages are left for the maintainer
    personal: Mapping[str, str] = field(default_factory=dict)  # what no such page may show, and its kind
    renew: Callable[[], Awaitable[None]]
    full: bool = False
    accepts_fewer: bool = False  # a person accepts lists that show fewer rows than before
    full_since: date | None = None  # lists that were last read to their end before that day are read so again
    dry_run: bool = False
    asset_id: str | None = None
    known: frozenset[str] = frozenset()  # platform ids that an earlier full sweep archived (recordings only)
    sample: int | None = None  # licences of each list that are fetched; the others count as known (recordings only)
    give_up_s: float = GIVE_UP_S
    progress: Progress = lambda *_: None
    terms: Callable[[], Awaitable[Sequence[SeenTerms]]] | None = None  # waits until the platform's were looked at

    def __post_init__(self) -> None:
        self.result = AccountResult(self.account, self.provider.info.name, is_dry=self.dry_run)
        self._rows = Reconciliation()
        self._secrets = SessionSecrets(self.session)
        self._outage = Outage(self.give_up_s)
        checker = DocumentChecker(
            self.account, self.provider, self.session, self.reader, self._secrets, self.trouble, self.personal
        )
        self._fetcher = DocumentFetcher(self.provider, self.session, checker, self._outage, self._still_signed_in)
        self._storage = EvidenceStore(self.account, self.method, self.provider, self.run, self.archive, self._secrets)
        self._fetching = asyncio.Semaphore(MAX_FETCHING)
        self._pending = asyncio.Semaphore(MAX_PENDING)
        self._completing: dict[str, str] = {}  # object of an imported licence -> identity of the row that it is
        self._asked: set[str] = set()  # the identities that this run asked the archive to take
        self._counted_otherwise: dict[str, list[str]] = {}
        self._uncountable = ""  # why the platform's own count was not read
        self._renewed = False
        self._tried: dict[str, bool] = {}  # object -> whether it is complete now
        self._uncatalogued = 0
        self._cataloguing = asyncio.Lock()

    async def __call__(self) -> None:
        """Sweep every list, retry what was incomplete, and reconcile. `result` is filled in even if this raises."""
        waiting = [] if self.dry_run or self.asset_id else self.catalogue.to_fetch_again(self.account)
        self._rows.incomplete = {entry.short_id: "" for entry in waiting}
        retry = [entry for entry in waiting if self.full or self.retries.due(entry.object_id, awaited=_awaited(entry))]
        # First those that failed least often, then the newest: a document that never comes must not delay the others.
        retry.sort(key=lambda entry: str(iso(entry.licence.licensed_at)), reverse=True)
        retry.sort(key=lambda entry: self.retries.failed(entry.object_id))
        funds = await self._funds()
        try:
            await self._with_renewal(self._sweep_all)
            await self._with_renewal(lambda: self._retry(retry))
            await self._count_elsewhere()
        finally:
            self._reconcile()
            if not self.dry_run and not self.asset_id:
                done = [each for each, complete in self._tried.items() if complete]
                lacking = {*(each.object_id for each in waiting), *self._tried}.difference(done)
                self.retries.left(lacking, self._tried)
        if funds is not None:
            self._compare(funds, await self._funds())

    # ------------------------------------------------------------ read the lists

    async def _sweep_all(self) -> None:
        without = self.provider.info.without(self.session.settings)
        self.provider.info.stated_date_order(self.session.settings)  # ConfigError before anything is read
        for listing in [history.listing for history in self.provider.history(self.session)]:
            if listing in without:
                continue
            tally = self._rows.tallies.setdefault(listing, Tally(listing))
            if tally.reading.full and not tally.open:
                continue  # read to its end, and all of it settled, before the session was renewed
            try:
                await self._sweep(tally, self._cursor(listing))
                if not tally.settled:
                    # A licence that came or went while pages were read shifts the rest; a second reading settles it,
                    # to the end: what the first one left hidden may be behind rows that it archived.
                    await self._sweep(tally, None)
            except Withheld as refusal:
                self._rows.withheld[listing] = (
                    f"{refusal.detail}, or accept that by `without: {listing}` in its settings"
                )

    async def _sweep(self, tally: Tally, cursor: HistoryCursor | None) -> None:
        earlier = self.cursors.get(tally.listing)
        reading = ListReading(cursor, self.known, earlier=earlier, accepts_fewer=self.accepts_fewer)
        reading.dates.today = self.session.now().date()
        tally.begin(reading)
        lost: ArchiverError | None = None  # why reading the list stopped; the listed licences are still fetched
        async with asyncio.TaskGroup() as tasks:
            try:
                await self._read(tally, reading, tasks)
            except LayoutChanged as error:
                lost = await self.session.meant(error)
            except ArchiverError as error:
                lost = error
            await self._take_waiting(tally, reading, tasks)
        if reading.fault:
            self._rows.unread[tally.listing] = await self._fetcher.checker.save_page(reading.fault, "reading a list")
        if lost:
            raise lost
        self._outage.check()
        self._leave(tally)

    def _leave(self, tally: Tally) -> None:
        """Remember what this reading proved. A list that does not agree, or whose total has fallen, is read to its end
        again in the next run, and compared with the same number.
        """
        left = tally.left(self.archive.newest_line, datetime.now(UTC).date())
        if left and not self.dry_run and not self.asset_id:
            self.cursors.put(tally.listing, left)

    async def _read(self, tally: Tally, reading: ListReading, tasks: asyncio.TaskGroup) -> None:
        """Read a list page by page, and take its licences; LayoutChanged if nothing proves that it has ended."""
        history = next(each for each in self.provider.history(self.session) if each.listing == tally.listing)
        pages = PageSource.of(history.pages)
        async for page in pages:
            self._outage.check()
            self._outage.succeeded()
            await self._take_page(tally, reading, page, tasks)
            self._report()
            if reading.may_stop:
                return
        reading.end = pages.end
        if reading.end is None:
            raise LayoutChanged(
                f"the list {tally.listing} stops after {reading.read} rows, and nothing proves that it has "
                "ended: no total, no empty page, no end mark"
            )
        refused = {f"request {each}": f"the page's request {each}, which was refused" for each in self.session.refused}
        reading.full, reading.beside = True, pages.beside | refused
        if tally.standing.ground is None or (reading.earlier and reading.earlier.ground == Ground.PERSON):
            reading.first_said = self.cursors.first_purchase(self.account, tally.listing)
        if reading.end is ListEnd.NAMED:
            reading.earlier = None  # what a person named before says nothing of what was named now
        elif not (reading.seen or reading.earlier):  # what earlier readings left may be lost
            reading.archived = sum(
                each.licence.listing == tally.listing for each in self.catalogue.of_account(self.account)
            )

    async def _take_page(self, tally: Tally, reading: ListReading, page: Page, tasks: asyncio.TaskGroup) -> None:
        archived = KnownLicences.of(page, self.catalogue)
        for licence in reading.rows(page):
            known = archived.is_known(licence) or licence.platform_id in self.known
            known = known or reading.was_renamed(licence.identity) or self._passed_over(licence, reading.seen)
            reading.count(licence, known)
            reading.dates.see(licence.dated, partial(archived.day, licence))
            if not known and (licence.is_undated or archived.alike(licence, self.account)):
                reading.waiting.append(licence)
                self._open(tally, licence)
            else:
                await self._take(tally, licence, known, archived, tasks)

    async def _take_waiting(self, tally: Tally, reading: ListReading, tasks: asyncio.TaskGroup) -> None:
        """Take the rows that only the whole list can judge: their dates could be several days, or they may be archived
        licences under other names.
        """
        info, before = self.provider.info, reading.earlier
        stated = info.stated_date_order(self.session.settings)
        order = reading.dates.order(before.date_order if before else None, info.date_order, stated=stated)
        waiting = reading.date_waiting(order)
        archived = KnownLicences.of(Page(waiting), self.catalogue)
        reading.rename((licence, archived.alike(licence, self.account)) for licence in waiting)
        for licence in waiting:
            await self._take(tally, licence, licence.identity in reading.renamed, archived, tasks)

    def _cursor(self, listing: str) -> HistoryCursor | None:
        """The last run's cursor for this list, if this run may use it to stop early; else None."""
        if self.full:
            return None
        if self.known:
            day = datetime.now(UTC).date().isoformat()
            return HistoryCursor(listed=len(self.known), head="", full_on=day, ground=Ground.END_OF_DATA)
        cursor = None if self.asset_id else self.cursors.get(listing)
        if cursor and cursor.ground is None:  # nobody asked what proved its end
            return None
        overdue = cursor and self.full_since and cursor.full_on < self.full_since.isoformat()
        return None if overdue else cursor

    def _passed_over(self, licence: Licence, number: int) -> bool:
        if self.sample is None or number <= self.sample:
            return False
        self.result.passed_over.append(licence.platform_id)
        return True

    # ------------------------------------------------------------ each licence, through the stages

    async def _take(
        self, tally: Tally, licence: Licence, known: bool, archived: KnownLicences, tasks: asyncio.TaskGroup
    ) -> None:
        identity = licence.identity
        if tally.rows.get(identity, Row.OPEN) is not Row.OPEN or self.asset_id not in (None, licence.asset.asset_id):
            return  # settled by an earlier reading of this run, or not asked for
        elsewhere = any(identity in other.rows for other in self._rows.tallies.values() if other is not tally)
        if known or elsewhere or self.dry_run:
            mine = identity in self._asked and not elsewhere  # archived before the session was renewed
            new = Row.ALREADY if (known or elsewhere) and not mine else Row.ARCHIVED
            tally.rows[identity] = Row.COMP if licence.comp else new
            tally.open.pop(identity, None)
            return
        self._open(tally, licence)
        await self._pending.acquire()
        capture = self._capture(tally, licence, archived.imported(licence))
        tasks.create_task(capture).add_done_callback(lambda _: self._pending.release())

    def _open(self, tally: Tally, licence: Licence) -> None:
        """Count a row that is not settled yet."""
        if self.asset_id in (None, licence.asset.asset_id):
            tally.rows.setdefault(licence.identity, Row.OPEN)
            if tally.rows[licence.identity] is Row.OPEN:
                tally.open[licence.identity] = licence.platform_id

    async def _capture(self, tally: Tally, licence: Licence, imported: CatalogueEntry | None) -> None:
        async with self._fetching:
            if self._outage.is_over:
                return
            evidence = await self._fetcher.fetch(licence)
        if imported and self._completing.setdefault(imported.object_id, licence.identity) != licence.identity:
            imported = None  # a row on another page was taken for it
        evidence = await self._with_terms(evidence, imported.file.terms if imported else ())
        again = licence.identity in self._asked
        self._asked.add(licence.identity)
        try:
            stored = await self._storage.store(evidence, imported)
            if stored.already:  # what lies there counts, and not what was fetched in vain
                there = from_json(self.archive.reader.object(stored.object_id).read("licence.json"))
                evidence = replace(evidence, gaps=there.gaps)
            self._tried[stored.object_id] = not evidence.failed
        except Erased:  # and its tombstone could not tell its identity
            tally.rows[licence.identity] = Row.COMP if licence.comp else Row.ALREADY
        else:
            self._rows.note(evidence, f"{self.client}/{stored.folder}")
            # There already: another account of this run was quicker, or this one before its session was renewed.
            new = Row.ALREADY if stored.already and not again else Row.ARCHIVED
            tally.rows[licence.identity] = Row.COMP if licence.comp else new
        del tally.open[licence.identity]
        self._report()
        await self._catalogue_some()

    async def _with_terms(self, evidence: Evidence, before: Sequence[TermsReference]) -> Evidence:
        """The evidence with the terms that its licence referred to before, and those seen in this run besides."""
        seen = await self.terms() if self.terms else ()
        now = [each.reference(evidence.licence) for each in seen if each.page.covers(evidence.licence)]
        if not (before or now):
            return evidence
        known = {each.id for each in before}
        return replace(evidence, terms=(*before, *(each for each in now if each.id not in known)))

    async def _catalogue_some(self) -> None:
        """Let the catalogue catch up now and then: the reader still remembers the texts of the new documents."""
        self._uncatalogued += 1
        if self._uncatalogued >= CATALOGUE_EVERY and not self._cataloguing.locked():
            async with self._cataloguing:
                self._uncatalogued = 0
                await asyncio.to_thread(self.catalogue.catch_up_beside, self.archive.reader, self.reader)

    async def _retry(self, entries: list[CatalogueEntry]) -> None:
        """Try again what failed before, from the archive's own description: the licence may have left the history."""
        async with asyncio.TaskGroup() as tasks:
            for entry in entries:
                tasks.create_task(self._retry_one(entry))
        self._outage.check()

    async def _retry_one(self, entry: CatalogueEntry) -> None:
        if entry.object_id in self._tried:
            return  # before the session was renewed
        stored = self.archive.reader.object(entry.object_id)
        before = from_json(stored.read("licence.json"))
        row = _row(stored.read(RECORD)) if RECORD in stored.files() else {}
        async with self._fetching:
            if self._outage.is_over:
                return
            with single_try():
                evidence = await self._fetcher.fetch(replace(before.licence, row=row))
        self._tried[entry.object_id] = False
        names = {document.name for document in evidence.documents}
        kept = [document for document in before.documents if document.name not in names]
        if evidence.failed and len(kept) + len(names) == len(before.documents):  # nothing more than there is already
            self._rows.note(replace(evidence, gaps=before.gaps), entry.short_id)
            return
        there = {document.kind for document in kept}
        evidence = replace(evidence, gaps=tuple(gap for gap in evidence.gaps if gap.kind not in there))
        self._rows.note(evidence, entry.short_id)
        evidence = await self._with_terms(evidence, before.terms)
        await self._storage.complete(entry.object_id, evidence, kept, before.provenance)
        self._tried[entry.object_id] = not evidence.failed

    # ------------------------------------------------------------ the session

    async def _with_renewal(self, step: Callable[[], Awaitable[None]]) -> None:
        """Run a step. If the session expires meanwhile, sign in once more and repeat the step."""
        try:
            await step()
        except ExceptionGroup as group:  # of licences fetched side by side; the worst is raised below
            error = most_severe(group)
        except SessionExpired as expired:
            error = expired
        else:
            return
        if not isinstance(error, SessionExpired) or self._renewed:
            raise error
        self._renewed = True
        try:
            await self.renew()
        except SignInNeeded:
            # It may be one document that leads to the sign-in page, however often somebody signs in.
            if not await self.provider.signed_in(self.session):
                raise
        await self._with_renewal(step)

    async def _still_signed_in(self) -> bool:
        """Whether it is one document that leads to the sign-in page, or is refused: the session was renewed, and the
        platform shows that it holds.
        """
        if not self._renewed:
            return False
        async with self.session.beside() as second:
            return await self.provider.signed_in(second)

    # ------------------------------------------------------------ the account's balance

    def _report(self) -> None:
        self.progress(self.account, self._rows.settled, self._rows.total)

    def _reconcile(self) -> None:
        """Fill in the result. Every listed row must be archived, known, a comp or named, else it is partial."""
        result, rows, error = self.result, self._rows, self._fetcher.adapter_error or self._rows.fault
        result.listed, result.total, result.unexplained = rows.listed, rows.total, rows.unexplained
        result.archived, result.already, result.comps = map(rows.count, (Row.ARCHIVED, Row.ALREADY, Row.COMP))
        result.ends = {name: str(tally.reading.end) for name, tally in rows.tallies.items() if tally.reading.end}
        result.sweep = "full" if rows.is_full and not self.asset_id else "known"
        result.incomplete, result.completed = sorted(rows.incomplete), sorted(rows.completed)
        result.gaps |= rows.gaps()
        result.requests_refused = len(self.session.refused)
        result.refused = self.provider.info.rules.explained(self.session.refused)
        result.differences = self._differences() | self._counted_otherwise
        rows.withheld |= {each: each for each in self.provider.withheld}
        missing = list(rows.shortfalls(self.account))
        for each in (*((error,) if error else ()), *rows.undated(self.account)):
            result.error = result.error or type(each).__name__
            result.exit_code = max(result.exit_code, each.exit_code)
            missing.append(self._secrets.mask_text(str(each)))
        result.rest_on({name: tally.standing.ground for name, tally in rows.tallies.items()})
        if missing:
            result.outcome = Outcome.PARTIAL
            result.exit_code = max(result.exit_code, PARTIAL_EXIT_CODE)
        elif None in result.grounds.values():
            result.outcome = Outcome.READ_TO_END
        result.message = " ".join([*missing, *self._remarks()])

    def _remarks(self) -> Iterator[str]:
        """Additional remarks for the message."""
        result = self.result
        for tally in self._rows.tallies.values():
            read = tally.reading
            if twice := read.read - read.seen:
                yield f"{tally.listing} lists {twice} rows twice; each licence is archived once."
            if read.accepts_fewer and (read.is_empty_now or read.has_fewer):
                yield f"{fewer_now(tally)}; accepted, as --full was given."
            before = read.earlier if read.full and read.seen and read.total is not None else None
            if before and read.read < before.listed and read.accepts_fewer:
                yield (
                    f"{tally.listing} had {before.listed} rows on {before.full_on}, and the platform states "
                    f"{read.total} now; accepted, as --full was given. What left the list stays in the archive."
                )
            info = self.provider.info
            yield from judged(tally, info.date_order, info.stated_date_order(self.session.settings))
            yield from (f"{each}." for each in tally.standing.against)
        yield from self._uncounted()
        yield from in_words(result.differences)
        if self._uncountable:
            yield f"The number that the platform states elsewhere could not be read: {self._uncountable}."
        if result.completed:
            yield f"Incomplete until now and complete: {', '.join(result.completed)}."
        yield from (f"Not seen: {unseen}." for unseen in self.provider.info.unseen(self.session.settings))
        if self.dry_run:
            yield "This dry run fetched no document and archived nothing."
        if self.asset_id and not result.listed:
            yield f"The platform lists no licence of asset {self.asset_id}."
        if result.outcome is not Outcome.COMPLETE and (told := result.refusals_message()):
            yield told
        elif result.refused:
            yield f"Blocked requests of the site's pages: {len(result.refused)}. The log of the run lists them."

    def _uncounted(self) -> Iterator[str]:
        """What the platform does not state, so that nobody takes the number of rows for the number of licences."""
        title = self.provider.info.title
        for tally in self._rows.tallies.values():
            read, standing = tally.reading, tally.standing
            if standing.ground is None and (read.full or read.may_stop):
                yield tally.unproven(title, self.account)
            elif read.total is None and read.full and read.end is not ListEnd.NAMED:
                inherited = read.earlier if standing.inherited else None
                proof = (
                    f"the reading of {inherited.full_on}, whose last row is still the last" if inherited else read.end
                )
                yield (
                    f"{title} does not say how many licences it has in {tally.listing}. {read.read} rows were read; "
                    f"proof of the end: {proof}."
                )
            elif read.total is None and read.may_stop and read.cursor:
                yield (
                    f"{title} does not say how many licences it has in {tally.listing}. Last read to its end on "
                    f"{read.cursor.full_on or 'an unknown day'}."
                )

    def _differences(self) -> dict[str, list[str]]:
        """What else is known, and is not in lists without a total, which were all read to their end."""
        rows = self._rows
        lists = {
            name for name, each in rows.tallies.items()
            if each.reading.total is None
            and each.reading.end not in (None, ListEnd.NAMED)
            and not each.reading.unread
        }  # fmt: skip
        if not lists or not rows.is_full or self.dry_run or self.asset_id or self.known or self.sample is not None:
            return {}
        listed = {identity for tally in rows.tallies.values() for identity in tally.rows}
        listed |= {*self._completing.values()}
        listed |= {old for tally in rows.tallies.values() for old in tally.reading.other_names.values()}
        archived = self.catalogue.of_account(self.account)
        papers = [
            each for each in self.catalogue.papers(self.provider.info.name)
            if each.object_id not in self._completing
        ]  # fmt: skip
        return differences(archived, papers, listed, lists)

    async def _count_elsewhere(self) -> None:
        """Compare lists that were read to their end with the number that the platform states on another page."""
        read = {
            name: {each.reading.read, each.reading.seen, each.reading.seen - each.count(Row.COMP)}
            for name, each in self._rows.tallies.items()
            if each.reading.full
        }
        if not read or self.dry_run or self.asset_id:
            return
        try:
            stated = await self.provider.counts(self.session)
            self._counted_otherwise = counted_otherwise(stated, read)
            for name in stated.keys() & read.keys():
                tally = self._rows.tallies[name]
                tally.reading.counted_elsewhere = stated[name] in read[name]
                self._leave(tally)
        except (LayoutChanged, RateLimited, SessionExpired, SiteUnavailable, SpendRefused) as error:
            self._uncountable = self._secrets.mask_text(error.detail)

    async def _funds(self) -> object:
        """The account's remaining funds, as the platform states them; None if it does not."""
        try:
            return await self.provider.funds(self.session)
        except (LayoutChanged, RateLimited, SessionExpired, SiteUnavailable):
            return None  # reading the histories reports the same error

    def _compare(self, before: object, after: object) -> None:
        """Report whether the funds changed. Another person may have bought something; this run cannot buy."""
        if after is None:
            said = "The platform stated the account's funds before this run, but not after it."
        elif after == before:
            self.result.funds = "unchanged"
            said = "The platform states the same funds before and after the run."
        else:
            self.result.funds = "changed"
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
                before, after = ({name: stated.get(name) for name in names} for stated in (before, after))
            said = (
                f"The account's funds changed during the run, from {before} to {after}. The archiver cannot send "
                "requests that spend, so somebody else used the account. If nobody did, report this."
            )
        self.result.message = f"{self.result.message} {self._secrets.mask_text(said)}".strip()


def _awaited(entry: CatalogueEntry) -> bool:
    """Whether a provisional document stands in for one of the licence's."""
    return any(gap.reason is GapReason.PROVISIONAL for gap in entry.file.gaps)


def _row(record: bytes) -> Mapping[str, object]:
    """The platform's row in an archived record; an empty one where the adapter's own record has none."""
    with suppress(ValueError, AttributeError):
        row = json.loads(record).get("row")
        return row if isinstance(row, dict) else {}
    return {}
