"""Commands that look after the archives: status, report, verify, erase, hold, schedule and the index."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, catalogue_app, language_of, must_agree, opened, unlocked
from archiver.cli.output import Nothing, counted, emit, offer, progress, say, table, tell, tell_lines, warn_each

if TYPE_CHECKING:
    from archiver.core.errors import ArchiverError


@app.command()
def status(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """Show each account (last complete run, archived of listed licences, problems), and what needs a person today.

    Example: archiver status
    """
    from datetime import UTC, datetime

    from archiver.agency.readiness import advice, readiness
    from archiver.agency.readiness import as_json as ready_json
    from archiver.agency.today_facts import look_at_today

    here, now = opened(home), datetime.now(UTC)
    found, facts, today = look_at_today(here, now)
    ready = readiness(here, now)
    if as_json:
        claims = [each.as_json() | each.clocks(now) for each in facts.claims]
        emit(found.as_json() | {"claims": claims, "today": today.as_json(), "readiness": ready_json(ready)})
        return
    table(*found.table(), Nothing("No accounts yet.", "connect account"))
    for note in found.notes():
        tell(note)
    for line in (*today.as_lines(), *advice(ready)):
        say(line)


@app.command()
def report(
    client: Annotated[str, typer.Option(help="The client that the report is for.")],
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="The month [default: this one].")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .pdf or .html file [default: CLIENT-MONTH.pdf].")
    ] = None,
    language: Annotated[str | None, typer.Option(help="en or de [default: the agency's].")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Write a client's monthly report: what was licensed and archived, coverage, gaps, and the checkpoint to keep.

    Example: archiver report --client acme --month 2026-11 --out acme-2026-11.pdf
    """
    from archiver.agency.monthly_report import report as make
    from archiver.agency.monthly_report import this_month
    from archiver.agency.monthly_report_page import write

    if language:
        language = language_of(language)
    here = opened(home)
    with progress(steady=True) as watch:
        made = make(here, client, month or this_month(here))
        out = out if as_json or out else Path(f"{client}-{made.month}.pdf")
        if out:
            watch(f"{client}: pages", 0, 1)
            write(made, out, language or here.settings.agency.language)
            watch(f"{client}: pages", 1, 1)
    if as_json:
        emit(made.as_json())
    if out:
        say(f"Wrote {out}.")


