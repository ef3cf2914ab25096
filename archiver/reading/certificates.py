"""What papers say: labelled lines, and the certificates of Envato and Freepik as data.

The adapters read the certificates that they fetch with the functions here; `paper` recognises, by the same functions,
certificates that came from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from archiver.domain import DocumentKind, Licence, Moment
from archiver.reading.dates import moment


class Sure(StrEnum):
    """How sure a reading is: the layout is known in full; its marks are clear; there are signs only."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What one paper says: the licences on it, or the order that it pays for.

    `licences` is empty where only an order is named. `quotes` maps what was read to the text it was read from. What
    the paper does not say beyond doubt is None. `currency` is an ISO 4217 code, `date` the paper's own.
    """

    reader: str
    sure: Sure
    kind: DocumentKind
    licences: tuple[Licence, ...] = ()
    quotes: Mapping[str, str] = field(default_factory=dict)
    platform: str | None = None
    order: str | None = None
    invoice: str | None = None
    date: Moment | None = None
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Quote:
    """A value, the text it was read from, and whether that may be the beginning only, as a line seems to go on."""

    value: str
    text: str
    cut: bool = False


# A line that says "something: ..." in a place where a value would stand is a label that is not known here.
_LABEL_LIKE = re.compile(r"[^\W\d][^:]{0,40}:(\s|$)")
_RULE = re.compile(r"[=_*.\-–—\s]*")


def quoted(text: str, labels: Mapping[str, Sequence[str]]) -> dict[str, Quote]:
    """The values behind labels, by field: `Label: value`, `Label  value`, or the value one line below.

    Labels are compared without case. A field whose label is there twice with different values is absent, as one
    without a value is.
    """
    fields = {label.casefold(): name for name, each in labels.items() for label in each}
    names = "|".join(map(re.escape, sorted(fields, key=len, reverse=True)))
    label_of = re.compile(rf"({names})(?:\s{{0,40}}:|\s{{2}}|\t|$)", re.IGNORECASE)
    found: dict[str, list[Quote]] = {}
    open_label: str | None = None  # whose value stands below, or goes on below
    begun = loose = False
    for line in map(str.strip, text.splitlines()):
        if match := label_of.match(line):
            name = fields.get(match[1].casefold())
            if begun and loose and open_label:
                found[open_label][-1] = Quote(found[open_label][-1].value, found[open_label][-1].text, cut=True)
            value = _collapsed(line[match.end() :])
            open_label, begun, loose = name, bool(value), False
            if name and value:
                found.setdefault(name, []).append(Quote(value, _collapsed(line)))
        elif not line or _RULE.fullmatch(line):
            loose = False
            open_label = None if begun else open_label
        elif open_label and not begun:
            if _LABEL_LIKE.match(line):
                open_label = None
            else:
                value, begun = _collapsed(line), True
                found.setdefault(open_label, []).append(Quote(value, value))
        elif _LABEL_LIKE.match(line):
            open_label = None
        else:
            loose = True
    return {name: each[0] for name, each in found.items() if len({quote.value for quote in each}) == 1}


def labelled(text: str, labels: Sequence[str]) -> dict[str, str]:
    """The values behind labels, by label; see `quoted`."""
    return {name: quote.value for name, quote in quoted(text, {label: (label,) for label in labels}).items()}


def _collapsed(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True, kw_only=True)
class ElementsCertificate:
    """An Envato Elements licence certificate, in any of its three layouts.

    To about 2025: one licence per item and registered project. Since about 2026: no project, a licence name. AI tools:
    ids and code are UUIDs, no author. Layouts as seen in copies that buyers published.
    """

    item_id: str | None
    code: str | None
    title: str | None
    author: str | None
    licensee: str | None
    project: str | None
    kind: str | None
    licensed_at: Moment | None


_ELEMENTS = (
    "Item Title", "Item URL", "Item ID", "Item Source", "Author Username", "Licensee", "Registered Project Name",
    "License Name", "License Date", "Item License Code",
)  # fmt: skip


def elements_certificate(text: str) -> ElementsCertificate:
    """Read a certificate's labelled lines; what it does not say is None."""
    found = labelled(text, _ELEMENTS)
    licensed_at = None
    with suppress(KeyError, ValueError):
        licensed_at = moment(found["License Date"])
    project = found.get("Registered Project Name")
    perpetual = "perpetual" if re.search(r"\bperpetual\b", text, re.IGNORECASE) else None
    return ElementsCertificate(
        item_id=found.get("Item ID"),
        code=found.get("Item License Code"),
        title=found.get("Item Title"),
        author=found.get("Author Username"),
        licensee=found.get("Licensee"),
        project=project,
        kind=found.get("License Name") or ("single-use project" if project else perpetual),
        licensed_at=licensed_at,
    )
