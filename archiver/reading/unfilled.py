"""Recognise forms that nobody filled in: `<your name>`, `XXXXXXX`, `{{licensee}}`. They are never a licence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.core.model import Licence
from archiver.reading.certificates import spelled
from archiver.reading.field_labels import LABELS

_UNFILLED = re.compile(
    r"<[^<>]{2,60}>|\{\{?[^{}]{1,60}\}?\}|%[A-Za-z_ ]{2,40}%|\$\{?[A-Za-z_.]{2,40}\}?|[_.…]{3,}"
    r"|[#*]{3,}|#?[Xx]{4,}|(?:[Xx]{2,}[-_ ./]?){2,}[Xx]*|#?0{5,}|(?:0{2,}[-_./]){1,}0+|lorem ipsum.*"
    r"|(?:y{4}|j{4}|a{4})[-./](?:m{2})[-./](?:d{2}|t{2}|j{2})|(?:d{2}|t{2}|j{2}|m{2})[-./](?:m{2}|d{2})[-./](?:y{4}|j{4}|a{4})"
    r"|(?:enter |insert |type )?(?:your|the licensee'?s|ihr|dein|votre|su|tu|il (?:tuo|vostro|suo)|uw|twoje|twoja) "
    r"(?:full |own |vollständiger |volledige )?(?:name|company|organi[sz]ation|firma|nom|entreprise|nombre|empresa|nome"
    r"|azienda|naam|bedrijf|imię|nazwa)(?: (?:here|hier|ici|aquí|qui)| (?:or|and|oder|ou|o|of) .{2,40})?"
    r"|(?:first ?name|vorname|prénom|nombre|nome|voornaam)[ /]+(?:last ?name|surname|nachname|nom|apellidos?|cognome"
    r"|achternaam)"
    r"|(?:licensee|customer|buyer|company|client|licence|license|item|image|asset|order|lizenznehmer|kunden?)[ _-]?"
    r"(?:name|number|id|nummer|code)?(?: here| hier)?",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[[^\[\]]{2,60}\]")
"""Photographers also call a work untitled so: in a title it does not mean an empty form."""


def is_unfilled(value: str) -> bool:
    """Whether a value is a form's placeholder that nobody has filled in."""
    value = value.strip().strip("\"'“”„").strip()
    return bool(_UNFILLED.fullmatch(value) or _BRACKETED.fullmatch(value))


def is_template(text: str, licence: Licence) -> bool:
    """Whether a field that only this licence can have was never filled in, in its paper's text or in its reading."""
    title = licence.asset.title or ""
    read = any(map(is_unfilled, _own(licence))) or bool(_UNFILLED.fullmatch(title) and not title.isalpha())
    return read or has_blank(text)


_OWN_FIELDS = ("licensee", "asset_id", "licence_id", "order", "licensed_at", "bought_at")
_OWN_LABELS = {spelled(label) for field in _OWN_FIELDS for each in LABELS[field].values() for label in each} | {
    "item id", "item license code", "item purchase code", "license code"
}  # fmt: skip
_LABELLED = re.compile(r"^[ \t]*(?P<label>[^:\t\n]{2,40}?)[ \t]*(?::|\t|[ ]{2,})[ \t]*(?P<value>[^\n]*)", re.MULTILINE)


def has_blank(text: str) -> bool:
    """Whether a label of such a field has a form's blank after or below it."""
    for found in _LABELLED.finditer(text):
        if spelled(found["label"]) in _OWN_LABELS:
            value = found["value"].strip() or text[found.end() :].lstrip("\n").partition("\n")[0]
            if is_unfilled(value):
                return True
    return False


def _own(licence: Licence) -> Iterator[str]:
    yield licence.asset.asset_id
    for value in (licence.licence_id, licence.licensee, licence.order, licence.seat, licence.asset.contributor):
        if value:
            yield value
