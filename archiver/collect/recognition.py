"""One file, recognised: what it is, which licences it is about, and what to keep of it."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from email.utils import parsedate_to_datetime
from functools import cache
from shutil import which

from archiver.core.errors import UnreadablePicture
from archiver.core.model import DocumentKind
from archiver.reading.containers import MAX_FILE_BYTES, Item
from archiver.reading.document_parser import (
    Envelope,
    Paper,
    Sure,
    is_demand,
    is_relevant,
    may_license,
    names_picture_and_grant,
    names_picture_and_rights,
    page_is_relevant,
    proposed,
    why_unread,
)
from archiver.reading.document_parser import read_text as read_text_paper
from archiver.reading.documents import MAX_TEXT_LENGTH, decoded, is_html, is_pdf, is_utf16, read_text, scattered
from archiver.reading.e_invoice import NoInvoice, invoice_by, looks_like_invoice, may_enclose_invoice
from archiver.reading.filenames import NamedAsset, names
from archiver.reading.fingerprint import Fingerprint
from archiver.reading.history_tables import has_columns, history_in, lists_licences
from archiver.reading.mail import SAVED_FROM, Lookup, ParsedMail, is_outlook, origin_by
from archiver.reading.office import document_by, table_by
from archiver.reading.platforms import LICENCE_SIGNS, PLATFORMS, marked, other_platform, site_by_company, site_of
from archiver.reading.webpages import page_by, saved_from, with_addresses
from archiver.reading.worker import DOCUMENT_TIMEOUT_S, DocumentReader, ReaderFailed

OCR_TIMEOUT_S = 20.0
SCAN_TIMEOUT_S = (
    1.5  # in which any scan is found to have no text; what takes longer is drawn, and OCR would take as long
)
MAX_INVOICE_CHARACTERS = 100_000  # of a sheet that may be one; csv takes no longer cells
MAX_DOCUMENT_BYTES = 8 << 20  # bytes of a text or page; more is no paper
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OUTLOOK = "application/vnd.ms-outlook"

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"BM", "image/bmp"),
)
# What a platform delivers, by the ending of its name; only the pictures among it can be looked at.
_DELIVERED = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "tif": "image/tiff", "tiff": "image/tiff",
    "webp": "image/webp", "gif": "image/gif", "avif": "image/avif", "psd": "image/vnd.adobe.photoshop",
    "eps": "application/postscript", "ai": "application/postscript", "svg": "image/svg+xml", "heic": "image/heic",
    "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mp3": "audio/mpeg", "wav": "audio/wav",
    "aif": "audio/aiff", "aiff": "audio/aiff", "flac": "audio/flac",
}  # fmt: skip
_ENDINGS = {
    "application/pdf": "pdf", "text/plain": "txt", "text/html": "html", "text/csv": "csv", "message/rfc822": "eml",
    "application/json": "json", "application/xml": "xml", "multipart/related": "mhtml",
    OUTLOOK: "msg", _OFFICE["docx"]: "docx", _OFFICE["xlsx"]: "xlsx",
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif",
    "image/tiff": "tif", "image/bmp": "bmp",
}  # fmt: skip
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)  # the mark of a letter that is answered or passed on
_ANSWER = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rv|i|r)\s?:\s*)+", re.IGNORECASE)  # before a subject
_SEEN = re.compile(r"screen.?shot|screen.?cap|bildschirmfoto|capture.d.?.cran|captura|scan", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)  # an import holds one of each file
class ClassifiedFile:
    """One file after it was read. `what` is a word for people; `refused` says why it could not be read.

    `paper` is what a reader made of it; `proposal` is what a paper that no reader takes for a licence may license,
    if a person who looks at it says so; `paper_says` is what it says instead of what a person states, by field.
    `sign` says that it speaks of licences. `machine_read` is false for scans and screenshots: what OCR makes of
    them never makes a licence. `named` are the assets that its name and its embedded data speak of; `fingerprint`
    what it looks like, with `preview`, a small JPEG; `like_paper`: it may be the photograph of a page. `origin` is
    a letter's DKIM result. `within` is the SHA-256 of the letter that it was attached to; `file` what it is or lies
    in, as a source counts it: a file on disk, a mail.

    Of a page that a person marked in the browser (`marked`), `sha256` is that of its capture, `platform` whose site
    it is on, `dated` the day, and `words` what stands in it. Of a file `platform` is one that licenses no single
    items and that its name speaks of, and `dated` its own day.
    """

    path: str
    sha256: str
    size: int
    what: str
    media_type: str = "application/octet-stream"
    refused: str | None = None
    note: str = ""
    paper: Paper | None = None
    proposal: Paper | None = None
    paper_says: Mapping[str, str | None] = field(default_factory=dict)
    sign: bool = False
    machine_read: bool = True
    named: tuple[NamedAsset, ...] = ()
    fingerprint: Fingerprint | None = None
    preview: bytes | None = None
    like_paper: bool = False
    origin: str | None = None
    within: str | None = None
    marked: bool = False
    platform: str | None = None
    dated: date | None = None
    words: frozenset[str] = frozenset()
    file: str = ""

    @property
    def whole(self) -> str:
        return self.file or self.path

    @property
    def is_letter(self) -> bool:
        return self.media_type in ("message/rfc822", OUTLOOK)

    @property
    def says_nothing(self) -> bool:
        """Whether it is irrelevant whatever else there is, with nothing to be told."""
        known = self.refused or self.note or self.paper or self.sign or self.named or self.fingerprint or self.platform
        delivered = self.what == "media"  # the archive may know its download
        return not (known or delivered or self.is_letter or self.marked)

    @property
    def ending(self) -> str:
        return _ENDINGS.get(self.media_type, "bin")

    @property
    def keep(self) -> bool:
        """Whether its bytes may have to be archived."""
        return bool(self.paper or self.proposal or self.sign or self.is_letter)


type Ocr = Callable[[bytes, str], str]
"""The text of a picture or PDF, by its media type; empty if there is none."""


def recognise(item: Item, reader: DocumentReader, lookup: Lookup, ocr: Ocr, *, closely: bool = True) -> ClassifiedFile:
    """Recognise a file. May be called from any thread. A hostile file costs at most the time limits and a worker.

    `closely`: also look for what a paper may license that speaks of no licence, for a person who looks at this one.
    """
    content, name = item.content, item.name
    base = ClassifiedFile(path=item.path, sha256=item.sha256, size=item.size, what="other", within=item.within,
                platform=_plans(name), dated=item.dated, file=item.file)  # fmt: skip
    ending = name.rpartition(".")[2].lower()
    if content is None:
        if ending in _DELIVERED:
            return replace(base, what="media", media_type=_DELIVERED[ending], named=_assets(name))
        return replace(base, refused=f"it is larger than {MAX_FILE_BYTES >> 20} MB")
    if not content or _is_clutter(item.path):
        return base
    if item.mail is not None:
        if SAVED_FROM in item.mail.headers:
            page = replace(base, what="page", media_type="multipart/related")
            return _page(page, item.mail.html, item.mail.headers[SAVED_FROM], name, reader)
        return _letter(base, item.mail, content, reader, lookup, closely=closely)
    if is_pdf(content):
        return _document(base, content, name, reader, ocr)
    picture = _picture_type(content, ending)
    if picture:
        return _picture(replace(base, media_type=picture), content, name, reader, ocr)
    if ending in _DELIVERED:
        media = replace(base, what="media", media_type=_DELIVERED[ending], named=_assets(name))
        return media if media.named else _described(media, content, reader)
    if ending in _OFFICE and content.startswith(b"PK\x03\x04"):
        return _office(replace(base, media_type=_OFFICE[ending]), content, name, ending, reader)
    if not _is_text(content):
        return replace(base, sign=_signs(name), note="a kind of file that is not read")
    if len(content) > MAX_DOCUMENT_BYTES:
        return replace(base, what="text", media_type="text/plain", sign=_signs(name), note="too long to be read")
    return _text(base, content, ending, reader, closely=closely)


def read_item(item: Item, reader: DocumentReader, lookup: Lookup, ocr: Ocr, *, closely: bool = True) -> ClassifiedFile:
    """Like `recognise`, for files of which none may keep the others from being read."""
    try:
        return recognise(item, reader, lookup, ocr, closely=closely)
    except Exception as fault:  # noqa: BLE001  # our own fault in one file is reported with that file, and stops no other
        message = f"the archiver failed ({type(fault).__name__}: {fault}); please report this"
        return ClassifiedFile(
            path=item.path, sha256=item.sha256, size=item.size, what="other", refused=message, file=item.file
        )


def _letter(
    seen: ClassifiedFile, mail: ParsedMail, content: bytes, reader: DocumentReader, lookup: Lookup, *, closely: bool
) -> ClassifiedFile:
    subject, sender = (mail.headers.get(name, "") for name in ("Subject", "From"))
    outlook = is_outlook(content)
    inner = "a letter inside another" if seen.within else "Outlook does not keep what was signed" if outlook else ""
    seen = replace(
        seen, what="letter", media_type=OUTLOOK if outlook else "message/rfc822",
        origin=f"not checked: {inner}" if inner else origin_by(reader, content, lookup),
    )  # fmt: skip
    heads = f"{sender}\n{subject}"
    if not (
        closely or is_relevant(f"{heads}\n{mail.text}", dated=True) or page_is_relevant(mail.html, heads, dated=True)
    ):
        return seen
    # The subject is a letter's title; the sender's address is the platform's if it is of one.
    head, foot = f"{_ANSWER.sub('', subject)}\n\n", f"\n\n{_whose(mail)}"
    text = mail.text
    envelope = Envelope(sender, mail.headers.get("To", ""), mail.sent)
    paper = _best_paper(subject, (f"{head}{each}{foot}" for each in (text, _QUOTED.sub("", text))), envelope)
    if not paper and mail.html:
        text = f"{text}\n{page}" if (page := reader.page(mail.html).text) else text
        links = "" if marked(f"{page}{foot}") else _linked(mail.html)
        paper = read_text_paper(f"{head}{page}{foot}{links}", subject, envelope=envelope)
        text += links
        if not (paper and paper.licences) and (rows := reader.page(mail.html, rows=True).text):
            paper = read_text_paper(f"{head}{rows}{foot}{links}", subject, envelope=envelope) or paper
        if not (paper and paper.licences) and (linked := with_addresses(mail.html)) != mail.html:
            paper = read_text_paper(f"{head}{reader.page(linked).text}{foot}", subject, envelope=envelope) or paper
    if not (paper and paper.licences):
        paper = _best_paper(subject, (f"{head}{each}" for each in _dated(mail, text, foot)), envelope) or paper
    if paper and paper.licences and paper.kind is DocumentKind.RECEIPT and not _is_from(paper.platform, mail, text):
        paper = replace(paper, licences=()) if paper.order or paper.invoice else None
    seen = replace(seen, paper=paper, sign=_signs(f"{subject}\n{text}\n{sender}"))
    # Its subject may be that of what is attached.
    return _with_reason(seen, text, subject, envelope=envelope, titled=f"{head}{text}{foot}")


_HOST = re.compile(r"@([\w.-]{3,100})")
_POST = re.compile(
    r"(?:gmail|googlemail|gmx|web|outlook|hotmail|live|yahoo|icloud|aol|t-online|orange|free|laposte|libero)\."
)
_LINK = re.compile(r"href\s{0,3}=\s{0,3}[\"']?(https?://[^\s\"'<>]{4,300})", re.IGNORECASE)


def _whose(mail: ParsedMail) -> str:
    """Whose letter it is, if its sender tells: a platform, or a site that is not the receiver's."""
    sender, to = mail.headers.get("From", ""), mail.headers.get("To", "")
    hosts = {each.lower() for each in _HOST.findall(sender)}
    if marked(sender):
        return sender
    if site := site_of(sender):
        return site
    if site := site_by_company(mail.text, sender):
        return site
    if owners := _owners(mail):
        return owners[0]
    passed_on = {site for each in _PASSED_ON.findall(mail.text) if (site := site_of(each))}
    if len(passed_on) == 1:
        return passed_on.pop()
    own = hosts & {each.lower() for each in _HOST.findall(to)} or any(map(_POST.match, hosts))
    return sender if hosts and not own and not marked(mail.text) and not other_platform(mail.text) else ""


