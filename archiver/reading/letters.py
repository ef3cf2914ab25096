"""Parse letters that demand money or proof for a picture: the sender, case, pages, amount and deadline.

Pure: text in, values out. Every value says how it was found, because a person must confirm it. Values that the letter
does not state stay unknown. `letters.yaml` has the words and the known claimants.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from archiver.reading.court_papers import CourtPaper, claimant_in, court_paper_in, court_papers
from archiver.reading.dates import MONTH_NAMES, DateOrder, day_order, days_in, days_without_year
from archiver.reading.letter_pages import host_of, pages_in
from archiver.reading.letter_reference import reference_in
from archiver.reading.letter_sender import Sender, belongs, domain_of, senders_in, writer
from archiver.reading.letter_sums import demanded, sums_in
from archiver.reading.letter_thread import FORWARDED, NEW_PAPER, ThreadMessage, in_order, messages, passed_on
from archiver.reading.letter_words import (
    MAX_LABEL_DISTANCE,
    NUMBERED_DAY,
    SENTENCE_END,
    KnownClaimant,
    any_of,
    is_foreign,
    known,
    quote,
    search,
    without_addresses,
)

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, DocumentReader, ReaderJob

NOTICE_BUSINESS_DAYS = 5
"""Business days for a platform's indemnity notice, unless its own clause was read (Shutterstock's, from a reprint)."""

MAX_COLUMNS_LENGTH = 80  # characters of a line that may be a row of labels
MAX_ROW_LENGTH = 300  # characters of a row with a sum
MAX_COLUMN_DISTANCE = 2  # characters between a label's column and that of its value
MAX_SENTENCE_LENGTH = 240  # characters on each side of a day
MAX_LABEL_WORDS = 6
MAX_DIFFERENCE_DAYS = 7  # between a letter's own count of days and ours: holidays, and how long the mail took
MAX_HEAD_LENGTH = 600  # characters in which a letter's own date stands
MAX_LETTER_LENGTH = 60_000  # characters of a letter that are read
MONTHS = 12
DAYS_OF_MONTH = 30  # in `letters.yaml`; rather too early than late


class LetterKind(StrEnum):
    """A question (in German a Berechtigungsanfrage), a demand for money, a German Abmahnung, or a court's paper.

    `court_papers.yaml` describes those of courts, by these values.
    """

    INQUIRY = "inquiry"
    DEMAND = "demand"
    ABMAHNUNG = "abmahnung"
    MAHNBESCHEID = "mahnbescheid"
    VOLLSTRECKUNGSBESCHEID = "vollstreckungsbescheid"
    KLAGE = "klage"
    KLAGEBEANTWORTUNG = "klagebeantwortung"
    EINSTWEILIGE_VERFUEGUNG = "einstweilige_verfuegung"
    ZAHLUNGSBEFEHL = "zahlungsbefehl"
    BETREIBUNG = "betreibung"
    CCB_NOTICE = "ccb_notice"
    US_SUMMONS = "us_summons"
    UK_CLAIM_FORM = "uk_claim_form"
    ASSIGNATION = "assignation"
    INJONCTION_DE_PAYER = "injonction_de_payer"
    DECRETO_INGIUNTIVO = "decreto_ingiuntivo"
    ATTO_DI_CITAZIONE = "atto_di_citazione"
    DAGVAARDING = "dagvaarding"
    MONITORIO = "monitorio"
    DEMANDA = "demanda"
    NAKAZ_ZAPLATY = "nakaz_zaplaty"

    @property
    def for_lawyer(self) -> bool:
        """Whether a lawyer answers it, and nobody else: no reply to it is drafted."""
        return self not in (LetterKind.INQUIRY, LetterKind.DEMAND)

    @property
    def court_paper(self) -> CourtPaper | None:
        """What a court's paper is called, and what must not be missed; None for a letter."""
        return court_papers().get(self.value)


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


READ_TIMEOUT_S = 10.0  # for one letter
_ENDLESS = re.compile(r"(?<=[^\S\n]{200})[^\S\n]+|(?<=\n{50})\n+|(?<=\w{500})\w+")
"""What is more than any page has between two words or lines, or in a word; searches could take hours over it."""


# many parameters: those of `read_letter`
def letter_by(
    reader: DocumentReader, text: str, *, received: date | None = None, domains: Iterable[str] = (),
    links: Iterable[str] = (), senders: Sequence[Sender] = (), own: Iterable[str] = (), assumed: bool = False,
) -> Letter:  # fmt: skip
    """Like `read_letter`, in a reader process; a letter that says nothing if that process fails or takes too long."""
    from archiver.core.json_files import checked
    from archiver.reading.worker import ReaderFailed

    known: dict[str, object] = {"domains": [*domains], "links": [*links], "senders": [*senders], "own": [*own]}
    known["assumed"] = assumed
    request = json.dumps([text, received and received.isoformat(), known]).encode()
    with suppress(ReaderFailed, ValueError):
        return checked(Letter, b"".join(reader.stream(f"{__name__}:letter_reading", request, READ_TIMEOUT_S)))
    return Letter()


