"""Find the words of `letters.yaml` in a text, and quote the line in which they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def known() -> Mapping[str, Any]:
    """`letters.yaml`: words, numbers, currencies and claimants."""
    import yaml

    loaded: Mapping[str, Any] = yaml.safe_load(files("archiver.reading").joinpath("letters.yaml").read_text("utf-8"))
    return loaded


@cache
def any_of(words: str) -> str:
    """The pattern that matches any of these words."""
    pattern = "|".join(known()["words"][words])
    spaced = re.sub(r"(?<!\[) (\?)?", lambda found: r"\s*" if found[1] else r"\s+", pattern)
    return f"(?:{spaced})"  # words may stand on two lines; `[ -]` stays


def search(words: str, text: str) -> re.Match[str] | None:
    """The first place in a text where any of these words stands."""
    return re.search(any_of(words), text, re.IGNORECASE | re.MULTILINE)


def quote(found: re.Match[str]) -> str:
    """The line of a match, as the person who confirms it sees it."""
    start = found.string.rfind("\n", 0, found.start()) + 1
    end = found.string.find("\n", found.end())
    return "“" + " ".join(found.string[start : end if end >= 0 else None].split())[:160] + "”"
