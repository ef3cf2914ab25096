"""Find risks that no failed run shows: licences for two clients, shared sign-ins, letters, plans about to end.

Each alert describes one cause in plain words. Its key stays the same until the cause changes, so people get it once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from archiver.agency.mailed_letters import letter_alerts
from archiver.agency.terms_watch import about_terms
from archiver.archive.reader import Archive
from archiver.catalogue.assignment import holders
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.catalogue.views import assignments
from archiver.claims.facts import platform_of
from archiver.claims.work_name import work_name
from archiver.core.alert import Alert, Remedy
from archiver.core.model import Licence
from archiver.home.open_pictures import open_pictures
from archiver.home.settings import HOUSE, Account, Home
from archiver.reading.worker import DocumentReader

MAX_NAMED_PICTURES = 10  # that an alert names
NOTICE_DAYS = 30  # how long before the end of a seat, a plan or a period of first use an alert comes
_ONE_USER = re.compile(r"\b(?:single|individual|one)[- ]?(?:seat|user)?\b", re.IGNORECASE)


def find_alerts(home: Home, today: date) -> list[Alert]:
    """All alerts of a home, from its settings and archives."""
    accounts = home.accounts()
    found = [*about_plans(accounts), *about_logins(accounts), *ending(accounts, today)]
    by_name = {account.name: account for account in accounts}
    with DocumentReader() as reader:
        for short_id, licence, account, jobs in _of_several(home, reader):
            found += about_bindings(short_id, licence, by_name.get(account or ""), jobs)
    return [*found, *letter_alerts(home), *about_pictures(home), *about_terms(home, today)]


def about_bindings(
    short_id: str, licence: Licence, account: Account | None, jobs: Mapping[str, str]
) -> Iterator[Alert]:
    """A licence that is assigned to several clients; `jobs` gives the reason for each client."""
    platform = platform_of(licence.asset.provider, licence.kind or "")
    if len(jobs) < 2 or platform.get("one_client") == "no":
        return
    plan = licence.plan or (account.plan if account else None) or ""
    flags = ("two_clients", *(("plan",) if _excludes(platform.get("plan_excludes"), plan) else ()))
    for_whom = " and ".join(f"{slug} ({job})" for slug, job in sorted(jobs.items()))
    message = (
        f"{short_id} ({work_name(licence.asset, licence.licensed_at, 'en')}) is assigned to {len(jobs)} clients: "
        f"{for_whom}."
    )
    risk = (
        f"{platform['title']} allows one client for each licence."
        if platform.get("one_client") == "yes"
        else (f"Many platforms allow one client for each licence; the rule of {platform['title']} is unknown.")
    )
    risk += f" The plan is {plan}: {platform['plan_clause']}." if "plan" in flags else ""
    yield Alert(
        flags=flags, subject=short_id, clients=tuple(sorted(jobs)), message=message, risk=risk,
        advice="Buy it again for one of them, or assign it to one.", remedy=Remedy("assign", {"licence": short_id}),
    )  # fmt: skip


def about_plans(accounts: Iterable[Account]) -> Iterator[Alert]:
    """Accounts whose plan excludes work for clients."""
    for account in accounts:
        platform = platform_of(account.provider)
        if not account.closed and _excludes(platform.get("plan_excludes"), account.plan or ""):
            yield Alert(
                flags=("plan",),
                subject=account.name,
                clients=(account.client,),
                message=f"The plan of {account.name} is {account.plan}.",
                risk=f"{platform['title']}: {platform['plan_clause']}. Its licences may not cover work for clients.",
                advice=f"Ask a lawyer about the clause, or correct `plan:` in clients/{account.client}.yaml.",
                remedy=Remedy("see account", {"account": account.name}),
            )


def about_logins(accounts: Iterable[Account]) -> Iterator[Alert]:
    """Single-seat sign-ins that several people or several clients' accounts use."""
    shared: dict[tuple[str, str], list[Account]] = {}
    for account in accounts:
        if account.closed:
            continue
        platform = platform_of(account.provider)
        single = platform.get("single_seat") == "yes" or bool(_ONE_USER.search(account.plan or ""))
        seats = account.seats or (1 if single else None)
        if seats and account.people and account.people > seats:
            what = f"{account.people} people use {account.name}, but its plan has {seats} seat{'s' * (seats > 1)}."
            yield _shared([account], (account.client,), what, f"clients/{account.client}.yaml")
        if seats == 1 and account.username:
            shared.setdefault((account.provider, account.username.casefold()), []).append(account)
    for same in shared.values():
        clients = tuple(sorted({account.client for account in same}))
        if len(clients) > 1:
            names = " and ".join(account.name for account in same)
            what = f"{names} use the same single-seat sign-in for {' and '.join(clients)}."
            yield _shared(same, clients, what, "the clients' files")


