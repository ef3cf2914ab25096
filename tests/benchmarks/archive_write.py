"""Archiving 60 KB objects against the floor of this disk: the same files, durably written, and nothing else.

`python tests/benchmarks/archive_write.py` prints both and their ratio; exits 1 below 0.8 of the floor.
Rounds alternate and their median counts, because other work on the machine disturbs both.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.store import NewObject
from archiver.archive.writer import BUILDERS, open_archive

OBJECTS, ROUNDS = 512, 5
RECORD = b'{"licence": "record"}' * 40
CERTIFICATES = [os.urandom(60_000) for _ in range(OBJECTS)]


def archive(folder: Path) -> None:
    """All objects through the archive's own writer, up to the last acknowledgement."""
    with open_archive(
        folder / "acme",
        client="acme",
        signer=Ed25519PrivateKey.generate(),
        origin="live",
        authorities=[],
        state=folder / "state",
        post=lambda *_: b"",
    ) as writer:
        futures = [
            writer.put(
                NewObject(
                    kind="licences",
                    date=date(2026, 11, 24),
                    provider="example",
                    asset_id=str(n),
                    identity=str(n),
                    files={"licence.json": RECORD, "certificate.pdf": content},
                    created=datetime.now(UTC),
                )
            )
            for n, content in enumerate(CERTIFICATES)
        ]
        for future in futures:
            future.result()


def floor(folder: Path) -> None:
    """The files and folders of an OCFL object, written and made durable by as many threads; no hashing, no ledger."""

    def durable(path: Path) -> None:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    def write(n: int) -> None:
        place = folder / str(n)
        (place / "v1" / "content").mkdir(parents=True)
        files = {"v1/content/certificate.pdf": CERTIFICATES[n], "v1/content/licence.json": RECORD}
        small = ("0=ocfl", "inventory.json", "inventory.json.sha512", "v1/inventory.json", "v1/inventory.json.sha512")
        handles = []
        for name, content in {**files, **dict.fromkeys(small, RECORD)}.items():
            handles.append(os.open(place / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444))
            os.write(handles[-1], content)
        for handle in handles:
            os.fsync(handle)
            os.close(handle)
        for each in (place / "v1" / "content", place / "v1", place):
            durable(each)

    with ThreadPoolExecutor(BUILDERS) as pool:
        list(pool.map(write, range(OBJECTS)))
    durable(folder)


def rate(work: Callable[[Path], None]) -> float:
    """Objects a second."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        started = time.perf_counter()
        work(Path(name))
        return OBJECTS / (time.perf_counter() - started)


def main() -> int:
    rounds = [(rate(floor), rate(archive)) for _ in range(ROUNDS)]
    reached, ratio = median(each for _, each in rounds), median(mine / bare for bare, mine in rounds)
    print(f"archive {reached:.0f} objects/s; of the disk's floor: {ratio:.2f}")
    return int(ratio < 0.8)


if __name__ == "__main__":
    sys.exit(main())
