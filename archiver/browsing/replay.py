"""Replay recordings to real clients, with a loopback forward proxy that answers for every recorded host."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from archiver.browsing.http1_parser import AmbiguousRequest, read_request
from archiver.browsing.recording import RecordedResponse, Recording
from archiver.core.atomic_files import scratch
from archiver.home.network import Network
from archiver.provider import Request, Rules

if TYPE_CHECKING:
    import trustme

UNKNOWN_REQUEST_STATUS = 599
# Never changes anything at a site, whatever an adapter declares, so it does not move the barrier.
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# The replay frames bodies itself and never encodes them.
FRAMING = ("content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive")
MAX_BODY_BYTES = 1 << 24
BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class LoggedRequest:
    """A request as it arrived, and the status of its answer (502 for the CONNECT of an unknown host)."""

    request: Request
    status: int

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def url(self) -> str:
        return self.request.url


class ReplayPosition:
    """Choose the exchange that answers a request.

    Exchanges match by method, URL (the query as a set) and `match`. The first unserved one after the barrier is served,
    else the last one after it, else the newest earlier one. The barrier is the last served request that may have
    changed something at the platform: a login, for example, after which the same page shows something else.
    """

    def __init__(self, recording: Recording, rules: Rules) -> None:
        self.recording, self.rules = recording, rules
        self._barrier = -1
        self._served: Counter[int] = Counter()
        self._index: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
        for number, exchange in enumerate(recording.exchanges):
            self._index[_key(exchange.request.method, exchange.request.url)].append(number)

    def serve(self, request: Request) -> tuple[RecordedResponse | None, str | None]:
        """Return the answer, and what is wrong with the request. Without an answer the request is unknown."""
        number = self._choose(request)
        if number is None:
            return None, f"{request.method} {request.url}"
        self._served[number] += 1
        if request.method not in SAFE_METHODS and not self.rules.reads_only(request):
            self._barrier = number
        exchange = self.recording.exchanges[number]
        wanted, given = exchange.request.form, request.body_fields
        if wanted is not None and set(wanted) != set(given):
            fields = f"has the fields {', '.join(sorted(given))} and should have {', '.join(sorted(wanted))}"
            return exchange.response, f"{request.method} {request.url} {fields}"
        return exchange.response, None

    def _choose(self, request: Request) -> int | None:
        exchanges = self.recording.exchanges
        fitting = [
            number
            for number in self._index.get(_key(request.method, request.url), ())
            if all(request.fields.get(name) == [value] for name, value in exchanges[number].request.match.items())
        ]
        # An exchange that names the request's fields fits better than one that does not.
        closest = max((len(exchanges[number].request.match) for number in fitting), default=0)
        fitting = [number for number in fitting if len(exchanges[number].request.match) == closest]
        after = [number for number in fitting if number > self._barrier]
        unserved = [number for number in after if self._served[number] < exchanges[number].repeat]
        return next(iter(unserved or after[-1:] or fitting[-1:]), None)


class Replay:
    """A context manager with throw-away certificates, which clients trust through `ca_file`, and one listener per
    account.
    """

    async def __aenter__(self) -> Self:
        import trustme

        self._ca: trustme.CA = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._listeners: list[Listener] = []
        self._folder = tempfile.TemporaryDirectory(prefix=scratch("replay"))
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))
        return self

    async def __aexit__(self, *_: object) -> None:
        for listener in self._listeners:
            await listener.close()
        self._folder.cleanup()

    async def serve(self, recording: Recording, rules: Rules) -> Listener:
        """Play this recording from its beginning, on a new port."""
        listener = Listener(self, ReplayPosition(recording, rules))
        await listener.open()
        self._listeners.append(listener)
        return listener

    def tls(self, host: str) -> ssl.SSLContext:
        """Return a server's TLS settings with a certificate for this host."""
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._ca.issue_cert(host).configure_cert(context)
            context.set_alpn_protocols(["http/1.1"])
            self._contexts[host] = context
        return self._contexts[host]


