"""Examine a real bucket for false locks: stores that accept a lock, and then let it be broken."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from archiver.core.errors import StoreUnavailable
from archiver.fleet.object_store import LOCKED, Bucket, NotWritten

LOCK_HOURS = 24.0  # how long the store keeps the probe's few bytes
CLOCK_TOLERANCE_S = 300.0


@dataclass(frozen=True)
class FalseLock:
    """What the store does wrong: `name` for machines, `message` for people."""

    name: str
    message: str


def probe(bucket: Bucket) -> list[FalseLock]:
    """Write a throw-away key, lock it, and try everything that a lock must refuse. Returns what was wrong.

    Raises StoreUnavailable if the probe could not be written at all.
    """
    return list(_Probe(bucket).run())


class StoreAnswer(TypedDict, total=False):
    """What a store says of a bucket or an object, as far as it is read here."""

    Status: str
    ObjectLockMode: str
    ObjectLockRetainUntilDate: datetime
    LastModified: datetime


class _Probe:
    def __init__(self, bucket: Bucket) -> None:
        self._bucket, self._client = bucket, bucket.client
        self._key = f"{bucket.prefix}lock-probe/{secrets.token_hex(8)}"
        self._until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=LOCK_HOURS)

    def run(self) -> Iterator[FalseLock]:
        key = self._key.removeprefix(self._bucket.prefix)
        place: dict[str, object] = {"Bucket": self._bucket.bucket}
        versioning = self._answer("get_bucket_versioning", **place)
        if versioning is None or versioning.get("Status") != "Enabled":
            yield FalseLock("no_versioning", "versioning is off, so overwriting destroys what was there")
        if self._accepted("put_object", **place, Key=f"{self._key}-sum", Body=b"probe",
                          ChecksumSHA256=base64.b64encode(hashlib.sha256(b"other").digest()).decode()):  # fmt: skip
            self._answer("delete_object", **place, Key=f"{self._key}-sum")
            yield FalseLock("wrong_checksum", "it accepts bytes that do not have the stated SHA-256")
        tag = self._bucket.put(key, b"probe", until=self._until, if_absent=True)
        yield from self._conditions(key)
        version = self._locked_version(key)
        if version is None:
            yield FalseLock("no_version", "it names no version of what it stored")
            return
        here = {**place, "Key": self._key, "VersionId": version}
        yield from self._clock(here)
        yield from self._tricks(here)
        if self._bucket.get(key, version) != (b"probe", tag):
            yield FalseLock("lost", "the locked version is gone or changed after these attempts")

    def _conditions(self, key: str) -> Iterator[FalseLock]:
        try:
            self._bucket.put(key, b"second", until=self._until, if_absent=True)
            yield FalseLock("no_condition", "it ignores If-None-Match, so two machines could write one key")
        except NotWritten:
            pass
        try:
            self._bucket.put(key, b"second", until=self._until, if_match='"00000000000000000000000000000000"')
            yield FalseLock("no_fence", "it ignores If-Match, so two machines could publish over each other")
        except (NotWritten, StoreUnavailable):
            pass

    def _locked_version(self, key: str) -> str | None:
        first = min((each for each in self._bucket.versions(key) if each.key == key), key=lambda each: each.at,
                    default=None)  # fmt: skip
        return first.version if first and first.version != "null" else None

    def _clock(self, here: dict[str, object]) -> Iterator[FalseLock]:
        found = self._answer("head_object", **here)
        if found is None or found.get("ObjectLockMode") != LOCKED:
            yield FalseLock("no_lock", "it does not lock what it is told to lock; the bucket needs Object Lock")
            return
        if abs((found["ObjectLockRetainUntilDate"] - self._until).total_seconds()) > 1:
            yield FalseLock("other_date", "it keeps another date than the one that it was told")
        off = (found["LastModified"] - datetime.now(UTC)).total_seconds()
        if abs(off) > CLOCK_TOLERANCE_S:
            yield FalseLock("clock", f"its clock differs by {off:+.0f} s from this machine's, so locks end wrongly")

    def _tricks(self, here: dict[str, object]) -> Iterator[FalseLock]:
        """Each way around a lock. They run in this order, because a successful one weakens the lock for the next."""
        earlier = self._until - timedelta(hours=LOCK_HOURS / 2)
        tricks: tuple[tuple[str, str, str, dict[str, object]], ...] = (
            ("shortened", "it shortens a compliance lock", "put_object_retention",
             {"Retention": {"Mode": LOCKED, "RetainUntilDate": earlier}, "BypassGovernanceRetention": True}),
            ("downgraded", "it turns a compliance lock into GOVERNANCE, which administrators can lift",
             "put_object_retention",
             {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": self._until}, "BypassGovernanceRetention": True}),
            ("deleted", "it deletes a locked version", "delete_object", {}),
            ("bypassed", "it deletes a locked version for whoever asks to bypass the lock", "delete_object",
             {"BypassGovernanceRetention": True}),
        )  # fmt: skip
        for name, message, call, more in tricks:
            if self._accepted(call, **here, **more):
                yield FalseLock(name, message)

    def _accepted(self, call: str, **arguments: object) -> bool:
        return self._answer(call, **arguments) is not None

    def _answer(self, call: str, **arguments: object) -> StoreAnswer | None:
        """The store's answer; None for a refusal. StoreUnavailable if it did not answer."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: StoreAnswer = getattr(self._client, call)(**arguments)
            return answer
        except ClientError:
            return None
        except BotoCoreError as error:
            raise StoreUnavailable(f"{call}: {error}") from None
