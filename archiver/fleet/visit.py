"""One visit to a client of a fleet: lease, check out, work, publish, remember, forget.

The order makes each crash harmless. Secrets and sessions are saved first, because a lost new session or mark would make
the next visit sign in again. Then the archive is published; the head that moves is the commit. What runs remember
follows: an older memory only reads more. Witnesses hear of nothing that is not published. Whoever comes next continues
from the published head, whatever happened before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.archive.ledger import read_lines
from archiver.archive.witness import Handover, hand_over, warnings_of
from archiver.catalogue.archives import witnesses_of
from archiver.core.atomic_files import remove_tree
from archiver.core.errors import ClientTaken, ClockDiffers, DatabaseUnavailable, LeaseLost
from archiver.fleet.check_out import CheckedOut, checked_out, keep, publish
from archiver.fleet.fence import ClaimedHead, Fence, Lease, claim
from archiver.fleet.fleet_home import (
    ScratchHome,
    SealedRows,
    fingerprint_of,
    named_in_rules,
    signer_row,
    without_replica,
)
from archiver.fleet.object_store import Bucket
from archiver.fleet.replica_format import ReplicaHead
from archiver.home.settings import Home
from archiver.home.vault import Vault

RENEWALS_PER_LEASE = 3
RETRY_INTERVAL_S = 0.5
MAX_CLOCK_STEP_S = 10.0  # of this machine's clock, before the database is asked whether it is still right


@dataclass(frozen=True)
class FleetTools:
    """What visits of a process share. `settings` is a home without clients; `lease_s` as the database has it."""

    rows: SealedRows
    bucket: Bucket
    key: str
    settings: Home
    scratch: Path
    lease_s: float


class LeaseKeeper:
    """Renews a lease in a thread for as long as the process runs. A frozen process renews nothing."""

    def __init__(self, rows: SealedRows, lease: Lease, lease_s: float) -> None:
        self._rows, self.lease, self._lease_s = rows.rows, lease, lease_s
        self._renewed_at, self._offset = time.monotonic(), _clock_offset()
        self._lost: LeaseLost | ClockDiffers | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{lease.client}", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """LeaseLost if the lease was lost, or may have been: the database decides after a long silence.

        ClockDiffers if this machine's clock went wrong meanwhile.
        """
        silent = time.monotonic() - self._renewed_at > self._lease_s / RENEWALS_PER_LEASE * 2
        if not self._lost and (silent or abs(_clock_offset() - self._offset) > MAX_CLOCK_STEP_S):
            with suppress(DatabaseUnavailable):  # the store's head decides in the end
                self._once()
        if self._lost:
            raise self._lost

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        with suppress(DatabaseUnavailable):  # then it ends by itself
            self._rows.release(self.lease)

    def _once(self) -> None:
        try:
            self._rows.renew(self.lease)
            self._renewed_at, self._offset = time.monotonic(), _clock_offset()
        except LeaseLost:
            self._lost = LeaseLost(f"the lease of {self.lease.client} ended while this worker did not answer")
        except ClockDiffers as error:
            self._lost = error

    def _renew(self) -> None:
        while not self._end.wait(self._lease_s / RENEWALS_PER_LEASE) and not self._lost:
            with suppress(DatabaseUnavailable):
                self._once()


def _clock_offset() -> float:
    """Changes when this machine's clock is set, or when the machine slept."""
    return time.time() - time.monotonic()


@dataclass
class Visit:
    """A client that this process holds, checked out as a home folder. `said` are warnings."""

    tools: FleetTools
    scratch: ScratchHome
    outs: list[CheckedOut]
    keepers: list[LeaseKeeper]
    said: list[str]

    @property
    def home(self) -> Home:
        return self.scratch.home

    def finish(self) -> None:
        """Save and publish. LeaseLost if somebody else has a client now; then nothing of it was published."""
        self.said += self.scratch.save_settings()
        heads = []
        for out, keeper in reversed([*zip(self.outs, self.keepers, strict=True)]):  # copies before what names them
            heads.append((out, keeper, publish_held(self.tools, out, keeper)))
        for out, keeper, head in heads:
            self.said += tell_of(self.tools, out, keeper, head)
        self.scratch.save_state(self.keepers[0].lease)


