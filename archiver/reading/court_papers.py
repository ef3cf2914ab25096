"""Tell papers of courts from letters: an order to pay, a lawsuit, a notice of the US Copyright Claims Board.

What marks each, and what must not be missed, is in `court_papers.yaml`. A letter that only threatens with one is none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NotRequired, TypedDict

from archiver.core.packaged_data import packaged_yaml
from archiver.reading.phrases import Phrases

MAX_HEAD_CHARACTERS = 4000  # in which a court's paper says what it is


class CourtPaper(TypedDict):
    """One kind of paper in `court_papers.yaml`: how it is named, what marks it, and what must not be missed.

    `days`: those from service in which one can act; without them, the paper itself names the day.
    """

    name: dict[str, str]
    title: str
    says: list[str]
    days: NotRequired[int]
    act: dict[str, str]


def court_papers() -> dict[str, CourtPaper]:
    """All kinds of court papers, by the value of their `LetterKind`."""
    return packaged_yaml(dict[str, CourtPaper], "archiver.reading", "court_papers.yaml")


_NOT_SERVED = re.compile(
    r"courtesy\s+copy|letter\s+before\s+(?:claim|action)|(?:intend|prepared|instructed)\s+to\s+(?:file|issue|sue)|"
    r"(?:klage|antrags?)entwurf|entwurf\s+(?:der|einer)\s+klage|projet\s+d['’]assignation|bozza\s+di\s+(?:citazione|ricorso)",
    re.IGNORECASE,
)
"""What says that a court has nothing of it yet."""


def court_paper_in(text: str) -> tuple[str, re.Match[str]] | None:
    """The kind of court paper that a text is, and where it says so."""
    head = text[:MAX_HEAD_CHARACTERS]
    for kind, (title, says) in _patterns().items():
        if (found := title.search(head)) and all(each.search(text) for each in says):
            return None if _NOT_SERVED.search(head) else (kind, found)
    return None


_CLAIMANT = re.compile(
    r"^[ \t]*(?:antragsteller(?:in)?|kl[äa]ger(?:in)?|klagende partei|gl[äa]ubiger(?:in)?|claimant|plaintiff|demandeur|"
    r"cr[ée]ancier|eiser(?:es)?|acreedora?|demandante|ricorrente|creditore|pow[óo]d)[ \t]*:[ \t]*(?P<name>[^\n,;.]+)"
    r"|(?:^|[.] )(?P<party>[A-Z][\w&' -]{2,50}), (?:plaintiff|kl[äa]gerin|kl[äa]ger)\b",
    re.IGNORECASE | re.MULTILINE,
)


def claimant_in(text: str) -> re.Match[str] | None:
    """Where a court's paper names who claims something; the name is its last group."""
    return _CLAIMANT.search(
        re.sub(r"(?<=[.]) (?=(?:claimant|plaintiff|eiser|acreedor|klagende))", "\n", text, flags=re.I)
    )


@cache
def _patterns() -> dict[str, tuple[Phrases, list[re.Pattern[str]]]]:
    flags = re.IGNORECASE | re.MULTILINE
    return {
        kind: (Phrases(each["title"], flags), [re.compile(says, flags) for says in each["says"]])
        for kind, each in court_papers().items()
    }
