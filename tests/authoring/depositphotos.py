"""The recordings of both of Depositphotos's APIs: answers in the shapes of the vendor's samples, values invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.authoring.scenario import DELAYED, Facts, Scenario, digits, expected, picture, terms_page

API = "https://api.depositphotos.com/"
SECRETS = {"api_key": "RECORDED-DEPOSITPHOTOS-KEY", "password": "RECORDED-DEPOSITPHOTOS-PASSWORD"}
TITLES = """
Beekeeper opening a hive
Paper lanterns over a lane
Glass blower at the furnace
Ferry leaving an icy pier
Seedlings on a window sill
Cobbled alley after snow
Stack of indigo cloth
Radio tower in a storm
Grandfather mending a clock
Terraced tea garden
Brass band, Exampletown, 03 May 2026
Cork oaks at noon
Weaver's hands at the loom
Salt pans from above
Night market stall
Lighthouse keeper's desk
""".strip().splitlines()
LOGIN = ["dp_apikey", "dp_command", "dp_login_password", "dp_login_user"]


def answer(scenario: Scenario, command: str, content: Facts | None, /, **bound: object) -> None:
    """A command's answer; a failure where the content has an `error`."""
    kind = "failure" if content and "error" in content else "success"
    match = {"dp_command": command, **{f"dp_{name}": str(value) for name, value in bound.items()}}
    envelope = {"timestamp": "2026-11-24 02:00:00", "version": "1.3", "type": kind, **(content or {})}
    form = LOGIN if command.startswith("login") else None
    scenario.post(API, form, envelope, match=match, slug="-".join([command, *map(str, bound.values())]))


def failure(scenario: Scenario, command: str, exception: str, message: str, code: int, /, **bound: object) -> None:
    answer(scenario, command, {"error": {"errorcode": code, "errormsg": message, "exception": exception}}, **bound)


def listed(scenario: Scenario, command: str, rows: str, *parts: list[Facts]) -> None:
    """A list in parts, each as many rows as the platform chose to give."""
    offset, count = 0, sum(map(len, parts))
    for part in parts:
        answer(scenario, command, {rows: part, "count": count}, offset=offset)
        offset += len(part)


def start(provider: str, name: str, login: str, session: str = "RECORDED-SESSION-1") -> Scenario:
    sources = ["vendor's API client with its sample answers (2022)"]
    if provider == "depositphotos_enterprise":
        sources.append("vendor's Enterprise API reference (December 2024)")
    scenario = Scenario(provider, name, "password", sources, SECRETS)
    answer(scenario, login, {"sessionid": session, "userId": 4711})
    return scenario


# ---------------------------------------------------------------- the regular API


def regular(name: str) -> Scenario:
    scenario = start("depositphotos", name, "login")
    funds = {
        "balance": 42, "creditsAvailable": 7, "creditsExpire": "Aug.18, 2027 05:17:31",
        "subscriptionDownloadsTodayAvailable": 12, "leftBonusFiles": 3, "activeSubscriptions": [],
        "onDemandDownloads": [{"balance": "4", "product": "image", "subproduct": "standard", "expire": "Feb.24, 2027"}],
    }  # fmt: skip
    answer(scenario, "availableFunds", funds)
    answer(scenario, "getLegalsList", {"legals": ["privacy-policy", "standard-license", "cancellation-policy"]})
    answer(scenario, "getLegalDocument", {"document": terms_page("Example standard licence")},
           legal_name="standard-license")  # fmt: skip
    return scenario


def bought(number: int) -> datetime:
    """By the platform's clock, whose zone nobody knows."""
    return datetime(2026, 11, 20, 16, 15, 44, tzinfo=UTC) - timedelta(days=19 * number, minutes=7 * number)


def purchase(number: int) -> Facts:
    title, taken = TITLES[number], bought(number)
    asset = digits(title, 8)
    thumb = f"https://thumbs.depositphotos.net/1234567/{asset[:4]}/i/450/depositphotos_{asset}-stock-photo-example.jpg"
    return {
        "mediaId": asset, "license": "extended" if number % 6 == 2 else "standard", "size": "xl", "price": "4.68",
        "method": ("subscription", "ondemand")[number % 2], "purchaseDate": f"{taken:%b.%d, %Y %H:%M:%S}",
        "licenseId": digits(title + " licence", 8), "purchasedWidth": "3200", "purchasedHeight": "2400", "title": title,
        "description": f"{title}, invented", "status": "active", "username": f"seller{number % 4}", "userid": 1234567,
        "iseditorial": "Exampletown" in title, "itype": "image", "huge_thumb": thumb, "isFreeItem": False,
        "itemurl": f"https://depositphotos.com/{asset}/stock-photo-example.html",
    }  # fmt: skip


