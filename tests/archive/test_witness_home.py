"""Witnesses as a user has them: settings, runs, a fork, an honest restore."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.homes import QUICK, Home

RUN = ("run", "--replay", QUICK)


@pytest.mark.long  # without commands: test_witness.py
def test_a_restored_archive_is_refused_until_the_loss_is_recorded(home: Home, tmp_path: Path) -> None:
    disk, backup = tmp_path / "disk", tmp_path / "backup"
    disk.mkdir()
    settings = home.root / "archiver.yaml"
    settings.write_text(settings.read_text() + "witnesses: [{name: disk, folder: ../disk}]\n")
    home.account("one", "shutterstock")
    home(*RUN)
    shutil.copytree(home.archive(), backup)
    home.account("two", "envato_market")
    home(*RUN)
    assert "extends 2 outside checkpoints" in home("verify", "--against", disk).stdout
    shutil.rmtree(home.archive())
    shutil.copytree(backup, home.archive())
    verified = home.json("verify", "--against", disk, code=90)
    assert verified["state"] == verified["clients"][0]["state"] == "FORKED"
    refused = home.json(*RUN, code=90)["accounts"][0]
    assert refused["error"] == "IntegrityError" and "--after-restore" in refused["message"]
    home(*RUN, "--after-restore", disk, "--dry-run", code=2)
    recovered = home.json(*RUN, "--after-restore", disk)
    assert (recovered["outcome"], recovered["accounts"][0]["sweep"]) == ("complete", "full")
    text = home("verify", "--against", disk).stdout
    assert "[rollback]" in text and "FORKED" not in text
    assert home.json(*RUN)["outcome"] == "complete"
    assert "holds no checkpoint" in home("verify", "--against", tmp_path, code=2).stderr
