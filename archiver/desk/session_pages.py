"""The open sessions and the valid client links. Each can be ended here."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role, SessionFile


def show(visit: PageRequest) -> Response:
    """The sessions and links of this desk. Operators see all of them; other users see only their own sessions."""
    sessions = [
        (says, datetime.fromtimestamp(seen, UTC))
        for says, seen in visit.desk.access.sessions.all()
        if _may(visit, says)
    ]
    links = visit.desk.access.links.all() if visit.operates else []
    return visit.page("access.html", sessions=sessions, links=links)


def _may(visit: PageRequest, says: SessionFile) -> bool:
    return visit.operates or says.who == visit.visitor.name


def end_session(visit: PageRequest) -> Response:
    """End one session at once."""
    id = visit.given("id")
    found = [says for says, _ in visit.desk.access.sessions.all() if says.id == id and _may(visit, says)]
    if not found:
        raise HTTPException(404)
    visit.desk.access.sessions.end(id)
    visit.log_action("session ended", found[0].who, ended=id)
    return visit.to("access")


def end_link(visit: PageRequest) -> Response:
    """End a client's link and its sessions."""
    link = visit.desk.access.links.end(visit.given("id"))
    visit.log_action("link ended", link.client, link=link.id)
    return visit.to("access")


ROUTES = [
    PageRoute("/access", show),
    PageRoute("/access/session", end_session, post=True),
    PageRoute("/access/link", end_link, Role.OPERATE, post=True),
]
