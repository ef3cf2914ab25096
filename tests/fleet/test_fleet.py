"""A fleet on real PostgreSQL and a real object store: workers that die, freeze and lose their connections."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.agency import fleet as administration
from archiver.agency.fleet_worker import FleetWorker
from archiver.catalogue.archives import writing
from archiver.fleet.fleet_database import FleetDatabase
from archiver.fleet.object_store import Bucket
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account
from archiver.home.vault import Vault, find_key
from tests.support.agency import agency
from tests.support.fleet_kit import Fleet, check, fleet, heads, prepare_home
from tests.support.homes import Home as CommandLine
from tests.support.object_stores import ObjectStore
from tests.support.postgres import Postgres
from tests.support.replica_kit import buy
from tests.support.site import Site

ACCOUNTS = {"acme": ("acme-one", "acme-two"), "beta": ("beta-one",)}
ROWS = 12


@pytest.fixture
def made(tmp_path: Path, server: Postgres, store: ObjectStore, bucket_name: str) -> Iterator[Fleet]:
    with (
        Site(rows=ROWS) as site,
        fleet(tmp_path, server, store, bucket_name, ACCOUNTS, site_url=site.url, rows=ROWS) as it,
    ):
        it.asked = site.asked
        yield it


def until(made: Fleet, happened: object, timeout_s: float = 90.0) -> None:
    deadline = time.monotonic() + timeout_s
    assert callable(happened)
    while not happened():
        assert time.monotonic() < deadline, made.logs()
        time.sleep(0.05)


@pytest.mark.long  # shorter: test_shared_home.py, test_fence.py
def test_workers_that_die_freeze_and_lose_the_database_archive_each_licence_once(made: Fleet, server: Postgres) -> None:
    killed = made.worker()
    until(made, lambda: any("/certificate/" in each for each in made.asked))
    os.killpg(killed.pid, signal.SIGKILL)
    asked = len(made.asked)
    frozen = made.worker()
    until(made, lambda: len(made.asked) > asked + 2)
    os.killpg(frozen.pid, signal.SIGSTOP)
    made.worker()
    server.stop()  # cuts both off
    time.sleep(1)
    server.start()
    made.wait(3)
    os.killpg(frozen.pid, signal.SIGCONT)
    time.sleep(2)
    with made.database as database:
        assert database.drain([])
        until(made, lambda: all(each.poll() is not None for each in made.processes), 60)
        status = administration.status(database)
    assert {each["outcome"] for each in status["accounts"]} == {"complete"} and not status["leases"]
    assert len(heads(made.bucket, "acme")) > 2
    check(made, ACCOUNTS, ROWS, "UNPROVEN")


@pytest.mark.long
def test_a_client_moves_in_is_worked_on_and_moves_out(
    tmp_path: Path, server: Postgres, store: ObjectStore, bucket_name: str
) -> None:
    with agency(tmp_path) as before:
        settings = prepare_home(before, store, bucket_name)
        buy(before, 1, 2)
        before.run("fleet", "init", "--settings", settings, code=2)  # no database is named
        before.run.env["ARCHIVER_FLEET"] = os.environ["ARCHIVER_FLEET"] = server.database()
        before.run("fleet", "status", code=2)  # nor begun
        assert before.run.json("fleet", "init", "--settings", settings)["outcome"] == "created"
        add_account(before.run.root, "acme-stock", client="acme", provider="shutterstock", username="ada")
        before.vault.set_secrets("acme-stock", {"token": "RECORDED-TOKEN"})
        assert before.run.json("fleet", "adopt", "--client", "acme")[0]["accounts"] == ["acme-stock"]
        assert not (before.run.root / "clients" / "acme.yaml").exists()
        with FleetDatabase(os.environ["ARCHIVER_FLEET"], "test") as database:
            stored = b"".join(row.content for row in database.files("").values())
            assert b"RECORDED-TOKEN" not in stored and b"Acme" not in stored

        # Work on it: a reader looks at one document, an eraser at one object, and both are published.
        at = before.run
        assert "Harbour 1" in at("fleet", "checkout", "acme", "--", "find", "Harbour").stdout
        at("fleet", "checkout", "acme", "--", "erase", "acme/20260309_shutterstock_2_", "--reason", "other: a mistake",
           "--yes", "--by", "Ada Example")  # fmt: skip
        at("fleet", "checkout", "acme", "--", "verify", "--client", "acme")
        at("fleet", "checkout", "acme", "--", "account", "rename", "acme-stock", "acme-shop")
        epochs = [each.epoch for each in heads(Bucket(store.client(), bucket_name, "agency"), "acme")]
        assert epochs[0] == 0 and epochs[-1] >= 4
        at("fleet", "checkout", "nobody", "--", "find", code=2)

        copy = at.json("fleet", "export", "acme", "--out", tmp_path / "copy")
        assert (copy["state"], copy["moved"]) == ("PROVEN", False)
        assert Vault(tmp_path / "copy" / "vault.enc", find_key()).content() == {"accounts": {}, "signers": {}}
        copied = CommandLine(tmp_path / "copy", at.env | {"ARCHIVER_HOME": str(tmp_path / "copy")})
        found = copied.json("find", "Harbour")
        assert [each["asset_id"] for each in found] == ["1"]  # the other was erased

        at.json("fleet", "export", "acme", "--out", tmp_path / "moved", "--move")
        moved = Home.load(tmp_path / "moved")
        vault = Vault(moved.vault, find_key())
        assert vault.secrets("acme-shop") == {"token": "RECORDED-TOKEN"} and vault.accounts() == ["acme-shop"]
        with writing(moved, vault, "acme") as archive:  # one machine publishes again
            archive.append("run", account="acme-shop", outcome="complete")
            assert not archive.seal(whole=True).warnings
        assert at.json("fleet", "status")["accounts"] == []
        with FleetDatabase(os.environ["ARCHIVER_FLEET"], "test") as database:
            left = list(database.files(""))
        assert not [path for path in left if "acme" in path], left


@pytest.mark.long
def test_a_visit_to_the_house_gives_clients_their_copies(
    tmp_path: Path, server: Postgres, store: ObjectStore, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = {"rules": [{"name": "all", "client": "acme", "title": "Picture*"}]}
    accounts = {"acme": (), "house": ("house-one",)}
    with (
        Site(rows=3) as site,
        fleet(
            tmp_path, server, store, bucket_name, accounts, site_url=site.url, rows=3, more=everything, lease="60s"
        ) as made,
        made.database as database,
    ):
        for module in ("run", "account_session"):
            monkeypatch.setattr(f"archiver.collect.{module}.load", site.adapter)
        said: list[str] = []
        asyncio.run(FleetWorker(database, find_key(), tmp_path / "scratch", until_empty=True, say=said.append)())
        assert [each["outcome"] for each in database.accounts()] == ["complete"], said
        assert not (tmp_path / "scratch").exists()
        at = made.run
        at.json("fleet", "export", "acme", "--out", tmp_path / "acme")
        assert len(heads(made.bucket, "acme")) > 1
        copies = CommandLine(tmp_path / "acme", at.env | {"ARCHIVER_HOME": str(tmp_path / "acme")}).json("find")
        assert len(copies) == 3
