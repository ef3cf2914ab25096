"""Find the numbers by which a paper of a seller that nobody knows calls the items that it licenses.

A number is an item's by what stands around it: a media file's ending, a word for an item before it, the heading of its
column, or its place at the beginning of the rows of a list. What the paper calls otherwise, or takes out, is none. The
words are in `named_items.yaml`, language by language.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from archiver.core.packaged_data import packaged_yaml

MAX_LINES, MAX_LINE_CHARACTERS, MAX_ITEMS = 5_000, 2_000, 500  # longer lines are cut
MAX_BEFORE_CHARACTERS = 60  # in which the word that calls a number stands
MAX_HEADING_WORDS, MAX_SHELFMARK_WORDS, MAX_LABEL_WORDS = 5, 5, 5
MAX_HEADER_LINES = 6  # of a mail
MIN_BARE_DIGITS = 6  # of a number without letters or a label: a postal code has five
MIN_STEM_CHARACTERS = 4

_DATA = packaged_yaml(dict[str, dict[str, str]], "archiver.reading", "named_items.yaml")
_WORDS_OF: Mapping[str, frozenset[str]] = {
    name: frozenset(" ".join(languages.values()).split()) for name, languages in _DATA.items()
}
_PHRASES_OF = {name: "|".join(_DATA[name].values()) for name in ("taken_out", "offered", "negated")}
_LABELS = ("item", "item_numbered", "number", "other", "other_numbered")

_TAKEN_OUT = re.compile(_PHRASES_OF["taken_out"], re.IGNORECASE)
_OFFERED = re.compile(rf"\?$|\b(?:{_PHRASES_OF['offered']})\b", re.IGNORECASE)
_NEGATED = re.compile(rf"[^.,;:()|\n]{{0,40}}\b(?:{_PHRASES_OF['negated']})\b", re.IGNORECASE)
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
_NO_LABEL_BEFORE = ("(", ",", ";", ")", "/", "!", "?", "|", "”")
_LABEL = re.compile(r"[(|;,]|\s{2,}|\t|[.:] (?=\w{4})")  # ends what stands before it
_WORDS = re.compile(r"[a-z]+|[#№°º]|\d+")
_COMPOUND_NUMBER = re.compile(r"(?<=\w{3})(?:num+er[ns]?|number|nrn?|kennung|code)$")  # `Lizenznummer`
_INVOICE = re.compile(r"\binv\b[\W_]{0,4}(?:n[or]?)?[\W_]{0,4}$", re.IGNORECASE)  # before digits; else an inventory
_OURS = re.compile(r"\b(?:our|your|unsere?|ihre?|notre|votre|[nv]ostr[oa]|[nv]uestr[oa]|ons|uw|nasz|wasz)\b")
_OUR_SIGN = re.compile(r"\b[nsv]\s?[./]\s?r[eé]f\w{0,8}[.:\s]{0,3}$", re.IGNORECASE)
_RANGE = re.compile(r"\s?(?:bis|to|through|thru|à|al?|hasta|tot|do|até|[–—-])\s{1,2}#?", re.IGNORECASE)
_JOINED = re.compile(r"\s{0,2}(?:[,;&+/]|und|and|et|y|e|en|i|oraz|sowie|o|or|oder)(?: (?:und|and|et|y|e))?\s{0,2}#?")
_SHELFMARK = re.compile(
    r"\b(?:signatur|archivale|cote|segnatura|signatura|sygnatura|cota|shelfmark|call number)"
    r": {0,4}(?P<id>[^\W_][^,;(\n|:„“\"«]{2,40}?)(?=\s{0,4}(?:[,;(|„“\"«]|$|[–—-]\s|\s\s))",
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
    others = [each for part in parts for each in part if each.sign is Sign.OTHER]
    found = next((ids for part in parts if (ids := _chosen([*part, *others]))), None) or _counted(text)
    return found if len(found) <= MAX_ITEMS else []


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
    heads: list[str] = []
    above, out_below = "", False
    for text in lines:
        if not text.strip():
            heads, above, out_below = [], "", False
            continue
        line = Surrounded(text, _cells(text), heads, above)
        above = _called(text.rstrip()[-MAX_BEFORE_CHARACTERS:]) if len(line.cells) == 1 else ""
        if (found := _heads(line)) is not None:
            heads = found
            continue
        for start, sentence in _sentences(text):
            out, offered = out_below or bool(_TAKEN_OUT.search(sentence)), bool(_OFFERED.search(sentence))
            for each in _of_sentence(line, start, sentence):
                sign = min(each.sign, Sign.OFFERED) if offered and each.sign is not Sign.ROW else each.sign
                yield replace(each, sign=sign, out=out or each.out)
        shelfmarks = (each["id"].strip() for each in _SHELFMARK.finditer(text))
        yield from (Numbered(each, Sign.CALLED) for each in shelfmarks if " " in each and re.search(r"\d", each))
        out_below = out_below or (text.rstrip().endswith(":") and bool(_TAKEN_OUT.search(text)))


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
        if not any(map(str.isdigit, each[0])) and not _FILE.fullmatch(each[0]):
            continue
        found = _read(line, place + each.start(), each[0])
        if last:
            start = each.start() - (len(last.id.rpartition(" ")[0]) + 1 if " " in last.id else 0)
            again = sentence[max(start, end) : each.end()]
            alike = _shape(again) == _shape(last.id)
            if alike and _RANGE.fullmatch(sentence, end, start):
                yield Numbered(last.id, Sign.OTHER)
                found = Numbered(again, Sign.OTHER)
            elif alike and (not found or found.sign < last.sign) and _JOINED.fullmatch(sentence, end, start):
                found = Numbered(again, last.sign)
        if found:
            yield replace(found, out=found.sign is not Sign.ROW and bool(_NEGATED.match(sentence, each.end())))
            last, end = found, each.end()


def _heads(line: Surrounded) -> list[str] | None:
    """What each heading of a table's columns calls its numbers; None if the line has no headings."""
    names = [re.sub(r"\([^()]{0,40}\)", "", each).strip() for _, each in line.cells]
    if len(names) < 2 or any(_NO_HEADING.search(each) or len(each.split()) > MAX_HEADING_WORDS for each in names):
        return None
    signs = [_called(f"{each} ") for each in names]
    for sure in (
        [n for n, name in enumerate(names) if signs[n] == "item" and _WORDS_OF["number"] & {*_words(name)}],
        [n for n, name in enumerate(names) if signs[n] == "number" and not _WORDS_OF["position"] & {*_words(name)}],
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
        return Numbered(token.rsplit("/", 1)[-1], Sign.CALLED)
    if _UNIT.match(line.text, start + len(token)):
        return None
    if prefix := _prefix(before, token):
        token, start = f"{prefix} {token}", start - len(prefix) - 1
    n = line.at(start)
    cell_start, cell = line.cells[n]
    if line.head(n) == "item" and _is_shelfmark(cell.split(), token):
        return Numbered(cell.strip(), Sign.CALLED)
    if _NOTHING_LIKE_IT.fullmatch(token):
        return None
    alone = line.text.strip(_QUOTED) == token and not line.heads  # so a letter's reference may stand, too
    begins = (not alone and bool(_BEGINS.fullmatch(line.text, 0, start))) or (
        len(line.cells) > 1 and cell.strip(" #") == token
    )
    label = line.text[max(cell_start, start - MAX_BEFORE_CHARACTERS) : start]
    called = "other" if token.isdigit() and _INVOICE.search(before) else _called(label)
    if called in ("", "number"):
        called = _called_beside(line, n, alone=not label.strip(_QUOTED), called=called)
    if called in ("", "number") and begins:
        called = line.head(n) or called
    begins = begins or (called == "number" and _WORDS_OF["number"].issuperset(_words(label)))
    return _signed(token, called, begins=begins, alone=alone)


def _prefix(before: str, token: str) -> str:
    """Capitals before a number that are a part of it, as in a museum's; or its seller's name where it begins a row."""
    digits = sum(map(str.isdigit, token))
    found = _PREFIX.search(before) if token[0].isdigit() and digits > 2 else None
    found = found or (_SELLER.fullmatch(before) if token[0].isdigit() and digits >= MIN_BARE_DIGITS else None)
    is_label = found and any(_is(_plain(found["prefix"]), each) for each in ("no_prefix", *_LABELS))
    return found["prefix"] if found and not is_label else ""


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
    return "other" if called and not n and line.above == "other" else called


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
    coded = digits > 2 or (digits > 1 and (apart or (own.isupper() and len(own) > 4)))
    if letters and coded and (begins or " " not in token):
        return Numbered(token, Sign.ROW if begins else Sign.DOUBT if called == "licence" else Sign.FORM)
    if letters or digits < MIN_BARE_DIGITS - (apart and begins):
        return None
    return Numbered(token, Sign.ROW) if begins else Numbered(token, Sign.FORM) if alone else None


def _called(before: str) -> str:
    """What the words directly before a number call it: `item`, only `number`, `licence`, `other`, or nothing."""
    if _OUR_SIGN.search(before):
        return "other"
    if before.rstrip(" #").endswith(_NO_LABEL_BEFORE):
        return ""
    numbered = False
    for n, compound in enumerate(reversed(_words(_LABEL.split(before.rstrip())[-1])[-MAX_LABEL_WORDS:])):
        word = _COMPOUND_NUMBER.sub("", compound)
        numbered = numbered or word != compound or word in _WORDS_OF["number"]
        if word in _WORDS_OF["number"] or word in _WORDS_OF["between"]:
            continue
        if _is(word, "other") or (numbered and _is(word, "other_numbered")):
            return "other"
        if _is(word, "other_numbered"):
            return "licence"
        if _is(word, "item") and word not in _WORDS_OF["not_item"]:
            return "item"
        if numbered and _is(word, "item_numbered"):
            return "other" if _OURS.search(_plain(before)) else "item"
        return "other" if numbered and n == 1 and not word.isdigit() else ""
    return "number" if numbered else ""


def _is(word: str, kind: str) -> bool:
    """Whether a word is one of a kind, or a compound that begins or ends with one."""
    stems = _WORDS_OF[kind]
    cuts = range(MIN_STEM_CHARACTERS, len(word))
    return word in stems or any(word[:n] in stems or word[-n:] in stems for n in cuts)


def _words(label: str) -> list[str]:
    return _WORDS.findall(_plain(label))


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
    compared = {each.id for each in found} if best is Sign.ROW and len(sure) == 1 else sure
    if best < Sign.CALLED and len({_shape(each) if best is Sign.ROW else _series(each) for each in compared}) > 1:
        return []
    if best is not Sign.ROW:
        series = {_series(each) for each in sure if not _FILE.fullmatch(each) and re.search(r"[^\W\d_]", each)}
        sure |= {each.id for each in found if each.sign > Sign.OFFERED and _series(each.id) in series}
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
    return list(dict.fromkeys(each for each in found if _plain(each.split()[0]) in _WORDS_OF["item"]))


def _shape(item: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", item))


def _series(item: str) -> str:
    """A number's form with the letters that it begins with, which those of one seller share."""
    return _shape(item) + (re.match(r"[^\W\d_]{0,40}", item) or [""])[0]
