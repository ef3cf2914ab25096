"""Letters that demand money or proof for a picture: who writes, which case, which pages, how much, by when.

Pure: text in, readings out. Every reading says how it was found, because a person confirms each before it counts.
What the letter does not say stays open. The words and the known claimants are data, in `letters.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

NOTICE_BUSINESS_DAYS = 5
"""Business days for a platform's indemnity notice, unless its own clause was read (Shutterstock's, from a reprint)."""

LONGEST = 60_000  # characters of a letter that are read
BEFORE = 60  # characters before a day or a sum in which its label stands


class LetterKind(StrEnum):
    """A question (in German a Berechtigungsanfrage), a demand for money, or a German Abmahnung: a case for a lawyer."""

    INQUIRY = "inquiry"
    DEMAND = "demand"
    ABMAHNUNG = "abmahnung"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a letter says. `sure` tells for each field that was read how; what it does not name was not found.

    `deadline` is the last day on which an answer is in time. Weekends are no business days; public holidays are taken
    for some, so that it is rather too early than too late.
    """

    claimant: str | None = None
    reference: str | None = None
    kind: LetterKind | None = None
    urls: tuple[str, ...] = ()
    amount: Decimal | None = None
    currency: str | None = None
    dated: date | None = None
    deadline: date | None = None
    first_seen: date | None = None
    sure: Mapping[str, str] = field(default_factory=dict)


@cache
def known() -> Mapping[str, Any]:
    """`letters.yaml`: words, numbers, currencies, months and claimants."""
    import yaml

    loaded: Mapping[str, Any] = yaml.safe_load(files("archiver.reading").joinpath("letters.yaml").read_text("utf-8"))
    return loaded


def read_letter(text: str, *, received: date | None = None, domains: Iterable[str] = ()) -> Letter:
    """Read a letter's text. `received`: the day it came; `domains`: the client's own, whose pages come first."""
    text = re.sub(r"[\xa0\u2007\u202f]", " ", text.replace("\r", "").replace("\xad", ""))[:LONGEST]
    sure: dict[str, str] = {}
    claimant = _claimant(text, sure)
    dated = _dated(text, sure)
    amount, currency = _amount(text, sure)
    return Letter(
        claimant=claimant.get("name"),
        reference=_reference(text, claimant, sure),
        kind=_kind(text, amount, sure),
        urls=_urls(text, tuple(domains), sure),
        amount=amount,
        currency=currency,
        dated=dated,
        deadline=_deadline(text, dated, received, claimant, sure),
        first_seen=_first_seen(text, sure),
        sure=sure,
    )


