"""Read what photographers and small agencies write when they license pictures or music: mails, agreements and invoices.

Nobody knows these sellers, so nothing is known of how their papers look. Such a paper counts only if it says all of
this: who grants, in a sentence, a title or an invoice that it is done, and what, by its number. It is never sure: a
person confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from archiver.core.model import DocumentKind
from archiver.reading.certificates import Paper, Sure
from archiver.reading.letter_thread import ThreadMessage, in_order, split_thread
from archiver.reading.licence_values import licence_of
from archiver.reading.not_granted import (
    ASKING,
    DEMAND,
    NO_RECEIPT,
    PAID_BACK,
    UNDECIDED,
    awaits,
    in_terms,
    is_own_order,
    speaks_of_licensing,
    words_against,
)
from archiver.reading.number_labels import called_by
from archiver.reading.paper_parties import (
    FIRM,
    HOST,
    INVOICE,
    LICENSOR,
    MAX_HEAD_CHARACTERS,
    OF_RIGHTS,
    Envelope,
    day_of_paper,
    licensee_of,
    own_hosts,
    seller_of,
)
from archiver.reading.picture_numbers import (
    SPEAKS_OF_PICTURES,
    all_clear,
    called,
    listed,
    may_list,
    named,
    rows,
    without_captions,
    without_subjects,
)
from archiver.reading.platforms import OTHER_PLATFORM, marked, titled
from archiver.reading.undoubted import agrees, languages_of, wishes, without_asides
from archiver.reading.unfilled import has_blank

MAX_PICTURES = 500  # of one paper
MAX_TEXT_CHARACTERS = 12_000  # of a paper; a longer one is a book
MAX_HEAD_LINES = 12  # from the beginning of an agreement, in which it has its title
MAX_TITLE_WORDS = 6


@dataclass(frozen=True)
class Tongue:
    """How one language grants: what somebody does, or did for the reader, and with what.

    `lets` gives leave to use something, which an offer does as well: it counts once the fee is paid. `doubt` is what
    makes it a wish or a condition; `charges` is how an invoice says in a sentence what it is for.
    """

    does: str
    did: str
    rights: str
    doubt: str
    charges: str
    lets: str


_SELLER_DE = r"(?:lizenzgeber|fotograf|urheber|bildautor|bildagentur|agentur|rechteinhaber)(?:in)?"
_TONGUES: Mapping[str, Tongue] = {
    "de": Tongue(
        r"\b(?:räumen?|erteilen?|übertragen?|lizenzieren?|gewähren?|gestatten?) (?:ich|wir)\b|"
        r"\b(?:ich|wir) (?:hiermit |hierdurch )?(?:räumen?|erteilen?|übertragen?|lizenzieren?|gewähren?|gestatten?)\b|"
        r"\berlauben? (?:ich|wir) (?!mir|uns)|\b(?:ich|wir) erlauben? (?!mir|uns)|"
        rf"\b{_SELLER_DE} (?:hiermit )?(?:räumt|gewährt|erteilt|überträgt)\b|\bräumt (?:der|die) {_SELLER_DE}\b|"
        r"\b(?:gebe|geben) (?:ich|wir)\b[\s\S]{0,300}\bfrei\b|\b(?:ich|wir) geben?\b[\s\S]{0,300}\bfrei\b|"
        r"\bbestätigen? (?:ich|wir)\b[\s\S]{0,80}\b(?:lizenzierung|nutzungsfreigabe|einräumung|rechteeinräumung)\b|"
        r"\bbestätigen? (?:ich|wir)\b[\s\S]{0,200}\b(?:nutzen|verwenden|veröffentlichen) (?:darf|dürfen)\b|"
        r"\b(?:ist|sind) hiermit (?:erteilt|eingeräumt|lizenziert|freigegeben)\b|\bhiermit erhalten sie\b|"
        r"\berhalten sie hiermit\b|"
        r"\b(?:sie|ihr|du) (?:dürfen|dürft|darfst)\b|\b(?:dürfen|dürft|darfst) (?:sie|ihr|du)\b|"
        r"\bhiermit\b[\s\S]{0,200}\b(?:erteilt|eingeräumt|übertragen|gestattet|gewährt|lizenziert|freigegeben)\b|"
        r"\b(?:ist|sind) (?:damit|nun|jetzt|somit) (?:\w+ )?(?:erteilt|eingeräumt|lizenziert|freigegeben)\b|"
        r"\b(?:hier|anbei)(?: (?:ist|kommt|kommen|sind|findest du|finden sie|findet ihr))? (?:die|deine?|ihre?|"
        r"eure?) (?:\w+ )?(?:\w*lizenz|nutzungsrechte?|freigabe)\b|"
        r"\b(?:gilt|gelten|dient) (?:\w+ )?als (?:\w+ )?(?:\w*lizenz|nutzungs\w+|freigabe|erlaubnis|genehmigung)",
        r"\b(?:habe|haben) (?:ich|wir)?\b[\s\S]{0,300}\b(?:eingeräumt|lizenziert|erteilt|übertragen|freigegeben)\b|"
        r"\b(?:eingeräumt|lizenziert|erteilt|übertragen|freigegeben) (?:habe|haben)\b|"
        r"\b(?:sie|ihr) hab(?:en|t)\b[\s\S]{0,300}\berworben\b",
        r"nutzungsrecht|nutzungslizenz|bildlizenz|lizenz|nutzung|nutzen|verwend|veröffentlich|abdruck|\bfrei\b",
        r"würden?|könnten?|sollten?|möchten?|wollen|wenn|falls|sofern|sobald|nicht|keine?\w?|niemals|erst|werden?|wird|"
        r"dann|(?:nach|mit|bei|vor|gegen) (?:\w+ )?(?:zahlung|eingang|bezahlung|zahlungseingang|begleichung|"
        r"bestellung|buchung|beauftragung|freigabe|"
        r"bestätigung|kauf)\w*|"
        r"anfrage|vorbehalt\w*|einem anderen|anderweitig|gerne? (?:räum|erteil|lizenz|gewähr|übertrag)\w*|üben|"
        r"übung\w*|privat|testen|layout\w*|vorschau\w*|"
        r"ansicht\w*|vorab|später|künftig\w*",
        r"\b(?:berechnen?|stellen?) (?:ich|wir)\b|\b(?:ich|wir) (?:berechnen?|stellen?)\b|\bzu berechnen\b|"
        r"\bin rechnung\b|"
        r"\b(?:meine|unsere) (?:honorar)?rechnung\b",
        r"\b(?:hast|haben|habt|besitz\w+) (?:du|sie|ihr)\b[\s\S]{0,40}\b(?:\w*lizenz|\w*rechte?|freigabe|erlaubnis)|"
        r"\b(?:du|sie|ihr) (?:hast|haben|habt|besitz\w+)\b[\s\S]{0,40}\b(?:\w*lizenz|\w*rechte?|freigabe|erlaubnis)|"
        r"\bbestätigen? (?:ich|wir)\b[\s\S]{0,60}\b(?:nutzung|verwendung|veröffentlichung|\w*lizenz|\w*rechte?)\b|"
        r"\b(?:kannst|können|könnt) (?:du|sie|ihr)\b|\b(?:du|sie|ihr) (?:kannst|können|könnt)\b|"
        r"\b(?:ist|sind)\b[\s\S]{0,60}\b(?:lizenziert|freigegeben|freigeschaltet)\b",
    ),
    "en": Tongue(
        r"\b(?:i|we)(?: am| are)?(?: hereby| herewith| pleased to| do)*"
        r" (?:grant|license|licence|authori[sz]e|assign|give)\b|\bhereby (?:grant|license|authori[sz]e)s?\b|"
        r"\bgrants (?:to )?the (?:licensee|client|customer)\b|"
        r"\b(?:licensor|photographer|author|agency|undersigned)"
        r"(?: hereby)? (?:grants|licen[cs]es)\b|\b(?:is|are) (?:hereby )?(?:issued|granted|licen[cs]ed) (?:to|an?|"
        r"the)\b|"
        r"\b(?:take|accept|consider|treat) this(?: (?:e-?mail|letter|message|note))?(?: as| to be)? (?:your|our|my|"
        r"an?|the) "
        r"(?:\w+ )?(?:licen[cs]e|permission|grant)\b|\bthis(?: (?:e-?mail|letter|message|note|document))? (?:is|"
        r"serves as|"
        r"acts as|counts as|constitutes) (?:your|our|my|an?|the) (?:\w+ )?(?:licen[cs]e|permission|grant)\b|"
        r"\b(?:licen[cs]e|rights?|permission)\b[^.\n]{0,60} (?:is|are) (?:hereby )?(?:granted|issued|given) (?:by|"
        r"on|for)\b|"
        r"\bhere(?:['’]s| is| comes| are) (?:your|the) (?:[\w-]+ )?(?:licen[cs]es?|permission|rights)\b|"
        r"\byou(?:['’]re| are) (?:now |hereby |fully |all )*licen[cs]ed\b|"
        r"\b(?:i|we|to|letter|hereby|herewith) confirm(?:s|ing)?(?: to you)? that\b[\s\S]{0,120}\b(?:has|have|is|are|"
        r"holds?) (?:been |now |hereby )*(?:an? |the |my |our |full )?(?:[\w-]+ )?(?:licen[cs]\w*|rights?\b|permission|"
        r"granted|authori\w+|acquired|purchased|bought|obtained)|\b(?:i|we|to|hereby) confirm (?:the|"
        r"your) (?:licen[cs]|grant)|"
        r"\byou(?:['’]re| are| have)? (?:now )?(?:may|welcome to|free to|licen[cs]ed to|authori[sz]ed to|allowed to|"
        r"my permission to|our permission to|permission to) (?:now )?(?:use|publish|reproduce)\b",
        r"\b(?:i|we) have (?:hereby |now )?(?:granted|licen[cs]ed|issued)\b",
        r"licen[cs]|\brights?\b|permission|\busage\b|\buse\b|reproduc|publish",
        r"would|could|should|might|will|shall|if|not|no|never|unless|once|as soon as|until|when|after|before|"
        r"subject to|pending|"
        r"(?:up)?on (?:receipt|payment)|with payment|from the (?:day|moment|date) (?:the|your|you|we|i)|another|"
        r"someone else|publisher|private|request\w*|comp|comping|layouts?|"
        r"previews?|later|in future|(?<!acknowledge )(?<!confirm )receipt of your",
        r"\b(?:i|we) (?:hereby )?(?:charge|invoice|bill) (?:you|to)\b|\b(?:my|our) invoice\b",
        r"\byou can (?:now |go ahead and )*(?:use|publish|run|print|reproduce|post)\b|\byou(?:['’]re| are) (?:now |"
        r"all )*"
        r"(?:clear|cleared|covered|set|good)\b|\byou (?:now )?(?:have|hold|own) (?:\w+ ){0,3}(?:licen[cs]e|rights?|"
        r"permission)\b|\b(?:is|are) (?:now |all |fully )*(?:licen[cs]ed|cleared)\b|\byour licen[cs]e (?:for|"
        r"covers|includes)\b|\b(?:happy|glad|delighted) to (?:license|licence|grant)\b|"
        r"\b(?:below|attached|enclosed)(?: is| are| you find)? (?:the|your) (?:[\w-]+ )?licen[cs]e|"
        r"\bconfirm(?:ing)? (?:the |your |my )?(?:\w+ )?(?:licen[cs]\w*|usage|use|rights|permission)\b",
    ),
    "fr": Tongue(
        r"\bvous êtes (?:donc |ainsi )?autorisée?s?\b|\bje (?:vous |te )?(?:cède|concède|accorde|autorise|octroie|"
        r"donne)\b|\bnous (?:vous )?(?:cédons|concédons|"
        r"accordons|autorisons|octroyons)\b|\b(?:cédant|photographe|auteur|concédant|agence)e?(?: soussignée?)? "
        r"(?:cède|concède|accorde)\b|\b(?:est|sont) (?:(?:donc|ainsi|désormais|maintenant) )?(?:"
        r"(?:cédé|concédé|accordé|autorisé)e?s?|sous licence)\b|"
        r"\bconfirm(?:e|ons)\b[\s\S]{0,160}\b(?:dispose|bénéficie|détient|a acquis|cession|est autorisée?)\b",
        r"\b(?:ai|avons|avoir) (?:bien )?(?:cédé|concédé|accordé)\b",
        r"droits?\b|licence|utilis|reproduc|exploit|publi",
        r"si|sera|seront|serait|serions|pourr\w+|voudr\w+|pas|ne|aucune?|sauf|dès|après|sous réserve|demande|maquette|"
        r"aperçus?|volontiers|lorsque|quand|à réception",
        r"\b(?:je|nous) vous factur(?:e|ons)\b|\b(?:ma|notre) (?:facture|note)\b",
        r"\bconfirm(?:e|ons) (?:\w+ )?(?:licence|droits|cession)\b|\b(?:vous pouvez|tu peux)\b|\b(?:vous (?:avez|"
        r"disposez)|tu (?:as|disposes)) (?:\w+ )?(?:de )?(?:la licence|"
        r"les droits|du droit|le droit|des droits|l['’]autorisation)|\b(?:voici|ci-jointe?) (?:la|votre|ta) licence\b|"
        r"\b(?:vaut|valent|fait office de|tient lieu de) (?:\w+ )?(?:licence|autorisation|cession)",
    ),
    "es": Tongue(
        r"\b(?:cedo|concedo|otorgo|autorizo|licencio|cedemos|concedemos|otorgamos|autorizamos)\b|\bquedan? (?:cedid|"
        r"concedid|otorgad|licenciad|autorizad)[oa]s?\b|"
        r"\b(?:cedente|licenciante|fotógraf[oa]|autora?|agencia) (?:cede|"
        r"concede|otorga)\b|\bse (?:ceden?|conceden?|otorgan?|autorizan?)\b|"
        r"\bconfirm(?:o|amos)\b[\s\S]{0,120}\b(?:tiene|dispone|ha adquirido|cesión|concesión|queda autorizada?)\b",
        r"\b(?:he|hemos|haber) (?:cedido|concedido|otorgado|autorizado)\b",
        r"derechos?|licencia|\buso\b|utiliza|reproduc|public",
        r"(?:si|se)(?! (?:ced|conced|otorg|autori))|sería|podría\w*|no|ningún|ninguna|cuando|hasta|salvo|tras|"
        r"después|previo|una vez|solicitud|muestras?|"
        r"maqueta|con gusto|querría\w*",
        r"\b(?:le|les|os) factur(?:o|amos)\b|\b(?:mi|nuestra) factura\b",
        r"\b(?:puedes?|pueden|podéis)\b|\b(?:aquí (?:tienes?|tienen|está)|adjunto) (?:la|su|tu|vuestra) licencia\b|"
        r"\b(?:tienes?|tienen|tenéis) (?:\w+ ){0,3}(?:licencia|derechos?|permiso)|"
        r"\b(?:vale|sirve) (?:como|de) (?:\w+ )?(?:licencia|autorización|permiso)|\bconfirm(?:o|"
        r"amos) (?:\w+ )?licencia",
    ),
    "it": Tongue(
        r"\b(?:concedo|cedo|autorizzo|rilascio|concediamo|cediamo|autorizziamo|rilasciamo)\b|"
        r"\b(?:licenziante|fotograf[oa]|cedente|autore|agenzia) (?:concede|"
        r"cede)\b|\bsi (?:concede|concedono|cede|cedono|autorizza)\b|"
        r"\bconferm(?:o|iamo)\b[\s\S]{0,120}\b(?:dispone|ha acquisito|la licenza d|concessione|è autorizzat[oa]|"
        r"detiene)\b",
        r"\b(?:ho|abbiamo|aver) (?:concesso|ceduto|autorizzato|rilasciato)\b",
        r"diritt[oi]|licenza|\buso\b|d['’]uso|utilizz|riprodu|pubblic",
        r"(?:si|se)(?! (?:ced|conced|otorg|autori))|sarebbe|sarà|saranno|potre\w+|vorre\w+|non|nessun\w?|quando|"
        r"salvo|purché|dopo|previo|una volta|"
        r"richiesta|volentieri|anteprim\w+|bozz\w+",
        r"\b(?:le|vi) fattur(?:o|iamo)\b|\b(?:mia|nostra) fattura\b",
        r"\bconferm(?:o|iamo) (?:\w+ )?(?:licenza|diritti)\b|\b(?:può|puoi|potete|possono)\b|\becco (?:la|"
        r"le) (?:\w+ )?licenz[ae]\b|"
        r"\b(?:ha|hai|avete) (?:\w+ ){0,3}(?:licenza|diritt[oi]|permesso)|"
        r"\b(?:vale|serve) (?:come|da) (?:\w+ )?(?:licenza|autorizzazione|permesso)",
    ),
    "nl": Tongue(
        r"\b(?:verleen|geef|licentieer)\b(?: \w+){0,2} (?:ik|wij|we)\b|\b(?:ik|wij|we) (?:hierbij )?(?:verleen|"
        r"verlenen|"
        r"geef|geven|licentiëren)\b|\b(?:verlenen|geven) (?:wij|we)\b|\b(?:licentiegever|fotograaf|maker|bureau) "
        r"verleent\b|"
        r"\bbevestig(?:en)?\b[\s\S]{0,120}\b(?:beschikt|heeft verkregen|licentie)\b|\b(?:je|u|jullie) (?:mag|mogen)\b|"
        r"\b(?:dat)\b[\s\S]{0,120}\bheeft (?:verkregen|gekregen)\b",
        r"\b(?:heb|hebben)\b[\s\S]{0,120}\b(?:verleend|gegeven)\b",
        r"licentie|gebruik|rechten?\b|toestemming|publi",
        r"als|indien|zou|zouden|zal|zullen|kan|kunnen|niet|geen|zodra|mits|na|aanvraag|voorbeeld\w*|wanneer|wil|"
        r"willen|graag",
        r"\bfactureer (?:ik|wij)\b|\b(?:mijn|onze) factuur\b",
        r"\bhierbij (?:de|je|jullie|uw) (?:\w+ )?(?:licentie|toestemming|rechten)\b|"
        r"\b(?:heb|hebben|heeft|hebt) (?:je|jullie|u)\b[\s\S]{0,40}\b(?:licentie|rechten|toestemming)|"
        r"\b(?:je|jullie|u) (?:hebt|hebben|heeft)\b[\s\S]{0,40}\b(?:licentie|rechten|toestemming)|"
        r"\bgeldt als (?:\w+ )?(?:licentie|toestemming)",
    ),
    "pl": Tongue(
        r"\b(?:udzielam|udzielamy|zezwalam|zezwalamy|wyrażam zgodę|wyrażamy zgodę|przenoszę|przenosimy)\b|"
        r"\b(?:licencjodawca|fotograf|autor|agencja) (?:udziela|przenosi)\b|"
        r"\bpotwierdza(?:m|my)\b[\s\S]{0,120}\b(?:udzieleni\w+|nabył\w*|posiada|otrzymał\w*)\b",
        r"\b(?:udzieliłem|udzieliłam|udzieliliśmy)\b",
        r"licencj|\bpraw\w*|użyci|korzysta|wykorzyst|publik",
        r"jeśli|jeżeli|gdy|gdyby|nie|po|będzie|będą|móg\w+|mogł\w+|pod warunkiem|chętnie|zapytani\w+|podgląd\w*",
        r"\b(?:moja|moją|nasza|naszą) faktur[aęą]\b",
        r"\b(?:mogą państwo|możesz|możecie|może pan|może pani)\b|\bw załączeniu licencja\b",
    ),
    "pt": Tongue(
        r"\b(?:concedo|cedo|autorizo|licencio|concedemos|cedemos|autorizamos|licenciamos)\b|"
        r"\b(?:licenciante|cedente|fotógraf[oa]|autora?|agência) (?:concede|cede)\b|\b(?:é|são) (?:concedid|"
        r"cedid)[oa]s?\b|"
        r"\bconfirm(?:o|amos)\b[\s\S]{0,120}\b(?:tem|dispõe|adquiriu|cedência|cessão|detém)\b",
        r"\b(?:concedi|cedi)\b",
        r"direitos?|licença|\buso\b|utiliza|reprodu|public",
        r"(?:si|se)(?! (?:ced|conced|otorg|autori))|seria|será|poderia\w*|não|nenhum\w?|quando|caso|após|depois|"
        r"salvo|mediante|pedido de|com gosto|amostras?",
        r"\b(?:minha|nossa) fatura\b",
        r"\b(?:pode|podem|podes)\b|\b(?:segue|aqui está) a (?:\w+ )?licença\b|\btem (?:\w+ ){0,3}(?:licença|direitos?|"
        r"os direitos)",
    ),
}
_DOES = {name: re.compile(each.does.replace(" ", r"\s+"), re.IGNORECASE) for name, each in _TONGUES.items()}
_DID = {name: re.compile(each.did.replace(" ", r"\s+"), re.IGNORECASE) for name, each in _TONGUES.items()}
_LETS = {name: re.compile(each.lets.replace(" ", r"\s+"), re.IGNORECASE) for name, each in _TONGUES.items()}
_CHARGES = {name: re.compile(each.charges, re.IGNORECASE) for name, each in _TONGUES.items()}
_RIGHTS = {name: re.compile(each.rights, re.IGNORECASE) for name, each in _TONGUES.items()}
_DOUBTED = {name: re.compile(rf"(?<!\w)(?:{each.doubt})(?!\w)", re.IGNORECASE) for name, each in _TONGUES.items()}
# What a licence is not, which is no doubt about it: not exclusive, not transferable. `Image no.` is a label.
_NO_DOUBT = re.compile(
    r"\bno(?:\.|(?=[ ]?[:#]|[ ]\d))|\bci-après\b|\b(?:once only|only once|(?:used?|published?|printed?) once)\b|"
    r"\bnon-(?=[a-z])|\b(?:wird|werden) (?=hiermit|hierdurch)|(?<=hiermit )(?:wird|werden)\b|"
    r"\buntil (?=[^.]{0,20}\d{4})|"
    r"\b(?:non|nicht|not|no|niet|não|nie|pas|un)[\s-]{0,2}(?:(?:è|es|é|jest) )?(?:ausschlie(?:ß|ss)|exclu|"
    r"exklus|esclus|wyłączn|übertragbar|"
    r"transf|trasfer|overdraag|limit|begrenz|bis auf widerruf)\w*",
    re.IGNORECASE,
)

# How invoices, offers and orders are numbered; no author numbers pictures so.
_OF_A_PAPER = re.compile(r"(?:RE|RG|RN|INV|FV|FA|HN|ANG|AG|PO|QU|EST|CN|GS|BC|LS)[-_/ ]?\d+(?:[-/]\d+)?$")
# What lists several invoices, or what a seller pays to an author.
_STATEMENT = re.compile(
    r"\b(?:statement|summary|overview|list|history|übersicht|aufstellung|liste|relevé|récapitulatif|extracto|resumen|"
    r"listado|estratto|elenco|overzicht|zestawienie|extrato|resumo)\b",
    re.IGNORECASE,
)
# Anything may be sold for a use: beside such a word a medium or a time must stand, or a column of pictures' numbers.
_USE = re.compile(
    r"\b(?:nutzung|verwendung|usage|use of|gebruik|utilisation|reproduction|uso|utilizzo|utilización|utilização|"
    r"veröffentlichung|"
    r"abdruck|publication|parution|publicación|pubblicazione|publicatie)",
    re.IGNORECASE,
)
_USE_HEADING = re.compile(
    rf"{_USE.pattern}|\b(?:use|rights|rechte|droits|derechos|diritti|rechten|praw[ao]|direitos)\b", re.IGNORECASE
)
_USAGE = re.compile(r"\b(?:usage|nutzung|utilisation|utilización|utilizzo|gebruik|utilização)\b", re.IGNORECASE)
_TOTAL = re.compile(
    r"\b(?:zwischen|gesamt|end)?(?:summe|gesamt\w*|total\w*|totaal\w*|sub-?tota{1,2}l\w*|"
    r"sous-total|gst|hst|moms|base imponible|imponibile|montant|"
    r"netto|brutto|rechnungsbetrag|zzgl|mwst|ust|umsatzsteuer|vat|tva|iva|btw|tax|razem|suma|amount due|balance)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?<![\d,])(?<!\d\.)\d[\d.' ]{0,9}[.,]\d\d(?![\d.])|[€$£] ?\d|\d ?(?:€|eur\b|chf\b|pln\b|zł)", re.IGNORECASE
)
_PRICE = re.compile(r"(?<![\d,])(?<!\d\.)\d[\d.' ]{0,9}[.,]\d\d(?![\d.])")

# Words that mean something else in other papers: whom to name beside the picture; in Spanish the object of a line;
# above a mail that is passed on.
_NAMING = re.compile(
    r"-{2,5} ?original message ?-{2,5}|"
    r"\b(?:(?:photo|foto|image|picture|mention\w*|citad|cite|bild)[^\n.]{0,30})?\bcr[ée]dit(?:o|os|s|"
    r"i)?\b(?! ?(?:note|nota|n°|fact))"
    r"(?=[^\n]{0,40}(?:©|\(c\)|photo|foto|appreciated|obligat|required|requested|essential|necessary|optional|welcome|"
    r"nice\b|please|line|name|:))|\bmentionner le crédit\b|"
    r"\bconcepto\b",
    re.IGNORECASE,
)
# The usual term of an invoice: what it says of rights is said of those that are not paid. And where it may be signed.
_UNTIL_PAID = re.compile(
    r"^[ \t]*[._]{4,60}(?:[ \t]+[._]{4,60})?[ \t]*$|"
    r"\bno rights? (?:pass|transfer|are granted|is granted)[^.\n]{0,40}\b(?:until|before)\b[^.\n]{0,60}\b(?:paid|"
    r"settled|payment)",
    re.IGNORECASE | re.MULTILINE,
)
# How the buyer calls a work of its own.
_TITLE_OF_WORK = re.compile(
    r"^[ \t|]*(?:project|projekt|projet|proyecto|progetto|production|produktion|produktie|job)[ \t]*[:|\t][^\n]{0,120}|"
    r"“[^”\n“]{1,80}”|«[^»\n«]{1,80}»|„[^“\n„]{1,80}“",
    re.IGNORECASE | re.MULTILINE,
)
# What a paper with such words is, beside all that speaks against any paper: no licence of an author to a user.
_ANOTHER_DEAL = re.compile(
    r"\b(?:(?:model|property)[ -]?(?:release|vertrag|freigabe)|release form|einverständniserklärung|willigt?\b|"
    r"einwillig|"
    r"abgebildete|recht am eigenen bild|rechte am eigenen bild|droit à l['’]image|derechos? de imagen|liberatoria|"
    r"portretrecht|quitclaim|"
    r"sub-?licen[cs]|unterlizen|weiterlizen|sous-licen|sublicenc|sublicenz|vertrieb|vertreib|vermarkt|contributor|"
    r"revenue|beteiligung|umsatz(?!steuer)|commissioned|commission of|in auftrag geben|beauftrag|"
    r"nachträglich|bereits (?:erfolgt|veröffentlicht|genutzt|verwendet)|already (?:been )?(?:used|published)|"
    r"retrospective|a posteriori|déjà (?:publi|utilis)|ya (?:publicad|utilizad)|già (?:pubblicat|utilizzat)|"
    r"achteraf|reeds (?:gepubliceerd|gebruikt)|"
    r"zur unterschrift|unterschrieben zurück|unterzeichnet zurück|bitte unterschr|please sign|sign and return|"
    r"counter-?sign|à signer|retourner signé|para firmar|da firmare|ter ondertekening|do podpisu|para assinar|"
    r"keine (?:\w+ )?(?:nutzungs|verwertungs|lizenz)\w*|ohne (?:\w+ )?(?:nutzungsrecht|lizenz)\w*|"
    r"no (?:\w+ )?(?:rights?|licen[cs]e) (?:\w+ )?(?:granted|included|transferred|is|are)|"
    r"(?:does|do) not (?:include|transfer|grant)|aucune? (?:droit|licence|cession)|ningún derecho|nessun diritto|"
    r"geen (?:gebruiks|licentie|rechten)\w*|"
    r"contest|competition|wettbewerb|concours|concurso|concorso|wedstrijd|for (?:re)?distribution|for resale|"
    r"verlänger(?:n|ung)|renew|prolong(?:er|ation)|rinnov|verleng(?:en|ing)|"
    r"przedłuż|renovar|"
    r"(?:takes? effect|into force|in kraft|vigueur|prend effet|vigore?|in werking|w życie)\b[^.\n]{0,40}"
    r"\b(?:sign|unterschr|unterzeichn|firma|ondertek|podpis|assin)\w*|"
    r"weiterberech|noch offen|still (?:open|unpaid|outstanding)|toujours impay|todavía pendiente|ancora aperta|"
    r"let me know (?:if|whether) (?:that|this|it|you(?:['’]d| would)?(?: like| want| agree))|let me know which|"
    r"(?:geben|gebt|gib)[^.?!]{0,30} bescheid, (?:ob|welche)|passt das|einverstanden ?\?|fammi sapere|"
    r"faites-moi savoir|"
    r"avísame|laat (?:het )?(?:me|mij|ons) weten (?:of|welke)|ziehe?n? (?:ich|wir)|nicht (?:mehr )?(?:verwenden|"
    r"nutzen))",
    re.IGNORECASE,
)
_OTHER_WORK = re.compile(
    r"\b(?:(?:foto)?shootings?|fotoproduktion|fotoarbeiten|aufnahmetag|tagessatz|tagespauschale|halbtag|half[- ]day|"
    r"day rate|full day|photo ?shoot|prises? de vue|séance photo|sesión (?:de fotos|fotográfica)|jornada|"
    r"servizio fotografico|shooting|fotosessie|sesja|\w*reportage|hochzeit\w*|wedding|fahrtkosten|anfahrt|"
    r"reisekosten|travel|déplacement|"
    r"desplazamiento|trasferta|reiskosten|assisten[zt]\w*|bildbearbeitung|retusch\w*|retouch\w*|workshop|seminar|"
    r"fotokurs|atelier photo|taller de|corso di|cursus|gestaltung|grafikdesign|logo|webdesign|satz und|reinzeichnung|"
    r"druckerei\w*|imprimerie|imprenta|tipografia|drukkerij|drukarnia|auslagen|fremdleistung\w*|disbursements?|"
    r"re-?charged?|rebill\w*|débours|refacturation|suplidos|anticipazioni|doorbelast\w*|hired?|rentals?|props?|miete|"
    r"mietpreis|verleih\w*|alquiler|noleggio|huur|druck(?:kosten|auftrag)|abzüge?|prints|tirages?|stampe|afdruk\w*|"
    r"odbitk\w*|bilderrahmen|hours?|stunden?|heures|"
    r"horas|uren)\b",
    re.IGNORECASE,
)
_BLANK = re.compile(r"_{4,}|\.{6,}(?!\.|[ \t]*[^\s\d]{0,4}[ ]?\d)|…{2,}|\bx{4,}\b|\[[ .]{2,}\]", re.IGNORECASE)

# What is said of a licence that is over, or comes later, or of a use at home.
_NOT_NOW = re.compile(
    r"\b(?:ended|ran out|lapsed|endete|ausgelaufen|échue|terminó|venció|follows(?! up)|tomorrow|soon|shortly|"
    r"\w{1,4}['’]ll|folgt|folgen|(?<!guten )(?<!goede )morgen|demnächst|"
    r"in kürze|"
    r"suivra|demain|bientôt|prochainement|mañana|pronto|próximamente|seguirà|domani|a breve|volgt|binnenkort|straks|"
    r"amanhã|em breve|jutro|wkrótce|personal use|at home|eigengebrauch|eigenbedarf|usage (?:personnel|privé)|"
    r"uso (?:personale?|privado|privato|pessoal)|eigen gebruik|thuis|użytek własny)\b",
    re.IGNORECASE,
)
_OTHER_WORKS = re.compile(
    r"\b(?:logos?|software|serien-?nummer|serial|drehgenehmigung|"
    r"fonts?|"
    r"schrift(?:art)?|texte?n?)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\w./-])(?:19|20)\d\d(?![\w-])")
# The heading of a column of goods.
_ARTICLE = re.compile(
    r"^[ \t|]*(?:pos\.?\W+)?(?:article|artikel\w*|art\.?-?nr|item|produkt|product|producto|prodotto|articolo|"
    r"artículo)\b",
    re.IGNORECASE | re.MULTILINE,
)
_LONE_AMOUNT = re.compile(
    r"(?<=[^\n])\n(?=[ \t]*[^\s\d]{0,3}[ ]?\d[\d.,' ]{0,9}[.,]\d\d[ ]?[^\s\d]{0,3}[ \t]*$)", re.MULTILINE
)
_CELL = re.compile(r"\S+(?: \S+)*")
_REST = re.compile(r"[ \t|]*(?![\d.]*[.,]\d\d(?:\s|$))(?=\S*\d)[A-Z0-9._-]{1,12}[ \t|]*(?:$|[ ]{2}|\t)")
_EXCEPTED = re.compile(
    r"\b(?:nicht|not|kein\w*|except|excluding|außer|ausgenommen|ohne|sauf|excepto|eccetto|tranne|behalve|uitgezonderd|"
    r"oprócz|exceto|previews?|layouts?|vorschau|anteprima|aperçu|instead|stattdessen)\b",
    re.IGNORECASE,
)

# What points to pictures that are named elsewhere.
_POINTS = re.compile(
    r"\b(?:(?i:dies\w*|oben|(?:oben|vor)?genannt\w*|folgend\w*|nachstehend\w*|aufgeführt\w*|angehängt\w*|beiden?|above|"
    r"below|following|these|them|th(?:is|e) (?:image|photo|picture|photograph)|listed|attached|mentioned|ci-dess\w+|"
    r"ces|"
    r"cette|suivant\w*|siguientes?|est[ao]s?|arriba|adjunt\w*|quest[aeo]|seguent[ei]|sopra|sotto|allegat\w*|deze|"
    r"bovenstaand\w*|onderstaand\w*|volgende|bijgevoegd\w*|poniższ\w*|powyższ\w*|następując\w*|seguintes?|acima|"
    r"abaixo|anex\w+)|sie)\b"
)
# Whom a grant is for, or that it is made by these words: without one of them it may be what an author does in general.
_READER = re.compile(
    rf"\b(?i:ihnen|ihr(?:er|em|e)?|euch|eu(?:re|er)\w?|dir|sie|you|your|vous|vot?re|vos|te|usted|ustedes|vi|"
    rf"vostr[oa]|u|jou|"
    rf"jullie|państw[aou]|wam|lhe|vosso|client|customer|kunde\w?|auftraggeber\w*|clienta?|klant|licensee|"
    rf"lizenznehmer\w*|"
    rf"licenciée?|licenciad[oa]|licenciatari[oa]|licenziatari[oa]|cessionnaire|cesionari[oa]|cessionari[oa]|"
    rf"licentienemer|"
    rf"licencjobior\w+|hereby|herewith|hiermit|hierdurch|par la présente|por la presente|con la presente|hierbij|"
    rf"niniejszym|pela presente|(?:mediante|con|por) este|sus? (?:web|sitio|página))\b|\b(?i:le) (?i:ced|conced|"
    rf"autoriz|confirm|otorg)|{FIRM}"
)
# To whom something was given: a buyer, too, has licensed pictures for somebody.
_GIVEN = re.compile(rf"\b(?i:ihnen|euch|dir|sie|you|vous|te|vi|u|jou|jullie|wam|lhe)\b|{FIRM}")
# Who is thanked for a payment is the one for whom something is licensed.
_THANKED = re.compile(
    r"\b(?:merci (?:beaucoup )?(?:pour|de) (?:le|votre|ton) (?:paiement|règlement|virement)|"
    r"(?:thanks|thank you) for (?:the|your) (?:\w+ )?payment|danke für (?:die|ihre|deine|eure) (?:zahlung|überweisung)|"
    r"gracias por (?:el|su|tu) pago|grazie per il (?:pagamento|bonifico)|bedankt voor (?:de|uw|je) betaling)\b",
    re.IGNORECASE,
)
# That the fee is paid: what follows is no offer.
_FEE = (
    r"(?:payments?|transfer|money|fee|invoice|account|zahlung|überweisung|geld|betrag|honorar|rechnung|paiement|"
    r"virement|"
    r"règlement|facture|pago|transferencia|importe|factura|pagamento|bonifico|saldo|fattura|betaling|bedrag|factuur|"
    r"przelew|płatność|ingreso|wpłat\w|faktur\w|transferência|fatura)"
)
_CAME = (
    r"(?:received|credited|gutgeschrieben|verbucht|arrived|landed|came (?:in|through)|come (?:in|through)|cleared|"
    r"paid|settled|got|erhalten|eingegangen|"
    r"angekommen|eingetroffen|bezahlt|beglichen|da\b|reçue?|arrivée?|réglée?|encaissée?|recibid[oa]|llegado|abonad[oa]|"
    r"pagad[oa]|cobrad[oa]|arrivat[oa]|ricevut[oa]|pagat[oa]|saldat[oa]|binnen|ontvangen|betaald|voldaan|wpłynę\w+|"
    r"otrzyma\w+|dotarł\w?|opłacon\w|receb[ie]\w*|chegou|pag[oa]\b)"
)
_FEE_PAID = re.compile(
    r"\balles (?:bezahlt|betaald)\b|\btout est (?:réglé|payé)|\btodo pagado|\btutto pagato|^\W*received,? with thanks|"
    rf"\b(?:receipt of|réception d\w+)(?: \w+)? {_FEE}\b|"
    r"\b(?:confirm\w*|conferm\w*|bestätig\w*|bevestig\w*|potwierdz\w*)\b[^.?!]{0,30}?\b(?:rece[pç]\w+|ricezione|"
    rf"ricevimento|ontvangst|erhalt|eingang|otrzymanie|wpływ)(?: \w{{1,4}}){{0,2}} {_FEE}\b|"
    rf"\b{_FEE}(?:['’]s| is| are) (?:now |just )?(?:in|through|here)\b|"
    rf"\b{_FEE}\b(?:[^.?!]|\.(?=\d)){{0,60}}?\b{_CAME}|\b{_CAME}(?:[^.?!]|\.(?=\d)){{0,60}}?\b{_FEE}\b|\b(?:all|"
    rf"fully) paid\b|\b(?:thanks|thank you) for (?:paying|settling|transferring)\b|\bpaid in full\b|"
    r"\((?:paid|received|bezahlt|erhalten|payée?|réglée?|pagad[oa]|pagat[oa]|betaald)\)|"
    r"\b(?:thanks|thank you|cheers|danke?|merci|gracias|grazie|bedankt|dank|dzięku\w+|obrigad[oa])\b[^.?!]{0,20}?"
    r"\b(?:for|für|pour|por|per|voor|za|pel[oa]|de|du|il)\b[^.?!]{0,20}?"
    r"\b(?:payment|transfer|zahlung|überweisung|paiement|virement|règlement|pago|pagamento|bonifico|betaling|przelew|"
    r"wpłatę|transferência)",
    re.IGNORECASE,
)
# The buyer paid, and writes this.
_WE_PAID = re.compile(
    r"\b(?:i|we)(?:['’]ve| have)?(?: just| already| now)? (?:paid|settled)\b|\b(?:wir|"
    r"ich) hab\w+\b[^.?!]{0,60}"
    r"\b(?:bezahlt|überwiesen|beglichen)|\b(?:avons|j['’]ai) (?:\w+ )?(?:réglé|payé|viré)|\b(?:hemos|he) (?:pagado|"
    r"abonado)|"
    r"\b(?:abbiamo|ho) (?:pagato|saldato)|\b(?:we|wij|ik) (?:hebben|heb)\b[^.?!]{0,60}\b(?:betaald|overgemaakt)|"
    r"\b(?:zapłaciliśmy|zapłaciłem|pagámos|pagamos)\b",
    re.IGNORECASE,
)
# What the fee was paid for, if not for pictures; and a part of it.
_PAID_ELSE = re.compile(
    r"\b(?:prints?|stampa|stampe|tirage|abzug|afdruk|copia|deposits?|anzahlung|acompte|acconto|anticipo|aanbetaling|"
    r"half|"
    r"hälfte|moitié|mitad|metà|helft|first instal\w+|membership|mitgliedschaft|session|sesión|sessão|séance|shoot\w*|"
    r"workshop|servizio|sessie|reportage|album|other|another|last|previous|letzte\w?|vorige\w?)\b",
    re.IGNORECASE,
)
# What is done with rights and licences, and that somebody may go on.
_DONE = re.compile(
    r"\b(?:licen[cs]ed|granted|issued|confirmed|cleared|approved|go ahead|feel free|yours|in place|in writing|"
    r"schriftlich|par écrit|por escrito|per iscritto|schriftelijk|vostr[aoie]|bij deze|(?:licen[cs]e|usage|"
    r"rights) (?:is |are )?(?:below|attached|enclosed)|lizenziert|erteilt|eingeräumt|freigegeben|bestätigt|genehmigt|"
    r"cédée?s?|accordée?s?|concédée?s?|confirmée?s?|autorisée?s?|(?:cedid|concedid|otorgad|autorizad|confirmad|"
    r"licenciad|"
    r"suy)[oa]s?|(?:concess|cedut|autorizzat|confermat)[oaie]|verleend|toegestaan|bevestigd|vrijgegeven|udzielon\w|"
    r"przyznan\w)\b",
    re.IGNORECASE,
)
_LABELLED_LINE = re.compile(r"^[ \t]*[^\W\d][^\n:.,]{1,30}:[ \t]+\S", re.MULTILINE)
# What is still to be done, chosen, or paid.
_WANTING = re.compile(
    r"\b(?:needs?|needed|requires?|required|separate\w*|extra|choose|pick|select|available|browse|competitor|instead|"
    r"send|low[ -]?res\w*|more|unfortunately|sorry|must|still|yet|remains?|belongs?|leider|müss\w+|noch (?:ein\w*|"
    r"nicht|kein\w*|offen)|bleib\w+|"
    r"gehör\w+|"
    r"malheureusement|désolée?|encore|restent|lamenta\w*|todavía|aún|purtroppo|ancora|restano|esclus[oaie]|helaas|"
    r"nog|moet|"
    r"niestety|jeszcze|infelizmente|ainda|benötig\w*|brauch\w*|separat\w*|zusätzlich\w*|wähl\w*|aussuch\w*|faut|"
    r"nécessaire|"
    r"choisi\w*|"
    r"séparé\w*|aparte|necesit\w*|eleg\w*|elij\w*|falta|serve|occorre|scegli\w*|nodig|kies|kiezen|apart|potrzeb\w*|"
    r"precisa\w*|but|aber|mais|pero|sino|ma|maar|ale|mas|except|außer|sauf|excepto|tranne|behalve)\b",
    re.IGNORECASE,
)
# The usual condition of a licence, which holds it up until the fee is paid.
_ON_PAYMENT = re.compile(
    r"\b(?:on|upon|after|until|once|when|subject to|against|with|from|mit|nach|bei|erst|sobald|gegen|à|dès|après|"
    r"contre|"
    r"tras|una vez|hasta|previo|dopo|al|previa|na|zodra|bij|po|após|mediante)\b(?=[^.\n]{0,50}(?:payment|paid|zahlung|"
    r"bezahl|zahlungseingang|paiement|règlement|pago|pagament|saldo|betaling|betaald|płatno|zapła))",
    re.IGNORECASE,
)
_UNSIGNED = re.compile(
    r"^[ \t|]*(?:signed|signature|unterschrift|signée?|firmad[oa]|firma|firmato|getekend|ondertekend|handtekening|"
    r"podpis|assinad[oa])(?: by)?[ \t]*:[ \t]*(?:\Z|\n\s*\Z|\n[ \t]*\n|\n[^\n:]{1,30}:)",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNED = re.compile(
    r"\bgez\. [A-ZÀ-Þ]|"
    r"^[ \t|]*(?i:signed|signature|gez\.|gezeichnet|unterschrift|unterzeichnet|signée?(?: par)?|firmad[oa](?: por)?|"
    r"firma|"
    r"firmato|getekend|ondertekend|handtekening|podpis\w*|assinad[oa])(?: by)?[ \t]*[:|\t][ \t|]*[A-ZÀ-Þ]",
    re.MULTILINE,
)
_TO_OTHERS = re.compile(r"\b(?:to them|to an?(?:other)?|eine[mnr]?|à une?|chez|a un[oa]?|aan een)\b", re.IGNORECASE)
# What a sentence says that only offers: a price that is not paid, what may be possible, what is for a try.
_ONLY_OFFERED = re.compile(
    r"\d ?(?:€|eur\b|usd\b|gbp\b|chf\b|pln\b|zł|£|\$)|[€£$] ?\d|\b(?:möglich|verfügbar|possible|available|disponib\w+|"
    r"beschikbaar|dostępn\w+|probeweise|zur probe|trial|essai|prueba|proposta|propuesta|proposée?|üblicherweise|"
    r"usually|"
    r"präsentation|presentation|présentation|presentaci\w+|presentazion\w+|presentatie|pitch|nog|encore|todavía|ancora|"
    r"ab (?:ihrer|deiner|eurer)|versehentlich|doppelt|"
    r"by mistake|twice)\b",
    re.IGNORECASE,
)
_PAID = re.compile(
    r"erhalten|eingegangen|bezahlt|beglichen|received|paid|settled|rég?lé|acquitté|reçu|abonad|pagad|recibid|saldat|"
    r"pagat|"
    r"ricevut|voldaan|betaald|ontvangen|zapłacon|opłacon|otrzyma|pag[oa]s?\b|recebid",
    re.IGNORECASE,
)
# What the title of a form says, of one for a licence that is wanted or of one for all licences.
_NO_LICENCE_YET = re.compile(
    r"\b(?:application|antrag|demande|solicitud|richiesta|aanvraag|wniosek|pedido|booking|form|formular|template|"
    r"sample|"
    r"specimen|muster|vorlage|modèle|plantilla|modello|sjabloon|voorbeeld|wzór|register|overview|list|liste|lista|"
    r"elenco|übersicht|terms|bedingungen)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"^[ \t]*(?:subject|re|betreff|betrifft|objet|concerne|asunto|oggetto|onderwerp|betreft|dotyczy|assunto)[ ]?:[ ]*",
    re.IGNORECASE,
)
_ABBREVIATED = [
    "no",
    "nos",
    "nr",
    "ref",
    "Ref",
    "réf",
    "Réf",
    "núm",
    "num",
    "inv",
    "bzw",
    "Sp",
    "Dr",
    "Mr",
    "Ms",
    "Mrs",
    "St",
    "Str",
    "Nr",
    "No",
    "ca",
    "zzgl",
    "einf",
    "inkl",
]
_COMPANY_ENDINGS = ["Inc", "Ltd", "LTD", "Co", "Corp", r"S[.]L", r"[rp][.][lA]", r"B[.]V", r"o[.]o"]
_SENTENCE_END = re.compile(
    rf"(?<!\d)(?<!\b\w){''.join(f'(?<!\\b{each})' for each in _ABBREVIATED)}[.!](?=\s)"
    rf"{''.join(f'(?!(?<={each}[.])[ \n][a-z])' for each in _COMPANY_ENDINGS)}|\?|\n\s*\n|:[ \t]*(?=\n)|"
    r"(?<=\d\d)\.(?=\s[A-ZÀ-Þ])"
)

# Words of one of these are in every text that grants rights, or charges for them.
WORDS_OF_GRANTS = (OF_RIGHTS, *_RIGHTS.values(), _USAGE, _USE_HEADING, _FEE_PAID)


def read_grant(text: str, columns: Callable[[], str] = str, envelope: Envelope | None = None) -> Paper | None:
    """The licences that an author or a small agency grants in a mail, an agreement or an invoice; None if in doubt.

    `columns` gives the text of a PDF as it is laid out on the page. A mail that quotes others is read message by
    message, the newest first: what was written later may take back what was granted before.
    """
    if len(text) > MAX_TEXT_CHARACTERS or not SPEAKS_OF_PICTURES.search(text):
        return None
    if envelope is None:
        thread = split_thread(text)
        if len(thread) == 1:
            return _read(columns() or text, text, thread[0], "")
    else:
        thread = split_thread(in_order(text.removesuffix(envelope.sender)))
        first = thread[0]
        thread[0] = ThreadMessage(first.text, first.sent or envelope.sent, first.sender or envelope.sender)
    own = own_hosts(envelope) if envelope else ""
    later = ""
    for message in thread:
        if paper := _read(message.text, f"{later}\n\n{message.text}", message, own):
            return paper
        later = f"{later}\n\n{message.text}"
    return None


def names_picture_and_rights(text: str) -> bool:
    """Whether a text speaks of rights of use and names a picture as authors number them, so that it should be kept."""
    return bool(SPEAKS_OF_PICTURES.search(text)) and speaks_of_licensing(text, ()) and any(named(text))


def _read(text: str, said: str, message: ThreadMessage, own: str) -> Paper | None:
    """What one text grants. `said` is all that must not speak against it."""
    if not may_list(text):
        return None
    if DEMAND.search(said) or PAID_BACK.search(said) or NO_RECEIPT.search(said) or is_own_order(said):
        return None
    said = _TITLE_OF_WORK.sub(" ", _NAMING.sub(" ", without_captions(said)))
    invoice = INVOICE.search(text[:MAX_HEAD_CHARACTERS])
    if invoice and _STATEMENT.search(invoice.string[invoice.start() :].partition("\n")[0]):
        return None
    if invoice:
        said = _UNTIL_PAID.sub(" ", said)
    if marked(text) or titled(text) or _BLANK.search(said) or any(words_against(said, known=False)):
        return None
    if any(not in_terms(said, found.start()) for found in _ANOTHER_DEAL.finditer(said)):
        return None
    seller = seller_of(text, message, own)
    if seller is None or marked(seller) or not SPEAKS_OF_PICTURES.search(HOST.sub(" ", text)):
        return None
    titled_licence = not invoice and _titled_as_licence(text, mailed=bool(message.sender))
    found = _granted(text, titled=titled_licence, paid=is_paid(text))
    kind = DocumentKind.RECEIPT if invoice else DocumentKind.CERTIFICATE
    language, ids = found or ("", [])
    if not ids and invoice:
        language, ids = "en" if "invoice" in invoice[0].casefold() else "", _charged(text, mailed=bool(message.sender))
    needs_buyer = invoice is not None  # an invoice without one may be another's
    if not ids:
        language, ids = _undoubted(text, said, invoice=invoice is not None, mailed=bool(message.sender))
        needs_buyer = needs_buyer or not message.sender
    ids = [each for each in ids if not _called_otherwise(text, each)]
    if not ids or len(ids) > MAX_PICTURES or any(map(_OF_A_PAPER.match, ids)):
        return None
    when = message.sent or day_of_paper(text, language)
    if when is None:
        return None
    who = licensee_of("\n".join(filter(None, map(str.strip, text.splitlines()))), seller, mailed=bool(message.sender))
    if who and who.casefold() == seller.removeprefix(OTHER_PLATFORM):
        return None
    if who is None and needs_buyer:
        return None
    values = [{"asset_id": each, **({"licensee": who} if who else {})} for each in ids]
    licences = [licence_of(seller, each, when, when.isoformat()) for each in values]
    read = tuple(each for each in licences if each)
    if len(read) != len(ids):
        return None
    return Paper(
        reader="author_grant", sure=Sure.STATED, kind=kind, platform=seller, licences=read, date=when,
        quotes={"platform": seller.removeprefix(OTHER_PLATFORM)},
    )  # fmt: skip


def _called_otherwise(text: str, number: str) -> bool:
    """Whether a number's label says, wherever it stands, that it is an order's, a customer's or the like."""
    places = [found.start() for found in re.finditer(re.escape(number), text)]
    return bool(places) and all(called_by(_label_of(text, at)) == "other" for at in places)


