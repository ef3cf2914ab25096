"""The guard's last layer: a forward proxy on the loopback that knows a provider's hosts and lets nothing else out.

It tunnels TLS unread (CONNECT), so what the platform sees is the browser's own handshake. Plain HTTP it reads, and the
rules judge each request. Where the network has a proxy of its own, ours goes through that one.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from contextlib import suppress
from functools import cache
from math import inf
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from archiver.browsing.exchange import MOST_BYTES
from archiver.network import Network
from archiver.provider import Mode, Request, Rules

NOTHING = Rules(allow=())  # for Chromium's own traffic, which belongs to no account

BUFFER = 2**18  # bytes read at once
WRAPPED = 1.1  # how much longer an answer is in its chunks and TLS records
BODY_LIMIT = 2**20  # bytes of a plain HTTP request's body
PORTS = {"http": 80, "https": 443}
PATIENCE = 30.0  # seconds to reach a host or the network's own proxy

log = logging.getLogger(__name__)


def may_connect(rules: Rules, mode: Mode, authority: str) -> bool:
    """Whether a declared URL, or a sign-in host while a person signs in, is at this `host:port`; any is in observe."""
    if mode is Mode.OBSERVE:
        return True
    declared = [rule.url for rule in rules.allow] + list(rules.assets)
    if mode is Mode.SIGN_IN:
        declared += [f"https://{host}/" for host in rules.sign_in_hosts]
    return any(_authority_pattern(url).fullmatch(authority.lower()) for url in declared)


@cache
def _authority_pattern(url: str) -> re.Pattern[str]:
    parts = urlsplit(url)
    authority = parts.netloc if ":" in parts.netloc else f"{parts.netloc}:{PORTS[parts.scheme]}"
    return re.compile(re.sub(r"(\\\*)+", "[^.:]*", re.escape(authority.lower())))


class Declined(ConnectionError):
    """The network's own proxy refused to connect; `status` is what it answered, `407 Proxy Authentication Required`."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the network's proxy answered {status}")
        self.status = status