def _shared(accounts: Sequence[Account], clients: tuple[str, ...], what: str, where: str) -> Alert:
    platform = platform_of(accounts[0].provider)
    clause = f"{platform['title']}: {platform['seat_clause']}. " if platform.get("seat_clause") else ""
    return Alert(
        flags=("shared_login",),
        subject=" and ".join(account.name for account in accounts),
        clients=clients,
        message=what,
        risk=f"{clause}The licence may not cover uses by people other than the seat's holder.",
        advice=f"Buy seats, or correct `seats:` and `people:` in {where}.",
        remedy=Remedy("see account", {"account": accounts[0].name}),
    )


def ending(accounts: Iterable[Account], today: date) -> Iterator[Alert]:
    """Plans, seats and periods of first use that end within `NOTICE_DAYS`, or have ended while the account is open."""
    for account in accounts:
        if account.closed:
            continue
        after = platform_of(account.provider).get("lapse_days")
        clause = platform_of(account.provider).get("lapse_clause", "")
        if until := _if_soon(account.plan_until, today):
            last = f" The last day of first use is {until + timedelta(days=after)}: {clause}." if after else ""
            yield _ends(
                account,
                f"The plan of {account.name} ends on {until}.",
                f"After that you may lose access to its history.{last}",
                Remedy("try closing", {"account": account.name}),
                "If the plan is renewed, set a new `plan_until:` in the client's file.",
            )
        for user, day in account.seat_until.items():
            if _if_soon(day, today):
                yield _ends(
                    account,
                    f"The seat of {user} at {account.name} ends on {day}.",
                    "Afterwards nobody can ask the platform for the documents that only this person can request.",
                    Remedy("look at leaver", {"user": user}),
                )


def about_pictures(home: Home) -> Iterator[Alert]:
    """Pictures that the last visit of a client's site found for the first time, and that are still open."""
    for client in home.clients.values():
        found = open_pictures(home, client.slug)
        if not found or not set(found.new) & set(found.pictures):
            continue
        count, named = len(found.new), ", ".join(found.new[:MAX_NAMED_PICTURES])
        what = "1 new picture" if count == 1 else f"{count} new pictures"
        yield Alert(
            flags=("pictures",), subject=client.slug, clients=(client.slug,),
            message=f"On {found.news_at[:10]} the site of {client.name} showed {what} that no licence covers: {named}"
                    f"{f' and {count - MAX_NAMED_PICTURES} more' if count > MAX_NAMED_PICTURES else ''}.",
            risk="If a claim comes for one of them, you have no proof of a licence for this use.",
            remedy=Remedy("audit report", {"client": client.slug}),
        )  # fmt: skip


def _if_soon(day: date | None, today: date) -> date | None:
    return day if day and day - today <= timedelta(days=NOTICE_DAYS) else None


def _ends(account: Account, message: str, risk: str, remedy: Remedy, advice: str = "") -> Alert:
    return Alert(
        flags=("ending",), subject=account.name, clients=(account.client,), message=message, risk=risk, remedy=remedy,
        advice=advice,
    )  # fmt: skip


def _excludes(pattern: str | None, plan: str) -> bool:
    return bool(pattern and plan and re.search(pattern, plan, re.IGNORECASE))


def _of_several(home: Home, reader: DocumentReader) -> Iterator[tuple[str, Licence, str | None, dict[str, str]]]:
    """The licences of several clients: short id, licence, account, and the reason for each client."""
    candidates: dict[str, CatalogueEntry] = {}
    ruled_out: set[str] = set()  # the house archive assigns these to one client
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
    """Why a licence is for a client: the newest stated reason, or else the account that bought it."""
    said = [each for each in assignments(Archive(home.archive(slug)), entry) if each["held"]]
    return (
        str(said[-1]["reason"] or "no reason given")
        if said
        else f"from the account {entry.file.provenance.get('account')}"
    )
