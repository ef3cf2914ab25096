"""Commands for backups: make one, check one, and restore a home."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, ask_secret, opened
from archiver.cli.homes import remember
from archiver.cli.output import counted, emit, progress, say, tell
from archiver.core.remedy import Remedy

if TYPE_CHECKING:
    from archiver.agency.backup.making import BackupResult
    from archiver.agency.backup.restoring import RestoredHome
    from archiver.home.settings import Home

backup_app = typer.Typer(no_args_is_help=True, help="Backups: the whole home in one file, made while runs work.")
app.add_typer(backup_app, name="backup")

FromArgument = Annotated[
    str, typer.Argument(metavar="BACKUP", help="A backup: its file, s3://BUCKET/NAME, or - for standard input.")
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        envvar="ARCHIVER_BACKUP_PASSPHRASE_FILE",
        metavar="FILE",
        help="Take the passphrase from this file instead of asking for it.",
    ),
]


# many parameters: the options of a command
@backup_app.command("make")
def make(
    to: Annotated[
        str,
        typer.Argument(metavar="[TO]", help="A new file, a folder, s3://BUCKET/FOLDER, or - for standard output."),
    ] = "",
    command: Annotated[
        str,
        typer.Option(
            help="A program that reads the backup from its standard input. Anyone on this machine can read its words: "
            "leave secrets to its own settings.",
        ),
    ] = "",
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Encrypt it with a passphrase, asked for twice.")] = False,
    passphrase_file: PassphraseOption = None,
    recovery_words: Annotated[
        bool, typer.Option("--recovery-words", help="Encrypt it with new words, which are shown once.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what a backup would hold.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Back up the home: evidence, claims, settings, users and the vault, but not the vault's key. Runs may go on.

    Example: archiver backup make /mnt/other-disk --encrypt
    """
    from archiver.agency.backup import destinations
    from archiver.agency.backup.making import back_up, note_made, would_back_up

    if bool(to) == bool(command):
        raise typer.BadParameter("name one place for the backup: TO or --command")
    here = opened(home)
    if to == destinations.STREAM and as_json:
        raise typer.BadParameter("standard output cannot take both the backup and --json. Name a file")
    encrypted = encrypt or recovery_words or bool(passphrase_file or here.settings.backup.secret_command)
    if command:
        place = destinations.command_as_destination(_words(command))
    else:
        place = destinations.destination(here, to, encrypted=encrypted)
    if dry_run:
        done = would_back_up(here, place.name)
    else:
        passphrase = _new_passphrase(here, passphrase_file, by_words=recovery_words) if encrypted else None
        with progress() as watch, destinations.written(place, passphrase) as sink:
            done = back_up(here, sink, place.name, watch)
        note_made(here, done.made_at)
    if as_json:
        emit(done.as_json())
    else:
        _say_backup(done, "Would back up" if dry_run else "Backed up", say)


@backup_app.command("check")
def check(
    backup: FromArgument,
    listed: Annotated[bool, typer.Option("--list", help="Also list every file with its size.")] = False,
    passphrase_file: PassphraseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a backup whole, compare each file with its digest, and say what it holds.

    Example: archiver backup check /mnt/other-disk/archive-home.tar
    """
    from archiver.agency.backup.destinations import read
    from archiver.agency.backup.making import check_backup

    here = _home_if_any()
    with progress() as watch, read(backup, here, _passphrase(here, backup, passphrase_file)) as source:
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
        str,
        typer.Argument(
            metavar="FROM",
            help="A backup: its file, s3://BUCKET/NAME, or - for standard input; or a copy of a home's folder.",
        ),
    ],
    target: Annotated[Path, typer.Argument(metavar="HOME", help="A new or empty folder.")],
    passphrase_file: PassphraseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Restore a home from a backup, or from a copy of its folder, and verify every byte. Nothing is overwritten.

    Example: archiver restore /mnt/other-disk/archive-home.tar archive-home
    """
    from archiver.agency.backup import destinations, restoring
    from archiver.agency.backup.making import note_made
    from archiver.agency.backup.newer import newer_elsewhere

    with progress() as watch:
        if Path(source).is_dir():
            done = restoring.restore(restoring.from_folder(Path(source), watch), target, watch)
        else:
            here = _home_if_any()
            with destinations.read(source, here, _passphrase(here, source, passphrase_file)) as stream:
                done = restoring.restore(restoring.from_backup(stream, watch), target, watch)
    if done.home and done.head:
        note_made(done.home, done.head.made_at)
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


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise typer.BadParameter(f"--command cannot be split into words ({error}). Close the quote") from None


def _home_if_any() -> Home | None:
    """The home that commands use: what it says of its store and its passphrase counts, wherever a backup comes from."""
    from archiver.core.errors import ConfigError
    from archiver.home.home_folder import choice
    from archiver.home.settings import Home

    with suppress(ConfigError):
        return Home.load(choice()[0])
    return None


def _new_passphrase(home: Home, file: Path | None, *, by_words: bool) -> str:
    from archiver.agency.backup.encryption import check_passphrase, recovery_words

    if by_words:
        words = recovery_words()
        say(f"The recovery words of this backup, shown only now: {words}")
        say("Write them down and keep them away from the backup. Without them, nobody can read it.")
        return words
    return check_passphrase(_given_passphrase(home, file) or ask_secret("Passphrase of the backup", twice=True))


def _passphrase(home: Home | None, source: str, file: Path | None) -> Callable[[], str]:
    """What gives the passphrase of a backup once it turns out to be encrypted."""

    def give() -> str:
        given = _given_passphrase(home, file)
        if given is None and source == "-":
            raise typer.BadParameter("the backup comes from standard input. Give its passphrase by --passphrase-file")
        return given or ask_secret("Passphrase or recovery words of the backup")

    return give


def _given_passphrase(home: Home | None, file: Path | None) -> str | None:
    """The passphrase from the file that was named, or from the settings' secret command; None if there is none."""
    from archiver.core.errors import ConfigError
    from archiver.home.vault import run_secret_command

    if file is not None:
        try:
            text = file.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The passphrase cannot be read from {file}: {error}. Check the file.") from None
        if not text:
            raise ConfigError(f"{file} is empty. Put the passphrase into it.")
        return text
    if home and home.settings.backup.secret_command:
        return run_secret_command(home.settings.backup.secret_command, bare="password").get("password")
    return None


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
