"""The clients of a fleet: move them in and out, and check one out for a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

from archiver.agency.fleet_worker import open_fleet, tools_of
from archiver.archive.checking.parts.archive_words import LEDGER
from archiver.core.atomic_files import scratch_folder
from archiver.core.errors import ConfigError
from archiver.fleet.adoption import STATE_THAT_MOVES, refuse_taken, take_in
from archiver.fleet.fence import set_free
from archiver.fleet.fleet_database import FleetDatabase
from archiver.fleet.fleet_home import SETTINGS, open_accounts, without_machine, write
from archiver.fleet.restore import restore
from archiver.fleet.visit import Visit, visiting
from archiver.home.settings import Home
from archiver.home.settings_edit import create_home
from archiver.home.vault import Vault


class AdoptedClient(TypedDict):
    """A client, the accounts that nights visit, and whether it was adopted or would be."""

    client: str
    accounts: list[str]
    outcome: str


class ExportedClient(TypedDict):
    """Where a client's home is now, the state of its archive there, and whether it left the fleet."""

    client: str
    home: str
    state: str
    lines: int
    moved: bool


# many parameters: a fleet (database and key) and a home (folder and vault) at once
def adopt(
    database: FleetDatabase, key: str, home: Home, vault: Vault, clients: Sequence[str], *, dry_run: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, list[AdoptedClient]]:  # fmt: skip
    """Move clients of a home into the fleet: publish each archive, store its settings, secrets and memory.

    The home's file of the client gets another ending, so that nothing there writes to it any more; the archive stays
    as a copy. ConfigError if the home publishes to another place than the fleet, or the fleet has the client.
    """
    rows = open_fleet(database, key)
    found: list[AdoptedClient] = []
    with scratch_folder("fleet") as place:
        tools = tools_of(database, rows, key, place)
        fleets, ours = tools.settings.settings.replica, home.settings.replica
        if not fleets or not ours or (fleets.bucket, fleets.endpoint, fleets.prefix.strip("/")) != (
            ours.bucket, ours.endpoint, ours.prefix.strip("/"),
        ):  # fmt: skip
            raise ConfigError("The home must publish to the fleet's bucket. Set the same `replica:` in both.")
        for slug in [home.client(each).slug for each in clients] or list(home.clients):
            client = home.client(slug)
            refuse_taken(database, rows, home, vault, slug)
            if client.sources:
                say(f"{slug}: workers read no mailboxes and folders. Read them with `archiver fleet checkout {slug}`.")
            found.append({"client": slug, "accounts": open_accounts(home, slug), "outcome": "would adopt"})
            if not dry_run:
                take_in(database, rows, tools.bucket, home, vault, slug)
                found[-1]["outcome"] = "adopted"
    return {"clients": found}


@contextmanager
def checked_out_home(database: FleetDatabase, key: str, client: str) -> Iterator[Visit]:
    """A client as a home folder on this machine, held until the block ends. Call `finish` to publish what changed."""
    rows = open_fleet(database, key)
    with scratch_folder("fleet") as place, visiting(tools_of(database, rows, key, place), client) as visit:
        yield visit


def export(database: FleetDatabase, key: str, client: str, out: Path, *, move: bool) -> ExportedClient:
    """Write a client as a plain home at `out`, its archive restored from the bucket and verified.

    A copy has no secrets and no signing key, so nothing can be archived there. With `move`, it has them, and the client
    leaves the fleet. ConfigError for an unknown client or an existing folder.
    """
    rows = open_fleet(database, key)
    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty. Choose another folder.")
    with scratch_folder("fleet") as place, visiting(tools_of(database, rows, key, place), client) as visit:
        settings, scratched = visit.tools.settings, visit.scratch
        create_home(out, timestamps=[])
        for path, (content, _) in rows.read(SETTINGS, "roots/", f"clients/{client}.yaml").items():
            text = content if path != SETTINGS or move else without_machine(content)
            write(out / path, text)
        vault = Vault.create(out / "vault.enc", key)
        head = visit.outs[0].claimed.head
        home = Home.load(out)
        state, lines = "UNPROVEN", 0
        if head.lines:
            result = restore(home, visit.tools.bucket, client)
            state, lines = result.state, result.lines
        if move:
            secrets = scratched.vault.content()
            vault.fill({"accounts": secrets["accounts"], "signers": {client: secrets["signers"][client]}})
            for folder in STATE_THAT_MOVES:
                for each in (scratched.root / "state" / folder).glob("*.json"):
                    write(out / "state" / folder / each.name, each.read_bytes())
            accounts = [each.name for each in scratched.home.client(client).accounts]
            assert settings.settings.replica
            until = datetime.now(UTC) + timedelta(days=settings.settings.replica.retain.days(LEDGER))
            set_free(visit.tools.bucket, visit.outs[0].claimed, until)
            database.forget(client, accounts)
    return {"client": client, "home": str(out), "state": state, "lines": lines, "moved": move}
