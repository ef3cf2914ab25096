"""How lists of web pages end, and when they must not be taken as ended. The recordings' tests show it in Chromium."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from archiver.core.errors import BrowserRefused, ConfigError, LayoutChanged, NotACertificate
from archiver.core.model import Asset, Gap, GapReason, Licence
from archiver.provider import Page, Provider, Request, Response
from archiver.provider.form_login import StatedCount
from archiver.provider.paging import ListEnd, PageSource
from archiver.provider.record_document import certificate
from archiver.reading.html import Words, rows, text
from providers.envato_elements import EnvatoElements
from providers.freepik import Freepik
from providers.pexels import Pexels
from tests.authoring.envato_elements import FOOTER, Item


class Pages:
    """A browser that shows prepared pages: each address with what it shows at first and after each scroll."""

    username: str | None = "ada@example.com"
    settings: Mapping[str, str] = {}

    def __init__(self, *shown: str, status: int = 200, **addressed: str) -> None:
        self._shown, self._addressed, self._status = [*shown], addressed, status
        self._url, self._html = "", ""
        self.behind: str | None = None  # what any other page shows; None: the first one

    async def goto(self, url: str) -> Response:
        number = re.search(r"page=(\w+)", url)
        other = self._shown[0] if self.behind is None or not number else self.behind
        self._url, self._html = url, self._addressed.get(f"page{number[1]}" if number else "", other)
        return Response(self._status, url, {"content-type": "text/html"}, self._html.encode(), datetime.now(UTC))

    async def page(self) -> Response:
        return Response(
            200, self._url, {"content-type": "text/html; charset=utf-8"}, self._html.encode(), datetime.now(UTC)
        )

    async def seen(self, selector: str, *, wait: float = 0.0) -> bool:
        if matched := re.search(r', :text-matches\("(.+)", "i"\)', selector):
            visible = re.sub(r"<(\w+) hidden.*?</\1>", "", self._html)
            there = bool(rows(visible, selector.replace(matched[0], "")))
            return there or re.search(matched[1], text(visible), re.IGNORECASE) is not None
        if words := re.search(r'text=(.+)|:text\("(.+)"\)', selector):
            selector = selector.replace(words[0], "x-none")
            return (words[1] or words[2]) in text(self._html) or bool(rows(self._html, selector))
        css, _, number = selector.partition(" >> nth=")
        return len(rows(self._html, css)) > int(number or 0)

    async def rows(self, selector: str, *, start: int = 0) -> list[str]:
        return rows(self._html, selector)[start:]

    async def scroll_to_end(self, rows: str | None = None) -> None:
        if len(self._shown) > 1:
            self._shown.pop(0)
            self._html = self._shown[0]

    async def get(self, url: str) -> Response:
        return await self.goto(url)


class Moody(Pages):
    """A platform that shows no rows whenever a page is asked for the first time."""

    async def goto(self, url: str) -> Response:
        shown = await super().goto(url)
        if url not in self.__dict__.setdefault("asked", set()):
            self.__dict__["asked"].add(url)
            self._html = '<p data-testid="empty-state">Nothing yet</p>'
        return shown


def read_to_end(provider: Provider[Any], session: Pages) -> tuple[list[Page], ListEnd | None]:
    source = PageSource.of(provider.history(session)[0].pages)

    async def pages() -> list[Page]:
        return [page async for page in source]

    return asyncio.run(pages()), source.end


def read(provider: Provider[Any], session: Pages) -> list[Page]:
    return read_to_end(provider, session)[0]


def item(number: int) -> str:
    return (
        f'<li data-item-id="ITEM{number:03}"><a href="https://elements.envato.com/x-ITEM{number:03}">Item {number}</a>'
        f'<time datetime="2026-01-0{number}">then</time>'
        f'<a href="/account/downloads/CODE{number:06}/license-certificate.txt">License certificate</a></li>'
    )


def elements(numbers: range, more: str = "") -> str:
    return f'<ul id="downloads">{"".join(map(item, numbers))}</ul>{more}'


END = "<p>You've reached the end</p>"
NEXT_PAGE = '<a rel="nofollow next" href="?page=2">Next</a>'


@pytest.mark.parametrize(
    ("session", "listed", "end"),
    [
        (Pages(elements(range(3, 4)), elements(range(1, 5)), elements(range(2, 6), END)), 5, ListEnd.MARK),
        (Pages(elements(range(1, 3), END)), 2, ListEnd.MARK),
        (Moody(elements(range(1, 3), NEXT_PAGE), page2=elements(range(3, 5), END)), 4, ListEnd.MARK),
        (
            Pages(elements(range(1, 3), NEXT_PAGE), page2=elements(range(3, 5)), page3=elements(range(0))),
            4,
            ListEnd.EMPTY_PAGE,
        ),
        (Pages('<div data-testid="empty-state">Nothing yet</div>'), 0, ListEnd.MARK),
    ],
    ids=["endless, and renewed", "single page", "paged, and empty at first", "full pages, an empty one", "empty"],
)
def test_elements_lists_that_end(session: Pages, listed: int, end: ListEnd) -> None:
    pages, found = read_to_end(EnvatoElements(), session)
    assert len({licence.identity for page in pages for licence in page.licences}) == listed
    assert pages[0].total == (None if listed else 0) and found is end


@pytest.mark.parametrize(
    "session",
    [
        Pages(elements(range(1, 3)), elements(range(1, 5))),
        Pages(elements(range(1, 3), '<a rel="next" href="?page=2">Next</a>')),
        Pages("<p>Welcome</p>"),
        Pages(elements(range(1, 3), END).replace("license-certificate", "certificate")),
        Pages(elements(range(1, 3))),
        Pages(elements(range(1, 4), NEXT_PAGE), page2=elements(range(4, 6))),
        Pages(elements(range(1, 3), NEXT_PAGE), page2=elements(range(3, 5)), page3=elements(range(5, 7))),
        Pages(elements(range(1, 3), NEXT_PAGE), page2=elements(range(3, 5)), page3="<p>Sorry</p>"),
        Pages(elements(range(1, 3), NEXT_PAGE), page2=elements(range(3, 5)), page3=elements(range(3, 5))),
        Pages(elements(range(1, 3), f"<ul><li data-item-id='X'>{item(3)}</li></ul>{END}")),
        Pages(elements(range(1, 3), '<a href="/account/downloads/Q/license-certificate.txt">License</a>' + END)),
        Pages(elements(range(0), NEXT_PAGE) + '<p data-testid="empty-state">None</p>', page2=elements(range(1, 3))),
    ],
    ids=[
        "stalled",
        "next page is the same again",
        "neither rows nor empty",
        "no certificate link",
        "no mark of any kind",
        "a short last page, and no page behind it",
        "a link is missing",
        "nobody knows what is behind",
        "the last page again proves nothing",
        "a row in another list",
        "a certificate outside the rows",
        "empty, and a next page",
    ],
)
def test_elements_lists_that_are_not_understood(session: Pages) -> None:
    with pytest.raises(LayoutChanged) as raised:
        read(EnvatoElements(), session)
    assert raised.value.page


def test_an_elements_row_without_a_certificate_among_others_is_known_by_user_item_and_day() -> None:
    bare = re.sub("<a href=./account.*?</a>", "", item(2))
    [page] = read(EnvatoElements(), Pages(f'<ul id="downloads">{item(1)}{bare}</ul>{END}'))
    assert [licence.identity for licence in page.licences] == [
        "envato_elements:CODE000001",
        "envato_elements:ada@example.com:ITEM002:2026-01-02",
    ]
    with pytest.raises(LayoutChanged):
        read(EnvatoElements(), Pages(f'<ul id="downloads">{bare}</ul>{END}'))
    other = item(1) + item(2).replace("/account/downloads", "/elsewhere")
    [page] = read(EnvatoElements(), Pages(f'<ul id="downloads">{other}</ul>{END}'))
    assert len(page.licences) == len(page.unread) == 1
    link = '<a href="/account/downloads/{}/license-certificate.{}">License certificate</a></li>'
    for code, kind, unread in (("CODE000009", "txt", 1), ("CODE000002", "txt?again=1", 0), ("CODE000002", "pdf", 0)):
        grouped = item(1) + item(2).replace("</li>", link.format(code, kind))
        [page] = read(EnvatoElements(), Pages(f'<ul id="downloads">{grouped}</ul>{END}'))
        assert (len(page.licences), len(page.unread)) == (2 - unread, unread), "a row of two licences is no licence"


def test_a_certificate_of_another_item_is_none() -> None:
    licence = Licence(asset=Asset(provider="envato_elements", asset_id="ITEM001"), licence_id="CODE000001")
    fuller = EnvatoElements().read_certificate(
        licence, "Item ID:   ITEM001\nItem License Code:   CODE000001\nLicensee: Ada"
    )
    assert fuller.licensee == "Ada" and fuller.identity == licence.identity
    for other in (
        "Item ID:   ITEM002\nItem License Code:   CODE000001",
        "Item ID:   ITEM001\nItem License Code:   CODE2",
    ):
        with pytest.raises(NotACertificate):
            EnvatoElements().read_certificate(licence, other)


@pytest.mark.parametrize("number", [0, 4, 12], ids=["default", "ai", "project"])
def test_a_text_certificate_that_is_cut_anywhere_is_none(number: int) -> None:
    """In all three layouts, and also where the footer's parts stand in another order or have no rules around them."""
    whole = Item(number).certificate()
    layout = EnvatoElements.text_layouts["certificate.txt"]
    foot, mark = FOOTER.strip().rsplit("\n\n", 1)
    turned, bare = whole.replace(FOOTER, f"\n{mark}\n\n{foot}\n"), whole.replace("==== ", "").replace(" ====", "")
    assert all(layout.lacks(each) is None for each in (whole, turned, bare, whole.replace("\n", "\r\n"), whole.strip()))
    for cut in range(0, len(whole.rstrip()), 3):
        assert layout.lacks(whole[:cut]), whole[cut - 40 : cut]
    for cut in range(len(whole.rstrip()) - 60, len(whole.rstrip())):
        assert layout.lacks(whole[:cut]), whole[cut - 40 : cut]


