"""Read untrusted documents in worker processes.

A hostile PDF or picture may kill or take over a worker. Workers have no access to network or home (see `confinement`),
and their answers are checked before use.
"""

from __future__ import annotations

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
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import LifoQueue
from typing import IO, TYPE_CHECKING, Self

from archiver.core.errors import UnreadablePicture
from archiver.core.json_files import checked
from archiver.reading.confinement import Confinement, confine, forbid_core_dumps
from archiver.reading.decompress import unpacked_bytes
from archiver.reading.documents import (
    MAX_TEXT_LENGTH,
    MIN_PICTURE_SIDE_PX,
    DocumentText,
    is_html,
    is_pdf,
    pictures_of_pdf,
    read_all_of_pdf,
    read_pdf,
    read_text,
)
from archiver.reading.external_tools import folders, recognised_text
from archiver.reading.fingerprint import (
    MAX_SIDE_PX,
    PREVIEW_SIDE_PX,
    Fingerprint,
    Picture,
    decode,
    fingerprint,
    preview,
)
from archiver.reading.pdf_join import packed, unpacked

if TYPE_CHECKING:
    import asyncio

    from archiver.reading.embedded import Embedded  # half of what a worker would load; few need it
    from archiver.reading.history_tables import HistoryTable

DOCUMENT_TIMEOUT_S = 4.5  # for one document: with what it takes to start and to end a reader, five
SEARCH_TIMEOUT_S = 60.0  # for one document that is read completely
LIMITS = {
    "whole pdf": SEARCH_TIMEOUT_S,
    "join": SEARCH_TIMEOUT_S,
    "unpack": SEARCH_TIMEOUT_S,
    "mask": SEARCH_TIMEOUT_S,
}  # jobs with limits of their own
START_TIMEOUT_S = 60.0  # for a worker to be ready, on a busy machine
MAX_STRETCH = 4  # on a busy machine, a job that had too little of the processor may take so many times as long
MIN_LEFT_S = 0.1  # of the processor: with less left, time is up
MAX_BRIEF_WAIT_S = 0.1  # such a wait counts whole: to ask what else the machine does would cost more
PROCESSORS = os.cpu_count() or 1
MAX_MEMORY_BYTES = 1 << 30  # bytes of address space of a worker, on POSIX
MAX_DOCUMENT_BYTES = 64 << 20  # bytes of a document that is still parsed
MAX_REMEMBERED_LOOKS = 8  # large ones, of some megabytes at most
MAX_REMEMBERED_LENGTH = 16_000_000  # characters of text kept for documents that are read again
MAX_SMALL_BYTES = 64 << 10  # of a PDF that is read together with others
MAX_SMALL_DOCUMENTS = 8  # that are read together
MAX_MESSAGE_BYTES = 512 << 20  # of one answer of a worker

# The environment that a worker gets. It needs no more, so passwords of proxies and the like stay out of it.
ENVIRONMENT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TESSDATA_PREFIX")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each would take a worker's address space

# Every message begins with what it is, and how long. A worker's are `READY` (what a job takes to begin is not the
# document's fault), `PART`, `QUESTION` (to which one message answers) and `END`; all to a worker are `PART`.
_HEAD = struct.Struct(">cQ")
READY, PART, QUESTION, END = b"r", b"p", b"q", b"e"

type ReaderAnswer = Callable[[bytes], bytes]
"""Answers what a worker asks amid a job. It may have been taken over: give it nothing but what the job is about."""


class ReaderFailed(Exception):
    """A job that was not done; the text says why."""


@dataclass(frozen=True)
class Kind:
    """What a worker may do besides reading its input: start `programs` of the system, read `files`, and use `memory`
    (bytes of address space).
    """

    programs: bool = False
    files: tuple[str, ...] = ()
    memory: int = MAX_MEMORY_BYTES


