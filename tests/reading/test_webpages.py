"""Pages of web accounts that a person marks: what they list is read as known or assumed, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from archiver.core.model import DocumentKind, Licence
from archiver.reading import webpages
from archiver.reading.certificates import Paper
from archiver.reading.one_licence import same_licence
from archiver.reading.webpages import page_by
from archiver.reading.worker import DocumentReader

SHUTTERSTOCK, ADOBE = "https://www.shutterstock.com", "https://stock.adobe.com/Dashboard/LicenseHistory"
PANEL = """<h1 data-automation="asset-title">A tree</h1><dl><dt>License date</dt><dd>March 3, 2026</dd>
<dt>License type</dt><dd>Standard</dd><dt>Plan</dt><dd>Team 750</dd></dl>"""
READER: DocumentReader
ORDER = """<title>Order</title><h1>Order details</h1><dl><dt>Order number</dt><dd>2071234567</dd>
<dt>Order date</dt><dd>March 3, 2026</dd><dt>Licensee</dt><dd>Acme Ltd</dd></dl>"""


@pytest.fixture(scope="module", autouse=True)
def reader() -> Iterator[None]:
    global READER
    with DocumentReader(workers=1) as READER:
        yield


def read_page(html: str, url: str, *place: str) -> Paper | None:
    """As it is read here, and in a confined process."""
    paper = webpages.read_page(html, url, place)
    assert page_by(READER, html, url, place) == paper
    return paper


def card(number: int, kind: str = "Licensed", when: str = "2026-03-02T10:00:00Z") -> str:
    return f'<div data-automation="asset-card_{number}"><b>{kind}</b><time datetime="{when}">a day</time></div>'


def row(when: str = "03/13/2026", asset: str = "400000001") -> str:
    cells = "".join(f"<td>{cell}</td>" for cell in (when, "Grace Example", asset, "Extended", "Video", "8 credits"))
    return f"<tr>{cells}</tr>"


def only(html: str, url: str) -> Licence:
    paper = read_page(html, url)
    assert paper is not None and paper.kind is DocumentKind.RECORD
    [licence] = paper.licences
    return licence


def test_shutterstocks_list_and_panel_tell_of_one_licence_and_leave_comps_out() -> None:
    html = card(1000001) + card(1000002, "Comp")
    listed = only(html, f"{SHUTTERSTOCK}/catalog/licenses?page=2")
    told = only(PANEL, f"{SHUTTERSTOCK}/de/catalog/licenses/1000001")
    assert (listed.asset.asset_id, listed.licensed_at) == ("1000001", datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert (told.asset.title, told.kind, told.plan, told.licensed_at) == (
        "A tree", "standard", "Team 750", date(2026, 3, 3),
    )  # fmt: skip
    assert same_licence(told, listed)
    page = f"{PANEL}<p>https://www.shutterstock.com/catalog/licenses/1000001</p>"
    for label in ("Data di acquisto", "Download-Datum"):
        assert only(page.replace("License date", label), "") == told  # saved without its address
    assert read_page("<p>https://www.shutterstock.com/account/invoice/INV-1</p>", "") is None
    paper = read_page(html, f"{SHUTTERSTOCK}/catalog/licenses")
    assert paper and "1 rows" in paper.quotes["left_out"]


def test_adobes_table_has_months_before_days_but_for_dates_with_dots() -> None:
    head = "<tr>" + "<th>x</th>" * 6 + "</tr>"
    licence = only(f"<table>{head}{row()}</table>", f"{ADOBE}?page=3")
    assert (licence.asset.asset_id, licence.asset.contributor, licence.asset.media_type, licence.kind) == (
        "400000001", "Grace Example", "Video", "extended",
    )  # fmt: skip
    assert licence.licensed_at == date(2026, 3, 13) and licence.row["price"] == "8 credits"
    assert only(f"<table>{row('05.03.2026')}</table>", ADOBE).licensed_at == date(2026, 3, 5)


def test_freepiks_and_elements_downloads_are_read_as_their_adapters_assume_them() -> None:
    link = "<a href='https://www.freepik.com/premium-photo/a-tree_40000001.htm'>A tree</a>"
    cells = ("", f"{link} by Ada", "Premium", "<time datetime='2026-03-02'>Mar 2</time>", "<a>Download license</a>")
    html = "<table><tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr></table>"
    for host in ("www.freepik.com", "www.magnific.com"):
        licence = only(html, f"https://{host}/user/downloads?page=1")
        assert (licence.asset.asset_id, licence.kind, licence.licensed_at) == ("40000001", "premium", date(2026, 3, 2))
    html = (
        "<ul id=downloads><li data-item-id=97UJWG3><a href='/a-tree-97UJWG3'>A tree</a> <time datetime='2026-03-02'>x"
        "</time> <a href='/account/downloads/95PB28DK3C/license-certificate.txt'>License certificate</a></li></ul>"
    )
    licence = only(html, "https://elements.envato.com/account/downloads")
    assert (licence.asset.asset_id, licence.licence_id, licence.asset.title) == ("97UJWG3", "95PB28DK3C", "A tree")
    for title in (
        "<title>My downloads - Envato Elements</title>",
        "<title>Envato Elements</title><h1>My downloads</h1>",
    ):
        assert only(f"{title}{html}", "") == licence
    for title in ("My wishlist - Envato Elements", "My downloads"):
        assert read_page(f"<title>{title}</title>{html}", "") is None
    bare = html.replace("License certificate", "").replace("license-certificate", "add-license")
    assert read_page(bare, "https://elements.envato.com/account/downloads") is None


def test_purchases_and_invoices_are_receipts() -> None:
    cells = {"date": "Mar 1, 2026", "description": "10 images", "price": "$49.00"}
    table = "".join(f'<td data-automation="row_{part}">{text}</td>' for part, text in cells.items())
    bought = read_page(f"<table><tr>{table}</tr></table>", f"{SHUTTERSTOCK}/account/purchases")
    assert bought and bought.kind is DocumentKind.RECEIPT and "10 images" in bought.quotes["purchase 1"]
    for address in ("/account/invoice/INV-5512", "/account/invoice?order_id=INV-5512"):
        paper = read_page("<p>Paid. Thank you.</p>", SHUTTERSTOCK + address)
        assert paper and (paper.kind, paper.invoice) == (DocumentKind.RECEIPT, "INV-5512")
    order = read_page(ORDER, "https://www.gettyimages.co.uk/Account/Orders/2071234567")
    assert order and (order.platform, order.order, order.date) == ("getty_images", "2071234567", date(2026, 3, 3))


LISTED = (
    "<title>{0} | Alamy</title><table><tr><th>Image ID<th>Title<th>License<th>Purchase date</tr>"
    "<tr><td>2AB3CD<td>Boat<td>Royalty-free<td>4 March 2024</tr></table>"
)


def test_a_table_of_any_account_page_that_is_a_history_is_read() -> None:
    paper = read_page(LISTED.format("Order history"), "https://www.alamy.com/account/orders")
    assert paper and [(each.asset.asset_id, str(each.licensed_at)) for each in paper.licences] == [
        ("2AB3CD", "2024-03-04")
    ]
    for title in ("Recently viewed", "Lightbox", "Cart", "Review your order", "Your downloads – contributor"):
        assert read_page(LISTED.format(title), "https://www.alamy.com/x") is None
    table = LISTED.partition("</title>")[2]
    for place in (("alamy.xls",), ("my purchases.html", "Alamy"), ("purchases.html", "2024", "alamy")):
        assert read_page(table, "", *place) == replace(paper, quotes={**paper.quotes, "platform": place[-1][:5]})
        assert read_page(table, "", f"cart {place[0]}", *place[1:]) is None
    assert read_page(table, "", "alamy.html") is None and read_page(table, "", "list.xls") is None
    linked = table.replace("<th>Image ID", "").replace("<td>2AB3CD<td>Boat", "<td><a href='{}?ref=1'>Boat</a>")
    paper = read_page(linked.format("/boat-XOU1A60"), "https://elements.envato.com/history")
    assert paper and (paper.licences[0].asset.asset_id, paper.licences[0].row["Link"]) == (
        "XOU1A60", "https://elements.envato.com/boat-XOU1A60"
    )  # fmt: skip
    assert read_page(linked.format("/boat"), "https://elements.envato.com/history") is None


@pytest.mark.parametrize(
    ("html", "url"),
    [
        (card(1000001), "https://www.shutterstock.com.example.com/catalog/licenses"),
        (card(1000001), f"{SHUTTERSTOCK}/search"),
        (card(1000001) + card(1000002, when="someday"), f"{SHUTTERSTOCK}/catalog/licenses"),
        (card(1000001) + '<div data-automation="asset-card_7">no date</div>', f"{SHUTTERSTOCK}/catalog/licenses"),
        (PANEL.replace("License date", "Dated"), f"{SHUTTERSTOCK}/catalog/licenses/1000001"),
        (f"<table>{row('13/03/2026')}</table>", ADOBE),
        (f"<table>{row()}{row(asset='none')}</table>", ADOBE),
        ("<p>You have no licences yet</p>", ADOBE),
        (ORDER, "https://www.gettyimages.com/photos/orders"),
        ("<p>Sign in</p>", "https://www.istockphoto.com/account/invoices"),
    ],
)
def test_any_other_page_is_not_read(html: str, url: str) -> None:
    assert read_page(html, url) is None
