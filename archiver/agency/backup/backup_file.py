"""The format of a backup: a tar file that any program unpacks, with a list of SHA-256 digests at its end.

backup.json             first: the format, the version of this program, when it was made, and the home's name
home/...                the files of the home
manifest-sha256.txt     last: each file's digest and path, as `sha256sum -c` reads it

A file counts only if the list names it: an object that was erased while the backup was made is in the file, but not in
the list. A backup without its list is torn.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, Self, cast

from archiver import __version__
from archiver.core.errors import BackupDamaged, ConfigError

FORMAT = "archiver-backup-1"
HEAD, BELOW, MANIFEST = "backup.json", "home/", "manifest-sha256.txt"
MAX_HEAD_BYTES, MAX_MANIFEST_BYTES = 1 << 16, 1 << 31
CHUNK = 1 << 20
READ_ONLY, OWN = 0o444, 0o600  # the modes of files in a home
_LINE = re.compile(r"(\\?)([0-9a-f]{64})  (.+)", re.DOTALL)
_ESCAPED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}  # in a list of digests, as coreutils do
_UNSAFE = re.compile(r"[\\:\0]" if os.name == "nt" else r"\0")


class Sink(Protocol):
    """Where the bytes of a backup go."""

    def write(self, data: bytes, /) -> object: ...


class ByteSource(Protocol):
    """Where the bytes of a backup come from; nothing at its end."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class BackupHead:
    """What a backup says of itself. `made_at` is UTC, `home` the name of the home's folder."""

    made_at: str
    home: str
    archiver: str = __version__
    format: str = FORMAT


@dataclass(frozen=True)
class FilePart:
    """The beginning of a file: so many bytes."""

    path: Path
    size: int


@dataclass(frozen=True)
class BackupFile:
    """A file to back up: its path below the home, its content, and its mode and time (seconds since 1970)."""

    name: str
    content: bytes | FilePart
    mode: int = OWN
    changed: float = 0.0

    @property
    def size(self) -> int:
        return self.content.size if isinstance(self.content, FilePart) else len(self.content)

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        if isinstance(self.content, bytes):
            yield io.BytesIO(self.content)
        else:
            with self.content.path.open("rb") as file:
                yield file


