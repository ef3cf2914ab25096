"""Tell which sum of money a letter demands: the one that accounts for all others, or none.

A word beside a sum may label a part, an offer or a threat. So a sum counts only if every other one is explained by it:
as a part of it, as its tax, as an instalment, or as what the law or a later day would cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from archiver.reading.dates import days_in
from archiver.reading.letter_words import (
    MAX_LABEL_DISTANCE,
    SENTENCE_END,
    any_of,
    is_foreign,
    known,
    quote,
    search,
    without_addresses,
)

MAX_TAX = Decimal("1.27")  # of a sum with it to one without
MAX_ROUNDING = Decimal("0.02")  # of a tax, or of a total of several
MAX_PARTS = 10  # different sums that may add up; with more, anything does
MAX_SUMS = 400  # of a letter; each is compared with each
MAX_QUOTED_LENGTH = 300  # characters of a quotation before a sum in it
MAX_INSTALMENTS = 24
MAX_ITEMS = 9  # pictures at one price
MAX_ROW_WORDS = 5
MAX_FACTOR_DISTANCE = 120  # characters after a sum in which a factor stands
CROWNS, DOLLARS = "KR", "$"  # of which country is not known yet
MAX_TERM_DISTANCE = 40  # characters after a sum in which its own day may stand


def demanded(text: str, sure: dict[str, str], day: date | None = None) -> tuple[Decimal | None, str | None]:
    """The sum that is demanded; none if two contradict each other, or if nothing says which of several counts.

    `day`: the letter's own.
    """
    sums: list[Sum] = []
    left_out = False
    text = _CENTS.sub("", _SPELLED.sub(" ", _PARTED.sub(r"\1 ", text)))
    dollars = _dollars(text)
    for each in sums_in(_taxed(_with_currency(_without_bases(text)))):
        each = replace(each, is_over=day is not None and _is_over(each, day))
        if each.currency == "USD" and _PLAIN.search(each.found[0]):
            each = replace(each, currency=dollars)
        # Of `between $750 and $30,000` both are the law's, and so are the parts of a value in the brackets behind it.
        goes_on = search("range", each.before) or _IN_BRACKETS.search(each.found.string[: each.found.start()])
        before = each.before.replace("\n", " ")  # a line's end is none of these words
        left_out = bool(search("no_demand", before) or each.is_by_law or each.is_limit or (left_out and goes_on))
        sums += [] if left_out or not each.amount else [each]
        if len(sums) > MAX_SUMS:
            sure["amount"] = f"open: the letter names more than {MAX_SUMS} sums"
            return None, None
    rates = [each for each in sums if _per_item(each) or _is_yearly(each)]
    single = [each for each in sums if not (each in rates or each.is_no_demand or each.is_reduction)]
    if not single:
        return None, None
    named = ", ".join(sorted({each.named for each in single}))
    found = _demanded_of(single, sums, _rates(text))
    if found is None:
        sure["amount"] = f"open: the letter names {named}, and does not say which of them counts"
        return None, None
    same = [each for each in sums if each.named == found.named]
    alone = not any(each.named != found.named for each in single)
    if (alone or all(_CLOSED.search(text, 0, each.found.start()) for each in same)) and not any(map(_is_asked, same)):
        sure["amount"] = f"open: the letter names {named}, and does not say that it asks for it"
        return None, None
    if unknown := {CROWNS: "crowns", DOLLARS: "dollars"}.get(found.currency):
        sure["amount"] = f"open: the letter does not say whose {unknown} it means: {quote(found.found)}"
        return None, None
    sure["amount"] = quote(found.found) + (f"; the sums in the letter are {named}" if ", " in named else "")
    return found.amount, found.currency


_CLOSED = re.compile(rf"^[ \t]*{any_of('closing')}", re.IGNORECASE | re.MULTILINE)
"""Before a sum below the letter: in its signature, or a footer."""
_PLAIN = re.compile(r"(?:^|\d\s?)\$")


_DOLLARS_BEHIND = re.compile(r"\d,\d\d[ ]?\$")
"""As nobody writes a sum in the United States."""


def _dollars(text: str) -> str:
    """Whose dollars or pesos a plain `$` means: those of the only country that the letter's words are of; if there are
    none, in English the United States'. Else `$`, no currency.
    """
    signs = "|".join(re.escape(sign) for sign, code in known()["currencies"].items() if code != "USD" and "$" in sign)
    other = {known()["currencies"][each.lower()] for each in re.findall(rf"(?<!\w)(?:{signs})", text, re.IGNORECASE)}
    named = [*known()["dollars"].items()]
    found = {code for code, words in named if re.search(words, text) or re.search(rf"\b{code}\b", text)} | other
    if not found and not (is_foreign(text) or _DOLLARS_BEHIND.search(text)):
        return "USD"
    return found.pop() if len(found) == 1 else DOLLARS


def _is_over(each: Sum, day: date) -> bool:
    """Whether a sum was to be paid by a day before this one, or stands in a list of letters of such days:
    `335.00 EUR, payable by 2 December 2025`, `Reminder 2 December 2025 335.00 EUR`.
    """
    text, start, end = each.found.string, each.found.start(), each.found.end()
    line = text[max(0, start - 2 * MAX_LABEL_DISTANCE) : start].rpartition("\n")[2]
    if search("letter_row", line) and any(sent < day for sent, _ in days_in(line)):
        return True
    sentence = SENTENCE_END.split(text[start : end + 2 * MAX_LABEL_DISTANCE])[0]
    after = sentence[end - start :].partition(";")[0].replace("\n", " ")
    until, found = next(days_in(after), (None, None))
    between = after[: found.start()] if found else ""
    if until is None or until >= day or len(between) > MAX_TERM_DISTANCE or not search("until", between):
        return False
    return not (search("not_until", between) or re.search(r"[€£$]|\d", between))


def _crowns(text: str) -> str:
    """Whose crowns `kr` means: those of the only country whose words the letter has; else `KR`, no currency."""
    found = [code for code, words in known()["crowns"].items() if re.search(words, text)]
    return found[0] if len(found) == 1 else CROWNS


def _demanded_of(single: Sequence[Sum], sums: Sequence[Sum], rates: Sequence[Decimal]) -> Sum | None:
    """The sum that accounts for all others but those of other things, if it is no other one than with these."""
    asked = [each for each in single if not (each.is_aside or each.is_base)]
    found = _accounting_for_all(asked, sums, rates, [each for each in sums if each.is_aside])
    whole = _accounting_for_all(single, sums, rates, []) if len(asked) < len(single) else None
    return None if whole and found and whole.named != found.named else found


def _is_asked(each: Sum) -> bool:
    """Whether words in the sentence of a sum, or around one that stands alone, say that it is to be paid."""
    text, start, end = each.found.string, each.found.start(), each.found.end()
    before = [part for part in SENTENCE_END.split(text[max(0, start - 4 * MAX_LABEL_DISTANCE) : start]) if part.strip()]
    count = 1 if SENTENCE_END.split(text[max(0, start - 4 * MAX_LABEL_DISTANCE) : start])[-1].strip() else 2
    said = before[-count:] + SENTENCE_END.split(text[end : end + 3 * MAX_LABEL_DISTANCE])[:count]
    said.append(text[end:][:MAX_LABEL_DISTANCE].partition("\n\n")[0])  # beyond `incl.`, too
    return any(search(words, " ".join(said)) for words in ("demand", "total", "grand_total", "on_time", "asked"))


def _accounting_for_all(
    single: Sequence[Sum], sums: Sequence[Sum], rates: Sequence[Decimal], asides: Sequence[Sum]
) -> Sum | None:
    """The sum that accounts for all others: first of those called a total, then of those that others add up to."""
    ways: list[tuple[list[Sum], bool]] = [
        ([each for each in single if search("grand_total", each.label)], True),
        ([each for each in single if _adds_up(each, single) and not _in_table(each)], False),
        ([each for each in single if search("total", each.label) and not search("subtotal", each.label)], False),
        (list(single), False),
    ]
    for candidates, is_total in ways:
        now = [each for each in candidates if not (each.is_earlier or each.is_over)]
        if not now and not any(each.is_no_demand for each in sums):  # it only repeats what was asked before
            now = candidates
        fitting = {
            each.named: each
            for each in now
            if all(
                other in asides
                or _explained(other, each, sums, rates)
                or (is_total and other not in now and _minor(other, each))
                for other in sums
            )
        }
        if len(fitting) == 1:
            return next(iter(fitting.values()))
        if fitting:
            return None
    return None


def _line_without(each: Sum) -> str:
    """The line of a sum, without the sum."""
    line = each.found.string[: each.found.start()].rpartition("\n")[2]
    return f"{line} {each.found.string[each.found.end() :].partition('\n')[0]}"


def _in_table(each: Sum) -> bool:
    """Whether a sum has a line of its own with a few words: one of several rows, which may add up by chance."""
    return len(re.findall(r"[^\W\d_]{2,}", _line_without(each))) <= MAX_ROW_WORDS


def _minor(other: Sum, total: Sum) -> bool:
    """Whether a sum beside one that is called the total is a part of it, or an offer for less."""
    return other.amount < total.amount and not search("besides", other.before)


def _explained(other: Sum, total: Sum, sums: Sequence[Sum], rates: Iterable[Decimal]) -> bool:
    """Whether a sum is no demand beside the total: the same, a part of it, its tax, or what a later day would cost."""
    over = other.is_over and other.amount <= total.amount  # a greater one was not given up
    if other.named == total.named or other.is_earlier or other.is_no_demand or over:
        return True
    if other.is_usual and not total.is_usual and not total.comes_on_top:
        return True
    if other.is_option and not total.is_option and any(each.is_option and each.named == total.named for each in sums):
        return True  # the letter asks for one of its options
    if other.amount > total.amount and any(abs(other.amount - total.amount - each.amount) <= MAX_ROUNDING
                                           for each in sums if each.is_reduction):  # fmt: skip
        return True
    if other.is_reduction:
        return True
    if other.currency != total.currency:
        return False
    if other.amount < total.amount and (search("increment", other.before) or _is_part_of(other, total)):
        return True
    around = f"{other.sentence} {_after(other)}"
    on_time = all(search("on_time", each.sentence) for each in (other, total))
    if other.amount < total.amount and (on_time or search("reduced", around) or search("enough", around)):
        return True
    if _is_net_or_tax(other, total, rates) or search("subtotal", other.label):
        return True
    if _is_net(other, total) or any(
        (_is_net(other, part) and _adds_up(total, sums, part)) or (_is_net(part, total) and _adds_up(part, sums, other))
        for part in sums
    ):
        return True
    bracketed = re.search(r"\([^()]*$", other.before) is not None and total.found.end() <= other.found.start()
    if other.times > 1 and any(
        abs(other.amount * other.times - each) <= MAX_ROUNDING for each in (total.amount, *_net(total, rates))
    ):
        return True
    several = _per_item(other) or bracketed or other.times > 1
    several = several or any((search("per_year", _after(other)), search("instalment", other.around)))
    if several and any(_times(each, other) for each in (total.amount, *_net(total, rates))):
        return True
    if other.amount < total.amount and search("by_instalments", other.around):
        return True
    if other.amount > total.amount and search("by_instalments", _after(other)) and not _times(other.amount, total):
        return True
    if _adds_up(total, sums, other):
        return True
    return bool(several) and any(  # the price of each of the pictures, whose sum is a part
        _times(part.amount, other)
        and (_adds_up(total, sums, part) or _is_net_or_tax(part, total, rates) or _is_net(part, total))
        for part in sums
        if other.amount < part.amount < total.amount
    )


def _is_part_of(other: Sum, total: Sum) -> bool:
    """Whether the words before a sum, or all those since the total in its sentence, say that it is in the total."""
    since = _IN_SENTENCE.sub(" ", other.found.string[total.found.end() : other.found.start()])
    return bool(search("part_of", other.before) or search("part_of", re.sub(r"(?<=\d)\.(?=\d)", ",", since)))


def _is_net_or_tax(other: Sum, total: Sum, rates: Iterable[Decimal]) -> bool:
    """Whether a sum is what a total is without a tax or surcharge, or that tax."""
    net = _net(total, rates)
    return any(min(abs(other.amount - each), abs(other.amount - total.amount + each)) <= MAX_ROUNDING for each in net)


def _net(total: Sum, rates: Iterable[Decimal]) -> list[Decimal]:
    """What a total is without one of these taxes or surcharges."""
    return [total.amount * 100 / (100 + rate) for rate in rates]


def _is_net(other: Sum, total: Sum) -> bool:
    """Whether a sum is said to be without tax, and a total could be the one with it."""
    return bool(search("without_tax", _after(other))) and other.amount < total.amount <= other.amount * MAX_TAX


def _times(total: Decimal, one: Sum) -> bool:
    times = total / one.amount
    return 1 < times <= MAX_INSTALMENTS and times == int(times)


def _adds_up(total: Sum, sums: Iterable[Sum], part: Sum | None = None) -> bool:
    """Whether some of the other sums are together the total; `part` is one of them. A price of each may count often."""
    less = [
        each
        for each in sums
        if each.amount < total.amount
        and each.currency == total.currency
        and not (each.is_reduction or each.is_earlier or each.is_no_demand)  # what is past or refused is no part
    ]
    others = sorted((each.amount for each in less), reverse=True)
    if part:
        if part.amount not in others:
            return False
        others.remove(part.amount)
    if len(others) > MAX_PARTS:
        return False
    often = 3 if search("tripled", total.found.string) else 2 if search("doubled", total.found.string) else 1
    times_of: dict[Decimal, set[int]] = {}  # in which each amount may count
    for each in less:
        most = MAX_ITEMS if _per_item(each) and not each.is_aside else often
        counts = {each.times} if each.times > 1 else set(range(1, most + 1))
        times_of.setdefault(each.amount, set()).update(counts)
    start = {(times * part.amount, 1) for times in times_of[part.amount]} if part else {(Decimal(), 0)}
    limit = total.amount + MAX_ROUNDING
    reached = start  # what some of the sums are together, and how many they are
    for amount in others:
        for times in times_of[amount]:
            more = {(added + times * amount, count + 1) for added, count in reached}
            reached |= {(added, count) for added, count in more if added <= limit}
    return any(abs(added - total.amount) <= MAX_ROUNDING and count > 1 for added, count in reached)


_RATE = r"(\d{1,2}(?:[.,]\d{1,2})?) ?%"
_TAX_NAME = r"\b(?:vat|gst|btw|tva|iva|ust|mwst|mehrwertsteuer|umsatzsteuer)\b"
_TAX = re.compile(
    rf"(?<![\d.,]){_RATE}\s*(?:(?:of|de|di|der|die|ges\w*) )?{_TAX_NAME}|{_TAX_NAME}[^\d\n]{{0,12}}{_RATE}",
    re.IGNORECASE,
)


_BASE = re.compile(
    rf"(?P<tax>(?:{_RATE}\s*{_TAX_NAME}|{_TAX_NAME}(?:[^\d\n]{{0,12}}{_RATE})?)[ ]?\(?)"
    r"\b(?:on|auf|aus|sur|sobre|su|over|op|od|p[åa]|av|af)[ ](?:[A-Z]{3}[ ]|[€£$][ ]?)?"
    r"(?:\d{1,3}(?: \d{3})+,\d\d|\d[\d.,']*[.,]\d\d)(?:[ ]?(?:[A-Z]{3}\b|[€£$])(?![ ]?\d))?",
    re.IGNORECASE,
)
"""A tax with the sum on which it is counted: `VAT 20 % on £180.00`."""


def _without_bases(text: str) -> str:
    """The text without the sums on which a tax is counted: they are parts, and never demanded."""
    return _BASE.sub(lambda found: found["tax"], text)


def _rates(text: str) -> list[Decimal]:
    """The rates that a letter puts on top of a sum, as tax or as a surcharge, in percent."""
    surcharge = rf"{any_of('surcharge')}[^.\d]{{0,30}}{_RATE}|{_RATE}[^.\d\n]{{0,20}}{any_of('surcharge')}"
    found = [*_TAX.finditer(text), *re.finditer(surcharge, text, re.IGNORECASE)]
    return sorted({Decimal((each[1] or each[2]).replace(",", ".")) for each in found})


def _is_yearly(each: Sum) -> bool:
    """Whether a sum is the price of one year, from which a letter counts what it demands."""
    return bool(search("per_year", _after(each)))


def _per_item(each: Sum) -> bool:
    """Whether a sum is the price of one of several pictures, of which a letter states the total, too."""
    before = re.sub(any_of("per_item_after"), "", each.before, flags=re.IGNORECASE) if each.since else each.before
    return bool(search("per_item", before) or search("per_item_after", _after(each)))  # not of the sum before


def _after(each: Sum) -> str:
    """The words after a sum, in the same part of its sentence."""
    return re.split(r"[,;\n]|\.(?!\w)", each.found.string[each.found.end() :][:30])[0]


def _following(each: Sum) -> str:
    """The words after a sum, in its paragraph, before the next one's sign."""
    after = each.found.string[each.found.end() :][:MAX_LABEL_DISTANCE]
    if _in_table(each) and re.match(r"[ \t]*\n", after):
        return ""  # below its row is another one, or a sentence
    return re.split(r"\n\n|[€£$]|\b[A-Z]{3}\b[ ]?\d", after, maxsplit=1)[0].replace("\n", " ")


