"""Parse labelled lines, and the certificates of Envato and Freepik.

The adapters parse fetched certificates with these functions. `document_parser` uses the same functions for certificates
from other sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, product

from archiver.core.model import DocumentKind, Licence, Moment, iso
from archiver.reading.dates import DateOrder, printed
from archiver.reading.letter_words import any_of
from archiver.reading.phrases import Phrases
from archiver.reading.platforms import PLATFORMS, UUID


class Sure(StrEnum):
    """How sure a reading is: the layout is known in full; its marks are clear; there are signs only.

    `stated`: a person has to confirm it, since the platform is not known, or only the place of a list tells it.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    STATED = "stated"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What one paper says: its licences, or the order that it pays for.

    `licences` is empty if it names only an order. `quotes` maps each field to the text that it was read from. A field
    that the paper does not state beyond doubt is None. `currency` is an ISO 4217 code, `date` the paper's own.
    """

    reader: str
    sure: Sure
    kind: DocumentKind
    licences: tuple[Licence, ...] = ()
    quotes: Mapping[str, str] = field(default_factory=dict)
    platform: str | None = None
    order: str | None = None
    invoice: str | None = None
    date: Moment | None = None
    amount: Decimal | None = None
    currency: str | None = None

    @property
    def by_person(self) -> bool:
        """Whether a person read it, so that it counts whatever a machine can read of it."""
        return self.reader == PERSON


@dataclass(frozen=True)
class Quote:
    """A value, the text it was read from, and whether it may go on in the next line or have begun in the last one.

    `rest` are the lines directly below it that are no labels.
    """

    value: str
    text: str
    cut: bool = False
    begun: bool = False
    rest: tuple[str, ...] = ()


PERSON = "person"
"""The reader of a paper of which a person states what it licenses."""

MAX_TEXT_LENGTH = 300  # characters of a title or a name
MAX_LINE_LENGTH = 2_000  # characters of a line; a longer one is no label with its value
# A line like "something: ..." in the place of a value is an unknown label.
_LABEL_LIKE = re.compile(r"[^\W\d][^:]{0,40}:(\s|$)")
_ADDRESS = re.compile(r"https?://|www\.")
MAX_JOINED_LINES = 4  # that a label or a date is put together from
MAX_LABEL_END_WORDS = 4  # of the rest of a label; more are a sentence that begins a list
MIN_HEADINGS = 2  # cells that are labels in a line of a table's headings, among others
MAX_LINES_BELOW = 12  # lines below a value that may be its rest
FULL_LINE_LENGTH = 60  # characters of a value that fills its line, so that it may continue on the next
# Below a value, a sentence or an address that is not its rest, as a name's or a title's second line may be.
_ANOTHER = re.compile(r"(?=[^\W\d_])(?![a-zß-ÿ])(?:\S+ ){3}.*[.!?]$|[^\W\d_].*(?:://|www\.)")
_MORE = re.compile(r"[A-Z0-9./_-]*\d[A-Z0-9./_-]*")  # of a number
_BESIDE = "\x1f"  # begins a line that was parted from the one before, as white space that no text has
_RULE = re.compile(r"[=_*.\-–—\s]*")


type _Patterns = tuple[Mapping[str, str], re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]


@lru_cache(maxsize=16)
def _patterns(labels: Sequence[tuple[str, Sequence[str]]]) -> _Patterns:
    """The field of each label; how a line begins with one, holds one, is parted before one, and lists one."""
    fields = {spelled(label): name for name, each in labels for label in each}
    # Longest first, so that a label is not taken for a shorter one that it begins with.
    names = "|".join(_spellings(label) for label in sorted(fields, key=len, reverse=True))
    # Where a column is narrow a PDF's text has nothing between the label and its value: "Date of licenceMay 3".
    label_of = rf"({names})(?:(?!\w)(\s{{0,40}}:|\s{{2}}|\t|\s?$|)|(?-i:(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ\d])))"
    label_in, columns = rf"(?<!\w)(?:{names})\s?:", rf"(?<=\S)[^\S\r\n]{{2,80}}(?=(?:{names})\s?:)"
    listed = rf"(?<!\S)(?:[^\w\s]|\d{{1,2}}[.)])[^\S\r\n]{{1,4}}(?=(?:{names})\s?:)"
    compiled = [re.compile(each, re.IGNORECASE) for each in (label_of, label_in, columns, listed)]
    return fields, compiled[0], compiled[1], compiled[2], compiled[3]


def quoted(
    text: str,
    labels: Mapping[str, Sequence[str]],
    shapes: Mapping[str, str] | None = None,
    *,
    complete: bool = False,
    on_page: bool = False,
) -> dict[str, Quote]:
    """The values behind labels, by field: `Label: value`, `Label  value`, or the value one line below.

    Labels are compared without case. `shapes` are patterns by field: such a value must match as a whole, else it is
    none; behind its label one space suffices. `complete` says that the layout has no other labels, so that a line with
    a colon is a value, not a label that is not known. A field with two different values is absent, as one without any.
    Where labels stand side by side or follow each other, which of the values below is whose cannot be told.
    """
    forms = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in (shapes or {}).items()}
    patterns = _patterns(tuple((name, tuple(each)) for name, each in labels.items()))
    reading = _Reading(patterns, forms, complete=complete, on_page=on_page)
    _, label_of, _, columns, _ = patterns
    lines = ["", *_whole_labels(columns.sub("\n" + _BESIDE, text).splitlines(), label_of), "", ""]
    for before, line, *below in zip(lines, lines[1:], lines[2:], lines[3:], strict=False):
        reading.read(before, line, *below)
    return reading.values()


def _said(value: str) -> str:
    """A value as it is compared: a day as such, because one paper may write it in two ways."""
    with suppress(ValueError):
        return iso(printed(value)) or value
    return value


@dataclass
class _Value:
    """A value that has just been read. `quotes` are those of its field, its own the last."""

    quotes: list[Quote]
    formed: bool  # it has the form of its field: only more of that form can belong to it
    aside: bool  # it is on its label's line
    starts: int  # where on the line it begins
    torn: bool = False  # a line that is no label followed

    def cut(self) -> None:
        """It may go on below."""
        self.quotes[-1] = replace(self.quotes[-1], cut=True)

    def end(self) -> None:
        """Something else follows. What stood between may have been the rest of it."""
        if self.torn and not self.formed:
            self.cut()


class _Reading:
    """A text read line by line: each is a label, a label's value, something that a value may go on in, or the end."""

    def __init__(
        self, patterns: _Patterns, forms: Mapping[str, re.Pattern[str]], *, complete: bool, on_page: bool
    ) -> None:
        self.fields, self.label_of, self.label_in, *_ = patterns
        self.forms, self.complete, self.on_page = forms, complete, on_page
        self.found: dict[str, list[Quote]] = {}
        self.rests: dict[str, list[str]] = {}  # the lines below the first value of each field
        self.rest: list[str] = []  # the lines below the value that was read last
        self.last: _Value | None = None  # that value, while it may go on
        self.waiting: list[tuple[str, str]] = []  # the fields whose values follow below, with their labels
        self.peers: list[_Value] = []  # the values of one line
        self.edges: set[int] = set()  # where values beside their labels begin
        self.beside = 0  # where the line above begins, if it is not a label, because a value may have begun there

    def values(self) -> dict[str, Quote]:
        return {
            name: replace(each[0], rest=tuple(self.rests[name][:MAX_LINES_BELOW]))
            for name, each in self.found.items()
            if len({_said(quote.value) for quote in each}) == 1
        }

    def read(self, before: str, raw: str, *below: str) -> None:
        """The next line, with the one before it and the two below."""
        line, indent = raw.strip(), len(raw) - len(raw.lstrip())
        if label := self._label(line, indent):
            self._at_label(*label, before, raw, *below)
        elif not line or _RULE.fullmatch(line) or len(line) >= MAX_LINE_LENGTH:
            self.last, self.rest, self.peers, self.beside = None, [], [], 0
        elif self._headings(line):
            if self.last:
                self.last.end()
            self.last, self.rest, self.peers, self.beside, self.waiting = None, [], [], 0, []
        elif len(self.waiting) == 1 and not self._strange(line):
            self._at_value(line, indent)
        else:
            if self._strange(line):
                self._at_strange_label(line)
            elif self.waiting:  # whose value this is cannot be told
                self.waiting, self.last = [], None
            elif _ADDRESS.match(line):
                if self.last:
                    self.last.end()
                self.last = None
            else:
                self._at_more(line, indent)
            self.rest.append(_collapsed(line))
            self.beside = indent

    def _label(self, line: str, indent: int) -> tuple[str, re.Match[str]] | None:
        """The field of the label that a line begins with, and that label.

        The longest label of a column may have one space before its value, which is where the other values begin.
        """
        label = self.label_of.match(line) if len(line) < MAX_LINE_LENGTH else None
        if label is None or (label[2] is None and " " not in label[1]):
            return None  # one word that goes on, as LicenceID does
        name, value = self.fields.get(spelled(label[1])), _collapsed(line[label.end() :])
        formed = name in self.forms and self._fits(name or "", value)
        edge = self.on_page and indent + label.end() + 1 in self.edges
        if name is None or (value and label[2] == "" and not (formed or edge)):
            return None  # a sentence that begins with the label's words
        return name, label

    def _fits(self, name: str, value: str) -> bool:
        return name not in self.forms or self.forms[name].fullmatch(value) is not None

    def _headings(self, line: str) -> bool:
        """Whether a line is the headings of a table, in which no value goes on."""
        cells = _GAP.split(line)
        return len(cells) > MIN_HEADINGS and sum(_bare(each) in self.fields for each in cells) >= MIN_HEADINGS

    def _strange(self, line: str) -> bool:
        """Whether a line is a label that is not known."""
        return not self.complete and _LABEL_LIKE.match(line) is not None

    def _at_label(self, name: str, label: re.Match[str], before: str, raw: str, *below: str) -> None:
        line = raw.strip()
        behind = line[label.end() :]
        if self.last:
            self.last.end()
        self.last, self.rest = None, []
        if raw[0] != _BESIDE:
            self.peers = []
        others = [each for each in map(_bare, _GAP.split(behind)) if each in self.fields]
        if others or not behind.strip():
            self.waiting += [(name, line), *((self.fields[each], line) for each in others)]
            return
        self.waiting = []
        self._add(name, _collapsed(behind), line, raw.rindex(behind.strip()), aside=True)
        if self.last:
            self.peers.append(self.last)
            if not self.last.formed and ":" not in (label[2] or "") and _heads(before, raw, *below):
                self.last.cut()  # perhaps a label beside a label

    def _at_value(self, line: str, indent: int) -> None:
        """The value of the one label that waits for it."""
        [(name, head)], value = self.waiting, _collapsed(line)
        self.waiting = []
        self._add(name, value, f"{head} {value}", indent, aside=False)
        self._cut_side_by_side(line)
        if self.last and _GAP.search(line):
            self.last.cut()  # several cells; one of them may be the value

    def _at_strange_label(self, line: str) -> None:
        if self.last and not self.last.formed:
            # The rest of a label, perhaps, and beside it the rest of its value.
            few = len(line.split()) <= MAX_LABEL_END_WORDS
            ends_label = line[0].islower() or (self.on_page and self.last.aside and line[-1] == ":" and few)
            if self.last.torn or ends_label:
                self.last.cut()
        self.waiting, self.last, self.rest = [], None, []

    def _at_more(self, line: str, indent: int) -> None:
        """A line in which the last value may go on."""
        cells = [cell.start() for cell in _CELL.finditer(line)]
        last = self.last
        if last and last.aside and line[0].isupper() and any(_close(indent + each, last.starts) for each in cells[1:]):
            last.end()  # a label that is not known stands beside its value
            self.last = last = None
        if last and not last.torn:
            fills = len(last.quotes[-1].value) > FULL_LINE_LENGTH
            near = self.on_page or _close(indent, last.starts)
            if _MORE.fullmatch(line) if last.formed else fills or near or not _ANOTHER.match(line):
                last.cut()
        if len(self.peers) > 1:
            self._cut_side_by_side(line)
        self.peers = []
        if last:
            last.torn = True

    def _add(self, name: str, value: str, text: str, starts: int, *, aside: bool) -> None:
        """Make it the last value. A value without its field's form does not count."""
        self.last = None
        if self._fits(name, value):
            begun = _close(self.beside, starts)
            quote = Quote(value, _collapsed(text), cut=bool(self.label_in.search(value)), begun=begun)
            self.found.setdefault(name, []).append(quote)
            self.rest = []
            self.rests.setdefault(name, self.rest)
            self.last = _Value(self.found[name], name in self.forms, aside, starts)
            self.edges |= {starts} if aside else set()
        self.beside = 0

    def _cut_side_by_side(self, line: str) -> None:
        """Values side by side, or beside a label: any of them may continue on the line below."""
        more = any(map(_MORE.fullmatch, _GAP.split(line)))
        for each in self.peers:
            if more or not each.formed:
                each.cut()
        self.peers = []


