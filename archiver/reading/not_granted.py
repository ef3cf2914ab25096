"""Tell papers that grant no licence: offers, cancellations, refunds, reminders, demands, and invoices for goods.

A platform that is known writes papers that were seen. Those of any other seller must say that they license something,
and nothing that may mean otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# A demand names platform, picture and amount as a receipt does, and is the opposite of one.
DEMAND = re.compile(
    r"\b(?:settlement|unauthori[sz]ed use|without a (?:valid )?licen[cs]e|cease and desist|"
    r"copyright infringement notice|no (?:valid )?licen[cs]e (?:was|has been|could be) found|"
    r"f(?:i|ou)nd no (?:valid )?licen[cs]e|"
    r"unberechtigte\w? (?:bild)?nutzung|berechtigungsanfrage|abmahn\w{2,30}|"
    r"unterlassung\w{0,30}|schadens?ersatz\w{0,30}|ohne (?:gültige )?lizenz|mise en demeure|sans autorisation|"
    r"sans licence|contrefaçon|requerimiento|sin autorización|sin licencia|indemnización|"
    r"diffida|senza autorizzazione|senza licenza|risarcimento|sommatie|schadevergoeding|zonder (?:geldige )?licentie|"
    r"zonder toestemming|inbreuk|odszkodowani\w{1,3}|bez (?:ważnej )?licencji|bez zgody|naruszeni\w{1,4}|"
    r"wezwani\w{1,3})\b",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"\b(?:image|photo|picture|bild|foto|photograph)\w{0,20}\b", re.IGNORECASE)
# What looks like a licence or a receipt and grants or proves nothing, or no longer.
VOID = re.compile(
    r"\b(?:comp(?:ing)? licen[cs]e|layout licen[cs]e|layout-?lizenz|preview licen[cs]e|sample certificate|"
    r"this (?:sample|example)|"
    r"how to (?:read|understand|find|check|get)|quote (?:number|date|no|is)|"
    r"payment (?:failed|declined|pending)|await(?:s|ing) (?:the |your )?(?:payment|approval|confirmation)|"
    r"pending (?:payment|approval)|on hold|once (?:it|your order) (?:is|has been) (?:approved|confirmed|paid)|"
    r"subject to (?:approval|confirmation)|your (?:share|earnings|royalt\w{1,3}|commission)|"
    r"(?:made|have|got) a (?:new )?sale|one of your (?:files|images|photos|works|assets)|(?:ihre|deine) (?:provision|"
    r"vergütung|einnahmen)|have not (?:yet )?licen[cs]ed|not licen[cs]ed (?:it|them)|noch nicht lizenziert|"
    r"did not go through|could not charge|declined your|about to expire|ends soon|läuft (?:bald )?ab|"
    r"watermarked|rechnungskorrektur|korrekturrechnung|rectificativ\w{1,3}|nota di variazione|"
    r"void|charge-?back|reversed the payment|returned the (?:credits?|amount|payment|money)|taken back|"
    r"zurückgebucht|rücklastschrift|lieferschein|auswahlsendung|ansichtssendung|delivery note|bon de livraison|albarán|"
    r"documento di trasporto|pakbon|kostenschätzung|estimation|prijsopgave|sous réserve|freibleibend|vrijblijvend|"
    r"rechnung folgt|invoice (?:will )?follows?|facture suivra|noch nicht unterschrieben|unsigned|not yet signed|"
    r"(?:card|payment|order) (?:was|has been) (?:declined|rejected)|could not process|not been (?:licensed|paid)|"
    r"noch nicht bezahlt|zahlung (?:wurde )?abgelehnt|"
    r"(?:in|of) your (?:shopping )?cart|in ihrem warenkorb|zahlung fehlgeschlagen|"
    r"muster(?:zertifikat|exemplar|rechnung)|draft|entwurf|brouillon|borrador|pro[ -]?forma|quotation|"
    r"estimate|angebot|kostenvoranschlag|devis|presupuesto|credit note|gutschrift|storno\w{0,12}|storniert\w{0,2}|"
    r"annulliert\w{0,2}|reservierung\w{0,13}|gesondert vereinbart|"
    r"nota de crédito|facture d.avoir|refunded|refund (?:confirmation|receipt)|erstattet|erstattung|remboursée?|"
    r"remboursement|reembols\w{1,6}|cancell?ed|revoked|expired licen[cs]e|annulée?|cancelad[oa]|anulad[oa]|"
    r"reminder|mahnung|zahlungserinnerung|relance|recordatorio|"
    r"preventivo|bozza|nota di credito|rimbors\w{1,6}|annullat[oa]|stornat[oa]|sollecito|"
    r"credit(?:nota|factuur)|terugbetaald|terugbetaling|geannuleerd|ingetrokken|aanmaning|betalingsherinnering|"
    r"faktura koryg\w{1,6}|korekta|nota korygująca|zwrócon[oay]|anulowan[oaey]|unieważnion[oaey])\b",
    re.IGNORECASE,
)
# Terms say what would end a licence: "may be revoked", "if it is refunded". That says nothing of this one.
_IN_TERMS = re.compile(
    r"\b(?:if|unless|until|once|when|may|might|can|cannot|could|will|would|shall|not|never|no|falls|sofern|wenn|"
    r"kann|können|darf|nicht|keine?|si|peut|peuvent|ne|puede|pueden|no|se|può|possono|non|"
    r"als|indien|tenzij|kan|kunnen|mag|niet|geen|jeśli|jeżeli|gdy|może|mogą|nie)\b[^.:;!?]{0,80}$",
    re.IGNORECASE,
)
NO_RECEIPT = re.compile(
    r"\bnot an? (?:tax )?(?:receipt|invoice)\b|\bkeine rechnung\b|\bpas une facture\b|\bno es una factura\b|"
    r"\bnon è una fattura\b|\bgeen factuur\b|\bnie jest faktur[ąa]\b",
    re.IGNORECASE,
)
#####
# An order that the agency itself placed.
OWN_ORDER = re.compile(
    r"^[ \t]*(?:(?:purchase order|bon de commande|orden de compra|ordine d['’]acquisto|inkooporder)[ \t]*$|"
    r"(?:vendor|supplier|lieferant|fournisseur|proveedor|fornitore|leverancier)\b)",
    re.IGNORECASE | re.MULTILINE,
)
# What is paid back; a discount is not.
PAID_BACK = re.compile(
    r"^(?!.*(?:discount|rabatt|remise|sconto|descuento|korting|gutschein|coupon|promo|credit applied|voucher)).*"
    r"(?<!\S)[-−–]\s?(?:[€$£]\s?)?\d[\d.,' ]{0,12}[.,]\d\d(?!\d)",
    re.IGNORECASE | re.MULTILINE,
)
####
# Somebody asks for a licence or for its proof, or explains how to.
ASKING = re.compile(
    r"\b(?:please (?:confirm|send|provide)|(?:can|could) you (?:please )?(?:confirm|send|provide)|"
    r"bitte (?:bestätigen|senden|schicken)|bitte um|merci de (?:nous )?(?:confirmer|envoyer)|pourriez-vous|por favor|"
    r"graag ontvangen|"
    r"request(?:ed)?|anfrage|angefragt|looks like this|for example|e\.g\.|zum beispiel|z\. ?b\.|par exemple|"
    r"(?:example|beispiel|exemple|ejemplo|esempio|voorbeeld|przykład|exemplo)\s?:|"
    r"where (?:do|can|to)|how (?:do|can|to)|wo finde|wie finde|add(?:ed)? to cart|checkout)\b",
    re.IGNORECASE,
)
####
# What a picture may be used for is not agreed yet.
UNDECIDED = re.compile(
    r"nach (?:vereinbarung|absprache|rücksprache)|^(?:noch )?offen$|noch (?:festzulegen|zu klären)|"
    r"to be (?:agreed|confirmed|defined)|[aà] convenir|da (?:concordare|definire)|nader te|^tb[adc]$",
    re.IGNORECASE,
)

_SPECIMEN = re.compile(r"^[ \t]*sp[eé]cimen[ \t]*$|\bsp[eé]cimen (?:certificate|licen[cs]e|copy)\b", re.I | re.M)
_PAYMENT = r"(?:payment|charge|card|zahlung|paiement|pago|pagamento|betaling|płatnoś)\w*"
_NOT = (
    r"(?:unable|unsuccessful|failed|problem|declined|(?:could|did|was|has)(?: not|n['’]t)|nicht|fehlgeschlagen|"
    r"abgelehnt|impossible|échoué|pas pu|refusé|no se (?:ha )?p[ou]d\w*|rechazad[oa]|fallid[oa]|non (?:è|ha|siamo)|"
    r"rifiutat[oa]|niet|mislukt|geweigerd|nie|odrzucon[ay]|não|recusad[oa])"
)
_UNPAID = re.compile(
    rf"\b(?:{_NOT}\b[^.:;!?\n]{{1,50}}\b{_PAYMENT}|{_PAYMENT}\b[^.:;!?\n]{{1,50}}\b{_NOT})\b|"
    r"\bto complete (?:the|your) (?:purchase|order|payment)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")

# Beginnings of words, by what they say of a paper.
_DOUBTS = {
    "an offer": r"offer|angebot|anbiet|bieten wir|offre|oferta|ofrec|offriamo|vorschl[aä]g|proposal|propuesta|proposta|"
    r"quot(?:e|ation)|devis|presupuest|preventiv|orçament|wycen|estimat|schätzung|raming|voranschlag",
    "cancelled": r"cancel|annul|storn|widerr?uf|revo[kc]|révo|rescind|withdr[ae]w|zurückgezog|hinfällig|nichtig|"
    r"ungültig|résili|anul|ingetrok|herroep|vervallen|unieważ|cofni",
    "paid back": r"refund|erstatt|rückzahl|rembours|reembols|rimbors|devoluc|terugbeta|zwrot|zwróc|gutschrift|abono|"
    r"credit ?not|kredietnot",
    "not yet": r"pending|unpaid|unbezahlt|ausstehend|impayé|en attente|pendiente|in attesa|pendente|openstaand|"
    r"reservier|reservation|réservation|vorgemerkt|subject to|vorbehaltlich|sous réserve|behoudens",
    "refused": r"declin|reject|refus|abgelehnt|verweiger|rechaz|rifiut|afgewezen|odrzuc|recusad",
    "ended": r"expired|abgelaufen|expirée?\b|caducad|scadut|verlopen|wygas|expirad",
    "a reminder": r"remind|mahnung|zahlungserinner|relance|recordator|sollecit|herinner|aanmaning|przypomn|ponagl|"
    r"lembrete",
    "a demand": r"unauthori|ungenehmig|unberechtig|unerlaubt|nachlizen|non autoris|no autorizad|non autorizz|"
    r"não autorizad|infring|verletz|verstoß|abgelt|abzugelt|violaz|schaden",
}
_DOUBT = re.compile(rf"\b(?:{'|'.join(_DOUBTS.values())})\w*", re.IGNORECASE)
# What an invoice for a picture itself says, an original or a print.
_GOODS = re.compile(
    r"\b(?:original(?!\w*[ -]?(?:datei|file|größe|size|format|auflösung))|öl auf|acryl|oil on|huile sur|óleo sobre|"
    r"olio su|olieverf|olej na|leinwand|canvas|toile|tela\b|lienzo|doek\b|płót|gemälde|painting|peinture|pintura|"
    r"dipint|"
    r"schilderij|skulptur|sculpt|gerahmt|rahmen\b|rahmung|framed|encadr|enmarcad|incornicia|ingelijst|passepartout|"
    r"kunstdruck|fine art|giclée|handsigniert|sign(?:ed|iert|é)e?r? (?:print|edition|druck|tirage)|"
    r"versand|shipping|frais de (?:port|livraison)|"
    r"gastos de envío|spese di spedizione|verzendkosten|wysyłk)\w*",
    re.IGNORECASE,
)
_LICENSING = re.compile(
    r"licen[csz]|lizen[zs]|licentie|licencj|licenç|(?:nutzungs|bild|veröffentlichungs|abdruck)(?:recht|honorar)|"
    r"\b(?:usage|reproduction|image|publication) (?:right|fee)|rights? (?:granted|of use)|"
    r"\b(?:droits?|derechos?|diritt[oi]|direitos?) (?:de? ?|d['’] ?)(?:l['’]|la )?"
    r"(?:uso|usage|utili|explo|reprodu|auteur|autor|riprodu)|cession de droits|gebruiksrecht|praw\w* do",
    re.IGNORECASE,
)

_USE = re.compile(
    r"\b(?:online|internet|web|site|sito|print|druck|social|app\b|newsletter|broschür|brochur|folder|flyer|magazin|revista|"
    r"rivista|tijdschrift|zeitschrift|zeitung|newspaper|presse|buch\b|book|livre|libro|boek|plakat|poster|affiche|anzeige|"
    r"titel(?:bild|seite)|cover|editorial|redaktionell|auflage|tirage|tirada|tiratura|oplage|nakład|weltweit|worldwide|unbefristet|"
    r"unlimited|perpetu|royalty|rights[ -]managed|lizenzfrei|\d+ (?:jahre?|years?|ans?|años?|ann[io]|jaar|lat|"
    r"anos?|monate?|months?|mois|mes(?:es|i)|maanden)\b)",
    re.IGNORECASE,
)


def words_against(text: str, *, known: bool = True) -> Iterator[str]:
    """What a paper says that means that it grants or proves nothing. `known`: its platform is."""
    text = _ADDRESS.sub(lambda address: " " * len(address[0]), text)
    for each in (VOID, _SPECIMEN, _UNPAID, *(() if known else (_DOUBT, _GOODS))):
        yield from (" ".join(found[0].split()) for found in each.finditer(text) if not in_terms(text, found.start()))


def in_terms(text: str, place: int) -> bool:
    """Whether the text at a place speaks of what may be in general, not of this paper's licence."""
    return bool(_IN_TERMS.search(text[max(0, place - 100) : place]))


def speaks_of_licensing(text: str, uses: Iterable[str]) -> bool:
    """Whether a text names a licence, rights of use or a fee for them, or each of the `uses` a medium or a time."""
    uses = list(uses)
    return bool(_LICENSING.search(text) or (uses and all(map(_USE.search, uses))))


def is_demand(text: str) -> bool:
    """Whether a text demands something for the use of a picture."""
    return bool(DEMAND.search(text) and _PICTURE.search(text))
