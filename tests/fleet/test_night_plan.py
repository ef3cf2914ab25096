"""Visits spread over the night, never in quiet hours, each account at a time of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archiver.fleet.night_plan import night_of, night_spans, visit_time
from archiver.home.settings_models import FleetSettings

HOURS = st.tuples(st.times(), st.times()).filter(lambda pair: pair[0].strftime("%H:%M") != pair[1].strftime("%H:%M"))
SPANS = HOURS.map(lambda pair: f"{pair[0]:%H:%M}-{pair[1]:%H:%M}")
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(
    night=SPANS, quiet=st.lists(SPANS, max_size=2), zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
    day=DAYS, names=st.lists(st.text(min_size=1), min_size=1, max_size=9),
)  # fmt: skip
def test_every_visit_is_within_its_night_and_out_of_quiet_hours(
    night: str, quiet: list[str], zone: str, day: date, names: list[str]
) -> None:
    settings = FleetSettings(night=night, quiet=tuple(quiet), zone=zone)
    [whole] = night_spans(FleetSettings(night=night, zone=zone), day)
    spans = night_spans(settings, day)
    for name in names:
        due = visit_time(settings, name, day)
        assert whole.begin <= due <= whole.end
        assert any(span.begin <= due <= span.end for span in spans)
        assert due == visit_time(settings, name, day)
    assert night_of(settings, whole.begin) == day


def test_a_night_is_filled_evenly() -> None:
    settings = FleetSettings(night="22:00-05:00", quiet=("00:00-01:00",), zone="Europe/Berlin")
    times = sorted(visit_time(settings, f"account-{number}", date(2026, 11, 27)) for number in range(3000))
    by_hour = [sum(each.hour == hour for each in times) for hour in (21, 22, 23, 0, 1, 2, 3)]
    assert by_hour[2] == 0 and all(400 < each < 600 for number, each in enumerate(by_hour) if number != 2)
    before = datetime(2026, 11, 27, 20, 59, tzinfo=UTC)
    assert (
        night_of(settings, before)
        == date(2026, 11, 26)
        == night_of(settings, before + timedelta(minutes=1)) - timedelta(1)
    )
