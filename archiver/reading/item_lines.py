"""Read the lines of an invoice: a table with one picture in each row, below a row of headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from archiver.reading.certificates import spelled
from archiver.reading.field_labels import DATES, LABELS, OF_A_PICTURE
from archiver.reading.not_granted import undone
from archiver.reading.platforms import OTHER_PLATFORM, forms_of

# Headings of columns beside the labels that papers have.
_HEADINGS: Mapping[str, Sequence[str]] = {
    "asset_id": ("Référence",),
    "kind": (),
    "usage": ("Use", "Rights"),
    "title": ("Omschrijving", "Bezeichnung", "Bildbeschreibung", "Désignation"),
    "description": (),
    **dict.fromkeys((*DATES, "dated"), ()),
    "picture": ("Image", "Photo", "Picture", "Bild", "Foto", "Imagen", "Immagine", "Afbeelding", "Zdjęcie", "Imagem"),
    "status": ("Status", "State", "Statut", "Estado", "Stato", "Stan"),
}  # fmt: skip
_FIELD = {
    spelled(label): field
    for field, names in _HEADINGS.items()
    for label in (*names, *(label for each in LABELS.get(field, {}).values() for label in each))
}
# A column without a number of its own, whose cells begin with it: `Image #1234567 - A red door`.
_NUMBERED = ("picture", "title", "description")
_LABELS = sorted({*(label for each in LABELS["asset_id"].values() for label in each), *_HEADINGS["picture"]})
_NUMBER_AND_TITLE = re.compile(
    rf"(?:(?:{'|'.join(map(re.escape, sorted(_LABELS, key=len, reverse=True)))})(?::? #?| ?#)|#) ?(?P<id>[^\s,]+)"
    r"(?: ?[-–—:·,])?(?: (?P<title>.+))?",
    re.IGNORECASE,
)
_CELL = re.compile(r"\S+(?: \S+)*")
_BEHIND = re.compile(r"(?<!\s)\s*\([^()]{1,12}\)$|:$")  # a heading: its currency, or a colon
_PRICE = re.compile(r"\d[.,]\d\d\b")
_REST = re.compile(r"[A-Z0-9._-]*\d[A-Z0-9._-]*")  # of a number that a narrow column breaks
MAX_SHIFT_CHARACTERS = 2  # characters that a cell may begin before its heading
MIN_CELLS = 3  # of a row
MAX_HEADING_LINES = 3  # of a table
MAX_HEADING_CHARACTERS = 24  # characters behind a heading's beginning in which its next line begins


@dataclass(frozen=True)
class Heading:
    """Where a column's heading begins and ends, and which field the column holds; empty if that is not read."""

    start: int
    end: int
    field: str


MAX_ITEMS = 500


def item_lines(columns: str, platform: str) -> list[dict[str, str]]:
    """The rows by field: `asset_id`, `kind`, and others that have columns. None at all if one of them is not clear.

    `columns` is the text as it stands on the page, its cells apart by two spaces or more, or of a web page each in a
    line of its own. What a picture may be used for stands for the kind of its licence if there is no other column
    for that.
    """
    other = platform.startswith(OTHER_PLATFORM)
    form = re.compile(rf"#?{r'(?=[^ ]*\d)' if other else ''}(?:{forms_of(platform).asset})")
    rows: list[dict[str, str]] = []
    headings: list[Heading] = []
    starts: list[tuple[int, str]] = []  # where the columns' cells begin
    rests: dict[int, str] = {}  # of the numbers that a narrow column breaks, by row
    within = touching = priced = False  # a row's cells may go on below; the line before was one; the row has its price
    width = 0  # cells of the row's first line
    lines, read = columns.splitlines(), 0  # lines that belong to the headings
    for number, line in enumerate(lines):
        cells = _cells(line)
        below, touching = touching, bool(cells)
        if not cells or number < read:
            continue
        if found := _headings_at(lines[number:], pictures=other):
            headings, read, within = found[0], number + found[1], False
            starts = [(each.start, each.field) for each in headings]
            continue
        if not headings:
            continue
        values = _parted(_by_order(cells, headings, placed="\t" not in line), form)
        if values and form.fullmatch(values.get("asset_id", "")):
            starts = [(start, each.field) for (start, _), each in zip(cells, headings, strict=True)]
        else:
            values = _parted(_by_column(cells, starts), form)
        number_here, price = values.get("asset_id", ""), bool(_PRICE.search(line))
        goes_on = within and below and len(cells) < width and not (price and priced)
        if goes_on and (not number_here or _REST.fullmatch(number_here)):
            rests[len(rows)] = rests.get(len(rows), "") + values.pop("asset_id", "")
            rows[-1] |= {name: f"{rows[-1].get(name, '')} {value}".strip() for name, value in values.items()}
        elif form.fullmatch(number_here) and len(cells) >= MIN_CELLS:
            rows.append(values)
            within, width, priced = True, len(cells), price
        elif (
            len(cells) == len(headings) or len(rows) > MAX_ITEMS or (within and below and _REST.fullmatch(number_here))
        ):
            return []  # a row that is none of a picture, or of which a cell is missing; perhaps a part of the number
        else:
            within = False
    if not _joined(rows, rests, form):
        return []
    return _kinds(rows or _cell_by_cell([line.strip() for line in columns.splitlines()], form, pictures=other))


def _joined(rows: Sequence[dict[str, str]], rests: Mapping[int, str], form: re.Pattern[str]) -> bool:
    """Put the broken numbers together. False if they may be several: a column breaks all at about the same place."""
    widths = [len(row["asset_id"]) for number, row in enumerate(rows, 1) if rests.get(number)]
    if widths and max(len(row["asset_id"]) for row in rows) - min(widths) > MAX_SHIFT_CHARACTERS:
        return False
    for number, row in enumerate(rows, 1):
        rest = rests.get(number, "")
        if rest and len(rest) >= min(widths):
            return False
        row["asset_id"] += rest
    return all(form.fullmatch(row["asset_id"]) for row in rows)


