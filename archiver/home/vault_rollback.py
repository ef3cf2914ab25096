"""Noticing that an older copy of a vault was put back: what was last seen of it, kept outside of the home.

A vault counts its own writes, inside what is encrypted. This user's state folder remembers the highest count that was
seen here, so whoever may write to the home cannot change it. A copy of the home at another place is another vault.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from archiver.core.atomic_files import replace_file
from archiver.core.model import iso


@dataclass(frozen=True)
class SeenVault:
    """The newest state of a vault: how often it was written, and the file's digest. `older` is the count of a copy that
    was found in its place, and `noticed` when; they stay until a person accepts that copy."""

    vault: str
    writes: int
    sha256: str
    older: int | None = None
    noticed: str | None = None


class VaultMemory:
    """What this machine and user remember of the vault at `path`. Nothing is raised where nothing can be remembered."""

    def __init__(self, path: Path, key_id: str) -> None:
        import platformdirs

        self._vault = str(path.absolute())
        name = hashlib.sha256(f"{key_id} {self._vault}".encode()).hexdigest()[:32]
        self.path = platformdirs.user_state_path("archiver", appauthor=False) / "vaults" / f"{name}.json"

    def see(self, seen: SeenVault | None, writes: int, file: bytes) -> None:
        """Take in a vault; `seen` is what was remembered before its file was read, since another process may write."""
        digest = hashlib.sha256(file).hexdigest()
        if seen is None:
            self._remember(SeenVault(self._vault, writes, digest))
        elif writes > seen.writes:
            self._remember(replace(seen, writes=writes, sha256=digest))
        elif seen.older is None and (writes, digest) != (seen.writes, seen.sha256):
            self._remember(replace(seen, older=writes, noticed=iso(datetime.now(UTC))))

    def accept(self, writes: int, file: bytes) -> None:
        """A person says that the vault as it lies there is the right one."""
        self._remember(SeenVault(self._vault, writes, hashlib.sha256(file).hexdigest()))

    @property
    def warning(self) -> str | None:
        """What is to be told of an older copy, and what to do; None where none was seen."""
        seen = self.seen()
        if seen is None or seen.older is None:
            return None
        return (
            f"The vault {self._vault} is not the newest one that was seen here: it was written {seen.older} times, the "
            f"newest one {seen.writes} times (noticed {seen.noticed}). If you restored the home from a backup, say so "
            "once: `archiver doctor --vault-restored`. Otherwise somebody put an old copy there: bring the newest one "
            "back, and change the secrets of all accounts."
        )

    def seen(self) -> SeenVault | None:
        with suppress(OSError, ValueError, TypeError):
            return SeenVault(**json.loads(self.path.read_bytes()))
        return None

    def _remember(self, seen: SeenVault) -> None:
        with suppress(OSError):  # a user without a folder of their own: `doctor` says so
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(self.path, json.dumps(asdict(seen)).encode())
