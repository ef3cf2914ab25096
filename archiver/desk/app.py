"""The desk's application: what every request passes, what every page is given, and which page is where.

A page is a function of a `Visit` that returns a response. It runs in a thread, so that it may take its time.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
import traceback
from collections import Counter, OrderedDict, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.datastructures import FormData, Headers, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archiver.archive.verify import LEDGER
from archiver.catalogue import picture_search, search
from archiver.catalogue.index import RunLine
from archiver.claims import claim_files
from archiver.core.errors import ArchiverError, ConfigError, IntegrityError, UnreadablePicture, machine_error
from archiver.desk import connection_limits
from archiver.desk.auth import Doors, Role, Visitor
from archiver.desk.background_job import Work
from archiver.desk.connection_limits import Connection
from archiver.desk.forms import MAX_FORM_BYTES, read_form
from archiver.desk.translations import LANGUAGES, Words, words
from archiver.home.settings import Client, Home
from archiver.home.vault import Vault, find_key
from archiver.reading.worker import DocumentReader

HERE = Path(__file__).parent
LARGEST_UPLOAD = 40 << 20  # bytes of a whole request
UPLOAD_WAIT_SECONDS = 300.0  # for others' uploads
UPLOADS_AT_ONCE, UPLOADS_OF_PERSON, UPLOADS_READ_AT_ONCE, MAX_UPLOADS_WAITING = 6, 2, 3, 60
THREADS, THREADS_OF_PERSON, THREADS_OF_STRANGERS = 40, 8, 4
MAX_WAITING = 300  # requests of one person, or of all strangers, for a thread; some may be of connections that ended
HASHES_AT_ONCE = 2  # argon2 takes 64 MB each
FRESH_SECONDS = 3.0  # for which a count may be old while a run writes, which itself keeps the catalogue
KEPT_BYTES = 96 << 20  # of pictures that were looked for

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with none at all, browsers would name no origin in forms
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-robots-tag": "noindex, nofollow",
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """How the desk is reached: the hosts by which it may be called, with their ports, and whether by https."""

    hosts: frozenset[str]
    secure: bool = False
    proxied: bool = False

    @property
    def cookie(self) -> str:
        """The visit's cookie. Other desks of this machine have other ports, and cookies do not know ports."""
        return "__Host-desk" if self.secure else f"desk-{min(self.hosts).rpartition(':')[2]}"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How many licences an archive holds, how many of them lack a document, and the turns of its accounts."""

    followed: object = None  # what the catalogue had taken in then
    count: int = 0
    incomplete: int = 0
    fault: str = ""  # why it cannot be read
    runs: Mapping[str, Sequence[RunLine]] = field(default_factory=dict)


def _stands(home: Home, slug: str, followed: object) -> Standing:
    try:
        with DocumentReader() as reader, search.catalogue_of(home, slug, reader) as (_, catalogue):
            archive, lost = home.archive(slug), len(catalogue.unreadable())
            if lost or ((archive / "evidence").is_dir() and not (archive / LEDGER).is_file()):
                return Standing(fault=str(IntegrityError(f"{lost} objects cannot be read" if lost else "no ledger")))
            runs: dict[str, list[RunLine]] = {}
            for run in catalogue.runs():
                runs.setdefault(run.account, []).append(run)
            return Standing(
                followed=followed, count=catalogue.count(), incomplete=catalogue.count_incomplete(), runs=runs
            )
    except ArchiverError as error:  # one archive at fault does not take the others from whoever looks
        return Standing(fault=str(error))


def _stamp(home: Home, slug: str) -> object:
    """What changes whenever a ledger grows, or its catalogue is made anew; None where there is no archive."""
    try:
        ledger = (home.archive(slug) / LEDGER).stat()
        return ledger.st_mtime_ns, ledger.st_size, home.catalogue(slug).stat().st_ino
    except FileNotFoundError:
        return None


class Crowded(Exception):
    """Too much of one person, or of strangers, waits already: this is not done."""


class Workers:
    """The threads in which pages are made. No person takes all of them, nor do strangers or uploads any from others.

    Crowded where more waits than may.
    """

    def __init__(self) -> None:
        self._pages, self._uploads = CapacityLimiter(THREADS), CapacityLimiter(UPLOADS_READ_AT_ONCE)
        self._hashes = CapacityLimiter(HASHES_AT_ONCE)
        self._strangers = CapacityLimiter(THREADS_OF_STRANGERS)
        self._each = defaultdict[str, CapacityLimiter](lambda: CapacityLimiter(THREADS_OF_PERSON))
        self._arriving = asyncio.Semaphore(UPLOADS_AT_ONCE)
        self._arriving_of = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(UPLOADS_OF_PERSON))
        self._places = Counter[tuple[str, str | None]]()

    async def run[**P, T](self, who: str | None, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """The function's result, from a thread. `who` is a visitor's name, None for a stranger."""
        work = partial(function, *given, **more)
        with self._place("page", who, MAX_WAITING):
            if who is None:
                return await to_thread.run_sync(work, limiter=self._strangers)
            async with self._each[who]:
                return await to_thread.run_sync(work, limiter=self._pages)

    async def hash[**P, T](self, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """As `run`, of what hashes a password."""
        return await to_thread.run_sync(partial(function, *given, **more), limiter=self._hashes)

    async def read_upload[**P, T](self, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """As `run`, of what has a file in memory."""
        return await to_thread.run_sync(partial(function, *given, **more), limiter=self._uploads)

    @asynccontextmanager
    async def upload_of(self, who: str) -> AsyncIterator[None]:
        """In here one more upload may arrive and be read; until then nothing of it is taken from the network."""
        with self._place("upload", who, MAX_UPLOADS_WAITING):
            async with AsyncExitStack() as turns:
                try:
                    async with asyncio.timeout(UPLOAD_WAIT_SECONDS):
                        await turns.enter_async_context(self._arriving_of[who])
                        await turns.enter_async_context(self._arriving)
                except TimeoutError:
                    raise Crowded from None
                yield

    @contextmanager
    def _place(self, what: str, who: str | None, most: int) -> Iterator[None]:
        if self._places[what, who] >= most:
            raise Crowded
        self._places[what, who] += 1
        try:
            yield
        finally:
            self._places[what, who] -= 1


@dataclass
class Desk:
    """One home at one site, and what its visitors share."""

    root: Path
    site: Site
    doors: Doors
    work: Work = field(default_factory=Work)
    workers: Workers = field(default_factory=Workers)
    vault_key: str | None = None  # as it was typed at the start; else it is looked for when it is needed
    _home: tuple[object, Home] | None = None
    _standing: dict[str, Standing] = field(default_factory=dict)
    _followed: dict[str, tuple[object, float]] = field(default_factory=dict)  # as what, and when
    _reader: DocumentReader | None = None
    _sight: picture_search.Sight | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _looking: Lock = field(default_factory=Lock)
    _lock: Lock = field(default_factory=Lock)
    _catching_up: Lock = field(default_factory=Lock)
    _kept: OrderedDict[str, tuple[int, Any]] = field(default_factory=OrderedDict)

    @property
    def home(self) -> Home:
        """The home as its files are now; they are read again when one of them changed."""
        files = {"": (self.root / "archiver.yaml").stat()}
        # No folder is no clients, as in `Home.load`; a file that goes just now changes the stamp all the same.
        with suppress(FileNotFoundError), os.scandir(self.root / "clients") as entries:
            files |= {each.name: each.stat() for each in entries if fnmatch(each.name, "*.y*ml")}
        stamp = {name: (status.st_mtime_ns, status.st_size) for name, status in files.items()}
        loaded = self._home
        if loaded is None or loaded[0] != stamp:
            loaded = self._home = stamp, Home.load(self.root)
        return loaded[1]

    @property
    def vault(self) -> Vault:
        """The home's vault; nobody is asked for its key while a page waits."""
        if self.vault_key is None:
            self.vault_key = find_key(interactive=False)
        return Vault(self.home.vault, self.vault_key, remember=not self.home.settings.replay)

    @contextmanager
    def following(self) -> Iterator[None]:
        """In here pages read the catalogues as they are. While a run writes, these are caught up every few seconds and
        not by each page, and by readers of documents that stay."""
        home, whole = self.home, True
        for slug in search.archives(home):
            known, at = self._followed.get(slug, (None, 0.0))
            if known is not None and (known == _stamp(home, slug) or time.monotonic() < at + FRESH_SECONDS):
                continue
            if not self._catching_up.acquire(blocking=not at):
                continue  # another page takes in what is new; only who has changed something here waits for it
            try:
                if self._followed.get(slug, (None, 0.0))[0] is known:  # nobody was quicker
                    whole = self._catch_up(home, slug) and whole
            finally:
                self._catching_up.release()
        if not whole:  # each page then says itself what is wrong with what it is about
            yield
            return
        with search.catalogues_as_they_are():
            yield

    def _catch_up(self, home: Home, slug: str) -> bool:
        """Take in what is new; False where that cannot be kept, or the archive is at fault."""
        if self._reader is None:
            self._reader = self._open.enter_context(DocumentReader())  # ends with the process
        stamp = _stamp(home, slug)
        try:
            with search.catalogue_of(home, slug, self._reader):
                pass
        except ArchiverError:
            return False
        if not home.catalogue(slug).is_file():  # a home that can only be read
            return False
        if stamp:  # else the catalogue was not there yet, and is looked at once more
            self._followed[slug] = stamp, time.monotonic()
        return True

    def changed(self) -> None:
        """What was done here is seen at once."""
        self._followed = {slug: (known, 0.0) for slug, (known, _) in self._followed.items()}

    def standing(self, home: Home, slug: str) -> Standing:
        """How a client's archive stands, as far as its catalogue has taken it in."""
        if not home.archive(slug).is_dir():
            return Standing()
        followed, known = self._followed.get(slug, (None, 0.0))[0], self._standing.get(slug)
        if known is None or followed is None or known.followed != followed:
            known = self._standing[slug] = _stands(home, slug, followed)
        return known

    def turns(self, home: Home, slug: str) -> Mapping[str, Sequence[RunLine]]:
        """`status.runs_of`, remembered."""
        return self.standing(home, slug).runs

    def look_for(self, content: bytes, name: str, client: str | None, **more: Any) -> picture_search.Pictured:
        """What a picture shows, see `picture_search.find_picture`: one after another, with what looks kept ready."""
        with self._looking:
            if self._sight is None:
                self._sight = self._open.enter_context(picture_search.sight(self.home))  # ends with the process
            pages = dict if more.get("alone") else partial(claim_files.licences_by_page, self.home)
            return picture_search.find_picture(
                self.home, content, name, client=client, seeing=self._sight, used_on=pages, **more
            )

    def keep(self, key: str, size: int, value: Any) -> None:
        """Remember a search for a while: the newest ones, as far as memory was set aside for them."""
        with self._lock:
            self._kept[key] = size, value
            while sum(size for size, _ in self._kept.values()) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)

    def kept(self, key: str) -> Any:
        """What was kept under this key; HTTPException 404 where it is gone."""
        with self._lock:
            if key not in self._kept:
                raise HTTPException(404)
            return self._kept[key][1]


