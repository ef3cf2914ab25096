"""Invoices with a picture in each line, and orders that a platform confirms by letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.collect.file_walk import Item, walk
from archiver.collect.recognition import recognise
from archiver.core.model import DocumentKind
from archiver.reading.certificates import Paper
from archiver.reading.document_parser import read_text, why_unread
from archiver.reading.licence_values import kind_of
from archiver.reading.mail import unasked
from archiver.reading.worker import DocumentReader
from tests.support.folder import letter

GETTY = """gettyimages
INVOICE
Invoice number:       G6671399
Invoice date:         16 March 2016
Sales order number:   42224123
Bill to:              Ada Example
Licensee:             Acme Ltd

Image #         Description                License          Size         Amount (EUR)

461269112       Red vegetables on          Royalty-free     Medium       375.00
                a long table
561469947       Happy cyclist              Rights-ready     Medium       1,499.00

Subtotal                                                                 1,874.00
Total EUR 2,230.06
Getty Images International, Dublin
"""
GERMAN = """picture alliance / dpa Picture-Alliance GmbH, Frankfurt am Main
Rechnung
Rechnungsnummer:   RE-2017-60366
Rechnungsdatum:    03.07.2017
Lizenznehmer:      Acme Ltd

Pos.   Bildnummer   Motiv             Nutzung            Honorar
1      60366001     Roter Leuchtturm  Website, 1 Jahr    120,00 €
2      60366002     Grünes Boot       Broschüre          90,00 €
"""


def paper_of(text: str) -> Paper | None:
    return read_text(text, columns=lambda: text)


def read(text: str) -> list[tuple[str, str | None, str | None, str]]:
    paper = paper_of(text)
    assert paper and paper.kind is DocumentKind.RECEIPT
    return [(each.asset.asset_id, each.kind, each.licensee, str(each.licensed_at)) for each in paper.licences]


def test_each_line_of_an_invoice_that_names_a_picture_and_a_licence_is_a_licence() -> None:
    assert read(GETTY) == [
        ("461269112", "Royalty-free", "Acme Ltd", "2016-03-16"),
        ("561469947", "Rights-ready", "Acme Ltd", "2016-03-16"),
    ]
    assert read(GERMAN) == [
        ("60366001", "Website, 1 Jahr", "Acme Ltd", "2017-07-03"),
        ("60366002", "Broschüre", "Acme Ltd", "2017-07-03"),
    ]
    paper = paper_of(GETTY)
    assert paper and (paper.order, paper.invoice) == ("42224123", "G6671399")
    assert [each.asset.title for each in paper.licences] == ["Red vegetables on a long table", "Happy cyclist"]


CELLS = ["Image number", "Title", "License", "Price", "461269112", "A boat", "Royalty-free", "EUR 375.00", "561469947",
         "A lake", "Rights-ready", "EUR 75.00", "Total EUR 450.00"]  # fmt: skip
PAGE = GETTY.partition("Image #")[0].replace("  ", "") + "\n".join(CELLS) + "\nGetty Images International"


def test_a_web_pages_table_has_each_cell_in_a_line_of_its_own() -> None:
    def licences(text: str) -> list[tuple[str, str | None]]:
        paper = read_text(text)
        assert paper and paper.kind is DocumentKind.RECEIPT
        return [(each.asset.asset_id, each.kind) for each in paper.licences]

    assert licences(PAGE) == [("461269112", "Royalty-free"), ("561469947", "Rights-ready")]
    alamy = PAGE.replace("Getty Images International", "Alamy Limited").replace("461269112", "BMSZJU")
    alamy = alamy.replace("561469947", "2A3B4C5").replace("Image number", "Image ref")
    assert [asset for asset, _ in licences(alamy)] == ["BMSZJU", "2A3B4C5"]
    for empty in ("A lake\n", "A boat\n"):  # the cell is not there, so that the rest is shifted
        assert licences(PAGE.replace(empty, "")) == licences(PAGE)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (GETTY, "561469947", "see below"),  # one of the lines cannot be read
        (GETTY, "Licensee:             Acme Ltd\n", ""),
        (GETTY, "16 March 2016", "some day"),
        (GERMAN, "Bildnummer", "Artikelnr."),
    ],
)
def test_an_invoice_of_which_a_line_is_not_clear_names_no_licences(text: str, old: str, new: str) -> None:
    paper = paper_of(text.replace(old, new))
    if "Licensee" in old:  # then the buyer is
        assert paper and {each.licensee for each in paper.licences} == {"Ada Example"}
    else:
        assert paper is None or not paper.licences


def test_an_invoice_of_somebody_else_that_names_the_platform_grants_nothing() -> None:
    """An agency's own invoice to its client."""
    own = GERMAN.replace(
        "picture alliance / dpa Picture-Alliance GmbH, Frankfurt am Main", "Studio Nord, www.studio.example"
    )
    paper = paper_of(f"{own}\nStockfotos (picture-alliance.com)\n")
    assert paper is None or not paper.licences
    paper = paper_of(f"{own}\nStockfotos (picture-alliance.com)\n".replace("studio.example", "pictures.example"))
    assert paper is None or not paper.licences
    for footer in ("www.picture-alliance.com", "ada@studio.example"):
        assert len(read(f"{GERMAN}\n{footer}\n")) == 2


