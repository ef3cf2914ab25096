"""What both judges of a browser decide at the edge, without a browser: its protocol is played by a list of events."""

from __future__ import annotations

import asyncio
import base64
import gc
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from playwright.async_api import Error

from archiver.browsing.request_guard import BLOCKED, DISARM, PausedRequest, RequestGuard, close_popups, watch_browser
from archiver.provider import Mode, Phase, Purpose, Request, Rule, Rules

LIST, RPC, PICTURE = "https://acme.example.com/list", "https://acme.example.com/rpc", "https://cdn.example.com/1.jpg"
RULES = Rules(
    allow=(Rule("GET", LIST), Rule("POST", RPC, fields={"command": "list"})), assets=("https://cdn.example.com/**",)
)
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Protocol:
    """The session of a browser: what was sent to it, and the listener for its paused requests."""

    def __init__(self, body: bytes = b"", *, gone: bool = False) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.body, self.gone = body, gone

    async def new_browser_cdp_session(self) -> Protocol:
        return self

    def on(self, _: str, paused: Callable[[PausedRequest], None]) -> None:
        self.paused = paused

    async def send(self, method: str, said: dict[str, Any]) -> dict[str, Any]:
        if self.gone and method != "Fetch.enable":
            raise Error("the page was closed")
        self.sent.append((method, said))
        encoded = base64.b64encode(self.body).decode()
        return {"body": encoded, "base64Encoded": True}


def judged(
    event: dict[str, Any], *guards: RequestGuard, session: Protocol | None = None, hear: Any = None
) -> list[str]:
    """What the browser is told about one paused request, by the methods of its protocol."""
    protocol = session or Protocol()

    async def play() -> None:
        await watch_browser(protocol, guards, hear)  # type: ignore[arg-type]  # as much of a browser as is asked
        protocol.paused(event)  # type: ignore[arg-type]  # a part of one
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(play())
    assert protocol.sent[0][0] == "Fetch.enable"
    return [method.removeprefix("Fetch.") for method, _ in protocol.sent[1:]]


def asked(method: str = "GET", url: str = LIST, kind: str = "XHR", **more: Any) -> dict[str, Any]:
    request = {"method": method, "url": url, "headers": {}} | more.pop("request", {})
    return {"requestId": "1", "networkId": "1", "resourceType": kind, "request": request} | more


def posted(*entries: bytes | None, **more: Any) -> dict[str, Any]:
    parts = [{"bytes": base64.b64encode(each).decode()} if each is not None else {} for each in entries]
    return {"request": {"headers": FORM, "hasPostData": True, "postDataEntries": parts} | more}


STRICT = RequestGuard(RULES)
NOTHING = RequestGuard(Rules(allow=()))
PASSED, REFUSED = ["continueRequest"], ["failRequest"]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (asked(), PASSED),
        (asked(url="https://acme.example.com/other"), REFUSED),
        (asked(url="about:blank"), PASSED),
        (asked(url="http://acme.example.com/list"), REFUSED),
        (asked(url=PICTURE, kind="Image"), PASSED),
        (asked(url=PICTURE, kind="XHR"), REFUSED),
        (asked(kind="Document"), PASSED),
        ({name: value for name, value in asked(kind="Document").items() if name != "networkId"}, REFUSED),
        ({name: value for name, value in asked().items() if name != "networkId"}, PASSED),
        (asked("POST", RPC, **posted(b"command=list")), PASSED),
        (asked("POST", RPC, **posted(b"comm", b"and=list")), PASSED),
        (asked("POST", RPC, **posted(b"command=", b"buy")), REFUSED),
        (asked("POST", RPC, **posted(b"command=list", None)), REFUSED),
        (asked("POST", f"{RPC}?command=list", **posted(None)), REFUSED),
        (asked("POST", f"{RPC}?command=list", **posted()), REFUSED),
        (asked("POST", f"{RPC}?command=list", **posted(hasPostData=False)), PASSED),
        (asked("POST", RPC, **posted(b"command=list", headers=FORM | {"X-HTTP-Method": "PUT"})), REFUSED),
    ],
)
def test_a_request_passes_only_as_a_rule_has_it(event: dict[str, Any], told: list[str]) -> None:
    assert judged(event, STRICT) == told


def test_a_page_gets_a_new_token_only_for_a_person() -> None:
    token = Rule("POST", "https://acme.example.com/token", Purpose.REFRESH, {"grant": "refresh"})
    said = ("POST", token.url, b"grant=refresh", "xhr", FORM)
    signing = RequestGuard(Rules(allow=(token,)))
    with signing.phase.during(Phase.SIGNING_IN):
        assert signing.rules.permit(Request(*said[:3], headers=FORM), phase=signing.phase.now)
        assert not signing.permits(*said) and RequestGuard(signing.rules, Mode.OBSERVE).permits(*said)


def test_one_of_the_open_guards_suffices_and_none_permits_nothing() -> None:
    assert judged(asked(), NOTHING, STRICT) == judged(asked(), STRICT, NOTHING) == PASSED
    assert judged(asked(), NOTHING, NOTHING) == judged(asked()) == REFUSED
    person = RequestGuard(Rules(allow=()), Mode.OBSERVE)
    assert judged(asked("POST", "https://elsewhere.example/buy"), NOTHING, person) == PASSED
    assert judged(asked(url=LIST), RequestGuard(Rules(allow=()), Mode.SIGN_IN)) == REFUSED


def test_a_request_that_is_gone_breaks_nothing() -> None:
    assert judged(asked(), STRICT, session=Protocol(gone=True)) == []
    answer = asked(responseStatusCode=200)
    assert judged(answer, STRICT, session=Protocol(gone=True), hear=lambda *_, **__: None) == []


