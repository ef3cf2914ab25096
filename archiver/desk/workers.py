"""The threads that make pages, with limits so that no visitor takes them all."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial

from anyio import CapacityLimiter, to_thread

UPLOAD_WAIT_SECONDS = 300.0  # wait for other uploads


UPLOADS_AT_ONCE, UPLOADS_OF_PERSON, UPLOADS_READ_AT_ONCE, MAX_UPLOADS_WAITING = 6, 2, 3, 60


THREADS, THREADS_OF_PERSON, THREADS_OF_STRANGERS = 40, 8, 4


MAX_WAITING = 300  # waiting requests of one person, or of all strangers; some connections may have ended


HASHES_AT_ONCE = 2  # argon2 takes 64 MB each


class TooManyWaiting(Exception):
    """Too many requests of one person, or of strangers, are waiting. This one is refused."""


class Workers:
    """The threads that make pages. No person, stranger or upload can take all of them.

    Crowded if too many requests are waiting.
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
        """Run the function in a thread and return its result. `who` is a visitor's name, or None for a stranger."""
        work = partial(function, *given, **more)
        with self._place("page", who, MAX_WAITING):
            if who is None:
                return await to_thread.run_sync(work, limiter=self._strangers)
            async with self._each[who]:
                return await to_thread.run_sync(work, limiter=self._pages)

    async def hash[**P, T](self, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """As `run`, for a function that hashes a password."""
        return await to_thread.run_sync(partial(function, *given, **more), limiter=self._hashes)

    async def read_upload[**P, T](self, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """As `run`, for a function that has a file in memory."""
        return await to_thread.run_sync(partial(function, *given, **more), limiter=self._uploads)

    @asynccontextmanager
    async def upload_of(self, who: str) -> AsyncIterator[None]:
        """Inside, one more upload may arrive and be read. Before that, nothing of it is read from the network."""
        with self._place("upload", who, MAX_UPLOADS_WAITING):
            async with AsyncExitStack() as turns:
                try:
                    async with asyncio.timeout(UPLOAD_WAIT_SECONDS):
                        await turns.enter_async_context(self._arriving_of[who])
                        await turns.enter_async_context(self._arriving)
                except TimeoutError:
                    raise TooManyWaiting from None
                yield

    @contextmanager
    def _place(self, what: str, who: str | None, most: int) -> Iterator[None]:
        if self._places[what, who] >= most:
            raise TooManyWaiting
        self._places[what, who] += 1
        try:
            yield
        finally:
            self._places[what, who] -= 1
