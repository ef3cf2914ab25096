"""The way through a claim, in a real browser: the next step is in view and focused, and the clicks are counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from archiver.claims.claim_files import all_claims
from tests.desk.test_desk import cropped, fine, visiting
from tests.support.claims_kit import jpeg
from tests.support.desk_kit import Served
from tests.support.letter_texts import ABMAHNUNG
from tests.support.pictures import scene

MOST_CLICKS = 5  # from the letter to the proof
SIGNED = "Photographer: Paula Example. You use it on https://acme.example/n."
COUNT = """addEventListener("click", (event) => {
    if (!event.isTrusted) return;
    const kind = event.detail ? "clicks" : "keys";
    sessionStorage[kind] = Number(sessionStorage[kind] || 0) + 1;
}, true);"""
IN_VIEW = """() => {
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    return !!document.activeElement.closest("#next") && top >= 0 && bottom <= innerHeight;
}"""


def mail(folder: Path, reference: str, text: str, picture: bytes | None = None) -> Path:
    """A mail with a letter, and its picture."""
    letter = EmailMessage()
    letter["From"], letter["To"] = "Studio <office@studio.example>", "Acme <info@acme.example>"
    letter["Subject"], letter["Date"] = "Your use of our picture", "Thu, 19 Nov 2026 10:00:00 +0000"
    due = datetime.now(UTC).date() + timedelta(days=9)
    letter.set_content(f"Reference number: {reference}\n{text}\nPlease pay USD 480.00 by {due:%d %B %Y}.\n")
    if picture:
        letter.add_attachment(picture, maintype="image", subtype="jpeg", filename="picture.jpg")
    path = folder / f"{reference}.eml"
    path.write_bytes(letter.as_bytes())
    return path


@contextmanager
def counted(browser: Browser, served: Served, letter: Path, **options: object) -> Iterator[Page]:
    """The form for a letter, with the client chosen and the file picked: neither is a click on the page."""
    with visiting(browser, served, viewport={"width": 1280, "height": 800}, **options) as page:
        page.add_init_script(COUNT)
        page.goto("/claims/new?client=acme")
        page.set_input_files("#letter", letter)
        yield page


def next_step(page: Page, name: str) -> None:
    """The next step is this one, and its control has the focus and can be seen."""
    page.locator("#next").get_by_text(name, exact=False).first.wait_for()
    page.wait_for_function(IN_VIEW)  # a browser moves the focus when it paints, which may be after the text is there
    assert name in page.evaluate("document.activeElement.innerText"), name


def clicks(page: Page) -> tuple[int, int]:
    """The trusted clicks of the mouse, and those that keys made."""
    mouse, keys = page.evaluate("[Number(sessionStorage.clicks || 0), Number(sessionStorage.keys || 0)]")
    return mouse, keys


def as_written_down(page: Page) -> None:
    """What a screen reader is given has the roles, names and order of the documentation."""
    section = (
        (Path(__file__).parents[2] / "docs" / "desk.md")
        .read_text("utf-8")
        .partition("## A claim with a screen reader")[2]
    )
    read_out = page.locator("main").aria_snapshot()
    at = 0
    for role, name in re.findall(r'^- (\w+) "([^"]+)"', section, re.MULTILINE):
        wanted = f'{role} "{"Studio" if name == "Getty Images" else name}'  # a count may follow
        assert wanted in read_out[at:], (wanted, read_out)
        at = read_out.index(wanted, at)
    sender = page.get_by_role("textbox", name="Sender")
    assert sender.evaluate("each => document.getElementById(each.getAttribute('aria-describedby')).innerText")
    assert page.get_by_role("listitem").filter(has_text="Letter").first.get_attribute("aria-current") == "step"


STEPS = ("Confirm all values", "This is the licence", "Make the proof", "Download proof.pdf")


@pytest.mark.long  # the whole dispute: test_desk.py
@pytest.mark.browser
@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_from_the_letter_to_the_proof_in_five_clicks(browser: Browser, served: Served, tmp_path: Path, by: str) -> None:
    letter = mail(tmp_path, f"J-2026-{by}1", "You use it on https://acme.example/journey without a licence.", cropped())
    with counted(browser, served, letter) as page:
        if by == "mouse":
            page.get_by_role("button", name="Read it").click()
        else:
            page.locator("#letter").focus()
            for _ in range(3):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.innerText") == "Read it":
                    break
            page.keyboard.press("Enter")
        for number, name in enumerate(STEPS):
            next_step(page, name)
            if number == 1:
                assert "compare these two" in page.locator("#next-title").inner_text()
                picture = page.locator("#next .pair img").first
                assert picture.evaluate("async (each) => { await each.decode(); return each.naturalWidth; }") > 900
                page.wait_for_function(IN_VIEW)  # the picture does not push the button away
            if number == len(STEPS) - 1:
                with page.expect_download() as download:
                    page.keyboard.press("Enter") if by == "keyboard" else page.get_by_role("link", name=name).click()
                assert download.value.suggested_filename.startswith("proof_acme_J-2026")
            elif by == "keyboard":
                page.keyboard.press("Enter")
            else:
                page.get_by_role("button", name=name, exact=True).first.click()
        made = clicks(page)
        assert made == ((len(STEPS) + 1, 0) if by == "mouse" else (0, len(STEPS) + 1))
        assert sum(made) <= MOST_CLICKS
        page.reload()
        next_step(page, "Download proof.pdf")
        if by == "mouse":  # and to its end
            page.go_back()
            next_step(page, "Download proof.pdf")
            page.get_by_role("button", name="Record it").first.click()
            page.get_by_text("The answer is out.").wait_for()
            page.wait_for_function(IN_VIEW)
            page.select_option("#outcome-next", "paid")
            page.fill("#amount-next", "1.200,50")
            page.get_by_role("button", name="Close the claim").first.click()
            page.get_by_text("They wrote again: reopen").wait_for()
            assert "paid, $1,200.50" in page.locator(".timeline").inner_text().replace("US$", "$")
            page.goto("/claims?show=closed")
            assert f"J-2026-{by}1" in page.locator("main").inner_text()
    [claim] = [each for each in all_claims(served.agency.home) if each.reference == f"J-2026-{by}1"]
    assert claim.verdict and {"added", "confirmed", "licence"} <= {each.what.value for each in claim.events}


@pytest.mark.long  # each claim's next step: tests/claims/test_claim_way.py
@pytest.mark.browser
def test_without_a_licence_there_are_doors_and_a_first_answer(browser: Browser, served: Served, tmp_path: Path) -> None:
    letter = mail(
        tmp_path, "N-2026-3", "Photographer: Paula Example. You use it on https://acme.example/n.", jpeg(scene(7))
    )
    with counted(browser, served, letter) as page:
        page.get_by_role("button", name="Read it").click()
        next_step(page, "Confirm all values")
        fine(page)
        as_written_down(page)
        page.keyboard.press("Enter")
        next_step(page, "No licence found. What now?")
        fine(page)
        page.keyboard.press("Enter")
        next_step(page, "Read the accounts")
        told = page.locator("main").inner_text()
        for door in ("Do not buy it now", "Ask a colleague", "Ask for more time", "Import a file", "Capture a page",
                     "Take the picture down", "Ask a lawyer"):  # fmt: skip
            assert door in told
        answer = page.locator("#about-sound pre.letter").first.inner_text()
        assert "author and of the owner" not in answer and "(1) each agreement that links" in answer
        links = page.locator("a[href^='mailto:']").evaluate_all("all => all.map(each => each.href)")
        assert len(links) >= 3 and all("DRAFT" not in each and "N-2026-3" in each for each in links if "Ref" in each)
        searches = page.locator("#about-sound a[target=_blank]").evaluate_all("all => all.map(each => each.href)")
        assert len(searches) > 2 and all(each.startswith("https://") for each in searches)
        page.set_input_files("#down-before", letter)
        page.get_by_role("button", name="Save Capture from before").click()
        page.get_by_text("capture before the picture was taken down").wait_for()
        fine(page)
        page.goto("/")
        assert "(N-2026-3) waits for an answer" in page.locator("main").inner_text()
        fine(page)


@pytest.mark.long  # without a browser: test_attacks.py, tests/claims/test_dispute.py
@pytest.mark.browser
def test_an_abmahnung_gets_no_letter_and_a_lawyer_first(browser: Browser, served: Served, tmp_path: Path) -> None:
    letter = mail(tmp_path, "A-2026-4", ABMAHNUNG, jpeg(scene(7)))
    with counted(browser, served, letter) as page:
        page.get_by_role("button", name="Read it").click()
        next_step(page, "Confirm all values")
        page.keyboard.press("Enter")
        next_step(page, "No licence found. What now?")
        page.keyboard.press("Enter")
        next_step(page, "Read the accounts")
        assert page.locator("[role=alert]").first.inner_text().startswith("This is an Abmahnung")
        assert page.locator("pre.letter").count() == 0 and "Ask for more time" not in page.locator("main").inner_text()
        fine(page)
        page.get_by_text("Record, close or delete").click()
        page.get_by_label("I mean it").check()
        page.get_by_role("button", name="Delete for good").click()
        page.wait_for_url("**/claims")
        assert "A-2026-4" not in page.locator("main").inner_text()
