"""Witnesses: checkpoints that somebody outside holds."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from archiver.archive.checking.parts.archive_words import MAX_LINE_BYTES, Malformed, must
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.checking.parts.regular_files import content, opened
from archiver.archive.checking.parts.signed_notes import Note
from archiver.archive.checking.parts.strict_json import decoded
from archiver.archive.checking.parts.strict_zip import unzipped, zip_members


@dataclass(frozen=True)
class OutsideCheckpoint:
    """A checkpoint outside the archive.

    `note` is None if it cannot serve as a witness; `fault` says why, or that another key than the archive's signed it.
    `other_log` is the log's name if neither the name nor the key belongs to this archive.
    """

    path: Path
    note: Note | None
    fault: str = ""
    other_log: str = ""

    @property
    def size(self) -> int:
        return self.note.size if self.note else 0


def outside_checkpoints(
    place: Path,
    key: bytes | None,
    origin: str | None,
    own: frozenset[Note] = frozenset(),
    *,
    signatures: bool = True,
) -> list[OutsideCheckpoint]:
    """Return the checkpoints in a file, a folder, a pack or a copy of an archive, smallest first.

    `key` is the archive's; without it, or without `signatures`, no signature is checked. `origin` is the name of the
    archive's log. A note that is signed by this key (under any name) or has this name (with any key) belongs to the
    archive. Other notes get `other_log`. `origin` None: there is no other log. `own` are the archive's own checkpoints;
    the signature of a copy is not checked again.
    """
    found = list[OutsideCheckpoint]()
    for path, note in _parsed_notes(place):
        if isinstance(note, str):
            found.append(OutsideCheckpoint(path, None, note))
            continue
        named, claimed = origin in (None, note.origin), key is not None and note.claims(key)
        if not named and not claimed:
            found.append(OutsideCheckpoint(path, None, other_log=note.origin))
        elif key is None or not signatures or note in own or (claimed and note.signed_by(key, under_any_name=True)):
            found.append(OutsideCheckpoint(path, note))
        elif claimed:
            found.append(OutsideCheckpoint(path, None, "is a damaged copy: its signature does not hold"))
        else:
            found.append(OutsideCheckpoint(path, note, "is signed by another key than this archive's"))
    return sorted(found, key=lambda each: each.size)


_FOLDERS = ("", "*/", "ledger/checkpoints/", "07_integrity/*/integrity/", "data/07_integrity/*/integrity/")
_NOTE_IN_ZIP = re.compile(r"(?:[^/]+/)?(?:data/)?07_integrity/[^/]+/integrity/[0-9]+\.note")
_MAX_NOTE_BYTES = 1 << 20


def _notes_at(place: Path) -> Iterator[tuple[Path, Callable[[], bytes]]]:
    """The files that should be checkpoints, each with what reads it: a witness's folder, an unpacked pack, a copy of an
    archive, one file, or a pack as it was sent.
    """
    if not place.is_file():
        for path in sorted(path for folder in _FOLDERS for path in place.glob(f"{folder}*.note")):
            yield path, partial(content, path)
        return
    with os.fdopen(opened(place), "rb") as file:
        packed = file.read(4) == b"PK\3\4"
        for member in zip_members(file, os.fstat(file.fileno()).st_size) if packed else ():
            if _NOTE_IN_ZIP.fullmatch(member.path) and member.size <= _MAX_NOTE_BYTES:
                yield place / member.path, partial(b"".join, unzipped(file, member))
    if not packed:
        yield place, partial(content, place)


def _parsed_notes(place: Path) -> Iterator[tuple[Path, Note | str]]:
    """Each of them once, or why it cannot be read."""
    seen = set[tuple[str, bytes]]()
    try:
        for path, read in _notes_at(place):
            try:
                data = read()
                if (path.name, data) not in seen:  # each proof of a pack has its own copy
                    yield path, Note.parse(data)
                seen.add((path.name, data))
            except (OSError, Malformed) as error:
                yield path, _fault(error)
    except (OSError, Malformed) as error:
        yield place, _fault(error)


def _fault(error: OSError | Malformed) -> str:
    return f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)


@dataclass(frozen=True)
class Rollback:
    """The content of a `rollback` line after a restore: of `lost` lines, `kept` still exist.

    It names what was lost by the Merkle root of these lines, or by the hash of the last one (`head`), or by both; in
    hex. Its own number is `seq`. `others` are the roots of further lost checkpoints that cover more than `seq` lines;
    None in a line of an earlier version, which does not tell them from checkpoints of the lines that came after it.
    """

    kept: int
    lost: int
    seq: int
    root: str
    head: str
    others: frozenset[str] | None

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> Rollback:
        kept, lost = (fields.get(each, "") for each in ("kept", "lost"))
        named, others = [fields[each] for each in ("root", "head") if each in fields], fields.get("others")
        must((type(kept), type(lost)) == (int, int) and named, "not a rollback")
        must(type(others) in (type(None), list), "not a rollback")
        for each in [*named, *(others or ())]:
            must(type(each) is str and re.fullmatch("[0-9a-f]{64}", each), "not a rollback")
        must(0 <= kept < lost and kept <= fields["seq"], "not a rollback")
        root, head = (fields.get(each, "") for each in ("root", "head"))
        return cls(kept, lost, fields["seq"], root, head, None if others is None else frozenset(others))

    def explains(self, note: Note) -> bool:
        """Return whether the checkpoint covers lines that are recorded as lost."""
        root = note.root.hex()
        if (note.size, root) == (self.lost, self.root):
            return True
        if not self.kept < note.size < self.lost:
            return False
        return self.others is None or note.size <= self.seq or root in self.others


@dataclass(frozen=True)
class WitnessedCheckpoints:
    """Outside checkpoints: those that a ledger extends, those that its rollbacks explain, and those that it forks."""

    extended: list[OutsideCheckpoint]
    explained: list[OutsideCheckpoint]
    forked: list[OutsideCheckpoint]


def check_witnessed(ledger: Path, outside: Iterable[OutsideCheckpoint]) -> WitnessedCheckpoints:
    """Find, in one pass over the ledger's lines, the valid checkpoints that cover its first lines."""
    valid = [each for each in outside if each.note]
    sizes = {each.size for each in valid}
    roots: dict[int, bytes] = {}
    rollbacks: list[Rollback] = []
    frontier = Frontier()
    for data in whole_lines(ledger) if valid else ():
        frontier.add(leaf_hash(data))
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root()
        if b'"type":"rollback"' in data:
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                rollbacks.append(Rollback.parse(decoded(data)))
    held = WitnessedCheckpoints([], [], [])
    for each in valid:
        assert each.note
        if each.fault:
            held.forked.append(each)
        elif roots.get(each.note.size) == each.note.root:
            held.extended.append(each)
        else:
            explained = any(rollback.explains(each.note) for rollback in rollbacks)
            (held.explained if explained else held.forked).append(each)
    return held


def whole_lines(ledger: Path) -> Iterator[bytes]:
    with contextlib.suppress(OSError), os.fdopen(opened(ledger), "rb") as file:
        while (data := file.readline(MAX_LINE_BYTES)).endswith(b"\n"):
            yield data[:-1]
