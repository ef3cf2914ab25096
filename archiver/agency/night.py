"""A run over many accounts, followed by assignments, alerts, renewals, pruning and messages."""

from __future__ import annotations

import asyncio
import secrets as randomness
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

from archiver.agency import after_run
from archiver.agency.alerts import find_alerts
from archiver.agency.integrity import lost_archives, renewals_due
from archiver.agency.notification import tell
from archiver.agency.retention import prune
from archiver.collect.account_result import AccountResult, Progress
from archiver.collect.run import clients_without_accounts, not_asked, run_accounts, select_accounts
from archiver.collect.run_context import RunContext, RunRequest, RunSummary
from archiver.collect.run_log import log
from archiver.collect.run_tools import RunTools, open_tools
from archiver.collect.terms_visits import TermsVisits
from archiver.core.errors import ConfigError, Remedy, any_error
from archiver.home.settings import Account, Home, Input
from archiver.home.vault import Vault


# many parameters: commands, the desk, workers and recorders each give a few of the optional ones
async def run(
    home: Home,
    vault: Vault,
    order: RunRequest,
    *,
    progress: Progress = lambda *_: None,
    finished: Callable[[AccountResult], None] = lambda _: None,
    shared: RunTools | None = None,
    accounts: Sequence[Input] | None = None,
) -> RunSummary:
    """Run the accounts and return the result of each. Raises only errors of the run as a whole.

    `accounts` replaces the accounts that the order selects; requests to platforms without a history use it. ConfigError
    for unknown names, or `replay` in a real home. If another command holds a client's archive, the summary names that
    command as the client's fault, and the other clients' accounts run.
    """
    visited = clients_without_accounts(home, order) if accounts is None else []
    accounts = select_accounts(home, order) if accounts is None else accounts
    home.check_replay(order.replay)
    if order.after_restore and order.dry_run:
        raise ConfigError("--after-restore records a loss, but a dry run records nothing. Use only one of them.")
    run_name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{randomness.token_hex(3)}"
    summary = RunSummary(run=run_name, dry_run=order.dry_run)
    summary.warnings += lost_archives(home)
    if not accounts and not visited:
        summary.warnings.append(f"There are no accounts yet. {Remedy.of('connect account', {})}")
    async with AsyncExitStack() as stack:
        common = (
            await stack.enter_async_context(open_tools(home, replay=bool(order.replay))) if shared is None else shared
        )
        by_client: dict[str, list[Input]] = {slug: [] for slug in visited}
        for account in accounts:
            by_client.setdefault(account.client, []).append(account)
        terms = TermsVisits(common, summary, home, [each for each in accounts if isinstance(each, Account)])
        context = RunContext(
            home=home, vault=vault, order=order, tools=common, summary=summary, seen_terms=terms.seen,
            progress=progress, finished=finished, letters=after_run.MailedLetters(home),
        )  # fmt: skip
        errors = await run_accounts(context, by_client)
        terms.end()
    position = {account.name: number for number, account in enumerate(accounts)}
    summary.accounts.sort(key=lambda result: position[result.account])
    await _do_chores(home, vault, order, summary)
    for error in errors:
        raise error  # at the end, because one client's archive must not stop the others
    return summary


async def _do_chores(home: Home, vault: Vault, order: RunRequest, summary: RunSummary) -> None:
    """What follows the accounts: pictures of letters, licences of shared accounts, alerts, the log, and messages."""
    if not order.dry_run:
        summary.warnings += await _afterwards(summary, after_run.search_pictures, home) or []
        summary.warnings += await _afterwards(summary, after_run.assign_shared, home, vault) or []
    summary.alerts += await _afterwards(summary, find_alerts, home, datetime.now(UTC).date()) or []
    # A wrong --after-restore is a typing mistake, so only the person at the terminal learns of it.
    mistaken = order.after_restore and any(isinstance(fault, ConfigError) for fault in summary.faults.values())
    await _afterwards(summary, partial(log, home, summary, dry_run=order.dry_run or bool(mistaken)))
    summary.warnings += await _afterwards(summary, lambda: [*renewals_due(home), *not_asked(home, order)]) or []
    if not order.dry_run:
        summary.warnings += await _afterwards(summary, prune, home.root, datetime.now(UTC)) or []
        faults = {} if mistaken else summary.faults | ({"": summary.machine} if summary.machine else {})
        summary.warnings += await asyncio.to_thread(tell, home, ran=True, known=summary.alerts, faults=faults)


async def _afterwards[**P, T](
    summary: RunSummary, step: Callable[P, T], *arguments: P.args, **named: P.kwargs
) -> T | None:
    """Run a step that follows the accounts and return its result. Whatever stops it, as a full disk, is a fault of the
    run; the other steps still run, because people must get their messages."""
    try:
        return await asyncio.to_thread(step, *arguments, **named)
    except Exception as error:  # noqa: BLE001  # it is told, and must not silence the rest
        summary.machine = any_error(error)
        return None
