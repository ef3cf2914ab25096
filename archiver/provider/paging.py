"""How a list is read page by page, and what proves that it has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import reduce, wraps
from itertools import count
from typing import Any, NamedTuple, Self

from archiver.core.errors import LayoutChanged
from archiver.core.model import Ground, Licence
from archiver.provider.contract import JsonObject, Page, Response, UnreadRow
from archiver.provider.layout_errors import changed, known_layout
from archiver.provider.list_signs import MESSAGES, in_answer, in_headers, stated_totals

MAX_EMPTY_PAGES = 20  # in a row, of a list with a cursor
EMPTY_PAGES_AT_END = 3  # in a row, of a list of which nothing else shows an end: one or two may be a hole


class ListEnd(StrEnum):
    """What showed that there are no more rows. A list that stops without one of these is LayoutChanged.

    Core decides which of them prove that the list is complete (`collect/grounds.py`): words of a page do not.
    """

    TOTAL = "the stated total"
    EMPTY_PAGE = "an empty page after the last row"
    LAST_PAGE = "the number of the last page"
    MARK = "the page's own words"
    CURSOR = "the answer names no next page"
    NAMED = "all that was asked for"  # no list of the platform: a person named what to read

    @property
    def ground(self) -> Ground | None:
        """What this proves; None for what depends on words of a page."""
        return _GROUNDS.get(self)


_GROUNDS = {
    ListEnd.TOTAL: Ground.TOTAL, ListEnd.EMPTY_PAGE: Ground.END_OF_DATA, ListEnd.LAST_PAGE: Ground.END_OF_DATA,
    ListEnd.CURSOR: Ground.END_OF_DATA, ListEnd.NAMED: Ground.PERSON,
}  # fmt: skip


type Beside = dict[str, str]
"""What stands beside a list's rows and may say that they are a part, in words, by what tells it from other things."""


class PageSource:
    """The pages of a list and, after the last one, the reason why it ended (`end`).

    Only this module and `web_list` make lists that end by anything but a stated total. An adapter says where the total,
    the mark or the cursor is, and core looks there. An adapter's own loop over pages can end only by a total.
    """

    def __init__(self, pages: AsyncIterator[Page | ListEnd | Beside]) -> None:
        self._pages = pages
        self.end: ListEnd | None = None
        self.beside: Beside = {}
        self._total: int | None = None

    @classmethod
    def of(cls, pages: AsyncIterator[Page]) -> PageSource:
        """Return the source itself, or wrap an adapter's own loop."""
        return pages if isinstance(pages, PageSource) else cls(pages)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Page:
        try:
            found = await anext(self._pages)
        except StopAsyncIteration:
            self.end = self.end or (None if self._total is None else ListEnd.TOTAL)
            raise
        if isinstance(found, ListEnd):
            self.end = found
            return await self.__anext__()  # it ends there
        if isinstance(found, dict):
            self.beside |= found
            return await self.__anext__()
        self._total = self._total if found.total is None else found.total
        return found

    async def aclose(self) -> None:
        """Stop before the end."""
        if close := getattr(self._pages, "aclose", None):
            await close()


def page_source[**P](walk: Callable[P, AsyncIterator[Page | ListEnd | Beside]]) -> Callable[P, PageSource]:
    """Turn a generator that yields pages and finally the reason of their end into a page source."""

    @wraps(walk)
    def made(*args: P.args, **kwargs: P.kwargs) -> PageSource:
        return PageSource(walk(*args, **kwargs))

    return made


class Turn(NamedTuple):
    """Which page to ask for: its number, from 1, the number of rows before it, and the next page that the last page
    named.

    `cursor` is None for the first page, and for lists without cursors.
    """

    number: int
    before: int
    cursor: str | None = None


type FetchPage = Callable[[Turn], Awaitable[Response | Page]]
"""Asks for a page.

If it returns a `Page` instead of an answer, that is the last one: the platform has no such page or list.
"""


def rows(body: JsonObject, name: str, total: int | None) -> Sequence[JsonObject]:
    """The rows of a page. Null means no rows if the stated total agrees; otherwise ValueError."""
    found = body[name]
    if found is None and total == 0:
        return ()
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list")
    return found


