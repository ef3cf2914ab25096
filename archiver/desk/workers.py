"""The threads in which pages are made, shared out so that nobody takes them all."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial

from anyio import CapacityLimiter, to_thread

UPLOAD_WAIT_SECONDS = 300.0  # for others' uploads


UPLOADS_AT_ONCE, UPLOADS_OF_PERSON, UPLOADS_READ_AT_ONCE, MAX_UPLOADS_WAITING = 6, 2, 3, 60


THREADS, THREADS_OF_PERSON, THREADS_OF_STRANGERS = 40, 8, 4


MAX_WAITING = 300  # requests of one person, or of all strangers, for a thread; some may be of connections that ended


HASHES_AT_ONCE = 2  # argon2 takes 64 MB each


class Crowded(Exception):
    """Too much of one person, or of strangers, waits already: this is not done."""


class Workers:
    """The threads in which pages are made. No person takes all of them, nor do strangers or uploads any from others.

    Crowded where more waits than may.
    """

    def __init__(self) -> None:
        self._pages, self._uploads = CapacityLimiter(THREADS), CapacityLimiter(UPLOADS_READ_AT_ONCE)
        self._hashes = CapacityLimiter(HASHES_AT_ONCE)
        self._strangers = CapacityLimiter(THREADS_OF_STRANGERS)
        self._each = defaultdict[str, CapacityLimiter](lambda: CapacityLimiter(THREADS_OF_PERSON))
        self._arriving = asyncio.Semaphore(UPLOADS_AT_ONCE)
        self._arriving_of = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(UPLOADS_OF_PERSON))
        self._places = Counter[tuple[str, str | None]]()

    async def run[**P, T](self, who: str | None, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """The function's result, from a thread. `who` is a visitor's name, None for a stranger."""
        work = partial(function, *given, **more)
        with self._place("page", who, MAX_WAITING):
            if who is None:
                return await to_thread.run_sync(work, limiter=self._strangers)
            async with self._each[who]:
                return await to_thread.run_sync(work, limiter=self._pages)

    async def hash[**P, T](self, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """As `run`, of what hashes a password."""
        return await to_thread.run_sync(partial(function, *given, **more), limiter=self._hashes)

    async def read_upload[**P, T](self, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """As `run`, of what has a file in memory."""
        return await to_thread.run_sync(partial(function, *given, **more), limiter=self._uploads)

    @asynccontextmanager
    async def upload_of(self, who: str) -> AsyncIterator[None]:
        """In here one more upload may arrive and be read; until then nothing of it is taken from the network."""
        with self._place("upload", who, MAX_UPLOADS_WAITING):
            async with AsyncExitStack() as turns:
                try:
                    async with asyncio.timeout(UPLOAD_WAIT_SECONDS):
                        await turns.enter_async_context(self._arriving_of[who])
                        await turns.enter_async_context(self._arriving)
                except TimeoutError:
                    raise Crowded from None
                yield

    @contextmanager
    def _place(self, what: str, who: str | None, most: int) -> Iterator[None]:
        if self._places[what, who] >= most:
            raise Crowded
        self._places[what, who] += 1
        try:
            yield
        finally:
            self._places[what, who] -= 1
