"""A licence without a title is called by what a person knows of it, in one way at the desk, in packs and in reports."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from archiver.claims.work_name import name_of_folder, numbered, work_name
from archiver.core.model import Asset
from tests.support.agency import agency, record
from tests.support.claims_kit import licence
from tests.support.desk_in_process import desk_on

UNTITLED = Asset(provider="shutterstock", asset_id="1234567", media_type="images")


@pytest.mark.parametrize(("asset", "day", "english", "german"), [
    (UNTITLED, date(2026, 11, 5), "Picture 1234567 from Shutterstock, 5 November 2026",
     "Bild 1234567 von Shutterstock, 5. November 2026"),
    (replace(UNTITLED, media_type="videohive.net"), None, "Video 1234567 from Shutterstock",
     "Video 1234567 von Shutterstock"),
    (replace(UNTITLED, media_type=None), None, "Asset 1234567 from Shutterstock", "Werk 1234567 von Shutterstock"),
    (replace(UNTITLED, title="Harbour"), None, "Harbour", "Harbour"),
])  # fmt: skip
def test_a_work_is_called_by_its_title_or_by_what_it_is(
    asset: Asset, day: date | None, english: str, german: str
) -> None:
    assert (work_name(asset, day, "en"), work_name(asset, day, "de")) == (english, german)


def test_a_file_s_name_is_better_known_than_a_number_and_a_folder_is_the_last_resort() -> None:
    assert work_name(UNTITLED, None, "en", "harbour.jpg") == "harbour.jpg"
    assert numbered(UNTITLED, "de") == "Bild 1234567"
    named = name_of_folder("acme/20261105_adobe_stock_1234567_1a2b3c4d", "de")
    assert named == "Werk 1234567 von Adobe Stock, 5. November 2026"
    assert name_of_folder("undated_freepik_9_1a2b3c4d", "en") == "Asset 9 from Freepik"


def test_every_page_calls_a_licence_without_a_title_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english, german = "Picture 8001 from Shutterstock, 9 March 2026", "Bild 8001 von Shutterstock, 9. März 2026"
    with agency(tmp_path) as at:
        known = licence("8001")
        known = replace(known, asset=replace(known.asset, title=None, media_type="photo"))
        [filed] = at.archive("acme", (known, [record()]))
        at.archive("house", (replace(known, licence_id="another", licensed_at=date(2026, 3, 9)), [record()]))
        with desk_on(at.run, monkeypatch) as desk:
            owner = desk.person()
            for place in ("/find?q=8001", "/licences", "/licences?view=table", "/client/acme", "/unassigned",
                          f"/licence/acme/{filed.folder}"):  # fmt: skip
                for language, name in ("en", english), ("de", german):
                    page = owner.get(f"{place}{'&' if '?' in place else '?'}lang={language}").text
                    assert name in page, (place, language)
        month = json.loads(at.run("report", "--client", "acme", "--json").stdout)["month"]
        out = tmp_path / "report.html"
        at.run("report", "--client", "acme", "--month", month, "--out", str(out))
        assert english in out.read_text("utf-8")
