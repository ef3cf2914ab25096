"""Nights nobody watches: what hangs, what is told to whom and how often, how things stand, and what is due."""

from __future__ import annotations

import asyncio
import email
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from archiver.agency import notification, notification_causes
from archiver.agency.accounts import rotate
from archiver.agency.monthly_report import month_of, report, this_month
from archiver.agency.monthly_report_page import page
from archiver.agency.night import run
from archiver.agency.sign_ins import due_sign_ins
from archiver.agency.status import Coverage, coverage, status
from archiver.catalogue.index import RunLine
from archiver.collect.account_result import AccountResult
from archiver.collect.history_cursor import next_sweep_day, sweep_day
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.model import working_days
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, change_account, create_home
from archiver.home.vault import Vault, new_key
from tests.support.site import NOWHERE, Site
from tests.support.smtp_server import MailServer

LATER = datetime.now(UTC) + timedelta(days=8)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with Site() as site:
        for place in ("collect.run", "collect.account_session", "agency.accounts", "agency.sign_ins"):
            monkeypatch.setattr(f"archiver.{place}.load", site.adapter)
        yield site


@pytest.fixture
def night(tmp_path: Path) -> Callable[..., RunSummary]:
    """A real home in `tmp_path`, made when first asked for; each call is a night."""
    root, key = tmp_path / "home", new_key()

    def one(
        accounts: Sequence[tuple[str, str]] = (),
        settings: str = "",
        contact: str = "",
        ended: Any = id,
        **order: object,
    ) -> RunSummary:
        if not root.exists():
            create_home(root, timestamps=[])
            add_client(root, "acme", name="Acme Ltd")
            vault = Vault.create(root / "vault.enc", key)
            for name, provider in accounts:
                add_account(root, name, client="acme", provider=provider, username=name)
                vault.set_secrets(name, {"token": "RECORDED-TOKEN"})
            (root / "archiver.yaml").write_text(settings)
            with (root / "clients" / "acme.yaml").open("a") as file:
                file.write(contact)
        return asyncio.run(run(Home.load(root), Vault(root / "vault.enc", key), RunRequest(), finished=ended))

    one.root, one.key = root, key  # type: ignore[attr-defined]
    return one


