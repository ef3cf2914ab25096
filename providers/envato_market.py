"""Envato Market (ThemeForest, CodeCanyon, PhotoDune, AudioJungle, ...), by its API and the buyer's own token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import override

from archiver.core.errors import SiteUnavailable, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence, Moment
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
)
from archiver.provider.layout_errors import known_layout, needed, read_rows
from archiver.provider.paging import Turn, pages
from archiver.provider.record_document import record
from archiver.reading.dates import moment, utc

SITE = "https://themeforest.net"
API = "https://api.envato.com"
USERNAME = f"{API}/v1/market/private/user/username.json"
ACCOUNT = f"{API}/v1/market/private/user/account.json"
PURCHASES = f"{API}/v3/market/buyer/list-purchases"
STATEMENT = f"{API}/v3/market/user/statement"
DAY = timedelta(days=1)


class EnvatoMarket(ApiProvider):
    info = ProviderInfo.beside(
        __file__,
        rules=Rules(
            allow=(
                Rule("GET", USERNAME),
                Rule("GET", ACCOUNT),
                Rule("GET", PURCHASES, query=("page",)),
                Rule("GET", STATEMENT, query=("page",)),
            ),
            # Free of charge, but every call counts against the item's daily download limit.
            refuse=(Rule("*", f"{API}/**/download"),),
        ),
        listings=("purchases",),
    )

    def __init__(self) -> None:
        self._statement: Statement | None = None

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        session.authorise({"Authorization": f"Bearer {secrets['token']}"})
        identity = _permitted(await self.identified(session, USERNAME), "view your username")
        person = _permitted(await self.identified(session, ACCOUNT), "view your account details")
        with known_layout(identity):
            username = str(identity.json()["username"])
        with known_layout(person):
            account = person.json()["account"]
            names = [str(account[part]) for part in ("firstname", "surname") if account.get(part)]
        self.account = {"username": username, "licensee": " ".join(names) or username}

    @override
    def history(self, session: Session) -> Sequence[History]:
        self._statement = Statement(session)

        async def ask(turn: Turn) -> Response:
            return _permitted(await session.get(PURCHASES, query={"page": str(turn.number)}), "list your purchases")

        def read(body: JsonObject) -> Page:
            return Page(read_rows(body["results"], self._licence))  # `count` is not documented as a total

        return [History("purchases", pages(ask, read, documented=("results", "count")))]

    def _licence(self, row: JsonObject) -> Licence:
        item = row["item"]
        return Licence(
            asset=Asset(
                provider="envato_market",
                asset_id=needed(item, "id"),
                title=item.get("name"),
                contributor=item.get("author_username"),
                media_type=item.get("site"),
            ),
            licence_id=needed(row, "code"),
            listing="purchases",
            kind=row["license"] or None,
            licensed_at=moment(row["sold_at"]),
            licensee=(self.account or {}).get("licensee"),
            seat=(self.account or {}).get("username"),
            row=row,
        )

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        """The purchase joined with its line of the statement, which is read only for licences that are new."""
        line = None
        try:
            line = await (self._statement or Statement(session)).line(licence.asset.asset_id, licence.licensed_at)
        except SiteUnavailable as error:
            detail = f"the statement, which names the order: {error.detail}"
            yield Gap(kind=DocumentKind.RECEIPT, reason=GapReason.FAILED, detail=detail)
        if line and line.get("order_id") is not None:
            yield replace(licence, order=str(line["order_id"]))
        yield record(PURCHASES, session.now(), row=licence.row, statement=line)
        yield self.info.gap(DocumentKind.CERTIFICATE)


class Statement:
    """The account's statement, read only as far back as the purchases that are asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lines: dict[str, list[tuple[datetime, JsonObject]]] = {}  # by item id
        self._dates: list[datetime] = []  # of the first line and of the last one read
        self._numbers = count(1)
        self._last: object = None  # the page before
        self._ended = False
        self._lost: str | None = None  # why it could not be read on: then it is not asked for again
        self._reading = asyncio.Lock()

    async def line(self, item_id: str, sold_at: Moment | None) -> JsonObject | None:
        """The line of this item that is nearest to the sale and at most a day away, or None."""
        if sold_at is None:
            return None
        sold = _instant(str(sold_at))
        async with self._reading:
            while not self._ended and not self._reaches(sold):
                await self._read_on()
        near = [(abs(when - sold), line) for when, line in self._lines.get(item_id, [])]
        return min((each for each in near if each[0] <= DAY), key=lambda each: each[0], default=(DAY, None))[1]

    def _reaches(self, sold: datetime) -> bool:
        """Whether older pages cannot hold the line; only in a statement that is seen to run newest first."""
        return bool(self._dates) and self._dates[0] > self._dates[-1] and sold - self._dates[-1] > DAY

    async def _read_on(self) -> None:
        if self._lost:
            raise SiteUnavailable(self._lost)
        try:
            answer = await self._session.get(STATEMENT, query={"page": str(next(self._numbers))})
        except SiteUnavailable as error:
            self._lost = error.detail
            raise
        if answer.status == 403:  # the token may not see it; the purchases are evidence without it
            self._ended = True
            return
        with known_layout(answer.expect()):
            results = answer.json()["results"]
            lines = [(_instant(line["date"]), line) for line in results if "item_id" in line]
        for when, line in lines:
            self._lines.setdefault(str(line["item_id"]), []).append((when, line))
        dates = [*self._dates, *(when for when, _ in lines)]
        self._dates = [dates[0], dates[-1]] if dates else []
        self._ended = not results or results == self._last  # past its end it may show its last page again
        self._last = results


def _instant(text: str) -> datetime:
    """A date of the statement as an instant. A time without a zone is taken as UTC: a day's tolerance covers that."""
    when = utc(text)
    return when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC)


def _permitted(answer: Response, permission: str) -> Response:
    """The answer; WrongPassword names the permission that the token lacks (403)."""
    if answer.status == 403:
        raise WrongPassword(f"this token may not {permission}. Create a token with that permission")
    return answer.expect()
