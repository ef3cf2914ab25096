"""One licence, stage by stage: known or new, fetched, checked, stored, accounted for. `sync` runs the stages."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Protocol

from archiver import __version__
from archiver.archive.ocfl import NewObject, Stored
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.collect.account_result import keep_page
from archiver.collect.history_cursor import Row, Tally, same_purchase
from archiver.collect.trouble_page import adapter_fault, keep_trouble
from archiver.core.errors import (
    AdapterBroken,
    ArchiverError,
    DatesUnclear,
    LayoutChanged,
    NotACertificate,
    RateLimited,
    Remedy,
    SavedPage,
    SecretFound,
    SessionExpired,
    SiteUnavailable,
    SpendRefused,
)
from archiver.core.model import DateOrder, Document, DocumentKind, Gap, GapReason, Licence, TermsReference, day_of, iso
from archiver.provider import AnyProvider, Page, Phase, Session, TextLayout, own_adapter
from archiver.reading.documents import CertificateForm, End, as_picture, check_certificate, end_of
from archiver.reading.licence_json import FiledDocument, source_of, to_json
from archiver.reading.one_licence import completed, contradictions, same_licence
from archiver.reading.secret_scan import Needle, all_forms, contains, is_packed, mask, mask_text, maskable, refusal
from archiver.reading.worker import DocumentReader

MAX_FAILURES_IN_MESSAGE = 10  # `show` tells each
LULL_AFTER_LICENCES = 16  # that failed in a row; from then on the next ones are tried one by one
MAX_LULL_S = 15.0  # between two of these
RECORD = "record.json"  # the platform's own row, where the adapter gives no record

# Errors of one licence's documents, which concern no other licence.
_OF_ONE_LICENCE = (
    NotACertificate, SecretFound, LayoutChanged, SpendRefused, SiteUnavailable, RateLimited, SessionExpired,
)  # fmt: skip


class GuardedSession(Session, Protocol):
    """A session as the archiver itself sees it: with what was refused and what must stay secret."""

    @property
    def refused(self) -> list[str]: ...

    def beside(self) -> AbstractAsyncContextManager[object]: ...

    def during(self, phase: Phase) -> AbstractContextManager[None]: ...

    async def meant(self, error: LayoutChanged) -> ArchiverError: ...

    def secret_values(self) -> list[str]: ...


@dataclass(frozen=True)
class Evidence:
    """What was fetched for one licence, ready to be archived."""

    licence: Licence
    documents: tuple[Document, ...]
    gaps: tuple[Gap, ...]
    terms: tuple[TermsReference, ...] = ()

    @property
    def failed(self) -> bool:
        return any(gap.reason.is_missing for gap in self.gaps)


# ---------------------------------------------------------------- decide


@dataclass(frozen=True)
class KnownLicences:
    """What the archive holds of the licences on a page of a history; one query for the whole page."""

    known: Mapping[str, CatalogueEntry]  # by identity
    erased: Collection[str]  # identities
    new: Sequence[Licence]  # not known
    of_assets: Mapping[str, Sequence[CatalogueEntry]]  # the archived licences and comps of their assets

    @classmethod
    def of(cls, page: Page, catalogue: Catalogue) -> KnownLicences:
        """Ask the catalogue, which must have caught up with the ledger."""
        identities = [each.identity for each in page.licences]
        known = catalogue.known(*identities)
        new = {each.identity: each for each in page.licences if each.identity not in known}
        assets = defaultdict[str, list[str]](list)
        for each in new.values():
            assets[each.asset.provider].append(each.asset.asset_id)
        of_assets = defaultdict[str, list[CatalogueEntry]](list)
        for provider, ids in assets.items():
            for entry in catalogue.of_asset(provider, *ids, comps=True):
                of_assets[entry.licence.asset.asset_id].append(entry)
        return cls(known, catalogue.erased(*identities), [*new.values()], of_assets)

    def is_known(self, licence: Licence) -> bool:
        """Whether it need not be fetched: a platform's history brought it, or it was archived and had to be erased."""
        entry = self.known.get(licence.identity)
        return licence.identity in self.erased or (entry is not None and not _is_imported(entry))

    def imported(self, licence: Licence) -> CatalogueEntry | None:
        """The archived licence that a person imported, also without the platform's name for it, if only one fits.

        None if that paper is of another item: then the platform's licence is one of its own.
        """
        if entry := self.known.get(licence.identity):
            return None if "asset_id" in contradictions(entry.licence, licence) else entry
        of_asset = (each for each in self.of_assets.get(licence.asset.asset_id, ()) if not each.licence.comp)
        same = [each for each in of_asset if same_licence(each.licence, licence)]
        if len(same) != 1 or not _is_imported(same[0]):
            return None
        others = [
            each for each in self.new if each.identity != licence.identity and same_licence(same[0].licence, each)
        ]
        return None if others else same[0]

    def day(self, licence: Licence) -> date | None:
        """The day of the archived licence with this identity."""
        entry = self.known.get(licence.identity)
        return day_of(entry.licence.licensed_at) if entry and entry.licence.licensed_at else None

    def alike(self, licence: Licence, account: str) -> Sequence[CatalogueEntry]:
        """The account's archived licences of this list that may be this one under another name."""
        return [
            each for each in self.of_assets.get(licence.asset.asset_id, ())
            if not _is_imported(each)
            and each.file.provenance.get("account") == account
            and (each.licence.listing, each.licence.comp) == (licence.listing, licence.comp)
            and same_purchase(each.licence.licensed_at, licence.licensed_at)
        ]  # fmt: skip


