"""The desk: a page in the browser, and who may use it from another machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, opened
from archiver.cli.output import emit, say, table

desk_app = typer.Typer()
user_app = typer.Typer(no_args_is_help=True, help="Who may use the desk from another machine.")
desk_app.add_typer(user_app, name="user")
app.add_typer(desk_app, name="desk")


@desk_app.callback(invoke_without_command=True)
def desk(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port [default: 8737 or a free one].")] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open it in this machine's browser.")] = True,
    serve: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Serve it to others, by this name in the address; repeatable."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="With --serve: the certificate, PEM.")
    ] = None,
    private_key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="With --serve: its private key, PEM.")
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="With --serve: a reverse proxy on this machine ends TLS.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Open the desk: is everything archived, find a licence by a picture, answer a letter.

    It is for this machine alone, unless --serve names a host: then for named users, and by TLS.

    Example: archiver desk

    Example: archiver desk --serve archive.example.com --behind-proxy
    """
    if context.invoked_subcommand:
        return
    try:
        from archiver.desk.serve import Plan
        from archiver.desk.serve import serve as run
    except ModuleNotFoundError as error:
        from archiver.errors import INSTALL_ALL, ConfigError

        raise ConfigError(f"The desk needs the extra `desk` ({error.name} is missing). {INSTALL_ALL}") from None
    plan = Plan(
        port=port, names=serve or (), certificate=certificate, key=private_key, behind_proxy=behind_proxy
    )  # fmt: skip
    run(opened(home), plan, browse=browse, say=say)


@user_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The person's name, as it stands in what they sign.")],
    role: Annotated[str, typer.Option(help="read: look at everything; operate: also change it.")] = "read",
    home: HomeOption = None,
) -> None:
    """Add a person, or give one a new role and password. The password is asked for, or read from standard input.

    Example: archiver desk user add "Ada Example" --role operate
    """
    from archiver.desk.access import Users

    users = Users(opened(home).root)
    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = sys.stdin.readline().rstrip("\n")
    users.add(name, role, password)
    say(f"{name} may {role}.")


@user_app.command("list")
def listed(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List who may use the desk.

    Example: archiver desk user list
    """
    from archiver.desk.access import Users

    rows = [{"name": each.name, "role": each.role.name.lower()} for each in Users(opened(home).root).all().values()]
    if as_json:
        emit(rows)
    else:
        table(
            ("name", "role"), [tuple(row.values()) for row in rows], "Nobody yet. Add one: archiver desk user add NAME"
        )


@user_app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="The person.")], home: HomeOption = None) -> None:
    """Take a person's access away, at once.

    Example: archiver desk user remove "Ada Example"
    """
    from archiver.desk.access import Users

    Users(opened(home).root).remove(name)
    say(f"{name} may no longer use the desk.")
