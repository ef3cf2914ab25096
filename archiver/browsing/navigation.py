"""Follow the navigations of a page's main frame, and keep the page readable if a navigation brings no page.

A page may start a download by itself, or lead to a refused address. Chromium would then show an error page, or stop
reading the page.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archiver.browsing.request_guard import BLOCKED, RequestGuard
from archiver.core.errors import ArchiverError, SiteUnavailable, SpendRefused
from archiver.provider import redact_url

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route
    from playwright.async_api import Request as PageRequest
    from playwright.async_api import Response as PageResponse

ERROR_PAGE = "chrome-error:"

# Chromium would show a file that the page makes instead of the page. It announces the file before it leaves the page.
_STAY = """
globalThis.navigation?.addEventListener('navigate', (event) => {
  if (/^(blob|data):/.test(event.destination.url) && event.cancelable) event.preventDefault();
});
"""
HOLD = """
for (const name of ['submit', 'requestSubmit']) HTMLFormElement.prototype[name] = () => {};
globalThis.navigation?.addEventListener('navigate', (event) => {
  if (!event.destination.sameDocument && !event.userInitiated && event.cancelable) event.preventDefault();
});
"""
"""A script for a page that may not navigate away, and in which nobody clicks."""


async def stay_on_pages(context: BrowserContext, guard: RequestGuard) -> None:
    """Answer refused navigations of a context's pages with 204, "no content", so that Chromium stays on the page."""
    from playwright.async_api import Error

    async def judge(route: Route) -> None:
        request = route.request
        with suppress(Error):  # the page was closed meanwhile
            said = request.method, request.url, request.post_data_buffer, request.resource_type, request.headers
            if request.is_navigation_request() and not guard.permits(*said):
                guard.refuse(request.method, request.url, request.resource_type)
                await route.fulfill(status=204)
            else:
                await route.fallback()

    await context.add_init_script(_STAY)
    await context.route("**/*", judge)  # runs before the guard's own, which judges everything else


def leads_on(tab: Page, request: PageRequest) -> bool:
    """Whether a request is to bring another page in this one's place."""
    from playwright.async_api import Error

    with suppress(Error):  # of a frame that does not exist yet
        return request.is_navigation_request() and request.frame == tab.main_frame
    return False


@dataclass(eq=False)
class Navigations:
    """Listens to a page's main frame.

    `begun` counts its navigations. `failed` is the last one without a page, until another succeeds. `answer` is what
    the last one returned.
    """

    tab: Page
    begun: int = 0
    failed: PageRequest | None = None
    answer: PageResponse | None = None
    _open: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tab.on("request", self._began)
        self.tab.on("response", self._answered)
        self.tab.on("requestfinished", self._done)
        self.tab.on("requestfailed", self._ended)

    @property
    def pending(self) -> bool:
        """Return whether another page is loading."""
        return bool(self._open)

    @property
    def lost(self) -> bool:
        """Return whether Chromium shows an error instead of the page."""
        return self.tab.url.startswith(ERROR_PAGE)

    def error(self) -> ArchiverError:
        """Return why there is no page, with its address."""
        if self.failed is None:
            return SiteUnavailable("the browser shows no page")
        method, place, failure = self.failed.method, redact_url(self.failed.url), self.failed.failure or "no answer"
        if BLOCKED in failure:
            return SpendRefused(f"{method} {place}, where the page leads")
        return SiteUnavailable(f"{place}, where the page leads: {failure}")

    def _began(self, request: PageRequest) -> None:
        if leads_on(self.tab, request):
            self.begun += 1
            self._open.add(request)

    def _answered(self, response: PageResponse) -> None:
        if response.request in self._open and response.status != 204 and not 300 <= response.status < 400:
            self.answer, self.failed = response, None

    def _done(self, request: PageRequest) -> None:
        self._open.discard(request)

    def _ended(self, request: PageRequest) -> None:
        if request in self._open:
            self._open.discard(request)
            self.failed = request
