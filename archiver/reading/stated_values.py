"""Where the values of a licence come from, as its `licence.json` records it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from archiver.core.model import iso
from archiver.reading.certificates import PERSON
from archiver.reading.licence_json import ImportSource, LicenceFile

STATED = ("licensed_at", "licensee", "asset_id", "title")
FETCHED = ("adapter", "attended", "companion")
"""The sources of licences whose values are what their platform's pages or API gave."""


class ValueOrigin(StrEnum):
    """Who says a value."""

    PLATFORM = "platform"
    PAPER = "paper"  # that was imported
    PERSON = "person"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, kw_only=True)
class StatedValue:
    """A value of a licence, and where it comes from.

    `document` is the file in which it was read, or beside which a person stated it. `by` and `on` (as `iso`) are of the
    person who stated it. `elsewhere` is what documents say instead, by their names; an empty text says that a document
    does not hold the value.
    """

    value: str | None
    origin: ValueOrigin
    document: str | None = None
    by: str | None = None
    on: str | None = None
    elsewhere: Mapping[str, str]


def stated_value(file: LicenceFile, name: str) -> StatedValue:
    """The value of a field, named as in `claimed` of an import: `licensed_at`, `licensee`, `asset_id`, `title`."""
    value = _value(file, name)
    imports = file.provenance.get("imports", [])
    said = [each for each in imports if value is not None and _same(name, each.get("claimed", {}).get(name), value)]
    papers = [each for each in said if each.get("reader") != PERSON]
    persons = [each for each in said if each.get("reader") == PERSON]
    elsewhere = dict(other for each in imports if (other := _otherwise(each, name, value)))
    if persons and not papers:
        [first, *_] = persons
        return StatedValue(
            value=value, origin=ValueOrigin.PERSON, document=first.get("document"), by=first.get("by"),
            on=first.get("at"), elsewhere=elsewhere,
        )  # fmt: skip
    fetched = file.provenance.get("source") in FETCHED
    origin = ValueOrigin.PLATFORM if fetched else ValueOrigin.PAPER if papers else ValueOrigin.UNRECORDED
    document = papers[0].get("document") if origin is ValueOrigin.PAPER else None
    return StatedValue(value=value, origin=origin, document=document, elsewhere=elsewhere)


def stated_values(file: LicenceFile) -> dict[str, StatedValue]:
    """The values that a person may state of a paper, by field."""
    return {name: stated_value(file, name) for name in STATED}


def _value(file: LicenceFile, name: str) -> str | None:
    licence = file.licence
    if name == "licensed_at":
        return iso(licence.licensed_at)
    found = getattr(licence.asset if name in ("asset_id", "title") else licence, name)
    return None if found is None else str(found)


def _same(name: str, said: object, value: str) -> bool:
    """Whether a paper says this value; times are compared as days, because few papers state a time."""
    if not isinstance(said, str):
        return False
    return said[:10] == value[:10] if name == "licensed_at" else said.casefold().split() == value.casefold().split()


def _otherwise(each: ImportSource, name: str, value: str | None) -> tuple[str, str] | None:
    """An imported document, and what it says instead."""
    document, claimed = each.get("document"), each.get("claimed", {}).get(name)
    if not document or value is None:
        return None
    if name in (paper := each.get("paper_says", {})):
        return document, paper[name] or ""
    return None if claimed is None or _same(name, claimed, value) else (document, str(claimed))
