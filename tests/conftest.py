"""What every test may use."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
import yaml
from argon2 import PasswordHasher
from filelock import FileLock
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from archiver.browsing import chromium
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Listener, Replay
from archiver.core.errors import BrowserMissing, SandboxRefused
from archiver.core.remedy import name_home
from archiver.desk.auth import Users
from archiver.provider import Rules
from archiver.reading import worker
from tests.support.chromium_kit import SHELL, whole_chromium
from tests.support.forked import start_reader
from tests.support.homes import QUICK, ROOT, Clock, Home, begun, clean_environment, make_quick

# A test may start a dozen commands, and without bytecode each of them compiles half a second of modules anew. So it is
# kept, whatever the environment says, and where set-up has put it already. Worker processes of pytest inherit this.
for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
    os.environ.pop(name, None)
sys.pycache_prefix, sys.dont_write_bytecode = None, False
os.environ["NODE_COMPILE_CACHE"] = str(ROOT / ".venv" / "cache" / "node")  # the same for Playwright's driver
os.environ["XDG_CONFIG_HOME"] = str(ROOT / ".venv" / "cache" / "config")
os.environ["XDG_STATE_HOME"] = str(ROOT / ".venv" / "cache" / "state")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as archiver.catalogue has it, wherever NumPy is imported first

# What a person would see or operate asks for the whole one by `full_browser`, and the guard is tested in both.
if SHELL:
    os.environ.setdefault("ARCHIVER_CHROMIUM", SHELL)

set_hypothesis_home_dir(ROOT / ".venv" / "cache" / "hypothesis")
settings.register_profile("archiver", database=None, deadline=None, max_examples=100)
settings.load_profile("archiver")


START_PROCESS = worker.start_process

gc.disable()  # until all tests are imported: else it looks through what stays again and again

CLOSED_PORTS = (1, 9)
"""Of this machine. Tests connect to them, since nobody answers there."""

WITHOUT_BROWSER = "TESTS_WITHOUT_BROWSER"  # why no browser starts here, for the processes of pytest-xdist


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: the suite has it shorter; run by `make soak`, in the long gate")
    config.addinivalue_line("markers", "longest: takes minutes, and is run by `make soak-long`")
    config.addinivalue_line("markers", "journey: a new user's days; run by `make journeys`, and so by the gate")
    config.addinivalue_line("markers", "browser: needs a Chromium, and is skipped where none starts")
    if not hasattr(config, "workerinput"):  # once, before the processes of pytest-xdist begin
        if taken := [each for each in CLOSED_PORTS if answers(each)]:
            ports = " and ".join(map(str, taken))
            pytest.exit(f"a program listens on port {ports} of 127.0.0.1, where tests expect nobody; end it", 2)
        make_quick()
        os.environ.pop(WITHOUT_BROWSER, None)
        if missing := without_browser():
            os.environ[WITHOUT_BROWSER] = missing


def answers(port: int) -> bool:
    with socket.socket() as asked:
        asked.settimeout(1)
        return asked.connect_ex(("127.0.0.1", port)) == 0


def without_browser() -> str:
    """Why no test can use a browser here; empty where one starts, be it without a sandbox."""
    try:
        found = chromium.usable()
        try:
            chromium.try_start(found)
        except SandboxRefused:  # the tests show Chromium their own pages only
            os.environ[chromium.SANDBOX_VARIABLE] = "off"
            chromium.try_start(found)
    except BrowserMissing as error:
        return str(error)
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if missing := os.environ.get(WITHOUT_BROWSER):
        for item in items:
            if item.get_closest_marker("browser") or "checker" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=missing))


@cache
def allowed_skips() -> list[str]:
    """Patterns of the reasons for which a test may be skipped."""
    listed = yaml.safe_load((ROOT / "tests" / "skips.yaml").read_text("utf-8"))
    return [reason for each in listed for reason in each["reasons"]]


def judge_skip[Report: (pytest.TestReport, pytest.CollectReport)](report: Report) -> Report:
    """The report; one that failed if it is skipped for a reason that is not listed."""
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not any(fnmatchcase(reason, each) for each in allowed_skips()):
            report.outcome = "failed"
            report.longrepr = f"skipped for a reason that tests/skips.yaml does not list: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return judge_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return judge_skip((yield))


PATH = os.environ.get("PATH", "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """A test leaves the environment as it was: else the next one finds no browser, and nobody knows why."""
    yield
    if (left := os.environ.get("PATH")) != PATH:
        os.environ["PATH"] = PATH
        pytest.fail(f"PATH is {left} after {item.nodeid} or a thread of an earlier test")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


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
    asked = [(listener.cursor.rules, logged.request) for listener in listeners for logged in listener.log]
    assert [each.url for rules, each in asked if any(rule.resembles(each) for rule in rules.refuse)] == []


@pytest.fixture(scope="module")
def full_browser() -> Iterator[None]:
    """The Chromium of a person, with windows and a viewer of PDFs, where there is one."""
    with whole_chromium():
        yield


@pytest.fixture(scope="session")
def without_browsers(once: Once) -> dict[str, str]:
    """Variables with which no browser is found, but every other program."""

    def fill(links: Path) -> None:
        for number, folder in enumerate(os.environ["PATH"].split(os.pathsep)):
            if any(Path(folder, name).exists() for name in chromium.ON_PATH):
                (links / str(number)).mkdir()
                for program in Path(folder).iterdir():
                    if program.name not in (*chromium.ON_PATH, "apt-get"):  # which would install one
                        (links / str(number) / program.name).symlink_to(program)

    links = once("programs", fill)
    path = [str(links / str(number)) if (links / str(number)).exists() else folder
            for number, folder in enumerate(os.environ["PATH"].split(os.pathsep))]  # fmt: skip
    hidden = {"PATH": os.pathsep.join(path), "PLAYWRIGHT_BROWSERS_PATH": str(links), "ARCHIVER_CHROMIUM": ""}
    return hidden | {"PLAYWRIGHT_DOWNLOAD_HOST": chromium.NOWHERE}


@pytest.fixture(autouse=True)
def browser_where_marked(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that is not marked `browser` passes without one, and does without: what it starts prints no pages."""
    with pytest.MonkeyPatch.context() as patched:  # of its own, since a test may undo what it changed
        if not request.node.get_closest_marker("browser") and "checker" not in request.fixturenames:
            for name, value in request.getfixturevalue("without_browsers").items():
                patched.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def no_home_named() -> None:
    """A command of an earlier test, in this process, may have named its home."""
    name_home(None)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """What tests write of their users' passwords takes little work, here and in a desk that checks it: each hash tells
    its cost. What a desk writes itself takes as much as ever."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Users, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_readers() -> Iterator[None]:
    """Readers of documents that tests start have imported already what they need; see `tests.support.forked`."""
    with pytest.MonkeyPatch.context() as patched:
        if sys.platform == "linux":
            patched.setattr(worker, "start_process", start_reader)
        yield


@pytest.fixture
def real_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers start as in a user's program, where their start or their limits are what a test is about."""
    monkeypatch.setattr(worker, "start_process", START_PROCESS)


