"""Read and write CSV tables that people edit in a spreadsheet and return, and write Excel workbooks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from archiver.reading.terminal_safe import printable

DELIMITERS = ",;\t"
MAX_CELL_CHARACTERS = 32_767  # Excel's limit
_FAULTS = {  # words of the csv module's errors, and what they mean
    "unexpected end of data": "a quotation mark opens here and never closes",
    "field larger": "a cell of this row is too long; a quotation mark may open here and never close",
    "expected after": "a quotation mark stands within a cell of this row; double it, or leave it out",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The table as CSV. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    text = printable(str(value)) if value is not None else ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def read(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with their line numbers, by column name in lower case, without empty lines.

    Reads UTF-8 and, as some spreadsheets save it, UTF-16 or Windows-1252, with commas, semicolons or tabs. ValueError
    begins with the number of the line where the row at fault begins: there are no columns, a quotation mark never
    closes or stands within a cell, or a cell is longer than any table's.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        names = [name.strip().casefold() for name in next(rows, [])]
        if not any(names):
            raise ValueError("1 it has no columns")
        begins = rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = (cell.strip().removeprefix("'") for cell in row)
                yield rows.line_num, dict(zip(names, chain(cells, repeat("")), strict=False))
            begins = rows.line_num + 1
    except csv.Error as error:
        what = next((fault for words, fault in _FAULTS.items() if words in str(error)), "this row cannot be read")
        raise ValueError(f"{begins} {what}") from None


def written_xlsx(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str) -> bytes:
    """The table as an Excel workbook with one sheet. Each cell is a number or text, never a formula or a link."""
    import xlsxwriter

    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, plain) as book:
        sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31] or "1")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        last = 0
        for last, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(last, column, value)
                elif value is not None:
                    sheet.write_string(last, column, printable(str(value))[:MAX_CELL_CHARACTERS])
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.autofit(max_width=300)
    return out.getvalue()
