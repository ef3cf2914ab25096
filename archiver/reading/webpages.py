"""Parse the account pages that a person marks, or saves as a file: licence histories, licences and invoices.

For Shutterstock and Adobe Stock, public code shows addresses, cards and their IDs, the six cells, and the columns'
suffixes. We assume `time[datetime]` on a card, the labels in a licence's panel, and months before days in Adobe's
dates with slashes. The rows of Freepik and Envato Elements are assumed. A page with another layout is archived but not
parsed. We know no layout of the account pages of Getty Images
and iStock, so their labels are parsed, as in papers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

from archiver.core.model import DocumentKind, Licence
from archiver.reading.certificates import Paper, Sure, plain, quoted
from archiver.reading.dates import DateOrder, day_order, printed
from archiver.reading.field_labels import LABELS, spoken_order
from archiver.reading.filenames import names
from archiver.reading.history_tables import CALLED_HISTORY, HistoryTable, history_in
from archiver.reading.html import Field, cells, lines, read_row, rows, value
from archiver.reading.labelled_documents import read_labelled
from archiver.reading.licence_values import licence_of
from archiver.reading.pdf_join import packed, unpacked
from archiver.reading.platforms import the_platform
from archiver.reading.sentences import KIND

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, DocumentReader, ReaderJob

SHUTTERSTOCK, ADOBE = "www.shutterstock.com", "stock.adobe.com"
FREEPIK, ELEMENTS = ("www.freepik.com", "www.magnific.com"), ("elements.envato.com", "app.envato.com")


@dataclass(frozen=True)
class PageTable:
    """A page that lists licences: its rows, and their fields by the names that papers have for them."""

    reader: str
    platform: str
    path: str
    rows: str
    fields: Mapping[str, Field]
    order: DateOrder | None = None


CARD = "[data-automation^=asset-card_]"
_FREEPIK = PageTable(
    reader="freepik_web_history",
    platform="freepik",
    path="/user/downloads",
    rows="table tr:has(time)",
    fields={
        "asset_id": Field("a[href*='.htm']", "href", r"_(\d+)\.htm\b"),
        "title": Field("a[href*='.htm']", optional=True),
        "kind": Field("td:nth-child(3)", pattern=r"(?i)^(free|freemium|essential|premium|pro)\b"),
        "dated": Field("time[datetime]", "datetime"),
    },
)
_ELEMENTS = PageTable(
    reader="envato_elements_web_history",
    platform="envato_elements",
    path="/account/downloads",
    rows="ul#downloads li[data-item-id]",
    fields={
        "asset_id": Field("li[data-item-id]", "data-item-id"),
        "title": Field("a[href*='/']", optional=True),
        # An item without a certificate may have been downloaded without a licence, so it has to have one.
        "licence_id": Field(
            "a[href*='license-certificate']", "href", r"/account/downloads/([\w-]+)/license-certificate"
        ),
        "dated": Field("time[datetime]", "datetime"),
    },
)
TABLES = {
    **dict.fromkeys(FREEPIK, _FREEPIK),
    **dict.fromkeys(ELEMENTS, _ELEMENTS),
    SHUTTERSTOCK: PageTable(
        reader="shutterstock_web_history",
        platform="shutterstock",
        path="/catalog/licenses",
        rows=CARD,
        fields={
            "asset_id": Field(CARD, "data-automation", r"^asset-card_(\w+)$"),
            "dated": Field("time[datetime]", "datetime"),
            "comp": Field(CARD, pattern=r"(?i)\b(comp)\b", optional=True),
        },
    ),
    ADOBE: PageTable(
        reader="adobe_stock_web_history",
        platform="adobe_stock",
        path="/Dashboard/LicenseHistory",
        rows="table tr:has(td:nth-child(6))",
        fields={
            "dated": Field("td:nth-child(1)", pattern=r"(\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{4})"),
            "contributor": Field("td:nth-child(2)", optional=True),
            "asset_id": Field("td:nth-child(3)", pattern=r"(\d{5,12})"),
            "kind": Field("td:nth-child(4)"),
            "media_type": Field("td:nth-child(5)", optional=True),
            "price": Field("td:nth-child(6)", optional=True),
        },
        order=DateOrder.MONTH_FIRST,
    ),
}


def spoken(field: str) -> list[str]:
    """What papers call a field in every language."""
    return [label for each in LABELS[field].values() for label in each]


PANEL = {
    "licensed_at": ("License date", "Date licensed", "Licensed on", *spoken("licensed_at"), *spoken("bought_at")),
    "downloaded_at": tuple(spoken("downloaded_at")),
    "kind": ("License type", "License", *spoken("kind")),
    "plan": ("Plan", "Subscription"),
}
TITLE = Field("h1[data-automation=asset-title]")
# The columns of purchases, by the end of their cells' marks.
PURCHASE = {
    part: Field(f"[data-automation$=_{part}], [data-test-id$=_{part}], [class$=_{part}], [id$=_{part}]", optional=True)
    for part in ("date", "description", "price")
}
GETTY = re.compile(r"(?:www\.)?(?:gettyimages|istockphoto)\.[a-z]{2,3}(?:\.[a-z]{2})?")
ORDER = re.compile(r"/account/(?:.*/)?(?:orders?|invoices?)(?:/|$)", re.IGNORECASE)
INVOICE = re.compile(r"/account/invoice/([\w-]{3,40})")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
READ_TIMEOUT_S = 10.0  # for one page


_SAVED_FROM = re.compile(
    r"<!--\s*saved from url=\(\d{4}\)(?P<browser>https?://[^\s>]+)"
    r"|<!--\s*Page saved with SingleFile\s+url:\s*(?P<extension>https?://[^\s>]+)"
    r"|<link\s[^>]*?rel=[\"']?canonical[\"']?\s[^>]*?href=[\"']?(?P<page>https?://[^\s\"'>]+)",
    re.IGNORECASE,
)
MAX_HEAD_LENGTH = 200_000  # characters of a page in which its address is looked for


def saved_from(html: str) -> str | None:
    """The address that a browser, or the page itself, wrote into a saved page; None if there is none."""
    found = _SAVED_FROM.search(html, 0, MAX_HEAD_LENGTH)
    return next(filter(None, found.groups()), None) if found else None


def page_by(reader: DocumentReader, html: str, url: str, place: Sequence[str] = ()) -> Paper | None:
    """Like `read_page`, in a reader process; also None if that process fails."""
    from archiver.core.json_files import checked
    from archiver.reading.worker import ReaderFailed

    request = packed([("", each.encode("utf-8", "replace")) for each in (url, html, *place)])
    with suppress(ReaderFailed, ValueError):
        return checked(Paper, b"".join(reader.stream(f"{__name__}:page_reading", request, READ_TIMEOUT_S)))
    return None


def page_reading() -> ReaderJob:
    """The reader process's side of `page_by`."""
    from pydantic import TypeAdapter

    written = TypeAdapter(Paper)

    def work(content: bytes, _channel: Channel) -> bytes:
        url, html, *place = (part.decode() for _, part in unpacked(content))
        paper = read_page(html, url, place)
        return written.dump_json(paper) if paper else b""

    return work


