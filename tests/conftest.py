"""What every test may use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.homes import ROOT, Home, clean_environment

set_hypothesis_home_dir(ROOT / ".venv" / "cache" / "hypothesis")
settings.register_profile("archiver", database=None, deadline=None, max_examples=100)
settings.load_profile("archiver")


@pytest.fixture
def new_home(tmp_path: Path) -> Callable[..., Home]:
    """Makes a home with one client, `acme`; `new_home(replay=False)` makes a real one."""

    def make(*, replay: bool = True) -> Home:
        home = Home(tmp_path / "home", clean_environment(tmp_path))
        home("init", home.root, *(["--replay"] if replay else []))
        home("client", "add", "acme", "--name", "Acme Ltd")
        return home

    return make


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    """A replay home with one client, `acme`."""
    return new_home()
