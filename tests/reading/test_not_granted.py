"""What grants nothing is no licence, in whichever words: goods, offers, corrections, orders that failed."""

import pytest

from archiver.reading.document_parser import read_text

ORDER = """Your order

{}
Order date: March 4, 2024
Image ID: 32009999
License: Standard License
www.dreamstime.com
"""
INVOICE = """{seller}
www.seller.example
{title}
Invoice date: 4 March 2024
{who}: Acme Ltd
Image number: NP-1203
Usage: {use}
{below}
"""


def invoice(*, title: str = "Invoice", who: str = "Licensee", use: str = "website, one year", below: str = "") -> str:
    return INVOICE.format(seller="North Pictures", title=title, who=who, use=use, below=below)


def licences(text: str) -> int:
    paper = read_text(text)
    return len(paper.licences) if paper else 0


@pytest.mark.parametrize(
    "sentence",
    ["Your files are ready in your account.", "If you did not place this order, write to us.",
     "Please do not reply to this e-mail about your order."],
)  # fmt: skip
def test_a_platforms_order_is_a_licence_whatever_it_says_in_general(sentence: str) -> None:
    assert licences(ORDER.format(sentence)) == 1


DENIED = [
    "We were unable to process the payment for your order.", "Your bank has stopped this payment.",
    "There were not enough credits in your account.", "Ihre Bestellung wurde leider gestoppt.",
    "Votre commande n'a pas pu être traitée.", "Su pedido ha sido rechazado por el banco.",
    "Il pagamento dell'ordine non è andato a buon fine.", "Uw bestelling is niet gelukt.",
    "Please transfer $12.00 to the account below to obtain your license.", "Votre licence sera active demain.",
    "Sobald Ihre Zahlung eingegangen ist, erhalten Sie die Lizenz.", "Ihre Kreditkarte konnte nicht belastet werden.",
    "Zamówienie czeka na płatność w banku.", "O pagamento da encomenda não foi aprovado.",
    "Ha descargado una imagen de prueba (comp) con marca de agua.", "Solo per bozze: nessuna licenza concessa.",
    "Solo para maquetas: no se ha concedido ninguna licencia.", "Image d'essai avec filigrane pour vos maquettes.",
    "Nur für Layoutzwecke. NICHT LIZENZIERT.", "You left something behind! Complete your order.",
    "Votre épreuve filigranée est téléchargée.",
    "Vos gains seront versés en mars.", "Fecha de venta: 4 de marzo de 2024", "Verkaufsbericht für Urheber",
]  # fmt: skip


def test_an_order_that_its_letter_denies_is_none() -> None:
    assert [said for said in DENIED if licences(ORDER.format(said))] == []


@pytest.mark.parametrize(("status", "count"), [("Paid", 1), ("abgeschlossen", 1), ("Waiting", 0), ("in sospeso", 0)])
def test_a_status_must_be_one_of_those_that_mean_that_all_is_done(status: str, count: int) -> None:
    assert licences(ORDER.format(f"Order status: {status}")) == count


def test_a_month_is_not_a_possibility() -> None:
    """`May 3` before a word that ends a licence is no `may`."""
    assert licences(ORDER.replace("March", "May").format("Bought on May 3, 2024, then refunded.")) == 0


def test_a_platform_that_is_the_buyer_has_licensed_nothing() -> None:
    bought = ORDER.replace("Your order", "Invoice").format("Bill to: Acme Ltd")
    assert licences(bought) == 1
    assert licences(bought.replace("Acme Ltd", "Dreamstime")) == 0


def test_an_unknown_sellers_invoice_speaks_of_licensing_or_of_a_use() -> None:
    assert licences(invoice()) == licences(invoice(who="Customer")) == licences(invoice(use="as agreed in May")) == 1
    assert licences(invoice(who="Customer", use="as agreed in May")) == 0


@pytest.mark.parametrize("use", ["original, oil on canvas", "poster 60x90", "print, numbered", "tirage encadré"])
def test_a_picture_that_is_sold_as_a_thing_is_not_licensed(use: str) -> None:
    assert licences(invoice(use=use)) == 0


DOUBTFUL = [
    ("Provisional invoice", ""), ("Facture d'acompte", ""), ("Factura rectificada", ""), ("Concept-factuur", ""),
    ("Fatura pró-forma", ""), ("Faktura zaliczkowa", ""), ("Rechnung / Nachlizenzierung", ""),
    ("Invoice", "This invoice was issued in error."), ("Invoice", "VOIDED"),
    ("Invoice", "Der Vertrag ist aufgehoben."),
    ("Invoice", "Licence fee for past use"), ("Invoice", "La licenza è decaduta."),
]  # fmt: skip


def test_an_unknown_sellers_paper_that_may_mean_something_else_is_no_licence() -> None:
    assert [said for said in DOUBTFUL if licences(invoice(title=said[0], below=said[1]))] == []


def test_names_and_addresses_say_nothing_of_a_paper() -> None:
    """A client may be a law firm, a person may be called Specimen."""
    named = invoice(below="Project: Finch Solicitors\nContact: jane.specimen@seller.example")
    assert licences(named.replace("Acme Ltd", "Harrow Solicitors")) == 1
    assert licences(invoice(below="SPECIMEN")) == 0
