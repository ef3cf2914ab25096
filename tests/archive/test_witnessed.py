"""Checkpoints that somebody outside holds, at their boundaries: the last line kept, the first one lost."""

from __future__ import annotations

import base64
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.checking.parts import witnessed
from archiver.archive.checking.parts.archive_words import Malformed
from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.checking.parts.signed_notes import Note, key_id
from archiver.archive.checking.parts.witnessed import (
    OutsideCheckpoint,
    Rollback,
    check_witnessed,
    outside_checkpoints,
    whole_lines,
)
from archiver.archive.seal import sign
from tests.support.archive_kit import SIGNER

KEY, OTHER, ORIGIN = SIGNER.public_key().public_bytes_raw(), Ed25519PrivateKey.from_private_bytes(bytes(32)), "x/acme"
ROOT = "ab" * 32


def note(size: int, root: bytes = bytes(32), origin: str = ORIGIN, by: Ed25519PrivateKey = SIGNER) -> bytes:
    return sign(origin, size, root, by)


def told(place: Path, key: bytes | None = KEY, origin: str | None = ORIGIN, **more: Any) -> list[tuple[Any, ...]]:
    return [
        (each.path.relative_to(place).as_posix(), each.size, each.fault, each.other_log)
        for each in outside_checkpoints(place, key, origin, **more)
    ]


def test_checkpoints_outside_are_this_archive_s_by_their_name_or_their_key(tmp_path: Path) -> None:
    (tmp_path / "sub/deep").mkdir(parents=True)
    damaged = bytearray(note(5))
    damaged[-9] ^= 1
    contents = {
        "a.note": note(3), "sub/b.note": note(2), "sub/deep/c.note": note(9), "d.txt": note(9), "e.note": b"x",
        "f.note": note(4, origin="x/other", by=OTHER), "g.note": note(7, origin="x/other"), "h.note": note(6, by=OTHER),
        "i.note": note(5).replace(b"\n5\n", b"\n1\n"),
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "j.note").mkdir()
    by_another, unsigned = (
        "is signed by another key than this archive's",
        "is a damaged copy: its signature does not hold",
    )
    wanted = [
        ("e.note", 0, "not a signed checkpoint", ""), ("f.note", 0, "", "x/other"), ("i.note", 0, unsigned, ""),
        ("j.note", 0, "cannot be read: it is no regular file", ""), ("sub/b.note", 2, "", ""), ("a.note", 3, "", ""),
        ("h.note", 6, by_another, ""), ("g.note", 7, "", ""),
    ]  # fmt: skip
    assert told(tmp_path) == wanted
    [alone] = outside_checkpoints(tmp_path / "a.note", KEY, ORIGIN)
    assert alone.size == 3 and alone.path == tmp_path / "a.note"
    trusting = [(*each[:2], "", each[3]) if each[0] == "h.note" else each for each in wanted if each[0] != "i.note"]
    unchecked = [trusting[0], trusting[1], trusting[2], ("i.note", 1, "", ""), *trusting[3:]]
    assert told(tmp_path, signatures=False) == unchecked
    assert told(tmp_path, None)[-1] == ("h.note", 6, "", "") and ("g.note", 0, "", "x/other") in told(tmp_path, None)
    assert all(not each[3] for each in told(tmp_path, origin=None))
    own = frozenset({Note.parse(contents["i.note"])})
    assert ("i.note", 1, "", "") in told(tmp_path, own=own)


def test_checkpoints_are_found_once_each_in_a_copy_an_unpacked_pack_and_a_pack_as_sent(tmp_path: Path) -> None:
    places = ("ledger/checkpoints/1.note", "07_integrity/a/integrity/2.note", "data/07_integrity/b/integrity/3.note",
              "07_integrity/b/integrity/2.note", "07_integrity/a/2.note", "more/ledger/checkpoints/9.note")  # fmt: skip
    contents = {each: note(int(each[-6])) for each in places}
    for name, data in contents.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    assert [each.size for each in outside_checkpoints(tmp_path / "folder", KEY, ORIGIN)] == [1, 2, 3]
    packed = tmp_path / "pack.zip"
    large = {"07_integrity/a/integrity/4.note": bytes(1 << 20), "x/07_integrity/a/integrity/5.note": note(5)}
    too_large = {
        "07_integrity/a/integrity/6.note": bytes((1 << 20) + 1),
        "y/x/07_integrity/a/integrity/7.note": note(7),
    }
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in {**contents, **large, **too_large}.items():
            file.writestr(name, data)
    found = outside_checkpoints(packed, KEY, ORIGIN)
    assert [(each.size, bool(each.fault)) for each in found] == [(0, True), (2, False), (3, False), (5, False)]
    assert found[1].path == packed / "07_integrity/a/integrity/2.note"
    packed.write_bytes(packed.read_bytes()[:-9])
    [broken] = outside_checkpoints(packed, KEY, ORIGIN)
    assert broken.path == packed and broken.fault and not broken.note


