"""The long form of the attack on packs, run by `make soak-long`: 2,400 changes, with and without new manifests.

verify.py and the page in the browser must see each of them, and say the same.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support import check_page_kit, pack_attacks, pack_forgeries

made, remembering, checker = pack_attacks.made, pack_attacks.remembering, check_page_kit.checker


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_800_changes(made: pack_attacks.Pack, checker: check_page_kit.Checker, changes: int) -> None:
    # Without a search for the smallest example, which takes hours here: each one names its changes.
    @settings(
        max_examples=800, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
    )
    @given(st.data())
    def again(data: st.DataObject) -> None:
        pack_attacks.any_change_is_seen(made, data.draw, changes, checker)

    again()


@pytest.mark.parametrize("part", range(6))
def test_6000_forged_packs(checker: check_page_kit.Checker, tmp_path: Path, part: int) -> None:
    """Zips, files, signed formats and keys, by an opponent who builds packs of his own."""
    world = pack_forgeries.World()
    for number in range(10_000 + 1_000 * part, 11_000 + 1_000 * part):
        pack_forgeries.judged(pack_forgeries.forgery(world, number), world, checker, tmp_path)
