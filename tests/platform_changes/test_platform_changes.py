"""Drawn changes of platforms, played to the real adapters: complete only where nothing is missing that could be missed.

The suite plays a change of each kind of an interface, and one of a web list. `make soak-long` plays two thousand.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.platform_changes.grammar import KINDS, drawn
from tests.platform_changes.play import Verdict
from tests.platform_changes.table import verdicts

SEED = 50
WEB_IN_SUITE = ("web: more furniture",)


def faulty(found: list[Verdict]) -> str:
    return "\n".join(str(each) for each in found if each.faults)


def test_a_seed_draws_the_same_change_again() -> None:
    for kind in KINDS:
        once, again = drawn(kind, SEED), drawn(kind, SEED)
        assert (once.words, once.label, once.nights[0].truth) == (again.words, again.label, again.nights[0].truth)


def test_a_changed_interface_is_never_misread() -> None:
    found = asyncio.run(verdicts(drawn(kind, SEED) for kind in KINDS if kind.startswith("api")))
    assert not faulty(found), faulty(found)


@pytest.mark.browser
def test_a_changed_web_list_is_never_misread() -> None:
    found = asyncio.run(verdicts(drawn(kind, SEED) for kind in WEB_IN_SUITE))
    assert not faulty(found), faulty(found)