@dataclass(frozen=True)
class Sum:
    """A sum of money in a letter; `before` stands between it and the sum before it, `label` on its own line.

    `since` is where the sum before it ends. `is_over`: it was to be paid by a day before the letter's own.
    """

    amount: Decimal
    currency: str
    before: str
    label: str
    found: re.Match[str]
    since: int
    is_over: bool = False

    @property
    def named(self) -> str:
        return f"{self.currency} {self.amount.normalize():f}"

    @property
    def sentence(self) -> str:
        """The words before it in its sentence."""
        before = self.found.string[max(0, self.found.start() - 3 * MAX_LABEL_DISTANCE) : self.found.start()]
        return SENTENCE_END.split(before)[-1]

    @cached_property
    def times(self) -> int:
        """How often it counts, by the number before it: `3 × 150`."""
        found = search("times", self.before)
        return int(next(filter(None, found.groups()))) if found else 1

    @cached_property
    def is_reduction(self) -> bool:
        """Whether it has a minus sign, which no word precedes as a hyphen, or is said to be taken off or paid."""
        minus = re.search(r"(?<![\w-])[-–−][ ]?$", self.found.string[: self.found.start()])
        return bool(minus or search("taken_off", _following(self)) or search("less", self.before))

    @cached_property
    def is_usual(self) -> bool:
        """Whether it is a usual price, by the words in its part of the sentence."""
        return bool(search("usual", self.sentence.rpartition(";")[2]))

    @property
    def is_option(self) -> bool:
        """Whether it is the price of one of several options."""
        return search("option", f"\n{self.label}") is not None

    @property
    def comes_on_top(self) -> bool:
        """Whether it is said to be added to others."""
        said = SENTENCE_END.split(self.found.string[self.since : self.found.start()])[-1]  # since the one before
        return any(search(words, said[-3 * MAX_LABEL_DISTANCE :]) for words in ("besides", "surcharge", "costs"))

    @cached_property
    def is_earlier(self) -> bool:
        """Whether it is what was asked before."""
        own = self.found.string[self.since : self.found.start()][-3 * MAX_LABEL_DISTANCE :]
        return bool(search("earlier", SENTENCE_END.split(own)[-1]) or search("earlier_after", _following(self)))

    @cached_property
    def is_by_law(self) -> bool:
        """Whether it is a court's or a law's, unless somebody demands it in the same sentence behind these words."""
        *_, said = re.split(rf"\b{any_of('demands_it')}", self.sentence, flags=re.IGNORECASE)
        return search("by_law", said) is not None

    @cached_property
    def is_limit(self) -> bool:
        """Whether it is a limit or an example, or what somebody is quoted with."""
        before = self.found.string[max(0, self.found.start() - MAX_LABEL_DISTANCE) : self.found.start()]
        after = self.found.string[self.found.end() :][:MAX_LABEL_DISTANCE].partition("\n\n")[0].replace("\n", " ")
        if search("limit", before.rpartition("\n\n")[2].replace("\n", " ")) or (
            search("limit_after", after) and not self.is_earlier
        ):
            return True
        said = self.found.string[max(0, self.found.start() - MAX_QUOTED_LENGTH) : self.found.start()]
        return _QUOTED.search(said.rpartition("\n\n")[2]) is not None

    @cached_property
    def is_aside(self) -> bool:
        """Whether it is the price or the cost of something else, or not the writer's; it may still be in the total."""
        own = SENTENCE_END.split(self.found.string[self.since : self.found.start()][-3 * MAX_LABEL_DISTANCE :])[-1]
        if search("grand_total", self.label):
            return False
        return bool(search("aside", own) or search("aside_after", _following(self)))

    @cached_property
    def is_base(self) -> bool:
        """Whether the letter goes on from it to a greater sum, by some factor, and not only for a later day."""
        after = re.split(
            r"\n\n|[€£$]|\b[A-Z]{3}[ ]?\d|\d[ ]?[A-Z]{3}\b", self.found.string[self.found.end() :][:MAX_FACTOR_DISTANCE]
        )[0]
        return bool(search("goes_on", after.replace("\n", " ")) and not search("later", after))

    @cached_property
    def is_no_demand(self) -> bool:
        """Whether it is what a later day would cost, or an offer that is refused or over."""
        return bool(search("later", self.sentence) or search("refused", _following(self)))

    @property
    def around(self) -> str:
        """The words before and after it, on its line."""
        line = self.before.rpartition("\n")[2]
        return (line if line.strip() else self.label) + " " + _after(self)


