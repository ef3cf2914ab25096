"""A page that was opened for the sign-in tries to change something when that has ended: nothing of it arrives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from archiver.browsing import request_guard
from archiver.browsing.browser_pool import Browsers
from archiver.browsing.browser_session import PlaywrightSession
from archiver.browsing.pacing import Pacing
from archiver.provider import Mode, Phase, ProviderInfo, Purpose, Rule, Rules, installed, load
from tests.browsing.test_request_guard import Platform
from tests.support.chromium_kit import whole_chromium
from tests.support.state_changes import Change, changes, hosts, page

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PROVIDERS = sorted(installed())
IN_THE_SUITE = ("depositphotos", "envato_elements", "freepik")  # those that send more than GETs or sign in to a page


@dataclass
class Site(Platform):
    """Every host of a platform. Its one page is at `/account-page`."""

    html: str = ""

    def _answer(self, url: str) -> tuple[int, str, str]:
        return 200, "content-type: text/html", self.html if url.endswith("/account-page") else ""

    @property
    def arrived(self) -> list[str]:
        return [line for line in self.log if not line.startswith("CONNECT ") and not line.endswith("/account-page")]


@asynccontextmanager
async def signed_in(
    info: ProviderInfo, html: str, folder: Path, mode: Mode = Mode.STRICT
) -> AsyncIterator[tuple[Site, PlaywrightSession]]:
    """A session that has just signed in, and still shows the page with which it did."""
    host = hosts(info.rules)[0]
    rules = replace(info.rules, allow=(*info.rules.allow, Rule("GET", f"https://{host}/account-page")))
    async with Site(html=html) as site:
        network = site.network(folder)
        async with Browsers(network) as browsers:
            session = await browsers.open(
                replace(info, rules=rules), network=network, pacing=Pacing(off=True), mode=mode
            )
            with session.during(Phase.SIGNING_IN):
                await session.goto(f"https://{host}/account-page")
            yield site, session
            await session.close()


async def nothing_arrives(provider: str, seed: int, count: int, folder: Path) -> None:
    info = load(provider).info
    cases = changes(info.rules, seed, count)
    async with signed_in(info, page(cases), folder) as (site, session):
        await session.tab.evaluate("fire()")
        form = "document.body.innerHTML = `<form method=post action=${url}>`; document.forms[0].submit()"
        for leave in ("location = url", form):
            await session.tab.evaluate(f"(url) => {{ {leave} }}", cases[0].url)
            await asyncio.sleep(0.2)
        assert site.arrived == []
        assert len(session.refused) > count // 4  # the page did try


@pytest.mark.parametrize(
    "provider", [pytest.param(each, marks=[pytest.mark.long] * (each != "freepik")) for each in PROVIDERS]
)
async def test_of_200_changes_after_the_sign_in_none_arrives(provider: str, tmp_path: Path) -> None:
    await nothing_arrives(provider, 0, 200, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("provider", IN_THE_SUITE)
async def test_without_the_guard_they_arrive(provider: str, tmp_path: Path) -> None:
    info = load(provider).info
    cases = changes(info.rules, 0, 200)
    async with signed_in(info, page(cases), tmp_path, Mode.OBSERVE) as (site, session):
        await session.tab.evaluate("fire()")
        await site.quiet()
        urls = {line.partition(" ")[2] for line in site.arrived}
    missing = [case for case in cases if case.url not in urls]
    assert len(missing) < 40 and {case.way for case in cases if case.url in urls} == {case.way for case in cases}


SIGN_IN = Rules(
    allow=(
        Rule("GET", "https://acme.example.com/login", Purpose.SIGN_IN),
        Rule("POST", "https://acme.example.com/login", Purpose.SIGN_IN),
        Rule("POST", "https://acme.example.com/token", Purpose.REFRESH, {"grant": "refresh"}),
        Rule("GET", "https://acme.example.com/list"),
    ),
    sign_in_hosts=("identity.example.net",),
)


@pytest.mark.parametrize("mode", [Mode.STRICT, pytest.param(Mode.SIGN_IN, marks=pytest.mark.long)])
async def test_purposes_end_with_the_sign_in_and_begin_again_only_when_the_program_says_so(
    mode: Mode, info: ProviderInfo, tmp_path: Path
) -> None:
    """A page gets no new token in either phase; where a person signs in, an identity host may be used until the end."""
    form = "application/x-www-form-urlencoded"
    cases = [
        Change(way, "POST", f"https://{place}", body, {"content-type": form})
        for way in ("form", "fetch", "beacon", "worker")
        for place, body in (("acme.example.com/login", "user=ada"), ("acme.example.com/token", "grant=refresh"),
                            ("identity.example.net/x", ""))
    ]  # fmt: skip
    async with signed_in(replace(info, rules=SIGN_IN), page(cases), tmp_path, mode) as (site, session):
        await session.tab.evaluate("fire()")
        assert site.arrived == []
        with session.during(Phase.SIGNING_IN):
            await session.tab.evaluate("fire()")
        expected = {"POST https://acme.example.com/login"}
        assert {*site.arrived} == expected | (
            {"POST https://identity.example.net/x"} if mode is Mode.SIGN_IN else set()
        )
        await site.quiet()  # what was under way
        before = len(site.arrived)
        await session.tab.evaluate("fire()")
        assert len(site.arrived) == before
        await session.post("https://acme.example.com/token", form={"grant": "refresh"})  # the program may
        assert site.arrived[before:] == ["POST https://acme.example.com/token"]


@dataclass
class Loopback(asyncio.DatagramProtocol):
    """A TCP and a UDP port of this machine, and how often somebody came."""

    came: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.came.append(f"TCP {(await reader.read(99))[:60]!r}")
            writer.close()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", port)
        )
        try:
            yield port
        finally:
            transport.close()
            server.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.came.append(f"UDP {data[:20]!r}")


KNOCK = """
const knock = (port) => { for (const host of ['127.0.0.1', 'localhost', '127.1', '[::ffff:127.0.0.1]', '0.0.0.0']) {
  const at = `${host}:${port}`;
  for (const act of [() => new WebSocket(`ws://${at}/`), () => new WebSocket(`wss://${at}/`),
    () => new WebSocketStream(`ws://${at}/`), () => new WebTransport(`https://${at}/`).ready.catch(() => 0),
    () => new EventSource(`http://${at}/`), () => fetch(`http://${at}/`, {mode: 'no-cors'}).catch(() => 0),
    () => { const peer = new RTCPeerConnection({iceServers: [{urls: `stun:${at}`},
      {urls: `turn:${at}?transport=tcp`, username: 'x', credential: 'x'}]});
      peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer)); },
  ]) try { act(); } catch {}
} };
"""
EVERYWHERE = """
const inside = `${KNOCK}knock(${PORT});`;
const worker = (text) => new Worker(URL.createObjectURL(new Blob([text])));
globalThis.fire = async () => {
  eval(inside);
  worker(inside);
  worker(`new Worker(URL.createObjectURL(new Blob([${JSON.stringify(inside)}])))`);
  try { new SharedWorker(URL.createObjectURL(new Blob([inside]))); } catch {}
  for (const rights of ['allow-scripts', 'allow-scripts allow-same-origin', 'allow-scripts allow-popups']) {
    const frame = document.createElement('iframe');
    frame.sandbox = rights;
    frame.srcdoc = `<script>${inside}new Worker(URL.createObjectURL(new Blob([${JSON.stringify(inside)}])))<\\/script>`;
    document.body.append(frame);
  }
  await new Promise((done) => setTimeout(done, 3000));
};
"""


def knocking(port: int) -> str:
    script = f"const PORT = {port}, KNOCK = {json.dumps(KNOCK)};{EVERYWHERE}"
    return f"<!doctype html><body><script>{script}</script>"


@pytest.mark.parametrize(
    "closed,whole",
    [(True, False), *(pytest.param(*each, marks=pytest.mark.long) for each in ((True, True), (False, False)))],
)
async def test_pages_workers_and_sandboxed_frames_reach_no_port_of_this_machine(
    closed: bool, whole: bool, info: ProviderInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where WebSockets to this machine bypass the proxy, too, workers and sandboxed frames reach it."""
    if not closed:
        monkeypatch.setattr(request_guard, "SOCKETS", "ws://*,wss://*")
    loopback = Loopback()
    with whole_chromium() if whole else nullcontext():
        async with loopback.listening() as port, signed_in(info, knocking(port), tmp_path) as (_, session):
            await session.tab.evaluate("fire()")
    assert (loopback.came == []) is closed, loopback.came
