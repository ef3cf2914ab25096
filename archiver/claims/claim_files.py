"""Claims (demands for proof or money), stored as working papers in `work/<claim>/`. They may be deleted.

A folder contains `claim.json`, the original letter, its pictures, and later results. Claims are not evidence: nothing
of them enters a ledger or goes to a witness.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from filelock import FileLock

from archiver.claims.claim_events import (
    AnswerTo,
    ClaimEvent,
    ClaimEventKind,
    ClaimStep,
    answered_to,
    closed_by,
    read_event,
    step_of,
)
from archiver.claims.facts import platform_of
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError
from archiver.core.errors import Remedy as Remedy  # dialogues about claims take it from here
from archiver.core.json_files import write_json
from archiver.core.model import iso
from archiver.home.settings import Home
from archiver.reading.letters import NOTICE_BUSINESS_DAYS, LetterKind, business_days_after

CLAIM_FORMAT = 1
CLAIM = "claim.json"
LOCK_TIMEOUT_S = 10.0
ASSUMED = "assumed"  # begins the `sure` text of a value that the letter does not state
LISTS = ("urls", "pictures", "licences", "probable")
_CONFIRM = "Add the letter again, at a terminal to confirm each value, or with --yes to confirm all."
_STATE = "Nothing of a letter was found in its file. Add it again and state what it says, for example with --claimant."

# The time zone in which a day ends. For a country with several, the easternmost: better too early than too late.
ZONES = {
    "AT": "Europe/Vienna", "AU": "Australia/Sydney", "BE": "Europe/Brussels", "BR": "America/Sao_Paulo",
    "CA": "America/St_Johns", "CH": "Europe/Zurich", "CZ": "Europe/Prague", "DE": "Europe/Berlin",
    "DK": "Europe/Copenhagen", "ES": "Europe/Madrid", "FI": "Europe/Helsinki", "FR": "Europe/Paris",
    "GB": "Europe/London", "IE": "Europe/Dublin", "IN": "Asia/Kolkata", "IT": "Europe/Rome", "JP": "Asia/Tokyo",
    "LU": "Europe/Luxembourg", "MX": "America/Cancun", "NL": "Europe/Amsterdam", "NO": "Europe/Oslo",
    "NZ": "Pacific/Auckland", "PL": "Europe/Warsaw", "PT": "Europe/Lisbon", "SE": "Europe/Stockholm",
    "US": "America/New_York", "ZA": "Africa/Johannesburg",
}  # fmt: skip


USES = ("commercial", "editorial")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One demand. `sure` says for each field how it was read or who stated it. `confirmed`: a person accepted all
    values.

    `deadline` ends at midnight in `deadline_zone`; `notice_deadline` is the last day for the platform's indemnity
    notice. `letter` and `pictures` are files in the claim's folder. `licences` are the short IDs found for it. Those in
    `probable` were only matched by picture, and no person has confirmed them. `use` is commercial or editorial, if a
    person said so. `verdict` is the last one. `owner` is the person who works on the claim. `events` is its timeline,
    oldest first.
    """

    claim: str
    client: str
    claimant: str | None = None
    reference: str | None = None
    kind: LetterKind | None = None
    urls: tuple[str, ...] = ()
    amount: float | None = None
    currency: str | None = None
    dated: date | None = None
    received: date | None = None
    deadline: date | None = None
    deadline_zone: str = "UTC"
    first_seen: date | None = None
    pictures: tuple[str, ...] = ()
    letter: str | None = None
    licences: tuple[str, ...] = ()
    probable: tuple[str, ...] = ()
    confirmed: bool = False
    sure: Mapping[str, str] = field(default_factory=dict)
    use: str | None = None
    verdict: str | None = None
    owner: str | None = None
    events: tuple[ClaimEvent, ...] = ()

    @property
    def says_nothing(self) -> bool:
        """Whether nothing was found in the letter's file and nobody stated anything: there is nothing to confirm."""
        return self.letter is not None and self.sure.keys() <= {"received"}

    @property
    def for_lawyer(self) -> bool:
        """Whether a lawyer answers it: an Abmahnung, or a court's paper."""
        return self.kind is not None and self.kind.for_lawyer

    @property
    def how_to_confirm(self) -> str:
        """What a person does to have the values of an unconfirmed claim count."""
        return _STATE if self.says_nothing else _CONFIRM

    @property
    def step(self) -> ClaimStep:
        """Where the claim stands. A licence that nobody has compared does not count as found."""
        compared = [each for each in self.licences if each not in self.probable]
        return step_of(confirmed=self.confirmed, licences=compared, events=self.events)

    @property
    def answered(self) -> bool:
        """Whether the claimant got an answer, or the claim is closed."""
        return self.step in (ClaimStep.ANSWERED, ClaimStep.CLOSED)

    @property
    def notified(self) -> bool:
        """Whether no notice to a platform is due any more."""
        without = self.step in (ClaimStep.NO_LICENCE, ClaimStep.CLOSED)
        return without or answered_to(self.events, AnswerTo.PLATFORM) is not None

    @property
    def came(self) -> date | None:
        """The day of receipt; None if it is only assumed."""
        return None if self.sure.get("received", "").startswith(ASSUMED) else self.received

    @property
    def notice_deadline(self) -> date | None:
        """The last day for the notice: by the platform's own clause if known, else five business days from receipt."""
        if self.received is None:
            return None
        notices = [platform_of(provider_of(each)).get("notice", {}) for each in self.licences]
        days = [each["business_days"] if each.get("read") else NOTICE_BUSINESS_DAYS for each in notices]
        return business_days_after(self.received, min(days, default=NOTICE_BUSINESS_DAYS))

    def as_json(self) -> dict[str, Any]:
        """The JSON document of `claim add --json`; dates are ISO texts."""
        days = ("dated", "received", "deadline", "notice_deadline", "first_seen")
        lists = {name: list(getattr(self, name)) for name in LISTS} | {"sure": dict(self.sure)}
        first = self.licences[0] if self.licences else None
        closed = closed_by(self.events)
        life = {
            "events": [each.as_json() for each in self.events], "step": self.step.value,
            "outcome": closed.outcome.value if closed and closed.outcome else None,
        }  # fmt: skip
        return vars(self) | {name: iso(getattr(self, name)) for name in days} | lists | {"licence": first} | life

    def clocks(self, now: datetime) -> dict[str, Any]:
        """Whole days left of both deadlines: 0 on the last day, negative after it, None without a deadline.

        `due` is the earlier deadline of what is still to be sent, and `due_for` says to whom: a missed notice no longer
        counts. `overdue`: the claimant waits for an answer that is too late.
        """
        today = self._today(now)
        days = {"days_left": self.deadline, "notice_days_left": self.notice_deadline}
        left = {name: (day - today).days if day else None for name, day in days.items()}
        answer, due = left["days_left"], self.due(now)
        return {
            **left, "overdue": not self.answered and answer is not None and answer < 0, "due": due and iso(due[0]),
            "due_for": due and due[1].value, "due_days_left": due and (due[0] - today).days,
        }  # fmt: skip

    def due(self, now: datetime) -> tuple[date, AnswerTo] | None:
        """The earlier deadline of what is still to be sent, and to whom; a missed notice no longer counts."""
        days = {
            AnswerTo.CLAIMANT: None if self.answered else self.deadline,
            AnswerTo.PLATFORM: None if self.notified else self.notice_deadline,
        }
        if (notice := days[AnswerTo.PLATFORM]) and notice < self._today(now):
            days[AnswerTo.PLATFORM] = None
        return min(((day, whom) for whom, day in days.items() if day), default=None)

    def _today(self, now: datetime) -> date:
        return now.astimezone(zone(self.deadline_zone)).date()


