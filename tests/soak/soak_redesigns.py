"""Every redesign of every adapter's list, played by the real run, scripted pages in Chromium: `make soak-long`."""

from __future__ import annotations

import pytest

from archiver.provider import web_list
from tests.providers.test_mutations import ends_honestly
from tests.providers.test_redesigns import LOOKS, PER_PAGE, ends_honestly_in_chromium, interface, rows_of, scripted
from tests.providers.test_scenarios import SITES, Play, play, stage  # noqa: F401  # fixtures
from tests.support.redesigns import Answers, of_site

INTERFACES = [
    pytest.param(site.provider, answers, id=f"{site.provider}: {name}")
    for site in SITES.values() if not site.browser
    for name, answers in interface(site)
]  # fmt: skip
PAGES = [
    pytest.param(name, answers, id=f"{name}: {redesign}")
    for name in LOOKS if name in SITES
    for redesign, answers in [*scripted(name), *of_site(rows_of(name), LOOKS[name], PER_PAGE)]
]  # fmt: skip


def test_there_are_enough() -> None:
    assert len(INTERFACES) > 200 and len(PAGES) > 150


@pytest.mark.parametrize(("provider", "answers"), INTERFACES)
def test_a_redesigned_interface_is_never_complete_with_a_licence_missing(
    provider: str,
    answers: Answers,
    play: Play,  # noqa: F811  # the fixture
) -> None:
    ends_honestly(SITES[provider], answers, play(provider))


@pytest.mark.browser
@pytest.mark.parametrize(("name", "answers"), PAGES)
def test_a_redesigned_site_is_never_complete_with_a_licence_missing(
    name: str,
    answers: Answers,
    play: Play,  # noqa: F811  # the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_list, "ROWS_TIMEOUT_S", 3.0)
    ends_honestly_in_chromium(name, answers, play(name))
