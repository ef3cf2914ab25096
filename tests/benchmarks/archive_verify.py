"""Verifying against the rate at which two threads hash the same bytes; its memory; and what a seal costs.

`python tests/benchmarks/archive_verify.py [speed] [memory] [seal]` prints each figure (all without names); exits 1
where verifying 2,000 licences of 5 x 100 KB is below 0.7 of the hashing rate, where verifying 100,000 small licences
takes 400 MB or more, or where a seal after ten new lines takes three times as long over 100,000 lines as over 1,000.
Everything is written by the archive's own writer, with fsync taken out: it is not what is measured here.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.ocfl import NewObject
from archiver.archive.witness import FolderWitness
from archiver.archive.writer import ArchiveWriter, SealSettings, open_archive

ROUNDS = 5
SIGNER = Ed25519PrivateKey.generate()
CHILD = """
import sys
from archiver.archive.checking.parts.whole_archive import verify_archive
report = verify_archive(__import__("pathlib").Path(sys.argv[1]))
assert report.licences == int(sys.argv[2]) and not report.findings, report.as_text()
# Not ru_maxrss, which begins with that of the process that started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@contextmanager
def writing(folder: Path) -> Iterator[ArchiveWriter]:
    (folder / "disk").mkdir(exist_ok=True)
    means = SealSettings(
        client="acme",
        signer=SIGNER,
        authorities=[],
        state=folder / "state",
        post=lambda *_: b"",
        witnesses=[FolderWitness(name="disk", folder=folder / "disk")],
    )
    with open_archive(folder / "acme", means, origin="live") as writer:
        yield writer


def fill(folder: Path, licences: int, files: Sequence[tuple[str, int]]) -> None:
    """An archive of that many licences, over some years, each with files of random bytes: name and size."""
    random.seed(1)
    with writing(folder) as writer:
        for start in range(0, licences, 1000):
            wanted = [
                writer.put(
                    NewObject(
                        kind="licences",
                        date=date(2016, 1, 1) + timedelta(days=n * 3650 // licences),
                        provider="example",
                        asset_id=str(n),
                        identity=str(n),
                        files={name: random.randbytes(size) for name, size in files},
                        created=datetime.now(UTC),
                    )
                )
                for n in range(start, min(start + 1000, licences))
            ]
            for each in wanted:
                each.result()
        writer.seal()


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def hash_all(files: Sequence[Path]) -> None:
    """The yardstick: every content file through SHA-512, by two threads, and nothing else."""

    def digest(path: Path) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha512").hexdigest()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(digest, files))


def speed(folder: Path, asked: Namespace) -> bool:
    fill(folder, asked.licences, [("licence.json", 100_000), ("record.json", 100_000), ("certificate.pdf", 100_000),
                        ("page.pdf", 100_000), ("preview.jpg", 100_000)])  # fmt: skip
    files = sorted(path for path in (folder / "acme/evidence").rglob("v1/content/*"))
    volume = sum(path.stat().st_size for path in files) / 1e6

    def check() -> None:
        report = verify_archive(folder / "acme")
        assert report.licences == asked.licences and not report.findings, report.as_text()

    rounds = [(seconds(lambda: hash_all(files)), seconds(check)) for _ in range(ROUNDS)]
    ratio = median(bare / mine for bare, mine in rounds)
    hashing, verifying = (volume / median(times) for times in zip(*rounds, strict=True))
    print(f"verify {verifying:.0f} MB/s, two threads hash {hashing:.0f} MB/s; ratio {ratio:.2f}")
    print(f"verify --quick: {seconds(lambda: verify_archive(folder / 'acme', quick=True)):.2f} s")
    one = f"_{asked.licences // 2}_"
    print(f"verify --licence: {seconds(lambda: verify_archive(folder / 'acme', licence=one)):.2f} s")
    return ratio >= 0.7


def memory(folder: Path, asked: Namespace) -> bool:
    count = asked.small
    fill(folder, count, [("licence.json", 200)])
    command = [sys.executable, "-c", CHILD, str(folder / "acme"), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak = int(done.stdout) / 1024
    print(f"verify of {count} small licences: {peak:.0f} MB at the peak")
    return peak < 400


def seal(folder: Path, asked: Namespace) -> bool:
    def after_ten_lines() -> float:
        with writing(folder) as writer:
            for n in range(10):
                writer.append("run", account=f"account-{n}", listed=n)
            return seconds(lambda: writer.seal(whole=True))  # lines of runs alone would wait for it

    def grow(lines: int) -> float:
        with writing(folder) as writer:
            while writer.lines < lines:
                writer.append("run", account="account", listed=1)
            writer.seal(whole=True)
        return median(after_ten_lines() for _ in range(ROUNDS))

    def opening() -> float:
        def once() -> None:
            with writing(folder):
                pass

        return median(seconds(once) for _ in range(ROUNDS))

    few, few_opened = grow(asked.lines // 100), opening()
    many, many_opened = grow(asked.lines), opening()
    print(f"seal after 10 new lines: {few * 1000:.1f} ms at {asked.lines // 100} lines, {many * 1000:.1f} ms at "
          f"{asked.lines}; ratio {many / few:.2f}")  # fmt: skip
    print(f"opening, held against a witness: {few_opened * 1000:.1f} ms and {many_opened * 1000:.1f} ms")
    return many < 3 * few


def main(asked: Namespace) -> int:
    setattr(os, "fsync", lambda _: None)  # noqa: B010 - nothing else in this process needs it
    failed = []
    for each in (speed, memory, seal):
        if each.__name__ in (asked.only or ("speed", "memory", "seal")):
            with tempfile.TemporaryDirectory() as name:
                failed += [] if each(Path(name), asked) else [each.__name__]
    return int(bool(failed) and not asked.quick)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    parser = ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="speed, memory or seal; all if none is named")
    sys.exit(main(asked(parser, licences=(2000, 20), small=(100_000, 300), lines=(100_000, 1000))))
