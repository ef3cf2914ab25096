"""Shutterstock, by its official API: licences of all media, read with a token that cannot buy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, override

from archiver.browsing.preview import preview
from archiver.domain import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.errors import SessionExpired, WrongPassword
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
    Rule,
    Rules,
    Scope,
    Session,
    SignInMethod,
    TermsPage,
    Transport,
    static_files,
)
from archiver.reading.dates import moment
from archiver.reading.layout import known_layout
from archiver.reading.records import record

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
PREVIEWS = ("preview", "preview_jpg", "watermark_450", "thumb_jpg", "thumb_220", "huge_thumb")  # the first one there is


class Shutterstock(Provider[Session]):
    info = ProviderInfo(
        name="shutterstock",
        title="Shutterstock",
        home="https://www.shutterstock.com/",
        login_url="https://accounts.shutterstock.com/login",
        methods=(
            SignInMethod(
                name="token",
                transport=Transport.HTTP,
                secrets=("token",),
                where="your app on Shutterstock's developer pages: a token with the scopes licenses.view, "
                "purchases.view and user.view only; one that can buy (licenses.create) is refused",
            ),
        ),
        rules=Rules(
            allow=(
                Rule("GET", TOKEN),
                *(Rule("GET", f"{API}/{path}/licenses") for path in LISTS),
                *(Rule("GET", f"{API}/{path}/*") for path in LISTS),
            ),
            refuse=(
                Rule("POST", "https://api.shutterstock.com/**"),
                Rule("*", "https://api.shutterstock.com/**/downloads"),
            ),
            assets=(
                "https://image.shutterstock.com/**",
                "https://*.picdn.net/**",
                "https://*.shuttercorp.net/**",
            ),
        ),
        scope=Scope.ORGANISATION,
        listings=tuple(LISTS),
        identity="the licence id, which Shutterstock makes unique",
        documents={
            "record": "offered",
            "preview": "offered",
            "certificate": "on request: the Proof of License Request form of the Legal Centre answers with a letter",
            "receipt": "not in the API; the web account shows invoices",
        },
        client_hints="client, job, purchase_order and other, as entered when licensing (enterprise and API plans)",
        basis=Basis.DOCUMENTED,
        basis_detail="the vendor's SDK documentation of May 2026. Not yet run against a live account. Unknown: whether "
        "the API shows licences that were bought on the web site outside enterprise plans. The address of the licence "
        "page is from public links; its layout, and whether it is the text for enterprise plans, are unknown. Opening "
        "it falls under the site's terms of use, which bar robots; that is one public page in a run.",
        automation=AutomationTerms(
            stance=Automation.PERMITTED,
            quote="licenses.view: Grant read-only access to a user's licenses.",
            source="Shutterstock API documentation, OAuth scopes: there is a read-only scope for exactly this. The API "
            "terms' clause on storing data has not been read",
            read_on="2026-11-24",
        ),
        confirm=Confirm(
            how="Legal Centre, Proof of License Request: an e-mailed letter, naming the licensee as the request does",
            who="the account holder, with asset id, user name and licensee name; keep the request with the letter",
            german='Im Legal Centre durch einen "Proof of License Request": ein Schreiben per E-Mail, das den '
            "Lizenznehmer so nennt, wie die Anfrage es tut. Fragen darf der Kontoinhaber, mit Bildnummer, Benutzername "
            "und Name des Lizenznehmers.",
        ),
        # The address is widely linked as the licence agreement; the page itself has not been opened by us.
        terms=(TermsPage("licence", f"{SITE}/license", assets=static_files(SITE)),),
        pacing=2.0,
        previews_marked=True,
    )

    def __init__(self) -> None:
        self._accepted = False

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        session.authorise({"Authorization": f"Bearer {secrets['token']}"})
        try:
            answer = (await session.get(TOKEN)).expect()
        except SessionExpired as error:
            raise WrongPassword("Shutterstock does not accept this token") from error
        with known_layout(answer):
            scopes = [str(scope) for scope in answer.json()["scopes"]]
        if changing := [scope for scope in scopes if not scope.endswith(READING_SCOPES)]:
            raise WrongPassword(
                f"this token can do more than read (scope {', '.join(changing)}), and the archiver takes none that can "
                "spend or change anything; make one with licenses.view, purchases.view and user.view only"
            )
        if NEEDED_SCOPE not in scopes:
            raise WrongPassword(f"this token may not list licences; make one with the scope {NEEDED_SCOPE}")
        self._accepted = True

    @override
    async def signed_in(self, session: Session) -> bool:
        return self._accepted

    @override
    def history(self, session: Session) -> Sequence[History]:
        return [History(path, self._pages(session, path)) for path in LISTS]

    async def _pages(self, session: Session, path: str) -> AsyncIterator[Page]:
        """Settings: `team_history: false` lists this user's licences only (default: the whole team's)."""
        team = session.settings.get("team_history", "true").lower()
        query = {"per_page": PER_PAGE, "sort": "newest", "team_history": team}
        number, seen = 1, 0
        while True:
            answer = await session.get(f"{API}/{path}/licenses", query={"page": str(number), **query})
            if answer.status == 404 and path == "editorial/videos":
                # Older descriptions of the API lack this list; where it does not exist, nothing is listed in it.
                yield Page((), total=0)
                return
            with known_layout(answer.expect()):
                body = answer.json()
                page = Page([_licence(path, row) for row in body["data"]], total=int(body["total_count"]))
            yield page
            number, seen = number + 1, seen + len(page.licences)
            if not page.licences or seen >= (page.total or 0):
                return

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        """Settings: `country` for editorial assets, three letters (default USA), as their details require one."""
        editorial = licence.listing.startswith("editorial/")
        query = {"country": session.settings.get("country", "USA")} if editorial else None
        url = f"{API}/{licence.listing}/{licence.asset.asset_id}"
        answer = (await session.get(url, query=query)).expect(200, 404)
        details: Mapping[str, Any] | None = None
        picture: str | None = None
        if answer.status == 200:
            with known_layout(answer):
                details = dict(answer.json())
                picture = _preview_url(details)
                fuller = _fuller(licence, details)
            yield fuller
        yield record(answer.url, answer.retrieved_at, row=licence.row, asset=details)
        yield await preview(session, self.info.rules, picture)
        if not licence.comp:
            yield Gap(
                kind=DocumentKind.CERTIFICATE,
                reason=GapReason.ON_REQUEST,
                detail="Shutterstock confirms a licence by letter: Legal Centre, Proof of License Request",
            )


def _licence(path: str, row: Mapping[str, Any]) -> Licence:
    """A row of any list; KeyError, TypeError or ValueError where what makes it a licence is missing."""
    media = next((row[key] for key in MEDIA_KEYS if row.get(key)), None)
    if media is None:
        raise ValueError(f"licence {row['id']} names no asset")
    kind = str(row["license"])
    return Licence(
        asset=Asset(provider="shutterstock", asset_id=str(media["id"]), media_type=LISTS[path]),
        licence_id=str(row["id"]),
        listing=path,
        kind=kind,
        licensed_at=moment(row["download_time"]),
        seat=(row.get("user") or {}).get("username"),
        plan=row.get("subscription_id"),
        client_hints={name: str(value) for name, value in (row.get("metadata") or {}).items() if value},
        comp="comp" in kind.split("_"),
        row=row,
    )


def _fuller(licence: Licence, details: Mapping[str, Any]) -> Licence:
    contributor = details.get("contributor") or {}
    return replace(
        licence,
        asset=replace(
            licence.asset,
            title=details.get("title") or details.get("description"),
            contributor=contributor.get("name") or contributor.get("id") or details.get("byline"),
        ),
    )


def _preview_url(details: Mapping[str, Any]) -> str | None:
    assets = details.get("assets") or {}
    return next((str(assets[name]["url"]) for name in PREVIEWS if (assets.get(name) or {}).get("url")), None)
