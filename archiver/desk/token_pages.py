"""Tokens for other programs that use the API: make one, see it once, end it."""

from __future__ import annotations

from starlette.responses import Response

from archiver.desk.api_tokens import SCOPES, ApiTokens
from archiver.desk.app import API, PageRequest, PageRoute
from archiver.desk.auth import Role

DAYS = (30, 90, 365)


def tokens(visit: PageRequest) -> Response:
    """The tokens that exist, and the form for a new one."""
    return visit.page(
        "tokens.html", tokens=ApiTokens(visit.home.root).all(), scopes=SCOPES, days=DAYS,
        new=visit.kept_if("made", str), api=f"{visit.request.base_url}{API.strip('/')}",
    )  # fmt: skip


def make(visit: PageRequest) -> Response:
    """Make a token."""
    scopes = tuple(each for each in SCOPES if each in visit.form.getlist("scope"))
    client = visit.client(visit.given("client")).slug if visit.given("client") else ""
    days = visit.number(visit.given("days"), 4)
    secret = ApiTokens(visit.home.root).made(visit.given("name"), scopes, client, days, visit.visitor.name)
    visit.log_action("token made", visit.given("name"), scopes=list(scopes), client=client)
    return visit.to("tokens", made=visit.keep(secret))


def end(visit: PageRequest) -> Response:
    """End a token at once."""
    ended = ApiTokens(visit.home.root).end(visit.given("id"))
    visit.log_action("token ended", ended.name)
    return visit.to("tokens")


ROUTES = [
    PageRoute("/tokens", tokens, Role.ADMIN),
    PageRoute("/tokens", make, Role.ADMIN, post=True, confirms=True),
    PageRoute("/tokens/end", end, Role.ADMIN, post=True),
]
