"""A person's browser, watched: documents by every way they come, marked pages, and what is never taken."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from archiver.browsing.attended_browser import WORLD, Observation, TakenItem
from archiver.browsing.browser_pool import Browsers
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Listener, Replay
from archiver.provider import Rules
from tests.authoring.scenario import pdf
from tests.support.browsing_kit import SITE, exchange

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("full_browser")]


class Watched:
    """What was taken in one browser, and its pages."""

    def __init__(self) -> None:
        self.taken: list[TakenItem] = []
        self.said: list[str] = []
        self.more = asyncio.Event()
        self.observation: Observation
        self.listener: Listener

    async def take(self, taken: TakenItem) -> None:
        self.taken.append(taken)
        self.more.set()

    async def until(self, number: int) -> None:
        async with asyncio.timeout(10):
            while len(self.taken) < number:
                self.more.clear()
                await self.more.wait()

    async def bar(self, page: Page) -> str:
        """What the bar says, which the page itself cannot see."""
        cdp = self.observation._pages[page].cdp
        tree = await cdp.send("Page.getFrameTree")
        made = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": WORLD}
        world = await cdp.send("Page.createIsolatedWorld", made)
        asked = {"expression": "archiverBar.text()", "contextId": world["executionContextId"]}
        return str((await cdp.send("Runtime.evaluate", asked))["result"]["value"])


@pytest.fixture
def watch(replay: Replay, browsers: Browsers, record: Callable[[str], Recording], tmp_path: Path) -> Any:
    @asynccontextmanager
    async def open_browser(exchanges: str) -> AsyncIterator[Watched]:
        watched = Watched()
        watched.listener = await replay.serve(record(exchanges), Rules(allow=()))
        async with browsers.observe(
            watched.listener.network, watched.take, keep=lambda name: tmp_path / f"kept-{name}", say=watched.said.append
        ) as watched.observation:
            yield watched

    return open_browser


@pytest.mark.long  # most ways: tests/collect/test_attended_capture.py
@pytest.mark.browser
async def test_documents_are_taken_by_whatever_way_they_come(watch: Any, tmp_path: Path) -> None:
    papers = {
        name: pdf([f"Licence {name}"]) for name in ("inline", "attached", "posted", "framed", "fetched", "linked")
    }
    for name, content in papers.items():
        (tmp_path / f"{name}.pdf").write_bytes(content)
    pdf_type: Any = {"content_type": "application/pdf"}
    start = """<h1>Licences</h1><a id=attached href=/attached>a</a><a id=linked href=/linked download=linked.pdf>d</a>
      <form method=post action=/posted target=_blank><button id=posted>p</button></form>
      <a id=inline href=/inline target=_blank>i</a><a id=text href=/licence.txt target=_blank rel=noopener>t</a>
      <a id=framed onclick="let f = document.createElement('iframe'); f.src = '/framed'; document.body.append(f)">f</a>
      <a id=fetched onclick="fetch('/fetched').then((answer) => answer.blob()).then((blob) => Object.assign(
        document.createElement('a'), {href: URL.createObjectURL(blob), download: 'blob.pdf'}).click())">b</a>"""
    exchanges = (
        exchange("/", start)
        + exchange("/inline", body="inline.pdf", **pdf_type)
        + exchange("/attached", body="attached.pdf", content_disposition='attachment; filename="a b.pdf"', **pdf_type)
        + exchange("/posted", body="posted.pdf", method="POST", **pdf_type)
        + exchange("/linked", body="linked.pdf", **pdf_type)
        + exchange("/framed", body="framed.pdf", **pdf_type)
        + exchange("/fetched", body="fetched.pdf", **pdf_type)
        + exchange("/licence.txt", "Licence text \u00e4\r\n", content_type="text/plain; charset=utf-8")
    )
    async with watch(exchanges) as watched:
        page = await watched.observation.open(f"{SITE}/")
        for number, name in enumerate(("attached", "linked", "posted", "inline", "text", "framed", "fetched"), 1):
            await page.click(f"#{name}")
            await watched.until(number)
    assert watched.observation.failures == []
    assert {each.content for each in watched.taken} == {*papers.values(), "Licence text \u00e4\r\n".encode()}
    how = {each.name: (each.how, each.method, each.url.removeprefix(SITE)) for each in watched.taken}
    assert how["posted.pdf"] == ("opened", "POST", "/posted") and how["a b.pdf"] == ("downloaded", "GET", "/attached")
    assert (tmp_path / "kept-a b.pdf").read_bytes() == papers["attached"]
    asked = [f"{each.method} {each.url.removeprefix(SITE)}" for each in watched.listener.log]
    assert len(asked) == len(set(asked)) and "POST /posted" in asked  # nothing was asked for twice
    assert watched.observation.sent == [f"POST {SITE}/posted"]


