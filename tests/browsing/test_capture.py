"""Captures in a real Chromium: what they hold, what they never hold, and pages that make it hard."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from pypdf import PdfReader

from archiver.browsing import capture as capturing
from archiver.browsing.browser_pool import Browsers
from archiver.browsing.browser_session import PlaywrightSession
from archiver.browsing.capture import cookie_secrets
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Replay
from archiver.browsing.request_pipeline import SessionAccount
from archiver.core.errors import SecretFound, SiteUnavailable
from archiver.core.model import Document, DocumentKind
from archiver.provider import ProviderInfo, Rule, Rules
from archiver.reading.secret_scan import all_forms, contains
from tests.support.browsing_kit import SITE, exchange

pytestmark = pytest.mark.anyio

RULES = Rules(
    allow=(
        Rule("GET", f"{SITE}/**", query=("token", "api_key")),
        Rule("POST", f"{SITE}/api", query=("session_id",), body=("password",)),
    )
)
SECRET = "CANARY/vault+1"
MASK = "[removed before archiving]"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def visit(replay: Replay, browsers: Browsers, info: ProviderInfo, record: Callable[[str], Recording]) -> Any:
    """Opens `/`, or another page, of a site that these exchanges describe."""

    @asynccontextmanager
    async def open_page(exchanges: str, path: str = "/") -> AsyncIterator[PlaywrightSession]:
        listener = await replay.serve(record(exchanges), RULES)
        own = replace(info, rules=RULES, login_url=f"{SITE}/login")
        account = SessionAccount(secrets={"password": SECRET})
        session = await browsers.open(own, network=listener.network, pacing=Pacing(off=True), account=account)
        try:
            await session.goto(SITE + path)
            yield session
        finally:
            await session.close()

    return open_page


def unpacked(documents: Any) -> tuple[str, Image.Image, str]:
    """The text of the PDF with all that can be read in it, the picture, and the WARC unpacked."""
    pdf, png, warc = documents
    reader = PdfReader(io.BytesIO(pdf.content))
    text = "\n".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
    text += "".join(str(link.get_object()) for page in reader.pages for link in page.get("/Annots", []))
    return text, Image.open(io.BytesIO(png.content)), gzip.decompress(warc.content).decode("utf-8", "replace")


def checked(path: Path) -> int:
    """What the public tool says of a WARC; 0 is good."""
    return subprocess.run([sys.executable, "-m", "warcio.cli", "check", path], check=False).returncode


def provenance(warc: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(warc[warc.index("{\n", warc.index("WARC-Type: metadata")) :].rstrip())
    return found


HOSTILE = f"""<!doctype html><html><head><title>Downloads {SECRET}</title>
<meta name="csrf-token" content="CANARY-meta"><script>window.xsrfToken = 'CANARY-inline'</script></head>
<body data-props="{{&quot;csrf&quot;:&quot;CANARY-props&quot;}}"><h1>My Downloads</h1>
<p>Order 4711, password {SECRET}, session CANARY-cookie-1, {base64.b64encode(b"x:" + SECRET.encode()).decode()}</p>
<form><input name=authenticity_token value="CANARY-field"><input value="{SECRET}"><textarea>{SECRET}</textarea></form>
<a href="/next?key={quote(SECRET, safe="")}&access_token=CANARY-link">next</a><img src="/picture.png">
<iframe srcdoc="<p>framed {SECRET}</p>"></iframe>
<script>fetch('/api?session_id=CANARY-url', {{method: 'POST', headers: {{'X-CSRF-Token': 'CANARY-sent',
  'content-type': 'application/json',
  Authorization: 'Bearer CANARY-bearer-0123456789'}}, body: JSON.stringify({{password: '{SECRET}'}})}})
  .then((answer) => answer.text()).then((text) => document.body.append(text))</script></body></html>"""


@pytest.mark.browser
async def test_no_secret_survives_in_any_of_the_three_files(
    visit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picture.png").write_bytes(PNG + SECRET.encode())
    exchanges = (
        exchange("/?token=a&api_key=CANARY-address", HOSTILE, set_cookie="sid=CANARY-cookie-1; Secure; HttpOnly",
                 x_csrf="CANARY-header", link=f"<{SITE}/?password={quote(SECRET)}>; rel=next")
        + exchange("/picture.png", body="picture.png", content_type="image/png")
        + exchange("/api?session_id=CANARY-url", json.dumps({"access_token": "CANARY-json", "note": f"key {SECRET}",
                   "utf": "Greetings"}), method="POST", content_type="application/json")
    )  # fmt: skip
    drawn: list[str] = []
    picture = capturing._picture

    async def looking(cdp: Any, *size: int) -> Any:
        shown = await cdp.send("Runtime.evaluate", {"expression": """document.body.innerText + frames[0].document.body
            .innerText + [...document.querySelectorAll('input, textarea')].map((each) => each.value)"""})  # fmt: skip
        drawn.append(shown["result"]["value"])
        return await picture(cdp, *size)

    monkeypatch.setattr(capturing, "_picture", looking)
    async with visit(exchanges, "/?token=a&api_key=CANARY-address") as session:
        assert await session.seen("text=Greetings", wait=5)
        documents = await session.capture()
        shown = await session.tab.evaluate("document.body.innerText + document.querySelector('textarea').value")
        assert SECRET in shown and MASK not in shown  # the page is as it was
    text, _, warc = unpacked(documents)
    for name, each in (("pdf", text), ("warc", warc), ("picture", drawn[0]), ("notes", str(documents[0]))):
        assert "CANARY" not in each, each[max(0, each.index("CANARY") - 200) :][:300]
        assert not contains(each.encode(), all_forms([SECRET]))
        assert name == "notes" or MASK in each
    assert "Order 4711" in text and "Order 4711" in drawn[0] and "Greetings" in warc
    assert warc.count("Archiver-Original-SHA256: ") == 4  # the page, what it posted, the answer, the picture
    assert PNG not in documents[2].content and "removed, since a mask would break a file" in warc
    assert "%5Bremoved%20before%20archiving%5D" in documents[0].url


@pytest.mark.browser
async def test_the_files_say_where_they_are_from_and_public_tools_check_them(visit: Any, tmp_path: Path) -> None:
    exchanges = (
        exchange("/old", "", status=302, location="/")
        + exchange("/", "<h1>Licence of A1</h1><img src=/picture.png><script>fetch('/buy', {method: 'PUT'})</script>")
        + exchange("/picture.png", "none", content_type="text/plain")
    )  # fmt: skip
    async with visit(exchanges + exchange("/before", "an earlier page"), "/before") as session:
        await session.goto(f"{SITE}/old")
        documents = await session.capture()
        again = await session.capture()
    assert [(each.name, each.kind, each.url) for each in documents] == [
        (name, DocumentKind.CAPTURE, f"{SITE}/") for name in ("page.pdf", "page.png", "capture.warc.gz")
    ]
    text, picture, warc = unpacked(documents)
    assert "Licence of A1" in text and picture.size == (1280, 720)
    about = provenance(warc)
    assert about["url"] == f"{SITE}/" and re.fullmatch(r"2\d{3}-\d\d-\d\dT[\d:]{8}\.\d{3}Z", about["captured_at"])
    assert {"archiver", "playwright", "chromium", "warcio"} == about["software"].keys()
    assert (
        about["viewport"] == {"width": 1280, "height": 720, "device_scale_factor": 1}
        and "Chrome" in about["user_agent"]
    )
    assert (
        about["main"]["tls"]["protocol"].startswith("TLS 1")
        and "through the network's own proxy" in about["main"]["server"]
    )
    assert about["main"]["certificates"].count("-----BEGIN CERTIFICATE-----") == 2
    assert [(each["url"], each["method"]) for each in about["unanswered"]] == [(f"{SITE}/buy", "PUT")]
    asked = re.findall(r"WARC-Type: request\r\nWARC-Target-URI: (\S+)", warc)
    assert asked == [f"{SITE}/old", f"{SITE}/", f"{SITE}/picture.png"]
    assert "HTTP/1.1 302 " in warc and "X-Archive-Orig-Content-Length: " in warc
    assert re.findall(r"urn:uuid:\S+", warc) != re.findall(r"urn:uuid:\S+", unpacked(again)[2])

    (tmp_path / "capture.warc.gz").write_bytes(documents[2].content)
    (tmp_path / "damaged.warc").write_text(warc.replace("Licence of A1", "Licence of B2"), "utf-8", newline="")
    (tmp_path / "cut.warc.gz").write_bytes(documents[2].content[:900] + documents[2].content[910:])
    for name, code in (("capture.warc.gz", 0), ("damaged.warc", 1), ("cut.warc.gz", 1)):
        assert checked(tmp_path / name) == code, name


@pytest.mark.browser
async def test_a_very_tall_page_is_cut_and_says_so(visit: Any) -> None:
    high = "height: 60000px; background: linear-gradient(teal, gold)"
    tall = f"<body style='margin: 0; font: 10px/18px serif'><div style='{high}'>top</div>end"
    async with visit(exchange("/", tall)) as session:
        documents = await session.capture()
    text, picture, warc = unpacked(documents)
    assert picture.size == (1280, 16000) and "top" in text and "end" in text
    assert "60018" in documents[1].notes["remarks"] and "16000" in str(provenance(warc)["remarks"])


@pytest.mark.browser
async def test_what_hangs_is_named_and_does_not_hold_the_capture_up(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.browsing.browser_session.LOAD_TIMEOUT_S", 0.3)
    font = "<style>@font-face {font-family: x; src: url(/font.woff)} h1 {font-family: x}</style>"
    exchanges = exchange("/", f"{font}<h1>Licence</h1><img src=/slow.png>")
    exchanges += exchange("/slow.png", delay=20) + exchange("/font.woff", delay=20)
    async with visit(exchanges) as session:
        documents = await session.capture()
    text, _, warc = unpacked(documents)
    assert "Licence" in text
    hanging = {each["url"]: each["why"] for each in provenance(warc)["unanswered"]}
    assert set(hanging) == {f"{SITE}/slow.png", f"{SITE}/font.woff"} and set(hanging.values()) == {
        "no answer yet when the page was captured"
    }


@pytest.mark.browser
@pytest.mark.parametrize(
    "html",
    [
        f"<p><b>{SECRET[:7]}</b>{SECRET[7:]}</p>",
        f"<style>p::after {{content: '{SECRET}'}}</style><p>x</p>",
        f"<p>x</p><script>setInterval(() => {{document.querySelector('p').textContent = '{SECRET}'}}, 1)</script>",
        f"<p>x</p><script>const p = document.querySelector('p'); let printing; setInterval(() => {{ if (!printing)"
        f" p.textContent = '{SECRET}' }}, 1); onbeforeprint = () => {{ printing = 1; p.textContent = 'x' }};"
        "onafterprint = () => { printing = 0 }</script>",
    ],
    ids=["in two elements", "in a style", "written again and again", "but not in print"],
)
async def test_a_secret_that_cannot_be_masked_keeps_the_capture_out(visit: Any, html: str) -> None:
    async with visit(exchange("/", html)) as session:
        with pytest.raises(SecretFound) as raised:
            await session.capture()
        assert SECRET not in str(raised.value)


@pytest.mark.browser
async def test_a_page_that_keeps_chromium_busy_ends_the_capture(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "CAPTURE_TIMEOUT_S", 0.5)
    async with visit(exchange("/", "<h1>Licence</h1>")) as session:
        busy = asyncio.ensure_future(session.tab.evaluate("() => { for (;;); }"))
        with pytest.raises(SiteUnavailable, match="before the time limit"):
            await capturing.capture(session.traffic, [], reader=session._reader, server="")
    busy.cancel()


@pytest.mark.browser
async def test_a_browser_that_does_not_print_gives_the_picture_as_pdf(visit: Any) -> None:
    from playwright.async_api import Error

    async with visit(exchange("/", "<h1>Licence</h1>")) as session:
        send = session.traffic.cdp.send

        async def unable(method: str, *given: Any) -> Any:
            if method == "Page.printToPDF":
                raise Error("PrintToPDF is not implemented")
            return await send(method, *given)

        session.traffic.cdp.send = unable
        documents = await session.capture()
    page = PdfReader(io.BytesIO(documents[0].content)).pages[0]
    assert (round(page.mediabox.width), len(page.images)) == (960, 1)
    assert "made of the picture" in documents[0].notes["remarks"]


@pytest.mark.browser
async def test_a_second_page_is_captured_beside_the_first(visit: Any) -> None:
    popups = "<script>open('/popup'); open('/popup', '_blank', 'noopener')</script>"
    exchanges = exchange("/", "<h1>One</h1>") + exchange("/two", f"<h1>Two</h1>{popups}") + exchange("/popup", "popup")
    async with visit(exchanges) as session:
        async with session.beside() as second:
            await second.goto(f"{SITE}/two")
            documents: list[Document] = [*await second.capture()]
            assert "Two" in unpacked(documents)[0]
        assert "One" in unpacked(await session.capture())[0]
        assert len(session.context.pages) == 1


def test_cookies_that_say_nothing_stay_visible() -> None:
    cookies = [
        {"name": name, "value": value, "httpOnly": hidden}
        for name, value, hidden in (
            ("sid", "0123456789", True), ("last_seen", "2026-11-24", False), ("asset", "123456789", False),
            ("lang", "en-US", False), ("csrf", "plainword", False), ("prefs", "a%2Fb1c2d3e4", False),
            ("consent", "accepted-all", False),
        )
    ]  # fmt: skip
    assert cookie_secrets(cookies) == {"0123456789", "plainword", "a%2Fb1c2d3e4", "a/b1c2d3e4"}
