"""The examples of docs/replica.md and docs/scale.md, and those in the help of the same commands, in their order."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from archiver.archive.checking.parts import ledger_lines
from archiver.home.settings_edit import add_account
from tests.support.agency import agency
from tests.support.fleet_kit import prepare_home
from tests.support.object_stores import ObjectStore
from tests.support.postgres import Postgres
from tests.support.replica_kit import buy, lose, replicated
from tests.test_examples import InOrder

pytestmark = pytest.mark.long


def test_the_examples_of_replicas_work_in_their_order(tmp_path: Path, store: ObjectStore, bucket_name: str) -> None:
    with replicated(tmp_path, store, bucket_name) as made:
        buy(made, 1, 2)
        size, _, _ = ledger_lines.newest_checkpoint(made.home.archive("acme"))
        run = InOrder(made.run, "archiver replica", {"--at 4120": f"--at {size}"})
        checks = InOrder(
            made.run, "archiver verify --against s3:", {"northlight-proof/archives": f"{bucket_name}/agency"}
        )
        run("archiver replica check")
        run("archiver replica check --deep")
        checks("archiver verify --against s3://northlight-proof/archives")
        lose(made)
        run("archiver replica restore --all --dry-run")
        run("archiver replica restore --all")
        lose(made)
        run("archiver replica restore --client acme --at 4120")
    assert not run.left + checks.left


def test_the_examples_of_fleets_work_in_their_order(
    tmp_path: Path, server: Postgres, store: ObjectStore, bucket_name: str
) -> None:
    with agency(tmp_path) as before:
        settings = prepare_home(before, store, bucket_name)
        add_account(before.run.root, "acme-shutterstock", client="acme", provider="shutterstock")
        buy(before, 1)
        before.run.env["ARCHIVER_FLEET"] = address = server.database()
        run = InOrder(before.run, "archiver fleet", {
            "archiver.yaml": str(settings), "--home northlight": f"--home {before.run.root}",
            "postgresql://db.example.com/archiver": address, "/dev/shm": str(tmp_path), "1234567890": "shutterstock_1_",
            "acme-home": f"{tmp_path}/acme-home", "proof.zip": f"{tmp_path}/proof.zip",
        })  # fmt: skip
        run("archiver fleet init --settings archiver.yaml")
        run("archiver fleet init --database postgresql://db.example.com/archiver --settings archiver.yaml")
        worker = run.words("archiver fleet worker --visits 8 --scratch /dev/shm/archiver")
        with subprocess.Popen(before.run.command(*worker), env=before.run.env) as process:  # which finds nothing to do
            while not before.run.json("fleet", "status")["workers"]:
                assert process.poll() is None
                time.sleep(0.2)
            run("archiver fleet drain")
            assert process.wait(60) == 0
        run("archiver fleet adopt --home northlight --client acme")
        run("archiver fleet adopt --home northlight --dry-run")
        run("archiver fleet adopt --home northlight")
        run("archiver fleet run --account acme-shutterstock")
        run("archiver fleet status")
        run("archiver fleet checkout acme -- proof 1234567890 --out proof.zip")
        run("archiver fleet export acme --out acme-home")
    assert run.left == ["archiver fleet checkout acme -- sign-in acme-envato"]  # which needs a person
