"""Bad input: each its own clear message, exit code 2 (the vault's 50), and nothing lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.core.atomic_files import read_named
from archiver.core.errors import ConfigError
from tests.support.homes import QUICK, Home


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["account", "add", "x", "--client", "acme", "--provider", "nowhere"], "no provider 'nowhere'"),
        (["account", "add", "x", "--client", "nobody", "--provider", "freepik"], "no client 'nobody'"),
        (
            ["account", "add", "x", "--client", "acme", "--provider", "istock", "--setting", "compny=false"],
            "iStock has no setting 'compny'. Use one of: company, date_order, without.",
        ),
        (["run", "--client", "nobody", "--replay", "{recordings}"], "no client 'nobody'"),
        (["run", "--account", "nobody", "--replay", "{recordings}"], "no account 'nobody'"),
        (["run"], "replay home"),
        (["account", "check", "x", "--live", "--replay", "{recordings}"], "--replay dir instead of --live"),
        (["run", "--replay", "{home}/missing"], "missing. Name the folder of the recordings"),
        (["report", "--client", "acme", "--out", "{home}/missing/x.html"], "missing. Make it"),
        (["report", "--client", "acme", "--month", "9999-12"], "has not begun yet"),
        (["assess", "x", "--client", "acme", "--first-seen", "yesterday"], "'yesterday' is not a valid date"),
        (["client", "add", "beta", "--name", " "], "not empty"),
        (["--home", "{home}/missing", "find", "x"], "missing"),
        (["show", "nothing-like-it"], "nothing-like-it"),
        (["proof", "nothing-like-it", "--out", "x.zip"], "nothing-like-it"),
        (["account", "rotate", "nobody"], "no account 'nobody'"),
        (["run", "--no-such-option"], "no-such-option"),
        (["client", "add", "beta", "--name", "Beta", "--alias", ""], "not empty"),
        (["find", "x", "--image", "x.png"], "words or --image"),
        (
            ["capture", "--client", "acme", "--replay", "{recordings}", "https://[::1"],
            "https://[::1 is not a web address",
        ),
        (["find", "--sheet", "x.png"], "--sheet needs --image"),
        (["assess", "x", "--client", "acme", "--image", "x.png"], "not both"),
        (["hold", "x", "--reason", " ", "--by", "Ada Example"], "needs a reason"),
        (["report", "--client", "acme", "--month", "0000-01"], "not a valid month"),
        (["report", "--client", "acme", "--language", "fr"], "one of en, de"),
        (["schedule", "--key", "{home}"], "is a directory"),
        (["claim", "add", "--manual", "--client", "acme", "--amount", "nan"], "--amount must be positive"),
        (["claim", "add", "--manual", "--client", "acme", "--amount", "-5"], "--amount must be positive"),
        (["claim", "add", "--manual", "--client", "acme", "--currency", "euros"], "three-letter"),
        (["claim", "add", "--manual", "--client", "acme", "--picture", "x.png"], "Give the picture's file"),
        (["claim", "add", "--manual", "--client", "acme", "--picture", "{home}/archiver.yaml"], "is not a picture"),
        (["unassigned", "--from-folder", "{home}/missing"], "Name one with --from-folder"),
        (["unassigned", "--assign-from", "{home}/missing", "--by", "Ada Example"], "unassigned --csv"),
    ],
)
def test_a_wrong_name_is_said(home: Home, arguments: list[str], words: str) -> None:
    filled = [each.format(recordings=QUICK, home=home.root) for each in arguments]
    done = home(*filled, code=2)
    assert words.lower() in done.stderr.lower() and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("agency: {name: A}\npacing: [1, 2\n", ":3:"),
        ("agency: {name: A}\npacing: {default: soon}\n", ":2:"),
        ("agency: {name: A}\nagency: {name: B}\n", ":2:1"),
        ("agency: {name: A}\ncolour: red\n", ":2:1"),
        ("timestamps: x\n", ":1:1 timestamps: must be a list"),
        ("agency: {country: Germany}\n", ":1:10 agency.country: is not a country code"),
    ],
)
def test_a_wrong_setting_is_found_by_line_and_column(home: Home, text: str, place: str) -> None:
    (home.root / "archiver.yaml").write_text(text)
    done = home("find", "x", code=2)
    assert f"archiver.yaml{place}" in done.stderr and "Traceback" not in done.stderr


def test_replay_is_refused_in_a_real_home(new_home: Callable[..., Home]) -> None:
    home = new_home(replay=False)
    done = home("run", "--replay", QUICK, code=2)
    assert "replay home" in done.stderr and not home.archive().exists()


def test_a_wrong_key_does_not_open_the_vault(home: Home, tmp_path: Path) -> None:
    home.account("one", "shutterstock")
    key = tmp_path / "vault.key"
    key.unlink()
    home("init", tmp_path / "other", "--replay")  # makes another key in the same place
    done = home("run", "--replay", QUICK, code=50)
    assert "key" in done.stderr and "Traceback" not in done.stderr


def test_a_recording_with_an_unknown_field_is_refused(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(QUICK / "shutterstock" / "empty-history", folder)
    session = folder / "session.yaml"
    session.write_text(session.read_text() + "colour: red\n")
    done = home("recording", "check", folder, code=2)
    assert "session.yaml:" in done.stderr and "colour" in done.stderr


@pytest.mark.long  # names as people write them: test_written_names.py
def test_odd_characters_and_pipes_stop_no_command(home: Home, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    name = "\u682a\u5f0f\u4f1a\u793e"
    home("client", "add", "other", "--name", name)
    moved = home.root.rename(tmp_path / name)
    ascii_only = Home(moved, home.env | {"ARCHIVER_HOME": str(moved), "PYTHONIOENCODING": "ascii"})
    assert ascii_only.json("report", "--client", "other")["client_name"] == name
    assert "\\u682a" in ascii_only("schedule", "--system", "cron").stdout
    for odd in (
        ["assign", "x", "acme", "--by", "A\udcff", "--reason", "r"],
        ["client", "add", "o", "--name", "\udcff"],
    ):
        assert "is not UTF-8 text" in ascii_only(*odd, code=2).stderr
    for waits in (
        ["letter", "PIPE", "--client", "acme"],
        ["claim", "add", "--manual", "--client", "acme", "--picture", "PIPE"],
        ["unassigned", "--assign-from", "PIPE", "--by", "Ada Example"],
        ["find", "--image", "PIPE"],
        ["desk", "--serve", "a.example", "--certificate", "PIPE", "--private-key", "PIPE"],
        ["verify", "--against", "PIPE"],
        ["import", "PIPE", "--client", "acme"],
        ["report", "--client", "acme", "--out", "PIPE"],
    ):
        said = ascii_only(*(str(pipe) if each == "PIPE" else each for each in waits), code=2).stderr
        assert f"{pipe.name} is a pipe, not a file" in said, said
        assert ("save what comes from elsewhere" in said) is ("--out" not in waits), said
    assert "pipe is a pipe. Name a file" in ascii_only("status", "--log-file", str(pipe), code=2).stderr
    with pytest.raises(ConfigError, match=r"it is not a regular file\. Give it"):
        read_named(pipe, "Give it.")


@pytest.mark.parametrize("command", ["status", "claim list", "sign-in --due", "desk user list"])
def test_an_empty_list_says_so(home: Home, command: str) -> None:
    done = home(*command.split())
    assert not done.stdout and done.stderr.startswith(("There ", "No "))
