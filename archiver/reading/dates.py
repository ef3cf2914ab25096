"""Parse the dates of platforms and papers: an instant in UTC if time and zone are known, otherwise a day."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from archiver.core.model import DateOrder as DateOrder  # which all who read dates take from here
from archiver.core.model import Moment, iso

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})", re.ASCII)
_MONTH_FIRST = re.compile(r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(st|nd|rd|th)?,? (?P<year>\d{4})", re.ASCII)
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})(st|nd|rd|th)? (?P<month>[a-z]{3,9})\.?,? (?P<year>\d{4})", re.ASCII)

# Months in German, French, Spanish, Italian, Dutch, Polish, Portuguese and Nordic languages, in full and as they are
# cut; no two languages disagree about one.
_FOREIGN = [
    ("januar", "jän", "jänner", "janvier", "janv", "enero", "ene", "gennaio", "gen", "januari", "stycznia", "janeiro"),
    ("februar", "febr", "février", "fevrier", "févr", "fév", "febrero", "febbraio", "februari", "lutego", "fevereiro"),
    ("märz", "maerz", "mär", "mars", "marzo", "maart", "mrt", "marca", "março", "marts"),
    ("april", "avril", "avr", "abril", "abr", "aprile", "kwietnia"),
    ("mai", "mayo", "maggio", "mag", "mei", "maja", "maio", "maj"),
    ("juni", "juin", "junio", "giugno", "giu", "czerwca", "junho"),
    ("juli", "juillet", "juil", "julio", "luglio", "lug", "lipca", "julho"),
    ("august", "août", "aout", "agosto", "ago", "augustus", "sierpnia", "augusti"),
    ("september", "septembre", "septiembre", "setiembre", "sept", "settembre", "set", "września", "setembro"),
    ("oktober", "okt", "octobre", "octubre", "ottobre", "ott", "października", "outubro"),
    ("november", "novembre", "noviembre", "listopada", "novembro"),
    ("dezember", "dez", "décembre", "decembre", "déc", "diciembre", "dic", "dicembre", "grudnia", "dezembro"),
]
_FOREIGN_MONTH = {name: number for number, names in enumerate(_FOREIGN, 1) for name in names}
_UNACCENTED_MONTH = {
    "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each)): number
    for name, number in _FOREIGN_MONTH.items()
}
_FOREIGN_DAY = re.compile(
    r"(?P<day>\d{1,2})(?:\.|er|[º°])? ?(?:de )?(?P<month>[a-zäûéńśźç]{3,12})\.?,? (?:del? )?(?P<year>\d{4})(?: r\.?)?",
    re.ASCII,
)
MONTH_NAMES = "|".join(
    sorted({*_FOREIGN_MONTH, *_MONTHS, *(date(2000, n, 1).strftime("%B").lower() for n in range(1, 13))}, key=len)[::-1]
)
_IN_TEXT = re.compile(
    r"(?<![\w./-])(?:\d{4}-\d{2}-\d{2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|[.º°])?,?\s+(?:de\s+|of\s+)?(?:{MONTH_NAMES})\b\.?,?\s+(?:del?\s+)?\d{{4}}"
    rf"|(?:{MONTH_NAMES})\b\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    r"|\d{1,2}\.\s?\d{1,2}\.(?:\s?\d{4}|\d{2}(?!\d))|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}-\d{1,2}-\d{4}"
    rf"|\d{{1,2}}-(?:{'|'.join(_MONTHS)})-\d{{4}})(?![\w/]|-\w|\.\d)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\d{4}|\.\d\d")  # in whatever `_IN_TEXT` finds
_TIME = re.compile(
    r",? (?:um |at |à |a las )?\d{1,2}[:h]\d{2}(?::\d{2})?(?:\.\d{1,6})?(?: ?[ap]\.?m\.?)?(?: uhr| h)?", re.ASCII
)
_CLOCK = re.compile(r"[t ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?", re.ASCII)
_ARTICLE = re.compile(r"^(?:le|den|el|il) (?=\d)")
_NAMED_DASHED = re.compile(r"^(\d{1,2})-([a-z]{3})-(\d{4})", re.ASCII)
_NAMED_TIGHT = re.compile(r"^([a-z]{3}\.)(?=\d{1,2}, \d{4})", re.ASCII)  # as Depositphotos' interface writes it
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})", re.ASCII)
_SLASHED = re.compile(r"(?<![\d/-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/-])", re.ASCII)

MAX_DATE_LENGTH = 100  # characters of a date
LIKELY_YEARS = range(1900, 2200)  # of a letter or of what it speaks of; a year far off leaves no room to count from


def moment(text: str) -> Moment:
    """An instant (`2016-10-03T15:58:18-04:00`, `2017-08-10 12:33:15 UTC`) in UTC, or a day (`2026-11-03`, `November
    6th, 2023`, `24 Apr 2026`).

    ValueError for all else, and for a time without a zone: it could be any day.
    """
    text = " ".join(text.split())
    zoned = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", re.sub(r" ?(UTC|GMT)$", "Z", text))
    if _INSTANT.fullmatch(zoned):
        try:
            return datetime.fromisoformat(zoned).astimezone(UTC)
        except OverflowError:
            raise ValueError(f"{text!r} is not a date in the calendar") from None
    if found := _DAY.fullmatch(text):
        return date(*map(int, found.groups()))
    if found := _MONTH_FIRST.fullmatch(text.lower()) or _DAY_FIRST.fullmatch(text.lower()):
        return date(int(found["year"]), _month(found["month"]), int(found["day"]))
    raise ValueError(f"{text!r} is not in a known date format")


def utc(text: str) -> Moment:
    """Like `moment`, but reads a time without a zone as UTC.

    Use it only if the platform documents that its times are UTC.
    """
    try:
        return moment(text)
    except ValueError:
        return moment(f"{text}Z")


def printed(text: str, order: DateOrder | None = None) -> Moment:
    """The date on a paper: what `moment` reads, and days as people write them in eight languages (Nordic months too).

    A time without a zone is left out: the day is the paper's own. Where only the order of day and month decides
    (`03/04/2021`) and `order` does not say it, and wherever a year has two digits without it: ValueError.
    """
    text = " ".join(text[:MAX_DATE_LENGTH].split())
    with suppress(ValueError):
        return moment(text)
    low = _without_time(_NAMED_TIGHT.sub(r"\1 ", _NAMED_DASHED.sub(r"\1 \2 \3", _ARTICLE.sub("", text.lower()))))
    with suppress(ValueError):
        return moment(low)
    if found := _FOREIGN_DAY.fullmatch(low):
        number = _FOREIGN_MONTH.get(found["month"]) or _month(found["month"])
        return date(int(found["year"]), number, int(found["day"]))
    if found := _YEAR_FIRST.fullmatch(low):
        return date(*map(int, found.groups()))
    if found := _DOTTED.fullmatch(low):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if found := _SLASHED.fullmatch(low):
        order = order if len(found[4]) == 2 else day_order([low]) or order
        if found[1] == found[3] and len(found[4]) == 4:
            order = DateOrder.DAY_FIRST  # or the other: it is the same
        if order:
            day, month = (found[1], found[3]) if order is DateOrder.DAY_FIRST else (found[3], found[1])
            return date(int(found[4]) + (2000 if len(found[4]) == 2 else 0), int(month), int(day))
    raise ValueError(f"{text!r} is not a known date format, or it can be read in two ways")


def _without_time(low: str) -> str:
    clocks = [found for found in (_CLOCK.search(low, 8), _TIME.search(low)) if found and found.end() == len(low)]
    return low[: clocks[0].start()] if clocks else low


def readings(text: str) -> dict[DateOrder, date]:
    """The days that numbers such as `03/04/2021` or `9/21/17, 9:00 PM` mean, by the order in which they are read; an
    order that gives no day in the calendar is left out. Empty for every other text.
    """
    found = _SLASHED.fullmatch(_without_time(" ".join(text[:MAX_DATE_LENGTH].lower().split())))
    if not found:
        return {}
    first, second, last = int(found[1]), int(found[3]), int(found[4])
    year = last + (2000 if len(found[4]) == 2 else 0)
    parts = {DateOrder.DAY_FIRST: (year, second, first), DateOrder.MONTH_FIRST: (year, first, second)}
    if len(found[4]) == 2:
        parts[DateOrder.YEAR_FIRST] = (2000 + first, second, last)
    days: dict[DateOrder, date] = {}
    for order, numbers in parts.items():
        with suppress(ValueError):
            days[order] = date(*numbers)
    return days


def listed_day(text: str) -> Moment | None:
    """The date of a row of a list: as `printed` reads it; None if it could be several days, so that only the list as a
    whole says which (`Licence.dated`).
    """
    days = {*readings(text).values()}
    return printed(text) if not days else days.pop() if len(days) == 1 else None


def near(one: Moment, other: Moment | None) -> bool:
    """Whether both may be one event's: at most a day apart, since not both say a time zone, or `other` is unknown."""
    days = [date.fromisoformat(str(iso(each))[:10]) for each in (one, other or one)]
    return abs(days[0] - days[1]) <= timedelta(days=1)