def read_page(html: str, url: str, place: Sequence[str] = ()) -> Paper | None:
    """Read a page of a web account; None for any other page, or for an unknown layout. `url` may be empty.

    `place` is the name of a page's file, and the folders that it is in, the innermost first.
    """
    if not url and (paper := _of_licences(html, _named_once(html)) or _unmarked(html)):
        return paper
    return _known(html, url) or _listed(html, url, place)


# What a platform's page lists beside licences: what may be bought, what was shown, what the account's own works earned.
_NO_HISTORY = re.compile(
    r"\b(?:cart|basket|bag|checkout|review|payment|pay|warenkorb|panier|cesta|carrito|carrello|winkelwagen|lightbox\w*|wish-?list|favou?rites?"
    r"|merkzettel|favoris|boards?|collections?|search|comps?|previews?|contributors?|submit|portfolio|earnings|insights"
    r"|sales|quotes?|offers?|price|pricing|help|support|faq)\b",
    re.IGNORECASE,
)


def _listed(html: str, url: str, place: Sequence[str]) -> Paper | None:
    """The one table of a page that its headings make a history of the platform that its address or title names.

    The file's name counts as a title, and folders may tell the platform. A workbook that is a page holds nothing else.
    """
    name, *folders = place or ("",)
    about = " ".join([url, *filter(None, (value(html, Field(css, optional=True)) for css in ("title", "h1", "h2")))])
    called = f"{about} {name}".replace("_", " ")
    if not (CALLED_HISTORY.search(called) or name.lower().endswith(".xls")) or _NO_HISTORY.search(called):
        return None
    found = []
    for table in rows(html, "table:not(:has(table))"):
        listed = rows(table, "tr")
        header, *rest = [cells(row) for row in listed] or [[]]
        links = [_asset_address(row, url) for row in listed[1:]]
        if any(links):
            header, rest = [*header, "Link"], [[*row, link] for row, link in zip(rest, links, strict=True)]
        found.append(history_in(HistoryTable(about, header, rest), name, folders) if header else None)
    papers = list(filter(None, found))
    return papers[0] if len(papers) == 1 else None


