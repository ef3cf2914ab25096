"""One door for everything that arrives: what is no letter is never a claim, and a person decides what happens."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from archiver.agency.arrivals import Proposal, classify
from archiver.claims import claim_files
from tests.collect.test_more_papers import UNKNOWN
from tests.desk.test_desk import fine, visiting
from tests.support import letter_texts
from tests.support.claims_kit import jpeg
from tests.support.desk_in_process import desk_on
from tests.support.desk_kit import Person, Served
from tests.support.homes import Home
from tests.support.pictures import scene

type Sign = Callable[..., Person]

RECORDINGS = Path(__file__).parents[2] / "recordings"
CERTIFICATE = next(RECORDINGS.glob("freepik/two-pages/bodies/*certificate*.pdf")).read_bytes()
DROP = """(files) => {
    const carried = new DataTransfer();
    for (const [name, bytes] of files) carried.items.add(new File([new Uint8Array(bytes)], name));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.querySelector("h1").dispatchEvent(
            new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_pdf", ".pdf"), content)
    return out.getvalue()


ARRIVALS: list[tuple[str, bytes, Proposal]] = [
    *((f"{name}.txt", getattr(letter_texts, name).encode(), Proposal.CLAIM)
      for name in ("ABMAHNUNG", "COPYTRACK", "GETTY", "PICRIGHTS", "UNKNOWN")),
    ("certificate.pdf", CERTIFICATE, Proposal.IMPORT),
    ("papers.zip", zipped(one_pdf=CERTIFICATE), Proposal.IMPORT),
    ("picture.jpg", jpeg(scene(3)), Proposal.SEARCH),
    ("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(500), Proposal.NOTHING),
    ("table.xlsx", zipped(x=b"1"), Proposal.NOTHING),
    ("broken.pdf", b"%PDF-1.4 broken", Proposal.NOTHING),
    ("broken.jpg", b"\xff\xd8\xff" + b"1" * 99, Proposal.NOTHING),
    ("program.exe", b"MZ\0\1" * 90, Proposal.NOTHING),
    ("notes.txt", b"Buy milk, 2 litres, and bread for EUR 5.00 before Friday", Proposal.NOTHING),
    ("../../x\0y.bin", b"\1\2\0", Proposal.NOTHING),
]  # fmt: skip


def test_each_file_is_what_it_is_and_what_is_no_letter_is_never_a_claim(served: Served) -> None:
    found = classify(served.agency.home, [(name, content) for name, content, _ in ARRIVALS])
    assert [(each.name, each.proposal) for each in found] == [(name, proposal) for name, _, proposal in ARRIVALS]
    for each in found:
        if each.proposal in (Proposal.NOTHING, Proposal.IMPORT):
            assert Proposal.CLAIM not in each.allowed, each.name
    assert {each.client for each in found if each.proposal is Proposal.CLAIM} == {"acme"}  # whom the letter names


@pytest.mark.long  # without a browser: below; dropping: test_desk.py
@pytest.mark.browser
def test_files_that_are_dropped_on_any_page_wait_for_a_decision(browser: Browser, served: Served) -> None:
    before = len(claim_files.all_claims(served.agency.home))
    files = [
        ["letter.txt", list(letter_texts.PICRIGHTS.encode())], ["used.jpg", list(jpeg(scene(22)))],
        ["film.mp4", list(ARRIVALS[8][1])], ["certificate.pdf", list(CERTIFICATE)],
    ]  # fmt: skip
    with visiting(browser, served) as page:
        page.goto("/accounts")
        page.evaluate(DROP, files)
        page.wait_for_url("**/arrivals/*")
        page.locator("#rest").wait_for()  # a busy machine shows the progress first
        fine(page)
        assert page.locator("#rest ~ ul").inner_text().startswith("film.mp4")
        assert page.locator("select[name=client]").first.input_value() == "acme"
        page.reload()
        page.get_by_role("button", name="See what would be archived").click()
        page.wait_for_selector("#plan")
        fine(page)
        assert len(claim_files.all_claims(served.agency.home)) == before  # nothing has happened yet
        page.get_by_role("button", name="Archive 1 licence for Acme Ltd").click()
        page.get_by_role("heading", name="Archived for Acme Ltd").wait_for()
        page.get_by_role("button", name="Begin a claim with it letter.txt").click()
        page.wait_for_url("**/claim/*")
    [claim] = [each for each in claim_files.all_claims(served.agency.home) if each.claimant == "PicRights"]
    assert claim.client == "acme" and len(claim.pictures) == 1


@pytest.mark.long  # a hundred papers: below
def test_a_dropped_file_that_is_no_letter_begins_no_claim(served: Served, person: Sign) -> None:
    olaf, rita = person("Olaf Operator"), person("Rita Reader")
    before = len(claim_files.all_claims(served.agency.home))
    for path in ("/find/file", "/arrivals"):
        for name, content, proposal in ARRIVALS:
            if proposal is Proposal.NOTHING and not name.startswith(".."):
                answer = olaf.post(path, files={"file": (name, content)})
                assert answer.status_code in (303, 409), (path, name, answer.text)
    one = rita.post("/arrivals", files={"file": ("picture.jpg", jpeg(scene(22)))}).headers["location"]
    if one.startswith("/arrivals/"):  # a busy machine shows the progress first
        rita.get(f"/progress/events?of={one}")
        one = rita.get(one).headers["location"]
    assert one.startswith("/find/picture/")  # one drop answers
    letter = rita.post("/arrivals", files={"file": ("letter.txt", letter_texts.GETTY.encode())})
    place = letter.headers["location"]
    rita.get(f"/progress/events?of={place}")
    assert "Getty Images" in rita.get(place).text
    assert rita.post(f"{place}/claim", {"number": "0", "client": "acme"}).status_code == 403
    assert olaf.get(place).status_code == 404  # another person's files
    assert rita.post(f"{place}/search", {"number": "0"}).status_code == 404  # it is no picture
    assert len(claim_files.all_claims(served.agency.home)) == before


GRANT = "Lumen Archive\n4 Quay Street\n\n3 June 2026\n\nDo show photograph {} on your website.\n"


def test_a_hundred_papers_are_shown_with_one_form_for_each_decision(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home("client", "add", "acme", "--name", "Acme Ltd")
    papers = [("file", (f"{number}.txt", UNKNOWN.encode() + b"%d" % number, "text/plain")) for number in range(100)]
    with desk_on(home, monkeypatch) as desk:
        owner = desk.person()
        place = owner.post("/arrivals", {"x": ""}, files=papers).headers["location"]
        page = owner.get(place).text
        assert page.count('<input type="checkbox" name="file"') == 100 and page.count(f'action="{place}/') <= 3


def test_a_person_confirms_by_name_what_an_unknown_platform_sold(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home("client", "add", "acme", "--name", "Acme Ltd")
    with desk_on(home, monkeypatch) as desk:
        owner = desk.person()
        sent = owner.post("/arrivals", {"x": ""}, files={"file": ("license.txt", UNKNOWN.encode(), "text/plain")})
        place = sent.headers["location"]
        assert owner.post(f"{place}/confirm", {"by": "Ada Example"}).status_code == 404  # nobody has asked yet
        assert owner.post(f"{place}/look", {"client": "acme", "file": "0"}).status_code == 303
        page = owner.get(place).text
        assert "A paper needs your word" in page and f"{place}/import" not in page
        german = owner.get(place, **{"accept-language": "de"}).text
        assert "wie eine Lizenz von pixelmill.example" in german and '<td><span lang="en">' not in german
        assert owner.post(f"{place}/confirm", {"by": " "}).status_code == 409
        assert owner.post(f"{place}/confirm", {"by": "Ada Example"}).status_code == 303
        page = owner.get(place).text
        assert "PM-99812" in page and "needs your word" not in page
        assert owner.post(f"{place}/import").status_code == 303
        assert "PM-99812" in owner.get("/licences").text
        grants = [
            ("file", (f"{number}.txt", GRANT.format(number).encode(), "text/plain"))
            for number in ("LA-1921", "LA-1922")
        ]
        place = owner.post("/arrivals", {"x": ""}, files=grants).headers["location"]
        owner.post(f"{place}/look", {"client": "acme", "file": ["0", "1"]})
        assert "I read each of the 2 papers" in owner.get(place).text
        owner.post(f"{place}/confirm", {"by": "Ada Example"})  # who says nothing of them
        assert f"{place}/import" not in owner.get(place).text
        owner.post(f"{place}/confirm", {"by": "Ada Example", "proposals": "1"})
        owner.post(f"{place}/import")
        more = [grants[0], ("file", ("new.txt", GRANT.format("LA-1923").encode(), "text/plain"))]
        place = owner.post("/arrivals", {"x": ""}, files=more).headers["location"]
        owner.post(f"{place}/look", {"client": "acme", "file": ["0", "1"]})
        assert "I read the paper that may" in owner.get(place).text  # the other one is archived
        notes = [("file", ("notes.txt", b"Dear Ada, Anna may use our harbour picture.", "text/plain"))]
        place = owner.post("/arrivals", {"x": ""}, files=notes).headers["location"]
        says = {"number": "0", "client": "acme", "items": "harbour-7\n harbour-8", "seller": "Quay Pictures"}
        says |= {"licensed_on": "2026-06-03", "licensee": "Acme Ltd", "by": "Ada Example"}
        for missing in ("items", "seller", "licensed_on", "by", "client"):
            assert owner.post(f"{place}/state", says | {missing: ""}).status_code == 409, missing
        assert owner.post(f"{place}/state", says | {"seller": "Shutterstock"}).status_code == 409  # not its numbers
        assert owner.post(f"{place}/state", says).status_code == 303
        assert "harbour-8" in owner.get(place).text
        owner.post(f"{place}/import")
    assert [row["licensee"] for row in home.json("find", "harbour")] == ["Acme Ltd"] * 2
    assert {row["asset_id"] for row in home.json("find", "LA-192")} == {"LA-1921", "LA-1922"}
    [row] = home.json("find", "PM-99812")
    assert row["provider"] == "other:pixelmill.example"
