"""The Merkle tree over the ledger's lines: incremental roots, and inclusion paths for proofs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.checking.parts.signed_notes import Note
from archiver.archive.ledger import FIRST_PREVIOUS_HASH, Line, read_lines
from archiver.core.atomic_files import read_file
from archiver.core.errors import IntegrityError
from archiver.core.json_files import write_json


@dataclass
class TreeProgress:
    """How far a ledger has been read into its tree: up to `last`, the newest line read."""

    frontier: Frontier
    last: Line | None = None

    def read(self, line: Line) -> None:
        """Add the next line. Raises IntegrityError if it does not follow the last one."""
        if (
            line.fields["prev"] != (self.last.hash if self.last else FIRST_PREVIOUS_HASH)
            or line.seq != self.frontier.size
        ):
            raise IntegrityError(f"ledger line {line.seq} does not follow the line before it")
        self.frontier.add(leaf_hash(line.raw))
        self.last = line


def follow(ledger: Path, cache: Path) -> Frontier:
    """Return the tree over all lines of a ledger. Reads only the lines that are newer than `cache`.

    The cache may be missing or forged. It is used only if the ledger still has the line that the cache saw last and the
    checkpoint of that size has the cache's root. Otherwise everything is read again.
    """
    progress = known(ledger, cache) or TreeProgress(Frontier())
    for line in read_lines(ledger, progress.last.end if progress.last else 0):
        progress.read(line)
    if progress.last:
        content = {
            "size": progress.frontier.size,
            "offset": progress.last.offset,
            "last": progress.last.hash,
            "peaks": [peak.hex() for peak in progress.frontier.peaks],
        }
        write_json(cache, content)
    return progress.frontier


def known(ledger: Path, cache: Path) -> TreeProgress | None:
    """Return the cached progress if it is right: the last line's hash binds all lines before it, the signed root the
    peaks.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, IntegrityError):
        stored = json.loads(read_file(cache))
        frontier = Frontier(stored["size"], map(bytes.fromhex, stored["peaks"]))
        line = next(read_lines(ledger, stored["offset"]), None)
        note = Note.parse(read_file(ledger.parent / "checkpoints" / f"{frontier.size:08d}.note"))
        if line and line.hash == stored["last"] and line.seq == frontier.size - 1 and note.root == frontier.root():
            return TreeProgress(frontier, line)
    return None


def inclusion_paths(lines: Iterable[Line], wanted: Sequence[tuple[int, int]]) -> list[list[bytes]]:
    """Return, for each (index, size), the hashes that lead from leaf `index` to the root over the first `size` lines.

    The sibling comes first (RFC 6962, section 2.1.1). One pass over the lines, O(log n) memory for each path. Raises
    IntegrityError if there are fewer lines than `size`.
    """
    for index, size in wanted:
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} in a tree of {size} lines")
    paths = [_siblings(index, 0, size) for index, size in wanted]
    roots = _roots(lines, {span for path in paths for span in path}, max((size for _, size in wanted), default=0))
    return [[roots[span] for span in path] for path in paths]


def consistency_path(lines: Iterable[Line], old: int, size: int) -> list[bytes]:
    """Return the hashes that prove a tree of `size` lines to continue that of its first `old` (RFC 6962, 2.1.2).

    Empty for `old` 0. Raises IntegrityError if there are fewer lines than `size`.
    """
    spans = _continuing(old, 0, size, known=True) if 0 < old < size else []
    roots = _roots(lines, set(spans), size)
    return [roots[span] for span in spans]


def _roots(lines: Iterable[Line], spans: Set[tuple[int, int]], size: int) -> dict[tuple[int, int], bytes]:
    """Return the root over each range of the first `size` lines, in one pass."""
    subtrees = {span: Frontier() for span in spans}
    waiting = sorted(subtrees, reverse=True)  # the next range to begin is the last
    growing: list[tuple[int, Frontier]] = []  # the end of each range
    read = 0
    for line in lines:
        if read == size:
            break
        growing = [each for each in growing if each[0] > read]
        while waiting and waiting[-1][0] == read:
            growing.append((waiting[-1][1], subtrees[waiting.pop()]))
        if growing:
            leaf = leaf_hash(line.raw)
            for _, frontier in growing:
                frontier.add(leaf)
        read += 1
    if read < size:
        raise IntegrityError(f"the ledger has {read} lines, but a checkpoint covers {size}")
    return {span: frontier.root() for span, frontier in subtrees.items()}


def _continuing(old: int, start: int, end: int, *, known: bool) -> list[tuple[int, int]]:
    """Return the ranges of a consistency proof. `known`: whoever checks it has the root of the first `old` lines."""
    if old == end - start:
        return [] if known else [(start, end)]
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    if old <= middle - start:
        return [*_continuing(old, start, middle, known=known), (middle, end)]
    return [*_continuing(old - (middle - start), middle, end, known=False), (start, middle)]


def _siblings(index: int, start: int, end: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose subtrees are siblings on the way from a leaf to the root, from below."""
    if end - start <= 1:
        return []
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    if index < middle:
        return [*_siblings(index, start, middle), (middle, end)]
    return [*_siblings(index, middle, end), (start, middle)]
