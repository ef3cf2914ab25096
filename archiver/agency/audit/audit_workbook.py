"""An audit's report as an Excel workbook: what changed first, then a sheet for each answer, and what was not read.

Every cell of text is text, so that nothing from a site is taken for a formula.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archiver.claims.pack_words import PackWords

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MAX_THUMBNAILS = 500  # in a workbook; more make it too large for mail
MAX_CELL_LENGTH = 32_000  # characters; Excel takes 32,767
THUMBNAIL_SIDE_PX = 96
ROW_HEIGHT_POINTS = 76
COLUMN_WIDTHS_CHARACTERS = (
    16,
    16,
    16,
    28,
    60,
    40,
    10,
    50,
    60,
    24,
    12,
    12,
    22,
)  # characters, of the columns in `_COLUMNS`
_COLUMNS = ("thumbnail", "id", "answer", "change", "why", "todo", "page_count", "pages", "address", "licences",
            "first_seen_on", "on_site_since", "mark")  # fmt: skip
_ILLEGAL = {number: " " for number in range(32) if number not in (9, 10)}

type Previews = Mapping[str, tuple[bytes, bytes]]
"""By picture: a small JPEG of it, and of the licensed picture; empty where there is none."""


type Rows = Sequence[Mapping[str, Any]]


def workbook(
    made: Mapping[str, Any], previews: Previews, language: str, groups: Sequence[tuple[str, Rows]], changed: Rows
) -> bytes:
    """The report as .xlsx. `groups` are the pictures by answer, `changed` those that are new or answered otherwise."""
    from openpyxl import Workbook

    say, book = PackWords(language, "archiver.agency.audit"), Workbook()
    left = MAX_THUMBNAILS
    first: tuple[str, Rows] = say("changed_sheet"), [*changed, *made["gone"]]
    sheets = [first]
    sheets += [(say.of("sheets", name), rows) for name, rows in groups]
    for number, (title, rows) in enumerate(sheets):
        sheet = book.create_sheet(title) if number else book.active
        assert sheet is not None
        sheet.title = title
        head = [] if number else _head(made, say)
        left = _fill(sheet, head, rows, previews, say, left)
    _unread(book.create_sheet(say("unread_sheet")), made, say)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _head(made: Mapping[str, Any], say: PackWords) -> list[str]:
    """What the first sheet says above its table."""
    words = PackWords(say.language)
    count, pages = len(made["pictures"]), made["pages"]
    seen = say.count("seen", count, read=words.number(pages["read"]), known=words.number(pages["known"]))
    answers = [f"{say.of('answers', name)}: {number}" for name, number in made["answers"].items()]
    first = [say("first")] if made["visit"] == 1 else []
    return [f"{made['client_name']} · {words.moment(made['ended'])}", ", ".join(made["sites"]), seen, *answers,
            say("what_it_is"), *first]  # fmt: skip


def _fill(sheet: Worksheet, head: Iterable[str], rows: Rows, previews: Previews, say: PackWords, left: int) -> int:
    """Write a sheet; returns how many more thumbnails the workbook may have."""
    from openpyxl.drawing.image import Image
    from openpyxl.styles import Alignment, Font

    line = 0
    for line, text in enumerate(head, 1):
        _put(sheet, line, 1, text)
    line += 2 if line else 1
    for column, (name, width) in enumerate(zip(_COLUMNS, COLUMN_WIDTHS_CHARACTERS, strict=True), 1):
        _put(sheet, line, column, say.of("columns", name))
        sheet.cell(line, column).font = Font(bold=True)
        sheet.column_dimensions[sheet.cell(line, column).column_letter].width = width
    sheet.freeze_panes = sheet.cell(line + 1, 1)
    for row in rows:
        line += 1
        for column, value in enumerate(_cells(row, say), 2):
            _put(sheet, line, column, value)
            sheet.cell(line, column).alignment = Alignment(wrap_text=True, vertical="top")
        jpeg = previews.get(row["picture"], (b"", b""))[0]
        if jpeg and left:
            picture = Image(io.BytesIO(jpeg))
            scale = THUMBNAIL_SIDE_PX / max(picture.width, picture.height)
            picture.width, picture.height = round(picture.width * scale), round(picture.height * scale)
            sheet.add_image(picture, f"A{line}")
            sheet.row_dimensions[line].height = ROW_HEIGHT_POINTS
            left -= 1
    if not rows:
        _put(sheet, line + 1, 1, say("nothing") if head else say("none"))
    return left


def _cells(row: Mapping[str, Any], say: PackWords) -> list[str | int]:
    before, mark = row["before"], row["mark"]
    change = say("new") if row["new"] else ""
    if before and before != row["answer"]:
        change = say("was", before=say.of("answers", before))
    return [
        row["picture"], say.of("answers", row["answer"]), change,
        "\n".join(reason[say.language] for reason in row["reasons"]), say.of("do", row["answer"]), len(row["pages"]),
        "\n".join(row["pages"]), row["addresses"][0], "\n".join(row["licences"]), row["first_seen"][:10],
        row["on_site_since"], say("marked", mark=say.of("marks", mark["mark"]), by=mark["by"], reason=mark["reason"])
        if mark else "",
    ]  # fmt: skip


def _unread(sheet: Worksheet, made: Mapping[str, Any], say: PackWords) -> None:
    for line, each in enumerate(made["unread"], 1):
        _put(sheet, line, 1, each["address"])
        _put(sheet, line, 2, say.table("reasons").get(each["reason"], each["reason"]))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 80, 60
    if not made["unread"]:
        _put(sheet, 1, 1, say("none"))


def _put(sheet: Worksheet, line: int, column: int, value: str | int) -> None:
    if isinstance(value, int):
        sheet.cell(line, column).value = value
        return
    cell = sheet.cell(line, column)
    cell.value = value.translate(_ILLEGAL)[:MAX_CELL_LENGTH]
    cell.data_type = "s"
