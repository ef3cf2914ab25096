"""Captures of the pages where an audit found a picture: working papers, one folder each.

`work/audits/<client>/<picture>/<time>/` has `page.png`, `page.pdf` and `capture.warc.gz` as of any capture, or the
`document.pdf`, and `sighting.json`, which is written last: a folder without it is not complete and counts for nothing.
The browser has no network; the polite fetcher answers what the page asks for.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from archiver.agency.audit.audit_store import SIGHTING, AuditStore, Sighting, folder_of
from archiver.agency.audit.fetcher import PoliteFetcher, SiteAnswer
from archiver.agency.audit.page_reader import held_bytes, read_confined
from archiver.agency.audit.pdf_pictures import pictures_of_pdf
from archiver.agency.audit.scripted_pages import CLOSE_TIMEOUT_S, IDLE, MAX_FILES, MAX_REDIRECTS, SCROLL
from archiver.agency.audit.site_scope import acts
from archiver.browsing.capture import Traffic, capture
from archiver.browsing.chromium import child_environment, launch, playwright_driver, run_apart, usable
from archiver.browsing.request_guard import DISARM, close_popups
from archiver.core.atomic_files import replace_file
from archiver.core.errors import SiteUnavailable, UnreadablePicture
from archiver.core.json_files import write_json
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader, ReaderFailed

if TYPE_CHECKING:
    from playwright.async_api import Route

PAGE_TIMEOUT_S = 120.0  # for a page with all that it asks for, also at one file a second
ASKED_FOR = frozenset({"document", "stylesheet", "script", "xhr", "fetch", "image", "font"})  # Chromium's kinds
GONE = (404, 410)
SHOWS, SHOWS_NOT = "shows", "shows_not"


@dataclass
class PageCapture:
    """Captures pages about one picture. `picture`: its id in the audit."""

    home: Home
    client: str
    picture: str
    store: AuditStore
    fetcher: PoliteFetcher
    reader: DocumentReader
    _received: list[bytes] = field(default_factory=list)
    _refused: list[str] = field(default_factory=list)
    _files: int = 0  # that the page asked for

    def take(self, url: str) -> Sighting:
        """Capture a page as it is now; what `sighting.json` says of it. SiteUnavailable where there is no answer."""
        self._received, self._refused, self._files = [], [], 0
        began = datetime.now(UTC)
        place = urldefrag(url).url
        answer = self._fetched(place)
        if answer.refused:
            raise SiteUnavailable(f"{place} was not read: {answer.refused}")
        if answer.status != 200 and answer.status not in GONE:
            raise SiteUnavailable(f"{place} was not read: status {answer.status}")
        if answer.content.startswith(b"%PDF-"):
            papers = {"document.pdf": answer.content}
            self._received += [content for _, content in pictures_of_pdf(self.reader, answer.content)[0]]
        else:
            papers = run_apart(self._page(place, answer))
        said: Sighting = {
            "format": 1, "client": self.client, "picture": self.picture, "page": place, "status": answer.status,
            "state": SHOWS if any(map(self._is_it, self._received)) else SHOWS_NOT,
            "at": began.strftime("%Y-%m-%dT%H:%M:%SZ"), "not_asked_for": sorted(set(self._refused)),
            "files": {name: sha256(content).hexdigest() for name, content in papers.items()},
        }  # fmt: skip
        return {**said, "folder": self._keep(said, papers, began)}

    def _keep(self, said: Sighting, papers: Mapping[str, bytes], began: datetime) -> str:
        folder = folder_of(self.home, self.client, self.picture, f"{began:%Y%m%dT%H%M%S%fZ}")
        folder.mkdir(parents=True, mode=0o700)
        try:
            for name, content in papers.items():
                replace_file(folder / name, content)
            write_json(folder / SIGHTING, said)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder.name

    def _is_it(self, content: bytes) -> bool:
        """Whether these bytes are a copy of the picture, as the audit takes copies."""
        try:
            digest = sha256(content).hexdigest()
            if known := self.store.group_of(digest):
                return known == self.picture
            seen = self.reader.look(content).fingerprint
            return not seen.flat and self.store.copies(seen.hash, (seen.width, seen.height)) == self.picture
        except UnreadablePicture:
            return False

    def _fetched(self, url: str) -> SiteAnswer:
        answer = self.fetcher.fetch(url)
        for _ in range(MAX_REDIRECTS):
            if not 300 <= answer.status < 400:
                break
            url = urljoin(url, answer.headers.get("location", ""))
            answer = SiteAnswer(refused="it leads to a sign-in") if acts(url) else self.fetcher.fetch(url)
        return answer

    async def _answer(self, route: Route, url: str, first: SiteAnswer) -> None:
        """Give Chromium what it asks for, or refuse it. `first` is the answer for the page itself, at `url`."""
        from playwright.async_api import Error

        request, self._files = route.request, self._files + 1
        address = urldefrag(request.url).url
        asked = request.method == "GET" and request.resource_type in ASKED_FOR and self._files <= MAX_FILES
        away = address != url and request.is_navigation_request()
        with suppress(Error):  # the page was closed meanwhile
            if not asked or away or (address != url and (acts(address) or not self.fetcher.scope.allows(address))):
                self._refused.append(address)
                await route.abort("blockedbyclient")
                return
            found = first if address == url else self._fetched(address)
            if found.refused:
                self._refused.append(address)
                await route.abort("blockedbyclient")
                return
            if request.resource_type == "image":
                self._received.append(found.content)
            kept = {name: found.headers[name] for name in ("content-type",) if name in found.headers}
            body = found.content or (b"\n" if address == url else b"")  # Chromium shows no empty 404
            await route.fulfill(status=found.status, headers={**kept, "access-control-allow-origin": "*"}, body=body)

    async def _page(self, url: str, first: SiteAnswer) -> dict[str, bytes]:
        from playwright.async_api import Error

        async with playwright_driver(child_environment()) as playwright:
            browser = await launch(playwright, usable().path)
            try:
                context = await browser.new_context(
                    viewport={"width": 1366, "height": 900}, offline=True, service_workers="block",
                    accept_downloads=False,
                )  # fmt: skip
                await context.add_init_script(DISARM)
                await context.route("**/*", lambda route: self._answer(route, url, first))
                await context.route_web_socket("**/*", lambda socket: socket.close())
                page = await context.new_page()
                traffic = await Traffic.of(page)
                close_popups(context)
                page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))
                async with asyncio.timeout(PAGE_TIMEOUT_S):
                    await page.goto(url, wait_until="load", timeout=PAGE_TIMEOUT_S * 1000)
                    await page.evaluate(SCROLL)
                    await page.evaluate(f"({IDLE})().then(() => scrollTo(0, 0))")
                    html = await page.content()
                with suppress(ReaderFailed):
                    held = read_confined(self.reader, "page", html, url).held
                    self._received += [content for each in held if (content := held_bytes(each))]
                server = "the audit's own client asked for the page and gave it to Chromium, which has no network"
                server += "" if first.content else "; the page's answer was empty, and Chromium got a line feed for it"
                papers = await capture(traffic, (), reader=self.reader, server=server)
            except Error as error:
                raise SiteUnavailable(f"{url}: {error.message.splitlines()[0]}") from None
            except TimeoutError:
                raise SiteUnavailable(f"{url} was not shown before the time limit") from None
            finally:
                with suppress(TimeoutError):  # a page whose script never ends; the driver ends it
                    async with asyncio.timeout(CLOSE_TIMEOUT_S):
                        await browser.close()
        return {each.name: each.content for each in papers}