@dataclass(frozen=True)
class Look:
    """What a picture looks like: its fingerprint, a small JPEG of it, and whether it may show a written page."""

    fingerprint: Fingerprint
    preview: bytes
    paper: bool = False


_LARGE_LOOKS: OrderedDict[bytes, Look] = OrderedDict()  # by SHA-256; of all readers, because a command has several
_LOOKS_LOCK = threading.Lock()


class DocumentReader:
    """Reads documents' text with limits. A context manager; `read` may be called from any thread.

    Workers start when the first PDF or picture comes, and each lives until one takes too long or kills it.
    """

    def __init__(self, workers: int = 2, seconds: float = DOCUMENT_TIMEOUT_S, kind: Kind | None = None) -> None:
        self._seconds = seconds
        self._pool, self._programs = Pool(workers, kind), Pool(workers, Kind(programs=True))
        self._workers = workers
        self._waiting: deque[tuple[bytes, asyncio.Future[DocumentText]]] = deque()  # small PDFs
        self._gathering: set[asyncio.Task[None] | None] = set()
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], DocumentText] = OrderedDict()  # by SHA-512 and job
        self._kept = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.end()
        self._programs.end()

    def read(self, content: bytes, media_type: str) -> DocumentText:
        """The document's text: the first sixty pages of a PDF (fewer if slow), all of a plain text, else none.

        If it cannot be read, `error` gives the reason. A document can never cause an exception here.
        """
        if is_pdf(content) or media_type == "application/pdf":
            return self._read_pdf(content, "pdf")
        if media_type.startswith("text/") and media_type != "text/html" and not is_html(content):
            return read_text(content)
        return DocumentText()

    async def read_soon(self, content: bytes, media_type: str) -> DocumentText:
        """As `read`, for the tasks of an event loop.

        Small PDFs that wait at the same time are read together: to hand one to a thread, and on to a process, takes
        longer than to read it.
        """
        import asyncio  # which a worker, and a command without an event loop, need not load

        if not is_pdf(content) or len(content) > MAX_SMALL_BYTES:
            return await asyncio.to_thread(self.read, content, media_type)
        answer: asyncio.Future[DocumentText] = asyncio.get_running_loop().create_future()
        self._waiting.append((content, answer))
        if len(self._gathering) < self._workers:
            self._gathering.add(asyncio.create_task(self._read_waiting()))
        return await answer

    async def _read_waiting(self) -> None:
        import asyncio

        part: list[tuple[bytes, asyncio.Future[DocumentText]]] = []
        try:
            while self._waiting:
                part = [self._waiting.popleft() for _ in range(min(MAX_SMALL_DOCUMENTS, len(self._waiting)))]
                readings = await asyncio.to_thread(self._read_together, [content for content, _ in part])
                for (_, answer), reading in zip(part, readings, strict=True):
                    if not answer.done():  # whoever was given up asks no more
                        answer.set_result(reading)
        except BaseException as error:
            for _, answer in part:
                if not answer.done():
                    answer.set_exception(error)
            raise
        finally:  # at once, not when the task has ended: what comes until then would wait for nobody
            self._gathering.discard(asyncio.current_task())

    def _read_together(self, contents: Sequence[bytes]) -> list[DocumentText]:
        answers, error = self._ask("pdfs", packed([("", content) for content in contents]))
        try:
            readings = checked(list[DocumentText], b"[]" if error else answers[0])
        except (ValueError, IndexError):
            readings = []
        if len(readings) != len(contents):  # one of them takes too long or breaks the worker: each by itself will tell
            return [self._read_pdf(content, "pdf") for content in contents]
        for content, reading in zip(contents, readings, strict=True):
            self._remember((hashlib.sha512(content).hexdigest(), "pdf"), reading)
        return readings

    def remembered(self, sha512: str) -> DocumentText | None:
        """The text of the PDF with this digest, if it was read recently."""
        with self._lock:
            return self._known.get((sha512, "pdf"))

    def columns(self, content: bytes, seconds: float = DOCUMENT_TIMEOUT_S) -> DocumentText:
        """As `read` of a PDF, with the gaps between its columns kept as spaces; in what `read` left of its time."""
        return self._read_pdf(content, "columns of pdf", seconds)

    def read_all(self, content: bytes) -> DocumentText:
        """Everything that can be read in a PDF, each item on a line of its own; `error` if something is missing."""
        return self._read_pdf(content, "whole pdf")

    def _read_pdf(self, content: bytes, job: str, seconds: float | None = None) -> DocumentText:
        if not is_pdf(content):
            return DocumentText(error="it is not a PDF")
        if len(content) > MAX_DOCUMENT_BYTES:
            return DocumentText(error=f"it is larger than {MAX_DOCUMENT_BYTES >> 20} MB")
        key = hashlib.sha512(content).hexdigest(), job
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        answers, error = self._ask(job, content, seconds)
        try:
            pages = int(answers[0]) if answers else 0
            reading = DocumentText(pages=pages, error=error) if error else checked(DocumentText, answers[1])
        except (ValueError, IndexError):
            reading = DocumentText(error=MADE_UP)
        self._remember(key, reading)
        return reading

    def _remember(self, key: tuple[str, str], reading: DocumentText) -> None:
        with self._lock:
            if key not in self._known:
                self._known[key] = reading
                self._kept += _weight(reading)
            while self._kept > MAX_REMEMBERED_LENGTH:
                self._kept -= _weight(self._known.popitem(last=False)[1])

    def look(self, content: bytes, *, large: bool = False) -> Look:
        """What the picture in these bytes looks like; UnreadablePicture gives the reason if it cannot be read.

        `large` keeps as much detail as `match` can use, for a possible page or collage. The last few of these are
        remembered, because a letter's picture is searched for, judged and packed.
        """
        if not large:
            return self._look(content, "picture")
        key = hashlib.sha256(content).digest()
        with _LOOKS_LOCK:
            known = _LARGE_LOOKS.get(key)
        if known is None:
            known = self._look(content, "large picture")
            with _LOOKS_LOCK:
                _LARGE_LOOKS[key] = known
                while len(_LARGE_LOOKS) > MAX_REMEMBERED_LOOKS:
                    _LARGE_LOOKS.popitem(last=False)
        return known

    def _look(self, content: bytes, job: str) -> Look:
        answers, error = self._ask(job, content)
        if error:
            raise UnreadablePicture(error)
        try:
            found = checked(_Looked, answers[0])
            if found.error:
                raise UnreadablePicture(found.error)
            one, other = bytes.fromhex(found.hash), bytes.fromhex(found.mirrored)
            if (len(one), len(other)) != (HASH_BYTES, HASH_BYTES):
                raise ValueError("a hash of another length")
            return Look(Fingerprint(found.width, found.height, one, other, found.flat), answers[1], found.paper)
        except (ValueError, IndexError):
            raise UnreadablePicture(MADE_UP) from None

    def pictures(self, content: bytes) -> list[bytes]:
        """The pictures in a PDF that are no logos, as far as it can be read within the limits."""
        return (
            self._ask("pictures of pdf", content)[0] if is_pdf(content) and len(content) <= MAX_DOCUMENT_BYTES else []
        )

    def pictures_of_scan(self, content: bytes) -> list[bytes]:
        """The pictures on a scanned page as JPEGs, the largest first; none if it has only text, or cannot be read."""
        return self._ask("pictures of scan", content)[0]

    def page(self, html: str, *, rows: bool = False) -> DocumentText:
        """A web page's text, line by line; see `html.lines`, and with `rows` `html.row_lines`."""
        answers, error = self._ask("rows of page" if rows else "page", html.encode("utf-8", "replace"))
        return (
            DocumentText(error=error)
            if error
            else DocumentText(answers[0].decode("utf-8", "replace") if answers else "")
        )

    def masked(self, content: bytes) -> bytes | None:
        """The content without tokens, see `mask_named`; None if it could not be searched in time.

        A search of megabytes in the own process would stop all its threads for seconds.
        """
        answers, error = self._ask("mask", content)
        return None if error else b"".join(answers)

    def embedded(self, content: bytes) -> Embedded:
        """What a picture, video or sound file says about itself; nothing if it cannot be read."""
        from archiver.reading.embedded import Embedded

        answers, error = self._ask("embedded", content)
        if not (answers or error):  # only a program can tell
            answers, error = self._ask("embedded by program", content, pool=self._programs)
        try:
            return Embedded() if error else Embedded.from_json(answers[0])
        except (ValueError, TypeError, LookupError, AttributeError):  # an answer that no honest process gives
            return Embedded()

    def recognised(self, content: bytes, media_type: str, seconds: float, languages: str = "") -> str:
        """The text of a picture, or of a PDF's first page, read by tesseract within these seconds; ReaderFailed gives
        the reason if there is none.

        See `programs`.
        """
        job = json.dumps([media_type, languages, seconds]).encode()
        answers, error = self._ask("ocr", packed([("", job), ("", content)]), 2 * seconds + 5, self._programs)
        if error or not answers:
            raise ReaderFailed(error or "no text was found")
        return answers[0].decode("utf-8", "replace")

    def unpack(self, content: bytes, largest: int) -> tuple[bytes, str | None]:
        """What gzip, zlib or the like packed, up to `largest` bytes and one more, and why it is not all."""
        answers, error = self._ask("unpack", packed([(str(largest), content)]))
        fault = error or (answers[0].decode("utf-8", "replace") if answers else "")
        return b"".join(answers[1:])[: largest + 1], fault or None

    def picture_as_pdf(self, picture: bytes) -> bytes:
        """One page that shows a screenshot (PNG) at 96 pixels per inch; empty if it cannot be read."""
        answers, error = self._ask("picture as pdf", picture)
        return b"" if error else b"".join(answers)

    def table(self, content: bytes) -> HistoryTable | None:
        """The table in a text of separated values; None if there is none, or if it cannot be read in time."""
        from archiver.reading.history_tables import HistoryTable

        answers, error = self._ask("table", content)
        with suppress(ValueError):
            return None if error or not answers else checked(HistoryTable, answers[0])
        return None

    def confinement(self, path: Path) -> Trial:
        """What keeps a worker from network and home, as the worker finds by trying. `path` is a file that it must not
        be able to read.

        ReaderFailed if no worker starts.
        """
        answers, error = self._ask("confinement", os.fsencode(path))
        if error or not answers:
            raise ReaderFailed(error or MADE_UP)
        return checked(Trial, answers[0])

    def stream(self, job: str, content: bytes, seconds: float, answer: ReaderAnswer | None = None) -> Generator[bytes]:
        """The messages of a job, one by one, each within these seconds of the one before.

        The job keeps its worker until the end, so a pool of one does nothing else meanwhile. ReaderFailed if the job
        breaks off.
        """
        with self._pool.worker() as worker:
            yield from worker.run(job, content, seconds, answer, each=True)

    def join(
        self, parts: Sequence[tuple[str, bytes]], enclosed: Sequence[tuple[str, bytes]] = ()
    ) -> tuple[bytes, str | None]:
        """Join PDFs, given with their names for the outline, into one harmless PDF; or say why that is impossible (see
        `join_pdfs`). Texts of ours can be `enclosed`.

        Join a document of unknown origin alone first, so that it cannot keep the others out.
        """
        if sum(len(content) for _, content in parts) > MAX_DOCUMENT_BYTES:
            return b"", f"it is larger than {MAX_DOCUMENT_BYTES >> 20} MB"
        answers, error = self._ask("join", packed([("", packed(parts)), ("", packed(enclosed))]))
        return (answers[0], None) if answers and not error else (b"", error or "it cannot be read as a PDF")

    def _ask(
        self, job: str, content: bytes, seconds: float | None = None, pool: Pool | None = None
    ) -> tuple[list[bytes], str | None]:
        """The worker's messages, and the reason if they broke off."""
        answers: list[bytes] = []
        try:
            with (pool or self._pool).worker() as worker:
                answers.extend(worker.run(job, content, seconds or LIMITS.get(job, self._seconds)))
        except ReaderFailed as failed:
            return answers, str(failed)
        return answers, None