@pytest.mark.parametrize("label", ["Item ID", "Licensee", "License Date", "Item License Code"])
def test_a_text_certificate_without_a_mandatory_line_is_none(label: str) -> None:
    whole = Item(0).certificate()
    lacking = re.sub(rf"(?m)^{label}:.*\n", "", whole)
    assert lacking != whole and EnvatoElements.text_layouts["certificate.txt"].lacks(lacking)


def freepik(rows: int, foot: str = "") -> str:
    row = (
        '<tr><td></td><td><a href="https://www.freepik.com/x_1000{0}.htm">Walk by the sea {0}</a> by ada</td>'
        '<td>Free</td><td><time datetime="2026-01-0{0}">then</time></td><td></td></tr>'
    )
    return f"<table><tr><th>Resource</th></tr>{''.join(map(row.format, range(1, rows + 1)))}</table>{foot}"


def test_a_freepik_licence_is_known_by_user_resource_kind_and_the_lists_date() -> None:
    [page] = read(Freepik(), Pages(freepik(1, "<p>Page 1 of 1</p>")))
    [licence] = page.licences
    assert licence.identity == "freepik:ada@example.com:10001:free:2026-01-01" and licence.licence_id is None
    assert (licence.asset.title, licence.asset.contributor) == ("Walk by the sea 1", "ada")
    [page] = read(Freepik(), Pages(freepik(1, "<p>Page 1 of 1</p>").replace("2026-01-01", "2026-01-01 23:59:00")))
    assert page.licences[0].licensed_at == date(2026, 1, 1), "a time without a zone is left out"
    pdf = "Resource: 10001\nLicensee: Ada Example\nDownload date: January 2nd, 2026"
    fuller = Freepik().read_certificate(licence, pdf)
    assert (fuller.licensee, fuller.licensed_at, fuller.identity) == ("Ada Example", date(2026, 1, 2), licence.identity)
    another = Freepik().read_certificate(licence, pdf.replace("January 2nd", "May 2nd"))
    assert another.licensed_at == licence.licensed_at == date(2026, 1, 1)
    with pytest.raises(NotACertificate):
        Freepik().read_certificate(licence, pdf.replace("10001", "99999"))


