"""A page that tries to spend money in every way a browser knows, and what of it reaches the platform: nothing."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID

from archiver.browsing import request_guard
from archiver.browsing.browser_pool import Browsers
from archiver.browsing.pacing import Pacing
from archiver.browsing.request_guard import RequestGuard
from archiver.core.errors import SiteUnavailable
from archiver.home.network import Network
from archiver.provider import Mode, ProviderInfo, Rule, Rules

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
SITE, FOREIGN = "https://site.example", "https://foreign.example"
FULL, SHELL = Path("/usr/bin/chromium"), Path("/usr/bin/chromium-headless-shell")

RULES = Rules(
    allow=(
        Rule("GET", f"{SITE}/hostile"),
        Rule("GET", f"{SITE}/privileged"),
        Rule("GET", f"{SITE}/blank"),
        Rule("GET", f"{SITE}/hop/*", query=("to",)),
        Rule("GET", f"{SITE}/assets/rules.json"),
    ),
    refuse=(Rule("*", f"{SITE}/spend/**"),),
    assets=(f"{SITE}/assets/*",),
)

REPORTED = "".join(f"{name}\r\n" for name in (
    "cross-origin-embedder-policy-report-only: require-corp; report-to=default",
    "cross-origin-opener-policy-report-only: same-origin; report-to=default",
    "permissions-policy-report-only: geolocation=();report-to=default",
    "document-policy-report-only: document-write=?0; report-to=default",
    "integrity-policy-report-only: blocked-destinations=(script), endpoints=(default)",
))  # fmt: skip
SWITCHES = "archiver.browsing.chromium.SWITCHES"  # where they are used
AT_ONCE = "--short-reporting-delay"  # reports are sent within the test, not after a minute
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


def installed(executable: Path, value: str, *, long: bool = False) -> Any:
    missing = pytest.mark.skipif(not executable.exists(), reason=f"{executable} is not installed")
    marks = [missing, *([pytest.mark.long] if long else [])]
    return pytest.param(executable, value, id=f"{executable.name}-{value}", marks=marks)


def installed_here(executable: Path) -> bool:
    return executable.exists()


@dataclass
class Platform:
    """Any host over TLS, behind a forward proxy, with a log of all that arrives."""

    log: list[str] = field(default_factory=list)
    issuer_at: str = (
        ""  # where to get what the server leaves out of its certificate's chain; empty: nothing is left out
    )

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
        pages = [f"GET {SITE}/{page}" for page in ("hostile", "privileged", "blank")]
        good = [f"CONNECT {urlsplit(SITE).netloc}:443", *pages]
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
            if self.issuer_at:
                file = alone(self._ca, host, self.issuer_at)
                context.load_cert_chain(file)
                file.unlink()
            else:
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
                f'reporting-endpoints: default="{SITE}/spend/report"\r\n'
                f'report-to: {{"group": "nel", "max_age": 9999, "endpoints": [{{"url": "{SITE}/spend/nel"}}]}}\r\n'
                'nel: {"report_to": "nel", "max_age": 9999, "success_fraction": 1.0}\r\n'
                f'{REPORTED}secure-session-registration: (ES256);path="/spend/session";challenge="x"\r\n'
                f'attribution-reporting-register-source: {{"destination": "{FOREIGN}"}}\r\n'
                "observe-browsing-topics: ?1\r\naccept-ch: sec-ch-ua-full-version-list"
            )
            script = bases + (HERE / "hostile.js").read_text() + (HERE / "hostile-browser.js").read_text()
            return 200, headers, f"<body><script type=speculationrules>{STATIC}</script><script>{script}</script>"
        if parts.path == "/privileged":
            script = bases + (HERE / "hostile-browser.js").read_text()
            return 200, "content-type: text/html", f"<body><script>{script}</script>"
        if parts.path == "/.well-known/web-identity":
            configs = [
                f"https://{parts.netloc}/spend/fedcm-{each}" for each in ("config", "disconnect", "user", "blank")
            ]
            return 200, "content-type: application/json", json.dumps({"provider_urls": configs})
        if name.startswith("fedcm-"):
            ends = {f"{each}_endpoint": f"/spend/{name}-{each}" for each in ("accounts", "id_assertion", "disconnect")}
            config = {**ends, "login_url": "/spend/fedcm-login", "accounts": []}
            return 200, "content-type: application/json\r\naccess-control-allow-origin: *", json.dumps(config)
        if name.startswith("payment-"):
            return (
                200,
                f"content-type: text/html\r\nlink: <{SITE}/spend/manifest-{name}>; rel=payment-method-manifest",
                "",
            )
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


def alone(ca: trustme.CA, host: str, issuer_at: str) -> Path:
    """A host's key and certificate without that of its issuer, which says where that one is."""
    child, key = ca.create_child_ca(), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(child.cert_pem.bytes())
    signer = serialization.load_pem_private_key(child.private_key_pem.bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    hints = [(AuthorityInformationAccessOID.CA_ISSUERS, issuer_at), (AuthorityInformationAccessOID.OCSP, issuer_at)]
    found = x509.AuthorityInformationAccess(
        [x509.AccessDescription(kind, x509.UniformResourceIdentifier(url)) for kind, url in hints]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer.subject, x509.Name([]), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .add_extension(found, critical=False)
        .sign(signer, hashes.SHA256())
    )
    with tempfile.NamedTemporaryFile("wb", suffix=".pem", delete=False) as file:
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file.write(key.private_bytes(serialization.Encoding.PEM, *plain))
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    return Path(file.name)


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


@pytest.mark.browser
@pytest.mark.parametrize(
    ("executable", "mode"),
    [
        installed(FULL, Mode.STRICT, long=True),
        installed(SHELL, Mode.STRICT),
        installed(FULL, Mode.SIGN_IN, long=True),
    ],
)
async def test_nothing_reaches_the_platform(
    platform: Platform,
    info: ProviderInfo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    executable: Path,
    mode: Mode,
) -> None:
    monkeypatch.setattr(SWITCHES, (*request_guard.SWITCHES, AT_ONCE))
    network = platform.network(tmp_path)
    async with Browsers(network, executable=executable) as browsers:
        refused = await let_it_loose(platform, browsers, info, network, mode)
    assert platform.log.count(f"GET {SITE}/hostile") == platform.log.count(f"GET {SITE}/blank") == 1
    assert platform.unexpected == set()
    assert {f"POST {SITE}/spend/fetch-post", f"POST {FOREIGN}/spend/beacon", f"GET {SITE}/spend/hop-302"} <= {*refused}
    assert not [line for line in refused if line.endswith("/img")]  # a picture that is missing is no offence


@pytest.mark.browser
@pytest.mark.parametrize(
    ("executable", "alone"), [installed(FULL, "switches", long=True), installed(FULL, "page", long=True)]
)
async def test_the_browser_s_own_requests_are_kept_back_by_switches_and_in_the_page(
    platform: Platform,
    info: ProviderInfo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    executable: Path,
    alone: str,
) -> None:
    """By each of the two alone. Without both they go out, as the last test has it."""
    if alone == "switches":
        monkeypatch.setattr(request_guard, "DISARM", "")
    else:
        monkeypatch.setattr(SWITCHES, ())
    network = platform.network(tmp_path)
    async with Browsers(network, executable=executable) as browsers:
        session = await browsers.open(replace(info, rules=RULES), network=network, pacing=Pacing(off=True))
        await session.goto(f"{SITE}/privileged")
        await platform.quiet()
        await session.close()
    assert platform.unexpected == set()


@pytest.mark.browser
async def test_a_certificate_s_issuer_is_fetched_by_nobody_but_through_the_account_s_proxy(
    platform: Platform, info: ProviderInfo, tmp_path: Path
) -> None:
    platform.issuer_at = f"http://{urlsplit(SITE).netloc}/spend/issuer"
    network = platform.network(tmp_path)
    async with Browsers(network) as browsers:
        session = await browsers.open(replace(info, rules=RULES), network=network, pacing=Pacing(off=True))
        with pytest.raises(SiteUnavailable):
            await session.goto(f"{SITE}/blank")
        await session.close()
    assert not platform.unexpected
    assert f"GET {platform.issuer_at}" in session.way.refused


@pytest.mark.long
@pytest.mark.browser
async def test_without_the_guard_the_page_spends_in_every_way_and_the_proxy_alone_keeps_it_from_other_hosts(
    platform: Platform, info: ProviderInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*anything: object) -> None: ...

    monkeypatch.setattr(RequestGuard, "watch", nothing)
    monkeypatch.setattr(request_guard, "watch_browser", nothing)
    monkeypatch.setattr(request_guard, "close_popups", lambda context: None)
    monkeypatch.setattr("archiver.browsing.browser_pool.stay_on_pages", nothing)
    monkeypatch.setattr(SWITCHES, (AT_ONCE,))
    monkeypatch.setattr(request_guard, "SOCKETS", "")
    network = platform.network(tmp_path)
    async with Browsers(network, executable=FULL if installed_here(FULL) else None) as browsers:
        await let_it_loose(platform, browsers, info, network)
    arrived = {re.sub(r".*/spend/|\?$", "", line) for line in platform.unexpected}
    assert "fedcm-config-accounts" in arrived
    asked_by_itself = {"fedcm-disconnect-disconnect", "payment-show", "report"}
    assert asked_by_itself <= arrived or not installed_here(FULL)  # a lighter browser has neither
    missing = [way for way in WAYS.split() if way not in arrived]
    assert len(missing) <= len(WAYS.split()) // 10, missing  # a busy machine leaves a few of them no time
    assert not [line for line in platform.log if FOREIGN.removeprefix("https://") in line and "hop" not in line]