def _kinds(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    read = [{**row, "kind": row.get("kind") or row.get("usage", "")} for row in rows]
    if any(undone(row["status"]) for row in read if "status" in row):
        return []
    return read if all(row["kind"] and not _PRICE.search(row["kind"]) for row in read) else []


def _cell_by_cell(lines: Sequence[str], form: re.Pattern[str], *, pictures: bool) -> list[dict[str, str]]:
    """The rows of a web page's table, whose text has each cell in a line of its own. The first column is the picture's.

    From the heading of that column to the first picture are as many lines as there are columns.
    """
    for place, line in enumerate(lines):
        if _field(line) != "asset_id":
            continue
        first = next((n for n, each in enumerate(lines[place:], place) if form.fullmatch(each)), None)
        if first is None:
            return []
        width = first - place
        headings = _headings(list(enumerate(lines[place:first])), pictures=pictures)
        if not headings:
            continue
        rows: list[dict[str, str]] = []
        for start in range(first, len(lines), width):
            cells = lines[start : start + width]
            if not form.fullmatch(cells[0]):
                break
            rows.append({head.field: cell for head, cell in zip(headings, cells, strict=False) if head.field})
        after = lines[first + width * len(rows) :]
        clear = not any(form.fullmatch(each) for row in rows for name, each in row.items() if name != "asset_id")
        return rows if clear and not any(map(form.fullmatch, after)) else []
    return []


def _headings_at(lines: Sequence[str], *, pictures: bool) -> tuple[list[Heading], int] | None:
    """The headings with which the lines begin, and on how many lines: a narrow column breaks them.

    `Image` may be the whole heading of a picture, or the first line of that of its number, which is the surer one.
    """
    first = _cells(lines[0])
    named: tuple[list[Heading], int] | None = None
    for count in range(1, min(MAX_HEADING_LINES, len(lines)) + 1):
        if not all(map(str.strip, lines[:count])):
            break
        texts = [text for _, text in first]
        for start, rest in (cell for line in lines[1:count] for cell in _cells(line)):
            over = [
                n for n, (at, _) in enumerate(first) if at <= start + MAX_SHIFT_CHARACTERS < at + MAX_HEADING_CHARACTERS
            ]
            if over:
                whole = f"{texts[over[-1]]}{rest}"
                texts[over[-1]] = whole if _field(whole) else f"{texts[over[-1]]} {rest}"
        starts = [start for start, _ in first]
        if found := _headings(list(zip(starts, texts, strict=True)), pictures=pictures):
            if any(each.field == "asset_id" for each in found):
                return found, count
            named = named or (found, count)
    return named


def _headings(cells: Sequence[tuple[int, str]], *, pictures: bool) -> list[Heading]:
    """The columns; empty if these are no headings of a table of pictures.

    `pictures`: one of them must be a label that only pictures have, or one of licences.
    """
    found = [Heading(start, start + len(cell), _field(cell)) for start, cell in cells]
    fields = [each.field for each in found if each.field]
    if "asset_id" not in fields and (named := next((each for each in _NUMBERED if each in fields), None)):
        found = [replace(each, field="named") if each.field == named else each for each in found]
        fields = [each.field for each in found if each.field]
    needed = ({"asset_id", "named"}, {"kind", "usage"})
    whole = len(cells) >= MIN_CELLS and all(each & set(fields) for each in needed)
    whole = whole and (not pictures or "kind" in fields or any(OF_A_PICTURE.match(cell) for _, cell in cells))
    return found if whole and len(set(fields)) == len(fields) else []


def _cells(line: str) -> list[tuple[int, str]]:
    return [(each.start(), each[0]) for each in _CELL.finditer(line)]


def _parted(values: dict[str, str], form: re.Pattern[str]) -> dict[str, str]:
    """A row's values, with the picture's number and its title apart if they stand in one cell."""
    rest = {name: value for name, value in values.items() if name != "named"}
    found = _NUMBER_AND_TITLE.fullmatch(values.get("named", ""))
    if found and form.fullmatch(found["id"]):
        return {**rest, "asset_id": found["id"], **({"title": found["title"]} if found["title"] else {})}
    return {**rest, "title": values["named"]} if "named" in values else values


def _by_order(cells: Sequence[tuple[int, str]], headings: Sequence[Heading], *, placed: bool) -> dict[str, str]:
    """A row's values if each heading has one, near it: headings may stand in the middle of a column, cells at its left.

    Empty for any other row. `placed`: spaces, not tabs, part the cells, so that they stand where the page has them.
    """
    if len(cells) != len(headings):
        return {}
    for number, (start, text) in enumerate(cells if placed else ()):
        before, after = headings[max(0, number - 1)], headings[min(number + 1, len(headings) - 1)]
        if (number and start < before.start) or (number + 1 < len(headings) and start + len(text) > after.end):
            return {}
    return {each.field: text for each, (_, text) in zip(headings, cells, strict=True) if each.field}


def _field(heading: str) -> str:
    return _FIELD.get(spelled(_BEHIND.sub("", heading)), "")


def _by_column(cells: Sequence[tuple[int, str]], starts: Sequence[tuple[int, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for start, cell in cells:
        field = next((field for place, field in reversed(starts) if start >= place - MAX_SHIFT_CHARACTERS), "")
        if field:
            values[field] = f"{values[field]} {cell}" if field in values else cell
    return values