def test_an_offer_a_reminder_or_a_cancellation_with_such_lines_is_no_licence() -> None:
    quote = GETTY.replace("INVOICE", "QUOTE").replace("Invoice", "Quote")
    for text in (
        quote,
        GETTY.replace("INVOICE", "INVOICE\nCredit note"),
        GETTY.replace("INVOICE", "Pro forma INVOICE"),
    ):
        assert paper_of(text) is None
    assert paper_of(GERMAN.replace("Rechnung\n", "Stornorechnung\n")) is None
    assert paper_of(GERMAN.replace("Rechnung\n", "2. Mahnung\nRechnung\n")) is None


CLASSIC = """Bildarchiv Nord GmbH, www.bildarchiv-nord.example
Rechnung

Rechnungsnummer: 4711
Rechnungsdatum: 12.03.2024
Kunde: Acme Ltd
Bild-Nr.: BN-99812
Nutzungsart: Internet, 1 Jahr
"""


def test_an_unknown_agencys_invoice_of_a_picture_waits_for_a_person_and_one_of_other_goods_is_none() -> None:
    paper = paper_of(CLASSIC)
    assert paper and paper.sure == "stated"
    [licence] = paper.licences
    assert (licence.asset.provider, licence.asset.asset_id) == ("other:bildarchiv-nord.example", "BN-99812")
    assert (licence.kind, licence.licensee, str(licence.licensed_at)) == ("Internet, 1 Jahr", "Acme Ltd", "2024-03-12")
    one_line = CLASSIC.replace("Rechnungsnummer: 4711\nRechnungsdatum: 12.03.2024", "Rechnung Nr. 4711 vom 12.03.2024")
    again = paper_of(one_line)
    assert again and again.licences == paper.licences and again.invoice == "4711"
    listed = CLASSIC.replace("Bild-Nr.", "Wir berechnen Ihnen für die Nutzung:\n\nBild-Nr.")
    assert (led := paper_of(listed)) and led.licences == paper.licences
    for old, new in (("Bild-Nr.", "Artikelnr."), ("Bild-Nr.", "Item number"), ("Kunde: Acme Ltd\n", ""),
                     ("Rechnung\n", "Angebot\n"), ("\n\n", "\nwww.shop.example\n")):  # fmt: skip
        assert paper_of(CLASSIC.replace(old, new, 1)) is None, new


