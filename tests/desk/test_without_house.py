"""A home without a house archive, as most are: nothing of the desk needs one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.desk.auth import Links
from tests.support.agency import Agency, agency, certificate, record
from tests.support.claims_kit import licence
from tests.support.companion_kit import capture, desk_of
from tests.support.desk_in_process import desk_on


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path) as at:
        (at.run.root / "clients" / "house.yaml").unlink()
        yield at


def test_a_licence_is_shown_to_each_role_and_through_a_clients_link(
    alone: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    [stored] = alone.archive("acme", (licence("9001"), [record(), certificate("Licence shutterstock-9001")]))
    with desk_on(alone.run, monkeypatch) as desk:
        guest = desk.stranger()
        guest.get(f"/link/{Links(desk.home.state).made('acme', 7)[0]}")
        for person in (desk.person(), desk.person("Rita", "read"), desk.person("Olaf", "operate"), guest):
            for page in (f"/licence/acme/{stored.folder}", "/find?q=9001&client=acme", "/find?q=none&client=acme"):
                assert person.get(page).status_code == 200, page


def test_a_browsers_capture_for_no_client_begins_the_house_archive(alone: Agency) -> None:
    page = {"url": "https://shop.example/thanks", "title": "Thanks", "referrer": "", "remarks": []}
    about = capture("", how="marked", platform="", asset="", page=page, download=None)
    with desk_of(alone) as desk:
        answer = desk.browser().send(about, page_html=b"<p>Thank you", page_txt=b"Thank you").json()
    assert (answer.get("outcome"), answer.get("client")) == ("unread", "house"), answer
    assert alone.home.clients["house"].name == "Agency Ltd"
