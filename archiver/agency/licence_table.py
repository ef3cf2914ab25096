"""The list of licences as a table, for people who work on in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archiver.catalogue.index import Hit
from archiver.catalogue.licence_list import described
from archiver.claims.facts import platform_of
from archiver.core.model import GapReason, iso
from archiver.home.settings import Home
from archiver.reading import spreadsheet

COLUMNS = (
    "licence", "client", "platform", "asset", "title", "kind", "licensed on", "licensee", "plan", "order", "seat",
    "job", "contributor", "documents", "missing documents", "secured since", "state",
)  # fmt: skip
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def table(rows: Iterable[tuple[dict[str, object], Hit]]) -> Iterator[list[object]]:
    """A row for each licence, in the order of `COLUMNS`."""
    for row, hit in rows:
        file, licence = hit.entry.file, hit.entry.licence
        gaps = [gap for gap in file.gaps if gap.reason is not GapReason.NONE_OFFERED]
        missing = [f"{gap.kind.value} ({gap.reason.value})" for gap in gaps]
        yield [
            row["licence"], row["client"], platform_of(licence.asset.provider).get("title") or licence.asset.provider,
            licence.asset.asset_id, licence.asset.title, licence.kind, iso(licence.licensed_at), licence.licensee,
            licence.plan, licence.order, licence.seat,
            "; ".join(f"{name}: {value}" for name, value in licence.client_hints.items()), licence.asset.contributor,
            ", ".join(each.name for each in file.documents), ", ".join(missing), row["secured_since"], row["state"],
        ]  # fmt: skip


def written(home: Home, names: Sequence[str], kind: str, title: str) -> bytes:
    """The licences with these short ids as `csv` (UTF-8 with a byte order mark, which Excel needs) or `xlsx`."""
    rows = table(described(home, names))
    if kind == "xlsx":
        return spreadsheet.written_xlsx(COLUMNS, rows, title)
    return spreadsheet.written(COLUMNS, list(rows)).encode("utf-8-sig")
