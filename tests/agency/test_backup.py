"""A home is backed up while runs work, checked, and restored elsewhere: the same, or not at all."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archiver.home.contents import Holds, files_in, undeclared
from tests.support.agency import agency, certificate, record
from tests.support.homes import Home, clean_environment
from tests.support.killed import KILLED, LETTER, Scenario, licence, origin, run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with an agency's home, its archives, a claim and a user of the desk, and a backup of it."""
    folder = tmp_path_factory.mktemp("made")
    with agency(folder) as at:
        at.archive("house", (licence(1), [record(), certificate("Licence e1")]))
        at.archive("acme", (licence(2), [record(), certificate("Licence e2")]))
        shutil.move(folder / "root.pem", at.run.root / "roots.pem")
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text().replace("../root.pem", "roots.pem"))
        (folder / "letter.txt").write_text(LETTER)
        at.run("claim", "add", folder / "letter.txt", "--client", "acme", "--yes", "--received", "2026-11-20")
        at.run("desk", "user", "add", "Ada Example", stdin="a long pass phrase of Ada's\n")
        at.run("backup", folder / "backup.tar")
        yield folder


def home_at(folder: Path, root: Path, **more: str) -> Home:
    return Home(root, clean_environment(folder) | {"ARCHIVER_HOME": str(root)} | more)


@pytest.fixture
def home(made: Path) -> Home:
    return home_at(made, made / "home")


def files(root: Path, but: str = "") -> dict[str, bytes]:
    kinds = {each.name: each.kind for each in files_in(root) if each.name != but}
    return {name: (root / name).read_bytes() for name, kind in kinds.items() if kind.holds is not Holds.CACHE}


NOTES = "state/reliance.json"  # where a home notes that there is a backup of it


LEFT = {"intents.jsonl", "compared"}  # nobody waits for what an archive's writer was about to do


def test_a_restored_home_is_the_home(made: Path, home: Home, tmp_path: Path) -> None:
    root = tmp_path / "restored"
    said = home("restore", made / "backup.tar", root)
    assert "acme: PROVEN" in said.stdout and "house: PROVEN" in said.stdout
    before, after = files(home.root), files(root)
    assert {name for name in before.keys() ^ after.keys() if Path(name).name not in LEFT} == set()
    assert all(before[name] == after[name] for name in after)
    restored = home_at(made, root)
    for command in ("find", "status", "claim list", "desk user list", "client list"):
        assert restored.json(*command.split()) == home.json(*command.split())
    modes = {path.stat().st_mode & 0o777 for path in root.rglob("*") if path.is_file() and "evidence" in path.parts}
    assert modes == {0o444} and root.stat().st_mode & 0o777 == 0o700 and not undeclared(root)


def test_without_the_vaults_key_the_evidence_is_all_there(made: Path, home: Home, tmp_path: Path) -> None:
    said = home_at(tmp_path, home.root)("restore", made / "backup.tar", tmp_path / "restored")
    assert "The vault's key is not in a backup" in said.stderr
    keyless = home_at(tmp_path, tmp_path / "restored")
    found, *_ = keyless.json("find", "harbour 2")
    assert found["asset_id"] == "2"
    assert keyless.json("show", found["licence"])["documents"]
    assert keyless.json("verify")["state"] == "PROVEN"
    keyless.without_browser()("proof", found["licence"], "--out", tmp_path / "proof.zip")
    assert (tmp_path / "proof.zip").exists()


def test_a_folder_that_another_program_copied_is_restored_as_well(made: Path, home: Home, tmp_path: Path) -> None:
    shutil.copytree(home.root, tmp_path / "copy", symlinks=True)
    home("restore", tmp_path / "copy", tmp_path / "restored")
    assert home_at(made, tmp_path / "restored").json("find") == home.json("find")
    assert "inside" in home("restore", tmp_path / "copy", tmp_path / "copy/new", code=2).stderr


def test_a_backup_says_what_it_holds_and_where_the_key_is(made: Path, home: Home, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    would = home.json("backup", "make", tmp_path / "disk", "--dry-run")
    assert not list((tmp_path / "disk").iterdir())
    done = home.json("backup", "make", tmp_path / "disk")
    assert str(made / "vault.key") in done["key"] and done["clients"] == ["acme", "house"]
    assert {key: would[key] for key in ("holds", "clients", "files")} == {
        key: done[key] for key in ("holds", "clients", "files")
    }
    [file] = (tmp_path / "disk").iterdir()
    checked = home.json("backup", "check", file, "--list")
    assert checked["holds"] == done["holds"] and len(checked["listed"]) == done["files"]
    listed = {each["path"] for each in checked["listed"]}
    assert {"archiver.yaml", "clients/acme.yaml", "vault.enc", "desk-users.json", "roots.pem"} <= listed
    assert any(each.endswith("/claim.json") for each in listed)


def test_a_key_in_the_home_is_not_in_the_backup_and_the_backup_says_so(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "home", tmp_path / "home")
    shutil.copy(made / "vault.key", tmp_path / "home/notes.txt")
    said = home_at(made, tmp_path / "home")("backup", tmp_path / "backup.tar")
    assert "notes.txt holds a vault's key" in said.stderr
    with tarfile.open(tmp_path / "backup.tar") as tar:
        assert "home/notes.txt" not in tar.getnames() and "home/archiver.yaml" in tar.getnames()


def test_a_file_of_nobody_is_in_the_backup_and_doctor_names_it(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "home", tmp_path / "home")
    (tmp_path / "home/state/mine.txt").write_text("mine")
    home = home_at(made, tmp_path / "home")
    assert "state/mine.txt" in home("doctor", code=None).stdout
    home("backup", tmp_path / "backup.tar")
    home("restore", tmp_path / "backup.tar", tmp_path / "restored")
    assert (tmp_path / "restored/state/mine.txt").read_text() == "mine"


# ---------------------------------------------------------------- bad input


def changed(
    source: Path, target: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]
) -> Path:
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as new:
        for entry in old:
            file = old.extractfile(entry)
            entry, content = change(entry, file.read() if file else b"")
            entry.size = len(content) if entry.isreg() else 0
            new.addfile(entry, io.BytesIO(content))
    return target


