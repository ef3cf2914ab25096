"""A list on web pages, declared as data and read by core: its rows, where it continues, and what proves its end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from archiver.core.model import Licence
from archiver.provider.contract import BrowserSession, Page, Response
from archiver.provider.form_login import Website
from archiver.provider.layout_errors import changed, known_layout
from archiver.provider.paging import ListEnd, page_source

if TYPE_CHECKING:  # what `archiver.reading.html` has: `Field` and `Words`
    type Finder = Callable[[str], str | None]

ROWS_TIMEOUT_S = 15.0  # for a page to show its first row, or that it has none
STALL_TIMEOUT_S = 3.0  # for more rows, or the end mark, after scrolling


@dataclass(frozen=True, kw_only=True)
class WebList:
    """Where a list is and how it looks. `row`, `empty` and `end` are selectors; of the others each finds a value in a
    page's HTML, as `Field` and `Words` do.

    url:      the list's first page
    row:      a row
    traces:   what only rows hold, such as links to certificates: one outside all rows is a row that nobody read
    empty:    what says that the list has no rows
    following: the address of the next page
    position: the number of this page and of all pages, as a text with two numbers (`2 of 9`)
    total:    how many rows the list has
    end:      what says that no row follows, where a list grows
    number:   matches the page's number in its address: where neither a link nor a mark follows, the page behind the
              last one is opened, and must show no rows, and either `empty` or the empty `frame` of the rows
    grows:    more rows come when the page is scrolled to its end
    """

    url: str
    row: str
    traces: str
    empty: str
    following: Finder | None = None
    position: Finder | None = None
    total: Finder | None = None
    end: str | None = None
    number: str | None = None
    frame: str | None = None
    grows: bool = False


type ReadRows = Callable[[Sequence[str], Response], Sequence[Licence]]
"""Makes licences from rows (outer HTML) and the page that they are on. ValueError and KeyError become LayoutChanged."""


@page_source
async def listed(
    site: Website, session: BrowserSession, layout: WebList, read: ReadRows
) -> AsyncIterator[Page | ListEnd]:
    """All pages of the list. It ends by its total, its mark, its number of pages, or an empty page after the last one.

    LayoutChanged names the problem: rows that are not recognised, a repeated page, or an end without proof.
    """
    page = await site.open(session, layout.url)
    addresses, read_here, previous, waited = [page.url], 0, list[str](), False
    while True:
        await _rows_or_none(session, layout)
        ended = layout.end is not None and await session.seen(layout.end)  # before the rows: none can come in between
        rows = await session.rows(layout.row, start=read_here)
        page = await session.page()
        await _nothing_unread(session, layout, page)
        with known_layout(page):
            licences = read(rows, page)
            here = [licence.identity for licence in licences]
            if here and here == previous:
                raise ValueError(f"page {len(addresses)} is the same as the one before it")
            total = _number(layout.total, page)
            last = _is_last_of_count(layout, page, len(addresses))
            link = layout.following(page.text) if layout.following else None
            address = urljoin(page.url, link) if link else None
            if address and not rows and not read_here:
                raise ValueError(f"page {len(addresses)} shows no rows, but a link to the next page")
            if address in addresses and not last:
                raise ValueError(f"the next page is {address} again")
        first = len(addresses) == 1 and not read_here
        if licences or total is not None:
            yield Page(licences, total=total)
        read_here, previous = read_here + len(licences), here or previous
        if address and address not in addresses:
            addresses, read_here = [*addresses, address], 0
            await site.open(session, address)
        elif total is not None:
            yield ListEnd.TOTAL
            return
        elif not licences and not read_here:
            yield Page((), total=0 if first else None)
            yield ListEnd.MARK if first else ListEnd.EMPTY_PAGE
            return
        elif ended or last:
            yield ListEnd.MARK
            return
        elif layout.grows and len(addresses) == 1 and (licences or not waited):
            waited = not licences
            if waited:
                await session.seen(str(layout.end), wait=STALL_TIMEOUT_S)
            else:
                await session.scroll_to_end(layout.row)
        elif len(addresses) > 1 and await _is_empty_behind(site, session, layout, addresses[-1]):
            yield ListEnd.EMPTY_PAGE
            return
        else:
            raise changed(page, f"the list stops after page {len(addresses)} without {_wanted(layout)}")


def _wanted(layout: WebList) -> str:
    """What would have read_here where the list goes on, or that it ends."""
    looked = {
        "a link to the next page": layout.following,
        "the number of the last page": layout.position,
        "a total": layout.total,
        "an end mark": layout.end,
    }
    return " and without ".join(name for name, declared in looked.items() if declared)


async def _rows_or_none(session: BrowserSession, layout: WebList) -> None:
    if not await session.seen(f"{layout.row}, {layout.empty}", wait=ROWS_TIMEOUT_S):
        raise changed(await session.page(), "the list shows no rows, but does not say that there are none")


async def _nothing_unread(session: BrowserSession, layout: WebList, page: Response) -> None:
    """Every trace of a row must be inside a row that is read."""
    there = await session.rows(layout.traces)
    pairs = [(row, trace) for row in _parts(layout.row) for trace in _parts(layout.traces)]
    inside = await session.rows(", ".join(f"{row}:is({trace}), {row} {trace}" for row, trace in pairs))
    if missed := len(there) - len(inside):
        raise changed(page, f"{missed} of {len(there)} signs of a licence ({layout.traces}) are in no row that is read")


def _parts(selector: str) -> list[str]:
    """Split a list of selectors."""
    return re.split(r",\s*(?![^(\[]*[)\]])", selector)


def _number(finder: Finder | None, page: Response) -> int | None:
    found = finder(page.text) if finder else None
    return int(re.sub(r"[ .,'\u2019\u00a0\u202f]", "", found)) if found else None


def _is_last_of_count(layout: WebList, page: Response, number: int) -> bool:
    """Whether the page's own count says that it is the last; ValueError if the count names another page than the one
    opened.
    """
    said = layout.position(page.text) if layout.position else None
    if said is None:
        return False
    this, of = map(int, re.findall(r"\d+", said))
    if this != number:
        raise ValueError(f"page {number} says that it is {said}")
    return this >= of


async def _is_empty_behind(site: Website, session: BrowserSession, layout: WebList, address: str) -> bool:
    """Whether the page after this one says that it is empty. A missing link alone proves nothing."""
    if not layout.number:
        return False
    following = re.sub(layout.number, lambda found: str(int(found[0]) + 1), address)
    if following == address:
        return False
    behind = site.check(await session.goto(following))
    looked = ", ".join(filter(None, (layout.row, layout.empty, layout.frame)))
    if behind.status != 200 or not await session.seen(looked, wait=ROWS_TIMEOUT_S):
        return False
    await _nothing_unread(session, layout, behind)
    return not await session.rows(layout.row)
