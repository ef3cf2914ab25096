"""Every command that writes is finished by repeating it, wherever it was killed. `make soak` kills at every write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from archiver.cli.commands import app
from tests.killed import ELSEWHERE, READERS, SCENARIOS, Killer, origin, replay_origin

SCENARIO = {each.command: each for each in SCENARIOS}
LINE, SEAL = r"fsync .*ledger\.jsonl", r"os.rename .*\.note "
AT = [
    ("claim enter", LINE, 1), ("erase", SEAL, 1), ("hold", LINE, 2), ("hold --release", SEAL, 1),
    ("assign to another", SEAL, 2), ("assign --undo", SEAL, 1), ("account add", SEAL, 1),
    ("account rotate", r"os.rename .*/beta.yaml", 1),
]  # fmt: skip


def leaves(command: object, name: str = "") -> list[str]:
    if isinstance(command, TyperGroup):
        found = [leaf for key, each in command.commands.items() for leaf in leaves(each, f"{name} {key}".strip())]
        return found + ([name] if command.invoke_without_command and name else [])
    return [name]


def test_every_command_is_killed_here_or_writes_nothing_or_says_why_not() -> None:
    commands = leaves(get_command(app))
    killed = {max((name for name in commands if f"{each} ".startswith(f"{name} ")), key=len) for each in SCENARIO}
    assert sorted([*killed, *READERS, *ELSEWHERE]) == sorted(commands)


@pytest.fixture(scope="module")
def begun_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with origin(tmp_path_factory.mktemp("killed") / "origin") as folder:
        yield folder


@pytest.mark.parametrize(("command", "pattern", "number"), AT)
def test_killed_where_it_matters_and_repeated(
    begun_once: Path, tmp_path: Path, command: str, pattern: str, number: int
) -> None:
    assert Killer(SCENARIO[command], begun_once, tmp_path, thorough=False).kill(number, pattern)


def test_a_close_that_was_killed_is_not_noted_twice(tmp_path: Path) -> None:
    with replay_origin(tmp_path / "origin") as folder:
        assert Killer(SCENARIO["account close"], folder, tmp_path).kill(1, r"os.rename .*/acme.yaml")