class GuardProxy:
    """One account's way out; `async with GuardProxy(rules, network) as proxy` listens at `proxy.url`.

    `refused` lists what was turned away: `host:port`, or method and URL without its query for plain HTTP. `flooded` has
    the hosts whose connection was cut, since they sent more than any document without having been asked anew.
    """

    def __init__(self, rules: Rules, network: Network, mode: Mode = Mode.STRICT) -> None:
        self.rules, self.network, self.mode = rules, network, mode
        self.refused: list[str] = []
        self.flooded: set[str] = set()
        self.url = ""
        self._peers: dict[str, str] = {}  # host:port -> the address that was reached for it
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=BUFFER)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def reached(self, url: str) -> str:
        """In words, the address at which a URL's host was last reached. Chromium itself sees but this proxy."""
        parts = urlsplit(url)
        if self.network.proxy_for(parts.hostname or ""):
            return "not available: it is reached through the network's own proxy, which alone knows it"
        peer = self._peers.get(f"{parts.hostname}:{parts.port or PORTS.get(parts.scheme)}")
        return f"{peer}, as reached by the archiver's own proxy" if peer else "not available: it was not reached"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            # Whoever hangs up first ends the exchange; the browser sees that for itself.
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the proxy is closing, which is all that cancels these tasks
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, *_ = [*head.split(b"\r\n", 1)[0].decode("latin-1").split(" "), ""]
        if method == "CONNECT":
            await self._tunnel(target, reader, writer)
        else:
            await self._forward(method, target, head, reader, writer)

    async def _tunnel(self, authority: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not may_connect(self.rules, self.mode, authority):
            self._refuse(authority, writer)
            return
        try:
            out_reader, out_writer = await self._reach(authority)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self._unreachable(authority, error, writer)
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if not await relay(reader, writer, out_reader, out_writer, self._most):
            self.flooded.add(authority.removesuffix(f":{PORTS['https']}"))

    async def _forward(
        self, method: str, url: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One plain HTTP request, judged whole, then sent on a connection of its own."""
        length = re.search(rb"(?im)^content-length:\s*(\d+)\s*$", head)
        size = int(length[1]) if length else 0
        if size > BODY_LIMIT or re.search(rb"(?im)^transfer-encoding:", head):
            answer(writer, "413 Content Too Large")
            return
        body = await reader.readexactly(size)
        requests = (Request(method, url, body or None), Request(method, url, body or None, passive=True))
        if not any(self.rules.permit(request, self.mode) for request in requests):
            self._refuse(f"{method} {url.split('?')[0]}", writer)
            return
        parts = urlsplit(url)
        upstream = self.network.proxy_for(parts.hostname or "")
        target = url if upstream else url.split(parts.netloc, 1)[1] or "/"
        kept = [line for line in head.split(b"\r\n")[1:] if line and not re.match(rb"(?i)(proxy-)?connection:", line)]
        lines = [f"{method} {target} HTTP/1.1".encode("latin-1"), *kept, b"Connection: close", *_credentials(upstream)]
        try:
            out_reader, out_writer = await self._dial(upstream or f"http://{parts.netloc}")
        except (OSError, TimeoutError) as error:
            self._unreachable(parts.netloc, error, writer)
            return
        out_writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        if not await relay(reader, writer, out_reader, out_writer, self._most):
            self.flooded.add(parts.netloc)

    @property
    def _most(self) -> float:
        """Bytes of one answer; a person may download what they like."""
        return inf if self.mode is Mode.OBSERVE else MOST_BYTES * WRAPPED

    async def _reach(self, authority: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A byte stream to `host:port`, directly or through the network's own proxy."""
        upstream = self.network.proxy_for(authority.rpartition(":")[0])
        if not upstream:
            return await self._dial(f"http://{authority}")
        reader, writer = await self._dial(upstream)
        lines = [f"CONNECT {authority} HTTP/1.1".encode(), f"Host: {authority}".encode(), *_credentials(upstream)]
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        status = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")[2]
        if not status.startswith("2"):
            writer.close()
            raise Declined(status)
        return reader, writer

    async def _dial(self, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(url)
        tls = self.network.ssl_context() if parts.scheme == "https" else None
        port = parts.port or PORTS[parts.scheme]
        opening = asyncio.open_connection(parts.hostname, port, ssl=tls, limit=BUFFER)
        reader, writer = await asyncio.wait_for(opening, PATIENCE)
        if peer := writer.get_extra_info("peername"):  # none where the other side has hung up already
            self._peers[f"{parts.hostname}:{port}"] = f"{peer[0]} port {peer[1]}"
        return reader, writer

    def _unreachable(self, authority: str, error: Exception, writer: asyncio.StreamWriter) -> None:
        log.info("%s is out of reach: %s", authority, error)
        answer(writer, error.status if isinstance(error, Declined) else "502 Bad Gateway")

    def _refuse(self, what: str, writer: asyncio.StreamWriter) -> None:
        self.refused.append(what)
        log.info("refused by the proxy: %s", what)
        answer(writer, "403 Forbidden")


def _credentials(proxy: str | None) -> list[bytes]:
    """The header line by which a proxy with `user:password@` in its URL knows us."""
    parts = urlsplit(proxy or "")
    if parts.username is None:
        return []
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return [b"Proxy-Authorization: Basic " + base64.b64encode(pair.encode())]


def answer(writer: asyncio.StreamWriter, status: str) -> None:
    """An empty answer, after which the connection closes."""
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


async def relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    out_reader: asyncio.StreamReader,
    out_writer: asyncio.StreamWriter,
    most: float,
) -> bool:
    """Carry bytes both ways until either side ends; False where the other side was cut off, since more than `most`
    bytes came from it after the last that it was sent."""
    came = 0

    async def ask() -> None:
        nonlocal came
        while data := await reader.read(BUFFER):
            came = 0
            out_writer.write(data)
            await out_writer.drain()

    async def answer() -> None:
        nonlocal came
        while came <= most and (data := await out_reader.read(BUFFER)):
            came += len(data)
            writer.write(data)
            await writer.drain()

    ways = [asyncio.ensure_future(ask()), asyncio.ensure_future(answer())]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        out_writer.close()
    return came <= most
