"""The data that the accounts of a run share: request, summary and tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archiver.browsing.recording import Recording
from archiver.browsing.replay import Listener
from archiver.collect.account_result import AccountResult, Progress
from archiver.collect.run_tools import RunTools
from archiver.collect.sources import LetterIntake
from archiver.collect.terms import SeenTerms
from archiver.core.alert import Alert
from archiver.core.errors import ArchiverError
from archiver.core.model import Outcome
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.provider import ProviderInfo


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What to run. Empty `clients` means all; without `accounts` and `sources`, all of both are run.

    `replay` is a folder of recordings (replay homes only).

    `after_restore` names a witness's checkpoint from before a restore from a backup, or what this machine remembers,
    and `confirmed_by` the person who confirms it; every history is then read to its end. `accepts_fewer`: a person
    accepts lists that show fewer rows than before. `sample` limits how many licences of each list are fetched (for
    recordings); the rest count as known.
    """

    clients: Sequence[str] = ()
    accounts: Sequence[str] = ()
    sources: Sequence[str] = ()
    asset_id: str | None = None
    full: bool = False
    accepts_fewer: bool = False
    dry_run: bool = False
    replay: Path | None = None
    after_restore: Path | None = None
    confirmed_by: str = ""
    sample: int | None = None


@dataclass
class RunSummary:
    """The result of a whole run. `replays` holds each account's replay with its log; it is empty in a real home.

    In a dry run, what its accounts say of `archived` is what a run would archive.
    """

    run: str
    dry_run: bool = False
    accounts: list[AccountResult] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    faults: dict[str, ArchiverError] = field(default_factory=dict)  # client -> why its archive could not be written
    machine: ArchiverError | None = None  # the error of a step after the accounts
    replays: dict[str, Listener] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        outcomes = {result.outcome for result in self.accounts}
        if len(outcomes) > 1:
            return Outcome.READ_TO_END if all(each.is_whole for each in outcomes) else Outcome.PARTIAL
        return outcomes.pop() if outcomes else Outcome.FAILED if self.faults else Outcome.COMPLETE

    @property
    def exit_code(self) -> int:
        codes = [result.exit_code for result in self.accounts] + [fault.exit_code for fault in self.faults.values()]
        codes += [self.machine.exit_code] if self.machine else []
        return max(codes, default=0)

    def as_json(self) -> dict[str, object]:
        """The document of `run --json`."""
        accounts = [result.as_json() for result in self.accounts]
        return {"run": self.run, "outcome": self.outcome, "dry_run": self.dry_run, "accounts": accounts}


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """The shared context of a run.

    `seen_terms` opens a platform's terms pages once for all accounts; `letters` makes claims of the letters that
    sources receive.
    """

    home: Home
    vault: Vault
    order: RunRequest
    tools: RunTools
    summary: RunSummary
    seen_terms: Callable[[ProviderInfo, Recording | None], Awaitable[list[SeenTerms]]]
    progress: Progress = lambda *_: None
    finished: Callable[[AccountResult], None] = lambda _: None
    letters: LetterIntake | None = None
