"""The recordings of Shutterstock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.authoring.photographs import photograph
from tests.authoring.scenario import CLIENTS, DELAYED, Facts, Scenario, digits, expected, terms_page

SHUTTERSTOCK = "https://api.shutterstock.com/v2"
SHUTTERSTOCK_LISTS = ("images", "videos", "audio", "sfx", "editorial/images", "editorial/videos")
READING = ["licenses.view", "purchases.view", "user.view"]
SHUTTERSTOCK_TITLES = {
    "images": """
Baker shaping sourdough loaves at dawn
Harbour crane against an orange sky
Two engineers reading a plan
Empty lecture hall with wooden benches
Close-up of fern leaves after rain
Cyclist crossing a stone bridge
Grandmother teaching a child to knit
Row of beehives in a lavender field
Night train leaving a platform
Hands potting a young olive tree
Aerial view of terraced rice fields
Dentist explaining an X-ray
Old typewriter on a window sill
Market stall with heirloom tomatoes
Snow plough on a mountain pass
Team cheering in a glass office
Lighthouse in heavy surf
Potter glazing a blue bowl
Library shelves with a rolling ladder
Paper boats on a puddle
Wind turbines above morning fog
Violin maker carving a scroll
Kayaks on a turquoise lake
Courier with a cargo bike
Sheepdog on a ridge
Seamless pattern of hand-drawn keys
""".strip().splitlines(),
    "videos": """
Time lapse of clouds over a valley
Slow motion of milk poured into coffee
Drone flight along a coast road
Surgeon washing hands
Street musicians at dusk
Robot arm sorting parcels
Rain on a tin roof
""".strip().splitlines(),
    "audio": """
Morning Without Hurry
Paper Lanterns
Three Quarter Step
A Small Parade
""".strip().splitlines(),
    "sfx": """
Wooden door, slow creak
Distant thunder, two rolls
Camera shutter, mechanical
""".strip().splitlines(),
    "editorial/images": """
City marathon, Exampletown - 04 Oct 2026
Opening of the harbour museum, Exampletown - 12 Sep 2026
Chess championship, Sampleburg - 30 Aug 2026
Farmers' protest, Sampleburg - 11 Jun 2026
Lantern festival, Exampletown - 02 May 2026
Regatta finals, Sampleburg - 19 Apr 2026
""".strip().splitlines(),
    "editorial/videos": """
Tram line inauguration, Exampletown - 01 Sep 2026
Flood barrier test, Sampleburg - 17 Jul 2026
""".strip().splitlines(),
}
SHUTTERSTOCK_KINDS = {
    "images": "standard", "videos": "footage_premier", "audio": "audio_platform", "sfx": "standard",
    "editorial/images": "premier_editorial_all_digital", "editorial/videos": "premier_editorial_video_all_media",
}  # fmt: skip
SHUTTERSTOCK_COMPS = {("videos", 2): "footage_comp", ("editorial/images", 3): "premier_editorial_comp",
                      ("editorial/videos", 1): "premier_editorial_video_comp"}  # fmt: skip
DELISTED = {("images", 7), ("sfx", 1)}  # assets whose details are gone


def shutterstock(name: str, scopes: list[str] | None = None) -> Scenario:
    scenario = Scenario(
        "shutterstock", name, "token",
        ["vendor's SDK documentation: license lists, asset details, access token (May 2026)"],
        {"token": "RECORDED-SHUTTERSTOCK-TOKEN"},
    )  # fmt: skip
    if scopes is not None:
        scenario.get(
            f"{SHUTTERSTOCK}/user/access_token",
            {"client_id": "c0ffe-e0000-11111-22222-33333-44", "customer_id": "100200300", "realm": "customer",
             "user_id": "100200300", "username": "ada.example", "expires_in": None, "scopes": scopes},
            slug="access-token",
        )  # fmt: skip
    return scenario


def shutterstock_list(listing: str, number: int) -> str:
    return f"{SHUTTERSTOCK}/{listing}/licenses?page={number}&per_page=200&sort=newest&team_history=true"


def shutterstock_pages(
    scenario: Scenario, pages: dict[str, list[list[Facts]]], totals: dict[str, int] | None = None
) -> None:
    """Every list of the API, with the pages that are given."""
    for listing in SHUTTERSTOCK_LISTS:
        filled = pages.get(listing) or [[]]
        total = (totals or {}).get(listing, sum(map(len, filled)))
        for number, rows in enumerate(filled, 1):
            body = {"data": rows, "page": number, "per_page": 200, "total_count": total}
            slug = f"{listing.replace('/', '-')}-page-{number}"
            scenario.get(shutterstock_list(listing, number), body, slug=slug)


def shutterstock_row(listing: str, number: int) -> Facts:
    """A row of a list as the vendor's documentation shows it."""
    seed = f"{listing} {number}"
    day = datetime(2026, 11, 20, 9, 30, tzinfo=UTC) - timedelta(days=9 * number + len(listing), minutes=7 * number)
    taken = day.strftime("%Y-%m-%dT%H:%M:%S") + ("-04:00" if number % 5 == 4 else ".000Z")
    media = {"images": "image", "editorial/images": "image", "videos": "video", "editorial/videos": "video"}
    editorial = "a" if listing.startswith("editorial") else ""
    client = CLIENTS[number % 4]
    row: Facts = {
        "id": "e" + digits(seed, 33, "0123456789abcdef"),
        "user": {"username": ("ada.example", "grace.example")[number % 2]},
        "license": SHUTTERSTOCK_COMPS.get(
            (listing, number), "enhanced" if seed == "images 4" else SHUTTERSTOCK_KINDS[listing]
        ),
        "download_time": taken,
        "is_downloadable": number % 3 != 2,
        media.get(listing, listing): {
            "id": digits(seed + " asset", 8 if editorial else 10) + editorial,
            "format": {"size": "huge"},
        },
        "subscription_id": ("s20260001", "s20260002")[number % 2],
    }
    if number % 3 != 1:
        row["metadata"] = {"client": client, "job": f"Job {100 + number}", "purchase_order": "", "other": ""}
    return row


