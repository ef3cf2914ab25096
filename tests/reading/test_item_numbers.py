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
]
OTHERS = ["Order number: {number}", "Bestellung Nr. {number}", "Invoice\n{number}", "Customer no. {number}",
          "Rechnungsnummer         {number}", "Thank you for your order\n#{number}", "Numéro de commande : {number}",
          "You owe nothing for order {number}.", "Telephone +49 40 {number}"]  # fmt: skip
numbers = st.integers(10_000_000, 99_999_999)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(numbers, min_size=1, max_size=5, unique=True), st.lists(numbers, max_size=3), st.sampled_from(LABELS),
    st.sampled_from(CARDS + ROWS), st.lists(st.sampled_from(OTHERS), min_size=3, max_size=3), st.booleans(),
)  # fmt: skip
def test_all_items_are_found_and_no_other_number(
    items: list[int], others: list[int], label: str, layout: str, called: list[str], below: bool
) -> None:
    said = "".join(f"{words.format(number=number)}\n\n" for number, words in zip(others, called, strict=False))
    listed = "\n".join(layout.format(label=label, number=number) for number in items)
    text = f"Shutterstock\n\n{listed}\n\n\n{said}" if below else f"Shutterstock\n\n{said}{listed}"
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
