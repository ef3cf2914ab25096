"""The result of a doctor's check: a state, a message, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states, from best to worst."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check, and what to do."""

    check: str
    state: State
    message: str
    advice: str = ""


type DoctorFinding = tuple[State, str, str]
"""State, message and advice."""

type Findings = Iterator[DoctorFinding]


def ok(message: str) -> DoctorFinding:
    return State.OK, message, ""


def warning(message: str, advice: str = "") -> DoctorFinding:
    return State.WARNING, message, advice


def problem(message: str, advice: str = "") -> DoctorFinding:
    return State.PROBLEM, message, advice
