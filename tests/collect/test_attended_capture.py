"""`archiver capture`: a script at the wheel of a real browser, on a recorded site, into a real archive."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Error

from archiver.agency.asset_requests import capture
from archiver.collect.attended_capture import Person, capture_attended
from archiver.collect.attended_session import AttendedRequest
from archiver.collect.import_report import ImportReport
from archiver.home.settings import Home as OpenedHome
from archiver.home.vault import open_vault
from tests.authoring.scenario import pdf
from tests.support import papers
from tests.support.chromium_kit import whole_chromium
from tests.support.folder import page as as_page
from tests.support.homes import Home

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

SITE = "https://themeforest.net"
PASSWORD, COOKIE, TOKEN = "Correct-Horse-42", "SESSION-0123456789abcdef", "CSRF-0123456789abcdef"
CERTIFICATES = {"inline": papers.market_2017(1), "attached": papers.market_later(2), "posted": papers.elements("ai", 3)}
TEXT = papers.market_2012(4)
HTML_ONLY = as_page(papers.market_2017(5))
LEAK = pdf([f"Invoice of session {COOKIE}"])
UNKNOWN = pdf(["Some terms that no reader knows"])
LICENCES = f"""<!doctype html><title>Licences</title><meta name=csrf-token content={TOKEN}><h1>Licences</h1>
<a id=inline href=/inline target=_blank>open</a> <a id=attached href=/attached>save</a>
<form method=post action=/posted target=_blank><input type=hidden name=csrf value={TOKEN}><button>show</button></form>
<a id=text href=/text>text</a> <a id=page href=/page>page</a> <a id=unknown href=/unknown>terms</a>
<a id=leak href=/leak>leak</a>"""
HTML = "text/html; charset=utf-8"
SIGN_IN = """<title>Sign in</title><form method=post action=/login><input name=user><input type=password name=pwd>
<button>in</button></form>"""


def site(folder: Path) -> Path:
    """A recording of a platform where one signs in and finds licences of five kinds."""
    folder.mkdir()
    exchanges: list[dict[str, Any]] = []

    def answer(path: str, content: bytes | str, kind: str = HTML, method: str = "GET", **more: Any) -> None:
        body = f"{len(exchanges)}.bin"
        (folder / body).write_bytes(content if isinstance(content, bytes) else content.encode())
        response = {"status": 200, "headers": {"content-type": kind}, "body": body} | more
        exchanges.append({"request": {"method": method, "url": SITE + path}, "response": response})

    answer("/login", SIGN_IN)
    cookie = f"sid={COOKIE}; Secure; HttpOnly"
    answer("/login", "", method="POST", status=302, headers={"location": "/licences", "set-cookie": cookie})
    answer("/licences", LICENCES)
    saved = {"content-type": "application/pdf", "content-disposition": "attachment; filename=l.pdf"}
    answer("/inline", CERTIFICATES["inline"].pdf(), "application/pdf")
    answer("/attached", CERTIFICATES["attached"].pdf(), headers=saved)
    answer("/posted", CERTIFICATES["posted"].pdf(), "application/pdf", "POST")
    answer("/text", TEXT.text, "text/plain; charset=utf-8")
    answer("/page", HTML_ONLY)
    answer("/unknown", UNKNOWN, "application/pdf")
    answer("/leak", LEAK, "application/pdf")
    (folder / "session.yaml").write_text(json.dumps({
        "format": 1, "provider": "themeforest", "scenario": "attended", "method": "attended", "origin": "authored",
        "exchanges": exchanges,
    }))  # fmt: skip
    return folder


async def mark(page: Page) -> None:
    await page.bring_to_front()
    await page.wait_for_selector("archiver-bar", state="attached")
    await page.keyboard.press("Alt+Shift+KeyM")


class Wheel:
    """A person who signs in, takes everything, and marks two pages."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    async def captured(self, number: int) -> None:
        """Wait as a person does, by looking."""
        async with asyncio.timeout(120):
            while len([each for each in self.said if each.startswith(("captured", "not kept"))]) < number:
                await asyncio.wait([asyncio.create_task(asyncio.sleep(0.02))])

    async def __call__(self, context: BrowserContext) -> None:
        [page] = context.pages
        await page.fill("[name=user]", "ada@example.com")
        await page.type("[name=pwd]", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/licences")
        for number, what in enumerate(("#inline", "#attached", "button"), 1):
            await page.click(what)
            await self.captured(number)
        await mark(page)
        await self.captured(4)
        for number, (what, marked) in enumerate((("text", 0), ("page", 1), ("unknown", 0), ("leak", 0)), 5):
            with suppress(Error):  # a light Chromium saves what it cannot show
                await page.goto(f"{SITE}/{what}")
            if marked:
                await mark(page)
            await self.captured(number)


@pytest.fixture
def attend(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[ImportReport, list[str]]]:
    monkeypatch.setenv("ARCHIVER_KEY_FILE", home.env["ARCHIVER_KEY_FILE"])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", home.env["PYTHON_KEYRING_BACKEND"])
    recorded = site(tmp_path / "site")

    def work(person: Callable[[list[str]], Person], start: str = "/login") -> tuple[ImportReport, list[str]]:
        here, said = OpenedHome.load(home.root), list[str]()
        request = AttendedRequest(
            client="acme", by="Ada Example", urls=[SITE + start], replay=recorded, headless=True
        )  # fmt: skip
        working = capture_attended(here, open_vault(here.vault), request, said.append, person(said))
        return asyncio.run(working), said

    return work


def everything(folder: Path) -> dict[Path, bytes]:
    """All files of an archive, gzipped ones unpacked."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {path: gzip.decompress(each) if each.startswith(b"\x1f\x8b") else each for path, each in files.items()}


@pytest.mark.browser
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)], ids=["light", "whole"])
def test_five_kinds_of_licence_are_archived_byte_for_byte_with_nothing_secret(
    attend: Callable[..., tuple[ImportReport, list[str]]], home: Home, whole: bool
) -> None:
    """The Chromium of a person shows PDFs, and a light one saves them."""
    with whole_chromium() if whole else nullcontext():
        report, said = attend(Wheel)
    assert sum("not kept" in each for each in said) == 1 and "quarantine" in report.warnings[0]
    files = everything(home.archive())
    kept = {hashlib.sha256(each).hexdigest() for each in files.values()}
    wanted = [*(each.pdf() for each in CERTIFICATES.values()), TEXT.text.encode(), HTML_ONLY, UNKNOWN]
    assert [hashlib.sha256(each).hexdigest() in kept for each in wanted] == [True] * 6
    assert any(HTML_ONLY in each for path, each in files.items() if path.name.endswith("capture.warc.gz"))
    secret = [path for path, each in files.items() for word in (PASSWORD, COOKIE, TOKEN) if word.encode() in each]
    assert secret == []
    assert [path.read_bytes() for path in (home.root / "state" / "quarantine").iterdir()] == [LEAK]
    assert not any(path.is_dir() for path in (home.root / "state" / "attended" / "acme").iterdir())
    assert (home.root / "downloads" / "acme" / "l.pdf").read_bytes() == CERTIFICATES["attached"].pdf()

    found = home.json("find", "")
    samples = (*CERTIFICATES.values(), TEXT, papers.market_2017(5))
    assert {each["asset_id"] for each in found} == {dict(each.licences[0])["asset_id"] for each in samples}
    assert home.json("verify")["state"] == "UNPROVEN"
    by_asset = {each["asset_id"]: home.json("show", each["licence"]) for each in found}
    posted = by_asset[CERTIFICATES["posted"].licences[0]["asset_id"]]
    assert posted["provenance"]["source"] == "attended" and posted["provenance"]["by"] == "Ada Example"
    [brought] = posted["imports"]
    assert (brought["source"], brought["how"], brought["method"], brought["url"]) == (
        "attended", "opened", "POST", f"{SITE}/posted",
    )  # fmt: skip
    marked = by_asset[papers.market_2017(5).licences[0]["asset_id"]]
    assert {each["name"] for each in marked["documents"]} == {
        "attended-page.pdf", "attended-page.png", "attended-capture.warc.gz", "attended-page.html",
    }  # fmt: skip
    outcomes = {fate.seen.path: fate.outcome.value for fate in report.fates}
    assert outcomes[f"{SITE}/licences"] == outcomes["unknown.pdf"] == "unread"


@pytest.mark.browser
def test_a_session_that_was_killed_is_archived_by_the_next_which_ctrl_c_ends(
    attend: Callable[..., tuple[ImportReport, list[str]]], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    def take(said: list[str]) -> Person:
        return lambda _: Wheel(said).captured(1)

    def take_and_press_ctrl_c(said: list[str]) -> Person:
        async def work(_: BrowserContext) -> None:
            await Wheel(said).captured(1)
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()

        return work

    with monkeypatch.context() as patched:
        patched.setattr("archiver.collect.attended_capture.archive_sessions", killed)
        with pytest.raises(Killed):
            attend(take, "/text")
    report, _ = attend(take_and_press_ctrl_c, "/text")  # once more
    assert [fate.outcome.value for fate in report.fates] == ["archived", "known"]
    assert len(home.json("find", "")) == 1


@pytest.mark.browser
def test_a_page_goes_to_the_licence_whose_number_it_shows(
    attend: Callable[..., tuple[ImportReport, list[str]]], home: Home, tmp_path: Path
) -> None:
    [facts] = papers.market_2017(1).licences
    (tmp_path / "l.txt").write_text(papers.market_2017(1).text)
    home("import", tmp_path / "l.txt", "--client", "acme")
    html = f"<title>Order</title><iframe srcdoc='Thank you. Your purchase code is {facts['licence_id']}.'></iframe>"
    body = next(each for each in (tmp_path / "site").glob("*.bin") if each.read_bytes() == HTML_ONLY)
    body.write_text(html)

    def marking(said: list[str]) -> Person:
        async def work(context: BrowserContext) -> None:
            await mark(context.pages[0])
            await Wheel(said).captured(1)

        return work

    report, _ = attend(marking, "/page")
    assert [fate.outcome.value for fate in report.fates] == ["merged"]
    shown = home.json("show", home.json("find", "")[0]["licence"])
    assert {each["name"] for each in shown["documents"]} >= {"imported-certificate.txt", "attended-page.png"}
    assert [each["source"] for each in shown["imports"]] == ["import", "attended"]


SHUTTERSTOCK, ADOBE, UNSPLASH = "https://www.shutterstock.com", "https://stock.adobe.com", "https://unsplash.com"
TREE = f"{UNSPLASH}/photos/a-tree-AAAAAAAAAAA"
PAGES = {
    f"{SHUTTERSTOCK}/catalog/licenses": "<title>Licences</title>" + "".join(
        f'<div data-automation="asset-card_{1000001 + number}"><b>{kind}</b><time datetime="2026-03-0{number + 2}">'
        "</time></div>" for number, kind in enumerate(("Licensed", "Comp", "Licensed"))),
    f"{SHUTTERSTOCK}/account/purchases": "<title>Purchases</title><table><tr>" + "".join(
        f'<td data-automation="row0_{part}">{text}</td>'
        for part, text in (("date", "Mar 1, 2026"), ("description", "10 images"), ("price", "$49.00"))),
    f"{ADOBE}/Dashboard/LicenseHistory": "<title>License History</title><table><tr>" + "".join(
        f"<td>{cell}</td>" for cell in ("03/02/2026", "Grace Example", "400000001", "Standard", "Photo", "1 credit")),
    "https://account.adobe.com/": "<title>Account</title>Plans and orders",
    TREE: "<title>A tree</title>Free to use under the Unsplash License",
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(
    "wanted", [["Adobe Stock", TREE], pytest.param(["shutterstock", "Adobe Stock", TREE], marks=pytest.mark.long)]
)
def test_a_platforms_name_opens_its_account_pages_and_what_they_list_is_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: list[str]
) -> None:
    """With `attended`, a free site's page is opened for the person, too, instead of by the archiver alone."""
    monkeypatch.setenv("ARCHIVER_KEY_FILE", home.env["ARCHIVER_KEY_FILE"])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", home.env["PYTHON_KEYRING_BACKEND"])
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "session.yaml").write_text(json.dumps({
        "format": 1, "provider": "shutterstock", "scenario": "attended", "method": "attended", "origin": "authored",
        "exchanges": [{"request": {"method": "GET", "url": url},
                       "response": {"status": 200, "headers": {"content-type": HTML}, "text": text}}
                      for url, text in PAGES.items()],
    }))  # fmt: skip
    here, said = OpenedHome.load(home.root), list[str]()

    async def marks_each(context: BrowserContext) -> None:
        for number, page in enumerate(context.pages, 1):
            await mark(page)
            await Wheel(said).captured(number)

    request = AttendedRequest(client="acme", by="Ada Example", replay=tmp_path / "site", headless=True)
    report = asyncio.run(capture(
        here, open_vault(here.vault), wanted, request, attended=True, say=said.append, person=marks_each,
    ))  # fmt: skip
    opened = [url for url in PAGES if "shutterstock" in wanted or not url.startswith(SHUTTERSTOCK)]
    assert {fate.seen.path: fate.outcome.value for fate in report.fates} == dict.fromkeys(opened, "archived") | {
        "https://account.adobe.com/": "unread", TREE: "unread",
    }  # fmt: skip
    found = {each["asset_id"]: each for each in home.json("find", "")}
    shutterstock = {"1000001": ("2026-03-02", None), "1000003": ("2026-03-04", None)}
    assert {asset: (each["licensed_at"], each["kind"]) for asset, each in found.items()} == {
        "400000001": ("2026-03-02", "standard"), **(shutterstock if "shutterstock" in wanted else {}),
    }  # fmt: skip
    shown = home.json("show", found["400000001"]["licence"])
    assert shown["imports"][0]["reader"] == "adobe_stock_web_history"