_QUOTED = re.compile(r"(?:^|(?<=[\s(]))(?:[\"“„](?=\w)|«\s?(?=\w))(?:[^\"“”„«»]*\s){2}[^\"“”„«»]*$")
"""Before a sum in a quotation of some words."""
_IN_BRACKETS = re.compile(r"\d[ ]?(?:[A-Z]{3}|[€£$])?[ ]?\([^()]{0,160}$")
"""Before a sum in brackets that open right behind another one."""
_COLUMN = re.compile(r"(?:^|[ \t(:|])(?P<currency>[A-Z]{3}|€|£|[A-Z]{0,3}\$|zł|kr\.?)\)?[ \t]*$")
_ROW = re.compile(r"(?:^|[ \t:|])[-–−]?(?P<value>\d[\d.,']*[.,]\d\d)[ \t]*$")

_VALUE = re.compile(r"[ \t]*[-–−]?\d[\d.,']*[.,]\d\d[ \t]*")


def _with_currency(text: str) -> str:
    """The text, with its currency beside each number of a column that has it only in its head: `Amount (EUR)`."""
    out, currency = [], ""
    lines = text.split("\n")
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        head = _COLUMN.search(line)
        if head and not re.search(r"\d", line) and head["currency"].lower() in known()["currencies"]:
            currency = head["currency"]
        elif currency and _ROW.search(line):
            if not any(each.found.end() == len(line.rstrip()) for each in sums_in(line)):
                line = f"{line.rstrip()} {currency}"
        elif line.strip() and not _VALUE.fullmatch(below):  # of a table, cell by cell
            currency = ""
        out.append(line)
    return "\n".join(out)