TABLES = {  # of agencies that are not known: headings in the middle of their columns, or broken over two lines
    "fr": """Agence Levant
www.levant.example
Facture n° 4711 du 13 mars 2024

Licencié : Acme Ltd

      Référence             Légende                  Utilisation                  Prix HT
      image

LV-58704455       Two boats                   Site internet, 1 an           120,00 €
LV-58704456       A lake in                   Site internet, 1 an           90,00 €
                  the rain

Règlement à 30 jours.
""",
    "uk": """Northern Pictures
www.northern.example
Invoice dated 13 March 2024

Licensee: Acme Ltd

Image 58704455 "Two boats" – usage: website, one year    £95.00
Image NP-18814 "A lake" – usage: brochure    £40.00
""",
}


@pytest.mark.parametrize(("country", "ids"), [("fr", ["LV-58704455", "LV-58704456"]), ("uk", ["58704455", "NP-18814"])])
def test_the_lines_of_an_unknown_agencys_invoice_wait_for_a_person(country: str, ids: list[str]) -> None:
    paper = paper_of(TABLES[country])
    assert paper and paper.sure == "stated"
    assert [each.asset.asset_id for each in paper.licences] == ids
    assert {(each.licensee, str(each.licensed_at)) for each in paper.licences} == {("Acme Ltd", "2024-03-13")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LV-58704456       A lake in ", "LV-5870           A lake in "),  # and below, the rest of the number
        ("Référence", "Article  "),
        ("Facture n° 4711", "Facture rectificative n° 4711"),
        ("Règlement à 30 jours.", "Estimation sous réserve de validation"),
        ("120,00 €", "-120,00 €"),
        ("Site internet, 1 an           90", "à convenir                    90"),
        ("13 mars 2024", "2024"),
    ],
)
def test_an_unknown_agencys_table_in_doubt_names_no_licence(old: str, new: str) -> None:
    text = TABLES["fr"].replace(old, new).replace("                  the rain", "4456              the rain")
    paper = paper_of(text if "LV" in old else TABLES["fr"].replace(old, new))
    assert old in TABLES["fr"] and (paper is None or not paper.licences)


