"""Who is told what: causes that a person must know of, each once until it changes.

What is to be told follows from what lies in the home: the ledgers' run lines, the run logs, the catalogues, the claims.
So it can be worked out at any time, at the end of a run or without one. What was told to whom is kept in
`state/notify.json`; without that file, everything is told again.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock

from archiver.agency import future_times
from archiver.agency.alerts import find_alerts
from archiver.archive import clock_skew
from archiver.archive.reader import Archive
from archiver.archive.verify import dates
from archiver.catalogue.index import Catalogue, RunLine
from archiver.catalogue.search import followed
from archiver.claims.claim_files import all_claims
from archiver.collect import run_log
from archiver.core.alert import Alert
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import INSTALL_ALL, ArchiverError, ConfigError, SiteUnavailable, machine_error
from archiver.core.model import iso
from archiver.home.archives import mailer_of, network_of
from archiver.home.settings import Account, Client, Home
from archiver.provider import Transport, load

WEBHOOK_TIMEOUT_S = 15.0  # seconds for a webhook


SILENT_DAYS = 2  # working days without a run


NAMED = 10  # licences that a message names


BUSY = "ArchiveBusy"  # another run is at work there, which is no trouble


DAMAGE = ("IntegrityError",)


PERSON = {  # errors that only a person can end: what happened, and the command
    "WrongPassword": ("The platform refuses the sign-in.", "archiver account rotate {account}"),
    "PasswordExpired": ("The platform asks for a new password.", "archiver account rotate {account}"),
    "AccountBlocked": ("The platform blocks the account or this browser.", "archiver sign-in {account}"),
    "SignInNeeded": ("A person has to sign in.", "archiver sign-in {account}"),
    "SessionExpired": ("The sign-in is no longer valid.", "archiver sign-in {account}"),
    "NotAccepted": (
        "Unattended runs of the account are off until a named person accepts them.",
        'archiver account add {account} --client {client} --provider {provider} --accept-automation "YOUR NAME"',
    ),
}


RISKS = {
    "person": "Until then nothing new of this account is archived; if it is closed meanwhile, its proof is lost.",
    "incomplete": "The licences are archived without these documents; a claim about them would be harder to answer.",
    "unexplained": "The platform lists licences that are not archived; there is no proof of them.",
    "failing": "Nothing new of this account is archived while this lasts.",
    "missing": "A platform may withdraw the document at any time, and then nobody can fetch it any more.",
    "damage": "Dates and contents of this archive can be doubted. Nothing is written to it until this is settled.",
    "machine": "Nothing is archived there while this lasts.",
    "clock": "Dates are doubted, and while the newest one lies in the future nothing is archived.",
    "silent": "Whatever was licensed since then is not archived.",
    "deadline": "An unanswered claim may go to court, or the platform's indemnity may be lost.",
}


_RUN_LOG = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]+\.jsonl")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing that a person must know of. `items` are what it is made of: a new one among them is told again."""

    kind: str
    client: str | None
    about: str  # an account, a claim or a client
    items: tuple[str, ...]
    happened: str
    risk: str
    fix: str  # one command
    concerned: tuple[str, ...] = ()  # other clients whose contacts are told, too

    @property
    def key(self) -> str:
        return _key(self.kind, self.client, self.about)

    def as_json(self) -> dict[str, Any]:
        """The cause's part of `notify --json`, and of what a webhook gets."""
        return {**vars(self), "items": list(self.items), "concerned": list(self.concerned)}

    def as_text(self) -> str:
        where = self.about if self.client in (None, self.about) else f"{self.about} ({self.client})"
        return f"{where}\n  What happened: {self.happened}\n  At risk: {self.risk}\n  What to do: {self.fix}"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one destination is told at once."""

    subject: str
    causes: tuple[Cause, ...] = ()
    text: str = ""

    @property
    def body(self) -> str:
        return "\n\n".join([*([self.text] if self.text else []), *(each.as_text() for each in self.causes)]) + "\n"


def causes(
    home: Home,
    now: datetime,
    known: Sequence[Alert] | None = None,
    faults: Mapping[str, ArchiverError] | None = None,
    met: list[ArchiverError] | None = None,
) -> list[Cause]:
    """All that a person must know of now, client by client. Nothing of it needs the disk to take anything.

    `known` are the concerns, where they were worked out; `faults`, by client (or "" for the machine), are those of the
    run that has just ended, whose log may be missing. What keeps this from looking is a cause, too, and is put into
    `met`.
    """
    met = [] if met is None else met
    said, logged, newest = _logged(home, now)
    logged |= {slug: (type(fault).__name__, str(fault)) for slug, fault in (faults or {}).items()}
    found: list[Cause] = []
    for client in home.clients.values():
        if not home.archive(client.slug).is_dir():
            continue
        if fault := logged.get(client.slug):
            found.append(_fault(client.slug, *fault))
        try:
            found += _of_client(home, client, said, now)
        except (ArchiverError, OSError) as error:
            met.append(machine_error(error) if isinstance(error, OSError) else error)
            found += [] if fault else [_fault(client.slug, type(met[-1]).__name__, str(met[-1]))]
    found += _deadlines(home, now)
    found += _clock(home, now)
    try:
        found += map(_concern, find_alerts(home, now.date()) if known is None else known)
    except (ArchiverError, OSError) as error:
        met.append(machine_error(error) if isinstance(error, OSError) else error)
    if faults and (machine := faults.get("")):
        kind = type(machine).__name__
        found.append(_cause("machine", None, "this machine", (kind,), str(machine), "archiver doctor"))
    if home.accounts() and newest and (days := working_days(newest.date(), now.date())) >= SILENT_DAYS:
        happened = f"Nothing ran for {days} working days, since {newest:%Y-%m-%d %H:%M} UTC."
        found.append(_cause("silent", None, "all accounts", (str(newest.date()),), happened, "archiver doctor"))
    return found


def _of_client(home: Home, client: Client, said: Mapping[str, Mapping[str, Any]], now: datetime) -> list[Cause]:
    """What a client's catalogue gives reason to tell."""
    found: list[Cause] = []
    with followed(home, client.slug) as catalogue:
        for account in (each for each in client.accounts if not each.closed):
            found += _of_account(account, catalogue.runs(account.name, 2), said.get(account.name, {}))
        found += _missing(home, client.slug, catalogue, now)
    return found