_TO_THE_CENT = re.compile(r"(?<![\w.,'/-])(?<![€£$] )\d[\d.,']*[.,]\d\d(?!\d|[ ]?%)")


def _taxed(text: str) -> str:
    """The text, with the currency of the sum before it beside a number that is said to be that sum with its tax."""
    sums = list(sums_in(text))
    for found in reversed([*_TO_THE_CENT.finditer(text)]):
        before = [each for each in sums if each.found.end() <= found.start()]
        said = search("with_tax", text[found.end() :][:MAX_LABEL_DISTANCE])
        if before and said and not any(each.found.start() < found.end() <= each.found.end() for each in sums):
            text = f"{text[: found.end()]} {before[-1].currency}{text[found.end() :]}"
    return text


_PARTED = re.compile(
    r"(\b(?:de|of|um|von|zu|auf|di|da|van|à|za|o|til|total|kwot[aęyą])[ ]\d{1,3})"
    r"\n(?=\d{3}(?:[.,]\d\d)?[ ]?(?:€|£|EUR|CHF|PLN|euros?|zł|kr)(?!\w))"
)
"""Where a line ends within a number, as a reader of PDFs leaves it: `un total de 1` above `800 €`."""


_SPELLED = re.compile(
    r"(?<=\d)[ \t]*\([^()\d]{3,90}\)\s+(?=(?:€|EUR|CHF|euros?|pounds|dollars|z[łl])(?!\w))", re.IGNORECASE
)
"""A number in words between the digits and the currency: `450 (four hundred and fifty) euros`."""


