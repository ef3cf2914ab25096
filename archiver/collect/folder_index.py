"""What a folder source remembers of each file: its size and time, its digest, and what it was. It may vanish."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

_SCHEMA = """
create table if not exists file (
  path text primary key, size integer not null, mtime_ns integer not null, sha256 text not null, kind text not null,
  assets text not null, note text not null
) without rowid;
create index if not exists file_sha256 on file (sha256) where sha256 <> '';
pragma user_version = 1;
"""


class FileKind(StrEnum):
    """What a file was: part of a licence, stock without a licence, a paper that no reader knows, unreadable, or nothing
    of these.
    """

    LICENCE = "licence"
    STOCK = "stock"
    UNREAD = "unread"
    REFUSED = "refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file. `assets` are the assets that it speaks of, `platform:id`, separated by blanks."""

    path: str
    size: int
    mtime_ns: int
    sha256: str = ""
    kind: FileKind = FileKind.OTHER
    assets: str = ""
    note: str = ""


class FolderIndex:
    """The index of one folder source, in a file; a context manager. A dry run opens it and writes nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._open()
        except sqlite3.DatabaseError:  # damaged; all files are read again
            for path in self._path.parent.glob(f"{self._path.name}*"):  # with its journal
                path.unlink()
            self._open()
        return self

    def _open(self) -> None:
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.executescript(f"pragma journal_mode = wal; pragma synchronous = normal; {_SCHEMA}")

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def files(self) -> dict[str, tuple[int, int]]:
        """Size and time of every file, by path."""
        return {path: (size, at) for path, size, at in self._database.execute("select path, size, mtime_ns from file")}

    def by_digest(self, sha256: str) -> IndexedFile | None:
        """A file with these bytes."""
        with closing(self._database.execute("select * from file where sha256 = ? and sha256 <> ''", (sha256,))) as rows:
            found = rows.fetchone()
        return _file(found) if found else None

    def of_kinds(self, *kinds: FileKind) -> Iterator[IndexedFile]:
        places = ", ".join("?" * len(kinds))
        query = f"select * from file where kind in ({places}) order by path"  # noqa: S608  # question marks only
        yield from map(_file, self._database.execute(query, kinds))

    def keep(self, files: Iterable[IndexedFile]) -> None:
        rows = [(f.path, f.size, f.mtime_ns, f.sha256, f.kind.value, f.assets, f.note) for f in files]
        self._change("insert or replace into file values (?, ?, ?, ?, ?, ?, ?)", rows)

    def drop(self, paths: Iterable[str]) -> None:
        self._change("delete from file where path = ?", [(path,) for path in paths])

    def forget(self) -> None:
        """Keep the files' names alone, by which a share that is gone is noticed; none of them counts as read."""
        self._change("update file set size = ?, sha256 = ''", [(-1,)])

    def _change(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._database.execute("begin")
        self._database.executemany(statement, rows)
        self._database.execute("commit")


def _file(row: tuple[str, int, int, str, str, str, str]) -> IndexedFile:
    path, size, mtime_ns, sha256, kind, assets, note = row
    return IndexedFile(path, size, mtime_ns, sha256, FileKind(kind), assets, note)
