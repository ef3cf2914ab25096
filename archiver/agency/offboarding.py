"""Offboarding: what to do before you remove a person's seat at a platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archiver.agency.missing_documents import Missing, licences_once, missing_documents
from archiver.agency.night import run
from archiver.catalogue.index import CatalogueEntry
from archiver.collect.account_result import Progress
from archiver.collect.run import on_request
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.errors import ConfigError
from archiver.core.model import DocumentKind, Outcome
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault


@dataclass
class Leaving:
    """A person leaves a seat: their archived licences, missing documents, and the checklist."""

    user: str
    accounts: list[str]
    licences: list[str]
    covered: dict[str, int]  # numbers of `licences` and `certificates`, and missing certificates by reason
    missing: list[Missing]
    checklist: list[str]
    run: RunSummary | None = None
    signs_in: list[str] = field(default_factory=list)  # the open accounts whose sign-in is this person's
    assigned: dict[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return self.run.exit_code if self.run else 0

    def as_json(self) -> dict[str, object]:
        """The document of `account leaver --json`."""
        return {
            "user": self.user,
            "accounts": self.accounts,
            "sweep": self.run.as_json() if self.run else None,
            "licences": self.licences,
            "coverage": self.covered,
            "missing": [vars(each) for each in self.missing],
            "checklist": self.checklist,
        }


async def leaver(
    home: Home,
    vault: Vault,
    user: str,
    *,
    replay: Path | None = None,
    dry_run: bool = False,
    progress: Progress = lambda *_: None,
) -> Leaving:
    """Read the histories of a person's seat once more, and list what to do before the seat is removed.

    `dry_run` reads no history and reports from the archives. ConfigError if nothing in the home names that user.
    """
    accounts = _accounts_of(home, user)
    open_ones = [account.name for account in accounts if not (account.closed or on_request(account))]
    if not accounts and not _of_seat(home, user):
        raise ConfigError(
            f"No licence, account or seat in this home names the user {user!r}. Write the name as the platform does; "
            f"try `archiver find {user}`."
        )
    summary = None
    if open_ones and not dry_run:
        order = RunRequest(accounts=open_ones, full=True, replay=replay)
        summary = await run(home, vault, order, progress=progress)
    found = _of_seat(home, user)
    missing = list(missing_documents(home, lambda entry: _is(entry.licence.seat, user)))
    counts = Counter({"licences": len(found), "certificates": 0})
    for entry in found:
        kinds = {document.kind for document in entry.file.documents}
        if kinds & {DocumentKind.CERTIFICATE, DocumentKind.RECEIPT}:
            counts["certificates"] += 1
        else:
            reasons = [gap.reason.value for gap in entry.file.gaps if gap.kind is DocumentKind.CERTIFICATE]
            counts[reasons[0] if reasons else "none"] += 1
    return Leaving(
        user=user,
        accounts=[account.name for account in accounts],
        licences=[entry.short_id for entry in found],
        covered=dict(counts),
        missing=missing,
        checklist=list(_checklist(user, accounts, missing, summary)),
        run=summary,
        signs_in=[account.name for account in accounts if _is(account.username, user) and not account.closed],
    )


def _is(seat: str | None, user: str) -> bool:
    return bool(seat) and str(seat).casefold() == user.strip().casefold()


def _of_seat(home: Home, user: str) -> list[CatalogueEntry]:
    """The licences of a seat. For a shared account, those in the house archive."""
    return list(licences_once(home, lambda entry: _is(entry.licence.seat, user)))


def _accounts_of(home: Home, user: str) -> list[Account]:
    read_by = {entry.file.provenance.get("account") for entry in _of_seat(home, user)}
    return [
        account
        for account in home.accounts()
        if account.name in read_by or _is(account.username, user) or any(_is(each, user) for each in account.seat_until)
    ]


def _checklist(user: str, accounts: list[Account], missing: list[Missing], summary: RunSummary | None) -> Iterator[str]:
    """The steps before the seat is removed, in order."""
    if summary is None:
        yield f"Read the histories once more: archiver account leaver {user}"
    for result in summary.accounts if summary else ():
        if result.outcome is not Outcome.COMPLETE:
            yield f"{result.account} was not read completely: {result.message or result.outcome} Fix it and run again."
    wanted = Counter(each.do for each in missing)
    for what, number in wanted.items():
        yield f"{number} document{'s are' if number > 1 else ' is'} missing. {what}"
    for account in accounts:
        if account.closed:
            continue
        if _is(account.username, user):
            yield (
                f"{account.name} signs in as {user}: give it another user (archiver account rotate {account.name} "
                f"--username OTHER), or close it (archiver account close {account.name})."
            )
    yield "Then remove the seat at the platform. You can still find the archived licences: archiver find " + user
