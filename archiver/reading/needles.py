"""Secrets in what is about to be archived: found in every form they take, and masked where the bytes are ours."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = b"[removed before archiving]"

# Shorter values would be found in innocent text; no platform here accepts a password that short.
SHORTEST = 6


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
