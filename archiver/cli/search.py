"""Commands that look into the archives: find and show, and to whom a licence belongs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import (
    HomeOption,
    JsonOption,
    app,
    confirmed,
    opened,
    unlocked,
)
from archiver.cli.output import emit, progress, say, tell, tell_lines

if TYPE_CHECKING:
    from archiver.catalogue.assignment import Agreed, Loss


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="Words, an id, a day, a file name, the address of a preview.")] = "",
    image: Annotated[
        str | None, typer.Option(metavar="FILE|URL", help="A picture, perhaps cropped or covered, a screenshot.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PNG", help="With --image: show picture and previews side by side.")
    ] = None,
    client: Annotated[str | None, typer.Option(help="Only this client's archive.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 20,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Find licences by id, day, title, kind, licensee, client hint, file name, certificate text, or by a picture.

    With --client, the licences of shared accounts that are assigned to nobody are searched too.

    Example: archiver find "harbour at dawn"

    Example: archiver find --image screenshot.png --client acme --sheet side-by-side.png
    """
    from archiver.catalogue import picture_search, search
    from archiver.claims import claim_files
    from archiver.core import atomic_files

    if image and text:
        raise typer.BadParameter("give words or --image, not both")
    if sheet and not image:
        raise typer.BadParameter("--sheet goes with --image")
    here = opened(home)
    pages = partial(claim_files.licences_by_page, here, say)
    if image:
        content, name = picture_search.picture_of(here, image)
        with progress() as watch:
            found = picture_search.find_picture(
                here, content, name, client=client, limit=limit, used_on=pages, warn=say, watch=watch
            )
        rows = found.rows
        if sheet and (drawn := found.sheet()):
            atomic_files.write_new(sheet, drawn)
            say(f"Wrote {sheet}. Compare by eye: a match is a hint.")
    else:
        rows = search.find(here, text, client=client, limit=limit + 1, used_on=pages, warn=say)
        if len(rows) > limit:
            rows = rows[:limit]
            say(f"These are {limit} of more. Give more words, or a higher --limit.")
    for line in search.orphan_archives(here):
        say(line)
    if as_json:
        emit(rows)
    elif not rows:
        tell("No licence found in this archive.")
    if all(row["match"] == "possible" for row in rows):
        for line in search.incomplete(here, client):
            say(f"  {line}")
    for row in [] if as_json else rows:
        hint = f"{row['match']} picture: " if row["match"] in ("same", "probable", "possible") else ""
        tell(f"{hint}{row['licence']}  {row['title'] or ''}".rstrip())
        secured = search.secured_in_words(row)
        licensed = (
            f"licensed on {row['licensed_at'] or 'an unknown day'} to {row['licensee'] or 'a licensee not named'}"
        )
        tell(f"    {row['kind'] or 'licence'}, {licensed}, {secured} ({row['state']})")


