"""Extract text from documents, and check certificates. Pure functions; read hostile PDFs in `worker`, not here."""

from __future__ import annotations

import codecs
import csv
import html
import io
import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from archiver.core.errors import NotACertificate, spoken
from archiver.core.model import Document, Licence, day_of, iso
from archiver.reading.dates import days_in, near
from archiver.reading.file_ends import is_whole_file, is_whole_pdf, picture_type
from archiver.reading.not_granted import statuses_undone

if TYPE_CHECKING:
    from pypdf import PageObject

    from archiver.core.model import TextLayout

MAX_PAGES_READ = 60  # of a PDF
PAGES_ALWAYS_READ = 5  # however long they take, within the reader's own limit
READING_BUDGET_S = 2.0  # after which no further page is begun
PAGE_BREAK = "\n\f\n"  # a line of its own, so that labels at a page's end keep their lines
MIN_PICTURE_SIDE_PX = 150  # pixels of either side; smaller ones are logos and marks
MAX_PICTURES = 20
MAX_TEXT_BYTES = 1_000_000  # of a plain text document
MAX_TEXT_LENGTH = 200_000  # characters kept of any document
MAX_SEARCHED_LENGTH = 8_000_000  # characters of a PDF in which everything is searched; one with more counts as unread
MARGIN_BYTES = 1024  # readers look for a PDF's header in its first KiB
MIN_LONG_ID_LENGTH = 16  # an ID of this length is found even if a line break splits it


@dataclass(frozen=True)
class DocumentText:
    """What could be read of a document. `pages` is 0 unless it is a PDF; `error` says in words why text is missing.

    `pages_read` are the first pages, whose text this is.
    """

    text: str = ""
    pages: int = 0
    error: str | None = None
    pages_read: int = 0

    @property
    def unread_pages(self) -> str:
        """A sentence on the pages that were not read; empty if all were."""
        if self.error or self.pages_read >= self.pages:
            return ""
        return f"only the first {self.pages_read} of its {self.pages} pages were read"


@dataclass(frozen=True)
class CertificateCheck:
    """The outcome for a document that may be filed: its text names the licence, or nothing in it could be read.

    `lacking`: what a final certificate of the platform states and this document does not, in words. If there is
    anything, the document is provisional at most.
    """

    identified: bool
    lacking: tuple[str, ...] = ()


class End(StrEnum):
    """Whether a document is whole: its end is there, is missing, or cannot be told from the content alone."""

    THERE = "there"
    MISSING = "missing"
    UNKNOWN = "unknown"


def is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:MARGIN_BYTES]


def is_html(content: bytes) -> bool:
    start = content[:MARGIN_BYTES].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or b"<html" in start


def read_text(content: bytes) -> DocumentText:
    """Decode plain text: by its byte order mark, else UTF-8, else a code page of Windows, which never fails.

    Rich Text is read as its text.
    """
    if is_rtf(content):
        return DocumentText(rtf_text(content))
    return DocumentText(_storable(decoded(content[:MAX_TEXT_BYTES])))


_RTF = re.compile(
    r"\\'(?P<byte>[0-9a-fA-F]{2})|\\u(?P<code>-?\d{1,5}) ?\??|\\(?P<word>[a-z]{1,32})(?:-?\d{1,10})? ?"
    r"|\\(?P<sign>[^a-z])"
    r"|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)"
)
_RTF_HIDDEN = frozenset(("fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer"))
_RTF_BREAKS = {"par": "\n", "line": "\n", "page": "\n", "sect": "\n", "row": "\n", "tab": "\t", "cell": "\t"}


def is_rtf(content: bytes) -> bool:
    return content.startswith(b"{\\rtf")


def rtf_text(content: bytes) -> str:
    """The text of a Rich Text document, without its fonts, pictures and other parts that are not read."""
    out: list[str] = []
    hidden: list[bool] = [False]  # of each group that is open
    for part in _RTF.finditer(content[:MAX_TEXT_BYTES].decode("cp1252", "replace")):
        if part["brace"] == "{":
            hidden.append(hidden[-1])
        elif part["brace"]:
            hidden[-2:] = hidden[-2:-1] or [False]
        elif part["sign"] == "*" or part["word"] in _RTF_HIDDEN:
            hidden[-1] = True
        elif not hidden[-1]:
            out.append(_of_rtf(part))
    return _storable("".join(out))


