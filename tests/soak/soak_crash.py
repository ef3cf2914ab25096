"""The long form of the crash tests, run by `make soak`: 200 times `kill -9`, 30 of a whole run, 40 power cuts, and an
opponent who may write to the share and holds no key, at 220 places."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.errors import ArchiverError
from tests.support.archive_kit import Kit, authority, kit
from tests.support.crashes import cut_again_and_again, kill_again_and_again, no_power_cuts, stop_at_every_single_step
from tests.support.homes import Home
from tests.support.kill_a_run import ACCOUNTS, kill_a_backfill
from tests.support.opponent import CHANGES, Change, attack, base

__all__ = ["authority", "kit"]  # fixtures of the archive's tests

WHY_NOT = no_power_cuts()
power_cuts = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.mark.parametrize("part", range(4))
def test_200_kills(tmp_path: Path, part: int) -> None:
    options = ("built apart",) if part == 3 else ()
    kill_again_and_again(tmp_path / "acme", 50, *options, seed=part)


@power_cuts
@pytest.mark.parametrize("options", [(), ("file by file",), ("built apart",)])
def test_20_power_cuts(tmp_path: Path, options: tuple[str, ...]) -> None:
    cut_again_and_again(tmp_path, 20, *options)


@power_cuts
def test_without_fsync_a_power_cut_is_noticed(tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    with pytest.raises((AssertionError, ArchiverError)):
        cut_again_and_again(tmp_path, 3, "careless")


@pytest.mark.parametrize("durable", ["together", "object by object", "file by file"])
def test_stopped_at_every_single_step(kit: Kit, monkeypatch: pytest.MonkeyPatch, durable: str) -> None:
    stop_at_every_single_step(kit, monkeypatch, durable)


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_an_opponent_at_220_places(kit: Kit, tmp_path: Path, change: Change, recorded: bool) -> None:
    pristine = base(kit, recorded=recorded)
    for seed in range(100, 110):
        attack(pristine, tmp_path.with_name(f"{tmp_path.name}-{seed}"), change, seed=seed)


def test_30_kills_of_a_backfill(home: Home) -> None:
    """The resumed runs fetch what was in flight and no more."""
    kill_a_backfill(home, 30, (*ACCOUNTS, "getty_images", "depositphotos"))
