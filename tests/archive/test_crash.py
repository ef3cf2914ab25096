"""`kill -9`, power cuts and what they leave: nothing acknowledged is lost, nothing is doubled, the archive verifies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest

from archiver.archive import seal, writer
from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.archive.ocfl import stage_object, stage_version
from archiver.archive.reader import Archive
from archiver.core import atomic_files
from archiver.core.atomic_files import FairLock
from archiver.core.errors import ArchiveBusy, DiskFull, IntegrityError
from tests.support.archive_kit import Kit, licence, passes_ocfl_py
from tests.support.crashes import cut_again_and_again, kill_again_and_again, no_power_cuts, stop_at_every_single_step

NO_POWER_CUTS = no_power_cuts()


@pytest.mark.long
def test_killed_again_and_again(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "acme", 5)


@pytest.mark.skipif(bool(NO_POWER_CUTS), reason=NO_POWER_CUTS)
@pytest.mark.parametrize("options", [(), ("file by file",), ("built apart",)])
def test_power_cuts(tmp_path: Path, options: tuple[str, ...]) -> None:
    cut_again_and_again(tmp_path, 1, *options)


@pytest.mark.long  # every single step: below
def test_killed_while_objects_are_built_by_another_process(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "acme", 3, "built apart")


def test_the_process_that_builds_is_killed(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk might as well have refused: it is told, and nothing is lost by it."""
    build_apart(monkeypatch)
    with kit.open() as archive:
        archive.put(licence(0)).result()
        assert archive._builder
        archive._builder._process.kill()
        with pytest.raises(OSError, match="ended"):
            archive.put(licence(1)).result()
    kit.write(1)
    assert kit.verify().objects == 2


