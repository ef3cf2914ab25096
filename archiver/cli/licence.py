"""Commands for one licence: show it, and open its documents."""

from __future__ import annotations

from typing import Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, opened
from archiver.cli.output import emit, facts, say, tell


@app.command()
def show(
    licence: Annotated[str, typer.Argument(help="A short id as printed everywhere, or any unique part of it.")],
    raw: Annotated[bool, typer.Option("--raw", help="Everything that the archive records, line by line.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show one licence: dates, documents, what is missing, terms and assignments.

    Example: archiver show 20261124_shutterstock_1234567890

    Example: archiver show 20261124_shutterstock_1234567890 --raw
    """
    from archiver.catalogue.licence_view import sections
    from archiver.catalogue.search import show as describe

    described = describe(opened(home), licence)
    if as_json:
        emit(described)
        return
    if not raw:
        for heading, pairs in sections(described):
            facts(heading, pairs)
        return
    for name, value in described.items():
        if name == "secured_documents":  # each document's own line says it
            continue
        if isinstance(value, list):
            tell(f"{name}:")
            for item in value:
                tell("  " + (", ".join(f"{k}: {v}" for k, v in item.items()) if isinstance(item, dict) else str(item)))
        elif isinstance(value, dict):
            tell(f"{name}: " + ", ".join(f"{k}: {v}" for k, v in value.items()))
        else:
            tell(f"{name}: {'-' if value is None else value}")


@app.command("open")
def open_(
    licence: Annotated[str, typer.Argument(help="A short id, or any unique part of it.")],
    document: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="This document [default: the certificate, or what comes nearest]."),
    ] = None,
    view: Annotated[bool, typer.Option("--view/--no-view", help="Open it on this machine's screen.")] = True,
    home: HomeOption = None,
) -> None:
    """Open a licence's certificate, or another of its documents, in this machine's viewer. It opens a copy.

    Example: archiver open 20261124_shutterstock_1234567890

    Example: archiver open 20261124_shutterstock_1234567890 --document record.json --no-view
    """
    from archiver.agency.open_document import copy_of, start_viewer

    copied = copy_of(opened(home), licence, document)
    tell(copied)
    if view and not start_viewer(copied):
        say("No viewer could be started here. Open the copy yourself.")
