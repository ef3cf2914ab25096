"""Adobe Stock and both APIs of Depositphotos against answers that no recording has, in the shapes of their vendors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from archiver.core.errors import ArchiverError, LayoutChanged, SessionExpired, SiteUnavailable, Withheld, WrongPassword
from archiver.core.model import DateOrder, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import Provider, Response
from providers.adobe_stock import AdobeStock
from providers.depositphotos import Depositphotos
from providers.depositphotos_enterprise import DepositphotosEnterprise
from tests.support.canned_answers import Answer, Canned, Nobody, documents, pages

# ---------------------------------------------------------------- Adobe Stock

FILE: dict[str, Any] = {
    "license": "Extended",
    "license_date": "2/10/21, 11:07 PM",
    "download_url": "https://stock.adobe.com/Download/DownloadFileDirectly/example",
    "id": 9007199254740991,  # the largest that the vendor announces
    "title": "Tidal mill",
    "creator_name": "Example Studio",
    "creator_id": 200000001,
    "media_type_id": 7,
    "vector_type": None,
    "details_url": "https://stock.adobe.com/9007199254740991",
}


def adobe(files: list[dict[str, Any]], total: int | None = None, info: Answer = (400, {"code": "100"})) -> Canned:
    def answer(path: str, query: Mapping[str, str]) -> Answer:
        assert query["locale"] == "en_US"
        if path.endswith("Info"):
            return info
        if path.endswith("Profile"):
            return 200, {"available_entitlement": {"quota": 3, "is_cce": True}}
        start, limit = int(query["search_parameters[offset]"]), int(query["search_parameters[limit]"])
        return 200, {"nb_results": len(files) if total is None else total, "files": files[start : start + limit]}

    return Canned(answer)


def info(**purchase: str) -> Answer:
    contents = {str(FILE["id"]): {"content_id": FILE["id"], "purchase_details": purchase, "size": "Original"}}
    return 200, {"contents": contents, "member": {"member_id": 23456}}


def only(provider: Provider[Any], session: Canned, listing: str) -> Licence:
    [licence] = pages(provider, session)[listing][0].licences
    return licence


def test_the_vendors_row_is_a_licence_with_a_day_and_no_number() -> None:
    licence = only(AdobeStock(), adobe([FILE]), "licences")
    assert (licence.asset.asset_id, licence.asset.media_type, licence.kind) == (
        "9007199254740991",
        "template",
        "Extended",
    )
    assert (licence.licensed_at, licence.licence_id, licence.licensee, licence.seat) == (None, None, None, None)
    assert (licence.dated, AdobeStock.info.date_order) == ("2/10/21, 11:07 PM", DateOrder.MONTH_FIRST)
    narrow = only(AdobeStock(), adobe([{**FILE, "license_date": "2/10/21, 11:07\u202fPM"}]), "licences")
    assert narrow.identity == licence.identity == "adobe_stock::9007199254740991:extended:2/10/21, 11:07 PM"


def test_the_whole_organisations_history_unless_the_settings_say_otherwise() -> None:
    asked: list[Mapping[str, str]] = []

    def answer(path: str, query: Mapping[str, str]) -> Answer:
        asked.append(query)
        return 200, {"nb_results": 0, "files": []}

    for settings in ({}, {"all": "False"}):
        assert [page.total for page in pages(AdobeStock(), Canned(answer, **settings))["licences"]] == [0]
    assert [query["all"] for query in asked] == ["true", "false"]


@pytest.mark.parametrize(("rows", "requests"), [(1, 1), (100, 1), (101, 2), (200, 2)])
def test_offsets_move_on_by_the_limit_to_the_stated_total(rows: int, requests: int) -> None:
    session = adobe([{**FILE, "id": number} for number in range(rows)])
    found = pages(AdobeStock(), session)["licences"]
    assert sum(len(page.licences) for page in found) == rows and len(session.asked) == requests


def test_an_asset_that_was_licensed_again_within_a_minute_is_another_licence() -> None:
    [page] = pages(AdobeStock(), adobe([FILE, FILE, {**FILE, "license": "Standard"}]))["licences"]
    assert len({licence.identity for licence in page.licences}) == 3


@pytest.mark.parametrize(
    ("details", "day"),
    [
        (info(state="purchased", license="Extended", date="2021-02-11 07:07:41"), date(2021, 2, 11)),
        (info(state="purchased", license="Standard", date="2021-02-11 07:07:41"), date(2021, 2, 10)),
        (info(state="purchased", license="Extended", date="2023-05-01 10:00:00"), date(2021, 2, 10)),
        (info(state="not_purchased"), date(2021, 2, 10)),
        ((200, {"contents": []}), date(2021, 2, 10)),
        ((400, {"error": "no such content", "code": "100"}), date(2021, 2, 10)),
        ((404, {"error": "gone"}), date(2021, 2, 10)),
        ((403, {"error": "not for you"}), date(2021, 2, 10)),
    ],
    ids=[
        "its own",
        "another kind's",
        "a later licence's",
        "another profile's",
        "none",
        "unknown asset",
        "asset gone",
        "asset refused",
    ],
)
def test_the_assets_own_date_counts_where_it_is_this_licences(details: Answer, day: date) -> None:
    provider: Provider[Any] = AdobeStock()
    session = adobe([FILE], info=details)
    asyncio.run(provider.sign_in(session, {"token": "T", "api_key": "K"}, Nobody()))
    assert session.headers == {"Authorization": "Bearer T", "x-api-key": "K"}
    licence = replace(only(provider, session, "licences"), licensed_at=date(2021, 2, 10))  # as its list proves
    found = documents(provider, session, licence)
    fuller = next((each for each in found if isinstance(each, Licence)), licence)
    assert (fuller.licensed_at, fuller.identity) == (day, licence.identity)
    [record] = [json.loads(each.content) for each in found if isinstance(each, Document)]
    assert record["row"] == FILE and record["entitlement"] == {"quota": 3, "is_cce": True}
    assert record["content_info"] == (details[1] if details[0] == 200 else None)
    assert ["`details: false`" in each for each in provider.withheld] == [True] * (details[0] == 403)
    session.settings["details"] = "false"
    session.asked.clear()
    [without] = [each for each in documents(provider, session, licence) if isinstance(each, Document)]
    assert json.loads(without.content)["content_info"] is None and not session.asked
    assert {each.kind: each.reason for each in found if isinstance(each, Gap)} == {
        DocumentKind.PREVIEW: GapReason.NONE_OFFERED,
        DocumentKind.CERTIFICATE: GapReason.NONE_OFFERED,
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((403, {"error_code": "403003", "message": "Api Key is invalid"}), WrongPassword),
        ((400, {"error": "Invalid API key", "code": "011"}), WrongPassword),
        ((403, {"error": "not entitled"}), Withheld),
        ((400, {"error": "Invalid access token", "code": 10}), SessionExpired),
        ((400, {"error_code": "401013", "message": "Oauth token is not valid"}), SessionExpired),
        ((400, {"error": "Invalid parameters", "code": 20}), LayoutChanged),
        ((502, b"<h1>Bad gateway</h1>"), LayoutChanged),
        ((200, {"nb_results": None, "files": []}), LayoutChanged),
        ((200, {"nb_results": 1, "files": [{**FILE, "license_date": "10.02.21 23:07"}]}), LayoutChanged),
        ((200, {"nb_results": 1, "files": [{**FILE, "id": None}]}), LayoutChanged),
    ],
)
def test_adobes_errors_say_what_to_do(answer: Answer, error: type[ArchiverError]) -> None:
    with pytest.raises(error):
        pages(AdobeStock(), Canned(lambda path, query: answer))


# ---------------------------------------------------------------- Depositphotos


class Commands(Canned):
    """Answers by command; keeps what was asked and what is to stay secret."""

    def __init__(self, answer: Callable[[Mapping[str, str]], object], **settings: str) -> None:
        super().__init__(
            lambda path, query: (200, answer(query) if query else b"\xff\xd8 a picture \xff\xd9"), **settings
        )
        self.forms: list[Mapping[str, str]] = []
        self.secrets: list[str] = []

    def keep_secret(self, value: str) -> None:
        self.secrets.append(value)

    async def post(
        self, url: str, *, form: Mapping[str, str] | None = None, json: object = None, headers: object = None
    ) -> Response:
        assert url == "https://api.depositphotos.com/" and form
        self.forms.append(form)
        return await self.get(url, query=form)


PURCHASE: dict[str, Any] = {
    "mediaId": "12345678", "license": "standard", "size": "m", "price": "4.68", "method": "ondemand",
    "purchaseDate": "Mar.01, 2024 23:59:59", "licenseId": "87654321", "title": "Tidal mill", "username": "the-seller",
    "userid": 7, "iseditorial": False, "itype": "image",
    "huge_thumb": "http://st2.depositphotos.com/1/2/i/450/depositphotos_12345678-stock-photo-x.jpg",
}  # fmt: skip
ITEM: dict[str, Any] = {
    "itemTransactionId": 324, "licenseTransferId": 55, "licenseId": 43132, "status": "active", "datetime": 1700000000,
    "filename": "Tidal mill", "groupId": 12, "itemId": 12345678, "itemType": "video", "userId": 9,
    "preview": "http://st.depositphotos.com/storage/item/preview.jpg", "actor": {"id": 9, "username": "ada.example"},
    "seller": {"id": 7, "username": "the-seller"}, "editorial": False, "invoice_id": 21, "project": "Spring",
    "purchaseOrder": "PO 7", "client": "Acme", "isbn": "", "other": None,
}  # fmt: skip
INFO: dict[str, Any] = {
    "license": {"id": 9273, "name": "Digital License", "transferId": 55,
                "fields": [{"name": "isbn", "value": "978-0"}, {"name": "project", "value": "older"}]},
    "transaction": {"id": 324, "price": "149.00", "size": "cs", "timestamp": "1700000000"},
    "item": {"id": 12345678, "filename": "Tidal mill", "type": "image", "isEditorial": False},
    "from": {"company": "Depositphotos Inc."},
    "to": {"company": "Northlight Media", "fullName": "Ada Example"},
    "transferredTo": {"company": "", "fullName": "Grace Example"},
}  # fmt: skip


def platform(form: Mapping[str, str]) -> dict[str, Any]:
    """One row of each list, and what is told of it, in the shapes of the vendor's samples."""
    rows = {"getPurchases": ("purchases", PURCHASE), "getLicensedItems": ("downloads", ITEM),
            "getTransferredLicenses": ("downloads", ITEM), "getGroupCompDownloads": ("downloads", ITEM)}  # fmt: skip
    told: dict[str, Any] = {"login": {"sessionid": "SESSION"}, "loginEnterprise": {"sessionid": "SESSION"},
                            "getTransactionLicenseInfo": INFO}  # fmt: skip
    command = form["dp_command"]
    name, row = rows.get(command, ("", {}))
    return {"type": "success", "apiKey": "KEY", **told.get(command, {name: [row], "count": 1})}


