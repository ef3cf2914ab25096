"""Commands that search the archives, and that record which client a licence is for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver.cli.app import HomeOption, JsonOption, a_day, app, must_agree, opened, unlocked
from archiver.cli.output import counted, emit, offer, progress, say, tell, tell_filled, tell_lines
from archiver.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from archiver.agency.unassigned import DecidedLicences, Unassigned
    from archiver.catalogue.assignment import Agreed, Loss
    from archiver.catalogue.filters import LicenceFilter
    from archiver.home.settings import Home

    type FoundRows = list[dict[str, Any]]


@app.command()
def find(
    text: Annotated[
        str, typer.Argument(help="Words, an id, a day or month, a file name, or the URL of a preview.")
    ] = "",
    image: Annotated[
        str | None, typer.Option(metavar="FILE|URL", help="A picture or screenshot, also cropped or partly covered.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PNG", help="With --image: show picture and previews side by side.")
    ] = None,
    client: Annotated[str | None, typer.Option(help="Only this client's archive.")] = None,
    since: Annotated[
        date | None, typer.Option(parser=a_day, metavar="DAY", help="Only licences of this day or later.")
    ] = None,
    until: Annotated[
        date | None, typer.Option(parser=a_day, metavar="DAY", help="Only licences of this day or earlier.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Only licences of this platform.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind of licence, or a part of it: editorial.")] = None,
    seat: Annotated[str | None, typer.Option(help="Only licences of this user of a shared account.")] = None,
    sort: Annotated[
        str, typer.Option(metavar="ORDER", help="match, newest, oldest, title, client or provider.")
    ] = "match",
    limit: Annotated[int, typer.Option(min=1, help="The largest number of results.")] = 20,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet, on standard output.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Find licences by id, day, title, kind, licensee, client hint, file name, certificate text, or by a picture.

    With --client, the search includes the unassigned licences of shared accounts. If no licence has all the words,
    plurals, other spellings and one wrong letter in a longer word are forgiven.

    Example: archiver find "harbour at dawn"

    Example: archiver find --client acme --since 2026-01-01 --kind editorial --sort newest --csv > editorial.csv

    Example: archiver find "harbour march 2026"

    Example: archiver find --image screenshot.png --client acme --sheet side-by-side.png
    """
    from archiver.catalogue import search
    from archiver.catalogue.filters import LicenceFilter

    only = LicenceFilter(since=since, until=until, provider=provider, kind=kind, seat=seat)
    _check_picture_and_words(text, image, sheet, narrowed=only.narrows or sort != "match")
    _check_order_and_filter(sort, only)
    if as_csv and as_json:
        raise typer.BadParameter("give --csv or --json, not both")
    here = opened(home)
    if image:
        rows = _found_by_picture(here, image, sheet, client, limit)
    else:
        rows = _found_by_words(here, text, only, sort, client, limit)
    for line in search.orphan_archives(here):
        say(line)
    if as_json:
        emit(rows, "licences")
    elif as_csv:
        _print_csv(rows)
    elif not rows:
        tell("No licence found in this archive.")
    elif rows[0]["without"]:
        tell(f"No licence has all these words. Near misses without {', '.join(rows[0]['without'])}:")
    if all(row["match"] == "possible" for row in rows):
        for line in search.incomplete(here, client):
            say(f"  {line}")
    if not (as_json or as_csv):
        _print_rows(rows)


def _check_picture_and_words(text: str, image: str | None, sheet: Path | None, *, narrowed: bool) -> None:
    if image and text:
        raise typer.BadParameter("give words or --image, not both")
    if sheet and not image:
        raise typer.BadParameter("--sheet needs --image")
    if image and narrowed:
        raise typer.BadParameter(
            "--since, --until, --provider, --kind, --seat and --sort are for words, not for --image"
        )


def _check_order_and_filter(sort: str, only: LicenceFilter) -> None:
    from archiver.catalogue.filters import SORTS

    if sort not in SORTS:
        raise typer.BadParameter(f"--sort must be one of {', '.join(SORTS)}.{did_you_mean(sort, SORTS)}")
    if only.since and only.until and only.since > only.until:
        raise typer.BadParameter(f"--since {only.since} is after --until {only.until}, so nothing can match")
    if fault := only.unknown_platform():
        raise typer.BadParameter(fault)


def _found_by_picture(here: Home, image: str, sheet: Path | None, client: str | None, limit: int) -> FoundRows:
    from archiver.catalogue import picture_search, picture_source
    from archiver.claims.claim_files import licences_by_page

    content, name = picture_source.picture_of(here, image)
    pages = partial(licences_by_page, here, say)
    found = picture_search.find_picture(here, content, name, client=client, limit=limit, used_on=pages, warn=say)
    if sheet and found.write_sheet(sheet):
        say(f"Wrote {sheet}. Compare the pictures yourself: a match is only a hint.")
    return found.rows


def _found_by_words(here: Home, text: str, only: LicenceFilter, sort: str, client: str | None, limit: int) -> FoundRows:
    from archiver.catalogue import search
    from archiver.claims.claim_files import licences_by_page

    pages = partial(licences_by_page, here, say)
    rows = search.find(here, text, client=client, limit=limit + 1, used_on=pages, warn=say, only=only, sort=sort)
    if len(rows) > limit:
        say(f"There are more results than {limit}. Give more words, or a higher --limit.")
    return rows[:limit]


def _print_csv(rows: FoundRows) -> None:
    from archiver.reading.spreadsheet import written

    columns = (
        "licence", "provider", "asset_id", "title", "kind", "licensed_at", "licensee", "secured_since", "state",
        "scope",
    )  # fmt: skip
    tell_lines(written(columns, [[row[each] for each in columns] for row in rows]).rstrip("\r\n"))


