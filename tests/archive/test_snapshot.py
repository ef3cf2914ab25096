"""A snapshot of an archive is an archive: whatever another process writes to it meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from archiver.archive.checking.parts import archive_words, whole_archive
from archiver.archive.snapshot import Snapshot, SnapshotFile, SnapshotPart, snapshot_or_as_it_is
from archiver.core.atomic_files import remove_tree
from tests.support.archive_kit import Kit, licence
from tests.support.crashes import read_for, start, stop

CLEAN = {"erased"}


def kept(parts: Iterable[SnapshotPart], source: Path, target: Path) -> Path:
    """What a snapshot yields, as files below `target`."""
    for part in parts:
        if not isinstance(part, SnapshotFile):
            remove_tree(target / part.folder)
            with suppress(OSError):
                for folder in (target / part.folder).parents:
                    folder.rmdir()
            continue
        path = target / part.name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = part.content
        path.write_bytes(content if isinstance(content, bytes) else (source / part.name).read_bytes()[:content])
    return target


def codes(root: Path) -> set[str]:
    return {each.code for each in whole_archive.verify_archive(root).findings}


def test_a_snapshot_is_the_archive(kit: Kit, tmp_path: Path) -> None:
    kit.write(1, 2)
    copy = kept(Snapshot(kit.root).parts(), kit.root, tmp_path / "copy/acme")
    assert whole_archive.verify_archive(copy).as_json() == kit.verify().as_json()
    names = {each.relative_to(kit.root) for each in kit.root.rglob("*") if each.is_file()}
    assert names - {each.relative_to(copy) for each in copy.rglob("*")} == {Path(archive_words.INTENTS)}


def test_it_holds_while_another_process_writes_and_erases(tmp_path: Path) -> None:
    root = tmp_path / "acme"
    child = start(root, 1)
    try:
        read_for(child, 0.3)
        lines = list[int]()
        while len(set(lines)) < 3 and len(lines) < 60:
            snapshot = Snapshot(root)
            copy = kept(snapshot.parts(), root, tmp_path / f"{len(lines)}/acme")
            assert codes(copy) <= CLEAN and not snapshot.faults
            lines.append(snapshot.lines)
    finally:
        stop(child)
    assert lines == sorted(lines) and len(set(lines)) == 3  # it wrote meanwhile


def test_what_is_erased_meanwhile_is_not_in_it(kit: Kit, tmp_path: Path) -> None:
    kit.write(*range(4))
    snapshot, seen = Snapshot(kit.root), list[SnapshotPart]()
    for part in (parts := snapshot.parts()):
        seen.append(part)
        if isinstance(part, SnapshotFile) and part.name.startswith("evidence/licences"):
            first = part.name.split("/")[4]
            break
    with kit.open() as archive:
        for stored in kit.stored:  # the one that is being read, and all that are to come
            archive.erase(stored.object_id, reason="other", statement="x").result()
    copy = kept([*seen, *parts], kit.root, tmp_path / "copy/acme")
    assert not snapshot.faults and codes(copy) <= CLEAN and not list(copy.rglob(f"{first}/*"))
    assert whole_archive.verify_archive(copy).erased == len(kit.stored)


def test_a_damaged_archive_is_copied_as_it_is_and_named(kit: Kit, tmp_path: Path) -> None:
    kit.write(1, 2)
    lost = kit.place(1) / "v1/content/certificate.pdf"
    remove_tree(kit.place(1) / "v1/content")
    snapshot = Snapshot(kit.root)
    copy = kept(snapshot.parts(), kit.root, tmp_path / "copy/acme")
    assert len(snapshot.faults) == 1 and kit.place(1).name in snapshot.faults[0]
    assert (copy / kit.place(1).relative_to(kit.root) / "inventory.json").exists() and not lost.exists()
    with (kit.root / archive_words.LEDGER).open("ab") as ledger:
        ledger.write(b"rubbish\n")
    faults: list[str] = []
    whole = kept(snapshot_or_as_it_is(kit.root, faults), kit.root, tmp_path / "whole/acme")
    assert faults and (whole / archive_words.LEDGER).read_bytes().endswith(b"rubbish\n")


@pytest.mark.parametrize("lines", [b"", b'{"seq":0'])
def test_an_archive_without_a_line_is_none_yet(tmp_path: Path, lines: bytes) -> None:
    (tmp_path / "acme/ledger").mkdir(parents=True)
    (tmp_path / "acme" / archive_words.LEDGER).write_bytes(lines)
    assert not list(Snapshot(tmp_path / "acme").parts())


def test_a_later_version_is_left_out_and_the_one_before_is_whole(kit: Kit, tmp_path: Path) -> None:
    """As of a command that was killed between the version and its line."""
    kit.write(1)
    ledger = (kit.root / archive_words.LEDGER).read_bytes()
    with kit.open() as archive:
        archive.add_version(licence(1).object_id, {"receipt.pdf": b"paid"}).result()
    (kit.root / archive_words.LEDGER).write_bytes(ledger)
    copy = kept(Snapshot(kit.root).parts(), kit.root, tmp_path / "copy/acme")
    assert codes(copy) == set() and not list(copy.rglob("v2"))
