"""Adobe Stock, by its official API: an organisation's licence history, read with the organisation's own token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import override

from archiver.browsing.preview import preview
from archiver.core.errors import ArchiverError, SessionExpired, Withheld, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, Licence
from archiver.provider import (
    ApiProvider,
    Challenge,
    History,
    JsonObject,
    Page,
    ProviderInfo,
    Response,
    Rule,
    Rules,
    Session,
    refusing,
)
from archiver.provider.layout_errors import known_layout, read_rows
from archiver.provider.paging import Turn, pages, rows
from archiver.provider.record_document import record
from archiver.reading.dates import listed_day, near, printed

SITE = "https://stock.adobe.com"
API = "https://stock.adobe.io/Rest/Libraries/1"
PROFILE = f"{API}/Member/Profile"
HISTORY = f"{API}/Member/LicenseHistory"
CONTENT_INFO = f"{API}/Content/Info"
PRODUCT = {"X-Product": "archiver"}
LOCALE = {"locale": "en_US"}  # the list's dates are written for a locale; this one's form is read here
LIMIT = 100  # rows of a page, the documented maximum
PAGING = ("limit", "offset", "thumbnail_size")
THUMBNAIL = "240"  # pixels, the largest without a watermark
MEDIA = {"1": "photo", "2": "illustration", "3": "vector", "4": "video", "6": "3d", "7": "template"}
UNTOLD = (
    "details of assets (403), which have more exact licence dates. Use a token that may read them, or set "
    "`details: false` in the account's settings"
)
PURCHASED = ("purchased", "just_purchased")
# Codes of error bodies, without leading zeros: the gateway's `error_code` and the interface's own `code`.
REFUSALS: Mapping[str, type[ArchiverError]] = {
    "403003": WrongPassword,  # the API key is invalid
    "11": WrongPassword,
    "401013": SessionExpired,  # the token is not valid, or no longer
    "10": SessionExpired,
}


class AdobeStock(ApiProvider):
    info = ProviderInfo.beside(
        __file__,
        rules=Rules(
            allow=(
                Rule("GET", PROFILE, query=("locale",)),
                Rule("GET", HISTORY, query=("locale", "all", *(f"search_parameters[{name}]" for name in PAGING))),
                Rule("GET", CONTENT_INFO, query=("locale", "content_id", "license")),
            ),
            # A GET of Content/License spends. Download addresses are free, and would carry the token.
            refuse=(
                Rule("*", "https://stock.adobe.io/**/Content/License"),
                Rule("*", f"{SITE}/**Download/**"),
                Rule("POST", "https://stock.adobe.io/**"),
            ),
            assets=("https://*.ftcdn.net/**",),
        ),
        listings=("licences",),
    )

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        session.authorise({"Authorization": f"Bearer {secrets['token']}", "x-api-key": secrets["api_key"]})
        with refusing("Adobe does not accept this token. A token is valid for 24 hours"):
            answer = await _ask(session, PROFILE, {})
            if answer.status == 403:
                raise WrongPassword("Adobe does not let this token read the member's profile")
        with known_layout(answer.expect()):
            self.account = dict(answer.json()["available_entitlement"])

    @override
    def history(self, session: Session) -> Sequence[History]:
        """Settings: `all: false` lists the token's own profile only (default: the whole organisation's history);
        `details: false` does without the assets' details.
        """
        query = {"search_parameters[limit]": str(LIMIT), "search_parameters[thumbnail_size]": THUMBNAIL}

        async def ask(turn: Turn) -> Response:
            def page(everybody: bool) -> Awaitable[Response]:
                asked = {"all": str(everybody).lower(), **query, "search_parameters[offset]": str(turn.before)}
                return _ask(session, HISTORY, asked)

            answer = await self.widest(session, "all", page, first=turn.number == 1)
            if answer.status == 403 and turn.number == 1:
                raise Withheld("the licence history. Use a token that may read it")
            return answer.expect()

        def read(body: JsonObject) -> Page:
            total = int(body["nb_results"])
            return Page(read_rows(rows(body, "files", total), _licence), total=total)

        # Documented: each page's offset is a limit further on, however many rows came.
        return [History("licences", pages(ask, read, step=LIMIT, documented=("files", "nb_results")))]

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        url, retrieved_at, details = HISTORY, None, None
        if session.settings.get("details", "true").lower() == "true":
            asked = {"content_id": licence.asset.asset_id, "license": licence.kind or ""}
            answer = (await _ask(session, CONTENT_INFO, asked)).expect(200, 400, 403, 404, 410)
            url, retrieved_at = answer.url, answer.retrieved_at
            if answer.status == 403 and UNTOLD not in self.withheld:
                self.withheld = (*self.withheld, UNTOLD)
            elif answer.status == 200 and (details := answer.json()):  # else the asset has left the site
                with known_layout(answer):
                    told = (details["contents"] or {}).get(licence.asset.asset_id) or {}
                    fuller = _fuller(licence, told.get("purchase_details") or {})
                yield fuller
        yield record(url, retrieved_at, row=licence.row, content_info=details, entitlement=self.account)
        picture = licence.row.get("thumbnail_url") or licence.row.get(f"thumbnail_{THUMBNAIL}_url")
        yield await preview(session, self.info.rules, str(picture or ""))
        yield self.info.gap(DocumentKind.CERTIFICATE)


async def _ask(session: Session, url: str, query: Mapping[str, str]) -> Response:
    """The answer; WrongPassword and SessionExpired where its body says so, whatever its status."""
    answer = await session.get(url, query={**query, **LOCALE}, headers=PRODUCT)
    if answer.status == 200 or answer.media_type != "application/json":
        return answer
    with known_layout(answer):
        said = answer.json()
        code = str(said.get("error_code") or said.get("code") or "").lstrip("0")
        message = str(said.get("message") or said.get("error") or code)
    if refusal := REFUSALS.get(code):
        raise refusal(f"Adobe answers: {message}")
    return answer


def _licence(row: JsonObject) -> Licence:
    """A row of the history; KeyError, TypeError or ValueError where what makes it a licence is missing."""
    kind, written = str(row["license"] or ""), " ".join(str(row["license_date"]).split())
    asset_id = str(int(row["id"]))
    return Licence(
        asset=Asset(
            provider="adobe_stock",
            asset_id=asset_id,
            title=row.get("title"),
            contributor=row.get("creator_name"),
            media_type=MEDIA.get(str(row.get("media_type_id"))),
        ),
        key=("", asset_id, kind.lower(), written),
        listing="licences",
        kind=kind or None,
        licensed_at=listed_day(written),
        dated=written,
        row=row,
    )


def _fuller(licence: Licence, details: JsonObject) -> Licence:
    """Add the asset's own date to the licence if it is this licence's: an asset may be licensed more than once."""
    kind, written = details.get("license") or None, details.get("date")
    if details.get("state") not in PURCHASED or kind != licence.kind or not written:
        return licence
    when = printed(str(written))
    return replace(licence, licensed_at=when) if near(when, licence.licensed_at) else licence
