"""What imports remember of files that are no papers, so that these are not read again while they are the same.

A file is the same by its size, times and inode. What was judged counts while the rules and the programs at hand are the
same. Only the recognition is remembered, which depends on nothing else; the plan is made anew each time, so a licence
that came later still binds its pictures. The file may vanish: then all files are read again.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from shutil import which
from typing import Self

import archiver
from archiver.collect.recognition import ClassifiedFile
from archiver.core.atomic_files import read_file
from archiver.reading.certificates import Sure
from archiver.reading.filenames import NamedAsset
from archiver.reading.fingerprint import Fingerprint

FILE = "judged.sqlite"
MAX_FILES = 2_000_000  # beyond which all are forgotten
SETTLE_S = 2.0  # a file that changed so recently may change again within the clock's tick
PROGRAMS = ("tesseract", "pdftoppm", "exiftool")

_SCHEMA = """
create table if not exists judged_by (what text not null);
create table if not exists file (
  device integer not null, inode integer not null, path text not null, state text not null, seen text not null,
  primary key (device, inode)
) without rowid;
"""
_PLAIN = ("path", "sha256", "size", "what", "media_type", "within", "platform", "file")  # fields that JSON has


@cache
def judged_by() -> str:
    """The rules and the programs by which files are judged, as a digest."""
    root = Path(archiver.__file__).parent
    sources = sorted(each for room in ("reading", "collect", "core") for each in (root / room).rglob("*.[py]*"))
    digest = sha256()
    for path in sources:
        if path.suffix in (".py", ".yaml"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(json.dumps([which(each) for each in PROGRAMS]).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _State:
    """A file on disk as it was before it was read."""

    place: Path
    device: int
    inode: int
    state: str


class JudgedFiles:
    """The files that imports from `roots` judged, in a file of a home; a context manager.

    `is_new` is asked for each file; for one that is not, `take` gives what it was. `add` is told of each file that was
    read; what may be remembered is written at the end, if `keeps`.
    """

    def __init__(self, path: Path, roots: Sequence[Path], *, keeps: bool) -> None:
        self._path, self._keeps = path, keeps
        self._roots = [root.resolve() for root in roots]
        self._states: dict[str, _State] = {}
        self._judged: dict[str, Sequence[ClassifiedFile]] = {}
        self._sources: dict[str, Path] = {}
        self._reading: list[ClassifiedFile] = []
        self._rows: list[tuple[int, int, str, str, str]] = []

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._open()
        except sqlite3.DatabaseError:  # damaged
            for path in self._path.parent.glob(f"{self._path.name}*"):
                path.unlink()
            self._open()
        return self

    def _open(self) -> None:
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.executescript(f"pragma journal_mode = wal; pragma synchronous = normal; {_SCHEMA}")
        [files] = self._database.execute("select count(*) from file").fetchone()
        if self._database.execute("select what from judged_by").fetchall() != [(judged_by(),)] or files > MAX_FILES:
            self._database.executescript("begin; delete from file; delete from judged_by;")
            self._database.execute("insert into judged_by values (?)", (judged_by(),))
            self._database.execute("commit")

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if self._keeps and error is None:
            self._settle()
            self._database.execute("begin")
            self._database.executemany("insert or replace into file values (?, ?, ?, ?, ?)", self._rows)
            self._database.execute("commit")
        self._database.close()

    def is_new(self, path: str, state: os.stat_result) -> bool:
        """Whether a file, by its path as the walk shows it, has to be read."""
        now = f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
        key = (state.st_dev, state.st_ino)
        found = self._database.execute("select path, state, seen from file where device = ? and inode = ?", key)
        if (row := found.fetchone()) and row[:2] == (path, now):
            files = [_read(each) for each in json.loads(row[2])]
            self._judged[path] = files
            if any(each.fingerprint or each.what == "media" for each in files) and (place := self._place(path, state)):
                self._sources |= {each.sha256: place for each in files}
            return False
        if time.time() - state.st_mtime > SETTLE_S and (place := self._place(path, state)):
            self._states[path] = _State(place, *key, now)
        return True

    def take(self, path: str) -> Sequence[ClassifiedFile]:
        """What a file that is not new was judged as, with what lies in it."""
        return self._judged.pop(path, ())

    def add(self, seen: ClassifiedFile) -> None:
        """Remember a file that was read. All that lies in one file on disk comes one after the other."""
        if self._reading and self._reading[0].whole != seen.whole:
            self._settle()
        self._reading.append(seen)

    def _settle(self) -> None:
        files, self._reading = self._reading, []
        state = self._states.pop(files[0].whole, None) if files else None
        if state and _may_be_remembered(files):
            written = json.dumps([_written(each) for each in files], ensure_ascii=False)
            self._rows.append((state.device, state.inode, files[0].whole, state.state, written))

    def content(self, digest: str) -> bytes | None:
        """The bytes of a remembered file that the archive needs after all; None if they are there no longer."""
        place = self._sources.get(digest)
        content = read_file(place) if place else None
        return content if content is not None and sha256(content).hexdigest() == digest else None

    def _place(self, path: str, state: os.stat_result) -> Path | None:
        """Where a file is; None for a name that the walk does not show as it is."""
        for root in self._roots:
            place = root.parent / path
            try:
                found = place.lstat()
            except (OSError, ValueError):
                continue
            if (found.st_dev, found.st_ino) == (state.st_dev, state.st_ino):
                return place
        return None


def _may_be_remembered(files: Iterable[ClassifiedFile]) -> bool:
    """Whether what lies in one file is no paper and was read without trouble.

    A picture by itself may be bound later; it is read again then. One in a container could not be.
    """
    files = list(files)
    if any(each.refused or each.note or each.paper or each.proposal or each.sign or each.marked for each in files):
        return False
    alone = len(files) == 1 and files[0].path == files[0].whole and not files[0].is_letter
    return alone or all(each.says_nothing or each.is_letter for each in files)


def _written(seen: ClassifiedFile) -> dict[str, object]:
    found: dict[str, object] = {name: value for name in _PLAIN if (value := getattr(seen, name))}
    if seen.dated:
        found["dated"] = seen.dated.isoformat()
    if seen.named:
        found["named"] = [[each.platform, each.asset_id, each.sure.value, each.quote] for each in seen.named]
    if look := seen.fingerprint:
        found["fingerprint"] = [look.width, look.height, look.hash.hex(), look.mirrored.hex(), look.flat]
    if seen.origin:
        found["origin"] = seen.origin
    return found


def _read(written: dict[str, object]) -> ClassifiedFile:
    look: Fingerprint | None = None
    match written.pop("fingerprint", None):
        case [int(width), int(height), str(own), str(mirrored), bool(flat)]:
            look = Fingerprint(width, height, bytes.fromhex(own), bytes.fromhex(mirrored), flat)
    named, dated = written.pop("named", ()), written.pop("dated", None)
    assert isinstance(named, list | tuple)
    plain: dict[str, object] = {"size": 0, **written}
    return ClassifiedFile(
        **plain,  # type: ignore[arg-type]  # as `_written` has them
        fingerprint=look,
        dated=date.fromisoformat(str(dated)) if dated else None,
        named=tuple(NamedAsset(platform, number, Sure(sure), quote) for platform, number, sure, quote in named),
    )
