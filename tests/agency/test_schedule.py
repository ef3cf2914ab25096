"""Schedules, each read by its system's own checker where there is one, else by the parser of its format."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from datetime import date
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from archiver.agency.schedule import (
    LOOK,
    NIGHT,
    Schedule,
    System,
    install,
    is_scheduled,
    named_system,
    schedule,
    skipped,
)
from archiver.core.errors import ConfigError, MachineRefused
from tests.support.homes import QUICK, Home

HOME, KEY = Path("/srv/archive home 100%"), Path("/etc/archiver/vault.key")


def made(system: System, **more: object) -> Schedule:
    return schedule(HOME, system, "3:05", program=("/bin/true",), key=KEY, **more)  # type: ignore[arg-type]


def test_systemd_takes_the_units_and_hands_over_the_key(tmp_path: Path) -> None:
    files = made(System.SYSTEMD).files
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    run = files["archiver-run.service"]
    assert f"LoadCredential=archiver-key:{KEY}\n" in run and '--home "/srv/archive home 100%%" run\n' in run
    assert "Persistent=true\n" in files["archiver-run.timer"] and "*-*-* 03:05:00\n" in files["archiver-run.timer"]
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    (plain := tmp_path / "plain.service").write_text("[Service]\nExecStart=/bin/true\n")
    if analysed(plain) != (0, ""):
        pytest.skip("systemd-analyze may not work here")
    assert analysed(*tmp_path.glob("*")) == (0, "")


def analysed(*units: Path) -> tuple[int, str]:
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


SHIFTING = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "Europe/Chisinau", "America/New_York", "America/Santiago",
    "America/Havana", "America/Nuuk", "America/Asuncion", "Atlantic/Azores", "Africa/Cairo", "Africa/Casablanca",
    "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Auckland",
    "Antarctica/Troll", "UTC",
)  # fmt: skip


@pytest.mark.parametrize("at", [NIGHT, LOOK])
def test_what_is_scheduled_by_default_exists_on_every_day_everywhere(at: str) -> None:
    found = {name: skipped(at, date(2026, 11, 27), ZoneInfo(name)) for name in SHIFTING}
    assert not any(found.values()), found
    assert skipped("02:30", date(2026, 11, 27), ZoneInfo("Europe/Berlin")) == date(2027, 3, 28)


def test_a_time_that_a_night_skips_is_told(home: Home) -> None:
    home.env["TZ"] = "Europe/Berlin"
    assert "02:30 does not exist on" in home("schedule", "--system", "cron", "--at", "02:30").stderr
    assert "does not exist" not in home("schedule", "--system", "cron").stderr


def test_cron_gets_two_lines_in_which_no_per_cent_ends_the_command() -> None:
    lines = made(System.CRON).files["crontab"].splitlines()[1:]
    assert lines == [
        rf"5 3 * * * ARCHIVER_KEY_FILE={KEY} /bin/true --home '/srv/archive home 100\%' run >/dev/null 2>&1",
        rf"0 11 * * * ARCHIVER_KEY_FILE={KEY} /bin/true --home '/srv/archive home 100\%' notify >/dev/null 2>&1",
    ]


def test_how_chromium_is_started_here_holds_for_the_nights(home: Home) -> None:
    home.env["ARCHIVER_CHROMIUM_SANDBOX"] = "off"
    for system, line in (("cron", "ARCHIVER_CHROMIUM_SANDBOX=off "), ("windows", "SANDBOX=off"), ("launchd", "SANDBOX"),
                         ("systemd", 'Environment="ARCHIVER_CHROMIUM_SANDBOX=off"\n')):  # fmt: skip
        assert line in home("schedule", "--system", system).stdout


def test_launchd_gets_property_lists() -> None:
    content = plistlib.loads(made(System.LAUNCHD).files["org.archiver-run.plist"].encode())
    assert content["ProgramArguments"] == ["/bin/true", "--home", str(HOME), "run"]
    assert content["StartCalendarInterval"] == {"Hour": 3, "Minute": 5}
    assert content["EnvironmentVariables"] == {"ARCHIVER_KEY_FILE": str(KEY)}
    if plutil := shutil.which("plutil"):
        subprocess.run([plutil, "-lint", "-"], input=made(System.LAUNCHD).files["org.archiver-run.plist"], check=True)


def test_windows_gets_tasks_that_run_while_logged_on_and_catch_up() -> None:
    place = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    task = ElementTree.fromstring(made(System.WINDOWS).files["archiver-run.xml"])
    said = {name: task.findtext(f".//t:{name}", "", place) for name in ("LogonType", "StartWhenAvailable", "Arguments")}
    assert (said["LogonType"], said["StartWhenAvailable"]) == ("InteractiveToken", "true")
    assert f'set "ARCHIVER_KEY_FILE={KEY}" && /bin/true --home "{HOME}" run' in said["Arguments"]


def test_the_command_shows_what_it_would_install_and_refuses_what_is_no_time(home: Home) -> None:
    done = home("schedule", "--system", "systemd", "--at", "04:00")
    assert f"--home {home.root} run" in done.stdout and "is a replay home" in done.stderr
    assert "systemctl --user enable --now" in done.stdout
    assert "HH:MM" in home("schedule", "--at", "25:00", code=2).stderr
    with pytest.raises(ConfigError, match="systemd, cron, launchd, windows"):
        named_system("at")


@pytest.mark.long  # shorter: tests/archive/test_witness.py
def test_a_restored_copy_elsewhere_verifies_and_goes_on_and_says_that_it_was_restored(
    ran: Home, tmp_path: Path
) -> None:
    """As docs/operations.md says: the home, its key apart, and a witness that saw more than the backup."""
    witness = tmp_path / "witness"
    witness.mkdir()
    settings = ran.root / "archiver.yaml"
    settings.write_text(settings.read_text() + f"witnesses: [{{name: disk, folder: {witness}}}]\n")
    replay = QUICK
    ran.account("two", "envato_market")
    ran("run", "--replay", replay, "--account", "one")
    shutil.copytree(ran.root, tmp_path / "backup", symlinks=True)
    ran("run", "--replay", replay)  # what the second account brings is lost with the disk
    shutil.rmtree(ran.root)
    restored = tmp_path / "elsewhere" / "restored home"
    shutil.copytree(tmp_path / "backup", restored, symlinks=True)
    shutil.rmtree(restored / "state")  # is not backed up
    ran.root, ran.env["ARCHIVER_HOME"] = restored, str(restored)
    assert ran.json("verify")["clients"][0]["findings"] == []
    refused = ran("run", "--replay", replay, code=90)
    assert "--after-restore" in refused.stderr
    [log] = (restored / "state" / "runs").glob("*Z-??????.jsonl")
    ran("run", "--replay", replay, "--after-restore", witness)
    [recorded] = {*log.parent.glob("*Z-??????.jsonl")} - {log}
    log.rename(recorded.with_name(f"{recorded.name[:16]}-ffffff.jsonl"))  # two runs may begin in one second
    ran("run", "--replay", replay, "--after-restore", witness, code=2)  # a mistake is no fault of the home
    assert not ran.json("notify", "--dry-run")
    assert ran.json("run", "--replay", replay)["accounts"][0]["archived"] == 0
    ledger = (ran.archive() / "ledger" / "ledger.jsonl").read_text()
    assert ledger.count('"type":"rollback"') == 1
    assert ran.json("verify", "--against", witness)["clients"][0]["state"] != "FORKED"


def test_the_crontab_keeps_what_others_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tab, program = tmp_path / "tab", tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncase $1 in -l) cat {tab} ;; -) cat >{tab} ;; esac\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    tab.write_text("5 4 * * * theirs")  # an editor left no end of line
    for at in ("02:30", "03:15"):
        install(schedule(tmp_path / "home", System.CRON, at, user_home=tmp_path))
    theirs, begin, _, run, _, end = tab.read_text().splitlines()
    assert (theirs, begin, run[:10], end) == ("5 4 * * * theirs", "# archiver begin", "15 3 * * *", "# archiver end")
    tab.unlink()
    with pytest.raises(MachineRefused, match="crontab -l"):  # what cannot be read is not overwritten
        install(schedule(tmp_path / "home", System.CRON, user_home=tmp_path))
    assert not tab.exists()


def test_units_that_were_written_but_not_enabled_are_no_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("archiver.agency.schedule.system_here", lambda: System.SYSTEMD)
    made = schedule(tmp_path / "home", System.SYSTEMD)
    wants = made.folder / "timers.target.wants"
    wants.mkdir(parents=True)
    for name, content in made.files.items():
        (made.folder / name).write_text(content)
    assert not is_scheduled(tmp_path / "home"), "as where `systemctl` failed"
    (wants / "archiver-run.timer").symlink_to(made.folder / "archiver-run.timer")
    assert is_scheduled(tmp_path / "home") and not is_scheduled(tmp_path / "another")
