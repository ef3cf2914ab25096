"""A full disk is told: messages and the ping need nothing of it."""

from __future__ import annotations

import asyncio
import email
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from email.policy import default
from pathlib import Path

import pytest

from archiver.agency.night import run
from archiver.collect.run_context import RunRequest
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from tests.support.homes import Home as Command
from tests.support.homes import clean_environment
from tests.support.site import Site
from tests.support.smtp_server import MailServer


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, on which a home can be made."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs root on Linux, to mount a small file system")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk: Path) -> None:
    """Until nothing more goes in."""
    with (disk / "filler").open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)


def test_a_run_and_a_look_on_a_full_disk_are_told_and_end_with_50(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = small_disk / "home"
    monkeypatch.setenv("ARCHIVER_KEY_FILE", str(tmp_path / "vault.key"))
    with Site() as site, MailServer(encrypted=False) as mail:
        site.rows = 2
        for place in ("collect.run", "collect.account_session", "agency.accounts", "agency.sign_ins"):
            monkeypatch.setattr(f"archiver.{place}.load", site.adapter)
        create_home(home, timestamps=[])
        add_client(home, "acme", name="Acme Ltd")
        key = new_key()
        (tmp_path / "vault.key").touch(0o600)
        (tmp_path / "vault.key").write_text(key)
        vault = Vault.create(home / "vault.enc", key)
        add_account(home, "one", client="acme", provider="site", username="one")
        vault.set_secrets("one", {"token": "RECORDED-TOKEN"})
        (home / "archiver.yaml").write_text(
            f"mail: {{host: localhost, port: {mail.port}, from: archiver@example.com}}\n"
            f"notify: {{channels: [ada@example.com], ping: '{site.url}/hook/ping'}}\n"
        )
        asyncio.run(run(Home.load(home), vault, RunRequest()))
        mail.mails.clear()
        site.asked.clear()
        site.rows = 4  # which do not go in any more
        fill(small_disk)
        summary = asyncio.run(run(Home.load(home), vault, RunRequest()))
        assert summary.exit_code == 50 and site.asked.count("/hook/ping") == 1
        [message] = [email.message_from_bytes(each, policy=default) for each in mail.mails]
        assert message["To"] == "ada@example.com" and "disk is full" in message.get_content().casefold()
        mail.mails.clear()
        command = Command(home, clean_environment(tmp_path) | {"ARCHIVER_HOME": str(home)})
        looked = command("notify", code=50)
        assert len(mail.mails) == 1 and "disk is full" in looked.stdout.casefold()
        shutil.rmtree(home / "state/catalogue")
        fill(small_disk)
        told = command("status", code=50)  # of the machine, not of the archive, whose index is merely to be made anew
        assert "disk is full" in told.stderr.casefold() and "damaged" not in told.stdout + told.stderr
        (small_disk / "filler").unlink()
        after = asyncio.run(run(Home.load(home), vault, RunRequest()))
        assert (after.exit_code, after.accounts[0].archived) == (0, 2) or after.accounts[0].already == 4


def test_whatever_stops_a_step_after_the_accounts_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else is done, and the exit code says it."""
    create_home(tmp_path / "home", timestamps=[])
    add_client(tmp_path / "home", "acme", name="Acme Ltd")
    vault = Vault.create(tmp_path / "home/vault.enc", new_key())

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("archiver.agency.night.log", full)
    with Site() as site:
        (tmp_path / "home/archiver.yaml").write_text(f"notify: {site.url}/hook\n")
        summary = asyncio.run(run(Home.load(tmp_path / "home"), vault, RunRequest()))
        assert (summary.exit_code, len(site.hooks)) == (50, 1)
        assert site.hooks[0]["causes"][0]["items"] == ["DiskFull"]

        def broken(*_: object, **__: object) -> None:
            raise KeyError("what no step should let out")

        for step in ("log", "prune", "find_alerts"):
            monkeypatch.setattr(f"archiver.agency.night.{step}", broken)
        summary = asyncio.run(run(Home.load(tmp_path / "home"), vault, RunRequest()))
        assert (summary.exit_code, len(site.hooks)) == (50, 2)
        assert site.hooks[1]["causes"][0]["items"] == ["ProgramFault"]
