"""A fleet on real PostgreSQL and a real object store: workers that die, freeze and lose their connections."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.fleet.fence import claim
from archiver.fleet.fleet_database import FleetDatabase
from tests.support.fleet_kit import Fleet, check, fleet, heads
from tests.support.object_stores import ObjectStore
from tests.support.postgres import Postgres, postgres
from tests.support.site import Site

ACCOUNTS = {"acme": ("acme-one", "acme-two"), "beta": ("beta-one",)}
ROWS = 12


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def made(tmp_path: Path, server: Postgres, store: ObjectStore, bucket_name: str) -> Iterator[Fleet]:
    with (
        Site(rows=ROWS) as site,
        fleet(tmp_path, server, store, bucket_name, ACCOUNTS, site_url=site.url, rows=ROWS) as it,
    ):
        it.site = site
        yield it


def until(made: Fleet, happened: object, timeout_s: float = 90.0) -> None:
    deadline = time.monotonic() + timeout_s
    assert callable(happened)
    while not happened():
        assert time.monotonic() < deadline, made.logs()
        time.sleep(0.05)


def test_workers_that_die_freeze_and_lose_the_database_archive_each_licence_once(
    made: Fleet, server: Postgres
) -> None:
    made("fleet", "run")
    killed = made.worker()
    until(made, lambda: any("/certificate/" in each for each in made.site.asked))
    os.killpg(killed.pid, signal.SIGKILL)
    asked = len(made.site.asked)
    frozen = made.worker()
    until(made, lambda: len(made.site.asked) > asked + 2)
    os.killpg(frozen.pid, signal.SIGSTOP)
    made.worker()
    server.stop()  # cuts both off
    time.sleep(1)
    server.start()
    made.wait(3)
    os.killpg(frozen.pid, signal.SIGCONT)
    time.sleep(2)
    assert made.json("fleet", "drain")["workers"]
    until(made, lambda: all(each.poll() is not None for each in made.processes), 60)
    status = made.json("fleet", "status")
    assert {each["outcome"] for each in status["accounts"]} == {"complete"} and not status["leases"]
    assert len(heads(made.bucket, "acme")) > 2
    check(made, ACCOUNTS, ROWS, "UNPROVEN")
