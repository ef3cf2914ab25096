"""Commands that fetch evidence: sign-in, run, import and capture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import (
    HomeOption,
    JsonOption,
    ReplayOption,
    app,
    awaited,
    opened,
    unlocked,
)
from archiver.cli.output import emit, progress, say, table, tell

if TYPE_CHECKING:
    from archiver.collect.account_result import AccountResult


@app.command("sign-in")
def sign_in(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]...", help="The accounts, one after another.")
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="All sign-ins that a person must do this week.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --due: only list them.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    headless: Annotated[bool, typer.Option(hidden=True)] = False,
    home: HomeOption = None,
) -> None:
    """Sign in as a person, in a visible browser; the sessions are saved for the nights.

    If one account fails, the next one has its turn. With --json, --due only lists; names sign in and tell the results.

    Example: archiver sign-in acme-freepik acme-envato
    """
    from archiver.agency.sign_ins import due_sign_ins, sign_in_all

    here = opened(home)
    if bool(names) == due:
        raise typer.BadParameter("name the accounts, or say --due")
    vault = unlocked(here)
    waiting = due_sign_ins(here, vault) if due else []
    if due and as_json:
        emit([each.as_json() for each in waiting])
    elif due:
        rows = [(each.account, each.why, each.command) for each in waiting]
        table(("account", "why", "command"), rows, "No sign-in waits for a person this week.")
    if dry_run or (due and as_json):
        return
    chosen = names or [each.account for each in waiting if each.attended]
    found = awaited(sign_in_all(here, vault, chosen, replay=replay, headless=headless, say=say))
    if as_json:
        emit([each.as_json() for each in found])
    raise typer.Exit(max((each.exit_code for each in found), default=0))


def asset_of(text: str) -> str:
    """An asset's id: as it is given, or out of the address of the asset's page; BadParameter where none is in there."""
    from archiver.reading.filenames import names

    if "://" not in text and text.strip():
        return text.strip()
    ids = {each.asset_id for each in names(text) if each.asset_id}
    if len(ids) != 1:
        raise typer.BadParameter(f"{text!r} names no asset that is known here; give the platform's id of it")
    return ids.pop()


@app.command()
def run(
    client: Annotated[list[str] | None, typer.Option(help="Only this client; repeatable.")] = None,
    account: Annotated[list[str] | None, typer.Option(help="Only this account; repeatable.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only the licences of this asset: its id, or its page.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read every history to its end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Sign in and count; archive nothing.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    after_restore: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="Once after a restore from a backup: the newest checkpoint that a witness holds, or its folder.",
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Archive what is new at every account; read-only toward the platforms.

    Example: archiver run --client acme
    """
    from archiver.agency.night import run as run_accounts
    from archiver.agency.run_messages import ProgressForecast, closing
    from archiver.collect.run_context import RunRequest

    here = opened(home)
    order = RunRequest(
        clients=client or (), accounts=account or (), asset_id=None if asset is None else asset_of(asset),
        full=full, dry_run=dry_run, replay=replay, after_restore=after_restore,
    )  # fmt: skip

    def finished(result: AccountResult) -> None:
        numbers = f"{result.listed} listed, {result.archived} archived, {result.already} already"
        trouble = f" - {result.error}" if result.error else ""
        say(f"{result.account}: {result.outcome}{trouble}: {numbers} ({result.seconds:.1f} s)")

    with progress() as watch:
        watch = watch if asset else ProgressForecast(here, say, watch)  # the histories are only looked through
        summary = awaited(run_accounts(here, unlocked(here), order, progress=watch, finished=finished))
    for slug, fault in summary.faults.items():
        say(f"{slug}: {fault}")
    if summary.machine:
        say(f"archiver: {summary.machine}")
    for warning in summary.warnings:
        say(f"warning: {warning}")
    for concern in summary.alerts:
        say(f"note: {concern}")
    if as_json:
        emit(summary.as_json())
    else:
        columns = ("account", "outcome", "listed", "archived", "already", "comps", "incomplete", "unexplained")
        rows = [
            (r.account, r.outcome, r.listed, r.archived, r.already, r.comps, len(r.incomplete), len(r.unexplained))
            for r in summary.accounts
        ]
        table(columns, rows)
        at_fault = {str(fault) for fault in summary.faults.values()}  # told once a client
        for result in summary.accounts:
            if result.message and result.message not in at_fault:
                tell(f"{result.account}: {result.message}")
            for short_id in result.incomplete:
                tell(f"  incomplete: {short_id}")
            for platform_id in result.unexplained:
                tell(f"  unexplained: {platform_id}")
        for line in closing(here, summary, dry_run=dry_run):
            tell(line)
        tell(f"Run {summary.run}: {summary.outcome}.")
    raise typer.Exit(summary.exit_code)


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders, zips, mails, lists, documents.")],
    client: Annotated[str, typer.Option(help="The client to whose archive it goes.")],
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who imports [default: the system's user].")] = None,
    keep_files: Annotated[
        bool, typer.Option("--keep-files", help="Archive delivered files too, not only their digests.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what each file is; archive nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Archive licence proof from folders, zips, mail, lists and documents, on any platform.

    Example: archiver import ~/projects/acme --client acme --dry-run
    """
    from getpass import getuser

    from archiver.collect.importing import import_files

    here = opened(home)
    with progress() as watch:
        report = import_files(
            here, unlocked(here), paths, client, by=by or f"system user {getuser()}", dry_run=dry_run,
            keep_files=keep_files, progress=watch,
        )  # fmt: skip
    for warning in report.warnings:
        say(f"warning: {warning}")
    if as_json:
        emit(report.as_json())
    else:
        table(("file", "kind", "outcome", "licence, or why"), report.table())
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(report.counts.items()))
    say(f"{'Dry run, nothing was archived' if dry_run else client}: {counts or 'no files'}.")
    raise typer.Exit(report.exit_code)


@app.command()
def capture(
    client: Annotated[str, typer.Option(help="The client to whose archive it goes.")],
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL|FILE NAME|PLATFORM:ID|PLATFORM]...", help="What to capture, or to begin with."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who is at the wheel [default: the system's user].")
    ] = None,
    attended: Annotated[bool, typer.Option("--attended", help="Open everything in the visible browser.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Archive a free site's offer, or what you download and mark in a browser window, on any platform.

    A picture of Unsplash, Pexels or Pixabay, named by its page, its file or its id, needs nobody: its page is archived
    as it is offered, with the uploader's name and the licence terms.

    All else is yours to open. Sign in by hand. Every licence document that you open or download is archived, and every
    page on which you press the bar's button or Alt+Shift+M. Close the window, or press Ctrl-C here, to end. The name of
    a platform opens the pages of its account on which licences and invoices stand.

    Example: archiver capture --client acme https://stock.example.com/licences
    """
    from getpass import getuser

    from archiver.agency.asset_requests import capture as capture_wanted

    here = opened(home)
    by = by or f"system user {getuser()}"
    report = awaited(
        capture_wanted(here, unlocked(here), wanted or (), client, by=by, replay=replay, attended=attended, say=say)
    )
    for warning in report.warnings:
        say(f"warning: {warning}")
    if as_json:
        emit(report.as_json())
    elif report.fates:
        table(("captured", "kind", "outcome", "licence, or why"), report.table())
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(report.counts.items()))
    say(f"{client}: {counts or 'nothing was captured'}.")
    raise typer.Exit(report.exit_code)