def _is_imported(entry: CatalogueEntry) -> bool:
    return source_of(entry.described) != "adapter"


# ---------------------------------------------------------------- fetch


class Outage:
    """How long a platform has shown nothing at all, and how long to wait before the next licence."""

    def __init__(self, give_up_s: float) -> None:
        self._give_up_s = give_up_s
        self._failures = 0  # licences in a row
        self._last_success = time.monotonic()
        self._over: ArchiverError | None = None  # why the account must be left to the next run
        self._one_by_one = asyncio.Lock()

    def succeeded(self) -> None:
        """The platform showed what it was asked for."""
        self._failures, self._last_success = 0, time.monotonic()

    def failed(self, error: ArchiverError) -> None:
        """Count a licence that could not be fetched. A few that take long say nothing of the platform."""
        self._failures += 1
        for_long = self._failures >= LULL_AFTER_LICENCES and time.monotonic() - self._last_success >= self._give_up_s
        if for_long or (isinstance(error, RateLimited) and error.for_long):
            self._over = error

    @property
    def is_over(self) -> bool:
        """Whether the account must be left to the next run. What failed until then is archived, so that it begins
        elsewhere.
        """
        return self._over is not None

    def check(self) -> None:
        """Raise the last error if it `is_over`."""
        if self._over:
            raise self._over

    async def wait(self) -> None:
        """While nothing gets through, let one licence after another pass, with growing pauses: a platform that is down
        for a moment leaves few of them incomplete.
        """
        if self._failures < LULL_AFTER_LICENCES or self.is_over:
            return
        async with self._one_by_one:
            if (longer := self._failures - LULL_AFTER_LICENCES) >= 0:
                await asyncio.sleep(min(MAX_LULL_S, 2.0**longer))


