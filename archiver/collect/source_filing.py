"""Archive what a source found, batch by batch, the way of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from archiver.archive.reader import Archive
from archiver.catalogue.index import Catalogue
from archiver.collect.import_commit import commit_import
from archiver.collect.import_filing import Import
from archiver.collect.import_plan import ImportOutcome
from archiver.collect.import_reader import Spool, spooling
from archiver.collect.import_report import ImportReport
from archiver.collect.recognition import ClassifiedFile
from archiver.collect.sources import SourceReading


@dataclass
class Filing:
    """The way of one reading into the archive; a context manager."""

    reading: SourceReading
    about: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # SHA-256 -> what is known of where it came from

    def __enter__(self) -> Filing:
        reading, self._stack = self.reading, ExitStack()
        self._spool = self._stack.enter_context(spooling(reading.state / "spool"))
        self._catalogue = self._stack.enter_context(Catalogue(reading.home.catalogue(reading.source.client)))
        stored = Archive(reading.home.archive(reading.source.client))
        if stored.ledger.exists():
            self._catalogue.catch_up(stored, reading.reader)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def spool(self) -> Spool:
        return self._spool

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    def commit(self, files: Sequence[ClassifiedFile], *, keep_files: bool = False) -> ImportReport:
        """Archive these files, or only plan it in a dry run. The report tells what became of each."""
        reading = self.reading
        report = ImportReport(reading.source.client, dry_run=reading.dry_run)
        order = None
        if not reading.dry_run:
            order = Import(
                by=reading.source.name, at=datetime.now(UTC), content=self._spool.content, preview=self._spool.preview,
                keep_files=keep_files, source=reading.source.kind, about=self.about,
            )  # fmt: skip
        commit_import(reading.home, report, files, reading.archive, order, self._catalogue, reading.reader, seal=False)
        reading.result.warnings += report.warnings
        for each in files:
            for name in (each.sha256, f"{each.sha256}.jpg"):
                (self._spool.folder / name).unlink(missing_ok=True)
        self.about.clear()
        return report

    def tally(self, report: ImportReport, whole: Callable[[str], str] = str) -> Counter[str]:
        """Count what became of each item in the source's result; `whole` gives the item that a path is part of.

        Returns how many items were `archived`, `already` there, `lacking` or without anything to archive (`nothing`).
        """
        outcomes: dict[str, set[ImportOutcome]] = {}
        refused: dict[str, str] = {}
        for fate in report.fates:
            item = whole(fate.seen.path)
            outcomes.setdefault(item, set()).add(fate.outcome)
            if fate.outcome is ImportOutcome.REFUSED:
                refused.setdefault(item, fate.message)
        counts: Counter[str] = Counter()
        result = self.reading.result
        for item, found in outcomes.items():
            if found & {ImportOutcome.ARCHIVED, ImportOutcome.MERGED, ImportOutcome.UNREAD}:
                counts["archived"] += 1
            elif ImportOutcome.KNOWN in found:
                counts["already"] += 1
            elif item not in refused:
                counts["nothing"] += 1
            if item in refused:
                counts["lacking"] += 1
                result.lack(item, refused[item])
        result.archived += counts["archived"]
        result.already += counts["already"]
        result.listed += len(outcomes) - counts["nothing"]
        return counts
