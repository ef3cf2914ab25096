"""The queue of visits, by Procrastinate: one job for each visit to an account.

A job's lock is the client's archive, so a client's accounts take turns; its queueing lock is the account, which waits
only once. A job that is not due keeps none waiting. The queue is no fence: whatever it believes, the head in the store
decides who may publish (`fence`). Nothing puts back by itself what a dead worker held, so every worker does that for
all, in one statement. What is planned is derived from the accounts and the database's clock, so a job that is lost, or
waits for another night, is planned again.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, LiteralString, override

from archiver.core.errors import (
    ArchiverError,
    BrowserMissing,
    ClientTaken,
    ClockDiffers,
    ClockWrong,
    DatabaseUnavailable,
    DiskFull,
    LeaseLost,
    MachineRefused,
    StoreUnavailable,
    VaultLocked,
)
from archiver.fleet.fleet_database import CONNECTION, FleetDatabase, database_time, queueing_lock
from archiver.fleet.night_plan import night_of, visit_time
from archiver.home.settings_models import FleetSettings

if TYPE_CHECKING:
    from procrastinate import App, JobContext
    from psycopg import Connection

QUEUE, TASK = "visits", "visit"
ASKED_PRIORITY = 10  # of what a person asked for; nights have 0
MAX_ATTEMPTS = 6  # of one visit, after which it has failed for this night
MAX_TIMES_TAKEN_OVER = 5  # a visit that ends its worker so often has failed
FIRST_RETRY_S, MAX_RETRY_S = 5, 600
PLANNING_BATCH = 1000
MACHINE_FAULTS = (BrowserMissing, ClockWrong, DiskFull, MachineRefused, VaultLocked)
"""What is wrong with one machine: another one may do the visit. The key may just be changed on all of them."""

_SILENT: LiteralString = """job.status = 'doing' AND job.queue_name = %(queue)s AND (job.worker_id IS NULL
    OR job.worker_id IN (SELECT id FROM procrastinate_workers
                         WHERE last_heartbeat < now() - %(silent)s * interval '1 second'))"""
MOVE_UP_DOUBLES: LiteralString = f"""UPDATE procrastinate_jobs AS other
    SET scheduled_at = now(), priority = greatest(other.priority, job.priority) FROM procrastinate_jobs AS job
    WHERE other.queueing_lock = job.queueing_lock AND other.status = 'todo' AND {_SILENT}"""  # noqa: S608  # own text
END_DOUBLES: LiteralString = f"""UPDATE procrastinate_jobs AS job SET status = 'failed' WHERE {_SILENT}
    AND EXISTS (SELECT 1 FROM procrastinate_jobs AS other
                WHERE other.queueing_lock = job.queueing_lock AND other.status = 'todo')"""  # noqa: S608  # own text
END_DEADLY: LiteralString = f"""UPDATE procrastinate_jobs AS job SET status = 'failed' WHERE {_SILENT}
    AND coalesce((job.args->>'taken_over')::int, 0) >= %(most)s RETURNING job.args->>'account', job.args->>'night'"""  # noqa: S608  # own text
PUT_BACK: LiteralString = f"""UPDATE procrastinate_jobs AS job SET status = 'todo', attempts = job.attempts + 1,
    scheduled_at = now(), worker_id = NULL, abort_requested = false, args = job.args
    || jsonb_build_object('taken_over', coalesce((job.args->>'taken_over')::int, 0) + 1) WHERE {_SILENT}"""  # noqa: S608  # own text


TAKE: LiteralString = """WITH next AS (
        SELECT job.id FROM procrastinate_jobs AS job
        WHERE job.status = 'todo' AND job.queue_name = ANY(%(queues)s) AND coalesce(job.scheduled_at <= now(), true)
        AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS running
                        WHERE running.lock = job.lock AND running.status = 'doing')
        AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS other
                        WHERE other.lock = job.lock AND other.status = 'todo'
                        AND coalesce(other.scheduled_at <= now(), true)
                        AND (-other.priority, other.id) < (-job.priority, job.id))
        ORDER BY job.priority DESC, job.id LIMIT 1 FOR UPDATE OF job SKIP LOCKED)
    UPDATE procrastinate_jobs AS job SET status = 'doing', worker_id = %(worker_id)s FROM next WHERE job.id = next.id
    RETURNING job.id, job.status, job.task_name, job.priority, job.lock, job.queueing_lock, job.args, job.scheduled_at,
              job.queue_name, job.attempts, job.worker_id"""
"""As Procrastinate's own, where any waiting job of a lock keeps the later ones waiting, even if it is not due."""
WANTED: LiteralString = """SELECT DISTINCT wanted.account, wanted.client FROM fleet_account AS wanted
    LEFT JOIN procrastinate_jobs AS job ON job.queueing_lock = 'account:' || wanted.account
        AND (job.status = 'doing' OR (job.status = 'todo' AND job.args->>'night' = %(night)s
            AND coalesce(job.scheduled_at <= greatest(wanted.due_at, now() + %(longest)s * interval '1 second'), true)))
    WHERE wanted.done_for IS DISTINCT FROM %(night)s::date
    AND (wanted.planned_for IS DISTINCT FROM %(night)s::date OR job.id IS NULL)
    ORDER BY wanted.account LIMIT %(most)s"""
