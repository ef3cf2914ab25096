"""Tell papers that grant no licence: offers, cancellations, refunds, reminders, demands, and invoices for goods.

A platform that is known writes papers that were seen. Those of any other seller must say that they license something,
and nothing that may mean otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archiver.reading.ended import notices_of_end
from archiver.reading.field_labels import names_grant
from archiver.reading.phrases import Phrases

# A demand names platform, picture and amount as a receipt does, and is the opposite of one.
DEMAND = Phrases(
    r"\b(?:post-?licen[cs]\w{1,4}|licen[cs]ee\W{1,30}(?:none|unknown|not known)|regulari[sz]e (?:the|this|your) use|"
    r"settlement|unauthori[sz]ed use|without a (?:valid )?licen[cs]e|cease and desist|"
    r"unlicen[cs]ed use of (?:an?|the|our|your) (?:image|photo|picture)\w{0,6}|(?:have|has) no record of an?y? "
    r"(?:valid )?licen[cs]e|copyright infringement notice|no (?:valid )?licen[cs]e (?:was|has been|"
    r"could be) found|f(?:i|ou)nd no (?:valid )?licen[cs]e|unberechtigte\w? (?:bild)?nutzung|"
    r"berechtigungsanfrage|abmahn\w{2,30}|"
    r"unterlassung\w{0,30}|schadens?ersatz\w{0,30}|ohne (?:gültige )?lizenz|mise en demeure|sans autorisation|"
    r"sans licence|contrefaçon|requerimiento|sin autorización|sin licencia|indemnización|diffida|senza autorizzazione|"
    r"senza licenza|risarcimento|sommatie|schadevergoeding|zonder (?:geldige )?licentie|zonder toestemming|inbreuk|"
    r"odszkodowani\w{1,3}|bez (?:ważnej )?licencji|bez zgody|naruszeni\w{1,4}|wezwani\w{1,3})\b",
    re.IGNORECASE,
)
PICTURE = Phrases(r"\b(?:image|photo|picture|bild|foto|photograph)\w{0,20}\b", re.IGNORECASE)
# What looks like a licence or a receipt and grants or proves nothing, or no longer.
VOID = Phrases(
    r"\b(?:comp(?:ing)? (?:licen[cs]e|download|image|file|use)|comps (?:may|are|can)|(?:a|your|this) comp|"
    r"zahlung (?:noch )?offen|per vorkasse|"
    r"layout(?:daten|dateien|bilder) dienen|layout \d{2,5}\s{0,3}px|layout[- ]?downloads?|"
    r"no licen[cs]e (?:is|was|has been) (?:granted|issued|included)|layout licen[cs]e|layout-?lizenz|"
    r"maquettes? \(comps?\)|(?:un|il|el|le|ein|een|suo|tuo|votre|ihr) comp|\(comps?(?=\))|imagen de prueba|"
    r"immagine di prova|image d['’]essai|filigranée?s?|filigranat[oaie]|"
    r"(?:buy|purchase|get) a licen[cs]e before|(?:achetez|acquérez) une licence avant|"
    r"(?:compre|adquiera|adquiere) una licencia antes|(?:acquist[ai]|compr[ai]) una licenza prima|"
    r"(?:kaufen|erwerben) sie (?:bitte )?(?:vor[^.\n]{0,40} )?eine lizenz|(?:with(?: an?)?|mit|avec|con|met|"
    r"com|ze) (?:watermark|wasserzeichen|"
    r"filigrane|filigrana|marca de agua|marca d['’]água|watermerk|znakiem wodnym)|"
    r"aucun droit[^.\n]{0,40}(?:accordé|concédé)|ningún derecho[^.\n]{0,40}(?:conce|otorg)\w*|"
    r"nessun diritto[^.\n]{0,40}conce\w*|geen (?:gebruiks)?recht\w*[^.\n]{0,20}verle\w*|preview licen[cs]e|"
    r"sample certificate|this (?:sample|example)|example of an?|"
    r"how to (?:read|understand|find|check|get)|quote (?:number|date|no|is)|"
    r"payment (?:failed|declined|pending)|await(?:s|ing) (?:the |your )?(?:payment|approval|confirmation)|"
    r"pending (?:payment|approval)|on hold|once (?:it|your order) (?:is|has been) (?:approved|confirmed|paid)|"
    r"votre rémunération|vos (?:gains|revenus|ventes)|(?:tus?|sus?) (?:ganancias?|ingresos|comisi[oó]n)|(?:(?:il|i) )?"
    r"(?:tuo|tuoi|suo|suoi|vostr[oi]) (?:compens[oi]|guadagn[oi]|ricav[oi])|licence vendue|licencia vendida|"
    r"licenza venduta|verkaufte lizenz|relevé des? ventes|(?:informe|extracto) de ventas|"
    r"(?:resoconto|rapporto) (?:delle )?vendite|verkaufsbericht|(?:date|fecha|data) d[ei] (?:vente|venta|vendita)|"
    r"verkaufsdatum|subject to (?:approval|confirmation)|your (?:share|earnings|royalt\w{1,3}|commission)|(?:made|have|"
    r"got) a (?:new )?sale|one of your (?:files|images|photos|works|assets)|(?:ihre|deine) (?:provision|vergütung|"
    r"einnahmen)|have not (?:yet )?licen[cs]ed|not licen[cs]ed(?! (?:to|for|by|under|as|in)\b)|nicht lizenziert|"
    r"(?:für|zu|nur) layoutzwecken?|layoutbild|pas (?:de |sous )?licence|non licencié[es]{0,2}|no licenciad[oa]|"
    r"non (?:è |sono )?concess[oaie] in licenza|niet gelicentieerd|nielicencjonowan\w{1,2}|não licenciad[oa]|"
    r"your shopping (?:cart|basket)|ihr warenkorb|votre panier|(?:tu|su) (?:carrito|cesta)|il (?:tuo|suo) carrello|"
    r"(?:je|uw) winkelwagen|complete your (?:order|purchase)|proceed to checkout|left (?:something|items?) (?:behind|"
    r"in)|zur kasse(?: gehen)?|finali[sz]e[rz] (?:la |votre |tu |su )?(?:commande|achat|compra|pedido)|"
    r"complet[ai] (?:il tuo |il suo |l['’])?(?:ordine|acquisto)|did not go through|"
    r"did not go through|"
    r"could not charge|declined your|about to expire|ends soon|läuft (?:bald )?ab|watermarked|rechnungskorrektur|"
    r"korrekturrechnung|rectificativ\w{1,3}|nota di variazione|void(?:ed)?|royalt(?:y|ies) ?(?=:)|charge-?back|"
    r"reversed the payment|returned the (?:credits?|amount|payment|money)|taken back|zurückgebucht|rücklastschrift|"
    r"(?<!zu )(?<!laut )(?<!lt\. )(?<!gem\. )(?<!gemäß )(?<!ihrem )lieferschein(?!\W{1,3}(?:lizenz|rechnung))|"
    r"auswahlsendung|ansichtssendung|"
    r"delivery note|bon de livraison|albarán|documento di trasporto|pakbon|"
    r"kostenschätzung|estimation|prijsopgave|sous réserve(?!\s+d[eu] (?:son |bon |complet )?(?:règlement|paiement|"
    r"encaissement))|freibleibend|vrijblijvend|noch nicht unterschrieben|unsigned|"
    r"not yet signed|(?:card|payment|order) (?:was|has been) (?:declined|rejected)|could not process|"
    r"not been (?:licensed|paid)|noch nicht bezahlt|zahlung (?:wurde )?abgelehnt|(?:in|of) your (?:shopping )?cart|"
    r"in ihrem warenkorb|zahlung fehlgeschlagen|muster(?:zertifikat|exemplar|rechnung)|draft|entwurf|brouillon|"
    r"borrador|pro[ -]?forma|quotation|estimate|angebot|kostenvoranschlag|devis|presupuesto|credit note|gutschrift|"
    r"storno\w{0,12}|storniert\w{0,2}|annulliert\w{0,2}|reservierung\w{0,13}|gesondert vereinbart|nota de crédito|"
    r"facture d.avoir|refunded|refund (?:confirmation|receipt)|(?:zurück|rück)?erstatt(?:et|ung)|(?<=\()avoir(?=\))|"
    r"remboursée?|remboursement|reembols\w{1,6}|cancell?ed|revoked|expired licen[cs]e|annulée?|cancelad[oa]|anulad[oa]|"
    r"reminder|mahnung|zahlungserinnerung|relance|recordatorio|preventivo|bozza|nota di credito|rimbors\w{1,6}|"
    r"annullat[oa]|stornat[oa]|sollecito|credit(?:nota|factuur)|terugbetaald|terugbetaling|geannuleerd|ingetrokken|"
    r"aanmaning|betalingsherinnering|faktura koryg\w{1,6}|korekta|nota korygująca|zwrócon[oay]|anulowan[oaey]|"
    r"unieważnion[oaey])\b",
    re.IGNORECASE,
)
# Terms say what would end a licence: "may be revoked", "if it is refunded". That says nothing of this one.
_IN_TERMS = re.compile(
    r"\b(?:if|unless|until|once|when|may(?!\s+\d)|might|can|cannot|could|will|would|shall|not|never|no|falls|sofern|"
    r"wenn|kann|können|darf|nicht|keine?|si|peut|peuvent|ne|puede|pueden|no|se|può|possono|non|als|indien|tenzij|kan|"
    r"kunnen|mag|niet|geen|jeśli|jeżeli|gdy|może|mogą|nie)\b[^.:;!?]{0,80}$|"
    r"\b(?:bij|bei|in case of|in the event of|en cas de?|en caso de|in caso di|em caso de|w przypadku)\s+(?:\w+ )?$",
    re.IGNORECASE,
)
NO_RECEIPT = Phrases(
    r"\bnot an? (?:tax )?(?:receipt|invoice)\b|\bkeine rechnung\b|\bpas une facture\b|\bno es una factura\b|"
    r"\bnon è una fattura\b|\bgeen factuur\b|\bnie jest faktur[ąa]\b",
    re.IGNORECASE,
)
# An order that the agency itself placed.
_OWN_ORDER = Phrases(
    r"^[ \t]*(?:(?P<title>purchase order|bon de commande|orden de compra|ordine d['’]acquisto|inkooporder)[ \t]*$|"
    r"(?:vendor|supplier|lieferant|fournisseur|proveedor|fornitore|leverancier)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_INVOICE = re.compile(r"^[ \t]*(?:invoice|facture|factura|fattura|factuur)\b", re.IGNORECASE | re.MULTILINE)
_REFERENCE = re.compile(r"\n[ \t]*(?=\S*\d)\S{2,20}[ \t]*$", re.MULTILINE)
# What is paid back; a discount is not.
PAID_BACK = Phrases(
    r"^(?!.*(?:discount|rabatt|remise|sconto|descuento|korting|gutschein|coupon|promo|credit applied|"
    r"voucher)).*(?:(?<!\S)[-−]|(?:^|\s\s)[-−–]\s?)(?:[€$£]\s?)?\d[\d.,' ]{0,12}[.,]\d\d(?!\d)|(?:^|\s\s|"
    r"\btotal )\((?:[€$£]\s?)?\d[\d.,' ]{0,12}[.,]\d\d\)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# Somebody asks for a licence or for its proof, or explains how to.
ASKING = Phrases(
    r"\b(?:please (?:confirm|send|provide)|(?:can|could) you (?:please )?(?:confirm|send|provide)|bitte (?:bestätigen|"
    r"senden|schicken)|bitte um|merci de (?:nous )?(?:confirmer|envoyer)|pourriez-vous|"
    r"por favor,? (?:confirm|env[íi]|indi|facili)\w*|graag ontvangen|"
    r"request(?:ed)?|anfrage|angefragt|looks like this|for example|e\.g|zum beispiel|z\. ?b|par exemple|(?:example|"
    r"beispiel|exemple|ejemplo|esempio|voorbeeld|przykład|exemplo)\s?:|where (?:do|can|to)|how (?:do|can|to)|wo finde|"
    r"wie finde|add(?:ed)? to cart|checkout)\b",
    re.IGNORECASE,
)
# What a picture may be used for is not agreed yet.
UNDECIDED = re.compile(
    r"nach (?:vereinbarung|absprache|rücksprache)|^(?:noch )?offen$|noch (?:festzulegen|zu klären)|to be (?:agreed|"
    r"confirmed|defined)|[aà] convenir|da (?:concordare|definire)|nader te|in overleg|^tb[adc]$",
    re.IGNORECASE,
)

_SPECIMEN = Phrases(
    r"^[ \t]*sp[eé]cimen[ \t]*$|\bsp[eé]cimen (?:certificate|licen[cs]e|copy)\b|\bnot a (?:real|valid) licen[cs]e|"
    r"(?-i:^[^\w\n]*(?:SP[EÉ]CIMEN|MUSTER|FAC-?SIMILE|WZÓR|MODELLO|MODÈLE)\b(?:[^\w\n]*$|\s[–—-]\s))",
    re.I | re.M,
)
_PAYMENT = r"(?:payment|charge|card|zahlung|paiement|pago|pagamento|betaling|płatnoś)\w*"
_NOT = (
    r"(?:unable|unsuccessful|failed|problem|declined|(?:could|did|was|has)(?: not|n['’]t)|nicht|fehlgeschlagen|"
    r"abgelehnt|impossible|échoué|pas pu|refusé|no se (?:ha )?p[ou]d\w*|rechazad[oa]|fallid[oa]|non (?:è|ha|siamo)|"
    r"rifiutat[oa]|niet|mislukt|geweigerd|nie|odrzucon[ay]|não|recusad[oa])"
)
_UNPAID = Phrases(
    rf"\b(?:{_NOT}\b[^.:;!?\n]{{1,50}}\b{_PAYMENT}|{_PAYMENT}\b[^.:;!?\n]{{1,50}}\b{_NOT})\b|"
    r"\bto complete (?:the|your) (?:purchase|order|payment)\b",
    re.IGNORECASE,
)
# Language -> how it says that an order, a payment or a licence came to nothing, is not there yet, or is no more.
_UNDONE = {
    "en": r"not (?:been |be |yet )?(?:completed?|processed|finished|confirmed|approved|valid|in force|active)|"
    r"no longer (?:valid|in force|active)|(?:been|was|were|is|are) (?:reversed|terminated|withdrawn|refused|rejected|"
    r"declined|suspended|replaced|superseded)|(?:being|under|in) review(?:ed)?|awaiting|(?:been|was|were) (?:removed|"
    r"disputed|deleted)|is outstanding|overdue|final notice|in error|no effect|about to (?:lapse|end)|"
    r"you received? [$€£]|for contributors?|to contributors?|uploaded by|no rights|for information only|"
    r"will (?:be )?(?:charged?|billed?)|renew now|you (?:have )?earn(?:ed)?|your (?:images|photos|files) sold|"
    r"shows what|re-?invoiced",
    "de": r"nicht (?:abgeschlossen|bearbeitet|bestätigt|freigegeben|genehmigt|mehr gültig|wirksam|zustande)|rückgängig|"
    r"aufgehoben|untersagt|zurückgewiesen|abgelehnt|erloschen|ersetzt|entzogen|gelöscht|wartet auf|in prüfung|"
    r"überfällig|irrtümlich|gegenstandslos|wirkungslos|weiterberechn\w*|zeigt,? (?:wie|was)|keine rechte|"
    r"nur zur information|steht (?:noch )?aus",
    "fr": r"(?:pas|plus) (?:encore )?(?:pu )?(?:été |être )?(?:traitée?|confirmée?|validée?|acceptée?|valable|valide|"
    r"abouti)|résiliée?|refusée?|rejetée?|retirée?|remplacée? par|en attente|par erreur|sans effet|caduque?",
    "es": r"no (?:se )?(?:ha|pudo|puede|fue|está)(?: sido| podido)?(?: \w{2,12})? ?(?:completa|procesa|confirma|acepta|"
    r"vigente|váli)\w*|rechazad[oa]|rescindid[oa]|retirad[oa]|sustituid[oa] por|ya no|por error|sin efecto",
    "it": r"non (?:è|ha|sono|risulta)(?: stat[oa]| andat[oa])?(?: più)? ?(?:complet|elabor|conferm|accett|valid|"
    r"a buon fine)\w*|rifiutat[oa]|ritirat[oa]|decadut[oa]|revocat[oa]|sostituit[oa] da|per errore|mancato pagamento",
    "nl": r"niet (?:voltooid|verwerkt|bevestigd|goedgekeurd|meer geldig)|geweigerd|afgewezen|vervallen|vervangen door|"
    r"in afwachting|abusievelijk",
    "pl": r"nie (?:został[ao]? |jest )?(?:zrealizowan|opłacon|przetworzon|potwierdzon|ważn)\w*|odrzucon[aey]|wygasł\w*|"
    r"oczekuj\w*|omyłkow\w*",
    "pt": r"não (?:foi|é|está|pôde)(?: ser)? (?:conclu|process|confirm|aprovad|válid|pag)\w*|recusad[oa]|"
    r"substituíd[oa] por|por engano|sem efeito",
}
_UNDONE_WORDS = Phrases(rf"\b(?:{'|'.join(_UNDONE.values())})\b", re.IGNORECASE)
_VALUE = r"(?:[ \t]*:\s*|[ \t]{2,}|\t|[ \t]*\n[ \t]*)"
_STATUS = re.compile(
    rf"^[ \t>]*(?:\w+[ -])?(?:(?:\w{{0,10}}status|statut|stan){_VALUE}"
    rf"|(?:estado|stato){_VALUE}(?-i:(?=[a-zß-ÿ])))"  # with a capital it is a country
    r"(?P<value>[^\n\t]{2,40}?)[ \t]*(?:$|\t|[ ]{2})",
    re.IGNORECASE | re.MULTILINE,
)
_DONE = re.compile(
    r"^(?:fully )?(?:paid|complete|done|active|confirmed|delivered|processed|approved|licen[cs]ed|downloaded|ok\b|"
    r"valid|current|purchased|fulfil|settled|charged|captured|invoiced|finished|succe|bezahlt|abgeschlossen|erledigt|"
    r"aktiv|bestätigt|lizenziert|gültig|gekauft|beglichen|pay[ée]|régl|acquitt|termin|confirm|valable|pagad|pagat|"
    r"complet|v[aá]lid|vigente|voldaan|betaald|afgerond|geldig|opłacon|zrealizowan|zapłacon|ważn|pago|paga|conclu[ií])",
    re.IGNORECASE,
)
DENIED_STATUS = re.compile(  # `pago rechazado` begins as what is paid does
    r"(?:rechazad|rifiutat|refus|recusad|geweigerd|odrzucon|abgelehnt|reject|declin|denied|fail|fehlgeschlagen|échou|"
    r"fallid|fallit|mislukt|cancel|annul|anulad|storn|void|refund(?!able)|erstatt|reembols|rembours|rimbors)",
    re.IGNORECASE,
)
# What an order's letter speaks of, and how it denies; a sentence that begins a condition speaks of others.
_ORDERED = (
    r"order|payment|purchase|bank|card|credits?|licen[cszç]|file|image|download|account|bestell|zahlung|kauf|karte|lizen|"
    r"datei|bild|konto|commande|paiement|achat|carte|fichier|compte|pedido|pago|compra|tarjeta|archivo|imagen|cuenta|"
    r"ordine|pagament|acquist|immagine|conto|betaling|aankoop|bestand|rekening|zamówien|płatnoś|zakup|plik|encomenda|"
    r"ficheiro|conta"
)
_DENIED = (
    r"not|\w{2,6}n['’]t|nothing|never|stopped|before (?:you|we|the|your|it|they|payment|download|us(?:e|ing))\w*|"
    r"unfortunately|nicht|keine?[nmrs]?|nichts|leider|erst|bevor|pas|"
    r"aucune?|rien|malheureusement|avant de|nada|nunca|ning[uú]n\w{0,2}|lamenta\w*|antes de|"
    r"nessun\w?|nulla|purtroppo|prima di|niet|"
    r"geen|niets|helaas|voordat|nie|żad\w+|niestety|czeka|przed|não|nenhum\w?|infelizmente"
)
_DENIAL = re.compile(rf"(?=[^\x1e]{{0,300}}?(?:{_ORDERED}))[^\x1e]{{0,300}}?\b(?:{_DENIED})\b", re.IGNORECASE)
# What a confirmed order still waits for.
_AWAITED = Phrases(
    r"\b(?:once|as soon as|sobald|dès que|en cuanto|non appena|zodra|gdy tylko|assim que)\b[^.!?]{0,80}(?:payment|"
    r"transfer|paid|zahlung|überweis|bezahl|paiement|virement|pago|transferencia|pagament|bonifico|betaling|płatnoś)|"
    r"\b(?:after|nach|après|tras|dopo|na|po|após) (?:\w{1,4} ){0,2}(?:receiv|receipt|eingang|zahlungsein|réception|"
    r"recib|ricez|ontvangst|otrzymaniu|receb)|\b(?:becomes?|will (?:be|become)|sera|wird|será|sarà|wordt) (?:active|"
    r"aktiv|valid|activ|attiv|actief|freigeschaltet)|\bplease (?:transfer|pay)\b|\bbitte (?:überweisen|zahlen|"
    r"bezahlen)\b|\bpay now\b|\breview and pay\b|\bto obtain your\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:licen[cs]ed,? (?:and )?not sold|lizenziert,? nicht verkauft|(?:(?:does|will) not|never) (?:expire|end)s?|"
    r"läuft (?:nicht|nie) ab|n['’]expire (?:pas|jamais))\b|"
    r"\b(?:\w*rechte?|eigentum|licen[cs]es?|rights|droits|derechos|diritti|rechten)\b[^.]{0,100}\b(?:erst|only|not|"
    r"uniquement|qu['’]|solo|soltanto|pas)\b[^.]{0,60}\b(?:zahlung|payment|paid|paiement|pago|pagamento|betaling)\b|"
    r"\b(?:if|when|whether|until|unless|falls|wenn|sofern|sobald|si|sauf|(?<!no )se|salvo|als|indien|tenzij|jeśli|gdy|"
    r"caso|(?:do|please|bitte) not|reply|antwort\w*|répond\w*|respond\w*|invoice|rechnung|facture|factura|fattura|"
    r"factuur)\b",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n\s*\n|\n(?=[^\n:]{2,40}:)|\x1e")
MIN_SENTENCE_WORDS = 4  # of words; fewer are a label, a name or a cell
_ADDRESS = re.compile(r"(?<!\S)\S+@\S+|https?://\S+")

# Beginnings of words, by what they say of a paper.
_DOUBTS = {
    "an offer": r"minuta|projekt umowy|projet de (?:contrat|cession|licence)|"
    r"offer|angebot|anbiet(?!er)|bieten wir|offre|oferta|ofrec|offriamo|vorschl[aä]g|proposal|propuesta|proposta|"
    r"quot(?:e|ation)|devis|presupuest|preventiv|orçament|wycen|estimat|schätzung|raming|voranschlag",
    "corrected": r"corrected|rectif|korrig|koryg|corrett|corrig|gecorrig|pr[oó][ -]?form|"
    r"cr[ée]dito?\b(?=[ \t]*(?:n[°o.]|note?|memo|invoice|\d|[#:]|$))",
    "cancelled": r"cancel|annul|storn|widerr?uf|revo[kc]|révo|rescind|withdr[ae]w|zurückgezog|hinfällig|nichtig|"
    r"ungültig|résili|anul|ingetrok|herroep|vervallen|unieważ|cofni",
    "paid back": r"refund|erstatt|rückzahl|rembours|reembols|rimbors|devoluc|terugbeta|zwrot|zwróc|gutschrift|abono|"
    r"credit ?not|kredietnot",
    "a part": r"provis|vorläufig|provvisor|voorlopig|tymczas|acompte|anzahl|abschlag|teilrechnung|"
    r"(?<!ritenuta d['’])acconto|anticip|voorschot|concept|zaliczk|zadatk|deposit\b|adiantament",
    "not yet": r"rechnung folgt|invoice (?:will )?follow|facture suivra|pending|unpaid|unbezahlt|ausstehend|impayé|"
    r"en attente|pendiente|in attesa|pendente|openstaand|reservier|reservation|réservation|vorgemerkt|subject to|"
    r"vorbehaltlich|sous réserve|behoudens",
    "refused": r"declin|reject|refus|abgelehnt|verweiger|rechaz|rifiut|afgewezen|odrzuc|recusad",
    "ended": r"expired|abgelaufen|expirée?\b|caducad|scadut|verlopen|wygas|expirad",
    "a reminder": r"remind|mahnung|zahlungserinner|relance|recordator|sollecit|herinner|aanmaning|przypomn|ponagl|"
    r"lembrete",
    "a demand": r"without permission|ohne (?:erlaubnis|genehmigung|zustimmung)|sin permiso|senza permesso|past use|"
    r"rückwirkend|r[eé]troa|compensation|entschädig|indemni|indenn|unauthori|ungenehmig|unberechtig|unerlaubt|"
    r"nachlizen|non autoris|no autorizad|non autorizz|não autorizad|infring|verletz|verstoß|abgelt|abzugelt|violaz|"
    r"schaden|lizenzanalog|anwalt|anwält|kanzlei|lawyer|attorney|solicitor|avocat|abogad|avvocat|advocat|adwokat|"
    r"advogad",
}
_DOUBT = Phrases(rf"\b(?:{'|'.join(_DOUBTS.values())})\w*", re.IGNORECASE)
# What an invoice for a picture itself says, an original or a print, and one for programs.
_CHOSEN = Phrases(  # the title of a list of what somebody likes or may buy
    r"^[ \t]*(?:(?:your|my|our|ihre?|meine?|unsere?|votre|vos|mes|tus?|sus?|mis|i tuoi|la tua) )?"
    r"(?:merk(?:liste|zettel)|wunsch(?:liste|zettel)|leucht(?:kasten|tisch)|vorauswahl|light[ -]?box|wish[ -]?list|"
    r"shortlist|favou?rites|favoriten|favoris|présélection|liste d['’]envies|lista de deseos|favoritos|preselección|"
    r"lista dei desideri|preferiti|preselezione|favorieten|verlanglijst)\b[^\n]{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)
_GOODS = Phrases(
    r"\b(?:original(?!\w*[ -]?(?:datei|file|größe|size|format|auflösung))|öl auf|acryl|oil on|huile sur|óleo sobre|"
    r"olio su|olieverf|olej na|leinwand|canvas|toile|tela\b|lienzo|doek\b|płót|gemälde|painting|peinture|pintura|"
    r"dipint|schilderij|skulptur|sculpt|gerahmt|rahmen\b|rahmung|framed|encadr|enmarcad|loan\b|leihgabe|bruikleen|"
    r"incornicia|ingelijst|passepartout|kunstdruck|fine art|giclée|handsigniert|sign(?:ed|iert|é)e?r? (?:print|edition|"
    r"druck|tirage)|versand|shipping|frais de (?:port|livraison)|gastos de envío|spese di spedizione|verzendkosten|"
    r"wysyłk|nummeriert|numbered|numérot|numerad|limited edition|édition limitée|fonts?\b|typeface|schriftart|software|"
    r"plug-?in|wordpress|install|\d{2,3} ?[x×] ?\d{2,3}\b(?! ?(?:px|pixel)))\w*",
    re.IGNORECASE,
)
LICENSING = Phrases(
    r"licen[csz]|lizen[zs]|licentie|licencj|licenç|(?:nutzungs|bild|veröffentlichungs|abdruck)(?:recht|honorar)|"
    r"\b(?:usage|reproduction|image|publication) (?:right|fee)|rights? (?:granted|of use)|\b(?:droits?|derechos?|"
    r"diritt[oi]|direitos?) (?:de? ?|d['’] ?)(?:l['’]|la )?(?:uso|usage|utili|explo|reprodu|auteur|autor|riprodu)|"
    r"cession des? droits|gebruiksrecht|praw\w* do",
    re.IGNORECASE,
)

USE = re.compile(
    r"\b(?:online|internet|web|site|sito|print|druck|social|app\b|newsletter|broschür|brochur|folder|flyer|magazin|"
    r"revista|rivista|tijdschrift|zeitschrift|zeitung|newspaper|presse|buch\b|book|livre|libro|boek|plakat|poster|"
    r"affiche|anzeige|titel(?:bild|seite)|cover|editorial|redaktionell|auflage|tirage|tirada|tiratura|oplage|nakład|"
    r"weltweit|worldwide|unbefristet|unlimited|perpetu|royalty|rights[ -]managed|lizenzfrei|\d+ (?:jahre?|years?|ans?|"
    r"años?|ann[io]|jaar|lat|anos?|monate?|months?|mois|mes(?:es|i)|maanden)\b)",
    re.IGNORECASE,
)


def words_against(text: str, *, known: bool = True) -> Iterator[str]:
    """What a paper says that means that it grants or proves nothing. `known`: its platform is."""
    text = _ADDRESS.sub(lambda address: " " * len(address[0]), text)
    yield from statuses_undone(text)
    for each in (VOID, _SPECIMEN, _UNPAID, _UNDONE_WORDS, *(() if known else (_DOUBT, _GOODS, _CHOSEN))):
        yield from (" ".join(found[0].split()) for found in each.finditer(text) if not in_terms(text, found.start()))
    yield from says_ended(text)


_IF_AFTER = re.compile(
    r"[^.!?;]{0,30}\b(?:if|when|upon|unless|wenn|falls|sofern|sobald|si|lorsque|cuando|quando|indien|wanneer|jeśli|gdy)\b",
    re.IGNORECASE,
)
_IF_BEFORE = re.compile(
    r"(?:^|[.!?;]\s|\n)\s*(?:wird|werden|wurde|sollten?|should|were)\b[^.!?;]{0,140}$", re.IGNORECASE
)


def says_ended(text: str) -> Iterator[str]:
    """Each sentence that says that a licence ended, and not only what would end it."""
    for sentence, start, end in notices_of_end(text):
        condition = in_terms(text, start) or _IF_AFTER.match(text, end) or _IF_BEFORE.search(text[:start][-160:])
        if not condition:
            yield sentence


_IN_CART = Phrases(
    r"^[ \t]*(?:(?:shopping |your |my )?cart|(?:ihr |mein )?warenkorb|(?:votre |mon )?panier|(?:tu |mi )?carrito|"
    r"carrello|winkelwagen|koszyk|carrinho)\b(?! ?\(0\))(?![^\n]*\|)|\bin (?:your|the) (?:shopping )?cart|"
    r"\b(?:in|im) (?:ihrem|deinem|den|dem)? ?warenkorb|\b(?:dans votre|au) panier|\ben (?:tu|su|el) carrito|"
    r"\bnel (?:tuo |suo )?carrello|\bin (?:je|uw|de) winkelwagen|\b(?:buy|checkout) now|jetzt kaufen|"
    r"acheter maintenant|comprar ahora|finalizar la compra|acquista ora|nu kopen|afrekenen|"
    r"\b(?:step|schritt|étape|paso|passo|stap|krok|etapa) \d (?:of|von|sur|de|di|van|z) \d\b|"
    r"\b(?:confirm|bestätigen|confirmer|confirmar|conferma(?:re)?|bevestigen) (?:and|&|und|et|y|e|en) "
    r"(?:pay|bezahlen|payer|pagar|pagare|betalen)\b|^[^\w\n]*(?:place|submit) (?:your )?order[^\w\n]*$|"
    r"\breview your order\b|vérifiez votre commande|prüfen sie ihre bestellung|(?:kosten|zahlungs)pflichtig bestellen|"
    r"revis[ae] (?:tu|su) pedido|controlla il tuo ordine|controleer (?:je|uw) bestelling|"
    r"^[ \t]*(?:(?:your|our|price) )?(?:\w+ )?quote\b|\bquote you (?:asked|requested)|"
    r"\bthanks? (?:you )?for your (?:enquiry|inquiry|request)|\bfür (?:ihre|deine) anfrage|\bpour votre demande|"
    r"\bpor (?:su|tu) (?:consulta|solicitud)|\bper la (?:sua|tua|vostra) richiesta|\bvoor (?:uw|je) aanvraag|"
    r"\bshared (?:a|an|the) (?:board|lightbox|collection)",
    re.IGNORECASE | re.MULTILINE,
)
_EXAMPLE = Phrases(
    r"\blooks like (?:this|the following)|\bsieht so aus|\bressemble à ceci|\bse ve así|\bsi presenta così|"
    r"\bziet er zo uit|\bwygląda (?:on |ona |ono )?tak|"
    r"\((?:an )?(?:example|beispiel|exemple|ejemplo|esempio|voorbeeld|przykład|exemplo)\)",
    re.IGNORECASE,
)


def shows_example(text: str) -> bool:
    """Whether a text explains what a paper looks like."""
    return bool(_EXAMPLE.search(text))


_PRINTS = Phrases(  # no words that a picture may be called by, as a poster on a wall
    r"\b(?:photographic|art|canvas|framed|giclée) prints?\b|\b(?:shipping|delivery) (?:address|costs?|method)|"
    r"\b(?:prints?|canvas|poster|druck|leinwand|tirage|toile|stampa|lienzo)\b"
    r".{0,30}?\d ?[x×] ?\d+ ?(?:in|inch|inches|cm|mm)\b|versandkosten|lieferadresse|frais de (?:port|livraison)|"
    r"gastos de envío|spese di spedizione|verzendkosten",
    re.IGNORECASE,
)


def is_unbought(text: str) -> bool:
    """Whether a text shows what somebody may still buy, a cart, a quote or a lightbox; or sells prints."""
    return bool(_IN_CART.search(text) or _PRINTS.search(text))


_PLAN = (
    r"(?:on[ -]demand|image packs?|credit packs?|ultrapack|subscription|membership|abonn?ement\w*|abbonament\w*|"
    r"suscripci[oó]n|subskrypcj\w*|assinatura|(?:jahres|monats)?abo\b|(?:premium|pro|team|plus|elements|unlimited) "
    r"(?:yearly|annual|monthly|annuale|mensile|annuel|mensuel|anual|mensual|jährlich|monatlich|jaarlijks|maandelijks)|"
    r"\d+ (?:credits?|crédits?|créditos|crediti|images|downloads|bilder|fotos|kredyt\w*)\b)"
)
_PLAN_SOLD = Phrases(  # with its price, or behind a label
    rf"^[^\n:]{{0,60}}{_PLAN}[^\n]{{0,80}}(?:[€£$]\s?\d|\d[.,]\d\d(?!\d))|"
    r"^[ \t]*(?:plan|product|article|artikel|produkt|produit|producto|prodotto|produto|subscription|abonnement)"
    rf"(?:[ \t]*:[ \t]*|\t[ \t]*|[ \t]{{2,20}}|[ \t]*\n[ \t]*)[^\n]{{0,60}}{_PLAN}",
    re.IGNORECASE | re.MULTILINE,
)
_RENEWS = Phrases(
    r"\b(?:membership|subscription|plan|abo(?:nnement)?|abbonamento|suscripción) (?:will |wird |sarà |se )?"
    r"(?:renew|verlänger|rinnov|renuev|renovar|renouvel)\w*|\brenewal date\b",
    re.IGNORECASE,
)


# The order took them from the pack that it bills, as it says: `your images have been licensed`.
_LICENSED = Phrases(
    r"\b(?:images?|files?|photos?|assets?|clips?|items?) (?:\w+ ){0,3}(?:have|has|were|was) (?:been |"
    r"just )?licen[cs]ed\b|"
    r"\b(?:bilder|dateien|bild|datei) (?:wurden?|haben sie) (?:\w+ )?lizenziert\b",
    re.IGNORECASE,
)


def pays_for_plan(text: str, numbers: Iterable[str]) -> bool:
    """Whether what a receipt bills is a plan, credits or a pack; `numbers` are of the items that it lists.

    A platform shows with it what one might download. An item that is paid for with credits stands in their line.
    """
    if _LICENSED.search(text):
        return False
    of_items = {line for line in text.splitlines() if any(number in line for number in numbers)}
    rest = "\n".join(line for line in text.splitlines() if line not in of_items)
    return bool(_PLAN_SOLD.search(rest) or _RENEWS.search(rest))


def is_own_order(text: str) -> bool:
    """Whether the agency itself placed an order with this text.

    A platform's order repeats the agency's number behind the same words, below what it licenses.
    """
    found = _OWN_ORDER.finditer(text)
    return any(
        not (
            each["title"]
            and (
                _INVOICE.search(text, 0, each.start())
                or (_REFERENCE.match(text, each.end()) and names_grant(text[: each.start()]))
            )
        )
        for each in found
    )


def statuses_undone(text: str) -> Iterator[str]:
    """Each line of a paper that states a status which is not one of those that mean that all is done."""
    yield from (" ".join(found[0].split()) for found in _STATUS.finditer(text) if undone(found["value"]))


def undone(status: str) -> bool:
    """Whether a status is none that means that all is done. Of the many that mean something else none is known."""
    return not _DONE.match(status.strip()) or bool(DENIED_STATUS.search(status))


def denies(text: str) -> bool:
    """Whether a sentence of an order's letter says that something about it is not so, or not yet."""
    sentences = (each for each in _SENTENCES.split(text) if each and len(each.split()) >= MIN_SENTENCE_WORDS)
    return any(_DENIAL.match(each) and not _CONDITION.search(each) for each in sentences)


def awaits(text: str) -> bool:
    """Whether an order's letter says what must still happen before there is a licence."""
    return bool(_AWAITED.search(text))


def doubtful(title: str) -> bool:
    """Whether a paper's title says that it is an offer, a correction, a reminder or the like."""
    return bool(_DOUBT.search(title))


def in_terms(text: str, place: int) -> bool:
    """Whether the text at a place speaks of what may be in general, not of this paper's licence."""
    return bool(_IN_TERMS.search(text[max(0, place - 100) : place]))


def speaks_of_licensing(text: str, uses: Iterable[str]) -> bool:
    """Whether a text names a licence, rights of use or a fee for them, or each of the `uses` a medium or a time."""
    uses = list(uses)
    return bool(LICENSING.search(text) or (uses and all(map(USE.search, uses))))


def is_demand(text: str) -> bool:
    """Whether a text demands something for the use of a picture."""
    return bool(DEMAND.search(text) and PICTURE.search(text))
