"""How long the desk's pages take on an archive of 100,000 licences, and a dropped picture among as many previews.

`python tests/benchmarks/desk_speed.py [LICENCES]` fills ledger and catalogue with synthetic entries behind a few real
ones, starts the desk and asks for each page. 100,000 at most have a picture. Prints the median of several; exits
1 above 150 ms for a page or 1.5 s for a picture. Wall-clock figures depend on what else the machine does.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from types import ModuleType

import numpy as np

ROOT = Path(__file__).parents[2]
# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(ROOT / "tests")]

import httpx  # noqa: E402  # as above

from archiver.archive.reader import Archive  # noqa: E402
from archiver.catalogue.picture_index import VectorFile  # noqa: E402
from archiver.catalogue.picture_search import find_picture  # noqa: E402
from archiver.desk.auth import Users  # noqa: E402
from tests.support.agency import Agency, agency, certificate, preview, record  # noqa: E402
from tests.support.claims_kit import jpeg, licence  # noqa: E402
from tests.support.desk_kit import PASSWORD, Person, started  # noqa: E402
from tests.support.pictures import scene  # noqa: E402

PAGE_SECONDS, PICTURE_SECONDS, TIMES = 0.150, 1.5, 7
PICTURES = 100_000  # at the most: their vectors take 2 KB each


def fill(at: Agency, licences: int) -> str:
    """Some real licences, and synthetic ones in ledger, catalogue and vectors; a real one's folder."""
    filed = [
        (licence(f"1{n}"), [record(), certificate(f"Licence shutterstock-1{n}"), preview(jpeg(scene(n)))])
        for n in range(30, 40)
    ]
    stored = at.archive("acme", *filed)
    find_picture(at.home, jpeg(scene(1)), client="acme")  # catalogue and vectors of the real ones
    archive = Archive(at.home.archive("acme"))
    head = archive.head()
    assert head
    with archive.ledger.open("ab") as ledger:
        for number in range(licences):
            line = {"at": "2026-11-24T00:00:00Z", "id": f"urn:x-archiver:licence:synthetic_{number}", "prev": "0" * 64,
                    "seq": head.seq + 1 + number, "type": "capture", "inventory_sha512": "0" * 128,
                    "version": 1}  # fmt: skip
            ledger.write(json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    last = archive.head()
    assert last
    path = at.home.catalogue("acme")
    chance = np.random.default_rng(0)
    with sqlite3.connect(path) as db:
        row = db.execute("SELECT described, lines FROM licence LIMIT 1").fetchone()
        names = [each[1] for each in db.execute("PRAGMA table_info(licence)")]
        common = {"comp": 0, "account": "one", "failed": 0, "assigned": None, "withdrawn": 0, "lines": row[1]}

        def rows() -> Iterator[list[object]]:
            for n in range(licences):
                day = f"20{10 + n % 16:02}-{1 + n % 12:02}-{1 + n % 28:02}T00:00:00Z"
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
            "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((1000 + n, f"synthetic_{n}", platforms[n % 3], kinds[n % 3],
              f"20{10 + n % 16:02}-{1 + n % 12:02}-{1 + n % 28:02}T00:00:00Z", f"person {n % 40}", f"job {n % 900}",
              f"picture of thing {n % 997}", "" if n % 5 else " certificate ",
              "record preview certificate" if n % 5 else "record certificate:on_request", n, 0)
             for n in range(licences)),
        )  # fmt: skip
        pictures = min(licences, PICTURES)
        hashes = chance.integers(0, 1 << 63, (pictures, 4), np.uint64)
        db.executemany(
            "INSERT INTO picture (number, licence, name, hash, flat, embedded) VALUES (?, ?, 'preview.jpg', ?, 0, 1)",
            ((1000 + n, 1000 + n, hashes[n].tobytes()) for n in range(pictures)),
        )
        db.execute("UPDATE position SET offset = ?, hash = ?", (last.offset, hashlib.sha256(last.raw).hexdigest()))
    vectors = chance.standard_normal((pictures, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    VectorFile(path.with_suffix(".vectors")).write({1000 + n: vectors[n] for n in range(pictures)})
    return stored[3].folder


def main() -> int:
    licences = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder, agency(Path(folder)) as at:
        real = fill(at, licences)
        Users(at.home.root).add("Ada Example", "operate", PASSWORD)
        process, key = started(at)
        try:
            with httpx.Client(base_url=key.partition("/enter/")[0], timeout=120) as http:
                person = Person(http)
                person.post("/sign-in", {"name": "Ada Example", "password": PASSWORD}, token="")
                place = f"/licence/acme/{real}"
                for path in (
                    "/", "/find", "/find?q=thing", "/find?q=picture+of+thing+500", "/find?q=x77", "/find?q=nowhere",
                    "/licences",
                    "/licences?view=table&sort=title", "/licences?provider=freepik&missing=any&sort=oldest",
                    "/licences?seat=person+7", "/licences?text=thing+500", "/licences?text=picture", "/client/acme",
                    "/client/acme?after=2018-05-05T00:00:00Z+5000", place, f"{place}/preview",
                    f"{place}/file/certificate.txt", "/claims", "/accounts", "/unassigned",
                ):  # fmt: skip
                    took = []
                    for _ in range(TIMES):
                        start = time.monotonic()
                        assert http.get(path).status_code == 200, path
                        took.append(time.monotonic() - start)
                    worst = max(worst, median(took))
                    print(f"{median(took) * 1000:7.0f} ms  {path}")
                token = person.token
                width, height = scene(33).size
                cropped = jpeg(scene(33).crop((60, 0, width, round(height * 0.8))), 70)
                took = []
                for _ in range(TIMES):
                    start = time.monotonic()
                    found = person.post("/find/file", token=token, files={"file": ("a.jpg", cropped)})
                    assert found.status_code == 303
                    took.append(time.monotonic() - start)
                print(f"{median(took) * 1000:7.0f} ms  a dropped picture")
        finally:
            process.terminate()
            process.communicate(timeout=30)
    return int(worst > PAGE_SECONDS or median(took) > PICTURE_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
