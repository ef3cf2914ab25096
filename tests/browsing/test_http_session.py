"""The session without a browser, over real HTTP and TLS, through the replay proxy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from archiver.browsing.http_session import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.browsing.request_pipeline import Exchange, RawAnswer, Send
from archiver.core.errors import LayoutChanged, RateLimited, SessionExpired, SiteUnavailable, SpendRefused
from archiver.home.network import Network
from archiver.provider import Phase, ProviderInfo, Request, Rule

pytestmark = pytest.mark.anyio
type Visit = Callable[[str], AbstractAsyncContextManager[Any]]
SITE = "https://acme.example.com"


def exchange(method: str, url: str, response: str, request: str = "") -> str:
    url = url if "://" in url else SITE + url
    return f'  - {{request: {{method: {method}, url: "{url}"{request}}}, response: {{{response}}}}}\n'


def paths(site: Any) -> list[str]:
    return [each.url.removeprefix(SITE) for each in site.listener.log]


async def test_a_sign_in_sets_its_cookies_on_the_redirect_and_the_same_page_then_differs(visit: Visit) -> None:
    moved = 'status: 302, headers: {location: /api/me, set-cookie: ["sid=RECORDED; Secure", "b=2"]}'
    exchanges = (
        exchange("GET", "/api/me", "status: 200, text: anonymous")
        + exchange("POST", "/login", moved, ", form: [user, password]")
        + exchange("GET", "/api/me", "status: 200, json: {name: Ada Example}")
    )
    async with visit(exchanges) as site:
        assert (await site.session.get(SITE + "/api/me")).text == "anonymous"
        with site.session.during(Phase.SIGNING_IN):
            answer = await site.session.post(SITE + "/login", form={"user": "ada", "password": "RECORDED"})
        assert (answer.url, answer.json()) == (SITE + "/api/me", {"name": "Ada Example"})
        assert {each.key: each.value for each in site.session._client.cookie_jar} == {"sid": "RECORDED", "b": "2"}
        assert site.listener.unknown == []


async def test_retry_after_is_kept_for_the_whole_host(visit: Visit) -> None:
    exchanges = (
        exchange("GET", "/api/a", "status: 429, headers: {retry-after: '1'}")
        + exchange("GET", "/api/a", "status: 200, text: a")
        + exchange("GET", "/api/b", "status: 200, text: b")
    )
    async with visit(exchanges) as site:
        begin = time.monotonic()
        first = asyncio.create_task(site.session.get(SITE + "/api/a"))
        await asyncio.sleep(0.3)
        second = await site.session.get(SITE + "/api/b")
        assert time.monotonic() - begin >= 1
        assert ((await first).text, second.text) == ("a", "b")


async def test_a_long_or_endless_retry_after_and_one_after_a_sign_in_are_rate_limited(visit: Visit) -> None:
    exchanges = (
        exchange("GET", "/api/hour", "status: 429, headers: {retry-after: 'Fri, 01 Jan 2100 00:00:00 GMT'}")
        + exchange("GET", "/api/now", "status: 429, headers: {retry-after: '0'}")
        + exchange("POST", "/login", "status: 429, headers: {retry-after: 'Fri, 31 Dec 9999 23:59:59 -0500'}")
    )
    async with visit(exchanges) as site:
        with pytest.raises(RateLimited, match=r"asks to wait \d{8,} s"):
            await site.session.get(SITE + "/api/hour")
        with pytest.raises(RateLimited):
            await site.session.get(SITE + "/api/now")
        with site.session.during(Phase.SIGNING_IN), pytest.raises(RateLimited):
            await site.session.post(SITE + "/login", form={})
        assert paths(site) == ["/api/hour", *["/api/now"] * 5, "/login"]


async def test_what_is_cut_off_is_fetched_again_never_returned_short_and_never_sent_twice(visit: Visit) -> None:
    body = "x" * 5000
    exchanges = (
        exchange("GET", "/api/file", f"status: 200, cut: 3000, text: {body}")
        + exchange("GET", "/api/file", f"status: 200, text: {body}")
        + exchange("GET", "/api/short", f"status: 200, cut: 100, text: {body}")
        + exchange("POST", "/order", "status: 200, cut: 1, text: done")
        + exchange("POST", "/login", "status: 503")
        + exchange("POST", "/search", "status: 503")
        + exchange("POST", "/search", "status: 200, text: found")
    )
    async with visit(exchanges) as site:
        assert (await site.session.get(SITE + "/api/file")).text == body
        for failing in (
            site.session.get(SITE + "/api/short"),
            site.session.post(SITE + "/order", form={}),
            site.session.post(SITE + "/login", form={}),
        ):
            with site.session.during(Phase.SIGNING_IN), pytest.raises(SiteUnavailable):
                await failing
        assert (await site.session.post(SITE + "/search", json={"page": 1})).text == "found"
        assert paths(site) == [
            "/api/file", "/api/file", *["/api/short"] * 3, "/order", "/login", "/search", "/search",
        ]  # fmt: skip


async def test_a_redirect_to_an_address_that_is_none_is_another_layout(info: ProviderInfo) -> None:
    async def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> RawAnswer:
        return RawAnswer(302, {"location": "https://[acme.example.com/"}, b"")

    with pytest.raises(LayoutChanged, match="api/file leads to an invalid address"):
        await Exchange(info, Pacing(off=True)).request(send, "GET", SITE + "/api/file")


async def test_a_client_that_hides_a_cut_is_found_out(info: ProviderInfo) -> None:
    answers = iter([b"half", b"whole..."])

    async def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> RawAnswer:
        return RawAnswer(200, {"content-length": "8"}, next(answers))

    answer = await Exchange(info, Pacing(off=True)).request(send, "GET", SITE + "/api/file")
    assert answer.content == b"whole..."


@pytest.mark.parametrize(
    ("status", "target"),
    [
        (302, "/api/images/1/buy"),
        (307, "https://evil.example.net/"),
        (302, "//evil.example.net/api/x"),
        (302, "/api/images/%2e%2e/order"),
        (302, "/api/%69mages/1/%62uy/"),
        (303, "/order?key=RECORDED"),
    ],
)
async def test_a_redirect_to_what_spends_is_refused_at_the_hop(visit: Visit, status: int, target: str) -> None:
    exchanges = exchange("GET", "/api/list?key=RECORDED", f'status: {status}, headers: {{location: "{target}"}}')
    async with visit(exchanges) as site:
        with pytest.raises(SpendRefused) as error:
            await site.session.get(SITE + "/api/list", query={"key": "RECORDED"})
        assert [f"{error.value.detail}"] == site.session.refused
        assert "RECORDED" not in str(error.value)
        assert paths(site) == ["/api/list?key=RECORDED"]


async def test_requests_that_no_rule_allows_never_leave(visit: Visit) -> None:
    async with visit(exchange("POST", "/rpc", "status: 200", ", match: {command: list}")) as site:
        for refused in (
            site.session.get(SITE + "/order"),
            site.session.post(SITE + "/api/list", form={}),
            site.session.post(SITE + "/rpc", form={"command": "buy"}),
            site.session.post(SITE + "/rpc", json={"command": "list", "x": "&command=buy&"}),
            site.session.get("https://pictures.example.com@evil.example.net/1.jpg"),
        ):
            with pytest.raises(SpendRefused):
                await refused
        await site.session.post(SITE + "/rpc", form={"command": "list"})
        assert paths(site) == ["/rpc"]
        assert len(site.session.refused) == 5


async def test_authorisation_goes_to_the_platform_and_not_along_a_redirect_elsewhere(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges = (
        exchange("GET", "/api/one", 'status: 302, headers: {location: "https://other.example.com/file"}')
        + exchange("GET", "https://other.example.com/file", "status: 200, text: bytes")
        + exchange("GET", "https://pictures.example.com/1.jpg", "status: 200, text: picture")
    )
    async with visit(exchanges) as site:
        sent: list[tuple[str, bool, bool]] = []
        plain: Send = site.session._send

        async def spy(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> RawAnswer:
            sent.append((url, "Authorization" in headers, "x-key" in headers))
            return await plain(method, url, headers, body)

        judged: list[bool] = []
        check = site.session.exchange.check

        def judge(request: Request) -> None:
            judged.append("x-key" in request.headers)
            check(request)

        monkeypatch.setattr(site.session.exchange, "check", judge)
        monkeypatch.setattr(site.session, "_send", spy)
        site.session.authorise({"Authorization": "Bearer ANOTHER-TOKEN"})
        assert (await site.session.get(SITE + "/api/one", headers={"X-Key": "k"})).text == "bytes"
        await site.session.get("https://other.example.com/file")
        await site.session.get("https://pictures.example.com/1.jpg")
        assert judged == [key for _, _, key in sent]
        assert sent == [
            (SITE + "/api/one", True, True),
            ("https://other.example.com/file", False, False),
            ("https://other.example.com/file", True, False),
            ("https://pictures.example.com/1.jpg", False, False),
        ]
        site.session.keep_secret("KEPT")
        assert {"RECORDED-TOKEN", "ANOTHER-TOKEN", "Bearer ANOTHER-TOKEN", "KEPT"} == set(site.session.secret_values())


async def test_expired_sessions_are_named_but_a_refused_sign_in_is_left_to_the_adapter(visit: Visit) -> None:
    exchanges = (
        exchange("GET", "/api/token", "status: 401")
        + exchange("GET", "/api/page", "status: 302, headers: {location: /login?next=page}")
        + exchange("GET", "/login?next=page", "status: 200, text: please sign in")
        + exchange("POST", "/login", "status: 302, headers: {location: /login?next=page}")
    )
    async with visit(exchanges) as site:
        for path in ("/api/token", "/api/page"):
            with pytest.raises(SessionExpired):
                await site.session.get(SITE + path)
        with pytest.raises(SpendRefused, match="only while the archiver signs in"):
            await site.session.post(SITE + "/login", form={})
        with site.session.during(Phase.SIGNING_IN):
            assert (await site.session.post(SITE + "/login", form={})).text == "please sign in"


async def test_a_401_counts_where_the_address_proves_the_session_and_nowhere_else(
    visit: Visit, info: ProviderInfo
) -> None:
    """A picture's host, the host that a picture or a document leads to, and a rule that says so prove nothing."""
    picture, other = "https://pictures.example.com/1.jpg", "https://other.example.com/file"
    exchanges = (
        exchange("GET", picture, "status: 401")
        + exchange("GET", f"{picture}?a", f'status: 302, headers: {{location: "{other}"}}')
        + exchange("GET", f"{picture}?b", "status: 302, headers: {location: https://acme.example.com/login}")
        + exchange("GET", "/login", "status: 200, text: please sign in")
        + exchange("GET", "/api/moved", f'status: 302, headers: {{location: "{other}"}}')
        + exchange("GET", "/api/public", "status: 401")
        + exchange("GET", "/api/account", "status: 401")
        + exchange("GET", other, "status: 401")
    )
    public = Rule("GET", f"{SITE}/api/public", proves_session=False)
    others = [rule for rule in info.rules.allow if not rule.url.endswith("/api/**")]
    named = [Rule("GET", f"{SITE}/api/{name}") for name in ("account", "moved")]
    rules = replace(info.rules, allow=(public, *named, *others))
    async with visit(exchanges) as site:
        site.session.exchange.info = replace(info, rules=rules)
        for url, status in ((picture, 401), (f"{picture}?a", 401), (f"{picture}?b", 200), (f"{SITE}/api/moved", 401),
                            (f"{SITE}/api/public", 401)):  # fmt: skip
            assert (await site.session.get(url)).status == status, url
        for url in (f"{SITE}/api/account", other):
            with pytest.raises(SessionExpired):
                await site.session.get(url)


