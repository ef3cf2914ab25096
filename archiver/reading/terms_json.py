"""`terms.json`, our description inside an object that holds a text of licence terms."""

from __future__ import annotations

import json
from dataclasses import dataclass

from archiver.core.errors import IntegrityError

TERMS_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class TermsFile:
    """A `terms.json`, as far as a proof tells of it; `captured_at` as `iso` writes it."""

    provider: str
    name: str
    url: str
    text_sha256: str
    captured_at: str


def from_json(content: bytes) -> TermsFile:
    """IntegrityError says what is wrong with other bytes."""
    try:
        described: dict[str, object] = json.loads(content)
        if described["format"] != TERMS_FORMAT:
            raise IntegrityError(
                f"terms.json has format {described['format']!r}, and this version reads {TERMS_FORMAT}"
            )
        names = ("provider", "name", "url", "text_sha256", "captured_at")
        return TermsFile(**{name: str(described[name]) for name in names})
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"a terms.json cannot be read ({type(error).__name__}: {error})") from None
