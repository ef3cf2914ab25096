"""Find the numbers by which a paper of a seller that nobody knows calls the items that it licenses.

A number is an item's by what stands around it: a media file's ending, a word for an item before it, the heading of its
column, or its place at the beginning of the rows of a list. What the paper calls otherwise, or takes out, is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

MAX_LINES, MAX_LINE_CHARACTERS = 5_000, 2_000  # that are read; longer lines are cut
MAX_BEFORE_CHARACTERS = 60  # in which the word that calls a number stands
MAX_HEADING_WORDS = 5
MIN_BARE_DIGITS = 6  # of a number without letters or a label: a postal code has five


def _by_language(**words: str) -> frozenset[str]:
    return frozenset(word for each in words.values() for word in each.split())


# Words without accents, and with whatever follows in one word: `bild` is also `Bildnummer`.
_ITEM = _by_language(
    en="image picture photo pic footage clip video track song cue illustration drawing artwork font typeface vector "
    "graphic file asset item frame negative slide plate scan sfx sound recording accession still shot object cartoon",
    de="bild foto motiv aufnahme datei titel musikstuck zeichnung grafik schrift inventar signatur archivale werk "
    "objekt dia tafel ausschnitt film archiv katalog artikel digitalisat karte inv",
    fr="cliche fichier visuel dessin morceau piste sequence oeuvre cote police extrait titre inventaire plan tirage",
    es="imagen archivo ilustracion dibujo pista cancion recurso obra signatura fuente tipografia inventario articulo",
    it="immagin illustrazion disegn brano brani traccia tracce filmat segnatura tavola opera opere",
    nl="afbeelding beeld bestand illustratie fragment tekening lettertype inventaris nummer opname",
    pl="zdjeci obraz plik fotografi ilustracj utwor nagrani klip sygnatura grafik kroj rysun inwentarz",
    pt="imagem imagens arquivo ficheiro ilustrac faixa musica desenho cota fonte tema inventario",
)
_NOT_ITEM = _by_language(
    en="photographer photographers", de="fotograf fotografin fotografen bildnachweis bildagentur fotonachweis",
    fr="photographe", es="fotografo fotografa", it="fotografo fotografa", nl="fotograaf", pl="fotograf", pt="tema",
)  # fmt: skip
# Whatever stands behind one of these is no item's.
_OTHER = _by_language(
    en="order invoice customer client account receipt purchase po quote quotation contract agreement vat tax gst abn "
    "ein iban bic swift tel phone fax mobile job project release isrc iswc isbn issn ean case ticket check cheque card "
    "debit booking reservation transaction payment statement register member user seat voucher coupon "
    "docket request application grade page series volume edition issue visa mastercard amex reg your our box room "
    "proforma pro sale confirmation certificate code-promo folio delivery agr ending",
    de="rechnung bestell auftrag kunde konto kundin beleg quittung vertrag angebot steuer ust uid mwst telefon "
    "hrb hra fn projekt gz az aktenzeichen zeichen referenz lieferschein gutschrift debitor vorgang fall ausgabe heft "
    "seite kassenzeichen zl bescheid honorarnote re rg kd kst antrag bewilligung plz postfach paragraph art",
    fr="facture commande client compte recu devis contrat tva siret siren rcs bon avoir dossier page bordereau",
    es="factura pedido cliente cuenta recibo presupuesto contrato nif cif iva rfc rut expediente albaran pagina "
    "boleta oc cuit",
    it="fattura ordine conto ricevuta preventivo contratto piva partita cf pratica prot protocollo pagina bolletta "
    "ft prezzo codice-fiscale sdi",
    nl="factuur bestelling bestelnummer klant rekening offerte overeenkomst btw kvk bon dossier pagina opdracht debiteur",
    pl="faktur zamowieni klient konto paragon ofert umow nip regon krs zlecen strona rachunek",
    pt="fatura encomenda recibo orcamento contrato contribuinte processo nipc",
)
# The same, but only behind a word for a number: `Licence no. 5512`, while `Licence 5512` may be one to the item 5512.
_OTHER_NUMBERED = _by_language(
    en="licen collection consent usage permission",
    de="lizen nutzung genehmigung sammlung", fr="autorisation", es="autorizacion", it="autorizzazion concession",
    nl="toestemming", pl="zgod", pt="autorizac",
)  # fmt: skip
_NUMBER = _by_language(
    en="no nos number numbers num id ids code codes ref refs reference references key name",
    de="nr nrn nummer nummern kennung", fr="n numero numeros identifiant", es="num codigo referencia",
    it="cod codice rif riferimento numeri", nl="referentie", pl="numer kod symbol ozn", pt="cod referencia",
)  # fmt: skip
_BETWEEN = _by_language(
    en="of the and numbered with", de="der des mit und die den", fr="de du la le des d l et", es="del el los las y con",
    it="della dell di il e", nl="van het met en", pl="o i oraz", pt="do da dos das com",
)  # fmt: skip
_NO_PREFIX = _by_language(  # capitals before a number that are no part of it
    sums="eur usd gbp chf cad aud pln zl us ca au", units="dpi iso din hd uhd a4 rgb cmyk rf rm rr",
    months="jan feb mar apr may jun jul aug sep sept oct nov dec mai juni juli mars", signs="in to at for from bis par",
    number="no nr ref id n", states="wa nsw qld vic sa nt tas act on bc qc ab",
)  # fmt: skip
# Of a sentence or a line whose items are taken out.
_TAKEN_OUT = re.compile(
    "|".join(
        each
        for phrases in {
            "en": r"not included|not licen[cs]ed|n['o]t part|decided against|instead of|preview|declined|dropped|"
            r"replaced|unused|not been charged|stays with me|similar (?:images|items|clips)|you (?:may|might) also|"
            r"want a listen|coming|pending|on hold|withdrawn|refused|framed print|refunded|not approved|not cleared",
            "de": r"nicht (?:enthalten|lizenziert|dabei|inbegriffen|freigegeben|umfasst)|statt |vorschau|abgelehnt|"
            r"entfällt|ersetzt|storniert|ähnliche (?:bilder|motive)|gesperrt|warte noch|lassen wir|ausgenommen",
            "fr": r"non (?:inclus|compris|retenu|licencié)|à l['’]exception|sauf |aperçu|refusé|au lieu de|annulé",
            "es": r"no (?:incluid|licenciad|está incluid)|excepto|salvo |vista previa|rechazad|podría gustarte|anulad",
            "it": r"non (?:inclus|compres|concess)|esclus[aeio]\b|eccetto|anteprima|rifiutat|invece|annullat",
            "nl": r"niet (?:inbegrepen|gelicentieerd|opgenomen)|behalve|voorbeeldweergave|afgewezen|vervalt",
            "pl": r"nie obejmuj|z wyjątkiem|odrzucon|podgląd|zamiast",
            "pt": r"não (?:incluíd|licenciad)|exceto|pré-visualização|recusad|em vez de",
        }.values()
        for each in phrases.split("|")
    ),
    re.IGNORECASE,
)
_QUOTES = re.compile(  # the line above a quoted mail
    r"(?:-{2,}|_{5,})\s?(?:original|ursprüngliche|message|mensaje|messaggio|oorspronkelijk|wiadomość|mensagem|forwarded)|"
    r"(?:on|am|le|il|el|op|w dniu|dnia|em|a)\b.{5,120}\b(?:wrote|schrieb|a écrit|ha scritto|escribió|schreef|napisał\w*"
    r"|escreveu)\b.{0,60}:?$|.{0,60}\b(?:schrieb|wrote|escribió|ha scritto)\b.{0,40}:$",
    re.IGNORECASE,
)
_MAIL_HEADER = re.compile(
    r"(?:from|to|cc|date|sent|reply-to|von|an|datum|gesendet|de|para|fecha|da|a|data|inviato|à|date|envoyé|objet-ref|van|"
    r"aan|verzonden|od|do|enviado)\s?: ",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[a-zß-ÿ)\d”“\"»][.!?;]) +(?=[A-ZÀ-Þ„“\"«¿¡])")
_CELL = re.compile(r"(?:(?! {2}|\t| ?[|;]).){1,400}")
_MEDIA = (
    r"jpe?g|tiff?|png|psd|psb|dng|cr[23]|nef|arw|raf|orf|rw2|raw|heic|webp|gif|eps|ai|svg|indd|pdf|mov|mp4|mxf|avi|mkv|"
    r"m4v|prores|r3d|braw|wav|mp3|aiff?|flac|m4a|ogg|otf|ttf|woff2?|zip|rar|7z|abr|lut|aep|mogrt|obj|fbx|blend|glb"
)
_TOKEN = re.compile(r"(?<![\w@/.\\+-])\w{1,80}(?:[-./+]{1,2}\w{1,60}){0,12}(?![\w@])")
_FILE = re.compile(rf".{{1,120}}\.(?:{_MEDIA})", re.IGNORECASE)
_BUNDLE = re.compile(r"[-_. ]?\w{0,12}\.(?:zip|rar|7z|pdf)", re.IGNORECASE)
_NOTHING_LIKE_IT = re.compile(
    r"(?:19|20)\d\d(?:[-/.](?:\d\d|\d{4}))?|\d{1,2}[./-]\d{1,2}[./-](?:\d\d|\d{4})|\d{4}[./-]\d{1,2}[./-]\d{1,2}|"
    r"\d{1,2}[./-][a-zà-ÿ]{3}[./-]\d{2,4}|\d{1,3}(?:[.']\d{3})+|\d{1,2}[./]\d{1,2}|\d{1,2}/(?:19|20)\d\d|"
    r"\d+[.,]\d\d|\d{1,4}[x×]\d{1,4}|\d+(?:px|dpi|ppi|[mgk]b|mp|cm|mm|k|p|th|st|nd|rd|s|h|min|sec|fps|er|x|ex|hz|khz|"
    r"bit|pt|m|g|w|ml|kg|km)|[hv]\.?26[45]|mp[34]|a[0-6]|cc[0o]?\d?|w-?[39]|[a-z]+2?rgb|iso-?\d+|rec\.?709|\d+[a-z]?-?"
    r"(?:jährig|fach|seit|spaltig|month|year|day|week|page|user|sided?|up)\w*|fogra\d+|\w{1,12}\.(?:txt|cube|com)|"
    r"(?:q[1-4]|h[12])[-/]\d+|covid-?19|\d{1,2}h\d\d|web[2o]\w*|ipad\w*|\d{1,4}-bit|prores\d*|utf-?8|b2[bc]",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"(?:^|(?<=[\s(„“\"«:,–-]))(?P<prefix>[A-Z][A-Z-]{0,5}|[A-Z]-?[A-Z]?[a-z]{1,2}) $")
_BEGINS = re.compile(r"[\s>|]{0,80}(?:[-*•·–—+]\s{0,4}|\[x\]\s?)?(?:\d{1,3}[.)]?\s?[x×]?[\s|]{1,20})?[#\"„“«(]?")
_LABEL_END = re.compile(r"[\s:.#=№°º\"„“«‚'’*-]{0,12}$")
_WORDS = re.compile(r"[a-z#№]+")


class Sign(IntEnum):
    """How well what stands around a number says that it is an item's."""

    OTHER = 0
    FORM = 1
    ROW = 2
    CALLED = 3


