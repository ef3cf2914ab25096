"""Why a list counts as complete. Only this module decides it, by grounds that depend on no words of a page.

A list without a ground is not complete: it was read to the end of what the platform shows, and more may follow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from archiver.core.model import Ground

MAX_NAMED = 5  # things in a message

if TYPE_CHECKING:
    from archiver.collect.first_purchase import FirstPurchase


class Earlier(Protocol):
    """What an earlier reading left: how many rows there were, on which day, and on which ground it was complete."""

    listed: int
    full_on: str
    ground: str | None


class ProvenEnd(Protocol):
    @property
    def ground(self) -> Ground | None: ...


class Reading(Protocol):
    """One reading of a list, as `history_cursor.ListReading` has it."""

    full: bool
    total: int | None
    counted_elsewhere: bool
    first_said: FirstPurchase | None
    oldest: date | None

    beside: dict[str, str]

    @property
    def known_beside(self) -> Collection[str]: ...
    @property
    def end(self) -> ProvenEnd | None: ...
    @property
    def cursor(self) -> Earlier | None: ...
    @property
    def earlier(self) -> Earlier | None: ...
    @property
    def may_stop(self) -> bool: ...
    @property
    def has_fallen(self) -> bool: ...
    @property
    def joins_earlier(self) -> bool: ...
    @property
    def ends_as_said(self) -> bool: ...


@dataclass(frozen=True)
class Standing:
    """Whether a list counts as complete, and what a reading found that speaks against it (sentences).

    `inherited`: an earlier reading proved it, and this one joins its rows.
    """

    ground: Ground | None
    inherited: bool = False
    against: Sequence[str] = ()


def judge(read: Reading, listing: str) -> Standing:
    """The ground on which the list counts as complete after this reading, the strongest first."""
    before = read.earlier.ground if read.earlier else None
    if not read.full:
        kept = read.cursor.ground if read.cursor and read.may_stop else None
        return Standing(Ground(kept) if kept else None, inherited=bool(kept))
    against = [*_against(read, listing)]
    own = None if against else read.end.ground if read.end else None
    if own:
        return Standing(own)
    if before and before != Ground.PERSON and not read.has_fallen and read.joins_earlier:
        return Standing(Ground(before), inherited=True, against=against)
    if read.counted_elsewhere:
        return Standing(Ground.SECOND_SOURCE, against=against)
    if read.ends_as_said and not read.has_fallen:  # never inherited: an older row withdraws what was said
        return Standing(Ground.PERSON, against=against)
    return Standing(None, against=against)


def _against(read: Reading, listing: str) -> list[str]:
    """What took a ground away, or the page's own ground from it."""
    found = []
    if read.has_fallen and read.earlier:
        found.append(
            f"The platform stated {read.earlier.listed} in {listing} on {read.earlier.full_on}, and states "
            f"{read.total} now"
        )
    if read.total is None and read.earlier and read.earlier.ground == Ground.TOTAL:
        found.append(f"The platform no longer states how many rows {listing} has")
    if new := [words for each, words in read.beside.items() if each not in read.known_beside]:
        more = f" and {len(new) - MAX_NAMED} more" if len(new) > MAX_NAMED else ""
        found.append(
            f"Beside the rows of {listing} stands what nobody knows yet, and it may say that they are a part: "
            f"{'; '.join(new[:MAX_NAMED])}{more}"
        )
    if (said := read.first_said) and not read.ends_as_said:
        now = f"an older one, of {read.oldest}" if read.oldest and read.oldest < said.day else "another last row"
        found.append(
            f"{said.by} said on {said.on} that the first purchase in {listing} is of {said.day}, and it shows {now}"
        )
    return found
