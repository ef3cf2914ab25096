"""Find the numbers by which a paper of a seller that nobody knows calls the items that it licenses.

A number is an item's by what stands around it: a media file's ending, a word for an item before it, the heading of its
column, or its place at the beginning of the rows of a list. What the paper calls otherwise, or takes out, is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

MAX_LINES, MAX_LINE_CHARACTERS = 5_000, 2_000  # that are read; longer lines are cut
MAX_BEFORE_CHARACTERS = 60  # in which the word that calls a number stands
MAX_HEADING_WORDS, MAX_SHELFMARK_WORDS, MAX_HEADER_LINES = 5, 5, 6
MIN_BARE_DIGITS = 6  # of a number without letters or a label: a postal code has five


def _by_language(**words: str) -> frozenset[str]:
    return frozenset(word for each in words.values() for word in each.split())


# Words without accents, and with whatever follows in one word: `bild` is also `Bildnummer`.
_ITEM = _by_language(
    en="image picture photo pic footage clip video track song cue illustration drawing artwork font typeface vector "
    "graphic asset item frame negative slide plate scan sfx sound recording accession still shot cartoon sku",
    de="bild foto motiv aufnahme datei titel musikstuck zeichnung grafik schrift inventar signatur archivale werk "
    "dia tafel ausschnitt film digitalisat karte",
    fr="cliche fichier visuel dessin morceau piste sequence oeuvre cote extrait titre tirage",
    es="imagen archivo ilustracion dibujo pista cancion recurso obra signatura fuente tipografia",
    it="immagin illustrazion disegn brano brani traccia tracce filmat segnatura tavola opera opere",
    nl="afbeelding beeld bestand illustratie fragment tekening lettertype opname",
    pl="zdjeci obraz plik fotografi ilustracj utwor nagrani ujeci klip sygnatura grafik kroj rysun",
    pt="imagem imagens arquivo ficheiro ilustrac faixa musica desenho cota fonte",
    short="inv neg imm img fot ill vett tav abb fig abt pic ph",
)
# Of an item only with a word for a number: `File ID`, while a letter's `File` may be the sender's.
_ITEM_NUMBERED = _by_language(
    en="file object product catalogue catalog plan record", de="archiv katalog artikel objekt", fr="plan police inventaire",
    es="inventario", it="scheda", nl="inventaris", pl="inwentarz", pt="inventario",
)  # fmt: skip
_NOT_ITEM = _by_language(
    en="photographer photographers", de="fotograf fotografin fotografen bildnachweis bildagentur fotonachweis",
    fr="photographe", es="fotografo fotografa", it="fotografo fotografa", nl="fotograaf", pl="fotograf",
)  # fmt: skip
# Whatever stands behind one of these is no item's.
_OTHER = _by_language(
    en="order invoice customer client account receipt purchase po quote quotation vat tax gst abn "
    "ein iban bic swift tel phone fax mobile job project release isrc iswc isbn issn ean case ticket check cheque card "
    "debit booking reservation transaction payment statement register member user seat voucher coupon "
    "docket request application grade page series volume edition issue visa mastercard amex reg your our box room "
    "proforma discount sale confirmation certificate folio delivery agr ending",
    de="rechnung bestell auftrag kunde konto kundin beleg quittung angebot steuer ust uid mwst telefon "
    "hrb hra fn projekt gz az aktenzeichen zeichen referenz lieferschein gutschrift debitor vorgang fall ausgabe heft "
    "seite kassenzeichen zl bescheid honorarnote re rg kd kst antrag bewilligung plz postfach rabatt",
    fr="facture commande client compte recu devis tva siret siren rcs bon avoir remise dossier page bordereau",
    es="factura pedido cliente cuenta recibo presupuesto nif cif iva rfc rut expediente albaran descuento pagina "
    "boleta oc cuit",
    it="fattura ordine conto ricevuta preventivo piva partita cf pratica prot protocollo pagina bolletta sconto "
    "ft prezzo sdi",
    nl="factuur bestelling bestelnummer klant rekening offerte btw kvk bon dossier pagina opdracht debiteur korting",
    pl="faktur zamowieni klient konto paragon ofert nip regon krs zlecen strona rachunek rabat",
    pt="fatura encomenda recibo orcamento contribuinte processo nipc desconto",
)
# The same, but only behind a word for a number: `Licence no. 5512`, while `Licence 5512` may be one to the item 5512.
_OTHER_NUMBERED = _by_language(
    en="licen collection consent usage permission contract agreement agr",
    de="lizenz nutzung genehmigung sammlung vertrag vereinbarung", fr="autorisation contrat", es="autorizacion contrato",
    it="autorizzazion concession contratt",
    nl="toestemming overeenkomst", pl="zgod umow", pt="autorizac contrato",
)  # fmt: skip
_NUMBER = _by_language(
    signs="# № º °", en="no nos number numbers num id ids code codes ref refs reference references key name",
    de="nr nrn nummer nummern kennung", fr="n numero numeros identifiant", es="num codigo referencia",
    it="cod codice rif riferimento numeri", nl="referentie", pl="numer kod symbol ozn", pt="cod referencia",
)  # fmt: skip
_BETWEEN = _by_language(
    en="of the and numbered with", de="der des mit und die den", fr="de du la le des d l et", es="del el los las y con",
    it="della dell di il e", nl="van het", pl="o i oraz", pt="do da dos das com",
)  # fmt: skip
_NO_PREFIX = _by_language(  # capitals before a number that are no part of it
    sums="eur usd gbp chf cad aud pln zl us ca au", units="dpi iso din hd uhd a4 rgb cmyk rf rm rr",
    months="jan feb mar apr may jun jul aug sep sept oct nov dec mai juni juli mars", signs="in to at for from bis par",
    number="no nr ref id n", states="wa nsw qld vic sa nt tas act on bc qc ab",
)  # fmt: skip
_LABELS = (_ITEM, _NUMBER, _OTHER, _OTHER_NUMBERED)
# Of a sentence or a line whose items are taken out.
_TAKEN_OUT = re.compile(
    "|".join(
        each
        for phrases in {
            "en": r"not included|not licen[cs]ed|n['o]t part|decided against|instead of|preview|declined|dropped|"
            r"replaced|unused|not been charged|stays with me|similar (?:images|items|clips)|you (?:may|might) also|"
            r"want a listen|coming|pending|on hold|withdrawn|refused|framed print|also bought|would (?:be|cost)|refunded|not approved|not cleared",
            "de": r"nicht (?:enthalten|lizenziert|dabei|inbegriffen|freigegeben|umfasst)|statt |vorschau|abgelehnt|"
            r"entfällt|ersetzt|storniert|ähnliche (?:bilder|motive)|gesperrt|kauften auch|nicht berechnet|würde kosten|warte noch|lassen wir|ausgenommen",
            "fr": r"non (?:inclus|compris|retenu|licencié)|à l['’]exception|sauf |aperçu|refusé|au lieu de|annulé",
            "es": r"no (?:incluid|licenciad|está incluid)|excepto|salvo |vista previa|rechazad|podría gustarte|costaría|anulad",
            "it": r"non (?:inclus|compres|concess)|esclus[aeio]\b|eccetto|anteprima|costerebbe|rifiutat|invece|annullat",
            "nl": r"niet (?:inbegrepen|gelicentieerd|opgenomen)|behalve|voorbeeldweergave|afgewezen|vervalt",
            "pl": r"nie obejmuj|z wyjątkiem|odrzucon|podgląd|zamiast",
            "pt": r"não (?:incluíd|licenciad)|exceto|pré-visualização|recusad|em vez de",
        }.values()
        for each in phrases.split("|")
    ),
    re.IGNORECASE,
)
# Of a sentence that only offers its items, unless there are no others.
_OFFERED = re.compile(
    r"\?$|\b(?:if you|should you|would (?:need|have|like)|could|still (?:open|waiting)|(?:not|nothing) yet|will follow|next "
    r"time|optional|falls|wenn (?:sie|du|ihr)|könnten?|noch nicht|folgt|beim nächsten|si vous|pourr(?:ai|iez|ions)|en "
    r"attente|si (?:quieres?|te|os)|podría\w*|pendiente|se (?:vuoi|vuole|volete)|potre\w+|in attesa|als (?:je|u)|zou(?:den)?|"
    r"volgt|jeśli|mógłby\w*|se (?:quiser\w*)|poder(?:ia|íamos)|a decidir)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"[^.,;:()|\n]{0,40}(?:\b(?:not|cannot|never|nicht|kein\w{0,2}|pas|non|no (?:est[áa]|se|fue|ha|es|entra|va|queda)|niet|geen|nie|não)\b|n['’]t\b)",
    re.IGNORECASE,
)
_QUOTES = re.compile(  # the line above a quoted mail
    r"(?:-{2,}|_{5,})\s?(?:original|ursprüngliche|message|mensaje|messaggio|oorspronkelijk|wiadomość|mensagem|forwarded)|"
    r".{1,120}\b(?:wrote|schrieb|a écrit|ha scritto|escribió|schreef|napisał\w?|escreveu)\b.{0,60}:$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?:from|to|cc|date|sent|reply-to|von|an|datum|gesendet|de|para|fecha|da|a|data|inviato|à|envoyé|van|aan|verzonden|"
    r"od|do|enviado|(?P<subject>subject|betreff|objet|asunto|oggetto|onderwerp|temat|assunto))\s?: ",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[a-zß-ÿ)\d”“\"»][.!?;]) +(?=[A-ZÀ-Þ„“\"«¿¡])")
_CELL = re.compile(r"(?:(?! {2}|\t| ?[|;]).){1,400}")
_MEDIA = (
    r"jpe?g|tiff?|png|psd|psb|dng|cr[23]|nef|arw|raf|orf|rw2|raw|heic|webp|gif|eps|ai|svg|indd|mov|mp4|mxf|avi|mkv|"
    r"m4v|r3d|braw|wav|mp3|aiff?|flac|m4a|ogg|otf|ttf|woff2?|abr|aep|mogrt|obj|fbx|blend|glb|zip|rar|7z"
)
_TOKEN = re.compile(r"(?<![\w@.\\+-])\w{1,80}(?:[-./+]{1,2}\w{1,60}){0,12}(?![\w@])")
_FILE = re.compile(rf".{{1,120}}\.(?:{_MEDIA})", re.IGNORECASE)
_BUNDLE = re.compile(r"[-_. ]?\w{0,12}\.(?:zip|rar|7z)", re.IGNORECASE)
_NOTHING_LIKE_IT = re.compile(  # days, sizes, sums and standards
    r"(?:19|20)\d\d(?:[-/.](?:\d\d|\d{4}))?|\d{1,2}[./-]\d{1,2}[./-](?:\d\d|\d{4})|\d{4}[./-]\d{1,2}[./-]\d{1,2}|"
    r"\d{1,2}[./-][a-zà-ÿ]{3}[./-]\d{2,4}|\d{1,3}(?:[.']\d{3})+|\d{1,2}[./]\d{1,2}|\d{1,2}/(?:19|20)\d\d|"
    r"\d+[.,]\d\d|\d{1,5}[x×]\d{1,5}\w{0,2}|\d+(?:px|dpi|ppi|[mgk]b|mp|cm|mm|k|p|th|st|nd|rd|s|h|min|sec|fps|er|x|ex|"
    r"k?hz|bit|pt|m|g|w|ml|kg|km)|[hv]\.?26[45]|mp[34]|a[0-6]|cc[0o]?\d?|w-?[39]|[a-z]+2?rgb|iso-?\d+|rec\.?709|"
    r"\d+[a-z]?-?(?:jährig|fach|seit|spaltig|month|year|day|week|page|user|sided?|up|bit)\w*|fogra\d+|v\d+\.\d+|"
    r"\w{1,12}\.(?:txt|cube|com)|(?:q[1-4]|h[12])[-/]\d+|covid-?19|\d{1,2}h\d\d|web[2o]\w*|prores\d*|utf-?8|b2[bc]|"
    r"\d+[ºª°]\w*|123rf|pond5|500px|westend61|24-?7|woff2|u-?\d{1,2}",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r",\d|\s?[€£$%]|[ ](?:eur|euros?|usd|chf|gbp|dpi|ppi|ppp|px|pixels?|[km]?b|st[üu]ck|ex\b|copies|expl|mm|cm|sec|min|"
    r"ejemplares|exemplar\w*|copie|fps|x|×)(?!\w)",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"(?:^|(?<=[\s(„“\"«:,–|-]))(?P<prefix>(?:\d{1,2} )?[A-Z][A-Z-]{0,5}|(?:\d{1,2} )?[A-Z]-?[A-Z]?[a-z]{1,2}) $"
)
_SELLER = re.compile(
    r"[\s>|•*–-]{0,20}(?:[^\W\d_]{3,12}: )?(?P<prefix>(?:\d{3})?[^\W\d_]\w{1,14}) $"
)  # `Dreamstime 81140233`
_BEGINS = re.compile(r"[\s>|]{0,80}(?:[-*•·–—+]\s{0,4}|\[x\]\s?)?(?:\d{1,3}[.)]?\s?[x×]?[\s|]{1,20})?[#\"„“«(/]?")
_LABEL_END = re.compile(r"[\s:.#=№°º\"„“«‚'’*-]{0,12}$")
_NO_LABEL_BEFORE = ("(", ",", ";", ")", "/", "!", "?", "|", "”")
_WORDS = re.compile(r"[a-z]+|[#№°º]|\d+")
_COMPOUND_NUMBER = re.compile(r"(?<=\w{3})(?:num+er[ns]?|number|nrn?|kennung|code)$")  # `Lizenznummer`
_NO_HEADING = re.compile(r"\d|:$")
_INVOICE = re.compile(r"\binv\b[\W_]{0,4}(?:n[or]?)?[\W_]{0,4}$", re.IGNORECASE)  # before digits; else an inventory
_RANGE = re.compile(r"\s?(?:bis|to|through|thru|à|al?|hasta|tot|do|até|[–—-])\s{1,2}(?:nr\.?\s|-)?\s?#?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:www\.|://)\S{0,60}$")
_OURS = re.compile(r"\b(?:our|your|unsere?|ihre?|notre|votre|[nv]ostr[oa]|[nv]uestr[oa]|ons|uw|nasz|wasz)\b")
_OUR_SIGN = re.compile(r"\b[nsv]\s?[./]\s?r[eé]f\w*[.:\s]{0,3}$", re.IGNORECASE)
_JOINED = re.compile(
    r"\s{0,2}(?:,|;|&|\+|/|und|and|et|y|e|en|i|oraz|sowie|as well as|o|or|oder){1}(?: (?:und|and|et|y|e))?\s{0,2}#?"
)
_SHELFMARK = re.compile(
    r"\b(?:signatur|archivale|cote|segnatura|signatura|sygnatura|cota|shelfmark|call number)"
    r": {0,4}(?P<id>[^\W_][^,;(\n|:„“\"«]{2,40}?)(?=\s*(?:[,;(|„“\"«]|$|[–—-]\s|\s\s))",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b[A-ZÀ-Þ][a-zß-ÿ]{2,12} \d{1,3}(?=[ ,;.)(:]|$)(?![.,]\d| ?[x×%€$])")


class Sign(IntEnum):
    """How well what stands around a number says that it is an item's."""

    OTHER = 0
    OFFERED = 1
    DOUBT = 2  # behind a word for a licence, which may be its own number
    FORM = 3
    ROW = 4
    CALLED = 5


