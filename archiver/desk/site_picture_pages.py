"""The pictures in use on a client's site: what the last visit found, as a gallery, and what a person knows of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency.audit import picture_marks, site_audit
from archiver.agency.audit.audit_page import ORDER, report_bytes
from archiver.agency.licence_table import MEDIA_TYPES
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.page_templates import at

PAGE = 48  # pictures of a page
FILES = {"page.png": "image/png", "page.pdf": "application/pdf", "capture.warc.gz": "application/gzip",
         "document.pdf": "application/pdf"}  # fmt: skip
FILTERS = (*ORDER, "new", "gone", "marked")


def listed(visit: PageRequest) -> Response:
    """The clients with the answers of their last visit."""
    found = {row["client"]: row for row in site_audit.rows(visit.home)}
    return visit.page("pictures-in-use.html", client=None, clients=visit.customers(), audits=found, order=ORDER)


def gallery(visit: PageRequest) -> Response:
    """The pictures of a client's site, filtered."""
    client, made = visit.client(), _report(visit)
    chosen = asked if (asked := visit.asked("show")) in FILTERS else ""
    start = visit.number(visit.asked("from"))
    rows = _filtered(made, chosen) if made else []
    counts = {name: len(_filtered(made, name)) for name in FILTERS} if made else {}
    return visit.page(
        "pictures-in-use.html", client=client, made=made, rows=rows[start : start + PAGE], count=len(rows),
        start=start, next=start + PAGE if len(rows) > start + PAGE else None, chosen=chosen, counts=counts,
        before=max(0, start - PAGE) if start else None,
    )  # fmt: skip


def picture(visit: PageRequest) -> Response:
    """One picture: its pages, reasons and licences, and the form for what a person knows of it."""
    row, found = _picture(visit)
    work = visit.desk.work
    return visit.page(
        "picture-in-use.html", client=visit.client(), row=row, work=work,
        mine=work.place == _place(visit), entered=bool(visit.asked("entered")), gone=not found, by=visit.person(""),
        marks=picture_marks.MARKS, saved=bool(visit.asked("marked")),
    )  # fmt: skip


def mark(visit: PageRequest) -> Response:
    """Record what a person says of a picture."""
    row, found = _picture(visit)
    by, reason, word = visit.person(visit.given("by")), visit.given("reason"), visit.given("mark")
    if not by or not reason or word not in picture_marks.MARKS:
        raise visit.refusal("picture_mark_needs")
    marking = partial(picture_marks.mark, visit.home, visit.path["client"], row["picture"], word, by, reason)
    if word == "removed" and not found:  # its pages are looked at, which takes a while
        return _work(visit, "picture-removed", "picture removal checked", marking)
    marking()
    visit.log_action("marked", f"{visit.path['client']} {row['picture']}", mark=word)
    return visit.to("pictures", visit.path["client"], row["picture"], marked="1")


def capture(visit: PageRequest) -> Response:
    """Capture the page on which the picture is, in the background, as `archiver audit capture` does."""
    row, _ = _picture(visit)
    capturing = partial(picture_marks.capture, visit.home, visit.path["client"], row["picture"])
    return _work(visit, "picture-capture", "page captured", capturing)


def enter(visit: PageRequest) -> Response:
    """Enter one capture into evidence, as `archiver audit enter` does."""
    row, _ = _picture(visit)
    client, by = visit.path["client"], visit.person(visit.given("by"))
    made = picture_marks.enter(visit.home, visit.desk.vault, client, row["picture"], by, visit.path["folder"])
    visit.log_action("sighting entered", f"{client} {row['picture']}", object=made["object"])
    return visit.to("pictures", client, row["picture"], entered="1")


def captured(visit: PageRequest) -> Response:
    """A file of a capture."""
    row, _ = _picture(visit)
    name = visit.path["file"]
    found = [each for each in row["captures"] if each["folder"] == visit.path["folder"]]
    content = site_audit.capture_file(visit.home, visit.path["client"], row, found[0], name) if found else b""
    if not content or name not in FILES:
        raise HTTPException(404)
    way = "inline" if name == "page.png" else f'attachment; filename="{row["picture"]}-{name}"'
    headers = {"content-security-policy": "sandbox", "cache-control": "private", "content-disposition": way}
    return Response(content, media_type=FILES[name], headers=headers)


def small(visit: PageRequest) -> Response:
    """The small copy of a picture, or of the licensed one."""
    row, _ = _picture(visit)
    here, licensed = site_audit.small_copies(visit.home, visit.path["client"], row)
    content = licensed if visit.path["which"] == "licensed" else here
    if not content.startswith(b"\xff\xd8\xff"):
        return visit.to("static", "no-picture.svg")
    headers = {"content-security-policy": "sandbox", "cache-control": "private, max-age=3600"}
    return Response(content, media_type="image/jpeg", headers=headers)


def report(visit: PageRequest) -> Response:
    """The report as a file."""
    made, kind = _report(visit), visit.path["kind"]
    if made is None or kind not in ("xlsx", "html"):
        raise HTTPException(404)
    previews = site_audit.previews(visit.home, visit.path["client"], made)
    content = report_bytes(made, previews, f".{kind}", visit.language)
    media_type = MEDIA_TYPES.get(kind, "text/html; charset=utf-8")
    return visit.file(content, f"{made['client']}-pictures.{kind}", media_type)


def _place(visit: PageRequest) -> str:
    return at("pictures", visit.path["client"], visit.path["picture"])


def _work(visit: PageRequest, what: str, action: str, job: Callable[[], object]) -> Response:
    """Do it in the background; the picture's page shows how far it is."""

    async def going() -> object:
        return await asyncio.to_thread(job)

    visit.desk.work.begin(what, visit.path["client"], going, place=_place(visit))
    visit.log_action(action, f"{visit.path['client']} {visit.path['picture']}")
    return visit.to("pictures", visit.path["client"], visit.path["picture"])


def _report(visit: PageRequest) -> dict[str, object] | None:
    return site_audit.last_report(visit.home, visit.client().slug)


def _picture(visit: PageRequest) -> tuple[dict[str, Any], bool]:
    """The picture of the address, and whether the last visit found it. Not the whole report: a page has 48 of them."""
    client = visit.client().slug
    try:
        with site_audit.opened(visit.home, client) as store:
            return site_audit.row_of(visit.home, client, store, visit.path["picture"])
    except (ConfigError, KeyError):
        raise HTTPException(404) from None


def _filtered(made: Mapping[str, Any], chosen: str) -> list[Mapping[str, Any]]:
    if chosen == "gone":
        return list(made["gone"])
    rows: list[Mapping[str, object]] = made["pictures"]
    if chosen == "new":
        return [row for row in rows if row["new"] or row["before"] not in (None, row["answer"])]
    if chosen == "marked":
        return [row for row in rows if row["mark"]]
    return [row for row in rows if chosen in ("", row["answer"])]


ROUTES = [
    PageRoute("/pictures", listed),
    PageRoute("/pictures/{client}", gallery),
    PageRoute("/pictures/{client}/report.{kind}", report),
    PageRoute("/pictures/{client}/{picture}", picture),
    PageRoute("/pictures/{client}/{picture}/mark", mark, Role.OPERATE, post=True),
    PageRoute("/pictures/{client}/{picture}/capture", capture, Role.OPERATE, post=True),
    PageRoute("/pictures/{client}/{picture}/captures/{folder}/enter", enter, Role.OPERATE, post=True),
    PageRoute("/pictures/{client}/{picture}/captures/{folder}/{file}", captured),
    PageRoute("/pictures/{client}/{picture}/{which}.jpg", small),
]
