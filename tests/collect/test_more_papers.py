"""Papers of platforms that are not known, forms that nobody filled in, Office files, UTF-16 and invoices: imported."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook
from PIL import Image

from archiver.collect.file_walk import Item, Refused, walk
from archiver.collect.recognition import ClassifiedFile, recognise
from archiver.reading.document_parser import read_text
from archiver.reading.mail import unasked
from archiver.reading.worker import DocumentReader
from tests.support import papers
from tests.support.homes import begun
from tests.support.outlook_files import outlook_message

UNKNOWN = """PixelMill
License certificate

Licensor: PixelMill Ltd
Website: www.pixelmill.example
Image ID: PM-99812
Title: Lighthouse in fog
License type: Standard
License date: 4 March 2024
Licensee: Acme Ltd
"""
UNKNOWN_GERMAN = """Lizenzzertifikat

Bildagentur: Bilderwerk Nord
Bildnummer: 448812
Lizenzart: Standard
Lizenzdatum: 12.03.2024
Lizenznehmer: Acme Ltd
"""
INVOICE = """Depositphotos, Inc.
Invoice

Invoice number: 20240304-77
Invoice date: March 4, 2024
Bill to: Acme Ltd
Image ID: 44556677
License type: Standard
Total: $12.00
"""


@pytest.fixture(scope="module")
def reader() -> DocumentReader:
    return DocumentReader(workers=1)


def recognised(path: Path, reader: DocumentReader) -> list[ClassifiedFile | Refused]:
    return [each if isinstance(each, Refused) else recognise(each, reader, unasked, lambda *_: "")
            for each in walk([path]) if isinstance(each, Item | Refused)]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "provider", "asset"),
    [
        (UNKNOWN, "other:pixelmill.example", "PM-99812"),
        (UNKNOWN_GERMAN, "other:bilderwerk nord", "448812"),
        (UNKNOWN.replace("Website: www.pixelmill.example\n", "").replace("Licensor: PixelMill Ltd\n", "")
         .replace("PixelMill\nLicense", "PixelMill License"), "other:pixelmill", "PM-99812"),
    ],
)  # fmt: skip
def test_a_paper_of_an_unknown_platform_names_it_and_has_to_be_confirmed(text: str, provider: str, asset: str) -> None:
    paper = read_text(text)
    assert paper and paper.sure == "stated"
    [licence] = paper.licences
    assert (licence.asset.provider, licence.asset.asset_id, licence.licensee) == (provider, asset, "Acme Ltd")
    song = text.replace("Image ID", "Song ID").replace("Bildnummer", "Titel-ID")
    song = song.replace("Lizenzdatum", "Datum des Erwerbs")
    paper = read_text(song)
    assert paper and paper.licences[0].asset.asset_id == asset


def test_a_seller_without_a_site_names_itself_around_a_table_of_its_items() -> None:
    table = "Order no.: A668273\nLicensee: Agence Acme SAS\nPurchase date: 4 March 2024\n\n" + "\n".join(
        f"{number:12}{title:24}{kind}" for number, title, kind in (
            ("Item ID", "Title", "Licence type"), ("192-92846", "A red door", "Standard"), ("EQD2S64Q", "Fog", "Web"))
    )  # fmt: skip
    paper = read_text(f"Cinder Vault\n\nCinder Vault – Invoice\n\n{table}\n\nCinder Vault\n")
    assert paper and [(each.asset.provider, each.asset.asset_id, each.licensee) for each in paper.licences] == [
        ("other:cinder vault", number, "Agence Acme SAS") for number in ("192-92846", "EQD2S64Q")
    ]


def test_a_site_below_co_uk_is_one_site() -> None:
    paper = read_text(UNKNOWN.replace("pixelmill.example", "pixelmill.co.uk"))
    assert paper and paper.licences[0].asset.provider == "other:pixelmill.co.uk"


def test_what_is_not_clear_of_an_unknown_platform_is_no_licence() -> None:
    unclear = [
        UNKNOWN + "See also www.imagebarn.example",  # of which of both?
        UNKNOWN.replace("Acme Ltd", "<your name>"),
        UNKNOWN.replace("License date: 4 March 2024\n", ""),
        UNKNOWN.replace("Image ID: PM-99812\n", ""),
        UNKNOWN.replace("License certificate", "License certificate template"),
        UNKNOWN + "Sold on Shutterstock and elsewhere",
    ]
    assert [text for text in unclear if read_text(text)] == []


BLANKS = [
    "<your name>",
    "XXXXXXX",
    "XXXX-XXXX",
    "{{licensee}}",
    "Your Company",
    "[Name of licensee]",
    "________",
    "0000000",
]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("sample", [papers.market_2017(), papers.elements("default"), papers.licence("en", "stocksy")])
def test_a_form_that_nobody_filled_in_is_never_a_licence(sample: papers.Sample, blank: str) -> None:
    [said] = sample.licences
    assert read_text(sample.text)
    for field in ("licensee", "licence_id", "asset_id"):
        if (value := said.get(field)) and str(value) in sample.text:
            assert read_text(sample.text.replace(str(value), blank)) is None, field


def test_an_invoice_that_names_picture_licence_buyer_and_day_is_a_licence() -> None:
    paper = read_text(INVOICE)
    assert paper and paper.kind == "receipt" and paper.invoice == "20240304-77"
    [licence] = paper.licences
    assert (licence.asset.asset_id, licence.kind, licence.licensee, str(licence.licensed_at)) == (
        "44556677", "standard", "Acme Ltd", "2024-03-04"
    )  # fmt: skip
    without = read_text(INVOICE.replace("License type: Standard\n", ""))
    assert without and [each.kind for each in without.licences] == [None]
    page = INVOICE.replace("Depositphotos, Inc.", "Home\nMy account\nDepositphotos Invoice")  # its menu comes first
    footed = read_text(f"{page}\n© 2026 Depositphotos")
    assert footed and footed.licences == paper.licences and not read_text(page)
    comp = read_text(INVOICE.replace("License type: Standard", "License type: maquette"))
    assert comp is None or not comp.licences
    for beside in ("{} (ACM0031)", "1189044 {}", "{} (ada@acme.example)", "/s/ {}"):
        named = read_text(INVOICE.replace("Acme Ltd", beside.format("Acme Ltd")))
        assert named and named.licences[0].licensee == "Acme Ltd", beside
    person = read_text(INVOICE.replace("Acme Ltd", "Ada Example\n         Sample Street 12\n         10999 Sampletown"))
    assert person and person.licences[0].licensee == "Ada Example"  # above an address
    seller = read_text(UNKNOWN.replace("Acme Ltd", "PixelMill.example Ltd."))
    assert seller and seller.licences[0].licensee is None


def test_office_files_outlook_messages_and_utf_16_are_read_as_their_text_is(
    tmp_path: Path, reader: DocumentReader
) -> None:
    sample = papers.licence("en", "stocksy")
    word = Document()
    head, *lines = sample.text.splitlines()
    word.sections[0].header.paragraphs[0].text = head
    for line in lines:
        word.add_paragraph(line)
    word.save(str(tmp_path / "1.docx"))
    book = Workbook()
    assert book.active is not None
    book.active.append(["Report of", "2026-12-04"])
    sheet = book.create_sheet("Licences")
    for row in ("Asset ID,License,Date,Site", "32009999,Standard,2024-03-03,stock.adobe.com"):
        sheet.append(row.split(","))
    book.save(tmp_path / "2.xlsx")
    (tmp_path / "2.json").write_text(
        '{"files": [{"id": 32009999, "license": "Standard", "license_date": "9/21/17, 9:00 PM", "creator_name": "a"}]}'
    )
    (tmp_path / "2.txt").write_bytes(
        "Shutterstock ID\tLicense\tLicense date\r\n32009999\tStandard\t2024-03-03\r\n".encode("utf-16")
    )
    (tmp_path / "2_shutterstock.txt").write_text(
        "My licences\n\nImage ID;License;License date\n32009999;Standard;2024-03-03\n"
    )
    (tmp_path / "3.txt").write_bytes(sample.text.encode("utf-16-le"))
    spelled = "".join(letter if letter.isascii() else f"\\'{ord(letter):02x}" for letter in sample.text)
    rich = spelled.replace("\n", "\\par\n").encode()
    (tmp_path / "3.rtf").write_bytes(
        rb"{\rtf1\ansi{\fonttbl{\f0 Licensee: Nobody;}}{\*\company Licensee: Nobody}\f0 " + rich + b"}"
    )
    (tmp_path / "4.txt").write_bytes(sample.text.encode("utf-16-be"))
    (tmp_path / "5.msg").write_bytes(
        outlook_message(
            sender="Shop <shop@dreamstime.example>", subject="Your licence", body="See attached.",
            sent=datetime(2026, 12, 4, 10, tzinfo=UTC), attachments=[("licence.txt", sample.text.encode())],
        )
    )  # fmt: skip
    (tmp_path / "6.docx").write_bytes(b"PK\x03\x04" + b"x" * 200)
    packed = io.BytesIO()
    word.save(packed)
    (tmp_path / "7.docx").write_bytes(packed.getvalue()[: len(packed.getvalue()) // 2])
    with reader:
        found = {each.path.rpartition("/")[2]: each for each in recognised(tmp_path, reader)}
    for name in ("1.docx", "3.txt", "3.rtf", "4.txt", "5.msg!licence.txt"):
        read = found[name]
        assert isinstance(read, ClassifiedFile) and read.paper, name
        assert papers.facts(read.paper.licences[0]) == sample.licences[0], name
    table = found["2.xlsx"]
    assert isinstance(table, ClassifiedFile) and table.what == "table" and table.sign
    assert table.paper and table.paper.licences[0].asset.asset_id == "32009999"
    for name in ("2.json", "2.txt", "2_shutterstock.txt"):
        answer = found[name]
        assert isinstance(answer, ClassifiedFile) and answer.paper and answer.ending == name.rpartition(".")[2]
        assert answer.paper.licences[0].asset.asset_id == "32009999"
    for name in ("6.docx", "7.docx"):
        broken = found[name]
        assert isinstance(broken, ClassifiedFile) and broken.refused, name


def test_a_workbooks_sheets_of_years_are_one_list_and_its_cells_are_read_as_they_are_shown(
    tmp_path: Path,
) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "IMAGO 2019"
    for sheet, number, day in ((book.active, 49812664, 4), (book.create_sheet("IMAGO 2020"), 55480233.0, 5)):
        sheet.append(["Account:", "Acme"])
        sheet.append([])
        sheet.append(["Bildnummer", "Lizenzmodell", "Heruntergeladen am"])
        sheet.append([number, "RM", datetime(2020, 2, day)])  # noqa: DTZ001  # a cell of a workbook has no zone
        sheet.cell(4, 1).number_format = "0000000000"
    book.create_sheet("Wish list").append(["Bildnummer", "Lizenz", "Preis"])
    book.save(tmp_path / "list.xlsx")
    sellers = Workbook()
    assert sellers.active is not None
    sellers.active.title = "iStock"
    for sheet, number in ((sellers.active, 32009998), (sellers.create_sheet("Pond5"), 42009999)):
        sheet.append(["Item ID", "License", "Purchase date"])
        sheet.append([number, "Standard", 43865])  # a day that nobody formatted
    sellers.save(tmp_path / "sellers.xlsx")
    with DocumentReader(workers=1) as reader:
        [found, of_two] = recognised(tmp_path, reader)
    assert isinstance(found, ClassifiedFile) and found.paper
    assert [papers.facts(each) for each in found.paper.licences] == [
        {"platform": "imago", "asset_id": "0049812664", "kind": "RM", "licensed_at": "2020-02-04"},
        {"platform": "imago", "asset_id": "0055480233", "kind": "RM", "licensed_at": "2020-02-05"},
    ]
    assert isinstance(of_two, ClassifiedFile) and of_two.paper
    assert [(each.asset.provider, str(each.licensed_at)) for each in of_two.paper.licences] == [
        ("istock", "2020-02-04"), ("pond5", "2020-02-04")
    ]  # fmt: skip


ROWS = "".join(
    f"<tr><td>{day}</td><td>Ada</td><td>{asset}</td><td>Standard</td><td>Photo</td><td>1</td></tr>"
    for asset, day in (("32009998", "03/13/2026"), ("32009999", "03/04/2026"))
)
HISTORY = "https://stock.adobe.com/Dashboard/LicenseHistory?page=1"
MHTML = f"""From: <Saved by Blink>
Snapshot-Content-Location: {HISTORY}
Subject: License history
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="edge"

