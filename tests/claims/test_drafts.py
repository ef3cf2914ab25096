"""Drafts state facts and nothing else, leave blank what is not known, and never answer what a lawyer has to."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from docx import Document as Docx

from archiver.claims.claim_files import Claim
from archiver.claims.drafts import BLANK, _texts, drafts, write_drafts
from archiver.claims.rule_engine import Assessment, Verdict
from archiver.collect.sources import KINDS
from archiver.core.model import Asset
from archiver.reading.letters import LetterKind
from archiver.reading.licence_json import Provenance
from tests.support.claims_kit import CLAIM, LICENCE, MATTER, NEVER


def test_what_a_person_brought_is_not_said_to_come_from_the_platform_and_the_enquirys_own_day_is_named() -> None:
    brought = replace(MATTER, file=replace(MATTER.file, provenance={"source": "import"}))
    made = {
        each.name: each.text for each in drafts(replace(brought, claim=replace(CLAIM, dated=date(2026, 11, 18))), "en")
    }
    assert "received by us" not in made["reply"] and "1234567890 from Shutterstock" in made["reply"]
    assert "your enquiry of 18 November 2026" in made["reply"] and "on 20 November 2026" in made["indemnity-notice"]
    assert "electronic process" not in made["custodian-certificate-us"]


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=pytest.mark.long)])
def test_each_day_is_said_of_what_it_is_of(count: int) -> None:
    """The letter's own day, the day on which it came, and nothing where a day is not known or only assumed."""
    draw = random.Random(count)  # a seed, no secret
    for _ in range(count):
        written, came = (draw.choice([None, date(2026, 1, 1) + timedelta(draw.randrange(300))]) for _ in range(2))
        sure = {"received": draw.choice(["stated", "assumed: the day of import"])} if came else {}
        claim = replace(CLAIM, dated=written, received=came, sure=sure)
        known = {"written": written, "came": claim.came}
        words = {name: f"{day.day} {day:%B %Y}" if day else None for name, day in known.items()}
        made = {each.name: each.text for each in drafts(replace(MATTER, claim=claim), "en")}
        said = f"your enquiry{f' of {words["written"]}' if written else ''}"
        said += f" on {words['came']} about a picture" if claim.came else " about a picture"
        assert said in made["reply"]
        assert f"We received the claim on {words['came'] or BLANK}." in made["indemnity-notice"]


PROVENANCE = {"source": "adapter", "tool": "archiver 0.9", "run": "r-7", "captured_at": "2026-11-24T02:00:00Z"}