def letter_reading() -> ReaderJob:
    """The reader process's side of `letter_by`."""
    from pydantic import TypeAdapter

    written = TypeAdapter(Letter)

    def work(content: bytes, _channel: Channel) -> bytes:
        text, received, known = json.loads(content)
        known["senders"] = [(name, address) for name, address in known["senders"]]
        return written.dump_json(read_letter(text, received=received and date.fromisoformat(received), **known))

    return work


# many parameters: what is known of a letter besides its text
def read_letter(
    text: str, *, received: date | None = None, domains: Iterable[str] = (), links: Iterable[str] = (),
    senders: Sequence[Sender] = (), own: Iterable[str] = (), assumed: bool = False,
) -> Letter:  # fmt: skip
    """Read a letter's text. `received`: the day it came; `domains`: the client's own, whose pages come first.

    `assumed`: nobody stated that day, as when a mail passes on a letter that came on paper. Then what counts from
    receipt counts from the letter's own day if that is earlier, so that no deadline is read too late.

    `links`: addresses to which its words lead; those of other domains are a letterhead's or a portal's. `senders`: whom
    the mail's header names; `own`: names of the client and the agency, who get letters and write none.
    """
    text = in_order(_cleaned(text))
    sure: dict[str, str] = {}
    domains, own = tuple(domains), tuple(own)
    letter = passed_on(text)  # whoever passes a letter on did not write it
    names = list(senders_in(letter or text)) if letter or FORWARDED.match(text) else []
    names = names if letter else names or [*senders]
    name, claimant = writer((letter or text).replace(NEW_PAPER, "\n\n"), names, domains, own, sure)
    thread = messages(text, senders, received, domains, own)
    whole = "\n\n".join(each.text for each in thread)
    urls = pages_in(whole, domains, links, {domain_of(address) for _, address in senders}, name, sure)
    fields: dict[str, Any] = {}
    left_open: set[str] = set()
    for message in thread:  # what a newer message says counts before what it quotes
        values, how = _fields(message, claimant, message.sent, assumed=assumed)
        for field_name, value in values.items():
            if field_name in fields or field_name in left_open or (field_name == "dated" and message is not thread[0]):
                continue
            if field_name == "deadline" and value and message is not thread[0] and value <= (thread[0].sent or value):
                continue  # it had passed when the newest message was written
            if value is not None:
                fields[field_name] = value
            elif field_name in how or (field_name == "amount" and any(True for _ in sums_in(message.text))):
                left_open.add(field_name)
            if field_name in how:
                sure[field_name] = how[field_name]
    if "dated" not in fields and thread[0].header_day:
        fields["dated"], sure["dated"] = thread[0].header_day, "the mail's header that is in the text"
    if "kind" not in fields and any(belongs(host_of(url), domains) for url in urls) and (sums := [*sums_in(whole)]):
        fields["kind"], sure["kind"] = LetterKind.DEMAND, f"it names a sum: {quote(sums[0].found)}"
    if (kind := fields.get("kind")) and kind.court_paper:  # which the court writes, and somebody else claims
        name = _party(whole, sure)
    if "deadline" not in sure:
        fields["deadline"] = _usual_deadline(fields.get("dated") or received, claimant, sure)
    amount, currency = fields.pop("amount", (None, None))
    return Letter(claimant=name, urls=urls, amount=amount, currency=currency, sure=sure, **fields)


def _cleaned(text: str) -> str:
    """A letter's text without what a page's layout or a reader of PDFs has left in its words, days and sums."""
    text = re.sub(r"\xad(?:\n[ \t]*)?", "", text.replace("\r", ""))  # where a word may be, or has been, parted
    text = re.sub(r"[\xa0\u2007\u202f]", " ", text.replace("**", ""))  # bold, as some write it
    text = re.sub(r"(?<=\d)[’‘´](?=\d{3})", "'", _ENDLESS.sub("", text)[:MAX_LETTER_LENGTH])  # Swiss thousands
    text = re.sub(r"(?<=\d)\n(st|nd|rd|th|er|º|°)\n(?=\w)", r"\1 ", text)  # raised, in a page
    text = _day_words().sub(lambda found: f"{found['number'] or known()['ordinals'][found['day'].lower()]} ", text)
    text = _SPACED.sub(lambda found: _closed(found[0]), text)
    text = _SMALL_CAPITALS.sub(lambda found: re.sub(r"(?<![^\W_])([^\W\d_]) (?=[^\W\d_]{2})", r"\1", found[0]), text)
    return _NARROW_HYPHEN.sub("-", text)


