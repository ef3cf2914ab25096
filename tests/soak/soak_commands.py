"""`kill -9` at every single write of every command, by `make soak-commands`: repeated, each completes and is sealed.

All together take five hours of a processor, nearly all for four commands, whose kills are dealt out to parts. One
command alone: `pytest tests/soak/soak_commands.py -k "assign and not unassigned"`. With SOAK_DONE=FOLDER, a later call
goes on behind the last kill that an earlier one survived, and passes by what is done; an empty folder begins anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.killed import SCENARIOS, Killer, Scenario, origin, replay_origin

EVERY, SOME = 1, 9  # a printed pack takes seconds, and writes the same in many files
PARTS = [
    pytest.param(each, part, id=f"{each.command} {part}/{each.parts}")
    for each in SCENARIOS
    for part in range(1, each.parts + 1)
]


@pytest.mark.parametrize(("scenario", "part"), PARTS)
def test_killed_at_every_write(tmp_path: Path, scenario: Scenario, part: int) -> None:
    progress = Progress(f"{scenario.command} {part} of {scenario.parts}")
    step, number = (SOME if scenario.pages else EVERY) * scenario.parts, progress.next(part)
    if number is None:
        pytest.skip("done already")
    with (replay_origin if scenario.replay else origin)(tmp_path / "origin") as folder:
        at = Killer(scenario, folder, tmp_path)
        while at.kill(number):
            number += step
            progress.note(str(number))
    assert number > part, "it wrote nothing"
    progress.note("done")


class Progress:
    """At which kill a test goes on, in a file of the folder SOAK_DONE; without that folder it begins anew each time."""

    def __init__(self, name: str) -> None:
        folder = os.environ.get("SOAK_DONE")
        self.file = Path(folder, name.replace(" ", "-")) if folder else None

    def next(self, first: int) -> int | None:
        """The number of the next kill; None if all are done."""
        noted = self.file.read_text() if self.file and self.file.exists() else str(first)
        return None if noted == "done" else int(noted)

    def note(self, what: str) -> None:
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(what)
