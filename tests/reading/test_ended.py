"""A notice that a licence ended grants nothing, in any language; what terms say in general ends none."""

import pytest

from archiver.reading.document_parser import proposed, read_text
from tests.support.paper_kinds import of_kind

ENDINGS = of_kind("endings")


@pytest.mark.parametrize("language", ENDINGS["notices"])
def test_a_notice_that_a_licence_ended_makes_no_licence(language: str) -> None:
    papers = [f"{n}\n\n{paper}" for n in ENDINGS["notices"][language] for paper in ENDINGS["licences"]]
    papers += [f"{paper}\n{n}\n" for n in ENDINGS["notices"][language] for paper in ENDINGS["licences"]]
    assert [each for each in papers if read_text(each) or proposed(each, "")] == []


def test_what_terms_say_in_general_ends_no_licence() -> None:
    papers = [f"{paper}\n{term}\n" for term in ["", *ENDINGS["terms"]] for paper in ENDINGS["licences"]]
    assert [each for each in papers if not (paper := read_text(each)) or not paper.licences] == []
