"""Commands that help with the others: completion in a shell, and the JSON schemas."""

from __future__ import annotations

from typing import Annotated

import typer

from archiver.cli.app import app
from archiver.cli.output import emit, say, tell, tell_lines


@app.command()
def completion(
    shell: Annotated[str | None, typer.Argument(help="bash, zsh or fish [default: the one in $SHELL].")] = None,
) -> None:
    """Print a script that completes commands, options, clients, accounts, licences and claims in your shell.

    Example: archiver completion bash >> ~/.bashrc

    Example: archiver completion zsh >> ~/.zshrc

    Example: archiver completion fish > ~/.config/fish/completions/archiver.fish
    """
    from archiver.cli.completion import SCRIPTS, install_hint, named_shell

    chosen = named_shell(shell)
    if chosen is None:
        raise typer.BadParameter(f"name a shell: one of {', '.join(SCRIPTS)}")
    tell_lines(SCRIPTS[chosen].rstrip("\n"))
    say(f"Add these lines to {install_hint(chosen)}, then open a new shell.")


@app.command()
def schema(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="The command, for example: client list.")
    ] = None,
) -> None:
    """Print the JSON schema of what a command prints with --json, or list the commands that have one.

    Example: archiver schema find
    """
    from archiver.cli.json_schemas import schema_of, with_json

    known = sorted(with_json(context.find_root().command))
    if not command:
        for name in known:
            tell(name)
        return
    emit(schema_of(" ".join(command), known), versioned=False)
