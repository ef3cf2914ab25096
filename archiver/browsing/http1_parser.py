"""Parse the HTTP/1.1 requests that our proxies receive, with h11, one at a time. Ambiguous requests are refused.

h11 accepts the faults of older programs: lines that end in a bare LF, folded lines, a length beside chunks. A server
may read such a request as two, but the rules would judge only one. So this module refuses them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import h11

MAX_HEAD_BYTES = 2**18
DEFAULT_PORTS = {"http": 80, "https": 443}

_LISTED_LENGTH = re.compile(rb"\ncontent-length:[^\r\n]*[^0-9 \t\r\n]")


class AmbiguousRequest(Exception):
    """The data is not an HTTP/1.1 request, or two programs could read it differently. `status` is the answer."""

    def __init__(self, reason: str, status: str = "400 Bad Request") -> None:
        super().__init__(f"a request that {reason}")
        self.status = status


@dataclass(frozen=True)
class ReceivedRequest:
    """One whole request. `connection` is h11's state, through which it can be answered."""

    method: str
    target: str
    raw_headers: tuple[tuple[bytes, bytes], ...]
    body: bytes | None
    connection: h11.Connection = field(repr=False)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names. Values of a repeated name are joined by commas."""
        joined: dict[str, str] = {}
        for raw_name, raw_value in self.raw_headers:
            name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1")
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    def url(self, tunnel: str = "") -> str:
        """Return the requested URL: inside a `tunnel` (`https://host`) from a path, otherwise an http URL.

        Raises AmbiguousRequest for anything else, and if the Host header names another host.
        """
        host, url = self.headers.get("host", ""), tunnel + self.target
        if not (self.target.startswith("/") if tunnel else url.lower().startswith("http://")):
            raise AmbiguousRequest("names no path" if tunnel else "names no http URL")
        scheme, _, rest = (tunnel or url).partition("://")
        if _authority(host, scheme) != _authority(re.split("[/?]", rest, maxsplit=1)[0], scheme):
            raise AmbiguousRequest("names two hosts")
        return url


def _authority(netloc: str, scheme: str) -> str:
    return netloc.lower().removesuffix(f":{DEFAULT_PORTS[scheme.lower()]}")


def _second_reading(head: bytes) -> str | None:
    """Refuse faults in a request's head that h11 accepts, but another program may read differently."""
    lower = head.lower()
    if not lower.count(b"\n") == lower.count(b"\r\n") == lower.count(b"\r"):
        return "has a line that does not end in CRLF"
    if b"\n " in lower or b"\n\t" in lower:
        return "has a folded header line"
    lengths = lower.count(b"\ncontent-length")
    if lengths + lower.count(b"\ntransfer-encoding") > 1:
        return "states its length twice"
    if lengths and _LISTED_LENGTH.search(lower):
        return "states a length that is not a number"
    return None


async def read_request(reader: asyncio.StreamReader, max_body_bytes: int) -> ReceivedRequest:
    """Read the next request and not a byte more.

    Raises AmbiguousRequest if it must not be passed on, and IncompleteReadError if the other side closed the
    connection.
    """
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if reason := _second_reading(head):
            raise AmbiguousRequest(reason)
        connection.receive_data(head)
        request = connection.next_event()
        if not isinstance(request, h11.Request) or request.http_version != b"1.1":
            raise AmbiguousRequest("is not HTTP/1.1")
        named = dict(request.headers)
        if b"#" in request.target:
            raise AmbiguousRequest("has a fragment in its address")
        if request.method == b"CONNECT" and named.keys() & {b"content-length", b"transfer-encoding"}:
            raise AmbiguousRequest("has a body before its tunnel")
        if b"expect" in named:
            raise AmbiguousRequest("waits for permission to send its body", "417 Expectation Failed")
        length = int(named.get(b"content-length", b"0"))
        if length > max_body_bytes:
            raise AmbiguousRequest("is too large", "413 Content Too Large")
        if length:
            connection.receive_data(await reader.readexactly(length))
        body = b""
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                body += event.data
            elif event is h11.NEED_DATA:  # a chunk ends with a line end, so a line never extends beyond the request
                connection.receive_data(await reader.readuntil(b"\n"))
            else:
                raise AmbiguousRequest("ends early")
            if len(body) > max_body_bytes:
                raise AmbiguousRequest("is too large", "413 Content Too Large")
        if event.headers:
            raise AmbiguousRequest("has headers behind its body")
    except h11.RemoteProtocolError as error:
        raise AmbiguousRequest(f"is not valid HTTP ({error})") from None
    except asyncio.LimitOverrunError:
        raise AmbiguousRequest("is too large", "413 Content Too Large") from None
    return ReceivedRequest(
        request.method.decode("ascii"), request.target.decode("ascii"), tuple(request.headers.raw_items()),
        body or None, connection,
    )  # fmt: skip
