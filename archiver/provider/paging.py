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
    """What showed that no row follows. A list that stops without one of these is LayoutChanged."""

    TOTAL = "the stated total"
    EMPTY_PAGE = "an empty page after the last row"
    MARK = "the platform's own mark of the end"
    CURSOR = "the answer names no next page"
    NAMED = "all that was asked for"  # no list of the platform's: a person named what to read


class PageSource:
    """The pages of a list and, when all were read, the reason of their end (`end`).

    Only this module and `web_list` make one that ends by anything but a stated total: an adapter says where the total,
    the mark or the cursor stands, and core looks there. An adapter's own loop over pages can end by a total alone.
    """

    def __init__(self, pages: AsyncIterator[Page | ListEnd]) -> None:
        self._pages = pages
        self.end: ListEnd | None = None
        self._total: int | None = None

    @classmethod
    def of(cls, pages: AsyncIterator[Page]) -> PageSource:
        """The source itself, or the one of an adapter's own loop."""
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
    """Make a page source of a generator that yields pages and, last, the reason of their end."""

    @wraps(walk)
    def made(*args: P.args, **kwargs: P.kwargs) -> PageSource:
        return PageSource(walk(*args, **kwargs))

    return made


class Turn(NamedTuple):
    """Which page it is: its number, from 1, how many rows came before it, and what the page before named as the next.

    `cursor` is None for the first page, and for lists without one.
    """

    number: int
    before: int
    cursor: str | None = None


type FetchPage = Callable[[Turn], Awaitable[Response | Page]]
"""Asks for a page. A ready `Page` instead of an answer is the last one: the platform has no such page, or list."""


def rows(body: JsonObject, name: str, total: int | None) -> Sequence[JsonObject]:
    """A page's rows. Null in their place is no rows where the stated total says so, too; else ValueError."""
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
    """A list of a JSON interface: to its stated total, to a cursor that names no next page, or to an empty page.

    It never ends by a page that is short. `read` makes a page of an answer's JSON; what it cannot read is
    LayoutChanged. `step` is for platforms where a page counts as so many rows, however many came. `cursor` is where in
    the answer the next page is named (`meta.next`): null, false or an empty text there says that none follows, and an
    answer without that place is LayoutChanged.
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
    """What stands at a path of keys, as text; None where it is null, false or empty; KeyError where it is missing."""
    found = reduce(lambda inner, key: inner[key], path.split("."), body)
    return str(found) if found else None


@page_source
async def named(pages: AsyncIterator[Page]) -> AsyncIterator[Page | ListEnd]:
    """What a person named, instead of a list of the platform's: it ends when all of it was looked at."""
    async for page in pages:
        yield page
    yield ListEnd.NAMED


def _distinct(licences: Sequence[Licence]) -> Iterator[Licence]:
    """Licences that the platform gives no id, and that look alike on one page, under keys of their own: numbered from
    the second on. Only for a page that the total has room for, which says that the platform counts each of them; the
    same row on two pages is one that moved.
    """
    alike = Counter[str]()
    for licence in licences:
        alike[licence.identity] += 1
        number = alike[licence.identity]
        yield licence if number == 1 or licence.licence_id else replace(licence, key=(*licence.key, str(number)))
