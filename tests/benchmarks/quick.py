"""Every benchmark here in its form of seconds: `make benchmarks`, or `python tests/benchmarks/quick.py [NAME…]`.

A benchmark is each program beside this one, so that a new one cannot be forgotten. It must end with 0 and print a
ratio, which other work on the machine changes little. Exits 1 if one does not.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_ONCE = 3  # many of them wait
LONGEST_S = 600  # on a busy machine
NONE = {Path(__file__).name, "corpus.py"}  # programs that measure nothing
RATIO = re.compile(r"ratio\D*(\d+\.\d+)")


def benchmarks(names: Sequence[str]) -> Iterator[Path]:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        is_program = path.name not in NONE and '__name__ == "__main__"' in path.read_text("utf-8")
        if is_program and (not names or path.stem in names):
            yield path


def ran(path: Path) -> tuple[str, list[str], float]:
    """What is wrong with a benchmark, if anything; its ratios; and how many seconds it took."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, path, "--quick"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LONGEST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        return f"it took more than {LONGEST_S} s:\n{said}", [], LONGEST_S
    ratios = RATIO.findall(done.stdout)
    wrong = f"it ended with {done.returncode}:\n{done.stdout}" if done.returncode else ""
    return wrong or ("" if ratios else f"it prints no ratio:\n{done.stdout}"), ratios, time.monotonic() - began


def main(names: Sequence[str]) -> int:
    failed = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        paths = list(benchmarks(names))
        for path, (wrong, ratios, seconds) in zip(paths, pool.map(ran, paths), strict=True):
            print(f"{path.stem:16} {seconds:5.0f} s   {wrong or f'ratio {", ".join(ratios)}'}", flush=True)
            failed += [path.stem] if wrong else []
    print(f"benchmarks: {', '.join(failed)} failed" if failed else f"benchmarks: all {len(paths)} run")
    return int(bool(failed) or not paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
