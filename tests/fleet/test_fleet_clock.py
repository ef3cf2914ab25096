"""One clock in a fleet, the database's: it plans, tries again and leases, whatever the clocks of the workers say."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from unittest import mock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from archiver.agency.fleet import clocks
from archiver.core.errors import ClockDiffers, SiteUnavailable
from archiver.fleet.fleet_database import MAX_CLOCK_DIFFERENCE_S, FleetDatabase, VisitReport, queueing_lock
from archiver.fleet.night_plan import night_of, visit_time
from archiver.fleet.visit import LeaseKeeper
from archiver.fleet.visit_queue import MAX_RETRY_S, VisitJob, VisitPostponed, VisitQueue, queue_app
from archiver.home.settings_models import FleetSettings
from tests.support.postgres import Postgres

YEAR_S = 366 * 86400.0
NIGHT = FleetSettings(night="22:00-05:00", zone="Europe/Berlin")
ACCOUNTS = {"acme": ("acme-one", "acme-two", "acme-three"), "beta": ("beta-one",)}
OFFSETS = st.one_of(st.floats(-2 * YEAR_S, 2 * YEAR_S), st.floats(-200.0, 200.0))
DAYS_OFF = st.none() | st.integers(-800, 800)


@pytest.fixture(scope="module")
def fleet_of(server: Postgres) -> Iterator[FleetDatabase]:
    with FleetDatabase(server.database(), "worker") as database:
        database.prepare()
        VisitQueue(database).prepare()
        for client, accounts in ACCOUNTS.items():
            database.set_accounts(client, accounts)
        yield database


@contextmanager
def clock_at(offset_s: float) -> Iterator[None]:
    """This machine's clock is so many seconds ahead."""
    right = time.time
    with mock.patch("time.time", lambda: right() + offset_s):
        yield


def forget(database: FleetDatabase) -> None:
    with database.transaction() as connection:
        connection.execute("DELETE FROM procrastinate_jobs")
        connection.execute("DELETE FROM fleet_worker")
        connection.execute("DELETE FROM fleet_lease")
        connection.execute("UPDATE fleet_account SET planned_for = NULL, due_at = NULL, done_for = NULL")


def waiting(database: FleetDatabase) -> dict[str, tuple[str, datetime | None]]:
    """The night and the time of each account's job that waits."""
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT args->>'account', args->>'night', scheduled_at FROM procrastinate_jobs WHERE status = 'todo'"
        ).fetchall()
    return {str(account): (str(night), at) for account, night, at in rows}


@given(offset=OFFSETS)
@example(offset=YEAR_S)
@example(offset=-YEAR_S)
@example(offset=3600.0)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_worker_takes_part_with_the_databases_clock_or_not_at_all(fleet_of: FleetDatabase, offset: float) -> None:
    forget(fleet_of)
    lease = fleet_of.take("gamma")
    assert lease
    with clock_at(offset):
        calls = (fleet_of.check_clock, partial(fleet_of.take, "acme"), partial(fleet_of.renew, lease),
                 partial(fleet_of.put_under, lease, {"a": (b"", 0)}), partial(fleet_of.beat, ["acme-one"]))  # fmt: skip
        refused = 0
        for each in calls:
            with suppress(ClockDiffers):
                each()
                continue
            refused += 1
        if abs(abs(offset) - MAX_CLOCK_DIFFERENCE_S) > 5:  # a busy machine needs its time to ask
            assert refused == (len(calls) if abs(offset) > MAX_CLOCK_DIFFERENCE_S else 0)
        VisitQueue(fleet_of).plan(NIGHT)
    day = night_of(NIGHT, fleet_of.now())
    assert waiting(fleet_of) == {
        each: (day.isoformat(), visit_time(NIGHT, each, day)) for accounts in ACCOUNTS.values() for each in accounts
    }
    [told] = fleet_of.workers()
    assert abs(told["clock_ahead_s"] - offset) < 5


@given(nights=st.lists(st.tuples(DAYS_OFF, DAYS_OFF, DAYS_OFF, st.none() | OFFSETS), min_size=4, max_size=4))
@example(nights=[(366, 366, 366, YEAR_S)] * 4)  # what a worker a year ahead left
@example(nights=[(0, None, 0, 3600.0)] * 4)  # one an hour ahead postponed
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_wrong_clocks_left_each_account_has_its_visit_in_this_night(
    fleet_of: FleetDatabase, nights: list[tuple[int | None, int | None, int | None, float | None]]
) -> None:
    """`nights`: for each account, how many days its plan, its last visit and its job are off, and how far the job's
    time is; None where there is none.
    """
    forget(fleet_of)
    now = fleet_of.now()
    day = night_of(NIGHT, now)

    def moved(days: int | None) -> date | None:
        return None if days is None else day + timedelta(days)

    names = [each for accounts in ACCOUNTS.values() for each in accounts]
    for name, (planned, done, job, off_s) in zip(names, nights, strict=True):
        with fleet_of.transaction() as connection:
            due = None if planned is None else visit_time(NIGHT, name, day + timedelta(planned))
            connection.execute(
                "UPDATE fleet_account SET planned_for = %s, due_at = %s, done_for = %s WHERE account = %s",
                (moved(planned), due, moved(done), name),
            )
            if job is not None:
                VisitQueue._add(
                    connection, name.partition("-")[0], name, night=str(moved(job)),
                    at=None if off_s is None else now + timedelta(seconds=off_s),
                )  # fmt: skip
    VisitQueue(fleet_of).plan(NIGHT)
    found = waiting(fleet_of)
    for name, (_, done, _, _) in zip(names, nights, strict=True):
        if done != 0:
            night, at = found[name]
            latest = max(visit_time(NIGHT, name, day), now + timedelta(seconds=MAX_RETRY_S + 5))
            assert night == day.isoformat() and (at is None or at <= latest), (name, night, at)
    assert VisitQueue(fleet_of).plan(NIGHT) == 0 and waiting(fleet_of) == found
    if night_of(NIGHT, fleet_of.now()) == day:  # a visit of this night is its last, however far ahead the one before
        fleet_of.visited(VisitReport(account=names[0], night=day, outcome="complete", error=None, message="",
                                     archived=0, seconds=0.1))  # fmt: skip
        with fleet_of.transaction() as connection:
            connection.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock = %s", (queueing_lock(names[0]),))
        assert VisitQueue(fleet_of).plan(NIGHT) == 0


