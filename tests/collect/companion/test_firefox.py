"""The extension in a real Firefox: pairing, a watched download, and "archive this"."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.collect.companion.test_extension import CERTIFICATES, site
from tests.support.companion_kit import companion_desk
from tests.support.extension_kit import CANARIES, FREEPIK, OTHER, shop
from tests.support.firefox_kit import FIREFOX, Firefox, firefox

pytestmark = [pytest.mark.long, pytest.mark.skipif(not FIREFOX, reason="Firefox is not installed")]


def test_firefox_pairs_watches_and_archives_a_page(tmp_path: Path) -> None:
    with (
        companion_desk(tmp_path / "agency") as desk,
        shop(site) as platform,
        firefox(tmp_path / "firefox", platform.port, (FREEPIK, OTHER)) as (browser, base),
    ):
        first = browser.ask("WebDriver:GetWindowHandle")
        browser.go(f"{base}window.html")
        browser.wish("pair", address=desk.base, code=desk.owner.code())
        for host, client in ((FREEPIK, "acme"), (OTHER, "beta")):
            browser.wish("choose", host=host, client=client, job="")
        second = browser.ask("WebDriver:NewWindow", type="tab")["handle"]
        browser.ask("WebDriver:SwitchToWindow", handle=second)
        asset = next(iter(CERTIFICATES))
        browser.go(f"https://{FREEPIK}/photo/walk_{asset}.htm")
        browser.run("document.querySelector('#link').click(); arguments[0]()")
        [newest] = _secured(browser, first, 1)
        assert (newest["outcome"], newest["clientName"], newest["missed"]) == ("archived", "Acme Ltd", []), newest
        browser.ask("WebDriver:SwitchToWindow", handle=second)
        browser.go(f"https://{OTHER}/certificate.html")
        browser.ask("WebDriver:SwitchToWindow", handle=first)
        tabs = browser.run("chrome.tabs.query({}).then(arguments[0])")
        browser.wish("archive", tabId=next(each["id"] for each in tabs if OTHER in each.get("url", "")))
        newest, _ = _secured(browser, first, 2)
        assert (newest["outcome"], newest["clientName"]) == ("archived", "Beta GmbH"), newest
        [found] = desk.at.run.json("find", str(asset), "--client", "acme")
        shown = desk.at.run.json("show", found["licence"])
        assert {"companion-certificate.pdf", "companion-page.html"} <= {each["name"] for each in shown["documents"]}
        everything = [path.read_bytes() for path in desk.at.home.root.rglob("*") if path.is_file()]
        assert not [canary for canary in CANARIES for each in everything if canary.encode() in each]


def _secured(browser: Firefox, window: str, number: int) -> list[dict[str, Any]]:
    browser.ask("WebDriver:SwitchToWindow", handle=window)
    for _ in range(600):
        state = browser.wish("state")
        if len(state["history"]) >= number and not state["waiting"]:
            return list(state["history"])
        time.sleep(0.1)
    raise AssertionError(state)
