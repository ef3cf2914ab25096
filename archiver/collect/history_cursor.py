"""One list of a platform: what runs remember of it, how far a reading of it has come, and where each row ended up.

And what runs remember of licences that lack a document: how often it was asked for, and when it is due again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.collect.grounds import Standing, judge
from archiver.collect.whole_list import SAME_PURCHASE, ZONES, ArchivedRow, DatedRow, DatesOfList, renamed_rows
from archiver.core.atomic_files import read_file
from archiver.core.json_files import checked, write_json
from archiver.core.model import DateOrder, Ground, Licence, Moment, day_of
from archiver.core.remedy import Remedy
from archiver.reading.dates import readings

if TYPE_CHECKING:  # for `status`, which reads no list and starts quicker without these
    from archiver.archive.ledger import Line
    from archiver.archive.reader import Archive
    from archiver.catalogue.index import CatalogueEntry
    from archiver.collect.first_purchase import FirstPurchase
    from archiver.core.errors import LayoutChanged
    from archiver.provider import Page
    from archiver.provider.paging import ListEnd

STOP_AFTER_KNOWN = 20  # consecutive known licences after which a reading may stop


# ---------------------------------------------------------------- what is remembered between runs


@dataclass
class HistoryCursor:
    """What the last readings of one list left behind. Disposable: without it the next one goes to the end.

    `listed` counts the rows of the list, comps and rows that it lists twice included; `head` is the newest row's
    identity. `line` is the hash of the ledger's newest line then, which begins at the byte `offset`: a restored archive
    has another one there, however many lines it got since. `full_on`: the day on which the list was last read to its
    end, `2026-11-24`; `newest_first`: whether it was sorted by date then. `date_order`: in which order its dates proved
    to be written. `renamed`: the identities of archived licences by those that the list has for them. `ground`: why it
    counted as complete then (`core.model.Ground`); empty if it did not, None if nobody asked. `tail` is the last row's
    identity. `beside`: what stood beside its rows when it was complete (`paging.Beside`).
    """

    listed: int
    head: str
    line: str = ""
    offset: int = 0
    full_on: str = ""
    newest_first: bool = True
    date_order: DateOrder | None = None
    renamed: dict[str, str] = field(default_factory=dict)
    ground: str | None = None
    tail: str = ""
    beside: list[str] = field(default_factory=list)


class HistoryCursors:
    """The cursors of one account, in one small file of the state folder."""

    def __init__(self, path: Path, archive: Archive) -> None:
        self._path, self._archive = path, archive
        today = datetime.now(UTC).date().isoformat()
        self._cursors = {
            name: cursor
            for name, cursor in self._read(path).items()
            if _holds(archive, cursor) and cursor.full_on <= today  # else a clock was ahead
        }

    @staticmethod
    def _read(path: Path) -> dict[str, HistoryCursor]:
        with suppress(FileNotFoundError, ValueError):
            return checked(dict[str, HistoryCursor], read_file(path))
        return {}

    @classmethod
    def latest(cls, path: Path, now: datetime) -> str | None:
        """The latest day of a file's full readings if it is in the future; else None."""
        day = max((cursor.full_on for cursor in cls._read(path).values()), default="")
        return day if day > now.date().isoformat() else None

    @classmethod
    def grounds(cls, path: Path) -> dict[str, str | None]:
        """On which ground each list was complete when it was read last."""
        return {name: cursor.ground for name, cursor in cls._read(path).items()}

    def ask_again(self, listing: str) -> None:
        """Have the next run read a list to its end, and judge anew whether it is complete."""
        if cursor := self.get(listing):
            self.put(listing, replace(cursor, ground=None))

    def first_purchase(self, account: str, listing: str) -> FirstPurchase | None:
        """What a person said of this list's last row."""
        from archiver.collect.first_purchase import first_purchase

        return first_purchase(self._archive, account, listing)

    def get(self, listing: str) -> HistoryCursor | None:
        return self._cursors.get(listing)

    def put(self, listing: str, cursor: HistoryCursor) -> None:
        self._cursors[listing] = cursor
        write_json(self._path, {name: vars(cursor) for name, cursor in self._cursors.items()})


