"""Find what a person must know now, from ledgers, run logs, catalogues and claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver.agency import future_times
from archiver.agency.account_notice import AccountNotice, needed_for
from archiver.agency.alerts import find_alerts
from archiver.archive import clock_skew
from archiver.archive.reader import Archive
from archiver.catalogue.checked_dates import checked_dates
from archiver.catalogue.index import Catalogue, RunLine
from archiver.catalogue.search import archives, check_not_lost, followed, gone
from archiver.claims.claim_files import all_claims
from archiver.collect.run_log import LoggedAccount, read_logs, renewals
from archiver.core.alert import Alert
from archiver.core.errors import PERSON, ArchiverError, IntegrityError, Remedy, any_error, spoken
from archiver.core.model import iso
from archiver.home.settings import Account, Client, Home, Input

NAMED = 10  # the most licences that a message names
DAMAGE = ("IntegrityError",)

RISKS = {
    "person": "Until then no new licences of this account are archived. If the account ends, their proof is lost.",
    "incomplete": "The licences are archived without these documents, so a claim about them is harder to answer.",
    "unexplained": "The platform lists licences that are not archived, so you have no proof of them.",
    "missing": "The platform may withdraw the document at any time. Then nobody can fetch it.",
    "damage": "Others can doubt the dates and contents of this archive. Nothing is written to it until this is fixed.",
    "machine": "Until this is fixed, nothing is archived there.",
    "clock": "Others can doubt the dates. While the newest date lies in the future, nothing is archived.",
    "unread": "If it is a receipt or a letter, nobody knows of it.",
    "deadline": "An unanswered claim may go to court, or the platform's indemnity may be lost.",
}


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing that a person must know. `items` are its parts: a new item causes a new message."""

    kind: str
    client: str | None
    about: str  # an account, a claim or a client
    items: tuple[str, ...]
    happened: str
    risk: str
    fix: Remedy
    advice: str = ""  # what no command does
    concerned: tuple[str, ...] = ()  # other clients whose contacts also get the message

    @property
    def key(self) -> str:
        return cause_key(self.kind, self.client, self.about)

    def as_json(self) -> dict[str, object]:
        """The cause in `notify --json` and in the message to a webhook."""
        return {
            **vars(self),
            "fix": self.fix.command,
            "remedy": self.fix.as_json(),
            "items": list(self.items),
            "concerned": list(self.concerned),
        }

    def as_text(self) -> str:
        do = f"{self.advice} {self.fix.command}".strip()
        where = self.about if self.client in (None, self.about) else f"{self.about} ({self.client})"
        return f"{where}\n  What happened: {self.happened}\n  At risk: {self.risk}\n  What to do: {do}"


def causes(
    home: Home,
    now: datetime,
    known: Sequence[Alert] | None = None,
    faults: Mapping[str, ArchiverError] | None = None,
    met: list[ArchiverError] | None = None,
) -> list[Cause]:
    """Everything that a person must know now, client by client. It works on a full disk.

    `known` holds the alerts if the caller has them. `faults`, by client (or "" for the machine), are those of the run
    that has just ended, whose log may be missing. An error that stops this search is a cause too, and goes to `met`.
    """
    met = [] if met is None else met
    said, logged, _ = read_logs(home, now)
    logged |= {slug: (type(fault).__name__, str(fault)) for slug, fault in (faults or {}).items()}
    found: list[Cause] = []
    here = {*archives(home), *gone(home)}
    for client in home.clients.values():
        if client.slug not in here:
            continue
        if fault := logged.get(client.slug):
            found.append(_fault(client.slug, *fault))
        try:
            found += _of_client(home, client, said, now)
        except Exception as error:  # noqa: BLE001  # it is told, and must not silence the rest
            met.append(any_error(error))
            found += [] if fault else [_fault(client.slug, type(met[-1]).__name__, str(met[-1]))]
    machine = (faults or {}).get("")
    searches: tuple[Callable[[], Iterable[Cause]], ...] = (
        lambda: _deadlines(home, now),
        lambda: _clock(home, now),
        lambda: map(_concern, find_alerts(home, now.date()) if known is None else known),
    )
    for search in searches:
        try:
            found += search()
        except Exception as error:  # noqa: BLE001  # it is told as this machine's fault, beside the other causes
            met.append(any_error(error))
            machine = machine or met[-1]
    if machine:
        kind = type(machine).__name__
        found.append(_cause("machine", None, "this machine", (kind,), str(machine), Remedy("check machine")))
    return found


def _of_client(home: Home, client: Client, said: Mapping[str, LoggedAccount], now: datetime) -> list[Cause]:
    """The causes in a client's catalogue."""
    found: list[Cause] = []
    check_not_lost(home, client.slug)
    with followed(home, client.slug) as catalogue:
        for account in (each for each in client.inputs if not each.closed):
            renewed = renewals(home).get(account.name, "")
            found += _of_account(account, catalogue.runs(account.name, 2), said.get(account.name, {}), renewed)
        found += _missing(home, client.slug, catalogue, now)
    return found


