"""Sign-in and sign-out: the one-time link, name and password, a client's link."""

from __future__ import annotations

import asyncio
import re
from math import ceil

from starlette.requests import Request
from starlette.responses import Response

from archiver.desk.app import MAX_NEXT_LENGTH, PageRequest, PageRoute
from archiver.desk.auth import DEVICE_DAYS, OWNER, Role, User, Visitor, linked, named, owner
from archiver.desk.password_throttle import networks_of
from archiver.desk.workers import HashTurn, TooManyWaiting


def let_in(visit: PageRequest, visitor: Visitor, wanted: str) -> Response:
    """Begin a session. The page forwards by itself: a redirect after a foreign link would not send the cookie."""
    access, site = visit.desk.access, visit.desk.site
    cookie = access.enter(visitor, visit.address)
    access.log_action(visitor, "entered", origin=visit.address)
    place = _place(wanted)
    response = visit.page("entered.html", place=place)
    response.headers["refresh"] = f"0; url={place}"
    response.set_cookie(
        site.cookie, cookie, max_age=round(visitor.expires - visitor.began), httponly=True, samesite="strict",
        secure=site.secure, path="/",
    )  # fmt: skip
    return response


def _place(wanted: str) -> str:
    """The page of this desk that the visitor wanted before the sign-in."""
    plain = re.fullmatch(r"/(?![/\\])[\w!$&'()*+,./:;=?@%~-]*", wanted, re.ASCII) and len(wanted) < MAX_NEXT_LENGTH
    return wanted if plain else "/"


def _looks_ahead(request: Request) -> bool:
    """Whether a program only previews an address that a person may open later. A preview must not use up the link."""
    purpose = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return request.method != "GET" or "prefetch" in purpose.lower()


def by_key(visit: PageRequest) -> Response:
    """The one-time link that `archiver desk` prints and opens."""
    if _looks_ahead(visit.request):
        return Response()
    if not visit.desk.access.use_key(visit.path["key"]):
        visit.desk.access.log_action(None, "refused", "one-time link", origin=visit.address)
        return visit.page("closed.html", 401)
    return let_in(visit, owner(), "")


def by_link(visit: PageRequest) -> Response:
    """A client's read-only link."""
    if _looks_ahead(visit.request):
        return Response()
    link = visit.desk.access.links.read(visit.path["link"])
    if link is None or link.client not in visit.home.clients:
        visit.desk.access.log_action(None, "refused", "link", origin=visit.address)
        return visit.page("closed.html", 401)
    return let_in(visit, linked(link), "")


def sign_in(visit: PageRequest) -> Response:
    if not visit.desk.access.users.all():
        return visit.page("closed.html", 401)
    return visit.page("sign-in.html", wrong=False, wait=0, name="", next=visit.asked("next"))


async def signed_in(visit: PageRequest) -> Response:
    """Sign in with name and password. Each attempt is counted, and may wait, before the password is checked."""
    access, work, name = visit.desk.access, visit.desk.workers, visit.given("name")[:80]
    device = access.device_of(visit.request.cookies.get(_mark(visit)), name)
    attempt = access.throttle.reserve(name, visit.address, device)
    if attempt.refused:
        return await work.run(None, _wait, visit, ceil(attempt.wait))
    await asyncio.sleep(attempt.wait)
    password = visit.form.get("password")
    code = visit.given("code")[:20]
    turn = HashTurn(device or networks_of(visit.address)[-1], bool(device), visit.request.is_disconnected)
    try:
        user = await work.hash(turn, access.users.known, name, password if isinstance(password, str) else "", code)
    except TooManyWaiting:
        access.throttle.give_back(attempt)
        raise
    if user is None:
        return await work.run(None, _wrong, visit)
    access.throttle.give_back(attempt)
    return await work.run(user.name, right, visit, user)


def _wait(visit: PageRequest, seconds: int) -> Response:
    visit.desk.access.log_action(None, "sign-in has to wait", origin=visit.address)
    response = visit.page(
        "sign-in.html", 429, wrong=False, wait=seconds, name=visit.given("name")[:80], next=visit.given("next")
    )
    response.headers["retry-after"] = str(seconds)
    return response


def refused(visit: PageRequest, text: str) -> Response:
    """The sign-in page with the reason of a refusal."""
    visit.desk.access.log_action(None, "sign-in refused", origin=visit.address)
    return visit.page("sign-in.html", 401, wrong=False, wait=0, name="", next=visit.given("next"), refused=text)


def _wrong(visit: PageRequest) -> Response:
    # Do not log unknown names: people type passwords into the wrong field.
    name = visit.given("name")[:80]
    visit.desk.access.log_action(
        name if name in visit.desk.access.users.all() else None, "sign-in refused", origin=visit.address
    )
    return visit.page("sign-in.html", 401, wrong=True, wait=0, name=name, next=visit.given("next"))


def right(visit: PageRequest, user: User) -> Response:
    """Begin the session of a person who has proved who it is, and know this browser again."""
    response, mark = let_in(visit, named(user), visit.given("next")), visit.desk.access.device_mark(user.name)
    if mark:
        response.set_cookie(
            _mark(visit), mark, max_age=86400 * DEVICE_DAYS, httponly=True, samesite="strict",
            secure=visit.desk.site.secure, path="/",
        )  # fmt: skip
    return response


def _mark(visit: PageRequest) -> str:
    """The cookie of a browser that was used to sign in before."""
    return f"{visit.desk.site.cookie}-known"


def sign_out(visit: PageRequest) -> Response:
    site = visit.desk.site
    visit.log_action("left")
    visit.desk.access.sessions.leave(visit.request.cookies.get(site.cookie))
    marked = visit.visitor.client is None and visit.visitor.name != OWNER
    response = visit.page("left.html", text="left_text_known" if marked else "left_text")
    response.headers["clear-site-data"] = '"cache"'  # the browser caches previews for a while
    response.delete_cookie(site.cookie, secure=site.secure, httponly=True, samesite="strict")
    return response


ROUTES = [
    PageRoute("/enter/{key}", by_key, open=True),
    PageRoute("/link/{link}", by_link, open=True),
    PageRoute("/sign-in", sign_in, open=True),
    PageRoute("/sign-in", signed_in, post=True, open=True),
    PageRoute("/sign-out", sign_out, Role.CLIENT, post=True),
]