# long: one decision for each page; parts would hide in which order its cases count
@page_source
async def pages(
    ask: FetchPage,
    read: Callable[[Any], Page],
    *,
    step: int | None = None,
    cursor: str | None = None,
    harmless: Collection[str] = (),
    documented: Collection[str] | None = None,
) -> AsyncIterator[Page | ListEnd | Beside]:
    """Read a list of a JSON interface: to its stated total, to a cursor that names no next page, or to an empty page.

    A short page never ends it. `read` makes a page of an answer's JSON; what it cannot read is LayoutChanged, and so is
    a list of whose rows up to here none could be read. `step` is for platforms where a page counts as so many rows,
    however many came. `cursor` is where in the answer the next page is named (`meta.next`): null, false or an empty
    text there says that none follows, and an answer without that place is LayoutChanged.

    An empty page may be a hole. Without total and cursor, a list ends only by EMPTY_PAGES_AT_END of them in a row, the
    first page too, or by one behind which there is no page. Rows behind a hole are read; but then no end is believed,
    since nobody knows what the hole should have held. No end counts if an answer says elsewhere that rows follow
    (`has_more`, `next`, `pages`, a `count` of more rows), unless `harmless` names that place.

    `documented` are the keys that the platform's documents name for such an answer. Another key may say anything, such
    as that the list is a part, so what ends the list then is no ground to call it complete, until it was once.
    """
    before, count_read, seen, cursors, turn = 0, 0, set[str](), set[str](), Turn(1, 0)
    here = list[str]()  # the identities on the last page
    total: int | None = None
    readable = False
    lengths, hole = list[int](), 0  # of the pages up to here; the number of an empty page before rows
    stated, doubts = dict[str, int](), list[str]()  # counts beside rows; what empty pages behind the last row said
    answer: Response | None = None
    for number in count(1):
        looks_behind = total is None and not cursor and lengths[-1:] == [0]
        found = await (_behind if looks_behind else _asked)(ask, read, turn)
        if not isinstance(found, _PageAnswer):  # there is no such page or list
            if looks_behind and answer:
                _believe(answer, lengths, ListEnd.EMPTY_PAGE, doubts, hole)
            if found:
                yield found
            yield ListEnd.EMPTY_PAGE if found is None or found.total is None else ListEnd.TOTAL
            return
        answer, body, page = found
        yield _undocumented(body, documented)
        with known_layout(answer):
            last, here = here, [row.identity for row in page.rows]
            pushed = len(here) < len(last) and here == last[-len(here) :]  # down from it, by rows that came meanwhile
            if here and seen.issuperset(here) and not pushed:
                raise ValueError(f"page {number} shows no row that was not on a page before it")
            following = _at(body, cursor) if cursor else None
        readable = readable or bool(page.licences)
        if page.fault and not readable:
            raise page.fault
        if page.total is not None and before + len(page.rows) <= page.total:
            page = replace(page, rows=[*_distinct(page.rows)])
        if here or page.total is not None or not looks_behind:
            yield page
        seen.update(here)
        if following in cursors:
            raise changed(answer, f"page {number} names as the next page one that came before it")
        cursors.update([following] if following else ())
        if here:
            hole, doubts = number - 1 if looks_behind else hole, []
            stated |= stated_totals(body, harmless)
        lengths.append(len(page.rows))
        before, count_read = before + (step or len(page.rows)), count_read + len(page.rows)
        total = total if page.total is None else page.total
        end = _end_of(lengths, total is not None and before >= total, cursor is not None, following)
        if end:
            doubts += _signs(answer, body, number, count_read, total is not None, cursor, harmless)
            if total is None:
                doubts += [f"{path} is {more}" for path, more in stated.items() if more > count_read]
        if end and (end is not ListEnd.EMPTY_PAGE or total is not None or not _may_be_hole(lengths)):
            _believe(answer, lengths, end, doubts, hole if end is ListEnd.EMPTY_PAGE and total is None else 0)
            yield end
            return
        if cursor and len(lengths) > MAX_EMPTY_PAGES and not any(lengths[-MAX_EMPTY_PAGES:]):
            raise changed(answer, f"{MAX_EMPTY_PAGES} pages in a row are empty, and the last one names a next page")
        turn = Turn(number + 1, before, following)


