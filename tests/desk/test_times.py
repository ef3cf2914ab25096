"""People read times by the agency's clocks; evidence stays in UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archiver.core import localised
from archiver.home.settings_edit import change_settings
from tests.support.agency import agency, record
from tests.support.claims_kit import licence
from tests.support.desk_in_process import desk_on

LATE = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "said", "day"), [
    (UTC, "30 June 2026, 22:30 UTC", "30 June 2026"),
    (ZoneInfo("Europe/Berlin"), "1 July 2026, 00:30", "1 July 2026"),
    (ZoneInfo("America/New_York"), "30 June 2026, 18:30", "30 June 2026"),
])  # fmt: skip
def test_a_moment_has_the_day_of_its_own_zone(zone: ZoneInfo, said: str, day: str) -> None:
    assert (localised.moment(LATE, "en", zone), localised.day(LATE, "en", zone)) == (said, day)
    assert localised.moment("2026-06-30", "en", zone) == "30 June 2026", "a day has no zone"


@pytest.mark.parametrize(("country", "machine", "expected"), [
    ("DE", "Asia/Tokyo", "Europe/Berlin"), ("", "Asia/Tokyo", "Asia/Tokyo"), ("SG", "Asia/Tokyo", "Asia/Tokyo"),
])  # fmt: skip
def test_pages_have_the_agency_s_clocks_and_evidence_has_utc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, country: str, machine: str, expected: str
) -> None:
    with agency(tmp_path) as at, monkeypatch.context() as patch:
        change_settings(at.run.root, "agency", {"name": "Agency Ltd", "country": country, "language": "en"})
        [filed] = at.archive("acme", (licence("8001", licensed_at=LATE), [record()]))
        written = str(at.run.json("show", f"acme/{filed.folder}")["history"][0]["at"])
        patch.setenv("TZ", machine)
        time.tzset()
        with desk_on(at.run, patch) as desk:
            page = desk.person().get(f"/licence/acme/{filed.folder}").text.replace("\u00a0", " ")
            assert localised.moment(written, "en", ZoneInfo(expected)) in page, "when it was archived"
            assert localised.moment(written, "en") in page[page.index("Entries in the ledger") :]
            assert "30 June 2026" in page and "1 July 2026" not in page, "the licence's date is that of the proof"
            assert f"Times are those of {'Berlin' if expected == 'Europe/Berlin' else 'JST'}" in page
            report = at.run.json("report", "--client", "acme")["checkpoint"]
            assert str(report["secured_since"]).endswith("Z")
    time.tzset()
