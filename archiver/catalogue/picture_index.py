"""One client's pictures in memory, to be searched by hash and by vector. The catalogue makes and keeps them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archiver.archive.reader import Archive
from archiver.catalogue.matching import Indexed, Load
from archiver.core.errors import MachineRefused, machine_error
from archiver.reading.fingerprint import MAX_HASH_DISTANCE, Fingerprint

VECTOR_LENGTH = 512  # numbers of a vector
_VECTORS_AT_ONCE = 1 << 10  # vectors multiplied at once: what a processor keeps near itself
_NEAREST = 64  # of the most alike, among which one asset may be found many times
_SAMPLED = 48  # random pictures, among which other assets of a provider are sought

type Vectors = NDArray[np.float16]


class Embeds(Protocol):
    """Makes vectors of pictures: a `Matcher`, in a process of its own."""

    @property
    def identity(self) -> str:
        """Which model makes them."""

    def embed(self, pictures: Sequence[bytes]) -> Sequence[NDArray[np.float32] | None]:
        """A unit vector of 512 numbers for each; None for what cannot be read."""


class VectorFile:
    """Vectors in a file of their own, by number: 1 KB each, read where they lie. Rows never written are zeros.

    Which of them count is for the catalogue to know; it says so only after `write` has returned.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self._path = path
        self._writable = writable

    def read(self) -> Vectors:
        """(n, 512), mapped into memory: it costs nothing until it is used."""
        try:
            rows = self._path.stat().st_size // (2 * VECTOR_LENGTH)
            return (
                np.memmap(self._path, np.float16, "r", shape=(rows, VECTOR_LENGTH))
                if rows
                else np.zeros((0, VECTOR_LENGTH), "f2")
            )
        except FileNotFoundError:
            return np.zeros((0, VECTOR_LENGTH), np.float16)

    def forget(self, rows: Iterable[int]) -> None:
        """Leave nothing of these vectors in the file, if it can be written; else they count no more in this process."""
        known = len(self.read()) if self._writable else 0
        if there := [row for row in rows if row < known]:
            self.write({row: np.zeros(VECTOR_LENGTH, np.float32) for row in there})

    def write(self, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Put each in its row, durably; MachineRefused or DiskFull where that cannot be."""
        if not self._writable:
            raise MachineRefused(f"{self._path} cannot be written")
        try:
            with self._path.open("r+b" if self._path.exists() else "w+b") as file:
                for row, vector in vectors.items():
                    file.seek(row * 2 * VECTOR_LENGTH)
                    file.write(vector.astype(np.float16).tobytes())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise machine_error(error) from error


@dataclass(frozen=True)
class PictureIndex:
    """Pictures by number, in rising order: (n,) numbers and (n, 4) words of hashes, and of which hash or vector counts.

    `vectors` are by number; `describe` tells of which picture a number is.
    """

    numbers: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    flat: NDArray[np.bool_]
    embedded: NDArray[np.bool_]
    vectors: Vectors
    describe: Callable[[int], Indexed]

    def near(self, seen: Fingerprint) -> list[tuple[Indexed, int, bool]]:
        """Pictures whose hash is the query's: in how many bits it differs, and whether the query is a mirror image."""
        found = []
        for words, mirrored in ((seen.hash, False), (seen.mirrored, True)):
            differ = np.bitwise_count(self.hashes ^ np.frombuffer(words, np.uint64)).sum(1, dtype=np.int64)
            rows = np.flatnonzero((differ <= MAX_HASH_DISTANCE) & ~self.flat)
            rows = rows[np.argsort(differ[rows], kind="stable")][:_NEAREST]
            found += [(self.describe(int(self.numbers[row])), int(differ[row]), mirrored) for row in rows]
        return found

    def alike(self, vectors: NDArray[np.float32], count: int) -> list[tuple[Indexed, float, int]]:
        """For (m, 512) vectors the `count` most alike assets, best first: how much, and to which of the m."""
        rows = self.numbers[self.embedded]
        best, which = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.int64)
        widened = np.empty((_VECTORS_AT_ONCE, VECTOR_LENGTH), np.float32)
        for start in range(0, len(rows), _VECTORS_AT_ONCE):
            part = rows[start : start + _VECTORS_AT_ONCE]
            straight = int(part[-1] - part[0]) + 1 == len(part)
            widened[: len(part)] = self.vectors[int(part[0]) : int(part[-1]) + 1] if straight else self.vectors[part]
            # Not `@`: for so few numbers it starts threads, which spend most of their time waiting for each other.
            products = np.einsum("ij,kj->ik", widened[: len(part)], vectors)
            which[start : start + _VECTORS_AT_ONCE] = products.argmax(1)
            best[start : start + _VECTORS_AT_ONCE] = products.max(1)
        top = np.argpartition(-best, _NEAREST)[:_NEAREST] if len(best) > _NEAREST else np.arange(len(best))
        found: dict[str, tuple[Indexed, float, int]] = {}
        for row in top[np.argsort(-best[top], kind="stable")]:
            picture = self.describe(int(rows[row]))
            found.setdefault(picture.asset, (picture, float(best[row]), int(which[row])))
            if len(found) == count:
                break
        return list(found.values())

    def others(self, picture: Indexed) -> Iterable[Indexed]:
        """Pictures of other assets of the same provider: some, the same ones for all its pictures."""
        chance = Random(picture.provider)  # noqa: S311  # a sample, no secret
        seen = {picture.asset}
        for row in chance.sample(range(len(self.numbers)), min(_SAMPLED, len(self.numbers))):
            other = self.describe(int(self.numbers[row]))
            if other.provider == picture.provider and other.asset not in seen:
                seen.add(other.asset)
                yield other


def loader(archives: Mapping[str, Archive]) -> Load:
    """Reads pictures out of these clients' archives, as they lie there."""

    def load(picture: Indexed) -> bytes:
        return archives[picture.client].object(picture.object_id).read(picture.name)

    return load