def _owners(mail: ParsedMail) -> list[str]:
    """The sites of platforms that a letter names and whose company sends it: stock.adobe.com from adobe.com."""
    hosts = {_domain(each) for each in _HOST.findall(mail.headers.get("From", ""))}
    return [words for words in marked(mail.text).values() if _domain(words) in hosts]


def _dated(mail: ParsedMail, text: str, foot: str) -> Iterator[str]:
    """A platform's letter with the day on which it was sent: the one that is passed on, or this one."""
    text, sender = _QUOTED.sub("", text), mail.headers.get("From", "")
    heads = [found for found in _PASSED_ON.finditer(text) if marked(found["who"]) or site_of(found["who"])]
    if heads:
        yield f"{text[heads[-1].start() :]}{foot}"
    elif marked(sender) or site_of(sender) or _owners(mail) or _sells(sender, text) or foot.strip() == sender:
        with suppress(ValueError, TypeError):
            sent = parsedate_to_datetime(mail.headers.get("Date", ""))
            yield f"{text}{foot}\n\nSent: {sent:%Y-%m-%d}\n"


def _sells(sender: str, text: str) -> bool:
    """Whether a letter is from the seller, not known, whose site is the only one that it names."""
    seller, site = other_platform(text), other_platform(sender)
    return seller is not None and site is not None and seller[0] == site[0]


