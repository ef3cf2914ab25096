"""Archive what a source found, batch by batch, the way of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from archiver.collect.import_commit import commit_import, open_intake
from archiver.collect.import_filing import Import
from archiver.collect.import_plan import ImportOutcome
from archiver.collect.import_report import ImportReport
from archiver.collect.recognition import ClassifiedFile
from archiver.collect.sources import SourceReading


@dataclass
class Filing:
    """The way of one reading into the archive; a context manager."""

    reading: SourceReading
    about: dict[str, Mapping[str, object]] = field(default_factory=dict)  # SHA-256 -> what is known of its origin

    def __enter__(self) -> Filing:
        reading, self._stack = self.reading, ExitStack()
        opened = open_intake(
            reading.home, reading.source.client, reading.archive, reading.reader, spool=reading.state / "spool"
        )
        self.intake = self._stack.enter_context(opened)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def commit(self, files: Sequence[ClassifiedFile], *, keep_files: bool = False) -> ImportReport:
        """Archive these files, or only plan it in a dry run. The report tells what became of each."""
        reading = self.reading
        report = ImportReport(reading.source.client, dry_run=reading.dry_run)
        order = Import(
            by=reading.source.name, spool=self.intake.spool, keep_files=keep_files, source=reading.source.kind,
            about=self.about,
        )  # fmt: skip
        commit_import(self.intake, files, order, report, seal=False)
        reading.result.warnings += report.warnings
        for each in files:
            if not each.sha256:  # it was refused before it was read
                continue
            for name in (each.sha256, f"{each.sha256}.jpg"):
                (self.intake.spool.folder / name).unlink(missing_ok=True)
        self.about.clear()
        return report

    def tally(self, report: ImportReport) -> Counter[str]:
        """Count what became of each item, a file on disk or a mail, in the source's result.

        Returns how many items were `archived`, `already` there, `lacking` or without anything to archive (`nothing`).
        """
        outcomes: dict[str, set[ImportOutcome]] = {}
        refused: dict[str, str] = {}
        for fate in report.fates:
            item = fate.seen.whole
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
