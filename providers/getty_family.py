"""Base for Getty Images and iStock: one API, read with an API key and a customer's token. No asset is downloaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar, override
from urllib.parse import quote

from archiver.browsing.preview import preview
from archiver.core.errors import ArchiverError, RateLimited, SiteUnavailable, Withheld, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import (
    ApiProvider,
    Challenge,
    History,
    JsonObject,
    Page,
    Purpose,
    Request,
    Response,
    Rule,
    Rules,
    Session,
    SignInMethod,
    Transport,
    UnreadRow,
    refusing,
)
from archiver.provider.layout_errors import known_layout, needed, read_rows
from archiver.provider.paging import Turn, beyond, pages, rows
from archiver.provider.record_document import record, titled
from archiver.reading.dates import listed_day, utc

API = "https://api.gettyimages.com"
TOKEN = "https://authentication.gettyimages.com/oauth2/token"  # noqa: S105  an address
PRODUCTS = f"{API}/v3/products"
DOWNLOADS = f"{API}/v3/downloads"
PURCHASES = f"{API}/v3/purchased-assets"
ORDERS = f"{API}/v3/orders"
# What describes assets, by their type in the lists, and its part of an answer; at most so many ids at once.
DETAILS = {"image": (f"{API}/v3/images", "images"), "film": (f"{API}/v3/videos", "videos")}
FIELDS, MOST_IDS = "id,title,artist", 100
COMPANY = {DOWNLOADS: "company_downloads", PURCHASES: "company_purchases"}  # what widens a list beyond one user
PAGING = ("page", "page_size")
PAGE_SIZE = "100"  # the documented maximum
LASTING, EARLY = 1800, timedelta(minutes=5)  # seconds that an access token lasts; how long before it is renewed
DAY, WINDOW = timedelta(days=1), timedelta(days=30)  # what the list of downloads shows unless it is told otherwise
BEGINNING = date(2000, 1, 1)  # before the first download that either platform can list
HINTS = {"client": "end_client", "purchase_order": "purchase_order_number", "project": "project_title"}
METHODS = (
    SignInMethod(
        name="token",
        transport=Transport.HTTP,
        secrets=("api_key", "token"),
        optional_secrets=("client_secret",),
        where="the sales contact issues the API key and its secret. token is a customer's access token, which lasts 30 "
        "minutes; with client_secret (the key's secret) it is the refresh token, from which every run gets its own",
    ),
)


def rules(media: str, *read: str) -> Rules:
    """The requests of one platform: `read` besides products and downloads; previews from its `media` host."""
    return Rules(
        allow=(
            Rule("GET", PRODUCTS),
            Rule("GET", DOWNLOADS, query=(*PAGING, COMPANY[DOWNLOADS], "product_type", "date_from", "date_to")),
            *(Rule("GET", url, query=("ids", "fields")) for url, _ in DETAILS.values()),
            *(Rule("GET", url, query=(*PAGING, COMPANY[PURCHASES]) if url == PURCHASES else ()) for url in read),
            Rule(
                "POST",
                TOKEN,
                Purpose.REFRESH,
                {"grant_type": "refresh_token"},
                body=("client_id", "client_secret", "refresh_token"),
            ),
        ),
        # A download takes from the allowance, licensing and generating take credits: by whatever method.
        refuse=(
            *(Rule(method, f"{API}/**") for method in ("POST", "PUT", "PATCH", "DELETE")),
            *(Rule("*", f"{API}/{path}/**") for path in ("v3/downloads", "v3/asset-licensing", "v3/ai", "beta/ai")),
        ),
        assets=(f"https://{media}/**",),
    )


class GettyFamily(ApiProvider):
    """`product_types` are the lists of downloads, each under the API's own name; `purchases` whether there are orders.

    Settings: `company: false` lists this user's licences only (default: the whole company's).
    """

    product_types: ClassVar[tuple[str, ...]]
    purchases: ClassVar[bool] = False

    def __init__(self) -> None:
        self._secrets: Mapping[str, str] = {}
        self._until: datetime | None = None  # when the access token ends, if a refresh token can give another
        self._renewing = asyncio.Lock()
        self._together: dict[str, tuple[str, ...]] = {}  # asset -> those of its page of the same type
        self._details: dict[str, JsonObject | str] = {}  # by asset; a text says why they could not be had
        self._asking = asyncio.Lock()

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        self._secrets, self._until = secrets, None
        title = self.info.title
        session.authorise({"Api-Key": secrets["api_key"]})
        with refusing(f"{title} does not accept this token, or no longer"):
            await self._authorise(session)
        answer = await self.identified(session, PRODUCTS)
        if answer.status == 403:
            raise WrongPassword(f"{title} does not accept this API key")
        with known_layout(answer.expect()):
            self.account = {str(product["id"]): product for product in answer.json()["products"]}

    async def _authorise(self, session: Session) -> None:
        """Send the access token from here on; with a client secret, one that the refresh token gives now."""
        key, token, secret = (self._secrets.get(name, "") for name in ("api_key", "token", "client_secret"))
        if secret:
            form = {"grant_type": "refresh_token", "client_id": key, "client_secret": secret, "refresh_token": token}
            answer = await session.post(TOKEN, form=form)
            if answer.status in (400, 403):
                raise WrongPassword(f"{self.info.title} does not accept this API key, secret or refresh token")
            with known_layout(answer.expect()):
                body = answer.json()
                token = str(body["access_token"])
                self._until = session.now() + timedelta(seconds=int(body.get("expires_in", LASTING))) - EARLY
            session.keep_secret(token)
        session.authorise({"Authorization": f"Bearer {token}"})

    async def _get(self, session: Session, url: str, query: Mapping[str, str] | None = None) -> Response:
        """An answer of the API. Gets a new access token before the old one ends, because histories take longer."""
        async with self._renewing:
            if self._until and session.now() >= self._until:
                await self._authorise(session)
        return await session.get(url, query=query)

    @override
    def history(self, session: Session) -> Sequence[History]:
        lists = [History(each, self._downloads(session, each)) for each in self.product_types]
        if self.purchases:
            lists.append(History("purchases", self._purchases(session)))
        return lists

    async def _downloads(self, session: Session, product_type: str) -> AsyncIterator[Page]:
        """One product type in windows of 30 days, backwards until the API states that nothing is older.

        The order inside a window is not documented, so a window is read whole. The list's total is the sum of what the
        windows state, at most where one changed while it was read, and follows at the end.
        """
        query, stated = {"product_type": product_type}, 0
        today = last = session.now().date()
        older: int | None = 0  # how many downloads lie before the window; None if the API does not say
        while True:
            first = last - WINDOW + DAY
            window, total, fault = list[Licence | UnreadRow](), 0, None
            lost: ArchiverError | None = None  # what was read before is still reported
            try:
                async for page in self._pages(
                    session, DOWNLOADS, _downloaded, _between(query, first, last), begun=last != today
                ):
                    window, total = [*window, *beyond(window, page.rows)], max(total, page.total or 0)
                    fault = fault or page.fault
            except ArchiverError as error:
                lost = error
            if window:
                window.sort(key=_downloaded_at, reverse=True)
                found = Page(window, fault=fault)
                self._note_together(found.licences)
                yield found
            if lost:
                raise lost
            last, stated = first - DAY, stated + total
            if older is not None and (older := older - total) <= 0:
                older = await self._older(session, _between(query, BEGINNING, last))
            if older == 0 or last < BEGINNING:
                break
        yield Page((), total=stated + (older or 0))

    async def _older(self, session: Session, query: Mapping[str, str]) -> int | None:
        """How many downloads there are in a long time. That it may be long is not said: if not, each window is read."""
        answer = await self._listed(session, DOWNLOADS, query, 1, begun=True)
        if answer.status == 400:
            return None
        with known_layout(answer.expect()):
            return int(answer.json()["result_count"])

    def _purchases(self, session: Session) -> AsyncIterator[Page]:
        return self._pages(session, PURCHASES, _purchased, {})

    def _pages(
        self,
        session: Session,
        url: str,
        read: Callable[[str, JsonObject], Licence],
        query: Mapping[str, str],
        *,
        begun: bool = False,
    ) -> AsyncIterator[Page]:
        """All pages of one request, each with the total that the API states. `begun`: the list was asked before."""
        part = "downloads" if url == DOWNLOADS else "previous_purchases"

        async def ask(turn: Turn) -> Response | Page:
            answer = await self._listed(session, url, query, turn.number, begun=begun)
            if turn.number > 1 and answer.status == 400:
                return Page(())  # InvalidPage: the list became shorter while it was read, and its total says so
            return answer.expect()

        def page(body: JsonObject) -> Page:
            total = int(body["result_count"])
            found = Page(read_rows(rows(body, part, total), partial(read, self.info.name)), total=total)
            self._note_together(found.licences)
            return found

        return pages(ask, page, documented=(part, "result_count"))

    def _note_together(self, licences: Sequence[Licence]) -> None:
        """Assets that are listed together are asked for together, as many as may be at once."""
        ids: dict[str, list[str]] = {}
        for licence in licences:
            ids.setdefault(_medium(licence), []).append(licence.asset.asset_id)
        for each in (list(dict.fromkeys(found)) for found in ids.values()):
            for start in range(0, len(each), MOST_IDS):
                batch = tuple(each[start : start + MOST_IDS])
                self._together.update(dict.fromkeys(batch, batch))

    async def _described(self, session: Session, licence: Licence) -> tuple[JsonObject | None, str | None]:
        """What the API says about the asset, which may have left the site; a text says why it could not be asked."""
        asset_id = licence.asset.asset_id
        self._together.setdefault(asset_id, (asset_id,))
        async with self._asking:
            if asset_id not in self._details:
                batch = [each for each in self._together[asset_id] if each not in self._details]
                self._details.update(await self._ask_for(session, _medium(licence), batch))
        found = self._details[asset_id]
        return (None, found) if isinstance(found, str) else (found or None, None)

    async def _ask_for(self, session: Session, medium: str, ids: Sequence[str]) -> Mapping[str, JsonObject | str]:
        """The details of these assets; empty for those that the API does not know, or shows no such account."""
        url, part = DETAILS[medium]
        try:
            answer = await self._get(session, url, {"ids": ",".join(ids), "fields": FIELDS})
        except (RateLimited, SiteUnavailable) as error:
            return dict.fromkeys(ids, error.detail)
        nothing: dict[str, JsonObject | str] = {each: {} for each in ids}
        if answer.status in (400, 403, 404):  # ids that are none; an account that may not ask; none of these is there
            return nothing
        with known_layout(answer.expect()):
            found = {str(each["id"]): dict(each) for each in answer.json()[part] or ()}
        return nothing | {each: found[each] for each in ids if each in found}

    async def _listed(
        self, session: Session, url: str, query: Mapping[str, str], number: int, *, begun: bool
    ) -> Response:
        """One page of a list, of the whole company if the account may see it. Withheld if it may see none of it."""

        def ask(company: bool) -> Awaitable[Response]:
            everybody = {COMPANY[url]: "true"} if company else {}
            return self._get(session, url, {**query, "page": str(number), "page_size": PAGE_SIZE, **everybody})

        first = number == 1 and not begun
        answer = await self.widest(session, "company", ask, first=first)
        if answer.status == 403 and first:
            what = f"downloads under {query['product_type']}" if "product_type" in query else "assets bought by order"
            raise Withheld(f"{what}. Ask the sales contact to enable them for the API key")
        return answer

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        row = licence.row
        details, untold = await self._described(session, licence)
        told = {"asset": details} if details else {}
        if details:
            licence = replace(licence, asset=titled(licence.asset, details.get("title"), details.get("artist")))
        if "order_id" in row:
            order = await self._order(session, licence)
            yield _fuller(licence, order or {})
            yield record(PURCHASES, session.now(), row=row, order=order, **told)
            detail = f"on the account's pages: order {licence.order}, which also says the uses that were licensed"
            if order is None:
                detail += "; the API shows no details of it, so licensee and purchase order are not known"
            yield Gap(kind=DocumentKind.RECEIPT, reason=GapReason.ON_REQUEST, detail=detail)
        else:
            product = (self.account or {}).get(str(row.get("product_id")))
            yield licence
            yield record(DOWNLOADS, session.now(), row=row, product=product, **told)
        if untold:
            yield Gap(kind=DocumentKind.RECORD, reason=GapReason.FAILED, detail=f"the asset's title: {untold}")
        yield await preview(session, self.info.rules, str(row.get("thumb_uri") or ""))
        yield self.info.gap(DocumentKind.CERTIFICATE)

    async def _order(self, session: Session, licence: Licence) -> JsonObject | None:
        """The order's details; None if the API does not show them, because the key is not enabled for them."""
        url = f"{ORDERS}/{quote(licence.order or '', safe='')}"
        if licence.order is None or not self.info.rules.permit(Request("GET", url)):
            return None
        answer = (await self._get(session, url)).expect(200, 403, 404)
        if answer.status != 200:
            return None
        with known_layout(answer):
            order = dict(answer.json())
            if str(order["id"]) != licence.order:
                raise ValueError(f"order {order['id']} instead of {licence.order}")
        return order


