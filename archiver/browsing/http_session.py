"""A session without a browser, for accounts that sign in with a token."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import archiver
from archiver.browsing.pacing import Pacing
from archiver.browsing.request_pipeline import (
    MAX_ANSWER_BYTES,
    NO_ACCOUNT,
    AnswerLost,
    Exchange,
    ExchangeListener,
    ExchangeSession,
    RawAnswer,
    SessionAccount,
    endless,
)
from archiver.core.errors import SiteUnavailable
from archiver.home.network import (
    DROPPED,
    INSECURE,
    NO_HTTP,
    NO_PROXY,
    PACKED,
    SLOW,
    UNKNOWN,
    UNREACHED,
    Network,
    untrusted,
)
from archiver.provider import ProviderInfo, Request

if TYPE_CHECKING:
    import aiohttp

IDLE_TIMEOUT_S = 30.0  # without a byte from the other side
ALWAYS = {"User-Agent": f"archiver/{archiver.__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}


class HttpSession(ExchangeSession):
    """`provider.Session` over an HTTP client. A context manager."""

    def __init__(
        self,
        info: ProviderInfo,
        *,
        network: Network,
        pacing: Pacing,
        account: SessionAccount = NO_ACCOUNT,
        hear: ExchangeListener | None = None,
    ) -> None:
        exchange = Exchange(info, pacing, interface=True, now=account.now, hear=hear)
        super().__init__(exchange, account.username, account.settings, set(account.secrets.values()))
        self._network = network
        self._client: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._client = self._network.client(IDLE_TIMEOUT_S, ALWAYS)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[HttpSession]:
        """Return this session: an interface has no page that a second one would have to spare."""
        yield self

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> RawAnswer:
        import aiohttp
        from yarl import URL

        # The rules judged exactly this place. Only characters that a request line may not contain are encoded.
        place = URL(quote(url, safe="!#$%&'()*+,/:;=?@[]~"), encoded=True)
        unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL, UnicodeError)
        try:
            proxy = self._network.proxy_for(place.host or "")
            async with self._client.request(
                method, place, headers=headers, data=body, proxy=proxy, allow_redirects=False
            ) as answer:
                response_headers = [
                    (name.decode("ascii", "replace").lower(), _text(value)) for name, value in answer.raw_headers
                ]
                content = await _body(answer)
        except aiohttp.ClientHttpProxyError as error:
            if error.status == 407:
                raise SiteUnavailable("the proxy asks for a user name and password (407)") from None
            raise AnswerLost(f"the proxy answered {error.status}", received=False) from None
        except (aiohttp.ClientError, OSError, EOFError, UnicodeError, zlib.error) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SiteUnavailable(untrusted(place.host or "", str(error))) from None
            raise AnswerLost(_reason(error), received=not isinstance(error, unsent)) from None
        if self.exchange.hear:
            asked = [(name.lower(), value) for name, value in answer.request_info.headers.items()]
            self.exchange.hear(Request(method, url, body), asked, answer.status, response_headers, content)
        merged: dict[str, str] = {}
        for name, value in response_headers:
            merged[name] = f"{merged[name]}, {value}" if name in merged else value
        return RawAnswer(answer.status, merged, content)


def _reason(error: Exception) -> str:
    """Return why there is no answer, in words for the reader of the account's message."""
    import aiohttp

    meanings: Mapping[str, tuple[type[Exception], ...]] = {
        NO_PROXY: (aiohttp.ClientProxyConnectionError,),
        UNKNOWN: (aiohttp.ClientConnectorDNSError, aiohttp.InvalidURL, UnicodeError),
        INSECURE: (aiohttp.ClientSSLError,),
        UNREACHED: (aiohttp.ClientConnectorError,),
        SLOW: (TimeoutError,),
        "the answer was cut off": (aiohttp.ClientPayloadError, EOFError),
        DROPPED: (aiohttp.ClientConnectionError, ConnectionError),
        NO_HTTP: (aiohttp.ClientResponseError,),
        PACKED: (gzip.BadGzipFile, zlib.error),
    }
    found = next((words for words, kinds in meanings.items() if isinstance(error, kinds)), None)
    return found or " ".join(str(error).split())


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """Decode a body, which may have only the content coding that was requested.

    Raises OSError for another coding, EOFError if the body is cut off, and SiteUnavailable if it is larger than any
    page or document.
    """
    content = bytearray()
    async for chunk in answer.content.iter_any():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise endless(str(answer.url))
    coding = answer.headers.get("content-encoding", "").lower()
    if coding in ("gzip", "x-gzip") and content:
        content = bytearray(gzip.GzipFile(fileobj=BytesIO(content)).read(MAX_ANSWER_BYTES + 1))
        if len(content) > MAX_ANSWER_BYTES:
            raise endless(str(answer.url))
    elif coding not in ("gzip", "x-gzip", "identity", ""):
        raise OSError(f"the answer has the coding {coding}, which we did not ask for")
    return bytes(content)


def _text(value: bytes) -> str:
    """Return a header's value, decoded as UTF-8 if valid, else as Latin-1, which always works."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
