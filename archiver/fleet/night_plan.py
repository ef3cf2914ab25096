"""When a fleet visits its accounts: each at a time of its own, spread over the night, never in quiet hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from archiver.home.settings_models import FleetSettings


@dataclass(frozen=True)
class Span:
    """A span of time, in UTC."""

    begin: datetime
    end: datetime


def night_of(settings: FleetSettings, now: datetime) -> date:
    """The day on which the newest night began that has begun by now."""
    local = now.astimezone(ZoneInfo(settings.zone))
    begin, _ = _hours(settings.night)
    return local.date() if local.time() >= begin else local.date() - timedelta(1)


def night_spans(settings: FleetSettings, day: date) -> list[Span]:
    """The spans of a night in which visits begin: the night without its quiet hours; the whole night if all are."""
    whole = _span(settings, settings.night, day)
    left = [whole]
    for hours in settings.quiet:
        for quiet in (_span(settings, hours, day), _span(settings, hours, day + timedelta(1))):
            left = [part for each in left for part in _without(each, quiet)]
    return left or [whole]


def visit_time(settings: FleetSettings, account: str, day: date) -> datetime:
    """When an account is due in a night: the same place in every night, spread evenly by the account's name."""
    spans = night_spans(settings, day)
    total = sum((each.end - each.begin for each in spans), timedelta())
    left = total * (int.from_bytes(sha256(account.encode()).digest()[:4]) / (1 << 32))
    for each in spans:
        if left < each.end - each.begin:
            return each.begin + left
        left -= each.end - each.begin
    return spans[-1].end


def _without(span: Span, quiet: Span) -> list[Span]:
    parts = [Span(span.begin, min(span.end, quiet.begin)), Span(max(span.begin, quiet.end), span.end)]
    return [each for each in parts if each.begin < each.end]


def _span(settings: FleetSettings, hours: str, day: date) -> Span:
    begin, end = _hours(hours)
    zone = ZoneInfo(settings.zone)
    first = datetime.combine(day, begin, zone)
    last = datetime.combine(day if begin < end else day + timedelta(1), end, zone)
    return Span(first.astimezone(UTC), last.astimezone(UTC))


def _hours(text: str) -> tuple[time, time]:
    begin, _, end = text.partition("-")
    return time.fromisoformat(begin), time.fromisoformat(end)
