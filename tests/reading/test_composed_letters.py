"""Letters composed of parts whose truth is known: no case, address, sum or day that is read is another than the true.

Each letter has one case, its pages, one sum in one of many forms, a deadline, and around them what misleads: other
numbers, other days, other addresses, other sums. What is left empty is no fault here.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as some

from archiver.reading.letters import read_letter
from tests.support.letter_texts import ASIDES

OWN = "acme.example"
SENDER = "claims@examplepictures.example"
WRITTEN = date(2026, 11, 16)  # a Monday
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}


WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
}


@dataclass(frozen=True)
class Language:
    """The words of one language, each with a field for the value."""

    opening: str
    case: tuple[str, ...]
    others: tuple[str, ...]  # other numbers
    page: tuple[str, ...]
    total: tuple[str, ...]
    parts: tuple[str, ...]
    sentence: tuple[str, ...]  # a sum
    by: tuple[str, ...]  # a deadline by its day
    within: tuple[str, ...]
    noise: tuple[str, ...]  # other days, sums and addresses
    closing: str


LANGUAGES = {
    "en": Language(
        "Dear Sirs,\n\nwe act for the photographer and have found her picture on your site.",
        ("Our ref: {}", "Case number: {}", "Case No. {}", "Claim ID\t{}", "Reference   {}", "File no.: {}",
         "Our reference (please quote): {}", "Reminder for case number {}"),
        ("Your ref: {}", "VAT no.: {}", "Customer number: {}", "Invoice no.: {}", "Image ID: {}", "Company no. {}",
         "Order number: {}", "Tel. +44 20 7946 {}"),
        ("It is used at {}", "Page: {}", "Found at\n{}", "1. {}"),
        ("Total due", "Total", "Amount due", "Total payable"),
        ("Licence fee", "Uplift for lack of credit", "Costs of documentation", "Administration fee", "Legal costs"),
        ("We ask you to pay {}.", "Our client will settle for {}.", "The licence fee is {}."),
        ("Please pay by {}.", "Deadline: {}", "Your answer is due no later than {}.", "Respond before {}."),
        ("Please reply within {} days of the date of this letter.", "You have {} days to pay."),
        ("The picture was taken on {past}.", "It was first published on {past} at https://portfolio.example/{n}.",
         "Statutory damages may reach up to $150,000.", "A court may award between $750 and $30,000.",
         "See our letter of {past}.", "You can pay at https://pay.claims.example/case/{n}.",
         "Our share capital is EUR 25,000.", "Registered on {past} under VA 2-{n}.",
         "Judgment of {past}, no. {n}/19.", "Interest runs from {past}.",
         "After that date the sum will rise to EUR 9,900.00.", "Office hours: Monday to Friday, 9:00 to 17:00.",
         "Our offer of EUR 44.00 of {past} has lapsed.", "In our letter of {past} we asked for EUR 44.00.",
         "You offered EUR 44.00, which our client does not accept.", "Courts have awarded EUR 9,900.00 for less.",
         "In court, costs of about EUR 950.00 will be added.", "You may pay in three instalments of EUR 44.00."),
        "Yours faithfully,\nExample Pictures Ltd",
    ),
    "de": Language(
        "Sehr geehrte Damen und Herren,\n\nwir vertreten die Fotografin und haben ihr Bild auf Ihrer Seite gefunden.",
        ("Unser Zeichen: {}", "Aktenzeichen: {}", "Az.: {}", "Fallnummer\t{}", "Vorgang:   {}",
         "Schadenfall: {}", "2. Mahnung zu Geschäftszahl {}", "Betreff: Schreiben {}"),
        ("Ihr Zeichen: {}", "USt-IdNr.: {}", "Kundennummer: {}", "Rechnungsnummer: {}", "Bild-Nr.: {}", "HRB {}",
         "Bestellnummer: {}", "Telefon 030 999{}"),
        ("Fundstelle: {}", "Es steht auf {}", "Seite\n{}", "1. {}"),
        ("Gesamtbetrag", "Gesamtforderung", "Summe", "Zu zahlen"),
        ("Lizenzschaden", "Zuschlag wegen fehlender Nennung", "Dokumentation", "Auslagenpauschale", "Anwaltskosten"),
        ("Wir fordern Sie auf, {} zu zahlen.", "Dafür verlangen wir {}.", "Der Schadensersatz beträgt {}."),
        ("Zahlen Sie bis zum {}.", "Frist: {}", "Wir erwarten Ihre Antwort spätestens am {}.", "Zahlbar bis {}."),
        ("Bitte antworten Sie innerhalb von {} Tagen.", "Zahlen Sie binnen {} Tagen ab Datum dieses Schreibens."),
        ("Das Bild entstand am {past}.", "Es wurde am {past} unter https://portfolio.example/{n} veröffentlicht.",
         "Der Gegenstandswert beträgt 6.000,00 EUR.", "Vgl. BGH, Urteil vom {past}, I ZR {n}/17.",
         "Auf unser Schreiben vom {past} haben Sie nicht geantwortet.", "Zinsen laufen seit dem {past}.",
         "Online zahlen: https://zahlung.claims.example/fall/{n}.", "Stammkapital: 25.000,00 EUR.",
         "Nach Ablauf der Frist erhöht sich der Betrag auf 9.900,00 EUR.", "Bürozeiten: Montag bis Freitag.",
         "Unser Angebot vom {past} über 44,00 EUR ist erloschen.", "Am {past} hatten wir 44,00 EUR verlangt.",
         "Ihr Angebot von 44,00 EUR lehnen wir ab.", "Gerichte haben schon 9.900,00 EUR zugesprochen.",
         "Im Klageverfahren kämen Kosten von rund 950,00 EUR hinzu.", "Möglich sind drei Raten zu je 44,00 EUR."),
        "Mit freundlichen Grüßen\nBeispiel Bilder GmbH",
    ),
    "fr": Language(
        "Madame, Monsieur,\n\nnous représentons la photographe, dont une image est utilisée sur votre site.",
        ("N/Réf. : {}", "Dossier n° {}", "Référence : {}", "Notre référence : {}", "Réf. à rappeler : {}",
         "Objet : mise en demeure {}"),
        ("V/Réf. : {}", "SIREN : {}", "N° client : {}", "Facture n° {}", "Image n° {}", "Tél. 01 99 {}"),
        ("Page : {}", "Elle figure à l'adresse {}", "Adresse\n{}"),
        ("Total TTC", "Montant total", "Net à payer"),
        ("Droits d'exploitation", "Préjudice moral", "Frais de constat", "Frais de dossier"),
        ("Nous vous demandons le versement de {}.", "L'indemnité s'élève à {}."),
        ("Merci de répondre avant le {}.", "Date limite : {}", "Payable au plus tard le {}."),
        ("Merci de répondre sous {} jours.", "Vous disposez de {} jours."),
        ("La photographie a été prise le {past}.", "Voir notre courrier du {past}.", "SARL au capital de 10 000,00 €.",
         "Elle est visible sur https://portfolio.example/{n} depuis le {past}.", "Jugement du {past}, n° {n}.",
         "La loi prévoit une amende de 300 000 euros.", "Notre offre de 44,00 € n'est plus valable.",
         "Dans notre courrier du {past}, nous vous demandions 44,00 €.", "Vous pouvez payer en trois fois 44,00 €."),
        "Cordialement,\nImages Exemple SARL",
    ),
    "es": Language(
        "Estimados señores:\n\nRepresentamos a la fotógrafa, cuya imagen se utiliza en su sitio.",
        ("Expediente: {}", "Nuestra referencia: {}", "Número de caso: {}", "Folio: {}", "Asunto: aviso {}"),
        ("Su referencia: {}", "CIF: {}", "N.º de cliente: {}", "Factura n.º {}", "Imagen n.º {}"),
        ("Página: {}", "Aparece en {}", "Dirección\n{}"),
        ("Total", "Importe total", "Total a pagar"),
        ("Licencia retroactiva", "Daño moral", "Gastos de gestión"),
        ("Les requerimos el pago de {}.", "La indemnización asciende a {}."),
        ("Responda antes del {}.", "Fecha límite: {}", "A más tardar el {}."),
        ("Responda en el plazo de {} días.",),
        ("La imagen fue tomada el {past}.", "Véase nuestra carta de {past}.", "Sentencia de {past}, n.º {n}.",
         "Publicada en https://portfolio.example/{n} el {past}.", "Capital social de 60.000,00 €.",
         "Nuestra oferta de 44,00 € ya no es válida.", "En nuestra carta de {past} les pedíamos 44,00 €."),
        "Atentamente,\nImágenes Ejemplo S.L.",
    ),
    "it": Language(
        "Spett.le società,\n\nrappresentiamo la fotografa, la cui immagine è usata sul vostro sito.",
        ("Ns. rif.: {}", "Pratica n. {}", "Riferimento: {}", "Codice segnalazione: {}"),
        ("Vs. rif.: {}", "P.IVA {}", "Codice cliente: {}", "Fattura n. {}", "Immagine n. {}"),
        ("Pagina: {}", "Appare su {}", "Indirizzo\n{}"),
        ("Totale", "Importo totale", "Totale dovuto"),
        ("Compenso", "Danno morale", "Spese legali"),
        ("Vi chiediamo il pagamento di {}.", "La somma richiesta è di {}."),
        ("Rispondete entro il {}.", "Scadenza: {}", "Non oltre il {}."),
        ("Rispondete entro {} giorni.",),
        ("La fotografia è stata scattata il {past}.", "Sentenza del {past}, n. {n}.", "Capitale sociale 10.000,00 €.",
         "Pubblicata su https://portfolio.example/{n} il {past}.", "La nostra offerta di 44,00 € non è più valida.",
         "Nella lettera del {past} chiedevamo 44,00 €."),
        "Distinti saluti\nImmagini Esempio S.r.l.",
    ),
    "nl": Language(
        "Geachte heer, mevrouw,\n\nwij vertegenwoordigen de fotograaf, van wie een foto op uw website staat.",
        ("Ons kenmerk: {}", "Dossiernummer: {}", "Zaaknummer\t{}", "Meldingsnummer: {}", "Onderwerp: sommatie {}"),
        ("Uw kenmerk: {}", "BTW-nummer: {}", "Klantnummer: {}", "Factuurnummer: {}", "Foto nr. {}", "KvK {}"),
        ("Pagina: {}", "De foto staat op {}", "Vindplaats\n{}"),
        ("Totaal", "Totaal te voldoen", "Te betalen"),
        ("Licentievergoeding", "Opslag", "Dossierkosten"),
        ("Wij verzoeken u {} te betalen.", "De vergoeding bedraagt {}."),
        ("Betaal uiterlijk {}.", "Reageer vóór {}.", "Vervaldatum: {}"),
        ("Reageer binnen {} dagen.",),
        ("De foto is gemaakt op {past}.", "Zie onze brief van {past}.", "Vonnis van {past}, nr. {n}.",
         "Eerder gepubliceerd op https://portfolio.example/{n} op {past}.", "Ons aanbod van € 44,00 is vervallen.",
         "In onze brief van {past} vroegen wij € 44,00."),
        "Met vriendelijke groet,\nVoorbeeld Beelden B.V.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Composed:
    """A letter and its truth; `amount` is None where the letter leaves it open."""

    text: str
    reference: str
    urls: frozenset[str]
    amount: Decimal | None
    deadline: date


def day_in(day: date, language: str, chance: Random) -> str:
    month = MONTHS[language].split()[day.month - 1]
    ways = [f"{day:%Y-%m-%d}", f"{day.day}{'.' * (language == 'de')} {month} {day.year}"]
    ways += [f"{month} {day.day}, {day.year}"] if language == "en" else [f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}"]
    ways.append(f"{WEEKDAYS[language].split()[day.weekday()]}, {ways[1]}")
    return chance.choice(ways)


def money(value: Decimal, language: str, chance: Random) -> str:
    number = f"{value:,.2f}"
    if language != "en":
        number = number.translate(str.maketrans(",.", chance.choice([".,", " ,"])))
    return chance.choice([f"EUR {number}", f"{number} EUR", f"€ {number}", f"{number} €"])


def sign(chance: Random) -> str:
    """A case's number as claimants write them."""
    number, letters = str(chance.randint(1000, 999999)), "".join(chance.choices("ABCDEFGHKLMNPRSTUVWXYZ", k=3))
    return chance.choice(
        [f"{letters}-{number}", f"{number}/26", f"{letters}/26/{number}", f"{number[:4]}/26 {letters[:2]}",
         f"26-{number}-{letters}", f"{letters}{number}", f"{number}/26 {letters[:2]}{number[0]}",
         f"{letters[:2]}/{letters[1:]} {number[:4]}/26", f"{number[:4]}/26 ({letters[:2]})",

         f"{letters} / 2026 / {number}", f"{letters}#2026-{number}", f"{letters}|26|{number}",
         f"{letters[0]}/26/{number}-sw",
         f"{letters}.{number}.26-MX", f"{letters[:2]}/ {number} /26"]
    )  # fmt: skip


