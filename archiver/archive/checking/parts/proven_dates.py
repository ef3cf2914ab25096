"""From when on a ledger line provably existed, and until when that holds."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.archive.checking.parts.archive_words import (
    AGREE_WITHIN_S,
    CHECKPOINTS,
    RENEW_BEFORE_S,
    TSA_ROOTS,
    Malformed,
)
from archiver.archive.checking.parts.ledger_lines import newest_checkpoints
from archiver.archive.checking.parts.regular_files import content
from archiver.archive.checking.parts.timestamp_tokens import (
    NEVER,
    Qualification,
    Token,
    certificates_in,
    epoch,
    moment,
    token_ends,
)
from archiver.archive.checking.parts.verify_report import TimestampStatement


def agreed(times: Iterable[str]) -> str:
    """The time of a checkpoint, given those of its timestamps: the earliest.

    If they are more than a day apart, one authority's clock is wrong and nobody can say whose: the latest counts. A
    seal gets them within seconds, so a day allows for a clock set to another zone, and gains a forger nothing.
    """
    ordered = sorted(times)
    is_one_time = epoch(ordered[-1]) - epoch(ordered[0]) <= AGREE_WITHIN_S
    return ordered[0] if is_one_time else ordered[-1]


class Dates:
    """The proven date of each ledger line, computed from (checkpoint size, time of its timestamp) pairs."""

    def __init__(self, stamps: Iterable[tuple[int, str]]) -> None:
        ordered = sorted(stamps)
        self.sizes = [size for size, _ in ordered]
        self.times = [time for _, time in ordered]
        for i in range(len(ordered) - 2, -1, -1):  # a later checkpoint covers it too, perhaps with an earlier timestamp
            self.times[i] = min(self.times[i], self.times[i + 1])

    def since(self, seq: int) -> str | None:
        """Return when a trusted timestamp first covered this line, or None."""
        at = bisect.bisect_right(self.sizes, seq)
        return self.times[at] if at < len(self.times) else None


@dataclass
class Stamp:
    """A timestamp: its time, and when its certificates or hash function end (None if unknown).

    `anchored` means that the ledger names it in the anchor after its checkpoint, so that every later timestamp covers
    it.
    """

    time: str
    ends: str | None
    anchored: bool = False
    policy: str = ""
    states_qualified: bool = False
    qualified: Qualification | None = None

    def statement(self) -> TimestampStatement:
        """Return what it says of itself, and what a trusted list says of it."""
        said, kept = (self.time, self.policy, self.states_qualified), self.qualified
        return TimestampStatement(*said, *((kept.country, kept.issued_at, kept.trusted_list) if kept else ()))

    @property
    def renew(self) -> str | None:
        """Return when to renew it: two years before its end, or halfway through a life of less than four years."""
        if self.ends is None:
            return None
        ends = epoch(self.ends)
        ahead = min(RENEW_BEFORE_S, max(0, ends - epoch(self.time)) // 2)
        return moment(ends - ahead)


def vouched_until(checkpoints: Iterable[Iterable[Stamp]]) -> Iterator[str]:
    """Return how long the date of each checkpoint is vouched for, given the timestamps of each, newest checkpoint
    first.

    A date holds until its own timestamps end, or until newer ones end, in a chain: each must cover the previous one and
    have been made before that one's end (RFC 4998, section 5.2).
    """
    untils: list[str] = []  # expiry times of newer timestamps that outlast every older one, in descending order,
    ages: list[int] = []  # and their own times, negated: in ascending order
    for stamps in checkpoints:
        vouched = []
        for stamp in stamps:
            until = stamp.ends or NEVER
            at = bisect.bisect_right(ages, -epoch(until)) if stamp.anchored else len(untils)
            vouched.append((stamp.time, max([until, *untils[at : at + 1]])))
        for at_time, until in sorted(vouched, reverse=True):
            while untils and untils[-1] <= until:
                del untils[-1], ages[-1]
            if not ages or -epoch(at_time) >= ages[-1]:
                untils.append(until)
                ages.append(-epoch(at_time))
        yield max(until for _, until in vouched)


def renewal(root: Path) -> str | None:
    """Return when an archive's newest timestamps must be renewed, or None if unknown.

    Their signatures are not checked, so this is cheap.
    """
    stamped = next((tokens for _, _, tokens in newest_checkpoints(root / CHECKPOINTS) if tokens), [])
    with contextlib.suppress(OSError, Malformed):
        roots, _ = certificates_in(content(root / TSA_ROOTS))
        responses = [content(path) for path in stamped]
        dates = [Stamp(Token.parse(each).time, token_ends(each, roots)).renew for each in responses]
        return max(filter(None, dates), default=None)
    return None
