"""Commands for sources: mailboxes and folders that every run reads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, ask, awaited, opened, source_app, unlocked
from archiver.cli.output import emit, listing, offer, say, tell, tell_lines

if TYPE_CHECKING:
    from archiver.collect.run_context import RunSummary

StdinOption = Annotated[bool, typer.Option("--secrets-stdin", help="Read the secrets as YAML from stdin.")]
NameArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="The source.")]


@source_app.command("add")
def source_add(
    name: Annotated[str, typer.Argument(help="A name that you choose, unique in this home: acme-mail.")],
    client: Annotated[str, typer.Option(help="The client, or `house` for the agency's own.")],
    kind: Annotated[str, typer.Option(help="mailbox or folder.")],
    host: Annotated[str | None, typer.Option(help="Mailbox: the IMAP server.")] = None,
    port: Annotated[int | None, typer.Option(help="Mailbox: its port [default: 993, or 143 with starttls].")] = None,
    security: Annotated[str | None, typer.Option(help="Mailbox: tls or starttls [default: tls].")] = None,
    username: Annotated[str | None, typer.Option(help="Mailbox: the user name.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", help="Mailbox: a PEM file of the server's own authority.")
    ] = None,
    folder: Annotated[
        list[str] | None, typer.Option(help="Mailbox: only this folder, or pattern; repeatable [default: all].")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Mailbox: the first day that counts.")] = None,
    auth: Annotated[str | None, typer.Option(help="Mailbox: password, microsoft, google or oauth2.")] = None,
    client_id: Annotated[
        str | None, typer.Option("--client-id", help="Mailbox with OAuth 2: the id of the registered program.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Mailbox of Microsoft 365: the organisation.")] = None,
    path: Annotated[Path | None, typer.Option(help="Folder: where it is.")] = None,
    secrets_stdin: StdinOption = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Open it once before saving anything.")] = True,
    home: HomeOption = None,
) -> None:
    """Add a mailbox or a folder. Every run then reads what is new in it; it never changes anything there.

    Rules of your own, and a command that prints the password, belong into the client's file: see docs/sources.md.

    Example: archiver source add acme-mail --client acme --kind mailbox --host imap.example.com --username ada
    """
    from archiver.agency.source_admin import add

    if kind == "mailbox" and not host:
        raise typer.BadParameter("--kind mailbox needs --host, the IMAP server")
    if kind == "folder" and not path:
        raise typer.BadParameter("--kind folder needs --path, the folder to read")
    if path and check and not path.is_dir():
        raise typer.BadParameter(f"there is no folder {path}. Correct --path, or give --no-check if it comes later")
    here = opened(home)
    fields: dict[str, object] = {
        "kind": kind, "host": host, "auth": auth, "client_id": client_id, "tenant": tenant, "port": port,
        "security": security, "username": username, "ca_file": str(ca_file.absolute()) if ca_file else None,
        "folders": folder, "since": since, "path": str(path.absolute()) if path else None,
    }  # fmt: skip
    if kind == "mailbox" and not username:
        fields["username"] = ask("User name", "") or None
    by_password = kind == "mailbox" and auth in (None, "password")
    secrets = _secrets(secrets_stdin) if by_password or secrets_stdin else {}
    add(here, unlocked(here), name, client, fields, secrets, check=check, person=True, say=say)
    say(f"Added source {name}.")
    offer("run source", source=name)


def _secrets(from_stdin: bool) -> dict[str, str]:
    from archiver.home.vault import parse_secrets

    if from_stdin:
        return parse_secrets(sys.stdin.read(), "password")
    if not sys.stdin.isatty():
        return {}
    return {"password": typer.prompt("password", hide_input=True, err=True)}


@source_app.command("list")
def source_list(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the sources, and how their last reading ended.

    Example: archiver source list
    """
    from archiver.agency.source_admin import listed

    rows = listed(opened(home))
    lines = [
        (
            row["client"], row["source"], row["kind"], (row["last_complete"] or "never").replace("T", " ")[:16],
            row["trouble"] or "-",
        )
        for row in rows
    ]  # fmt: skip
    columns = ("client", "source", "kind", "last complete", "trouble")
    listing(rows, "items", as_json, columns, lines, "There are no sources yet.")


