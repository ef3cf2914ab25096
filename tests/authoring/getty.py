"""The recordings of Getty Images and iStock, which share one API. All names and numbers are invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from tests.authoring.scenario import CLIENTS, Facts, Scenario, digits, expected, picture, terms_page

API = "https://api.gettyimages.com/v3"
TOKEN = "https://authentication.gettyimages.com/oauth2/token"
TODAY = date(2026, 11, 24)
SIZE = "page_size=100"
SOURCES = ["vendor's .NET library (February 2026), and a copy of its interface description"]
TYPES = {
    "getty_images": ("premiumaccess", "editorialsubscription", "imagepack", "easyaccess"),
    "istock": ("royaltyfreesubscription", "creditpack"),
}
PRODUCT_IDS = {name: 7001 + number for number, name in enumerate(name for each in TYPES.values() for name in each)}
SITES = {"getty_images": "www.gettyimages.com/eula", "istock": "www.istockphoto.com/legal/license-agreement"}
ARTIST = "Ada Example"
UNAUTHORISED = {"ErrorCode": "Unauthorized", "ErrorMessage": "The access token is not valid"}
FORBIDDEN = {"ErrorCode": "Forbidden", "ErrorMessage": "The account is not enabled for this"}


def newest_first(rows: Sequence[Facts]) -> list[Facts]:
    return sorted(rows, key=lambda row: str(row["date_downloaded"]), reverse=True)


type Windows = Mapping[int, Sequence[Sequence[Facts]]]
"""The pages of each window of 30 days, by how many windows it lies back."""


def scenario(provider: str, name: str, *, signed_in: bool = True, secret: bool = False) -> Scenario:
    secrets = {"api_key": "RECORDED-API-KEY", "token": "RECORDED-CUSTOMER-TOKEN"}
    made = Scenario(
        provider, name, "token", SOURCES, secrets | ({"client_secret": "RECORDED-SECRET"} if secret else {})
    )
    if secret:
        form = ["grant_type", "client_id", "client_secret", "refresh_token"]
        made.post(
            TOKEN,
            form,
            {"access_token": "RECORDED-ACCESS", "token_type": "Bearer", "expires_in": 1800},
            slug="token",
        )
    if signed_in:
        made.get(f"{API}/products", {"products": [product(each) for each in TYPES[provider][:2]]}, slug="products")
    return made


def product(name: str) -> Facts:
    return {
        "id": PRODUCT_IDS[name], "name": f"Example {name}", "type": name, "status": "active", "agreement_name": None,
        "download_limit": 500, "downloads_remaining": 421, "expiration_utc_date": "2027-06-30T00:00:00Z",
    }  # fmt: skip


def span(first: date, last: date) -> str:
    return f"date_from={first}&date_to={last}"


def window(number: int) -> tuple[date, date]:
    last = TODAY - timedelta(days=30 * number)
    return last - timedelta(days=29), last


def downloads_url(name: str, span: str, number: int = 1, *, company: bool = True) -> str:
    whole = "&company_downloads=true" if company else ""
    return f"{API}/downloads?product_type={name}{whole}&{span}&page={number}&{SIZE}"


def listed(made: Scenario, name: str, windows: Windows, *, company: bool = True) -> None:
    """A list of downloads, window by window, each time with the question whether anything is older."""
    totals = {number: sum(map(len, pages)) for number, pages in windows.items()}
    known = 0
    for back in range(max(windows, default=0) + 1):
        first, last = window(back)
        pages = windows.get(back) or [[]]
        for number, rows in enumerate(pages, 1):
            body = {"result_count": totals.get(back, 0), "downloads": rows}
            url = downloads_url(name, span(first, last), number, company=company)
            made.get(url, body, slug=f"{name}-{first}-{number}")
        known -= totals.get(back, 0)
        if known <= 0:
            known = sum(total for number, total in totals.items() if number > back)
            lists = [rows for number, pages in sorted(windows.items()) if number > back for rows in pages]
            older = [row for rows in lists for row in rows]
            made.get(
                downloads_url(name, span(date(2000, 1, 1), first - timedelta(days=1)), company=company),
                {"result_count": known, "downloads": older},
                slug=f"{name}-before-{first}",
            )


def download(name: str, number: int, days: int) -> Facts:
    """A row of the list of downloads, `days` ago."""
    when = f"{TODAY - timedelta(days=days)}T{9 + number % 9:02}:{number * 7 % 60:02}:05"
    asset = digits(f"{name} {number}", 10)
    media = "www.istockphoto.com" if name in TYPES["istock"] else "www.gettyimages.com"
    row: Facts = {
        "date_downloaded": f"{when}.1234567" if number % 2 else f"{when}Z",
        "id": asset,
        "asset_type": "film" if number % 4 == 3 else "image",
        "product_type": name,
        "thumb_uri": f"https://{media.replace('www', 'media')}/id/{asset}/photo/example.jpg?s=170x170",
        "agreement_name": f"Acme {name} 2026" if number % 3 else None,
        "product_id": PRODUCT_IDS[name],
        "download_details": {
            "download_notes": "Spring brochure" if number % 3 == 1 else None,
            "project_code": f"P-{100 + number}" if number % 2 else None,
        },
        "download_source": "website",
        "user": {"username": ("ada.example", "grace.example")[number % 2], "first_name": "Ada", "last_name": "Example"},
        "size_name": "x_large",
        "dimensions": {"height": 3000, "width": 4500},
        "license_model": "rightsmanaged" if name == "editorialsubscription" else "royaltyfree",
        "generated_asset_id": None,
    }
    if number % 5 == 4:
        row["thumb_uri"] = None
    return row


def described(made: Scenario, rows: Sequence[Facts]) -> None:
    """What the API says of these assets, asked for together as they are listed: by a window, or by a page.

    Of each third nothing, as if it had left the site.
    """
    for name, film in (("images", False), ("videos", True)):
        ids = list(dict.fromkeys(asset_of(row) for row in rows if (row["asset_type"] == "film") is film))
        if ids:
            known = [each for each in ids if int(each[-1]) % 3]
            body: Facts = {name: [{"id": each, "title": title(each), "artist": ARTIST} for each in known]}
            body[f"{name}_not_found"] = [each for each in ids if each not in known]
            made.get(f"{API}/{name}?ids={','.join(ids)}&fields=id,title,artist", body, slug=f"{name}-{ids[0]}")


def asset_of(row: Facts) -> str:
    return str(row.get("id") or row["asset_id"])


def title(asset: str) -> str:
    return f"Example view {asset}"


def downloaded(made: Scenario, row: Facts, *, gone: bool = False) -> Facts:
    """A download's preview, and what the adapter must make of it."""
    notes = {"project": row["download_details"]["project_code"], "notes": row["download_details"]["download_notes"]}
    return shown(
        made, row, gone,
        asset_id=row["id"],
        kind=f"{row['product_type']} {row['license_model']}",
        licensed_at=row["date_downloaded"][:19] + "Z",
        seat=row["user"]["username"],
        plan=row["agreement_name"],
        client_hints={name: note for name, note in notes.items() if note},
        gaps={"certificate": "none_offered"},
    )  # fmt: skip