def _clock(home: Home, now: datetime) -> Iterator[Cause]:
    """Times that cannot be: those still to come, and those that an authority contradicts."""
    future = [*future_times.ahead(home, now)]
    if future:
        more = f" (and {len(future) - 1} more such times)" if len(future) > 1 else ""
        happened = f"{future[0]}{more}: this machine's clock was ahead, or is behind now."
        items = sorted({each.moment for each in future})
        yield _cause("clock", None, "this machine", items, happened, "archiver repair-clock --by NAME")
    for slug in home.clients:
        if found := clock_skew.was_ahead(home.archive(slug)):
            happened = f"This machine's clock said {found[0]} when an authority dated the archive {slug} at {found[1]}."
            yield _cause("clock", slug, slug, (found[0],), happened, "archiver doctor --online")


def _key(kind: str, client: str | None, about: str) -> str:
    return f"{kind}:{client or ''}:{about}"


def _cause(kind: str, client: str | None, about: str, items: Sequence[str], happened: str, fix: str) -> Cause:
    return Cause(
        kind=kind, client=client, about=about, items=tuple(items), happened=happened, risk=RISKS[kind], fix=fix
    )


def remedy(account: Account, error: str) -> tuple[str, str]:
    """What an error of PERSON means at an account, and the command that ends it."""
    happened, fix = PERSON[error]
    with suppress(ConfigError):  # of an adapter that is not installed
        in_browser = load(account.provider).info.method(account.method).transport is Transport.BROWSER
        fix = PERSON["WrongPassword"][1] if "sign-in" in fix and not in_browser else fix
    return happened, fix.format(account=account.name, client=account.client, provider=account.provider)


