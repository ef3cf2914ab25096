"""Propose what a paper may license that no reader takes for a licence, for a person who looks at this one paper.

People license in more ways than any rule knows. Such a paper names items, a seller and a day, and nothing in it says
that it is an offer, a demand or the like. Whether it grants anything, only its reader can say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from archiver.core.model import DocumentKind, Licence
from archiver.reading.author_grants import is_paid
from archiver.reading.certificates import PERSON, Paper, Sure
from archiver.reading.dates import DateOrder, day_order, days_in, names_day
from archiver.reading.letter_thread import ThreadMessage, in_order, split_thread
from archiver.reading.licence_values import licence_of
from archiver.reading.named_items import named_items, titled_items
from archiver.reading.not_granted import (
    DEMAND,
    NO_RECEIPT,
    PAID_BACK,
    doubtful,
    is_own_order,
    is_unbought,
    pays_for_plan,
    speaks_of_licensing,
    words_against,
)
from archiver.reading.paper_parties import (
    INVOICE,
    MAX_HEAD_CHARACTERS,
    OF_RIGHTS,
    Envelope,
    day_of_paper,
    licensee_of,
    own_hosts,
    seller_of,
)
from archiver.reading.picture_numbers import SPEAKS_OF_PICTURES
from archiver.reading.platforms import OTHER_PLATFORM, forms_of, named_platform, the_platform
from archiver.reading.sentences import DUE
from archiver.reading.undoubted import languages_of
from archiver.reading.unfilled import has_blank

MAX_TEXT_CHARACTERS = 12_000  # of a paper; a longer one is a book
MAX_ITEMS = 100  # of one paper
MAX_HEAD_LINES = 3  # from the beginning of a paper, in which its seller's name stands
MAX_BEFORE_CHARACTERS = 40  # before a day, in which a word says that something is due then
MIN_NUMBER_CHARACTERS = 5  # of what is left of an item's number without the letters before it
MIN_NAME_CHARACTERS, MAX_NAME_CHARACTERS = 4, 60

# What such a paper is, beside all that speaks against any: of a person in a picture, a claim, a selection, advertising.
_OTHERWISE = re.compile(
    r"\b(?:model|property)[ -]release|freigabeerklärung|einverständniserklärung|droit à l['’]image|liberatoria|"
    r"cesión de imagen|quitclaim|wizerunk|direitos de imagem|cedência de imagem|portretrecht|"
    r"\bunlizenziert|\bunlicensed use|\bzur (?:ansicht|auswahl)\b|\bunsubscribe|newsletter (?:abbestellen|abmelden)|"
    r"se désabonner|darse de baja|disiscriviti|\bafmelden\b|\bwypisz",
    re.IGNORECASE,
)


def proposed(text: str, name: str, columns: Callable[[], str] = str, envelope: Envelope | None = None) -> Paper | None:
    """The licences that a paper may prove; None if it names no items, seller or day, or says that it grants nothing.

    `text`, `name`, `columns` and `envelope` are as `document_parser.read_text` has them.
    """
    text = text.replace("\r\n", "\n")
    if len(text) > MAX_TEXT_CHARACTERS:
        return None
    message, rest = _newest(text, envelope)
    laid_out = message.text if message.sender else columns() or text
    when = message.sent
    if when is None and names_day(laid_out):
        when = day_of_paper(laid_out, "") or _first_day(laid_out)
    if when is None or _grants_nothing(text):
        return None
    ids = named_items(laid_out) or (named_items(f"{laid_out}\n\n{rest}") if rest else []) or titled_items(laid_out)
    ids = [each for each in ids if " " not in each or not any(days_in(each, DateOrder.DAY_FIRST))]
    if not ids or len(ids) > MAX_ITEMS:
        return None
    provider = the_platform(text, name)[0] or seller_of(laid_out, message, own_hosts(envelope) if envelope else "")
    provider = provider or (None if envelope else _above(laid_out))
    if provider is None:
        return None
    who = licensee_of(
        "\n".join(filter(None, map(str.strip, laid_out.splitlines()))), provider, mailed=bool(message.sender)
    )
    days = _days_of_rows(laid_out, ids) or [when] * len(ids)
    licences = [_licence(provider, each, day, who) for each, day in zip(ids, days, strict=True)]
    read = tuple(filter(None, licences))
    return None if len(read) < len(ids) else Paper(
        reader="proposal", sure=Sure.STATED, platform=provider, date=when,
        kind=DocumentKind.RECEIPT if INVOICE.search(laid_out[:MAX_HEAD_CHARACTERS]) else DocumentKind.CERTIFICATE,
        licences=read,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a person who has read a paper says of it: the items that it licenses, and what no reader found beside."""

    items: Sequence[str]
    day: date | None = None
    licensee: str | None = None
    seller: str | None = None


