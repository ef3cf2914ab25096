"""Backups that are encrypted, and those that go to a bucket or a program; what is bad about a place or a file."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archiver.agency.backup import destinations, encryption, making, restoring
from archiver.agency.backup.encryption import DecryptedSource, EncryptingSink
from archiver.core.errors import BackupDamaged, ConfigError
from archiver.fleet.object_store import Bucket
from archiver.home.settings import Home as Loaded
from tests.agency.test_full_disk import fill, small_disk
from tests.support.homes import Home, begun, clean_environment
from tests.support.object_stores import ACCESS_KEY, SECRET_KEY, ObjectStore, seaweedfs
from tests.support.replica_kit import add_replica

__all__ = ["small_disk"]


def no_progress(what: str, done: int, total: int | None) -> None:
    """Show nothing."""


WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home, and files with the right and a wrong passphrase."""
    place = tmp_path_factory.mktemp("made")
    begun(place)
    (place / "right").write_text(f"{WORDS}\n")
    (place / "wrong").write_text("another horse\n")
    return place


@pytest.fixture
def home(folder: Path) -> Home:
    return Home(folder / "home", clean_environment(folder))


def state_of(root: Path) -> dict[str, bytes]:
    """The files of a home, but the note that there is a backup."""
    return {
        each.relative_to(root).as_posix(): each.read_bytes()
        for each in root.rglob("*")
        if each.is_file() and each.name != "reliance.json" and each.suffix not in (".lock", ".holder")
    }


# ---------------------------------------------------------------- encryption

BY_PYRAGE = (  # "a home", encrypted by pyrage 1.4.0 with `WORDS`
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBaMXk3eVA4UFNRRjZ1cmw3SklOSk1RIDE5CmpYNS9IQmNDK0RJR2NVYlEvMHdvQ3hhcW"
    "hGZkdYaDY5aXM1UE1EbDdPU3MKLS0tIGloS09mWkRydlVHV2JkOGdJYkp2empab29zYkg2R3NGMjIwTDdxb2R3b3MKeR0YcLiXIOkLUdZtVkQ+"
    "GKyGeP0Bk+OW10XFHK9c4Ifi+TlPtrw="
)
FOR_PYRAGE = "a96909e6c8fd7a9f3a729c6541915f21f81cbb5461ff30242e760b8c528cbc2d"  # which it decrypted


def encrypted(data: bytes) -> bytes:
    file = io.BytesIO()
    sink = EncryptingSink(file, WORDS)
    sink.write(data)
    sink.finish()
    return file.getvalue()


