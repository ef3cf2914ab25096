"""A fleet's home for the desk and for commands on this machine, and what they cannot do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.agency.fleet import holder_name
from archiver.agency.fleet_worker import open_fleet, tools_of
from archiver.core.errors import ConfigError
from archiver.fleet.fleet_database import FleetDatabase
from archiver.fleet.home_copy import copied, folder_of
from archiver.home.vault import find_key

EXPORT = "Write the client as a folder with `archiver fleet export CLIENT --out DIR`, and work there"
NOT_HERE = {
    "schedule": "A fleet plans its nights itself. Set `fleet: {night: ...}` with `archiver fleet init`.",
    "watch": f"Folders are watched where they are. {EXPORT}.",
    "notify": "Workers send the messages of a fleet after each visit.",
    "audit": f"Audits of sites are kept on one machine. {EXPORT}.",
    "adapter": "A repaired adapter must be on every worker. Install its package there.",
    "backup": f"A fleet's home is in its database and its bucket. Back these up. {EXPORT}.",
    "replica": f"The bucket is the archive of a fleet. To compare it with a copy: {EXPORT}.",
    "doctor": "`archiver fleet status` shows how a fleet is. `doctor` examines a folder. " + EXPORT + ".",
    "init": "`archiver fleet init` begins a fleet. To make a home, name a folder.",
    "settings": "The settings of a fleet change with `archiver fleet init --settings FILE`.",
    "setup": "`archiver fleet init` begins a fleet, and `archiver fleet adopt` moves clients in.",
}
"""What each command that cannot work on a fleet says instead; by the command's first word."""
RUN_ALL = "Workers visit all accounts. Ask for visits with `archiver fleet run`, or name accounts with --account."


@contextmanager
def opened_fleet(address: str, say: Callable[[str], None]) -> Iterator[Path]:
    """The folder on this machine that is a fleet's home until the block ends; then what was changed is handed over.

    ConfigError if there is no fleet; VaultLocked for another key; DatabaseUnavailable, StoreUnavailable.
    """
    root, key = folder_of(address), find_key()
    with FleetDatabase(address, holder_name("desk")) as database:
        tools = tools_of(database, open_fleet(database, key), key, root / "state" / "fleet")
        with copied(root, tools, say):
            yield root


def refuse_elsewhere(words: list[str], *, named: bool) -> None:
    """ConfigError for a command that cannot work on a fleet. `named`: whether a run names what it is to read."""
    if words[0] in NOT_HERE:
        raise ConfigError(f"`{words[0]}` does not work on a fleet's home. {NOT_HERE[words[0]]}")
    if words[0] == "run" and not named:
        raise ConfigError(RUN_ALL)
