"""Two hundred downloads while the desk is away, and desk and browser are killed again and again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.collect.companion.test_extension import site, work_with_kills
from tests.support.desk_kit import playwright
from tests.support.extension_kit import shop

__all__ = ["playwright"]


@pytest.mark.browser
def test_two_hundred_captures_are_archived_once(playwright: Playwright, full_browser: None, tmp_path: Path) -> None:
    with shop(site) as platform:
        work_with_kills(playwright, platform, tmp_path, 200)
