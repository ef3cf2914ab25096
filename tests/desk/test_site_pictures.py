"""The pictures in use on a client's site, as a gallery: filters, one picture, a mark, and the report."""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from openpyxl import load_workbook

from archiver.agency.audit import site_audit
from archiver.agency.audit.audit_store import AuditStore, path_of
from archiver.agency.audit.visit_options import AuditOptions
from archiver.catalogue import embedding
from archiver.reading.fingerprint import Fingerprint
from tests.support.audited_site import AuditedSite
from tests.support.claims_kit import jpeg
from tests.support.desk_kit import Person, Served
from tests.support.pictures import scene


@pytest.mark.long  # marks by the command: test_site_audit.py
@pytest.mark.browser
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
        stock, unknown = sorted(made["pictures"], key=lambda each: "/x.jpg" in str(each))  # they come as they load
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
    assert 'required><option value="">Please choose' in olaf.get(place).text, "nobody says by mistake that it is theirs"
    olaf.post(f"{place}/mark", marked)
    page = rita.get(place).text
    assert hostile not in page and "&lt;script&gt;" in page and "Olaf Operator" in page
    assert unknown["picture"] in rita.get("/pictures/beta?show=marked").text
    kept = f"{place}/captures/{folder}"
    shown_page, paper = rita.get(f"{kept}/page.png"), rita.get(f"{kept}/capture.warc.gz")
    assert shown_page.content.startswith(b"\x89PNG") and paper.headers["content-disposition"].startswith("attachment")
    assert {each.headers["content-security-policy"] for each in (shown_page, paper)} == {"sandbox"}
    assert rita.get(f"{kept}/sighting.json").status_code == rita.get(f"{place}/captures/x/page.png").status_code == 404
    assert rita.post(f"{kept}/enter", {"by": "Rita Reader"}).status_code == 403
    olaf.post(f"{kept}/enter", {"by": "Olaf Operator"})
    assert list(served.agency.home.archive("beta").rglob("evidence/sightings/**/capture.warc.gz"))
    log = (served.agency.run.root / "state/desk/audit.jsonl").read_text()
    assert all(f'"{each}"' in log for each in ("marked", "page captured", "sighting entered"))
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
    rita = person("Rita Reader")
    names = [f"{n:012x}" for n in range(count)]
    with audited(served) as store:
        put_visit(store, dict.fromkeys(names, ("unknown", b"")))
    for language in ("de", "en"):
        found, following, last = list[str](), f"/pictures/acme?lang={language}", ""
        while following:
            last, page = following, rita.get(following).text
            found += ids(page)
            following = linked(page, "next")
        assert sorted(found) == names
    back = list[str]()
    while last:
        page = rita.get(last).text
        back, last = ids(page) + back, linked(page, "prev")
    assert back == found
    assert ids(rita.get("/pictures/acme?from=x").text) == found[:48]


def test_filters_show_their_pictures_and_small_copies_are_pictures(
    served: Served, person: Callable[..., Person]
) -> None:
    olaf, licensed = person("Olaf Operator"), jpeg(scene(311))
    gone, other, covered, new = (each * 12 for each in "abcd")
    with audited(served) as store:
        put_visit(store, {gone: ("unknown", b""), other: ("unknown", b""), covered: ("licence_covers", b"")})
        put_visit(store, {other: ("looks_like_stock", b""), covered: ("licence_covers", licensed),
                          new: ("unknown", b"<svg/>")})  # fmt: skip
        store.mark(covered, "own", "Ada Example", "Ours")
        store.put_picture("0" * 64, Fingerprint(900, 600, bytes(32), bytes(32), False), jpeg(scene(312)), {}, None)
    shown = {
        name: set(ids(olaf.get(f"/pictures/acme?show={name}").text))
        for name in (
            "",
            "new",
            "gone",
            "marked",
            "looks_like_stock",
            "licence_covers",
            "licence_but",
            "unknown",
            "wrong",
        )
    }
    everything = {other, covered, new}
    assert shown == {
        "": everything, "wrong": everything, "new": {other, new}, "gone": {gone}, "marked": {covered},
        "looks_like_stock": {other}, "licence_covers": {covered}, "licence_but": set(), "unknown": {new},
    }  # fmt: skip
    assert olaf.get(f"/pictures/acme/{covered}/licensed.jpg").content == licensed
    assert olaf.get(f"/pictures/acme/{covered}/here.jpg").content == jpeg(scene(312))
    assert olaf.get(f"/pictures/acme/{new}/licensed.jpg").headers["location"].endswith("no-picture.svg")
    for name, may_be_removed in ((gone, True), (new, False)):
        assert ('<option value="removed">' in olaf.get(f"/pictures/acme/{name}").text) is may_be_removed
    assert "Nichts." in (german := olaf.get("/pictures/acme?lang=de").text) and "Nothing." not in german
    assert "Nothing." in olaf.get("/pictures/acme?lang=en").text
    assert 'href="/pictures/house"' not in olaf.get("/pictures").text
    path_of(served.agency.home, "acme").unlink()


@contextmanager
def audited(served: Served) -> Iterator[AuditStore]:
    """The audit of Acme's site, empty."""
    path = path_of(served.agency.home, "acme")
    path.unlink(missing_ok=True)
    with AuditStore(path) as store:
        yield store


def put_visit(store: AuditStore, answers: Mapping[str, tuple[str, bytes]]) -> None:
    """A complete visit that found these pictures, each with its answer and the licensed picture."""
    row = {
        "sha256": "0" * 64, "width": 900, "height": 600, "pages": ["https://acme.example/"], "addresses": ["/x.jpg"],
        "first_seen": "2026-11-01T00:00:00Z", "on_site_since": "2026-11-01", "licences": [], "generated": None,
        "reasons": [{"rule": "no_sign", "en": "Nothing.", "de": "Nichts."}],
    }  # fmt: skip
    number, _ = store.begin({"sites": ["https://acme.example"], "hosts": []})
    store.put_answers(number, [(name, answer, row, licensed) for name, (answer, licensed) in answers.items()])
    store.end(number)


def ids(page: str) -> list[str]:
    return re.findall(r'<span class="mono">([0-9a-f]{12})</span>', page)


def linked(page: str, name: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{name}"', page)
    return html.unescape(found[1]) if found else ""
