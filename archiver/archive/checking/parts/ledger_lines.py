"""Where things are; lines of the ledger, their signatures, intents."""

from __future__ import annotations

import base64
import bisect
import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from archiver.archive.checking.parts.archive_words import CHECKPOINTS, KINDS, LISTS, STATED_FILES, URN, Malformed, must
from archiver.archive.checking.parts.ed25519_signature import SignatureCheck, ed25519_verify
from archiver.archive.checking.parts.strict_json import decoded
from archiver.archive.checking.parts.timestamp_tokens import SHA256_HEX

ID_IN_LINE = re.compile(rf'"id":"{URN}:[a-z]+:([^":]+)"'.encode())
_OBJECT_ID = re.compile(rf"{URN}:([a-z]+):((\d{{4}})(\d\d)\d\d_[\w-]+|undated_[\w-]+)", re.ASCII)


def object_path(object_id: str) -> str:
    """Return the path of an object, relative to the archive: `evidence/licences/2026/11/20261124_…`."""
    match = _OBJECT_ID.fullmatch(object_id)
    if not match or match[1] not in KINDS:
        raise Malformed(f"{object_id} is not the id of an object")
    return f"evidence/{KINDS[match[1]]}/{f'{match[3]}/{match[4]}' if match[3] else 'undated'}/{match[2]}"


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)  # one encoder for all lines


_LINE_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("prev", "type"), str),
    **dict.fromkeys(("account", "at", "erases", "error", "id", "inventory_sha512", "key", "log", "origin", "outcome",
                     "provider", "reason", "signature", "statement", "sweep", "tool", "version"), (str, type(None))),
    **dict.fromkeys(("archived", "incomplete", "listed", "seq", "total", "unexplained"), (int, type(None))),
    "clients": list,
    "files": dict,
}  # fmt: skip
"""What each field of a ledger line may be, as far as readers rely on it."""


LineFields = dict[str, Any]
"""The fields of a ledger line, as `check_line` wants them."""


def check_line(fields: object) -> None:
    """Raise Malformed if a ledger line lacks a field on which its readers rely, or has one of another kind.

    Anyone who can write to an archive can append such a line.
    """
    if not isinstance(fields, dict) or "type" not in fields or "prev" not in fields:
        raise Malformed("not a ledger line")
    must(type(fields.get("seq")) is int, "not a ledger line")
    for name, value in fields.items():
        if not isinstance(value, _LINE_KINDS.get(name, object)):
            raise Malformed(f"not a ledger line: {name}")
    must(all(isinstance(each, str) for each in fields.get("clients", ())), "not a ledger line")


def stated_files(fields: LineFields) -> dict[str, str]:
    """Return path -> SHA-256 of the files beside the evidence that a ledger line states. Raises Malformed."""
    files = fields.get("files", {})
    for name, digest in files.items():
        known = name in STATED_FILES or name == f"qualified.{digest}.json"
        must(known and isinstance(digest, str) and SHA256_HEX.fullmatch(digest), "not a statement of files")
    return {STATED_FILES.get(name, f"{LISTS}/{name}"): digest for name, digest in files.items()}


def is_first_history(data: bytes, fingerprint: str) -> bool:
    """Return whether a history of keys holds nothing but that it began with the key of this fingerprint."""
    try:
        said = decoded(data)
        return said == {**said, "event": "first", "key": fingerprint} and data == canonical(said) + b"\n"
    except (ValueError, TypeError, RecursionError):
        return False


def canonical(fields: LineFields) -> bytes:
    """Return a ledger line without its line end: sorted keys, no spaces, UTF-8."""
    return _CANONICAL.encode(fields).encode()


CHECKPOINT_FILE_NAME = re.compile(r"([0-9]{8}|[1-9][0-9]{8,14})\.note(\.[A-Za-z0-9_ -]{1,64}\.tsr)?")


CheckpointFiles = tuple[int, Path, list[Path]]  # a checkpoint's size, its note, its timestamp responses


def checkpoint_files(folder: Path) -> list[CheckpointFiles]:
    """Return all checkpoints, smallest first. Other file names are ignored."""
    return sorted(newest_checkpoints(folder))


def newest_checkpoints(folder: Path, names: Iterable[str] | None = None) -> Iterator[CheckpointFiles]:
    """Yield the checkpoints newest first, on demand. If only the newest is needed, the cost hardly grows with their
    number.

    `names` are the folder's files, if they were already listed.
    """
    try:
        names = os.listdir(folder) if names is None else names  # noqa: PTH208  # no Path for each of thousands
    except OSError:
        return
    for size, note, tokens in checkpoint_names(names):
        yield size, folder / note, [folder / token for token in tokens]


