"""Nights with challenges, maintenance and refusals of one night: all comes in the end, and only a changed secret rests.

The nights are drawn from a seed, which a failure names.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.collect.test_who_refuses import WALLS, walled
from tests.support.homes import QUICK, RECORDINGS, Clock, Home

PLATFORMS = ("adobe_stock", "envato_market", "getty_images", "shutterstock")
CHANGED = "shutterstock-changed"  # its secret is another one at the platform from the second night on
BEGIN = date(2045, 3, 1)
MAINTENANCE = {"status": 403, "headers": {"content-type": "text/html"}}


def walls(folder: Path) -> dict[str, dict[str, Path]]:
    """For each platform a recording of each thing that may stand before it, and `refused`."""
    every = {**WALLS, "maintenance": MAINTENANCE}
    return {
        provider: {
            **{
                name: walled(folder / provider / name.replace(" ", "-"), provider, wall) for name, wall in every.items()
            },
            "refused": RECORDINGS / provider / "bad-token",
        }
        for provider in PLATFORMS
    }


@pytest.mark.parametrize(
    ("nights", "seed"), [pytest.param(8, 1, marks=pytest.mark.long), pytest.param(120, 2, marks=pytest.mark.longest)]
)
def test_after_nights_with_faults_all_is_archived_and_only_a_changed_secret_rests(
    home: Home, clock: Clock, tmp_path: Path, nights: int, seed: int
) -> None:
    draw, met = random.Random(seed), walls(tmp_path / "walls")  # no secret
    accounts = dict(zip(PLATFORMS, PLATFORMS, strict=True)) | {CHANGED: "shutterstock"}
    for name, provider in accounts.items():
        home.account(name, provider)
    lists = {
        each["account"]: each["listed"]
        for each in home_at(home, clock, 0).json("run", "--replay", staged(tmp_path / "0", accounts, {}))["accounts"]
    }
    refused_last: set[str] = set()
    tried = dict.fromkeys(accounts, 0)
    for night in range(1, nights + 1):
        plan: dict[str, Path] = {CHANGED: met["shutterstock"]["refused"]}
        for name in PLATFORMS:
            kind = draw.choice(["", "", "", *met[name]])
            if kind == "refused" and name in refused_last:
                kind = ""  # a refusal lasts one night
            if kind:
                plan[name] = met[name][kind]
            if kind in ("", "refused"):  # the platform itself answers
                (refused_last.add if kind else refused_last.discard)(name)
        folder = staged(tmp_path / str(night), accounts, plan)
        found = home_at(home, clock, night).json("run", "--replay", folder, code=None)["accounts"]
        for each in found:
            name, rests = each["account"], "nothing was tried" in each["message"]
            tried[name] += each["error"] == "WrongPassword" and not rests
            assert name == CHANGED or not rests, f"seed {seed}, night {night}: {name} rests: {each['message']}"
            assert each["error"] or each["outcome"] == "complete", f"seed {seed}, night {night}: {each}"
    last = home_at(home, clock, nights + 4).json("run", "--replay", staged(tmp_path / "end", accounts, {}), code=10)
    told = {each["account"]: each for each in last["accounts"]}
    assert {name for name, each in told.items() if each["error"]} == {CHANGED}, f"seed {seed}"
    assert tried[CHANGED] == len([night for night in (1, 2, 5) if night <= nights]), f"seed {seed}: {tried}"
    held = {each["account"]: each["coverage"] for each in home.json("status")["accounts"]}
    assert {name: each["archived"] for name, each in held.items()} == lists, f"seed {seed}"


def home_at(home: Home, clock: Clock, night: int) -> Home:
    return Home(home.root, home.env | clock(f"{BEGIN + timedelta(night):%Y-%m-%d}"))


def staged(folder: Path, accounts: dict[str, str], plan: dict[str, Path]) -> Path:
    """A folder with the recording of each account: that of the plan, or that in which all is well."""
    folder.mkdir()
    for name, provider in accounts.items():
        (folder / name).symlink_to(plan.get(name, QUICK / provider / "two-pages"))
    return folder
