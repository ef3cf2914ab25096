"""The fence, explored: any interleaving of holders that check out, write, freeze, crash, wake and publish.

The store and the database are models in memory; claim, check-out and publishing are the real ones.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from archiver.archive.ocfl import NewObject
from archiver.archive.writer import SealSettings, open_archive
from archiver.core.errors import LeaseLost
from archiver.fleet.check_out import CheckedOut, checked_out, keep, publish
from archiver.fleet.fence import ClaimedHead, Fence, Lease, claim
from archiver.fleet.fleet_home import HomeRow
from archiver.fleet.object_store import Bucket, NotWritten, StoredVersion, sha256_of
from archiver.fleet.replica_format import ReplicaHead, head_key
from archiver.home.settings import Home
from archiver.home.settings_edit import create_home
from archiver.home.settings_models import RetainSettings

CLIENT = "acme"
KEY = Ed25519PrivateKey.generate()


class Crash(BaseException):
    """The process dies between two requests."""


class MemoryBucket(Bucket):
    """Versions of keys, with conditional puts. `crash_at`: after so many puts, one crashes, before or after it."""

    def __init__(self) -> None:
        super().__init__(None, "memory")
        self.kept: dict[str, list[tuple[str, bytes, datetime]]] = {}
        self.crash_at: int | None = None
        self.crash_after = False

    def put(
        self, key: str, data: bytes, *, until: datetime, held: bool = False, if_match: str | None = None,
        if_absent: bool = False,
    ) -> str:  # fmt: skip
        left = self.crash_at
        dies = left == 0
        self.crash_at = left - 1 if left else None
        if dies and not self.crash_after:
            raise Crash
        versions = self.kept.setdefault(key, [])
        newest = versions[-1][0] if versions else None
        if (if_absent and newest) or (if_match and newest != if_match):
            raise NotWritten(key)
        versions.append((f"{sha256_of(data)}-{len(versions)}", data, datetime.now(UTC)))
        if dies:
            raise Crash
        return versions[-1][0]

    def get(self, key: str, version: str | None = None) -> tuple[bytes, str] | None:
        versions = self.kept.get(key, [])
        found = [each for each in versions if version in (None, each[0])]
        return (found[-1][1], found[-1][0]) if found else None

    def is_kept(self, key: str, data: bytes) -> bool:
        found = self.get(key)
        return found is not None and found[0] == data

    def versions(self, below: str) -> Iterator[StoredVersion]:
        for key in sorted(self.kept):
            for version, _, at in self.kept[key] if key.startswith(below) else ():
                yield StoredVersion(key, version, at, version == self.kept[key][-1][0])


@dataclass
class MemoryRows:
    """Leases and the kept check-out. A lease ends when a test says so."""

    epoch: int = 0
    free: bool = True
    head: ReplicaHead | None = None
    kept: tuple[str, bytes] | None = None
    written: dict[str, HomeRow] = field(default_factory=dict)

    def take(self, client: str) -> Lease | None:
        if not self.free:
            return None
        self.epoch, self.free = self.epoch + 1, False
        return Lease(client, self.epoch)

    def renew(self, lease: Lease) -> None:
        if lease.epoch != self.epoch:
            raise LeaseLost("another epoch")

    def raise_to(self, lease: Lease, epoch: int) -> Lease:
        self.renew(lease)
        self.epoch = epoch
        return Lease(lease.client, epoch)

    def release(self, lease: Lease) -> None:
        self.free = self.free or lease.epoch == self.epoch

    def published(self, client: str) -> ReplicaHead | None:
        return self.head

    def report(self, lease: Lease, head: ReplicaHead) -> None:
        if lease.epoch == self.epoch:
            self.head = head

    def cache(self, client: str) -> tuple[str, bytes] | None:
        return self.kept

    def put_cache(self, lease: Lease, part: str, content: bytes) -> None:
        self.renew(lease)
        self.kept = part, content

    def files(self, *prefixes: str) -> Mapping[str, HomeRow]:
        return self.written

    def put(self, path: str, content: bytes | None, version: int) -> bool:
        raise AssertionError(path)

    def put_under(self, lease: Lease, changes: Mapping[str, tuple[bytes | None, int]]) -> None:
        raise AssertionError(changes)


@dataclass
class Holder:
    """A worker between its claim and its end. It checks out when it first works, however late that is."""

    home: Home
    bucket: Bucket
    rows: MemoryRows
    claimed: ClaimedHead
    stack: ExitStack = field(default_factory=ExitStack)
    new: list[int] = field(default_factory=list)  # the numbers of what it archived

    @cached_property
    def out(self) -> CheckedOut:
        return self.stack.enter_context(checked_out(self.home, self.bucket, self.claimed, self.rows))


def _archive(holder: Holder, number: int, *, seal: bool) -> None:
    home = holder.out.home
    means = SealSettings(
        client=CLIENT, signer=KEY, authorities=[], state=home.state / "archive" / CLIENT, post=lambda *_: b""
    )
    with open_archive(holder.out.root, means, origin="live") as writer:
        stored = writer.put(
            NewObject(
                kind="licences", date=datetime(2026, 3, 9, tzinfo=UTC), provider="site", asset_id=str(number),
                identity=f"site {number}", files={"licence.json": b"%d" % number}, created=datetime.now(UTC),
            )
        ).result()  # fmt: skip
        if not stored.already:
            holder.new.append(number)
        writer.append("run", account="acme-one", outcome="complete")
        if seal:
            writer.seal()


def rarely(puts: int) -> st.SearchStrategy[int | None]:
    """Mostly no crash; otherwise the put that one crashes at."""
    return st.sampled_from([*[None] * puts * 2, *range(puts)])


class FleetMachine(RuleBasedStateMachine):
    holders = Bundle("holders")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="archiver-test-fence-"))
        self.bucket, self.rows, self.number = MemoryBucket(), MemoryRows(), 0
        self.acknowledged: set[int] = set()
        self.newest = 0  # the epoch of the newest claim

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(target=holders, silent=st.booleans(), crash=rarely(2), after=st.booleans())
    def begin(self, silent: bool, crash: int | None, after: bool) -> Any:
        """A worker takes the client, or dies on the way; then its lease must end before the next one.

        `silent`: the holder before gave no sign of life for so long that its lease ended. It does not know yet.
        """
        self.rows.free |= silent
        return self._begin(crash, after=after) or multiple()

    def _begin(self, crash: int | None, *, after: bool) -> Holder | None:
        lease = self.rows.take(CLIENT)
        if lease is None:
            return None
        self.bucket.crash_at, self.bucket.crash_after = crash, after
        try:
            claimed = claim(self.bucket, self.rows, lease)
        except Crash:
            return None
        finally:
            self.bucket.crash_at = None
        self.number, self.newest = self.number + 1, claimed.lease.epoch
        root = self.folder / str(self.number)
        create_home(root, timestamps=[])
        return Holder(Home.load(root), self.bucket, self.rows, claimed)

    @rule(holder=holders, number=st.integers(0, 3), seal=st.booleans())
    def archive(self, holder: Holder, number: int, seal: bool) -> None:
        """Write what a run writes. Several holders may write the same licence: only one of them may count."""
        _archive(holder, number, seal=seal)

    @rule()
    def database_was_restored(self) -> None:
        """A backup of the database knows an older epoch and an older head."""
        self.rows.epoch, self.rows.free, self.rows.head = max(0, self.rows.epoch - 1), True, None

    @rule(holder=consumes(holders), crash=rarely(8), after=st.booleans())
    def end(self, holder: Holder, crash: int | None, after: bool) -> None:
        """The worker publishes, however late, and perhaps dies on the way."""
        self.bucket.crash_at, self.bucket.crash_after = crash, after
        lease = holder.claimed.lease
        try:
            with holder.stack, suppress(LeaseLost):
                if not (holder.out.root / "ledger" / "ledger.jsonl").exists():
                    return  # nothing was done
                head = publish(holder.out, Fence(lease.epoch), RetainSettings().days)
                assert lease.epoch == self.newest  # nobody has claimed it since
                self.acknowledged |= set(holder.new)
                self.rows.report(lease, head)
                keep(holder.out, head, self.rows)
                self.rows.release(lease)
        except Crash:
            pass
        finally:
            self.bucket.crash_at = None

    @invariant()
    def heads_are_one_chain(self) -> None:
        heads = [data for _, data, _ in self.bucket.kept.get(head_key(CLIENT), [])]
        parsed: list[Any] = [ReplicaHead.parse(each) for each in heads]
        for before, data, head in zip([b"", *heads], heads, parsed, strict=False):
            assert head.previous == (sha256_of(before) if before else "")  # moved from exactly the one before
            assert sha256_of(data)
        assert [each.epoch for each in parsed] == sorted(each.epoch for each in parsed)
        assert [each.lines for each in parsed] == sorted(each.lines for each in parsed)

    @rule()
    def the_next_one_finds_all_that_was_acknowledged(self) -> None:
        self.rows.free = True
        holder = self._begin(None, after=False)
        assert holder
        with holder.stack:
            ledger = holder.out.root / "ledger" / "ledger.jsonl"
            text = ledger.read_text() if ledger.exists() else ""
            found = [each for each in range(4) for _ in range(text.count(f"_site_{each}_"))]
            assert len(found) == len(set(found)) and set(found) >= self.acknowledged, text
        self.rows.release(holder.claimed.lease)


def test_a_holder_that_slept_since_its_claim_is_told_that_it_lost_its_lease() -> None:
    """It must not take what others published meanwhile for a fork."""
    machine = FleetMachine()
    sleeper = machine._begin(None, after=False)
    machine.rows.free = True
    other = machine._begin(None, after=False)
    assert sleeper and other
    for holder, number in ((other, 1), (sleeper, 2)):
        _archive(holder, number, seal=True)
        with holder.stack, nullcontext() if holder is other else pytest.raises(LeaseLost):
            machine.rows.report(
                holder.claimed.lease, publish(holder.out, Fence(holder.claimed.lease.epoch), RetainSettings().days)
            )
    machine.teardown()


def explore(examples: int) -> None:
    run_state_machine_as_test(
        FleetMachine,
        settings=settings(
            max_examples=examples, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_some_interleavings_keep_one_chain_and_lose_nothing() -> None:
    explore(25)


@pytest.mark.long
def test_many_interleavings_keep_one_chain_and_lose_nothing() -> None:
    explore(400)
