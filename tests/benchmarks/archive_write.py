"""Archiving 2,000 licences of 5 × 100 KB, durably, against the floor of this disk: the same files and folders, written
and made durable in batches, and nothing else.

`python tests/benchmarks/archive_write.py` prints both and their ratio; exits 1 above 1.25 times the floor.
Portions alternate and the median counts, because other work on the machine disturbs both.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.ocfl import NewObject
from archiver.archive.writer import MAX_BATCH, MAX_SYNCERS, ArchiveWriter, SealSettings, open_archive

PORTIONS = 5
NAMES = ("record.json", "certificate.pdf", "receipt.pdf", "page.pdf", "preview.jpg")
NOISE = os.urandom(100_000)
SMALL = b'{"inventory": "of five files"}' * 60
MOST = 1.25  # times the floor

type Files = dict[str, bytes]


def means(state: Path) -> SealSettings:
    signer = Ed25519PrivateKey.generate()
    return SealSettings(client="acme", signer=signer, authorities=[], state=state, post=lambda *_: b"")


def portion(number: int, each: int) -> list[Files]:
    """What so many licences hold; no two files are the same."""
    return [
        {name: b"%d %s" % (n, name.encode()) + NOISE[40:] for name in NAMES}
        for n in range(number * each, (number + 1) * each)
    ]


def archive(writer: ArchiveWriter, licences: Sequence[Files], number: int) -> None:
    """Through the archive's own writer, up to the last acknowledgement."""
    futures = [
        writer.put(
            NewObject(
                kind="licences",
                date=date(2026, 11, 24),
                provider="example",
                asset_id=f"{number}-{n}",
                identity=f"{number}-{n}",
                files=files,
                created=datetime.now(UTC),
            )
        )
        for n, files in enumerate(licences)
    ]
    for future in futures:
        future.result()


def floor(pool: ThreadPoolExecutor, folder: Path, licences: Sequence[Files]) -> None:
    """The files and folders of OCFL objects: a batch is written by all threads, then waited for by all of them."""

    def write(n: int) -> list[Path]:
        place = folder / str(n)
        content = place / "v1" / "content"
        content.mkdir(parents=True)
        files = {content / name: data for name, data in licences[n].items()}
        files |= {place / name: SMALL for name in ("0=ocfl_object_1.1", "inventory.json", "inventory.json.sha512")}
        files |= {place / "v1" / name: SMALL for name in ("inventory.json", "inventory.json.sha512")}
        for path, data in files.items():
            with path.open("xb", buffering=0) as file:
                file.write(data)
        return [*files, content, place / "v1", place]

    folder.mkdir()
    for start in range(0, len(licences), MAX_BATCH):
        written = pool.map(write, range(start, min(start + MAX_BATCH, len(licences))))
        each(pool, [path for paths in written for path in paths])
    durable(folder)


def each(pool: ThreadPoolExecutor, paths: Iterable[Path]) -> None:
    list(pool.map(durable, paths))


def durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def main(asked: Namespace) -> int:
    seconds: list[tuple[float, float]] = []
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as name,
        ThreadPoolExecutor(MAX_SYNCERS) as pool,
        open_archive(Path(name) / "acme", means(Path(name) / "state"), origin="live") as writer,
    ):
        for number in range(PORTIONS):
            licences = portion(number, asked.licences // PORTIONS)
            started = time.perf_counter()
            floor(pool, Path(name) / f"floor-{number}", licences)
            between = time.perf_counter()
            archive(writer, licences, number)
            seconds.append((between - started, time.perf_counter() - between))
    bare, mine = map(sum, zip(*seconds, strict=True))
    ratio = median(took / least for least, took in seconds)
    print(f"{asked.licences} licences: archived in {mine:.1f} s, written bare in {bare:.1f} s; ratio {ratio:.2f}")
    return int(ratio > MOST and not asked.quick)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    sys.exit(main(asked(__doc__, licences=(2000, 25))))
