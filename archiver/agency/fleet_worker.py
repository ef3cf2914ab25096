"""A worker of a fleet: takes visits from the queue, runs them as a night runs an account, and survives outages."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from archiver.agency.night import run
from archiver.collect.account_result import AccountResult
from archiver.collect.run_context import RunRequest
from archiver.collect.run_tools import RunTools, open_tools
from archiver.core import errors
from archiver.core.atomic_files import abandoned, remove_tree
from archiver.core.errors import ArchiverError, ClockDiffers, ConfigError, DatabaseUnavailable, machine_error
from archiver.fleet.fleet_database import FleetDatabase, VisitReport
from archiver.fleet.fleet_home import SETTINGS, SealedRows, Sealer, settings_folder
from archiver.fleet.object_store import bucket_of
from archiver.fleet.visit import FleetTools, visiting
from archiver.fleet.visit_queue import MACHINE_FAULTS, QUEUE, VisitJob, VisitQueue, postponed, queue_app

BEATS_PER_LEASE = 6
SILENT_LEASES = 2.0  # without a sign of life for so many leases, a worker's visits are taken over
MAX_BEAT_S = 15.0
PLANNING_INTERVAL_S = 20.0
MAX_PAUSE_S = 30.0  # between two tries to reach the database
POLL_INTERVAL_S = 2.0
MACHINE_PAUSE_S = 30.0  # after a fault of this machine, so that others take the visits that it would only fail

type Said = Callable[[str], None]


class QueueWorker(Protocol):
    """Procrastinate's worker, which annotates nothing."""

    worker_id: int | None

    def stop(self) -> None: ...


def open_fleet(database: FleetDatabase, key: str) -> SealedRows:
    """The rows of an existing fleet; ConfigError if there is none, VaultLocked for another key, ClockDiffers for a
    machine whose clock is wrong.
    """
    database.check_format()
    database.check_clock()
    rows = SealedRows(database, Sealer(key))
    rows.check_key()
    return rows


def tools_of(database: FleetDatabase, rows: SealedRows, key: str, scratch: Path) -> FleetTools:
    """What visits need, from the fleet's present settings. `scratch` is a folder of this process."""
    settings = settings_folder(rows, scratch / f"settings-{rows.read(SETTINGS)[SETTINGS][1]}")
    database.lease_s = settings.settings.fleet.lease
    return FleetTools(rows, bucket_of(settings), key, settings, scratch, settings.settings.fleet.lease)


