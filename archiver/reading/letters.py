"""Parse letters that demand money or proof for a picture: the sender, case, pages, amount and deadline.

Pure: text in, values out. Every value says how it was found, because a person must confirm it. Values that the letter
does not state stay unknown. `letters.yaml` has the words and the known claimants.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from urllib.parse import urlsplit

from archiver.reading.dates import day_order, days_in, days_without_year
from archiver.reading.letter_sender import PUBLIC_MAIL, Sender, belongs, domain_of, mail_domains, senders_in, writer
from archiver.reading.letter_words import KnownClaimant, any_of, known, quote, search

NOTICE_BUSINESS_DAYS = 5
"""Business days for a platform's indemnity notice, unless its own clause was read (Shutterstock's, from a reprint)."""

MAX_COLUMN_DISTANCE = 2  # characters between a label's column and that of its value
MAX_LETTER_LENGTH = 60_000  # characters of a letter that are read
MAX_TAX = Decimal("1.27")  # of a sum with it to one without
MAX_ROUNDING = Decimal("0.01")  # of a tax
DAYS_OF_MONTH = 30  # in `letters.yaml`; rather too early than late
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


def read_letter(
    text: str, *, received: date | None = None, domains: Iterable[str] = (), links: Iterable[str] = (),
    senders: Sequence[Sender] = (), own: Iterable[str] = (),
) -> Letter:  # fmt: skip
    """Read a letter's text. `received`: the day it came; `domains`: the client's own, whose pages come first.

    `links`: addresses to which its words lead; those of other domains are a letterhead's or a portal's. `senders`: whom
    the mail's header names; `own`: names of the client and the agency, who get letters and write none.
    """
    text = re.sub(r"[\xa0\u2007\u202f]", " ", text.replace("\r", "").replace("\xad", ""))[:MAX_LETTER_LENGTH]
    text = re.sub(r"(?<=\d)[’‘´](?=\d{3})", "'", text)  # Swiss thousands
    text = re.sub(r"^(?:[ \t]?>)+[ \t]?", "", text, flags=re.MULTILINE)  # quoted in a mail
    sure: dict[str, str] = {}
    domains = tuple(domains)
    name, claimant = writer(text, senders, domains, own, sure)
    urls = _urls(text, domains, links, {domain_of(address) for _, address in senders}, name, sure)
    text = _labelled(text)
    dated = _dated(text, received, sure)
    amount, currency = _amount(text, sure)
    return Letter(
        claimant=name,
        reference=_reference(text, claimant, sure),
        kind=_kind(text, sure),
        urls=urls,
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


def _before(found: re.Match[str]) -> str:
    """What stands shortly before a match, in the same paragraph."""
    return found.string[max(0, found.start() - MAX_LABEL_DISTANCE) : found.start()].rpartition("\n\n")[2]


_LABELS = ("reference", "receivers_label", "until", "grand_total", "total", "dated", "first_seen")


def _labelled(text: str) -> str:
    """The text with labels that stand above their values, alone or as the head of one row, beside them.

    A table of several rows says no field once, and stays what it is.
    """
    lines = _listed(text.split("\n"))
    out: list[str] = []
    head: list[_Cell] = []  # labels that still have no value
    for number, line in enumerate(lines):
        cells = _cells(line)
        if not cells:
            out.append(line)
            continue
        below = _cells(lines[number + 1]) if number + 1 < len(lines) else []
        rows = len(cells) > 1 and len(below) == len(cells) and not all(_is_label(text) for _, text in below)
        pairs = [] if rows or any(_is_label(text) for _, text in cells) else _paired(head, cells)
        if pairs:
            while out and not out[-1].strip():
                out.pop()
            out[-1:] = [f"{label.rstrip(' :')}: {value}" for label, value in pairs]
            head = []
        else:
            out.append(line)
            head = cells if all(_is_label(text) for _, text in cells) else []
    return "\n".join(out)


def _listed(lines: Sequence[str]) -> list[str]:
    """The lines, with as many values below as there are labels (a page's table, cell by cell) each beside its label."""
    out = list(lines)
    number = 0
    while number < len(out):
        end = number
        while end < len(out) and len(cells := _cells(out[end])) == 1 and _is_label(cells[0][1]):
            end += 1
        count = end - number
        values = [line for line in out[end : end + count] if len(_cells(line)) == 1 and not _is_label(line.strip())]
        if count > 1 and len(values) == count:
            both = zip(out[number:end], values, strict=True)
            out[number : end + count] = [f"{label.rstrip(' :')}: {value}" for label, value in both]
        number = max(end, number + 1)
    return out


type _Cell = tuple[int, str]
"""A cell of a line: its column and its text."""


def _cells(line: str) -> list[_Cell]:
    return [(found.start(), found[0]) for found in re.finditer(r"[^\s|]+(?: [^\s|]+)*", line)]


def _paired(labels: Sequence[_Cell], values: Sequence[_Cell]) -> list[tuple[str, str]]:
    """Each label with its value: one by one, or by their columns if some labels have none."""
    if len(labels) == len(values):
        return [(label, value) for (_, label), (_, value) in zip(labels, values, strict=True)]
    found = [
        (label, value) for at, value in values for column, label in labels if abs(at - column) <= MAX_COLUMN_DISTANCE
    ]
    return found if len(found) == len(values) > 0 else []


def _is_label(cell: str) -> bool:
    if not cell[0].isupper() or len(cell.split()) > 4 or re.search(r"[\d<@]|:.|[.]$", cell):
        return False
    return any(search(words, f"{cell.rstrip(' :')}:") for words in _LABELS)


# ---------------------------------------------------------------- which case


def _reference(text: str, claimant: KnownClaimant | None, sure: dict[str, str]) -> str | None:
    for pattern in claimant["reference"] if claimant else ():
        if found := re.search(rf"{pattern}(?!-?\w)", text, re.IGNORECASE):  # whole, or by its label
            sure["reference"] = f"in this claimant's format: {quote(found)}"
            return found[1].upper()
    sums = [each.found for each in _sums(text)]
    for words in ("reference", "case_title"):
        labelled, place = re.compile(_reference_by(words), re.IGNORECASE | re.MULTILINE), 0
        while found := labelled.search(text, place):
            place = found.end("label")  # what follows a label may be another label
            id = (found["id"] or found["bare"] or found["long"]).rstrip("./:-")
            before = text[: found.start()][-40:].rpartition("\n")[2]
            either = re.match(r"r[ée]f|zeich|kenm|rif|az\b|aktenz|ns", found[0], re.IGNORECASE)
            another = search("other_reference", before) or (either and search("receivers_sign", before))
            digits = sum(map(str.isdigit, id))
            is_id = digits and not any(days_in(id)) and not _NO_ID.search(id)
            if found["long"] and (digits < MIN_LONG_ID_DIGITS or _COURT.fullmatch(id)):
                continue
            money = any(each.start() < found.end() and found.end("label") < each.end() for each in sums)
            if is_id and not another and not money:
                sure["reference"] = f"by its label: {quote(found)}"
                return id
    return None


_NO_ID = re.compile(r"\.(?:jpe?g|png|gif|webp|tiff?|pdf|html?)$|^www\.|^\d{1,2}[.:]\d{2}$|://", re.IGNORECASE)
_SUFFIX = (
    r"(?: (?:/ )?"
    r"(?!(?:and|und|et|y|e|en|by|is|of|vom|for|on|im|an|am|to|in|or|bei|der|die|das|from|with|we|you|as|per)\b)"
    r"[A-Z]{1,3}(?:\d{1,3}|[/-][A-Z]{1,3})?(?=[ \t]*$|[ \t]{2,}|\t|[ ]*\|))?"
)
_ID = r"(?:(?-i:[A-Z]{1,4}) (?=\d[\d/.-]*[/.-]?\d))?[A-Z0-9](?:[A-Z0-9/._:-]|(?<=\d) / (?=\d)){2,29}"

_LONG_ID = r"[A-Z0-9](?:[A-Z0-9/._-]){3,28}[A-Z0-9]"  # without a colon before it, as in `case 679754`
MIN_LONG_ID_DIGITS = 5  # a year has fewer
_COURT = re.compile(r"C-\d+/\d\d|\d{1,2}:\d\d-cv-.*|\d+\.\d\d", re.IGNORECASE)  # of a court, or money


@cache
def _reference_by(words: str) -> str:
    labelled = r"(?:(?<=\w\.)|(?<=number|nummer)|(?<=[ -]reference)|(?<=zeichen|kenmerk|dossier)|"
    labelled += r"(?<=rechnung)|(?<=invoice|facture|fattura))"
    between = r"(?:[ \t]*\([^()\n]{0,40}\))?(?:[ \t]*[:#|]+[ \t]*|[ \t]{2,}|\t)"
    values = rf"{between}(?P<id>{_ID}{_SUFFIX})|{labelled}[ \t](?P<bare>{_ID})|[ \t]#?(?P<long>{_LONG_ID})(?![\w@])"
    return rf"(?<!\w)(?P<label>{any_of(words)})(?:{values})"


def _kind(text: str, sure: dict[str, str]) -> LetterKind | None:
    for found in re.finditer(any_of("abmahnung"), text, re.IGNORECASE | re.MULTILINE):
        if not search("not_yet", _before(found).rpartition("\n")[2]):
            sure["kind"] = f"an Abmahnung: {quote(found)}"
            return LetterKind.ABMAHNUNG
    asked, demanded = search("inquiry", text), search("demand", text)
    if (titled := search("inquiry_by_name", text)) or (asked and not (demanded and any(_sums(text)))):
        sure["kind"] = f"it asks for the licence: {quote(titled or asked)}"  # type: ignore[arg-type]  # one of both
        return LetterKind.INQUIRY
    if demanded:
        sure["kind"] = f"it demands: {quote(demanded)}"
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


_IN_BRACKETS = re.compile(r"<\s*((?:https?://|www\.)[^<>]{1,600}?)\s*>", re.IGNORECASE)
_ENDING = re.compile(r"\.(?:jpe?g|png|gif|webp|html?|php|aspx?|pdf)$", re.IGNORECASE)
_MORE = re.compile(rf"[ \t]*\n[ \t]*(?P<rest>{_REST}+)(?P<alone>[ \t]*(?:\n|$))?")
MIN_FULL_LINE_LENGTH = 60  # characters of a line that may have broken an address at its end


def _urls(
    text: str, domains: tuple[str, ...], links: Iterable[str], senders: Iterable[str], claimant: str | None,
    sure: dict[str, str],
) -> tuple[str, ...]:  # fmt: skip
    """The pages on which the picture is said to be: all addresses except those of claimants, senders and laws.

    An address that continues on the next line is joined if that is certain, and otherwise left out.
    """
    theirs = {domain for each in known()["claimants"] for domain in each["domains"]}
    theirs |= {*senders, *mail_domains(text), *(domain_of(address) for _, address in senders_in(text))}
    theirs = {each for each in theirs if not belongs(each, domains) and each not in PUBLIC_MAIL}
    text = _IN_BRACKETS.sub(lambda found: " " + re.sub(r"\s+", "", found[1]) + " ", text)
    bare = [rf"(?<![\w.@/-])(?:[\w-]+\.)*{re.escape(domain)}/{_PATH}" for domain in domains]
    places = re.compile("|".join([_URL.pattern, *bare]), re.IGNORECASE)
    found: dict[str, str] = {}  # address -> host
    notes = set()
    for match in places.finditer(text):
        url, end = match[0], match.end()
        while rest := _BROKEN.match(text, end):
            if rest["beside"] and _column(text, rest.start("rest")) != _column(text, match.start()):
                break
            more = next(rest[name] for name in ("next", "query", "file", "rest", "same") if rest[name])
            url, end = url + more, rest.end()
            notes.add("; one was broken over two lines")
        following, certain = _goes_on(text, match.start(), end, url)
        if following and not certain:
            notes.add("; an address that is broken over two lines is left out")
            continue
        if following:
            url += following
            notes.add("; one was broken over two lines")
        url = url.rstrip(".,;:!?)]}>*_")
        url = url if "://" in url else f"https://{url}"
        host = _host(url)
        if "." not in host or belongs(host, theirs) or any(mark in host for mark in known()["quoted_hosts"]):
            continue
        if not belongs(host, domains) and _leads_to_sender(text, match, url, host, claimant):
            continue
        found[url] = host
    found |= {link: host for link in links if belongs(host := _host(link), domains)}
    own = [url for url, host in found.items() if belongs(host, domains)]
    if own:
        sure["urls"] = "addresses of the client's own domains"
    elif found:
        sure["urls"] = "addresses in the letter; none belongs to a known domain of this client"
    if notes:
        sure["urls"] = sure.get("urls", "open") + "".join(sorted(notes))
    return tuple(own or found)


def _goes_on(text: str, start: int, end: int, url: str) -> tuple[str, bool]:
    """What the next line adds to an address at the end of a line, and whether it certainly belongs to it."""
    rest = _MORE.match(text, end)
    if not rest or text[end - 1] in ",;:!)>" or re.match(r"https?:|www\.", rest["rest"]):
        return "", True
    more, tail = rest["rest"], url.partition("://")[2] or url
    if "/" not in tail:  # only a host, or its beginning
        if tail.endswith(".") and re.match(r"[a-z0-9-]+(?:\.[a-z]{2,})*/", more):
            return more, True
        return (more, True) if more.startswith("/") and len(more) > 1 else ("", True)
    if text[end - 1] == "." or _ENDING.search(url):
        return (
            (more, True)
            if text[end - 1] == "." and re.match(r"(?:jpe?g|png|webp|gif|html?|php)\b", more)
            else ("", True)
        )
    if more[0] in "/?=&%_#" and len(more) > 1:
        return more, True
    if not re.match(r"[a-z0-9]", more) or len(text[text.rfind("\n", 0, start) + 1 : end]) < MIN_FULL_LINE_LENGTH:
        return "", True
    joins = re.search(r"[/_=&?%]|\w-\w[\w-]*-\w|\d-?[a-z]|[a-z]-?\d|\.(?:jpe?g|png|html?|php)$", more)
    return (more, bool(rest["alone"])) if joins or (rest["alone"] and "-" in more) else ("", True)


def _leads_to_sender(text: str, match: re.Match[str], url: str, host: str, claimant: str | None) -> bool:
    """Whether an address is the sender's own: its portal, privacy notice or letterhead."""
    squashed = re.sub(r"[\W_]", "", claimant or "").casefold()
    labels = [re.sub(r"[\W_]", "", label) for label in host.split(".")[:-1]]
    if any(len(label) > 4 and label in squashed for label in labels) or (
        squashed and any(len(squashed) > 4 and squashed in label for label in labels)
    ):
        return True
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    path = url.partition("://")[2].partition("/")[2]
    above = text[: match.start()].splitlines()
    if not path.strip("/") and len(above) < 12 and ("·" in line or not line.strip() or "|" in line):
        return True  # a letterhead
    return bool(search("portal", line) or search("portal_path", f"/{path}"))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _column(text: str, place: int) -> int:
    return place - text.rfind("\n", 0, place)


# ---------------------------------------------------------------- money


def _amount(text: str, sure: dict[str, str]) -> tuple[Decimal | None, str | None]:
    """The sum that is demanded: the total, else the amount that is called a sum, else the only amount.

    If the letter offers two to choose from, the first. If nothing says which of several counts, none.
    """
    sums: list[_Sum] = []
    of_law = False
    for each in _sums(text):  # of `between $750 and $30,000` both are
        of_law = bool(search("no_demand", each.before) or (of_law and search("range", each.before)))
        sums += [] if of_law or _per_item(each) else [each]
    nets = [one for one, other in itertools.pairwise(sums) if _is_net(one, other)]
    sums = [each for each in sums if each not in nets]
    totals = [each for each in sums if search("grand_total", each.label)]
    candidates = [each for each in sums if search("total", each.label)] or sums
    if totals:
        candidates = [max(totals, key=lambda each: each.amount)]
    elif with_tax := _with_tax(text, sums):
        candidates = [with_tax]
    elif len(sums) > 2 and sums[-1].amount == sum(each.amount for each in sums[:-1]):
        candidates = sums[-1:]  # the others, added
    if not candidates:
        return None, None
    first, *others = [each for n, each in enumerate(candidates) if each.named not in [c.named for c in candidates[:n]]]
    named = ", ".join(sorted({each.named for each in sums}))
    if len(others) > 1 or (others and not search("or", text[first.found.end() : others[0].found.start()][:80])):
        sure["amount"] = f"open: the letter names {named}, and does not say which of them counts"
        return None, None
    if not totals and (more := _added(text, first, sums)):
        sure["amount"] = f"open: the letter adds {more.named} to {first.named}, and does not say the total"
        return None, None
    sure["amount"] = quote(first.found) + (f"; the sums in the letter are {named}" if ", " in named else "")
    return first.amount, first.currency


_RATE = r"(\d{1,2}(?:[.,]\d{1,2})?) ?%"
_TAX_NAME = r"\b(?:vat|gst|btw|tva|iva|ust|mwst|mehrwertsteuer|umsatzsteuer)\b"
_TAX = re.compile(
    rf"(?<![\d.,]){_RATE}\s*(?:(?:of|de|di|der|die|ges\w*) )?{_TAX_NAME}|{_TAX_NAME}[^\d\n]{{0,12}}{_RATE}",
    re.IGNORECASE,
)


def _with_tax(text: str, sums: Sequence[_Sum]) -> _Sum | None:
    """The sum with tax, if the others are just the sum without it and the tax itself, by the rate that is named."""
    rates = {Decimal((found[1] or found[2]).replace(",", ".")) for found in _TAX.finditer(text)}
    amounts = {each.amount for each in sums}
    if len(rates) == 1 and len(amounts) > 1:
        gross = max(amounts)
        net = gross * 100 / (100 + rates.pop())
        if all(min(abs(each - net), abs(each - gross + net)) <= MAX_ROUNDING for each in amounts - {gross}):
            return next(each for each in sums if each.amount == gross)
    return None


def _added(text: str, first: _Sum, sums: Sequence[_Sum]) -> _Sum | None:
    """Another sum that the letter adds to this one, in the same sentence."""
    for one, other in itertools.pairwise(sums):
        between = text[one.found.end() : other.found.start()]
        if first in (one, other) and search("added", between) and not re.search(r"[.!?]\s|\n\s*\n", between):
            return other if first is one else one
    return None


def _per_item(each: _Sum) -> bool:
    """Whether a sum is the price of one of several pictures, of which a letter states the total, too."""
    return bool(search("per_item", each.before) or search("per_item_after", _after(each)))


def _is_net(one: _Sum, other: _Sum) -> bool:
    """Whether a sum is the next one without its tax."""
    taxed = search("without_tax", _after(one)) and search("with_tax", _after(other))
    return bool(taxed) and one.amount < other.amount <= one.amount * MAX_TAX


def _after(each: _Sum) -> str:
    """The words after a sum, in the same part of its sentence."""
    return re.split(r"[,;\n]|\.(?!\w)", each.found.string[each.found.end() :][:30])[0]


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
    far = r"[ \t]{2,}(?=\d[\d.,' ]*[.,]\d\d(?!\d))"  # in another column
    before_it = rf"(?<!\w)(?P<before>{signs})(?:{far}|\s?)(?P<first>{digits})"
    after_it = rf"(?<!\d[-/.,'])(?<![\w-])(?P<second>{digits}){dash}\s?(?P<after>{signs})(?!\w)"
    beside = re.compile(rf"[ \t]?{digits}")
    postfix = bool(re.search(rf"\d{dash}[ \t]?(?:{signs})[ \t]*$", text, re.IGNORECASE | re.MULTILINE))
    pattern = re.compile(f"{before_it}|{after_it}", re.IGNORECASE)
    place = end = 0
    while found := pattern.search(text, place):
        place = found.end()
        if found["second"] and (other := beside.match(text, found.end())):  # one sign between two numbers
            money = [re.search(r"[.,]\d\d$", each) is not None for each in (found["second"], other[0])]
            if money != [True, False] and not (all(money) and postfix):
                place = found.start("after")
                continue
        value = number(found["first"] or found["second"])
        if value is not None and not (value < 100 and (found["before"] or found["after"]).lower() in _WEEKDAY_SIGNS):
            before = text[max(end, found.start() - MAX_LABEL_DISTANCE) : found.start()].rpartition("\n\n")[2]
            line = _URL.sub("…", before.rpartition("\n")[2])
            if end and (tax := search("with_tax", line)):  # that of the sum before
                line = line[tax.end() :]
            currency = known()["currencies"][(found["before"] or found["after"]).lower()]
            yield _Sum(value, currency, before, line if line.strip() else before, found)
            end = found.end()


_WEEKDAY_SIGNS = {"fr."}  # a franc, or a Friday the 18.12.


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
        if not start.strip() and search("another_day", above.rstrip().rpartition("\n")[2][-MAX_LABEL_DISTANCE:]):
            continue  # in a table, or a page made one line: its label stands above
        cells = [cell for cell in re.split(r"\s{2,}|\t|\|", line) if found[0] in cell]
        around = cells[0].replace(found[0], "") if cells else line
        alone = len(re.findall(r"\w+", around)) <= 4 or search("dated", around)
        if alone and not search("another_day", line) and not (received and day > received):
            sure["dated"] = quote(found)
            return day
    return None


# German puts the verb last, on the next line too, if the sentence goes on there.
_AFTER = re.compile(r"(?:[^.:\n]|(?<=\b[MD][rs])\.|(?<=\bMrs)\.){0,60}(?:\n(?=[a-zäöü…])[^.:\n]{0,40})?")


def _first_seen(text: str, received: date | None, sure: dict[str, str]) -> date | None:
    plain = _URL.sub("…", text)
    for day, found in days_in(plain, day_order([text])):
        after = _AFTER.match(plain, found.end())
        said = search("first_seen", _before(found)) or (after and search("first_seen", after[0]))
        if said and not (received and day > received):
            sure["first_seen"] = quote(found)
            return day
    return None


def _deadline(
    text: str, dated: date | None, received: date | None, claimant: KnownClaimant | None, sure: dict[str, str]
) -> date | None:
    """The earliest day that the letter sets, by a date or a number of days; otherwise the claimant's usual one.

    Unknown if the letter sets a deadline that cannot be read, because the usual one could be later.
    """
    start = dated or received
    found = [*_deadline_days(text, dated, start), *_deadline_spans(text, dated, received)]
    if start and (match := search("ends_of_month", text)):
        end = date(start.year + start.month // 12, start.month % 12 + 1, 1) - timedelta(days=1)
        found.append((end, f"the end of the letter's month: {quote(match)}"))
    for readings, match in _two_ways(text, start):
        if dated and len(readings) == 1 and len(match[4]) == 4:  # the other one was before the letter
            found.append((readings[0], quote(match)))
        elif not found or readings[0] < min(found)[0]:
            sure["deadline"] = f"open: the letter's day can be read in two ways: {quote(match)}"
            return None
    if found:
        day, sure["deadline"] = min(found)
        return day
    if match := search("speaks_of_deadline", text):
        sure["deadline"] = f"open: the letter sets a deadline that could not be read: {quote(match)}"
        return None
    business, days = (claimant.get("business_days", 0), claimant.get("days", 0)) if claimant else (0, 0)
    if start and claimant and (business or days):
        usual = f"{business} business days" if business else f"{days} days"
        sure["deadline"] = f"the letter sets no deadline; {claimant['name']} usually sets {usual}, counted from {start}"
        return business_days_after(start, business) if business else start + timedelta(days=days)
    return None


def _deadline_days(text: str, dated: date | None, start: date | None) -> Iterator[tuple[date, str]]:
    """The days, with or without a year, that stand after a word for a deadline."""
    alone = re.compile(
        rf"\b{any_of('until')}(?:[ \t]+\w{{2,4}}){{0,2}}\s*\n\s*$", re.IGNORECASE
    )  # above a day on a line of its own
    days = list(days_in(text, day_order([text])))
    places = [match.span() for _, match in days]
    for day, match in days_without_year(text, start) if start else ():
        if not any(a < match.end() and match.start() < b for a, b in places):
            days.append((day, match))
    for day, match in days:
        shortly = text[max(0, match.start() - MAX_LABEL_DISTANCE) : match.start()]
        says = search("until", _before(match).rpartition(".\n")[2]) or alone.search(shortly)
        if says and (dated is None or day > dated):
            yield day, quote(match)


_NUMBERS = re.compile(r"(?<![\w./-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?![\w/-])", re.ASCII)


def _two_ways(text: str, start: date | None) -> Iterator[tuple[list[date], re.Match[str]]]:
    """The days after a word for a deadline that could be two: both, sorted, without one that is not after `start`."""
    order = day_order([text])
    for match in _NUMBERS.finditer(text):
        one, other, year = int(match[1]), int(match[3]), int(match[4]) + (2000 if len(match[4]) == 2 else 0)
        certain = one == other or (len(match[4]) == 4 and (order or max(one, other) > 12))
        if certain or not search("until", _before(match).rpartition(".\n")[2]):
            continue
        readings = [date(year, month, day) for month, day in ((one, other), (other, one)) if month < 13 and day < 29]
        if after := sorted(day for day in readings if start is None or day > start):
            yield after, match


def _deadline_spans(text: str, dated: date | None, received: date | None) -> Iterator[tuple[date, str]]:
    """The ends of the numbers of days that a letter gives, counted as its words say."""
    numbers, units = known()["numbers"], known()["units"]
    spelled = rf"(?:\d{{1,3}}|{'|'.join(sorted(numbers, key=len, reverse=True))})"  # twenty-one before twenty
    introduction = rf"(?:{any_of('within')}\s+(?:\w+\s+){{0,2}}?|{any_of('given')}\s+)"
    span = rf"\b{introduction}(?P<number>{spelled})\b(?:\s*\([\w-]+\))?(?=(?P<rest>[^.]{{0,80}}))"
    week = 5 if search("without_saturdays", text) else None
    for match in re.finditer(span, text, re.IGNORECASE):
        number, rest = match["number"].lower(), match["rest"].lower().lstrip(" \t\n-")
        start = (received if search("receipt", rest) else None) or dated or received
        for day, other in days_in(rest):  # of a day that the letter names: `of our letter of 12 November 2026`
            if (
                start
                and day < start
                and re.search(r"\b(?:of|from|vom|ab|seit|du|del|dal|van|after)\s*$", rest[: other.start()])
            ):
                start = day
        count = int(number) if number.isdigit() else numbers[number]
        unit = next((units[each] for each in units if re.match(each, rest) or re.fullmatch(each, number)), None)
        if start is None or unit is None or not 0 < count < 366:
            continue
        counted = re.split(r"[,;\n]", rest)[0][:25]
        days = 6 if search("with_saturdays", counted) else 5 if search("business", counted) else 7
        end = start + timedelta(days=math.ceil(count * unit))
        if days < 7:
            end = business_days_after(start, count, week or days)
        elif unit == DAYS_OF_MONTH and start.month == 1 and start.day > 28:
            end = min(end, date(start.year, 3, 1) - timedelta(days=1) + timedelta(days=30 * (count - 1)))
        yield end, f"counted from {start}: {quote(match)}"