@cache
def _day_words() -> re.Pattern[str]:
    """A day of a month in words, before the month: `the eleventh day of December`, `the 11th day of December`."""
    words = "|".join(sorted(known()["ordinals"], key=len, reverse=True))
    day = rf"(?:(?P<day>{words})(?:\s+day)?|(?P<number>\d{{1,2}})(?:st|nd|rd|th)\s+day)"
    return re.compile(rf"\b{day}(?:\s+(?:of|de))?\s+(?=(?:{MONTH_NAMES})\b)", re.IGNORECASE)


_SPACED = re.compile(r"^[ \t]*(?:\S{1,2}(?: (?! )|[ ]{2,3}(?=\S{1,2}(?:\s|$)))){5,}\S{1,2}[ \t]*$", re.MULTILINE)
"""A line whose letters stand apart, as some headings are printed: `C A S E  N U M B E R`."""


_NARROW_HYPHEN = re.compile(r"(?<=[A-ZÀ-Þ]{2})[ ]-(?=[A-ZÀ-Þ]{3,}(?![^\W_]))")
"""A hyphen between words in capitals, as a reader of PDFs leaves it where letters stand close: `HALL -STONE`."""


_SMALL_CAPITALS = re.compile(
    r"^[ \t]*{word}(?:[ \t]*(?:[&+,|·–-][ \t]*)?{word})+[ \t]*$".replace("{word}", r"[A-ZÀ-Þ] [A-ZÀ-Þ]{2,}[.']?"),
    re.MULTILINE,
)
"""A line in small capitals, as a reader of PDFs leaves it: `P ROBE & M USTER`."""


def _closed(line: str) -> str:
    """Such a line as it is said. A reader may have put two of its letters together, so a word may be short."""
    if not re.search(r"[^\W\d_] [^\W\d_] [^\W\d_]", line):
        return line
    return " ".join(re.sub(r"(?<=[^\W_]) (?=[^\W_])", "", word) for word in re.split(r" {2,}", line.strip()))


