"""Read the lines of an invoice: a table with one picture in each row, below a row of headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from archiver.reading.certificates import spelled
from archiver.reading.field_labels import LABELS
from archiver.reading.platforms import forms_of

# Headings of columns beside the labels that papers have.
_HEADINGS: Mapping[str, Sequence[str]] = {
    "asset_id": ("Référence",),
    "kind": (),
    "usage": ("Use", "Rights"),
    "title": ("Caption", "Motiv", "Bezeichnung", "Bildbeschreibung", "Légende", "Désignation"),
    "description": (),
}  # fmt: skip
_FIELD = {
    spelled(label): field
    for field, names in _HEADINGS.items()
    for label in (*names, *(label for each in LABELS.get(field, {}).values() for label in each))
}
_CELL = re.compile(r"\S+(?: \S+)*")
_BEHIND = re.compile(r"\s*\([^()]{1,12}\)$|:$")  # a heading: its currency, or a colon
_PRICE = re.compile(r"\d[.,]\d\d\b")
MAX_SHIFT_CHARACTERS = 2  # characters that a cell may begin before its heading
MIN_CELLS = 3  # of a row
MAX_ITEMS = 500


def item_lines(columns: str, platform: str) -> list[dict[str, str]]:
    """The rows by field: `asset_id`, `kind`, and `title` if there is one. None at all if one of them is not clear.

    `columns` is the text as it stands on the page, its cells apart by two spaces or more, or of a web page each in a
    line of its own. What a picture may be used
    for stands for the kind of its licence if there is no other column for that.
    """
    form = re.compile(rf"#?(?:{forms_of(platform).asset})")
    rows: list[dict[str, str]] = []
    headings: list[tuple[int, str]] = []
    within = False  # a row's cells may go on in the next line
    for line in columns.splitlines():
        cells = [(each.start(), each[0]) for each in _CELL.finditer(line)]
        if heads := _headings(cells):
            headings, within = heads, False
            continue
        if not cells or not headings:
            continue
        values = _by_column(cells, headings)
        if form.fullmatch(values.get("asset_id", "")) and len(cells) >= MIN_CELLS:
            rows.append(values)
            within = True
        elif within and "asset_id" not in values and len(cells) < MIN_CELLS and not _PRICE.search(line):
            rows[-1] |= {name: f"{rows[-1].get(name, '')} {value}".strip() for name, value in values.items()}
        elif len(cells) == len(headings) or len(rows) > MAX_ITEMS:
            return []  # a row that is none of a picture, or of which a cell is missing
        else:
            within = False
    return _kinds(rows or _cell_by_cell([line.strip() for line in columns.splitlines()], form))


def _kinds(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    read = [{**row, "kind": row.get("kind") or row.get("usage", "")} for row in rows]
    return read if all(row["kind"] and not _PRICE.search(row["kind"]) for row in read) else []


def _cell_by_cell(lines: Sequence[str], form: re.Pattern[str]) -> list[dict[str, str]]:
    """The rows of a web page's table, whose text has each cell in a line of its own. The first column is the picture's.

    From the heading of that column to the first picture are as many lines as there are columns.
    """
    for place, line in enumerate(lines):
        first = next((n for n, each in enumerate(lines[place:], place) if form.fullmatch(each)), place)
        width = first - place
        headings = _headings(list(enumerate(lines[place:first]))) if _field(line) == "asset_id" else []
        if not headings:
            continue
        rows: list[dict[str, str]] = []
        for start in range(first, len(lines), width):
            cells = lines[start : start + width]
            if not form.fullmatch(cells[0]):
                break
            rows.append({field: cell for (_, field), cell in zip(headings, cells, strict=False) if field})
        after = lines[first + width * len(rows) :]
        clear = not any(form.fullmatch(each) for row in rows for name, each in row.items() if name != "asset_id")
        return rows if clear and not any(map(form.fullmatch, after)) else []
    return []


def _headings(cells: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Where each column begins, with its field; empty if these are no headings of a table of pictures."""
    found = [(start, _field(cell)) for start, cell in cells]
    fields = [field for _, field in found if field]
    whole = len(cells) >= MIN_CELLS and "asset_id" in fields and {"kind", "usage"} & set(fields)
    return found if whole and len(set(fields)) == len(fields) else []


def _field(heading: str) -> str:
    return _FIELD.get(spelled(_BEHIND.sub("", heading)), "")


def _by_column(cells: Sequence[tuple[int, str]], headings: Sequence[tuple[int, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for start, cell in cells:
        field = next((field for place, field in reversed(headings) if start >= place - MAX_SHIFT_CHARACTERS), "")
        if field:
            values[field] = f"{values[field]} {cell}" if field in values else cell
    return values
