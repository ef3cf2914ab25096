"""Shutterstock, by its official API: licences of all media, read with a token that cannot buy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import override
from urllib.parse import quote

from archiver.browsing.preview import preview
from archiver.core.errors import SiteUnavailable, Withheld, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import (
    ApiProvider,
    Challenge,
    History,
    JsonObject,
    Page,
    ProviderInfo,
    Request,
    Response,
    Rule,
    Rules,
    Session,
)
from archiver.provider.layout_errors import known_layout, needed, read_rows
from archiver.provider.paging import Turn, pages, rows
from archiver.provider.record_document import record
from archiver.reading.dates import moment

SITE = "https://www.shutterstock.com"
API = "https://api.shutterstock.com/v2"
TOKEN = f"{API}/user/access_token"
PER_PAGE = "200"  # the documented maximum
# The lists, by their path below /v2, and what they hold.
LISTS = {
    "images": "image",
    "videos": "video",
    "audio": "audio",
    "sfx": "sfx",
    "editorial/images": "image",
    "editorial/videos": "video",
}
MEDIA_KEYS = ("image", "video", "audio", "sfx")  # in a row; the vendor's samples show `image` in every list
# Everything else (`licenses.create`, `collections.edit`, ...) lets a token change something, so it is not accepted.
READING_SCOPES = (".view", ".email", ".address")
NEEDED_SCOPE = "licenses.view"
DOCUMENTED = ("data", "total_count", "page", "per_page", "errors")  # keys of a list's answer
PREVIEWS = ("preview", "preview_jpg", "watermark_450", "thumb_jpg", "thumb_220", "huge_thumb")  # the first one there is


class Shutterstock(ApiProvider):
    info = ProviderInfo.beside(
        __file__,
        rules=Rules(
            allow=(
                Rule("GET", TOKEN),
                *(
                    Rule("GET", f"{API}/{path}/licenses", query=("page", "per_page", "sort=newest", "team_history"))
                    for path in LISTS
                ),
                *(Rule("GET", f"{API}/{path}/*", query=("country",)) for path in LISTS),
            ),
            refuse=(
                Rule("POST", "https://api.shutterstock.com/**"),
                Rule("*", "https://api.shutterstock.com/**/downloads"),
            ),
            assets=("https://image.shutterstock.com/**", "https://*.picdn.net/**", "https://*.shuttercorp.net/**"),
        ),
        listings=tuple(LISTS),
    )

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        session.authorise({"Authorization": f"Bearer {secrets['token']}"})
        answer = (await self.identified(session, TOKEN)).expect()
        with known_layout(answer):
            account = dict(answer.json())
            scopes = [str(scope) for scope in account["scopes"]]
        if changing := [scope for scope in scopes if not scope.endswith(READING_SCOPES)]:
            raise WrongPassword(
                f"this token can do more than read (scope {', '.join(changing)}). The archiver accepts no token that "
                "can spend or change anything. Create one with licenses.view, purchases.view and user.view only"
            )
        if NEEDED_SCOPE not in scopes:
            raise WrongPassword(f"this token may not list licences. Create one with the scope {NEEDED_SCOPE}")
        self.account = account

    @override
    def history(self, session: Session) -> Sequence[History]:
        """Settings: `team_history: false` lists this user's licences only (default: the whole team's)."""
        return [History(path, self._pages(session, path)) for path in LISTS]

    def _pages(self, session: Session, path: str) -> AsyncIterator[Page]:
        query = {"per_page": PER_PAGE, "sort": "newest"}

        async def ask(turn: Turn) -> Response | Page:
            def page(team: bool) -> Awaitable[Response]:
                asked = {"page": str(turn.number), **query, "team_history": str(team).lower()}
                return session.get(f"{API}/{path}/licenses", query=asked)

            answer = await self.widest(session, "team_history", page, first=turn.number == 1)
            if answer.status == 403 and turn.number == 1:
                raise Withheld(f"the licences of {path}. Use a token that may list them")
            # Older descriptions of the API lack this list; where it does not exist, nothing is listed in it.
            absent = answer.status == 404 and path == "editorial/videos"
            return Page((), total=0) if absent else answer.expect()

        def read(body: JsonObject) -> Page:
            if body.get("errors"):
                raise SiteUnavailable(f"Shutterstock answers {body['errors']} instead of all licences of {path}")
            # The vendor's samples state a total; an older description of the API does not have it.
            total = int(body["total_count"]) if "total_count" in body else None
            return Page(read_rows(rows(body, "data", total), partial(_licence, path)), total=total)

        return pages(ask, read, documented=DOCUMENTED)

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        """Settings: `country` for editorial assets, three letters (default USA), as their details require one."""
        editorial = licence.listing.startswith("editorial/")
        query = {"country": session.settings.get("country", "USA")} if editorial else None
        url = f"{API}/{licence.listing}/{quote(licence.asset.asset_id, safe='')}"
        details, why = None, (GapReason.UNREAD, "no address can be made of this asset's id")
        if self.info.rules.permit(Request("GET", url)):
            answer = (await session.get(url, query=query)).expect(200, 404, 410)
            why = GapReason.LAPSED, "the asset has left the site: Shutterstock no longer answers for it"
            with known_layout(answer):
                details = dict(answer.json()) if answer.status == 200 else None
                licence, picture = _fuller(licence, details or {}), _preview_url(details or {})
        yield licence
        yield record(url, session.now(), row=licence.row, asset=details)
        if details is None:
            yield Gap(kind=DocumentKind.PREVIEW, reason=why[0], detail=why[1])
        else:
            yield await preview(session, self.info.rules, picture)
        if not licence.comp:
            yield self.info.gap(DocumentKind.CERTIFICATE)


def _licence(path: str, row: JsonObject) -> Licence:
    """A row of any list; KeyError, TypeError or ValueError where what makes it a licence is missing."""
    media = next((row[key] for key in MEDIA_KEYS if row.get(key)), None)
    if media is None:
        raise ValueError(f"licence {row['id']} names no asset")
    kind = str(row["license"] or "")
    return Licence(
        asset=Asset(provider="shutterstock", asset_id=needed(media, "id"), media_type=LISTS[path]),
        licence_id=needed(row, "id"),
        listing=path,
        kind=kind or None,
        licensed_at=moment(row["download_time"]),
        seat=(row.get("user") or {}).get("username"),
        plan=row.get("subscription_id"),
        client_hints={name: str(value) for name, value in (row.get("metadata") or {}).items() if value},
        comp="comp" in kind.split("_"),
        row=row,
    )


def _fuller(licence: Licence, details: JsonObject) -> Licence:
    contributor = details.get("contributor") or {}
    return replace(
        licence,
        asset=replace(
            licence.asset,
            title=details.get("title") or details.get("description"),
            contributor=contributor.get("name") or contributor.get("id") or details.get("byline"),
        ),
    )


def _preview_url(details: JsonObject) -> str | None:
    assets = details.get("assets") or {}
    return next((str(assets[name]["url"]) for name in PREVIEWS if (assets.get(name) or {}).get("url")), None)
