"""One account: read its history, fetch what is new, archive it, and account for every row.

A sweep reads one list of a platform, newest first. Licences that the archive knows are counted, new ones are fetched at
a bounded concurrency and archived as they come. What a list states, what was seen and what was archived must agree, or
the account's outcome is `partial` and names the difference.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from archiver import __version__
from archiver.archive.ocfl import NewObject, Stored
from archiver.archive.writer import ArchiveWriter
from archiver.browsing.request_pipeline import single_try
from archiver.catalogue.index import Catalogue, Entry
from archiver.collect.account_result import Progress, Result, first, keep_page
from archiver.collect.history_cursor import Cursor, Cursors, Reading, Retries, Row, Tally
from archiver.collect.terms import SeenTerms
from archiver.core.errors import (
    ArchiverError,
    Erased,
    LayoutChanged,
    NotACertificate,
    RateLimited,
    SavedPage,
    SecretFound,
    SessionExpired,
    SignInNeeded,
    SiteUnavailable,
    SpendRefused,
    Withheld,
)
from archiver.core.model import Document, DocumentKind, Gap, GapReason, Licence, Outcome, TermsReference, iso
from archiver.provider import Page, Provider, Session, TextLayout
from archiver.reading.document_parser import completed, same_licence
from archiver.reading.documents import End, check_certificate, end_of
from archiver.reading.licence_json import FiledDocument, from_json, to_json
from archiver.reading.secret_scan import Needle, all_forms, contains, mask, mask_text, maskable, refusal
from archiver.reading.worker import DocumentReader

CONCURRENCY = 16  # licences whose documents are fetched and read at once; the session bounds the requests


PARTIAL = 40  # exit code of a run that left something open


PENDING = 64  # licences on their way to the disk at once


CATALOGUED = 100  # licences that the catalogue takes in at once, while their documents' texts are remembered


TOLD = 10  # failures that an account's message tells in full; `show` tells each


GIVE_UP_S = 180.0  # seconds in which nothing at all got through, after which an account is left to the next run


LULL_AFTER = CONCURRENCY  # licences in a row that could not be had, after which the next ones are tried one by one


LONGEST_LULL_S = 15.0  # seconds between two of these


# What may go wrong with the documents of one licence, and concerns no other.
_OF_ONE_LICENCE = (
    NotACertificate, SecretFound, LayoutChanged, SpendRefused, SiteUnavailable, RateLimited, SessionExpired,
)  # fmt: skip


class GuardedSession(Session, Protocol):
    """A session as the archiver itself sees it: with what was refused and what must stay secret."""

    @property
    def refused(self) -> list[str]: ...

    def beside(self) -> AbstractAsyncContextManager[Any]: ...

    def needles(self) -> list[str]: ...


@dataclass(frozen=True)
class Evidence:
    """What was fetched for one licence, ready to be archived."""

    licence: Licence
    documents: tuple[Document, ...]
    gaps: tuple[Gap, ...]
    terms: tuple[TermsReference, ...] = ()

    @property
    def failed(self) -> bool:
        return any(gap.reason is GapReason.FAILED for gap in self.gaps)


@dataclass(frozen=True)
class Held:
    """What the archive holds of the licences on a page, asked for at once."""

    known: Mapping[str, Entry]  # by identity
    erased: Collection[str]  # identities
    new: Sequence[Licence]  # not known
    of_assets: Sequence[Entry]  # the archived licences of their assets

    @classmethod
    def of(cls, page: Page, catalogue: Catalogue) -> Held:
        identities = [each.identity for each in page.licences]
        known = catalogue.known(*identities)
        new = {each.identity: each for each in page.licences if each.identity not in known}
        assets = defaultdict[str, list[str]](list)
        for each in new.values():
            assets[each.asset.provider].append(each.asset.asset_id)
        of_assets = [entry for provider, ids in assets.items() for entry in catalogue.of_asset(provider, *ids)]
        return cls(known, catalogue.erased(*identities), [*new.values()], of_assets)

    def knows(self, licence: Licence) -> bool:
        """Whether it need not be fetched: a platform's history brought it, or it was archived and had to be erased."""
        entry = self.known.get(licence.identity)
        return licence.identity in self.erased or (entry is not None and not _by_hand(entry))

    def imported(self, licence: Licence) -> Entry | None:
        """The archived licence that a person brought, also without the platform's name for it, if it is clear which."""
        if entry := self.known.get(licence.identity):
            return entry
        same = [each for each in self.of_assets if same_licence(each.licence, licence)]
        if len(same) != 1 or not _by_hand(same[0]):
            return None
        others = [
            each for each in self.new if each.identity != licence.identity and same_licence(same[0].licence, each)
        ]
        return None if others else same[0]


