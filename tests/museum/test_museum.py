"""Homes that earlier versions made, each as its file in this folder has it: today's program reads, runs and verifies
them, packs their licences, and shows them at the desk."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.visitor import Installed, desk_of, installed
from tests.support.homes import QUICK

pytestmark = pytest.mark.journey

MUSEUM = sorted(Path(__file__).parent.glob("*.tar.xz"))
OF_A_LICENCE = ("licence", "client", "provider", "asset_id", "title", "licensed_at", "secured_since", "state")
OF_AN_ACCOUNT = ("client", "account", "outcome", "coverage")


def unpacked(kept: Path, folder: Path) -> Installed:
    """A museum's home in a folder of its own."""
    with tarfile.open(kept) as packed:
        packed.extractall(folder, filter="data")
    return installed(folder)


COUNTED = {"days_left", "notice_days_left", "due_days_left", "overdue"}
"""What is counted from today, and so is another value each day."""


def covers(new: Any, old: Any) -> bool:
    """Whether the new document says all that the old one says; further keys are fine."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and covers(new[key], old[key]) for key in old.keys() - COUNTED)
    if isinstance(old, list):
        return isinstance(new, list) and len(new) == len(old) and all(map(covers, new, old))
    return bool(new == old)


def accounts(document: Any) -> Any:
    """The accounts of a document, which once was a list of them, or the list."""
    return document["accounts"] if isinstance(document, dict) else document


def of(rows: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    return [{key: row[key] for key in keys} for row in rows]


@pytest.mark.browser
@pytest.mark.parametrize("kept", MUSEUM, ids=[each.name.removesuffix(".tar.xz") for each in MUSEUM])
def test_a_home_of_an_earlier_version_says_the_same_and_goes_on(kept: Path, tmp_path: Path) -> None:
    archiver = unpacked(kept, tmp_path)
    label, said = (json.loads((tmp_path / name).read_text()) for name in ("label.json", "said.json"))
    found = archiver.json("find", "a", "--limit", "500")
    assert sorted(map(str, of(found, *OF_A_LICENCE))) == sorted(map(str, of(said["find a"], *OF_A_LICENCE)))
    for words in said.keys() & {"claim list", "client list", "account list"}:
        new = archiver.json(*words.split())
        assert covers(accounts(new), said[words]), words
    assert covers(accounts(archiver.json("status", code=None)), of(accounts(said["status"]), *OF_AN_ACCOUNT))

    roots = ("--roots", tmp_path / "tsa-root.pem")
    assert archiver.json("verify", *roots)["state"] == label["verdict"]
    licence = next(row["licence"] for row in found if row["client"] == "acme")
    assert archiver.json("show", licence)["documents"]
    archiver("run", "--client", "acme", "--replay", QUICK)
    assert archiver.json("verify", *roots)["state"] == label["verdict"]
    archiver("proof", licence, "--out", tmp_path / "pack.zip")
    assert (tmp_path / "pack.zip").stat().st_size > 20_000

    with desk_of(archiver) as desk:
        walk = desk.owner().walk("/", most=3)
        assert not walk.faults, "\n".join(walk.faults)
        assert sum("/licence/" in each for each in walk.opened) > 5
