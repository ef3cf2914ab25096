"""A whole list is judged: its dates have one order, and a list with other names is the list that it was.

Each seed is an account with a history of its own, which changes between two nights.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from archiver.collect.account_result import AccountResult
from archiver.collect.whole_list import ArchivedRow, DatedRow, renamed_rows
from archiver.core.model import Asset, DateOrder, Licence, Outcome
from archiver.provider import Page, Response
from archiver.provider.paging import ListEnd
from archiver.reading.dates import listed_day, readings
from archiver.reading.worker import DocumentReader
from providers.adobe_stock import AdobeStock
from providers.freepik import Freepik
from tests.providers.test_lists import Pages
from tests.support.sync_kit import Desk, Quiet

TODAY = datetime.now(UTC).date()
SEEDS = [
    *range(12),
    *(pytest.param(seed, marks=pytest.mark.long) for seed in range(12, 500)),
]  # long: the same, oftener

FORMATS = {
    DateOrder.DAY_FIRST: "{0.day}/{0.month}/{0.year}",
    DateOrder.MONTH_FIRST: "{0.month}/{0.day}/{0.year}",
}


@dataclass(frozen=True)
class Purchase:
    """What really happened."""

    number: int
    asset: str
    day: date
    evening: bool  # so late that it is the next day in another time zone


def history(random: Random, length: int, *, since: int = 900, until: int = 3) -> list[Purchase]:
    """Purchases that many days ago, with some of one asset on one day, and on days one after the other."""
    found: list[Purchase] = []
    for number in range(length):
        day = TODAY - timedelta(random.randint(until, since))
        asset = f"A{number}"
        if found and random.random() < 0.2:
            before = random.choice(found)
            asset, day = before.asset, before.day + timedelta(random.choice((0, 0, -1, -30)))
        found.append(Purchase(number, asset, day, random.random() < 0.4))
    return found


type Write = Callable[[Purchase], Licence]


def numbered(prefix: str = "L") -> Write:
    """As a platform with numbers of its own lists it."""

    def write(of: Purchase) -> Licence:
        asset = Asset(provider="shutterstock", asset_id=of.asset)
        return Licence(asset=asset, licence_id=f"{prefix}{of.number}", licensed_at=of.day, row={"number": of.number})

    return write


def worded(kind: str = "standard", form: str = "{0}", shift: int = 0) -> Write:
    """As a platform without numbers lists it: only asset, kind and date tell licences apart; the written date is one
    that a list may have in either order."""

    def write(of: Purchase) -> Licence:
        dated = form.format(of.day + timedelta(shift if of.evening else 0))
        asset = Asset(provider="shutterstock", asset_id=of.asset)
        key = (of.asset, kind, dated)
        return Licence(asset=asset, key=key, licensed_at=listed_day(dated), dated=dated, row={"number": of.number})

    return write


def pages(rows: list[Purchase], write: Write, total: bool) -> list[Page | ListEnd]:
    """The list, newest first; rows that a platform cannot tell apart get keys of their own, as `paging.pages` does."""
    rows = sorted(rows, key=lambda each: (each.day, each.number), reverse=True)
    alike, made = Counter[str](), list[Licence]()
    for licence in map(write, rows):
        alike[licence.identity] += 1
        number = alike[licence.identity]
        made.append(licence if number == 1 else replace(licence, key=(*licence.key, str(number))))
    parts = [made[n : n + 10] for n in range(0, len(made), 10)]
    return [
        *(Page(part, len(made) if total else None) for part in parts),
        ListEnd.TOTAL if total else ListEnd.EMPTY_PAGE,
    ]


@pytest.fixture
def desk(tmp_path: Path, reader: DocumentReader) -> Desk:
    return Desk(tmp_path, reader)


def read(desk: Desk, rows: list[Purchase], write: Write, total: bool = True, **options: str) -> AccountResult:
    listed = pages(rows, write, total)
    return desk.sync(lambda _: listed, session=Quiet(settings=options))


def archived(desk: Desk) -> list[tuple[str, date]]:
    with desk.open() as (_, catalogue):
        licences = [entry.licence for entry in catalogue.entries()]
    return sorted((each.asset.asset_id, date.fromisoformat(str(each.licensed_at)[:10])) for each in licences)


def truth(rows: list[Purchase]) -> list[tuple[str, date]]:
    return sorted((each.asset, each.day) for each in rows)


def certain(rows: list[Purchase], write: Write) -> list[Purchase]:
    return [each for each in rows if not write(each).is_undated]


def proves(rows: list[Purchase], write: Write) -> bool:
    """Whether an order other than the right one gives some row no day, or one that has not come."""
    days = [readings(write(each).dated) for each in rows]
    return any(len(each) == 1 or max(each.values()) > TODAY + timedelta(1) for each in days)


RENAMED: dict[str, tuple[Write, Write]] = {
    "new numbers": (numbered(), numbered("N")),
    "other wording": (worded(), worded("Standard licence")),
    "dates in words": (worded(form="{0:%d %b %Y}"), worded(form="{0}")),
    "dates in numbers": (worded(), worded(form=FORMATS[DateOrder.MONTH_FIRST])),
    "a zone ahead": (worded(), worded(shift=1)),
    "a zone behind": (worded(), worded(shift=-1)),
    "a zone and a wording": (worded(), worded("Standard licence", shift=1)),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_list_with_other_names_is_not_archived_twice_and_no_purchase_is_swallowed(desk: Desk, seed: int) -> None:
    random = Random(seed)
    before, after = RENAMED[[*RENAMED][seed % len(RENAMED)]]
    rows = history(random, random.randint(2, 60))
    total = random.random() < 0.5
    assert read(desk, rows, before, total).outcome is Outcome.COMPLETE
    new = [
        Purchase(1000 + n, random.choice(rows).asset if random.random() < 0.5 else f"A{1000 + n}", TODAY, evening=False)
        for n in range(random.randint(0, 6))
    ]
    result = read(desk, [*rows, *new], after, total)
    if any(after(each).is_undated for each in rows) and not proves([*rows, *new], after):
        assert result.error == "DatesUnclear", result.message
        assert archived(desk) == truth([*rows, *certain(new, after)]), "nothing is guessed, and nothing doubled"
        return
    assert result.outcome is Outcome.COMPLETE, result.message
    assert (result.archived, result.already) == (len(new), len(rows)), result.message
    assert truth([*rows, *new]) == archived(desk)
    again = read(desk, [*rows, *new], after, total)
    assert (again.outcome, again.archived) == (Outcome.COMPLETE, 0) and "other names" not in again.message


@pytest.mark.parametrize("seed", SEEDS)
def test_no_date_is_archived_that_the_list_does_not_prove(desk: Desk, seed: int) -> None:
    """A list writes its dates in one order, and what it lists may prove it; what it proved before, counts; a person's
    word counts where nothing else does.
    """
    random = Random(seed)
    order = random.choice([*FORMATS])
    write = worded(form=FORMATS[order])
    rows = history(random, random.randint(1, 30), since=random.choice((20, 60, 900)))
    if random.random() < 0.4:  # a list of which no row proves anything
        rows = [each for each in rows if not proves([each], write)]
    result = read(desk, rows, write)
    if proves(rows, write):
        assert (result.outcome, archived(desk)) == (Outcome.COMPLETE, truth(rows)), result.message
        rows = [*rows, Purchase(1000, "A1000", TODAY - timedelta(1), evening=False)]
        assert (read(desk, rows, write).outcome, archived(desk)) == (Outcome.COMPLETE, truth(rows))
        return
    sure = certain(rows, write)
    assert archived(desk) == truth(sure), "no row whose day is certain waits, and no other is guessed"
    if len(sure) == len(rows):
        assert result.outcome is Outcome.COMPLETE
        return
    assert (result.outcome, result.error, result.exit_code) == (Outcome.PARTIAL, "DatesUnclear", 40)
    assert "archiver settings settings.date_order ORDER --account one" in result.message
    assert len(result.unexplained) == len(rows) - len(sure)
    assert archived(desk) == truth(sure) and read(desk, rows, write).error == "DatesUnclear", (
        "as long as nobody says it"
    )
    told = read(desk, rows, write, date_order=order.replace(" ", "-"))
    assert (told.outcome, archived(desk)) == (Outcome.COMPLETE, truth(rows)), told.message


# ---------------------------------------------------------------- the same through adapters


class Adobe(Quiet):
    """Adobe's interface, which writes dates in this form."""

    def __init__(self, rows: list[Purchase], form: str) -> None:
        super().__init__(settings={"details": "false"})
        self.rows, self.form = rows, form

    async def get(self, url: str, *, query: Any = None, headers: object = None) -> Response:
        files = [
            {"id": each.number, "license": "Standard", "license_date": f"{each.day:{self.form}}, 9:00 PM"}
            for each in self.rows[int(query["search_parameters[offset]"]) :][:100]
        ]
        body = json.dumps({"nb_results": len(self.rows), "files": files}).encode()
        return Response(200, url, {"content-type": "application/json"}, body, datetime.now(UTC))