def purchases(scenario: Scenario, *parts: list[Facts]) -> None:
    listed(scenario, "getPurchases", "purchases", *parts)
    for number, row in enumerate(row for part in parts for row in part):  # always from the newest on
        scenario.get(row["huge_thumb"], picture(row["title"]), slug=f"thumbnail-{row['mediaId']}.jpg")
        scenario.licences.append(
            expected(
                licence_id=row["licenseId"], asset_id=row["mediaId"], title=row["title"],
                kind=row["license"] + (" editorial" if row["iseditorial"] else ""),
                licensed_at=f"{bought(number):%Y-%m-%d}",
                plan=row["method"], documents=["record.json", "preview.jpg"], gaps={"certificate": "on_request"},
            )
        )  # fmt: skip


def write_regular() -> None:
    rows = [purchase(number) for number in range(len(TITLES))]

    whole = regular("two-pages")
    purchases(whole, rows[:10], rows[10:])
    whole.write()

    empty = regular("empty-history")
    purchases(empty, [])
    empty.write()

    refused = Scenario("depositphotos", "wrong-password", "password", whole.sources, SECRETS)
    failure(refused, "login", "EUser\\Authentication", "This login does not exist. Please try again.", 404)
    refused.write("failed", "WrongPassword")

    key = Scenario("depositphotos", "bad-token", "password", whole.sources, SECRETS)
    failure(key, "login", "EAPI\\EIllegalApiKey", "The API key is illegal", 403)
    key.write("failed", "WrongPassword")

    expired = regular("session-expired")
    count = {"count": 4}
    answer(expired, "getPurchases", {"purchases": rows[:2], **count}, offset=0)
    failure(expired, "getPurchases", "EAPI\\EIllegalSession", "Session ID invalid or session is expired", 403, offset=2)
    answer(expired, "login", {"sessionid": "RECORDED-SESSION-2", "userId": 4711})
    purchases(expired, rows[:2], rows[2:4])
    expired.write()

    changed = regular("layout-changed")
    undated = [{name: value for name, value in row.items() if name != "purchaseDate"} for row in rows[:2]]
    answer(changed, "getPurchases", {"purchases": undated, "count": 2}, offset=0)
    changed.write("failed", "LayoutChanged")

    limited = regular("rate-limited")
    late = {"method": "POST", "url": API, "match": {"dp_command": "getPurchases", "dp_offset": "0"}}
    limited.exchanges.append({"request": late, "response": DELAYED})
    purchases(limited, rows[:2])
    limited.write()


# ---------------------------------------------------------------- the enterprise API


def enterprise(name: str) -> Scenario:
    return start("depositphotos_enterprise", name, "loginEnterprise")


def item(number: int) -> Facts:
    title, moment = TITLES[number], datetime(2026, 11, 18, 10, 30, tzinfo=UTC) - timedelta(days=23 * number)
    asset = int(digits(title, 8))
    return {
        "datetime": int(moment.timestamp()), "filename": title, "groupId": 12, "itemId": asset, "marker": 3,
        "itemType": "video" if number % 5 == 4 else "image", "width": 1920, "height": 1080, "userId": 4711 + number % 2,
        "preview": f"http://st{number % 5 + 1}.depositphotos.com/1234567/{asset // 10000}/i/450/"
        f"depositphotos_{asset}-stock-photo-example.jpg",
        "actor": {"id": 4711 + number % 2, "username": ("ada.example", "grace.example")[number % 2]},
        "seller": {"id": 1234567, "username": f"seller{number % 4}"}, "visible": True,
    }  # fmt: skip


def granted(number: int) -> Facts:
    hints = {"project": f"Job {100 + number}", "client": "Acme Ltd", "purchaseOrder": "", "isbn": None, "other": ""}
    return {
        "itemTransactionId": int(digits(TITLES[number] + " transaction", 9)), "licenseId": 43132, "currencyId": 0,
        "licenseTransferId": 9000 + number if number % 4 == 1 else None, "status": "active", "editorial": False,
        "invoice_id": 2126132, **hints, **item(number),
    }  # fmt: skip


def party(company: str, name: str = "") -> Facts:
    return {"company": company, "fullName": name, "address": "1 Example Street", "city": "Exampletown", "country": "DE",
            "email": "ada@example.com", "vat": None}  # fmt: skip


