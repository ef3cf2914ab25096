"""Who refuses: only the platform's own words are about the secret, and secrets that worked are tried again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from archiver.browsing.intermediary import challenger
from tests.support.homes import QUICK, RECORDINGS, Clock, Home

INTERFACES = (
    "adobe_stock",
    "depositphotos",
    "depositphotos_enterprise",
    "envato_market",
    "getty_images",
    "shutterstock",
)
WALLS: Mapping[str, Mapping[str, Any]] = {
    "challenge": {"status": 403, "headers": {"content-type": "text/html", "cf-mitigated": "challenge"}},
    "challenge as data": {
        "status": 403,
        "headers": {"content-type": "application/json", "x-datadome": "protected"},
        "text": '{"url": "https://geo.captcha-delivery.com/captcha/?cid=1"}',
    },
    "proxy": {"status": 401, "headers": {"content-type": "text/html; charset=utf-8"}},
    "waf": {"status": 405, "headers": {"x-amzn-waf-action": "captcha"}},
}


def walled(folder: Path, provider: str, wall: Mapping[str, Any]) -> Path:
    """A recording in which the first request of the sign-in meets the wall."""
    scenario = yaml.safe_load((QUICK / provider / "two-pages" / "session.yaml").read_text("utf-8"))
    scenario["exchanges"] = [
        {"request": scenario["exchanges"][0]["request"], "response": {"text": "<h1>Hm</h1>", **wall}}
    ]
    folder.mkdir(parents=True)
    (folder / "session.yaml").write_text(yaml.safe_dump(scenario), "utf-8")
    return folder


@pytest.mark.parametrize(
    "provider", [INTERFACES[0], *(pytest.param(each, marks=pytest.mark.long) for each in INTERFACES[1:])]
)
def test_a_wall_before_the_platform_is_no_word_about_the_secret(home: Home, tmp_path: Path, provider: str) -> None:
    home.account("one", provider, **({"username": "ada"} if "depositphotos" in provider else {}))
    for name, wall in WALLS.items():
        recording = walled(tmp_path / name / provider, provider, wall)
        [refused] = home.json("run", "--replay", recording, code=30)["accounts"]
        assert refused["error"] == "SiteUnavailable", (name, refused["message"])
    [read] = home.json("run", "--replay", QUICK)["accounts"]
    assert read["outcome"] == "complete" and read["archived"]


@pytest.mark.long  # a refusal of one night: below
def test_secrets_that_worked_are_tried_the_next_night_and_three_nights_later_and_then_rest(
    ran: Home, clock: Clock
) -> None:
    refusing = RECORDINGS / "shutterstock" / "bad-token"

    def night(day: str, recording: Path, code: int) -> str:
        at = Home(ran.root, ran.env | clock(day))
        return str(at.json("run", "--replay", recording, code=code)["accounts"][0]["message"])

    nothing = re.compile("nothing was tried")
    said = [night(f"2045-03-{day:02}", refusing, 10) for day in range(1, 9)]
    tried = [day for day, words in enumerate(said, 1) if not nothing.search(words)]
    assert tried == [1, 2, 5], said
    assert nothing.search(night("2045-06-01", QUICK, 10)), "it rests until a person acts"


def test_a_refusal_of_one_night_passes(ran: Home, clock: Clock) -> None:
    refused = Home(ran.root, ran.env | clock("2045-03-01"))
    refused("run", "--replay", RECORDINGS / "shutterstock" / "bad-token", code=10)
    again = Home(ran.root, ran.env | clock("2045-03-02"))
    assert again.json("run", "--replay", QUICK)["outcome"] == "complete"


def test_secrets_that_never_worked_are_tried_once(home: Home, clock: Clock) -> None:
    home.account("one", "shutterstock")
    for day, tried in (("2045-03-01", True), ("2045-03-02", False), ("2045-03-09", False)):
        at = Home(home.root, home.env | clock(day))
        [found] = at.json("run", "--replay", RECORDINGS / "shutterstock" / "bad-token", code=10)["accounts"]
        assert ("nothing was tried" not in found["message"]) is tried


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {"cf-mitigated": "challenge"}),
        (403, {"server": "cloudflare"}),
        (401, {"x-datadome": "protected"}),
        (401, {"x-iinfo": "1-2-3"}),
        (403, {}),
    ],
)
def test_a_platform_behind_a_service_may_answer_itself(status: int, headers: dict[str, str]) -> None:
    assert challenger(status, headers) is None
