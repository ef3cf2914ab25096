"""The guard inside the browser: a request leaves Chromium only if a rule allows it.

Two judges see a request before it is sent. The account's judge (`RequestGuard`) gets it from the page and knows the
account; it also disables features of pages that it cannot watch. The browser's judge (`watch_browser`) is nearest to
the network and also sees redirect hops, workers, prefetches, popups, downloads and requests of closing pages.
Permitted requests must still pass the account's proxy.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NotRequired, TypedDict

from archiver.provider import Mode, Request, Rules, SessionPhase

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Route
    from playwright.async_api import Request as PageRequest

    from archiver.browsing.request_pipeline import ExchangeListener

PASSIVE = frozenset({"image", "stylesheet", "font", "script", "media"})
BLOCKED = "net::ERR_BLOCKED_BY_CLIENT"

# What the browser's own process would send by itself, with the account's cookies and past both judges, as Chromium's
# feature names. docs/requests.md lists every such way, how it is closed, and its test.
BROWSER_REQUESTS = (
    "FedCm", "FedCmAutofill", "FedCmDelegation", "FedCmIdPRegistration", "FedCmLightweightMode",
    "FedCmNavigationInterception", "EmailVerificationProtocol", "WebIdentityDigitalCredentials",
    "WebIdentityDigitalCredentialsCreation", "DeviceBoundSessions",
    "PaymentRequest", "WebPayments", "SecurePaymentConfirmation", "ServiceWorkerPaymentApps",
    "Reporting", "NetworkErrorLogging", "FetchLaterAPI", "AttributionReporting", "PrivateAggregationApi", "Fledge",
    "InterestGroupStorage", "SharedStorageAPI", "BrowsingTopics", "PrivateStateTokens", "FencedFrames",
    "BackgroundFetch", "WebAppInstallation", "AIPromptAPI", "TranslationAPI",
    "Prerender2", "Prerender2FallbackPrefetchSpecRules", "SpeculationRulesPrefetch",
    "AutofillServerCommunication", "OptimizationHints", "NetworkTimeServiceQuerying", "Translate", "MediaRouter",
)  # fmt: skip

# Chromium's switches. Host names resolve nowhere but in our proxies. Reports and lookups of the browser itself are off,
# and so is speculation, which no judge sees: no prerendering, and a prefetch scheduler with room for nothing. The
# features that Playwright sets are repeated, because only the last such switch counts.
SWITCHES = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-quic",
    *(f"--{name}=disable_non_proxied_udp" for name in ("force-webrtc-ip-handling-policy", "webrtc-ip-handling-policy")),
    f"--disable-blink-features={','.join(BROWSER_REQUESTS)}",
    f"--disable-features={','.join(BROWSER_REQUESTS)},"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "AimEnabled,PreconnectToSearch",
    "--enable-features=PrefetchSchedulerTesting:kPrefetchSchedulerTestingActiveSetSizeLimitForBase/0"
    "/kPrefetchSchedulerTestingActiveSetSizeLimitForBurst/0,"
    "CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies",
)

# WebSockets are the one kind of request that Chromium shows to nobody beforehand. They alone bypass the proxy, and
# without a proxy no name resolves (see SWITCHES): they end where they start, in workers too. Those to this machine go
# to the proxy, which refuses them, because its own address must resolve. The last pattern counts.
SOCKETS = "ws://*,wss://*,<-loopback>"

# Taken from every page and frame before its own scripts run: what Chromium starts without asking either judge.
# A link with `download` becomes a plain link: of several downloads at once Chromium shows only the first.
DISARM = """
for (const name of ['SharedWorker', 'WebTransport', 'WebSocketStream', 'RTCPeerConnection', 'webkitRTCPeerConnection',
  'IdentityCredential', 'IdentityProvider', 'DigitalCredential', 'PaymentRequest', 'fetchLater', 'sharedStorage',
  'fence', 'PresentationRequest', 'SpeechRecognition', 'webkitSpeechRecognition', 'LanguageModel', 'Translator',
  'LanguageDetector', 'Summarizer', 'Writer', 'Rewriter', 'Proofreader'])
  delete globalThis[name];
const calls = {
  Navigator: ['joinAdInterestGroup', 'updateAdInterestGroups', 'runAdAuction', 'login', 'install', 'presentation'],
  Document: ['browsingTopics', 'requestStorageAccessFor'],
};
for (const owner in calls) for (const name of calls[owner]) delete globalThis[owner]?.prototype[name];

