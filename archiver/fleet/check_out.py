"""Check a published archive out of the store without its documents: the ledger, checkpoints, keys and the index.

What an earlier check-out had is kept in the database, so only the parts since then are fetched. It is a cache: whatever
does not fit the head is fetched anew. The ledger is checked line by line against the head.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from archiver.archive.checking.parts import archive_words
from archiver.archive.ledger import FIRST_PREVIOUS_HASH, read_lines
from archiver.archive.object_source import objects_from
from archiver.core.atomic_files import read_file, remove_tree
from archiver.core.errors import IntegrityError, ReplicaForked
from archiver.fleet.fence import ClaimedHead, Fence
from archiver.fleet.fleet_home import HomeRows
from archiver.fleet.kept_check_out import files_outside_objects, packed, unpack
from archiver.fleet.object_store import Bucket, sha256_of
from archiver.fleet.published_objects import PublishedObjects
from archiver.fleet.publisher import (
    PublishedState,
    Publisher,
    RetainDays,
    held_scopes,
    is_single,
    line_before,
    parts_of,
    state_path,
)
from archiver.fleet.replica_format import ReplicaFile, ReplicaHead
from archiver.fleet.restore import fetched
from archiver.home.settings import Home

MAX_PARTS_SINCE_CACHE = 16  # published parts after which a check-out is kept anew


@dataclass
class CheckedOut:
    """One client's archive in a scratch home. `parts` were fetched beyond what the cache had."""

    home: Home
    bucket: Bucket
    claimed: ClaimedHead
    parts: int

    @property
    def client(self) -> str:
        return self.claimed.lease.client

    @property
    def root(self) -> Path:
        return self.home.archive(self.client)


@contextmanager
def checked_out(home: Home, bucket: Bucket, claimed: ClaimedHead, rows: HomeRows) -> Iterator[CheckedOut]:
    """Write the archive below the scratch home. Within the block, its objects come from the store as they are needed.

    IntegrityError if the store does not have what the head names; ReplicaForked if the head lacks published lines.
    """
    client, head = claimed.lease.client, claimed.head
    root = home.archive(client)
    parts = build(home, bucket, client, head, rows)
    check_continues(root, bucket, client, claimed.known)
    replace(published_state(root, head), tag=claimed.tag).save(state_path(home, client))
    with objects_from(root, PublishedObjects(bucket, client, root, home.state / "fetch" / client)):
        yield CheckedOut(home, bucket, claimed, parts)


def build(home: Home, bucket: Bucket, client: str, head: ReplicaHead, rows: HomeRows) -> int:
    """Write the archive that a head names, without its documents. Returns how many parts the cache did not have."""
    cached = rows.cache(client) if head.part else None
    try:
        return _build(home, bucket, client, head, cached)
    except IntegrityError:
        if cached is None:
            raise
        remove_tree(home.archive(client))
        return _build(home, bucket, client, head, None)


def check_continues(root: Path, bucket: Bucket, client: str, known: ReplicaHead | None) -> None:
    """ReplicaForked if the ledger at `root` is not a continuation of the last one that the database knew."""
    before = line_before(root / archive_words.LEDGER, known.ledger_bytes) if known and known.lines else None
    if known and known.lines and (before is None or before.hash != known.line):
        raise ReplicaForked(f"{bucket.name} has another ledger of {client} than the one that was published")


def published_state(root: Path, head: ReplicaHead) -> PublishedState:
    """What the replica has of an archive that was just built from it."""
    held = held_scopes(root) if _has_holds(root) else []
    return PublishedState(
        head=head, files={path: sha256_of(read_file(root / path)) for path in files_outside_objects(root)}, held=held
    )


def publish(out: CheckedOut, fence: Fence, retain: RetainDays) -> ReplicaHead:
    """Publish what the visit added. LeaseLost if somebody else has the client now; then nothing moved."""
    head = Publisher(out.bucket, out.client, out.root, state_path(out.home, out.client), retain, fence).publish()
    assert head
    return head


def keep(out: CheckedOut, head: ReplicaHead, rows: HomeRows) -> None:
    """Keep the check-out for the next one, if it saves that enough."""
    changed = _records_evidence(out.root, out.claimed.head.ledger_bytes)
    if head.part and (changed or out.parts >= MAX_PARTS_SINCE_CACHE):
        rows.put_cache(out.claimed.lease, head.part, packed(out.home, out.client))


def _records_evidence(root: Path, offset: int) -> bool:
    return any("inventory_sha512" in line.fields for line in read_lines(root / archive_words.LEDGER, offset))


def _build(home: Home, bucket: Bucket, client: str, head: ReplicaHead, cached: tuple[str, bytes] | None) -> int:
    """Write the archive. Returns how many parts were fetched."""
    root = home.archive(client)
    root.mkdir(parents=True, exist_ok=True)
    (root / archive_words.LEDGER).parent.mkdir(exist_ok=True)
    if cached:
        try:
            unpack(home, client, cached[1])
        except (OSError, tarfile.TarError, EOFError) as error:
            raise IntegrityError(f"the kept check-out cannot be read ({error})") from None
    parts = list(parts_of(bucket, head, cached[0] if cached else None))[::-1]
    if cached and parts and parts[0].previous != cached[0]:
        raise IntegrityError("the kept check-out is not below the head")
    newest: dict[str, ReplicaFile] = {}
    pieces: list[ReplicaFile] = []
    for file in (file for part in parts for file in part.files):
        if file.path == archive_words.LEDGER:
            pieces.append(file)
        elif is_single(file.path):
            newest[file.path] = file
    with (root / archive_words.LEDGER).open("ab") as ledger:
        for file, data, _ in fetched(bucket, client, [*pieces, *newest.values()]):
            if data is None:
                raise IntegrityError(f"{bucket.name} has no version of {file.key(client)} with its bytes")
            if file.offset is None:
                path = root / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                path.write_bytes(data)
                continue
            if file.offset != ledger.tell():
                raise IntegrityError("the replica's pieces of the ledger do not follow each other")
            ledger.write(data)
    _check_chain(root / archive_words.LEDGER, head)
    for folder in ("staging", archive_words.CHECKPOINTS):
        (root / folder).mkdir(parents=True, exist_ok=True)
    if not head.lines:
        (root / archive_words.LEDGER).unlink()
    return len(parts)


def _check_chain(ledger: Path, head: ReplicaHead) -> None:
    previous, lines = FIRST_PREVIOUS_HASH, 0
    for line in read_lines(ledger):
        if f'"prev":"{previous}"'.encode() not in line.raw:
            raise IntegrityError(f"line {lines} of the published ledger does not follow the line before it")
        previous, lines = line.hash, lines + 1
    if (lines, ledger.stat().st_size) != (head.lines, head.ledger_bytes) or (lines and previous != head.line):
        raise IntegrityError("the head does not fit the ledger that it names")


def _has_holds(root: Path) -> bool:
    with suppress(FileNotFoundError):
        return b'"hold":' in read_file(root / archive_words.LEDGER)
    return False