def days_in(text: str, order: DateOrder | None = None) -> Iterator[tuple[date, re.Match[str]]]:
    """The days of `LIKELY_YEARS` that a text names and `printed` can read, one after another.

    `03/04/2026` could be two days, and is left out where `order` does not tell which.
    """
    for found in _places_of_days(text):
        with suppress(ValueError):
            words = re.sub(
                r"(?<=\d),(?=\s+[^\W\d])|(?<=[a-z])\s+of(?=\s)", "", found[0]
            )  # 3, May 2026; 3rd of May 2026
            day = printed(re.sub(r"(?<=\d\.)(?=\d\d$)", "20", words), order)  # 3.5.26
            if day.year in LIKELY_YEARS:
                yield day.date() if isinstance(day, datetime) else day, found


def names_day(text: str) -> bool:
    """Whether a text may name a day."""
    return bool(_places_of_days(text))


@lru_cache(32)  # of a paper's text and its parts, which are read in both orders, again and again
def _places_of_days(text: str) -> tuple[re.Match[str], ...]:
    return tuple(_IN_TEXT.finditer(text)) if _YEAR.search(text) else ()


_WITHOUT_YEAR = re.compile(
    rf"(?<![\w./-])(?:(?P<first>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<month>{MONTH_NAMES})\b\.?"
    rf"|(?P<named>{MONTH_NAMES})\b\.?\s+(?P<second>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"|(?P<day>\d{1,2})\.\s?(?P<number>\d{1,2})\.)(?!\s*,?\s*(?:del?\s+)?\d{2,4}\b)(?![\w/]|-\w|\.\d)",
    re.IGNORECASE,
)