def _holds(archive: Archive, cursor: HistoryCursor) -> bool:
    """Whether an archive still has the line that was its newest when the cursor was left."""
    line = next(archive.lines(cursor.offset), None)
    return line is not None and line.hash == cursor.line


MAX_AWAITED_RUNS = 30  # in which a final document is asked for in place of a provisional one, one after the other
MAX_RETRY_PAUSE_RUNS = 32  # runs, or days, between two tries of a document that never comes


@dataclass
class Attempts:
    """How often a document was asked for in vain, on which day last (`2026-11-24`), and how many runs went by since."""

    failed: int
    day: str
    runs: int = 0

    def due(self, today: date, *, awaited: bool = False) -> bool:
        """In the first two runs after it failed, then after 2, 4, 8, ... of them, or as many days.

        `awaited`: the platform gave a provisional one, so that the final one is asked for in each run at first.
        """
        eager = awaited and self.failed <= MAX_AWAITED_RUNS
        pause = 1 if eager else min(MAX_RETRY_PAUSE_RUNS, 2 ** max(0, self.failed - 2))
        days = (today - date.fromisoformat(self.day)).days
        return self.runs + 1 >= pause or days >= pause or days < 0  # that day's clock was ahead


class Retries:
    """The attempts of one account, by object, in one small file of the state folder.

    Disposable: without it, everything incomplete is due.
    """

    def __init__(self, path: Path, today: date) -> None:
        self._path, self._today = path, today
        self._attempts: dict[str, Attempts] = {}
        with suppress(FileNotFoundError, ValueError, TypeError, AttributeError):
            stored = {name: Attempts(**fields) for name, fields in json.loads(read_file(path)).items()}
            for each in stored.values():
                each.due(today)  # ValueError, TypeError: it cannot be read
            self._attempts = stored

    def failed(self, object_id: str) -> int:
        """How often it was asked for in vain."""
        return self._attempts[object_id].failed if object_id in self._attempts else 0

    def due(self, object_id: str, *, awaited: bool = False) -> bool:
        return object_id not in self._attempts or self._attempts[object_id].due(self._today, awaited=awaited)

    def left(self, incomplete: Collection[str], tried: Collection[str]) -> None:
        """Keep what this run leaves incomplete; of these, `tried` were asked for in it."""
        left: dict[str, Attempts] = {}
        for each in incomplete:
            before = self._attempts.get(each)
            if each in tried:
                left[each] = Attempts(self.failed(each) + 1, self._today.isoformat())
            elif before:
                left[each] = Attempts(before.failed, before.day, before.runs + 1)
        if left == self._attempts:
            return
        self._attempts = left
        write_json(self._path, {name: vars(each) for name, each in left.items()})


def sweep_day(account: str, today: date) -> date:
    """The newest day on which the account's lists were due to be read to their end: each month on a day of its own, so
    that the accounts of a home spread over the month.
    """
    day = 1 + int.from_bytes(sha256(account.encode()).digest()[:4]) % 28
    return today.replace(day=day) if day <= today.day else (today.replace(day=1) - timedelta(1)).replace(day=day)


def next_sweep_day(account: str, today: date) -> date:
    """The next such day after today."""
    day = sweep_day(account, today).day
    return today.replace(day=day) if day > today.day else (today.replace(day=28) + timedelta(4)).replace(day=day)


# ---------------------------------------------------------------- one reading


def same_purchase(one: Moment | None, other: Moment | None) -> bool:
    """Whether both may be one purchase's date: a paper's may be a day off, and a time zone another day."""
    return one is not None and other is not None and abs(day_of(one) - day_of(other)) <= SAME_PURCHASE


