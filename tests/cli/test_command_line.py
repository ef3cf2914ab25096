"""The command line as a person meets it: help, screens, completion, quiet and verbose, logs, lists and names."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from archiver.catalogue.filters import SORTS
from archiver.cli import output
from archiver.cli.command_tree import GROUPS
from archiver.cli.commands import program
from archiver.cli.completion import SCRIPTS, complete
from archiver.cli.json_schemas import SCHEMAS
from archiver.core.progress import show_with
from tests.support.homes import ROOT, Home

SCREENS = ROOT / "tests" / "cli" / "screens"


def every_command(group: Any = program, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words; of groups those that run alone, too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield (*path, name), command
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(every_command())


def test_help_lists_every_command_under_a_heading(home: Home) -> None:
    said = home("--help").stdout
    assert [each for each in program.commands if not re.search(rf"^  {each} ", said, re.MULTILINE)] == []
    listed = [name for names in GROUPS.values() for name in names]
    assert len(listed) == len(set(listed)) and set(listed) <= set(program.commands)
    assert "..." not in re.sub(r"COMMAND \.\.\.|yaml, \.\.\.", "", said), "a cut line"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_the_common_options_and_a_schema_for_its_json(words: tuple[str, ...]) -> None:
    options = {name for each in COMMANDS[words].params for name in each.opts}
    assert {"-v", "--verbose", "-q", "--quiet", "--log-file"} <= options
    assert "--json" in options or " ".join(words) not in SCHEMAS


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_a_leaf_explains_its_options_by_what_they_take(home: Home, flag: str) -> None:
    said = home("account", "add", flag).stdout
    assert "NAME --client CLIENT --provider PROVIDER" in said and "<str>" not in said
    assert home("-V").stdout == home("--version").stdout


def test_quiet_verbose_and_a_log_file(ran: Home, tmp_path: Path) -> None:
    assert ran("find", "", "--limit", "1").stderr and not ran("find", "", "--limit", "1", "-q").stderr
    assert "archiver:" in ran("show", "nothing", "--quiet", code=2).stderr
    log = tmp_path / "log.txt"
    ran("-q", "show", "nothing", "--log-file", log, code=2)
    kept = log.read_text()
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 ", kept) and "ERROR" in kept and "Traceback" in kept
    assert "Traceback" in ran("show", "nothing", "-v", code=2).stderr


def screen(home: Home, columns: int, *words: str) -> str:
    """What a command prints for people, without what differs each time."""
    wide = Home(home.root, home.env | {"COLUMNS": str(columns)})
    said = wide(*words, code=None).stdout
    said = re.sub(
        r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ)?|20\d\d-\d\d-\d\d(?= by)", lambda day: "#" * len(day[0]), said
    )
    return re.sub(r"Run \S+:|(?<=next full  )\S+", "#", re.sub(r"(?<=20)26-12-\d\d|27-\d\d-\d\d", "##-##-##", said))


SHOWN = {
    "help": ("--help",),
    "status": ("status",),
    "find": ("find", "harbour"),
    "show": ("show", "2032001560"),
    "run": ("run", "--replay", "{recordings}", "--dry-run"),
    "providers-name": ("providers", "shutterstock"),
    "account-add-help": ("account", "add", "--help"),
}


@pytest.mark.parametrize("columns", [60, 120])
def test_screens_are_as_they_were_looked_at(ran: Home, columns: int) -> None:
    """To accept new screens, remove tests/cli/screens, run this, and read them."""
    from tests.support.homes import QUICK

    different = []
    for name, words in SHOWN.items():
        path = SCREENS / f"{name}-{columns}.txt"
        said = screen(ran, columns, *(each.format(recordings=QUICK) for each in words))
        lines = [line for line in said.splitlines() if not line.startswith("  Example: ")]  # which are copied whole
        assert max(map(len, lines)) <= max(columns, 66), name  # a name is never broken, either
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(said, "utf-8")
        different += [] if path.read_text("utf-8") == said else [f"{path.name}\n{said}"]
    assert not different, "\n".join(different)


@pytest.mark.parametrize("words", [(), ("account", "add"), ("find",), ("desk", "user")], ids=" ".join)
def test_help_fits_a_narrow_terminal(home: Home, words: tuple[str, ...]) -> None:
    said = screen(home, 40, *words, "--help")
    lines = [line for line in said.splitlines() if not line.startswith("  Example: ")]
    assert [line for line in lines if len(line) > 40 and " " in line.strip()] == []


# ---------------------------------------------------------------- progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(ran: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Runs commands in this process; returns what a terminal then shows of standard error, where each step is drawn."""
    for name, value in (ran.env | {"TERM": "xterm", "COLUMNS": "120"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(output, "FIRST_DRAWN_AFTER_S", 0.0)
    monkeypatch.setattr(output, "REDRAW_INTERVAL_S", 0.0)

    def run(*words: str, terminal: bool = True) -> str:
        said = Terminal() if terminal else StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", said)
            program.main([*words], standalone_mode=False)
        return re.sub(r"\x1b\[[\d;?]*\w", "", said.getvalue())

    yield run
    show_with(None)


WHOLE = r": {} +━+ (\d+)/\1 "
INDEX = WHOLE.format("search index")
REPORT = [INDEX, *map(WHOLE.format, ("ledger", "licences", "pages"))]


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        pytest.param("find --sort newest", [INDEX, WHOLE.format("licences")], marks=pytest.mark.long),
        pytest.param("status", [INDEX], marks=pytest.mark.long),
        pytest.param("catalogue rebuild", [INDEX], marks=pytest.mark.long),
        pytest.param("report --client acme --out {out}.html", REPORT, marks=pytest.mark.long),
        ("client hand-over acme --out {out}", [INDEX, WHOLE.format("files"), WHOLE.format("verified objects")]),
    ],
)
def test_long_work_shows_its_progress_on_a_terminal_only(
    on_terminal: Callable[..., str], ran: Home, tmp_path: Path, line: str, steps: list[str]
) -> None:
    for terminal in (True, False):
        shutil.rmtree(ran.root / "state" / "catalogue")
        said = on_terminal(*(each.format(out=tmp_path / f"out-{terminal}") for each in line.split()), terminal=terminal)
        assert [bool(re.search(each, said)) for each in steps] == [terminal] * len(steps), said
        assert terminal or "━" not in said


