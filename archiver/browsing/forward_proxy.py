"""The guard's last layer: a forward proxy on the loopback that only connects to a provider's hosts.

It tunnels TLS unread (CONNECT), so the platform sees the browser's own handshake. It reads plain HTTP, and the rules
judge each request on its own connection. If the network has a proxy, ours goes through it.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import ssl
from collections.abc import Coroutine, Iterable
from contextlib import ExitStack, suppress
from functools import cache
from math import inf
from typing import Self
from urllib.parse import unquote, urlsplit

import h11

from archiver.browsing.http1_parser import DEFAULT_PORTS, AmbiguousRequest, ReceivedRequest, read_request
from archiver.browsing.request_pipeline import MAX_ANSWER_BYTES
from archiver.home.network import Network
from archiver.provider import Mode, Phase, Request, Rules, SessionPhase
from archiver.provider.request_rules import HOST_NAME

NOTHING = Rules(allow=())  # for Chromium's own traffic, which belongs to no account

BUFFER_BYTES = 2**18  # bytes in one read
WRAPPING_RATIO = 1.1  # chunks and TLS records make an answer longer by this factor
MAX_BODY_BYTES = 2**20  # body of a plain HTTP request
CONNECT_TIMEOUT_S = 30.0  # to reach a host or the network's own proxy
# Hop-by-hop headers (RFC 9110, 7.6.1), besides those that `Connection` names.
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip

log = logging.getLogger(__name__)


def host_and_port(authority: str) -> tuple[str, int] | None:
    """Read `host:port`, once: what the rules judge is what is dialled. None if it is anything else."""
    host, _, port = authority.lower().rpartition(":")
    if HOST_NAME.fullmatch(host) and re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) < 2**16:
        return host, int(port)
    return None


def may_connect(rules: Rules, mode: Mode, host: str, port: int) -> bool:
    """Return whether this place belongs to a declared URL, or to a sign-in host while a person signs in.

    In observe mode, every host is allowed.
    """
    if mode is Mode.OBSERVE:
        return True
    declared = [rule.url for rule in rules.allow] + list(rules.assets)
    if mode is Mode.SIGN_IN:
        declared += [f"https://{host}/" for host in rules.sign_in_hosts]
    return any(_authority_pattern(url).fullmatch(f"{host}:{port}") for url in declared)


@cache
def _authority_pattern(url: str) -> re.Pattern[str]:
    parts = urlsplit(url)
    authority = parts.netloc if ":" in parts.netloc else f"{parts.netloc}:{DEFAULT_PORTS[parts.scheme]}"
    return re.compile(re.sub(r"(\\\*)+", "[^.:]*", re.escape(authority.lower())))


class ProxyRefused(ConnectionError):
    """The network's own proxy refused to connect.

    `status` is its answer, for example `407 Proxy Authentication Required`.
    """

    def __init__(self, status: str) -> None:
        super().__init__(f"the network's proxy answered {status}")
        self.status = status


class GuardProxy:
    """The proxy of one account: `async with GuardProxy(rules, network) as proxy` listens at `proxy.url`.

    `refused` lists refused requests: `host:port`, or method and URL without its query for plain HTTP. `flooded` lists
    hosts whose connection was cut because they sent more than any document without a new request.
    """

    def __init__(
        self, rules: Rules, network: Network, mode: Mode = Mode.STRICT, phase: SessionPhase | None = None
    ) -> None:
        self.rules, self.network, self.mode, self.phase = rules, network, mode, phase or SessionPhase()
        self.refused: list[str] = []
        self.flooded: set[str] = set()
        self.url = ""
        self._peers: dict[str, str] = {}  # host:port -> the address that was reached for it
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=BUFFER_BYTES)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def reached(self, url: str) -> str:
        """Return the address at which a URL's host was last reached. Chromium itself only sees this proxy."""
        parts = urlsplit(url)
        if self.network.proxy_for(parts.hostname or ""):
            return "not available: it is reached through the network's own proxy, which alone knows it"
        peer = self._peers.get(f"{parts.hostname}:{parts.port or DEFAULT_PORTS.get(parts.scheme)}")
        return f"{peer}, as reached by the archiver's own proxy" if peer else "not available: it was not reached"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            # Either side may hang up, which ends the exchange; the browser notices by itself.
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # only closing the proxy cancels these tasks
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one request. Later bytes from the client go nowhere, except inside a tunnel."""
        try:
            received = await read_request(reader, MAX_BODY_BYTES)
            if received.method == "CONNECT":
                await self._tunnel(received.target, reader, writer)
            else:
                await self._forward(received, received.url(), reader, writer)
        except AmbiguousRequest as error:
            self._refuse(str(error), writer, error.status)

    async def _tunnel(self, authority: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = host_and_port(authority)
        if place is None or not may_connect(self.rules, self.mode, *place):
            self._refuse(authority, writer)
            return
        try:
            out_reader, out_writer = await self._reach(*place)
        except (OSError, TimeoutError, UnicodeError, asyncio.IncompleteReadError) as error:
            self._unreachable(authority, error, writer)
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if not await relay(reader, writer, out_reader, out_writer, self._most):
            self.flooded.add(authority.removesuffix(f":{DEFAULT_PORTS['https']}"))

    def _permits(self, request: Request) -> bool:
        phase = Phase.SIGNING_IN if self.rules.refreshes(request) else self.phase.now
        return self.rules.permit(request, self.mode, phase)

    async def _forward(
        self, received: ReceivedRequest, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Judge one whole plain HTTP request, then send it on a new connection."""
        method, body, headers = received.method, received.body, received.headers
        requests = [Request(method, url, body, passive, headers) for passive in (False, True)]
        if not any(map(self._permits, requests)):
            self._refuse(f"{method} {url.split('?')[0]}", writer)
            return
        netloc = re.split("[/?]", url.partition("://")[2], maxsplit=1)[0]
        place = host_and_port(netloc if ":" in netloc else f"{netloc}:{DEFAULT_PORTS['http']}")
        if place is None:
            self._refuse(f"{method} {url.split('?')[0]}", writer)
            return
        upstream = self.network.proxy_for(place[0])
        path = url.split(netloc, 1)[1]
        target = url if upstream else path if path.startswith("/") else f"/{path}"
        try:
            out_reader, out_writer = await (self._dial_proxy(upstream) if upstream else self._dial(*place))
        except (OSError, TimeoutError, UnicodeError) as error:
            self._unreachable(netloc, error, writer)
            return
        out = h11.Connection(h11.CLIENT, max_incomplete_event_size=BUFFER_BYTES)
        kept = [item for item in end_to_end(received.raw_headers) if item[0].lower() != b"content-length"]
        if body:
            kept.append((b"Content-Length", b"%d" % len(body)))
        kept += [(b"Connection", b"close"), *_credentials(upstream)]
        events = (h11.Request(method=method, target=target, headers=kept), h11.Data(data=body or b""))
        try:
            for event in (*events, h11.EndOfMessage()):
                out_writer.write(out.send(event) or b"")
            await first(self._pass_on(out, out_reader, received.connection, writer, netloc), _unheard(reader))
        finally:
            out_writer.close()

    async def _pass_on(
        self,
        out: h11.Connection,
        out_reader: asyncio.StreamReader,
        asked: h11.Connection,
        writer: asyncio.StreamWriter,
        netloc: str,
    ) -> None:
        """Return the answer to the request sent on `out`, as the answer to the request that was `asked`."""
        came = 0
        try:
            while not isinstance(event := out.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
                if event is h11.NEED_DATA:
                    data = await out_reader.read(BUFFER_BYTES)
                    came += len(data)
                    if came > self._most:
                        self.flooded.add(netloc)
                        return
                    out.receive_data(data)
                elif isinstance(event, h11.Response):
                    kept = [*end_to_end(event.headers.raw_items()), (b"Connection", b"close")]
                    response = h11.Response(status_code=event.status_code, headers=kept, reason=event.reason)
                    writer.write(asked.send(response) or b"")
                elif isinstance(event, h11.Data):
                    writer.write(asked.send(event) or b"")
                    await writer.drain()
            writer.write(asked.send(h11.EndOfMessage()) or b"")
            await writer.drain()
        except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
            log.info("%s answers with what is no HTTP: %s", netloc, error)
            if asked.our_state is h11.SEND_RESPONSE:
                answer(writer, "502 Bad Gateway")

    @property
    def _most(self) -> float:
        """Return the size limit of one answer. A person may download any size."""
        return inf if self.mode is Mode.OBSERVE else MAX_ANSWER_BYTES * WRAPPING_RATIO

    async def _reach(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a byte stream to a host's port, directly or through the network's own proxy."""
        upstream, authority = self.network.proxy_for(host), f"{host}:{port}"
        if not upstream:
            return await self._dial(host, port)
        reader, writer = await self._dial_proxy(upstream)
        out = h11.Connection(h11.CLIENT)
        named = [(b"Host", authority.encode()), *_credentials(upstream)]
        writer.write(out.send(h11.Request(method=b"CONNECT", target=authority, headers=named)) or b"")
        out.send(h11.EndOfMessage())
        with ExitStack() as failed:
            failed.callback(writer.close)
            try:
                while True:  # bytes after the head come from the other host
                    out.receive_data(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), CONNECT_TIMEOUT_S))
                    if isinstance(response := out.next_event(), h11.Response):
                        break
            except (h11.RemoteProtocolError, asyncio.LimitOverrunError):
                raise ConnectionError("the network's proxy does not speak HTTP") from None
            if not 200 <= response.status_code < 300:
                raise ProxyRefused(f"{response.status_code} {response.reason.decode('latin-1')}".strip())
            failed.pop_all()
        return reader, writer

    async def _dial_proxy(self, upstream: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(upstream)
        tls = self.network.ssl_context() if parts.scheme == "https" else None
        return await self._dial(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme], tls)

    async def _dial(
        self, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        connecting = asyncio.open_connection(host, port, ssl=tls, limit=BUFFER_BYTES)
        reader, writer = await asyncio.wait_for(connecting, CONNECT_TIMEOUT_S)
        if peer := writer.get_extra_info("peername"):  # the other side may have hung up already
            self._peers[f"{host}:{port}"] = f"{peer[0]} port {peer[1]}"
        return reader, writer

    def _unreachable(self, authority: str, error: Exception, writer: asyncio.StreamWriter) -> None:
        log.info("%s is out of reach: %s", authority, error)
        answer(writer, error.status if isinstance(error, ProxyRefused) else "502 Bad Gateway")

    def _refuse(self, what: str, writer: asyncio.StreamWriter, status: str = "403 Forbidden") -> None:
        self.refused.append(what)
        log.info("refused by the proxy: %s", what)
        answer(writer, status)


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    items = list(headers)
    named = b",".join(value for name, value in items if name.lower() == b"connection").decode("latin-1").lower()
    hops = HOP_BY_HOP | {name.strip() for name in named.split(",")}
    return [(name, value) for name, value in items if name.decode("ascii").lower() not in hops]


def _credentials(proxy: str | None) -> list[tuple[bytes, bytes]]:
    """Return the header that authenticates us at a proxy with `user:password@` in its URL."""
    parts = urlsplit(proxy or "")
    if parts.username is None:
        return []
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return [(b"Proxy-Authorization", b"Basic " + base64.b64encode(pair.encode()))]


def answer(writer: asyncio.StreamWriter, status: str) -> None:
    """Send an empty answer and close the connection."""
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


async def relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    out_reader: asyncio.StreamReader,
    out_writer: asyncio.StreamWriter,
    most: float,
) -> bool:
    """Copy bytes both ways until either side ends.

    Returns False if the other side was cut off because it sent more than `most` bytes since it last received some.
    """
    came = 0

    async def ask() -> None:
        nonlocal came
        while data := await reader.read(BUFFER_BYTES):
            came = 0
            out_writer.write(data)
            await out_writer.drain()

    async def answer() -> None:
        nonlocal came
        while came <= most and (data := await out_reader.read(BUFFER_BYTES)):
            came += len(data)
            writer.write(data)
            await writer.drain()

    try:
        await first(ask(), answer())
    finally:
        out_writer.close()
    return came <= most


async def _unheard(reader: asyncio.StreamReader) -> None:
    """Wait until the client hangs up. Bytes that it sends meanwhile, such as a second request, go nowhere."""
    while await reader.read(BUFFER_BYTES):
        pass


async def first(*ways: Coroutine[None, None, None]) -> None:
    """Wait until one of these ends for any reason, then end the others."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
