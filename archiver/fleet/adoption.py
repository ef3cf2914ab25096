"""Move a client of a home into a fleet, so that a kill at any moment leaves it in one of them, whole."""

from __future__ import annotations

import json

from archiver.core.errors import ClientTaken, ConfigError
from archiver.fleet.fence import Lease, claim
from archiver.fleet.fleet_database import FleetDatabase
from archiver.fleet.fleet_home import SealedRows, open_accounts
from archiver.fleet.kept_check_out import packed
from archiver.fleet.object_store import Bucket
from archiver.fleet.publisher import Publisher, state_path
from archiver.fleet.replica_format import ReplicaHead, head_key
from archiver.home.settings import Home
from archiver.home.vault import Vault

ADOPTED = ".adopted"
STATE_THAT_MOVES = ("history", "retries")


def refuse_taken(database: FleetDatabase, rows: SealedRows, home: Home, vault: Vault, slug: str) -> None:
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


def take_in(database: FleetDatabase, rows: SealedRows, bucket: Bucket, home: Home, vault: Vault, slug: str) -> None:
    """Publish, store, claim, and only then take the client out of the home. Repeated, it does what is missing.

    ConfigError if another fleet has a client of this name in the bucket.
    """
    file = home.root / "clients" / f"{slug}.yaml"
    lease = database.take(slug)
    if lease is None:
        raise ClientTaken(slug)
    try:
        found = bucket.get(head_key(slug))
        head = ReplicaHead.parse(found[0]) if found else None
        if head and head.epoch and f"clients/{slug}.yaml" not in rows.read(f"clients/{slug}.yaml"):
            raise ConfigError(
                f"Another fleet publishes {slug} to {bucket.name}. Set another `prefix` for this fleet, or choose "
                "another short name for the client."
            )
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
        head = Publisher(
            bucket, slug, home.archive(slug), state_path(home, slug), home.settings.replica.retain.days
        ).publish()
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
