"""A fleet's administration: begin one, ask for visits, status."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import TypedDict

from archiver.agency.diagnosis import Findings, ok, problem
from archiver.agency.fleet_worker import open_fleet
from archiver.core.atomic_files import read_file, read_named, scratch_folder
from archiver.core.errors import ConfigError
from archiver.fleet.fleet_database import FleetDatabase, LeaseRow, VisitedAccount, WorkerRow, is_wrong_clock
from archiver.fleet.fleet_home import SETTINGS, settings_folder, write
from archiver.fleet.night_plan import night_of
from archiver.fleet.visit_queue import VisitQueue
from archiver.home.settings import Home

MAX_SILENCE_S = 120.0  # of a worker, in `status`


def holder_name(word: str) -> str:
    """A name for this process in the fleet."""
    return f"{socket.gethostname()}-{word}-{token_hex(3)}"


def init(database: FleetDatabase, key: str, settings: Path) -> dict[str, object]:
    """Make the tables and store the settings, with the files that they name. Repeated, it replaces the settings.

    ConfigError if the settings name no replica, or an account; VaultLocked if the fleet uses another key.
    """
    new = database.prepare()
    VisitQueue(database).prepare()
    rows = open_fleet(database, key)
    if not settings.is_file():
        raise ConfigError(f"{settings} does not exist. Name the archiver.yaml that the fleet is to use.")
    folder = settings.absolute().parent
    content = {SETTINGS: read_named(settings, "Name the archiver.yaml that the fleet is to use.")}
    content |= {f"roots/{each.name}": read_file(each) for each in sorted(folder.glob("roots/*")) if each.is_file()}
    with scratch_folder("fleet") as place:
        for path, data in content.items():
            write(place / path, data)
        try:
            home = Home.load(place)
        except ConfigError as error:
            said = error.detail.replace(str(place), str(folder))
            raise ConfigError(f"{said} A fleet takes only the files in {folder / 'roots'} along.") from None
    if home.settings.replica is None or home.settings.replay:
        raise ConfigError(f"{settings} must name the bucket: `replica: {{bucket: ..., endpoint: ...}}`, and no replay.")
    before = rows.read(SETTINGS, "roots/")
    for path, data in content.items():
        old, version = before.get(path, (b"", 0))
        if old != data and not rows.put(path, data, version):
            raise ConfigError(f"Somebody changed {path} of the fleet meanwhile. Run the command again.")
    return {"outcome": "created" if new else "unchanged" if _same(before, content) else "changed",
            "bucket": home.settings.replica.bucket, "night": home.settings.fleet.night}  # fmt: skip


def _same(before: Mapping[str, tuple[bytes, int]], content: Mapping[str, bytes]) -> bool:
    return all(before.get(path, (b"", 0))[0] == data for path, data in content.items())


class QueuedVisits(TypedDict):
    """The accounts that were asked for, and how many of their visits are new or moved up."""

    accounts: list[str]
    queued: int
    moved_up: int


def ask(database: FleetDatabase, key: str, *, clients: Sequence[str], accounts: Sequence[str]) -> QueuedVisits:
    """Queue visits before all others: to these accounts, to those of these clients, or to all. ConfigError for unknown
    names.
    """
    rows = open_fleet(database, key)
    known = {each["account"]: each["client"] for each in database.accounts()}
    if unknown := sorted({*accounts} - known.keys()) + sorted({*clients} - set(known.values())):
        raise ConfigError(f"The fleet has no {unknown[0]!r}. `archiver fleet status` lists its clients and accounts.")
    wanted = {name: client for name, client in known.items()
              if name in accounts or client in clients or not (accounts or clients)}  # fmt: skip
    with scratch_folder("fleet") as place:
        settings = settings_folder(rows, place).settings.fleet
    night = night_of(settings, database.now()).isoformat()
    new = VisitQueue(database).ask([(client, name) for name, client in wanted.items()], night)
    return {"accounts": sorted(wanted), "queued": new, "moved_up": len(wanted) - new}


class JudgedWorker(WorkerRow):
    """A worker, whether it is silent for too long, and whether its clock is too wrong to take part."""

    silent: bool
    clock_wrong: bool


class FleetStatus(TypedDict):
    """The document of `fleet status --json`: queue, workers, leases, accounts with their last visits.

    `clock_ahead_s` is that of this machine.
    """

    clock_ahead_s: float
    clock_wrong: bool
    queue: dict[str, int]
    workers: list[JudgedWorker]
    leases: list[LeaseRow]
    accounts: list[VisitedAccount]


def clocks(address: str) -> Findings:
    """For `doctor`: whether this machine and the workers agree with the clock of the fleet's database."""
    with FleetDatabase(address, holder_name("doctor")) as database:
        found = status(database)
    wrong = [(f"this machine's clock is {off(found['clock_ahead_s'])}", found["clock_wrong"])]
    wrong += [(f"the clock of {each['host']} is {off(each['clock_ahead_s'])}", each["clock_wrong"])
              for each in found["workers"]]  # fmt: skip
    for said, is_wrong in wrong:
        if is_wrong:
            yield problem(
                f"{said} that of the fleet's database", "Until it is set right, it takes no part in the fleet."
            )
    if not any(is_wrong for _, is_wrong in wrong):
        yield ok(f"this machine and {len(found['workers'])} workers agree with the clock of the fleet's database")


def off(ahead_s: float) -> str:
    """How far a clock is ahead or behind, in words."""
    return f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'}"


def status(database: FleetDatabase) -> FleetStatus:
    database.check_format()
    workers: list[JudgedWorker] = [
        {**each, "silent": each["silent_s"] > MAX_SILENCE_S, "clock_wrong": is_wrong_clock(each["clock_ahead_s"])}
        for each in database.workers()
    ]
    ahead = database.clock_ahead()
    return {"clock_ahead_s": ahead, "clock_wrong": is_wrong_clock(ahead),
            "queue": VisitQueue(database).counts(), "workers": workers, "leases": database.leases(),
            "accounts": database.accounts()}  # fmt: skip
