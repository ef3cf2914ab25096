"""Erasing, holding and forgetting, as a user does it: what is gone, what stays, and what says so."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.agency import accounts, archive_checks, integrity, privacy
from archiver.agency.night import run
from archiver.agency.retention import CLASSES, prune
from archiver.archive.erasure import REASONS, holds
from archiver.archive.reader import Archive
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue import search
from archiver.claims import packing
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.errors import ConfigError, Erased, IntegrityError, LegalHold
from archiver.home.settings import Home as LoadedHome
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from tests.support import agency as kit
from tests.support.agency import record
from tests.support.archive_kit import objects, passes_ocfl_py
from tests.support.claims_kit import licence
from tests.support.homes import QUICK, ROOT, Home

ADA = "Ada Example"


class Agency:
    """A home with one client and one account of a platform, worked on in this process."""

    def __init__(self, root: Path, provider: str, *, replay: bool) -> None:
        create_home(root, replay=replay, timestamps=[])
        add_client(root, "acme", name="Acme Ltd")
        self.root, self.key = root, new_key()
        self.vault = Vault.create(root / "vault.enc", self.key)
        if replay:
            add_account(root, "one", client="acme", provider=provider)
        self.archive, self.replay = root / "archive" / "acme", replay

    @property
    def home(self) -> LoadedHome:
        return LoadedHome.load(self.root)

    def run(self, *, full: bool = False, dry_run: bool = False) -> RunSummary:
        order = RunRequest(full=full, dry_run=dry_run, replay=QUICK if self.replay else None)
        return asyncio.run(run(self.home, self.vault, order))

    def erase(self, name: str, reason: str) -> privacy.ErasureRow:
        return privacy.erase(self.home, self.vault, name, reason=reason, by=ADA)[0]

    def hold(self, name: str | None = None, **options: Any) -> privacy.HoldsRow:
        asked = {"client": None, "by": ADA, "reason": None, "release": False, **options}
        return privacy.hold(self.home, self.vault, name=name, **asked)[0]

    def find(self) -> list[dict[str, Any]]:
        return search.find(self.home, "", limit=1000)

    def verify(self, licence: str | None = None) -> dict[str, Any]:
        return integrity.verify(self.home, integrity.VerifyRequest(licence=licence))[1]

    def codes(self) -> set[str]:
        return {finding["code"] for finding in self.verify()["clients"][0]["findings"]}


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Agency:
    """One that has archived some licences; nobody changes it."""
    made = Agency(tmp_path_factory.mktemp("archived") / "home", "shutterstock", replay=True)
    assert made.run().exit_code == 0
    return made


@pytest.fixture
def agency(archived: Agency, tmp_path: Path) -> Agency:
    """A copy of it."""
    made = copy(archived)
    made.root = shutil.copytree(archived.root, tmp_path / "home", symlinks=True)
    made.archive, made.vault = made.root / "archive" / "acme", Vault(made.root / "vault.enc", made.key)
    return made


def holding(folder: Path, text: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.mark.parametrize("text", ["court_order: AZ 3", "Court order: AZ 3", "court-order : AZ 3"])
def test_a_class_of_reason_counts_however_it_is_written(text: str) -> None:
    assert privacy.reason_of(text) == ("court_order", "AZ 3")


@pytest.mark.browser
def test_nothing_is_erased_without_a_reason(archived: Agency) -> None:
    with pytest.raises(ConfigError, match="needs a reason"):
        archived.erase(archived.find()[0]["licence"], " ")


@pytest.mark.long  # in one archive: tests/archive/test_erasure.py
@pytest.mark.browser
def test_what_is_erased_is_gone_and_seen_to_be_gone(agency: Agency) -> None:
    before = agency.find()
    titles = [row["title"] for row in before]
    name, title = next((row["licence"], row["title"]) for row in before if titles.count(row["title"]) == 1)
    backup = shutil.copytree(agency.archive / "evidence/licences", agency.root.parent / "backup")
    assert holding(agency.root, title)

    done = agency.erase(name, "data_subject_request: her letter")
    assert (done["outcome"], done["reason"]) == ("erased", "data_subject_request")
    assert "v1/content/licence.json" in done["files"] and done["bytes"]
    assert not holding(agency.root, title)  # neither in the archive nor in the search index
    ledger = (agency.archive / "ledger/ledger.jsonl").read_text()
    assert "data_subject_request" in ledger and not re.search("Ada Example|her letter", ledger)
    assert all(passes_ocfl_py(folder) for folder in objects(agency.archive))
    assert [row["licence"] for row in agency.find()] == [row["licence"] for row in before if row["licence"] != name]
    shown = search.show(agency.home, name)
    assert shown["state"] == "ERASED" and shown["tombstone"]["versions"]["v1"]["files"]
    assert [line["type"] for line in shown["history"]] == ["capture", "erasure"]
    with pytest.raises(Erased, match="data_subject_request"):
        packing.proof(agency.home, [name], agency.root / "proof.zip", packing.ProofRequest())
    report = agency.verify()
    assert (report["state"], agency.codes(), report["clients"][0]["erased"]) == ("UNPROVEN", {"erased"}, 1)
    assert agency.verify(name)["state"] == "ERASED"

    for full in (False, True):  # it stays known, also to an index that is made anew
        [account] = agency.run(full=full).accounts
        assert (account.outcome, account.archived, account.already) == ("complete", 0, len(before))
        search.rebuild(agency.home)
    assert not holding(agency.archive, title)

    shutil.copytree(backup, agency.archive / "evidence/licences", dirs_exist_ok=True)
    assert agency.codes() == {"erased", "erased-content-present"} and agency.verify()["state"] == "DAMAGED"
    assert agency.erase(name, "other")["outcome"] == "erased_again"
    assert agency.codes() == {"erased"} and not holding(agency.archive, title)
    assert agency.erase(name, "other")["outcome"] == "already_erased"
    [statement] = holding(agency.archive / "evidence/statements", "her letter")
    assert agency.erase(statement.parts[-4], "her wish")["reason"] == "other"  # what she wrote can go as well
    assert not holding(agency.root, "her letter") and agency.verify()["clients"][0]["erased"] == 2


def test_a_restore_is_recorded_without_accounts_too_and_tells_of_what_was_erased(tmp_path: Path) -> None:
    agency, disk = Agency(tmp_path / "home", "", replay=False), tmp_path / "disk"
    disk.mkdir()
    with (agency.root / "archiver.yaml").open("a") as settings:
        settings.write("witnesses: [{name: disk, folder: ../disk}]\n")
    statement = agency.hold(client="acme", reason="court")["statement"]
    agency.hold(client="acme", release=True)
    backup = shutil.copytree(agency.archive, tmp_path / "backup")
    agency.erase(statement, "other")
    shutil.rmtree(agency.archive)
    shutil.copytree(backup, agency.archive)
    with pytest.raises(IntegrityError, match="run --client acme --after-restore"):
        agency.erase(statement, "other")
    refused = asyncio.run(run(agency.home, agency.vault, RunRequest()))
    assert (refused.exit_code, refused.outcome) == (90, "failed")
    order = RunRequest(clients=["acme"], after_restore=disk / "acme", confirmed_by="Ada")
    done = asyncio.run(run(agency.home, agency.vault, order))
    assert done.exit_code == 0 and "erase again" in " ".join(done.warnings)
    assert agency.erase(statement, "other")["outcome"] == "erased"
    assert agency.codes() == {"erased", "rollback"}
    shutil.rmtree(next((agency.archive / "evidence/statements").glob("*/*/*")))
    [(_, words, *_)] = archive_checks.archives(agency.home)
    assert 0 < words.find("records this object") < words.find("records a restore")  # what is wrong comes first


@pytest.mark.browser
def test_a_hold_refuses_and_says_who_and_since_when(agency: Agency) -> None:
    name = agency.find()[0]["licence"]
    for wrong in ({"release": True}, {}, {"by": " ", "reason": "x"}, {"client": "acme", "reason": "x"}):
        with pytest.raises(ConfigError):
            agency.hold(name, **wrong)
    assert agency.hold(name, reason="letter of 3 May")["holds"][0]["by"] == ADA
    with pytest.raises(LegalHold, match=r"held since 20\S+Z by Ada Example because: letter of 3 May"):
        agency.erase(name, "retention_expired")
    assert "letter of 3 May" in search.show(agency.home, name)["hold"]
    agency.hold(client="acme", reason="court")
    agency.hold(name, release=True)
    with pytest.raises(LegalHold, match="the whole archive"):
        agency.erase(name, "retention_expired")
    agency.hold(client="acme", release=True)
    assert search.show(agency.home, name)["hold"] is None
    assert agency.erase(name, "retention_expired")["outcome"] == "erased"
    with pytest.raises(ConfigError, match="was erased"):
        agency.hold(name, reason="too late")
    assert ADA not in (agency.archive / "ledger/ledger.jsonl").read_text()
    assert agency.codes() == {"erased"}


def test_a_release_that_ended_between_two_holds_is_finished_by_its_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = ArchiveWriter.append

    def end(self: ArchiveWriter, kind: str, **fields: Any) -> Any:
        done = append(self, kind, **fields)
        if "release" in fields:
            raise KeyboardInterrupt
        return done

    with kit.agency(tmp_path) as at:
        at.archive("acme", (licence("9001"), [record()]))

        def hold(reason: str = "", *, release: bool = False) -> Any:
            return privacy.hold(at.home, at.vault, name="9001", client=None, by=ADA, reason=reason, release=release)[0]

        for reason in ("letter of 3 May", "court"):
            hold(reason)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(ArchiveWriter, "append", end)
            hold(release=True)
        [_] = holds(archive := Archive(at.home.archive("acme")))
        first = hold(release=True)["statement"]
        assert hold(release=True)["statement"] == first and not holds(archive)
        assert [line.id for line in archive.lines() if line.fields.get("release")] == [first, first]
        hold("another letter")
        assert hold(release=True)["statement"] != first


def test_the_commands(ran: Home, tmp_path: Path) -> None:
    home = ran
    name = home.json("find")[0]["licence"]
    asked = ("erase", name, "--reason", "court_order", "--by", ADA)
    assert home.json(*asked, "--dry-run")["outcome"] == "would_erase"
    assert "nothing was erased" in home(*asked, code=2).stderr
    home("hold", name, "--by", ADA, "--reason", "letter of 3 May")
    assert "by Ada Example because: letter of 3 May" in home(*asked, "--yes", code=10).stderr
    assert home.json("hold", name, "--by", ADA, "--release")["outcome"] == "released"
    assert "Secure deletion is not promised" in home(*asked, "--yes").stdout
    assert "was erased" in home("proof", name, "--out", tmp_path / "proof.zip", code=2).stderr
    assert "ERASED" in home("show", name).stdout and "court_order" in home("verify").stdout


def test_an_erased_acceptance_counts_no_more_and_another_person_can_accept(tmp_path: Path) -> None:
    agency = Agency(tmp_path / "home", "envato_elements", replay=False)
    for person in ("Bob Example", "Cy Example"):
        new = accounts.NewAccount(
            name="one", client="acme", provider="envato_elements", accepted_by=person, secret_command=("false",)
        )
        asyncio.run(accounts.add(agency.home, agency.vault, new, check=False))
        assert agency.run().accounts[0].error == "ConfigError"
        [statement] = holding(agency.archive / "evidence/statements/undated", person)
        agency.erase(statement.parts[-4], "left us")
        assert agency.run().accounts[0].error == "NotAccepted" and not holding(agency.root, person)


def test_what_lies_in_state_ends_by_itself_or_is_told(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    for each in CLASSES:
        for days in (each.days or 0, (each.days or 10_000) + 1):
            file = tmp_path / each.place.replace("*", "acme") / f"{days}-days-old"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
            os.utime(file, ((now - timedelta(days=days)).timestamp(),) * 2)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    [told] = prune(tmp_path, now)
    assert "1 file has been in state/quarantine for more than 30 days" in told and "by hand" in told
    gone = before - {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path).as_posix() for path in gone} == {
        "state/runs/401-days-old", "state/trouble/91-days-old", "state/companion/results/401-days-old",
    }  # fmt: skip
    assert prune(tmp_path / "nothing", now) == []


@pytest.mark.browser
def test_a_run_prunes(agency: Agency) -> None:
    old = [agency.root / "state" / name / "old" for name in ("runs", "trouble", "quarantine")]
    for file in old:
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
        os.utime(file, (0, 0))
    agency.run(dry_run=True)
    assert all(file.exists() for file in old)
    assert any("state/quarantine" in warning for warning in agency.run().warnings)
    assert [file.exists() for file in old] == [False, False, True]


def test_the_privacy_page_says_what_the_program_does() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    for each in CLASSES:
        assert f"| {each.name} | `{each.place}` | {each.kept} |" in text
    assert all(f"`{reason}`" in text for reason in REASONS)
    assert all(str(each.days) in each.kept for each in CLASSES if each.days)
