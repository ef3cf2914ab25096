"""Find the items in a paper of a known platform by what stands around their numbers, whatever its layout.

A number is an item's if a label or a heading says so (`Image ID`, `Datei-Nr.`, `Foto #`), or if it begins a line or a
cell that goes on with a licence, a size or a price. What the paper calls otherwise, an order or a customer, is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice, pairwise, takewhile

from archiver.reading.certificates import spelled
from archiver.reading.column_names import field_of, names_a_number, names_an_asset
from archiver.reading.dates import DateOrder, days_in
from archiver.reading.field_labels import LABELS
from archiver.reading.number_labels import called_by
from archiver.reading.platforms import OTHER_PLATFORM, forms_of
from archiver.reading.sentences import (
    ADDRESS_OR_NAME,
    ADVERTISED,
    DUE,
    KIND,
    MAX_LINE_WORDS,
    OF_PLAN,
    SAID,
    named_asset,
)

MAX_ITEMS, MAX_NUMBERS = 500, 1_500
MIN_BARE_DIGITS, MIN_BARE_CHARACTERS = 6, 5  # of a number without a label; a postal code has five digits
MAX_BLOCK_LINES = 8  # below a number in which its licence, size or price may stand
MAX_LINES_OF_PLAN = 4  # from a number on, in which the plan stands of which it is
MAX_SHIFT_CHARACTERS = 3  # that a cell may begin before its heading

MAX_ABOVE_CHARACTERS, MAX_BLOCK_CHARACTERS = 400, 4_000
MAX_LABEL_WORDS = 5
MIN_ROW_CELLS = 3

_ENDS_WITH_WORD = re.compile(r"[^\W\d]\w*\.?\s{0,3}[:#.=№-]{0,3}\s{0,20}#?$")
_ENDS_WITH_NUMBER = re.compile(
    r"(?:\b(?:nr|no|id|code|ref|number|nummer|n°|nº)|[a-z](?:nummer|nr|-id))[.:]?$|#$", re.IGNORECASE
)
# What may stand before a number that begins its line: a bullet, a position, a day.
_NOTHING = re.compile(r"^[\s>•·*–—|(\[-]*(?:\d{1,3}[.)x×]?[\s|]+)?$")
LEADERS = re.compile(r"(?<=[\w.°º])(?:\s?(?:\.{3,}|…+|_{3,}|(?:\. ){3,})\s?|[ \t]{1,30}:[ \t]+)")
_RULED = re.compile(r"[\t|\x1f]")
_GAP = re.compile(r"\s{2,}|\t|\s?\|\s?|\s*\x1f\s*")

_ABBREVIATED = (
    r"(?-i:RF|RM|RR)(?:-?(?:LL|EL))?|royalty[ -]free|rights[ -](?:managed|ready)|lizenzfrei|lizenzpflichtig|"
    r"libre de droits|droits gérés|libre de derechos|derechos gestionados|diritti gestiti"
)
_KIND_WORD = (
    r"(?:standard|extended|enhanced|regular|premium|editorial|commercial|individual|business|standaard|"
    r"estándar|padrão|standardowa|erweitert|avanzata|potenziata|améliorée|avancée|mejorada|aprimorada|erweiterte?|"
    r"éditoriale?|editoriale|redaktionelle?|redactionele|commerciale?|kommerzielle?|comercial|commerciële|"
    r"étendue|estesa|ampliada|extendida|uitgebreide?|rozszerzona|estendida)"
)
_LICENCE = r"(?:licen[cs]e|lizenz|licence|licencia|licenza|licentie|licencja|licença)"
_SIZE = (
    r"(?:size|größe|taille|tamaño|dimension[ei]|formaat|rozmiar|tamanho)|(?<!\w)(?:XXXL|XXL|XL|XS)(?!\w)|"
    r"\b(?:jpe?g|tiff?|eps|psd|mp4|mov|wav|mp3|px|dpi|mb|4k|uhd|1080p|720p)\b|\b\d{3,5} ?[x×] ?\d{3,5}\b"
)
_PRICE = r"\d ?(?:credits?|crédits?|créditos?|crediti|kredyt\w{0,2})\b|[€£$¥]\s?\d|\d[.,]\d\d(?!\d)|\b(?:EUR|USD|GBP)\b"
_MARK = re.compile(rf"{KIND.pattern}|\b{_KIND_WORD}\b|\b{_LICENCE}\b|{_ABBREVIATED}|{_SIZE}|{_PRICE}", re.IGNORECASE)
_PERIOD = re.compile(  # a plan's; an invoice for items names none
    r"\b(?:(?:service|billing|subscription) (?:term|period)|(?:leistungs|abrechnungs)zeitraum|période de facturation|"
    r"per[ií]odo de facturación|periodo di fatturazione|factuurperiode)\b",
    re.IGNORECASE,
)
_KINDS, _TITLES = (
    "|".join(re.escape(each) for labels in LABELS[name].values() for each in labels) for name in ("kind", "title")
)
_LABELLED_KIND = re.compile(
    rf"(?<!of )(?<!de )(?<!\w)(?:{_KINDS})\s?[:\t\x1f]\s*"
    rf"(?P<kind>[^\W\d][^\n\t|,;:\x1f]{{1,60}}?)(?=\s{{2,}}|\s[–—-]\s|\s*[|,;\n\t\x1f]|\s*$)",
    re.IGNORECASE,
)
_KIND_BELOW = re.compile(  # a label alone in its line
    rf"^[ \t]*(?:{_KINDS})[ \t]*\n[ \t]*(?P<kind>[^\W\d][^\n\t|,;:]{{1,60}}?)[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_SAID_KIND = re.compile(
    rf"{KIND.pattern}|\b{_LICENCE}\s{_KIND_WORD}\b|\b{_KIND_WORD}[ -]?(?:\w+[ -])?{_LICENCE}\b|\b(?:{_ABBREVIATED})\b|"
    rf"(?<=[·/|(]\s){_KIND_WORD}\b|(?<=[\s\x1f]){_KIND_WORD}(?=\s*(?:$|[·/|)\x1f]|\s(?:XS|S|M|L|XL|XXL)\b))",
    re.IGNORECASE | re.MULTILINE,
)
_OTHER_LABELS = frozenset(
    label.casefold().rstrip(".:# ")
    for field, languages in LABELS.items()
    if field not in ("asset_id", "title", "description", "kind", "usage")
    for labels in languages.values()
    for label in labels
) | frozenset(
    ("order", "invoice", "bestellung", "auftrag", "commande", "pedido", "ordine", "rechnung", "facture", "factura",
     "vat", "p.iva", "nip", "cif", "nif", "ust-id", "uid", "siret", "siren", "tva", "btw", "kvk", "iban", "bic", "tel")
)  # fmt: skip
_HEADINGS = frozenset(
    label.casefold().rstrip(".:# ")
    for field in ("kind", "usage", "size", "amount")
    for labels in LABELS.get(field, {}).values()
    for label in labels
)
_EVERY_LABEL = {spelled(each) for languages in LABELS.values() for labels in languages.values() for each in labels} | {
    "credits", "crédits", "créditos", "crediti", "size", "price", "amount", "größe", "preis", "betrag", "taille",
    "prix", "montant", "tamaño", "precio", "dimensione", "prezzo", "formaat", "prijs", "rozmiar", "cena",
    "quantity", "qty",
}  # fmt: skip
_ITEM_LABELS = {spelled(label) for labels in LABELS["asset_id"].values() for label in labels}
_NUMBER_LABELS = {each for each in _OTHER_LABELS if _ENDS_WITH_NUMBER.search(each)}
_ENDS_WITH_OTHER = re.compile(
    r"\b(?:order|invoice|receipt|transaction|customer|account|bestellung|auftrag|rechnung|kunde|commande|facture|"
    r"pedido|factura|ordine|fattura|bestelling|factuur|zamówieni\w|faktur\w|encomenda|fatura)[\s:]*$",
    re.IGNORECASE,
)
_TITLE = re.compile(
    rf"^[ \t]*(?:{_TITLES})\s?[:\t]\s*(?P<title>[^\n]{{2,200}}?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_TITLE_BESIDE = re.compile(
    r"^(?:\s?[-–—:·|]\s+|(?:\s{2,}|\t)(?=[^\n\t]{1,120}?\s[a-zß-ÿ]))"
    r"(?P<title>[^\W\d][^|\t(]{2,120}?)(?=\s{2,}|\t|\s[|(·]|\s*$)"
)


_ADDRESS = re.compile(r"\S+@\S*$|://\S*$|www\.\S*$")
_NO_HEADINGS = re.compile(r"\d|:\s*(?:\s\s|\t|$)")
_QUANTITIES = re.compile(
    r"^[^\n\d]{0,80}(?<!\w)(?:qty\.?|quantity|units|menge|anzahl|qté\.?|quantité|cant\.?|cantidad|uds\.?|q\.?tà|quantità|"
    r"aantal|ilość|qtd\.?|qtde\.?|quantidade)(?!\w)[^\n\d]{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)
_GOES_ON = re.compile(r"[ \t]*\n[ \t]*[A-Z]{0,2}\d[A-Z0-9]{0,2}[ \t]*(?:\n|$)")  # below a number, perhaps with its rest
_CELL_GOES_ON = re.compile(r"(?: {2}|\t)[^\n]*\n(?P<place>[ \t]*)[A-Z]{0,2}\d[A-Z0-9]{0,2}(?: {2,}|\t|\n|$)")
_IN_BRACKETS = re.compile(r"(?<=\w[\W])\s*\((?:#|id|nr|no|n°|nº|ref|code)[.:]?\s?#?$", re.IGNORECASE)
_TITLE_AND_NUMBER = re.compile(  # `Item: Spring (1234567)`
    rf"^[ \t]*(?:{_TITLES}|item|asset|image|photo|track|clip|bild|foto|datei|fichier|imagen|immagine|afbeelding)"
    r"\s?[:\t]\s*\S[^\n]{0,160}\s\($",
    re.IGNORECASE,
)
_WORD_AS_NUMBER = re.compile(r"[\s>•*-]*(?P<id>[A-Z]{6})(?=\s[-–—]\s|\s{2,}\S|\t\S)")  # `KJFCAH - Red door`
_TITLED = re.compile(rf"(?:{_TITLES}|track|item|clip|image|bild|foto|photo)$", re.IGNORECASE)
_HYPHEN = re.compile(r"(?<=\w)-\n[ \t]*(?=[A-ZÄÖÜ])")
_WORD = re.compile(r"[^\W_]")
_CLOCK = re.compile(r",?\s\d{1,2}:\d\d")  # behind the day on which a page was printed
_AGAIN = re.compile(r"\b(?:re-?)?download\b|herunterladen|télécharger|descargar|scarica|downloaden", re.IGNORECASE)


class _Whose(Enum):
    """What a number is of: an item by its label or heading, perhaps an item by its place, or something else."""

    ITEM = "item"
    PERHAPS = "perhaps"
    OTHER = "other"


@dataclass(frozen=True)
class _Mention:
    """A number at a place of a text."""

    start: int
    end: int
    number: str
    whose: _Whose


def items_by_context(text: str, platform: str) -> list[dict[str, str]] | None:
    """The items of a text by field: `asset_id`, and `kind`, `title` and `licensed_at` where the text tells.

    None if it is not clear which of its numbers are items'.
    """
    text = LEADERS.sub(": ", text.partition(SAID)[0])
    if ADVERTISED.search(text):
        return None
    every = list(islice(_mentions(text, platform), MAX_NUMBERS + 1))
    if len(every) > MAX_NUMBERS:
        return None
    counted = _QUANTITIES.search(text)  # then a small number alone in its line is how many
    if not counted and any(_GOES_ON.match(text, each.end) for each in every if each.whose is not _Whose.OTHER):
        return None
    if any(_goes_on_in_cell(text, each) for each in every if each.whose is not _Whose.OTHER):
        return None
    sure = {each.number for each in every if each.whose is _Whose.ITEM}
    other = {each.number for each in every if each.whose is _Whose.OTHER} - sure
    found = [each for each in every if each.whose is not _Whose.OTHER and each.number not in other]
    found = [each for each in found if not _of_plan(text, each, found)]
    named = [each for each in found if each.whose is _Whose.ITEM]
    marked = [each for each in found if _MARK.search(_line_above(text, each) + _block(text, each, found))]
    placed = [each for each in marked if each.whose is _Whose.PERHAPS and each.number not in sure]
    last = named[-1] if named else None
    above = last and _MARK.search(_card_above(text, last, found))
    sold = {each.number for each in marked if each in named}
    if last and (placed or (last.number not in sold and not above and sold)):
        return None  # one that has no label may be an item, too; the last, alone without a licence or a price, none
    known = not platform.startswith(OTHER_PLATFORM)  # whose numbers have a form by which their place tells them
    chosen = list({each.number: each for each in reversed(named or (placed if known else []))}.values())[::-1]
    if len(chosen) > MAX_ITEMS:
        return None
    starts = {each.start for each in chosen}
    alone = False  # whether the line above is a number, whose row this is
    for begin, end in _lines_from(text, starts):
        numbered = not starts.isdisjoint(range(begin, end))
        if _is_row(text[begin:end]) and not numbered and not alone:
            return None  # a row whose number is not read
        alone = numbered and len(text[begin:end].split()) == 1
    if _has_another(text, {each.number for each in chosen}, {each.number for each in every} & other):
        return None
    rows = _rows(text, chosen)
    return None if _PERIOD.search(text) and not all("kind" in row for row in rows) else rows


def _goes_on_in_cell(text: str, mention: _Mention) -> bool:
    """Whether the first cell of a number's row may have the number's rest in the line below."""
    before = text[text.rfind("\n", 0, mention.start) + 1 : mention.start]
    found = _CELL_GOES_ON.match(text, mention.end)
    return not before.strip() and found is not None and found["place"] == before


def _has_another(text: str, chosen: set[str], other: set[str]) -> bool:
    """Whether a row has a number of the same form as the items' that nothing calls otherwise: it may be an item, too.

    Such a number ends the row's first cell, or a short line: `Sound effect 203316488`.
    """
    forms = {re.sub(r"\d", "0", each) for each in chosen}
    for line in text.splitlines():
        if not (cells := list(_cells(line))):
            continue
        (_, first), *more = cells
        *before, number = first.split()
        if number in chosen | other or re.sub(r"\d", "0", number) not in forms:
            continue
        label = " ".join(before)
        called = _names_other(label) or _ENDS_WITH_NUMBER.search(label) or re.search(r"\d|[:.#]$", label)
        if not called and (more or len(before) < MAX_LABEL_WORDS):
            return True
    return False


def _lines_from(text: str, starts: set[int]) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends, from that of the first number on."""
    begin = text.rfind("\n", 0, min(starts)) + 1 if starts else len(text)
    while begin < len(text):
        end = text.find("\n", begin) + 1 or len(text)
        yield begin, end
        begin = end


