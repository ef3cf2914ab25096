"""The life of a claim after its letter, on disk, in the commands and in a calendar."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.agency.notification_causes import causes
from archiver.claims import claim_files, claim_life
from archiver.claims.claim_calendar import deadline_calendar
from archiver.claims.claim_events import AnswerTo, ClaimEvent, ClaimEventKind, ClaimOutcome, ClaimStep
from archiver.claims.claim_files import Claim
from archiver.core.errors import ConfigError
from archiver.home.settings import Home
from archiver.home.settings_edit import add_client, create_home
from tests.support.claims_kit import CLAIM
from tests.support.homes import Home as CommandLine
from tests.support.homes import clean_environment
from tests.support.letter_texts import GETTY

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
BY = "Ada Example"


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    root = tmp_path / "home"
    create_home(root, agency="Agency Ltd")
    for slug, name in (("acme", "Acme Ltd"), ("beta", "Beta GmbH")):
        add_client(root, slug, name=name, domains=[f"{slug}.example"])
    return CommandLine(root, clean_environment(tmp_path))


@pytest.fixture
def home(run: CommandLine) -> Iterator[Home]:
    yield Home.load(run.root)


def saved(home: Home, **more: object) -> Claim:
    claim = replace(CLAIM, **({"claim": "acme-1", "confirmed": True} | more))  # type: ignore[arg-type]  # by name
    claim_files.save(home, claim)
    return claim


def test_a_claim_goes_from_new_to_closed_and_back(home: Home) -> None:
    claim = saved(home, confirmed=False)
    assert claim.step is ClaimStep.NEW and claim.clocks(NOW + timedelta(days=9))["overdue"]
    claim = saved(home)
    assert claim.step is ClaimStep.CONFIRMED
    assert claim_files.with_licences(home, claim, ["acme/x"], ["acme/x"]).step is ClaimStep.CONFIRMED  # nobody compared
    claim = claim_life.no_licence(home, claim, by=BY)
    assert claim.step is ClaimStep.NO_LICENCE and claim.notified and not claim.licences
    claim = claim_files.with_licences(home, claim, ["acme/20260309_shutterstock_9001_1a2b3c4d"], by=BY)
    assert claim.step is ClaimStep.LICENCE_FOUND and not claim.notified
    assert [each.kind for each in causes(home, NOW) if each.about == "acme-1"] == ["deadline"]
    claim = claim_life.answer(home, claim, by=BY, day=date(2026, 11, 25), how="mail", sent=["proof.pdf"])
    assert not [each for each in causes(home, NOW) if each.about == "acme-1"], "nobody is told of an answered claim"
    late = claim.clocks(NOW + timedelta(days=99))
    assert claim.step is ClaimStep.ANSWERED and not late["overdue"] and late["due"] is None
    with pytest.raises(ConfigError):
        claim_life.reopen(home, saved(home, claim="acme-2"), by=BY)
    claim = claim_life.close(home, claim, ClaimOutcome.PAID, by=BY, amount=50)
    assert claim.step is ClaimStep.CLOSED and claim.as_json()["outcome"] == "paid"
    with pytest.raises(ConfigError):
        claim_life.close(home, claim, ClaimOutcome.WON, by=BY)
    claim = claim_life.reopen(home, claim, by=BY, deadline=date(2026, 12, 24))
    assert claim.step is ClaimStep.LICENCE_FOUND and claim.clocks(NOW)["due_days_left"] == 23
    assert claim_files.load(home, "acme-1") == claim
    kinds = [each.what.value for each in claim.events]
    assert kinds == ["no_licence", "licence", "answered", "closed", "reopened"]


def test_an_answer_is_overdue_from_the_day_after_the_last_and_a_notice_no_longer_due(home: Home) -> None:
    claim = saved(home, deadline=date(2026, 12, 4), received=date(2026, 11, 27))
    assert claim.notice_deadline == date(2026, 12, 4)
    last, after = (claim.clocks(datetime(2026, 12, day, hour, tzinfo=UTC)) for day, hour in ((4, 23), (5, 0)))
    assert (last["days_left"], last["overdue"], last["due_days_left"]) == (0, False, 0)
    assert (after["days_left"], after["overdue"], after["due_days_left"]) == (-1, True, -1)
    found = saved(
        home, deadline=None, received=date(2026, 11, 27), licences=("acme/20260309_shutterstock_9001_1a2b3c4d",)
    )
    assert [found.due(datetime(2026, 12, day, tzinfo=UTC)) for day in (4, 5)] == [
        (date(2026, 12, 4), AnswerTo.PLATFORM), None,
    ]  # fmt: skip
    here = replace(claim, deadline_zone="Pacific/Auckland")  # where the fifth has begun
    assert here.clocks(datetime(2026, 12, 4, 12, tzinfo=UTC))["overdue"]


def test_the_earlier_of_what_is_still_to_be_sent_is_due(home: Home) -> None:
    claim = saved(home, received=date(2026, 11, 30), deadline=date(2026, 12, 20))
    assert claim.clocks(NOW)["due_for"] == "platform"
    claim = claim_life.answer(home, claim, by=BY, day=date(2026, 11, 20), to=AnswerTo.PLATFORM)
    assert (claim.clocks(NOW)["due"], claim.clocks(NOW)["due_for"]) == ("2026-12-20", "claimant")
    assert not claim.answered
    missed = replace(saved(home, received=date(2026, 1, 1), deadline=None), events=())
    assert missed.clocks(NOW)["due"] is None, "a missed notice is no longer due"
    today = datetime.now(UTC).date()
    saved(home, claim="acme-later", received=None, deadline=today + timedelta(days=20))
    saved(home, claim="acme-notice", received=today, deadline=today + timedelta(days=40))
    names = [each.claim for each in claim_files.all_claims(home) if each.claim in ("acme-later", "acme-notice")]
    assert names == ["acme-notice", "acme-later"], "its notice is due before the other's answer"


def test_a_claim_of_an_earlier_version_stays_readable(home: Home) -> None:
    claim = saved(home)
    path = claim_files.folder(home, claim.claim) / claim_files.CLAIM
    old = json.loads(path.read_text())
    for name in ("events", "owner", "use", "step", "outcome", "licences", "probable"):
        del old[name]
    for first in (None, "acme/f1"):
        path.write_text(json.dumps(old | {"licence": first}))
        assert claim_files.load(home, claim.claim) == replace(claim, licences=(first,) if first else ())


MOMENTS = st.dates(date(2026, 1, 1), date(2027, 1, 1)).map(lambda day: f"{day}T02:00:00Z")


@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(ClaimEventKind), max_size=8), at=MOMENTS, to=st.sampled_from(AnswerTo),
    confirmed=st.booleans(), licences=st.booleans(),
)  # fmt: skip
def test_an_open_deadline_is_never_lost_and_an_answered_one_never_overdue(
    kinds: list[ClaimEventKind], at: str, to: AnswerTo, *, confirmed: bool, licences: bool
) -> None:
    events = tuple(ClaimEvent(what=kind, at=at, to=to if kind is ClaimEventKind.ANSWERED else None) for kind in kinds)
    claim = replace(CLAIM, events=events, confirmed=confirmed, licences=("acme/x",) if licences else ())
    clocks, calendar = claim.clocks(NOW + timedelta(days=30)), deadline_calendar([claim], NOW).decode()
    assert clocks["overdue"] == (not claim.answered) == ("-claimant@" in calendar)
    after = (
        kinds[len(kinds) - kinds[::-1].index(ClaimEventKind.REOPENED) :] if ClaimEventKind.REOPENED in kinds else kinds
    )
    done = ClaimEventKind.CLOSED in after or (ClaimEventKind.ANSWERED in after and to is AnswerTo.CLAIMANT)
    assert claim.answered == done


def test_a_claim_is_found_by_name_by_a_unique_part_and_by_its_reference(home: Home) -> None:
    first = saved(home, claim="acme-first", reference="AB 1")
    saved(home, claim="acme-second", reference="AB 2", deadline=None, received=None)
    assert [claim_files.load(home, each) for each in ("acme-first", "first", "AB 1")] == [first] * 3
    assert [claim_files.exists(home, each) for each in ("acme-first", "first")] == [True, False]
    for wrong, words in (("acme", "matches more than one"), ("third", "matches no claim"), ("", "matches no claim"),
                         ("AB 3", "matches no claim")):  # fmt: skip
        with pytest.raises(ConfigError, match=words):
            claim_files.load(home, wrong)
    folder = claim_files.folder(home, "acme-first")
    assert [each.stat().st_mode & 0o777 for each in (folder, folder.parent)] == [0o700] * 2
    for wrong in ("", "-a", "a" * 62, "A", "a/b"):
        with pytest.raises(ConfigError):
            claim_files.folder(home, wrong)
    assert claim_files.folder(home, "a" * 61).name == "a" * 61
    assert claim_files.change(home, first, owner="Olaf") == claim_files.load(home, "acme-first")
    assert claim_files.load(home, "acme-first").owner == "Olaf"
    assert json.loads((folder / claim_files.CLAIM).read_text())["format"] == 1
    with pytest.raises(ConfigError), claim_files.locked(home, "acme-third"):
        pass
    with pytest.raises(ConfigError, match="not confirmed"):
        claim_files.must_be_confirmed(replace(first, confirmed=False))
    claim_files.must_be_confirmed(first)


def test_claims_are_listed_by_what_is_due_and_an_unreadable_one_is_told(home: Home) -> None:
    answered = (ClaimEvent(what=ClaimEventKind.ANSWERED, at="2026-11-21T00:00:00Z", to=AnswerTo.CLAIMANT),)
    closed = (*answered, ClaimEvent(what=ClaimEventKind.CLOSED, at="2026-11-22T00:00:00Z", outcome=ClaimOutcome.PAID))
    made: dict[str, dict[str, object]] = {
        "a-closed": {"events": closed}, "b-answered": {"events": answered}, "c-never": {"deadline": None},
        "d-late": {"deadline": date(2099, 1, 2)}, "e-soon": {"deadline": date(2099, 1, 1)},
        "f-soon": {"deadline": date(2099, 1, 1)},
    }  # fmt: skip
    for name, more in made.items():
        saved(home, claim=name, **({"received": date(2020, 1, 1)} | more))
    broken = home.root / "work/g-broken" / claim_files.CLAIM
    broken.parent.mkdir()
    broken.write_text((home.root / "work/e-soon" / claim_files.CLAIM).read_text().replace('"format": 1', '"format": 2'))
    told: list[str] = []
    names = [each.claim for each in claim_files.all_claims(home, told.append)]
    assert names == ["e-soon", "f-soon", "d-late", "c-never", "b-answered", "a-closed"]
    assert len(told) == 1 and "g-broken" in told[0]


def test_which_licences_a_claim_names_and_who_found_them(home: Home) -> None:
    claim = saved(home)
    found = claim_files.with_licences(home, claim, ["house/f1", "acme/f1", "acme/f2"], ["acme/f2", "acme/f2"], by=BY)
    assert (found.licences, found.probable) == (("acme/f1", "acme/f2"), ("acme/f2",))
    assert [(each.what, each.by, each.text) for each in found.events] == [(ClaimEventKind.LICENCE, BY, "f1")]
    assert claim_files.with_licences(home, claim, ["house/f1", "acme/f2"], ["acme/f2"], by=BY).events == found.events
    compared = claim_files.with_licences(home, claim, ["acme/f1", "acme/f2"], by=BY)
    assert [each.text for each in compared.events] == ["f1", "f2"] and claim_files.load(home, "acme-1") == compared
    assert claim_files.licences_by_page(home) == {"https://acme.example/news": {"f1", "f2"}}
    assert [claim_files.pictures(home, each) for each in (None, replace(claim, pictures=("a.jpg",)))] == [
        [], [home.root / "work/acme-1/a.jpg"],
    ]  # fmt: skip
    for pictures, ways in (((), ["name the licence"]), (("a.jpg",), ["assess claim", "name the licence"])):
        found_by = claim_files.ways_to_licence(home, replace(claim, pictures=pictures))
        assert [each.action for each in found_by] == ways


@pytest.mark.parametrize(
    ("licence", "provider"),
    [("acme/20260309_getty_images_9001_1a2b3c4d", "getty_images"), ("undated_pexels_9_1a2b3c4d", "pexels"),
     ("2026030_pexels_9_1a2b3c4d", ""), ("20260309_pexels_9_1a2b3c4", ""), (None, "")],
)  # fmt: skip
def test_the_platform_of_a_licence(licence: str | None, provider: str) -> None:
    assert claim_files.provider_of(licence) == provider


def test_a_notice_is_due_by_the_platform_s_own_clause_or_after_five_business_days(home: Home) -> None:
    assert replace(CLAIM, received=None).notice_deadline is None
    friday = replace(CLAIM, received=date(2026, 11, 27))
    assert friday.notice_deadline == date(2026, 12, 4)
    assumed = replace(friday, sure={"received": "assumed: today"})
    assert (friday.came, assumed.came, assumed.notice_deadline) == (date(2026, 11, 27), None, date(2026, 12, 4))
    assert replace(CLAIM, letter="l", sure={"received": "x"}).says_nothing and not CLAIM.says_nothing
    assert not replace(CLAIM, letter="l", sure={"amount": "x"}).says_nothing
    nothing = replace(CLAIM, letter="l", sure={})
    assert "Nothing of a letter" in nothing.how_to_confirm and "Add the letter again" in CLAIM.how_to_confirm


def test_a_day_ends_by_the_clocks_of_the_agency_s_country(home: Home) -> None:
    assert str(claim_files.zone("Europe/Berlin")) == "Europe/Berlin"
    assert {str(claim_files.zone(each)) for each in ("Nowhere/Else", "../x", "")} == {"UTC"}
    assert (claim_files.clock_of(home), claim_files.zone_of(home)) == (None, "UTC")
    (home.root / "archiver.yaml").write_text("agency: {name: Agency Ltd, country: DE}\n")
    german = Home.load(home.root)
    assert (str(claim_files.clock_of(german)), claim_files.zone_of(german)) == ("Europe/Berlin",) * 2
    today = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert [claim_files.to_come(today + timedelta(n)) for n in (0, 1)] == [False, True]


@pytest.mark.parametrize(("now", "to_come"), [("09:59:59", True), ("10:00:00", False)])
def test_a_day_begins_fourteen_hours_before_it_does_in_utc(
    monkeypatch: pytest.MonkeyPatch, now: str, *, to_come: bool
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromisoformat(f"2026-12-01T{now}+00:00")

    monkeypatch.setattr(claim_files, "datetime", Clock)
    assert claim_files.to_come(date(2026, 12, 2)) is to_come


def test_two_people_at_once_lose_no_event(home: Home) -> None:
    claim = saved(home)
    threads = [
        threading.Thread(target=claim_life.note, args=(home, claim, str(n)), kwargs={"by": BY}) for n in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.text for each in claim_files.load(home, claim.claim).events) == sorted(map(str, range(8)))


def test_claims_that_belong_together(home: Home) -> None:
    base = saved(home, reference="AB 12-CD", urls=("https://acme.example/a",), licences=("acme/f1",))
    same = replace(base, claim="acme-2", reference="ab12cd", urls=(), licences=())
    page = replace(base, claim="acme-3", reference=None, licences=())
    picture = replace(base, claim="beta-4", client="beta", reference=None, licences=("house/f1",))
    other = replace(base, claim="acme-5", claimant="Pixsy", urls=(), licences=())  # another writer, the same number
    nothing = replace(base, claim="acme-6", reference=None, urls=(), licences=())
    found = claim_life.related(base, [base, same, page, picture, other, nothing])
    assert [(each.claim.claim, each.why) for each in found] == [
        ("acme-2", "reference"), ("beta-4", "picture"), ("acme-3", "page"),
    ]  # fmt: skip


def test_a_further_letter_moves_into_the_claim_that_is_there(home: Home) -> None:
    first = claim_life.answer(home, saved(home), by=BY, day=date(2026, 11, 20))
    second = replace(
        CLAIM, claim="acme-2", letter="letter.pdf", deadline=date(2027, 1, 9), urls=("https://acme.example/n",)
    )
    claim_files.save(home, second, {"letter.pdf": b"%PDF"})
    merged = claim_life.merge(home, second, first, by=BY)
    assert [each.claim for each in claim_files.all_claims(home)] == ["acme-1"]
    assert merged.deadline == date(2027, 1, 9) and not merged.answered and len(merged.urls) == 2
    assert "paper-1-letter.pdf" in claim_life.papers(home, merged)
    with pytest.raises(ConfigError):
        claim_life.merge(home, saved(home, claim="beta-2", client="beta"), merged, by=BY)


@pytest.mark.parametrize(
    "name", ["../../x.pdf", "a b/c\\d?.eml", "", "." * 90, "x" * 300 + ".jpeg", "claim.json", "\u202e.exe"]
)
def test_a_papers_name_stays_in_the_folder(home: Home, name: str) -> None:
    claim = claim_life.add_file(home, saved(home), b"x", name, by=BY)
    folder = claim_files.folder(home, claim.claim)
    [stored] = claim_life.papers(home, claim)
    assert (folder / stored).parent == folder and len(stored) < 90 and claim_files.load(home, claim.claim) == claim
    assert claim.events[-1].file == stored


def test_the_commands(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(GETTY)
    (tmp_path / "reply.txt").write_text("They withdraw it.")
    name = run.json("claim", "add", tmp_path / "letter.txt", "--client", "acme", "--yes")["claim"]
    by = ("--by", BY)
    run("claim", "note", name, "asked Bob", *by, "--owner", "Olaf Operator")
    run("claim", "note", name, *by, "--file", tmp_path / "reply.txt")
    run("claim", "answer", name, *by, "--on", "2026-11-20", "--how", "mail", "--sent", "proof.pdf")
    [listed] = run.json("status")["claims"]
    assert (listed["claim"], listed["step"], listed["owner"], listed["overdue"]) == (
        name,
        "answered",
        "Olaf Operator",
        False,
    )
    shown = run.json("claim", "show", name)
    kinds = [each["what"] for each in shown["events"]]
    assert kinds == ["added", "confirmed", "owner", "note", "file", "answered"]
    assert shown["soundness"]["writer"]["finding"] == "known" and shown["papers"] == ["letter.txt", "paper-1-reply.txt"]
    assert {each["point"] for each in shown["soundness"]["points"] if each["quote"]} == {"captures"}
    run("claim", "close", name, "withdrawn", *by)
    assert run("claim", "close", name, "won", *by, code=2).stderr.count("archiver claim reopen")
    run("claim", "reopen", name, *by, "--deadline", "2099-12-31")
    assert "DTSTART;VALUE=DATE:20991231" in run("claim", "calendar").stdout
    assert run("claim", "remove", name, code=2) and run.json("claim", "list")
    run("claim", "remove", name, "--yes")
    assert run.json("claim", "list") == [] and not any((run.root / "work").iterdir())


def test_a_hostile_claimant_adds_no_line_to_the_calendar(home: Home) -> None:
    hostile = saved(home, claimant="A,B;C\\D\r\nBEGIN:VEVENT\r\n" + "ü" * 200, deadline=date(2026, 12, 4))
    calendar = deadline_calendar([hostile, claim_life.answer(home, saved(home, claim="a-2"), by=BY)], NOW)
    assert all(len(line) <= 75 for line in calendar.split(b"\r\n"))
    lines = calendar.decode().replace("\r\n ", "").split("\r\n")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2 + 1  # with the notice of the second claim
    assert "UID:acme-1-claimant@archiver" in lines and "UID:a-2-claimant@archiver" not in lines
    assert any("A\\,B\\;C\\\\D" in line for line in lines) and lines.count("TRIGGER:-P6DT15H") == 3
