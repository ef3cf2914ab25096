"""What a fleet costs. `python tests/benchmarks/fleet.py`

1. The visits of several workers against those of one, in the same run; each worker makes one visit at a time. Nights
   without news, the usual ones: where the platform's latency bounds (ten requests of 50 ms one after another) and where
   the processor does. Goals with 4 workers: 3.4 times, and 1.7 times on two cores. Scratch folders, database and store
   are in memory, where there is /dev/shm: else the disk bounds, too. Then first visits, which archive 40 licences each:
   there the store takes as much of the cores as the workers do.
2. The queue's own processor time an account: jobs that do nothing, put in, taken out and ended. Goal: 5 ms at most.
3. What many queued accounts cost in memory, in a worker that holds them queued. Goal: less than 100 MB more.
4. Requests to the store, bytes and processor time of one visit without news: the terms of the formula in
   docs/scale.md.

It needs PostgreSQL and SeaweedFS, as the tests do. Use it on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.agency import fleet as administration  # noqa: E402
from archiver.agency.fleet_worker import FleetWorker  # noqa: E402
from archiver.fleet.fleet_database import FleetDatabase  # noqa: E402
from archiver.fleet.object_store import Bucket  # noqa: E402
from archiver.fleet.visit_queue import VisitJob, VisitQueue, queue_app  # noqa: E402
from archiver.home.vault import find_key  # noqa: E402
from tests.support.fleet_kit import Fleet, fleet  # noqa: E402
from tests.support.object_stores import ObjectStore, seaweedfs  # noqa: E402
from tests.support.postgres import Postgres, postgres  # noqa: E402
from tests.support.site import Site  # noqa: E402

LATENCY_S = 0.05
MEMORY = Path("/dev/shm")
REQUESTS_OF_A_VISIT = 10  # without news: is the session valid, whose is it, the steps of a sign-in, each list
DOCUMENTED_REQUESTS = (4, 2, 0)  # of a visit without news: put, get, and listings of versions


@dataclass
class PausingSite(Site):
    """A site that answers after a pause, as a platform far away does."""

    pause_s: float = 0.0

    def _answer(self, method: str, path: str, body: bytes) -> tuple[str, bytes]:
        time.sleep(self.pause_s)
        return super()._answer(method, path, body)


def used() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def clients(number: int) -> Mapping[str, Sequence[str]]:
    return {f"client-{each}": [f"account-{each}"] for each in range(number)}


def used_by(process: int) -> float:
    """The processor time of a running process, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy() -> tuple[float, float]:
    """The seconds that this machine's processors have worked, and those that they have had."""
    fields = Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    times = [int(each) / os.sysconf("SC_CLK_TCK") for each in fields]
    return sum(times) - times[3] - times[4], sum(times)


def visits(made: Fleet, accounts: int, workers: int) -> tuple[float, float, float]:
    """Ask for all visits. Returns the seconds from the workers' readiness to the last visit's end, the workers'
    processor time of a visit, and which share of the machine's processors was at work.
    """
    with made.database as database:
        with database.transaction() as connection:
            connection.execute("UPDATE fleet_account SET outcome = NULL")
        for _ in range(workers):
            made.worker("--visits", "1", "--no-plan")
        while len(database.workers()) < workers:
            time.sleep(0.1)
        time.sleep(2)
        processes = [each.pid for each in made.processes]
        started, before, worked = time.time(), sum(map(used_by, processes)), busy()
        administration.ask(database, find_key(), clients=[], accounts=[])
        made.wait(accounts)
        ended = max(datetime.fromisoformat(str(each["visited_at"])) for each in database.accounts())
        seconds = ended.timestamp() - started
        cpu = (sum(map(used_by, processes)) - before) / accounts
        spent, had = (after - since for after, since in zip(busy(), worked, strict=True))
        database.drain([])
    made.end()
    with made.database as database, database.transaction() as connection:
        connection.execute("DELETE FROM fleet_worker")
    return seconds, cpu, spent / had


def ratios(server: Postgres, store: ObjectStore, asked: argparse.Namespace) -> None:
    accounts, workers = asked.accounts, asked.workers
    for what, pause_s in (("latency bounds", LATENCY_S * REQUESTS_OF_A_VISIT), ("the processor bounds", 0.0)):
        with tempfile.TemporaryDirectory() as folder, PausingSite(rows=5) as site, fleet(
            Path(folder), server, store, store.bucket(f"ratio-{what.replace(' ', '-')}"), clients(accounts),
            site_url=site.url, rows=5, ask=False, lease="60s",
        ) as made:  # fmt: skip
            visits(made, accounts, 2)  # everything is archived
            site.pause_s = pause_s
            tell(f"no news, {what}", accounts, workers, [visits(made, accounts, number) for number in (1, workers)])
    if asked.quick:
        return
    for what, pause_s in (("50 ms a request", LATENCY_S), ("no latency", 0.0)):
        found = []
        for number in (1, workers):
            with tempfile.TemporaryDirectory() as folder, PausingSite(rows=40, pause_s=pause_s) as site, fleet(
                Path(folder), server, store, store.bucket(f"first-{what.replace(' ', '-')}-{number}"),
                clients(accounts), site_url=site.url, rows=40, ask=False, lease="60s",
            ) as made:  # fmt: skip
                found.append(visits(made, accounts, number))
        tell(f"first visits, {what}", accounts, workers, found)