def _of_account(at: Account, runs: Sequence[RunLine], said: Mapping[str, Any]) -> Iterator[Cause]:
    """What the last two turns of an account give reason to tell; `said` is what its last turn's log line says."""
    if not runs:
        return
    last, account, client = runs[-1], at.name, at.client
    if last.error in PERSON:
        happened, fix = remedy(at, last.error)
        yield _cause("person", client, account, (last.error,), happened, fix)
    elif len(runs) > 1 and all(run.outcome == "failed" or run.error for run in runs):
        happened = said.get("message") or f"It failed twice in a row ({last.error})."
        yield _cause("failing", client, account, (last.error or "",), happened, f"archiver run --account {account}")
    incomplete = [str(each) for each in said.get("incomplete", ())]
    if last.incomplete and incomplete:
        happened = f"{len(incomplete)} of the account's licences lack a document: {_named(incomplete)}."
        yield _cause("incomplete", client, account, incomplete, happened, f"archiver run --account {account}")
    unexplained = [str(each) for each in said.get("unexplained", ())]
    if last.unexplained and last.error is None and unexplained:
        happened = f"{len(unexplained)} licences are listed and not archived: {_named(unexplained)}."
        yield _cause("unexplained", client, account, unexplained, happened, f"archiver run --full --account {account}")


def _missing(home: Home, client: str, catalogue: Catalogue, now: datetime) -> Iterator[Cause]:
    """Documents that could not be had for long."""
    days, archive = home.settings.notify.missing_days, Archive(home.archive(client))
    since = iso(now - timedelta(days=days)) or ""
    late = [
        entry.short_id
        for entry in catalogue.incomplete()
        if (line := next(archive.lines(offset=entry.lines[0][1]), None))
        and (_not_to_come(str(line.fields["at"]), now) or dates(archive.root).since(line.seq) or "") < since
    ]
    if late:
        happened = f"A document is missing for more than {days} days at {len(late)} licences: {_named(late)}."
        yield _cause("missing", client, client, late, happened, f"archiver show {late[0]}")


def _not_to_come(at: str, now: datetime) -> str:
    """A moment that a line claims; empty where it lies in the future."""
    return at if at <= (iso(now + clock_skew.CLOCK_TOLERANCE) or "") else ""


def _fault(client: str, error: str, message: str) -> Cause:
    if error in DAMAGE:
        return _cause("damage", client, client, (message,), message, f"archiver verify --client {client}")
    return _cause("machine", client, client, (error,), message, "archiver doctor")


def _deadlines(home: Home, now: datetime) -> Iterator[Cause]:
    for claim in all_claims(home):
        left = claim.clocks(now)
        for name, day in (("days_left", claim.deadline), ("notice_days_left", claim.notice_deadline)):
            if day is None or left[name] > home.settings.notify.deadline_days or left[name] < 0:
                continue
            what = "The answer" if name == "days_left" else "The indemnity notice to the platform"
            happened = f"{what} to the claim {claim.claim} is due on {day} ({left[name]} days left)."
            fix = f"archiver claim show {claim.claim}"
            yield _cause("deadline", claim.client, claim.claim, (f"{name} {day}",), happened, fix)


def _concern(concern: Alert) -> Cause:
    return Cause(
        kind="concern", client=concern.clients[0] if concern.clients else None, about=concern.subject,
        items=(concern.key,), happened=concern.message, risk=concern.risk, fix=concern.command,
        concerned=concern.clients[1:],
    )  # fmt: skip


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:NAMED]) + (f" and {len(ids) - NAMED} more" if len(ids) > NAMED else "")


def _logged(home: Home, now: datetime) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[str, str]], datetime | None]:
    """From the run logs, newest first: each account's last line, the clients whose archive was last at fault (error and
    message), and when the last run began. Dry runs and attended captures are none; where nothing ran yet, the day on
    which the clients' files were last changed stands for it. Logs of the future are passed over."""
    said: dict[str, dict[str, Any]] = {}
    faults: dict[str, tuple[str, str]] = {}
    newest, settled, wanted = None, set[str](), {account.name: account.client for account in home.accounts()}
    logs = list[tuple[datetime, int, Path]]()
    for path in (home.state / "runs").glob("*.jsonl"):
        began = run_log.logged_at(path) if _RUN_LOG.fullmatch(path.name) else None
        if began and began <= now + clock_skew.CLOCK_TOLERANCE:
            with suppress(FileNotFoundError):  # pruned meanwhile
                logs.append((began, path.stat().st_mtime_ns, path))  # runs that began in one second ended in order
    for began, _, path in sorted(logs, reverse=True):
        try:
            lines = [json.loads(line) for line in read_file(path).decode().splitlines()]
        except (OSError, ValueError):  # pruned meanwhile, or torn: a log is no evidence
            continue
        if lines and lines[0].get("dry_run"):
            continue
        newest = newest or began
        for line in lines:
            if "fault" in line and line["client"] not in settled and line["fault"] != BUSY:
                faults[line["client"]] = (line["fault"], line["message"])
        for line in lines:
            if "account" in line and line.get("error") != BUSY:
                said.setdefault(line["account"], line)
                settled.add(wanted.get(line["account"], ""))
        settled |= set(faults)
        if said.keys() >= wanted.keys():
            break
    if newest is None:
        changed = [(home.root / "clients" / f"{slug}.yaml").stat().st_mtime for slug in home.clients]
        newest = datetime.fromtimestamp(max(changed), UTC) if changed else None
    return said, faults, newest