def test_freepik_is_read_at_the_host_that_the_account_names() -> None:
    session = Pages(freepik(1, '<a rel="next" href="?page=2">Next</a>'), page2=freepik(2, "<p>Page 2 of 2</p>"))
    session.settings = {"host": "www.magnific.com"}
    read(Freepik(), session)
    assert session._url == "https://www.magnific.com/user/downloads?page=2"
    assert Freepik.info.rules.permit(Request("GET", session._url))
    session.settings = {"host": "www.example.com"}
    with pytest.raises(ConfigError, match=r"www\.magnific\.com"):
        read(Freepik(), session)


def test_freepiks_list_ends_where_its_words_or_its_count_say_so() -> None:
    assert read(Freepik(), Pages(freepik(0, "<p>You have no downloads yet</p>"))) == [Page((), total=0)]
    link = '<a rel="nofollow next" href="?page={}&amp;type=regular">Next</a><p>Page {} of 2</p>'
    pages = read(Freepik(), Pages(freepik(2, link.format(2, 1)), page2=freepik(3, link.format(2, 2))))
    assert [len(page.licences) for page in pages] == [2, 3]
    for odd in (1, 2):  # a row without its date is alone unread, at a page's beginning or end
        first = freepik(2, link.format(2, 1))
        broken = first.replace("datetime", "title", 1) if odd == 1 else "title".join(first.rsplit("datetime", 1))
        pages = read(Freepik(), Pages(broken, page2=freepik(3, link.format(2, 2))))
        assert [(len(page.licences), len(page.unread)) for page in pages] == [(1, 1), (3, 0)]
        assert pages[0].fault and pages[0].fault.page and broken.encode() == pages[0].fault.page.content


