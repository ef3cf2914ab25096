"""Find the numbers by which a paper of a seller that nobody knows calls the items that it licenses.

A number is an item's by what stands around it: a media file's ending, a word for an item before it, the heading of its
column, or its place at the beginning of the rows of a list. What the paper calls otherwise, or takes out, is none. The
words are in `named_items.yaml`, language by language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from archiver.reading.number_labels import LABEL_KINDS, called_by, is_word, pattern_of, plain, words, words_of

MAX_LINES, MAX_LINE_CHARACTERS, MAX_ITEMS = 5_000, 2_000, 500  # longer lines are cut
MAX_BEFORE_CHARACTERS = 60  # in which the word that calls a number stands
MAX_HEADING_WORDS, MAX_SHELFMARK_WORDS = 5, 5
MAX_HEADER_LINES = 6  # of a mail
MIN_BARE_DIGITS = 6  # of a number without letters or a label: a postal code has five

_OFFERED, _NEGATED = r"\?$|\b(?:%s)\b", r"[^.,;:()|\n]{0,40}\b(?:%s)\b"
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
_NO_HEADING = re.compile(r"\d|:$")
_TOKEN = re.compile(r"(?<![\w@.\\+-])\w{1,80}(?:[-./+]{1,2}\w{1,60}){0,12}(?![\w@])")
_FILE = re.compile(
    r".{1,120}\.(?:jpe?g|tiff?|png|psd|psb|dng|cr[23]|nef|arw|raf|orf|rw2|raw|heic|webp|gif|eps|ai|svg|indd|mov|mp4|mxf|"
    r"avi|mkv|m4v|r3d|braw|wav|mp3|aiff?|flac|m4a|ogg|otf|ttf|woff2?|abr|aep|mogrt|obj|fbx|blend|glb|zip|rar|7z)",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"[^\W\d_]\w{0,80}_\w{0,80}[^\W_]|[A-Z]{2,20}-[A-Z]{2,20}(?:-[A-Z]{1,20}){0,4}"
)  # of an item, without digits
_BUNDLE = re.compile(r"[-_. ]?\w{0,12}\.(?:zip|rar|7z)", re.IGNORECASE)  # what follows the number of its item
_NOTHING_LIKE_IT = re.compile(  # days, sizes, sums and standards
    r"(?:19|20)\d\d(?:[-/.](?:\d\d|\d{4}))?|\d{1,2}[./-]\d{1,2}[./-](?:\d\d|\d{4})|\d{4}[./-]\d{1,2}[./-]\d{1,2}|"
    r"\d{1,2}[./-][a-zà-ÿ]{3}[./-]\d{2,4}|\d{1,3}(?:[.']\d{3})+|\d{1,2}[./]\d{1,2}|\d{1,2}/(?:19|20)\d\d|"
    r"\d+[.,]\d\d|\d{1,5}[x×]\d{1,5}\w{0,2}|\d+(?:px|dpi|ppi|[mgk]b|mp|cm|mm|k|p|th|st|nd|rd|s|h|min|sec|fps|er|x|ex|"
    r"k?hz|bit|pt|m|g|w|ml|kg|km)|[hv]\.?26[45]|mp[34]|a[0-6]|cc[0o]?\d?|w-?[39]|[a-z]+2?rgb|iso-?\d+|rec\.?709|"
    r"\d+[a-z]?-?(?:jährig|fach|seit|spaltig|month|year|day|week|page|user|sided?|up|bit)\w*|fogra\d+|v\d+\.\d+|"
    r"\w{1,12}\.(?:txt|cube|com)|(?:q[1-4]|h[12])[-/]\d+|covid-?19|\d{1,2}h\d\d|web[2o]\w*|prores\d*|utf-?8|b2[bc]|"
    r"\d+[ºª°]\w*|123rf|pond5|500px|westend61|24-?7|u-?\d{1,2}",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"\d{2,6}[.,]\d\d")
_UNIT = re.compile(
    r",\d|\s?[€£$%]|[ ](?:eur|euros?|usd|chf|gbp|dpi|ppi|ppp|px|pixels?|[km]?b|st[üu]ck|ex|copies|expl|mm|cm|sec|min|"
    r"ejemplares|exemplar\w*|copie|fps|x|×)(?!\w)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:www\.|://)\S{0,60}$")
_PREFIX = re.compile(  # of a museum's number
    r"(?:^|(?<=[\s(„“\"«:,–|-]))(?P<prefix>(?:\d{1,2} )?(?:[A-Z][A-Z-]{0,5}|[A-Z]-?[A-Z]?[a-z]{1,2})) $"
)
_SELLER = re.compile(  # `Dreamstime 81140233`
    r"[\s>|•*–-]{0,20}(?:[^\W\d_]{3,12}: )?(?P<prefix>(?:\d{3})?[^\W\d_]\w{1,14}) $"
)
_BEGINS = re.compile(r"[\s>|]{0,80}(?:[-*•·–—+]\s{0,4}|\[x\]\s?)?(?:\d{1,3}[.)]?\s?[x×]?[\s|]{1,20})?[#\"„“«(/]?")
_QUOTED = ' #"„“«('  # may stand before a number
_INVOICE = re.compile(r"\binv\b[\W_]{0,4}(?:n[or]?)?[\W_]{0,4}$", re.IGNORECASE)  # before digits; else an inventory
_RANGE = re.compile(r"\s?(?:bis|to|through|thru|à|al?|hasta|tot|do|até|[–—-])\s{1,2}#?", re.IGNORECASE)
_JOINED = re.compile(r"\s{0,2}(?:[,;&+/]|und|and|et|y|e|en|i|oraz|sowie|o|or|oder)(?: (?:und|and|et|y|e))?\s{0,2}#?")
_SHELFMARK = re.compile(
    r"\b(?:signatur|archivale|cote|segnatura|signatura|sygnatura|cota|shelfmark|call number)"
    r": {0,4}(?P<id>[^\W_][^,;(\n|:„“\"«]{2,40}?)(?=\s{0,4}(?:[,;(|„“\"«]|$|[–—-]\s|\s\s))",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b[A-ZÀ-Þ][a-zß-ÿ]{2,12} \d{1,3}(?=[ ,;.)(:]|$)(?![.,]\d| ?[x×%€$])")
_TITLED = re.compile(
    r"(?<!\w)(?P<word>[^\W\d_]{3,20})\s{0,3}:?\s{0,8}[„“\"«‘]\s?(?P<title>[^\W\d_][\w '’&-]{1,50}?)\s?[“”\"»’](?!\w)"
)


class NumberSign(IntEnum):
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
    sign: NumberSign
    out: bool = False


@dataclass(frozen=True)
class Surrounded:
    """A line with its cells, what the headings of its columns call their numbers, and what the line above does."""

    text: str
    cells: list[tuple[int, str]]
    heads: list[str]
    above: str

    def at(self, place: int) -> int:
        """Which cell a place is in."""
        return max(bisect_right(self.cells, place, key=lambda cell: cell[0]) - 1, 0)

    def head(self, n: int) -> str:
        """What the heading of a cell's column calls its numbers."""
        return self.heads[n] if n < len(self.heads) and (len(self.heads) == len(self.cells) or n < 2) else ""


