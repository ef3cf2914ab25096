"""Every platform that the archiver recognises has an adapter, or `providers` says why not and what one would need."""

from __future__ import annotations

import re

import pytest

from archiver.agency.asset_references import pages_of
from archiver.provider import Request, Rules, installed
from archiver.reading.platforms import PLATFORMS, marked
from archiver.reading.unsupported_platforms import UnsupportedPlatform, served
from tests.support.homes import Home

BY_HAND = {name: platform for name, platform in served().items() if platform.why}
OWNERS = {"fotolia": "adobe_stock"}  # a closed site, whose accounts another one took over
SPENDS = re.compile(r"/(download|downloads|reactivat\w*|re-?download|licen[cs]e-again|buy|upgrade|purchase)(/|$)")


def test_every_platform_that_papers_may_name_has_an_adapter_or_a_reason_or_is_known_by_papers_alone() -> None:
    papers = {name for name, platform in PLATFORMS.items() if platform.papers}
    assert set(PLATFORMS) - set(installed()) == set(BY_HAND) | papers
    assert not papers & {*BY_HAND, *installed()}


@pytest.mark.parametrize(("name", "platform"), BY_HAND.items(), ids=list(BY_HAND))
def test_a_platform_without_an_adapter_says_what_was_read_and_opens_only_its_own_pages(
    name: str, platform: UnsupportedPlatform
) -> None:
    assert re.search(r"Read on 2\d{3}-\d\d-\d\d$", platform.examined) and platform.needed and platform.documents
    assert platform.plans is PLATFORMS[name].plans
    assert "bar" not in re.findall(r"\b(bar)s?\b", platform.why) or platform.automation["stance"] == "restricted"
    for url in (*platform.pages, *platform.terms):
        assert url.startswith("https://") and OWNERS.get(name, name) in marked(url), url
        assert not SPENDS.search(url) and "refused everywhere" not in Rules(allow=()).refusal(Request("GET", url)), url


def test_the_reason_is_shown_and_the_terms_are_opened_beside_the_account(home: Home) -> None:
    listed = {each["name"]: each for each in home.json("providers")}
    for name in ("alamy", "123rf", "dreamstime", "storyblocks", "vecteezy", "noun_project", "imago"):
        platform, shown = BY_HAND[name], " ".join(home("providers", name).stdout.split())
        assert all(text in shown for text in (platform.examined, platform.needed, *platform.terms)), shown
        assert "Not yet run against a live account" in shown and platform.terms
        assert (listed[name]["examined"], listed[name]["needed"]) == (platform.examined, platform.needed)
        assert [each["url"] for each in listed[name]["terms"]] == list(platform.terms)
        assert pages_of(platform.title) == pages_of(name) == [*platform.pages, *platform.terms]
    assert listed["shutterstock"]["examined"] == listed["shutterstock"]["needed"] == ""
