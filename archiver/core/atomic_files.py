"""Atomic, durable file I/O that refuses pipes and devices, names the lock holder, and knows its own temporary files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.core.errors import ConfigError

if TYPE_CHECKING:
    pass


import ctypes
import errno
import hashlib
import os
import shutil
import socket
import stat
import sys
import tempfile
from collections import defaultdict
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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{owner()}-", suffix=".tmp")
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


@contextmanager
def new_files(outs: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Where to write files that must not exist yet. At the end all of them get the names that `outs` then has, or none.

    Gives one path for each of `outs`, beside it. Repeating the call undoes what a killed one had named of them.
    FileExistsError where one is there; OSError where one cannot be made.
    """
    parts = [out.with_name(f".{out.name}.partial") for out in outs]
    named = [part.exists() and out.exists() and part.samefile(out) for part, out in zip(parts, outs, strict=True)]
    for part, out, done in zip(parts, outs, named, strict=True):
        if done and not all(named):
            out.unlink()
        part.unlink(missing_ok=True)
    try:
        for part, out in zip(parts, outs, strict=True):
            if out.exists() or out.is_symlink():
                raise FileExistsError(errno.EEXIST, "it exists", str(out))
            part.open("xb").close()
        yield parts
        for part in parts:
            sync(part)
        _name(parts, outs)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _name(parts: Sequence[Path], outs: Sequence[Path]) -> None:
    """Give complete files their names, over nothing that is there; all of them or none."""
    done: list[Path] = []
    try:
        for part, out in zip(parts, outs, strict=True):
            try:
                os.link(part, out)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                part.rename(out)
            done.append(out)
    except BaseException:
        for out in done:
            out.unlink()
        raise
    for folder in {out.parent for out in outs}:
        sync_folder(folder)


# ---------------------------------------------------------------- temporary files, and whose they are

DAY_S = 86400
_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
_OWNER = re.compile(r"[.-]([0-9a-f]{6})-(\d{1,10})-[a-z0-9_]{8}(?:\.[a-z]+)?")


def owner() -> str:
    """What the name of a temporary file says of the process that writes it: `1a2b3c-4711`, its host and its number."""
    return f"{_HOST}-{os.getpid()}"


def scratch(purpose: str) -> str:
    """The prefix of a temporary folder or file outside of the home, by which `abandoned` knows it."""
    return f"archiver-{purpose}-{owner()}-"


def abandoned(path: Path, now: float) -> bool:
    """Whether a temporary file or folder was left by a process that was killed.

    Its name says which process it was; of one on another host, and where the system cannot tell, a day has to pass.
    Age alone says nothing of a process here: the clock may have been put forward.
    """
    found = _OWNER.search(path.name)
    if not found or found.end() != len(path.name):
        return False
    if found[1] != _HOST or os.name != "posix":
        try:
            return now - path.lstat().st_mtime > DAY_S
        except FileNotFoundError:  # finished meanwhile
            return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, as another user
        return False
    return False


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


class FairLock:
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


class FilesystemSync:
    """A disk that this process writes on, on which everything written before a call becomes durable by it.

    That call takes what a few fsyncs take, and an object of the archive has a dozen. Linux promises the same of
    syncfs(2) as of an fsync of every file, errors included, since 5.8.
    """

    _turns: ClassVar[defaultdict[int, FairLock]] = defaultdict(FairLock)  # by device

    def __init__(self, folder: Path, syncfs: Callable[[int], int]) -> None:
        self._handle, self._syncfs = os.open(folder, os.O_RDONLY), syncfs  # a failure is told once to each handle
        self.turn = self._turns[os.fstat(self._handle).st_dev]

    @classmethod
    def of(cls, folder: Path) -> FilesystemSync | None:
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


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it, also what is read-only; OSError where that is not possible."""

    def retry(remove: Callable[..., object], name: str, error: BaseException) -> None:
        if isinstance(error, FileNotFoundError):  # removed meanwhile
            return
        for each in (Path(name).parent, Path(name)):
            each.chmod(stat.S_IRWXU)
        if remove in (os.unlink, os.rmdir):
            remove(name)
        else:  # a folder that could not be opened
            shutil.rmtree(name)

    shutil.rmtree(path, onexc=retry)


def write_new(out: Path, content: bytes) -> None:
    """Write a file that the user asked for; ConfigError where it is there already or cannot be made."""
    try:
        with new_files([out]) as (file,):
            file.write_bytes(content)
    except FileExistsError:
        raise ConfigError(f"{out} exists. Choose another name; nothing is overwritten.") from None
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}. Choose another place.") from None
