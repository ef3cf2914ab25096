"""The result of a doctor's check: a state, a message, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from archiver.core.remedy import Remedy as Remedy  # checks take it from here


class State(StrEnum):
    """The states, from best to worst."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check, and what to do: `advice` says what no command does."""

    check: str
    state: State
    message: str
    advice: str = ""
    remedy: Remedy | None = None

    @property
    def what_to_do(self) -> str:
        """The advice and the remedy's command, for a terminal."""
        return in_words(self.advice, self.remedy)

    def as_json(self) -> dict[str, object]:
        """One check in `doctor --json`."""
        offered = self.remedy.as_json() if self.remedy else None
        return {**vars(self), "advice": self.what_to_do, "remedy": offered}


class DoctorFinding(NamedTuple):
    """What one look of a check found."""

    state: State
    message: str
    advice: str = ""
    remedy: Remedy | None = None

    @property
    def what_to_do(self) -> str:
        """The advice and the remedy's command, for a terminal."""
        return in_words(self.advice, self.remedy)


def in_words(advice: str, remedy: Remedy | None) -> str:
    """What to do, for a terminal: the advice, and the remedy with its command."""
    return f"{advice} {remedy or ''}".strip()


type Findings = Iterator[DoctorFinding]


def ok(message: str) -> DoctorFinding:
    return DoctorFinding(State.OK, message)


def warning(message: str, advice: str = "", remedy: Remedy | None = None) -> DoctorFinding:
    return DoctorFinding(State.WARNING, message, advice, remedy)


def problem(message: str, advice: str = "", remedy: Remedy | None = None) -> DoctorFinding:
    return DoctorFinding(State.PROBLEM, message, advice, remedy)
