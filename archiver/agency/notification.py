"""Send messages about the things that a person must know: each cause once, until it changes.

The causes come from the home's files: run lines in the ledgers, run logs, catalogues and claims. So messages can go out
at any time, with or without a run. `state/notify.json` records the sent messages; without it, all are sent again.
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
from archiver.agency.readiness import ReadyItem, lacks, note_missing, readiness
from archiver.collect.run_log import note_renewal
from archiver.core.alert import Alert
from archiver.core.errors import INSTALL_ALL, ArchiverError, ConfigError, SiteUnavailable, machine_error
from archiver.core.json_files import read_json, write_json
from archiver.home.connections import mailer_of, network_of
from archiver.home.reliance import note
from archiver.home.settings import Home, Input

WEBHOOK_TIMEOUT_S = 15.0  # seconds for a webhook


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to one destination."""

    subject: str
    causes: tuple[Cause, ...] = ()
    text: str = ""

    @property
    def body(self) -> str:
        return "\n\n".join([*([self.text] if self.text else []), *(each.as_text() for each in self.causes)]) + "\n"


TEST = Message(
    subject="archiver: messages come here",
    text="This is a test. Messages about missing licences, sign-ins and deadlines will come here.",
)


def tell(
    home: Home,
    *,
    ran: bool = False,
    known: Sequence[Alert] | None = None,
    now: datetime | None = None,
    faults: Mapping[str, ArchiverError] | None = None,
) -> list[str]:
    """Send all new messages and return a warning for each failure. The next call tries failed messages again.

    `ran`: a run has just ended, so the ping is fetched. `known` and `faults` are as for `causes`. A full disk stops no
    message, but then the record cannot be saved and the messages are sent again.
    """
    now, settings, failed = now or datetime.now(UTC), home.settings.notify, list[str]()
    ready = list[ReadyItem]()
    try:
        ready = readiness(home, now)
        note_missing(home, ready, now)
    except (ArchiverError, OSError) as error:
        failed.append(f"It could not be found out what is not ready: {error}")
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
            found = [*causes(home, now, known, faults), *not_ready(ready, now)]
        except (ArchiverError, OSError) as error:
            return [*failed, f"The messages could not be prepared: {error}"]
        reached: dict[str, str | None] = {}
        for destination, message, sent in due(home, found, memory, now, ready):
            try:
                send(home, destination, message)
            except (ArchiverError, OSError) as error:
                reached[destination] = _why(error)
                failed.append(f"The message to {destination} failed: {_why(error)}. The next run tries again.")
            else:
                reached[destination], memory = None, _merged(memory, sent)
        server = _server(home, reached)
        failed += [f"The mail server {name} takes no messages: {why}." for name, why in server.items() if why]
        note(home, "recipients", reached | server, now)
        try:
            _remember(home, memory)
        except OSError as error:
            failed.append(f"The sent messages could not be recorded, so they are sent again: {machine_error(error)}")
    return failed


def not_ready(ready: Sequence[ReadyItem], now: datetime) -> Iterator[Cause]:
    """What the home relies on and what is missing or fails for longer than people should not know of it."""
    for each in ready:
        if each.open and each.is_due(now):
            happened = f"{each.sentence('en')}{f' {each.why}' if each.why else ''}"
            yield Cause(
                kind="not_ready", client=None, about=each.title("en"), items=each.reminders(now), happened=happened,
                risk=each.cost("en"), fix=each.remedy,
            )  # fmt: skip


def send_test(home: Home) -> list[str]:
    """Send a test to each of the agency's channels. Returns a warning for each that failed."""
    failed = []
    for destination in home.settings.notify.channels:
        try:
            send(home, destination, TEST)
        except (ArchiverError, OSError) as error:
            failed.append(f"The message to {destination} failed: {_why(error)}.")
    return failed


