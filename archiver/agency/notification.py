"""Who is told what: causes that a person must know of, each once until it changes.

What is to be told follows from what lies in the home: the ledgers' run lines, the run logs, the catalogues, the claims.
So it can be worked out at any time, at the end of a run or without one. What was told to whom is kept in
`state/notify.json`; without that file, everything is told again.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from filelock import FileLock

from archiver.agency.notification_causes import Cause, cause_key, causes
from archiver.core.alert import Alert
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import INSTALL_ALL, ArchiverError, ConfigError, SiteUnavailable, machine_error
from archiver.home.connections import mailer_of, network_of
from archiver.home.settings import Account, Home

WEBHOOK_TIMEOUT_S = 15.0  # seconds for a webhook


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one destination is told at once."""

    subject: str
    causes: tuple[Cause, ...] = ()
    text: str = ""

    @property
    def body(self) -> str:
        return "\n\n".join([*([self.text] if self.text else []), *(each.as_text() for each in self.causes)]) + "\n"


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
        for destination, message, sent in due(home, found, memory, now):
            try:
                send(home, destination, message)
            except (ArchiverError, OSError) as error:
                failed.append(f"{destination} could not be told: {_why(error)}. The next run tries again.")
            else:
                memory = _merged(memory, sent)
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
        if memory.pop(cause_key("person", account.client, account.name), None):
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
        sent = {cause.key: {destination: list(cause.items)} for cause in theirs}
        yield destination, Message(subject=subject, causes=tuple(theirs)), sent
    if home.settings.notify.weekly and not found:
        year, week, _ = now.isocalendar()
        for destination in home.settings.notify.channels:
            if memory.get(WEEKLY, {}).get(destination) != [f"{year}-{week}"]:
                text = f"All is well: {len(home.accounts())} accounts of {len(home.clients)} clients, nothing open."
                sent = {WEEKLY: {destination: [f"{year}-{week}"]}}
                yield destination, Message(subject="archiver: all is well", text=text), sent


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
    channel = apprise.Apprise()
    if not channel.add(destination):
        raise ConfigError(f"{destination.partition('://')[0]}:// is no address that apprise knows.")
    with _environment(home):
        if not channel.notify(title=message.subject, body=message.body):
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
        return {str(key): {str(who): list(items) for who, items in their.items()} for key, their in stored.items()}
    return {}


def _remember(home: Home, memory: ToldCauses) -> None:
    replace_file(home.state / "notify.json", json.dumps(memory, indent=1, sort_keys=True).encode())


def _merged(memory: ToldCauses, sent: ToldCauses) -> ToldCauses:
    return {key: memory.get(key, {}) | sent.get(key, {}) for key in memory.keys() | sent.keys()}
