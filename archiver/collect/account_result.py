"""The result of a run for one account, and the progress callback."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from archiver.core.atomic_files import replace_file
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.model import Ground, Outcome
from archiver.core.progress import Progress as Progress  # which all who use results use, too
from archiver.core.remedy import SignInKind
from archiver.home.settings import Account, Input
from archiver.provider import Transport, method_of
from archiver.reading.secret_scan import Needle, mask, mask_text

MAX_REFUSALS_IN_MESSAGE = 5  # `run --json` and the run's log list all


def name_input(error: ArchiverError, of: Input, kind: SignInKind | None = None) -> None:
    """Let the error's remedies be for this account or source; `kind` if it is another one than its settings say."""
    known = {"account": of.name, "client": of.client, "provider": of.provider}
    if not isinstance(of, Account):
        known |= {name: str(value) for name in ("host", "port", "security", "username") if (value := of.value(name))}
    error.about(known, kind or sign_in_kind(of))


def sign_in_kind(of: Input) -> SignInKind:
    """How an account or source signs in."""
    if not isinstance(of, Account):
        return SignInKind.SOURCE
    with suppress(ConfigError):  # the adapter may be gone
        method = method_of(of.provider, of.method)
        in_browser = SignInKind.BROWSER if method.secrets else SignInKind.ATTENDED
        return in_browser if method.transport is Transport.BROWSER else SignInKind.HTTP
    return SignInKind.UNKNOWN


@contextmanager
def about(of: Input, kind: SignInKind | None = None) -> Iterator[None]:
    """Name the account or source in the errors that pass; see `name_input`."""
    try:
        yield
    except ArchiverError as error:
        name_input(error, of, kind)
        raise


@dataclass
class AccountResult:
    """The result of a run for one account.

    `incomplete` holds short ids, `completed` those of licences that were incomplete before; `unexplained` holds the
    platform's ids.
    """

    account: str
    provider: str
    outcome: Outcome = Outcome.COMPLETE
    error: str | None = None
    message: str = ""
    sweep: str = "known"
    ends: dict[str, str] = field(default_factory=dict)  # list -> what showed that it had ended
    ground: str | None = None  # why a complete account counts as complete: `core.model.Ground` of its weakest list
    grounds: dict[str, str | None] = field(default_factory=dict)  # list -> its ground
    total: int | None = None
    listed: int = 0
    archived: int = 0
    already: int = 0
    comps: int = 0
    completed: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    gaps: dict[str, dict[str, int]] = field(default_factory=dict)
    unexplained: list[str] = field(default_factory=list)
    differences: dict[str, list[str]] = field(default_factory=dict)  # to what else is known: `cross_checks.MESSAGES`
    seconds: float = 0.0
    adapter: dict[str, str] | None = None  # the home's own adapter that was used: its folder and digest
    funds: str | None = None  # the stated funds before and after the run: unchanged | changed; None: not stated
    requests_refused: int = 0
    refused: list[str] = field(default_factory=list)  # what the guard refused, each with the rule
    exit_code: int = 0
    is_dry: bool = False  # a dry run, which archives nothing
    passed_over: list[str] = field(default_factory=list)  # the platform's ids that a sample left out

    def rest_on(self, grounds: Mapping[str, Ground | None]) -> None:
        """Say on which grounds the lists are complete; the account's is that of its weakest list."""
        self.grounds = {name: ground.value if ground else None for name, ground in grounds.items()}
        found = [*grounds.values()]
        weakest = None if None in found else max(filter(None, found), key=[*Ground].index, default=None)
        self.ground = weakest.value if weakest else None

    def fail(self, error: ArchiverError, secrets: Sequence[str] = ()) -> None:
        """Record what stopped the reading. An account of which something is archived is read in part, and the message
        says how much. `secrets` are masked.
        """
        taken = self.archived + self.already + self.comps
        self.outcome = Outcome.PARTIAL if taken else Outcome.FAILED
        self.error, self.exit_code = type(error).__name__, error.exit_code
        said = f"{error.message(self.account)} {self.taken_message()} {self.refusals_message()}".strip()
        self.message = mask_text(said, [*secrets])

    def taken_message(self) -> str:
        """What was archived before the reading stopped; empty if it showed nothing."""
        if not self.listed or self.is_dry:
            return ""
        return (
            f"Before that, these licences were listed: {self.listed}. Archived now: {self.archived}; archived earlier: "
            f"{self.already}; not archived: {len(self.unexplained)}."
        )

    def refusals_message(self) -> str:
        """The refused requests in a sentence; empty if there are none."""
        if not self.refused:
            return ""
        more = len(self.refused) - MAX_REFUSALS_IN_MESSAGE
        listed = "; ".join(self.refused[:MAX_REFUSALS_IN_MESSAGE]) + (f"; and {more} more" if more > 0 else "")
        return f"Blocked requests: {listed}."

    def as_json(self) -> dict[str, object]:
        """The account's part of `run --json`."""
        hidden = ("funds", "requests_refused", "exit_code", "passed_over", "lacking", "is_dry")
        return {name: value for name, value in vars(self).items() if name not in hidden}


def most_severe(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error with the highest exit code in a group."""
    flat = [most_severe(each) if isinstance(each, BaseExceptionGroup) else each for each in group.exceptions]
    return max(flat, key=lambda error: error.exit_code if isinstance(error, ArchiverError) else 1000)


def keep_page(folder: Path, account: str, content: bytes, suffix: str, secret_values: list[Needle]) -> Path:
    """Save a page for the adapter's maintainer, without secrets.

    Its name comes from account and content, so the same page is saved once.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = mask(content, secret_values)
    path = folder / f"{account}-{sha256(content).hexdigest()[:12]}{re.sub(r'[^.a-z0-9]', '', suffix.lower())}"
    replace_file(path, content)
    return path
