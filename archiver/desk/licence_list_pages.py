"""The list of licences: gallery or table, filters, order, totals, and its export; and the choice of many of them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency import licence_table
from archiver.catalogue.licence_list import MANY_LICENCES, MISSING, SORTS, LicenceList, ListFilter, ListTotals, options
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.chosen_licences import ChosenLicences, keep
from archiver.desk.kept_searches import nothing_archived
from archiver.home.settings import HOUSE

VIEWS = ("gallery", "table")
PAGES = {"gallery": 24, "table": 50}  # licences of a page


def licences(visit: PageRequest) -> Response:
    """The licences that a filter finds, page by page."""
    chosen, sort = ListFilter.of(visit.asked), visit.asked("sort") or "newest"
    view = visit.asked("view") if visit.asked("view") in VIEWS else VIEWS[0]
    listed = LicenceList(visit.home, chosen, sort)
    page = listed.page(PAGES[view], after=visit.asked("after") or None, before=visit.asked("before") or None)
    query = _query(chosen, sort)
    kept = chosen.as_query() | {"sort": sort, "view": view}
    return visit.page(
        "licences.html", chosen=chosen, sort=sort, view=view, views=VIEWS, sorts=list(SORTS), page=page, query=query,
        totals=_totals(visit, listed, query) if listed.is_quick else None, over=MANY_LICENCES, missing=MISSING,
        house=HOUSE, options=visit.desk.cached("options", lambda: options(visit.home)),
        link=lambda **changed: at("licences", **(kept | changed)), empty=not page.rows and nothing_archived(visit),
    )  # fmt: skip


def totals(visit: PageRequest) -> Response:
    """The numbers of a list, as a part of its page: those of many licences take longer than a page may."""
    chosen, sort = ListFilter.of(visit.asked), visit.asked("sort") or "newest"
    template = "licence-totals.html" if visit.asked("part") else "licence-totals-page.html"
    kept, query = chosen.as_query() | {"sort": sort, "view": visit.asked("view")}, _query(chosen, sort)
    return visit.page(
        template, totals=_totals(visit, LicenceList(visit.home, chosen, sort), query), house=HOUSE,
        link=lambda **changed: at("licences", **(kept | changed)),
    )  # fmt: skip


def _query(chosen: ListFilter, sort: str) -> str:
    return urlencode(chosen.as_query() | ({"sort": sort} if sort != "newest" else {}))


def _totals(visit: PageRequest, listed: LicenceList, query: str) -> ListTotals:
    return visit.desk.cached(f"totals {query}", listed.totals)


def export(visit: PageRequest) -> Response:
    """The whole list as a table."""
    kind = visit.path["kind"]
    if kind not in licence_table.MEDIA_TYPES:
        raise HTTPException(404)
    chosen, sort = ListFilter.of(visit.asked), visit.asked("sort") or "newest"
    names = LicenceList(visit.home, chosen, sort).names()
    content = licence_table.written(visit.home, names, kind, visit.words("licences"))
    visit.log_action("list saved", kind, filter=urlencode(chosen.as_query()))
    return visit.file(content, f"licences_{chosen.client or 'all'}.{kind}", licence_table.MEDIA_TYPES[kind])


def choose(visit: PageRequest) -> Response:
    """Keep the ticked licences, or all that the filter finds, and show what can be done with them."""
    query = dict(parse_qsl(visit.given("query")))
    if visit.given("every"):
        chosen = ListFilter.of(lambda name: query.get(name, ""))
        names = LicenceList(visit.home, chosen, query.get("sort") or "newest").names()
    else:
        names = [str(each) for each in visit.form.getlist("pick")]
    if not names:
        raise visit.refusal("pick_first")
    picked = ChosenLicences(tuple(names), visit.given("query"))
    return visit.to("licences", "chosen", keep(visit, picked))


ROUTES = [
    PageRoute("/licences", licences, Role.READ),
    PageRoute("/licences/totals", totals, Role.READ),
    PageRoute("/licences/export.{kind}", export, Role.READ),
    PageRoute("/licences/choose", choose, Role.READ, post=True),
]