def _is_row(line: str) -> bool:
    return (
        ":" not in line
        and len(list(_cells(line))) >= MIN_ROW_CELLS
        and bool(re.search(_PRICE, line) and _SAID_KIND.search(line))
    )


def _mentions(text: str, platform: str) -> Iterator[_Mention]:
    title = forms_of(platform).title.casefold()
    named = re.compile(
        rf"(?:^|\s\s|\t|[>•*|] ?){re.escape(title)}(?:\.com)?[ -](?:nr|no|id|code|ref|number|nummer|n°|nº|"
        rf"#)[.:]?\s*#?\s*$",
        re.I,
    )
    number = re.compile(rf"(?<![\w.,/@-])#?\s?(?P<id>{forms_of(platform).asset})(?![\w@]|[./-]\w|,\d|\s?[x×]\s?\d)")
    word_like = re.fullmatch(forms_of(platform).asset, "ABCDEF")
    above, place, headed = "", 0, False  # the line before; whether there were headings in running text
    headings: list[tuple[int, str]] = []
    for line in text.splitlines(keepends=True):
        cells = list(_cells(line))
        row = len(cells) > 1 or bool(_MARK.search(line))
        aligned = headings
        if len(cells) == len(headings) and _RULED.search(line):  # whatever the width of its cells
            aligned = [(start, name) for (start, _), (_, name) in zip(cells, headings, strict=True)]
        for each in ADDRESS_OR_NAME.finditer(line):
            if asset_id := named_asset(each[0], platform):
                yield _Mention(place + each.start(), place + each.end(), asset_id, _Whose.ITEM)
        for each in () if _is_sentence(line) else number.finditer(line):
            if (each["id"].isalpha() and spelled(each["id"]) in _EVERY_LABEL) or _is_day(each["id"]):
                continue  # a heading beside another, or a day
            before = line[: each.start("id")].rstrip("#")
            if _ADDRESS.search(before):
                continue
            if ("#" in each[0] and before.strip(" •*-").casefold() == title) or named.search(before):
                yield _Mention(place + each.start("id"), place + each.end("id"), each["id"], _Whose.ITEM)
            elif whose := _whose(before, each["id"], above, aligned if row else [], headed=headed):
                yield _Mention(place + each.start("id"), place + each.end("id"), each["id"], whose)
        if word_like and (found := _WORD_AS_NUMBER.match(line)):
            yield _Mention(place + found.start("id"), place + found.end("id"), found["id"], _Whose.PERHAPS)
        place += len(line)
        if cells:
            above = line.strip()
            numbered = any(_names_item(cell) or _ENDS_WITH_NUMBER.search(cell) for _, cell in cells)
            labels = all(spelled(cell) in _EVERY_LABEL for _, cell in cells)  # perhaps of no numbers, as all below
            if len(cells) > 1 and (numbered or labels) and not _NO_HEADINGS.search(line):
                headings = cells
            headed = headed or _is_heading(line)


