"""All commands, in the order in which `archiver --help` lists them.

Each command opens the home, calls one function of the packages, and prints the result.
"""

from typer.main import get_command  # noqa: I001  # the order of the next line is help's

from archiver.cli import setup, collect, search, claims, claim_life, desk, archive, adapters  # noqa: F401
from archiver.cli.app import app

__all__ = ["app", "program"]

program = get_command(app)
"""The command-line program. Building it takes 0.1 s, so a caller that forks for each command builds it once."""
