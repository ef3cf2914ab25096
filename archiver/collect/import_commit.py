"""Decide what becomes of recognised files, and archive it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from archiver.archive.checking.parts.archive_words import URN
from archiver.archive.reader import Archive
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.collect.import_filing import Import, file
from archiver.collect.import_plan import plan
from archiver.collect.import_reader import Spool, spooling
from archiver.collect.import_report import ImportProgress, ImportReport, licence_rows
from archiver.collect.recognition import ClassifiedFile
from archiver.core.atomic_files import replace_file, scratch_folder
from archiver.core.errors import IntegrityError, UnreadablePicture
from archiver.core.model import DocumentKind
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader

PAPER = re.compile(rf"{URN}:receipt:.+_([0-9a-f]{{16}})_[0-9a-f]{{8}}")


@dataclass(frozen=True)
class Intake:
    """What an import into a client's archive works with. Without an archive it is a dry run."""

    home: Home
    client: str
    archive: ArchiveWriter | None
    catalogue: Catalogue
    reader: DocumentReader
    spool: Spool


@contextmanager
def open_intake(
    home: Home, client: str, archive: ArchiveWriter | None, reader: DocumentReader, spool: Path | None = None
) -> Iterator[Intake]:
    """Open what an import needs, with the catalogue caught up. `spool` is the spool's folder, by default the client's.

    A dry run gets a temporary one: it does not hold the archive's lock, which keeps others out of the client's spool.
    """
    with ExitStack() as stack:
        if archive is None and spool is None:
            spool = stack.enter_context(scratch_folder("import"))
        opened = stack.enter_context(spooling(spool or home.state / "import" / client))
        catalogue = stack.enter_context(Catalogue(home.catalogue(client)))
        stored = Archive(home.archive(client))
        if stored.ledger.exists():
            catalogue.catch_up(stored, reader)
        yield Intake(home, client, archive, catalogue, reader, opened)


def commit_import(
    intake: Intake, files: Sequence[ClassifiedFile], order: Import, report: ImportReport, *,
    progress: ImportProgress = lambda *_: None, seal: bool = True,
) -> None:  # fmt: skip
    """Decide what becomes of recognised files and report it. If there is an archive to write to, archive and seal them.

    Without `seal`, the caller seals later.
    """
    archive, catalogue, reader = intake.archive, intake.catalogue, intake.reader
    stored = Archive(intake.home.archive(intake.client))
    looks = intake.home.state / "looks" / f"{intake.client}.json"
    planned = plan(files, _Archived(stored, catalogue, reader, looks), confirmed=order.confirmed)
    report.fates, report.unconfirmed = planned.fates, planned.unconfirmed
    if archive:
        total = len(planned.papers) + sum(any(True for _ in group.members) for group in planned.groups)
        done = count(1)
        erased = file(planned, archive.put, archive.add_version, order, lambda: progress("archived", next(done), total))
        report.warnings += map(str, erased)
        if seal:
            report.warnings += archive.seal().warnings
        catalogue.catch_up(stored, reader)
    report.licences = licence_rows(intake.home, catalogue, planned)


class _Archived:
    """What the archive holds, for the plan: by identity, asset, order, digest and looks."""

    def __init__(self, archive: Archive, catalogue: Catalogue, reader: DocumentReader, cache: Path) -> None:
        self._archive, self._catalogue, self._reader, self._cache = archive, catalogue, reader, cache
        self._files: dict[str, str] = {}  # SHA-256 of an imported file -> folder of its licence
        for entry in catalogue.each():
            for each in entry.file.provenance.get("imports", ()):
                if not each.get("held_in"):
                    self._files[each["sha256"]] = entry.folder
        ids = (line.id or "" for line in archive.lines()) if archive.ledger.exists() else iter(())
        self._papers = {match[1]: match[0] for each in ids if (match := PAPER.fullmatch(each))}

    def identity(self, identity: str) -> CatalogueEntry | None:
        return self._catalogue.known(identity).get(identity)

    def erased(self, identity: str) -> bool:
        return identity in self._catalogue.erased(identity)

    def asset(self, provider: str, asset_id: str) -> Sequence[CatalogueEntry]:
        return self._catalogue.of_asset(provider, asset_id)

    def order(self, provider: str, order: str) -> Sequence[CatalogueEntry]:
        return self._catalogue.of_order(provider, order)

    def download(self, name: str, size: int, day: date | None) -> Sequence[CatalogueEntry]:
        return self._catalogue.of_download(name, size, day)

    def file(self, sha256: str) -> CatalogueEntry | None:
        folder = self._files.get(sha256)
        return self._catalogue.matching(folder)[0] if folder else None

    def platform(self, provider: str) -> Iterable[CatalogueEntry]:
        return (entry for entry in self._catalogue.each() if entry.provider == provider)

    def paper(self, sha256: str) -> str | None:
        return self._papers.get(sha256[:16])

    def looks(self) -> Iterable[tuple[CatalogueEntry, bytes]]:
        """The hashes of all archived pictures. A disposable file remembers the pictures that were looked at."""
        remembered: dict[str, str | None] = {}
        with suppress(OSError, ValueError):
            remembered = json.loads(self._cache.read_text())
        found: dict[str, str | None] = {}
        with ThreadPoolExecutor(os.cpu_count() or 2) as threads:
            looked = [
                (entry, sha512, remembered[sha512] if sha512 in remembered else threads.submit(self._look, entry, name))
                for entry in self._catalogue.each()
                for name, sha512 in _pictures(entry)
            ]
            hashes = []
            for entry, sha512, known in looked:
                found[sha512] = known.result() if isinstance(known, Future) else known
                if mark := found[sha512]:
                    hashes.append((entry, bytes.fromhex(mark)))
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._cache, json.dumps(found).encode())
        return hashes

    def _look(self, entry: CatalogueEntry, name: str) -> str | None:
        with suppress(IntegrityError, UnreadablePicture):  # `verify` reports the damage
            look = self._reader.look(self._archive.object(entry.object_id).read(name)).fingerprint
            return None if look.flat else look.hash.hex()
        return None


def _pictures(entry: CatalogueEntry) -> Iterator[tuple[str, str]]:
    """The pictures of a licence by which a file is recognised: name and SHA-512."""
    for document in entry.file.documents:
        if document.kind is DocumentKind.PREVIEW and not entry.licence.comp:
            yield document.name, document.sha512
