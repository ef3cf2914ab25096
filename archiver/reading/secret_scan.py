"""Find secrets in every form before archiving, and mask them in our own files."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol
from urllib.parse import quote, quote_plus

from archiver.reading.documents import DocumentText, is_pdf

MASK = b"[removed before archiving]"

# Shorter values would be found in innocent text; no platform here accepts a password that short.
MIN_SECRET_LENGTH = 6
MAX_UNPACKED_BYTES = 256 << 20  # bytes of an unpacked file that is searched
MAX_STORED_LENGTH = 100_000  # characters of a stored value in which tokens are looked for


def forms(secret: str) -> set[bytes]:
    """The secret as it is, URL-quoted, HTML-escaped, JSON-escaped, and inside base64 at each alignment."""
    if len(secret) < MIN_SECRET_LENGTH:
        return set()
    raw = secret.encode()
    plain = {raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), html.escape(secret).encode()}
    for ascii_only in (True, False):  # both ways in which JSON writes it, and with the slashes that some escape
        written = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        plain |= {text.encode("utf-8", "surrogatepass") for text in (written, written.replace("/", "\\/"))}
    encoded = set()
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + raw)
        start, end = (lead * 8 + 5) // 6, (lead + len(raw)) * 8 // 6
        encoded |= {text[start:end], text[start:end].translate(bytes.maketrans(b"+/", b"-_"))}
    return plain | encoded


Needle = bytes | re.Pattern[bytes]
_ENTITIES = {"&": b"|amp", "<": b"|lt", ">": b"|gt", '"': b"|quot", "'": b"|apos"}


def escaped(secret: str) -> re.Pattern[bytes] | None:
    """The secret with any of its characters escaped as in URLs, HTML or scripts, once or again: which ones are, and
    how, is another matter with every server.

    None where none ever is.
    """
    if len(secret) < MIN_SECRET_LENGTH or re.fullmatch(r"[\w.~-]*", secret, re.ASCII):
        return None
    return re.compile(
        b"".join(each.encode() if each.isascii() and each.isalnum() else _escapes(each) for each in secret)
    )


def _escapes(char: str) -> bytes:
    utf8, utf16 = char.encode("utf-8", "surrogatepass"), char.encode("utf-16-be", "surrogatepass").hex()
    number, name = ord(char), _ENTITIES.get(char, b"")
    ways = [
        b"".join(rb"%%(?:25){0,3}%b" % _either_case(f"{each:02x}") for each in utf8),
        rb"&(?:amp;){0,3}(?:#0{0,4}%d|#[xX]0{0,4}%b%b);?" % (number, _either_case(f"{number:x}"), name),
        b"".join(rb"\\{1,7}u%b" % _either_case(utf16[at : at + 4]) for at in range(0, len(utf16), 4)),
        rb"\\{1,7}x%b" % _either_case(f"{number:02x}"),
        rb"\\{0,7}%b" % re.escape(utf8),
    ]
    return b"(?:%b)" % b"|".join([*ways, rb"\+"] if char == " " else ways)


def _either_case(digits: str) -> bytes:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in digits).encode()


def all_forms(secrets: Iterable[str]) -> list[Needle]:
    """Every form of every secret, longest first, so that masking leaves no rest behind."""
    known = set(secrets)
    patterns = [pattern for secret in sorted(known, key=len, reverse=True) if (pattern := escaped(secret))]
    return [*patterns, *sorted({form for secret in known for form in forms(secret)}, key=len, reverse=True)]


def contains(content: bytes, secret_values: Iterable[Needle]) -> bool:
    return any(each in content if isinstance(each, bytes) else each.search(content) for each in secret_values)


def mask(content: bytes, secret_values: Iterable[Needle]) -> bytes:
    """The content with every needle visibly removed."""
    for each in secret_values:
        content = content.replace(each, MASK) if isinstance(each, bytes) else each.sub(MASK, content)
    return content


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """A message with every secret removed. Half a character, which a platform's JSON may hold, becomes its escape."""
    return mask(text.encode("utf-8", "backslashreplace"), all_forms(secrets)).decode("utf-8", "replace")