@dataclass(frozen=True)
class Numbered:
    """A number of a text. `out`: its sentence takes it out."""

    id: str
    sign: Sign
    out: bool = False


@dataclass(frozen=True)
class Surrounded:
    """A line with its cells, what the headings of its columns call their numbers, and the line above it."""

    text: str
    cells: list[tuple[int, str]]
    heads: list[str]
    above: str


def named_items(text: str) -> list[str]:
    """The numbers, codes or file names of the items that a paper licenses; empty where it is not clear which.

    What a mail says itself goes before what it quotes, and both before its subject, which is often of an order.
    """
    parts = [list(_numbers(part)) for part in _parts(text)]
    others = [each for part in parts for each in part if each.sign is Sign.OTHER]
    found = next((ids for part in parts if (ids := _chosen([*part, *others]))), [])
    return found or _counted(text)


def _parts(text: str) -> tuple[list[str], list[str], list[str]]:
    """The lines that a paper says itself, those of the mail that it quotes, and its subject."""
    own: list[str] = []
    quoted: list[str] = []
    subject: list[str] = []
    begun = False
    for n, whole in enumerate(text.splitlines()[:MAX_LINES]):
        line = whole[:MAX_LINE_CHARACTERS]
        begun = begun or bool(_QUOTES.match(line.strip()))
        header = _HEADER.match(line) if n < MAX_HEADER_LINES else None
        if begun or line.lstrip().startswith(">"):
            quoted += [] if _HEADER.match(line.lstrip("> ")) else [line.lstrip("> ")]
        elif header is None:
            own.append(line)
        elif header["subject"]:
            subject.append(line[header.end() :])
    return own, quoted, subject