IN_WORDS = [  # a letter's subject and text, and the kind of the licence that it grants, if it does
    ("Order confirmation", "Order #A-1 of 4 March 2024\nImage ID 32009999 – Two boats\nStandard License", "standard"),
    ("Thank you for your purchase", "Order date: March 4, 2024\nTwo boats\nImage ID: 32009999\nStandard License\n\n"
     "License agreement", "standard"),
    ("Your order", "Thank you for order A-1, placed on 4 March 2024.\n\nImage ref: 32009999\nLicense: Enhanced",
     "enhanced"),
    ("Bestellung", "Danke für Ihre Bestellung A-1 vom 04.03.2024. Sie haben das Bild 32009999 mit einer Erweiterten "
     "Lizenz lizenziert.", "Erweiterten Lizenz"),
    ("Your licence", 'You licensed "Two boats" on March 4, 2024.\nLicense: Standard\nFile: #32009999', "standard"),
    ("Licence", "Image ID: 32009999\nLicense type: Standard\nLicense date: March 4, 2024", "standard"),
    ("To whom it may concern", "This is to confirm that Acme Ltd purchased a Standard License for image #32009999 on "
     "March 4, 2024.", "standard"),
    ("Based on your order", "Because of your order of March 4, 2024 you may like image 32009999. Standard License: $3.",
     None),
    ("Your order", "Did you license image 32009999 on March 4, 2024 with a Standard License?", None),
    ("Your order", "Image 32009999 was only previewed on March 4, 2024; there is no Standard License.", None),
    ("You have a new sale", "Image ID: 32009999\nLicense: Standard\nPurchase date: March 4, 2024\nYour share: $1",
     None),
    ("We received your order", "It awaits the approval of your manager.\nOrder date: March 4, 2024\n"
     "Image ID: 32009999\nLicense: Standard", None),
    ("Licence", "Image ID: 32009999\nLicense type: Standard\nAdded on: March 4, 2024", None),
    ("Your order", "We have taken back the file of your order of March 4, 2024.\nImage ID: 32009999\nLicense: Standard",
     None),
    ("Purchase order", "Vendor: Shutterstock\nInvoice to: Acme Ltd\nDate: March 4, 2024\nImage ID: 32009999\n"
     "License: Standard", None),
    ("Licence", "Please confirm.\nImage ID: 32009999\nLicense type: Standard\nLicense date: March 4, 2024", None),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text", "kind"), IN_WORDS)
def test_what_a_platforms_letter_says_in_words(subject: str, text: str, kind: str | None) -> None:
    paper = read_text(f"{subject}\n\n{text}\n\nShutterstock <orders@shutterstock.com>")
    read = [(each.asset.asset_id, each.kind, str(each.licensed_at)) for each in paper.licences] if paper else []
    assert read == ([("32009999", kind, "2024-03-04")] if kind else [])


ORDER = """Hello Ada,

Order number: 460788205
Order date: March 4, 2024
File number: 32009999
Title: Lighthouse in fog
License: Standard license
"""
SUBJECT, SENDER = "Your iStock order 460788205", "iStock <no-reply@istockphoto.com>"
LETTER = """To whom it may concern,

this letter confirms that the following content was licensed.

Asset ID: 32009999
License type: Standard License
License date: March 4, 2024
Licensee: Acme Ltd
"""
FORM = LETTER.replace("this letter confirms that the following content was licensed", "Please confirm this license")
SHUTTERSTOCK = "Compliance <compliance@shutterstock.com>"


def test_a_letters_subject_and_sender_say_what_it_is_and_whose(tmp_path: Path) -> None:
    """Each letter with what is read of it; the others look alike, and grant nothing or not yet."""
    taken = [
        (SUBJECT, ORDER, SENDER, "istock"),
        (f"WG: {SUBJECT}", f"From: {SENDER}\n{ORDER}", "ada@acme.example", "istock"),
        (
            f"WG: {SUBJECT}",
            "> > ".join(["", f"{SENDER}\n", *ORDER.splitlines(keepends=True)]),
            "a@acme.example",
            "istock",
        ),
        ("Your order", ORDER.replace("32009999", "WWQMDH"), "Alamy <sales@alamy.com>", "alamy"),
        ("Your request", LETTER, SHUTTERSTOCK, "shutterstock"),
        ("Re: Proof of License Request", LETTER, SHUTTERSTOCK, "shutterstock"),
        ("Your order", f"{ORDER}https://stock.adobe.com/Dashboard", "Adobe <mail@mail.adobe.com>", "adobe_stock"),
        ("Your order", ORDER, "Adobe Stock <mail@mail.adobe.com>", "adobe_stock"),
        ("WG: Your order", f"Von: Adobe Stock <mail@adobe.com>\n{ORDER}", "ada@acme.example", "adobe_stock"),
        ("Your request", LETTER, "Levant <service@levant.example>", "other:levant.example"),
    ]
    passed_over = [
        (SUBJECT, ORDER, "shop@example.com"),
        ("Left in your cart", ORDER.replace("Hello", "Your order waits in your cart. Hello"), SENDER),
        (SUBJECT, ORDER.replace("Hello", "We could not process the payment. Hello"), SENDER),
        (SUBJECT, ORDER.replace("Hello", "It has been refunded. Hello"), SENDER),
        (SUBJECT, ORDER.replace("Order date", "Offer ends"), SENDER),
        (SUBJECT, ORDER.replace("32009999", "WWQMDH"), SENDER),
        ("Proof of License Request", FORM, SHUTTERSTOCK),
        ("Your order", f"{ORDER}https://stock.adobe.com/Dashboard", "ada@acme.example"),
        ("Your request", LETTER, "ada@example.com"),  # from the receiver's own site
        ("Your request", LETTER, "ada@gmail.com"),
        ("Re: your order", f"{ORDER}Does anybody have it? www.istockphoto.com", "ada@acme.example"),
    ]
    for number, (subject, text, sender, *_) in enumerate([*taken, *passed_over]):
        (tmp_path / f"{number:02}.eml").write_bytes(letter(subject, text, sender=sender))
    with DocumentReader(workers=1) as reader:
        found = [recognise(each, reader, unasked, lambda *_: "") for each in walk([tmp_path]) if isinstance(each, Item)]
    read = [[(each.asset.provider, each.asset.asset_id, str(each.licensed_at)) for each in seen.paper.licences]
            if seen.paper else [] for seen in found]  # fmt: skip
    assert read == [
        [(platform, "WWQMDH" if platform == "alamy" else "32009999", "2024-03-04")] for *_, platform in taken
    ] + [[]] * len(passed_over)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GETTY.replace("INVOICE", "INVOICE\nCredit note"), 'says "Credit note"'),
        (LETTER + "We could not process your payment.", 'says "could not process"'),
        (f"Proof of License Request\n{FORM}", "a form, a request or an offer"),
        (f"License certificate\nshutterstock.com\n{LETTER}".replace("32009999", "<asset id>"), "nobody filled in"),
        (f"License certificate\n{LETTER}", "names no platform, or several"),
        (f"License certificate\nwww.mill.example\n{LETTER}".replace("March 4, 2024", "03/04/2024"), '"03/04/2024"'),
        (f"License certificate\nshutterstock.com\n{LETTER}".replace("Asset ID", "Product"), "the picture's number for"),
        ("Our client found no license for the image on your page. Pay 640 EUR.", "archiver letter"),
        ("Every picture has a standard license.", ""),
    ],
)
def test_a_person_is_told_why_a_text_is_not_taken(text: str, why: str) -> None:
    assert read_text(text) is None
    said = why_unread(text)
    assert why in said if why else not said


