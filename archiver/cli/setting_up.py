"""Commands for a home, its clients and its accounts."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver.cli.app import (
    HomeOption,
    JsonOption,
    ReplayOption,
    account_app,
    app,
    ask,
    client_app,
    opened,
    unlocked,
)
from archiver.cli.output import emit, say, tell_lines

if TYPE_CHECKING:
    pass


@app.command()
def demo(
    keep: Annotated[
        Path | None,
        typer.Option(help="Where to leave the demo's home, key and authority root [default: a new temporary folder]."),
    ] = None,
) -> None:
    """Show the whole job on bundled recordings, in a real browser; no account needed.

    Example: archiver demo --keep /tmp/demo
    """
    from archiver.demo import demo as show

    asyncio.run(show(keep, tell_lines))


@app.command()
def setup(
    home: HomeOption = None,
    agency: Annotated[str | None, typer.Option(help="Your agency's name.")] = None,
) -> None:
    """Set this machine up, guided: home, agency, browser, vault key, timestamps.

    Example: archiver setup --home ~/archiver --agency "Northlight Media"
    """
    from archiver.setup import setup as guide

    guide(home, agency, say=say, ask=ask)


@app.command()
def doctor(
    online: Annotated[bool, typer.Option("--online", help="Ask each timestamp authority, too.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Examine this machine and the home: what is ok, what is not, and the one thing to do about each.

    Example: archiver doctor --online
    """
    from archiver.config import default_home
    from archiver.doctor import examine

    report = examine(home or default_home(), online=online)
    if as_json:
        emit(report.as_json())
    else:
        tell_lines(report.as_text())
    raise typer.Exit(report.exit_code)


@app.command()
def init(
    home: Annotated[Path | None, typer.Argument(help="The folder to make.")] = None,
    replay: Annotated[
        bool, typer.Option(help="A home for recordings only, whose archives are never evidence.")
    ] = False,
    home_option: HomeOption = None,
) -> None:
    """Make a home folder and its vault.

    Example: archiver init ~/archiver
    """
    from archiver.setup import initialise

    made = initialise(home or home_option, replay=replay)
    say(f"Made {made.root}. Next: archiver client add SLUG --name NAME")


@client_app.command("add")
def client_add(
    slug: Annotated[str, typer.Argument(help="A short name for files and commands: acme.")],
    name: Annotated[str, typer.Option(help="The client's full name.")],
    alias: Annotated[list[str] | None, typer.Option(help="Another name; repeatable.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A domain of the client; repeatable.")] = None,
    home: HomeOption = None,
) -> None:
    """Add a client.

    Example: archiver client add acme --name "Acme Ltd" --domain acme.example
    """
    from archiver.config import add_client

    opened_home = opened(home)
    add_client(opened_home.root, slug, name=name, aliases=alias or [], domains=domain or [])
    say(f"Added client {slug}. Next: archiver account add NAME --client {slug} --provider PROVIDER")


@account_app.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="A name of your own, unique in this home: acme-shutterstock.")],
    client: Annotated[str, typer.Option(help="The client, or `house` for a shared account.")],
    provider: Annotated[str, typer.Option(help="The platform; `archiver providers` lists them.")],
    username: Annotated[str | None, typer.Option(help="The user name at the platform.")] = None,
    method: Annotated[str | None, typer.Option(help="How to sign in [default: the provider's first].")] = None,
    plan: Annotated[str | None, typer.Option(help="The plan, in your words.")] = None,
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the adapter; repeatable.")] = None,
    secrets_stdin: Annotated[
        bool, typer.Option("--secrets-stdin", help="Read the secrets as YAML from stdin.")
    ] = False,
    accept_automation: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Who accepts unattended runs where the terms bar or omit them.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Add an account and put its secrets into the vault.

    Example: archiver account add acme-shutterstock --client acme --provider shutterstock
    """
    from archiver.accounts import add, method_of

    here = opened(home)
    chosen = method_of(provider, method)
    secrets = read_secrets(secrets_stdin, chosen)
    settings = {name: value or "true" for name, _, value in (pair.partition("=") for pair in setting or [])}
    add(
        here, unlocked(here), name, client=client, provider=provider, method=method, username=username, plan=plan,
        settings=settings, secrets=secrets, accepted_by=accept_automation,
    )  # fmt: skip
    say(f"Added account {name}. Next: archiver run --account {name}")


@account_app.command("rotate")
def account_rotate(
    name: Annotated[str, typer.Argument(help="The account.")],
    username: Annotated[str | None, typer.Option(help="A new user name, if it changed too.")] = None,
    secrets_stdin: Annotated[
        bool, typer.Option("--secrets-stdin", help="Read the secrets as YAML from stdin.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Give an account its new secret; the same history goes on in the same archive.

    Example: archiver account rotate acme-shutterstock
    """
    from archiver.accounts import method_of, rotate

    here = opened(home)
    account = here.account(name)
    rotate(
        here, unlocked(here), name, read_secrets(secrets_stdin, method_of(account.provider, account.method)), username
    )
    say(f"Changed the secret of {name}. Next: archiver run --account {name}")


@account_app.command("check")
def account_check(
    name: Annotated[str, typer.Argument(help="The account.")],
    live: Annotated[
        bool, typer.Option("--live", help="Sign in and open one page of each step, read-only; archive nothing.")
    ] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Check an account: what is set up; with --live also which step of its adapter no longer works.

    Example: archiver account check acme-shutterstock --live
    """
    from archiver.checks import check

    here = opened(home)
    found = asyncio.run(check(here, unlocked(here), name, live=live, replay=replay))
    if as_json:
        emit(found.as_json())
    else:
        tell_lines("\n".join(f"{step.state:<7} {step.step}: {step.message}" for step in found.steps))
    raise typer.Exit(found.exit_code)


def read_secrets(from_stdin: bool, method: Any) -> dict[str, str]:
    """Secrets as YAML from standard input, or prompted for without echo on a terminal."""
    from archiver.accounts import parse_secrets

    if from_stdin:
        return parse_secrets(sys.stdin.read())
    if not sys.stdin.isatty():
        return {}
    if method.where:
        say(method.where)
    given = {name: typer.prompt(name, hide_input=True, err=True) for name in method.secrets}
    for name in method.optional_secrets:
        given[name] = typer.prompt(f"{name} (empty if none)", hide_input=True, default="", show_default=False, err=True)
    return {name: value for name, value in given.items() if value}
