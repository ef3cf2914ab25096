"""A run that is killed in the middle of its backfill."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

from tests.support.homes import QUICK, Home

ACCOUNTS = ("envato_market", "shutterstock")  # the second one's licences wait until its terms were looked at


PATIENCE = 60.0  # seconds for a run to archive anything, on a busy machine


def captured(home: Home) -> int:
    """How many licences the ledger has."""
    ledger = home.archive() / "ledger" / "ledger.jsonl"
    lines = ledger.read_bytes().split(b"\n")[:-1] if ledger.exists() else []
    new = (b'"type":"capture"', b'"type":"recovered"')
    return sum(b":licence:" in line and any(each in line for each in new) for line in lines)


def run_and_kill(home: Home, more: int, after: float) -> None:
    """Begin a run and kill it `after` some seconds when it has archived so many `more`, or before it began to."""
    before = captured(home)
    command = home.command("run", "--replay", QUICK)
    with subprocess.Popen(command, env=home.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        latest = time.monotonic() + PATIENCE
        while more and captured(home) < before + more and child.poll() is None and time.monotonic() < latest:
            time.sleep(0.002)
        time.sleep(after)
        child.send_signal(signal.SIGKILL)


def kill_a_backfill(home: Home, kills: int, providers: tuple[str, ...] = ACCOUNTS) -> None:
    """The first sweep of HTTP accounts is killed again and again; then one run ends it, and fetches only the rest."""
    for provider in providers:
        home.account(provider, provider)
    moments = random.Random(7)
    for _ in range(kills):
        run_and_kill(home, moments.choice((0, 1, 2, 5)), moments.uniform(0, 0.3))
    there = captured(home)
    run = home.json("run", "--replay", QUICK)
    assert run["outcome"] == "complete"
    listed = sum(account["listed"] - account["comps"] for account in run["accounts"])
    archived = sum(account["archived"] for account in run["accounts"])
    assert there > kills / 4 and archived <= listed - there  # so at most what was in flight is fetched again
    assert all(account["sweep"] == "full" or account["already"] for account in run["accounts"])
    found = list(Path(home.archive() / "evidence" / "licences").glob("*/*/*/inventory.json"))
    assert len(found) == listed
    report = home.json("verify")
    [client] = report["clients"]
    assert {each["code"] for each in client["findings"]} <= {"recovered"} and client["licences"] == listed
    assert not list((home.archive() / "staging").iterdir())