def _of_rtf(part: re.Match[str]) -> str:
    if part["byte"]:
        return bytes.fromhex(part["byte"]).decode("cp1252", "replace")
    if part["code"]:
        return chr(int(part["code"]) % 0x10000)
    if part["word"]:
        return _RTF_BREAKS.get(part["word"], "")
    return part["text"] or {"~": " ", "_": "-"}.get(part["sign"] or "", part["sign"] or "")


def decoded(content: bytes) -> str:
    """All of a plain text, as `read_text` decodes it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if order := _unmarked_utf16(content):
        return content.decode(order, "replace")
    try:
        # A decoder that may end within a character, because what is read may be cut there.
        return codecs.getincrementaldecoder("utf-8-sig")().decode(content)
    except UnicodeDecodeError:
        return by_code_page(content)


def _unmarked_utf16(content: bytes) -> str | None:
    """The byte order of UTF-16 without its mark, in text that is mostly Western: every second byte is zero."""
    start = content[: MARGIN_BYTES * 4]
    half = len(start) // 2
    if half < 8 or b"\0" not in start:
        return None
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > 0.7 * half and even < 0.02 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.02 * half else None


def is_utf16(start: bytes) -> bool:
    """Whether bytes begin as text in UTF-16."""
    return start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _unmarked_utf16(start) is not None


def by_code_page(content: bytes) -> str:
    """Text in Windows' Western code page, or the Central European one where words have signs that no word has."""
    text = content.decode("cp1252", "replace")
    return content.decode("cp1250", "replace") if re.search(r"(?<=[^\W\d_])[³¹¿](?=[^\W\d_])", text) else text


def read_pdf(content: bytes, opened: Callable[[int], object], *, columns: bool = False) -> DocumentText:
    """The text of a PDF's first pages, `PAGE_BREAK` between them; with `columns`, as wide apart as on the page.

    `opened` is told the number of pages before any text is extracted. Can take any time and memory on a hostile file:
    call it in a process with limits.
    """
    # Heavy, and needed in the worker only.
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError

    pages = 0
    try:
        reader = PdfReader(io.BytesIO(content))
        pages = len(reader.pages)
        opened(pages)
        found: list[str] = []
        began = time.process_time()
        for number in range(min(pages, MAX_PAGES_READ)):
            if number >= PAGES_ALWAYS_READ and time.process_time() - began > READING_BUDGET_S:
                break
            page = reader.pages[number]
            text = page.extract_text()
            if columns or scattered(text):
                placed = _by_place(page)
                on_page = _apart(page.extract_text(extraction_mode="layout"), text) if columns and not placed else ""
                text = placed or on_page or text
            found.append(text)
            if sum(map(len, found)) > MAX_TEXT_LENGTH:
                break
    except FileNotDecryptedError:
        return DocumentText(pages=pages, error="it is encrypted and needs a password")
    except broken() as error:
        return DocumentText(pages=pages, error=f"it cannot be read as a PDF ({spoken(type(error).__name__)})")
    return DocumentText(_storable(PAGE_BREAK.join(found)), pages, pages_read=len(found))


def scattered(text: str) -> bool:
    """Whether a page's letters are placed one by one, so that words cannot be read."""
    words = text.split()
    return len(words) > 50 and sum(map(len, words)) < 1.5 * len(words)


MIN_PLACED_RATIO = 0.7  # texts drawn for each word of a page whose words are placed one by one
TOUCHING, APART, CELLS = 0.1, 0.18, 0.8  # of a font's height: gaps within a word, between words, and between cells


