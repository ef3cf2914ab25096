"""All commands, in the order in which `archiver --help` lists them.

Each opens the home, calls one function of the packages, and shows what came back.
"""

from archiver.cli import setting_up, running, finding, disputes, desk, keeping, adapters  # noqa: F401, I001  # the order is help's
from archiver.cli.app import app

__all__ = ["app"]