// Of credentials only passkeys for this very site are left: all others make the browser itself ask elsewhere.
for (const way of ['get', 'create']) {
  const container = globalThis.CredentialsContainer?.prototype, before = container?.[way];
  if (before) container[way] = async function ({publicKey, mediation, signal} = {}) {
    const options = {...publicKey}, rp = {...options.rp}, own = location.hostname;
    const id = String((way === 'get' ? options.rpId : rp.id) ?? own);
    if (!publicKey || id !== own && !own.endsWith(`.${id}`)) throw new DOMException('Not offered', 'NotAllowedError');
    if (way === 'get') options.rpId = id; else options.rp = {...rp, id};
    return before.call(this, {publicKey: options, ...(mediation && {mediation}), ...(signal && {signal})});
  };
}

const speculative = (node) => node.nodeName === 'SCRIPT' && node.type === 'speculationrules';
new MutationObserver((changes) => {
  for (const {target, addedNodes} of changes) for (const node of [target, ...addedNodes]) {
    if (speculative(node)) node.remove();
    for (const inner of node.querySelectorAll?.('script') ?? []) if (speculative(inner)) inner.remove();
  }
}).observe(document, {childList: true, subtree: true});

const plain = (node) => { for (; node; node = node.parentNode ?? node.host) node.removeAttribute?.('download'); };
const {click} = HTMLElement.prototype, {dispatchEvent} = EventTarget.prototype;
HTMLElement.prototype.click = function () { plain(this); return click.call(this); };
EventTarget.prototype.dispatchEvent = function (event) { plain(this); return dispatchEvent.call(this, event); };
addEventListener('click', (event) => plain(event.composedPath()[0]), true);
"""

log = logging.getLogger(__name__)


@dataclass(eq=False)
class RequestGuard:
    """One account's judge. `refused` lists each refused active request, as `METHOD url` without the query."""

    rules: Rules
    mode: Mode = Mode.STRICT
    phase: SessionPhase = field(default_factory=SessionPhase)
    refused: list[str] = field(default_factory=list)

    def permits(self, method: str, url: str, body: bytes | None, kind: str, headers: Mapping[str, str]) -> bool:
        """`kind` is Chromium's resource type in lower case. A page never gets a new token for the adapter."""
        request = Request(method, url, body, kind in PASSIVE, headers)
        permitted = self.rules.permit(request, self.mode, self.phase.now)
        return permitted and (self.mode is Mode.OBSERVE or not self.rules.refreshes(request))

    def refuse(self, method: str, url: str, kind: str) -> None:
        """Record a refusal once. Refused pictures and scripts are not recorded, only requests that act."""
        line = f"{method} {url.split('?')[0].split('#')[0]}"
        log.info("refused in the page: %s (%s)", line, kind)
        if kind not in PASSIVE and line not in self.refused:
            self.refused.append(line)

    async def watch(self, context: BrowserContext) -> None:
        """Guard every page of a context, now and later."""
        await context.add_init_script(DISARM)
        await context.route("**/*", self._judge)
        await context.route_web_socket("**/*", lambda socket: socket.close())
        context.on("requestfailed", self._notice)

    async def _judge(self, route: Route) -> None:
        from playwright.async_api import Error

        request = route.request
        permitted = self.permits(
            request.method, request.url, request.post_data_buffer, request.resource_type, request.headers
        )
        if not permitted:
            self.refuse(request.method, request.url, request.resource_type)
        with suppress(Error):  # the page was closed meanwhile
            await (route.continue_() if permitted else route.abort("blockedbyclient"))

    def _notice(self, request: PageRequest) -> None:
        """Record a request that the browser's judge refused, mostly a redirect hop. Playwright knows its account."""
        if request.failure and BLOCKED in request.failure:
            self.refuse(request.method, request.url, request.resource_type)


def close_popups(context: BrowserContext) -> None:
    """Close every page that a page opens. In unattended sessions, only our own pages exist."""

    async def close(page: Page) -> None:
        await page.close()

    def watch(page: Page) -> None:
        page.on("popup", close)

    for page in context.pages:
        watch(page)
    context.on("page", watch)


