"""Two thousand drawn changes of platforms, those of web lists in Chromium: `make soak-long`.

CHANGES is another number, and CHANGES_SEED another beginning.
"""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.platform_changes.grammar import KINDS, changes
from tests.platform_changes.table import table, verdicts

COUNT, SEED = int(os.environ.get("CHANGES", "2000")), int(os.environ.get("CHANGES_SEED", "1000"))
STOPS_PERCENT = 1  # of harmless changes that may stop an account


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_changes(kind: str) -> None:
    found = asyncio.run(verdicts(changes(COUNT // len(KINDS) + 1, SEED, [kind])))
    print(table(found))
    worse = [each for each in found if each.faults.keys() - {"false stop"}]
    stopped = [each for each in found if "false stop" in each.faults]
    assert not worse, "\n".join(map(str, worse))
    assert len(stopped) * 100 <= len(found) * STOPS_PERCENT, "\n".join(map(str, stopped))
