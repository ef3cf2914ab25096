"""The list of licences and the page of one, as a person uses them: filter, choose many, assign, undo, hold, prove."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from archiver.catalogue import licence_list
from archiver.desk.auth import Users
from tests.desk.test_claim_journey import COUNT, clicks
from tests.desk.test_desk import fine, use, visiting
from tests.support.agency import agency, certificate, preview, record
from tests.support.claims_kit import jpeg, licence
from tests.support.desk_in_process import desk_on
from tests.support.desk_kit import PASSWORD, Person, Served, serving
from tests.support.homes import Home
from tests.support.pictures import scene


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A desk whose house archive has twelve unassigned licences, six with a hint at each client."""
    with agency(tmp_path_factory.mktemp("twelve")) as at:
        hints = ({"client": "Acme Ltd"}, {"client": "Beta GmbH"})
        at.archive("house", *((licence(f"50{n:02}", client_hints=hints[n % 2]), [record()]) for n in range(12)))
        proof = [record(), certificate("Licence 2032001560"), preview(jpeg(scene(7)))]
        at.archive("acme", (licence("2032001560", seat="Lena Leaver"), proof), (licence("9009"), [record()]))
        Users(at.home.root).add("Olaf Operator", "operate", PASSWORD)
        with serving(at) as desk:
            yield desk


def names(page: str) -> list[str]:
    return re.findall(r'name="pick" value="([^"]+)"', page)


@pytest.mark.long  # without a browser: below, and test_attacks.py
@pytest.mark.browser
@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_twelve_assignments_take_at_most_four_clicks_and_can_be_undone(
    browser: Browser, twelve: Served, by: str
) -> None:
    home = twelve.agency.run
    with visiting(browser, twelve) as page:
        page.add_init_script(COUNT)
        page.goto("/unassigned")
        fine(page)
        use(page, by, "button", "Use the 12 suggestions")
        page.wait_for_url("**/review/*")
        said = page.locator("main").inner_text()
        assert "Acme Ltd" in said and "Beta GmbH" in said and said.count("gets copies of 6 licences") == 2
        assert home.json("unassigned") and len(home.json("unassigned")) == 12  # nothing has happened yet
        fine(page)
        use(page, by, "button", "Assign 12 licences")
        page.get_by_text("12 licences were assigned").wait_for()
        assert clicks(page) == ((2, 0) if by == "mouse" else (0, 2))  # of four
        assert home.json("unassigned") == []
        page.reload()  # which sends no form again
        use(page, by, "button", "Undo")
        page.get_by_text("undone for 12 licences").wait_for()
        assert len(home.json("unassigned")) == 12


@pytest.mark.long  # without a browser: test_leaver.py
@pytest.mark.browser
@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_what_a_leaver_bought_is_one_search_and_one_export(browser: Browser, twelve: Served, by: str) -> None:
    with visiting(browser, twelve) as page:
        page.add_init_script(COUNT)
        page.goto("/leaver")
        fine(page)
        page.locator("#person").focus()
        page.keyboard.type("Lena Leaver")
        use(page, by, "button", "Show")
        page.get_by_role("heading", name="What the person bought").wait_for()
        fine(page)
        with page.expect_download() as download:
            use(page, by, "link", "Save the list (Excel)")
        with zipfile.ZipFile(download.value.path()) as book:
            assert "2032001560" in book.read("xl/sharedStrings.xml").decode()
        assert clicks(page) == ((2, 0) if by == "mouse" else (0, 2))