NARROW = """North Pictures
www.north.example

Invoice 4711 dated 13 March 2024

Licensee: Acme Ltd

Image     Caption              Usage                 Fee
ref

NP-1881   Two boats            Website, one year     £45.0
4                                                    0

NP-1881   A lake               Website, one year     £89.00
5
"""


def test_a_number_that_a_narrow_column_breaks_is_whole_and_two_numbers_in_a_cell_are_none() -> None:
    assert [each for each, *_ in read(NARROW)] == ["NP-18814", "NP-18815"]
    assert paper_of(NARROW.replace("\n5\n", "\nNP-1882\n")) is None
    assert paper_of(NARROW.replace("NP-1881   A", "N1        A")) is None


def test_a_printed_history_gives_each_picture_its_own_day_and_no_footer_is_part_of_a_row() -> None:
    printed = (
        "License history\nAdobe Stock | Acme Ltd\n\n"
        "  License date       Title              Asset ID          License\n\n"
        "  Sep 4, 2024        Two boats          313054036         Extended\n\n"
        "  Jun 22, 2024       A lake             1261678320        Standard\n\n\n"
        "https://stock.adobe.com/Dashboard/LicenseHistory\n"
    )
    paper = paper_of(printed)
    assert paper and [(each.asset.asset_id, each.kind, str(each.licensed_at)) for each in paper.licences] == [
        ("313054036", "extended", "2024-09-04"), ("1261678320", "standard", "2024-06-22")
    ]  # fmt: skip


def test_blocks_of_a_copied_page_have_their_own_days() -> None:
    block = "A lake\nImage ID: {}\nLicense: Standard License\nLicensed: {}\nRedownload\n\n"
    blocks = block.format(32009999, "May 3, 2024") + block.format(32010000, "June 4, 2024")
    page = f"Downloads\n\n{blocks}Shutterstock, Inc."
    paper = paper_of(page)
    assert paper and [(each.asset.asset_id, str(each.licensed_at)) for each in paper.licences] == [
        ("32009999", "2024-05-03"), ("32010000", "2024-06-04")
    ]  # fmt: skip


