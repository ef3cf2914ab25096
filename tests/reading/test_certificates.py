from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from archiver.reading.certificates import elements_certificate, freepik_certificate, market_certificate, quoted

PROJECT = """LICENSE CERTIFICATE: Envato Elements Item
=================================================
This license certificate documents a license to use the item listed below
on a non-exclusive, commercial, worldwide and revokable basis, for
one Single Use for this Registered Project.

Item Title:                      Disco Corridor
Item URL:                        https://elements.envato.com/disco-corridor-97UJWG3
Item ID:                         97UJWG3
Author Username:                 studio1
Licensee:                        Ada Example
Registered Project Name:         Acme Ltd: spring
License Date:                    November 6th, 2023
Item License Code:               95PB28DK3C
"""
DEFAULT = PROJECT.replace(
    "Registered Project Name:         Acme Ltd: spring", "License Name:                    Envato"
)
AI = """LICENSE CERTIFICATE: Envato MusicGen Item
This license certificate documents a perpetual license to use the item listed below.
Item Title:                      Tiny Ukulele
Item ID:                         0b5c1a52-9a0e-4a39-8a54-0f9a3f1b2c3d
Item Source:                     MusicGen
Licensee:                        Ada Example
License Date:                    April 24th, 2026
Item License Code:               3f9b0c11-1111-4222-8333-444455556666
"""


def test_the_three_layouts_of_elements() -> None:
    project, default, ai = map(elements_certificate, (PROJECT, DEFAULT, AI))
    assert (project.item_id, project.code, project.author) == ("97UJWG3", "95PB28DK3C", "studio1")
    assert (project.kind, project.project) == ("single-use project", "Acme Ltd: spring")
    assert (default.kind, default.project, default.licensed_at) == ("Envato", None, date(2023, 11, 6))
    assert (ai.kind, ai.author, ai.licensee, ai.licensed_at) == ("perpetual", None, "Ada Example", date(2026, 4, 24))
    assert ai.code == "3f9b0c11-1111-4222-8333-444455556666"


@given(st.text())
def test_hostile_text_never_crashes(text: str) -> None:
    elements_certificate(text)
    market_certificate(text)
    freepik_certificate(text)
    assert set(quoted(text + "\nLicensee: A", {"licensee": ("Licensee",)})) == {"licensee"}
