"""The desk in a real browser, as the account manager uses it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page

from archiver.desk.template_filters import day
from tests.support.claims_kit import jpeg
from tests.support.desk_kit import HOSTILE, PASSWORD, Served
from tests.support.letter_texts import COPYTRACK
from tests.support.pictures import scene

BLOCKED = "because the document's frame is sandboxed"  # how the browser tells of a document's script that did not run
DROP = """(bytes) => {
    const carried = new DataTransfer();
    carried.items.add(new File([new Uint8Array(bytes)], "from-the-web.jpg", { type: "image/jpeg" }));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.querySelector("[data-drop]").dispatchEvent(
            new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""

ANYWHERE = """(bytes) => {
    const carried = new DataTransfer();
    carried.items.add(new File([new Uint8Array(bytes)], "used.jpg", { type: "image/jpeg" }));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


def cropped() -> bytes:
    """The picture of the letter: a part of what was licensed."""
    width, height = scene(22).size
    part: Image.Image = scene(22).crop((round(0.1 * width), 0, width, round(0.85 * height)))
    return jpeg(part.resize((700, 480)), 70)


@contextmanager
def visiting(browser: Browser, served: Served, **options: object) -> Iterator[Page]:
    """A page of whoever signed in; at its end nothing was complained of, and nothing was asked of another host."""
    context = browser.new_context(base_url=served.base, accept_downloads=True, reduced_motion="reduce", **options)  # type: ignore[arg-type]
    complaints: list[str] = []
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(served.base) else None)
    page.goto("/sign-in")
    page.fill("#name", "Olaf Operator")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    yield page
    assert [each for each in complaints if BLOCKED not in each] == []
    context.close()


def narrow(page: Page) -> None:
    """Nothing is wider than the window."""
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


def fine(page: Page) -> None:
    """No fault of any grade for assistive technology, in light and dark, and nothing wider than the window."""
    narrow(page)
    found = Axe().run(page).response["violations"]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("async () => (await axe.run({ runOnly: ['color-contrast'] })).violations")
    page.emulate_media(color_scheme="light")
    bad = [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html']}" for each in found]
    assert bad == [], page.url


def press(page: Page, role: str, name: str, key: str = "Enter") -> None:
    """Tab to it, where it can be seen that it has the focus, and press a key."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            assert wanted.evaluate("each => getComputedStyle(each).outlineStyle") != "none"
            page.keyboard.press(key)
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def use(page: Page, by: str, role: str, name: str) -> None:
    """A button or a link, used with the mouse or with the keyboard alone."""
    if by == "mouse":
        page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]  # a role
    else:
        press(page, role, name)


def pictured(page: Page, name: str) -> None:
    """The page as the documentation shows it, where `make desk-pictures` asks for that."""
    if folder := os.environ.get("DESK_PICTURES"):
        page.set_viewport_size({"width": 1120, "height": 760})
        page.mouse.move(0, 0)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_load_state("networkidle")
        with Image.open(io.BytesIO(page.screenshot())) as shot:
            shot.convert("RGB").quantize(160).save(Path(folder) / f"{name}.png", optimize=True)


def verified(zipped: bytes, folder: Path) -> str:
    """What the verifier inside a pack says of it."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as pack:
        pack.extractall(folder)
    [tool] = folder.rglob("verify.py")
    bag = next(each.parent for each in folder.rglob("bagit.txt"))
    done = subprocess.run(
        [sys.executable, "-I", tool, "--proof", bag / "data"], capture_output=True, text=True, check=False
    )
    assert done.returncode in (3, 4), done.stdout + done.stderr
    return done.stdout


@pytest.mark.browser
def test_the_whole_dispute_from_a_dropped_picture_to_a_verified_pack(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    due = datetime.now(UTC).date() + timedelta(days=12)
    with visiting(browser, served) as page:
        page.goto("/find")
        page.evaluate(DROP, list(cropped()))
        page.wait_for_url("**/find/picture/*")
        first = page.locator("section.sheet").first
        assert "Same picture" in first.inner_text() or "Probably the same" in first.inner_text()
        assert "Picture 9001" in first.inner_text()
        assert "9 March 2026" in first.inner_text().replace("\xa0", " ")
        assert first.locator(".pair img").evaluate("each => each.naturalWidth") > 900
        first.locator(".findings li").first.wait_for()  # the verdict came after the page
        fine(page)
        pictured(page, "picture")
        first.get_by_role("button", name="Use this licence").click()
        page.wait_for_url("**/claim/*")
        page.fill("#f-claimant", "Studio Ada Example")
        page.fill("#f-deadline", due.isoformat())
        page.fill("#f-first_seen", "2026-04-01")
        fine(page)
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_selector("#use")
        assert day(due) in page.locator(".clock").inner_text()
        assert "12 days left" in page.locator(".clock").inner_text()
        page.select_option("#use", "commercial")
        page.get_by_role("heading", name="Yes: licensed on 9 March 2026 for Acme Ltd").wait_for()
        assert page.locator("#use").input_value() == "commercial", "an answer stays"
        assert page.locator("#about-verdict > summary .tag").inner_text() == "Covered"
        fine(page)
        pictured(page, "claim")
        page.get_by_role("button", name="Make the proof").click()
        page.get_by_role("link", name="proof.pdf").wait_for()
        page.get_by_text("Read the reply").click()
        assert "We enclose the documents" in page.locator("#next pre.letter").inner_text()
        fine(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="proof.zip").click()
        zipped = download.value.path().read_bytes()
        with page.expect_download() as download:
            page.get_by_role("link", name="proof.pdf").click()
        assert download.value.path().read_bytes().startswith(b"%PDF-")
        page.goto("/")
        pictured(page, "home")
    assert "PROVEN" in verified(zipped, tmp_path)


@pytest.mark.long  # by keyboard, shorter: test_claim_journey.py
@pytest.mark.browser
def test_by_keyboard_alone_in_german_on_a_telephone(browser: Browser, served: Served, tmp_path: Path) -> None:
    """From the letter of a shared account's picture to its assignment; a mouse is never used."""
    letter = tmp_path / "brief.txt"
    letter.write_text(COPYTRACK, "utf-8")

    options = {"locale": "de-DE", "viewport": {"width": 390, "height": 800}, "color_scheme": "dark"}
    with visiting(browser, served, **options) as page:
        assert page.get_by_role("heading", level=1).inner_text() == "Heute"
        narrow(page)
        press(page, "link", "Forderungen")
        page.wait_for_url("**/claims")
        narrow(page)
        press(page, "link", "Schreiben aufnehmen")
        page.wait_for_url("**/claims/new")
        narrow(page)
        page.set_input_files("#letter", letter)  # the system's own window stands between the key and the file
        page.locator("#client").focus()
        page.keyboard.press("ArrowDown")
        press(page, "button", "Lesen")
        page.wait_for_url("**/claim/*")
        assert page.locator("#f-reference").input_value() == "X7K2P9"
        page.wait_for_function("document.activeElement.innerText == 'Alle Werte bestätigen'")
        page.keyboard.press("Enter")
        page.wait_for_selector("#q")
        press(page, "textbox", "Nach Wörtern", "9")
        page.keyboard.type("004")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=9004*")
        narrow(page)
        press(page, "button", "Das ist die Lizenz")
        page.wait_for_selector("#reason")
        page.locator("#reason").focus()
        page.keyboard.type("Auftrag 4711")
        page.keyboard.press("Enter")
        page.locator("#reason").wait_for(state="detached")
        assert "Sie liegt im Archiv von Acme Ltd." in page.locator("main").inner_text()
        fine(page)
    said = served.agency.run.json("show", "acme/" + served.folders["house"].partition("/")[2])["assignments"]
    assert [(each["by"], each["reason"]) for each in said] == [("Olaf Operator", "Auftrag 4711")]


@pytest.mark.long  # how documents are shown, shorter: below, and test_attacks.py
@pytest.mark.browser
def test_a_licence_is_shown_with_its_documents_and_verified(whole_browser: Browser, served: Served) -> None:
    with visiting(whole_browser, served) as page:
        page.goto(served.place("harbour"))
        frame = page.frame_locator("iframe.viewer")
        assert "Licence shutterstock-9001" in frame.locator("body").inner_text()
        page.get_by_text("Data and ledger").click()
        page.get_by_role("button", name="Verify now").click()
        page.get_by_role("heading", name="Proven").wait_for()
        fine(page)


@pytest.mark.browser
def test_hostile_documents_and_titles_do_nothing(browser: Browser, served: Served) -> None:
    with visiting(browser, served, viewport={"width": 390, "height": 800}) as page:
        for name in ("receipt.html", "receipt.svg"):
            page.goto(f"{served.place('hostile')}?view={name}")
            page.wait_for_load_state("networkidle")
            assert page.title() == "Picture 9002 · archiver"
            assert HOSTILE in page.locator("main").inner_text()
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


PAGES = ("/", "/licences")
MORE_PAGES = (
    "/find?q=Picture",
    "/accounts/new?provider=depositphotos",
    "/find",
    "/find?q=nothing",
    "/client/acme",
    "/accounts",
    "/unassigned",
    "/claims/new",
    "/clients/new",
    "/accounts/new",
    "/accounts/secret?account=house-stock",
    "/access",
    "/licences?view=table&text=nothing",
    "/arrivals",
)


@pytest.mark.browser
@pytest.mark.parametrize("paths", [PAGES, pytest.param(MORE_PAGES, marks=pytest.mark.long)], ids=["some", "others"])
def test_every_page_can_be_used_by_everybody(browser: Browser, served: Served, paths: Sequence[str]) -> None:
    with visiting(browser, served, viewport={"width": 390, "height": 800}) as page:
        for path in paths:
            page.goto(path)
            fine(page)


@pytest.mark.browser
@pytest.mark.parametrize("by", ["mouse", pytest.param("keyboard", marks=pytest.mark.long)])
def test_whether_a_picture_is_licensed_is_one_drop_or_one_key(browser: Browser, served: Served, by: str) -> None:
    with visiting(browser, served) as page:
        page.goto("/claims" if by == "mouse" else "/find")
        if by == "mouse":
            page.evaluate(ANYWHERE, list(jpeg(scene(22))))
        else:  # the system's own window stands between the key and the file
            page.set_input_files("#file", {"name": "used.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene(22))})
            press(page, "button", "Search")
        page.wait_for_url("**/find/picture/**")
        assert "Picture 9001" in page.locator("main").inner_text()
        fine(page)


@pytest.mark.long  # every page by axe: below
@pytest.mark.browser
def test_a_page_at_200_percent_and_with_little_motion_is_whole(browser: Browser, served: Served) -> None:
    """A window of 1280 pixels at 200 % is 640 wide; and who wants no motion gets none."""
    with visiting(browser, served, viewport={"width": 640, "height": 400}, device_scale_factor=2) as page:
        for path in ("/", "/find?q=Picture", "/licences?view=table", "/client/acme", "/accounts", "/claims", "/audit"):
            page.goto(path)
            narrow(page)
        moving = """[...document.querySelectorAll("*")]
            .filter((each) => /[1-9]/.test(getComputedStyle(each).transitionDuration)).length"""
        assert page.evaluate(moving) == 0
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(moving) > 0
