"""Commands for the desk, the page in the browser, and for its users, sessions and links."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, opened
from archiver.cli.output import Nothing, listing, say
from archiver.core.progress import show_with

if TYPE_CHECKING:
    from archiver.home.settings import Home

COMMAND_LINE = "command line"  # the value of `who` in the audit log

desk_app = typer.Typer()
user_app = typer.Typer(no_args_is_help=True, help="Who may use the desk from another machine.")
session_app = typer.Typer(no_args_is_help=True, help="Who is signed in at the desk.")
link_app = typer.Typer(no_args_is_help=True, help="The read-only links for clients.")
desk_app.add_typer(user_app, name="user")
desk_app.add_typer(session_app, name="session")
desk_app.add_typer(link_app, name="link")
app.add_typer(desk_app, name="desk")


@desk_app.callback(invoke_without_command=True)
def desk(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port [default: 8737 or a free one].")] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open the desk in this machine's browser.")] = True,
    serve: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Serve other machines under this host name; repeatable."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="With --serve: the certificate, PEM.")
    ] = None,
    private_key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="With --serve: its private key, PEM.")
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="With --serve: a reverse proxy on this machine handles TLS.")
    ] = False,
    idle_minutes: Annotated[
        int | None,
        typer.Option(
            min=1, max=720, help="End a session after so many idle minutes [default: 60; on this machine 240]."
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Open the desk in your browser: check the accounts, find a licence by a picture, answer a letter.

    Only this machine can open it. With --serve, named users can open it from other machines over TLS.

    Example: archiver desk

    Example: archiver desk --serve archive.example.com --behind-proxy
    """
    if context.invoked_subcommand:
        return
    try:
        from archiver.desk.serve import ServeOptions
        from archiver.desk.serve import serve as run
    except ModuleNotFoundError as error:
        from archiver.core.errors import INSTALL_ALL, ConfigError

        raise ConfigError(f"The desk needs the extra `desk` ({error.name} is missing). {INSTALL_ALL}") from None
    plan = ServeOptions(
        port=port, names=serve or (), certificate=certificate, key=private_key, behind_proxy=behind_proxy,
        idle_minutes=idle_minutes,
    )  # fmt: skip
    show_with(None)  # pages show the progress of what they begin
    run(opened(home), plan, browse=browse, say=say)


@user_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The person's name, as their statements show it.")],
    role: Annotated[
        str, typer.Option(help="read: see everything; operate: also change it; admin: also users and tokens.")
    ] = "read",
    home: HomeOption = None,
) -> None:
    """Add a person, or change a person's role and password. The password comes from a prompt or standard input.

    Example: archiver desk user add "Ada Example" --role operate
    """
    from archiver.desk.auth import Users

    users = Users(opened(home).root)
    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = sys.stdin.readline().rstrip("\n")
    users.add(name, role, password)
    _audit(opened(home), "user added", name, role=role)
    say(f"{name} may {role}.")


@user_app.command("list")
def listed(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the users of the desk.

    Example: archiver desk user list
    """
    from archiver.desk.auth import Users

    rows = [{"name": each.name, "role": each.role.name.lower()} for each in Users(opened(home).root).all().values()]
    _listed(rows, "users", as_json, Nothing("No users.", "add user"))


@user_app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="The person.")], home: HomeOption = None) -> None:
    """Remove a person's access immediately.

    Example: archiver desk user remove "Ada Example"
    """
    from archiver.desk.auth import Users

    Users(opened(home).root).remove(name)
    _audit(opened(home), "user removed", name)
    say(f"{name} may no longer use the desk.")


@session_app.command("list")
def sessions(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the open sessions of all desks of this home.

    Example: archiver desk session list
    """
    from archiver.core.model import iso
    from archiver.desk.auth import sessions_on_disk

    rows = [
        {
            "id": each.id, "who": each.who, "role": each.role, "address": each.address, "began": each.began,
            "last_used": iso(datetime.fromtimestamp(seen, UTC)), "ends": each.ends, "desk": each.desk,
        }
        for each, seen in sessions_on_disk(opened(home).state)
    ]  # fmt: skip
    _listed(rows, "sessions", as_json, "Nobody is signed in.")


@session_app.command("end")
def end_session(
    id: Annotated[str, typer.Argument(help="As `desk session list` shows it.")], home: HomeOption = None
) -> None:
    """End one session immediately.

    Example: archiver desk session end 1a2b3c4d
    """
    from archiver.desk.auth import end_session_on_disk

    loaded = opened(home)
    ended = end_session_on_disk(loaded.state, id)
    _audit(loaded, "session ended", ended.who, ended=ended.id)
    say(f"Ended the session of {ended.who}.")


@link_app.command("list")
def links(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the valid links. The secret part of a link is shown only once, when it is made.

    Example: archiver desk link list
    """
    from archiver.desk.auth import Links

    found = Links(opened(home).state).all()
    rows = [{name: getattr(each, name) for name in ("id", "client", "made_at", "made_by", "until")} for each in found]
    _listed(rows, "links", as_json, "There are no valid links. Make one at the desk, on a client's page.")


@link_app.command("end")
def end_link(id: Annotated[str, typer.Argument(help="As `desk link list` shows it.")], home: HomeOption = None) -> None:
    """End one link and all sessions that use it immediately.

    Example: archiver desk link end 1a2b3c4d
    """
    from archiver.desk.auth import Links

    loaded = opened(home)
    ended = Links(loaded.state).end(id)
    _audit(loaded, "link ended", ended.client, link=ended.id)
    say(f"Ended the link of {ended.client}.")


@desk_app.command("audit")
def audit(
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many of the newest lines to show.")] = 20,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show the newest lines of the desk's audit log, and check that nobody changed the log.

    Example: archiver desk audit --count 100
    """
    from archiver.desk.audit_log import newest, verify

    path = opened(home).state / "desk" / "audit.jsonl"
    lines = newest(path, count)
    columns = ("at", "who", "what", "target")
    cells = [tuple(line.get(each) or "" for each in columns) for line in lines]
    listing(lines, "lines", as_json, columns, cells, "The log is empty.")
    chained = verify(path)
    say(f"Checked {chained} lines: each follows from the line before it.")


def _listed(rows: Sequence[Mapping[str, object]], name: str, as_json: bool, empty: Nothing | str) -> None:
    listing(rows, name, as_json, tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows], empty)


def _audit(home: Home, what: str, target: str, **more: str) -> None:
    from archiver.desk.audit_log import AuditLog

    AuditLog(home.state / "desk" / "audit.jsonl").write(COMMAND_LINE, what, target, **more)
