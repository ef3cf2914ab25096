"""The command for anchors: witnesses and calendars that vouch for checkpoints beside the timestamps."""

from __future__ import annotations

from typing import Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, opened, unlocked
from archiver.cli.output import emit, say, tell


@app.command()
def anchors(
    client: Annotated[str | None, typer.Option(help="Only this client's archive.")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="First ask them for what they still owe.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show what the anchors (witnesses and OpenTimestamps calendars) hold of each archive, and what they still owe.

    Example: archiver anchors --ask
    """
    from archiver.agency.anchored import anchor_states, ask_anchors

    here = opened(home)
    if client:
        here.client(client)
    if ask and here.settings.anchors:
        ask_anchors(here, unlocked(here), client, say)
    found = anchor_states(here, client)
    if as_json:
        emit([each.as_json() for each in found], "anchors")
        return
    for each in found:
        tell(str(each))
    logs = {each.client: each.log for each in found if each.log}
    if logs:
        tell("What the operator of a witness must know of each archive:")
    for slug, log in logs.items():
        tell(f"  {slug}: {log}")
    if not found:
        none = "The settings name no anchors; see docs/timestamps.md."
        tell("There are no archives yet." if here.settings.anchors else none)
