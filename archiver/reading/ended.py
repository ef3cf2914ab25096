"""Tell a notice that a licence ended, expired, was refunded or cancelled. It grants nothing, in whichever language.

The words are in `ended.yaml`, language by language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from archiver.core.packaged_data import packaged_yaml
from archiver.reading.phrases import Phrases

MAX_CHARACTERS = 160  # of the sentence, on each side of the word for an end
_BREAK = re.compile(r"(?:(?<!\b\d)(?<!\b\d\d)\.|[!?;])(?=\s|$)|\n(?![a-zß-ÿ])")
"""Where a sentence ends. A line that begins with a small letter goes on with the sentence above."""


def notices_of_end(text: str) -> Iterator[tuple[str, int, int]]:
    """Each sentence that says that a licence ended, and where its word for that begins and ends."""
    licence, ended = _patterns()
    for found in ended.finditer(text):
        before = [each.end() for each in _BREAK.finditer(text, max(0, found.start() - MAX_CHARACTERS), found.start())]
        after = _BREAK.search(text, found.end(), found.end() + MAX_CHARACTERS)
        start = before[-1] if before else max(0, found.start() - MAX_CHARACTERS)
        sentence = text[start : after.start() if after else found.end() + MAX_CHARACTERS]
        if licence.search(sentence):
            yield " ".join(sentence.split()), found.start(), found.end()


@cache
def _patterns() -> tuple[Phrases, Phrases]:
    """What ends, and how a language says that it did."""
    languages = packaged_yaml(dict[str, dict[str, str]], "archiver.reading", "ended.yaml").values()
    licence, ended = ("|".join(each[part].replace(" ", r"\s+") for each in languages) for part in ("licence", "ended"))
    return Phrases(rf"\b(?:{licence})\b", re.IGNORECASE), Phrases(rf"\b(?:{ended})\b", re.IGNORECASE)
