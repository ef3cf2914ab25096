"""Sources: mailboxes and folders that every run reads as it reads accounts. What all kinds share is here.

A kind is one file with a subclass of `SourceKind`, and a line in `KINDS`. It gets a `SourceReading`, and gives what it
found to a `Filing`, which archives it the way of an import.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import ClassVar, Protocol

from archiver.archive.writer import ArchiveWriter
from archiver.collect.account_result import AccountResult, Progress
from archiver.collect.mail_selection import ClaimMarks
from archiver.core.errors import ConfigError, SignInNeeded, SiteUnavailable, WrongPassword
from archiver.core.model import Outcome
from archiver.home.settings import Home
from archiver.home.source_settings import Source, SourceSettings
from archiver.home.vault import Vault, run_secret_command, secret_digest
from archiver.reading.worker import DocumentReader

KINDS = {"mailbox": "archiver.collect.mailbox:MailboxKind", "folder": "archiver.collect.folder:FolderKind"}
"""Where each kind is: module and class."""

MAX_LISTED = 500  # items of a dry run that are listed; the reasons count all


@dataclass(frozen=True, kw_only=True)
class ReceivedLetter:
    """A letter that a source received: whose source it is, where in it, the bytes, and how its origin was checked."""

    client: str
    source: str
    place: str
    content: bytes
    received: datetime | None
    origin: Mapping[str, object]


type KeepSecrets = Callable[[Mapping[str, str]], None]
"""Stores a source's secrets, which a server renewed."""


class LetterIntake(Protocol):
    """Makes claims of the letters that a source receives."""

    def claims_of(self, client: str) -> list[ClaimMarks]:
        """By what a client's sources know further mails about its claims."""

    def open_claim(self, letter: ReceivedLetter) -> str:
        """Open a claim for a letter, or add the letter to its claim; returns the claim's name."""


@dataclass
class SourceResult(AccountResult):
    """The result of reading a source. `reasons` count why items were taken or passed over; `claims` are those opened.

    `items` are listed by a dry run only: where, whether taken, and why. `warnings` are sentences for people. `lacking`
    has the reason of each item that `unexplained` names.
    """

    reasons: dict[str, int] = field(default_factory=dict)
    items: list[dict[str, object]] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    lacking: dict[str, str] = field(default_factory=dict)

    def count(self, reason: str, place: str, *, taken: bool, dry_run: bool, **more: object) -> None:
        """Count an item that was taken or passed over; a dry run lists it with what `more` says of it."""
        said = f"{'taken' if taken else 'passed over'}: {reason}"
        self.reasons[said] = self.reasons.get(said, 0) + 1
        if dry_run and len(self.items) < MAX_LISTED:
            self.items.append({"place": place, "taken": taken, "reason": reason, **more})

    def lack(self, place: str, why: str) -> None:
        """Record an item that should be archived and cannot be read; once, however often it is met."""
        if self.lacking.get(place) != why:
            self.lacking[place] = why
            self.unexplained.append(f"{place}: {why}")
        if self.outcome is Outcome.COMPLETE:
            self.outcome, self.exit_code = Outcome.PARTIAL, max(self.exit_code, 40)


@dataclass
class SourceReading:
    """What a kind gets to read one source, and the result that it fills in. All in one thread.

    `archive` is None in a dry run. `until` is the time (`time.monotonic`) at which the reading must end.
    """

    home: Home
    source: Source
    secrets: Mapping[str, str]
    archive: ArchiveWriter | None
    reader: DocumentReader
    result: SourceResult
    until: float
    full: bool = False
    letters: LetterIntake | None = None
    keep_secrets: KeepSecrets = lambda _: None
    progress: Progress = lambda *_: None

    @property
    def dry_run(self) -> bool:
        return self.archive is None

    @property
    def state(self) -> Path:
        """The folder of what the source remembers between runs; it may vanish."""
        return state_of(self.home, self.source.name)

    def check_time(self) -> None:
        """SiteUnavailable if the time for this source is over."""
        if time.monotonic() > self.until:
            raise SiteUnavailable(f"{self.source.name} was not read to its end before its deadline")


def state_of(home: Home, name: str) -> Path:
    return home.state / "sources" / name


class SourceKind(ABC):
    """One kind of source. `model` has its settings, `secrets` names what it needs to sign in."""

    title: ClassVar[str]
    model: ClassVar[type[SourceSettings]]
    secrets: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def settings(self, home: Home, source: Source) -> SourceSettings:
        """The source's settings; ConfigError names the place of each fault."""

    @abstractmethod
    def check(self, home: Home, source: Source, secrets: Mapping[str, str], keep: KeepSecrets) -> Iterator[str]:
        """Open the source as a run would, archive nothing, and say in sentences what is there."""

    def sign_in(
        self,
        home: Home,  # noqa: ARG002  # for kinds that need it
        source: Source,  # noqa: ARG002  # as above
        secrets: Mapping[str, str],  # noqa: ARG002  # as above
        say: Callable[[str], None],  # noqa: ARG002  # as above
    ) -> dict[str, str] | None:
        """Let a person sign in if a password is not enough, and return the new secrets.

        None if a password is enough.
        """
        return None

    @abstractmethod
    def read(self, reading: SourceReading) -> None:
        """Read what is new. Raises an ArchiverError or OSError; what was already filed stays."""

    @abstractmethod
    def forget(self, home: Home, source: Source) -> None:
        """Let this reading and later ones read everything again, even if this one breaks at once."""

    @abstractmethod
    def listing(self, home: Home, source: Source) -> list[dict[str, object]]:
        """Return what was found and not archived, with the reasons: rows of `source report`."""


def kind_of(source: Source) -> SourceKind:
    """The source's kind; ConfigError if there is none of this name."""
    if source.kind not in KINDS:
        where = source.marked.where(("kind",))
        raise ConfigError(f"{where} kind: there is no kind {source.kind!r}. Use one of {', '.join(KINDS)}.")
    return _kind(source.kind)()


def models_of_kinds() -> dict[str, type[SourceSettings]]:
    """The model of each kind's settings, by the kind's name."""
    return {name: _kind(name).model for name in KINDS}


def _kind(name: str) -> type[SourceKind]:
    module, _, kind = KINDS[name].partition(":")
    found: type[SourceKind] = getattr(import_module(module), kind)
    return found


def secrets_of_source(vault: Vault, source: Source, kind: SourceKind) -> dict[str, str]:
    """The secrets of a source, from its command or the vault; SignInNeeded names missing ones."""
    if not kind.secrets:
        return {}
    secrets = vault.secrets(source.name)
    if source.secret_command:
        secrets = {**secrets, **run_secret_command(source.secret_command, bare=kind.secrets[0])}
    if not any(secrets.get(name) for name in kind.secrets):
        raise SignInNeeded(f"the vault has no {kind.secrets[0]} for {source.name}")
    return secrets


def refuse_known(vault: Vault, source: Source, secrets: Mapping[str, str]) -> str:
    """The digest of the secrets. WrongPassword if the server refused just these before: it is not asked again."""
    digest = secret_digest(secrets)
    trouble = vault.trouble(source.name)
    if trouble and trouble.rests(digest, datetime.now(UTC)):
        raise WrongPassword(
            f"this happened on {trouble.at}, and the secret has not changed since, so nothing was tried"
        )
    return digest
