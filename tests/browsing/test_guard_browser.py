"""A page that tries to spend money in every way a browser knows, and what of it reaches the platform: nothing."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from archiver.browsing import guard
from archiver.browsing.guard import Guard
from archiver.browsing.pacing import Pacing
from archiver.browsing.session import Browsers
from archiver.network import Network
from archiver.provider import Mode, ProviderInfo, Rule, Rules

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
SITE, FOREIGN = "https://site.example", "https://foreign.example"
FULL, SHELL = Path("/usr/bin/chromium"), Path("/usr/bin/chromium-headless-shell")

RULES = Rules(
    allow=(
        Rule("GET", f"{SITE}/hostile"),
        Rule("GET", f"{SITE}/blank"),
        Rule("GET", f"{SITE}/hop/*"),
        Rule("GET", f"{SITE}/assets/rules.json"),
    ),
    refuse=(Rule("*", f"{SITE}/spend/**"),),
    assets=(f"{SITE}/assets/*",),
)

STATIC = json.dumps({"prefetch": [{"source": "list", "urls": [f"{SITE}/spend/static"], "eagerness": "immediate"}]})
WAYS = """
static
audio beacon csp-report css-import css-url download download-again download-hop embed eventsource fetch-blob
fetch-get fetch-post fetch-put font form-get form-post frame-location header-prefetch header-preload hop-302
hop-307 iframe iframe-hop img img-hop import input-image keepalive link-modulepreload link-prefetch link-preload
link-stylesheet meta-refresh module object ping popup popup-hop poster rules-prefetch rules-prerender
sandbox-fetch sandbox-websocket script shared-fetch shared-hop shared-import shared-websocket shared-worker-script
shared-xhr srcdoc-img srcset svg-image svg-use unload-beacon unload-keepalive video websocket websocket-stream
worker-fetch worker-hop worker-import worker-script worker-websocket worker-xhr xhr xhr-hop
"""


def installed(executable: Path, mode: Mode) -> Any:
    return pytest.param(
        executable,
        mode,
        id=f"{executable.name}-{mode}",
        marks=pytest.mark.skipif(not executable.exists(), reason=f"{executable} is not installed"),
    )


@dataclass
class Platform:
    """Any host over TLS, behind a forward proxy, with a log of all that arrives."""

    log: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._ca = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def network(self, folder: Path) -> Network:
        self._ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        return Network(proxy=self.url, ca_file=folder / "ca.pem", no_proxy=())

    @property
    def unexpected(self) -> set[str]:
        """All that arrived and no rule allows, CONNECT included."""
        good = [f"CONNECT {urlsplit(SITE).netloc}:443", f"GET {SITE}/hostile", f"GET {SITE}/blank"]
        return {
            line
            for line in self.log
            if line not in good and not line.startswith((f"GET {SITE}/hop/", f"GET {SITE}/assets/"))
        }

    async def quiet(self) -> None:
        """Until the page has done all it does: two seconds at least, ten at most, the last without a request."""
        await asyncio.sleep(1)
        for _ in range(9):
            before = len(self.log)
            await asyncio.sleep(1)
            if len(self.log) == before:
                break

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            base = ""
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"CONNECT"):
                authority = head.split()[1].decode()
                self.log.append(f"CONNECT {authority}")
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                host = authority.rpartition(":")[0]
                await writer.start_tls(self._context(host))
                head, base = await reader.readuntil(b"\r\n\r\n"), f"https://{host}"
            method, target = head.split()[:2]
            url = base + target.decode()
            self.log.append(f"{method.decode()} {url}")
            status, headers, body = self._answer(url)
            lines = (
                f"HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {len(body)}\r\n{headers}\r\n\r\n{body}"
            )
            writer.write(lines.encode())
            await writer.drain()
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            context = self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._ca.issue_cert(host).configure_cert(context)
        return self._contexts[host]

    def _answer(self, url: str) -> tuple[int, str, str]:
        parts, bases = urlsplit(url), f"const BASES = {[SITE, FOREIGN]};"
        name = Path(parts.path).stem
        if parts.path.startswith("/hop/"):
            return (307 if name == "keep" else 302), f"location: {parse_qs(parts.query)['to'][0]}", ""
        if parts.path == "/hostile":
            headers = (
                'content-type: text/html\r\nspeculation-rules: "/assets/rules.json"\r\n'
                f"link: <{SITE}/spend/header-preload>; rel=preload; as=script\r\n"
                f"content-security-policy-report-only: default-src 'none'; report-uri {SITE}/spend/csp-report\r\n"
                f'reporting-endpoints: default="{SITE}/spend/report"'
            )
            script = bases + (HERE / "hostile.js").read_text()
            return 200, headers, f"<body><script type=speculationrules>{STATIC}</script><script>{script}</script>"
        if name == "rules":
            urls = {
                kind: [f"{base}/spend/header-{kind}" for base in (SITE, FOREIGN)] for kind in ("prefetch", "prerender")
            }
            rules = {kind: [{"source": "list", "urls": urls[kind], "eagerness": "immediate"}] for kind in urls}
            return 200, "content-type: application/speculationrules+json", json.dumps(rules)
        if parts.path.startswith("/assets/"):
            script = bases + f"const NAME = '{name}';" + (HERE / "hostile-worker.js").read_text()
            return 200, "content-type: text/javascript", script
        return 200, "content-type: text/html", "<title>blank</title>"


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform() as platform:
        yield platform


async def let_it_loose(
    platform: Platform, browsers: Browsers, info: ProviderInfo, network: Network, mode: Mode = Mode.STRICT
) -> list[str]:
    """Open the hostile page, let it do its worst, leave it; what the session says it refused."""
    session = await browsers.open(replace(info, rules=RULES), network=network, pacing=Pacing(off=True), mode=mode)
    await session.goto(f"{SITE}/hostile")
    await platform.quiet()
    await session.goto(f"{SITE}/blank")
    await asyncio.sleep(0.5)
    await session.close()
    return session.refused


@pytest.mark.parametrize(
    ("executable", "mode"),
    [installed(FULL, Mode.STRICT), installed(SHELL, Mode.STRICT), installed(FULL, Mode.SIGN_IN)],
)
async def test_nothing_reaches_the_platform(
    platform: Platform, info: ProviderInfo, tmp_path: Path, executable: Path, mode: Mode
) -> None:
    network = platform.network(tmp_path)
    async with Browsers(network, executable=executable) as browsers:
        refused = await let_it_loose(platform, browsers, info, network, mode)
    assert platform.log.count(f"GET {SITE}/hostile") == platform.log.count(f"GET {SITE}/blank") == 1
    assert platform.unexpected == set()
    assert {f"POST {SITE}/spend/fetch-post", f"POST {FOREIGN}/spend/beacon", f"GET {SITE}/spend/hop-302"} <= {*refused}
    assert not [line for line in refused if line.endswith("/img")]  # a picture that is missing is no offence


async def test_without_the_guard_the_page_spends_in_every_way_and_the_proxy_alone_keeps_it_from_other_hosts(
    platform: Platform, info: ProviderInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*anything: object) -> None: ...

    monkeypatch.setattr(Guard, "watch", nothing)
    monkeypatch.setattr(guard, "watch_browser", nothing)
    monkeypatch.setattr(guard, "close_popups", lambda context: None)
    monkeypatch.setattr(guard, "SWITCHES", ())
    monkeypatch.setattr(guard, "SOCKETS", "")
    network = platform.network(tmp_path)
    async with Browsers(network) as browsers:
        await let_it_loose(platform, browsers, info, network)
    arrived = {re.sub(r".*/spend/|\?$", "", line) for line in platform.unexpected}
    missing = [way for way in WAYS.split() if way not in arrived]
    assert len(missing) <= len(WAYS.split()) // 10, missing  # a busy machine leaves a few of them no time
    assert not [line for line in platform.log if FOREIGN.removeprefix("https://") in line and "hop" not in line]
