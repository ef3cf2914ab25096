"""Whether a home may be left alone: what is ready, what is missing or fails, what that costs, and what helps.

Setup's list, `status`, `doctor`, Today, the desk's setup page and the messages all show this. What each item is called,
says and costs stands in `readiness.yaml`; here is how each is seen. Nobody outside is asked: whoever asks an authority,
a witness or a mailbox notes its answer (`home/reliance.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NotRequired, TypedDict
from urllib.parse import urlsplit

from archiver.agency.schedule import is_scheduled
from archiver.archive.checking.parts.ledger_lines import newest_checkpoint
from archiver.archive.reader import Archive
from archiver.catalogue.archives import authorities_of
from archiver.collect.run_log import days_with_runs, read_logs
from archiver.core import localised
from archiver.core.errors import IntegrityError
from archiver.core.model import iso, working_days
from archiver.core.packaged_data import packaged_yaml
from archiver.core.remedy import Remedy
from archiver.home.reliance import LAST_BACKUP, Reliance, note, noted
from archiver.home.settings import Home
from archiver.home.shared_copy import copy_of

SILENT_DAYS = 2  # working days without a run
NIGHTLY_DAYS = 3  # with a run, of the last four days: something starts one every day
MAX_BACKUP_DAYS = 31  # after which a backup is too old
AGAIN_DAYS = 7  # after which a message about what is not ready comes again


class ReadyState(StrEnum):
    """`unknown`: it is set up, and was not asked yet."""

    READY = "ready"
    UNKNOWN = "unknown"
    MISSING = "missing"
    FAILING = "failing"


class ItemTexts(TypedDict):
    """One item of `readiness.yaml`."""

    title: dict[str, str]
    required: bool
    replay: NotRequired[bool]
    today: NotRequired[bool]
    remedy: str
    about: NotRequired[str]
    remedies: NotRequired[dict[str, str]]
    tell_after_hours: NotRequired[dict[str, int]]
    says: dict[str, dict[str, str]]
    cost: dict[str, str]
    costs: NotRequired[dict[str, dict[str, str]]]


def items() -> Mapping[str, ItemTexts]:
    """All items by name, in the order in which they are set up."""
    return packaged_yaml(dict[str, ItemTexts], "archiver.agency", "readiness.yaml")


@dataclass(frozen=True, kw_only=True)
class ReadyItem:
    """One thing that a home needs. `names` are what it is about: of a failure, those that fail. `situation` is a key of
    what it says, if not the state's. `why` is what failed, in English.
    """

    name: str
    state: ReadyState
    names: tuple[str, ...] = ()
    since: datetime | None = None
    situation: str = ""
    count: int = 0
    why: str = ""

    @property
    def _texts(self) -> ItemTexts:
        return items()[self.name]

    @property
    def required(self) -> bool:
        return self._texts["required"]

    @property
    def open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.state in (ReadyState.MISSING, ReadyState.FAILING)

    @property
    def is_task(self) -> bool:
        """Whether Today lists it as a task of its own."""
        return self.open and self.required and self._texts.get("today", True)

    def title(self, language: str) -> str:
        return self._texts["title"][language]

    def sentence(self, language: str) -> str:
        said = self._texts["says"][self.situation or self.state.value][language]
        return said.format(
            names=", ".join(self.names), day=localised.day(self.since and self.since.date(), language), count=self.count
        )

    @property
    def has_a_cost(self) -> bool:
        """Whether people must read what this costs: of what is open, and of what works and could be better."""
        return self.open or self.situation in self._texts.get("costs", {})

    def cost(self, language: str) -> str:
        return self._texts.get("costs", {}).get(self.situation, self._texts["cost"])[language]

    @property
    def remedy(self) -> Remedy:
        texts = self._texts
        known = {texts["about"]: self.names[0]} if "about" in texts and self.names else {}
        return Remedy.of(texts.get("remedies", {}).get(self.situation or self.state.value, texts["remedy"]), known)

    def is_due(self, now: datetime) -> bool:
        """Whether a message must tell of it: it has been so for longer than people should not know of it."""
        after = self._texts.get("tell_after_hours", {})
        hours = after.get(self.situation, after.get(self.state.value))
        return hours == 0 or bool(hours and self.since and now - self.since >= timedelta(hours=hours))

    def reminders(self, now: datetime) -> tuple[str, ...]:
        """What differs when a message must come (again): what it is about, since when, and in which week of it."""
        week = (now - self.since) // timedelta(days=AGAIN_DAYS) if self.since else 0
        return tuple(f"{each} {iso(self.since)} {week}" for each in self.names or (self.name,))

    def __str__(self) -> str:
        """A line of a checklist."""
        marks = {ReadyState.READY: "x", ReadyState.UNKNOWN: "?"}
        cost = f" {self.cost('en')}" if self.has_a_cost else ""
        todo = f" Do it with: {self.remedy.command}" if self.open else ""
        return f"[{marks.get(self.state, ' ')}] {self.title('en')}: {self.sentence('en')}{cost}{todo}"

    def as_json(self) -> dict[str, object]:
        """An item in `status --json`."""
        plain = {"name": self.name, "title": self.title("en"), "state": self.state.value, "required": self.required}
        said = {"message": self.sentence("en"), "cost": self.cost("en"), "why": self.why, "names": list(self.names)}
        return plain | said | {"since": iso(self.since), "remedy": self.remedy.as_json()}


def readiness(home: Home, now: datetime) -> list[ReadyItem]:
    """Every item that concerns this home. It reads files of the home and of the scheduler, and changes nothing."""
    look = _Look(home, now)
    wanted = [name for name, texts in items().items() if not home.settings.replay or texts.get("replay")]
    found = [_since_noted(look, each) for name in wanted if (each := SEEN[name](look))]
    if copy_of(home.root):  # only the workers of a fleet know what answers
        return [each for each in found if each.state is not ReadyState.UNKNOWN]
    return found


def lacks(item: ReadyItem) -> bool:
    """Whether a careful person would not leave the home alone yet."""
    return item.required and item.state is not ReadyState.READY


def as_json(found: Sequence[ReadyItem]) -> dict[str, object]:
    """The `readiness` of `status --json`. `ready`: a careful person would have nothing left to do."""
    return {"ready": not any(map(lacks, found)), "items": [e.as_json() for e in found]}


def note_missing(home: Home, found: Sequence[ReadyItem], now: datetime) -> None:
    """Note since when something is missing of which nothing else tells."""
    for each in found:
        if each.name in _NOTED:
            note(home, "missing", {each.name: each.name if each.state is ReadyState.MISSING else None}, now)


def advice(found: Sequence[ReadyItem]) -> Iterator[str]:
    """Lines about what is open and no task of Today, and what is not known yet."""
    for each in found:
        if each.open and not each.required:
            yield f"Advice: {each.sentence('en')} {each.cost('en')} {each.remedy.command}"
        elif each.state is ReadyState.UNKNOWN:
            yield f"Not known yet: {each.sentence('en')}"


# ---------------------------------------------------------------- how each is seen


@dataclass(frozen=True)
class _Look:
    home: Home
    now: datetime

    @cached_property
    def _noted(self) -> dict[str, Reliance]:
        return noted(self.home)

    def noted(self, item: str, names: Sequence[str]) -> dict[str, Reliance]:
        """What is known of things by their names; those that were never asked are left out."""
        return {name: self._noted[key] for name in names if (key := f"{item}:{name}") in self._noted}

    @cached_property
    def archives(self) -> list[str]:
        """The clients with an archive."""
        return [slug for slug in self.home.clients if self.home.archive(slug).is_dir()]

    @cached_property
    def holds_licences(self) -> bool:
        for slug in self.archives:
            with suppress(OSError):
                if any((self.home.archive(slug) / "evidence" / "licences").iterdir()):
                    return True
        return False


def _since_noted(look: _Look, item: ReadyItem) -> ReadyItem:
    if item.since or item.state is not ReadyState.MISSING or item.name not in _NOTED:
        return item
    known = look.noted("missing", [item.name]).get(item.name)
    return replace(item, since=_moment(known.since)) if known else item


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _ready(name: str, names: Sequence[str] = (), situation: str = "") -> ReadyItem:
    return ReadyItem(name=name, state=ReadyState.READY, names=tuple(names), situation=situation)


def _missing(name: str, names: Sequence[str] = (), situation: str = "") -> ReadyItem:
    return ReadyItem(name=name, state=ReadyState.MISSING, names=tuple(names), situation=situation)


def _asked(name: str, known: Mapping[str, Reliance], all_names: Sequence[str]) -> ReadyItem:
    """An item of several things that are asked: failing if any does, unknown if one was never asked."""
    failing = {each: known[each] for each in all_names if each in known and known[each].since}
    if failing:
        first = min((each for each in failing.values()), key=lambda each: each.since or "")
        return ReadyItem(
            name=name, state=ReadyState.FAILING, names=tuple(failing), since=_moment(first.since), why=first.said
        )
    if unknown := [each for each in all_names if each not in known]:
        return ReadyItem(name=name, state=ReadyState.UNKNOWN, names=tuple(unknown))
    return _ready(name, all_names)


def _client(look: _Look) -> ReadyItem:
    names = [client.name for client in look.home.customers()]
    return _ready("client", names) if names else _missing("client")


def _account(look: _Look) -> ReadyItem:
    names = [each.name for each in look.home.inputs() if not each.closed]
    if names:
        return _ready("account", names)
    return _ready("account", situation="imported") if look.holds_licences else _missing("account")


def _licences(look: _Look) -> ReadyItem:
    return _ready("licences") if look.holds_licences else _missing("licences")


def _inputs(look: _Look) -> ReadyItem | None:
    names = [each.name for each in look.home.inputs() if not each.closed]
    return _asked("inputs", look.noted("inputs", names), names) if names else None


def _schedule(look: _Look) -> ReadyItem:
    home, now = look.home, look.now
    if copy_of(home.root):
        return _ready("schedule", situation="fleet")
    scheduled, (_, _, newest) = is_scheduled(home.root), read_logs(home, now)
    days = days_with_runs(home, now, timedelta(days=4))
    reads = any(not each.closed for each in home.inputs())
    if reads and newest and (silent := working_days(newest.date(), now.date())) >= SILENT_DAYS:
        state = ReadyState.FAILING if scheduled or days_with_runs(home, now, None) else ReadyState.MISSING
        situation = "failing" if state is ReadyState.FAILING else ""
        return ReadyItem(name="schedule", state=state, since=newest, count=silent, situation=situation)
    if scheduled:
        return _ready("schedule")
    if len(days) >= NIGHTLY_DAYS and newest:
        return replace(_ready("schedule", situation="elsewhere"), since=newest)
    return _missing("schedule")


def _recipients(look: _Look) -> ReadyItem:
    settings = look.home.settings
    contacts = [each for client in look.home.clients.values() for each in client.contact.to]
    names = list(dict.fromkeys((*settings.notify.channels, *contacts)))
    mails = [each for each in names if "://" not in each]
    if mails and not (settings.mail.host and settings.mail.sender):
        return _missing("recipients", mails, "no_server")
    if not settings.notify.channels:
        return _missing("recipients")
    server = [settings.mail.host] if mails and settings.mail.host else []
    found = _asked("recipients", look.noted("recipients", [*names, *server]), [*names, *server])
    if found.state is not ReadyState.FAILING:
        return _ready("recipients", list(map(_without_secrets, names)))
    return replace(found, names=tuple(map(_without_secrets, found.names)))


def _without_secrets(destination: str) -> str:
    """An address as everybody may read it: those of services hold their tokens."""
    scheme, there, rest = destination.partition("://")
    host = (urlsplit(destination).hostname or "") if scheme in ("http", "https") else ""
    return f"{scheme}://{host}…" if there and rest else destination


def _witness(look: _Look) -> ReadyItem:
    home = look.home
    listed = [each.name for each in home.settings.witnesses]
    if not listed:
        return _missing("witness")
    folders = {each.name: home.root / each.folder for each in home.settings.witnesses if each.folder}
    gone = [name for name, place in folders.items() if not (place.is_dir() and os.access(place, os.W_OK))]
    found = _of_archives(look, "witness", listed)
    if gone and found.state is not ReadyState.FAILING:
        return ReadyItem(name="witness", state=ReadyState.FAILING, names=tuple(gone), situation="gone")
    return found


def _of_archives(look: _Look, item: str, listed: Sequence[str]) -> ReadyItem:
    """An item whose things are asked for each archive by itself: the worst of all archives counts for each thing."""
    keys = {f"{slug}:{each}": each for slug in look.archives for each in listed}
    worst: dict[str, Reliance] = {}
    for key, each in look.noted(item, [*keys]).items():
        known = worst.get(keys[key])
        if known is None or (each.since and each.since < (known.since or "~")):
            worst[keys[key]] = each
    return _asked(item, worst, listed)


def _timestamps(look: _Look) -> ReadyItem:
    listed = [each.name for each in authorities_of(look.home)]
    if not listed:
        return _missing("timestamps")
    found = _of_archives(look, "timestamps", listed)
    if found.state is ReadyState.UNKNOWN:
        found = _by_checkpoints(look, listed) or _asked("timestamps", look.noted("timestamps", listed), listed)
    if found.state is ReadyState.FAILING and len(found.names) < len(listed):
        return replace(found, situation="some")
    if found.state is ReadyState.READY and len(listed) == 1:
        return replace(found, situation="alone")
    return found


def _by_checkpoints(look: _Look, listed: Sequence[str]) -> ReadyItem | None:
    """What the archives say of authorities where nothing was noted, as after a restore: a checkpoint keeps the
    timestamp of each authority that answered. None if there is no archive.
    """
    known: dict[str, Reliance] = {}
    for slug in look.archives:
        root = look.home.archive(slug)
        size, path, tokens = newest_checkpoint(root)
        if not size:
            continue
        with suppress(IntegrityError):  # other pages tell of the damage
            head = Archive(root).head()
            at = str(head.fields["at"]) if head else None
            for name in listed:
                stamped = path.with_name(f"{path.name}.{name}.tsr") in tokens
                if name not in known or not stamped:
                    known[name] = Reliance(ok=at) if stamped else Reliance(since=at)
    return _asked("timestamps", known, listed) if known else None


def _replica(look: _Look) -> ReadyItem | None:
    if look.home.settings.replica is None:
        return None
    from archiver.fleet.replica_check import replica_status

    found = replica_status(look.home)
    forked = [each.client for each in found if each.error == "ReplicaForked"]
    if forked:
        return ReadyItem(name="replica", state=ReadyState.FAILING, names=tuple(forked), situation="forked")
    late = [each for each in found if each.error or each.hours_behind(look.now) > MAX_HOURS_BEHIND]
    if late:
        since = min((each.since for each in late if each.since), default=None)
        why = next((each.error for each in late if each.error), "")
        names = tuple(each.client for each in late)
        return ReadyItem(name="replica", state=ReadyState.FAILING, names=names, since=_moment(since), why=why)
    return _ready("replica")


def _backup(look: _Look) -> ReadyItem | None:
    """Neither a replica nor a witness has claims, settings and users, so every home needs a backup once it holds
    licences; of a fleet's, the database and the bucket are backed up.
    """
    if elsewhere := look.home.settings.backup.elsewhere:
        return _ready("backup", [elsewhere], "elsewhere")
    if not look.holds_licences or copy_of(look.home.root):
        return None
    last = look.noted("backup", [LAST_BACKUP]).get(LAST_BACKUP)
    made = _moment(last.ok) if last else None
    if made is None:
        return _missing("backup")
    old = look.now - made > timedelta(days=MAX_BACKUP_DAYS)
    return ReadyItem(name="backup", state=ReadyState.FAILING if old else ReadyState.READY, since=made)


def _agency(look: _Look) -> ReadyItem:
    name = look.home.settings.agency.name
    return _ready("agency", [name]) if name else _missing("agency")


def _country(look: _Look) -> ReadyItem:
    country = look.home.settings.agency.country
    return _ready("country", [country]) if country else _missing("country")


def _sites(look: _Look) -> ReadyItem | None:
    clients = look.home.customers()
    without = [each.name for each in clients if not each.domains and not (each.audit and each.audit.sites)]
    return None if not clients else _missing("sites", without) if without else _ready("sites")


MAX_HOURS_BEHIND = 36.0  # of a replica: a night that failed is repeated in the next one

_NOTED = ("schedule", "recipients", "witness", "timestamps", "backup")
"""Of these, nothing else says since when they are missing."""

SEEN: Mapping[str, Callable[[_Look], ReadyItem | None]] = {
    "client": _client,
    "account": _account,
    "licences": _licences,
    "inputs": _inputs,
    "schedule": _schedule,
    "recipients": _recipients,
    "witness": _witness,
    "timestamps": _timestamps,
    "replica": _replica,
    "backup": _backup,
    "agency": _agency,
    "country": _country,
    "sites": _sites,
}
"""How each item is seen, by its name; None where it does not concern the home."""
