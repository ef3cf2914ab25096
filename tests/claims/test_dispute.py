"""From the letter to the pack, through the command line: the scenarios that an account manager meets."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter

from archiver.claims.claim_entry import add
from archiver.claims.letter_reader import parse_letter
from archiver.collect.terms import SeenTerms
from archiver.provider import TermsPage
from archiver.reading.worker import DocumentReader
from tests.authoring.scenario import pdf
from tests.support import papers
from tests.support.agency import Agency, agency, certificate, preview, record
from tests.support.claims_kit import BOUGHT, NEVER, jpeg, licence
from tests.support.homes import Home
from tests.support.letter_texts import ABMAHNUNG, COPYTRACK, GETTY, PICRIGHTS, UNKNOWN
from tests.support.pictures import scene


def letter_pdf(text: str, picture: Image.Image | None = None) -> bytes:
    """A letter as claimants send it, its picture on a page of its own beside a small logo."""
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(pdf(text.splitlines()))))
    for image in (picture, picture and picture.resize((90, 60))):
        if image:
            page = io.BytesIO()
            image.save(page, "PDF")
            writer.append(PdfReader(page))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    with agency(tmp_path_factory.mktemp("agency")) as made:
        yield made


def rules_of(document: dict[str, object]) -> dict[str, str]:
    return {each["rule"]: each["verdict"] for each in document["findings"]}  # type: ignore[attr-defined]  # JSON


@pytest.mark.parametrize(
    ("text", "claimant", "reference", "kind", "deadline"),
    [
        (GETTY, "Getty Images", "90012345", "demand", "2026-03-27"),
        (COPYTRACK, "Copytrack", "X7K2P9", "inquiry", "2026-01-01"),
        (PICRIGHTS, "PicRights", "1234-5678-9012", "demand", "2026-06-24"),
        (ABMAHNUNG, "Kanzlei Beispiel & Partner", "123/26-AB", "abmahnung", "2026-05-18"),
        (UNKNOWN, "Studio Ada Example", "FR-2026/17", "demand", "2026-02-18"),
    ],
)
def test_letters_of_each_kind_are_read_from_their_pdf(
    at: Agency, tmp_path: Path, text: str, claimant: str | None, reference: str, kind: str, deadline: str
) -> None:
    (tmp_path / "letter.pdf").write_bytes(letter_pdf(text))
    claim = add(at.home, "acme", tmp_path / "letter.pdf", {"received": date(2026, 6, 10)})
    assert (claim.claimant, claim.reference, str(claim.kind), str(claim.deadline)) == (
        claimant, reference, kind, deadline,
    )  # fmt: skip
    assert not claim.confirmed
    assert all(claim.sure[name] for name in ("reference", "kind", "deadline"))


def test_a_claim_is_kept_unconfirmed_then_confirmed_and_one_paper_is_entered(at: Agency, tmp_path: Path) -> None:
    """The same file is the same claim; what was stated stays; working papers are this user's alone and no evidence."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "claims@example.com", "Case Number: 90012345"
    mail["Date"] = "Fri, 13 Mar 2026 09:00:00 +0100"
    mail.set_content("Please see the letter.")
    mail.add_attachment(letter_pdf(GETTY, scene(1)), maintype="application", subtype="pdf", filename="letter.pdf")
    path = tmp_path / "letter.eml"
    path.write_bytes(mail.as_bytes())
    ledger = at.run.archive() / "ledger/ledger.jsonl"
    before = ledger.exists() and ledger.read_bytes()

    claim = at.run.json("claim", "add", path, "--client", "acme", "--amount", "500")
    assert set(claim) >= {
        "claim", "claimant", "reference", "kind", "urls", "amount", "currency", "deadline", "notice_deadline",
        "first_seen", "pictures", "sure",
    }  # fmt: skip
    assert (claim["claimant"], claim["amount"], claim["currency"]) == ("Getty Images", 500, "GBP")
    assert (claim["received"], claim["deadline"], claim["notice_deadline"]) == (
        "2026-03-13", "2026-03-27", "2026-03-20",
    )  # fmt: skip
    assert claim["sure"]["amount"] == "stated by you"
    assert claim["urls"] == ["https://www.acme.example/news/launch.html"]
    assert claim["pictures"] == ["picture-1.jpg"]  # the logo is none
    folder = at.run.root / "work" / claim["claim"]
    assert Image.open(folder / "picture-1.jpg").size == (900, 600)
    assert (folder / "letter.eml").read_bytes() == path.read_bytes()
    assert {oct(each.stat().st_mode & 0o777) for each in (folder, *folder.iterdir())} == {"0o700", "0o600"}
    told = at.run("assess", "--client", "acme", "--claim", claim["claim"], code=2).stderr
    assert "not confirmed" in told

    again = at.run.json("claim", "add", path, "--client", "acme", "--yes")
    assert (again["claim"], again["confirmed"], again["amount"]) == (claim["claim"], True, 500)
    [listed] = [each for each in at.run.json("claim", "list") if each["claim"] == claim["claim"]]
    assert listed["overdue"]
    assert listed["days_left"] < 0
    assert ledger.exists() is bool(before)
    done = at.run("claim", "enter", claim["claim"], "letter.eml", "--by", "Ada Example").stderr
    assert "urn:x-archiver:statement:" in done
    [entered] = at.run.archive().rglob("v1/content/letter.eml")
    assert entered.read_bytes() == path.read_bytes()
    assert "Ada Example" not in ledger.read_text()
    (tmp_path / "named.jpg").write_bytes(jpeg(scene(2)))
    named = add(at.home, "acme", path, {}, [tmp_path / "named.jpg"])
    assert add(at.home, "acme", path, {}).pictures == named.pictures == ("picture-1.jpg", "picture-2.jpg")


