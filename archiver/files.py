"""Reading a file without waiting for what is none, writing one so that a crash leaves the old one or the new one, never
half of either; and who writes."""

from __future__ import annotations

import errno
import os
import socket
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path


def read_file(path: Path) -> bytes:
    """The bytes of a regular file; OSError for anything else, since a pipe would keep whoever reads it waiting."""
    with open(path, "rb", opener=_at_once) as file:  # Path.open takes no opener
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read()


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


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
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
