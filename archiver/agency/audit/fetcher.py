"""Fetch a site's files politely: only GET, only hosts of the scope, robots.txt obeyed, paced, bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from archiver.agency.audit.site_scope import SiteScope, host_of, normal
from archiver.core.errors import SiteUnavailable
from archiver.home.network import Network

if TYPE_CHECKING:
    import httpx
    from protego import Protego

PRODUCT = "archiver-site-audit"
REQUEST_TIMEOUT_S = 30.0
MAX_FILE_BYTES = 25 << 20
MAX_FILE_SECONDS = 60.0
MAX_ROBOTS_BYTES = 512 << 10
MAX_ROBOTS_REDIRECTS = 5
MAX_CRAWL_DELAY_S = 30.0
MAX_WAIT_S = 60.0  # longer waits that a host asks for end its part of the visit
MAX_WAITS = 3  # times that a host may ask to wait in one visit
DEFAULT_WAIT_S = 30.0  # where it does not say how long
MAX_UNREACHED = 5  # times in a row that a host may fail to answer before it is asked no more in this visit
DEFAULT_RATE_HZ = 1.0  # requests a second and host
BUSY = (429, 503)


@dataclass(frozen=True)
class SiteAnswer:
    """An answer to a request: its status, headers and content, or why there is none."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    refused: str | None = None

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass
class PoliteFetcher:
    """One visit's requests. A context manager; single-threaded.

    `rates`: requests a second by host, else `rate`; 0 is without pacing. `left_alone`: until when a host asked to be
    left alone, in seconds since 1970; `ask` adds to it.
    """

    network: Network
    scope: SiteScope
    contact: str
    rate: float = DEFAULT_RATE_HZ
    rates: Mapping[str, float] = field(default_factory=dict)
    left_alone: dict[str, float] = field(default_factory=dict)
    wait: Callable[[float], None] = time.sleep
    requests: int = 0
    received_bytes: int = 0
    _robots: dict[str, Protego | None] = field(default_factory=dict)
    _next: dict[str, float] = field(default_factory=dict)
    _waits: dict[str, int] = field(default_factory=dict)
    _unreached: dict[str, int] = field(default_factory=dict)
    _counted: tuple[int, int] = (0, 0)

    def __enter__(self) -> PoliteFetcher:
        contact = self.contact.encode("ascii", "replace").decode()
        agent = f"{PRODUCT} ({contact})" if contact else PRODUCT
        self._client: httpx.Client = self.network.http_client(REQUEST_TIMEOUT_S, {"user-agent": agent})
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(self, url: str, etag: str | None = None, modified: str | None = None) -> SiteAnswer:
        """One GET; redirects are not followed. `refused` says why there is no answer."""
        if not self.scope.allows(url):
            return SiteAnswer(refused="other_host")
        host = host_of(url)
        if self.left_alone.get(host, 0) > time.time():
            return SiteAnswer(refused="left_alone")
        if self._unreached.get(host, 0) >= MAX_UNREACHED:
            return SiteAnswer(refused="unreachable")
        if not self.permitted(url):
            return SiteAnswer(refused="left_alone" if self.left_alone.get(host, 0) > time.time() else "robots")
        headers = {"if-none-match": etag} if etag else {}
        headers |= {"if-modified-since": modified} if modified else {}
        answer = self._get(url, headers, MAX_FILE_BYTES)
        while answer.status in BUSY:
            if not self._may_repeat(host, answer):
                return SiteAnswer(refused="left_alone")
            answer = self._get(url, headers, MAX_FILE_BYTES)
        return answer

    def take_traffic(self) -> tuple[int, int]:
        """The requests and received bytes since the last call."""
        before, self._counted = self._counted, (self.requests, self.received_bytes)
        return self.requests - before[0], self.received_bytes - before[1]

    def permitted(self, url: str) -> bool:
        """Whether robots.txt lets us ask for this address. Where a server is at fault, it does not (RFC 9309)."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            self._robots[origin] = self._read_robots(origin)
        robots = self._robots[origin]
        return robots is not None and bool(robots.can_fetch(url, PRODUCT))

    def sitemaps(self, site: str) -> list[str]:
        """The addresses of a site's site maps: those that its robots.txt names, else the usual one."""
        self.permitted(site)
        parts = urlsplit(site)
        robots = self._robots[f"{parts.scheme}://{parts.netloc}"]
        named = list(robots.sitemaps) if robots else []
        found = [normal(urljoin(site, each)) for each in named or ("/sitemap.xml",)]
        return [each for each in found if self.scope.allows(each)]

    def _read_robots(self, origin: str) -> Protego | None:
        from protego import Protego

        url = f"{origin}/robots.txt"
        for _ in range(MAX_ROBOTS_REDIRECTS + 1):
            answer = self._get(url, {}, MAX_ROBOTS_BYTES)
            if answer.status in BUSY:
                self._hold(host_of(url), answer)
            if not 300 <= answer.status < 400:
                break
            url = normal(urljoin(url, answer.headers.get("location", "")))
            if not self.scope.allows(url):
                return Protego.parse("")  # as if there were none
        if answer.status == 200:
            return Protego.parse(answer.content.decode("utf-8", "replace"))
        known_missing = 400 <= answer.status < 500 and answer.status not in BUSY
        return Protego.parse("") if known_missing else None

    def _get(self, url: str, headers: Mapping[str, str], most: int) -> SiteAnswer:
        self._pace(url)
        self.requests += 1
        try:
            status, found, content = self.network.stream(self._client, url, headers, most, MAX_FILE_SECONDS)
        except SiteUnavailable as error:
            self._unreached[host_of(url)] = self._unreached.get(host_of(url), 0) + 1
            return SiteAnswer(refused=error.detail)
        self._unreached.pop(host_of(url), None)
        self.received_bytes += len(content)
        return SiteAnswer(status, found, content)

    def _pace(self, url: str) -> None:
        host, parts = host_of(url), urlsplit(url)
        rate = self.rates.get(host, self.rates.get(parts.hostname or "", self.rate))
        pause = 1 / rate if rate > 0 else 0.0
        if rate > 0 and (robots := self._robots.get(f"{parts.scheme}://{parts.netloc}")):
            pause = max(pause, min(float(robots.crawl_delay(PRODUCT) or 0), MAX_CRAWL_DELAY_S))
        now = time.monotonic()
        if (left := self._next.get(host, now) - now) > 0:
            self.wait(left)
        self._next[host] = max(now, self._next.get(host, now)) + pause

    def _may_repeat(self, host: str, answer: SiteAnswer) -> bool:
        """Wait as long as a busy host asks; False where that is too long, and it is left alone."""
        self._waits[host] = self._waits.get(host, 0) + 1
        seconds = _seconds(answer.headers.get("retry-after", ""))
        if seconds > MAX_WAIT_S or self._waits[host] > MAX_WAITS:
            self._hold(host, answer)
            return False
        self.wait(seconds)
        return True

    def _hold(self, host: str, answer: SiteAnswer) -> None:
        self.left_alone[host] = time.time() + _seconds(answer.headers.get("retry-after", ""))


def _seconds(retry_after: str) -> float:
    if retry_after.strip().isdecimal():
        return float(retry_after.strip()[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return DEFAULT_WAIT_S