"""Accounts that this night has not visited, without a job for it that comes in its time."""


@dataclass(frozen=True)
class VisitJob:
    """A visit taken from the queue. `night` is the day on which its night began; `attempts` were made before."""

    number: int
    client: str
    account: str
    night: str | None
    attempts: int


type Perform = Callable[[VisitJob], Awaitable[None]]


class VisitPostponed(Exception):
    """A visit that is tried again soon. `again_s`: after so many seconds."""

    def __init__(self, error: ArchiverError, again_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.again_s = error, again_s


def queue_app(address: str, perform: Perform, rests: Callable[[], bool] = lambda: False) -> App:
    """The application of Procrastinate with the one task. It takes no job while this machine `rests`."""
    from procrastinate import App, PsycopgConnector
    from procrastinate.exceptions import UniqueViolation
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager
    from procrastinate.retry import BaseRetryStrategy, RetryDecision
    from procrastinate.utils import utcnow

    class Retry(BaseRetryStrategy):
        """Try again what was postponed, with growing pauses. Everything else is a fault of ours and stays failed."""

        def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
            if not isinstance(exception, VisitPostponed):
                return None
            pause = exception.again_s or min(MAX_RETRY_S, FIRST_RETRY_S * 2**job.attempts)
            return RetryDecision(retry_in={"seconds": max(1, round(pause))})

    class Due(JobManager):
        """Hands out what is due, and tries again by the database's clock."""

        @override
        async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
            while not rests():
                with suppress(UniqueViolation):  # another worker took a job of this lock at the same moment
                    found = await self.connector.execute_query_all_async(TAKE, queues=queues, worker_id=worker_id)
                    return Job.from_row(found[0]) if found else None
            return None

        @override
        async def retry_job(
            self, job: Job, retry_at: datetime | None = None, priority: int | None = None, queue: str | None = None,
            lock: str | None = None,
        ) -> None:  # fmt: skip
            pause = (retry_at or utcnow()) - utcnow()
            there = await self.connector.execute_query_one_async("SELECT now()")
            await super().retry_job(job, there["now"] + pause, priority, queue, lock)

    app = App(connector=PsycopgConnector(conninfo=address, min_size=1, max_size=2, kwargs=dict(CONNECTION)))
    app.job_manager = Due(app.connector)

    @app.task(name=TASK, queue=QUEUE, retry=Retry(), pass_context=True)
    async def visit(
        context: JobContext, client: str, account: str, night: str | None = None, taken_over: int = 0
    ) -> None:
        del taken_over  # `VisitQueue.take_over` counts it
        assert context.job.id is not None  # as that of every job in the queue
        await perform(VisitJob(context.job.id, client, account, night, context.job.attempts))

    return app


class VisitQueue:
    """What the fleet asks of the queue's tables, each in one transaction. DatabaseUnavailable where that fails."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def prepare(self) -> None:
        """Make the queue's tables, if they are not there."""
        import psycopg
        from procrastinate import App, SyncPsycopgConnector
        from procrastinate.exceptions import ConnectorException

        with self._database.transaction() as connection:
            row = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if row and row[0]:
            return
        app = App(connector=SyncPsycopgConnector(conninfo=self._database.address))
        try:
            with app.open():
                app.schema_manager.apply_schema()
        except (psycopg.Error, ConnectorException) as error:
            raise DatabaseUnavailable(str(error) or type(error).__name__) from error

    def plan(self, settings: FleetSettings) -> int:
        """Queue the visits of the night that it is by the database's clock, those that got lost, and those that wait
        for another night. Returns their number. One worker at a time does it.
        """
        done = 0
        with self._database.transaction() as connection:
            locked = connection.execute("SELECT pg_try_advisory_xact_lock(4711002)").fetchone()
            if not locked or not locked[0]:
                return 0
            day = night_of(settings, database_time(connection))
            values = {"night": day.isoformat(), "longest": MAX_RETRY_S, "most": PLANNING_BATCH}
            for account, client in connection.execute(WANTED, values).fetchall():
                due = visit_time(settings, account, day)
                done += self._add(connection, client, account, night=day.isoformat(), at=due)
                connection.execute(
                    "UPDATE fleet_account SET planned_for = %s, due_at = %s WHERE account = %s", (day, due, account)
                )
        return done

    def ask(self, accounts: Sequence[tuple[str, str]], night: str | None = None) -> int:
        """Queue visits (client, account) that a person asks for: before all others. Returns how many were new."""
        new = 0
        with self._database.transaction() as connection:
            for client, account in accounts:
                done = connection.execute(
                    "UPDATE procrastinate_jobs SET priority = %s, scheduled_at = NULL "
                    "WHERE queueing_lock = %s AND status = 'todo'", (ASKED_PRIORITY, queueing_lock(account)),
                )  # fmt: skip
                if not done.rowcount:
                    new += self._add(connection, client, account, night=night, at=None, priority=ASKED_PRIORITY)
        return new

    @staticmethod
    def _add(
        connection: Connection, client: str, account: str, *, night: str | None, at: datetime | None, priority: int = 0
    ) -> int:
        """Queue a visit, or give the one that waits this night. What a person asked for keeps its place."""
        args = json.dumps({"client": client, "account": account, "night": night})
        lock = queueing_lock(account)
        done = connection.execute(
            "INSERT INTO procrastinate_jobs AS job "
            "(queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at) "
            "SELECT %s, %s, %s, %s, %s, %s, %s WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE "
            "queueing_lock = %s AND status = 'doing') ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE "
            "SET args = EXCLUDED.args, attempts = 0, "
            "scheduled_at = CASE WHEN job.priority > EXCLUDED.priority THEN NULL ELSE EXCLUDED.scheduled_at END",
            (QUEUE, TASK, priority, f"archive:{client}", lock, args, at, lock),
        )
        return int(done.rowcount)

    def take_over(self, silent_s: float) -> int:
        """Put back the visits of workers without a sign of life for so long. Returns their number.

        A visit that waits in the queue besides ends here, and so does one that ended its worker again and again.
        """
        values = {"queue": QUEUE, "silent": silent_s, "most": MAX_TIMES_TAKEN_OVER}
        with self._database.transaction() as connection:
            connection.execute(MOVE_UP_DOUBLES, values)
            connection.execute(END_DOUBLES, values)
            for account, night in connection.execute(END_DEADLY, values).fetchall():
                connection.execute(
                    "UPDATE fleet_account SET done_for = coalesce(%s::date, done_for), visited_at = now(), "
                    "outcome = 'failed', error = 'WorkerDied', message = %s WHERE account = %s",
                    (night, f"This visit ended its worker {MAX_TIMES_TAKEN_OVER + 1} times.", account),
                )
            return int(connection.execute(PUT_BACK, values).rowcount)

    def put_back(self, worker: int, doubtful: Sequence[int]) -> None:
        """Put back those of these jobs that still count as this worker's: their end could not be recorded."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE procrastinate_jobs SET status = 'todo', attempts = attempts + 1, scheduled_at = now(), "
                "worker_id = NULL WHERE id = ANY(%s) AND worker_id = %s AND status = 'doing'", (list(doubtful), worker),
            )  # fmt: skip

    def held(self, worker: int) -> set[int]:
        """The jobs that the queue believes this worker to do."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT id FROM procrastinate_jobs WHERE worker_id = %s AND status = 'doing'", (worker,)
            ).fetchall()
        return {int(row[0]) for row in rows}

    def counts(self) -> dict[str, int]:
        """How many visits wait and run, and how many of the waiting ones are due."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'), "
                "count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at <= now(), true)) "
                "FROM procrastinate_jobs WHERE queue_name = %s AND status IN ('todo', 'doing')", (QUEUE,),
            ).fetchone()  # fmt: skip
        assert row
        return {"waiting": int(row[0]), "running": int(row[1]), "due": int(row[2])}


def postponed(error: ArchiverError, attempts: int, lease_s: float) -> VisitPostponed | None:
    """How to try again after an error that passes by itself; None if it does not, or was tried often enough."""
    if isinstance(error, LeaseLost | ClientTaken | ClockDiffers):  # others may do it meanwhile
        return VisitPostponed(error, min(lease_s / 2, 30.0))
    ours = isinstance(error, DatabaseUnavailable | StoreUnavailable)  # it will come back, and no platform is asked
    passes = error.retryable or isinstance(error, MACHINE_FAULTS)
    return VisitPostponed(error) if ours or (passes and attempts < MAX_ATTEMPTS) else None