def _fields(
    message: ThreadMessage, claimant: KnownClaimant | None, known_day: date | None, *, assumed: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    """What one message says, by the names of `Letter`, and how each was found."""
    sure: dict[str, str] = {}
    text = _labelled(message.text)
    dated = _dated(text, known_day, sure)
    arrived = min(filter(None, (dated, known_day)), default=None) if assumed else known_day
    amount = demanded(text, sure, dated or known_day)
    kind = _court_kind(message.text, sure) or _kind(text, sure)
    deadline = _deadline(text, dated, arrived, sure)
    values = {
        "reference": reference_in(text, claimant, sure),
        "kind": kind,
        "amount": None if amount[0] is None else amount,
        "dated": dated,
        "deadline": _served(kind, arrived or dated, deadline, sure) if kind and kind.court_paper else deadline,
        "first_seen": _first_seen(text, known_day, sure),
    }
    return values, sure


def business_days_after(day: date, number: int, week: int = 5) -> date:
    """The `number`-th day after `day` of those that count; `week`: how many of each week do, from Monday on."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < week
    return day


def _before(found: re.Match[str]) -> str:
    """What stands shortly before a match, in the same paragraph."""
    return found.string[max(0, found.start() - MAX_LABEL_DISTANCE) : found.start()].rpartition("\n\n")[2]


_LABELS = ("reference", "case_title", "receivers_label", "until", "grand_total", "total", "dated", "first_seen")


def _labelled(text: str) -> str:
    """The text with labels that stand above their values, alone or as the head of one row, beside them.

    A table of several rows says no field once, and stays what it is.
    """
    lines = _listed(_columns(text.split("\n")))
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
        below_it = lines[number + 1] if number + 1 < len(lines) else ""
        table = _is_priced(line) and _is_priced(below_it)  # below its head
        if pairs and not table and not any(_is_row(value) for _, value in pairs):
            while out and not out[-1].strip():
                out.pop()
            out[-1:] = [f"{label.rstrip(' :')}: {value}" for label, value in pairs]
            head = []
        else:
            out.append(line)
            head = cells if _is_head(cells) else []
    return "\n".join(out)


def _columns(lines: Sequence[str]) -> list[str]:
    """The lines, with gaps between the columns of labels and values that a PDF has put close together."""
    out = list(lines)
    for number, (line, below) in enumerate(itertools.pairwise(lines)):
        values = below.split()
        if len(values) > 1 and all(map(_FILLS.search, values)) and len(line) < MAX_COLUMNS_LENGTH:
            ways = list(_parted(line.split(), len(values)))
            ways = ways if len(ways) < 2 else [way for way in ways if all(map(_ends_as_label, way))]
            if len(ways) == 1:
                out[number], out[number + 1] = "\t\t".join(ways[0]), "\t\t".join(values)
    return out


_MONEY = re.compile(r"\d[\d.,']*[.,]\d\d")
_SUM_AT_END = re.compile(
    rf"[ \t:](?:[A-Z]{{3}}[ ]?|[€£$][ ]?)?{_MONEY.pattern}(?P<currency>[ ]?(?:[A-Z]{{3}}|[€£$]))?[ \t]*$"
)


def _is_priced(line: str) -> bool:
    """Whether a line is a row of a table: words, and a sum to the cent at its end."""
    found = _SUM_AT_END.search(line) if len(line) < MAX_ROW_LENGTH else None
    words = re.findall(r"[^\W\d_]{3}", line[: found.start()]) if found else []
    return bool(found) and len(words) > bool(found and found["currency"])


_FILLS = re.compile(r"\d|^[-–—]+$")
"""What a value in a row of labels has: a digit, unless a dash says that there is none."""


def _parted(words: Sequence[str], count: int) -> Iterator[list[str]]:
    """The ways in which words are this number of labels."""
    if not count:
        yield from () if words else ([],)
        return
    for end in range(1, min(len(words) - count + 1, 4) + 1):
        if _is_label(label := " ".join(words[:end])):
            yield from ([label, *others] for others in _parted(words[end:], count - 1))


def _listed(lines: Sequence[str]) -> list[str]:
    """The lines, with as many values below as there are labels (a page's table, cell by cell) each beside its label.

    Below known labels there may be others; the first line with a digit ends them. Sums each below its own words are
    no values of labels above them all.
    """
    out = list(lines)
    number = 0
    while number < len(out):
        end = number
        while end < len(out) and _is_alone(out[end]) and _is_label(out[end].strip()):
            end += 1
        more = end
        while number < more < len(out) and _is_alone(out[more]) and _looks_like_label(out[more].strip()):
            more += 1
        for count in dict.fromkeys((more - number, end - number)):
            values = [line.strip() for line in out[number + count :][:count]]
            whole = len(values) == count and all(map(_is_alone, values)) and not any(map(_is_label, values))
            whole = whole and not (count > 1 and _MONEY.fullmatch(values[0]) and not _FILLS.search(values[1]))
            if count > 1 and whole and (count == end - number or _FILLS.search(values[0])):
                both = zip(out[number : number + count], values, strict=True)
                out[number : number + 2 * count] = [f"{label.rstrip(' :')}: {value}" for label, value in both]
                break
        number = max(end, number + 1)
    return out


def _is_alone(line: str) -> bool:
    """Whether a line has one cell, and no sentence."""
    return len(_cells(line)) == 1 and len(line.split()) <= MAX_LABEL_WORDS


type _Cell = tuple[int, str]
"""A cell of a line: its column and its text."""


def _cells(line: str) -> list[_Cell]:
    line = "".join(f"{field:{MAX_COLUMNS_LENGTH}}" for field in line.split("\t")) if "\t" in line else line
    return [(found.start(), found[0]) for found in re.finditer(r"[^\s|]+(?: [^\s|]+)*", line)]


def _paired(labels: Sequence[_Cell], values: Sequence[_Cell]) -> list[tuple[str, str]]:
    """Each label with its value: one by one, or by their columns if some labels have none."""
    if len(labels) == len(values):
        return [(label, value) for (_, label), (_, value) in zip(labels, values, strict=True)]
    found = [
        (label, value) for at, value in values for column, label in labels if abs(at - column) <= MAX_COLUMN_DISTANCE
    ]
    return found if len(found) == len(values) > 0 else []


def _is_head(cells: Sequence[_Cell]) -> bool:
    """Whether a line has labels only; in a row, all may be of any kind beside that of the case."""
    if all(_is_label(text) for _, text in cells):
        return True
    return all(_looks_like_label(text) for _, text in cells) and any(
        search("reference", f"{text.rstrip(' :')}:") for _, text in cells
    )


_ABBREVIATION = re.compile(r"(?:\b(?:no|nor|az|gz|ref|réf|rif|prot|exp|n)|nr)[.]$", re.IGNORECASE)


def _is_row(value: str) -> bool:
    """Whether what stands below a label is no value of it, but a label with its own value."""
    label, colon, _ = value.partition(":")
    return bool(colon) and _is_label(label)


def _looks_like_label(cell: str) -> bool:
    if not cell[0].isupper() or len(cell.split()) > 4 or re.search(r"[\d<@]|:.| [–—·] ", cell):
        return False
    return not cell.endswith(".") or bool(_ABBREVIATION.search(cell))


def _ends_as_label(cell: str) -> bool:
    """Whether a cell has no words after those of a label, as `Ihr Zeichen Unser` has."""
    found = (search(words, f"{cell}:") for words in _LABELS)
    return any(each and each.end() >= len(cell) for each in found)


def _is_label(cell: str) -> bool:
    return _looks_like_label(cell) and any(search(words, f"{cell.rstrip(' :')}:") for words in _LABELS)


# ---------------------------------------------------------------- what it is


def _court_kind(text: str, sure: dict[str, str]) -> LetterKind | None:
    if court := court_paper_in(text):
        sure["kind"] = f"a court's paper: {quote(court[1])}"
        return LetterKind(court[0])
    return None


def _party(text: str, sure: dict[str, str]) -> str | None:
    """Who claims something in a court's paper, as it says; never the court itself."""
    sure.pop("claimant", None)
    if found := claimant_in(text):
        sure["claimant"] = f"the court's paper names it: {quote(found)}"
    return found and (found["name"] or found["party"]).strip()


def _served(kind: LetterKind, served: date | None, read: date | None, sure: dict[str, str]) -> date | None:
    """The last day to act on a court's paper: the one that was read, or the law's shortest if that is earlier."""
    days = kind.court_paper.get("days") if kind.court_paper else None
    by_law = served + timedelta(days=days) if served and days else None
    if by_law and (read is None or by_law < read):
        sure["deadline"] = f"{days} days from service, the shortest that the law gives, counted from {served}"
        return by_law
    return read


def _kind(text: str, sure: dict[str, str]) -> LetterKind | None:
    for found in re.finditer(any_of("abmahnung"), text, re.IGNORECASE | re.MULTILINE):
        if not search("not_yet", _before(found).rpartition("\n")[2]):
            sure["kind"] = f"an Abmahnung: {quote(found)}"
            return LetterKind.ABMAHNUNG
    asked, demanded = search("inquiry", text), search("demand", text)
    if (titled := search("inquiry_by_name", text)) or (asked and not (demanded and any(sums_in(text)))):
        sure["kind"] = f"it asks for the licence: {quote(titled or asked)}"  # type: ignore[arg-type]  # one of both
        return LetterKind.INQUIRY
    if demanded:
        sure["kind"] = f"it demands: {quote(demanded)}"
        return LetterKind.DEMAND
    return None


# ---------------------------------------------------------------- days


def _dated(text: str, received: date | None, sure: dict[str, str]) -> date | None:
    """The letter's own date: the first day near its top that stands by itself or after a place, not in a sentence."""
    for day, found in days_in(text[:3000], _order(text)):
        above, _, start = text[: found.start()].rpartition("\n")
        if start.strip() and text[found.start() - 1] == "(":
            continue  # beside something else
        line = start + text[found.start() : (text + "\n").index("\n", found.end())]
        label = above.rstrip().rpartition("\n")[2]
        labels = len(label.split()) <= MAX_LABEL_WORDS and not re.search(r"\d", label)
        if not start.strip() and labels and _of_another_day(label):
            continue  # in a table, or a page made one line: its label stands above
        goes_on = re.match(r"[ \t]*[a-zà-ÿ]\S*[ \t]+\S", start)
        if goes_on and len(above.rpartition("\n")[2].split()) > MAX_LABEL_WORDS:
            continue  # in a sentence that begins in the line above
        labelled = re.search(r"[^\W\d][^|\t]*:\s*$", re.split(r"[ ]{2,}\b", start)[-1])
        if labelled and not _may_label_own_day(labelled[0]):
            continue
        cells = [cell for cell in re.split(r"\s{2,}|\t|[|·•]|\s[—–]\s", line) if found[0] in cell]
        around = cells[0].replace(found[0], "") if cells else line
        alone = len(re.findall(r"\w+", around)) <= 4 or search("dated", around) or search("dated", f"{start}…")
        alone = alone or (_CONTACT.search(start) and search("reference", start))
        said = around if "|" in line and re.search(r"[^\W\d]", around) else line  # a strip of labels with their days
        if alone and not _of_another_day(said.replace(found[0], "…")) and not (received and day > received):
            sure["dated"] = quote(found)
            return day
    for found in _SHORT_YEAR.finditer(text[:MAX_HEAD_LENGTH]):
        for day, _ in days_in(f"{found['day']} 20{found['year']}"):
            if not (received and day > received):
                sure["dated"] = quote(found)
                return day
    for found in NUMBERED_DAY.finditer(text[:MAX_HEAD_LENGTH]):  # alone on its line, and one of its readings is to come
        start, end = text[: found.start()].rpartition("\n")[2], text[found.end() :].partition("\n")[0]
        readings = [day for day in _readings(found) if received and day <= received]
        if not (start + end).strip() and len(found[4]) == 4 and len(set(readings)) == 1:
            sure["dated"] = quote(found)
            return readings[0]
    return None


_CONTACT = re.compile(
    r"\b(?:contact|(?:sach)?bearbeiter(?:in)?|contacto|contatto)[ ]?:[ ]*(?-i:(?:[A-ZÀ-Þ][\w.'’-]*[ ]+){1,4})$"
    r"|(?<!\S)(?-i:[A-ZÀ-Þ])[\w-]+(?:[ ](?:am|an der|im|[A-ZÀ-Þ][\w-]+))?,[ ]*(?:(?:den|am|le|il|el|a|d\.)[ ])?$",
    re.IGNORECASE,
)
"""Before a day, in a line with the case's sign: who deals with it, or the place."""


def _may_label_own_day(label: str) -> bool:
    """Whether a label before a day may be that of the letter's, or is one of a sign, which has been left empty."""
    own = search("dated", label) or search("dated", f"{label}…")
    return bool(own or search("reference", label) or search("receivers_label", label))


def _of_another_day(label: str) -> bool:
    """Whether words beside a day say that it is not the letter's: of a sighting, a limit, an order."""
    return any(search(kind, label) for kind in ("another_day", "sighting", "until"))


_SHORT_YEAR = re.compile(
    rf"^[ \t]*(?:[^\W\d][\w .-]{{1,30}},[ ]?)?(?P<day>\d{{1,2}}\.? (?:{MONTH_NAMES})\b\.?) ['’]?(?P<year>\d\d)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A day whose year has two digits, alone on its line or after a place."""

# German puts the verb last, on the next line too, if the sentence goes on there.
_AFTER = re.compile(r"(?:[^.:\n]|(?<=\b[MD][rs])\.|(?<=\bMrs)\.){0,60}(?:\n(?=[a-zäöü…])[^.:\n]{0,40})?")


def _first_seen(text: str, received: date | None, sure: dict[str, str]) -> date | None:
    """The first day beside words for a sighting, or else the earliest in sentences that speak of one only."""
    plain = _labelled(without_addresses(text))
    beside, in_sentence = [], []
    days = list(days_in(plain, _order(text)))
    if received:
        days += days_without_year(plain, received - timedelta(days=365))
    for day, found in sorted(days, key=lambda each: each[1].start()):
        if received and day > received:
            continue
        after = _AFTER.match(plain, found.end())
        if search("first_seen", _before(found)) or (after and search("first_seen", after[0])):
            beside.append((day, quote(found)))
        sentence = _sentence(found)
        if search("sighting", sentence) and not search("no_sighting", sentence):
            in_sentence.append((day, quote(found)))
    if seen := beside[:1] or in_sentence:
        day, sure["first_seen"] = min(seen)
        return day
    return None


def _sentence(found: re.Match[str]) -> str:
    """The sentence in which a match stands, at most some lines long."""
    before = SENTENCE_END.split(found.string[max(0, found.start() - MAX_SENTENCE_LENGTH) : found.start()])[-1]
    return before + SENTENCE_END.split(found.string[found.start() : found.end() + MAX_SENTENCE_LENGTH])[0]


def _order(text: str) -> DateOrder | None:
    """Which number of 03/04/2026 is the day: by another day of the letter, or by its language."""
    return day_order([text]) or (DateOrder.DAY_FIRST if is_foreign(text) else None)


type _SetDay = tuple[date, str, re.Match[str]]
"""A day, how it was found, and where."""


def _deadline(text: str, dated: date | None, received: date | None, sure: dict[str, str]) -> date | None:
    """The earliest day that the letter sets, by a date, a weekday or a number of days.

    Marked as open if the letter sets a deadline that cannot be read, because the claimant's usual one could be later.
    """
    start = dated or received
    found = [
        *_deadline_days(text, start),
        *_deadline_weekdays(text, start),
        *(each for each in _deadline_spans(text, dated, received) if not _is_counted(each[0], each[2])),
    ]
    places = [each[2].start() for each in found]
    more = [each for each in found if not _only_removes(each[2], places)]
    if any(search("pays_or_declares", _sentence(each[2])) for each in more):
        found = more
    full = [each for each in found if not _is_for_less(_sentence(each[2]))]
    found = full or found
    for weeks, words in enumerate(("ends_of_week", "ends_of_next_week")):
        if start and (match := search(words, text)):
            end = start + timedelta(days=known()["weekdays"]["friday"] - start.weekday(), weeks=weeks)
            found += [(end, f"the Friday of that week: {quote(match)}", match)] if end > start else []
    if start and (match := search("ends_of_month", text)):
        end = date(start.year + start.month // 12, start.month % 12 + 1, 1) - timedelta(days=1)
        found.append((end, f"the end of the letter's month: {quote(match)}", match))
    found += _deadline_months(text, start)
    for readings, match in _two_ways(text, start):
        whole = len(match[4]) == 4 or int(match[1]) > MONTHS  # else the year may stand first
        if dated and len(readings) == 1 and whole:  # the other one was before the letter
            found.append((readings[0], quote(match), match))
        elif not found or readings[0] < min(each[0] for each in found):
            sure["deadline"] = f"open: the letter's day can be read in two ways: {quote(match)}"
            return None
    if found:
        day, sure["deadline"] = min(each[:2] for each in found)
        return day
    if match := search("speaks_of_deadline", text):
        sure["deadline"] = f"open: the letter sets a deadline that could not be read: {quote(match)}"
    return None


def _is_counted(end: date, span: re.Match[str]) -> bool:
    """Whether the letter itself says, in the same sentence, that this number of days ends on a day close to `end`."""
    sentence = _sentence(span)
    rest = sentence[sentence.find(span[0]) :]
    for day, found in days_in(rest):
        said = re.search(
            rf"{any_of('that_is')}(?P<until>,?\s+(?:\w+\s+){{1,4}})$", rest[: found.start()], re.IGNORECASE
        )
        if said and search("until", said["until"]) and end <= day <= end + timedelta(days=MAX_DIFFERENCE_DAYS):
            return True
    return False


def _only_removes(term: re.Match[str], places: Iterable[int]) -> bool:
    """Whether a term is only that for taking the picture down, and whatever else its sentence asks has a term, too.

    `places`: where all terms of the letter begin.
    """
    text, start, end = term.string, term.start(), term.end()
    before = _CLAUSE_END.split(text[max(0, start - MAX_SENTENCE_LENGTH) : start])[-1]
    sentence = SENTENCE_END.split(text[end : end + MAX_SENTENCE_LENGTH])[0]
    after = _CLAUSE_END.split(sentence)[0]
    removes = search("removes", before) or search("removes", after[:MAX_LABEL_DISTANCE])
    if not removes or search("pays_or_declares", f"{before} {term[0]} {after}"):
        return False
    goes_on = search("pays_or_declares", sentence[len(after) :])
    return not goes_on or any(end <= place <= end + len(sentence) for place in places)


_CLAUSE_END = re.compile(r"[,;:]\s|\.\s+(?=[A-ZÀ-Þ0-9])|\n[ \t]*\n|\b(?:and|und|sowie|et|y|e|en|ed)\b", re.IGNORECASE)


def _is_for_less(sentence: str) -> bool:
    """Whether a day in this sentence is only that for paying a lower sum."""
    return bool(search("reduced", sentence) or (search("enough", sentence) and any(True for _ in sums_in(sentence))))


def _usual_deadline(start: date | None, claimant: KnownClaimant | None, sure: dict[str, str]) -> date | None:
    """The deadline that a known claimant usually sets, for a letter that sets none."""
    business, days = (claimant.get("business_days", 0), claimant.get("days", 0)) if claimant else (0, 0)
    if start and claimant and (business or days):
        usual = f"{business} business days" if business else f"{days} days"
        sure["deadline"] = f"the letter sets no deadline; {claimant['name']} usually sets {usual}, counted from {start}"
        return business_days_after(start, business) if business else start + timedelta(days=days)
    return None


def _deadline_days(text: str, start: date | None) -> Iterator[_SetDay]:
    """The days, with or without a year, that stand after a word for a deadline."""
    alone = re.compile(
        rf"\b{any_of('until')}(?:[ \t]+\w{{2,12}}){{0,2}}\s*\n\s*$", re.IGNORECASE
    )  # above a day on a line of its own
    weekday = re.compile(rf"(?<!\w)(?:{'|'.join(known()['weekdays'])})\b,?\s+(?:(?:the|den|dem|le|el|il)\s+)?$", re.I)
    days = list(days_in(text, _order(text)))
    places = [match.span() for _, match in days]
    for day, match in days_without_year(text, start) if start else ():
        if not any(a < match.end() and match.start() < b for a, b in places):
            days.append((day, match))
    for day, match in days:
        shortly = text[max(0, match.start() - MAX_LABEL_DISTANCE) : match.start()]
        before = weekday.sub("", _before(match).rpartition(".\n")[2])
        says = search("until", before) or alone.search(weekday.sub("", shortly))
        after = text[match.end() :][:MAX_LABEL_DISTANCE].replace("\n", " ")
        says = says or search("noted", after)
        is_away = search("away", _before(match).replace("\n", " ")) or search("away_after", after)
        last = day if search("included", after) else _last(day, before)
        if says and not is_away and (start is None or last > start):
            yield last, quote(match), match


def _last(day: date, before: str) -> date:
    """The last day in time, for a day and the words before it: the eve, if one has to act before that day."""
    return day - timedelta(days=1) if search("before", before) else day


def _deadline_months(text: str, start: date | None) -> Iterator[_SetDay]:
    """The last days of the months that the letter names so: `by the end of November`."""
    named = rf"\b{any_of('ends_of_named_month')}\s+(?P<month>{MONTH_NAMES})\b(?:,? (?:del? )?(?P<year>\d{{4}}))?(?! \d)"
    if start is None:
        return
    for match in re.finditer(named, text, re.IGNORECASE):
        for year in [int(match["year"])] if match["year"] else [start.year, start.year + 1]:
            first = next((day for day, _ in days_in(f"1 {match['month']} {year}")), None)
            if not first:
                continue
            end = date(year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)
            if end > start and search("asks", _sentence(match)):
                yield end, f"the last day of that month: {quote(match)}", match
                break


def _deadline_weekdays(text: str, start: date | None) -> Iterator[_SetDay]:
    """The weekdays without a day of the month that stand after a word for a deadline: the first such day."""
    if start is None:
        return
    weekdays = known()["weekdays"]
    any_day = rf"(?:{'|'.join(weekdays)})\b"
    named = re.compile(
        rf"(?<!\w)(?P<hours>{any_day}\W+)?{any_of('until')}\s+(?:\w+\s+){{0,4}}?(?P<weekday>{any_day})"
        rf"(?!,?\s+(?:\w{{2,3}}\s+)?(?:\d|(?:{MONTH_NAMES})\b)|[^.\n]{{0,30}}\(\d)",
        re.IGNORECASE,
    )
    for match in named.finditer(text):
        after = text[match.end() :][:MAX_LABEL_DISTANCE]
        if match["hours"] or search("away", _before(match) + match[0]) or search("away_after", after):
            continue  # Monday to Friday, or until then somebody is away
        days = (weekdays[match["weekday"].lower()] - start.weekday() - 1) % 7 + 1
        days -= search("before", text[match.start() : match.start("weekday")]) is not None and days > 1
        yield start + timedelta(days=days), f"the first such day after {start}: {quote(match)}", match


def _two_ways(text: str, start: date | None) -> Iterator[tuple[list[date], re.Match[str]]]:
    """The days after a word for a deadline that could be two: both, sorted, without one that is not after `start`."""
    order = _order(text)
    for match in NUMBERED_DAY.finditer(text):
        one, other = int(match[1]), int(match[3])
        certain = one == other or (len(match[4]) == 4 and (order or max(one, other) > 12))
        before = _before(match).rpartition(".\n")[2]
        if certain or not search("until", before):
            continue
        if after := sorted(_last(day, before) for day in _readings(match) if start is None or day > start):
            yield after, match


def _readings(match: re.Match[str]) -> list[date]:
    """The days that `NUMBERED_DAY` may mean: the day first, or the month."""
    one, other, year = int(match[1]), int(match[3]), int(match[4]) + (2000 if len(match[4]) == 2 else 0)
    return [date(year, month, day) for month, day in ((one, other), (other, one)) if 0 < month < 13 and 0 < day < 29]


def _deadline_spans(text: str, dated: date | None, received: date | None) -> Iterator[_SetDay]:
    """The ends of the numbers of days that a letter gives, counted as its words say."""
    numbers, units = known()["numbers"], known()["units"]
    spelled = rf"(?:\d{{1,3}}|{'|'.join(sorted(numbers, key=len, reverse=True))})"  # twenty-one before twenty
    introduction = rf"(?:{any_of('within')}\s+(?:\w+\s+){{0,2}}?|{any_of('given')}\s+)"
    several = rf"(?:{spelled}(?:[ -](?:et|y|e|and|und|en))?[ -]){{1,2}}{spelled}"
    in_words = rf"{several}\s+\((?P<digits>\d{{1,3}})\)"  # `vingt et un (21)`
    number = rf"(?:{in_words}|(?P<number>{spelled})\b(?:\s*\([\w-]+\))?)"
    span = rf"\b{introduction}(?:(?:a|une|la)\s+)?{number}(?=(?P<rest>[^.]{{0,80}}))"
    week = 5 if search("without_saturdays", text) else None
    today = rf"\b(?:(?:a|une)\s+)?{number}"
    today += rf"(?=(?P<rest>(?:\s+\w+)?\s+{any_of('from_today')}))"
    for match in [*re.finditer(span, text, re.IGNORECASE), *re.finditer(today, text, re.IGNORECASE)]:
        number, rest = (match["digits"] or match["number"]).lower(), match["rest"].lower().lstrip(" \t\n-")
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
        yield end, f"counted from {start}: {quote(match)}", match
