"""Reading a file without waiting for what is none, writing one so that a crash leaves the old one or the new one, never
half of either; and who writes."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
import stat
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Condition
from typing import BinaryIO, ClassVar

SYNCED_AS_ONE = ("ext4", "xfs")  # of shares and of stacked file systems, syncfs leaves out what another machine holds


def open_file(path: Path) -> BinaryIO:
    """A regular file, open for reading; OSError for anything else, since a pipe would keep whoever reads it waiting."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(handle, "rb")


def read_file(path: Path) -> bytes:
    """The bytes of a file; OSError as `open_file` raises it."""
    with open_file(path) as file:
        return file.read()


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write beside, make durable, rename over, make the rename durable."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def this_process() -> str:
    """Who holds a lock, in words for whoever has to wait: perhaps on another host that shares the disk."""
    return f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def sync_folder(folder: Path | str) -> None:
    """Make a folder's entries durable, where the system has that notion."""
    if os.name == "posix":
        sync(folder)


def sync(path: Path | str) -> None:
    """Make a file or a folder's entries durable. On POSIX only: elsewhere a handle that reads is not enough."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Turns:
    """A lock that goes to whoever has waited longest."""

    def __init__(self) -> None:
        self._changed, self._taken, self._served = Condition(), 0, 0

    @property
    def wanted(self) -> bool:
        """Whether others wait for it, too."""
        return self._taken > self._served + 1

    def __enter__(self) -> None:
        with self._changed:
            mine, self._taken = self._taken, self._taken + 1
            self._changed.wait_for(lambda: self._served == mine)

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._served += 1
            self._changed.notify_all()


class Disk:
    """A disk that this process writes on, on which everything written before a call becomes durable by it.

    That call takes what a few fsyncs take, and an object of the archive has a dozen. Linux promises the same of
    syncfs(2) as of an fsync of every file, errors included, since 5.8.
    """

    _turns: ClassVar[defaultdict[int, Turns]] = defaultdict(Turns)  # by device

    def __init__(self, folder: Path, syncfs: Callable[[int], int]) -> None:
        self._handle, self._syncfs = os.open(folder, os.O_RDONLY), syncfs  # a failure is told once to each handle
        self.turn = self._turns[os.fstat(self._handle).st_dev]

    @classmethod
    def of(cls, folder: Path) -> Disk | None:
        """The disk of this folder, to be closed; None where files have to be made durable one by one."""
        if sys.platform != "linux" or _file_system(folder) not in SYNCED_AS_ONE or _kernel() < (5, 8):
            return None
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        return cls(folder, syncfs) if syncfs else None

    def sync(self) -> None:
        """Wait until all that was written is durable; OSError where some of it could not be."""
        if self._syncfs(self._handle):
            raise OSError(ctypes.get_errno(), "not all that was written is durable")

    def close(self) -> None:
        os.close(self._handle)


def _file_system(folder: Path) -> str:
    """The kind of file system that a folder of a Linux machine lies on; empty where that is not told."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        mounted, _, kind = line.partition(" - ")
        if mounted.split()[2] == number:
            return kind.split()[0]
    return ""


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