_PASSED_ON = re.compile(
    r"^[> \t]*(?:from|von|de|da|van|od|expéditeur)[ \t]?:[ \t]*\n?(?P<who>[^\n]{2,200})$", re.I | re.M
)


def _is_from(platform: str | None, mail: ParsedMail, text: str) -> bool:
    """Whether an order's letter is its platform's, or passes one on: what a person writes of an order confirms none."""
    sender = mail.headers.get("From", "")
    if platform is None or platform not in PLATFORMS or not sender or _whose(mail):
        return True
    named = " ".join([*_PASSED_ON.findall(text), *re.findall(r"\S{1,60}@[\w.-]{3,100}", text)])
    return PLATFORMS[platform].title.casefold() in named.casefold() or platform in marked(named)


def _domain(host: str) -> str:
    return ".".join(host.lower().split(".")[-2:])


def _linked(html: str) -> str:
    """The addresses of platforms that a letter's links lead to."""
    return "\n".join(["", *dict.fromkeys(each for each in _LINK.findall(html) if marked(each))])


def _best_paper(name: str, texts: Iterable[str], envelope: Envelope | None = None) -> Paper | None:
    """What most can be read from: a letter's text as it stands, or without the marks of one that is passed on.

    Of two that tell as much, the first.
    """
    papers = filter(None, (read_text_paper(text, name, envelope=envelope) for text in texts))
    return max(papers, key=lambda paper: len(paper.licences), default=None)


