"""Browser sessions: one Chromium for all accounts, one guarded context for each."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from traceback import extract_stack
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from archiver.browsing import request_guard as guarding
from archiver.browsing.capture import Traffic, capture, cookie_secrets
from archiver.browsing.chromium import first_line
from archiver.browsing.forward_proxy import GuardProxy
from archiver.browsing.navigation import HOLD, Navigations, leads_on
from archiver.browsing.request_pipeline import (
    ASKING,
    MAX_ANSWER_BYTES,
    AnswerLost,
    ExchangeSession,
    RawAnswer,
    UnknownPage,
    endless,
    in_place_of_page,
)
from archiver.core.errors import (
    AdapterBroken,
    ArchiverError,
    BrowserRefused,
    ConfigError,
    LayoutChanged,
    RateLimited,
    SavedPage,
    SessionExpired,
    SignInNeeded,
    SiteUnavailable,
    SpendRefused,
)
from archiver.core.model import Document
from archiver.home.network import DROPPED, UNKNOWN, UNREACHED, untrusted
from archiver.provider import (
    Challenge,
    Choose,
    Click,
    Code,
    Phase,
    ProviderInfo,
    Purpose,
    Request,
    Response,
    SignInOutcome,
    redact_url,
)
from archiver.provider.layout_errors import is_own
from archiver.provider.list_words import SOURCE
from archiver.reading.secret_scan import secret_name
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Cookie, Locator, Page, StorageState
    from playwright.async_api import Request as PageRequest
    from playwright.async_api import Response as PageResponse


PAGE_TIMEOUT_S = 30.0  # for a page or an answer
LOAD_TIMEOUT_S = 10.0  # for a page's pictures and scripts, after its text
ELEMENT_TIMEOUT_S = 5.0  # a field or button of a loaded page counts as missing after this time
CLICK_TIMEOUT_S = 15.0  # for an existing button to take a click
RECOVERY_TIMEOUT_S = 10.0  # for a page to retry by itself what failed
MAX_RECOVERY_S = 60.0  # if the platform asked to wait
POLL_INTERVAL_S = 0.1  # between two looks at a page
STEP_POLL_INTERVAL_S = 0.5  # between two looks whether a step that takes long is still shown
QUIET_AFTER_S = 0.4  # a page without requests for this time counts as idle


# A page learns of scrolling with its next frame. A busy machine draws it late, and a hidden window never does.
_SCROLL = """([up, last]) => new Promise((done) => {
  if (!up && last) last.scrollIntoView({block: 'end'});  // the list may scroll in a box of its own
  window.scrollTo(0, up ? 0 : document.documentElement.scrollHeight);
  requestAnimationFrame(() => requestAnimationFrame(done));
  setTimeout(done, 2000);
})"""

# The page with what a person sees in it, but its markup lacks: what is chosen and searched, and shadow trees. A copy in
# a document without a window runs no script and loads nothing. What is typed elsewhere may be a secret.
_MARKUP = """() => {
  if (document.contentType !== 'text/html') return null;
  const silent = document.implementation.createHTMLDocument('');
  const fill = (there, copy) => {
    const copies = copy.querySelectorAll('*');
    there.querySelectorAll('*').forEach((node, number) => {
      const twin = copies[number], kind = node.localName === 'input' ? node.type : '';
      if (node.localName === 'option') twin.toggleAttribute('selected', node.selected);
      if (kind === 'checkbox' || kind === 'radio') twin.toggleAttribute('checked', node.checked);
      if (['search', 'date', 'month'].includes(kind)) twin.setAttribute('value', node.value);
      if (!node.shadowRoot) return;
      const tree = silent.createElement('shadow-tree');
      for (const each of node.shadowRoot.childNodes) tree.append(silent.importNode(each, true));
      fill(node.shadowRoot, tree);
      twin.append(tree);
    });
  };
  const root = silent.importNode(document.documentElement, true);
  fill(document.documentElement, root);
  return (document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '') + root.outerHTML;
}"""

MAX_STEP_CLICKS = 3  # a step of a sign-in table is repeated at most this often
ABORTED = "net::ERR_ABORTED"
DATA = ("fetch", "xhr")  # requests of a page that may bring rows
RENDERED = {"content-type": "text/html; charset=utf-8"}  # the text is stored in the encoding that we declare


@dataclass
class PlaywrightSession(ExchangeSession):
    """`provider.BrowserSession` in a guarded browser context. `Browsers.open` makes it."""

    info: ProviderInfo
    context: BrowserContext = field(repr=False)
    tab: Page = field(repr=False)
    traffic: Traffic = field(repr=False)
    way: GuardProxy = field(repr=False)
    _reader: DocumentReader = field(repr=False)
    _capturing: asyncio.Lock = field(repr=False)
    _stack: AsyncExitStack = field(repr=False)
    max_wait_s: float = math.inf  # saved pages show at once what they have
    _codes: set[str] = field(default_factory=set, repr=False)
    _list_paths: set[str] = field(default_factory=set, repr=False)  # sources from which an endless list gets more rows
    _navigations: Navigations = field(init=False, repr=False)
    _network: _Network = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._navigations = Navigations(self.tab)
        self._network = _Network(self.tab)

    # Used by the archiver itself.

    async def state(self) -> StorageState:
        """Return cookies, local storage and databases, which `Browsers.open` can restore."""
        with self._named_errors("the session"):
            return await self.context.storage_state(indexed_db=True)

    async def close(self) -> None:
        """Close the account's pages and its proxy."""
        await self._stack.aclose()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[PlaywrightSession]:
        """Open a second page of the same account, behind the first."""
        with self._named_errors("a second page"):
            tab = await self.context.new_page()
            traffic = await Traffic.of(tab)
            await self.tab.bring_to_front()
        try:
            yield replace(self, tab=tab, traffic=traffic)
        finally:
            await tab.close()

    async def meant(self, error: LayoutChanged) -> ArchiverError:
        """As for all sessions. An error without a page, or of the page that is open, is judged by what that shows."""
        if error.page is not None and error.page.url != self.tab.url:
            return in_place_of_page(error, UnknownPage(page=error.page))
        error.page = error.page or await self._saved()
        answer, signing_in = self._navigations.answer, self.exchange.phase.now is Phase.SIGNING_IN
        with suppress(ArchiverError):
            asks = await self._first(ASKING)
            status = answer.status if answer else 200
            unknown = UnknownPage(page=error.page, status=status, asks=asks, signing_in=signing_in)
            return in_place_of_page(error, unknown)
        return error

    async def remember(self) -> None:
        """Learn the values of the session cookies and tokens that the provider declares."""
        if not self.info.session_secrets:
            return
        cookies, stored = await self._stored()
        found = {cookie["name"]: cookie["value"] for cookie in cookies} | stored
        self.secrets.update(value for name, value in found.items() if name in self.info.session_secrets)

    # BrowserSession

    async def goto(self, url: str) -> Response:
        """Open a page and wait until it is loaded. The response's content is the document's HTML as rendered.

        Raises SpendRefused if the rules refuse the page or a redirect to it, SessionExpired if it ends at the sign-in
        page, LayoutChanged if it is a file instead of a page, and BrowserRefused if a check for robots stands before.
        """
        answer = await self.exchange.request(self._navigate, "GET", url)
        await self.remember()
        asked = Request("GET", url)
        signing_in = any(rule.purpose is Purpose.SIGN_IN and rule.matches(asked) for rule in self.info.rules.allow)
        if self._is_login(self.tab.url) and not self._is_login(url) and not signing_in:
            raise SessionExpired(f"{redact_url(url)} leads to the sign-in page")
        return replace(answer, url=self.tab.url)

    async def page(self) -> Response:
        if self._navigations.lost:
            raise self._navigations.error()
        return Response(200, self.tab.url, RENDERED, await self._html(), datetime.now(UTC))

    async def seen(self, selector: str, *, wait: float = 0.0) -> bool:
        deadline = time.monotonic() + min(wait, self.max_wait_s)
        while not await self._shows(selector):
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(POLL_INTERVAL_S)
        return True

    async def fill(self, fields: Mapping[str, str]) -> None:
        for selector, value in fields.items():
            with self._named_errors(f"{selector!r}"):
                await (await self._element(selector)).fill(value, timeout=1000 * CLICK_TIMEOUT_S)

    async def click(self, selector: str) -> None:
        await self._polite()
        with self._named_errors(f"{selector!r}"):
            await self._press(await self._element(selector))

    async def rows(self, selector: str, *, start: int = 0) -> list[str]:
        with self._named_errors(f"the rows {selector!r}"):
            found = await self.tab.locator(selector).evaluate_all(
                "(elements, start) => elements.slice(start).map((element) => element.outerHTML)", start
            )
        return [str(row) for row in found]

    async def visible_text(self, selector: str) -> str:
        """Return the visible text of the first visible element that matches, or an empty text."""
        if not await self.seen(selector, wait=ELEMENT_TIMEOUT_S):
            return ""
        with self._named_errors(f"{selector!r}"):
            return (
                await self.tab.locator(selector).filter(visible=True).first.inner_text(timeout=1000 * ELEMENT_TIMEOUT_S)
            )

    async def scroll_to_end(self, rows: str | None = None) -> None:
        await self._polite()
        before, network = await self._count(rows), self._network
        earlier = network.begin()
        await self._scroll(rows)
        await network.quiet()
        began, nudged, timeout_s = time.monotonic(), False, RECOVERY_TIMEOUT_S
        while failure := await self._not_overcome(network.asked, rows, before):
            error, asks_to_wait = failure
            timeout_s = max(timeout_s, min(MAX_RECOVERY_S, asks_to_wait + RECOVERY_TIMEOUT_S / 2))
            if (waited := time.monotonic() - began) > timeout_s:
                raise error
            if not nudged and waited > timeout_s / 2:  # a page that sends requests while it is scrolled
                nudged = True
                await self._polite()
                await self._scroll(up=True)
                await self._scroll(rows)
            await asyncio.sleep(POLL_INTERVAL_S)
            await network.quiet()
        if rows and await self._count(rows) > before:
            self._list_paths.update(urlsplit(request.url).path for request in network.asked[earlier:])
        network.forget_judged()

    async def _scroll(self, rows: str | None = None, *, up: bool = False) -> None:
        with self._named_errors("the end of the page"):
            found = await self.tab.locator(rows).element_handles() if rows and not up else []
            await self.tab.evaluate(_SCROLL, [up, found[-1] if found else None])

    async def _count(self, rows: str | None) -> int:
        with self._named_errors(f"the rows {rows!r}"):
            return await self.tab.locator(rows).count() if rows else 0

    async def _not_overcome(
        self, asked: Sequence[PageRequest], rows: str | None, before: int
    ) -> tuple[ArchiverError, float] | None:
        """Return what stops the page's list, and for how many seconds the platform asks to wait.

        The reason is the last answer of an address, if that is a failure. If the list has grown, or its source is
        known, only failures of its own source count. A list that shows nothing may have asked for what is refused;
        one that shows rows refuses much beside them, such as what counts the downloads that are left.
        """
        last: dict[tuple[str, ...], PageRequest] = {}
        grown = (count := await self._count(rows)) > before
        for request in asked:
            failure = request.failure or ""
            if request.resource_type not in DATA or failure == ABORTED:
                continue
            refused = guarding.BLOCKED in failure  # Chromium may add who blocked it
            if refused and rows and not count and SOURCE.search(urlsplit(request.url).path):
                said = f"the list shows no rows, and the rules refuse {request.method} {redact_url(request.url)}"
                return LayoutChanged(f"{said}, which may bring them", page=await self._saved()), 0
            if not refused:
                last[request.method, *_address(request.url)] = request
        ends = [(path, await self._failure(request)) for (_, path, *_), request in last.items()]
        mine = self._list_paths or ({path for path, found in ends if found is None} if grown else set())
        return next((found for path, found in ends if found and (path in mine or not (mine or grown))), None)

    async def settle(
        self, outcomes: Mapping[str, SignInOutcome], *, challenge: Challenge, within: float = 20.0
    ) -> None:
        left, within = dict.fromkeys(outcomes, MAX_STEP_CLICKS), min(within, self.max_wait_s)
        deadline = latest = time.monotonic() + within
        latest += PAGE_TIMEOUT_S
        while True:
            late = time.monotonic() >= deadline  # the last look begins after the end, since looks may take long
            if refusal := self._refused_on_the_way():
                raise refusal
            visible_now = await self._first(key for key, times in left.items() if times)
            if visible_now is None:
                if late:
                    break
                await asyncio.sleep(POLL_INTERVAL_S)
                if self._navigations.pending:  # a request without an answer yet has not failed
                    deadline = min(latest, time.monotonic() + within)
                continue
            match outcomes[visible_now]:
                case None:
                    if refusal := self._refused_on_the_way() or self._answered_badly():
                        raise refusal
                    await self.remember()
                    return
                case Click(selector):
                    left[visible_now] -= 1
                    await self._while_visible(visible_now, lambda: self.click(selector))
                case Code(typed, submit):
                    left[visible_now] = 0
                    await self.fill({typed: await self._code(challenge)})
                    await self.click(submit)
                case Choose(options, setting):
                    left[visible_now] -= 1
                    await self._choose(options, setting)
                case error:
                    raise error(await self._words(visible_now), page=await self._saved())
            deadline = time.monotonic() + within
            latest = deadline + PAGE_TIMEOUT_S
        ended = f"the sign-in at {redact_url(self.tab.url)} ended in no known way"
        if own := self._refused_here():
            raise SpendRefused(f"{', '.join(own)}; {ended}", page=await self._saved())
        raise LayoutChanged(ended, page=await self._saved())

    async def capture(self) -> Sequence[Document]:
        async with self._capturing:
            await self.remember()
            cookies, stored = await self._stored()  # captures must not show them, whether they are declared or not
            stored_secrets = {value for name, value in stored.items() if secret_name(name)}
            secrets = {*self.secret_values(), *cookie_secrets(cookies), *stored_secrets}
            return await capture(self.traffic, secrets, reader=self._reader, server=self.way.reached(self.tab.url))

    # How

    async def _stored(self) -> tuple[list[Cookie], dict[str, str]]:
        """Return the account's cookies and what the page's site stores in the browser, by name."""
        from playwright.async_api import Error

        deadline = time.monotonic() + PAGE_TIMEOUT_S
        with self._named_errors("the session"):
            while True:
                try:
                    cookies = await self.context.cookies()
                    if not self.tab.url.startswith("http"):
                        return cookies, {}
                    return cookies, await self.tab.evaluate("() => ({...sessionStorage, ...localStorage})")
                except Error as error:  # the next page is loading
                    if "context was destroyed" not in error.message or time.monotonic() > deadline:
                        raise
                await asyncio.sleep(POLL_INTERVAL_S)

    async def _first(self, keys: Iterable[str]) -> str | None:
        for key in keys:
            glob = key.removeprefix("url:")
            if _is_at(self.tab.url, glob) if glob != key else await self._shows(key):
                return key
        return None

    async def _code(self, challenge: Challenge) -> str:
        code = await challenge.code()
        if code in self._codes:
            raise SignInNeeded("the platform asks for another code, but the last code was already used")
        self._codes.add(code)
        return code

    async def _choose(self, options: str, setting: str) -> None:
        """Click the option that the account's setting names. A guess would read another person's history."""
        await self._element(options)
        found = self.tab.locator(options).filter(visible=True)
        with self._named_errors(f"{options!r}"):
            texts = [" ".join(text.split()) for text in await found.all_inner_texts()]
        wanted = self.settings.get(setting)
        fitting = [number for number, text in enumerate(texts) if text.casefold() == (wanted or "").casefold()]
        if len(fitting) != 1:
            said = f"the setting `{setting}` is {wanted!r}" if wanted else f"the setting `{setting}` is missing"
            raise ConfigError(
                f"The platform asks which account to open, and {said}. In the client's file, set it in the account's "
                f"`settings` to one of: {', '.join(texts)}."
            )
        await self._polite()
        with self._named_errors(f"{options!r}"):
            await found.nth(fitting[0]).click(timeout=1000 * ELEMENT_TIMEOUT_S)

    async def _words(self, key: str) -> str:
        """Return the platform's message where the outcome appears, for the reader of the error."""
        if key.startswith("url:"):
            return f"it leads to {redact_url(self.tab.url)}"
        with self._named_errors("the platform's message"):
            text = await self.tab.locator(key).filter(visible=True).first.inner_text(timeout=1000 * ELEMENT_TIMEOUT_S)
        said = " ".join(text.split())
        return f"it says “{said[:200]}”" if said else f"it shows {'a captcha' if 'captcha' in key else key}"

    async def _shows(self, selector: str) -> bool:
        from playwright.async_api import Error

        try:
            return await self.tab.locator(selector).filter(visible=True).count() > 0
        except Error as error:
            if self.tab.is_closed():
                raise SiteUnavailable("the browser's page was closed") from None
            if _NO_SELECTOR.search(error.message):
                raise AdapterBroken(
                    f"{selector!r} is no valid selector{_adapter_line()}: {first_line(error)}"
                ) from None
            return False  # the next page is replacing this one

    async def _element(self, selector: str) -> Locator:
        """Return the first visible match. Waits while the page is loading, and a moment longer."""
        deadline = latest = time.monotonic() + ELEMENT_TIMEOUT_S
        latest += PAGE_TIMEOUT_S
        while not await self._shows(selector):
            if self._navigations.lost:
                raise self._navigations.error()
            if self._navigations.pending:
                deadline = min(latest, time.monotonic() + ELEMENT_TIMEOUT_S)
            if time.monotonic() >= deadline:
                raise LayoutChanged(f"{redact_url(self.tab.url)} shows no {selector!r}", page=await self._saved())
            await asyncio.sleep(POLL_INTERVAL_S)
        return self.tab.locator(selector).filter(visible=True).first

    async def _press(self, element: Locator) -> None:
        """Click, without waiting for the result.

        If another page begins to load, the button was clicked, even if Playwright reports an error.
        """
        from playwright.async_api import TimeoutError

        begun = self._navigations.begun
        try:
            await element.click(timeout=1000 * CLICK_TIMEOUT_S, no_wait_after=True)
        except TimeoutError:
            if self._navigations.begun == begun:
                raise

    async def _while_visible(self, key: str, act: Callable[[], Awaitable[None]]) -> None:
        """Carry out the shown step, unless it disappears by itself meanwhile.

        A banner that is closed, or a page that is left, keeps its buttons for a moment, and then nobody waits for them.
        """
        acting = asyncio.ensure_future(act())
        try:
            while not (await asyncio.wait([acting], timeout=STEP_POLL_INTERVAL_S))[0]:
                if not await self._first([key]):
                    return
            await acting
        except LayoutChanged:
            if await self._first([key]):
                raise
        finally:
            acting.cancel()

    def _refused_on_the_way(self) -> ArchiverError | None:
        """Return the error for a page that did not load during the sign-in: the rules refused it, or it failed."""
        failed = self._navigations.failed
        if failed is None or self._navigations.pending:
            return None
        place = redact_url(failed.url)
        if guarding.BLOCKED in (failed.failure or "") or f"{failed.method} {place}" in self.refused:
            return SpendRefused(
                f"{failed.method} {place}, to which the sign-in leads (if that page only reads, the adapter must allow "
                "it with Purpose.SIGN_IN)"
            )
        lost = SiteUnavailable(f"{place}, to which the sign-in leads: {failed.failure}")
        return lost if self._navigations.lost else None

    def _answered_badly(self) -> ArchiverError | None:
        """Return the error for a page with nothing known on it and an error status."""
        answer = self._navigations.answer
        if answer is None or answer.status < 400:
            return None
        said = f"{redact_url(answer.url)}, to which the sign-in leads, answered {answer.status}"
        passing = answer.status == 429 or answer.status >= 500
        if passing and self._reads(Request(answer.request.method, answer.url)):
            return None  # the account's own page: its reader retries, and waits as long as the platform asks
        if answer.status == 429:
            return RateLimited(said)
        if answer.status >= 500:
            return SiteUnavailable(said)
        return BrowserRefused(said) if answer.status == 403 else LayoutChanged(said)

    def _reads(self, request: Request) -> bool:
        allowed = (rule for rule in self.info.rules.allow if rule.purpose is not Purpose.SIGN_IN)
        return any(rule.matches(request) for rule in allowed)

    def _refused_here(self) -> list[str]:
        """Return refused requests to the site's own hosts, which the sign-in may have needed."""
        hosts = (*self.info.rules.hosts, *self.info.rules.sign_in_hosts)
        lines = [(line, urlsplit(line.partition(" ")[2]).netloc.lower()) for line in self.refused]
        return [line for line, netloc in lines if any(fnmatchcase(netloc, host) for host in hosts)]

    async def _failure(self, request: PageRequest) -> tuple[ArchiverError, float] | None:
        """Raise the error that stops a list, so that a list whose requests fail is not taken for complete.

        The error contains how many seconds the platform asks to wait.
        """
        place = redact_url(request.url)
        if request.failure:
            return SiteUnavailable(f"{place}: {request.failure}"), 0
        try:
            with self._named_errors(place):
                answer = await asyncio.wait_for(request.response(), ELEMENT_TIMEOUT_S)  # the network is already idle
        except TimeoutError:
            return SiteUnavailable(f"{place} does not answer"), 0
        if answer is None:
            return None
        asks = answer.status == 401 or self._is_login(answer.url) or await _shows_password_field(answer)
        if answer.status < 400 and not asks:
            return None
        if asks:
            return SessionExpired(f"{place} asks for a sign-in"), 0
        said = answer.headers.get("retry-after", "")
        kind = RateLimited if answer.status == 429 else SiteUnavailable
        return kind(f"{place} answered {answer.status}"), float(said) if said.isdecimal() else 0

    def _is_login(self, url: str) -> bool:
        return Request("GET", url).place == Request("GET", self.info.login_url).place

    async def _polite(self) -> None:
        """Judge what a click or a scroll made the page request like any other request."""
        await self.exchange.pacing.wait(urlsplit(self.tab.url).hostname or "", self.info.pacing)

    async def _html(self) -> bytes:
        from playwright.async_api import Error

        deadline = time.monotonic() + PAGE_TIMEOUT_S
        with self._named_errors("the page's text"):
            while True:
                await self.tab.wait_for_load_state("domcontentloaded", timeout=1000 * PAGE_TIMEOUT_S)
                try:
                    return (await self._markup() or await self.tab.content()).encode("utf-8", "replace")
                except Error as error:  # the next page is loading, and that is the one to read
                    if not _LEAVING.search(error.message) or time.monotonic() > deadline:
                        raise
                await asyncio.sleep(POLL_INTERVAL_S)

    async def _markup(self) -> str | None:
        """The page as `_MARKUP` gives it; None where it has none, or where its own scripts changed what that needs."""
        from playwright.async_api import Error

        try:
            found = await self.tab.evaluate(_MARKUP)
        except Error as error:
            if _LEAVING.search(error.message):
                raise
            return None
        return found if isinstance(found, str) else None

    async def _saved(self) -> SavedPage:
        with suppress(ArchiverError):
            return SavedPage(self.tab.url, await self._html())
        return SavedPage(self.tab.url, b"")

    @contextmanager
    def _named_errors(self, what: str) -> Iterator[None]:
        from playwright.async_api import Error, TimeoutError

        try:
            yield
        except TimeoutError:
            if self._navigations.lost:
                raise self._navigations.error() from None
            raise LayoutChanged(f"{what} did not appear at {redact_url(self.tab.url)}") from None
        except Error as error:
            raise SiteUnavailable(f"{what} at {redact_url(self.tab.url)}: {first_line(error)}") from None

    async def _navigate(self, _method: str, url: str, _headers: Mapping[str, str], _body: bytes | None) -> RawAnswer:
        """`exchange.Send` by the page itself. Chromium follows redirects, and the guard judges them."""
        refused = len(self.refused)
        answer, html = await self._load(url, refused)
        if html is None:  # the page navigated away while loading: load it again so that it cannot
            await self._polite()
            async with self._held():
                answer, html = await self._load(url, refused)
        if html is None:
            raise self._navigations.error()
        if len(html) > MAX_ANSWER_BYTES:
            raise endless(url)
        if answer is None:  # only the fragment differs
            return RawAnswer(200, RENDERED, html)
        kept = {name: value for name, value in answer.headers.items() if name in ("content-type", "retry-after")}
        kind = kept.get("content-type", "text/html")
        if not kind.startswith("text/") and "xml" not in kind and "json" not in kind:
            raise LayoutChanged(f"{redact_url(url)} is a file ({kind}), not a page")
        return RawAnswer(answer.status, kept | RENDERED, html, answer.url)

    async def _load(self, url: str, refused: int) -> tuple[PageResponse | None, bytes | None]:
        """Return the answer and the page's text, or None if its script navigates away before it is loaded.

        `refused` is the number of earlier refused requests.
        """
        from playwright.async_api import Error, TimeoutError

        self._navigations.failed = None
        parsed: asyncio.Future[None] | None = None
        try:
            answer = await self.tab.goto(url, wait_until="commit", timeout=1000 * PAGE_TIMEOUT_S)
            parsed = asyncio.ensure_future(
                self.tab.wait_for_load_state("domcontentloaded", timeout=1000 * PAGE_TIMEOUT_S)
            )
            while not parsed.done() and not (self._navigations.failed and not self._navigations.pending):
                await asyncio.wait([parsed], timeout=POLL_INTERVAL_S)
            if not parsed.done():
                return answer, None
            parsed.result()
            with suppress(TimeoutError):  # a picture that never arrives; the page is there
                await self.tab.wait_for_load_state("load", timeout=1000 * LOAD_TIMEOUT_S)
            html = await self._html()
            return answer, None if self._navigations.lost else html
        except TimeoutError:
            raise AnswerLost(f"no page within {PAGE_TIMEOUT_S:.0f} seconds", received=True) from None
        except Error as error:
            if len(self.refused) > refused and ABORTED in error.message:
                raise SpendRefused(self.refused[-1]) from None
            raise _lost(error, url) from None
        finally:
            if parsed and not parsed.done():
                parsed.cancel()

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Keep pages that the archiver opens from navigating away. Sign-in pages may, because clicks lead on."""
        cdp = self.traffic.cdp
        await cdp.send("Page.enable")  # otherwise the script is accepted and never runs
        added = await cdp.send("Page.addScriptToEvaluateOnNewDocument", {"source": HOLD})
        try:
            yield
        finally:
            await cdp.send("Page.removeScriptToEvaluateOnNewDocument", {"identifier": added["identifier"]})
            await cdp.send("Page.disable")

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> RawAnswer:
        """`exchange.Send` with the context's cookies, without rendering."""
        from playwright.async_api import Error

        try:
            answer = await self.context.request.fetch(
                url, method=method, headers=dict(headers), data=body, max_redirects=0, timeout=1000 * PAGE_TIMEOUT_S
            )
            content = await answer.body()
            if len(content) > MAX_ANSWER_BYTES:
                await answer.dispose()
                raise endless(url)
            if self.exchange.hear:
                response_headers = [(each["name"], each["value"]) for each in answer.headers_array]
                asked = [*headers.items(), *await self._cookie_header(url)]
                self.exchange.hear(Request(method, url, body), asked, answer.status, response_headers, content)
            await answer.dispose()
        except Error as error:
            if urlsplit(url).netloc in self.way.flooded:
                raise endless(url) from None
            raise _lost(error, url) from None
        if "set-cookie" in answer.headers:
            await self.remember()
        return RawAnswer(answer.status, answer.headers, content)

    async def _cookie_header(self, url: str) -> list[tuple[str, str]]:
        """Return the cookies that the context sends to this address."""
        return [("cookie", f"{each['name']}={each['value']}") for each in await self.context.cookies(url)]


