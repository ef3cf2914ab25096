"""Letters of known and unknown claimants, rebuilt with invented values; and that no text makes the reader fail."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from archiver.reading.dates import days_in
from archiver.reading.letter_sums import number
from archiver.reading.letters import Letter, LetterKind, business_days_after, letter_by, read_letter
from archiver.reading.worker import DocumentReader
from tests.support.claim_letters import ACME, RECEIVED, SENT, Sent
from tests.support.letter_texts import ABMAHNUNG, ASIDES, COPYTRACK, GETTY, PICRIGHTS, UNKNOWN


def test_a_getty_letter_gives_ten_business_days_from_its_date() -> None:
    letter = read_letter(GETTY, domains=["acme.example"])
    assert (letter.claimant, letter.reference, letter.kind) == ("Getty Images", "90012345", LetterKind.DEMAND)
    assert letter.urls == ("https://www.acme.example/news/launch.html",)
    assert (letter.amount, letter.currency) == (Decimal("645.00"), "GBP")
    assert (letter.dated, letter.deadline) == (date(2026, 3, 13), date(2026, 3, 27))
    assert letter.first_seen == date(2026, 3, 2)
    assert letter.sure.keys() == {
        "claimant", "reference", "kind", "urls", "amount", "dated", "deadline", "first_seen"
    }  # fmt: skip


def test_a_berechtigungsanfrage_that_threatens_an_abmahnung_is_none() -> None:
    letter = read_letter(COPYTRACK)
    assert (letter.claimant, letter.reference, letter.kind) == ("Copytrack", "X7K2P9", LetterKind.INQUIRY)
    assert letter.urls == ("https://www.acme.example/blog/ein-beitrag",)
    assert letter.amount is None, "it offers two sums to choose from"
    assert "EUR 350, EUR 389.59" in letter.sure["amount"], "both are told"
    assert (letter.dated, letter.deadline, letter.first_seen) == (
        date(2025, 12, 22), date(2026, 1, 1), date(2025, 12, 1)
    )  # fmt: skip


def test_an_abmahnung_is_one() -> None:
    letter = read_letter(ABMAHNUNG)
    assert (letter.claimant, letter.reference, letter.kind) == (
        "Kanzlei Beispiel & Partner", "123/26-AB", LetterKind.ABMAHNUNG
    )  # fmt: skip
    assert letter.urls == ("https://acme.example/team",), "and no address of a law"
    assert (letter.amount, letter.deadline) == (Decimal("1234.56"), date(2026, 5, 18))


def test_another_claimant_that_speaks_for_getty_is_the_one_who_writes() -> None:
    letter = read_letter(PICRIGHTS, received=date(2026, 6, 9))
    assert (letter.claimant, letter.reference) == ("PicRights", "1234-5678-9012")
    assert (letter.dated, letter.deadline) == (date(2026, 6, 5), date(2026, 6, 23)), "counted from receipt"


def test_an_unknown_claimant_falls_to_labels() -> None:
    letter = read_letter(UNKNOWN)
    assert (letter.claimant, letter.reference, letter.kind) == (
        "Studio Ada Example", "FR-2026/17", LetterKind.DEMAND
    )  # fmt: skip
    assert (letter.amount, letter.currency, letter.deadline) == (Decimal(480), "EUR", date(2026, 2, 18))


def test_a_letter_without_a_deadline_gets_the_claimants_usual_one_and_says_so() -> None:
    letter = read_letter("Getty Images\n13 March 2026\nCase No: 77001122\nunauthorised use")
    assert letter.deadline == date(2026, 3, 27)
    assert "usually" in letter.sure["deadline"]
    for sentence in ("Pay by mid-March.", "Pay by the 20th.", "Pague en 5 días hábiles."):  # the usual one is later
        assert read_letter(f"Getty Images\n13 March 2026\nunauthorised use\n{sentence}").deadline is None


@pytest.mark.parametrize("sent", SENT, ids=lambda sent: sent.name)
def test_letters_in_many_layouts_are_read_and_nothing_wrong_is(sent: Sent) -> None:
    letter = read_letter(sent.text, received=RECEIVED, domains=ACME)
    assert {name: getattr(letter, name) for name in sent.expected()} == sent.expected()


DAYS = [  # what a letter of 2 November 2026 says, and its last day
    ("Bitte antworten Sie binnen 10 Werktagen.", "2026-11-13"),  # by law, Saturday is one
    ("Merci de répondre sous 10 jours ouvrables.", "2026-11-13"),
    ("Merci de répondre sous 10 jours ouvrés.", "2026-11-16"),
    ("Bitte antworten Sie binnen 10 Arbeitstagen.", "2026-11-16"),
    ("You have 14 days from the date of this letter to pay.", "2026-11-16"),
    ("You have five business days to show a licence.", "2026-11-09"),
    ("Pay by the last day of November.", "2026-11-30"),
    ("Sie nutzten das Bild bis Ende Dezember 2026.", None),
    ("Entro fine dicembre 2026 attendiamo il pagamento.", "2026-12-31"),
    ("I can move the date for payment from 12 November to 30 November 2026.", "2026-11-30"),
    ("Pagate entro il 1° dicembre 2026.", "2026-12-01"),
    ("Ich bin bis Mittwoch, den 25. November, in Lissabon.", None),
    ("Our office is closed until Monday.", None),
    ("Pay by 8 December 2026. If you need longer, call me before 1 December 2026.", "2026-12-08"),
    ("Pay no later than thirty days after the date of this letter.", "2026-12-02"),
    ("Pay within twenty-one (21) days.", "2026-11-23"),
    ("Délai : vingt et un (21) jours à partir de la date du présent courrier.", "2026-11-23"),
    ("El plazo para ello es de veinte (20) días naturales a contar desde esta carta.", "2026-11-22"),
    ("Das Angebot gilt bis 20 Tage nach dem obigen Datum.", "2026-11-22"),
    ("Within ten (10) business days of this letter, that is, no later than November 17,\n2026, pay.", "2026-11-17"),
    ("Within ten days (that is the usual time) write, and pay no later than November 30, 2026.", "2026-11-12"),
    ("Write within ten days, that is, no later than December 12, 2026.", "2026-11-12"),
    ("Sie haben noch 7 Tage Zeit.", "2026-11-09"),
    ("Pay within a fortnight.", "2026-11-16"),
    ("Shall we say a fortnight from today?", "2026-11-16"),
    ("Réglez sous quatorze jours à compter de ce jour.", "2026-11-16"),
    ("The offer is open through December 8, 2026.", "2026-12-08"),
    ("Haced el pago como muy tarde el sábado 5 de diciembre.", "2026-12-05"),
    ("The demand is open until the eleventh day of December, 2026.", "2026-12-11"),
    ("Zahlen Sie bis spätestens zum zwölften Dezember.", "2026-12-12"),
    ("Let me have it 14 days from today.", "2026-11-16"),
    ("Please settle by the end of next week.", "2026-11-13"),
    ("Pay no later than Friday, December 4, 2026.", "2026-12-04"),
    ("Wir haben uns den 4.12.26 als Frist notiert.", "2026-12-04"),
    ("You have had 14 days to answer.", None),
    ("El importe se abonará no más tarde del 25 de noviembre de 2026.", "2026-11-25"),
    ("Spostiamo il termine di pagamento al 10 dicembre 2026.", "2026-12-10"),
    ("Je vous impartis un délai au 9 décembre 2026 pour verser CHF 1350.", "2026-12-09"),
    ("Paiement à 30 jours date du présent courrier.", "2026-12-02"),
    ("Sie haben seit 14 Tagen nicht geantwortet.", None),
    ("Por favor paguen antes del 6 de diciembre de 2026.", "2026-12-05"),  # that day is too late
    ("Wir erwarten Ihre Zahlung vor dem 06.12.2026.", "2026-12-05"),
    ("Pay before the 6th day of December 2026.", "2026-12-05"),
    ("Please pay before 4/12/2026.", "2026-12-03"),
    ("Please pay before Friday.", "2026-11-05"),
    ("Please pay on or before 6 December 2026.", "2026-12-06"),
    ("Am 20.11.2026 läuft die Frist ab.", "2026-11-20"),
    ("Please pay by 20/11/26.", "2026-11-20"),
    ("Please pay on or\nbefore 6 December 2026.", "2026-12-06"),
    ("Wir erwarten die Erklärung bis zum\n20. November 2026, wobei ein Telefax genügt. Zahlen Sie bis 27.11.2026.",
     "2026-11-20"),
    ("Wzywam do zapłaty w terminie 7 dni od daty niniejszego pisma.", "2026-11-09"),
    ("Versez cette somme sous dizaine à compter de la réception.", "2026-11-12"),
    ("Payez le 18 décembre 2026 au plus tard.", "2026-12-18"),
    ("Termin płatności: 24.11.2026", "2026-11-24"),
    ("Proszę o zapłatę do dnia 30 listopada 2026 r.", "2026-11-30"),
    ("O pagamento deverá ser efetuado até ao dia\n13 de novembro de 2026.", "2026-11-13"),
    ("Solicitamos o pagamento no prazo de 10 (dez) dias úteis.", "2026-11-16"),
    ("Please remove the picture within 48 hours and pay EUR 300 within 20 days.", "2026-11-22"),
    ("Das Bild ist binnen 3 Tagen zu entfernen und die Erklärung bis zum 16.11.2026 abzugeben.", "2026-11-16"),
    ("Within 7 days remove the picture and pay. Ask us for instalments within 30 days.", "2026-11-09"),
    ("Das Bild ist binnen 3 Tagen zu entfernen und EUR 300 zu zahlen. Fragen bis 30.12.2026.", "2026-11-05"),
    ("Please remove the picture within 48 hours.", "2026-11-04"),
    ("En el plazo improrrogable de DIEZ (10) DÍAS NATURALES desde la fecha paguen.", "2026-11-12"),
]  # fmt: skip


def test_a_number_of_days_is_counted_as_its_words_say() -> None:
    read = {said: read_letter(f"Example Pictures\n2 November 2026\n\n{said}").deadline for said, _ in DAYS}
    assert read == {said: date.fromisoformat(day) if day else None for said, day in DAYS}
    for day in ("31 December 9999", "31.12.9999", "0001-01-02", "1 January 0001"):  # nothing can be counted from these
        letter = read_letter(f"Example Pictures\n{day}\n\nWe saw it on 3 May. You have 14 days to pay.")
        assert (letter.dated, letter.deadline) == (None, None)


@pytest.mark.parametrize("line", ["Amount due: £760.00", "Demand: $3,500", "Dafür verlangen wir 300 EUR."])
def test_what_asks_for_a_sum_is_a_demand(line: str) -> None:
    assert read_letter(f"The picture is on https://acme.example/x .\n{line}\n").kind is LetterKind.DEMAND


WRITERS: list[tuple[str, str, Sequence[tuple[str, str]], str | None]] = [  # head, foot, senders, who writes
    ("MILLER & GROVE\nSolicitors", "", (), "MILLER & GROVE Solicitors"),
    ("BRANDT & OHLSEN\nRechtsanwälte PartG mbB", "", (), "BRANDT & OHLSEN Rechtsanwälte PartG mbB"),
    ("Harrow & Finch\nIntellectual Property Solicitors", "", (), "Harrow & Finch Intellectual Property Solicitors"),
    ("Hamburg, 2 November 2026\nRechtsanwälte", "", (), None),
    ("", "Mia Example\nClaims", [("Contentieux Images", "x@argos-images.example")], "Argos Images SARL"),
    ("SAS au capital de 10 000 €\nRCS Bordeaux 812 345 678", "", (), None),
    ('Rights Bureau "Clearview"  15 October 2026', "", (), 'Rights Bureau "Clearview"'),
    ("LAW OFFICES OF\nHOLLOW & DOE, LLP", "", (), "HOLLOW & DOE, LLP"),
    ("HOLLOW, GROVE & DOE\nA Professional Law Corporation\n\nOther Practice, PLLC\nAttn: Office Manager",
     "Mia Example\nHOLLOW, GROVE & DOE", (),
     "HOLLOW, GROVE & DOE"),
    ("PIXSY DEMO AGENCY · Dublin", "", (), "PIXSY DEMO AGENCY"),
    ("P I C T U R E  D E S K  LT D", "", (), "PICTURE DESK LTD"),
    ("Kantoor Voorbeeld\nauteursrecht & media", "", (), "Kantoor Voorbeeld"),
    ("CABINET MODÈLE &\nASSOCIÉS\nAvocats au Barreau de Paris", "", (), "CABINET MODÈLE & ASSOCIÉS"),
    ("MUSTER\nPROBE\nRechtsanwälte Partnerschaft mbB", "", (), "MUSTER PROBE Rechtsanwälte Partnerschaft mbB"),
    ("Schemerbank\nOnderdeel van Schemer B.V.", "", (), "Schemer B.V."),
    ("Remitente: Eva Modelo Prueba, abogada - C/ Nada 7", "", (), "Eva Modelo Prueba"),
    ("dpa Probebild GmbH", "", (), "dpa Probebild GmbH"),
    ("Léa Modèle\nPhotographe auteur", "Léa Modèle", (), "Léa Modèle"),
    ("Permission Machine NV", "", (), "Permission Machine"),
    ("Report\nImage URL\nhttps://acme.example/a.jpg", "Mock Pictures, Inc.", (), "Mock Pictures, Inc."),
    ("Plum Street Legal\nSydney", "", (), "Plum Street Legal"),
    ("Bonn, 6. Mai 2026\nRechtsanwalt Ben Muster\nGasse 1", "Muster\nRechtsanwalt", (), "Rechtsanwalt Ben Muster"),
    ("Bonn, 6. Mai 2026\nRechtsanwalt Ben Muster\nGasse 1", "Exempel\nRechtsanwalt", (), None),
    ("Visual Rights Group NV", "", (), "Visual Rights Group"),
    ("Name: Rosa Exempel\nE-Mail: r@exempel.example\nDas Titelbild ist von mir.", "", (), "Rosa Exempel"),
    ("Name:\nPercy Phoney\nE-mail:\np@phoney.example\nThe photo is mine.", "", (), "Percy Phoney"),
    ("Subject: Claim 7/26\nOwner:  Photographer Ada Example", "Mock Pictures, Inc.", (), "Mock Pictures, Inc."),
    ("MIST LAW\nBarristers & Solicitors", "", (), "MIST LAW"),
    ("Da: Greta Prova, fotografa - g@prova.example", "", (), "Greta Prova"),
    ("# Notice\n\n| Image | A ridge |\n| Page | B |", "Mock Picture Agency", (), "Mock Picture Agency"),
    ("An die\nProbe Bildungs GmbH", "", (), None),
    ("Mock Pictures Ltd v Sample Ltd", "Hollow & Doe Solicitors", (), "Hollow & Doe Solicitors"),
    ("AANMANING\n20 november 2026", "Beeldbank Proef bv", (), "Beeldbank Proef bv"),
    ("", "Copyright Compliance Team\nMock Pictures, Inc.", (), "Mock Pictures, Inc."),
    ("2 November 2026\nUnberechtigte Nutzung von Bildern der Probe GmbH", "", (), None),
    ("Görlitz, am zweiten November\n2026", "Görlitz", (), None),
    ("Partnerschaftsregister AG Essen PR 1 · Anderkonto IBAN 1\nPROBE & MUSTER mbB", "", (), "PROBE & MUSTER mbB"),
    ("Agencja Przykład Sp. z o.o.", "", (), "Agencja Przykład Sp. z o.o."),
    ("Probe Bank AG · IBAN DE00 0000\nPhotohaus Muster e.K.", "", (), "Photohaus Muster e.K."),
    ("", "Eva Modelo\nper conto di Agenzia Prova S.r.l.", (), None),
    ("H OLLOW & D OE S OLICITORS", "Attorney for Mock Pictures, Inc.", (), "HOLLOW & DOE SOLICITORS"),
    ("muster bilder gmbh | gasse 1 | köln", "muster bilder gmbh", (), "muster bilder gmbh"),
    ("wir prüfen die nutzung für die muster gmbh", "", (), None),
    ("", "Mia\nFounder, Stone & Sky Photography", (), "Stone & Sky Photography"),
    ("CABINET D'AVOCATS\nMaître Claire Exemple", "Claire Exemple", (), "Maître Claire Exemple"),
    ("Claims Department\nRef. 12/26", "Mock Pictures, Inc.", (), "Mock Pictures, Inc."),
    ("", "Ana Exemplo\nAdvogada – Exemplo & Associados, SP, RL", (), "Exemplo & Associados, SP, RL"),
    ("", "Bildbyrån Muster AB", [("Bildbyrån Muster AB", "x@muster.example")], "Bildbyrån Muster AB"),
    ("", "Mia Example | Licensing | Mock Pictures", [("Mia Example", "m@mock.example")], "Mock Pictures"),
    ("", "Mia Example\nResolution Officer, LensClaim Pty Ltd", [("Mia Example", "m@lensclaim.example")],
     "LensClaim Pty Ltd"),
    ("", "", [("Gestión de Derechos – Foco Vivo", "d@focovivo.example")], "Foco Vivo"),
    ("Rechtsanwälte Quast · Uhl · Denk\nrae@quast-uhl.example", "Dr. Ada Uhl", [], "Rechtsanwälte Quast · Uhl · Denk"),
    ("Mock Pictures Agency Gent, 2 May 2026", "Mock Pictures Agency", [], "Mock Pictures Agency"),
    ("KLM Rechtsanwälte Ahorn Birke · Weg 1 · 11111 Ort\nKLM Rechtsanwälte · Postfach 9", "gez. Birke", [],
     "KLM Rechtsanwälte"),
    ("QUAST -UHLIG LAW, P.C.\nPeachbough Street", "Ada Quast-Uhlig", [], "QUAST-UHLIG LAW, P.C."),
    ("", "Mia Example\nCopyright Compliance Specialist", [], None),
]  # fmt: skip


def test_the_writer_has_a_name_and_not_only_a_kind() -> None:
    text = "{}\n\nDear Sirs,\nArgos Images SARL and LensClaim AG ask you to pay.\n\nRegards,\n{}\n"
    read = [read_letter(text.format(head, foot), senders=sender).claimant for head, foot, sender, _ in WRITERS]
    assert read == [claimant for *_, claimant in WRITERS]


@pytest.mark.parametrize(
    ("sums", "amount"),
    [
        ("EUR 532.40 (EUR 440.00, 21% VAT)", "532.40"),
        ("620,00 € Schaden, Kosten 500,00 €, mit 19 % USt. 595,00 €", None),  # of one part
        ("le versement de 690,00 € HT, soit 828,00 € TTC. SAS au capital de 10 000 €", "828"),
        ("Netto 300,00 EUR zzgl. MwSt., Auslagen 20,00 EUR brutto, Vergleich 350,00 EUR", None),
        ("Endbetrag EUR          385,20", "385.20"),
        ("Endbetrag EUR          12", None),
        ("zahlen Sie 500,00 €, nach Fristablauf 550,00 € (10 % mehr)", "500"),
    ],
)
def test_a_sum_with_tax_counts_if_the_others_are_its_parts(sums: str, amount: str | None) -> None:
    assert read_letter(f"Example Pictures\n\n{sums}\n").amount == (Decimal(amount) if amount else None)


SUMS = [  # what a letter says, and what it demands
    ("Wir fordern 480,00 EUR. Die Anwaltskosten betragen 627,13 EUR.", None),  # both
    ("somma di € 1.350,00, di cui € 1.000,00 di compenso e € 350,00 di spese", "1350"),
    ("Three pictures at £150 each, £450 in all", "450"),
    ("eine Zahlung von je 375 EUR, zusammen 750 EUR", "750"),
    ("Dat kost je 250 euro.", "250"),
    ("Offen sind 1.068,50 EUR. Möglich sind drei Raten zu je 356,17 EUR (letzte Rate\n356,16 EUR).", "1068.50"),
    ("Fee component\nGBP\nUse on the web\n290.00\nCosts\n40.00\nTotal to resolve\n330.00", "330"),
    ("Rechten 180,00\nKosten 75,00\nTE BETALEN (EUR) 255,00", "255"),
    ("A licence for the past costs 264 pounds sterling.", "264"),
    ("He would have charged $3,000. A claim in the range of $6,000 to $9,000 stands. He takes $2,500.00.", "2500"),
    ("Zapłata 900 zł. Po tym terminie będę żądać 1800 zł.", "900"),
    ("€ 190,00 per pagina en € 121,00 aan kosten, bij elkaar € 501,00", "501"),
    ("750 euros por foto, 1500 euros en total", "1500"),
    ("To close: £575.00. We can accept two payments of £300.00.", "575"),
    ("Our archive earned altogether £12,000.00. We ask for £400.00.", None),
    ("Pay £400. We cannot accept less than £350.00.", None),
    ("Our letter asked for £3,600.00, which should have read £360.00.", "360"),
    ("Fee $840.00\nCosts $84.00\nPaid to others $30.00\nBalance $954.00", "954"),
    ("Total: GBP 400.00. In addition GBP 250.00 for our costs.", None),
    ("Der Betrag erhöht sich um eine Gebühr von 45,00 EUR auf nunmehr 434,59 EUR.", "434.59"),
    ("The fee is £480.00 (3 images would be £1,200.00)", "480"),
    ("I normally charge £175 a year. I would call it quits at £250.", "250"),
    ("Üblich wären 270,- Euro. Ich biete an, das Ganze für 180,- Euro zu vergessen.", "180"),
    ("Our usual fee is £300.00. Our costs are £100.00.", None),
    ("la somme de 480 euros, soit deux années (2 x 200 €) majorées de\n20 %", "480"),
    ("das doppelte Entgelt (aus EUR 36.000,00): EUR 960,00\nKosten EUR 552,00\ngesamt EUR 1.512,00", None),
    ("Am 2. Juni habe ich Sie zur Zahlung von 1.180,00 € aufgefordert. Mir reichen 790,00 €.", "790"),
    ("Schaden 2 x 310,00 € = 620,00 € und Kosten 367,23 € (netto), zusammen also 987,23 €", "987.23"),
    ("Dazu kommen 80,00 Euro, so dass nunmehr insgesamt\n\n478,00 Euro\n\noffen sind.", "478"),
    ("Kosten nach einem Wert von 6.930,00 €. Zu zahlen sind 1.564,90 €.", "1564.90"),
    ("Zahlung bis 30.11.2026 (Nachlass) 337,50 €\nZahlung bis 14.12.2026 450,00 €", "450"),
    ("I can come down from £380 to £290.", "290"),
    ("3 years at £200.00 per annum £600.00\nCosts £390.00\nWe require £990.00", "990"),
    ("Bemessungsgrundlage EUR 36.000,00\nKosten EUR 552,00", "552"),
    ("Subtotal\n1,651.33\nTotal CAD\n1,866.00", "1866"),
    ("We ask for €405.00 (27 × €15.00).", "405"),
    ("Web, un an : 2 x 130 €\nSans crédit : 40 €\nSoit 300 € nets.", "300"),
    ("manque à gagner 600 €, constat 280 €, honoraires 920 €, soit un total de 1\n800 €.", "1800"),
    ("Dat is 190 euro ex btw, 229,90 incl. 21% btw.", "229.90"),
    ("$4,750.00, which includes a licence fee of $950.00, a factor of 3, and $900.00 in fees", "4750"),
    ("1: $2,450 at once\n2: $2,800 in four payments of $700\nIf neither is accepted, we seek $9,800.", "2450"),
    ("USD 640.00 (normally USD 320.00 a year). A claim by counsel starts at $2,000.", "640"),
    ("For past use €330.00\nTo continue (optional) €165.00", "330"),
    ("Our offer of $995.00, expired in May. Now $1,295.00. From December 9, 2026 the sum is $1,795.00.", "1295"),
    ("Wij vragen (EUR)\t\t742,00", "742"),
    ("Fee £500.00 including VAT\nCosts £300.00", None),
    ("We ask for $1,500. Your offer of $500 is declined. Split the difference: $1,000.", None),
    ("You have paid £100.00 of the £365.00. The remaining £265.00 is due.", "265"),
    ("The fee is $800, less the $150 you paid, leaving $650.", "650"),
    ("A fee of £400 including VAT is due, and costs of £150.", None),
    ("If you pay within ten days, we take $1,200.\nIf you pay within thirty days, we take $1,850.", "1850"),
    ("On or before 4 May: €360\nOn or before 18 May: €450\nAfter 18 May: €600", "450"),
    ("If you pay within ten days, we take $400. Our costs are $900.", None),
    ("He said so, and offered £75. We take £640 plus £360 costs, £1,000 in total.", "1000"),
    ("We can do $700 today. That is $500 off the $1,200 we first quoted.", "700"),
    ("Pay €605.00. Failing this 10 % (minimum €75) is added.", "605"),
    ("My usual rate is £120 a year; you had it for longer, so let us call it £180.", "180"),
    ("The lost fees come to $3,800. Applying the multiplier of two that courts have found fit, and adding fees of "
     "$1,500, he demands $9,100.", "9100"),
    ("The lost fees come to $3,800. Applying the multiplier that courts have found fit, he asks for more.", None),
    ("The fee is £200. A surcharge of 100 % is added for the missing credit.", None),
    ("Der Lizenzschaden beträgt 210,00 EUR und ist zu verdoppeln.", None),
    ("We ask for a payment of $3,480, which is three times the licence fee ($1,160).", "3480"),
    ("The Act carries damages of $2,500 to $25,000. We ask for $1,800.", "1800"),
    ("Te betalen: € 410,00. Bij gebreke daarvan bedraagt de vordering ten minste € 1.250.", "410"),
    ("Offener Betrag: 611,80 EUR. Dadurch entstehen weitere Kosten, die Sie tragen: 627,13 EUR.", "611.80"),
    # what was to be paid by a day before the letter's own
    ("16 November 2026\n\nWe offered £400.00, payable by 1 November 2026. We now require £650.00.", "650"),
    ("16.11.2026\n\n1. Mahnung vom 01.10.2026 300,00 EUR\nHeute fordern wir 400,00 EUR.", "400"),
    ("Le 16 novembre 2026\n\nLe montant est de 300,00 €, à régler avant le 15/10/2026.\nSolde à payer 360,00 €", "360"),
    ("16 november 2026\n\nHet bedrag was € 300,00, te betalen vóór 1 november 2026. Wij vorderen nu € 390,00.", "390"),
    ("Warszawa, 16 listopada 2026\n\nKwota 800 zł, płatna do dnia 20 września 2026. Wzywam do zapłaty 900 zł.", "900"),
    ("16 November 2026\n\nPlease pay £500.00, due 1 November 2026, and for the reminder £12.00.", None),
    ("16.11.2026\n\nWir fordern 500,00 EUR, die bis zum 01.11.2026 zu zahlen waren. Mahnkosten 5,00 EUR.", None),
    ("16 November 2026\n\nWe require £690.00, as you have not paid by 1 November 2026. Interest: £3.00.", None),
    ("Du loyer de 1 200,00 €, nous sollicitions 610,00 €. Merci de régler 780,00 €.", None),
    ("If you wish to keep the picture, the coming year costs £310.00. For the past, pay £495.00.", "495"),
    ("Se desidera continuare, il prossimo anno costa 180,00 €. Per il passato chiediamo 420,00 €.", "420"),
    ("Vederlag: 2.000,00 EUR\nMoms 25 %: 500,00 EUR\nI alt inkl. moms: 2.500,00 EUR\nRykkergebyr på 100 EUR", "2500"),
    ("Item: A$\nLicence, two uses at $600: 1,200.00\nCosts: 800.00\nTotal: 2,000.00\n\nPay A$2,000.00.", "2000"),
    ("Wzywam do zapłaty kwoty 981,50 zł (dziewięćset osiemdziesiąt jeden złotych 50/100).", "981.50"),
]  # fmt: skip


def test_a_sum_counts_only_if_it_accounts_for_all_others() -> None:
    read = {sums: read_letter(f"Example Pictures\n\n{sums}\n").amount for sums, _ in SUMS}
    assert read == {sums: Decimal(amount) if amount else None for sums, amount in SUMS}


@pytest.mark.parametrize(
    "table",
    [
        "on 2 October 2026",
        "Rechnung des Gläubigers\nPG-5530 vom 31.08.2026",
        "Zuletzt gesehen am\n12.11.2026",
        "Fecha de la comprobación: 12/11/2026",
        "To be paid before\n12 December 2026",
        "Auffindedatum: 02.09.2026",
        "Your page, which shows the picture to everybody still,\nlooked so on 2 October 2026.",
    ],
)
def test_a_day_of_something_else_is_not_the_letters(table: str) -> None:
    letter = read_letter(
        f"Your file\n\nPage\nhttps://acme.example/a\n{table}\n\nPlease pay.", received=date(2026, 11, 18)
    )
    assert letter.dated in (None, date(2026, 11, 18))


def test_a_letters_day_may_stand_beside_its_sign_and_who_deals_with_it() -> None:
    head = "Our ref: HB:2613094 {} 23 November 2026"
    assert read_letter(head.format("Contact: Ada Example")).dated == date(2026, 11, 23)
    assert read_letter(head.format("Contact: we saw the page on")).dated is None
    assert read_letter("Eva Muster\n\nRechnung 26-310 vom 04.12.2026").dated == date(2026, 12, 4)


def test_the_newest_message_of_the_other_side_counts() -> None:
    text = """Subject: Re: Case FG-6021

