"""Is the claim itself sound: who writes, what the letter lacks, and a first answer that asks for just that."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.claims import claim_files, soundness
from archiver.claims.claim_files import Claim
from archiver.claims.drafts import draft_heading
from archiver.claims.rule_engine import Verdict
from archiver.claims.soundness import LetterText, Soundness, examine, short_letters, soundness_data
from archiver.home.settings import Home
from archiver.home.settings_edit import add_client, create_home
from archiver.reading.letters import LetterKind
from archiver.reading.mail import NOT_SIGNED
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


def test_who_imitates_whom_is_told() -> None:
    for claimant in (None, "PicRights"):
        said = examine(LetterText(text="Reply to legal@p1crights.com"), claimant).writer.messages["en"]
        assert said.index("p1crights.com") < said.index("picrights.com", said.index("p1crights.com") + 13), said


def written(claim: Claim, found: Soundness, language: str) -> dict[str, str]:
    made = short_letters(claim, found, language, client="Acme Ltd", agency="Agency Ltd", signature="Ada Example")
    assert {each.heading for each in made} == {draft_heading(language, evidence=True)}
    return {each.name: "\n".join(each.paragraphs) for each in made}


def test_the_first_answer_asks_for_just_what_is_lacking() -> None:
    letter = LetterText(text="\n".join((PROVING["owner"][0], PROVING["authority"][0])))
    found = examine(letter, "Copytrack", amount=1.0)
    text = written(CLAIM, found, "en")["first-answer"]
    assert all((each.asks["en"] in text) == (each in found.lacks) for each in found.points)
    assert len(found.lacks) == len(ALL) - 2 and "(6)" in text and "(7)" not in text
    assert {"Ref AB12CD.", "Ada Example"} <= set(text.splitlines())
    page = "a picture on https://acme.example/news."
    assert f"your letter on 20 November 2026 about {page}" in text and text.endswith("Ada Example\nAgency Ltd")
    assert f"your letter about {page}" in written(replace(CLAIM, received=None), found, "en")["first-answer"]
    more_time = written(replace(CLAIM, dated=date(2026, 11, 18), urls=()), found, "en")["more-time"]
    assert "your letter of 18 November 2026 on 20 November 2026 about a picture. " in more_time
    assert "the period until 4 December 2026 by" in more_time
    undated = written(replace(CLAIM, deadline=None), found, "en")
    assert "the period by" in undated["more-time"] and "We need this" not in undated["ask-colleague"]
    assert "We need this by 2026-12-04." in written(CLAIM, found, "en")["ask-colleague"]
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
    assert ("first-answer" in made) == ("more-time" in made) == (not (kind and kind.for_lawyer))
    for name, said in made.items():
        assert "{" not in said and "None" not in said
        assert name == "ask-colleague" or not NEVER.search(said), said


@pytest.mark.parametrize(
    ("host", "imitates"),
    [
        ("picrights.com", False), ("www.picrights.com", False), ("picright.com", True), ("www.picright.com", True),
        ("picrigths.com", True),
        ("p1crigth.com", False), ("picrights.example", True), ("picrights-pay.example", True),
        ("notpicrights.com", False), ("pixsi.com", False),
        ("getty.example", False), ("pixsy.con", True), ("pixsy.example", True),
    ],
)  # fmt: skip
def test_two_changed_letters_imitate_and_three_do_not(host: str, imitates: bool) -> None:
    domains = ["picrights.com"] if "rig" in host else ["pixsy.com"]
    found = soundness._imitated(["example.org", host], domains)
    assert found == ((host, domains[0]) if imitates else None)


def test_a_name_of_six_letters_is_imitated_by_a_changed_one_and_one_of_five_is_not() -> None:
    assert [soundness._imitated([f"{each}x.com"], [f"{each}y.com"]) is not None for each in ("abcd", "abcde")] == [
        False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("abc", "bc", 1), ("abxc", "abc", 1),
     ("abc", "axbc", 1), ("abcd", "badc", 3), ("", "ab", 2),
     ("ab", "", 2), ("abc", "xyz", 3), ("abcd", "a", 3), ("a", "abcdef", 3)],
)  # fmt: skip
def test_the_distance_of_two_names(one: str, other: str, edits: int) -> None:
    assert soundness._distance(one, other) == edits


def test_a_quote_is_the_first_that_fits_and_ends_after_120_characters() -> None:
    assert soundness._quoted(["zebra", "x+"], "a " + "x" * 121) == "x" * 120
    assert soundness._quoted(["x+", "a"], "a  XX") == "XX" and soundness._quoted(["q"], "x") is None
    assert not examine(LetterText(text=" "), None).read


def test_a_letter_s_text_is_examined_up_to_its_last_character() -> None:
    said, quoted = PROVING["owner"][0], []
    for before in (200_000 - len(said), 200_001 - len(said)):
        [point] = [each for each in examine(LetterText(text=" " * before + said), None).points if each.key == "owner"]
        quoted.append(point.quote)
    assert quoted == [said, said[:-1]]


def test_what_is_told_of_a_letter_is_told_in_lines_and_as_json() -> None:
    found = examine(LetterText(text=f"{PROVING['owner'][0]}"), None)
    printed = found.as_json("de")
    assert printed["read"] is True and found.as_lines("de")[0] == found.writer.messages["de"]
    assert printed["writer"] == {"finding": "unknown", "verdict": "open", "message": found.writer.messages["de"]}
    points: Any = printed["points"]
    assert {each["point"] for each in points if each["quote"]} == {"owner"} and len(points) == len(found.points)
    assert sum(each.startswith("- lacks: ") for each in found.as_lines()) == len(found.lacks) == len(points) - 1
    assert sum(each.startswith("+ ") for each in found.as_lines()) == 1


def test_a_letter_is_read_once_and_again_where_it_or_what_was_kept_has_changed(tmp_path: Path) -> None:
    create_home(tmp_path / "home", agency="Agency Ltd")
    add_client(tmp_path / "home", "acme", name="Acme Ltd")
    home = Home.load(tmp_path / "home")
    claim = replace(CLAIM, claim="c-1", letter="letter.txt")
    assert (
        soundness.letter_text(home, claim) == LetterText() == soundness.letter_text(home, replace(claim, letter=None))
    )
    claim_files.save(home, claim, {"letter.txt": b"From: a@b.example\nTo: c@d.example\n\nfirst"})
    letter = soundness.letter_text(home, claim)
    assert "first" in letter.text and letter.origin == NOT_SIGNED
    folder = claim_files.folder(home, "c-1")
    kept = json.loads((folder / soundness.LETTER_TEXT).read_text())
    (folder / soundness.LETTER_TEXT).write_text(json.dumps(kept | {"text": "kept", "origin": "o"}))
    assert soundness.letter_text(home, claim) == LetterText(text="kept", origin="o")
    for broken in ("{}", "[]"):
        (folder / soundness.LETTER_TEXT).write_text(broken)
        assert "first" in soundness.letter_text(home, claim).text
    (folder / "letter.txt").write_bytes(b"second")
    letter = soundness.letter_text(home, claim)
    assert letter.text.startswith("second") and letter.origin == "", "no mail has no signature"
    found = examine(LetterText(text="x"), None)
    assert soundness.soundness_of(home, claim).read
    [path, *_] = soundness.write_short_letters(home, claim, found, "en")
    assert path.parent == folder / "letters"
    assert path.read_text().rstrip().endswith("Agency Ltd")
    assert path.read_text().startswith(f"{draft_heading('en', evidence=True)}\n")