def _numbers(lines: Iterable[str]) -> Iterator[Numbered]:
    """Whatever may be an item's number, with what says so."""
    heads: list[str] = []
    above, out_below = "", False
    for text in lines:
        if not text.strip():
            heads, above, out_below = [], "", False
            continue
        line = Surrounded(text, _cells(text), heads, above)
        above = text
        if (found := _heads(line)) is not None:
            heads = found
            continue
        for start, sentence in _sentences(text):
            out, offered = out_below or bool(_TAKEN_OUT.search(sentence)), bool(_OFFERED.search(sentence))
            for each in _of_sentence(line, start, sentence):
                sign = min(each.sign, Sign.OFFERED) if offered and each.sign is not Sign.ROW else each.sign
                yield replace(each, sign=sign, out=out or each.out)
        out_below = out_below or (text.rstrip().endswith(":") and bool(_TAKEN_OUT.search(text)))


def _cells(text: str) -> list[tuple[int, str]]:
    return [(each.start(), each[0]) for each in _CELL.finditer(text) if each[0].strip()]


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for gap in _SENTENCE.finditer(text):
        yield start, text[start : gap.start()]
        start = gap.end()
    yield start, text[start:]


def _of_sentence(line: Surrounded, place: int, sentence: str) -> Iterator[Numbered]:
    """The numbers of a sentence; one that is joined to another by a comma or an `and` is what the other is."""
    last: Numbered | None = None
    end = 0  # of the last one
    for each in _TOKEN.finditer(sentence):
        found = _read(line, place + each.start(), each[0])
        if last and re.search(r"\d", each[0]):
            prefix = last.id.rpartition(" ")[0]
            start = each.start() - len(prefix) - 1 if prefix else each.start()
            again = sentence[start : each.end()] if prefix else each[0]
            if again.startswith(prefix) and _shape(again) == _shape(last.id):
                if _RANGE.fullmatch(sentence, end, start):
                    yield Numbered(last.id, Sign.OTHER)
                    found = Numbered(again, Sign.OTHER)
                elif (found is None or found.sign < last.sign) and _JOINED.fullmatch(sentence, end, start):
                    found = Numbered(again, last.sign)
        if found:
            negated = found.sign is not Sign.ROW and bool(_NEGATED.match(sentence, each.end()))
            yield replace(found, out=negated)
            last, end = found, each.end()
    for shelf in _SHELFMARK.finditer(sentence):
        if re.search(r"\d", shelf["id"]) and " " in shelf["id"]:
            yield Numbered(shelf["id"].strip(), Sign.CALLED)


