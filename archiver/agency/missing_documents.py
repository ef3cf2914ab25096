"""List missing documents that somebody can still get, and what to do for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archiver.catalogue.index import CatalogueEntry
from archiver.catalogue.search import archives, catalogue_of
from archiver.core.model import Gap, GapReason
from archiver.home.settings import HOUSE, Home
from archiver.provider import declared
from archiver.reading.worker import DocumentReader

OPEN = (GapReason.FAILED, GapReason.ON_REQUEST, GapReason.UNREAD)  # gaps that somebody can still close


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A missing document that somebody can still get: which one, why it is missing, and what to do."""

    licence: str
    document: str
    reason: str
    detail: str
    do: str


def missing_documents(home: Home, wanted: Callable[[CatalogueEntry], bool]) -> Iterator[Missing]:
    """The missing documents of the licences that `wanted` selects."""
    for entry in licences_once(home, wanted):
        yield from (_missing(entry, gap) for gap in entry.file.gaps if gap.reason in OPEN)


def licences_once(home: Home, wanted: Callable[[CatalogueEntry], bool]) -> Iterator[CatalogueEntry]:
    """The licences of the home that `wanted` selects, each once and from the house archive if it is there; no comps."""
    seen: set[str] = set()
    with DocumentReader() as reader:
        for slug in sorted(archives(home), key=lambda slug: slug != HOUSE):
            with catalogue_of(home, slug, reader) as (_, catalogue):
                for entry in catalogue.each():
                    if not entry.licence.comp and entry.object_id not in seen and wanted(entry):
                        seen.add(entry.object_id)
                        yield entry


def _missing(entry: CatalogueEntry, gap: Gap) -> Missing:
    info = declared(entry.provider)
    if gap.reason is GapReason.FAILED:
        do = "Run `archiver run` to try again, or download it by hand while the seat exists."
    elif info:
        do = f"Ask for it while the account is open: {info.confirm.how}"
    else:
        do = "Ask the platform for it while the account is open."
    return Missing(licence=entry.short_id, document=gap.kind.value, reason=gap.reason.value, detail=gap.detail, do=do)
