"""Pictures that only scripts show are found in Chromium, which has no network but the polite fetcher."""

from __future__ import annotations

from typing import Any

import pytest

from archiver.agency.audit import scripted_pages, site_audit
from archiver.agency.audit.visit_options import AuditOptions
from archiver.catalogue import embedding
from archiver.core.errors import BrowserMissing
from tests.support.agency import Agency
from tests.support.audited_site import AuditedSite, Served
from tests.support.claims_kit import jpeg
from tests.support.pictures import scene
from tests.support.simulated_site import FEED, HOSTILE

from .test_site_audit import at as at  # the agency of the audit's tests


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "installed", lambda: False)


@pytest.mark.long  # pages without scripts: test_site_audit.py
@pytest.mark.browser
@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_scripted_pictures_are_found_on_the_pages_that_need_it(at: Agency, again: bool) -> None:
    files: dict[str, Served] = {
        "/": "".join(f"<a href=/{kind}{n}>{n}</a>" for kind in "fpq" for n in range(3)) + "<a href=/hostile>h</a>",
        "/robots.txt": "User-agent: *\nDisallow: /private/\n", "/feed.js": FEED,
        "/fill.js": "setTimeout(() => document.querySelectorAll('img').forEach((e) => { e.src = '/set.jpg'; }), 250)",
        "/set.jpg": jpeg(scene(304)),
        "/plain.js": "fetch('/order?by=script', {method: 'POST'})",
        "/hostile": HOSTILE.replace("for (;;) ;", ""),
        "/order": "<p>", "/wp-login.php": "<p>",
        "/private/scripted.jpg": jpeg(scene(300)), "/late.jpg": jpeg(scene(301)), "/shown.jpg": jpeg(scene(302)),
    }  # fmt: skip
    many_words = "We make things for people. " * 12
    for n in range(3):
        files[f"/f{n}"] = f"<p>{many_words}<div data-feed=/{n}.json></div><script src=/feed.js></script>"
        files[f"/{n}.json"] = '{"items": [{"src": "/late.jpg"}]}'
        files[f"/q{n}"] = f"<p>{many_words}{'<img>' * (n == 2)}<script src=/fill.js></script>"
        files[f"/p{n}"] = f"<p>{many_words}<img src=/shown.jpg><script src=/plain.js></script>"

    def visit(site: AuditedSite) -> dict[str, Any]:
        return site_audit.run(at.home, "acme", AuditOptions(sites=[site.url]))

    with AuditedSite(files) as site:
        made = visit(site)
        pages = {row["addresses"][0].rpartition("/")[2]: row["pages"] for row in made["pictures"]}
        assert pages["late.jpg"] == [f"{site.url}/f{n}" for n in range(3)]
        assert pages["set.jpg"] == [f"{site.url}/q2"]  # the samples show nothing; this one has a place for it
        # All, a sample, a sample and one more, and the hostile one.
        assert made["opened_in_browser"] == 3 + scripted_pages.SAMPLES + (scripted_pages.SAMPLES + 1) + 1
        asked = site.paths()
        assert {method for method, _, _ in site.asked} == {"GET"}
        assert not [path for path in asked if path.startswith(("/order", "/wp-login", "/private"))]
        assert asked.count("/feed.js") == 1
        if not again:
            return
        before, site.bodies = len(site.asked), 0
        second = visit(site)
        assert [row["pages"] for row in second["pictures"]] == [row["pages"] for row in made["pictures"]]
        assert {status for _, path, status in site.asked[before:] if path in files} <= {304, 200}
        assert site.bodies == len(str(files["/robots.txt"]))


@pytest.mark.long  # pages with scripts: above
@pytest.mark.browser
def test_a_page_may_not_take_all_of_a_visit(at: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time, its files and the number of pages are limited; where a sign-in answers instead of a file, it is left
    alone; pages after it are read as if nothing had happened.
    """
    monkeypatch.setattr(scripted_pages, "PAGE_TIMEOUT_S", 6.0)
    monkeypatch.setattr(scripted_pages, "CLOSE_TIMEOUT_S", 1.0)
    monkeypatch.setattr(scripted_pages, "MAX_FILES", 20)
    monkeypatch.setattr(scripted_pages, "MAX_OPENED", 3)
    files: dict[str, Served] = {
        "/": "".join(f"<a href=/{n}>{n}</a>" for n in range(4)), "/login": "<p>", "/moved": "<p>",
        "/to-login.json": (302, {"location": "/login"}), "/late.jpg": jpeg(scene(301)), "/far.jpg": jpeg(scene(303)),
        "/0": "<script>onload = () => setTimeout(() => { for (;;) ; }, 0)</script>",
        "/1": """<script>fetch('/to-login.json'); fetch('/wp-login.php?by=script');
            for (let n = 0; n < 99; n++) fetch(`/many.json?n=${n}`);</script>""",
        "/2": """<div style=height:6000px></div><div id=d></div><script>new IntersectionObserver((seen) => {
            if (seen.some((each) => each.isIntersecting)) {
                const far = new Image(); far.onload = () => { location = '/moved'; }; far.src = '/far.jpg'; }
            }).observe(d);</script>""",
        "/3": "<script>x = new Image(); x.src = '/late.jpg'</script>",
        **{f"/many.json?n={n}": "{}" for n in range(99)},
    }  # fmt: skip
    with AuditedSite(files) as site:
        said = list[str]()
        made = site_audit.run(at.home, "acme", AuditOptions(sites=[site.url]), warn=said.append)
        asked = site.paths()
    assert any("3 pages were opened in a browser, and no more. 1 others" in line for line in said)
    assert made["opened_in_browser"] == scripted_pages.MAX_OPENED and made["not_opened"] == 1
    assert [row["addresses"] for row in made["pictures"]] == [[f"{site.url}/far.jpg"]]  # the fourth was not opened
    assert len([path for path in asked if path.startswith("/many")]) <= scripted_pages.MAX_FILES
    assert [path for path in asked if "login" in path or path == "/moved"] == ["/to-login.json"]


def test_without_chromium_the_rest_of_a_site_is_read(at: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise BrowserMissing("none here")

    monkeypatch.setattr(scripted_pages, "usable", none)
    said = list[str]()
    files: dict[str, Served] = {"/": "<img src=/shown.jpg><script src=/x.js></script>", "/shown.jpg": jpeg(scene(302))}
    with AuditedSite(files) as site:
        made = site_audit.run(at.home, "acme", AuditOptions(sites=[site.url]), warn=said.append)
    assert len(made["pictures"]) == 1 and (made["opened_in_browser"], made["not_opened"]) == (0, 1)
    assert any("were not looked for" in line and "none here" in line for line in said)