def stated(said: Statement, proposal: Paper | None) -> Paper:
    """The paper as a person states it; what they do not say is taken from the proposal. ValueError if it is too little.

    The message says what is missing.
    """
    first = proposal.licences[0] if proposal else None
    seller = said.seller and (named_platform(said.seller) or f"{OTHER_PLATFORM}{said.seller.casefold()}")
    provider = seller or (first.asset.provider if first else None)
    day = said.day or (proposal.date if proposal else None)
    if not provider or not isinstance(day, date):
        raise ValueError("who licensed, and on which day")
    licensee = said.licensee or (first.licensee if first else None)
    licences = [(item, _licence(provider, item, day, licensee)) for item in said.items]
    if strange := [item for item, licence in licences if licence is None]:
        raise ValueError(f"a number as this seller gives it instead of {strange[0]}")
    kind = proposal.kind if proposal else DocumentKind.CERTIFICATE
    return Paper(
        reader=PERSON, sure=Sure.STATED, platform=provider, date=day, kind=kind,
        licences=tuple(licence for _, licence in licences if licence),
    )  # fmt: skip


def contradicted(said: Statement, text: str) -> dict[str, str | None]:
    """What a paper's text says instead of what a person states, by the licence's field; None if it has no such value.

    A paper that names no day, or whose text cannot be read, contradicts no day.
    """
    found: dict[str, str | None] = {}
    words = " ".join(text.casefold().split())
    if not words:
        return {}
    days = dict.fromkeys(day for day, _ in days_in(text, _order(text)))
    if said.day and days and said.day not in days:
        found["licensed_at"] = (_first_day(text) or next(iter(days))).isoformat()
    if said.licensee and " ".join(said.licensee.casefold().split()) not in words:
        found["licensee"] = None
    if any(item.casefold() not in words for item in said.items):
        found["asset_id"] = None
    return found


def _licence(provider: str, item: str, day: date, licensee: str | None) -> Licence | None:
    """The licence of an item, before whose number on a known platform letters may stand: `hemis_3476120`."""
    form = forms_of(provider).asset
    if not provider.startswith(OTHER_PLATFORM) and not re.fullmatch(form, item):
        behind = re.search(rf"(?<=[\W_]){form}$", item)
        item = behind[0] if behind and len(behind[0]) >= MIN_NUMBER_CHARACTERS else ""
    values = {"asset_id": item, **({"licensee": licensee} if licensee else {})}
    return licence_of(provider, values, day, day.isoformat())


def _days_of_rows(text: str, ids: Sequence[str]) -> list[date] | None:
    """The day in each item's line; None if not every item has a line of its own that names one day."""
    order = _order(text)
    found: list[date] = []
    for each in ids:
        lines = [line for line in text.splitlines() if each in line]
        days = {day for line in lines for day, _ in days_in(line, order)}
        if len(lines) != 1 or len(days) != 1:
            return None
        found.append(days.pop())
    return found


def may_license(text: str) -> bool:
    """Whether a text speaks of a licence, or of pictures and of where they are used."""
    return speaks_of_licensing(text, ()) or (
        bool(SPEAKS_OF_PICTURES.search(text)) and speaks_of_licensing(text, [text])
    )


def _grants_nothing(text: str) -> bool:
    """Whether a text says that it grants nothing: it offers, asks, demands, cancels, or waits to be filled in."""
    title = next(filter(str.strip, text.splitlines()), "")
    return bool(
        doubtful(title)
        or _OTHERWISE.search(text)
        or DEMAND.search(text)
        or PAID_BACK.search(text)
        or NO_RECEIPT.search(text)
        or is_own_order(text)
        or (is_unbought(text) and not is_paid(text))
        or has_blank(text)
        or pays_for_plan(text, ())
        or any(words_against(text))
    )


def _newest(text: str, envelope: Envelope | None) -> tuple[ThreadMessage, str]:
    """The newest message of a mail, also of one that is kept as a text, and what it answers; of other papers all."""
    first, *quoted = split_thread(in_order(text.removesuffix(envelope.sender if envelope else "")))
    if envelope is None and not first.sender:
        return ThreadMessage(text), ""
    sent, sender = (envelope.sent, envelope.sender) if envelope else (None, None)
    message = ThreadMessage(first.text, first.sent or sent, first.sender or sender)
    return message, "\n\n".join(each.text for each in quoted)


def _above(text: str) -> str | None:
    """The name with which a paper begins, as a letterhead does; None if its first lines are titles."""
    for line in islice(filter(str.strip, text.splitlines()), MAX_HEAD_LINES):
        name = re.split(r"\s{3,}|\t|[|·•–—,(]", line.strip())[0].strip()
        if len(name) >= MIN_NAME_CHARACTERS and not (OF_RIGHTS.search(name) or INVOICE.search(name) or ":" in name):
            return f"{OTHER_PLATFORM}{name.casefold()[:MAX_NAME_CHARACTERS]}"
    return None


def _first_day(text: str) -> date | None:
    """The first day that a paper names, but for those on which something is due, begins or ends."""
    for day, found in days_in(text, _order(text)):
        if not DUE.search(text[max(0, found.start() - MAX_BEFORE_CHARACTERS) : found.start()]):
            return day
    return None


def _order(text: str) -> DateOrder | None:
    return day_order([text]) if languages_of(text)[:1] == ["en"] else DateOrder.DAY_FIRST