def _by_place(page: PageObject) -> str:
    """The text of a page in columns whose letters or words are placed one by one, joined by the visible gaps.

    Empty for pages that are drawn differently, or if a gap is ambiguous.
    """
    from pypdf.generic import ArrayObject, ContentStream, StreamObject

    try:  # no public part of pypdf tells where a letter ends, and so how wide a gap is
        from pypdf._text_extraction import _layout_mode as layout

        fonts = page._layout_mode_fonts()
    except (ImportError, AttributeError):  # a version of pypdf that has it elsewhere
        return ""
    drawn = page["/Contents"].get_object() if "/Contents" in page else None
    if not isinstance(drawn, ArrayObject | StreamObject):
        return ""
    steps = iter(ContentStream(drawn, page.pdf, "bytes").operations)
    parts = layout.text_show_operations(steps, fonts)
    if len(parts) < MIN_PLACED_RATIO * sum(len(part["text"].split()) for part in parts):
        return ""
    lines = layout.y_coordinate_groups(parts)
    for place, line in lines.items():
        joined = line[:1]
        for part in line[1:]:
            last = joined[-1]
            gap = (part["tx"] - last["displaced_tx"]) / (part["font_height"] or 1)
            if gap < -APART or TOUCHING < gap < APART:
                return ""
            if gap > CELLS:
                joined.append(part)
            else:
                text = last["text"] + " " * (gap >= APART) + part["text"]
                joined[-1] = {**last, "text": text, "displaced_tx": part["displaced_tx"]}
        lines[place] = joined
    width = layout.fixed_char_width([part for line in lines.values() for part in line])
    return layout.fixed_width_page(lines, width, space_vertically=True, font_height_weight=1)


def _apart(columns: str, running: str) -> str:
    """A page in columns, in which pypdf joins the lines of a cell ("the" and "line"), parted as in the running text."""
    words = running.split()
    pairs = {one + other: f"{one} {other}" for one, other in pairwise(words)}
    joined = {each: pairs[each] for each in {*columns.split()}.difference(words) if each in pairs}
    return re.sub(r"\S+", lambda word: joined.get(word[0], word[0]), columns) if joined else columns


def pictures_of_pdf(content: bytes) -> Iterator[bytes]:
    """The pictures of a PDF's first pages that are no logos: JPEGs as they lie in it, others as PNG. As hostile."""
    from pypdf import PdfReader

    kept, seen = 0, set()
    try:
        for page in PdfReader(io.BytesIO(content)).pages[:MAX_PAGES_READ]:
            for each in page.images:
                image = each.image
                if image is None or min(image.size) < MIN_PICTURE_SIDE_PX or each.data in seen:
                    continue
                seen.add(each.data)
                found = each.data
                if not found.startswith(b"\xff\xd8"):
                    out = io.BytesIO()
                    image.convert("RGB").save(out, "PNG")
                    found = out.getvalue()
                yield found
                kept += 1
                if kept == MAX_PICTURES:
                    return
    except broken():  # what was found until here is kept
        return


def read_all_of_pdf(content: bytes, opened: Callable[[int], object]) -> DocumentText:
    """Everything in a PDF that can be read as text, each item on a line of its own: all pages, links, properties,
    metadata and attached files.

    If it is too much, that is an error: nothing is left out silently. Hostile input as for `read_pdf`.
    """
    from pypdf import PdfReader

    pages = 0
    found: list[str] = []
    try:
        reader = PdfReader(io.BytesIO(content))
        pages = len(reader.pages)
        opened(pages)
        length = 0
        for text in (*(page.extract_text() for page in reader.pages), *_strings(reader.trailer, set())):
            found.append(text)
            length += len(text)
            if length > MAX_SEARCHED_LENGTH:
                return DocumentText(pages=pages, error="it has too much text to be searched")
    except broken() as error:
        return DocumentText(pages=pages, error=f"it cannot be read as a PDF ({spoken(type(error).__name__)})")
    return DocumentText("\n".join(found).encode("utf-8", "replace").decode(), pages)


def _strings(value: object, seen: set[tuple[int, int]]) -> Iterator[str]:
    """All strings below a PDF's object, and the streams of metadata and attachments."""
    from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject, IndirectObject, StreamObject
    from pypdf.generic import TextStringObject as Text

    waiting = [value]
    while waiting:
        match waiting.pop():
            case IndirectObject() as reference:
                if (place := (reference.idnum, reference.generation)) not in seen:
                    seen.add(place)
                    waiting.append(reference.get_object())
            case Text() as text:
                yield str(text)
            case ByteStringObject() as raw:
                yield raw.decode("latin-1")
            case ArrayObject() as array:
                waiting += array
            case DictionaryObject() as dictionary:
                waiting += dictionary.values()
                if isinstance(dictionary, StreamObject) and dictionary.get("/Type") in ("/Metadata", "/EmbeddedFile"):
                    yield dictionary.get_data().decode("latin-1")


