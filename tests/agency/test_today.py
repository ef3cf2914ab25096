"""Today: one list of what needs a person. It is never green while anything is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from archiver.agency.archive_summary import ArchiveSummary, is_secured
from archiver.agency.sign_ins import DueSignIn
from archiver.agency.status import AccountStatus, Coverage
from archiver.agency.today import ClientFacts, TodayFacts, TodayState, today_of
from archiver.catalogue.index import RunLine
from archiver.claims.claim_events import AnswerTo, ClaimEvent, ClaimEventKind, ClaimOutcome
from archiver.core.alert import Alert
from archiver.core.remedy import Remedy
from archiver.desk.translations import LANGUAGES
from tests.support.agency import agency, record
from tests.support.claims_kit import CLAIM, licence

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)  # a Friday
RUN = RunLine(
    account="acme-stock", provider="shutterstock", at="2026-11-27T02:00:00Z", sweep="known", outcome="complete",
    error=None, listed=5, archived=2, total=5,
)  # fmt: skip
ACCOUNT = AccountStatus(
    client="acme", account="acme-stock", provider="shutterstock", configured=True, closed=False, last_run=RUN.at,
    last_complete=RUN.at, outcome="complete", error=None, coverage=Coverage(5, 5, 0), unexplained=0, next_full=None,
)  # fmt: skip
SUMMARY = ArchiveSummary(count=5, runs={"acme-stock": [RUN]}, recent=("f2", "f1", "f0"))
QUIET = TodayFacts(
    now=NOW,
    clients=[
        ClientFacts(slug="house", name="House"),
        ClientFacts(slug="acme", name="Acme Ltd", accounts=[ACCOUNT], summary=SUMMARY),
    ],
)


def acme(**more: Any) -> Callable[[TodayFacts], TodayFacts]:
    return lambda facts: replace(
        facts, clients=[facts.clients[0], replace(facts.clients[1], **more), *facts.clients[2:]]
    )


def archive(**more: Any) -> Callable[[TodayFacts], TodayFacts]:
    def changed(facts: TodayFacts) -> TodayFacts:
        house, own, *others = facts.clients
        return replace(facts, clients=[house, replace(own, summary=replace(own.summary, **more)), *others])

    return changed


def house(**more: Any) -> Callable[[TodayFacts], TodayFacts]:
    def changed(facts: TodayFacts) -> TodayFacts:
        own, *others = facts.clients
        return replace(facts, clients=[replace(own, summary=replace(own.summary, **more)), *others])

    return changed


def account(**more: Any) -> Callable[[TodayFacts], TodayFacts]:
    def changed(facts: TodayFacts) -> TodayFacts:
        own, at = facts.clients[1], facts.clients[1].accounts[0]
        return acme(accounts=[replace(at, **more), *own.accounts[1:]])(facts)

    return changed


def claim(**more: Any) -> Callable[[TodayFacts], TodayFacts]:
    made = replace(CLAIM, **({"confirmed": True, "received": None, "claim": f"acme-{len(more)}"} | more))
    return lambda facts: replace(facts, claims=[*facts.claims, made])


def event(kind: ClaimEventKind, **more: Any) -> ClaimEvent:
    return ClaimEvent(what=kind, at="2026-11-20T00:00:00Z", **more)


def signing(why: str) -> Callable[[TodayFacts], TodayFacts]:
    due = DueSignIn(account="acme-stock", why=why, remedy=Remedy("sign in", {"account": "acme-stock"}), attended=True)
    return lambda facts: replace(facts, sign_ins=[*(facts.sign_ins or ()), due])


def alert(*flags: str, subject: str = "acme-stock") -> Callable[[TodayFacts], TodayFacts]:
    made = Alert(
        flags=flags,
        subject=subject,
        clients=("acme",),
        message="m.",
        risk="r.",
        remedy=Remedy("see account", {"account": subject}),
    )
    return lambda facts: replace(facts, alerts=[*facts.alerts, made])


def plus(**more: Any) -> Callable[[TodayFacts], TodayFacts]:
    return lambda facts: replace(facts, **more)


def with_beta(facts: TodayFacts) -> TodayFacts:
    return replace(facts, clients=[*facts.clients, ClientFacts(slug="beta", name="Beta GmbH")])


IN_9_DAYS = NOW.date() + timedelta(days=9)
ANSWERED = event(ClaimEventKind.ANSWERED, to=AnswerTo.CLAIMANT, day=date(2026, 11, 20))
REOPENED = event(ClaimEventKind.REOPENED)

TASKS: dict[str, tuple[Callable[[TodayFacts], TodayFacts], str, str]] = {
    # situation: what changes, the kind of its task, and its tone
    "an archive cannot be read": (archive(fault="no ledger"), "damage", "bad"),
    "the last run found damage": (acme(fault=("IntegrityError", "x")), "damage", "bad"),
    "the last run found the disk full": (acme(fault=("DiskFull", "x")), "machine", "bad"),
    "an answer is overdue": (claim(deadline=date(2026, 11, 20)), "claim", "bad"),
    "an answer is due today": (claim(deadline=NOW.date()), "claim", "bad"),
    "an answer is due in two days": (claim(deadline=date(2026, 11, 29)), "claim", "bad"),
    "an answer is due in three days": (claim(deadline=date(2026, 11, 30)), "claim", "warn"),
    "an answer is due in nine days": (claim(deadline=IN_9_DAYS), "claim", "calm"),
    "an answer without a deadline": (claim(deadline=None), "claim", "warn"),
    "a notice is due before the answer": (claim(received=date(2026, 11, 20), deadline=IN_9_DAYS), "claim", "bad"),
    "a letter nobody confirmed": (claim(confirmed=False, deadline=IN_9_DAYS), "letter", "calm"),
    "answered, without a notice": (claim(received=date(2026, 11, 24), events=(ANSWERED,)), "notice", "warn"),
    "a claim that was reopened": (claim(events=(ANSWERED, REOPENED), deadline=IN_9_DAYS), "claim", "calm"),
    "a claim that cannot be read": (plus(unreadable_claims=["work/x/claim.json"]), "unreadable_claim", "bad"),
    "a sign-in is due": (signing("SignInNeeded on 2026-11-26"), "sign_in", "warn"),
    "a password is wrong": (account(error="WrongPassword", outcome="failed"), "sign_in", "warn"),
    "a saved session ends": (signing("its session ends on 2026-11-30 02:00 UTC"), "session_ends", "calm"),
    "an account was never read": (account(last_run=None, last_complete=None, outcome=None), "not_read", "warn"),
    "an account failed tonight": (account(outcome="failed", error="SiteUnavailable"), "not_read", "warn"),
    "an account is silent for days": (account(last_complete="2026-11-23T02:00:00Z"), "not_read", "warn"),
    "a platform lists more than is archived": (account(unexplained=2), "unexplained", "warn"),
    "papers in a mailbox wait": (account(provider="mailbox", unexplained=2), "papers", "warn"),
    "a capture belongs to no licence": (plus(unread_captures=1), "capture", "warn"),
    "captures are not filed": (plus(unfiled_captures=3), "unfiled", "warn"),
    "certificates are missing": (archive(incomplete=3, incomplete_from={"acme-stock": 3}), "incomplete", "warn"),
    "one certificate is missing": (archive(incomplete=1), "incomplete", "warn"),
    "licences have no client": (house(unassigned=12), "unassigned", "warn"),
    "an archive has no timestamp": (archive(secured=False), "unsecured", "warn"),
    "the house archive has no timestamp": (house(secured=False), "unsecured", "warn"),
    "an archive's client is lost": (plus(orphans=["gamma"]), "orphan", "bad"),
    "an archive has a time to come": (archive(latest=("2026-12-24T00:00:00Z", "the last line")), "clock", "warn"),
    "timestamps must be renewed": (archive(renewal="2026-11-27T07:59:59Z"), "renewal", "warn"),
    "an account was read in the future": (account(last_complete="2027-11-23T02:00:00Z"), "not_read", "warn"),
    "a client without account": (with_beta, "no_account", "calm"),
    "a plan ends": (alert("ending"), "ending", "warn"),
    "a licence is for two clients": (alert("two_clients", subject="acme/x"), "concern", "calm"),
    "people share a seat": (alert("shared_login"), "concern", "calm"),
}  # fmt: skip

NOT_CERTAIN = {
    "the vault is locked": plus(sign_ins=None),
    "no client yet": plus(clients=QUIET.clients[:1]),
    "nothing archived yet": archive(count=0),
    "a platform states no total": account(coverage=Coverage(None, 5, 0)),
    "alerts could not be looked for": plus(unchecked=["x"]),
}

CLEAR = {
    "nothing open": plus(),
    "an account whose documents are missing": account(outcome="partial", last_complete="2026-10-01T02:00:00Z"),
    "an archive from a clock that is a little ahead": archive(latest=("2026-11-27T08:00:30Z", "x")),
    "timestamps that need no renewal yet": archive(renewal="2026-11-27T08:00:01Z"),
    "an answered claim": claim(events=(ANSWERED,)),
    "a closed claim": claim(
        events=(event(ClaimEventKind.CLOSED, outcome=ClaimOutcome.WON),), deadline=date(2026, 1, 1)
    ),
    "a closed account that failed": account(closed=True, error="SiteUnavailable", outcome="failed", last_complete=None),
    "a client with imported licences only": acme(accounts=()),
    "a weekend without runs": plus(now=datetime(2026, 11, 29, 20, tzinfo=UTC)),
}


def test_the_table_is_long_enough() -> None:
    assert len(TASKS) >= 30


@pytest.mark.parametrize("situation", TASKS)
def test_each_cause_alone_is_one_task(situation: str) -> None:
    change, kind, tone = TASKS[situation]
    [task] = (today := today_of(change(QUIET))).tasks
    assert (task.kind, task.tone) == (kind, tone)
    assert today.state is TodayState.OPEN
    for language in LANGUAGES:
        said = [
            task.sentence(language),
            task.risk(language),
            task.remedy.button(language),
            task.remedy.command,
            task.remedy.place,
        ]
        assert all(each and "{" not in each and "None" not in each for each in said), said
    assert task.remedy.place
    assert task.remedy.place.startswith("/") and not task.remedy.place.startswith("//")


@pytest.mark.parametrize(("change", "state"), [
    *((each, TodayState.NOT_CERTAIN) for each in NOT_CERTAIN.values()),
    *((each, TodayState.CLEAR) for each in CLEAR.values()),
], ids=[*NOT_CERTAIN, *CLEAR])  # fmt: skip
def test_without_a_task_it_is_green_only_where_nothing_is_unknown(
    change: Callable[[TodayFacts], TodayFacts], state: TodayState
) -> None:
    today = today_of(change(QUIET))
    assert (today.tasks, today.state) == ((), state)
    assert bool(today.why("de")) == (state is TodayState.NOT_CERTAIN)


def test_any_two_causes_together_hide_nothing() -> None:
    """Some causes stand for others: an unreadable archive cannot say what it lacks."""
    changes = {**{name: change for name, (change, *_) in TASKS.items()}, **NOT_CERTAIN}
    del changes["no client yet"]  # where nothing else can be
    for (one, first), (two, second) in combinations(changes.items(), 2):
        for facts in (second(first(QUIET)), first(second(QUIET))):
            if facts.sign_ins is None and {"a sign-in is due", "a saved session ends"} & {one, two}:
                continue  # only an open vault tells of these
            today = today_of(facts)
            opened = one in TASKS or two in TASKS
            assert today.state is (TodayState.OPEN if opened else TodayState.NOT_CERTAIN), (one, two)
            tones = [("bad", "warn", "calm").index(each.tone) for each in today.tasks]
            assert tones == sorted(tones), (one, two)
    facts = QUIET
    for change in changes.values():
        facts = change(facts)
    assert today_of(facts).state is TodayState.OPEN and len(today_of(facts).tasks) > 12


def test_an_unreadable_archive_says_nothing_of_its_accounts() -> None:
    never = account(last_run=None, last_complete=None, outcome=None)(archive(fault="no ledger")(QUIET))
    assert [each.kind for each in today_of(never).tasks] == ["damage"]


def test_the_most_urgent_deadline_is_first_and_the_night_is_counted() -> None:
    days = (9, 1, 5, -3)
    facts = QUIET
    for number, left in enumerate(days):
        facts = claim(claim=f"acme-{number}", deadline=NOW.date() + timedelta(days=left))(facts)
    assert [each.days_left for each in today_of(facts).tasks] == sorted(days)
    night = today_of(QUIET).night
    assert (night.licences, night.accounts, night.faults) == (2, 1, 0)
    assert night.pictures == (("acme", "f2"), ("acme", "f1")), "no more pictures than came in"
    assert today_of(replace(QUIET, now=NOW + timedelta(days=2))).night.licences == 0


def test_a_date_is_said_of_what_is_due_on_it() -> None:
    [task] = today_of(claim(received=date(2026, 11, 24), deadline=IN_9_DAYS, reference="R-1")(QUIET)).tasks
    assert task.due == date(2026, 12, 1)
    assert "(R-1): tell the platform of this claim by this date" in task.sentence("en")
    assert "indemnify" in task.risk("en") and "bis zu diesem Tag" in task.sentence("de")


def test_missing_documents_are_fetched_only_by_the_accounts_that_can() -> None:
    lacks = archive(incomplete=2, incomplete_from={"acme-stock": 1, "gone": 1})
    [task] = today_of(lacks(QUIET)).tasks
    assert task.remedy == Remedy("run account", {"account": "acme-stock"}) and task.remedy.post
    at_house = replace(lacks(QUIET).clients[0], accounts=[replace(ACCOUNT, client="house")])
    [task] = today_of(acme(accounts=())(plus(clients=[at_house, lacks(QUIET).clients[1]])(QUIET))).tasks
    assert task.remedy.arguments == {"account": "acme-stock"}, "a shared account can fetch it, too"
    of_beta = ClientFacts(slug="beta", name="Beta", accounts=[replace(ACCOUNT, client="beta")])
    gone = acme(accounts=())(lacks(QUIET))
    for nobody in (
        gone, archive(incomplete=2)(QUIET), account(closed=True)(lacks(QUIET)),
        plus(clients=[*gone.clients, of_beta])(gone),
    ):  # fmt: skip
        [task] = today_of(nobody).tasks
        assert (task.remedy.post, task.remedy.place) == (False, "/licences?client=acme&missing=any")
        assert "no account is connected" in task.sentence("en") and "kein Konto" in task.sentence("de")


def test_secured_means_that_a_timestamp_covers_all_evidence(tmp_path: Any) -> None:
    with agency(tmp_path) as at:
        root = at.home.archive("acme")
        assert is_secured(root)
        at.archive("acme", (licence("1"), [record()]))
        assert is_secured(root)
        for token in (root / "ledger" / "checkpoints").glob("*.tsr"):
            token.unlink()
        assert not is_secured(root)
        said = at.run.json("status")["today"]
    assert said["state"] == "open" and "unsecured" in {each["kind"] for each in said["tasks"]}


@pytest.mark.parametrize("flag", ["terms", "pictures", "letter", "two_clients", "plan", "shared_login"])
def test_an_alert_says_what_it_is_about_and_has_its_remedy(flag: str) -> None:
    [task] = today_of(alert(flag, subject="shutterstock" if flag == "terms" else "acme")(QUIET)).tasks
    assert task.remedy == Remedy("see account", {"account": task.about})
    assert "needs a decision" not in task.sentence("en") and "braucht eine Entscheidung" not in task.sentence("de")
    if flag in ("terms", "pictures"):
        assert ("Shutterstock" if flag == "terms" else "Acme Ltd") in task.sentence("de")


def test_the_agencys_archive_has_a_name_in_each_language() -> None:
    [task] = today_of(house(secured=False)(QUIET)).tasks
    assert "the agency" in task.sentence("en") and "der Agentur" in task.sentence("de")