async def watch_browser(
    browser: Browser, guards: Collection[RequestGuard], hear: ExchangeListener | None
) -> CDPSession:
    """Judge every request of the whole browser: one of the open guards must permit it.

    Chromium does not tell here to which account a request belongs; the account's own judge and proxy know it. `hear`
    receives every answer before the page does, because Chromium forgets bodies when a page is left.
    """
    session = await browser.new_browser_cdp_session()
    watch, tasks = _BrowserWatch(session, guards, hear), set[asyncio.Task[None]]()

    def paused(event: PausedRequest) -> None:
        done = "responseStatusCode" in event or "responseErrorReason" in event
        task = asyncio.ensure_future(watch.answered(event) if done else watch.asked(event))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    session.on("Fetch.requestPaused", paused)
    stages = ("Request", "Response") if hear else ("Request",)
    await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "requestStage": each} for each in stages]})
    return session


class _HeaderEntry(TypedDict):
    name: str
    value: str


class _BrowserRequest(TypedDict):
    """`Network.Request` of Chromium's protocol, as far as it is read here."""

    url: str
    method: str
    headers: dict[str, str]
    hasPostData: NotRequired[bool]
    postDataEntries: NotRequired[list[dict[str, str]]]


class PausedRequest(TypedDict):
    """`Fetch.requestPaused` of Chromium's protocol, as far as it is read here."""

    requestId: str
    request: _BrowserRequest
    resourceType: str
    networkId: NotRequired[str]
    responseStatusCode: NotRequired[int]
    responseErrorReason: NotRequired[str]
    responseHeaders: NotRequired[list[_HeaderEntry]]


@dataclass(frozen=True)
class _BrowserWatch:
    """Lets each paused request of a browser pass, or refuses it."""

    session: CDPSession
    guards: Collection[RequestGuard]
    hear: ExchangeListener | None

    async def asked(self, event: PausedRequest) -> None:
        """A request waits for a verdict."""
        from playwright.async_api import Error

        try:
            if self._permits(event):
                await self.session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
            else:
                said, kind = event["request"], event["resourceType"].lower()
                log.info("refused in the browser: %s %s (%s)", said["method"], said["url"].split("?")[0], kind)
                failure = {"requestId": event["requestId"], "errorReason": "BlockedByClient"}
                await self.session.send("Fetch.failRequest", failure)
        except Error as error:
            log.debug("the request was gone before it was judged: %s", error.message)

    def _permits(self, event: PausedRequest) -> bool:
        request, kind = event["request"], event["resourceType"].lower()
        if not request["url"].startswith(("http:", "https:")):
            return True  # the browser's own pages
        if any(guard.mode is Mode.OBSERVE for guard in self.guards):
            return True  # only a person works in this browser
        if kind == "document" and "networkId" not in event:
            return False  # a download: Chromium follows its redirects without asking again
        body = _body(request)
        if body is None and request.get("hasPostData"):
            return False  # nobody has seen what it sends
        said = request["method"], request["url"], body, kind, request["headers"]
        return any(guard.permits(*said) for guard in self.guards)

    async def answered(self, event: PausedRequest) -> None:
        """An answer waits to be heard."""
        from playwright.async_api import Error

        with suppress(Error):  # the page was closed meanwhile
            if self.hear and "responseStatusCode" in event:
                await self._report(self.hear, event)
            await self.session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    async def _report(self, hear: ExchangeListener, event: PausedRequest) -> None:
        status, body = event["responseStatusCode"], b""
        headers = [(each["name"], each["value"]) for each in event.get("responseHeaders", ())]
        if not 300 <= status < 400:  # Chromium has no body of a redirect
            got = await self.session.send("Fetch.getResponseBody", {"requestId": event["requestId"]})
            body = base64.b64decode(got["body"]) if got["base64Encoded"] else got["body"].encode()
        asked, passive = event["request"], event["resourceType"].lower() in PASSIVE
        request = Request(asked["method"], asked["url"].partition("#")[0], _body(asked), passive=passive)
        hear(request, asked["headers"].items(), status, headers, body, by_page=True)


def _body(request: _BrowserRequest) -> bytes | None:
    """Return a request's body if Chromium shows all of it. None if it is empty or stored elsewhere (files, blobs)."""
    entries = request.get("postDataEntries", [])
    if entries and all("bytes" in entry for entry in entries):
        return b"".join(base64.b64decode(entry["bytes"]) for entry in entries)
    return None
