"""Is the claim itself sound: who writes, what the letter lacks, and a first answer that asks for just that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.claims.claim_files import Claim
from archiver.claims.rule_engine import Verdict
from archiver.claims.soundness import LetterText, Soundness, examine, short_letters, soundness_data
from archiver.reading.letters import LetterKind
from tests.support.claims_kit import CLAIM, NEVER
from tests.support.letter_texts import COPYTRACK, GETTY, PICRIGHTS, UNKNOWN

ALL = {each["key"] for each in soundness_data()["points"]}

PROVING = {
    "owner": ["Photographer: Paula Example", "Urheberin ist Paula Beispiel", "© 2019 Paula Example"],
    "chain": ["The licence agreement with the author is enclosed.", "Den Lizenzvertrag finden Sie in der Anlage."],
    "authority": ["Our power of attorney is attached.", "Die Vollmacht liegt bei."],
    "registration": ["Registered as VA 2-345-678", "Copyright registration number: VAu001234567"],
    "original": ["The original file is attached.", "Die Originaldatei liegt in der Anlage bei."],
    "captures": ["The page was captured on 2 March 2026.", "Bildschirmfoto vom 2. März 2026"],
    "distributors": ["It was never licensed through any stock agency.", "The work is licensed exclusively by us."],
    "basis": ["The fee is calculated from the usual licence fee.", "nach den Honorarempfehlungen der MFM"],
}


def lacking(text: str, **more: float) -> set[str]:
    return {each.key for each in examine(LetterText(text=text), None, **more).lacks}


@pytest.mark.parametrize("key", sorted(PROVING))
def test_a_point_counts_only_if_the_letter_shows_it(key: str) -> None:
    assert lacking("You use our picture. Pay.", amount=1.0) == ALL
    for said in PROVING[key]:
        assert lacking(f"You use our picture.\n{said}\n", amount=1.0) == ALL - {key}, said


def test_a_promise_proves_nothing() -> None:
    hollow = (
        "We represent the rights holder. Our authority can be provided on request. Eine Vollmacht legen wir auf Wunsch "
        "vor. The photographer is known to us. We have a screenshot. The fee is fair. The picture is registered."
    )
    assert lacking(hollow, amount=1.0) == ALL
    assert "basis" not in lacking("You use our picture.")  # where no sum is demanded, nobody asks how it was made


@pytest.mark.parametrize(
    ("text", "origin", "claimant", "key"),
    [
        (f"{GETTY}", "", "Getty Images", "known"),
        (f"From: office@copytrack.com\n{COPYTRACK}", "pass: copytrack.com", "Copytrack", "signed"),
        (f"From: office@copytrack.com\n{COPYTRACK}", "pass: mailer.example", "Copytrack", "known"),
        (f"From: office@copytrack.com\n{COPYTRACK}", "fail: copytrack.com: the text differs", "Copytrack", "forged"),
        (f"From: office@copytrack.com\n{COPYTRACK}", "fail: acme.example: changed", "Copytrack", "known"),  # forwarded
        (COPYTRACK, "", "Copytrack", "other"),
        (f"pay at https://www.copytrack-claims.com/x\n{COPYTRACK}", "", "Copytrack", "imitation"),
        (f"pay at https://copytrack.com.example.net/x\n{COPYTRACK}", "", "Copytrack", "imitation"),
        ("Reply to legal@p1crights.com", "", None, "imitation"),
        (f"{PICRIGHTS} https://resolve.picrights.com/1", "", "PicRights", "known"),
        (UNKNOWN, "", None, "unknown"),
    ],
)  # fmt: skip
def test_who_writes(text: str, origin: str, claimant: str | None, key: str) -> None:
    found = examine(LetterText(text=text, origin=origin), claimant).writer
    assert found.key == key
    assert (found.verdict is Verdict.NOT_COVERED) == (key in ("imitation", "forged"))
    assert set(found.messages) == {"en", "de"} and "{" not in "".join(found.messages.values())


def written(claim: Claim, found: Soundness, language: str) -> dict[str, str]:
    made = short_letters(claim, found, language, client="Acme Ltd", agency="Agency Ltd", signature="Ada Example")
    assert all(each.heading.startswith(("DRAFT", "ENTWURF")) for each in made)
    return {each.name: "\n".join(each.paragraphs) for each in made}


def test_the_first_answer_asks_for_just_what_is_lacking() -> None:
    letter = LetterText(text="\n".join((PROVING["owner"][0], PROVING["authority"][0])))
    found = examine(letter, "Copytrack", amount=1.0)
    text = written(CLAIM, found, "en")["first-answer"]
    assert all((each.asks["en"] in text) == (each in found.lacks) for each in found.points)
    assert len(found.lacks) == len(ALL) - 2 and "(6)" in text and "(7)" not in text
    assert {"Ref AB12CD.", "Ada Example"} <= set(text.splitlines())
    nothing = replace(found, points=())
    assert "please send" not in written(CLAIM, nothing, "en")["first-answer"]


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from([None, *LetterKind]),
    text=st.lists(st.sampled_from([each[0] for each in PROVING.values()]), max_size=8).map("\n".join),
    known=st.booleans(),
    language=st.sampled_from(["en", "de"]),
)
def test_no_letter_ever_admits_offers_or_names_the_sum(
    kind: LetterKind | None, text: str, known: bool, language: str
) -> None:
    claim = replace(CLAIM, kind=kind) if known else Claim(claim="c", client="acme", kind=kind)
    made = written(claim, examine(LetterText(text=text), claim.claimant, amount=claim.amount), language)
    assert ("first-answer" in made) == ("more-time" in made) == (kind is not LetterKind.ABMAHNUNG)
    for name, said in made.items():
        assert "{" not in said and "None" not in said
        assert name == "ask-colleague" or not NEVER.search(said), said