@pytest.mark.long  # what it encrypts it reads: above
def test_other_programs_read_what_this_one_encrypts_and_it_reads_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert DecryptedSource(io.BytesIO(base64.b64decode(BY_PYRAGE)), WORDS).read() == b"a home"
    monkeypatch.setattr("os.urandom", lambda size: bytes([7]) * size)
    assert hashlib.sha256(encrypted(bytes(range(256)) * 600)).hexdigest() == FOR_PYRAGE


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 200000])
def test_what_is_decrypted_is_what_was_encrypted(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(encryption, "WORK_FACTOR", 10)
    data = bytes(range(251)) * (size // 251 + 1)
    assert DecryptedSource(io.BytesIO(encrypted(data[:size])), WORDS).read() == data[:size]


def test_an_encrypted_backup_opens_with_its_passphrase_only(folder: Path, home: Home, tmp_path: Path) -> None:
    backup = tmp_path / "home.tar.age"
    assert "at least 10" in home("backup", backup, "--encrypt", stdin="short\nshort\n", code=2).stderr
    home("backup", backup, "--encrypt", stdin=f"{WORDS}\n{WORDS}\n")
    assert b"archiver.yaml" not in backup.read_bytes() and b"ustar" not in backup.read_bytes()
    for command in (("backup", "check", backup), ("restore", backup, tmp_path / "restored")):
        said = home(*command, "--passphrase-file", folder / "wrong", code=2).stderr
        assert "passphrase does not fit" in said
        assert "nobody to ask" in home(*command, code=2).stderr
    with backup.open("rb") as file:
        words = home.command("restore", "-", tmp_path / "restored")
        asked = subprocess.run(words, env=home.env, stdin=file, capture_output=True, text=True, check=False)
    assert asked.returncode == 2 and "--passphrase-file" in asked.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["home.tar.age"]
    home("restore", backup, tmp_path / "restored", stdin=f"{WORDS}\n")
    assert state_of(tmp_path / "restored") == state_of(home.root)


def test_recovery_words_are_shown_once_and_open_the_backup(home: Home, tmp_path: Path) -> None:
    said = home("backup", tmp_path / "home.tar.age", "--recovery-words").stderr
    words = said.partition("shown only now: ")[2].split()[0]
    assert len(words.split("-")) == 8 and said.count(words) == 1
    assert words not in "".join(map(str, state_of(home.root).values()))
    home("backup", "check", tmp_path / "home.tar.age", stdin=f"{words}\n")


def test_unattended_backups_take_the_passphrase_from_a_file_or_a_password_manager(
    folder: Path, home: Home, tmp_path: Path
) -> None:
    named = Home(home.root, home.env | {"ARCHIVER_BACKUP_PASSPHRASE_FILE": str(folder / "right")})
    named("backup", tmp_path / "one.tar.age")
    settings = home.root / "archiver.yaml"
    before = settings.read_text()
    settings.write_text(f"{before}backup: {{secret_command: [cat, {folder / 'right'}]}}\n")
    try:
        said = home("backup", tmp_path / "two.tar.age").stderr
        assert "outside the home" not in said  # the passphrase belongs nowhere near the backup
    finally:
        settings.write_text(before)
    for each in ("one", "two"):
        named("backup", "check", tmp_path / f"{each}.tar.age")
    empty = tmp_path / "empty"
    for fault in ("cannot be read", "is empty"):
        said = home("backup", tmp_path / "x.tar", "--passphrase-file", empty, code=2).stderr
        assert fault in said and not (tmp_path / "x.tar").exists()
        empty.touch()


# ---------------------------------------------------------------- torn and changed


@pytest.fixture
def backups(home: Home, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A backup, and the same encrypted."""
    monkeypatch.setattr(encryption, "WORK_FACTOR", 10)
    plain = io.BytesIO()
    making.back_up(Loaded.load(home.root), plain, "", no_progress)
    return {"plain": plain.getvalue(), "encrypted": encrypted(plain.getvalue())}


@pytest.mark.parametrize("kind", ["plain", "encrypted"])
def test_a_backup_that_is_torn_or_changed_anywhere_is_refused(
    backups: dict[str, bytes], kind: str, tmp_path: Path
) -> None:
    whole = backups[kind]
    end = whole.rindex(b"manifest-sha256.txt") if kind == "plain" else len(whole)
    cuts = {*range(0, 300, 7), *range(300, end, len(whole) // 60), end - 1, end - 16, end - 17, 65536, 65537, 65552}
    damaged = [whole[:cut] for cut in sorted(cuts) if cut < end]
    if kind == "encrypted":  # in the other, a byte between two files means nothing
        damaged += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(0, end, len(whole) // 60)]
    for number, data in enumerate(damaged):
        (tmp_path / "bad").write_bytes(data)
        with (
            pytest.raises((BackupDamaged, ConfigError)),
            destinations.read(str(tmp_path / "bad"), None, lambda: WORDS) as source,
        ):
            restoring.restore(restoring.from_backup(source, no_progress), tmp_path / "restored", no_progress)
        assert [each.name for each in tmp_path.iterdir()] == ["bad"], number


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"\0" * 10240, b"age-encryption.org/v1\n-> X25519 abc\n---"])
def test_a_file_that_is_no_backup_is_refused(home: Home, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    for command in (("backup", "check", tmp_path / "file"), ("restore", tmp_path / "file", tmp_path / "restored")):
        said = home(*command, code=None, stdin=f"{WORDS}\n")
        assert said.returncode in (2, 90) and said.stderr.count("\n") < 4, said.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


# ---------------------------------------------------------------- programs


def test_a_program_gets_the_whole_backup(home: Home, tmp_path: Path) -> None:
    home("backup", "--command", f"sh -c 'cat > {tmp_path / 'got.tar'}; echo stored'", "--json")
    home("backup", "check", tmp_path / "got.tar")
    for words in (["--dry-run"], [tmp_path / "x", "--command", "cat"]):
        assert "one place" in home("backup", *words, code=2).stderr


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("sh -c 'cat >/dev/null; exit 3'", 30, "'sh' ended with exit code 3"),
        ("sh -c 'exit 0'", 30, "stopped reading"),
        ("no-such-program --token s3cret-word", 2, "'no-such-program' cannot be started"),
        ("sh -c 'open", 2, "cannot be split"),
    ],
)
def test_a_program_that_fails_is_said_without_its_words(
    home: Home, tmp_path: Path, command: str, code: int, words: str
) -> None:
    before = state_of(home.root)
    said = home("--log-file", tmp_path / "log", "-v", "backup", "--command", command, code=code)
    log = (tmp_path / "log").read_text() if (tmp_path / "log").exists() else ""
    assert words in said.stderr and "s3cret-word" not in said.stderr + said.stdout + log
    assert state_of(home.root) == before


def test_a_program_keeps_nothing_of_a_backup_that_failed(tmp_path: Path) -> None:
    command = ["sh", "-c", f"cat > {tmp_path / 'half'}; mv {tmp_path / 'half'} {tmp_path / 'whole'}"]
    to = destinations.command_as_destination(command)
    with pytest.raises(ValueError, match="disk"), destinations.written(to, None) as sink:
        sink.write(b"x" * 100_000)
        raise ValueError("disk")
    assert not (tmp_path / "whole").exists()


# ---------------------------------------------------------------- buckets


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with seaweedfs(tmp_path_factory.mktemp("store") / "weed") as running:
        running.bucket("backups", lock=False)
        yield running


@pytest.mark.long  # a backup in a folder: test_backup.py; a bucket has nothing half: below
def test_a_backup_goes_to_a_bucket_and_comes_back_on_another_machine(
    store: ObjectStore, home: Home, tmp_path: Path
) -> None:
    settings = home.root / "archiver.yaml"
    before = settings.read_text()
    add_replica(home.root, store, "backups")  # whose store and keys it takes
    try:
        log = ("--log-file", tmp_path / "log", "-v")
        done = home.json(*log, "backup", "s3://backups/northlight")
        address = done["backup"]
        assert address.startswith("s3://backups/northlight/home-2") and address.endswith(".tar")
        assert "exists" in home(*log, "backup", address, code=2).stderr
        home(*log, "backup", "check", address)
        assert SECRET_KEY not in (tmp_path / "log").read_text()
    finally:
        settings.write_text(before)
    keys = {"AWS_ENDPOINT_URL": store.endpoint, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    empty = Home(tmp_path / "none", home.env | keys | {"ARCHIVER_HOME": str(tmp_path / "none")})
    said = empty("restore", "s3://backups/northlight", tmp_path / "restored", code=2).stderr
    assert "There is no backup" in said and address.rpartition("/")[2] in said
    empty("restore", address, tmp_path / "restored")
    assert (tmp_path / "restored/clients/acme.yaml").exists()
    away = Home(home.root, home.env | keys | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"})
    for command in (("backup", "s3://backups/x"), ("restore", address, tmp_path / "other")):
        assert "could not be written there, or read from there" in away(*command, code=30).stderr
    assert "names no bucket" in away("backup", "s3://", code=2).stderr


def test_a_bucket_has_nothing_half(store: ObjectStore) -> None:
    bucket = Bucket(store.client(), "backups")
    with pytest.raises(ValueError, match="disk"), bucket.uploaded("half.tar") as sink:
        sink.write(b"x" * (17 << 20))
        raise ValueError("disk")
    assert not [*bucket.keys("half")]
    assert not store.client().list_multipart_uploads(Bucket="backups").get("Uploads")
    data = bytes(range(256)) * (1 << 17)
    with bucket.uploaded("whole.tar") as sink:
        sink.write(data)
    with bucket.opened("whole.tar") as body:
        assert body and body.read() == data


# ---------------------------------------------------------------- disks


def no_space(disk: Path) -> None:
    fill(disk)


def read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


@pytest.mark.parametrize(("make_bad", "words"), [(no_space, "disk is full"), (read_only, "Read-only file system")])
def test_a_full_or_read_only_disk_is_said_and_leaves_nothing(
    small_disk: Path, home: Home, tmp_path: Path, make_bad: Callable[[Path], None], words: str
) -> None:
    before = state_of(home.root)
    home("backup", tmp_path / "home.tar")
    make_bad(small_disk)
    there = sorted(each.name for each in small_disk.iterdir())
    for command in (("backup", small_disk), ("restore", tmp_path / "home.tar", small_disk / "restored")):
        assert words.casefold() in home(*command, code=50).stderr.casefold()
    assert sorted(each.name for each in small_disk.iterdir()) == there and state_of(home.root) == before


@pytest.mark.parametrize(("make_bad", "words"), [(no_space, "disk is full"), (read_only, "Read-only file system")])
def test_a_home_on_a_full_or_read_only_disk_is_backed_up(
    small_disk: Path, tmp_path: Path, make_bad: Callable[[Path], None], words: str
) -> None:
    home = begun(small_disk)
    make_bad(small_disk)
    home("backup", tmp_path / "home.tar")
    home("restore", tmp_path / "home.tar", tmp_path / "restored")
    assert state_of(tmp_path / "restored") == state_of(home.root)
