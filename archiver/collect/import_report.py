"""The report of an import: what became of each file, and the licences as a search shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any

from archiver.catalogue.checked_dates import dated_rows
from archiver.catalogue.index import Catalogue, CatalogueEntry, Hit
from archiver.collect.import_plan import FileOutcome, Group, ImportOutcome, ImportPlan
from archiver.core.model import iso
from archiver.home.settings import Home

type ImportProgress = Callable[[str, int, int | None], None]
"""A progress callback: the step ("read", "archived"), how many are done, and of how many, if known."""

PARTIAL = 40  # exit code where files were refused


@dataclass
class ImportReport:
    """What an import did. `licences` are rows like those of `find --json`, for all licences that the files belong to.

    `passed` holds path and kind of files that say nothing. Most files of a folder are like that, so no more is kept.
    """

    client: str
    fates: list[FileOutcome] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)
    licences: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    dry_run: bool = False
    failed: int = 0  # exit code of what failed besides single files
    unconfirmed: bool = False  # a paper of a platform that is not known waits for a person's word

    @property
    def exit_code(self) -> int:
        return max(self.failed, PARTIAL if self.counts[ImportOutcome.REFUSED] else 0)

    @property
    def proposals(self) -> int:
        """How many papers may license what their lines say, and wait for a person who reads them."""
        waiting = [fate.seen for fate in self.fates if fate.seen.proposal and fate.seen.sign and not fate.groups]
        return sum(1 for seen in waiting if not (seen.paper and seen.paper.licences))  # a receipt may be one, too

    @property
    def counts(self) -> Counter[ImportOutcome]:
        return Counter(fate.outcome for fate in self.fates) + Counter({ImportOutcome.IRRELEVANT: len(self.passed)})

    def in_words(self) -> str:
        """How many files had each outcome. A dry run says what would happen to them."""
        counts = Counter(self._outcome(fate) for fate in self.fates) + Counter({"irrelevant": len(self.passed)})
        said = ", ".join(f"{number:,} {words}" for words, number in sorted(counts.items())) or "no files"
        return f"a dry run, which archives nothing: {said}" if self.dry_run else said

    def _outcome(self, fate: FileOutcome) -> str:
        """The outcome in words; in a dry run as what would happen."""
        if fate.outcome is ImportOutcome.IRRELEVANT and fate.seen.named:
            return "without a licence here"  # a picture of a platform: far from irrelevant to a person
        changes = fate.outcome in (ImportOutcome.ARCHIVED, ImportOutcome.MERGED)
        return f"would be {fate.outcome.value}" if self.dry_run and changes else fate.outcome.value

    def as_json(self) -> dict[str, object]:
        """The document of `import --json`."""
        rows = [self._row(fate) for fate in self.fates]
        rows += [_row(path, kind, ImportOutcome.IRRELEVANT) for path, kind in self.passed]
        files = sorted(rows, key=itemgetter("path")) if self.passed else rows
        return {"dry_run": self.dry_run, "files": files, "licences": self.licences}

    def _row(self, fate: FileOutcome) -> dict[str, Any]:
        seen, paper = fate.seen, fate.seen.paper
        kind = paper.kind.value if paper and not seen.is_letter else seen.what
        return _row(seen.path, kind, fate.outcome, fate.message) | {
            "licence": self._names(fate)[0] if fate.groups else None,
            "reader": paper.reader if paper else None,
            "sure": paper.sure.value if paper else None,
        }

    def _names(self, fate: FileOutcome) -> list[str]:
        return [f"{self.client}/{group.object_id.rpartition(':')[2]}" for group in fate.groups]

    def table(self) -> list[tuple[str, str, str, str]]:
        """A table for people: each file's path, kind and outcome, and its licence or the reason.

        Only a dry run lists files without anything to report.
        """
        rows = []
        for fate in self.fates:
            if (
                not self.dry_run
                and not fate.message
                and fate.outcome in (ImportOutcome.IRRELEVANT, ImportOutcome.KNOWN)
            ):
                continue
            names = self._names(fate)
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            what = "; ".join(filter(None, (f"{names[0]}{more}" if names else "", fate.message)))
            rows.append((fate.seen.path, self._row(fate)["kind"], self._outcome(fate), what))
        if self.dry_run:
            rows = sorted([*rows, *((path, kind, ImportOutcome.IRRELEVANT.value, "") for path, kind in self.passed)])
        return rows


def _row(path: str, kind: str, outcome: ImportOutcome, message: str = "") -> dict[str, object]:
    return {"path": path, "kind": kind, "outcome": outcome.value, "licence": None, "reader": None, "sure": None,
            "message": message}  # fmt: skip


def licence_rows(home: Home, catalogue: Catalogue, planned: ImportPlan) -> list[dict[str, object]]:
    """The licences of an import as `find` shows them; those that a dry run would archive have no state yet."""
    coming: list[dict[str, object]] = []

    def archived() -> Iterator[CatalogueEntry]:
        for group in planned.groups:
            folder = group.object_id.rpartition(":")[2]
            entries = catalogue.matching(folder)
            if entries and entries[0].folder == folder:
                yield entries[0]
            else:
                coming.append(_coming(catalogue.client, group))

    return [*archived_rows(home, catalogue.client, archived()), *coming]


def archived_rows(home: Home, client: str, entries: Iterable[CatalogueEntry]) -> list[dict[str, object]]:
    """Archived licences as `find` shows them."""
    hits = (Hit(entry, None, 1.0) for entry in entries)  # one after another, as each holds all of its licence
    first = next(hits, None)
    if first is None:
        return []
    with Catalogue(home.catalogue(client)) as catalogue:
        return dated_rows(home, catalogue, chain([first], hits))


def _coming(client: str, group: Group) -> dict[str, object]:
    licence = group.licence
    return {
        "licence": f"{client}/{group.object_id.rpartition(':')[2]}", "client": client,
        "provider": licence.asset.provider, "asset_id": licence.asset.asset_id, "title": licence.asset.title,
        "kind": licence.kind, "licensed_at": iso(licence.licensed_at), "licensee": licence.licensee, "match": None,
        "score": 1.0, "secured_since": None, "state": None, "scope": None, "without": [], "file_name": None,
    }  # fmt: skip
