"""Parse mails: text and attachments, the mails of an mbox, and the origin by the DKIM signature.

`mail_by` and `origin_by` use a reader process, because mails are not trusted. The other functions run in that process.
"""

from __future__ import annotations

import email
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from archiver.core.errors import spoken
from archiver.core.text_encodings import encoding_named
from archiver.reading.documents import is_pdf, read_text
from archiver.reading.outlook import COMPOUND_FILE, as_mail

if TYPE_CHECKING:
    from dkim import DKIM

    from archiver.reading.worker import Channel, DocumentReader, ReaderJob

MAX_PARTS = 1000
MAX_EXAMINED_DOCUMENTS = 5  # of a mail; a reading may take seconds
MAX_HEADER_BYTES = 1 << 20  # bytes, of all its lines
MAX_FIELD_BYTES = 20_000  # bytes of a field that says what a part is; the parser takes quadratic time over it
MAX_TEXT_BYTES = 8 << 20  # bytes of a letter's own text that are read, of each part
MAX_FIELD_LENGTH = 2000  # characters of a field that a person reads
MAX_START_BYTES = 8192  # bytes of a file by which a letter is known
MAX_LINE_BYTES = 1 << 20  # of an mbox; a longer one is read in pieces

SAVED_FROM = "Snapshot-Content-Location"  # the address of a page that a browser saved in one file (MHTML)
_HEADERS = ("From", "Reply-To", "To", "Subject", "Date", "Message-ID", SAVED_FROM)
_ABOUT_PART = re.compile(rb"^content-[a-z-]+:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_MAIL = re.compile(
    rb"(?:From [^\n]*\n)?(?:[!-9;-~]{1,70}:[^\n]*\n(?:[ \t][^\n]*\n)*)*?(?:From|Received|Message-ID|Return-Path):", re.I
)


class Unreadable(Exception):
    """A letter that cannot be taken apart; the text says why."""


@dataclass(frozen=True, kw_only=True)
class ParsedMail:
    """A letter, taken apart. `attachments` are named, in the letter's order; a name is what the sender chose.

    `html` says the same as `text`, or more: many letters have a text that only tells where to look.
    """

    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    html: str = ""
    attachments: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def sent(self) -> date | None:
        """The day of the header, where its sender was; None if there is none that can be read."""
        with suppress(ValueError):
            return parsedate_to_datetime(self.headers.get("Date", "")).date()
        return None


def looks_like_mail(content: bytes) -> bool:
    """Whether bytes begin with the header of a letter, or may be an Outlook message."""
    start = content[:MAX_START_BYTES].replace(b"\r\n", b"\n")
    return start.startswith(COMPOUND_FILE) or _MAIL.match(start) is not None


def is_outlook(content: bytes) -> bool:
    """Whether bytes begin as a message of Outlook, which keeps nothing of what was signed."""
    return content.startswith(COMPOUND_FILE)


READ_TIMEOUT_S = 20.0  # for one letter


@dataclass(frozen=True)
class _Letter:
    """A letter on its way out of a reader process; text, HTML and the attachments follow."""

    headers: dict[str, str]
    names: list[str]


def mail_by(reader: DocumentReader, content: bytes) -> ParsedMail:
    """Let a reader process take a letter apart; Unreadable if it cannot, or not in time."""
    from archiver.core.json_files import checked
    from archiver.reading.worker import MADE_UP, ReaderFailed

    try:
        head, *parts = list(reader.stream(f"{__name__}:mail_reading", content, READ_TIMEOUT_S))
        if head.startswith(b"-"):
            raise Unreadable(head[1:].decode("utf-8", "replace"))
        letter = checked(_Letter, head)
        text, html, *contents = parts
        attachments = list(zip(letter.names, contents, strict=True))
        return ParsedMail(headers=letter.headers, text=text.decode(), html=html.decode(), attachments=attachments)
    except ReaderFailed as failed:
        raise Unreadable(str(failed)) from None
    except ValueError:
        raise Unreadable(MADE_UP) from None