def entered(provider: Provider[Any], session: Commands) -> Commands:
    session.username = "ada@example.com"
    asyncio.run(provider.sign_in(session, {"api_key": "KEY", "password": "PASSWORD"}, Nobody()))
    return session


def test_a_purchase_is_a_licence_of_the_account_and_its_user_name_the_sellers() -> None:
    provider = Depositphotos()
    session = entered(provider, Commands(platform))
    assert session.secrets == ["SESSION"] and session.forms[0]["dp_login_user"] == "ada@example.com"
    licence = only(provider, session, "purchases")
    assert session.forms[-1] == {
        "dp_command": "getPurchases", "dp_apikey": "KEY", "dp_session_id": "SESSION", "dp_limit": "100",
        "dp_offset": "0", "dp_sort_field": "timestamp", "dp_sort_type": "desc",
    }  # fmt: skip
    assert (licence.identity, licence.licensed_at) == ("depositphotos:87654321", date(2024, 3, 1))
    assert (licence.asset.contributor, licence.seat, licence.plan) == ("the-seller", "ada@example.com", "ondemand")
    assert licence.kind == "standard"
    row = {**PURCHASE, "iseditorial": True}
    session = entered(provider, Commands(lambda form: {**platform(form), "purchases": [row]}))
    assert only(provider, session, "purchases").kind == "standard editorial"


