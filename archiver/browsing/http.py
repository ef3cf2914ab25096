"""A session without a browser, for accounts that sign in with a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import archiver
from archiver.browsing.exchange import Exchange, ExchangeSession, Hear, Lost, Raw
from archiver.browsing.pacing import Pacing
from archiver.errors import SiteUnavailable
from archiver.network import Network
from archiver.provider import ProviderInfo, Request

if TYPE_CHECKING:
    import httpx

TIMEOUT = 30.0


class HttpSession(ExchangeSession):
    """`provider.Session` over an HTTP client; a context manager."""

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
        self._client: httpx.AsyncClient = network.client(
            timeout=TIMEOUT, headers={"user-agent": f"archiver/{archiver.__version__}", "accept": "*/*"}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Raw:
        import httpx

        try:
            answer = await self._client.request(method, url, headers=dict(headers), content=body)
        except httpx.RequestError as error:
            reason = str(error) or type(error).__name__
            if isinstance(error, httpx.ProxyError) and reason.startswith("407"):
                raise SiteUnavailable("the proxy asks for a user name and password (407)") from None
            if "CERTIFICATE_VERIFY_FAILED" in reason:
                host = urlsplit(url).hostname
                raise SiteUnavailable(
                    f"the certificate of {host} is not trusted here ({reason}); behind a company proxy, name its "
                    "certificates in network.ca_file"
                ) from None
            unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
            raise Lost(reason, received=not isinstance(error, unsent)) from None
        if self.exchange.hear:
            asked = answer.request.headers.multi_items()
            told = answer.headers.multi_items()
            self.exchange.hear(Request(method, url, body), asked, answer.status_code, told, answer.content)
        return Raw(answer.status_code, dict(answer.headers), answer.content)