_LEAVING = re.compile("navigating|context was destroyed")
_NO_SELECTOR = re.compile(
    "while parsing|not a valid selector|Unknown engine|Malformed|Unexpected token|Unexpected end|InvalidSelector"
)


def _adapter_line() -> str:
    """The line of the adapter that is at work, as ` (freepik.py:120)`; empty where it declared what core uses."""
    frames = [frame for frame in extract_stack() if Path(frame.filename).parent != Path(__file__).parent]
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames and not is_own(frames[-1]) else ""


def _address(url: str) -> tuple[str, ...]:
    """Return path and parameters of an address, without those that only prevent caching."""
    parts = urlsplit(url)
    names = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0].lower() not in _ANEW)
    return parts.path, *(f"{name}={value}" for name, value in names)


_ANEW = frozenset({"_", "again", "attempt", "cb", "nocache", "r", "retry", "rnd", "t", "timestamp", "ts"})


def _is_at(url: str, glob: str) -> bool:
    """Match the whole URL. `*` and `**` match anything; everything else matches itself."""
    return re.fullmatch(re.sub(r"(\\\*)+", ".*", re.escape(glob)), url) is not None


_LOST = {  # error texts of Chromium and Node.js
    UNKNOWN: ("ERR_NAME", "ENOTFOUND"),
    UNREACHED: ("ERR_TUNNEL", "ERR_PROXY", "ERR_CONNECTION_REFUSED", "ECONNREFUSED"),
    DROPPED: ("ERR_CONNECTION_RESET", "ERR_CONNECTION_CLOSED", "ERR_EMPTY_RESPONSE", "ECONNRESET", "socket hang up"),
}