def labelled(
    text: str,
    columns: str,
    labels: Mapping[str, Sequence[str]],
    shapes: Mapping[str, str] | None = None,
    *,
    complete: bool = False,
) -> dict[str, Quote]:
    """What a paper says after labels, in its running text and (of a PDF) in its `columns`."""
    fields, _, label_in, _, listed = _patterns(tuple((name, tuple(each)) for name, each in labels.items()))
    text, columns = (listed.sub(lambda mark: " " * len(mark[0]), each) for each in (text, columns))
    on_page = quoted(_folded(columns, fields), labels, shapes, complete=complete, on_page=True)
    running = quoted(text, labels, shapes, complete=complete)
    for name in running.keys() & on_page.keys():
        one, other = running[name].value, on_page[name].value
        if one.startswith(f"{other} ") and label_in.match(one, len(other) + 1):
            running[name] = replace(running[name], value=other)  # what follows is a label beside it
    return agreed(running, on_page)


def agreed(running: Mapping[str, Quote], columns: Mapping[str, Quote]) -> dict[str, Quote]:
    """What a PDF says, from its running text and from its lines as they stand on the page.

    The first may have its parts in any order, the second has the lines of a cell apart. Where both have a value it must
    be the same, save that one may be no date, and that the first may be another label's on the page.
    """
    found = {**running, **columns}
    for name in running.keys() & columns.keys():
        one, other = running[name], columns[name]
        if one.value == other.value:
            found[name] = replace(other, begun=False, rest=other.rest or one.rest)
            continue
        if any(one.value == each.value for each in columns.values()):
            continue
        dates = [each for each in (one, other) if day(each, DateOrder.DAY_FIRST)]
        begins = other.value in one.rest or one.value.startswith(other.value)  # only a part stands on the page's line
        found[name] = dates[0] if len(dates) == 1 else replace(one, cut=True, begun=one.begun or not begins)
    return found