@dataclass
class Visit:
    """One request of one visitor, and how it is answered."""

    desk: Desk
    request: Request
    visitor: Visitor
    words: Words
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
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def who(self) -> str | None:
        """The visitor's name; None for a stranger."""
        return self.visitor.name if self.visitor.token else None

    @property
    def address(self) -> str:
        """Where the request comes from; behind a proxy, what that added last to what it passes on."""
        if self.desk.site.proxied:
            said = self.request.headers.getlist("x-forwarded-for")
            return said[-1].rpartition(",")[2].strip()[:60] if said else ""
        return self.request.client.host if self.request.client else ""

    def asked(self, name: str) -> str:
        """A field of the address."""
        return self.request.query_params.get(name, "").strip()

    def given(self, name: str) -> str:
        """A field of the form."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def upload(self, name: str) -> tuple[bytes, str] | None:
        """A file of the form and its name; None where none was chosen."""
        value = self.form.get(name)
        if not isinstance(value, UploadFile) or not value.size:
            return None
        return value.file.read(), (value.filename or "").replace("\\", "/").rpartition("/")[2]

    def client(self, slug: str) -> Client:
        """A client whom the visitor may see; HTTPException 404 else, as for one that there is not."""
        if slug not in self.home.clients or (self.visitor.client and self.visitor.client != slug):
            raise HTTPException(404)
        return self.home.clients[slug]

    def clients(self) -> list[Client]:
        """All clients whom the visitor may see."""
        return [each for each in self.home.clients.values() if self.visitor.client in (None, each.slug)]

    def page(self, template: str, status: int = 200, **facts: Any) -> Response:
        """A page, or a part of one, in the visitor's language."""
        given = {
            "visit": self,
            "w": self.words,
            "visitor": self.visitor,
            "home": self.home,
            "here": self.request.url.path,
        }
        text = templates().get_template(template).render(given | facts)
        return HTMLResponse(text, status_code=status)

    def to(self, *parts: str, **query: str) -> Response:
        """Go to another page."""
        return RedirectResponse(at(*parts, **query), status_code=303)

    def told(self, what: str, target: str = "", **more: object) -> None:
        self.desk.doors.told(self.visitor, what, target, **more)


