"""The demo's home, which most people see first: every page, and every link that is on one, for everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.seen import look_at
from tests.journeys.visitor import LANGUAGES, Desk, add_people, desk_of, installed

pytestmark = pytest.mark.journey

START = ("/", "/find?q=harbour", "/check")
IN_THE_GATE = (("owner", "en"), ("Anna Admin", "de"), ("Olaf Operator", "en"), ("Rita Reader", "de"), ("client", "de"))
"""Who walks in which language there; the long form has both."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("demo") / "kept"
    installed(folder.parent)("demo", "--keep", folder)
    archiver = installed(folder)
    add_people(archiver)
    with desk_of(archiver) as desk:
        yield desk


@pytest.mark.parametrize(
    ("who", "language"),
    [pytest.param(who, language, marks=() if (who, language) in IN_THE_GATE else pytest.mark.long)
     for who in ("owner", "Anna Admin", "Olaf Operator", "Rita Reader", "client") for language in LANGUAGES],
)  # fmt: skip
def test_every_link_on_every_page_opens(desk: Desk, browser: Browser, who: str, language: str) -> None:
    if who == "client":
        visitor = desk.guest(desk.client_link("acme"), language)
    else:
        visitor = desk.owner(language) if who == "owner" else desk.person(who, language)
    walk = visitor.walk(*START, most=0 if (who, language) in (("owner", "en"), ("client", "de")) else 4)
    assert not walk.faults, "\n".join(walk.faults)
    pages = [address for address in walk.pages.values() if walk.opened[address] == 200]
    assert sum("/licence/" in each for each in walk.opened) > 5 and len(pages) > (3 if who == "client" else 15)
    look_at(browser, desk, visitor, pages, language)