MADE_UP = "the reader's answer is not valid"
HASH_BYTES = 32


@dataclass(frozen=True)
class _Looked:
    """A worker's answer on a picture; its preview follows."""

    width: int = 0
    height: int = 0
    hash: str = ""
    mirrored: str = ""
    flat: bool = False
    paper: bool = False
    error: str = ""


@dataclass(frozen=True)
class Trial:
    """How a worker is confined, in words, and what it could reach when it tried."""

    done: list[str] = field(default_factory=list)
    file: bool = True
    network: bool = True


class Pool:
    """Workers of one kind, started when they are needed and kept; as many at a time."""

    def __init__(self, workers: int, kind: Kind | None = None) -> None:
        self._kind = kind or Kind()
        self._workers = workers
        self._idle: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(workers):
            self._idle.put(None)

    @contextmanager
    def worker(self) -> Iterator[_Worker]:
        """An idle worker. ReaderFailed if none can be started."""
        worker = self._idle.get()
        try:
            if worker is None:
                try:
                    worker = _Worker(self._kind)
                except OSError as error:
                    raise ReaderFailed(f"the reader did not start: {error}") from None
            yield worker
        finally:
            self._idle.put(worker if worker and worker.alive else None)

    def end(self) -> None:
        """End those that are idle, waiting for the others."""
        for _ in range(self._workers):
            if worker := self._idle.get():
                worker.end()


