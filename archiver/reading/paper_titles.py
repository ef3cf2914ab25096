"""Tell by its title and first sentences what a paper is: a licence, a receipt, a history, or a form and an offer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.reading.not_granted import VOID
from archiver.reading.phrases import Phrases, folded, pieces_of
from archiver.reading.platforms import PLATFORMS

_TITLES = (
    r"(?:licen[cs]e (?:agreement )?(?:certificate|summary|record)|licen[cs]e agreement receipt|"
    r"certificate of licen[cs]e|proof of (?:licen[cs]e|purchase)|licen[cs]e confirmation|"
    r"nutzungs(?:rechts?)?(?:bestätigung|nachweis)|(?:usage|rights) confirmation|confirmation d['’]utilisation|"
    r"lizenz-?zertifikat|lizenznachweis|lizenzbescheinigung|lizenzbeleg|kaufnachweis|lizenzbestätigung|lizenzurkunde|"
    r"(?:certificat|attestation|preuve|confirmation) de (?:la )?licence|preuve d['’]achat|(?:certificado|comprobante|"
    r"justificante|prueba|confirmación) de (?:la )?licencia|comprobante de compra|prova d['’]acquisto|(?:certificato|"
    r"attestato|prova|conferma) (?:di|della) licenza|licentie(?:certificaat|bewijs|bevestiging)|(?:bewijs|certificaat|"
    r"bevestiging) van (?:de )?(?:licentie|aankoop)|certyfikat licenc(?:ji|yjny)|(?:potwierdzenie|dowód) (?:licencji|"
    r"zakupu)|(?:certificado|comprova(?:nte|tivo)|prova|confirmação) (?:de|da) (?:licença|compra))"
).replace(" ", r"\s{1,60}")
LICENCE_TITLE = Phrases(rf"\b{_TITLES}\b", re.IGNORECASE)
# What a photographer calls it, in a line of its own.
_AGREEMENT = re.compile(
    r"^[ \t]*(?:(?:your|votre|ihr|tu|su|il (?:tuo|suo)|je|uw) )?(?:(?:lizenz|nutzungs)vereinbarung|lizenzvertrag|"
    r"(?:image|photo|picture|music|video|footage|track) licen[cs]e|contrat de licence|licenza d['’]uso|licen[cç][ai]a? "
    r"de (?:uso|utilização)|licence d['’](?:utilisation|exploitation)|"
    r"(?:\w+ )?licen[cs]e agreement(?:[ \t]+[–—-][ \t]+[\w ]{3,30})?|licen[cs]e of use|"
    r"(?:contrat de )?cession de droits(?: d['’](?:auteur|utilisation|exploitation))?|"
    r"contrato de licencia|contratto di licenza|licentieovereenkomst)"
    r"(?:[ \t]+(?:n|nr|no|n°|nº)[. °º]*[ \t]*[\w./-]{3,20})?(?:[ \t]*$|[ \t]{3})",
    re.IGNORECASE | re.MULTILINE,
)
# `POND5 LICENSE`
_NAMED_LICENCE = Phrases(
    rf"\s*(?:{'|'.join(re.escape(each.title) for each in PLATFORMS.values())})[ \t-]+(?:[\w-]+[ \t]+)?"
    r"(?:licen[cs]e|lizenz|licencia|licenza|licentie|licencja|licença)[ \t]*(?:\n|$)",
    re.IGNORECASE,
)
# A sentence that says what a title says.
_CONFIRMED = Phrases(
    r"\bin (?:response|reply|answer) to your\b[^?!:]{0,80}\bwe (?:hereby )?confirm\b|"
    r"\bauf ihre\b[^?!:]{0,80}\bbestätigen wir\b|"
    r"\b(?:en réponse à|en respuesta a|in risposta all?a?) (?:votre|vos|su|vostra|sua)\b[^?!:]{0,80}\b(?:confirmons|"
    r"confirmamos|confermiamo)\b|"
    r"\b(?:this|the following) (?:letter|document|e?-?mail) (?:confirms|certifies) (?:that|the (?:licen[cs]e|download|"
    r"purchase))\b|\bcertif(?:y|ies) that\b(?:(?!\n\s*\n)[^?!]){0,240}\b"
    r"(?:licen[cs]ed|downloaded|purchased|acquired|bought)\b|"
    r"\b(?:this document (?:confirms|certifies)|(?:ce|le présent) document (?:atteste|certifie|confirme)|"
    r"(?:este|el presente) documento (?:certifica|acredita|confirma)|(?:questo|il presente) documento "
    r"(?:certifica|attesta|conferma)|hiermit (?:bestätigen|bescheinigen) wir)\b(?:(?!\n\s*\n)[^?!]){0,160}\b"
    r"(?:licen[cs]e|licencia|licenza|lizenz(?:nehmer|inhaber)?)\b|"
    r"\baccept this (?:letter|document|e-?mail|message) as (?:confirmation|proof) (?:of|that)\b|\bhereby grants?\b|"
    r"\b(?:confirm|certify) that the (?:\w+ ){1,3}(?:below |has |have |was |were |been ){1,4}licen[cs]ed\b|"
    r"\b(?:bestätigen wir,? dass|wir bestätigen(?: ihnen)?,? dass|bestätige ich,? dass|(?:we|"
    r"i|is to|hereby|herewith|happy to|pleased to|glad to) (?:confirm|certify) that|(?:confirm|certifi|attest)ons que|"
    r"(?:confirma|certifica)mos que|(?:conferm|certifich)iamo che|bevestigen (?:wij|we)?(?: u)? ?dat|(?:potwierdza|"
    r"zaświadcza)my,? że)\b(?:(?!\n\s*\n)[^?!]){0,240}\b(?:licen[cs]|lizenzier|licenz|licentie|gelicentieerd|licencj|"
    r"licenç|acqui|adquiri|nabył)\w*|\byou(?:['’]ve| have)? licen[cs]ed (?=[\"“«„‘'])|\byou(?:['’]ve|"
    r" have)? licen[cs]ed (?:an?|the|this|\d+) (?:asset|image|photo|file|picture|vector|video)s?\b|"
    r"\bbestätigen wir (?:ihnen )?(?:die (?:lizenzierung|lizenz)|den (?:kauf|erwerb))\b|\bhiermit räume(?:n wir|"
    r" ich)\b(?:(?!\n\s*\n)[^?!]){0,240}\bnutzungsrechte?\b|\b(?:i|"
    r"we) hereby grant\b(?:(?!\n\s*\n)[^?!]){0,240}\bmy (?:photo|picture|image|photograph)s?\b|\b(?:certifions|"
    r"confirmons) que l['’](?:image|élément|œuvre)\b".replace(" ", r"\s{1,60}"),
    re.IGNORECASE,
)
# Beside the title: a form to be filled in, or an offer.
_UNMADE = r"(?:templates?|vorlage|muster|modèle|plantilla|modello|sjabloon|wzór|offer|offre|oferta|offerta|offerte)"
# What somebody asks for; the answer repeats it, and confirms.
_ASKED_TITLE = Phrases(
    rf"\b{_TITLES}\W{{1,3}}(?:requests?|form|anfrage|antrag|formular)\b|"
    rf"\b(?:demande|formulaire|solicitud) (?:de|du|d['’])\s?{_TITLES}\b",
    re.IGNORECASE,
)
_UNMADE_TITLE = Phrases(rf"\b(?:{_UNMADE}\W{{1,3}}{_TITLES}|{_TITLES}\W{{1,3}}{_UNMADE})\b", re.IGNORECASE)
_ORDER = (
    r"(?:(?:order|purchase|download) confirm(?:ation|ed)|(?:auftrags|bestell|kauf|download)bestätigung|(?:thank you|"
    r"thanks) (?:so much |very much )?for (?:licensing|downloading|purchasing|buying|ordering|"
    r"your (?:[\w ]{1,30} )?(?:order|purchase|download))|your (?:[\w ]{1,30} )?order|(?:order|purchase) details|"
    r"(?:bestell|kauf)details|détails de (?:la|votre) commande|detalles del pedido|dettagli dell['’]ordine|"
    r"obrigad[oa] (?:pela|por) (?:sua|tua|seu) (?:compra|encomenda|pedido)|confirmação d[aeo] (?:encomenda|pedido|"
    r"compra)|danke? für (?:ihre|deine)n? (?:bestellung|auftrag|einkauf|kauf|download)|ihr(?:e bestellung| einkauf|"
    r" kauf) bei|bestätigen (?:wir )?(?:ihnen )?(?:ihre bestellung|ihren (?:auftrag|einkauf|kauf))|merci (?:de|"
    r"pour) votre (?:commande|achat)|gracias por (?:tu|su) (?:pedido|compra)|grazie per il (?:tuo|suo|"
    r"vostro) (?:ordine|acquisto)|bedankt voor (?:je|uw) (?:bestelling|aankoop)|confirmation de commande|"
    r"confirmación de(?:l)? pedido|conferma d(?:i |ell['’]|['’])?ordine|(?:order|bestel)bevestiging|"
    r"potwierdzenie zamówienia)"
)
_ORDER_TITLE = Phrases(rf"\b{_ORDER}\b", re.IGNORECASE)
_RECEIPT_TITLE = Phrases(
    rf"\b(?:{_ORDER}|invoice|receipt|rechnung|rechnungs-?(?:nummer|nr|datum)|quittung|facture|reçu|factura|recibo|"
    r"fattura|ricevuta|factuur|factuur(?:nummer|datum)|kwitantie|faktura|rachunek|paragon|fatura|nota fiscal)\b",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"^[ \t]*(?:dear|hi|hello|to whom|sehr geehrte|guten tag|hallo|bonjour|madame|monsieur|estimad|hola|buon|gentil|"
    r"spett|beste|geachte)\b",
    re.IGNORECASE | re.MULTILINE,
)
# That something is confirmed, or thanked for, a few words from what it is: an order, a purchase, a download, a licence.
_CONFIRM = (
    r"(?:confirm|validée?\b|thank|receipt|summary|details|complete|recap|bestätig|dank|übersicht|zusammenfassung|"
    r"merci|récapitul|"
    r"détails|conferm|grazie|riepilog|dettagli|confirma|gracias|resumen|detalles|bevestig|bedankt|overzicht|potwierdz|"
    r"dziękuj|obrigad|resumo)\w*"
)
_DEAL = (
    r"(?:order|purchas|download|licen[csz]|lizen[zs]|bestell|auftr|(?:ein|bild|foto)?k[aä]uf|heruntergeladen|command|"
    r"achat|"
    r"achet|télécharg|ordine|acquist|scaric|pedid|compra|descarg|adquiri|aankop|aankoop|aangeschaft|gekocht|zamówi|"
    r"zakup|"
    r"pobra|encomend)\w*"
)
_CONFIRMED_DEAL = Phrases(
    rf"\b{_CONFIRM}\W{{1,3}}(?:[\w'’]+\W{{1,3}}){{0,6}}?{_DEAL}|"
    rf"\b{_DEAL}\W{{1,3}}(?:[\w'’]+\W{{1,3}}){{0,3}}?{_CONFIRM}",
    re.IGNORECASE,
)
# What was done, where no title says it: in a sentence to the buyer, or beside each item.
_DONE = Phrases(
    r"\b(?:you(?:['’]ve| have| just)? (?:just |successfully )?(?:licen[cs]ed|purchased|bought|downloaded)|"
    r"(?:licen[cs]ed|purchased|bought|downloaded|lizenziert|gekauft|erworben|heruntergeladen) (?:on|at|am|by|von|to|"
    r"an)|(?:licen[cs]ed|purchased|downloaded)\s?:|grants? (?:the )?licensee|(?:haben sie|sie haben|du hast|hast du)\b"
    r"[^!?]{0,120}?\b(?:lizenziert|gekauft|erworben|heruntergeladen)|(?:ihr|dein)e?n? "
    r"(?:[\w ]{0,20}kauf|bestellung|download)|(?:vous avez|ha|has|hai|je hebt|u heeft|hebt u) (?:bien |\w+ )?"
    r"(?:acheté|acquis|téléchargé|comprado|adquirido|descargado|acquistato|scaricato|gekocht|aangeschaft|"
    r"gedownload)\w*|(?:een|la|une|una) (?:licentie|licence|licencia|licenza) (?:\w+ )?(?:aangeschaft|obtenue|achetée|"
    r"comprada|acquistata)|acheté une licence|(?:licence|licenza|licencia) (?:obtenue|acquistata|comprada|obtenida) "
    r"(?:le|il|el)|(?:achetée?|téléchargée?|comprad[oa]|descargad[oa]|acquistat[oa]|scaricat[oa]) (?:le|il|el)|"
    r"(?:fichiers|archivos|file|im[aá]genes|immagini|images) (?:achetés|achetées|comprad[oa]s|acquistati|acquistate)|"
    r"(?:vous avez obtenu|has? obtenido|hai ottenuto) (?:une|una|la) licen[cz]\w{1,3}|"
    r"hai (?:concesso|preso) in licenza|your order\b[^.!?\n]{0,40}\bis complete|"
    r"votre commande\b[^.!?\n]{0,40}\best (?:terminée|confirmée|validée)|(?:fichiers|contenus|images) sous licence|"
    r"su pedido\b[^.!?\n]{0,40}\b(?:se ha completado|está completo|ha sido confirmado)|"
    r"ordine\b[^.!?\n]{0,40}\bè (?:stato )?(?:completato|confermato)|contenuti (?:concessi in|con) licenza|"
    r"kupił[ae]ś|kupili państwo|pobrał[ae]ś|comprou|adquiriu|baixou)(?!\w)",
    re.IGNORECASE,
)
# A list in which a row's only date is that of its licence.
_HISTORY = Phrases(
    r"\b(?:account\s{1,4}>\s{1,4}(?:purchases|orders|downloads)|"
    r"(?:licen[cs]e|licensing|download|purchase|order)s? history|my (?:downloads|purchases|licen[cs]es)|"
    r"meine (?:downloads|käufe|einkäufe|lizenzen)|mes (?:téléchargements|achats|licences)|mis (?:descargas|compras|"
    r"licencias)|i miei (?:download|acquisti)|le mie licenze|mijn (?:downloads|aankopen|licenties)|moje (?:pobrania|"
    r"zakupy)|(?:lizenz|"
    r"download|bestell|kauf)(?:verlauf|historie)|historique des? (?:licences|téléchargements|achats|commandes)|"
    r"historial de (?:licencias|descargas|compras|pedidos)|cronologia d\w{2,4} \w{4,12}|(?:download|bestel|aankoop|"
    r"licentie)geschiedenis|historia (?:zamówień|pobrań|zakupów|licencji)|histórico de (?:licenças|downloads|compras|"
    r"pedidos))\b",
    re.IGNORECASE,
)
# What a page of an order that was placed shows, and a cart does not.
_ORDER_NUMBER = re.compile(
    r"^[ \t]*(?:order|bestellung|auftrag|commande|pedido|ordine|bestelling|zamówienie|encomenda)[ \t]*"
    r"(?:nr|no|number|n°|nº|id)?[ \t.:]*#?[ \t]*(?=\S*\d)[A-Z0-9][A-Z0-9-]{3,30}[ \t]*$|"
    r"\s{2}order #\d{4,12}[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_BILLED = re.compile(
    r"^[ \t]*(?:\S[^\n]{0,60}\s{2,})?(?:billed to|bill to|billing address|sold to|invoiced to|rechnungsadresse|"
    r"rechnung an|faturado a|facturar a|nabywca|licenziatari[oa]|facturé à|adresse de facturation|facturado a|"
    r"fatturato a|intestato a|gefactureerd aan|"
    r"factuuradres)\b",
    re.IGNORECASE | re.MULTILINE,
)
# It certifies; a letter that tells what was just bought does not.
_FORMAL = Phrases(
    r"\b(?:(?:this|to|we|i) (?:\w+ )?(?:confirm|certif)|certif|bestätig|attest|conferm|bevestig|potwierdz)\w*",
    re.IGNORECASE,
)
_INVOICE = re.compile(r"\b(?:invoice|rechnung|facture|factura|fattura|factuur|faktura|fatura)\b", re.IGNORECASE)
_NAME_IN_TITLE = Phrases(rf"^[ \t]*(?P<name>[A-Z][\w&'. -]{{1,40}}?)[ \t]*[-–—|:·]?[ \t]*{_TITLES}", re.M | re.I)
_NO_NAME = re.compile(
    r"\b(?:standard|extended|enhanced|premium|royalty|free|editorial|commercial|image|photo|stock|asset|media|digital|"
    r"your|the|this|our|official|bild|foto|ihr|ihre|das|licence|license|download|purchase|order|web|print|content)\b",
    re.IGNORECASE,
)
MAX_TITLE_WORDS = 14  # more are a sentence
MAX_TITLE_OFFSET = 1_500  # characters from the beginning in which a paper says what it is


def _within(pattern: str) -> Phrases:
    """The pattern for text without spaces, in which a narrow column may break words, and nothing parts them."""
    return Phrases(re.sub(r"\\b| |\\s\{1,60\}", "", pattern).replace(r"\W{1,3}", r"\W{0,3}"), re.IGNORECASE)


_BROKEN_TITLE, _BROKEN_UNMADE, _BROKEN_VOID = map(_within, (f"{_TITLES}(?!s)", _UNMADE_TITLE.pattern, VOID.pattern))

# Words of one of these are in every title of a licence or a receipt that no column breaks.
WORDS_OF_TITLES = (LICENCE_TITLE, _AGREEMENT, _NAMED_LICENCE, _CONFIRMED, _RECEIPT_TITLE)
# One of these is in whatever the first fits; to look for them takes a twentieth of the time.
_BROKEN_PIECES = re.compile("|".join(map(re.escape, pieces_of(_BROKEN_TITLE.pattern, re.IGNORECASE) or [""])))


def head_of(text: str) -> str:
    """The beginning of a text, in which a paper says what it is."""
    return text[:MAX_TITLE_OFFSET]


def titled(text: str) -> bool:
    """Whether a text calls itself a licence or a receipt where papers do."""
    head = head_of(text)
    return is_licence(head) or is_receipt(head)


def is_licence(head: str) -> bool:
    """Whether a paper calls itself a licence, or says in a sentence that it certifies one."""
    title = LICENCE_TITLE.search(head)
    if title and any(LICENCE_TITLE.search(line) and _INVOICE.search(line) for line in _short_lines(head)):
        return False  # `Invoice and licence certificate`: an invoice, whose day is that of the licence
    agreement, receipt = _AGREEMENT.search(head), _RECEIPT_TITLE.search(head)
    if agreement and receipt and receipt.start() < agreement.start():
        agreement = None  # to which the foot of a receipt leads
    if agreement or _NAMED_LICENCE.match(head) or title or _CONFIRMED.search(head):
        return True
    return has_broken_title(head)


def has_broken_title(head: str) -> bool:
    """Whether a paper's title is that of a licence once the spaces are gone with which a column breaks words."""
    head = "".join(head.split())
    return bool(_BROKEN_PIECES.search(folded(head)) and _BROKEN_TITLE.search(head)) and not (
        _BROKEN_UNMADE.search(head) or _BROKEN_VOID.search(head)
    )