@dataclass
class DocumentFetcher:
    """Fetches all documents of a licence. `still_signed_in` asks whether the renewed session holds."""

    provider: AnyProvider
    session: GuardedSession
    checker: DocumentChecker
    outage: Outage
    still_signed_in: Callable[[], Awaitable[bool]]
    adapter_error: ArchiverError | None = None  # of one licence's documents; the others go on

    async def fetch(self, licence: Licence) -> Evidence:
        """All documents and gaps of a licence. A document that fails is a `failed` gap, never silence."""
        documents: list[Document] = []
        gaps: list[Gap] = []
        fuller = licence
        await self.outage.wait()
        try:
            with self.session.during(Phase.DOCUMENTS):
                async for item in self.provider.documents(self.session, licence):
                    match item:
                        case Licence():
                            fuller = item
                        case Gap():
                            gaps.append(item)
                        case Document():
                            fuller, checked = await self.checker.check(item, fuller)
                            if isinstance(checked, Document):
                                documents.append(checked)
                                gaps += _final_one(checked)
                            else:
                                gaps.append(checked)
            self.outage.succeeded()
        except _OF_ONE_LICENCE as error:
            gaps.append(await self._failed(error, self._expected_kind(documents, gaps)))
        except (ArchiverError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  # the adapter fails at this licence; the others go on
            gaps.append(await self._failed(adapter_fault(error), self._expected_kind(documents, gaps)))
        if not any(document.kind is DocumentKind.RECORD for document in documents):
            text = json.dumps({"row": licence.row}, indent=1, sort_keys=True, ensure_ascii=False)
            content = text.encode("utf-8", "backslashreplace")  # which makes half a character its escape in JSON
            record = Document(name=RECORD, kind=DocumentKind.RECORD, content=content, media_type="application/json")
            documents.insert(0, self.checker.masked(record))
        return Evidence(fuller, tuple(documents), tuple(gaps))

    async def _failed(self, error: ArchiverError, kind: DocumentKind) -> Gap:
        """The gap of a document that failed. Raises the error if the session has expired."""
        if isinstance(error, LayoutChanged):
            error = await self.session.meant(error)
        if isinstance(error, SessionExpired) and not await self.still_signed_in():
            raise error
        if isinstance(error, SiteUnavailable | RateLimited | SessionExpired):
            self.outage.failed(error)
        else:
            self.outage.succeeded()
        if isinstance(error, LayoutChanged | SpendRefused | AdapterBroken):
            self.adapter_error = error
        return await self.checker.failed_gap(kind, error)

    def _expected_kind(self, documents: list[Document], gaps: list[Gap]) -> DocumentKind:
        """The document that was being fetched when the adapter gave up: the first one offered that is not there.

        Where all that is offered is there or explained, it was the page that stands in for a certificate.
        """
        settled = {document.kind for document in documents} | {gap.kind for gap in gaps}
        offered = [DocumentKind(kind) for kind, how in self.provider.info.documents.items() if how == "offered"]
        stand_in = DocumentKind.CAPTURE if DocumentKind.CERTIFICATE in settled else DocumentKind.CERTIFICATE
        return next((kind for kind in offered if kind not in settled), stand_in)


def _final_one(document: Document) -> Iterator[Gap]:
    """The gap of the certificate in whose place a provisional document came."""
    if document.kind is DocumentKind.PROVISIONAL:
        detail = f"{document.name} is kept. It says too little for a final certificate: {document.notes['lacking']}"
        yield Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.PROVISIONAL, detail=detail)


# ---------------------------------------------------------------- check


@dataclass
class SessionSecrets:
    """The secrets of a session in every form in which they may occur; a session learns more of them on its way."""

    session: GuardedSession
    _secrets: list[str] = field(default_factory=list)
    _forms: list[Needle] = field(default_factory=list)

    def forms(self) -> list[Needle]:
        secrets = self.session.secret_values()
        if secrets != self._secrets:
            self._secrets, self._forms = secrets, all_forms(secrets)
        return self._forms

    def mask_text(self, text: str) -> str:
        return mask_text(text, self.session.secret_values())


