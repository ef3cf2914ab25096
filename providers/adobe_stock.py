"""Adobe Stock, by its official API: an organisation's licence history, read with the organisation's own token."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any, override

from archiver.browsing.preview import preview
from archiver.domain import Asset, Document, DocumentKind, Gap, GapReason, Licence, Moment, iso
from archiver.errors import ArchiverError, SessionExpired, WrongPassword
from archiver.provider import (
    Automation,
    AutomationTerms,
    Basis,
    Challenge,
    Confirm,
    History,
    Page,
    Provider,
    ProviderInfo,
    Response,
    Rule,
    Rules,
    Scope,
    Session,
    SignInMethod,
    TermsPage,
    Transport,
    static_files,
)
from archiver.reading.dates import Order, printed
from archiver.reading.layout import known_layout
from archiver.reading.records import record

SITE = "https://stock.adobe.com"
API = "https://stock.adobe.io/Rest/Libraries/1"
PROFILE = f"{API}/Member/Profile"
HISTORY = f"{API}/Member/LicenseHistory"
CONTENT_INFO = f"{API}/Content/Info"
LOCALE = {"locale": "en_US"}  # the list's dates are written for a locale; this one's form is read here
LIMIT = 100  # rows of a page, the documented maximum
THUMBNAIL = "240"  # pixels, the largest without a watermark
MEDIA = {1: "photo", 2: "illustration", 3: "vector", 4: "video", 6: "3d", 7: "template"}
PURCHASED = ("purchased", "just_purchased")
# Codes of error bodies, without leading zeros: the gateway's `error_code` and the interface's own `code`.
REFUSALS: Mapping[str, type[ArchiverError]] = {
    "403003": WrongPassword,  # the API key is invalid
    "11": WrongPassword,
    "401013": SessionExpired,  # the token is not valid, or no longer
    "10": SessionExpired,
}


class AdobeStock(Provider[Session]):
    info = ProviderInfo(
        name="adobe_stock",
        title="Adobe Stock",
        home=f"{SITE}/",
        login_url=f"{SITE}/Dashboard/LicenseHistory",
        methods=(
            SignInMethod(
                name="token",
                transport=Transport.HTTP,
                secrets=("token", "api_key"),
                where="Adobe Developer Console, a project with the Stock API (Stock for Enterprise, or on approval): "
                "its API key, and an access token, which lasts 24 hours; a secret_command can print a fresh one",
            ),
        ),
        rules=Rules(
            allow=tuple(Rule("GET", url) for url in (PROFILE, HISTORY, CONTENT_INFO)),
            # A GET of Content/License spends. Download addresses are free, and would carry the token.
            refuse=(
                Rule("*", "https://stock.adobe.io/**/Content/License"),
                Rule("*", f"{SITE}/**Download/**"),
                Rule("POST", "https://stock.adobe.io/**"),
            ),
            assets=("https://*.ftcdn.net/**",),
        ),
        scope=Scope.ORGANISATION,
        listings=("licences",),
        identity="asset, kind and the list's own date string: Adobe numbers no licences, and the history names neither "
        "organisation nor user",
        documents={
            "record": "offered",
            "preview": "offered",
            "certificate": "none in the API; whether the web site has a PDF for each item is unproven",
            "receipt": "not in the API; the web account shows invoices",
        },
        client_hints="none: licence references (project, client) are not in the API's history",
        basis=Basis.DOCUMENTED,
        basis_detail="the vendor's API documentation of May 2026. Not yet run against a live account. The dates have "
        "no time zone, so they are taken as days. The history does not tell licences of a Creative Cloud Pro plan, "
        "which excludes work for clients, from others; the record holds the plan's marks as the profile showed them. "
        "With the setting `all: false` the licences of the organisation's other profiles cannot be seen. The address "
        "of the licence terms is from that documentation; opening it falls under the site's terms of use, which bar "
        "access by other means than Adobe's interfaces; that is one public page in a run.",
        automation=AutomationTerms(
            stance=Automation.PERMITTED,
            quote="To download all of your licensed images, you will need to create a script or application",
            source="Adobe Stock API FAQ, documentation of May 2026, for Stock for Enterprise. Creative Cloud Pro "
            "plans: on approval only",
            read_on="2026-11-24",
        ),
        confirm=Confirm(
            how="the License History goes on showing when an asset was licensed, also after it has left the site; no "
            "letter and no look-up for third parties was found",
            who="the account holder; an organisation's administrator by the CSV report",
            german="Die Lizenzhistorie zeigt weiterhin, wann ein Werk lizenziert wurde, auch wenn es nicht mehr "
            "angeboten wird; ein Schreiben oder eine Auskunft für Dritte wurde nicht gefunden. Fragen darf der "
            "Kontoinhaber, bei Organisationen deren Administrator mit dem CSV-Bericht.",
        ),
        terms=(
            TermsPage("licence", f"{SITE}/license-terms", assets=static_files(SITE), also=(f"{SITE}/*/license-terms",)),
        ),
        pacing=5.0,  # the documentation recommends at most five requests a second
    )

    def __init__(self) -> None:
        self._entitlement: Mapping[str, Any] | None = None

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        session.authorise(
            {"Authorization": f"Bearer {secrets['token']}", "x-api-key": secrets["api_key"], "X-Product": "archiver"}
        )
        try:
            answer = await _ask(session, PROFILE, {})
        except SessionExpired as error:
            raise WrongPassword("Adobe does not accept this token; tokens last 24 hours") from error
        with known_layout(answer.expect()):
            self._entitlement = dict(answer.json()["available_entitlement"])

    @override
    async def signed_in(self, session: Session) -> bool:
        return self._entitlement is not None

    @override
    def history(self, session: Session) -> Sequence[History]:
        return [History("licences", self._pages(session))]

    async def _pages(self, session: Session) -> AsyncIterator[Page]:
        """Settings: `all: false` lists the token's own profile only (default: the whole organisation's history)."""
        query = {
            "all": session.settings.get("all", "true").lower(),
            "search_parameters[limit]": str(LIMIT),
            "search_parameters[thumbnail_size]": THUMBNAIL,
        }
        for offset in count(0, LIMIT):  # documented: each page's offset is a limit further on, however many rows came
            answer = await _ask(session, HISTORY, {**query, "search_parameters[offset]": str(offset)})
            with known_layout(answer.expect()):
                body = answer.json()
                page = Page([*_licences(body["files"])], total=int(body["nb_results"]))
            yield page
            if not page.licences or offset + LIMIT >= (page.total or 0):
                return

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        asked = {"content_id": licence.asset.asset_id, "license": licence.kind or ""}
        answer = (await _ask(session, CONTENT_INFO, asked)).expect(200, 400, 404)
        details = answer.json() if answer.status == 200 else None  # an asset that has left the site
        if details:
            with known_layout(answer):
                told = (details["contents"] or {}).get(licence.asset.asset_id) or {}
                fuller = _fuller(licence, told.get("purchase_details") or {})
            yield fuller
        yield record(
            answer.url, answer.retrieved_at, row=licence.row, content_info=details, entitlement=self._entitlement
        )
        yield await preview(session, self.info.rules, _thumbnail(licence.row))
        yield Gap(
            kind=DocumentKind.CERTIFICATE,
            reason=GapReason.NONE_OFFERED,
            detail="Adobe's API has no certificates; the record is what Adobe says of the licence",
        )


async def _ask(session: Session, url: str, query: Mapping[str, str]) -> Response:
    """The answer; WrongPassword and SessionExpired where its body says so, whatever its status."""
    answer = await session.get(url, query={**query, **LOCALE})
    if answer.status == 200:
        return answer
    with known_layout(answer):
        said = answer.json()
        code = str(said.get("error_code") or said.get("code") or "").lstrip("0")
        message = str(said.get("message") or said.get("error") or code)
    if refusal := REFUSALS.get(code) or (WrongPassword if answer.status == 403 else None):
        raise refusal(f"Adobe answers: {message}")
    return answer


def _licences(rows: Sequence[Mapping[str, Any]]) -> Iterator[Licence]:
    """A page's licences; KeyError, TypeError or ValueError where what makes one is missing.

    An asset may be licensed again within a minute. Such rows are alike, and stand together: all but the first are
    numbered.
    """
    alike: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        kind, written = str(row["license"]), " ".join(str(row["license_date"]).split())
        asset_id = str(int(row["id"]))
        key = ("", asset_id, kind.lower(), written)
        alike[key] += 1
        yield Licence(
            asset=Asset(
                provider="adobe_stock",
                asset_id=asset_id,
                title=row.get("title"),
                contributor=row.get("creator_name"),
                media_type=MEDIA.get(row.get("media_type_id") or 0),
            ),
            key=key if alike[key] == 1 else (*key, str(alike[key])),
            listing="licences",
            kind=kind,
            licensed_at=printed(written, Order.MONTH_FIRST),
            row=row,
        )


def _fuller(licence: Licence, details: Mapping[str, Any]) -> Licence:
    """The licence with the asset's own date, where that is this licence's: an asset may be licensed more than once."""
    if details.get("state") not in PURCHASED or details.get("license") != licence.kind or not details.get("date"):
        return licence
    when = printed(str(details["date"]))
    return replace(licence, licensed_at=when) if _near(when, licence.licensed_at) else licence


def _near(one: Moment, other: Moment | None) -> bool:
    """Within a day: neither date has a time zone."""
    days = [date.fromisoformat(str(iso(each))[:10]) for each in (one, other or one)]
    return abs(days[0] - days[1]) <= timedelta(days=1)


def _thumbnail(row: Mapping[str, object]) -> str | None:
    found = row.get("thumbnail_url") or row.get(f"thumbnail_{THUMBNAIL}_url")
    return str(found) if found else None
