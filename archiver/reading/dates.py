"""The dates that platforms write, as moments: an instant in UTC where they say the time and its zone, else a day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from archiver.domain import Moment

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})", re.ASCII)
_MONTH_FIRST = re.compile(r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(st|nd|rd|th)?,? (?P<year>\d{4})", re.ASCII)
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})(st|nd|rd|th)? (?P<month>[a-z]{3,9})\.?,? (?P<year>\d{4})", re.ASCII)


def moment(text: str) -> Moment:
    """An instant (`2016-10-03T15:58:18-04:00`, `2017-08-10 12:33:15 UTC`) in UTC, or a day (`2026-11-03`,
    `November 6th, 2023`, `24 Apr 2026`). ValueError for all else, and for a time without a zone: it could be any day.
    """
    text = " ".join(text.split())
    zoned = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", re.sub(r" ?(UTC|GMT)$", "Z", text))
    if _INSTANT.fullmatch(zoned):
        try:
            return datetime.fromisoformat(zoned).astimezone(UTC)
        except OverflowError:
            raise ValueError(f"{text!r} is outside the calendar") from None
    if found := _DAY.fullmatch(text):
        return date(*map(int, found.groups()))
    if found := _MONTH_FIRST.fullmatch(text.lower()) or _DAY_FIRST.fullmatch(text.lower()):
        return date(int(found["year"]), _month(found["month"]), int(found["day"]))
    raise ValueError(f"{text!r} is no date that is known here")


def _month(name: str) -> int:
    """English month names, in full or by their first letters."""
    short = _MONTHS.index(name[:3])
    full = date(2000, short + 1, 1).strftime("%B").lower()
    if not (full.startswith(name) or name == "sept"):
        raise ValueError(f"{name!r} is no month")
    return short + 1
