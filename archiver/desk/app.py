"""The desk's application: checks for every request, the context of every page, and the routes.

A page is a function that takes a `PageRequest` and returns a response. It runs in a thread, so it may be slow.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import FormData, Headers, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archiver.agency.damage import DamagedObject, find_damaged
from archiver.claims import claim_files
from archiver.claims.claim_files import Claim
from archiver.core.errors import ArchiverError, ConfigError, IntegrityError, Remedy, UnreadablePicture, machine_error
from archiver.core.secret_texts import is_same
from archiver.desk import connection_limits
from archiver.desk.auth import OWNER, Role, Visitor
from archiver.desk.connection_limits import Connection
from archiver.desk.desk_state import Desk, Site
from archiver.desk.forms import MAX_FORM_BYTES, read_form
from archiver.desk.page_templates import at as at
from archiver.desk.page_templates import templates
from archiver.desk.refusals import refused, spoken
from archiver.desk.translations import LANGUAGES, Translations, words
from archiver.desk.workers import HashTurn, TooManyWaiting
from archiver.home.settings import HOUSE, Account, Client, Home
from archiver.home.source_settings import Source

API = "/api/v1/"
FRESH_SIGN_IN_S = 600
MAX_NEXT_LENGTH = 1_500  # of the address to which a sign-in leads


MAX_UPLOAD_BYTES = 40 << 20  # a whole request


PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


COMPANION_PATHS = ("/companion/pairing", "/companion/captures")
"""Where extensions post; nothing there looks at a session's cookie."""


PLACES = {
    "/settings": Role.ADMIN, "/sources/new": Role.ADMIN, "/clients/new": Role.OPERATE, "/accounts/": Role.OPERATE,
    "/leaver": Role.OPERATE,
}  # fmt: skip
"""The beginnings of addresses that remedies name, and the role that those pages need."""


HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # without a referrer, browsers send no origin with forms
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-robots-tag": "noindex, nofollow",
}


class PageRefusal(ConfigError):
    """{detail}"""


