"""Lists of JSON interfaces, page by page, and how they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from archiver.core.model import Licence
from archiver.provider.contract import Page, Response
from archiver.provider.layout_errors import known_layout

MAX_PAGE_REPEATS = 3  # times that a page may come again: some interfaces give their last one for ever


class Turn(NamedTuple):
    """Which page it is: its number, from 1, and how many rows came before it."""

    number: int
    before: int


type FetchPage = Callable[[Turn], Awaitable[Response | Page]]
"""Asks for a page. A ready `Page` instead of an answer is the last one: the platform has no such page, or list."""


def rows(body: Mapping[str, Any], name: str, total: int | None) -> Sequence[Any]:
    """A page's rows. Null in their place is no rows where the stated total says so, too; else ValueError."""
    found = body[name]
    if found is None and total == 0:
        return ()
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list")
    return found


async def pages(ask: FetchPage, read: Callable[[Any], Page], *, step: int | None = None) -> AsyncIterator[Page]:
    """A list to its stated total, or to an empty page where none is stated; never ended by a page that is short.

    `read` makes a page of an answer's JSON; what it cannot read is LayoutChanged. `step` is for platforms where a page
    counts as so many rows, however many came.
    """
    before, last, repeated = 0, list[str](), 0
    for number in count(1):
        answer = await ask(Turn(number, before))
        if isinstance(answer, Page):
            yield answer
            return
        with known_layout(answer):
            page = read(answer.json())
            here = [licence.identity for licence in page.licences]
            repeated = repeated + 1 if here == last else 0
            if here and repeated == MAX_PAGE_REPEATS:
                raise ValueError(f"page {number} is the same as the {MAX_PAGE_REPEATS} before it")
        if page.total is not None and before + len(page.licences) <= page.total:
            page = replace(page, licences=[*_distinct(page.licences)])
        yield page
        last = here
        before += step or len(page.licences)
        if not page.licences or (page.total is not None and before >= page.total):
            return


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
