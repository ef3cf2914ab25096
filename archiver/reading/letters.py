"""Parse letters that demand money or proof for a picture: the sender, case, pages, amount and deadline.

Pure: text in, values out. Every value says how it was found, because a person must confirm it. Values that the letter
does not state stay unknown. `letters.yaml` has the words and the known claimants.
"""

from __future__ import annotations

import math
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

from archiver.reading.dates import day_order, days_in

NOTICE_BUSINESS_DAYS = 5
"""Business days for a platform's indemnity notice, unless its own clause was read (Shutterstock's, from a reprint)."""

MAX_LETTER_LENGTH = 60_000  # characters of a letter that are read
MAX_LABEL_DISTANCE = 60  # characters before a day or a sum in which its label stands


class LetterKind(StrEnum):
    """A question (in German a Berechtigungsanfrage), a demand for money, or a German Abmahnung: a case for a lawyer."""

    INQUIRY = "inquiry"
    DEMAND = "demand"
    ABMAHNUNG = "abmahnung"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a letter says. `sure` tells for each field that was read how; what it does not name was not found.

    `deadline` is the last day on which an answer is in time. Weekends are no business days, but Saturdays are German
    Werktage and French jours ouvrables; public holidays are taken for some, so that it is rather too early than late.
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
    """`letters.yaml`: words, numbers, currencies and claimants."""
    import yaml

    loaded: Mapping[str, Any] = yaml.safe_load(files("archiver.reading").joinpath("letters.yaml").read_text("utf-8"))
    return loaded


def read_letter(
    text: str, *, received: date | None = None, domains: Iterable[str] = (), links: Iterable[str] = ()
) -> Letter:
    """Read a letter's text. `received`: the day it came; `domains`: the client's own, whose pages come first.

    `links`: addresses to which its words lead; those of other domains are a letterhead's or a portal's.
    """
    text = re.sub(r"[\xa0\u2007\u202f]", " ", text.replace("\r", "").replace("\xad", ""))[:MAX_LETTER_LENGTH]
    sure: dict[str, str] = {}
    claimant = _claimant(text, sure)
    dated = _dated(text, received, sure)
    amount, currency = _amount(text, sure)
    return Letter(
        claimant=claimant.get("name"),
        reference=_reference(text, claimant, sure),
        kind=_kind(text, sure),
        urls=_urls(text, tuple(domains), links, sure),
        amount=amount,
        currency=currency,
        dated=dated,
        deadline=_deadline(text, dated, received, claimant, sure),
        first_seen=_first_seen(text, received, sure),
        sure=sure,
    )