@dataclass
class PageRequest:
    """One request of one visitor, with helpers to answer it."""

    desk: Desk
    request: Request
    visitor: Visitor
    words: Translations
    form: FormData

    @property
    def home(self) -> Home:
        return self.desk.home

    @property
    def language(self) -> str:
        return self.words.language

    @property
    def operates(self) -> bool:
        return self.visitor.role >= Role.OPERATE

    @property
    def administers(self) -> bool:
        return self.visitor.role >= Role.ADMIN

    def may_open(self, place: str) -> bool:
        """Whether the visitor's role allows the page of a remedy."""
        return self.visitor.role >= next((role for begin, role in PLACES.items() if place.startswith(begin)), Role.READ)

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def who(self) -> str | None:
        """Whose work it is, as limits count; None for a stranger."""
        return self.visitor.holder if self.visitor.token else None

    @property
    def address(self) -> str:
        return self.desk.site.address_of(self.request)

    @property
    def came_from(self) -> str:
        """The page of this desk from which the visitor came; empty if it is this one, or unknown."""
        base, said = str(self.request.base_url), self.request.headers.get("referer", "")
        path = said.removeprefix(base.rstrip("/"))
        # Browsers take `//` and `/\` for the beginning of another host.
        ours = said.startswith(base) and said != str(self.request.url) and not path.startswith(("//", "/\\"))
        return path if ours else ""

    def asked(self, name: str) -> str:
        """A query parameter."""
        return self.request.query_params.get(name, "").strip()

    @staticmethod
    def number(text: str, digits: int = 7) -> int:
        """A number that somebody entered; 0 if it is none, or a longer one."""
        return int(text) if text.isdecimal() and len(text) <= digits else 0

    def given(self, name: str) -> str:
        """A form field."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def upload(self, name: str) -> tuple[bytes, str] | None:
        """An uploaded file and its name; None if no file was chosen."""
        return next(iter(self.uploads(name)), None)

    def uploads(self, name: str) -> list[tuple[bytes, str]]:
        """All uploaded files of a field, each with its name."""
        files = [each for each in self.form.getlist(name) if isinstance(each, UploadFile) and each.size]
        return [(each.file.read(), (each.filename or "").replace("\\", "/").rpartition("/")[2]) for each in files]

    def client(self, slug: str | None = None) -> Client:
        """A client that the visitor may see, by default the one that the address names; otherwise HTTPException 404, as
        for an unknown client.
        """
        slug = self.path["client"] if slug is None else slug
        if slug not in self.home.clients or (self.visitor.client and self.visitor.client != slug):
            raise HTTPException(404)
        return self.home.clients[slug]

    def clients(self) -> list[Client]:
        """All clients that the visitor may see."""
        return [each for each in self.home.clients.values() if self.visitor.client in (None, each.slug)]

    def customers(self) -> list[Client]:
        """Those of them that are not the house."""
        return [each for each in self.clients() if each.slug != HOUSE]

    def claim(self) -> Claim:
        """The claim that the address names; HTTPException 404 if there is none, ConfigError if it cannot be read."""
        if not claim_files.exists(self.home, self.path["claim"]):
            raise HTTPException(404)
        return claim_files.load(self.home, self.path["claim"])

    def account(self) -> Account:
        """The account that the address names; HTTPException 404 if there is none."""
        return _named(self.home.accounts(), self.path["account"])

    def source(self) -> Source:
        """The source that the address names; HTTPException 404 if there is none."""
        return _named(self.home.sources(), self.path["source"])

    def page(self, template: str, status: int = 200, **facts: object) -> Response:
        """Render a page or a fragment in the visitor's language."""
        given = {
            "visit": self,
            "w": replace(self.words, zone=self.desk.clock),
            "visitor": self.visitor,
            "home": self.home,
            "here": self.request.url.path,
            "languages": LANGUAGES,
            "max_upload_bytes": MAX_UPLOAD_BYTES,
        }
        text = templates().get_template(template).render(given | facts)
        return HTMLResponse(text, status_code=status)

    def file(self, content: str | bytes, name: str, media_type: str) -> Response:
        """A file that the browser saves under this name."""
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=media_type, headers=headers)

    def to(self, *parts: str, **query: str) -> Response:
        """Redirect to another page."""
        return RedirectResponse(at(*parts, **query), status_code=303)

    def refusal(self, key: str, **facts: object) -> PageRefusal:
        """An error in the visitor's own language."""
        return PageRefusal(self.words(key, **facts))

    def language_or_own(self, chosen: str) -> str:
        """The language that the visitor chose for something, or the one of the page."""
        return chosen if chosen in LANGUAGES else self.language

    def person(self, stated: str) -> str:
        """The person who states something. A user who signed in by name can state it only in that name."""
        return stated if self.visitor.name == OWNER else self.visitor.name

    def keep(self, value: object, size: int = 1, key: str = "") -> str:
        """Keep something of `size` bytes for this visitor for a while; returns its key, a new one if none is given."""
        key = key or secrets.token_urlsafe(12)
        self.desk.keep(f"{self.visitor.holder} {key}", size, value)
        return key

    def kept[T](self, key: str, kind: type[T]) -> T:
        """What was kept for this visitor; HTTPException 404 if it is no longer there, or of another kind."""
        value = self.desk.kept(f"{self.visitor.holder} {key}")
        if not isinstance(value, kind):
            raise HTTPException(404)
        return value

    def kept_if[T](self, name: str, kind: type[T]) -> T | None:
        """What was kept under the key in a query parameter; None if there is none."""
        with suppress(HTTPException):
            return self.kept(self.asked(name), kind)
        return None

    def administrators(self) -> list[str]:
        """The names of the people who administer this desk; none if nobody was named."""
        return [each.name for each in self.desk.access.users.all().values() if each.role is Role.ADMIN]

    def damaged(self, client: str) -> Sequence[DamagedObject]:
        """What is known to be damaged in a client's archive; nothing if its ledger itself is."""
        return find_damaged(self.home, client)

    def log_action(self, what: str, target: str = "", **more: object) -> None:
        self.desk.access.log_action(self.visitor, what, target, **more)


def _named[T: (Account, Source)](known: Iterable[T], name: str) -> T:
    found = next((each for each in known if each.name == name), None)
    if found is None:
        raise HTTPException(404)
    return found


type PageFunction = Callable[[PageRequest], Response | Awaitable[Response]]
"""Runs in its own thread. A page for strangers' forms is a coroutine function and chooses its threads itself."""


