"""Find the numbers by which authors and small agencies call their pictures in a text, in its lists and its tables.

A number counts by its form, a file's name or capitals with digits; by the word before it, `image #7614`; by the one
that it is listed with; or by the heading above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archiver.reading.field_labels import LABELS
from archiver.reading.phrases import Phrases

MAX_HEADING_WORDS = 4  # of a line between a sentence and its list
MAX_HEADING_CHARACTERS = 300  # of a line of headings
MAX_CELL_WORDS = 3  # of the heading of a column

# Pictures, and music that is licensed with them.
_PICTURE = (
    r"(?:image|photo|picture|bild|foto|motiv|imagen|immagine|afbeelding|beeld|zdjęci[ae]|obraz|imagem|aufnahme|cliché|"
    r"photograph|photographie|fotografie|fotografía|fotografia|fichier|datei|file|archivo|bestand|plik|track)"
)
_PICTURES = (
    r"(?:images?|photos?|pictures?|pics?|photographs?|bild(?:er|ern|es)?|fotos?|fotografien?|aufnahmen?|motive?n?|"
    r"illustrations?|illustrationen?|photographies?|clichés?|visuels?|im[aá]gen(?:es)?|fotografías?|ilustraci(?:ón|"
    r"ones)|"
    r"immagin[ei]|fotografi[ae]|illustrazion[ei]|foto['’]s|beeld(?:en)?|afbeelding(?:en)?|illustraties?|zdjęć|"
    r"zdjęci[ae]|"
    r"fotografi[ai]|imagem|imagens|fotografias?|ilustraç(?:ão|ões)|files?|dateien?|fichiers?|archivos?|bestand(?:en)?|"
    r"plik(?:i|ów)?|tracks?)"
)
_NUMBER = (
    r"(?:n[°º.o]{1,2}|n[ro]s?\.?|ids?|ref\w{0,7}\.?|réf\w{0,6}\.?|numbers?|nummer[ns]?|num[ée]r[oi]s?|números?|"
    r"cod\w{0,4}\.?|"
    r"códigos?|name)"
)
_LABEL = rf"(?:{_PICTURE}[\s-]?{_NUMBER}|{_NUMBER}\s?(?:d[eil]{{1,2}}(?:la)? |d['’]|van )?{_PICTURE})(?:\(\w{{1,2}}\))?"
_ENDING = r"\.(?:jpe?g|tiff?|png|psd|dng|cr2|nef|arw|raw|eps|webp)"
# A file's name; a number with letters, as photographers' archives have; the digits of a labelled number.
_FILE = rf"[\w-]{{3,60}}{_ENDING}"
_CAPITAL = r"A-ZÀ-ÖØ-Þ"
_CODE = (
    rf"(?=[\w-]{{0,39}}\d{{3}})(?=[\w-]{{0,39}}[{_CAPITAL}])(?:[{_CAPITAL}0-9]{{1,12}}[_-])*"
    rf"_?[{_CAPITAL}0-9]{{2,20}}(?:[_-][{_CAPITAL}0-9]{{1,12}})*|"
    r"_(?:MG|DSC)_\d{3,5}|\d{6,9}[a-z]|(?:IMG|DSC|DJI|PXL)[ ]\d{4}|"
    r"(?=[\w-]{0,39}\d{3})[A-Za-z]{1,20}(?:-\w{1,12})?_[\w-]{1,20}"
)
_DIGITS = r"(?:\d{2,14}(?:[./-]\d{2,8}){1,3}|\d{4,20})"
# Behind a word for a picture a number may have any form, but not that of a year, a day, a size, a sum or a count.
_LOOSE = (
    r"(?!(?:19|20)\d\d(?![\w/-])|\d{1,3}(?![\w/-])|\d{1,2}/(?:19|20)\d\d|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\w)|"
    r"\d+[ ]?(?:px|pixels?|dpi|ppi|[mgk]b|mp|cm|mm|k|x\d+|st|nd|rd|th|er|copies|stück|ex\w*|eur|euros?|usd|gbp|"
    r"chf)(?!\w)|"
    r"\d+[ ]?[€£$%])(?=[\w/-]{0,30}\d{3})\w{1,30}(?:[/-]\w{1,20}){0,4}"
)
_SHARP = r"(?<=#)\d{2,8}"
_ANY = re.compile(
    rf"(?<![\w@/.-])(?:(?P<label>(?i:{_LABEL}))\s?[:.#]?\s?#?|"
    rf"(?P<noun>(?i:(?:{_PICTURE}[ -]?)?{_PICTURES}))[ \t]?[:(\"“„«]?[ \t]?#?)?"
    rf"(?P<id>(?i:{_FILE})|(?(noun)(?i:{_LOOSE})|(?(label)(?i:{_LOOSE})|(?!)))|{_CODE}|(?(label){_DIGITS}|(?!))|"
    rf"(?(noun){_SHARP}|(?!)))(?![\w@-]|[.,/]\w)"
)
_ALSO = re.compile(rf"#?(?P<id>(?i:{_LOOSE})|{_SHARP})(?![\w@-]|[.,/]\w)")
SPEAKS_OF_PICTURES = Phrases(
    rf"\b(?:(?!file|datei|fichier|archivo|bestand|plik){_PICTURES}|reproduction fees?|"
    r"photograph\w*|fotograf\w*|fotógraf\w*|fotograaf|\w{1,20}(?:foto|bild|beeld)s?)\b|"
    rf"{_LABEL}|\w{_ENDING}\b|\b_?(?:DSC|DSCF|IMG|MG)_?\d{{4,5}}\b",
    re.IGNORECASE,
)
# A heading or a label of pictures' numbers: `Image file`, `Réf. photo`, `Bilddatei`, `Images`.
_HEADING = re.compile(
    rf"(?!{_NUMBER}\s(?:of|de|di)\s\w+s\b)(?:(?:{_NUMBER}|of|the|de|des?|d['’]|di|della?|van|da|do|"
    rf"der)[\s.:/-]{{0,3}}){{0,3}}"
    rf"(?:{_PICTURES}|{_PICTURE})(?:[\s.:/-]{{0,2}}(?:{_PICTURE}|{_NUMBER})){{0,2}}(?:\(\w{{1,2}}\))?[.:]?",
    re.IGNORECASE,
)
# Of a list below the sentence that grants: whatever has a number there is granted.
_NUMBER_HEADING = re.compile(
    rf"(?:(?:item|object|objekt|archiv\w*|catalogue|katalog|cat|kat|inventory|inventar|inventaire|inventario|inv|"
    rf"negativ\w*|"
    rf"neg|slide|dia|plate|frame|shelf|cote|segnatura|signatura|sign?atur|our|unsere)[\s.:/-]{{0,2}})?{_NUMBER}[.:]?",
    re.IGNORECASE,
)
_NUMBERED_ROW = re.compile(
    rf"[ \t|]*(?:[-*•·–]+[ \t]*)?(?i:(?:[^\W\d]{{2,14}}[ .-]{{0,2}})?{_NUMBER})[ ]?[:#]?[ ]?(?P<id>(?i:{_LOOSE})|"
    rf"{_DIGITS})(?![\w@-]|[.,/]\w)"
)
_TITLES = {
    *(label.casefold() for each in LABELS["title"].values() for label in each),
    *[
        "subject",
        "sujet",
        "asunto",
        "soggetto",
        "onderwerp",
        "temat",
        "assunto",
        "bildmotiv",
        "bildtitel",
        "motif",
        "tema",
        "oggetto",
    ],
}
_ROW = re.compile(
    rf"^[ \t|]*(?:[-*•·–>]+[ \t]*)?(?:\d{{1,3}}[.)x×]?[ \t]+)?"
    rf"(?:(?i:{_NUMBER}|{_PICTURES})[ ]?[:.#]?[ ](?={_CODE}))?(?=\S)"
)
_CELL = re.compile(r"[^\s|]+(?: [^\s|]+)*")
_RANGE = re.compile(
    rf"[ \t]{{0,3}}(?:bis|to|through|à|al?|tot|do|até|or|oder|ou|o|of|lub|[-–—])[ \t]{{0,3}}(?i:{_PICTURES}[ ])?#?"
    rf"(?:(?i:{_FILE})|(?:{_CODE})|\d{{3,8}})(?![\w-])"
)
_AND = re.compile(
    r"[ \t]*\n?[ \t]*(?:,|;|&|\b(?:und|and|et|y|e|en|i|oraz)\b){1,2}[ \t]*(?:(?:und|and|et|y|e|en)\b)?[ \t]*\n?[ \t]*"
)
_BARE = re.compile(
    rf"#?(?P<id>(?=\w*[A-Za-z]|\d+[_/-])(?i:{_LOOSE})|{_FILE}|\d{{6,20}}|(?i:{_LOOSE})(?=[ ]{{2}}|\t))(?=[ \t]*$|"
    rf"[ \t|]+\S)"
)
_CAPTION = re.compile(r"[ \t]*[-–—:·(|]?[ \t]*\n?[ \t]*[^\s|]+(?P<rest>(?: [^\s|.][^\s|]*)+)")
# What stands before a number that is no picture's.
_OF_OTHERS = re.compile(
    r"\b(?:(?:rechnung|invoice|facture|factura|fattura|factuur|faktura|fatura|auftrag|order|bestellung|commande|pedido|"
    r"ordine|inv|angebot|vertrag|contract|contrat|kunden|customer|client|konto|steuer|projekt|project|gutschein|ticket|"
    r"(?:licen[cs]e|lizenz|licen[cz]i?a|licentie)(?=[\s-]?n))[\w-]{0,16}|"
    r"(?:iban|bic|uid|ust|vat|tva|siret|nif|cif|iva|btw|kvk|tel|fax|hrb|hra|fn|swift|job|po|abn|gst|"
    r"voucher|coupon|code|entrance|password|passwort)(?:[-_]\w{1,12})?)"
    r"\.?\s?(?:(?:id)?(?:nr|no|n[°º]|nummer|number|num[ée]ro)\.?)?\s?[:#.]?\s?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Named:
    """A picture's number in a text, from `start` to `end`. `labelled`: a word before it says that it is one."""

    id: str
    start: int
    end: int
    labelled: bool