def test_the_lock_outlives_a_killed_command_until_nobody_builds(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next command would clear away what is still being built."""
    build_apart(monkeypatch)
    with kit.open() as archive:
        archive.put(licence(0)).result()
        assert archive._builder
        held, archive._ledger.handle = archive._ledger.handle, os.open(os.devnull, os.O_RDONLY)
        os.close(held)  # as a killed process has its files closed
        with pytest.raises(ArchiveBusy), kit.open():
            pass
    with kit.open():
        pass


def test_turns_go_to_whoever_waited_longest() -> None:
    turns, order = FairLock(), list[int]()

    def take(number: int) -> None:
        with turns:
            order.append(number)

    with turns:
        assert not turns.wanted
        threads = [Thread(target=take, args=(number,)) for number in range(5)]
        for number, thread in enumerate(threads, 2):
            thread.start()
            while turns._taken < number:
                time.sleep(0.001)
        assert turns.wanted and not order
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4] and not turns.wanted


def build_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a process build everything, as it builds much that many archives take in at once, on whatever these tests
    lie."""
    if sys.platform != "linux":
        pytest.skip("a process builds objects on Linux only")
    monkeypatch.setattr(atomic_files, "_file_system", lambda folder: "ext4")
    monkeypatch.setattr(writer, "MIN_OBJECTS_FOR_PROCESS", 0)
    monkeypatch.setattr(FairLock, "wanted", True)


def test_stopped_at_every_single_step(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_at_every_single_step(kit, monkeypatch, "together")


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_a_kill_tore_is_cut(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line, and a timestamp that was not checked yet."""
    with monkeypatch.context() as while_it_checks, pytest.raises(KeyboardInterrupt):
        while_it_checks.setattr(seal, "_check", killed)
        kit.write(1)
    assert {finding.code for finding in kit.verify().findings} <= {"interrupted"}
    kit.write(3)
    assert kit.verify().findings == []
    ledger = kit.root / "ledger/ledger.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + b'{"at":"2026-11-24T')
    assert [finding.code for finding in kit.verify().findings] == ["interrupted"]
    with kit.open():
        assert ledger.read_bytes() == whole
    kit.write(2)
    assert kit.verify().state == "PROVEN"


def intend(kit: Kit, intent: dict[str, str], *, lines: int = 1) -> None:
    """What a command notes, signed, before it puts something in place."""
    head = Archive(kit.root).head()
    assert head
    text = ledger_lines.canonical(intent) + b"\n"
    noted: dict[str, object] = {"head": head.hash, "lines": lines, "sha256": sha256(text).hexdigest()}
    noted |= {"signature": writer.signing(kit.signer)(ledger_lines.intents_to_sign(noted))}
    (kit.root / archive_words.INTENTS).write_bytes(ledger_lines.canonical(noted) + b"\n" + text)


def test_an_object_that_an_intent_names_is_adopted(kit: Kit) -> None:
    """Killed between the rename and the ledger line."""
    kit.write(1)
    staged = stage_object(kit.root / "staging/0", licence(2))
    intend(kit, staged.intent)
    staged.folder.rename(kit.place(2))
    assert [finding.code for finding in kit.verify().findings] == ["interrupted"]
    seal = kit.write(3)
    report = kit.verify()
    assert (report.state, [each.code for each in report.findings], report.licences) == ("PROVEN", ["recovered"], 3)
    types = [json.loads(line)["type"] for line in (kit.root / "ledger/ledger.jsonl").read_bytes().splitlines()]
    assert types == ["origin", "capture", "anchor", "recovered", "capture"] and seal.size == 5


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_half_done_version_is_rolled_forward(kit: Kit, steps: int) -> None:
    """Killed after the rename, after the new inventory, or before the ledger line."""
    kit.write(1)
    place, object_id = kit.place(1), licence(1).object_id
    before = (place / "inventory.json").read_bytes()
    staged = stage_version(kit.root / "staging/0", object_id, before, {"receipt.pdf": b"paid"})
    assert staged is not None
    intend(kit, staged.intent)
    staged.folder.rename(place / "v2")
    for name in ("inventory.json", "inventory.json.sha512")[: steps - 1]:
        (place / name).chmod(0o644)
        (place / name).write_bytes((place / "v2" / name).read_bytes())
    assert {finding.code for finding in kit.verify().findings} == {"interrupted"}
    with kit.open() as archive:
        assert archive.reader.object(object_id).read("receipt.pdf") == b"paid"
        assert archive.reader.object(object_id).read("certificate.pdf") == licence(1).files["certificate.pdf"]
        archive.seal()
    report = kit.verify()
    assert (report.state, [each.code for each in report.findings]) == ("PROVEN", ["recovered"])
    assert passes_ocfl_py(place)


def test_an_intent_without_its_object_leaves_nothing(kit: Kit) -> None:
    kit.write(1)
    staged = stage_object(kit.root / "staging/0", licence(2))
    intend(kit, staged.intent | {"id": staged.object_id.replace("20261124", "20301124")})
    (kit.root / "evidence/licences/2030/11").mkdir(parents=True)
    with kit.open():
        pass
    assert (kit.verify().findings, list((kit.root / "staging").iterdir())) == ([], [])
    assert not (kit.root / "evidence/licences/2030").exists()


def test_what_a_killed_command_said_of_itself_is_no_finding_and_a_link_in_its_place_is(sealed: Kit) -> None:
    holder = sealed.root / archive_words.HOLDER
    holder.write_text("process 4711")
    assert (sealed.verify().findings, writer.unfinished(sealed.root)) == ([], False)
    holder.unlink()
    holder.symlink_to("/etc/hostname")
    assert [each.path for each in sealed.verify().findings] == [archive_words.HOLDER]


def test_a_full_disk_is_named_and_what_was_archived_is_safe(kit: Kit) -> None:
    """A file system of 2 MB."""
    if os.geteuid() or not Path("/bin/mount").exists():
        pytest.skip("needs root to mount a small file system")
    kit.root.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", kit.root], capture_output=True)
    if mounted.returncode:
        pytest.skip("cannot mount here")
    try:
        with kit.open() as archive:
            big = {"certificate.pdf": os.urandom(100_000)}
            archive.put(licence(0, big)).result()
            futures = [archive.put(licence(n, {**big, "n.txt": b"%d" % n})) for n in range(1, 40)]
            assert {type(future.exception()) for future in futures} <= {DiskFull, type(None)}
            acknowledged = [future.result() for future in futures if not future.exception()]
            with pytest.raises(DiskFull, match="Make room"):
                archive.append("run", account="acme")
        assert not any(finding.damage for finding in kit.verify().findings)
        with kit.open() as archive:  # with less to write there is room again
            archive.put(licence(100)).result()
        assert kit.verify().licences >= 2 + len(acknowledged), "what was placed and not yet acknowledged is adopted"
    finally:
        subprocess.run(["umount", kit.root], check=True)


def test_two_writers_exclude_each_other(kit: Kit) -> None:
    with kit.open() as archive:
        archive.put(licence(1)).result()
        with pytest.raises(ArchiveBusy, match="Wait until it ends"), kit.open():
            pass
    with kit.open():
        pass


def test_a_ledger_that_lost_signed_lines_is_not_written_to(kit: Kit) -> None:
    kit.write(1, 2)
    ledger = kit.root / "ledger/ledger.jsonl"
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(IntegrityError, match="covers more"), kit.open():
        pass
    ledger.unlink()
    with pytest.raises(IntegrityError, match="lost"), kit.open():
        pass
    assert not ledger.exists()
