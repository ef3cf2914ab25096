"""`kill -9` at random moments of a run: the next run completes, nothing is lost, doubled, damaged or fetched again."""

from __future__ import annotations

import pytest

from tests.support.homes import Home
from tests.support.kill_a_run import kill_a_backfill


@pytest.mark.long
def test_a_killed_first_sweep_is_continued_to_its_end(home: Home) -> None:
    kill_a_backfill(home, kills=4)  # `make soak` has 30, of more platforms