def _label_of(text: str, place: int) -> str:
    """What stands before a place in its line; if nothing does, the first cell of the line above."""
    above, _, line = text[:place].rpartition("\n")
    return line.rstrip() or re.split(r"\s{2,}|\t", above.rstrip().rpartition("\n")[2].strip())[0]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _SENTENCE_END.finditer(text):
        yield start, found.end()
        start = found.end()
    yield start, len(text)


def _granted(text: str, *, titled: bool, paid: bool) -> tuple[str, list[str]] | None:
    """The language of the sentences that grant, and the pictures; none of these if one is not clear.

    None if no sentence grants. `titled`: the text is called a licence. `paid`: it says that the fee is paid.
    """
    places = list(_sentences(text))
    to_reader = titled or paid or bool(_THANKED.search(text))
    grants = [
        (language, place)
        for place in places
        if (sentence := text[slice(*place)])
        and (
            language := _grants(sentence, to_reader=to_reader, sure=titled or paid)
            or ((paid or titled) and _of_rights(sentence))
        )
    ]
    if not grants:
        return None
    ids: dict[str, None] = {}
    for _, (start, end) in grants:
        here = dict.fromkeys(found.id for found in named(text[start:end]))
        ids |= here or dict.fromkeys(listed(text[end:]))
        if here and text[start:end].rstrip().endswith(":"):
            ids |= dict.fromkeys(listed(text[end:]))
    if not ids and any(_POINTS.search(text[slice(*place)]) for _, place in grants):
        ids = dict.fromkeys(_meant(text, places))
    return grants[0][0], list(ids) if _clear(text, ids) else []


