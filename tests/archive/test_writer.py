"""Putting objects into an archive and reading them back."""

from __future__ import annotations

import json
import os
import re
import stat
from concurrent.futures import wait
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.checking.parts import archive_words
from archiver.archive.ocfl import KINDS, NewObject, object_id, object_path
from archiver.archive.reader import Archive
from archiver.core.errors import IntegrityError
from tests.support.archive_kit import Kit, licence

HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "../../etc/passwd",
            "..",
            "CON",
            "a/b\\c",
            "x" * 300,
            "\U0001f3db\u6e2f" * 150,
            "nul.",
            "aux.txt ",
            "",
            "-",
            "_",
            "na\x00me",
            "ünïcødé",
            "\ud800",
        ]
    ),
)


@given(st.sampled_from(sorted(KINDS)), HOSTILE, HOSTILE, HOSTILE, st.one_of(st.none(), st.dates(), st.datetimes()))
def test_hostile_names_stay_inside_and_short(
    kind: str, provider: str, asset_id: str, identity: str, moment: date | None
) -> None:
    if isinstance(moment, datetime):
        moment = moment.replace(tzinfo=UTC)
    path = object_path(Path("/there"), object_id(kind, moment, provider, asset_id, identity))
    inside = PurePosixPath(path.relative_to("/there/evidence"))
    assert re.fullmatch(r"(\d{8}|undated)_[A-Za-z0-9_-]+", path.name) and len(path.name) <= 60  # hence no CON, no NUL
    assert len(f"archive/{'c' * 40}/evidence/{inside}/v9999/content/{'f' * 60}") <= 240
    other = object_id(kind, moment, provider, asset_id.swapcase(), identity + "'")
    assert other.lower() != object_id(kind, moment, provider, asset_id, identity).lower()
    dated = moment is not None and moment.year >= 1000
    assert [len(part) for part in inside.parts[1:-1]] == ([4, 2] if dated else [7])


