"""Restore a home from a backup, or from a copy of its folder. It is verified before it gets its name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from tarfile import TarInfo
from typing import IO

from archiver.agency.backup.backup_file import CHUNK, READ_ONLY, BackupHead, ByteSource, read_backup
from archiver.agency.backup.home_snapshot import archives
from archiver.agency.backup.making import where_the_key_is
from archiver.archive.checking.parts import archive_words, whole_archive
from archiver.archive.ledger import last_line
from archiver.archive.reader import is_unbegun
from archiver.archive.seal import strict_checker
from archiver.core.atomic_files import open_file, owner, remove_tree, sweep_beside, sync_folder
from archiver.core.errors import ArchiverError, BackupDamaged, ConfigError, machine_error
from archiver.core.progress import Progress
from archiver.home.connections import trusted_roots
from archiver.home.contents import FOLDERS, Holds, files_in
from archiver.home.settings import Home


@dataclass(frozen=True)
class RestoredArchive:
    """An archive in the restored home: its state by the verifier, its number of lines, and the first damage."""

    client: str
    state: str
    lines: int
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class RestoredHome:
    """A restored home. `head` is what the backup says of itself. `key`: where the vault's key is, if it is here.
    `home` is None if it cannot be loaded; `fault` says why."""

    root: Path
    home: Home | None = field(repr=False)
    fault: str | None
    head: BackupHead | None
    files: int
    bytes: int
    archives: list[RestoredArchive]
    key: str | None

    @property
    def damaged(self) -> list[RestoredArchive]:
        return [each for each in self.archives if each.fault]

    def as_json(self) -> dict[str, object]:
        return {
            "home": str(self.root), "fault": self.fault, "made_at": self.head.made_at if self.head else None,
            "archiver": self.head.archiver if self.head else None, "files": self.files, "bytes": self.bytes,
            "clients": [asdict(each) for each in self.archives], "key": self.key,
        }  # fmt: skip


type Fill = Callable[[Path], tuple[BackupHead | None, int, int]]
"""Writes the files of a home into an empty folder. Returns what the backup says of itself, and the amount."""


def restore(fill: Fill, target: Path, progress: Progress) -> RestoredHome:
    """Make a home at `target`, which must not exist, or be an empty folder. It is there as a whole, or not at all.

    ConfigError if something is there, or the files are no home; BackupDamaged; DiskFull or MachineRefused.
    """
    target = target.absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target} is not empty. Nothing is overwritten. Name a new folder.")
    try:
        with _built(target) as place:
            head, files, size = fill(place)
            for each in FOLDERS:
                (place / each).mkdir(exist_ok=True, mode=0o700)
            if not (place / "archiver.yaml").is_file():
                raise ConfigError("That is no home: it has no archiver.yaml. Name a backup or a copy of a home.")
            there = [each for each in archives(place) if not is_unbegun(each)]
            home, _ = _loaded(place)
            found = [_verified(home, each, progress) for each in there]
        home, fault = _loaded(target)
        return RestoredHome(
            head=head, files=files, bytes=size, archives=found, root=target, home=home, fault=fault,
            key=where_the_key_is(target / "vault.enc"),
        )  # fmt: skip
    except OSError as error:
        raise machine_error(error) from error


def _loaded(root: Path) -> tuple[Home | None, str | None]:
    """The home, or why it cannot be loaded: its settings may name files that were outside of it."""
    try:
        return Home.load(root), None
    except ConfigError as error:
        return None, str(error)


@contextmanager
def _built(target: Path) -> Iterator[Path]:
    """A folder beside the target, which gets its name at the end of the block; after an error, it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep_beside(target)
    place = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.{owner()}-", suffix=".tmp"))
    try:
        yield place
        if hasattr(os, "sync"):
            os.sync()  # once for all files
        with suppress(FileNotFoundError):
            target.rmdir()  # it is empty
        place.rename(target)
        sync_folder(target.parent)
    except BaseException:
        remove_tree(place)
        raise


def from_backup(source: ByteSource, progress: Progress) -> Fill:
    """Fill a folder from a backup."""

    def fill(place: Path) -> tuple[BackupHead, int, int]:
        done = 0

        def take(name: str, entry: TarInfo, file: IO[bytes]) -> str:
            nonlocal done
            try:
                digest = _write(place / name, file, read_only=not entry.mode & 0o200, changed=entry.mtime)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise BackupDamaged(f"{name} is both a file and a folder") from None
            done += 1
            progress("files", done, None)
            return digest

        content = read_backup(source, take, lambda name: _forget(place, name))
        return content.head, len(content.files), sum(content.files.values())

    return fill


def from_folder(source: Path, progress: Progress) -> Fill:
    """Fill a folder from a copy of a home, as another program made it, without what belongs to caches."""

    def fill(place: Path) -> tuple[None, int, int]:
        if place.is_relative_to(source.resolve()):
            raise ConfigError(f"{place.parent} is inside {source}. Name a folder elsewhere.")
        done = size = 0
        for each in files_in(source):
            if each.kind.holds is Holds.CACHE:
                continue
            path = source / each.name
            with open_file(path) as file:
                status = os.fstat(file.fileno())
                _write(place / each.name, file, read_only=not status.st_mode & 0o200, changed=status.st_mtime)
            done, size = done + 1, size + status.st_size
            progress("files", done, None)
        return None, done, size

    return fill


def _write(path: Path, file: IO[bytes], *, read_only: bool, changed: float) -> str:
    """Write a file for this user only, in place of an earlier one. Returns its SHA-256."""
    _make_folder(path.parent)
    if path.is_file():
        path.unlink()
    digest = sha256()
    with path.open("xb") as copy:
        while data := file.read(CHUNK):
            digest.update(data)
            copy.write(data)
        if not hasattr(os, "sync"):
            copy.flush()
            os.fsync(copy.fileno())
    os.utime(path, (changed, changed))
    path.chmod(READ_ONLY if read_only else 0o600)
    return digest.hexdigest()


def _forget(place: Path, name: str) -> None:
    """Remove a file, and the folders that are empty then: OCFL allows none."""
    (place / name).unlink()
    with suppress(OSError):  # one that is not empty
        for folder in (place / name).parents:
            folder.rmdir()


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)


def _verified(home: Home | None, root: Path, progress: Progress) -> RestoredArchive:
    """Verify an archive of a home that has no name yet, every byte of it."""
    for each in ("staging", "ledger/checkpoints"):
        (root / each).mkdir(parents=True, exist_ok=True)
    roots = trusted_roots(home) if home else None
    try:
        report = whole_archive.verify_archive(
            root, roots, checker=strict_checker(), progress=partial(progress, f"{root.name}: verified"),
        )  # fmt: skip
    except (archive_words.Malformed, ArchiverError) as error:
        return RestoredArchive(root.name, archive_words.DAMAGED, 0, str(error))
    fault = next((str(each) for each in report.findings if each.damage), None)
    last = last_line(root / archive_words.LEDGER)
    return RestoredArchive(root.name, report.state, last.seq + 1 if last else 0, fault)