def test_without_a_screen_it_says_so(home: Home, tmp_path: Path) -> None:
    home.env = {name: value for name, value in home.env.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = home("capture", "--client", "acme", "--replay", site(tmp_path / "site"), code=2)
    assert "needs a screen" in done.stderr


@pytest.mark.long  # on a screen, where it is typed at the terminal; within this process: above
@pytest.mark.browser
@pytest.mark.usefixtures("full_browser")
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_ctrl_c_ends_it_and_archives_what_was_captured(home: Home, tmp_path: Path) -> None:
    read, write = os.pipe()
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
                              pass_fds=[write], stderr=subprocess.DEVNULL)  # fmt: skip
    os.close(write)
    try:
        with os.fdopen(read) as told:
            display = told.readline().strip()
        command = home.command("capture", "--client", "acme", f"{SITE}/inline", "--by", "Ada Example",
                               "--replay", site(tmp_path / "site"), "--json")  # fmt: skip
        done = subprocess.Popen(command, env=home.env | {"DISPLAY": f":{display}"}, text=True, start_new_session=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        assert done.stderr is not None
        while "captured: " not in (line := done.stderr.readline()):
            assert line, "it ended before anything was captured"
        os.killpg(done.pid, signal.SIGINT)  # as a terminal does it: to everything that it started
        out, err = done.communicate(timeout=60)
        assert done.returncode == 0, err
        [row] = json.loads(out)["files"]
        assert (row["path"], row["kind"], row["outcome"]) == ("inline.pdf", "certificate", "archived")
    finally:
        screen.terminate()
        screen.wait()
