"""The parts that all commands share: the application, its groups, common options, and opening a home."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver import __version__
from archiver.cli import output
from archiver.cli.command_tree import running
from archiver.core.progress import show_with
from archiver.core.questions import agrees
from archiver.core.remedy import name_home

if TYPE_CHECKING:
    from typer._click.core import Parameter

    from archiver.home.settings import Home
    from archiver.home.vault import Vault

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Archive licence proof of stock purchases automatically, dated by third parties, and find it in a minute.",
)
client_app = typer.Typer(no_args_is_help=True, help="Clients: each owns one archive.")
account_app = typer.Typer(no_args_is_help=True, help="Accounts: one sign-in at one platform.")
source_app = typer.Typer(no_args_is_help=True, help="Sources: mailboxes and folders that every run reads.")
claim_app = typer.Typer(no_args_is_help=True, help="Claims: letters that demand proof or money; working papers.")
audit_app = typer.Typer(no_args_is_help=True, help="Audits: pictures in use on a client's site, and their licences.")
catalogue_app = typer.Typer(no_args_is_help=True, help="The search index, a cache of the archive.")
providers_app = typer.Typer()
adapter_app = typer.Typer(no_args_is_help=True, help="Repaired adapters in the home, which replace the installed ones.")
recording_app = typer.Typer(no_args_is_help=True, help="Recordings: scripted sessions that prove an adapter.")
app.add_typer(client_app, name="client")
app.add_typer(account_app, name="account")
app.add_typer(source_app, name="source")
app.add_typer(claim_app, name="claim")
app.add_typer(audit_app, name="audit")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(providers_app, name="providers")
app.add_typer(adapter_app, name="adapter")
app.add_typer(recording_app, name="recording")


def a_day(text: str) -> date:
    from archiver.reading.dates import LIKELY_YEARS

    with suppress(ValueError):
        if (day := date.fromisoformat(text)).year in LIKELY_YEARS:
            return day
    raise typer.BadParameter(f"{text!r} is not a valid date (YYYY-MM-DD)")


def home_named(text: str) -> Path | None:
    """The folder of --home. A fleet's address becomes the default home instead, where `opened` looks for it."""
    from archiver.home.home_folder import VARIABLE, is_fleet

    if is_fleet(text):
        os.environ[VARIABLE] = text
        return None
    name_home(str(Path(text).absolute()))
    return Path(text)


HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        parser=home_named,
        metavar="PATH",
        help="The home folder [default: as `archiver home` says].",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
ReplayOption = Annotated[Path | None, typer.Option("--replay", help="Recordings to serve; replay homes only.")]


def print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"archiver {__version__}")
        raise typer.Exit


def common_options() -> list[Parameter]:
    """New instances of the options that every command has: how much to say, and where to write it."""
    carrier = typer.Typer(add_completion=False)

    @carrier.command()
    def options(  # the callbacks do it
        verbose: Annotated[
            bool, typer.Option("--verbose", "-v", callback=output.be_verbose, help="Also say what happens inside.")
        ] = False,
        quiet: Annotated[
            bool, typer.Option("--quiet", "-q", callback=output.be_quiet, help="Say only warnings and errors.")
        ] = False,
        log_file: Annotated[
            Path | None,
            typer.Option(
                "--log-file", metavar="FILE", callback=output.log_to, help="Append all messages, with times, to FILE."
            ),
        ] = None,
    ) -> None: ...

    made = typer.main.get_command(carrier).params
    for each in made:
        each.expose_value = False
    return made


