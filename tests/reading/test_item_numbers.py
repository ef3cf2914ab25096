"""Items are found by what stands around their numbers: all of them or none, and nothing else."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.collect.file_walk import Item, walk
from archiver.collect.recognition import recognise
from archiver.reading.document_parser import read_text
from archiver.reading.item_numbers import items_by_context
from archiver.reading.mail import unasked
from archiver.reading.worker import DocumentReader

LABELS = ["Image ID", "Stock photo ID", "File #", "Datei-Nr.", "Bildnummer", "N° de fichier", "ID de imagen",
          "Foto stock n.", "Afbeeldingsnummer", "Numer zdjęcia"]  # fmt: skip
CARDS = [
    "{label}: {number}\nLicense: Standard\nSize: XL\n",
    "{label}\n{number}\nTitle\nA red door\nLicense\nDigital\n",
    "{label} ........ {number}\nLicense ........ Standard License\n",
    "{label}\n{number}\nStandard License\n$12.00\n",
    "A red door\n{label}: {number}\nJPEG · Standard\n",
]
ROWS = [
    "#{number} - A red door (RF, M, 6 credits)\n",
    "  #{number}  -  Lizenz Standard XL  -  10 Credits\n",
    "{number}   A red door   RF-LL   4 credits\n",
    '- Foto {number} "harbour at night", Basislizenz, 10 Credits\n',
    "{number} | Una puerta roja | Licencia estándar | L | 7 créditos\n",
    'Image "A red door" (ID {number}), by ada, size M, license type: Royalty-Free\n',
    "Item: A red door ({number})\nLicense: Standard\n",
    "Shutterstock-Nr. {number} A red door\nStandard-Lizenz\n",
    "Description\nQty\nAmount\nRoyalty-free – Picture no. {number}\n1\n$12.00\n",
    "Désignation | ID de l'image | Licence | Qté\nA red door in a green wall | {number} | Licence standard | 1\n",
]
OTHERS = ["Order number: {number}", "Bestellung Nr. {number}", "Invoice\n{number}", "Customer no. {number}",
          "Rechnungsnummer         {number}", "Thank you for your order\n#{number}", "Numéro de commande : {number}",
          "You owe nothing for order {number}.", "Telephone +49 40 {number}",
          "Factura n.º:\n{number}"]  # fmt: skip
numbers = st.integers(10_000_000, 99_999_999)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(numbers, min_size=1, max_size=5, unique=True), st.lists(numbers, max_size=3), st.sampled_from(LABELS),
    st.sampled_from(CARDS + ROWS), st.lists(st.sampled_from(OTHERS), min_size=3, max_size=3), st.booleans(),
)  # fmt: skip
def test_all_items_are_found_and_no_other_number(
    items: list[int], others: list[int], label: str, layout: str, called: list[str], below: bool
) -> None:
    said = "".join(f"{words.format(number=number)}\n\n" for number, words in zip(others, called, strict=False))
    listed = "\n".join(layout.format(label=label, number=number) for number in items)
    head = "Shutterstock\n|\n\n"  # with the frame of a table
    text = f"{head}{listed}\n\n\n{said}" if below else f"{head}{said}{listed}"
    found = items_by_context(text, "shutterstock")
    if set(items).isdisjoint(others):
        assert found is not None and [each["asset_id"] for each in found] == list(map(str, items))
    else:
        assert found is None or {each["asset_id"] for each in found} <= set(map(str, items))


ORDER = """{subject}
Hello Ada,
{said}
File #: 313054036
License type: Standard
{more}
Adobe Stock, Adobe Inc., San Jose
"""


@pytest.mark.parametrize(
    ("subject", "said", "more"),
    [
        ("Left in your cart", "Thank you for your interest. In your cart on 4 March 2024:", ""),
        ("A board", "Ben has shared a board with you on 4 March 2024. Your downloads:", ""),
        ("Quote 4711", "Thank you. Your order of 4 March 2024:", "Quote 4711, valid for 30 days"),
        ("Your order", "Your order of 4 March 2024 waits: Zahlung offen", ""),
        ("Your layoutdownload", "You downloaded on 4 March 2024:", "Layoutdaten dienen der Ansicht"),
        ("Help", "You purchased on 4 March 2024: an entry looks like this:", ""),
        ("Pictures", "On 4 March 2024 we publish:", ""),
    ],
)  # fmt: skip
def test_what_is_not_bought_is_no_licence(subject: str, said: str, more: str) -> None:
    bought = read_text(ORDER.format(subject="Your order", said="You purchased on 4 March 2024:", more=""))
    assert bought and [each.asset.asset_id for each in bought.licences] == ["313054036"]
    paper = read_text(ORDER.format(subject=subject, said=said, more=more))
    assert paper is None or not paper.licences


def test_a_letter_without_a_day_is_of_the_day_on_which_it_was_sent(tmp_path: Path) -> None:
    text = "Merci pour votre achat !\n\n#24798101 - Vue de Lyon\nLicence : Standard - Taille L\n100 crédits\n"
    passed_on = (
        "-----Ursprüngliche Nachricht-----\nVon: Fotolia <noreply@fotolia.com>\nGesendet: 6. Oktober 2017 11:11\n"
        f"An: ada@acme.example\nBetreff: Votre achat\n\n{text}"
    )
    for name, sender, body in (("1", "Fotolia <noreply@fotolia.com>", text), ("2", "ada@acme.example", passed_on)):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "ben@acme.example", "Votre achat"
        mail["Date"] = "Fri, 24 Aug 2012 10:00:00 +0200"
        mail.set_content(body)
        (tmp_path / f"{name}.eml").write_bytes(mail.as_bytes())
    with DocumentReader(workers=1) as reader:
        items = [each for each in walk([tmp_path]) if isinstance(each, Item)]
        papers = [recognise(each, reader, unasked, lambda *_: "").paper for each in items]
    days = [str(each.licensed_at) for paper in papers if paper for each in paper.licences]
    assert days == ["2012-08-24", "2017-10-06"]


PAPERS = [
    ("POND5 LICENSE\n\nLicensee      Acme Ltd\nLicensed item      #15457248 Red door\nLicense type      Individual\n"
     "Effective date      November 11, 2018\nOrder      65615872\n", "pond5", "15457248", "2018-11-11"),
    ("Adobe Stock Photos Illustrations Vectors Videos Free\nLicence history\nRed door\n#97292289 · Extended licence\n"
     "05 Sep 2025 by ada@acme.example\n", "adobe_stock", "97292289", "2025-09-05"),
    ("Dreamstime - License information\n\nImage ID ......... 741636328\nLicense .......... Royalty-Free\n"
     "Licensee ......... Acme Ltd\nDate ............. July 15, 2023\n", "dreamstime", "741636328", "2023-07-15"),
    ("Stocksy\nOrder #830470\nJuly 3, 2018\nBilled to:\nAcme Ltd\n\nRed door\nFile ID 9214138\nMedium 2300px\n"
     "Extended License\nUS$98.00\n", "stocksy", "9214138", "2018-07-03"),
    ("iStock\nMerci pour votre achat sur iStock.\nDate de la commande : 16/03/2025\n"
     "#6965908793\nPorte · Standard · 9 €\n"
     "iStock par Getty Images, 1240 20th Ave SE, Calgary\n", "istock", "6965908793", "2025-03-16"),
    ("OFFSET\nThank you for your Offset purchase.\nOctober 14, 2016\nImage ID\n702984\nLicense\nDigital\n"
     "offset.com, A Shutterstock company\n", "offset", "702984", "2016-10-14"),
    ("Freepik\nLicense of use\nFreepik Company certifies that Ada Example downloaded the content with a Premium "
     "license on June 23, 2021:\n- Content ID: 1616325\n", "freepik", "1616325", "2021-06-23"),
    ("123RF Limited\nINVOICE\nDate 02-Dec-2010\nBilled to Acme Ltd\n\n"
     "Image ID      Description      License      Credits\n"
     "47387863      Red door      Standard      18\n\nAll images are licensed, not sold, under our terms.\n",
     "123rf", "47387863", "2010-12-02"),
    ("Shutterstock, Inc.\nThank you for your order. Your images have been licensed.\nOrder date: April 11, 2012\n\n"
     "Image ID: 62278615\nRed door\nLicense: Standard\n\nImages On Demand, 5 Standard License - EUR 49.00\n",
     "shutterstock", "62278615", "2012-04-11"),
    ("Depositphotos\nThank you for your purchase.\nDate: 25 September 2015\nItem ID:\n56664722\n"
     "Oat field before harvest\nStandard License, size XL\nYou can download your files again.\nDepositphotos Inc.\n",
     "depositphotos", "56664722", "2015-09-25"),
]  # fmt: skip
NO_PAPERS = [
    "Depositphotos\nPayment received\nInvoice #: 21904477\nDate: 3 May 2024\nItem #: 10088245\n"
    "Product: On Demand, 25 images, valid 12 months, Standard License\nDepositphotos Inc.\n",
    "iStock\nThank you for your purchase.\nDate: 3 May 2024\nProduct: 24 Credits\nPrice: 200.00 EUR\n"
    "Download now:\nFile 48817206 Red door 1 Credit\niStockphoto LP\n",
    "Shutterstock, Inc.\nYour receipt\nOrder date: May 12, 2020\n25 Images On Demand, Standard License $179.00\n"
    "Start downloading:\nImage ID 1620448173\nImage ID 1558820634\n",
    "iStock\nPaiement sécurisé – étape 3 sur 3 18/05/2021\nFacturer à Acme\nFichier 1188204433 Standard 30,00 €\n"
    "Confirmer et payer\niStockphoto LP\n",
    "*** SPECIMEN - FOR TRAINING ***\nGETTY IMAGES - LICENSE CONFIRMATION\nDate: 1 January 2015\nLicensee: Acme Ltd\n"
    "Image number: 123456789\nLicense type: Royalty-free\n",
    "123RF Limited\nWygląda on tak (przykład):\nCERTIFICATE OF LICENSE\nLicensee: Ada Example\nImage ID: 12345678\n"
    "License type: Standard License\nDate: 01-Jan-2022\n",
    "Watchword |"
    " post licensing notice\n\nclaim            WA-UK-118302\nrights owner     Ada Example\nlicensee         none\n"
    "website          https://nursery.example/our-day\nnotice date      25/11/2026\n\nTo the management of Acme Ltd\n\n"
    "We matched a photograph by Ada Example with the page above. A post-licence costs 264 pounds sterling; on payment "
    "a "
    "certificate is issued to you.\n",
    "Stocksy\nYour cart\nJuly 3, 2018\nFile ID 9214138\nExtended License\nUS$98.00\n",
    "Purchase order 4711\nLicence information\nImage ID: 741636328\nLicence: Standard\nDate: 3 May 2023\nDreamstime\n",
]


def test_a_paper_needs_no_known_layout() -> None:
    for text, platform, number, day in PAPERS:
        paper = read_text(text, "paper", lambda: "")
        assert paper and [(paper.platform, each.asset.asset_id, str(each.licensed_at)) for each in paper.licences] == [
            (platform, number, day)
        ], text
    for text in NO_PAPERS:
        paper = read_text(text, "paper", lambda: "")
        assert not (paper and paper.licences), text
    rows = (("459361613", "27 octobre 2021"), ("329546506", "19 octobre 2021"), ("314540626", "14 octobre 2021"))
    head, foot = "Adobe Stock   Historique des licences\n", "https://stock.adobe.com/fr/LicenseHistory 31/10/2021 1/1\n"
    page = "".join(f"\n  Porte      Standard      {day}\n  N° de fichier : {number}\n" for number, day in rows)
    running = "".join(f"Porte\nN° de fichier : {number}\nStandard {day}\n" for number, day in rows)
    paper = read_text(f"{head}{running}{foot}", "a.pdf", lambda: f"{head}{page}\n{foot}")
    assert paper and [str(each.licensed_at) for each in paper.licences] == ["2021-10-27", "2021-10-19", "2021-10-14"]