class _Hashed:
    """Reads a file and hashes what is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class BackupWriter:
    """Writes a backup to a sink. It is complete at the end of the `with` block, and torn if an error ends that."""

    def __init__(self, sink: Sink, head: BackupHead) -> None:
        self._digests: dict[str, str] = {}
        self._stream = _Stream(sink)
        stream = cast("IO[bytes]", self._stream)  # of which a stream's writer needs only `write`
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, bufsize=CHUNK)  # noqa: SIM115  # `__exit__` ends it
        self._add(HEAD, BackupFile(HEAD, json.dumps(asdict(head), indent=1).encode() + b"\n"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self._stream.end()
            return
        lines = "".join(_line(name, digest) for name, digest in sorted(self._digests.items()))
        self._add(MANIFEST, BackupFile(MANIFEST, lines.encode("utf-8", "surrogateescape")))
        self._tar.close()

    def add(self, file: BackupFile) -> None:
        self._digests[BELOW + file.name] = self._add(BELOW + file.name, file)

    def withdraw(self, folder: str) -> int:
        """Leave all files below this folder out of the list. Returns their number."""
        gone = [name for name in self._digests if name.startswith(f"{BELOW}{folder}/")]
        for name in gone:
            del self._digests[name]
        return len(gone)

    def _add(self, name: str, file: BackupFile) -> str:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = file.size, file.mode, file.changed
        with file.opened() as content:
            hashed = _Hashed(content)
            self._tar.addfile(entry, cast("IO[bytes]", hashed))
        _forget(self._tar)
        return hashed.hexdigest()


def _forget(tar: tarfile.TarFile) -> None:
    """Forget the entries so far, all of which a tar file keeps in memory."""
    vars(tar)["members"].clear()


class _Stream:
    """What tarfile writes to, also when it is forgotten unfinished."""

    def __init__(self, sink: Sink) -> None:
        self._sink: Sink | None = sink

    def write(self, data: bytes) -> int:
        if self._sink:
            self._sink.write(data)
        return len(data)

    def end(self) -> None:
        self._sink = None


@dataclass
class BackupContent:
    """What was read of a backup: its head, and each file that counts with its size."""

    head: BackupHead
    files: dict[str, int] = field(default_factory=dict)


type TakeFile = Callable[[str, tarfile.TarInfo, IO[bytes]], str]
"""Gets a file's path below the home, what the tar file says of it, and its content. Returns the content's SHA-256."""


def read_backup(source: ByteSource, take: TakeFile, forget: Callable[[str], None] = lambda _: None) -> BackupContent:
    """Read a backup to its end, and hand each file to `take`; then those that do not count to `forget`.

    BackupDamaged if anything is not as it was written, or if it holds what a backup never holds: links, devices, or
    paths that lead elsewhere. ConfigError for what is no backup, or one of a later format.
    """
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|", bufsize=CHUNK) as tar:
            head = _head(tar)
            content, digests, listed = BackupContent(head), dict[str, str](), None
            while (entry := tar.next()) is not None:
                _forget(tar)
                if listed is not None:
                    raise BackupDamaged(f"{entry.name!r} comes after its list of files")
                file = _file(tar, entry)
                if entry.name == MANIFEST:
                    listed = _listed(entry, file)
                    continue
                name = _safe(entry.name)
                digests[name], content.files[name] = take(name, entry, file), entry.size
        while source.read(CHUNK):
            pass  # so that the end of an encrypted one is checked, and a program that writes it is not cut off
    except (tarfile.TarError, EOFError, UnicodeError, ValueError, OverflowError) as error:
        raise BackupDamaged(f"it is torn, or no tar file any more ({error})") from None
    if listed is None:
        raise BackupDamaged("its end is missing")
    _compare(digests, listed)
    for name in digests.keys() - listed.keys():
        del content.files[name]
        forget(name)
    return content


def _head(tar: tarfile.TarFile) -> BackupHead:
    entry = tar.next()
    if entry is None or entry.name != HEAD or not entry.isreg() or entry.size > MAX_HEAD_BYTES:
        raise ConfigError("This is not a backup of this program: it does not begin with backup.json.")
    said = json.loads(_file(tar, entry).read())
    if not isinstance(said, dict) or not isinstance(made := said.get("format"), str):
        raise BackupDamaged("its backup.json does not say its format")
    if made != FORMAT:
        raise ConfigError(
            f"Another version of this program made this backup ({made}, archiver {said.get('archiver')}). Install that "
            "version or a later one, and restore with it. Nothing was changed."
        )
    return BackupHead(**{key: str(said.get(key)) for key in ("made_at", "home", "archiver", "format")})


def _file(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None
    if file is None:
        raise BackupDamaged(f"{entry.name!r} is a link, a device or a folder; a backup holds only files")
    return file


def _safe(name: str) -> str:
    """The path below the home; BackupDamaged if it leads elsewhere."""
    path = PurePosixPath(name.removeprefix(BELOW))
    if (
        not name.startswith(BELOW) or path.as_posix() != name.removeprefix(BELOW) or path.is_absolute()
        or not path.parts or any(each == ".." or _UNSAFE.search(each) for each in path.parts)
    ):  # fmt: skip
        raise BackupDamaged(f"{name!r} is not the path of a file in a home")
    return path.as_posix()


def _listed(entry: tarfile.TarInfo, file: IO[bytes]) -> dict[str, str]:
    if entry.size > MAX_MANIFEST_BYTES:
        raise BackupDamaged("its list of files is too large")
    found = dict[str, str]()
    for line in file.read().decode("utf-8", "surrogateescape").split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        if not match:
            raise BackupDamaged("its list of files is not valid")
        found[_safe(_unescaped(match[3]) if match[1] else match[3])] = match[2]
    return found


def _line(name: str, digest: str) -> str:
    escaped = "".join(_ESCAPED.get(each, each) for each in name)
    return f"{'' if escaped == name else chr(92)}{digest}  {escaped}\n"


def _unescaped(name: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), name)


def _compare(digests: dict[str, str], listed: dict[str, str]) -> None:
    missing = sorted(listed.keys() - digests.keys())
    if missing:
        raise BackupDamaged(f"{missing[0]} is missing{more(missing)}")
    if changed := sorted(name for name, digest in listed.items() if digests[name] != digest):
        raise BackupDamaged(f"{changed[0]} is not what was backed up{more(changed)}")


def more(names: list[str]) -> str:
    return f", and {len(names) - 1} more" if len(names) > 1 else ""
