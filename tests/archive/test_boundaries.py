"""The ledger and its seals at their boundaries: the last byte, the second of a clock, the line that is asked for."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive import ledger, seal
from archiver.archive.checking.parts import archive_words, ledger_lines, timestamp_tokens
from archiver.archive.checking.parts.archive_words import CLOCK_TOLERANCE_S
from archiver.archive.ledger import Ledger, check_fields, is_by_key, last_line, lines_from, newest_of, read_lines
from archiver.core.errors import ArchiveBusy, ClockWrong, IntegrityError, MachineRefused
from tests.support.archive_kit import SIGNER, Kit, licence

KEY = SIGNER.public_key().public_bytes_raw()


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    (tmp_path / "acme/ledger").mkdir(parents=True)
    return Ledger(tmp_path / "acme/ledger/ledger.jsonl", tmp_path / "holder", lambda _: "x" * 86)


def test_lines_follow_each_other_and_are_found_from_either_end(book: Ledger) -> None:
    assert book.append([]) == [] and book.head is None and book.end == 0
    first = book.append([("origin", {}), ("capture", {"id": "a", "inventory_sha512": "1"})])
    more = book.append(
        [("capture", {"id": "b", "inventory_sha512": "2"}), ("version", {"id": "a", "inventory_sha512": "3"})]
    )
    lines = first + more
    assert [each.seq for each in lines] == [0, 1, 2, 3] and [each.id for each in lines] == [None, "a", "b", "a"]
    assert [each.fields["prev"] for each in lines] == ["0" * 64, *(each.hash for each in lines[:3])]
    assert [*read_lines(book.path)] == lines and [*read_lines(book.path, lines[2].offset)] == lines[2:]
    assert [lines_from(book.path, n) for n in range(5)] == [lines[n:] for n in range(5)]
    assert last_line(book.path) == lines[3] == book.head and book.end == book.path.stat().st_size == lines[3].end
    assert (newest_of(book.path, "a"), newest_of(book.path, "b"), newest_of(book.path, "c")) == (
        lines[3],
        lines[2],
        None,
    )
    assert book.newest("a") == lines[3] and newest_of(book.path.with_name("none"), "a") is None
    with book.path.open("ab") as file:
        file.write(b'{"unfinished')
    assert (
        [*read_lines(book.path)] == lines and last_line(book.path) == lines[3] and lines_from(book.path, 3) == lines[3:]
    )
    book.close()
    assert book.path.stat().st_mode & 0o777 == 0o600
    again = Ledger(book.path, book._holder, book._sign)
    assert again.head == lines[3] and book.path.stat().st_size == again.end, "the unfinished line is gone"
    again.close()
    assert not book._holder.exists()


def test_a_forged_number_of_the_last_line_ends_at_the_file_s_beginning(book: Ledger) -> None:
    [line] = book.append([("origin", {})])
    book.path.write_bytes(line.raw.replace(b'"seq":0', b'"seq":7') + b"\n")
    assert [each.seq for each in lines_from(book.path, 0)] == [7] and lines_from(book.path, 8) == []


@pytest.mark.parametrize(("length", "passes"), [(63, True), (64, False), (65, False)])
def test_a_line_without_an_end_is_unfinished_up_to_what_is_read(
    book: Ledger, monkeypatch: pytest.MonkeyPatch, length: int, passes: bool
) -> None:
    monkeypatch.setattr(ledger, "MAX_READ_BYTES", 64)
    book.path.write_bytes(b"x" * length)
    if passes:
        assert [*read_lines(book.path)] == []
        return
    with pytest.raises(IntegrityError):
        [*read_lines(book.path)]


@pytest.mark.parametrize(("junk", "fault"), [(0, False), (61, False), (63, True)])
def test_a_last_line_is_looked_for_in_so_many_bytes(
    book: Ledger, monkeypatch: pytest.MonkeyPatch, junk: int, fault: bool
) -> None:
    monkeypatch.setattr(ledger, "_TAIL_BYTES", 64)
    book.path.write_bytes(b"{}\n" + b"x" * junk)
    if fault:
        with pytest.raises(IntegrityError):
            last_line(book.path)
    else:
        found = last_line(book.path)
        assert found and (found.raw, found.offset) == (b"{}", 0)
    book.path.write_bytes(b"")
    assert last_line(book.path) is None and last_line(book.path.with_name("none")) is None


@pytest.mark.parametrize("what", ["folder", "pipe"])
def test_what_is_no_file_is_named_as_none(tmp_path: Path, what: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.mkdir() if what == "folder" else os.mkfifo(path)
    with pytest.raises(IntegrityError, match="is not a regular file"):
        last_line(path)


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        ({"id": "urn:x:1", "tokens": {"local": "ab"}, "path": ["a", ("b",)], "held": True}, True),
        ({"id": "a b"}, False), ({"a b": 1}, False), ({"x": {"a b": 1}}, False), ({"x": [["a", "b c"]]}, False),
        ({"id": "é"}, False), ({"id": "x" * (2**14 - 9)}, True), ({"id": "x" * (2**14 - 8)}, False),
    ],
)  # fmt: skip
def test_a_line_holds_ids_and_numbers_however_deep(fields: dict[str, object], passes: bool) -> None:
    if passes:
        check_fields(fields)
        return
    with pytest.raises(ValueError, match="free text"):
        check_fields(fields)


def test_a_clock_may_lag_behind_the_archive_by_so_much(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    monkeypatch.setattr(ledger, "datetime", SimpleNamespace(now=lambda _: now, fromisoformat=datetime.fromisoformat))
    tolerated = CLOCK_TOLERANCE_S
    for ahead, fine in ((0, True), (tolerated, True), (tolerated + 1, False)):
        book.latest = ((now + timedelta(seconds=ahead)).strftime("%Y-%m-%dT%H:%M:%SZ"), "a timestamp")
        if fine:
            assert book.now() == "2026-11-24T12:00:00Z"
            continue
        with pytest.raises(
            ClockWrong, match=f"2026-11-24T12:00:00Z, but a timestamp of .*acme is from {book.latest[0]}"
        ):
            book.append([("origin", {})])
    book.latest = ("2026-11-24T12:00:01Z", "a timestamp")
    book.append([("origin", {})])
    assert book.latest == ("2026-11-24T12:00:01Z", "a timestamp")
    book.latest = None
    book.append([("anchor", {})])
    assert book.latest == ("2026-11-24T12:00:00Z", "the last line")


def test_a_lock_that_another_holds_names_the_holder_and_one_that_cannot_be_had_is_told(
    book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    book._holder.write_text("a run of Ada")
    with pytest.raises(ArchiveBusy, match=r"a run of Ada has locked .*acme"):
        Ledger(book.path, book._holder, book._sign)
    assert book._holder.exists(), "it is the other's"
    book._holder.unlink()
    with pytest.raises(ArchiveBusy, match="another process"):
        Ledger(book.path, book._holder, book._sign)

    def refuses(_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(ledger, "lock", refuses)
    with pytest.raises(MachineRefused, match="cannot lock"):
        Ledger(book.path, book._holder, book._sign)


def test_only_the_key_itself_signs() -> None:
    signature, other = SIGNER.sign(b"message"), Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    unusual = (2**255 - 18).to_bytes(32, "little")  # another spelling of a point, whose signature fits everything
    assert is_by_key(KEY, signature, b"message")
    for key, signed, message in (
        (KEY, signature, b"messagf"), (other, signature, b"message"), (KEY[:31], signature, b"message"),
        (KEY, signature[:63], b"message"), (unusual, b"\1" + b"\0" * 63, b"message"),
    ):  # fmt: skip
        assert not is_by_key(key, signed, message)


# ---------------------------------------------------------------- seals


class Known(set[bytes]):
    """What a checker remembers."""


def test_what_held_is_not_computed_again_and_what_did_not_is() -> None:
    asked: list[int] = []

    def reason(answer: str | None) -> Callable[[], str | None]:
        def answered() -> str | None:
            asked.append(1)
            return answer

        return answered

    known: Any = Known()
    assert seal._held(None, reason(None), b"a") is None and seal._held(None, reason("no"), b"a") == "no"
    assert seal._held(known, reason("no"), b"a", b"b") == "no" and not known
    assert seal._held(known, reason(None), b"a", b"b") is None and len(known) == 1
    asked.clear()
    assert seal._held(known, reason("no"), b"a", b"b") is None and not asked
    assert seal._held(known, reason("no"), b"ab", b"") == "no" and asked == [1]


def test_a_strict_checker_knows_signatures_and_timestamps_of_other_data(sealed: Kit, authority: Any) -> None:
    checker = seal.strict_checker()
    assert (
        checker.signed
        and checker.signed(KEY, SIGNER.sign(b"x"), b"x")
        and not checker.signed(KEY, SIGNER.sign(b"x"), b"y")
    )
    note = sealed.root / archive_words.CHECKPOINTS / "00000003.note"
    token = note.with_name(f"{note.name}.local.tsr").read_bytes()
    [local] = sealed.authorities
    digest = timestamp_tokens.Token.parse(token).digest
    seal.hold_against_roots(token, digest, local)
    with pytest.raises(archive_words.Malformed, match="other data"):
        seal.hold_against_roots(token, hashlib.sha512(b"x").digest(), local)


def test_a_timestamp_that_is_there_before_its_checkpoint_is_put_aside(sealed: Kit) -> None:
    folder = sealed.root / archive_words.CHECKPOINTS
    planted = folder / f"{len((sealed.root / archive_words.LEDGER).read_bytes().splitlines()) + 2:08d}.note.local.tsr"
    planted.write_bytes(b"planted")
    done = sealed.write(9)
    notes = [each for each in done.warnings if "before its checkpoint" in each]
    refused = planted.with_name(f"{planted.name}.refused")
    assert len(notes) == 1 and refused.read_bytes() == b"planted" and planted.read_bytes() != b"planted"
    assert done.secured_since and sealed.verify().state == "PROVEN"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"no token", "its answer does not hold"),
        ("old", "other data"),
        (OSError("no route"), "no route"),
    ],
)
def test_an_answer_that_is_no_timestamp_is_kept_beside_and_leaves_the_archive_unproven(
    sealed: Kit, answer: Any, why: str
) -> None:
    folder = sealed.root / archive_words.CHECKPOINTS
    old = (folder / "00000003.note.local.tsr").read_bytes()

    def post(*_: Any) -> bytes:
        if isinstance(answer, OSError):
            raise answer
        return old if answer == "old" else bytes(answer)

    with sealed.open(post=post) as archive:
        archive.put(licence(9)).result()
        done = archive.seal()
        archive.changes_reported()
    size, note, tokens = ledger_lines.newest_checkpoint(sealed.root)
    assert done.secured_since is None and tokens == [] and size == done.size
    assert done.asked == {"local": done.asked["local"]} and why in str(done.asked["local"])
    assert any(each.endswith(seal.STAYS_UNPROVEN) for each in done.warnings)
    assert note.with_name(f"{note.name}.local.tsr.refused").exists() == (not isinstance(answer, OSError))
    again = sealed.write()
    assert again.secured_since and ledger_lines.newest_checkpoint(sealed.root)[2], "the next command asks once more"


def test_the_next_line_names_the_timestamps_that_hold_and_no_other(sealed: Kit) -> None:
    roots = [each.roots for each in sealed.authorities if each.roots]
    size, note, [token] = ledger_lines.newest_checkpoint(sealed.root)
    found = seal.anchored(sealed.root, roots, seal.strict_checker())
    assert found == {"checkpoint": size, "tokens": {"local": hashlib.sha256(token.read_bytes()).hexdigest()}}
    planted = note.with_name(f"{note.name}.planted.tsr")
    planted.write_bytes((note.with_name("00000003.note.local.tsr")).read_bytes())
    assert seal.anchored(sealed.root, roots, seal.strict_checker()) == found
    token.unlink()
    assert seal.anchored(sealed.root, roots, seal.strict_checker()) is None
    planted.unlink()
    assert seal.anchored(sealed.root, roots, seal.strict_checker()) is None


def test_the_ledger_tells_the_object_and_the_version_in_order(sealed: Kit) -> None:
    lines = [json.loads(raw) for raw in (sealed.root / archive_words.LEDGER).read_bytes().splitlines()]
    assert [each["type"] for each in lines] == ["origin", "capture", "capture", "anchor", "capture"]
    assert [each["seq"] for each in lines] == [*range(5)] and lines[3]["checkpoint"] == 3