def test_without_a_day_of_receipt_terms_are_counted_from_the_letters_own(at: Agency, tmp_path: Path) -> None:
    """Rather too early than too late; and what holds no letter is told."""
    told: list[str] = []
    (tmp_path / "letter.txt").write_text("4 May 2026\nPlease pay a fee of £90 within 14 days of receipt.")
    (tmp_path / "lunch.txt").write_text("Lunch is at noon.")
    letter, lunch = (
        add(at.home, "beta", tmp_path / f"{each}.txt", {}, say=told.append) for each in ("letter", "lunch")
    )
    assert (letter.received, letter.deadline) == (date(2026, 5, 4), date(2026, 5, 18))
    assert "the letter's own date" in letter.sure["received"] and "the day on which" in lunch.sure["received"]
    assert len(told) == 1 and "lunch.txt" in told[0]


@pytest.mark.parametrize(
    ("term", "days"),
    [
        ("within 14 days of receipt", 14),
        ("innerhalb von zwei Wochen ab Zustellung", 14),
        ("sous 8 jours à réception", 8),
    ],
)
@pytest.mark.parametrize(
    "thread", ["", "From: Ada <ada@acme.example>\nSent: 27 November 2026 09:00\n\nLook at this.\n"]
)
def test_what_counts_from_receipt_counts_from_the_earliest_day_until_a_person_states_it(
    at: Agency, tmp_path: Path, term: str, days: int, thread: str
) -> None:
    """A letter on paper, which a colleague passes on weeks later."""
    came = EmailMessage()
    came["From"], came["Date"] = "Bob <bob@acme.example>", "Mon, 30 Nov 2026 09:00:00 +0100"
    came.set_content(f"This came by post.\n\n{thread}")
    said = f"Example Pictures\n3 November 2026\n\nWe found our picture on your page. Please pay EUR 90 {term}."
    came.add_attachment(letter_pdf(said), "application", "pdf", filename="scan.pdf")
    path = tmp_path / "mail.eml"
    path.write_bytes(came.as_bytes())
    claim = add(at.home, "acme", path, {})
    assert (claim.received, claim.deadline) == (date(2026, 11, 3), date(2026, 11, 3) + timedelta(days=days))
    assert claim.came is None and "before the mail of" in claim.sure["received"]
    assert "counted from 2026-11-03" in claim.sure["deadline"]
    stated = add(at.home, "acme", path, {"received": date(2026, 11, 10)})
    assert stated.deadline == date(2026, 11, 10) + timedelta(days=days)


def test_a_letter_that_was_forwarded_as_an_attachment_is_the_letter() -> None:
    first, forwarded = EmailMessage(), EmailMessage()
    first["From"], first["Date"] = "claims@example.com", "Fri, 13 Mar 2026 09:00:00 +0100"
    first.set_content(GETTY)
    forwarded["From"], forwarded["Date"] = "info@acme.example", "Mon, 16 Mar 2026 09:00:00 +0100"
    forwarded.set_content("See below.")
    forwarded.add_attachment(first)
    with DocumentReader() as reader:
        read = parse_letter(forwarded.as_bytes(), reader)
    assert read.received == date(2026, 3, 13)
    assert "90012345" in read.text and "See below." in read.text
    inline = EmailMessage()
    inline["From"], inline["Subject"] = "info@acme.example", "WG: Case 90012345"
    inline["Date"] = "Mon, 16 Mar 2026 09:00:00 +0100"
    inline.set_content(f"See below.\n\nVon: claims@example.com\nGesendet: Freitag, 13. März 2026 08:30\n\n{GETTY}")
    with DocumentReader() as reader:
        assert parse_letter(inline.as_bytes(), reader).received == date(2026, 3, 13)


