"""Adobe Stock's recordings: answers in the shapes that the vendor's documentation shows, with invented values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.authoring.scenario import DELAYED, Facts, Scenario, digits, expected, picture, terms_page

API = "https://stock.adobe.io/Rest/Libraries/1"
PROFILE = f"{API}/Member/Profile?locale=en_US"
KINDS = ("Standard", "Standard", "Extended", "Standard", "Video_HD")
SUBJECTS = ("Harbour", "Kitchen", "Orchard", "Tram", "Workshop", "Meadow", "Library", "Bridge", "Rooftop", "Forge")
SIGHTS = (
    "at dawn",
    "in fog",
    "from above",
    "after rain",
    "by lamplight",
    "in May",
    "on Sunday",
    "up close",
    "empty",
    "",
)
GONE = 8  # an asset that has left the site
AGAIN = (5, 6)  # one asset, licensed twice within the same minute


def history(offset: int) -> str:
    limit, at, size = (quote(f"search_parameters[{name}]") for name in ("limit", "offset", "thumbnail_size"))
    return f"{API}/Member/LicenseHistory?all=true&locale=en_US&{limit}=100&{at}={offset}&{size}=240"


@dataclass
class Grant:
    """One licence in the history."""

    number: int

    @property
    def title(self) -> str:
        number = AGAIN[0] if self.number in AGAIN else self.number
        parts = (SUBJECTS[number % 10], SIGHTS[number // 10 % 10], "II" if number > 99 else "")
        return " ".join(filter(None, parts))

    @property
    def asset_id(self) -> int:
        return int(digits(self.title, 9))

    @property
    def kind(self) -> str:
        return KINDS[0] if self.number in AGAIN else KINDS[self.number % len(KINDS)]

    @property
    def taken(self) -> datetime:
        number = AGAIN[0] if self.number in AGAIN else self.number
        return datetime(2026, 11, 21, 9, 5, tzinfo=UTC) - timedelta(days=5 * number, minutes=37 * number)

    @property
    def thumbnail(self) -> str | None:
        name = f"{self.asset_id // 10000:06}"
        path = f"jpg/{name[:2]}/{name[2:4]}/{name[4:]}/240_F_{self.asset_id}_example.jpg"
        return None if self.number == GONE or self.number > 20 else f"https://t4.ftcdn.net/{path}"

    def row(self) -> Facts:
        taken = self.taken
        clock = f"{taken.hour % 12 or 12}:{taken:%M} {'AM' if taken.hour < 12 else 'PM'}"
        row: Facts = {
            "license": self.kind,
            "license_date": f"{taken.month}/{taken.day}/{taken:%y}, {clock}",
            "download_url": f"https://stock.adobe.com/Download/DownloadFileDirectly/example{self.number:04}",
            "id": self.asset_id, "title": self.title, "creator_name": f"Example Studio {self.number % 7}",
            "creator_id": 200000000 + self.number % 7, "media_type_id": 4 if "Video" in self.kind else 1,
            "vector_type": None, "content_type": "video/quicktime" if "Video" in self.kind else "image/jpeg",
            "height": 2832, "width": 4256, "details_url": f"https://stock.adobe.com/{self.asset_id}?as_source=api",
        }  # fmt: skip
        if self.thumbnail:
            row |= {"thumbnail_url": self.thumbnail, "thumbnail_width": 240, "thumbnail_height": 160}
        return row

    def answers(self, scenario: Scenario) -> None:
        """What the adapter asks for the licence, and what it must make of it."""
        url = f"{API}/Content/Info?content_id={self.asset_id}&license={self.kind}&locale=en_US"
        details: Facts = {
            "contents": {
                str(self.asset_id): {
                    "content_id": self.asset_id, "size": "Original",
                    "purchase_details": {
                        "date": f"{self.taken:%Y-%m-%d %H:%M}:41", "license": self.kind, "state": "purchased",
                    },
                }
            },
            "member": {"member_id": 100200},
        }  # fmt: skip
        if self.number == GONE:
            answer: Facts = {"status": 400, "json": {"error": "Invalid data: no such content", "code": "100"}}
        else:
            answer = {"status": 200, "json": details}
        scenario.exchanges.append({"request": {"method": "GET", "url": url}, "response": answer})
        if self.thumbnail:
            scenario.get(self.thumbnail, picture(self.title), slug=f"thumbnail-{self.asset_id}.jpg")
        scenario.licences.append(
            expected(
                asset_id=str(self.asset_id), title=self.title, kind=self.kind, licensed_at=f"{self.taken:%Y-%m-%d}",
                documents=["record.json", *(["preview.jpg"] if self.thumbnail else [])],
                gaps={"certificate": "none_offered"} | ({} if self.thumbnail else {"preview": "none_offered"}),
            )
        )  # fmt: skip


def scenario(name: str, *, signed_in: bool = True) -> Scenario:
    made = Scenario(
        "adobe_stock", name, "token",
        ["vendor's API documentation: licensing reference, license history, FAQ (May 2026)"],
        {"token": "RECORDED-ADOBE-TOKEN", "api_key": "RECORDED-ADOBE-KEY"},
    )  # fmt: skip
    if signed_in:
        entitlement = {"quota": 480, "license_type_id": 43, "has_credit_model": False, "has_agency_model": True,
                       "is_cce": True, "full_entitlement_quota": {"universal_credits_quota": 480},
                       "user_has_ccpro": False, "organization_has_ccpro": True}  # fmt: skip
        profile = {"available_entitlement": entitlement, "member": {"stock_id": 100200},
                   "purchase_options": {"state": "possible", "requires_checkout": False}}  # fmt: skip
        made.get(PROFILE, profile, slug="profile")
    return made


def pages(made: Scenario, grants: list[Grant]) -> None:
    for offset in range(0, max(len(grants), 1), 100):
        rows = [grant.row() for grant in grants[offset : offset + 100]]
        made.get(history(offset), {"nb_results": len(grants), "files": rows}, slug=f"history-{offset}")
    for grant in grants:
        grant.answers(made)


def write() -> None:
    grants = [Grant(number) for number in range(103)]

    whole = scenario("two-pages")
    pages(whole, grants)
    whole.get("https://stock.adobe.com/license-terms", terms_page("Example licence terms"), slug="terms")
    whole.write()

    empty = scenario("empty-history")
    pages(empty, [])
    empty.write()

    expired: Facts = {"content": {"error_code": "401013", "message": "Oauth token is not valid"}, "status": 401}
    bad = scenario("bad-token", signed_in=False)
    bad.get(PROFILE, slug="token-not-valid", **expired)
    bad.write("failed", "WrongPassword")

    key = scenario("bad-key", signed_in=False)
    key.get(PROFILE, {"error_code": "403003", "message": "Api Key is invalid"}, slug="key-invalid", status=403)
    key.write("failed", "WrongPassword")

    ended = scenario("session-expired")
    ended.get(history(0), slug="history-expired", **expired)
    ended.get(PROFILE, slug="token-not-valid", **expired)
    ended.write("failed", "WrongPassword")

    changed = scenario("layout-changed")
    undated: list[dict[str, Any]] = [{**grant.row(), "license_date": "21. Nov."} for grant in grants[:2]]
    changed.get(history(0), {"nb_results": 2, "files": undated}, slug="history-other-dates")
    changed.write("failed", "LayoutChanged")

    limited = scenario("rate-limited")
    limited.exchanges.append({"request": {"method": "GET", "url": history(0)}, "response": DELAYED})
    pages(limited, grants[:2])
    limited.write()
