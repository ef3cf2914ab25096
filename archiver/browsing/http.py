"""A session without a browser, for accounts that sign in with a token."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit
from urllib.request import Request as Asked

import archiver
from archiver.browsing.exchange import Exchange, ExchangeSession, Hear, Lost, Raw
from archiver.browsing.pacing import Pacing
from archiver.errors import SiteUnavailable
from archiver.network import Network
from archiver.provider import ProviderInfo, Request

if TYPE_CHECKING:
    from archiver.browsing.wire import Answer, Connection

PORTS = {"http": 80, "https": 443}
ALWAYS = {"user-agent": f"archiver/{archiver.__version__}", "accept": "*/*", "accept-encoding": "gzip"}


class HttpSession(ExchangeSession):
    """`provider.Session` over connections of its own; a context manager."""

    def __init__(
        self,
        info: ProviderInfo,
        *,
        network: Network,
        pacing: Pacing,
        username: str | None = None,
        settings: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        hear: Hear | None = None,
    ) -> None:
        super().__init__(
            Exchange(info, pacing, now=now, hear=hear), username, settings or {}, set((secrets or {}).values())
        )
        self.cookies = CookieJar()
        self._network = network
        self._idle: dict[tuple[str, str, int], list[Connection]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Raw:
        import h11

        from archiver.browsing.wire import Unreached

        # The rules have judged this very place; only what no request line may hold is written otherwise.
        parts = urlsplit(quote(url, safe="!#$%&'()*+,/:;=?@[]~"))
        asked = [("host", parts.netloc), *(ALWAYS | {name.lower(): value for name, value in headers.items()}).items()]
        if body is not None or method not in ("GET", "HEAD"):
            asked.append(("content-length", str(len(body or b""))))
        asked += self._cookie(url)
        try:
            answer = await self._exchange(method, parts, asked, body)
            content = _decoded(answer)
        except (OSError, EOFError, zlib.error, h11.ProtocolError) as error:
            reason = str(error) or "no answer for too long"
            if "CERTIFICATE_VERIFY_FAILED" in reason:
                raise SiteUnavailable(
                    f"the certificate of {parts.hostname} is not trusted here ({reason}); behind a company proxy, name "
                    "its certificates in network.ca_file"
                ) from None
            if "(407)" in reason:
                raise SiteUnavailable(reason) from None
            raise Lost(reason, received=not isinstance(error, Unreached | h11.LocalProtocolError)) from None
        self._keep_cookies(url, answer)
        if self.exchange.hear:
            self.exchange.hear(Request(method, url, body), asked, answer.status, answer.headers, content)
        told: dict[str, str] = {}
        for name, value in answer.headers:
            told[name] = f"{told[name]}, {value}" if name in told else value
        return Raw(answer.status, told, content)

    async def _exchange(self, method: str, parts: Any, headers: list[tuple[str, str]], body: bytes | None) -> Answer:
        from archiver.browsing.wire import Connection

        origin = parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]
        idle = self._idle.setdefault(origin, [])
        while idle:
            if (connection := idle.pop()).ready:  # the one that was used last
                break
            connection.close()
        else:
            connection = await Connection.open(self._network, *origin)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        answer = await connection.exchange(method, target, headers, body)
        if connection.ready:
            idle.append(connection)
        return answer

    def _cookie(self, url: str) -> list[tuple[str, str]]:
        if not len(self.cookies):
            return []
        asked = Asked(url)  # noqa: S310  # asks nothing: the jar of the standard library reads it
        self.cookies.add_cookie_header(asked)
        return [("cookie", value) for value in [asked.get_header("Cookie")] if value]

    def _keep_cookies(self, url: str, answer: Answer) -> None:
        if any(name == "set-cookie" for name, _ in answer.headers):
            self.cookies.extract_cookies(answer, Asked(url))  # type: ignore[arg-type]  # noqa: S310  # wants `info` alone


def _decoded(answer: Answer) -> bytes:
    """The body without the one content coding that was asked for; OSError for another one."""
    coding = next((value.lower() for name, value in answer.headers if name == "content-encoding"), "identity")
    if coding in ("gzip", "x-gzip") and answer.body:
        return gzip.decompress(answer.body)
    if coding not in ("gzip", "x-gzip", "identity", ""):
        raise OSError(f"the answer is coded as {coding}, which was not asked for")
    return answer.body
