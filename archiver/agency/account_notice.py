"""What is said of an account that was not read without a fault, made from what its runs recorded. Pure.

Mails, webhooks, Today and the weekly message take their sentences from here, so none contradicts an account's numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from archiver.catalogue.index import RunLine
from archiver.collect.account_result import name_input
from archiver.core import localised
from archiver.core.errors import PERSON, Remedy
from archiver.core.model import Outcome
from archiver.core.packaged_data import packaged_yaml
from archiver.home.settings import Account, Input


class NoticeTexts(TypedDict):
    """The content of `account_notice.yaml`: texts by situation and language."""

    say: dict[str, dict[str, str]]
    risk: dict[str, dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class AccountNotice:
    """An account by its runs, oldest first. `since` is the day on which it was last read without a fault."""

    about: str
    runs: Sequence[RunLine] = ()
    since: str | None = None

    @property
    def held(self) -> int:
        """How many licences its runs archived."""
        return sum(run.archived for run in self.runs)

    @property
    def listed(self) -> int:
        """How many rows it showed in the last run."""
        return self.runs[-1].listed if self.runs else 0

    @property
    def taken(self) -> int:
        """How many of these are archived."""
        return max(0, self.listed - self.runs[-1].unexplained) if self.runs else 0

    @property
    def failing(self) -> bool:
        """Whether the last run failed, or met an error."""
        return bool(self.runs) and (self.runs[-1].outcome == Outcome.FAILED or self.runs[-1].error is not None)

    @property
    def situation(self) -> str:
        if self.since:
            return "since"
        if self.held or any(run.listed or run.outcome != Outcome.FAILED for run in self.runs):
            return "begun"
        return "unread" if self.runs else "never"

    @property
    def extent(self) -> str:
        """How much of what it showed in the last run is archived."""
        if not self.taken:
            return "nothing"
        return "whole" if self.taken == self.listed else "part"

    def sentence(self, language: str) -> str:
        """What happened, in one or two sentences."""
        return self._filled(_texts()["say"][self.situation], language)

    def risk(self, language: str) -> str:
        """What is archived, and what may be missing."""
        return self._filled(_texts()["risk"][self.extent], language)

    def _filled(self, said: dict[str, str], language: str) -> str:
        numbers = {name: localised.number(getattr(self, name), language) for name in ("held", "listed", "taken")}
        day = localised.day(self.since, language)
        return said[language].format(about=self.about, day=day, **numbers)


def needed_for(of: Input, error: str) -> tuple[str, Remedy]:
    """What an error of PERSON means for an account or source, and what resolves it."""
    met = PERSON[error]()
    name_input(met, of)
    happened = met.happened()
    return happened if isinstance(of, Account) else happened.replace("platform", "mail server"), met.remedies()[0]


def _texts() -> NoticeTexts:
    return packaged_yaml(NoticeTexts, "archiver.agency", "account_notice.yaml")