def test_answers_are_heard_before_they_go_on_and_a_redirect_has_no_body() -> None:
    heard: list[tuple[Request, int, bytes]] = []

    def hear(request: Request, _: Iterable[object], status: int, __: object, body: bytes, *, by_page: bool) -> None:
        assert by_page
        heard.append((request, status, body))

    for status, body in ((299, b"x"), (300, b""), (399, b""), (400, b"x")):
        told = judged(
            asked(url=f"{LIST}#top", kind="Image", responseStatusCode=status), STRICT, session=Protocol(b"x"), hear=hear
        )
        assert told == (["getResponseBody"] if body else []) + PASSED
        request, *said = heard.pop()
        assert (request.url, request.passive, said) == (LIST, True, [status, body])
    for answer in (asked(responseErrorReason="Failed"), asked(responseStatusCode=200)):
        told = judged(answer, STRICT, hear=hear if "responseErrorReason" in answer else None)
        assert told == PASSED and not heard
    judged(asked(responseStatusCode=200), STRICT, hear=hear)
    assert not heard.pop()[0].passive


def test_only_what_acts_is_recorded_once_and_without_what_follows_the_path() -> None:
    guard = RequestGuard(RULES)
    for url in (f"{RPC}?command=buy", f"{RPC}#x", RPC):
        guard.refuse("POST", url, "xhr")
    guard.refuse("GET", RPC, "fetch")
    for kind in ("image", "stylesheet", "font", "script", "media"):
        guard.refuse("GET", PICTURE, kind)
    assert guard.refused == [f"POST {RPC}", f"GET {RPC}"]


class Route:
    """A request of a page that waits for the account's judge."""

    def __init__(self, url: str, kind: str = "xhr", *, gone: bool = False) -> None:
        self.method, self.post_data_buffer, self.headers = "GET", None, dict[str, str]()
        self.url, self.resource_type, self.gone, self.request = url, kind, gone, self
        self.done: list[str] = []

    async def continue_(self) -> None:
        if self.gone:
            raise Error("the page was closed")
        self.done.append("continued")

    async def abort(self, reason: str) -> None:
        self.done.append(reason)


class Context:
    """The pages of an account: what was put into them, and who listens."""

    def __init__(self) -> None:
        self.scripts, self.closed, self.heard = list[str](), list[str](), dict[str, Any]()
        self.pages = [self]

    async def add_init_script(self, script: str) -> None:
        self.scripts.append(script)

    async def route(self, _: str, judge: Any) -> None:
        self.judge = judge

    async def route_web_socket(self, *_: object) -> None: ...

    def on(self, event: str, hear: Any) -> None:
        self.heard[event] = hear

    async def close(self) -> None:
        self.closed.append("page")


def test_the_account_s_judge_lets_a_request_pass_or_records_and_ends_it() -> None:
    guard, context = RequestGuard(RULES), Context()
    asyncio.run(guard.watch(context))  # type: ignore[arg-type]  # as much of one as is asked
    assert context.scripts == [DISARM]
    for route, done in (
        (Route(LIST), "continued"),
        (Route(RPC), "blockedbyclient"),
        (Route(PICTURE, "image"), "continued"),
        (Route("https://elsewhere.example/1.jpg", "image"), "blockedbyclient"),
    ):
        asyncio.run(context.judge(route))
        assert route.done == [done]
    assert guard.refused == [f"GET {RPC}"]
    asyncio.run(context.judge(Route(LIST, gone=True)))


def test_every_page_that_a_page_opens_is_closed_also_of_pages_that_come_later() -> None:
    context, later, popup = Context(), Context(), Context()
    close_popups(context)  # type: ignore[arg-type]  # as much of one as is asked
    context.heard["page"](later)
    for page in (context, later):
        asyncio.run(page.heard["popup"](popup))
    assert popup.closed == ["page", "page"] and not context.closed


def test_a_request_that_waits_is_not_forgotten_and_one_that_went_on_is() -> None:
    class Waits(Protocol):
        async def send(self, method: str, said: dict[str, Any]) -> dict[str, Any]:
            if method != "Fetch.enable":
                wait = asyncio.get_running_loop().create_future()
                self.wait, self.task = weakref.ref(wait), weakref.ref(asyncio.current_task())
                await wait
            return {}

    async def play() -> list[bool]:
        browser: Any = Waits()
        await watch_browser(browser, [STRICT], None)
        browser.paused(asked())
        await asyncio.sleep(0)
        kept = []
        for done in (False, True):
            if done:
                browser.wait().set_result(None)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            gc.collect()
            kept.append(browser.task() is not None)
        return kept

    assert asyncio.run(play()) == [True, False]


def test_only_who_listens_makes_the_browser_wait_with_answers() -> None:
    hears: list[tuple[Any, list[str]]] = [(None, ["Request"]), (lambda *_, **__: None, ["Request", "Response"])]
    for hear, stages in hears:
        protocol = Protocol()
        browser: Any = protocol
        assert asyncio.run(watch_browser(browser, [], hear)) is browser
        ((_, said),) = protocol.sent
        assert [each["requestStage"] for each in said["patterns"]] == stages


def test_of_requests_that_fail_only_those_that_the_browser_s_judge_refused_are_recorded() -> None:
    class Failed:
        method, url, resource_type = "GET", LIST, "document"

        def __init__(self, failure: str | None) -> None:
            self.failure = failure

    context = Context()
    guard = RequestGuard(RULES)
    asyncio.run(guard.watch(context))  # type: ignore[arg-type]  # as much of one as is asked
    for failure in (None, "net::ERR_ABORTED"):
        context.heard["requestfailed"](Failed(failure))
    assert guard.refused == []
    context.heard["requestfailed"](Failed(BLOCKED))
    assert guard.refused == [f"GET {LIST}"]
