"""The long form of the attack on packs, run by `make soak-long`: 2,400 changes, with and without new manifests."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import pack_attacks

made, remembering = pack_attacks.made, pack_attacks.remembering


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_800_changes(made: pack_attacks.Pack, changes: int) -> None:
    @settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def again(data: st.DataObject) -> None:
        pack_attacks.any_change_is_seen(made, data.draw, changes)

    again()
