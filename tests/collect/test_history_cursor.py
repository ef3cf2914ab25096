"""A list's reading at its boundaries: the twentieth known row, the day, the second of two, the row that came again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archiver.collect.history_cursor import (
    MAX_AWAITED_RUNS,
    STOP_AFTER_KNOWN,
    Attempts,
    HistoryCursor,
    HistoryCursors,
    ListReading,
    Retries,
    Row,
    Tally,
    next_sweep_day,
    same_purchase,
    sweep_day,
)
from archiver.core.errors import LayoutChanged
from archiver.core.model import DateOrder, Ground
from archiver.provider import Page, UnreadRow
from tests.support.sync_kit import licence

TODAY = date(2026, 11, 24)
LINE: Any = SimpleNamespace(hash="abc", offset=7)
ID = {number: licence(number).identity for number in range(100)}


def cursor(**more: Any) -> HistoryCursor:
    return replace(HistoryCursor(listed=30, head=ID[30]), **more)


def read(reading: ListReading, *pages: list[int], known: int = 0, total: int | None = None) -> ListReading:
    """Read pages of licences; those up to this number are known."""
    for page in pages:
        for row in reading.rows(Page([licence(number) for number in page], total)):
            reading.count(row, known=int(str(row.licence_id)[1:]) <= known)
    return reading


@pytest.mark.parametrize(
    ("more", "rows", "total", "stops"),
    [
        ({}, range(31, 10, -1), None, True),  # the newest row of before, and nineteen more
        ({}, range(31, 11, -1), None, False),  # one fewer
        ({}, range(30, 10, -1), None, True),  # nothing new
        ({}, range(30, 11, -1), None, False),
        ({}, range(31, 10, -1), 31, True),
        ({}, range(31, 10, -1), 30, False),  # a row has left the list
        ({}, range(31, 10, -1), 32, False),
        ({}, [31, *range(29, 5, -1)], None, False),  # the newest row of before is gone
        ({"newest_first": False}, range(31, 10, -1), None, False),
        ({"newest_first": False}, range(31, 10, -1), 31, True),
        ({}, [30, 31, *range(29, 5, -1)], 31, False),  # a new row below the newest of before
        ({}, [32, 31, 30, 5, *range(29, 9, -1)], None, False),  # not sorted
    ],
)
def test_a_reading_stops_at_the_twentieth_known_row_below_what_was_newest(
    more: dict[str, Any], rows: range | list[int], total: int | None, stops: bool
) -> None:
    assert STOP_AFTER_KNOWN == 20
    assert read(ListReading(cursor(**more)), [*rows], known=30, total=total).may_stop is stops
    assert not read(ListReading(), [*rows], known=30, total=total).may_stop


def test_a_known_id_ends_what_is_above_and_an_unread_row_breaks_the_row_of_known_ones() -> None:
    reading = ListReading(cursor(), known=frozenset({licence(29).platform_id}))
    assert read(reading, [*range(31, 30, -1), *range(29, 8, -1)], known=30).may_stop
    unread, fault = ListReading(cursor()), LayoutChanged("x")
    rows: list[Any] = [*map(licence, range(30, 12, -1)), UnreadRow("broken", "no date"), licence(12), licence(11)]
    for row in unread.rows(Page(rows, fault=fault)):
        unread.count(row, known=True)
    assert not unread.may_stop and unread.unread and unread.fault is fault and unread.left(LINE, TODAY) is None
    list(unread.rows(Page([UnreadRow("another", "no date")], fault=LayoutChanged("y"))))
    assert unread.fault is fault, "the first one"


@pytest.mark.parametrize(
    ("pages", "twice", "displaced", "overlapping"),
    [
        ([[5, 4], [3, 2]], [], [], []),
        ([[5, 4], [4, 3]], [4], [], [4]),  # the next page begins with the end of the last
        ([[5, 4, 3], [4, 3, 2]], [4, 3], [], [4, 3]),
        ([[5, 4], [5, 3]], [5], [5], []),  # a row came again that hides another
        ([[5, 4], [4, 5, 3]], [4, 5], [5], [4]),
        ([[5, 4], [5, 4]], [5, 4], [5, 4], [5, 4]),  # the whole page came again
        ([[5, 5]], [5], [], []),
    ],
)
def test_what_comes_again_on_another_page(
    pages: list[list[int]], twice: list[int], displaced: list[int], overlapping: list[int]
) -> None:
    found = read(ListReading(), *pages)
    for name, numbers in (("twice", twice), ("displaced", displaced), ("overlapping", overlapping)):
        assert getattr(found, name) == {ID[number] for number in numbers}, name
    assert (found.seen, found.read) == (len({n for page in pages for n in page}), sum(map(len, pages)))


def test_a_total_that_changes_is_unsteady_and_one_that_is_not_repeated_stays() -> None:
    reading = read(read(ListReading(), [5], total=3), [4])
    assert (reading.total, reading.steady) == (3, True)
    assert not read(reading, [3], total=4).steady and not read(reading, [2], total=4).steady


def test_what_a_reading_leaves() -> None:
    full = replace(read(ListReading(), [9, 8], [8, 7], total=4), full=True)
    wanted = HistoryCursor(listed=4, head=ID[9], line="abc", offset=7, full_on="2026-11-24", tail=ID[7])
    assert full.left(LINE, TODAY) == wanted and full.left(None, TODAY) is None
    assert replace(full, total=None).left(LINE, TODAY) == replace(wanted, listed=3)
    unsorted = replace(read(ListReading(), [8, 30, 9]), full=True).left(LINE, TODAY)
    assert unsorted and not unsorted.newest_first
    late = replace(read(ListReading(cursor()), [30, 29, 28], known=28), full=True).left(LINE, TODAY)
    assert late and not late.newest_first, "a new row was below"
    more = read(ListReading(cursor(full_on="2026-11-02")), [32, 31, 30], known=30)
    assert more.left(LINE, TODAY) == HistoryCursor(
        listed=32, head=ID[32], line="abc", offset=7, full_on="2026-11-02"
    )  # fmt: skip
    assert read(ListReading(), [1]).left(LINE, TODAY) is None


@pytest.mark.parametrize(
    ("rows", "more", "agrees", "settled"),
    [
        ([[3, 2, 1]], {"total": 3}, True, True),
        ([[3, 2, 1]], {"total": 4}, False, False),
        ([[3, 2, 1]], {"total": 4, "full": False}, True, True),
        ([[3, 2, 1], [1]], {"total": 3}, True, True),
        ([[3, 2, 1], [3, 0]], {"total": 5}, False, False),  # only a second reading may confirm the same row
        ([[3, 2, 1]], {"total": 3, "steady": False}, False, False),
        ([[3, 2, 1]], {}, True, True),
        ([[3, 2], [2, 1]], {}, True, False),  # rows moved: read it once more
        ([[3, 2], [3, 1]], {}, False, False),
        ([[3, 2]], {"earlier": cursor(listed=3)}, False, False),
        ([[3, 2]], {"earlier": cursor(listed=2)}, True, True),
        ([[3, 2]], {"earlier": cursor(listed=3), "accepts_fewer": True}, True, True),
        ([[3, 2]], {"earlier": cursor(listed=3), "total": 2}, True, True),
        ([], {"total": 0}, True, True),
        ([], {"total": 0, "archived": 1}, False, False),
        ([], {"total": 0, "archived": 1, "accepts_fewer": True}, True, True),
        ([], {"total": 0, "archived": 5, "earlier": cursor(listed=0)}, True, True),
        ([], {"total": 0, "earlier": cursor(listed=1)}, False, False),
    ],
)
def test_when_a_reading_to_the_end_agrees(
    rows: list[list[int]], more: dict[str, Any], agrees: bool, settled: bool
) -> None:
    found = Tally("list", reading=replace(read(ListReading(), *rows), full=True, **more) if more.get("full", True)
                  else replace(read(ListReading(), *rows), **more))  # fmt: skip
    assert (found.agrees, found.settled) == (agrees, settled)


def test_a_row_that_the_total_counts_twice_is_confirmed_by_a_second_reading() -> None:
    tally = Tally("list", {"a": Row.COMP, "b": Row.OPEN, "c": Row.COMP})
    for pages, agrees in (([[3, 2], [3, 1]], False), ([[3, 2], [3, 1]], True), ([[3, 2], [2, 1]], False),
                          ([[3, 2], [2, 1]], False)):  # fmt: skip
        tally.begin(replace(read(ListReading(), *pages), full=True, total=4))
        assert tally.agrees is agrees, pages
    assert [tally.count(each) for each in (Row.COMP, Row.OPEN, Row.ARCHIVED)] == [2, 1, 0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (TODAY, TODAY, True), (TODAY, date(2026, 11, 26), True), (TODAY, date(2026, 11, 22), True),
        (TODAY, date(2026, 11, 27), False), (date(2026, 11, 27), TODAY, False), (None, None, False),
        (None, TODAY, False), (TODAY, None, False), (datetime(2026, 11, 26, 23, tzinfo=UTC), TODAY, True),
    ],
)  # fmt: skip
def test_dates_up_to_two_days_apart_may_be_of_one_purchase(one: Any, other: Any, same: bool) -> None:
    assert same_purchase(one, other) is same


def test_what_a_new_reading_and_a_new_cursor_hold() -> None:
    reading = ListReading()
    assert (reading.full, reading.steady, reading.accepts_fewer, reading.archived, reading.undated) == (
        False, True, False, 0, 0,
    )  # fmt: skip
    assert not reading.counted_elsewhere and HistoryCursor(1, "a") == HistoryCursor(1, "a", "", 0, "", True, None, {})
    assert (reading.seen, reading.read, reading.other_names, reading.known_before) == (0, 0, {}, 0)


@pytest.mark.parametrize(
    ("more", "total", "stops"),
    [
        ({"ground": Ground.TOTAL}, None, False), ({"ground": Ground.TOTAL}, 31, True),
        ({"ground": Ground.PERSON}, None, True), ({"ground": ""}, None, True),
    ],
)  # fmt: skip
def test_a_total_that_is_no_longer_stated_is_missed(more: dict[str, Any], total: int | None, stops: bool) -> None:
    assert read(ListReading(cursor(**more)), [*range(31, 10, -1)], known=30, total=total).may_stop is stops
    unsteady = read(
        read(ListReading(cursor(**more)), [31], known=30, total=30), [*range(30, 10, -1)], known=30, total=31
    )
    assert not unsteady.may_stop


@pytest.mark.parametrize(
    ("earlier", "fewer", "fallen", "joins", "before"),
    [
        (None, False, False, False, 7), ({"listed": 3}, False, False, True, 3), ({"listed": 2}, False, False, True, 2),
        ({"listed": 4}, True, True, False, 4), ({"listed": 3, "tail": ""}, False, False, False, 3),
        ({"listed": 3, "tail": ID[8]}, False, False, False, 3),
    ],
)  # fmt: skip
def test_a_reading_is_compared_with_the_earlier_one(
    earlier: dict[str, Any] | None, fewer: bool, fallen: bool, joins: bool, before: int
) -> None:
    was = cursor(**{"tail": ID[7]} | earlier) if earlier else None
    full = replace(read(ListReading(earlier=was, archived=7), [9, 8, 7]), full=True)
    assert (full.has_fewer, full.shrunk, full.joins_earlier, full.known_before) == (fewer, fewer, joins, before)
    stated = replace(full, total=3)
    assert (stated.has_fallen, stated.has_fewer, full.has_fallen) == (fallen, False, False)
    accepted = replace(full, accepts_fewer=True)
    assert (accepted.has_fewer, accepted.shrunk, replace(accepted, total=3).has_fallen) == (fewer, False, False)
    assert not replace(full, full=False).has_fewer and not full.is_empty_now


@pytest.mark.parametrize(
    ("more", "empty"),
    [
        ({"full": True}, False),
        ({"full": True, "archived": 1}, True),
        ({"full": False, "archived": 1}, False),
        ({"full": True, "archived": 1, "earlier": cursor(listed=0)}, False),
    ],
)
def test_a_list_that_had_rows_and_shows_none_is_emptied(more: dict[str, Any], empty: bool) -> None:
    reading = ListReading(**more)
    assert (reading.is_empty_now, reading.emptied) == (empty, empty)
    assert not replace(reading, accepts_fewer=True).emptied
    assert replace(reading, accepts_fewer=True).is_empty_now is empty
    assert not replace(read(reading, [1]), full=True).is_empty_now


def test_a_page_s_end_and_its_first_row_are_one_row_once() -> None:
    reading = read(ListReading(), [9, 8], [], [8, 7])
    assert not reading.overlapping and reading.displaced == {ID[8]}, "an empty page stands between"
    assert replace(read(ListReading(), [9, 8], []), full=True).left(LINE, TODAY) == HistoryCursor(
        listed=2, head=ID[9], line="abc", offset=7, full_on="2026-11-24", tail=ID[8]
    )
    assert read(ListReading(), [9, 8, 7], [7]).overlapping == {ID[7]} and read(ListReading(), [9], [8, 9]).displaced


@pytest.mark.parametrize(
    ("days", "in_order"),
    [
        ([date(2026, 1, 5), date(2026, 1, 3)], True), ([date(2026, 1, 3), date(2026, 1, 5)], False),
        ([date(2026, 1, 3), datetime(2026, 1, 3, 12, tzinfo=UTC)], True), ([date(2026, 1, 5), None], True),
        ([date(2026, 1, 3), None, date(2026, 1, 5)], False), ([None, date(2026, 1, 5), date(2026, 1, 5)], True),
    ],
)  # fmt: skip
def test_a_list_is_sorted_by_day(days: list[Any], in_order: bool) -> None:
    reading = ListReading(full=True)
    rows = [replace(licence(number), licensed_at=day) for number, day in enumerate(days)]
    for row in reading.rows(Page(rows, None)):
        reading.count(row, known=False)
    left = reading.left(LINE, TODAY)
    assert left and left.newest_first is in_order


def undated(number: int, text: str) -> Any:
    return replace(licence(number), licensed_at=None, dated=text)


def test_rows_that_wait_are_dated_in_the_order_that_the_list_proves() -> None:
    waiting = [undated(1, "03/04/2021"), undated(2, "13/04/2021"), licence(3)]
    reading = ListReading(waiting=[*waiting])
    first, third = reading.date_waiting(DateOrder.MONTH_FIRST)
    assert (first.licensed_at, third, reading.undated, reading.waiting) == (date(2021, 3, 4), licence(3), 1, [])
    assert reading.date_order == DateOrder.MONTH_FIRST and reading._fresh_days == {date(2021, 3, 4): 1}
    assert reading.left(LINE, TODAY) is None, "a row without a day may be anywhere"
    reading = ListReading(waiting=[*waiting])
    assert reading.date_waiting(None) == [licence(3)] and reading.undated == 2


def test_a_licence_that_the_list_calls_otherwise_is_known_by_its_asset_and_its_day() -> None:
    was = replace(licence(5), licence_id="old")
    entry: Any = SimpleNamespace(licence=was, file=SimpleNamespace(provenance={"captured_at": "2026-01-09T00:00:00Z"}))
    reading = replace(read(ListReading(), [5, 4], known=4), full=True)
    assert reading._fresh_days == {date(2026, 1, 1): 1}
    reading.rename([(licence(5), [entry])])
    assert reading.renamed == {ID[5]: was.identity} == reading.other_names
    left = reading.left(LINE, TODAY)
    assert left and left.renamed == {ID[5]: was.identity}
    unlike: list[Any] = [[], [(licence(5), [])], [(undated(5, ""), [entry])]]
    for alike in unlike:
        reading.rename(alike)
        assert reading.renamed == {} == reading.other_names
    early: Any = SimpleNamespace(licence=was, file=SimpleNamespace(provenance={"captured_at": "2026-01-02T00:00:00Z"}))
    no_day: Any = SimpleNamespace(licence=replace(was, licensed_at=None), file=entry.file)
    listed: Any = SimpleNamespace(licence=licence(4), file=entry.file)
    for each in (early, no_day, listed):
        reading.rename([(licence(5), [each])])
        assert reading.renamed == {}, "bought after it was archived, without a day, or still in the list"


def test_names_that_earlier_readings_found_stay_while_the_list_has_them() -> None:
    earlier = cursor(renamed={ID[5]: "old", ID[6]: "older"}, date_order=DateOrder.DAY_FIRST)
    reading = read(ListReading(earlier=earlier), [5, 4])
    assert reading.was_renamed(ID[5]) and not reading.was_renamed(ID[4]) and not ListReading().was_renamed(ID[5])
    assert reading.other_names == {ID[5]: "old", ID[6]: "older"}
    full = replace(reading, full=True)
    left = full.left(LINE, TODAY)
    assert full.other_names == {ID[5]: "old"} and left and left.date_order == DateOrder.DAY_FIRST
    full.dates.see("12/13/2021")
    proven = full.left(LINE, TODAY)
    assert proven and proven.date_order == DateOrder.MONTH_FIRST and ListReading().dates.proven is None
    was = replace(licence(5), licence_id="older")
    still: Any = SimpleNamespace(licence=was, file=SimpleNamespace(provenance={"captured_at": "2026-01-09T00:00:00Z"}))
    again = replace(read(ListReading(earlier=cursor(renamed={ID[5]: was.identity})), [5, 6]), full=True)
    again.rename([(licence(6), [still])])
    assert again.renamed == {}, "the list shows it under its other name"


def test_what_a_tally_leaves_and_says() -> None:
    reading = replace(read(ListReading(counted_elsewhere=True), [3, 2, 1]), full=True)
    tally = Tally("list", reading=reading)
    left = tally.left(LINE, TODAY)
    assert left and left.ground == tally.standing.ground == Ground.SECOND_SOURCE
    tally.begin(replace(reading, counted_elsewhere=False))
    bare = tally.left(LINE, TODAY)
    assert bare and bare.ground == "" and tally.standing.ground is None
    said = tally.unproven("Acme", "one")
    assert said.startswith("Acme showed 3 rows of list, and nothing proves that no more follow.")
    tally.begin(replace(reading, total=4))
    assert tally.left(LINE, TODAY) is None
    tally.begin(replace(reading, total=3, earlier=cursor(listed=4)))
    assert tally.agrees and tally.left(LINE, TODAY) is None and tally.left(None, TODAY) is None
    tally.begin(reading)
    assert tally.left(None, TODAY) is None


# ---------------------------------------------------------------- between runs


@pytest.mark.parametrize(
    ("failed", "awaited", "due"), [(1, True, True), (30, True, True), (31, True, False), (30, False, False)]
)
def test_a_final_document_is_asked_for_in_each_of_thirty_runs(failed: int, awaited: bool, due: bool) -> None:
    assert MAX_AWAITED_RUNS == 30
    assert Attempts(failed, TODAY.isoformat()).due(TODAY, awaited=awaited) is due


@pytest.mark.parametrize(
    ("failed", "runs", "days", "due"),
    [
        (1, 0, 0, True), (2, 0, 0, True), (3, 0, 0, False), (3, 1, 0, True), (3, 0, 1, False), (3, 0, 2, True),
        (4, 2, 0, False), (4, 3, 0, True), (7, 30, 31, False), (7, 31, 0, True), (7, 0, 32, True),
        (9, 30, 31, False), (9, 31, 0, True), (9, 0, 32, True), (9, 0, -1, True),
    ],
)  # fmt: skip
def test_a_document_is_due_after_so_many_runs_or_days(failed: int, runs: int, days: int, due: bool) -> None:
    assert Attempts(failed, (TODAY - timedelta(days)).isoformat(), runs).due(TODAY) is due


def test_attempts_are_kept_for_what_stays_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "retries.json"
    first = Retries(path, TODAY)
    assert first.due("a") and first.failed("a") == 0
    first.left([], [])
    assert not path.exists(), "nothing to remember"
    for _ in range(3):
        first.left(["a", "b"], ["a"])
    assert (first.failed("a"), first.failed("b"), first.due("a"), first.due("b")) == (3, 0, False, True)
    assert first.due("a", awaited=True)
    first.left(["a"], [])
    again = Retries(path, TODAY)
    assert again.due("a") and again.failed("a") == 3 and json.loads(path.read_text())["a"]["runs"] == 1
    before = path.stat().st_mtime_ns, path.stat().st_ino
    again.left(["a"], [])
    assert (path.stat().st_mtime_ns, path.stat().st_ino) != before
    again.left([], [])
    assert json.loads(path.read_text()) == {}
    for broken in (
        "[]",
        "{",
        '{"a": 1}',
        '{"a": {"failed": "x", "day": "2026-11-24"}}',
        '{"a": {"failed": 1, "day": "x"}}',
    ):
        path.write_text(broken)
        assert Retries(path, TODAY).due("a")


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "retries.json"
    Retries(path, TODAY).left(["a"], ["a"])
    left = Retries(path, TODAY)
    path.unlink()
    left._attempts["a"].runs = -1  # as it is left again
    left.left(["a"], [])
    assert path.exists()
    path.unlink()
    Retries(path, TODAY).left(["a"], [])
    assert not path.exists()


@pytest.mark.parametrize(
    ("today", "due", "coming"),
    [(-1, "before", "this"), (0, "this", "next"), (1, "this", "next")],
)
def test_each_account_has_its_day_of_the_month(today: int, due: str, coming: str) -> None:
    accounts = [f"account-{n}" for n in range(40)]
    days = {name: sweep_day(name, date(2026, 12, 31)).day for name in accounts}
    assert min(days.values()) >= 1 and max(days.values()) <= 28 and len(set(days.values())) > 15
    assert days["account-0"] == 14, "the same on each machine"
    for name, day in days.items():
        if 1 < day < 28:
            now = date(2026, 3, day) + timedelta(today)
            months = {"before": date(2026, 2, day), "this": date(2026, 3, day), "next": date(2026, 4, day)}
            assert (sweep_day(name, now), next_sweep_day(name, now)) == (months[due], months[coming])
    short = date(2026, 2, 28)
    assert [next_sweep_day("account-0", short), sweep_day("account-0", short).month] == [date(2026, 3, 14), 2]


def test_a_cursor_counts_while_the_archive_has_its_line_and_its_day_has_come(tmp_path: Path) -> None:
    path, now = tmp_path / "cursors.json", datetime.now(UTC)
    archive: Any = SimpleNamespace(lines=lambda offset: iter([LINE] if offset == 7 else []))
    days = {name: (now + timedelta(n)).date().isoformat() for name, n in (("yes", -1), ("today", 0), ("ahead", 1))}
    kept = HistoryCursors(path, archive)
    for name, day in days.items():
        kept.put(name, cursor(line="abc", offset=7, full_on=day))
    kept.put("other line", cursor(line="x", offset=7))
    kept.put("shorter", cursor(line="abc", offset=8))
    again = HistoryCursors(path, archive)
    assert {name for name in (*days, "other line", "shorter") if again.get(name)} == {"yes", "today"}
    assert HistoryCursors.latest(path, now) == days["ahead"] and HistoryCursors.latest(path, now + timedelta(1)) is None
    assert HistoryCursors.latest(tmp_path / "none", now) is None
    path.write_text('{"old": {"listed": 1, "head": "x"}}')
    old = HistoryCursors._read(path)["old"]
    assert (old.line, old.offset, old.full_on, old.newest_first) == ("", 0, "", True)
