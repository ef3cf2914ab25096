"""Writes the project's authored recordings: `python tests/authoring/write.py`, deterministic, output is committed.

All names, titles and numbers are invented. Shapes follow the vendors' published documentation where there is one, and
the adapters' declared assumptions where there is none. What an adapter must make of each scenario is written down
here from the same invented facts, without asking the adapter.
"""

from __future__ import annotations

import hashlib
import html
import importlib
import io
import json
import random
import re
import shutil
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2] / "recordings"
NOW = "2026-11-24T02:00:00Z"
CLIENTS = ("Acme Ltd", "Example Bakery", "Muster Verlag", "Fictional Tours")
DELAYED = {"status": 429, "headers": {"retry-after": "1"}, "text": "Too many requests"}

type Facts = dict[str, Any]


class Plain(yaml.SafeDumper):
    """YAML without aliases: every exchange is complete where it stands."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@dataclass
class Scenario:
    """One recording: exchanges in the order of a visit, and the result that they must have."""

    provider: str
    name: str
    method: str
    sources: list[str]
    secrets: Facts = field(default_factory=dict)
    session: Facts | None = None
    known: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    exchanges: list[Facts] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    licences: list[Facts] = field(default_factory=list)
    comps: list[str] = field(default_factory=list)

    def get(self, url: str, content: object = None, *, slug: str = "", **response: Any) -> None:
        """A GET and its answer: bytes by their suffix in `slug`, str as HTML, anything else as JSON, None as given."""
        self._add({"method": "GET", "url": url}, content, slug, response)

    def post(
        self,
        url: str,
        form: list[str] | None,
        content: object = None,
        *,
        match: Facts | None = None,
        slug: str = "",
        **response: Any,
    ) -> None:
        bound = {"match": match} if match else {}
        fields = {} if form is None else {"form": form}
        self._add({"method": "POST", "url": url, **fields, **bound}, content, slug, response)

    def _add(self, request: Facts, content: object, slug: str, response: Facts) -> None:
        answer: Facts = {"status": 200, **response}
        if content is not None:
            suffix, raw = self._encoded(content, slug)
            types = {"html": "text/html; charset=utf-8", "json": "application/json", "jpg": "image/jpeg",
                     "txt": "text/plain; charset=utf-8", "pdf": "application/pdf"}  # fmt: skip
            name = f"bodies/{len(self.bodies) + 1:03}-{slug.removesuffix('.' + suffix)}.{suffix}"
            self.bodies[name] = raw
            answer["headers"] = {"content-type": types[suffix], **answer.get("headers", {})}
            answer["body"] = name
        self.exchanges.append({"request": request, "response": answer})

    def _encoded(self, content: object, slug: str) -> tuple[str, bytes]:
        if isinstance(content, bytes):
            return slug.rpartition(".")[2], content
        if isinstance(content, str):
            return "html", content.encode()
        return "json", json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"

    def write(self, outcome: str = "complete", error: str | None = None) -> None:
        folder = ROOT / self.provider / self.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, raw in self.bodies.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(raw)
        session = {
            "format": 1, "provider": self.provider, "scenario": self.name, "method": self.method, "origin": "authored",
            "sources": self.sources, "secrets": self.secrets, "now": NOW, "session": self.session, "known": self.known,
            **({"assets": self.assets} if self.assets else {}), "exchanges": self.exchanges,
        }  # fmt: skip
        expected = {
            "outcome": outcome, "error": error, "requests_refused": 0, "licences": self.licences, "comps": self.comps,
            "unexplained": [],
        }  # fmt: skip
        for file, facts in (("session.yaml", session), ("expected.yaml", expected)):
            text = yaml.dump(facts, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)
            (folder / file).write_text(text, "utf-8")


def expected(**facts: Any) -> Facts:
    """A licence as expected.yaml lists it."""
    blank = {
        "title": None,
        "kind": None,
        "licensed_at": None,
        "licensee": None,
        "seat": None,
        "plan": None,
        "order": None,
    }
    return {
        "licence_id": None,
        "asset_id": None,
        **blank,
        "client_hints": {},
        "documents": ["record.json"],
        "gaps": {},
        **facts,
    }


def digits(seed: str, length: int, alphabet: str = "0123456789") -> str:
    """A stable invented number."""
    chosen = random.Random(seed)
    return chosen.choice(alphabet[1:]) + "".join(chosen.choice(alphabet) for _ in range(length - 1))


def uuid(seed: str) -> str:
    raw = hashlib.sha256(seed.encode()).hexdigest()
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:32]))


def picture(seed: str) -> bytes:
    """A small real JPEG, different for every seed."""
    chosen = random.Random(seed)

    def colour() -> tuple[int, int, int]:
        return chosen.randrange(256), chosen.randrange(256), chosen.randrange(256)

    image = Image.linear_gradient("L").resize((160, 120)).rotate(chosen.choice((0, 90, 180, 270)))
    image = Image.composite(Image.new("RGB", (160, 120), colour()), Image.new("RGB", (160, 120), colour()), image)
    draw = ImageDraw.Draw(image)
    for _ in range(7):
        x, y, w, h = (chosen.randrange(limit) for limit in (140, 100, 70, 60))
        (draw.ellipse if chosen.random() < 0.5 else draw.rectangle)((x, y, x + w + 8, y + h + 8), fill=colour())
    target = io.BytesIO()
    image.save(target, "JPEG", quality=80)
    return target.getvalue()


def pdf(lines: list[str]) -> bytes:
    """A small real PDF of one page: the lines in Helvetica, the first one large. Tabs part the cells of a table."""
    escaped = [re.sub(r"([\\()])", r"\\\1", line).replace("\t", ") Tj 160 0 Td (") for line in lines]
    shown = [
        f"/F1 {18 if number == 0 else 10} Tf ({line}) Tj {-160 * line.count('Td')} 0 Td T*"
        for number, line in enumerate(escaped)
    ]
    stream = "\n".join(("BT 56 780 Td 20 TL", *shown, "ET")).encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    raw, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(raw))
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return raw + (
        b"xref\n0 6\n0000000000 65535 f \n" + table
        + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(raw)
    )  # fmt: skip


def page(title: str, body: str) -> str:
    """A page that loads nothing from elsewhere."""
    style = "body{font:15px sans-serif;margin:2rem auto;max-width:52rem} li,td{padding:.5rem} li{min-height:9rem}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def terms_page(title: str) -> str:
    """A stand-in for a page of licence terms: invented text, long enough to pass as one, which says what it is."""
    clauses = [
        f"{title}. This text is an authored stand-in for a recording. It is nobody's licence and grants nothing.",
        "1. Invented clause: whoever reads this text in a test may keep it, count its words and compare it.",
        "2. Invented clause: a picture that exists only in a recording may be used in as many recordings as there are.",
        "3. Invented clause: nothing here follows the words of a real platform, and nothing about one follows from it.",
        "4. Invented clause: when this text changes, a test has changed it, and a second text is to be archived beside "
        "the first one, which stays as it is.",
        "5. Invented clause: questions about this text go to Ada Example, who does not exist, at example.com.",
    ]
    return page(
        title, "<main>\n<h1>" + title + "</h1>\n" + "\n".join(f"<p>{each}</p>" for each in clauses) + "\n</main>"
    )


# ---------------------------------------------------------------- Shutterstock

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
    gone = scenario.name == "two-pages" and (listing, number) in DELISTED
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
        scenario.get(preview, picture(title), slug=f"{slug}.jpg")
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


def write_shutterstock() -> None:
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


# ---------------------------------------------------------------- Envato Market

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
    for number, page_of in enumerate([*numbers, []], 1):
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


def write_envato_market() -> None:
    whole = market("two-pages")
    market_pages(whole, [list(range(12)), list(range(12, len(MARKET_ITEMS)))])
    whole.write()

    empty = market("empty-history")
    empty.get(f"{ENVATO}/v3/market/buyer/list-purchases?page=1", {"count": 0, "results": []}, slug="purchases-1")
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


# ---------------------------------------------------------------- Envato Elements

ELEMENTS = "https://elements.envato.com"
ELEMENTS_DOWNLOADS = f"{ELEMENTS}/account/downloads"
ELEMENTS_TITLES = """
Slow Harbour
Recipe Card Templates
Clay Texture Pack
Minimal Resume
Disco Corridor
Handwritten Serif Font
Forest Walk Footage
Paper Cut Shapes
Tiny Ukulele
Conference Badge Set
Watercolour Wash Brushes
Night Market Photos
Isometric Warehouse
Podcast Intro Kit
Hiking Boots Mockup
Seed Packet Labels
Chalkboard Alphabet
Glass Marimba
Village Map Vectors
Portrait by a Window
Tape Hiss Loop
Orchard Slideshow
""".strip().splitlines()
FOOTER = (
    "\nFor any queries related to this document or license please contact Envato Support.\n\n"
    "Envato Elements Pty Ltd (ABN 87 613 824 258)\nPO Box 16122, Collins St West, VIC 8007, Australia\n\n"
    "==== THIS IS NOT A TAX RECEIPT OR INVOICE ====\n"
)


@dataclass
class Item:
    """One download on Envato Elements. Era: `project`, `default` or `ai`."""

    number: int
    certified: bool = True

    @property
    def title(self) -> str:
        return ELEMENTS_TITLES[self.number]

    @property
    def era(self) -> str:
        return "ai" if self.number % 6 == 4 else "default" if self.number < 11 else "project"

    @property
    def item_id(self) -> str:
        return (
            uuid(self.title + " item")
            if self.era == "ai"
            else digits(self.title, 7, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
        )

    @property
    def code(self) -> str:
        return (
            uuid(self.title)
            if self.era == "ai"
            else digits(self.title + " code", 10, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
        )

    @property
    def day(self) -> date:
        return date(2026, 11, 21) - timedelta(days=23 * self.number)

    @property
    def url(self) -> str:
        slug = self.title.lower().replace(" ", "-")
        return (
            f"https://app.envato.com/music-gen/{self.item_id}"
            if self.era == "ai"
            else f"{ELEMENTS}/{slug}-{self.item_id}"
        )

    @property
    def certificate_url(self) -> str:
        return f"{ELEMENTS_DOWNLOADS}/{self.code}/license-certificate.txt"

    def row(self) -> str:
        project = f'<span class="project">{CLIENTS[self.number % 4]}</span>' if self.era == "project" else ""
        return (
            f'<li data-item-id="{self.item_id}"><a href="{self.url}">{html.escape(self.title)}</a> '
            f'<span>studio{self.number % 5}</span> {project}<time datetime="{self.day}">{self.day:%d %b %Y}</time> '
            '<button type="button">Download</button> '
            + (
                f'<a href="/account/downloads/{self.code}/license-certificate.txt">License certificate</a></li>'
                if self.certified
                else "</li>"
            )
        )

    def certificate(self) -> str:
        day = self.day.day
        suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        kind = {"ai": "MusicGen"}.get(self.era, "Elements")
        head = f"LICENSE CERTIFICATE: Envato {kind} Item\n" + "=" * 49 + "\n"
        body = {
            "project": "This license certificate documents a license to use the item listed below\n"
            "on a non-exclusive, commercial, worldwide and revokable basis, for\n"
            "one Single Use for this Registered Project.\n\n",
            "default": "This license certificate documents a license to use the item listed below on a\n"
            "non-exclusive, commercial, worldwide and revocable basis as part of one specific\n"
            "project to create an End Product, subject to the Envato Elements User Terms and\n"
            "License, which form part of this certificate.\n\n",
            "ai": "This license certificate documents a perpetual, non-exclusive, commercial and\n"
            "worldwide license to use the item listed below.\n\n",
        }[self.era]
        project = CLIENTS[self.number % 4]
        lines = [("Item Title", self.title), ("Item URL", self.url), ("Item ID", self.item_id)]
        lines += (
            [("Item Source", "MusicGen")] if self.era == "ai" else [("Author Username", f"studio{self.number % 5}")]
        )
        lines += [("Licensee", "Ada Example")]
        lines += [("Registered Project Name", project)] if self.era == "project" else []
        lines += [("License Name", "Envato")] if self.era == "default" else []
        lines += [("License Date", f"{self.day:%B} {day}{suffix}, {self.day.year}"), ("Item License Code", self.code)]
        return head + body + "".join(f"{label + ':':<33}{value}\n" for label, value in lines) + FOOTER

    def expected(self) -> Facts:
        if not self.certified:  # all that is known is in the row, and the page that shows it
            return expected(
                asset_id=self.item_id, title=self.title, licensed_at=self.day.isoformat(),
                documents=["record.json", "page.pdf", "page.png", "capture.warc.gz"],
                gaps={"certificate": "none_offered"},
            )  # fmt: skip
        return expected(
            licence_id=self.code, asset_id=self.item_id, title=self.title,
            kind={"project": "single-use project", "default": "Envato", "ai": "perpetual"}[self.era],
            licensed_at=self.day.isoformat(), licensee="Ada Example",
            client_hints={"project": CLIENTS[self.number % 4]} if self.era == "project" else {},
            documents=["record.json", "certificate.txt"],
        )  # fmt: skip


def elements_sign_in(message: str = "") -> str:
    alert = f'<p role="alert">{message}</p>' if message else ""
    return page(
        "Sign in - Envato Elements",
        '<div id="banner">We use cookies. <button id="CybotCookiebotDialogBodyButtonAccept" '
        "onclick=\"document.getElementById('banner').remove()\">Accept Cookies</button></div>"
        f'<form method="post" action="/sign-in">{alert}<input name="username"><input name="password" type="password">'
        '<button type="submit">Sign in</button></form>',
    )


def elements_list(items: list[Item], following: str = "", after: str = "") -> str:
    rows = "\n".join(item.row() for item in items)
    return page("My Downloads", f'<h1>My Downloads</h1>\n<ul id="downloads">\n{rows}\n</ul>\n{following}{after}')


ELEMENTS_END = "<p>You've reached the end</p>"
ELEMENTS_CREDENTIALS = ["username", "password"]
SET_COOKIE = {"set-cookie": ["envatoid=RECORDED-ENVATOID; Path=/; Secure; HttpOnly"]}


def elements(name: str, *, to: str = "/account/downloads", signs_in: bool = True, **secrets: str) -> Scenario:
    """A scenario up to the moment after the password was sent."""
    scenario = Scenario(
        "envato_elements", name, "password",
        ["sign-in fields in public code", "certificate texts that buyers published", "assumed rows of My Downloads"],
        {"password": "RECORDED-ELEMENTS-PASSWORD", **secrets},
    )  # fmt: skip
    scenario.get(ELEMENTS_DOWNLOADS, status=302, headers={"location": "/sign-in"})
    scenario.get(f"{ELEMENTS}/sign-in", elements_sign_in(), slug="sign-in")
    if signs_in:
        elements_accepted(scenario, to)
    return scenario


def elements_accepted(scenario: Scenario, to: str = "/account/downloads") -> None:
    answer: Facts = {"status": 302, "headers": {"location": to, **SET_COOKIE}}
    scenario.post(f"{ELEMENTS}/sign-in", ELEMENTS_CREDENTIALS, **answer)


def elements_certificates(scenario: Scenario, items: list[Item]) -> None:
    for item in items:
        headers = {"content-disposition": 'attachment; filename="license-certificate.txt"'}
        if item.certified:
            scenario.get(
                item.certificate_url, item.certificate().encode(), slug=f"certificate-{item.code}.txt", headers=headers
            )
        scenario.licences.append(item.expected())


def elements_pages(scenario: Scenario, first: list[Item], second: list[Item]) -> None:
    following = '<nav><a rel="next" href="/account/downloads?page=2">Next</a></nav>'
    scenario.get(ELEMENTS_DOWNLOADS, elements_list(first, following), slug="downloads-1")
    scenario.get(f"{ELEMENTS_DOWNLOADS}?page=2", elements_list(second), slug="downloads-2")


def write_envato_elements() -> None:
    items = [Item(number) for number in range(len(ELEMENTS_TITLES))]

    whole = elements("two-pages", signs_in=False)
    interstitial = (
        '<h1>Great to have you back</h1><form method="post" action="/sign-in/continue"><button>Sign in</button></form>'
    )
    whole.post(
        f"{ELEMENTS}/sign-in",
        ELEMENTS_CREDENTIALS,
        page("Welcome back", interstitial),
        slug="welcome-back",
        headers=SET_COOKIE,
    )
    whole.post(f"{ELEMENTS}/sign-in/continue", [], status=302, headers={"location": "/"})
    whole.get(f"{ELEMENTS}/", page("Envato Elements", "<h1>Unlimited downloads</h1>"), slug="home")
    elements_pages(whole, items[:12], items[12:])
    elements_certificates(whole, items)
    whole.write()

    empty = elements("empty-history")
    state = '<div data-testid="empty-state">You haven\'t downloaded any items yet</div>'
    empty.get(ELEMENTS_DOWNLOADS, page("My Downloads", state), slug="downloads-empty")
    empty.write()

    unlinked = elements("no-certificate")
    some = [Item(number, certified=number != 12) for number in range(10, 14)]
    elements_pages(unlinked, some[:2], some[2:])
    elements_certificates(unlinked, some)
    unlinked.write()

    wrong = elements("wrong-password", signs_in=False)
    wrong.post(
        f"{ELEMENTS}/sign-in", ELEMENTS_CREDENTIALS, elements_sign_in("Incorrect username or password"), slug="refused"
    )
    wrong.write("failed", "WrongPassword")

    coded = elements("code-needed", to="/sign-in/two-factor", totp="GEZDGNBVGY3TQOJQ")
    form = (
        '<form method="post" action="/sign-in/two-factor"><input name="twoFactorValue">'
        '<button type="submit">Verify</button></form>'
    )
    coded.get(f"{ELEMENTS}/sign-in/two-factor", page("Two-factor authentication", form), slug="two-factor")
    coded.post(
        f"{ELEMENTS}/sign-in/two-factor", ["twoFactorValue"], status=302, headers={"location": "/account/downloads"}
    )
    coded.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], after=ELEMENTS_END), slug="downloads-1")
    elements_certificates(coded, items[:2])
    coded.write()

    scroll = elements("endless-scroll")
    script = """<script>
