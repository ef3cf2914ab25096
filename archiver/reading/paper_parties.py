"""Who licenses and to whom, and the day, in a paper whose layout nobody knows: a mail, an agreement or an invoice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from archiver.reading.certificates import spelled
from archiver.reading.dates import DateOrder, day_order, days_in
from archiver.reading.field_labels import SPELLED
from archiver.reading.letter_thread import ThreadMessage
from archiver.reading.platforms import OTHER_PLATFORM
from archiver.reading.sentences import only_day

MAX_LABEL_CHARACTERS = 160  # before a date in its line, or behind
MAX_HEAD_CHARACTERS = 1_500  # from the beginning of an invoice, in which it calls itself one


@dataclass(frozen=True)
class Envelope:
    """Of a mail: its sender and its receivers as written, and the day on which it was sent."""

    sender: str = ""
    receivers: str = ""
    sent: date | None = None


# The invoice of an author says what it is for in its object: `for the use of`, `rights of use`, `Nutzung Web 2 Jahre`.
INVOICE = re.compile(
    r"(?:^[ \t]*|(?<=\t)|(?<=[ ]{3}))(?:(?:honorar|lizenz)?rechnung|honorarnote|(?:tax |sales )?invoice|receipt|"
    r"quittung|reçu|ricevuta|recibo|kwitantie|facture|note d(?:e droits d)?['’](?:auteur|"
    r"honoraires)|factura|"
    r"fattura|parcella|factuur|faktura|fatura)\b"
    r"(?!\s*(?:(?:folgt|suit|follows|ist|is|was|has|wurde|habe|est|a été|è|está|fue|werd)\b|(?:settled|paid|received|"
    r"attached|bezahlt|beglichen|anbei|réglée|pagada|saldata|pagata|betaald)[,.;]))",
    re.IGNORECASE | re.MULTILINE,
)
OF_RIGHTS = re.compile(
    r"(?:nutzungs|bild|veröffentlichungs|abdruck|wiedergabe)(?:rechte?n?|honorar|lizenz|vereinbarung|genehmigung|"
    r"bewilligung|"
    r"erlaubnis)|\bpermission to (?:use|publish|reproduce)|\bautorisation d['’e]|\bautorización de|"
    r"\bautorizzazione (?:all|alla|d)|\blizenz(?!anfrage|angebot|antrag|frei|pflicht)\w*|"
    r"licen[cs]e|(?:usage|reproduction|publication) (?:fee|rights?)|\b(?:cession|concession) d[eu]s? |"
    r"\bdroits? (?:d['’]|de )|\bcesión\b|\bderechos de\b|\blicencia\b|\b(?:cessione|diritti|licenza)\b|"
    r"\bgebruiksrecht|\b(?:beeld|foto|gebruiks?)?licentie|\blicenc[jy]|\bpraw\w* do\b|\bcedência\b|\bdireitos de\b|"
    r"\blicença\b",
    re.IGNORECASE,
)
HOST = re.compile(
    r"(?<![\w.-])(?:https?://|www\.|[\w.+-]{1,64}@)?(?:www\.)?((?:[a-z0-9à-ÿ-]{1,63}\.){1,3}[a-z]{2,14})(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_TOP = re.compile(
    r"\.(?:com|net|org|io|co|info|biz|eu|photo|photos|photography|wales|scot|london|berlin|hamburg|koeln|bayern|"
    r"tirol|wien|"
    r"paris|bzh|cat|eus|gal|barcelona|madrid|amsterdam|frl|brussels|swiss|nyc|pics|graphics|design|agency|media|film|"
    r"press|news|works?|site|online|xyz|"
    r"ae|ar|at|au|be|bg|br|ca|ch|cl|co|cr|cy|cz|de|dk|ee|es|fi|fr|gr|hk|hr|hu|id|ie|il|in|is|it|jp|ke|kr|li|lt|lu|lv|"
    r"ma|mt|mx|my|nl|no|nz|pe|ph|pl|pt|ro|rs|ru|se|sg|si|sk|th|tr|tw|ua|uk|us|uy|vn|za|"
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
    r"(?:GmbH(?: & Co\.? KG)?|AG|KG|OHG|GbR|UG(?: \(haftungsbeschränkt\))?|"
    r"e\.\s?K\.|e\.\s?V\.|Ltd\.?|Limited|LLC|LLP|Inc\.?|PLC|plc|SASU?|SARL|"
    r"EURL|LTD|LIMITED|Pty\.? Ltd\.?|Pte\.? Ltd\.?|A/S|ApS|Oy|d\.o\.o\.|s\.r\.o\.|Kft\.?|S\.?A\.?S?\.?|S\.L\.U?\.?|"
    r"S\.r\.l\.|S\.p\.A\.|B\.V\.|N\.V\.|BVBA|Sp\. z o\.\s?o\.|Lda\.?)"
)
_BUYER = r"[A-ZÀ-Þ0-9][^\n,;(|\t]{1,60}(?:\(haftungsbeschränkt\))?"  # `UG (haftungsbeschränkt)` is one legal form
FIRM = rf"[A-ZÀ-Þ0-9][^\n,;:!?()|·]{{1,60}}?,? {_COMPANY}(?![\w])"
_LICENSEE = re.compile(
    r"^[ \t|]*(?i:licensee|lizenznehmer(?:in)?|nutzungsberechtigter?|licenciée?|cessionnaire|bénéficiaire|"
    r"licenciatari[oa]|"
    r"licenciad[oa]|cesionari[oa]|licenziatari[oa]|cessionari[oa]|licentienemer|licencjobiorca|client|kunde|"
    r"cliente|klant|customer|kundin|bill(?:ed)? to|invoiced? to|licen[cs]ed to|granted to|issued to|doit|"
    r"(?:bewilligt|erteilt|ausgestellt) (?:an|für)|"
    r"lizenziert (?:an|für)|"
    r"accordée? à|concédée? à|otorgada a|concedida a|concessa a|verleend aan|facturée? à|facturar a|received from|"
    r"reçu de|recibí de|ricevuto da|ontvangen van|rechnung an|"
    r"facturado a|"
    r"fatturato a|factuur aan)(?:[ \t]*[:|\t]|[ ]{3}|"
    rf"[ \t]*:?[ \t]*\n(?![^\n:]{{1,30}}:))[ \t|]*(?P<who>{_BUYER})",
    re.MULTILINE,
)
_ADDRESSEE = re.compile(
    r"^[ \t|]*(?i:to|an|à|a|al|para|aan|dla|bill to|invoice to)[ \t]*[:|\t][ \t|]*"
    rf"(?P<who>{_BUYER})",
    re.MULTILINE,
)
_TO_WHOM = re.compile(
    rf"\b(?i:grants?|license|to|that|the company|(?:der |die )?firma|der|dem|die|à|a|al|alla|aan|ik|wij|dat|firmie|"
    rf"que|che|"
    rf"dla|für|la société)\s+(?P<who>{FIRM})"
)
_ANY_FIRM = re.compile(
    r"(?<![\w.-])(?P<who>(?!(?:Spett|Licensee|Lizenznehmer|Client|Cliente|Kunde|Firma)\b)"
    rf"(?:[A-ZÀ-Þ0-9&][\w.&'’-]{{0,30}}[ ]){{0,4}}[A-ZÀ-Þ0-9][\w.&'’-]{{0,30}},?[ ]{_COMPANY})(?!\w)"
)
# A postal code and a town, or a town and a postal code, as in English-speaking countries.
_TOWN = (
    r"(?:(?:[A-Z]{1,2}-)?\d{4,5}(?: [A-Z]{2})?[ \t]+[^\W\d]|"
    r"[^\W\d][^\W\d., -]{0,20}(?:[ ,]{1,2}[^\W\d]{1,20}){0,4},?[ ]{1,2}"
    r"(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d|[A-Z]{2,3} \d{4,5}|[A-Z]\d\d [A-Z0-9]{4})\b)"
)
_ADDRESS_BLOCK = re.compile(
    rf"^[ \t]*(?:Spett(?:\.le|abile)[ ])?(?P<who>[A-ZÀ-Þ0-9][^\n\d:|·@]{{2,60}}?)[ \t]*\n[^\n]{{2,60}}\n[ \t]*{_TOWN}",
    re.MULTILINE,
)
LICENSOR = re.compile(
    r"^[ \t|]*(?i:licensor|(?:issued|granted) by|lizenzgeber(?:in)?|fotograf(?:in)?|urheber(?:in)?|photographer|"
    r"concédant|cédant|photographe|"
    r"licenciante|cedente|fotógraf[oa]|licenziante|fotograf[oa]|licentiegever|fotograaf|licencjodawca)[ \t]*[:|\t]"
    r"[ \t|]*(?P<who>[A-ZÀ-Þ][^\n,;(|\t\d]{2,60})",
    re.MULTILINE,
)
_SELLER = re.compile(  # above, or on the left of the buyer
    r"^[ \t|]*(?i:seller|verkäufer|vendeur|vendedor|venditore|verkoper|sprzedawca)[ ]?:[^\n]{0,120}\n"
    r"[ \t|]*(?P<who>[A-ZÀ-Þ][^\n,;:(|\t\d]{2,60}?)(?=[ ]{2}|[ \t]*$)",
    re.MULTILINE,
)
_GRANTOR = re.compile(rf"(?P<who>{FIRM})\s+(?:hereby\s+)?grants\b")
_LETTERHEAD = re.compile(
    rf"\s*(?P<who>(?:[^\W\d_][\w-]*[ ])?{FIRM}|[^\W\d_][\w-]{{2,20}}(?:[ ][\w-]{{2,20}}){{0,2}} {_COMPANY})"
    r"[ \t]*(?:$|[ \t]{3})",
    re.MULTILINE,
)
# A buyer's address has a line for the street and one for the town; a seller's stands in one below its name.
_NAME_ABOVE_ADDRESS = re.compile(rf"\s*(?P<who>[A-ZÀ-Þ][^\n\d:|·@,.]{{2,50}}?)[ \t]*\n\s*[^\n,]{{4,60}}, {_TOWN}")
_PROFESSION = re.compile(
    r"(?P<who>[A-ZÀ-Þ][^\W\d]{1,20}(?:[ -][A-ZÀ-Þ][^\W\d]{1,20}){1,3})[ \t]*(?:,[ ]|\n[ \t]*)"
    r"(?i:freie[rn]? |freelance )?"
    r"(?i:photograph|fotograf|fotógraf|fotograaf)"
)
_FIRST_LINE = re.compile(r"\s*(?P<who>[A-ZÀ-Þ][^\n\d:|·@,.?!]{3,50}?)[ \t]*$", re.MULTILINE)
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

_NO_NAME = re.compile(r"(?i:i grant|we grant|i confirm|nr\.|no\.|n°|pos\.)|/s/")


def own_hosts(envelope: Envelope) -> str:
    """The hosts of those who received a mail, which are the buyer's."""
    return " ".join(_hosts(envelope.receivers))


