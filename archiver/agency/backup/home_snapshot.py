"""All files of a home for a backup, read while runs work.

The order makes the parts fit together. First comes what remembers and refers: `state/` and `work/`. Then the archives,
each as it was at one of its ledger lines (`archive.snapshot`), so that they have at least what was remembered of them.
Last come the settings, the users and the vault, while nobody may change them: so no archive lacks its client or key.
"""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from archiver.agency.backup.backup_file import OWN, READ_ONLY, BackupFile, FilePart
from archiver.archive.snapshot import SnapshotFile, Withdrawn, snapshot_or_as_it_is
from archiver.core.atomic_files import read_file, scratch_folder
from archiver.core.errors import VaultLocked
from archiver.home import settings_edit, vault
from archiver.home.contents import OTHER, Holds, HomeFile, files_in, named_files
from archiver.home.settings import Home

MAX_BYTES_IN_MEMORY = 8 << 20  # of a file; larger ones are read while they are written
MAX_KEY_BYTES = 200
HELD = (Holds.SETTINGS, Holds.VAULT, Holds.USERS)
"""What is read at the end, while nobody may change it."""


@dataclass
class HomeSnapshot:
    """Reads a home. `faults` are sentences about what is damaged, `left_out` about files that are not in the backup."""

    home: Home
    faults: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def parts(self) -> Iterator[BackupFile | Withdrawn]:
        """Yield all files but caches and keys of vaults. Folders of clients are `archive/<client>/...`."""
        with scratch_folder("backup") as scratch:
            root = self.home.root
            found = [each for each in files_in(root, evidence=False) if each.kind.holds is not Holds.CACHE]
            yield from self._files((each for each in found if each.kind.holds not in HELD), scratch)
            for archive in archives(root):
                yield from self._archive(archive)
            with _unchanged(self.home):
                now = files_in(root, evidence=False)
                held = [*self._files((each for each in now if each.kind.holds in HELD), scratch)]
            yield from held
            for path in sorted(named_files(root)):
                if path.is_file() and not path.is_relative_to(root):
                    self.left_out.append(
                        f"{path} is outside the home, though the settings name it. Move it into the home."
                    )

    def _files(self, files: Iterator[HomeFile], scratch: Path) -> Iterator[BackupFile]:
        for each in files:
            path = self.home.root / each.name
            if each.kind is OTHER and _is_key(path):
                self.left_out.append(f"{each.name} holds a vault's key. Move it out of the home.")
                continue
            with suppress(FileNotFoundError):  # removed meanwhile
                status = path.stat()
                content = _content(path, status.st_size, scratch)
                yield BackupFile(each.name, content, _mode(status.st_mode), status.st_mtime)

    def _archive(self, root: Path) -> Iterator[BackupFile | Withdrawn]:
        place, faults, now = f"archive/{root.name}", list[str](), root.stat().st_mtime
        for part in snapshot_or_as_it_is(root, faults):
            if isinstance(part, SnapshotFile):
                content = FilePart(root / part.name, part.content) if isinstance(part.content, int) else part.content
                yield BackupFile(f"{place}/{part.name}", content, archive_mode(part.name), now)
            else:
                yield Withdrawn(f"{place}/{part.folder}")
        self.faults += [f"{root.name}: {each}" for each in faults]


def archives(root: Path) -> list[Path]:
    """The folders of the archives below a home, also of clients that its settings do not name."""
    return sorted(each for each in (root / "archive").glob("*") if each.is_dir())


def archive_mode(name: str) -> int:
    """The mode of an archive's file, by its path below the archive."""
    return READ_ONLY if name.startswith(("evidence/", "ledger/checkpoints/")) else OWN


def _mode(mode: int) -> int:
    return OWN if stat.S_IMODE(mode) & stat.S_IWUSR else READ_ONLY


def _content(path: Path, size: int, scratch: Path) -> bytes | FilePart:
    """The content of a file: of a log, up to its last whole line; of a database, as at one moment."""
    if path.suffix == ".sqlite":
        with suppress(sqlite3.Error):  # damaged: as it is
            return _database(path, scratch / f"{len(list(scratch.iterdir()))}.sqlite")
    if path.suffix != ".jsonl" and size > MAX_BYTES_IN_MEMORY:
        return FilePart(path, size)
    data = read_file(path)
    return data[: data.rfind(b"\n") + 1] if path.suffix == ".jsonl" else data


def _database(path: Path, copy: Path) -> FilePart:
    with (
        closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # else a reader would need files beside it
    return FilePart(copy, copy.stat().st_size)


def _is_key(path: Path) -> bool:
    """Whether a file holds a vault's key, which must not lie in a backup beside the vault."""
    named = vault.key_file()
    with suppress(OSError):
        if named and named.exists() and path.samefile(named):
            return True
        if path.stat().st_size <= MAX_KEY_BYTES:
            with suppress(VaultLocked, UnicodeDecodeError):
                vault.checked_key(read_file(path).decode(), "")
                return True
    return False


def _unchanged(home: Home) -> ExitStack:
    """Hold the settings and the vault. On a read-only disk, nobody changes them anyway."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(settings_edit.unchanged(home.root))
            if home.vault.exists():
                stack.enter_context(vault.unchanged(home.vault))
        return stack.pop_all()
