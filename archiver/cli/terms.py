"""Commands for the platforms' licence terms: which texts the archives hold, and how they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, opened
from archiver.cli.output import counted, emit, listing, tell, tell_lines

if TYPE_CHECKING:
    from archiver.agency.terms_watch import TermsChange

terms_app = typer.Typer(no_args_is_help=True, help="The platforms' licence terms, and how they changed.")
app.add_typer(terms_app, name="terms")

MARKS = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
"""How a changed word is shown in plain text, as `git diff --word-diff` does."""


@terms_app.command("list")
def terms_list(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the texts of licence terms in the archives, with the day on which each was first seen.

    Example: archiver terms list
    """
    from archiver.agency.terms_watch import changes, texts

    here = opened(home)
    known = {each.after.id: each for each in changes(here)}
    rows = [
        (
            each.file.provider, each.file.name, each.seen[:10], each.file.url,
            len(known[each.id].important) if each.id in known else None,
        )
        for each in texts(here)
    ]  # fmt: skip
    found = [dict(zip(("provider", "page", "seen", "url", "changes"), row, strict=True)) for row in rows]
    columns = ("platform", "page", "first seen", "address", "changed passages")
    cells = [(*row[:4], "-" if row[4] is None else row[4]) for row in rows]
    listing(found, "terms", as_json, columns, cells, "The archives hold no terms yet.")


@terms_app.command("diff")
def terms_diff(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="The platform, for example shutterstock.")],
    every: Annotated[bool, typer.Option("--all", help="Also changes of dates, menus and banners.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show how a platform's licence terms changed, newest change first, and which licences keep the old text.

    Example: archiver terms diff shutterstock
    """
    from archiver.agency.terms_watch import changes, touched

    here = opened(home)
    found = [(each, touched(here, each)) for each in changes(here, platform)]
    if as_json:
        emit([each.as_json(those) for each, those in found], "changes")
        return
    if not found:
        tell(f"The archives hold one text of each page of {platform}: no change was seen.")
    for change, those in found:
        tell_lines(_in_words(change, those, every=every))


def _in_words(change: TermsChange, those: dict[str, list[str]], *, every: bool) -> str:
    passages = change.passages if every else change.important
    seen = f"first seen {change.before.seen[:10]} -> {change.after.seen[:10]}"
    lines = [f"{change.title}, {change.after.file.url}", f"  {seen}: {counted(len(passages), 'changed passage')}"]
    for slug, found in sorted(those.items()):
        lines.append(f"  {slug}: {counted(len(found), 'licence')} keep the text they name")
    lines += [] if those else ["  No archived licence names the older text."]
    lines += [f"  may touch these rules: {', '.join(change.rules)}"] if change.rules else []
    for each in passages:
        lines += ["", f"  # {each.heading}" if each.heading else "  #"]
        lines.append("  " + "".join(MARKS[piece.kind].format(piece.text) for piece in each.pieces))
    return "\n".join([*lines, ""])