def named(text: str) -> Iterator[Named]:
    """The pictures that a text names by a file, a number behind a word for pictures, or a number with letters."""
    place = 0
    while found := _ANY.search(text, place):
        place = found.end()
        labelled = bool(found["label"] or found["noun"])
        if not labelled and _OF_OTHERS.search(text[max(0, found.start() - 40) : found.start()]):
            continue
        yield Named(_id(found), found.start("id"), place, labelled)
        while labelled and (also := _and_another(text, place, found["id"])):
            yield Named(also["id"], also.start("id"), also.end(), labelled=True)
            place = also.end()


def _id(found: re.Match[str]) -> str:
    """A picture's number; a camera's file is called as the camera does, `IMG_7614` where somebody writes `IMG 7614`."""
    return found["id"].replace(" ", "_")


def _and_another(text: str, place: int, like: str) -> re.Match[str] | None:
    """The number of the same form that stands with the one before it: `lindqvist_1817 and lindqvist_9138`."""
    joined = _AND.match(text, place)
    found = _ALSO.match(text, joined.end()) if joined else None
    return found if found and _shape(found["id"]) == _shape(like) else None


def listed(text: str) -> list[str]:
    """The pictures of the list with which a text begins, one or more in each line; headings may stand above it."""
    ids: list[str] = []
    for line, heads, here in rows(filter(str.strip, text.splitlines()), granted=True):
        introduces = len(line.split()) <= MAX_HEADING_WORDS and not line.rstrip().endswith((".", "!", "?"))
        here = here or _numbered(line)
        if not heads and not here and (ids or not introduces):
            break
        ids += here
    return ids


