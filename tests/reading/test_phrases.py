"""A list of phrases finds what `re` finds, and is tried only where a piece of one of them is."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.collect import recognition
from archiver.reading import field_labels, not_granted, paper_titles, picture_numbers, platforms, sentences
from archiver.reading.phrases import Phrases, folded, pieces_of

LISTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in (recognition, field_labels, not_granted, paper_titles, picture_numbers, platforms, sentences)
    for name, value in vars(module).items()
    if isinstance(value, Phrases)
}


@pytest.mark.parametrize("name", LISTS)
def test_finds_what_re_finds(name: str) -> None:
    """Whatever is built to fit the pattern, amid other words and in other letters, has one of its pieces."""
    phrases = LISTS[name]

    @settings(max_examples=10, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(phrases.compiled), st.sampled_from([str, str.upper, str.title]))
    def each(fits: str, letters: type[str]) -> None:
        text = letters(f"Re: \n{fits}\n and more")
        assert [found.span() for found in phrases.finditer(text)] == [
            found.span() for found in phrases.compiled.finditer(text)
        ]

    each()


def test_pieces_of_a_pattern() -> None:
    for pattern, pieces in {
        r"\b(?:licen[cs]e|lizenz\w{1,4})\b": {"cence", "cense", "zenz"},
        r"(?:your )?order #?\d+": {"order ", "your order ", "order #", "your order #"},
        r"\d+ x|void": {" x", "void"},
        r"a?b?": None,
        r"[^x]+|void": None,
        r"(?<=\n)no(?! more)thing(?:s)+": {"nothing"},
        "µm": {"m"},
    }.items():
        assert pieces_of(pattern, re.IGNORECASE) == pieces, pattern


def test_letters_that_are_one_to_re() -> None:
    cased = [chr(code) for code in range(sys.maxunicode) if not 0xD800 <= code < 0xE000]
    cased = [each for each in cased if each.lower() != each or each.upper() != each]
    known = [each for each in cased if each <= "\u017f" and each != "µ"]
    for each in known:
        for other in re.findall(re.escape(each), "".join(cased), re.IGNORECASE):
            assert folded(other) == folded(each), (each, other)
