"""States of archives, and the remedies that lead out of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archiver.fleet.replica_format import head_key
from tests.support.agency import agency, record
from tests.support.claims_kit import licence
from tests.support.object_stores import seaweedfs
from tests.support.replica_kit import buy, replicated

from .followed import Case, follow, follow_and_type, offered, printed, with_licence


def timestamp(folder: Path) -> None:
    """Where `verify --renew` finds nothing to renew."""
    with agency(folder) as at:
        with_licence(at)
        for token in (at.home.archive("acme") / "ledger" / "checkpoints").glob("*.tsr"):
            token.unlink()
        said = printed(at.run, "status")
        assert "no trusted timestamp yet" in said
        follow(at.run, said, "timestamp")
        assert "no trusted timestamp yet" not in printed(at.run, "status")
        assert "PROVEN" in printed(at.run, "verify", "--client", "acme")


def run(folder: Path) -> None:
    with agency(folder) as at:
        with_licence(at)
        left = at.home.archive("acme") / "staging" / "half"
        left.mkdir(parents=True)
        said = printed(at.run, "doctor")
        follow(at.run, said, "run")
        assert "interrupted command left" in said and "interrupted command left" not in printed(at.run, "doctor")


def verify(folder: Path) -> None:
    with agency(folder) as at:
        with_licence(at)
        [damaged] = (at.home.archive("acme") / "evidence" / "licences").rglob("record.json")
        damaged.chmod(0o600)
        kept = damaged.read_bytes()
        damaged.write_bytes(b"x" + kept[1:])
        (at.home.archive("acme") / "ledger" / "ledger.jsonl").chmod(0o600)
        ledger = at.home.archive("acme") / "ledger" / "ledger.jsonl"
        line = ledger.read_bytes()
        ledger.write_bytes(line.replace(b'"seq":1', b'"seq":7'))
        said = printed(at.run, "doctor")
        assert "FORKED" in follow(at.run, said, "verify", code=90)
        damaged.write_bytes(kept)
        ledger.write_bytes(line)
        assert "PROVEN" in printed(at.run, "verify", "--client", "acme", code=0)


def after_restore(folder: Path) -> None:
    with agency(folder) as at:
        witness = folder / "witness"
        witness.mkdir()
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text() + f"witnesses: [{{name: disk, folder: '{witness}'}}]\n")
        with_licence(at)
        kept = {path: path.read_bytes() for path in at.home.archive("acme").rglob("*") if path.is_file()}
        at.archive("acme", (licence("2"), [record()]))
        for path in [each for each in at.home.archive("acme").rglob("*") if each.is_file()]:
            path.parent.chmod(0o700)
            path.unlink()
            if path in kept:
                path.write_bytes(kept[path])
        said = printed(at.run, "doctor")
        assert "does not continue" in said
        follow(at.run, said, "after restore")
        assert "does not continue" not in printed(at.run, "doctor")


def new_verifier(folder: Path) -> None:
    with agency(folder) as at:
        with_licence(at)
        tool = at.home.archive("acme") / "tools" / "verify.py"
        tool.chmod(0o600)
        tool.write_text(tool.read_text() + "# an older version\n")
        said = printed(at.run, "doctor")
        follow(at.run, said, "new verifier")
        with pytest.raises(AssertionError):
            offered(printed(at.run, "doctor"), "new verifier")


def show(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        [second] = [row["licence"] for row in at.run.json("find", "")]
        assert second == name
        at.run("erase", name, "--reason", "GDPR", "--by", "Ada", "--yes")
        said = printed(at.run, "proof", name, "--out", folder / "proof.zip")
        assert "tombstone" in follow(at.run, said, "show")


def assign(folder: Path) -> None:
    with agency(folder) as at:
        [stored] = at.archive("house", (licence("1"), [record()]))
        for client in ("acme", "beta"):
            at.run("assign", f"house/{stored.folder}", client, "--also", "--reason", "Job", "--by", "Ada", "--yes")
        said = printed(at.run, "notify", "--dry-run")
        assert "is assigned to 2 clients" in said
        follow_and_type(at.run, said, "assign", "y", CLIENT="acme", TEXT="Job 4711", NAME="Ada")
        assert "is assigned to 2 clients" not in printed(at.run, "notify", "--dry-run")


def undo_assignment(folder: Path) -> None:
    with agency(folder) as at:
        [stored] = at.archive("house", (licence("1"), [record()]))
        assign = ("assign", f"house/{stored.folder}", "acme", "--reason", "Job", "--by", "Ada")
        follow(at.run, printed(at.run, *assign), "undo assignment", "--yes", NAME="Ada")
        assert at.run.json("unassigned")


def hand_over(folder: Path) -> None:
    """The work for the client ends so; the archive stays with both."""
    with agency(folder) as at:
        with_licence(at)
        said = printed(at.run, "client", "remove", "acme", code=2)
        follow(at.run, said, "hand over", DIR=str(folder / "given"))
        assert [*(folder / "given").iterdir()]


def check_replica(folder: Path) -> None:
    """Somebody overwrote the head so often that no version of ours is among the last; the check names the place."""
    with seaweedfs(folder / "weed") as store, replicated(folder / "agency", store, store.bucket("replica")) as at:
        buy(at, 1)
        head = {"Bucket": "replica", "Key": f"agency/{head_key('acme')}"}
        fields = json.loads(store.client().get_object(**head)["Body"].read())
        for number in range(20):
            store.client().put_object(
                **head,
                Body=json.dumps(fields | {"lines": 99 + number, "checkpoint": 99 + number, "line": "0" * 64}).encode(),
            )
        said = printed(at.run, "verify", "--client", "acme", "--against", "s3://replica/agency")
        assert "head.json" in follow(at.run, said, "check replica", code=90)


def find(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        said = printed(at.run, "show", "nothing_like_it", code=2)
        assert name in follow(at.run, said, "find")


def release_hold(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        at.run("hold", name, "--by", "Ada", "--reason", "a letter")
        erase = ("erase", name, "--reason", "GDPR", "--by", "Ada", "--yes")
        follow(at.run, printed(at.run, *erase, code=10), "release hold", LICENCE=name, NAME="Ada")
        printed(at.run, *erase, code=0)


def show_raw(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        assert "record.json" in follow(at.run, printed(at.run, "show", name), "show raw")


CASES: dict[str, Case] = {
    "timestamp": timestamp,
    "run": run,
    "verify": verify,
    "after restore": after_restore,
    "new verifier": new_verifier,
    "show": show,
    "assign": assign,
    "undo assignment": undo_assignment,
    "hand over": hand_over,
    "check replica": check_replica,
    "find": find,
    "release hold": release_hold,
    "show raw": show_raw,
}