def tell(what: str, accounts: int, several: int, found: Sequence[tuple[float, float, float]]) -> None:
    (one, one_cpu, one_busy), (many, many_cpu, many_busy) = found
    print(f"{what}: {several} workers against one: ratio {one / many:.2f} ({accounts} accounts: {one:.1f} s, "
          f"{many:.1f} s). A visit costs {one_cpu:.2f} s of processor time with one worker, {many_cpu:.2f} s with "
          f"{several}; {one_busy:.0%} and {many_busy:.0%} of all processors were at work", flush=True)  # fmt: skip


def overhead(server: Postgres, jobs: int) -> None:
    async def nothing(job: VisitJob) -> None: ...

    with FleetDatabase(server.database(), "benchmark") as database:
        database.prepare()
        queue = VisitQueue(database)
        queue.prepare()
        for client in range(100):
            database.set_accounts(f"client-{client}", [f"account-{each}" for each in range(client, jobs, 100)])
        known = [(str(each["client"]), str(each["account"])) for each in database.accounts()]
        before = used()
        assert queue.ask(known) == jobs
        app = queue_app(database.address, nothing)

        async def drain() -> None:
            async with app.open_async():
                await app.run_worker_async(queues=["visits"], concurrency=8, wait=False, delete_jobs="successful")

        while queue.counts()["due"]:
            asyncio.run(drain())
        print(f"the queue: {(used() - before) / jobs * 1000:.2f} ms of processor time an account ({jobs} accounts)")


def queued(server: Postgres, store: ObjectStore, number: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Site(rows=1) as site, fleet(
        Path(folder), server, store, store.bucket("queued"), clients(1), site_url=site.url, rows=1, ask=False,
    ) as made, made.database as database:  # fmt: skip
        before = memory_mb()
        database.set_accounts("many", [f"many-{each}" for each in range(number)])
        queue = VisitQueue(database)
        queue.ask([("many", f"many-{each}") for each in range(number)])
        with database.transaction() as connection:
            connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 day'")
        worker = FleetWorker(database, find_key(), Path(folder) / "scratch", until_empty=True)
        asyncio.run(worker())
        print(f"{number} queued: {memory_mb() - before:.0f} MB more in a worker; the status has {number} rows")


def one_visit(server: Postgres, store: ObjectStore, rows: int) -> None:
    """The second visit to an account, in this process: nothing new, what a usual night costs."""
    calls: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, Site(rows=rows) as site, fleet(
        Path(folder), server, store, store.bucket("visit"), clients(1), site_url=site.url, rows=rows, lease="60s",
    ) as made, made.database as database:  # fmt: skip
        import archiver.collect.account_session
        import archiver.collect.run

        for module in (archiver.collect.run, archiver.collect.account_session):
            setattr(module, "load", site.adapter)  # noqa: B010  # a module's name
        asyncio.run(FleetWorker(database, find_key(), Path(folder) / "first", until_empty=True)())
        real: Any = {name: getattr(Bucket, name) for name in ("put", "get", "versions", "is_kept")}

        def counted(name: str) -> Any:
            def call(self: Bucket, *values: Any, **named: Any) -> Any:
                answer = real[name](self, *values, **named)
                calls[name] += 1
                sizes["sent"] += len(values[1]) if name == "put" else 0
                sizes["received"] += len(answer[0]) if name == "get" and answer else 0
                return answer

            return call

        for name in real:
            setattr(Bucket, name, counted(name))
        administration.ask(database, find_key(), clients=[], accounts=[])
        before = used()
        asyncio.run(FleetWorker(database, find_key(), Path(folder) / "second", until_empty=True)())
        cpu = used() - before
        for name, function in real.items():
            setattr(Bucket, name, function)
        [account] = database.accounts()
        assert account["outcome"] == "complete", account
    same = (calls["put"], calls["get"], calls["versions"]) == DOCUMENTED_REQUESTS
    print(f"a visit without news to {rows} licences: {dict(calls)} requests, {dict(sizes)} bytes, "
          f"{cpu:.2f} s of processor time with the worker's start")  # fmt: skip
    print(f"  as docs/scale.md says: {'yes' if same else 'NO: change its formula'}")


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    arguments = asked(__doc__, accounts=(24, 2), workers=(4, 2), queued=(10_000, 100), jobs=(2_000, 100), rows=(200, 5))
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    with postgres() as running, tempfile.TemporaryDirectory() as place, seaweedfs(Path(place) / "weed") as objects:
        overhead(running, arguments.jobs)
        one_visit(running, objects, arguments.rows)
        queued(running, objects, arguments.queued)
        if arguments.accounts:  # 0: only what does not depend on how busy this machine is
            ratios(running, objects, arguments)
