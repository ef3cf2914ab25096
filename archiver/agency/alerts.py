"""What people should know of accounts and licences though no run fails: bound to two clients, shared, about to lapse.

Each concern is one cause in plain words, with a key that stays the same until the cause changes, so that whoever tells
people can tell them once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from archiver.archive.reader import Archive
from archiver.catalogue.assignment import holders
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.catalogue.views import show
from archiver.claims.facts import platform_of
from archiver.core.alert import Alert
from archiver.core.model import Licence
from archiver.home.settings import HOUSE, Account, Home
from archiver.reading.worker import DocumentReader

NOTICE_DAYS = 30  # before a seat, a plan or a period of first use ends


_ONE_USER = re.compile(r"\b(?:single|individual|one)[- ]?(?:seat|user)?\b", re.IGNORECASE)


def find_alerts(home: Home, today: date) -> list[Alert]:
    """All concerns of a home as its settings and archives stand."""
    accounts = home.accounts()
    found = [*about_plans(accounts), *about_logins(accounts), *ending(accounts, today)]
    by_name = {account.name: account for account in accounts}
    with DocumentReader() as reader:
        for short_id, licence, account, jobs in _of_several(home, reader):
            found += about_bindings(short_id, licence, by_name.get(account or ""), jobs)
    return found


def about_bindings(
    short_id: str, licence: Licence, account: Account | None, jobs: Mapping[str, str]
) -> Iterator[Alert]:
    """A licence that is bound to several clients; `jobs` gives for each client the reason why it is for them."""
    platform = platform_of(licence.asset.provider, licence.kind or "")
    if len(jobs) < 2 or platform.get("one_client") == "no":
        return
    plan = licence.plan or (account.plan if account else None) or ""
    flags = ("two_clients", *(("plan",) if _excludes(platform, plan) else ()))
    for_whom = " and ".join(f"{slug} ({job})" for slug, job in sorted(jobs.items()))
    message = (
        f"{short_id} ({licence.asset.title or licence.asset.asset_id}) is bound to {len(jobs)} clients: {for_whom}."
    )
    risk = f"Many platforms allow one client for each licence; what {platform['title']} allows "
    risk += "is one" if platform.get("one_client") == "yes" else "was not read"
    risk += f", and its plan is {plan}: {platform['plan_clause']}." if "plan" in flags else "."
    command = (
        f"Buy it again for one of them, or say whose it is: archiver assign {short_id} CLIENT --reason TEXT --by NAME"
    )
    yield Alert(flags=flags, subject=short_id, clients=tuple(sorted(jobs)), message=message, risk=risk, command=command)


def about_plans(accounts: Iterable[Account]) -> Iterator[Alert]:
    """Accounts whose plan excludes work for clients."""
    for account in accounts:
        platform = platform_of(account.provider)
        if not account.closed and _excludes(platform, account.plan or ""):
            yield Alert(
                flags=("plan",),
                subject=account.name,
                clients=(account.client,),
                message=f"The plan of {account.name} is {account.plan}.",
                risk=f"{platform['title']}: {platform['plan_clause']}. What it licensed may not cover clients' work.",
                command=f"Have the clause read, or correct `plan:` at the account in clients/{account.client}.yaml.",
            )


def about_logins(accounts: Iterable[Account]) -> Iterator[Alert]:
    """Sign-ins of single-seat plans that several people, or several clients' accounts, use."""
    shared: dict[tuple[str, str], list[Account]] = {}
    for account in accounts:
        if account.closed:
            continue
        platform = platform_of(account.provider)
        single = platform.get("single_seat") == "yes" or bool(_ONE_USER.search(account.plan or ""))
        seats = account.seats or (1 if single else None)
        if seats and account.people and account.people > seats:
            what = f"{account.people} people use {account.name}, and its plan has {seats} seat{'s' * (seats > 1)}."
            yield _shared(platform, account.name, (account.client,), what, f"clients/{account.client}.yaml")
        if seats == 1 and account.username:
            shared.setdefault((account.provider, account.username.casefold()), []).append(account)
    for same in shared.values():
        clients = tuple(sorted({account.client for account in same}))
        if len(clients) > 1:
            names = " and ".join(account.name for account in same)
            what = f"{names} are one sign-in of one seat, used for {' and '.join(clients)}."
            yield _shared(platform_of(same[0].provider), names, clients, what, "the clients' files")