@dataclass
class ListReading:
    """How far one reading of a list has come, newest row first, and which changes of the list it saw meanwhile."""

    cursor: HistoryCursor | None = None  # what the last reading left, if this reading may rely on it
    known: frozenset[str] = frozenset()  # platform ids that were there when that was left
    total: int | None = None  # as the platform stated last
    full: bool = False  # it came to the list's end
    steady: bool = True  # the total stayed the same
    end: ListEnd | None = None  # what showed that nothing follows; None while it was not read to its end
    earlier: HistoryCursor | None = None  # what the last full reading left, for comparison only
    accepts_fewer: bool = False  # a person accepts that rows have left the list
    archived: int = 0  # the licences of this list that the archive has; counted only if nothing else is to compare with
    twice: set[str] = field(default_factory=set)  # as a rule, rows that moved: another came above them
    displaced: set[str] = field(default_factory=set)  # rows that came again on another page, which may hide others
    overlapping: set[str] = field(default_factory=set)  # rows at the end of a page that the next one began with
    unread: set[str] = field(default_factory=set)  # rows that the adapter cannot read
    fault: LayoutChanged | None = None  # of the first of them
    beside: dict[str, str] = field(default_factory=dict)  # what stands beside its rows (`paging.Beside`)
    dates: DatesOfList = field(default_factory=DatesOfList)
    waiting: list[Licence] = field(default_factory=list)  # unknown rows that only the whole list can judge
    date_order: DateOrder | None = None  # in which the rows that waited were read
    undated: int = 0  # rows of which not even the whole list says the day
    renamed: dict[str, str] = field(default_factory=dict)  # by this reading; as in `HistoryCursor`
    _fresh_days: Counter[date] = field(default_factory=Counter)  # of unknown rows
    counted_elsewhere: bool = False  # the platform states the number of its rows on another page, and it agrees
    first_said: FirstPurchase | None = None  # what a person said of its last row
    oldest: date | None = None  # of its licences
    _met: Counter[str] = field(default_factory=Counter)
    _page: list[str] = field(default_factory=list)  # the identities on the last page
    _head: str = ""
    _tail: str = ""
    _fresh: int = 0  # rows above the one that was newest before
    _above: bool = True
    _streak: int = 0  # known rows in sequence up to here
    _day: str = ""  # of the last dated row, `2026-11-24`
    _newest_first: bool = True
    _late: bool = False  # a new row is below the one that was newest before

    @property
    def seen(self) -> int:
        """How many different rows there were."""
        return len(self._met)

    @property
    def read(self) -> int:
        """How many rows there were, with those that the platform lists twice."""
        return self._met.total()

    def rows(self, page: Page) -> Iterator[Licence]:
        """The licences of the page's rows that were not on an earlier page."""
        before, self.total = self.total, self.total if page.total is None else page.total
        self.steady = self.steady and before in (None, self.total)
        here = [row.identity for row in page.rows]
        overlap = next((n for n in range(min(len(here), len(self._page)), 0, -1) if self._page[-n:] == here[:n]), 0)
        self.overlapping.update(here[:overlap])
        again = overlap == len(here)  # a page of the list came again in place of another
        self.displaced.update(identity for identity in here[0 if again else overlap :] if identity in self._met)
        self._page = here
        self.fault = self.fault or page.fault
        licences = {licence.identity: licence for licence in reversed(page.licences)}
        self._tail = here[-1] if here else self._tail
        for identity in here:
            self._met[identity] += 1
            if self._met[identity] > 1:
                self.twice.add(identity)
            elif licence := licences.get(identity):
                yield licence
            else:
                self.unread.add(identity)
                self._place(identity, known=False)

    def count(self, licence: Licence, known: bool) -> None:
        """Count a row that `rows` gave; `known`: it need not be fetched."""
        self._above = self._above and licence.platform_id not in self.known
        if day := str(licence.licensed_at or "")[:10]:
            self._newest_first = self._newest_first and (not self._day or day <= self._day)
            self._day = day
        self._note_day(licence, known=known)
        self._place(licence.identity, known=known)

    def _place(self, identity: str, *, known: bool) -> None:
        """Say where a row stands: above the one that was newest before, and behind how many known ones."""
        self._head = self._head or identity
        was_newest = self.cursor is not None and identity == self.cursor.head
        self._above = self._above and not was_newest
        self._fresh += self._above
        self._late = self._late or not (known or self._above or self.cursor is None)
        self._streak = self._streak + 1 if known else 0

    def _note_day(self, licence: Licence, *, known: bool) -> None:
        if licence.licensed_at is None:
            return
        day = day_of(licence.licensed_at)
        if not known:
            self._fresh_days[day] += 1
        if not licence.comp:
            self.oldest = min(self.oldest or day, day)

    def was_renamed(self, identity: str) -> bool:
        """Whether it is another name of an archived licence, as an earlier reading found."""
        return self.earlier is not None and identity in self.earlier.renamed

    @property
    def other_names(self) -> dict[str, str]:
        """All of `renamed` that this list needs: what this reading found, and what earlier ones did."""
        before = self.earlier.renamed if self.earlier else {}
        return {**{new: old for new, old in before.items() if not self.full or new in self._met}, **self.renamed}

    def date_waiting(self, order: DateOrder | None) -> list[Licence]:
        """The rows that wait, dated in this order. Those that it gives no day stay `undated`."""
        self.date_order, dated = order, list[Licence]()
        for licence in self.waiting:
            day = licence.licensed_at or (readings(licence.dated).get(order) if order else None)
            if day is None:
                self.undated += 1
                continue
            if licence.licensed_at is None:
                licence = replace(licence, licensed_at=day)
                self._note_day(licence, known=False)
            dated.append(licence)
        self.waiting = []
        return dated

    def rename(self, alike: Iterable[tuple[Licence, Sequence[CatalogueEntry]]]) -> None:
        """Find out which unknown rows are licences that the list showed before under other names. `alike`: each with
        the archived licences that it could be.
        """
        listed = {*self._met, *(old for new, old in self.other_names.items() if new in self._met)}
        fresh, gone = list[DatedRow](), dict[str, ArchivedRow]()
        for licence, entries in alike:
            if entries and licence.licensed_at:
                fresh.append(DatedRow(licence.identity, licence.asset.asset_id, day_of(licence.licensed_at)))
            for each in entries:
                was, captured = each.licence, date.fromisoformat(each.file.provenance["captured_at"][:10])
                if was.licensed_at and was.identity not in listed:
                    day = day_of(was.licensed_at)
                    gone[was.identity] = ArchivedRow(was.identity, was.asset.asset_id, day, captured)
        self.renamed = renamed_rows(fresh, gone.values(), self._fresh_days)

    @property
    def has_fewer(self) -> bool:
        """Whether a list without a total has fewer rows than an earlier reading to its end found."""
        fewer = self.earlier and self.seen < self.earlier.listed
        return bool(self.full and self.total is None and fewer)

    @property
    def has_fallen(self) -> bool:
        """Whether the total is smaller than what an earlier reading to the end found, and nobody accepts that."""
        fallen = self.earlier and self.total is not None and self.total < self.earlier.listed
        return bool(fallen and not self.accepts_fewer)

    @property
    def joins_earlier(self) -> bool:
        """Whether this reading came down to the same last row as the earlier one, and found no fewer rows."""
        before = self.earlier
        if before is None or not before.tail:
            return False
        return self._tail == before.tail and self.seen >= before.listed

    @property
    def known_beside(self) -> Collection[str]:
        """What stood beside its rows when it was complete."""
        return self.earlier.beside if self.earlier else ()

    @property
    def ends_as_said(self) -> bool:
        """Whether it shows the row that a person knows as the first purchase, and no older one."""
        from archiver.catalogue.index import identity_digest  # not for `status`

        said = self.first_said
        if said is None or self.oldest is None or self.oldest + ZONES < said.day:
            return False
        return any(identity_digest(each) == said.row for each in (*self._met, *self.other_names.values()))

    @property
    def shrunk(self) -> bool:
        """Whether it has fewer, and nobody accepts that."""
        return self.has_fewer and not self.accepts_fewer

    @property
    def known_before(self) -> int:
        """How many rows an earlier reading to the list's end found, as far as this one is to be compared with it."""
        return self.earlier.listed if self.earlier else self.archived

    @property
    def is_empty_now(self) -> bool:
        """Whether a list shows nothing, and had rows before. That its total is zero proves nothing: a platform that
        does not find the account's history states so, too.
        """
        return self.full and not self.seen and self.known_before > 0

    @property
    def emptied(self) -> bool:
        """Whether it does, and nobody accepts that."""
        return self.is_empty_now and not self.accepts_fewer

    @property
    def may_stop(self) -> bool:
        """Whether all that follows was read before: the numbers add up, and rows were known for long enough.

        Above the row that was newest then, known rows prove nothing: a night that lost the rest of the list may have
        archived them. Nor do they where new rows may be anywhere: one was below that row, or the list states no total
        and is not sorted by date. Its first page alone may look sorted.
        """
        if self.cursor is None or self._above or self._late:
            return False
        if self.total is None and self.cursor.ground == Ground.TOTAL:
            return False  # it was stated, and is no longer
        if self.total is None and not (self._newest_first and self.cursor.newest_first):
            return False
        if not self.steady or self.total not in (None, self.cursor.listed + self._fresh):
            return False
        return self._streak >= STOP_AFTER_KNOWN

    def left(self, newest: Line | None, today: date) -> HistoryCursor | None:
        """What this reading leaves for the next one, with the ledger's newest line; None if it did not finish."""
        if self.unread or self.undated or newest is None:
            return None  # the next reading goes as far, too
        if self.full:
            left = HistoryCursor(
                listed=self.read if self.total == self.read else self.seen, head="", full_on=today.isoformat(),
                newest_first=self._newest_first and not self._late, tail=self._tail,
            )  # fmt: skip
        elif self.cursor:
            left = replace(self.cursor, listed=self.cursor.listed + self._fresh)
        else:
            return None
        order = self.dates.proven or (self.earlier.date_order if self.earlier else None)
        return replace(
            left, head=self._head, line=newest.hash, offset=newest.offset, date_order=order, renamed=self.other_names
        )


