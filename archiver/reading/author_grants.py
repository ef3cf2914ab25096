"""Read what photographers and small agencies write when they license pictures or music: mails, agreements and invoices.

Nobody knows these sellers, so nothing is known of how their papers look. Such a paper counts only if it says all of
this: who grants, in a sentence, a title or an invoice that it is done, and what, by its number. It is never sure: a
person confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from archiver.core.model import DocumentKind
from archiver.reading.certificates import Paper, Sure
from archiver.reading.dates import DateOrder, day_order, days_in
from archiver.reading.letter_thread import ThreadMessage, in_order, split_thread
from archiver.reading.licence_values import licence_of
from archiver.reading.not_granted import (
    ASKING,
    DEMAND,
    NO_RECEIPT,
    PAID_BACK,
    UNDECIDED,
    in_terms,
    is_own_order,
    speaks_of_licensing,
    words_against,
)
from archiver.reading.platforms import OTHER_PLATFORM, marked, titled
from archiver.reading.sentences import only_day

MAX_PICTURES = 500  # of one paper
MAX_TEXT_CHARACTERS = 12_000  # of a paper; a longer one is a book
MAX_HEADING_WORDS = 4  # of a line between a sentence and its list
MAX_LABEL_CHARACTERS = 160  # before a date in its line, or behind
MAX_HEAD_CHARACTERS = 1_500  # from the beginning of an invoice, in which it calls itself one


@dataclass(frozen=True)
class Envelope:
    """Of a mail: its sender and its receivers as written, and the day on which it was sent."""

    sender: str = ""
    receivers: str = ""
    sent: date | None = None


@dataclass(frozen=True)
class Tongue:
    """How one language grants: what somebody does, or did for the reader, and with what.

    `doubt` is what makes it a wish or a condition; `charges` is how an invoice says in a sentence what it is for.
    """

    does: str
    did: str
    rights: str
    doubt: str
    charges: str


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
        r"\b(?:sie|ihr|du) (?:dürfen|dürft|darfst)\b|\b(?:dürfen|dürft|darfst) (?:sie|ihr|du)\b",
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
    ),
    "en": Tongue(
        r"\b(?:i|we)(?: am| are)?(?: hereby| herewith| pleased to| do)*"
        r" (?:grant|license|licence|authori[sz]e|assign|give)\b|\bhereby (?:grant|license|authori[sz]e)s?\b|"
        r"\bgrants (?:to )?the (?:licensee|client|customer)\b|"
        r"\b(?:licensor|photographer|author|agency|undersigned)"
        r"(?: hereby)? (?:grants|licen[cs]es)\b|\b(?:is|are) (?:hereby )?(?:issued|granted|licen[cs]ed) (?:to|an?|"
        r"the)\b|"
        r"\b(?:take|accept|consider|treat) this (?:e-?mail|letter|message) as (?:your|our|my|an?|the) (?:\w+ )?"
        r"(?:licen[cs]e|permission|grant)\b|"
        r"\b(?:i|we|to|letter|hereby|herewith) confirm(?:s|ing)?(?: to you)? that\b[\s\S]{0,120}\b(?:has|have|is|are|"
        r"holds?) (?:been |now |hereby )*(?:an? |the |my |our |full )?(?:[\w-]+ )?(?:licen[cs]\w*|rights?\b|permission|"
        r"granted|authori\w+|acquired|purchased|bought|obtained)|\b(?:i|we|to|hereby) confirm (?:the|"
        r"your) (?:licen[cs]|grant)|"
        r"\byou(?:['’]re| are| have)? (?:now )?(?:may|welcome to|free to|licen[cs]ed to|authori[sz]ed to|allowed to|"
        r"my permission to|our permission to|permission to) (?:now )?(?:use|publish|reproduce)\b",
        r"\b(?:i|we) have (?:hereby |now )?(?:granted|licen[cs]ed|issued)\b",
        r"licen[cs]|\brights?\b|permission|\busage\b|\buse\b|reproduc|publish",
        r"would|could|should|might|will|shall|if|not|no|never|unless|once|until|when|after|before|subject|pending|"
        r"upon (?:receipt|payment)|another|someone else|publisher|private|request\w*|comp|comping|layouts?|"
        r"previews?|later|in future|receipt of your",
        r"\b(?:i|we) (?:hereby )?(?:charge|invoice|bill) (?:you|to)\b|\b(?:my|our) invoice\b",
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
    ),
    "es": Tongue(
        r"\b(?:cedo|concedo|otorgo|autorizo|licencio|cedemos|concedemos|otorgamos|autorizamos)\b|\bquedan? (?:cedid|"
        r"concedid|autorizad)[oa]s?\b|"
        r"\b(?:cedente|licenciante|fotógraf[oa]|autora?|agencia) (?:cede|"
        r"concede|otorga)\b|\bse (?:ceden?|conceden?|otorgan?|autorizan?)\b|"
        r"\bconfirm(?:o|amos)\b[\s\S]{0,120}\b(?:tiene|dispone|ha adquirido|cesión|concesión|queda autorizada?)\b",
        r"\b(?:he|hemos|haber) (?:cedido|concedido|otorgado|autorizado)\b",
        r"derechos?|licencia|\buso\b|utiliza|reproduc|public",
        r"(?:si|se)(?! (?:ced|conced|otorg|autori))|sería|podría\w*|no|ningún|ninguna|cuando|hasta|salvo|tras|"
        r"después|previo|una vez|solicitud|muestras?|"
        r"maqueta|con gusto|querría\w*",
        r"\b(?:le|les|os) factur(?:o|amos)\b|\b(?:mi|nuestra) factura\b",
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
    ),
    "pl": Tongue(
        r"\b(?:udzielam|udzielamy|zezwalam|zezwalamy|wyrażam zgodę|wyrażamy zgodę|przenoszę|przenosimy)\b|"
        r"\b(?:licencjodawca|fotograf|autor|agencja) (?:udziela|przenosi)\b|"
        r"\bpotwierdza(?:m|my)\b[\s\S]{0,120}\b(?:udzieleni\w+|nabył\w*|posiada|otrzymał\w*)\b",
        r"\b(?:udzieliłem|udzieliłam|udzieliliśmy)\b",
        r"licencj|\bpraw\w*|użyci|korzysta|wykorzyst|publik",
        r"jeśli|jeżeli|gdy|gdyby|nie|po|będzie|będą|móg\w+|mogł\w+|pod warunkiem|chętnie|zapytani\w+|podgląd\w*",
        r"\b(?:moja|moją|nasza|naszą) faktur[aęą]\b",
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
    ),
}
_DOES = {name: re.compile(each.does.replace(" ", r"\s+"), re.IGNORECASE) for name, each in _TONGUES.items()}
_DID = {name: re.compile(each.did.replace(" ", r"\s+"), re.IGNORECASE) for name, each in _TONGUES.items()}
_CHARGES = {name: re.compile(each.charges, re.IGNORECASE) for name, each in _TONGUES.items()}
_RIGHTS = {name: re.compile(each.rights, re.IGNORECASE) for name, each in _TONGUES.items()}
_DOUBTED = {name: re.compile(rf"(?<!\w)(?:{each.doubt})(?!\w)", re.IGNORECASE) for name, each in _TONGUES.items()}
# What a licence is not, which is no doubt about it: not exclusive, not transferable. `Image no.` is a label.
_NO_DOUBT = re.compile(
    r"\bno\.|\bnon-(?=[a-z])|\buntil (?=[^.]{0,20}\d{4})|"
    r"\b(?:non|nicht|not|no|niet|não|nie|un)[\s-]{0,2}(?:ausschlie(?:ß|ss)|exclu|"
    r"exklus|esclus|wyłączn|übertragbar|"
    r"transf|trasfer|overdraag|limit|begrenz|bis auf widerruf)\w*",
    re.IGNORECASE,
)

# The invoice of an author says what it is for in its object: `for the use of`, `rights of use`, `Nutzung Web 2 Jahre`.
_INVOICE = re.compile(
    r"(?:^[ \t]*|(?<=\t)|(?<=[ ]{3}))(?:(?:honorar|lizenz)?rechnung|invoice|facture|note d(?:e droits d)?['’](?:auteur|"
    r"honoraires)|factura|"
    r"fattura|parcella|factuur|faktura|fatura)\b(?!\s*(?:folgt|suit|follows))",
    re.IGNORECASE | re.MULTILINE,
)
_OBJECT = re.compile(
    r"(?:nutzungs|bild|veröffentlichungs|abdruck|wiedergabe)(?:rechte?n?|honorar|lizenz)|\blizenz(?:en|gebühr)?\b|"
    r"licen[cs]e|(?:usage|reproduction|publication) (?:fee|rights?)|\b(?:cession|concession) d[eu]s? |"
    r"\bdroits? (?:d['’]|de )|\bcesión\b|\bderechos de\b|\blicencia\b|\b(?:cessione|diritti|licenza)\b|"
    r"\bgebruiksrecht|\blicentie|\blicencj|\bpraw\w* do\b|\bcedência\b|\bdireitos de\b|\blicença\b",
    re.IGNORECASE,
)
# Anything may be sold for a use: beside such a word a medium or a time must stand, or a column of pictures' numbers.
_USE = re.compile(
    r"\b(?:nutzung|verwendung|usage|use of|gebruik|utilisation|reproduction|uso|utilizzo|utilización|utilização)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\b(?:zwischen|gesamt|end)?(?:summe|gesamt\w*|total\w*|totaal\w*|sub-?total\w*|base imponible|imponibile|montant|"
    r"netto|brutto|rechnungsbetrag|zzgl|mwst|ust|umsatzsteuer|vat|tva|iva|btw|tax|razem|suma|amount due|balance)\b",
    re.IGNORECASE,
)
_PRICE = re.compile(r"(?<![\d.,])\d[\d.' ]{0,9}[.,]\d\d(?![\d.])")

# Words that mean something else in other papers: whom to name beside the picture; in Spanish the object of a line;
# above a mail that is passed on.
_NAMING = re.compile(
    r"-{2,5} ?original message ?-{2,5}|"
    r"\b(?:(?:photo|foto|image|picture|mention\w*|citad|cite|bild)[^\n.]{0,30})?\bcr[ée]dit(?:o|os|s|"
    r"i)?\b(?! ?(?:not|n°|fact))"
    r"(?=[^\n]{0,40}(?:©|\(c\)|photo|foto|appreciated|obligat|required|line|name|:))|\bmentionner le crédit\b|"
    r"\bconcepto\b",
    re.IGNORECASE,
)
# The usual term of an invoice: what it says of rights is said of those that are not paid.
_UNTIL_PAID = re.compile(
    r"\bno rights? (?:pass|transfer|are granted|is granted)[^.\n]{0,40}\b(?:until|before)\b[^.\n]{0,60}\b(?:paid|"
    r"settled|payment)",
    re.IGNORECASE,
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
    r"for (?:re)?distribution|for resale|verlänger(?:n|ung)|renew|prolong(?:er|ation)|rinnov|verleng(?:en|ing)|"
    r"przedłuż|renovar|"
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
    r"druck(?:kosten|auftrag)|abzüge?|prints|tirages?|stampe|afdruk\w*|odbitk\w*|bilderrahmen|hours?|stunden?|heures|"
    r"horas|uren)\b",
    re.IGNORECASE,
)
_BLANK = re.compile(r"_{4,}|\.{6,}|…{2,}|\bx{4,}\b|\[[ .]{2,}\]", re.IGNORECASE)

# Pictures, and music that is licensed with them.
_PICTURE = (
    r"(?:image|photo|picture|bild|foto|motiv|imagen|immagine|afbeelding|beeld|zdjęci[ae]|obraz|imagem|aufnahme|cliché|"
    r"photograph|photographie|fotografie|fotografía|fotografia|fichier|datei|file|archivo|bestand|plik|track)"
)
_NUMBER = (
    r"(?:n[°º.o]{1,2}|nr\.?|no\.?|id|ref\w{0,7}\.?|réf\w{0,6}\.?|number|nummer|num[ée]ro|número|cod\w{0,4}\.?|"
    r"código|name)"
)
_LABEL = rf"(?:{_PICTURE}[\s-]?{_NUMBER}|{_NUMBER}\s?(?:d[eil]{{1,2}}(?:la)? |d['’]|van )?{_PICTURE})"
_ENDING = r"\.(?:jpe?g|tiff?|png|psd|dng|cr2|nef|arw|raw|eps|webp)"
# A file's name; a number with letters, as photographers' archives have; the digits of a labelled number.
_FILE = rf"[\w-]{{3,60}}{_ENDING}"
_CODE = (
    r"(?=[\w-]{0,39}\d{3})(?=[\w-]{0,39}[A-Z])(?:[A-Z0-9]{1,12}[_-])*_?[A-Z0-9]{2,20}(?:[_-][A-Z0-9]{1,12})*|"
    r"_(?:MG|DSC)_\d{3,5}|\d{6,9}[a-z]"
)
_DIGITS = r"(?:\d{2,14}(?:[./-]\d{2,8}){1,3}|\d{5,14})"
_ANY = re.compile(
    rf"(?<![\w@/.-])(?:(?P<label>(?i:{_LABEL}))\s?[:.#]?\s?#?)?"
    rf"(?P<id>(?i:{_FILE})|{_CODE}|(?(label){_DIGITS}|(?!)))(?![\w@-]|[.,/]\w)"
)
_SPEAKS_OF_PICTURES = re.compile(
    r"\b(?:images?|photos?|pictures?|photographs?|bild(?:er|ern|es)?|fotos?|fotografien?|aufnahmen?|motive?n?|"
    r"photographies?|clichés?|im[aá]gen(?:es)?|fotografías?|immagin[ei]|fotografi[ea]|foto['’]s|beelden?|"
    r"afbeelding(?:en)?|"
    r"zdjęć|zdjęci[ae]|fotografi[ai]|imagem|imagens|fotografias?|tracks?)\b|"
    rf"{_LABEL}|\w{_ENDING}\b|\breproduction fees?\b|\b_?(?:DSC|DSCF|IMG|MG)_?\d{{4,5}}\b",
    re.IGNORECASE,
)
_OTHER_WORKS = re.compile(
    r"\b(?:logos?|software|serien-?nummer|serial|drehgenehmigung|"
    r"fonts?|"
    r"schrift(?:art)?|texte?n?)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\w./-])(?:19|20)\d\d(?![\w-])")
_HEADING = re.compile(
    rf"^[ \t|]*(?:pos\.?\W+)?(?:{_LABEL}|{_PICTURE}s?(?=\t|[ ]{{3}}))(?!\s?[:#]?\s?\S*\d)", re.IGNORECASE | re.MULTILINE
)
_ROW = re.compile(
    rf"^[ \t|]*(?:[-*•·–>]+[ \t]*)?(?:\d{{1,3}}[.)x×]?[ \t]+)?"
    rf"(?:(?i:{_NUMBER}|{_PICTURE})[ ]?[:.#]?[ ](?={_CODE}))?(?=\S)"
)
_CELL = re.compile(r"\S+(?: \S+)*")
# The heading of a column of goods.
_ARTICLE = re.compile(
    r"^[ \t|]*(?:pos\.?\W+)?(?:article|artikel\w*|art\.?-?nr|item|produkt|product|producto|prodotto|articolo|"
    r"artículo)\b",
    re.IGNORECASE | re.MULTILINE,
)
_REST = re.compile(r"[ \t|]*(?![\d.]*[.,]\d\d(?:\s|$))(?=\S*\d)[A-Z0-9._-]{1,12}[ \t|]*(?:$|[ ]{2}|\t)")
_RANGE = re.compile(
    rf"[ \t]{{0,3}}(?:bis|to|through|à|al?|tot|do|até|[-–—])[ \t]{{0,3}}(?:(?i:{_FILE})|(?:{_CODE}))(?![\w-])"
)
_AND = re.compile(r"[ \t]*(?:,|;|&|\b(?:und|and|et|y|e|en|i)\b)[ \t]*")
_BARE = re.compile(r"(?P<id>\d{6,14})(?=[ \t]*$|[ \t|]+\S)")
# What stands before a number that is no picture's.
_OF_OTHERS = re.compile(
    r"\b(?:rechnung|invoice|facture|factura|fattura|factuur|faktura|fatura|auftrag|order|bestellung|commande|pedido|"
    r"ordine|"
    r"angebot|vertrag|contract|contrat|kunden|customer|client|iban|bic|uid|ust|vat|tva|siret|nif|cif|iva|btw|kvk|tel|"
    r"fax|konto|steuer|hrb|hra|fn|swift|job|projekt|project|po)[\w-]{0,16}\.?\s?(?:(?:id)?(?:nr|no|n[°º]|nummer|number|"
    r"num[ée]ro)\.?)?\s?[:#.]?\s?$",
    re.IGNORECASE,
)
_EXCEPTED = re.compile(
    r"\b(?:nicht|not|kein\w*|except|excluding|außer|ausgenommen|ohne|sauf|excepto|eccetto|tranne|behalve|uitgezonderd|"
    r"oprócz|exceto|previews?|layouts?|vorschau|anteprima|aperçu|instead|stattdessen)\b",
    re.IGNORECASE,
)

_HOST = re.compile(
    r"(?<![\w.-])(?:https?://|www\.|[\w.+-]{1,64}@)?(?:www\.)?((?:[a-z0-9à-ÿ-]{1,63}\.){1,3}[a-z]{2,14})(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_TOP = re.compile(
    r"\.(?:com|net|org|io|co|info|biz|de|at|ch|fr|es|it|nl|be|lu|pl|pt|uk|eu|ie|dk|se|no|fi|us|photo|photos|"
    r"photography|"
    r"pictures|studio|gallery|art|me|tv|example)$"
)
# Hosts that many share: mail, files, and what people have beside a site of their own.
_SHARED = re.compile(
    r"^(?:.*\.)?(?:gmail|googlemail|gmx|web|outlook|hotmail|live|yahoo|icloud|me|aol|t-online|orange|free|laposte|"
    r"libero|freenet|posteo|mailbox|wetransfer|we|dropbox|google|drive|onedrive|icloud|instagram|facebook|linkedin|"
    r"twitter|x|youtube|vimeo|flickr|behance|500px|paypal|swisstransfer|myportfolio|creativecommons|"
    r"bildkunst)\.[a-z.]+$"
)
_COMPANY = (
    r"(?:GmbH(?: & Co\.? KG)?|AG|KG|OHG|GbR|UG|e\.\s?K\.|e\.\s?V\.|Ltd\.?|Limited|LLC|LLP|Inc\.?|PLC|plc|SASU?|SARL|"
    r"EURL|LTD|LIMITED|S\.?A\.?S?\.?|S\.L\.U?\.?|S\.r\.l\.|S\.p\.A\.|B\.V\.|N\.V\.|BVBA|Sp\. z o\.\s?o\.|Lda\.?)"
)
_FIRM = rf"[A-ZÀ-Þ0-9][^\n,;:!?()|·]{{1,60}}? {_COMPANY}(?![\w])"
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
    rf"autoriz|confirm|otorg)|{_FIRM}"
)
# To whom something was given: a buyer, too, has licensed pictures for somebody.
_GIVEN = re.compile(rf"\b(?i:ihnen|euch|dir|sie|you|vous|te|vi|u|jou|jullie|wam|lhe)\b|{_FIRM}")
# Who is thanked for a payment is the one for whom something is licensed.
_THANKED = re.compile(
    r"\b(?:merci (?:beaucoup )?(?:pour|de) (?:le|votre|ton) (?:paiement|règlement|virement)|"
    r"(?:thanks|thank you) for (?:the|your) (?:\w+ )?payment|danke für (?:die|ihre|deine|eure) (?:zahlung|überweisung)|"
    r"gracias por (?:el|su|tu) pago|grazie per il (?:pagamento|bonifico)|bedankt voor (?:de|uw|je) betaling)\b",
    re.IGNORECASE,
)
_TO_OTHERS = re.compile(r"\b(?:to an?(?:other)?|eine[mnr]?|à une?|chez|a un[oa]?|aan een)\b", re.IGNORECASE)
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
_LICENSEE = re.compile(
    r"^[ \t|]*(?i:licensee|lizenznehmer(?:in)?|nutzungsberechtigter?|licenciée?|cessionnaire|bénéficiaire|"
    r"licenciatari[oa]|"
    r"licenciad[oa]|cesionari[oa]|licenziatari[oa]|cessionari[oa]|licentienemer|licencjobiorca|client|kunde|"
    r"cliente|klant|bill(?:ed)? to|invoiced? to|facturée? à|rechnung an|facturado a|fatturato a|factuur aan)"
    r"(?:[ \t]*[:|\t]|[ ]{3})[ \t|]*(?P<who>[A-ZÀ-Þ0-9][^\n,;(|\t]{1,60})",
    re.MULTILINE,
)
_ADDRESSEE = re.compile(
    r"^[ \t|]*(?i:to|an|à|bill to|invoice to)[ \t]*[:|\t][ \t|]*(?P<who>[A-ZÀ-Þ0-9][^\n,;(|\t]{1,60})", re.MULTILINE
)
_TO_WHOM = re.compile(
    rf"\b(?i:grants?|license|to|that|the company|der|dem|die firma|die|à|a|al|alla|aan|ik|wij|dat|firmie|que|che|"
    rf"dla|für|la société)\s+(?P<who>{_FIRM})"
)
# A postal code and a town, or a town and a postal code of the United Kingdom or of Canada.
_TOWN = (
    r"(?:(?:[A-Z]{1,2}-)?\d{4,5}(?: [A-Z]{2})?[ \t]+[^\W\d]|"
    r"[^\W\d][^\W\d., -]{0,20}(?:[ ,]{1,2}[^\W\d]{1,20}){0,4},?[ ]{1,2}"
    r"(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d)\b)"
)
_ADDRESS_BLOCK = re.compile(
    rf"^[ \t]*(?P<who>[A-ZÀ-Þ0-9][^\n\d:|·@]{{2,60}}?)[ \t]*\n[^\n]{{2,60}}\n[ \t]*{_TOWN}", re.MULTILINE
)
_LICENSOR = re.compile(
    r"^[ \t|]*(?i:licensor|lizenzgeber(?:in)?|fotograf(?:in)?|urheber(?:in)?|photographer|concédant|cédant|photographe|"
    r"licenciante|cedente|fotógraf[oa]|licenziante|fotograf[oa]|licentiegever|fotograaf|licencjodawca)[ \t]*[:|\t]"
    r"[ \t|]*(?P<who>[A-ZÀ-Þ][^\n,;(|\t\d]{2,60})",
    re.MULTILINE,
)
_GRANTOR = re.compile(rf"(?P<who>{_FIRM})\s+(?:hereby\s+)?grants\b")
_LETTERHEAD = re.compile(
    rf"\s*(?P<who>(?:[^\W\d_][\w-]*[ ])?{_FIRM}|[^\W\d_][\w-]{{2,20}}(?:[ ][\w-]{{2,20}}){{0,2}} {_COMPANY})"
    r"[ \t]*(?:$|[ \t]{3})",
    re.MULTILINE,
)
# A buyer's address has a line for the street and one for the town; a seller's stands in one below its name.
_NAME_ABOVE_ADDRESS = re.compile(rf"\s*(?P<who>[A-ZÀ-Þ][^\n\d:|·@,.]{{2,50}}?)[ \t]*\n\s*[^\n,]{{4,60}}, {_TOWN}")
_DATED = re.compile(
    r"(?:(?:rechnungs|factuur|ausstellungs)?datum|\bdated?|(?:invoice|issue|licen[cs]e) date|\bdate (?:de|d['’]|"
    r"of) ?\w*|"
    r"\bfecha(?: de \w+)?|\bdata(?: \w+)?|\bvom|\bdu|\bdnia|\bde fecha)[ \t]*[:.]?[ \t]*$",
    re.IGNORECASE,
)
_NOT_ITS_DATE = re.compile(
    r"(?:liefer|leistungs|fällig|aufnahme|bestell|due|shoot|delivery|payment|échéance|vencimiento|scadenza|verval|"
    r"capture|termin)[\w -]{0,20}[:.]?[ \t]*$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"^[ \t|]*[A-ZÀ-Þ][^\n\d:|.]{1,40},?[ \t]*(?:(?i:den|le|il|a|lì|dnia|am|,)[ \t]*)?$")
_ABBREVIATED = ["Sp", "Dr", "Mr", "Ms", "Mrs", "St", "Str", "Nr", "No", "ca", "zzgl", "einf", "inkl"]
_SENTENCE_END = re.compile(
    rf"(?<!\d)(?<!\b\w){''.join(f'(?<!\\b{each})' for each in _ABBREVIATED)}[.!](?=\s)|\?|\n\s*\n|:[ \t]*(?=\n)|"
    r"(?<=\d\d)\.(?=\s[A-ZÀ-Þ])"
)


def read_grant(text: str, columns: Callable[[], str] = str, envelope: Envelope | None = None) -> Paper | None:
    """The licences that an author or a small agency grants in a mail, an agreement or an invoice; None if in doubt.

    `columns` gives the text of a PDF as it is laid out on the page. A mail that quotes others is read message by
    message, the newest first: what was written later may take back what was granted before.
    """
    if len(text) > MAX_TEXT_CHARACTERS or not _SPEAKS_OF_PICTURES.search(text):
        return None
    if envelope is None:
        thread = split_thread(text)
        if len(thread) == 1:
            return _read(columns() or text, text, thread[0], "")
    else:
        thread = split_thread(in_order(text.removesuffix(envelope.sender)))
        first = thread[0]
        thread[0] = ThreadMessage(first.text, first.sent or envelope.sent, first.sender or envelope.sender)
    own = _own_hosts(envelope) if envelope else ""
    later = ""
    for message in thread:
        if paper := _read(message.text, f"{later}\n\n{message.text}", message, own):
            return paper
        later = f"{later}\n\n{message.text}"
    return None


def names_picture_and_rights(text: str) -> bool:
    """Whether a text speaks of rights of use and names a picture as authors number them, so that it should be kept."""
    return bool(_SPEAKS_OF_PICTURES.search(text)) and speaks_of_licensing(text, ()) and any(_named(text))


def _read(text: str, said: str, message: ThreadMessage, own: str) -> Paper | None:
    """What one text grants. `said` is all that must not speak against it."""
    if not _ANY.search(text) and not _HEADING.search(text):
        return None
    if DEMAND.search(said) or PAID_BACK.search(said) or NO_RECEIPT.search(said) or is_own_order(said):
        return None
    said = _TITLE_OF_WORK.sub(" ", _NAMING.sub(" ", said))
    invoice = _INVOICE.search(text[:MAX_HEAD_CHARACTERS])
    if invoice:
        said = _UNTIL_PAID.sub(" ", said)
    if marked(text) or titled(text) or _BLANK.search(said) or any(words_against(said, known=False)):
        return None
    if any(not in_terms(said, found.start()) for found in _ANOTHER_DEAL.finditer(said)):
        return None
    seller = _seller(text, message, own)
    if seller is None or not _SPEAKS_OF_PICTURES.search(_HOST.sub(" ", text)):
        return None
    found = _granted(text)
    kind = DocumentKind.RECEIPT if invoice else DocumentKind.CERTIFICATE
    language, ids = found or ("", _titled_licence(text))
    if not ids and invoice:
        language, ids = "en" if "invoice" in invoice[0].casefold() else "", _charged(text, mailed=bool(message.sender))
    if not ids or len(ids) > MAX_PICTURES:
        return None
    when = message.sent or _day(text, language)
    if when is None:
        return None
    who = _licensee("\n".join(filter(None, map(str.strip, text.splitlines()))), seller, mailed=bool(message.sender))
    if who and who.casefold() == seller.removeprefix(OTHER_PLATFORM):
        return None
    if who is None and kind is DocumentKind.RECEIPT:
        return None  # it may be another's
    values = [{"asset_id": each, **({"licensee": who} if who else {})} for each in ids]
    licences = [licence_of(seller, each, when, when.isoformat()) for each in values]
    read = tuple(each for each in licences if each)
    if len(read) != len(ids):
        return None
    return Paper(
        reader="author_grant", sure=Sure.STATED, kind=kind, platform=seller, licences=read, date=when,
        quotes={"platform": seller.removeprefix(OTHER_PLATFORM)},
    )  # fmt: skip


def _own_hosts(envelope: Envelope) -> str:
    """The hosts of those who received a mail, which are the buyer's."""
    return " ".join(_hosts(envelope.receivers))


