"""Dates whose timestamps were checked, for words that bind a person. Lists of many licences show unchecked ones."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from archiver.archive import verify
from archiver.archive.reader import Archive
from archiver.archive.seal import strict_checker
from archiver.catalogue import views
from archiver.catalogue.index import CatalogueEntry
from archiver.core.errors import ConfigError
from archiver.home.connections import pinned_roots
from archiver.home.network import joined
from archiver.home.settings import Home


def secured_documents(home: Home, archive: Archive, entry: CatalogueEntry) -> dict[str, str | None]:
    """Since when each document of a licence is secured, as `checked_dates` says; None if not yet."""
    return views.secured(archive, entry, checked_dates(home, archive.root))


def checked_dates(home: Home, root: Path) -> verify.Dates:
    """The dates that the timestamps of the archive at `root` prove, against the roots that the home pins.

    Raises ConfigError for pinned roots that cannot be used.
    """
    state = set()
    for file in (each for name in (verify.CHECKPOINTS, "keys") for each in (root / name).glob("*")):
        with suppress(FileNotFoundError):  # a run beside it renames files
            found = file.lstat()
            state.add((file.name, found.st_size, found.st_mtime_ns))
    try:
        return _checked_dates(root, tuple(pinned_roots(home)), frozenset(state))
    except (OSError, verify.Malformed) as error:
        raise ConfigError(str(error)) from None


@lru_cache(maxsize=16)
def _checked_dates(root: Path, pinned: tuple[Path, ...], _state: frozenset[tuple[str, int, int]]) -> verify.Dates:
    return verify.checked_dates(root, joined(*pinned) if pinned else None, strict_checker())