def _page(seen: ClassifiedFile, html: str, url: str | None, name: str, reader: DocumentReader) -> ClassifiedFile:
    """A web page that somebody saved. `url` is where from, if it says that."""
    reading = reader.page(html)
    if reading.error:
        return replace(seen, refused=reading.error)
    paper = page_by(reader, html, url or "", (name, *_folders(seen.path)))
    text = f"{reading.text}\n\n{url}" if url and not marked(url) else reading.text  # it tells the seller's site
    if paper is None or paper.sure is Sure.STATED:
        rows = reader.page(html, rows=True).text
        texts = [f"{rows}{text.removeprefix(reading.text)}"] if rows else []  # what else stands in it follows
        paper = _best_paper(name, (*texts, text)) or paper
    return _with_reason(replace(seen, paper=paper, sign=_signs(f"{name}\n{reading.text}")), text, name)


def _with_reason(
    seen: ClassifiedFile,
    text: str,
    name: str,
    columns: Callable[[], str] = str,
    *,
    envelope: Envelope | None = None,
    titled: str = "",
) -> ClassifiedFile:
    """With what the file may license, or why not, if no reader takes it for a licence. `titled`: with its title."""
    if (seen.paper and seen.paper.licences) or seen.note:
        return seen
    proposal = proposed(titled or text, name, columns, envelope)
    if proposal and (seen.sign or may_license(text)):
        return replace(seen, proposal=proposal, sign=True)
    if seen.paper or not (seen.sign or is_demand(text)):
        return replace(seen, proposal=proposal)
    return replace(seen, note=why_unread(text, name, columns))


def _is_clutter(path: str) -> bool:
    """What systems leave in folders and zips."""
    return bool(re.search(r"(?:^|[/!])(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/!]*)$|__MACOSX/|/\.git/", path))