def _weight(reading: DocumentText) -> int:
    return 500 + len(reading.text)


def start_process(kind: Kind) -> subprocess.Popen[bytes]:
    """A worker's process."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, json.dumps([kind.programs, kind.files, kind.memory])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | ONE_THREAD,
    )


class _Worker:
    """One process. It gets a job and a document, and answers, or is killed when its time is up."""

    def __init__(self, kind: Kind) -> None:
        self.alive, self._late = True, False
        self._ready: set[str] = set()  # the jobs that it did before
        self._process = start_process(kind)
        self._due = self._wakes = math.inf  # when time is up, and when the watch looks next, on the monotonic clock
        self._last = math.inf  # when it is up even where the machine is busy
        self._cpu_s = 0.0  # what the process may have used of the processor when time is up
        self._watched = threading.Condition()
        # One thread for all documents of the worker: starting a timer takes longer than reading most documents.
        threading.Thread(target=self._watch, name="document-watch", daemon=True).start()

    def run(
        self, job: str, content: bytes, seconds: float, answer: ReaderAnswer | None = None, *, each: bool = False
    ) -> Iterator[bytes]:
        """The parts of the worker's answer, all of them (or `each`) within these seconds; answering questions does not
        count.

        ReaderFailed if it takes longer or breaks. A worker ends if not all its parts are taken.
        """
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None and sink is not None
        done = False
        try:
            with self._limit(START_TIMEOUT_S):
                _send(sink, (PART, json.dumps([job, seconds]).encode()), (PART, content))
                if job not in self._ready:
                    if _receive(source)[0] != READY:
                        raise EOFError
                    self._ready.add(job)
            left, last = seconds, time.monotonic() + MAX_STRETCH * seconds
            while True:
                began, used = time.monotonic(), _processor_time(self._process.pid)
                with self._limit(left):
                    kind, message = _receive(source)
                if not each:
                    waited = time.monotonic() - began
                    if waited > MAX_BRIEF_WAIT_S and _is_busy():
                        waited = min(waited, _processor_time(self._process.pid) - used)
                    left = min(left - waited, last - time.monotonic())
                if kind == QUESTION and answer:
                    asked = time.monotonic()
                    _send(sink, (PART, answer(message)))
                    last += time.monotonic() - asked
                elif kind == PART:
                    yield message
                elif kind == END:
                    done = True
                    return
                else:
                    raise EOFError
        except (EOFError, OSError):
            self.end()
            if self._late:
                raise ReaderFailed(f"reading it took longer than {seconds:g} s") from None
            raise ReaderFailed("reading it took too much memory or crashed the reader") from None
        finally:
            if not done:
                self.end()  # in the middle of an answer: the worker is of no further use

    @contextmanager
    def _limit(self, seconds: float) -> Iterator[None]:
        allowed, now = max(seconds, 0), time.monotonic()
        self._set_due(now + allowed, now + MAX_STRETCH * allowed, _processor_time(self._process.pid) + allowed)
        try:
            yield
        finally:
            self._set_due(math.inf, math.inf, 0.0)

    def _set_due(self, due: float, last: float, cpu_s: float) -> None:
        with self._watched:
            self._due, self._last, self._cpu_s = due, last, cpu_s
            if due < self._wakes:  # else it looks in time by itself
                self._watched.notify()

    def _watch(self) -> None:
        with self._watched:
            while self.alive:
                rest = self._due - time.monotonic()
                if rest <= 0 and self._waited_for_processor():
                    continue
                if rest <= 0:
                    self._late = True
                    self._process.kill()
                    return
                self._wakes = self._due
                self._watched.wait(min(rest, threading.TIMEOUT_MAX))

    def _waited_for_processor(self) -> bool:
        """Whether others kept the process from working. Then it gets the time that it still lacks."""
        now = time.monotonic()
        left = min(self._cpu_s - _processor_time(self._process.pid), self._last - now)
        if left < MIN_LEFT_S or not _is_busy():
            return False
        self._due = now + left
        return True

    def end(self) -> None:
        with self._watched:
            self.alive = False
            self._watched.notify()
        self._process.kill()
        self._process.communicate()  # closes the pipes and collects the process


def _processor_time(process: int) -> float:
    """What a process has used of the processor, in seconds; the time of day where the system does not tell."""
    try:
        return time.clock_gettime(~process << 3 | 2)  # the clock that clock_getcpuclockid(3) names on Linux
    except (AttributeError, OSError, OverflowError):
        return time.monotonic()


def _is_busy() -> bool:
    """Whether more processes want to work than there are processors."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > PROCESSORS


