"""The command that sets up a machine and a home, step by step."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from archiver.cli.app import HomeOption, ReplayOption, app, ask, awaited, folder_only, unlocked
from archiver.cli.homes import remember
from archiver.cli.output import progress, say
from archiver.cli.setup import read_secrets


@app.command()
def setup(
    home: HomeOption = None,
    agency: Annotated[str | None, typer.Option(help="Your agency's name, for letters and drafts.")] = None,
    country: Annotated[str | None, typer.Option(help="Your country, such as DE, for deadlines and times.")] = None,
    language: Annotated[str | None, typer.Option(help="Your language, such as de, for messages and reports.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask again about the agency, to change an answer.")] = False,
    replay: ReplayOption = None,
) -> None:
    """Set up this machine step by step, up to the first archived licences. Leave at any question, and run it again.

    Each answer is tried out before it is kept. It ends with a list of what is ready and what is missing.

    Example: archiver setup --home ~/archiver --agency "Northlight Media"
    """
    from archiver.agency.accounts import NewAccount, add
    from archiver.agency.night import run as run_accounts
    from archiver.agency.readiness import readiness
    from archiver.agency.schedule import is_scheduled
    from archiver.agency.setup import setup as guide
    from archiver.agency.setup_checklist import SetupConversation
    from archiver.agency.setup_questions import set_agency
    from archiver.agency.setup_unattended import settle
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

    folder_only()
    made = guide(home, agency, replay=replay is not None, say=say, ask=ask)
    if not made.settings.replay:
        remember(made.root)
    if given := {key: text for key, text in (("name", agency), ("country", country), ("language", language)) if text}:
        made = set_agency(made, given)
    if sys.stdin.isatty():
        made.check_replay(replay)
        conversation = SetupConversation(
            ask=ask, ask_secrets=lambda method: read_secrets(False, method), say=say, connect=connect, read=read
        )
        made = settle(conversation.go_through(made), is_scheduled(made.root), ask, say, again=again)
    say("")
    for item in readiness(Home.load(made.root), datetime.now(UTC)):
        say(str(item))
    say(f'Run `archiver setup --home "{made.root}"` again to continue.')
