"""How old a browser is: told by its version, in the doctor and wherever the browser is described."""

from datetime import date
from pathlib import Path

import pytest

from archiver.agency import home_checks
from archiver.agency.diagnosis import State
from archiver.browsing.chromium import Chromium
from archiver.browsing.chromium_version import stable_since, version_warning
from archiver.home.settings import Home


@pytest.mark.parametrize(
    ("described", "today", "words"),
    [
        ("Chromium 156.0.8078.108", date(2026, 11, 27), None),
        ("Chromium 156.0.8078.108", date(2027, 11, 27), "more than a year old"),
        ("Google Chrome 140.0.7339.80", date(2026, 11, 27), "more than a year old"),
        ("HeadlessChrome/119.0.0.0", date(2024, 1, 1), "too old"),
        ("Chromium", date(2030, 1, 1), None),
        ("", date(2030, 1, 1), None),
    ],
)
def test_a_browser_is_too_old_by_its_version(described: str, today: date, words: str | None) -> None:
    found = version_warning(described, today)
    assert found is None if words is None else words in str(found)


def test_versions_follow_each_other() -> None:
    days = [stable_since(major) for major in range(90, 400)]
    assert days == sorted(days) and stable_since(154) == date(2026, 9, 22)


def test_an_old_browser_is_a_warning_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho Chromium 130.0.6723.58\n")
    program.chmod(0o755)
    (tmp_path / "archiver.yaml").touch()
    (tmp_path / "clients").mkdir()
    monkeypatch.setattr(home_checks, "find", lambda: Chromium(program, "on the PATH"))
    monkeypatch.setattr(home_checks, "try_start", lambda _: None)
    found = {state: (words, advice) for state, words, advice, _ in home_checks.accounts(Home.load(tmp_path))}
    assert "130.0.6723.58" in found[State.WARNING][0] and "a year old" in found[State.WARNING][0]
    assert found[State.WARNING][1].startswith("Update it")