# ---------------------------------------------------------------- in files that a mask would break

_TEXTUAL = re.compile(r"text/.*|.*[/+](?:json|xml|javascript|ecmascript|x-www-form-urlencoded|graphql)")


def maskable(media_type: str) -> bool:
    """Whether bytes of this type stay what they are when some of them are replaced: text does, nothing else."""
    return _TEXTUAL.fullmatch(media_type.split(";")[0].strip().lower()) is not None


GZIP = b"\x1f\x8b"


class ReadsPacked(Protocol):
    """What is needed of a `DocumentReader`, whose workers search for secrets by this file."""

    def unpack(self, content: bytes, largest: int) -> tuple[bytes, str | None]: ...

    def read_all(self, content: bytes) -> DocumentText: ...


def is_packed(content: bytes) -> bool:
    """Whether it must be unpacked to be searched, by a reader's process."""
    return content.startswith(GZIP) or is_pdf(content)


def refusal(content: bytes, secret_values: list[Needle], reader: ReadsPacked) -> str | None:
    """Why a packed file (PDF, gzip, picture) must not be archived: it holds a secret, or it cannot be searched.

    None if it was searched and holds none. Blocks while a packed one is read.
    """
    parts = [content]
    if content.startswith(GZIP):
        unpacked, fault = reader.unpack(content, MAX_UNPACKED_BYTES)
        if fault:
            return f"it could not be unpacked to be searched for secrets ({fault})"
        parts.append(unpacked)
        if len(unpacked) > MAX_UNPACKED_BYTES:
            return f"it holds more than {MAX_UNPACKED_BYTES >> 20} MB, too much to be searched for secrets"
    if is_pdf(content):
        reading = reader.read_all(content)
        if reading.error:
            return f"it could not be searched for secrets: {reading.error}"
        text = unicodedata.normalize("NFKC", reading.text)  # ligatures
        parts += [text.encode(), "".join(text.split()).encode()]  # a line may break within a secret
    return "it contains a secret of this sign-in" if any(contains(part, secret_values) for part in parts) else None


# ---------------------------------------------------------------- by their names and shapes