def _hosts(text: str) -> dict[str, None]:
    """The sites that somebody has of their own, in the order in which a text names them."""
    found = (each.lower().removeprefix("www.") for each in HOST.findall(text))
    return dict.fromkeys(each for each in found if _TOP.search(each) and not _SHARED.match(each))


def seller_of(text: str, message: ThreadMessage, own: str) -> str | None:
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
        LICENSOR.search(text)
        or _LETTERHEAD.match(text)
        or _NAME_ABOVE_ADDRESS.match(text)
        or _GRANTOR.search(text)
        or re.match(r"\s*\"?(?P<who>[A-ZÀ-Þ][^\n<\"@\d]{3,60}?)\"?\s*<", message.sender or "")
        or _SELLER.search(text)
        or _PROFESSION.search(text)
        or _FIRST_LINE.match(text)
    )
    if name and (OF_RIGHTS.search(name["who"]) or INVOICE.search(name["who"])):
        return None
    return f"{OTHER_PLATFORM}{' '.join(name['who'].split()).casefold()}" if name else None


def day_of_paper(text: str, language: str) -> date | None:
    """The one day of which a paper says that it is its own: behind a label, behind a place, or alone in a line."""
    order = DateOrder.DAY_FIRST if language != "en" else day_order([text])
    if title := INVOICE.search(text[:MAX_HEAD_CHARACTERS]):  # `Invoice 2021-051    Date: 9 August 2021`
        line = text[title.start() :].partition("\n")[0]
        beside = {day for day, place in days_in(line, order) if not _NOT_ITS_DATE.search(line[: place.start()])}
        if len(beside) == 1:
            return beside.pop()
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