def _heads(line: Surrounded) -> list[str] | None:
    """What each heading of a table's columns calls its numbers; None if the line has no headings."""
    names = [re.sub(r"\([^()]{0,40}\)", "", each).strip() for _, each in line.cells]
    if len(names) < 2 or any(_NO_HEADING.search(each) or len(each.split()) > MAX_HEADING_WORDS for each in names):
        return None
    signs = [_called(f"{each} ") for each in names]
    numbers = [n for n, name in enumerate(names) if signs[n] == "item" and _NUMBER & {*_WORDS.findall(_plain(name))}]
    if numbers:  # beside `Image no.` the column `Image` is of titles
        signs = ["" if each == "item" and n not in numbers else each for n, each in enumerate(signs)]
    return signs if "item" in signs or "number" in signs else None


def _read(line: Surrounded, start: int, token: str) -> Numbered | None:
    """A token as an item's number, if it may be one."""
    before = line.text[max(0, start - MAX_BEFORE_CHARACTERS) : start]
    if _ADDRESS.search(before):
        return None
    if _FILE.fullmatch(token):
        return Numbered(token.rsplit("/", 1)[-1], Sign.CALLED)
    if not re.search(r"\d", token) or _UNIT.match(line.text[start + len(token) :][:12]):
        return None
    if prefix := _prefix(before, token):
        token, start = f"{prefix} {token}", start - len(prefix) - 1
    n = max((n for n, (begin, _) in enumerate(line.cells) if begin <= start), default=0)
    cell_start, cell = line.cells[n]
    alone = len(line.text.split()) <= len(token.split()) and not line.heads  # a letter's reference may stand so, too
    begins = (not alone and bool(_BEGINS.fullmatch(line.text[:start]))) or (
        len(line.cells) > 1 and cell.strip(" #") == token
    )
    head = _head(line, n)
    if head == "item" and _is_shelfmark(cell.split(), token):
        return Numbered(cell.strip(), Sign.CALLED)
    if _NOTHING_LIKE_IT.fullmatch(token):
        return None
    called = _called(line.text[max(cell_start, start - MAX_BEFORE_CHARACTERS) : start])
    if token.isdigit() and _INVOICE.search(before):
        called = "other"
    if called in ("", "number"):
        called = _called_beside(line, n, alone=not line.text[cell_start:start].strip(' #"„“«('), called=called)
    if called in ("", "number") and begins:
        called = head or called
    label = _WORDS.findall(_plain(line.text[cell_start:start]))
    begins = begins or (called == "number" and all(word in _NUMBER for word in label))
    return _signed(token, called, begins=begins, alone=alone)


