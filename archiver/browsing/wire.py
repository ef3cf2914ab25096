"""HTTP/1.1 on one connection, one exchange at a time: asyncio carries the bytes, h11 knows the protocol.

A licence costs a few requests, and a general client spends more time around each than a run does on all else.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from dataclasses import dataclass
from email.message import Message
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import h11

from archiver import __version__
from archiver.network import Network

PATIENCE = 30.0  # seconds without a sign of the other side
IDLE = 5.0  # seconds after which a connection is not used again: many servers close theirs about then
LONGEST_HEAD = 100 << 10  # bytes

Headers = list[tuple[str, str]]


class Unreached(OSError):
    """There is no connection, so that nothing can have been acted on."""


@dataclass(frozen=True)
class Answer:
    """Headers in lower case, in the order of the answer; the body as it was sent, without transfer coding."""

    status: int
    headers: Headers
    body: bytes

    def info(self) -> Message:
        """The headers as the standard library's cookie jar reads them."""
        said = Message()
        for name, value in self.headers:
            said.add_header(name, value)
        return said


class Connection(asyncio.Protocol):
    """One connection to an origin. What goes wrong is Unreached, another OSError, or an `h11.ProtocolError`."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, LONGEST_HEAD)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        self._used = time.monotonic()
        # Where a proxy passes requests on: what stands before each target, and further headers.
        self._ahead, self._by = "", Headers()

    @classmethod
    async def open(cls, network: Network, scheme: str, host: str, port: int) -> Self:
        """Connect to an origin as the network says."""
        proxy, connection = urlsplit(network.proxy_for(host) or ""), cls()
        try:
            async with asyncio.timeout(PATIENCE):
                if not proxy.hostname:
                    await connection._connect(host, port)
                else:
                    await connection._connect(proxy.hostname, proxy.port or (443 if proxy.scheme == "https" else 80))
                    if proxy.scheme == "https":
                        await connection._encrypt(network.ssl_context(), proxy.hostname)
                    await connection._pass_on(scheme, f"[{host}]" if ":" in host else host, port, _authorisation(proxy))
                if scheme == "https":
                    await connection._encrypt(network.ssl_context(), host)
        except (OSError, UnicodeError, h11.ProtocolError) as error:
            connection.close()
            raise Unreached(str(error) or f"no connection within {PATIENCE:g} s") from None
        except BaseException:
            connection.close()
            raise
        return connection

    async def exchange(self, method: str, target: str, headers: Headers, body: bytes | None) -> Answer:
        """Send a request, `Host` among its headers, and return its answer; the connection is closed unless `ready`."""
        try:
            request = h11.Request(method=method, target=self._ahead + target, headers=[*headers, *self._by])
            async with asyncio.timeout(PATIENCE) as patience:
                answer = await self._exchange(request, body, patience)
            if self._http.our_state is self._http.their_state is h11.DONE:
                self._http.start_next_cycle()
                self._used = time.monotonic()
                return answer
        except h11.RemoteProtocolError as error:
            self.close()
            raise self._lost or error from None
        except BaseException:
            self.close()
            raise
        self.close()
        return answer

    @property
    def ready(self) -> bool:
        """Whether another exchange may begin: the other side has said nothing unasked, and has not been still long."""
        idle = self._http.our_state is h11.IDLE and self._http.trailing_data == (b"", False)
        return idle and self._lost is None and time.monotonic() - self._used < IDLE

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    async def _exchange(self, request: h11.Request, body: bytes | None, patience: asyncio.Timeout) -> Answer:
        data = self._http.send(request) or b""
        if body:
            data += self._http.send(h11.Data(data=body)) or b""
        self._write(data + (self._http.send(h11.EndOfMessage()) or b""))
        status, told, parts = 0, Headers(), list[bytes]()
        while True:
            match await self._event(patience):
                case h11.Response(status_code=status, headers=pairs):
                    told = [(name.decode("ascii"), _text(value)) for name, value in pairs]
                case h11.Data(data=part):
                    parts.append(bytes(part))
                case h11.EndOfMessage() | h11.PAUSED:  # the latter after CONNECT
                    return Answer(status, told, b"".join(parts))

    async def _event(self, patience: asyncio.Timeout) -> Any:
        loop = asyncio.get_running_loop()
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._lost:
                raise self._lost
            self._waiting = loop.create_future()
            await self._waiting
            patience.reschedule(loop.time() + PATIENCE)
        return event

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    # ------------------------------------------------------------ opening

    async def _connect(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, host, port, happy_eyeballs_delay=0.25)

    async def _encrypt(self, context: ssl.SSLContext, host: str) -> None:
        assert self._transport is not None
        secure = await asyncio.get_running_loop().start_tls(self._transport, self, context, server_hostname=host)
        self._transport = secure

    async def _pass_on(self, scheme: str, host: str, port: int, authorisation: Headers) -> None:
        """Have the proxy that this is connected to reach the origin: by a tunnel where that is to be encrypted."""
        if scheme == "http":
            self._ahead, self._by = f"http://{host}{'' if port == 80 else f':{port}'}", authorisation
            return
        place = f"{host}:{port}"
        asking = [("host", place), ("user-agent", f"archiver/{__version__}"), *authorisation]
        request = h11.Request(method="CONNECT", target=place, headers=asking)
        async with asyncio.timeout(None) as patience:
            answer = await self._exchange(request, None, patience)
        if answer.status == 407:
            raise Unreached("the proxy asks for a user name and password (407)")
        if not 200 <= answer.status < 300:
            raise Unreached(f"the proxy answered {answer.status}")
        self._http = h11.Connection(h11.CLIENT, LONGEST_HEAD)

    # ------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._wake()

    def eof_received(self) -> None:
        self._http.receive_data(b"")  # which may be how a body ends
        self.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = self._lost or error or ConnectionResetError("the connection was closed before the answer's end")
        self._wake()

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)


def _authorisation(proxy: Any) -> Headers:
    if proxy.username is None:
        return []
    said = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return [("proxy-authorization", f"Basic {base64.b64encode(said).decode()}")]


def _text(value: bytes) -> str:
    """A header's value: UTF-8 where it is that, else Latin-1, which anything is."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