def publish_held(tools: FleetTools, out: CheckedOut, keeper: LeaseKeeper) -> ReplicaHead:
    """Publish what a holder wrote. LeaseLost if somebody else has the client now; then nothing moved."""
    replica = tools.settings.settings.replica
    assert replica
    _keep_signer(tools, out)
    return publish(out, Fence(keeper.lease.epoch, keeper.check), replica.retain.days)


def _keep_signer(tools: FleetTools, out: CheckedOut) -> None:
    """See that the fleet still has the key that signs this archive, which nobody could continue without it.

    A database that lost its last commits, or a person, may have removed or replaced it meanwhile; then it is put back.
    LeaseLost if nothing is published yet: the next visit begins the archive with the other key.
    """
    first = next(read_lines(out.root / archive_words.LEDGER), None)
    path = signer_row(out.client)
    there = tools.rows.read(path).get(path)
    if first is None or (there and fingerprint_of(there[0]) == first.fields["key"]):
        return
    own = Vault(out.home.vault, tools.key).content()["signers"].get(out.client, "").encode()
    known = there is None or out.claimed.head.lines
    if not known or not own or fingerprint_of(own) != first.fields["key"]:
        raise LeaseLost(f"the key that signs the archive of {out.client} was replaced")
    if not tools.rows.put(path, own, there[1] if there else 0):
        raise LeaseLost(f"the key that signs the archive of {out.client} is being replaced")


def tell_of(tools: FleetTools, out: CheckedOut, keeper: LeaseKeeper, head: ReplicaHead) -> tuple[str, ...]:
    """Tell the database and the witnesses of a published head, and keep the check-out. Returns warnings."""
    tools.rows.rows.report(keeper.lease, head)
    warnings: tuple[str, ...] = ()
    size, note, tokens = ledger_lines.newest_checkpoint(out.root)
    if size:
        memory = out.home.archive_state(out.client) / "witnesses.json"
        handover = Handover(out.client, size, note, tuple(tokens))
        given = hand_over(list(witnesses_of(without_replica(tools.settings))), handover, memory)
        warnings = warnings_of(handover, given)
    keep(out, head, tools.rows.rows)
    return warnings


@contextmanager
def visiting(tools: FleetTools, client: str) -> Iterator[Visit]:
    """Hold a client and check it out. Call `finish` on what is yielded; without it, all that was done is discarded.

    ClientTaken while somebody else holds it; ConfigError for an unknown client; StoreUnavailable, DatabaseUnavailable.
    """
    folder = tools.scratch / f"visit-{token_hex(6)}"
    with ExitStack() as stack:
        stack.callback(remove_tree, folder)
        others = named_in_rules(tools.rows, client)
        held = [hold(stack, tools, each) for each in (client, *others)]
        scratch = ScratchHome.make(tools.rows, tools.key, folder, client, others)
        home, rows = scratch.home, tools.rows.rows
        outs = [stack.enter_context(checked_out(home, tools.bucket, claimed, rows)) for claimed, _ in held]
        yield Visit(tools, scratch, outs, [keeper for _, keeper in held], [])


def hold(stack: ExitStack, tools: FleetTools, client: str) -> tuple[ClaimedHead, LeaseKeeper]:
    """Take and claim a client, until the stack ends."""
    lease = tools.rows.rows.take(client)
    if lease is None:
        raise ClientTaken(client)
    try:
        claimed = claim(tools.bucket, tools.rows.rows, lease)
    except BaseException:
        with suppress(DatabaseUnavailable):
            tools.rows.rows.release(lease)
        raise
    keeper = LeaseKeeper(tools.rows, claimed.lease, tools.lease_s)
    stack.callback(keeper.close)
    return claimed, keeper


def hold_soon(stack: ExitStack, tools: FleetTools, client: str, wait_s: float) -> tuple[ClaimedHead, LeaseKeeper]:
    """As `hold`, but wait for so long while somebody else has the client."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return hold(stack, tools, client)
        except ClientTaken:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_INTERVAL_S)
