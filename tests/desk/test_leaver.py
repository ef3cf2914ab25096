"""Somebody leaves: one search finds what the person bought and can reach, one export saves it."""

from __future__ import annotations

import pytest

from archiver.catalogue.licence_list import seats
from archiver.home.settings import Home as Loaded
from tests.support.desk_in_process import desk_on, ended
from tests.support.homes import Home


def test_one_search_and_one_export_have_what_a_leaver_bought(ran: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk_on(ran, monkeypatch) as desk:
        owner = desk.person()
        person, *_ = seats(Loaded.load(ran.root))
        assert f'<option value="{person}">' in owner.get("/leaver").text
        page = owner.get(f"/leaver?person={person}").text
        known = ran.json("account", "leaver", person, "--dry-run", "--replay", "recordings")["licences"]
        assert known and f"<dd>{len(known)}</dd>" in page
        saved = owner.get(f"/licences/export.csv?seat={person}").text
        assert all(each.partition("/")[2] in saved or each in saved for each in known)
        assert "Change or end each" in page and "Read once more" in page
        assert "/account/one" in page  # the secret that the person may know
        desk.person(person, "read")
        page = owner.get(f"/leaver?person={person.upper()}").text
        assert "is a user of this desk" in page and "is signed in at this desk" in page
        assert "Nothing here names this person" in owner.get("/leaver?person=Nobody+Example").text
        assert owner.post("/leaver", {"person": person}).status_code == 303
        ended(owner, ["The histories are read"])
        next((ran.root / "archive").glob("*/ledger/ledger.jsonl")).write_bytes(b"not a ledger\n")
        damaged = owner.get(f"/leaver?person={person}&lang=de")  # says what is damaged, and shows the rest
        assert damaged.status_code == 200 and "Das Archiv ist beschädigt" in damaged.text
        assert "/users" in damaged.text and "nicht bekannt</dd>" in damaged.text and "<dd>0</dd>" not in damaged.text
        nothing = owner.get("/leaver?person=Nobody+Example&lang=en").text
        assert "not known</dd>" in nothing and "Nothing is known here" in nothing
        assert "Change or end each" not in nothing and "Read once more" not in nothing