@pytest.mark.browser
def test_a_list_is_filtered_and_saved_without_formulas(browser: Browser, twelve: Served) -> None:
    with visiting(browser, twelve) as page:
        page.goto("/licences")
        page.get_by_text("More filters").click()
        page.fill("#f-seat", "leaver")
        page.keyboard.press("Enter")
        page.wait_for_url("**seat=leaver**")
        assert "1 licence" in page.locator("#totals").inner_text()
        fine(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Excel").click()
        with zipfile.ZipFile(download.value.path()) as book:
            text = book.read("xl/worksheets/sheet1.xml").decode() + book.read("xl/sharedStrings.xml").decode()
        assert "2032001560" in text and "9009" not in text and "<f>" not in text
        page.get_by_role("link", name="Table").click()
        fine(page)


@pytest.mark.long  # a proof made at the desk: test_desk.py, test_claim_journey.py
@pytest.mark.browser
def test_the_proof_is_made_on_the_licences_page_and_named_after_it(whole_browser: Browser, twelve: Served) -> None:
    with visiting(whole_browser, twelve) as page:
        page.goto("/licences?client=acme&sort=title")
        page.get_by_role("link", name="Picture 2032001560").click()
        page.wait_for_url("**/licence/acme/**")
        page.locator("details.note").wait_for()  # the verdict, in a line
        assert page.get_by_role("link", name="Next licence").is_visible()
        fine(page)
        page.select_option("#proof_language", "de")
        page.get_by_role("button", name="Make the proof").click()
        page.get_by_text("The proof is ready").wait_for()
        page.reload()
        with page.expect_download() as download:
            page.get_by_role("link", name="Save proof_acme_2032001560.pdf").click()
        assert download.value.suggested_filename == "proof_acme_2032001560.pdf"
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
        fine(page)


def test_what_many_licences_can_have_done_to_them(twelve: Served) -> None:
    olaf = Person(httpx.Client(base_url=twelve.base, timeout=60))
    assert olaf.post("/sign-in", {"name": "Olaf Operator", "password": PASSWORD}, token="").status_code == 200
    listed = olaf.get("/licences?client=acme")
    assert len(names(listed.text)) == 2
    saved = olaf.get("/licences/export.csv?client=acme")
    rows = list(csv.DictReader(io.StringIO(saved.content.decode("utf-8-sig"))))
    assert {row["licence"] for row in rows} == set(names(listed.text)) and {row["state"] for row in rows} == {"PROVEN"}
    assert olaf.post("/licences/choose", {"query": ""}).status_code == 409  # nothing was ticked
    place = olaf.post("/licences/choose", {"query": "client=acme", "every": "1"}).headers["location"]
    assert "2 licences chosen" in olaf.get(place).text
    before = olaf.http.get(f"{place}/assign", params={"client": "beta", "by": "X", "reason": "Job"}).text
    assert "gets copies of 2 licences" in before and "Acme Ltd" not in before  # its own licences stay
    held = olaf.post(f"{place}/hold", {"reason": "Dispute 7"})
    assert held.status_code == 303 and "2 licences are held now" in olaf.get(place).text
    order = ("erase", names(listed.text)[0], "--reason", "request", "--by", "Ada Example", "--yes")
    erased = twelve.agency.run(*order, code=None)
    assert erased.returncode != 0 and "held" in erased.stderr
    assert olaf.post(f"{place}/undo").status_code == 303
    assert olaf.post(f"{place}/undo").status_code == 404  # once
    assert "Put under hold" in olaf.get(f"/licence/{names(listed.text)[0]}").text
    assert olaf.get("/licences?since=soon").status_code == 409
    assert olaf.get("/licences/chosen/nothing").status_code == 404
    olaf.http.close()


def test_what_takes_too_long_to_count_comes_after_the_page(ran: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk_on(ran, monkeypatch) as desk:
        owner = desk.person()
        whole = owner.get("/licences?text=shutterstock&sort=title").text
        numbers = set(re.findall(r"<strong>[0-9]+ licences?</strong>|<span>[0-9]+</span>", whole))
        assert numbers and "data-part" not in whole
        monkeypatch.setattr(licence_list, "MANY_LICENCES", 1)
        page = owner.get("/licences?text=shutterstock&sort=title").text
        assert "more than 20,000 licences" in page and names(page) == names(whole)
        later = re.findall(r'data-part="([^"]+)"', page)[0].replace("&amp;", "&")
        assert all(each in owner.get(later).text for each in numbers)
        assert all(each in owner.get(later.replace("part=1", "lang=de")).text for each in numbers if "span" in each)