def _clock(home: Home, now: datetime) -> Iterator[Cause]:
    """Wrong times: those in the future, and those that an authority contradicts."""
    future = [*future_times.ahead(home, now)]
    if future:
        more = f" (and {len(future) - 1} more such times)" if len(future) > 1 else ""
        happened = f"{future[0]}{more}. This machine's clock was ahead, or it is behind now."
        items = sorted({each.moment for each in future})
        yield _cause("clock", None, "this machine", items, happened, Remedy("repair clock"))
    for slug in home.clients:
        if found := clock_skew.was_ahead(home.archive(slug)):
            happened = f"This machine's clock said {found[0]} when an authority dated the archive {slug} {found[1]}."
            yield _cause("clock", slug, slug, (found[0],), happened, Remedy("check online"))


def cause_key(kind: str, client: str | None, about: str) -> str:
    return f"{kind}:{client or ''}:{about}"


def _cause(kind: str, client: str | None, about: str, items: Sequence[str], happened: str, fix: Remedy) -> Cause:
    return Cause(
        kind=kind, client=client, about=about, items=tuple(items), happened=happened, risk=RISKS[kind], fix=fix
    )


def _of_account(at: Input, runs: Sequence[RunLine], said: LoggedAccount, renewed: str) -> Iterator[Cause]:
    """The causes in the last two runs of an account; `said` is the log line of its last run, and `renewed` the moment
    in which a person last renewed its sign-in.
    """
    if not runs or (runs[-1].error in PERSON and runs[-1].at < renewed):
        return
    last, account, client = runs[-1], at.name, at.client
    again = (
        Remedy("run account", {"account": account})
        if isinstance(at, Account)
        else Remedy("run source", {"source": account})
    )
    if last.error in PERSON:
        happened, fix = needed_for(at, last.error)
        yield _cause("person", client, account, (last.error,), happened, fix)
    elif len(runs) > 1 and all(run.outcome == "failed" or run.error for run in runs):
        happened = said.get("message") or f"It failed twice in a row ({spoken(last.error or '')})."
        yield Cause(
            kind="failing", client=client, about=account, items=(last.error or "",), happened=happened,
            risk=AccountNotice(about=account, runs=runs).risk("en"), fix=again,
        )  # fmt: skip
    incomplete = [str(each) for each in said.get("incomplete", ())]
    if last.incomplete and incomplete:
        happened = f"{len(incomplete)} of the account's licences lack a document: {_named(incomplete)}."
        yield _cause("incomplete", client, account, incomplete, happened, again)
    unexplained = [str(each) for each in said.get("unexplained", ())]
    if not isinstance(at, Account):
        if last.unexplained and unexplained:
            happened = f"{len(unexplained)} items could not be read: {_named(unexplained)}."
            yield _cause("unread", client, account, unexplained, happened, Remedy("source report", {"source": account}))
    elif last.unexplained and last.error is None and unexplained:
        happened = f"The platform lists {len(unexplained)} licences that are not archived: {_named(unexplained)}."
        yield _cause("unexplained", client, account, unexplained, happened, Remedy("run fully", {"account": account}))


def _missing(home: Home, client: str, catalogue: Catalogue, now: datetime) -> Iterator[Cause]:
    """Documents that have been missing for a long time."""
    days, archive = home.settings.notify.missing_days, Archive(home.archive(client))
    since, proven = iso(now - timedelta(days=days)) or "", checked_dates(home, catalogue)

    def archived_at(seq: int, offset: int) -> str:
        with suppress(IntegrityError):  # `verify` names such a line
            if at := _not_to_come(str(archive.line(seq, offset).fields["at"]), now):
                return at
        return proven.since(seq) or ""

    late = [entry.short_id for entry in catalogue.incomplete() if archived_at(*entry.lines[0]) < since]
    if late:
        happened = f"{len(late)} licences have lacked a document for more than {days} days: {_named(late)}."
        yield _cause("missing", client, client, late, happened, Remedy("show", {"licence": late[0]}))


def _not_to_come(at: str, now: datetime) -> str:
    """The time in a line; empty if it lies in the future."""
    return at if at <= (iso(now + clock_skew.CLOCK_TOLERANCE) or "") else ""


def _fault(client: str, error: str, message: str) -> Cause:
    if error in DAMAGE:
        return _cause("damage", client, client, (message,), message, Remedy("verify", {"client": client}))
    return _cause("machine", client, client, (error,), message, Remedy("check machine"))


def _deadlines(home: Home, now: datetime) -> Iterator[Cause]:
    for claim in all_claims(home):
        left = claim.clocks(now)
        for name, day, done in (
            ("days_left", claim.deadline, claim.answered),
            ("notice_days_left", claim.notice_deadline, claim.notified),
        ):
            if day is None or done or left[name] > home.settings.notify.deadline_days or left[name] < 0:
                continue
            what = "The answer" if name == "days_left" else "The indemnity notice to the platform"
            happened = f"{what} for the claim {claim.claim} is due on {day} ({left[name]} days left)."
            fix = Remedy("show claim", {"claim": claim.claim})
            yield _cause("deadline", claim.client, claim.claim, (f"{name} {day}",), happened, fix)


def _concern(concern: Alert) -> Cause:
    return Cause(
        kind="concern", client=concern.clients[0] if concern.clients else None, about=concern.subject,
        items=(concern.key,), happened=concern.message, risk=concern.risk, fix=concern.remedy, advice=concern.advice,
        concerned=concern.clients[1:],
    )  # fmt: skip


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:NAMED]) + (f" and {len(ids) - NAMED} more" if len(ids) > NAMED else "")
