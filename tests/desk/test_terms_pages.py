"""The pages about changed licence terms."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.agency import record
from tests.support.claims_kit import licence
from tests.support.desk_kit import Person, Served
from tests.support.terms_kit import seen


def test_the_desk_shows_it_in_both_languages(served: Served, person: Callable[..., Person]) -> None:
    rita = person("Rita Reader")
    assert "No change that matters" in rita.get("/terms").text and rita.get("/terms/nobody").status_code == 404
    hostile = "You may not use <script>alert(1)</script> in more than {} ways on a single site of yours.\n"
    served.agency.archive("acme", (licence("71"), [record(), seen("1", 5, hostile.format(2))]))
    served.agency.archive("acme", (licence("72"), [record(), seen("1", 1, hostile.format(3))]))
    assert "1 changed passage" in rita.get("/terms").text
    page = rita.get("/terms/shutterstock").text
    assert '<a class="button quiet" href="/terms">All changed terms</a>' in page
    assert (
        "<ins>" in page
        and "For 1 licence the older text" in page
        and "<script>alert" not in page
        and "&lt;script&gt;" in page
    )
    german = rita.get("/terms/shutterstock?lang=de&all=1").text
    assert "Für 1 Lizenz gilt weiter der ältere Text" in german and "Auch Daten" not in german
    rita.get("/terms?lang=en")
