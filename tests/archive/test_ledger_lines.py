"""Lines of a ledger, names of checkpoints and intents at their boundaries: the first, the last, one letter more."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from archiver.archive.checking.parts import ledger_lines
from archiver.archive.checking.parts.archive_words import Malformed
from archiver.archive.checking.parts.ledger_lines import Intent, Intents, canonical
from archiver.archive.writer import signing
from tests.support.archive_kit import SIGNER

KEY, SIGN = SIGNER.public_key().public_bytes_raw(), signing(SIGNER)
DIGEST, ZEROS = "ab" * 32, "0" * 64
OBJECT = "urn:x-archiver:licence:20261124_example_asset_01234567"


def test_the_path_of_an_object_is_told_by_its_id() -> None:
    assert ledger_lines.object_path(OBJECT) == "evidence/licences/2026/11/20261124_example_asset_01234567"
    assert ledger_lines.object_path("urn:x-archiver:comp:undated_x") == "evidence/comps/undated/undated_x"
    for wrong in ("", f"{OBJECT}/..", f" {OBJECT}", "urn:x-archiver:licences:undated_x", "urn:x-archiver:comp:2026_x"):
        with pytest.raises(Malformed):
            ledger_lines.object_path(wrong)


LINE = {"seq": 0, "prev": "0", "type": "run"}


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        (LINE, True), ({**LINE, "id": None, "clients": ["a", "b"], "files": {}, "listed": 3, "new": [{}]}, True),
        ([], False), (None, False), ("type prev", False), ({"seq": 0, "prev": "0"}, False),
        ({"seq": 0, "type": "run"}, False), ({"prev": "0", "type": "run"}, False), ({**LINE, "seq": True}, False),
        ({**LINE, "seq": "0"}, False), ({**LINE, "listed": "3"}, False), ({**LINE, "clients": ["a", 1]}, False),
        ({**LINE, "files": []}, False),
    ],
)  # fmt: skip
def test_a_line_has_what_its_readers_rely_on(fields: Any, passes: bool) -> None:
    if passes:
        ledger_lines.check_line(fields)
        return
    with pytest.raises(Malformed, match="not a ledger line"):
        ledger_lines.check_line(fields)


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        ({}, []), ({"READ-ME-FIRST.txt": DIGEST}, ["READ-ME-FIRST.txt"]),
        ({"history.jsonl": DIGEST}, ["keys/history.jsonl"]),
        ({f"qualified.{DIGEST}.json": DIGEST}, [f"keys/qualified.{DIGEST}.json"]),
        ({f"qualified.{DIGEST}.json": "cd" * 32}, None), ({"other.txt": DIGEST}, None), ({"history.jsonl": 1}, None),
        ({"history.jsonl": DIGEST[1:]}, None), ({"history.jsonl": f"{DIGEST}a"}, None),
    ],
)  # fmt: skip
def test_a_line_states_files_beside_the_evidence(files: dict[str, Any], paths: list[str] | None) -> None:
    if paths is None:
        with pytest.raises(Malformed, match="not a statement of files"):
            ledger_lines.stated_files({"files": files})
        return
    assert ledger_lines.stated_files({"files": files}) == dict.fromkeys(paths, DIGEST)
    assert ledger_lines.stated_files({}) == {}


def test_a_first_history_is_one_line_as_it_is_written() -> None:
    assert ledger_lines.BEFORE_FIRST == ZEROS
    first = {"at": "2026-11-24T00:00:00Z", "event": "first", "key": DIGEST}
    written = canonical({**first, "at": "é"}) + b"\n"
    assert written == '{"at":"é","event":"first","key":"'.encode() + DIGEST.encode() + b'"}\n'
    assert ledger_lines.is_first_history(written, DIGEST)
    for other in (written[:-1], written * 2, b" " + written, b"", b"[]\n", b"\xff", b"[" * 100_000,
                  canonical({**first, "event": "next"}) + b"\n", canonical({**first, "key": "x"}) + b"\n"):  # fmt: skip
        assert not ledger_lines.is_first_history(other, DIGEST), other[:50]


def test_checkpoints_are_told_by_their_names_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = ["00000003.note", "100000000.note", "99999999.note", "00000003.note.a.tsr", "00000003.note.b.tsr",
             "00000003.note.b.tsr.refused", "99999999.note.z z.tsr", "00000003.notes", "3.note", "000000003.note",
             "x.note"]  # fmt: skip
    found = [
        (100_000_000, "100000000.note", []),
        (99_999_999, "99999999.note", ["99999999.note.z z.tsr"]),
        (3, "00000003.note", ["00000003.note.a.tsr", "00000003.note.b.tsr"]),
    ]
    assert [*ledger_lines.checkpoint_names(names)] == found
    folder = tmp_path / "ledger/checkpoints"
    assert ledger_lines.newest_checkpoint(tmp_path) == (0, folder, []) and ledger_lines.checkpoint_files(folder) == []
    folder.mkdir(parents=True)
    for name in names[:7]:
        (folder / name).touch()
    paths = [(size, folder / note, [folder / each for each in tokens]) for size, note, tokens in found]
    assert [*ledger_lines.newest_checkpoints(folder)] == paths and ledger_lines.newest_checkpoint(tmp_path) == paths[0]
    assert ledger_lines.checkpoint_files(folder) == paths[::-1]
    assert [*ledger_lines.newest_checkpoints(folder, ["00000003.note"])] == [(3, folder / "00000003.note", [])]


def test_a_signature_covers_all_but_itself_and_has_one_form() -> None:
    line: dict[str, Any] = {**LINE, "id": "a"}
    signed = line | {"signature": SIGN(ledger_lines.line_to_sign(line))}
    assert ledger_lines.line_to_sign(signed) == b'archiver ledger line\n{"id":"a","prev":"0","seq":0,"type":"run"}'
    assert ledger_lines.is_signed(signed, KEY)
    assert ledger_lines.is_signed({**signed, "id": "b"}, KEY, check=lambda *_: True), "whoever is asked decides"
    others = (signed["signature"][:-1], signed["signature"] + "A", signed["signature"] + "=", None, 1, "")
    for other in ({**signed, "id": "b"}, line, *({**signed, "signature": each} for each in others)):
        assert not ledger_lines.is_signed(other, KEY, check=None)


def intents(*named: dict[str, str], lines: int = 2, **head: str) -> bytes:
    """The content of a file of intents, signed by the key of the tests."""
    rest = b"".join(canonical(each) + b"\n" for each in named)
    first = {"head": ZEROS, "lines": lines, "sha256": hashlib.sha256(rest).hexdigest()}
    return canonical(first | {"signature": SIGN(ledger_lines.intents_to_sign(first))} | head) + b"\n" + rest


ONE = {"id": OBJECT, "version": "v1", "inventory_sha512": "0"}


def test_intents_count_where_they_are_whole_and_signed() -> None:
    assert Intents.parse(intents(ONE), KEY) == Intents((Intent(OBJECT, "v1", "0"),), ZEROS, 2)
    unsigned = Intents((Intent(OBJECT, "v1", "0"),), unsigned=True)
    for other in (intents(ONE, head="1"), canonical(ONE) + b"\n", b"[]\n" + canonical(ONE) + b"\n"):
        assert Intents.parse(other, KEY) == unsigned == Intents.parse(intents(ONE), None)
    for cut in (intents(ONE)[:-1], intents(ONE)[:9], intents(ONE, ONE)[:-100], b"\0" * 9 + b"\n"):
        assert Intents.parse(cut, KEY) == Intents(cut_off=True) and not Intents.parse(cut, KEY).unsigned
    assert Intents.parse(b"", KEY) == Intents() == Intents((), None, 0, False, False)
    cut_line = canonical(ONE) + b"\n" + canonical(ONE)
    assert Intents.parse(cut_line, None).named == (Intent(OBJECT, "v1", "0"),)


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"version": "v123456789"}, True), ({"version": "v1234567890"}, False), ({"version": "v0"}, False),
        ({"version": "1"}, False), ({"id": "urn:x"}, False), ({"id": ""}, False),
    ],
)  # fmt: skip
def test_an_intent_names_an_object_and_its_version(more: dict[str, str], names: bool) -> None:
    found = Intents.parse(intents(ONE | more), KEY)
    assert bool(found.named) is names and found.head == ZEROS
    if names:
        [intent] = found.named
        assert intent.number == 123456789 and intent.inventory == (
            "evidence/licences/2026/11/20261124_example_asset_01234567/v123456789/inventory.json"
        )


@pytest.mark.parametrize(("since", "fits"), [(0, True), (2, True), (3, False), (None, False)])
def test_intents_fit_a_ledger_that_got_no_more_lines_than_they_say(since: int | None, fits: bool) -> None:
    assert Intents.parse(intents(ONE), KEY).follows(since) is fits
    assert not Intents.parse(canonical(json.loads(json.dumps(ONE))) + b"\n", KEY).follows(since)
