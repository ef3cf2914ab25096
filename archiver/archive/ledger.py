"""The ledger: an append-only list of canonical JSON lines. Each line contains the SHA-256 of the line before it."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import mmap
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from archiver import __version__
from archiver.archive.checking.parts.archive_words import CLOCK_TOLERANCE_S
from archiver.archive.checking.parts.ed25519_signature import canonical_key
from archiver.archive.checking.parts.ledger_lines import canonical, check_line, line_to_sign
from archiver.core.atomic_files import open_file, read_file, this_process
from archiver.core.errors import ArchiveBusy, ClockWrong, IntegrityError, MachineRefused
from archiver.core.model import iso

if sys.platform == "win32":
    import msvcrt

    LOCKED_BYTE = 1 << 40  # far beyond the file's end: Windows locks are mandatory, and would bar readers

    def lock(handle: int) -> None:
        """Lock an open file against all other processes until it is closed.

        Raises OSError if another process holds it.
        """
        os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock(handle: int) -> None:
        """Lock an open file against all other processes until it is closed.

        Raises OSError if another process holds it.
        """
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


type LedgerEntry = tuple[str, Mapping[str, object]]
"""A line before it is written: its type and its fields."""

FIRST_PREVIOUS_HASH = "0" * 64

type Sign = Callable[[bytes], str]
"""Sign with the archive's key. Returns 64 bytes in URL-safe base64, without padding."""
HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # error numbers for a lock that another process holds
MAX_READ_BYTES = 1 << 20  # of a line; nothing longer is read
_MAX_LINE_BYTES = 1 << 14  # size of a line's fields
_VALUE = re.compile(r"[\w.:+-]*", re.ASCII)  # ids, digests, dates, account names and error kinds
_TAIL_BYTES = 1 << 16  # the newest line is looked for in this many bytes at the end of the file


@dataclass(frozen=True)
class Line:
    """One line: its bytes without the line end, and its byte offset in the file."""

    raw: bytes
    offset: int

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Return all fields of the line. Raises IntegrityError if it is not a ledger line."""
        try:
            fields = json.loads(self.raw)
            check_line(fields)
        except (ValueError, RecursionError):
            raise IntegrityError(f"the ledger has no valid line at byte {self.offset}") from None
        return dict(fields)

    @property
    def end(self) -> int:
        """Return the byte offset of the next line."""
        return self.offset + len(self.raw) + 1

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def seq(self) -> int:
        return int(self.fields["seq"])

    @property
    def type(self) -> str:
        return str(self.fields["type"])

    @property
    def id(self) -> str | None:
        """Return the id of the object that the line is about."""
        return self.fields.get("id")


def read_lines(path: Path, offset: int = 0) -> Iterator[Line]:
    """Yield the complete lines from a byte offset on. A last line without its line end does not count yet."""
    with contextlib.suppress(FileNotFoundError), _opened(path) as file:
        file.seek(offset)
        while data := file.readline(MAX_READ_BYTES):
            if not data.endswith(b"\n"):
                if len(data) == MAX_READ_BYTES:
                    raise IntegrityError(f"the ledger has no valid line at byte {offset}")
                return
            line = Line(data[:-1], offset)
            yield line
            offset = line.end


def last_line(path: Path) -> Line | None:
    """Return the newest complete line without reading the rest.

    Raises IntegrityError if the file does not end with lines.
    """
    with contextlib.suppress(FileNotFoundError), _opened(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        *_, last, _unfinished = b"", *file.read().split(b"\n")
        if last:
            return Line(last, size - len(_unfinished) - len(last) - 1)
        if size > _TAIL_BYTES:
            raise IntegrityError("the ledger's last line is not valid")
    return None


def lines_from(path: Path, seq: int) -> list[Line]:
    """Return the lines from this number on. Reads backwards from the ledger's end, and nothing before these lines."""
    return list(newest_lines(path, seq))[::-1]


def newest_lines(path: Path, seq: int) -> Iterator[Line]:
    """Yield the lines from this number on, the newest first. Reads no more of the ledger than is asked for."""
    last = last_line(path)
    if last is None or last.seq < seq:
        return
    with _opened(path) as file, mmap.mmap(file.fileno(), last.end, access=mmap.ACCESS_READ) as data:
        end = last.end - 1
        for _ in range(last.seq - seq + 1):  # the last line's number may be forged
            if end <= 0:
                return
            start = data.rfind(b"\n", 0, end) + 1
            yield Line(data[start:end], start)
            end = start - 1


def newest_of(path: Path, object_id: str) -> Line | None:
    """Return the newest line that records a version of an object. Searches the file backwards."""
    with contextlib.suppress(FileNotFoundError), _opened(path) as file:
        return _newest(file.fileno(), file.seek(0, os.SEEK_END), object_id)
    return None