@dataclass
class DocumentChecker:
    """Decides what enters the archive. `trouble` is the folder where pages are kept for the adapter's maintainer."""

    account: str
    provider: AnyProvider
    session: GuardedSession
    reader: DocumentReader
    secrets: SessionSecrets
    trouble: Path
    personal: Mapping[str, str] = field(default_factory=dict)

    async def check(self, document: Document, licence: Licence) -> tuple[Licence, Document | Gap]:
        """The document, or a gap with the reason of its refusal. A certificate must belong to this licence; one that
        states less than the platform's final ones do becomes a provisional document.
        """
        kind = document.kind
        if kind is DocumentKind.PREVIEW:
            document = as_picture(document)
            fault = "" if document.media_type.startswith("image/") else "is not a picture"
            fault = fault or ("is incomplete: its end is missing" if end_of(document) is End.MISSING else "")
            if fault:
                return licence, Gap(
                    kind=kind, reason=GapReason.FAILED, detail=f"{document.url or document.name} {fault}"
                )
        text = ""
        if kind in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT):
            reading = await self.reader.read_soon(document.content, document.media_type)
            text = reading.text
            layout = self.provider.text_layouts.get(document.name)
            try:
                if kind is DocumentKind.CERTIFICATE:
                    form = CertificateForm(layout, self.provider.info.certificate, self.provider.read_certificate)
                    checked = check_certificate(document, reading, licence, form)
                    if not checked.identified:
                        document = replace(document, notes={**document.notes, "text": reading.error or "none found"})
                    if checked.lacking:
                        document, layout = _provisional(document, checked.lacking), None
                    else:
                        licence = self.provider.read_certificate(licence, text)
                document = await self._complete(document, layout)
            except NotACertificate as error:
                error.page = error.page or SavedPage(document.url or "", document.content)
                return licence, await self.failed_gap(kind, error)
        if kind.native and contains(document.content + text.encode(), self.secrets.forms()):
            quarantine = self.trouble.with_name("quarantine")  # unaltered, hence apart from what may be sent on
            kept = keep_page(quarantine, self.account, document.content, Path(document.name).suffix, [])
            detail = f"it contains a secret of this sign-in, so it was saved outside the archive as {kept.name}"
            return licence, Gap(kind=kind, reason=GapReason.FAILED, detail=detail)
        if not kind.native and not maskable(document.media_type):
            # A capture comes masked; replacing bytes in a packed file would break it, and find nothing.
            search = partial(refusal, document.content, self.secrets.forms(), self.reader)
            if why := await asyncio.to_thread(search) if is_packed(document.content) else search():
                return licence, Gap(kind=kind, reason=GapReason.FAILED, detail=f"{document.name}: {why}")
        return licence, self.masked(document)

    async def _complete(self, document: Document, layout: TextLayout | None) -> Document:
        """The document if it is provably complete: by its format or declared layout and a stated length, or else by an
        identical second answer.

        NotACertificate otherwise.
        """
        place = document.url or document.name
        end = end_of(document, layout)
        if end is End.MISSING:
            raise NotACertificate(f"{place} is incomplete: its end is missing")
        textual = document.media_type.startswith("text/") or document.name.endswith(".txt")
        if not textual or (end is End.THERE and document.length_stated):
            return document
        if document.url is None:
            raise NotACertificate(f"nothing shows that {place} is complete")
        try:
            again = await self.session.get(document.url)
        except (SiteUnavailable, SpendRefused) as error:
            said = f"nothing shows that {place} is complete, and a second fetch failed: {error.detail}"
            raise NotACertificate(said) from None
        if again.content != document.content:
            raise NotACertificate(f"two fetches of {place} gave different content")
        return replace(document, notes={**document.notes, "whole": "fetched twice, and the same"})

    def masked(self, document: Document) -> Document:
        """The document with our secrets visibly removed; the original's digest is noted."""
        if document.kind.native or not maskable(document.media_type):
            return document
        if not contains(document.content, secrets := self.secrets.forms()):
            return document
        notes = {**document.notes, "masked_original_sha256": sha256(document.content).hexdigest()}
        return replace(document, content=mask(document.content, secrets), notes=notes)

    async def failed_gap(self, kind: DocumentKind, error: ArchiverError) -> Gap:
        """The gap of a document that failed; its page is kept for the maintainer."""
        blocked = "blocked by the adapter's rules: " if isinstance(error, SpendRefused) else ""
        saved = await self.save_page(error, f"fetching a document ({kind})")
        return Gap(kind=kind, reason=GapReason.FAILED, detail=blocked + self.secrets.mask_text(error.detail) + saved)

    async def save_page(self, error: ArchiverError, step: str) -> str:
        """Save the error's page for the maintainer: `; saved as NAME`, or nothing where it has none."""
        known = {**self.personal, **dict.fromkeys(self.session.secret_values(), "token")}
        path = await asyncio.to_thread(partial(keep_trouble, self.trouble, self.account, error, known, step=step))
        return f"; saved as {path.name}" if path else ""


def _provisional(document: Document, lacking: Sequence[str]) -> Document:
    notes = {**document.notes, "lacking": ", ".join(lacking)}
    return replace(document, name=f"provisional-{document.name}", kind=DocumentKind.PROVISIONAL, notes=notes)


# ---------------------------------------------------------------- store


