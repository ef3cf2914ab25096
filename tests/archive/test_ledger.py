"""The ledger's file at its boundaries: what is synced before it counts, the byte that is just read, the first line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.archive import ledger
from archiver.archive.checking.parts import archive_words
from archiver.archive.ledger import Ledger, Line, check_fields, last_line, lines_from, newest_of, read_lines
from archiver.core.atomic_files import this_process
from archiver.core.errors import IntegrityError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "acme/ledger").mkdir(parents=True)
    return tmp_path / "acme/ledger/ledger.jsonl"


def opened(path: Path) -> Ledger:
    return Ledger(path, path.with_name("holder"), lambda _: "x" * 86)


def test_what_is_appended_or_cut_off_is_synced_before_it_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    book = opened(path)
    book.append([("origin", {})])
    assert synced == [path.stat().st_size]
    book.close()
    with path.open("ab") as file:
        file.write(b"unfinished")
    again = opened(path)
    assert synced[1:] == [path.stat().st_size] == [again.end]
    again.close()
    opened(path).close()
    assert len(synced) == 2, "a whole ledger is not written when it is opened"


def test_the_holder_s_file_names_this_process_while_the_lock_is_held(path: Path) -> None:
    holder = path.with_name("holder")
    for before in (None, "a process that was killed"):
        if before:
            holder.write_text(before)
        book = opened(path)
        assert holder.read_text() == this_process()
        book.close()
        assert not holder.exists()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(book.handle)


def test_a_line_that_is_none_is_named_by_its_place() -> None:
    for raw in (b"", b"[]", b"{}", b"x", b"[" * 100_000):
        with pytest.raises(IntegrityError, match="no valid line at byte 7"):
            _ = Line(raw, 7).fields


def test_so_many_bytes_are_read_and_no_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ledger.MAX_READ_BYTES == archive_words.MAX_LINE_BYTES == 1 << 20 and ledger._TAIL_BYTES == 1 << 16
    monkeypatch.setattr(ledger, "_TAIL_BYTES", 64)
    path.write_bytes(b"x" * 64)
    assert last_line(path) is None
    path.write_bytes(b"x" * 65)
    with pytest.raises(IntegrityError, match="the ledger's last line is not valid"):
        last_line(path)


def test_lines_are_found_where_a_ledger_begins(path: Path) -> None:
    named, numbered = b'"id":"a","inventory_sha512":"1"}', b'{"prev":"0","seq":7,"type":"run"}'
    for before, offset in ((b"", 0), (b"\n", 1), (b"x\n", 2)):
        path.write_bytes(before + named + b"\n")
        assert newest_of(path, "a") == Line(named, offset) and newest_of(path, "b") is None
        path.write_bytes(before + numbered + b"\n")
        assert lines_from(path, 7) == [Line(numbered, offset)] and lines_from(path, 8) == []
    assert lines_from(path, 0) == [Line(b"x", 0), Line(numbered, 2)]
    path.write_bytes(b"\n" + numbered + b"\n")
    assert lines_from(path, 0) == [Line(numbered, 1)]
    path.write_bytes(named)
    assert newest_of(path, "a") is None, "it has no end yet"
    path.write_bytes(b"")
    assert newest_of(path, "a") is None and [*read_lines(path)] == [] == lines_from(path, 0)
    path.unlink()
    path.mkdir()
    with pytest.raises(IntegrityError, match=r"/ledger\.jsonl is not a regular file"):
        last_line(path)


def test_what_cannot_be_read_is_told_with_the_reason(path: Path) -> None:
    path.touch()
    with pytest.raises(IntegrityError, match=r"cannot be read \(Not a directory\)"):
        last_line(path / "ledger.jsonl")


def test_free_text_is_told_by_its_beginning() -> None:
    with pytest.raises(ValueError, match="free text") as told:
        check_fields({"a": f"two words {'x' * 500}"})
    assert str(told.value).partition("free text: ")[2] == ('{"a":"two words ' + "x" * 500)[:200]


def test_the_clock_has_whole_seconds_in_utc() -> None:
    now = ledger.clock()
    assert now.microsecond == 0 and now.tzinfo is UTC and abs((datetime.now(UTC) - now).total_seconds()) < 5
