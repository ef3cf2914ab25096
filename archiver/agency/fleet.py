"""A fleet's administration: begin one, move clients in and out, check one out for a command, ask for visits, status."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

from archiver.agency.fleet_worker import open_fleet, tools_of
from archiver.archive.ocfl import object_path
from archiver.archive.reader import Archive
from archiver.core.atomic_files import replace_file, scratch
from archiver.core.errors import ClientTaken, ConfigError
from archiver.fleet.check_out import packed
from archiver.fleet.fence import Lease, claim, set_free
from archiver.fleet.fleet_database import FleetDatabase
from archiver.fleet.fleet_home import SETTINGS, SealedRows, open_accounts, settings_folder, without_machine
from archiver.fleet.night_plan import night_of
from archiver.fleet.object_store import Bucket
from archiver.fleet.publisher import Publisher, state_path
from archiver.fleet.replica_format import ReplicaHead, head_key
from archiver.fleet.restore import restore
from archiver.fleet.visit import Visit, visiting
from archiver.fleet.visit_queue import VisitQueue
from archiver.home.settings import Home, create_home
from archiver.home.vault import Vault

ADOPTED = ".adopted"
STATE_THAT_MOVES = ("history", "retries")
MAX_SILENCE_S = 120.0  # of a worker, in `status`


def holder_name(word: str) -> str:
    """A name for this process in the fleet."""
    return f"{socket.gethostname()}-{word}-{token_hex(3)}"


def init(database: FleetDatabase, key: str, settings: Path) -> dict[str, Any]:
    """Make the tables and store the settings, with the files that they name. Repeated, it replaces the settings.

    ConfigError if the settings name no replica, or an account; VaultLocked if the fleet uses another key.
    """
    new = database.prepare()
    VisitQueue(database).prepare()
    rows = open_fleet(database, key)
    if not settings.is_file():
        raise ConfigError(f"{settings} does not exist. Name the archiver.yaml that the fleet is to use.")
    folder = settings.absolute().parent
    content = {SETTINGS: settings.read_bytes()}
    content |= {f"roots/{each.name}": each.read_bytes() for each in sorted(folder.glob("roots/*")) if each.is_file()}
    with TemporaryDirectory(prefix=scratch("fleet")) as place:
        for path, data in content.items():
            _write(Path(place) / path, data)
        try:
            home = Home.load(Path(place))
        except ConfigError as error:
            raise ConfigError(
                f"{error.detail.replace(place, str(folder))} A fleet takes only the files in {folder / 'roots'} along."
            ) from None
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


def adopt(
    database: FleetDatabase, key: str, home: Home, vault: Vault, clients: Sequence[str], *, dry_run: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Move clients of a home into the fleet: publish each archive, store its settings, secrets and memory.

    The home's file of the client gets another ending, so that nothing there writes to it any more; the archive stays
    as a copy. ConfigError if the home publishes to another place than the fleet, or the fleet has the client.
    """
    rows = open_fleet(database, key)
    found: list[dict[str, Any]] = []
    with _scratch() as place:
        tools = tools_of(database, rows, key, place)
        fleets, ours = tools.settings.settings.replica, home.settings.replica
        if not fleets or not ours or (fleets.bucket, fleets.endpoint, fleets.prefix.strip("/")) != (
            ours.bucket, ours.endpoint, ours.prefix.strip("/"),
        ):  # fmt: skip
            raise ConfigError("The home must publish to the fleet's bucket. Set the same `replica:` in both.")
        for slug in [home.client(each).slug for each in clients] or list(home.clients):
            client = home.client(slug)
            _refuse_taken(database, rows, home, vault, slug)
            if client.sources:
                say(f"{slug}: workers read no mailboxes and folders. Read them with `archiver fleet checkout {slug}`.")
            found.append({"client": slug, "accounts": open_accounts(home, slug), "outcome": "would adopt"})
            if not dry_run:
                _adopt(database, rows, tools.bucket, home, vault, slug)
                found[-1]["outcome"] = "adopted"
    return {"clients": found}


def _refuse_taken(database: FleetDatabase, rows: SealedRows, home: Home, vault: Vault, slug: str) -> None:
    """ConfigError if the fleet has another client or account of a name. This very client: a killed adoption."""
    file, signer = f"clients/{slug}.yaml", f"vault/signers/{slug}"
    there = rows.read(file, signer)
    vault.signer(slug)
    ours = {file: (home.root / file).read_bytes(), signer: vault.content()["signers"][slug].encode()}
    if any(content != ours[path] for path, (content, _) in there.items() if path in ours):
        raise ConfigError(f"The fleet already has a client {slug!r}. Choose another short name.")
    taken = database.clients_of([each.name for each in home.client(slug).accounts])
    if others := sorted(account for account, client in taken.items() if client != slug):
        raise ConfigError(f"The fleet already has an account {others[0]!r}. Choose another name.")


def _adopt(database: FleetDatabase, rows: SealedRows, bucket: Bucket, home: Home, vault: Vault, slug: str) -> None:
    """Publish, store, claim, and only then take the client out of the home. Repeated, it does what is missing."""
    file = home.root / "clients" / f"{slug}.yaml"
    lease = database.take(slug)
    if lease is None:
        raise ClientTaken(slug)
    try:
        found = bucket.get(head_key(slug))
        head = ReplicaHead.parse(found[0]) if found else None
        if not (head and head.epoch):  # otherwise a killed adoption came as far as that
            _move_in(database, rows, bucket, home, vault, lease)
            lease = claim(bucket, database, lease).lease
        database.set_accounts(slug, open_accounts(home, slug))
        file.rename(file.with_suffix(ADOPTED))
    finally:
        database.release(lease)


