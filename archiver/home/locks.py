"""A lock file that says who holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from archiver.core.atomic_files import read_file, replace_file, this_process
from archiver.core.errors import ArchiveBusy


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file that says who holds it; ArchiveBusy names the holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = path.with_suffix(".holder")
    try:
        with FileLock(path, timeout=0):
            replace_file(holder, this_process().encode())
            yield
    except Timeout:
        who = read_file(holder).decode() if holder.exists() else "another process"
        raise ArchiveBusy(f"{who} holds it") from None
