"""Tell what the words before a number, or above its column, call it. They are in `named_items.yaml`, by language."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from archiver.core.packaged_data import packaged_yaml

MAX_LABEL_WORDS = 5
MIN_STEM_CHARACTERS = 4

LABEL_KINDS = ("item", "item_numbered", "number", "other", "other_numbered")

_NO_LABEL_BEFORE = ("(", ",", ";", ")", "/", "!", "?", "|", "”")
_LABEL = re.compile(r"[(|;,]|\s{2,}|\t|[.:] (?=\w{4})")  # ends what stands before it
_WORDS = re.compile(r"[a-z]+|[#№°º]|\d+")
_COMPOUND_NUMBER = re.compile(r"(?<=\w{3})(?:num+er[ns]?|number|nrn?|kennung|code)$")  # `Lizenznummer`
_OURS = re.compile(r"\b(?:our|your|unsere?|ihre?|notre|votre|[nv]ostr[oa]|[nv]uestr[oa]|ons|uw|nasz|wasz)\b")
_OUR_SIGN = re.compile(r"\b[nsv]\s?[./]\s?r[eé]f\w{0,8}[.:\s]{0,3}$", re.IGNORECASE)


def _data() -> dict[str, dict[str, str]]:
    return packaged_yaml(dict[str, dict[str, str]], "archiver.reading", "named_items.yaml")


@cache
def words(kind: str) -> frozenset[str]:
    """The words of a kind in all languages."""
    return frozenset(" ".join(_data()[kind].values()).split())


@cache
def pattern_of(kind: str, frame: str) -> re.Pattern[str]:
    """The pattern that matches any phrase of a kind, where `%s` stands in a frame."""
    return re.compile(frame % "|".join(_data()[kind].values()), re.IGNORECASE)


def called_by(before: str) -> str:
    """What the words directly before a number call it: `item`, only `number`, `licence`, `other`, or nothing."""
    if _OUR_SIGN.search(before):
        return "other"
    if before.rstrip(" #").endswith(_NO_LABEL_BEFORE):
        return ""
    numbered = False
    for n, compound in enumerate(reversed(words_of(_LABEL.split(before.rstrip())[-1])[-MAX_LABEL_WORDS:])):
        word = _COMPOUND_NUMBER.sub("", compound)
        numbered = numbered or word != compound or word in words("number")
        if word in words("number") or word in words("between"):
            continue
        if is_word(word, "other") or (numbered and is_word(word, "other_numbered")):
            return "other"
        if is_word(word, "other_numbered"):
            return "licence"
        if is_word(word, "item") and word not in words("not_item"):
            return "item"
        if is_word(word, "item_numbered") and _OURS.search(plain(before)):
            return "other"
        if numbered and is_word(word, "item_numbered"):
            return "item"
        return "other" if numbered and n == 1 and not word.isdigit() else ""
    return "number" if numbered else ""


def is_word(word: str, kind: str) -> bool:
    """Whether a word is one of a kind, or a compound that begins or ends with one."""
    stems = words(kind)
    cuts = range(MIN_STEM_CHARACTERS, len(word))
    return word in stems or any(word[:n] in stems or word[-n:] in stems for n in cuts)


def words_of(label: str) -> list[str]:
    """The words of a label, its numbers and its signs for one."""
    return _WORDS.findall(plain(label))


def plain(label: str) -> str:
    """Words in small letters without accents, as they stand in the tables."""
    letters = unicodedata.normalize("NFD", label.casefold().replace("ł", "l").replace("œ", "oe"))
    return "".join(each for each in letters if not unicodedata.combining(each))
