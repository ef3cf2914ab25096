"""The threads that make pages, with limits so that no visitor takes them all."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect

UPLOAD_WAIT_SECONDS = 300.0  # wait for other uploads


UPLOADS_AT_ONCE, UPLOADS_OF_PERSON, UPLOADS_READ_AT_ONCE, MAX_UPLOADS_WAITING = 6, 2, 3, 60


THREADS, THREADS_OF_PERSON, THREADS_OF_STRANGERS = 40, 8, 4


MAX_WAITING = 1_500  # requests of one person, or of all strangers: more than either may have connections


HASHES_AT_ONCE = 2  # argon2 takes 64 MB each
MAX_HASHES_WAITING = 60  # of strangers, and as many of known browsers and signed-in persons; a second or two


class TooManyWaiting(Exception):
    """Too many requests of one person, or of strangers, are waiting. This one is refused."""


@dataclass(frozen=True)
class HashTurn:
    """Whose password waits to be hashed: those with the same `key` share their turns. `known` are a browser that was
    used to sign in before, and a person who is signed in. `gone` tells whether nobody waits for the answer any more."""

    key: str
    known: bool
    gone: Callable[[], Awaitable[bool]]


class FairQueue:
    """Who waits for one of a few places, in the event loop's thread.

    Known ones and strangers have a queue each and alternate. In a queue, keys take turns. If it is full, the newest of
    the key with most makes way for a key with fewer; otherwise the new one is refused, with TooManyWaiting.
    """

    def __init__(self, places: int, most: int) -> None:
        self._free, self._most, self._last = places, most, False
        self._queues: dict[bool, dict[str, deque[asyncio.Future[None]]]] = {True: {}, False: {}}

    @asynccontextmanager
    async def place(self, key: str, *, known: bool) -> AsyncIterator[None]:
        """Inside, a place is taken."""
        if self._free:
            self._free -= 1
        else:
            mine = self._queued(key, self._queues[known])
            try:
                await mine
            except asyncio.CancelledError:
                if not mine.cancelled() and not mine.exception():  # the place came at the same time
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _queued(self, key: str, queue: dict[str, deque[asyncio.Future[None]]]) -> asyncio.Future[None]:
        if sum(map(len, queue.values())) >= self._most:
            longest = max(queue.values(), key=len)
            if len(longest) <= len(queue.get(key, ())) + 1:
                raise TooManyWaiting
            if not (newest := longest.pop()).done():
                newest.set_exception(TooManyWaiting())
        mine = asyncio.get_running_loop().create_future()
        queue.setdefault(key, deque()).append(mine)
        return mine

    def _pass_on(self) -> None:
        for known in (not self._last, self._last):
            queue = self._queues[known]
            while queue:
                key = next(iter(queue))
                waiting = queue.pop(key)
                first = waiting.popleft()
                if waiting:
                    queue[key] = waiting  # behind the other keys
                if not first.done():
                    self._last = known
                    first.set_result(None)
                    return
        self._free += 1


class Workers:
    """The threads that make pages. No person, stranger or upload can take all of them.

    Crowded if too many requests are waiting.
    """

    def __init__(self) -> None:
        self._pages, self._uploads = CapacityLimiter(THREADS), CapacityLimiter(UPLOADS_READ_AT_ONCE)
        self._hashes, self._to_hash = CapacityLimiter(HASHES_AT_ONCE), FairQueue(HASHES_AT_ONCE, MAX_HASHES_WAITING)
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

    async def hash[**P, T](self, turn: HashTurn, function: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """As `run`, for a function that hashes a password; ClientDisconnect, and no hash, if nobody waits for it."""
        async with self._to_hash.place(turn.key, known=turn.known):
            if await turn.gone():
                raise ClientDisconnect
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