let next = 2, busy = false;
addEventListener('scroll', async () => {
  if (busy || !next || innerHeight + scrollY < document.body.scrollHeight - 40) return;
  busy = true;
  const answer = await (await fetch('/account/downloads?page=' + next)).json();
  document.getElementById('downloads').insertAdjacentHTML('beforeend', answer.rows);
  next = answer.next;
  if (!next) document.body.insertAdjacentHTML('beforeend', "<p>You've reached the end</p>");
  busy = false;
});
</script>"""
    scroll.get(ELEMENTS_DOWNLOADS, elements_list(items[:8], after=script), slug="downloads-1")
    for number, start in ((2, 8), (3, 15)):
        more = {
            "rows": "".join(item.row() for item in items[start : start + 7]),
            "next": number + 1 if number < 3 else None,
        }
        scroll.get(f"{ELEMENTS_DOWNLOADS}?page={number}", more, slug=f"downloads-{number}")
    elements_certificates(scroll, items)
    scroll.write()

    expired = elements("session-expired")
    following = '<nav><a rel="next" href="/account/downloads?page=2">Next</a></nav>'
    expired.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], following), slug="downloads-1")
    expired.get(f"{ELEMENTS_DOWNLOADS}?page=2", status=302, headers={"location": "/sign-in"})
    elements_accepted(expired)
    elements_pages(expired, items[:2], items[2:4])
    elements_certificates(expired, items[:4])
    expired.write()

    changed = elements("layout-changed")
    undated = re.sub(r' datetime="[^"]*"', "", elements_list(items[:2], after=ELEMENTS_END))
    changed.get(ELEMENTS_DOWNLOADS, undated, slug="downloads-undated")
    changed.write("failed", "LayoutChanged")

    login = elements("html-not-pdf")
    login.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], after=ELEMENTS_END), slug="downloads-1")
    elements_certificates(login, items[:1])
    login.get(items[1].certificate_url, elements_sign_in(), slug="login-instead")
    bare: Facts = {
        "kind": None,
        "licensee": None,
        "client_hints": {},
        "documents": ["record.json"],
        "gaps": {"certificate": "failed"},
    }
    login.licences.append({**items[1].expected(), **bare})
    login.write("partial")

    limited = elements("rate-limited")
    for url in (ELEMENTS_DOWNLOADS, items[0].certificate_url):
        limited.exchanges.append({"request": {"method": "GET", "url": url}, "response": DELAYED})
    limited.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], after=ELEMENTS_END), slug="downloads-1")
    elements_certificates(limited, items[:2])
    limited.write()


# ---------------------------------------------------------------- Freepik

FREEPIK = "https://www.freepik.com"
FREEPIK_TITLES = """
Flat lay of spring vegetables
Isometric city blocks
Smiling cobbler in a workshop
Abstract wave background
Set of weather icons
Vintage travel poster
Hands holding seedlings
Watercolour fox
Retro radio mockup
Children painting a fence
Geometric logo collection
Misty pine forest
Coffee cup from above
Festival ticket template
Line art herbs
Modern reading room
Bicycle repair stand
Marble texture in grey
""".strip().splitlines()


@dataclass
class Resource:
    """One download on Freepik."""

    number: int

    @property
    def title(self) -> str:
        return FREEPIK_TITLES[self.number]

    @property
    def resource_id(self) -> str:
        return digits(self.title, 8)

    @property
    def kind(self) -> str:
        return "Free" if self.number % 5 == 2 else "Premium"

    @property
    def day(self) -> date:
        return date(2026, 11, 22) - timedelta(days=13 * self.number)

    @property
    def author(self) -> str:
        return f"example-studio-{self.number % 4}"

    @property
    def certificate_url(self) -> str:
        return f"{FREEPIK}/profile/license/pdf/{self.resource_id}?lang=en"

    def row(self) -> str:
        slug = self.title.lower().replace(" ", "-")
        return (
            '<tr><td><img alt="" width="1" height="1" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></td>'
            f'<td><a href="{FREEPIK}/{self.kind.lower()}-photo/{slug}_{self.resource_id}.htm">{self.title}</a> '
            f"by {self.author}</td><td>{self.kind}</td>"
            f'<td><time datetime="{self.day}">{self.day:%d %b %Y}</time></td><td><a role="button" '
            f'href="/profile/license/pdf/{self.resource_id}?lang=en">Download license</a></td></tr>'
        )

    def certificate(self) -> bytes:
        return pdf([
            "Freepik license certificate", f"Resource: {self.resource_id}", f"Title: {self.title}",
            f"Author: {self.author}",
            "Licensee: Ada Example", f"License: {self.kind}", f"Download date: {self.day}", "",
            "This document certifies that the licensee may use the resource above under the terms",
            f"of the {self.kind} license in force on the download date.",
        ])  # fmt: skip

    def expected(self) -> Facts:
        return expected(
            asset_id=self.resource_id, title=self.title, kind=self.kind.lower(), licensed_at=self.day.isoformat(),
            licensee="Ada Example", documents=["record.json", "certificate.pdf"],
        )  # fmt: skip


FREEPIK_SESSION: Facts = {
    "cookies": [{"name": name, "value": f"RECORDED-{name}", "domain": ".freepik.com", "path": "/", "expires": -1,
                 "httpOnly": True, "secure": True, "sameSite": "Lax"} for name in ("GR_TOKEN", "GR_REFRESH")],
    "origins": [],
}  # fmt: skip


def freepik(name: str, method: str = "attended") -> Scenario:
    return Scenario(
        "freepik", name, method, ["addresses and fields in public code", "assumed rows of the download history"],
        {} if method == "attended" else {"password": "RECORDED-FREEPIK-PASSWORD"},
        session=FREEPIK_SESSION if method == "attended" else None,
    )  # fmt: skip


def freepik_page(number: int) -> str:
    return f"{FREEPIK}/user/downloads?page={number}&type=regular"


def freepik_list(resources: list[Resource], number: int = 1, of: int = 1) -> str:
    rows = "\n".join(resource.row() for resource in resources)
    head = "<tr><th></th><th>Resource</th><th>License</th><th>Date</th><th></th></tr>"
    following = (
        f'<a rel="next" href="/user/downloads?page={number + 1}&amp;type=regular">Next</a>' if number < of else ""
    )
    return page(
        "Downloads", f"<h1>Downloads</h1><table>{head}\n{rows}\n</table>\n<p>Page {number} of {of} {following}</p>"
    )


def freepik_certificates(scenario: Scenario, resources: list[Resource]) -> None:
    for resource in resources:
        scenario.get(resource.certificate_url, resource.certificate(), slug=f"certificate-{resource.resource_id}.pdf")
        scenario.licences.append(resource.expected())


def freepik_sign_in(message: str = "") -> str:
    alert = f'<p role="alert">{message}</p>' if message else ""
    return page(
        "Log in - Freepik",
        '<button id="onetrust-accept-btn-handler" onclick="this.remove()">Accept all</button>'
        '<div id="social"><button>Continue with Example</button>'
        '<button onclick="social.hidden = true; mail.hidden = false">Continue with email</button></div>'
        f'{alert}<form id="mail" hidden method="post" action="/log-in"><input name="email">'
        '<input name="password" type="password"><button id="submit">Log in</button></form>',
    )


def write_freepik() -> None:
    resources = [Resource(number) for number in range(len(FREEPIK_TITLES))]

    whole = freepik("two-pages")
    whole.get(freepik_page(1), freepik_list(resources[:10], 1, 2), slug="downloads-1")
    whole.get(freepik_page(2), freepik_list(resources[10:], 2, 2), slug="downloads-2")
    freepik_certificates(whole, resources)
    whole.get(f"{FREEPIK}/legal/terms-of-use", terms_page("Example terms of use"), slug="terms")
    whole.write()

    empty = freepik("empty-history")
    empty.get(
        freepik_page(1), page("Downloads", "<h1>Downloads</h1><p>You have no downloads yet</p>"), slug="downloads-empty"
    )
    empty.write()

    wrong = freepik("wrong-password", "password")
    wrong.get(freepik_page(1), status=302, headers={"location": "/log-in?client_id=freepik&lang=en"})
    wrong.get(f"{FREEPIK}/log-in?client_id=freepik&lang=en", freepik_sign_in(), slug="log-in")
    wrong.post(f"{FREEPIK}/log-in", ["email", "password"], freepik_sign_in("Wrong email or password"), slug="refused")
    wrong.write("failed", "WrongPassword")

    expired = freepik("session-expired")
    expired.get(freepik_page(1), status=302, headers={"location": "/log-in?client_id=freepik&lang=en"})
    expired.get(f"{FREEPIK}/log-in?client_id=freepik&lang=en", freepik_sign_in(), slug="log-in")
    expired.write("failed", "SignInNeeded")

    blocked = freepik("blocked")
    blocked.get(freepik_page(1), page("Access Denied", "<h1>Access Denied</h1>"), slug="access-denied", status=403)
    blocked.write("failed", "AccountBlocked")

    changed = freepik("layout-changed")
    changed.get(
        freepik_page(1),
        re.sub(r' datetime="[^"]*"', "", freepik_list(resources[:2])),
        slug="downloads-undated",
    )
    changed.write("failed", "LayoutChanged")

    login = freepik("html-not-pdf")
    login.get(freepik_page(1), freepik_list(resources[:2]), slug="downloads-1")
    freepik_certificates(login, resources[:1])
    login.get(resources[1].certificate_url, freepik_sign_in(), slug="login-instead")
    bare: Facts = {"licensee": None, "documents": ["record.json"], "gaps": {"certificate": "failed"}}
    login.licences.append({**resources[1].expected(), **bare})
    login.write("partial")

    limited = freepik("rate-limited")
    for url in (freepik_page(1), resources[0].certificate_url):
        limited.exchanges.append({"request": {"method": "GET", "url": url}, "response": DELAYED})
    limited.get(freepik_page(1), freepik_list(resources[:2]), slug="downloads-1")
    freepik_certificates(limited, resources[:2])
    limited.write()


if __name__ == "__main__":
    # The writers in the files beside this one import it by its full name, which is not on a script's path.
    sys.modules["tests.authoring.write"] = sys.modules[__name__]
    for writer in ("adobe_stock", "depositphotos", "free", "getty"):
        importlib.import_module(writer).write()
    write_shutterstock()
    write_envato_market()
    write_envato_elements()
    write_freepik()