type Page = Callable[[Visit], Response | Awaitable[Response]]
"""Runs in a thread of its own; what takes strangers' forms is a coroutine function, and chooses its threads itself."""


def at(*parts: str, **query: str) -> str:
    """The address of a page; nothing in a part can leave its place."""
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
    return "/" + "/".join(quote(each, safe="") for each in parts) + (f"?{asked}" if asked else "")


_environment: list[Any] = []


def templates() -> Any:
    """The pages' templates; every text that goes into one is escaped."""
    if not _environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        from archiver.desk import template_filters

        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        environment.globals |= {"at": at, **template_filters.GLOBALS}
        environment.filters |= template_filters.FILTERS
        environment.tests["draft"] = lambda name: name.startswith("drafts/")
        _environment.append(environment)
    return _environment[0]


# ---------------------------------------------------------------- what every request passes


class Guard:
    """In front of everything: hosts, origins, sizes, and the headers of every answer."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no web sockets here

        if self._site.secure:  # a proxy asks by http, and no address that is made here may begin so
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
            return PlainTextResponse("The desk is not called by this name.", 421)
        if scope["method"] in ("GET", "HEAD"):
            return None
        scheme = "https" if self._site.secure else "http"
        same = headers.get("origin") == f"{scheme}://{hosts[0]}"
        if not same or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return PlainTextResponse("This did not come from a page of the desk.", 403)
        length = headers.get("content-length", "")  # without one nothing is read: browsers always send it
        if not re.fullmatch(r"\d{1,12}", length, re.ASCII) or int(length) > LARGEST_UPLOAD:
            return PlainTextResponse(f"That is more than the {LARGEST_UPLOAD >> 20} MB that the desk takes.", 413)
        return None


@dataclass(frozen=True)
class Way:
    """Where a page is, who may see it, and whether it is posted to."""

    path: str
    page: Page
    needs: Role = Role.READ
    post: bool = False
    open: bool = False  # without any sign-in
    upload: bool = False  # its form has files
    background: bool = False  # asked for by a page by itself: nobody need be there


def route(desk: Desk, way: Way) -> Route:
    """One way as the web framework has it."""

    async def endpoint(request: Request) -> Response:
        cookie, visitor = request.cookies.get(desk.site.cookie), None
        if desk.doors.sessions.known(cookie):
            visitor = await desk.workers.run("", desk.doors.visitor, cookie, asks=not way.background)
        connection = getattr(request.state, "connection", None)
        if visitor and isinstance(connection, Connection):
            connection.belongs_to(visitor.name, shared=desk.site.proxied)
        chosen = spoken(request)
        someone = visitor or Visitor(name="", role=Role.CLIENT, expires=0, client="-", token="")
        visit = Visit(desk, request, someone, words(chosen), FormData())
        try:
            response = await _answered(way, visit, visitor)
        except (ArchiverError, OSError, HTTPException) as error:
            response = await desk.workers.run(visit.who, failed, visit, error)
        except (MultiPartException, ClientDisconnect):
            response = await desk.workers.run(visit.who, failed, visit, HTTPException(400))
        if chosen != request.cookies.get("language") and "lang" in request.query_params:
            response.set_cookie(
                "language", chosen, max_age=86400 * 365, samesite="lax", httponly=True, secure=desk.site.secure
            )
        return response

    return Route(way.path, endpoint, methods=["POST"] if way.post else ["GET"])


async def _answered(way: Way, visit: Visit, visitor: Visitor | None) -> Response:
    workers, told = visit.desk.workers, visit.desk.doors.told
    if visitor is None and not way.open:
        return await workers.run(None, _turned_away, visit)
    if visitor and not way.open and visitor.role < way.needs:
        if way.post:
            await workers.run(visit.who, told, visitor, "refused", way.path)
        raise HTTPException(403 if visitor.client is None else 404)
    if not way.post:
        return await workers.run(visit.who, _read, way, visit)
    async with AsyncExitStack() as until_done:
        if way.upload and visitor:
            await until_done.enter_async_context(workers.upload_of(visitor.name))
        visit.form = await until_done.enter_async_context(_sent(way, visit, visitor))
        if way.open:
            made = way.page(visit)
            assert not isinstance(made, Response)
            return await made
        if not _same(visit.given("token"), visit.visitor.token):
            await workers.run(visit.who, told, visitor, "refused without token", way.path)
            raise HTTPException(403)
        if way.upload:
            return await workers.read_upload(_done, way, visit)
        return await workers.run(visit.who, _done, way, visit)


@asynccontextmanager
async def _sent(way: Way, visit: Visit, visitor: Visitor | None) -> AsyncIterator[FormData]:
    """The form that was posted; HTTPException 408 where it trickles, 413 where it is too long."""
    request, length = visit.request, int(visit.request.headers["content-length"])
    if visitor is None:
        seconds, most = connection_limits.FORM_TIMEOUT_S, connection_limits.MAX_STRANGER_FORM_BYTES
    elif way.upload:
        seconds, most = connection_limits.UPLOAD_TIMEOUT_S, LARGEST_UPLOAD
    else:
        seconds, most = connection_limits.PERSON_FORM_TIMEOUT_S, MAX_FORM_BYTES
    if length > most:
        raise HTTPException(413)
    try:
        async with asyncio.timeout(seconds), aclosing(request.stream()) as stream:
            form = await read_form(request.headers, stream, files=way.upload)
    except TimeoutError:
        raise HTTPException(408) from None
    try:
        yield form
    finally:
        await form.close()


def _done(way: Way, visit: Visit) -> Response:
    try:
        return _made(way, visit)
    finally:
        visit.desk.changed()


def _read(way: Way, visit: Visit) -> Response:
    if way.open:
        return _made(way, visit)
    with visit.desk.following():
        return _made(way, visit)


def _made(way: Way, visit: Visit) -> Response:
    response = way.page(visit)
    assert isinstance(response, Response)
    return response


def spoken(request: Request) -> str:
    """The visitor's language: as just chosen, as chosen before, as the browser asks for."""
    for each in (request.query_params.get("lang"), request.cookies.get("language")):
        if each in LANGUAGES:
            return str(each)
    for part in request.headers.get("accept-language", "").split(","):
        if (code := part.strip()[:2].lower()) in LANGUAGES:
            return code
    return LANGUAGES[0]