def called(text: str, licensed: re.Pattern[str]) -> list[str]:
    """The pictures that a text names in the rows of a list, behind their labels, or in a line that speaks of pictures.

    Or in one that has what `licensed` finds. A number by its form alone may be any paper's.
    """
    ids: dict[str, None] = {}
    goes_on = False
    for line, heads, row in rows(text.splitlines(), granted=True):
        here = [] if heads else list(named(line))
        of_pictures = SPEAKS_OF_PICTURES.search(line) or licensed.search(line)
        if row or goes_on or of_pictures or any(each.labelled for each in here):
            ids |= dict.fromkeys([*row, *(each.id for each in here)])
            goes_on = bool(here) and line.rstrip().endswith((",", ";", "&"))
    return list(ids)


def may_list(text: str) -> bool:
    """Whether a text has any number that may be a picture's, so that it is worth a closer look."""
    return any(named(text)) or any(heads or _numbered(line) for line, heads, _ in rows(text.splitlines(), granted=True))


def _numbered(line: str) -> list[str]:
    """The number behind whatever word calls it one: `Accession no. 1987.044`; none if it is that of an invoice."""
    found = _NUMBERED_ROW.match(line)
    return [found["id"]] if found and not _OF_OTHERS.search(line[: found.start("id")]) else []


