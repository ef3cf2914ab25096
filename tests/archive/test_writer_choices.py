"""What a writer decides before it writes, at the boundaries: the second of the eighth night, the line just covered."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archiver.archive import seal, writer
from archiver.archive.checking.parts import archive_words, ledger_lines, timestamp_tokens
from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.checking.parts.timestamp_tokens import moment
from archiver.archive.ledger import FIRST_PREVIOUS_HASH, last_line
from archiver.archive.writer import ArchiveWriter, latest_moment, unfinished
from archiver.core.errors import ClockWrong, ConfigError, IntegrityError
from tests.support.archive_kit import Kit, licence

FAR = "2099-01-01T00:00:00Z"


def more(kit: Kit, **fields: Any) -> int:
    """Append a line, as whoever can write to the archive can."""
    last = last_line(kit.root / archive_words.LEDGER)
    assert last
    line = {"seq": last.seq + 1, "prev": last.hash, "type": "run", "at": FAR} | fields
    with (kit.root / archive_words.LEDGER).open("ab") as file:
        return file.write(canonical(line) + b"\n")


def test_the_newest_time_is_a_timestamp_s_or_that_of_a_line_after_it(sealed: Kit, tmp_path: Path) -> None:
    folder = sealed.root / archive_words.CHECKPOINTS
    first, second = (folder / f"0000000{n}.note.local.tsr" for n in (3, 5))
    time = timestamp_tokens.Token.parse(second.read_bytes()).time
    assert latest_moment(sealed.root) == (time, f"the timestamp {second.name}") and latest_moment(tmp_path) is None
    assert latest_moment(sealed.root, iter([(3, folder / "00000003.note", [first])])) != latest_moment(sealed.root)
    more(sealed, at="no time")
    assert latest_moment(sealed.root) == (time, f"the timestamp {second.name}")
    more(sealed)
    assert latest_moment(sealed.root) == (FAR, "the last line")
    (folder / "00000007.note").touch()
    assert latest_moment(sealed.root) == (FAR, "the last line"), "a checkpoint without a timestamp covers nothing"
    (folder / "00000007.note.local.tsr").write_bytes(second.read_bytes())
    assert latest_moment(sealed.root) == (time, "the timestamp 00000007.note.local.tsr")
    more(sealed)
    assert latest_moment(sealed.root) == (FAR, "the last line"), "the first line that it does not cover"
    first.unlink()
    first.mkdir()
    assert latest_moment(sealed.root), "older checkpoints are not looked at"
    second.rename(folder / "aside")
    (folder / "00000007.note.local.tsr").unlink()
    with pytest.raises(IntegrityError, match="is not a regular file"):
        latest_moment(sealed.root)


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        (lambda k: None, False),
        (lambda k: (k.root / archive_words.HOLDER).write_text("a process"), False),
        (lambda k: (k.root / "staging/0").mkdir(), True),
        (lambda k: [(k.root / each).write_text("") for each in ("staging/0", archive_words.HOLDER)], True),
        (lambda k: (k.root / archive_words.INTENTS).write_text(""), False),
        (lambda k: (k.root / archive_words.INTENTS).write_text("{}"), True),
        (lambda k: (k.root / archive_words.INTENTS).unlink(), False),
        (lambda k: more(k), False), (lambda k: more(k, type="assign"), True),
        (lambda k: [more(k, type=each) for each in ("assign", "run")], True),
    ],
)  # fmt: skip
def test_what_a_killed_command_leaves_is_unfinished(sealed: Kit, leave: Callable[[Kit], object], told: bool) -> None:
    leave(sealed)
    assert unfinished(sealed.root) is told


HOUR, NIGHT = 3600, 86400


@pytest.mark.parametrize(
    ("waiting", "now", "rests"),
    [
        ([("run", HOUR)], 7 * NIGHT + 12 * HOUR - 1, True), ([("run", HOUR)], 7 * NIGHT + 12 * HOUR, False),
        ([("run", HOUR), ("anchor", 2 * HOUR), ("files", 2 * HOUR)], 2 * HOUR, True), ([], HOUR, False),
        ([("run", HOUR), ("assign", HOUR)], 2 * HOUR, False), ([("assign", HOUR), ("run", HOUR)], 2 * HOUR, False),
        ([("run", 2 * HOUR), ("run", HOUR)], 3 * HOUR, False), ([("run", -1)], HOUR, False),
        ([("run", 2 * HOUR)], HOUR, False), ([("run", HOUR)], None, False), ([("run", None)], HOUR, False),
        ([("run", 0)], 0, True),
    ],
)  # fmt: skip
def test_a_checkpoint_rests_until_the_eighth_night_unless_evidence_came(
    tmp_path: Path, waiting: list[tuple[str, int | None]], now: int | None, rests: bool
) -> None:
    start = timestamp_tokens.epoch("2026-11-24T00:00:00Z")
    folder, path = tmp_path / archive_words.CHECKPOINTS, tmp_path / archive_words.LEDGER
    folder.mkdir(parents=True)

    def clock() -> str:
        if now is None:
            raise ClockWrong("it is behind")
        return moment(start + now)

    ledger: Any = SimpleNamespace(path=path, now=clock)
    lines = [("origin", -9 * NIGHT), ("capture", 0), *waiting]
    path.write_bytes(b"".join(
        canonical({"seq": n, "prev": "", "type": kind, "at": "x" if at is None else moment(start + at)}) + b"\n"
        for n, (kind, at) in enumerate(lines)))  # fmt: skip
    assert not writer._rests(tmp_path, ledger), "without a checkpoint, nothing rests"
    (folder / "00000002.note").touch()
    assert writer._rests(tmp_path, ledger) is rests


def test_a_resting_archive_asks_for_what_is_owed_for_three_such_times(
    sealed: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = datetime(2026, 11, 24, tzinfo=UTC), list[float]()
    monkeypatch.setattr(writer, "clock", lambda: now)

    def owing(_: Path, authorities: Any, since: float) -> list[Any]:
        asked.append(since)
        return []

    monkeypatch.setattr(seal, "owing", owing)
    with sealed.open() as archive:
        writer._seal(archive._ledger, archive._means, archive._beside, rests=True)
        writer._seal(archive._ledger, archive._means, archive._beside)
    assert asked == [now.timestamp() - 22.5 * NIGHT]


@pytest.fixture
def held(tmp_path: Path) -> tuple[Path, Any]:
    """A witness's folder with the newest checkpoint of five lines."""
    place, note = tmp_path / "place", tmp_path / "00000005.note"
    place.mkdir()
    for each in (note, place / note.name):
        each.write_bytes(b"five")
    return place, (5, note, [])


