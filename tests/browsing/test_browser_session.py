"""Sessions in a real Chromium on recorded sites: what adapters ask of them, and what they promise."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archiver.browsing.attended_sign_in import attend
from archiver.browsing.browser_pool import Browsers
from archiver.browsing.browser_session import PlaywrightSession, _lost
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Listener, Replay
from archiver.browsing.request_pipeline import AnswerLost, SessionAccount
from archiver.core.errors import (
    ArchiverError,
    BrowserRefused,
    ConfigError,
    LayoutChanged,
    PasswordExpired,
    RateLimited,
    SessionExpired,
    SignInNeeded,
    SiteUnavailable,
    SpendRefused,
    WrongPassword,
)
from archiver.home.network import Network
from archiver.provider import Choose, Click, Code, Mode, Phase, ProviderInfo, Purpose, Rule, Rules, SignInOutcome

pytestmark = pytest.mark.anyio
long = partial(pytest.param, marks=pytest.mark.long)

SITE = "https://acme.example.com"
PAGES = ("", "login", "account", "code", "page/*", "file/*", "hop/*")
RULES = Rules(
    allow=(
        *(Rule("GET", f"{SITE}/{page}", query=("again",)) for page in PAGES),
        Rule("POST", f"{SITE}/login", Purpose.SIGN_IN),
        Rule("POST", f"{SITE}/code", Purpose.SIGN_IN),
        Rule("POST", f"{SITE}/search", body=("page",)),
    ),
    refuse=(Rule("*", f"{SITE}/buy/**"),),
    sign_in_hosts=("captcha.example.com",),
)
FORM = "<form method=post><input name=user><input name=password type=password><button>Sign in</button></form>"
CODE = "<form method=post action=/code><input name=code><button>Send</button></form>"
OUTCOMES: dict[str, SignInOutcome] = {
    "#cookies": Click("#accept"),
    "[role=alert]": WrongPassword,
    f"url:{SITE}/expired*": PasswordExpired,
    "input[name=code]": Code("input[name=code]", "button"),
    f"url:{SITE}/account": None,
}


def page(path: str, html: str, *, status: int = 200, headers: str = "", method: str = "GET") -> str:
    url = path if "://" in path else SITE + path
    content = f"content-type: text/html{', ' + headers if headers else ''}"
    text = html.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return (
        f'  - {{request: {{method: {method}, url: "{url}"}}, '
        f'response: {{status: {status}, headers: {{{content}}}, text: "{text}"}}}}\n'
    )


def moved(path: str, to: str, *, method: str = "GET", headers: str = "") -> str:
    return page(path, "", status=302, method=method, headers=f'location: "{to}"{", " + headers if headers else ""}')


@dataclass
class Visit:
    session: PlaywrightSession
    listener: Listener

    @property
    def seen(self) -> list[str]:
        return [f"{each.method} {each.url.removeprefix(SITE)}" for each in self.listener.log]


@dataclass
class Codes:
    """A challenge that hands out these codes."""

    codes: list[str] = field(default_factory=lambda: ["123456"])

    async def code(self) -> str:
        return self.codes.pop(0)


type Open = Callable[..., AbstractAsyncContextManager[Visit]]


@pytest.fixture
def visit(replay: Replay, browsers: Browsers, info: ProviderInfo, record: Callable[[str], Recording]) -> Open:
    """Opens a session on a site that these exchanges describe."""

    @asynccontextmanager
    async def open_site(exchanges: str, **options: Any) -> AsyncIterator[Visit]:
        adapted = replace(info, rules=RULES, home=f"{SITE}/", login_url=f"{SITE}/login", session_secrets=("sid", "jwt"))
        listener = await replay.serve(record(exchanges), RULES)
        session = await browsers.open(adapted, network=listener.network, pacing=Pacing(off=True), **options)
        try:
            yield Visit(session, listener)
        finally:
            await session.close()

    return open_site


SIGN_IN = (
    page("/login", f"<div id=cookies><button id=accept onclick=this.parentNode.remove()>OK</button></div>{FORM}")
    + moved("/login", "/code", method="POST")
    + page("/code", CODE)
    + moved("/code", "/account", method="POST", headers='set-cookie: "sid=RECORDED-SESSION; Secure; HttpOnly"')
    + page("/account", "<h1>Ada Example</h1><script>localStorage.jwt = 'RECORDED-TOKEN'</script>")
)


async def sign_in(
    session: PlaywrightSession,
    *,
    outcomes: Mapping[str, SignInOutcome] = OUTCOMES,
    challenge: Codes | None = None,
    within: float = 10,
) -> None:
    with session.during(Phase.SIGNING_IN):
        await session.goto(f"{SITE}/login")
        await session.fill({"input[name=user]": "ada", "input[name=password]": "secret-of-ada"})
        await session.click("form button")
        await session.settle(outcomes, challenge=challenge or Codes(), within=within)


@pytest.mark.browser
async def test_a_sign_in_takes_its_steps_and_its_session_can_be_saved_and_restored(visit: Open) -> None:
    async with visit(SIGN_IN, account=SessionAccount(secrets={"password": "secret-of-ada"})) as site:
        await sign_in(site.session)
        assert (await site.session.page()).url == f"{SITE}/account"
        assert await site.session.seen("h1") and not await site.session.seen("[role=alert]")
        assert set(site.session.secret_values()) == {"secret-of-ada", "RECORDED-SESSION", "RECORDED-TOKEN"}
        assert site.listener.unknown == [] and site.session.refused == []
        state = await site.session.state()
    restored = "<h1></h1><script>document.querySelector('h1').textContent = localStorage.jwt</script>"
    async with visit(page("/account", restored), state=state) as site:
        assert {"RECORDED-SESSION", "RECORDED-TOKEN"} == set(site.session.secret_values())
        assert "RECORDED-TOKEN</h1>" in (await site.session.goto(f"{SITE}/account")).text
        assert any(cookie["value"] == "RECORDED-SESSION" for cookie in await site.session.context.cookies(SITE))


@pytest.mark.browser
@pytest.mark.parametrize(
    ("after", "error", "words"),
    [
        (page("/login", f"<p role=alert>Wrong  password</p>{FORM}", method="POST"), WrongPassword, "“Wrong password”"),
        (page("/login", "<h1>Something new</h1>", method="POST"), LayoutChanged, "no known way"),
        long(page("/login", "<p role=alert hidden>Wrong</p>", method="POST"), LayoutChanged, "no known way"),
        long(page("/login", CODE, method="POST") + page("/code", CODE, method="POST"), LayoutChanged, "no known way"),
    ],
)
async def test_what_a_sign_in_shows_names_the_error(
    visit: Open, after: str, error: type[ArchiverError], words: str
) -> None:
    async with visit(page("/login", FORM) + after) as site:
        with pytest.raises(error, match=words) as raised:
            await sign_in(site.session, within=1)
        assert raised.value.page and b"<" in raised.value.page.content
        assert "secret-of-ada" not in str(raised.value)
        assert site.seen.count("POST /login") == 1 and site.seen.count("POST /code") <= 1


@pytest.mark.browser
async def test_a_code_is_never_used_twice(visit: Open) -> None:
    again = page("/login", FORM) + page("/login", CODE, method="POST") + page("/code", CODE, method="POST")
    async with visit(again) as site:
        for error in (LayoutChanged, SignInNeeded):
            with pytest.raises(error):
                await sign_in(site.session, challenge=Codes(["111111"]), within=1)
        assert site.seen.count("POST /code") == 1


@pytest.mark.browser
async def test_pages_keep_the_policy_of_plain_requests(visit: Open) -> None:
    exchanges = (
        page("/page/1", "slow down", status=429, headers='retry-after: "1"')
        + page("/page/1", "<p>one</p>")
        + page("/page/2", "no", status=401)
        + moved("/page/3", "/login")
        + page("/login", FORM)
        + page("/page/4", "down", status=500)
    )
    async with visit(exchanges) as site:
        began = time.monotonic()
        answer = await site.session.goto(f"{SITE}/page/1")
        assert (answer.status, "<p>one</p>" in answer.text) == (200, True) and time.monotonic() - began >= 1
        for path, error in (("/page/2", SessionExpired), ("/page/3", SessionExpired), ("/page/4", SiteUnavailable)):
            with pytest.raises(error):
                await site.session.goto(SITE + path)
        assert (await site.session.goto(f"{SITE}/login")).status == 200
        assert site.seen.count("GET /page/4") == 3


@pytest.mark.browser
async def test_spending_is_refused_at_once_at_a_hop_and_in_the_page(visit: Open) -> None:
    exchanges = (
        moved("/hop/1", "/buy/1")
        + page("/buy/1", "bought")
        + page("/page/1", "<button onclick=\"fetch('/buy/1', {method: 'POST'})\">Buy</button><img src=/buy/1>")
    )
    async with visit(exchanges) as site:
        for ask in (site.session.get, site.session.post, site.session.goto):
            with pytest.raises(SpendRefused):
                await ask(f"{SITE}/buy/1")
        for ask in (site.session.get, site.session.goto):
            with pytest.raises(SpendRefused):
                await ask(f"{SITE}/hop/1")
        await site.session.goto(f"{SITE}/page/1")
        await site.session.click("button")
        await site.session.seen("#never", wait=0.5)
        assert {f"GET {SITE}/buy/1", f"POST {SITE}/buy/1"} == set(site.session.refused)
        assert set(site.seen) == {"GET /hop/1", "GET /page/1"}


@pytest.mark.browser
async def test_documents_come_as_sent_and_a_file_is_never_taken_for_a_page(visit: Open, tmp_path: Path) -> None:
    pdf = b"%PDF-1.4\n" + bytes(range(256)) * 40
    (tmp_path / "licence.pdf").write_bytes(pdf)
    request = f'request: {{method: GET, url: "{SITE}/file/1"}}'
    response = "response: {status: 200, headers: {content-type: application/pdf}, body: licence.pdf}"
    exchanges = f"  - {{{request}, {response}}}\n"
    async with visit(exchanges + page("/search", "found", method="POST")) as site:
        answer = await site.session.get(f"{SITE}/file/1")
        assert (answer.content, answer.media_type) == (pdf, "application/pdf")
        assert (await site.session.post(f"{SITE}/search", json={"page": 1})).text == "found"
        with pytest.raises(LayoutChanged):
            await site.session.goto(f"{SITE}/file/1")


@pytest.mark.browser
async def test_an_answer_larger_than_any_document_is_cut_off_and_not_asked_for_again(
    visit: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(2 << 20))
    request = f'request: {{method: GET, url: "{SITE}/file/%d"}}'
    response = "response: {status: 200, headers: {content-type: application/pdf}, body: large.bin}"
    async with visit("".join(f"  - {{{request % number}, {response}}}\n" for number in (1, 2))) as site:
        for number, layer in enumerate(("forward_proxy", "browser_session"), 1):
            monkeypatch.setattr(f"archiver.browsing.{layer}.MAX_ANSWER_BYTES", 1 << 20)
            with pytest.raises(SiteUnavailable, match="no document is so large"):
                await site.session.get(f"{SITE}/file/{number}")
            monkeypatch.undo()
        assert site.seen == ["GET /file/1", "GET /file/2"]


CHOSEN = """<select><option>All<option>2026</select><input type=checkbox><input type=search><input type=password><b></b>
<script>const [box, search, password] = document.querySelectorAll('input');
document.querySelector('select').value = '2026'; box.checked = true; search.value = 'walk'; password.value = 'secret';
document.querySelector('b').attachShadow({mode: 'open'}).innerHTML = '<button>Load more</button>';</script>"""


@pytest.mark.browser
async def test_an_endless_list_is_scrolled_to_its_end(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "<ul></ul><script>let page = 1; const more = async () => {"
        "const text = await (await fetch('/page/' + ++page)).text();"
        "document.querySelector('ul').insertAdjacentHTML('beforeend', text) };"
        "addEventListener('scroll', () => { if (page < 3) more(); }); </script><style>li {height: 2000px}</style>"
    )
    exchanges = (
        page("/page/1", script.replace("<ul>", "<ul><li>1</li>"))
        + page("/page/2", "<li>2</li>")
        + page("/page/3", "<li>3</li>")
        + page("/page/4", script.replace("addEventListener('scroll', () => { if (page < 3) more(); });", "more();"))
        + page("/page/2", "<li>2</li>").replace("status: 200,", "status: 200, delay: 2,")
        + page("/page/5", CHOSEN)
    )
    async with visit(exchanges) as site:
        await site.session.goto(f"{SITE}/page/1")
        for rows in (2, 3, 3):
            await site.session.scroll_to_end()
            assert len(await site.session.rows("li")) == rows
        assert await site.session.rows("li", start=2) == ["<li>3</li>"]
        await site.session.goto(f"{SITE}/page/4")
        await site.session.scroll_to_end("li")
        assert len(await site.session.rows("li")) == 1, "what the page asked for before it was scrolled"
        await site.session.goto(f"{SITE}/page/5")
        for shows in ('<option selected="">2026', '<input type="checkbox" checked="">', 'value="walk"', "Load more"):
            assert shows in (await site.session.page()).text
        assert "secret" not in (await site.session.page()).text.partition("<script>")[0]
        await site.session.tab.evaluate("() => { Document.prototype.importNode = null }")
        assert "<select" in (await site.session.page()).text, "a page that changed what the copy needs is read as it is"
        monkeypatch.setattr("archiver.browsing.browser_session.ELEMENT_TIMEOUT_S", 0.3)
        with pytest.raises(LayoutChanged, match="#missing"):
            await site.session.click("#missing")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("url", "status", "error"),
    [long("/page/2", 500, SiteUnavailable), ("/page/2", 401, SessionExpired), long("/login", 200, SessionExpired)],
)
async def test_an_endless_list_that_cannot_go_on_has_not_ended(
    visit: Open, url: str, status: int, error: type[ArchiverError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.browsing.browser_session.RECOVERY_TIMEOUT_S", 0.1)
    ask = f"() => fetch('{url}').catch(() => 0)"
    when_scrolled, at_once = f"addEventListener('scroll', {ask})", f"({ask})()"
    refused = when_scrolled.replace(url, "/api/downloads"), at_once.replace(url, "/api/downloads")
    shown = {1: "<li>1</li>", 0: "<p>None</p>"}
    fails = [(when_scrolled, 1), (at_once, 1), (at_once, 0), (refused[0], 0), (refused[1], 0)]
    asks = when_scrolled.replace(url, "/page/form")
    goes_on = [(refused[0], 1), (refused[1], 1), (refused[1].replace("downloads", "statistics"), 0)]
    pages = [
        page(f"/page/{100 + number}", f"{shown[rows]}<script>{script}</script><style>body {{height: 2000px}}</style>")
        for number, (script, rows) in enumerate(fails + goes_on)
    ]
    pages += [page("/page/99", f"{shown[1]}<script>{asks}</script>"), page("/page/form", FORM)]
    async with visit("".join(pages) + page(url, "no", status=status)) as site:
        for number, (script, _) in enumerate(fails):
            await site.session.goto(f"{SITE}/page/{100 + number}")
            with pytest.raises(LayoutChanged if script in refused else error):
                await site.session.scroll_to_end("li")
        await site.session.goto(f"{SITE}/page/99")
        await site.session.tab.evaluate("document.body.style.height = '2000px'")
        with pytest.raises(SessionExpired):
            await site.session.scroll_to_end("li")
        for number, _ in enumerate(goes_on, len(fails)):
            await site.session.goto(f"{SITE}/page/{100 + number}")
            await site.session.scroll_to_end("li")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("status", "again"),
    [(503, "'/page/2'"), (429, "'/page/2?again'"), long(503, "'/page/2?again'"), long(429, "'/page/2'")],
)
async def test_an_endless_list_goes_on_where_the_page_itself_overcomes_a_failure(
    visit: Open, status: int, again: str
) -> None:
    """It tries again after a while; beside it something fails that is no part of the list."""
    script = (
        "<ul><li>1</li></ul><script>let begun; const more = async (url) => { const answer = await fetch(url);"
        f"if (!answer.ok) return setTimeout(more, 900, {again});"
        "document.querySelector('ul').insertAdjacentHTML('beforeend', await answer.text()) };"
        "addEventListener('scroll', () => { fetch('/page/news'); if (!begun) more('/page/2'); begun = true; });"
        "</script><style>body {height: 2000px}</style>"
    )
    exchanges = (
        page("/page/1", script)
        + page("/page/2", "busy", status=status, headers='retry-after: "1"')
        + page("/page/2", "<li>2</li>")
        + page("/page/2?again", "<li>2</li>")
        + page("/page/news", "none", status=500)
    )
    async with visit(exchanges) as site:
        await site.session.goto(f"{SITE}/page/1")
        await site.session.scroll_to_end("li")
        assert len(await site.session.rows("li")) == 2


LEAVING = {
    "a download": "location = '/file/1'",
    "a refused one": "location = '/buy/1'",
    "one that leads to a refused one": "location = '/hop/1'",
    "elsewhere": "location = 'https://cdn.example.com/file.zip'",
    "a form": "document.forms[0].submit()",
    "a link": "document.links[0].click()",
    "a file of its own": "Object.assign(document.createElement('a'), "
    "{download: 'x.txt', href: URL.createObjectURL(new Blob(['x']))}).click()",
}


@pytest.mark.browser
@pytest.mark.parametrize("when", ["{}", "onload = () => setTimeout(() => {{ {} }}, 50)"], ids=["at once", "later"])
async def test_a_page_that_starts_a_download_by_itself_stays_readable(visit: Open, when: str) -> None:
    file = page("/file/1", "x", headers="content-disposition: attachment")
    body = (
        "<form method=post action=/order></form><a href=/file/1 download>x</a><script>{}</script><p id=below>rows</p>"
    )
    pages = [page(f"/page/{n}", body.format(when.format(script))) for n, script in enumerate(LEAVING.values())]
    async with visit(file + moved("/hop/1", "/buy/1") + "".join(pages)) as site:
        for number, way in enumerate(LEAVING):
            if "leads to" in way and when != "{}":  # later on it ends in an error that names the address
                continue
            answer = await site.session.goto(f"{SITE}/page/{number}")
            await asyncio.sleep(0.2)
            assert (answer.url, answer.status) == (f"{SITE}/page/{number}", 200), way
            assert await site.session.seen("#below") and "rows" in (await site.session.page()).text, way
        assert {path for path in site.seen if "/page/" not in path} <= {"GET /file/1", "GET /hop/1"}
        refused = {f"GET {SITE}/buy/1", f"POST {SITE}/order", "GET https://cdn.example.com/file.zip"}
        assert set(site.session.refused) == refused


@pytest.mark.browser
async def test_a_click_counts_once_the_page_was_told_however_slow_its_answer(
    visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow machine: the answer takes longer than any wait for a button or an outcome; banners go by themselves."""
    monkeypatch.setattr("archiver.browsing.browser_session.CLICK_TIMEOUT_S", 1.5)
    monkeypatch.setattr("archiver.browsing.browser_session.ELEMENT_TIMEOUT_S", 1.5)
    accepted = (
        f'  - {{request: {{method: POST, url: "{SITE}/login"}}, response: {{status: 302, delay: 3.5, '
        'headers: {location: "/account"}}}\n'
    )
    async with visit(page("/login", FORM) + accepted + page("/account", "<h1>Ada</h1>")) as site:
        await sign_in(site.session, within=1.5)
        assert site.seen.count("POST /login") == 1 and (await site.session.page()).url == f"{SITE}/account"
    monkeypatch.undo()
    leaving = "<script>setTimeout(() => {location = '/account'}, 1000)</script>"
    banner = f"<div id=cookies>Cookies <button id=accept hidden>OK</button></div>{leaving}"
    async with visit(page("/login", banner) + page("/account", "<h1>Ada</h1>")) as site:
        await site.session.goto(f"{SITE}/login")
        await site.session.settle({"#cookies": Click("#accept"), f"url:{SITE}/account": None}, challenge=Codes())


