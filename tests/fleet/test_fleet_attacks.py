"""A fleet under attack by its surroundings: clocks, versions, backups of one half, another fleet on its bucket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from archiver.archive import verify
from archiver.catalogue.archives import writing
from archiver.core.errors import ClockDiffers, ConfigError, ReplicaForked
from archiver.fleet import fleet_database
from archiver.fleet.check_out import publish
from archiver.fleet.fence import Fence, claim
from archiver.fleet.fleet_database import FleetDatabase
from archiver.home.settings import Home, RetainSettings, rename_client
from archiver.home.vault import Vault, find_key
from tests.fleet.test_fence import CLIENT, FleetMachine, _archive
from tests.support.agency import agency
from tests.support.fleet_kit import Shared, heads, prepare_home
from tests.support.homes import Home as CommandLine
from tests.support.object_stores import ObjectStore
from tests.support.postgres import Postgres


@contextmanager
def database_of(shared: Shared) -> Iterator[FleetDatabase]:
    with FleetDatabase(shared.address, "test") as database:
        yield database


def note(root: Path, account: str) -> None:
    home = Home.load(root)
    with writing(home, Vault(home.vault, find_key()), "acme") as archive:
        archive.append("run", account=account, outcome="complete")
        archive.seal(whole=True)


def test_a_machine_with_a_wrong_clock_or_an_old_archiver_takes_no_client(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_of(shared) as database:
        for hours in (-1, 1):
            with monkeypatch.context() as patch:
                patch.setattr("archiver.fleet.fleet_database.time.time", partial(float, time.time() + hours * 3600))
                with pytest.raises(ClockDiffers):
                    database.take("acme")
            assert not database.leases()
        assert not database.beat([])
        monkeypatch.setattr(fleet_database, "__version__", "0.0.9")
        with pytest.raises(ConfigError, match="Install the newer one"):
            database.check_format()
        with pytest.raises(ConfigError):
            database.prepare()
        assert database.beat([])  # it ends after its visits


def test_a_database_of_yesterday_continues_the_bucket_of_today(shared: Shared, server: Postgres) -> None:
    name = shared.address.rpartition("/")[2]
    with shared.open_at("ada") as root:
        note(root, "before-the-backup")
    server.sql(f"CREATE DATABASE {name}_backup TEMPLATE {name}")
    with shared.open_at("ada") as root:
        note(root, "after-the-backup")
        rename_client(root, "beta", "Beta of today")
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.sql(f"ALTER DATABASE {name}_backup RENAME TO {name}")
    with shared.open_at("ben") as root:  # who has never been here
        assert b"after-the-backup" in (root / "archive" / "acme" / verify.LEDGER).read_bytes()
        note(root, "by-ben")
    with shared.open_at("ada") as root:
        note(root, "by-ada")
        text = (root / "archive" / "acme" / verify.LEDGER).read_text()
        assert Home.load(root).client("beta").name == "Beta GmbH"  # settings are as in the backup
    assert [text.count(each) for each in ("before-the-backup", "after-the-backup", "by-ben", "by-ada")] == [1, 1, 1, 1]
    heads(shared.bucket, "acme")


def test_a_bucket_of_yesterday_is_refused_by_the_database_of_today() -> None:
    machine = FleetMachine()
    kept = list[dict[str, list[tuple[str, bytes, datetime]]]]()
    for number in (1, 2):
        holder = machine._begin(None, after=False)
        assert holder
        _archive(holder, number, seal=True)
        lease = holder.claimed.lease
        with holder.stack:
            machine.rows.report(lease, publish(holder.out, Fence(lease.epoch), RetainSettings()))
        machine.rows.release(lease)
        kept.append({key: list(versions) for key, versions in machine.bucket.kept.items()})
    machine.bucket.kept = kept[0]
    before = {key: list(versions) for key, versions in kept[0].items()}
    again = machine.rows.take(CLIENT)
    assert again
    with pytest.raises(ReplicaForked):
        claim(machine.bucket, machine.rows, again)
    assert machine.bucket.kept == before  # nothing was overwritten
    machine.teardown()


def test_two_fleets_with_one_prefix_do_not_take_each_others_clients(
    shared: Shared, tmp_path: Path, server: Postgres, store: ObjectStore
) -> None:
    before = heads(shared.bucket, "acme")
    with agency(tmp_path / "other") as other:
        settings = prepare_home(other, store, shared.bucket.bucket)
        run = CommandLine(other.run.root, other.run.env | {"ARCHIVER_FLEET": server.database()})
        run("fleet", "init", "--settings", settings)
        refused = run("fleet", "adopt", "--client", "acme", code=2)
        assert "Another fleet" in refused.stderr and (other.run.root / "clients" / "acme.yaml").exists()
    assert heads(shared.bucket, "acme") == before
