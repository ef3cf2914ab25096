"""A photographed letter is a letter, and a claim goes to the client that the evidence points to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import httpx
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from archiver.claims import claim_files
from archiver.claims.claim_events import ClaimEventKind
from archiver.claims.claim_files import Claim
from tests.support.claims_kit import jpeg
from tests.support.desk_kit import Person, Served
from tests.support.letter_texts import GETTY
from tests.support.pictures import scene

type Sign = Callable[..., Person]


def photographed(text: str, picture: Image.Image) -> bytes:
    """A letter on a table, under a lamp: a little askew, in the shade, with a picture printed on it."""
    page = Image.new("RGB", (1900, 2400), (244, 241, 232))
    ImageDraw.Draw(page).multiline_text((90, 160), text, (40, 40, 44), ImageFont.load_default(30), spacing=22)
    page.paste(picture.resize((700, 500)), (90, 1300))
    table = Image.new("RGB", (2100, 2600), (96, 70, 48))
    table.paste(page.rotate(0.6, expand=True, fillcolor=(96, 70, 48)), (90, 90))
    return jpeg(ImageEnhance.Brightness(table).enhance(0.86), 88)


@pytest.fixture
def added(served: Served) -> Iterator[Callable[[httpx.Response], Claim]]:
    """The claim that an answer leads to; removed afterwards, since other tests count claims."""
    made: list[str] = []

    def of(answer: httpx.Response) -> Claim:
        assert answer.headers["location"].startswith("/claim/"), answer.headers["location"]
        made.append(answer.headers["location"].split("/")[2].partition("?")[0])
        return claim_files.load(served.agency.home, made[-1])

    yield of
    for each in made:
        shutil.rmtree(claim_files.folder(served.agency.home, each), ignore_errors=True)


def dropped(who: Person, content: bytes, client: str = "acme") -> httpx.Response:
    return who.post("/find/file", {"client": client}, files={"file": ("IMG_2041.jpg", content, "image/jpeg")})


@pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
def test_a_photographed_letter_becomes_a_claim_with_its_values(
    served: Served, person: Sign, added: Callable[[httpx.Response], Claim]
) -> None:
    olaf = person("Olaf Operator")
    claim = added(dropped(olaf, photographed(GETTY, scene(22))))
    assert (claim.claimant, claim.reference) == ("Getty Images", "90012345")
    assert claim.urls == ("https://www.acme.example/news/launch.html",)
    assert claim.pictures and not claim.confirmed
    assert ClaimEventKind.CONFIRMED not in [each.what for each in claim.events]


def test_a_picture_is_searched_for_and_may_be_called_a_letter(
    served: Served, person: Sign, added: Callable[[httpx.Response], Claim]
) -> None:
    olaf = person("Olaf Operator")
    found = dropped(olaf, jpeg(scene(22))).headers["location"]
    assert found.startswith("/find/picture/") and "This is a letter" in olaf.get(found).text
    assert "This is a letter" not in person("Rita Reader").get(found).text
    claim = added(olaf.post(f"{found}/letter"))
    assert claim.letter and not claim.confirmed
    begun = added(olaf.post(f"{found}/claim", {"licence": served.folders["harbour"]}))
    assert [each.what for each in begun.events] == [ClaimEventKind.ADDED, ClaimEventKind.LICENCE]


def test_the_client_that_the_page_or_the_picture_points_to_is_said_and_one_click_takes_it(
    served: Served, person: Sign, added: Callable[[httpx.Response], Claim]
) -> None:
    olaf, home = person("Olaf Operator"), served.agency.home
    by_picture = added(dropped_claim(olaf, "beta", "letter.txt", GETTY.replace("acme", "gamma").encode(), scene(22)))
    assert (
        "It is about Acme Ltd" not in olaf.get(f"/claim/{by_picture.claim}").text
    )  # nothing is known before it is read
    olaf.post(f"/claim/{by_picture.claim}/confirm", {})
    page = olaf.get(f"/claim/{by_picture.claim}").text
    assert "The archive of Beta GmbH does not hold this picture. The archive of Acme Ltd does." in page
    by_page = added(dropped_claim(olaf, "beta", "other.txt", GETTY.encode() + b"\n.", scene(999)))
    assert "a page of Acme Ltd, not of Beta GmbH" in olaf.get(f"/claim/{by_page.claim}").text
    for claim in (by_picture, by_page):
        assert olaf.post(f"/claim/{claim.claim}/client", {"client": "acme"}).status_code == 303
        now = claim_files.load(home, claim.claim)
        assert (now.client, now.confirmed, now.reference) == ("acme", False, "90012345")
        assert now.events[-1].what is ClaimEventKind.CLIENT and now.events[-1].text == "Beta GmbH → Acme Ltd"
        assert now.letter == claim.letter and now.pictures == claim.pictures
        assert "It is about" not in olaf.get(f"/claim/{claim.claim}").text
    again = dropped_claim(olaf, "acme", "other.txt", GETTY.encode() + b"\n.", scene(999))
    assert again.headers["location"] == f"/claim/{by_page.claim}"  # the same letter is the same claim
    assert person("Rita Reader").post(f"/claim/{by_page.claim}/client", {"client": "beta"}).status_code == 403


def dropped_claim(who: Person, client: str, name: str, letter: bytes, picture: Image.Image) -> httpx.Response:
    files = {"letter": (name, letter, "text/plain"), "picture": ("p.jpg", jpeg(picture), "image/jpeg")}
    return who.post("/claims/new", {"client": client}, files=files)
