"""Find variants of names in texts: escaped, joined, dotted, spaced out, with initials, in look-alike letters. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from archiver.claims.facts import FORMS, SPELLED_OUT

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SPACED = re.compile(r"(?<![^\W_])[^\W_](?:[\s._·-]{1,3}[^\W_]){3,}(?![^\W_])")
"""Spaced-out letters, such as `B e t a`."""

_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеіјорсухѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαν",  # look-alike letters on purpose
    "ABESIJKMHOPCTXYaeijopcyxshdqwABEZHIKMNOPTYXoav",
)
_MIXED = re.compile(r"(?<!\w)(?=\w*[A-Za-z])(?=\w*[\u0370-\u052f])\w+")
"""Words that mix Latin letters with others. A word in only Cyrillic or Greek stays as it is."""


def as_seen(text: str) -> str:
    """A text as a reader sees it: escapes decoded, letters composed, single spaces, no invisible characters."""
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), html.unescape(unquote(text)))
    text = re.sub(r"\s+", " ", _UNSEEN.sub("", unicodedata.normalize("NFKC", text)))
    return _MIXED.sub(lambda word: word[0].translate(_LATIN), text)


def spaced_out(words: Iterable[str], text: str) -> bool:
    """Whether a text contains any of these words with spaces between the letters."""
    runs = [_letters(run[0]) for run in _SPACED.finditer(text)]
    return bool(runs) and any(
        letters in run for word in words if len(letters := _letters(word)) > 3 and not letters.isdigit() for run in runs
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for any of these words; None if there are none."""
    patterns = sorted({_bounded(as_seen(word).strip()) for word in words if len(word.strip()) > 1}, key=len)[::-1]
    return re.compile("|".join(patterns), re.IGNORECASE) if patterns else None


def without_form(name: str) -> str:
    """A company's name without its legal form, if at least two words remain. One word could be any word."""
    words = name.split()
    while len(words) > 2 and _form(words[-1]):
        words.pop()
    return " ".join(words)


def with_initials(name: str) -> re.Pattern[str] | None:
    """A pattern for a person's name with initials (`E. Example`, `Example, E.`); None for other names."""
    first, *others = re.split(r"[\s.]+", name.strip()) if "@" not in name else [""]
    if not first or not others or len(others[-1]) < 3:
        return None
    initials, surname = rf"{re.escape(first[0])}\.(?:\s?\w\.)*", _bounded(others[-1])
    return re.compile(rf"(?<![^\W_]){initials}\s?{surname}|{surname},\s?{initials}", re.IGNORECASE)


_LETTERS = {"ä": "(?:ä|ae)", "ö": "(?:ö|oe)", "ü": "(?:ü|ue)", "ß": "(?:ß|ss)", "'": "['’‘´`]?", "’": "['’‘´`]?"}
_BETWEEN = r"(?:[\s._+-]|%20)"
_MIN_JOINED_LETTERS = 6  # shortest name that is also matched as one word


def _bounded(word: str) -> str:
    """A pattern for whole words in texts, addresses and file names; in scripts without spaces, for any place."""
    edge = r"[^\W_]"  # `_` parts words
    before, after = (edge if each.isascii() or each.lower() != each.upper() else None for each in (word[0], word[-1]))
    first, *others = word.split()
    joined = len(_letters(word)) >= _MIN_JOINED_LETTERS
    pattern = _part(first) + "".join(_joint(each, joined=joined) + _part(each, _form(each)) for each in others)
    return (f"(?<!{before})" if before else "") + pattern + (f"(?!{after})" if after else "")


def _joint(part: str, *, joined: bool) -> str:
    """The separator before a further word. It may be missing before a legal form, or before a capital letter."""
    if joined and len(_form(part)) > 2:
        return f"{_BETWEEN}*"
    capital = rf"|(?-i:(?<=[^\W\d_A-ZÄÖÜ])(?={part[0]}))" if joined and part[0].isalpha() and part[0].isupper() else ""
    return f"(?:{_BETWEEN}+{capital})"


def _part(part: str, form: str = "") -> str:
    if form:
        short = SPELLED_OUT.get(form, form)
        same = {form, short, *(long for long, other in SPELLED_OUT.items() if other == short)}
        spelled = [r"\.?\s?".join(each) if len(each) < 5 else each for each in sorted(same)]
        return f"(?:{'|'.join(spelled)}{'|gesellschaft mit beschränkter haftung|gesellschaft' * (short == 'gmbh')})"
    return r"(?:&|and|und|et|\+)" if part == "&" else "".join(_LETTERS.get(x.lower(), re.escape(x)) for x in part)


def _form(word: str) -> str:
    """The legal form in this word, without punctuation; empty for any other word."""
    bare = re.sub(r"\W", "", word.casefold())
    return bare if FORMS.fullmatch(bare) else ""