def named_items(text: str) -> list[str]:
    """The numbers, codes or file names of the items that a paper licenses; empty where it is not clear which.

    What a mail says itself goes before what it quotes, and both before its subject, which is often of an order.
    """
    parts = [list(_numbers(part)) for part in _parts(text)]
    others = [each for part in parts for each in part if each.sign is NumberSign.OTHER]
    found = next((ids for part in parts if (ids := _chosen([*part, *others]))), None) or _counted(text)
    return found if len(found) <= MAX_ITEMS else []


def titled_items(text: str) -> list[str]:
    """The titles of tracks, fonts and the like that a paper calls by no number: `Track: “Slow Ferry”`."""
    found = (each for each in _TITLED.finditer(text) if is_word(plain(each["word"]), "item"))
    return list(dict.fromkeys(each["title"] for each in found))


def _lines(text: str) -> list[str]:
    return [line[:MAX_LINE_CHARACTERS] for line in text.splitlines()[:MAX_LINES]]


def _parts(text: str) -> tuple[list[str], list[str], list[str]]:
    """The lines that a paper says itself, those of the mail that it quotes, and its subject."""
    own: list[str] = []
    quoted: list[str] = []
    subject: list[str] = []
    begun = False
    for n, line in enumerate(_lines(text)):
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
    taken_out = pattern_of("taken_out", "%s")
    heads: list[str] = []
    above, out_below = "", False
    for text in lines:
        if not text.strip():
            heads, above, out_below = [], "", False
            continue
        line = Surrounded(text, _cells(text), heads, above)
        above = called_by(text.rstrip()[-MAX_BEFORE_CHARACTERS:]) if len(line.cells) == 1 else ""
        if (called := _heads(line)) is not None:
            heads = called
            continue
        for start, sentence in _sentences(text):
            if not (found := [*_of_sentence(line, start, sentence)]):
                continue
            out = out_below or bool(taken_out.search(sentence))
            offered = pattern_of("offered", _OFFERED).search(sentence)
            for each in found:
                sign = min(each.sign, NumberSign.OFFERED) if offered and each.sign is not NumberSign.ROW else each.sign
                yield replace(each, sign=sign, out=out or each.out)
        shelfmarks = (each["id"].strip() for each in _SHELFMARK.finditer(text))
        yield from (Numbered(each, NumberSign.CALLED) for each in shelfmarks if " " in each and re.search(r"\d", each))
        out_below = out_below or (text.rstrip().endswith(":") and bool(taken_out.search(text)))