def _undoubted(text: str, said: str, *, invoice: bool, mailed: bool) -> tuple[str, list[str]]:
    """The language and the pictures of a paper that is what it is without any doubt; none of these if it is not.

    It is an invoice, is called a licence, or is a mail that says that the fee is paid, or that its writer agrees.
    """
    languages = languages_of(text)
    sentences = [_NO_DOUBT.sub(" ", each) for each in without_asides(said, languages)]
    of_rights = [
        each for each in sentences if OF_RIGHTS.search(each) or any(_RIGHTS[n].search(each) for n in languages)
    ]
    paid = is_paid(text)
    clear = (
        invoice
        or (_titled_as_licence(text, mailed=mailed) and (mailed or _by_author(text)))
        or (mailed and any(agrees(each, languages) for each in of_rights))
        or (mailed and paid and (_READER.search(said) or _THANKED.search(said)))
    )
    if (
        not clear
        or not of_rights
        or "?" in said
        or has_blank(text)
        or _UNSIGNED.search(text)
        or _OTHER_WORK.search(without_subjects(said))
    ):
        return "", []
    sentences = [each for each in sentences if not ((invoice or paid) and _ON_PAYMENT.search(each))]
    if any(_leaves_open(each, languages) for each in sentences):
        return "", []
    if mailed and not invoice and any(_WANTING.search(each) or _speaks_of_others(each) for each in sentences):
        return "", []
    ids = called(without_captions(text), OF_RIGHTS)
    if not _clear(text, ids) or (invoice and (_ARTICLE.search(said) or not _all_sold(text, ids))):
        return "", []
    return next(iter(languages), ""), ids


