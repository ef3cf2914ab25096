"""Damaged files of an archive come back from the replica, at the desk, exactly as the ledger records them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver.desk import desk_state
from tests.support.desk_in_process import desk_on
from tests.support.desk_kit import PASSWORD
from tests.support.object_stores import ObjectStore
from tests.support.replica_kit import buy, replicated, tree


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_state, "FRESH_SECONDS", 0.0)


def test_the_copy_replaces_what_is_damaged_and_only_that(
    tmp_path: Path, store: ObjectStore, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with replicated(tmp_path, store, bucket_name) as at, desk_on(at.run, monkeypatch) as desk:
        spoiled, gone, _ = (each.rpartition(":")[2] for each in buy(at, 11, 12, 13))
        root = at.home.archive("acme")
        ada, olaf = desk.person("Ada Example", "admin"), desk.person("Olaf Operator", "operate")
        before = tree(root)
        paper = next(root.rglob(spoiled)) / "v1/content/certificate.txt"
        paper.chmod(0o600)
        paper.write_bytes(b"something else")
        shutil.rmtree(next(root.rglob(gone)))
        assert olaf.post("/client/acme/check").status_code == 303
        page = olaf.get("/client/acme").text
        assert (
            "Harbour 11" in page
            and "Asset 12 from Shutterstock" in page
            and "Tell them" in page
            and "put-back" not in page
        )
        assert olaf.post("/client/acme/put-back").status_code == 403
        assert "Restore from the copy" in ada.get("/client/acme").text
        ada.post("/client/acme/put-back", {"again": "wrong"})
        assert tree(root) != before, "without the password, nothing happens"
        assert ada.post("/client/acme/put-back", {"again": PASSWORD}).status_code == 303
        page = ada.get("/client/acme").text
        assert "is damaged" not in page and "Harbour 12" in page, page
        after = tree(root)
        assert {name: after[name] for name in before if name.startswith("evidence/")} == {
            name: content for name, content in before.items() if name.startswith("evidence/")
        }
        assert after["ledger/ledger.jsonl"].startswith(before["ledger/ledger.jsonl"])
        assert b"something else" in {
            each.read_bytes() for each in (at.run.root / "state/damaged").rglob("certificate.txt")
        }
        at.run("verify", "--client", "acme")
        at.run("erase", f"acme/{spoiled}", "--reason", "request", "--by", "Ada Example", "--yes")
        kept = {each.read_bytes() for each in (at.run.root / "state/damaged").rglob("*") if each.is_file()}
        assert b"something else" not in kept


def test_a_copy_that_lacks_the_file_changes_nothing(
    tmp_path: Path, store: ObjectStore, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with replicated(tmp_path, store, bucket_name) as at, desk_on(at.run, monkeypatch) as desk:
        [one] = buy(at, 11)
        root = at.home.archive("acme")
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text().replace("prefix: agency", "prefix: elsewhere"))
        paper = next(root.rglob(one.rpartition(":")[2])) / "v1/content/certificate.txt"
        paper.chmod(0o600)
        paper.write_bytes(b"something else")
        ada = desk.person("Ada Example", "admin")
        ada.post("/client/acme/check")
        before = {name: content for name, content in tree(root).items() if name.startswith("evidence/")}
        ada.post("/client/acme/put-back", {"again": PASSWORD})
        assert {name: content for name, content in tree(root).items() if name.startswith("evidence/")} == before
        assert "Nothing was changed" in ada.get("/client/acme").text