def _hosts(text: str) -> dict[str, None]:
    """The sites that somebody has of their own, in the order in which a text names them."""
    found = (each.lower().removeprefix("www.") for each in _HOST.findall(text))
    return dict.fromkeys(each for each in found if _TOP.search(each) and not _SHARED.match(each))


def _seller(text: str, message: ThreadMessage, own: str) -> str | None:
    """Who grants, as a licence's provider: the sender's site or the only one that a paper names, else a name."""
    theirs = _hosts(message.sender or "")
    if any(each in own.split() for each in theirs):
        return None  # the buyer wrote this
    named = list(theirs)[:1] or [each for each in _hosts(text) if each not in own.split()]
    if len(named) == 1:
        return f"{OTHER_PLATFORM}{named[0]}"
    if named:
        return None
    name = (
        _LICENSOR.search(text)
        or _LETTERHEAD.match(text)
        or _NAME_ABOVE_ADDRESS.match(text)
        or _GRANTOR.search(text)
        or re.match(r"\s*\"?(?P<who>[A-ZÀ-Þ][^\n<\"@\d]{3,60}?)\"?\s*<", message.sender or "")
    )
    return f"{OTHER_PLATFORM}{' '.join(name['who'].split()).casefold()}" if name else None


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _SENTENCE_END.finditer(text):
        yield start, found.end()
        start = found.end()
    yield start, len(text)


