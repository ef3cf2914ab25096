"""Depositphotos, by its regular API, with the parts that the enterprise API shares.

Both APIs have one address. The request field `dp_command` separates reading from spending. The answer's `type`, not its
status, says whether the request succeeded.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import override

from archiver.browsing.preview import preview
from archiver.core.errors import ArchiverError, SessionExpired, SiteUnavailable, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, Licence, Moment
from archiver.provider import (
    ApiProvider,
    Automation,
    AutomationTerms,
    Challenge,
    History,
    JsonObject,
    Page,
    ProviderInfo,
    Purpose,
    Response,
    Rule,
    Rules,
    Session,
    SignInMethod,
    TermsPage,
    TermsText,
    Transport,
    refusing,
)
from archiver.provider.layout_errors import changed, known_layout, needed, read_rows
from archiver.provider.paging import Turn, pages, rows
from archiver.provider.record_document import record
from archiver.reading.dates import listed_day

SITE = "https://depositphotos.com"
API = "https://api.depositphotos.com/"
LIMIT = 100  # rows of a page that are asked for; how many may be is not documented, so each page's own count moves on
BESIDE = ("type", "timestamp", "version")  # keys of every answer
PICTURES = ("url_max_qa", "huge_thumb", "large_thumb", "medium_thumbnail", "thumbnail")  # the first one there is
PAGING = ("dp_limit", "dp_offset")
# The exceptions of a failure, by their last name, and what a person must do about them.
FAILURES: Mapping[str, type[ArchiverError]] = {
    "EIllegalSession": SessionExpired,
    "EIllegalApiKey": WrongPassword,
    "Authentication": WrongPassword,
    "EApiTypeNotAllowed": WrongPassword,  # the key is for the other API
    "EInternalError": SiteUnavailable,
}
# How the failure is worded, or its exception called, where what was asked for has left the site: assumed.
GONE = re.compile(r"not.?found|n.t exist|not exist|no such|removed|deleted", re.IGNORECASE)
AUTOMATION = AutomationTerms(
    stance=Automation.UNREAD,
    quote="",
    source="of the API agreement and the membership agreement only the openings have been read",
    read_on="2026-11-24",
)


def rules(login: str, reading: Mapping[str, tuple[str, ...]]) -> Rules:
    """The commands of one of the APIs: its sign-in, and those that read, each with its fields."""
    return Rules(
        allow=(
            Rule("POST", API, Purpose.SIGN_IN, {"dp_command": login}),
            *(
                Rule("POST", API, Purpose.READ, {"dp_command": command}, body=("dp_apikey", "dp_session_id", *fields))
                for command, fields in reading.items()
            ),
        ),
        refuse=(Rule("*", "https://*.depositphotos.com/storage/**"),),  # links to files
        assets=("https://*.depositphotos.com/**.jpg", "https://*.depositphotos.net/**.jpg"),
    )


def method(where: str) -> SignInMethod:
    return SignInMethod(
        name="password", transport=Transport.HTTP, secrets=("api_key", "password"), needs_username=True, where=where
    )


class DepositphotosApi(ApiProvider):
    """What both APIs share: sign-in, failures and paging."""

    LOGIN: str

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        self._keys = {"dp_apikey": secrets["api_key"]}
        credentials = {"dp_login_user": session.username or "", "dp_login_password": secrets["password"]}
        with refusing("Depositphotos does not accept this user name, password or API key"):
            answer = await self.ask(session, self.LOGIN, **credentials)
        with known_layout(answer):
            number = str(answer.json()["sessionid"])
        session.keep_secret(number)
        self.account = self._keys = {**self._keys, "dp_session_id": number}

    async def ask(self, session: Session, command: str, perhaps_gone: bool = False, /, **fields: str) -> Response:
        """The answer to a command; its failure as the error that says what to do.

        `perhaps_gone`: the failure that says that there is no such thing is an answer, too.
        """
        answer = await session.post(API, form={"dp_command": command, **self._keys, **fields})
        with known_layout(answer):
            body = answer.json()
            failed = body["type"] != "success"
            error = (body.get("error") or {}) if failed else {}
            name = str(error.get("exception") or "").rpartition("\\")[2]
        if failed and not (perhaps_gone and GONE.search(f"{name} {error.get('errormsg')}")):
            said = f"{command}: {error.get('errormsg') or 'a failure without a message'}"
            raise FAILURES[name](f"Depositphotos answers {said}") if name in FAILURES else changed(answer, said)
        return answer

    def listed(
        self, session: Session, command: str, name: str, licence: Callable[[JsonObject], Licence], **fields: str
    ) -> AsyncIterator[Page]:
        """A command's list, to its stated `count`."""

        async def ask(turn: Turn) -> Response:
            return await self.ask(session, command, dp_limit=str(LIMIT), dp_offset=str(turn.before), **fields)

        def read(body: JsonObject) -> Page:
            total = int(body["count"])
            return Page(read_rows(rows(body, name, total), licence), total=total)

        return pages(ask, read, documented=(name, "count", *BESIDE))


