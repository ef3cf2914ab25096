"""Proven dates at their boundaries: the line that a checkpoint just covers, a day apart, two years before the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.archive.checking.parts import archive_words
from archiver.archive.checking.parts.proven_dates import Dates, Stamp, agreed, renewal, vouched_until
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
from tests.support.archive_kit import Kit

DAY, YEAR = 86400, 365 * 86400
START = epoch("2026-01-01T00:00:00Z")


def at(seconds: int) -> str:
    return moment(START + seconds)


@pytest.mark.parametrize(
    ("apart", "first"), [(0, True), (DAY - 1, True), (DAY, True), (DAY + 1, False), (9 * DAY, False)]
)
def test_timestamps_up_to_a_day_apart_have_the_time_of_the_first(apart: int, first: bool) -> None:
    assert agreed([at(apart), at(0)]) == at(0 if first else apart) == agreed([at(apart), at(apart // 2), at(0)])


def test_a_line_dates_from_the_first_checkpoint_that_covers_it() -> None:
    dates = Dates([(5, at(3)), (3, at(9)), (8, at(7)), (9, at(8))])
    assert [dates.since(seq) for seq in range(10)] == [*[at(3)] * 5, *[at(7)] * 3, at(8), None]
    assert Dates([(1, at(5)), (2, at(3))]).since(0) == at(3), "the last one may be the earliest"
    assert Dates([]).since(0) is None and Dates([(1, at(0))]).since(0) == at(0)


@pytest.mark.parametrize(
    ("lasts", "ahead"),
    [
        (9 * YEAR, 2 * YEAR), (4 * YEAR, 2 * YEAR), (4 * YEAR - 2, 2 * YEAR - 1), (3, 1), (1, 0), (0, 0), (-9, 0),
    ],
)  # fmt: skip
def test_a_timestamp_is_renewed_two_years_or_half_its_life_before_its_end(lasts: int, ahead: int) -> None:
    assert archive_words.RENEW_BEFORE_S == 2 * YEAR
    assert Stamp(at(0), at(lasts)).renew == at(lasts - ahead)
    assert Stamp(at(0), None).renew is None


def test_a_timestamp_states_what_a_list_says_of_it() -> None:
    assert Stamp(at(0), None).statement() == TimestampStatement(at(0), "", False)
    list_ = Qualification("c", "AT", "f", "g", "i", "l", "n", "s", "t", "x", "u")
    stamp = Stamp(at(0), None, policy="1.2", states_qualified=True, qualified=list_)
    assert stamp.statement() == TimestampStatement(at(0), "1.2", True, "AT", "i", "x") and not stamp.anchored


def stamp(time: int, ends: int | None, *, anchored: bool = True) -> Stamp:
    return Stamp(at(time), None if ends is None else at(ends), anchored)


@pytest.mark.parametrize(
    ("checkpoints", "untils"),
    [
        ([[stamp(5, 20)], [stamp(0, 10)]], [20, 20]),  # renewed in time
        ([[stamp(9, 20)], [stamp(0, 10)]], [20, 20]),  # in the last second
        ([[stamp(10, 20)], [stamp(0, 10)]], [20, 10]),  # too late
        ([[stamp(5, 20)], [stamp(0, 10, anchored=False)]], [20, 10]),
        ([[stamp(5, 8)], [stamp(0, 10)]], [8, 10]),
        ([[stamp(5, 10)], [stamp(0, 10)]], [10, 10]),
        ([[stamp(15, 30)], [stamp(5, 20)], [stamp(0, 10)]], [30, 30, 30]),  # a chain
        ([[stamp(25, 40)], [stamp(15, 30)], [stamp(5, 20)], [stamp(0, 10)]], [40, 40, 40, 40]),
        ([[stamp(15, 30)], [stamp(8, 12)], [stamp(0, 10)]], [30, 12, 12]),
        ([[stamp(5, 50)], [stamp(4, 30)], [stamp(0, 10)]], [50, 50, 50]),
        ([[stamp(40, 50)], [stamp(9, 30)], [stamp(5, 20)], [stamp(0, 6)]], [50, 30, 30, 30]),
        ([[stamp(40, 50)], [stamp(9, 30)], [stamp(8, 40)], [stamp(0, 10)]], [50, 30, 40, 40]),
        ([[stamp(40, 50)], [stamp(9, 30)], [stamp(20, 25, anchored=False)], [stamp(2, 24, anchored=False)],
          [stamp(0, 15)]], [50, 30, 25, 24, 30]),
        ([[stamp(20, 50)], [stamp(3, 10), stamp(4, 30)]], [50, 50]),  # one of two lasts until the newer one
        ([[stamp(20, 50)], [stamp(2, 10), stamp(4, 12)], [stamp(0, 3)]], [50, 12, 10]),
        ([[stamp(4, 30), stamp(2, 25)], [stamp(0, 3)], [stamp(0, 1)]], [30, 25, 25]),
        ([[stamp(1, None)], [stamp(0, 2)], [stamp(0, 1)]], [None, None, None]),
        ([[stamp(3, 9)], [stamp(3, 20)], [stamp(1, 3)], [stamp(0, 2)]], [9, 20, 3, 3]),
        ([[stamp(3, 9)], [stamp(3, 20)], [stamp(1, 4)], [stamp(0, 2)]], [9, 20, 20, 20]),
    ],
)  # fmt: skip
def test_a_date_holds_until_the_last_of_a_chain_of_timestamps_ends(
    checkpoints: list[list[Stamp]], untils: list[int | None]
) -> None:
    assert [*vouched_until(checkpoints)] == [NEVER if each is None else at(each) for each in untils]


def test_an_archive_is_renewed_when_the_last_of_its_newest_timestamps_must_be(sealed: Kit, tmp_path: Path) -> None:
    newest = sealed.root / archive_words.CHECKPOINTS / "00000005.note.local.tsr"
    token = newest.read_bytes()
    [authority] = sealed.authorities
    assert authority.roots and renewal(tmp_path) is None
    roots, _ = certificates_in(authority.roots.read_bytes())
    due = Stamp(Token.parse(token).time, token_ends(token, roots)).renew
    assert renewal(sealed.root) == due and due
    newest.unlink()
    before = renewal(sealed.root)
    assert before and before <= due
    newest.write_bytes(b"x")
    assert renewal(sealed.root) is None
    newest.write_bytes(token)
    (sealed.root / archive_words.TSA_ROOTS).unlink()
    assert renewal(sealed.root) is None
