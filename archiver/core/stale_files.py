"""Find and remove the temporary files of killed commands, in the home and in the system's temporary folder."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from archiver.core.atomic_files import DAY_S, abandoned, remove_tree

HOUR_S = 3600
_BESIDE = re.compile(r"\.(.+\.[a-z0-9]{1,8})\.[a-z0-9_]{8}")  # temporary files beside a file, of earlier versions
_SCRATCH = re.compile(r"archiver-(?:(?:capture|desk|proof|replay|scrub)-)?[a-z0-9_]{8}(?:\.pem)?")  # and elsewhere
_PARTIAL = re.compile(r"\..+\.partial")  # of `new_files`, whose names do not say which process writes


def in_home(root: Path) -> list[Path]:
    """Temporary files of killed commands in a home, including copies of the vault. Evidence is never searched.

    An archive's `staging/` is left out: the next command that opens the archive for writing finishes it.
    """
    now = time.time()
    return [path for folder in _folders(root) for path in _entries(folder, ".") if _left(path, now)]


def in_temporary_folder() -> list[Path]:
    """Temporary files of this user's killed commands in the system's temporary folder."""
    now, found = time.time(), []
    for path in _entries(Path(tempfile.gettempdir()), "archiver-"):
        with suppress(OSError):
            own = os.name != "posix" or path.lstat().st_uid == os.geteuid()
            old = now - path.lstat().st_mtime > DAY_S and _SCRATCH.fullmatch(path.name)
            if own and (old or abandoned(path, now)):
                found.append(path)
    return found


def sweep(root: Path) -> None:
    """Remove those of a home. Files that cannot be removed, as on a read-only disk, stay, and `doctor` reports them."""
    for path in in_home(root):
        _remove(path)


def sweep_temporary_folder() -> None:
    """Remove those in the system's temporary folder, as `sweep` does in a home."""
    for path in in_temporary_folder():
        _remove(path)


def _folders(root: Path) -> Iterator[Path]:
    yield from (root, root / "clients", root / "roots")
    yield from (Path(place) for place, _, _ in os.walk(root / "state"))
    yield from (Path(place) for place, _, _ in os.walk(root / "work"))
    for archive in _entries(root / "archive"):
        yield from (archive, archive / "keys", archive / "tools")


def _entries(folder: Path, beginning: str = "") -> list[Path]:
    """What lies in a folder and has such a name. Of all else nothing is asked: temporary folders are large."""
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.name.startswith(beginning)]
    except OSError:  # missing or unreadable
        return []


def _left(path: Path, now: float) -> bool:
    with suppress(OSError):
        age = now - path.lstat().st_mtime
        former = _BESIDE.fullmatch(path.name) and age > HOUR_S
        return abandoned(path, now) or bool(former) or bool(_PARTIAL.fullmatch(path.name) and age > HOUR_S)
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        with suppress(OSError):
            remove_tree(path)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