def _whose(before: str, number: str, above: str, headings: Sequence[tuple[int, str]], *, headed: bool) -> _Whose | None:
    """Whose number it is, by what stands before it in its line, above it, and in its column; None for any word."""
    left = before.rstrip()  # of `Image ID:      1234567` the label, of a row the cell
    cell, digit = _GAP.split(left if left.endswith(":") else before)[-1], bool(re.search(r"\d", number))
    words = cell.rstrip(' :=“"').replace("(", " ").split()
    labels = [" ".join(words[-count:]) for count in range(1, min(len(words), MAX_LABEL_WORDS) + 1)]
    if any(map(_names_number, labels)) or (digit and any(map(names_an_asset, labels))):
        return _Whose.ITEM
    if digit and _TITLE_AND_NUMBER.match(before):
        return _Whose.ITEM
    if found := _IN_BRACKETS.search(cell):  # `Image "Spring" (ID 1234567)`
        return _Whose.OTHER if _names_other(cell[: found.start()]) else _Whose.PERHAPS if digit else None
    if not _NOTHING.match(_without_day(cell)) and not names_a_number(cell):
        return _Whose.OTHER if _ENDS_WITH_WORD.search(before) and _names_other(cell) else None
    beside = "" if cell.strip() else next((each for each in reversed(_GAP.split(left)) if each.strip()), "")
    if beside and (_names_other(beside) or _ENDS_WITH_NUMBER.search(beside)):
        return _Whose.ITEM if _names_number(beside) else _Whose.OTHER
    heading = next((name for start, name in reversed(headings) if start <= len(before) + MAX_SHIFT_CHARACTERS), "")
    if digit and (_names_item(heading) or (names_a_number(heading) and any(map(_TITLED.match, _names(headings))))):
        return _Whose.ITEM
    if heading and not names_a_number(heading) and (_ENDS_WITH_NUMBER.search(heading) or not _begins(before)):
        return _Whose.OTHER
    long = len(number) >= (MIN_BARE_DIGITS if number.isdigit() else MIN_BARE_CHARACTERS)
    if _begins(before):
        if _label(above) in _NUMBER_LABELS or _ENDS_WITH_OTHER.search(above):
            return _Whose.OTHER
        if _names_number(above) or (digit and names_an_asset(above)):
            return _Whose.ITEM
        if called_by(above) == "other":
            return _Whose.OTHER
        if digit and headed and long:
            return _Whose.ITEM
    return _Whose.PERHAPS if digit and long else None