IDENTITY = "https://identity.example.com"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("after", "error", "words"),
    [
        (moved("/login", f"{IDENTITY}/code", method="POST"), SpendRefused, f"GET {IDENTITY}/code"),
        (page("/login", f"<script>location = '{IDENTITY}/next'</script>", method="POST"), SpendRefused,
         f"GET {IDENTITY}/next"),
        (page("/login", "<form method=post action=/next></form><script>document.forms[0].submit()</script>",
              method="POST"), SpendRefused, f"POST {SITE}/next"),
        (page("/login", "<h1>Down</h1>", method="POST", status=503), SiteUnavailable, "/login.* answered 503"),
        long(page("/login", "<h1>Denied</h1>", method="POST", status=403), BrowserRefused, "/login.* answered 403"),
        long(page("/login", "<h1>Slow</h1>", method="POST", status=429), RateLimited, "/login.* answered 429"),
    ],
)  # fmt: skip
async def test_a_refusal_on_the_way_of_a_sign_in_is_told_with_its_address_and_is_no_success(
    visit: Open, after: str, error: type[ArchiverError], words: str
) -> None:
    """Also where being signed in is any page that asks for nothing more."""
    outcomes: dict[str, SignInOutcome] = {"[role=alert]": WrongPassword, "body:not(:has(input[name=password]))": None}
    async with visit(page("/login", FORM) + after) as site:
        with pytest.raises(error, match=words):
            await sign_in(site.session, outcomes=outcomes, within=3)


