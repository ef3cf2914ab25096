"""`account check` opens one page for each step, shows what was read of it, and passes nothing that was not read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from tests.support.homes import RECORDINGS, Home


def test_a_check_shows_the_fields_of_the_first_rows_and_that_only_one_page_was_read(home: Home) -> None:
    home.account("one", "envato_market")
    checked = home.json("account", "check", "one", "--replay", RECORDINGS / "envato_market" / "two-pages")
    [message] = [step["message"] for step in checked["steps"] if step["step"] == "list purchases"]
    assert "no total is stated; only the first page was read" in message
    assert message.count("date 20") == 3 and "asset " in message and "licensee " in message
    assert checked["refused"] == []


def test_a_recording_that_does_not_play_is_no_success(home: Home, tmp_path: Path) -> None:
    """A first row that lost its id: the message names the adapter's line."""
    site = shutil.copytree(RECORDINGS / "envato_market" / "two-pages", tmp_path / "site")
    session = yaml.safe_load((site / "session.yaml").read_text())
    [first, *_] = [each for each in session["exchanges"] if "list-purchases" in each["request"]["url"]]
    body = site / first["response"]["body"]
    listed = json.loads(body.read_text())
    del listed["results"][0]["code"]
    body.write_text(json.dumps(listed))
    home.account("one", "envato_market")
    checked = home.json("account", "check", "one", "--replay", site, code=20)
    assert checked["broken"] == "list purchases" and "no 'code' (envato_market.py:" in checked["steps"][-1]["message"]
    note = next((home.root / "state/trouble").glob("*.txt")).read_text()
    assert "list purchases" in note and "The answer is no web page" in note