def _head(line: Surrounded, n: int) -> str:
    return line.heads[n] if n < len(line.heads) and (len(line.heads) == len(line.cells) or n < 2) else ""


def _is_shelfmark(words: list[str], token: str) -> bool:
    """Whether a cell is a number with words of its own, as archives have: `KA Bild 2/340`."""
    own = token.split(" ")
    fits = len(own) < len(words) <= MAX_SHELFMARK_WORDS and words[-len(own) :] == own and len(words[0]) < 6
    return fits and words[0][0].isupper() and not any(_is(_plain(words[0]).strip(".:"), each) for each in _LABELS)


def _called_beside(line: Surrounded, n: int, *, alone: bool, called: str) -> str:
    """What the cell before a number calls it, or the line above."""
    if alone and n and not line.heads:
        label = line.cells[n - 1][1]
        return _called(label) if n == 1 or label.rstrip().endswith(":") or called else ""
    if n or not called or len(_cells(line.above)) != 1:
        return called
    return "other" if _called(line.above.rstrip()[-MAX_BEFORE_CHARACTERS:]) == "other" else called


def _prefix(before: str, token: str) -> str:
    """Capitals before a number that are a part of it, as in a museum's; or its seller's name where it begins a row."""
    if not re.match(r"\d", token) and not token.isupper():
        return ""
    digits = sum(map(str.isdigit, token))
    found = _PREFIX.search(before) if token[0].isdigit() and digits > 2 else None
    found = found or (_SELLER.fullmatch(before) if digits >= MIN_BARE_DIGITS else None)
    if not found or any(_is(_plain(found["prefix"]), each) for each in (_NO_PREFIX, *_LABELS)):
        return ""
    return found["prefix"]


