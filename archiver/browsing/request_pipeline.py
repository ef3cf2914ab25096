"""The request pipeline of one account: rules at every hop, pacing, retries, redirects, and named errors."""

from __future__ import annotations

import asyncio
import json as _json
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from typing import Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from archiver.browsing.intermediary import challenger, in_place_of_data
from archiver.browsing.pacing import Pacing
from archiver.browsing.stand_in import ASKING as ASKING  # which a session over an exchange takes from here
from archiver.browsing.stand_in import UnknownPage as UnknownPage
from archiver.browsing.stand_in import in_place_of_answer
from archiver.browsing.stand_in import in_place_of_page as in_place_of_page
from archiver.core.errors import (
    ArchiverError,
    BrowserRefused,
    LayoutChanged,
    RateLimited,
    SavedPage,
    SessionExpired,
    SiteUnavailable,
    SpendRefused,
)
from archiver.provider import (
    Mode,
    Phase,
    ProviderInfo,
    Purpose,
    Request,
    Response,
    SessionPhase,
    redact_url,
)

MAX_CONCURRENT_REQUESTS = 8
MAX_ANSWER_BYTES = 64 << 20  # size of one answer, decoded
MAX_REDIRECTS = 10
MAX_RETRY_AFTER_S = 120.0  # with a longer Retry-After, the account waits for the next run
FIRST_RETRY_WAIT_S = 1.0  # at most before the second try, doubled before each further one
TRIES: Mapping[type[ArchiverError], int] = {RateLimited: 5, SiteUnavailable: 3}
# Errors of a proxy or a replay that a retry does not mend.
HOPELESS = {407: "the proxy asks for a user name and password", 599: "the replay has no such request"}
# Headers that do not identify the sender; only these follow a redirect to another origin.
HARMLESS = ("accept", "accept-language", "user-agent")


@dataclass(frozen=True)
class RawAnswer:
    """The answer to one request: lower-case headers, decoded body, no redirect followed.

    `url` is the final address of a browser's page, which follows redirects by itself.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str = ""


class AnswerLost(Exception):
    """A request without an answer. `received` means that the platform may have acted on it."""

    def __init__(self, reason: str, *, received: bool) -> None:
        super().__init__(reason)
        self.reason, self.received = reason, received


_single_try: ContextVar[bool] = ContextVar("single_try", default=False)


@contextmanager
def single_try() -> Iterator[None]:
    """Inside this context, a request without a whole answer is not repeated, because it already failed on other days.

    An answer 429 is still waited for, since it says nothing about the document.
    """
    token = _single_try.set(True)
    try:
        yield
    finally:
        _single_try.reset(token)


type Send = Callable[[str, str, Mapping[str, str], bytes | None], Awaitable[RawAnswer]]
"""Send one request (method, URL, headers, body) with cookies and follow nothing. Raises Lost."""

type Pairs = Iterable[tuple[str, str]]


class ExchangeListener(Protocol):
    """Receives exchanges as they were on the wire. Chromium reports a page's cookies separately."""

    def __call__(
        self,
        request: Request,
        request_headers: Pairs,
        status: int,
        response_headers: Pairs,
        content: bytes,
        *,
        by_page: bool = False,
    ) -> None:
        """Receive a request with its headers, and its answer's status, headers and decoded body.

        `by_page`: cookies follow.
        """

    def cookies(self, method: str, url: str, lines: Sequence[str]) -> None:
        """Receive the Set-Cookie lines of the next answer to such a request of a page; often there are none."""