def _granted(text: str) -> tuple[str, list[str]] | None:
    """The language of the sentences that grant, and the pictures; none of these if one is not clear.

    None if no sentence grants.
    """
    places = list(_sentences(text))
    thanked = bool(_THANKED.search(text))
    grants = [(language, place) for place in places if (language := _grants(text[slice(*place)], to_reader=thanked))]
    if not grants:
        return None
    ids: dict[str, None] = {}
    for _, (start, end) in grants:
        named = dict.fromkeys(found["id"] for found in _named(text[start:end]))
        ids |= named or dict.fromkeys(_listed(text[end:]))
        if named and text[start:end].rstrip().endswith(":"):
            ids |= dict.fromkeys(_listed(text[end:]))
    if not ids and any(_POINTS.search(text[slice(*place)]) for _, place in grants):
        ids = dict.fromkeys(_meant(text, places))
    return grants[0][0], list(ids) if _all_clear(text, ids) else []


def _meant(text: str, places: Sequence[tuple[int, int]]) -> list[str]:
    """The pictures to which a sentence that names none points; none at all if those are asked for, or only may be."""
    ids: list[str] = []
    before = ""
    for start, end in places:
        sentence = text[start:end]
        if here := [found["id"] for found in _named(sentence)]:
            said = _NO_DOUBT.sub(" ", f"{before} {sentence}")
            if "?" in said or ASKING.search(said) or any(each.search(said) for each in _DOUBTED.values()):
                return []
            ids += here
        before = sentence if sentence.strip() else before
    return ids