def _same(given: str, token: str) -> bool:
    import hmac

    return bool(token) and hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _turned_away(visit: Visit) -> Response:
    """To whoever carries no cookie: the way in."""
    if visit.request.method != "GET":
        raise HTTPException(403)
    if visit.desk.doors.users.all():
        return visit.to("sign-in")
    return visit.page("closed.html", 401)


def failed(visit: Visit, error: ArchiverError | OSError | HTTPException) -> Response:
    """A page that says what happened and what to do, in the words of `errors.py` where it is one of those."""
    if isinstance(error, HTTPException):
        text, status = visit.words.get(f"error_{error.status_code}", "error_400"), error.status_code
        if visit.who is None:  # in a moment, since there may be many
            return PlainTextResponse(text, status)
    elif visit.visitor.client and not isinstance(error, UnreadablePicture):  # what is wrong here is our business alone
        print(f"desk: {error}", file=sys.stderr)
        return visit.page("error.html", 503, text=visit.words("error_503"), code=503, ours=True)
    else:
        error = machine_error(error) if isinstance(error, OSError) else error
        text, status = str(error), 409 if error.exit_code == ConfigError.exit_code else 503
    return visit.page("error.html", status, text=text, code=status, ours=isinstance(error, HTTPException))


async def _crowded(request: Request, _: Exception) -> Response:
    return PlainTextResponse(words(spoken(request))("error_503"), 503, headers={"retry-after": "5"})


async def _broken(_: Request, error: Exception) -> Response:
    """A fault of the program: told on the terminal, and to the visitor without its details."""
    traceback.print_exception(error)
    return PlainTextResponse("Something is wrong with the desk itself; its terminal says what.", 500)


def build(desk: Desk, ways: Sequence[Way]) -> ASGIApp:
    """The application of a desk."""

    async def missing(request: Request, error: Exception) -> Response:
        cookie, visitor = request.cookies.get(desk.site.cookie), None
        if desk.doors.sessions.known(cookie):
            visitor = await desk.workers.run("", desk.doors.visitor, cookie)
        status = error.status_code if isinstance(error, HTTPException) else 404
        if visitor is None:
            return PlainTextResponse("There is nothing here.", status)
        visit = Visit(desk, request, visitor, words(spoken(request)), FormData())
        return await desk.workers.run(visitor.name, failed, visit, HTTPException(status))

    static = Mount("/static", StaticFiles(directory=HERE / "static"))
    app = Starlette(
        routes=[static, *(route(desk, way) for way in ways)],
        exception_handlers={404: missing, 405: missing, Crowded: _crowded, Exception: _broken},
    )
    app.router.redirect_slashes = False  # there is one address of each page
    return Guard(app, desk.site)