class Browser(Pages, Quiet):
    """Freepik's pages, which write dates in this form."""

    get: Any = Pages.get

    def __init__(self, rows: list[Purchase], form: str) -> None:
        Quiet.__init__(self, username="ada@example.com")
        cells = (
            f'<tr><td><a href="/x_{each.number}.htm">Title</a></td><td>by Ada</td><td>Premium</td>'
            f'<td><time datetime="{each.day:{form}}">then</time></td></tr>'
            for each in rows
        )
        Pages.__init__(self, f"<table>{''.join(cells)}</table>Page 1 of 1")


@pytest.mark.parametrize("adapter", [AdobeStock, Freepik])
def test_an_adapters_list_in_another_order_is_read_in_the_order_that_its_rows_prove(desk: Desk, adapter: type) -> None:
    day = date(2026, 9, 21)
    rows = [Purchase(n, str(n), day - timedelta(5 * n), evening=False) for n in range(1, 56)]
    session = (Adobe if adapter is AdobeStock else Browser)(rows, "%d/%m/%Y")
    result = desk.sync(adapter=adapter(), session=session)
    assert archived(desk) == truth(rows), result.message
    told = "written day first, not month first as the platform documents" in result.message
    assert told is (adapter is AdobeStock)
    iso = (Adobe if adapter is AdobeStock else Browser)(rows, "%Y-%m-%d")
    again = desk.sync(adapter=adapter(), session=iso)
    assert (again.archived, again.already) == (0, 55) and "shows 55 licences under other names" in again.message
    assert archived(desk) == truth(rows)


@pytest.mark.parametrize(
    ("archived", "unknown", "renamed"),
    [
        (10, 0, {"N": "L"}),
        (1, 0, {}),  # the row may be as young as what left: bought again after the old one was given back
        (10, 1, {"N": "L"}),
        (10, 2, {}),  # another account's list, in which one row happens to be alike
    ],
)
def test_what_left_a_list_is_renamed_only_if_it_was_there_before_and_so_was_most_of_the_list(
    archived: int, unknown: int, renamed: dict[str, str]
) -> None:
    gone = ArchivedRow("L", "A1", TODAY, TODAY + timedelta(archived))
    found = renamed_rows([DatedRow("N", "A1", TODAY)], [gone], {TODAY: 1 + unknown, TODAY - timedelta(1): 9})
    assert found == renamed