def _grants(sentence: str, *, to_reader: bool = False) -> str:
    """The language in which a sentence grants a right without a condition; empty if it does not.

    `to_reader`: what is granted is granted to the reader, as the text says elsewhere.
    """
    if sentence.endswith("?"):
        return ""
    plain = _NO_DOUBT.sub(" ", sentence)
    if _ONLY_OFFERED.search(plain) and not _PAID.search(plain):
        return ""
    if (
        not (_READER.search(plain) or (to_reader and not _TO_OTHERS.search(plain)))
        or ASKING.search(plain)
        or _OTHER_WORKS.search(plain)
        or not speaks_of_licensing(plain, [plain])
    ):
        return ""
    for language, does in _DOES.items():
        done = does.search(plain) or (_DID[language].search(plain) and _GIVEN.search(plain) and not _YEAR.search(plain))
        if done and _RIGHTS[language].search(plain) and not _DOUBTED[language].search(plain):
            return language
    return ""


def _named(text: str) -> Iterator[re.Match[str]]:
    """The pictures that a text names by a file, a number behind a label, or a number with letters."""
    for found in _ANY.finditer(text):
        if found["label"] or not _OF_OTHERS.search(text[max(0, found.start() - 40) : found.start()]):
            yield found


def _listed(text: str) -> list[str]:
    """The pictures of the list with which a text begins, one or more in each line; headings may stand above it."""
    ids: list[str] = []
    bare = False
    for line in filter(str.strip, text.splitlines()):
        if _HEADING.match(line) and not any(_named(line)):
            bare = True
            continue
        here = _row(line, bare=bare)
        introduces = len(line.split()) <= MAX_HEADING_WORDS and not line.rstrip().endswith((".", "!", "?"))
        if not here and (ids or not introduces):
            break
        ids += here
    return ids