_CENTS = re.compile(r"(?<=\s)\d{1,2}/100(?!\w)")
"""The cents of a number in words: `eighty-one dollars 50/100`."""


def sums_in(text: str) -> Iterator[Sum]:
    signs = "|".join(sorted(map(re.escape, known()["currencies"]), key=len, reverse=True))
    digits = r"\d(?:(?:[\d.,']|(?<!\d{4}) (?=\d{3}(?!\d))){0,20}\d)?"  # a space parts thousands, or two columns
    dash = r"(?:[,.][-–—]{1,2})?"
    # in another column, or beside its label
    far = r"(?:\)?[ \t]{2,}|\)[ \t]|\)?:[ \t]*|[ \t]*\.{3,}[ \t]*)(?=\d[\d.,' ]*[.,]\d\d(?!\d))"
    before_it = rf"(?<!\w)(?P<before>{signs})(?:{far}|\s?|[ \t]?\n[ \t]?)(?P<first>{digits})"
    after_it = rf"(?<!\d[-/.,'])(?<![\w-])(?P<second>{digits}){dash}(?:\s?|[ \t]?\n[ \t]?)(?P<after>{signs})(?!\w)"
    beside = re.compile(rf"[ \t]?{digits}")
    postfix = bool(re.search(rf"\d{dash}[ \t]?(?:{signs})[ \t]*$", text, re.IGNORECASE | re.MULTILINE))
    pattern = re.compile(f"{before_it}|{after_it}", re.IGNORECASE)
    place = end = 0
    while found := pattern.search(text, place):
        place = found.end()
        if found["second"] and (other := beside.match(text, found.end())):  # one sign between two numbers
            money = [re.search(r"[.,]\d\d$", each) is not None for each in (found["second"], other[0])]
            if money != [True, False] and not (all(money) and postfix):
                place = found.start("after")
                continue
        value = number(found["first"] or found["second"])
        if value is not None and not (value < 100 and (found["before"] or found["after"]).lower() in _WEEKDAY_SIGNS):
            before = text[max(end, found.start() - MAX_LABEL_DISTANCE) : found.start()]
            before = (before.rstrip() if _ALONE.search(before) else before).rpartition("\n\n")[2]
            line = SENTENCE_END.split(without_addresses(_GOES_ON.sub(" ", before).rpartition("\n")[2]))[-1]
            if end and (tax := search("with_tax", line)):  # that of the sum before
                line = line[tax.end() :]
            currency = known()["currencies"][(found["before"] or found["after"]).lower()]
            currency = _crowns(text) if currency == CROWNS else currency
            if not line.strip():  # a sentence that goes on in this line, or a label above
                line = SENTENCE_END.split(before)[-1]
            yield Sum(value, currency, before, line if line.strip() else before, found, end)
            end = found.end()


_ALONE = re.compile(r"[^\s.!?]\s*\n\n[ \t]*$")
"""Before a sum that a sentence sets in a paragraph of its own."""
_GOES_ON = re.compile(r"(?<=[a-zà-ÿ]{2})[ \t]*\n[ \t]*(?=[a-zà-ÿ]{2})")
"""Between two lines of one sentence."""
_IN_SENTENCE = re.compile(r"(?<=[a-zà-ÿ0-9][a-zà-ÿ,])[ \t]*\n[ \t]*(?=[a-zà-ÿ]{2})")
"""The same, also after a comma."""
_WEEKDAY_SIGNS = {"fr."}  # a franc, or a Friday the 18.12.


def number(text: str) -> Decimal | None:
    """`1,234.50`, `1.234,50`, `1 234,50`, `1'234.50`, `1.234` and `1234`; None for all else."""
    found = re.fullmatch(r"(\d{1,3}(?:([.,])\d{3})*|\d+)(?:([.,])(\d{1,2}))?", re.sub(r"[ ']", "", text.strip()))
    if found is None or (found[2] and found[2] == found[3]):
        return None
    return Decimal(re.sub(r"\D", "", found[1]) + (f".{found[4]}" if found[4] else ""))
