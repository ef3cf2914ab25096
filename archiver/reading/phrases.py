"""Search a text for a long list of phrases, fast.

`re` tries each of a hundred alternatives at every place of a text, which takes milliseconds, and most texts hold none
of them. `Phrases` first looks for pieces of letters, one of which is in whatever fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from itertools import product
from sys import maxsize
from typing import cast

INDEXED_CHARACTERS = 3  # by which it is known what a text has none of
GOOD_PIECE_CHARACTERS = 6  # so long a piece is rare enough
MAX_WORDINGS = 48  # of a part of a pattern; a part with more is not spelled out
MAX_REMEMBERED_TEXTS = 32

# Letters whose small form is another's to `re`, and not to `str.lower`.
_ALIKE = str.maketrans({"İ": "i", "ı": "i", "ſ": "s"})
_LAST_LETTER = "\u017f"  # of Latin-1 and Latin Extended-A, whose forms `folded` brings together
_NO_LETTER = "µ"  # which `re` takes for a Greek one, too


class Phrases:
    """A pattern, made and used as one of `re`, with the same results, for long lists of phrases."""

    def __init__(self, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self.pattern, self.flags = pattern, flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)

    @cached_property
    def _pieces(self) -> dict[str, list[str]] | None:
        """The pieces, by what they begin with, short ones by nothing; None if something may fit that has no piece."""
        pieces = pieces_of(self.pattern, self.flags)
        if pieces is None:
            return None
        found: dict[str, list[str]] = {}
        for piece in pieces:
            found.setdefault(piece[:INDEXED_CHARACTERS] if len(piece) >= INDEXED_CHARACTERS else "", []).append(piece)
        return found

    def may_fit(self, text: str) -> bool:
        """Whether a piece is in a text. If none is, nothing in the text fits."""
        if self._pieces is None:
            return True
        low, starts = _letters_of(text)
        return any(piece in low for start in self._pieces.keys() & starts for piece in self._pieces[start])

    def search(self, text: str, start: int = 0, end: int = maxsize) -> re.Match[str] | None:
        return self.compiled.search(text, start, end) if self.may_fit(text) else None

    def match(self, text: str) -> re.Match[str] | None:
        return self.compiled.match(text) if self.may_fit(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        return self.compiled.finditer(text) if self.may_fit(text) else iter(())

    def sub(self, by: str | Callable[[re.Match[str]], str], text: str, count: int = 0) -> str:
        return self.compiled.sub(by, text, count) if self.may_fit(text) else text


def folded(text: str) -> str:
    """A text in small letters, up to `_LAST_LETTER`: what is one letter to `re.IGNORECASE` is one letter in it."""
    return text.lower() if text.isascii() else text.translate(_ALIKE).lower()


@lru_cache(MAX_REMEMBERED_TEXTS)
def _letters_of(text: str) -> tuple[str, frozenset[str]]:
    """A text in small letters, and all that a piece in it may begin with."""
    low = folded(text)
    return low, frozenset(["", *map("".join, {*zip(low, low[1:], low[2:], strict=False)})])


def pieces_of(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> frozenset[str] | None:
    """Pieces in small letters of which at least one is in whatever fits; None if there are none."""
    parsed = import_module("re._parser").parse(pattern, flags)
    return _read(parsed).pieces


@dataclass(frozen=True)
class _Part:
    """A part of a pattern: all `wordings` that fit it, None if they are too many to tell; and its pieces."""

    wordings: frozenset[str] | None = None
    inner: frozenset[str] | None = None

    @property
    def pieces(self) -> frozenset[str] | None:
        return _best([each for each in (self.inner, self.wordings) if each])


_NOTHING = _Part(frozenset({""}))


def _best(found: Sequence[frozenset[str]]) -> frozenset[str] | None:
    def worth(pieces: frozenset[str]) -> tuple[int, int]:
        return min(GOOD_PIECE_CHARACTERS, *map(len, pieces)), -len(pieces)

    return max((each for each in found if "" not in each), key=worth, default=None)


type _Node = tuple[object, object]


def _read(nodes: object) -> _Part:
    """Parts one after another, as `re` parsed them: a list of names and values."""
    wordings, whole = frozenset({""}), True
    found: list[frozenset[str]] = []
    for node in cast("Sequence[_Node]", nodes):
        part = _read_one(str(node[0]), node[1])
        found += [part.inner] if part.inner else []
        if part.wordings and len(wordings) * len(part.wordings) <= MAX_WORDINGS:
            wordings = frozenset(map("".join, product(wordings, part.wordings)))
        else:
            found.append(wordings)
            wordings, whole = part.wordings or frozenset({""}), False
    return _Part(wordings if whole else None, _best([*found, wordings]))


def _read_one(name: str, value: object) -> _Part:
    match name, value:
        case "LITERAL", int(letter):
            return _letters([letter])
        case "IN", list(members) if all(str(kind) == "LITERAL" for kind, _ in members):
            return _letters([letter for _, letter in members])
        case "BRANCH", (_, list(branches)):
            return _any_of([_read(each) for each in branches])
        case "SUBPATTERN", (_, _, _, nodes):
            return _read(nodes)
        case "MAX_REPEAT" | "MIN_REPEAT", (0, 1, nodes):
            return _any_of([_read(nodes), _NOTHING])
        case "MAX_REPEAT" | "MIN_REPEAT", (int(least), _, nodes) if least:
            return _Part(None, _read(nodes).pieces)
        case "AT" | "ASSERT" | "ASSERT_NOT", _:
            return _NOTHING
    return _Part()


def _letters(letters: Sequence[int]) -> _Part:
    found = frozenset(map(chr, letters))
    alone = {each for each in found if each.lower() == each.upper()}  # a sign, which has one form
    known = max(found - alone, default="") <= _LAST_LETTER and _NO_LETTER not in found and len(found) <= MAX_WORDINGS
    return _Part(frozenset(map(folded, found)) if known else None)


def _any_of(parts: Sequence[_Part]) -> _Part:
    wordings = [each.wordings for each in parts if each.wordings]
    pieces = [each.pieces for each in parts if each.pieces]
    whole = frozenset[str]().union(*wordings) if len(wordings) == len(parts) else None
    return _Part(
        whole if whole and len(whole) <= MAX_WORDINGS else None,
        frozenset[str]().union(*pieces) if len(pieces) == len(parts) else None,
    )