def _row(line: str, *, bare: bool) -> list[str]:
    """The pictures of a line that begins with one. `bare`: a number without a label is one, as its heading says."""
    begins = _ROW.match(line)
    start = begins.end() if begins else 0
    first = _ANY.match(line, start)
    if first is None:
        number = _BARE.match(line, start) if bare else None
        return [number["id"]] if number else []
    ids = [first["id"]]
    place = first.end()
    while more := _AND.match(line, place):
        found = _ANY.match(line, more.end())
        if found is None:
            break
        ids.append(found["id"])
        place = found.end()
    return ids


def _all_clear(text: str, ids: Iterable[str]) -> bool:
    """Whether a text names no other picture, takes none of these out, and does not mean those between two."""
    ids = set(ids)
    shapes = {_shape(each) for each in ids}
    for found in _named(text):
        if found["id"] not in ids and (
            found["label"] or _shape(found["id"]) in shapes or re.search(_ENDING, found["id"])
        ):
            return False
    if any(_RANGE.match(text, found.end()) for found in _named(text)):
        return False
    lines = (line for line in text.splitlines() if any(each in line for each in ids))
    return not any(_EXCEPTED.search(_NO_DOUBT.sub(" ", line)) for line in lines)


def _shape(picture: str) -> str:
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "0", picture))


