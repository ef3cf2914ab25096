"""The pictures in use on a client's site, as a gallery: filters, one picture, a mark, and the report."""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Callable

import pytest
from openpyxl import load_workbook

from archiver.audit import site_audit
from archiver.audit.audit_store import AuditStore, path_of
from archiver.audit.visit_options import AuditOptions
from archiver.catalogue import embedding
from tests.support.audited_site import AuditedSite
from tests.support.claims_kit import jpeg
from tests.support.desk_kit import Person, Served
from tests.support.pictures import scene


def test_a_person_looks_through_the_pictures_and_marks_one(
    served: Served, person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "installed", lambda: False)
    olaf, rita = person("Olaf Operator"), person("Rita Reader")
    assert "archiver audit run beta" in rita.get("/pictures/beta").text
    hostile = "<script>alert(1)</script>"
    names = ["/shutterstock_1999999999.jpg", "/x.jpg"]
    files: dict[str, str | bytes] = {
        "/": "".join(f"<img src='{name}'>" for name in names),
        **{name: jpeg(scene(310 + n)) for n, name in enumerate(names)},
    }
    settings = served.agency.run.root / "archiver.yaml"
    settings.write_text(f"{settings.read_text()}pacing: {{default: 0}}\n")
    with AuditedSite({**files}) as site:
        made = site_audit.run(served.agency.home, "beta", AuditOptions(sites=[site.url]))
        stock, unknown = made["pictures"]
        place = f"/pictures/beta/{unknown['picture']}"
        assert rita.post(f"{place}/capture", {}).status_code == 403
        olaf.post(f"{place}/capture", {})
        while not (folders := set(re.findall(rf"{place}/captures/([^/\"]+)/", page := rita.get(place).text))):
            assert 'class="note bad' not in page
            time.sleep(0.1)
    (folder,) = folders
    assert olaf.get("/pictures").status_code == 200
    shown = rita.get("/pictures/beta?show=looks_like_stock").text
    assert stock["picture"] in shown and unknown["picture"] not in shown
    assert rita.get(f"{place}/here.jpg").content.startswith(b"\xff\xd8")
    assert "Unbekannt" in rita.get(f"{place}?lang=de").text
    rita.get(f"{place}?lang=en")
    marked = {"mark": "own", "by": "Olaf Operator", "reason": hostile}
    assert rita.post(f"{place}/mark", marked).status_code == 403
    assert olaf.post(f"{place}/mark", marked | {"reason": ""}).status_code == 409
    assert olaf.post(f"{place}/mark", marked | {"mark": "removed"}).status_code == 409  # it is still there
    olaf.post(f"{place}/mark", marked)
    page = rita.get(place).text
    assert hostile not in page and "&lt;script&gt;" in page and "Olaf Operator" in page
    assert unknown["picture"] in rita.get("/pictures/beta?show=marked").text
    kept = f"{place}/captures/{folder}"
    assert rita.get(f"{kept}/page.png").content.startswith(b"\x89PNG")
    assert rita.get(f"{kept}/sighting.json").status_code == rita.get(f"{place}/captures/x/page.png").status_code == 404
    assert rita.post(f"{kept}/enter", {"by": "Rita Reader"}).status_code == 403
    olaf.post(f"{kept}/enter", {"by": "Olaf Operator"})
    assert list(served.agency.home.archive("beta").rglob("evidence/sightings/**/capture.warc.gz"))
    book = load_workbook(io.BytesIO(rita.get("/pictures/beta/report.xlsx").content))
    assert len(book.sheetnames) == 6
    for wrong in (
        "/pictures/nobody",
        "/pictures/beta/0123",
        "/pictures/beta/report.exe",
        "/pictures/nobody/x/here.jpg",
    ):
        assert rita.get(wrong).status_code == 404


@pytest.mark.parametrize("count", [0, 1, 400])
def test_each_picture_of_a_visit_stands_on_one_page_of_the_gallery(
    served: Served, person: Callable[..., Person], count: int
) -> None:
    rita, home = person("Rita Reader"), served.agency.home
    path_of(home, "acme").unlink(missing_ok=True)
    row = {
        "sha256": "0" * 64, "width": 900, "height": 600, "pages": ["https://acme.example/"], "addresses": ["/x.jpg"],
        "first_seen": "2026-11-01T00:00:00Z", "on_site_since": "2026-11-01", "licences": [], "generated": None,
        "reasons": [{"rule": "no_sign", "en": "Nothing.", "de": "Nichts."}],
    }  # fmt: skip
    names = [f"{n:012x}" for n in range(count)]
    with AuditStore(path_of(home, "acme")) as store:
        number, _ = store.begin({"sites": ["https://acme.example"], "hosts": []})
        store.put_answers(number, [(name, "unknown", row, b"") for name in names])
        store.end(number)
    for language in ("de", "en"):
        found, following = list[str](), f"/pictures/acme?lang={language}"
        while following:
            page = rita.get(following).text
            found += re.findall(r'<span class="mono">([0-9a-f]{12})</span>', page)
            after = re.search(r'href="([^"]+)" rel="next"', page)
            following = html.unescape(after[1]) if after else ""
        assert sorted(found) == names
    path_of(home, "acme").unlink()