--edge
Content-Type: text/html
Content-Location: {HISTORY}

<html><body><table>{ROWS}</table></body></html>
--edge
Content-Type: image/gif
Content-Transfer-Encoding: base64

R0lGODlhAQ==
--edge--
"""


def test_a_history_that_a_browser_saved_is_read_as_a_page_of_that_address(tmp_path: Path) -> None:
    page = f"<html><head><title>History</title></head><body><table>{ROWS}</table></body></html>"
    for name, head in (
        ("1", f"<!-- saved from url=({len(HISTORY):04}){HISTORY} -->"),
        ("2", f"<!--\n Page saved with SingleFile \n url: {HISTORY} \n saved date: Mon -->"),
        ("3", f"<link rel='canonical' href='{HISTORY}'>"),
        ("4", "<!-- saved from url=(0023)https://shop.example.com/ -->"),
    ):
        (tmp_path / f"{name}.html").write_text(f"<!DOCTYPE html>{head}{page}")
    (tmp_path / "5.mhtml").write_text(MHTML)
    with DocumentReader(workers=1) as reader:
        found = {each.path.rpartition("/")[2]: each for each in recognised(tmp_path, reader)}
    for name in ("1.html", "2.html", "3.html", "5.mhtml"):
        seen = found[name]
        assert isinstance(seen, ClassifiedFile) and seen.what == "page" and seen.paper, name
        assert [(each.asset.asset_id, str(each.licensed_at)) for each in seen.paper.licences] == [
            ("32009998", "2026-03-13"), ("32009999", "2026-03-04"),
        ]  # fmt: skip
    elsewhere = found["4.html"]
    assert isinstance(elsewhere, ClassifiedFile) and not elsewhere.paper


@pytest.mark.long  # at the desk: tests/desk/test_arrivals.py
def test_a_person_confirms_a_licence_of_an_unknown_platform(tmp_path: Path) -> None:
    home, paper = begun(tmp_path), tmp_path / "papers" / "pixelmill.txt"
    paper.parent.mkdir()
    paper.write_text(UNKNOWN)
    [first] = home.json("import", paper, "--client", "acme", "--by", "Ada Example")["files"]
    assert (first["outcome"], first["licence"], first["sure"]) == ("unread", None, "stated")
    assert "--yes" in first["message"] and "pixelmill.example" in first["message"]
    [second] = home.json("import", paper, "--client", "acme", "--by", "Ada Example", "--yes")["files"]
    assert second["outcome"] == "archived"
    [third] = home.json("import", paper, "--client", "acme", "--by", "Ada Example")["files"]
    assert (third["outcome"], third["licence"]) == ("known", second["licence"])
    [row] = home.json("find", "lighthouse fog", "--client", "acme")
    assert (row["provider"], row["asset_id"], row["licensee"]) == ("other:pixelmill.example", "PM-99812", "Acme Ltd")
    shown = home.json("show", second["licence"])
    assert shown["imports"][0]["sure"] == "stated" and shown["imports"][0]["by"] == "Ada Example"
    assert home.json("verify", "--client", "acme")["state"] != "DAMAGED"
    history = tmp_path / "Shutterstock" / "2022" / "license-history.csv"  # whose platform only a folder names
    history.parent.mkdir(parents=True)
    history.write_text("Asset ID,Date licensed,License type\n1308785861,12/16/2022,Standard\n")
    for yes, outcome in (((), "unread"), (("--yes",), "archived")):
        [file] = home.json("import", history.parents[1], "--client", "acme", "--by", "Ada Example", *yes)["files"]
        assert (file["outcome"], file["sure"]) == (outcome, "stated")
        assert (
            yes or "a licence of Shutterstock, but does not say so for sure: 1308785861, 2022-12-16" in file["message"]
        )
    grant = tmp_path / "grants" / "grant.txt"  # that says so in words of its own: a person has read this one paper
    grant.parent.mkdir()
    grant.write_text("Lumen Archive\n4 Quay Street\n\n3 June 2026\n\nDo show photograph LA-1921 on your website.\n")
    folder = grant.parent
    for number in (2, 3):
        (folder / f"{number}.txt").write_text(grant.read_text().replace("LA-1921", f"LA-292{number}"))
    (folder / "herewith.txt").write_text(
        "Lumen Archive\n4 Quay Street\n\n3 June 2026\n\nHerewith photograph LA-1930.\n"
    )
    said = "3 papers may license what their lines say. Read them."
    assert said in home("import", folder, "--client", "acme", "--dry-run").stderr
    home("import", folder, "--client", "acme", "--proposals", code=2)
    files = home.json("import", folder, "--client", "acme", "--yes")["files"]
    outcomes = ["irrelevant", "unread", "unread", "unread"]  # no line says what the first may license
    assert sorted(file["outcome"] for file in files) == outcomes
    taken = home.json("import", folder, "--client", "acme", "--yes", "--proposals", "--dry-run")
    assert sorted(row["asset_id"] for row in taken["licences"]) == ["LA-1921", "LA-2922", "LA-2923"]
    for options, outcome in (((), "known"), (("--yes",), "archived"), ((), "known")):
        [file] = home.json("import", grant, "--client", "acme", "--by", "Ada Example", *options)["files"]
        assert file["outcome"] == outcome
        hint = "may license LA-1921 (lumen archive, 2026-06-03)" in file["message"]
        assert hint == (file["licence"] is None)
    [row] = home.json("find", "LA-1921", "--client", "acme")
    assert home.json("show", row["licence"])["imports"][0]["sure"] == "stated"
    song = tmp_path / "songs" / "song.txt"  # of which no reader finds what it licenses
    song.parent.mkdir()
    song.write_text("We wish you much joy with our song, which you licensed.\n")
    words = ("--yes", "--item", "Slow Ferry", "--seller", "Lumen Songs", "--licensee", "Acme Ltd")
    refused = home("import", song, "--client", "acme", *words, code=2).stderr
    assert "say also who licensed, and on which day" in refused
    assert "name this file alone" in home("import", song.parent, "--client", "acme", *words, code=2).stderr
    [file] = home.json(
        "import", song, "--client", "acme", "--by", "Ada Example", *words, "--licensed-on", "2026-06-03"
    )["files"]
    assert (file["outcome"], file["reader"], file["sure"]) == ("archived", "person", "stated")
    [row] = home.json("find", "Slow Ferry", "--client", "acme")
    assert (row["provider"], row["licensed_at"], row["licensee"]) == ("other:lumen songs", "2026-06-03", "Acme Ltd")
    scan = tmp_path / "Scan of the licence.png"  # which no machine reads
    Image.new("RGB", (400, 300), "white").save(scan)
    stated = ("--item", "LA-77", "--seller", "Lumen Archive", "--licensed-on", "2026-06-04", "--yes")
    [file] = home.json("import", scan, "--client", "acme", "--by", "Ada Example", *stated)["files"]
    assert (file["outcome"], file["reader"]) == ("archived", "person")
    mail = EmailMessage()  # whose attachment grants
    mail["From"], mail["Subject"], mail["Date"] = "bo@lumen.example", "Hello", "Wed, 3 Jun 2026 10:00:00 +0000"
    mail.set_content("See the enclosed.\n")
    mail.add_attachment(grant.read_text().replace("LA-1921", "LA-1922"), filename="grant.txt")
    (tmp_path / "mail.eml").write_bytes(bytes(mail))
    home("import", tmp_path / "mail.eml", "--client", "acme", "--by", "Ada Example", "--yes")
    assert [row["asset_id"] for row in home.json("find", "LA-1922", "--client", "acme")] == ["LA-1922"]