def _charged(text: str, *, mailed: bool) -> list[str]:
    """The pictures for whose use an invoice charges, and for nothing else; empty if in doubt."""
    title = _INVOICE.search(text[:MAX_HEAD_CHARACTERS])
    if title is None or _OTHER_WORK.search(text) or any(_may_charge(text[slice(*each)]) for each in _sentences(text)):
        return []
    ids: list[str] = []
    body: list[str] = []
    bare = False
    for line in text[title.start() :].splitlines():
        here = _row(line, bare=bare) or _sold(line)
        if ids and not here and _TOTAL.search(line):
            break
        if ids and not here and _REST.match(line):
            return []  # of a number that a narrow column breaks
        bare = bare or bool(_HEADING.match(line))
        body.append(line)
        ids += here
    said = "\n".join(body)
    if _ARTICLE.search(said) or any(UNDECIDED.search(cell) for line in body for cell in _CELL.findall(line)):
        return []
    objects = [_NO_DOUBT.sub(" ", line) for line in body if _OBJECT.search(line)]
    if any(each.search(line) for line in objects for each in _DOUBTED.values()):
        return []
    if not ids:  # in a sentence: `for the use of the pictures … I charge`
        start, end = next((each for each in _sentences(text) if _charges(text[slice(*each)])), (0, 0))
        ids = [found["id"] for found in _named(text[start:end])] or _listed(text[end:] if end else "")
        ids = ids or ([] if mailed else _in_object(body))
        return ids if _all_clear(text, ids) else []
    headings = "\n".join(line for line in body if _HEADING.match(line))
    used = _USE.search(headings) or (_USE.search(said) and speaks_of_licensing(said, [said]))
    licensed = (_OBJECT.search(said) or used) and _SPEAKS_OF_PICTURES.search(said)
    sold = sum(bool(_PRICE.search(line)) for line in body)
    clear = sold <= len(ids) == len(set(ids)) and _all_clear(said, ids)
    return ids if licensed and clear else []