def working_days(since: date, until: date) -> int:
    """How many Mondays to Fridays lie wholly between two days; at the end of the second such day, two."""
    days = (since + timedelta(days=n) for n in range(1, (until - since).days))
    return sum(day.weekday() < 5 for day in days)


def tell(
    home: Home,
    *,
    ran: bool = False,
    known: Sequence[Alert] | None = None,
    now: datetime | None = None,
    faults: Mapping[str, ArchiverError] | None = None,
) -> list[str]:
    """Tell everybody what they were not told yet; in words, who could not be told. What failed is tried again next
    time. `ran`: a run has just ended, which the ping says to whoever would miss it. `known` and `faults`: as `causes`
    has them. A full disk stops no message; what was told cannot be noted then, and is told again."""
    now, settings, failed = now or datetime.now(UTC), home.settings.notify, []
    if ran and settings.ping:
        try:
            network_of(home).get(settings.ping, WEBHOOK_TIMEOUT_S)
        except (ArchiverError, OSError) as error:
            failed.append(f"The ping at the end of the run did not arrive: {_why(error)}.")
    if not settings.channels and not any(client.contact.to for client in home.clients.values()):
        return failed
    with _alone(home):
        memory = _memory(home)
        try:
            found = causes(home, now, known, faults)
        except (ArchiverError, OSError) as error:
            return [*failed, f"What is to be told could not be worked out: {error}"]
        for destination, message, told in due(home, found, memory, now):
            try:
                send(home, destination, message)
            except (ArchiverError, OSError) as error:
                failed.append(f"{destination} could not be told: {_why(error)}. The next run tries again.")
            else:
                memory = _merged(memory, told)
        try:
            _remember(home, memory)
        except OSError as error:
            failed.append(f"What was told could not be noted, so it is told again: {machine_error(error)}")
    return failed


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold what keeps two commands from telling the same. On a disk that takes no lock, both may."""
    with ExitStack() as stack:
        with suppress(OSError):
            home.state.mkdir(exist_ok=True, mode=0o700)
            stack.enter_context(FileLock(home.state / "notify.lock"))
        yield


def seen_to(home: Home, account: Account) -> None:
    """A person has just seen to an account's sign-in: if the platform refuses it again, that is told again."""
    home.state.mkdir(exist_ok=True, mode=0o700)
    with FileLock(home.state / "notify.lock"):
        memory = _memory(home)
        if memory.pop(_key("person", account.client, account.name), None):
            _remember(home, memory)


def _why(error: ArchiverError | OSError) -> str:
    """The cause alone: what could not be reached is no platform."""
    return (error.detail if isinstance(error, SiteUnavailable) else str(error)).rstrip(".")


type ToldCauses = dict[str, dict[str, list[str]]]
"""What was told: a cause's key -> destination -> items."""


