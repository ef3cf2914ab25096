"""What an adapter implements (`Provider`), and the `Session` through which it sends its requests."""

from __future__ import annotations

import json as _json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit

from archiver.core.errors import ArchiverError, LayoutChanged, SavedPage, SessionExpired, WrongPassword
from archiver.core.model import Document, Gap, Licence, TextLayout
from archiver.provider.info import ProviderInfo, TermsText


def redact_url(url: str) -> str:
    """A URL as it may be shown: without user, query and fragment, where secrets stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True)
class Response:
    """An answer that has passed the guard: final status and URL after checked redirects, lower-case headers, body."""

    status: int
    url: str
    headers: Mapping[str, str]
    content: bytes
    retrieved_at: datetime

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def length_stated(self) -> bool:
        """Whether the platform stated the content's length, so that its end is known: as a number, by chunks, or by a
        compressed form that marks its own end.
        """
        chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        return chunked or "content-length" in self.headers or "gzip" in self.headers.get("content-encoding", "").lower()

    @property
    def text(self) -> str:
        charset = re.search(r"charset=\"?([\w-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.content.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def expect(self, *statuses: int) -> Response:
        """Return this response if its status is one of these (by default 200).

        LayoutChanged with the page otherwise.
        """
        if self.status not in (statuses or (200,)):
            raise LayoutChanged(
                f"{redact_url(self.url)} answered {self.status}", page=SavedPage(self.url, self.content)
            )
        return self

    def json(self) -> Any:
        """The decoded body. LayoutChanged with the page if it is not JSON."""
        try:
            return _json.loads(self.content)
        except (ValueError, RecursionError):
            raise LayoutChanged(
                f"{redact_url(self.url)} sent no JSON (media type: {self.media_type or 'none'})",
                page=SavedPage(self.url, self.content),
            ) from None


class Session(Protocol):
    """What an adapter may do over plain HTTP. The session itself does the waiting, pacing, retries, Retry-After and
    guarding.

    `get` and `post` follow redirects hop by hop. They raise SpendRefused if no rule allows the request, SessionExpired
    for 401 if a rule says that the address proves the session, RateLimited after repeated 429, and SiteUnavailable
    after repeated 5xx or a lost connection. They return any other status, and a picture's redirect to the sign-in page.
    Headers given to `authorise` go with every later request to hosts that the provider's rules allow (READ, not
    assets).
    """

    username: str | None
    settings: Mapping[str, str]

    def now(self) -> datetime: ...

    def authorise(self, headers: Mapping[str, str]) -> None: ...

    def keep_secret(self, value: str) -> None:
        """Declare a value (a session token) that must never be archived, logged or shown."""

    async def get(
        self, url: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response: ...

    async def post(
        self, url: str, *, form: Mapping[str, str] | None = None, json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response: ...  # fmt: skip


@dataclass(frozen=True)
class Click:
    """An outcome that is only a step: click this and look again (cookie banners, interstitials)."""

    selector: str


@dataclass(frozen=True)
class Code:
    """An outcome that asks for a one-time code: where to type it, and what to press."""

    field: str
    submit: str


@dataclass(frozen=True)
class Choose:
    """An outcome that asks which history to read (a profile, a workspace).

    `options` is the selector of what can be clicked. The account's `setting` names one of them by its text. ConfigError
    lists the choices if none fits.
    """

    options: str
    setting: str


type SignInOutcome = type[ArchiverError] | Click | Code | Choose | None
"""What a sign-in page shows: an error, a step to take, a code to enter, a choice to make, or None: signed in."""


class BrowserSession(Session, Protocol):
    """What an adapter may do in a real browser. One page; `get` uses the same cookies without rendering."""

    async def goto(self, url: str) -> Response:
        """Open a page and wait until it is loaded. The response's content is the document's HTML as rendered."""

    async def page(self) -> Response:
        """The page as it now stands (status 200), for reading and for SavedPage."""

    async def seen(self, selector: str, *, wait: float = 0.0) -> bool:
        """Whether a visible element matches, waiting up to `wait` seconds for it."""

    async def fill(self, fields: Mapping[str, str]) -> None:
        """Type values into fields, by selector; LayoutChanged names a field that is not there."""

    async def click(self, selector: str) -> None: ...

    async def rows(self, selector: str, *, start: int = 0) -> list[str]:
        """The outer HTML of the matching elements, from the `start`-th on."""

    async def scroll_to_end(self, rows: str | None = None) -> None:
        """Scroll to the page's end and wait until the network is quiet (endless lists). `rows` selects what should
        become more.

        If the page's own request for more fails, and no later answer or new row shows that it recovered:
        SessionExpired, RateLimited or SiteUnavailable.
        """

    async def capture(self) -> Sequence[Document]:
        """The page as it now stands: `page.pdf`, `page.png` and `capture.warc.gz`, each of kind CAPTURE, masked.

        SecretFound if a secret would remain in them.
        """

    def beside(self) -> AbstractAsyncContextManager[BrowserSession]:
        """A second page of the same account. Documents are fetched there while the first page reads a list."""

    async def settle(
        self, outcomes: Mapping[str, SignInOutcome], *, challenge: Challenge, within: float = 20.0
    ) -> None:
        """Wait until one of the outcomes shows, take its steps, and return when signed in; else raise its error.

        A key is a CSS or text selector, or `url:` and a glob on the whole URL. The first match in order wins. No match
        in time is LayoutChanged, never WrongPassword. `Code` asks the challenge once.
        """


class Challenge(Protocol):
    """Answers a question that the secrets cannot answer. SignInNeeded if no person is there."""

    async def code(self) -> str: ...


@dataclass(frozen=True)
class UnreadRow:
    """A row of a list that the adapter cannot read. `identity` tells it from other rows; `why` says what is missing."""

    identity: str
    why: str


@dataclass(frozen=True)
class Page:
    """One page of a platform's list: its rows, newest first, and the list's total if the platform states it.

    `fault` says of the first row that the adapter cannot read what is wrong, with the page. Core fills it in.
    """

    rows: Sequence[Licence | UnreadRow]
    total: int | None = None
    fault: LayoutChanged | None = None

    @property
    def licences(self) -> list[Licence]:
        return [row for row in self.rows if isinstance(row, Licence)]

    @property
    def unread(self) -> list[UnreadRow]:
        return [row for row in self.rows if isinstance(row, UnreadRow)]


@dataclass(frozen=True)
class History:
    """One list of a platform, as pages: from `paging.pages` (an interface), `web_list.listed` (web pages), or an
    adapter's own loop, which must state a total.

    Core decides whether the list has ended, never the adapter (`paging.ListEnd`): by the stated total, an empty page
    after the last row, the platform's own mark, or a cursor. A list that stops without one of these is LayoutChanged.
    """

    listing: str
    pages: AsyncIterator[Page]


class Provider[S: Session](ABC):
    """One adapter. It keeps no state except what `sign_in` learned about the account (user id, plan)."""

    info: ClassVar[ProviderInfo]
    text_layouts: ClassVar[Mapping[str, TextLayout]] = {}
    """By the document's name (`certificate.txt`): how each text document looks when it is complete.

    A document that is not declared here is archived only if two fetches give the same content.
    """
    withheld: tuple[str, ...] = ()
    """What the platform did not show to the account in this run, and what a person can do about it.

    It makes the run partial.
    """

    @abstractmethod
    async def sign_in(self, session: S, secrets: Mapping[str, str], challenge: Challenge) -> None:
        """Sign in once; raise the error that says what a person must do. Never called twice after a refusal."""

    @abstractmethod
    async def signed_in(self, session: S) -> bool:
        """Whether the session is valid now; asked after a restore and after `sign_in`."""

    @abstractmethod
    def history(self, session: S) -> Sequence[History]:
        """The account's lists. Comps are licences with `comp=True`. A list that the account may not read raises
        Withheld; the other lists are still read.

        If the platform is `on_request`, the session's settings say what to read: `assets` (ids or addresses, separated
        by spaces) and `by`, the person who asks.
        """

    @abstractmethod
    def documents(self, session: S, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        """The licence's documents and gaps, and at most one fuller Licence with the same identity.

        Without a record among them, core makes one of the licence's row. Raise NotACertificate for a document that is
        not what it claims to be; the sync files a `failed` gap.
        """

    def read_certificate(self, licence: Licence, text: str) -> Licence:  # noqa: ARG002  # for those that read it
        """Add what a certificate's text says to the licence, with the same identity. By default the licence stays as it
        is.

        Pure. Core calls it with the text of every certificate, PDF or plain. NotACertificate for the certificate of
        another licence.
        """
        return licence

    async def terms(self, session: S) -> Sequence[TermsText]:  # noqa: ARG002  # for those that have some
        """The texts of licence terms that only a signed-in interface gives; by default none. Called once in a run."""
        return ()

    async def funds(self, session: S) -> object:  # noqa: ARG002  # for those that can tell
        """What the account may still spend, as the platform states it, in any form that can be compared; None if it
        states nothing.

        Asked before and after a run, which must not change it.
        """
        return None

    async def counts(self, session: S) -> Mapping[str, int]:  # noqa: ARG002  # for those that can tell
        """How many rows each list has, as the platform says elsewhere (on the account's page); by default none.

        Asked after the lists were read to their end. A difference is told, and changes no outcome.
        """
        return {}


AnyProvider = Provider[Any]
"""An adapter, whichever kind of session it works with."""

type JsonObject = Mapping[str, Any]
"""An object of a platform's JSON. It has no fixed shape: `known_layout` turns what is missing into LayoutChanged."""


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """While a session is being made it cannot have expired: raise WrongPassword(what) instead of SessionExpired."""
    try:
        yield
    except SessionExpired as error:
        raise WrongPassword(what) from error


class ApiProvider(Provider[Session]):
    """An adapter of an interface over plain HTTP.

    `account` is what `sign_in` learned; None until the platform accepted it.
    """

    account: JsonObject | None = None

    async def signed_in(self, session: Session) -> bool:  # noqa: ARG002  # a token has no session that could be restored
        return self.account is not None

    async def identified(self, session: Session, url: str) -> Response:
        """The first answer to a sign-in. There is no session yet, so SessionExpired means a refusal."""
        with refusing(f"{self.info.title} does not accept this token. It may be wrong or expired"):
            return await session.get(url)

    async def widest(
        self, session: Session, setting: str, ask: Callable[[bool], Awaitable[Response]], *, first: bool = True
    ) -> Response:
        """Request everybody's licences with `ask(True)` if the setting says so (the default), else the account's own
        with `ask(False)`.

        If the platform refuses everybody's (403) on the first request of a list, ask for the account's own, and report
        the rest as `withheld`.
        """
        others = self.info.narrowed[setting]
        refused = f"{others}. If this account may see only its own, set `{setting}: false` in its settings"
        if session.settings.get(setting, "true").lower() != "true" or refused in self.withheld:
            return await ask(False)
        answer = await ask(True)
        if answer.status == 403 and first:
            answer = await ask(False)
            if answer.status != 403:
                self.withheld = (*self.withheld, refused)
        return answer