def _document(seen: ClassifiedFile, content: bytes, name: str, reader: DocumentReader, ocr: Ocr) -> ClassifiedFile:
    seen = replace(seen, what="document", media_type="application/pdf")
    began = time.monotonic()
    reading = reader.read(content, "application/pdf")
    spent = time.monotonic() - began
    if reading.error:
        return replace(seen, refused=reading.error)
    if not reading.text.strip() or scattered(reading.text):
        text = ocr(content, "application/pdf") if spent < SCAN_TIMEOUT_S else ""
        return _scanned(replace(seen, sign=True), text, name)
    columns = cache(lambda: reader.columns(content, max(DOCUMENT_TIMEOUT_S - spent, 0.1)).text)
    paper = read_text_paper(reading.text, name, columns)
    sign = _signs(f"{name}\n{reading.text}")
    note = reading.unread_pages if paper or sign else ""
    seen = _with_reason(replace(seen, paper=paper, sign=sign, note=note), reading.text, name, columns)
    if may_enclose_invoice(content) and is_relevant(reading.text, name, dated=True):
        return _invoice(seen, content, name, reader)
    return seen


def _invoice(seen: ClassifiedFile, content: bytes, name: str, reader: DocumentReader) -> ClassifiedFile:
    """An electronic invoice, judged by the text that says the same; a PDF also by what it shows, which comes first."""
    try:
        invoice = invoice_by(reader, content)
    except NoInvoice as fault:
        return replace(seen, note=seen.note or f"an electronic invoice that cannot be read: {fault}")
    if invoice is None:
        return seen
    text, paper = invoice.as_text(), seen.paper
    stated = read_text_paper(text, name)
    if stated and not (paper and paper.licences):
        paper = stated
    if paper and paper.kind is DocumentKind.RECEIPT:
        paper = replace(paper, invoice=paper.invoice or invoice.number, date=paper.date or invoice.day)
        if paper.amount is None:
            paper = replace(paper, amount=invoice.amount, currency=invoice.currency or None)
    seen = replace(seen, paper=paper, sign=seen.sign or _signs(f"{name}\n{text}"))
    return _with_reason(seen, text, name)


def _scanned(seen: ClassifiedFile, text: str, name: str) -> ClassifiedFile:
    """A scan or screenshot. What OCR reads is shown and may confirm a licence that is known; it never makes one."""
    note = "not machine-read" + ("; OCR read it" if text.strip() else "")
    paper = read_text_paper(text, name) if text.strip() else None
    if paper:
        paper = replace(paper, sure=Sure.POSSIBLE, reader=f"ocr:{paper.reader}")
    return replace(seen, machine_read=False, note=note, paper=paper, sign=seen.sign or _signs(text))


def _picture(seen: ClassifiedFile, content: bytes, name: str, reader: DocumentReader, ocr: Ocr) -> ClassifiedFile:
    seen = replace(seen, what="picture", named=_assets(name))
    try:
        look = reader.look(content)
    except UnreadablePicture as error:
        return replace(seen, refused=error.detail)
    seen = _described(
        replace(seen, fingerprint=look.fingerprint, preview=look.preview, like_paper=look.paper), content, reader
    )
    if not seen.named and _SEEN.search(name):
        return _scanned(replace(seen, what="scan", sign=_signs(name)), ocr(content, seen.media_type), name)
    return seen


def _described(seen: ClassifiedFile, content: bytes, reader: DocumentReader) -> ClassifiedFile:
    """A delivered file with what it says of itself: its asset, and the order that Alamy writes into each file."""
    said = reader.embedded(content)
    named = seen.named or tuple(each for each in said.named if each.asset_id)
    if not said.order:
        return replace(seen, named=named)
    paper = Paper(
        reader="embedded_order", sure=Sure.LIKELY, kind=DocumentKind.RECEIPT, platform="alamy", order=said.order,
        date=said.ordered_on, quotes=said.quotes,
    )  # fmt: skip
    return replace(seen, named=named, paper=paper)