@pytest.mark.browser
async def test_a_person_at_the_wheel_may_talk_to_declared_identity_hosts_and_still_not_spend(visit: Open) -> None:
    script = (
        "<script>for (const url of ['https://captcha.example.com/solve', '/buy/1', 'https://other.example.com/'])"
        " fetch(url, {method: 'POST', mode: 'no-cors', body: 'x'}).catch(() => 0)</script>"
    )
    exchanges = page("/login", script) + page("https://captcha.example.com/solve", "ok", method="POST")
    for mode, phase, passed in (
        (Mode.STRICT, Phase.SIGNING_IN, False),
        (Mode.SIGN_IN, Phase.READING, False),
        (Mode.SIGN_IN, Phase.SIGNING_IN, True),
    ):
        async with visit(exchanges, mode=mode) as site:
            with site.session.during(phase):
                await site.session.goto(f"{SITE}/login")
                await site.session.seen("#never", wait=0.5)
            assert site.seen == ["GET /login"] + ["POST https://captcha.example.com/solve"] * passed


@dataclass
class ByPage:
    """As much of an adapter as an attended sign-in needs."""

    info: ProviderInfo

    async def signed_in(self, session: PlaywrightSession) -> bool:
        return "Ada" in (await session.goto(f"{SITE}/account")).text


