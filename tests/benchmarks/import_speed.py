"""Importing small files beside the plain hashing of the same files: files a second, and memory as their number grows.

`python tests/benchmarks/import_speed.py` (20,000 files: of 100 40 texts, 20 pages, 20 pictures, 10
letters, 6 licence certificates as PDF and text, 4 lists). Exits 1 below 200 files a second, or where memory grows by
more than 1.5 KB for each file more. Each import is a process of its own, in a home of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter
from hashlib import sha256
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(ROOT / "tests")]

from tests.support import papers  # noqa: E402  # as above
from tests.support.folder import jpeg, letter, photo  # noqa: E402
from tests.support.homes import begun  # noqa: E402

LEAST, GROWTH = 200, 1536
MEASURED = """
import atexit, json, resource, runpy, sys
def tell():
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(each.ru_utime + each.ru_stime for each in (own, others))
    print(json.dumps({"memory": own.ru_maxrss * 1024, "cpu": cpu}), file=sys.stderr)
atexit.register(tell)
runpy.run_module("archiver", run_name="__main__", alter_sys=True)
"""


def build(folder: Path, files: int) -> None:
    pictures = [photo(number) for number in range(50)]
    for number in range(files):
        place, kind = folder / f"{number // 500:03}", number % 100
        place.mkdir(parents=True, exist_ok=True)
        if kind < 40:
            name, content = "notes.txt", f"{number}: minutes of the meeting on the brochure.\n".encode() * 30
        elif kind < 60:
            name, content = "page.html", f"<html><body><p>{number} Welcome to Acme</p></body></html>".encode() * 20
        elif kind < 80:
            picture = pictures[number % 50].copy()
            picture.putpixel((0, 0), (number % 256, number // 256 % 256, number // 65536))
            name, content = "IMG.jpg", jpeg(picture)
        elif kind < 90:
            name, content = "mail.eml", letter(f"Lunch {number}", "At noon?", [("card.vcf", b"BEGIN:VCARD")])
        elif kind < 93:
            name, content = "licence.pdf", papers.market_2017(number).pdf()
        elif kind < 96:
            name, content = "licence.txt", papers.elements("ai", number).text.encode()
        else:
            name, content = "list.csv", f"name;price\nchair {number};9,99\n".encode() * 20
        (place / f"{number}-{name}").write_bytes(content)


def hashed(folder: Path) -> float:
    start = time.monotonic()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            sha256(path.read_bytes()).hexdigest()
    return time.monotonic() - start


def imported(place: Path, folder: Path) -> tuple[dict[str, float], dict[str, list[dict[str, str]]]]:
    """What an import took, from its start to its end, and its report."""
    home = begun(place)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "import", str(folder), "--client", "acme", "--json", "--quiet"],
        capture_output=True,
        text=True,
        env=home.env | {"PYTHONPATH": str(ROOT)},
    )
    seconds = time.monotonic() - start
    if done.returncode:
        sys.exit(f"the import ended with {done.returncode}:\n{done.stderr}")
    used: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
    return used | {"seconds": seconds}, json.loads(done.stdout)


def main(asked: Namespace) -> int:
    files = asked.files
    rates, memory = {}, {}
    for number in (files // 4, files):
        with tempfile.TemporaryDirectory() as temporary:
            place = Path(temporary)
            build(place / "papers", number)
            plain = hashed(place / "papers")
            used, told = imported(place, place / "papers")
            rates[number], memory[number] = number / used["seconds"], used["memory"]
            counts = Counter(each["outcome"] for each in told["files"])
            print(
                f"{number} files: {used['seconds']:.1f} s, {rates[number]:.0f} files/s, "
                f"{1000 * used['cpu'] / number:.1f} ms of processors each, {len(told['licences'])} licences; "
                f"plain hashing {number / plain:.0f} files/s, ratio {used['seconds'] / plain:.1f}; "
                f"memory {used['memory'] / 2**20:.0f} MB; "
                f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {dict(counts)}"
            )
    growth = (memory[files] - memory[files // 4]) / (files - files // 4)
    print(f"memory grows by {growth:.0f} bytes for each file more")
    return int((rates[files] < LEAST or growth > GROWTH) and not asked.quick)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    sys.exit(main(asked(__doc__, files=(20_000, 400))))
