"""Connection limits of the desk's server: timeouts, and which connection to close when there are too many.

New connections are always accepted, so nobody can fill the desk. If there are too many, the desk closes one, in this
order: strangers before signed-in people, idle before active, the address with most connections first, then the oldest.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

OPEN_FILES = 4096  # requested limit of open files: connections, archives, readers
MAX_CONNECTIONS = 2048
MAX_STRANGERS = 1365  # connections without a signed-in person
MAX_OF_PERSON = 100  # connections; a browser keeps up to six
ENDED_AT_ONCE = 16  # one in so many is closed at once, because choosing takes longer than closing

# Seconds, for strangers and for signed-in people.
REQUEST_TIMEOUT_S, PERSON_REQUEST_TIMEOUT_S = 10.0, 20.0  # for the request's headers
KEEP_ALIVE_S, PERSON_KEEP_ALIVE_S = 10, 75  # between requests; closing a connection in use looks like a fault
WRITE_TIMEOUT_S = 30.0  # for a client to read some of the answer
HANDSHAKE_TIMEOUT_S = 10.0  # TLS handshake
CLOSING_S = 5.0

FORM_TIMEOUT_S, PERSON_FORM_TIMEOUT_S, UPLOAD_TIMEOUT_S = 10.0, 60.0, 300.0  # for a whole form
MAX_STRANGER_FORM_BYTES = 8 << 10


class Connection(H11Protocol):
    """Uvicorn's protocol with timeouts. Alone it waits forever for a first request, a started one, or a slow reader.

    A request finds its connection in the scope's state.
    """

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, server_state, {**app_state, "connection": self}, _loop)
        self.person: str | None = None
        self.since = self.loop.time()
        self.timeout_keep_alive = KEEP_ALIVE_S
        self._asking = False  # a request has begun to arrive
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    @property
    def holder(self) -> str:
        """The key of the connection's owner: a person or an address."""
        return (
            f"person {self.person}" if self.person is not None else f"address {self.client[0] if self.client else ''}"
        )

    @property
    def answering(self) -> bool:
        """Whether a complete request waits for its answer."""
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def belongs_to(self, person: str, *, shared: bool) -> None:
        """Note that the present request is this person's. `shared`: the connection belongs to a proxy."""
        self.person, self.timeout_keep_alive = ("" if shared else person), PERSON_KEEP_ALIVE_S
        others = [each for each in self.connections if isinstance(each, Connection) and each.person == self.person]
        if not shared and len(others) > MAX_OF_PERSON:
            self._end_some(others, MAX_OF_PERSON)

    # ------------------------------------------------------------ as uvicorn calls it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.since = self.loop.time()
        self._limit(REQUEST_TIMEOUT_S)
        everybody = [each for each in self.connections if isinstance(each, Connection)]
        strangers = [each for each in everybody if each.person is None]
        if len(strangers) > MAX_STRANGERS:
            self._end_some(strangers, MAX_STRANGERS)
        elif len(everybody) > MAX_CONNECTIONS:
            self._end_some(everybody, MAX_CONNECTIONS)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._asking and (self.cycle is None or self.cycle.response_complete):
            if self.cycle is not None:  # the first request's time began with the connection
                self._limit(REQUEST_TIMEOUT_S if self.person is None else PERSON_REQUEST_TIMEOUT_S)
            self._asking = True

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:  # a new request: its cookie tells whose it is
            self.person, self._asking = None, False
            self._limit(None)

    def on_response_complete(self) -> None:
        self.since, self._asking = self.loop.time(), False
        self._limit(self.timeout_keep_alive + CLOSING_S)  # the server closes it earlier, but waits for unread data
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(WRITE_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit(None)
        self._read()
        super().connection_lost(exc)

    # ------------------------------------------------------------ ending

    def _end_some(self, some: list[Connection], most: int) -> None:
        held = Counter(each.holder for each in some)

        def worth(each: Connection) -> tuple[bool, bool, int, float]:
            return each.person is not None, each.answering, -held[each.holder], each.since

        others = sorted((each for each in some if each is not self), key=worth)
        for each in others[: max(1, most // ENDED_AT_ONCE)]:
            self.connections.discard(each)  # it is lost a little later
            each.transport.abort()

    def _limit(self, seconds: float | None) -> None:
        if self._late:
            self._late.cancel()
        self._late = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)

    def _read(self) -> None:
        if self._unread:
            self._unread.cancel()
        self._unread = None


class DeskServer(Server):
    """Uvicorn's server on open sockets, with a limit on TLS handshakes, which are not connections yet.

    `at_end` runs however the server ends. After a signal, uvicorn runs no more code.
    """

    def __init__(self, config: Config, at_end: Callable[[], object] = lambda: None) -> None:
        super().__init__(config)
        self._at_end = at_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._at_end()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop, config = asyncio.get_running_loop(), self.config

        def made() -> asyncio.Protocol:
            return Connection(config, self.server_state, {})

        limits: Mapping[str, Any] = (
            {"ssl_handshake_timeout": HANDSHAKE_TIMEOUT_S, "ssl_shutdown_timeout": CLOSING_S} if config.ssl else {}
        )
        self.servers = [
            await loop.create_server(made, sock=each, ssl=config.ssl, backlog=config.backlog, **limits)
            for each in sockets or ()
        ]
        self.started = True


def allow_open_files() -> None:
    """Raise this process's limit of open files to what the system allows. With a low limit, keep fewer connections."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    global MAX_CONNECTIONS, MAX_STRANGERS
    MAX_CONNECTIONS, MAX_STRANGERS = min(MAX_CONNECTIONS, files // 2), min(MAX_STRANGERS, files // 3)
