"""The pages of a client: its licences, report and link."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency import monthly_report as monthly
from archiver.agency import monthly_report_page
from archiver.agency.status import status
from archiver.catalogue import search
from archiver.catalogue.checked_dates import dated_rows
from archiver.core.atomic_files import scratch_folder
from archiver.core.errors import BrowserMissing
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.home_page import PAGE
from archiver.home.settings import HOUSE
from archiver.reading.worker import DocumentReader

LINK_DAYS = (7, 30, 90)


def client(visit: PageRequest, link: tuple[str, object] | None = None) -> Response:
    """One client: its licences, the newest first, page by page; and the form for a read-only link."""
    owner = visit.client()
    rows, more, stands = [], None, visit.desk.standing(visit.home, owner.slug)
    if stands.fault and visit.visitor.client:
        raise HTTPException(503)
    if visit.home.archive(owner.slug).is_dir() and not stands.fault:
        with DocumentReader() as reader, search.catalogue_of(visit.home, owner.slug, reader) as (_, catalogue):
            hits, more = catalogue.newest(PAGE, visit.asked("after") or None)
            rows = dated_rows(visit.home, catalogue, hits)
    return visit.page(
        "client.html", client=owner, rows=rows, more=more, count=stands.count, failed=stands.incomplete, link=link,
        days=LINK_DAYS, house=HOUSE, months=_months(monthly.this_month(visit.home)),
        standing=status(
            visit.home, turns=visit.desk.turns, lacking=visit.desk.lacking, previews=visit.desk.previews,
            client=owner.slug,
        ).accounts,
        fault=stands.fault, work=visit.desk.works.of(at("client", owner.slug)) if not visit.visitor.client else None,
        first=not visit.asked("after"),
        lacks=[] if visit.visitor.client else search.incomplete(visit.home, owner.slug, visit.desk.turns),
    )  # fmt: skip


def _months(newest: str) -> list[str]:
    """The last twelve months, the newest first, as `2026-11`."""
    year, month = map(int, newest.split("-"))
    numbers = (year * 12 + month - 1 - back for back in range(12))
    return [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]


def report(visit: PageRequest) -> Response:
    """A client's monthly report, as a PDF; as HTML where no Chromium prints it."""
    owner, month = visit.client(), visit.asked("month")
    made = monthly.report(visit.home, owner.slug, month)
    with scratch_folder("desk") as folder:
        out = folder / "report.pdf"
        try:
            monthly_report_page.write(made, out, visit.language)
        except BrowserMissing:
            return visit.file(monthly_report_page.page(made, visit.language), f"{owner.slug}-{month}.html", "text/html")
        content = out.read_bytes()
    return visit.file(content, f"{owner.slug}-{month}.pdf", "application/pdf")


def make_link(visit: PageRequest) -> Response:
    """Create a read-only link to one client's licences."""
    owner = visit.client()
    if visit.desk.standing(visit.home, owner.slug).fault:
        raise visit.refusal("client_damaged")
    days = visit.number(visit.given("days"), 3)
    secret, until = visit.desk.access.links.made(owner.slug, days, visit.visitor.name)
    visit.log_action("link made", owner.slug, link=secret.split(".")[1], until=until.isoformat())
    return client(visit, link=(f"{visit.request.base_url}link/{secret}", until))


ROUTES = [
    PageRoute("/client/{client}", client, Role.CLIENT),
    PageRoute("/client/{client}/report", report),
    PageRoute("/client/{client}/link", make_link, Role.OPERATE, post=True),
]
