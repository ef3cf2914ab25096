"""What the values of arguments and options name, and how the names that a person writes are understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer._click.core import Context

OF_COMMANDS = {
    ("account", "name"): "account", ("account", "names"): "account", ("sign-in", "names"): "account",
    ("client", "slug"): "client", ("recording", "name"): "account", ("providers", "name"): "provider",
    ("open", "licence"): "licence", ("proof", "licence"): "licence", ("source", "name"): "source",
    ("adapter", "name"): "provider", ("terms", "platform"): "provider", ("fleet", "clients"): "client",
    ("settings", "key"): "setting",
}  # fmt: skip
"""What a parameter named `name` or `slug` holds, by the first word of its command."""

NEW_NAMES = {("client", "add"), ("account", "add"), ("source", "add"), ("providers", "new")}
"""Commands whose first argument is a new name."""


def holds(parameter: str, path: Sequence[str]) -> str:
    """What a parameter of the command names: `client`, `provider`, `licence` and so on; else its own name."""
    return OF_COMMANDS.get((path[0] if path else "", parameter), parameter)


def understand(ctx: Context) -> None:
    """Put the short names of clients and platforms where a command's parameters have names as people write them.

    A name that is unknown, or that of several, stays as it is, for the command to refuse.
    """
    path = ctx.command_path.split()[1:]
    for param in ctx.command.params:
        name, given = str(param.name), ctx.params.get(str(param.name))
        is_new = param.param_type_name == "argument" and tuple(path) in NEW_NAMES
        short_name = _SHORT_NAMES.get(holds(name, path))
        if given and short_name and not is_new:
            many = isinstance(given, list | tuple)
            found = [short_name(ctx, each) for each in (given if many else [given])]
            ctx.params[name] = found if many else found[0]


def _client(ctx: Context, name: str) -> str:
    from archiver.home.home_folder import default_home, is_home

    home = ctx.params.get("home") or default_home()
    if (home / "clients" / f"{name}.yaml").is_file() or not is_home(home):
        return name
    from archiver.home.settings import Home

    found = Home.load(home).named_clients(name)
    return found[0] if len(found) == 1 else name


def _provider(_: Context, name: str) -> str:
    from archiver.provider.registry import matching
    from archiver.reading.unsupported_platforms import served

    found = matching(name, served())
    return found[0] if len(found) == 1 else name


_SHORT_NAMES: dict[str, Callable[[Context, str], str]] = {"client": _client, "provider": _provider}