@pytest.mark.parametrize(
    ("change", "known", "holds"),
    [
        (lambda p: None, 5, True), (lambda p: None, 6, True), (lambda p: None, 4, False),
        (lambda p: (p / "00000005.note").write_bytes(b"six"), 5, False),
        (lambda p: (p / "00000006.note").touch(), 5, False), (lambda p: (p / "sub").mkdir(), 5, False),
        (lambda p: (p / "00000003.note").touch(), 5, True), (lambda p: (p / "x.txt").touch(), 5, True),
        (lambda p: (p / "00000005.note").unlink(), 5, True), (lambda p: (p / "00000005.note").unlink(), 4, True),
        (lambda p: [(p / "00000005.note").rename(p / "00000003.note"), (p / "a.txt").write_text("")], 5, False),
        (lambda p: [(p / each).write_text("") for each in ("00000006.note", "x.txt")], 5, False),
    ],
)  # fmt: skip
def test_a_witness_holds_the_newest_checkpoint_or_none_and_no_unknown_one(
    held: tuple[Path, Any], change: Callable[[Path], object], known: int, holds: bool
) -> None:
    place, newest = held
    change(place)
    names = frozenset({"00000003.note", "00000005.note"})
    assert writer._holds_newest(place, newest, known, names) is holds


def test_a_witness_known_to_have_nothing_else_is_not_listed(held: tuple[Path, Any], tmp_path: Path) -> None:
    place, newest = held
    (place / "00000006.note").touch()
    assert writer._holds_newest(place, newest, 5, None) and not writer._holds_newest(place, newest, 4, None)
    assert not writer._holds_newest(tmp_path / "none", newest, 5, None)
    assert writer._holds_newest(tmp_path / "none", newest, 5, frozenset())
    assert writer._holds_newest(tmp_path / "none", None, 0, frozenset()), "an archive without a checkpoint"


def test_a_loss_names_each_lost_checkpoint_once_in_lines_of_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    def outside(size: int, letter: int | None = None) -> Any:
        note = SimpleNamespace(root=bytes([letter or size]))
        return SimpleNamespace(size=size, note=None if letter == 0 else note)

    held: Any = SimpleNamespace(extended=[outside(n) for n in (1, 2, 4)], forked=[outside(9), outside(3), outside(9)])
    loss = {"kept": 2, "lost": 9, "root": "09"}
    assert writer._losses(held) == [{**loss, "others": ["03"]}] and writer.MAX_ROOTS_PER_LINE == 300
    held.forked = [outside(9), outside(5, 0)]
    assert writer._losses(held) == [{**loss, "kept": 4, "others": []}]
    monkeypatch.setattr(writer, "MAX_ROOTS_PER_LINE", 2)
    held.forked = [outside(n) for n in range(4, 10)]
    assert [each["others"] for each in writer._losses(held)] == [["08", "07"], ["06", "05"], ["04"]]
    held.forked, held.extended = held.forked[1:], []
    assert [each["others"] for each in writer._losses(held)] == [["08", "07"], ["06", "05"]]
    assert {each["kept"] for each in writer._losses(held)} == {0}


def test_what_this_machine_saw_joins_the_loss_of_that_length() -> None:
    seen: Any = [SimpleNamespace(kept=2, lines=9, hash="a"), SimpleNamespace(kept=1, lines=9, hash="b")]
    loss: dict[str, Any] = {"kept": 2, "lost": 9, "root": "09"}
    own: list[Any] = [{"kept": each.kept, "lost": 9, "head": each.hash, "others": []} for each in seen]
    assert writer._with_memory([loss], seen) == [{**loss, "head": "a"}, own[1]]
    assert writer._with_memory([{**loss, "lost": 8}], seen) == [{**loss, "lost": 8}, *own]
    assert writer._with_memory([loss], []) == [loss] and writer._with_memory([], seen[:1]) == own[:1]


