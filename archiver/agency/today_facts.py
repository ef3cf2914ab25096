"""Gather what Today depends on: archives, accounts, claims, sign-ins, alerts and the log of the last run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from archiver.agency.alerts import find_alerts
from archiver.agency.archive_summary import ArchiveSummary, summarise_archive
from archiver.agency.readiness_tasks import tasks_not_ready
from archiver.agency.sign_ins import DueSignIn, due_sign_ins, refused_kinds
from archiver.agency.status import Status, status
from archiver.agency.today import ClientFacts, Today, TodayFacts, today_of
from archiver.catalogue.search import without_client
from archiver.claims.claim_files import all_claims
from archiver.collect.companion.captures import Inbox
from archiver.collect.run_log import read_logs
from archiver.core.alert import Alert
from archiver.core.errors import PERSON, ArchiverError, ConfigError, VaultLocked
from archiver.home.settings import Home
from archiver.home.vault import Vault, find_key

FILING_MINUTES = 10  # a capture is filed within a minute, unless something is in the way

type Summarise = Callable[[Home, str], ArchiveSummary]
"""Returns the summary of a client's archive: `summarise_archive`, or a cached version."""

type FindAlerts = Callable[[Home, date], Sequence[Alert]]
"""Returns the alerts of a home: `find_alerts`, or a cached version."""


def look_at_today(home: Home, now: datetime) -> tuple[Status, TodayFacts, Today]:
    """The status of all accounts, what Today depends on, and Today. It asks nobody for the vault's key."""
    facts = gather(home, now, lambda: Vault(home.vault, find_key(interactive=False), remember=False))
    found = {each.slug: each.summary for each in facts.clients}  # a damaged archive does not hide the others
    return _status(home, now, found), facts, today_of(facts)


def _status(home: Home, now: datetime, found: Mapping[str, ArchiveSummary]) -> Status:
    return status(
        home, now, turns=lambda _, slug: found[slug].runs, lacking=lambda _, slug: found[slug].incomplete_from,
        previews=lambda _, slug: found[slug].previews_from,
    )  # fmt: skip


def gather(
    home: Home, now: datetime, vault: Callable[[], Vault], *, summaries: Summarise = summarise_archive,
    alerts: FindAlerts = find_alerts,
) -> TodayFacts:  # fmt: skip
    """Gather what Today depends on. A part that cannot be looked at is named and does not hide the others."""
    found = {slug: summaries(home, slug) for slug in home.clients}
    accounts = _status(home, now, found).accounts
    unreadable, unchecked = list[str](), list[str]()
    signing: Sequence[DueSignIn] | None = None
    with suppress(VaultLocked, ConfigError):
        signing = due_sign_ins(home, vault(), now, turns=lambda _, slug: found[slug].runs)
    known: Sequence[Alert] = ()
    try:
        known = alerts(home, now.date())
    except (ArchiverError, OSError) as error:
        if not any(each.fault for each in found.values()):  # a damaged archive is a task already
            unchecked.append(str(error))
    _, faults, _ = read_logs(home, now)
    clients = [
        ClientFacts(
            slug=slug, name=client.name, summary=found[slug], fault=faults.get(slug),
            accounts=[each for each in accounts if each.client == slug],
        )
        for slug, client in home.clients.items()
    ]  # fmt: skip
    unread, unfiled = count_captures(home, now)
    claims = all_claims(home, lambda text: unreadable.append(text.removeprefix("warning: ")))
    not_ready, unasked = tasks_not_ready(home, now)
    return TodayFacts(
        now=now, clients=clients, claims=claims, sign_ins=signing, alerts=known, unreadable_claims=unreadable,
        unchecked=unchecked, orphans=without_client(home), unread_captures=unread, unfiled_captures=unfiled,
        not_ready=not_ready, unasked=unasked,
        kinds=refused_kinds(home, {each.account: each.last_run for each in accounts if each.error in PERSON}),
    )  # fmt: skip


def count_captures(home: Home, now: datetime) -> tuple[int, int]:
    """How many captures of browsers belong to no licence yet, and how many wait longer than filing takes."""
    inbox, late = Inbox(home.state), now - timedelta(minutes=FILING_MINUTES)
    unread = sum(1 for each in inbox.results() if each.outcome == "unread" and not each.bound_to)
    return unread, sum(1 for each in inbox.waiting() if datetime.fromisoformat(each.received_at) < late)
