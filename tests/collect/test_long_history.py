"""A long history is archived while it is read; `tests/benchmarks/long_history.py` shows it with 10,000 licences."""

from __future__ import annotations

import asyncio

import pytest

from tests.benchmarks.long_history import GROWTH, read


@pytest.mark.long
def test_a_long_history_streams() -> None:
    found = asyncio.run(read(1000))
    assert found.archived == 1000 and len(found.archived_when_asked) == 5
    assert found.archived_when_asked[-1] > 0 and found.catalogued > 500
    assert found.growth < GROWTH
