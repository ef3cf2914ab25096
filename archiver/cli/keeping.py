"""Commands that keep the archives: verify, erase, hold, and the index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import (
    HomeOption,
    JsonOption,
    app,
    catalogue_app,
    confirmed,
    opened,
    unlocked,
)
from archiver.cli.output import emit, say, tell, tell_lines

if TYPE_CHECKING:
    pass


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
        Path | None, typer.Option(exists=True, help="A checkpoint that a witness holds, or a folder of them.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="First get new timestamps over the old ones, where their end is near.")
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Check every byte, signature and date of the archives; names the file at fault.

    Example: archiver verify --client acme
    """
    from archiver.evidence import renew as renew_timestamps
    from archiver.evidence import verify as check

    here = opened(home)
    if renew:
        renew_timestamps(here, unlocked(here), client=client, say=say)
    code, document, text = check(
        here, client=client, quick=quick, licence=licence, roots=roots, key=key, against=against
    )
    if as_json:
        emit(document)
    else:
        tell_lines(text)
    raise typer.Exit(code)


@app.command()
def erase(
    licence: Annotated[str, typer.Argument(help="A short id as printed everywhere, or any unique part of it.")],
    reason: Annotated[str, typer.Option(help="A class (see docs/privacy.md), CLASS: TEXT, or any text.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decided it; kept in a statement, never in the ledger.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go; erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Erase a licence's content for good; a tombstone with its digests stays, and everybody sees that it was erased.

    Example: archiver erase 1234567890_1a2b3c4d --reason data_subject_request --by "Ada Example"
    """
    from archiver.privacy import erase as erase_content
    from archiver.privacy import plan

    here = opened(home)
    done = plan(here, licence)
    if not dry_run and done["outcome"] == "would_erase":
        say(f"{done['licence']}: {len(done['files'])} files, {done['bytes']} bytes, would be erased for good.")
        if not (yes or confirmed("Erase?")):
            raise typer.BadParameter("nothing was erased; say --yes, or answer the question on a terminal")
        done, warnings = erase_content(here, unlocked(here), licence, reason=reason, by=by)
        for warning in warnings:
            say(f"warning: {warning}")
    if as_json:
        emit(done)
        return
    tell(f"{done['licence']}: {done['outcome'].replace('_', ' ')}")
    for name in done["files"]:
        tell(f"  {name}")
    tell("What an erasure does not reach:")
    for text in done["not_reached"]:
        tell(f"  {text}")


@app.command()
def hold(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decided it; kept in a statement, never in the ledger.")],
    licence: Annotated[str | None, typer.Argument(help="A short id, or any unique part of it.")] = None,
    client: Annotated[str | None, typer.Option(help="This client's whole archive instead.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it must not be erased.")] = None,
    release: Annotated[bool, typer.Option("--release", help="End the holds on just this.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Put a licence, or a client's archive, under legal hold: until it is released, nothing of it is erased.

    Example: archiver hold 1234567890_1a2b3c4d --by "Ada Example" --reason "letter of 3 May"
    """
    from archiver.privacy import hold as put_under_hold

    here = opened(home)
    done, warnings = put_under_hold(
        here, unlocked(here), name=licence, client=client, by=by, reason=reason, release=release
    )
    for warning in warnings:
        say(f"warning: {warning}")
    if as_json:
        emit(done)
        return
    tell(f"{done['client']}: {done['scope']}: {done['outcome']}")
    for each in done["holds"]:
        tell(f"  held: {each['scope']} since {each['since']} by {each['by'] or '-'}: {each['reason'] or '-'}")


@catalogue_app.command("rebuild")
def catalogue_rebuild(home: HomeOption = None) -> None:
    """Build the search index anew from the archives.

    Example: archiver catalogue rebuild
    """
    from archiver.evidence import rebuild

    for slug, licences in rebuild(opened(home)).items():
        say(f"{slug}: {licences} licences")