@dataclass(frozen=True)
class EvidenceStore:
    """Writes evidence as objects of the archive, with where it came from."""

    account: str
    method: str
    provider: AnyProvider
    run: str
    archive: ArchiveWriter
    secrets: SessionSecrets
    _answers: list[tuple[asyncio.Future[Stored], Future[Stored]]] = field(default_factory=list, init=False)
    _answering: Lock = field(default_factory=Lock, init=False)

    async def store(self, evidence: Evidence, imported: CatalogueEntry | None) -> Stored:
        """Store a new object, or the next version of an imported one. Raises Erased if it was erased before."""
        if imported is None:
            writing = self.archive.put(NewObject.of(evidence.licence, self._files(evidence), datetime.now(UTC)))
        else:
            names = {document.name for document in evidence.documents}
            kept = [document for document in imported.file.documents if document.name not in names]
            evidence = replace(evidence, licence=completed(evidence.licence, imported.licence))
            files = self._files(evidence, kept, imported.file.provenance)
            writing = self.archive.add_version(imported.object_id, files)
        return await self._written(writing)

    async def complete(
        self, object_id: str, evidence: Evidence, kept: Sequence[FiledDocument], before: Mapping[str, object]
    ) -> None:
        """The next version of an incomplete licence: with `kept` documents and the provenance of the one before."""
        writing = self.archive.add_version(object_id, self._files(evidence, kept, before))
        await self._written(writing)

    async def _written(self, writing: Future[Stored]) -> Stored:
        """What became of a write. A cancelled task does not cancel one that has begun.

        The archive answers for many writes at once, and one call of the loop passes all of these answers on: each such
        call is one of the system.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Stored] = loop.create_future()

        def answered(written: Future[Stored]) -> None:
            with self._answering:
                self._answers.append((answer, written))
                alone = len(self._answers) == 1  # else a call that passes on the others is due
            if alone:
                loop.call_soon_threadsafe(self._pass_on)

        writing.add_done_callback(answered)
        return await answer

    def _pass_on(self) -> None:
        with self._answering:
            answers, self._answers[:] = self._answers[:], []
        for answer, written in answers:
            if answer.done():  # cancelled
                continue
            if error := written.exception():
                answer.set_exception(error)
            else:
                answer.set_result(written.result())

    def _files(
        self, evidence: Evidence, kept: Sequence[FiledDocument] = (), before: Mapping[str, object] | None = None
    ) -> dict[str, bytes]:
        """The files of the object. `kept` are documents of an earlier version, which stay.

        `before` is the earlier version's provenance; what it says about imported files stays, too.
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
        if own := own_adapter(self.provider):  # not the adapter that this release brings
            provenance["adapter"] = own
        files = {document.name: document.content for document in evidence.documents}
        described = to_json(evidence.licence, (*evidence.documents, *kept), evidence.gaps, provenance, evidence.terms)
        return {"licence.json": mask(described, self.secrets.forms()), **files}


# ---------------------------------------------------------------- account for


_INCOMPLETE = {
    GapReason.FAILED: "a document could not be fetched",
    GapReason.PROVISIONAL: "the platform gave only a provisional certificate",
}


