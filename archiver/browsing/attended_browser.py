"""An attended browser: it archives what a person opens or downloads, and the pages that the person marks.

Nothing is refused here, because a person decides. Documents are copied from the answer in transit and never requested
again, because a second request may buy again.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import unquote, urlsplit

from archiver.browsing.capture import Traffic, capture, cookie_secrets
from archiver.browsing.forward_proxy import GuardProxy
from archiver.browsing.request_guard import PausedRequest
from archiver.core.errors import ArchiverError
from archiver.core.model import Document
from archiver.provider import Request, redact_url
from archiver.reading.documents import is_html
from archiver.reading.secret_scan import secret_name, stored_secrets
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Download, Frame, Page
    from playwright.async_api import Request as PageRequest
    from playwright.async_api import Response as PageResponse

MAX_ANSWER_BYTES = 50 << 20  # a larger answer is not copied in transit
MAX_EARLY_REQUESTS = 2_000  # requests of pages that Chromium has not announced yet
CLOSED_AFTER_S = 1.0  # after this time without a window, the browser counts as closed
DOWNLOAD_TIMEOUT_S = 120.0  # for a download that is running when the browser closes
MAX_FRAMES = 20  # frames of a page that are captured
HAND_OVER_TIMEOUT_S = 10.0  # for Chromium to hand over what it has already received

# Resource types that can bring a document. Pictures, scripts and styles cannot.
_TYPES = ("Document", "XHR", "Fetch", "Other")
_PAPERS = {"application/pdf": ".pdf", "application/x-pdf": ".pdf", "text/plain": ".txt"}
_VAGUE = ("application/octet-stream", "binary/octet-stream", "application/force-download", "application/download", "")

# The page's scripts run in another world: they see neither this name nor its value.
WORLD = "archiver"
_TELL = "archiverTell"
_SCRIPT = (Path(__file__).parent / "attended_browser.js").read_text("utf-8")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TakenItem:
    """One item from the person: a document as it was sent, or a page that they marked.

    `how` is opened, downloaded or marked. For a marked page, `content` is its current HTML with that of its frames,
    `sent` its original HTML if still available, and `captures` the files that show it.
    """

    how: str
    name: str
    content: bytes
    url: str
    method: str
    at: datetime
    media_type: str = ""
    sent: bytes = b""
    captures: Sequence[Document] = ()

    @property
    def marked(self) -> bool:
        return self.how == "marked"


type Take = Callable[[TakenItem], Awaitable[str | None]]
"""Receive one item. Returns why it is not kept, for the person to read, or None."""


class _BindingCall(TypedDict):
    """`Runtime.bindingCalled` of Chromium's protocol, as far as it is read here."""

    name: str
    payload: str
    executionContextId: int


