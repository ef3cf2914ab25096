"""Base for free picture sites, which have no account and no history. A person names a picture; its page is captured.

The capture shows what was offered, who was credited and when it was seen. It shows no licensee, and the site does not
say when a person took the picture.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import ClassVar, override
from urllib.parse import urljoin

from archiver.browsing.preview import preview
from archiver.core.errors import (
    ConfigError,
    LayoutChanged,
    RateLimited,
    SavedPage,
    SessionExpired,
    SiteUnavailable,
    WrongPassword,
)
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import (
    Basis,
    BrowserSession,
    Challenge,
    History,
    JsonObject,
    Page,
    Provider,
    ProviderInfo,
    Request,
    Rules,
    Scope,
    SignInMethod,
    Transport,
    redact_url,
)
from archiver.provider.layout_errors import known_layout
from archiver.provider.paging import named
from archiver.provider.record_document import record
from archiver.reading.html import Field, read_row

LISTINGS = ("asked for",)
DOCUMENTS: Mapping[str, str] = {
    "record": "offered",
    "capture": "offered",
    "preview": "offered",
    "certificate": "none: free sites issue no licence documents, and keep no list of who took what",
    "receipt": "none: nothing is paid",
}


def declared(module: str, rules: Rules, *, key: str) -> ProviderInfo:
    """A site's declaration: its own words are in the YAML file beside its module, all else is the same for all.

    There is no sign-in; a key of the site's API, if there is one, adds the API's record. `key` says where it is had.
    """
    where = f"no sign-in is needed; an API key adds the API's own record of each picture: {key}"
    public = SignInMethod(name="public", transport=Transport.BROWSER, optional_secrets=("api_key",), where=where)
    return ProviderInfo.beside(
        module,
        rules=rules,
        methods=(public,),
        scope=Scope.SEAT,
        listings=LISTINGS,
        identity="the asset and the day (UTC) on which its page was seen: each day's offer is one of its own",
        documents=DOCUMENTS,
        client_hints="none",
        basis=Basis.UNPROVEN,
        on_request=True,
    )


def linked(name: str, css: str, pattern: str = Field.pattern) -> dict[str, Field]:
    """A link as two fields: its text, and as `…_url` its address."""
    return {name: Field(css, pattern=pattern), f"{name}_url": Field(css, "href")}


PATIENCE = 5.0  # seconds for a page to show who is credited, and under which licence
OFFERED = {
    "title": Field("meta[property='og:title']", "content", optional=True),
    "picture_url": Field("meta[property='og:image']", "content", optional=True),
}
"""The fields that pages give to anybody who shows a link to them; assumed for all sites."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """One documented call for one picture. `{id}` and `{key}` stand for the asset's id and the account's API key.

    `photo` are the keys and numbers that lead to the picture in the answer.
    """

    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    photo: tuple[str | int, ...] = ()


class FreeSite(Provider[BrowserSession]):
    """A site is its addresses, the fields of its picture's page, and its API.

    `asset_id` finds the id in a page's address, as group 1, and `bare_id` is the form of one by itself. Of `fields`,
    `contributor` and `kind`, the licence as the page names it, must be there.
    """

    page: ClassVar[str]
    asset_id: ClassVar[str]
    bare_id: ClassVar[str]
    fields: ClassVar[Mapping[str, Field]]
    api: ClassVar[Api]

    def __init__(self) -> None:
        self._key: str | None = None
        self._ready = False
        self._seen: dict[str, Sequence[Document | Gap]] = {}  # by asset, until they are asked for
        self._looking = asyncio.Lock()  # there is one page

    @override
    async def sign_in(self, session: BrowserSession, secrets: Mapping[str, str], challenge: Challenge) -> None:
        self._key, self._ready = secrets.get("api_key"), True

    @override
    async def signed_in(self, session: BrowserSession) -> bool:
        return self._ready

    @override
    def history(self, session: BrowserSession) -> Sequence[History]:
        return [History(LISTINGS[0], named(self._asked(session)))]

    async def _asked(self, session: BrowserSession) -> AsyncIterator[Page]:
        """One page for each asset. At the end, ConfigError names those that the site does not show."""
        gone: list[str] = []
        for asked in session.settings.get("assets", "").split():
            asset_id, url = self._address(asked)
            if offer := await self._look(session, asset_id, url):
                licence, self._seen[asset_id] = offer
                yield Page([licence])
            else:
                gone.append(redact_url(url))
        if gone:
            raise ConfigError(
                f"{self.info.title} shows no picture at {', '.join(gone)}. Check the address. If the site has removed "
                "the picture, it can no longer be archived."
            )

    def _address(self, asked: str) -> tuple[str, str]:
        """The asset's id, and the address of its page."""
        if re.fullmatch(self.bare_id, asked):
            return asked, self.page.format(id=asked)
        if found := re.match(self.asset_id, url := redact_url(asked)):
            spoken = not self.info.rules.permit(Request("GET", url))  # the page in another language
            return found[1], self.page.format(id=found[1]) if spoken else url
        raise ConfigError(
            f"{asked} is not a picture's page or ID of {self.info.title}. Give a page's address or an ID."
        )

    @override
    async def documents(self, session: BrowserSession, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        asset_id = licence.asset.asset_id
        evidence = self._seen.pop(asset_id, None)
        if evidence is None:  # tried again: each document says when it was had
            offer = await self._look(session, *self._address(asset_id))
            evidence = offer[1] if offer else ()
        for each in evidence:
            yield each

    async def _look(
        self, session: BrowserSession, asset_id: str, url: str
    ) -> tuple[Licence, Sequence[Document | Gap]] | None:
        """The offer, as a licence without a date, with its evidence; None if the site has no such picture."""
        async with self._looking:
            answer = await session.goto(url)
            if answer.status in (404, 410):
                return None
            if answer.status == 403:
                raise SiteUnavailable(
                    f"{self.info.title} refuses an unattended browser (403 at {redact_url(url)}). Open the page "
                    "yourself with `archiver capture --attended`"
                )
            place = re.match(self.asset_id, redact_url(answer.expect().url))
            if not place or place[1] != asset_id:
                saved = SavedPage(answer.url, answer.content)
                raise LayoutChanged(f"{redact_url(url)} leads to {redact_url(answer.url)}", page=saved)
            # A page may write them when it has loaded.
            if await session.seen(self.fields["contributor"].css, wait=PATIENCE):
                await session.seen(self.fields["kind"].css, wait=PATIENCE)
            page = await session.page()
            with known_layout(page):
                said = read_row(page.text, self.fields)
                addresses = {name: urljoin(answer.url, said[name]) for name in said if name.endswith("_url")}
            captures = await session.capture()
        photo = await self._photo(session, asset_id)
        now = session.now()
        row = {"asked_by": session.settings.get("by"), "page": answer.url, **said, **addresses}
        licence = Licence(
            asset=Asset(
                provider=self.info.name,
                asset_id=asset_id,
                title=said.get("title"),
                contributor=said["contributor"],
                media_type="picture",
            ),
            key=("offered", asset_id, now.date().isoformat()),
            listing=LISTINGS[0],
            kind=said["kind"],
            row=row,
        )
        gap = Gap(
            kind=DocumentKind.CERTIFICATE,
            reason=GapReason.NONE_OFFERED,
            detail=f"{self.info.title} issues no licence documents; the captures show what it offered",
        )
        shows = await preview(session, self.info.rules, addresses.get("picture_url"))
        return licence, (record(answer.url, answer.retrieved_at, row=row, api=photo), *captures, shows, gap)

    async def _photo(self, session: BrowserSession, asset_id: str) -> JsonObject | None:
        """The API's record with its address; None without a key. WrongPassword if the key is refused."""
        if not self._key:
            return None

        def filled(parts: Mapping[str, str]) -> dict[str, str]:
            return {name: part.format(id=asset_id, key=self._key) for name, part in parts.items()}

        api = self.api
        try:
            answer = await session.get(
                api.url.format(id=asset_id), query=filled(api.query), headers=filled(api.headers)
            )
        except SessionExpired as error:
            raise WrongPassword(f"{self.info.title} does not accept this API key") from error
        if answer.status == 400 and "api key" in answer.text.lower():
            raise WrongPassword(f"{self.info.title} does not accept this API key")
        if answer.status == 403 and "rate limit" in answer.text.lower():
            raise RateLimited(f"{self.info.title} allows no more requests with this API key for now")
        photo = None
        if answer.status not in (400, 404):  # which say that it has no such picture
            with known_layout(answer.expect()):
                photo = reduce(lambda found, step: found and found[step], api.photo, answer.json())
                if photo and str(photo["id"]) != asset_id:
                    raise ValueError(f"it answers with another picture, {photo['id']}")
        return {"url": redact_url(answer.url), "status": answer.status, "photo": photo}