def _signed(token: str, called: str, *, begins: bool, alone: bool) -> Numbered | None:
    """A number with its sign, by what it is called, whether it begins a row or a cell, and its form."""
    own = token.split(" ")[-1]
    digits, letters = sum(map(str.isdigit, own)), bool(re.search(r"[A-Za-zÀ-ÿ]", token))
    apart = bool(re.search(r"[-_/.]", token))
    if called == "other":
        return Numbered(token, Sign.OTHER)
    if called == "item" and (digits > (2 if apart or letters else 3) or (letters and (digits > 1 or apart))):
        return Numbered(token, Sign.CALLED)
    if called == "number" and begins and digits > 2:
        return Numbered(token, Sign.ROW)
    if (
        letters
        and (begins or " " not in token)
        and (digits > 2 or (digits > 1 and (apart or (own.isupper() and len(own) > 4))))
    ):
        return Numbered(token, Sign.ROW if begins else Sign.DOUBT if called == "licence" else Sign.FORM)
    if alone and not letters and digits >= MIN_BARE_DIGITS:
        return Numbered(token, Sign.FORM)
    return Numbered(token, Sign.ROW) if begins and not letters and digits >= MIN_BARE_DIGITS - apart else None


def _called(before: str) -> str:
    """What the words directly before a number call it: an `item`, only a `number`, something `other`, or nothing."""
    if _OUR_SIGN.search(before):
        return "other"
    if before.rstrip(" #").endswith(_NO_LABEL_BEFORE):
        return ""
    words = _WORDS.findall(_plain(re.split(r"[(|;,]|\s{2,}|\t|[.:] (?=\w{4})", before.rstrip())[-1]))
    numbered = False
    for n, compound in enumerate(reversed(words[-5:])):
        word = _COMPOUND_NUMBER.sub("", compound)
        numbered = numbered or word != compound
        if word in _NUMBER:
            numbered = True
        elif word in _BETWEEN:
            continue
        elif _is(word, _OTHER) or (numbered and _is(word, _OTHER_NUMBERED)):
            return "other"
        elif _is(word, _OTHER_NUMBERED):
            return "licence"
        elif (_is(word, _ITEM) and word not in _NOT_ITEM) or (numbered and _is(word, _ITEM_NUMBERED)):
            return "other" if _OURS.search(_plain(before)) and not _is(word, _ITEM) else "item"
        else:
            return "other" if numbered and n == 1 and not word.isdigit() else ""
    return "number" if numbered else ""


