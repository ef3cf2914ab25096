"""A home folder that is this machine's copy of a home elsewhere, as of a fleet's in its database and its bucket.

All code reads and writes the folder. Whoever begins or ends some work asks here for the copy, if the folder is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol


class SharedCopy(Protocol):
    """Keeps a folder like the home that it is a copy of. Safe for threads, and for several processes of one user."""

    def pull(self) -> None:
        """Bring in what others changed. What was changed here and not pushed stays."""

    def push(self) -> None:
        """Hand over what was changed here. ChangedMeanwhile if others changed the same: then theirs is here now."""

    def losses(self) -> int:
        """How often changes were lost to those of others. Whoever works in between asks before and after."""

    def holding(self, client: str) -> AbstractContextManager[None]:
        """Within the block, only this process writes to the client's archive; at its end, that is published."""


_copies: dict[Path, SharedCopy] = {}  # by the folder, for the copies that this process keeps


@contextmanager
def kept_as_copy(root: Path, copy: SharedCopy) -> Iterator[None]:
    """Within the block, the folder at `root` is this copy."""
    _copies[root] = copy
    try:
        yield
    finally:
        del _copies[root]


def copy_of(root: Path) -> SharedCopy | None:
    """What keeps this folder; None for a home of its own."""
    return _copies.get(root)


@contextmanager
def holding(root: Path, client: str) -> Iterator[None]:
    """Hold a client's archive wherever it belongs. In a home of its own, the archive's lock is enough."""
    if copy := copy_of(root):
        with copy.holding(client):
            yield
    else:
        yield