def _send(sink: IO[bytes], *messages: tuple[bytes, bytes]) -> None:
    """Send messages, each with its kind, together: each time that the other side wakes costs more than a message."""
    for kind, content in messages:
        sink.write(_HEAD.pack(kind, len(content)))
        sink.write(content)
    sink.flush()


def _receive(source: IO[bytes]) -> tuple[bytes, bytes]:
    """One message and its kind; EOFError if the other side is gone or breaks the protocol."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    kind, length = _HEAD.unpack(head)
    content = source.read(length) if length <= MAX_MESSAGE_BYTES else b""
    if len(content) < length:
        raise EOFError
    return kind, content


# ---------------------------------------------------------------- in the worker


class Channel:
    """How a worker talks to its parent: `tell` a part of the answer, `ask` for what the job needs."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self.seconds = DOCUMENT_TIMEOUT_S  # that the job may take

    def tell(self, part: bytes) -> None:
        with self._waiting():
            _send(self._sink, (PART, part))

    def ask(self, question: bytes) -> bytes:
        with self._waiting():
            _send(self._sink, (QUESTION, question))
            return _receive(self._source)[1]

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """A slow listener does not use up the job's time."""
        _alarm(0)
        yield
        _alarm(self.seconds)


def _alarm(seconds: float) -> None:
    """End this process once a job of so many seconds is over for sure, because its parent may have been killed.

    A living parent ends it earlier, and says why.
    """
    if sys.platform != "win32":
        signal.alarm(math.ceil((MAX_STRETCH + 1) * seconds))


