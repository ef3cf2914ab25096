"""`kill -9` at every single write of every command, run by `make soak-long`: repeated, each completes and is sealed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.killed import SCENARIOS, Killer, Scenario, origin, replay_origin

EVERY, SOME = 1, 9  # a printed pack takes seconds, and writes the same in many files


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.command)
def test_killed_at_every_write(tmp_path: Path, scenario: Scenario) -> None:
    with (replay_origin if scenario.replay else origin)(tmp_path / "origin") as folder:
        at, number = Killer(scenario, folder, tmp_path), 1
        while at.kill(number):
            number += SOME if scenario.pages else EVERY
        assert number > 1, "it wrote nothing"
