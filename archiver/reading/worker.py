"""Reading documents without trusting them: in processes of their own, which a hostile PDF or picture may kill."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import LifoQueue
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from archiver.errors import UnreadablePicture
from archiver.reading.documents import (
    TEXT_LENGTH,
    Reading,
    is_html,
    is_pdf,
    pictures_of_pdf,
    read_all_of_pdf,
    read_pdf,
    read_text,
)
from archiver.reading.embedded import Embedded, read_embedded
from archiver.reading.fingerprint import PREVIEW_SIDE, SIDE, Fingerprint, decode, fingerprint, preview
from archiver.reading.pdfs import packed, unpacked

if TYPE_CHECKING:
    import asyncio  # which a worker, and a command without an event loop, need not load

SECONDS = 4.5  # for one document: with what it takes to start and to end a reader, five
SEARCH_SECONDS = 60.0  # for one document of which everything is read
LIMITS = {"whole pdf": SEARCH_SECONDS, "join": SEARCH_SECONDS}  # jobs with a limit of their own
START_SECONDS = 60.0  # for a worker to be ready, on a busy machine
MEMORY = 1 << 30  # bytes of address space of a worker, on POSIX
LARGEST = 64 << 20  # bytes of a document that is still parsed
REMEMBERED = 16_000_000  # characters of text kept for documents that are read again
SMALL, TOGETHER = 64 << 10, 8  # bytes of documents that are read together, and how many at most

# A worker needs no more of the environment than this; proxies' passwords and the like stay out of it.
ENVIRONMENT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each would take a worker's address space

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True)
class Look:
    """What a picture looks like: its fingerprint, and a small JPEG of it."""

    fingerprint: Fingerprint
    preview: bytes


class DocumentReader:
    """Reads documents' text with limits. A context manager; `read` may be called from any thread.

    Workers start when the first PDF or picture comes, and each lives until one takes too long or kills it.
    """

    def __init__(self, workers: int = 2, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._idle: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(workers):
            self._idle.put(None)
        self._workers = workers
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], Reading] = OrderedDict()  # by SHA-512 and job
        self._kept = 0
        self._waiting: deque[tuple[bytes, asyncio.Future[Reading]]] = deque()  # small PDFs
        self._gathering: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(self._workers):
            if worker := self._idle.get():
                worker.end()

    def read(self, content: bytes, media_type: str) -> Reading:
        """The document's text: of PDFs the first five pages, of plain text all; of anything else none.

        What cannot be read has its reason in `error`; nothing that a document does is raised.
        """
        if is_pdf(content) or media_type == "application/pdf":
            return self._read_pdf(content, "pdf")
        if media_type.startswith("text/") and media_type != "text/html" and not is_html(content):
            return read_text(content)
        return Reading()

    async def read_soon(self, content: bytes, media_type: str) -> Reading:
        """As `read`, for the tasks of an event loop. Small PDFs that wait at the same time are read together: to hand
        one to a thread, and on to a process, takes longer than to read it."""
        import asyncio

        if not is_pdf(content) or len(content) > SMALL:
            return await asyncio.to_thread(self.read, content, media_type)
        answer: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        self._waiting.append((content, answer))
        if len(self._gathering) < self._workers:
            self._gathering.add(asyncio.create_task(self._read_waiting()))
        return await answer

    async def _read_waiting(self) -> None:
        import asyncio

        part: list[tuple[bytes, asyncio.Future[Reading]]] = []
        try:
            while self._waiting:
                part = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
                readings = await asyncio.to_thread(self._read_together, [content for content, _ in part])
                for (_, answer), reading in zip(part, readings, strict=True):
                    if not answer.done():  # whoever was given up asks no more
                        answer.set_result(reading)
        except BaseException as error:
            for _, answer in part:
                if not answer.done():
                    answer.set_exception(error)
            raise
        finally:
            # At once, not when the task has ended: what comes until then would wait for nobody.
            self._gathering = {each for each in self._gathering if each is not asyncio.current_task()}

    def _read_together(self, contents: Sequence[bytes]) -> list[Reading]:
        if len(contents) > 1:
            answers, error = self._ask("pdfs", packed([("", content) for content in contents]))
            if not error:  # else one of them takes too long or breaks the worker: each by itself will tell
                readings = [Reading(**each) for each in json.loads(answers[0])]
                for content, reading in zip(contents, readings, strict=True):
                    self._remember((hashlib.sha512(content).hexdigest(), "pdf"), reading)
                return readings
        return [self._read_pdf(content, "pdf") for content in contents]

    def remembered(self, sha512: str) -> Reading | None:
        """The text of a PDF of this digest, where it was read lately."""
        with self._lock:
            return self._known.get((sha512, "pdf"))

    def columns(self, content: bytes, seconds: float = SECONDS) -> Reading:
        """As `read` of a PDF, with the gaps between its columns kept as spaces; in what `read` left of its time."""
        return self._read_pdf(content, "columns of pdf", seconds)

    def read_all(self, content: bytes) -> Reading:
        """Everything that can be read in a PDF, each thing on a line of its own; `error` where that is not all."""
        return self._read_pdf(content, "whole pdf")

    def _read_pdf(self, content: bytes, job: str, seconds: float | None = None) -> Reading:
        if not is_pdf(content):
            return Reading(error="it is not a PDF")
        if len(content) > LARGEST:
            return Reading(error=f"it is larger than {LARGEST >> 20} MB")
        key = hashlib.sha512(content).hexdigest(), job
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        answers, error = self._ask(job, content, seconds)
        if error is None:
            reading = Reading(**json.loads(answers[1]))
        else:
            reading = Reading(pages=int(answers[0]) if answers else 0, error=error)
        self._remember(key, reading)
        return reading

    def _remember(self, key: tuple[str, str], reading: Reading) -> None:
        with self._lock:
            if key not in self._known:
                self._known[key] = reading
                self._kept += _weight(reading)
            while self._kept > REMEMBERED:
                self._kept -= _weight(self._known.popitem(last=False)[1])

    def look(self, content: bytes, *, large: bool = False) -> Look:
        """What the picture in these bytes looks like; UnreadablePicture says why that cannot be known.

        `large`: with as much of it as `match` can use, for what may be a page or a collage.
        """
        answers, error = self._ask("large picture" if large else "picture", content)
        found: dict[str, Any] = {"error": error} if error else json.loads(answers[0])
        if "error" in found:
            raise UnreadablePicture(found["error"])
        hashes = {name: bytes.fromhex(found[name]) for name in ("hash", "mirrored")}
        seen = Fingerprint(found["width"], found["height"], flat=found["flat"], **hashes)
        return Look(seen, base64.b64decode(found["preview"]))

    def pictures(self, content: bytes) -> list[bytes]:
        """The pictures in a PDF that are no logos, as far as it can be read within the limits."""
        return self._ask("pictures of pdf", content)[0] if is_pdf(content) and len(content) <= LARGEST else []

    def page(self, html: str) -> Reading:
        """A web page's text, line by line; see `html.lines`."""
        answers, error = self._ask("page", html.encode("utf-8", "replace"))
        return Reading(error=error) if error else Reading(answers[0].decode() if answers else "")

    def embedded(self, content: bytes) -> Embedded:
        """What a picture, a video or a sound says of itself; `error` says why that could not be read."""
        answers, error = self._ask("embedded", content)
        return Embedded(error=error) if error else Embedded.from_json(answers[0])

    def join(self, parts: Sequence[tuple[str, bytes]]) -> tuple[bytes, str | None]:
        """One harmless PDF of several, given with their names in its outline, or why that cannot be; see `join_pdfs`.

        What is of unknown origin is joined alone first, so that it keeps no other one out.
        """
        if sum(len(content) for _, content in parts) > LARGEST:
            return b"", f"it is larger than {LARGEST >> 20} MB"
        answers, error = self._ask("join", packed(parts))
        return (answers[0], None) if answers and not error else (b"", error or "it cannot be read as a PDF")

    def _ask(self, job: str, content: bytes, seconds: float | None = None) -> tuple[list[bytes], str | None]:
        """The messages that a worker answers, and why there are no more of them."""
        try:
            with self._worker() as worker:
                return worker.ask(job, content, seconds or LIMITS.get(job, self._seconds))
        except OSError as error:
            return [], f"the reader could not be started: {error}"

    @contextmanager
    def _worker(self) -> Iterator[_Worker]:
        worker = self._idle.get()
        try:
            worker = worker or _Worker()
            yield worker
        finally:
            self._idle.put(worker if worker and worker.alive else None)