def test_what_hangs_refuses_or_drops_keeps_none_of_the_others_and_is_named(
    site: Site, night: Callable[..., RunSummary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.browsing.request_pipeline.FIRST_RETRY_WAIT_S", 0.01)
    site.rows, site.certificates, site.mute, site.cut = 3, False, "/hangs/", "/drops/"
    names = ["hangs", "wrong", "drops", *(f"good-{number}" for number in range(5))]
    ended: list[AccountResult] = []
    summary = night(
        [(name, f"site{number % 6}") for number, name in enumerate(names)], "run: {deadline: 4s}\n", ended=ended.append
    )
    assert ended[-1].account == "hangs"  # nobody waited for it
    found = {each.account: each for each in summary.accounts}
    assert {name: each.error for name, each in found.items() if each.error} == {
        "hangs": "SiteUnavailable", "wrong": "WrongPassword", "drops": "SiteUnavailable",
    }  # fmt: skip
    assert [found[f"good-{number}"].archived for number in range(5)] == [3] * 5
    assert "hangs did not finish before its deadline, 4 s" in found["hangs"].message
    assert "deadline" not in found["drops"].message and "rotate wrong" in found["wrong"].message
    assert (summary.exit_code, summary.outcome) == (30, "partial")
    home = Home.load(night.root)  # type: ignore[attr-defined]
    [person] = notification_causes.causes(home, datetime.now(UTC))
    assert (person.kind, person.about, person.fix.command) == ("person", "wrong", "archiver account rotate wrong")
    site.mute = NOWHERE
    night()
    kinds = {(cause.kind, cause.about) for cause in notification_causes.causes(home, datetime.now(UTC))}
    assert kinds == {("person", "wrong"), ("failing", "drops")}
    vault = Vault(home.vault, night.key)  # type: ignore[attr-defined]
    assert [(each.account, each.attended) for each in due_sign_ins(home, vault)] == [("wrong", False)]


def test_38_of_40_are_told_to_the_named_person_once_and_the_next_run_fetches_just_the_two(
    site: Site, night: Callable[..., RunSummary]
) -> None:
    site.withheld = {7, 31}
    with MailServer(encrypted=False) as mail:
        settings = (
            f"mail: {{host: localhost, port: {mail.port}, from: archiver@example.com}}\n"
            f"notify: {{channels: ['{site.url}/hook'], weekly: true, ping: '{site.url}/hook/ping'}}\n"
        )
        first = night([("one", "site")], settings, "contact: {name: Ada Example, to: ada@example.com}\n")
        [account] = first.accounts
        assert (account.listed, account.archived, account.outcome, first.exit_code) == (40, 40, "partial", 40)
        assert len(account.incomplete) == 2 and first.warnings == []
        [raw] = mail.mails
        message = email.message_from_bytes(raw, policy=default)
        told = message.get_content()
        assert message["To"] == "ada@example.com" and all(each in told for each in account.incomplete)
        assert "At risk:" in told and "What to do: archiver run --account one" in told
        hook, weekly = site.hooks
        assert "this week" in weekly["subject"] and "lack a document" in weekly["text"] and "witness" in weekly["text"]
        assert hook["causes"][0]["items"] == account.incomplete and site.asked.count("/hook/ping") == 1
        home = Home.load(night.root)  # type: ignore[attr-defined]
        assert str(status(home).accounts[0].coverage) == "38/40"

        night()
        assert (len(mail.mails), len(site.hooks)) == (1, 2)  # the same cause, unchanged
        assert notification.tell(home, now=LATER) == []  # a week later the same two are missing still
        assert len(mail.mails) == 2 and b"for more than 7 days" in mail.mails[1]

        site.withheld.clear()
        site.asked.clear()
        last = night()
        assert sorted(path.rpartition("/")[2] for path in site.asked if "/certificate/" in path) == ["31", "7"]
        assert (
            last.accounts[0].completed == account.incomplete
            and "Incomplete until now and complete: " in last.accounts[0].message
        )
        assert (last.accounts[0].outcome, last.accounts[0].archived, last.accounts[0].already) == ("complete", 0, 40)
        assert len(mail.mails) == 2
        assert str(status(home).accounts[0].coverage) == "40/40"
    # A closed account stays in the client's report, with its denominator.
    clients = home.root / "clients" / "acme.yaml"
    clients.write_text("name: Acme Ltd\n")
    home = Home.load(home.root)
    made = report(home, "acme", f"{datetime.now(UTC):%Y-%m}")
    [covered] = made.coverage
    assert (covered.closed, covered.whole, covered.listed, len(made.captured)) == (True, 40, 40, 40)
    days = Counter((row.licensed_at or "")[:7] for row in made.captured)
    for month in ("2023-01", *days):  # each month in which something was bought, though all was archived today
        bought = report(home, "acme", month).licensed
        assert len(bought) == days[month] and all((row.licensed_at or "").startswith(month) for row in bought)
        assert not bought or f"{len(bought)} licence" in page(report(home, "acme", month), "en")
    assert made.checkpoint and made.checkpoint.note in page(made, "de") and "geschlossen" in page(made, "de")
    assert "Uhren von UTC" in page(made, "de")
    (home.root / "archiver.yaml").write_text("agency: {country: DE}\n")
    here, at = Home.load(home.root), "2026-10-31T23:30:00Z"
    assert report(here, "acme", this_month(here)).time_zone == "Europe/Berlin"
    assert (month_of(at, "UTC"), month_of(at, "Europe/Berlin")) == ("2026-10", "2026-11")


def test_what_never_arrives_whole_is_named_costs_no_other_and_is_asked_for_once_a_night_and_less_often(
    site: Site, night: Callable[..., RunSummary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.browsing.request_pipeline.FIRST_RETRY_WAIT_S", 0.01)
    site.rows, site.broken = 90, {*range(40, 48)}
    nights: list[tuple[int, int]] = []  # requests for certificates, and for how many
    for _ in range(6):
        site.asked.clear()
        summary = night([("one", "site")])
        [account] = summary.accounts
        assert (account.error, account.outcome, summary.exit_code) == (None, "partial", 40)
        assert len(account.incomplete) == 8 and account.listed == 90
        asked = [path for path in site.asked if "/certificate/" in path]
        nights.append((len(asked), len(set(asked))))
    assert nights[0] == (82 + 8 * 3, 90), "the first night tries again"
    assert nights[1:] == [(8, 8), (8, 8), (0, 0), (8, 8), (0, 0)]
    assert str(status(Home.load(night.root)).accounts[0].coverage) == "82/90"  # type: ignore[attr-defined]

    site.broken.clear()
    assert all(night().accounts[0].outcome == "partial" for _ in range(2)), "not due yet"
    last = night().accounts[0]
    assert (last.outcome, len(last.completed)) == ("complete", 8)


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_run(site: Site, night: Callable[..., RunSummary]) -> None:
    site.rows, site.certificates = 1, False
    failed = night([("wrong", "site")], "notify: ['http://127.0.0.1:9/hook']\n")
    [warning] = [each for each in failed.warnings if "message to http://127.0.0.1:9/hook failed" in each]
    assert "platform" not in warning and ".." not in warning
    home = Home.load(night.root)  # type: ignore[attr-defined]
    (home.root / "archiver.yaml").write_text(f"notify: {site.url}/hook\n")
    home = Home.load(home.root)
    assert notification.tell(home) == notification.tell(home) == []
    assert len(site.hooks) == 1
    pytest.importorskip("apprise")
    (home.root / "archiver.yaml").write_text(f"notify: {site.url.replace('http', 'json')}/hook\n")
    assert notification.tell(Home.load(home.root)) == [] and "rotate wrong" in site.hooks[-1]["message"]
    assert notification.tell(Home.load(home.root), now=datetime.now(UTC) + timedelta(days=7)) == []
    assert "Nothing ran for" in site.hooks[-1]["message"] and "schedule --install" in site.hooks[-1]["message"]


def test_a_new_secret_that_is_refused_too_is_told_too(site: Site, night: Callable[..., RunSummary]) -> None:
    site.rows, site.certificates = 1, False
    night([("wrong", "site")], f"notify: {site.url}/hook\n")
    night()
    assert len(site.hooks) == 1
    home = Home.load(night.root)  # type: ignore[attr-defined]
    vault = Vault(home.vault, night.key)  # type: ignore[attr-defined]
    asyncio.run(rotate(home, vault, "wrong", {"token": "ANOTHER-RECORDED-TOKEN"}, check=False))
    night()
    night()
    assert len(site.hooks) == 2


def test_of_a_closed_account_nothing_waits_for_a_person(site: Site, night: Callable[..., RunSummary]) -> None:
    site.rows, site.certificates = 1, False
    night([("wrong", "site")])
    home = Home.load(night.root)  # type: ignore[attr-defined]
    vault = Vault(home.vault, night.key)  # type: ignore[attr-defined]
    assert notification_causes.causes(home, datetime.now(UTC)) and due_sign_ins(home, vault)
    change_account(home.root, "wrong", closed=datetime.now(UTC).date().isoformat())
    vault.forget("wrong")
    home = Home.load(home.root)
    assert not notification_causes.causes(home, datetime.now(UTC)) and not due_sign_ins(home, vault)


def test_a_full_sweep_is_due_each_month_on_a_day_of_the_accounts_own(
    site: Site, night: Callable[..., RunSummary]
) -> None:
    days = [sweep_day(f"account-{number}", date(2026, 11, 30)) for number in range(300)]
    assert len(set(days)) == 28 and all(day.month == 11 for day in days)
    for today in (date(2026, 12, 31) + timedelta(n) for n in range(400)):
        last, following = sweep_day("one", today), next_sweep_day("one", today)
        assert last <= today < following and 27 < (following - last).days < 32
    site.rows, site.certificates = 60, False
    assert [night([("one", "site")]).accounts[0].sweep, night().accounts[0].sweep] == ["full", "known"]
    cursors = night.root / "state" / "history" / "one.json"  # type: ignore[attr-defined]
    content = json.loads(cursors.read_text())
    content["downloads"]["full_on"] = "2020-01-01"
    cursors.write_text(json.dumps(content))
    assert [night().accounts[0].sweep, night().accounts[0].sweep] == ["full", "known"]


def test_coverage_counts_what_is_listed_not_what_was_read_tonight() -> None:
    def line(**fields: object) -> RunLine:
        known = {"account": "a", "provider": "p", "at": "2026-11-01T02:00:00Z", "error": None, "total": None}
        return RunLine(**{**known, "sweep": "known", "outcome": "complete", "listed": 20, "archived": 0, **fields})  # type: ignore[arg-type]

    full = line(sweep="full", listed=500, archived=500)
    assert coverage([]) == Coverage(None, 0, 0)
    assert coverage([full, line(archived=2), line()]) == Coverage(502, 502, 0)
    assert coverage([full, line(total=503, archived=2, outcome="partial", unexplained=1)]) == Coverage(503, 502, 0)
    assert coverage([full, line(outcome="failed", error="SiteUnavailable", listed=0)]) == Coverage(500, 500, 0)
    assert coverage([line(outcome="failed", error="SiteUnavailable", total=900, archived=40)]) == Coverage(900, 40, 0)


def test_two_working_days_are_counted_without_the_weekend() -> None:
    friday, tuesday = date(2026, 11, 20), date(2026, 11, 24)
    assert working_days(friday, tuesday) == 1  # Monday only
    assert working_days(friday, date(2026, 11, 25)) == 2
