"""What lies in the given paths: every file, and every file in zips, letters and mboxes, as bytes or with the reason
why not.

Nothing outside the given paths is read: links are not followed, nothing is unpacked to disk, and names inside archives
are shown, never used as paths. What would take more memory, time or depth than an honest file is refused.
"""

from __future__ import annotations

import io
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from archiver.reading.containers import (
    MAX_COMPRESSION_RATIO,
    ContainerPlace,
    Item,
    Refused,
    display_name,
    is_letter,
    is_mbox,
    is_zip,
    taken,
    unpack,
)
from archiver.reading.worker import DocumentReader

__all__ = ["Item", "Refused", "Unopened", "walk"]

MAX_FOLDER_DEPTH = 40
OPENED_AHEAD = 8  # files of a folder, since opening one on a share takes some milliseconds
MIN_UNPACKED_LIMIT_BYTES = 256 << 20  # that any container may unpack to; a larger one to `RATIO` times its size

_IN_FOLDERS = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


type Wanted = Callable[[str, os.stat_result], bool]
"""Whether to read a file, by its path as the walk shows it, and its state; asked before it is opened."""


@dataclass(frozen=True, kw_only=True)
class Unopened(Refused):
    """A file that was not wanted, in its place."""


def walk(
    paths: Sequence[Path],
    forbidden: Path | None = None,
    reader: DocumentReader | None = None,
    wanted: Wanted | None = None,
) -> Iterator[Item | Refused]:
    """Everything in these paths, in the order of their names. A path that is itself a link is followed: it was named.

    `forbidden` is a folder that is passed over, wherever it lies: the home itself. A `reader` takes containers apart,
    and one of its workers is taken for as long as a container lasts; by default one is started for that alone.
    """
    if reader is None:
        with DocumentReader(workers=1) as own:
            yield from walk(paths, forbidden, own, wanted)
        return
    home = forbidden.stat() if forbidden else None
    for path in paths:
        path = path.resolve()
        name = display_name(path.name) or "files"
        try:
            if path.is_dir():
                yield from _folder(_Folder.open(path), name, home, reader, wanted)
            elif not stat.S_ISREG(path.stat().st_mode):
                yield Refused(path=name, reason="it is not a regular file")
            else:
                with _reading(os.open(path, _READ_FLAGS | _NO_LINKS)) as file:
                    yield from _file(file, ContainerPlace(name), reader)
        except OSError as error:
            yield _unreadable(name, error)


# ---------------------------------------------------------------- on disk


@dataclass(frozen=True)
class _Folder:
    """An open folder. Where the system can, its files are opened relative to it, so that no link can slip in."""

    path: Path
    handle: int | None

    @classmethod
    def open(cls, path: Path, parent: _Folder | None = None) -> _Folder:
        if not _IN_FOLDERS:
            return cls(path, None)
        name = path.name if parent else path
        flags = os.O_RDONLY | os.O_DIRECTORY | _NO_LINKS
        return cls(path, os.open(name, flags, dir_fd=parent.handle if parent else None))

    def entries(self) -> list[os.DirEntry[str]]:
        with os.scandir(self.path if self.handle is None else self.handle) as found:
            return sorted(found, key=lambda entry: entry.name)

    def file(self, name: str) -> int:
        if self.handle is None:
            return os.open(self.path / name, _READ_FLAGS)
        return os.open(name, _READ_FLAGS | _NO_LINKS, dir_fd=self.handle)

    def close(self) -> None:
        if self.handle is not None:
            os.close(self.handle)


def _folder(
    folder: _Folder,
    display_path: str,
    home: os.stat_result | None,
    reader: DocumentReader,
    wanted: Wanted | None,
    depth: int = 0,
) -> Iterator[Item | Refused]:
    try:
        here = folder.path.stat() if folder.handle is None else os.fstat(folder.handle)
        if home and os.path.samestat(here, home):
            yield Refused(path=display_path, reason="it is the archiver's own home")
            return
        if depth > MAX_FOLDER_DEPTH:
            yield Refused(path=display_path, reason=f"it is more than {MAX_FOLDER_DEPTH} folders deep")
            return
        named = ((f"{display_path}/{display_name(entry.name)}", entry) for entry in folder.entries())
        for is_folder, entries in groupby(named, key=lambda each: _is_folder(each[1])):
            if not is_folder:
                yield from _files(folder, entries, reader, wanted)
                continue
            for path, entry in entries:
                try:
                    inner = _Folder.open(folder.path / entry.name, folder)
                    yield from _folder(inner, path, home, reader, wanted, depth + 1)
                except OSError as error:
                    yield _unreadable(path, error)
    finally:
        folder.close()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # whoever opens it is told
        return entry.is_dir(follow_symlinks=False) and not entry.is_junction()
    return False