def licensee_of(text: str, seller: str, *, mailed: bool) -> str | None:
    """To whom it is granted, if a label, a sentence or the address of an invoice names one; else None."""
    for names in (_LICENSEE, *(() if mailed else (_ADDRESSEE,)), _TO_WHOM, _ADDRESS_BLOCK, _ANY_FIRM):
        below = _without_seller(text, seller) if names is _ANY_FIRM else text
        found = dict.fromkeys(" ".join(each.split()).rstrip(" .,-") for each in _who(names, below, seller))
        if len(found) == 1:
            name = next(iter(found))
            return f"{name}." if re.search(r"\.\w$", name) else name
    return None


def _without_seller(text: str, seller: str) -> str:
    """The text without its first line, which may be the seller's, and without those that name the seller's site."""
    site = seller.removeprefix(OTHER_PLATFORM)
    return "\n".join(line for line in text.splitlines()[1:] if site not in line.casefold())


def _is_no_name(who: str) -> bool:
    """Whether words are how a sentence, a table or a signature begins, or the label of what stands beside."""
    return bool(_NO_NAME.match(who)) or spelled(who.strip(" :")) in SPELLED


def _who(names: re.Pattern[str], text: str, seller: str) -> Sequence[str]:
    own = re.sub(r"\W", "", seller.removeprefix(OTHER_PLATFORM).rpartition(".")[0] or seller)
    found = [(each["who"], re.sub(r"\W", "", each["who"]).casefold()) for each in names.finditer(text)]
    found = [(who, bare) for who, bare in found if bare not in own.casefold() and not _is_no_name(who)]
    return [who for who, bare in found if not (names is _ANY_FIRM and own.casefold() in bare)]