_GAP = re.compile(r"\s{2,}|\t")
_CELL = re.compile(r"\S+(?: \S+)*")
_MAX_COLUMN_SHIFT = 1  # columns of a page's text that a cell's lines may begin apart


def _close(one: int, other: int) -> bool:
    """Whether two lines begin below each other, away from the margin, like the lines of a cell."""
    return one > 0 and abs(one - other) <= _MAX_COLUMN_SHIFT


def _heads(before: str, line: str, below: str, after: str) -> bool:
    """Whether a line may be the labels of the one below: both alone, and as many cells at the same places."""
    starts = [[cell.start() for cell in _CELL.finditer(each)] for each in (line, below)]
    return starts[0] == starts[1] and not before.strip() and not after.strip()


def in_one_line(text: str, heading: Phrases) -> str:
    """The text with its first heading in one line, so that no part of a broken heading is taken for a label."""
    return heading.sub(lambda found: _collapsed(found[0]), text, count=1)


def _bare(cell: str) -> str:
    return spelled(cell).rstrip(" :")


def _folded(columns: str, fields: Mapping[str, str]) -> str:
    """A page's text as a person follows it: its columns one below the other, and each label whole, above its value.

    Where a table's first column is narrow, labels break over lines; programs put a value beside its label's first,
    last or middle line.
    """
    out: list[str] = []
    block: list[str] = []
    for line in [*columns.splitlines(), ""]:
        if line.strip():
            block.append(line)
            continue
        narrow = max(map(len, block), default=0) < MAX_LINE_LENGTH
        for strip in _strips(block, fields) if narrow else [block]:
            out += [*(_whole_rows(strip, fields) if narrow else strip), ""]
        block = []
    return "\n".join(out)


