"""From a plan to the archive: how licences, papers and delivered files are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha512
from typing import Any

from archiver import __version__
from archiver.archive.store import NewObject, Stored
from archiver.domain import Document, DocumentKind, Gap, Licence, Moment, iso
from archiver.errors import Erased
from archiver.intake.planning import Fate, Group, Outcome, Plan, claims, differences, in_json, record_of
from archiver.intake.recognise import Seen
from archiver.intake.walk import LARGEST
from archiver.reading.licence_json import IMPORT_PREFIX, FiledDocument, to_json

FORMAT = 1

type Put = Callable[[NewObject], Future[Stored]]
type AddVersion = Callable[[str, Mapping[str, bytes]], Future[Stored]]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a person got a file: opened, downloaded or marked, at which address, by which method, when."""

    how: str
    url: str
    method: str
    retrieved_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {"how": self.how, "url": self.url, "method": self.method, "retrieved_at": iso(self.retrieved_at)}


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import: who made it, when, and where the bytes of files are kept meanwhile.

    An attended capture is one, too: its `source` and `prefix` are its own, `origins` say where each file is from, and
    `captures` show the pages that were marked, both by SHA-256.
    """

    by: str
    at: datetime
    content: Callable[[str], bytes]  # of a file, by its SHA-256
    preview: Callable[[str], bytes | None]  # a small JPEG of a picture, by the picture's SHA-256
    keep_files: bool = False
    source: str = "import"
    prefix: str = IMPORT_PREFIX
    origins: Mapping[str, Origin] = field(default_factory=dict)
    captures: Callable[[str], Sequence[Document]] = lambda _: ()
    mask: Callable[[bytes], bytes] = lambda content: content  # takes secrets out of what we write ourselves

    @property
    def provenance(self) -> dict[str, Any]:
        return {"source": self.source, "by": self.by, "at": iso(self.at), "tool": f"archiver {__version__}"}


def file(planned: Plan, put: Put, add_version: AddVersion, order: Import, done: Callable[[], object]) -> list[Erased]:
    """Archive what was planned, through an archive's `put` and `add_version`; `done` is called after each object.

    Gives what was not archived because it was erased, and its tombstone could not say so beforehand.
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
        files = _files(group, order, held)
        if group.entry:
            follow(add_version(group.entry.object_id, files))
        else:
            follow(put(_new_licence(group.licence, files, order.at)))
    settle(0)
    return erased


def _new_licence(licence: Licence, files: Mapping[str, bytes], at: datetime) -> NewObject:
    return NewObject(
        kind="comps" if licence.comp else "licences",
        date=licence.licensed_at,
        provider=licence.asset.provider,
        asset_id=licence.asset.asset_id,
        identity=licence.identity,
        files=files,
        created=at,
    )


def _paper_object(fate: Fate, order: Import) -> NewObject:
    """A paper of several licences, or of none that is known: its bytes, and our description."""
    seen, paper = fate.seen, fate.seen.paper
    name = f"paper.{seen.ending}"
    documents = {each.name: each.content for each in order.captures(seen.sha256)} if seen.marked else {}
    documents = documents or {name: order.content(seen.sha256)}
    about = {
        "format": FORMAT,
        "what": seen.what,
        "unread": fate.outcome is Outcome.UNREAD,
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


def _source(seen: Seen, order: Import) -> dict[str, Any]:
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
    }


def _files(group: Group, order: Import, held: Mapping[int, str]) -> dict[str, bytes]:
    """What goes into a licence's object, or into its next version."""
    before = group.entry.file if group.entry else None
    kept = list(before.documents) if before else []
    digests = {document.name: document.sha512 for document in kept}
    documents: list[Document] = []
    imports: list[dict[str, Any]] = []

    def add(
        kind: DocumentKind, stem: str, ending: str, content: bytes, media_type: str, notes: Mapping[str, str],
        origin: Origin | None = None,
    ) -> str:  # fmt: skip
        digest = sha512(content).hexdigest()
        there = next((name for name, known in digests.items() if known == digest), None)
        if there:
            return there
        names = (f"{order.prefix}{stem}{'' if n == 1 else f'-{n}'}.{ending}" for n in range(1, 10_000))
        name = next(each for each in names if each not in digests)
        digests[name] = digest
        url, at = (origin.url, origin.retrieved_at) if origin else (None, None)
        documents.append(Document(name=name, kind=kind, content=content, media_type=media_type, notes=notes,
                                  url=url, retrieved_at=at))  # fmt: skip
        return name

    for seen, claimed in group.papers:
        source = _source(seen, order)
        paper, origin = seen.paper, order.origins.get(seen.sha256)
        if claimed:
            source["claimed"] = claims(claimed)
            source["differs"] = differences(group.licence, claimed)
        if claimed and paper and len(paper.licences) > 1:
            notes = {"from": seen.path, "sha256": seen.sha256}
            source["held_in"] = held.get(id(seen))
            source["quotes"] = {}  # those of all its licences; the paper's own object has them
            source["document"] = add(
                DocumentKind.RECORD, "record", "json", record_of(claimed), "application/json", notes
            )
        elif seen.marked:
            for each in order.captures(seen.sha256):
                stem, _, ending = each.name.partition(".")
                name = add(each.kind, stem, ending, each.content, each.media_type, each.notes, origin)
                source.setdefault("document", name)
        else:
            kind = paper.kind if paper and not seen.is_letter else DocumentKind.LETTER
            content, notes = order.content(seen.sha256), {"from": seen.path}
            source["document"] = add(kind, kind.value, seen.ending, content, seen.media_type, notes, origin)
        imports.append(source)
    for seen in group.letters:
        notes = {"from": seen.path, "dkim": seen.origin or ""}
        name = add(DocumentKind.LETTER, "letter", "eml", order.content(seen.sha256), seen.media_type, notes)
        imports.append(_source(seen, order) | {"document": name})
    for seen in group.delivered:
        name = add(DocumentKind.DELIVERED, "delivered", "json", _description(seen), "application/json", {})
        if small := order.preview(seen.sha256):
            notes = {"from": seen.path, "made": "by the archiver, from the delivered file with this SHA-256",
                     "sha256": seen.sha256}  # fmt: skip
            add(DocumentKind.PREVIEW, "preview", "jpg", small, "image/jpeg", notes)
        if order.keep_files and seen.size <= LARGEST:
            add(DocumentKind.DELIVERED, "file", seen.ending, order.content(seen.sha256), seen.media_type, {})
        imports.append(_source(seen, order) | {"document": name})
    there = {document.kind for document in documents}
    gaps: list[Gap] = [gap for gap in before.gaps if gap.kind not in there] if before else []
    came = dict(before.provenance) if before else {**order.provenance, "captured_at": iso(order.at)}
    came["imports"] = [*came.get("imports", []), *imports]
    filed: list[Document | FiledDocument] = [*kept, *documents]
    files = {document.name: document.content for document in documents}
    described = to_json(group.licence, filed, gaps, came, before.terms if before else ())
    return {"licence.json": order.mask(described), **files}


def _description(seen: Seen) -> bytes:
    """A delivered file by what recognises it, in place of the file."""
    mark = seen.fingerprint
    return in_json(
        {
            "format": FORMAT,
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
