"""Browsers that may send captures: pairing codes, and a token for each paired browser.

A code is valid for ten minutes and once, and only in the desk that made it. A token names a person and a browser.
`state/companion/browsers/` has a file for each, with a digest of the token; deleting the file ends it.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.core.errors import ConfigError
from archiver.core.json_files import read_record, write_json
from archiver.core.model import iso
from archiver.core.secret_texts import digest_of, is_same

CODE_MINUTES = 10
TOKEN_DAYS = 400
CONTACT_EVERY_S = 30.0  # the last contact in a browser's file may be this old
MAX_CODES = 50  # valid at once; the oldest end
MAX_NAME_LENGTH = 80  # characters of a person, a browser or a version
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that look alike
_CODE_LETTERS = 8
_TOKEN = re.compile(r"companion\.([0-9a-f]{12})\.([\w-]{43})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class PairingOffer:
    """What a code gives: captures in this person's name, for these clients (None: all). `user`: a named user of the
    desk, whose token ends when the user is removed."""

    person: str
    clients: tuple[str, ...] | None
    by: str
    user: bool = False


@dataclass(frozen=True, kw_only=True)
class PairedBrowser:
    """One browser with a token. Only a digest of the token is stored. Moments are UTC, `2026-11-24T02:00:00Z`."""

    id: str
    person: str
    user: bool
    clients: tuple[str, ...] | None
    browser: str
    extension: str
    origin: str  # the extension's own, from which alone the token is accepted
    paired_at: str
    paired_by: str
    until: str
    digest: str = field(repr=False)
    last_contact: str = ""

    def may_file_to(self, client: str) -> bool:
        return self.clients is None or client in self.clients

    @property
    def valid(self) -> bool:
        return time.time() < datetime.fromisoformat(self.until).timestamp()


class PairingCodes:
    """The codes that one desk shows. They live in its memory alone. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._offers: dict[str, tuple[float, PairingOffer]] = {}  # by the code's digest, oldest first
        self._lock = threading.Lock()

    def offer(self, offer: PairingOffer) -> str:
        """A new code, as `ABCD-EFGH`."""
        if not (person := offer.person.strip()) or len(person) > MAX_NAME_LENGTH or not person.isprintable():
            raise ConfigError("A pairing code needs the name of a person. Write the name as your statements show it.")
        code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))
        with self._lock:
            self._drop_old()
            self._offers[digest_of(code)] = (self._now() + 60 * CODE_MINUTES, replace(offer, person=person))
        return f"{code[:4]}-{code[4:]}"

    def take(self, code: str) -> PairingOffer | None:
        """What this code gives, once; None for a wrong, used or old one."""
        plain = re.sub(r"[\s-]", "", code.upper())
        with self._lock:
            self._drop_old()
            found = self._offers.pop(digest_of(plain), None)
        return found[1] if found else None

    def _drop_old(self) -> None:
        now = self._now()
        kept = [(code, each) for code, each in self._offers.items() if each[0] > now]
        self._offers = dict(kept[-MAX_CODES:])


class PairedBrowsers:
    """The paired browsers of a home, one file each."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "companion" / "browsers"

    def pair(self, offer: PairingOffer, browser: str, extension: str, origin: str) -> tuple[str, PairedBrowser]:
        """A new browser and its token, which is nowhere stored."""
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        now = datetime.now(UTC).replace(microsecond=0)
        made = PairedBrowser(
            id=id, person=offer.person, user=offer.user, clients=offer.clients, browser=_plain(browser),
            extension=_plain(extension), origin=origin, paired_at=str(iso(now)), paired_by=offer.by,
            until=str(iso(now + timedelta(days=TOKEN_DAYS))), digest=digest_of(secret), last_contact=str(iso(now)),
        )  # fmt: skip
        self._write(made)
        return f"companion.{id}.{secret}", made

    def read(self, token: str, users: Mapping[str, object]) -> PairedBrowser | None:
        """The browser of this token, if the token is genuine, valid, and its person was not removed."""
        match = _TOKEN.fullmatch(token)
        browser = self.named(match[1]) if match else None
        if not match or not browser or not is_same(digest_of(match[2]), browser.digest):
            return None
        return browser if self.read_state(browser, users) == "valid" else None

    def read_state(self, browser: PairedBrowser, users: Mapping[str, object]) -> str:
        """Whether its token is accepted: valid, expired, or removed with its user."""
        if browser.user and browser.person not in users:
            return "removed"
        return "valid" if browser.valid else "expired"

    def named(self, id: str) -> PairedBrowser | None:
        """The browser with this id, even if its token has expired."""
        return _read(self._folder / f"{id}.json") if re.fullmatch(r"[0-9a-f]{12}", id, re.ASCII) else None

    def all(self) -> Sequence[PairedBrowser]:
        """All paired browsers, the one with the newest contact first."""
        found = [each for path in self._folder.glob("*.json") if (each := _read(path))]
        return sorted(found, key=lambda each: (each.last_contact, each.id), reverse=True)

    def contact(self, browser: PairedBrowser, extension: str = "") -> None:
        """Note that this browser was in contact now. A full or read-only disk must not stop the capture itself."""
        now = datetime.now(UTC).replace(microsecond=0)
        extension = _plain(extension) or browser.extension
        last = datetime.fromisoformat(browser.last_contact)
        if extension == browser.extension and abs((now - last).total_seconds()) < CONTACT_EVERY_S:
            return
        with suppress(OSError):
            if (self._folder / f"{browser.id}.json").exists():  # not revoked meanwhile
                self._write(replace(browser, last_contact=str(iso(now)), extension=extension))

    def revoke(self, id: str) -> PairedBrowser:
        """End a browser's token; ConfigError if there is no browser with this id."""
        browser = self.named(id)
        if browser is None:
            raise ConfigError(f"There is no paired browser {id!r}. Reload the page to see the paired ones.")
        (self._folder / f"{id}.json").unlink(missing_ok=True)
        return browser

    def _write(self, browser: PairedBrowser) -> None:
        write_json(self._folder / f"{browser.id}.json", browser)


def _read(path: Path) -> PairedBrowser | None:
    found = read_record(path, PairedBrowser)
    return replace(found, clients=tuple(found.clients)) if found and found.clients is not None else found


def _plain(text: str) -> str:
    """A name as people may see it: one line, and not too long."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:MAX_NAME_LENGTH]