def test_a_mail_whose_plain_text_only_tells_where_to_look_is_read_from_its_page(at: Agency, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["Date"] = "claims@example.com", "Fri, 13 Mar 2026 09:00:00 +0100"
    mail.set_content("This message is in HTML.")
    page = "https://www.acme.example/fr/l%27automne?x=1&amp;y=2"
    mail.add_alternative(
        f'<p>Case Number: 90012345</p><p>Getty Images found a picture on <a href="{page}">this page</a>; a fee of '
        '£645.00 is due. <a href="https://news.example/unsubscribe">No more letters</a>',
        subtype="html",
    )
    (tmp_path / "page.eml").write_bytes(mail.as_bytes())
    claim = add(at.home, "acme", tmp_path / "page.eml", {})
    assert (claim.claimant, claim.reference, claim.amount) == ("Getty Images", "90012345", 645)
    assert claim.urls == ("https://www.acme.example/fr/l%27automne?x=1&y=2",)


def test_a_person_accepts_and_corrects_field_by_field(at: Agency, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text(COPYTRACK + "\nAnother one.")
    said = iter(["", "", "demand", "", "quarrel", "350", "", "", "", "-"])
    told: list[str] = []

    def ask(question: str, default: str) -> str:
        told.append(question)
        return next(said) or default

    claim = add(at.home, "acme", path, {}, ask=ask, say=told.append)
    assert (claim.kind, claim.amount, claim.first_seen, claim.confirmed) == ("demand", 350, None, True)
    assert any("quarrel" in each for each in told)
    assert any("in this claimant's format" in each for each in told)


def test_a_scanned_letter_is_read_where_the_program_for_it_is_there(at: Agency, tmp_path: Path) -> None:
    shutil = pytest.importorskip("shutil")
    if not shutil.which("tesseract"):
        pytest.skip("tesseract is not installed")
    from PIL import ImageDraw, ImageFont

    image = Image.new("RGB", (1500, 500), "white")
    font = ImageFont.load_default(36)
    ImageDraw.Draw(image).multiline_text((40, 40), "\n".join(GETTY.splitlines()[:6]), "black", font)
    image.save(tmp_path / "scan.png")
    claim = add(at.home, "acme", tmp_path / "scan.png", {})
    assert (claim.claimant, claim.reference) == ("Getty Images", "90012345")


@pytest.mark.long  # without commands: tests/catalogue/test_matching.py
def test_1_a_flipped_cropped_picture_finds_its_licence(tmp_path: Path) -> None:
    width, height = scene(22).size
    cropped = ImageOps.mirror(scene(22)).crop((round(0.2 * width), 0, width, round(0.8 * height)))
    cropped.thumbnail((600, 600))
    query, sheet = tmp_path / "query.jpg", tmp_path / "sheet.png"
    query.write_bytes(jpeg(cropped, 60))
    with agency(tmp_path / "agency", recognises=True) as at:
        at.archive("acme", *((licence(f"1230{n}"), [record(), preview(jpeg(scene(n)))]) for n in range(20, 25)))
        found = at.run("find", "--image", query, "--client", "acme", "--sheet", sheet, "--json").stdout
    rows = json.loads(found)["licences"]
    assert (rows[0]["asset_id"], rows[0]["licensee"], rows[0]["licensed_at"][:10]) == (
        "123022",
        "Acme Ltd",
        "2026-03-09",
    )
    assert rows[0]["match"] in ("same", "probable")
    assert Image.open(sheet).width > 900


def test_1_a_picture_is_looked_for_among_those_of_client_and_house(at: Agency) -> None:
    at.archive("house", (licence("12399"), [record(), preview(jpeg(scene(99)))]))
    query = at.run.root.parent / "query.jpg"
    query.write_bytes(jpeg(scene(99)))
    assert at.run.json("find", "--image", query, "--client", "acme")[0]["licence"].startswith("house/")
    assert at.run.json("find", "--image", query, "--client", "beta")[0]["licence"].startswith("house/")
    query.write_bytes(jpeg(scene(77)))
    nothing = at.run("find", "--image", query, "--client", "beta")
    assert "unlicensed" not in nothing.stdout + nothing.stderr
    assert "house-stock has not been read yet" in nothing.stderr


def test_2_a_pack_of_a_dead_platform_is_built_without_network(at: Agency, tmp_path: Path) -> None:
    old = certificate("Fotolia", "Licence fotolia-4711", "Licensee: Acme Ltd", "Date: 5 May 2010")
    grant = licence("4711", "fotolia", licensed_at=date(2010, 5, 5))
    page = TermsPage(name="licence", url="https://fotolia.example/terms")
    terms = SeenTerms(
        provider="fotolia", page=page, url=page.url, text=b"Terms of 2010\n", language="en",
        at=datetime(2010, 5, 5, 9, tzinfo=UTC),
    )  # fmt: skip
    [stored] = at.archive("acme", (grant, [record(), old, terms]))
    home = at.run.without_browser()
    offline = Home(home.root, home.env | {"HTTPS_PROXY": "http://127.0.0.1:9"})
    offline("proof", stored.folder, "--out", tmp_path / "proof.zip")
    with zipfile.ZipFile(tmp_path / "proof.zip") as zipped:
        inside = [name for name in zipped.namelist() if name.endswith("/certificate.txt")]
        assert {zipped.read(name) for name in inside} == {old.content} and len(inside) == 2
        [said] = [name for name in zipped.namelist() if re.search("03_terms_at_purchase/.*/terms.txt", name)]
        assert zipped.read(said) == b"Terms of 2010\n"
        zipped.extractall(tmp_path)
    checked = [sys.executable, "-I", "proof/data/07_integrity/verify.py", "--proof", "proof"]  # the bag will do
    done = subprocess.run(checked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3 and "PROVEN" in done.stdout and "DAMAGED" not in done.stdout
    assert at.run.json("find", "2010-05-05")[0]["asset_id"] == "4711"


def test_3_an_agency_as_licensee_is_an_open_question_that_cites_the_clause(at: Agency) -> None:
    grant = licence("333", "adobe_stock", licensee="Agency Ltd", plan="Team")
    [stored] = at.archive("house", (grant, [certificate("Licence adobe_stock-333", "Licensee: Agency Ltd")]))
    document = at.run.json("assess", stored.folder, "--client", "acme", "--first-seen", "2026-04-01")
    assert document["verdict"] == "open"
    [licensee] = [each for each in document["findings"] if each["rule"] == "licensee"]
    assert (licensee["document"], licensee["page"]) == ("certificate.txt", 1)
    assert "transfers the licence" in licensee["message"]
    assert "Permitted ways" in licensee["message"]
    assert "names Acme" not in json.dumps(document)


def test_4_a_late_purchase_is_not_covered_and_gets_a_checklist_but_no_pack(at: Agency, tmp_path: Path) -> None:
    [stored] = at.archive("acme", (licence("444"), [certificate("Licence shutterstock-444", "Licensee: Acme Ltd")]))
    document = at.run.json("assess", stored.folder, "--client", "acme", "--first-seen", "2026-03-01")
    assert document["verdict"] == "not_covered"
    assert "8 days before the licence" in document["findings"][0]["message"]
    german = at.run("assess", stored.folder, "--client", "acme", "--first-seen", "2026-03-01", "--language", "de")
    assert "8 Tage vor der Lizenz" in german.stdout
    (tmp_path / "letter.txt").write_text(GETTY.replace("2 March", "1 March"))
    told = at.run("letter", tmp_path / "letter.txt", "--client", "acme", "--licence", stored.folder, "--yes").stdout
    assert "Have a lawyer answer" in told
    assert not list((at.run.root / "work").glob("*/proof.zip"))
    (tmp_path / "abmahnung.txt").write_text(ABMAHNUNG)
    warned = at.run(
        "letter", tmp_path / "abmahnung.txt", "--client", "acme", "--licence", stored.folder, "--yes",
        "--language", "de",
    ).stdout  # fmt: skip
    assert "keine Unterlassungserklärung" in warned and "Nehmen Sie dann das Bild" not in warned


def test_6_the_terms_of_the_purchase_are_packed_and_never_those_of_today(at: Agency, tmp_path: Path) -> None:
    page = TermsPage(name="licence", url="https://stock.example/terms")
    then, today = (
        SeenTerms(provider="shutterstock", page=page, url=page.url, text=text, language="en", at=seen)
        for text, seen in ((b"Terms of then\n", BOUGHT), (b"Terms of today\n", datetime(2026, 9, 1, tzinfo=UTC)))
    )
    other = licence("667", licensed_at=datetime(2026, 9, 1, tzinfo=UTC))
    stored, _ = at.archive("acme", (licence("666"), [record(), then]), (other, [record(), today]))
    at.run.without_browser()("proof", stored.folder, "--out", tmp_path / "proof.zip", "--asice")
    with zipfile.ZipFile(tmp_path / "proof.asice") as container:
        assert container.read("proof.zip") == (tmp_path / "proof.zip").read_bytes()
        assert container.namelist()[-1] == "META-INF/timestamp001.tst"
    with zipfile.ZipFile(tmp_path / "proof.zip") as zipped:
        texts = [zipped.read(name) for name in zipped.namelist() if name.endswith("/terms.txt")]
    assert set(texts) == {b"Terms of then\n"}
    assert rules_of(at.run.json("assess", stored.folder, "--client", "acme"))["terms"] == "covered"


def test_7_a_changed_byte_is_named_and_its_pack_refused_while_others_pass(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        bad, good = at.archive(
            "acme", *((licence(n), [certificate(f"Licence shutterstock-{n}")]) for n in ("771", "772"))
        )
        [path] = at.run.archive().glob(f"evidence/licences/*/*/{bad.folder}/v1/content/certificate.txt")
        path.chmod(0o644)
        path.write_bytes(path.read_bytes().replace(b"L", b"l", 1))
        found = at.run.json("verify", code=90)
        assert bad.folder in json.dumps(found)
        assert good.folder not in json.dumps(found["clients"][0]["findings"])
        refused = at.run("proof", bad.folder, "--out", tmp_path / "bad.zip", code=90)
        assert "certificate.txt" in refused.stderr
        assert not (tmp_path / "bad.zip").exists()
        at.run.without_browser()("proof", good.folder, "--out", tmp_path / "good.zip")


@pytest.mark.parametrize("each_step", [False, pytest.param(True, marks=pytest.mark.long)])
def test_9_a_getty_letter_becomes_a_pack_with_an_imported_licence(tmp_path: Path, each_step: bool) -> None:
    with agency(tmp_path) as at:
        letter, paper = tmp_path / "letter.pdf", tmp_path / "licence.pdf"
        letter.write_bytes(letter_pdf(GETTY.replace("2026", "2024"), scene(9)))
        if each_step:
            read = at.run.json("claim", "add", letter, "--client", "acme")
            assert [read[name] for name in ("reference", "urls", "amount", "dated", "deadline", "confirmed")] == [
                "90012345", ["https://www.acme.example/news/launch.html"], 645, "2024-03-13", "2024-03-27", False,
            ]  # fmt: skip
            assert "not confirmed" in at.run("assess", "--client", "acme", "--claim", read["claim"], code=2).stderr
            empty = at.run("letter", letter, "--client", "acme", "--yes").stdout
            assert "archiver import FILE --client acme" in empty
            assert "house-stock has not been read yet" in empty

        sample = papers.licence("en", "getty_images")
        paper.write_bytes(replace(sample, text=sample.text.replace("Ada Example", "Acme Ltd")).pdf())
        at.run("import", paper, "--client", "acme", "--by", "Ada Example")
        [row] = at.run.json("find", "GettyImages-123450001-1024x683.jpg")
        assert row["match"] == "file_name"
        done = at.run.without_browser()(
            "letter", letter, "--client", "acme", "--yes", "--licence", row["licence"], "--use", "commercial"
        )
        assert "Covered" in done.stdout, done.stdout
        [claim] = at.run.json("claim", "list")
        assert (claim["reference"], claim["amount"], claim["deadline"]) == ("90012345", 645, "2024-03-27")
        assert claim["licence"] == row["licence"]
        [seen] = at.run.json("find", claim["urls"][0])
        assert (seen["licence"], seen["match"]) == (row["licence"], "page_url")
        out = at.run.root / "work" / claim["claim"] / "proof.zip"
        with zipfile.ZipFile(out) as zipped:
            everything = b"".join(zipped.read(name) for name in zipped.namelist())
        assert b"SO-7001" in everything
        assert b"beta gmbh" not in everything.lower()
        drafts = {path.name: path.read_text() for path in (out.parent / "drafts").glob("*.txt")}
        reply = drafts["reply.txt"]
        assert "SO-7001" in reply and all(f"({n})" in reply for n in range(1, 9))
        assert not [found[0] for text in drafts.values() for found in NEVER.finditer(text)]
        assert not any("beta" in text.lower() for text in drafts.values())
        assert "The archiver sends nothing" in done.stdout
        if not each_step:
            return
        resumed = at.run("letter", letter, "--client", "acme", "--yes").stdout
        assert "exists already and stays as it is" in resumed