def test_a_platforms_invoice_needs_no_label_for_its_buyer_and_names_a_picture_behind_its_licence() -> None:
    lines = "Standard License: image 32009999    1   $14.50\nExtended License: image 32010000    1   $99.00\n"
    text = f"Shutterstock, Inc.\nInvoice\nAcme Ltd\nInvoice no. 77123\nInvoice date: May 3, 2024\n\n{lines}"
    assert read(text) == [
        ("32009999", "standard", None, "2024-05-03"), ("32010000", "extended", None, "2024-05-03")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "when"),
    [("We are happy to confirm that Acme Sp. z o.o. licensed image {} on May 3, 2024.", "2024-05-03"),
     ("hiermit bestätigen wir, dass die Firma Acme Sp. z o.o. das Bild mit der Bildnummer\n{} am 3. Mai 2024 bei uns "
      "lizenziert hat.", "2024-05-03"),
     ("Nous confirmons que la société Acme Sp. z o.o. a acquis le 3 mai 2024 une licence pour l'image n° {}.",
      "2024-05-03")],
)  # fmt: skip
def test_a_sentence_confirms_who_licensed_which_picture_and_when(text: str, when: str) -> None:
    for seller, number in (("www.dreamstime.com", "32009999"), ("www.north.example", "NP-18814")):
        paper = paper_of(f"Dear Ada,\n\n{text.format(number)}\n\n{seller}")
        assert paper, seller
        [licence] = paper.licences
        assert (licence.asset.asset_id, licence.licensee, str(licence.licensed_at)) == (number, "Acme Sp. z o.o.", when)


def test_the_first_day_of_use_is_the_licences_if_there_is_no_other() -> None:
    text = (
        "Lizenzbestätigung\nwww.north.example\nBildnummer: NP-18814\nLizenznehmer: Acme Ltd\nLizenzbeginn: 03.05.2024\n"
    )
    for more, when in (("", "2024-05-03"), ("Lizenzdatum: 01.05.2024\n", "2024-05-01")):
        paper = paper_of(text + more)
        assert paper and str(paper.licences[0].licensed_at) == when


@pytest.mark.parametrize(
    ("lines", "name"),
    [("Kranich Beispiel KG\nHafenweg 88", "Kranich Beispiel KG"),
     ("Seeadler Kommunikation\nGmbH", "Seeadler Kommunikation GmbH"),
     ("Musterwerk GmbH. Es gelten unsere AGB.", "Musterwerk GmbH"), ("Two Boats\nHafenweg 88", None)],
)  # fmt: skip
def test_a_name_ends_with_its_legal_form(lines: str, name: str | None) -> None:
    paper = read_text(
        f"Proof of license\nShutterstock, Inc.\nImage ID: 32009999\nLicense date: May 3, 2024\nLicensee\n{lines}\n"
    )
    assert paper and paper.licences[0].licensee == name


def test_a_date_among_the_pictures_labels_is_the_licences_and_a_letters_own_is_not() -> None:
    labels = "Asset ID: 313054036\nTitle: A lake\nLicense: Extended\n"
    letter_of = "We confirm that you licensed an asset on Adobe Stock\n\nHi Ada,\n\n{}\n{}View it: https://stock.adobe.com/x\n".format
    among = paper_of(letter_of(labels + "Date: May 3, 2024\n", ""))
    assert among and str(among.licences[0].licensed_at) == "2024-05-03"
    apart = paper_of(letter_of(labels, "Date: May 3, 2024\n"))
    assert apart is None or apart.licences[0].licensed_at is None


