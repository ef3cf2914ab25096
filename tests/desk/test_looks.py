"""Every page of the desk in every look. `make desk-looks` keeps the pictures; look at them one by one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from archiver.desk.routes import ROUTES
from tests.support import desk_looks


def test_every_page_has_an_address_to_look_at() -> None:
    pages = {way.path for way in ROUTES if not way.post}
    assert pages == desk_looks.PLACES.keys() | desk_looks.NO_PAGES
    assert not desk_looks.PLACES.keys() & desk_looks.NO_PAGES


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `archiver demo` leaves."""
    folder = tmp_path_factory.mktemp("looks") / "demo"
    subprocess.run([sys.executable, "-m", "archiver", "demo", "--keep", str(folder)], check=True)
    return folder


@pytest.mark.longest  # the pages as such, in one look: test_desk.py
@pytest.mark.browser
@pytest.mark.parametrize("state", ["data", "empty", "error"])
def test_no_look_of_any_page_has_a_fault(
    browser: Browser, demo: Path, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, key = Path(os.environ.get("DESK_LOOKS") or tmp_path / "out"), demo / "vault.key"
    monkeypatch.setenv("ARCHIVER_KEY_FILE", str(key))
    if state == "empty":
        home, known = desk_looks.empty_home(tmp_path), {}
    else:
        full = desk_looks.full_home(tmp_path, demo, key)
        home, known = full if state == "data" else desk_looks.faulty_home(tmp_path, full), desk_looks.names(full)
    with desk_looks.desk(home, key) as link:
        assert list(desk_looks.take(browser, state, link, known, demo, out)) == []