def work(database: FleetDatabase, visited: list[str], workers: int = 1, fails: frozenset[str] = frozenset()) -> None:
    """Workers that take what is due, until nothing is. AssertionError if a client has two visits at once."""
    running = Counter[str]()

    async def perform(job: VisitJob) -> None:
        running[job.client] += 1
        assert running[job.client] == 1
        await asyncio.sleep(0.01)
        running[job.client] -= 1
        if job.account in fails:
            raise VisitPostponed(SiteUnavailable("it is away"))
        visited.append(job.account)

    async def one() -> None:
        app = queue_app(database.address, perform)
        async with app.open_async():
            await app.run_worker_async(queues=["visits"], concurrency=3, wait=False, delete_jobs="successful",
                                       install_signal_handlers=False)  # fmt: skip

    async def every() -> None:
        await asyncio.gather(*(one() for _ in range(workers)))

    while VisitQueue(database).counts()["due"]:
        asyncio.run(every())


def test_a_visit_that_waits_keeps_no_due_one_waiting(fleet_of: FleetDatabase) -> None:
    forget(fleet_of)
    queue, visited = VisitQueue(fleet_of), list[str]()
    queue.ask([("acme", "acme-one"), ("acme", "acme-two"), ("acme", "acme-three")])
    work(fleet_of, visited, fails=frozenset({"acme-one"}))
    assert visited == ["acme-two", "acme-three"]
    assert list(waiting(fleet_of)) == ["acme-one"]


def test_a_pause_is_counted_by_the_databases_clock(fleet_of: FleetDatabase) -> None:
    forget(fleet_of)
    VisitQueue(fleet_of).ask([("acme", "acme-one")])
    ahead = datetime.now(UTC) + timedelta(hours=1)
    with mock.patch("procrastinate.utils.utcnow", lambda: ahead):
        work(fleet_of, [], fails=frozenset({"acme-one"}))
    [(_, at)] = waiting(fleet_of).values()
    assert at and at - fleet_of.now() < timedelta(minutes=1)


def test_many_workers_give_each_client_one_visit_at_a_time(fleet_of: FleetDatabase) -> None:
    forget(fleet_of)
    visited = list[str]()
    wanted = [(f"client-{number % 4}", f"account-{number}") for number in range(40)]
    VisitQueue(fleet_of).ask(wanted)
    work(fleet_of, visited, workers=3)
    assert sorted(visited) == sorted(account for _, account in wanted)


def test_a_machine_that_rests_takes_nothing(fleet_of: FleetDatabase) -> None:
    forget(fleet_of)
    VisitQueue(fleet_of).ask([("acme", "acme-one")])

    async def rest() -> None:
        async def perform(_: VisitJob) -> None:
            raise AssertionError

        app = queue_app(fleet_of.address, perform, lambda: True)
        async with app.open_async():
            await app.run_worker_async(queues=["visits"], wait=False, install_signal_handlers=False)

    asyncio.run(rest())
    assert VisitQueue(fleet_of).counts() == {"waiting": 1, "running": 0, "due": 1}


def test_a_visit_whose_machines_clock_jumps_publishes_nothing(fleet_of: FleetDatabase) -> None:
    forget(fleet_of)
    lease = fleet_of.take("acme")
    assert lease
    rows = mock.Mock(rows=fleet_of)
    keeper = LeaseKeeper(rows, lease, 300.0)
    keeper.check()
    with clock_at(YEAR_S), pytest.raises(ClockDiffers, match="ahead"):
        keeper.check()
    keeper.close()


def test_doctor_names_the_machine_whose_clock_is_wrong(fleet_of: FleetDatabase) -> None:
    forget(fleet_of)
    with clock_at(-7200), pytest.raises(ClockDiffers):
        fleet_of.beat([])
    [found] = clocks(fleet_of.address)
    assert found.state == "problem" and "7200 s behind" in found.message
    with FleetDatabase(fleet_of.address, "later") as right:  # the same machine, set right
        right.beat([])
    [found] = clocks(fleet_of.address)
    assert found.state == "ok" and "1 workers" in found.message
    with clock_at(3600):
        assert [each.state for each in clocks(fleet_of.address)] == ["problem"]