def _asset_address(row: str, url: str) -> str:
    """The first address of a platform's asset that a row links to, without what follows a question mark."""
    links = (value(each, Field("a", "href", optional=True)) or "" for each in rows(row, "a[href]"))
    whole = (urljoin(url, each).partition("?")[0].partition("#")[0] for each in links)
    return next((each for each in whole if any(named.asset_id for named in names(each))), "")


def _place(url: str) -> tuple[str, str]:
    """The host and the path of an address, without the language with which a path may begin."""
    parts = urlsplit(url)
    return parts.hostname or "", re.sub(r"^/[a-z]{2}(?:-[a-z]{2})?(?=/)", "", parts.path).rstrip("/")


def _of_licences(html: str, url: str) -> Paper | None:
    """A page of a known address that lists licences, or tells of one."""
    host, path = _place(url)
    table = TABLES.get(host)
    if table and path == table.path:
        return _history(table, html)
    panel = re.fullmatch(r"/catalog/licenses/(\w+)", path) if host == SHUTTERSTOCK else None
    return _panel(panel[1], html) if panel else None


def _known(html: str, url: str) -> Paper | None:
    """A page of a known address."""
    host, path = _place(url)
    if paper := _of_licences(html, url):
        return paper
    if GETTY.fullmatch(host) and ORDER.match(path):
        return _order(html, host)
    if host != SHUTTERSTOCK:
        return None
    if path == "/account/purchases":
        return _purchases(html)
    number = INVOICE.fullmatch(path) or re.fullmatch(
        r"([\w-]{3,40})", parse_qs(urlsplit(url).query).get("order_id", [""])[0]
    )
    return _invoice(number[1], html) if number and path.startswith("/account/invoice") else None


def _named_once(html: str) -> str:
    """The only address that a page shows, where a browser prints a page's own; empty if it shows none, or several."""
    addresses = set(_ADDRESS.findall(lines(html)))
    return addresses.pop() if len(addresses) == 1 else ""


def _unmarked(html: str) -> Paper | None:
    """A page that does not say where from: its title names the platform, and it or its heading the list.

    Every row must have the platform's layout.
    """
    title, heading = (value(html, Field(css, optional=True)) or "" for css in ("title", "h1"))
    platform, *_ = the_platform(title)
    table = next((each for each in TABLES.values() if each.platform == platform), None)
    called = f"{title} {heading}"
    if table is None or not CALLED_HISTORY.search(called) or _NO_HISTORY.search(called):
        return None
    paper = _history(table, html)
    return replace(paper, sure=Sure.POSSIBLE) if paper else None


def _history(table: PageTable, html: str) -> Paper | None:
    """All rows of a list; None if one of them cannot be read, because nobody would notice its absence."""
    found: dict[str, Licence] = {}
    comps = 0
    with suppress(ValueError):
        read = [read_row(row, table.fields) for row in rows(html, table.rows)]
        if day_order(values["dated"] for values in read if "." not in values["dated"]) not in (None, table.order):
            return None  # written for another country, and most such dates can be read in both ways
        for values in read:
            written = values.pop("dated")
            order = None if "." in written else table.order  # days come first before dots
            licence = licence_of(table.platform, values, printed(written, order), written)
            if licence is None:
                return None
            if "comp" in values or licence.comp:
                comps += 1
                continue
            asset = replace(licence.asset, media_type=values.get("media_type"))
            found[licence.identity] = replace(licence, asset=asset, row={**values, "date": written})
        quotes = {"left_out": f"{comps} rows: comps, which are no licences"} if comps else {}
        return _paper(table.reader, table.platform, found.values(), **quotes) if found else None
    return None


