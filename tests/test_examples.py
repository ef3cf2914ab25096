"""Every shell example of README.md, docs/ and the help texts: the program accepts it, and it works (`-m long`)."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from archiver.cli.commands import program
from docs.write_reference import commands, parts
from tests.support.folder import jpeg, photo
from tests.support.homes import QUICK, ROOT, Home, begun

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = {
    "make",
    "uv",
    "cd",
    "python3",
    "openssl",
    "export",
    "pip",
    "unzip",
    "mkdir",
    "docker",
    "podman",
    "systemctl",
}


def shell_lines() -> Iterator[tuple[str, str]]:
    """The place and text of every line that a reader may copy into a shell."""
    for page in PAGES:
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines() if language in ("", "sh", "console") else ():
                code = re.split(r"\s+#", line)[0].strip()
                first = code.split(" ")[0] if code else ""
                if first == "archiver" or first in PROGRAMS:
                    yield page.name, code
    for name, command in commands():
        for example in parts(command)[1]:
            yield f"archiver {name} --help", example


LINES = list(dict.fromkeys(shell_lines()))
OURS = [(place, line) for place, line in LINES if line.startswith("archiver ")]


def words_of(line: str) -> list[str]:
    """The words after `archiver`, without redirections."""
    words = shlex.split(re.split(r"\s(?:>>?|\|)\s", line)[0])[1:]
    return [os.path.expanduser(word) for word in words]  # noqa: PTH111  # as the shell does it


def accept(words: list[str]) -> None:
    """Let the program read the words, down to the command that they name; it raises what it would say."""
    context = program.make_context("archiver", words)
    command: Any = program
    while hasattr(command, "commands") and (rest := [*context._protected_args, *context.args]):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def test_there_are_examples_of_most_commands() -> None:
    assert len(OURS) > 80
    assert len({place for place, _ in OURS if place.endswith(".md")}) >= 8


@pytest.mark.parametrize(("place", "line"), OURS, ids=[line for _, line in OURS])
def test_an_example_is_accepted(place: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cert.pem", "key.pem", "headers.txt"):
        Path(name).touch()
    with suppress(typer.Exit):  # as --version ends
        accept(words_of(line))


# ---------------------------------------------------------------- run, one after the other

NOT_RUN = {
    "archiver demo": "runs for half a minute; tests/devkit has it",
    "archiver setup": "asks; tests/agency/test_setup_checklist.py answers",
    "archiver sign-in": "needs a person in a browser",
    "archiver capture": "needs a person in a browser",
    "archiver desk": "serves until it is stopped; tests/desk has it",
    "archiver schedule": "shows files of this machine",
    "archiver doctor --online": "asks servers",
    "archiver account check acme-shutterstock --live": "asks the platform",
    "archiver account check acme-stock --live": "asks the platform",
    "archiver recording": "tests/devkit has it",
    "archiver account add acme-stock": "needs the adapter that the page builds",
    "archiver account rotate": "asks for the new secret",
    "archiver letter": "tests/claims has it",
    "archiver proof": "tests/claims has it",
    "archiver find --image": "tests/catalogue has it",
    "archiver unassigned --assign-from": "the table is edited by a person",
    "archiver account rename": "its account is mistyped on purpose",
    "archiver claim enter": "tests/claims has it",
}
"""Examples that this test does not run, by how they begin, and why."""

LETTER = "Rights Example Inc.\nReference: RX-4711\nYou use our picture without a licence.\nWe demand 389.59 EUR.\n"


def placed(home: Home, folder: Path) -> dict[str, str]:
    """Make what the examples speak of; returns what stands for it in their text."""
    home("client", "add", "beta", "--name", "Beta Ltd")
    home.account("acme-shutterstock", "shutterstock")
    home.account("shared", "shutterstock", client="house")
    home("run", "--replay", QUICK)
    home.account("acme-freepik", "freepik")
    projects = folder / "projects" / "acme"
    projects.mkdir(parents=True)
    (projects / "harbour.jpg").write_bytes(jpeg(photo(1)))
    (folder / "mail-of-2021.mbox").write_text("")
    (folder / "headers.txt").write_text("")
    (folder / "letter.pdf").write_text(LETTER)
    shutil.copytree(home.root, folder / "place")
    licence = home.json("find", "--client", "acme", "--limit", "2")[0]["licence"]
    unassigned = home.json("unassigned")[0]["licence"]
    claim = home.json("claim", "add", "--manual", "--client", "acme", "--claimant", "Rights Example Inc.")["claim"]
    return {
        "house/20261124_shutterstock_1234567890": unassigned, "20261124_shutterstock_1234567890": licence,
        "1234567890_1a2b3c4d": licence, "LICENCE": licence, "acme-1a2b3c4d": claim, "/mnt/disk": str(folder),
        "/new/place": str(folder / "place"), "~": str(folder),
    }  # fmt: skip


def prepared(home: Home, words: list[str]) -> list[str]:
    """Make the home as a reader of the example has it, and answer what the command would ask a person."""
    start = " ".join(words[:3])
    if start.startswith(("client add acme", "account add acme-shutterstock", "client remove", "account remove")):
        shutil.rmtree(home.root / "archive")
        shutil.rmtree(home.root / "state" / "catalogue")
    if start.startswith("client add acme"):
        (home.root / "clients" / "acme.yaml").unlink()
    if start.startswith("account add acme-shutterstock"):
        (home.root / "clients" / "acme.yaml").write_text(yaml.safe_dump({"name": "Acme Ltd"}))
    if "--release" in words:
        home("hold", words[1], "--reason", "x", "--by", "Ada Example")
    if words[0] == "assign" and "--undo" in words:
        home("assign", words[1], "acme", "--reason", "Job 1", "--by", "Ada Example", "--yes")
    if "run" in (words[0], words[-1]) or words[:2] in (["account", "close"], ["account", "leaver"]):
        words = [*words, "--replay", str(QUICK)]
    known = dict(commands())
    name = max((name for name in known if f"archiver {' '.join(words)} ".startswith(f"{name} ")), key=len, default="")
    options = {option for each in known[name].params for option in each.opts} if name else set()
    return [*words, "--yes"] if "--yes" in options - set(words) and "--dry-run" not in words else words


@pytest.mark.longest
def test_every_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    home = begun(tmp_path)
    stands_for = placed(home, folder)
    origin, failed, ran = tmp_path / "origin", [], 0
    shutil.copytree(home.root, origin)
    for place, line in OURS:
        if any(line.startswith(each) for each in NOT_RUN):
            continue
        shutil.rmtree(home.root)
        shutil.copytree(origin, home.root)
        shutil.rmtree(folder / "acme-licences", ignore_errors=True)
        text = line
        for written, real in stands_for.items():
            text = text.replace(written, real)
        command = home.command(*prepared(home, words_of(text)))
        environment = home.env | {"HOME": str(folder)}
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        ran += 1
        good = (0, 40, 50) if "doctor" in line else (0, 40)
        if done.returncode not in good or "Traceback" in done.stderr:
            failed.append(f"{place}: {line} -> {done.returncode}\n{done.stderr[-600:]}")
    assert not failed, "\n".join(failed)
    assert ran > 50
