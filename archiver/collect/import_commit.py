"""Decide what becomes of recognised files, and archive it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from archiver.archive.reader import Archive
from archiver.archive.verify import URN
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.collect.import_filing import AddVersion, Import, Put, file
from archiver.collect.import_plan import ImportPlan, plan
from archiver.collect.import_report import ImportProgress, ImportReport, licence_rows
from archiver.collect.recognition import ClassifiedFile
from archiver.core.atomic_files import replace_file
from archiver.core.errors import Erased, IntegrityError, UnreadablePicture
from archiver.core.model import DocumentKind
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader

PAPER = re.compile(rf"{URN}:receipt:.+_([0-9a-f]{{16}})_[0-9a-f]{{8}}")


def commit_import(
    home: Home,
    report: ImportReport,
    files: Sequence[ClassifiedFile],
    archive: ArchiveWriter | None,
    order: Import | None,
    catalogue: Catalogue,
    reader: DocumentReader,
    progress: ImportProgress = lambda *_: None,
    *,
    confirmed: bool = False,
    seal: bool = True,
) -> None:
    """Decide what becomes of recognised files, archive and seal that where there is an archive to write to, and report.

    The catalogue must have caught up with the archive. `confirmed`: see `plan`. Without `seal`, the caller seals later.
    """
    stored = Archive(home.archive(report.client))
    looks = home.state / "looks" / f"{report.client}.json"
    planned = plan(files, _Archived(stored, catalogue, reader, looks), confirmed=confirmed)
    report.fates = planned.fates
    if archive and order:
        report.warnings += map(str, _file(planned, archive.put, archive.add_version, order, progress))
        if seal:
            report.warnings += archive.seal().warnings
        catalogue.catch_up(stored, reader)
    report.licences = licence_rows(report.client, stored, catalogue, planned)


def _file(
    planned: ImportPlan, put: Put, add_version: AddVersion, order: Import, progress: ImportProgress
) -> list[Erased]:
    total = len(planned.papers) + sum(any(True for _ in group.members) for group in planned.groups)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress("archived", done, total)

    return file(planned, put, add_version, order, count)


class _Archived:
    """What is archived, for the plan: by identity, asset, order, digest, and looks."""

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

    def file(self, sha256: str) -> CatalogueEntry | None:
        folder = self._files.get(sha256)
        return self._catalogue.matching(folder)[0] if folder else None

    def platform(self, provider: str) -> Iterable[CatalogueEntry]:
        return (entry for entry in self._catalogue.each() if entry.provider == provider)

    def paper(self, sha256: str) -> str | None:
        return self._papers.get(sha256[:16])

    def looks(self) -> Iterable[tuple[CatalogueEntry, bytes]]:
        """The hashes of all archived pictures. What was looked at once is remembered in a file that may vanish."""
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
        with suppress(IntegrityError, UnreadablePicture):  # `verify` names what is damaged
            look = self._reader.look(self._archive.object(entry.object_id).read(name)).fingerprint
            return None if look.flat else look.hash.hex()
        return None


def _pictures(entry: CatalogueEntry) -> Iterator[tuple[str, str]]:
    """The pictures of a licence by which a file is recognised: name and SHA-512."""
    for document in entry.file.documents:
        if document.kind is DocumentKind.PREVIEW and not entry.licence.comp:
            yield document.name, document.sha512
