"""The proxy and the certificates for every connection."""

from __future__ import annotations

import atexit
import os
import re
import socket
import ssl
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict
from urllib.parse import urlsplit

from archiver.core.atomic_files import scratch
from archiver.core.errors import AddressUnavailable, ArchiverError, ConfigError, SiteUnavailable

if TYPE_CHECKING:
    import aiohttp
    import httpx

LOOPBACK = ("localhost", "127.0.0.1")
# Why there is no answer, the same for every HTTP client and for the browser.
UNKNOWN = "its name cannot be resolved"
UNREACHED = "the connection failed"
INSECURE = "the secure connection failed"
NO_PROXY = "the proxy cannot be reached"
SLOW = "it did not answer in time"
DROPPED = "it closed the connection without an answer"
NO_HTTP = "its answer is not valid HTTP"
PACKED = "its answer cannot be decompressed"
_MAX_ANSWER_BYTES = 4_000_000
_MAX_HEADER_BYTES = 100 << 10  # bytes
_IDLE_TIMEOUT_S = 5.0  # many servers close an idle connection after about this time, so it is not used again


def web_host(url: str) -> str:
    """The host of an http or https address; empty for any other text."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:  # an unclosed bracket
        return ""


class _ClientSettings(TypedDict):
    """What every client of `httpx` is made with."""

    trust_env: bool
    follow_redirects: bool
    max_redirects: NotRequired[int]
    verify: ssl.SSLContext
    proxy: httpx.Proxy | None
    mounts: dict[str, None]


@dataclass(frozen=True)
class Network:
    """`proxy` is `http://[user:password@]host:port`; `ca_file` holds additional trusted certificates (PEM).

    A `no_proxy` entry is a host, which includes its subdomains, or `*`.
    """

    proxy: str | None = None
    ca_file: Path | None = None
    no_proxy: tuple[str, ...] = LOOPBACK

    def __post_init__(self) -> None:
        parts = urlsplit(self.proxy or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("network.proxy must look like http://host:port.")
        if self.ca_file and not self.ca_file.is_file():
            raise ConfigError(f"network.ca_file {self.ca_file} does not exist. Name a file of PEM certificates.")

    @classmethod
    def from_environment(
        cls, proxy: str | None = None, ca_file: Path | None = None, no_proxy: tuple[str, ...] = LOOPBACK
    ) -> Network:
        """These settings; missing ones come from HTTPS_PROXY with NO_PROXY, and from SSL_CERT_FILE."""
        if proxy is None and (proxy := _environment("HTTPS_PROXY")):
            proxy = proxy if "://" in proxy else f"http://{proxy}"
            no_proxy += tuple(host.strip() for host in _environment("NO_PROXY").split(",") if host.strip())
        if ca_file is None and (named := os.environ.get("SSL_CERT_FILE")):
            ca_file = Path(named)
        return cls(proxy, ca_file, no_proxy)

    def proxy_for(self, host: str) -> str | None:
        """The proxy for this host; None means a direct connection."""
        bare = (entry.removeprefix("*").lstrip(".").lower() for entry in self.no_proxy)
        direct = any(not entry or host == entry or host.endswith("." + entry) for entry in bare)
        return None if direct else self.proxy

    def ssl_context(self) -> ssl.SSLContext:
        """A context that trusts the roots of the system, certifi and `ca_file`. Shared, because it is slow to make."""
        return _ssl_context(self.ca_file)

    def client(self, timeout_s: float, headers: Mapping[str, str]) -> aiohttp.ClientSession:
        """An HTTP client with this network's trust, for a running event loop. Close it after use.

        It reads no environment variables and gives up after `timeout_s` seconds without data. Each request names its
        proxy (`proxy_for`).
        """
        import aiohttp

        client = aiohttp.ClientSession(
            auto_decompress=False,  # otherwise a truncated body would look complete
            connector=aiohttp.TCPConnector(ssl=self.ssl_context(), keepalive_timeout=_IDLE_TIMEOUT_S),
            cookie_jar=aiohttp.CookieJar(unsafe=True, quote_cookie=False),  # allow IP addresses; keep values unchanged
            timeout=aiohttp.ClientTimeout(total=None, connect=timeout_s, sock_read=timeout_s),
            headers=headers,
            skip_auto_headers=("content-type",),
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        client._retry_connection = False  # the guard and the pacing count each request once
        return client

    def post(self, url: str, body: bytes, content_type: str, timeout: float, *, refusals: bool = False) -> bytes:
        """The answer to one POST, within `timeout` seconds in total; SiteUnavailable gives the reason of a failure.

        `refusals`: the answer to a refused request (4xx) is an answer, too.
        """
        status, answer = self.ask("POST", url, body, timeout, content_type)
        if not (200 <= status < 300 or (refusals and 400 <= status < 500)):
            raise SiteUnavailable(f"{urlsplit(url).hostname} answered {status}")
        return answer

    def ask(
        self, method: str, url: str, body: bytes, timeout: float, content_type: str = "application/octet-stream"
    ) -> tuple[int, bytes]:
        """Status and content of one answer, within `timeout` seconds in total; SiteUnavailable if there is none."""
        import httpx

        name = urlsplit(url).hostname or ""
        deadline = time.monotonic() + timeout
        with (
            self._explained(name, SiteUnavailable),
            httpx.Client(**self._client_settings(), timeout=timeout) as client,
            client.stream(method, url, content=body, headers={"content-type": content_type}) as response,
        ):
            if (answer := _whole(response.iter_bytes(), _MAX_ANSWER_BYTES, deadline)) is None:
                raise SiteUnavailable(f"{name} sent more than {timeout:g} seconds or {_MAX_ANSWER_BYTES} bytes allow")
            return response.status_code, answer

    def get(self, url: str, timeout: float = 30, most: int = 64 << 20) -> tuple[bytes, str]:
        """Fetch an http or https address that a person typed: content and media type, after up to five redirects.

        ConfigError for another kind of address; AddressUnavailable if the content is too large, too slow or missing.
        """
        import httpx

        deadline, name = time.monotonic() + timeout, web_host(url)
        if not name:
            raise ConfigError(f"{url} is not an http:// or https:// address. Save the picture and name the file.")
        settings = self._client_settings() | {"follow_redirects": True, "max_redirects": 5}
        with (
            self._explained(name, AddressUnavailable),
            httpx.Client(**settings, timeout=timeout) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise AddressUnavailable(f"{name} answered {response.status_code}")
            if (answer := _whole(response.iter_bytes(), most, deadline)) is None:
                raise AddressUnavailable(f"{name} sent more than {timeout:g} seconds or {most} bytes allow")
            return answer, response.headers.get("content-type", "").partition(";")[0].strip()

    def http_client(self, timeout_s: float, headers: Mapping[str, str]) -> httpx.Client:
        """A synchronous HTTP client with this network's trust and proxy. It follows no redirects. Close it."""
        import httpx

        return httpx.Client(**self._client_settings(), timeout=timeout_s, headers=dict(headers))

    def stream(
        self, client: httpx.Client, url: str, headers: Mapping[str, str], most: int, seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and content of one GET. SiteUnavailable gives the reason if there is no complete answer."""
        deadline, name = time.monotonic() + seconds, web_host(url)
        with self._explained(name, SiteUnavailable), client.stream("GET", url, headers=dict(headers)) as response:
            if (content := _whole(response.iter_bytes(1 << 16), most, deadline)) is None:
                raise SiteUnavailable(f"{name} sent more than {seconds:g} seconds or {most} bytes allow")
            return response.status_code, {key.lower(): value for key, value in response.headers.items()}, content

    def bundle(self) -> Path | None:
        """A file of all trusted certificates, for programs that need one; None if only the usual ones are trusted."""
        import certifi

        if self.ca_file is None:
            return None
        try:
            return joined(Path(certifi.where()), self.ca_file)
        except OSError:  # a full disk; with a company proxy, its own authority is usually enough
            return self.ca_file

    def driver_environment(self) -> dict[str, str]:
        """Environment variables that make Node.js trust `ca_file`, in addition to the file already named there."""
        if not self.ca_file:
            return {}
        already = os.environ.get("NODE_EXTRA_CA_CERTS")
        both = already and Path(already).is_file() and not self.ca_file.samefile(already)
        return {"NODE_EXTRA_CA_CERTS": str(joined(Path(already or ""), self.ca_file) if both else self.ca_file)}

    @contextmanager
    def _explained(self, host: str, kind: type[ArchiverError]) -> Iterator[None]:
        """Turn what httpx raises into an error of this kind, which says the reason."""
        import httpx

        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OverflowError) as error:
            raise kind(self._reason(error, host)) from None

    def _reason(self, error: Exception, host: str) -> str:
        import httpx

        within = tuple(_causes(error))
        if refused := next((each for each in within if isinstance(each, ssl.SSLCertVerificationError)), None):
            return untrusted(host, refused.verify_message)
        if isinstance(error, httpx.ProxyError) and (status := str(error)[:3]).isdecimal():
            asks = "asks for a user name and password (407)" if status == "407" else f"answered {status}"
            return f"{host}: the proxy {asks}"
        unreached = NO_PROXY if self.proxy_for(host) else UNREACHED
        dropped = re.search("disconnected|closed", str(error))  # any other protocol error means invalid HTTP
        meanings: Mapping[str, tuple[type[Exception], ...]] = {
            SLOW: (httpx.TimeoutException,),
            INSECURE: (ssl.SSLError,),
            UNKNOWN: (UnicodeError, OverflowError, *(() if self.proxy_for(host) else (socket.gaierror,))),
            unreached: (httpx.ProxyError, httpx.ConnectError),
            DROPPED: (httpx.NetworkError, *((httpx.RemoteProtocolError,) if dropped else ())),
            NO_HTTP: (httpx.RemoteProtocolError,),
            PACKED: (httpx.DecodingError,),
            "it redirects too often": (httpx.TooManyRedirects,),
            "it redirects to an invalid address": (httpx.InvalidURL, httpx.UnsupportedProtocol),
        }
        found = (words for words, kinds in meanings.items() if any(isinstance(each, kinds) for each in within))
        return f"{host}: {next(found, None) or error}"

    def _client_settings(self) -> _ClientSettings:
        import httpx

        context = self.ssl_context()
        secure = (self.proxy or "").startswith("https:")
        return {
            "trust_env": False,
            "follow_redirects": False,
            "verify": context,
            "proxy": httpx.Proxy(self.proxy, ssl_context=context if secure else None) if self.proxy else None,
            "mounts": {f"all://{_pattern(entry)}": None for entry in self.no_proxy},
        }


def _whole(chunks: Iterable[bytes], most: int, deadline: float) -> bytes | None:
    """All bytes; None if there are more than `most`, or if they come after `deadline` (monotonic)."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > most or time.monotonic() > deadline:
            return None
    return bytes(content)


def untrusted(host: str, reason: str) -> str:
    return (
        f"this machine does not trust the certificate of {host} ({reason}); behind a company proxy, name its "
        "certificates in network.ca_file"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _environment(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.lower()) or ""


def _pattern(entry: str) -> str:
    """A `no_proxy` entry in httpx's form: `*host` is the host and its subdomains."""
    bare = entry.removeprefix("*").lstrip(".")
    return f"[{bare}]" if ":" in bare else f"*{bare}"


@cache
def _ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file:
        # Python 3.13 requires extensions that the authorities of company proxies often lack; browsers do not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        try:
            context.load_verify_locations(ca_file)
        except ssl.SSLError:
            raise ConfigError(f"network.ca_file {ca_file} has no PEM certificate. Name a file that has.") from None
    return context


_JOINED: dict[bytes, Path] = {}  # by content


def joined(*files: Path) -> Path:
    """Join PEM files in one temporary file, which this process removes at its end. The same content has one file."""
    content = b"\n".join(file.read_bytes() for file in files)
    before = _JOINED.get(content)
    if before and before.is_file():
        return before
    with tempfile.NamedTemporaryFile("wb", prefix=scratch("roots"), suffix=".pem", delete=False) as one:
        one.write(content)
    path = _JOINED[content] = Path(one.name)
    atexit.register(path.unlink, missing_ok=True)
    return path
