"""How long words take to find among 1,000,000 licences, in a process that is already running.

`python tests/benchmarks/find_speed.py [FOLDER]` fills a catalogue by the catalogue's own way of storing, with titles of
few common and many rare words as languages have them, and asks the questions people ask. Prints for each the median of
time and of CPU, and the latter's ratio to that of the newest licences; exits 1 where one takes 50 ms of CPU or more: it
is one thread's work, and time depends on what else the machine does. FOLDER keeps the catalogue for the next time.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np

from archiver.archive.ledger import Line
from archiver.catalogue.index import Catalogue
from archiver.catalogue.index_rows import ReadLicence
from archiver.core.model import Asset, Licence
from archiver.reading.licence_json import from_json, to_json

LONGEST = 0.050  # seconds
ROUNDS = 9
WORDS = 30_000  # of all titles
KINDS = ("standard", "enhanced", "editorial", "extended")
LICENSEES = ("Acme Ltd", "Beta GmbH", "Agency Ltd", "Gamma SARL")

SYLLABLES = ("ka", "ri", "mo", "te", "su", "na", "le", "vi", "do", "pa", "ber", "gan",
             "tol", "min", "sar", "fe", "hu", "jor", "wen", "zi", "cha", "dra", "plu", "sto")  # fmt: skip


def word(n: int) -> str:
    """The n-th commonest word: of two, three or four syllables."""
    letters = [SYLLABLES[n % 24], SYLLABLES[n * 7 // 24 % 24]]
    while n := n // 576:
        letters.append(SYLLABLES[n % 24])
    return "".join(letters)


def folder_of(n: int, licences: int) -> tuple[date, str]:
    day = date(2016, 1, 1) + timedelta(days=n * 3650 // licences)
    return day, f"{day:%Y%m%d}_example_2{n:07}_{n * 2654435761 % (1 << 32):08x}"


def questions(licences: int) -> dict[str, str]:
    half = licences // 2
    return {
        "nothing: the newest": "",
        "an asset id": f"2{half:07}",
        "an order": f"PO-{half // 3}",
        "a day": str(folder_of(half, licences)[0]),
        "a folder": folder_of(half, licences)[1],
        "a part of a folder": folder_of(half, licences)[1][:26],
        "a rare word": word(29_000),
        "two rare words": f"{word(2000)} {word(1001)}",
        "the commonest word": word(0),
        "three common words": f"{word(0)} {word(1)} {word(2)}",
        "a common and a rare word": f"{word(0)} {word(25_000)}",
        "a beginning": word(7)[:3],
        "a longer beginning": "standar",
        "a short beginning": word(7)[:2],
        "one letter": "k",
        "a licensee": "Acme Ltd",
        "a kind": "standard",
        "the platform": "example",
        "the certificates' own word": "licence",
        "a sentence": " ".join(map(word, (3, 17, 250, 4, 999, 12))),
        "words of which one is nowhere": f"{word(0)} zebra",
        "words that are nowhere": "zebra crossing",
    }


def fill(path: Path, licences: int) -> None:
    chance = np.random.default_rng(0)
    weights = 1 / np.arange(1, WORDS + 1)
    drawn = chance.choice(WORDS, (licences, 6), p=weights / weights.sum())
    with Catalogue(path) as catalogue:
        for start in range(0, licences, 10_000):
            with catalogue._writing():
                for n in range(start, min(start + 10_000, licences)):
                    day, folder = folder_of(n, licences)
                    asset = Asset(provider="example", asset_id=f"2{n:07}", title=" ".join(map(word, drawn[n].tolist())))
                    licence = Licence(
                        asset=asset, licence_id=f"L-{n}", licensed_at=day, licensee=LICENSEES[n % 4],
                        kind=KINDS[n % 7 % 4], order=f"PO-{n // 3}",
                    )  # fmt: skip
                    described = to_json(licence, (), (), {"source": "adapter", "account": "one"})
                    read = ReadLicence(
                        folder, described, from_json(described), f"Licence L-{n} of {asset.title}", "", {}
                    )
                    line = Line(json.dumps({"seq": n, "type": "capture", "prev": ""}).encode(), n)
                    catalogue._put(f"urn:x-archiver:licence:{folder}", read, (line,), None)


def main(asked: Namespace, path: Path) -> int:
    licences = asked.licences
    if not path.exists():
        started = time.process_time()
        fill(path, licences)
        print(f"filled in {time.process_time() - started:.0f} s of CPU")
    print(
        f"{licences:,} licences, {path.stat().st_size >> 20} MB; milliseconds of time and of CPU, medians of {ROUNDS}"
    )
    slow, bare = 0, 0.0
    with Catalogue(path) as catalogue:
        for what, text in questions(licences).items():
            took, used = [], []
            for _ in range(ROUNDS):
                began, before = time.perf_counter(), time.process_time()
                found = catalogue.find(text)
                took.append(time.perf_counter() - began)
                used.append(time.process_time() - before)
            bare = bare or median(used)
            slow += median(used) >= LONGEST
            first = f"{found[0].match}, {found[0].entry.folder}" if found else ""
            print(f"{what:30} {median(took) * 1000:8.1f} {median(used) * 1000:8.1f}, "
                  f"ratio {median(used) / bare:5.1f}   {len(found):3} {first}")  # fmt: skip
    return int(slow > 0 and not asked.quick)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    arguments = asked(parser, licences=(1_000_000, 2000))
    with tempfile.TemporaryDirectory() as temporary:
        kept = arguments.folder or Path(temporary)
        kept.mkdir(parents=True, exist_ok=True)
        sys.exit(main(arguments, kept / f"{arguments.licences}.sqlite"))