def _files(
    folder: _Folder, entries: Iterable[tuple[str, os.DirEntry[str]]], reader: DocumentReader, wanted: Wanted | None
) -> Iterator[Item | Refused]:
    """Files with their contents, or why one is not read. The next ones are opened while one is read."""
    ahead: deque[tuple[str, Future[int] | Refused]] = deque()
    with ThreadPoolExecutor(OPENED_AHEAD, "opening") as threads:
        try:
            for path, entry in entries:
                try:
                    if refused := _refused(entry, path):
                        ahead.append((path, refused))
                    elif not wanted or wanted(path, entry.stat(follow_symlinks=False)):
                        ahead.append((path, threads.submit(folder.file, entry.name)))
                    else:
                        ahead.append((path, Unopened(path=path, reason="it is not wanted", file=path)))
                except OSError as error:
                    ahead.append((path, _unreadable(path, error)))
                if len(ahead) > OPENED_AHEAD:
                    yield from _next_file(ahead, reader)
            while ahead:
                yield from _next_file(ahead, reader)
        finally:
            for _, opened in ahead:
                if isinstance(opened, Future):
                    with suppress(OSError):  # it was never opened, and nobody asks for it any more
                        os.close(opened.result())


def _next_file(ahead: deque[tuple[str, Future[int] | Refused]], reader: DocumentReader) -> Iterator[Item | Refused]:
    path, opened = ahead.popleft()
    if isinstance(opened, Refused):
        yield opened
        return
    try:
        with _reading(opened.result()) as file:
            yield from _file(file, ContainerPlace(path), reader)
    except OSError as error:
        yield _unreadable(path, error)


def _refused(entry: os.DirEntry[str], path: str) -> Refused | None:
    """Why something that is no folder is not opened."""
    if entry.is_symlink() or entry.is_junction():
        return Refused(path=path, reason="it is a link, and links are not followed")
    if not entry.is_file(follow_symlinks=False):
        return Refused(path=path, reason="it is a device, a pipe or similar, not a regular file")
    return None


def _unreadable(path: str, error: OSError) -> Refused:
    return Refused(path=path, reason=f"it cannot be read ({error.strerror or error})")


@contextmanager
def _reading(handle: int) -> Iterator[io.FileIO]:
    with io.FileIO(handle) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):  # it was a file a moment ago
            raise OSError("it is no longer a regular file")
        yield file


def _file(file: io.FileIO, place: ContainerPlace, reader: DocumentReader) -> Iterator[Item | Refused]:
    for each in _contents(file, place, reader):
        yield replace(each, file=place.path)


def _contents(file: io.FileIO, place: ContainerPlace, reader: DocumentReader) -> Iterator[Item | Refused]:
    """A file on disk, or its contents; refused if it changed meanwhile."""
    before = os.fstat(file.fileno())
    place = replace(place, dated=datetime.fromtimestamp(before.st_mtime, UTC).date())
    place.budget.bytes = min(place.budget.bytes, max(MIN_UNPACKED_LIMIT_BYTES, MAX_COMPRESSION_RATIO * before.st_size))
    start = file.read(8192)
    file.seek(0)

    def read(at: int, size: int) -> bytes:
        """Of no bytes, how many there are."""
        if not size:
            return before.st_size.to_bytes(8)
        file.seek(min(at, before.st_size))
        return file.read(size)

    if is_zip(start, place.path) or is_mbox(start, place.path):
        yield from unpack(reader, place, b"", read)
        digest, content, size = "", None, before.st_size
    else:
        digest, content, size = taken(file)
    after = os.fstat(file.fileno())
    if size != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        yield Refused(path=place.path, reason="it changed while it was read; import it again")
    elif content is not None and is_letter(start, place.path):
        yield from unpack(reader, place, content)
    elif digest:
        yield Item(path=place.path, size=size, sha256=digest, content=content, dated=place.dated)
