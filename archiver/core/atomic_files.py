"""Atomic, durable file I/O that refuses pipes and devices, names lock holders, and recognises its temporary files."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import shutil
import socket
import stat
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Condition
from typing import BinaryIO, ClassVar

from archiver.core.errors import ConfigError

# In memory there is nothing to sync; on network shares and stacked file systems, syncfs does not sync everything.
SYNCED_AS_ONE = ("ext4", "xfs", "tmpfs")
CHANGE_TIMES_HOLD = ("ext4", "tmpfs", "xfs")  # elsewhere, another machine may set them


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading. OSError for anything else, because reading a pipe could wait forever."""
    return os.fdopen(_open_regular(path), "rb")


def _open_regular(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device that is not there
            raise _not_regular(path) from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _not_regular(path)
    return handle


def _not_regular(path: Path) -> OSError:
    return OSError(errno.EINVAL, "it is not a regular file", str(path))


def read_file(path: Path) -> bytes:
    """The bytes of a file. OSError as for `open_file`."""
    with os.fdopen(_open_regular(path), "rb", buffering=0) as file:  # a buffer costs more than a small file
        return file.read()


def read_named(path: Path, advice: str) -> bytes:
    """The bytes of a file that a person named. ConfigError, with the `advice` at its end, if it cannot be read."""
    try:
        return read_file(path)
    except OSError as error:
        raise ConfigError(f"The archiver cannot read {path}: {error.strerror}. {advice}") from None


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file atomically: write beside it, sync, rename over it, sync the folder."""
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
    """Create several new files: at the end either all of them get the names in `outs`, or none does.

    Yields one temporary path beside each of `outs`; what is removed there gets no name. A repeated call undoes the
    partial result of a killed one. ConfigError if one of `outs` exists; OSError if a file cannot be created.
    """
    settle_new_files(outs)
    parts = [_part(out) for out in outs]
    try:
        for part, out in zip(parts, outs, strict=True):
            refuse_taken(out)
            part.open("xb").close()
        yield parts
        made = [(part, out) for part, out in zip(parts, outs, strict=True) if part.exists()]
        for part, _ in made:
            sync(part)
        _name(made)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def refuse_taken(out: Path) -> None:
    """ConfigError if something has the name that a user gave to a new file or folder."""
    if out.exists() or out.is_symlink():
        raise _taken(out)


def _taken(out: Path) -> ConfigError:
    return ConfigError(f"{out} exists. Choose another name; nothing is overwritten.")


def settle_new_files(outs: Sequence[Path]) -> None:
    """End what a killed `new_files` left of these: they are complete, or none of them is there."""
    left = [(_part(out), out) for out in outs if _part(out).exists()]
    named = [out for part, out in left if out.exists() and part.samefile(out)]
    for out in named if len(named) < len(left) else ():
        out.unlink()
    for part, _ in left:
        part.unlink()


def _part(out: Path) -> Path:
    return out.with_name(f".{out.name}.partial")


def _name(made: Sequence[tuple[Path, Path]]) -> None:
    """Give complete files their names: all of them or none. Existing files are never replaced."""
    done: list[Path] = []
    try:
        for part, out in made:
            try:
                os.link(part, out)
            except FileExistsError:
                raise _taken(out) from None
            except OSError:  # a file system without hard links
                part.rename(out)
            done.append(out)
    except BaseException:
        for out in done:
            out.unlink()
        raise
    for folder in {out.parent for _, out in made}:
        sync_folder(folder)


# ---------------------------------------------------------------- temporary files and their owners

DAY_S = 86400
_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
_OWNER = re.compile(r"[.-]([0-9a-f]{6})-(\d{1,10})-[a-z0-9_]{8}(?:\.[a-z]+)?")


def owner() -> str:
    """The part of a temporary file's name that identifies its process: `1a2b3c-4711`, host and process id."""
    return f"{_HOST}-{os.getpid()}"


def scratch(purpose: str) -> str:
    """The prefix of a temporary folder or file outside the home; `abandoned` recognises it."""
    return f"archiver-{purpose}-{owner()}-"


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """A temporary folder outside the home, which only this user can read. It is removed at the end."""
    with tempfile.TemporaryDirectory(prefix=scratch(purpose)) as folder:
        yield Path(folder)


def sweep_beside(out: Path) -> None:
    """Remove the temporary files of a killed command that wrote `out`."""
    left = list[Path]()
    with suppress(OSError), os.scandir(out.absolute().parent) as entries:
        left = [Path(entry.path) for entry in entries if entry.name.startswith(f".{out.name}.")]
    for path in left:
        if abandoned(path, time.time()):
            with suppress(OSError):
                remove_tree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def abandoned(path: Path, now: float) -> bool:
    """Whether a killed process left this temporary file or folder.

    Its name identifies the process. For a process on another host, or if the system cannot tell, the file must be a day
    old. For a process on this host the age does not count, because the clock may have changed.
    """
    found = _OWNER.search(path.name)
    if not found or found.end() != len(path.name):
        return False
    if found[1] != _HOST or os.name != "posix":
        try:
            return now - path.lstat().st_mtime > DAY_S
        except FileNotFoundError:  # its process has just finished
            return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # the process runs as another user
        return False
    return False


def this_process() -> str:
    """Describe this process as a lock's holder, for people who wait, perhaps on another host that shares the disk."""
    return f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def sync_folder(folder: Path | str) -> None:
    """Make a folder's entries durable, on systems that support it."""
    if os.name == "posix":
        sync(folder)


def sync(path: Path | str) -> None:
    """Make a file or a folder's entries durable. POSIX only: other systems need a writable handle."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class FairLock:
    """A lock that goes to the thread that has waited longest."""

    def __init__(self) -> None:
        self._changed, self._taken, self._served = Condition(), 0, 0

    @property
    def wanted(self) -> bool:
        """Whether other threads wait for the lock."""
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
    """A disk on which one call makes everything written before it durable.

    The call takes as long as a few fsyncs, and an archive object needs a dozen. Since Linux 5.8, syncfs(2)
    guarantees as much as an fsync of every file, and reports errors too.
    """

    _turns: ClassVar[defaultdict[int, FairLock]] = defaultdict(FairLock)  # by device

    def __init__(self, folder: Path, syncfs: Callable[[int], int]) -> None:
        self._handle, self._syncfs = os.open(folder, os.O_RDONLY), syncfs  # Linux reports an error once to each handle
        self.turn = self._turns[os.fstat(self._handle).st_dev]

    @classmethod
    def of(cls, folder: Path) -> FilesystemSync | None:
        """The disk of this folder, for the caller to close; None if files must be synced one by one."""
        if sys.platform != "linux" or _file_system(folder) not in SYNCED_AS_ONE or _kernel() < (5, 8):
            return None
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        return cls(folder, syncfs) if syncfs else None

    def sync(self) -> None:
        """Wait until all written data is durable; OSError if some of it is not."""
        if self._syncfs(self._handle):
            raise OSError(ctypes.get_errno(), "some written data is not durable")

    def close(self) -> None:
        os.close(self._handle)


def _file_system(folder: Path) -> str:
    """The type of a folder's file system on Linux; empty if unknown."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        mounted, _, kind = line.partition(" - ")
        if mounted.split()[2] == number:
            return kind.split()[0]
    return ""


def change_times_hold(folder: Path) -> bool:
    """Whether this machine's kernel alone sets the time (`st_ctime_ns`) when a folder's entries last changed."""
    return sys.platform == "linux" and _file_system(folder) in CHANGE_TIMES_HOLD


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])


def remove_tree(path: Path) -> None:
    """Remove a folder and its content, including read-only files, if it is there; OSError if that fails."""

    def retry(remove: Callable[..., object], name: str, error: BaseException) -> None:
        if isinstance(error, FileNotFoundError):  # already removed
            return
        for each in (Path(name).parent, Path(name)):
            each.chmod(stat.S_IRWXU)
        if remove in (os.unlink, os.rmdir):
            remove(name)
        else:  # the folder could not be opened before
            shutil.rmtree(name)

    shutil.rmtree(path, onexc=retry)


def write_new(out: Path, content: bytes) -> None:
    """Write a file that the user named; ConfigError if it exists or cannot be written."""
    try:
        with new_files([out]) as (file,):
            file.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}. Choose another place.") from None
