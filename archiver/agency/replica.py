"""The replica of a home: check it, restore from it, warn when it is behind, and diagnose its bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict

from archiver.agency.diagnosis import Findings, ok, problem
from archiver.catalogue.known_archive import expected_key
from archiver.catalogue.search import archives, rebuild
from archiver.core.atomic_files import scratch_folder
from archiver.core.errors import ArchiverError, ConfigError, VaultLocked, machine_error
from archiver.fleet import replica_check, restore
from archiver.fleet.fleet_home import fingerprint_of
from archiver.fleet.lock_probe import probe
from archiver.fleet.object_store import bucket_of
from archiver.fleet.publisher import unexplained_head
from archiver.home.settings import HOUSE, Home
from archiver.home.settings_edit import add_client
from archiver.home.vault import open_vault


class ComparedClient(TypedDict):
    """What a client's archive and its replica differ in; each finding has code, path and message."""

    client: str
    state: str
    files: int
    backlog: str
    findings: list[dict[str, str]]


class ComparedReplica(TypedDict):
    """The document of `replica check --json`."""

    state: str
    replica: str
    deep: bool
    clients: list[ComparedClient]


def published_fork(home: Home, client: str) -> str | None:
    """What a verdict says of an archive, after the ledger's path, that does not continue its replica. Asks no store."""
    head = unexplained_head(home, client)
    return (
        f"does not continue the {head.lines} lines that its replica had when this machine last saw it" if head else None
    )


def check_replica(home: Home, *, client: str | None, deep: bool) -> ComparedReplica:
    bucket, found = bucket_of(home), list[ComparedClient]()
    backlog = {each.client: each for each in replica_check.replica_status(home)}
    for slug in archives(home, client):
        files, findings = replica_check.check(home, bucket, slug, deep=deep)
        waiting = backlog[slug].waiting if slug in backlog else 0
        found.append({
            "client": slug, "state": "differs" if findings else "equal", "files": files,
            "backlog": f"{waiting} ledger lines wait" if waiting else "nothing waits",
            "findings": [asdict(each) for each in findings],
        })  # fmt: skip
    state = "differs" if any(each["findings"] for each in found) else "equal"
    return {"state": state, "replica": bucket.name, "deep": deep, "clients": found}


def restore_replica(
    home: Home, *, client: str | None = None, at: int | None = None, against: Path | None = None,
    key: Path | None = None, dry_run: bool = False,
) -> tuple[dict[str, Any], ArchiverError | None]:  # fmt: skip
    """Restore one client's archive, or every missing one, and the search index. Returns the document of `--json`.

    Adds a client that the home does not know, under its short name. If the home's vault has the key that signs a
    client's archive, only that archive is restored; `key` overrules it. If the vault has keys, but none of a client,
    `key` or `against` must say whose archive it is. Each client fails alone, and the first error is returned, too.
    """
    bucket = bucket_of(home)
    signers = {} if key else _signers(home)
    there, left_out = restore.published_clients(bucket, [client] if client else home.clients)
    if client and client not in there:
        raise ConfigError(f"{bucket.name} has no archive of {client}. It has: {', '.join(there) or 'none'}.")
    found, failures = list[dict[str, object]](), list[ArchiverError]()
    for slug in [client] if client else there:
        missing, unknown = not home.archive(slug).exists(), bool(signers) and slug not in signers and not against
        if dry_run:
            outcome = ("needs a key" if unknown else "would restore") if missing else "exists here"
            found.append({"client": slug, "outcome": outcome, "checkpoints": restore.checkpoints_of(bucket, slug)})
        elif missing or client:
            try:
                if unknown:
                    raise ConfigError(
                        f"This home's vault has no key of {slug}, so anybody may have put that archive into "
                        f"{bucket.name}. If you know the client, give its public key with `--client {slug} --key FILE`."
                    )
                result = restore.restore(home, bucket, slug, at=at, against=against, key=key, signer=signers.get(slug))
                if slug not in {*home.clients, HOUSE}:  # the first account creates the house
                    add_client(home.root, slug, name=slug)
                found.append({"outcome": "restored", **asdict(result)})
            except (ArchiverError, OSError) as error:
                failures.append(machine_error(error))
                found.append({"client": slug, "outcome": "failed", "error": str(failures[-1])})
    if any(each["outcome"] == "restored" for each in found):
        rebuild(Home.load(home.root))
    return {"replica": bucket.name, "clients": found, "left_out": left_out}, next(iter(failures), None)


def _signers(home: Home) -> dict[str, str]:
    """The fingerprints of the signing keys in the home's vault; none where there is no vault, or no key for it."""
    if not home.vault.exists():
        return {}
    with suppress(VaultLocked):
        signers = open_vault(home.vault).content()["signers"]
        return {client: fingerprint_of(each.encode()) for client, each in signers.items()}
    return {}


@contextmanager
def witnessed(home: Home, address: str, client: str | None) -> Iterator[tuple[Path, list[str]]]:
    """A folder with the newest checkpoints that a bucket has, `s3://BUCKET/PREFIX`, and the clients of whom newer ones
    may have been left out. ConfigError if the bucket has none.
    """
    bucket, doubtful = bucket_of(home, address), list[str]()
    with scratch_folder("replica") as place:
        for slug in archives(home, client):
            (place / slug).mkdir()
            if not replica_check.fetch_checkpoints(bucket, slug, expected_key(home, slug), place / slug):
                doubtful.append(slug)
        if not any(place.glob("*/*.note")):
            raise ConfigError(f"{bucket.name} has no checkpoint of these archives.")
        yield place, doubtful


def replica(home: Home, online: bool) -> Findings:
    """Doctor's check of the bucket: with `online`, a probe of the real one for false locks."""
    if home.settings.replica is None:
        return
    for each in replica_check.replica_status(home):
        yield ok(str(each))
    bucket = bucket_of(home)
    if not online:
        yield ok(f"{bucket.name}: its locks were not probed (use --online)")
        return
    wrong = probe(bucket)
    for fault in wrong:
        yield problem(
            f"{bucket.name}: {fault.name}: {fault.message}",
            "This bucket does not protect the replica. Use a bucket with Object Lock at a store that enforces it.",
        )
    if not wrong:
        yield ok(f"{bucket.name}: its locks hold")
