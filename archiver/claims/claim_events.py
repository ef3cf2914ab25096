"""What happened to a claim, and the step in its life that follows from it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class ClaimEventKind(StrEnum):
    """The kinds of events in a claim's timeline."""

    ADDED = "added"
    CONFIRMED = "confirmed"
    LICENCE = "licence"  # a person chose a licence
    NO_LICENCE = "no_licence"  # a person says that this archive has none
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"
    NOTE = "note"
    FILE = "file"
    OWNER = "owner"
    CLIENT = "client"  # a person says that it is about another client


class ClaimStep(StrEnum):
    """Where a claim stands."""

    NEW = "new"
    CONFIRMED = "confirmed"
    LICENCE_FOUND = "licence_found"
    NO_LICENCE = "no_licence"
    ANSWERED = "answered"
    CLOSED = "closed"


class ClaimOutcome(StrEnum):
    """How a claim ended."""

    WON = "won"
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class AnswerTo(StrEnum):
    """Who got an answer: the claimant, or the platform whose indemnity is asked for."""

    CLAIMANT = "claimant"
    PLATFORM = "platform"


@dataclass(frozen=True, kw_only=True)
class ClaimEvent:
    """One event. `at` is when it was recorded, in UTC (`2026-11-24T02:00:00Z`); `day` is when it happened.

    `file` is a paper in the claim's folder; `sent` are the papers that went out.
    """

    what: ClaimEventKind
    at: str
    by: str | None = None
    day: date | None = None
    text: str = ""
    to: AnswerTo | None = None
    how: str = ""
    sent: tuple[str, ...] = ()
    file: str | None = None
    outcome: ClaimOutcome | None = None
    amount: float | None = None
    currency: str | None = None

    def as_json(self) -> dict[str, object]:
        """The event in `claim.json` and in `claim show --json`."""
        return {**asdict(self), "day": self.day and self.day.isoformat(), "sent": list(self.sent)}


def read_event(fields: Mapping[str, Any]) -> ClaimEvent:
    """The event that `as_json` wrote; ValueError, TypeError or KeyError for anything else."""
    known = {name: value for name, value in fields.items() if name in ClaimEvent.__dataclass_fields__}
    for name, kind in (("what", ClaimEventKind), ("to", AnswerTo), ("outcome", ClaimOutcome)):
        known[name] = kind(known[name]) if known.get(name) else None
    known["day"] = date.fromisoformat(known["day"]) if known.get("day") else None
    known["sent"] = tuple(known.get("sent", ()))
    return ClaimEvent(**known)


def since_reopened(events: Sequence[ClaimEvent]) -> Sequence[ClaimEvent]:
    """The events that count: those after the claim was last reopened."""
    reopened = [number for number, each in enumerate(events) if each.what is ClaimEventKind.REOPENED]
    return events[reopened[-1] + 1 :] if reopened else events


def answered_to(events: Sequence[ClaimEvent], whom: AnswerTo) -> ClaimEvent | None:
    """The newest answer to one side; None if there is none since the claim was reopened."""
    found = [each for each in since_reopened(events) if each.what is ClaimEventKind.ANSWERED and each.to is whom]
    return found[-1] if found else None


def closed_by(events: Sequence[ClaimEvent]) -> ClaimEvent | None:
    """The event that closed the claim; None while it is open."""
    return next((each for each in since_reopened(events) if each.what is ClaimEventKind.CLOSED), None)


def step_of(*, confirmed: bool, licences: Collection[str], events: Sequence[ClaimEvent]) -> ClaimStep:
    """The step of a claim; `licences` are those that a person compared or named."""
    if closed_by(events):
        return ClaimStep.CLOSED
    if answered_to(events, AnswerTo.CLAIMANT):
        return ClaimStep.ANSWERED
    if not confirmed:
        return ClaimStep.NEW
    if licences:
        return ClaimStep.LICENCE_FOUND
    said = [each for each in events if each.what in (ClaimEventKind.NO_LICENCE, ClaimEventKind.LICENCE)]
    return ClaimStep.NO_LICENCE if said and said[-1].what is ClaimEventKind.NO_LICENCE else ClaimStep.CONFIRMED
