"""Open pages in Chromium to find the pictures that only scripts show.

The browser has no network at all: the polite fetcher answers what it asks for, so scope, robots.txt, pacing and GET
hold for scripts as for the visit. Pictures are only noted here; the visit fetches them.

Which pages: of each set of scripts that the site uses, two pages. If these show a picture that the page's text does not
name, all pages with the same scripts; else only those whose own scripts look as if they add pictures.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from archiver.agency.audit.audit_store import AuditStore, Resource, SiteFile, pictures_of_styles
from archiver.agency.audit.crawler import MAX_TEXT_BYTES, SiteVisit
from archiver.agency.audit.page_reader import PageContent, read_confined
from archiver.agency.audit.site_scope import acts, normal, spelled
from archiver.browsing.chromium import child_environment, launch, playwright_driver, run_apart, usable
from archiver.browsing.request_guard import DISARM, close_popups
from archiver.core.errors import ArchiverError
from archiver.reading.worker import ReaderFailed

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Route
    from playwright.async_api import Request as PageRequest

SAMPLES = 2  # pages of a set of scripts that are opened in any case
MAX_OPENED = 500  # pages in one visit
MAX_FILES = 100  # that one page may ask for
MAX_REDIRECTS = 5
PAGE_TIMEOUT_S = 60.0  # for a page with all that it asks for, also at one file a second
QUIET_S = 0.4  # without a new request, a page has shown what it shows
CLOSE_TIMEOUT_S = 5.0  # a page whose script never ends cannot be closed
READ = frozenset({"document", "stylesheet", "script", "xhr", "fetch"})  # Chromium's kinds of requests

# 64 × 48 grey pixels: a script that waits for a picture gets one.
PLACEHOLDER = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwCAAAAACEICPDAAAAJ0lEQVR42u3MQREAAAwCIPtXspwh9ttBANKjCAQCgUAgEAgEgq/B"
    "AI2TxHnFqpQiAAAAAElFTkSuQmCC"
)

SCROLL = """async () => { const step = innerHeight * 0.8, most = 30;
  for (let n = 0; n < most && n * step < document.documentElement.scrollHeight; n++) {
    scrollTo(0, n * step); await new Promise((done) => setTimeout(done, 60)); } }"""

# What scripts do with an answer is done before the page is idle, however slow the machine is.
IDLE = "() => new Promise((done) => requestAnimationFrame(() => requestIdleCallback(done, {timeout: 5000})))"


def pages_to_open(store: AuditStore, visit: int) -> list[Resource]:
    """The pages whose scripts may add pictures, without those that the visit has opened."""
    sets = defaultdict[str, list[tuple[Resource, PageContent]]](list)
    for each in store.resources(visit, "page"):
        if each.content and each.content.scripts and each.state == "read":
            sets[each.content.scripts].append((each, each.content))
    found = list[Resource]()
    for pages in sets.values():
        done = [content for _, content in pages if content.opened == visit]
        rest = [(each, content) for each, content in pages if content.opened != visit]
        if len(done) < SAMPLES:
            found += [each for each, _ in rest[: SAMPLES - len(done)]]
        else:
            shows = any(content.added for content in done)
            found += [each for each, content in rest if shows or content.scripted]
    return found


@dataclass
class ScriptedPages:
    """Opens the pages of a visit that need it. Call it with the visit; False where time ended before."""

    warn: Callable[[str], None]
    _visit: SiteVisit = field(init=False)

    def __call__(self, visit: SiteVisit) -> bool:
        self._visit = visit
        if not (waiting := self._waiting()):
            return True
        try:
            return run_apart(self._open_all(waiting))
        except ArchiverError as error:
            self.warn(f"Pictures that only scripts show were not looked for: {error}")
            return True

    def _waiting(self) -> list[Resource]:
        """The pages to open next."""
        store, number = self._visit.store, self._visit.number
        opened, found = store.opened(number), pages_to_open(store, number)
        if opened >= MAX_OPENED and found:
            more = f"{len(found)} others may show pictures that only their scripts add."
            self.warn(f"{opened} pages were opened in a browser, and no more. {more}")
        return found[: max(0, MAX_OPENED - opened)]

    async def _open_all(self, waiting: list[Resource]) -> bool:
        visit, done = self._visit, 0
        executable = usable().path
        async with playwright_driver(child_environment()) as playwright:
            browser = await launch(playwright, executable)
            while waiting:
                for each in waiting:
                    if time.monotonic() > visit.until:
                        await browser.close()
                        return False
                    added, alive = await self._open(browser, each)
                    content = replace(each.content or PageContent(), opened=visit.number, added=added)
                    kept = replace(each, content=content)
                    visit.store.keep(
                        visit.number, kept, visit.wanted(kept), visit.fetcher.left_alone, visit.fetcher.take_traffic()
                    )
                    done += 1
                    visit.watch("pages in the browser", done, None)
                    if not alive:
                        browser = await launch(playwright, executable)
                waiting = self._waiting()
            await browser.close()
        return True

    async def _open(self, browser: Browser, each: Resource) -> tuple[tuple[str, ...], bool]:
        """The pictures that a page shows and its text does not name, and whether the browser can be used further."""
        asked, html = list[str](), list[str]()
        context = await browser.new_context(
            viewport={"width": 1366, "height": 900}, offline=True, service_workers="block", accept_downloads=False
        )  # fmt: skip
        alive = True
        try:
            async with asyncio.timeout(PAGE_TIMEOUT_S):
                await self._show(context, each.url, asked, html)
        except TimeoutError:  # what it asked for so far counts
            alive = False
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await (context if alive else browser).close()
        except TimeoutError:
            alive = False
        return self._added(each, asked, html), alive

    async def _show(self, context: BrowserContext, url: str, asked: list[str], html: list[str]) -> None:
        from playwright.async_api import Error

        files, moved = 0, asyncio.Event()

        async def answer(route: Route) -> None:
            nonlocal files
            request, files = route.request, files + 1
            moved.set()
            address = urldefrag(request.url).url
            away = address != url and _leaves_page(request)
            with suppress(Error):  # the page was closed meanwhile
                if request.resource_type == "image" and request.method == "GET":
                    asked.append(address)
                    await route.fulfill(status=200, content_type="image/png", body=PLACEHOLDER)
                elif request.method != "GET" or request.resource_type not in READ or away or files > MAX_FILES:
                    await route.abort("blockedbyclient")
                elif (file := self._file(address)).status:
                    headers = {"content-type": file.media_type, "access-control-allow-origin": "*"}
                    await route.fulfill(status=file.status, headers=headers, body=file.content)
                else:
                    await route.abort("blockedbyclient")
                moved.set()

        await context.add_init_script(DISARM)
        await context.route("**/*", answer)
        await context.route_web_socket("**/*", lambda socket: socket.close())
        page: Page = await context.new_page()
        close_popups(context)
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))
        with suppress(Error):  # a page that leaves itself or breaks: what it asked for counts
            await page.goto(url, wait_until="load", timeout=PAGE_TIMEOUT_S * 1000)
            await page.evaluate(SCROLL)
            quiet = False
            while not quiet:
                moved.clear()
                await page.evaluate(IDLE)
                try:
                    await asyncio.wait_for(moved.wait(), QUIET_S)
                except TimeoutError:
                    quiet = True
            html.append(await page.content())

    def _file(self, url: str) -> SiteFile:
        """A file that a page needs, asked for once in a visit; status 0 if it may not be had."""
        visit = self._visit
        kept = visit.store.file(url)
        if kept and kept.visit == visit.number:
            return kept
        missing = SiteFile(url, visit.number, 0, "", None, None, b"")
        if acts(url) or not visit.fetcher.scope.allows(url):
            return missing
        answer, at = visit.fetcher.fetch(url, kept.etag if kept else None, kept.modified if kept else None), url
        for _ in range(MAX_REDIRECTS):
            if not 300 <= answer.status < 400 or answer.status == 304:
                break
            at = normal(urljoin(at, answer.headers.get("location", "")))
            if not at or acts(at):
                return missing
            answer = visit.fetcher.fetch(at)
        if answer.status == 304 and kept:
            file = replace(kept, visit=visit.number)
        elif answer.refused or answer.status == 304:
            file = missing
        else:
            file = SiteFile(
                url, visit.number, answer.status, answer.headers.get("content-type", ""), answer.headers.get("etag"),
                answer.headers.get("last-modified"), answer.content[:MAX_TEXT_BYTES],
            )  # fmt: skip
        visit.store.keep_file(file, visit.fetcher.take_traffic())
        return file

    def _added(self, each: Resource, asked: Iterable[str], html: Iterable[str]) -> tuple[str, ...]:
        content, store = each.content or PageContent(), self._visit.store
        known = {*content.pictures, *content.variants, *pictures_of_styles(content.styles, store.content)}
        found = list(asked)
        for text in html:
            with suppress(ReaderFailed):  # its requests count
                rendered = read_confined(self._visit.reader, "page", text[:MAX_TEXT_BYTES], each.url)
                known.update(rendered.variants)
                found += rendered.pictures
        addresses = []
        for url in found:
            with suppress(ValueError):
                addresses.append(spelled(url))
        new = dict.fromkeys(each for each in addresses if each.startswith(("http:", "https:")) and each not in known)
        return tuple(new)


def _leaves_page(request: PageRequest) -> bool:
    """Whether a request would show another page in the place of this one, or in a new window."""
    from playwright.async_api import Error

    try:
        return request.is_navigation_request() and request.frame.parent_frame is None
    except Error:  # a new window
        return True
