"""All commands, in the order in which `archiver --help` lists those of a group.

Each command opens the home, calls one function of the packages, and prints the result.
"""

# The order of these lines is help's.
from archiver.cli import checklist, homes, setup, settings, directory, collect, sources, search, licence, claims  # noqa: F401, I001
from archiver.cli import claim_life, audit, desk, companion, archive, backup, terms, anchors, replica, fleet  # noqa: F401
from archiver.cli import adapters, adapter_repair, help  # noqa: F401
from archiver.cli.app import app, common_options
from archiver.cli.command_tree import build

__all__ = ["app", "program"]

program = build(app, common_options)
"""The command-line program. A command is built when it is first used."""
