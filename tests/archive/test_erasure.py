"""What is erased is gone, and everybody sees that it was; a deletion cannot pass for an erasure."""

from __future__ import annotations

import errno
import json
import os
import shutil
import string
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.checking.parts import ledger_lines, verify_command
from archiver.archive.checking.parts.verify_report import VerifyReport
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.erasure import EVERYTHING, erasure_of, holds, tombstone_id
from archiver.archive.inclusion_bundle import disclose
from archiver.archive.ledger import check_fields
from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.archive.writer import ArchiveWriter
from archiver.core.errors import Erased, IntegrityError, LegalHold
from tests.support.archive_kit import Kit, flip, licence, objects, passes_ocfl_py

ONE, TWO = licence(1).object_id, licence(2).object_id


TOMBSTONE = tombstone_id(ONE)


def state(archive: ArchiveWriter, words: str, **said: str) -> str:
    """A person's statement, archived; its id."""
    content = json.dumps({"by": "Ada Example", "reason": words}).encode()
    new = NewObject(
        kind="statements", date=None, provider="archiver", asset_id="statement", identity=words,
        files={"statement.json": content}, created=datetime.now(UTC),
    )  # fmt: skip
    stored = archive.put(new).result()
    archive.append("statement", id=stored.object_id, **said)
    return stored.object_id


def erase(kit: Kit, object_id: str = ONE, reason: str = "data_subject_request") -> None:
    with kit.open() as archive:
        statement = state(archive, f"erase {object_id}")
        archive.erase(object_id, reason=reason, statement=statement, identity_sha256="ab" * 32).result()
        archive.seal()


def codes(report: VerifyReport) -> set[str]:
    return {finding.code for finding in report.findings}


def test_content_goes_and_a_tombstone_with_its_digests_stays(kit: Kit) -> None:
    kit.write(1, 2)
    with kit.open() as archive:
        archive.add_version(ONE, {"receipt.pdf": b"paid by Ada"}).result()
        archive.seal()
    before = {path.name: path.read_bytes() for path in kit.place(1).glob("v*/inventory.json")}
    erase(kit)
    assert not kit.place(1).exists() and kit.place(2).exists()
    assert not any(b"certificate of 1" in path.read_bytes() for path in kit.root.rglob("*") if path.is_file())
    assert all(passes_ocfl_py(folder) for folder in objects(kit.root)) and len(objects(kit.root)) == 3
    kept = json.loads(Archive(kit.root).object(TOMBSTONE).read("tombstone.json"))
    assert (kept["erased"], kept["reason"], kept["intact"]) == (ONE, "data_subject_request", True)
    assert [file["name"] for file in kept["versions"]["v2"]["files"]] == [
        "certificate.pdf", "licence.json", "receipt.pdf",
    ]  # fmt: skip
    assert all(len(file["sha512"]) == 128 and file["bytes"] for file in kept["versions"]["v1"]["files"]) and before

    report = kit.verify()
    assert (report.state, report.licences, report.objects, report.erased) == ("PROVEN", 1, 3, 1)
    [told] = report.findings
    assert told.code == "erased" and not told.damage and "data_subject_request" in told.message
    assert report.as_json()["erased"] == 1 and "1 erased" in report.as_text()
    one = verify_archive(kit.root, licence=ONE)
    assert (one.state, codes(one), one.licences) == ("ERASED", {"erased"}, 0) and one.secured_since
    assert verify_archive(kit.root, licence=TWO).state == "PROVEN"
    assert verify_command.main([str(kit.root), "--licence", "asset-1_"]) == 0
    with pytest.raises(Erased, match="data_subject_request"):
        disclose(Archive(kit.root), ONE, kit.root.parent / "proof")
    line = erasure_of(Archive(kit.root), ONE)
    assert line is not None and b"Ada " not in (kit.root / "ledger/ledger.jsonl").read_bytes()


def test_the_last_of_a_month_leaves_no_empty_folder(kit: Kit) -> None:
    kit.write(1)
    erase(kit)
    assert not (kit.root / "evidence/licences").exists()
    assert (kit.verify().state, codes(kit.verify())) == ("PROVEN", {"erased"})


def test_what_was_erased_is_not_archived_again(kit: Kit) -> None:
    kit.write(1, 2)
    erase(kit)
    with kit.open() as archive:
        for wish in (archive.put(licence(1)), archive.add_version(ONE, {"receipt.pdf": b""})):
            with pytest.raises(Erased, match="asset-1"):
                wish.result()
        assert archive.put(licence(3)).result().already is False
        assert archive.erase(ONE, reason="other", statement="x").result().already
        crowd = [archive.erase(TWO, reason="other", statement="x"), archive.put(licence(2))]
        assert crowd[0].result().already is False
        with pytest.raises(Erased):
            crowd[1].result()
        assert [path.name for path in (kit.root / "staging").iterdir()] == ["holder.txt"]
        for wrong in (
            TOMBSTONE,
            ONE.replace(":licence:", ":terms:"),
            "urn:x-archiver:licence:20261124_example_nothing_00000000",
        ):
            with pytest.raises((ValueError, IntegrityError)):
                archive.erase(wrong, reason="other", statement="x").result()
        with pytest.raises(ValueError, match="cannot be erased"):
            archive.erase(licence(3).object_id, reason="because Ada said so", statement="x")
    assert codes(kit.verify()) == {"erased"} and kit.verify().licences == 1


