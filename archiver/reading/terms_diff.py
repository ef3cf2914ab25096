"""Compare two texts of licence terms in words, and tell what matters from dates, menus and cookie banners.

The texts are compared sentence by sentence, so that a page that only breaks its lines elsewhere, or moves a paragraph,
has not changed. When in doubt, a change counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_WORDS = 4_000  # of a passage; a longer one is shown as a whole, not word by word
ALIKE = 0.4  # of the words of two passages; below, they are shown one after the other
MENU_WORDS = 5  # a part of a menu has no more
SENTENCE_WORDS = 8  # a sentence has at least so many; menus lie before the first and after the last one
HEADING_WORDS = 10  # a heading has no more
DATE_LINE_WORDS = 8  # a sentence that says nothing but a date has, beside it, no more

_MONTHS = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    "sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_DATE = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b|\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:{_MONTHS})\.?,?\s+\d{{4}}\b|"
    rf"\b(?:{_MONTHS})\.?\s+(?:\d{{1,2}}(?:st|nd|rd|th)?,?\s+)?\d{{4}}\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d(?:\s*[-–]\s*(?:19|20)\d\d)?")
_COPYRIGHT = re.compile(r"©|\(c\)|\bcopyright\b", re.IGNORECASE)
_VERSION = re.compile(r"v(?:ersion|\.)?\s*:?\s*\d+(?:\.\d+)*\.?", re.IGNORECASE)
_BANNER = re.compile(
    r"\bcookies?\b|\b(?:accept|reject|allow) all\b|\b(?:manage|privacy) (?:your )?(?:preferences|settings|choices)\b|"
    r"\bwe value your privacy\b|\blegitimate interests?\b|\bour (?:\d+ )?partners\b.*\b(?:store|access|process)|"
    r"\balle (?:akzeptieren|ablehnen|zulassen)\b|\b(?:privatsphäre|datenschutz)-?\s?einstellungen\b|"
    r"\bberechtigte[sn]? interesse",
    re.IGNORECASE,
)
_BUTTON = re.compile(
    r"(?:sign|log) ?(?:in|up|out)|register|menu|search|share|print(?: this page)?|download(?: pdf)?|back to top|help"
    r"(?: cent(?:er|re))?|contact(?: us)?|anmelden|abmelden|registrieren|menü|suchen?|teilen|drucken|nach oben|hilfe",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"\b(?:not|no|never|without|only|allow\w*|permit\w*|prohibit\w*|unlimited|copies|up to|nicht|kein\w*|nur|ohne|"
    r"erlaub\w*|verbot\w*|unbegrenzt\w*|bis zu)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<=[^0-9.][.;!?])\s+(?=[\"'(A-ZÄÖÜ0-9])")
_TOKEN = re.compile(r"\s+|\d[\d.,]*\d|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """Words that are in both texts (`same`), only in the old (`removed`), or only in the new one (`added`)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Passage:
    """A place where two texts differ, below the nearest heading. `minor`: nothing in it matters."""

    heading: str
    pieces: tuple[Piece, ...]
    minor: bool

    def text(self, *kinds: str) -> str:
        return "".join(each.text for each in self.pieces if each.kind in kinds)


def compare(before: str, after: str) -> tuple[Passage, ...]:
    """Every passage in which two texts of terms differ, in the order of the new text."""
    old, new = _sentences(before), _sentences(after)
    old_keys, new_keys = [_key(each) for each in old], [_key(each) for each in new]
    lost, won = (Counter(mine) - Counter(other) for mine, other in ((old_keys, new_keys), (new_keys, old_keys)))
    small = {key for keys, texts in ((old_keys, old), (new_keys, new)) for key in _unimportant(keys, texts)}
    found, heading, at = [], "", 0
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        heading = next((each for each in reversed(new[at:j1]) if _is_heading(each)), heading)
        at = j1
        minor = all(key in small or not lost[key] for key in old_keys[i1:i2])
        minor = minor and all(key in small or not won[key] for key in new_keys[j1:j2])
        found.append(Passage(heading, _words(" ".join(old[i1:i2]), " ".join(new[j1:j2])), minor))
    return tuple(found)


def _sentences(text: str) -> list[str]:
    return [part for line in text.splitlines() for part in _ENDS.split(line.strip()) if part]


def _key(sentence: str) -> str:
    """The sentence as it is compared: without its date if it says nothing else, and without the year of a copyright."""
    plain = " ".join(sentence.split()).casefold()
    if _COPYRIGHT.search(plain):
        plain = _YEAR.sub("<year>", plain)
    if _VERSION.fullmatch(plain):
        return "<version>"
    dateless = _DATE.sub("<date>", plain)
    said = _TOKEN.findall(dateless.replace("<date>", ""))
    words = [each for each in said if each[0].isalnum()]
    only_date = len(words) <= DATE_LINE_WORDS and not any(each[0].isdigit() for each in words)
    return dateless if only_date and not _RULE.search(plain) else plain


def _unimportant(keys: Sequence[str], sentences: Sequence[str]) -> set[str]:
    """The keys of sentences whose change does not matter: banners, buttons, and menus around the text."""
    long = [number for number, each in enumerate(sentences) if len(each.split()) >= SENTENCE_WORDS]
    first, last = (long[0], long[-1]) if long else (0, len(sentences))
    found = set()
    for number, (key, sentence) in enumerate(zip(keys, sentences, strict=True)):
        menu = not first <= number <= last and len(sentence.split()) <= MENU_WORDS and not _RULE.search(sentence)
        if menu or _BANNER.search(sentence) or _BUTTON.fullmatch(sentence.strip(" .:»›>")):
            found.add(key)
    return found


def _is_heading(sentence: str) -> bool:
    begins = sentence[0].isupper() or sentence[0].isdigit()
    return begins and len(sentence.split()) <= HEADING_WORDS and sentence[-1] not in ".;!?,"


def _words(old: str, new: str) -> tuple[Piece, ...]:
    """The two texts of a passage, word by word if they are alike."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if not before or not after or len(before) + len(after) > MAX_WORDS or matcher.ratio() < ALIKE:
        pieces = [Piece("removed", old), Piece("added", new)]
        return tuple(each for each in pieces if each.text)
    found: list[Piece] = []
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        if what == "equal":
            found.append(Piece("same", "".join(before[i1:i2])))
            continue
        parts = (Piece("removed", "".join(before[i1:i2])), Piece("added", "".join(after[j1:j2])))
        found += [each for each in parts if each.text]
    return tuple(found)
