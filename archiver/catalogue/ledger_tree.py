"""The tree over the ledger's lines as the search index read them.

A checkpoint dates what the index holds only if its root is that of these very lines.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from itertools import batched, takewhile

from archiver.archive.checking.parts.archive_words import CHECKPOINTS
from archiver.archive.checking.parts.ledger_lines import newest_checkpoints
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.ledger import Line
from archiver.archive.reader import Archive

HASH_BYTES = 32


class LedgerTree:
    """The tree over all lines that were read, and its roots at the checkpoints, in the index's file.

    Whoever calls `grow` or `read_again` has begun a transaction.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def grow(self, archive: Archive, lines: Sequence[Line]) -> None:
        """Add lines that were read: a checkpoint was there before any line that it does not cover."""
        folder = archive.root / CHECKPOINTS
        if (tree := self._tree()) is None and lines[0].offset:
            self.read_again(archive, {size for size, *_ in newest_checkpoints(folder)}, lines[0].offset)
            tree = self._tree()
        tree = tree or Frontier()
        newer = takewhile(lambda each: each[0] >= tree.size, newest_checkpoints(folder))
        self._keep(tree, _roots(tree, lines, {size for size, *_ in newer}))

    def read_again(self, archive: Archive, sizes: Collection[int], end: int) -> None:
        """Hash the ledger's lines before the byte `end`, which were read. Keep nothing if they are others now."""
        read, tree = self._tree(), Frontier()
        roots = _roots(tree, takewhile(lambda line: line.offset < end, archive.lines()), sizes)
        if read is None or read.peaks == tree.peaks:
            self._keep(tree, roots)

    def is_as_read(self, archive: Archive, end: int) -> bool:
        """Whether the ledger's lines before the byte `end` are still those that were read. Hashes all of them."""
        read, tree = self._tree(), Frontier()
        _roots(tree, takewhile(lambda line: line.offset < end, archive.lines()), ())
        return read is not None and read.peaks == tree.peaks

    def lacks(self, sizes: Iterable[int]) -> bool:
        """Whether roots are missing: in the file of an earlier version, or as the checkpoint came after newer lines."""
        read, known = self._tree(), self.roots()
        return read is None or any(size < read.size and size not in known for size in sizes)

    def roots(self) -> dict[int, bytes]:
        """The root by the number of lines: at the checkpoints that were there, and over all lines that were read."""
        found, read = dict(self._db.execute("SELECT size, hash FROM root")), self._tree()
        return found | {read.size: read.root()} if read else found

    def _tree(self) -> Frontier | None:
        row = self._db.execute("SELECT size, peaks FROM tree").fetchone()
        return Frontier(row[0], map(bytes, batched(row[1], HASH_BYTES))) if row else None

    def _keep(self, tree: Frontier, roots: dict[int, bytes]) -> None:
        self._db.execute("DELETE FROM tree")
        self._db.execute("INSERT INTO tree VALUES (?, ?)", (tree.size, b"".join(tree.peaks)))
        self._db.executemany("INSERT OR REPLACE INTO root VALUES (?, ?)", roots.items())


def _roots(tree: Frontier, lines: Iterable[Line], sizes: Collection[int]) -> dict[int, bytes]:
    """Add lines to a tree. Returns its roots at these sizes, that before the first line included."""
    found = {tree.size: tree.root()} if tree.size in sizes else {}
    for line in lines:
        tree.add(leaf_hash(line.raw))
        if tree.size in sizes:
            found[tree.size] = tree.root()
    return found