type ReaderJob = Callable[[bytes, Channel], bytes]
"""Works on a document's bytes, tells what it finds before the end, and returns the last message, if it has any.

Made by a function without arguments, which loads what the work needs: one of `JOBS`, or by its module and name, as
`archiver.reading.containers:open_container`.
"""


def _pdf(read: Callable[[bytes, Callable[[int], object]], DocumentText]) -> ReaderJob:
    import pypdf  # noqa: F401  # imported before the clock runs

    def work(content: bytes, channel: Channel) -> bytes:
        page_counts: list[int] = []

        def opened(pages: int) -> None:
            page_counts.append(pages)
            channel.tell(str(pages).encode())

        reading = read(content, opened)
        if not page_counts:
            opened(0)
        return json.dumps(vars(reading)).encode()

    return work


def _pdfs() -> ReaderJob:
    import pypdf  # noqa: F401  # as above

    def work(content: bytes, _channel: Channel) -> bytes:
        readings = [read_pdf(each, lambda _pages: None) for _, each in unpacked(content)]
        return json.dumps([vars(each) for each in readings]).encode()

    return work


def _picture(side: int) -> ReaderJob:
    import numpy  # noqa: F401  # as above
    import PIL.Image  # noqa: F401  # as above

    from archiver.reading.picture_areas import may_be_paper

    def work(content: bytes, channel: Channel) -> bytes:
        try:
            picture = decode(content)
            seen = fingerprint(picture)
            small = preview(picture, side)
            paper = may_be_paper(picture.image)
        except UnreadablePicture as error:
            return json.dumps({"error": error.detail}).encode()
        channel.tell(
            json.dumps(vars(seen) | {"hash": seen.hash.hex(), "mirrored": seen.mirrored.hex(), "paper": paper}).encode()
        )
        return small

    return work