def _by_author(text: str) -> bool:
    """Whether a paper says that its author wrote it, or was paid: a buyer writes lists of licences as well."""
    return any(each.search(text) for each in (LICENSOR, _SIGNED, _PAID, *_DOES.values()))


def _leaves_open(plain: str, languages: Sequence[str]) -> bool:
    """Whether a sentence is a condition, a wish or a demand, denies something, or speaks of what comes later."""
    return bool(
        ASKING.search(plain)
        or UNDECIDED.search(plain.strip())
        or awaits(plain)
        or _NOT_NOW.search(plain)
        or wishes(plain, languages)
        or any(_DOUBTED[each].search(plain) for each in languages or _DOUBTED)
    )


def _speaks_of_others(plain: str) -> bool:
    return bool(any(named(plain)) and _TO_OTHERS.search(plain) and not _READER.search(plain))


def _all_sold(text: str, ids: Sequence[str]) -> bool:
    """Whether an invoice sells these pictures and nothing else: each price is in the line of one, or it is for all."""
    lines = _LONE_AMOUNT.sub(" ", text).splitlines()
    if any(_REST.match(line) and not any(each in line for each in ids) for line in lines):
        return False  # a narrow column breaks a number
    above = takewhile(lambda line: not (_TOTAL.search(line) and _AMOUNT.search(line)), lines)
    sold = [line for line in above if _AMOUNT.search(line)]
    priced = {each for each in ids if any(each in line for line in sold)}
    if priced:
        return len(priced) == len(ids) and all(any(each in line for each in ids) for line in sold)
    return 0 < len(sold) <= len(ids)