def _cells(text: str) -> list[tuple[int, str]]:
    return [(each.start(), each[0]) for each in _CELL.finditer(text) if each[0].strip()] or [(0, text)]


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
        if not (any(map(str.isdigit, each[0])) or _NAME.fullmatch(each[0]) or _FILE.fullmatch(each[0])):
            continue
        found = _read(line, place + each.start(), each[0])
        if last:
            start = each.start() - (len(last.id.rpartition(" ")[0]) + 1 if " " in last.id else 0)
            again = sentence[max(start, end) : each.end()]
            alike = _shape(again) == _shape(last.id)
            if alike and _RANGE.fullmatch(sentence, end, start):
                yield Numbered(last.id, NumberSign.OTHER)
                found = Numbered(again, NumberSign.OTHER)
            elif alike and (not found or found.sign < last.sign) and _JOINED.fullmatch(sentence, end, start):
                found = Numbered(again, last.sign)
        if found:
            negated = bool(pattern_of("negated", _NEGATED).match(sentence, each.end()))
            yield replace(found, out=negated and found.sign is not NumberSign.ROW)
            last, end = found, each.end()


def _heads(line: Surrounded) -> list[str] | None:
    """What each heading of a table's columns calls its numbers; None if the line has no headings."""
    names = [re.sub(r"\([^()]{0,40}\)", "", each).strip() for _, each in line.cells]
    if len(names) < 2 or any(_NO_HEADING.search(each) or len(each.split()) > MAX_HEADING_WORDS for each in names):
        return None
    signs = [called_by(f"{each} ") for each in names]
    for sure in (
        [n for n, name in enumerate(names) if signs[n] == "item" and words("number") & {*words_of(name)}],
        [n for n, name in enumerate(names) if signs[n] == "number" and not words("position") & {*words_of(name)}],
    ):
        if sure and "item" in signs:  # beside `Image no.` the column `Image` is of titles
            signs = ["item" if n in sure else "" if each == "item" else each for n, each in enumerate(signs)]
            break
    return signs if "item" in signs or "number" in signs else None


def _read(line: Surrounded, start: int, token: str) -> Numbered | None:
    """A token as an item's number, if it may be one."""
    before = line.text[max(0, start - MAX_BEFORE_CHARACTERS) : start]
    if _ADDRESS.search(before):
        return None
    if _FILE.fullmatch(token):
        return Numbered(token.rsplit("/", 1)[-1], NumberSign.CALLED)
    if _UNIT.match(line.text, start + len(token)):
        return None
    if prefix := _prefix(before, token):
        token, start = f"{prefix} {token}", start - len(prefix) - 1
    n = line.at(start)
    cell_start, cell = line.cells[n]
    if line.head(n) == "item" and _is_shelfmark(cell.split(), token):
        return Numbered(cell.strip(), NumberSign.CALLED)
    if line.head(n) == "item" and cell.strip(" #") == token and _AMOUNT.fullmatch(token):
        return Numbered(token, NumberSign.CALLED)  # whatever it looks like
    if _NOTHING_LIKE_IT.fullmatch(token):
        return None
    alone = line.text.strip(_QUOTED) == token and not line.heads  # so a letter's reference may stand, too
    begins = (not alone and bool(_BEGINS.fullmatch(line.text, 0, start))) or (
        len(line.cells) > 1 and cell.strip(" #") == token
    )
    label = line.text[max(cell_start, start - MAX_BEFORE_CHARACTERS) : start]
    called = "other" if token.isdigit() and _INVOICE.search(before) else called_by(label)
    if called in ("", "number"):
        called = _called_beside(line, n, alone=not label.strip(_QUOTED), called=called)
    if called in ("", "number") and begins:
        called = line.head(n) or called
    begins = begins or (called == "number" and words("number").issuperset(words_of(label)))
    return _signed(token, called, begins=begins, alone=alone)


def _prefix(before: str, token: str) -> str:
    """Capitals before a number that are a part of it, as in a museum's; or its seller's name where it begins a row."""
    digits = sum(map(str.isdigit, token))
    found = _PREFIX.search(before) if token[0].isdigit() and digits > 2 else None
    found = found or (_SELLER.fullmatch(before) if token[0].isdigit() and digits >= MIN_BARE_DIGITS else None)
    is_label = found and any(is_word(plain(found["prefix"]), each) for each in ("no_prefix", *LABEL_KINDS))
    return found["prefix"] if found and not is_label else ""


