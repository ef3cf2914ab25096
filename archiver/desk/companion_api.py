"""The companion's way in: pairing, the names that a browser may file to, and captures.

Requests come from an extension and carry a token, never a session's cookie. Answers are JSON: `{"error": code,
"message": text}` for a refusal.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import IO, cast

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from archiver.collect.companion.captures import CaptureConflict, CaptureRefused, CaptureResult, Inbox, InboxFull
from archiver.collect.companion.paired_browsers import MAX_NAME_LENGTH, PairedBrowser
from archiver.core.errors import ArchiverError, machine_error
from archiver.desk import connection_limits
from archiver.desk.connection_limits import Connection
from archiver.desk.desk_state import Desk
from archiver.desk.forms import read_form
from archiver.home.settings import HOUSE

MAX_PAIRING_BYTES = 4 << 10
FILING_TIMEOUT_S = 20.0  # after which a capture that is stored, but not yet filed, is answered as waiting
MAX_FILES = 64
MAX_JOBS = 30  # newest jobs of a client that a browser is told
_EXTENSION = re.compile(r"(?:chrome-extension://[a-p]{32}|moz-extension://[0-9a-f-]{36})", re.ASCII)

type Endpoint = Callable[[Request], Awaitable[Response]]


class _Refused(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error = status, error


def routes(desk: Desk) -> list[Route]:
    api = _Api(desk)
    return [
        Route("/companion/pairing", api.answered(api.pair), methods=["POST"]),
        Route("/companion/clients", api.answered(api.clients), methods=["GET"]),
        Route("/companion/captures", api.answered(api.capture), methods=["POST"]),
        Route("/companion/captures/{id}", api.answered(api.result), methods=["GET"]),
        Route("/companion/captures/{id}/client", api.answered(api.change_client), methods=["POST"]),
    ]


class _Api:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def answered(self, work: Endpoint) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                return await work(request)
            except _Refused as error:
                return JSONResponse({"error": error.error, "message": str(error)}, error.status)
            except (MultiPartException, ClientDisconnect):
                return JSONResponse({"error": "malformed", "message": "The capture was cut off. Send it again."}, 400)
            except TimeoutError:
                return JSONResponse({"error": "slow", "message": "The capture came too slowly. Send it again."}, 408)

        return endpoint

    # ------------------------------------------------------------ pairing

    async def pair(self, request: Request) -> Response:
        """A code for a token. Codes are guessed at as slowly as passwords are."""
        origin, address = await self._extension(request), self.desk.site.address_of(request)
        attempt = self.desk.access.throttle.reserve("companion pairing", address)
        if attempt.refused:
            raise _Refused(429, "wait", "Too many wrong codes were tried. Wait a minute, then try again.")
        await asyncio.sleep(attempt.wait)
        fields = await self._json(request)
        offer = self.desk.companion.codes.take(fields.get("code", ""))
        if offer is None:
            await self._log(None, "pairing refused", origin=address)
            raise _Refused(
                401, "code", "The code is wrong, used or older than ten minutes. Make a new one at the desk."
            )
        self.desk.access.throttle.give_back(attempt)
        token, made = await self.desk.workers.run(
            None,
            self.desk.companion.browsers.pair,
            offer,
            fields.get("browser", "") or "a browser",
            fields.get("extension", ""),
            origin,
        )
        await self._log(made.person, "browser paired", made.id, browser=made.browser, address=address)
        return JSONResponse({"token": token, **self._for(made)})

    # ------------------------------------------------------------ what a token may ask

    async def clients(self, request: Request) -> Response:
        """The names of the clients, and of their jobs, that this browser may file to."""
        browser = await self._browser(request)
        await self.desk.workers.run(None, self.desk.companion.browsers.contact, browser)
        return JSONResponse(await self.desk.workers.run(None, self._for, browser))

    def _for(self, browser: PairedBrowser) -> Mapping[str, object]:
        home, jobs = self.desk.home, dict[str, list[str]]()
        for each in Inbox(home.state).results():
            known = jobs.setdefault(each.client, [])
            if each.job and each.job not in known and len(known) < MAX_JOBS:
                known.append(each.job)
        return {
            "agency": home.settings.agency.name,
            "person": browser.person,
            "browser": browser.id,
            "clients": [
                {"slug": each.slug, "name": each.name, "jobs": jobs.get(each.slug, [])}
                for each in home.clients.values()
                if browser.may_file_to(each.slug)
            ],
        }

    async def capture(self, request: Request) -> Response:
        """Store a capture durably, then file it. 200 when it is filed, 202 while it waits at the desk."""
        browser = await self._browser(request)
        self._holds(request, browser)
        workers = self.desk.workers
        async with workers.upload_of(f"companion {browser.id}"):
            async with asyncio.timeout(connection_limits.UPLOAD_TIMEOUT_S), aclosing(request.stream()) as stream:
                form = await read_form(request.headers, stream, files=True, max_files=MAX_FILES)
            try:
                parts = {name: value for name, value in form.multi_items() if isinstance(value, UploadFile)}
                if len(parts) != len(form.multi_items()) or "about.json" not in parts:
                    raise _Refused(400, "malformed", "The capture lacks its description, or holds a part twice.")
                files = {name: cast("IO[bytes]", each.file) for name, each in parts.items()}
                id = await workers.read_upload(self._store, browser, files)
            except (CaptureRefused, InboxFull) as error:
                await self._log(browser.person, "capture refused", browser.id, reason=error.detail, strangers=True)
                status = (
                    409 if isinstance(error, CaptureConflict) else 400 if isinstance(error, CaptureRefused) else 507
                )
                raise _Refused(status, "refused" if status != 507 else "full", str(error)) from None
            except (ArchiverError, OSError) as error:
                raise _Refused(507, "desk", str(machine_error(error))) from None
            finally:
                await form.close()
        self.desk.companion.filer.start()
        result = await workers.run(f"companion {browser.id}", self.desk.companion.filer.wait, id, FILING_TIMEOUT_S)
        self.desk.changed()
        return self._answer(id, result)

    def _store(self, browser: PairedBrowser, files: dict[str, IO[bytes]]) -> str:
        from archiver.collect.companion.capture_description import MAX_ABOUT_BYTES, read_about

        said = read_about(files.pop("about.json").read(MAX_ABOUT_BYTES + 1))
        inbox, id = Inbox(self.desk.home.state), str(said["id"])
        new = inbox.digest(id) is None
        client = self._client(browser, said["client"])
        inbox.store(said, client, browser, files)
        self.desk.companion.browsers.contact(browser, said["extension"])
        if new:
            self.desk.access.audit.write(
                browser.person, "capture received", id, browser=browser.id, client=client, how=said["how"]
            )
        return id

    def _client(self, browser: PairedBrowser, slug: str) -> str:
        """The client that was stated; the house if none was, or if it is not known here."""
        if slug and slug in self.desk.home.clients:
            if not browser.may_file_to(slug):
                raise CaptureRefused("this browser may not file to that client")
            return slug
        return HOUSE

    def _answer(self, id: str, result: CaptureResult | None) -> Response:
        if result is None:
            return JSONResponse({"id": id, "state": "waiting", "message": self.desk.companion.filer.waits_for}, 202)
        home = self.desk.home
        name = home.clients[result.client].name if result.client in home.clients else HOUSE
        return JSONResponse({
            "id": id, "state": "filed", "outcome": result.outcome, "client": result.client, "client_name": name,
            "licences": [dict(each) for each in result.licences], "message": result.message,
            "filed_at": result.filed_at,
        })  # fmt: skip

    async def result(self, request: Request) -> Response:
        """What became of one of this person's own captures."""
        browser = await self._browser(request)
        id = request.path_params["id"]
        result = await self.desk.workers.run(None, Inbox(self.desk.home.state).result, id)
        if result is None or result.person != browser.person:
            raise _Refused(404, "unknown", "The desk has not filed a capture with this id.")
        return self._answer(id, result)

    async def change_client(self, request: Request) -> Response:
        """Assign the licences of a capture in the house archive to a client, on the word of the browser's person."""
        browser = await self._browser(request)
        self._holds(request, browser)
        fields = await self._json(request)
        name, id = f"companion {browser.id}", request.path_params["id"]
        try:
            changed = await self.desk.workers.run(name, self._assign, browser, id, fields.get("client", ""))
        except CaptureRefused as error:
            raise _Refused(409, "refused", error.detail) from None
        except (ArchiverError, OSError) as error:
            raise _Refused(503, "desk", str(machine_error(error))) from None
        if changed:  # it waits to be filed once more
            self.desk.companion.filer.start()
            await self.desk.workers.run(name, self.desk.companion.filer.wait, id, FILING_TIMEOUT_S)
        self.desk.changed()
        return self._answer(id, await self.desk.workers.run(name, Inbox(self.desk.home.state).result, id))

    def _assign(self, browser: PairedBrowser, id: str, client: str) -> bool:
        from archiver.collect.companion.reassignment import change_client

        home = self.desk.home
        result = Inbox(home.state).result(id)
        if result is None or result.person != browser.person:
            raise CaptureRefused("The desk has not filed this capture yet. Try again in a moment.")
        if client not in home.clients or not browser.may_file_to(client):
            raise CaptureRefused("This browser may not file to that client. Choose another.")
        changed = change_client(home, self.desk.vault, result, client, browser.person)
        self.desk.access.audit.write(browser.person, "capture assigned", id, browser=browser.id, client=client)
        return changed

    # ------------------------------------------------------------ who asks

    async def _extension(self, request: Request) -> str:
        """The origin of the extension that posts this; pages cannot forge it."""
        origin = request.headers.get("origin", "")
        if not _EXTENSION.fullmatch(origin):
            await self._log(None, "companion refused", "origin", address=self.desk.site.address_of(request))
            raise _Refused(403, "origin", "Only the companion extension may send this.")
        return origin

    async def _browser(self, request: Request) -> PairedBrowser:
        """The browser whose token the request carries."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        users = self.desk.access.users.all
        browser = None
        if scheme.lower() == "bearer" and len(token) < 200:
            browser = await self.desk.workers.run(
                None, lambda: self.desk.companion.browsers.read(token.strip(), users())
            )
        origin = request.headers.get("origin")
        if browser is None:
            await self._log(None, "companion refused", "token", address=self.desk.site.address_of(request))
            raise _Refused(401, "token", "The desk does not know this browser any more. Pair it again.")
        if (origin or browser.origin) != browser.origin or (request.method == "POST" and origin is None):
            await self._log(browser.person, "companion refused", "origin", strangers=True, browser=browser.id)
            raise _Refused(403, "origin", "Only the extension that was paired may send this.")
        return browser

    def _holds(self, request: Request, browser: PairedBrowser) -> None:
        """The connection counts as the person's, as for a page."""
        connection = getattr(request.state, "connection", None)
        if isinstance(connection, Connection):
            connection.belongs_to(f"companion {browser.id}", shared=self.desk.site.proxied)

    async def _json(self, request: Request) -> dict[str, str]:
        """A small JSON object of texts."""
        if int(request.headers.get("content-length", "0")) > MAX_PAIRING_BYTES:
            raise _Refused(413, "large", "The request is too long.")
        async with asyncio.timeout(connection_limits.FORM_TIMEOUT_S):
            content = await request.body()
        try:
            fields = json.loads(content)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise _Refused(400, "malformed", "The request is not a JSON object.")
        return {str(name): value[:MAX_NAME_LENGTH] for name, value in fields.items() if isinstance(value, str)}

    async def _log(
        self, who: str | None, what: str, target: str = "", *, strangers: bool = False, **more: object
    ) -> None:
        limit = "companion" if strangers or who is None else None
        await self.desk.workers.run(None, lambda: self.desk.access.audit.write(who, what, target, limit=limit, **more))