def _shared(platform: Mapping[str, Any], subject: str, clients: tuple[str, ...], what: str, where: str) -> Alert:
    clause = f"{platform['title']}: {platform['seat_clause']}. " if platform.get("seat_clause") else ""
    return Alert(
        flags=("shared_login",),
        subject=subject,
        clients=clients,
        message=what,
        risk=f"{clause}What others than the seat's holder used may not be covered.",
        command=f"Buy seats, or correct `seats:` and `people:` in {where}.",
    )


def ending(accounts: Iterable[Account], today: date) -> Iterator[Alert]:
    """Plans, seats and periods of first use that end within `NOTICE_DAYS`, or ended while the account stays open."""
    for account in accounts:
        if account.closed:
            continue
        after = platform_of(account.provider).get("lapse_days")
        clause = platform_of(account.provider).get("lapse_clause", "")
        if until := _near(account.plan_until, today):
            last = f" The last day of first use is {until + timedelta(days=after)}: {clause}." if after else ""
            yield _ends(
                account,
                f"The plan of {account.name} ends on {until}.",
                f"After that its history may be out of reach.{last}",
                f"archiver account close {account.name} --dry-run, or a new `plan_until:` when it is renewed.",
            )
        for user, day in account.seat_until.items():
            if _near(day, today):
                yield _ends(
                    account,
                    f"The seat of {user} at {account.name} ends on {day}.",
                    "What only that person can ask the platform for cannot be had afterwards.",
                    f"archiver account leaver {user} --dry-run",
                )


def _near(day: date | None, today: date) -> date | None:
    return day if day and day - today <= timedelta(days=NOTICE_DAYS) else None


def _ends(account: Account, message: str, risk: str, command: str) -> Alert:
    return Alert(
        flags=("ending",), subject=account.name, clients=(account.client,), message=message, risk=risk, command=command
    )


def _excludes(platform: Mapping[str, Any], plan: str) -> bool:
    pattern = platform.get("plan_excludes")
    return bool(pattern and plan and re.search(pattern, plan, re.IGNORECASE))


def _of_several(home: Home, reader: DocumentReader) -> Iterator[tuple[str, Licence, str | None, dict[str, str]]]:
    """The licences that are for several clients: short id, licence, account, and the reason for each client."""
    candidates: dict[str, CatalogueEntry] = {}
    ruled_out: set[str] = set()  # the house knows for whom these are: for one client
    for slug in sorted(home.clients, key=lambda slug: slug != HOUSE):
        if not home.archive(slug).is_dir():
            continue
        with Catalogue(home.catalogue(slug)) as catalogue:
            catalogue.catch_up(Archive(home.archive(slug)), reader)
            for entry in catalogue.assigned():
                if slug == HOUSE and len(entry.assigned["clients"] or () if entry.assigned else ()) < 2:
                    ruled_out.add(entry.object_id)
                elif entry.object_id not in ruled_out and (slug == HOUSE or entry.held):
                    candidates.setdefault(entry.object_id, entry)
    for object_id, where in holders(home, candidates, reader).items():
        of_clients = {slug: entry for slug, entry in where.items() if slug != HOUSE}
        if len(of_clients) > 1:
            first = candidates[object_id]
            jobs = {slug: _job(home, slug, entry) for slug, entry in of_clients.items()}
            yield first.short_id, first.licence, first.file.provenance.get("account"), jobs


def _job(home: Home, slug: str, entry: CatalogueEntry) -> str:
    """Why a licence is for a client, as was stated last; its own account's, where nothing was."""
    said = [each for each in show(slug, Archive(home.archive(slug)), entry)["assignments"] if each["held"]]
    return (
        str(said[-1]["reason"] or "no reason kept")
        if said
        else f"from the account {entry.file.provenance.get('account')}"
    )
