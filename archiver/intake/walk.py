"""What lies in the given paths: every file, and every file in zips, letters and mboxes, as bytes or with the reason
why not.

Nothing outside the given paths is read: links are not followed, nothing is unpacked to disk, and names inside archives
are shown, never used as paths. What would take more memory, time or depth than an honest file is refused.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO

from archiver.intake.mail import Mail, Unreadable, looks_like_mail, messages, read_mail

LARGEST = 50 << 20  # bytes of a file that is read; of a larger one only the digest is known
DEEPEST = 5  # containers in containers
DEEPEST_FOLDER = 40
MOST_MEMBERS = 20_000  # of one container, with all that is in it
MOST_BYTES = 4 << 30  # that one container unpacks to, with all that is in it
LEAST_BYTES = 256 << 20  # that any container may unpack to; a larger one to `RATIO` times its size
TOO_DEEP = 1000  # members that a container in too many others counts as, since a bomb has thousands of those
RATIO, RATIO_FROM = 200, 1 << 20  # a member that unpacks to more than this many times its size, and to this many bytes
DIRECTORY = 32 << 20  # bytes of a zip's list of members
CHUNK = 1 << 20

# Made of zips, and one document each.
_ONE_DOCUMENT = (
    ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".jar", ".apk", ".pages", ".numbers", ".key", ".sketch",
    ".idml", ".xpi", ".whl", ".3mf", ".kmz",
)  # fmt: skip
_DRIVE = re.compile(r"[A-Za-z]:")
_IN_FOLDERS = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One file. `path` begins with the last part of the path that was given: `papers/mail.eml!certificate.pdf`.

    `content` is None where it is larger than `LARGEST`. `mail` is what a letter says; `within` is the digest of the
    letter that a file was attached to. `dated` is the day (UTC) of the file as its file system or its zip gives it.
    """

    path: str
    size: int
    sha256: str
    content: bytes | None
    mail: Mail | None = None
    within: str | None = None
    dated: date | None = None

    @property
    def name(self) -> str:
        return re.split(r"[/!]", self.path)[-1]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Something that was not read: what it is called, and why not."""

    path: str
    reason: str


@dataclass
class _Budget:
    """What one outermost container may still unpack to."""

    members: int = MOST_MEMBERS
    bytes: int = MOST_BYTES


@dataclass(frozen=True)
class _Place:
    """Where the walk stands inside containers."""

    path: str
    depth: int = 0
    budget: _Budget = field(default_factory=_Budget)
    within: str | None = None
    dated: date | None = None

    def inside(self, name: str, within: str | None = None, dated: date | None = None) -> _Place:
        return _Place(f"{self.path}!{shown(name)}", self.depth + 1, self.budget, within or self.within, dated)


def shown(name: str) -> str:
    """A name of any origin as text that can be stored and printed."""
    return os.fsencode(name).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def walk(paths: Sequence[Path], forbidden: Path | None = None) -> Iterator[Item | Refused]:
    """Everything in these paths, in the order of their names. A path that is itself a link is followed: it was named.

    `forbidden` is a folder that is passed over, wherever it lies: the home itself.
    """
    home = forbidden.stat() if forbidden else None
    for path in paths:
        path = path.resolve()
        name = shown(path.name) or "files"
        try:
            if path.is_dir():
                yield from _folder(_Folder.open(path), name, home)
            elif not stat.S_ISREG(path.stat().st_mode):
                yield Refused(path=name, reason="it is no file")
            else:
                with _reading(os.open(path, _READ | _NO_LINKS)) as file:
                    yield from _file(file, _Place(name))
        except OSError as error:
            yield Refused(path=name, reason=f"it cannot be read ({error.strerror or error})")


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
            return os.open(self.path / name, _READ)
        return os.open(name, _READ | _NO_LINKS, dir_fd=self.handle)

    def close(self) -> None:
        if self.handle is not None:
            os.close(self.handle)


def _folder(folder: _Folder, shown_path: str, home: os.stat_result | None, depth: int = 0) -> Iterator[Item | Refused]:
    try:
        here = folder.path.stat() if folder.handle is None else os.fstat(folder.handle)
        if home and os.path.samestat(here, home):
            yield Refused(path=shown_path, reason="it is the archiver's own home")
            return
        if depth > DEEPEST_FOLDER:
            yield Refused(path=shown_path, reason=f"it lies more than {DEEPEST_FOLDER} folders deep")
            return
        for entry in folder.entries():
            path = f"{shown_path}/{shown(entry.name)}"
            try:
                if entry.is_symlink() or entry.is_junction():
                    yield Refused(path=path, reason="it is a link, and links are not followed")
                elif entry.is_dir(follow_symlinks=False):
                    yield from _folder(_Folder.open(folder.path / entry.name, folder), path, home, depth + 1)
                elif entry.is_file(follow_symlinks=False):
                    with _reading(folder.file(entry.name)) as file:
                        yield from _file(file, _Place(path))
                else:
                    yield Refused(path=path, reason="it is no file but a device, a pipe or the like")
            except OSError as error:
                yield Refused(path=path, reason=f"it cannot be read ({error.strerror or error})")
    finally:
        folder.close()


class _Cautious(io.FileIO):
    """A file that is never read whole by mistake: zipfile reads a zip's list of members at one go."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0 or size > max(DIRECTORY, CHUNK):
            raise zipfile.BadZipFile("its list of members is too long")
        return super().read(size) or b""