def settings_as(**more: object) -> Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]:
    def change(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if entry.name == "home/archiver.yaml":
            for name, value in more.items():
                setattr(entry, name, value)
        return entry, content

    return change


def as_version(format: str) -> Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]:
    def change(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        return entry, json.dumps({"format": format}).encode() if entry.name == "backup.json" else content

    return change


def other_settings(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    return entry, content + b"#" if entry.name == "home/archiver.yaml" else content


BAD = {
    "another path": (settings_as(name="home/../../evil"), 90, "is not the path of a file"),
    "an absolute path": (settings_as(name="/etc/evil"), 90, "is not the path of a file"),
    "a link": (settings_as(type=tarfile.SYMTYPE, linkname="/etc/passwd"), 90, "is a link, a device"),
    "a hard link": (settings_as(type=tarfile.LNKTYPE, linkname="home/vault.enc"), 90, "is a link, a device"),
    "a device": (settings_as(type=tarfile.CHRTYPE), 90, "is a link, a device"),
    "a file as folder": (settings_as(name="home/vault.enc/below"), 90, "is both a file and a folder"),
    "other content": (other_settings, 90, "archiver.yaml is not what was backed up"),
    "a later version": (as_version("archiver-backup-2"), 2, "Another version"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_backup_is_refused_and_nothing_is_left(made: Path, home: Home, tmp_path: Path, fault: str) -> None:
    change, code, words = BAD[fault]
    bad = changed(made / "backup.tar", tmp_path / "bad.tar", change)
    said = home("restore", bad, tmp_path / "below/restored", code=code)
    assert words in said.stderr and not list((tmp_path / "below").iterdir())
    if fault != "a file as folder":  # which only a disk refuses
        assert words in home("backup", "check", bad, code=code).stderr


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_torn_backup_is_refused(made: Path, home: Home, tmp_path: Path, part: float) -> None:
    whole = (made / "backup.tar").read_bytes()
    end = whole.rindex(b"manifest-sha256.txt")
    (tmp_path / "torn.tar").write_bytes(whole[: int(end * part)])
    said = home("restore", tmp_path / "torn.tar", tmp_path / "restored", code=None)
    assert said.returncode in (2, 90) and not (tmp_path / "restored").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["torn.tar"]


def test_nothing_is_overwritten(made: Path, home: Home, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").touch()
    assert "not empty" in home("restore", made / "backup.tar", tmp_path / "there", code=2).stderr
    assert "exists" in home("backup", made / "backup.tar", code=2).stderr
    assert "inside the home" in home("backup", home.root / "backup.tar", code=2).stderr
    assert "There is no folder" in home("backup", tmp_path / "missing/backup.tar", code=2).stderr
    assert "cannot be read" in home("restore", tmp_path / "missing.tar", tmp_path / "new", code=2).stderr
    assert [each.name for each in tmp_path.iterdir()] == ["there"]


def test_a_full_disk_is_said_and_leaves_nothing(home: Home, tmp_path: Path) -> None:
    before = files(home.root)
    with (Path("/dev/full")).open("wb") as full:
        command = home.command("backup", "-")
        done = subprocess.run(command, env=home.env, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 50 and b"disk is full" in done.stderr and files(home.root) == before


# ---------------------------------------------------------------- kills

MAKE = Scenario("backup make", ("backup", "make", "PLACE/new.tar"))
CHECK = Scenario("backup check", ("backup", "check", "PLACE/new.tar"))
RESTORE = Scenario("restore", ("restore", "PLACE/new.tar", "PLACE/restored"))
VERIFY = Scenario("verify", ("--home", "PLACE/restored", "verify", "--quick"))


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.long), 40])
def test_killed_at_a_change_of_the_disk_and_repeated(tmp_path: Path, step: int) -> None:
    """With `step` 1 at each change: the home stays as it is, what is made is whole or absent, and nothing is left."""
    with origin(tmp_path / "origin") as place:
        before, number, kills = files(place / "home", NOTES), 0, 0
        while run(place, MAKE, ".", number := number + min(step, 3)).returncode == KILLED:
            kills += 1
            assert not (place / "new.tar").exists() or run(place, CHECK).returncode == 0, number
            (place / "new.tar").unlink(missing_ok=True)
            assert run(place, MAKE).returncode == 0 and files(place / "home", NOTES) == before, number
            assert not list(place.glob(".new.tar*"))
            (place / "new.tar").unlink()
        assert kills and run(place, CHECK).returncode == 0
        number, kills = 0, 0
        while run(place, RESTORE, ".", number := number + step).returncode == KILLED:
            kills += 1
            assert (place / "restored").exists() or run(place, RESTORE).returncode == 0, number
            assert run(place, VERIFY).returncode == 0 and not list(place.glob(".restored*")), number
            shutil.rmtree(place / "restored")
        assert kills and run(place, VERIFY).returncode == 0
