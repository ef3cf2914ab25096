"""The documents that licences lack and that may still be had, and what a person can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archiver.catalogue.index import CatalogueEntry
from archiver.catalogue.search import archives, catalogue_of
from archiver.core.model import GapReason
from archiver.home.settings import HOUSE, Home
from archiver.provider import declared
from archiver.reading.worker import DocumentReader

OPEN = (GapReason.FAILED, GapReason.ON_REQUEST, GapReason.UNREAD)  # gaps that somebody can still do something about


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A document that a licence lacks and that may still be had: which, why, and what a person can do."""

    licence: str
    document: str
    reason: str
    detail: str
    do: str


def missing_documents(home: Home, wanted: Callable[[CatalogueEntry], bool]) -> Iterator[Missing]:
    """What may still be had of the licences that are wanted."""
    with DocumentReader() as reader:
        seen: set[str] = set()
        for slug in sorted(archives(home), key=lambda slug: slug != HOUSE):
            with catalogue_of(home, slug, reader) as (_, catalogue):
                for entry in catalogue.each():
                    if entry.licence.comp or entry.object_id in seen or not wanted(entry):
                        continue
                    seen.add(entry.object_id)
                    info = declared(entry.provider)
                    for gap in entry.file.gaps:
                        if gap.reason in OPEN:
                            yield Missing(
                                licence=entry.short_id,
                                document=gap.kind.value,
                                reason=gap.reason.value,
                                detail=gap.detail,
                                do="archiver run tries it again; while the seat is there, it can be had by hand, too."
                                if gap.reason is GapReason.FAILED
                                else f"Ask for it while the account is open: {info.confirm.how}"
                                if info
                                else "Ask the platform for it while the account is open.",
                            )
