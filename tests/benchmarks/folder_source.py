"""How fast a folder source reads: a first pass beside plain hashing, an unchanged second pass, and a moved tree.

    python tests/benchmarks/folder_source.py [--delay MILLISECONDS that opening a file takes, as on a slow share]

All figures are of one run; compare them with each other, not with those of another machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.agency import night  # noqa: E402  # as above
from archiver.archive.reader import Archive  # noqa: E402
from archiver.collect.run_context import RunRequest  # noqa: E402
from archiver.home.settings_edit import add_source  # noqa: E402
from tests.support.agency import Agency, agency  # noqa: E402  # as above


def fill(root: Path, number: int) -> None:
    for at in range(number):
        path = root / f"job{at // 1000:03}" / f"note-{at}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Notes of job {at // 1000}, page {at}.\n" * 4)
        os.utime(path, (1_700_000_000, 1_700_000_000))


@contextmanager
def slow_share(delay_ms: float) -> Iterator[None]:
    opened = os.open

    def open_slowly(*arguments: object, **named: object) -> int:
        time.sleep(delay_ms / 1000)
        return opened(*arguments, **named)  # type: ignore[arg-type]  # passed on as they are

    with patch("os.open", open_slowly) if delay_ms else patch("os.sep", os.sep):
        yield


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def hash_all(root: Path) -> None:
    for path in root.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            with os.fdopen(handle, "rb") as file:
                hashlib.sha256(file.read()).hexdigest()


def read(office: Agency) -> float:
    order = RunRequest(sources=["acme-files"])
    [result] = asyncio.run(night.run(office.home, office.vault, order)).accounts
    assert result.error is None, result.message
    return result.seconds


def main(number: int, delay_ms: float) -> None:
    with tempfile.TemporaryDirectory() as name, agency(Path(name)) as office:
        root = Path(name) / "files"
        fill(root, number)
        add_source(office.home.root, "acme-files", client="acme", kind="folder", path=str(root))
        with slow_share(delay_ms):
            hashing, first = timed(lambda: hash_all(root)), read(office)
            second = read(office)
            before = sum(1 for line in Archive(office.home.archive("acme")).lines() if line.id)
            root.rename(Path(name) / "away")
            root.mkdir()
            (Path(name) / "away").rename(root / "2026")
            moved = read(office)
        after = sum(1 for line in Archive(office.home.archive("acme")).lines() if line.id)
        print(f"{number:,} files, {delay_ms:g} ms to open one")
        for what, seconds in (("plain hashing", hashing), ("first pass", first), ("second", second), ("moved", moved)):
            print(f"  {what:<14} {seconds:8.2f} s  {number / seconds:10,.0f} files/s, ratio {seconds / hashing:.2f}")
        print(f"  archived by the move: {after - before}")


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    arguments = asked(__doc__, files=(100_000, 200), delay=(0.0, 0.0))
    main(arguments.files, arguments.delay)
