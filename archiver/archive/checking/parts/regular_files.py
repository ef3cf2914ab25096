"""Files: nothing but regular files is read, and no more than makes sense."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
BLOCK_BYTES = 1 << 18  # block size for reading and hashing, small enough for the processor's cache


MAX_FILE_BYTES = 1 << 33  # of a file that is hashed; a pack is no larger, either
_HOLLOW_FROM_BYTES, _HOLLOW_PART = 1 << 24, 64  # from which size on a file with so small a part of data is refused


def opened(path: Path | str, most: int | None = None) -> int:
    """Open a regular file for reading and return its descriptor. Raises OSError if it has more than `most` bytes.

    Also raises OSError for pipes and devices, because reading them might never end, and for large files of holes.
    """
    try:
        file = os.open(path, _READ_FLAGS)
    except ValueError:
        raise FileNotFoundError(errno.ENOENT, "no file can have this name", os.fspath(path)) from None
    status = os.fstat(file)
    try:
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        if most is not None and status.st_size > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes", os.fspath(path))
        if status.st_size > _HOLLOW_FROM_BYTES and _is_hollow(file, status.st_size):
            raise OSError(errno.EFBIG, "almost all of it is empty space that nobody wrote", os.fspath(path))
    except OSError:
        os.close(file)
        raise
    return file


def _is_hollow(file: int, size: int) -> bool:
    """Return whether a file has hardly any data for its size. Such a file costs nothing to plant, and days to read.

    Where the file system does not tell holes, there are none.
    """
    if not hasattr(os, "SEEK_DATA"):
        return False
    data, at, enough = 0, 0, size // _HOLLOW_PART
    try:
        while at < size and data < enough:
            begin = os.lseek(file, at, os.SEEK_DATA)
            at = max(begin + 1, os.lseek(file, begin, os.SEEK_HOLE))
            data += at - begin
    except OSError as error:
        if error.errno != errno.ENXIO:  # which says that only holes follow
            data = enough
    os.lseek(file, 0, os.SEEK_SET)
    return data < enough


def blocks(path: Path | str, most: int | None = None) -> Iterator[bytes]:
    """Yield a file's bytes in blocks. Raises OSError as `opened` does."""
    file = opened(path, most)
    try:
        while block := os.read(file, BLOCK_BYTES):
            yield block
    finally:
        os.close(file)


def content(path: Path | str, most: int = 1 << 20) -> bytes:
    """Return a file's bytes. Raises OSError as `opened` does."""
    return b"".join(blocks(path, most))


def digests(path: Path | str, algorithms: Iterable[str] = ("sha512",), most: int = MAX_FILE_BYTES) -> dict[str, str]:
    """Return a file's digests in hexadecimal, by hashlib's algorithm names. Raises OSError as `opened` does."""
    hashes = {name: hashlib.new(name) for name in algorithms}
    for block in blocks(path, most):
        for each in hashes.values():
            each.update(block)
    return {name: each.hexdigest() for name, each in hashes.items()}