def _panel(asset_id: str, html: str) -> Paper | None:
    found = quoted(lines(html), PANEL)
    values = {name: text for name, quote in found.items() if (text := plain(quote))}
    written = values.get("licensed_at") or values.pop("downloaded_at", None)
    with suppress(ValueError):
        when = printed(written, spoken_order(lines(html).splitlines())) if written else None
        title = value(html, TITLE)
        licence = licence_of("shutterstock", {**values, "asset_id": asset_id, "title": title or ""}, when, written)
        if licence and when and not licence.comp:
            licence = replace(licence, asset=replace(licence.asset, title=title))
            quotes = {name: quote.text for name, quote in found.items()}
            return _paper("shutterstock_web_licence", "shutterstock", [licence], **quotes)
    return None


def _purchases(html: str) -> Paper | None:
    """The list of what was paid for: it names no licences, and each purchase has an invoice of its own."""
    bought = [{part: value(row, field) for part, field in PURCHASE.items()} for row in rows(html, "tr")]
    lines = [" | ".join(filter(None, each.values())) for each in bought if each["date"] and each["description"]]
    quotes = {f"purchase {number}": text for number, text in enumerate(lines, 1)}
    return _paper("shutterstock_web_purchases", "shutterstock", (), **quotes) if quotes else None


def _invoice(number: str, html: str) -> Paper:
    """An invoice, whose number its address says; what its labels say besides."""
    read = read_labelled(lines(html), SHUTTERSTOCK)
    paper = read if read and read.kind is DocumentKind.RECEIPT else _paper("", "shutterstock", ())
    return replace(paper, reader="shutterstock_web_invoice", platform="shutterstock", invoice=paper.invoice or number)


def _order(html: str, host: str) -> Paper | None:
    """An order or invoice of Getty Images or iStock by its labels: its number is what Getty asks for as proof."""
    paper = read_labelled(f"Receipt of {host}\n{lines(html)}")
    named = paper and paper.platform and paper.kind is DocumentKind.RECEIPT
    return replace(paper, reader=f"{paper.platform}_web_order") if paper and named else None


def _paper(reader: str, platform: str, licences: Iterable[Licence], **quotes: str) -> Paper:
    found = tuple(licences)
    kind = DocumentKind.RECORD if found else DocumentKind.RECEIPT
    return Paper(reader=reader, sure=Sure.LIKELY, kind=kind, platform=platform, licences=found, quotes=quotes)


_ROW = re.compile(r"<tr\b(?:(?!</?tr\b)[\s\S]){0,4000}</tr>", re.IGNORECASE)
_ANCHOR = re.compile(
    r"<a\s[^<>]{0,600}?href\s?=\s?[\"']?(?P<url>https?://[^\s\"'<>]{4,300})[^<>]{0,600}>", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]{1,2000}>")


def with_addresses(html: str) -> str:
    """A letter's HTML with each picture's address to be read, where only a link says which picture was licensed.

    Each such link must stand in a row of its own beside a kind of licence, else the HTML stays as it is: a letter may
    show pictures that nobody licensed.
    """
    named: set[tuple[str, str]] = set()
    out: list[str] = []
    end = 0
    for row in _ROW.finditer(html):
        pictures = {each: link["url"] for link in _ANCHOR.finditer(row[0]) for each in _pictures(link["url"])}
        if len(pictures) == 1 and KIND.search(_TAG.sub(" ", row[0])):
            [(picture, url)] = pictures.items()
            out += [html[end : row.start()], f"<tr><td>{url}</td></tr>{row[0]}"]
            named.add(picture)
            end = row.end()
    linked = {each for link in _ANCHOR.finditer(html) for each in _pictures(link["url"])}
    return "".join([*out, html[end:]]) if linked == named else html


def _pictures(url: str) -> set[tuple[str, str]]:
    return {(each.platform, each.asset_id) for each in names(url) if each.asset_id}