def to_come(day: date) -> bool:
    """Whether a day has not begun anywhere yet. A day begins at most 14 hours earlier than in UTC."""
    return day > (datetime.now(UTC) + timedelta(hours=14)).date()


def provider_of(licence: str | None) -> str:
    """The platform in a licence's short ID; empty if there is none."""
    found = re.search(r"(?:\d{8}|undated)_([a-z0-9_]+?)_[^_/]+_[0-9a-f]{8}$", licence or "")
    return found[1] if found else ""


def zone(name: str) -> ZoneInfo:
    """The time zone; UTC if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock_of(home: Home) -> tzinfo | None:
    """The time zone by whose clocks the agency's people read: of its country; None, this machine's, if unknown."""
    known = ZONES.get(home.settings.agency.country or "")
    return zone(known) if known else None


def zone_of(home: Home) -> str:
    """The time zone of the agency's deadlines."""
    return ZONES.get(home.settings.agency.country or "", "UTC")


# ---------------------------------------------------------------- files


def folder(home: Home, claim: str) -> Path:
    """The claim's folder; ConfigError for an invalid name."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", claim):
        raise ConfigError(f"There is no claim {claim!r}.", remedy=Remedy("list claims"))
    return home.root / "work" / claim


def save(home: Home, claim: Claim, files: Mapping[str, bytes] | None = None) -> None:
    """Write the claim and further files to its folder, for this user only."""
    place = folder(home, claim.claim)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    place.mkdir(mode=0o700, exist_ok=True)
    for name, content in (files or {}).items():
        replace_file(place / name, content)
    write_json(place / CLAIM, {"format": CLAIM_FORMAT, **claim.as_json()})


@contextmanager
def locked(home: Home, claim: str) -> Iterator[None]:
    """One process at a time changes the claim inside. ConfigError if it was removed meanwhile."""
    place = folder(home, claim)
    if not place.is_dir():
        raise ConfigError(f"The claim {claim} was removed.", remedy=Remedy("list claims"))
    with FileLock(place / ".lock", timeout=LOCK_TIMEOUT_S):
        yield


def exists(home: Home, claim: str) -> bool:
    """Whether there is a claim of this name, readable or not."""
    return claim in {path.parent.name for path in (home.root / "work").glob(f"*/{CLAIM}")}


def load(home: Home, claim: str) -> Claim:
    """The claim with this name, a unique part of the name, or this reference; ConfigError if there is none."""
    if re.fullmatch(r"[a-z0-9-]+", claim) and (path := home.root / "work" / claim / CLAIM).is_file():
        return _read(path)
    known = {each.claim: each for each in all_claims(home)}
    found = [each for each in known.values() if claim and (claim in each.claim or claim == each.reference)]
    if len(found) != 1:
        what = "matches more than one claim" if found else "matches no claim"
        raise ConfigError(f"{claim!r} {what}.", remedy=Remedy("list claims"))
    return found[0]


def all_claims(home: Home, warn: Callable[[str], None] = lambda _: None) -> list[Claim]:
    """All claims, those with the earliest due date first; those without one follow, then the answered and closed ones.

    Folders without a claim are left out. `warn` gets a message for each unreadable claim, which is left out, too.
    """
    found = []
    for path in sorted((home.root / "work").glob(f"*/{CLAIM}")):
        try:
            found.append(_read(path))
        except ConfigError as error:
            warn(f"warning: {error}")
    now = datetime.now(UTC)
    return sorted(found, key=lambda claim: _urgency(claim, now))


def _urgency(claim: Claim, now: datetime) -> tuple[bool, bool, date, str]:
    due = claim.due(now)
    return claim.step is ClaimStep.CLOSED, claim.answered, due[0] if due else date.max, claim.claim


def _read(path: Path) -> Claim:
    try:
        described = json.loads(path.read_text("utf-8"))
        if described.pop("format") != CLAIM_FORMAT:
            raise ValueError("another format")
        described.pop("notice_deadline")
        for name in ("dated", "received", "deadline", "first_seen"):
            described[name] = date.fromisoformat(described[name]) if described[name] else None
        described["kind"] = LetterKind(described["kind"]) if described["kind"] else None
        first = described.pop("licence")
        described.setdefault("licences", [first] if first else [])
        described.setdefault("probable", [])
        for derived in ("step", "outcome"):
            described.pop(derived, None)
        described["events"] = tuple(map(read_event, described.get("events", ())))
        described |= {name: tuple(described[name]) for name in LISTS}
        return Claim(**described)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"The claim {path.parent.name} cannot be read. Its deadlines still run, so look at the letter itself. Copy "
            "its folder in `work` back from a backup."
        ) from error


def pictures(home: Home, claim: Claim | None) -> list[Path]:
    return [folder(home, claim.claim) / each for each in claim.pictures] if claim else []


def must_be_confirmed(claim: Claim) -> None:
    """ConfigError if no person has confirmed the claim's values."""
    if not claim.confirmed:
        raise ConfigError(f"The values of {claim.claim} are not confirmed. {claim.how_to_confirm}")