The fee is now GBP 340.00. Pay by 8 December 2026.

On Fri, 20 Nov 2026, Tom <tom@acme.example> wrote:
> We paid USD 2.99. Please close this by 30 December 2026.
> On Mon, 16 Nov 2026, Guard <cases@guard.example> wrote:
>> Pay GBP 300.00 by 30 November 2026. Case: FG-6021
"""
    guard = [("Guard", "cases@guard.example")]
    letter = read_letter(text, received=date(2026, 11, 24), domains=ACME, senders=guard)
    assert (letter.amount, letter.deadline, letter.reference) == (Decimal(340), date(2026, 12, 8), "FG-6021")


def test_who_passes_a_letter_on_did_not_write_it() -> None:
    text = (
        "Subject: Fwd: Case 7\n\nHelp!\n\nFrom: Mock Pictures <x@mock.example>\nSent: 2 May 2026\nTo: us\n\nPay £9.00."
    )
    assert read_letter(text, senders=[("Some Hotel", "info@hotel.example")]).claimant == "Mock Pictures"
    above = (
        "anbei das Schreiben, das unser Kunde bekommen hat. Selbstbehalt EUR 150,00. Antwort bis 20.11.2026.",
        "attached is the letter that our client received. The excess is £150.00. Answer by 20 November 2026.",
        "ci-joint le courrier que notre client a reçu. Sa franchise est de 150,00 €. Réponse avant le 20/11/2026.",
        "in allegato la lettera che il nostro cliente ha ricevuto. Franchigia 150,00 €, risposta entro il 20/11/2026.",
        "adjunto la carta que nuestro cliente ha recibido. Franquicia: 150,00 €. Respuesta antes del 20/11/2026.",
        "bijgaand de brief die onze klant heeft ontvangen. Eigen risico € 150,00. Antwoord vóór 20 november 2026.",
    )
    sent = "From: Mock Pictures <x@mock.example>\nSent: 16 November 2026\nSubject: Case MP-4471\n\n"
    asks = "Please pay EUR 428.00 by 30 November 2026 for our picture."
    for own in above:
        mail = f"Subject: Claim 7-20-551209\n\n{own}\n\nBroker Ltd\f\n{sent}{asks}"
        letter = read_letter(mail, received=date(2026, 11, 18), senders=[("Broker Ltd", "a@broker.example")])
        read = (letter.claimant, letter.reference, letter.amount, letter.deadline)
        assert read == ("Mock Pictures", "MP-4471", Decimal(428), date(2026, 11, 30)), own
    copied = (
        f"Excess: EUR 500.00. I need it by 20 November 2026.\n--- Begin letter ---\n{asks}\n--- End letter ---\nTom"
    )
    letter = read_letter(copied, received=date(2026, 11, 18), senders=[("Tom", "tom@acme.example")], domains=ACME)
    assert (letter.amount, letter.deadline) == (Decimal(428), date(2026, 11, 30))


def test_what_the_receiver_wrote_below_is_not_the_letters() -> None:
    text = """Subject: Re: Case FG-6021

