"""Commands that collect evidence: sign-in, run, import and capture."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, ReplayOption, a_day, app, awaited, opened, unlocked
from archiver.cli.output import emit, progress, say, table, tell, warn_each
from archiver.core.errors import ConfigError, spoken

if TYPE_CHECKING:
    from archiver.collect.account_result import AccountResult
    from archiver.collect.run_context import RunSummary
    from archiver.home.settings import Home


@app.command("sign-in")
def sign_in(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]...", help="The accounts to sign in to, one by one.")
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Do all sign-ins that need a person this week.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --due: only list them.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    headless: Annotated[bool, typer.Option(hidden=True)] = False,
    home: HomeOption = None,
) -> None:
    """Sign in yourself in a visible browser. The session is saved for unattended runs.

    If one account fails, the command goes on to the next. With --json, --due only lists the sign-ins.

    Example: archiver sign-in acme-freepik acme-envato
    """
    from archiver.agency.sign_ins import due_sign_ins, sign_in_all

    here = opened(home)
    if names and due:
        raise typer.BadParameter("name accounts or give --due, not both")
    if not names and not due:
        raise typer.BadParameter("name an account, or give --due for all that need a person")
    vault = unlocked(here)
    waiting = due_sign_ins(here, vault) if due else []
    if due and as_json:
        emit([each.as_json() for each in waiting], "sign_ins")
    elif due:
        rows = [(each.account, each.why, each.remedy.command) for each in waiting]
        table(("account", "why", "command"), rows, "No sign-in needs a person this week.")
    if dry_run or (due and as_json):
        return
    chosen = names or [each.account for each in waiting if each.attended]
    found = awaited(sign_in_all(here, vault, chosen, replay=replay, headless=headless, say=say))
    if as_json:
        emit([each.as_json() for each in found], "results")
    raise typer.Exit(max((each.exit_code for each in found), default=0))


def asset_of(text: str) -> str:
    """An asset's id: as given, or taken from the address of the asset's page. BadParameter if the address has none."""
    from archiver.reading.filenames import names

    if "://" not in text and text.strip():
        return text.strip()
    ids = {each.asset_id for each in names(text) if each.asset_id}
    if len(ids) != 1:
        raise typer.BadParameter(f"found no asset id in {text!r}; give the platform's asset id")
    return ids.pop()


@app.command()
def run(
    client: Annotated[list[str] | None, typer.Option(help="Only this client; repeatable.")] = None,
    account: Annotated[list[str] | None, typer.Option(help="Only this account; repeatable.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this mailbox or folder; repeatable.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only the licences of this asset: its id or page URL.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read every history to its end, and accept lists with fewer rows.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Sign in and count, and say why mails are taken; archive nothing.")
    ] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    after_restore: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="After a restore from a backup, once: the newest checkpoint of a witness, the witness's folder, or "
            "the folder state/archive/CLIENT, where this machine remembers what it wrote.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --after-restore: who confirms it [default: the system's user]."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Archive all new licences of every account, and what is new in every mailbox and folder. All are only read.

    Example: archiver run --client acme
    """
    from getpass import getuser

    from archiver.agency.night import run as run_accounts
    from archiver.agency.run_messages import ProgressForecast
    from archiver.collect.run_context import RunRequest

    here = opened(home)
    order = RunRequest(
        clients=client or (), accounts=account or (), sources=source or (),
        asset_id=None if asset is None else asset_of(asset),
        full=full, accepts_fewer=full, dry_run=dry_run, replay=replay,
        after_restore=after_restore, confirmed_by=by or getuser(),
    )  # fmt: skip

    with progress() as watch:
        # With --asset, the forecast would be too high; a dry run ends with its own.
        watch = watch if asset or dry_run else ProgressForecast(here, say, watch)
        finished = partial(_say_finished, dry_run=dry_run)
        summary = awaited(run_accounts(here, unlocked(here), order, progress=watch, finished=finished))
    _say_faults_and_notes(summary)
    if as_json:
        emit(summary.as_json())
    else:
        _print_run(here, summary)
    if not (client or account or source or asset or full or dry_run or replay or after_restore):
        _visit_sites_due(here)
    raise typer.Exit(summary.exit_code)


def _say_finished(result: AccountResult, *, dry_run: bool) -> None:
    numbers = f"{result.listed} listed, {result.archived} {_archived(dry_run)}, {result.already} already"
    trouble = f" - {spoken(result.error)}" if result.error else ""
    say(f"{result.account}: {result.outcome.in_words}{trouble}: {numbers} ({result.seconds:.1f} s)")


def _archived(dry_run: bool) -> str:
    """What a run says of the licences that it archived, and a dry run of those that a run would archive."""
    return "to archive" if dry_run else "archived"


def _say_faults_and_notes(summary: RunSummary) -> None:
    for slug, fault in summary.faults.items():
        say(f"{slug}: {fault}")
    if summary.machine:
        say(f"archiver: {summary.machine}")
    warn_each(summary.warnings)
    for concern in summary.alerts:
        say(f"note: {concern}")


