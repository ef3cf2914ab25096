"""A new client's first licences: from the empty desk to the list, counted, by mouse and by keyboard alone."""

from __future__ import annotations

from typing import cast

import pytest
from playwright.sync_api import Browser

from archiver.desk.auth import Users
from archiver.home.vault import Vault
from tests.desk.test_claim_journey import COUNT, clicks
from tests.desk.test_desk import use, visiting
from tests.support.agency import Agency
from tests.support.desk_kit import PASSWORD, serving
from tests.support.homes import Home

MOST_CLICKS = 10


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_new_clients_first_licences_take_at_most_ten_clicks(browser: Browser, home: Home, by: str) -> None:
    Users(home.root).add("Olaf Operator", "operate", PASSWORD)
    at = Agency(home, cast("Vault", None))  # the desk opens it by itself
    with serving(at) as desk, visiting(browser, desk) as page:
        page.add_init_script(COUNT)
        page.goto("/")
        use(page, by, "link", "Add a client")
        page.locator("#name").focus()
        page.keyboard.type("Gamma Ltd")
        page.locator("#slug").focus()
        page.keyboard.type("gamma")
        use(page, by, "button", "Add a client")
        page.wait_for_url("**/client/gamma")
        use(page, by, "link", "Connect an account")
        page.wait_for_url("**/accounts/new?client=gamma")
        use(page, by, "link", "Connect Shutterstock")
        page.wait_for_url("**provider=shutterstock**")
        use(page, by, "button", "Test the sign-in and add it")
        page.wait_for_url("**/accounts**added=**")
        use(page, by, "button", "Run now")
        page.get_by_text("The run has ended").wait_for(timeout=300_000)
        use(page, by, "link", "Licences")
        page.locator("#totals").get_by_text("licences").first.wait_for()
        made = clicks(page)
        assert made[by != "mouse"] <= MOST_CLICKS and made[by == "mouse"] == 0
    assert home.json("find", "--client", "gamma")
