"""The page of one licence: picture, dates, verdict, documents, what happened to it, and its place in a list."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.archive.reader import Archive
from archiver.catalogue import search, views
from archiver.catalogue.checked_dates import checked_dates
from archiver.catalogue.index_rows import FOR_CLIENTS
from archiver.catalogue.licence_list import neighbours
from archiver.claims.licence_timeline import holds_on, timeline
from archiver.core.errors import IntegrityError
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.licence_actions import outcome
from archiver.desk.licence_pages import opened
from archiver.home.settings import HOUSE
from archiver.reading.worker import DocumentReader


def licence(visit: PageRequest) -> Response:
    """Show everything about one licence."""
    slug, folder = visit.client().slug, visit.path["folder"]
    inside = visit.visitor.client is None
    try:
        with opened(visit) as (archive, catalogue, entry):
            fault = visit.desk.licence_fault(catalogue, entry)
            if fault and not inside:
                raise HTTPException(503)
            facts = views.show(slug, archive, entry, checked_dates(visit.home, catalogue))
            terms = [(each, _names(archive, each.id)) for each in entry.file.terms]
            held = holds_on(archive, catalogue, entry.object_id) if inside else []
    except HTTPException:
        erased = _erased(visit, slug, folder) if inside else None
        if erased is None:
            raise
        return visit.page("erased.html", facts=erased)
    documents = [each for each in facts["documents"] if inside or each["kind"] in FOR_CLIENTS]
    asked = visit.asked("view")
    chosen = next((each for each in documents if each["name"] == asked), None) or next(
        (each for kind in ("certificate", "capture", "receipt", "record") for each in documents if each["kind"] == kind
         and not each["name"].endswith(".gz")), None)  # fmt: skip
    done, listed = outcome(visit), visit.asked("list") or urlencode({"client": slug})
    damaged = [each for each in visit.damaged(slug) if each.entry and each.entry.folder == folder] if fault else []
    reading = {each.name for owner in visit.home.client_and_house(slug) for each in owner.accounts if not each.closed}
    near = neighbours(visit.home, dict(parse_qsl(listed)), f"{slug}/{folder}") if inside else (None, None)
    return visit.page(
        "licence.html", facts=facts, fault=fault, documents=documents, chosen=chosen, terms=terms, done=done, held=held,
        connected=entry.file.provenance.get("account") in reading,
        near=near, key=visit.asked("done"), place=at("licence", slug, folder), house=HOUSE, listed=listed,
        spoiled={name for each in damaged for _, name in each.documents}, by=visit.person(""),
        work=visit.desk.works.of(at("licence", slug, folder)) if inside else None,
        events=timeline(visit.home, facts, held) if inside else [],
    )  # fmt: skip


def _names(archive: Archive, object_id: str) -> list[str]:
    try:
        return sorted(name for name in archive.object(object_id).files() if not name.endswith((".json", ".gz")))
    except IntegrityError:  # `verify` reports the fault
        return []


def _erased(visit: PageRequest, slug: str, folder: str) -> dict[str, object] | None:
    if not visit.home.archive(slug).is_dir():
        return None
    with DocumentReader() as reader, search.catalogue_of(visit.home, slug, reader) as (archive, catalogue):
        found = [each for each in catalogue.erased_matching(folder) if each.folder == folder]
        return views.erased(slug, archive, found[0], checked_dates(visit.home, catalogue)) if found else None


ROUTES = [PageRoute("/licence/{client}/{folder}", licence, Role.CLIENT)]
