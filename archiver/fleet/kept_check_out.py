"""A check-out in one compressed file, as the database keeps it for the next one: a cache."""

from __future__ import annotations

import gzip
import io
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

from archiver.archive.checking.parts import archive_words
from archiver.fleet.publisher import is_single
from archiver.home.settings import Home

COMPRESSION_LEVEL = 1
INDEX = "catalogue.sqlite"


def files_outside_objects(root: Path) -> list[str]:
    """The files of an archive outside objects and the ledger. Folders of objects are not opened."""
    parts = [each for each in root.glob("*") if each.is_dir() and not each.is_symlink() and each.name != "staging"]
    folders = [root, *parts, *(folder for folder, _, _ in (root / archive_words.CHECKPOINTS).walk())]
    found = [path.relative_to(root).as_posix() for folder in folders for path in folder.glob("*") if path.is_file()]
    return [each for each in found if is_single(each)]


def packed(home: Home, client: str) -> bytes:
    """The archive without documents, and its index, in one compressed file."""
    root, made = home.archive(client), io.BytesIO()
    with (
        gzip.GzipFile(fileobj=made, mode="wb", compresslevel=COMPRESSION_LEVEL, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w|") as tar,
    ):
        for name in [archive_words.LEDGER, *files_outside_objects(root)]:
            tar.add(root / name, f"archive/{name}")
        if home.catalogue(client).exists():
            _add_index(tar, home.catalogue(client))
    return made.getvalue()


def _add_index(tar: tarfile.TarFile, path: Path) -> None:
    copy = path.with_suffix(".copy")
    with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there)
    tar.add(copy, INDEX)
    copy.unlink()


def unpack(home: Home, client: str, content: bytes) -> None:
    root = home.archive(client)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is None:
                continue
            name = member.name.removeprefix("archive/")
            if member.name == INDEX:
                home.catalogue(client).parent.mkdir(parents=True, exist_ok=True)
                home.catalogue(client).write_bytes(file.read())
            elif name == archive_words.LEDGER or (is_single(name) and ".." not in name.split("/")):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(file.read())
