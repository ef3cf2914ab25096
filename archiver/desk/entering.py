"""The ways in and out: the one-time link, name and password, a client's link."""

from __future__ import annotations

from starlette.responses import Response

from archiver.desk.access import Role, Visitor, linked, named, owner
from archiver.desk.app import Visit, Way


def _in(visit: Visit, visitor: Visitor) -> Response:
    """Begin a visit. The page leads on by itself: a redirect would not carry the new cookie after a foreign link."""
    doors, site = visit.desk.doors, visit.desk.site
    cookie = doors.enter(visitor)
    doors.told(visitor, "entered", origin=address(visit))
    response = visit.page("entered.html")
    response.headers["refresh"] = "0; url=/"
    response.set_cookie(
        site.cookie, cookie, max_age=round(visitor.expires - visitor.began), httponly=True, samesite="strict",
        secure=site.secure, path="/",
    )  # fmt: skip
    return response


def address(visit: Visit) -> str:
    """Where a request comes from; behind a proxy, what the proxy says last."""
    client = visit.request.client
    if visit.desk.site.proxied and (said := visit.request.headers.get("x-forwarded-for")):
        return said.rpartition(",")[2].strip()[:60]
    return client.host if client else ""


def by_key(visit: Visit) -> Response:
    """The one-time link that `archiver desk` prints and opens."""
    if not visit.desk.doors.use_key(visit.path["key"]):
        visit.desk.doors.told(None, "refused", "one-time link", origin=address(visit))
        return visit.page("closed.html", 401)
    return _in(visit, owner())


def by_link(visit: Visit) -> Response:
    """A client's read-only link."""
    found = visit.desk.doors.links.read(visit.path["link"])
    if found is None or found[0] not in visit.home.clients:
        visit.desk.doors.told(None, "refused", "link", origin=address(visit))
        return visit.page("closed.html", 401)
    return _in(visit, linked(*found))


def sign_in(visit: Visit) -> Response:
    if not visit.desk.doors.users.all():
        return visit.page("closed.html", 401)
    return visit.page("sign-in.html", wrong=False, wait=0, name="")


def signed_in(visit: Visit) -> Response:
    """Name and password. After five failures a name has to wait."""
    doors, name, origin = visit.desk.doors, visit.given("name")[:80], address(visit)
    if wait := doors.throttle.wait(name, origin):
        doors.told(name, "sign-in has to wait", origin=origin)
        response = visit.page("sign-in.html", 429, wrong=False, wait=-(-wait // 60), name=name)
        response.headers["retry-after"] = str(wait)
        return response
    password = visit.form.get("password")
    user = doors.users.known(name, password if isinstance(password, str) else "")
    if user is None:
        doors.throttle.failed(name, origin)
        doors.told(name, "sign-in refused", origin=origin)
        return visit.page("sign-in.html", 401, wrong=True, wait=0, name=name)
    return _in(visit, named(user))


def sign_out(visit: Visit) -> Response:
    site = visit.desk.site
    visit.told("left")
    visit.desk.doors.leave(visit.request.cookies.get(site.cookie))
    response = visit.page("left.html")
    response.headers["clear-site-data"] = '"cache"'  # previews are kept for a while
    response.delete_cookie(site.cookie, secure=site.secure, httponly=True, samesite="strict")
    return response


WAYS = [
    Way("/enter/{key}", by_key, open=True),
    Way("/link/{link}", by_link, open=True),
    Way("/sign-in", sign_in, open=True),
    Way("/sign-in", signed_in, post=True, open=True),
    Way("/sign-out", sign_out, Role.CLIENT, post=True),
]
