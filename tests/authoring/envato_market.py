"""The recordings of Envato Market."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.authoring.scenario import DELAYED, Facts, Scenario, digits, expected, uuid

ENVATO = "https://api.envato.com"
MARKET_ITEMS = [
    tuple(each.split(": ", 1))
    for each in """
photodune.net: Wooden pier in autumn mist
audiojungle.net: Gentle Piano Logo
themeforest.net: Florist - Shop Theme
codecanyon.net: Booking Calendar Script
videohive.net: Ink Bleed Opener
graphicriver.net: Linen Paper Textures
3docean.net: Low Poly Farm Set
photodune.net: Carpenter measuring oak
audiojungle.net: Marching Ants
themeforest.net: Notary - Office Theme
photodune.net: Tea ceremony, overhead
videohive.net: Map Route Titles
photodune.net: Rooftop garden at noon
graphicriver.net: Trail Map Icons
codecanyon.net: Queue Display Widget
audiojungle.net: Rain Delay Loop
photodune.net: Ceramic studio shelf
themeforest.net: Regatta - Club Theme
photodune.net: Apprentice welding a frame
videohive.net: Quiet Lower Thirds
photodune.net: Foggy tram stop
graphicriver.net: Botanical Ink Brushes
""".strip().splitlines()
]


def market(name: str, *, signed_in: bool = True) -> Scenario:
    scenario = Scenario(
        "envato_market", name, "token", ["vendor's API as a published client library types it"],
        {"token": "RECORDED-ENVATO-TOKEN"},
    )  # fmt: skip
    if signed_in:
        scenario.get(f"{ENVATO}/v1/market/private/user/username.json", {"username": "acme_media"}, slug="username")
        account = {"image": "", "firstname": "Ada", "surname": "Example", "available_earnings": "0.00",
                   "total_deposits": "120.00", "balance": "31.00", "country": "Germany"}  # fmt: skip
        scenario.get(f"{ENVATO}/v1/market/private/user/account.json", {"account": account}, slug="account")
    return scenario


def market_purchase(number: int) -> tuple[Facts, Facts, Facts]:
    """A purchase, its line of the statement, and the licence that both make."""
    site, title = MARKET_ITEMS[number]
    sold = datetime(2026, 11, 18, 21, 15, tzinfo=UTC) - timedelta(days=17 * number, minutes=11 * number)
    item_id = int(digits(title, 8))
    kind = "Extended License" if number % 7 == 3 else "Regular License"
    code, order = uuid(title), int(digits(title + " order", 9))
    there = sold + timedelta(hours=10)  # the market's clock is in Melbourne
    purchase = {
        "amount": f"{9 + number}.00", "sold_at": there.strftime("%Y-%m-%dT%H:%M:%S+10:00"), "license": kind,
        "support_amount": "0.00", "supported_until": None, "code": code,
        "item": {"id": item_id, "name": title, "author_username": f"studio{number % 5}", "site": site,
                 "url": f"https://{site}/item/example/{item_id}", "updated_at": "2026-01-05T10:00:00+11:00"},
    }  # fmt: skip
    line = {
        "unique_id": uuid(title + " line"), "date": there.strftime("%Y-%m-%d %H:%M:%S +1000"), "order_id": order,
        "type": "Purchase", "detail": title, "item_id": item_id, "document": f"IVIP{order}", "price": 9 + number,
        "au_gst": None, "eu_vat": None, "us_rwt": None, "us_bwt": None, "amount": -(9 + number), "site": site,
        "other_party_country": "Germany", "other_party_region": None, "other_party_city": None,
        "other_party_zipcode": None,
    }  # fmt: skip
    licence = expected(
        licence_id=code, asset_id=str(item_id), title=title, kind=kind, licensed_at=sold.strftime("%Y-%m-%dT%H:%M:%SZ"),
        licensee="Ada Example", seat="acme_media", order=str(order), gaps={"certificate": "on_request"},
    )  # fmt: skip
    return purchase, line, licence


def market_pages(scenario: Scenario, numbers: list[list[int]]) -> None:
    purchases = {number: market_purchase(number) for page_of in numbers for number in page_of}
    for number, page_of in enumerate([*numbers, [], [], []], 1):  # one or two empty pages may be a hole
        body = {"count": len(page_of), "results": [purchases[each][0] for each in page_of]}
        scenario.get(f"{ENVATO}/v3/market/buyer/list-purchases?page={number}", body, slug=f"purchases-{number}")
    deposit = {
        **market_purchase(0)[1], "unique_id": "deposit", "date": "2026-11-19 08:00:00 +1000", "type": "Deposit",
        "detail": "Deposit", "order_id": None, "item_id": None, "document": None, "price": None, "amount": 120,
        "site": None,
    }  # fmt: skip
    lines = [deposit, *(line for _, line, _ in purchases.values())]
    for number, start in enumerate(range(0, len(lines) + 15, 15), 1):
        body = {"count": len(lines[start : start + 15]), "results": lines[start : start + 15]}
        scenario.get(f"{ENVATO}/v3/market/user/statement?page={number}", body, slug=f"statement-{number}")
    scenario.licences = [licence for _, _, licence in purchases.values()]


def write() -> None:
    whole = market("two-pages")
    market_pages(whole, [list(range(12)), list(range(12, len(MARKET_ITEMS)))])
    whole.write()

    empty = market("empty-history")
    for number in (1, 2, 3):
        url = f"{ENVATO}/v3/market/buyer/list-purchases?page={number}"
        empty.get(url, {"count": 0, "results": []}, slug=f"purchases-{number}")
    empty.write()

    unauthorised: Facts = {"slug": "unauthorized", "status": 401}
    bad = market("bad-token", signed_in=False)
    bad.get(f"{ENVATO}/v1/market/private/user/username.json", {"error": "Unauthorized"}, **unauthorised)
    bad.write("failed", "WrongPassword")

    expired = market("session-expired")
    expired.get(f"{ENVATO}/v3/market/buyer/list-purchases?page=1", {"error": "Unauthorized"}, **unauthorised)
    expired.get(f"{ENVATO}/v1/market/private/user/username.json", {"error": "Unauthorized"}, **unauthorised)
    expired.write("failed", "WrongPassword")

    changed = market("layout-changed")
    purchase = {name: value for name, value in market_purchase(0)[0].items() if name != "sold_at"}
    changed.get(f"{ENVATO}/v3/market/buyer/list-purchases?page=1", {"count": 1, "results": [purchase]}, slug="no-date")
    changed.write("failed", "LayoutChanged")

    limited = market("rate-limited")
    url = f"{ENVATO}/v3/market/buyer/list-purchases?page=1"
    limited.exchanges.append({"request": {"method": "GET", "url": url}, "response": DELAYED})
    market_pages(limited, [[0, 1]])
    limited.write()
