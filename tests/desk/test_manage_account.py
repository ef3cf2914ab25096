"""An account at the desk: renamed before its first run, closed after a last full reading, removed if it has nothing."""

from __future__ import annotations

import json
import re

import pytest

from archiver.home.settings import Home as Loaded
from tests.support.desk_in_process import desk_on, ended
from tests.support.desk_kit import PASSWORD
from tests.support.homes import Home


@pytest.mark.long  # by command: tests/agency/test_onboarding.py
def test_an_account_is_renamed_closed_and_removed_in_the_page(ran: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ran.account("two", "shutterstock")
    with desk_on(ran, monkeypatch) as desk:
        owner = desk.person()
        assert "Give it another name" not in owner.get("/account/one").text  # its name is in the ledger
        renamed = owner.post("/account/two/name", {"name": "second"})
        assert renamed.headers["location"] == "/account/second?done=account_renamed"
        assert owner.get("/account/two").status_code == 404
        page = owner.get("/account/one").text
        assert "Close the account" in page and "Remove the account" not in page  # it has licences
        assert owner.post("/account/one/remove").status_code == 409
        assert owner.post("/account/one/close", {"anyway": "1"}).status_code == 409  # nobody decides it
        assert owner.post("/account/one/close").headers["location"] == "/account/one"
        ended(owner, ["The last reading has ended"])
        page = owner.get("/account/one").text
        assert "The account is closed. Now end it at the platform." in page and "closed on" in page
        assert Loaded.load(ran.root).account("one").closed
        olaf = desk.person("Olaf Operator", "operate")
        assert olaf.post("/account/second/remove").status_code == 409  # without the password again
        assert "second" in {each.name for each in Loaded.load(ran.root).accounts()}
        assert olaf.post("/account/second/remove", {"again": PASSWORD}).status_code == 303
        assert "second" not in {each.name for each in Loaded.load(ran.root).accounts()}
        rita = desk.person("Rita Reader", "read")
        assert (
            rita.get("/account/one").status_code == 200
            and "<form" not in rita.get("/account/one").text.partition("<main")[2].partition("</main")[0]
        )
        assert rita.post("/account/one/close", {"again": PASSWORD}).status_code == 403


def test_a_person_says_which_row_is_the_first_purchase(ran: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ran.root / "state" / "history" / "one.json"
    kept.write_text(json.dumps({name: {**each, "ground": ""} for name, each in json.loads(kept.read_text()).items()}))
    with desk_on(ran, monkeypatch) as desk:
        owner = desk.person()
        page = owner.get("/account/one").text
        assert "Is this your first purchase?" in page and "/preview" in page.partition("first purchase?")[2]
        listing = re.findall(r'name="listing" value="([^"]+)"', page)[0]
        said = {"listing": listing, "by": "Ada Example"}
        assert owner.post("/account/one/first", said | {"month": "2001-01"}).status_code == 409
        assert owner.post("/account/one/first", said | {"month": first_month(ran, listing)}).status_code == 303
        assert "Said by Ada Example" in owner.get("/account/one").text


def first_month(home: Home, listing: str) -> str:
    found = home.json("account", "first", "one")["lists"]
    return str(next(each for each in found if each["listing"] == listing)["rows"][0]["day"][:7])
