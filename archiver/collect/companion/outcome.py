"""What became of a capture, of what became of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from archiver.archive.ocfl import object_id
from archiver.collect.companion.captures import CaptureResult, StoredCapture
from archiver.collect.import_plan import FileOutcome, ImportOutcome
from archiver.collect.recognition import ClassifiedFile
from archiver.core.model import iso


def result_of(
    capture: StoredCapture, fates: Sequence[FileOutcome], rows: Mapping[str, Mapping[str, object]]
) -> CaptureResult:
    names = [f"{capture.client}/{group.object_id.rpartition(':')[2]}" for fate in fates for group in fate.groups]
    best = min((fate.outcome for fate in fates), key=list(ImportOutcome).index, default=ImportOutcome.IRRELEVANT)
    keys = ("licence", "provider", "asset_id", "title", "licensed_at")
    licences = [
        {key: rows[name][key] for key in keys} if name in rows else {"licence": name} for name in dict.fromkeys(names)
    ]
    refused = [fate.message for fate in fates if fate.outcome is ImportOutcome.REFUSED]
    missed = [f"{each['url']}: {each['reason']}" for each in capture.said["missed"]]
    page = next((fate.seen for fate in fates if fate.seen.marked and not fate.groups), None)
    return CaptureResult(
        id=capture.id, digest=capture.digest, client=capture.client, job=capture.job, person=capture.person,
        url=capture.url, outcome=best.value, licences=licences, message="; ".join([*refused, *missed])[:1000],
        filed_at=str(iso(datetime.now(UTC))), paper=_paper(page) if page else "",
    )  # fmt: skip


def _paper(seen: ClassifiedFile) -> str:
    """The object that keeps a page that belongs to no licence yet, as `import_filing` names it."""
    paper = seen.paper
    platform = (paper.platform if paper else None) or "unknown"
    return object_id("receipts", paper.date if paper else None, platform, seen.sha256[:16], f"paper:{seen.sha256}")