def due(
    home: Home, found: Sequence[Cause], memory: ToldCauses, now: datetime
) -> Iterator[tuple[str, Message, ToldCauses]]:
    """One message for each destination that does not know all yet, and what is to be remembered once it is sent.

    What is no longer so is forgotten from `memory`, so that it is told again when it comes back.
    """
    current = {cause.key for cause in found}
    for key in [key for key in memory if key not in current and not key.startswith(WEEKLY)]:
        del memory[key]
    new: dict[str, list[Cause]] = defaultdict(list)
    for cause in found:
        for destination in destinations(home, cause):
            if set(cause.items) - set(memory.get(cause.key, {}).get(destination, ())):
                new[destination].append(cause)
    for destination, theirs in new.items():
        more = f" (and {len(theirs) - 1} more)" if len(theirs) > 1 else ""
        subject = f"archiver: {SUBJECTS[theirs[0].kind]}: {theirs[0].about}{more}"
        told = {cause.key: {destination: list(cause.items)} for cause in theirs}
        yield destination, Message(subject=subject, causes=tuple(theirs)), told
    if home.settings.notify.weekly and not found:
        year, week, _ = now.isocalendar()
        for destination in home.settings.notify.channels:
            if memory.get(WEEKLY, {}).get(destination) != [f"{year}-{week}"]:
                text = f"All is well: {len(home.accounts())} accounts of {len(home.clients)} clients, nothing open."
                told = {WEEKLY: {destination: [f"{year}-{week}"]}}
                yield destination, Message(subject="archiver: all is well", text=text), told


WEEKLY = "weekly"


SUBJECTS = {
    "person": "a person is needed",
    "incomplete": "documents could not be had",
    "unexplained": "licences are not archived",
    "failing": "not read twice in a row",
    "missing": "documents are still missing",
    "damage": "an archive is not what it should be",
    "machine": "this machine stops the work",
    "silent": "nothing runs",
    "clock": "the clock was wrong",
    "deadline": "a deadline is near",
    "concern": "a licence, a seat or a plan needs a decision",
}


def destinations(home: Home, cause: Cause) -> list[str]:
    """Who is told of a cause: the contacts of the clients that it concerns, and the agency's channels."""
    clients = [home.clients[slug] for slug in (cause.client or "", *cause.concerned) if slug in home.clients]
    contacts = [each for client in clients for each in client.contact.to]
    return list(dict.fromkeys((*contacts, *home.settings.notify.channels)))


def send(home: Home, destination: str, message: Message) -> None:
    """Send one message; ArchiverError or OSError where it did not go out."""
    if "://" not in destination:
        from email.message import EmailMessage

        mail = EmailMessage()
        mail["To"], mail["Subject"] = destination, message.subject
        mail.set_content(message.body)
        mailer_of(home).send(mail)
    elif destination.startswith(("http://", "https://")):
        content = {
            "subject": message.subject, "text": f"{message.subject}\n\n{message.body}",
            "causes": [cause.as_json() for cause in message.causes],
        }  # fmt: skip
        network_of(home).post(destination, json.dumps(content).encode(), "application/json", WEBHOOK_TIMEOUT_S)
    else:
        _by_apprise(home, destination, message)


def _by_apprise(home: Home, destination: str, message: Message) -> None:
    try:
        import apprise
    except ImportError:
        scheme = destination.partition("://")[0]
        raise ConfigError(f"{scheme}:// needs the extra `notify`. {INSTALL_ALL}") from None
    told = apprise.Apprise()
    if not told.add(destination):
        raise ConfigError(f"{destination.partition('://')[0]}:// is no address that apprise knows.")
    with _environment(home):
        if not told.notify(title=message.subject, body=message.body):
            raise ConnectionError("apprise could not deliver it")


@contextmanager
def _environment(home: Home) -> Iterator[None]:
    """The network's settings as apprise's HTTP client reads them."""
    network = network_of(home)
    wanted = {"NO_PROXY": ",".join(network.no_proxy)}
    if network.proxy:
        wanted |= {"HTTPS_PROXY": network.proxy, "HTTP_PROXY": network.proxy}
    if network.ca_file:
        wanted |= {"REQUESTS_CA_BUNDLE": str(network.bundle())}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def _memory(home: Home) -> ToldCauses:
    with suppress(OSError, ValueError, AttributeError):
        stored = json.loads(read_file(home.state / "notify.json"))
        return {str(key): {str(who): list(items) for who, items in told.items()} for key, told in stored.items()}
    return {}


def _remember(home: Home, memory: ToldCauses) -> None:
    replace_file(home.state / "notify.json", json.dumps(memory, indent=1, sort_keys=True).encode())


def _merged(memory: ToldCauses, told: ToldCauses) -> ToldCauses:
    return {key: memory.get(key, {}) | told.get(key, {}) for key in memory.keys() | told.keys()}
