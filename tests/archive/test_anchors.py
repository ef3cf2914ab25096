"""Anchors: a witness and a calendar vouch for checkpoints; what they gave is checked, and each forgery is told."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.archive.anchors import Backlog, backlog, log_key
from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import anchor_proofs, archive_words, one_proof, whole_archive
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.inclusion_bundle import disclose
from archiver.archive.ledger import Line
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.merkle import consistency_path
from archiver.archive.reader import Archive
from archiver.archive.seal import Authority
from tests.support.anchor_kit import LocalCalendar, LocalWitness, calendar, continues, header, witness
from tests.support.archive_kit import SIGNER, Kit

__all__ = ["calendar", "witness"]

PUBLIC = SIGNER.public_key().public_bytes_raw()


@pytest.fixture
def anchored(kit: Kit, witness: LocalWitness, calendar: LocalCalendar) -> Kit:
    """An archive with both kinds of anchors. The witness knows its key."""
    witness.trust(log_key(PUBLIC))
    kit.authorities = []  # which no anchor needs
    kit.anchors = [witness.anchor(), calendar.anchor()]
    return kit


def place(kit: Kit, name: str) -> Path:
    return kit.root / archive_words.CHECKPOINTS / name


def told(kit: Kit, headers: Path | None = None) -> list[tuple[str, str]]:
    """What is damaged, as code and file."""
    report = whole_archive.verify_archive(kit.root, headers=headers)
    return [(each.code, each.path.rpartition("/")[2]) for each in report.findings if each.damage]


def rewrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


@settings(max_examples=40)
@given(st.integers(0, 40), st.integers(1, 40))
def test_a_consistency_proof_convinces_an_independent_checker(old: int, more: int) -> None:
    leaves = [b"%d" % n for n in range(old + more)]
    roots = []
    for count in (old, len(leaves)):
        tree = Frontier()
        for each in leaves[:count]:
            tree.add(leaf_hash(each))
        roots.append(tree.root())
    path = consistency_path((Line(each, 0) for each in leaves), old, len(leaves))
    assert continues(old, roots[0], len(leaves), roots[1], path)
    if old:
        assert not continues(old, bytes(32), len(leaves), roots[1], path)


def test_each_seal_is_anchored_and_each_anchor_is_stated_for_what_it_is(
    anchored: Kit, calendar: LocalCalendar, authority: LocalAuthority, tmp_path: Path
) -> None:
    anchored.authorities = [Authority(name="local", url=authority.url, roots=authority.root_pem)]
    assert anchored.write(1).warnings == anchored.write(2).warnings == ()
    report = anchored.verify()
    assert (report.state, report.findings) == ("PROVEN", [])
    said = [(each.checkpoint, each.kind, each.by) for each in report.anchors]
    assert said == [
        (n, *who) for n in (2, 4) for who in (("pending", calendar.url), ("cosignature", "witness.example/w1"))
    ]
    assert b"acme" not in place(anchored, "00000004.note.armored.cosigned").read_bytes()
    height = calendar.mine()
    assert backlog(anchored.root, anchored.anchors)[1] == Backlog("alice", False, 2, (2, 4))
    anchored.write()
    assert backlog(anchored.root, anchored.anchors)[1] == Backlog("alice", False, 2, ())
    without, given_headers = anchored.verify(), calendar.header_file(tmp_path)
    blocks = [each for each in without.anchors if each.kind == "bitcoin"]
    assert [(each.by, each.time) for each in blocks] == [(str(height - 1), None), (str(height), None)]
    assert "not checked here" in str(blocks[0])
    with_headers = whole_archive.verify_archive(anchored.root, headers=given_headers)
    assert with_headers.findings == []
    assert {each.time for each in with_headers.anchors if each.kind == "bitcoin"} == {"2026-09-21T14:13:20Z"}


def test_an_anchor_that_fails_is_told_once_and_tried_again(anchored: Kit, witness: LocalWitness) -> None:
    witness.logs.clear()
    (warning,) = anchored.write(1).warnings
    assert "The anchor armored did not take checkpoint 2: it does not know this archive yet" in warning
    assert anchored.write(2).warnings == ()
    assert backlog(anchored.root, anchored.anchors)[0] == Backlog("armored", True, 0)
    witness.trust(log_key(PUBLIC))
    assert anchored.write().warnings == ()
    assert backlog(anchored.root, anchored.anchors)[0] == Backlog("armored", False, 1)
    assert anchored.verify().state == "UNPROVEN"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, b""), "does not accept this archive's key"),
        ((422, b""), "does not continue what it cosigned"),
        ((409, b"99\n"), "has seen 99 lines of this archive, which has 2"),
        ((409, b"0\n"), "has cosigned other lines"),
        ((409, b"many"), "without the size"),
        ((500, b""), "it answered 500"),
        ((200, b"\xe2\x80\x94 somebody.else AAAA\n"), "does not hold"),
    ],
)
def test_what_a_witness_may_answer(anchored: Kit, witness: LocalWitness, answer: tuple[int, bytes], words: str) -> None:
    witness.tamper = lambda _: answer
    (warning,) = anchored.write(1).warnings
    assert words in warning and anchored.verify().state == "UNPROVEN"


def test_a_witness_knows_more_than_we_remember(anchored: Kit, witness: LocalWitness) -> None:
    """It answers 409 with the size that it knows, and gets a proof from there; what it saw cannot be taken back."""
    anchored.write(1)
    backup = shutil.copytree(anchored.root, anchored.root.parent / "backup")
    place(anchored, "00000002.note.armored.cosigned").unlink()
    asked = witness.asked
    assert anchored.write(2).warnings == () and witness.asked == asked + 2
    shutil.rmtree(anchored.root)
    shutil.copytree(backup, anchored.root)
    (anchored.root.parent / "state").rename(anchored.root.parent / "lost")
    (warning,) = anchored.write(3).warnings
    assert "has cosigned other lines of this archive than those here" in warning


def test_a_calendar_is_asked_under_its_own_address_only(anchored: Kit, calendar: LocalCalendar) -> None:
    calendar.tamper = lambda answer: (answer[0], answer[1].replace(b"127.0.0.1", b"127.0.0.9"))
    (warning,) = anchored.write(1).warnings
    assert "its answer names http://127.0.0.9" in warning
    kept = place(anchored, "00000002.note.alice.pending.ots")
    assert not kept.exists()

    calendar.tamper = lambda answer: answer
    anchored.write()
    calendar.mine()
    anchored.write(2)
    done = kept.with_name("00000002.note.alice.ots")
    rewrite(kept, done.read_bytes())
    done.unlink()  # what is kept as pending waits for no calendar: none is asked for it
    (warning,) = anchored.write(3).warnings
    assert f"{kept.name} waits for nothing; remove that file" in warning and not done.exists()


def with_time(data: bytes, witness: LocalWitness) -> bytes:
    head, line = data[: data.rindex(b"\xe2")], data[data.rindex(b"\xe2") :]
    blob = bytearray(base64.b64decode(line.split()[2]))
    blob[11] ^= 1
    return head + " ".join(("\u2014", witness.name, base64.b64encode(blob).decode())).encode() + b"\n"


def by_rival(data: bytes, witness: LocalWitness) -> bytes:
    """Cosigned by another key of the same name."""
    head = data[: data.rindex(b"\xe2")]
    return head + LocalWitness(witness.name).cosign(head.partition(b"\n\n")[0] + b"\n")


def without_ours(data: bytes, witness: LocalWitness) -> bytes:
    text = data.partition(b"\n\n")[0] + b"\n"
    return text + b"\n" + witness.cosign(text) * 2


@pytest.mark.parametrize("forge", [with_time, by_rival, without_ours])
def test_a_forged_cosignature_is_told(
    anchored: Kit, witness: LocalWitness, forge: Callable[[bytes, LocalWitness], bytes]
) -> None:
    anchored.write(1)
    file = place(anchored, "00000002.note.armored.cosigned")
    rewrite(file, forge(file.read_bytes(), witness))
    assert told(anchored) == [("anchor", file.name)]


def test_an_anchor_of_another_checkpoint_is_told(anchored: Kit, calendar: LocalCalendar) -> None:
    anchored.write(1)
    anchored.write(2)
    calendar.mine()
    anchored.write()
    for name in ("armored.cosigned", "alice.ots", "alice.pending.ots"):
        shutil.copyfile(place(anchored, f"00000002.note.{name}"), file := place(anchored, f"00000003.note.{name}.new"))
        file.replace(place(anchored, f"00000003.note.{name}"))
    assert sorted(told(anchored)) == [
        ("anchor", f"00000003.note.{name}") for name in ("alice.ots", "alice.pending.ots", "armored.cosigned")
    ]
    place(anchored, "00000002.note").unlink()
    assert ("missing", "00000002.note") in told(anchored)


def test_a_forged_way_to_a_block_is_told(anchored: Kit, calendar: LocalCalendar, tmp_path: Path) -> None:
    anchored.write(1)
    height = calendar.mine()
    anchored.write()
    file, headers = place(anchored, "00000002.note.alice.ots"), calendar.header_file(tmp_path)
    genuine = file.read_bytes()
    assert told(anchored, headers) == []
    rewrite(file, genuine[:-30] + bytes([genuine[-30] ^ 1]) + genuine[-29:])
    assert told(anchored, headers) == [("anchor", file.name)]
    for forged in (genuine + b"\0", genuine[:-1], genuine[:65] + b"\x67" + genuine[66:]):
        rewrite(file, forged)
        assert told(anchored) == [("anchor", file.name)]
    rewrite(file, place(anchored, "00000002.note.alice.pending.ots").read_bytes())
    assert told(anchored) == [("anchor", file.name)]
    rewrite(file, genuine)
    calendar.headers[height] = header(bytes(32))
    assert told(anchored, calendar.header_file(tmp_path)) == [("anchor", file.name)]
    headers.write_text(f"{height} {bytes(68).hex()}{'ff7f0010'}{bytes(8).hex()}\n")
    assert told(anchored, headers) == [("anchor", file.name)]  # a header without work


def test_headers_of_all_blocks_in_one_file(tmp_path: Path) -> None:
    blocks = [header(hashlib.sha256(b"%d" % n).digest()) for n in range(3)]
    (file := tmp_path / "blockchain_headers").write_bytes(b"".join(blocks))
    assert [anchor_proofs.block_header(file, n) for n in range(4)] == [*blocks, None]


@given(st.binary(max_size=60))
def test_no_bytes_confuse_the_reader_of_opentimestamps(more: bytes) -> None:
    digest = bytes(32)
    try:
        ends = anchor_proofs.ots_attestations(anchor_proofs.OTS_HEAD + digest + more, digest)
    except archive_words.Malformed:
        return
    assert ends and ends[-1].end == len(anchor_proofs.OTS_HEAD) + 32 + len(more)


def test_a_proof_carries_its_anchors_and_any_change_of_them_is_told(
    anchored: Kit, calendar: LocalCalendar, tmp_path: Path
) -> None:
    anchored.write(1)
    calendar.mine()
    anchored.write()
    out = tmp_path / "proof"
    disclose(Archive(anchored.root), anchored.stored[0].object_id, out)
    carried = sorted(path.name.split(".", 3)[3] for path in out.glob("integrity/*.note.*") if path.suffix != ".tsr")
    assert carried == ["cosigned", "ots"]
    headers = calendar.header_file(tmp_path)
    command = [sys.executable, "-I", str(CARRIED), "--proof", str(out), "--headers", str(headers), "--json"]
    printed = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert printed["state"] == "UNPROVEN" and not printed["findings"]
    assert {each["kind"]: bool(each["time"]) for each in printed["anchors"]} == {"bitcoin": True, "cosignature": True}
    files = [path for path in out.glob("integrity/*") if path.suffix in (".ots", ".cosigned") or "witness" in path.name]
    for path in files:
        genuine = path.read_bytes()
        for at in range(5, len(genuine), 89):
            path.write_bytes(genuine[:at] + bytes([genuine[at] ^ 4]) + genuine[at + 1 :])
            assert one_proof.verify_proof(out).state == "DAMAGED", (path.name, at)
        path.write_bytes(genuine)
    assert one_proof.verify_proof(out).state == "UNPROVEN"
