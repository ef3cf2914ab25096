"""Searches as people type them: umlauts both ways, other numbers and spellings, one wrong letter, months and days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from archiver.catalogue.index import Catalogue
from archiver.catalogue.search_words import is_file_name, mistyped, periods
from archiver.core.model import Asset, Licence
from tests.support.catalogue_kit import Acme, files

TITLES = {
    "Fischerboote im Hafen von Lübeck": "2026-03-12",
    "Gruenes Haus am Koenigssee": "2026-03-29",
    "Colourful umbrellas in a street": "2026-12-03",
    "Berries and cherries on grey stone": "2025-07-01",
    "Straße nach München": "2025-08-15",
    "Two children at the theatre": "2024-02-29",
    "A sailing boat near the lighthouse": "2024-05-05",
    "Business woman with laptop": "2023-10-10",
}
SEARCHES = {
    "luebeck": "Lübeck", "Lübeck": "Lübeck", "lubeck": "Lübeck", "Grünes Haus": "Gruenes", "königssee": "Koenigssee",
    "strasse": "Straße", "muenchen": "Straße", "munchen straße": "Straße",
    "harbour colorful umbrella": "Colourful", "colorful": "Colourful", "umbrela": "Colourful", "umbrellas": "Colourful",
    "berry": "Berries", "cherry gray": "Berries", "stones": "Berries", "gray stone": "Berries",
    "theater": "theatre", "child theater": "theatre", "lighthouses": "sailing", "sailing boats": "sailing",
    "lihgthouse": "sailing", "lightouse": "sailing", "bussiness woman": "Business", "laptops": "Business",
    "Fischerboot": "Fischerboote", "häfen": "Fischerboote",
    "12.03.2026": "Fischerboote", "2026-03-12": "Fischerboote", "12. März 2026": "Fischerboote",
    "12/03/2026": "Fischerboote", "March 12, 2026": "Fischerboote", "12.3.26": "Fischerboote",
    "august 2025": "Straße", "07/2025": "Berries", "août 2025": "Straße", "2024-02": "theatre",
    "haus märz 2026": "Gruenes", "boat May 2024": "sailing", "licensed in October 2023": "Business",
}  # fmt: skip


@pytest.fixture
def stocked(acme: Acme) -> Acme:
    made = tuple(
        Licence(
            asset=Asset(provider="shutterstock", asset_id=str(700 + n), title=title),
            licence_id=f"l-{n}",
            licensed_at=date.fromisoformat(day),
        )
        for n, (title, day) in enumerate(TITLES.items())
    )
    acme.add(*map(files, made), licences=made)
    acme.catch_up()
    return acme


def titles(catalogue: Catalogue, text: str) -> list[str]:
    return [hit.entry.licence.asset.title or "" for hit in catalogue.find(text)]


def test_people_find_what_they_type(stocked: Acme) -> None:
    missed = {text: titles(stocked.catalogue, text) for text, title in SEARCHES.items()
              if title not in (titles(stocked.catalogue, text) or [""])[0]}  # fmt: skip
    assert not missed
    for month in ("march 2026", "März 2026", "maerz 2026", "03.2026", "2026-03", "mars 2026"):
        found = titles(stocked.catalogue, month)
        assert [title.split()[0] for title in found] == ["Fischerboote", "Gruenes"], month


@pytest.mark.parametrize("text", [
    "dreampix_88123_lighthouse.jpg", "lighthouse-street-99812345.png", "IMG_20240505_lighthouse.jpg",
    "stock-4711-umbrella",
    "harp", "lamp", "boots", "theremin", "13.13.2026", "zzz 2026-99",
])  # fmt: skip
def test_what_is_not_there_is_not_found(stocked: Acme, text: str) -> None:
    assert titles(stocked.catalogue, text) == []


def test_near_misses_say_what_they_lack(stocked: Acme) -> None:
    hits = stocked.catalogue.find("lighthouse theremin")
    assert [hit.without for hit in hits] == [("theremin",)]
    assert all(not hit.without for text in SEARCHES for hit in stocked.catalogue.find(text)[:1]
               if text != "harbour colorful umbrella")  # fmt: skip


def test_a_name_that_a_person_gave_a_file_is_words(stocked: Acme) -> None:
    assert titles(stocked.catalogue, "sailing-boat.jpg")[0].startswith("A sailing")
    assert is_file_name("dreampix_88123.jpg") and not is_file_name("harbour dawn") and not is_file_name("PO 4711")


@given(some.text(max_size=60))
def test_any_text_has_periods_or_none(text: str) -> None:
    times, rest = periods(text)
    assert all(first < after for first, after in times) and len(rest) <= len(text) + 1


@given(some.text("abcdeü", min_size=5, max_size=9), some.integers(0, 8), some.sampled_from("xyz"))
def test_one_wrong_letter_is_forgiven_and_two_are_not(word: str, at: int, letter: str) -> None:
    at %= len(word)
    for other in (word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :], word[:at] + word[at + 1 :]):
        assert other == word or mistyped(word, [other]) == [other]
    assert not mistyped(word, [letter + word + letter, word, "42"])
