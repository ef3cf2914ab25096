from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.domain import Moment
from archiver.reading.dates import moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-07-15T15:46:34.000Z", datetime(2021, 7, 15, 15, 46, 34, tzinfo=UTC)),
        ("2016-10-03T15:58:18-04:00", datetime(2016, 10, 3, 19, 58, 18, tzinfo=UTC)),
        ("2016-04-21 15:15:31 +1000", datetime(2016, 4, 21, 5, 15, 31, tzinfo=UTC)),
        ("2017-08-10 12:33:15 UTC", datetime(2017, 8, 10, 12, 33, 15, tzinfo=UTC)),
        ("2026-11-03", date(2026, 11, 3)),
        ("November 6th, 2023", date(2023, 11, 6)),
        ("24th April 2026", date(2026, 4, 24)),
        ("1 Sept 2024", date(2024, 9, 1)),
    ],
)
def test_what_platforms_write(text: str, expected: Moment) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2021-07-15T15:46:34", "2021-02-30", "Maybe 6th, 2023", "20231106", "6/11/2023", "٢٠٢٣-٠١-٠١"],
)
def test_nothing_is_guessed(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text)


@given(st.text())
def test_hostile_text_is_a_date_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(moment(text), date)


@given(st.datetimes(), st.integers(-23, 23))
def test_every_instant_survives_its_offset(naive: datetime, hours: int) -> None:
    when = naive.replace(year=min(max(naive.year, 2), 9998), day=1, tzinfo=timezone(timedelta(hours=hours)))
    assert moment(when.isoformat()) == when


@given(st.dates())
def test_every_day_in_words(day: date) -> None:
    assert moment(f"{day:%B} {day.day}th, {day.year:04}") == day