@pytest.mark.browser
async def test_an_attended_sign_in_ends_when_the_person_is_in(visit: Open, info: ProviderInfo) -> None:
    by_hand = "<script>setTimeout(() => document.forms[0].submit(), 300)</script>"
    exchanges = (
        page("/login", FORM + by_hand)
        + moved("/login", "/page/welcome", method="POST", headers='set-cookie: "sid=RECORDED-SESSION; Secure"')
        + page("/page/welcome", "<h1>Welcome</h1>")
        + page("/account", "Ada")
    )
    said: list[str] = []
    async with visit(exchanges, mode=Mode.SIGN_IN) as site:
        await attend(site.session, ByPage(info), f"{SITE}/login", said.append)  # type: ignore[arg-type]  # a part of one
        assert (await site.session.page()).url == f"{SITE}/page/welcome"
        assert said and site.seen[-1] == "GET /account"
    async with visit(page("/login", FORM), mode=Mode.SIGN_IN) as site:
        with pytest.raises(SignInNeeded, match="before the time limit"):
            await attend(site.session, ByPage(info), f"{SITE}/login", said.append, timeout_s=0.5)  # type: ignore[arg-type]  # a part of one


@pytest.mark.browser
async def test_a_platform_that_fails_for_a_moment_does_not_end_an_attended_sign_in(
    visit: Open, info: ProviderInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.browsing.attended_sign_in.ASK_INTERVAL_S", 0.1)
    monkeypatch.setattr("archiver.browsing.request_pipeline.FIRST_RETRY_WAIT_S", 0.01)
    by_hand = "<script>setTimeout(() => document.forms[0].submit(), 300)</script>"
    exchanges = (
        page("/login", FORM + by_hand)
        + moved("/login", "/page/welcome", method="POST", headers='set-cookie: "sid=RECORDED-SESSION; Secure"')
        + page("/page/welcome", "<h1>Welcome</h1>")
        + 3 * page("/account", "busy", status=503)
        + page("/account", "Ada")
    )
    async with visit(exchanges, mode=Mode.SIGN_IN) as site:
        await attend(site.session, ByPage(info), f"{SITE}/login", lambda _: None)  # type: ignore[arg-type]  # a part of one
        assert site.seen.count("GET /account") == 4


@pytest.mark.browser
async def test_the_ca_file_is_trusted_by_pages_and_requests_and_nothing_is_without_it(
    visit: Open, replay: Replay, info: ProviderInfo, record: Callable[[str], Recording]
) -> None:
    site = record(page("/page/1", "<p>one</p>"))
    listener = await replay.serve(site, RULES)
    async with visit(page("/page/1", "<p>one</p>")) as trusting:
        assert "one" in (await trusting.session.goto(f"{SITE}/page/1")).text
        assert "one" in (await trusting.session.get(f"{SITE}/page/1")).text
    async with Browsers(Network()) as browsers:
        session = await browsers.open(replace(info, rules=RULES), network=listener.network, pacing=Pacing(off=True))
        for ask in (session.goto, session.get):
            with pytest.raises(SiteUnavailable, match=r"certificate .* network\.ca_file"):
                await ask(f"{SITE}/page/1")
    assert listener.log == []


@pytest.mark.browser
async def test_a_crashed_browser_is_replaced_and_one_without_a_screen_says_so(
    monkeypatch: pytest.MonkeyPatch, info: ProviderInfo, replay: Replay
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    given: Any = {"network": Network(), "pacing": Pacing(off=True)}
    async with Browsers(Network()) as browsers:
        session = await browsers.open(info, **given)
        assert session.context.browser
        await session.context.browser.close()
        with pytest.raises(SiteUnavailable):
            await session.page()
        await session.close()
        await (await browsers.open(info, **given)).close()
        if sys.platform == "linux":
            with pytest.raises(ConfigError, match="screen"):
                await browsers.open(replace(info, headless=False), **given)


@pytest.mark.browser
async def test_no_variable_of_ours_reaches_chromium(
    monkeypatch: pytest.MonkeyPatch, info: ProviderInfo, replay: Replay
) -> None:
    monkeypatch.setenv("ARCHIVER_KEY", "RECORDED-KEY")
    async with Browsers(Network(ca_file=replay.ca_file)) as browsers:
        session = await browsers.open(info, network=Network(), pacing=Pacing(off=True))
        environments = children()
        assert len(environments) >= 2  # the driver and Chromium, at least
        assert not [variables for variables in environments if b"RECORDED-KEY" in variables]
        await session.close()


def children() -> list[bytes]:
    """The environments of all processes below this one."""
    found, below = [], {os.getpid()}
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        with suppress(OSError):
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in below:
                below.add(int(process.name))
                found.append((process / "environ").read_bytes())
    return found


WORKSPACES = "<ul id=spaces><li><a href=/account>Acme  Ltd</a><li><a href=/page/other>Private</a></ul>"


@pytest.mark.browser
async def test_whose_history_is_read_is_the_accounts_setting_and_never_a_guess(visit: Open) -> None:
    outcomes: dict[str, SignInOutcome] = {
        "#spaces": Choose("#spaces a", setting="workspace"),
        f"url:{SITE}/account": None,
    }
    exchanges = page("/login", WORKSPACES) + page("/account", "Ada")
    for settings, words in (({}, "setting `workspace` is missing"), ({"workspace": "Other"}, "is 'Other'")):
        async with visit(exchanges, account=SessionAccount(settings=settings)) as site:
            await site.session.goto(f"{SITE}/login")
            with pytest.raises(ConfigError, match=f"{words}.*one of: Acme Ltd, Private"):
                await site.session.settle(outcomes, challenge=Codes())
            assert site.seen == ["GET /login"]
    async with visit(exchanges, account=SessionAccount(settings={"workspace": "acme ltd"})) as site:
        await site.session.goto(f"{SITE}/login")
        await site.session.settle(outcomes, challenge=Codes())
        assert site.seen == ["GET /login", "GET /account"]


@pytest.mark.parametrize(
    ("said", "trusted"),
    [
        ("Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://acme.example.com/certificate/1?key=k", False),
        ("APIRequestContext.get: self-signed certificate", False),
        (
            'Page.goto: Navigation to "https://acme.example.com/certificate/1?key=k" is interrupted by another '
            'navigation to "https://acme.example.com/list"',
            True,
        ),
    ],
)
def test_an_address_with_certificate_in_it_is_no_fault_of_the_server_s_certificate(said: str, trusted: bool) -> None:
    meaning = _lost(RuntimeError(said), "https://acme.example.com/certificate/1?key=k")
    assert isinstance(meaning, AnswerLost) == trusted and "key=k" not in str(meaning)
