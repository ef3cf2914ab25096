"""What a replica consists of: files by digest, parts that list them, and a head. Pure.

<client>/files/<path in the archive>/<SHA-256>   the bytes; of the ledger, the lines of one part
<client>/parts/<lines, 10 digits>-<SHA-256>      what one publication added, and the key of the part before it
<client>/head.json                               the newest part; the only key with more than one version
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.core.errors import IntegrityError
from archiver.fleet.object_store import sha256_of

FORMAT = 1
_PART = re.compile(r"([0-9]{10,})-([0-9a-f]{64})")
_SHA256 = re.compile("[0-9a-f]{64}")
_PATH = re.compile(r"(?!/)(?!.*(?:^|/)\.\.?(?:/|$))[^\0\\]+")  # a relative path that stays below its root


def head_key(client: str) -> str:
    return f"{client}/head.json"


def path_of(client: str, key: str) -> str | None:
    """The path in the archive of a key that holds a file's bytes; None for parts and heads."""
    before = f"{client}/files/"
    return key.removeprefix(before).rpartition("/")[0] if key.startswith(before) else None


@dataclass(frozen=True, kw_only=True)
class ReplicaFile:
    """A file of the archive. `offset` is a byte position in the ledger; None for all other files."""

    path: str
    sha256: str
    bytes: int
    offset: int | None = None

    def key(self, client: str) -> str:
        return f"{client}/files/{self.path}/{self.sha256}"


@dataclass(frozen=True, kw_only=True)
class ReplicaPart:
    """One publication. `gone` are the folders of objects that were erased since the part before it."""

    previous: str | None
    files: tuple[ReplicaFile, ...]
    gone: tuple[str, ...] = ()

    def encode(self) -> bytes:
        first = {"format": FORMAT, "previous": self.previous, "gone": list(self.gone)}
        lines = [first, *({key: value for key, value in vars(each).items() if value is not None}
                          for each in self.files)]  # fmt: skip
        return b"".join(ledger_lines.canonical(each) + b"\n" for each in lines)

    @classmethod
    def parse(cls, data: bytes) -> ReplicaPart:
        """Read a part; IntegrityError for anything else."""
        try:
            first, *others = [json.loads(line) for line in data.splitlines()]
            files = tuple(ReplicaFile(**each) for each in others)
            gone = tuple(first["gone"])
            if first["format"] != FORMAT or not all(map(_PATH.fullmatch, (*(each.path for each in files), *gone))):
                raise ValueError("an unknown format or a path outside the archive")
            numbers = [each for file in files for each in (file.bytes, file.offset or 0)]
            if not all(type(each) is int for each in numbers) or not all(
                _SHA256.fullmatch(each.sha256) for each in files
            ):
                raise ValueError("an invalid size or digest")
            if not isinstance(first["previous"], str | None):
                raise ValueError("an invalid part before it")
            return cls(previous=first["previous"], files=files, gone=gone)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IntegrityError(f"a part of the replica cannot be read ({error})") from None


def part_key(client: str, lines: int, data: bytes) -> str:
    return f"{client}/parts/{lines:010d}-{sha256_of(data)}"


def part_digest(key: str) -> str:
    """The SHA-256 that a part's bytes must have; IntegrityError for a key that is none of a part."""
    match = _PART.fullmatch(key.rpartition("/")[2])
    if match is None:
        raise IntegrityError(f"{key} is not the key of a part")
    return match[2]


@dataclass(frozen=True, kw_only=True)
class ReplicaHead:
    """How far the replica goes: ledger lines, their bytes, the last line's hash, the newest checkpoint, the newest
    part's key, and when it was published (UTC).

    In a fleet, `epoch` is the lease of whoever moved the head, and `previous` the SHA-256 of the head that it replaced.
    A fleet's head may stand before the first part: then it has no lines.
    """

    lines: int
    ledger_bytes: int
    line: str
    checkpoint: int
    part: str
    at: str
    epoch: int = 0
    previous: str = ""

    def encode(self) -> bytes:
        fields = {key: value for key, value in asdict(self).items() if value or key not in ("epoch", "previous")}
        return ledger_lines.canonical({"format": FORMAT, **fields}) + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> ReplicaHead | None:
        """Read a head. None for anything else, since whoever may write to the bucket may put anything there."""
        try:
            fields: dict[str, Any] = json.loads(data)
            if fields.pop("format") != FORMAT:
                return None
            head = cls(**fields)
            numbers = (head.lines, head.ledger_bytes, head.checkpoint, head.epoch)
            right = all(type(each) is int and each >= 0 for each in numbers)
            empty = head.epoch > 0 and not any((head.lines, head.ledger_bytes, head.line, head.part))
            right = right and (empty or bool(_PART.fullmatch(head.part.rpartition("/")[2])))
            texts = (head.line, head.at, head.previous)
            return head if right and all(isinstance(each, str) for each in texts) else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


@dataclass
class ReplicaContent:
    """What the parts of a replica say together: the newest file of each path, and the pieces of the ledger."""

    files: dict[str, ReplicaFile] = field(default_factory=dict)
    ledger: list[ReplicaFile] = field(default_factory=list)

    def add(self, part: ReplicaPart) -> None:
        """Add the next part; IntegrityError if its ledger does not continue the one before it."""
        for each in part.files:
            if each.path == archive_words.LEDGER:
                if each.offset != self.ledger_bytes:
                    raise IntegrityError("the replica's pieces of the ledger do not follow each other")
                self.ledger.append(each)
            else:
                self.files[each.path] = each
        for folder in part.gone:
            self.files = {path: each for path, each in self.files.items() if not path.startswith(f"{folder}/")}

    @property
    def ledger_bytes(self) -> int:
        return sum(each.bytes for each in self.ledger[-1:]) + (self.ledger[-1].offset or 0 if self.ledger else 0)

    def newest_inventories(self) -> Mapping[str, int]:
        """The newest version of each object's folder. The inventory of that version is the object's."""
        found: dict[str, int] = {}
        for path in self.files:
            if match := re.fullmatch(r"(evidence/.+)/v([0-9]+)/inventory\.json", path):
                found[match[1]] = max(found.get(match[1], 0), int(match[2]))
        return found


def content_of(parts: Sequence[ReplicaPart]) -> ReplicaContent:
    """What parts say together, oldest first."""
    content = ReplicaContent()
    for each in parts:
        content.add(each)
    return content
