"""Build the case that the rules judge, from what an archive knows of one licence."""

from __future__ import annotations

from archiver.archive.checking.parts.verify_report import newest
from archiver.archive.reader import Archive
from archiver.catalogue import assignment
from archiver.catalogue.checked_dates import secured_documents
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.claims.facts import Case
from archiver.claims.pack_words import LANGUAGES, PackWords, confirmation
from archiver.core.model import DocumentKind, iso
from archiver.home.settings import HOUSE, Client, Home
from archiver.provider import Confirm, declared
from archiver.reading.documents import PAGE_BREAK, read_text
from archiver.reading.subscription_plans import paid_until
from archiver.reading.unsupported_platforms import served
from archiver.reading.worker import DocumentReader


def case_of(home: Home, owner: Client, archive: Archive, entry: CatalogueEntry, reader: DocumentReader) -> Case:
    """All facts about one licence for one client, from the archive and the home."""
    agency = home.settings.agency.name
    house = home.clients.get(HOUSE)
    held = assignment.holders(home, [entry.object_id], reader)[entry.object_id]
    by_hand = served().get(entry.provider)
    confirm, title = None, entry.provider
    if info := declared(entry.provider):
        confirm, title = info.confirm, info.title
    elif by_hand and by_hand.confirm:
        confirm, title = Confirm(**by_hand.confirm), by_hand.title
    plan_ended = None
    if entry.licence.plan_ends:
        with Catalogue(home.catalogue(entry.client)) as catalogue:
            plan_ended = paid_until(
                entry.licence, [e.licence for e in catalogue.each() if e.provider == entry.provider]
            )
    secured = secured_documents(home, archive, entry)
    return Case(
        file=entry.file,
        client_names=[owner.name, *owner.aliases],
        agency_names=[each for each in (agency, *((house.name, *house.aliases) if house else ())) if each],
        texts=_texts(archive, entry, reader),
        terms=[(each.relation.value, iso(each.seen_at) or "") for each in entry.file.terms],
        assigned=owner.slug in held,
        other_clients=bool(set(held) - {HOUSE, owner.slug}),
        plan_ended=plan_ended,
        secured_since=newest(secured.values()),
        secured_documents=secured,
        evidence=archive.origin == "live",
        confirm={each: confirmation(confirm, title, PackWords(each)) for each in LANGUAGES} if confirm else {},
    )


def _texts(archive: Archive, entry: CatalogueEntry, reader: DocumentReader) -> dict[str, list[str]]:
    """The page texts of record, certificates and receipts. IntegrityError if one is not what was archived."""
    stored = archive.object(entry.object_id)
    texts = {}
    for document in entry.file.documents:
        content_is_text = document.kind is DocumentKind.RECORD
        if document.kind in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT) or content_is_text:
            content = stored.read(document.name)
            reading = read_text(content) if content_is_text else reader.read(content, document.media_type)
            texts[document.name] = reading.text.split(PAGE_BREAK)
    return texts