def _lost(error: Exception, url: str) -> AnswerLost | ArchiverError:
    """Return the meaning of a request's failure."""
    reason = first_line(error)
    reason = (reason.partition(": ")[2] or reason).partition(" at http")[0]  # the URL with its query follows
    reason = re.sub(r'"?https?://\S+', redact_url(url), reason)  # which may have "certificate" in it
    if guarding.BLOCKED in reason:
        return SpendRefused(f"{redact_url(url)} or a page it leads to")
    if "Download is starting" in reason:
        return LayoutChanged(f"{redact_url(url)} is a download, not a page")
    if "ERR_CERT" in reason or "certificate" in reason.replace(redact_url(url), ""):
        return SiteUnavailable(untrusted(urlsplit(url).hostname or "", reason))
    meaning = next((words for words, signs in _LOST.items() if any(sign in reason for sign in signs)), reason)
    return AnswerLost(meaning, received=meaning not in (UNKNOWN, UNREACHED))


async def _shows_password_field(answer: PageResponse) -> bool:
    """Whether a page to sign in came in place of data, at the same address and with a good status."""
    from playwright.async_api import Error

    if answer.status >= 300 or "html" not in answer.headers.get("content-type", ""):
        return False
    with suppress(Error):  # Chromium no longer has it
        return re.search(rb"<input\b[^>]*\btype\s*=\s*[\"']?password\b", await answer.body(), re.IGNORECASE) is not None
    return False


