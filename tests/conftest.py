"""What every test may use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.homes import RECORDINGS, ROOT, Clock, Home, clean_environment

# A test may start a dozen commands, and without bytecode each of them compiles half a second of modules anew. So it is
# kept, whatever the environment says, and where it is in nobody's way. Worker processes of pytest inherit this.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(ROOT / ".venv" / "cache" / "bytecode")
sys.dont_write_bytecode = False

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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Another time of day for programs; this process keeps its own."""
    if not shutil.which("faketime"):
        pytest.skip("the program faketime is not installed")
    printed = subprocess.run(["faketime", "2045-01-01", "env"], capture_output=True, text=True, check=True).stdout
    (library,) = [line.partition("=")[2] for line in printed.splitlines() if line.startswith("LD_PRELOAD=")]

    def turn(day: str) -> dict[str, str]:
        how = {"LD_PRELOAD": library, "FAKETIME": f"@{day} 00:00:00", "TZ": "UTC"}
        for name, value in how.items():
            monkeypatch.setenv(name, value)
        return how

    return turn


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a replay home after its first run, and its key."""
    folder = tmp_path_factory.mktemp("first-run")
    home = Home(folder / "home", clean_environment(folder))
    home("init", home.root, "--replay")
    home("client", "add", "acme", "--name", "Acme Ltd")
    home.account("one", "shutterstock")
    home("run", "--replay", RECORDINGS)
    return folder


@pytest.fixture
def ran(first_run: Path, tmp_path: Path) -> Home:
    """A copy of a replay home with one client, `acme`, and one account, `one`, that was archived."""
    shutil.copytree(first_run, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path / "home", clean_environment(tmp_path))