def business_days_after(day: date, number: int, week: int = 5) -> date:
    """The `number`-th day after `day` of those that count; `week`: how many of each week do, from Monday on."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < week
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
    return found.string[max(0, found.start() - MAX_LABEL_DISTANCE) : found.start()].rpartition("\n\n")[2]


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
    _, number, match = min(others or found, key=lambda each: each[:2])
    sure["claimant"] = f"the letter names it: {_quote(match)}"
    writer: Mapping[str, Any] = known()["claimants"][number]
    return writer


def _reference(text: str, claimant: Mapping[str, Any], sure: dict[str, str]) -> str | None:
    for pattern in claimant.get("reference", ()):
        if found := re.search(rf"{pattern}(?!-?\w)", text, re.IGNORECASE):  # whole, or by its label
            sure["reference"] = f"in this claimant's format: {_quote(found)}"
            return found[1].upper()
    written = r"(?P<id>[A-Z0-9][A-Z0-9/._:-]{2,29}(?: [A-Z]{1,3}(?:/[A-Z]{1,3})?(?=[ \t]*$))?)"
    labelled = r"(?:(?<=[ -]n[or]\.)|(?<=number|nummer)|(?<=[ -]reference)|(?<=zeichen))"
    between = rf"(?:[ \t]*[:#|]+[ \t]*|[ \t]{{2,}}|\t|{labelled}[ \t])"
    label = rf"(?<!\w){_any('reference')}{between}{written}"
    for found in re.finditer(label, text, re.IGNORECASE | re.MULTILINE):
        if any(char.isdigit() for char in found["id"]) and not any(days_in(found["id"])):
            sure["reference"] = f"by its label: {_quote(found)}"
            return found["id"].rstrip("./:-")
    return None


def _kind(text: str, sure: dict[str, str]) -> LetterKind | None:
    for found in re.finditer(_any("abmahnung"), text, re.IGNORECASE | re.MULTILINE):
        if not _search("not_yet", _before(found).rpartition("\n")[2]):
            sure["kind"] = f"an Abmahnung: {_quote(found)}"
            return LetterKind.ABMAHNUNG
    asked, demanded = _search("inquiry", text), _search("demand", text)
    if (titled := _search("inquiry_by_name", text)) or (asked and not (demanded and any(_sums(text)))):
        sure["kind"] = f"it asks for the licence: {_quote(titled or asked)}"  # type: ignore[arg-type]  # one of both
        return LetterKind.INQUIRY
    if demanded:
        sure["kind"] = f"it demands: {_quote(demanded)}"
        return LetterKind.DEMAND
    return None


# ---------------------------------------------------------------- pages


_PATH = r"(?:[^\s<>\"“”'|]|'(?=\w))*"
_URL = re.compile(rf"(?:https?://|\bwww\.)[^\s<>\"“”'|/]+(?:/{_PATH})?", re.IGNORECASE)
_REST = r"[\w./%&=?#~+-]"
_BROKEN = re.compile(
    rf"(?<=[_=&%-])\n[ \t]*(?P<next>{_REST}+)|(?<=\?)\n[ \t]*(?P<query>[\w.-]+={_REST}*)"
    rf"|(?<=/)\n[ \t]*(?P<file>{_REST}*\.(?:jpe?g|png|gif|webp|html?|php|aspx?|pdf)\b(?:[?#]{_REST}*)?)"
    rf"|(?<=[/_=&?%-])[ \t]*(?P<beside>[^\n]*)\n[ \t]*(?P<rest>[a-z0-9]{_REST}*)(?=[ \t]*(?:\n|$))"
    rf"|(?<=[_=&?%-]) (?P<same>{_REST}*[\d.]{_REST}*)(?=[ \t]*(?:\n|$))"
)
"""The rest of an address on the next line, where the first part ends as few addresses do by themselves.

After a slash or a question mark the rest stands alone, or is a file's name or a query by its looks.

