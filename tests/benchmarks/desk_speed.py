"""What the desk's pages cost on an archive of 100,000 licences, and a dropped picture among as many previews.

`python tests/benchmarks/desk_speed.py [HOME]` fills ledger and catalogue with synthetic entries behind a few real ones
and asks for each page, in its own process. 100,000 at most have a picture. Prints the processor time of the first
answer, of the median of several, and its ratio to a page that reads no archive; other work on the machine changes
little. Exits 1 above 100 ms for a page (250 ms with more than 100,000 licences), or 0.6 s for a picture. With HOME,
an empty or an earlier folder, what was filled is kept there for the next time.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from types import ModuleType

import numpy as np

ROOT = Path(__file__).parents[2]
# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(ROOT / "tests")]

import pytest  # noqa: E402  # as above

from archiver.catalogue.archives import writing  # noqa: E402
from archiver.catalogue.picture_index import VectorFile  # noqa: E402
from archiver.catalogue.picture_search import find_picture  # noqa: E402
from archiver.home.settings import Home  # noqa: E402
from archiver.home.vault import open_vault  # noqa: E402
from tests.support.agency import Agency, agency, certificate, preview, record  # noqa: E402
from tests.support.claims_kit import jpeg, licence  # noqa: E402
from tests.support.desk_in_process import desk_on  # noqa: E402
from tests.support.homes import Home as HomeOnDisk  # noqa: E402
from tests.support.homes import clean_environment  # noqa: E402
from tests.support.pictures import scene  # noqa: E402

PAGE_MS, PAGE_MS_OF_MANY, PICTURE_MS = 100, 250, 600
PICTURES = 100_000  # at the most: their vectors take 2 KB each


def fill(at: Agency, licences: int) -> str:
    """Some real licences, and synthetic ones in catalogue and vectors, with as many lines in the ledger as they would
    have; a real one's folder.
    """
    filed = [
        (licence(f"1{n}"), [record(), certificate(f"Licence shutterstock-1{n}"), preview(jpeg(scene(n)))])
        for n in range(30, 40)
    ]
    stored = at.archive("acme", *filed)
    with pytest.MonkeyPatch.context() as patch, writing(at.home, at.vault, "acme") as archive:
        patch.setattr(os, "fsync", lambda _: None)
        for number in range(licences):  # signed and chained, so that nothing is damaged; of no run that has a result
            archive.append("run", account="one", listed=number)
        archive.seal(whole=True)
    find_picture(at.home, jpeg(scene(1)), client="acme")  # catalogue and vectors of the real ones
    path = at.home.catalogue("acme")
    chance = np.random.default_rng(0)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -400000")
        row = db.execute("SELECT described, lines FROM licence LIMIT 1").fetchone()
        names = [each[1] for each in db.execute("PRAGMA table_info(licence)")]
        common = {"comp": 0, "account": "one", "failed": 0, "assigned": None, "withdrawn": 0, "lines": row[1]}

        def rows() -> Iterator[list[object]]:
            for n in range(licences):
                day = _day(n)
                own = {"id": 1000 + n, "object_id": f"urn:x-archiver:licence:synthetic_{n}", "folder": f"synthetic_{n}",
                       "identity": f"x{n}", "asset_id": f"x{n}", "licence_id": f"x{n}", "order_id": f"PO-{n}",
                       "licensed_at": day, "described": row[0]}  # fmt: skip
                yield [(common | own)[name] for name in names]

        db.executemany(f"INSERT INTO licence VALUES ({', '.join('?' * len(names))})", rows())
        db.executemany(
            "INSERT INTO words (rowid, ids, title, about, text) VALUES (?, ?, ?, ?, ?)",
            ((1000 + n, f"x{n}", f"picture of thing {n % 997}", "shutterstock", "") for n in range(licences)),
        )
        kinds, platforms = ("standard", "extended", "editorial"), ("shutterstock", "getty_images", "freepik")
        db.executemany(
            "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((1000 + n, f"synthetic_{n}", platforms[n % 3], kinds[n % 3],
              _day(n), f"person {n % 40}", f"job {n % 900}",
              f"picture of thing {n % 997}", "" if n % 5 else " certificate ",
              "record preview certificate" if n % 5 else "record certificate:on_request",
              0 if n % 50 else n, 0, "one")
             for n in range(licences)),
        )  # fmt: skip
        pictures = min(licences, PICTURES)
        hashes = chance.integers(0, 1 << 63, (pictures, 4), np.uint64)
        db.executemany(
            "INSERT INTO picture (number, licence, name, hash, flat, embedded) VALUES (?, ?, 'preview.jpg', ?, 0, 1)",
            ((1000 + n, 1000 + n, hashes[n].tobytes()) for n in range(pictures)),
        )

    vectors = chance.standard_normal((pictures, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    VectorFile(path.with_suffix(".vectors")).write({1000 + n: vectors[n] for n in range(pictures)})
    return stored[3].folder


def _day(n: int) -> str:
    return f"20{10 + n % 16:02}-{1 + n % 12:02}-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:{n % 59:02}Z"


PAGES = (
    "/", "/find?q=thing", "/find?q=picture+of+thing+500", "/find?q=x77", "/find?q=nowhere", "/find?q=thing+nowhere",
    "/licences", "/licences?view=table&sort=title", "/licences?provider=freepik&missing=any&sort=oldest",
    "/licences?seat=person+7", "/licences?job=job+77", "/licences?text=thing+500", "/licences?text=picture",
    "/licences?kind=editorial&since=2020-01-01&until=2021-12-31", "/licences?state=unproven", "/client/acme",
    "/client/acme?after=2018-05-05T00:00:00Z+5000", "/client/acme/manage", "/leaver", "/leaver?person=person+7",
    "/claims", "/accounts", "/unassigned", "/setup", "/audit",
)  # fmt: skip


def used() -> float:
    """Processor seconds of this process and of its children, such as the matcher of pictures."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_used_by, _descendants(os.getpid())))


