"""One Chromium for all accounts. It starts when first needed, and opens a guarded session for each account."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from archiver.browsing import nss_store
from archiver.browsing import request_guard as guarding
from archiver.browsing.attended_browser import Observation, Take
from archiver.browsing.browser_session import PAGE_TIMEOUT_S, PlaywrightSession
from archiver.browsing.capture import Traffic
from archiver.browsing.chromium import child_environment, first_line, launch, playwright_driver, usable
from archiver.browsing.forward_proxy import NOTHING, GuardProxy
from archiver.browsing.navigation import stay_on_pages
from archiver.browsing.pacing import Pacing
from archiver.browsing.request_pipeline import NO_ACCOUNT, Exchange, ExchangeListener, SessionAccount
from archiver.core.errors import ConfigError, SignInNeeded
from archiver.home.network import Network
from archiver.provider import Mode, ProviderInfo, SessionPhase
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright, StorageState
    from playwright.async_api import Response as PageResponse


class Browsers:
    """Start Chromium when an account first needs it. An async context manager.

    `network` names the certificates to trust besides the system's. `executable` is a Chromium to use instead of the
    located one. A provider that does not work headless gets a visible browser. `hear` receives every exchange.
    `max_wait_s` is how long a page may take to show something.
    """

    def __init__(
        self,
        network: Network,
        *,
        headless: bool = True,
        executable: Path | None = None,
        hear: ExchangeListener | None = None,
        max_wait_s: float = math.inf,
    ) -> None:
        self.network, self.headless, self.executable, self.hear = network, headless, executable, hear
        self.max_wait_s = max_wait_s
        self._stack = AsyncExitStack()
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._launched: dict[bool, Browser] = {}
        self._guards: set[guarding.RequestGuard] = set()
        self._reader = DocumentReader(workers=1)  # for our own PDFs; its process starts with the first one
        self._capturing = asyncio.Lock()  # printing and drawing each need a processor and much memory

    async def __aenter__(self) -> Self:
        self._stack.enter_context(self._reader)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def open(
        self,
        info: ProviderInfo,
        *,
        network: Network,
        pacing: Pacing,
        account: SessionAccount = NO_ACCOUNT,
        state: StorageState | None = None,
        mode: Mode = Mode.STRICT,
    ) -> PlaywrightSession:
        """Open a guarded session on `network` and restore a saved state (`PlaywrightSession.state`). Close it after
        use.

        Raises BrowserMissing if no Chromium starts, and SignInNeeded if the state cannot be restored.
        """
        browser = await self._browser(self.headless and info.headless)
        async with AsyncExitStack() as stack:
            phase = SessionPhase()
            proxy = await stack.enter_async_context(GuardProxy(info.rules, network, mode, phase))
            guard = guarding.RequestGuard(info.rules, mode, phase)
            self._guards.add(guard)
            stack.callback(self._guards.discard, guard)
            context = await _restored(browser, proxy, state)
            stack.push_async_callback(_close, context)
            await guard.watch(context)
            await stay_on_pages(context, guard)
            if self.hear:
                await stack.enter_async_context(_hear_cookies(context, self.hear))
            page = await context.new_page()
            traffic = await Traffic.of(page)
            if mode is Mode.STRICT:
                guarding.close_popups(context)
            opened = stack.pop_all()
        return PlaywrightSession(
            exchange=Exchange(
                info, pacing, now=account.now, mode=mode, refused=guard.refused, hear=self.hear, phase=phase
            ),
            username=account.username,
            settings=account.settings,
            secrets={*account.secrets.values(), *_named(info.session_secrets, state or {})},
            info=info,
            context=context,
            tab=page,
            traffic=traffic,
            way=proxy,
            max_wait_s=self.max_wait_s,
            _reader=self._reader,
            _capturing=self._capturing,
            _stack=opened,
        )

    @asynccontextmanager
    async def observe(
        self, network: Network, take: Take, *, keep: Callable[[str], Path], say: Callable[[str], None]
    ) -> AsyncIterator[Observation]:
        """Open a browser for a person, on `network`, in which nothing is refused. No other session may be open.

        `take` receives what the person brings; `keep` decides where a downloaded file goes. Raises BrowserMissing if no
        Chromium starts, and ConfigError if a visible one finds no screen.
        """
        browser = await self._browser(self.headless)
        async with AsyncExitStack() as stack:
            proxy = await stack.enter_async_context(GuardProxy(NOTHING, network, Mode.OBSERVE))
            guard = guarding.RequestGuard(NOTHING, Mode.OBSERVE)
            self._guards.add(guard)
            stack.callback(self._guards.discard, guard)
            context = await browser.new_context(
                service_workers="block",
                accept_downloads=True,
                no_viewport=not self.headless,
                proxy={"server": proxy.url},
            )
            stack.push_async_callback(_close, context)
            observation = Observation(context, proxy, self._reader, take, keep, say)
            await stack.enter_async_context(observation.watching())
            yield observation

    async def _browser(self, headless: bool) -> Browser:
        async with self._starting:
            browser = self._launched.get(headless)
            if browser is None or not browser.is_connected():  # not yet started, or crashed
                browser = self._launched[headless] = await self._launch(headless)
            return browser

    async def _launch(self, headless: bool) -> Browser:
        if not headless and sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
            raise ConfigError("A visible browser needs a screen, and this machine has none. Run this on a desktop.")
        executable = self.executable or (await asyncio.to_thread(usable)).path
        if self._playwright is None:
            variables = child_environment() | self.network.driver_environment()
            self._playwright = await self._stack.enter_async_context(playwright_driver(variables))
        nowhere = await self._stack.enter_async_context(GuardProxy(NOTHING, Network()))
        trusting, environ = await asyncio.to_thread(
            self._stack.enter_context, nss_store.chromium_trust(self.network.ca_file)
        )
        browser = await launch(
            self._playwright,
            executable,
            headless=headless,
            proxy=nowhere.url,
            switches=trusting,
            variables=child_environment() | environ,
        )
        self._stack.push_async_callback(_close, browser)
        await guarding.watch_browser(browser, self._guards, self.hear)
        return browser


@asynccontextmanager
async def _hear_cookies(context: BrowserContext, hear: ExchangeListener) -> AsyncIterator[None]:
    """Report the cookies that each answer to a page sets."""
    from playwright.async_api import Error

    tasks: list[asyncio.Task[None]] = []

    async def tell(response: PageResponse) -> None:
        lines: list[str] = []
        with suppress(Error):  # the page was closed meanwhile
            lines = [each["value"] for each in await response.headers_array() if each["name"].lower() == "set-cookie"]
        hear.cookies(response.request.method, response.url.partition("#")[0], lines)

    context.on("response", lambda response: tasks.append(asyncio.ensure_future(tell(response))))
    yield
    await asyncio.wait_for(asyncio.gather(*tasks), PAGE_TIMEOUT_S)


async def _restored(browser: Browser, proxy: GuardProxy, state: StorageState | None) -> BrowserContext:
    """A context of a session, with its saved state if there is one."""
    from playwright.async_api import Error

    try:
        return await browser.new_context(
            service_workers="block",
            accept_downloads=False,
            storage_state=state,
            proxy={"server": proxy.url, "bypass": guarding.SOCKETS},
        )
    except Error as error:
        raise SignInNeeded(f"the archiver cannot restore the saved session ({first_line(error)})") from None


async def _close(closable: Browser | BrowserContext) -> None:
    from playwright.async_api import Error

    with suppress(Error):  # already crashed, or closed by a person
        await closable.close()


def _named(names: tuple[str, ...], state: StorageState) -> Iterator[str]:
    """Return the values of these cookies and stored tokens in a storage state."""
    for cookie in state.get("cookies", []):
        if cookie["name"] in names:
            yield cookie["value"]
    for origin in state.get("origins", []):
        for item in origin.get("localStorage", []):
            if item["name"] in names:
                yield item["value"]
