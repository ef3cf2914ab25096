"""Proxy and CA settings, as real connections see them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from archiver.core.errors import AddressUnavailable, ConfigError, SiteUnavailable
from archiver.home.network import Network


class Echo(BaseHTTPRequestHandler):
    """Answers what it was asked, whether as a proxy or directly."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        said = f"{self.path} {self.headers['content-type']} {self.headers.get('proxy-authorization')} ".encode() + body
        self.send_response(503 if b"busy" in body else 200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the client may have lost patience
            for letter in said if b"slow" in body else ():
                self.wfile.write(bytes([letter]))
                threading.Event().wait(0.2)
            self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def ca(tmp_path: Path) -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        monkeypatch.delenv(name, raising=False)


def test_post_goes_through_the_proxy_unless_the_host_is_exempt(server: ThreadingHTTPServer) -> None:
    port = server.server_port
    proxied = Network(f"http://ada:pass@127.0.0.1:{port}")
    answer = proxied.post("http://tsa.example.com/a", b"question", "application/timestamp-query", 5)
    assert answer == b"http://tsa.example.com/a application/timestamp-query Basic YWRhOnBhc3M= question"
    direct = Network("http://127.0.0.1:9").post(f"http://127.0.0.1:{port}/a", b"q", "text/plain", 5)
    assert direct == b"/a text/plain None q"


@pytest.mark.parametrize(("body", "words"), [(b"busy", "answered 503"), (b"slow", "sent more than 0.5 seconds")])
def test_post_says_what_came_instead_of_an_answer(server: ThreadingHTTPServer, body: bytes, words: str) -> None:
    with pytest.raises(SiteUnavailable, match=f"127.0.0.1.*{words}"):
        Network().post(f"http://127.0.0.1:{server.server_port}/", body, "text/plain", 0.5)


@pytest.mark.parametrize(
    ("proxy", "url", "words"),
    [
        (None, "http://127.0.0.1:9/", "127.0.0.1: the connection failed"),
        (None, "http://a..example.com/", "its name cannot be resolved"),
        ("http://127.0.0.1:9", "http://tsa.example.com/", "tsa.example.com: the proxy cannot be reached"),
    ],
)
def test_why_nothing_came_is_said_in_our_words(proxy: str | None, url: str, words: str) -> None:
    with pytest.raises(SiteUnavailable, match=words):
        Network(proxy).post(url, b"x", "text/plain", 0.5)
    with pytest.raises(AddressUnavailable, match=words):
        Network(proxy).get(url)


def test_a_ca_file_is_trusted_and_others_are_not(server: ThreadingHTTPServer, ca: trustme.CA, tmp_path: Path) -> None:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    ca_file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    url = f"https://localhost:{server.server_port}/"

    assert Network(ca_file=ca_file).post(url, b"x", "text/plain", 5).endswith(b"x")
    with pytest.raises(SiteUnavailable, match=r"does not trust .*network\.ca_file"):
        Network().post(url, b"x", "text/plain", 5)


def test_exempt_hosts() -> None:
    network = Network("http://proxy.example.com:8080", no_proxy=("localhost", ".corp.example.com", "::1"))
    assert network.proxy_for("a.corp.example.com") is None
    assert network.proxy_for("corp.example.com") is None
    assert network.proxy_for("::1") is None
    assert network.proxy_for("notcorp.example.com") == network.proxy_for("x.localhost.example") == network.proxy
    assert Network("http://proxy.example.com", no_proxy=("*",)).proxy_for("a.example.com") is None
    assert Network().proxy_for("a.example.com") is None


def test_settings_win_over_the_environment(monkeypatch: pytest.MonkeyPatch, ca: trustme.CA, tmp_path: Path) -> None:
    ca_file, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    for file in (ca_file, other):
        ca.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("https_proxy", "proxy.example.com:8080")
    monkeypatch.setenv("NO_PROXY", "intern.example.com, 10.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    found = Network.from_environment()
    assert (found.proxy, found.ca_file) == ("http://proxy.example.com:8080", ca_file)
    assert found.proxy_for("intern.example.com") is None
    chosen = Network.from_environment("http://mine.example.com:1", other, ())
    assert chosen == Network("http://mine.example.com:1", other, ())
    assert chosen.driver_environment() == {"NODE_EXTRA_CA_CERTS": str(other)}
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(ca_file))
    both = Path(chosen.driver_environment()["NODE_EXTRA_CA_CERTS"]).read_bytes()
    assert both.count(b"BEGIN CERTIFICATE") == 2
    assert Network().driver_environment() == {}


def test_settings_that_cannot_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not exist"):
        Network(ca_file=tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigError, match="has no PEM certificate"):
        Network(ca_file=tmp_path / "empty.pem").ssl_context()
    for proxy in ("proxy:8080", "socks5://proxy:1080", "http://"):
        with pytest.raises(ConfigError, match="http://host:port"):
            Network(proxy)