@dataclass
class Reconciliation:
    """Every listed row in exactly one place, and what is incomplete, by short ID."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    incomplete: dict[str, str] = field(default_factory=dict)  # short id -> what failed, and why
    completed: list[str] = field(default_factory=list)
    withheld: dict[str, str] = field(default_factory=dict)  # list -> why the platform does not show it
    unread: dict[str, str] = field(default_factory=dict)  # list -> where a page of it with rows that nobody can read is
    _gaps: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # a licence may be tried twice

    def note(self, evidence: Evidence, short_id: str) -> None:
        """A licence was archived, or stays as it is, with these gaps."""
        gaps = () if evidence.licence.comp else evidence.gaps
        self._gaps[short_id] = [(gap.kind.value, gap.reason.value) for gap in gaps]
        failures = [f"{gap.kind}: {gap.detail}" for gap in evidence.gaps if gap.reason.is_missing]
        if self.incomplete.pop(short_id, None) is not None and not failures:
            self.completed.append(short_id)
        if failures:
            self.incomplete[short_id] = f"{short_id}: {'; '.join(failures)}"

    def count(self, row: Row) -> int:
        return sum(tally.count(row) for tally in self.tallies.values())

    @property
    def listed(self) -> int:
        return sum(len(tally.rows) for tally in self.tallies.values())

    @property
    def settled(self) -> int:
        return self.listed - sum(len(tally.open) for tally in self.tallies.values())

    @property
    def total(self) -> int | None:
        """The total of all lists; None if the platform does not state it for each list that was read."""
        readings = [tally.reading for tally in self.tallies.values()]
        totals = [reading.total for reading in readings if reading.total is not None]
        return sum(totals) if totals and len(totals) == sum(bool(each.seen) or each.full for each in readings) else None

    @property
    def unexplained(self) -> list[str]:
        """The platform's ids of rows that ended up nowhere."""
        return [platform_id for tally in self.tallies.values() for platform_id in tally.open.values()]

    @property
    def is_full(self) -> bool:
        """Whether every list was read to its end."""
        return bool(self.tallies) and all(tally.reading.full for tally in self.tallies.values())

    @property
    def fault(self) -> ArchiverError | None:
        """What is wrong with the first row that could not be read."""
        return next((tally.reading.fault for tally in self.tallies.values() if tally.reading.fault), None)

    def undated(self, account: str) -> Iterator[DatesUnclear]:
        """Of each list whose dates nobody can read: how many rows wait for a person."""
        for tally in self.tallies.values():
            read = tally.reading
            if read.undated:
                why = "could be several days" if read.dates.possible else "contradict each other"
                yield DatesUnclear(
                    f"{read.undated} licences of {tally.listing} are not archived, because its dates {why}, such as "
                    f"{read.dates.example}",
                    remedy=Remedy("say date order", {"account": account}),
                )

    def gaps(self) -> dict[str, dict[str, int]]:
        """How many gaps there are, by kind of document and reason."""
        counted: dict[str, dict[str, int]] = {}
        for (kind, reason), number in sorted(Counter(chain.from_iterable(self._gaps.values())).items()):
            counted.setdefault(kind, {})[reason] = number
        return counted

    def shortfalls(self, account: str) -> Iterator[str]:
        """What keeps this account from being complete, in a sentence each."""
        if emptied := [tally for tally in self.tallies.values() if tally.reading.emptied]:
            several = f"{', '.join(tally.listing for tally in emptied)} showed rows before and show none now"
            lead = several if len(emptied) > 1 else fewer_now(emptied[0])
            yield (
                f"{lead}. What is archived stays. Look at the history on the platform's site; if the "
                f"rows really left it, accept that. {Remedy('run fully', {'account': account})}"
            )
        for tally in self.tallies.values():
            read = tally.reading
            if tally.agrees or read.emptied:
                continue
            if read.total is None:
                yield from _unproven(tally, account)
            elif read.overlapping and read.steady and read.total == read.read:
                yield (
                    f"The platform states {read.total} in {tally.listing}, but {len(read.overlapping)} rows ended one "
                    "page and began the next, in two readings. As many other rows may be missing."
                )
            else:
                changed = "" if read.steady else ", and its total changed while it was read"
                yield f"The platform states {read.total} in {tally.listing}, but lists {read.read}{changed}."
        for tally in self.tallies.values():
            if number := len(tally.reading.unread):
                where = self.unread.get(tally.listing, "")
                yield f"Rows of {tally.listing} that could not be read, and are not archived: {number}{where}."
        for each in self.withheld.values():
            yield f"The platform does not show: {each}."
        if self.incomplete:
            lacking = {reason for each in self.incomplete for _, reason in self._gaps.get(each, [("", "failed")])}
            why = " or ".join(words for reason, words in _INCOMPLETE.items() if reason.value in lacking)
            yield (
                f"{len(self.incomplete)} incomplete: {why}. The next runs try again, less "
                f"often after each failure. {Remedy('run fully', {'account': account})}"
            )
            failures = [failure for failure in list(self.incomplete.values())[:MAX_FAILURES_IN_MESSAGE] if failure]
            yield from (f"{failure}." for failure in failures)
        if self.unexplained:
            yield f"{len(self.unexplained)} listed but not archived."


def judged(tally: Tally, documented: DateOrder | None, stated: DateOrder | None) -> Iterator[str]:
    """What the whole list told of its rows: names and dates that are not as they were."""
    read, proven = tally.reading, tally.reading.dates.proven
    if number := len(read.renamed):
        yield (
            f"{tally.listing} shows {number} licences under other names than before. Each has the asset and day of an "
            "archived licence that left the list, so none is archived twice."
        )
    expected = {"as the account's settings say": stated, "as the platform documents": documented}
    if read.earlier:
        expected |= {f"as before {read.earlier.full_on}": read.earlier.date_order}
    for why, order in expected.items():
        if proven and order and order is not proven:
            yield f"The dates of {tally.listing} are written {proven}, not {order} {why}: no other order fits its rows."
    if wrong := read.dates.archived_otherwise(read.date_order):
        yield f"{wrong} archived licences of {tally.listing} have another day than it says now. Compare their papers."


def fewer_now(tally: Tally) -> str:
    """How many rows a list showed before, and how many it shows now; without the full stop."""
    read = tally.reading
    before = f"showed {read.earlier.listed} rows on {read.earlier.full_on}" if read.earlier else "showed rows before"
    return f"{tally.listing} {before} and shows {read.seen or 'none'} now"


def _unproven(tally: Tally, account: str) -> Iterator[str]:
    """Why a list that states no total may have rows that were not seen."""
    read = tally.reading
    if read.displaced:
        yield (
            f"{len(read.displaced)} rows of {tally.listing} came again on another page, in two readings. Other rows "
            "may be hidden, and the platform does not say how many there are."
        )
    if read.shrunk and read.earlier:
        yield (
            f"{fewer_now(tally)}, and the platform does not say how many there are. If the rows really left the list, "
            f"accept that. {Remedy('run fully', {'account': account})}"
        )
