"""Tell papers that leave no doubt: nothing in them is a condition, a question or a wish, but for the usual terms.

The words are in `undoubted.yaml`, language by language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypedDict

from archiver.core.packaged_data import packaged_yaml

MAX_SHARE = 2  # how many times fewer common words another language has that a paper is written in, too


class _Words(TypedDict):
    common: str
    deal: str
    wishes: str
    terms: str
    chatter: str


class _Languages(TypedDict):
    languages: dict[str, _Words]


@dataclass(frozen=True)
class _Language:
    common: re.Pattern[str]
    deal: re.Pattern[str]
    wishes: re.Pattern[str]
    aside: re.Pattern[str]  # terms or chatter


@cache
def _languages() -> Mapping[str, _Language]:
    data = packaged_yaml(_Languages, "archiver.reading", "undoubted.yaml")["languages"]
    return {
        name: _Language(
            _any(each["common"]),
            _any(each["deal"]),
            _any(each["wishes"]),
            aside=_any(f"{each['terms']}|{each['chatter']}"),
        )
        for name, each in data.items()
    }


def _any(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words.replace(' ', r'\s+')})(?!\w)", re.IGNORECASE)


def languages_of(text: str) -> list[str]:
    """The languages in which a text is written, the main one first; none if it has too few words to tell."""
    counts = {name: len(each.common.findall(text)) for name, each in _languages().items()}
    most = max(counts.values())
    written = [name for name, count in counts.items() if count and count * MAX_SHARE > most]
    return sorted(written, key=lambda name: -counts[name])


def agrees(text: str, languages: Sequence[str]) -> bool:
    """Whether a mail's text says in one of these languages that its writer agrees to a deal, or confirms it."""
    return any(_languages()[each].deal.search(text) for each in languages)


def wishes(sentence: str, languages: Sequence[str]) -> bool:
    """Whether a sentence says in one of these languages what somebody wants, thinks of or proposes."""
    return any(_languages()[each].wishes.search(sentence) for each in languages)


def without_asides(text: str, languages: Sequence[str]) -> Iterator[str]:
    """The sentences of a text, or the lines of a table, but for those that say usual terms, or nothing of the deal."""
    for each in _SENTENCES.split(text):
        if each.strip() and not any(_languages()[name].aside.search(each) for name in languages):
            yield each


# A line that begins with a small letter goes on with the sentence of the one before it.
_SENTENCES = re.compile(
    r"(?<=[^\W\d_][^\W\d_][.!])\s+(?=[A-ZÀ-ÞŁŚŻŹĆ])|(?<=[?;])\s+|\n(?![ \t]{0,20}[a-zß-ÿąćęłńóśźż])"
)