def test_damage_is_not_hidden_by_an_erasure(kit: Kit) -> None:
    kit.write(1, 2)
    flip(kit.place(1) / "v1/content/certificate.pdf")
    shutil.rmtree(kit.place(2))
    erase(kit)
    with pytest.raises(IntegrityError, match="nothing to erase"):
        erase(kit, TWO)
    report = kit.verify()
    assert report.state == "DAMAGED" and codes(report) == {"erased", "missing"}
    assert any("it was damaged before" in finding.message for finding in report.findings)


def forge(kit: Kit, line: str | None = None, **fields: str) -> None:
    """A licence is deleted and a tombstone, made elsewhere, put beside; perhaps a line records that."""
    other = Kit(kit.root.parent / "elsewhere" / "acme", [])
    other.write(1, 2)
    erase(other)
    shutil.rmtree(object_path(kit.root, fields.get("erases", ONE)))
    shutil.copytree(object_path(other.root, TOMBSTONE), object_path(kit.root, TOMBSTONE))
    if line:
        made = json.loads(other.root.joinpath("ledger/ledger.jsonl").read_bytes().splitlines()[-1])
        with kit.open() as archive:
            archive.append(line, id=TOMBSTONE, version="v1", inventory_sha512=made["inventory_sha512"], **fields)
            archive.seal()


def bring_back(kit: Kit) -> None:
    """The folder of a backup from before the erasure is put back."""
    shutil.copytree(kit.place(1), kit.root.parent / "backup")
    erase(kit)
    shutil.copytree(kit.root.parent / "backup", kit.place(1))


def lose_the_tombstone(kit: Kit) -> None:
    erase(kit)
    shutil.rmtree(kit.root / "evidence/tombstones")


def change_the_tombstone(kit: Kit) -> None:
    erase(kit)
    flip(object_path(kit.root, TOMBSTONE) / "v1/content/tombstone.json")


def version_after(kit: Kit) -> None:
    erase(kit)
    with kit.open() as archive:
        archive.append("version", id=ONE, version="v2", inventory_sha512="ab" * 64)


def line_about(kit: Kit, **fields: str) -> None:
    """An erasure line by hand, of something that no line records, or twice of the same."""
    erase(kit)
    with kit.open() as archive:
        archive.append("erasure", **{"id": TOMBSTONE.replace("asset", "other"), "reason": "other", **fields})