def test_the_longest_label_of_a_column_touches_its_value() -> None:
    placed = """Certificat de licence

 Référence de l'image    400008

 Titulaire de la licence Ada Example

 Date de la licence      22 novembre 2019

www.lumenwerk-bilder.example
"""
    paper = paper_of(placed)
    assert paper and paper.licences[0].licensee == "Ada Example"
    assert paper_of(placed.replace("  400008", "     400008").replace("  22", "     22")) is None  # no column is there


def test_the_kind_of_a_cell_that_goes_on_with_its_terms_is_how_it_begins() -> None:
    terms = GETTY.replace("Royalty-free     Medium       375.00", "Rights-managed   Medium       375.00").replace(
        "a long table", "a long table               Until May 3, 2025"
    )
    assert [kind for _, kind, *_ in read(terms)] == ["Rights-managed", "Rights-ready"]


def test_a_certificate_may_list_its_pictures_in_a_table() -> None:
    text = """Lizenzbestätigung
www.north.example
Lizenznehmer: Acme Ltd
Lizenzdatum: 03.05.2024

Bildnummer   Motiv        Nutzung
O-58701      Zwei Boote   Website, 1 Jahr
O-58702      Ein See      Website, 1 Jahr
"""
    paper = paper_of(text)
    assert paper and paper.kind is DocumentKind.CERTIFICATE and paper.sure == "stated"
    assert [each.asset.asset_id for each in paper.licences] == ["O-58701", "O-58702"]


NAMED_IN_ONE_CELL = """Dreamstime.com, LLC
Invoice
Invoice number: DT17509
Date: September 18, 2017
Billed to: Acme Ltd

Description                                License              Amount

Image #214968033 - Red vegetables on       Extended P-EL        $40.00
a long table
#177017499 Happy cyclist                   Royalty Free         $56.39

Total       $96.39
"""


def test_a_cell_may_hold_a_pictures_number_and_its_title() -> None:
    paper = paper_of(NAMED_IN_ONE_CELL)
    assert paper and [(each.asset.asset_id, each.asset.title, each.kind) for each in paper.licences] == [
        ("214968033", "Red vegetables on a long table", "Extended P-EL"),
        ("177017499", "Happy cyclist", "Royalty Free"),
    ]
    unmarked = paper_of(NAMED_IN_ONE_CELL.replace("#177017499", "177017499"))
    assert unmarked and not unmarked.licences  # it may be any number


BY_SELF = """North Pictures
www.north.example
Rechnungsnummer: 4711
Datum der Rechnung: 13.03.2024
Rechnungsadresse: Acme Ltd

1. Zwei Boote
Bild-ID: NP-1881
Lizenz: Redaktionelle Lizenz

2. Ein See
Bild-ID: NP-1882
Lizenz: Lizenzpflichtig (RM)

Bezahlt. Vielen Dank.
"""


def test_a_number_is_what_its_own_label_or_heading_calls_it() -> None:
    assert [each[0] for each in read(BY_SELF)] == ["NP-1881", "NP-1882"]  # each of a stranger's items has its lines
    form = "North Pictures\nLicense certificate\n\nPhoto ID{0}NP-1881\nLicense holder{0}Acme Ltd\n"
    form += "License type{0}Editorial\nPurchase date{0}Jul 21, 2023\nOrder number{0}A-1119341\n\nwww.north.example\n"
    paper = paper_of(form.format(" " * 46))  # the order's label stands far away
    assert paper and [each.asset.asset_id for each in paper.licences] == ["NP-1881"]
    head = "Footage Firm, Inc. - storyblocks.com\nInvoice\nBill to: Ada Example"
    listed = "Clip\n2 clips\nTotal\n$34.80\n"
    running = f"{head}\nInvoice number\nInvoice date\n2020973496\n2020-07-08\n{listed}"
    columns = f"{head}\n\nInvoice number   Invoice date\n\n2020973496       2020-07-08\n\n{listed}"
    paper = read_text(running, columns=lambda: columns)  # in the running text the number stands below the date's label
    assert paper and not paper.licences
    table = "Image number\tCaption\tLicensed use\tFee\n5J-9771\tAn empty sailing boat on the sea\tBrochure, UK\t£127.00"
    text = f"Foto Nord, www.foto-nord.example\nInvoice 5575\nDate: 1 July 2025\nLicensee: Acme Ltd\n{table}\n"
    assert [each[:2] for each in read(text)] == [("5J-9771", "Brochure, UK")]