def shown(made: Scenario, row: Facts, gone: bool, **facts: object) -> Facts:
    asset = asset_of(row)
    licence = expected(**({"title": title(asset)} if int(asset[-1]) % 3 else {}), **facts)
    address = row["thumb_uri"]
    if gone:
        made.get(address, status=404)
    elif address:
        made.get(address, picture(address), slug="thumb.jpg")
    if address and not gone:
        licence["documents"] = ["record.json", "preview.jpg"]
    else:
        licence["gaps"] = {"preview": "lapsed" if gone else "none_offered", **licence["gaps"]}
    return licence


def purchases_url(number: int = 1, *, company: bool = True) -> str:
    return f"{API}/purchased-assets?{'company_purchases=true&' if company else ''}page={number}&{SIZE}"


def purchase(number: int) -> Facts:
    """A row of the list of purchases; two assets are of one order."""
    asset = digits(f"purchase {number}", 9)
    return {
        "date_purchased": f"2026-{10 - number * 2:02}-1{number}T14:2{number}:00Z",
        "purchased_by": "ada.example",
        "asset_id": asset,
        "asset_type": "image",
        "license_model": ("royaltyfree", "rightsmanaged")[number % 2],
        "order_id": str(91000001 + max(number, 1)),
        "thumb_uri": f"https://media.gettyimages.com/id/{asset}/photo/example.jpg",
        "size_name": "large",
        "file_size_in_bytes": "4200000",
        "download_uri": f"https://api.gettyimages.com/v3/downloads/images/{asset}",
    }


def purchased(made: Scenario, row: Facts, number: int) -> Facts:
    """A purchase's order and preview, and what the adapter must make of them. The last order is not found."""
    url = f"{API}/orders/{row['order_id']}"
    found = number < 3
    client, notes = CLIENTS[number % 4], {"project_title": None if number == 2 else f"Campaign {number}"}
    notes |= {"licensee_name": client, "purchase_order_number": "4711", "ordered_by": "Ada Example"}
    order = {
        "id": row["order_id"], "invoice_number": f"19{row['order_id']}", "order_date": row["date_purchased"],
        "end_client": client, "notes": notes, "assets": [{"id": row["asset_id"]}],
    }  # fmt: skip
    body = order if found else {"ErrorCode": "OrderNotFound", "ErrorMessage": "No such order"}
    made.get(url, body, slug=f"order-{number}", status=200 if found else 404)
    hints = {"client": client, "purchase_order": "4711", "project": notes["project_title"]}
    return shown(
        made, row, False,
        asset_id=row["asset_id"],
        kind=row["license_model"],
        licensed_at=row["date_purchased"],
        licensee=client if found else None,
        seat="ada.example",
        order=row["order_id"],
        client_hints={name: hint for name, hint in hints.items() if hint and found},
        gaps={"receipt": "on_request", "certificate": "none_offered"},
    )  # fmt: skip


