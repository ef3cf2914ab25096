"""What a person's search words may mean: days and months, other spellings of a word, and names of files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta

from archiver.reading.dates import month_number

MIN_TYPO_LENGTH = 5  # characters of a word of which one may be wrong
MIN_STEM_LENGTH = 3  # characters of a word without its ending
MIN_PREFIX_LENGTH = 5  # characters of such a word that also begins others
MIN_ID_LENGTH = 4  # digits that make a name a platform's or a camera's

type Period = tuple[str, str]
"""The first day and the day after the last one, as ISO dates."""

_DAY = re.compile(r"(?<![\w./-])(\d{1,2})(?P<sign>[./-])\s?(\d{1,2})(?P=sign)\s?(\d{4}|\d{2})(?![\w/-])", re.ASCII)
_ISO = re.compile(r"(?<![\w./-])(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?![\w/-])", re.ASCII)
_MONTH = re.compile(r"(?<![\w./-])(\d{1,2})[./](\d{4})(?![\w/-])", re.ASCII)
_NAMED = re.compile(
    r"(?:(?<![\w./-])(?P<day>\d{1,2})(?:st|nd|rd|th|\.|er)?\s+(?:of\s+|de\s+)?)?"
    r"(?<!\w)(?P<name>[^\W\d_]{3,12})\.?(?:\s+(?P<second>\d{1,2})(?:st|nd|rd|th)?,)?\s+(?:de\s+)?(?P<year>(?:19|20)\d\d)(?!\w)"
)

FILLERS = frozenset(
    [
        "in",
        "on",
        "from",
        "im",
        "am",
        "vom",
        "en",
        "le",
        "de",
        "of",
        "the",
        "el",
        "licensed",
        "bought",
        "lizenziert",
        "gekauft",
    ]
)
"""Words beside a date that do not narrow a search."""


def periods(text: str) -> tuple[list[Period], str]:
    """The days or the month that a search names, the likeliest first, and the text without them.

    `12/03/2026` may be two days: the one with the day first comes first. Without a date, no periods.
    """
    for pattern, read in ((_ISO, _iso), (_DAY, _numbers), (_MONTH, _month), (_NAMED, _named)):
        for found in pattern.finditer(text):
            if days := list(read(found)):
                return days, f"{text[: found.start()]} {text[found.end() :]}"
    return [], text


def _iso(found: re.Match[str]) -> Iterator[Period]:
    return _period(int(found[1]), int(found[2]), found[3] and int(found[3]))


def _numbers(found: re.Match[str]) -> Iterator[Period]:
    one, other, year = int(found[1]), int(found[3]), int(found[4]) + (2000 if len(found[4]) == 2 else 0)
    yield from _period(year, other, one)
    if found["sign"] != "." and one != other:
        yield from _period(year, one, other)


def _month(found: re.Match[str]) -> Iterator[Period]:
    return _period(int(found[2]), int(found[1]), None)


def _named(found: re.Match[str]) -> Iterator[Period]:
    if month := month_number(found["name"]):
        day = found["day"] or found["second"]
        yield from _period(int(found["year"]), month, day and int(day))


def _period(year: int, month: int, day: int | str | None) -> Iterator[Period]:
    with suppress(ValueError, OverflowError):
        first = date(year, month, int(day or 1))
        after = first + timedelta(days=1) if day else date(year + month // 12, month % 12 + 1, 1)
        yield first.isoformat(), after.isoformat()


_FILE = re.compile(
    r".+\.(?:jpe?g|png|gif|webp|tiff?|avif|heic|psd|ai|eps|svg|bmp|mp4|mov|webm|mp3|wav|zip)", re.IGNORECASE
)


def is_file_name(text: str) -> bool:
    """Whether a search is a name that a platform or a camera gave a file: its parts are no words to search for."""
    text = text.strip()
    numbered = re.search(rf"\d{{{MIN_ID_LENGTH},}}", text) and re.search(r"[^\W\d_]", text)
    return bool(numbered and (_FILE.fullmatch(text) or re.fullmatch(r"[\w.()-]*[_-][\w.()-]*", text)))


def stem_of_file(text: str) -> str:
    """A file's name without its ending, its words parted; other texts as they are."""
    found = _FILE.fullmatch(text.strip())
    return re.sub(r"[_-]+", " ", text.strip().rpartition(".")[0].rsplit("/", 1)[-1]) if found else text


_SPELT_OUT = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def folded(text: str) -> str:
    """Text as it is compared: without accents and case, and with the letters that only look accented spelt out."""
    if text.isascii():
        return text.lower()
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return plain.casefold().translate(_SPELT_OUT)


_SPELT = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue"})


def spelt_out(text: str) -> str:
    """Text as `folded` has it, but with two letters for each umlaut: `muenchen`."""
    return folded(text.translate(_UMLAUTS))


def spellings(word: str) -> list[str]:
    """A word as the index has it, and with its umlauts spelt in the other way: `muenchen` and `munchen`."""
    plain = folded(word)
    spelt = spelt_out(word)
    bare = plain
    for two, one in _SPELT:
        bare = re.sub(rf"(?<![aeoq]){two}", one, bare)  # not in `Bauer`, `neue`, `que`
    return list(dict.fromkeys((plain, spelt, bare)))


_ENDINGS = ("ies", "es", "en", "er", "s", "e", "n", "y", "")
_PAIRS = (("grey", "gray"), ("tyre", "tire"), ("jewellery", "jewelry"), ("plough", "plow"), ("programme", "program"))


def inflected(word: str) -> list[str]:
    """Other numbers of a word, as whole words; those that may continue end in `*`."""
    forms = [*_paired(word)]
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) < MIN_STEM_LENGTH or (ending and stem == word):
            continue
        if len(stem) >= MIN_PREFIX_LENGTH:
            forms.append(f"{stem}*")
        forms += [
            f"{stem}{other}" for other in _ENDINGS if len(stem) > MIN_STEM_LENGTH or other in ("", "s", "y", "ies")
        ]
    return list(dict.fromkeys(forms))


def _paired(word: str) -> Iterator[str]:
    for pair in _PAIRS:
        for one, other in (pair, pair[::-1]):
            if word.startswith(one):
                yield f"{other}*"


def mistyped(word: str, terms: Iterable[str]) -> list[str]:
    """The terms that differ from a word by one letter, ignoring their plural: one letter more, one less, a different
    one, or two letters swapped.
    """
    return [
        term
        for term in terms
        if term.isalpha()
        and term != word
        and any(_one_apart(word, term.removesuffix(ending)) for ending in ("", "s", "n", "es", "en"))
    ]


def _one_apart(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = one[:start] + one[start + 1 : start + 2] + one[start : start + 1] + one[start + 2 :]
    return one[start + 1 :] == other[start + 1 :] or swapped == other