def _newest(handle: int, end: int, object_id: str) -> Line | None:
    if not end:
        return None
    with mmap.mmap(handle, end, access=mmap.ACCESS_READ) as data:
        found = data.rfind(f'"id":"{object_id}","inventory_sha512":'.encode())
        start, stop = data.rfind(b"\n", 0, found) + 1, data.find(b"\n", found)
        return Line(data[start:stop], start) if found >= 0 and stop >= 0 else None


def _opened(path: Path) -> BinaryIO:
    try:
        return open_file(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        if path.exists() and not path.is_file():
            raise IntegrityError(f"{path} is not a regular file") from error
        raise IntegrityError(f"{path.name} cannot be read ({error.strerror})") from error


def is_by_key(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether this Ed25519 key signed the message: as strict as `verify.ed25519_verify`, and quick."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return canonical_key(public)


def check_fields(fields: Mapping[str, object]) -> None:
    """Raise ValueError if a line contains free text, a person's name or address, or is too long."""
    text = canonical(dict(fields))
    if len(text) > _MAX_LINE_BYTES or not all(_VALUE.fullmatch(each) for each in _strings(fields)):
        raise ValueError(
            f"a ledger line may contain only ids, digests and numbers, not free text: {text.decode()[:200]}"
        )


def _strings(value: object) -> Iterator[str]:
    """Return all texts in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def clock() -> datetime:
    """This machine's time, by which lines are dated and timestamps judged when they come."""
    return datetime.now(UTC).replace(microsecond=0)


class Ledger:
    """The ledger, locked for writing until `close`.

    `holder` is a file that says which process holds the lock. Opening removes an unfinished last line that a crash
    left. `sign` signs each written line. Raises ArchiveBusy if another process holds the lock, even on another host (a
    dead process holds nothing, whatever `holder` says), and MachineRefused if the file system has no locks.
    """

    def __init__(self, path: Path, holder: Path, sign: Sign) -> None:
        self.path, self._holder, self._held, self._sign = path, holder, False, sign
        self.latest: tuple[str, str] | None = None  # the newest known time (UTC, `…Z`) and its source
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        try:
            try:
                lock(self.handle)
            except OSError as error:
                if error.errno not in HELD:
                    raise MachineRefused(f"it cannot lock {path} ({error.strerror})") from None
                who = "another process"
                with contextlib.suppress(OSError):
                    who = read_file(holder).decode()
                raise ArchiveBusy(f"{who} has locked {path.parent.parent}") from None
            self._held = True
            with contextlib.suppress(OSError):  # a full disk: `holder` stays empty
                holder.unlink(missing_ok=True)
                with holder.open("x", encoding="utf-8") as file:
                    file.write(this_process())
            self.head = last_line(path)
            self.end = self.head.end if self.head else 0
            if os.fstat(self.handle).st_size != self.end:
                os.ftruncate(self.handle, self.end)
                os.fsync(self.handle)
        except BaseException:
            self.close()
            raise

    def now(self) -> str:
        """Return the time for the next line. Raises ClockWrong if the archive already knows a later time."""
        now = clock()
        if self.latest and now + timedelta(seconds=CLOCK_TOLERANCE_S) < datetime.fromisoformat(self.latest[0]):
            moment, source = self.latest
            raise ClockWrong(f"it shows {iso(now)}, but {source} of {self.path.parent.parent} is from {moment}")
        return str(iso(now))

    def append(self, entries: Sequence[LedgerEntry]) -> list[Line]:
        """Append lines durably in one write. Raises ClockWrong as `now` does."""
        at = self.now()
        lines: list[Line] = []
        seq, previous, offset = (
            (self.head.seq + 1, self.head.hash, self.end) if self.head else (0, FIRST_PREVIOUS_HASH, 0)
        )
        for kind, fields in entries:
            frame = {"seq": seq, "prev": previous, "type": kind, "at": at, "tool": __version__}
            line = {**fields, **frame}
            signature = self._sign(line_to_sign(line))
            lines.append(Line(canonical(line | {"signature": signature}), offset))
            seq, previous, offset = seq + 1, lines[-1].hash, lines[-1].end
        data = memoryview(b"".join(line.raw + b"\n" for line in lines))
        while data:
            data = data[os.write(self.handle, data) :]
        os.fsync(self.handle)
        if lines:
            self.head, self.end = lines[-1], offset
            self.latest = max(self.latest or (at, ""), (at, "the last line"))
        return lines

    def newest(self, object_id: str) -> Line | None:
        """Return the newest line that records a version of an object. Searches the file backwards."""
        return _newest(self.handle, self.end, object_id)

    def close(self) -> None:
        if self._held:
            with contextlib.suppress(OSError):
                self._holder.unlink()
        os.close(self.handle)
