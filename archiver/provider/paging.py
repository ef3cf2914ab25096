"""How a list is read page by page, and what proves that it has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import reduce, wraps
from itertools import count
from typing import Any, NamedTuple, Self

from archiver.core.model import Licence
from archiver.provider.contract import JsonObject, Page, Response
from archiver.provider.layout_errors import known_layout


class ListEnd(StrEnum):
    """What showed that there are no more rows. A list that stops without one of these is LayoutChanged."""

    TOTAL = "the stated total"
    EMPTY_PAGE = "an empty page after the last row"
    MARK = "the platform's own mark of the end"
    CURSOR = "the answer names no next page"
    NAMED = "all that was asked for"  # no list of the platform: a person named what to read


class PageSource:
    """The pages of a list and, after the last one, the reason why it ended (`end`).

    Only this module and `web_list` make lists that end by anything but a stated total. An adapter says where the total,
    the mark or the cursor is, and core looks there. An adapter's own loop over pages can end only by a total.
    """

    def __init__(self, pages: AsyncIterator[Page | ListEnd]) -> None:
        self._pages = pages
        self.end: ListEnd | None = None
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
        self._total = self._total if found.total is None else found.total
        return found

    async def aclose(self) -> None:
        """Stop before the end."""
        if close := getattr(self._pages, "aclose", None):
            await close()


def page_source[**P](walk: Callable[P, AsyncIterator[Page | ListEnd]]) -> Callable[P, PageSource]:
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


@page_source
async def pages(
    ask: FetchPage, read: Callable[[Any], Page], *, step: int | None = None, cursor: str | None = None
) -> AsyncIterator[Page | ListEnd]:
    """Read a list of a JSON interface: to its stated total, to a cursor that names no next page, or to an empty page. A
    short page never ends it.

    `read` makes a page from an answer's JSON; what it cannot read is LayoutChanged. `step` is the number of rows that a
    page counts for, however many came. `cursor` is the place in the answer that names the next page (`meta.next`).
    Null, false or an empty text there means that no page follows; an answer without that place is LayoutChanged.
    """
    before, seen, turn = 0, set[str](), Turn(1, 0)
    for number in count(1):
        answer = await ask(turn)
        if isinstance(answer, Page):
            yield answer
            yield ListEnd.EMPTY_PAGE if answer.total is None else ListEnd.TOTAL
            return
        with known_layout(answer):
            body = answer.json()
            page = read(body)
            here = [licence.identity for licence in page.licences]
            if here and seen.issuperset(here):
                raise ValueError(f"page {number} shows no row that was not on a page before it")
            following = _at(body, cursor) if cursor else None
            if following and following == turn.cursor:
                raise ValueError(f"page {number} names itself as the next page")
        if page.total is not None and before + len(page.licences) <= page.total:
            page = replace(page, licences=[*_distinct(page.licences)])
        yield page
        seen.update(here)
        before += step or len(page.licences)
        if page.total is not None and before >= page.total:
            yield ListEnd.TOTAL
            return
        if cursor and not following:
            yield ListEnd.CURSOR
            return
        if not page.licences and not cursor:
            yield ListEnd.EMPTY_PAGE
            return
        turn = Turn(number + 1, before, following)


def _at(body: Any, path: str) -> str | None:
    """The text at a path of keys; None if it is null, false or empty; KeyError if it is missing."""
    found = reduce(lambda inner, key: inner[key], path.split("."), body)
    return str(found) if found else None


@page_source
async def named(pages: AsyncIterator[Page]) -> AsyncIterator[Page | ListEnd]:
    """Read what a person named, instead of a list of the platform. It ends when everything was looked at."""
    async for page in pages:
        yield page
    yield ListEnd.NAMED


def _distinct(licences: Sequence[Licence]) -> Iterator[Licence]:
    """Give licences that have no id and look alike on one page keys of their own: number them from the second on.

    Only for a page that the total has room for: so the platform counts each of them. The same row on two pages is one
    row that moved.
    """
    alike = Counter[str]()
    for licence in licences:
        alike[licence.identity] += 1
        number = alike[licence.identity]
        yield licence if number == 1 or licence.licence_id else replace(licence, key=(*licence.key, str(number)))