def business_days_after(day: date, number: int) -> date:
    """The `number`-th day from Monday to Friday after `day`."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5
    return day


@cache
def _any(words: str) -> str:
    pattern = "|".join(known()["words"][words])
    return f"(?:{re.sub(r'(?<!\[) ', r'\\s+', pattern)})"  # words may stand on two lines; `[ -]` stays


def _search(words: str, text: str) -> re.Match[str] | None:
    return re.search(_any(words), text, re.IGNORECASE | re.MULTILINE)


def _quote(found: re.Match[str]) -> str:
    """The line of a match, as the person who confirms it sees it."""
    start = found.string.rfind("\n", 0, found.start()) + 1
    end = found.string.find("\n", found.end())
    return "“" + " ".join(found.string[start : end if end >= 0 else None].split())[:160] + "”"


def _before(found: re.Match[str]) -> str:
    """What stands shortly before a match, in the same paragraph."""
    return found.string[max(0, found.start() - BEFORE) : found.start()].rpartition("\n\n")[2]


# ---------------------------------------------------------------- who, and which case


def _claimant(text: str, sure: dict[str, str]) -> Mapping[str, Any]:
    """The known claimant that is named first; empty for another."""
    found = [
        (match.start(), number, match)
        for number, each in enumerate(known()["claimants"])
        for name in each["names"]
        if (match := re.search(name, text, re.IGNORECASE))
    ]
    # Getty Images is often the rights holder for whom another claimant speaks, and then not the one who writes.
    others = [each for each in found if known()["claimants"][each[1]]["name"] != "Getty Images"]
    if not found:
        return {}
    _, number, match = min(others or found)
    sure["claimant"] = f"the letter names it: {_quote(match)}"
    writer: Mapping[str, Any] = known()["claimants"][number]
    return writer


def _reference(text: str, claimant: Mapping[str, Any], sure: dict[str, str]) -> str | None:
    for pattern in claimant.get("reference", ()):
        if found := re.search(pattern, text, re.IGNORECASE):
            sure["reference"] = f"as this claimant writes it: {_quote(found)}"
            return found[1].upper()
    label = rf"\b{_any('reference')}[ \t]*[:#][ \t]*(?P<id>[A-Z0-9][A-Z0-9/._-]{{2,29}})"
    for found in re.finditer(label, text, re.IGNORECASE):
        if any(char.isdigit() for char in found["id"]):
            sure["reference"] = f"by its label: {_quote(found)}"
            return found["id"].rstrip("./-")
    return None


def _kind(text: str, amount: Decimal | None, sure: dict[str, str]) -> LetterKind | None:
    for found in re.finditer(_any("abmahnung"), text, re.IGNORECASE | re.MULTILINE):
        if not _search("not_yet", _before(found).rpartition("\n")[2]):
            sure["kind"] = f"an Abmahnung: {_quote(found)}"
            return LetterKind.ABMAHNUNG
    asked, demanded = _search("inquiry", text), _search("demand", text)
    if asked and (amount is None or not demanded or asked[0].lower() == "berechtigungsanfrage"):
        sure["kind"] = f"it asks for the licence: {_quote(asked)}"
        return LetterKind.INQUIRY
    if demanded:
        sure["kind"] = f"it demands: {_quote(demanded)}"
        return LetterKind.DEMAND
    return None


# ---------------------------------------------------------------- pages


_URL = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"“”'|]+", re.IGNORECASE)


def _urls(text: str, domains: tuple[str, ...], sure: dict[str, str]) -> tuple[str, ...]:
    """Pages on which the picture is said to be: all addresses but those of claimants and of laws."""
    theirs = {domain for each in known()["claimants"] for domain in each["domains"]}
    found: dict[str, str] = {}  # address -> host
    for match in _URL.finditer(text):
        url = match[0].rstrip(".,;:!?)]}>*_")
        url = url if "://" in url else f"https://{url}"
        try:
            host = (urlsplit(url).hostname or "").removeprefix("www.")
        except ValueError:
            continue
        if "." in host and not _within(host, theirs) and not any(mark in host for mark in known()["quoted_hosts"]):
            found[url] = host
    own = [url for url, host in found.items() if _within(host, domains)]
    if own:
        sure["urls"] = "addresses of the client's own domains"
    elif found:
        sure["urls"] = "addresses in the letter; none is of a domain that this client is known by"
    return tuple(own or found)


def _within(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


# ---------------------------------------------------------------- money


def _amount(text: str, sure: dict[str, str]) -> tuple[Decimal | None, str | None]:
    """The sum that is asked for: one that is called the total, else the first that is called a sum, else the first."""
    sums = list(_sums(text))
    labelled = [each for each in sums if _search("total", _before(each[2]).rpartition("\n")[2])] or sums
    totals = [each for each in labelled if _search("grand_total", _before(each[2]).rpartition("\n")[2])]
    candidates = totals or labelled
    if not candidates:
        return None, None
    amount, currency, found = candidates[0]
    others = sorted({f"{each[1]} {each[0]}" for each in sums} - {f"{currency} {amount}"})
    sure["amount"] = _quote(found) + (f"; the letter also names {', '.join(others)}" if others else "")
    return amount, currency


def _sums(text: str) -> Iterator[tuple[Decimal, str, re.Match[str]]]:
    signs = "|".join(sorted(map(re.escape, known()["currencies"]), key=len, reverse=True))
    digits = r"\d(?:[\d.,' ]{0,20}\d)?"
    money = rf"(?<!\w)(?P<before>{signs})\s?(?P<first>{digits})|(?P<second>{digits})(?:,-)?\s?(?P<after>{signs})(?!\w)"
    for found in re.finditer(money, text, re.IGNORECASE):
        value = number(found["first"] or found["second"])
        if value is not None:
            yield value, known()["currencies"][(found["before"] or found["after"]).lower()], found


def number(text: str) -> Decimal | None:
    """`1,234.50`, `1.234,50`, `1 234,50`, `1'234.50`, `1.234` and `1234`; None for all else."""
    found = re.fullmatch(r"(\d{1,3}(?:([.,])\d{3})*|\d+)(?:([.,])(\d{1,2}))?", re.sub(r"[ ']", "", text.strip()))
    if found is None or (found[2] and found[2] == found[3]):
        return None
    return Decimal(re.sub(r"\D", "", found[1]) + (f".{found[4]}" if found[4] else ""))


# ---------------------------------------------------------------- days


@cache
def _days() -> re.Pattern[str]:
    names = "|".join(sorted(_months(), key=len, reverse=True))
    return re.compile(
        r"(?<![\d./-])(?:(?P<iso>\d{4}-\d{2}-\d{2})"
        rf"|(?P<d1>\d{{1,2}})(?:st|nd|rd|th|er|\.)?,?\s+(?:de\s+)?(?P<m1>{names})\b\.?,?\s+(?:del?\s+)?(?P<y1>\d{{4}})"
        rf"|(?P<m2>\b{names})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{4}})"
        r"|(?P<d3>\d{1,2})\.\s?(?P<m3>\d{1,2})\.\s?(?P<y3>\d{4})"
        r"|(?P<n1>\d{1,2})/(?P<n2>\d{1,2})/(?P<y4>\d{4}))(?![\d/])",
        re.IGNORECASE,
    )


@cache
def _months() -> Mapping[str, int]:
    return {name: month for month, names in enumerate(known()["months"], 1) for name in names.split()}


def days_in(text: str) -> Iterator[tuple[date, re.Match[str]]]:
    """The days that a text names, in order. `03/04/2026` is left out: it could be two days."""
    for found in _days().finditer(text):
        if (day := _day(found.groupdict())) is not None:
            yield day, found


def _day(part: Mapping[str, str | None]) -> date | None:
    def day(year: object, month: object, day: object) -> date:
        return date(*(int(str(each)) for each in (year, month, day)))

    try:
        if part["iso"]:
            return date.fromisoformat(part["iso"])
        if part["m1"]:
            return day(part["y1"], _months()[part["m1"].lower()], part["d1"])
        if part["m2"]:
            return day(part["y2"], _months()[part["m2"].lower()], part["d2"])
        if part["m3"]:
            return day(part["y3"], part["m3"], part["d3"])
        first, second = int(part["n1"] or 0), int(part["n2"] or 0)
        if first > 12 or first == second:
            return day(part["y4"], second, first)
        return day(part["y4"], first, second) if second > 12 else None
    except ValueError:
        return None


def _dated(text: str, sure: dict[str, str]) -> date | None:
    """The letter's own date: the first day near its top that no word makes another kind of day."""
    for day, found in days_in(text[:3000]):
        before = _before(found).rpartition("\n")[2]
        if not (_search("first_seen", before) or _search("until", before)):
            sure["dated"] = _quote(found)
            return day
    return None


