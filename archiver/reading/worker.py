"""Reading documents without trusting them: PDFs are parsed in processes of their own that a hostile file may kill."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from queue import LifoQueue
from types import TracebackType
from typing import IO, Self

from archiver.reading.documents import Reading, is_html, is_pdf, read_all_of_pdf, read_pdf, read_text

SECONDS = 5.0  # for one document
SEARCH_SECONDS = 60.0  # for one document of which everything is read
START_SECONDS = 60.0  # for a worker to be ready, on a busy machine
MEMORY = 1 << 30  # bytes of address space of a worker, on POSIX
LARGEST = 64 << 20  # bytes of a document that is still parsed
REMEMBERED = 16_000_000  # characters of text kept for documents that are read again

# A worker needs no more of the environment than this; proxies' passwords and the like stay out of it.
ENVIRONMENT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")

_LENGTH = struct.Struct(">Q")


class DocumentReader:
    """Reads documents' text with limits. A context manager; `read` may be called from any thread.

    Workers start when the first PDF comes, and each lives until a document takes too long or kills it.
    """

    def __init__(self, workers: int = 2, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._idle: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(workers):
            self._idle.put(None)
        self._workers = workers
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, Reading] = OrderedDict()
        self._kept = 0

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
            return self._read_pdf(content, whole=False)
        if media_type.startswith("text/") and media_type != "text/html" and not is_html(content):
            return read_text(content)
        return Reading()

    def read_all(self, content: bytes) -> Reading:
        """Everything that can be read in a PDF, each thing on a line of its own; `error` where that is not all."""
        return self._read_pdf(content, whole=True)

    def _read_pdf(self, content: bytes, *, whole: bool) -> Reading:
        if not is_pdf(content):
            return Reading(error="it is not a PDF")
        if len(content) > LARGEST:
            return Reading(error=f"it is larger than {LARGEST >> 20} MB")
        key = hashlib.sha512(content).digest() + bytes([whole])
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        try:
            with self._worker() as worker:
                reading = worker.read(content, SEARCH_SECONDS if whole else self._seconds, whole=whole)
        except OSError as error:
            return Reading(error=f"the reader could not be started: {error}")
        with self._lock:
            if key not in self._known:
                self._known[key] = reading
                self._kept += _weight(reading)
            while self._kept > REMEMBERED:
                self._kept -= _weight(self._known.popitem(last=False)[1])
        return reading

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
    """One process: sends it a PDF, receives the page count, then the text, or kills it when time is up."""

    def __init__(self) -> None:
        self.alive = True
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        )
        self._ready = False

    def read(self, content: bytes, seconds: float, *, whole: bool) -> Reading:
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None and sink is not None
        pages, late = 0, threading.Event()
        try:
            if not self._ready:
                with self._limit(START_SECONDS, late):
                    _receive(source)
                self._ready = True
            with self._limit(seconds, late):
                _send(sink, bytes([whole]) + content)
                pages = int(_receive(source))
                return Reading(**json.loads(_receive(source)))
        except (EOFError, OSError):
            self.end()
            if late.is_set():
                return Reading(pages=pages, error=f"reading it took longer than {seconds:g} s")
            return Reading(pages=pages, error="reading it took too much memory or broke the reader")
        except BaseException:
            self.end()  # in the midst of an answer: of no more use
            raise

    @contextmanager
    def _limit(self, seconds: float, late: threading.Event) -> Iterator[None]:
        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def end(self) -> None:
        self.alive = False
        self._process.kill()
        self._process.communicate()  # closes the pipes and collects the process


def _send(sink: IO[bytes], content: bytes) -> None:
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


def _serve() -> None:
    """The worker's life: PDFs in, page counts and texts out, until its parent closes the pipe."""
    import pypdf  # noqa: F401  # imported before the clock runs

    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, which ends us
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    _send(sink, b"ready")
    while True:
        try:
            content = _receive(source)
        except EOFError:
            return
        told, whole = False, content[0]

        def opened(pages: int) -> None:
            nonlocal told
            told = True
            _send(sink, str(pages).encode())

        if sys.platform != "win32":
            signal.alarm(
                int(2 * (SEARCH_SECONDS if whole else SECONDS))
            )  # ends a worker whose parent was killed in the midst of it
        reading = (read_all_of_pdf if whole else read_pdf)(content[1:], opened)
        if sys.platform != "win32":
            signal.alarm(0)
        if not told:
            opened(0)
        _send(sink, json.dumps(vars(reading)).encode())


if __name__ == "__main__":
    _serve()