def _meant(text: str, places: Sequence[tuple[int, int]]) -> list[str]:
    """The pictures to which a sentence that names none points; none at all if those are asked for, or only may be."""
    ids: list[str] = []
    before = ""
    for start, end in places:
        sentence = text[start:end]
        if here := [found.id for found in named(sentence)]:
            said = _NO_DOUBT.sub(" ", f"{before} {sentence}")
            if "?" in said or ASKING.search(said) or any(each.search(said) for each in _DOUBTED.values()):
                return []
            ids += here
        before = sentence if sentence.strip() else before
    return ids


def is_paid(text: str) -> bool:
    """Whether a sentence says that the fee is paid, and not that it may be."""
    if _WE_PAID.search(text):
        return False
    sentences = (_NO_DOUBT.sub(" ", text[slice(*each)]) for each in _sentences(text))
    for each in sentences:
        found = _FEE_PAID.search(each)
        if found is None or _PAID_ELSE.search(each, max(0, found.start() - 20), found.end() + 25):
            continue
        if not each.endswith("?") and not any(doubt.search(each) for doubt in _DOUBTED.values()):
            return True
    return False


def _grants(sentence: str, *, to_reader: bool, sure: bool) -> str:
    """The language in which a sentence grants a right without a condition; empty if it does not.

    `to_reader`: what is granted is granted to the reader, as the text says elsewhere. `sure`: the text is no offer.
    """
    plain = _NO_DOUBT.sub(" ", sentence)
    speaks = speaks_of_licensing(plain, [plain]) or (sure and _USAGE.search(plain))
    if not speaks or not _to_reader(plain, sure=to_reader):
        return ""
    for language, does in _DOES.items():
        done = (
            does.search(plain)
            or (sure and _LETS[language].search(plain))
            or (_DID[language].search(plain) and _GIVEN.search(plain) and not _YEAR.search(plain))
        )
        if done and (sure or _RIGHTS[language].search(plain)) and not _DOUBTED[language].search(plain):
            return language
    return ""