def _sold(line: str) -> list[str]:
    """The pictures in a line with a price that says that their use is sold: `Licence to use image AB-2011   120.00`."""
    if not (_PRICE.search(line) and (_OBJECT.search(line) or _USE.search(line)) and _SPEAKS_OF_PICTURES.search(line)):
        return []
    return [found["id"] for found in _named(line)]


def _in_object(lines: Sequence[str]) -> list[str]:
    """The pictures that one line of an invoice names as its object, if all its prices are for these."""
    objects = [
        line for line in lines if _OBJECT.search(line) and _SPEAKS_OF_PICTURES.search(line) and any(_named(line))
    ]
    if len(objects) != 1:
        return []
    ids = [found["id"] for found in _named(objects[0])]
    priced = [line for line in lines if _PRICE.search(line) and not _TOTAL.search(line)]
    return ids if priced and all(any(each in line for each in ids) for line in priced) else []


def _charges(sentence: str) -> bool:
    return bool(_OBJECT.search(sentence) or _USE.search(sentence)) and any(
        charges.search(sentence) and not _DOUBTED[language].search(sentence) for language, charges in _CHARGES.items()
    )


def _may_charge(sentence: str) -> bool:
    """Whether a sentence speaks of an invoice that may come, or of one that something is wrong with."""
    plain = _NO_DOUBT.sub(" ", sentence)
    return any(
        charges.search(plain) and (_DOUBTED[language].search(plain) or sentence.endswith("?"))
        for language, charges in _CHARGES.items()
    )


