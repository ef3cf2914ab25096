"""Papers from anywhere: each layout's fields exactly, nothing from anything else, and the adapters' identity."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.core.model import Asset, DocumentKind, Licence
from archiver.reading.certificates import quoted
from archiver.reading.document_parser import Paper, Sure, read_text
from archiver.reading.documents import PAGE_BREAK
from archiver.reading.licence_values import money
from archiver.reading.one_licence import same_licence
from archiver.reading.worker import DocumentReader
from providers.envato_elements import EnvatoElements
from providers.freepik import Freepik
from tests.support import papers
from tests.support.papers import Sample, facts, receipt_facts

LANGUAGES = ("en", "de", "fr", "es", "it", "pl", "pt")
PLATFORMS = ("adobe_stock", "depositphotos", "getty_images", "istock", "shutterstock", "stocksy")
CERTIFICATES = [
    papers.market_2012(),
    papers.market_2017(),
    papers.market_later(),
    *(papers.elements(era) for era in ("project", "default", "ai")),
    papers.freepik(),
    *(papers.licence(language, platform) for language in LANGUAGES for platform in PLATFORMS),
]
RECEIPTS = [papers.receipt(language, platform) for language in LANGUAGES for platform in PLATFORMS]
EXACT = ("envato_market", "envato_elements")


def read(sample: Sample) -> Paper:
    paper = read_text(sample.text, f"{sample.name}.txt")
    assert paper
    return paper


@pytest.mark.parametrize("sample", CERTIFICATES, ids=lambda sample: f"{sample.reader} {sample.name}")
def test_every_layout_of_a_certificate(sample: Sample) -> None:
    paper = read(sample)
    assert [facts(licence) for licence in paper.licences] == list(sample.licences)
    assert (paper.reader, paper.kind) == (sample.reader, DocumentKind.CERTIFICATE)
    assert paper.sure is (Sure.CERTAIN if sample.reader.startswith(EXACT) else Sure.LIKELY)
    words = " ".join(sample.text.split())
    assert paper.quotes and all(quote in words for quote in paper.quotes.values())


NUMBERED = [
    papers.freepik, papers.market_2017, partial(papers.elements, "default"),
    *(partial(papers.licence, language, platform) for language in LANGUAGES for platform in PLATFORMS),
]  # fmt: skip


@pytest.mark.long  # each layout alone: below
@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(NUMBERED), min_size=2, max_size=9), st.sets(st.integers(0, 8)))
def test_certificates_joined_into_one_pdf_are_all_read(kinds: list[Callable[[int], Sample]], terms: set[int]) -> None:
    joined = [kind(number) for number, kind in enumerate(kinds, 1)]
    pages = [
        each.text + (f"{PAGE_BREAK}The terms of this licence are on our website." if number in terms else "")
        for number, each in enumerate(joined)
    ]
    paper = read_text(PAGE_BREAK.join(pages), "licences.pdf")
    assert paper
    assert [facts(licence) for licence in paper.licences] == [said for each in joined for said in each.licences]


@pytest.mark.parametrize("sample", RECEIPTS, ids=lambda sample: sample.text.split("\n")[0])
def test_receipts_in_five_languages(sample: Sample) -> None:
    paper = read(sample)
    assert receipt_facts(paper) == sample.receipt
    assert (paper.kind, paper.licences, paper.sure) == (DocumentKind.RECEIPT, (), Sure.LIKELY)


def test_a_certificate_reads_the_same_from_a_pdf() -> None:
    with DocumentReader(workers=1) as reader:
        for sample in (
            papers.market_2017(),
            papers.elements("default"),
            papers.freepik(),
            papers.licence("fr", "istock"),
        ):
            paper = read_text(reader.read(sample.pdf(), "application/pdf").text)
            assert paper and [facts(licence) for licence in paper.licences] == list(sample.licences)


def test_a_freepik_certificate_says_whose_it_is_by_its_title_or_its_site() -> None:
    paper = read_text(FREEPIK.replace("Freepik license certificate", "License certificate\nwww.freepik.com"))
    assert paper and [facts(each) for each in paper.licences] == list(papers.freepik().licences)


def test_many_certificates_in_one_text_are_all_read_or_none() -> None:
    samples = [papers.market_2017(n) for n in range(3)] + [papers.elements("project", n) for n in range(3)]
    paper = read_text("\n".join(sample.text for sample in samples))
    assert paper and [facts(each) for each in paper.licences] == [said for each in samples for said in each.licences]
    assert paper.platform is None
    assert read_text("\n".join(sample.text for sample in samples).replace("Item Purchase Code", "Item Code", 1)) is None


def test_a_licence_says_that_it_is_no_invoice_and_what_would_end_it() -> None:
    sample = papers.licence("en", "istock")
    for words in (
        "This document is not an invoice.",
        "The licence may be revoked, and ends if the order is refunded or\ncancelled.",
        "Payments cannot be refunded.",
    ):
        paper = read_text(f"{sample.text}\n{words}\n")
        assert paper and [facts(licence) for licence in paper.licences] == list(sample.licences)
    named = read_text(sample.text.replace("Haus am Meer 1", "Draft beer in a glass"))
    assert named and named.licences[0].asset.title == "Draft beer in a glass"
    for words in ("Status: cancelled", "This licence was revoked on May 3, 2024.", "Refunded", "SPECIMEN"):
        assert read_text(f"{sample.text}\n{words}\n") is None
    assert read_text(papers.receipt("en", "istock").text + "\nThis is not an invoice.") is None


def test_labels_are_read_whatever_stands_around_them() -> None:
    """Unknown labels, whichever apostrophe or hyphen, and a column so narrow that label and value touch."""
    text = (
        "Proof of purchase\nwww.bigstockphoto.com\nBild‑ID\n32009999\nFile name\nsea-at-night\n"
        "Date d’achat\nMay 3, 2023\nTitular de la licenciaAda Example\nTitolo  Il mare\n"
    )
    paper = read_text(text)
    assert paper and [facts(each) for each in paper.licences] == [
        {"platform": "bigstock", "asset_id": "32009999", "title": "Il mare", "licensee": "Ada Example",
         "licensed_at": "2023-05-03"}
    ]  # fmt: skip


def test_a_site_that_licenses_by_the_download_dates_by_it_and_an_unknown_form_of_number_names_no_licence() -> None:
    paper = read_text("Lizenzzertifikat\nwww.freepik.com\nRessourcen-ID: 7654321\nDownload-Datum: 4. September 2023\n")
    assert paper and paper.licences[0].licensed_at == date(2023, 9, 4)
    paper = read_text(
        "Certificate of license\nwww.shutterstock.com\nImage ID: 1234567890\nLicense number: 578338002\n"
        "License type: Enhanced\nLicense date: May 3, 2023\n"
    )
    assert paper and paper.licences[0].identity == "shutterstock::1234567890:enhanced:2023-05-03"


def test_a_last_value_that_may_go_on_in_the_next_line_is_none() -> None:
    paper = "License certificate\nwww.pond5.com\nItem ID\n12345678\nLicense date\nMay 3, 2023\nTitle\n"
    for title, wanted in (
        ("A long clip of the sea that goes over the end of the line in any column\n422", None),
        ("Sea at\nnight", None),
        ("Sea at night\nThis certificate was made by Pond5.", "Sea at night"),
        ("Sea at night\nwww.pond5.com", "Sea at night"),
    ):
        found = read_text(paper + title)
        assert found and found.licences[0].asset.title == wanted


def test_a_page_and_its_running_text_must_agree() -> None:
    """Programs draw a value before its label, or all labels before all values; a cell may have several lines."""
    drawn = "INV-5168\nInvoice number\nORD-3532\nOrder number\n13 August 2020\nInvoice date"
    page = "Invoice number    INV-5168\nOrder number      ORD-3532\nInvoice date      13 August 2020"
    apart, beside = (
        "Invoice number\nOrder number\nINV-5168\nORD-3532",
        "Invoice number    Order number\nINV-5168    ORD-3532\n",
    )
    order = "Invoice\nPond5, Inc.\n{}\nTotal: EUR 9.99\n"
    for running, columns in ((drawn, page), (apart, beside)):
        paper = read_text(order.format(running), "", partial(order.format, columns))
        assert paper and (paper.invoice, paper.order) == ("INV-5168", "ORD-3532")
    assert read_text(order.format(apart)) is None

    licence = "Licence certificate\nPond5, Inc.\nItem ID:  1234567\nLicence date: May 3, 2023\n{}\nAuthor:  studio1\n"
    for cell in (
        "Title:   Hund am\n         Meer",
        "         Hund am\nTitle:   Meer",
        "         Hund am\nTitle:\n         Meer",
    ):
        paper = read_text(licence.format("Title:\nHund am\nMeer"), "", partial(licence.format, cell))
        assert paper and paper.licences[0].asset == Asset(provider="pond5", asset_id="1234567", contributor="studio1")
    for address, wanted in (
        ("a_35174872\n7.htm", ["351748727"]),
        ("a_35174872\n7.html", []),
        ("a_351748727.htm", ["351748727"]),
    ):
        paper = read_text(FREEPIK.replace("7654322", f"https://www.freepik.com/premium-photo/{address}"))
        assert [each.asset.asset_id for each in (paper.licences if paper else ())] == wanted


def test_a_narrow_column_breaks_labels_and_heads() -> None:
    paper = read_text(
        "Preuve de licence\nBigstock\nRéférence du\nfichier:\n282814257\nLicence accordée\nle:\n22/02/2022\n"
    )
    assert paper and facts(paper.licences[0]) == {
        "platform": "bigstock", "asset_id": "282814257", "licensed_at": "2022-02-22"
    }  # fmt: skip
    paper = read_text(papers.elements("ai").text.replace("MusicGen Item", "MusicGen\nItem"))
    assert paper and [facts(each) for each in paper.licences] == list(papers.elements("ai").licences)


NARROW = (
    "LICENSE\nCERTIFICA\nTE : Envato\nMarket Item\n\nThis document\ncertifies the\npurchase of:\n\nONE REGULAR\n"
    "LICENSE\n\n{}\n\n==== THIS IS NOT A TAX RECEIPT OR INVOICE ====\n"
)


@pytest.mark.parametrize(
    ("running", "columns"),
    [
        ("Licensee: Ada\nExample\nItem\nTitle: Paper\nLanterns\nItem ID: 18918857\nItem\nPurchase\nCode: 0c4a5e52-\n"
         "9d5f-4b5e-8f3b-\n6d2c0a9e11\n77\nPurchase Date: 2017-08-\n10 12:33:15\nUTC", ""),
        ("Item ID: 18918857",
         "Licensee:  Ada\n           Example\nItem       Paper\nTitle:     Lanterns\nItem ID:   18918857\n"
         "Item       0c4a5e52-\nPurchase   9d5f-4b5e-8f3b-\nCode:      6d2c0a9e11\n           77\n"
         "Purchase   2017-08-\nDate:      10 12:33:15\n           UTC"),
        ("",
         "Licensee: Ada       Item ID: 18918857       Purchase Date:\nExample             Item Purchase Code:"
         "     2017-08-10 12:33:15\n                    0c4a5e52-9d5f-4b5e-     UTC\n"
         "                    8f3b-6d2c0a9e1177"),
    ],
    ids=["running", "table", "columns"],
)  # fmt: skip
def test_a_narrow_column_breaks_heads_labels_and_values(running: str, columns: str) -> None:
    """What has one form only is put together; a name or a title, which may have any, is left out."""
    paper = read_text(NARROW.format(running), "", partial(NARROW.format, columns) if columns else str)
    assert paper and [facts(each) for each in paper.licences] == [
        {"platform": "envato_market", "asset_id": "18918857", "licence_id": "0c4a5e52-9d5f-4b5e-8f3b-6d2c0a9e1177",
         "kind": "Regular License", "licensed_at": "2017-08-10T12:33:15Z"}
    ]  # fmt: skip


def test_what_goes_on_below_is_not_read_as_if_it_ended() -> None:
    paper = "Certificate of\nlicense\nThis certifies your license at\nwww.pond5.com\nItem ID: 1234567\n{}\nSize: XL\n"
    for line, name, wanted in (
        ("License date: May 3, 2023\nTitle: Old Bridge\nNo. 7\nLens: any", "title", None),
        ("License date: May 3, 2023\nTitle: Old\nBridge", "title", None),
        ("License date: May 3, 2023\nOrder number: ORD-59478\n435", "order", None),
        ("License date: May 3,\n2023", "licensed_at", "2023-05-03"),
        ("License date: May 3, 2023\nMay 4, 2023", "licensed_at", None),
        ("License date: May 3, 2023", "kind", None),
    ):
        found = read_text(paper.format(line))
        assert found is None or facts(found.licences[0]).get(name) == wanted
        assert found or name == "licensed_at"
    assert read_text(paper.format("License date: May 3, 2023").replace("1234567", "1234567\n8")) is None
    two = "License date: May 3, 2023\nTitle: Old Bridge    Licensee:\nNo. 7                Ada Example"
    found = read_text(paper.format(two))
    assert found and found.licences[0].licensee is None
    found = read_text(paper.format(two.replace("   ", "\n")), "", partial(paper.format, two))
    assert found and facts(found.licences[0]).get("title") is None


def test_labels_are_read_in_lists_and_in_rows_of_two() -> None:
    said = {"platform": "pond5", "asset_id": "1234567", "licensee": "Ada Example", "licensed_at": "2023-05-03"}
    paper = "License certificate\nwww.pond5.com\n\n{}\n\nThe end.\n"
    for running, columns in (
        ("1. Item ID: 1234567\n2. Licensee: Ada Example\n3. License date: May 3, 2023", ""),
        ("", "✓ Item ID:     ✓ Licensee:\n1234567        Ada Example\n\n✓ License date:\nMay 3, 2023"),
        ("Item ID: 1234567 Licensee: Ada Example\nLicense date: May 3, 2023 Size: XL",
         "Item ID:   1234567        Licensee:   Ada Example\nLicense    May 3, 2023    Size:       XL\ndate:"),
    ):  # fmt: skip
        found = read_text(paper.format(running), "", partial(paper.format, columns) if columns else str)
        assert found and facts(found.licences[0]) == said


@pytest.mark.parametrize(
    "label", ["Referencia de imagen", "Código de la imagen", "Codice immagine", "Riferimento immagine"]
)
def test_further_names_of_an_image_number(label: str) -> None:
    paper = read_text(
        f"Conferma di licenza\nwww.pond5.com\n{label}: 1234567\nData licenza: 3 maggio 2023\n"
        "Concessa in licenza a: Ada\n"
    )
    assert paper and (paper.licences[0].asset.asset_id, paper.licences[0].licensee) == ("1234567", "Ada")


def test_a_heading_that_breaks_within_a_word_is_one_unless_it_is_void() -> None:
    text = "{}\nwww.pond5.com\nItem ID: 1234567\nLizenzinhab\ner: Ada Example\nLizenzdatum: le 3.5.2023\n"
    paper = read_text(text.format("Lizenzzerti\nfikat"))
    assert paper and (paper.licences[0].licensee, paper.date) == ("Ada Example", date(2023, 5, 3))
    assert read_text(text.format("Lizenzzerti\nfikat\nSTOR\nNIERT")) is None


def test_dutch_and_polish() -> None:
    said = {"platform": "istock", "asset_id": "123456789", "kind": "standard", "licensee": "Ada Example"}
    for text, day in (
        ("Licentiecertificaat\niStockphoto LP\nAfbeelding-ID: 123456789\nLicentietype: Standaardlicentie\n"
         "Licentiehouder: Ada Example\nLicentiedatum: 03-05-2024\n", "2024-05-03"),
        ("Certyfikat licencji\niStockphoto LP\nIdentyfikator pliku: 123456789\nRodzaj licencji: Licencja standardowa\n"
         "Licencjobiorca: Ada Example\nData zakupu: 3 października 2024 r.\n", "2024-10-03"),
    ):  # fmt: skip
        paper = read_text(text)
        assert paper and facts(paper.licences[0]) == said | {"licensed_at": day}


MARKET, ELEMENTS, FREEPIK = papers.market_2017().text, papers.elements("project").text, papers.freepik().text
LABELLED, RECEIPT = papers.licence("en", "shutterstock").text, papers.receipt("en", "shutterstock").text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Invoice\nHotel Example\nInvoice number: 4711\nInvoice date: March 3, 2023\nTotal: EUR 99.00\n",
        "Invoice\nHotel Example\nWe also sell Shutterstock gift cards\nInvoice number: 4711\nTotal: EUR 99.00\n",
        "Invoice\nStudio Example\nInvoice number: 4711\nInvoice date: March 3, 2023\nTotal: EUR 99.00\n"
        "1 picture, shutterstock.com/image-photo/blue-sea-12345678\n",
        "Rechnung\nStudio Example\nRechnungsnummer: 4711\nGesamtbetrag: 99,00 EUR\n"
        "1 Bildlizenz Shutterstock (shutterstock.com) 79,00\n",
        "Invoice\nStudio Example\nInvoice number: 4711\nTotal: EUR 99.00\n1 picture from shutterstock.com\n",
        "Invoice\nHotel Example\nImages: Shutterstock, Inc.\nInvoice number: 4711\nInvoice date: March 3, 2023\n",
        papers.demand(),
        LABELLED + "\nThis asset was used without a licence; the settlement amount is due.",
        LABELLED + "\nSie erhalten hiermit eine Abmahnung.",
        RECEIPT.replace("Invoice\n", "Credit note for an invoice\n", 1),
        RECEIPT.replace("Invoice\n", "Pro forma invoice\n", 1),
        RECEIPT + "\nYour order at Adobe Stock is not part of this.",
        LABELLED.replace("Standard License", "Footage_comp"),
        LABELLED.replace("Proof of License", "Comp license"),
        LABELLED.replace("Proof of License", "Layoutlizenz: Lizenznachweis"),
        LABELLED.replace("Proof of License", "Lizenzzertifikat (Vorlage)"),
        LABELLED.replace("Proof of License", "Oferta: certyfikat licencji"),
        LABELLED + "\nTa licencja została anulowana 05.05.2024.",
        LABELLED.replace("Proof of License", "How to read a proof of license"),
        LABELLED + "\nThis sample shows what a proof of license looks like.\n",
        LABELLED.replace("Asset ID: 1", "Asset ID: x"),
        LABELLED + "\nAsset ID: 987654321\n",
        LABELLED.replace("License date:", "Printed on:"),
        papers.licence("en", "depositphotos").text.replace("License number: ", "License number: none of "),
        MARKET.replace("18918858\n\nItem Purchase", "18918859\n\nItem Purchase"),
        MARKET.replace(re.findall(r"[0-9a-f-]{36}", MARKET)[0], "<UUID>"),
        MARKET.replace("Item ID:\n18918858\n", "").replace("https://codecanyon.net", "https://acme.example"),
        ELEMENTS.replace("001UJWG", "001UJWX", 1),
        FREEPIK.replace("Premium", "License", 1).replace("Licensee: Ada Example", "Licensee:"),
        # What Freepik puts into every zip: for everybody, so for nobody.
        "IMPORTANT NOTICE: This license only applies if you downloaded this content as a subscribed user. You can "
        "download from your profile in Freepik a personalized license stating your right to use this content.",
        "LICENSE CERTIFICATE: Envato Elements Item\nItem ID:   97UJWG3\nyour licence code goes here",
    ],
)  # fmt: skip
def test_whatever_is_not_beyond_doubt_is_not_read(text: str) -> None:
    assert read_text(text, "shutterstock.pdf") is None


def test_a_field_in_doubt_is_left_out() -> None:
    wrapped = MARKET.replace("Booking Calendar: Pro 1\n", "Booking Calendar for everybody\nand all others\n")
    empty = ELEMENTS.replace("studio1", "").replace("Ada Example", "")
    odd = LABELLED.replace("Standard License", "L-20231").replace("Haus am Meer 1", "Dr.") + "Client: Ada Example\n"
    late = papers.licence("en", "istock").text.replace("October 26, 2023", "03/04/2021")
    for text, field in ((wrapped, "title"), (empty, "contributor"), (empty, "licensee"), (late, "licensed_at"),
                        (odd, "kind"), (odd, "title"), (odd, "client")):  # fmt: skip
        paper = read_text(text)
        assert paper and field not in facts(paper.licences[0])
    paper = read_text(RECEIPT.replace("EUR 1,001.50", "$1.001"))
    assert paper and (paper.amount, paper.currency, paper.order) == (None, None, "SO-7001")
    paper = read_text(LABELLED.replace("License date:", "Downloaded on:"))  # perhaps again, long after
    assert paper and paper.sure is Sure.STATED


def test_the_order_of_day_and_month_is_proven_or_open() -> None:
    text = papers.licence("en", "istock").text.replace("October 26, 2023", "03/04/2021")
    assert "03/04/2021" in text
    for proof, day in (
        ("Download date: 14/04/2021\n", date(2021, 4, 3)),
        ("Download date: 04/14/2021\n", date(2021, 3, 4)),
        ("", None),
    ):
        paper = read_text(text + proof)
        assert paper and paper.licences[0].licensed_at == day


def test_a_name_tells_the_platform_only_where_the_text_does_not() -> None:
    text = papers.licence("en", "shutterstock").text.replace("Shutterstock, Inc., www.shutterstock.com", "Our shop")
    paper = read_text(text, "AdobeStock_licence.pdf")
    assert paper and (paper.platform, paper.sure) == ("adobe_stock", Sure.POSSIBLE)
    assert read_text(text, "licence.pdf") is None
    paper = read_text(papers.licence("en", "shutterstock").text, "AdobeStock_licence.pdf")
    assert paper and paper.platform == "shutterstock"


def test_a_paper_has_the_identity_that_the_adapter_gives() -> None:
    for sample, adapter in ((papers.elements("project"), EnvatoElements()), (papers.freepik(), Freepik())):
        [licence] = read(sample).licences
        key = ("ada@example.com", *licence.key[1:]) if licence.key else ()
        listed = replace(licence, key=key, licensee=None, asset=replace(licence.asset, title="as listed"))
        fuller = adapter.read_certificate(listed, sample.text)
        assert (fuller.licensee, fuller.asset.title) == (licence.licensee, licence.asset.title)
        assert (fuller.identity == licence.identity) is bool(licence.licence_id)
        assert same_licence(licence, fuller)


def test_which_captured_licence_a_paper_may_speak_of() -> None:
    def licence(
        asset_id: str = "1234567", licence_id: str | None = None, owner: str = "", kind: str = "premium"
    ) -> Licence:
        key = () if licence_id else (owner, asset_id, kind, "2026-01-03")
        asset = Asset(provider="freepik", asset_id=asset_id)
        return Licence(asset=asset, licence_id=licence_id, key=key, kind=kind, licensed_at=date(2026, 1, 3))

    read = licence()
    assert same_licence(read, licence(owner="ada@example.com"))
    assert same_licence(read, licence(licence_id="L-1"))
    late = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)  # a day later where the paper was written, perhaps
    assert same_licence(read, replace(licence(owner="ada"), licensed_at=late))
    assert not same_licence(
        replace(read, licensed_at=datetime(2026, 1, 3, tzinfo=UTC)), replace(licence(owner="ada"), licensed_at=late)
    )
    assert not same_licence(licence(licence_id="L-1"), licence(licence_id="L-1", kind="free"))
    for other in (
        licence(asset_id="7654321"),
        licence(kind="free"),
        replace(licence(owner="ada"), licensed_at=date(2026, 1, 4)),
        replace(licence(owner="ada"), licensed_at=None),
        replace(licence(owner="ada"), asset=Asset(provider="flaticon", asset_id="1234567")),
    ):
        assert not same_licence(read, other)
    assert not same_licence(licence(licence_id="L-1"), licence(licence_id="L-2"))
    assert not same_licence(licence(owner="ada"), licence(owner="bob"))


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("€ 1.234,56", "1234.56", "EUR"),
        ("1,234.56 USD", "1234.56", "USD"),
        ("1 234,56 €", "1234.56", "EUR"),
        ("CHF 1'234.50", "1234.50", "CHF"),
        ("1.234.567 EUR", "1234567", "EUR"),
        ("US$29", "29", "USD"),
        ("Total (GBP): 0.99", "0.99", "GBP"),
        ("$29.00", "29.00", None),
        ("1.234 EUR", None, "EUR"),
        ("1,234 EUR", None, "EUR"),
        ("12,34,56 EUR", None, "EUR"),
        ("-5.00 EUR", None, "EUR"),
        ("(5.00) EUR", None, "EUR"),
        ("2 × 5.00 EUR", None, "EUR"),
        ("19 % EUR", None, "EUR"),
        ("5.00 EUR / USD", "5.00", None),
    ],
)
def test_amounts_that_can_be_read_in_one_way_only(text: str, amount: str | None, currency: str | None) -> None:
    assert money(text) == (Decimal(amount) if amount else None, currency)


def test_labels_and_values_where_they_are_ambiguous() -> None:
    labels = {"kind": ("License",), "licensee": ("Licensee",), "title": ("Title",), "id": ("Asset ID",)}

    def values(text: str) -> dict[str, str]:
        return {name: quote.value for name, quote in quoted(text, labels, {"id": r"\d+"}).items()}

    assert values("Title: Foo    License: Premium") == {"title": "Foo", "kind": "Premium"}
    assert values("License terms apply\nLicensee\nAda") == {"licensee": "Ada"}
    assert values("Title\nLicensee\nFoo\nAda\nLicense\nPremium") == {"kind": "Premium"}
    assert values("Title    Licensee    License\nFoo      Ada         Premium") == {}
    assert quoted("Licensee   Cost centre\nAda        77\n\nTitle   Foo", labels)["licensee"].cut
    assert values("Licensee:\nProject code: 55") == {}
    assert values("Licensee: Ada\nLicensee: Bob\nLICENSEE : Ada") == {}
    assert values("Licensee: Ada\nlicensee : Ada") == {"licensee": "Ada"}
    assert values("Asset ID 12345\nAsset ID of nothing") == {"id": "12345"}
    assert quoted("Title: Foo License: Premium", labels)["title"].cut


WORDS = st.sampled_from(
    [
        *(line + "\n" for sample in (*CERTIFICATES, *RECEIPTS) for line in sample.text.splitlines()),
        *(
            each + "\n"
            for each in ("Licensee:", "03/04/2021", "=" * 40, "\u2028", "\x00", "Total: ١٢٣", "Date: 99/99/9999")
        ),
    ]
)


@settings(max_examples=100, deadline=2000)
@given(st.lists(WORDS | st.text(), max_size=40), st.text(max_size=20))
def test_hostile_text_never_crashes_a_reader(parts: list[str], name: str) -> None:
    paper = read_text("".join(parts), name)
    assert paper is None or paper.licences or paper.order or paper.invoice
    for licence in paper.licences if paper else ():
        assert licence.identity and licence.asset.asset_id


def test_a_photographer_grants_rights_in_a_letter() -> None:
    letter = (
        "Guten Tag,\n\nhiermit räume ich der Acme Ltd das einfache Nutzungsrecht an meinem Foto ein.\n\n"
        "Bildnummer: IMG_6259\nLizenznehmer: Acme Ltd\nNutzungsart: Web\nLizenzdatum: 5. Juni 2014\n\nfoto-nord.example"
    )
    paper = read_text(letter)
    assert paper and paper.sure is Sure.STATED
    assert [(each.asset.asset_id, each.licensee) for each in paper.licences] == [("IMG_6259", "Acme Ltd")]
    assert read_text(letter.replace("hiermit räume ich", "gern räumen wir")) is None


def test_whose_company_a_provider_is_names_no_second_platform() -> None:
    paper = read_text(
        "Licence certificate\nTrack ID: 203245\nLicense type: Standard License\nLicensee: Acme Ltd\n"
        "Date of purchase: June 15, 2021\n\nTonhaus, a Shutterstock company. www.tonhaus.example"
    )
    assert paper and paper.platform == "other:tonhaus.example"


def test_a_day_that_is_written_in_two_ways_is_one() -> None:
    proof = (
        "License certificate\nThis document confirms that Acme Ltd holds a license for file 1705429748, downloaded on "
        "18 January 2021.\nFile number: 1705429748\nLicense: Standard\nLicense holder: Acme Ltd\n"
        "Download date: January 18, 2021\niStock by Getty Images"
    )
    paper = read_text(proof)
    assert paper and [str(each.licensed_at) for each in paper.licences] == ["2021-01-18"]
    other = read_text(proof.replace("January 18", "January 19"))
    assert other is None or not other.licences