I cannot go as far as 15 January 2027. Please pay the GBP 495.00 soon.

----- Original message -----
> Can I have until 15 January 2027? I might find GBP 300.00. Our ref: KO-17-22
"""
    letter = read_letter(text, received=date(2026, 11, 24), domains=ACME, senders=[("Guard", "cases@guard.example")])
    assert (letter.amount, letter.deadline, letter.reference) == (Decimal(495), None, "FG-6021")
    below = "On 11 Nov 2026 at 20:15, jobs@acme.example wrote:\n> I can do GBP 50.00.\nThe figure is GBP 325.00.\n"
    assert read_letter(below, domains=ACME, senders=[("Guard", "cases@guard.example")]).amount == Decimal(325)


@pytest.mark.parametrize(
    ("sums", "amount", "currency"),
    [
        ("Usual fee: $960.00\nReduction: -$240.00\nWhat we ask: $720.00", "720", "USD"),
        ("Position: CHF\nLicence: 310.00\nCosts: 50.20\nTotal: 360.20", "360.20", "CHF"),
        ("600 Euro je Bild, 450 Euro Kosten, insgesamt 1.650 Euro", "1650", "EUR"),
        ("236,40 €, majorés de 20 %, soit 283,68 €", "283.68", "EUR"),
        ("Please pay $2,420.00. ABN 20 118 000 000", "2420", "AUD"),
        ("If we do not hear from you we may invoice our list price of $199.", None, None),
        ("$150 is too low. We can meet you at $795.00.", "795", "USD"),
        ("On or before 4 May (before filing): $650\nAfter filing and before answer: $1,200", "650", "USD"),
        ("Wzywam do zapłaty kwoty 3 250,00 zł (2 x 1 500,00 zł oraz koszty 250,00 zł).", "3250", "PLN"),
        ("La somme de 450 (quatre cent cinquante) euros est due.", "450", "EUR"),
        ("Costs ........ 50.00\nTotal to pay in EUR ........ 300.00", "300", "EUR"),
        ("Zapłata 1 100 zł (w tym 200 zł kosztów), po upływie terminu co najmniej 2 500 zł.", "1100", "PLN"),
        (
            "His usual fee is £280. He claims £560, with our costs of £350 plus VAT (£420), making £980 in all.",
            "980",
            "GBP",
        ),
        ("Verdicts have ranged from $8,000 to $24,000. She will take $3,200.00.", "3200", "USD"),
        ("Fee £299.00 (was £399.00)", "299", "GBP"),
        ("I can bring the fee down from £310 to £260.", "260", "GBP"),
        ("Abonen 900 euros. De lo contrario interpondremos demanda por importe de 1.800 euros.", "900", "EUR"),
        ("Pedimos uma indenização no valor de R$ 2.400,00.", "2400", "BRL"),
        ("Zahlen Sie 500,00 €. Bei Zahlung bis 20.11.2026 genügen 450,00 €.", "500", "EUR"),
    ],
)
def test_a_sum_is_told_from_what_is_taken_off_offered_or_threatened(
    sums: str, amount: str | None, currency: str | None
) -> None:
    letter = read_letter(f"Example Pictures\n\n{sums}\n")
    assert (letter.amount, letter.currency) == (Decimal(amount) if amount else None, currency)


def test_an_address_in_a_narrow_cell_is_left_out() -> None:
    row = "Webseite https://acme.example/unsere-voelker/di e-koenigin\n"
    assert read_letter(row, domains=ACME).urls == ()


def test_an_address_in_a_row_ends_where_a_day_or_a_sum_begins() -> None:
    for cell in ("09/14/2026 $595.00", "155,00 € 155,00 €"):
        row = f"1 EX-9 https://acme.example/a {cell}\n"
        assert read_letter(row, domains=ACME).urls == ("https://acme.example/a",)


def test_an_address_in_a_row_is_whole_or_left_out() -> None:
    row = "1 https://acme.example/trips/two-day- sea-loch-adventure 02/11/2026 £140.00\n"
    assert read_letter(row, domains=ACME).urls == ("https://acme.example/trips/two-day-sea-loch-adventure",)
    row = "1 https://acme.example/wooden- toys 420.00\n"
    assert read_letter(row, domains=ACME).urls == ("https://acme.example/wooden-toys",)
    assert read_letter("1 https://acme.example/trips/two-day- Sea 02/11/2026\n", domains=ACME).urls == ()


def test_a_host_that_was_parted_is_joined_if_the_client_has_it() -> None:
    for gap in (" ", "\n"):
        text = f"Shown at https://my-{gap}shop.example/team/ and there only.\n"
        assert read_letter(text, domains=["my-shop.example"]).urls == ("https://my-shop.example/team/",)


def test_where_the_original_is_is_no_page_of_the_client() -> None:
    text = "My own post of it is here:\n\nhttps://photos.example/p/1\n\nYours: https://photos.example/p/2 ."
    assert read_letter(text).urls == ("https://photos.example/p/2",)


def test_a_page_with_a_form_counts_unless_the_letter_came_through_it() -> None:
    pages = ("https://acme.example/offers", "https://acme.example/contact")
    text = f"We found our pictures on {pages[0]} and {pages[1]} .\n"
    assert read_letter(text, domains=ACME).urls == pages
    assert read_letter(f"Sent by the contact form.\n{text}", domains=ACME).urls == pages[:1]


def test_an_address_that_may_go_on_in_the_next_line_is_left_out() -> None:
    for below in ("77-20b", "team"):
        assert read_letter(f"Found at https://acme.example/blog/\n{below}\n", domains=ACME).urls == ()
    for below in ("lake-at-dusk.jpg", "wp-content/uploads/lake-at-dusk.jpg", "visited"):  # its picture, or its rest
        letter = read_letter(f"https://acme.example/blog/post\n{below}\n\nRegards", domains=ACME)
        assert letter.urls == () and "left out" in letter.sure["urls"]
    joined = read_letter("https://acme.example/blo\ng/lake-at-dusk/two\n\nRegards", domains=ACME)
    assert joined.urls == ("https://acme.example/blog/lake-at-dusk/two",)
    assert read_letter("Found at https://acme.example/blog/\n12.10.2026\n", domains=ACME).urls == (
        "https://acme.example/blog/",
    )


def test_an_eve_is_meant_unless_the_day_is_included() -> None:
    for included, day in (("", 23), (", inclusive", 24)):
        text = f"Mock Pictures\n4 November 2026\n\nPago de 90 euros antes del día 24 de noviembre de 2026{included}."
        assert read_letter(text).deadline == date(2026, 11, day)


def test_crowns_are_those_of_the_country_whose_words_the_letter_has() -> None:
    for words, currency in (("Betala och ta bort bilden", "SEK"), ("Betal efter aftale", "DKK"), ("Betal uten", "NOK")):
        assert read_letter(f"Mock Pictures\n\n{words}: i alt 900 kr.").currency == currency
    assert read_letter("Mock Pictures\n\nPay: in all 900 kr.").amount is None


def test_a_day_that_could_be_two_is_certain_if_one_was_before_the_letter() -> None:
    assert read_letter("Example Pictures\n23 November 2026\n\nPay by 4/12/2026.").deadline == date(2026, 12, 4)
    assert read_letter("Example Pictures\n2 March 2026\n\nPay by 4/12/2026.").deadline is None
    assert read_letter("Pay by 4/12/2026.", received=date(2026, 11, 23)).deadline is None


def test_a_reference_is_read_whole_or_by_its_label() -> None:
    for reference in ("BA 40021 / JS", "412/26 MM04"):
        assert read_letter(f"Example Pictures\nOur ref: {reference}\n").reference == reference
    assert read_letter("ImageRights International\nImageRights ID  IR-88-77\nImage ID  T_1").reference == "IR-88-77"
    assert read_letter("Visual Rights Group\n\nWelche Nummer?\nVRG-DE-0118834").reference == "VRG-DE-0118834"
    for reference in ("IR-20261111-0931", "IR-20261111-0931-2026-1102-77"):
        assert read_letter(f"ImageRights International\nClaim ID: {reference}\n").reference == reference


@pytest.mark.parametrize(
    ("head", "reference"),
    [
        ("Ihr Zeichen / Unser Zeichen: 2026-99 / 26/118", None),
        ("Claim No. IP-2026-000471\nOur reference 55/26-X", "55/26-X"),  # the first is the court's
        ("Tracking no. 7019 0000 0001\nFile 3301.027", "3301.027"),
        ("N/D : NB-2026-0415", "NB-2026-0415"),
        ("Acme Ltd, 1 Example Street, 10115 Example Town, by post\nRe: Overdue: PX/26/30071", "PX/26/30071"),
        ("L'image « Arabesque » (réf. AE-77120) est en ligne.", None),
        ("**File:** GP-2611-77", "GP-2611-77"),
        ("N/Réf. : MARTIN c/ JARDINS – 260447 – MR/ad", "260447"),
        ("N/Réf. : MARTIN 2019 c/ JARDINS – 260447 – MR/ad", None),
        ("Aktenzeichen: DE-30771-\nPHC\nSachbearbeiterin: Ada", "DE-30771-PHC"),
        ("Asunto: uso de una foto. Expte.\n2026/PI/118", "2026/PI/118"),
        ("Referenznummer\nPasswort\nRechteinhaber\n1897-0045-3312\ngH2x9P\nExample GmbH", "1897-0045-3312"),
        ("Sygn. akt: KRM/214/26", "KRM/214/26"),
        ("O/Ref.: 2026.1187-SVH\nU/Ref.: 4471-AB", "2026.1187-SVH"),
        ("Zapłata na podstawie rachunku nr R/26/114", "R/26/114"),
        ("Processo n.º: LC-7781/26", "LC-7781/26"),
        ("Subject: Unlicensed use: VM/PL/2026/311", "VM/PL/2026/311"),
        ("Subject: Vorgang FPR 26-20417 / 2. Mahnung", "FPR 26-20417"),
        ("NIP 000-000-00-00\nFaktura nr FV/118/11/2026", "FV/118/11/2026"),
        ("Naruszenie praw - sygn. 77/A/2026", "77/A/2026"),
        ("Case: Example v. Sample (EP-4471)", "EP-4471"),
        ("Reg.-Nr. 4471-26 K/as", "4471-26 K/as"),
        ("Reg.-Nr. HRB 4471-26", None),
        ("Subject: [#4471120] Unlicensed image", "4471120"),
    ],
)
def test_a_sign_of_something_else_is_not_the_cases(head: str, reference: str | None) -> None:
    assert read_letter(f"Example Pictures\n2 November 2026\n{head}\n\nPlease pay.").reference == reference


def test_none_of_two_options_is_the_sum() -> None:
    letter = read_letter("Option 1: licence for the past: EUR 389.59\nOption 2: and for another year: EUR 498.00\n")
    assert letter.amount is None
    asked = "Option 1 - until today: EUR 345.00\nOption 2 - a year: EUR 431.25\n\nWe await payment of EUR 431.25."
    assert read_letter(asked).amount == Decimal("431.25")


def test_nothing_is_read_from_nothing() -> None:
    letters = cycle(("{}\n\nYours faithfully,\nAda Example", "Mit freundlichen Grüßen\nAda Beispiel\n\n{}"))
    for aside, letter in zip((each for asides in ASIDES["sums"].values() for each in asides), letters, strict=False):
        assert read_letter(letter.format(aside.format("250,00 EUR"))).amount is None, aside
    for aside in (each for asides in ASIDES["days"].values() for each in asides):
        assert read_letter(aside.format("2026-12-09"), received=date(2026, 11, 16)).deadline is None, aside
    assert read_letter("Dear all, lunch is at noon.") == Letter()


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1 234,50", "1234.50"), ("1'234.50", "1234.50"),
     ("12.5", "12.5"), ("1.234", "1234"), ("350", "350"), ("1.2.3", None), ("1,234,50", None)],
)  # fmt: skip
def test_sums_in_all_spellings(text: str, value: str | None) -> None:
    assert number(text) == (None if value is None else Decimal(value))


def test_days_that_could_be_two_are_left_out() -> None:
    text = (
        "03/04/2026, 13/04/2026, 04/13/2026, 5/5/2026, 31 February 2026, 3 de mayo de 2026, 1er mai 2026, 28-10-2026,"
    )
    text += " 3-Nov-2026, 03-04-2026"
    assert [day for day, _ in days_in(text)] == [
        date(2026, 4, 13), date(2026, 4, 13), date(2026, 5, 5), date(2026, 5, 3), date(2026, 5, 1),
        date(2026, 10, 28), date(2026, 11, 3),
    ]  # fmt: skip


def test_business_days_leave_out_weekends() -> None:
    assert business_days_after(date(2026, 3, 13), 1) == date(2026, 3, 16)
    assert business_days_after(date(2026, 3, 14), 5) == date(2026, 3, 20)
    assert business_days_after(date(2026, 3, 13), 1, 6) == date(2026, 3, 14)


WORDS = some.sampled_from(
    [*GETTY.split(), *ABMAHNUNG.split(), *UNKNOWN.split(), "\n", "\n\n", "9" * 50, "€", "by", "((("]
)


@given(some.one_of(some.text(max_size=500), some.lists(WORDS, max_size=80).map(" ".join)))
def test_no_text_makes_it_fail(text: str) -> None:
    letter = read_letter(text, received=date(2026, 1, 1))
    assert set(letter.sure) <= {"claimant", "reference", "kind", "urls", "amount", "dated", "deadline", "first_seen"}


def test_a_letter_is_read_in_a_process_of_its_own_which_may_not_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, Any] = {"domains": ["acme.example"], "senders": [("Ada", "ada@example.com")], "own": ["Acme Ltd"]}
    letter = read_letter(GETTY, received=date(2026, 3, 13), **known)
    monkeypatch.delattr("archiver.reading.letters.read_letter")  # the reader has it
    with DocumentReader(workers=1) as reader:
        assert letter_by(reader, GETTY, received=date(2026, 3, 13), **known) == letter and letter.amount
        monkeypatch.setattr("archiver.reading.letters.READ_TIMEOUT_S", 0.0)
        assert letter_by(reader, GETTY) == Letter()


UNITS = ["1", "a", "1 ", "1.", "1,", "1\n", "EUR ", "€1 ", "1%", "a@", "(", "'", "https://a.de/", "x=", "1. Januar ",
         "Ü", "01.02.", "Frist ", "zuschlag", "|", "\t", "_", "*", "> ", ": ", "No ", "Nr. ", "1-", "é"]  # fmt: skip


@pytest.mark.parametrize("count", [6, pytest.param(100, marks=pytest.mark.long)])
def test_no_endless_run_of_anything_keeps_a_letter_from_being_read(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """37,000 digits once took longer than the reader has for a letter. What takes a second may take ten where other
    programs work, so it has more here."""
    monkeypatch.setattr("archiver.reading.letters.READ_TIMEOUT_S", 60.0)
    draw = random.Random(count)  # a seed, no secret
    runs = ["1", *("".join(draw.choices(UNITS, k=draw.randint(1, 3))) for _ in range(count - 1))]
    with DocumentReader(workers=1) as reader:
        for unit in runs:
            run = (unit * 37_000)[:37_000]
            assert letter_by(reader, f"Getty Images writes.\n{run}\nPlease pay EUR {run}").claimant, unit


@pytest.mark.parametrize(
    ("head", "reference"),
    [
        ("Subject: WG: Schreiben A/26/4711-sw", "A/26/4711-sw"),
        ("Re: our letter, SV|2026|0771", "SV|2026|0771"),
        ("Re: Customer number: KX-4711/26", None),
        ("Re: Mitgl.-Nr. KX-4711/26", None),
        ("Betreff: BGH, Az. KX-4711/26", None),
        ("Subject: IBAN DE00 1184 2026 0000 0000 00", None),
        ("Subject: your page and CHE-330.726.000", None),
        ("Objet : mise en demeure AB/26-447 et TC/26-448", None),  # two
        ("Ihr Zeichen\tUnser Zeichen\tDatum\n\t2026/F/0663-e1\t13. November 2026", "2026/F/0663-e1"),
        ("Angaben zum Fall:\nFall-ID: RM-AG 5 1184 02", "RM-AG 5 1184 02"),
        ("Subject: Schreiben 26-4711-KX\nInvoice no.: R-2026-118", None),  # the invoice's is not the case's
        ("Ihr Zeichen Unser Zeichen Datum\n— NB-2026/04417 19.11.2026", "NB-2026/04417"),
        ("Subject: Factuur 2026-0418 - gebruik foto", "2026-0418"),
        ("Subject: Nutzung meiner Bilder (FT-26-031)\n\nZahlen Sie mit dem Vermerk FT-26-031.", "FT-26-031"),
        ("Betreff: Bildverwendung / unsere Referenz BAM 2026.1173", "BAM 2026.1173"),
        ("Ma note de droits d'auteur n° NDA-2026-041 suit.", "NDA-2026-041"),
        ("Honorarnote HN 2026-44", "HN 2026-44"),
        ("Subject: Use of my photo - invoice #1187", "1187"),
        ("Número de caso: 5741/26\n(XW)", None),  # where it ends is not certain
        ("Fattura n. NTD.26-77   Ns. rif.: YM/MD\n 4508/26", None),
        ("Factuurnummer\n2026-0418\nFactuurdatum\n23-11-2026", "2026-0418"),
        ("Original claim: TWP-3310", None),
        ("Betreff: Urheberrechtsverletzung i.S. Ada Example (2026-188-bf)", "2026-188-bf"),
        ("Subject: Your pictures of some years (2024-2026)", None),
    ],
)
def test_a_sign_without_a_label_counts_in_a_subject_if_it_is_no_other(head: str, reference: str | None) -> None:
    text = f"{head}\n\nDear Sirs,\n\nwe found her picture on https://acme.example/x .\n\nExample Pictures Ltd\n"
    assert read_letter(text).reference == reference


def test_a_sum_is_open_where_its_currency_or_its_times_are_not_said() -> None:
    table: list[tuple[str, str | None]] = [
        ("Sam LLP, Toronto\nTo: Ann, Duluth, MN 55999\nWe demand $1,180.00.", None),  # whose dollars?
        ("To: Ann, Duluth, MN 55999\nWe demand $1,180.00.", "1180.00 USD"),
        ("Sam LLP, Toronto\nWe demand $1,180.00.", "1180.00 CAD"),
        ("My licence is £170 a year, and you have used the picture for two.", None),
        ("Montréal (Québec)\nVeuillez payer la somme de 2 350,00 $.", "2350.00 CAD"),
        ("Vous êtes mis en demeure de payer à notre cliente la somme de 2 350,00 $ pour une image.", None),
        ("Please pay CAD 400.00, that is the fee of $400.00.", "400.00 CAD"),
    ]
    for said, amount in table:
        letter = read_letter(f"You use our picture without a licence.\n{said}", received=date(2026, 11, 20))
        assert (f"{letter.amount} {letter.currency}" if letter.amount is not None else None) == amount