def _pictures() -> ReaderJob:
    import PIL.Image  # noqa: F401  # as above
    import pypdf  # noqa: F401  # as above

    def work(content: bytes, channel: Channel) -> bytes:
        for each in pictures_of_pdf(content):
            channel.tell(each)
        return b""

    return work


def _pictures_of_scan() -> ReaderJob:
    import PIL.Image  # noqa: F401  # as above

    from archiver.reading.picture_areas import picture_areas

    def work(content: bytes, channel: Channel) -> bytes:
        with suppress(UnreadablePicture):
            page = decode(content).image
            for left, top, right, bottom in picture_areas(page):
                if min(right - left, bottom - top) >= MIN_PICTURE_SIDE_PX:
                    part = page.crop((left, top, right, bottom))
                    channel.tell(preview(Picture(*part.size, part), MAX_SIDE_PX))
        return b""

    return work


def _page(*, rows: bool = False) -> ReaderJob:
    from archiver.reading.html import lines, row_lines

    read = row_lines if rows else lines
    return lambda content, _tell: read(content.decode())[:MAX_TEXT_LENGTH].encode("utf-8", "replace")


def _mask() -> ReaderJob:
    from archiver.reading.secret_scan import mask_named

    return lambda content, _tell: mask_named(content)


def _join() -> ReaderJob:
    from PIL import ImageCms  # noqa: F401  # as above

    from archiver.reading.pdf_join import join_pdfs

    def work(content: bytes, _channel: Channel) -> bytes:
        (_, parts), (_, enclosed) = unpacked(content)
        return join_pdfs(unpacked(parts), list(unpacked(enclosed)))

    return work


def _embedded() -> ReaderJob:
    import PIL.Image  # noqa: F401  # as above

    from archiver.reading.embedded import read_embedded

    def work(content: bytes, _channel: Channel) -> bytes:
        said = read_embedded(content)
        return said.to_json() if said else b""

    return work