def test_a_version_continues_the_one_before_it(tmp_path: Path) -> None:
    here, source = tmp_path / "here", tmp_path / "source"
    for n in (1, 2, 3):
        (source / f"v{n}").mkdir(parents=True)
        (source / f"v{n}/inventory.json").write_text(f"{n}")
    here.mkdir()
    (here / "inventory.json").write_text("2")
    assert [writer._continues(here, source, f"v{n}") for n in (2, 3)] == [False, True]


# ---------------------------------------------------------------- requests


def taking(*wishes: Any) -> tuple[Any, Any]:
    """A writer with these requests waiting, and the batch that it takes."""
    taker: Any = ArchiveWriter.__new__(ArchiveWriter)
    taker._requests = queue.SimpleQueue()
    first, *rest = [each and writer._Request(each, Future()) for each in wishes]
    for each in rest:
        taker._requests.put(each)
    return taker, taker._take(first)


def test_a_batch_has_so_many_requests_and_each_object_once() -> None:
    for many, taken in ((127, 127), (128, 128), (129, 128)):
        taker, batch = taking(*[("run", {"n": n}) for n in range(many)])
        assert len(batch) == taken and taker._requests.qsize() == many - taken and taker._postponed is None
    taker, batch = taking(licence(1), ("run", {}), ("run", {}), licence(2), licence(1), licence(3))
    assert [each.object_id for each in batch] == [licence(1).object_id, None, None, licence(2).object_id]
    assert taker._postponed.object_id == licence(1).object_id and taker._requests.qsize() == 1
    taker, batch = taking(licence(1), licence(2), None, licence(3))
    assert len(batch) == 2 and taker._requests.qsize() == 2, "the end stays for the next batch"


def test_intents_are_bound_to_the_last_line_before_them(sealed: Kit) -> None:
    with sealed.open() as archive:
        lines = [*archive.reader.lines()]
        hashes = {
            None: None,
            FIRST_PREVIOUS_HASH: 4,
            lines[0].hash: 3,
            lines[3].hash: 1,
            lines[4].hash: 0,
            "x": None,
        }
        assert {each: archive._lines_since(each) for each in hashes} == hashes, "an anchor does not count"
        assert archive.lines == 5 and archive.newest_line == lines[4]
        recorded = archive._recorded(sealed_id(lines))
        assert recorded.id == sealed_id(lines)
        with pytest.raises(IntegrityError, match="in the archive but not in the ledger"):
            archive._recorded("urn:x")


def sealed_id(lines: list[Any]) -> str:
    return str(lines[1].id)


def test_every_request_is_answered_when_the_thread_fails(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Any) -> None:
        raise OSError("the disk is gone")

    with kit.open() as archive:
        monkeypatch.setattr(archive, "_commit", fails)
        answers = [archive.put(licence(n)) for n in (1, 2, 1, 3)]
        assert {str(each.exception(30)) for each in answers} == {"the disk is gone"}
        assert str(archive.put(licence(4)).exception(30)) == "the disk is gone"
    assert str(archive.put(licence(4)).exception(30)) == "the disk is gone"
    with kit.open() as archive:
        pass
    assert str(archive.put(licence(4)).exception(30)) == "this archive is closed"
    assert json.loads((kit.root / archive_words.LEDGER).read_bytes().splitlines()[0])["type"] == "origin"


def test_an_archive_has_one_origin_its_witness_is_noted_and_no_unknown_reason_erases(sealed: Kit) -> None:
    with pytest.raises(ConfigError, match="A replay is never evidence"), sealed.open("replay"):
        pass
    noted: list[Any] = []
    with sealed.open() as archive:
        with pytest.raises(ValueError, match="cannot be erased for the reason 'a whim'"):
            archive.erase(licence(1).object_id, reason="a whim", statement=licence(2).object_id)
        archive._means = replace(archive._means, note=lambda *each: noted.append(each))
        archive.put(licence(4)).result()
        archive.seal()
        archive.changes_reported()
    assert ("witness", {"disk": None}) in noted


def test_only_what_joined_the_timestamps_of_that_checkpoint_is_named(
    sealed: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, asked = sealed.root / archive_words.CHECKPOINTS / "00000003.note", list[Any]()

    def ask(change: Any) -> SimpleNamespace:
        asked.append(change)
        return SimpleNamespace(result=list)

    with sealed.open() as archive, monkeypatch.context() as patched:
        patched.setattr(ledger_lines, "newest_checkpoint", lambda _: (3, note, [note]))
        patched.setattr(archive, "_anchor_fields", lambda: {"checkpoint": 3})
        patched.setattr(archive, "_ask", ask)
        for size, tokens, many in ((3, [note], 0), (2, [], 0), (3, [], 1)):
            archive._name_joined((size, note, tokens))
            assert len(asked) == many, (size, tokens)