def _names(headings: Sequence[tuple[int, str]]) -> Iterator[str]:
    return (name for _, name in headings)


def _is_day(number: str) -> bool:
    """Whether what has the form of a number is written as a day: `2025-07-18`."""
    parted = re.search(r"\d[./-]\d", number)
    return bool(parted) and any(at[0] == number for _, at in days_in(number, DateOrder.DAY_FIRST))


def _begins(before: str) -> bool:
    """Whether nothing but a bullet, a position or a day stands before a number in its line."""
    return bool(_NOTHING.match(_without_day(before)))


def _is_sentence(line: str) -> bool:
    return len(line.split()) > MAX_LINE_WORDS or "?" in line or line.rstrip().endswith((".", ";", "!"))


def _without_day(cell: str) -> str:
    for _, found in days_in(cell, DateOrder.DAY_FIRST):
        cell = cell.replace(found[0], " ")
    return cell


def _cells(line: str) -> Iterator[tuple[int, str]]:
    start = 0
    for gap in [*_GAP.finditer(line.rstrip("\n")), None]:
        end = gap.start() if gap else len(line.rstrip("\n"))
        if cell := line[start:end].strip():
            yield start, cell
        start = gap.end() if gap else end


def _names_number(label: str) -> bool:
    return field_of(label) == "asset_id" or spelled(label) in _ITEM_LABELS or label.casefold() == "product id"


