"""Objects that an archive records but that lie elsewhere: an archive that was checked out without its documents.

`object_path` in `ocfl` asks here, so an object is there for whoever looks at it, and only then is it fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class ObjectSource(Protocol):
    """Where an archive's objects come from."""

    def bring(self, object_id: str, place: Path) -> None:
        """Put an object that the ledger records at its place. Does nothing for an object that it does not record.

        Raises IntegrityError if its bytes cannot be found.
        """

    def bring_all(self, part: str) -> None:
        """Put every recorded object at its place, or those whose id contains this part."""


_sources: dict[Path, ObjectSource] = {}  # by the archive's root, for the archives that this process has checked out


@contextmanager
def objects_from(root: Path, source: ObjectSource) -> Iterator[None]:
    """Within the block, missing objects of the archive at `root` come from this source."""
    _sources[root] = source
    try:
        yield
    finally:
        _sources.pop(root, None)


def has_source(root: Path) -> bool:
    """Whether missing objects of the archive at `root` are only not here yet."""
    return root in _sources


def bring(root: Path, object_id: str, place: Path) -> None:
    """Fetch an object that is missing at its place, if its archive has a source."""
    source = _sources.get(root)
    if source and not place.exists():
        source.bring(object_id, place)


def bring_all(root: Path, part: str = "") -> None:
    """Fetch all missing objects, or those whose id contains `part`, for what reads the files of an archive itself."""
    if source := _sources.get(root):
        source.bring_all(part)