def _is(word: str, stems: frozenset[str]) -> bool:
    """Whether a word is one of these, or a compound that begins or ends with one."""
    return word in stems or any(
        word[:n] in stems or word[n:] in stems for n in range(1, len(word)) if _long(word, n, stems)
    )


def _long(word: str, n: int, stems: frozenset[str]) -> bool:
    return (n > 3 and word[:n] in stems) or (len(word) - n > 3 and word[n:] in stems)


def _plain(words: str) -> str:
    letters = unicodedata.normalize("NFD", words.casefold().replace("ł", "l").replace("œ", "oe"))
    return "".join(each for each in letters if not unicodedata.combining(each))


def _chosen(found: list[Numbered]) -> list[str]:
    """The items among the numbers: the best signed, and those of the same form."""
    called = {each.id for each in found if each.sign is Sign.CALLED}
    other = {each.id for each in found if each.sign is Sign.OTHER} - called
    kept = {each.id for each in found if not each.out}
    found = [each for each in found if each.id not in other and each.id in kept and each.sign]
    if not found:
        return []
    best = max(each.sign for each in found)
    sure = {each.id for each in found if each.sign == best}
    if best is Sign.ROW:  # what stands alone beside a list is a reference
        counts = Counter(map(_shape, sure))
        sure = {each for each in sure if counts[_shape(each)] > 1 or max(counts.values()) == 1}
    shapes = {_shape(each) for each in sure if not _FILE.fullmatch(each) and re.search(r"[^\W\d_]", each)}
    among = shapes | {_shape(each.id) for each in found if len(sure) == 1 and best is Sign.ROW}
    if best < Sign.CALLED and len(sure | among) > 1 and len(among) > 1:
        return []
    sure |= {each.id for each in found if any(_BUNDLE.fullmatch(one.removeprefix(each.id)) for one in sure)}
    ids = list(
        dict.fromkeys(
            each.id
            for each in found
            if each.id in sure or (best is not Sign.ROW and each.sign > Sign.OFFERED and _shape(each.id) in shapes)
        )
    )
    return [each for each in ids if not _repeats(each, ids)]


def _repeats(item: str, ids: Iterable[str]) -> bool:
    """Whether a number is another one again: with its bundle's name, or without its file's ending."""
    for each in ids:
        if item != each and item.startswith(each) and _BUNDLE.fullmatch(item[len(each) :]):
            return True
        if item != each and each.startswith(f"{item}.") and _FILE.fullmatch(each) and not _BUNDLE.search(each):
            return True
        if item != each and each.endswith(f" {item}"):
            return True
    return False


def _counted(text: str) -> list[str]:
    """Items that are only counted, `Plate 12`, where a paper calls them so and by no number."""
    found = (
        each[0] for line in text.splitlines()[:MAX_LINES] for each in _COUNTED.finditer(line[:MAX_LINE_CHARACTERS])
    )
    return list(dict.fromkeys(each for each in found if _plain(each.split()[0]) in _ITEM))


def _shape(item: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", item))