@dataclass(frozen=True)
class _Numbered:
    """A number of a text. `out`: its sentence takes it out."""

    id: str
    sign: Sign
    out: bool = False


def named_items(text: str) -> list[str]:
    """The numbers, codes or file names of the items that a paper licenses; empty where it is not clear which."""
    own, quoted = _parts(text)
    return _chosen(list(_numbers(own))) or _chosen(list(_numbers(quoted)))


def _parts(text: str) -> tuple[list[str], list[str]]:
    """The lines that a paper says itself, and those of the mail that it quotes, which it names as it answers."""
    own: list[str] = []
    quoted: list[str] = []
    begun = False
    lines = [line[:MAX_LINE_CHARACTERS] for line in text.splitlines()[:MAX_LINES]]
    for n, line in enumerate(lines):
        begun = begun or bool(_QUOTES.match(line.strip()))
        if line.lstrip().startswith(">"):
            quoted.append(line.lstrip("> "))
        elif begun:
            quoted.append(line)
        elif not (_MAIL_HEADER.match(line) and (n < 6)):
            own.append(line)
    return own, quoted


def _numbers(lines: Iterable[str]) -> Iterator[_Numbered]:
    """Whatever may be an item's number, with what says so."""
    heads: list[str] = []  # the signs of a table's columns
    above, out_below = "", False
    for line in lines:
        if not line.strip():
            heads, above, out_below = [], "", False
            continue
        cells = list(_CELL.finditer(line))
        if (found := _heads(cells)) is not None:
            heads = found
            above = line
            continue
        place = 0
        for sentence in _SENTENCE.split(line):
            out = out_below or bool(_TAKEN_OUT.search(sentence))
            for each in _TOKEN.finditer(sentence):
                if found_here := _read(line, cells, heads, above, place + each.start(), each[0]):
                    yield replace(found_here, out=out)
            place = line.find(sentence, place) + len(sentence) + 1
        out_below = out_below or (line.rstrip().endswith(":") and bool(_TAKEN_OUT.search(line)))
        above = line