In a table, where more stands `beside` the first part, the rest has to begin in its column; or a reader of tables has
put it on the `same` line.
"""


def _urls(text: str, domains: tuple[str, ...], links: Iterable[str], sure: dict[str, str]) -> tuple[str, ...]:
    """Pages on which the picture is said to be: all addresses but those of claimants and of laws."""
    theirs = {domain for each in known()["claimants"] for domain in each["domains"]}
    bare = [rf"(?<![\w.@/-])(?:[\w-]+\.)*{re.escape(domain)}/{_PATH}" for domain in domains]
    places = re.compile("|".join([_URL.pattern, *bare]), re.IGNORECASE)
    found: dict[str, str] = {}  # address -> host
    joined = False
    for match in places.finditer(text):
        url, end = match[0], match.end()
        while rest := _BROKEN.match(text, end):
            if rest["beside"] and _column(text, rest.start("rest")) != _column(text, match.start()):
                break
            more = next(rest[name] for name in ("next", "query", "file", "rest", "same") if rest[name])
            url, end, joined = url + more, rest.end(), True
        url = url.rstrip(".,;:!?)]}>*_")
        url = url if "://" in url else f"https://{url}"
        host = _host(url)
        if "." in host and not _within(host, theirs) and not any(mark in host for mark in known()["quoted_hosts"]):
            found[url] = host
    found |= {link: host for link in links if _within(host := _host(link), domains)}
    own = [url for url, host in found.items() if _within(host, domains)]
    if own:
        sure["urls"] = "addresses of the client's own domains"
    elif found:
        sure["urls"] = "addresses in the letter; none belongs to a known domain of this client"
    if found and joined:
        sure["urls"] += "; one was broken over two lines"
    return tuple(own or found)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _column(text: str, place: int) -> int:
    return place - text.rfind("\n", 0, place)


def _within(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


# ---------------------------------------------------------------- money


def _amount(text: str, sure: dict[str, str]) -> tuple[Decimal | None, str | None]:
    """The sum that is asked for: the total, else the one that is called a sum, else the only one.

    Of two that the letter offers to choose from, the first. Where nothing says which of several counts, none.
    """
    sums: list[_Sum] = []
    of_law = False
    for each in _sums(text):  # of `between $750 and $30,000` both are
        of_law = bool(_search("no_demand", each.before) or (of_law and _search("range", each.before)))
        sums += [] if of_law else [each]
    totals = [each for each in sums if _search("grand_total", each.label)]
    candidates = [each for each in sums if _search("total", each.label)] or sums
    if totals:
        candidates = [max(totals, key=lambda each: each.amount)]
    if not candidates:
        return None, None
    first, *others = [each for n, each in enumerate(candidates) if each.named not in [c.named for c in candidates[:n]]]
    named = ", ".join(sorted({each.named for each in sums}))
    if len(others) > 1 or (others and not _search("or", text[first.found.end() : others[0].found.start()][:80])):
        sure["amount"] = f"open: the letter names {named}, and does not say which of them counts"
        return None, None
    sure["amount"] = _quote(first.found) + (f"; the sums in the letter are {named}" if ", " in named else "")
    return first.amount, first.currency


@dataclass(frozen=True)
class _Sum:
    """A sum of money in a letter; `before` stands between it and the sum before it, `label` on its own line."""

    amount: Decimal
    currency: str
    before: str
    label: str
    found: re.Match[str]

    @property
    def named(self) -> str:
        return f"{self.currency} {self.amount}"


def _sums(text: str) -> Iterator[_Sum]:
    signs = "|".join(sorted(map(re.escape, known()["currencies"]), key=len, reverse=True))
    digits = r"\d(?:(?:[\d.,']| (?=\d{3}(?!\d))){0,20}\d)?"  # a space parts thousands, or two columns
    dash = r"(?:[,.][-–—]{1,2})?"
    money = rf"(?<!\w)(?P<before>{signs})\s?(?P<first>{digits})|(?P<second>{digits}){dash}\s?(?P<after>{signs})(?!\w)"
    end = 0
    for found in re.finditer(money, text, re.IGNORECASE):
        value = number(found["first"] or found["second"])
        if value is not None:
            before = text[max(end, found.start() - MAX_LABEL_DISTANCE) : found.start()].rpartition("\n\n")[2]
            line = before.rpartition("\n")[2]
            currency = known()["currencies"][(found["before"] or found["after"]).lower()]
            yield _Sum(value, currency, before, line if line.strip() else before, found)
            end = found.end()


def number(text: str) -> Decimal | None:
    """`1,234.50`, `1.234,50`, `1 234,50`, `1'234.50`, `1.234` and `1234`; None for all else."""
    found = re.fullmatch(r"(\d{1,3}(?:([.,])\d{3})*|\d+)(?:([.,])(\d{1,2}))?", re.sub(r"[ ']", "", text.strip()))
    if found is None or (found[2] and found[2] == found[3]):
        return None
    return Decimal(re.sub(r"\D", "", found[1]) + (f".{found[4]}" if found[4] else ""))


# ---------------------------------------------------------------- days


def _dated(text: str, received: date | None, sure: dict[str, str]) -> date | None:
    """The letter's own date: the first day near its top that stands by itself or after a place, not in a sentence."""
    for day, found in days_in(text[:3000], day_order([text])):
        above, _, start = text[: found.start()].rstrip(" \t").rpartition("\n")
        line = start + text[found.start() : (text + "\n").index("\n", found.end())]
        if not start.strip() and _search("another_day", above.rstrip().rpartition("\n")[2][-MAX_LABEL_DISTANCE:]):
            continue  # in a table, or a page made one line: its label stands above
        cells = [cell for cell in re.split(r"\s{2,}|\t|\|", line) if found[0] in cell]
        around = cells[0].replace(found[0], "") if cells else line
        alone = len(re.findall(r"\w+", around)) <= 4 or _search("dated", around)
        if alone and not _search("another_day", line) and not (received and day > received):
            sure["dated"] = _quote(found)
            return day
    return None