# Who sees one of these in a page, a script, JSON, a form or a URL need not know its value to know that it is a secret.
_NAME = (
    rb"(?:(?:csrf|xsrf|authenticity[-_]?token|request[-_]?verification[-_]?token|session[-_]?(?:id|token)|api[-_]?key"
    rb"|(?:access|refresh|id|auth|bearer|api)[-_]?token|client[-_]?secret|password)[\w.-]{0,40}"
    rb"|(?<![\w.-])(?:token|secret|passwd|pwd)(?![\w.-]))"
)
_QUOTE = rb"(?:\\{0,3}[\"']|&quot;|&#34;|&#39;|&#x27;|%22)"
_IN_TAG = rb"(?:\"[^\">]{0,8192}\"|'[^'>]{0,8192}'|[^\s\"'>]{1,8192})"
_NAMED = [
    # "csrfToken":"...", csrf_token = '...', data-csrf="...", also escaped inside strings and attributes
    re.compile(
        rb"%b%b?\s{0,8}(?:[:=]|%%3A)\s{0,8}(?P<quote>%b)(?P<value>(?:(?!(?P=quote))[^\r\n<>]){1,8192}?)(?P=quote)"
        % (_NAME, _QUOTE, _QUOTE),
        re.IGNORECASE,
    ),
    # ?access_token=...&, csrf=...&
    re.compile(
        rb"(?:^|[?&#;]|u0026|%%3F|%%26)[^=&?#;\s\"'<>]{0,60}?%b(?:=|%%3D)(?P<value>(?:(?!%%26)[^&#;\s\"'<>\\]){1,8192})"
        % _NAME,
        re.IGNORECASE,
    ),
    # <password>...</password> in XML
    re.compile(rb"<(?:[\w-]{1,40}:)?[\w-]{0,40}?%b\s{0,8}>(?P<value>[^<>]{1,8192})</" % _NAME, re.IGNORECASE),
    # Bearer ..., and JSON web tokens anywhere
    re.compile(rb"\bbearer\s+(?P<value>[\w.~+/-]{16,8192}=*)", re.IGNORECASE),
    re.compile(rb"(?P<value>\beyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}\.[\w-]{8,4096})"),
]
_TAG = re.compile(rb"<(?:input|meta)\b[^>]{0,9000}>", re.IGNORECASE)
_NAMES_SECRET = re.compile(
    rb"\b(?:name|id|property|http-equiv)\s*=\s*[\"']?[^\"'\s>]{0,60}?%b|\btype\s*=\s*[\"']?password" % _NAME,
    re.IGNORECASE,
)
_TAG_VALUE = re.compile(rb"\s(?:value|content)\s*=\s*(?P<value>%b)" % _IN_TAG, re.IGNORECASE)
_SECRET_NAME = re.compile(_NAME.decode(), re.IGNORECASE)
_TOKEN = re.compile(rb"(?=[^\d]*\d)[\w+/=.~-]{16,}")
_HEADER = re.compile(
    r"(?:set-)?cookie2?|.*(?:auth(?!or(?!iz))|csrf|xsrf|api-?key|token|secret|session).*", re.IGNORECASE
)


def secret_name(name: str) -> bool:
    """Whether a field, cookie or stored item of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def stored_secrets(stored: Mapping[str, str]) -> set[str]:
    """The secrets in a browser's storage: recognised by their names, by the minimum that such names hold, and as tokens
    inside JSON.
    """
    found = set[str]()
    for name, value in stored.items():
        content = value[:MAX_STORED_LENGTH].encode("utf-8", "replace")
        if secret_name(name) or (secret_header(name) and _TOKEN.fullmatch(content)):
            found.add(value)
        found |= named_tokens(content)
    return found


def secret_header(name: str) -> bool:
    """Whether the value of this HTTP header is a secret, whatever it is."""
    return _HEADER.fullmatch(name) is not None


def mask_named(content: bytes) -> bytes:
    """The content without what its name or shape tells to be a token: in HTML, scripts, JSON, forms and URLs."""
    return replace_named(content, lambda _: MASK)


def replace_named(content: bytes, stand_in: Callable[[bytes], bytes]) -> bytes:
    """The content with each such value exchanged for what `stand_in` makes of it."""
    parts, end = [], 0
    for start, stop in _named_spans(content):
        parts += [content[end:start], stand_in(content[start:stop])]
        end = stop
    return b"".join([*parts, content[end:]])


def named_tokens(content: bytes) -> set[str]:
    """Those of these values that cannot be mistaken for anything else, to be searched for wherever they stand."""
    values = (content[start:stop] for start, stop in _named_spans(content))
    return {value.decode() for value in values if _TOKEN.fullmatch(value)}


def _named_spans(content: bytes) -> Iterator[tuple[int, int]]:
    """Where such values stand, in order and without overlap."""
    spans = [match.span("value") for pattern in _NAMED for match in pattern.finditer(content)]
    for tag in _TAG.finditer(content):
        if _NAMES_SECRET.search(tag[0]):
            for match in _TAG_VALUE.finditer(tag[0]):
                start, stop = (tag.start() + at for at in match.span("value"))
                quoted = content[start : start + 1] in (b'"', b"'")
                spans.append((start + quoted, stop - quoted))
    last = 0
    for start, stop in sorted(spans):
        if max(start, last) < stop and not content.startswith((MASK, quote(MASK).encode()), start):
            yield max(start, last), stop
            last = stop
