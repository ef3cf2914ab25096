"""List the documents that somebody can still get, missing or on request, and what to do for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.catalogue.search import archives, catalogue_of
from archiver.core.errors import IntegrityError, Remedy
from archiver.core.model import GapReason
from archiver.home.settings import HOUSE, Home
from archiver.provider import declared
from archiver.reading.worker import DocumentReader


@dataclass(frozen=True, kw_only=True)
class DocumentToGet:
    """A document that somebody can still get: which one, why the archive lacks it (a `GapReason`), and what to do."""

    licence: str
    document: str
    reason: str
    detail: str
    do: str

    @property
    def is_missing(self) -> bool:
        """Whether the document counts as missing, as `GapReason.is_missing` decides; else it is given on request."""
        return GapReason(self.reason).is_missing

    def __str__(self) -> str:
        return f"{'missing' if self.is_missing else 'on request'}: {self.licence}: {self.document}"


def documents_to_get(home: Home, wanted: Callable[[Catalogue], Iterable[CatalogueEntry]]) -> Iterator[DocumentToGet]:
    """The documents to get of the licences that `wanted` selects in each archive that can be read."""
    with DocumentReader() as reader:
        seen: set[str] = set()
        for slug in sorted(archives(home), key=lambda slug: slug != HOUSE):
            with suppress(IntegrityError), catalogue_of(home, slug, reader) as (_, catalogue):
                for entry in wanted(catalogue):
                    if entry.object_id in seen:
                        continue
                    seen.add(entry.object_id)
                    for gap in entry.file.gaps:
                        if gap.reason.is_obtainable:
                            yield DocumentToGet(
                                licence=entry.short_id, document=gap.kind.value, reason=gap.reason.value,
                                detail=gap.detail, do=what_to_do(entry.provider, gap.reason),
                            )  # fmt: skip


def what_to_do(provider: str, reason: GapReason) -> str:
    """What somebody does to get a document that the archive lacks for this reason."""
    if reason is GapReason.PROVISIONAL:
        return f"The platform gave a provisional document. The next runs ask for the final one. {Remedy('run')}"
    if reason.is_missing:
        return f"Download it by hand while the seat exists, or try again. {Remedy('run')}"
    if info := declared(provider):
        return f"Ask the platform while the account is open: {info.confirm.how}"
    return "Ask the platform while the account is open."
