"""All commands, in the order in which `archiver --help` lists those of a group.

Each command opens the home, calls one function of the packages, and prints the result.
"""

from archiver.cli.app import app, common_options
from archiver.cli.command_tree import build

__all__ = ["app", "program"]

program = build(app, common_options)
"""The command-line program. A command is built when it is first used."""