@pytest.mark.browser
async def test_a_document_that_is_too_large_is_said_to_be(
    watch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.browsing.attended_browser.MAX_ANSWER_BYTES", 100)
    (tmp_path / "large.pdf").write_bytes(pdf(["Licence"]))
    async with watch(exchange("/large", body="large.pdf", content_type="application/pdf")) as watched:
        await watched.observation.open(f"{SITE}/large")
    assert watched.taken == [] and watched.observation.failures == [f"{SITE}/large: it is larger than 0 MB"]


PRIVATE = """<title>Licence of A1</title><meta name=csrf-token content="TOKEN-meta-0123456789">
<script>
  sessionStorage.accessToken = 'TOKEN-stored-0123456789';
  globalThis.seen = () => [document.documentElement.outerHTML.length, Object.keys(globalThis).filter((each) =>
    each.startsWith('archiver')), document.querySelector('archiver-bar')?.shadowRoot ?? null];
</script><h1>Licence of A1</h1><p>for Ada Example</p><form><input type=password><input name=other></form>
<p>session SESSION-cookie-0123456789</p><a href="/plain" target=_blank rel=noopener>plain</a>"""
PLAIN = "<!doctype html><title>Plain</title><h1>Licence 4711</h1><p>\u00e4</p>"


@pytest.mark.long  # tests/collect/test_attended_capture.py, test_capture.py
@pytest.mark.browser
async def test_a_marked_page_is_captured_without_the_bar_and_without_secrets(watch: Any) -> None:
    exchanges = exchange("/", PRIVATE, set_cookie="sid=SESSION-cookie-0123456789; Secure; HttpOnly")
    async with watch(exchanges + exchange("/plain", PLAIN)) as watched:
        page = await watched.observation.open(f"{SITE}/")
        await page.wait_for_selector("archiver-bar", state="attached")
        assert await page.evaluate("seen().slice(1)") == [[], None]  # the page sees nothing of what is in the bar
        await page.evaluate("dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyM', altKey: true, shiftKey: true}))")
        await page.type("input[type=password]", "PASSWORD-typed", delay=1)
        await page.keyboard.press("Tab")
        await page.evaluate("document.querySelector('p').textContent = 'typed PASSWORD-typed'")
        before = await page.evaluate("seen()[0]")
        assert watched.taken == []  # only a person marks
        await page.keyboard.press("Alt+Shift+KeyM")
        await watched.until(1)
        async with page.context.expect_page() as opened:
            await page.click("a")
        second = await opened.value
        await second.wait_for_selector("archiver-bar", state="attached")
        box = await second.locator("archiver-bar").bounding_box()
        assert box and "1 captured" in await watched.bar(second)
        await second.mouse.click(box["x"] + box["width"] - 30, box["y"] + box["height"] / 2)
        await watched.until(2)
        await page.wait_for_selector("archiver-bar", state="attached")
        assert await page.evaluate("seen()[0]") == before
        assert await watched.bar(page) == "archiver: 2 captured \u00b7 Plain \u00b7 Licence of A1"
    private, plain = watched.taken
    assert plain.sent == PLAIN.encode() and plain.captures[2].content
    warc = gzip.decompress(plain.captures[2].content)
    assert PLAIN.encode() in warc and f"WARC-Target-URI: {SITE}/plain".encode() in warc
    printed, _, packed = private.captures
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages).encode()
    assert b"Licence of A1" in text
    for held in (text, gzip.decompress(packed.content)):
        assert not [word for word in (b"SESSION-", b"TOKEN-", b"PASSWORD-", b"Archive this page") if word in held]
    assert {"SESSION-cookie-0123456789", "TOKEN-stored-0123456789", "PASSWORD-typed"} <= watched.observation.secrets
    assert all(b"<archiver-bar" not in each.content for each in watched.taken)