def checkpoint_names(names: Iterable[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the checkpoints among a folder's files as `newest_checkpoints` does, but names: no Path for each."""
    ordered = sorted(names)
    notes = sorted([name for name in ordered if name.endswith(".note")], key=len)  # of one length, they are in order
    for note in reversed(notes):
        if not (match := CHECKPOINT_FILE_NAME.fullmatch(note)):
            continue
        begin = end = bisect.bisect_right(ordered, note)
        while end < len(ordered) and ordered[end].startswith(f"{note}."):
            end += 1
        yield int(match[1]), note, [name for name in ordered[begin:end] if CHECKPOINT_FILE_NAME.fullmatch(name)]


def newest_checkpoint(root: Path) -> CheckpointFiles:
    """An archive's newest checkpoint; of size 0 where it has none."""
    return next(newest_checkpoints(root / CHECKPOINTS), (0, root / CHECKPOINTS, []))


# What lies after the newest checkpoint can be written by whoever can write to the archive: the chain of hashes needs no
# key. So each line is signed when it is written, and the last one's signature vouches for all before it.

_LINE_CONTEXT, _INTENTS_CONTEXT = b"archiver ledger line\n", b"archiver intents\n"
_SIGNATURE = re.compile("[A-Za-z0-9_-]{86}")
BEFORE_FIRST = "0" * 64  # the hash of the line before the first


def line_to_sign(fields: LineFields) -> bytes:
    """Return the bytes that the signature of a ledger line covers: everything but the signature."""
    return _LINE_CONTEXT + canonical({name: value for name, value in fields.items() if name != "signature"})


def is_signed(
    fields: LineFields,
    public: bytes,
    to_sign: Callable[[LineFields], bytes] = line_to_sign,
    check: SignatureCheck | None = None,
) -> bool:
    """Return whether this key signed a ledger line (or, with another `to_sign`, something else)."""
    signature = fields.get("signature")
    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        return False
    return (check or ed25519_verify)(public, base64.urlsafe_b64decode(f"{signature}=="), to_sign(fields))


def intents_to_sign(fields: LineFields) -> bytes:
    """Return what the signature in the first line of `intents.jsonl` covers: that line without the signature."""
    return _INTENTS_CONTEXT + canonical({name: value for name, value in fields.items() if name != "signature"})


class Intent(NamedTuple):
    """An object's version that a command was about to put in place, and the SHA-512 of its inventory."""

    id: str
    version: str
    inventory_sha512: str

    @property
    def number(self) -> int:
        return int(self.version[1:])

    @property
    def inventory(self) -> str:
        """Return the path of that inventory, relative to the archive."""
        return f"{object_path(self.id)}/{self.version}/inventory.json"


@dataclass(frozen=True)
class Intents:
    """The content of `intents.jsonl`.

    `head` is None if the archive's key did not sign the intents. The signature covers the hash of the ledger's last
    line before them (`head`), the number of lines to follow without anchors (`lines`), and the digest of the intents.
    `cut_off` means that a command was killed while it wrote the file, before it acted.
    """

    named: tuple[Intent, ...] = ()
    head: str | None = None
    lines: int = 0
    cut_off: bool = False
    unsigned: bool = False

    @classmethod
    def parse(cls, data: bytes, public: bytes | None) -> Intents:
        """Never raises: an invalid file has no intents. Without `public`, nothing counts as signed."""
        first, end, rest = data.partition(b"\n")
        if not data or not end or first.startswith(b"\0"):  # zeros: what some file systems leave after a power cut
            return cls(cut_off=bool(data))
        try:
            head = decoded(first)
            signed = isinstance(head, dict) and public is not None and is_signed(head, public, intents_to_sign)
            bound = (str(head["head"]), int(head["lines"]), str(head["sha256"])) if signed else None
        except (ValueError, KeyError, TypeError):
            bound = None
        if bound and bound[2] != hashlib.sha256(rest).hexdigest():
            return cls(cut_off=True)
        named = []
        for each in data.split(b"\n")[:-1]:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                fields = decoded(each)
                intent = Intent(*(str(fields[name]) for name in Intent._fields))
                object_path(intent.id)
                if re.fullmatch("v[1-9][0-9]{0,8}", intent.version):
                    named.append(intent)
        if bound is None:
            return cls(tuple(named), unsigned=True)
        return cls(tuple(named), head=bound[0], lines=bound[1])

    def follows(self, lines_since: int | None) -> bool:
        """Return whether the signed intents fit the current ledger.

        `lines_since` is the number of lines, without anchors, after line `head`, or None if the ledger has no such
        line.
        """
        return self.head is not None and lines_since is not None and lines_since <= self.lines