class SecurityHeaders:
    """Middleware that checks host, origin and size of every request, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # the desk has no web sockets

        if self._site.secure:  # a proxy asks by http, but our addresses must begin with https
            scope["scheme"] = "https"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", PAGE_POLICY)
                headers.setdefault("cache-control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
                if self._site.secure:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        if refusal := self._refused(scope):
            await refusal(scope, receive, sent)
        else:
            await self._app(scope, receive, sent)

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._site.hosts:
            return PlainTextResponse(
                "The desk does not use this host name. Open the address that it printed when it started.", 421
            )
        if scope["method"] in ("GET", "HEAD"):
            return None
        if scope["path"].startswith((API, *COMPANION_PATHS)):  # no cookie counts there, and the routes check who asks
            return PlainTextResponse(words("en")("error_413"), 413) if self._too_large(headers) else None
        scheme = "https" if self._site.secure else "http"
        same = headers.get("origin") == f"{scheme}://{hosts[0]}"
        if not same or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return refused(Request(scope), 403, key="error_elsewhere")
        return refused(Request(scope), 413) if self._too_large(headers) else None

    @staticmethod
    def _too_large(headers: Headers) -> bool:
        length = headers.get("content-length", "")  # browsers always send it; without it nothing is read
        return not re.fullmatch(r"\d{1,12}", length, re.ASCII) or int(length) > MAX_UPLOAD_BYTES


@dataclass(frozen=True)
class PageRoute:
    """The path of a page, the role it needs, and how it is called."""

    path: str
    page: PageFunction
    needs: Role = Role.READ
    post: bool = False
    open: bool = False  # needs no sign-in
    upload: bool = False  # its form has files
    confirms: bool = False  # its form asks for the visitor's password again
    background: bool = False  # a script requests it, so it does not count as use


def framework_route(desk: Desk, route: PageRoute) -> Route:
    """The framework's route for a page."""

    async def endpoint(request: Request) -> Response:
        cookie, visitor = request.cookies.get(desk.site.cookie), None
        if desk.access.sessions.known(cookie):
            visitor = await desk.workers.run("", desk.access.visitor, cookie, asks=not route.background)
        connection = getattr(request.state, "connection", None)
        if visitor and isinstance(connection, Connection):
            connection.belongs_to(visitor.holder, shared=desk.site.proxied)
        chosen = spoken(request)
        someone = visitor or Visitor(name="", role=Role.CLIENT, expires=0, client="-", token="")
        visit = PageRequest(desk, request, someone, words(chosen), FormData())
        try:
            response = await _answered(route, visit, visitor)
        except (ArchiverError, OSError, HTTPException) as error:
            response = await desk.workers.run(visit.who, failed, visit, error)
        except (MultiPartException, ClientDisconnect):
            response = await desk.workers.run(visit.who, failed, visit, HTTPException(400))
        if chosen != request.cookies.get("language") and "lang" in request.query_params:
            response.set_cookie(
                "language", chosen, max_age=86400 * 365, samesite="lax", httponly=True, secure=desk.site.secure
            )
        return response

    return Route(route.path, endpoint, methods=["POST"] if route.post else ["GET"])


async def _answered(route: PageRoute, visit: PageRequest, visitor: Visitor | None) -> Response:
    workers, log_action = visit.desk.workers, visit.desk.access.log_action
    if visitor is None and not route.open:
        return await workers.run(None, _turned_away, visit)
    if visitor and not route.open and visitor.role < route.needs:
        if route.post:
            await workers.run(visit.who, log_action, visitor, "refused", route.path)
        raise HTTPException(403 if visitor.client is None else 404)
    if not route.post:
        return await workers.run(visit.who, _read, route, visit)
    async with AsyncExitStack() as until_done:
        if route.upload and visitor:
            await until_done.enter_async_context(workers.upload_of(visitor.holder))
        visit.form = await until_done.enter_async_context(_sent(route, visit, visitor))
        if route.open:
            made = route.page(visit)
            assert not isinstance(made, Response)
            return await made
        if not visit.visitor.token or not is_same(visit.given("token"), visit.visitor.token):
            await workers.run(visit.who, log_action, visitor, "refused without token", route.path)
            raise HTTPException(403)
        if route.confirms:
            await _confirmed(visit)
        if route.upload:
            return await workers.read_upload(_done, route, visit)
        return await workers.run(visit.who, _done, route, visit)


async def _confirmed(visit: PageRequest) -> None:
    """Ask again for the password of the person. Who signed in without one must have done so just now; who opened the
    desk at its own machine has nothing to repeat."""
    access, visitor = visit.desk.access, visit.visitor
    if visitor.name == OWNER:
        return
    if not visitor.password:
        if time.time() - visitor.began > FRESH_SIGN_IN_S:
            raise visit.refusal("again_sign_in")
        return
    attempt = access.throttle.reserve(visitor.name, visit.address, f"session {visitor.id}")
    if attempt.refused:
        raise HTTPException(429)
    await asyncio.sleep(attempt.wait)
    password = visit.form.get("again")
    typed = password if isinstance(password, str) else ""
    turn = HashTurn(visitor.name, True, visit.request.is_disconnected)
    try:
        right = await visit.desk.workers.hash(turn, access.users.confirms, visitor.name, typed)
    except TooManyWaiting:
        access.throttle.give_back(attempt)
        raise
    if not right:
        visit.log_action("password refused")
        raise visit.refusal("again_wrong")
    access.throttle.give_back(attempt)