def shutterstock_details(scenario: Scenario, listing: str, number: int, row: Facts) -> Facts:
    """The asset's details and its preview, and what the adapter must make of row and details."""
    asset = next(row[key] for key in ("image", "video", "audio", "sfx") if key in row)
    url = f"{SHUTTERSTOCK}/{listing}/{asset['id']}"
    editorial = listing.startswith("editorial/")
    title = SHUTTERSTOCK_TITLES[listing][number % len(SHUTTERSTOCK_TITLES[listing])]
    slug = f"{listing.replace('/', '-')}-{asset['id']}"
    gone = scenario.scenario == "two-pages" and (listing, number) in DELISTED
    preview = None
    if gone:
        scenario.get(f"{url}", {"message": "Not Found"}, slug=slug, status=404)
    else:
        details: Facts = {"id": asset["id"], "aspect": 1.3333}
        if editorial:
            details |= {
                "title": title,
                "description": f"{title}. Invented for this recording.",
                "byline": "Grace Example/Example Wire",
            }
        else:
            details |= {
                "description": title,
                "contributor": {"id": digits(title, 9)},
                "media_type": listing.rstrip("s"),
            }
        if listing in ("audio", "sfx"):
            details |= {"title": title, "description": f"An invented track named {title}", "assets": {}}
        else:
            key, host = {
                "images": ("preview", "image.shutterstock.com/display_pic_with_logo"),
                "videos": ("preview_jpg", "ak.picdn.net/shutterstock/videos"),
                "editorial/images": ("watermark_450", "editorial01.shuttercorp.net/wm-preview-450"),
                "editorial/videos": ("thumb_jpg", "editorial-cdn.shuttercorp.net/thumb-1"),
            }[listing]
            preview = f"https://{host}/{asset['id']}/example-{asset['id']}.jpg"
            details["assets"] = {key: {"height": 120, "width": 160, "url": preview}}
        scenario.get(url + ("?country=USA" if editorial else ""), details, slug=slug)
    if preview:
        scenario.get(preview, photograph(title), slug=f"{slug}.jpg")
    taken = datetime.fromisoformat(row["download_time"])
    return expected(
        licence_id=row["id"],
        asset_id=asset["id"],
        title=None if gone else title,
        kind=row["license"],
        licensed_at=(taken - (taken.utcoffset() or timedelta())).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seat=row["user"]["username"],
        plan=row["subscription_id"],
        client_hints={name: value for name, value in row.get("metadata", {}).items() if value},
        documents=["record.json", *(["preview.jpg"] if preview else [])],
        gaps={"certificate": "on_request"} | ({} if preview else {"preview": "lapsed" if gone else "none_offered"}),
    )


def write() -> None:
    rows = {
        listing: [shutterstock_row(listing, number) for number in range(len(titles))]
        for listing, titles in SHUTTERSTOCK_TITLES.items()
    }
    whole = shutterstock("two-pages", READING)
    shutterstock_pages(
        whole,
        {listing: [each] for listing, each in rows.items()} | {"images": [rows["images"][:14], rows["images"][14:]]},
    )
    for listing, each in rows.items():
        for number, row in enumerate(each):
            facts = shutterstock_details(whole, listing, number, row)
            if "comp" in row["license"].split("_"):
                whole.comps.append(row["id"])
            else:
                whole.licences.append(facts)
    whole.get("https://www.shutterstock.com/license", terms_page("Example licence agreement"), slug="terms")
    whole.write()

    empty = shutterstock("empty-history", READING)
    shutterstock_pages(empty, {})
    empty.write()

    bad = shutterstock("bad-token")
    bad.get(f"{SHUTTERSTOCK}/user/access_token", {"message": "Unauthorized"}, slug="unauthorized", status=401)
    bad.write("failed", "WrongPassword")

    shutterstock("spending-token", [*READING, "licenses.create", "collections.edit"]).write("failed", "WrongPassword")

    expired = shutterstock("session-expired", READING)
    expired.get(shutterstock_list("images", 1), {"message": "Unauthorized"}, slug="images-unauthorized", status=401)
    expired.get(f"{SHUTTERSTOCK}/user/access_token", {"message": "Unauthorized"}, slug="token-unauthorized", status=401)
    expired.write("failed", "WrongPassword")

    changed = shutterstock("layout-changed", READING)
    changed.get(shutterstock_list("images", 1), {"licenses": rows["images"][:2], "total": 2}, slug="images-other-keys")
    changed.write("failed", "LayoutChanged")

    limited = shutterstock("rate-limited", READING)
    limited.exchanges.append({"request": {"method": "GET", "url": shutterstock_list("images", 1)}, "response": DELAYED})
    shutterstock_pages(limited, {"images": [rows["images"][:2]]})
    limited.licences = [shutterstock_details(limited, "images", number, rows["images"][number]) for number in range(2)]
    limited.write()

    # 30 licences, of which the 28 older ones were archived by an earlier full sweep; the second page need not be read.
    many = [shutterstock_row("images", number) for number in range(30)]
    stop = shutterstock("known-stop", READING)
    stop.known = [row["id"] for row in many[2:]]
    shutterstock_pages(stop, {"images": [many[:24]]}, {"images": 30})
    stop.licences = [shutterstock_details(stop, "images", number, many[number]) for number in range(2)]
    stop.write()