def _text(
    seen: ClassifiedFile, content: bytes, ending: str, reader: DocumentReader, *, closely: bool
) -> ClassifiedFile:
    name = re.split(r"[/!]", seen.path)[-1]
    if ending in ("csv", "tsv", "tab"):
        return _table(replace(seen, media_type="text/csv"), content, name, read_text(content).text, reader)
    if ending == "json":
        return _table(replace(seen, media_type="application/json"), content, name, read_text(content).text, reader)
    if is_html(content):
        html = decoded(content)
        seen = replace(seen, what="page", media_type="text/html")
        if not (closely or page_is_relevant(html, name)):
            return seen
        return _page(seen, html, saved_from(html), name, reader)
    if looks_like_invoice(content):
        return _invoice(replace(seen, what="document", media_type="application/xml"), content, name, reader)
    text = read_text(content).text
    seen = replace(seen, what="text", media_type="text/plain")
    if not (closely or is_relevant(text, name) or has_columns(text)):
        return seen
    seen = replace(seen, sign=_signs(f"{name}\n{text}"))
    seen = _tabbed(replace(seen, paper=read_text_paper(text, name)), content, name, text, reader)
    return _with_reason(seen, text, name)


def _tabbed(seen: ClassifiedFile, content: bytes, name: str, text: str, reader: DocumentReader) -> ClassifiedFile:
    """A text that is a table, as Excel saves Unicode text, or that holds one, as a Word paper's does."""
    if seen.paper or not has_columns(text) or not lists_licences(table := reader.table(content)):
        return seen
    return replace(seen, what="table", sign=True, paper=history_in(table, name, _folders(seen.path)))


def _table(seen: ClassifiedFile, rows: bytes, name: str, text: str, reader: DocumentReader) -> ClassifiedFile:
    table = reader.table(rows)
    paper = history_in(table, name, _folders(seen.path))
    sign = bool(paper) or lists_licences(table) or _signs(f"{name}\n{text}")
    return replace(seen, what="table", paper=paper, sign=sign)


def _folders(path: str) -> Sequence[str]:
    """The folders, archives and letters that a file is in, the innermost first."""
    return re.split(r"[/!]", path)[-2::-1]


def _office(seen: ClassifiedFile, content: bytes, name: str, ending: str, reader: DocumentReader) -> ClassifiedFile:
    if ending == "xlsx":
        written, error = table_by(reader, content)
        if error:
            return replace(seen, what="table", refused=error)
        text = written.decode()
        seen = _table(seen, written, name, text, reader)
        rows = [[*filter(None, row)] for row in csv.reader(io.StringIO(text[:MAX_INVOICE_CHARACTERS]))]
        if seen.paper is None:  # perhaps a form or an invoice
            seen = replace(seen, paper=read_text_paper("\n".join(map("\t".join, rows)), name))
        return _with_reason(seen, "\n".join(map(" | ".join, rows)), name)
    reading = document_by(reader, content)
    if reading.error:
        return replace(seen, what="document", refused=reading.error)
    text = reading.text
    seen = replace(seen, what="document", sign=_signs(f"{name}\n{text}"), paper=read_text_paper(text, name))
    return _with_reason(_tabbed(seen, text.encode(), name, text, reader), text, name)


def _signs(text: str) -> bool:
    text = text[:MAX_TEXT_LENGTH]
    return bool(
        LICENCE_SIGNS.search(text) or marked(text) or names_picture_and_grant(text) or names_picture_and_rights(text)
    )


def _assets(name: str) -> tuple[NamedAsset, ...]:
    return tuple(each for each in names(name) if each.asset_id)


def _plans(name: str) -> str | None:
    """The platform without licences of single items that a file's name speaks of."""
    found = {each.platform for each in names(name) if each.asset_id is None}
    return next((each for each in found if each in PLATFORMS and PLATFORMS[each].plans), None)


def _picture_type(content: bytes, ending: str) -> str | None:
    """The media type of a picture that can be decoded, by its first bytes."""
    found = next((media_type for magic, media_type in _MAGIC if content.startswith(magic)), None)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        found = "image/webp"
    if content[4:12] in (b"ftypavif", b"ftypavis"):
        found = "image/avif"
    return None if found == "image/bmp" and ending not in ("bmp", "dib") else found


def _is_text(content: bytes) -> bool:
    start = content[:8192]
    return b"\0" not in start or is_utf16(start)


def ocr_by(reader: DocumentReader) -> Ocr:
    """OCR by tesseract (and pdftoppm for PDFs); empty if they are not installed or too slow."""

    def ocr(content: bytes, media_type: str) -> str:
        if not which("tesseract") or (media_type == "application/pdf" and not which("pdftoppm")):
            return ""
        with suppress(ReaderFailed):
            return reader.recognised(content, media_type, OCR_TIMEOUT_S)
        return ""

    return ocr