def _embedded_by_program() -> ReaderJob:
    from archiver.reading.embedded import embedded_by_program

    return lambda content, _channel: embedded_by_program(content).to_json()


def _ocr() -> ReaderJob:
    def work(content: bytes, _channel: Channel) -> bytes:
        (_, wish), (_, document) = unpacked(content)
        media_type, languages, seconds = json.loads(wish)
        return recognised_text(document, media_type, languages, seconds)

    return work


def _unpack() -> ReaderJob:
    def work(content: bytes, channel: Channel) -> bytes:
        [(largest, packed_bytes)] = unpacked(content)
        found, fault = unpacked_bytes(packed_bytes, int(largest) + 1)
        channel.tell(fault.encode())
        return found

    return work


def _picture_as_pdf() -> ReaderJob:
    import io

    import PIL.Image

    def work(content: bytes, _channel: Channel) -> bytes:
        out = io.BytesIO()
        PIL.Image.open(io.BytesIO(content), formats=("PNG",)).convert("RGB").save(out, "PDF", resolution=96)
        return out.getvalue()

    return work


def _table() -> ReaderJob:
    from archiver.reading.history_tables import read_table

    def work(content: bytes, _channel: Channel) -> bytes:
        found = read_table(content)
        return json.dumps(vars(found)).encode() if found else b""

    return work


def _confinement() -> ReaderJob:
    import socket

    def work(content: bytes, _channel: Channel) -> bytes:
        file = network = True
        try:
            os.close(os.open(content, os.O_RDONLY))
        except OSError:
            file = False
        try:
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
        except OSError:
            network = False
        return json.dumps({"done": _confined.done, "file": file, "network": network}).encode()

    return work


JOBS: dict[str, Callable[[], ReaderJob]] = {
    "pdf": partial(_pdf, read_pdf),
    "pdfs": _pdfs,
    "columns of pdf": partial(_pdf, partial(read_pdf, columns=True)),
    "whole pdf": partial(_pdf, read_all_of_pdf),
    "picture": partial(_picture, PREVIEW_SIDE_PX),
    "large picture": partial(_picture, MAX_SIDE_PX),
    "embedded": _embedded,
    "embedded by program": _embedded_by_program,
    "ocr": _ocr,
    "page": _page,
    "rows of page": partial(_page, rows=True),
    "mask": _mask,
    "pictures of pdf": _pictures,
    "pictures of scan": _pictures_of_scan,
    "join": _join,
    "unpack": _unpack,
    "picture as pdf": _picture_as_pdf,
    "table": _table,
    "confinement": _confinement,
}

_confined = Confinement()


def _job(name: str) -> ReaderJob:
    if name in JOBS:
        return JOBS[name]()
    module, _, function = name.partition(":")
    made: ReaderJob = getattr(import_module(module), function)()
    return made


def _serve(programs: bool, files: Sequence[str], memory: int) -> None:
    """The worker's life: jobs in, messages out, until its parent closes the pipe."""
    global _confined
    forbid_core_dumps()
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, which ends us
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    _confined = confine(files, programs=folders() if programs else None)
    channel = Channel(source, sink)
    ready: dict[str, ReaderJob] = {}
    while True:
        try:
            job, channel.seconds = json.loads(_receive(source)[1])
            content = _receive(source)[1]
        except EOFError:
            return
        if job not in ready:
            ready[job] = _job(job)
            _send(sink, (READY, b""))
        _alarm(channel.seconds)
        last = ready[job](content, channel)
        _alarm(0)
        _send(sink, *[(PART, last)] if last else [], (END, b""))


if __name__ == "__main__":
    sys.modules["archiver.reading.worker"] = sys.modules["__main__"]  # which jobs import: one module, not two
    _serve(*json.loads(sys.argv[1]))