@pytest.mark.parametrize(
    "html",
    [
        freepik(0),
        freepik(0, '<script>const texts = ["You have no downloads yet"]</script>'),
        freepik(2, "<p>Page 1 of 3</p>"),
        freepik(2),
        freepik(2, '<a rel="next" href="?page=1&amp;type=regular">Next</a>'),
        freepik(2).replace("datetime", "title"),
        freepik(2).replace("<td>Free</td>", ""),
    ],
    ids=[
        "neither rows nor empty",
        "empty only in a script",
        "a page is missing",
        "no mark of any kind",
        "next is the same again",
        "no date",
        "another cell where the licence was",
    ],
)
def test_freepik_lists_that_are_not_understood(html: str) -> None:
    with pytest.raises(LayoutChanged) as raised:
        read(Freepik(), Pages(html))
    assert raised.value.page


def test_a_certificate_that_is_gone_for_good_has_lapsed() -> None:
    answer = Response(410, "https://elements.envato.com/x", {}, b"gone", datetime.now(UTC))
    found = certificate(answer, "certificate.txt", "text/plain")
    assert isinstance(found, Gap) and found.reason is GapReason.LAPSED


@pytest.mark.parametrize(("body", "error"), [("<h1>Access Denied</h1>", BrowserRefused), ("gone", NotACertificate)])
def test_a_denied_certificate_blocks_the_account_only_where_freepik_says_so(body: str, error: type[Exception]) -> None:
    licence = Licence(asset=Asset(provider="freepik", asset_id="10001"), key=("ada", "10001", "free", "2026-01-01"))

    async def fetch() -> None:
        async for _ in Freepik().documents(session, licence):
            pass

    session: Any = Pages(body, status=403)
    with pytest.raises(error):
        asyncio.run(fetch())


def test_a_free_sites_page_may_write_its_credit_when_it_has_loaded() -> None:
    class Slow(Pages):
        settings: Mapping[str, str] = {"assets": "417173"}

        async def seen(self, selector: str, *, wait: float = 0.0) -> bool:
            await self.scroll_to_end()
            return await super().seen(selector)

        async def capture(self) -> tuple[()]:
            return ()

        def now(self) -> datetime:
            return datetime.now(UTC)

    credit = '<main><a href="/@ada/">Ada</a> <a href="/license/">Free to use</a></main>'
    [page] = read(Pexels(), Slow("<main>Loading</main>", credit))
    assert (page.licences[0].asset.contributor, page.licences[0].kind) == ("Ada", "Free to use")


def test_the_number_on_the_account_page_is_found_as_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = {"downloads": StatedCount("https://elements.envato.com/account", Words(r"\b([\d.,]+) downloads so far"))}
    monkeypatch.setattr(EnvatoElements, "stated_counts", stated)
    assert asyncio.run(EnvatoElements().counts(Pages("<p>1,204 downloads so far</p>"))) == {"downloads": 1204}  # type: ignore[arg-type]  # a page that is no browser's
    with pytest.raises(LayoutChanged, match="does not say how many rows downloads has"):
        asyncio.run(EnvatoElements().counts(Pages("<p>Welcome</p>")))  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("???????? ??? ???????", "Рассвет над гаванью"),
        ("Kaffee \ufffdber Nacht", "Рассвет над гаванью"),
        ("Why?", "Why?"),
    ],
)
def test_a_title_whose_letters_a_certificate_lost_stays_the_list_s(printed: str, kept: str) -> None:
    asset = Asset(provider="freepik", asset_id="75108555", title="Рассвет над гаванью" if kept != printed else "Who?")
    row = Licence(asset=asset, key=("ada", "75108555", "premium", "2026-11-22"), licensed_at=date(2026, 11, 22))
    text = f"Resource: 75108555\nTitle: {printed}\nLicensee: Ada Example\nDownload date: 2026-11-22\n"
    assert Freepik().read_certificate(row, text).asset.title == kept