def sums(words: Language, language: str, chance: Random) -> tuple[str, Decimal | None]:
    """How a letter names its sum: alone, as a total of parts, with tax, in instalments, or left open."""
    parts = [Decimal(0)] * 3
    while 2 * max(parts) == sum(parts):  # where one is the others by chance, a reader may think that it is their total
        parts = [each * 10 + chance.choice([Decimal(0), Decimal("0.50")]) for each in chance.sample(range(3, 90), 3)]
    names = chance.sample(words.parts, 3)
    rows = [f"{name}   {money(part, language, chance)}" for name, part in zip(names, parts, strict=True)]
    total, label = sum(parts, Decimal()), chance.choice(words.total)
    net, taxed = parts[0], (parts[0] * Decimal("1.2")).quantize(Decimal("0.01"))
    gap = chance.choice(["   ", ": ", "\t", "\n"])
    ways: list[tuple[str, Decimal | None]] = [
        (chance.choice(words.sentence).format(money(net, language, chance)), net),
        ("\n".join([*rows, f"{label}{gap}{money(total, language, chance)}"]), total),
        ("\n".join([*rows[:2], f"{label}{gap}{money(parts[0] + parts[1], language, chance)}"]), parts[0] + parts[1]),
        (f"{names[0]}{gap}{money(net, language, chance)}\n{TAX[language]} 20 %{gap}"
         f"{money(taxed - net, language, chance)}\n{label}{gap}{money(taxed, language, chance)}", taxed),
        ("\n".join(rows), None),  # no total
        ("", None),  # none at all
        (f"{chance.choice(words.sentence).format(money(net, language, chance))} "
         f"{chance.choice(words.sentence).format(money(parts[1], language, chance))}", None),  # two demands
    ]  # fmt: skip
    return chance.choice(ways)