def _move_in(database: FleetDatabase, rows: SealedRows, bucket: Bucket, home: Home, vault: Vault, lease: Lease) -> None:
    from archiver.catalogue.archives import writing

    slug, content = lease.client, vault.content()
    assert home.settings.replica
    if home.archive(slug).exists():
        with writing(home, vault, slug) as archive:  # recovers and seals what a killed command left
            archive.seal()
        days = home.settings.replica.retain
        head = Publisher(bucket, slug, home.archive(slug), state_path(home, slug), days).publish()
        if head:
            database.put_cache(lease, head.part, packed(home, slug))
            database.report(lease, head)
    stored = {f"vault/signers/{slug}": content["signers"][slug].encode()}
    for name in (each.name for each in home.client(slug).accounts):
        if record := content["accounts"].get(name):
            stored[f"vault/accounts/{name}"] = json.dumps(record, sort_keys=True).encode()
        for folder in STATE_THAT_MOVES:
            if (path := home.state / folder / f"{name}.json").exists():
                stored[f"state/{slug}/{folder}/{name}.json"] = path.read_bytes()
    stored[f"clients/{slug}.yaml"] = (home.root / "clients" / f"{slug}.yaml").read_bytes()
    before = rows.read(*stored)
    for place, data in stored.items():
        rows.put(place, data, before.get(place, (b"", 0))[1])


@contextmanager
def checked_out_home(database: FleetDatabase, key: str, client: str) -> Iterator[Visit]:
    """A client as a home folder on this machine, held until the block ends. Call `finish` to publish what changed."""
    rows = open_fleet(database, key)
    with _scratch() as place, visiting(tools_of(database, rows, key, place), client) as visit:
        yield visit


def export(database: FleetDatabase, key: str, client: str, out: Path, *, move: bool = False) -> dict[str, Any]:
    """Write a client as a plain home at `out`, its archive restored from the bucket and verified.

    A copy has no secrets and no signing key, so nothing can be archived there. With `move`, it has them, and the client
    leaves the fleet. ConfigError for an unknown client or an existing folder.
    """
    rows = open_fleet(database, key)
    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty. Choose another folder.")
    with _scratch() as place, visiting(tools_of(database, rows, key, place), client) as visit:
        settings, scratched = visit.tools.settings, visit.scratch
        create_home(out, timestamps=[])
        for path, (content, _) in rows.read(SETTINGS, "roots/", f"clients/{client}.yaml").items():
            text = content if path != SETTINGS or move else without_machine(content)
            _write(out / path, text)
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
                    _write(out / "state" / folder / each.name, each.read_bytes())
            accounts = [each.name for each in scratched.home.client(client).accounts]
            assert settings.settings.replica
            until = datetime.now(UTC) + timedelta(days=settings.settings.replica.retain)
            set_free(visit.tools.bucket, visit.outs[0].claimed, until)
            database.forget(client, accounts)
    return {"client": client, "home": str(out), "state": state, "lines": lines, "moved": move}


def ask(database: FleetDatabase, key: str, *, clients: Sequence[str], accounts: Sequence[str]) -> dict[str, Any]:
    """Queue visits before all others: to these accounts, to those of these clients, or to all. ConfigError for unknown
    names.
    """
    rows = open_fleet(database, key)
    known = {str(each["account"]): str(each["client"]) for each in database.accounts()}
    if unknown := sorted({*accounts} - known.keys()) + sorted({*clients} - set(known.values())):
        raise ConfigError(f"The fleet has no {unknown[0]!r}. `archiver fleet status` lists its clients and accounts.")
    wanted = {name: client for name, client in known.items()
              if name in accounts or client in clients or not (accounts or clients)}  # fmt: skip
    with TemporaryDirectory(prefix=scratch("fleet")) as place:
        settings = settings_folder(rows, Path(place)).settings.fleet
    night = night_of(settings, datetime.now(UTC)).isoformat()
    new = VisitQueue(database).ask([(client, name) for name, client in wanted.items()], night)
    return {"accounts": sorted(wanted), "queued": new, "moved_up": len(wanted) - new}


def status(database: FleetDatabase) -> dict[str, Any]:
    """The document of `fleet status --json`: queue, workers, leases, accounts with their last visits."""
    database.check_format()
    workers = [{**each, "silent": each["silent_s"] > MAX_SILENCE_S} for each in database.workers()]
    return {"queue": VisitQueue(database).counts(), "workers": workers, "leases": database.leases(),
            "accounts": database.accounts()}  # fmt: skip


def fetch_documents(visit: Visit) -> None:
    """Fetch every object of the client's archive, for what reads the whole of it."""
    for out in visit.outs:
        for line in Archive(out.root).lines():
            if "inventory_sha512" in line.fields:
                object_path(out.root, str(line.id))


@contextmanager
def _scratch() -> Iterator[Path]:
    with TemporaryDirectory(prefix=scratch("fleet")) as place:
        yield Path(place)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, content)