def is_receipt(head: str) -> bool:
    """Whether a paper calls itself an invoice, a receipt or an order that is confirmed."""
    return bool(_RECEIPT_TITLE.search(head))


def confirms_order(head: str) -> bool:
    return bool(_ORDER_TITLE.search(head))


def is_history(head: str) -> bool:
    """Whether a paper is a list in which a row's only date is that of its licence."""
    return bool(_HISTORY.search(head))


def is_letter(head: str) -> bool:
    return bool(_LETTER.search(head))


def is_unmade(head: str) -> bool:
    """Whether a paper is a form, a request or an offer."""
    return bool(_UNMADE_TITLE.search(head) or (_ASKED_TITLE.search(head) and not _CONFIRMED.search(head)))


def is_bought(head: str) -> bool:
    """Whether a paper says, if not as its title, that something was bought."""
    said = any(each.search(head) for each in (_DONE, _HISTORY, _CONFIRMED_DEAL))
    return said or bool(_ORDER_NUMBER.search(head) and _BILLED.search(head))


def is_formal(head: str) -> bool:
    """Whether a certificate certifies what may have been licensed long ago, and does not just tell of an order."""
    said = any(map(LICENCE_TITLE.search, _short_lines(head))) or _FORMAL.search(head)
    return bool(said) and not _ORDER_TITLE.search(head)


def _short_lines(head: str) -> Iterator[str]:
    return (line for line in head.splitlines() if len(line.split()) <= MAX_TITLE_WORDS)


def title_lines(head: str) -> Iterator[str]:
    """The lines in which a paper says what it is."""
    return (line for line in _short_lines(head) if LICENCE_TITLE.search(line) or _RECEIPT_TITLE.match(line.strip()))


def name_in_title(head: str) -> str | None:
    """The name that stands before the title in its line, as `PixelMill Licence Certificate`; None for none."""
    found = _NAME_IN_TITLE.search(head)
    return found["name"] if found and found["name"][0].isupper() and not _NO_NAME.search(found["name"]) else None
