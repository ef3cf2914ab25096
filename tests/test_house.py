"""The house rules that no other tool holds: what lies where, what is written down, and what must never be."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from archiver.core import errors

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    ".ci", "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
    "archiver", "deploy", "docs", "providers", "pyproject.toml", "recordings", "tests",
}  # fmt: skip
TEXT = {".py", ".md", ".toml", ".yaml", ".txt", ".html", ".json", ".svg", ".jinja", ""}


def project_files() -> list[Path]:
    """Every file that belongs to the project: not what a tool made beside it."""
    found = [ROOT / name for name in TOP_LEVEL if (ROOT / name).is_file()]
    for name in TOP_LEVEL:
        found += [path for path in (ROOT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return found


def commands() -> dict[str, TyperCommand | TyperGroup]:
    """Every command of the program by its full name: `archiver client add`."""
    from archiver.cli.commands import app

    found: dict[str, TyperCommand | TyperGroup] = {}

    def walk(command: object, name: str) -> None:
        if isinstance(command, TyperGroup):
            if command.invoke_without_command:
                found[name] = command
            for word, child in command.commands.items():
                walk(child, f"{name} {word}")
        elif isinstance(command, TyperCommand) and not command.hidden:
            found[name] = command

    walk(typer.main.get_command(app), "archiver")
    return found


def test_the_reference_lists_the_commands_that_there_are() -> None:
    text = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    assert sorted(re.findall(r"^### (archiver [a-z -]+)$", text, re.MULTILINE)) == sorted(commands())


def test_the_readme_is_one_screen_and_a_half_and_uses_commands_and_options_that_there_are() -> None:
    known = commands()
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.split()) <= 700
    lines = [line.split("#")[0].strip() for line in re.findall(r"(?:^|`)(archiver [^`\n]+)", text, re.MULTILINE)]
    assert len(lines) > 5
    for line in lines:
        if "COMMAND" in line:
            continue
        names = [name for name in known if line == name or line.startswith(f"{name} ")]
        assert names, f"the README runs {line!r}, which is no command"
        options = {option for parameter in known[max(names, key=len)].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", line)) <= options, line


def test_every_command_explains_itself_with_an_example() -> None:
    for name, command in commands().items():
        assert f"Example: {name}" in (command.help or ""), name


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.ArchiverError)
        and kind not in (errors.ArchiverError, errors.ConfigError, errors.PersonNeeded)
    ],
)
def test_every_error_says_what_happened_and_what_to_do(kind: type[errors.ArchiverError]) -> None:
    message = str(kind("this is why"))
    assert "this is why" in message
    assert "{" not in message
    assert kind is errors.VaultLocked or re.search(r"this is why\W+\S.*\.$", message), "no advice after the reason"


def test_the_top_level_holds_only_what_belongs_there() -> None:
    """What tools put there (`.venv`, `.uv`) ignores itself."""

    def ignores_itself(path: Path) -> bool:
        ignored = path / ".gitignore"
        return ignored.is_file() and "*" in ignored.read_text("utf-8").splitlines()

    assert {path.name for path in ROOT.iterdir() if not ignores_itself(path)} - {".git"} == TOP_LEVEL


def test_the_locks_name_no_place_and_hash_everything() -> None:
    for name in ("requirements.txt", "uv.txt"):
        text = (ROOT / ".ci" / name).read_text("utf-8")
        assert "://" not in text
        assert not re.search("^ *-(?!-hash=sha256:)", text, re.MULTILINE)
        for requirement in re.split(r"\n(?! )", text.strip()):
            assert re.match(r"[a-z0-9_.-]+==\S+", requirement)
            assert "--hash=sha256:" in requirement, requirement


def test_no_file_knows_a_private_place() -> None:
    private = re.compile(r"/(?:home|Users|root)/[A-Za-z0-9_.-]+/|[A-Z]:\\Users\\")
    for path in project_files():
        if path.suffix in TEXT:
            found = private.search(path.read_text("utf-8", errors="replace"))
            assert not found, f"{path.relative_to(ROOT)} names {found[0]}"


def test_a_quick_answer_does_not_wait_for_what_it_does_not_use() -> None:
    asked = "import archiver.cli.commands, archiver.agency.status, archiver.catalogue.search, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "asyncio", "playwright", "cryptography", "PIL"} & set(loaded)


def test_what_make_runs_has_the_listed_variables_alone() -> None:
    index = "https://a.example/ 'b' \"$HOME\"\nSECRET=c"
    given = {"PATH": os.environ["PATH"], "UV_INDEX": index, "PYTHONUNBUFFERED": "1", "SECRET": "d", "TZ": "UTC"}
    command = ["make", "--silent", "--eval", "shown: ; @env --null", "shown"]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True)
    shown = dict(each.split("=", 1) for each in done.stdout.split("\0") if each)
    assert {name: shown.get(name) for name in given} == given | {"PYTHONUNBUFFERED": None, "SECRET": None}
