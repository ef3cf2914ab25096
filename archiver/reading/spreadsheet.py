"""Read and write CSV tables that people edit in a spreadsheet and return."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from archiver.reading.terminal_safe import printable

DELIMITERS = ",;\t"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The table as CSV. What a spreadsheet would take for a formula begins with an apostrophe, and is text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    text = printable(str(value)) if value is not None else ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def read(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with the number of their line, by the names of the columns in lower case; empty lines are left out.

    UTF-8 or, as some spreadsheets save it, UTF-16 or Windows-1252; commas, semicolons or tabs. ValueError where there
    are no columns.
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
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip().casefold() for name in next(rows, [])]
    if not any(names):
        raise ValueError("it has no columns")
    for row in rows:
        if any(cell.strip() for cell in row):
            cells = (cell.strip().removeprefix("'") for cell in row)
            yield rows.line_num, dict(zip(names, cells, strict=False))