@app.command()
def show(
    licence: Annotated[str, typer.Argument(help="A short id as printed everywhere, or any unique part of it.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show everything about one licence.

    Example: archiver show 20261124_shutterstock_1234567890
    """
    from archiver.catalogue.search import show as describe

    described = describe(opened(home), licence)
    if as_json:
        emit(described)
        return
    for name, value in described.items():
        if name == "secured_documents":  # told of each of the documents
            continue
        if isinstance(value, list):
            tell(f"{name}:")
            for item in value:
                tell("  " + (", ".join(f"{k}: {v}" for k, v in item.items()) if isinstance(item, dict) else str(item)))
        elif isinstance(value, dict):
            tell(f"{name}: " + ", ".join(f"{k}: {v}" for k, v in value.items()))
        else:
            tell(f"{name}: {'-' if value is None else value}")


@app.command()
def assign(
    licence: Annotated[str, typer.Argument(help="A short id, or any unique part of it.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="The person who says so.")],
    client: Annotated[str | None, typer.Argument(help="The client that the licence is for.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why: the order, the job, who said so.")] = None,
    also: Annotated[
        bool, typer.Option("--also", help="For the clients that it was for before, too, where the terms allow that.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the licence's last assignment.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether other clients are to lose their copies.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Say which client a licence is for: it is copied into that client's archive, and recorded in both.

    Copies that earlier assignments made for other clients are taken back; it names them and asks. A licence that a
    client's own account or import brought in stays with that client.

    Example: archiver assign house/20261124_shutterstock_1234567890 acme --reason "Job 4711" --by "Ada Example"

    Example: archiver assign house/20261124_shutterstock_1234567890 --undo --by "Ada Example"
    """
    from archiver.catalogue.assigning import assign as record
    from archiver.catalogue.assigning import undo_assignment
    from archiver.catalogue.assignment import Assignment

    if undo == bool(client) or (undo and also):
        raise typer.BadParameter("name the client that the licence is for, or say --undo")
    here = opened(home)
    named = licence.rpartition("/")[2]
    if undo:
        clients = undo_assignment(here, unlocked(here), licence, by, reason or "", agreement(yes))
        say(f"Undone. {named} is now with {', '.join(clients) or 'no client'}.")
        return
    made = Assignment(client=client or "", by=by, reason=reason or "", also=also)
    record(here, unlocked(here), licence, made, agreement(yes))
    say(f"{named} is assigned to {client}. To undo that: archiver assign {licence} --undo --by NAME")


def agreement(yes: bool) -> Agreed:
    """Names the clients that lose a copy, and asks whether that is meant; BadParameter where nobody says so."""

    def agreed(losses: Sequence[Loss]) -> bool:
        for each in losses:
            say(f"{each.client} loses its copy: {each.licence}")
        if not (yes or confirmed("Take these copies back?")):
            raise typer.BadParameter("nothing was changed; say --yes, or answer the question on a terminal")
        return True

    return agreed


@app.command()
def unassigned(
    from_folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Project folders: propose clients from the files in them.")
    ] = None,
    assign_from: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Assign what this table says: columns licence and client.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table to edit, for --assign-from.")] = False,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="The person who says so.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Assign what --from-folder proposes; do not ask about copies to take back.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be assigned; assign nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the licences of shared accounts that are for nobody yet, with suggestions; assign many at once.

    Example: archiver unassigned --from-folder ~/projects --csv > todo.csv

    Example: archiver unassigned --assign-from todo.csv --by "Ada Example"
    """
    from archiver.agency import project_folders
    from archiver.agency import unassigned as pool

    here = opened(home)
    if yes and not (from_folder or assign_from):
        raise typer.BadParameter("--yes goes with --from-folder or --assign-from; a table (--csv) confirms the others")
    decided = None
    if assign_from:
        rows = []
        decided = pool.from_csv(here, assign_from, by or "")
    else:
        rows = pool.listed(here)
        if from_folder:
            with progress() as watch:
                rows = project_folders.from_folder(here, from_folder, rows, watch)
            decided = pool.proposed(rows, by or "") if yes else None
    if decided is not None and not dry_run:
        if not by:
            raise typer.BadParameter("say who says so, with --by NAME")
        pool.assign(here, unlocked(here), decided, agreement(yes))
    if as_json:
        emit(
            [row.as_json() for row in rows]
            if decided is None
            else [{"licence": entry.short_id, "client": made.client, "reason": made.reason} for entry, made in decided]
        )
    elif decided is not None:
        for entry, made in decided:
            tell(f"{entry.short_id} {'would be' if dry_run else 'is'} assigned to {made.client}: {made.reason}")
        say(f"{len(decided)} {'would be' if dry_run else 'were'} assigned.")
    elif as_csv:
        tell_lines(pool.as_csv(rows).rstrip("\n"))
    else:
        for row in rows:
            licence = row.entry.licence
            tell(f"{row.entry.short_id}  {licence.asset.title or ''}".rstrip())
            for each in row.suggestions:
                tell(f"    {each.client}? {each.reason}")
            for rule in row.rules:
                tell(f"    fits the rule {rule}")
        say(f"{len(rows)} licences {'can be proposed' if from_folder else 'are for nobody yet'}.")