@contextmanager
def _reading(handle: int) -> Iterator[_Cautious]:
    file = _Cautious(handle)
    with file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):  # it was a file a moment ago
            raise OSError("it is no file any more")
        yield file


def _file(file: _Cautious, place: _Place) -> Iterator[Item | Refused]:
    """A file on disk, or what it contains; refused where it changed meanwhile."""
    before = os.fstat(file.fileno())
    place = replace(place, dated=datetime.fromtimestamp(before.st_mtime, UTC).date())
    place.budget.bytes = min(place.budget.bytes, max(LEAST_BYTES, RATIO * before.st_size))
    start = file.read(8192)
    file.seek(0)
    if _is_zip(start, place.path):
        yield from _zip(file, place)
    elif _is_mbox(start, place.path):
        yield from _mbox(io.BufferedReader(file), place)
    else:
        digest, content, size = _taken(file)
        after = os.fstat(file.fileno())
        if size != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            yield Refused(path=place.path, reason="it changed while it was read; import it again")
        else:
            yield from _taken_apart(digest, content, size, place)
        return
    after = os.fstat(file.fileno()) if not file.closed else before
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        yield Refused(path=place.path, reason="it changed while it was read; import it again")


def _taken(file: IO[bytes] | io.FileIO, most: int | None = None) -> tuple[str, bytes | None, int]:
    """SHA-256, bytes (None above `LARGEST`) and size of what can be read; ValueError beyond `most` bytes."""
    digest, kept, size = sha256(), bytearray(), 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if most is not None and size > most:
            raise ValueError("it is larger than its container says")
        if size <= LARGEST:
            kept += chunk
    return digest.hexdigest(), bytes(kept) if size <= LARGEST else None, size


# ---------------------------------------------------------------- in containers


def _is_zip(start: bytes, path: str) -> bool:
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not path.lower().endswith(_ONE_DOCUMENT)


def _is_mbox(start: bytes, path: str) -> bool:
    return start.startswith(b"From ") and (path.lower().endswith((".mbox", ".mbx", "/mbox")) or looks_like_mail(start))


def _taken_apart(digest: str, content: bytes | None, size: int, place: _Place) -> Iterator[Item | Refused]:
    """A file whose bytes are there, and what it contains."""
    if place.depth > DEEPEST:
        yield Refused(path=place.path, reason=f"it lies more than {DEEPEST} containers deep")
        return
    start = (content or b"")[:8192]
    mail = None
    if content is not None and place.depth and _is_zip(start, place.path):
        yield from _zip(io.BytesIO(content), place)
        return
    if content is not None and place.depth and _is_mbox(start, place.path):
        yield from _mbox(io.BytesIO(content), place)
        return
    if content is not None and (place.path.lower().endswith(".eml") or _letter(start, place.path)):
        try:
            mail = read_mail(content)
        except Unreadable as error:
            yield Refused(path=place.path, reason=str(error))
            return
    yield Item(
        path=place.path, size=size, sha256=digest, content=content, mail=mail, within=place.within, dated=place.dated
    )
    for name, attachment in mail.attachments if mail else ():
        yield from _member(attachment, place.inside(name, digest))