def test_enterprise_lists_what_was_licensed_what_was_transferred_and_comps() -> None:
    provider = DepositphotosEnterprise()
    session = entered(provider, Commands(platform, user_id="9"))
    found = {listing: page.licences[0] for listing, [page] in pages(provider, session).items()}
    assert {form["dp_user_id"] for form in session.forms[1:]} == {"9"}
    assert {listing: each.identity.partition(":")[2] for listing, each in found.items()} == {
        "licensed": "324",
        "transferred": "324:transfer:55",
        "comps": "9:12345678:comp:1700000000",
    }
    assert [each.comp for each in found.values()] == [False, False, True]
    for listing, licensee in (("licensed", "Northlight Media"), ("transferred", "Grace Example")):
        licence = found[listing]
        assert licence.licensed_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) and licence.seat == "ada.example"
        items = documents(provider, session, licence)
        [fuller] = [each for each in items if isinstance(each, Licence)]
        assert session.forms[-1]["dp_transaction_id"] == "324"
        assert (fuller.kind, fuller.licensee, fuller.identity) == ("Digital License", licensee, licence.identity)
        assert fuller.client_hints == {"project": "Spring", "client": "Acme", "purchase_order": "PO 7", "isbn": "978-0"}
        [record] = [each for each in items if isinstance(each, Document)]
        assert json.loads(record.content) == {"row": ITEM, "transaction_license_info": INFO}
        # A link to a file is never followed, however it is dressed.
        assert {each.kind: each.reason for each in items if isinstance(each, Gap)} == {
            DocumentKind.CERTIFICATE: GapReason.NONE_OFFERED,
            DocumentKind.PREVIEW: GapReason.UNREAD,
        }
    asked = len(session.forms)
    assert not any(isinstance(each, Licence) for each in documents(provider, session, found["comps"]))
    assert len(session.forms) == asked


