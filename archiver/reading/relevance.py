"""The one cheap question that a file is asked first: may its words be about licences, or about a claim, at all?

Each rule needs certain words. `Phrases` knows pieces of letters of which one is in whatever fits; here they become a
table of parts of words, so that a text is taken apart once, in linear time, for all rules. What passes meets the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import chain

from archiver.reading.author_grants import WORDS_OF_GRANTS, names_picture_and_rights
from archiver.reading.dates import MONTH_NAMES, names_day
from archiver.reading.documents import MAX_TEXT_LENGTH
from archiver.reading.field_labels import NAMES_A_GRANT, NAMES_A_PICTURE, names_picture_and_grant
from archiver.reading.not_granted import DEMAND, LICENSING, PICTURE, USE
from archiver.reading.paper_titles import WORDS_OF_TITLES, has_broken_title, head_of, titled
from archiver.reading.phrases import Phrases, folded, pieces_of
from archiver.reading.picture_numbers import SPEAKS_OF_PICTURES
from archiver.reading.platforms import ANY_IN_NAME, LICENCE_SIGNS, MARKS_AND_TITLES, begins_as_platform, marked
from archiver.reading.platforms import titled as called

MAX_KNOWN_WORDS = 200_000  # whose topics are remembered
MAX_KNOWN_LETTERS = 40  # of such a word; a longer one is none
INDEXED_LETTERS = 2  # by which the parts of words are found

_WORD = re.compile(r"[^\W_]+")
# One of these, or a month and a year, is in whatever names a day.
_DAY, _YEAR = re.compile(r"\d{4}-\d\d-\d\d|\d[./-]\s?\d{1,2}[./-]"), re.compile(r"\d{4}")
_TAG = re.compile(r"<[^<>]{0,5000}>")


class Topic(Enum):
    """What a word may speak of."""

    SIGN = auto()
    PLATFORM = auto()
    FILE_NAME = auto()
    DEMAND = auto()
    PICTURE = auto()
    NUMBER = auto()
    LICENSEE = auto()
    LICENCE = auto()
    USE = auto()
    RIGHT = auto()
    TITLE = auto()
    MONTH = auto()


_PATTERNS: Mapping[Topic, Iterable[Phrases | re.Pattern[str]]] = {
    Topic.SIGN: (LICENCE_SIGNS,),
    Topic.PLATFORM: MARKS_AND_TITLES,
    Topic.FILE_NAME: (ANY_IN_NAME,),
    Topic.DEMAND: (DEMAND,),
    Topic.PICTURE: (SPEAKS_OF_PICTURES, PICTURE),
    Topic.NUMBER: (NAMES_A_PICTURE,),
    Topic.LICENSEE: (NAMES_A_GRANT,),
    Topic.LICENCE: (LICENSING,),
    Topic.USE: (USE,),
    Topic.RIGHT: WORDS_OF_GRANTS,
    Topic.TITLE: WORDS_OF_TITLES,
    Topic.MONTH: (re.compile(MONTH_NAMES, re.IGNORECASE),),
}


@dataclass(frozen=True)
class _Table:
    """`pieces`: by their longest part, all pieces and their topics; `parts`: all parts, by their first letters."""

    pieces: Mapping[str, set[tuple[str, Topic]]]
    parts: Mapping[str, list[str]]


@cache
def _table() -> _Table:
    pieces: dict[str, set[tuple[str, Topic]]] = {}
    parts: dict[str, list[str]] = {}
    for topic, patterns in _PATTERNS.items():
        for pattern in patterns:
            found = pieces_of(pattern.pattern, re.RegexFlag(pattern.flags) & ~re.UNICODE)
            for piece in found or [""]:
                longest = max(_WORD.findall(piece), key=len, default="")
                if len(longest) < INDEXED_LETTERS:
                    raise ValueError(f"{pattern.pattern[:80]} may fit without a word")
                pieces.setdefault(longest, set()).add((piece, topic))
                parts.setdefault(longest[:INDEXED_LETTERS], []).append(longest)
    return _Table(pieces, {start: sorted(set(its)) for start, its in parts.items()})


class _KnownWords(dict[str, tuple[str, ...]]):
    """The parts in each word; a bounded number of words is remembered."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        parts = _table().parts
        starts = range(0 if word.isdecimal() else len(word) - 1)
        found = tuple(
            {
                part
                for start in starts
                for part in parts.get(word[start : start + INDEXED_LETTERS], ())
                if word.startswith(part, start)
            }
        )
        if len(word) <= MAX_KNOWN_LETTERS:
            if len(self) >= MAX_KNOWN_WORDS:
                self.clear()
            self[word] = found
        return found


_KNOWN = _KnownWords()


def topics_of(text: str) -> frozenset[Topic]:
    """What a text's words may speak of; in linear time."""
    low, pieces = folded(text), _table().pieces
    found = set(chain.from_iterable(map(_KNOWN.__getitem__, set(_WORD.findall(low)))))
    return frozenset(topic for part in found for piece, topic in pieces[part] if piece is part or piece in low)


def is_relevant(text: str, name: str = "", *, dated: bool = False) -> bool:
    """Whether a text may be a licence, a receipt, a proposal of one, or a demand; False is certain.

    `name` is the file's, which may name the platform. `dated`: the text has a day from elsewhere, as a mail has.
    """
    text = text[:MAX_TEXT_LENGTH]
    said = f"{name}\n{text}"
    topics = topics_of(said)
    has = topics.issuperset
    if (
        (Topic.SIGN in topics and LICENCE_SIGNS.compiled.search(said))
        or (Topic.PLATFORM in topics and (marked(said) or called(said)))
        or (Topic.FILE_NAME in topics and ANY_IN_NAME.search(name))
        or begins_as_platform(text)
        or has({Topic.DEMAND, Topic.PICTURE})
        or (has({Topic.NUMBER, Topic.LICENSEE}) and names_picture_and_grant(said))
        or (has({Topic.PICTURE, Topic.LICENCE}) and names_picture_and_rights(said))
    ):
        return True
    if not (dated or (Topic.MONTH in topics and _YEAR.search(text)) or _DAY.search(text)):
        return False
    pictures = Topic.PICTURE in topics and not topics.isdisjoint({Topic.USE, Topic.RIGHT})
    said_so = (
        Topic.LICENCE in topics
        or (pictures and SPEAKS_OF_PICTURES.compiled.search(text))
        or (Topic.USE in topics and (titled(text) if Topic.TITLE in topics else has_broken_title(head_of(text))))
    )
    return bool(said_so) and (dated or names_day(text))


def page_is_relevant(html: str, name: str = "", *, dated: bool = False) -> bool:
    """As `is_relevant`, for a page's source: with its tags, which lead somewhere, and without, as they may part words.

    Nothing is parsed: characters are spelled out, and tags are taken away, in linear time.
    """
    from html import unescape

    if len(html) > MAX_TEXT_LENGTH:
        return True
    texts = (unescape(_TAG.sub("\n", html)), unescape(_TAG.sub("", html)), unescape(html))
    return any(is_relevant(each, name, dated=dated) for each in dict.fromkeys(texts))
