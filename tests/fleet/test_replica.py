"""The replica at a real object store: what is published, what comes back, and what an attacker cannot do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from archiver.agency import integrity
from archiver.agency.privacy import hold
from archiver.agency.replica import restore_replica
from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.archive.reader import signer_key
from archiver.core.atomic_files import remove_tree
from archiver.core.errors import ReplicaForked
from archiver.fleet import replica_check
from archiver.fleet.object_store import Bucket, sha256_of
from archiver.fleet.published_objects import PublishedObjects
from archiver.fleet.publisher import Publisher, state_path
from archiver.fleet.replica_format import ReplicaHead, head_key, path_of
from tests.support.agency import Agency, agency
from tests.support.object_stores import ObjectStore
from tests.support.replica_kit import bucket, buy, lose, replicated, tree

BY = ("--by", "Ada Example")


@pytest.fixture
def made(tmp_path: Path, store: ObjectStore, bucket_name: str) -> Iterator[Agency]:
    with replicated(tmp_path, store, bucket_name) as it:
        yield it


def head_of(made: Agency, client: str = "acme") -> ReplicaHead:
    found = bucket(made).get(head_key(client))
    head = ReplicaHead.parse(found[0]) if found else None
    assert head
    return head


def versions_of_files(made: Agency) -> dict[str, int]:
    """How many versions each key but the heads has."""
    counts: dict[str, int] = {}
    for each in bucket(made).versions(""):
        if not each.key.endswith("/head.json"):
            counts[each.key] = counts.get(each.key, 0) + 1
    return counts


@pytest.mark.long  # what was lost, one by one: below
def test_a_home_without_disk_comes_back_as_it_was_and_goes_on(made: Agency) -> None:
    buy(made, 1, 2)
    buy(made, 3, client="beta")
    buy(made, 4)
    made.run("erase", "acme/20260309_shutterstock_2_", "--reason", "other: a mistake", "--yes", *BY)
    before = {slug: tree(made.run.archive(slug)) for slug in ("acme", "beta")}
    assert made.run.json("replica", "check", "--deep")["state"] == "equal"
    assert [each["waiting"] for each in made.run.json("status")["replica"]] == [0, 0]
    lose(made)
    (made.run.root / "clients" / "beta.yaml").unlink()  # a bare machine does not know the client
    assert {each["outcome"] for each in made.run.json("replica", "restore", "--all", "--dry-run")["clients"]} == {
        "would restore"
    }
    restored = made.run.json("replica", "restore", "--all")["clients"]
    assert [(each["client"], each["state"]) for each in restored] == [("acme", "PROVEN"), ("beta", "PROVEN")]
    after = {slug: tree(made.run.archive(slug)) for slug in ("acme", "beta")}
    assert {slug: each.keys() for slug, each in after.items()} == {slug: each.keys() for slug, each in before.items()}
    assert after == before
    assert {each["asset_id"] for each in made.run.json("find", "Harbour")} == {"1", "3", "4"}
    made.run("replica", "restore", "--client", "acme", code=2)  # it exists
    buy(made, 5)
    assert set(versions_of_files(made).values()) == {1}  # each key once, by two machines
    address = f"s3://{made.home.settings.replica.bucket}/agency" if made.home.settings.replica else ""
    assert "extends" in made.run("verify", "--against", address).stdout


def test_an_archive_that_lost_its_end_is_forked_from_the_bucket(
    made: Agency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(made, 1)
    shutil.copytree(made.run.archive(), tmp_path / "copy")
    buy(made, 2)
    published = head_of(made)
    remove_tree(made.run.archive())
    shutil.copytree(tmp_path / "copy", made.run.archive())
    remove_tree(made.run.root / "state/archive")
    (forked,) = made.run.json("verify", code=90)["clients"]  # without asking the store
    assert "does not continue the" in str(forked["findings"])
    remove_tree(made.run.root / "state")
    address = f"s3://{made.home.settings.replica.bucket}/agency" if made.home.settings.replica else ""
    assert made.run.json("verify", "--against", address, code=90)["state"] == "FORKED"
    # Whoever may write to the bucket puts an old genuine checkpoint and others under names of higher numbers there.
    place, (old,) = bucket(made), (tmp_path / "copy" / archive_words.CHECKPOINTS).glob("*.note")
    for number in range(replica_check.MAX_WITNESSED + 2):
        for note in (old.read_bytes(), b"%d\n" % number):
            key = f"agency/acme/files/{archive_words.CHECKPOINTS}/{99990000 + number}.note/{sha256_of(note)}"
            place.client.put_object(Bucket=place.bucket, Key=key, Body=note)
    flooded = made.run.json("verify", "--against", address, code=90)
    assert (flooded["state"], flooded["scope"]) == ("FORKED", archive_words.SCOPE_ALL)
    monkeypatch.setattr(replica_check, "MAX_FETCHED", 10)  # more than are fetched
    for head in (published.encode(), b"{}"):  # the second is no head
        place.client.put_object(Bucket=place.bucket, Key=f"agency/{head_key('acme')}", Body=head)
        code, document, text = integrity.verify(made.home, integrity.VerifyRequest(against=address))
        assert (code, document["state"]) == (90, "FORKED")
        assert all("not every checkpoint in the bucket" in each for each in (document["scope"], text))
    place.client.put_object(Bucket=place.bucket, Key=f"agency/{head_key('acme')}", Body=published.encode())
    monkeypatch.undo()
    buy(made, 3)  # archived here, never published
    assert head_of(made) == published
    assert made.run.json("status")["replica"][0]["error"] == "ReplicaForked"
    assert "FORKED" in " ".join(each["happened"] for each in made.run.json("notify", "--dry-run"))


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("/files/", "after"),
        ("/head.json", "after"),
        *(pytest.param(step, "before", marks=pytest.mark.long) for step in ("/files/", "/parts/", "/head.json")),
    ],
)
def test_a_crash_between_any_two_steps_is_mended_by_the_next_seal(
    made: Agency, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    class Crash(BaseException):
        pass

    def put(self: Bucket, key: str, data: bytes, **more: Any) -> str:
        if step in key and when == "before":
            raise Crash
        tag = real(self, key, data, **more)
        if step in key:
            raise Crash
        return tag

    real = Bucket.put
    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put", put)
        with pytest.raises(Crash):
            buy(made, 1)
    buy(made, 2)
    assert made.run.json("replica", "check", "--deep")["state"] == "equal"
    assert set(versions_of_files(made).values()) == {1}


def test_whoever_lost_the_head_stops_and_overwrites_nothing(made: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    buy(made, 1)
    settings, root = made.home.settings.replica, made.run.archive()
    assert settings
    stalled = Publisher(bucket(made), "acme", root, state_path(made.home, "acme"), settings.retain.days)
    real = Bucket.put

    def overtaken(self: Bucket, key: str, data: bytes, **more: Any) -> str:
        if key.endswith("/head.json"):  # another machine publishes while this one is frozen
            monkeypatch.undo()
            remove_tree(made.run.root / "state" / "replica")
            Publisher(bucket(made), "acme", root, state_path(made.home, "acme"), settings.retain.days).publish()
            real(bucket(made), key, head_of(made).encode() + b"\n", until=more["until"])
        return real(self, key, data, **more)

    with made.run.root.joinpath("archiver.yaml").open() as file:
        text = file.read()
    made.run.root.joinpath("archiver.yaml").write_text(text.partition("\nreplica:")[0])
    buy(made, 2)
    made.run.root.joinpath("archiver.yaml").write_text(text)
    monkeypatch.setattr(Bucket, "put", overtaken)
    with pytest.raises(ReplicaForked):
        stalled.publish()
    assert made.run.json("replica", "check")["state"] == "equal"


SOON = datetime.now(UTC) + timedelta(minutes=1)
AGAINST_A_VERSION: tuple[tuple[str, dict[str, Any]], ...] = (
    ("put_object_retention", {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": SOON}}),
    ("put_object_retention", {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": SOON},
                              "BypassGovernanceRetention": True}),
    ("put_object_legal_hold", {"LegalHold": {"Status": "OFF"}}),
    ("delete_object", {"BypassGovernanceRetention": True}),
)  # fmt: skip
AGAINST_A_BUCKET: tuple[tuple[str, dict[str, Any]], ...] = (
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
    ("put_object_lock_configuration", {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}),
    ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [
        {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1},
         "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}]}}),
    ("delete_bucket", {}),
)  # fmt: skip


def test_an_attacker_with_the_buckets_credentials_destroys_nothing(
    made: Agency, store: ObjectStore, tmp_path: Path
) -> None:
    buy(made, 1)
    early = head_of(made)
    buy(made, 2, 3)
    before, head, place = tree(made.run.archive()), head_of(made), bucket(made)
    attacker, name = store.client(), place.bucket
    versions = attacker.list_object_versions(Bucket=name)["Versions"]
    for number, each in enumerate(versions):
        key, version = each["Key"], each["VersionId"]
        refused = attacker.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key, "VersionId": version}]})
        assert refused.get("Errors"), key
        for call, more in AGAINST_A_VERSION if number % 7 == 0 else ():
            with suppress(ClientError):
                getattr(attacker, call)(Bucket=name, Key=key, VersionId=version, **more)
        if number % 2:
            attacker.delete_object(Bucket=name, Key=key)
        else:
            attacker.put_object(Bucket=name, Key=key, Body=b"ransom")
    fields = json.loads(head.encode()) | {"lines": 99, "checkpoint": 99, "line": "0" * 64}
    for forged in (json.dumps(fields).encode(), early.encode(), b"{}"):
        attacker.put_object(Bucket=name, Key=f"agency/{head_key('acme')}", Body=forged)
    for call, more in AGAINST_A_BUCKET:
        with suppress(ClientError):
            getattr(attacker, call)(Bucket=name, **more)
    attacker.delete_object(Bucket=name, Key=f"agency/{head_key('acme')}")
    with replicated(tmp_path / "attacker", store, name) as theirs:  # a whole archive of their own, longer than ours
        buy(theirs, *range(10, 20))
        assert head_of(theirs).lines > head.lines
        theirs.run("client", "add", "aaa", "--name", "Aaa")  # and one of a client that nobody knows
        buy(theirs, 30, client="aaa")
        own_key = theirs.run.archive("aaa") / archive_words.SIGNER_KEY
    for no_name in ("NO NAME", "A\u202e", "con"):
        attacker.put_object(Bucket=name, Key=f"agency/{no_name}/head.json", Body=head.encode())
    lose(made)
    at = made.run.json("replica", "restore", "--client", "acme", "--at", str(early.checkpoint))["clients"][0]
    assert (at["state"], at["checkpoint"]) == ("PROVEN", early.checkpoint)
    lose(made)
    planned = made.run.json("replica", "restore", "--all", "--dry-run")
    assert [each["outcome"] for each in planned["clients"]] == ["needs a key", "would restore"]
    everything = made.run.json("replica", "restore", "--all", code=2)
    assert everything["left_out"] == planned["left_out"] == ["A\u202e", "NO NAME", "con"]
    refused, done = everything["clients"]
    assert (refused["client"], refused["outcome"]) == ("aaa", "failed") and "--key" in refused["error"]
    assert not made.run.archive("aaa").exists() and "aaa" not in made.home.clients
    assert (done["state"], done["lines"]) == ("PROVEN", head.lines) and done["recovered"] and done["passed_over"]
    told = made.run("replica", "restore", "--all", code=2)
    assert "3 names" in told.stderr and "\u202e" not in told.stderr + told.stdout and "aaa: failed" in told.stdout
    made.run("replica", "restore", "--client", "aaa", "--key", own_key, code=90)
    assert tree(made.run.archive()) == before
    codes = {each["code"] for each in made.run.json("replica", "check", code=90)["clients"][0]["findings"]}
    assert codes == {"head", "overwritten", "unknown"}
    buy(made, 4)  # goes on above the ruins
    assert head_of(made).lines > head.lines


@pytest.mark.parametrize("part", [0.0, pytest.param(0.5, marks=pytest.mark.long)])
def test_what_a_late_or_short_list_leaves_out_is_found(
    made: Agency, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: float
) -> None:
    """Some stores list a key seconds after they stored it, and a proxy may end a list early. Reading a key is certain.

    `part`: how much of each list arrives.
    """
    first, _ = buy(made, 1, 2)
    head, before = head_of(made), tree(made.run.archive())
    for name in ("versions", "keys"):
        monkeypatch.setattr(Bucket, name, shortened(getattr(Bucket, name), part))
    _, findings = replica_check.check(made.home, bucket(made), "acme")
    assert {each.code for each in findings} == {"unlisted"}
    assert replica_check.fetch_checkpoints(bucket(made), "acme", signer_key(made.run.archive()), tmp_path)
    assert f"{head.checkpoint:08d}" in {each.name[:8] for each in tmp_path.glob("*.note")}
    remove_tree(made.run.archive() / "evidence")
    place = made.run.archive() / (name := ledger_lines.object_path(first))
    PublishedObjects(bucket(made), "acme", made.run.archive(), tmp_path / "fetch").bring(first, place)
    assert tree(place) == {
        path.removeprefix(f"{name}/"): data for path, data in before.items() if path.startswith(f"{name}/")
    }
    lose(made)
    assert restore_replica(made.home)[1] is None
    assert tree(made.run.archive()) == before
    hold(made.home, made.vault, name=None, client="acme", reason="a letter", by="Ada Example", release=False)
    monkeypatch.undo()
    store = bucket(made)
    free = [
        each.key for each in store.versions("acme/")
        if each.newest and store.client.head_object(Bucket=store.bucket, Key=store.prefix + each.key).get(
            "ObjectLockLegalHoldStatus"
        ) != "ON"
    ]  # fmt: skip
    assert not free


def shortened(real: Callable[..., Iterator[Any]], part: float) -> Callable[..., Iterator[Any]]:
    def some(self: Bucket, below: str = "") -> Iterator[Any]:
        found = list(real(self, below))
        return iter(found[: int(len(found) * part)])

    return some


def test_check_names_what_differs(made: Agency) -> None:
    buy(made, 1)
    paper = next(made.run.archive().rglob("certificate.txt"))
    paper.chmod(0o644)
    paper.write_bytes(b"forged")
    store = bucket(made)
    store.client.put_object(Bucket=store.bucket, Key="agency/acme/stray", Body=b"?")
    findings = made.run.json("replica", "check", code=90)["clients"][0]["findings"]
    assert sorted(each["code"] for each in findings) == ["differs", "unknown"]


@pytest.mark.long  # the attacker meets the locks, too
def test_each_class_is_locked_for_its_time_and_a_hold_holds_what_a_restore_needs(made: Agency) -> None:
    settings = made.run.root / "archiver.yaml"
    classes = "{default: 2d, licences: 3d, statements: 1d, ledger: 4d}"
    settings.write_text(settings.read_text().replace("retain: 2d", f"retain: {classes}"))
    buy(made, 1)
    made.run("hold", "acme/20260309_shutterstock_1_", "--reason", "a letter", *BY)
    store, found = bucket(made), dict[str, set[tuple[int, bool]]]()
    for each in store.versions("acme/"):
        head = store.client.head_object(Bucket=store.bucket, Key=store.prefix + each.key, VersionId=each.version)
        days = round((head["ObjectLockRetainUntilDate"] - head["LastModified"]).total_seconds() / 86400)
        path = path_of("acme", each.key) or each.key.split("/")[1]
        kind = path.split("/")[1] if path.startswith("evidence/") and path.count("/") > 1 else path.split("/")[0]
        if each.newest:
            found.setdefault(kind, set()).add((days, head.get("ObjectLockLegalHoldStatus") == "ON"))
    assert (found["licences"], found["statements"]) == ({(3, True)}, {(1, False)})
    assert all(found[each] == {(4, True)} for each in ("ledger", "keys", "parts", "head.json"))
    made.run("hold", "acme/20260309_shutterstock_1_", "--release", *BY)
    assert not [
        each for each in store.versions("acme/")
        if store.client.head_object(Bucket=store.bucket, Key=store.prefix + each.key, VersionId=each.version).get(
            "ObjectLockLegalHoldStatus"
        ) == "ON"
    ]  # fmt: skip
    settings.write_text(settings.read_text().replace("ledger: 4d", "ledger: 1d"))
    assert "at least as long" in made.run("status", code=2).stderr


@pytest.mark.long
def test_a_legal_hold_reaches_the_bucket_and_leaves_it(made: Agency) -> None:
    buy(made, 1, 2)

    def held() -> set[str]:
        store = bucket(made)
        return {
            each.key.split("/v1/")[0].rpartition("_shutterstock_")[2][:1]
            for each in store.versions("acme/files/evidence/licences/")
            if store.client.head_object(Bucket=store.bucket, Key=store.prefix + each.key, VersionId=each.version).get(
                "ObjectLockLegalHoldStatus"
            ) == "ON"
        }  # fmt: skip

    made.run("hold", "acme/20260309_shutterstock_1_", "--reason", "a letter", *BY)
    assert held() == {"1"}
    made.run("hold", "--client", "acme", "--reason", "another letter", *BY)
    assert held() == {"1", "2"}
    made.run("hold", "--client", "acme", "--release", *BY)
    assert held() == {"1"}
    made.run("hold", "acme/20260309_shutterstock_1_", "--release", *BY)
    assert held() == set()


@pytest.mark.long
def test_a_store_that_is_away_costs_a_warning_and_a_backlog(made: Agency) -> None:
    settings = made.run.root / "archiver.yaml"
    text = settings.read_text()
    store = made.home.settings.replica
    assert store and store.endpoint
    settings.write_text(text.replace(store.endpoint, "http://127.0.0.1:9"))
    buy(made, 1)
    behind = made.run.json("status")["replica"][0]
    assert behind["waiting"] > 0 and behind["error"] == "StoreUnavailable" and behind["published"] is None
    settings.write_text(text)
    buy(made, 2)
    assert made.run.json("status")["replica"][0]["waiting"] == 0


def test_doctor_trusts_a_store_whose_locks_hold(made: Agency) -> None:
    found = [each for each in made.run.json("doctor", "--online", code=None)["checks"] if each["check"] == "replica"]
    assert [each["state"] for each in found] == ["ok"] and "its locks hold" in found[0]["message"]


def test_doctor_names_each_false_lock(tmp_path: Path, false_store: ObjectStore) -> None:
    with replicated(tmp_path / "agency", false_store, false_store.bucket("false-locks")) as made:
        checks = made.run.json("doctor", "--online", code=50)["checks"]
    names = {each["message"].split(": ")[1] for each in checks if each["check"] == "replica"}
    assert names >= {"shortened", "downgraded", "wrong_checksum"}
    assert all(each["state"] == "problem" for each in checks if each["check"] == "replica")


def test_a_home_without_a_replica_imports_nothing_of_it(tmp_path: Path) -> None:
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print(sorted(n for n in sys.modules if n.startswith(('boto', 'archiver.fleet')))))\n"
        "from archiver.cli import main\n"
        "sys.argv = ['archiver', *sys.argv[1:]]\n"
        "main()\n"
    )
    with agency(tmp_path) as made:
        buy(made, 1)
        done = subprocess.run(
            [sys.executable, "-c", code, "hold", "--client", "acme", "--reason", "a letter", *BY],
            env=made.run.env | {"ARCHIVER_HOME": str(made.run.root)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stderr
