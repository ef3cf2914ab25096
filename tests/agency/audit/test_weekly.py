"""A client's site is visited once a week, and only what is new and not covered makes a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook

from archiver.agency.audit import picture_marks, site_audit, weekly
from archiver.agency.audit.audit_page import write
from archiver.agency.notification_causes import causes
from archiver.catalogue import embedding
from archiver.home.settings import Home
from archiver.home.settings_edit import set_audit
from archiver.home.settings_models import AuditSettings
from tests.support.agency import Agency
from tests.support.audited_site import AuditedSite, Served
from tests.support.claims_kit import jpeg
from tests.support.pictures import scene

from .test_site_audit import COVERED, forget, picture
from .test_site_audit import at as at  # the agency of the audit's tests


@pytest.fixture(autouse=True)
def hashes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "installed", lambda: False)


def told(home: Home) -> list[tuple[str, str]]:
    """What a message is about: a new item makes a new message."""
    found = [cause for cause in causes(home, datetime.now(UTC)) if cause.about == "acme" and cause.kind == "concern"]
    return [(cause.items[0], cause.happened) for cause in found]


@pytest.mark.long  # a second visit: test_site_audit.py
def test_a_weekly_visit_tells_of_what_is_new(at: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(at)
    files: dict[str, Served] = {
        "/": "<img src=/a.jpg><img src=/shutterstock_1234567890.jpg>", "/a.jpg": jpeg(scene(300)),
        "/shutterstock_1234567890.jpg": picture(COVERED),
    }  # fmt: skip
    with AuditedSite(files) as site:
        set_audit(at.run.root, "acme", AuditSettings(sites=(site.url,), pages=9, use="commercial"))
        now, said = datetime.now(UTC), list[str]()
        (made,) = weekly.visit_due(at.home, said.append)
        first, covered = (row["picture"] for row in made["pictures"])
        assert made["answers"]["licence_covers"] == 1
        ((item, said_first),) = told(at.home)
        assert first in said_first and covered not in said_first
        assert weekly.visit_due(at.home, said.append, now=now + timedelta(days=5)) == []
        with monkeypatch.context() as short:
            short.setattr(weekly, "MAX_NIGHT_HOURS", 0.0)
            (stopped,) = weekly.visit_due(at.home, said.append, now=now + timedelta(days=7))
        (ended,) = weekly.visit_due(at.home, said.append, now=now + timedelta(days=1))  # the next night goes on
        assert (stopped["outcome"], ended["outcome"]) == ("partial", "complete")
        assert told(at.home) == [(item, said_first)]  # nothing new: no new message
        site.files |= {"/": "<img src=/a.jpg><img src=/=b.jpg>", "/=b.jpg": jpeg(scene(301))}
        (made,) = weekly.visit_due(at.home, said.append, now=now + timedelta(days=7))
        (new,) = (row["picture"] for row in made["pictures"] if row["new"])
        ((news, said_then),) = told(at.home)
        assert news != item and new in said_then and first not in said_then
        for each in (first, new):
            picture_marks.mark(at.home, "acme", each, "own", "Ada Example", "Taken by us")
        assert told(at.home) == []
        set_audit(at.run.root, "acme", None)
        assert weekly.visit_due(at.home, said.append, now=now + timedelta(days=30)) == []
        # The workbook: what changed comes first, and nothing of the site is a formula.
        out = at.run.root / "report.xlsx"
        write(made, site_audit.previews(at.home, "acme", made), out, "de")
        book = load_workbook(out)
        assert book.sheetnames[0] == "Geändert" and len(book.sheetnames) == 6
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        assert f"{site.url}/=b.jpg" in {cell.value for row in book["Geändert"].iter_rows() for cell in row}
        assert len(book["Unbekannt"]._images) == 2


def test_one_site_that_cannot_be_read_does_not_stop_the_others(at: Agency) -> None:
    forget(at)
    with AuditedSite({"/": "<img src=/a.jpg>", "/a.jpg": jpeg(scene(300))}) as site:
        set_audit(at.run.root, "acme", AuditSettings(sites=("ftp://not a site",)))
        set_audit(at.run.root, "beta", AuditSettings(sites=(site.url,)))
        said = list[str]()
        made = weekly.visit_due(at.home, said.append)
        assert [each["client"] for each in made] == ["beta"]
        assert any(line.startswith("acme: the audit of the site stopped") for line in said)
        set_audit(at.run.root, "acme", None)
        set_audit(at.run.root, "beta", None)
