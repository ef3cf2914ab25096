"""One list of a platform: what runs remember of it, how far a reading of it has come, and where each row ended up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.files import read_file, replace_file

if TYPE_CHECKING:  # for `status`, which reads no list and starts quicker without these
    from archiver.domain import Licence
    from archiver.provider import Page

KNOWN_STOP = 20  # consecutive known licences after which a reading may stop


# ---------------------------------------------------------------- what is remembered between runs


@dataclass
class Cursor:
    """What the last readings of one list left behind. Disposable: without it the next one goes to the end.

    `listed` counts the rows of the list, comps included; `head` is the newest row's identity; `lines` is the ledger's
    length then, so that a restored archive invalidates the cursor. `full_on`: the day on which the list was last read
    to its end, `2026-11-24`.
    """

    listed: int
    head: str
    lines: int
    full_on: str = ""


class Cursors:
    """The cursors of one account, in one small file of the state folder."""

    def __init__(self, path: Path, ledger_lines: int) -> None:
        self._path = path
        today = datetime.now(UTC).date().isoformat()
        self._cursors = {
            name: cursor
            for name, cursor in self._read(path).items()
            if cursor.lines <= ledger_lines and cursor.full_on <= today  # else a clock was ahead
        }

    @staticmethod
    def _read(path: Path) -> dict[str, Cursor]:
        with suppress(FileNotFoundError, ValueError, TypeError, AttributeError):
            return {name: Cursor(**fields) for name, fields in json.loads(read_file(path)).items()}
        return {}

    @classmethod
    def latest(cls, path: Path, now: datetime) -> str | None:
        """The latest day of a file's full readings, where that is still to come; else None."""
        day = max((cursor.full_on for cursor in cls._read(path).values()), default="")
        return day if day > now.date().isoformat() else None

    def get(self, listing: str) -> Cursor | None:
        return self._cursors.get(listing)

    def put(self, listing: str, cursor: Cursor) -> None:
        self._cursors[listing] = cursor
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({name: vars(cursor) for name, cursor in self._cursors.items()}, indent=1, sort_keys=True)
        replace_file(self._path, text.encode())


def sweep_day(account: str, today: date) -> date:
    """The newest day on which the account's lists were due to be read to their end: each month on a day of its own,
    so that the accounts of a home spread over the month."""
    day = 1 + int.from_bytes(sha256(account.encode()).digest()[:4]) % 28
    return today.replace(day=day) if day <= today.day else (today.replace(day=1) - timedelta(1)).replace(day=day)


def next_sweep_day(account: str, today: date) -> date:
    """The next such day after today."""
    day = sweep_day(account, today).day
    return today.replace(day=day) if day > today.day else (today.replace(day=28) + timedelta(4)).replace(day=day)


# ---------------------------------------------------------------- one reading


@dataclass
class Reading:
    """How far one reading of a list has come, newest row first, and what it saw of the list's changes meanwhile."""

    cursor: Cursor | None = None  # what the last reading left behind, if this one may rely on it
    known: frozenset[str] = frozenset()  # platform ids that were there when that was left
    total: int | None = None  # as the platform stated last
    full: bool = False  # it came to the list's end
    steady: bool = True  # the total stayed the same
    shifted: bool = False  # a row stood on two pages: another came above it meanwhile, as a rule
    _met: set[str] = field(default_factory=set)
    _head: str = ""
    _fresh: int = 0  # rows above the one that was the newest
    _above: bool = True
    _streak: int = 0  # known rows, one after the other, up to here

    @property
    def seen(self) -> int:
        return len(self._met)

    def rows(self, page: Page) -> Iterator[Licence]:
        """The page's rows that were not on an earlier one."""
        before, self.total = self.total, self.total if page.total is None else page.total
        self.steady = self.steady and before in (None, self.total)
        here: set[str] = set()
        for licence in page.licences:
            if licence.identity not in self._met:
                self._met.add(licence.identity)
                here.add(licence.identity)
                yield licence
            elif licence.identity not in here:
                self.shifted = True

    def count(self, licence: Licence, known: bool) -> None:
        """Count a row that `rows` gave; `known`: it need not be fetched."""
        self._head = self._head or licence.identity
        was_newest = self.cursor is not None and licence.identity == self.cursor.head
        self._above = self._above and not was_newest and licence.platform_id not in self.known
        self._fresh += self._above
        self._streak = self._streak + 1 if known else 0

    @property
    def may_stop(self) -> bool:
        """Whether all that follows was read before: the numbers add up, and rows were known for long enough."""
        if self.cursor is None or self.total not in (None, self.cursor.listed + self._fresh):
            return False
        return self._streak >= KNOWN_STOP

    def left(self, lines: int, today: date) -> Cursor | None:
        """What this reading leaves to the next; None where it broke off."""
        if self.full:
            return Cursor(self.seen, self._head, lines, today.isoformat())
        if self.cursor:
            return Cursor(self.cursor.listed + self._fresh, self._head, lines, self.cursor.full_on)
        return None


# ---------------------------------------------------------------- the balance


class Row(StrEnum):
    """Where a listed row ended up. What is still `open` at the end is unexplained."""

    OPEN = "open"
    ARCHIVED = "archived"
    ALREADY = "already"
    COMP = "comp"


@dataclass
class Tally:
    """One list of the platform: each row, by identity, in exactly one place; and its last reading."""

    listing: str
    rows: dict[str, Row] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)  # identity -> what the platform calls it
    reading: Reading = field(default_factory=Reading)

    @property
    def agrees(self) -> bool:
        """Whether a reading to the end saw as many rows as the platform states, and none came or went meanwhile."""
        read = self.reading
        return not read.full or read.total is None or (read.steady and read.total == read.seen)

    @property
    def settled(self) -> bool:
        """Whether another reading could find nothing more. Where no total is stated, rows that moved are the sign."""
        return self.agrees and not (self.reading.full and self.reading.total is None and self.reading.shifted)

    def count(self, row: Row) -> int:
        return sum(1 for found in self.rows.values() if found is row)