def _heads(cells: list[re.Match[str]]) -> list[str] | None:
    """What each heading of a table's columns calls its numbers; None if the line has no headings."""
    names = [each[0] for each in cells if each[0].strip()]
    if len(names) < 2 or any(re.search(r"\d", each) or len(each.split()) > MAX_HEADING_WORDS for each in names):
        return None
    signs = [_called(f"{each.strip()} ") for each in names]
    return signs if "item" in signs or "number" in signs else None


def _read(line: str, cells: list[re.Match[str]], heads: list[str], above: str, start: int, token: str) -> _Numbered | None:
    """A token as an item's number, if it may be one."""
    before = line[max(0, start - MAX_BEFORE_CHARACTERS) : start]
    token = token.rsplit("/", 1)[-1] if _FILE.fullmatch(token) else token
    if _FILE.fullmatch(token):
        return _Numbered(token, Sign.CALLED) if "://" not in before else None
    if not re.search(r"\d", token) or _NOTHING_LIKE_IT.fullmatch(token) or re.search(r"(?:www\.|://\S*|@\S*)$", before):
        return None
    n = next((n for n, each in enumerate(cells) if each.start() <= start < each.end()), 0)
    if prefix := _PREFIX.search(before):
        word = _plain(prefix["prefix"])
        if token[0].isdigit() and word not in _NO_PREFIX and not _is(word, _OTHER) and word not in _NUMBER:
            token, start = f"{prefix['prefix']} {token}", start - len(prefix["prefix"]) - 1
            before = line[max(0, start - MAX_BEFORE_CHARACTERS) : start]
    called = _called(before)
    if not called and n and not line[cells[n].start() : start].strip(" #"):
        called = _called(cells[n - 1][0]) if n == 1 or cells[n - 1][0].rstrip().endswith(":") else ""
    begins = bool(_BEGINS.fullmatch(line[:start])) or (len(cells) > 1 and cells[n][0].strip(" #") == token)
    head = heads[n] if len(heads) == len(cells) else heads[n] if n < len(heads) and n < 2 else ""
    if not called and begins:
        called = head
    if not called and begins and above.rstrip().endswith(":"):
        called = _called(above)
    return _signed(token, called, begins=begins)


