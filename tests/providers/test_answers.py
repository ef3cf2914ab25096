"""Adapters of APIs against answers that no recording has: the vendor's own sample shape, odd scopes, missing keys."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from archiver.browsing.preview import preview as fetch_preview
from archiver.core.errors import LayoutChanged, SiteUnavailable, Withheld, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import Page, Provider, Response
from providers.envato_market import EnvatoMarket
from providers.shutterstock import Shutterstock
from tests.support.canned_answers import Answer, Canned, Nobody, documents, listing, pages


def sign_in(provider: Provider[Any], session: Canned) -> None:
    asyncio.run(provider.sign_in(session, {"token": "RECORDED"}, Nobody()))


# As the vendor's documentation shows a row, with invented values; it shows the key `image` in the lists of all media.
ROW: dict[str, Any] = {
    "id": "e0000000000000000000000000000000aa",
    "user": {"username": "ada.example"},
    "license": "premier_editorial_all_digital",
    "download_time": "2021-07-15T11:46:34-04:00",
    "is_downloadable": False,
    "image": {"id": "1234567ao", "format": {"size": "original"}},
    "subscription_id": "s00000001",
    "metadata": {"purchase_order": "4711", "client": "Acme", "job": "", "other": None},
}


LISTS = ("images", "videos", "audio", "sfx", "editorial/images", "editorial/videos")


def test_the_vendors_sample_row_is_a_licence_in_every_list() -> None:
    found = pages(Shutterstock(), Canned(lambda path, query: listing(ROW)))
    assert tuple(found) == LISTS
    for [page] in found.values():
        [licence] = page.licences
        assert page.total == 1 and licence.identity == "shutterstock:e0000000000000000000000000000000aa"
        assert (licence.asset.asset_id, licence.kind, licence.comp) == ("1234567ao", ROW["license"], False)
        assert licence.licensed_at == datetime(2021, 7, 15, 15, 46, 34, tzinfo=UTC)
        assert (licence.seat, licence.plan, licence.licensee) == ("ada.example", "s00000001", None)
        assert licence.client_hints == {"purchase_order": "4711", "client": "Acme"} and licence.row == ROW


def test_numbers_where_text_was_are_text_and_what_is_no_text_stays_in_the_row() -> None:
    row = {**ROW, "subscription_id": 77, "user": {"username": 5}, "license": ["standard"]}
    [page] = pages(Shutterstock(), Canned(lambda path, query: listing(row)))["images"]
    [licence] = page.licences
    assert (licence.plan, licence.seat, licence.row) == ("77", "5", row)
    told: dict[str, Any] = {"title": 3, "contributor": ["Ada"]}
    asset = Asset(provider="shutterstock", asset_id="1", **told)
    assert (asset.title, asset.contributor) == ("3", None)


@pytest.mark.parametrize(
    ("kind", "comp"),
    [
        ("footage_comp", True),
        ("premier_editorial_comp", True),
        ("comp", True),
        ("standard", False),
        ("company_wide", False),
    ],
)
def test_comps_are_told_by_their_licence(kind: str, comp: bool) -> None:
    found = pages(Shutterstock(), Canned(lambda path, query: listing({**ROW, "license": kind})))
    assert found["videos"][0].licences[0].comp is comp


def sized(sizes: Sequence[int], more: Mapping[str, int], path: str, query: Mapping[str, str]) -> Answer:
    """A page of a list without total whose pages have so many rows; `more` stands beside rows."""
    number = int(query["page"])
    count = sizes[number - 1] if number <= len(sizes) else 0
    return 200, {"data": [{**ROW, "id": f"e{number}-{n}"} for n in range(count)], **(more if count else {})}


def test_a_short_page_does_not_end_a_list() -> None:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        rows = {"1": [ROW], "2": [{**ROW, "id": "e2"}, {**ROW, "id": "e3"}]}[query["page"]]
        return 200, {"total_count": 3, "data": rows}

    session = Canned(answer)
    assert [len(page.licences) for page in pages(Shutterstock(), session)["images"]] == [1, 2]
    assert len(session.asked) == 12
    for sizes in ([2, 1, 0, 2], [0, 2], [2, 2, 0, 0, 2], [0, 0, 2], [1, 0, 2, 0, 2]):  # nor an empty one, without total
        with pytest.raises(LayoutChanged, match=r"page \d is empty, but page \d has 2 rows"):
            pages(Shutterstock(), listed := Canned(partial(sized, sizes, {})))
        assert len(listed.asked) == len(sizes) + 3, "what is behind the hole is read"
    whole = Canned(partial(sized, [2, 1], {"count": 2}))
    assert [len(page.licences) for page in pages(Shutterstock(), whole)["images"]] == [2, 1, 0]
    assert len(whole.asked) == 6 * 5, "and the next two pages, since two empty ones may be a hole"
    with pytest.raises(LayoutChanged, match="but the answer says: count is 4"):
        pages(Shutterstock(), Canned(partial(sized, [2, 1], {"count": 4})))


@pytest.mark.parametrize("missing", ["id", "license", "download_time", "image"])
def test_a_row_without_a_mandatory_value_is_a_changed_layout(missing: str) -> None:
    row = {name: value for name, value in ROW.items() if name != missing}
    with pytest.raises(LayoutChanged) as raised:
        pages(Shutterstock(), Canned(lambda path, query: listing(row)))
    assert raised.value.page and b"total_count" in raised.value.page.content
    found = pages(Shutterstock(), Canned(lambda path, query: listing({**row, "id": ""}, {**ROW, "id": "e2"})))["images"]
    assert [len(page.licences) for page in found] == [1] and found[0].total == 2, "beside others, it is alone unread"
    assert len(found[0].unread) == 1 and found[0].fault and found[0].fault.page


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {"data": None},
        {"data": ["x"], "total_count": 1},
        {"data": [], "total_count": None},
        {"data": [], "total_count": float("inf")},
        b"[" * 200_000,
    ],
)
def test_other_shapes_are_a_changed_layout(body: object) -> None:
    with pytest.raises(LayoutChanged):
        pages(Shutterstock(), Canned(lambda path, query: (200, body)))


def test_a_page_that_comes_again_and_again_is_a_changed_layout() -> None:
    session = Canned(lambda path, query: (200, {"total_count": 10**9, "data": [ROW]}))
    with pytest.raises(LayoutChanged, match="no row that was not"):
        pages(Shutterstock(), session)
    assert len(session.asked) == 2

    # A licence that comes while a list without a total is read pushes the last row on to a page of its own.
    numbers: dict[str, tuple[int, ...]] = {"1": (4, 3), "2": (2, 1), "3": (1,)}
    pushed = Canned(lambda _, query: (200, {"data": [{**ROW, "id": f"e{n}"} for n in numbers.get(query["page"], ())]}))
    assert [len(page.licences) for page in pages(Shutterstock(), pushed)["images"]] == [2, 2, 1, 0]
    numbers["3"] = (2, 1)
    with pytest.raises(LayoutChanged, match="page 3 shows no row that was not"):
        pages(Shutterstock(), pushed)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"data": None, "total_count": 0}, [0]),  # null for an empty list, which the total proves
        ({"data": [ROW], "total_count": "1"}, [1]),
        ({"data": [ROW]}, [1, 0]),  # an older description: no total, so an empty page is the end
    ],
)
def test_an_end_needs_a_total_or_an_empty_page(body: dict[str, Any], rows: list[int]) -> None:
    session = Canned(lambda path, query: (200, body if query["page"] == "1" else {"data": []}))
    assert [len(page.licences) for page in pages(Shutterstock(), session)["images"]] == rows


def test_an_answer_with_errors_proves_no_empty_list() -> None:
    body = {"data": [], "total_count": 0, "errors": [{"code": "X", "message": "backend failed"}]}
    with pytest.raises(SiteUnavailable, match="backend failed"):
        pages(Shutterstock(), Canned(lambda path, query: (200, body)))


def test_the_teams_licences_are_left_out_only_where_they_are_refused() -> None:
    def refuse(path: str, query: Mapping[str, str]) -> Answer:
        return (403, {"message": "Forbidden"}) if query["team_history"] == "true" else listing(ROW)

    provider, session = Shutterstock(), Canned(refuse)
    assert len(pages(provider, session)["images"][0].licences) == 1 and len(session.asked) == 1 + len(LISTS)
    assert ["team's other users" in each and "`team_history: false`" in each for each in provider.withheld] == [True]
    with pytest.raises(Withheld, match="audio"):
        pages(Shutterstock(), Canned(lambda path, query: (403, {}) if "audio" in path else listing()))


def test_only_the_list_that_older_descriptions_lack_may_be_absent() -> None:
    absent = Canned(lambda path, query: (404, {"message": "Not Found"}) if "editorial/videos" in path else listing())
    assert pages(Shutterstock(), absent)["editorial/videos"] == [Page((), total=0)]
    with pytest.raises(LayoutChanged):
        pages(Shutterstock(), Canned(lambda path, query: (404, {}) if "sfx" in path else listing()))


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        (["licenses.view", "licenses.create"], "licenses.create"),
        (["licenses.view", "collections.edit"], "collections.edit"),
        (["user.view", "purchases.view"], "licenses.view"),
    ],
)
def test_a_token_that_can_do_more_or_too_little_is_refused(scopes: list[str], said: str) -> None:
    provider: Provider[Any] = Shutterstock()
    session = Canned(lambda path, query: (200, {"scopes": scopes}))
    with pytest.raises(WrongPassword, match=said):
        sign_in(provider, session)
    assert session.asked == ["/v2/user/access_token"] and not asyncio.run(provider.signed_in(session))


def test_settings_choose_the_own_history_and_the_country() -> None:
    queries: list[Mapping[str, str]] = []

    def answer(path: str, query: Mapping[str, str]) -> Answer:
        queries.append(query)
        return listing(ROW) if path.endswith("licenses") else (404, {"message": "Not Found"})

    session = Canned(answer, team_history="False", country="DEU")
    [page] = pages(Shutterstock(), session)["editorial/images"]
    documents(Shutterstock(), session, page.licences[0])
    assert {query["team_history"] for query in queries[:-1]} == {"false"} and queries[-1] == {"country": "DEU"}


@pytest.mark.parametrize(
    ("assets", "expected"),
    [
        ({"preview": {"url": "https://image.shutterstock.com/a.jpg"}}, "preview.jpg"),
        ({"preview": {"url": "https://elsewhere.example/a.jpg"}}, GapReason.UNREAD),
        ({"preview": {"url": "https://image.shutterstock.com/a.html"}}, GapReason.FAILED),
        ({}, GapReason.NONE_OFFERED),
    ],
)
def test_previews_come_from_declared_hosts_and_are_pictures(assets: object, expected: object) -> None:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        if path.endswith("licenses"):
            return listing(ROW)
        return (
            (200, b"\xff\xd8 a picture \xff\xd9")
            if path.endswith(".jpg")
            else (200, {"description": "A fern", "assets": assets})
        )

    session = Canned(answer)
    licence = pages(Shutterstock(), session)["images"][0].licences[0]
    found = documents(Shutterstock(), session, licence)
    [preview] = [each for each in found if not isinstance(each, Licence) and each.kind is DocumentKind.PREVIEW]
    assert expected == (preview.name if isinstance(preview, Document) else preview.reason)
    [record] = [each for each in found if isinstance(each, Document) and each.kind is DocumentKind.RECORD]
    assert json.loads(record.content) == {"row": ROW, "asset": {"description": "A fern", "assets": assets}}
    jpeg, webp, gif = b"\xff\xd8 a \xff\xd9", b"RIFF\4\0\0\0WEBP", b"GIF89a" + bytes(7) + b";"
    wholes = [
        *((jpeg, kind) for kind in ("image/jpg", "image/webp", "binary/octet-stream")),
        (jpeg + bytes(4096), "image/jpeg"), (webp, "image/jpeg"), (gif, "image/gif"),
    ]  # fmt: skip
    names = [getattr(shown_as(*each), "name", None) for each in wholes]
    assert names == ["preview.jpg"] * 4 + ["preview.webp", "preview.gif"], "its first bytes say what it is"
    for cut in (jpeg[:-2], webp[:-1], gif[:-1], b"<html>no \xff\xd9", b""):
        for kind in ("image/jpeg", "image/webp", "binary/octet-stream"):
            assert isinstance(shown_as(cut, kind), Gap), (cut, kind)


def shown_as(content: bytes, media_type: str) -> Document | Gap:
    """What becomes of a preview that is sent as this media type."""

    class Sent(Canned):
        async def get(self, url: str, **_: Any) -> Response:
            return Response(200, url, {"content-type": media_type}, content, datetime.now(UTC))

    url = "https://image.shutterstock.com/a"
    session: Any = Sent(lambda path, query: (200, {}))
    return asyncio.run(fetch_preview(session, Shutterstock().info.rules, url))


def test_an_id_that_no_address_can_hold_is_asked_for_nowhere() -> None:
    row = {**ROW, "image": {"id": "../licenses?x=1"}}
    session = Canned(lambda path, query: listing(row))
    found = documents(Shutterstock(), session, pages(Shutterstock(), session)["images"][0].licences[0])
    assert {each.kind: each.reason for each in found if isinstance(each, Gap)} == {
        DocumentKind.PREVIEW: GapReason.UNREAD,
        DocumentKind.CERTIFICATE: GapReason.ON_REQUEST,
    }
    assert len(session.asked) == len(LISTS)


def purchase(number: int, sold_at: str) -> dict[str, Any]:
    item = {"id": 100 + number % 2, "name": f"Item {number}"}
    return {"sold_at": sold_at, "license": "Regular License", "code": f"code-{number}", "item": item}


def line(order: int | None, day: str, item_id: int | None) -> dict[str, Any]:
    return {"date": day, "order_id": order, "item_id": item_id, "type": "Purchase"}


PURCHASES = [
    purchase(3, "2026-03-10T20:00:00Z"),
    purchase(1, "2026-03-10T08:00:00Z"),
    purchase(2, "2025-01-01T00:00:00Z"),
]


LINES = [
    line(None, "2026-04-01", None),
    line(33, "2026-03-11 06:00:00 +1000", 101),
    line(11, "2026-03-10 18:00:00 +1000", 101),
    line(9, "2025-12-30 00:00:00", 100),
    line(22, "2025-01-01", 100),
]


def market(statement: list[dict[str, Any]], size: int) -> Canned:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        if path.endswith("list-purchases"):
            return 200, {"count": 3, "results": PURCHASES if query["page"] == "1" else []}
        start = (int(query["page"]) - 1) * size
        return 200, {"count": 3, "results": statement[start : start + size]}

    return Canned(answer)


def orders(session: Canned) -> dict[str, str | None]:
    """Purchase code -> order, as the documents of all listed purchases give it."""

    async def read() -> dict[str, str | None]:
        provider: Provider[Any] = EnvatoMarket()
        found: dict[str, str | None] = {}
        for history in provider.history(session):
            async for page in history.pages:
                for licence in page.licences:
                    items = [item async for item in provider.documents(session, licence)]
                    fuller = [item for item in items if isinstance(item, Licence)] or [licence]
                    found[licence.platform_id] = fuller[0].order
        return found

    return asyncio.run(read())


@pytest.mark.parametrize("statement", [LINES, LINES[::-1]], ids=["newest first", "oldest first"])
def test_orders_come_from_the_nearest_line_of_the_statement(statement: list[dict[str, Any]]) -> None:
    session = market(statement, 2)
    assert orders(session) == {"code-3": "33", "code-1": "11", "code-2": "22"}
    found = pages(EnvatoMarket(), session)["purchases"]
    assert found[-1].licences == [] and {page.total for page in found} == {None}


def test_the_statement_is_read_no_further_than_the_purchases_go_back() -> None:
    session = market([*LINES, *(line(number, "2020-01-01", 1) for number in range(100))], 5)
    orders(session)
    assert sum(path.endswith("statement") for path in session.asked) == 2


def test_a_statement_that_shows_its_last_page_for_ever_ends() -> None:
    last = [*LINES[:2], line(None, "2025-06-01", None)]  # older purchases may be further back

    def answer(path: str, query: Mapping[str, str]) -> Answer:
        rows = last if path.endswith("statement") else PURCHASES if query["page"] == "1" else []
        return 200, {"results": rows}

    assert orders(session := Canned(answer))["code-2"] is None
    assert sum(path.endswith("statement") for path in session.asked) == 2


def test_a_statement_that_the_token_may_not_see_costs_only_the_order() -> None:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        if path.endswith("statement"):
            return 403, {"error": "Forbidden"}
        return 200, {"count": 1, "results": PURCHASES[:1] if query["page"] == "1" else []}

    assert orders(Canned(answer)) == {"code-3": None}


def test_a_statement_that_cannot_be_reached_is_asked_for_once_and_is_a_gap_of_each_licence() -> None:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        if path.endswith("statement"):
            raise SiteUnavailable("answered 503")
        return 200, {"results": PURCHASES if query["page"] == "1" else []}

    session, provider = Canned(answer), EnvatoMarket()
    for licence in pages(provider, session)["purchases"][0].licences:
        receipt, record, _ = documents(provider, session, licence)
        assert isinstance(receipt, Gap) and (receipt.kind, receipt.reason) == (DocumentKind.RECEIPT, GapReason.FAILED)
        assert isinstance(record, Document) and json.loads(record.content)["statement"] is None
    assert sum(path.endswith("statement") for path in session.asked) == 1


@pytest.mark.parametrize("value", [None, "", " ", float("nan"), {}])
def test_what_is_no_id_makes_no_licence(value: object) -> None:
    rows: list[dict[str, Any]] = [{**ROW, "id": value}, {**ROW, "image": {"id": value}}]
    bought = [{**PURCHASES[0], "code": value}, {**PURCHASES[0], "item": {"id": value}}]
    for number in range(2):
        with pytest.raises(LayoutChanged):
            pages(Shutterstock(), Canned(lambda path, query: listing(rows[number])))  # noqa: B023  asked within
        with pytest.raises(LayoutChanged):
            pages(EnvatoMarket(), Canned(lambda path, query: (200, {"results": [bought[number]]})))  # noqa: B023


def test_a_token_without_the_permission_to_list_purchases_is_refused_by_name() -> None:
    with pytest.raises(WrongPassword, match="list your purchases"):
        pages(EnvatoMarket(), Canned(lambda path, query: (403, {"error": "Forbidden"})))