@dataclass
class Exchange:
    """The policy between an adapter and the network. `refused` lists refused requests as `METHOD url`."""

    info: ProviderInfo
    pacing: Pacing
    mode: Mode = Mode.STRICT
    interface: bool = False  # the platform answers with data, so a web page is no answer of its
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    refused: list[str] = field(default_factory=list)
    hear: ExchangeListener | None = None
    phase: SessionPhase = field(default_factory=SessionPhase)
    authorisation: dict[str, str] = field(default_factory=dict, repr=False)
    _slots: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(MAX_CONCURRENT_REQUESTS), init=False, repr=False
    )

    def authorise(self, headers: Mapping[str, str]) -> None:
        """Send these headers with every later request to a host that a rule (not an asset pattern) allows."""
        self.authorisation.update(headers)

    def check(self, request: Request) -> None:
        """Raise SpendRefused, and add to `refused`, unless the rules allow this request."""
        if not self.permits(request):
            self.refused.append(f"{request.method} {redact_url(request.url)}")
            why = self.info.rules.shortfall(request)
            raise SpendRefused(f"{self.refused[-1]} ({why})" if why else self.refused[-1])

    def permits(self, request: Request) -> bool:
        """Whether the rules allow this request of the adapter now. One for a new token is a sign-in of its own."""
        phase = Phase.SIGNING_IN if self.info.rules.refreshes(request) else self.phase.now
        return self.info.rules.permit(request, self.mode, phase)

    # many parameters: the parts of a request, as `provider.Session` has them
    async def request(
        self,
        send: Send,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the answer after checked redirects, as `provider.Session` defines it."""
        url = with_query(url, query)
        body, given = _body(form, json)
        given |= {name.lower(): value for name, value in (headers or {}).items()}
        # An adapter's own GET may fetch what a page may load: previews are on asset hosts.
        request = first = Request(method, url, body, passive=method == "GET", headers=given)
        # A picture that redirects to the sign-in page, or that another host refuses, says nothing about the session.
        proves = self.info.rules.proves_session(first)
        for _ in range(MAX_REDIRECTS + 1):
            same_origin = request is first or _origin(request.url) == _origin(first.url)
            self.check(request)
            raw = await self._answer(send, request, {**self._authorisation(request, same_origin), **given})
            if proves:
                self._own_answer(request, raw)
            if raw.status == 401 and self._counts(request, raw, same_origin):
                raise SessionExpired(f"{redact_url(raw.url or request.url)} answered 401")
            target = raw.headers.get("location")
            answer = Response(raw.status, request.url, raw.headers, raw.content, datetime.now(UTC))
            if raw.status not in (301, 302, 303, 307, 308) or not target:
                if request is not first and self._login(request) and proves and not self._signs_in(first):
                    raise SessionExpired(f"{redact_url(first.url)} leads to the sign-in page")
                return answer
            request, given = _next_hop(request, raw.status, target, given, _origin(first.url))
            if self._login(request) and not self.permits(request):
                if proves:
                    raise SessionExpired(f"{redact_url(first.url)} leads to the sign-in page")
                return answer
        raise SiteUnavailable(f"{redact_url(first.url)} redirects more than {MAX_REDIRECTS} times")

    async def _answer(self, send: Send, request: Request, headers: Mapping[str, str]) -> RawAnswer:
        """Return one hop's answer. Repeats the request after a wait, if that is harmless and useful."""
        place, host = redact_url(request.url), request.host
        repeatable = self.info.rules.reads_only(request)
        tries: Counter[type[ArchiverError]] = Counter()
        while True:
            await self.pacing.wait(host, self.info.pacing)
            error: ArchiverError
            wait: float | None = None
            again = repeatable
            try:
                async with self._slots:
                    raw = await send(request.method, request.url, headers, request.body)
            except AnswerLost as lost:
                error, again = SiteUnavailable(f"{place}: {lost.reason}"), repeatable or not lost.received
            else:
                if raw.status in HOPELESS:
                    raise SiteUnavailable(f"{place} answered {raw.status}: {HOPELESS[raw.status]}")
                missing = _missing(request.method, raw)
                if raw.status != 429 and raw.status < 500 and not missing:
                    return raw
                wait = self._retry_after(raw)
                if raw.status == 429:
                    asks = f" and asks to wait {wait:.0f} s" if wait else ""
                    error = RateLimited(f"{host} answered 429{asks}", for_long=(wait or 0) > MAX_RETRY_AFTER_S)
                elif missing:
                    error = SiteUnavailable(f"{place} was cut off, {missing} bytes short")
                else:
                    error = SiteUnavailable(f"{place} answered {raw.status}")
            kind = type(error)
            tries[kind] += 1
            again = again and not (kind is SiteUnavailable and _single_try.get())
            if not again or tries[kind] >= TRIES[kind] or (wait or 0) > MAX_RETRY_AFTER_S:
                raise error
            if wait is None:
                wait = FIRST_RETRY_WAIT_S * 2.0 ** (tries[kind] - 1) * random.uniform(0.5, 1.0)  # noqa: S311  jitter is no secret
            if kind is RateLimited:
                self.pacing.hold(host, wait)
            else:
                await asyncio.sleep(wait)

    def _own_answer(self, request: Request, raw: RawAnswer) -> None:
        """Raise if something in front of the platform answered, which says nothing about the account's secret.

        An interface is asked again by the next run. In a browser, a person may pass the check for robots.
        """
        place = redact_url(raw.url or request.url)
        if self.interface and (fault := in_place_of_data(raw.status, raw.headers, raw.content)):
            raise SiteUnavailable(f"{place} answered {fault}")
        if who := challenger(raw.status, raw.headers, raw.content):
            said = f"{place} answered {raw.status}: {who}, which stands in front of it, asks whether a person is there"
            raise BrowserRefused(said, page=SavedPage(place, raw.content))

    def _counts(self, request: Request, raw: RawAnswer, same_origin: bool) -> bool:
        """Return whether an answer 401 counts against the session: it got the session's proof, and the rules say so."""
        place = Request(request.method, raw.url, request.body) if raw.url else request
        return (same_origin or bool(raw.url)) and self.info.rules.proves_session(place)

    def _authorisation(self, request: Request, same_origin: bool) -> dict[str, str]:
        netloc = urlsplit(request.place).netloc
        allowed = any(fnmatchcase(netloc, urlsplit(rule.url).netloc.lower()) for rule in self.info.rules.allow)
        return self.authorisation if allowed and same_origin else {}

    def _retry_after(self, raw: RawAnswer) -> float | None:
        """Return the seconds to wait, from a number or an HTTP date (RFC 9110, 10.2.3). None if unreadable."""
        said = raw.headers.get("retry-after", "").strip()
        if said.isdecimal():
            return float(said)
        try:
            return max(0.0, (parsedate_to_datetime(said).astimezone(UTC) - self.now()).total_seconds())
        except (ValueError, OverflowError):
            return None

    def _login(self, request: Request) -> bool:
        return request.place == Request("GET", self.info.login_url).place

    def _signs_in(self, request: Request) -> bool:
        """Allow a redirect to the sign-in page during the sign-in: the adapter reads there what was wrong."""
        return any(rule.purpose is Purpose.SIGN_IN and rule.matches(request) for rule in self.info.rules.allow)


@dataclass(frozen=True, kw_only=True)
class SessionAccount:
    """What a session knows of its account, and the clock by which it signs in."""

    username: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


NO_ACCOUNT = SessionAccount()


@dataclass
class ExchangeSession(ABC):
    """The common part of all sessions, whatever carries their requests: `provider.Session` over an exchange."""

    exchange: Exchange = field(repr=False)
    username: str | None
    settings: Mapping[str, str]
    secrets: set[str] = field(repr=False)

    @abstractmethod
    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> RawAnswer:
        """Send one request with cookies and follow nothing. Raises Lost."""

    @property
    def refused(self) -> list[str]:
        """Active requests that the rules refused, as `METHOD url`."""
        return self.exchange.refused

    async def meant(self, error: LayoutChanged) -> ArchiverError:
        """The error for what stands in place of the page that was not recognised; the same one if nothing does."""
        return in_place_of_answer(error)

    def secret_values(self) -> list[str]:
        """Every secret that this session knows, for the search before anything is archived."""
        headers = self.exchange.authorisation.values()
        return sorted(self.secrets | {part for value in headers for part in (value, value.rpartition(" ")[2])})

    def now(self) -> datetime:
        return self.exchange.now()

    def during(self, phase: Phase) -> AbstractContextManager[None]:
        """Inside this context, the session and its pages are in this phase, and else they only read.

        The archiver says so, never an adapter.
        """
        return self.exchange.phase.during(phase)

    def authorise(self, headers: Mapping[str, str]) -> None:
        self.exchange.authorise(headers)

    def keep_secret(self, value: str) -> None:
        self.secrets.add(value)

    async def get(
        self, url: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        return await self.exchange.request(self._send, "GET", url, query=query, headers=headers)

    async def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return await self.exchange.request(self._send, "POST", url, form=form, json=json, headers=headers)


def endless(url: str) -> SiteUnavailable:
    return SiteUnavailable(f"{redact_url(url)} sent more than {MAX_ANSWER_BYTES >> 20} MB, and no document is so large")


def with_query(url: str, query: Mapping[str, str] | None) -> str:
    """Return the URL with these parameters added to its own."""
    if not query:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def _body(form: Mapping[str, str] | None, json: object) -> tuple[bytes | None, dict[str, str]]:
    if form is not None:
        return urlencode(form).encode(), {"content-type": "application/x-www-form-urlencoded"}
    if json is not None:
        return _json.dumps(json).encode(), {"content-type": "application/json"}
    return None, {}


def _next_hop(
    request: Request, status: int, target: str, headers: dict[str, str], origin: str
) -> tuple[Request, dict[str, str]]:
    """Follow a redirect as browsers do: 303, and 301 and 302 after POST, continue as GET without a body.

    The rules judge the headers that are sent: to another than this `origin`, harmless ones only.
    """
    try:
        url = urljoin(request.url, target).partition("#")[0]
    except ValueError:
        raise LayoutChanged(f"{redact_url(request.url)} leads to an invalid address") from None
    if _origin(url) != origin:
        headers = {name: value for name, value in headers.items() if name in HARMLESS}
    if status == 303 or (status in (301, 302) and request.method == "POST"):
        method = "HEAD" if request.method == "HEAD" else "GET"
        headers = {name: value for name, value in headers.items() if name != "content-type"}
        return Request(method, url, passive=method == "GET", headers=headers), headers
    return Request(request.method, url, request.body, request.passive, headers), headers


def _origin(url: str) -> str:
    place = urlsplit(Request("GET", url).place)
    return f"{place.scheme}://{place.netloc}"


def _missing(method: str, raw: RawAnswer) -> int:
    """Return how many announced bytes are missing; 0 if unknown."""
    announced = raw.headers.get("content-length", "")
    if method == "HEAD" or "content-encoding" in raw.headers or not announced.isdecimal():
        return 0
    return max(0, int(announced) - len(raw.content))
