"""Witnesses: checkpoints that somebody outside holds."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver.archive.checking.parts.archive_words import MAX_LINE_BYTES, Malformed, must
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.checking.parts.regular_files import content, opened
from archiver.archive.checking.parts.signed_notes import Note
from archiver.archive.checking.parts.strict_json import decoded


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
    """Return the checkpoints in a file, or in a folder and one level of folders below it, smallest first.

    `key` is the archive's; without it, or without `signatures`, no signature is checked. `origin` is the name of the
    archive's log. A note that is signed by this key (under any name) or has this name (with any key) belongs to the
    archive. Other notes get `other_log`. `origin` None: there is no other log. `own` are the archive's own checkpoints;
    the signature of a copy is not checked again.
    """
    files = [place] if place.is_file() else [*place.glob("*.note"), *place.glob("*/*.note")]
    found = []
    for path in sorted(files):
        try:
            note = Note.parse(content(path))
        except (OSError, Malformed) as error:
            reason = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
            found.append(OutsideCheckpoint(path, None, reason))
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


@dataclass(frozen=True)
class Rollback:
    """The content of a `rollback` line after a restore: of `lost` lines with this root (hex), `kept` still exist."""

    kept: int
    lost: int
    root: str

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> Rollback:
        kept, lost, root = (fields.get(name, "") for name in ("kept", "lost", "root"))
        must((type(kept), type(lost), type(root)) == (int, int, str), "not a rollback")
        must(0 <= kept < lost and kept <= fields["seq"] and re.fullmatch("[0-9a-f]{64}", root), "not a rollback")
        return cls(kept, lost, root)

    def explains(self, note: Note) -> bool:
        """Return whether the checkpoint covers lines that are recorded as lost."""
        return self.kept < note.size < self.lost or (note.size, note.root.hex()) == (self.lost, self.root)


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