def _first_seen(text: str, sure: dict[str, str]) -> date | None:
    for day, found in days_in(text):
        after = re.match(r"[^.:\n]{0,40}", text[found.end() :])  # German puts the verb last
        if _search("first_seen", _before(found)) or (after and _search("first_seen", after[0])):
            sure["first_seen"] = _quote(found)
            return day
    return None


def _deadline(
    text: str, dated: date | None, received: date | None, claimant: Mapping[str, Any], sure: dict[str, str]
) -> date | None:
    """The earliest day that the letter sets, else a number of days, else what the claimant usually sets."""
    set_days = [
        (day, found)
        for day, found in days_in(text)
        if (dated is None or day > dated) and _search("until", _before(found).rpartition(".\n")[2])
    ]
    if set_days:
        day, found = min(set_days, key=lambda each: each[0])
        sure["deadline"] = _quote(found)
        return day
    spelled = rf"(?:\d{{1,3}}|{'|'.join(known()['numbers'])})"
    span = (
        rf"{_any('within')}\s+(?:\w+\s+){{0,2}}?(?P<number>{spelled})\b(?:\s*\(\d+\))?[\s-]*(?P<unit>[^.,;\n]{{0,25}})"
    )
    for found in re.finditer(span, text, re.IGNORECASE):
        unit, rest = found["unit"], text[found.end("number") : found.end("number") + 80]
        start = (received if _search("receipt", rest) else None) or dated or received
        count = int(found["number"]) if found["number"].isdigit() else known()["numbers"][found["number"].lower()]
        if start is None or not 0 < count < 366:
            continue
        count *= 7 if _search("weeks", unit) else 1
        sure["deadline"] = f"counted from {start}: {_quote(found)}"
        return business_days_after(start, count) if _search("business", unit) else start + timedelta(days=count)
    business, days, start = claimant.get("business_days", 0), claimant.get("days", 0), dated or received
    if start and (business or days):
        usual = f"{business} business days" if business else f"{days} days"
        sure["deadline"] = f"the letter sets none; {claimant['name']} usually sets {usual}, counted from {start}"
        return business_days_after(start, business) if business else start + timedelta(days=days)
    return None
