"""An agency whose archives are published to an object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from archiver.core.atomic_files import remove_tree
from archiver.core.model import Asset, Licence
from archiver.fleet.object_store import Bucket, bucket_of
from tests.support.agency import Agency, agency, certificate, record
from tests.support.object_stores import SECRET_COMMAND, ObjectStore


def add_replica(root: Path, store: ObjectStore, bucket: str) -> None:
    """Write the settings, with a secret command that prints the store's keys."""
    settings = root / "archiver.yaml"
    settings.write_text(
        settings.read_text()
        + f'\nreplica: {{bucket: {bucket}, endpoint: "{store.endpoint}", region: us-east-1, retain: 2d,\n'
        + f"  prefix: agency,\n  {SECRET_COMMAND}}}\n"
    )


@contextmanager
def replicated(folder: Path, store: ObjectStore, bucket: str) -> Iterator[Agency]:
    with agency(folder) as made:
        add_replica(made.run.root, store, bucket)
        yield made


def bought(number: int) -> Licence:
    return Licence(
        asset=Asset(provider="shutterstock", asset_id=str(number), title=f"Harbour {number}"),
        licence_id=f"e{number}", kind="standard", licensed_at=datetime(2026, 3, 9, tzinfo=UTC),
    )  # fmt: skip


def buy(made: Agency, *numbers: int, client: str = "acme") -> list[str]:
    """Archive and seal; each licence has a record and a certificate. Returns the ids of the objects."""
    filed = [(bought(each), [record(b"{}"), certificate(f"certificate {each}")]) for each in numbers]
    return [each.object_id for each in made.archive(client, *filed)]


def bucket(made: Agency) -> Bucket:
    return bucket_of(made.home)


def tree(root: Path) -> dict[str, bytes]:
    """All files of an archive but those of a running command."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "intents.jsonl" and path.relative_to(root).parts[0] != "staging"
    }


def lose(made: Agency) -> None:
    """Lose all but the settings, the clients and the vault."""
    for name in ("archive", "state"):
        remove_tree(made.run.root / name)
