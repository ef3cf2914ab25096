"""Papers of courts are named as such, with the day that must not be missed; a threat with one is a letter."""

from datetime import date, timedelta
from typing import Any

import pytest

from archiver.collect.mail_selection import reads_as_letter
from archiver.desk.translations import LANGUAGES
from archiver.reading.court_papers import court_papers
from archiver.reading.letters import LetterKind, read_letter
from tests.support.paper_kinds import of_kind

PAPERS = of_kind("court_papers")


@pytest.mark.parametrize("paper", PAPERS["papers"], ids=lambda paper: str(paper["kind"]))
def test_a_courts_paper_is_named_with_the_day_that_matters(paper: dict[str, Any]) -> None:
    letter = read_letter(paper["text"], received=paper["served"])
    assert (letter.kind, letter.deadline) == (paper["kind"], paper.get("until"))
    assert letter.kind and letter.kind.for_lawyer and letter.kind.court_paper
    assert reads_as_letter(paper["text"])


def test_no_day_of_a_courts_paper_is_later_than_the_law_gives_from_its_own_date() -> None:
    for paper in PAPERS["papers"]:
        passed_on = f"2 November 2026\n\n{paper['text']}"
        letter = read_letter(passed_on, received=date(2026, 11, 30), assumed=True)
        days = court_papers()[paper["kind"]].get("days")
        assert not days or (letter.deadline and letter.deadline <= date(2026, 11, 2) + timedelta(days=days)), paper


def test_a_letter_that_threatens_with_a_court_is_none_of_its_papers() -> None:
    kinds = [read_letter(text, received=date(2026, 12, 4)).kind for text in PAPERS["letters"]]
    assert not any(kind is None or kind.court_paper for kind in kinds)


def test_each_kind_of_court_paper_has_its_words_in_each_language() -> None:
    assert {each.value for each in LetterKind if each.court_paper} == court_papers().keys()
    for paper in court_papers().values():
        assert paper["name"].keys() == paper["act"].keys() == set(LANGUAGES)
