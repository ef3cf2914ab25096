from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.model import Moment
from archiver.reading.dates import DateOrder, day_order, moment, printed, utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-07-15T15:46:34.000Z", datetime(2021, 7, 15, 15, 46, 34, tzinfo=UTC)),
        ("2016-10-03T15:58:18-04:00", datetime(2016, 10, 3, 19, 58, 18, tzinfo=UTC)),
        ("2016-04-21 15:15:31 +1000", datetime(2016, 4, 21, 5, 15, 31, tzinfo=UTC)),
        ("2019-05-29T16:08:33.1234567Z", datetime(2019, 5, 29, 16, 8, 33, 123456, UTC)),
        ("2017-08-10 12:33:15 UTC", datetime(2017, 8, 10, 12, 33, 15, tzinfo=UTC)),
        ("2026-11-03", date(2026, 11, 3)),
        ("November 6th, 2023", date(2023, 11, 6)),
        ("24th April 2026", date(2026, 4, 24)),
        ("1 Sept 2024", date(2024, 9, 1)),
    ],
)
def test_what_platforms_write(text: str, expected: Moment) -> None:
    assert moment(text) == expected


def test_a_time_without_a_zone_is_utc_only_where_the_platform_says_so() -> None:
    assert utc("2021-07-15T15:46:34") == utc("2021-07-15T15:46:34Z") == datetime(2021, 7, 15, 15, 46, 34, tzinfo=UTC)
    assert utc("2021-07-15") == date(2021, 7, 15)
    with pytest.raises(ValueError):
        utc("yesterday")


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2021-07-15T15:46:34", "2021-02-30", "Maybe 6th, 2023", "20231106", "6/11/2023", "٢٠٢٣-٠١-٠١"],
)
def test_nothing_is_guessed(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-08-10 12:33:15 UTC", datetime(2017, 8, 10, 12, 33, 15, tzinfo=UTC)),
        ("2021-03-04 15:00:00", date(2021, 3, 4)),
        ("2021-03-04T15:00", date(2021, 3, 4)),
        ("April 3, 2021, 9:00 PM", date(2021, 4, 3)),
        ("3. April 2021", date(2021, 4, 3)),
        ("12. März 2021, 14:05 Uhr", date(2021, 3, 12)),
        ("03.04.2021 14:05 Uhr", date(2021, 4, 3)),
        ("1er août 2021 à 14h05", date(2021, 8, 1)),
        ("4 déc. 2020", date(2020, 12, 4)),
        ("3 de enero de 2021", date(2021, 1, 3)),
        ("24-Feb-2017", date(2017, 2, 24)),
        ("Feb.24, 2017 16:15:44", date(2017, 2, 24)),
        ("2021/03/04", date(2021, 3, 4)),
        ("13/04/2021", date(2021, 4, 13)),
        ("04/13/2021 12:00", date(2021, 4, 13)),
    ],
)
def test_what_people_write_in_four_languages(text: str, expected: Moment) -> None:
    assert printed(text) == printed(text, DateOrder.MONTH_FIRST) == expected


@pytest.mark.parametrize(
    "text",
    ["", "03/04/2021", "9/21/17", "21.09.17", "13/13/2021", "30. Februar 2021", "3. Foo 2021", "44257", "1/2/3/2021",
     "2021-03-04 15:00:00 CET", "03.04.2021 bis 05.04.2021", "April 2021"],
)  # fmt: skip
def test_a_day_that_can_be_another_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        printed(text)


def test_the_order_is_what_one_day_proves() -> None:
    assert day_order(["03/04/2021", "due 14/04/2021"]) is DateOrder.DAY_FIRST
    assert day_order(["3/4/21", "9/21/17, 9:00 PM"]) is DateOrder.MONTH_FIRST
    assert day_order(["03/04/2021"]) is None
    assert day_order(["14/04/2021", "04/14/2021"]) is None
    assert printed("9/11/17, 9:00 PM", DateOrder.MONTH_FIRST) == date(2017, 9, 11)
    assert printed("03/04/2021", DateOrder.DAY_FIRST) == date(2021, 4, 3)


@given(st.text(), st.sampled_from([None, *DateOrder]))
def test_hostile_text_is_a_day_or_a_value_error(text: str, order: DateOrder | None) -> None:
    with suppress(ValueError):
        assert isinstance(printed(text, order), date)


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