@pytest.mark.parametrize(
    ("provenance", "words"),
    [
        (PROVENANCE, "24 November 2026, 02:00 UTC, the program archiver, version 0.9, read the account's history"),
        (
            PROVENANCE | {"source": "import", "run": None},
            "a person gave the files to the program archiver, version 0.9",
        ),
        (PROVENANCE | {"source": "attended"}, "in the browser of the program archiver, version 0.9"),
        (PROVENANCE | {"source": "companion"}, "the extension of the program archiver, version 0.9"),
        (PROVENANCE | {"source": "mailbox"}, "version 0.9, read mails in a mailbox"),
        (PROVENANCE | {"source": "folder"}, "version 0.9, found the files in a folder"),
        ({"source": "adapter"}, None),
        (PROVENANCE | {"source": "a way that is yet to come"}, None),
    ],
)
def test_statements_for_courts_say_what_the_archive_records_and_nothing_else(
    provenance: Provenance, words: str | None
) -> None:
    matter = replace(MATTER, file=replace(MATTER.file, provenance=provenance))
    made = {each.name: each.text for each in drafts(matter, "en")}
    for name in ("custodian-certificate-us", "officer-certificate-uk"):
        assert (words in made[name]) if words else ("archiver" not in made[name])
        assert (f"or strike this out): {BLANK}" in made[name]) != bool(words)
    german = made["sworn-statement-de"]
    assert ("das Archiv so fest" in german) == bool(words) and "an Eides statt" in german and BLANK in german
    assert (f"oder streichen Sie dies): {BLANK}" in german) != bool(words)
    assert ("run r-7" in made["officer-certificate-uk"]) == bool(words and provenance["run"])


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_reply_is_short_and_states_facts(language: str) -> None:
    made = {each.name: each for each in drafts(MATTER, language)}
    reply = made["reply"].text
    assert len(" ".join(made["reply"].paragraphs).split()) <= 150
    received = {"en": "received by us from Shutterstock", "de": "uns von Shutterstock zugegangen"}[language]
    for fact in ("AB12CD", "1234567890", "PO-12", "Agency Ltd", "Acme Ltd", "(8)", "2021", "2022", received):
        assert fact in reply, fact
    assert [found[0] for each in made.values() for found in NEVER.finditer(each.text)] == []
    assert all(re.match("DRAFT. A person must check it|ENTWURF", each.text) for each in made.values())
    assert set(made) == {
        "client-mail", "reply", "assignment", "indemnity-notice", "custodian-certificate-us", "officer-certificate-uk",
        "shutterstock-proof-of-licence", "sworn-statement-de",
    }  # fmt: skip
    assert BLANK in made["officer-certificate-uk"].text and BLANK not in reply
    own = replace(MATTER, file=replace(MATTER.file, licence=replace(LICENCE, licensee="ACME, Limited")))
    assert "assignment" not in {each.name for each in drafts(own, language)}, "the client has the licence already"
    [short] = [each for each in drafts(MATTER, language, counter_requests=False) if each.name == "reply"]
    assert "(1)" not in short.text


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_not_covered_or_an_abmahnung_gets_a_checklist(language: str) -> None:
    red = drafts(replace(MATTER, assessed=Assessment(Verdict.NOT_COVERED, ())), language)
    assert [each.name for each in red] == ["checklist-not-covered"]
    assert "2026" in red[0].text
    warned = drafts(replace(MATTER, claim=replace(CLAIM, kind=LetterKind.ABMAHNUNG)), language)
    names = [each.name for each in warned]
    assert "checklist-abmahnung" in names and not {"reply", "client-mail", "assignment"} & set(names)
    both = replace(
        MATTER, claim=replace(CLAIM, kind=LetterKind.ABMAHNUNG), assessed=Assessment(Verdict.NOT_COVERED, ())
    )
    assert [each.name for each in drafts(both, language)] == ["checklist-abmahnung"]


def test_what_is_not_known_is_left_out_or_blank() -> None:
    bare = replace(LICENCE, licensed_at=None, licensee="ada@acme.example", order=None)
    matter = replace(
        MATTER, file=replace(MATTER.file, licence=bare), assigned=None, agency=None, secured=None,
        claim=Claim(claim="c", client="acme"),
    )  # fmt: skip
    made = {each.name: each.text for each in drafts(matter, "en")}
    assert "None" not in "".join(made.values()) and "@" not in "".join(made.values())
    assert "licensed on" not in made["reply"] and "Our records show since" not in made["reply"]
    assert f"Name of the licensee: {BLANK}" in made["shutterstock-proof-of-licence"]
    assert all("asset 1234567890" in made[name] for name in ("reply", "client-mail", "indemnity-notice"))
    assert "assignment" not in made, "nobody would state anything in it"


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_day_that_was_only_assumed_is_stated_nowhere(language: str) -> None:
    assumed = replace(CLAIM, claimant=None, sure={"received": "assumed: the day on which it was added"})
    made = {each.name: each.text for each in drafts(replace(MATTER, claim=assumed), language)}
    assert not [name for name, text in made.items() if re.search("20.? November", text)]
    assert BLANK in made["indemnity-notice"] and "https://acme.example/news" in made["client-mail"]


