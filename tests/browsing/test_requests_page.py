"""docs/requests.md says what is so: each feature that is off, and no test that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from archiver.browsing.request_guard import BROWSER_REQUESTS

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "requests.md").read_text("utf-8")


def test_every_feature_that_is_off_has_its_place_in_the_table() -> None:
    table = PAGE.partition("## How a browser sends requests")[2]
    assert [feature for feature in BROWSER_REQUESTS if f"`{feature}`" not in table] == []


def test_the_named_tests_exist() -> None:
    tests = "".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert {name for name in named if f"def {name}(" not in tests} == set() != named