def test_names_are_the_utc_day_and_the_identity() -> None:
    evening = datetime(2026, 11, 30, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    one = object_id("licences", evening, "shutterstock", "1234567890", "shutterstock:e1")
    assert re.fullmatch("urn:x-archiver:licence:20261201_shutterstock_1234567890_[0-9a-f]{8}", one)
    assert one != object_id("licences", evening, "shutterstock", "1234567890", "shutterstock:e2")
    assert object_id("statements", None, "p", "a", "i").startswith("urn:x-archiver:statement:undated_p_a_")
    cut = object_id("licences", evening, "shutterstock", "1" * 99, "shutterstock:e1").rpartition(":")[2]
    assert len(cut) == 60 and cut.startswith("20261201_shutterstock_111") and cut[-8:] == one[-8:]


@pytest.mark.parametrize("name", ["../x", "a/b", "con.txt", "x.", ".hidden", "", "A.pdf", "ü.pdf", "a" * 61, "nul"])
def test_file_names_that_some_system_cannot_store_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not valid file names"):
        licence(1, {name: b""})


def test_put_read_and_put_again(kit: Kit) -> None:
    with kit.open() as archive:
        new = licence(1)
        first = archive.put(new).result()
        again = archive.put(licence(1, {"licence.json": b"something else"})).result()
        assert (first.already, again.already) == (False, True)
        assert (again.object_id, again.seq, again.version) == (first.object_id, first.seq, "v1")
        assert first.folder == kit.place(1).name
        stored = archive.reader.object(first.folder)
        assert {name: stored.read(name) for name in stored.files()} == new.files
    assert kit.place(1).joinpath("v1/content/certificate.pdf").stat().st_mode & 0o222 == 0


def test_versions_carry_over_what_did_not_change(kit: Kit) -> None:
    with kit.open() as archive:
        put = archive.put(licence(1))  # all three in one batch or not: each builds on the one before
        second = archive.add_version(licence(1).object_id, {"receipt.pdf": b"paid", "copy.pdf": b"paid"})
        third = archive.add_version(licence(1).object_id, {"licence.json": b"{}"})
        nothing = archive.add_version(licence(1).object_id, {"licence.json": b"{}"})
        assert [each.result().version for each in (put, second, third, nothing)] == ["v1", "v2", "v3", "v3"]
        assert nothing.result().already
        stored = archive.reader.object(licence(1).object_id)
        assert stored.versions == ("v1", "v2", "v3")
        assert (stored.read("licence.json"), stored.read("copy.pdf")) == (b"{}", b"paid")
        assert stored.read("licence.json", "v1") == licence(1).files["licence.json"]
        with pytest.raises(IntegrityError, match="has no receipt"):
            stored.read("receipt.pdf", "v1")
        archive.seal()
    assert not (kit.place(1) / "v3/content/certificate.pdf").exists()
    assert kit.verify().findings == []


def test_what_is_damaged_is_neither_read_nor_built_upon(kit: Kit) -> None:
    kit.write(1, 2)
    file = kit.place(1) / "v1/content/certificate.pdf"
    file.chmod(0o644)
    file.write_bytes(b"forged")
    inventory = kit.place(2) / "inventory.json"
    inventory.chmod(0o644)
    inventory.write_bytes(inventory.read_bytes().replace(b"captured", b"forged"))
    with kit.open() as archive:
        with pytest.raises(IntegrityError, match="not what was archived"):
            archive.reader.object(licence(1).object_id).read("certificate.pdf")
        with pytest.raises(IntegrityError, match="differs from the ledger"):
            archive.add_version(licence(2).object_id, {"x.txt": b""}).result()
        with pytest.raises(IntegrityError):
            archive.add_version(licence(3).object_id, {"x.txt": b""}).result()
        assert archive.put(licence(3)).result().already is False


@pytest.mark.skipif(os.name != "posix", reason="pipes lie in folders on POSIX systems alone")
@pytest.mark.parametrize(
    "name",
    [
        archive_words.LEDGER,
        archive_words.INTENTS,
        archive_words.TOOL,
        archive_words.TSA_ROOTS,
        "ledger/checkpoints/00000005.note",
        "a timestamp",
    ],
)
def test_what_is_no_file_keeps_nobody_waiting(sealed: Kit, name: str) -> None:
    if name == "a timestamp":
        name = (
            min((sealed.root / archive_words.CHECKPOINTS).glob("00000005.note.*")).relative_to(sealed.root).as_posix()
        )
    (sealed.root / name).unlink()
    os.mkfifo(sealed.root / name)
    with pytest.raises(IntegrityError, match=f"{name} is not a regular file"), sealed.open():
        pass
    if name == archive_words.LEDGER:
        with pytest.raises(IntegrityError, match="not a regular file"):
            Archive(sealed.root).head()
        with pytest.raises(IntegrityError, match="not a regular file"):
            list(Archive(sealed.root).lines())


@pytest.mark.skipif(os.name != "posix", reason="to make a link takes a right on Windows")
@pytest.mark.parametrize(
    "name", [archive_words.LEDGER, archive_words.INTENTS, "staging/holder.txt", "staging/0", "staging/folder"]
)
def test_nothing_is_written_or_removed_where_a_link_leads(sealed: Kit, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    outside.chmod(0o750)
    (outside / "file").write_text("somebody's")
    (outside / "file").chmod(0o640)
    (sealed.root / name).unlink(missing_ok=True)
    (sealed.root / name).symlink_to(outside if name.endswith("folder") else outside / "file")
    told = pytest.raises(IntegrityError, match="is a link") if name.startswith("ledger/") else nullcontext()
    with told:
        sealed.write(4)
    assert (outside / "file").read_text() == "somebody's"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (outside, outside / "file")] == [0o750, 0o640]
    if name.startswith("ledger/"):
        (sealed.root / name).unlink()
        (sealed.root / name).hardlink_to(outside / "file")
        with pytest.raises(IntegrityError, match=f"{name} has a second name"):
            sealed.write(4)
        assert (outside / "file").read_text() == "somebody's"


def test_the_ledger_is_canonical_and_holds_no_free_text(kit: Kit) -> None:
    with kit.open() as archive:
        line = archive.append("run", account="acme-example", listed=3, total=None, outcome="complete")
        assert (line.seq, line.type, line.fields["total"], archive.lines) == (1, "run", None, 2)
        for text in ("Ada Example", "Jörg", "a\nb"):
            with pytest.raises(ValueError, match="not free text"):
                archive.append("run", account=text)
        archive.put(licence(1)).result()
    lines = list(Archive(kit.root).lines())
    assert [line.fields["type"] for line in lines] == ["origin", "run", "capture"]
    for line in lines:
        assert line.raw == json.dumps(line.fields, sort_keys=True, separators=(",", ":")).encode()
    assert [line.seq for line in Archive(kit.root).lines(offset=lines[0].end)] == [1, 2]
    head = Archive(kit.root).head()
    assert head is not None and head.raw == lines[2].raw and head.offset == lines[2].offset
    assert Archive(kit.root).origin == "live"
    assert Archive(kit.root / "nothing").origin is None and not list(Archive(kit.root / "nothing").lines())


def test_a_crowd_is_archived_once_each_and_what_was_asked_for_is_done(kit: Kit) -> None:
    with kit.open() as archive:
        futures = [archive.put(licence(n % 150)) for n in range(300)]
        assert not futures[-1].cancel()
        wait(futures)
        assert sum(not each.result().already for each in futures) == 150
    assert not list((kit.root / "staging").iterdir())
    late = archive.put(licence(999))
    with pytest.raises(ValueError, match="closed"):
        late.result()
    assert sum(line.type == "capture" for line in Archive(kit.root).lines()) == 150


def test_undated_objects_and_other_kinds(kit: Kit) -> None:
    with kit.open() as archive:
        statement = NewObject(
            kind="statements",
            date=None,
            provider="example",
            asset_id="acme-example",
            identity="automation:example",
            files={"statement.json": b"{}"},
            created=datetime.now(UTC),
        )
        stored = archive.put(statement).result()
        archive.append("statement", id=stored.object_id, account="acme-example")
        archive.seal()
    assert (kit.root / "evidence/statements/undated" / stored.folder).is_dir()
    assert Archive(kit.root).object(stored.folder).read("statement.json") == b"{}"
    report = kit.verify()
    assert (report.state, report.licences, report.objects, report.findings) == ("PROVEN", 0, 1, [])