def _signed(token: str, called: str, *, begins: bool) -> _Numbered | None:
    digits, letters = sum(map(str.isdigit, token)), bool(re.search(r"[^\W\d_]", token))
    if called == "other":
        return _Numbered(token, Sign.OTHER)
    if called == "item" and (digits > 2 or (letters and digits)):
        return _Numbered(token, Sign.CALLED)
    if called == "number" and digits > 2:
        return _Numbered(token, Sign.ROW)
    if digits < 2 or not (letters or digits >= MIN_BARE_DIGITS or (digits >= MIN_BARE_DIGITS - 1 and "-" in token)):
        return None
    if begins:
        return _Numbered(token, Sign.ROW)
    return _Numbered(token, Sign.FORM) if letters else None


def _called(before: str) -> str:
    """What the words directly before a number call it: an `item`, only a `number`, something `other`, or nothing."""
    label = before[: _LABEL_END.search(before).start()] if _LABEL_END.search(before) else before
    if label.endswith(("(", ",", ";", ")", "/", "!", "?", "|", "”")):
        return ""
    words = _WORDS.findall(_plain(re.split(r"[(|;,]|\s{2,}|\t|[.:] (?=\w{4})", before)[-1]))
    numbered = "#" in before[-2:]
    for word in reversed(words[-5:]):
        if word in _NUMBER:
            numbered = True
        elif word in _BETWEEN:
            continue
        elif _is(word, _OTHER) or (numbered and _is(word, _OTHER_NUMBERED)):
            return "other"
        elif _is(word, _ITEM) and word not in _NOT_ITEM:
            return "item"
        else:
            break
    return "number" if numbered else ""


def _is(word: str, stems: frozenset[str]) -> bool:
    """Whether a word is one of these, or begins with one that is long enough for a compound."""
    return word in stems or any(word[:length] in stems for length in range(4, len(word)))


def _plain(words: str) -> str:
    letters = unicodedata.normalize("NFKD", words.casefold().replace("ł", "l").replace("œ", "oe"))
    return "".join(each for each in letters if not unicodedata.combining(each))


def _chosen(found: list[_Numbered]) -> list[str]:
    """The items among the numbers: the best signed, and those of the same form."""
    other = {each.id for each in found if each.sign is Sign.OTHER} - {
        each.id for each in found if each.sign is Sign.CALLED
    }
    kept = {each.id for each in found if not each.out}
    found = [each for each in found if each.id not in other and each.id in kept and each.sign]
    if not found:
        return []
    best = max(each.sign for each in found)
    sure = {each.id for each in found if each.sign == best}
    shapes = {_shape(each) for each in sure}
    if best is Sign.FORM and len(shapes) > 1:
        return []
    ids = list(dict.fromkeys(each.id for each in found if each.id in sure or _shape(each.id) in shapes))
    return [each for each in ids if not _repeats(each, ids)]


def _repeats(item: str, ids: list[str]) -> bool:
    """Whether a number is another one again: with its file's ending, or without it."""
    for each in ids:
        if item != each and item.startswith(each) and _BUNDLE.fullmatch(item[len(each) :]):
            return True
        if item != each and each.startswith(f"{item}.") and _FILE.fullmatch(each) and not _BUNDLE.search(each):
            return True
    return False


def _shape(item: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", item))