def broken() -> tuple[type[Exception], ...]:
    """What malformed files make pypdf raise; anything rarer ends the worker, and is reported too."""
    from pypdf.errors import DeprecationError, PyPdfError

    return (PyPdfError, DeprecationError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError,
            OSError, RuntimeError, TypeError, ValueError)  # fmt: skip


_LIGATURES = {n: unicodedata.normalize("NFKC", chr(n)) for n in range(0xFB00, 0xFB07)}


def _storable(text: str) -> str:
    """Without the NULs and lone surrogates that fonts map to and that no database takes.

    Letters that a font draws as one, such as "fi", are two, and those with accents are one, as everybody types them.
    """
    text = unicodedata.normalize("NFC", text[:MAX_TEXT_LENGTH].translate(_LIGATURES))
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def as_picture(document: Document) -> Document:
    """The document with the media type that its first bytes state, if it is a picture, whatever the server named."""
    return replace(document, media_type=picture_type(document.content) or document.media_type)


def end_of(document: Document, layout: TextLayout | None = None) -> End:
    """Whether a document of the platform ends where it should: by the rules of its format or, for a text, by its
    layout.

    Half a page, table or text also reads like a document, and may have been sent as if it were complete.
    """
    content, kind = document.content, document.media_type
    suffix = document.name.rpartition(".")[2].lower()
    if (whole := is_whole_file(content)) is not None:  # first: a zip may hold PDFs as they are
        return _there(whole)
    if is_pdf(content) or "pdf" in (kind.rpartition("/")[2], suffix):
        return _there(is_whole_pdf(content))
    if not (kind.startswith("text/") or "json" in kind or "xml" in kind or suffix in _TEXTS):
        return End.UNKNOWN
    if len(content) > MAX_SEARCHED_LENGTH:
        return End.UNKNOWN
    text = decoded(content)
    if layout:
        return End.MISSING if layout.lacks(text) else End.THERE
    if "json" in (kind.rpartition("/")[2].rpartition("+")[2], suffix):
        return _there(_is_json(content))
    if is_html(content) or kind.endswith(("html", "xml")) or suffix in ("htm", "html", "xml"):
        return _there(_is_closed(text))
    if suffix == "csv" or kind == "text/csv":
        return _there(_is_table(text))
    return End.UNKNOWN


_TEXTS = ("csv", "htm", "html", "json", "txt", "xml")


def _there(whole: bool) -> End:
    return End.THERE if whole else End.MISSING


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _is_closed(text: str) -> bool:
    """Whether the element with which a page or an XML file begins is closed at its end."""
    head, tail = text[:MARGIN_BYTES].lower(), text[-MARGIN_BYTES:].lower().rstrip()
    while tail.endswith("-->") and "<!--" in tail:
        tail = tail[: tail.rindex("<!--")].rstrip()
    first = re.search(r"<(html)\b", head) or re.search(r"<([a-z_][\w:.-]*)", head)
    return first is not None and re.search(rf"</{re.escape(first[1])}\s*>$", tail) is not None


def _is_table(text: str) -> bool:
    """Whether a table's last line is ended, and all its rows have as many cells as the first."""
    if not text.endswith(("\n", "\r")):
        return False
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if row]
    except csv.Error:
        return False
    return bool(rows) and {len(row) for row in rows} == {len(rows[0])}