TAX = {"en": "VAT", "de": "USt.", "fr": "TVA", "es": "IVA", "it": "IVA", "nl": "BTW"}


def compose(seed: int) -> Composed:
    chance = Random(seed)
    language = chance.choice(list(LANGUAGES))
    words = LANGUAGES[language]
    case = sign(chance)
    pages = [
        f"https://{chance.choice(['www.', '', 'shop.'])}{OWN}/{chance.choice(['blog/', 'news/2024/', ''])}"
        f"{chance.choice(['autumn-in-the-hills', 'team', 'p', 'harbour_guide.html', 'item'])}"
        f"{chance.choice(['', '/', '?id=17', '-2022'])}"
        for _ in range(chance.randint(1, 2))
    ]
    text, amount = sums(words, language, chance)
    if chance.random() < 0.6:
        deadline = WRITTEN + timedelta(days=chance.randint(5, 40))
        until = chance.choice(words.by).format(day_in(deadline, language, chance))
    else:
        days = chance.randint(5, 40)
        deadline, until = WRITTEN + timedelta(days=days), chance.choice(words.within).format(days)
    past = WRITTEN - timedelta(days=chance.randint(30, 2000))
    misleading = [each for each in words.noise if text or "44" not in each]  # alone, what was asked before counts
    noise = [
        each.format(past=day_in(past, language, chance), n=chance.randint(100, 9999))
        for each in chance.sample(misleading, chance.randint(0, min(4, len(misleading))))
    ]
    labels = [each.format(sign(chance)) for each in chance.sample(words.others, chance.randint(0, 3))]
    head = [chance.choice(words.case).format(case), *labels]
    chance.shuffle(head)
    found = [chance.choice(words.page).format(page) + chance.choice(AFTER_PAGE) for page in pages]
    aside = [
        each.format(money(Decimal(chance.choice([44, 250, 9900])), language, chance))
        for each in chance.sample(ASIDES["sums"][language], chance.randint(0, 3))
    ]
    other_day = day_in(WRITTEN + timedelta(days=chance.randint(3, 90)), language, chance)
    aside += [each.format(other_day) for each in chance.sample(ASIDES["days"][language], chance.randint(0, 1))]
    footer = [aside.pop()] if aside and chance.random() < 0.3 else []
    body = [*found, text, until, *noise, *aside]
    chance.shuffle(body)
    name = words.closing.splitlines()[-1]
    top = f"{name}\n{day_in(WRITTEN, language, chance)}\n{headed(head, chance)}"
    whole = "\n\n".join([top, words.opening, chance.choice(["\n\n", "\n"]).join(body), words.closing, *footer])
    return Composed(sent(whole, language, chance, asks=bool(text)), case, frozenset(pages), amount, deadline)