def test_progress_within_progress_is_shown_once_and_a_long_step_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "FIRST_DRAWN_AFTER_S", 0.0)
    monkeypatch.setattr(sys, "stderr", said := Terminal())
    with output.progress(steady=True) as outer:
        with output.progress() as inner:
            assert inner is outer
        outer("one long step", 0, 1)
        begun = time.monotonic()
        while said.getvalue().count("one long step") < 3:
            assert time.monotonic() < begun + 20
            time.sleep(0.01)
    with output.progress() as later:
        assert later is not outer


# ---------------------------------------------------------------- completion


def values(*words: str) -> list[str]:
    return [line.partition("\t")[0] for line in complete(program, words)]


def test_words_are_completed_with_commands_options_and_names(ran: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_HOME", str(ran.root))
    assert values("ver") == ["verify"] and values("account", "ro") == ["rotate"]
    assert values("find", "--cl") == ["--client"] and values("find", "--client", "") == ["acme"]
    assert values("run", "--account=") == ["--account=one"]
    assert values("account", "check", "") == ["one"] and values("account", "add", "") == []
    assert values("account", "add", "x", "--provider", "sh") == ["shutterstock"]
    assert values("providers", "piX".lower()) == ["pixabay"]
    ran("source", "add", "papers", "--client", "acme", "--kind", "folder", "--path", ran.root.parent)
    assert values("source", "check", "") == ["papers"] == values("run", "--source", "")
    assert values("source", "add", "") == [] and values("find", "--sort", "") == list(SORTS)
    licences = values("show", "acme/2026")
    assert len(licences) > 10 and all(each.startswith("acme/2026") for each in licences)
    assert values("show", "2026")[0].startswith("2026")
    assert values("import", "--client", "acme", "") == [":files"]
    assert values("--home", str(ran.root), "client", "show", "") == ["acme"]
    assert values("nonsense", "") == []


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_completes(ran: Home, shell: str, tmp_path: Path) -> None:
    """The script is loaded by the shell itself, which is asked for the words that it would offer."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    program_file = tmp_path / "bin" / "archiver"
    program_file.parent.mkdir()
    program_file.write_text(f'#!/bin/sh\nexec {shlex.join(ran.command())} "$@"\n')
    program_file.chmod(0o755)
    script = tmp_path / ("archiver.fish" if shell == "fish" else "_archiver")
    script.write_text(ran("completion", shell).stdout)
    quoted = shlex.quote(str(script))
    ask = {
        "bash": f"source {quoted}; COMP_WORDS=(archiver account check ''); COMP_CWORD=3; _archiver; "
        'printf "%s\\n" "${COMPREPLY[@]}"',
        "zsh": f"autoload -Uz compinit; compinit -u -d {shlex.quote(str(tmp_path))}/dump; source {quoted}; "
        "_describe() { print -l -- ${values%%:*}; }; words=(archiver account check ''); CURRENT=4; _archiver",
        "fish": f"source {quoted}; complete -C 'archiver account check '",
    }[shell]
    env = ran.env | {"PATH": f"{program_file.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run([shell, *flags, "-c", ask], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert [line.partition("\t")[0] for line in done.stdout.split("\n") if line] == ["one"], done.stderr


# ---------------------------------------------------------------- lists, names and searches


def test_clients_and_accounts_are_listed_renamed_and_removed(ran: Home) -> None:
    ran("client", "add", "beta", "--name", "Beta Ltd")
    ran("account", "add", "beta-one", "--client", "beta", "--provider", "freepik")
    [acme, beta] = ran.json("client", "list")
    assert (acme["licences"] > 0, acme["archive"], beta["licences"], beta["accounts"]) == (True, True, 0, ["beta-one"])
    ran("account", "rename", "beta-one", "beta-two")
    assert ran.json("account", "show", "beta-two")["provider"] == "freepik"
    ran("client", "rename", "beta", "Beta Group")
    assert ran.json("client", "show", "beta")["aliases"] == ["Beta Ltd"]
    refused = ran("client", "remove", "beta", code=2).stderr  # nobody answers the question
    assert "--yes" in refused and len(ran.json("client", "list")) == 2
    ran("account", "remove", "beta-two")
    ran("account", "add", "beta-two", "--client", "beta", "--provider", "shutterstock")  # the name is free again
    ran("client", "remove", "beta", "--yes")
    assert [each["client"] for each in ran.json("client", "list")] == ["acme"]
    assert "stay" in ran("account", "remove", "one", code=2).stderr


def test_removing_keeps_every_other_character_of_the_file(ran: Home) -> None:
    file = ran.root / "clients" / "acme.yaml"
    before = file.read_text() + "\n# two people know this\ndomains: [acme.example]   # ours\n"
    file.write_text(before)
    ran("account", "add", "two", "--client", "acme", "--provider", "freepik")
    ran("account", "remove", "two")
    assert file.read_text() == before


def test_a_search_is_narrowed_and_sorted(ran: Home) -> None:
    rows = ran.json("find", "", "--limit", "100")
    kinds = {row["kind"] for row in rows}
    kind = sorted(filter(None, kinds))[0]
    days = sorted(row["licensed_at"][:10] for row in rows)
    found = ran.json(
        "find", "--since", days[3], "--until", days[-3], "--kind", kind, "--sort", "oldest", "--limit", "99"
    )
    wanted = sorted(
        row["licence"] for row in rows if days[3] <= row["licensed_at"][:10] <= days[-3] and kind in row["kind"]
    )
    assert sorted(row["licence"] for row in found) == wanted and wanted
    assert [row["licensed_at"] for row in found] == sorted(row["licensed_at"] for row in found)
    assert ran.json("find", "--provider", "freepik") == []
    seats = {ran.json("show", row["licence"])["seat"] for row in ran.json("find", "--seat", "ADA", "--limit", "3")}
    assert seats and all("ada" in str(seat) for seat in seats)
    table = ran("find", "--limit", "2", "--csv").stdout.splitlines()
    assert table[0].startswith("licence,provider,") and len(table) == 3


def test_one_licence_is_shown_for_people_and_opened_as_a_copy(ran: Home) -> None:
    name = ran.json("find", "", "--limit", "1")[0]["licence"]
    said = ran("show", name).stdout
    assert "record.json" in said and re.search(r"\d+ bytes|\d kB", said) and "sha512" not in said
    assert "sha512" in ran("show", name, "--raw").stdout
    copied = Path(ran("open", name, "--document", "record.json", "--no-view").stdout.strip())
    assert copied.is_relative_to(ran.root / "state") and json.loads(copied.read_text())
    copied.write_text("changed")
    assert ran.json("verify")["clients"][0]["findings"] == []
    assert "Did you mean 'record.json'" in ran("open", name, "--document", "recrd.json", code=2).stderr


def test_a_key_that_is_mistyped_is_known(home: Home) -> None:
    (home.root / "archiver.yaml").write_text("replay: true\nagency: {nmae: A}\ntimestamp: []\n")
    said = home("status", code=2).stderr
    assert "Did you mean 'name'?" in said and "Did you mean 'timestamps'?" in said


def test_schemas_are_printed(home: Home) -> None:
    assert set(home("schema").stdout.splitlines()) >= set(SCHEMAS)
    assert json.loads(home("schema", "client", "list").stdout)["title"] == "archiver client list --json"