@dataclass(eq=False)
class Listener:
    """One account's replay. `log` has every request, `unknown` those that the recording does not contain."""

    replay: Replay
    cursor: ReplayPosition
    log: list[LoggedRequest] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    network: Network = field(init=False)
    _server: asyncio.Server = field(init=False)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=BUFFER_BYTES)
        port = self._server.sockets[0].getsockname()[1]
        self.network = Network(f"http://127.0.0.1:{port}", self.replay.ca_file, no_proxy=())

    async def close(self) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            # The other side may leave or refuse the certificate at any moment, which ends the connection.
            with contextlib.suppress(OSError, EOFError):
                await self._converse(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, origin: str = "") -> None:
        while True:
            try:
                received = await read_request(reader, MAX_BODY_BYTES)
                if received.method == "CONNECT" and not origin:
                    return await self._tunnel(writer, received.target)
                url = received.url(origin)
            except AmbiguousRequest as error:
                self.unknown.append(str(error))
                writer.write(f"HTTP/1.1 {error.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return await writer.drain()
            headers = received.headers
            request = Request(received.method, url, received.body, headers=headers)
            if not await self._answer(writer, request, upgrade="upgrade" in headers):
                return None
            if headers.get("connection", "").lower() == "close":
                return None

    async def _tunnel(self, writer: asyncio.StreamWriter, target: str) -> None:
        """Answer a CONNECT and speak TLS inside it, in the name of the requested host."""
        host = target.rpartition(":")[0].strip("[]").lower()
        if not self._knows(host):
            self.unknown.append(f"CONNECT {target}")
            self.log.append(LoggedRequest(Request("CONNECT", f"https://{target}"), 502))
            writer.write(b"HTTP/1.1 502 Unknown host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return await writer.drain()
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await writer.drain()
        # Not StreamWriter.start_tls: it leaves an object that cannot be closed when the client refuses the certificate.
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=BUFFER_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport = await loop.start_tls(
            writer.transport, protocol, self.replay.tls(host), server_side=True, ssl_shutdown_timeout=1
        )
        if transport is None:
            return None
        protocol.connection_made(transport)
        secure = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            await self._converse(reader, secure, "https://" + target.lower().removesuffix(":443"))
        finally:
            secure.close()
            await secure.wait_closed()

    def _knows(self, host: str) -> bool:
        allowed = (netloc.partition(":")[0] for netloc in self.cursor.rules.hosts)
        return host in self.cursor.recording.hosts or any(fnmatchcase(host, pattern) for pattern in allowed)

    async def _answer(self, writer: asyncio.StreamWriter, request: Request, *, upgrade: bool) -> bool:
        """Write one answer. Returns False if the connection ends with it."""
        wrong: str | None = f"{request.method} {request.url} as a WebSocket"
        response, wrong = (None, wrong) if upgrade else self.cursor.serve(request)
        if response is None and urlsplit(request.url).path == "/favicon.ico":
            response, wrong = RecordedResponse(status=404), None
        if wrong:
            self.unknown.append(wrong)
        if response is None:
            response = RecordedResponse(
                status=UNKNOWN_REQUEST_STATUS, headers={"content-type": "text/plain"}, text=f"no recording for {wrong}"
            )
        self.log.append(LoggedRequest(request, response.status))
        content = self.cursor.recording.content(response)
        if response.delay:
            await asyncio.sleep(response.delay)
        sent = b"" if request.method == "HEAD" else content[: response.cut]
        writer.write(_response_head(response, len(content)) + sent)
        await writer.drain()
        return response.cut is None


def _key(method: str, url: str) -> tuple[object, ...]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    query = frozenset(parse_qsl(parts.query, keep_blank_values=True))
    return method, parts.scheme, parts.hostname, parts.port or default, unquote(parts.path) or "/", query


def _response_head(response: RecordedResponse, length: int) -> bytes:
    lines = [f"HTTP/1.1 {response.status} Recorded"]
    if response.text is not None:
        lines += _default_type(response.headers, "text/plain; charset=utf-8")
    if "json_" in response.model_fields_set:
        lines += _default_type(response.headers, "application/json")
    for name, values in response.headers.items():
        if name.lower() not in FRAMING:
            lines += [f"{name}: {value}" for value in ((values,) if isinstance(values, str) else values)]
    if response.status not in (204, 304):
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def _default_type(headers: Mapping[str, object], value: str) -> list[str]:
    return [] if "content-type" in map(str.lower, headers) else [f"content-type: {value}"]
