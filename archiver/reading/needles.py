"""Secrets in what is about to be archived: found in every form they take, and masked where the bytes are ours."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from archiver.reading.documents import is_pdf

if TYPE_CHECKING:
    from archiver.reading.worker import DocumentReader

MASK = b"[removed before archiving]"

# Shorter values would be found in innocent text; no platform here accepts a password that short.
SHORTEST = 6
LARGEST = 256 << 20  # bytes of an unpacked file that is searched


def forms(secret: str) -> set[bytes]:
    """The secret as it is, URL-quoted, HTML-escaped, JSON-escaped, and inside base64 at each alignment."""
    if len(secret) < SHORTEST:
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


def all_forms(secrets: Iterable[str]) -> list[bytes]:
    """Every form of every secret, longest first, so that a mask never leaves a rest behind."""
    return sorted({form for secret in secrets for form in forms(secret)}, key=len, reverse=True)


def contains(content: bytes, needles: Iterable[bytes]) -> bool:
    return any(needle in content for needle in needles)


def mask(content: bytes, needles: Iterable[bytes]) -> bytes:
    """The content with every needle visibly removed."""
    for needle in needles:
        content = content.replace(needle, MASK)
    return content


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """A message with every secret removed."""
    return mask(text.encode(), all_forms(secrets)).decode("utf-8", "replace")


# ---------------------------------------------------------------- in files that a mask would break

_TEXTUAL = re.compile(r"text/.*|.*[/+](?:json|xml|javascript|ecmascript|x-www-form-urlencoded|graphql)")


def maskable(media_type: str) -> bool:
    """Whether bytes of this type stay what they are when some of them are replaced: text does, nothing else."""
    return _TEXTUAL.fullmatch(media_type.split(";")[0].strip().lower()) is not None


def refusal(content: bytes, needles: list[bytes], reader: DocumentReader) -> str | None:
    """Why a packed file (PDF, gzip, picture) must not be archived: a secret in what it holds, or no way to look.

    None where it was searched and holds none. Blocks while a PDF is read.
    """
    parts = [content]
    if content.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                parts.append(packed.read(LARGEST + 1))
        except (OSError, EOFError, zlib.error) as error:
            return f"it could not be unpacked to be searched for secrets ({error})"
        if len(parts[-1]) > LARGEST:
            return f"it holds more than {LARGEST >> 20} MB, too much to be searched for secrets"
    if is_pdf(content):
        reading = reader.read_all(content)
        if reading.error:
            return f"it could not be searched for secrets: {reading.error}"
        text = unicodedata.normalize("NFKC", reading.text)  # ligatures
        parts += [text.encode(), "".join(text.split()).encode()]  # a line may break within a secret
    return "it contains a secret of this sign-in" if any(contains(part, needles) for part in parts) else None


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


def secret_header(name: str) -> bool:
    """Whether the value of this HTTP header is a secret, whatever it is."""
    return _HEADER.fullmatch(name) is not None


def mask_named(content: bytes) -> bytes:
    """The content without what its name or shape tells to be a token: in HTML, scripts, JSON, forms and URLs."""
    return replace_named(content, lambda _: MASK)


def replace_named(content: bytes, stand_in: Callable[[bytes], bytes]) -> bytes:
    """The content with each such value exchanged for what `stand_in` makes of it."""
    parts, end = [], 0
    for start, stop in _told(content):
        parts += [content[end:start], stand_in(content[start:stop])]
        end = stop
    return b"".join([*parts, content[end:]])


def named_tokens(content: bytes) -> set[str]:
    """Those of these values that cannot be mistaken for anything else, to be searched for wherever they stand."""
    values = (content[start:stop] for start, stop in _told(content))
    return {value.decode() for value in values if _TOKEN.fullmatch(value)}


def _told(content: bytes) -> Iterator[tuple[int, int]]:
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
