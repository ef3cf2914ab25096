"""Every bundled recording, through the real run: one parametrised test for all adapters and scenarios.

Nothing else plays them all. Pages of terms, for which each run starts a browser page, are in two of them only.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from archiver.collect.run_tools import RunTools
from archiver.devkit.golden import check, checking
from archiver.provider import installed, load
from providers import free_family
from tests.providers.test_scenarios import SITES
from tests.support.homes import QUICK, RECORDINGS, Home

SCENARIOS = sorted(path.parent for path in RECORDINGS.glob("*/*/session.yaml"))


def in_the_suite() -> set[Path]:
    """The usual reading of each platform that test_scenarios.py does not play, and each other scenario at one platform,
    which take turns, but for the one that costs most; the rest is `long`."""
    chosen = {path for path in SCENARIOS if path.name == "two-pages" and path.parent.name not in SITES}
    for turn, name in enumerate(sorted({path.name for path in SCENARIOS})):
        alike = [path for path in SCENARIOS if path.name == name and path.parent.name != "envato_elements"]
        chosen |= {alike[turn % len(alike)]} if alike else set()
    return chosen


IN_THE_SUITE = in_the_suite()
WITH_TERMS = {"freepik", "shutterstock"}


@pytest.fixture(scope="module")
def runner() -> Iterator[tuple[asyncio.Runner, RunTools]]:
    """One event loop and one browser for all recordings of this file, whose pages show at once what they will show."""
    with asyncio.Runner() as loop, pytest.MonkeyPatch.context() as patched:
        patched.setattr(free_family, "PATIENCE", 1.0)
        context = checking()
        tools = loop.run(context.__aenter__())
        yield loop, tools
        loop.run(context.__aexit__(None, None, None))


@pytest.mark.browser
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.long] * (path not in IN_THE_SUITE)) for path in SCENARIOS],
    ids=lambda path: f"{path.parent.name}-{path.name}",
)
def test_recording(path: Path, runner: tuple[asyncio.Runner, RunTools]) -> None:
    loop, tools = runner
    part = path.relative_to(RECORDINGS)
    assert loop.run(check((RECORDINGS if part.parts[0] in WITH_TERMS else QUICK) / part, tools)) == []


def test_every_provider_has_its_scenarios() -> None:
    found = {(path.parent.name, path.name) for path in SCENARIOS}
    for provider in installed():
        if load(provider).info.on_request:  # single assets: no history, and no session
            names = ("two-pages", "removed", "layout-changed", "rate-limited", "bad-token")
            assert {(provider, name) for name in names} <= found
            continue
        for scenario in ("two-pages", "empty-history", "session-expired", "layout-changed", "rate-limited"):
            assert (provider, scenario) in found
        assert found & {(provider, "wrong-password"), (provider, "bad-token")}


def test_all_are_marked_as_authored() -> None:
    assert SCENARIOS
    for path in SCENARIOS:
        assert yaml.load((path / "session.yaml").read_text(), yaml.CSafeLoader)["origin"] == "authored"


def test_a_changed_expectation_fails_and_prints_the_field(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(RECORDINGS / "envato_market" / "two-pages", folder)
    expected = yaml.safe_load((folder / "expected.yaml").read_text())
    expected["licences"][0]["title"] = "Something else"
    (folder / "expected.yaml").write_text(yaml.safe_dump(expected))
    done = home("recording", "check", folder, code=1)
    assert f"licences.{expected['licences'][0]['licence_id']}.title" in done.stdout and "Something else" in done.stdout