def _of_rights(sentence: str) -> str:
    """The language of a sentence that speaks of the rights in pictures; empty if in doubt.

    In a text that is called a licence, or says that the fee is paid, such a sentence grants whatever its verb is, if it
    speaks to the reader or of something done, and wants nothing more. Several lines with labels are no sentence.
    """
    plain = _NO_DOUBT.sub(" ", sentence)
    if not (any(named(sentence)) or _POINTS.search(sentence)) or _WANTING.search(plain):
        return ""
    if len(_LABELLED_LINE.findall(sentence)) > 1:
        return ""
    done = bool(_DONE.search(plain))
    spoken = [language for language, rights in _RIGHTS.items() if rights.search(plain)]
    if any(_DOUBTED[each].search(plain) for each in spoken or _DOUBTED):
        return ""
    clear = spoken or (done and (_READER.search(plain) or speaks_of_licensing(plain, [plain])))
    return next(iter(spoken), "en") if clear and _to_reader(plain, sure=done) else ""


def _to_reader(plain: str, *, sure: bool) -> bool:
    """Whether a sentence says something to the reader, which it neither asks, nor offers, nor waits for.

    `sure`: what is said is said to the reader, unless it names somebody else.
    """
    return (
        not plain.endswith("?")
        and not (_ONLY_OFFERED.search(plain) and not _PAID.search(plain))
        and bool(_READER.search(plain) or (sure and not _TO_OTHERS.search(plain)))
        and not (
            ASKING.search(plain)
            or UNDECIDED.search(plain)
            or awaits(plain)
            or _NOT_NOW.search(plain)
            or _OTHER_WORKS.search(plain)
        )
    )