def days_without_year(text: str, after: date) -> Iterator[tuple[date, re.Match[str]]]:
    """The days that a text names without a year, each as the next such day after `after`."""
    for found in _WITHOUT_YEAR.finditer(text):
        name = (found["month"] or found["named"] or "").lower()
        with suppress(ValueError):
            month = int(found["number"] or _FOREIGN_MONTH.get(name) or _month(name))
            number = int(found["first"] or found["second"] or found["day"])
            day = date(after.year, month, number)
            yield day if day > after else date(after.year + 1, month, number), found


def day_order(texts: Iterable[str]) -> DateOrder | None:
    """The order that a day after the twelfth in any of the texts proves for all; None if there is no such day, or they
    disagree.
    """
    found = set()
    for text in texts:
        for match in _SLASHED.finditer(text):
            first, second = int(match[1]), int(match[3])
            if first > 12 >= second:
                found.add(DateOrder.DAY_FIRST)
            elif second > 12 >= first:
                found.add(DateOrder.MONTH_FIRST)
    return found.pop() if len(found) == 1 else None


def month_number(name: str) -> int | None:
    """The month of a name in any of these languages, in full or cut, with or without its accents; else None."""
    low = name.lower()
    if number := _FOREIGN_MONTH.get(low) or _UNACCENTED_MONTH.get(low):
        return number
    with suppress(ValueError):
        return _month(low)
    return None


def _month(name: str) -> int:
    """English month names, in full or by their first letters."""
    short = _MONTHS.index(name[:3])
    full = date(2000, short + 1, 1).strftime("%B").lower()
    if not (full.startswith(name) or name == "sept"):
        raise ValueError(f"{name!r} is not a month")
    return short + 1
