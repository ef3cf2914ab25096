"""The nightly run and a witness are set up at the desk, exactly as the command does it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver.agency import schedule
from archiver.home.settings import Home
from tests.support.agency import Agency, agency
from tests.support.desk_in_process import desk_on
from tests.support.desk_kit import PASSWORD

BUTTON = 'action="/setup/nights"'


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a crontab that this user alone has; `crontab` is a program that reads and writes it."""
    tab, program = tmp_path / "tab", tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase $1 in -l) cat "{tab}" 2>/dev/null ;; -) cat >"{tab}" ;; esac\ntrue\n')
    program.chmod(0o755)
    monkeypatch.setattr(schedule, "system_here", lambda: schedule.System.CRON)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    tab.write_text("0 1 * * * something else\n")
    return tab


def on_path(at: Agency, tab: Path) -> None:
    """Let the agency's commands and desk find that program, and write below a folder of the test."""
    at.run.env |= {"PATH": f"{tab.parent / 'bin'}:{at.run.env['PATH']}", "HOME": str(tab.parent)}


def test_the_button_writes_what_the_command_writes_and_nothing_from_the_form(
    tmp_path: Path, crontab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agency(tmp_path / "made") as at:
        on_path(at, crontab)
        at.run("schedule", "--install", "--system", "cron")
        files, by_command = tmp_path / ".config/archiver", crontab.read_text()
        record = (files / "crontab").read_bytes()
        shutil.rmtree(files)
        crontab.write_text("0 1 * * * something else\n")
        with desk_on(at.run, monkeypatch) as desk:
            ada, olaf = desk.person("Ada Example", "admin"), desk.person("Olaf Operator", "operate")
            assert BUTTON in ada.get("/setup").text and BUTTON not in olaf.get("/setup").text
            assert olaf.post("/setup/nights", {"again": PASSWORD}).status_code == 403
            ada.post("/setup/nights", {"again": "wrong"})
            assert "archiver begin" not in crontab.read_text()
            evil = {"again": PASSWORD, "at": "00:00", "home": "/etc", "program": "/bin/evil", "key": "/etc/passwd"}
            assert ada.post("/setup/nights?at=00:00&home=/etc", evil).status_code == 303
            assert (crontab.read_text(), (files / "crontab").read_bytes()) == (by_command, record)
            assert crontab.read_text().startswith("0 1 * * * something else\n")
            page = ada.get("/setup?done=night_scheduled").text
            assert "is scheduled on this machine" in page and BUTTON not in page


def test_what_the_desk_cannot_schedule_has_the_command_and_the_reason(
    tmp_path: Path, crontab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agency(tmp_path / "made") as at:
        on_path(at, crontab)
        with desk_on(at.run, monkeypatch) as desk:
            ada = desk.person("Ada Example", "admin")
            monkeypatch.setattr(schedule, "is_key_kept", lambda: False)
            page = ada.get("/setup").text
            assert "would not find the key" in page and "schedule --install" in page and BUTTON not in page
            assert ada.post("/setup/nights", {"again": PASSWORD}).status_code == 503
            assert "fände den Schlüssel nicht" in ada.get("/setup?lang=de").text
        assert "archiver begin" not in crontab.read_text()


def test_a_witness_gets_mail_only_where_there_is_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with agency(tmp_path) as at, desk_on(at.run, monkeypatch) as desk:
        ada = desk.person("Ada Example", "admin")
        wanted = {"email": "counsel@example.com", "again": PASSWORD}
        assert "no mail server is set" in ada.post("/settings/witness", wanted).text
        with (at.run.root / "archiver.yaml").open("a") as settings:
            settings.write("mail: {host: mail.example.com, from: desk@example.com}\n")
        for wrong in ("/etc/cron.d", "a@b@c d", "https://example.com", ""):
            assert ada.post("/settings/witness", wanted | {"email": wrong}).status_code == 409
        assert ada.post("/settings/witness", wanted | {"folder": "/etc", "command": "evil"}).status_code == 303
        [witness] = Home.load(at.run.root).settings.witnesses
        assert (witness.email, witness.folder, witness.command) == ("counsel@example.com", None, None)
        assert "counsel@example.com" in ada.get("/settings").text