def _weight(reading: Reading) -> int:
    return 500 + len(reading.text)


class _Worker:
    """One process: is sent a job and a document, sends messages and an empty one at last, or is killed when time is up.

    The first message of a job's kind only says that the work begins: what it takes to get ready for it is not the
    document's fault.
    """

    def __init__(self) -> None:
        self.alive, self._late = True, False
        self._ready: set[str] = set()  # the jobs that it did before
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | ONE_THREAD,
        )
        self._due = self._wakes = math.inf  # when time is up, and when the watch looks next, on the monotonic clock
        self._watched = threading.Condition()
        # One for all that the worker will read: to start a timer takes longer than to read most documents.
        threading.Thread(target=self._watch, name="document-watch", daemon=True).start()

    def ask(self, job: str, content: bytes, seconds: float) -> tuple[list[bytes], str | None]:
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None and sink is not None
        answers: list[bytes] = []
        try:
            with self._limit(START_SECONDS):
                _send(sink, job.encode(), content)
                if job not in self._ready:
                    _receive(source)
                    self._ready.add(job)
            with self._limit(seconds):
                while answer := _receive(source):
                    answers.append(answer)
            return answers, None
        except (EOFError, OSError):
            self.end()
            if self._late:
                return answers, f"reading it took longer than {seconds:g} s"
            return answers, "reading it took too much memory or broke the reader"
        except BaseException:
            self.end()  # in the midst of an answer: of no more use
            raise

    @contextmanager
    def _limit(self, seconds: float) -> Iterator[None]:
        self._set_due(time.monotonic() + seconds)
        try:
            yield
        finally:
            self._set_due(math.inf)

    def _set_due(self, due: float) -> None:
        with self._watched:
            self._due = due
            if due < self._wakes:  # else it looks in time by itself
                self._watched.notify()

    def _watch(self) -> None:
        with self._watched:
            while self.alive:
                rest = self._due - time.monotonic()
                if rest <= 0:
                    self._late = True
                    self._process.kill()
                    return
                self._wakes = self._due
                self._watched.wait(min(rest, threading.TIMEOUT_MAX))

    def end(self) -> None:
        with self._watched:
            self.alive = False
            self._watched.notify()
        self._process.kill()
        self._process.communicate()  # closes the pipes and collects the process


