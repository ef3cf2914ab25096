"""Parse a letter: a PDF, a mail with attachments, a text, or a scan. Its content is not trusted."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from email.utils import getaddresses, parsedate_to_datetime
from html import unescape

from archiver.core.errors import UnreadablePicture
from archiver.reading.dates import LIKELY_YEARS, days_in
from archiver.reading.documents import MAX_PICTURES, is_html, is_pdf, read_text
from archiver.reading.letter_sender import Sender
from archiver.reading.letter_thread import FORWARDED, NEW_PAPER, SENT, passed_on
from archiver.reading.mail import Unreadable, looks_like_mail, mail_by
from archiver.reading.office import document_by
from archiver.reading.worker import DocumentReader, ReaderFailed

OCR_TIMEOUT_S = 60
MIN_PAGE_TEXT_LENGTH = 200  # characters: with fewer, a picture is no scanned page
MAX_FORWARDED_LETTERS = 3  # depth of letters inside letters
PICTURES = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"RIFF": ".webp",
    b"GIF8": ".gif",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
}
_ADDRESS = re.compile(r"""(?<![\w./@-])(?:https?://|www\.|(?:[\w-]+\.)+[a-z]{2,10}/)[^\s<>"']+""", re.IGNORECASE)
_PARTED_SENDER = re.compile(r"<\s+([\w.+-]+@[\w.-]+)\s+>")
"""A mail address with a link, in the header of a quoted message: a reader of pages sets it on a line of its own."""
_LINK = re.compile(r"""\bhref\s*=\s*["'](https?://[^"'\s<>]+)""", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ParsedLetter:
    """A parsed letter: its text, links and pictures, and the date and senders on its envelope.

    `messages` say what went wrong.
    """

    text: str = ""
    links: Sequence[str] = ()
    pictures: Sequence[bytes] = ()
    received: date | None = None
    senders: Sequence[Sender] = ()
    messages: Sequence[str] = field(default_factory=list)


def parse_letter(content: bytes, reader: DocumentReader) -> ParsedLetter:
    """Parse a PDF, a mail with its attachments (also Outlook's), a Word paper, a text or a scanned picture.

    Its content is not trusted.
    """
    if is_pdf(content):
        reading = reader.read(content, "application/pdf")
        problem = reading.error or reading.unread_pages
        messages = [f"The PDF has a problem: {problem}."] if problem else []
        pictures = reader.pictures(content)
        if not reading.text.strip():  # a scan
            scans = [_recognised(each, reader) for each in pictures]
            return ParsedLetter(
                text="\n".join(text for text, _ in scans),
                pictures=[part for each in pictures for part in reader.pictures_of_scan(each)][:MAX_PICTURES],
                messages=[*messages, *(t for _, t in scans if t)],
            )
        return ParsedLetter(text=reading.text, pictures=pictures, messages=messages)
    if looks_like_mail(content):
        return _mail(content, reader, MAX_FORWARDED_LETTERS)
    if picture_ending(content):
        text, trouble = _recognised(content, reader)
        found = reader.pictures_of_scan(content) if len(text) >= MIN_PAGE_TEXT_LENGTH else []
        return ParsedLetter(text=text, pictures=found or [content], messages=[trouble] if trouble else [])
    if content.startswith(b"PK\x03\x04"):
        paper = document_by(reader, content)
        messages = [f"The Word paper has a problem: {paper.error}."] if paper.error else []
        return ParsedLetter(text=paper.text, messages=messages)
    if is_html(content):
        return ParsedLetter(text=_page(read_text(content).text, reader))
    return ParsedLetter(text=read_text(content).text)


def _mail(content: bytes, reader: DocumentReader, deeper: int) -> ParsedLetter:
    """Parse a mail and its attachments. For a forwarded letter, the date is that of its first receipt."""
    try:
        mail = mail_by(reader, content)
    except Unreadable as error:
        return ParsedLetter(messages=[f"The archiver cannot read the mail: {error}."])
    page = _page(mail.html, reader)
    subject = mail.headers.get("Subject", "")
    # With its label: the subject stands above the letterhead, and is no name.
    texts = [subject and f"Subject: {subject}", max(mail.text, page, key=len)]
    links = [unescape(found[1]) for found in _LINK.finditer(mail.html)]
    headers = [mail.headers[name] for name in ("Reply-To", "From") if name in mail.headers]
    senders: list[Sender] = [(name, address.lower()) for name, address in getaddresses(headers) if "@" in address] or [
        (each.strip(), "") for each in headers
    ]  # a memo, whose head looks like a mail's
    pictures: list[bytes] = []
    messages: list[str] = []
    received = _day_in(mail.headers)
    if received is None:
        messages.append("The mail has no readable date.")
    if FORWARDED.match(subject) or passed_on(texts[1]):  # the first header of the thread has the date of receipt
        days = (day for sent in SENT.finditer(texts[1]) for day, _ in days_in(sent["when"]))
        received = min(filter(None, (received, *days)), default=None)
    for name, attached in mail.attachments:
        if picture_ending(attached):
            pictures.append(attached)
            continue
        if is_pdf(attached) or (name.lower().endswith(".docx") and attached.startswith(b"PK\x03\x04")):
            inner = parse_letter(attached, reader)
            inner = replace(inner, text=inner.text.replace(NEW_PAPER, "\n"))
        elif deeper and name.lower().endswith((".eml", ".msg")) and looks_like_mail(attached):
            inner = _mail(attached, reader, deeper - 1)
            head = [f"From: {name} <{address}>" for name, address in inner.senders[:1]]
            head += [f"Sent: {inner.received}"] if inner.received else []
            inner = replace(inner, text="\n".join([*head, inner.text]))
        else:
            continue
        texts.append(NEW_PAPER + inner.text)
        senders += inner.senders
        links += inner.links
        pictures += inner.pictures
        messages += inner.messages
        received = min(filter(None, (received, inner.received)), default=None)
    return ParsedLetter(
        text="\n\n".join(filter(None, texts)), links=links, pictures=pictures, received=received, senders=senders,
        messages=messages,
    )  # fmt: skip


def _day_in(headers: Mapping[str, str]) -> date | None:
    """The day of a mail by its headers; None without a readable one."""
    with suppress(KeyError, ValueError, TypeError):
        day = parsedate_to_datetime(headers["Date"]).date()
        return day if day.year in LIKELY_YEARS else None
    pasted = (headers.get(name, "") for name in ("Sent", "Date"))  # from a mail program, or typed
    return next((day for each in pasted for day, _ in days_in(each)), None)


def _page(html: str, reader: DocumentReader) -> str:
    """A page's text, with each address in brackets: in a page they are whole, and what follows is another cell."""
    html = re.sub(r"<wbr\s*/?>|&(?:shy|#8203|ZeroWidthSpace);", "", html)  # where a word may be broken
    addresses = {unescape(each) for each in _ADDRESS.findall(html)}
    text = reader.page(html).text
    for each in sorted(addresses, key=len, reverse=True):
        text = re.sub(rf"(?<![\w<./-]){re.escape(each)}(?=\s|$)", lambda found: f"<{found[0]}>", text)
    return _PARTED_SENDER.sub(r"<\1>", text)


def picture_of(content: bytes, reader: DocumentReader) -> tuple[bytes, str] | None:
    """A readable picture with its file extension; None for anything else."""
    try:
        reader.look(content, large=True)  # as the search for it will
    except UnreadablePicture:
        return None
    return content, picture_ending(content) or ".img"


def picture_ending(content: bytes) -> str | None:
    """The file extension of a picture; None if the content does not begin like a picture."""
    return next((ending for start, ending in PICTURES.items() if content.startswith(start)), None)


def _recognised(content: bytes, reader: DocumentReader) -> tuple[str, str | None]:
    """The text that tesseract reads in a picture, and the reason if there is none."""
    if not shutil.which("tesseract"):
        return "", "The letter is a picture. To read it, install the program tesseract."
    try:
        text = reader.recognised(content, "", OCR_TIMEOUT_S, "eng+deu")
    except ReaderFailed as failed:
        return "", f"tesseract could not read the picture: {failed}."
    return re.sub(r"(https?):/\S{0,2}?(?=www\.)", r"\1://", text), None  # OCR often misreads slashes
