"""Secret addresses from which a calendar program fetches the deadlines. One for each person; a new one ends the old."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from archiver.core.json_files import read_record, write_json
from archiver.core.secret_texts import digest_of, is_same


@dataclass(frozen=True, kw_only=True)
class CalendarLink:
    """Whose address it is, and the language of the calendar."""

    name: str
    language: str
    digest: str = field(repr=False)  # of the secret part


class CalendarLinks:
    """The addresses, one file each, with a digest of the secret part only. Deleting the file ends the address."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "desk" / "calendars"

    def made(self, name: str, language: str) -> str:
        """Make an address for this person. Returns its secret part."""
        id, secret = digest_of(name)[:16], secrets.token_urlsafe(24)
        link = CalendarLink(name=name, language=language, digest=digest_of(secret))
        write_json(self._folder / f"{id}.json", link)
        return f"{id}.{secret}"

    def read(self, text: str) -> CalendarLink | None:
        """The address with this secret part; None if it is not valid."""
        id, _, secret = text.partition(".")
        if not re.fullmatch(r"[0-9a-f]{16}", id, re.ASCII):
            return None
        link = read_record(self._folder / f"{id}.json", CalendarLink)  # None if it ended, or is damaged
        return link if link and is_same(digest_of(secret), link.digest) else None
