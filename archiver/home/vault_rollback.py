"""Detect that somebody put back an older copy of a vault, by a record outside the home.

A vault counts its own writes inside the encrypted part. This user's state folder records the highest count seen here,
so write access to the home is not enough to change it. A copy of the home at another place counts as another vault.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from archiver.core.json_files import read_record, write_json
from archiver.core.model import iso
from archiver.core.remedy import Remedy


@dataclass(frozen=True)
class SeenVault:
    """The newest seen state of a vault: its count of writes and the file's digest.

    `older` is the count of an older copy found in its place, and `noticed` the time. Both stay until a person accepts
    that copy.
    """

    vault: str
    writes: int
    sha256: str
    older: int | None = None
    noticed: str | None = None


class VaultMemory:
    """This machine's and user's record of the vault at `path`. If it cannot be saved, no error is raised."""

    def __init__(self, path: Path, key_id: str) -> None:
        import platformdirs

        self._vault = str(path.absolute())
        name = hashlib.sha256(f"{key_id} {self._vault}".encode()).hexdigest()[:32]
        self.path = platformdirs.user_state_path("archiver", appauthor=False) / "vaults" / f"{name}.json"

    def see(self, seen: SeenVault | None, writes: int, file: bytes) -> None:
        """Record a vault. `seen` is the record from before its file was read, because another process may write."""
        digest = hashlib.sha256(file).hexdigest()
        if seen is None:
            self._remember(SeenVault(self._vault, writes, digest))
        elif writes > seen.writes:
            self._remember(replace(seen, writes=writes, sha256=digest))
        elif seen.older is None and (writes, digest) != (seen.writes, seen.sha256):
            self._remember(replace(seen, older=writes, noticed=iso(datetime.now(UTC))))

    def accept(self, writes: int, file: bytes) -> None:
        """Record that a person accepts the current vault as the right one."""
        self._remember(SeenVault(self._vault, writes, hashlib.sha256(file).hexdigest()))

    @property
    def warning(self) -> str | None:
        """A warning about an older copy, with what to do; None if none was seen."""
        seen = self.seen()
        if seen is None or seen.older is None:
            return None
        return (
            f"The vault {self._vault} is older than one seen here before: it was written {seen.older} times, the "
            f"newest one {seen.writes} times (noticed {seen.noticed}). If you restored the home from a backup, accept "
            "it. Otherwise somebody put an old copy there: restore the newest vault, and change the secrets of all "
            f"accounts. {Remedy('accept the vault')}"
        )

    def seen(self) -> SeenVault | None:
        return read_record(self.path, SeenVault)

    def _remember(self, seen: SeenVault) -> None:
        with suppress(OSError):  # the user may have no state folder
            write_json(self.path, seen)
