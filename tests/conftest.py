"""What every test may use."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from archiver.browsing.recording import Recording
from archiver.browsing.replay import Listener, Replay
from archiver.provider import Request, Rules, load
from tests.homes import RECORDINGS, ROOT, Clock, Home, clean_environment

set_hypothesis_home_dir(ROOT / ".venv" / "cache" / "hypothesis")
settings.register_profile("archiver", database=None, deadline=None, max_examples=100)
settings.load_profile("archiver")


@pytest.fixture(scope="session", autouse=True)
def nothing_spent() -> Iterator[None]:
    """Of all that reached a replay in this process, nothing is what its platform's rules name as spending."""
    listeners: list[Listener] = []
    serve = Replay.serve

    async def watched(self: Replay, recording: Recording, rules: Rules) -> Listener:
        listeners.append(await serve(self, recording, rules))
        return listeners[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Replay, "serve", watched)
        yield
    assert [logged.url for listener in listeners for logged in listener.log if spends(listener, logged.request)] == []


def spends(listener: Listener, request: Request) -> bool:
    """Whether the platform whose recording this is would take it for something that spends."""
    return any(rule.resembles(request) for rule in load(listener.cursor.recording.provider).info.rules.refuse)


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
