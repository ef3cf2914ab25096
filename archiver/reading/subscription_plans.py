"""Read the plan period in receipts of platforms that do not license single items.

At such a platform the plan, its period, its holder and the terms of that time count. The period comes from labels such
as `Billing period`, or from the only two dates that the receipt joins. We assume the labels, because we found no
copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

from archiver.core.model import Asset, Licence, Moment
from archiver.reading.certificates import Paper, Quote, labelled, plain
from archiver.reading.dates import DateOrder, printed
from archiver.reading.platforms import PLATFORMS

KIND = "plan"

_LABELS: Mapping[str, Sequence[str]] = {
    "plan": ("Plan", "Plan name", "Subscription", "Subscription plan", "Tarif", "Abonnement", "Abo", "Suscripción"),
    "period": ("Billing period", "Subscription period", "Service period", "Plan period", "Period",
               "Abrechnungszeitraum", "Leistungszeitraum", "Zeitraum", "Période de facturation", "Période",
               "Período de facturación", "Período"),
    "starts": ("Period start", "Plan start", "Start date", "Valid from", "Gültig ab", "Beginn"),
    "ends": ("Period end", "Plan end", "End date", "Valid until", "Gültig bis", "Ende"),
    "seat": ("Seat", "User", "Account holder", "Benutzer", "Nutzer"),
    "licensee": ("Licensee", "Licensed to", "Billed to", "Bill to", "Invoice to", "Customer", "Lizenznehmer",
                 "Rechnungsempfänger", "Kunde", "Facturé à", "Facturado a"),
}  # fmt: skip
_MONTH = r"[A-Za-zÀ-ÿ]{3,10}\.?"
_DAY = (
    rf"\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}}|"
    rf"\d{{1,2}}\.? (?:de )?{_MONTH},? (?:de )?\d{{4}}"
)
_JOIN = r" ?(?:–|—|-|to|until|through|bis(?: zum)?|au|al|hasta) ?"
_RANGE = re.compile(rf"(?<![\w/.-])({_DAY}){_JOIN}({_DAY})(?![\w/])", re.IGNORECASE)
_ONE_YEAR = re.compile(rf"\b({_MONTH} \d{{1,2}}){_JOIN}({_MONTH} \d{{1,2}}),? (\d{{4}})\b", re.IGNORECASE)


def read_plan(paper: Paper, text: str, columns: str, order: DateOrder | None) -> Paper:
    """The receipt with the plan period that it pays for, as a licence; unchanged if it does not state one beyond doubt.

    `columns` is the text of a PDF as it is laid out on the page. `order` is the order of day and month, if the
    receipt's language or other dates tell it.
    """
    platform = PLATFORMS.get(paper.platform or "")
    number = paper.invoice or paper.order
    if platform is None or not platform.plans or not number:
        return paper
    found = labelled(text, columns, _LABELS)
    periods = set(_periods(found, text, order))
    if len(periods) != 1:
        return paper
    [(starts, ends)] = periods
    licence = Licence(
        asset=Asset(provider=platform.name, asset_id=f"plan-{starts}", media_type=KIND),
        key=(KIND, number, str(starts), str(ends)),
        listing="plans",
        kind=KIND,
        licensed_at=starts,
        plan=plain(found.get("plan")) or _named(platform.title, text),
        plan_ends=ends,
        licensee=plain(found.get("licensee")),
        seat=plain(found.get("seat")),
        order=paper.order or paper.invoice,
    )
    quotes = {
        **paper.quotes,
        **{name: quote.text for name, quote in found.items()},
        "read_period": f"{starts} to {ends}",
    }
    return replace(paper, reader="plan_by_labels", licences=(licence,), quotes=quotes)


def covers(licence: Licence, day: date | None) -> bool:
    """Whether a plan's period has this day in it; both its ends count."""
    starts = _day(licence.licensed_at)
    return bool(day and starts and licence.plan_ends and starts <= day <= licence.plan_ends)


def paid_until(licence: Licence, periods: Iterable[Licence]) -> date | None:
    """The last day of a plan with all periods that follow without a gap; None if it is not a plan."""
    end = licence.plan_ends
    for each in sorted(periods, key=lambda each: str(each.licensed_at)):
        starts = _day(each.licensed_at)
        if end and starts and each.plan_ends and (starts - end).days <= 1:
            end = max(end, each.plan_ends)
    return end


def _periods(found: Mapping[str, Quote], text: str, order: DateOrder | None) -> Iterator[tuple[date, date]]:
    """The labelled period; without a label, every two dates that the text joins."""
    pairs: list[tuple[str, str]] = []
    if "starts" in found and "ends" in found:
        pairs.append((found["starts"].value, found["ends"].value))
    labelled = found["period"].value if "period" in found else ""
    pairs += _pairs(labelled) or ([] if pairs else _pairs(text))
    for pair in pairs:
        with suppress(ValueError):
            starts, ends = (_day(printed(each, order)) for each in pair)
            if starts and ends and starts < ends:
                yield starts, ends


def _pairs(text: str) -> list[tuple[str, str]]:
    text = " ".join(text.split())
    same_year = [(f"{one}, {year}", f"{other}, {year}") for one, other, year in _ONE_YEAR.findall(text)]
    return [*_RANGE.findall(text), *same_year]


def _named(title: str, text: str) -> str | None:
    """The plan as one line of the receipt calls it: `Artlist Pro`."""
    names = {" ".join(match[0].split()) for match in re.finditer(rf"\b{title} (?:[A-Z][a-z]+ ?){{1,3}}(?=\n|$)", text)}
    return names.pop() if len(names) == 1 else None


def _day(moment: Moment | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment
