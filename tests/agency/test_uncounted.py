"""Where a platform does not say how many licences there are, nobody is told otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archiver.agency.status import status
from archiver.desk.translations import words
from archiver.home.settings import Home as LoadedHome
from tests.support.homes import QUICK, Home

SAID = "does not say how many licences"


@pytest.mark.long  # what a run tells: tests/collect/test_sync.py
def test_a_platform_without_a_total_is_told_everywhere(home: Home, tmp_path: Path) -> None:
    home.account("counts", "shutterstock")
    home.account("silent", "envato_market")
    counted, silent = home.json("run", "--replay", QUICK)["accounts"]
    assert SAID not in counted["message"] and set(counted["ends"].values()) == {"the stated total"}
    assert SAID in silent["message"] and silent["ends"] == {"purchases": "an empty page after the last row"}
    assert (counted["total"] is None, silent["total"]) == (False, None)
    said = home("status").stdout
    assert f"silent: the platform {SAID}" in said and "counts: the platform" not in said
    assert {each.account: each.counted for each in status(LoadedHome.load(home.root)).accounts} == {
        "counts": True, "silent": False,
    }  # fmt: skip
    report = tmp_path / "month.html"
    home("report", "--client", "acme", "--out", report)
    assert SAID in report.read_text() and len(re.findall(r"\d\*\s", report.read_text())) == 1
    assert SAID in home("providers", "freepik").stdout
    assert SAID in words("en")("uncounted") and "sagt nicht, wie viele" in words("de")("uncounted")
