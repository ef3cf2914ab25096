"""The desk's audit log: who did what. Each line contains the SHA-256 of the line before, as in the ledger.

If a line cannot be written (a full disk, a read-only folder), it waits in memory until a later line can be written. No
page waits for it. Lines about reading and refusals have a rate limit for each author, so that nobody can fill the disk.
The next line says how many were left out.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.ledger import FIRST_PREVIOUS_HASH, Line, last_line, read_lines
from archiver.core.errors import AuditChanged, IntegrityError
from archiver.core.model import iso

MAX_WAITING_LINES = 1_000
LOCK_TIMEOUT_S = 2.0  # wait for another process that writes
MAX_TARGET_CHARACTERS = 300
BURST_LINES, LINE_EVERY_SECONDS = 60, 60.0  # per author: a burst, then one line in so many seconds
MAX_AUTHORS = 2_000


class AuditLog:
    """The log file. It is safe for several threads and processes."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self.path, self._now = path, now
        self.fault = ""  # why lines wait in memory now
        self._waiting: deque[dict[str, object]] = deque(maxlen=MAX_WAITING_LINES)
        self._lines_of: dict[str, tuple[float, float, int]] = {}  # by author: lines left, at what time, left out since
        self._lock = threading.Lock()

    def write(self, who: str | None, what: str, target: str = "", *, limit: str | None = None, **more: object) -> None:
        """Add a line. `limit` names an author with a rate limit. A disk fault raises nothing."""
        with self._lock:
            left_out = 0
            if limit is not None:
                if (counted := self._counted(limit)) is None:
                    return
                left_out = counted
            line = {"at": iso(datetime.now(UTC)), "who": who, "what": what, "target": target[:MAX_TARGET_CHARACTERS]}
            self._waiting.append({**more, **line, **({"left_out": left_out} if left_out else {})})
            self._write_waiting()

    def _counted(self, author: str) -> int | None:
        """The number of this author's lines left out before this one; None if this one is left out, too."""
        now = self._now()
        lines, since, left_out = self._lines_of.pop(author, (float(BURST_LINES), now, 0))
        lines = min(float(BURST_LINES), lines + (now - since) / LINE_EVERY_SECONDS)
        written = lines >= 1
        self._lines_of[author] = (lines - 1, now, 0) if written else (lines, now, left_out + 1)
        if len(self._lines_of) > MAX_AUTHORS:
            del self._lines_of[next(iter(self._lines_of))]
        return left_out if written else None

    def _write_waiting(self) -> None:
        try:
            _append(self.path, self._waiting)
        except OSError as error:
            if not self.fault:
                print(
                    f"warning: The desk cannot write {self.path} ({error}). The new lines wait in memory.",
                    file=sys.stderr,
                )
            self.fault = str(error.strerror or error)
        else:
            self._waiting.clear()
            self.fault = ""


def _append(path: Path, fields: Iterable[Mapping[str, object]]) -> None:
    """Append lines to the chain. An unfinished last line from a crash is cut off."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S, mode=0o600):
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("it is not a regular file")
            sequence, previous, end = _head(path)
            if os.fstat(handle).st_size != end:
                os.ftruncate(handle, end)
            lines = []
            for each in fields:
                sequence += 1
                lines.append(canonical(_clean(each) | {"seq": sequence, "prev": previous}))
                previous = Line(lines[-1], 0).hash
            data = memoryview(b"".join(line + b"\n" for line in lines))
            try:
                while data:
                    data = data[os.write(handle, data) :]
            except OSError:
                os.ftruncate(handle, end)  # so that a retry writes no line twice
                raise
        finally:
            os.close(handle)


def _head(path: Path) -> tuple[int, str, int]:
    """The number and digest of the newest line, and its end offset. Lines from before the chain have no number."""
    try:
        head = last_line(path)
    except IntegrityError:  # foreign lines: `verify` reports them, and new lines are still written
        return -1, FIRST_PREVIOUS_HASH, path.stat().st_size
    if head is None:
        return -1, FIRST_PREVIOUS_HASH, 0
    number = _fields(head).get("seq")
    return number if isinstance(number, int) else -1, head.hash, head.end


def _fields(line: Line) -> dict[str, object]:
    try:
        fields = json.loads(line.raw)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _clean(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name: each.encode("utf-8", "replace").decode() if isinstance(each, str) else each
        for name, each in fields.items()
    }


def verify(path: Path) -> int:
    """The number of chained lines; AuditChanged names the first line that does not continue the one before.

    Lines that an older version wrote without a chain come before the first chained one, which holds the digest of the
    last of them.
    """
    previous, chained = FIRST_PREVIOUS_HASH, 0
    for number, line in enumerate(read_lines(path), 1):
        fields = _fields(line)
        if "prev" in fields or chained:
            if fields.get("prev") != previous or fields.get("seq") != chained:
                raise AuditChanged(f"line {number} of {path} does not continue the line before it")
            chained += 1
        previous = line.hash
    return chained


def newest(path: Path, count: int) -> list[dict[str, object]]:
    """The newest lines, oldest first."""
    return [_fields(line) for line in deque(read_lines(path), maxlen=count)]
