"""What the damage of an archive means for people: the licences and documents that are not what was archived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from archiver.agency import verified
from archiver.archive.checking.parts import archive_words, ledger_lines, ocfl_object
from archiver.archive.reader import Archive
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.claims.work_name import name_of_folder, work_name
from archiver.core.errors import ArchiverError, IntegrityError
from archiver.core.model import DocumentKind
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader

MAX_HASHED_BYTES = 8 << 20  # of one licence, at each look at it: some 20 ms
MAX_NAMED = 5  # damaged objects that pages name; each is looked at again
_KIND_OF = {folder: kind for kind, folder in archive_words.KINDS.items()}


@dataclass(frozen=True, kw_only=True)
class DamagedObject:
    """An object of an archive that is not what was archived. `entry` is its licence, if the index still has it.

    `documents` are the kinds and names of its damaged documents; none if it is damaged as a whole.
    """

    object_id: str
    entry: CatalogueEntry | None
    documents: tuple[tuple[DocumentKind, str], ...] = ()

    @property
    def kind(self) -> str:
        """`licence`, or another kind of object in an archive."""
        return self.object_id.split(":")[2]

    def name(self, language: str) -> str:
        """What people call it."""
        if self.entry is None:
            return name_of_folder(self.object_id.rpartition(":")[2], language)
        licence = self.entry.licence
        return work_name(licence.asset, licence.licensed_at, language, self.entry.file_name)

    def in_words(self) -> str:
        """The damaged documents of a licence, in English."""
        what = ", ".join(name for _, name in self.documents) or "everything"
        return f"Do not use as proof: {what} of {self.name('en')}"

    def as_json(self) -> dict[str, object]:
        """One of `damaged` in `status --json`."""
        licence = self.entry.short_id if self.entry else None
        return {"object": self.object_id, "licence": licence, "documents": [name for _, name in self.documents]}


def find_damaged(home: Home, slug: str) -> tuple[DamagedObject, ...]:
    """The damaged objects of a client's archive that are known; none if its ledger itself is damaged. Does not verify.

    Of more than `MAX_NAMED`, these are the first.
    """
    if not home.catalogue(slug).is_file():
        return ()
    named: dict[str, set[str]] = defaultdict(set)
    for path in verified.damaged_paths(home, slug):
        if object_id := object_at(path):
            named[object_id].add(PurePosixPath(path).name)
    with suppress(ArchiverError), Catalogue(home.catalogue(slug)) as catalogue:
        objects = dict.fromkeys((*catalogue.unreadable(), *named))
        return tuple(_looked_at(home, slug, catalogue, each, named[each]) for each in [*objects][:MAX_NAMED])
    return ()


def _looked_at(home: Home, slug: str, catalogue: Catalogue, object_id: str, names: Iterable[str]) -> DamagedObject:
    entry = catalogue.of_object(object_id)
    if entry is None:
        return DamagedObject(object_id=object_id, entry=None)
    documents = entry.file.documents
    contents = sum(each.bytes for each in documents) <= MAX_HASHED_BYTES
    found = ocfl_object.check_object(
        home.archive(slug) / ledger_lines.object_path(object_id), contents=contents
    ).findings
    damaged = {PurePosixPath(each.path).name for each in found if each.damage}.union(names)
    return DamagedObject(
        object_id=object_id, entry=entry,
        documents=tuple((each.kind, each.name) for each in documents if each.name in damaged),
    )  # fmt: skip


def look_again(home: Home, slug: str) -> None:
    """Look again at the objects that the search index noted as damaged, after a repair; read them into it if needed."""
    if not home.catalogue(slug).is_file():
        return
    archive = Archive(home.archive(slug))
    with Catalogue(home.catalogue(slug)) as catalogue:
        mended = [each for each in catalogue.unreadable() if not _is_damaged(archive, catalogue, each)]
        for object_id in mended:
            catalogue.note_fault(object_id, "")
        if not all(map(catalogue.of_object, mended)):  # the index was made while they could not be read
            with DocumentReader() as reader:
                catalogue.rebuild(archive, reader)


def _is_damaged(archive: Archive, catalogue: Catalogue, object_id: str) -> bool:
    try:
        if entry := catalogue.of_object(object_id):
            archive.check_object(object_id, entry.lines, contents=True)
            return False
        found = ocfl_object.check_object(archive.attested(object_id).path).findings
    except IntegrityError:
        return True
    return any(each.damage for each in found)


def object_at(path: str) -> str | None:
    """The id of the object that has this file, by its path in the archive; None for another file."""
    parts = PurePosixPath(path).parts
    if len(parts) < 3 or parts[0] != "evidence" or parts[1] not in _KIND_OF:
        return None
    folder = next((each for each in parts[2:] if "_" in each), None)
    return f"{archive_words.URN}:{_KIND_OF[parts[1]]}:{folder}" if folder else None