def test_an_invoice_that_follows_an_order_undoes_nothing_of_a_known_platform() -> None:
    order = "Thank you for your order.\nOrder date: 3 October 2019\nImage ref: 2JA143P\nLicence: Royalty Free\n{}\n"
    text = f"{order}Your invoice will follow by post.\n"
    assert [each[:2] for each in read(text.format("www.alamy.com"))] == [("2JA143P", "Royalty Free")]
    several = f"{order}\nImage ref: WHKRRW\nLicence: Rights Managed\n".format("www.alamy.com")
    assert [each[:2] for each in read(several)] == [("2JA143P", "Royalty Free"), ("WHKRRW", "Rights Managed")]
    assert paper_of(text.format("Licensee: Acme Ltd\nwww.foto-nord.example")) is None


def test_a_kind_ends_where_the_next_label_begins() -> None:
    assert kind_of("Lizenzfrei (RF) Größe: 12 MB") == "Lizenzfrei (RF)"
    assert kind_of("Erweiterte Lizenz, Größe: XL, 6 Credits") == "extended"
    assert kind_of("Rights Managed, website") == "Rights Managed, website"


ENTERPRISE = (
    "Licence information\nTransaction date: September 18, 2025\nItem ID: 468169647\nLicense: Multi-seat\n"
    "Project: Web\nPurchase order\n78090\nLicensee: Acme Ltd\nDepositphotos, Inc.\n"
)


def test_the_agencys_own_number_below_what_is_licensed_makes_no_order_of_its_own() -> None:
    paper = paper_of(ENTERPRISE)
    assert paper and [str(each.licensed_at) for each in paper.licences] == ["2025-09-18"]
    assert paper_of(f"Purchase order\n78090\n{ENTERPRISE}") is None
    assert paper_of(ENTERPRISE.replace("78090\n", "")) is None


def test_a_printed_letter_is_its_only_senders() -> None:
    order = "Thank you for your order.\nOrder date: October 27, 2016\nFile #: 141146225\nLicense: Extended\n"
    sender = "From\nAdobe Stock <noreply@mail.adobe.com>\n"
    assert [each[:2] for each in read(f"{sender}{order}")] == [("141146225", "extended")]
    for head in ("From: Adobe Stock <ada@studio.example>\n", f"From: Ada <ada@studio.example>\n{sender}"):
        assert paper_of(f"{head}{order}") is None


def test_a_letter_whose_links_alone_name_its_pictures_is_read_if_each_has_its_row(tmp_path: Path) -> None:
    link = '<a href="https://depositphotos.com/{0}/stock-photo-boat.html">A boat</a>'
    row = f"<tr><td>{link}</td><td>Standard License</td></tr>"
    order = "<h1>Order confirmed</h1><div>Order date: February 14, 2023</div><table>{}</table>"
    pages = (order.format(row.format(232121306) + row.format(232121307)), order.format(row.format(232121306))
             + link.format(232121308))  # fmt: skip
    head = "From: Depositphotos <no-reply@depositphotos.com>\nTo: ada@acme.example\nSubject: Order confirmed\n"
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.eml").write_text(f"{head}Content-Type: text/html; charset=utf-8\n\n{page}\n")
    with DocumentReader(workers=1) as reader:
        found = [recognise(each, reader, unasked, lambda *_: "") for each in walk([tmp_path]) if isinstance(each, Item)]
    assert [[each.asset.asset_id for each in seen.paper.licences] if seen.paper else [] for seen in found] == [
        ["232121306", "232121307"],
        [],
    ]
