"""Packing one licence out of an archive of 100,000, against packing it out of an archive of one.

`python tests/benchmarks/pack_speed.py` prints both, as the command `archiver proof` takes them, Python's and
Chromium's start included; exits 1 where the large archive takes 10 s or more. What is measured is not how archives are
written: that is done by their own writer, with fsync taken out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.ocfl import NewObject
from archiver.catalogue import search
from archiver.catalogue.archives import writing
from archiver.core.model import Asset, Licence
from archiver.home.settings import Home
from archiver.home.settings_edit import add_client, create_home
from archiver.home.vault import find_key, open_vault
from archiver.reading.licence_json import to_json

LONGEST = 10.0  # seconds


def archived(folder: Path, licences: int) -> Home:
    """A home with one client whose archive holds that many licences, sealed and indexed."""
    folder.mkdir()
    os.environ["ARCHIVER_KEY_FILE"] = str(folder / "vault.key")
    find_key(create=True)
    with LocalAuthority(folder / "authority") as authority:
        (folder / "root.pem").write_bytes(authority.root_pem.read_bytes())
        stamps = [{"name": "local", "url": authority.url, "roots": "../root.pem"}]
        create_home(folder / "home", timestamps=stamps)
        add_client(folder / "home", "acme", name="Acme Ltd")
        home, vault = Home.load(folder / "home"), open_vault(folder / "home/vault.enc", create=True)
        with writing(home, vault, "acme") as archive:
            for start in range(0, licences, 1000):
                numbers = range(start, min(start + 1000, licences))
                for stored in [archive.put(new_object(n, licences)) for n in numbers]:
                    stored.result()
            archive.seal()
    search.rebuild(home)
    return home


def new_object(n: int, licences: int) -> NewObject:
    day = date(2016, 1, 1) + timedelta(days=n * 3650 // licences)
    asset = Asset(provider="example", asset_id=f"{n:07}", title=f"Harbour {n}")
    licence = Licence(asset=asset, licence_id=f"L-{n}", licensed_at=day, licensee="Acme Ltd")
    files = {"licence.json": to_json(licence, (), (), {"source": "adapter"})}
    return NewObject.of(licence, files, datetime.now(UTC))


def seconds(home: Home, out: Path) -> float:
    command = [sys.executable, "-m", "archiver", "proof", "_0000000_", "--out", str(out), "--home", str(home.root)]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main(asked: Namespace) -> int:
    licences = asked.licences
    fsync = os.fsync
    setattr(os, "fsync", lambda _: None)  # noqa: B010 - for writing only
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        homes = {count: archived(folder / str(count), count) for count in (1, licences)}
        setattr(os, "fsync", fsync)  # noqa: B010
        took: dict[int, list[float]] = {count: [] for count in homes}
        for number in range(asked.rounds):
            for count, home in homes.items():
                os.environ["ARCHIVER_KEY_FILE"] = str(folder / str(count) / "vault.key")
                took[count].append(seconds(home, folder / f"{count}-{number}.zip"))
    one, many = (median(each) for each in took.values())
    print(f"a pack out of {licences:,} licences: {many:.1f} s, out of one {one:.1f} s; ratio {many / one:.2f}")
    return int(many >= LONGEST and not asked.quick)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    sys.exit(main(asked(__doc__, licences=(100_000, 100), rounds=(3, 1))))