@app.callback()
def root(
    context: typer.Context,
    home: HomeOption = None,
    version: Annotated[  # noqa: ARG001  # the callback prints it
        bool,
        typer.Option("--version", "-V", callback=print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    from archiver.core.stale_files import sweep_temporary_folder

    show_with(output.progress)
    if context.invoked_subcommand != "doctor":  # which tells what is there
        sweep_temporary_folder()
    if home:  # `archiver --home DIR COMMAND` means the same as `archiver COMMAND --home DIR`
        os.environ["ARCHIVER_HOME"] = str(home)


def folder_of(home: Path | None) -> Path:
    """The named home folder, or the default one, whether it exists or not."""
    from archiver.home.home_folder import default_home

    return home or default_home()


def opened(home: Path | None) -> Home:
    """Open the home, and remove the temporary files that killed commands left there.

    A fleet's home is opened as a folder on this machine, until the command ends.
    """
    from archiver.core.stale_files import sweep
    from archiver.home.home_folder import fleet_address
    from archiver.home.settings import Home, find_home
    from archiver.provider.registry import use_home

    address = None if home else fleet_address()
    found = _fleet_folder(address) if address else find_home(home)
    tell_choice(home)
    sweep(found)
    use_home(found)
    return Home.load(found)


def tell_choice(home: Path | None) -> None:
    """Say which home is used if nobody named it and the user has several."""
    from archiver.cli.output import say
    from archiver.home.home_folder import Reason, choice, other_homes

    path, reason = choice()
    if home or reason is Reason.VARIABLE:
        return
    if others := other_homes(path):
        more = "it" if len(others) == 1 else "another"
        also = f"{others[0]}" if len(others) == 1 else f"{len(others)} more"
        say(f"Home: {path}. You also have {also}; name {more} with --home.")
        output.offer("choose home")


def _fleet_folder(address: str) -> Path:
    """The folder that is a fleet's home until the command ends."""
    from archiver.agency.fleet_copy import opened_fleet, refuse_elsewhere
    from archiver.cli.output import say

    context = running.get()
    known = context.find_root().meta.get(address)
    if known is None:
        named = any(context.params.get(each) for each in ("account", "client", "source"))
        refuse_elsewhere(context.command_path.split()[1:], named=named)
        known = context.find_root().with_resource(opened_fleet(address, say))
        context.find_root().meta[address] = known
    return Path(known)


def folder_only() -> None:
    """ConfigError if the home is a fleet, for commands that open no home."""
    from archiver.home.home_folder import fleet_address

    if fleet_address():
        from archiver.agency.fleet_copy import refuse_elsewhere

        refuse_elsewhere(running.get().command_path.split()[1:], named=False)


def unlocked(home: Home) -> Vault:
    from archiver.cli.output import say
    from archiver.home.vault import open_vault

    vault = open_vault(home.vault, remember=not home.settings.replay)
    if warning := vault.replayed():
        say(f"archiver: {warning}")
    return vault


def language_of(language: str) -> str:
    from archiver.claims.facts import LANGUAGES

    if language not in LANGUAGES:
        raise typer.BadParameter(f"--language must be one of {', '.join(LANGUAGES)}")
    return language


def ask(question: str, default: str) -> str:
    """Ask a person. Without a terminal, the default is the answer."""
    return str(typer.prompt(question, default=default, err=True)) if sys.stdin.isatty() else default


def ask_secret(what: str, *, twice: bool = False) -> str:
    """Ask for a passphrase or a PIN without showing it. BadParameter if there is nobody to ask."""
    try:
        return str(
            typer.prompt(what, hide_input=True, default="", show_default=False, confirmation_prompt=twice, err=True)
        )
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        raise typer.BadParameter(f"{what}: there is nobody to ask. Run the command at a terminal") from None


def asking() -> Callable[[str, str], str] | None:
    """The function that asks a person; None without a terminal."""
    return ask if sys.stdin.isatty() else None


def confirmed(question: str) -> bool:
    """Whether a person says yes. Without a terminal, the answer is no."""
    return agrees(ask, question)


def must_agree(question: str, yes: bool, nothing: str) -> None:
    """Ask before a step that takes something away. BadParameter, "nothing was changed; ...", if nobody agrees."""
    if not (yes or confirmed(question)):
        raise typer.BadParameter(f"{nothing}; give --yes, or answer the question on a terminal")


def awaited[T](work: Coroutine[object, None, T]) -> T:
    """Run asynchronous work and return its result. asyncio is imported only here, to keep other commands quick."""
    import asyncio

    task: asyncio.Task[T] | None = None
    interrupted = False  # for reports that come after the task has ended, when `task.cancelling()` is 0 again

    def unheard(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if not (interrupted or (task and task.cancelling())):  # Ctrl-C breaks running work; do not report that
            loop.default_exception_handler(context)

    async def main() -> T:
        nonlocal task, interrupted
        asyncio.get_running_loop().set_exception_handler(unheard)
        task = asyncio.current_task()
        try:
            return await work
        except Exception:
            if task and task.cancelling():  # Ctrl-C ended a helper process first, and that caused this error
                raise asyncio.CancelledError from None
            raise
        finally:
            interrupted = bool(task and task.cancelling())

    return asyncio.run(main())
