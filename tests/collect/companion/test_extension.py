"""The extension in a real Chromium, against a simulated platform and a real desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests.support import papers
from tests.support.agency import agency
from tests.support.companion_kit import CompanionDesk, companion_desk, desk_of
from tests.support.desk_kit import playwright
from tests.support.extension_kit import (
    BEARER,
    CANARIES,
    CDN,
    CSRF,
    ELEMENTS,
    FREEPIK,
    OTHER,
    SIGNED,
    Answer,
    Companion,
    Shop,
    companion,
    shop,
)

__all__ = ["playwright"]
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("full_browser")]

SIGNED_URL = f"https://{CDN}/walk.jpg?Expires=1999999999&Signature={SIGNED}"
PAGE = """<!doctype html><title>Walk {n}</title><meta name=csrf-token content={csrf}><h1>Walk by the sea {n}</h1>
<script>window.state = {{"accessToken": "{bearer}"}}; const cookie = document.cookie;</script>
<!-- {csrf} --><input type=hidden name=_csrf value={csrf}>
<a id=link href=/d/{n}.jpg>download</a> <a id=redirect href=/r/{n}>elsewhere</a> <a href="{signed}">direct</a>
<form method=post action=/post/{n}><input type=hidden name=csrf value={csrf}><button id=post>buy again</button></form>
<button id=blob>blob</button><script>
localStorage.setItem("token", "{bearer}");
document.querySelector("#blob").onclick = () => {{
  const link = Object.assign(document.createElement("a"), {{download: "walk_{n}.jpg"}});
  link.href = URL.createObjectURL(new Blob(["JPEG"])); link.click();
}};</script>"""
HOSTILE = (
    """<!doctype html><title><script>alert(1)</script><img src=x onerror=alert(1)></title>
<form name=documentElement></form><img name=body src=data:,><img name=cookie src=data:,><form name=createElement></form>
<a id=link href=/d/{n}.jpg>download</a>
<a href="https://www.freepik.com/profile/license/pdf/../../../api/x/download?resource={n}">certificate</a>
<a href="https://www.freepik.com/profile/license/pdf/%2e%2e/api/download/{n}">certificate</a>
<table>"""
    + "".join(f"<tr><td><time>{each}</time>row</td></tr>" for each in range(10_000))
    + """</table><script>
window.has_runtime = Boolean(window.chrome?.runtime?.sendMessage);
window.has_storage = Boolean(window.chrome?.storage?.local);
try {{
  chrome.runtime.sendMessage({{wish: "state"}}, (answer) => document.title = JSON.stringify(answer));
}} catch {{ }}
postMessage({{wish: "state"}}, "*");
addEventListener("message", () => window.heard = (window.heard ?? 0) + 1);
for (const target of [document, window]) for (const type of ["keydown", "keyup"])
  target.dispatchEvent(new KeyboardEvent(type, {{code: "KeyA", altKey: true, shiftKey: true, bubbles: true}}));
