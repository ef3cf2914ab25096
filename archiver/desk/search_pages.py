"""The search pages: by words, and by picture."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency.arrivals import Proposal, classify
from archiver.catalogue import search
from archiver.claims import claim_files
from archiver.claims.letter_reader import picture_ending
from archiver.core.errors import UnreadablePicture
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.arrival_pages import received
from archiver.desk.auth import Role
from archiver.desk.home_page import PAGE
from archiver.desk.kept_searches import Search, missing, nothing_archived, searched
from archiver.desk.licence_pages import _picture_type
from archiver.desk.new_claim_pages import taken

MOST = 240  # matches by words; nobody reads more
NEAR = 6  # near misses of a search that finds nothing


def find(visit: PageRequest) -> Response:
    """Search by words, ID, date, file name or address; and the form for a picture or a letter."""
    text, client = visit.asked("q"), visit.visitor.client or visit.asked("client")
    if client:
        visit.client(client)
    rows: list[dict[str, object]] = []
    messages: list[str] = []
    limit = min(visit.number(visit.asked("show"), 4) or PAGE, MOST)
    if text:
        used_on = dict if visit.visitor.client else partial(claim_files.licences_by_page, visit.home, messages.append)
        rows = search.find(
            visit.home, text, client=client or None, alone=bool(visit.visitor.client), limit=limit + 1,
            used_on=used_on, warn=messages.append,
        )  # fmt: skip
    return visit.page(
        "find.html", text=text, client=client, rows=rows[:limit], more=len(rows) > limit and limit < MOST,
        next=limit + 2 * PAGE, messages=[] if visit.visitor.client else messages, near=NEAR,
        missing=missing(visit, client) if text and (not rows or rows[0]["without"]) else [],
        empty=bool(text) and not rows and nothing_archived(visit, client),
    )  # fmt: skip


def find_file(visit: PageRequest) -> Response:
    """Search for an uploaded picture. A letter becomes a claim. For any other file, a page says what it is."""
    client = visit.visitor.client or visit.given("client")
    if client:
        visit.client(client)
    file = visit.upload("file")
    if file is None:
        return visit.to("find", error="nothing")
    content, name = file
    if visit.operates and picture_ending(content):
        [arrival] = classify(visit.home, [(name, content)])
        if arrival.proposal is Proposal.CLAIM:  # a photographed or scanned letter
            return taken(visit, content, name, client)
    try:
        return searched(visit, content, name, client)
    except UnreadablePicture:
        if _picture_type(content) or not visit.operates:  # a broken picture, not a letter
            raise
    [arrival] = classify(visit.home, [(name, content)])
    if arrival.proposal is Proposal.CLAIM:
        return taken(visit, content, name, client)
    return received(visit, [arrival])


def as_letter(visit: PageRequest) -> Response:
    """A person says that the picture is a photographed or scanned letter."""
    kept = visit.kept(visit.path["key"], Search)
    return taken(visit, kept.content, kept.name or "letter.jpg", kept.client)


def found_picture(visit: PageRequest) -> Response:
    """The matches of a picture, each beside the query."""
    search = visit.kept(visit.path["key"], Search)
    rows = {row["licence"]: row for row in search.found.rows}
    groups = [
        (number, each, [rows.pop(name) for name in names if name in rows])
        for number, (each, names) in enumerate(search.found.matches)
    ]
    vain = not any(each.word != "possible" for _, each, _ in groups) and not rows
    return visit.page(
        "picture.html", search=search, key=visit.path["key"], groups=groups, named=list(rows.values()),
        missing=missing(visit, search.client) if vain else [],
        empty=vain and nothing_archived(visit, search.client),
    )  # fmt: skip


def found_sheet(visit: PageRequest) -> Response:
    """Query and match side by side."""
    search, number = visit.kept(visit.path["key"], Search), visit.path["number"]
    if number not in map(str, range(len(search.found.matches))):
        raise HTTPException(404)
    headers = {"cache-control": "private, max-age=600"}
    return Response(search.sheet(int(number)), media_type="image/png", headers=headers)


ROUTES = [
    PageRoute("/find", find, Role.CLIENT),
    PageRoute("/find/file", find_file, Role.CLIENT, post=True, upload=True),
    PageRoute("/find/picture/{key}", found_picture, Role.CLIENT),
    PageRoute("/find/picture/{key}/letter", as_letter, Role.OPERATE, post=True),
    PageRoute("/find/picture/{key}/{number}.png", found_sheet, Role.CLIENT),
]
