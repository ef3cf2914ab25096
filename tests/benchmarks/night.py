"""A whole night against a loopback site. `python tests/benchmarks/night.py`

1. Many accounts, each with many archived licences and nothing new: CPU seconds an account (goal: 0.3 at most), with
   all that a night does: opening, reading the list, the run line, the seal, the catalogue, who is to be told.
2. Many new licences over 10 accounts: this process's peak memory (goal: under 600 MB), and throughput against the
   slower of two yardsticks of the same minutes: the same requests with nothing else, and the durable write of the same
   files and folders, in batches, with nothing else, before the night and after it, of which the quicker counts. What a
   single durable file for each licence takes is told, too.

Use it on a quiet machine, and not just after many files were deleted: for minutes ext4 then makes new ones slowly.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

from archiver.agency.night import run
from archiver.archive.writer import MAX_SYNCERS
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.home.network import Network
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from tests.benchmarks.archive_write import floor as archive_floor  # noqa: E402
from tests.benchmarks.sync_speed import pdf, write_floor  # noqa: E402
from tests.support.site import Site  # noqa: E402

MOST_CPU, MOST_MEMORY, LEAST = 0.3, 600.0, 0.7


def serve(pipe: Connection, rows: int, certificates: bool) -> None:
    """The site, in a process of its own: its work is not ours."""
    with Site(rows=rows, certificates=certificates) as site:
        pipe.send(site.url)
        pipe.recv()


def night(home: Home, vault: Vault) -> RunSummary:
    return asyncio.run(run(home, vault, RunRequest()))


def used() -> float:
    """CPU seconds of this process and of the document readers that ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def nothing_new(folder: Path, accounts: int, rows: int) -> None:
    with site(rows, certificates=False):
        root, key = folder / "home", new_key()
        create_home(root, timestamps=[])
        vault = Vault.create(root / "vault.enc", key)
        account(root, vault, "client-0", "account-0")
        [first] = night(Home.load(root), vault).accounts
        assert first.archived == rows, first
        for number in range(1, accounts):
            account(root, vault, f"client-{number}", f"account-{number}")
            cloned(root, vault, number)
        night(Home.load(root), vault)  # warms the file cache
        began, started = used(), time.perf_counter()
        summary = night(Home.load(root), vault)
        cpu, seconds = used() - began, time.perf_counter() - started
    assert all(each.already >= 20 and not each.archived and not each.error for each in summary.accounts), summary
    print(f"{accounts} accounts x {rows} archived, nothing new: {cpu / accounts:.3f} CPU s an account, {seconds:.1f} s")
    print(f"  goal: <= {MOST_CPU} CPU s an account: {'kept' if cpu / accounts <= MOST_CPU else 'MISSED'}")


def account(root: Path, vault: Vault, client: str, name: str) -> None:
    add_client(root, client, name=client.title())
    # All accounts list the licences of one user, so that one archive serves as the pattern of all.
    add_account(root, name, client=client, provider="site", username="user")
    vault.set_secrets(name, {"token": "RECORDED-TOKEN"})


def cloned(root: Path, vault: Vault, number: int) -> None:
    """Give a client a copy of the first one's archive without its evidence, of which such a night reads nothing."""
    with vault._lock():
        content = vault._read()
        content["signers"][f"client-{number}"] = content["signers"]["client-0"]
        vault._write(content)
    pattern, copy = root / "archive" / "client-0", root / "archive" / f"client-{number}"
    shutil.copytree(pattern, copy, ignore=shutil.ignore_patterns("evidence"))
    (copy / "evidence").mkdir()
    shutil.copytree(root / "state" / "archive" / "client-0", root / "state" / "archive" / f"client-{number}")
    with (
        sqlite3.connect(root / "state" / "catalogue" / "client-0.sqlite") as there,
        sqlite3.connect(root / "state" / "catalogue" / f"client-{number}.sqlite") as here,
    ):
        there.backup(here)
    history = root / "state" / "history"
    history.joinpath(f"account-{number}.json").write_text(
        json.dumps({"downloads": json.loads((history / "account-0.json").read_text())["downloads"]})
    )