def change(home: Home, claim: Claim, **fields: Any) -> Claim:
    """Change some fields of the claim as it is on disk now, and save it."""
    with locked(home, claim.claim):
        changed = replace(load(home, claim.claim), **fields)
        save(home, changed)
    return changed


def ways_to_licence(home: Home, claim: Claim) -> Sequence[Remedy]:
    """How a claim gets its licence: found by its pictures, if it has some, or named by a person."""
    known = {"claim": claim.claim}
    found = [Remedy("assess claim", known)] if pictures(home, claim) else []
    return [*found, Remedy("name the licence", known)]


def with_licences(
    home: Home, claim: Claim, licences: Iterable[str], probable: Iterable[str] = (), *, by: str | None = None
) -> Claim:
    """Save the claim with these licences. If a licence is in two archives, the last one named counts."""
    by_folder = {each.rpartition("/")[2]: each for each in licences}
    found = replace(claim, licences=tuple(by_folder.values()), probable=tuple(dict.fromkeys(probable)))
    with locked(home, claim.claim):
        newest = load(home, claim.claim)
        chosen = {each.rpartition("/")[2] for each in found.licences if each not in found.probable}
        before = {each.rpartition("/")[2] for each in newest.licences if each not in newest.probable}
        events = newest.events
        if chosen - before:
            now = iso(datetime.now(UTC)) or ""
            names = ", ".join(sorted(chosen - before))
            events = (*events, ClaimEvent(what=ClaimEventKind.LICENCE, at=now, by=by, text=names))
        found = replace(newest, licences=found.licences, probable=found.probable, events=events)
        save(home, found)
    return found


def licences_by_page(home: Home, warn: Callable[[str], None] = lambda _: None) -> dict[str, set[str]]:
    """The folders of the claims' licences, by the page addresses that the claims name."""
    found: dict[str, set[str]] = {}
    for claim in all_claims(home, warn):
        for url in claim.urls:
            found.setdefault(url, set()).update(each.rpartition("/")[2] for each in claim.licences)
    return found