def _is_shelfmark(cell: list[str], token: str) -> bool:
    """Whether a cell is a number with words of its own, as archives have: `KA Bild 2/340`."""
    own = token.split(" ")
    fits = len(own) < len(cell) <= MAX_SHELFMARK_WORDS and cell[-len(own) :] == own and len(cell[0]) < 6
    return fits and cell[0][0].isupper() and not any(is_word(plain(cell[0]).strip(".:"), each) for each in LABEL_KINDS)


def _called_beside(line: Surrounded, n: int, *, alone: bool, called: str) -> str:
    """What the cell before a number calls it, or the line above."""
    if alone and n and not line.heads:
        label = line.cells[n - 1][1]
        return called_by(label) if n == 1 or label.rstrip().endswith(":") or called else ""
    return "other" if called and not n and line.above == "other" else called


def _signed(token: str, called: str, *, begins: bool, alone: bool) -> Numbered | None:
    """A number with its sign, by what it is called, whether it begins a row or a cell, and its form."""
    own = token.split(" ")[-1]
    digits, letters = sum(map(str.isdigit, own)), bool(re.search(r"[A-Za-zÀ-ÿ]", token))
    apart = bool(re.search(r"[-_/.]", token))
    if called == "other":
        return Numbered(token, NumberSign.OTHER)
    if not digits:
        return Numbered(token, NumberSign.CALLED) if called == "item" else None
    if called == "item" and (digits > (2 if apart or letters else 3) or (letters and (digits > 1 or apart))):
        return Numbered(token, NumberSign.CALLED)
    if called == "number" and begins and digits > 2:
        return Numbered(token, NumberSign.ROW)
    coded = digits > 2 or (digits > 1 and (apart or (own.isupper() and len(own) > 4)))
    if letters and coded and (begins or " " not in token):
        in_prose = NumberSign.DOUBT if called == "licence" else NumberSign.FORM
        return Numbered(token, NumberSign.ROW if begins else in_prose)
    if letters or digits < MIN_BARE_DIGITS - (apart and begins):
        return None
    return Numbered(token, NumberSign.ROW) if begins else Numbered(token, NumberSign.FORM) if alone else None


def _chosen(found: list[Numbered]) -> list[str]:
    """The items among the numbers: the best signed, and those of the same form."""
    called = {each.id for each in found if each.sign is NumberSign.CALLED}
    other = {each.id for each in found if each.sign is NumberSign.OTHER} - called
    kept = {each.id for each in found if not each.out}
    found = [each for each in found if each.id not in other and each.id in kept and each.sign]
    if not found:
        return []
    best = max(each.sign for each in found)
    sure = {each.id for each in found if each.sign == best}
    if best is NumberSign.ROW:  # what stands alone beside a list is a reference
        counts = Counter(map(_shape, sure))
        sure = {each for each in sure if counts[_shape(each)] > 1 or max(counts.values()) == 1}
    compared = {each.id for each in found} if best is NumberSign.ROW and len(sure) == 1 else sure
    forms = set(map(_shape if best is NumberSign.ROW else _series, compared))
    if best < NumberSign.CALLED and len(forms) > 1:
        return []
    if best is not NumberSign.ROW:
        series = {_series(each) for each in sure if not _FILE.fullmatch(each) and re.search(r"[^\W\d_]", each)}
        sure |= {each.id for each in found if each.sign > NumberSign.OFFERED and _series(each.id) in series}
    named = {each.id for each in found}
    sure |= {each for item in sure for each in _stems(item) if each in named}
    return _once([each.id for each in found if each.id in sure])


def _stems(item: str) -> Iterator[str]:
    """What the name of a bundle may begin with: `LKS-2291` of `LKS-2291_full.zip`."""
    return (item[:n] for n in range(max(len(item) - 18, 1), len(item)) if _BUNDLE.fullmatch(item, n))


def _once(items: Iterable[str]) -> list[str]:
    """Each item once: not with its bundle's name, nor without its file's ending or what stands before its number."""
    ids = dict.fromkeys(items)
    stems = {each.rpartition(".")[0] for each in ids if _FILE.fullmatch(each) and not _BUNDLE.search(each)}
    ends = {each.partition(" ")[2] for each in ids if " " in each}
    return [each for each in ids if each not in stems and each not in ends and ids.keys().isdisjoint(_stems(each))]


def _counted(text: str) -> list[str]:
    """Items that are only counted, `Plate 12`, where a paper calls them so and by no number."""
    found = (each[0] for line in _lines(text) for each in _COUNTED.finditer(line))
    return list(dict.fromkeys(each for each in found if plain(each.split()[0]) in words("item")))


def _shape(item: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", item))


def _series(item: str) -> str:
    """A number's form with the letters that it begins with, which those of one seller share."""
    return _shape(item) + (re.match(r"[^\W\d_]{0,40}", item) or [""])[0]