def _print_rows(rows: FoundRows) -> None:
    from archiver.catalogue.search import secured_in_words

    for row in rows:
        hint = f"{row['match']} picture: " if row["match"] in ("same", "probable", "possible") else ""
        tell_filled(f"{hint}{row['licence']}  {row['title'] or ''}".rstrip(), "", "    ")
        day, licensee = row["licensed_at"] or "an unknown day", row["licensee"] or "a licensee not named"
        what = f"{row['kind'] or 'licence'}, licensed on {day} to {licensee}"
        tell_filled(f"{what}, {secured_in_words(row)}", "    ")


@app.command()
def assign(
    licence: Annotated[str, typer.Argument(help="A short id, or any unique part of it.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="The person who decides it.")],
    client: Annotated[str | None, typer.Argument(help="The client that the licence is for.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why: the order, the job, who said so [required, but not with --undo].")
    ] = None,
    also: Annotated[
        bool, typer.Option("--also", help="Keep the earlier clients too, if the terms allow that.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the licence's last assignment.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before other clients lose their copies.")] = False,
    home: HomeOption = None,
) -> None:
    """Assign a licence to a client: copy it into that client's archive and record it in both archives.

    Other clients lose the copies that earlier assignments made; the command lists them and asks first. A client keeps
    the licences that came from its own account or import.

    Example: archiver assign house/20261124_shutterstock_1234567890 acme --reason "Job 4711" --by "Ada Example"

    Example: archiver assign house/20261124_shutterstock_1234567890 --undo --by "Ada Example"
    """
    from archiver.catalogue.assigning import assign as record
    from archiver.catalogue.assigning import undo_assignment
    from archiver.catalogue.assignment import Assignment

    if undo == bool(client) or (undo and also):
        raise typer.BadParameter("name the client that the licence is for, or give --undo")
    here = opened(home)
    named = licence.rpartition("/")[2]
    if undo:
        clients = undo_assignment(here, unlocked(here), licence, by, reason or "", agreement(yes))
        say(f"Undone. {named} is now with {', '.join(clients) or 'no client'}.")
        return
    made = Assignment(client=client or "", by=by, reason=reason or "", also=also)
    record(here, unlocked(here), licence, made, agreement(yes))
    say(f"Assigned {named} to {client}.")
    offer("undo assignment", licence=licence)


def agreement(yes: bool) -> Agreed:
    """List the clients that lose a copy, and ask for confirmation. BadParameter if nobody confirms."""

    def agreed(losses: Sequence[Loss]) -> bool:
        for each in losses:
            say(f"{each.client} loses its copy: {each.licence}")
        must_agree("Take these copies back?", yes, "nothing was changed")
        return True

    return agreed


@app.command()
def unassigned(
    from_folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Project folders: propose clients by the files in them.")
    ] = None,
    assign_from: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Assign by this table, with the columns licence and client.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table to edit, for --assign-from.")] = False,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="The person who decides it.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Assign what --from-folder proposes; do not ask before taking copies back.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be assigned; assign nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the unassigned licences of shared accounts with suggestions, or assign many at once.

    Example: archiver unassigned --from-folder ~/projects --csv > todo.csv

    Example: archiver unassigned --assign-from todo.csv --by "Ada Example"
    """
    from archiver.agency import unassigned as pool

    here = opened(home)
    if yes and not (from_folder or assign_from):
        raise typer.BadParameter("--yes needs --from-folder or --assign-from")
    rows: list[pool.Unassigned] = []
    decided = None
    if assign_from:
        decided = pool.from_csv(here, assign_from, by or "")
    else:
        rows = _listed(here, from_folder)
        decided = pool.proposed(rows, by or "") if from_folder and yes else None
    if decided is not None:
        if not dry_run:
            if not by:
                raise typer.BadParameter("name the person who decides it, with --by NAME")
            pool.assign(here, unlocked(here), decided, agreement(yes))
        _print_assigned(decided, dry_run, as_json)
    elif as_json:
        emit([row.as_json() for row in rows], "licences")
    elif as_csv:
        tell_lines(pool.as_csv(rows).rstrip("\n"))
    else:
        _print_unassigned(rows)
        say(f"{counted(len(rows), f'{"proposed" if from_folder else "unassigned"} licence')}.")


def _listed(here: Home, from_folder: Path | None) -> list[Unassigned]:
    from archiver.agency.project_folders import from_folder as by_files
    from archiver.agency.unassigned import listed

    rows = listed(here)
    if from_folder:
        with progress() as watch:
            rows = by_files(here, from_folder, rows, watch)
    return rows


def _print_assigned(decided: DecidedLicences, dry_run: bool, as_json: bool) -> None:
    if as_json:
        emit(
            [{"licence": entry.short_id, "client": made.client, "reason": made.reason} for entry, made in decided],
            "licences",
        )
        return
    for entry, made in decided:
        tell(f"{entry.short_id} {'would be' if dry_run else 'is'} assigned to {made.client}: {made.reason}")
    say(f"{'Would assign' if dry_run else 'Assigned'} {counted(len(decided), 'licence')}.")


def _print_unassigned(rows: Sequence[Unassigned]) -> None:
    for row in rows:
        tell(f"{row.entry.short_id}  {row.entry.licence.asset.title or ''}".rstrip())
        for each in row.suggestions:
            tell(f"    {each.client}? {each.reason}")
        for rule in row.rules:
            tell(f"    fits the rule {rule}")