@pytest.mark.parametrize(
    "error", [{"exception": "EAPI\\EItemNotFound", "errormsg": "?"}, {"exception": None, "errormsg": "No such item"}]
)
def test_a_transaction_that_left_the_site_is_a_gap_that_says_so(error: object) -> None:
    def gone(form: Mapping[str, str]) -> object:
        info = form["dp_command"] == "getTransactionLicenseInfo"
        return {"type": "failure", "error": error} if info else platform(form)

    provider = DepositphotosEnterprise()
    session = entered(provider, Commands(gone))
    record, gap, _ = documents(provider, session, only(provider, session, "licensed"))
    assert isinstance(gap, Gap) and (gap.kind, gap.reason) == (DocumentKind.CERTIFICATE, GapReason.LAPSED)
    assert isinstance(record, Document) and json.loads(record.content)["transaction_license_info"] == {"error": error}


@pytest.mark.parametrize(("most", "requests"), [(100, 1), (7, 3), (10, 2), (20, 1)])
def test_lists_move_on_by_what_the_platform_gave(most: int, requests: int) -> None:
    """However few rows it gives at once; and they end at its own count, also where that is a page's end."""
    rows = [{**PURCHASE, "licenseId": str(number)} for number in range(20)]

    def answer(form: Mapping[str, str]) -> object:
        if form["dp_command"] == "login":
            return platform(form)
        start = int(form["dp_offset"])
        return {"type": "success", "purchases": rows[start : start + most], "count": len(rows)}

    provider = Depositphotos()
    session = entered(provider, Commands(answer))
    found = pages(provider, session)["purchases"]
    assert [licence.licence_id for page in found for licence in page.licences] == [row["licenseId"] for row in rows]
    assert len(session.forms) == 1 + requests


@pytest.mark.parametrize(
    ("exception", "error"),
    [
        ("EAPI\\EIllegalSession", SessionExpired),
        ("EIllegalSession", SessionExpired),
        ("EAPI\\EIllegalApiKey", WrongPassword),
        ("EAPI\\EApiTypeNotAllowed", WrongPassword),
        ("EApi\\EInternalError", SiteUnavailable),
        ("EInternal\\InvalidParam", LayoutChanged),
        (None, LayoutChanged),
    ],
)
@pytest.mark.parametrize("provider", [Depositphotos, DepositphotosEnterprise])
def test_depositphotos_failures_say_what_to_do(
    provider: type[Provider[Any]], exception: str | None, error: type[ArchiverError]
) -> None:
    """A failure comes with status 200: its `type` decides."""
    failure = {"type": "failure", "error": {"errorcode": 403, "errormsg": "Words of theirs", "exception": exception}}
    adapter = provider()
    session = entered(adapter, Commands(lambda form: platform(form) if "login" in form["dp_command"] else failure))
    with pytest.raises(error, match="Words of theirs"):
        pages(adapter, session)
    refused = Commands(lambda form: failure)
    if error in (SessionExpired, WrongPassword):
        with pytest.raises(WrongPassword):
            entered(provider(), refused)


@pytest.mark.parametrize(
    "body", [[], {}, {"type": "success"}, {"type": "success", "purchases": [{}], "count": 1}, "text"]
)
def test_other_shapes_of_depositphotos_are_a_changed_layout(body: object) -> None:
    provider = Depositphotos()
    session = entered(provider, Commands(lambda form: platform(form) if "login" in form["dp_command"] else body))
    with pytest.raises(LayoutChanged):
        pages(provider, session)