def _titled_licence(text: str) -> list[str]:
    """The pictures in the rows of an agreement that its first line calls a licence, and whose parties have labels."""
    first = text.lstrip().partition("\n")[0]
    titled = _OBJECT.search(first) and _SPEAKS_OF_PICTURES.search(first)
    if not titled or not (_LICENSOR.search(text) and _LICENSEE.search(text)) or "?" in text or ASKING.search(text):
        return []
    ids = [each for line in text.splitlines() for each in _row(line, bare=False)]
    return ids if _all_clear(text, ids) else []


def _day(text: str, language: str) -> date | None:
    """The one day of which a paper says that it is its own: behind a label, behind a place, or alone in a line."""
    order = DateOrder.DAY_FIRST if language != "en" else day_order([text])
    found: dict[date, None] = {}
    for day, place in days_in(text, order):
        before = text[max(0, place.start() - MAX_LABEL_CHARACTERS) : place.start()].rpartition("\n")[2]
        behind = text[place.end() :][:MAX_LABEL_CHARACTERS].partition("\n")[0].strip(" \t|.")
        if _NOT_ITS_DATE.search(before):
            continue
        alone = not before.strip(" \t|") and not behind
        if _DATED.search(before) or alone or (_PLACE.match(before) and not behind):
            found[day] = None
    if len(found) == 1:
        return next(iter(found))
    only = None if found else only_day(text)
    return next((day for day, _ in days_in(only, order)), None) if only else None


def _licensee(text: str, seller: str, *, mailed: bool) -> str | None:
    """To whom it is granted, if a label, a sentence or the address of an invoice names one; else None."""
    for names in (_LICENSEE, *(() if mailed else (_ADDRESSEE,)), _TO_WHOM, _ADDRESS_BLOCK):
        found = dict.fromkeys(" ".join(each.split()).rstrip(" .,-") for each in _who(names, text, seller))
        if len(found) == 1:
            name = next(iter(found))
            return f"{name}." if re.search(r"\.\w$", name) else name
    return None


def _who(names: re.Pattern[str], text: str, seller: str) -> Sequence[str]:
    own = re.sub(r"\W", "", seller.removeprefix(OTHER_PLATFORM).rpartition(".")[0] or seller)
    return [
        each["who"] for each in names.finditer(text) if re.sub(r"\W", "", each["who"]).casefold() not in own.casefold()
    ]