# German puts the verb last, on the next line too, if the sentence goes on there.
_AFTER = re.compile(r"(?:[^.:\n]|(?<=\b[MD][rs])\.|(?<=\bMrs)\.){0,60}(?:\n(?=[a-zäöü])[^.:\n]{0,40})?")


def _first_seen(text: str, received: date | None, sure: dict[str, str]) -> date | None:
    plain = _URL.sub("…", text)
    for day, found in days_in(plain, day_order([text])):
        after = _AFTER.match(plain, found.end())
        said = _search("first_seen", _before(found)) or (after and _search("first_seen", after[0]))
        if said and not (received and day > received):
            sure["first_seen"] = _quote(found)
            return day
    return None


def _deadline(
    text: str, dated: date | None, received: date | None, claimant: Mapping[str, Any], sure: dict[str, str]
) -> date | None:
    """The earliest day that the letter sets, by its date or by a number of days; else the claimant's usual one."""
    alone = re.compile(rf"\b{_any('until')}\s*\n\s*$", re.IGNORECASE)  # above a day that stands by itself
    found: list[tuple[date, str]] = []
    for day, match in days_in(text, day_order([text])):
        shortly = text[max(0, match.start() - MAX_LABEL_DISTANCE) : match.start()]
        if _search("until", _before(match).rpartition(".\n")[2]) or alone.search(shortly):
            found += [(day, _quote(match))] if dated is None or day > dated else []
    numbers, units = known()["numbers"], known()["units"]
    spelled = rf"(?:\d{{1,3}}|{'|'.join(sorted(numbers, key=len, reverse=True))})"  # twenty-one before twenty
    introduction = rf"(?:{_any('within')}\s+(?:\w+\s+){{0,2}}?|{_any('given')}\s+)"
    span = rf"{introduction}(?P<number>{spelled})\b(?:\s*\(\d+\))?(?=(?P<rest>[^.]{{0,80}}))"
    for match in re.finditer(span, text, re.IGNORECASE):
        number, rest = match["number"].lower(), match["rest"].lower().lstrip(" \t\n-")
        start = (received if _search("receipt", rest) else None) or dated or received
        count = int(number) if number.isdigit() else numbers[number]
        unit = next((units[each] for each in units if re.match(each, rest) or re.fullmatch(each, number)), None)
        if start is None or unit is None or not 0 < count < 366:
            continue
        counted = re.split(r"[,;\n]", rest)[0][:25]
        week = 6 if _search("with_saturdays", counted) else 5 if _search("business", counted) else 7
        day = business_days_after(start, count, week) if week < 7 else start + timedelta(days=math.ceil(count * unit))
        found.append((day, f"counted from {start}: {_quote(match)}"))
    if found:
        day, sure["deadline"] = min(found)
        return day
    business, days, start = claimant.get("business_days", 0), claimant.get("days", 0), dated or received
    if start and (business or days):
        usual = f"{business} business days" if business else f"{days} days"
        sure["deadline"] = f"the letter sets no deadline; {claimant['name']} usually sets {usual}, counted from {start}"
        return business_days_after(start, business) if business else start + timedelta(days=days)
    return None
