"""Secrets at rest, the places of the key, and where secrets must not turn up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest
import typer
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.backends.chainer import ChainerBackend

from archiver.agency import machine_checks
from archiver.agency.setup import initialise
from archiver.cli import setup
from archiver.cli.app import unlocked
from archiver.core.errors import ConfigError, VaultLocked
from archiver.home import vault as module
from archiver.home.vault import (
    Vault,
    find_key,
    new_key,
    open_vault,
    parse_secrets,
    pop_secrets_from_environment,
    run_secret_command,
    secret_digest,
    usable_keyrings,
)
from tests.support.homes import clean_environment


class Desktop(KeyringBackend):
    """A keyring that works, in memory."""

    priority: ClassVar[float] = 5
    stored: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.stored.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.stored[service, username] = password


class PlaintextKeyring(Desktop):
    """What keyrings.alt brings: it would take the key, and keep it in a readable file."""


PlaintextKeyring.__module__ = "keyrings.alt.file"


def made(kind: Callable[[], KeyringBackend]) -> KeyringBackend:
    return kind()


@pytest.fixture(autouse=True)
def keyring_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[KeyringBackend]:
    """The keyring of this machine, as the tests choose it: none at first. No key is anywhere else either."""
    chosen: list[KeyringBackend] = [made(fail.Keyring)]
    monkeypatch.setattr("keyring.get_keyring", lambda: chosen[-1])
    monkeypatch.setattr(Desktop, "stored", {})
    monkeypatch.setattr(module, "_taken", {})
    monkeypatch.setattr(module, "default_key_file", lambda: tmp_path / "own" / "vault.key")
    for name in ("CREDENTIALS_DIRECTORY", "ARCHIVER_KEY_FILE", "ARCHIVER_KEY"):
        monkeypatch.delenv(name, raising=False)
    return chosen


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "vault.enc", new_key())


def test_what_goes_in_comes_out_and_never_lies_in_the_clear(tmp_path: Path) -> None:
    key = new_key()
    vault = Vault.create(tmp_path / "vault.enc", key)
    vault.set_secrets("acme", {"password": "correct horse", "totp": "JBSWY3DPEHPK3PXP"})
    vault.save_session("acme", {"cookies": [{"name": "sid", "value": "s" * 50_000}]})
    vault.mark("acme", "WrongPassword", secret_digest(vault.secrets("acme")))
    signer = vault.signer("acme").private_bytes_raw()

    again = Vault(tmp_path / "vault.enc", key)
    assert again.secrets("acme")["totp"] == "JBSWY3DPEHPK3PXP"
    assert (again.session("acme") or {})["cookies"][0]["name"] == "sid"
    assert again.signer("acme").private_bytes_raw() == signer != again.signer("other").private_bytes_raw()
    trouble = again.trouble("acme")
    assert trouble
    assert trouble.error == "WrongPassword"
    assert trouble.at.endswith("Z")
    assert trouble.secret_digest != secret_digest({"password": "changed"})
    raw = (tmp_path / "vault.enc").read_bytes()
    assert not any(word in raw for word in (b"correct", b"JBSWY3", b"cookies", b"sssss", b"accounts"))
    if os.name == "posix":
        assert (tmp_path / "vault.enc").stat().st_mode & 0o777 == 0o600

    again.clear_mark("acme")
    assert (again.trouble("acme"), again.secrets("nobody")) == (None, {})
    with pytest.raises(ConfigError, match="pin: unknown secret"):
        vault.set_secrets("acme", {"pin": "1"})


def test_changes_made_at_once_are_all_kept(vault: Vault) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: vault.set_secrets(f"a{n}", {"token": str(n)}), range(24)))
        keys = set(pool.map(lambda _: vault.signer("acme").private_bytes_raw(), range(8)))
    assert [vault.secrets(f"a{n}") for n in range(24)] == [{"token": str(n)} for n in range(24)]
    assert len(keys) == 1


def test_wrong_key_damage_and_absence_are_told_apart(tmp_path: Path) -> None:
    path, key = tmp_path / "vault.enc", new_key()
    with pytest.raises(VaultLocked, match="does not exist; restore it"):
        Vault(path, key).secrets("a")
    Vault.create(path, key).set_secrets("a", {"token": "x"})
    with pytest.raises(VaultLocked, match="the key does not fit"):
        Vault(path, new_key()).secrets("a")
    with pytest.raises(VaultLocked, match="44 characters") as caught:
        Vault(path, "short")
    assert caught.value.exit_code == 50
    whole = path.read_bytes()
    other = b"A" if whole[60:61] != b"A" else b"B"
    for broken in (b"", whole[:-9], whole[:60] + other + whole[61:], b"not a vault\n" + whole):
        path.write_bytes(broken)
        with pytest.raises(VaultLocked, match="is damaged"):
            Vault(path, key).secrets("a")
    path.write_bytes(whole.replace(b"archiver-vault-1", b"archiver-vault-2"))
    with pytest.raises(VaultLocked, match="a later version of this program wrote"):
        Vault(path, key).secrets("a")
    path.write_bytes(whole)
    assert Vault(path, key).secrets("a") == {"token": "x"}


def test_the_key_is_looked_up_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyring_choice: list[KeyringBackend]
) -> None:
    credential, file, ring, own, environment, typed = (new_key() for _ in range(6))

    def found(*, interactive: bool = False) -> str:
        return find_key(create=False, interactive=interactive)

    with pytest.raises(VaultLocked, match=r"Keyring stores nothing\); set ARCHIVER_KEY_FILE") as caught:
        found()
    assert caught.value.exit_code == 50
    monkeypatch.setattr("getpass.getpass", lambda _: f" {typed}\n")
    assert found(interactive=True) == typed
    monkeypatch.setenv("ARCHIVER_KEY", environment)
    assert found(interactive=True) == environment
    assert "ARCHIVER_KEY" not in os.environ
    assert found(interactive=True) == environment
    (tmp_path / "own").mkdir()
    (tmp_path / "own/vault.key").write_text(own)
    (tmp_path / "own/vault.key").chmod(0o600)
    assert found(interactive=True) == own
    keyring_choice.append(made(Desktop))
    keyring_choice[-1].set_password(module.KEYRING_SERVICE, module.KEYRING_USER, ring)
    assert found() == ring
    (tmp_path / "key").write_text(file + "\n")
    (tmp_path / "key").chmod(0o600)
    monkeypatch.setenv("ARCHIVER_KEY_FILE", str(tmp_path / "key"))
    assert found() == file
    (tmp_path / "archiver-key").write_text(credential)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert found() == credential


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_key_files_that_cannot_be_trusted_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    monkeypatch.setenv("ARCHIVER_KEY_FILE", str(path))
    with pytest.raises(VaultLocked, match="cannot be read"):
        find_key(create=False, interactive=False)
    path.write_text(new_key())
    path.chmod(0o640)
    with pytest.raises(VaultLocked, match="chmod 600"):
        find_key(create=False, interactive=False)
    path.chmod(0o600)
    path.write_text("é" * 44)
    with pytest.raises(VaultLocked, match="44 characters"):
        find_key(create=False, interactive=False)
    path.unlink()
    os.mkfifo(path, 0o600)  # nobody writes into it
    with pytest.raises(VaultLocked, match="it is not a regular file"):
        find_key(create=False, interactive=False)


def test_a_new_vault_makes_its_key_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyring_choice: list[KeyringBackend]
) -> None:
    path = tmp_path / "vault.enc"
    open_vault(tmp_path / "first.enc", create=True)
    own = tmp_path / "own/vault.key"  # a machine without a keyring
    assert find_key() == own.read_text().strip()
    if os.name == "posix":
        assert (own.stat().st_mode & 0o777, own.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    own.unlink()
    monkeypatch.setenv("ARCHIVER_KEY_FILE", str(tmp_path / "keys/vault.key"))
    open_vault(path, create=True).set_secrets("a", {"token": "x"})
    assert open_vault(path, create=True).secrets("a") == {"token": "x"}
    (tmp_path / "keys/vault.key").unlink()
    with pytest.raises(VaultLocked, match="cannot be read"):  # a lost key is never replaced by a new one
        open_vault(path, create=True)
    monkeypatch.delenv("ARCHIVER_KEY_FILE")
    keyring_choice.append(made(Desktop))
    open_vault(tmp_path / "second.enc", create=True)
    assert len(Desktop.stored) == 1
    open_vault(tmp_path / "second.enc")


def test_keyrings_that_keep_nothing_or_plain_text_are_refused_by_class(keyring_choice: list[KeyringBackend]) -> None:
    class Disguised(PlaintextKeyring):
        pass

    for kind in (fail.Keyring, null.Keyring, PlaintextKeyring, Disguised):
        assert usable_keyrings(made(kind))[0] == []
    members = [made(PlaintextKeyring), made(Desktop)]

    class Chain(ChainerBackend):
        backends: ClassVar[Any] = members

    assert usable_keyrings(made(Chain))[0] == members[1:]
    keyring_choice.append(made(PlaintextKeyring))
    with pytest.raises(VaultLocked, match=r"PlaintextKeyring was refused, because it stores secrets as plain text"):
        find_key(interactive=False)
    assert Desktop.stored == {}


def test_secrets_leave_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ("ARCHIVER_KEY", "ARCHIVER_FREEPIK_PASSWORD", "ARCHIVER_TOKEN", "ARCHIVER_CLIENT_SECRET_2")
    kept = ("ARCHIVER_KEY_FILE", "ARCHIVER_HOME", "ARCHIVER_CHROMIUM")
    for name in (*secret, *kept):
        monkeypatch.setenv(name, "value")
    pop_secrets_from_environment()
    assert [name for name in (*secret, *kept) if name in os.environ] == list(kept)


def test_secrets_are_read_as_they_are_written() -> None:
    assert parse_secrets("password: 0123\ntotp: 'on'\n") == {"password": "0123", "totp": "on"}
    assert parse_secrets("%weird@pass word\n", "password") == {"password": "%weird@pass word"}
    assert parse_secrets("12345", "token") == {"token": "12345"}
    for bad in (
        "hunter2: x",
        "password: [hunter2]",
        "password: a\npassword: hunter2",
        "hunter2\nhunter2",
        "",
        "token:",
    ):
        with pytest.raises(ConfigError) as caught:
            parse_secrets(bad, "token")
        assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        parse_secrets("hunter2")


def test_secret_commands_run_without_a_shell_and_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    python = [sys.executable, "-c"]
    assert run_secret_command([*python, "print('$HOME; x')"], bare="token") == {"token": "$HOME; x"}
    assert run_secret_command([*python, "print('api_key: k')"], bare="token") == {"api_key": "k"}
    monkeypatch.setattr(module, "COMMAND_TIMEOUT_S", 0.5)
    for argv, words in (
        ([*python, "print('hunter2'); raise SystemExit('hunter2')"], "ended with exit code 1"),
        ([*python, "import time; print('hunter2', flush=True); time.sleep(9)"], "did not end"),
        (["no-such-program", "hunter2"], "cannot be started"),
        ([*python, "print('hunter2: hunter2')"], "unknown name"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            run_secret_command(argv, bare="token")
        assert "hunter2" not in str(caught.value)


def test_an_older_copy_is_noticed_and_told_until_a_person_says_it_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path, key = tmp_path / "vault.enc", new_key()

    def told() -> str | None:
        opened = Vault(path, key, remember=True)
        opened.secrets("a")
        return opened.replayed()

    Vault.create(path, key).set_secrets("a", {"token": "old"})
    assert told() is None
    old = path.read_bytes()
    Vault(path, key, remember=True).set_secrets("a", {"token": "new"})
    new = path.read_bytes()
    assert told() is None
    path.write_bytes(old)
    assert "`archiver doctor --vault-restored`" in (told() or "")
    Vault(path, key).set_secrets("a", {"token": "other"})  # as often written as the newest, and another
    Vault(path, key).set_secrets("a", {"token": "older"})  # more often
    assert told()
    path.write_bytes(new)
    assert told(), "it stays told until somebody has looked"
    path.write_bytes(old)
    accepting = Vault(path, key, remember=True)
    accepting.accept_as_newest()
    assert told() is None and accepting.secrets("a") == {"token": "old"}


def test_a_copy_that_was_written_as_often_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path, key = tmp_path / "vault.enc", new_key()
    Vault.create(path, key)
    old = path.read_bytes()
    Vault(path, key, remember=True).set_secrets("a", {"token": "ours"})
    path.write_bytes(old)
    Vault(path, key).set_secrets("a", {"token": "theirs"})
    again = Vault(path, key, remember=True)
    assert again.secrets("a") == {"token": "theirs"} and again.replayed()


def test_many_processes_that_read_and_write_notice_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path, key = tmp_path / "vault.enc", new_key()
    Vault.create(path, key)

    def work(number: int) -> str | None:
        vault = Vault(path, key, remember=True)
        for turn in range(5):
            vault.set_secrets(f"a{number}", {"token": str(turn)})
            vault.secrets("a0")
        return vault.replayed()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(work, range(8))) == {None}


def test_where_nothing_can_be_remembered_the_vault_opens_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    key = new_key()
    Vault.create(tmp_path / "vault.enc", key)
    opened = Vault(tmp_path / "vault.enc", key, remember=True)
    assert opened.secrets("a") == {} and opened.replayed() is None


def test_commands_and_doctor_tell_of_an_older_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in clean_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    home = initialise(tmp_path / "home")
    key = (tmp_path / "vault.key").read_text().strip()

    def told() -> list[str]:
        """By the doctor, and by the next command."""
        unlocked(home)
        return [
            *(each for _, each, *_ in machine_checks.vault(home.root) if "newest" in each),
            *capsys.readouterr().err.split(),
        ]

    old = home.vault.read_bytes()
    Vault(home.vault, key).set_secrets("a", {"token": "new"})
    assert not told()
    home.vault.write_bytes(old)
    assert "is older than one seen" in told()[0] and "--vault-restored`." in told()
    with pytest.raises(typer.Exit):
        setup.doctor(vault_restored=True, home=home.root)
    capsys.readouterr()
    assert not told()