type Once = Callable[[str, Callable[[Path], object]], Path]
"""Gives a folder of that name, which the first that asks fills; nobody changes it then."""


@pytest.fixture(scope="session")
def once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Once:
    """For what many tests begin with: made once for all worker processes, copied by each test."""
    base = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # the variables of a worker are also those of a run that a test starts
        base = base.parent

    def make(name: str, fill: Callable[[Path], object]) -> Path:
        with FileLock(base / f"{name}.lock"):
            if not (base / name).exists():
                fill(new := tmp_path_factory.mktemp(name))
                new.rename(base / name)
        return base / name

    return make


@pytest.fixture
def new_home(once: Once, tmp_path: Path) -> Callable[..., Home]:
    """Makes a home with one client, `acme`; `new_home(replay=False)` makes a real one."""

    def make(*, replay: bool = True) -> Home:
        origin = once(f"begun-{'replay' if replay else 'live'}", lambda folder: begun(folder, replay=replay))
        shutil.copytree(origin, tmp_path, dirs_exist_ok=True)
        return Home(tmp_path / "home", clean_environment(tmp_path))

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
def first_run(once: Once) -> Path:
    """A folder with a replay home after its first run, and its key."""

    def fill(folder: Path) -> None:
        home = begun(folder)
        home.account("one", "shutterstock")
        home("run", "--replay", QUICK)

    return once("first-run", fill)


@pytest.fixture
def ran(first_run: Path, tmp_path: Path) -> Home:
    """A copy of a replay home with one client, `acme`, and one account, `one`, that was archived."""
    shutil.copytree(first_run, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path / "home", clean_environment(tmp_path))
