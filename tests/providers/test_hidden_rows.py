"""No list that shows a part of its rows is taken for whole, whatever a redesign puts around the marks of its end."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from types import ModuleType

import pytest

from archiver.core.errors import LayoutChanged
from archiver.core.model import Asset, Licence
from archiver.provider import AnyProvider, JsonObject, Page, Response, load, web_list
from archiver.provider.paging import PageSource, Turn, pages
from tests.providers.test_lists import Pages
from tests.support.hidden_rows import HINTS, INVENTED, SHOWN, Shop, invented_adapter, shops

SHOPS = {shop.name: shop for shop in shops()}


@cache
def provider(name: str) -> AnyProvider:
    if name not in INVENTED:
        return load(name)()
    module = sys.modules[name] = ModuleType(name)
    exec(compile(invented_adapter(name), f"{name}.py", "exec"), vars(module))
    made: AnyProvider = getattr(module, "".join(map(str.capitalize, name.split("_"))))()
    return made


def left_over(shop: Shop, around: str) -> dict[str, str]:
    """What the list's page shows and nobody knows. A list that has no end is refused, and says what is missing."""
    source = PageSource.of(provider(shop.name).history(Pages(shop.page(shop.rows(), around)))[0].pages)

    async def read() -> int:
        return sum([len(page.licences) async for page in source])

    try:
        assert asyncio.run(read()) == SHOWN and source.end
    except LayoutChanged as error:
        assert "is the last" in str(error) or "names as" in str(error) or "next page" in str(error), error
        return {"": str(error)}
    return source.beside


# One of each proof of an end: number of pages, total, end mark. The others are much the same.
ALIKE = ("freepik", "shop_end")


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.long if name in ALIKE else ()) for name in SHOPS])
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(web_list, "ROWS_TIMEOUT_S", 0.1)  # for what stays busy
    yield SHOPS[request.param]


def test_what_hides_rows_is_never_overlooked(shop: Shop) -> None:
    plain = left_over(shop, "").keys()
    assert [name for name, around in HINTS.items() if not left_over(shop, around).keys() - plain] == []


def test_a_page_with_rows_alone_is_accounted_for_and_what_was_there_stays_known(shop: Shop) -> None:
    assert not left_over(shop, "") or shop.name in ALIKE
    quota = [f"<p>{number} downloads left</p>" for number in (45, 7, SHOWN)]
    before, later, as_many_as_rows = (left_over(shop, each).keys() for each in quota)
    assert before == later != as_many_as_rows, "a number alone makes nothing new, but for that of the rows"


IN_ANSWERS: dict[str, JsonObject] = {
    "links by relation": {"links": [{"rel": "self", "href": "/l"}, {"rel": "next", "href": "/l?page=2"}]},
    "a link with an address": {"_links": {"next": {"href": "/l?page=2"}}},
    "incomplete": {"incomplete_results": True},
    "partial": {"partial": True},
    "partial, as a state": {"status": "partial"},
    "capped": {"meta": {"limit_reached": True}},
    "some remain": {"page": {"remaining": 6}},
    "an archive": {"archived_count": 6},
    "an address of a page": {"next_page_url": "/l?page=2"},
    "an address, in other letters": {"meta": {"nextPageUrl": "/l?page=2"}},
    "not the last": {"last": False},
    "not the last, in full": {"page": {"isLast": False}},
    "not done": {"done": False},
    "a flag as a number": {"hasMore": 1},
    "a flag as a word": {"has_next_page": "yes"},
    "pages as text": {"total_pages": "3"},
    "the last page's number": {"pagination": {"current": 1, "last": 3}},
    "deep inside": {"data": {"viewer": {"history": {"list": {"pageInfo": {"hasNextPage": True}}}}}},
}
COUNTS: tuple[JsonObject, ...] = (
    {"count": 9}, {"meta": {"count": 9}}, {"total_records": 9}, {"hits": {"total": {"value": 9, "relation": "eq"}}},
    {"totalHits": "9"}, {"page": {"totalElements": 9}}, {"rowCount": 9},
)  # fmt: skip
IN_HEADERS = (
    {"link": '</l?page=2>; rel="next"'}, {"x-next-page": "2"}, {"x-has-more": "true"}, {"x-total-pages": "3"},
    {"content-range": "items 0-2/9"},
)  # fmt: skip
USUAL: tuple[JsonObject, ...] = (
    {}, {"status": "ok"}, {"message": "success"}, {"rate": {"remaining": 4999}},
    {"links": [{"rel": "self", "href": "/l"}]},
    {"plan": {"left": 7}}, {"partial": False, "_links": {"next": None}},
    {"last": True, "isLast": 1, "done": "true", "hasMore": 0, "has_next": "no", "next_page_url": "", "next": "null"},
    {"total_pages": "1", "pagination": {"current": 1, "last": 1}, "lastPage": 0, "end": 2, "last": 2},
    {"total_records": 3, "hits": {"total": {"value": "3"}}, "item_count": 2}, {"profile": {"complete": False}},
    {"order_total": 55, "discount": 20, "page_size": 50, "cart": {"count": 7}, "quota": {"total_downloads": 99}},
    {"data": {"viewer": {"home": {"related": {"hasMore": True}}}}},
)  # fmt: skip


def interface_ends(said: JsonObject, headers: Mapping[str, str], *, total: bool) -> bool:
    """Whether a list of three rows is taken as whole: by its stated total, or by an answer that names no next page."""
    body = {"rows": [3, 2, 1], "cursor": None, "count": 3, **said}

    async def ask(turn: Turn) -> Response:
        return Response(200, "https://api.example/l", headers, json.dumps(body).encode(), datetime.now(UTC))

    def read(answer: JsonObject) -> Page:
        return Page(
            [
                Licence(asset=Asset(provider="shop", asset_id=str(each)), licence_id=f"L{each}")
                for each in answer["rows"]
            ],
            total=answer["count"] if total else None,
        )

    async def to_the_end() -> int:
        return len([page async for page in pages(ask, read, cursor=None if total else "cursor")])

    try:
        return asyncio.run(to_the_end()) == 1
    except LayoutChanged as error:
        assert "the answer says: " in str(error)
        return False


@pytest.mark.parametrize("total", [True, False])
def test_an_answer_that_hides_rows_is_never_complete(total: bool) -> None:
    assert [name for name, said in IN_ANSWERS.items() if interface_ends(said, {}, total=total)] == []
    assert [headers for headers in IN_HEADERS if interface_ends({}, headers, total=total)] == []
    if not total:  # one that the adapter reads itself is compared, and no other
        assert [said for said in COUNTS if interface_ends(said, {}, total=total)] == []
    assert [said for said in USUAL if not interface_ends(said, {"x-total-count": "3"}, total=total)] == []
