"""Commands for backups: make one, check one, and restore a home."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, opened
from archiver.cli.homes import remember
from archiver.cli.output import counted, emit, progress, say, tell
from archiver.core.remedy import Remedy

if TYPE_CHECKING:
    from archiver.agency.backup.making import BackupResult
    from archiver.agency.backup.restoring import RestoredHome

backup_app = typer.Typer(no_args_is_help=True, help="Backups: the whole home in one file, made while runs work.")
app.add_typer(backup_app, name="backup")

FromArgument = Annotated[str, typer.Argument(metavar="BACKUP", help="A backup's file; - is standard input.")]


@backup_app.command("make")
def make(
    to: Annotated[str, typer.Argument(metavar="TO", help="A new file, a folder for it, or - for standard output.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what a backup would hold.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Back up the home: evidence, claims, settings, users and the vault, but not the vault's key. Runs may go on.

    Example: archiver backup make /mnt/other-disk
    """
    from archiver.agency.backup import destinations
    from archiver.agency.backup.making import back_up, would_back_up

    here = opened(home)
    if to == destinations.STREAM and as_json:
        raise typer.BadParameter("standard output cannot take both the backup and --json. Name a file")
    place = None if to == destinations.STREAM else destinations.place_of(here, to)
    if dry_run:
        done = would_back_up(here, str(place or to))
    else:
        with progress() as watch, destinations.written(place) as sink:
            done = back_up(here, sink, str(place or to), watch)
    if as_json:
        emit(done.as_json())
    else:
        _say_backup(done, "Would back up" if dry_run else "Backed up", say)


@backup_app.command("check")
def check(
    backup: FromArgument,
    listed: Annotated[bool, typer.Option("--list", help="Also list every file with its size.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a backup whole, compare each file with its digest, and say what it holds.

    Example: archiver backup check /mnt/other-disk/archive-home.tar
    """
    from archiver.agency.backup.destinations import read
    from archiver.agency.backup.making import check_backup

    with progress() as watch, read(backup) as source:
        found, content = check_backup(source, backup, watch)
    if as_json:
        files = [{"path": name, "bytes": size} for name, size in sorted(content.files.items())] if listed else []
        emit(found.as_json() | {"archiver": content.head.archiver, "listed": files})
        return
    for name, size in sorted(content.files.items()) if listed else ():
        tell(f"{size:>12,}  {name}")
    _say_backup(found, f"Whole, made {content.head.made_at}:", tell)


@app.command()
def restore(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="A backup's file, - for standard input, or a copy of a home's folder.")
    ],
    target: Annotated[Path, typer.Argument(metavar="HOME", help="A new or empty folder.")],
    as_json: JsonOption = False,
) -> None:
    """Restore a home from a backup, or from a copy of its folder, and verify every byte. Nothing is overwritten.

    Example: archiver restore /mnt/other-disk/archive-home.tar archive-home
    """
    from archiver.agency.backup import destinations, restoring
    from archiver.agency.backup.newer import newer_elsewhere

    with progress() as watch:
        if Path(source).is_dir():
            done = restoring.restore(restoring.from_folder(Path(source), watch), target, watch)
        else:
            with destinations.read(source) as stream:
                done = restoring.restore(restoring.from_backup(stream, watch), target, watch)
    newer = newer_elsewhere(done.home) if done.home else []
    if as_json:
        emit(done.as_json() | {"newer": [each.as_json() for each in newer]})
    else:
        _say_restored(done)
        for each in newer:
            say(f"warning: {each.message}")
            if each.remedy:
                say(f"  {_for_home(each.remedy.command, target)}")
    if done.home and not done.home.settings.replay:
        remember(done.root)
    if done.damaged or done.fault:
        raise typer.Exit(90 if done.damaged else 2)


def _say_backup(done: BackupResult, what: str, write: Callable[[str], None]) -> None:
    total = done.total
    write(f"{what} {counted(total.files, 'file')}, {total.bytes:,} bytes: {done.backup}")
    for name, amount in done.holds.items():
        write(f"  {name}: {counted(amount.files, 'file')}, {amount.bytes:,} bytes")
    for each in done.faults:
        say(f"warning: {each}. It is in the backup as it is. {Remedy.of('verify', {}).command}")
    for each in done.left_out:
        say(f"warning: not in the backup: {each}")
    if done.key:
        say(f"The vault's key is not in the backup. It is in {done.key}: keep a copy of it elsewhere.")


def _say_restored(done: RestoredHome) -> None:
    root = done.root
    made = f", as of {done.head.made_at}" if done.head else ""
    say(f"Restored {counted(done.files, 'file')}, {done.bytes:,} bytes, to {root}{made}.")
    for each in done.archives:
        tell(f"{each.client}: {each.state}: {counted(each.lines, 'line')}{f': {each.fault}' if each.fault else ''}")
    if done.fault:
        say(f"warning: The home is there, but cannot be used yet. {done.fault}")
    if done.key:
        say(f"The vault opens with the key from {done.key}.")
    else:
        say(
            "The vault's key is not in a backup. Name its file in ARCHIVER_KEY_FILE, or put it where it was. Without "
            "it, the evidence can be searched, shown and proved; stored passwords and signing keys are lost."
        )
    say(f"Next: {_for_home(Remedy('check machine').command, root)}")


def _for_home(command: str, root: Path) -> str:
    """A command for a home that need not be the default one."""
    return command.replace("archiver ", f"archiver --home {shlex.quote(str(root))} ", 1)