def write_common(provider: str) -> None:
    """The scenarios that both platforms have, on their first list."""
    first, *others = TYPES[provider]
    rows = [download(first, number, 2 + number) for number in range(2)]
    newest = downloads_url(first, span(*window(0)))

    def rest(made: Scenario) -> None:
        for name in others:
            listed(made, name, {})
        if provider == "getty_images":
            made.get(purchases_url(), {"result_count": 0, "previous_purchases": []}, slug="purchases-none")

    empty = scenario(provider, "empty-history")
    listed(empty, first, {})
    rest(empty)
    empty.write()

    bad = scenario(provider, "bad-token", signed_in=False)
    bad.get(f"{API}/products", UNAUTHORISED, slug="unauthorised", status=401)
    bad.write("failed", "WrongPassword")

    expired = scenario(provider, "session-expired")
    expired.get(newest, UNAUTHORISED, slug="downloads-unauthorised", status=401)
    expired.get(f"{API}/products", UNAUTHORISED, slug="products-unauthorised", status=401)
    expired.write("failed", "WrongPassword")

    changed = scenario(provider, "layout-changed")
    changed.get(newest, {"total": 2, "items": rows}, slug="downloads-other-keys")
    changed.write("failed", "LayoutChanged")

    limited = scenario(provider, "rate-limited")
    asked = {"method": "GET", "url": newest}
    delayed = {
        "status": 429,
        "headers": {"x-error-detail": "Account Over Queries Per Second Limit"},
        "text": "Too many",
    }
    limited.exchanges.append({"request": asked, "response": delayed})
    listed(limited, first, {0: [rows]})
    rest(limited)
    described(limited, newest_first(rows))
    limited.licences = [downloaded(limited, row) for row in rows]
    limited.write()

    refused = scenario(provider, "company-refused")
    refused.get(newest, FORBIDDEN, slug="downloads-forbidden", status=403)
    listed(refused, first, {0: [rows]}, company=False)
    for name in others:
        listed(refused, name, {}, company=False)
    if provider == "getty_images":
        refused.get(purchases_url(company=False), FORBIDDEN, slug="purchases-forbidden", status=403)
    described(refused, newest_first(rows))
    refused.licences = [downloaded(refused, row) for row in rows]
    refused.write("partial")

    # A refresh token gives an access token of 30 minutes; when that ends on the way, another one.
    refreshed = scenario(provider, "token-refreshed", secret=True)
    refreshed.get(newest, UNAUTHORISED, slug="downloads-unauthorised", status=401)
    listed(refreshed, first, {0: [rows]})
    rest(refreshed)
    described(refreshed, newest_first(rows))
    refreshed.licences = [downloaded(refreshed, row) for row in rows]
    refreshed.write()


def write() -> None:
    write_getty_images()
    write_istock()


def write_getty_images() -> None:
    premium = [download("premiumaccess", number, days) for number, days in enumerate((1, 3, 8, 8, 20, 29, 41, 93, 110))]
    editorial = [download("editorialsubscription", number, days) for number, days in enumerate((2, 5))]
    pack, trial = download("imagepack", 1, 71), download("easyaccess", 2, 6)
    bought = [purchase(number) for number in range(4)]
    whole = scenario("getty_images", "two-pages")
    listed(whole, "premiumaccess", {0: [premium[:4], premium[4:6]], 1: [premium[6:7]], 3: [premium[7:]]})
    listed(whole, "editorialsubscription", {0: [editorial]})
    listed(whole, "imagepack", {2: [[pack]]})
    listed(whole, "easyaccess", {0: [[trial]]})
    for number, page in enumerate((bought[:3], bought[3:]), 1):
        body = {"result_count": len(bought), "previous_purchases": page}
        whole.get(purchases_url(number), body, slug=f"purchases-{number}")
    for window in (premium[:6], premium[6:7], premium[7:], editorial, [pack], [trial], bought[:3], bought[3:]):
        described(whole, window if window[0] in bought else newest_first(window))
    for row in (*premium, *editorial, pack, trial):
        whole.licences.append(downloaded(whole, row, gone=row is premium[2]))
    whole.licences += [purchased(whole, row, number) for number, row in enumerate(bought)]
    whole.get(f"https://{SITES['getty_images']}", terms_page("Example licence agreement"), slug="terms")
    whole.write()
    write_common("getty_images")


def write_istock() -> None:
    subscribed = [download("royaltyfreesubscription", number, days) for number, days in enumerate((1, 4, 9, 12, 40))]
    credits = [download("creditpack", number, days) for number, days in enumerate((16, 75))]
    whole = scenario("istock", "two-pages")
    listed(whole, "royaltyfreesubscription", {0: [subscribed[:3], subscribed[3:4]], 1: [subscribed[4:]]})
    listed(whole, "creditpack", {0: [credits[:1]], 2: [credits[1:]]})
    for window in (subscribed[:4], subscribed[4:], credits[:1], credits[1:]):
        described(whole, newest_first(window))
    whole.licences = [downloaded(whole, row) for row in (*subscribed, *credits)]
    whole.get(f"https://{SITES['istock']}", terms_page("Example licence agreement"), slug="terms")
    whole.write()
    write_common("istock")