class Depositphotos(DepositphotosApi):
    LOGIN = "login"
    info = ProviderInfo.beside(
        __file__,
        methods=(method("the API key that Depositphotos issued to you, with the account's user name and password"),),
        rules=rules(
            "login",
            {
                "getPurchases": (*PAGING, "dp_sort_field", "dp_sort_type"),
                "availableFunds": (),
                "getLegalsList": (),
                "getLegalDocument": ("dp_legal_name",),
            },
        ),
        listings=("purchases",),
        automation=AUTOMATION,
    )
    # Of the platform's legal documents those that are about licences, and the kinds that each is for.
    LEGALS: Mapping[str, tuple[str, ...]] = {
        "terms-of-use": (),
        "member-agreement-text": (),
        "subscription-agreement": (),
        "content-license": (),
        "standard-license": ("standard", "standard editorial"),
        "extended-license": ("extended", "extended editorial"),
    }

    @override
    def history(self, session: Session) -> Sequence[History]:
        def licence(row: JsonObject) -> Licence:
            return _purchase(row, session.username)

        newest = {"dp_sort_field": "timestamp", "dp_sort_type": "desc"}
        return [History("purchases", self.listed(session, "getPurchases", "purchases", licence, **newest))]

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        yield record(API, session.now(), row=licence.row)
        picture = next((licence.row[size] for size in PICTURES if licence.row.get(size)), None)
        yield await preview(session, self.info.rules, over_tls(picture) if picture else None)
        yield self.info.gap(DocumentKind.CERTIFICATE)

    @override
    async def terms(self, session: Session) -> Sequence[TermsText]:
        listed = await self.ask(session, "getLegalsList")
        with known_layout(listed):
            there = {str(name) for name in listed.json()["legals"]}
        return [await self._legal(session, name, kinds) for name, kinds in self.LEGALS.items() if name in there]

    async def _legal(self, session: Session, name: str, kinds: tuple[str, ...]) -> TermsText:
        answer = await self.ask(session, "getLegalDocument", dp_legal_name=name)
        with known_layout(answer):
            text = str(answer.json()["document"])
        return TermsText(page=TermsPage(name, API, kinds=kinds), text=text, retrieved_at=answer.retrieved_at)

    @override
    async def funds(self, session: Session) -> object:
        answer = await self.ask(session, "availableFunds")
        with known_layout(answer):
            body: Mapping[str, object] = answer.json()
        stated = ("balance", "creditsAvailable", "subscriptionDownloadsTodayAvailable", "leftBonusFiles")
        lists = ("activeSubscriptions", "onDemandDownloads")
        return {name: body[name] for name in (*stated, *lists) if name in body}


def _purchase(row: JsonObject, username: str | None) -> Licence:
    """A row of getPurchases, whose `username` is the seller's; KeyError or ValueError if it holds no licence."""
    return Licence(
        asset=Asset(
            provider="depositphotos",
            asset_id=needed(row, "mediaId"),
            title=row.get("title"),
            contributor=row.get("username"),
            media_type=row.get("itype"),
        ),
        licence_id=needed(row, "licenseId"),
        listing="purchases",
        kind=" ".join(filter(None, (row["license"], "editorial" if row.get("iseditorial") else None))) or None,
        licensed_at=instant_or_day(row["purchaseDate"]),
        dated=str(row["purchaseDate"]),
        seat=username,
        plan=row.get("method"),
        row=row,
    )


def instant_or_day(written: object) -> Moment | None:
    """Seconds since 1970 as an instant; a written date, which has no time zone, as its day; None: see `listed_day`."""
    text = str(written)
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else listed_day(text)


def over_tls(url: object) -> str:
    """The address over TLS: the API writes some of its pictures' addresses without."""
    return str(url).replace("http://", "https://", 1)