def test_every_way_into_the_archive_has_its_words() -> None:
    """`source` in a provenance is one of these; a further kind of source needs a sentence here."""
    ways = {"adapter", "attended", "import", "companion", *KINDS}
    assert ways == set(_texts()["processes"])


GREETINGS = {
    "en": {"reply": "Dear Sir or Madam,", "client-mail": "Dear Acme Ltd,"},
    "de": {"reply": "Sehr geehrte Damen und Herren,", "client-mail": "Guten Tag Acme Ltd,"},
}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("agency", "sender"), [("Agency Ltd", "Agency Ltd"), (None, "Acme Ltd")])
def test_a_letter_greets_and_closes_with_whoever_sends_it(language: str, agency: str | None, sender: str) -> None:
    made = {each.name: each.paragraphs for each in drafts(replace(MATTER, agency=agency), language)}
    for name, greeting in GREETINGS[language].items():
        assert greeting in made[name] and made[name][-1].endswith(f"\n{sender}"), made[name]


def test_each_paragraph_has_days_and_words_of_its_own_language() -> None:
    """An English draft may hold a German paragraph, for a German court, and a German one an English certificate."""
    made = {language: {each.name: each.text for each in drafts(MATTER, language)} for language in ("en", "de")}
    assert made["en"]["sworn-statement-de"].count("lizenziert am 15. Juli 2021") == 1
    assert (
        made["de"]["sworn-statement-de"].partition("wohnhaft")[2]
        == made["en"]["sworn-statement-de"].partition("wohnhaft")[2]
    )


def test_a_certificate_for_a_court_is_english_throughout() -> None:
    made = {each.name: each.text for each in drafts(replace(MATTER, secured="2026-03-04T02:00:00Z"), "de")}
    assert "on 4 March 2026, 02:00 UTC" in made["custodian-certificate-us"]


def test_who_gives_pictures_away_gets_no_notice_and_a_replay_says_what_it_is() -> None:
    free = replace(LICENCE, asset=Asset(provider="unsplash", asset_id="x"))
    matter = replace(MATTER, file=replace(MATTER.file, licence=free), evidence=False)
    made = drafts(matter, "en")
    assert "indemnity-notice" not in [each.name for each in made]
    assert all("NOT EVIDENCE" in each.heading for each in made)


def test_they_are_written_as_text_and_docx_and_a_persons_work_is_kept(tmp_path: Path) -> None:
    made = drafts(MATTER, "de")
    written = write_drafts(tmp_path / "drafts", made)
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600} and len(written) == 2 * len(made)
    for draft in made:
        document = Docx(str(tmp_path / "drafts" / f"{draft.name}.docx"))
        assert [each.text for each in document.paragraphs] == [draft.heading, *draft.paragraphs]
        assert not document.core_properties.author
    (tmp_path / "drafts" / "reply.txt").write_text("checked")
    (tmp_path / "drafts" / "own.txt").write_text("a person's own")
    again = write_drafts(tmp_path / "drafts", made[1:])
    assert len(again) == 2 * len(made) - 2 - (made[0].name != "reply")
    assert (tmp_path / "drafts" / "reply.txt").read_text() == "checked" and (tmp_path / "drafts" / "own.txt").exists()
    assert not (tmp_path / "drafts" / f"{made[0].name}.docx").exists(), "no longer fits, and nobody edited it"
    assert (tmp_path / "drafts" / "reply.txt").read_text() == "checked"


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_home_without_an_agencys_name_gets_a_line_to_fill_in_and_no_hole(language: str) -> None:
    made = {each.name: each.text for each in drafts(replace(MATTER, agency="", claim=None), language)}
    assert f"an officer of {BLANK}," in made["officer-certificate-uk"] and "assignment" not in made
    assert not [
        name for name, text in made.items() if re.search(r"\b(of|von) ,|^ | {2}|\b(of|von) (liegen|hold)", text)
    ]