@dataclass(frozen=True)
class CertificateForm:
    """What a platform's certificates look like: the `layout` of a text, and which facts a final one states.

    `facts` are names of fields of a licence, or `asset_id`. `read` is the adapter's reading of a certificate's text.
    """

    layout: TextLayout | None = None
    facts: Sequence[str] = ()
    read: Callable[[Licence, str], Licence] = lambda licence, _: licence

    def lacking(self, licence: Licence, text: str) -> tuple[str, ...]:
        """What a final certificate of this licence states and the text does not; and a status that is not final.

        The adapter reads the text for a licence of which only the asset and the number are known, so what it finds is
        the paper's own. What the list states counts, too, where the text names it. Without declared facts it is enough
        that the text names the licensee or the day, where the list knows either.
        """
        bare = replace(licence, kind=None, licensed_at=None, licensee=None, order=None)
        paper, folded = self.read(bare, text), _folded(text)

        def states(fact: str) -> bool:
            known = licence.asset.asset_id if fact == "asset_id" else getattr(licence, fact)
            if getattr(bare, fact, known) is None and getattr(paper, fact):
                return True
            if isinstance(known, date):
                said = str(iso(day_of(known))) in text  # as the first part of an instant, too
                return said or any(near(day, day_of(known)) for day, _ in days_in(text))
            return bool(known) and _names(folded, _folded(str(known)))

        known = [fact for fact in ("licensee", "licensed_at") if getattr(licence, fact)]
        lacks = [fact for fact in self.facts or known if not states(fact)]
        if not self.facts and len(lacks) < len(known):
            lacks = []
        return (*(f"no {_FACTS[fact]}" for fact in lacks), *statuses_undone(text))


_FACTS = {
    "asset_id": "number of the asset", "licence_id": "licence number", "order": "order", "kind": "kind of licence",
    "licensee": "licensee", "licensed_at": "date of the licence",
}  # fmt: skip


def check_certificate(
    document: Document, reading: DocumentText, licence: Licence, form: CertificateForm | None = None
) -> CertificateCheck:
    """Whether the document is a certificate and this licence's; NotACertificate says what it is instead.

    A PDF that opens but yields no text (scanned, too complex) is accepted as not identified. A text must name the
    asset, the licence or the order, and be whole by its layout, unless it has nothing of the layout.
    """
    form = form or CertificateForm()
    layout = form.layout

    def refuse(what: str) -> NotACertificate:
        return NotACertificate(f"{document.url or document.name} {what}")

    if not document.content:
        raise refuse("is empty")
    if document.media_type.endswith("html") or is_html(document.content):
        raise refuse(f"is the web page {_title(document.content)!r}, perhaps a sign-in page")
    if document.media_type == "application/pdf" or document.name.endswith(".pdf"):
        if not is_pdf(document.content):
            raise refuse("is not a PDF")
        if end_of(document) is End.MISSING:
            raise refuse("is a PDF whose end is missing")
        if not reading.pages:
            raise refuse(f"cannot be opened: {reading.error or 'it has no pages'}")
        if not reading.text.strip():
            return CertificateCheck(identified=False)
    elif not reading.text.strip():
        raise refuse("has no text")
    elif not (layout and layout.is_other(reading.text)) and end_of(document, layout) is End.MISSING:
        what = (layout.lacks(decoded(document.content)) if layout else None) or "no end"
        raise refuse(f"is incomplete: there is {what}. The download may have stopped early")
    ids = [each for each in (licence.licence_id, licence.asset.asset_id, licence.order) if each]
    text = _folded(reading.text)
    if not any(_names(text, _folded(each)) for each in ids):
        raise refuse(f"does not name {', '.join(ids)}. It may belong to another licence, or be no certificate")
    return CertificateCheck(identified=True, lacking=form.lacking(licence, reading.text))


def _title(content: bytes) -> str:
    found = re.search(rb"<title[^>]*>(.*?)</title", content[:65536], re.IGNORECASE | re.DOTALL)
    return " ".join(html.unescape(found[1].decode("utf-8", "replace")).split())[:120] if found else "without a title"


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _names(text: str, wanted: str) -> bool:
    """Whether the text has this id, not as a part of a longer number."""
    at = text.find(wanted)
    while at >= 0:  # no pattern: to compile one for each licence would take longer than all else here
        end = at + len(wanted)
        pairs = text[max(at - 1, 0) : at] + wanted[:1], wanted[-1:] + text[end : end + 1]
        if not any(len(pair) == 2 and pair.isdecimal() for pair in pairs):
            return True
        at = text.find(wanted, at + 1)
    wanted = wanted.replace(" ", "")
    return len(wanted) >= MIN_LONG_ID_LENGTH and wanted in text.replace(" ", "")
