"""A page's pictures are read wherever a browser would show them, on every page of a simulated site."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.agency.audit.audit_store import AuditStore, Resource, pictures_of_styles
from archiver.agency.audit.crawler import SiteVisit
from archiver.agency.audit.fetcher import PoliteFetcher
from archiver.agency.audit.page_reader import (
    PageContent,
    css_addresses,
    pictures_in,
    read_media_list,
    read_page,
    read_style,
)
from archiver.agency.audit.site_scope import MAX_NUMBERED, normal, scope_of
from archiver.home.network import Network
from tests.support.simulated_site import PLACES, SimulatedSite, build

SITE, CDN = "https://www.acme.example", "https://cdn.acme.example"


def shown_on(site: SimulatedSite, path: str) -> set[int]:
    """The works that a reader finds on a page and in its styles."""
    html = site.files[path]
    assert isinstance(html, str)
    page = read_page(html, SITE + path)

    def style(url: str) -> PageContent | None:
        css = site.files.get(urlsplit(url).path)
        return read_style(css, url) if isinstance(css, str) else None

    found = set()
    for url in (*page.pictures, *pictures_of_styles(page.styles, style)):
        parts = urlsplit(urldefrag(url).url)
        found.add(site.work_of.get(f"{parts.path}?{parts.query}" if parts.query else parts.path, -1))
    return found


def test_every_place_of_a_picture_is_read(tmp_path: Path) -> None:
    site = build(tmp_path, len(PLACES) * 2, len(PLACES) * 3, CDN, processes=0)
    wanted = {path: site.shown.get(path, set()) | site.published.get(path, set()) for path in site.files}
    missed = {path: lost for path, works in wanted.items() if works and (lost := works - shown_on(site, path))}
    assert not missed
    assert sum(map(len, wanted.values())) > len(PLACES)
    scripted = {path for path, works in site.scripted.items() if works - shown_on(site, path)}
    assert len(scripted) > 2  # what only scripts show is not read from the text
    for path in scripted:
        html = site.files[path]
        assert isinstance(html, str) and read_page(html, SITE).scripts


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("/a/b.jpg", ["/a/b.jpg"]), ("/a/my photo.webp", ["/a/my photo.webp"]), ("b.jpg", []), ("/a/b.pdf", []),
        ("/a.jpg 300w, /b.jpg?x=1 900w", ["/b.jpg?x=1"]), (r'{"u":"https:\/\/x.example\/c.PNG"}', ["https://x.example/c.PNG"]),
        (r"[{'u': '\/d\/e.avif'}]", ["/d/e.avif"]), ("/a.jpg;/b.jpg", ["/a.jpg", "/b.jpg"]), ("jpg/x", []),
    ],
)  # fmt: skip
def test_addresses_in_an_attribute(value: str, found: list[str]) -> None:
    assert pictures_in(value) == found


def test_addresses_in_a_style() -> None:
    css = r"""a{b:url(x\ y.jpg)} c{d:image-set("e.webp" type("image/webp") 1x, url('f.jpg') 2x)}
        @font-face{src:url(g.woff)}
        h{i:url("j\"k.jpg")} /* url(l.jpg) */"""
    assert css_addresses(css) == ["x y.jpg", "f.jpg", 'j"k.jpg', "e.webp"]


PLACES_OF_TEXT = ("<img src='", "<div data-x='", "<style>a{b:url(", "<script type=application/json>")


@settings(max_examples=40)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.sampled_from(PLACES_OF_TEXT))
def test_nothing_on_a_page_breaks_the_reader(text: str, before: str) -> None:
    page = read_page(before + text, f"{SITE}/x")
    assert all(each.startswith(("http://", "https://")) for each in (*page.pictures, *page.links, *page.styles))


def test_the_list_of_a_content_system() -> None:
    rows = [{"mime_type": "image/jpeg", "source_url": f"/u/{n}.jpg"} for n in range(99)] + [{"mime_type": "video/mp4"}]
    full = read_media_list(json.dumps(rows), f"{SITE}/wp-json/wp/v2/media?per_page=100&page=1")
    assert len(full.pictures) == 99 and full.styles == (f"{SITE}/wp-json/wp/v2/media?per_page=100&page=2",)
    for text in (json.dumps(rows[:3]), '{"code": "rest_forbidden"}', "<html>", "[1, null]"):
        assert read_media_list(text, f"{SITE}/wp-json/wp/v2/media?per_page=100&page=1").styles == ()


@pytest.mark.parametrize("interface", [f"{SITE}/wp-json/", f"{SITE}/index.php?rest_route=/"])
def test_the_list_of_a_content_system_is_where_a_page_says(interface: str) -> None:
    (found,) = read_page(f"<link rel='https://api.w.org/' href='{interface}'>", SITE).lists
    assert found.startswith(f"{interface}wp/v2/media{'&' if '?' in interface else '?'}per_page=100&page=1")


def test_a_session_in_an_address_is_no_other_page() -> None:
    assert normal(f"{SITE}/list;jsessionid=1F2?x=1&PHPSESSID=3") == f"{SITE}/list?x=1"


def test_a_resumed_visit_counts_traps_on_and_what_the_site_lists_is_none() -> None:
    with AuditStore(None) as store:
        number, _ = store.begin({})
        store.want(number, [(f"{SITE}/day/{n}", "page", 1) for n in range(1, MAX_NUMBERED + 1)])
        for each in store.waiting(number, "page", MAX_NUMBERED):
            store.keep(number, Resource(each.url, "page", 1, "read", None, None, None, None, None))
        fetcher = PoliteFetcher(Network(), scope_of([SITE]), "", left_alone={"www.acme.example": 9e12})
        resumed = SiteVisit(store, fetcher, None, number, 10, 0.0)  # type: ignore[arg-type]  # nothing is read
        fetcher._robots[SITE] = None  # nothing is asked for
        with fetcher:
            resumed.begin()
        assert resumed._traps.refuses(f"{SITE}/day/9999", 1) == "too_many_numbers"
        listed = Resource(
            f"{SITE}/map.xml", "sitemap", 0, "read", None, None, None, PageContent(links=(f"{SITE}/day/9",)), None
        )
        assert list(resumed.wanted(listed)) == [(f"{SITE}/day/9", "page", 0)]
