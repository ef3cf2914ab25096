"""The doctor: each ill is told, with what to do, and none hides another."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.agency import doctor, home_checks, machine_checks
from archiver.agency.diagnosis import State
from archiver.agency.doctor import examine
from archiver.archive.local_tsa import LocalAuthority
from tests.support.homes import Home

LEDGER, EVIDENCE = "archive/acme/ledger", "archive/acme/evidence/licences/*/*/*"


@pytest.fixture
def healthy(ran: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """With a temporary folder of its own: in the system's may lie what other tests' killed commands left."""
    (temporary := ran.root.parent / "tmp").mkdir()
    ran.env["TMPDIR"] = str(temporary)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("ARCHIVER_KEY_FILE", ran.env["ARCHIVER_KEY_FILE"])
    return ran


@pytest.fixture
def machine_is_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """To start a browser and a reader for each ill of a home would take most of the time."""
    monkeypatch.setattr(home_checks, "_browser", lambda *, needed: (State.OK, "browser", ""))
    monkeypatch.setattr(doctor, "OF_THE_FOLDER", {**doctor.OF_THE_FOLDER, "readers": lambda root: iter(())})


def first(root: Path, pattern: str) -> Path:
    return min(root.glob(pattern))


def append(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write(content)


def flip(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[::-1])
    path.chmod(0o444)


def with_witness(root: Path) -> Path:
    """The home, with a witness in it that holds a checkpoint of more lines."""
    append(root / "archiver.yaml", b"witnesses: [{name: a, folder: witness}]\n")
    append(root / "witness/x.note", b"archiver.invalid/acme\n9999\n" + b"A" * 43 + b"=\n\n")
    return root


ILLS: dict[str, tuple[Callable[[Path], object], str, State, str]] = {
    "no settings file": (lambda r: (r / "archiver.yaml").unlink(), "home", State.PROBLEM, "archiver init"),
    "a wrong setting": (lambda r: append(r / "archiver.yaml", b"colour: red\n"), "settings", State.PROBLEM, "Fix"),
    "a lost folder": (lambda r: shutil.rmtree(r / "state"), "home", State.WARNING, "backup"),
    "no vault": (lambda r: (r / "vault.enc").unlink(), "vault", State.PROBLEM, ""),
    "a damaged vault": (lambda r: (r / "vault.enc").write_bytes(b"x"), "vault", State.PROBLEM, ""),
    "no key": (lambda r: (r.parent / "vault.key").unlink(), "vault", State.PROBLEM, ""),
    "open to others": (lambda r: (r / "vault.enc").chmod(0o640), "permissions", State.WARNING, "chmod -R go-rwx"),
    "writable evidence": (
        lambda r: first(r, f"{EVIDENCE}/v1/content/*").chmod(0o600), "permissions", State.WARNING, "a-w",
    ),
    "an unknown platform": (
        lambda r: append(r / "clients/acme.yaml", b"  two: {provider: nowhere}\n"), "accounts", State.PROBLEM, "",
    ),
    "staging": (lambda r: append(r / "archive/acme/staging/7/x", b""), "archives", State.WARNING, "Nothing is lost"),
    "an intent": (lambda r: append(r / LEDGER / "intents.jsonl", b"{}"), "archives", State.WARNING, "cleans up"),
    "a torn line": (lambda r: append(r / LEDGER / "ledger.jsonl", b"{"), "archives", State.WARNING, "cleans up"),
    "an orphan": (
        lambda r: shutil.copytree(first(r, EVIDENCE), first(r, EVIDENCE).with_name("20200101_a_b_00000000")),
        "archives", State.PROBLEM, "compare with a copy",
    ),
    "another verifier": (
        lambda r: append(r / "archive/acme/tools/verify.py", b"#"), "archives", State.WARNING, "this version",
    ),
    "a lost ledger": (
        lambda r: [shutil.rmtree(r / "archive/acme" / each) for each in ("evidence", "ledger")],
        "archives", State.PROBLEM, "compare with a copy",
    ),
    "a lost client": (lambda r: (r / "clients/acme.yaml").unlink(), "archives", State.WARNING, "clients/acme.yaml"),
    "a lost object": (lambda r: shutil.rmtree(first(r, EVIDENCE)), "archives", State.PROBLEM, "compare with a copy"),
    "a flipped inventory": (lambda r: flip(first(r, f"{EVIDENCE}/inventory.json")), "archives", State.PROBLEM, "copy"),
    "quarantine": (lambda r: append(r / "state/quarantine/x.pdf", b""), "put aside", State.WARNING, "secret"),
    "no witness folder": (
        lambda r: append(r / "archiver.yaml", b"witnesses: [{name: a, folder: ../gone}]\n"),
        "witnesses", State.WARNING, "Mount it",
    ),
    "a witness of more": (
        with_witness, "witnesses", State.PROBLEM, "--after-restore",
    ),
    "a lost archive": (
        lambda r: shutil.rmtree(with_witness(r) / "archive/acme"), "witnesses", State.PROBLEM, "--after-restore",
    ),
    "an endless line": (
        lambda r: os.truncate(with_witness(r) / LEDGER / "ledger.jsonl", 1 << 34), "archives", State.PROBLEM, "a copy",
    ),
    "no witness command": (
        lambda r: append(r / "archiver.yaml", b"witnesses: [{name: a, command: [no-such-program]}]\n"),
        "witnesses", State.WARNING, "Install",
    ),
    "an authority that is down": (
        lambda r: append(r / "archiver.yaml", b"timestamps: [{name: a, url: 'http://127.0.0.1:9/'}]\n"),
        "timestamps", State.WARNING, "UNPROVEN",
    ),
}  # fmt: skip


@pytest.mark.usefixtures("machine_is_fit")
@pytest.mark.parametrize("ill", ILLS)
def test_every_ill_is_told_and_what_to_do(healthy: Home, ill: str) -> None:
    make, check, state, advice = ILLS[ill]
    make(healthy.root)
    report = examine(healthy.root, online=True)
    found = [each for each in report.diagnoses if each.check == check and each.state is state]
    assert found and advice in found[0].what_to_do and report.state is state, report.as_text()
    assert report.exit_code == (50 if state is State.PROBLEM else 0)
    assert {"python", "permissions", "disk", "file system"} <= {each.check for each in report.diagnoses}
    key = healthy.root.parent / "vault.key"
    assert not key.exists() or key.read_text().strip() not in report.as_text()


@pytest.mark.browser
def test_a_healthy_home(healthy: Home) -> None:
    report = healthy.json("doctor")
    assert report["state"] == "ok" and {each["state"] for each in report["checks"]} == {"ok"}
    assert "ok       file system" in healthy("doctor").stdout


@pytest.mark.usefixtures("machine_is_fit")
def test_the_cure_of_open_permissions(healthy: Home) -> None:
    subprocess.run(["chmod", "-R", "a+rwX", healthy.root], check=True)
    warned = [each for each in examine(healthy.root).diagnoses if each.state is State.WARNING]
    assert [each.check for each in warned] == ["permissions", "permissions"]
    for each in warned:
        subprocess.run(each.advice, shell=True, check=True)
    assert examine(healthy.root).state is State.OK


@pytest.mark.usefixtures("machine_is_fit")
def test_a_folder_that_a_program_synchronises_is_warned_of(healthy: Home, tmp_path: Path) -> None:
    inside = tmp_path / "OneDrive - Example" / "home"
    shutil.copytree(healthy.root, inside)
    assert [each.check for each in examine(inside).diagnoses if each.state is State.WARNING] == ["cloud folder"]


@pytest.mark.usefixtures("machine_is_fit")
def test_what_a_share_cannot_do_is_named(healthy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share without locks, on which nothing can be made durable."""
    monkeypatch.setattr(machine_checks, "lock", lambda handle: None)
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(22, "Invalid argument")))
    [found] = [each for each in examine(healthy.root).diagnoses if each.check == "file system"]
    assert found.state is State.PROBLEM and "durable writes (Invalid argument), locks" in found.message


@pytest.mark.usefixtures("machine_is_fit")
def test_authorities_are_asked_only_online_and_tell_the_time(healthy: Home, tmp_path: Path) -> None:
    with LocalAuthority(tmp_path / "authority") as authority:
        text = f"timestamps: [{{name: a, url: '{authority.url}'}}]\n"
        append(healthy.root / "archiver.yaml", text.encode())
        for online, words in {False: "was not contacted", True: "answers and says 20"}.items():
            [told] = [e for e in examine(healthy.root, online=online).diagnoses if e.check == "timestamps"]
            assert told.state is State.OK and words in told.message


def test_an_archive_whose_client_is_lost_is_verified_all_the_same(ran: Home) -> None:
    (ran.root / "clients/acme.yaml").unlink()
    assert [each["client"] for each in ran.json("verify")["clients"]] == ["acme"]
    assert "archive/acme has no client" in ran("find", "anything").stderr
    shutil.rmtree(first(ran.root, EVIDENCE))
    ran("verify", code=90)
