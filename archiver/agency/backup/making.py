"""Make a backup of a home, and check one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tarfile import TarInfo
from typing import IO

from archiver.agency.backup.backup_file import (
    CHUNK,
    BackupContent,
    BackupFile,
    BackupHead,
    BackupWriter,
    ByteSource,
    Sink,
    read_backup,
)
from archiver.agency.backup.home_snapshot import HomeSnapshot
from archiver.archive.snapshot import Withdrawn
from archiver.core.errors import VaultLocked
from archiver.core.model import iso
from archiver.core.progress import Progress
from archiver.home.contents import OTHER, kind_of
from archiver.home.reliance import LAST_BACKUP, note
from archiver.home.settings import Home
from archiver.home.vault import Vault, locate_key


@dataclass
class Amount:
    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.files, self.bytes = self.files + 1, self.bytes + size


@dataclass(frozen=True, kw_only=True)
class BackupResult:
    """What a backup holds. `holds` has the amount of each class of `home.contents.Holds`; `faults` are sentences about
    what is damaged in the home, `left_out` about files that are not in the backup; `key` says where the vault's key is.
    """

    backup: str
    made_at: str
    clients: list[str]
    holds: Mapping[str, Amount]
    faults: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    key: str | None = None

    @property
    def total(self) -> Amount:
        return Amount(sum(each.files for each in self.holds.values()), sum(each.bytes for each in self.holds.values()))

    def as_json(self) -> dict[str, object]:
        return asdict(self) | asdict(self.total)


def back_up(home: Home, sink: Sink, place: str, progress: Progress) -> BackupResult:
    """Write a backup of the home to a sink. Runs may work meanwhile, and the home stays as it is."""
    made_at, snapshot = str(iso(datetime.now(UTC))), HomeSnapshot(home)
    sizes = dict[str, int]()
    with BackupWriter(sink, BackupHead(made_at, home.root.name)) as writer:
        for part in snapshot.parts():
            if isinstance(part, Withdrawn):
                writer.withdraw(part.folder)
                sizes = {name: size for name, size in sizes.items() if not name.startswith(f"{part.folder}/")}
            else:
                writer.add(part)
                sizes[part.name] = part.size
                progress("files", len(sizes), None)
    return _described(
        sizes, place, made_at, faults=snapshot.faults, left_out=snapshot.left_out, key=where_the_key_is(home.vault)
    )


def note_made(home: Home, made_at: str) -> None:
    """Note in the home that there is a backup of it, as it was at this moment."""
    note(home, "backup", {LAST_BACKUP: None}, datetime.fromisoformat(made_at))


def would_back_up(home: Home, place: str) -> BackupResult:
    """What a backup of the home would hold now."""
    snapshot, sizes = HomeSnapshot(home), dict[str, int]()
    for part in snapshot.parts():
        if isinstance(part, BackupFile):
            sizes[part.name] = part.size
    return _described(
        sizes, place, str(iso(datetime.now(UTC))), faults=snapshot.faults, left_out=snapshot.left_out,
        key=where_the_key_is(home.vault),
    )  # fmt: skip


def check_backup(source: ByteSource, place: str, progress: Progress) -> tuple[BackupResult, BackupContent]:
    """Read a backup whole and compare every file with its digest. Errors as of `read_backup`."""
    seen = 0

    def take(_name: str, _entry: TarInfo, file: IO[bytes]) -> str:
        nonlocal seen
        digest = sha256()
        while data := file.read(CHUNK):
            digest.update(data)
        seen += 1
        progress("files", seen, None)
        return digest.hexdigest()

    content = read_backup(source, take)
    return _described(content.files, place, content.head.made_at), content


def _described(
    sizes: Mapping[str, int], place: str, made_at: str, *, faults: list[str] | None = None,
    left_out: list[str] | None = None, key: str | None = None,
) -> BackupResult:  # fmt: skip
    holds = dict[str, Amount]()
    for name, size in sizes.items():
        kind = kind_of(name) or OTHER
        holds.setdefault(kind.holds.value, Amount()).add(size)
    clients = sorted({name.split("/")[1] for name in sizes if name.startswith("archive/")})
    return BackupResult(
        backup=place, made_at=made_at, clients=clients, holds=dict(sorted(holds.items())), faults=faults or [],
        left_out=left_out or [], key=key,
    )  # fmt: skip


def where_the_key_is(path: Path) -> str | None:
    """In words, where the key of the vault at `path` is; None if it is not here, or there is no vault."""
    if not path.exists():
        return None
    try:
        key, place = locate_key(interactive=False)
        Vault(path, key).content()
    except VaultLocked:
        return None
    return place