def _by_hand(entry: Entry) -> bool:
    return entry.file.provenance.get("source") != "adapter"


@dataclass(kw_only=True)
class Sync:
    """One account's sync. `renew` signs in again; it is called at most once, when the session expires on the way."""

    account: str
    method: str
    provider: Provider[Any]
    session: GuardedSession
    archive: ArchiveWriter
    catalogue: Catalogue
    cursors: Cursors
    retries: Retries
    reader: DocumentReader
    run: str
    client: str
    trouble: Path  # where pages are left for the maintainer
    renew: Callable[[], Awaitable[None]]
    full: bool = False
    full_since: date | None = None  # lists that were last read to their end before that day are read so again
    dry_run: bool = False
    asset_id: str | None = None
    known: frozenset[str] = frozenset()  # platform ids that an earlier full sweep archived (recordings only)
    sample: int | None = None  # licences of each list that are fetched; the others count as known (recordings only)
    give_up_s: float = GIVE_UP_S
    progress: Progress = lambda *_: None
    terms: Callable[[], Awaitable[Sequence[SeenTerms]]] | None = None  # waits until the platform's were looked at

    def __post_init__(self) -> None:
        self.result = Result(self.account, self.provider.info.name)
        self._tallies: dict[str, Tally] = {}
        self._completed: list[str] = []
        self._incomplete: dict[str, str] = {}  # short id -> what could not be had, and why
        self._gaps: dict[str, list[tuple[str, str]]] = {}  # by short id: a licence may be tried twice
        self._fetching = asyncio.Semaphore(CONCURRENCY)
        self._pending = asyncio.Semaphore(PENDING)
        self._completing: dict[str, str] = {}  # object of an imported licence -> identity of the row that it is
        self._asked: set[str] = set()  # the identities that this run asked the archive to take
        self._told: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()  # by the archive's thread, not passed on
        self._withheld: dict[str, str] = {}  # list -> why the platform does not show it
        self._secrets: list[str] = []
        self._forms: list[Needle] = []
        self._renewed = False
        self._outages = 0  # licences in a row that could not be had
        self._got_through = time.monotonic()  # when the platform last showed what it was asked for
        self._probing = asyncio.Lock()
        self._tried: dict[str, bool] = {}  # object -> whether it is complete now
        self._uncatalogued = 0
        self._cataloguing = asyncio.Lock()
        self._changed: LayoutChanged | SpendRefused | None = None  # in one licence's documents; the others go on

    async def __call__(self) -> None:
        """Sweep every list, retry what was incomplete, reconcile; `result` is filled in even where this raises."""
        waiting = [] if self.dry_run or self.asset_id else self.catalogue.incomplete(self.account)
        self._incomplete = {entry.short_id: "" for entry in waiting}
        retry = [entry for entry in waiting if self.full or self.retries.due(entry.object_id)]
        # Those that failed least often first, and of these the newest: what never comes keeps none of the others.
        retry.sort(key=lambda entry: str(iso(entry.licence.licensed_at)), reverse=True)
        retry.sort(key=lambda entry: self.retries.failed(entry.object_id))
        funds = await self._funds()
        try:
            await self._with_renewal(self._sweep_all)
            await self._with_renewal(lambda: self._retry(retry))
        finally:
            self._reconcile()
            if not self.dry_run and not self.asset_id:
                done = [each for each, complete in self._tried.items() if complete]
                lacking = {*(each.object_id for each in waiting), *self._tried}.difference(done)
                self.retries.left(lacking, self._tried)
        if funds is not None:
            self._compare(funds, await self._funds())

    async def _funds(self) -> object:
        """What the account may still spend, as the platform states it; None where it does not, or not now."""
        try:
            return await self.provider.funds(self.session)
        except (LayoutChanged, RateLimited, SessionExpired, SiteUnavailable):
            return None  # the histories will meet the same trouble, and tell

    def _compare(self, before: object, after: object) -> None:
        """Say whether the funds are what they were. Another person may have bought meanwhile; this run cannot have."""
        if after is None:
            said = "The platform stated the account's funds before this run, and no longer after it."
        elif after == before:
            self.result.funds = "unchanged"
            said = "The platform states the same funds before and after."
        else:
            self.result.funds = "changed"
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
                before, after = ({name: stated.get(name) for name in names} for stated in (before, after))
            said = (
                f"The account's funds changed while it was read, from {before} to {after}. Nothing that spends can "
                "leave this machine, so somebody else used the account; if nobody did, report it."
            )
        self.result.message = f"{self.result.message} {mask_text(said, self.session.needles())}".strip()

    async def _with_renewal(self, step: Callable[[], Awaitable[None]]) -> None:
        """Run a step; where the session expires on the way, sign in once more and take the step again."""
        try:
            await step()
        except ExceptionGroup as group:
            error = first(group)
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

    # ------------------------------------------------------------ sweeping

    async def _sweep_all(self) -> None:
        without = self.provider.info.without(self.session.settings)
        for listing in [history.listing for history in self.provider.history(self.session)]:
            if listing in without:
                continue
            tally = self._tallies.setdefault(listing, Tally(listing))
            if tally.reading.full and not tally.open:
                continue  # read to its end, and all of it settled, before the session was renewed
            try:
                await self._sweep(tally)
                if not tally.settled:
                    # A licence that came or went while pages were read shifts the rest; a second reading settles it.
                    await self._sweep(tally)
            except Withheld as refusal:
                self._withheld[listing] = f"{refusal.detail}, or accept that by `without: {listing}` in its settings"

    async def _sweep(self, tally: Tally) -> None:
        reading = Reading(self._cursor(tally.listing), self.known)
        tally.begin(reading)
        lost: ArchiverError | None = None  # why the list could not be read on; what was listed is fetched all the same
        async with asyncio.TaskGroup() as tasks:
            history = next(each for each in self.provider.history(self.session) if each.listing == tally.listing)
            try:
                async for page in history.pages:
                    self._came_through()
                    held = Held.of(page, self.catalogue)
                    for licence in reading.rows(page):
                        known = held.knows(licence) or licence.platform_id in self.known
                        known = known or self._passed_over(licence, reading.seen)
                        reading.count(licence, known)
                        if self.asset_id in (None, licence.asset.asset_id):
                            await self._take(tally, licence, known, held, tasks)
                    self._report()
                    if reading.may_stop:
                        break
                else:
                    if not reading.ended:
                        raise LayoutChanged(
                            f"the list {tally.listing} stops after {reading.read} rows without a total, an empty page "
                            "or a mark of its end"
                        )
                    reading.full = True
            except ArchiverError as error:
                lost = error
        if lost:
            raise lost
        left = reading.left(self.archive.lines, datetime.now(UTC).date())
        if left and not self.dry_run and not self.asset_id:
            self.cursors.put(tally.listing, left)

    def _cursor(self, listing: str) -> Cursor | None:
        """What the last run left of this list, where this one may rely on it and stop early."""
        if self.full:
            return None
        if self.known:
            return Cursor(listed=len(self.known), head="", lines=0, full_on=datetime.now(UTC).date().isoformat())
        cursor = None if self.asset_id else self.cursors.get(listing)
        overdue = cursor and self.full_since and cursor.full_on < self.full_since.isoformat()
        return None if overdue else cursor

    def _passed_over(self, licence: Licence, number: int) -> bool:
        if self.sample is None or number <= self.sample:
            return False
        self.result.passed_over.append(licence.platform_id)
        return True

    async def _take(self, tally: Tally, licence: Licence, known: bool, held: Held, tasks: asyncio.TaskGroup) -> None:
        identity = licence.identity
        if tally.rows.get(identity, Row.OPEN) is not Row.OPEN:
            return  # settled by an earlier reading of this run
        elsewhere = any(identity in other.rows for other in self._tallies.values() if other is not tally)
        if known or elsewhere or self.dry_run:
            mine = identity in self._asked and not elsewhere  # archived before the session was renewed
            new = Row.ALREADY if (known or elsewhere) and not mine else Row.ARCHIVED
            tally.rows[identity] = Row.COMP if licence.comp else new
            tally.open.pop(identity, None)
            return
        tally.rows[identity] = Row.OPEN
        tally.open[identity] = licence.platform_id
        await self._pending.acquire()
        capture = self._capture(tally, licence, held.imported(licence))
        tasks.create_task(capture).add_done_callback(lambda _: self._pending.release())

    def _report(self) -> None:
        totals = [tally.reading.total for tally in self._tallies.values() if tally.reading.total is not None]
        done = sum(len(tally.rows) - len(tally.open) for tally in self._tallies.values())
        self.progress(self.account, done, sum(totals) if totals else None)

    # ------------------------------------------------------------ documents

    async def _capture(self, tally: Tally, licence: Licence, imported: Entry | None) -> None:
        async with self._fetching:
            evidence = await self._fetch(licence)
        if imported and self._completing.setdefault(imported.object_id, licence.identity) != licence.identity:
            imported = None  # a row on another page was taken for it
        evidence = await self._with_terms(evidence, imported.file.terms if imported else ())
        again = licence.identity in self._asked
        self._asked.add(licence.identity)
        try:
            stored = await self._store(self._archived(evidence, imported))
            self._tried[stored.object_id] = not evidence.failed
        except Erased:  # and its tombstone could not tell its identity
            tally.rows[licence.identity] = Row.COMP if licence.comp else Row.ALREADY
        else:
            self._note(evidence, f"{self.client}/{stored.folder}")
            # There already: another account of this run was quicker, or this one before its session was renewed.
            new = Row.ALREADY if stored.already and not again else Row.ARCHIVED
            tally.rows[licence.identity] = Row.COMP if licence.comp else new
        del tally.open[licence.identity]
        self._report()
        await self._catalogue_some()

    async def _catalogue_some(self) -> None:
        """Let the catalogue follow, so that whoever looks meanwhile need not read what was just read here."""
        self._uncatalogued += 1
        if self._uncatalogued >= CATALOGUED and not self._cataloguing.locked():
            async with self._cataloguing:
                self._uncatalogued = 0
                await asyncio.to_thread(self.catalogue.catch_up, self.archive.reader, self.reader, remembered=True)

    def _archived(self, evidence: Evidence, imported: Entry | None) -> Future[Stored]:
        """Ask for a new object, or for the next version of the one that an import made."""
        if imported is None:
            return self.archive.put(self._new_object(evidence))
        names = {document.name for document in evidence.documents}
        kept = [document for document in imported.file.documents if document.name not in names]
        evidence = replace(evidence, licence=completed(evidence.licence, imported.licence))
        return self.archive.add_version(imported.object_id, self._files(evidence, kept, imported.file.provenance))

    async def _fetch(self, licence: Licence) -> Evidence:
        """All documents and gaps of a licence. What goes wrong with one document is a `failed` gap, never silence."""
        documents: list[Document] = []
        gaps: list[Gap] = []
        fuller = licence
        await self._lull()
        try:
            async for item in self.provider.documents(self.session, licence):
                match item:
                    case Licence():
                        fuller = item
                    case Gap():
                        gaps.append(item)
                    case Document():
                        fuller, admitted = await self._admit(item, fuller)
                        if isinstance(admitted, Document):
                            documents.append(admitted)
                        else:
                            gaps.append(admitted)
            self._came_through()
        except _OF_ONE_LICENCE as error:
            if isinstance(error, SessionExpired) and not await self._still_signed_in():
                raise
            if isinstance(error, SiteUnavailable | RateLimited | SessionExpired):
                self._outages += 1
                left_alone = isinstance(error, RateLimited) and error.for_long
                if left_alone or time.monotonic() - self._got_through >= self.give_up_s:
                    raise
            else:
                self._came_through()
            if isinstance(error, LayoutChanged | SpendRefused):
                self._changed = error
            gaps.append(self._failed(self._missing(documents, gaps), error))
        if not any(document.kind is DocumentKind.RECORD for document in documents):
            content = json.dumps({"row": licence.row}, indent=1, sort_keys=True, ensure_ascii=False).encode()
            record = Document(
                name="record.json", kind=DocumentKind.RECORD, content=content, media_type="application/json"
            )
            documents.insert(0, self._masked(record))
        return Evidence(fuller, tuple(documents), tuple(gaps))

    def _came_through(self) -> None:
        self._outages, self._got_through = 0, time.monotonic()

    async def _lull(self) -> None:
        """While nothing gets through, ask for one licence after another, with growing pauses: a platform that is down
        for a moment leaves few of them incomplete."""
        if self._outages < LULL_AFTER:
            return
        async with self._probing:
            if (longer := self._outages - LULL_AFTER) >= 0:
                await asyncio.sleep(min(LONGEST_LULL_S, 2.0**longer))

    async def _still_signed_in(self) -> bool:
        """Whether it is one document that leads to the sign-in page, or is refused: the session was renewed, and the
        platform shows that it holds."""
        if not self._renewed:
            return False
        async with self.session.beside() as second:
            return await self.provider.signed_in(second)

    async def _admit(self, document: Document, licence: Licence) -> tuple[Licence, Document | Gap]:
        """Let a document into the archive, or say why not. A certificate must be one, and be this licence's."""
        kind = document.kind
        if kind is DocumentKind.PREVIEW and not document.media_type.startswith("image/"):
            return licence, Gap(kind=kind, reason=GapReason.FAILED, detail=f"{document.url} is no picture")
        text = ""
        if kind in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT):
            reading = await self.reader.read_soon(document.content, document.media_type)
            text = reading.text
            layout = self.provider.text_layouts.get(document.name)
            try:
                if kind is DocumentKind.CERTIFICATE:
                    if not check_certificate(document, reading, licence, layout).identified:
                        document = replace(document, notes={**document.notes, "text": reading.error or "none found"})
                    licence = self.provider.read_certificate(licence, text)
                document = await self._whole(document, layout)
            except NotACertificate as error:
                error.page = error.page or SavedPage(document.url or "", document.content)
                return licence, self._failed(kind, error)
        if kind.native and contains(document.content + text.encode(), self._needles()):
            quarantine = self.trouble.with_name("quarantine")  # unaltered, hence apart from what may be sent on
            kept = keep_page(quarantine, self.account, document.content, Path(document.name).suffix, [])
            detail = f"it contains a secret of this sign-in, so it was not archived but kept apart as {kept.name}"
            return licence, Gap(kind=kind, reason=GapReason.FAILED, detail=detail)
        if not kind.native and not maskable(document.media_type):
            # A capture comes masked; replacing bytes in a packed file would break it, and find nothing.
            why = await asyncio.to_thread(refusal, document.content, self._needles(), self.reader)
            if why:
                return licence, Gap(kind=kind, reason=GapReason.FAILED, detail=f"{document.name}: {why}")
        return licence, self._masked(document)

    async def _whole(self, document: Document, layout: TextLayout | None) -> Document:
        """The document, if its end is proven: by its format or its declared layout, and by a length that was stated;
        else by a second answer that is the same. NotACertificate where it is not.
        """
        place = document.url or document.name
        end = end_of(document, layout)
        if end is End.MISSING:
            raise NotACertificate(f"{place} is not whole: its end is missing")
        textual = document.media_type.startswith("text/") or document.name.endswith(".txt")
        if not textual or (end is End.THERE and document.length_stated):
            return document
        if document.url is None:
            raise NotACertificate(f"nothing shows that {place} is whole")
        try:
            again = await self.session.get(document.url)
        except (SiteUnavailable, SpendRefused) as error:
            said = f"nothing shows that {place} is whole, and it did not come again: {error.detail}"
            raise NotACertificate(said) from None
        if again.content != document.content:
            raise NotACertificate(f"{place} came twice, and not the same")
        return replace(document, notes={**document.notes, "whole": "fetched twice, and the same"})

    def _masked(self, document: Document) -> Document:
        """The document with our secrets visibly removed; the original's digest is noted."""
        if document.kind.native or not maskable(document.media_type):
            return document
        if not contains(document.content, needles := self._needles()):
            return document
        notes = {**document.notes, "masked_original_sha256": sha256(document.content).hexdigest()}
        return replace(document, content=mask(document.content, needles), notes=notes)

    def _needles(self) -> list[Needle]:
        secrets = self.session.needles()
        if secrets != self._secrets:  # a session comes to know more of them on its way
            self._secrets, self._forms = secrets, all_forms(secrets)
        return self._forms

    def _failed(self, kind: DocumentKind, error: ArchiverError) -> Gap:
        kept = f"; kept as {self._keep(error.page.content, '.html').name}" if error.page else ""
        return Gap(kind=kind, reason=GapReason.FAILED, detail=mask_text(error.detail, self.session.needles()) + kept)

    def _missing(self, documents: list[Document], gaps: list[Gap]) -> DocumentKind:
        """The document that was being fetched when the adapter gave up: the first one offered that is not there.

        Where all that is offered is there or explained, it was the page that stands in for a certificate.
        """
        settled = {document.kind for document in documents} | {gap.kind for gap in gaps}
        offered = [DocumentKind(kind) for kind, how in self.provider.info.documents.items() if how == "offered"]
        stand_in = DocumentKind.CAPTURE if DocumentKind.CERTIFICATE in settled else DocumentKind.CERTIFICATE
        return next((kind for kind in offered if kind not in settled), stand_in)

    def _keep(self, content: bytes, suffix: str) -> Path:
        return keep_page(self.trouble, self.account, content, suffix, self._needles())

    async def _with_terms(self, evidence: Evidence, before: Sequence[TermsReference] = ()) -> Evidence:
        """The evidence with the terms that its licence referred to before, and those seen in this run besides."""
        seen = await self.terms() if self.terms else ()
        now = [each.reference(evidence.licence) for each in seen if each.page.covers(evidence.licence)]
        known = {each.id for each in before}
        return replace(evidence, terms=(*before, *(each for each in now if each.id not in known)))

    # ------------------------------------------------------------ archiving

    def _new_object(self, evidence: Evidence) -> NewObject:
        licence = evidence.licence
        return NewObject(
            kind="comps" if licence.comp else "licences",
            date=licence.licensed_at,
            provider=licence.asset.provider,
            asset_id=licence.asset.asset_id,
            identity=licence.identity,
            files=self._files(evidence),
            created=datetime.now(UTC),
        )

    def _files(
        self, evidence: Evidence, kept: Sequence[FiledDocument] = (), before: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        """What goes into the object; `kept` are documents that an earlier version brought, and that stay.

        `before` is the earlier version's provenance: what it says of imported files stays, too.
        """
        imports = {"imports": before["imports"]} if before and "imports" in before else {}
        provenance = imports | {
            "source": "adapter",
            "account": self.account,
            "provider": self.provider.info.name,
            "method": self.method,
            "basis": self.provider.info.basis,
            "tool": f"archiver {__version__}",
            "run": self.run,
            "captured_at": iso(datetime.now(UTC)),
        }
        files = {document.name: document.content for document in evidence.documents}
        described = to_json(evidence.licence, (*evidence.documents, *kept), evidence.gaps, provenance, evidence.terms)
        return {"licence.json": mask(described, self._needles()), **files}

    async def _store[T](self, future: Future[T]) -> T:
        # A cancelled task must not cancel a write that has begun; and what became of that is told by the first to fail.
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def told(written: Future[T]) -> None:
            self._told.append((answer, written))
            if len(self._told) == 1:  # a batch is told in one go: each call wakes the loop
                loop.call_soon_threadsafe(self._pass_on)

        future.add_done_callback(told)
        return await answer

    def _pass_on(self) -> None:
        while self._told:
            answer, written = self._told.popleft()
            if answer.done():
                continue
            if error := written.exception():
                answer.set_exception(error)
            else:
                answer.set_result(written.result())

    def _note(self, evidence: Evidence, short_id: str) -> None:
        gaps = () if evidence.licence.comp else evidence.gaps
        self._gaps[short_id] = [(gap.kind.value, gap.reason.value) for gap in gaps]
        failures = [f"{gap.kind}: {gap.detail}" for gap in evidence.gaps if gap.reason is GapReason.FAILED]
        if self._incomplete.pop(short_id, None) is not None and not failures:
            self._completed.append(short_id)
        if failures:
            self._incomplete[short_id] = f"{short_id}: {'; '.join(failures)}"

    async def _retry(self, entries: list[Entry]) -> None:
        """Try again what failed before, from the archive's own description: the licence may have left the history."""
        async with asyncio.TaskGroup() as tasks:
            for entry in entries:
                tasks.create_task(self._retry_one(entry))

    async def _retry_one(self, entry: Entry) -> None:
        if entry.object_id in self._tried:
            return  # before the session was renewed
        stored = self.archive.reader.object(entry.object_id)
        before = from_json(stored.read("licence.json"))
        row = json.loads(stored.read("record.json")).get("row") or {}
        async with self._fetching:
            with single_try():
                evidence = await self._fetch(replace(before.licence, row=row))
        self._tried[entry.object_id] = False
        names = {document.name for document in evidence.documents}
        kept = [document for document in before.documents if document.name not in names]
        if evidence.failed and len(kept) + len(names) == len(before.documents):  # nothing more than there is already
            self._note(replace(evidence, gaps=before.gaps), entry.short_id)
            return
        there = {document.kind for document in kept}
        evidence = replace(evidence, gaps=tuple(gap for gap in evidence.gaps if gap.kind not in there))
        self._note(evidence, entry.short_id)
        evidence = await self._with_terms(evidence, before.terms)
        files = self._files(evidence, kept, before.provenance)
        await self._store(self.archive.add_version(entry.object_id, files))
        self._tried[entry.object_id] = not evidence.failed

    # ------------------------------------------------------------ the account's balance

    def _reconcile(self) -> None:
        """Every listed row is archived, already there, a comp, or named; anything else makes the outcome partial."""
        result, tallies = self.result, list(self._tallies.values())
        result.listed = sum(len(tally.rows) for tally in tallies)
        result.archived, result.already, result.comps = (
            sum(tally.count(row) for tally in tallies) for row in (Row.ARCHIVED, Row.ALREADY, Row.COMP)
        )
        result.unexplained = [platform_id for tally in tallies for platform_id in tally.open.values()]
        totals = [tally.reading.total for tally in tallies if tally.reading.total is not None]
        result.total = sum(totals) if totals else None
        read_all = bool(tallies) and all(tally.reading.full for tally in tallies)
        result.sweep = "full" if read_all and not self.asset_id else "known"
        result.incomplete, result.completed = sorted(self._incomplete), sorted(self._completed)
        for (kind, reason), number in sorted(Counter(chain.from_iterable(self._gaps.values())).items()):
            result.gaps.setdefault(kind, {})[reason] = number
        result.requests_refused = len(self.session.refused)
        if self._changed:
            result.error, result.exit_code = type(self._changed).__name__, self._changed.exit_code
        if missing := list(self._shortfalls()):
            result.outcome = Outcome.PARTIAL
            result.exit_code = max(result.exit_code, PARTIAL)
        result.message = " ".join([*missing, *self._remarks()])

    def _shortfalls(self) -> Iterator[str]:
        """What keeps the account from being complete, in a sentence each."""
        for tally in self._tallies.values():
            read = tally.reading
            if not tally.agrees:
                changed = "" if read.steady else ", and its total changed while it was read"
                yield f"The platform states {read.total} in {tally.listing} and lists {read.read}{changed}."
        for each in (*self.provider.withheld, *self._withheld.values()):
            yield f"Not shown by the platform: {each}."
        if self._incomplete:
            yield (
                f"{len(self._incomplete)} incomplete: a document could not be had. The next runs try again, less often "
                "the longer it fails; `archiver run --full` tries all at once."
            )
            yield from (f"{failure}." for failure in list(self._incomplete.values())[:TOLD] if failure)
        if self.result.unexplained:
            yield f"{len(self.result.unexplained)} listed and not archived."
        if self._changed:
            yield mask_text(str(self._changed), self.session.needles())

    def _remarks(self) -> Iterator[str]:
        """What is worth knowing besides."""
        result = self.result
        for tally in self._tallies.values():
            if twice := tally.reading.read - tally.reading.seen:
                yield f"{twice} of the rows in {tally.listing} are listed twice; each licence is archived once."
        if result.completed:
            yield f"{len(result.completed)} that were incomplete are complete now: {', '.join(result.completed)}."
        yield from (f"Not seen: {unseen}." for unseen in self.provider.info.unseen(self.session.settings))
        if self.dry_run:
            yield "Dry run: nothing was fetched or archived."
        if self.asset_id and not result.listed:
            yield f"No licence of asset {self.asset_id} is listed."
        if result.requests_refused:
            yield f"{result.requests_refused} requests of the site's pages were refused as not read-only."
