"""From a plan to the archive: how licences, papers and delivered files are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha512

from archiver import __version__
from archiver.archive.ocfl import NewObject, Stored
from archiver.collect.import_plan import (
    FileOutcome,
    Group,
    ImportOutcome,
    ImportPlan,
    claims,
    in_json,
    record_of,
)
from archiver.collect.import_reader import Spool
from archiver.collect.recognition import ClassifiedFile
from archiver.core.errors import Erased
from archiver.core.model import Document, DocumentKind, Licence, Moment, iso
from archiver.reading.containers import MAX_FILE_BYTES
from archiver.reading.licence_json import IMPORT_PREFIX, FiledDocument, to_json
from archiver.reading.one_licence import differences

IMPORT_FORMAT = 1

type Put = Callable[[NewObject], Future[Stored]]
type AddVersion = Callable[[str, Mapping[str, bytes]], Future[Stored]]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a person got a file: opened, downloaded or marked, at which address, by which method, when."""

    how: str
    url: str
    method: str
    retrieved_at: datetime

    def as_json(self) -> dict[str, object]:
        return {"how": self.how, "url": self.url, "method": self.method, "retrieved_at": iso(self.retrieved_at)}


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import: who made it and when, and what is known of its files, by their SHA-256.

    `confirmed`: that person vouches for papers of platforms that are not known. `origins` say where the files of a
    capture are from, and `captures` show its marked pages. `about` says where in a source each file was and how its
    sender was checked.
    """

    by: str
    spool: Spool | None = None  # has the bytes of the files, if any are needed
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    confirmed: bool = False
    keep_files: bool = False
    source: str = "import"
    prefix: str = IMPORT_PREFIX
    origins: Mapping[str, Origin] = field(default_factory=dict)
    captures: Callable[[str], Sequence[Document]] = lambda _: ()
    about: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    mask: Callable[[bytes], bytes] = lambda content: content  # takes secrets out of what we write ourselves

    def content(self, sha256: str) -> bytes:
        assert self.spool is not None
        return self.spool.content(sha256)

    @property
    def provenance(self) -> dict[str, object]:
        return {"source": self.source, "by": self.by, "at": iso(self.at), "tool": f"archiver {__version__}"}


def file(
    planned: ImportPlan, put: Put, add_version: AddVersion, order: Import, done: Callable[[], object]
) -> list[Erased]:
    """Archive the plan with an archive's `put` and `add_version`; `done` is called after each object.

    Returns the errors of what was not archived because it was erased before, which only the writing showed.
    """
    waiting: list[Future[Stored]] = []
    erased: list[Erased] = []

    def settle(at_most: int) -> None:
        while len(waiting) > at_most:
            try:
                waiting.pop(0).result()
            except Erased as error:
                erased.append(error)
            done()

    def follow(future: Future[Stored]) -> None:
        waiting.append(future)
        settle(64)

    held: dict[int, str] = {}
    for fate in planned.papers:
        new = _paper_object(fate, order)
        held[id(fate.seen)] = new.object_id
        follow(put(new))
    for group in planned.groups:
        if not any(group.members):
            continue
        files = _Filing(group, order, held).files()
        if group.entry:
            follow(add_version(group.entry.object_id, files))
        else:
            follow(put(NewObject.of(group.licence, files, order.at)))
    settle(0)
    return erased


def _paper_object(fate: FileOutcome, order: Import) -> NewObject:
    """The object of a paper that belongs to several licences or to none: its bytes and our description."""
    seen, paper = fate.seen, fate.seen.paper
    name = f"paper.{seen.ending}"
    documents = {each.name: each.content for each in order.captures(seen.sha256)} if seen.marked else {}
    documents = documents or {name: order.content(seen.sha256)}
    about = {
        "format": IMPORT_FORMAT,
        "what": seen.what,
        "unread": fate.outcome is ImportOutcome.UNREAD,
        "file": next(iter(documents)),
        "media_type": seen.media_type,
        "platform": paper.platform if paper else None,
        "order": paper.order if paper else None,
        "invoice": paper.invoice if paper else None,
        "date": iso(paper.date) if paper else None,
        "amount": str(paper.amount) if paper and paper.amount is not None else None,
        "currency": paper.currency if paper else None,
        "licences": sorted(group.object_id for group in fate.groups),
        "provenance": order.provenance | _source(seen, order),
    }
    date: Moment | None = paper.date if paper else None
    return NewObject(
        kind="receipts",
        date=date,
        provider=(paper.platform if paper else None) or "unknown",
        asset_id=seen.sha256[:16],
        identity=f"paper:{seen.sha256}",
        files={"paper.json": order.mask(in_json(about)), **documents},
        created=order.at,
    )


def _source(seen: ClassifiedFile, order: Import) -> dict[str, object]:
    """Where a file came from, who brought it and how, and what was read in it."""
    paper, origin = seen.paper, order.origins.get(seen.sha256)
    return {
        "source": order.source,
        "by": order.by,
        "at": iso(order.at),
        **(origin.as_json() if origin else {}),
        "path": seen.path,
        "sha256": seen.sha256,
        "bytes": seen.size,
        "machine_read": seen.machine_read,
        "reader": paper.reader if paper else None,
        "sure": paper.sure.value if paper else None,
        "quotes": dict(list(paper.quotes.items())[:40]) if paper else {},
        "dkim": seen.origin,
        **order.about.get(seen.sha256, {}),
    }


class _Filing:
    """The content of a licence's object or of its next version: the documents, and the imports that they came from."""

    def __init__(self, group: Group, order: Import, held: Mapping[int, str]) -> None:
        self._group, self._order, self._held = group, order, held
        self._before = group.entry.file if group.entry else None
        self._kept = list(self._before.documents) if self._before else []
        self._digests = {document.name: document.sha512 for document in self._kept}
        self._documents: list[Document] = []
        self._imports: list[dict[str, object]] = []

    def files(self) -> dict[str, bytes]:
        for seen, claimed in self._group.papers:
            self._imports.append(_source(seen, self._order) | self._paper(seen, claimed))
        for seen in self._group.letters:
            notes = {"from": seen.path, "dkim": seen.origin or ""}
            content = self._order.content(seen.sha256)
            name = self._add(DocumentKind.LETTER, "letter.eml", content, seen.media_type, notes)
            self._imports.append(_source(seen, self._order) | {"document": name})
        for seen in self._group.delivered:
            self._imports.append(_source(seen, self._order) | {"document": self._delivered(seen)})
        files = {document.name: document.content for document in self._documents}
        return {"licence.json": self._order.mask(self._described()), **files}

    def _paper(self, seen: ClassifiedFile, claimed: Licence | None) -> dict[str, object]:
        """File a paper (of a list, only the licence's own row), and return what is recorded about it."""
        paper, origin = seen.paper, self._order.origins.get(seen.sha256)
        fields: dict[str, object] = {}
        if claimed:
            fields |= {"claimed": claims(claimed), "differs": differences(self._group.licence, claimed)}
        if seen.paper_says:
            fields["paper_says"] = dict(seen.paper_says)
        if claimed and paper and len(paper.licences) > 1:
            notes = {"from": seen.path, "sha256": seen.sha256}
            row = record_of(claimed)
            name = self._add(DocumentKind.RECORD, "record.json", row, "application/json", notes)
            # The paper's own object has the quotes, which are those of all its licences.
            return fields | {"held_in": self._held.get(id(seen)), "quotes": {}, "document": name}
        if seen.marked:
            names = [
                self._add(each.kind, each.name, each.content, each.media_type, each.notes, origin)
                for each in self._order.captures(seen.sha256)
            ]
            return fields | ({"document": names[0]} if names else {})
        kind = paper.kind if paper and not seen.is_letter else DocumentKind.LETTER
        file, content, notes = f"{kind.value}.{seen.ending}", self._order.content(seen.sha256), {"from": seen.path}
        return fields | {"document": self._add(kind, file, content, seen.media_type, notes, origin)}

    def _delivered(self, seen: ClassifiedFile) -> str:
        """Describe a delivered file. Keep a small picture of it, and the file itself if that is wanted."""
        name = self._add(DocumentKind.DELIVERED, "delivered.json", _description(seen), "application/json", {})
        if self._order.spool and (small := self._order.spool.preview(seen.sha256)):
            made = "by the archiver, from the delivered file with this SHA-256"
            notes = {"from": seen.path, "made": made, "sha256": seen.sha256}
            self._add(DocumentKind.PREVIEW, "preview.jpg", small, "image/jpeg", notes)
        if self._order.keep_files and seen.size <= MAX_FILE_BYTES:
            content = self._order.content(seen.sha256)
            self._add(DocumentKind.DELIVERED, f"file.{seen.ending}", content, seen.media_type, {})
        return name

    def _add(
        self, kind: DocumentKind, file: str, content: bytes, media_type: str, notes: Mapping[str, str],
        origin: Origin | None = None,
    ) -> str:  # fmt: skip
        """The name of a document with this content, which is there already or is added as `file`."""
        digest = sha512(content).hexdigest()
        there = next((name for name, known in self._digests.items() if known == digest), None)
        if there:
            return there
        stem, _, ending = file.partition(".")
        names = (f"{self._order.prefix}{stem}{'' if n == 1 else f'-{n}'}.{ending}" for n in range(1, 10_000))
        name = next(each for each in names if each not in self._digests)
        self._digests[name] = digest
        url, at = (origin.url, origin.retrieved_at) if origin else (None, None)
        self._documents.append(Document(name=name, kind=kind, content=content, media_type=media_type, notes=notes,
                                        url=url, retrieved_at=at))  # fmt: skip
        return name

    def _described(self) -> bytes:
        """`licence.json`: what was known before stays, and what is new is added."""
        before, order = self._before, self._order
        there = {document.kind for document in self._documents}
        gaps = [gap for gap in before.gaps if gap.kind not in there] if before else []
        came = {**before.provenance} if before else {**order.provenance, "captured_at": iso(order.at)}
        imports = before.provenance.get("imports", []) if before else []
        came["imports"] = [*imports, *self._imports]
        filed: list[Document | FiledDocument] = [*self._kept, *self._documents]
        return to_json(self._group.licence, filed, gaps, came, before.terms if before else ())


def _description(seen: ClassifiedFile) -> bytes:
    """A delivered file by what recognises it, in place of the file."""
    mark = seen.fingerprint
    return in_json(
        {
            "format": IMPORT_FORMAT,
            "name": seen.path,
            "sha256": seen.sha256,
            "bytes": seen.size,
            "media_type": seen.media_type,
            "dated": iso(seen.dated),
            "width": mark.width if mark else None,
            "height": mark.height if mark else None,
            "hash": mark.hash.hex() if mark else None,
            "mirrored": mark.mirrored.hex() if mark else None,
            "assets": [f"{each.platform}:{each.asset_id}" for each in seen.named],
        }
    )