@app.command()
def notify(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the messages; send nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Send each person the messages that they have not received yet. Every run also does this at its end.

    The exit code is 30 if a message or the mail server fails.

    Example: archiver notify --dry-run
    """
    from datetime import datetime

    from archiver.agency.notification import not_ready
    from archiver.agency.notification import tell as tell_people
    from archiver.agency.notification_causes import causes
    from archiver.agency.readiness import readiness
    from archiver.core.errors import SiteUnavailable

    here = opened(home)
    met: list[ArchiverError] = []
    now = datetime.now(UTC)
    found = [*causes(here, now, met=met), *not_ready(readiness(here, now), now)]
    if as_json:
        emit([cause.as_json() for cause in found], "messages")
    else:
        tell_lines("\n\n".join(cause.as_text() for cause in found) or "There is nothing to report.")
    warn_each(failed := [] if dry_run else tell_people(here))
    if met:
        raise max(met, key=lambda error: error.exit_code)
    if failed:
        raise typer.Exit(SiteUnavailable.exit_code)


@app.command("repair-clock")
def repair_clock(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who confirms that this machine's clock is right now.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the clock is right.")] = False,
    home: HomeOption = None,
) -> None:
    """Repair the damage of a clock that was ahead, so that archives, messages and full readings continue.

    Example: archiver repair-clock --by "Ada Example"
    """
    from archiver.agency.future_times import ahead, repair

    here, now = opened(home), datetime.now(UTC)
    for each in ahead(here, now):
        say(str(each))
    must_agree(f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC. Is that right?", yes, "nothing was changed")
    number = repair(here, unlocked(here), by, now, say)
    say(f"Corrected {number} wrong time{'s' * (number > 1)}." if number else "No time lies in the future.")


@app.command()
def schedule(
    at: Annotated[str, typer.Option(metavar="HH:MM", help="The local time of the run.")] = "04:30",
    system: Annotated[
        str | None, typer.Option(help="systemd, cron, launchd or windows [default: this machine's].")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The vault's key file [default: the one in use]."),
    ] = None,
    install: Annotated[bool, typer.Option("--install", help="Install it; without this it is only shown.")] = False,
    home: HomeOption = None,
) -> None:
    """Show or install the schedule of the nightly run on this machine.

    Example: archiver schedule --at 03:15
    """
    from archiver.agency.schedule import install as put_in_place
    from archiver.agency.schedule import named_system, schedule_here, skipped

    here = opened(home)
    made = schedule_here(here.root, at, system=named_system(system), key=key)
    if day := skipped(at, datetime.now().astimezone().date()):
        say(f"note: {at} does not exist on {day}, because clocks go forward here. Choose another time with --at.")
    if install:
        put_in_place(made)
        say(f"Installed in {made.folder}.")
        offer("run")
    else:
        tell_lines(made.as_text())
    if here.settings.replay:
        say("note: This is a replay home, so its nightly run archives nothing. Schedule the run of a real home.")


@app.command()
def verify(
    client: Annotated[str | None, typer.Option(help="Only this client's archive.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Ledger, checkpoints and inventories; no file contents.")
    ] = False,
    licence: Annotated[str | None, typer.Option(help="Only this licence (short id or a unique part).")] = None,
    roots: Annotated[Path | None, typer.Option(help="Timestamp roots that you trust (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="The signer's public key that you trust (PEM).")] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="A witness's checkpoint, a folder of them, a pack that you sent, or the replica s3://BUCKET/PREFIX.",
        ),
    ] = None,
    headers: Annotated[
        Path | None,
        typer.Option(exists=True, metavar="FILE", help="Bitcoin's block headers that you trust: lines HEIGHT HEX."),
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="First renew the timestamps that expire soon.")] = False,
    lists: Annotated[
        bool, typer.Option("--trusted-lists", help="First fetch the EU's trusted lists for qualified timestamps.")
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Check every byte, signature and date of the archives, and name each damaged file.

    Example: archiver verify --client acme
    """
    from archiver.agency.integrity import VerifyRequest, qualify
    from archiver.agency.integrity import renew as renew_timestamps
    from archiver.agency.integrity import verify as check

    here = opened(home)
    if renew:
        renew_timestamps(here, unlocked(here), client=client, say=say)
    if lists:
        qualify(here, unlocked(here), client=client, say=say)
    if against and not against.startswith("s3://") and not Path(against).exists():
        raise typer.BadParameter(f"{against} does not exist")
    request = VerifyRequest(
        client=client, quick=quick, licence=licence, roots=roots, key=key, against=against, headers=headers
    )
    with progress() as watch:
        code, document, text = check(here, request, watch)
    if as_json:
        emit(document)
    else:
        tell_lines(text)
    raise typer.Exit(code)


@app.command()
def erase(
    licence: Annotated[str, typer.Argument(help="A short id as printed everywhere, or any unique part of it.")],
    reason: Annotated[str, typer.Option(help="A class (see docs/privacy.md), CLASS: TEXT, or any text.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decides it; kept in a statement, never in the ledger.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be erased; erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Erase a licence's content for good. A tombstone with its digests stays, so that the erasure is visible.

    Example: archiver erase 1234567890_1a2b3c4d --reason data_subject_request --by "Ada Example"
    """
    from archiver.agency.privacy import erase as erase_content
    from archiver.agency.privacy import plan, reason_of

    here = opened(home)
    done = plan(here, licence)
    code, _ = reason_of(reason)
    content = f"{counted(len(done['files']), 'file')} ({done['bytes']:,} bytes)"
    if not dry_run:
        if done["outcome"] == "would_erase" and not yes:
            say(f"{done['licence']}: this erases {content} for good. The ledger records the reason as {code}.")
            must_agree("Erase?", yes, "nothing was erased")
        done, warnings = erase_content(here, unlocked(here), licence, reason=reason, by=by)
        warn_each(warnings)
    if as_json:
        emit(done)
        return
    outcome, recorded = done["outcome"].replace("_", " "), done["reason"] or code
    tell(f"{done['licence']}: {outcome}{f': {content}' if done['files'] else ''}, reason: {recorded}")
    for name in done["files"]:
        tell(f"  {name}")
    tell("What an erasure does not reach:" if dry_run else "What this erasure did not reach:")
    for text in done["not_reached"]:
        tell(f"  {text}")


@app.command()
def hold(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decides it; kept in a statement, never in the ledger.")],
    licence: Annotated[str | None, typer.Argument(help="A short id, or any unique part of it.")] = None,
    client: Annotated[str | None, typer.Option(help="This client's whole archive instead.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it must not be erased.")] = None,
    release: Annotated[bool, typer.Option("--release", help="Release the holds on exactly this.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Put a licence or a client's archive under legal hold. It cannot be erased until you release the hold.

    Example: archiver hold 1234567890_1a2b3c4d --by "Ada Example" --reason "letter of 3 May"
    """
    from archiver.agency.privacy import hold as put_under_hold

    here = opened(home)
    done, warnings = put_under_hold(
        here, unlocked(here), name=licence, client=client, by=by, reason=reason, release=release
    )
    warn_each(warnings)
    if as_json:
        emit(done)
        return
    tell(f"{done['client']}: {done['scope']}: {done['outcome']}")
    for each in done["holds"]:
        tell(f"  held: {each['scope']} since {each['since']} by {each['by'] or '-'}: {each['reason'] or '-'}")


@catalogue_app.command("rebuild")
def catalogue_rebuild(home: HomeOption = None) -> None:
    """Rebuild the search index from the archives.

    Example: archiver catalogue rebuild
    """
    from archiver.catalogue.search import rebuild

    for slug, licences in rebuild(opened(home)).items():
        say(f"{slug}: {counted(licences, 'licence')}")