def _between(query: Mapping[str, str], first: date, last: date) -> dict[str, str]:
    return {**query, "date_from": first.isoformat(), "date_to": last.isoformat()}


def _downloaded_at(row: Licence | UnreadRow) -> str:
    return str(row.row["date_downloaded"]) if isinstance(row, Licence) else ""


def _medium(licence: Licence) -> str:
    """Which kind of asset the API describes it as: lists call it image, photo or illustration, or film or video."""
    said = (licence.asset.media_type or "").lower()
    return "film" if said.startswith(("film", "video")) else "image"


def _downloaded(provider: str, row: JsonObject) -> Licence:
    """A download under a subscription, a pack or an agreement. The API gives these no numbers."""
    asset, when, product = (needed(row, name) for name in ("id", "date_downloaded", "product_type"))
    details = row.get("download_details") or {}
    hints = {"project": details.get("project_code"), "notes": details.get("download_notes")}
    return Licence(
        asset=Asset(provider=provider, asset_id=asset, media_type=row.get("asset_type")),
        key=(product, str(row.get("product_id") or ""), asset, when),
        listing=product,
        kind=" ".join(filter(None, (product, row.get("license_model")))),
        licensed_at=utc(when),
        seat=(row.get("user") or {}).get("username"),
        plan=row.get("agreement_name"),
        client_hints={name: str(value) for name, value in hints.items() if value},
        row=row,
    )


def _purchased(provider: str, row: JsonObject) -> Licence:
    """An asset that was bought by order. Its times are not documented as UTC: without a zone only the day counts."""
    asset, when = (needed(row, name) for name in ("asset_id", "date_purchased"))
    order = str(row["order_id"]) if row["order_id"] else None
    return Licence(
        asset=Asset(provider=provider, asset_id=asset, media_type=row.get("asset_type")),
        key=("order", order or "", asset, when),
        listing="purchases",
        kind=row.get("license_model"),
        licensed_at=listed_day(when),
        dated=when,
        seat=row.get("purchased_by"),
        order=order,
        row=row,
    )


def _fuller(licence: Licence, order: JsonObject) -> Licence:
    """The licence with whom the order names as licensee, and for which client and project it was."""
    said = {**order, **(order.get("notes") or {})}
    hints = {name: str(said[key]) for name, key in HINTS.items() if said.get(key)}
    return replace(licence, licensee=said.get("licensee_name") or None, client_hints=hints)
