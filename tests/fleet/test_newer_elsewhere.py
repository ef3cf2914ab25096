"""A restore names what witnesses, the replica and this machine know that the backup did not, and what to run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver.home.vault import Vault, find_key
from tests.support.object_stores import ObjectStore
from tests.support.replica_kit import buy, replicated


@pytest.mark.long  # a replica that is newer: test_replica.py
def test_a_restore_says_what_is_newer_elsewhere(tmp_path: Path, store: ObjectStore, bucket_name: str) -> None:
    with replicated(tmp_path, store, bucket_name) as at:
        (tmp_path / "disk").mkdir()
        witnesses = [f"{{name: disk, folder: {tmp_path / 'disk'}}}", f"{{name: gone, folder: {tmp_path / 'none'}}}"]
        with (at.run.root / "archiver.yaml").open("a") as settings:
            settings.write(f"witnesses: [{', '.join(witnesses)}, {{name: counsel, command: [cat]}}]\n")
        buy(at, 11)
        backup, root = tmp_path / "backup.tar", at.run.root
        at.run("backup", backup)

        def newer(target: Path) -> dict[str, str | None]:
            said = at.run.json("restore", backup, target)["newer"]
            return {each["message"]: (each["remedy"] or {}).get("command") for each in said}

        asked_nobody = {
            f"The witness gone was not asked: there is no folder {tmp_path / 'none'}.": None,
            "The witness counsel cannot be asked from here. Compare with the newest file that it has.": None,
        }
        assert newer(tmp_path / "same") == asked_nobody
        before = len((root / "archive/acme/ledger/ledger.jsonl").read_bytes().splitlines())
        buy(at, 12)
        Vault(root / "vault.enc", find_key(), remember=True).set_secrets("house-stock", {"token": "RECORDED-TOKEN"})
        after = len((root / "archive/acme/ledger/ledger.jsonl").read_bytes().splitlines())
        shutil.rmtree(root)
        found = newer(root)
        assert found.keys() > asked_nobody.keys()
        witness = found[f"The witness disk knows {after} lines of acme, which this home does not have."]
        assert witness and witness.startswith(f"archiver run --client acme --after-restore {tmp_path / 'disk'}")
        replica = next(
            each for each in found if each.startswith(f"The replica has {after} lines of acme, this home {before}.")
        )
        assert found[replica] == "archiver replica restore --client acme"
        assert found["This machine has seen a newer vault at this place."] == "archiver doctor --vault-restored"