def _clear(text: str, ids: Iterable[str]) -> bool:
    return all_clear(text, ids, _EXCEPTED, _NO_DOUBT)


def _charged(text: str, *, mailed: bool) -> list[str]:
    """The pictures for whose use an invoice charges, and for nothing else; empty if in doubt."""
    text = without_captions(text)
    title = INVOICE.search(text[:MAX_HEAD_CHARACTERS])
    if (
        title is None
        or _OTHER_WORK.search(without_subjects(text))
        or any(_may_charge(text[slice(*each)]) for each in _sentences(text))
    ):
        return []
    ids: list[str] = []
    body: list[str] = []
    headings: list[str] = []
    for line, heads, row in rows(_LONE_AMOUNT.sub(" ", text[title.start() :]).splitlines()):
        here = row or _sold(line)
        if ids and not here and _TOTAL.search(line):
            break
        if ids and not here and _REST.match(line):
            return []  # of a number that a narrow column breaks
        if heads:
            headings.append(line)
        body.append(line)
        ids += here
    said = "\n".join(body)
    if _ARTICLE.search(said) or any(UNDECIDED.search(cell) for line in body for cell in _CELL.findall(line)):
        return []
    objects = [_NO_DOUBT.sub(" ", line) for line in body if OF_RIGHTS.search(line)]
    if any(each.search(line) for line in objects for each in _DOUBTED.values()):
        return []
    if not ids:  # in a sentence: `for the use of the pictures … I charge`
        start, end = next((each for each in _sentences(text) if _charges(text[slice(*each)])), (0, 0))
        ids = [found.id for found in named(text[start:end])] or listed(text[end:] if end else "")
        ids = ids or ([] if mailed else _in_object(body))
        return ids if _clear(text, ids) else []
    used = _USE_HEADING.search("\n".join(headings)) or (_USE.search(said) and speaks_of_licensing(said, [said]))
    speaks = headings or SPEAKS_OF_PICTURES.search(text[: title.start()] + said)
    licensed = (OF_RIGHTS.search(said) or used) and speaks
    sold = sum(bool(_PRICE.search(line)) for line in body)
    clear = sold <= len(ids) == len(set(ids)) and _clear(said, ids)
    return ids if licensed and clear else []