def rows(lines: Iterable[str], *, granted: bool = False) -> Iterator[tuple[str, bool, list[str]]]:
    """Each line, whether it is a heading of pictures' numbers, and the pictures of the row that it is.

    `granted`: the lines list what is granted, so that their heading need not name pictures.
    """
    column: tuple[int, int] | None = None  # of the numbers, and how many there are
    for line in lines:
        if (found := _heading(line, granted=granted)) is not None:
            column = found
            yield line, True, []
            continue
        cells = list(_CELL.finditer(line))
        start = cells[column[0]].start() if column and column[0] and len(cells) == column[1] else 0
        yield line, False, _row(line, start, bare=column is not None)


def _heading(line: str, *, granted: bool) -> tuple[int, int] | None:
    """Which cell of a line is the heading of the pictures' numbers, and how many cells it has; None if none is."""
    if len(line) > MAX_HEADING_CHARACTERS or any(map(str.isdigit, line)):
        return None
    cells = [each[0] for each in _CELL.finditer(line)]
    heads = [n for n, cell in enumerate(cells) if _heads(cell, _HEADING)]
    if heads or granted:
        heads += [n for n, cell in enumerate(cells) if _heads(cell, _NUMBER_HEADING)]
    numbered = next((n for n in heads if re.search(_NUMBER, cells[n], re.IGNORECASE)), None)
    if not heads or (len(cells) == 1 and numbered is None and not line.rstrip().endswith(":")):
        return None
    return heads[0] if numbered is None else numbered, len(cells)


def _heads(cell: str, heading: re.Pattern[str]) -> bool:
    cell = cell.partition(": ")[0]  # of a table whose cells stand behind each other
    return len(cell.split()) <= MAX_CELL_WORDS and bool(heading.fullmatch(cell))


def _row(line: str, start: int, *, bare: bool) -> list[str]:
    """The pictures of a line that begins with one. `bare`: a number without a label is one, as its heading says."""
    begins = _ROW.match(line) if not start else None
    start = begins.end() if begins else start
    first = _ANY.match(line, start) or (_BARE.match(line, start) if bare else None)
    if first is None:
        return []
    ids = [_id(first)]
    place = first.end()
    while more := _AND.match(line, place):
        found = _ANY.match(line, more.end()) or _and_another(line, place, ids[-1])
        if found is None:
            break
        ids.append(_id(found))
        place = found.end()
    return ids


def all_clear(text: str, ids: Iterable[str], excepted: re.Pattern[str], plain: re.Pattern[str]) -> bool:
    """Whether a text names no other picture, takes none of these out, and means neither a range nor one of two.

    `excepted` is what takes a picture out, unless it is a part of what `plain` finds.
    """
    ids = set(ids)
    shapes = {_shape(each) for each in ids}
    for found in named(text):
        if found.id not in ids and (
            found.labelled or _shape(found.id) in shapes or re.search(_ENDING, found.id, re.IGNORECASE)
        ):
            return False
        if _RANGE.match(text, found.end):
            return False
    lines = (line for line in text.splitlines() if any(each in line.replace("IMG ", "IMG_") for each in ids))
    return not any(excepted.search(plain.sub(" ", line)) for line in lines)


def _shape(picture: str) -> str:
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "0", picture))


def without_captions(text: str) -> str:
    """The text without the titles in a table of pictures: what is seen in a picture says nothing of its licence."""
    out: list[str] = []
    titles: tuple[int, int] | None = None
    for line, heads, ids in rows(text.splitlines(), granted=True):
        cells = list(_CELL.finditer(line))
        if heads:
            column = (_heading(line, granted=True) or (0, 0))[0]
            named_so = (n for n, each in enumerate(cells) if each[0].casefold() in _TITLES)
            pictures = (n for n, each in enumerate(cells) if n != column and _heads(each[0], _HEADING))
            titles = next(((n, len(cells)) for n in (*named_so, *pictures)), None)
        elif titles and ids and len(cells) == titles[1]:
            cell = cells[titles[0]]
            line = line[: cell.start()] + " " * len(cell[0]) + line[cell.end() :]
        out.append(line)
    return "\n".join(out)


def without_subjects(text: str) -> str:
    """The text without what follows the first word behind a picture's number: work on it is named first."""
    for each in reversed(list(named(text))):
        if caption := _CAPTION.match(text, each.end):
            start, end = caption.span("rest")
            text = text[:start] + " " * (end - start) + text[end:]
    return text