def test_the_key_may_have_signed_under_another_name(tmp_path: Path) -> None:
    text = note(5).decode().partition("\n\n")[0] + "\n"
    signature = base64.b64encode(key_id("once/acme", KEY) + SIGNER.sign(text.encode())).decode()
    (tmp_path / "a.note").write_text(f"{text}\n\N{EM DASH} once/acme {signature}\n")
    assert told(tmp_path) == [("a.note", 5, "", "")]


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        ({}, True), ({"kept": 0}, True), ({"kept": -1}, False), ({"kept": 4}, True), ({"kept": 5}, False),
        ({"kept": 3, "lost": 3}, False), ({"kept": 3, "lost": 4}, True), ({"kept": True}, False),
        ({"lost": "9"}, False), ({"root": None}, False), ({"root": ROOT[1:]}, False), ({"root": f"{ROOT}a"}, False),
        ({"head": ROOT}, True), ({"head": "x"}, False), ({"others": []}, True), ({"others": [ROOT, "x"]}, False),
        ({"others": {}}, False), ({"others": [ROOT]}, True), ({"others": [1]}, False),
    ],
)  # fmt: skip
def test_a_rollback_keeps_fewer_lines_than_it_lost_and_none_that_come(fields: dict[str, Any], passes: bool) -> None:
    line: dict[str, Any] = {"seq": 4, "kept": 2, "lost": 9, "root": ROOT} | fields
    if not passes:
        with pytest.raises(Malformed, match="not a rollback"):
            Rollback.parse(line)
        return
    others = frozenset(line["others"]) if "others" in line else None
    assert Rollback.parse(line) == Rollback(line["kept"], line["lost"], 4, ROOT, line.get("head", ""), others)
    del line["root"]
    if "head" in line:
        assert Rollback.parse(line).root == "" and Rollback.parse(line).head == ROOT
        return
    with pytest.raises(Malformed, match="not a rollback"):
        Rollback.parse(line)


@pytest.mark.parametrize(
    ("size", "root", "earlier", "now"),
    [
        (2, "00", False, False), (3, "00", True, True), (4, "00", True, True), (5, "00", True, False),
        (5, "cd", True, True), (8, "cd", True, True), (9, "00", False, False), (9, "ab", True, True),
        (9, "cd", False, False), (10, "ab", False, False), (8, "ab", True, False),
    ],
)  # fmt: skip
def test_a_rollback_explains_what_is_longer_than_what_it_kept(size: int, root: str, earlier: bool, now: bool) -> None:
    """A line of an earlier version does not tell what was lost from what came after it; one of today names it."""
    checkpoint = Note.parse(note(size, bytes.fromhex(root * 32)))
    for others, explained in ((None, earlier), (frozenset({"cd" * 32}), now)):
        assert Rollback(2, 9, 4, ROOT, "", others).explains(checkpoint) is explained


def ledger(place: Path, *lines: bytes) -> tuple[Path, list[bytes]]:
    """A ledger of these lines, and its roots."""
    frontier, roots = Frontier(), [bytes(32)]
    for each in lines:
        frontier.add(leaf_hash(each))
        roots.append(frontier.root())
    (place / "ledger.jsonl").write_bytes(b"".join(each + b"\n" for each in lines))
    return place / "ledger.jsonl", roots


def test_a_ledger_extends_checkpoints_over_its_first_lines_or_explains_them(tmp_path: Path) -> None:
    rollback = canonical({"seq": 2, "type": "rollback", "kept": 2, "lost": 4, "root": ROOT})
    path, roots = ledger(tmp_path, b"one", b"two", rollback, b'{"type":"rollback"}', b'["type":"rollback"', b"six")

    def outside(size: int, root: bytes, fault: str = "") -> OutsideCheckpoint:
        return OutsideCheckpoint(tmp_path / f"{size}.note", Note.parse(note(size, root)), fault)

    first, second, last = outside(1, roots[1]), outside(2, roots[2]), outside(6, roots[6])
    lost, forked, other, later = (
        outside(3, bytes(32)),
        outside(2, bytes(32)),
        outside(6, roots[6], "x"),
        outside(7, ROOT[:32].encode()),
    )
    none = OutsideCheckpoint(tmp_path, None, "not read")
    held = check_witnessed(path, [first, second, last, lost, forked, other, later, none])
    assert (held.extended, held.explained, held.forked) == ([first, second, last], [lost], [forked, other, later])
    assert check_witnessed(tmp_path / "none", [first]).forked == [first]


def test_only_whole_lines_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = ledger(tmp_path, b"one", b"two")
    with path.open("ab") as file:
        file.write(b"three")
    assert [*whole_lines(path)] == [b"one", b"two"] and [*whole_lines(tmp_path)] == []
    monkeypatch.setattr(witnessed, "MAX_LINE_BYTES", 3)
    assert [*whole_lines(path)] == []
