"""The fence: who may publish a client's archive, by a lease with a growing epoch that the head in the store carries.

The database hands out leases. The store decides: the head moves only by a conditional put on exactly the head that its
holder read, and never to a lower epoch. A holder that slept through the end of its lease finds the head moved on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from archiver.core.errors import IntegrityError, LeaseLost, ReplicaForked
from archiver.core.model import iso
from archiver.fleet.object_store import Bucket, NotWritten, sha256_of
from archiver.fleet.replica_format import ReplicaHead, head_key

CLAIM_LOCK_DAYS = 1  # a claim moves nothing but the epoch; the published head below it is locked for long
MAX_CLAIM_ATTEMPTS = 10

NOTHING = ReplicaHead(lines=0, ledger_bytes=0, line="", checkpoint=0, part="", at="")


@dataclass(frozen=True)
class Lease:
    """The right to write one client's archive. `epoch` grows with each lease of the client."""

    client: str
    epoch: int


class Leases(Protocol):
    """Hands out leases. Each call is one transaction; DatabaseUnavailable if it could not be made."""

    def take(self, client: str) -> Lease | None:
        """A new lease; None while somebody else's has not ended."""

    def renew(self, lease: Lease) -> None:
        """Begin the lease's time anew. LeaseLost if there is a newer one."""

    def raise_to(self, lease: Lease, epoch: int) -> Lease:
        """The lease with a higher epoch. LeaseLost if there is a newer one."""

    def release(self, lease: Lease) -> None:
        """End the lease, if it is still the newest."""

    def published(self, client: str) -> ReplicaHead | None:
        """The last head that a holder reported; None before the first."""

    def report(self, lease: Lease, head: ReplicaHead) -> None:
        """Remember a published head. Does nothing if the lease is no longer the newest."""


@dataclass(frozen=True)
class Fence:
    """What a publisher needs of its lease: the epoch, and a check that raises LeaseLost."""

    epoch: int
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class ClaimedHead:
    """A head that carries this holder's epoch, and the entity tag that it has in the store.

    `known` is the last published head that the database knew before; what the head has must continue it.
    """

    lease: Lease
    head: ReplicaHead
    tag: str
    known: ReplicaHead | None = None


def claim(bucket: Bucket, leases: Leases, lease: Lease) -> ClaimedHead:
    """Put the lease's epoch into the head, which ends what earlier holders may do.

    LeaseLost if a newer lease was there first; ReplicaForked if the head was deleted or set back; IntegrityError if it
    is not a head.
    """
    key = head_key(lease.client)
    for _ in range(MAX_CLAIM_ATTEMPTS):
        known = leases.published(lease.client)  # before the head is read, which others may move meanwhile
        found = bucket.get(key)
        head = ReplicaHead.parse(found[0]) if found else NOTHING
        if head is None:
            raise IntegrityError(f"{bucket.name}/{key} is not the head of a replica")
        if found is None and any(each.key == key for each in bucket.versions(key)):
            raise ReplicaForked(f"the head of {lease.client} in {bucket.name} was deleted")  # not only a new client's
        if known and head.lines < known.lines:
            raise ReplicaForked(
                f"the head of {lease.client} in {bucket.name} has {head.lines} lines, but {known.lines} were published"
            )
        if head.epoch >= lease.epoch:
            lease = leases.raise_to(lease, head.epoch + 1)
        claimed = replace(
            head, epoch=lease.epoch, previous=sha256_of(found[0]) if found else "", at=str(iso(datetime.now(UTC)))
        )
        until = datetime.now(UTC) + timedelta(days=CLAIM_LOCK_DAYS)
        try:
            tag = bucket.put(
                key, claimed.encode(), until=until, if_match=found[1] if found else None, if_absent=found is None
            )
        except NotWritten:
            again = bucket.get(key)
            if again and again[0] == claimed.encode():  # written, but the answer was lost
                return ClaimedHead(lease, claimed, again[1], known)
            continue  # an earlier holder published in between, or a newer one was quicker
        return ClaimedHead(lease, claimed, tag, known)
    raise LeaseLost(f"others moved the head of {lease.client} {MAX_CLAIM_ATTEMPTS} times")


def set_free(bucket: Bucket, claimed: ClaimedHead, until: datetime) -> None:
    """Take the epoch out of the head: the client leaves the fleet, and one machine may publish it again.

    LeaseLost if the head moved on.
    """
    if not claimed.head.lines:
        return
    free = replace(claimed.head, epoch=0, previous="")
    try:
        bucket.put(head_key(claimed.lease.client), free.encode(), until=until, if_match=claimed.tag)
    except NotWritten:
        raise LeaseLost(f"the head of {claimed.lease.client} in {bucket.name} moved on") from None
