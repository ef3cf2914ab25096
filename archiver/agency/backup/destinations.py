"""Where a backup goes, and where it comes from: a file, a folder, or standard input and output."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from archiver.agency.backup.backup_file import Sink
from archiver.core.atomic_files import abandoned, open_file, owner, refuse_taken, sync_folder
from archiver.core.errors import ConfigError, machine_error
from archiver.home.settings import Home

STREAM = "-"


def place_of(home: Home, to: str) -> Path:
    """The file that a backup is written to: `to`, or a new file in it if it is a folder, named after home and moment.

    ConfigError for a file that exists, a folder that does not, and any place inside the home.
    """
    place = Path(to)
    if place.is_dir():
        place /= f"{home.root.name}-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar"
    if place.resolve().is_relative_to(home.root.resolve()):
        raise ConfigError(f"{place} is inside the home. Choose a place outside of it, on another disk.")
    if not place.parent.is_dir():
        raise ConfigError(f"There is no folder {place.parent}. Create it, or mount the disk.")
    refuse_taken(place)
    return place


@contextmanager
def written(place: Path | None) -> Iterator[Sink]:
    """A new file, which is there as a whole at the end of the block, or not at all; without a place, standard output.

    DiskFull or MachineRefused if it cannot be written.
    """
    if place is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        _sweep(place)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.{owner()}-", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            refuse_taken(place)
            Path(name).rename(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(place.parent)
    except OSError as error:
        raise machine_error(error) from error


def _sweep(place: Path) -> None:
    """Remove what killed backups left beside this file, whatever its moment."""
    beginning = "." + place.name.partition("-2")[0]
    for path in place.parent.glob(".*.tmp"):
        if path.name.startswith(beginning) and abandoned(path, time.time()):
            path.unlink(missing_ok=True)


@contextmanager
def read(source: str) -> Iterator[IO[bytes]]:
    """A backup's bytes, from a file or standard input. ConfigError if there is no such file."""
    if source == STREAM:
        yield sys.stdin.buffer
        return
    try:
        file = open_file(Path(source))
    except OSError as error:
        raise ConfigError(f"The backup {source} cannot be read: {error.strerror}. Name a backup's file.") from None
    with file:
        yield file
