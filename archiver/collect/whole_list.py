"""What only a whole list can say of its rows: which number of its dates is the day, and whether they were there before
under other names. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from archiver.core.model import DateOrder
from archiver.reading.dates import readings

SAME_PURCHASE = timedelta(days=2)  # between two dates of it: a paper's may be a day off, and a time zone another
ZONES = timedelta(days=1)  # by which dates without a zone may be off


@dataclass
class DatesOfList:
    """Which orders of day, month and year explain all dates of a list. One reading explains the whole list, or none.

    A row speaks against an order that gives it no day, or a day after `today`. Where that leaves several orders, so do
    archived licences that have another day.
    """

    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    example: str = ""  # the first text that could be several days
    _impossible: set[DateOrder] = field(default_factory=set)
    _otherwise: Counter[DateOrder] = field(default_factory=Counter)  # archived licences whose day is another then

    def see(self, dated: str, archived: Callable[[], date | None] = lambda: None) -> None:
        """Note the date of one more row. `archived` gives the day of its archived licence, if there is one."""
        days = readings(dated)
        if not days:
            return
        if len({*days.values()}) > 1:
            self.example = self.example or dated
        self._impossible |= {order for order in DateOrder if order not in days or days[order] > self.today + ZONES}
        if filed := archived():
            self._otherwise.update(order for order, day in days.items() if abs(day - filed) > SAME_PURCHASE)

    @property
    def possible(self) -> set[DateOrder]:
        """The orders that explain all rows seen so far."""
        left = {*DateOrder} - self._impossible
        agreeing = {order for order in left if not self._otherwise[order]}
        return agreeing if len(left) > 1 and agreeing else left

    @property
    def proven(self) -> DateOrder | None:
        """The only order that explains all rows; None also if no row has such a date."""
        possible = self.possible
        return next(iter(possible)) if len(possible) == 1 else None

    def order(self, *expected: DateOrder | None, stated: DateOrder | None = None) -> DateOrder | None:
        """The order that the rows prove, else the one that a person `stated`, else the first of those `expected` that
        explains all rows. None: nobody knows, and a person must say it.

        If no order explains all rows, only a person's word decides.
        """
        possible = self.possible
        if not possible:
            return stated
        return self.proven or next((each for each in (stated, *expected) if each in possible), None)

    def archived_otherwise(self, order: DateOrder | None) -> int:
        """How many archived licences have another day than their rows say in this order."""
        return self._otherwise[order] if order else 0


@dataclass(frozen=True)
class DatedRow:
    """A row of a list: its identity, what names its asset, and its day."""

    identity: str
    asset: str
    day: date


@dataclass(frozen=True)
class ArchivedRow:
    """An archived licence of a list: as `DatedRow`, and the day on which it was archived."""

    identity: str
    asset: str
    day: date
    captured: date


def renamed_rows(
    fresh: Sequence[DatedRow], archived: Iterable[ArchivedRow], days: Mapping[date, int]
) -> dict[str, str]:
    """The identities of archived licences by those that a list has for them now.

    `fresh` are rows that nobody knows, in the list's order; `archived` are licences of their assets that the list does
    not show any more; `days` counts all rows of the list that nobody knows.

    A purchase that was made after its asset was archived is a new one, whatever left the list. So a list is renamed
    only if a row was there before that, and if most unknown rows of those days have an archived licence that left.
    """
    gone = defaultdict[str, list[ArchivedRow]](list)
    for each in archived:
        gone[each.asset].append(each)
    near = [
        (abs(row.day - each.day), -place, row, each)
        for place, row in enumerate(fresh)
        for each in gone[row.asset]
        if abs(row.day - each.day) <= SAME_PURCHASE
    ]
    pairs, taken = dict[str, str](), set[str]()
    met, older = list[date](), False
    for _, _, row, each in sorted(near, key=lambda found: found[:2]):  # the nearest first; of two, the lower row
        if row.identity not in pairs and each.identity not in taken:
            pairs[row.identity] = each.identity
            taken.add(each.identity)
            met.append(row.day)
            older = older or row.day + ZONES < each.captured
    if not older or 2 * len(pairs) < sum(count for day, count in days.items() if min(met) <= day <= max(met)):
        return {}
    return pairs