def _strips(block: Sequence[str], fields: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """The columns of a page that have their own labels, each with its values; else the whole block."""
    edges = [0, *_column_starts(block), None]
    heads = {0}
    for start, end in pairwise(edges):
        cells = [line[start:end].strip() for line in block]
        named = any(":" in cell and _bare(cell.partition(":")[0]) in fields for cell in cells)
        if start and (named or (cells and _bare(cells[0]) in fields)):
            heads.add(start)
    for start, end in pairwise([*sorted(heads), None]):
        yield [line[start:end] for line in block]


def _whole_rows(block: Sequence[str], fields: Mapping[str, str]) -> Iterator[str]:
    first = 0
    while first < len(block):
        for count in range(min(MAX_JOINED_LINES, len(block) - first), 1, -1):
            lines = block[first : first + count]
            start = next(_column_starts(lines), 0)
            lefts, values = [each[:start].strip() for each in lines], [each[start:].strip() for each in lines]
            label = next((each for each in _put_together(lefts) if _bare(each) in fields), None)
            if start and label and all(lefts) and any(values):
                yield from (label, *(" " * start + each for each in values if each))
                first += count
                break
        else:
            yield block[first]
            first += 1


def _column_starts(block: Sequence[str]) -> Iterator[int]:
    """Where further columns begin: a cell does, something stands before it, and no line has anything in between."""
    for start in sorted({cell.start() for line in block for cell in _CELL.finditer(line)}):
        before = [line[:start] for line in block]
        if start > 1 and any(map(str.strip, before)) and not any(line[start - 2 :].strip() for line in before):
            yield start


def _whole_labels(lines: Sequence[str], label_of: re.Pattern[str]) -> Iterator[str]:
    """The lines, labels that a narrow column breaks over lines put together."""
    first = 0
    while first < len(lines):
        whole, count = _whole_label([each.strip() for each in lines[first : first + MAX_JOINED_LINES]], label_of)
        yield lines[first][: len(lines[first]) - len(lines[first].lstrip())] + whole if count > 1 else lines[first]
        first += count


def _whole_label(lines: Sequence[str], label_of: re.Pattern[str]) -> tuple[str, int]:
    """The most lines that begin with one label, broken between its words or within one, as one line."""
    for count in range(len(lines), 1, -1):
        if not all(0 < len(each) < FULL_LINE_LENGTH for each in lines[:count]):
            continue
        for whole in _put_together(lines[:count]):
            start = len(whole) - len(lines[count - 1])
            label = label_of.match(whole)
            if label and len(label[1]) > start and (label[2] or label.end() == len(whole)):
                return whole, count
    return "", 1


def _put_together(lines: Sequence[str]) -> Iterator[str]:
    """The lines as one, broken between words or, if each continues in small letters, within a word."""
    yield " ".join(lines)
    if all(not each[:1].isupper() for each in lines[1:]):
        yield "".join(lines)


_SPELLED = str.maketrans({"’": "'", "º": "°", **dict.fromkeys("-‐‑_\u00a0\u202f", " ")})
_SPELLINGS = {"'": "['’]", "°": "[°º]", " ": r"[-‐‑_ \u00a0\u202f]"}


def spelled(label: str) -> str:
    """A label as labels are compared: without case, and whichever apostrophe, hyphen or space was typed.

    Between words programs that write tables put `_` for a space.
    """
    return label.casefold().translate(_SPELLED)


def _spellings(label: str) -> str:
    """The pattern of all that `spelled` makes this of."""
    return "".join(_SPELLINGS.get(each) or re.escape(each) for each in label)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


_NOTHING = re.compile(
    r"[-–—.?*]*|n/?a|none|null|unknown|unbekannt|keine?r?|aucun|ninguno|[<\[{].*|"
    r"(?:mr|mrs|ms|miss|dr|prof|herr|frau|m|mme|mlle|sr|sra|señora?)\.?",
    re.IGNORECASE,
)


def plain(quote: Quote | None) -> str | None:
    """A free text as the paper has it; None if it may be incomplete, means nothing, or is an unfilled blank."""
    if (
        quote is None
        or quote.cut
        or quote.begun
        or len(quote.value) > MAX_TEXT_LENGTH
        or _NOTHING.fullmatch(quote.value)
    ):
        return None
    return quote.value


def whole_name(quote: Quote) -> Quote:
    """A name that ends with its legal form, which may stand below it, or above an address.

    What follows the form in the value is a sentence.
    """
    form = rf"(?<=\S ){any_of('legal_form')}"
    if sentence := re.match(rf"(?P<name>.{{2,80}}?{form})\.\s+[A-ZÀ-Þ]", quote.value):
        return replace(quote, value=sentence["name"], cut=False)
    below = quote.rest[0] if quote.rest else ""
    value = f"{quote.value} {below}" if re.fullmatch(any_of("legal_form"), below) else quote.value
    ends = re.search(rf"{form}$", value) and (value != quote.value or not re.match(r"&|(?:und|and|et|y|e)\b", below))
    above = len(quote.rest) > 1 and _STREET.fullmatch(below) and _POST_CODE.search(quote.rest[1])
    return replace(quote, value=value, cut=False) if quote.cut and (ends or above) else quote


_STREET = re.compile(r"\D{3,40}\s\d{1,4}\s?[a-zA-Z]?|\d{1,5}[a-z]?,?\s\D{3,40}")
_POST_CODE = re.compile(r"\b\d{4,5}\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")


def whole(quote: Quote | None, form: str) -> str | None:
    """A value of a form with a fixed length, joined if a narrow column breaks it over lines."""
    parts = (quote.value.replace(" ", ""), *quote.rest) if quote and not quote.begun else ()
    joined = ("".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((each for each in joined if re.fullmatch(form, each)), None)


def day(quote: Quote | None, order: DateOrder | None = None) -> Moment | None:
    """A date as the paper has it, on one or several lines; None if it cannot be read, or in two ways."""
    if quote is None:
        return None
    found: list[Moment] = []
    for count in range(min(len(quote.rest), MAX_JOINED_LINES) + 1):
        for between in product((" ", ""), repeat=count):
            with suppress(ValueError):
                joined = "".join(f"{mark}{part}" for mark, part in zip(between, quote.rest, strict=False))
                found.append(printed(quote.value + joined, order))
    with suppress(ValueError):
        found += [printed(part, order) for part in quote.rest[:1] if found]  # another date below
    return found[-1] if len({str(iso(each))[:10] for each in found}) == 1 else None


def certificate(reader: str, sure: Sure, licence: Licence, quotes: Mapping[str, str]) -> Paper | None:
    """The paper that certifies one licence, if its ids have the forms that the platform gives them."""
    platform = PLATFORMS[licence.asset.provider]
    if not re.fullmatch(platform.asset, licence.asset.asset_id):
        return None
    if platform.licence and not re.fullmatch(platform.licence, licence.licence_id or ""):
        return None
    return Paper(
        reader=reader,
        sure=sure,
        kind=DocumentKind.CERTIFICATE,
        licences=(licence,),
        quotes=quotes,
        platform=platform.name,
        order=licence.order,
        date=licence.licensed_at,
    )


@dataclass(frozen=True, kw_only=True)
class ElementsCertificate:
    """An Envato Elements licence certificate, in any of its three layouts.

    To about 2025: one licence per item and registered project. Since about 2026: no project, a licence name. AI tools:
    ids and code are UUIDs, no author. Layouts as seen in copies that buyers published.
    """

    item_id: str | None
    code: str | None
    title: str | None
    author: str | None
    licensee: str | None
    project: str | None
    kind: str | None
    licensed_at: Moment | None
    url: str | None
    quotes: Mapping[str, str]


_ELEMENTS = {
    "title": ("Item Title",),
    "url": ("Item URL",),
    "asset_id": ("Item ID",),
    "source": ("Item Source",),
    "contributor": ("Author Username",),
    "licensee": ("Licensee",),
    "project": ("Registered Project Name",),
    "kind": ("License Name",),
    "licensed_at": ("License Date",),
    "licence_id": ("Item License Code",),
}


def elements_certificate(text: str, columns: str = "") -> ElementsCertificate:
    """Read a certificate's labelled lines, of a PDF also in its `columns`. A field that it does not state is None."""
    found = labelled(text, columns, _ELEMENTS, complete=True)
    forms = PLATFORMS["envato_elements"]
    project = plain(found.get("project"))
    perpetual = "perpetual" if re.search(r"\bperpetual\b", text, re.IGNORECASE) else None
    return ElementsCertificate(
        item_id=whole(found.get("asset_id"), forms.asset) or plain(found.get("asset_id")),
        code=whole(found.get("licence_id"), forms.licence or "") or plain(found.get("licence_id")),
        title=plain(found.get("title")),
        author=plain(found.get("contributor")),
        licensee=plain(found.get("licensee")),
        project=project,
        kind=plain(found.get("kind")) or ("single-use project" if project else perpetual),
        licensed_at=day(found.get("licensed_at")),
        url=plain(found.get("url")),
        quotes={name: quote.text for name, quote in found.items()},
    )


@dataclass(frozen=True, kw_only=True)
class MarketCertificate:
    """An Envato Market licence certificate: 2012 (no date, `Licence`), 2017, and the later form in sentences.

    `kind` is written as the platform's interface writes it: `Regular License`. `site` is the market's host. Layouts as
    seen in copies that buyers published; of the one of 2012 only parts were seen.
    """

    item_id: str | None
    code: str | None
    title: str | None
    author: str | None
    licensee: str | None
    kind: str | None
    licensed_at: Moment | None
    site: str | None
    quotes: Mapping[str, str]


_MARKET = {
    "contributor": ("Licensor's Author Username", "Author Username"),
    "licensee": ("Licensee",),
    "title": ("Item Title", "For the item"),
    "url": ("Item URL",),
    "asset_id": ("Item ID",),
    "licence_id": ("Item Purchase Code", "Purchase Code"),
    "licensed_at": ("Purchase Date",),
}
_MARKET_KIND = re.compile(
    r"certifies the purchase of(?: the following licen[cs]e)?\s*:\s*(?:ONE )?([A-Z][A-Z &()-]{1,40}?) LICEN[CS]E\b"
)
_MARKET_ITEM = re.compile(r"https?://(?:www\.)?([a-z0-9]{3,20}\.net)/item/[^\s/]{1,200}/(\d{3,12})\b(?!\s{1,99}\d)")


def market_certificate(text: str, columns: str = "") -> MarketCertificate:
    """Read a certificate's labelled lines, of a PDF in its `columns`, too.

    What it does not say, or says in two ways, is None.
    """
    found = labelled(text, columns, _MARKET, complete=True)
    kind = _MARKET_KIND.search(_collapsed(text))
    items = set(_MARKET_ITEM.findall(text))
    site, item_id = items.pop() if len(items) == 1 else (None, None)
    if said := plain(found.get("asset_id")):
        item_id = said if item_id in (None, said) else None
    quotes = {name: quote.text for name, quote in found.items()}
    return MarketCertificate(
        item_id=item_id,
        code=(whole(found.get("licence_id"), UUID) or plain(found.get("licence_id")) or "").lower() or None,
        title=plain(found.get("title")),
        author=plain(found.get("contributor")),
        licensee=plain(found.get("licensee")),
        kind=f"{kind[1].title()} License" if kind else None,
        licensed_at=day(found.get("licensed_at")),
        site=site,
        quotes=quotes | ({"kind": _collapsed(kind[0])} if kind else {}),
    )


@dataclass(frozen=True, kw_only=True)
class FreepikCertificate:
    """Freepik's licence PDF. Its labels are assumed: no copy was found."""

    resource_ids: Sequence[str]
    title: str | None
    author: str | None
    licensee: str | None
    kind: str | None
    licensed_at: Moment | None
    quotes: Mapping[str, str]


_FREEPIK = {
    "asset_id": ("Resource", "Resource ID", "Asset ID"),
    "url": ("Asset", "Asset URL", "Resource URL"),
    "title": ("Title", "Asset title", "Resource title"),
    "contributor": ("Author",),
    "licensee": ("Licensee",),
    "kind": ("License", "License type"),
    "licensed_at": ("Download date",),
}

_FREEPIK_ID = r"(?<=_)\d{4,}(?=\.htm)|(?<![\w./-])\d{4,}(?![\w.-])"  # in its page's address, or by itself
_FREEPIK_ADDRESS = r"https?://(?:www\.)?(?:freepik|magnific)\.com/[\w/-]{1,300}_\d{4,12}\.htm"


def freepik_certificate(text: str, columns: str = "") -> FreepikCertificate:
    """Read the PDF's labelled lines, in its running text and its `columns`.

    `resource_ids` are the numbers named as the resource, usually one.
    """
    found = labelled(text, columns, _FREEPIK, complete=True)
    kind = plain(found.get("kind"))
    named = (whole(found.get(name), _FREEPIK_ADDRESS) or plain(found.get(name)) or "" for name in ("asset_id", "url"))
    return FreepikCertificate(
        resource_ids=sorted(set(re.findall(_FREEPIK_ID, " ".join(named)))),
        title=plain(found.get("title")),
        author=plain(found.get("contributor")),
        licensee=plain(found.get("licensee")),
        kind=kind.lower().removesuffix(" license") if kind else None,
        licensed_at=day(found.get("licensed_at")),
        quotes={name: quote.text for name, quote in found.items()},
    )
