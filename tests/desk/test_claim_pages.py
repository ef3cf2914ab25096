"""The pages of claims over plain HTTP: roles, the calendar's address, and what hostile forms reach."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from archiver.claims import claim_files
from archiver.claims.claim_events import ClaimEvent, ClaimEventKind
from archiver.claims.claim_files import Claim
from archiver.desk.auth import Users
from archiver.desk.translations import LANGUAGES, words
from tests.support.claims_kit import CLAIM, jpeg
from tests.support.desk_kit import PASSWORD, Person, Served
from tests.support.pictures import scene

type Sign = Callable[..., Person]


@pytest.fixture
def claim(served: Served) -> Iterator[Claim]:
    made = replace(CLAIM, claim="acme-pages", reference="P-1", confirmed=True, deadline=date(2099, 1, 1), received=None)
    claim_files.save(served.agency.home, made)
    yield made
    folder = claim_files.folder(served.agency.home, made.claim)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink()
    if folder.exists():
        folder.rmdir()


def test_a_verdict_is_asked_for_a_day_and_a_kind_of_use(served: Served, person: Sign) -> None:
    reader, place = person("Rita Reader"), served.place("harbour") + "/verdict"
    assert "State its date" in reader.get(place).text and 'name="first"' in reader.get(place).text
    late = reader.get(f"{place}?first=2020-01-02&use=editorial").text
    assert "before the licence" in late and 'value="2020-01-02"' in late and 'value="editorial" selected' in late
    assert reader.get(f"{place}?first=yesterday").status_code == 409


def test_who_may_only_read_changes_nothing(served: Served, person: Sign, claim: Claim) -> None:
    reader = person("Rita Reader")
    page = reader.get(f"/claim/{claim.claim}")
    assert page.status_code == 200 and "P-1" in page.text and 'method="post" action="/claim' not in page.text
    for what in ("answer", "close", "reopen", "note", "owner", "merge", "remove", "none", "use"):
        assert (
            reader.post(f"/claim/{claim.claim}/{what}", {"text": "x", "sure": "1", "outcome": "won"}).status_code == 403
        )
    assert claim_files.load(served.agency.home, claim.claim) == claim


def test_the_list_and_the_page_tell_of_the_notice_before_and_after_its_day(
    served: Served, person: Sign, claim: Claim
) -> None:
    reader, today = person("Rita Reader"), datetime.now(UTC).date()
    claim_files.save(served.agency.home, replace(claim, received=today))
    assert re.search(r"notice: \d days left", reader.get("/claims").text)
    assert "notice: " not in reader.get(f"/claim/{claim.claim}").text, "there the answer has its own date"
    claim_files.save(served.agency.home, replace(claim, received=today - timedelta(days=30)))
    listed, page = reader.get("/claims").text, reader.get(f"/claim/{claim.claim}").text
    assert "its notice was due on" in listed and "Answer by" in listed
    assert "its notice was due on" in page and "is overdue" not in page, "without a licence no platform is known"
    late = replace(claim, received=today - timedelta(days=30), licences=(served.folders["harbour"],))
    claim_files.save(served.agency.home, late)
    for page in (reader.get("/claims").text, reader.get(f"/claim/{claim.claim}").text):
        assert "Notice to the platform is overdue" in page


def test_a_licence_tells_when_a_claim_was_added_and_of_which_day_its_letter_is(
    served: Served, person: Sign, claim: Claim
) -> None:
    added = ClaimEvent(at="2026-12-02T09:00:00Z", what=ClaimEventKind.ADDED)
    named = replace(claim, dated=date(2026, 5, 11), licences=(served.folders["harbour"],), events=(added,))
    claim_files.save(served.agency.home, named)
    page = " ".join(person("Rita Reader").get(served.place("harbour")).text.split())
    shown = re.search(r"Claim added that names it</a></strong><div class=.small.>([^<]+)<", page)
    assert shown and re.match(r"2 December 2026.*letter of 11.May 2026", shown[1].replace("\xa0", " ")), page


def test_a_closed_claim_is_listed_with_the_day_on_which_it_ended(served: Served, person: Sign, claim: Claim) -> None:
    operator = person("Olaf Operator")
    operator.post(f"/claim/{claim.claim}/close", {"outcome": "withdrawn"})
    listed = operator.get("/claims?show=closed").text
    assert "Closed on" in listed and "Answer by" not in listed


def test_hostile_values_are_refused_or_harmless(served: Served, person: Sign, claim: Claim) -> None:
    operator, place = person("Olaf Operator"), f"/claim/{claim.claim}"
    for path, fields in (
        ("close", {"outcome": "paid", "amount": "nan"}), ("close", {"outcome": "paid", "amount": "-5"}),
        ("close", {"outcome": "eaten"}), ("answer", {"day": "2999-01-01"}), ("answer", {"day": "soon"}),
        ("reopen", {}), ("merge", {"into": "../../x"}), ("merge", {"into": claim.claim}), ("remove", {}), ("note", {}),
    ):  # fmt: skip
        answer = operator.post(f"{place}/{path}", fields)
        assert 400 <= answer.status_code < 500, (path, fields, answer.status_code)
    assert claim_files.load(served.agency.home, claim.claim) == claim
    hostile = "<script>alert(1)</script>\u202e"
    assert operator.post(f"{place}/note", {"text": hostile}).status_code == 303
    assert operator.post(f"{place}/owner", {"owner": hostile}).status_code == 303
    upload = {"paper": ("../../../evil.html", b"<script>1</script>", "text/html")}
    assert operator.post(f"{place}/note", {"text": "a paper"}, files=upload).status_code == 303
    page = operator.get(place).text
    assert "<script>alert" not in page and "\u202e" not in page
    assert "paper-1-evil.html" in page and "sandbox" in operator.get(f"{place}/file/paper-1-evil.html").headers[
        "content-security-policy"
    ]  # fmt: skip
    assert (
        operator.get(f"{place}/file/.lock").status_code == operator.get(f"{place}/file/claim.json").status_code == 404
    )


def test_the_calendars_address_ends_with_its_person(served: Served, person: Sign, claim: Claim) -> None:
    users = Users(served.agency.home.root)
    users.add("Cora Calendar", "read", PASSWORD)
    cora, stranger = person("Cora Calendar"), person()
    made = []
    for _ in range(2):
        page = cora.get(cora.post("/claims/calendar").headers["location"]).text
        found = re.search(r"<code>(http\S+?)</code>", page)
        assert found and "<code>http" not in cora.get("/claims").text
        made.append(found[1].removeprefix(served.base))
    old, new = made
    assert stranger.get(old).status_code == 404
    calendar = stranger.get(new)
    assert calendar.headers["content-type"].startswith("text/calendar") and "P-1" in calendar.text
    for wrong in (new.replace(".ics", "x.ics"), "/calendar/x", "/calendar/..%2f..%2fx", f"/calendar/{'0' * 16}.x.ics"):
        assert stranger.get(wrong).status_code == 404
    assert stranger.get("/claims/calendar.ics").status_code == 303, "without the secret, only after a sign-in"
    users.remove("Cora Calendar")
    assert stranger.get(new).status_code == 404


def test_every_word_of_the_desk_is_there_once_and_in_both_languages() -> None:
    desk = Path(str(files("archiver.desk")))
    lines = [
        line for file in (desk / "words.yaml", *desk.glob("words/*.yaml")) for line in file.read_text().splitlines()
    ]
    keys = [found[1] for line in lines if (found := re.match(r"(\w[\w .-]*):", line))]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert all(words(language).texts.keys() == set(keys) for language in LANGUAGES)


def test_the_page_of_a_claim_that_cannot_be_read_says_so(served: Served, person: Sign, claim: Claim) -> None:
    (claim_files.folder(served.agency.home, claim.claim) / claim_files.CLAIM).write_text("{", "utf-8")
    answer = person("Rita Reader").get(f"/claim/{claim.claim}")
    assert answer.status_code == 409 and "cannot be read" in answer.text and "Add a letter" not in answer.text
    listed = person("Rita Reader").get("/claims").text
    assert "cannot be read" in listed and "There are no open letters" not in listed
    assert person("Rita Reader").get("/claim/acme-none").status_code == 404


def test_a_sum_is_written_and_read_as_the_visitors_language_has_it(served: Served, person: Sign, claim: Claim) -> None:
    claim_files.save(served.agency.home, replace(claim, confirmed=False, amount=1234.5))
    olaf, place = person("Olaf Operator"), f"/claim/{claim.claim}"
    for language, text in (("en", "1,234.50"), ("de", "1.234,50")):
        assert f'value="{text}"' in olaf.get(place, **{"accept-language": language}).text
        assert olaf.post(f"{place}/confirm", {"amount": text}).status_code == 303
        kept = claim_files.load(served.agency.home, claim.claim)
        assert (kept.amount, kept.confirmed) == (1234.5, True)
        claim_files.save(served.agency.home, replace(kept, confirmed=False))


def test_a_picture_without_a_licence_is_answered_in_words(served: Served, person: Sign) -> None:
    olaf = person("Olaf Operator")
    sent = olaf.post("/find/file", files={"file": ("x.jpg", jpeg(scene(999)), "image/jpeg")})
    page = olaf.get(sent.headers["location"]).text
    assert "No licence found in this archive" in page and '<details class="stack" open' not in page