Node.prototype.cloneNode = () => {{ throw new Error("mine"); }};
</script>"""
)
SENT: list[int] = []
CERTIFICATES = {7654321 + number: papers.freepik(number) for number in range(1, 301)}


def site(method: str, host: str, path: str) -> Answer | None:
    path, _, query = path.partition("?")
    name = path.rpartition("/")[2]
    picture = Answer(b"JPEG" * 99, "image/jpeg", saved=f"walk_{name}")
    match host, method, path.split("/")[1:]:
        case "www.freepik.com", "GET", ["photo", _]:
            number = int(name.removesuffix(".htm").rpartition("_")[2])
            return Answer(PAGE.format(n=number, csrf=CSRF, bearer=BEARER, signed=SIGNED_URL).encode())
        case "www.freepik.com", "GET", ["hostile", _]:
            asset = name.removesuffix(".htm").rpartition("_")[2]
            return Answer(HOSTILE.format(n=asset, rows="<tr><td><time>1</time>row</td></tr>" * 10_000).encode())
        case "www.freepik.com", "GET", ["profile", "license", "pdf", "666"]:
            return Answer(location="/api/regular/download?resource=666")
        case "www.freepik.com", "GET", ["profile", "license", "pdf", "667"]:
            return Answer(_endless(), "application/pdf")
        case "www.freepik.com", "GET", ["profile", "license", "pdf", number] if int(number) in CERTIFICATES:
            return Answer(CERTIFICATES[int(number)].pdf(), "application/pdf")
        case "www.freepik.com", "GET", ["d", _]:
            return picture
        case "www.freepik.com", "POST", ["post", _]:
            return Answer(b"JPEG" * 99, "image/jpeg", saved=f"walk_{name}.jpg")
        case "www.freepik.com", "GET", ["r", _]:
            return Answer(location=f"https://{CDN}/hop?token={SIGNED}")
        case "cdn.example", "GET", ["hop"]:
            return Answer(location=SIGNED_URL)
        case "cdn.example", "GET", ["walk.jpg"]:
            return Answer(b"JPEG" * 99, "image/jpeg", saved="walk.jpg")
        case "elements.envato.com", "GET", ["account", "downloads"]:
            return _downloads(int(query.removeprefix("page=") or 1))
        case "elements.envato.com", "GET", ["account", "downloads", code, "license-certificate.txt"]:
            number = next(n for n in range(1, 100) if papers.elements("default", n).licences[0]["licence_id"] == code)
            return Answer(papers.elements("default", number).text.encode(), "text/plain")
        case "shop.example", "GET", ["certificate.html"]:
            lines = "".join(f"<p>{line}</p>" for line in papers.market_2017(5).text.splitlines())
            return Answer(f"<!doctype html><title>Licence</title>{lines}".encode())
        case "shop.example", "GET", ["licence.pdf"]:
            return Answer(papers.market_2017(6).pdf(), "application/pdf")
    return None


ROWS_PER_PAGE = {"": 2}
PAGES = 3


def _endless() -> Iterator[bytes]:
    """300 MB; `SENT` has a mark for each megabyte that was taken."""
    for _ in range(300):
        SENT.append(1)
        yield b"%PDF-" + b"x" * (1 << 20)


def _downloads(page: int) -> Answer:
    rows, per_page = [], ROWS_PER_PAGE[""]
    for number in range((page - 1) * per_page + 1, page * per_page + 1):
        facts = papers.elements("default", number).licences[0]
        code = facts["licence_id"]
        rows.append(f'<li data-item-id={facts["asset_id"]}><a href=/x-{number}>{facts["title"]}</a> '
                    f'<a href="/account/downloads/{code}/license-certificate.txt">certificate</a></li>')  # fmt: skip
    following = f'<a rel=next href="/account/downloads?page={page + 1}">next</a>' if page < PAGES else ""
    html = f"<!doctype html><title>My Downloads</title><ul id=downloads>{''.join(rows)}</ul>{following}"
    return Answer(html.encode(), headers={"cache-control": "no-store"})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompanionDesk]:
    with companion_desk(tmp_path_factory.mktemp("desk")) as served:
        yield served


@pytest.fixture(scope="module")
def platform() -> Iterator[Shop]:
    with shop(site) as served:
        yield served


@pytest.fixture(scope="module")
def paired(
    playwright: Playwright,
    desk: CompanionDesk,
    platform: Shop,
    full_browser: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Companion]:
    watched = (FREEPIK, ELEMENTS, OTHER)
    with companion(playwright, tmp_path_factory.mktemp("browser"), platform, watched) as made:
        made.pair(desk.base, desk.owner.code())
        yield made


def test_each_way_to_download_is_secured_with_its_certificate(
    paired: Companion, desk: CompanionDesk, platform: Shop
) -> None:
    paired.wish("choose", host=FREEPIK, client="acme", job="Spring")
    page = paired.context.new_page()
    for number, (way, asset) in enumerate(zip(("link", "redirect", "post", "blob"), CERTIFICATES, strict=False), 1):
        page.goto(f"https://{FREEPIK}/photo/walk_{asset}.htm")
        with page.expect_download():
            page.click(f"#{way}")
        newest = paired.secured(number)[0]
        assert (newest["outcome"], newest["clientName"], newest["missed"]) == ("archived", "Acme Ltd", []), (
            way,
            newest,
        )
    page.close()
    found = desk.at.run.json("find", "Walk", "--client", "acme")
    assert {each["asset_id"] for each in found} == {str(each) for each in list(CERTIFICATES)[:4]}
    names = [{doc["name"] for doc in desk.at.run.json("show", each["licence"])["documents"]} for each in found]
    assert all({"companion-certificate.pdf", "companion-page.mhtml"} <= each for each in names)
    # The extension asked for nothing but the documents.
    assert all("/profile/license/pdf/" in each for each in platform.addresses(of_extension=True))
    everything = [path.read_bytes() for path in desk.at.home.root.rglob("*") if path.is_file()]
    assert not [canary for canary in CANARIES for each in everything if canary.encode() in each]
    assert paired.window.evaluate("() => chrome.alarms.getAll()") == []  # nothing waits, so nothing ticks
    assert desk.at.run.json("verify", "--client", "acme")["state"] == "PROVEN"


@pytest.mark.long  # the ways to take things: above; what the desk makes of pages: test_way_in.py
def test_archive_this_takes_a_page_with_its_picture_and_a_pdf_from_the_cache(
    paired: Companion, desk: CompanionDesk, platform: Shop
) -> None:
    before = len(paired.wish("state")["history"])
    paired.wish("choose", host=OTHER, client="beta", job="")
    page = paired.context.new_page()
    page.goto(f"https://{OTHER}/certificate.html")
    paired.click_icon(OTHER)
    paired.wish("archive", tabId=paired.tab(OTHER)["id"])
    newest = paired.secured(before + 1)[0]
    assert (newest["outcome"], newest["clientName"]) == ("archived", "Beta GmbH"), newest
    shown = desk.at.run.json("show", newest["licences"][0]["licence"])
    assert "companion-screen-01.png" in {each["name"] for each in shown["documents"]}

    page.goto(f"https://{OTHER}/licence.pdf")
    asked = len(platform.asked)
    paired.wish("archive", tabId=paired.tab(OTHER)["id"])
    newest = paired.secured(before + 2)[0]
    assert (newest["outcome"], newest["missed"]) == ("archived", []), newest
    assert not [each for each, _ in platform.asked[asked:] if each.endswith("licence.pdf")]  # not asked for twice
    page.close()
    assert desk.at.run.json("verify", "--client", "beta")["state"] == "PROVEN"


@pytest.mark.long
@pytest.mark.parametrize("per_page", [2, 20])
def test_a_list_on_three_pages_is_archived(
    paired: Companion, desk: CompanionDesk, platform: Shop, per_page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROWS_PER_PAGE, "", per_page)
    before, asked = len(paired.wish("state")["history"]), len(platform.asked)
    paired.wish("choose", host=ELEMENTS, client="acme", job="")
    page = paired.context.new_page()
    page.goto(f"https://{ELEMENTS}/account/downloads")
    paired.wish("list", tabId=paired.tab(ELEMENTS)["id"], act="start")
    for _ in range(600):
        state = paired.wish("state")["list"]
        if state["state"] != "running":
            break
        page.wait_for_timeout(100)
    assert (state["state"], state["rows"], state["pages"]) == ("done", 3 * per_page, 3), state
    results = paired.secured(before + 3)[:3]
    assert len({one["licence"] for each in results for one in each["licences"]}) == 3 * per_page
    assert {each["outcome"] for each in results} <= {"archived", "merged"}
    fetched = [each for each, _ in platform.asked[asked:] if "license-certificate" in each]
    assert len(fetched) == len(set(fetched)) == 3 * per_page
    page.close()


@pytest.mark.long
def test_a_hostile_page_spends_nothing_runs_nothing_and_learns_nothing(
    paired: Companion, desk: CompanionDesk, platform: Shop
) -> None:
    paired.wish("choose", host=FREEPIK, client="beta", job="")
    page = paired.context.new_page()
    reasons = {}
    for asset in (666, 667, 668):
        before = len(paired.wish("state")["history"])
        page.goto(f"https://{FREEPIK}/hostile/x_{asset}.htm")
        with page.expect_download():
            page.click("#link")
        newest = paired.secured(before + 1)[0]
        assert newest["outcome"] in ("unread", "merged"), newest
        reasons[asset] = {each["reason"] for each in newest["missed"]}
        assert len(paired.wish("state")["history"]) == before + 1  # the forged keys archived nothing
        assert page.evaluate("[window.has_runtime, window.has_storage, window.heard]") == [False, False, 1]
    assert "redirected or unreachable" in reasons[666]
    assert "too-large" in reasons[667]
    assert len(SENT) < 60  # it stopped reading long before the end
    assert {"not allowed (hidden)"} <= reasons[668]
    assert not [each for each in platform.addresses() if "/api/" in each]
    assert desk.owner.http.get("/companion").text.count("<script>alert") == 0
    assert "Acme" not in page.content()
    page.close()


@pytest.mark.longest
def test_nothing_is_lost_while_the_desk_is_away_and_the_browser_is_killed(
    playwright: Playwright, platform: Shop, full_browser: None, tmp_path: Path
) -> None:
    work_with_kills(playwright, platform, tmp_path, 9)


def work_with_kills(playwright: Playwright, platform: Shop, folder: Path, count: int) -> None:
    """So many downloads; the desk is away for the middle third and killed twice, and the browser is killed twice."""
    assets, third = list(CERTIFICATES)[:count], count // 3

    def browsing() -> AbstractContextManager[Companion]:
        return companion(playwright, folder, platform, (FREEPIK,))

    with agency(folder / "agency") as at:
        with desk_of(at, "--port", "18791") as desk, browsing() as browser:
            browser.pair(desk.base, desk.owner.code())
            browser.wish("choose", host=FREEPIK, client="acme", job="")
            _download(browser, assets[:third])
            desk.process.kill()
            desk.process.wait()
            _download(browser, assets[third : third + third // 2])
            browser.kill(folder / "profile")
        with browsing() as browser:
            assert browser.wish("state")["waiting"]
            _download(browser, assets[third + third // 2 : 2 * third])
            browser.kill(folder / "profile")
        with browsing() as browser:
            with desk_of(at, "--port", "18791") as desk:
                browser.wish("send")
                _download(browser, assets[2 * third : -third // 2])
                desk.process.kill()
                desk.process.wait()
            with desk_of(at, "--port", "18791"):
                _download(browser, assets[-third // 2 :])
                browser.wish("send")
                browser.secured(1, 600)
        found = [each["asset_id"] for each in at.run.json("find", "Walk", "--client", "acme", "--limit", "500")]
        assert sorted(found) == sorted(map(str, assets))
        first = at.run.json("find", str(assets[0]), "--client", "acme")[0]["licence"]
        at.run("proof", first, "--out", folder / "proof.zip")
        assert at.run.json("verify", "--client", "acme")["state"] == "PROVEN"


def _download(browser: Companion, assets: list[int]) -> None:
    page = browser.context.new_page()
    for asset in assets:
        page.goto(f"https://{FREEPIK}/photo/walk_{asset}.htm")
        known = {each["id"] for each in _captures(browser)}
        with page.expect_download():
            page.click("#link")
        for _ in range(200):
            if {each["id"] for each in _captures(browser)} - known:
                break
            page.wait_for_timeout(50)
    page.close()


def _captures(browser: Companion) -> list[dict[str, Any]]:
    state = browser.wish("state")
    return [*state["waiting"], *state["history"]]
