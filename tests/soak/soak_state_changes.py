"""Thousands of requests that change something, against every adapter's rules and in Chromium: `make soak-long`."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.provider import installed
from tests.browsing.test_state_changes import nothing_arrives
from tests.provider.test_state_changes import none_passes

pytestmark = pytest.mark.anyio
PROVIDERS = sorted(installed())


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_change_passes_the_rules(provider: str) -> None:
    for seed in range(10):
        none_passes(provider, seed, 5000)


@pytest.mark.browser
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("seed", range(5))
async def test_no_change_leaves_chromium(provider: str, seed: int, tmp_path: Path) -> None:
    await nothing_arrives(provider, seed, 500, tmp_path)
