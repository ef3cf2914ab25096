"""Secret addresses from which a calendar program fetches the deadlines. One for each person; a new one ends the old."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from archiver.core.atomic_files import replace_file


@dataclass(frozen=True, kw_only=True)
class CalendarLink:
    """Whose address it is, and the language of the calendar."""

    name: str
    language: str


class CalendarLinks:
    """The addresses, one file each, with a digest of the secret part only. Deleting the file ends the address."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "desk" / "calendars"

    def made(self, name: str, language: str) -> str:
        """Make an address for this person. Returns its secret part."""
        id, secret = sha256(name.encode()).hexdigest()[:16], secrets.token_urlsafe(24)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = {"name": name, "language": language, "digest": sha256(secret.encode()).hexdigest()}
        replace_file(self._folder / f"{id}.json", json.dumps(facts, ensure_ascii=False).encode())
        return f"{id}.{secret}"

    def read(self, text: str) -> CalendarLink | None:
        """The address with this secret part; None if it is not valid."""
        id, _, secret = text.partition(".")
        if not re.fullmatch(r"[0-9a-f]{16}", id, re.ASCII):
            return None
        try:
            facts = json.loads((self._folder / f"{id}.json").read_text("utf-8"))
            if hmac.compare_digest(str(facts["digest"]), sha256(secret.encode()).hexdigest()):
                return CalendarLink(name=str(facts["name"]), language=str(facts["language"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # ended, or damaged
        return None