@dataclass(eq=False)
class _Network:
    """The requests of a page since it was opened, without those that were judged."""

    tab: Page
    asked: list[PageRequest] = field(default_factory=list)
    _open: set[PageRequest] = field(default_factory=set)
    _changed: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tab.on("request", self._began)
        self.tab.on("requestfinished", self._ended)
        self.tab.on("requestfailed", self._ended)

    def begin(self) -> int:
        """Begin to wait. Return how many requests there were before: of these, only data may still bring rows."""
        self._open = {request for request in self._open if request.resource_type in DATA}
        self._changed = time.monotonic()
        return len(self.asked)

    async def quiet(self) -> None:
        """Wait until the page has sent no request for a moment."""
        deadline = time.monotonic() + PAGE_TIMEOUT_S
        while time.monotonic() < deadline:
            await asyncio.sleep(POLL_INTERVAL_S)
            if not self._open and time.monotonic() - self._changed > QUIET_AFTER_S:
                return
        self._open.clear()  # one that never ends is not waited for again

    def forget_judged(self) -> None:
        self.asked = [request for request in self.asked if request in self._open]

    def _began(self, request: PageRequest) -> None:
        if leads_on(self.tab, request):
            self.asked, self._open = [], set()
        self.asked.append(request)
        self._open.add(request)
        self._changed = time.monotonic()

    def _ended(self, request: PageRequest) -> None:
        self._open.discard(request)
        self._changed = time.monotonic()