@source_app.command("check")
def source_check(name: NameArgument, as_json: JsonOption = False, home: HomeOption = None) -> None:
    """Open a source as a run would, and say what is there. Nothing is archived.

    Example: archiver source check acme-mail
    """
    from archiver.agency.source_admin import check

    here = opened(home)
    said, error = check(here, unlocked(here), name)
    if as_json:
        found = {"source": name, "said": said, "error": type(error).__name__ if error else None}
        emit(found | {"message": error.message(name) if error else ""})
    else:
        for sentence in said:
            tell(f"{sentence}.")
        if error:
            say(f"archiver: {error.message(name)}")
    raise typer.Exit(error.exit_code if error else 0)


@source_app.command("rotate")
def source_rotate(
    name: NameArgument,
    secrets_stdin: StdinOption = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Test the secret before saving it.")] = True,
    home: HomeOption = None,
) -> None:
    """Give a source a new password, or sign in again with OAuth 2. If the server refuses it, nothing changes.

    Example: archiver source rotate acme-mail
    """
    from archiver.agency.source_admin import rotate

    here = opened(home)
    by_password = here.source(name).value("auth") in (None, "password")
    secrets = _secrets(secrets_stdin) if by_password or secrets_stdin else {}
    rotate(here, unlocked(here), name, secrets, check=check, person=True, say=say)
    say(f"Changed the secret of {name}.")
    offer("run source", source=name)


@source_app.command("remove")
def source_remove(name: NameArgument, home: HomeOption = None) -> None:
    """Remove a source: its settings and its secret. Everything that it brought stays archived.

    Example: archiver source remove acme-mail
    """
    from archiver.agency.source_admin import remove

    here = opened(home)
    remove(here, unlocked(here), name)
    say(f"Removed source {name}. What it brought stays in the archive.")


@source_app.command("report")
def source_report(name: NameArgument, as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List what a source holds and the archive does not: stock files without a licence, and what cannot be read.

    Example: archiver source report acme-projects
    """
    from archiver.agency.source_admin import report

    rows = report(opened(home), name)
    lines = [(row["place"], row["why"]) for row in rows]
    listing(rows, "items", as_json, ("where", "why"), lines, "Nothing is missing.")


@source_app.command("origin")
def source_origin(
    licence: Annotated[str, typer.Argument(help="A licence that a mailbox brought, by its short id.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Check again who signed the mails of a licence, by the DNS answers that were kept on arrival. Asks no network.

    Example: archiver source origin 20261124_istock_1234567890
    """
    from archiver.collect.mail_origin import origins

    rows = origins(opened(home), licence)
    lines = [(row["document"] or "-", row["on_arrival"], row["now"]) for row in rows]
    columns = ("mail", "on arrival", "by the kept answer")
    listing(rows, "items", as_json, columns, lines, "No mailbox brought a mail of this licence.")


@app.command()
def watch(
    source: Annotated[list[str] | None, typer.Option(help="Only this folder source; repeatable.")] = None,
    unit: Annotated[bool, typer.Option("--unit", help="Show a systemd user unit for this, and end.")] = False,
    home: HomeOption = None,
) -> None:
    """Read folder sources as soon as something in them changes, until you press Ctrl-C.

    Example: archiver watch --source acme-downloads
    """
    from archiver.agency.watching import watch as watch_folders
    from archiver.agency.watching import watched

    here = opened(home)
    if unit:
        from archiver.agency.schedule import watch_unit
        from archiver.home.vault import key_file

        file = key_file()
        tell_lines(watch_unit(here.root.absolute(), file and file.absolute()))
        return

    def ended(summary: RunSummary) -> None:
        for result in summary.accounts:
            trouble = f" - {result.message}" if result.error else ""
            say(f"{result.account}: {result.outcome}: {result.archived} archived, {result.already} already{trouble}")
        for slug, fault in summary.faults.items():
            say(f"{slug}: {fault}")

    for path in watched(here, source or ()):
        say(f"Watching {path}. To end, press Ctrl-C.")
    awaited(watch_folders(here.root, unlocked(here), source or (), ended))
