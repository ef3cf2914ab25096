"""A fleet under attack by its surroundings: clocks, versions, backups of one half, another fleet on its bucket."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.agency.fleet_clients import checked_out_home
from archiver.agency.fleet_worker import FleetWorker, open_fleet
from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.archive.last_seen import KNOWN_KEY
from archiver.archive.ledger import Line
from archiver.catalogue.archives import writing
from archiver.core.errors import (
    ClockDiffers,
    ConfigError,
    DatabaseUnavailable,
    LeaseLost,
    ReplicaForked,
)
from archiver.fleet import fleet_database
from archiver.fleet.check_out import publish
from archiver.fleet.fence import Fence, Lease, claim
from archiver.fleet.fleet_database import CONNECTION, MAX_IDLE_TRANSACTION_MS, FleetDatabase
from archiver.fleet.object_store import Bucket, sha256_of
from archiver.fleet.replica_format import ReplicaFile, ReplicaHead, ReplicaPart, head_key, part_key
from archiver.fleet.visit_queue import VisitQueue
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, rename_client
from archiver.home.settings_models import RetainSettings
from archiver.home.shared_copy import copy_of
from archiver.home.vault import Vault, find_key
from tests.fleet.test_fence import CLIENT, FleetMachine, _archive
from tests.support.agency import agency
from tests.support.fleet_kit import Shared, fleet, heads, prepare_home
from tests.support.homes import Home as CommandLine
from tests.support.object_stores import ObjectStore
from tests.support.postgres import Postgres
from tests.support.replica_kit import buy, replicated
from tests.support.site import Site


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
                with pytest.raises(ClockDiffers):
                    asyncio.run(FleetWorker(database, find_key(), shared.folder / "worker", until_empty=True)())
            assert not database.leases() and not VisitQueue(database).counts()["waiting"]
            told = CommandLine(shared.folder, shared.env)("fleet", "status").stdout
            assert "takes no part" in told and ("behind" if hours < 0 else "ahead of") in told
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
        assert b"after-the-backup" in (root / "archive" / "acme" / archive_words.LEDGER).read_bytes()
        note(root, "by-ben")
    with shared.open_at("ada") as root:
        note(root, "by-ada")
        text = (root / "archive" / "acme" / archive_words.LEDGER).read_text()
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
            machine.rows.report(lease, publish(holder.out, Fence(lease.epoch), RetainSettings().days))
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


@pytest.mark.long  # a database of yesterday: below
def test_two_fleets_with_one_prefix_do_not_take_each_others_clients(
    shared: Shared, tmp_path: Path, server: Postgres, store: ObjectStore, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    before = heads(shared.bucket, "acme")
    with agency(tmp_path / "other") as other:
        settings = prepare_home(other, store, shared.bucket.bucket)
        run = CommandLine(other.run.root, other.run.env | {"ARCHIVER_FLEET": server.database()})
        run("fleet", "init", "--settings", settings)
        refused = run("fleet", "adopt", "--client", "acme", code=2)
        assert "Another fleet" in refused.stderr and (other.run.root / "clients" / "acme.yaml").exists()
    assert heads(shared.bucket, "acme") == before

    # Whoever may write to the bucket puts an archive of his own there, or writes on, and overwrites the head.
    with shared.open_at("ada") as root:
        note(root, "genuine")
        ledger, known = (
            (root / "archive" / "acme" / archive_words.LEDGER),
            root / "state" / "archive" / "acme" / KNOWN_KEY,
        )
        genuine, signer = ledger.read_bytes(), known.read_bytes()
    with shared.open_at("ben"):
        pass
    soon = datetime.now(UTC) + timedelta(minutes=1)
    for forged in (another_archive(shared, tmp_path, store), unsigned_line(shared, genuine)):
        shared.bucket.put(head_key("acme"), forged.encode(), until=soon)
        with monkeypatch.context() as patch:  # an archiver that did not check took it
            for check in ("check_continues", "check_signer", "check_lines"):
                patch.setattr(f"archiver.fleet.copied_archives.{check}", lambda *_: None)
            with shared.open_at("deceived") as root:
                assert (root / "archive" / "acme" / archive_words.LEDGER).read_bytes() != genuine
        for name in ("ada", "ben", "deceived", f"new-{forged.lines}"):
            capsys.readouterr()
            with shared.open_at(name) as root:
                assert (root / "archive" / "acme" / archive_words.LEDGER).read_bytes() == genuine, name
            assert "warning: acme: FORKED" in capsys.readouterr().out
        with pytest.raises(ReplicaForked), shared.open_at("ben") as root:
            note(root, "above the forged")
    assert known.read_bytes() == signer

    # What the database knows is newer: the archive here is replaced, and the key with which this person wrote stays.
    with database_of(shared) as database:
        shared.bucket.put(head_key("acme"), database.heads()["acme"].encode(), until=soon)
    with shared.open_at("ben") as root:
        note(root, "by-ben")
    with shared.open_at("ada") as root:
        assert b"by-ben" in ledger.read_bytes() and known.read_bytes() == signer


def another_archive(shared: Shared, folder: Path, store: ObjectStore) -> ReplicaHead:
    """Put an archive of somebody else's key, with more lines, into the fleet's bucket. Returns its head."""
    name = store.bucket(f"{shared.bucket.bucket}-forger")
    theirs = Bucket(store.client(), name, "agency")
    with replicated(folder / "forger", store, name) as forger:
        buy(forger, *range(10, 20))
        for key, _ in theirs.keys("acme/"):
            found = theirs.get(key)
            assert found
            shared.bucket.client.put_object(Bucket=shared.bucket.bucket, Key=f"agency/{key}", Body=found[0])
    head = ReplicaHead.parse(found[0]) if (found := theirs.get(head_key("acme"))) else None
    assert head
    return replace(head, epoch=1)


def unsigned_line(shared: Shared, ledger: bytes) -> ReplicaHead:
    """Put a line that nobody signed below the published ones. Returns the head."""
    with database_of(shared) as database:
        head = database.heads()["acme"]
    last = Line(ledger.splitlines()[-1], 0)
    data = ledger_lines.canonical(last.fields | {"seq": last.seq + 1, "prev": last.hash}) + b"\n"
    file = ReplicaFile(path=archive_words.LEDGER, sha256=sha256_of(data), bytes=len(data), offset=len(ledger))
    part = ReplicaPart(previous=head.part, files=(file,)).encode()
    key, soon = part_key("acme", head.lines + 1, part), datetime.now(UTC) + timedelta(minutes=1)
    shared.bucket.put(file.key("acme"), data, until=soon)
    shared.bucket.put(key, part, until=soon)
    line = Line(data[:-1], len(ledger)).hash
    return replace(head, lines=head.lines + 1, ledger_bytes=len(ledger) + len(data), line=line, part=key)


def test_a_process_that_freezes_in_a_transaction_stops_nobody(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the locks of rows, and its connection stays open for as long as it is frozen."""
    options = str(CONNECTION["options"]).replace(str(MAX_IDLE_TRANSACTION_MS), "1500")
    with FleetDatabase(server.database(), "other") as other:
        other.prepare()
        monkeypatch.setattr(fleet_database, "CONNECTION", {**CONNECTION, "options": options})
        with FleetDatabase(other.address, "frozen") as frozen:
            lease = frozen.take("acme")
            assert lease
            frozen.release(lease)
            taken = list[Lease | None]()
            with pytest.raises(DatabaseUnavailable), frozen.transaction() as connection:
                connection.execute("UPDATE fleet_lease SET holder = 'frozen'")
                taken.append(other.take("acme"))  # waits until the server ends the transaction
                connection.execute("SELECT 1")
            assert taken


