"""What one archive holds and lacks, from its catalogue and its newest checkpoint: cheap enough for every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archiver.agency import verified
from archiver.agency.damage import MAX_HASHED_BYTES, DamagedObject, find_damaged
from archiver.archive.checking.parts.archive_words import CHECKPOINTS, LEDGER, PRACTICE, Malformed
from archiver.archive.checking.parts.ledger_lines import newest_checkpoints
from archiver.archive.checking.parts.proven_dates import renewal
from archiver.archive.checking.parts.regular_files import content
from archiver.archive.checking.parts.timestamp_tokens import Token
from archiver.archive.ledger import newest_lines
from archiver.archive.reader import Archive, check_evidence, check_shape
from archiver.archive.writer import latest_moment
from archiver.catalogue import search
from archiver.catalogue.index import Catalogue, CatalogueEntry, RunLine
from archiver.catalogue.known_archive import check_not_lost, check_whole
from archiver.core.errors import ArchiverError, IntegrityError, MachineRefused
from archiver.core.model import DocumentKind
from archiver.home.settings import HOUSE, Home
from archiver.reading.worker import DocumentReader

MAX_RECENT = 24  # licences whose pictures a page shows


@dataclass(frozen=True, kw_only=True)
class ArchiveSummary:
    """The number of licences in an archive, what is missing there, and the runs of its accounts.

    `unassigned` counts the licences of the house archive that no client has. `secured`: a timestamp covers the newest
    ledger line; its signature is not checked here. `recent` are the folders archived last, newest first.
    """

    followed: object = None  # the state that the catalogue had read
    count: int = 0
    incomplete: int = 0
    incomplete_from: Mapping[str, int] = field(default_factory=dict)  # by account whose run archived them, and can more
    previews_from: Mapping[str, int] = field(default_factory=dict)  # comps, by the same
    unassigned: int = 0
    secured: bool = True
    fault: str = ""  # why the archive cannot be read
    damaged: tuple[DamagedObject, ...] = ()  # what the fault is about, if it is about objects: the first ones
    recent: tuple[str, ...] = ()
    without_picture: frozenset[str] = frozenset()  # those of `recent`
    runs: Mapping[str, Sequence[RunLine]] = field(default_factory=dict)
    renewal: str | None = None  # when its newest timestamps must be renewed, UTC
    latest: tuple[str, str] | None = None  # the latest time that it knows, UTC, and where that is from


def summarise_archive(home: Home, slug: str, followed: object = None) -> ArchiveSummary:
    """The summary of a client's archive. A faulty archive has a `fault` and does not hide the others; DiskFull,
    MachineRefused or ArchiveBusy is no fault of it, and is raised."""
    archive = home.archive(slug)
    try:
        check_archive(home, slug)
        if not archive.is_dir():
            return ArchiveSummary(followed=followed)
        with DocumentReader() as reader, search.catalogue_of(home, slug, reader) as (_, catalogue):
            check_archive(home, slug, catalogue)
            runs: dict[str, list[RunLine]] = {}
            recent = catalogue.recent(MAX_RECENT)
            for run in catalogue.runs():
                runs.setdefault(run.account, []).append(run)
            return ArchiveSummary(
                followed=followed, count=catalogue.count_held(), incomplete=catalogue.count_incomplete(), runs=runs,
                incomplete_from=catalogue.incomplete_by_account(), previews_from=catalogue.previews_by_account(),
                unassigned=catalogue.count_unassigned() if slug == HOUSE else 0, secured=is_secured(archive),
                renewal=renewal(archive), latest=latest_moment(archive),
                recent=tuple(each.folder for each in recent),
                without_picture=frozenset(each.folder for each in recent if not _pictured(each)),
            )  # fmt: skip
    except ArchiverError as error:  # one faulty archive must not hide the others
        if error.exit_code == MachineRefused.exit_code:
            raise  # a full disk is no fault of the archive, and the same for all
        return ArchiveSummary(fault=str(error), damaged=find_damaged(home, slug))


def check_archive(home: Home, slug: str, catalogue: Catalogue | None = None) -> None:
    """Raise IntegrityError if an archive was here and is gone, if its shape has a fault, if objects that its catalogue
    knows of cannot be read, or if the last verification found damage. A client without an archive is no fault."""
    root = home.archive(slug)
    check_shape(root)
    if catalogue is None:
        check_not_lost(home, slug)
        check_whole(home, slug)
        return
    if lost := len(catalogue.unreadable()):
        raise IntegrityError(f"{lost} objects cannot be read")
    if catalogue.count():
        check_evidence(root)
    if found := verified.found_damage(home, slug):
        raise IntegrityError(found)


def find_licence_fault(home: Home, catalogue: Catalogue, entry: CatalogueEntry) -> str:
    """Why a licence's object is not what was archived; empty if it is. The catalogue remembers it for the summary."""
    size, fault = sum(each.bytes for each in entry.file.documents), ""
    try:
        Archive(home.archive(entry.client)).check_object(
            entry.object_id, entry.lines, contents=size <= MAX_HASHED_BYTES
        )
    except IntegrityError as error:
        fault = str(error)
    catalogue.note_fault(entry.object_id, fault)
    return fault


def _pictured(entry: CatalogueEntry) -> bool:
    return any(each.kind is DocumentKind.PREVIEW for each in entry.file.documents)


def is_secured(root: Path) -> bool:
    """Whether a timestamp covers all evidence in the ledger. An empty archive lacks nothing.

    Lines about runs without news wait for the next timestamp by design (see `ArchiveWriter.seal`).
    """
    head = Archive(root).head()
    if head is None:
        return True
    covered = next((size for size, note, tokens in newest_checkpoints(root / CHECKPOINTS) if _stamped(note, tokens)), 0)
    if covered > head.seq:
        return True
    return bool(covered) and all(line.type in PRACTICE for line in newest_lines(root / LEDGER, covered))


def _stamped(note: Path, tokens: Sequence[Path]) -> bool:
    for path in tokens:
        try:
            if Token.parse(content(path)).covers(content(note)):
                return True
        except (OSError, Malformed):
            continue  # `verify` names a broken token
    return False


def check_stamp(home: Home, slug: str) -> object:
    """A stamp that changes when what `check_archive` looks at may have changed, apart from the ledger."""
    return seal_stamp(home, slug), verified.stamp(home, slug)


def seal_stamp(home: Home, slug: str) -> object:
    """A stamp that changes when a checkpoint or a timestamp is added."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return (home.archive(slug) / CHECKPOINTS).stat().st_mtime_ns
    return None