def _send(sink: IO[bytes], *messages: bytes) -> None:
    for content in messages:
        sink.write(_LENGTH.pack(len(content)))
        sink.write(content)
    sink.flush()


def _receive(source: IO[bytes]) -> bytes:
    """One message; EOFError where the other side is gone."""
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    content = source.read(length)
    if len(content) < length:
        raise EOFError
    return content


type _Job = Callable[[bytes, Callable[[bytes], None]], bytes]
"""Works on a document's bytes, tells what it finds before the end, and returns the last message."""


def _pdf(read: Callable[[bytes, Callable[[int], object]], Reading]) -> _Job:
    import pypdf  # noqa: F401  # imported before the clock runs

    def work(content: bytes, tell: Callable[[bytes], None]) -> bytes:
        told: list[int] = []

        def opened(pages: int) -> None:
            told.append(pages)
            tell(str(pages).encode())

        reading = read(content, opened)
        if not told:
            opened(0)
        return json.dumps(vars(reading)).encode()

    return work


def _pdfs() -> _Job:
    import pypdf  # noqa: F401  # as above

    def work(content: bytes, _tell: Callable[[bytes], None]) -> bytes:
        readings = [read_pdf(each, lambda _pages: None) for _, each in unpacked(content)]
        return json.dumps([vars(each) for each in readings]).encode()

    return work


def _picture(side: int) -> _Job:
    import numpy  # noqa: F401  # as above
    import PIL.Image  # noqa: F401  # as above

    def work(content: bytes, _tell: Callable[[bytes], None]) -> bytes:
        try:
            picture = decode(content)
            seen = fingerprint(picture)
            found = vars(seen) | {"hash": seen.hash.hex(), "mirrored": seen.mirrored.hex()}
            found["preview"] = base64.b64encode(preview(picture, side)).decode()
        except UnreadablePicture as error:
            found = {"error": error.detail}
        return json.dumps(found).encode()

    return work


def _pictures() -> _Job:
    import PIL.Image  # noqa: F401  # as above
    import pypdf  # noqa: F401  # as above

    def work(content: bytes, tell: Callable[[bytes], None]) -> bytes:
        for each in pictures_of_pdf(content):
            tell(each)
        return b""

    return work


def _page() -> _Job:
    from archiver.reading.html import lines

    return lambda content, _tell: lines(content.decode())[:TEXT_LENGTH].encode("utf-8", "replace")


def _join() -> _Job:
    from archiver.reading.pdfs import join_pdfs

    return lambda content, _tell: join_pdfs(unpacked(content))


def _embedded() -> _Job:
    import PIL.Image  # noqa: F401  # as above

    return lambda content, _tell: read_embedded(content).to_json()


JOBS: dict[str, Callable[[], _Job]] = {
    "pdf": partial(_pdf, read_pdf),
    "pdfs": _pdfs,
    "columns of pdf": partial(_pdf, partial(read_pdf, columns=True)),
    "whole pdf": partial(_pdf, read_all_of_pdf),
    "picture": partial(_picture, PREVIEW_SIDE),
    "large picture": partial(_picture, SIDE),
    "embedded": _embedded,
    "page": _page,
    "pictures of pdf": _pictures,
    "join": _join,
}


def _serve() -> None:
    """The worker's life: jobs in, messages out, until its parent closes the pipe."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, which ends us
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    ready: dict[str, _Job] = {}
    while True:
        try:
            job, content = _receive(source).decode(), _receive(source)
        except EOFError:
            return
        if job not in ready:
            ready[job] = JOBS[job]()
            _send(sink, b"it begins")
        if sys.platform != "win32":
            signal.alarm(int(2 * LIMITS.get(job, SECONDS)))  # ends a worker whose parent was killed in the midst of it
        last = ready[job](content, partial(_send, sink))
        if sys.platform != "win32":
            signal.alarm(0)
        _send(sink, *filter(None, (last,)), b"")  # an empty message ends the answer


if __name__ == "__main__":
    _serve()
