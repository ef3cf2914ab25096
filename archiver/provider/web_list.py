"""A list on web pages, declared as data and read by core: its rows, where it continues, and what proves its end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from archiver.core.model import Licence
from archiver.provider.contract import BrowserSession, Page, Response, UnreadRow
from archiver.provider.form_login import Website, stated_number
from archiver.provider.layout_errors import changed, known_layout, read_rows
from archiver.provider.list_surroundings import addresses, beside
from archiver.provider.list_words import BUSY
from archiver.provider.paging import Beside, ListEnd, page_source

if TYPE_CHECKING:  # what `archiver.reading.html` has: `Field` and `Words`
    type Finder = Callable[[str], str | None]

ROWS_TIMEOUT_S = 15.0  # for a page to show its first row, or that it has none
STALL_TIMEOUT_S = 3.0  # for more rows, or the end mark, after scrolling
MARK_TIMEOUT_S = 1.0  # for more rows where the end mark shows: it may have come too early
POLL_INTERVAL_S = 0.1
PASSWORD = "input[type=password]"  # noqa: S105  a selector
_SCRIPTS = re.compile(r"<script\b|\son(?:load|scroll)\s*=", re.IGNORECASE)


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
    harmless: controls and texts of the page that look as if rows were hidden or followed, though none do
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
    harmless: str | None = None


type ReadRows = Callable[[Sequence[str], Response], Sequence[Licence]]
"""Makes licences from rows (outer HTML) and the page that they are on. It gets one row at a time, and makes one licence
of it: ValueError, KeyError and their like say that this one cannot be read. The list is LayoutChanged if none can.
"""


# long: one decision for each page; parts would hide in which order its cases count
@page_source
async def listed(
    site: Website, session: BrowserSession, layout: WebList, read: ReadRows
) -> AsyncIterator[Page | ListEnd | Beside]:
    """All pages of the list. It ends by its total, its mark, its number of pages, or an empty page after the last one.

    A page is read until no more rows come: one with scripts, or a list that grows, is scrolled and waited for. What
    the last page shows beside its rows comes before the end (`list_surroundings`), and core judges it.

    LayoutChanged names what is missing: rows that are not recognised, a page that comes again, an end without proof.
    """
    page = await site.open(session, layout.url)
    walk = _Walk(site, session, layout, read, opened=[page.url])
    while True:
        await _rows_or_none(session, layout)
        await _ready(session)
        ended = layout.end is not None and await session.seen(layout.end)  # before the rows: none can come in between
        page, rows = await walk.new_rows()
        walk.mark_was_early |= walk.marked and bool(rows)
        walk.marked = ended
        with known_layout(page):
            total = stated_number(layout.total, page) if layout.total else None
            last = walk.is_last_of_count(page)
            link = layout.following(page.text) if layout.following else None
            address = urljoin(page.url, link) if link else None
            if address and not walk.read_here:
                raise ValueError(f"page {walk.number} shows no rows, but a link to the next page")
            if address in walk.opened and not last:
                raise ValueError(f"the next page is {address} again")
        if rows or total is not None:
            yield walk.page_of(rows, page, total)
        if rows and (walk.may_grow(page) or layout.grows):
            await walk.more_rows(page, MARK_TIMEOUT_S if ended and not walk.mark_was_early else STALL_TIMEOUT_S)
        elif address and address not in walk.opened:
            await walk.turn(address)
        elif total is not None:
            yield await walk.beside(page, ListEnd.TOTAL)
            yield ListEnd.TOTAL
            return
        elif not walk.read_here and walk.may_grow(page) and not walk.waited:
            walk.waited = True
            await walk.more_rows(page, STALL_TIMEOUT_S)  # a script may say that there are none until it has them
        elif not walk.read_here and not walk.asked_again:
            await walk.ask_again()
        elif not walk.read_here:
            first = walk.number == 1
            end = ListEnd.MARK if first else ListEnd.EMPTY_PAGE
            yield await walk.beside(page, end)
            if not first and layout.number and not await walk.is_empty_behind():
                raise changed(page, f"page {walk.number} is empty, but the page behind it is not")
            yield Page((), total=0 if first else None)
            yield end
            return
        elif ended or last:
            end = ListEnd.LAST_PAGE if last else ListEnd.MARK
            yield await walk.beside(page, end)
            yield end
            return
        elif layout.grows and walk.number == 1 and not walk.waited:
            walk.waited = True
            await session.seen(str(layout.end), wait=STALL_TIMEOUT_S)
        elif walk.number > 1 and await walk.is_empty_behind():
            yield await walk.beside(page, ListEnd.EMPTY_PAGE)
            yield ListEnd.EMPTY_PAGE
            return
        else:
            raise changed(page, f"the list stops after page {walk.number} without {_wanted(layout)}")


@dataclass
class _Walk:
    """How far a list was read. `read_here` counts the rows read on this page, `read_all` those on all of them."""

    site: Website
    session: BrowserSession
    layout: WebList
    read: ReadRows
    opened: list[str]  # the addresses, in order
    read_here: int = 0
    read_all: int = 0
    waited: bool = False
    asked_again: bool = False  # for this page, since it showed no rows
    marked: bool = False  # the end mark showed at the last look
    mark_was_early: bool = False  # rows came after the end mark had shown
    readable: bool = False  # some row could be read
    _here: list[str] = field(default_factory=list)  # identities on this page
    _last: str = ""  # of the last of them, as they stand
    _before: list[str] = field(default_factory=list)  # and on the one before
    _pages_stated: int = 0

    @property
    def number(self) -> int:
        return len(self.opened)

    async def turn(self, address: str) -> None:
        """Open the next page."""
        self.opened.append(address)
        self.read_here, self._before, self._here = 0, self._here or self._before, []
        self.waited = self.asked_again = False
        await self.site.open(self.session, address)

    async def ask_again(self) -> None:
        """Open this page once more: a platform with a fault may show an empty list for a moment."""
        self.asked_again, self.waited = True, False
        await self.site.open(self.session, self.opened[-1])

    def page_of(self, rows: Sequence[Licence | UnreadRow], answer: Response, total: int | None) -> Page:
        """These rows as a page of the list; LayoutChanged if none of the list could be read up to here."""
        page = Page(rows, total=total)
        self.readable = self.readable or bool(page.licences)
        if not page.unread:
            return page
        fault = changed(answer, page.unread[0].why)
        if not self.readable:
            raise fault
        return replace(page, fault=fault)

    async def new_rows(self) -> tuple[Response, Sequence[Licence | UnreadRow]]:
        """The page, and its rows that were not read yet.

        A page may drop rows while it is scrolled, and bring others above those that were read. It must still show the
        last one of these: else others may have come and gone between two looks.
        """
        start = max(0, self.read_here - 1)
        html = await self.session.rows(self.layout.row, start=start)
        page = await self.session.page()
        await _nothing_unread(self.session, self.layout, page)
        with known_layout(page):
            rows = self._read(html, page)
            if self.read_here and (not rows or rows[0].identity != self._last):
                rows = self._read(await self.session.rows(self.layout.row), page)
                at = next((n for n, each in enumerate(rows) if each.identity == self._last), None)
                if at is None:
                    raise ValueError(
                        f"the last of {self.read_here} rows that were read is no longer on the page, so rows may have "
                        "come and gone unseen"
                    )
                above = [each for each in rows[:at] if each.identity not in self._here]
                self._last, rows = rows[-1].identity, [*above, *rows[at + 1 :]]
            else:
                self._last = rows[-1].identity if rows else ""
                rows = rows[1:] if self.read_here else rows
            here = [row.identity for row in rows]
            if here and not self.read_here and here == self._before:
                raise ValueError(f"page {self.number} is the same as the one before it")
        self.waited = self.waited and not rows
        self._here += here
        self.read_here, self.read_all = self.read_here + len(here), self.read_all + len(here)
        return page, rows

    def _read(self, rows: Sequence[str], page: Response) -> Sequence[Licence | UnreadRow]:
        def read(row: str) -> Licence:
            for trace in _parts(self.layout.traces):
                if len(several := addresses(row, trace)) > 1:
                    raise ValueError(f"a row has {len(several)} addresses ({trace}), so it may be of several licences")
            [licence] = self.read([row], page)
            return licence

        return read_rows(rows, read)

    def may_grow(self, page: Response) -> bool:
        """Whether a script may bring more rows to this page."""
        return _SCRIPTS.search(page.text) is not None

    async def more_rows(self, page: Response, timeout_s: float) -> None:
        """Scroll to the page's end, and let a script bring what follows."""
        last = await self.session.rows(self.layout.row, start=-1)
        await self.session.scroll_to_end(self.layout.row)
        if not self.may_grow(page) or await self.session.seen(
            f"{self.layout.row} >> nth={self.read_here}", wait=timeout_s
        ):
            return
        if last == await self.session.rows(self.layout.row, start=-1):
            await self.session.scroll_to_end(self.layout.row)  # what it began to load meanwhile may be late, or fail

    def is_last_of_count(self, page: Response) -> bool:
        """Whether the page's own count says that it is the last one; ValueError where it is another than the one
        opened, or where an earlier page counted more."""
        said = self.layout.position(page.text) if self.layout.position else None
        if said is None:
            return False
        this, of = map(int, re.findall(r"\d+", said))
        if this != self.number:
            raise ValueError(f"page {self.number} says that it is {said}")
        self._pages_stated = max(of, self._pages_stated)
        return this >= self._pages_stated

    async def beside(self, page: Response, end: ListEnd) -> Beside:
        """What the last page shows beside its rows; LayoutChanged if an earlier one counted more pages."""
        layout = self.layout
        if self.number < self._pages_stated:
            raise changed(page, f"page {self.number} is the last ({end}), but one counted {self._pages_stated} pages")
        stated = [finder(page.text) for finder in (layout.position, layout.total) if finder]
        found = beside(
            page.text, url=page.url, row=layout.row, read=self.read_all, opened=self.opened,
            marks=[*filter(None, (layout.empty, layout.end, layout.harmless))], stated=[*filter(None, stated)],
        )  # fmt: skip
        doubts = {BUSY: "a sign that it is still loading", PASSWORD: "a field for a password"}
        return found | {each: each for mark, each in doubts.items() if await self.session.seen(mark)}

    async def is_empty_behind(self) -> bool:
        """Whether the page behind this one says that it is empty. A link alone may be missing."""
        layout, address = self.layout, self.opened[-1]
        following = re.sub(layout.number, lambda found: str(int(found[0]) + 1), address) if layout.number else address
        if following == address:
            return False
        behind = self.site.check(await self.session.goto(following))
        looked = ", ".join(filter(None, (layout.row, layout.empty, layout.frame)))
        if behind.status != 200 or not await self.session.seen(looked, wait=ROWS_TIMEOUT_S):
            return False
        await _nothing_unread(self.session, layout, behind)
        return not await self.session.rows(layout.row)


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


async def _ready(session: BrowserSession) -> None:
    """Wait while the page shows that it is loading, but not for ever: some pages always show it."""
    for _ in range(int(ROWS_TIMEOUT_S / POLL_INTERVAL_S)):
        if not await session.seen(BUSY):
            return
        await asyncio.sleep(POLL_INTERVAL_S)


async def _nothing_unread(session: BrowserSession, layout: WebList, page: Response) -> None:
    """Every trace of a row must be inside a row that is read."""
    there = await session.rows(layout.traces)
    pairs = [(row, trace) for row in _parts(layout.row) for trace in _parts(layout.traces)]
    inside = await session.rows(", ".join(f"{row}:is({trace}), {row} {trace}" for row, trace in pairs))
    if missed := len(there) - len(inside):
        first = next((each for each in there if each not in inside), there[0])
        tag = first[: first.find(">") + 1][:120]
        raise changed(
            page,
            f"{missed} of {len(there)} signs of a licence ({layout.traces}) are in no row that is read, such as {tag}",
        )


def _parts(selector: str) -> list[str]:
    """Split a list of selectors."""
    return re.split(r",\s*(?![^(\[]*[)\]])", selector)