def licensed(scenario: Scenario, numbers: range, *parts: list[Facts]) -> None:
    """The three lists: what was licensed, what of it was transferred, and one comp; with what is asked for each."""
    rows = [row for part in parts for row in part]
    moved = [row for row in rows if row["licenseTransferId"]]
    comps = [{**item(15), "download": "http://st.depositphotos.com/storage/item/download?id=1"}] if rows else []
    listed(scenario, "getLicensedItems", "downloads", *parts)
    listed(scenario, "getTransferredLicenses", "downloads", moved)
    listed(scenario, "getGroupCompDownloads", "downloads", comps)
    for number, row in zip(numbers, rows, strict=True):
        licensee = party("" if number == 2 else "Northlight Media", "Ada Example")
        info = {
            "license": {
                "id": 9273, "name": ("Standard License", "Digital License")[number % 2], "size": "l-2015",
                "fields": [{"name": "other", "placeholder": "Other", "enabled": True, "value": "Spring campaign"}],
                "transferId": row["licenseTransferId"],
            },
            "transaction": {"id": row["itemTransactionId"], "price": "149.00", "timestamp": str(row["datetime"])},
            "item": {"id": row["itemId"], "filename": row["filename"], "type": row["itemType"],
                     "isEditorial": "Exampletown" in row["filename"]},
            "from": party("Depositphotos Inc."), "to": licensee,
            "transferredTo": party("Acme Ltd") if row["licenseTransferId"] else licensee,
        }  # fmt: skip
        answer(scenario, "getTransactionLicenseInfo", info, transaction_id=row["itemTransactionId"])
        scenario.licences.append(granted_licence(number, row, info))
        if row in moved:
            scenario.licences.append({**granted_licence(number, row, info), "licence_id": None, "licensee": "Acme Ltd"})
    for row in (*rows, *comps):
        url = row["preview"].replace("http:", "https:")
        scenario.get(url, picture(row["filename"]), slug=f"preview-{row['itemId']}.jpg")
    scenario.comps = [str(row["itemId"]) for row in comps]


def granted_licence(number: int, row: Facts, info: dict[str, Any]) -> Facts:
    moment = datetime.fromtimestamp(row["datetime"], UTC)
    editorial = " editorial" if info["item"]["isEditorial"] else ""
    return expected(
        licence_id=str(row["itemTransactionId"]), asset_id=str(row["itemId"]), title=row["filename"],
        kind=info["license"]["name"] + editorial, licensed_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        licensee="Ada Example" if number == 2 else "Northlight Media", seat=row["actor"]["username"],
        client_hints={"project": row["project"], "client": "Acme Ltd", "other": "Spring campaign"},
        documents=["record.json", "preview.jpg"], gaps={"certificate": "none_offered"},
    )  # fmt: skip


def write_enterprise() -> None:
    rows = [granted(number) for number in range(14)]

    whole = enterprise("two-pages")
    licensed(whole, range(14), rows[:8], rows[8:])
    whole.write()

    empty = enterprise("empty-history")
    licensed(empty, range(0), [])
    empty.write()

    refused = Scenario("depositphotos_enterprise", "wrong-password", "password", whole.sources, SECRETS)
    failure(refused, "loginEnterprise", "EUser\\Authentication", "This login does not exist. Please try again.", 404)
    refused.write("failed", "WrongPassword")

    key = Scenario("depositphotos_enterprise", "bad-token", "password", whole.sources, SECRETS)
    failure(key, "loginEnterprise", "EAPI\\EApiTypeNotAllowed", "This API type is not allowed", 403)
    key.write("failed", "WrongPassword")

    expired = enterprise("session-expired")
    failure(expired, "getLicensedItems", "EAPI\\EIllegalSession", "Session ID invalid or session is expired", 403,
            offset=0)  # fmt: skip
    answer(expired, "loginEnterprise", {"sessionid": "RECORDED-SESSION-2", "userid": 4711})
    licensed(expired, range(3), rows[:3])
    expired.write()

    changed = enterprise("layout-changed")
    answer(changed, "getLicensedItems", {"items": rows[:2], "count": 2}, offset=0)
    changed.write("failed", "LayoutChanged")

    limited = enterprise("rate-limited")
    late = {"method": "POST", "url": API, "match": {"dp_command": "getLicensedItems", "dp_offset": "0"}}
    limited.exchanges.append({"request": late, "response": DELAYED})
    licensed(limited, range(2), rows[:2])
    limited.write()


def write() -> None:
    write_regular()
    write_enterprise()