AFTER_PAGE = ["", "", "", ".", "\n12.10.2026", "\nIMG_7781", "\n77-20b", " (screenshot)", ", page 2", "\nhero.jpg"]


def headed(lines: list[str], chance: Random) -> str:
    """Labels with their numbers: below each other, beside each other, or as a table."""
    pairs = [re.split(r"[:\t]\s*| {3}", line, maxsplit=1) for line in lines]
    if all(len(each) == 2 for each in pairs) and len(pairs) > 1 and chance.random() < 0.4:
        return "\n".join("   ".join(each.ljust(26) for each in row) for row in zip(*pairs, strict=True))
    return chance.choice(["\n", "      "]).join(lines)


def sent(text: str, language: str, chance: Random, *, asks: bool) -> str:
    """The letter as it comes: alone, broken into short lines, passed on by the client, or above what it follows."""
    other = date(2026, 10, 1)
    words = LANGUAGES[language]
    way = chance.randrange(5)
    if way == 1:
        width = chance.choice([48, 64, 76])
        return "\n".join(textwrap.fill(line, width, drop_whitespace=False) for line in text.splitlines())
    if way == 2:
        later = day_in(WRITTEN + timedelta(days=90), "en", chance)
        note = f"Need this before {later}, I paid $12.00 once, our ref: KO-17-22."
        head = f"From: Claims <{SENDER}>\nSent: {WRITTEN:%d %B %Y}\nTo: office@{OWN}\nSubject: Claim"
        return f"Subject: Fwd: Claim\n\n{note}\n\n{head}\n\n{text}"
    if way == 3 and asks:
        old = "\n".join(
            [
                chance.choice(words.sentence).format(money(Decimal(55), language, chance)),
                chance.choice(words.by).format(day_in(other + timedelta(days=150), language, chance)),
            ]
        )
        return f"{text}\n\nOn {other:%d %B %Y}, Claims <{SENDER}> wrote:\n" + re.sub("^", "> ", old, flags=re.M)
    return text


def faults(letter: Composed) -> list[str]:
    """What is read otherwise than it is."""
    found = read_letter(letter.text, received=WRITTEN + timedelta(days=2), domains=[OWN])
    wrong = []
    if found.reference and "".join(found.reference.split()) != "".join(letter.reference.split()):
        wrong.append(f"reference {found.reference}, not {letter.reference}")
    if not set(found.urls) <= letter.urls:
        wrong.append(f"urls {found.urls}, not {sorted(letter.urls)}")
    if found.amount is not None and found.amount != letter.amount:
        wrong.append(f"amount {found.amount}, not {letter.amount}")
    if found.deadline and found.deadline > letter.deadline:
        wrong.append(f"deadline {found.deadline}, later than {letter.deadline}")
    if found.dated and found.dated != WRITTEN:
        wrong.append(f"dated {found.dated}")
    return wrong


@settings(max_examples=50, deadline=None, derandomize=True)
@given(some.integers(0, 1 << 32))
def test_nothing_that_is_read_is_wrong(seed: int) -> None:
    letter = compose(seed)
    assert not faults(letter), letter.text
