"""Commands for the companion, the extension in a person's own browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archiver.cli.app import app
from archiver.cli.output import say

companion_app = typer.Typer(no_args_is_help=True, help="The companion: an extension for a person's own browser.")
app.add_typer(companion_app, name="companion")


@companion_app.callback()
def companion() -> None:
    """The companion: an extension for a person's own browser. Pair browsers at the desk."""


@companion_app.command("package")
def package(
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder that receives the files.")] = Path(),
    unpacked: Annotated[
        str | None, typer.Option(metavar="chromium|firefox", help="Write the files themselves, to load them unpacked.")
    ] = None,
) -> None:
    """Write the extension as a zip for each family of browsers, with the rules of all installed adapters.

    The same version and adapters always give the same bytes. docs/companion.md says how to install it.

    Example: archiver companion package --out dist

    Example: archiver companion package --unpacked chromium --out ~/companion
    """
    from archiver.collect.companion import package as packaging

    if unpacked is None:
        for path in packaging.package(out):
            say(f"Wrote {path}")
        return
    if unpacked not in list(packaging.BrowserFamily):
        raise typer.BadParameter("--unpacked must be chromium or firefox")
    packaging.unpack(out, packaging.BrowserFamily(unpacked))
    say(f"Wrote {out}. In the browser, open the page of its extensions and load this folder unpacked.")