def _letter(start: bytes, path: str) -> bool:
    """A letter without the name of one, as some programs and mboxes keep them."""
    return "." not in path.rpartition("/")[2].rpartition("!")[2][-6:] and looks_like_mail(start)


def _member(content: bytes, place: _Place) -> Iterator[Item | Refused]:
    """What lies in a container, as bytes."""
    place.budget.members -= 1
    place.budget.bytes -= len(content)
    if place.budget.members < 0 or place.budget.bytes < 0:
        yield Refused(path=place.path, reason="its container holds more than any honest one")
    else:
        yield from _taken_apart(sha256(content).hexdigest(), content, len(content), place)


def _mbox(file: BinaryIO, place: _Place) -> Iterator[Item | Refused]:
    for number, letter in enumerate(messages(file, LARGEST), 1):
        inside = place.inside(f"{number}.eml")
        if isinstance(letter, int):
            yield Refused(path=inside.path, reason=f"it is larger than {LARGEST >> 20} MB")
        elif place.budget.members <= 0:
            yield Refused(path=inside.path, reason=f"its container holds more than {MOST_MEMBERS} files")
            return
        else:
            yield from _member(letter, inside)


def _zip(file: io.BytesIO | io.FileIO, place: _Place) -> Iterator[Item | Refused]:
    if place.depth >= DEEPEST:
        place.budget.members -= TOO_DEEP
        yield Refused(path=place.path, reason=f"it lies more than {DEEPEST} containers deep")
        return
    try:
        opened = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        # zipfile raises NotImplementedError for compression methods that it does not know; the file is refused by name.
        yield Refused(path=place.path, reason=f"it cannot be opened as a zip ({error})")
        return
    with opened:
        members = [info for info in opened.infolist() if not info.is_dir()]
        if fault := _overlap(members) or (
            f"it has {len(members)} members, more than the {MOST_MEMBERS} that are read"
            if len(members) > place.budget.members
            else None
        ):
            yield Refused(path=place.path, reason=fault)
            return
        times = Counter(info.filename for info in members)
        for info in members:
            written = None
            with suppress(ValueError):  # a zip may say the 31st of April
                written = date(*info.date_time[:3])
            inside = place.inside(info.filename, dated=written)
            if fault := _fault(info, times[info.filename], place.budget):
                yield Refused(path=inside.path, reason=fault)
                continue
            try:
                with opened.open(info) as member:
                    digest, content, size = _taken(member, info.file_size)
            except (
                zipfile.BadZipFile,
                zlib.error,
                lzma.LZMAError,
                EOFError,
                OSError,
                RuntimeError,
                ValueError,
            ) as error:
                yield Refused(path=inside.path, reason=f"it cannot be unpacked ({error})")
                continue
            place.budget.members -= 1
            place.budget.bytes -= size
            yield from _taken_apart(digest, content, size, inside)


def _overlap(members: Sequence[zipfile.ZipInfo]) -> str | None:
    """Members that share bytes, as in a bomb; no program writes such a zip."""
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            return "its members overlap, as in a bomb"
        end = info.header_offset + 30 + info.compress_size
    return None


def _fault(info: zipfile.ZipInfo, times: int, budget: _Budget) -> str | None:
    """Why a member of a zip is not read."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return "its name leads out of its container"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link, and links are not followed"
    if times > 1:
        return f"its container has {times} files of this name"
    if info.flag_bits & 1:
        return "it is encrypted; unpack it and import what is inside"
    if info.file_size > RATIO_FROM and info.file_size > RATIO * max(info.compress_size, 1):
        return f"it unpacks to {info.file_size // max(info.compress_size, 1)} times its size, as a bomb does"
    if info.file_size > budget.bytes:
        return f"its container unpacks to more than {MOST_BYTES >> 30} GB, or to {RATIO} times its size"
    return None
