"""Find the words of `letters.yaml` in a text, and quote the line in which they stand."""

from __future__ import annotations

import re
from functools import cache
from typing import NotRequired, TypedDict

from archiver.core.packaged_data import packaged_yaml

MAX_LABEL_DISTANCE = 60  # characters before a day or a sum in which its label stands
MIN_FOREIGN_WORDS = 5
SENTENCE_END = re.compile(
    r"(?<=[^\W_]{3})[.!?]\s+(?=[A-ZÀ-Þ0-9])|(?:(?<=[.,]\d\d)|(?<=[)»”\"…€$£]))[.!?]\s+(?=[A-ZÀ-Þ0-9])|\n[ \t]*\n"
    r"|\n(?=[ \t]*(?:[-*•]|(?:\d{1,2}|[a-h])[.)])\s|[^\n.]{2,40}:)"
)
"""Also between the rows of a list, and of labels with their values."""
URL_PATH = r"(?:[^\s<>\"“”'|]|'(?=\w))*"
URL = re.compile(rf"(?:https?://|\bwww\.)[^\s<>\"“”'|/]+(?:/{URL_PATH})?", re.IGNORECASE)

NUMBERED_DAY = re.compile(r"(?<![\w./-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?![\w/-])", re.ASCII)
"""A day in numbers, of which either may be the month's."""


class KnownClaimant(TypedDict):
    """A claimant in `letters.yaml`. All but `domains` are patterns; `days` is the usual time to answer."""

    name: str
    names: list[str]
    domains: list[str]
    reference: list[str]
    proof: dict[str, str]
    sure: str
    days: NotRequired[int]
    business_days: NotRequired[int]


class LetterWords(TypedDict):
    """The content of `letters.yaml`."""

    words: dict[str, list[str]]
    numbers: dict[str, int]
    ordinals: dict[str, int]
    units: dict[str, int | float]  # in days
    weekdays: dict[str, int]  # from Monday, 0
    currencies: dict[str, str]
    dollars: dict[str, str]  # words, as they are written
    crowns: dict[str, str]
    quoted_hosts: list[str]
    foreign_words: list[str]
    english_words: list[str]
    claimants: list[KnownClaimant]


def known() -> LetterWords:
    """`letters.yaml`: words, numbers, currencies and claimants."""
    return packaged_yaml(LetterWords, "archiver.reading", "letters.yaml")


@cache
def any_of(words: str) -> str:
    """The pattern that matches any of these words."""
    pattern = "|".join(known()["words"][words])
    spaced = re.sub(r"(?<!\[) (\?)?", lambda found: r"\s*" if found[1] else r"\s+", pattern)
    for letter, plain in (("ä", "a"), ("ö", "o"), ("ü", "u")):
        spaced = spaced.replace(f"[{letter}{plain}]", f"(?:{letter}|{plain}e?)")
    return f"(?:{spaced})"  # words may stand on two lines; `[ -]` stays


def search(words: str, text: str) -> re.Match[str] | None:
    """The first place in a text where any of these words stands."""
    return re.search(any_of(words), text, re.IGNORECASE | re.MULTILINE)


def is_foreign(text: str) -> bool:
    """Whether a letter is clearly in another language than English, in which the day stands first."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign = sum(word in known()["foreign_words"] for word in words)
    english = sum(word in known()["english_words"] for word in words)
    return foreign >= MIN_FOREIGN_WORDS and foreign > 4 * english


def quote(found: re.Match[str]) -> str:
    """The line of a match, as the person who confirms it sees it."""
    start = found.string.rfind("\n", 0, found.start()) + 1
    end = found.string.find("\n", found.end())
    return "“" + " ".join(found.string[start : end if end >= 0 else None].split())[:160] + "”"


def without_addresses(text: str) -> str:
    """The text with `…` for each address; the stop or comma after it stays."""
    return URL.sub(lambda found: "…" + found[0][len(found[0].rstrip(".,;:!?)")) :], text)
