"""Every command that writes is finished by repeating it, wherever it was killed; all places: `make soak-commands`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from archiver.cli.commands import app
from tests.support.killed import ELSEWHERE, KILLED, READERS, SCENARIOS, Killer, left, origin, run, sound

SCENARIO = {each.command: each for each in SCENARIOS}
LINE, SEAL = r"fsync .*ledger\.jsonl", r"os.rename .*\.note "
ONE_AFTER_THE_OTHER = [
    ("account add", SEAL, 1), ("account rotate", r"os.rename .*/beta.yaml", 1),
    ("claim add", "", 0), ("claim enter", LINE, 1), ("hold", LINE, 2), ("hold --release", SEAL, 1),
    ("assign", "", 0), ("assign to another", SEAL, 2), ("assign --undo", SEAL, 1), ("erase", SEAL, 1),
]  # fmt: skip
LEFT = {
    "house": {"origin": 1, "capture": 4, "assign": 3},
    "acme": {"origin": 1, "capture": 9, "assign": 3, "statement": 3, "erasure": 1},
    "beta": {"origin": 1, "capture": 4, "assign": 2, "statement": 1},
}
"""Lines that record something, by kind, as the same commands leave them when nobody kills them."""


def leaves(command: object, name: str = "") -> list[str]:
    if isinstance(command, TyperGroup):
        found = [leaf for key, each in command.commands.items() for leaf in leaves(each, f"{name} {key}".strip())]
        return found + ([name] if command.invoke_without_command and name else [])
    return [name]


def test_every_command_is_killed_here_or_writes_nothing_or_says_why_not() -> None:
    commands = leaves(get_command(app))
    killed = {max((name for name in commands if f"{each} ".startswith(f"{name} ")), key=len) for each in SCENARIO}
    assert sorted([*killed, *READERS, *ELSEWHERE]) == sorted(commands)


@pytest.mark.long
def test_killed_where_it_matters_and_repeated(tmp_path: Path) -> None:
    """One home, in which one command after the other is killed: before a line, between a line and its seal, between
    the vault and the settings."""
    with origin(tmp_path / "origin") as folder:
        for command, pattern, number in ONE_AFTER_THE_OTHER:
            scenario = SCENARIO[command]
            time.sleep(1 - time.time() % 1 if command.startswith("assign") else 0)  # two orders of one second have none
            killed = run(folder, scenario, pattern, number) if number else None
            assert killed is None or killed.returncode == KILLED, (command, killed.stderr)
            again = run(folder, scenario)
            assert again.returncode == 0, (command, again.stderr)
            sound(folder, command, thorough=False)
        found = left(folder)
    assert {client: dict(found[client][0]) for client in LEFT} == LEFT
    assert found["accounts"] == (
        [("beta-stock", "ben", False), ("house-stock", None, False)], {"beta-stock": {"token": "another-secret"}},
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("at", [(2, "os.link .*/proof"), (1, r"os.remove .*/\.proof.zip.partial")])
def test_a_killed_letter_leaves_a_whole_pack_with_its_drafts_or_none(tmp_path: Path, at: tuple[int, str]) -> None:
    """Between the names of two files, and when both have theirs."""
    with origin(tmp_path / "origin") as folder:
        assert Killer(SCENARIO["letter"], folder, tmp_path).kill(*at)