@dataclass(eq=False)
class Observation:
    """One person's browser.

    `sent` lists what the pages sent besides GET, as `METHOD url` without the query. `secrets` are all values that no
    archive may contain: cookies, stored tokens, typed passwords.
    """

    context: BrowserContext
    way: GuardProxy
    reader: DocumentReader
    take: Take
    keep: Callable[[str], Path]
    say: Callable[[str], None]
    names: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set, repr=False)
    _typed: dict[tuple[int, int, int], str] = field(default_factory=dict, repr=False)
    _digests: set[str] = field(default_factory=set)
    _met: dict[Page, asyncio.Task[None]] = field(default_factory=dict)
    _pages: dict[Page, Traffic] = field(default_factory=dict)
    _early: list[tuple[str, PageRequest | PageResponse]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _capturing: asyncio.Lock = field(default_factory=asyncio.Lock)

    # ------------------------------------------------------------ beginning and end

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the context's pages, now and later. At the end, wait for unfinished work."""
        browser = self.context.browser
        assert browser is not None
        for name in ("request", "response", "requestfinished", "requestfailed"):
            self.context.on(name, lambda message, name=name: self._heard(name, message))
        self.context.on("page", self._meet)
        answers = await browser.new_browser_cdp_session()
        answers.on("Fetch.requestPaused", lambda event: self._do(self._passing(answers, event)))
        patterns = [{"urlPattern": "*", "requestStage": "Response", "resourceType": each} for each in _TYPES]
        await answers.send("Fetch.enable", {"patterns": patterns})
        try:
            yield
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=DOWNLOAD_TIMEOUT_S)
            await self._collect()

    async def closed(self) -> None:
        """Wait until the person has closed the last window."""
        browser = self.context.browser
        while browser and browser.is_connected():
            if not self.context.pages:
                await asyncio.sleep(CLOSED_AFTER_S)  # a window may be about to open
                if not self.context.pages:
                    return
            await asyncio.sleep(CLOSED_AFTER_S / 4)

    async def open(self, url: str | None) -> Page:
        """Open a new tab at this address."""
        from playwright.async_api import Error

        page = await self.context.new_page()
        await self._meet(page)
        if url:
            try:
                await page.goto(url, wait_until="commit")
            except Error as error:
                if "Download is starting" not in error.message and "ERR_ABORTED" not in error.message:
                    self.say(f"The browser could not open {redact_url(url)}: {error.message.splitlines()[0]}")
        return page

    def _do(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self._safely(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _safely(self, work: Awaitable[None]) -> None:
        """Run work beside the person's own, ignoring errors of windows that close meanwhile."""
        from playwright.async_api import Error

        try:
            await work
        except Error as error:
            log.info("gone meanwhile: %s", error.message.splitlines()[0])

    # ------------------------------------------------------------ pages

    def _meet(self, page: Page) -> asyncio.Task[None]:
        """Start to watch a page. Does nothing the second time."""
        if page not in self._met:
            self._met[page] = self._do(self._register(page))
        return self._met[page]

    async def _register(self, page: Page) -> None:
        """Listen to a page, and put the bar on it."""
        page.on("download", lambda download: self._do(self._downloaded(download)))
        traffic = await Traffic.of(page)
        # Chromium announces a window that a page opened only after its first answer has begun.
        early, self._early = self._early, []
        for name, message in early:
            if _page_of(_request_of(message)) is page:
                traffic.heard(name, message)
            else:
                self._early.append((name, message))
        self._pages[page] = traffic
        page.on("close", self._forget)
        page.on("framenavigated", lambda frame: self._do(self._watch_frame(page, frame)))
        await self._watch(traffic.cdp, page)

    def _forget(self, page: Page) -> None:
        self._pages.pop(page, None)
        self._met.pop(page, None)

    async def _watch(self, cdp: CDPSession, page: Page) -> None:
        """Put our script into a target's documents, in an isolated world."""
        cdp.on("Runtime.bindingCalled", lambda event: self._on_binding(cdp, page, event))
        await cdp.send("Page.enable")
        await cdp.send("Runtime.enable")
        await cdp.send("Runtime.addBinding", {"name": _TELL, "executionContextName": WORLD})
        script = {"source": _SCRIPT, "worldName": WORLD, "runImmediately": True}
        await cdp.send("Page.addScriptToEvaluateOnNewDocument", script)

    async def _watch_frame(self, page: Page, frame: Frame) -> None:
        """Watch a frame of another site, which has its own process: passwords are typed there, too."""
        from playwright.async_api import Error

        if frame.parent_frame is None:
            return
        with suppress(Error):  # most frames share their page's process
            await self._watch(await page.context.new_cdp_session(frame), page)

    def _on_binding(self, cdp: CDPSession, page: Page, event: _BindingCall) -> None:
        """Handle a message of our script: it is ready, the person marks the page, or a password field changed."""
        if event["name"] != _TELL:
            return
        said, world = json.loads(event["payload"]), event["executionContextId"]
        match said:
            case {"mark": True}:
                self._do(self._mark(page))
            case {"typed": value, "field": number, "done": done}:
                self._typed[id(cdp), world, number] = value
                if done:
                    self.secrets.add(value)
            case _:
                self._do(self._evaluate(cdp, world, self._visible()))

    async def _evaluate(self, cdp: CDPSession, world: int, expression: str) -> None:
        await cdp.send("Runtime.evaluate", {"expression": expression, "contextId": world})

    async def _in_world(self, traffic: Traffic, expression: str) -> None:
        """Evaluate an expression in our world of a page."""
        tree = await traffic.cdp.send("Page.getFrameTree")
        made = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": WORLD}
        world = await traffic.cdp.send("Page.createIsolatedWorld", made)
        await self._evaluate(traffic.cdp, world["executionContextId"], expression)

    def _visible(self, note: str = "") -> str:
        state = {"count": len(self.names), "names": self.names[-3:], "note": note}
        return f"globalThis.archiverBar?.show({json.dumps(state)})"

    async def _refresh(self, note: str = "") -> None:
        for traffic in list(self._pages.values()):
            await self._safely(self._in_world(traffic, self._visible(note)))

    # ------------------------------------------------------------ requests

    def _heard(self, name: str, message: PageRequest | PageResponse) -> None:
        request = _request_of(message)
        if name == "request":
            self._note(request)
        if _page_of(request) not in self._pages:
            self._early = [*self._early[-MAX_EARLY_REQUESTS:], (name, message)]

    def _note(self, request: PageRequest) -> None:
        """Log what a page sends besides GET, and learn the secrets in fields named like a password or a token."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        line = f"{request.method} {redact_url(request.url)}"
        log.info("sent: %s", line)
        self.sent.append(line)
        fields = Request(request.method, request.url, request.post_data_buffer).body_fields
        self.secrets |= {value for name, values in fields.items() if secret_name(name) for value in values}

    # ------------------------------------------------------------ documents

    async def _passing(self, cdp: CDPSession, event: PausedRequest) -> None:
        """Inspect an answer before Chromium continues. Documents are copied, and continue unchanged."""
        from playwright.async_api import Error

        number, found = {"requestId": event["requestId"]}, b""
        headers = {each["name"].lower(): each["value"] for each in event.get("responseHeaders", ())}
        announced, paper = headers.get("content-length", ""), _is_paper(event, headers)
        large = announced.isdecimal() and int(announced) > MAX_ANSWER_BYTES
        try:
            if paper and not large:
                # This lets Chromium keep the answer and continue with the same bytes.
                body = await cdp.send("Fetch.getResponseBody", number)
                found = base64.b64decode(body["body"]) if body["base64Encoded"] else body["body"].encode()
        except Error as error:
            self.failures.append(f"{redact_url(event['request']['url'])}: {error.message.splitlines()[0]}")
        finally:
            with suppress(Error):
                await cdp.send("Fetch.continueRequest", number)
        large = large or len(found) > MAX_ANSWER_BYTES
        if paper and large and not _is_attachment(headers):  # a saved one is taken from its file
            self.failures.append(
                f"{redact_url(event['request']['url'])}: it is larger than {MAX_ANSWER_BYTES >> 20} MB"
            )
        if large or not found:
            return
        media_type = headers.get("content-type", "").split(";")[0].strip().lower()
        how = "downloaded" if _is_attachment(headers) else "opened"
        url, method = event["request"]["url"], event["request"]["method"]
        await self._taken(
            TakenItem(how=how, name=_name(url, headers, media_type), content=found, url=url, method=method, at=_now(),
                  media_type=media_type)
        )  # fmt: skip

    async def _downloaded(self, download: Download) -> None:
        """Take a file that Chromium saved. It belongs to the person, so they keep it, too."""
        from playwright.async_api import Error

        try:
            target = self.keep(download.suggested_filename)
            await download.save_as(target)
        except Error as error:
            self.failures.append(f"{download.suggested_filename}: {error.message.splitlines()[0]}")
            return
        size = target.stat().st_size
        if not size or size > MAX_ANSWER_BYTES:
            why = (
                f"it is larger than {MAX_ANSWER_BYTES >> 20} MB, and only kept in {target.parent}"
                if size
                else "it is empty"
            )
            self.failures.append(f"{target.name}: {why}")
            return
        content = await asyncio.to_thread(target.read_bytes)
        url = download.url if download.url.startswith("http") else download.page.url
        name = download.suggested_filename
        await self._taken(TakenItem(how="downloaded", name=name, content=content, url=url, method="", at=_now()))

    async def _taken(self, taken: TakenItem) -> None:
        """Take the same bytes only once, in whichever way they came first."""
        digest = sha256(taken.content).hexdigest()
        if not taken.marked and digest in self._digests:
            return
        self._digests.add(digest)
        await self._collect()
        if why := await self.take(taken):
            self.failures.append(f"{taken.name}: {why}")
            self.say(f"not kept: {taken.name}: {why}")
            await self._refresh(f"not kept: {taken.name}")
            return
        self.names.append(taken.name)
        self.say(f"captured: {taken.name}")
        await self._refresh()

    # ------------------------------------------------------------ marked pages

    async def _mark(self, page: Page) -> None:
        """Capture a page as it is now, without our bar."""
        traffic = self._pages.get(page)
        if traffic is None or not page.url.startswith("http"):
            return
        async with self._capturing:
            await self._in_world(traffic, "globalThis.archiverBar?.hide(true)")
            try:
                await self._capture(page, traffic)
            except ArchiverError as error:
                self.failures.append(f"{redact_url(page.url)}: {error.detail}")
                self.say(f"not kept: {redact_url(page.url)}: {error.detail}")
                await self._refresh("this page could not be captured")
            finally:
                await self._safely(self._in_world(traffic, "globalThis.archiverBar?.hide(false)"))

    async def _capture(self, page: Page, traffic: Traffic) -> None:
        from playwright.async_api import Error

        main = traffic.main
        answer = traffic.responses.get(main) if main else None
        kind = answer.headers.get("content-type", "").split(";")[0] if answer else ""
        if kind in _PAPERS:
            await self._refresh("a document is captured as it opens")
            return
        await self._collect()
        secrets = set(self.secrets)
        captures = await capture(traffic, secrets, reader=self.reader, server=self.way.reached(page.url))
        sent = b""
        if answer and main in traffic.ended and kind in ("text/html", "application/xhtml+xml"):
            with suppress(Error, TimeoutError):  # only a copy: the WARC has the page, or the reason why not
                sent = await asyncio.wait_for(answer.body(), HAND_OVER_TIMEOUT_S)
        html = [await page.content()]
        for frame in page.frames[1:MAX_FRAMES]:
            with suppress(Error, TimeoutError):
                html.append(await asyncio.wait_for(frame.content(), HAND_OVER_TIMEOUT_S))
        name = " ".join((await page.title()).split())[:80] or redact_url(page.url)
        await self._taken(
            TakenItem(how="marked", name=name, content="\n".join(html).encode("utf-8", "replace"), url=page.url,
                  method=main.method if main else "", at=_now(), media_type="text/html", captures=captures,
                  sent=sent if is_html(sent) else b"")
        )  # fmt: skip

    # ------------------------------------------------------------ secrets

    async def _collect(self) -> None:
        """Learn the values that the browser stores for its pages and that are in password fields."""
        from playwright.async_api import Error

        self.secrets |= {value for value in self._typed.values() if value}
        with suppress(Error):
            self.secrets |= cookie_secrets(await self.context.cookies())
        for page in list(self._pages):
            for frame in [each for each in page.frames if each.url.startswith("http")][:MAX_FRAMES]:
                with suppress(Error, TimeoutError):
                    asked = frame.evaluate("() => ({...sessionStorage, ...localStorage})")
                    self.secrets |= stored_secrets(await asyncio.wait_for(asked, HAND_OVER_TIMEOUT_S))


def _page_of(request: PageRequest) -> Page | None:
    from playwright.async_api import Error

    try:
        return request.frame.page
    except Error:  # a worker's request, or the first one of a window that is not announced yet
        return None


def _is_attachment(headers: Mapping[str, str]) -> bool:
    return headers.get("content-disposition", "").strip().lower().startswith("attachment")


def _request_of(message: PageRequest | PageResponse) -> PageRequest:
    from playwright.async_api import Response

    return message.request if isinstance(message, Response) else message


def _is_paper(event: PausedRequest, headers: Mapping[str, str]) -> bool:
    """Return whether an answer is a document to take: any PDF, or a text that is opened or saved."""
    if event.get("responseStatusCode") != 200:
        return False
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    url, kind = event["request"]["url"], event["resourceType"]
    if media_type in _VAGUE:
        return _name(url, headers, "").lower().endswith((".pdf", ".txt"))
    if media_type == "text/plain":
        return kind == "Document"
    return media_type in _PAPERS


def _name(url: str, headers: Mapping[str, str], media_type: str) -> str:
    """Return a document's name from its header, else from its address."""
    said = headers.get("content-disposition", "")
    wide = re.search(r"filename\*\s*=\s*[\w-]*'[\w-]*'([^;]+)", said, re.IGNORECASE)
    plain = re.search(r'filename\s*=\s*(?:"([^"]*)"|([^;]+))', said, re.IGNORECASE)
    given = unquote(wide[1]) if wide else (plain[1] or plain[2] or "") if plain else ""
    name = re.split(r"[/\\]", given.strip() or unquote(urlsplit(url).path).rstrip("/"))[-1]
    name = "".join(each for each in name if each.isprintable()).strip(". ")[:120] or "document"
    ending = _PAPERS.get(media_type, "")
    return name if not ending or name.lower().endswith(ending) else f"{name}{ending}"


def _now() -> datetime:
    return datetime.now(UTC)