def documents_in(content: bytes) -> list[str]:
    """The text of the first PDFs and Word papers in a mail, and in mails that it encloses; none of what cannot be read.

    Their reader process ends at once, and keeps nothing of a mail that nobody takes.
    """
    from archiver.reading.worker import DocumentReader

    with DocumentReader(workers=1) as reader:
        return list(islice(_documents(reader, content, inside=False), MAX_EXAMINED_DOCUMENTS))


def _documents(reader: DocumentReader, content: bytes, *, inside: bool) -> Iterator[str]:
    from archiver.reading.office import document_by

    try:
        attached = mail_by(reader, content).attachments
    except Unreadable:
        return
    mails = []
    for name, each in attached:
        if is_pdf(each):
            yield reader.read(each, "application/pdf").text
        elif name.lower().endswith(".docx"):
            yield document_by(reader, each).text
        elif looks_like_mail(each):
            mails.append(each)
    for each in () if inside else mails[:MAX_EXAMINED_DOCUMENTS]:
        yield from _documents(reader, each, inside=True)


def mail_reading() -> ReaderJob:
    """The reader process's side of `mail_by`."""

    def work(content: bytes, channel: Channel) -> bytes:
        try:
            mail = read_mail(content)
        except Unreadable as error:
            return b"-" + plain(str(error)).encode()
        headers = {name: plain(value) for name, value in mail.headers.items()}
        names = [plain(name) for name, _ in mail.attachments]
        channel.tell(json.dumps({"headers": headers, "names": names}).encode())
        for part in (mail.text, mail.html):
            channel.tell(part.encode("utf-8", "replace"))
        for _, attachment in mail.attachments:
            channel.tell(attachment)
        return b""

    return work


def plain(text: str) -> str:
    """Text that can be stored and sent: without the half characters that headers smuggle in."""
    return text.encode("utf-8", "replace").decode()


def read_mail(content: bytes) -> ParsedMail:
    """Take a letter apart. Unreadable if it has more or deeper parts than any honest letter."""
    if content.startswith(COMPOUND_FILE):
        try:
            content = as_mail(content)
        except ValueError as error:
            raise Unreadable(str(error)) from None
    if content.count(b"\n--") > 20 * MAX_PARTS:
        raise Unreadable("it has too many parts")
    header = re.search(rb"\r?\n\r?\n", content)
    if (header.start() if header else len(content)) > MAX_HEADER_BYTES:
        raise Unreadable(f"its header is longer than {MAX_HEADER_BYTES >> 20} MB")
    if any(match.end() - match.start() > MAX_FIELD_BYTES for match in _ABOUT_PART.finditer(content)):
        raise Unreadable("the header of a part is too long")
    try:
        return _taken_apart(content)
    except RecursionError:
        raise Unreadable("its parts are nested too deeply") from None
    except (MessageError, AttributeError, LookupError, TypeError, ValueError) as error:  # of the parser's own
        raise Unreadable(f"it cannot be parsed ({spoken(type(error).__name__)})") from None


def _taken_apart(content: bytes) -> ParsedMail:
    parts = list(email.message_from_bytes(content).walk())
    if len(parts) > MAX_PARTS:
        raise Unreadable(f"it has {len(parts)} parts, but at most {MAX_PARTS} are read")
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    attachments: list[tuple[str, bytes]] = []
    inside: set[int] = set()  # parts of an attached letter, which is read for itself
    for part in parts:
        if id(part) in inside:
            continue
        if part.get_content_type() == "message/rfc822":
            inside |= {id(each) for each in part.walk()}
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                name = _header(inner[0], "Subject") or "message"
                attachments.append((f"{name[:60]}.eml", _bytes_of(inner[0])))
        elif not part.is_multipart():
            name = _file_name(part)
            payload = part.get_payload(decode=True)
            content_type = part.get_content_type()
            if not isinstance(payload, bytes):
                continue
            if name or content_type not in texts:
                attachments.append((name or content_type.replace("/", "."), payload))
            else:
                texts[content_type].append(_decoded(payload[:MAX_TEXT_BYTES], part.get_content_charset()))
    text, html = ("\n".join(texts[each]) for each in ("text/plain", "text/html"))
    headers = {name: value for name in _HEADERS if (value := _header(parts[0], name))}
    return ParsedMail(headers=headers, text=text, html=html, attachments=attachments)


