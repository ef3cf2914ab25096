"""A picture counts as removed only if a visit and a look at its pages no longer find it; captures stay beside it."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest

from archiver.agency.audit import page_captures, picture_marks, site_audit
from archiver.agency.audit.audit_page import page
from archiver.agency.audit.audit_store import captures_of, folder_of
from archiver.archive.checking.parts.ledger_lines import newest_checkpoint
from archiver.archive.reader import Archive
from archiver.catalogue import embedding
from archiver.core.errors import BrowserMissing, ConfigError, SiteUnavailable
from tests.support.agency import Agency
from tests.support.audited_site import AuditedSite, Served
from tests.support.pictures import scene

from .test_site_audit import STRANGERS, audited, forget, picture
from .test_site_audit import at as at  # the agency of the audit's tests


@pytest.fixture(autouse=True)
def hashes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "installed", lambda: False)


def removed(at: Agency, name: str) -> dict[str, Any]:
    return picture_marks.mark(at.home, "acme", name, "removed", "Ada Example", "Replaced on the page")


@pytest.mark.long  # marks of pictures: test_site_audit.py
@pytest.mark.browser
def test_a_removal_has_captures_of_before_and_after_and_a_person_makes_one_evidence(at: Agency) -> None:
    forget(at)
    shown, gone = "<h1>News</h1><img src=/x.jpg>", "<h1>News</h1><p>without"
    files: dict[str, Served] = {"/": shown, "/x.jpg": picture(STRANGERS[0])}
    evidence = at.home.archive("acme")
    with AuditedSite(files) as site:
        (row,) = audited(at, site)["pictures"]
        name, sealed = row["picture"], sorted(evidence.rglob("*"))
        before = picture_marks.capture(at.home, "acme", name)
        assert (before["state"], before["page"]) == ("shows", f"{site.url}/")
        with pytest.raises(ConfigError, match="still found"):
            removed(at, name)
        site.files["/"] = 500  # what was not read may still show it
        audited(at, site)
        with pytest.raises(ConfigError, match="did not read"):
            removed(at, name)
        site.files["/"] = gone
        audited(at, site)
        site.files["/"] = 500  # nor does an error say that it is gone
        with pytest.raises(SiteUnavailable):
            removed(at, name)
        site.files["/"] = shown.replace("x.jpg", "y.jpg")  # it came back after the visit, at another address
        site.files["/y.jpg"] = picture(STRANGERS[0], (640, 427))
        with pytest.raises(ConfigError, match="again now"):
            removed(at, name)
        site.files["/"] = gone
        (after,) = removed(at, name)["captures"]
        assert (after["state"], after["files"].keys()) == ("shows_not", before["files"].keys())
        assert {method for method, *_ in site.asked} == {"GET"}
    made = site_audit.report(at.home, "acme")
    (row,) = made["gone"]
    assert row["mark"]["mark"] == "removed" and [each["state"] for each in row["captures"]][-1] == "shows_not"
    html = page(made, site_audit.previews(at.home, "acme", made), "de")
    assert "Die Seite zeigt das Bild nicht" in html and html.count("data:image/jpeg") >= 3
    assert sorted(evidence.rglob("*")) == sealed  # working papers until a person decides

    entered = at.run.json("audit", "enter", "acme", name, "--by", "Ada Example")
    place = evidence / "evidence/sightings"
    (statement,) = place.rglob("statement.json")
    said = json.loads(statement.read_bytes())
    assert (said["by"], said["sighting"]["state"], said["on_site_since"]) == ("Ada Example", "shows_not",
                                                                             row["on_site_since"])  # fmt: skip
    assert {path.name for path in statement.parent.iterdir()} == {"statement.json", *after["files"]}
    assert entered["outcome"] == "entered"
    assert at.run.json("audit", "enter", "acme", name, "--by", "Ada Example")["outcome"] == "known"
    assert at.run("verify", "--client", "acme").returncode == 0
    lines = list(Archive(evidence).lines())
    assert [line.type for line in lines if ":sighting:" in (line.id or "")] == ["capture", "statement"]
    assert newest_checkpoint(evidence)[0] == len(lines)  # sealed
    newest = captures_of(at.home, "acme")[name][-1]
    (folder_of(at.home, "acme", name, newest["folder"]) / "page.png").write_bytes(b"another")
    with pytest.raises(ConfigError, match="changed after"):
        picture_marks.enter(at.home, at.vault, "acme", name, "Ada Example")


@pytest.mark.long  # on one page: below
@pytest.mark.browser
def test_a_picture_is_looked_for_wherever_it_was(at: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    """On each of its pages, in a page's own bytes, and in a PDF; a page that is no more does not show it."""
    forget(at)
    wanted, paper = picture(STRANGERS[0]), io.BytesIO()
    scene(STRANGERS[0]).save(paper, "PDF")
    within = f"<img src='data:image/jpeg;base64,{base64.b64encode(wanted).decode()}'>"
    files: dict[str, Served] = {
        "/": "<a href=/b>b</a><a href=/c.pdf>c</a><img src=/x.jpg>", "/b": "<img src=/x.jpg>", "/x.jpg": wanted,
        "/c.pdf": paper.getvalue(), "/robots.txt": "", "/login": "<p>",
    }  # fmt: skip
    empty: dict[str, Served] = {"/": "<a href=/b>b</a><a href=/c.pdf>c</a>", "/b": "<p>", "/c.pdf": 404}
    with AuditedSite(files) as site:
        (row,) = audited(at, site)["pictures"]
        name = row["picture"]
        assert len(row["pages"]) == 3
        with pytest.raises(ConfigError, match="can be marked"):
            picture_marks.mark(at.home, "acme", name, "lost", "Ada Example", "x")
        for by, reason in ((" ", "x"), ("Ada Example", " ")):
            with pytest.raises(ConfigError, match="name of a person and a reason"):
                picture_marks.mark(at.home, "acme", name, "own", by, reason)
        site.files |= empty
        audited(at, site)
        for path, back in (("/b", "<img src=/x.jpg>"), ("/b", within), ("/c.pdf", paper.getvalue())):
            site.files[path] = back
            with pytest.raises(ConfigError, match="again now"):
                removed(at, name)
            site.files |= empty
        site.files["/b"] = "<img src=/login><img src=http://localhost:9/x.jpg>"  # of no picture that may be asked for
        site.asked.clear()
        after = removed(at, name)["captures"]
        assert [each["state"] for each in after] == ["shows_not"] * 3 and after[2]["status"] == 404
        assert "/login" not in site.paths()
        assert {"http://localhost:9/x.jpg", f"{site.url}/login"} <= {
            each for one in after for each in one["not_asked_for"]
        }
        for blank in ("", " "):
            with pytest.raises(ConfigError, match="--by"):
                picture_marks.enter(at.home, at.vault, "acme", name, blank)
        said = list[str]()

        def none() -> None:
            raise BrowserMissing("none here")

        monkeypatch.setattr(page_captures, "usable", none)
        done = picture_marks.mark(at.home, "acme", name, "removed", "Ada Example", "x", warn=said.append)
        assert done["captures"] == [] and "not captured" in said[0]