def _print_run(here: Home, summary: RunSummary) -> None:
    from archiver.agency.run_messages import closing, lines_of

    archived = _archived(summary.dry_run)
    columns = ("account", "outcome", "listed", archived, "already", "comps", "incomplete", "unexplained")
    rows = [
        (r.account, r.outcome.in_words, r.listed, r.archived, r.already, r.comps, len(r.incomplete), len(r.unexplained))
        for r in summary.accounts
    ]
    table(columns, rows)
    at_fault = {str(fault) for fault in summary.faults.values()}  # printed once for each client
    for result in summary.accounts:
        if result.message and result.message not in at_fault:
            tell(f"{result.account}: {result.message}")
        for short_id in result.incomplete:
            tell(f"  incomplete: {short_id}")
        for platform_id in result.unexplained:
            tell(f"  unexplained: {platform_id}")
        for line in lines_of(result):
            tell(line)
    for line in closing(here, summary):
        tell(line)
    tell(f"Run {summary.run}: {summary.outcome.in_words}.")


def _visit_sites_due(here: Home) -> None:
    from archiver.agency.audit.weekly import visit_due
    from archiver.agency.notification import tell as send_messages

    with progress() as watch:
        visited = visit_due(here, say, watch=watch)
    if visited:
        warn_each(send_messages(here))


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders, zips, mails, lists, documents.")],
    client: Annotated[str, typer.Option(help="The client whose archive receives it.")],
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who imports [default: the system's user].")] = None,
    keep_files: Annotated[
        bool, typer.Option("--keep-files", help="Archive the delivered files too, not only their digests.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Papers and lists in doubt are licences: you compared them. One file: also what only you can judge.",
        ),
    ] = False,
    proposals: Annotated[
        bool,
        typer.Option("--proposals", help="With --yes: you also read, and agree with, what papers may license."),
    ] = False,
    items: Annotated[
        list[str] | None, typer.Option("--item", metavar="NUMBER", help="What the file licenses, if you read it there.")
    ] = None,
    licensed_on: Annotated[
        date | None, typer.Option(parser=a_day, metavar="DAY", help="When, if no reader found it. With --item.")
    ] = None,
    licensee: Annotated[str | None, typer.Option(metavar="NAME", help="To whom. With --item.")] = None,
    seller: Annotated[str | None, typer.Option(metavar="NAME", help="Who licenses. With --item.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Classify each file; archive nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Archive licence proof from folders, zips, mails, lists and documents of any platform.

    Example: archiver import ~/projects/acme --client acme --dry-run
    """
    from getpass import getuser

    from archiver.collect.importing import ImportRequest, Statement, import_files

    if not items and (licensed_on or licensee or seller):
        raise ConfigError("Say with --item what the paper licenses, too.")
    said = Statement(items=items, day=licensed_on, licensee=licensee, seller=seller) if items else None
    here = opened(home)
    with progress() as watch:
        request = ImportRequest(
            paths=paths, client=client, by=by or f"system user {getuser()}", dry_run=dry_run, keep_files=keep_files,
            confirmed=yes, proposals=proposals, said=said,
        )  # fmt: skip
        report = import_files(here, unlocked(here), request, watch)
    warn_each(report.warnings)
    if as_json:
        emit(report.as_json())
    else:
        table(("file", "kind", "outcome", "licence, or why"), report.table())
    say(f"{client}: {report.in_words()}.")
    if (number := report.proposals) > 1:
        say(
            f"{number} papers may license what their lines say. Read them. If all of them do, import again with "
            "--yes --proposals; if only some do, import each of these alone with --yes."
        )
    raise typer.Exit(report.exit_code)


@app.command()
def capture(
    client: Annotated[str, typer.Option(help="The client whose archive receives it.")],
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL|FILE NAME|PLATFORM:ID|PLATFORM]...", help="What to capture or open first."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the person capturing [default: the system's user].")
    ] = None,
    attended: Annotated[bool, typer.Option("--attended", help="Open everything in the visible browser.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Archive a free picture's page, or the pages and files that you choose in a browser window, on any platform.

    For a picture of Unsplash, Pexels or Pixabay, give its page, file name or id. The archiver captures the page by
    itself, with the uploader's name and the licence terms.

    For everything else, a browser window opens. Sign in by hand. Every licence document that you open or download is
    archived, and every page that you mark with the bar's button or Alt+Shift+M. To end, close the window or press
    Ctrl-C here. The name of a platform opens the account pages that show licences and invoices.

    Example: archiver capture --client acme https://stock.example.com/licences
    """
    from getpass import getuser

    from archiver.agency.asset_requests import AttendedRequest
    from archiver.agency.asset_requests import capture as capture_wanted

    here = opened(home)
    by = by or f"system user {getuser()}"
    request = AttendedRequest(client=client, by=by, replay=replay)
    report = awaited(capture_wanted(here, unlocked(here), wanted or (), request, attended=attended, say=say))
    warn_each(report.warnings)
    if as_json:
        emit(report.as_json())
    elif report.fates:
        table(("captured", "kind", "outcome", "licence, or why"), report.table())
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(report.counts.items()))
    say(f"{client}: {counts or 'nothing captured'}.")
    raise typer.Exit(report.exit_code)