def _names_item(cell: str) -> bool:
    return _names_number(cell) or names_an_asset(cell)


def _is_heading(line: str) -> bool:
    """Whether a line is a table's headings that running text puts together: `Datei-Nr. Beschreibung Preis`."""
    words = line.split()
    begins = any(_names_item(" ".join(words[:count])) for count in range(1, min(len(words), MAX_LABEL_WORDS)))
    return begins and len(words) >= MIN_ROW_CELLS and not re.search(r"\d|[!?]|\.$", line.rstrip())


def _label(cell: str) -> str:
    return re.sub(r"[\s:#.°º]+$", "", cell.strip().lstrip("•*-–> ")).casefold()


def _names_other(cell: str) -> bool:
    label = _label(cell)
    ends = any(label.endswith(f" {each}") for each in _OTHER_LABELS if len(each) > 4)
    return label in _OTHER_LABELS or ends or called_by(cell) == "other"


def _block(text: str, mention: _Mention, every: Sequence[_Mention]) -> str:
    """What stands beside a number, and below it before the next."""
    end = min((each.start for each in every if each.start > mention.start), default=len(text))
    block = text[mention.end : min(end, mention.end + MAX_BLOCK_CHARACTERS)]
    return "\n".join(block.split("\n\n\n")[0].splitlines()[:MAX_BLOCK_LINES])


