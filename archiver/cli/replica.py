"""Commands for the replica: the copy of the archives in an object store that nobody can delete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archiver.cli.app import HomeOption, JsonOption, app, opened
from archiver.cli.output import counted, emit, say, tell

MAX_EXAMPLES = 5

replica_app = typer.Typer(no_args_is_help=True, help="The replica: a copy in an object store that nobody can delete.")
app.add_typer(replica_app, name="replica")


@replica_app.command("check")
def check(
    client: Annotated[str | None, typer.Option(help="Only this client's archive.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also fetch every file and compare its bytes.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Compare the archives with their replica, both ways, and name each difference.

    Example: archiver replica check --deep
    """
    from archiver.agency.replica import check_replica

    document = check_replica(opened(home), client=client, deep=deep)
    if as_json:
        emit(document)
    else:
        for each in document["clients"]:
            tell(f"{each['client']}: {each['state']}: {counted(each['files'], 'published file')}, {each['backlog']}")
            for finding in each["findings"]:
                tell(f"  {finding['code']}: {finding['path']}: {finding['message']}")
        if not document["clients"]:
            tell("There are no archives yet.")
    raise typer.Exit(90 if document["state"] == "differs" else 0)


@replica_app.command("restore")
def restore(
    client: Annotated[str | None, typer.Option(help="The client whose archive is missing here.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every client whose archive is missing here.")] = False,
    at: Annotated[int | None, typer.Option(metavar="LINES", help="The state at the checkpoint of this size.")] = None,
    against: Annotated[
        Path | None, typer.Option(exists=True, help="A witness's checkpoint, which the restored archive must extend.")
    ] = None,
    key: Annotated[Path | None, typer.Option(exists=True, help="The signer's public key that you trust (PEM).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what the replica has; restore nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Rebuild archives from the replica. Each is verified before it gets its name; nothing is overwritten.

    Example: archiver replica restore --all

    Example: archiver replica restore --client acme --at 4120
    """
    from archiver.agency.replica import restore_replica

    if bool(client) == everything:
        raise typer.BadParameter("give --client NAME or --all")
    document, failure = restore_replica(opened(home), client=client, at=at, against=against, key=key, dry_run=dry_run)
    if as_json:
        emit(document)
    else:
        _tell_restored(document)
    if failure:
        raise failure


def _tell_restored(document: dict[str, Any]) -> None:
    for each in document["clients"]:
        if "checkpoints" in each:
            checkpoints = ", ".join(map(str, each["checkpoints"])) or "none"
            tell(f"{each['client']}: {each['outcome']}; checkpoints {checkpoints}")
        elif "error" in each:
            tell(f"{each['client']}: {each['outcome']}: {each['error']}")
        else:
            tell(f"{each['client']}: {each['outcome']}, {each['state']}: {each['lines']} lines, {each['files']} files")
            if each["recovered"]:
                say(
                    f"  {counted(each['recovered'], 'file')} had been deleted or overwritten; locked versions had them."
                )
        for passed in each.get("passed_over", ()):
            say(f"  passed over: {passed}")
    if left_out := document["left_out"]:
        some = ", ".join(map(ascii, left_out[:MAX_EXAMPLES]))
        say(f"warning: {document['replica']} has {counted(len(left_out), 'name')} that no client can have: {some}")
    if not document["clients"]:
        tell("Nothing to restore.")