ATTACKS: dict[str, tuple[Callable[[Kit], Any], set[str]]] = {
    "an object is deleted": (lambda kit: shutil.rmtree(kit.place(1)), {"missing"}),
    "a tombstone without a line": (forge, {"missing", "orphan"}),
    "a tombstone recorded, but not as an erasure": (lambda kit: forge(kit, "capture"), {"missing"}),
    "the content is there again": (bring_back, {"erased", "erased-content-present"}),
    "the tombstone is deleted": (lose_the_tombstone, {"missing"}),
    "the tombstone is changed": (change_the_tombstone, {"changed", "erased"}),
    "the tombstone is of another object": (lambda kit: forge(kit, "erasure", erases=TWO), {"tombstone", "erased"}),
    "a version of what was erased": (version_after, {"erased", "ledger", "tombstone"}),
    "an erasure of nothing": (lambda kit: line_about(kit, erases="nothing"), {"erased", "ledger"}),
    "an erasure of a tombstone": (lambda kit: line_about(kit, erases=TOMBSTONE), {"erased", "ledger"}),
    "an erasure without a tombstone": (lambda kit: line_about(kit, erases=TWO), {"erased", "ledger"}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_only_a_ledger_line_makes_an_erasure(kit: Kit, name: str) -> None:
    kit.write(1, 2)
    do, expected = ATTACKS[name]
    do(kit)
    report = kit.verify()
    assert (report.state, codes(report)) == ("DAMAGED", expected), report.findings


def test_content_that_a_backup_brought_back_is_erased_again(kit: Kit) -> None:
    kit.write(1, 2)
    bring_back(kit)
    assert verify_archive(kit.root, licence=ONE).state == "DAMAGED"
    with kit.open() as archive:
        assert archive.erase(ONE, reason="other", statement="x").result().already
    assert not kit.place(1).exists() and codes(kit.verify()) == {"erased"}


def test_a_forged_intent_neither_erases_nor_adopts(kit: Kit) -> None:
    kit.write(1, 2)
    other = Kit(kit.root.parent / "elsewhere" / "acme", [])
    other.write(1)
    erase(other)
    shutil.copytree(object_path(other.root, TOMBSTONE), object_path(kit.root, TOMBSTONE))
    line = json.loads(other.root.joinpath("ledger/ledger.jsonl").read_bytes().splitlines()[-1])
    intent = {name: line[name] for name in ("id", "version", "inventory_sha512", "erases")}
    (kit.root / "ledger/intents.jsonl").write_bytes(ledger_lines.canonical(intent) + b"\n")
    with pytest.raises(IntegrityError, match="did not sign"), kit.open():
        pass
    assert kit.place(1).exists() and codes(kit.verify()) == {"intent", "orphan"}


def test_a_hold_refuses_until_it_is_released(kit: Kit) -> None:
    kit.write(1, 2)
    with kit.open() as archive:
        statement = state(archive, "letter of 3 May", hold=ONE)
        for held in (ONE, statement):
            with pytest.raises(LegalHold, match="by Ada Example because: letter of 3 May"):
                archive.erase(held, reason="other", statement=statement).result()
        everything = state(archive, "court", hold=EVERYTHING)
        with pytest.raises(LegalHold, match="whole archive"):
            archive.erase(TWO, reason="other", statement=statement).result()
        again = state(archive, "letter of 4 May", hold=ONE)
        state(archive, "settled", release=statement)
        with pytest.raises(LegalHold, match="whole archive"):
            archive.erase(ONE, reason="other", statement=statement).result()
        state(archive, "settled as well", release=again)
        with pytest.raises(LegalHold, match="court"):
            archive.erase(ONE, reason="other", statement=statement).result()
        assert [hold.statement for hold in holds(archive.reader)] == [everything]
        state(archive, "over", release=everything)
        assert archive.erase(ONE, reason="other", statement=statement).result().object_id == TOMBSTONE
        archive.erase(statement, reason="data_subject_request", statement=everything).result()
        archive.seal()
    assert kit.verify().state == "PROVEN" and kit.verify().erased == 2
    with kit.open() as archive:  # a hold outlives its statement
        again = state(archive, "held once more", hold=TWO)
        shutil.rmtree(object_path(kit.root, again))
        with pytest.raises(LegalHold, match="statement"):
            archive.erase(TWO, reason="other", statement=everything).result()


@pytest.mark.long  # the writer's steps: test_crash.py
def test_stopped_at_every_single_step(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure, stopped once at each step that changes the disk: all is there, or all is erased, never damaged."""
    kit.authorities = []
    kit.write(1)
    pristine, whole = kit.root, kit.place(1).relative_to(kit.root)
    left = 10**9
    ends: set[tuple[bool, bool, bool]] = set()

    def lethal(step: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.EIO, "stopped")
            return step(*arguments, **options)

        return count

    for owner, name in ((os, "write"), (os, "unlink"), (os, "rmdir"), (Path, "rename"), (os, "mkdir")):
        monkeypatch.setattr(owner, name, lethal(getattr(owner, name)))
    monkeypatch.setattr(os, "fsync", lethal(lambda _: None))  # the process alone is stopped, and sees what it wrote
    for stop in range(1, 1000):
        left, kit.root = 10**9, pristine.parent / f"stopped-{stop}" / "acme"
        shutil.copytree(pristine, kit.root)
        with suppress(OSError), kit.open() as archive:
            left = stop
            archive.erase(ONE, reason="other", statement="x").result()
        survived, left = left >= 0, 10**9
        before = kit.verify()
        assert codes(before) <= {"interrupted", "erased"}, (stop, before.findings)
        with kit.open():
            pass
        report, there = kit.verify(), (kit.root / whole).exists()
        assert codes(report) == (set() if there else {"erased"}) and report.erased == (not there), (stop, report)
        assert not list((kit.root / "staging").iterdir())
        end = (there, "erased" in codes(before), "interrupted" in codes(before))
        assert end in ends or all(map(passes_ocfl_py, objects(kit.root)))
        ends.add(end)
        if survived:
            break
    # a tombstone that is undone; an erasure that is finished; a whole one
    assert ends >= {(True, False, True), (False, True, True), (False, True, False)}


WORDS = st.text("aZ09_.:+-" * 4 + " @/\\\n\"'é;", max_size=6)


@given(st.dictionaries(WORDS, WORDS | st.lists(WORDS, max_size=3) | st.dictionaries(WORDS, WORDS, max_size=2)))
def test_no_free_text_gets_into_a_line(fields: dict[str, Any]) -> None:
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    plain = set(text) <= {*string.ascii_letters, *string.digits, *"_.:+-", *'{}[],"'}
    try:
        check_fields(fields)
    except ValueError:
        assert not plain
    else:
        assert plain


@pytest.mark.parametrize(
    "value", ["Ada Example", "ada@example.com", "https://example.com/ada", "Jörg", "a\nb", ["a b"]]
)
def test_names_and_addresses_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not free text"):
        check_fields({"account": {"of": value}})
