"""Commands for a home, its clients and its accounts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import (
    HomeOption,
    JsonOption,
    ReplayOption,
    account_app,
    app,
    ask,
    awaited,
    client_app,
    folder_of,
    folder_only,
    opened,
    tell_choice,
    unlocked,
)
from archiver.cli.output import counted, emit, offer, progress, say, tell, tell_lines

if TYPE_CHECKING:
    from archiver.provider import SignInMethod


@app.command()
def demo(
    keep: Annotated[
        Path | None,
        typer.Option(help="Where to keep the demo's home, key and authority root [default: a new temporary folder]."),
    ] = None,
) -> None:
    """Show the whole job on bundled recordings, in a real browser. You need no account.

    Example: archiver demo --keep /tmp/demo
    """
    from archiver.devkit.demo import demo as show

    awaited(show(keep, tell_lines))


@app.command()
def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also contact the mail server and the authorities.")] = False,
    vault_restored: Annotated[
        bool, typer.Option("--vault-restored", help="First record that you restored an older vault on purpose.")
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Check this machine and the home. Each problem comes with one thing to do about it.

    Example: archiver doctor --online
    """
    from archiver.agency.doctor import examine
    from archiver.home.vault import open_vault

    folder_only()
    tell_choice(home)
    if vault_restored:
        open_vault(folder_of(home) / "vault.enc", remember=True).accept_as_newest()
    with progress() as watch:
        report = examine(folder_of(home), online=online, progress=watch)
    if as_json:
        emit(report.as_json())
    else:
        tell_lines(report.as_text())
    raise typer.Exit(report.exit_code)