def _sold(line: str) -> list[str]:
    """The pictures in a line with a price that says that their use is sold: `Licence to use image AB-2011   120.00`."""
    if not (_PRICE.search(line) and (OF_RIGHTS.search(line) or _USE.search(line)) and SPEAKS_OF_PICTURES.search(line)):
        return []
    return [found.id for found in named(line)]


def _in_object(lines: Sequence[str]) -> list[str]:
    """The pictures that one line of an invoice names as its object, if all its prices are for these."""
    objects = [
        line for line in lines if OF_RIGHTS.search(line) and SPEAKS_OF_PICTURES.search(line) and any(named(line))
    ]
    if len(objects) != 1:
        return []
    ids = [found.id for found in named(objects[0])]
    priced = [line for line in lines if _PRICE.search(line) and not _TOTAL.search(line)]
    return ids if priced and all(any(each in line for each in ids) for line in priced) else []


def _charges(sentence: str) -> bool:
    return bool(OF_RIGHTS.search(sentence) or _USE.search(sentence)) and any(
        charges.search(sentence) and not _DOUBTED[language].search(sentence) for language, charges in _CHARGES.items()
    )


def _may_charge(sentence: str) -> bool:
    """Whether a sentence speaks of an invoice that may come, or of one that something is wrong with."""
    plain = _NO_DOUBT.sub(" ", sentence)
    return any(
        charges.search(plain) and (_DOUBTED[language].search(plain) or sentence.endswith("?"))
        for language, charges in _CHARGES.items()
    )


def _titled_as_licence(text: str, *, mailed: bool) -> bool:
    """Whether one of a paper's first lines is the title of a licence, and nothing is asked in it.

    A mail's subject may be what it answers.
    """
    if "?" in text or ASKING.search(text):
        return False
    head = list(filter(str.strip, text.splitlines()))[int(mailed) : MAX_HEAD_LINES]
    head = [_SUBJECT.sub("", line).partition(" – ")[0] for line in head]
    titles = [line for line in head if OF_RIGHTS.search(line) and len(line.split()) <= MAX_TITLE_WORDS]
    titles = [line for line in titles if ":" not in line and not line.rstrip().endswith((".", "?", "!", ","))]
    return bool(titles) and not _NO_LICENCE_YET.search("\n".join(titles))