def many_new(folder: Path, accounts: int, new: int) -> None:
    rows = new // accounts
    with site(rows, certificates=True) as url:
        before = used()
        bare, least = asyncio.run(bare_loop(url, rows * accounts)), used() - before
        single = write_floor(folder / "single", [pdf(0, 900)], rows * accounts)
        before_it = object_floor(folder / "floor-before", rows * accounts)
        root = folder / "many"
        create_home(root, timestamps=[])
        vault = Vault.create(root / "vault.enc", new_key())
        for number in range(accounts):
            add_client(root, f"client-{number}", name=f"Client {number}")
            add_account(root, f"many-{number}", client=f"client-{number}", provider=f"site{number}", username="user")
            vault.set_secrets(f"many-{number}", {"token": "RECORDED-TOKEN"})
        before, started = used(), time.perf_counter()
        summary = night(Home.load(root), vault)
        seconds = time.perf_counter() - started
        cpu = used() - before
        floor = min(before_it, object_floor(folder / "floor-after", rows * accounts))
    assert sum(each.archived for each in summary.accounts) == rows * accounts, summary
    memory, number = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rows * accounts
    print(f"{number} new over {accounts} accounts: {number / seconds:.0f}/s; bare loop {number / bare:.0f}/s, durable "
          f"writes {number / floor:.0f}/s (of one file {number / single:.0f}/s); peak {memory:.0f} MB")  # fmt: skip
    print(f"  {cpu / number * 1000:.1f} ms of CPU a licence, document readers included; "
          f"a bare request {least / number * 1000:.1f} ms")  # fmt: skip
    print(f"  ratio to the slower yardstick: {max(bare, floor) / seconds:.2f} (goal >= {LEAST})")
    print(f"  goal: < {MOST_MEMORY:g} MB: {'kept' if memory < MOST_MEMORY else 'MISSED'}")


def object_floor(folder: Path, number: int) -> float:
    """The files of objects such as the night archives, as `archive_write.py` has its floor."""
    files = {"licence.json": b"-" * 1_300, "record.json": b"-" * 200, "certificate.pdf": pdf(0, 900)}
    started = time.perf_counter()
    with ThreadPoolExecutor(MAX_SYNCERS) as pool:
        archive_floor(pool, folder, [files] * number)
    return time.perf_counter() - started


async def bare_loop(url: str, number: int) -> float:
    """The same certificates by the same client, eight at once, nothing else."""
    indexes = iter(range(number))
    async with Network().client(30, {}) as client:

        async def some() -> None:
            for index in indexes:
                async with client.get(f"{url}/site/user/certificate/{index}") as answer:
                    assert await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(8)))
        return time.perf_counter() - started


class site:  # noqa: N801  # read as `with site(...)`
    """The site in its process, and `archiver.collect.run` finding adapters for it."""

    def __init__(self, rows: int, *, certificates: bool) -> None:
        self._rows, self._certificates = rows, certificates

    def __enter__(self) -> str:
        self._pipe, other = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(other, self._rows, self._certificates), daemon=True
        )
        self._process.start()
        here = Site(rows=self._rows, certificates=self._certificates)
        here.url = self._pipe.recv()
        for name in ("run", "account_session"):  # adapters are found by name
            setattr(sys.modules[f"archiver.collect.{name}"], "load", here.adapter)  # noqa: B010  # a module's name
        return here.url

    def __exit__(self, *_: object) -> None:
        self._pipe.send("end")
        self._process.join()


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    arguments = asked(__doc__, accounts=(200, 3), archived=(1_000, 40), new=(20_000, 100))
    with tempfile.TemporaryDirectory() as place:
        many_new(Path(place), 10, arguments.new)
        nothing_new(Path(place), arguments.accounts, arguments.archived)