def _line_above(text: str, mention: _Mention) -> str:
    """The line directly above a number's, with its own up to it; a card may begin with its licence.

    A heading says nothing of one item.
    """
    above = text[max(0, mention.start - MAX_ABOVE_CHARACTERS) : mention.start].split("\n")[-2:]
    return "\n".join(line for line in above if _label(line) not in _HEADINGS) + "\n"


def _card_above(text: str, mention: _Mention, every: Sequence[_Mention]) -> str:
    """What stands above a number as far as the item before or an empty line: a table's row, and below it the number."""
    begin = max((each.end for each in every if each.end < mention.start), default=0)
    return text[max(begin, mention.start - MAX_ABOVE_CHARACTERS) : mention.start].rpartition("\n\n")[2]


def _of_plan(text: str, mention: _Mention, every: Sequence[_Mention]) -> bool:
    """Whether a number is that of a plan or of credits, which stand beside it or in the line above."""
    near = text[max(0, mention.start - MAX_ABOVE_CHARACTERS) : mention.start]
    above = [line for line in near.splitlines() if line.strip()][-2:]
    own = takewhile(_WORD.search, _block(text, mention, every).lstrip().splitlines()[:MAX_LINES_OF_PLAN])
    return bool(OF_PLAN.search("\n".join([*above, *own])))