def test_a_visit_keeps_the_accounts_that_others_add_meanwhile(shared: Shared) -> None:
    with shared.open_at("ada") as root, database_of(shared) as database:
        with checked_out_home(database, find_key(), "acme") as visit:
            add_account(root, "acme-new", client="acme", provider="shutterstock", username="ada")
            copy = copy_of(root)
            assert copy
            copy.push()
            visit.finish()
        assert "acme-new" in [each["account"] for each in database.accounts()]


@pytest.mark.long  # a database of yesterday: below
def test_a_signing_key_that_is_replaced_or_lost_while_workers_run_leaves_no_archive_without_its_key(
    shared: Shared,
) -> None:
    key, other = find_key(), base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw())

    def visit(client: str, change: bytes | bool | None = False) -> None:
        """A visit that archives something, during which the row of the signing key changes: False leaves it."""
        with checked_out_home(database, key, client) as held:
            with writing(held.home, held.scratch.vault, client) as archive:
                archive.append("run", account=f"{client}-stock", outcome="complete")
                archive.seal(whole=True)
            if change is not False:
                assert rows.put(path, change if change is None else other, rows.read(path)[path][1])
            held.finish()

    with database_of(shared) as database:
        rows = open_fleet(database, key)
        for client, change, refused in (
            ("acme", other, None), ("acme", None, None), ("beta", other, LeaseLost), ("beta", None, None)
        ):  # fmt: skip
            path = f"vault/signers/{client}"
            lines = heads(shared.bucket, client)[-1].lines
            with pytest.raises(refused) if refused else nullcontext():
                visit(client, change)
            assert (heads(shared.bucket, client)[-1].lines > lines) is not bool(refused)
            visit(client)  # the next one has the right key
        right, version = rows.read(path)[path]
        assert rows.put(path, base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()), version)
        published = heads(shared.bucket, "beta")[-1].part
        with pytest.raises(ConfigError, match="does not have the key"):
            visit("beta")
        assert heads(shared.bucket, "beta")[-1].part == published
        assert rows.put(path, right, rows.read(path)[path][1])
        visit("beta")


def test_a_machine_with_a_full_disk_leaves_its_visits_to_others(
    tmp_path: Path, server: Postgres, store: ObjectStore, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails at once, so it would take all accounts of the night from machines that work."""
    accounts = {"acme": ["acme-one"], "beta": ["beta-one"]}
    with Site(rows=2) as site, fleet(
        tmp_path, server, store, bucket_name, accounts, site_url=site.url, rows=2
    ) as made, made.database as database:  # fmt: skip
        for module in ("run", "account_session"):
            monkeypatch.setattr(f"archiver.collect.{module}.load", site.adapter)
        monkeypatch.setattr("archiver.agency.fleet_worker.MACHINE_PAUSE_S", 0.1)
        said: list[str] = []

        def work(name: str) -> None:
            worker = FleetWorker(database, find_key(), tmp_path / name, until_empty=True, plans=False, say=said.append)
            asyncio.run(worker())

        with monkeypatch.context() as patch:
            patch.setattr("archiver.fleet.check_out.build", _full)
            work("full")
        assert {each["outcome"] for each in database.accounts()} == {None}, said
        with database.transaction() as connection:
            connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
        work("empty")
        assert {each["outcome"] for each in database.accounts()} == {"complete"}, said


def _full(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
