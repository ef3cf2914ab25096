"""Close an account: read its history once more, note the close, delete its secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archiver.agency.missing_documents import Missing, missing_documents
from archiver.agency.night import run
from archiver.agency.privacy import state
from archiver.archive.reader import Archive
from archiver.catalogue.archives import finish, writing
from archiver.collect.account_result import AccountResult, Progress
from archiver.collect.run import on_request
from archiver.collect.run_context import RunRequest
from archiver.core.errors import ConfigError
from archiver.core.model import Outcome, iso
from archiver.home.settings import Account, Home, change_account
from archiver.home.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Closing:
    """The result of closing an account. `outcome`: closed, would_close, already_closed, incomplete (it stays open)."""

    account: str
    outcome: str
    sweep: dict[str, Any] | None
    missing: list[Missing]
    exit_code: int

    def as_json(self) -> dict[str, Any]:
        """The document of `account close --json`."""
        return {
            "account": self.account,
            "outcome": self.outcome,
            "sweep": self.sweep,
            "missing": [vars(each) for each in self.missing],
        }


async def close(
    home: Home,
    vault: Vault,
    name: str,
    *,
    replay: Path | None = None,
    dry_run: bool = False,
    anyway: bool = False,
    by: str | None = None,
    reason: str | None = None,
    progress: Progress = lambda *_: None,
) -> Closing:
    """Read the whole history once more. If that is complete, note the close and delete the secrets.

    `anyway` closes after an incomplete sweep too, if a person (`by`) decides it. The licences stay as they are.
    A repeated call completes an interrupted one.
    """
    account = home.account(name)
    if anyway and not (by and by.strip()):
        raise ConfigError("A person must decide to close after an incomplete last sweep. Give a name with --by.")
    if not account.closed and not dry_run and (day := _just_noted(home, account)):
        change_account(home.root, name, closed=day)
        home = Home.load(home.root)
        account = home.account(name)
    if account.closed:
        if not dry_run:
            vault.forget(name)
            finish(home, vault, account.client)
        missing = list(missing_documents(home, lambda entry: entry.file.provenance.get("account") == name))
        return Closing(account=name, outcome="already_closed", sweep=None, missing=missing, exit_code=0)
    result, complete, code = AccountResult(name, account.provider), True, 0
    if not on_request(account):  # such a platform has no history to read
        order = RunRequest(accounts=[name], full=True, dry_run=dry_run, replay=replay)
        summary = await run(home, vault, order, progress=progress)
        [result] = summary.accounts
        complete, code = result.outcome is Outcome.COMPLETE and not summary.faults, summary.exit_code
    missing = list(missing_documents(home, lambda entry: entry.file.provenance.get("account") == name))
    outcome = "closed" if complete or anyway else "incomplete"
    if dry_run:
        outcome = "would_close" if complete or anyway else "incomplete"
    elif outcome == "closed":
        with writing(home, vault, account.client) as archive:
            stated = {}
            if not complete:
                stated["statement"] = state(archive, "closing", by or "", reason or "", account=name)
            archive.append(
                "close",
                account=name,
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
        change_account(home.root, name, closed=datetime.now(UTC).date().isoformat())
        vault.forget(name)
    code = code if outcome == "incomplete" else 0
    return Closing(account=name, outcome=outcome, sweep=result.as_json(), missing=missing, exit_code=code)


def _just_noted(home: Home, account: Account) -> str | None:
    """The day on which the ledger closed the account, if a command was killed within the last day before it wrote the
    settings; else None."""
    newest = None
    for line in Archive(home.archive(account.client)).lines():
        if line.type in ("run", "close") and line.fields.get("account") == account.name:
            newest = line
    at = str(newest.fields["at"]) if newest and newest.type == "close" else ""
    return at[:10] if at > (iso(datetime.now(UTC) - timedelta(days=1)) or "") else None
