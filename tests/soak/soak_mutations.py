"""Every mutation of every adapter's list, played by the real run, those of web pages in Chromium: `make soak-long`."""

from __future__ import annotations

import pytest

from archiver.provider import web_list
from tests.providers.test_mutations import answers, ends_honestly, shown, web
from tests.providers.test_scenarios import SITES, Play, play, stage  # noqa: F401  # fixtures
from tests.support.mutations import Mutation

EVERY = [
    pytest.param(site.provider, mutation, id=f"{site.provider}: {name}")
    for site in SITES.values()
    for name, mutation in (web(site) if site.browser else answers(site))
]


def test_there_are_enough() -> None:
    assert len(EVERY) > 200 and {each.values[0] for each in EVERY} == SITES.keys()


@pytest.mark.browser
@pytest.mark.parametrize(("provider", "mutation"), EVERY)
def test_a_list_that_changed_is_never_complete_with_a_licence_missing(
    provider: str,
    mutation: Mutation,
    play: Play,  # noqa: F811  # the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_list, "ROWS_TIMEOUT_S", 1.0)
    monkeypatch.setattr(web_list, "STALL_TIMEOUT_S", 0.3)
    site = SITES[provider]
    ends_honestly(site, mutation(shown(site)), play(provider))