@client_app.command("hand-over")
def client_hand_over(
    slug: Annotated[str, typer.Argument(help="The client.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new folder to give to the client.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the archive; write nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Give a client its whole archive. It works without this software and holds nothing of the house archive.

    Example: archiver client hand-over acme --out /mnt/disk/acme-licences
    """
    from archiver.agency.client_handover import hand_over

    here = opened(home)
    with progress() as watch:
        done = hand_over(here, unlocked(here), slug, out, dry_run=dry_run, progress=watch)
    if as_json:
        emit(done.as_json())
        return
    tell(f"{slug}: {done.outcome.replace('_', ' ')}: {done.out}")
    tell(f"  {counted(done.licences, 'licence')}, {counted(done.files, 'file')}, {done.bytes:,} bytes: {done.state}")
    tell(f"  key {done.key}")
    for line in done.unproven:
        tell(f"  {line}")
    for name in done.left_out:
        tell(f"  not copied, because it does not belong to an archive: {name}")


@account_app.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="A name that you choose, unique in this home: acme-shutterstock.")],
    client: Annotated[str, typer.Option(help="The client, or `house` for a shared account.")],
    provider: Annotated[str, typer.Option(help="The platform; `archiver providers` lists them.")],
    username: Annotated[str | None, typer.Option(help="The user name at the platform.")] = None,
    method: Annotated[str | None, typer.Option(help="How to sign in [default: the provider's first].")] = None,
    plan: Annotated[str | None, typer.Option(help="The plan, in your words.")] = None,
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the adapter; repeatable.")] = None,
    secrets_stdin: Annotated[
        bool, typer.Option("--secrets-stdin", help="Read the secrets as YAML from stdin.")
    ] = False,
    secret_command: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="A password manager's command that prints the secrets.")
    ] = None,
    accept_automation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who accepts unattended runs if the terms forbid or omit them.")
    ] = None,
    authorised_by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who authorised access to the account; the archive records it.")
    ] = None,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Test the sign-in before saving anything.")] = True,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Add an account and store its secrets in the vault. The sign-in is tested first; if it fails, nothing is saved.

    Example: archiver account add acme-shutterstock --client acme --provider shutterstock --authorised-by "Ada Example"
    """
    from archiver.agency.accounts import NewAccount, add
    from archiver.agency.platform_list import adapter_named
    from archiver.provider import method_of

    here = opened(home)
    provider = adapter_named(provider, here.client(client).slug if client != "house" else client)
    vault = unlocked(here)
    chosen = method_of(provider, method)
    if chosen.needs_username and not username:
        username = ask("User name", "") or None
    command = split_command(secret_command) if secret_command else ()
    secrets = {} if command else read_secrets(secrets_stdin, chosen)
    authorised_by = authorised_by or ask("Who authorised access to this account (empty: not recorded)", "") or None
    settings = {name: value or "true" for name, _, value in (pair.partition("=") for pair in setting or [])}
    new = NewAccount(
        name=name, client=client, provider=provider, method=method, username=username, plan=plan, settings=settings,
        secrets=secrets, secret_command=command, accepted_by=accept_automation, authorised_by=authorised_by,
    )  # fmt: skip
    awaited(add(here, vault, new, check=check, replay=replay, say=say))
    say(f"Added account {name}.")
    if chosen.secrets:
        offer("run account", account=name)


@account_app.command("close")
def account_close(
    name: Annotated[str, typer.Argument(help="The account.")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Close it even if its last sweep is incomplete.")] = False,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="With --anyway: who decides it.")] = None,
    reason: Annotated[str | None, typer.Option(help="With --anyway: why.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the history and report; close nothing.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Close an account: read its history once more, note it in the ledger, delete its secrets. The proof stays.

    Example: archiver account close acme-shutterstock --dry-run
    """
    from archiver.agency.account_closing import ClosingRequest, close

    here = opened(home)
    request = ClosingRequest(replay=replay, dry_run=dry_run, anyway=anyway, by=by, reason=reason)
    with progress() as watch:
        done = awaited(close(here, unlocked(here), name, request, watch))
    if as_json:
        emit(done.as_json())
    else:
        tell(f"{name}: {done.outcome.replace('_', ' ')}")
        if done.sweep:
            tell(f"  {done.sweep['listed']} listed, {done.sweep['archived']} new. {done.sweep['message']}".rstrip())
        for each in done.to_get:
            tell(f"  {each}")
        for step in dict.fromkeys(each.do for each in done.to_get):
            tell(f"  {step}")
    if done.outcome == "incomplete":
        say(
            "The account stays open. Fix the problems above and run this again, or close it with "
            "--anyway --by NAME --reason TEXT."
        )
    raise typer.Exit(done.exit_code)


@account_app.command("leaver")
def account_leaver(
    user: Annotated[str, typer.Argument(help="The seat's user, as the platform writes it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report from the archives; read no history.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Before you remove a seat: read its histories once more, list the documents to get, and print a checklist.

    Example: archiver account leaver ada@example.com
    """
    from archiver.agency.offboarding import leaver

    here = opened(home)
    with progress() as watch:
        leaving = leaver(here, unlocked(here), user, replay=replay, dry_run=dry_run, progress=watch)
        found = awaited(leaving)
    if as_json:
        emit(found.as_json())
    else:
        tell(f"{user}: {', '.join(f'{number} {what.replace("_", " ")}' for what, number in found.covered.items())}")
        for slug, fault in found.faults.items():
            tell(f"  {slug} could not be read: {fault}")
        for each in found.to_get:
            tell(f"  {each}")
        tell("Before you remove the seat:")
        for number, step in enumerate(found.checklist, 1):
            tell(f"  {number}. {step}")
    raise typer.Exit(found.exit_code)


@account_app.command("rotate")
def account_rotate(
    name: Annotated[str, typer.Argument(help="The account.")],
    username: Annotated[str | None, typer.Option(help="A new user name, if it changed too.")] = None,
    secrets_stdin: Annotated[
        bool, typer.Option("--secrets-stdin", help="Read the secrets as YAML from stdin.")
    ] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Test the sign-in before saving it.")] = True,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Give an account a new secret. Its archive continues. If the platform refuses the secret, nothing changes.

    Example: archiver account rotate acme-shutterstock
    """
    from archiver.agency.accounts import rotate
    from archiver.provider import method_of

    here = opened(home)
    if name in {source.name for source in here.sources()}:  # messages about a refused secret name this command
        from archiver.cli.sources import source_rotate

        source_rotate(name, secrets_stdin=secrets_stdin, check=check, home=home)
        return
    account = here.account(name)
    secrets = read_secrets(secrets_stdin, method_of(account.provider, account.method))
    awaited(rotate(here, unlocked(here), name, secrets, username, check=check, replay=replay, say=say))
    say(f"Changed the secret of {name}.")
    offer("run account", account=name)


@account_app.command("check")
def account_check(
    name: Annotated[str, typer.Argument(help="The account.")],
    live: Annotated[
        bool, typer.Option("--live", help="Sign in and open one page for each step, read-only; archive nothing.")
    ] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Check the settings of an account; with --live, also test each step of its adapter at the platform.

    Example: archiver account check acme-shutterstock --live
    """
    from archiver.agency.account_check import check

    here = opened(home)
    with progress(steady=live) as watch:
        watch(f"{name}: steps", 0, None)
        found = awaited(check(here, unlocked(here), name, live=live, replay=replay))
    if as_json:
        emit(found.as_json())
    else:
        tell_lines("\n".join(f"{step.state:<7} {step.step}: {step.message}" for step in found.steps))
        if found.refused:
            tell_lines("\n".join(f"blocked {each}" for each in found.refused))
    raise typer.Exit(found.exit_code)


def split_command(text: str) -> tuple[str, ...]:
    """A command's words, split as a shell splits them; nothing is expanded. BadParameter for an open quote."""
    import shlex

    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise typer.BadParameter(f"--secret-command cannot be split into words ({error}). Close the quote") from None


def read_secrets(from_stdin: bool, method: SignInMethod) -> dict[str, str]:
    """Read secrets as YAML from standard input, or prompt for them on a terminal without echo."""
    from archiver.home.vault import parse_secrets

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