async def test_other_statuses_are_returned_and_hopeless_ones_named_at_once(visit: Visit) -> None:
    async with visit(exchange("GET", "/api/gone", "status: 404, text: gone")) as site:
        assert (await site.session.get(SITE + "/api/gone")).status == 404
        with pytest.raises(SiteUnavailable, match="599"):
            await site.session.get(SITE + "/api/unheard")
        assert site.listener.unknown == [f"GET {SITE}/api/unheard"]
        assert paths(site) == ["/api/gone", "/api/unheard"]


async def test_endless_redirects_end(visit: Visit) -> None:
    async with visit(exchange("GET", "/api/loop", "status: 302, headers: {location: /api/loop}")) as site:
        with pytest.raises(SiteUnavailable, match="10 times"):
            await site.session.get(SITE + "/api/loop")
        assert len(paths(site)) == 11


async def test_an_untrusted_certificate_is_said_to_be_one(visit: Visit, info: ProviderInfo) -> None:
    async with visit(exchange("GET", "/api/a", "status: 200")) as site:
        network = replace(site.listener.network, ca_file=None)
        async with HttpSession(info, network=network, pacing=Pacing(off=True)) as session:
            with pytest.raises(SiteUnavailable, match=r"does not trust.*network\.ca_file"):
                await session.get(SITE + "/api/a")
        assert paths(site) == []


async def test_no_connection_is_tried_again_and_then_named(info: ProviderInfo) -> None:
    async with HttpSession(info, network=Network("http://127.0.0.1:9", no_proxy=()), pacing=Pacing()) as session:
        with pytest.raises(SiteUnavailable, match="api/a: "):
            await session.get(SITE + "/api/a")


async def test_requests_are_paced_evenly_by_host_and_settings_win_over_the_provider() -> None:
    pacing = Pacing(default=20, hosts={"free.example.com": 0})

    async def took(host: str, requests: int) -> float:
        begin = time.monotonic()
        await asyncio.gather(*(pacing.wait(host, 0.01) for _ in range(requests)))
        return time.monotonic() - begin

    # The upper bounds are far below what the refused rates would take (400 s, 5 s); a busy machine keeps them.
    assert 0.2 <= await took("a.example.com", 5) < 5
    assert await took("free.example.com", 100) < 2.5
    assert await took("b.example.com", 1) < 5