def _descendants(process: int) -> Iterator[int]:
    """The living children of a process, and theirs; none where the system does not list them."""
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, tasks.read_text().split()):
            yield child
            yield from _descendants(child)


def _used_by(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(ask: Callable[[], object]) -> float:
    """Milliseconds of the processor."""
    before = used()
    ask()
    return (used() - before) * 1000


@contextmanager
def prepared(folder: Path, licences: int) -> Iterator[tuple[Agency, str]]:
    """A filled home, and the folder of a real licence in it; an earlier one of that folder."""
    told = folder / "real-licence"
    with agency(folder) if not told.exists() else nullcontext(again(folder)) as at:
        if not told.exists():
            told.write_text(fill(at, licences), "utf-8")
        yield at, told.read_text("utf-8")


def again(folder: Path) -> Agency:
    env = clean_environment(folder)
    os.environ.update(env)
    return Agency(HomeOnDisk(folder / "home", env), open_vault(Home.load(folder / "home").vault))


def main(folder: Path, asked: Namespace) -> int:
    most, worst = PAGE_MS if asked.licences <= 100_000 else PAGE_MS_OF_MANY, 0.0
    with prepared(folder, asked.licences) as (at, real), pytest.MonkeyPatch.context() as patch:
        place = f"/licence/acme/{real}"
        pages = [*PAGES, place, f"{place}/preview", f"{place}/file/certificate.txt"]
        with desk_on(at.run, patch) as desk:  # what every program does once, such as loading modules, does not count
            for path in pages:
                assert desk.person().get(path).status_code in (200, 303), path
        with desk_on(at.run, patch) as desk:
            person = desk.person()
            bare = median(cost(lambda: person.get("/find")) for _ in range(asked.times))
            for path in pages:
                first, *later = (cost(lambda path=path: person.get(path)) for _ in range(asked.times))  # type: ignore[misc]  # its default
                slow = "  TOO SLOW" if max(first, median(later)) > most else ""
                worst = max(worst, first, median(later))
                ratio = median(later) / bare
                print(f"{first:7.0f} ms first {median(later):7.0f} ms then, ratio {ratio:5.1f}  {path}{slow}")
            width, height = scene(33).size
            cropped = jpeg(scene(33).crop((60, 0, width, round(height * 0.8))), 70)

            def search() -> None:
                assert person.post("/find/file", files={"file": ("a.jpg", cropped)}).status_code == 303

            _, *later = (cost(search) for _ in range(asked.times))
            print(f"{median(later):7.0f} ms  a dropped picture")
    return int((worst > most or median(later) > PICTURE_MS) and not asked.quick)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    parser = ArgumentParser(description=__doc__)
    parser.add_argument("home", nargs="?")
    arguments = asked(parser, licences=(100_000, 200), times=(5, 2))
    with nullcontext(arguments.home) if arguments.home else tempfile.TemporaryDirectory() as place:
        raise SystemExit(main(Path(place), arguments))
