"""Getty Images and iStock against a small stand-in for their API that follows its description, strictly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.core.errors import LayoutChanged, SessionExpired, SiteUnavailable, Withheld, WrongPassword
from archiver.core.model import Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import Provider, Response
from providers.getty_family import GettyFamily
from providers.getty_images import GettyImages
from providers.istock import Istock
from tests.support.canned_answers import Answer, Canned, Nobody, documents, pages

TODAY = date(2026, 11, 24)
ORDER: dict[str, Any] = {
    "id": "9100001",
    "invoice_number": "77",
    "end_client": "Acme Ltd",
    "notes": {"licensee_name": "Acme Ltd", "purchase_order_number": "4711", "project_title": "", "ordered_by": "Ada"},
    "assets": [{"id": "123"}],
}
PURCHASE: dict[str, Any] = {
    "date_purchased": "2026-03-04T05:06:07Z",
    "purchased_by": "ada.example",
    "asset_id": "123",
    "license_model": "rightsmanaged",
    "order_id": "9100001",
}


def download(number: int, days: int, product: str = "creditpack", **other: object) -> dict[str, Any]:
    when = f"{TODAY - timedelta(days=days)}T10:{number // 60 % 60:02}:{number % 60:02}"
    return {
        "date_downloaded": when, "id": str(1000 + number), "product_type": product, "product_id": 7,
        "user": {"username": "ada.example"}, **other,
    }  # fmt: skip


class Api(Canned):
    """`/downloads` by date and product, newest last, `/purchased-assets`, `/orders` and `/products`."""

    def __init__(self, *rows: dict[str, Any], purchases: tuple[dict[str, Any], ...] = (), **settings: str) -> None:
        super().__init__(self.answer, **settings)
        self.rows, self.purchases, self.longest = [*rows], purchases, timedelta(days=99999)
        self.queries: list[Mapping[str, str]] = []
        self.statuses: dict[str, int] = {}
        self.refuse: Callable[[Mapping[str, str]], bool] = lambda _: False
        self.described: list[tuple[str, int]] = []  # requests for details: of what, and of how many
        self.gone: set[str] = set()
        self.past_ends, self.tokens, self.clock = 0, 0, super().now()
        self.counted: Callable[[list[Any]], int] = len

    def now(self) -> datetime:
        return self.clock

    def answer(self, path: str, query: Mapping[str, str]) -> Answer:
        self.queries.append(query)
        if (status := self.statuses.get(path.removeprefix("/v3/"), 200)) != 200:
            return status, {}
        if self.refuse(query):
            return 403, {}
        if path == "/v3/products":
            return 200, {"products": [{"id": 7, "type": "creditpack", "name": "Credits"}]}
        if path.startswith("/v3/orders/"):
            return 200, ORDER
        if path in ("/v3/images", "/v3/videos"):
            ids, part = query["ids"].split(","), path.rpartition("/")[2]
            assert len(ids) <= 100 and len({*ids}) == len(ids) and query["fields"] == "id,title,artist"
            self.described += [(part, len(ids))]
            there = [each for each in ids if each not in self.gone]
            if not there:
                return 404, {"ErrorCode": "ImagesNotFound"}
            return 200, {part: [{"id": each, "title": f"View {each}", "artist": "Ada"} for each in there]}
        part, rows = "previous_purchases", list(self.purchases)
        if path == "/v3/downloads":
            first, last = date.fromisoformat(query["date_from"]), date.fromisoformat(query["date_to"])
            if last - first > self.longest:
                return 400, {}
            part = "downloads"
            rows = [
                row
                for row in self.rows
                if row["product_type"] == query["product_type"]
                and first <= date.fromisoformat(row["date_downloaded"][:10]) <= last
            ]
        size, start = int(query["page_size"]), (int(query["page"]) - 1) * int(query["page_size"])
        assert size in (30, 50, 60, 75, 100)
        if start and start >= len(rows):
            self.past_ends += 1
            return 400, {"ErrorCode": "InvalidPage"}
        return 200, {"result_count": self.counted(rows), part: rows[start : start + size]}

    async def post(self, url: str, *, form: Mapping[str, str]) -> Response:
        good = form["refresh_token"] == "LONG" and form["client_secret"] == "SECRET"
        self.tokens += 1
        body = {"access_token": "SHORT", "expires_in": 1800} if good else {"error": "invalid_grant"}
        return Response(200 if good else 400, url, {}, json.dumps(body).encode(), self.now())

    def keep_secret(self, value: str) -> None:
        self.kept = value


def credit_pages(session: Canned) -> list[Any]:
    return pages(Istock(), session)["creditpack"]


def test_any_value_but_true_asks_for_the_accounts_own_which_is_what_is_then_told() -> None:
    session = Api(download(1, 5), company="no")
    assert credit_pages(session) and Istock.info.unseen(session.settings)
    assert not any("company_downloads" in query for query in session.queries)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=12), st.integers(0, 250))
def test_every_download_is_listed_once_newest_first_and_nothing_is_asked_past_an_end(
    days: list[int], many: int
) -> None:
    rows = [download(number, ago) for number, ago in enumerate(days)]
    rows += [download(100 + number, 45) for number in range(many)]
    session = Api(*rows)
    found = credit_pages(session)
    licences = [licence for page in found for licence in page.licences]
    assert sorted(licence.row["date_downloaded"] for licence in licences) == sorted(r["date_downloaded"] for r in rows)
    assert len({licence.identity for licence in licences}) == len(rows) == found[-1].total
    assert [licence.licensed_at for licence in licences] == sorted(
        (licence.licensed_at for licence in licences), reverse=True
    )
    for query in session.queries:
        span = date.fromisoformat(query["date_to"]) - date.fromisoformat(query["date_from"])
        assert span == timedelta(days=29) or query["date_from"] == "2000-01-01"
    assert session.past_ends == 0
    windows = 1 + max([*days, 45 if many else 0], default=0) // 30
    assert len([query for query in session.queries if query["product_type"] == "creditpack"]) <= 3 * windows + 3


def test_downloads_that_are_alike_are_as_many_as_the_platform_counts() -> None:
    """Of one asset in one second, on one page. Where the total does not count it, a row is one that is there twice."""
    row = download(1, 5)
    [page, total] = credit_pages(Api(row, row, download(2, 6)))
    assert len({licence.identity for licence in page.licences}) == 3 == total.total
    session = Api(row, row)
    session.counted = lambda rows: len({str(row) for row in rows})
    [page, total] = credit_pages(session)
    assert len({licence.identity for licence in page.licences}) == 1 == total.total


def test_where_long_times_may_not_be_asked_for_every_window_is_read() -> None:
    session = Api(download(1, 5), download(2, 4000), download(3, 9000))
    session.longest = timedelta(days=30)
    found = credit_pages(session)
    assert [licence.asset.asset_id for page in found for licence in page.licences] == ["1001", "1002", "1003"]
    assert found[-1].total == 3


@pytest.mark.parametrize("rows", [101, 150])
@pytest.mark.parametrize("change", ["removed", "added"])
def test_a_list_that_changed_while_it_was_read_is_not_what_it_stated(rows: int, change: str) -> None:
    """The sync reads such a list a second time: a row that moved over the end of a page was not seen."""

    class Changing(Api):
        def answer(self, path: str, query: Mapping[str, str]) -> Answer:
            answer = super().answer(path, query)
            if query.get("product_type") == "creditpack" and len(self.rows) == rows:
                self.rows[:1] = [] if change == "removed" else [download(999, 0), self.rows[0]]
            return answer

    found = credit_pages(Changing(*(download(number, 3) for number in range(rows))))
    listed = {licence.identity for page in found for licence in page.licences}
    assert found[-1].total is not None and len(listed) < found[-1].total


def test_an_empty_history_states_that_it_is() -> None:
    found = pages(GettyImages(), session := Api())
    assert {name: [page.total for page in each] for name, each in found.items()} == {
        name: [0] for name in GettyImages.info.listings
    }
    assert len(session.queries) == 9


def test_what_a_download_says() -> None:
    details = {"download_notes": "Brochure", "project_code": "P-1"}
    row = download(1, 2, download_details=details, agreement_name="Acme 2026", license_model="royaltyfree")
    row["date_downloaded"] = "2026-11-22T10:00:01.1234567"  # as .NET writes it; documented as UTC
    [licence] = credit_pages(session := Api(row))[0].licences
    assert licence.identity == "istock:creditpack:7:1001:2026-11-22T10:00:01.1234567"
    assert licence.licensed_at == datetime(2026, 11, 22, 10, 0, 1, 123456, UTC)
    assert (licence.kind, licence.plan, licence.seat) == ("creditpack royaltyfree", "Acme 2026", "ada.example")
    assert licence.client_hints == {"project": "P-1", "notes": "Brochure"} and licence.order is None
    provider = signed_in(Istock(), session)
    [_, record, *_] = documents(provider, session, licence)
    assert isinstance(record, Document) and json.loads(record.content)["product"]["name"] == "Credits"


def told(provider: GettyFamily, session: Api, licences: list[Licence]) -> list[list[Document | Gap | Licence]]:
    """The documents of all these licences, asked for at once."""

    given: Any = session

    async def read(licence: Licence) -> list[Document | Gap | Licence]:
        return [each async for each in provider.documents(given, licence)]

    async def all_of_them() -> list[list[Document | Gap | Licence]]:
        return [*await asyncio.gather(*map(read, licences))]

    return asyncio.run(all_of_them())


def test_titles_are_asked_for_together_and_once_and_belong_to_the_record() -> None:
    rows = [download(number, 3, asset_type="film" if number % 3 == 0 else "image") for number in range(250)]
    session = Api(*rows, *(download(number, 40) for number in range(300, 303)))
    session.gone = {"1001"}
    provider = Istock()
    licences = [licence for page in pages(provider, session)["creditpack"] for licence in page.licences]
    found = told(provider, session, licences)
    assert sorted(session.described) == [("images", 3), ("images", 66), ("images", 100), ("videos", 84)]
    for licence, (fuller, record, *_) in zip(licences, found, strict=True):
        assert isinstance(fuller, Licence) and fuller.identity == licence.identity and isinstance(record, Document)
        asset_id = licence.asset.asset_id
        if asset_id == "1001":
            assert fuller.asset.title is None and "asset" not in json.loads(record.content)
        else:
            assert (fuller.asset.title, fuller.asset.contributor) == (f"View {asset_id}", "Ada")
            assert json.loads(record.content)["asset"]["title"] == f"View {asset_id}"
    told(provider, session, licences[:1])
    assert len(session.described) == 4


def test_titles_that_cannot_be_had_cost_nothing_else_and_are_tried_again_where_that_may_help() -> None:
    session = Api(download(1, 5), download(2, 5))
    for status in (400, 403, 404):
        session.statuses = {"images": status}
        provider = Istock()
        licences = pages(provider, session)["creditpack"][0].licences
        for each in told(provider, session, [*licences]):
            assert not [gap for gap in each if isinstance(gap, Gap) and gap.reason is GapReason.FAILED]

    class Down(Api):
        async def get(self, url: str, *, query: Mapping[str, str] | None = None, headers: object = None) -> Response:
            if url.endswith("/v3/images"):
                self.described.append(("asked", 1))
                raise SiteUnavailable("it answered 500")
            return await super().get(url, query=query, headers=headers)

    down, provider = Down(download(1, 5), download(2, 5)), Istock()
    for _, record, gap, *_ in told(provider, down, [*pages(provider, down)["creditpack"][0].licences]):
        assert isinstance(record, Document) and isinstance(gap, Gap)
        assert (gap.kind, gap.reason) == (DocumentKind.RECORD, GapReason.FAILED) and "title: it answered" in gap.detail
    assert len(down.described) == 1, "and not once more for each"


@pytest.mark.parametrize("missing", ["id", "date_downloaded", "product_type"])
def test_a_download_without_a_mandatory_value_is_a_changed_layout(missing: str) -> None:
    class Incomplete(Api):
        def answer(self, path: str, query: Mapping[str, str]) -> Answer:
            return 200, {"result_count": 1, "downloads": [{**download(1, 1), missing: None}]}

    with pytest.raises(LayoutChanged):
        credit_pages(Incomplete())


def test_the_company_is_left_out_by_a_setting_only() -> None:
    whole, own = Api(purchases=(PURCHASE,)), Api(purchases=(PURCHASE,), company="false")
    assert [page.total for page in pages(GettyImages(), whole)["purchases"]] == [1]
    assert {query.get("company_downloads", query.get("company_purchases")) for query in whole.queries} == {"true"}
    pages(GettyImages(), own)
    assert not any(name.startswith("company") for query in own.queries for name in query)


def test_what_the_company_bought_is_left_out_where_the_account_may_not_see_it() -> None:
    provider, session = GettyImages(), Api(download(1, 1, "premiumaccess"), purchases=(PURCHASE,))
    session.refuse = lambda query: any(name.startswith("company") for name in query)
    found = pages(provider, session)
    assert [len(found[name][0].licences) for name in ("premiumaccess", "purchases")] == [1, 1]
    [said] = provider.withheld
    assert "company's other users" in said and "`company: false`" in said


@pytest.mark.parametrize(
    ("path", "company", "said"),
    [("downloads", "true", "downloads under premiumaccess"), ("downloads", "false", "sales contact"),
     ("purchased-assets", "true", "bought by order")],
)  # fmt: skip
def test_a_list_that_an_account_may_not_read_at_all_is_said(path: str, company: str, said: str) -> None:
    session = Api(company=company)
    session.statuses = {path: 403}
    with pytest.raises(Withheld, match=said):
        pages(GettyImages(), session)


def purchase(session: Api) -> tuple[Licence, list[Document | Gap | Licence]]:
    [licence] = pages(GettyImages(), session)["purchases"][0].licences
    return licence, documents(GettyImages(), session, licence)


def test_an_order_tells_licensee_client_and_purchase_order() -> None:
    licence, [fuller, record, receipt, *_] = purchase(Api(purchases=(PURCHASE,)))
    assert isinstance(fuller, Licence) and fuller.identity == licence.identity
    assert (fuller.order, fuller.licensee, fuller.kind) == ("9100001", "Acme Ltd", "rightsmanaged")
    assert fuller.client_hints == {"client": "Acme Ltd", "purchase_order": "4711"}
    asset = {"id": "123", "title": "View 123", "artist": "Ada"}
    assert fuller.asset.title == "View 123" and isinstance(record, Document)
    assert json.loads(record.content) == {"row": PURCHASE, "order": ORDER, "asset": asset}
    assert isinstance(receipt, Gap) and "order 9100001" in receipt.detail


def test_a_time_without_a_zone_of_a_purchase_is_only_a_day() -> None:
    licence, _ = purchase(Api(purchases=({**PURCHASE, "date_purchased": "2026-03-04T05:06:07.1234567"},)))
    assert licence.licensed_at == date(2026, 3, 4)


def test_an_order_that_the_api_does_not_show_or_that_is_another_one() -> None:
    session = Api(purchases=(PURCHASE,))
    session.statuses = {"orders/9100001": 403}
    _, [fuller, _, receipt, *_] = purchase(session)
    assert isinstance(fuller, Licence) and (fuller.order, fuller.licensee) == ("9100001", None)
    assert isinstance(receipt, Gap) and "no details" in receipt.detail
    with pytest.raises(LayoutChanged, match="instead of 9100002"):
        purchase(Api(purchases=({**PURCHASE, "order_id": "9100002"},)))


def signed_in[P: GettyFamily](provider: P, session: Api, **secrets: str) -> P:
    given: Provider[Any] = provider
    asyncio.run(given.sign_in(session, {"api_key": "KEY", "token": "LONG", **secrets}, Nobody()))
    assert asyncio.run(given.signed_in(session))
    return provider


def test_a_refresh_token_becomes_an_access_token_and_an_access_token_is_sent_as_it_is() -> None:
    sent: list[dict[str, str]] = []
    for secrets in ({}, {"client_secret": "SECRET"}):
        session = Api()
        session.authorise = lambda headers: sent.append(dict(headers))  # type: ignore[method-assign]  # to see both
        signed_in(Istock(), session, **secrets)
    assert [each.get("Authorization") for each in sent] == [None, "Bearer LONG", None, "Bearer SHORT"]
    assert session.kept == "SHORT" and {each["Api-Key"] for each in sent if "Api-Key" in each} == {"KEY"}


def test_an_access_token_that_is_about_to_end_is_renewed_while_the_history_is_read() -> None:
    provider = signed_in(Istock(), session := Api(), client_secret="SECRET")
    pages(provider, session)
    assert session.tokens == 1
    session.clock += timedelta(minutes=26)
    pages(provider, session)
    assert session.tokens == 2
    unrenewable = signed_in(Istock(), session)
    session.clock += timedelta(days=1)
    pages(unrenewable, session)
    assert session.tokens == 2


def test_refused_secrets_are_wrong_passwords() -> None:
    with pytest.raises(WrongPassword, match="refresh token"):
        signed_in(Istock(), Api(), client_secret="OTHER")
    session = Api()
    session.statuses = {"products": 403}
    with pytest.raises(WrongPassword, match="API key"):
        signed_in(Istock(), session)

    class Expired(Api):
        async def get(self, url: str, *, query: object = None, headers: object = None) -> Response:
            raise SessionExpired

    with pytest.raises(WrongPassword, match="token"):
        signed_in(Istock(), Expired())