@asynccontextmanager
async def _sent(route: PageRoute, visit: PageRequest, visitor: Visitor | None) -> AsyncIterator[FormData]:
    """The posted form; HTTPException 408 if it is too slow, 413 if it is too long."""
    request, length = visit.request, int(visit.request.headers["content-length"])
    if visitor is None:
        seconds, most = connection_limits.FORM_TIMEOUT_S, connection_limits.MAX_STRANGER_FORM_BYTES
    elif route.upload:
        seconds, most = connection_limits.UPLOAD_TIMEOUT_S, MAX_UPLOAD_BYTES
    else:
        seconds, most = connection_limits.PERSON_FORM_TIMEOUT_S, MAX_FORM_BYTES
    if length > most:
        raise HTTPException(413)
    try:
        async with asyncio.timeout(seconds), aclosing(request.stream()) as stream:
            form = await read_form(request.headers, stream, files=route.upload)
    except TimeoutError:
        raise HTTPException(408) from None
    try:
        yield form
    finally:
        await form.close()


def _done(route: PageRoute, visit: PageRequest) -> Response:
    try:
        return _made(route, visit)
    finally:
        visit.desk.changed()


def _read(route: PageRoute, visit: PageRequest) -> Response:
    if route.open:
        return _made(route, visit)
    with visit.desk.following():
        return _made(route, visit)


def _made(route: PageRoute, visit: PageRequest) -> Response:
    response = route.page(visit)
    assert isinstance(response, Response)
    return response


def _turned_away(visit: PageRequest) -> Response:
    """Send a visitor without a session to the sign-in."""
    if visit.request.method != "GET":
        raise HTTPException(403)
    if visit.desk.access.users.all():
        asked = visit.request.url.path + (f"?{query}" if (query := visit.request.url.query) else "")
        return visit.to("sign-in", next=asked if asked != "/" and len(asked) < MAX_NEXT_LENGTH else "")
    return visit.page("closed.html", 401)


def failed(visit: PageRequest, error: ArchiverError | OSError | HTTPException) -> Response:
    """An error page: what happened and what to do. Its text comes from `errors.py` or `words.yaml`."""
    ours, remedies = isinstance(error, (HTTPException, PageRefusal)), list[Remedy]()
    if isinstance(error, HTTPException):
        key = "client" if visit.visitor.client and visit.who and error.status_code == 503 else error.status_code
        text, status = visit.words.get(f"error_{key}", "error_400"), error.status_code
        if visit.who is None:  # fast, because there may be many
            return refused(visit.request, status, key="error_signed_out" if status == 403 else "")
    elif visit.visitor.client and not isinstance(error, UnreadablePicture):  # clients must not see our internal errors
        print(f"desk: {error}", file=sys.stderr)
        text, status, ours = visit.words("error_client"), 503, True
    else:
        error = machine_error(error)
        text, remedies = error.without_remedies(), [*error.remedies()]
        status = 409 if error.exit_code == ConfigError.exit_code else 503
    return visit.page("error.html", status, text=text, code=status, ours=ours, back=visit.came_from, remedies=remedies,
                      damaged=isinstance(error, IntegrityError) and not ours)  # fmt: skip


async def _crowded(request: Request, _: Exception) -> Response:
    return refused(request, 503)


async def _broken(request: Request, error: Exception) -> Response:
    """A fault of the program. The terminal shows its details; the visitor does not see them."""
    traceback.print_exception(error)
    return refused(request, 500)


def build(desk: Desk, routes: Sequence[PageRoute], more: Sequence[Route]) -> ASGIApp:
    """The application of a desk: its pages, and `more` routes that check their visitors themselves."""

    async def missing(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(API):
            status = error.status_code if isinstance(error, HTTPException) else 404
            return JSONResponse({"error": {"code": status, "message": "There is no such address."}}, status)
        cookie, visitor = request.cookies.get(desk.site.cookie), None
        if desk.access.sessions.known(cookie):
            visitor = await desk.workers.run("", desk.access.visitor, cookie)
        status = error.status_code if isinstance(error, HTTPException) else 404
        if visitor is None:
            return refused(request, status)
        visit = PageRequest(desk, request, visitor, words(spoken(request)), FormData())
        return await desk.workers.run(visitor.holder, failed, visit, HTTPException(status))

    static = Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app = Starlette(
        routes=[static, *more, *(framework_route(desk, each) for each in routes)],
        exception_handlers={404: missing, 405: missing, TooManyWaiting: _crowded, Exception: _broken},
    )
    app.router.redirect_slashes = False  # each page has one address
    return SecurityHeaders(app, desk.site)