# ---------------------------------------------------------------- the balance


class Row(StrEnum):
    """What became of a listed row. A row that is still `open` at the end is unexplained."""

    OPEN = "open"
    ARCHIVED = "archived"
    ALREADY = "already"
    COMP = "comp"


@dataclass
class Tally:
    """One list of the platform: each row, by identity, in exactly one place; and its last reading."""

    listing: str
    rows: dict[str, Row] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)  # identity -> the platform's id
    reading: ListReading = field(default_factory=ListReading)
    _moved: set[str] = field(default_factory=set)  # twice in the reading before

    @property
    def agrees(self) -> bool:
        """Whether a reading to the end saw as many rows as the platform states, and none came or went meanwhile.

        A row that is listed twice may have moved, and hidden another: it counts twice, where the total counts it so,
        only if two readings found the very same ones, and no page began with rows that ended the one before. Where no
        total is stated, no row may have come again on another page, and there may not be fewer rows than before.
        No list may be empty that had rows before.
        """
        read = self.reading
        if not read.full:
            return True
        if read.emptied:
            return False
        if read.total is None:
            return not read.displaced and not read.shrunk
        confirmed = not read.twice or (read.twice == self._moved and not read.overlapping)
        return read.steady and (read.total == read.seen or (read.total == read.read and confirmed))

    @property
    def settled(self) -> bool:
        """Whether another reading could find nothing more. Where no total is stated, rows that moved are the sign."""
        moved = self.reading.full and self.reading.total is None and self.reading.twice
        return self.agrees and not moved

    @property
    def standing(self) -> Standing:
        """Whether the list counts as complete, and why."""
        return judge(self.reading, self.listing)

    def left(self, newest: Line | None, today: date) -> HistoryCursor | None:
        """What the next run may rely on; None if this reading does not agree, or the stated total has fallen."""
        if not self.agrees or self.reading.has_fallen:
            return None
        left = self.reading.left(newest, today)
        if left is None:
            return None
        ground, read = self.standing.ground, self.reading
        known = set() if read.first_said and not read.ends_as_said else set(read.known_beside)  # else it taught wrongly
        beside = sorted(known | read.beside.keys() if ground else known)
        return replace(left, ground=ground or "", beside=beside)

    def unproven(self, title: str, account: str) -> str:
        """What is said of a list without a ground; `title` is the platform's."""
        return (
            f"{title} showed {self.reading.read} rows of {self.listing}, and nothing proves that no more follow. A "
            "stated total, an end in the platform's data or a second count that agrees would prove it, or a person who "
            f"knows the first purchase. {Remedy('say first purchase', {'account': account})}"
        )

    def begin(self, reading: ListReading) -> None:
        """Read the list, perhaps once more."""
        self._moved, self.reading = self.reading.twice, reading

    def count(self, row: Row) -> int:
        return sum(1 for found in self.rows.values() if found is row)
