"""Tables of sums in letters: what is demanded is the total, and never a part, a tax or what a tax is counted on."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as some

from archiver.reading.letters import read_letter


class Words(NamedTuple):
    """The words of one language; `tax` has its rate and what it is counted on."""

    opening: str
    request: str
    parts: tuple[str, ...]
    tax: str
    tax_alone: str
    net: str
    within: str
    total: tuple[str, ...]
    head: str
    late: str


LANGUAGES = (
    Words("Dear Sir or Madam,\nYou used our client's picture without a licence.", "Please pay as follows:",
          ("Licence fee, web use, 2 years", "Uplift for missing credit (50 %)", "Administration costs", "Search costs"),
          "VAT {rate} % on {base}", "VAT {rate} %", "Subtotal", "of which VAT",
          ("Total", "Total due", "Amount due"), "Item Amount {sign}",
          "If you do not pay, the costs may rise to {more}."),
    Words("Sehr geehrte Damen und Herren,\nSie zeigen das Bild ohne Lizenz.", "Wir bitten Sie, zu überweisen:",
          ("Entschädigung, Internet, 3 Jahre", "Zuschlag fehlende Namensnennung (50 %)", "Umtriebsentschädigung",
           "Bearbeitungskosten"),
          "MwSt. {rate} % auf {base}", "MwSt. {rate} %", "Zwischensumme", "davon MwSt.",
          ("Total", "Gesamtbetrag", "Summe"), "Position Betrag {sign}",
          "Andernfalls können sich die Kosten auf über {more} belaufen."),
    Words("Madame, Monsieur,\nVous avez publié la photo sans autorisation.", "Nous vous invitons à payer :",
          ("Droits de reproduction, 2 ans", "Absence de mention du nom (50 %)", "Frais de dossier", "Frais de constat"),
          "TVA {rate} % sur {base}", "TVA {rate} %", "Sous-total", "dont TVA",
          ("Total", "Montant à payer", "Total TTC"), "Poste Montant {sign}",
          "À défaut, les frais pourraient atteindre {more}."),
    Words("Muy señores nuestros:\nHan publicado la fotografía sin autorización.", "Les rogamos que abonen:",
          ("Uso en internet, 2 años", "Daño moral", "Gastos de gestión", "Acta notarial"),
          "IVA {rate} % sobre {base}", "IVA {rate} %", "Subtotal", "IVA incluido",
          ("Total", "Total a pagar", "TOTAL"), "Concepto Importe {sign}",
          "De lo contrario, la demanda ante el juzgado será de {more}."),
    Words("Gentili Signori,\navete pubblicato la fotografia senza autorizzazione.", "Vi invitiamo a versare:",
          ("Compenso per uso online, 2 anni", "Omessa indicazione dell'autore (50 %)", "Spese di pratica",
           "Spese legali"),
          "IVA {rate} % su {base}", "IVA {rate} %", "Subtotale", "di cui IVA",
          ("Totale", "Totale dovuto", "TOTALE"), "Voce Importo {sign}",
          "In caso di mancato pagamento chiederemo {more}."),
)  # fmt: skip
RATES = (Decimal("8.1"), Decimal(19), Decimal(20), Decimal(6))


def composed(seed: int) -> tuple[str, Decimal]:
    """A letter with a table of sums, and its total."""
    chance = Random(seed)
    words, sign = chance.choice(LANGUAGES), chance.choice(("CHF", "EUR", "GBP"))
    point = chance.choice((".", ","))
    layout = chance.choice(("head", "beside", "lines", "cells"))

    def plain(sum_: Decimal) -> str:
        whole, cents = f"{sum_:,.2f}".split(".")
        return whole.replace(",", chance.choice(("'", "") if point == "." else (".", "", " "))) + point + cents

    def money(sum_: Decimal) -> str:
        return f"{sign} {plain(sum_)}" if point == "." else f"{plain(sum_)} {sign}"

    parts = [(label, Decimal(chance.randint(2, 200)) * 5) for label in chance.sample(words.parts, chance.randint(2, 4))]
    rows, total, tax = list(parts), sum((each for _, each in parts), Decimal()), Decimal()
    if chance.random() < 0.6:
        rate = chance.choice(RATES)
        base = chance.choice([total, *(each for _, each in parts)])
        tax = (base * rate / 100).quantize(Decimal("0.01"))
        rows += [(words.net, total)] if chance.random() < 0.3 else []
        label = words.tax if base != total or chance.random() < 0.5 else words.tax_alone
        rows.append((label.format(rate=f"{rate}".replace(".", point), base=money(base)), tax))
        total += tax
    rows.append((chance.choice(words.total), total))
    if tax and chance.random() < 0.3:
        rows.append((words.within, tax))
    between = {"head": " ", "beside": " ", "lines": ": ", "cells": "\n"}[layout]
    shown = plain if layout == "head" else money
    table = [words.head.format(sign=sign)] if layout == "head" else []
    table += [f"{label}{between}{shown(each)}" for label, each in rows]
    late = [words.late.format(more=money(total * 3 + 500))] if chance.random() < 0.3 else []
    return "\n".join(["Example Pictures Ltd", "16 November 2026", words.opening, words.request, *table, *late]), total


@settings(max_examples=100, deadline=None, derandomize=True)
@given(some.integers(0, 10**9))
def test_no_part_is_taken_for_the_total(seed: int) -> None:
    text, total = composed(seed)
    letter = read_letter(text)
    assert letter.amount in (total, None), f"{seed}: {letter.sure} {text}"
