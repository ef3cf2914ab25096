"""What killed commands leave in the home and in the temporary folder: told by doctor, gone at the next start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archiver.core import atomic_files
from archiver.core.atomic_files import new_files, replace_file
from archiver.core.errors import ConfigError
from archiver.home.renamed_account import as_rotated
from archiver.home.settings import Home as Loaded
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from tests.support.homes import Home


def of_a_dead_process(name: str) -> str:
    """The name of a temporary file, as a process made it that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return name.format(f"{atomic_files._HOST}-{process.pid}")


def test_copies_of_the_vault_and_others_are_told_and_swept(home: Home, tmp_path: Path) -> None:
    scratch = tmp_path / "tmp"
    (scratch / of_a_dead_process("archiver-proof-{}-abcd1234") / "data").mkdir(parents=True)
    dead = [
        home.root / of_a_dead_process(".vault.enc.{}-abcd1234.tmp"),
        home.root / "state/history" / of_a_dead_process(".one.json.{}-abcd1234.tmp"),
        home.root / ".vault.enc.r5mtfrls",  # as former versions named them
        home.root / "work/acme-12345678/.proof.zip.partial",
        scratch / of_a_dead_process("archiver-roots-{}-abcd1234.pem"),
    ]
    alive = [
        home.root / f".vault.enc.{atomic_files.owner()}-abcd1234.tmp",
        home.root / ".vault.enc.0a0a0a-1-abcd1234.tmp",  # on another host, as far as can be told
        scratch / f"archiver-proof-{atomic_files.owner()}-abcd1234",
        scratch / "archiver-demo-abcd1234",  # a person's
    ]
    for path in (*dead, *alive):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"secret")
    for path in dead[2:4]:
        os.utime(path, times=(time.time() - 7200,) * 2)
    (home.root / "work/acme-12345678/claim.json").write_text("{}")
    home.env["TMPDIR"] = str(scratch)
    [told] = [each for each in home.json("doctor")["checks"] if each["check"] == "leftovers" and each["state"] != "ok"]
    assert "5 more" in told["message"] and "copies of the vault" in told["message"]
    home("status")
    assert not any(path.exists() for path in dead) and all(path.exists() for path in alive)
    assert sorted(path.name for path in scratch.iterdir()) == sorted(path.name for path in alive[2:])


def test_a_temporary_file_says_who_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []
    rename = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    replace_file(tmp_path / "a.json", b"{}")
    assert f".a.json.{atomic_files.owner()}-" in seen[0].name and [each.name for each in tmp_path.iterdir()] == [
        "a.json"
    ]
    assert not atomic_files.abandoned(seen[0], time.time())


@pytest.mark.parametrize("named", [0, 1, 2])
def test_new_files_get_their_names_together_even_after_a_kill(tmp_path: Path, named: int) -> None:
    """Killed with so many of two named: with all of them it was done, else it is begun anew."""
    outs = [tmp_path / "pack.zip", tmp_path / "pack.pdf"]
    for out in outs:
        part = out.with_name(f".{out.name}.partial")
        part.write_bytes(b"former")
        if outs.index(out) < named:
            out.hardlink_to(part)
    if named == len(outs):
        with pytest.raises(ConfigError, match="exists"), new_files(outs):
            pass
    else:
        with new_files(outs) as parts:
            assert not any(out.exists() for out in outs)
            for part in parts:
                part.write_bytes(b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        out.name: b"former" if named == len(outs) else b"new" for out in outs
    }


def test_new_files_that_cannot_be_completed_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_files([tmp_path / "a"]):
        raise ZeroDivisionError
    (tmp_path / "b").touch()
    with pytest.raises(ConfigError, match="exists"), new_files([tmp_path / "a", tmp_path / "b"]):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_new_secret_goes_with_its_user_name_wherever_a_rotation_was_killed(tmp_path: Path) -> None:
    create_home(tmp_path, timestamps=[])
    add_client(tmp_path, "acme", name="Acme Ltd")
    add_account(tmp_path, "one", client="acme", provider="shutterstock", username="ada")
    vault = Vault.create(tmp_path / "vault.enc", new_key())
    vault.set_secrets("one", {"token": "old"})
    vault.rotate("one", {"token": "new"}, None, "ben")  # and killed before the settings were written
    home = Loaded.load(tmp_path)
    assert as_rotated(home, vault, home.account("one")).username == "ben"
    assert Loaded.load(tmp_path).account("one").username == "ben" and vault.renamed("one") is None
    assert vault.secrets("one") == {"token": "new"}
