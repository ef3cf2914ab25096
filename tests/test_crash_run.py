"""`kill -9` at random moments of a run: the next run completes, nothing is lost, doubled or damaged."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

from tests.homes import RECORDINGS, Home

KILLS = 8


def run_and_kill(home: Home, after: float) -> None:
    child = subprocess.Popen(
        home.command("run", "--replay", RECORDINGS),
        env=home.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()


def test_a_killed_first_sweep_is_continued_to_its_end(home: Home) -> None:
    """The first sweep of two HTTP accounts is killed again and again; then one run ends it."""
    home.account("one", "envato_market")
    home.account("two", "shutterstock")  # whose licences wait until its terms were looked at
    moments = random.Random(7)
    for _ in range(KILLS):
        run_and_kill(home, moments.uniform(0.4, 2.4))
    run = home.json("run", "--replay", RECORDINGS)
    assert run["outcome"] == "complete"
    listed = sum(account["listed"] - account["comps"] for account in run["accounts"])
    assert all(account["sweep"] == "full" or account["already"] for account in run["accounts"])
    found = list(Path(home.archive() / "evidence" / "licences").glob("*/*/*/inventory.json"))
    assert len(found) == listed
    report = home.json("verify")
    assert report["clients"][0]["findings"] == [] and report["clients"][0]["licences"] == listed
    assert not list((home.archive() / "staging").iterdir())
