"""What a check of the doctor finds: a state, a message, and the one thing to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """From the best to the worst."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Diagnosis:
    """What one check found, and the one thing to do about it."""

    check: str
    state: State
    message: str
    advice: str = ""


type Findings = Iterator[tuple[State, str, str]]
"""(state, message, advice), as often as a check has something to say."""
