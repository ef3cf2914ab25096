"""Checking a pack of a gigabyte: by verify.py, and by the page in Chromium, with the time and memory that each takes.

`python tests/benchmarks/check_speed.py` prints both, with the ratio to hashing the pack's bytes; exits 1 where one
takes 60 s or 500 MB. What the browser takes without a pack is told and does not count.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import sync_playwright

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.archive.check_page import check_page  # noqa: E402
from archiver.archive.checking import CARRIED  # noqa: E402
from archiver.browsing.chromium import find  # noqa: E402
from tests.support import forger  # noqa: E402

LONGEST_S, LARGEST_MB = 60.0, 500
MEASURED = """
import re, runpy, sys
del sys.argv[0]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:  # ru_maxrss would be that of the process before this one
    print(int(re.search("VmHWM: *([0-9]+)", open("/proc/self/status").read().replace(chr(9), ""))[1]) // 1024)
"""


def pack(out: Path, megabytes: int) -> None:
    """One licence with a large and a small document, each in its object and as a copy to read."""
    block = os.urandom(1 << 20)
    large = megabytes * 4 // 10
    contents = {"certificate.pdf": block * large, "record.json": block * (megabytes // 2 - large)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forger, "licence_files", lambda _: contents)
        files = forger.build(forger.Owner(1), (forger.ONE,))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as opened:
        for path, content in files.items():
            opened.writestr(f"proof/{path}", content)


def memory(parent: int) -> int:
    """Megabytes of a process's descendants, what they share counted once."""
    children: dict[int, list[int]] = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            children.setdefault(int((each / "stat").read_text().rpartition(")")[2].split()[1]), []).append(
                int(each.name)
            )
        except OSError:
            continue
    total, waiting = 0, [parent]
    while waiting:
        for each_id in children.get(waiting.pop(), ()):
            waiting.append(each_id)
            try:
                rollup = Path(f"/proc/{each_id}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total // 1024


def by_page(zip_file: Path, folder: Path) -> tuple[float, int, int]:
    """Seconds, megabytes before, and the most megabytes meanwhile."""
    page_file, chromium = folder / "CHECK-THIS.html", find()
    assert chromium
    page_file.write_bytes(check_page())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        before, most, done = memory(os.getpid()), [0], threading.Event()

        def watch() -> None:
            while not done.wait(0.25):
                most[0] = max(most[0], memory(os.getpid()))

        watcher = threading.Thread(target=watch)
        watcher.start()
        started = time.perf_counter()
        page.set_input_files("#pack", zip_file)
        page.wait_for_selector("#result .verdict", timeout=600_000)
        took = time.perf_counter() - started
        assert page.evaluate("document.body.dataset.state") == "PROVEN"
        done.set()
        watcher.join()
        browser.close()
    return took, before, most[0]


def main(asked: Namespace) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        zip_file = Path(temporary) / "proof.zip"
        pack(zip_file, asked.megabytes)
        started = time.perf_counter()
        with zip_file.open("rb") as file:
            hashlib.file_digest(file, "sha512")
        hashing = time.perf_counter() - started
        print(f"a pack of {zip_file.stat().st_size >> 20} MB, hashed in {hashing:.2f} s")
        started = time.perf_counter()
        command: list[str | Path] = [sys.executable, "-I", "-c", MEASURED, CARRIED, "--proof", zip_file]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 3, done.stderr  # proven, by an authority that came with the pack
        used = done.stdout.split("\n")[-2]
        took = time.perf_counter() - started
        print(f"verify.py: {took:.1f} s, ratio {took / hashing:.2f}, {used} MB")
        seconds, before, most = by_page(zip_file, Path(temporary))
        print(f"CHECK-THIS.html: {seconds:.1f} s, ratio {seconds / hashing:.2f}, {most - before} MB more than the "
              f"{before} MB of an idle Chromium")  # fmt: skip
    missed = max(took, seconds) >= LONGEST_S or max(int(used), most - before) >= LARGEST_MB
    return int(missed and not asked.quick)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    sys.exit(main(asked(__doc__, megabytes=(1024, 8))))
