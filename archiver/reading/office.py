"""Read the text of Word papers (`.docx`) and the first table of spreadsheets (`.xlsx`), in a reader process."""

from __future__ import annotations

import csv
import io
import json
import mimetypes
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from archiver.reading.documents import MAX_TEXT_LENGTH, DocumentText

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell, ReadOnlyCell
    from openpyxl.cell.read_only import EmptyCell

    from archiver.reading.history_tables import HistoryTable
    from archiver.reading.worker import Channel, DocumentReader, ReaderJob

READ_TIMEOUT_S = 15.0
MAX_UNPACKED_BYTES = 64 << 20
MAX_ROWS = 20_000


def document_by(reader: DocumentReader, content: bytes) -> DocumentText:
    """The text of a Word document, line by line, with tabs between table cells; `error` gives the reason if there is
    none.
    """
    text, error = _asked(reader, content, "document_reading")
    return DocumentText(error=error) if error else DocumentText(text[:MAX_TEXT_LENGTH])


def table_by(reader: DocumentReader, content: bytes) -> tuple[bytes, str | None]:
    """The first sheet with content as CSV in UTF-8, and the reason if there is none."""
    text, error = _asked(reader, content, "sheet_reading")
    return text.encode(), error


def _asked(reader: DocumentReader, content: bytes, job: str) -> tuple[str, str | None]:
    from archiver.reading.worker import MADE_UP, ReaderFailed

    try:
        head, *parts = list(reader.stream(f"{__name__}:{job}", content, READ_TIMEOUT_S))
        error = json.loads(head)
        return b"".join(parts).decode(), str(error) if error else None
    except ReaderFailed as failed:
        return "", str(failed)
    except ValueError:
        return "", MADE_UP


def document_reading() -> ReaderJob:
    """The reader process's side of `document_by`."""
    return _job(lambda content: "\n".join(_lines(content)))


def sheet_reading() -> ReaderJob:
    """The reader process's side of `table_by`."""
    return _job(_sheet)


def _job(read: Callable[[bytes], str]) -> ReaderJob:
    def work(content: bytes, channel: Channel) -> bytes:
        try:
            _refuse_bombs(content)
            text, error = read(content), ""
        except (LookupError, ValueError, TypeError, AttributeError, OSError, zipfile.BadZipFile, SyntaxError) as fault:
            text, error = "", f"it cannot be read ({type(fault).__name__})"  # any other ends this process
        channel.tell(json.dumps(error).encode())
        return text.encode("utf-8", "replace")

    return work


def _refuse_bombs(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(each.file_size for each in packed.infolist()) > MAX_UNPACKED_BYTES:
            raise ValueError("it unpacks to too much")


def _lines(content: bytes) -> Iterator[str]:
    from docx import Document
    from docx.table import Table

    document = Document(io.BytesIO(content))
    first = document.sections[0] if len(document.sections) else None
    heads = [first.first_page_header, first.header] if first else []
    feet = [first.footer, first.first_page_footer] if first else []
    parts = [
        *chain.from_iterable(each.iter_inner_content() for each in heads if not each.is_linked_to_previous),
        *document.iter_inner_content(),
        *chain.from_iterable(each.iter_inner_content() for each in feet if not each.is_linked_to_previous),
    ]
    for part in parts:
        if isinstance(part, Table):
            for row in part.rows:
                cells = [cell.text for cell in row.cells]
                kept = [cell for n, cell in enumerate(cells) if n == 0 or cell != cells[n - 1]]  # merged ones repeat
                words = [" ".join(cell.split()) for cell in kept]
                if len(words) == 2 and not words[0].endswith(":"):
                    first, *below = kept[1].strip().splitlines() or [""]  # a name, and below it an address
                    yield "\n".join([f"{words[0]}: {first.strip()}", *map(str.strip, below)])
                else:
                    yield "\t".join(words)
        else:
            yield part.text


def _sheet(content: bytes) -> str:
    """The first sheet that is a history, with the rows of others that have the same columns, as CSV.

    If there is none, the first that is filled. The sheet's own name stands above; if the sheets are of several
    platforms, each row ends with that of its own.
    """
    mimetypes.knownfiles.clear()  # openpyxl would read them, and a reader process may read no files
    from openpyxl import load_workbook

    from archiver.reading.history_tables import lists_licences, read_table
    from archiver.reading.platforms import the_platform

    first = ""
    histories: list[tuple[str, HistoryTable]] = []
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    for sheet in book.worksheets:
        rows = [shown for row in sheet.iter_rows(max_row=MAX_ROWS) if any(shown := [_cell(cell) for cell in row])]
        name = "" if not rows or _PLAIN_NAME.fullmatch(sheet.title) else sheet.title
        first = first or _csv([*([[name]] if name else []), *rows])
        table = read_table(_csv(rows).encode("utf-8", "replace"))
        if table is not None and lists_licences(table) and (not histories or table.header == histories[0][1].header):
            histories.append((name, table))
    if not histories:
        return first
    several = len({the_platform("", name)[0] for name, _ in histories}) > 1
    top, table = histories[0]
    above = [[each] for each in (top if not several else "", table.before) if each]
    listed = ([*row, name] if several else row for name, table in histories for row in _with_days(table, book.epoch))
    return _csv([*above, [*table.header, "Source"] if several else table.header, *listed])


_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d{1,15})?", re.ASCII)  # a day from 1954 to 2091, as Excel counts


def _with_days(table: HistoryTable, epoch: datetime) -> Iterator[list[str]]:
    """The rows with days where a cell of a column of days has only Excel's number, because nobody formatted it."""
    from openpyxl.utils.datetime import from_excel

    from archiver.reading.history_tables import day_columns

    days = day_columns(table)
    for row in table.rows:
        yield [
            from_excel(float(cell), epoch).date().isoformat() if n in days and _SERIAL.fullmatch(cell) else cell
            for n, cell in enumerate(row)
        ]


_PLAIN_NAME = re.compile(
    r"(?:sheet|tabelle|feuille?|hoja|foglio|blad|arkusz|folha|planilha|worksheet|page|export)[ _-]?\d{0,3}",
    re.IGNORECASE,
)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _cell(cell: Cell | MergedCell | ReadOnlyCell | EmptyCell) -> str:
    """What a cell shows, as far as it matters: a number that is shown with zeros before it has them."""
    value = cell.value
    if isinstance(value, datetime):
        return value.date().isoformat() if not (value.hour or value.minute or value.second) else value.isoformat(" ")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and re.fullmatch(r"0{2,15}", shown := getattr(cell, "number_format", "") or ""):
        return str(value).zfill(len(shown))
    return "" if value is None else str(value)
