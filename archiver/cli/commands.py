"""All commands, in the order in which `archiver --help` lists them.

Each opens the home, calls one function of the packages, and shows what came back.
"""

from typer.main import get_command  # noqa: I001  # the order of the next line is help's

from archiver.cli import setup, collect, search, claims, desk, archive, adapters  # noqa: F401
from archiver.cli.app import app

__all__ = ["app", "program"]

program = get_command(app)
"""What the command line calls. To make it takes a tenth of a second: whoever forks for each command makes it once."""
