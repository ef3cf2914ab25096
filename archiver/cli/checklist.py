"""The command that sets up a machine and a home, step by step."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from archiver.cli.app import HomeOption, ReplayOption, app, ask, awaited, folder_only, unlocked
from archiver.cli.homes import remember
from archiver.cli.output import offer, progress, say
from archiver.cli.setup import read_secrets


@app.command()
def setup(
    home: HomeOption = None,
    agency: Annotated[str | None, typer.Option(help="Your agency's name, for letters and drafts.")] = None,
    country: Annotated[str | None, typer.Option(help="Your country, such as DE, for deadlines and times.")] = None,
    language: Annotated[str | None, typer.Option(help="Your language, such as de, for messages and reports.")] = None,
    client: Annotated[str | None, typer.Option(help="Your first client's name.")] = None,
    site: Annotated[str | None, typer.Option(help="That client's web site.")] = None,
    timestamps: Annotated[str | None, typer.Option(help="`public`, for two public authorities.")] = None,
    mail_host: Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="The server that sends mails.")] = None,
    mail_from: Annotated[str | None, typer.Option(metavar="ADDRESS", help="From which address it sends.")] = None,
    mail_user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who signs in there; the password comes with --secrets-stdin.")
    ] = None,
    secrets_stdin: Annotated[
        bool, typer.Option("--secrets-stdin", help="Read the mail server's password as YAML from stdin.")
    ] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Sign in to the mail server first.")] = True,
    messages: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where messages go.")] = None,
    night: Annotated[str | None, typer.Option(metavar="HH:MM", help="When the nightly run starts.")] = None,
    witness: Annotated[
        str | None, typer.Option(metavar="DIR", help="A folder elsewhere, for the newest checkpoint.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask every question again, to change an answer.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: only the options answer.")] = False,
    replay: ReplayOption = None,
) -> None:
    """Set up this machine step by step, up to the first archived licences. Leave at any question, and run it again.

    Each answer is tried out before it is kept. It ends with a list of what is ready and what is missing. Options answer
    questions before they are asked; with --yes nothing else is asked.

    Example: archiver setup --home ~/archiver --agency "Northlight Media"

    Example: archiver setup --yes --agency "Northlight Media" --country DE --client "Acme Ltd" --night 02:30
    """
    from archiver.agency.accounts import NewAccount, add
    from archiver.agency.night import run as run_accounts
    from archiver.agency.readiness import readiness
    from archiver.agency.schedule import is_scheduled
    from archiver.agency.setup import setup as guide
    from archiver.agency.setup_checklist import SetupConversation
    from archiver.agency.setup_unattended import answer, settle
    from archiver.collect.run_context import RunRequest
    from archiver.home.settings import Home

    def connect(here: Home, new: NewAccount) -> None:
        awaited(add(here, unlocked(here), new, replay=replay, say=say))

    def read(here: Home, name: str) -> int:
        with progress() as watch:
            order = RunRequest(accounts=(name,), replay=replay)
            summary = awaited(run_accounts(here, unlocked(here), order, progress=watch))
        for result in summary.accounts:
            if result.message:
                say(f"{result.account}: {result.message}")
        return sum(result.archived for result in summary.accounts)

    def ask_secret(question: str) -> str:
        return str(typer.prompt(question, hide_input=True, default="", show_default=False, err=True))

    folder_only()
    made = guide(home, agency, replay=replay is not None, say=say, ask=(lambda _, usual: usual) if yes else ask)
    if not made.settings.replay:
        remember(made.root)
    options = {
        "name": agency, "country": country, "language": language, "client": client, "site": site,
        "mail_host": mail_host, "mail_from": mail_from, "mail_user": mail_user, "timestamps": timestamps,
        "messages": messages, "night": night, "witness": witness,
    }  # fmt: skip
    given = {name: text for name, text in options.items() if text}
    made = answer(made, given, say, secrets=sys.stdin.read() if secrets_stdin else "", check=check)
    if sys.stdin.isatty() and not yes:
        made.check_replay(replay)
        conversation = SetupConversation(
            ask=ask, ask_secrets=lambda method: read_secrets(False, method), say=say, connect=connect, read=read
        )
        made = settle(
            conversation.go_through(made), is_scheduled(made.root), ask, say, again=again, ask_secret=ask_secret
        )
    say("")
    for item in readiness(Home.load(made.root), datetime.now(UTC)):
        say(str(item))
    offer("set up", folder=str(made.root))