def _rows(text: str, chosen: Sequence[_Mention]) -> list[dict[str, str]]:
    if not chosen:
        return []
    starts = [text.rfind("\n", 0, each.start) + 1 for each in chosen]
    if len(set(starts)) < len(starts):  # several in a line
        starts = [each.start for each in chosen]
    parts = [text[one:other] for one, other in pairwise([*starts, len(text)])]
    parts[-1] = "\n".join(parts[-1].splitlines()[:MAX_BLOCK_LINES])
    first = "\n".join(text[: starts[0]].splitlines()[-MAX_BLOCK_LINES:])
    parts = [_HYPHEN.sub("-", part) for part in parts]  # `Standard-` and below it `Lizenz`
    kinds = [_kind(part) for part in parts]
    if not all(kinds):
        before = [_kind(part, last=True) for part in [first, *parts[:-1]]]
        alone = _alone(text)
        kinds = before if all(before) and not kinds[-1] else [alone] * len(parts) if alone else kinds
    own = [_paragraph(text, each) for each in chosen]
    separate = len({each.start for each in own}) == len(own)  # each between empty lines of its own, with its day
    own_days = [_day(text[each]) for each in own] if separate else []
    apart = bool(own_days) and all(own_days)
    days = own_days if apart else [_day(part) for part in parts]
    if not apart and _day("".join(first.splitlines()[-1:])):
        days = [""] * len(parts)  # a day above each number, or the next one's
    rows = []
    for mention, part, kind, day in zip(chosen, parts, kinds, days, strict=True):
        title = _title(part, text[mention.end : mention.end + MAX_ABOVE_CHARACTERS].split("\n")[0])
        row = {"asset_id": mention.number, "kind": kind, "title": title, "licensed_at": day if all(days) else ""}
        rows.append({name: value for name, value in row.items() if value})
    return rows


def _paragraph(text: str, mention: _Mention) -> slice:
    """Where the text stands that is between the empty lines around a number."""
    begin, end = text.rfind("\n\n", 0, mention.start), text.find("\n\n", mention.end)
    return slice(max(begin, 0), end if end >= 0 else len(text))


def _title(part: str, beside: str) -> str:
    """What an item is called, by a label or beside its number; no address, licence, price or link."""
    found = _TITLE.search(part) or _TITLE_BESIDE.match(beside)
    title = found["title"].strip() if found else ""
    other = "@" in title or _LABELLED_KIND.match(title) or _MARK.fullmatch(title) or _AGAIN.search(title)
    return "" if other else title


def _kind(part: str, *, last: bool = False) -> str:
    for pattern in (_LABELLED_KIND, KIND, _KIND_BELOW, _SAID_KIND):
        found = [" ".join((each.groupdict().get("kind") or each[0]).split()) for each in pattern.finditer(part)]
        found = [each if "(" in each else each.rstrip(")") for each in found]  # `(License type: Extended License)`
        found = [each for each in found if not (pattern is _KIND_BELOW and _is_no_kind(each))]
        if found:
            return found[-1 if last else 0]
    return ""


def _is_no_kind(words: str) -> bool:
    """Whether words below a label are the next heading, or a size."""
    return spelled(words) in _EVERY_LABEL or bool(re.match(rf"(?:{_SIZE}|[SML]\b)", words, re.IGNORECASE))


def _alone(text: str) -> str:
    """The kind that is the only one in a text."""
    found = (" ".join(each["kind"].split()) for each in _LABELLED_KIND.finditer(text))
    said = {each.casefold(): each for each in found}
    return next(iter(said.values())) if len(said) == 1 else ""


def _day(part: str) -> str:
    """The only day that a part of a text names, if it is not one on which something ends or is due."""
    days = (each for _, each in days_in(part, DateOrder.DAY_FIRST) if not _CLOCK.match(part, each.end()))
    found = {" ".join(each[0].split()): each for each in days}
    if len(found) != 1 or any(DUE.search(part[max(0, each.start() - 40) : each.start()]) for each in found.values()):
        return ""
    return next(iter(found))