def _undocumented(body: object, documented: Collection[str] | None) -> Beside:
    """The keys of an answer that its platform's documents do not name; where none are named, those of messages."""
    keys = body.keys() if isinstance(body, Mapping) else ()
    found = [key for key in keys if (key.lower() in MESSAGES if documented is None else key not in documented)]
    return {f"key {key}": f"the key {key} of its answer" for key in found}


class _PageAnswer(NamedTuple):
    """An answer, its JSON, and the page that it holds."""

    answer: Response
    body: Any
    page: Page


async def _asked(ask: FetchPage, read: Callable[[Any], Page], turn: Turn) -> _PageAnswer | Page:
    answer = await ask(turn)
    if isinstance(answer, Page):
        return answer
    with known_layout(answer):
        body = answer.json()
        page = read(body)
        fault = changed(answer, page.unread[0].why) if page.unread else None
        return _PageAnswer(answer, body, replace(page, fault=fault))


async def _behind(ask: FetchPage, read: Callable[[Any], Page], turn: Turn) -> _PageAnswer | Page | None:
    """What is behind an empty page; None for an error status, or an error in words. Both are fine there."""
    try:
        return await _asked(ask, read, turn)
    except LayoutChanged:
        return None


def _may_be_hole(lengths: Sequence[int]) -> bool:
    """Whether the empty pages at the end are too few to be the end."""
    return len(lengths) < EMPTY_PAGES_AT_END or any(lengths[-EMPTY_PAGES_AT_END:])


def _believe(answer: Response, lengths: Sequence[int], end: ListEnd, doubts: Sequence[str], hole: int) -> None:
    """LayoutChanged if something speaks against the end."""
    if doubts:
        raise changed(
            answer,
            f"the list seems to end after page {len(lengths)} ({end}; rows read: {sum(lengths)}), "
            f"but the answer says: {'; '.join(dict.fromkeys(doubts))}",
        )
    if hole:
        raise changed(answer, f"page {hole} is empty, but page {hole + 1} has {lengths[hole]} rows")


# many parameters: what signs in a body and in headers are compared with
def _signs(
    answer: Response,
    body: object,
    number: int,
    read: int,
    has_total: bool,
    cursor: str | None,
    harmless: Collection[str],
) -> list[str]:
    """What in the answer to page `number` says that rows follow."""
    return [
        *in_answer(body, number=number, read=read, has_total=has_total, cursor=cursor, harmless=harmless),
        *in_headers(answer.headers, number=number, read=read, has_total=has_total, harmless=harmless),
    ]


def _end_of(lengths: Sequence[int], has_all: bool, by_cursor: bool, following: str | None) -> ListEnd | None:
    """What proves that no page follows these; None where nothing does. A named next page outweighs a total."""
    if has_all and (not following or not lengths[-1]):
        return ListEnd.TOTAL
    if by_cursor:
        return None if following else ListEnd.CURSOR
    return None if lengths[-1] else ListEnd.EMPTY_PAGE


def _at(body: Any, path: str) -> str | None:
    """The text at a path of keys; None if it is null, false or empty; KeyError if it is missing."""
    found = reduce(lambda inner, key: inner[key], path.split("."), body)
    return str(found) if found else None


@page_source
async def named(pages: AsyncIterator[Page]) -> AsyncIterator[Page | ListEnd | Beside]:
    """Read what a person named, instead of a list of the platform. It ends when everything was looked at."""
    async for page in pages:
        yield page
    yield ListEnd.NAMED


type PageRows = Sequence[Licence | UnreadRow]


def beyond(before: PageRows, page: PageRows) -> PageRows:
    """The page's rows without those at its beginning that ended the rows before it: pages that overlap hide others."""
    last, here = [each.identity for each in before], [each.identity for each in page]
    return page[next((n for n in range(min(len(last), len(here)), 0, -1) if last[-n:] == here[:n]), 0) :]


def _distinct(rows: PageRows) -> Iterator[Licence | UnreadRow]:
    """Give licences that have no id and look alike on one page keys of their own: number them from the second on.

    Only for a page that the total has room for: so the platform counts each of them. The same row on two pages is one
    row that moved.
    """
    alike = Counter[str]()
    for row in rows:
        alike[row.identity] += 1
        number = alike[row.identity]
        if number == 1 or isinstance(row, UnreadRow) or row.licence_id:
            yield row
        else:
            yield replace(row, key=(*row.key, str(number)))
