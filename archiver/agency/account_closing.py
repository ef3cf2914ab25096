"""Close an account: read its history once more, note the close, delete its secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.agency.documents_to_get import DocumentToGet, documents_to_get
from archiver.agency.night import run
from archiver.agency.privacy import state
from archiver.archive.reader import Archive
from archiver.catalogue.archives import finish, writing
from archiver.collect.account_result import AccountResult, Progress
from archiver.collect.run import on_request
from archiver.collect.run_context import RunRequest
from archiver.core.errors import ConfigError
from archiver.core.model import iso
from archiver.home.settings import Account, Home
from archiver.home.settings_edit import change_account
from archiver.home.vault import Vault


@dataclass(frozen=True, kw_only=True)
class ClosedAccount:
    """The result of closing an account. `outcome`: closed, would_close, already_closed, incomplete (it stays open)."""

    account: str
    outcome: str
    sweep: dict[str, object] | None
    to_get: list[DocumentToGet]
    exit_code: int

    def as_json(self) -> dict[str, object]:
        """The document of `account close --json`."""
        return {
            "account": self.account, "outcome": self.outcome, "sweep": self.sweep,
            "missing": [vars(each) for each in self.to_get if each.is_missing],
            "on_request": [vars(each) for each in self.to_get if not each.is_missing],
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ClosingRequest:
    """How to close an account. `dry_run` only reports; `anyway`: after an incomplete sweep too, as `by` decides."""

    replay: Path | None = None
    dry_run: bool = False
    anyway: bool = False
    by: str | None = None
    reason: str | None = None


async def close(home: Home, vault: Vault, name: str, request: ClosingRequest, progress: Progress) -> ClosedAccount:
    """Read the whole history once more. If that is complete, note the close and delete the secrets.

    The licences stay as they are. A repeated call completes an interrupted one. ConfigError if the request says
    `anyway` and names no person.
    """
    account = home.account(name)
    if request.anyway and not (request.by and request.by.strip()):
        raise ConfigError("A person must decide to close after an incomplete last sweep. Give a name with --by.")
    if not account.closed and not request.dry_run and (day := _just_noted(home, account)):
        change_account(home.root, name, closed=day)
        home = Home.load(home.root)
        account = home.account(name)
    if account.closed:
        if not request.dry_run:
            vault.forget(name)
            finish(home, vault, account.client)
        return ClosedAccount(
            account=name, outcome="already_closed", sweep=None, to_get=_to_get(home, name), exit_code=0
        )
    result, complete, code = await _last_sweep(home, vault, account, request, progress)
    closes, to_get = complete or request.anyway, _to_get(home, name)
    if closes and not request.dry_run:
        _note(home, vault, account, result, None if complete else request)
        change_account(home.root, name, closed=datetime.now(UTC).date().isoformat())
        vault.forget(name)
    outcome = "incomplete" if not closes else "would_close" if request.dry_run else "closed"
    code = 0 if closes else code
    return ClosedAccount(account=name, outcome=outcome, sweep=result.as_json(), to_get=to_get, exit_code=code)


def _to_get(home: Home, account: str) -> list[DocumentToGet]:
    return list(documents_to_get(home, lambda catalogue: catalogue.of_account(account)))


async def _last_sweep(
    home: Home, vault: Vault, account: Account, request: ClosingRequest, progress: Progress
) -> tuple[AccountResult, bool, int]:
    """The result of reading the whole history, whether it was complete, and the exit code."""
    if on_request(account):  # such a platform has no history to read
        return AccountResult(account.name, account.provider), True, 0
    order = RunRequest(accounts=[account.name], full=True, dry_run=request.dry_run, replay=request.replay)
    summary = await run(home, vault, order, progress=progress)
    [result] = summary.accounts
    return result, result.outcome.is_whole and not summary.faults, summary.exit_code


def _note(home: Home, vault: Vault, account: Account, result: AccountResult, decided: ClosingRequest | None) -> None:
    """Record the close in the ledger, with the statement of the person who decided it after an incomplete sweep."""
    with writing(home, vault, account.client) as archive:
        stated = {}
        if decided:
            stated["statement"] = state(
                archive, "closing", decided.by or "", decided.reason or "", account=account.name
            )
        archive.append(
            "close",
            account=account.name,
            provider=account.provider,
            sweep=result.sweep,
            listed=result.listed,
            archived=result.archived + result.already,
            comps=result.comps,
            incomplete=len(result.incomplete),
            outcome=result.outcome.value,
            **stated,
        )
        archive.seal()


def _just_noted(home: Home, account: Account) -> str | None:
    """The day on which the ledger closed the account, if a command was killed within the last day before it wrote the
    settings; else None."""
    newest = None
    for line in Archive(home.archive(account.client)).lines():
        if line.type in ("run", "close") and line.fields.get("account") == account.name:
            newest = line
    at = str(newest.fields["at"]) if newest and newest.type == "close" else ""
    return at[:10] if at > (iso(datetime.now(UTC) - timedelta(days=1)) or "") else None