def _server(home: Home, reached: Mapping[str, str | None]) -> dict[str, str | None]:
    """Whether the mail server takes messages, where some go by mail and none just did: a quiet month must not hide that
    it is gone.
    """
    mail = home.settings.mail.host
    everybody = (*home.settings.notify.channels, *(to for each in home.clients.values() for to in each.contact.to))
    if not mail or all("://" in each for each in everybody):
        return {}
    if any(why is None for each, why in reached.items() if "://" not in each):
        return {mail: None}
    try:
        mailer_of(home).test_sign_in()
    except (ArchiverError, OSError) as error:
        return {mail: _why(error)}
    return {mail: None}


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold the lock that keeps two commands from sending the same message. On a disk without locks, both may send."""
    with ExitStack() as stack:
        with suppress(OSError):
            home.state.mkdir(exist_ok=True, mode=0o700)
            stack.enter_context(FileLock(home.state / "notify.lock"))
        yield


def seen_to(home: Home, account: Input) -> None:
    """A person has just fixed the sign-in of an account or source. If it is refused again, send a new message."""
    home.state.mkdir(exist_ok=True, mode=0o700)
    note_renewal(home, account.name)
    with FileLock(home.state / "notify.lock"):
        memory = _memory(home)
        if memory.pop(cause_key("person", account.client, account.name), None):
            _remember(home, memory)


def _why(error: ArchiverError | OSError) -> str:
    """The error's detail alone: the message of SiteUnavailable speaks of a platform."""
    return (error.detail if isinstance(error, SiteUnavailable) else str(error)).rstrip(".")


type ToldCauses = dict[str, dict[str, list[str]]]
"""The sent messages: a cause's key -> destination -> items."""


def due(
    home: Home, found: Sequence[Cause], memory: ToldCauses, now: datetime, ready: Sequence[ReadyItem] = ()
) -> Iterator[tuple[str, Message, ToldCauses]]:
    """One message for each destination with news, and the record to save once it is sent.

    Causes that have ended are removed from `memory`, so that a message is sent if they return. The weekly message lists
    what is open: causes, and what is not `ready`.
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
    if home.settings.notify.weekly:
        year, week, _ = now.isocalendar()
        for destination in home.settings.notify.channels:
            if memory.get(WEEKLY, {}).get(destination) != [f"{year}-{week}"]:
                yield destination, _weekly(home, found, ready), {WEEKLY: {destination: [f"{year}-{week}"]}}


def _weekly(home: Home, found: Sequence[Cause], ready: Sequence[ReadyItem]) -> Message:
    """How things stand: that all is well, or what is open."""
    listed = {cause.about for cause in found if cause.kind == "not_ready"}
    lacking = [each for each in ready if lacks(each) and each.title("en") not in listed]
    lines = [f"- {cause.about}: {cause.happened} What to do: {cause.fix.command}" for cause in found]
    lines += [f"- {each.title('en')}: {each.sentence('en')} What to do: {each.remedy.command}" for each in lacking]
    if not lines:
        text = f"All is well: {len(home.accounts())} accounts of {len(home.clients)} clients have no problems."
        return Message(subject="archiver: all is well", text=text)
    text = "\n".join(["This is open:", *lines])
    return Message(subject=f"archiver: this week, {len(lines)} open", text=text)


WEEKLY = "weekly"

SUBJECTS = {
    "person": "a person is needed",
    "incomplete": "documents could not be fetched",
    "unexplained": "licences are not archived",
    "failing": "two runs in a row failed",
    "missing": "documents are still missing",
    "damage": "an archive is damaged",
    "machine": "this machine cannot archive",
    "not_ready": "something that the archive relies on is missing",
    "clock": "the clock was wrong",
    "deadline": "a deadline is near",
    "concern": "a licence, a seat or a plan needs a decision",
}


def destinations(home: Home, cause: Cause) -> list[str]:
    """The recipients for a cause: the contacts of the clients it concerns, and the agency's channels."""
    clients = [home.clients[slug] for slug in (cause.client or "", *cause.concerned) if slug in home.clients]
    contacts = [each for client in clients for each in client.contact.to]
    return list(dict.fromkeys((*contacts, *home.settings.notify.channels)))


def send(home: Home, destination: str, message: Message) -> None:
    """Send one message; ArchiverError or OSError if that fails."""
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
        raise ConfigError(f"apprise does not accept this {destination.partition('://')[0]}:// address. Correct it.")
    with _environment(home):
        if not channel.notify(title=message.subject, body=message.body):
            raise ConnectionError("apprise could not deliver the message")


@contextmanager
def _environment(home: Home) -> Iterator[None]:
    """Set the environment variables from which apprise's HTTP client reads its network settings."""
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
    with suppress(AttributeError, TypeError):
        stored = read_json(home.state / "notify.json")
        return {str(key): {str(who): list(items) for who, items in their.items()} for key, their in stored.items()}
    return {}


def _remember(home: Home, memory: ToldCauses) -> None:
    write_json(home.state / "notify.json", memory)


def _merged(memory: ToldCauses, sent: ToldCauses) -> ToldCauses:
    return {key: memory.get(key, {}) | sent.get(key, {}) for key in memory.keys() | sent.keys()}