@dataclass
class FleetWorker:
    """`visits` accounts at once, each of another client. `plans`: whether this worker plans the nights."""

    database: FleetDatabase
    key: str
    scratch: Path
    visits: int = 4
    plans: bool = True
    until_empty: bool = False
    say: Said = lambda _: None
    _running: dict[int, str] = field(default_factory=dict)  # job -> account
    _doubtful: set[int] = field(default_factory=set)  # jobs that seem to be ours, and are not
    _tools: dict[int, tuple[FleetTools, RunTools]] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _tools_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _rows: SealedRows | None = None
    _rests_until: float = 0.0  # by `time.monotonic`: this machine is at fault, so it takes nothing
    _wrong_clock: ClockDiffers | None = None

    async def __call__(self) -> None:
        """Work until asked to end (a signal, or `fleet drain`), or until nothing is due. Running visits end first.

        ConfigError, VaultLocked and ClockDiffers end it at once; it waits for a database that is away.
        """
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # it would repeat what status tells
        asyncio.get_running_loop().set_exception_handler(self._unheard)
        await asyncio.to_thread(_clear, self.scratch)
        pause = 1.0
        async with self._stack:
            while True:
                began = asyncio.get_running_loop().time()
                try:
                    if await self._work():
                        if self.until_empty and await self._is_due():
                            await asyncio.sleep(max(0, self._rests_until - time.monotonic()))
                            continue  # what waited for another account of its client
                        break
                    why = "the connection broke"
                except DatabaseUnavailable as error:
                    why = error.detail
                pause = 1.0 if asyncio.get_running_loop().time() - began > MAX_PAUSE_S else min(MAX_PAUSE_S, pause * 2)
                self.say(f"The database cannot be used ({why}). Trying again in {pause:g} s.")
                await asyncio.sleep(pause)
            with suppress(DatabaseUnavailable):
                await asyncio.to_thread(self.database.leave)
        remove_tree(self.scratch)

    def _unheard(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """The queue could not record how a job ended. The job is taken over later, and finds its work done."""
        from procrastinate.exceptions import ProcrastinateException

        if not isinstance(context.get("exception"), ProcrastinateException):
            loop.default_exception_handler(context)

    async def _is_due(self) -> bool:
        counts = await asyncio.to_thread(VisitQueue(self.database).counts)
        return counts["due"] + counts["running"] > 0

    async def _work(self) -> bool:
        """Work until the queue's worker stops. Returns whether it was asked to; else the database failed."""
        import psycopg
        from procrastinate.exceptions import ProcrastinateException
        from procrastinate.worker import Worker
        from psycopg_pool import PoolTimeout

        try:
            rows = self._rows = await asyncio.to_thread(open_fleet, self.database, self.key)
        except ClockDiffers:
            await asyncio.to_thread(self.database.beat, [])  # raises it again, and leaves a row for `status`
            raise
        fleet, _ = await self._tools_now(rows)
        beat_s = min(MAX_BEAT_S, fleet.lease_s / BEATS_PER_LEASE)
        app = queue_app(self.database.address, self._perform, lambda: time.monotonic() < self._rests_until)
        try:
            async with app.open_async():
                worker = Worker(
                    app, queues=[QUEUE], name=self.database.holder, concurrency=self.visits,
                    wait=not self.until_empty, fetch_job_polling_interval=POLL_INTERVAL_S, delete_jobs="successful",
                    update_heartbeat_interval=beat_s, stalled_worker_timeout=fleet.lease_s * SILENT_LEASES,
                    install_signal_handlers=False,
                )  # fmt: skip
                drained = asyncio.Event()
                if self.until_empty:
                    await self._look_after(fleet, drained)
                beats = asyncio.create_task(self._beat(worker, beat_s, drained))
                asked = _asked_to_end(worker, drained)
                try:
                    await worker.run()  # type: ignore[no-untyped-call]  # procrastinate annotates nothing here
                finally:
                    beats.cancel()
                    with suppress(asyncio.CancelledError):
                        await beats
                if self._wrong_clock:
                    raise self._wrong_clock
                return self.until_empty or asked()
        except (psycopg.Error, PoolTimeout, ProcrastinateException, OSError) as error:
            words = (str(error) or type(error).__name__).splitlines()[0]
            raise DatabaseUnavailable(words) from error

    async def _beat(self, worker: QueueWorker, beat_s: float, drained: asyncio.Event) -> None:
        """Give signs of life, plan the night, and take over what dead workers held."""
        planned, loop = -PLANNING_INTERVAL_S, asyncio.get_running_loop()
        while True:
            with suppress(DatabaseUnavailable):
                try:
                    ends = await asyncio.to_thread(self.database.beat, sorted(self._running.values()))
                except ClockDiffers as error:
                    self._wrong_clock, ends = error, True
                if ends:
                    drained.set()
                    worker.stop()
                await self._put_back_unrecorded(worker)
                if not self._wrong_clock and loop.time() - planned >= min(PLANNING_INTERVAL_S, beat_s * 2):
                    planned = loop.time()
                    assert self._rows
                    fleet, _ = await self._tools_now(self._rows)
                    await self._look_after(fleet, drained)
            await asyncio.sleep(beat_s)

    async def _put_back_unrecorded(self, worker: QueueWorker) -> None:
        """Put back jobs whose end could not be recorded while the database was away; else their clients would wait for
        ever. Twice in a row not running here: then it is none that was just taken.
        """
        if worker.worker_id is None:
            return
        queue = VisitQueue(self.database)
        held = await asyncio.to_thread(queue.held, worker.worker_id) - self._running.keys()
        if again := held & self._doubtful:
            await asyncio.to_thread(queue.put_back, worker.worker_id, sorted(again))
        self._doubtful = held

    async def _look_after(self, fleet: FleetTools, drained: asyncio.Event) -> None:
        queue = VisitQueue(self.database)
        if taken := await asyncio.to_thread(queue.take_over, fleet.lease_s * SILENT_LEASES):
            self.say(f"Took over {taken} visits of workers that no longer answer.")
        if self.plans and not drained.is_set():
            await asyncio.to_thread(queue.plan, fleet.settings.settings.fleet)

    async def _tools_now(self, rows: SealedRows) -> tuple[FleetTools, RunTools]:
        """The tools for the fleet's present settings; other settings get other tools."""
        async with self._tools_lock:
            version = (await asyncio.to_thread(rows.rows.files, SETTINGS))[SETTINGS].version
            if version not in self._tools:
                fleet = await asyncio.to_thread(tools_of, self.database, rows, self.key, self.scratch)
                if fleet.settings.settings.replay:
                    raise ConfigError("A fleet archives evidence, so `replay: true` has no place in its settings.")
                shared = await self._stack.enter_async_context(open_tools(fleet.settings, replay=False))
                self._tools[version] = fleet, shared
            return self._tools[version]

    async def _perform(self, job: VisitJob) -> None:
        """Visit an account, and record how it went. VisitPostponed for what passes by itself."""
        account, attempts = job.account, job.attempts
        self._running[job.number] = account
        began = asyncio.get_running_loop().time()
        result: AccountResult | None = None
        try:
            result, error = await self._tried(job)
            if isinstance(error, MACHINE_FAULTS):
                self._rests_until = time.monotonic() + MACHINE_PAUSE_S
        finally:
            del self._running[job.number]
        if error and (again := postponed(error, attempts, self.database.lease_s)):
            self.say(f"{account}: {error} (tried again soon)")
            raise again
        report = VisitReport(
            account=account, night=date.fromisoformat(job.night) if job.night else None,
            outcome=result.outcome.value if result else "failed",
            error=result.error if result else type(error).__name__ if error else None,
            message=result.message if result else str(error or ""), archived=result.archived if result else 0,
            seconds=round(asyncio.get_running_loop().time() - began, 3),
        )  # fmt: skip
        try:
            await asyncio.to_thread(self.database.visited, report)
        except DatabaseUnavailable as away:
            again = postponed(away, attempts, self.database.lease_s)
            assert again
            raise again from away
        self.say(f"{account}: {report.outcome}" + (f": {report.message}" if report.message else ""))

    async def _tried(self, job: VisitJob) -> tuple[AccountResult | None, ArchiverError | None]:
        try:
            result = await self._visit(job.client, job.account)
            return result, error_of(result)
        except (ArchiverError, OSError) as failed:
            return None, machine_error(failed)
        except Exception as fault:  # noqa: BLE001  # a fault of ours in one visit is told, and the others go on
            return None, ArchiverError(f"{type(fault).__name__}: {fault}")

    async def _visit(self, client: str, account: str) -> AccountResult:
        """The very run of a single machine, in a scratch home. What it wrote counts once it is published."""
        assert self._rows
        fleet, shared = await self._tools_now(self._rows)
        visit = await asyncio.to_thread((holding := visiting(fleet, client)).__enter__)
        try:
            summary = await run(visit.home, visit.scratch.vault, RunRequest(accounts=[account]), shared=shared)
            if fault := summary.faults.get(client):
                raise fault
            await asyncio.to_thread(visit.finish)
        finally:
            await asyncio.to_thread(holding.__exit__, None, None, None)
        for warning in (*summary.warnings, *visit.said, *([str(summary.machine)] if summary.machine else ())):
            self.say(f"{account}: {warning}")
        return summary.accounts[0]


def _clear(place: Path) -> None:
    """Make this worker's folder, and remove what killed workers left beside it."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in place.parent.glob("archiver-fleet-*"):
        if abandoned(each, time.time()):
            remove_tree(each)


def error_of(result: AccountResult) -> ArchiverError | None:
    """The error of an account's result; its class decides whether to try again."""
    kind = getattr(errors, result.error or "", None)
    return kind(result.message) if isinstance(kind, type) and issubclass(kind, ArchiverError) else None


def _asked_to_end(worker: QueueWorker, drained: asyncio.Event) -> Callable[[], bool]:
    """Whether a signal or a person ended the queue's worker, rather than a failure of one of its side tasks."""
    import signal

    signals: list[int] = []
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        signals.append(number)
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: there Ctrl-C is a KeyboardInterrupt, which ends the worker too
            loop.add_signal_handler(number, stop, number)
    return lambda: bool(signals) or drained.is_set()
