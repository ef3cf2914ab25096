"""A night with a clock that was ahead: told, passed over afterwards, and put right by one command."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.agency import future_times, notification_causes
from archiver.archive.reader import Archive
from archiver.catalogue.archives import writing
from archiver.collect.history_cursor import HistoryCursors
from archiver.home.settings import Home as Loaded
from archiver.home.vault import open_vault
from tests.support.archive_kit import YEAR, Clock
from tests.support.homes import QUICK, Home
from tests.support.readiness_kit import item_of

RUN = ("run", "--replay", QUICK)
NOW = datetime.now(UTC)


def kinds(home: Home, now: datetime) -> list[str]:
    return [cause.kind for cause in notification_causes.causes(Loaded.load(home.root), now)]


def run_next_year(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a run leaves whose clock is a year ahead: ledger lines, a log, a cursor; the file of the latter."""
    later = NOW + timedelta(seconds=YEAR)
    monkeypatch.setenv("ARCHIVER_KEY_FILE", home.env["ARCHIVER_KEY_FILE"])
    here = Loaded.load(home.root)
    with monkeypatch.context() as ahead:
        Clock(ahead).ahead = YEAR
        with writing(here, open_vault(here.vault), "acme") as archive:
            run = {"account": "one", "provider": "shutterstock", "sweep": "full", "listed": 0, "archived": 0}
            archive.append("run", **run, total=None, outcome="complete", error=None)
            archive.seal()
    [log] = (here.state / "runs").glob("*Z-??????.jsonl")
    (log.parent / f"{later:%Y%m%dT%H%M%SZ}-abcdef.jsonl").write_bytes(log.read_bytes())
    [cursor] = (here.state / "history").glob("*.json")
    cursor.write_text(cursor.read_text().replace(f'"full_on": "{NOW:%Y}', f'"full_on": "{later:%Y}'))
    return cursor


def test_what_a_clock_left_that_was_ahead(ran: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = run_next_year(ran, monkeypatch)
    assert HistoryCursors.latest(cursor, NOW)
    known = HistoryCursors(cursor, Archive(ran.archive()))
    assert not [name for name in json.loads(cursor.read_text()) if known.get(name)]  # it reads to the end again

    assert "repair-clock" in ran(*RUN, code=50).stderr
    assert "clock" in kinds(ran, NOW)
    silent = item_of(Loaded.load(ran.root), "schedule", NOW + timedelta(days=8))
    assert silent.state == "failing", "a log of next year stands for no run of today"
    checks = ran.without_browser().json("doctor", code=50)["checks"]
    assert {"problem", "warning"} == {each["state"] for each in checks if each["check"] == "clock"}

    assert "--yes" in ran("repair-clock", "--by", "Ada Example", code=2).stderr
    assert "Corrected 3 wrong times" in ran("repair-clock", "--by", "Ada Example", "--yes").stderr
    assert "No time lies in the future" in ran("repair-clock", "--by", "Ada Example", "--yes").stderr
    lines = [json.loads(line) for line in (ran.archive() / "ledger/ledger.jsonl").read_text().splitlines()]
    [noted] = [line for line in lines if line["type"] == "clock"]
    assert lines[noted["first"]]["at"] > noted["at"] >= lines[noted["first"] - 1]["at"]

    again = ran.json(*RUN)
    assert (again["outcome"], again["accounts"][0]["sweep"]) == ("complete", "full")
    assert "clock" not in kinds(ran, datetime.now(UTC))
    assert {each["code"] for each in ran.json("verify")["clients"][0]["findings"]} <= {"claimed-date"}
    assert not list(future_times.ahead(Loaded.load(ran.root), datetime.now(UTC)))