def _bytes_of(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except (
        MessageError,
        LookupError,
        UnicodeError,
        ValueError,
        TypeError,
        AttributeError,
    ):  # headers that cannot be written again
        payload = message.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else b""


def _header(part: Message, name: str) -> str:
    try:
        return " ".join(str(make_header(decode_header(str(part.get(name, ""))[:MAX_FIELD_LENGTH]))).split())
    except (MessageError, LookupError, UnicodeError, ValueError):
        return " ".join(str(part.get(name, ""))[:MAX_FIELD_LENGTH].encode("utf-8", "replace").decode().split())


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
        return str(make_header(decode_header(name)))
    except (MessageError, LookupError, UnicodeError, ValueError, TypeError):
        return "attachment"


def _decoded(payload: bytes, charset: str | None) -> str:
    with suppress(UnicodeDecodeError):
        return payload.decode(encoding_named(charset) or "ascii").replace("\0", "")
    return read_text(payload).text


def messages(mbox: BinaryIO, largest: int) -> Iterator[bytes | int]:
    """The letters of an mbox as bytes, one after another; of a letter larger than `largest`, only its size.

    A letter begins with `From ` after an empty line. All bytes but that first line are the file's.
    """
    kept, size, empty, begun = bytearray(), 0, True, False

    def letter() -> bytes | int:
        return bytes(kept) if size <= largest else size

    while line := mbox.readline(MAX_LINE_BYTES):
        if empty and line.startswith(b"From "):
            if begun:
                yield letter()
            kept, size, begun = bytearray(), 0, True
        elif begun:
            size += len(line)
            if size <= largest:
                kept += line
        empty = line in (b"\n", b"\r\n")
    if begun:
        yield letter()


# ---------------------------------------------------------------- where a letter came from

type Lookup = Callable[[str], bytes | None]
"""The TXT record of a name; None if it does not exist; OSError if nobody can be asked."""

DNS_TIMEOUT_S = 2.0  # seconds for one question
MAX_DKIM_BYTES = 20 << 20  # bytes of a letter whose signature is checked
MAX_BLANKS = 200  # in a row; dkimpy takes quadratic time over them


class DnsLookup:
    """Asks the system's resolver. After the first question that nobody answers, no other is asked."""

    def __init__(self) -> None:
        self._silent = False

    def __call__(self, name: str) -> bytes | None:
        import dns.exception
        import dns.resolver

        if self._silent:
            raise OSError("no DNS")
        try:
            answer = dns.resolver.resolve(name.rstrip("."), "TXT", lifetime=DNS_TIMEOUT_S)
            return b"".join(next(iter(answer)).strings)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return None
        except (dns.exception.DNSException, OSError):
            self._silent = True
            raise OSError("no DNS") from None


def unasked(name: str) -> bytes | None:
    """The lookup that asks nobody."""
    raise OSError(f"nobody was asked for {name}")


def lookup_for(*, replay: bool) -> Lookup:
    """How DNS is asked for the keys of signatures. A replay asks nobody."""
    return unasked if replay else DnsLookup()


NOT_SIGNED = "none: the letter is not signed"


def origin_by(reader: DocumentReader, content: bytes, lookup: Lookup) -> str:
    """Like `origin`, in a reader process.

    The process may ask only for names that the letter itself contains: otherwise an attacker who took it over could
    send out what it read by such questions.
    """
    from archiver.reading.worker import ReaderFailed

    def answer(question: bytes) -> bytes:
        selector, _, domain = question.rstrip(b".").partition(b"._domainkey.")
        if not (selector in content and domain and domain in content):
            return b"!"
        try:
            found = lookup(question.decode("ascii", "replace"))
        except OSError:
            return b"!"
        return b"-" if found is None else b"+" + found

    if b"dkim-signature:" not in content[: 1 << 20].lower():
        return NOT_SIGNED
    try:
        parts = list(reader.stream(f"{__name__}:origin_reading", content, READ_TIMEOUT_S, answer))
    except ReaderFailed as failed:
        return f"not checked: {failed}"
    return b"".join(parts).decode("utf-8", "replace")


def origin_reading() -> ReaderJob:
    """The reader process's side of `origin_by`."""
    import dkim  # noqa: F401  # imported before the clock runs

    def work(content: bytes, channel: Channel) -> bytes:
        def lookup(name: str) -> bytes | None:
            found = channel.ask(name.encode("ascii", "replace"))
            if found == b"!":
                raise OSError("nobody can be asked")
            return found[1:] if found.startswith(b"+") else None

        return plain(origin(content, lookup)).encode()

    return work


def origin(content: bytes, lookup: Lookup) -> str:
    """What the letter's DKIM signatures say, in words: the domains that sign it, or why that is unknown.

    A signature proves that the signing domain sent these headers and this body, if its key is still published.
    """
    if b"dkim-signature:" not in content[: 1 << 20].lower():
        return NOT_SIGNED
    if len(content) > MAX_DKIM_BYTES or max(map(len, re.findall(rb"[ \t]+", content)), default=0) > MAX_BLANKS:
        return "not checked: the letter is too large, or its runs of blanks would take too long"
    import dkim

    try:
        letter = dkim.DKIM(content, minkey=1024)
    except (dkim.DKIMException, IndexError) as error:  # the latter for a header that begins with a blank
        return f"fail: {_short(error)}"
    signatures = [value for name, value in letter.headers if name.lower() == b"dkim-signature"][:5]
    found = [_checked(letter, number, value, lookup) for number, value in enumerate(signatures)]
    if good := [signer for signer, fault in found if not fault]:
        return f"pass: {', '.join(dict.fromkeys(good))}"
    return "; ".join(fault for _, fault in found) or NOT_SIGNED


def _checked(letter: DKIM, number: int, value: bytes, lookup: Lookup) -> tuple[str, str]:
    """Who signs with this signature, and in words why it does not hold or cannot be checked; empty if it holds."""
    import dkim

    domain, length = (re.search(rb"(?:^|;)\s*%b\s*=\s*([^;\s]+)" % tag, value) for tag in (b"d", b"l"))
    name = domain[1].decode("ascii", "replace")[:253] if domain else "a domain not named"
    key, reason = _PublishedKey(lookup), "the signature does not match the letter"
    try:
        verified = letter.verify(idx=number, dnsfunc=key.ask)
    except (dkim.DKIMException, ValueError, TypeError, KeyError, IndexError) as error:
        verified, reason = False, _short(error)
    if verified:
        part = f" (of its text the first {length[1].decode('ascii', 'replace')[:12]} bytes only)" if length else ""
        return name + part, ""
    unchecked = "the signature of {} has expired" if reason.startswith("x= value is past") else key.unchecked
    if unchecked:
        return name, f"not checked: {unchecked.format(name)}"
    if reason.startswith("body hash mismatch"):
        reason = "the text differs from the signed text"
    return name, f"fail: {name}: {reason}"


@dataclass
class _PublishedKey:
    """Asks for a signer's key, and remembers why the signature cannot be checked with it; {} is who signed."""

    lookup: Lookup
    unchecked: str = ""

    def ask(self, name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG002  # dkimpy's own signature
        import dkim

        try:
            found = self.lookup(name.decode("ascii", "replace"))
        except OSError:
            self.unchecked = "no DNS for {}"
            return None
        if found is None or re.search(rb"(?:^|;)\s*p\s*=\s*(?:;|$)", found):  # taken back
            self.unchecked = "{} publishes this key no longer"
            return None
        try:
            dkim.evaluate_pk(name, found)
        except (dkim.DKIMException, ValueError, IndexError):
            self.unchecked = "{} publishes a key of no known form"
        return found


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
