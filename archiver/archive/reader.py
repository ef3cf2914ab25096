"""Read an archive: its ledger and its objects. It needs no lock and sees only completely written objects."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypedDict

from archiver.archive import object_source
from archiver.archive.checking.parts import (
    archive_words,
    ledger_lines,
    ocfl_object,
    proven_dates,
    regular_files,
    signed_notes,
    whole_archive,
)
from archiver.archive.ledger import FIRST_PREVIOUS_HASH, Line, is_by_key, last_line, newest_of, read_lines
from archiver.archive.ocfl import object_path
from archiver.core.atomic_files import read_file
from archiver.core.errors import IntegrityError


@dataclass(frozen=True)
class StoredFile:
    """A file of an object: the path of its bytes, and the SHA-512 that they must have."""

    path: Path
    sha512: str


class _Version(TypedDict):
    state: dict[str, list[str]]  # SHA-512 -> logical names


class _Inventory(TypedDict):
    """An OCFL inventory, as far as it is read here; anything may be missing in a damaged one."""

    head: str
    manifest: dict[str, list[str]]  # SHA-512 -> paths below the object's folder
    versions: dict[str, _Version]


class StoredObject:
    """One object of an archive as its inventory describes it. Raises IntegrityError if it is missing or unreadable."""

    def __init__(self, root: Path, object_id: str, version: str = "") -> None:
        """`version`: see it as it was then; by default, as it is now."""
        self.id = object_id
        self.path = object_path(root, object_id)
        self.folder = self.path.name
        try:
            self.inventory = read_file((self.path / version if version else self.path) / "inventory.json")
            self._inventory: _Inventory = json.loads(self.inventory)
            self.versions: tuple[str, ...] = tuple(f"v{n + 1}" for n in range(len(self._inventory["versions"])))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IntegrityError(f"{self.folder} cannot be read ({error})") from None

    def files(self, version: str | None = None) -> dict[str, StoredFile]:
        """Return logical name -> file, for the newest version or the given one."""
        return {name: self._stored(digest) for name, digest in self._state(version)}

    def _state(self, version: str | None) -> list[tuple[str, str]]:
        """Logical name and digest of each file."""
        try:
            state = self._inventory["versions"][version or self._inventory["head"]]["state"]
            return [(name, digest) for digest, names in state.items() for name in names]
        except (KeyError, TypeError, AttributeError):
            raise self._invalid() from None

    def _stored(self, digest: str) -> StoredFile:
        try:
            return StoredFile(self.path / self._inventory["manifest"][digest][0], digest)
        except (KeyError, TypeError, IndexError):
            raise self._invalid() from None

    def _invalid(self) -> IntegrityError:
        return IntegrityError(f"{self.folder} has an invalid inventory")

    def first_versions(self) -> dict[str, str]:
        """Return, for each file of the newest version, the first version with the same bytes."""
        held = {version: self.files(version) for version in self.versions}
        return ocfl_object.first_versions(
            {version: {name: file.sha512.lower() for name, file in files.items()} for version, files in held.items()}
        )

    def digest(self, name: str) -> str:
        """The SHA-512 that a file's bytes must have; IntegrityError where the object has no such file."""
        return self._digest(name).lower()

    def _digest(self, name: str, version: str | None = None) -> str:
        for each, digest in self._state(version):
            if each == name:
                return digest
        raise IntegrityError(f"{self.folder} has no {name}")

    def read(self, name: str, version: str | None = None) -> bytes:
        """A file's bytes; IntegrityError where they are not what was archived, or the object has no such file."""
        file = self._stored(self._digest(name, version))
        try:
            content = read_file(file.path)
        except OSError as error:
            raise IntegrityError(f"{file.path.name} of {self.folder} cannot be read ({error.strerror})") from None
        if hashlib.sha512(content).hexdigest() != file.sha512.lower():
            raise IntegrityError(f"{file.path.name} of {self.folder} is not what was archived")
        return content


@dataclass(frozen=True)
class Archive:
    """The archive of one client, at `root`; it may be empty or not there yet."""

    root: Path

    @property
    def ledger(self) -> Path:
        return self.root / archive_words.LEDGER

    @cached_property
    def origin(self) -> str | None:
        """`live` or `replay`; None before the first line."""
        first = next(self.lines(), None)
        return first.fields.get("origin") if first else None

    @cached_property
    def _signer(self) -> tuple[bytes, bool]:
        """The `key`, and whether it signed the first line, too."""
        first, public = next(self.lines(), None), signer_key(self.root)
        if first is None or first.fields.get("key") != signed_notes.key_fingerprint(public):
            raise IntegrityError(f"{archive_words.SIGNER_KEY} is not the key that the ledger's first line names")
        return public, "signature" in first.fields

    @property
    def key(self) -> bytes:
        """The public key that signs the ledger's lines. Raises IntegrityError if the first line names another one."""
        return self._signer[0]

    def lines(self, offset: int = 0) -> Iterator[Line]:
        """Yield the ledger's lines from a byte offset on (a line's `offset` or `end`)."""
        return read_lines(self.ledger, offset)

    def line(self, seq: int, offset: int) -> Line:
        """Return the ledger's line with this number at a byte offset. Raises IntegrityError if there is another one or
        none, as the ledger lost lines, or if the archive's key did not sign it.
        """
        found = next(self.lines(offset=offset), None)
        if found is None or found.seq != seq:
            raise IntegrityError(f"the ledger has no valid line at byte {offset}")
        if not self._is_genuine(found):
            raise IntegrityError(f"the archive's key did not sign the ledger's line at byte {offset}")
        return found

    def vouched(self, lines: list[Line], last: Line | None) -> list[Line]:
        """Return those of the lines after `last`, from the first on, for which the archive's key vouches.

        Each has the hash of the line before it, and the newest is signed. Raises IntegrityError without the key.
        """
        kept, before = list[Line](), last
        for line in lines:
            if line.fields["prev"] != (before.hash if before else FIRST_PREVIOUS_HASH):
                break
            kept.append(line)
            before = line
        signs = any("signature" in line.fields for line in (last, *kept) if line)
        while kept and not self._is_genuine(kept[-1], signs=signs):
            kept.pop()
        return kept

    def _is_genuine(self, line: Line, *, signs: bool = False) -> bool:
        """Whether the archive's key signed a line.

        Earlier versions signed no lines. So a line without a signature counts if the first line has none, either, and
        none of those that were read with it (`signs`).
        """
        public, first_is_signed = self._signer
        must_be_signed = signs or first_is_signed or "signature" in line.fields
        return not must_be_signed or ledger_lines.is_signed(line.fields, public, check=is_by_key)

    def head(self) -> Line | None:
        """Return the ledger's newest line."""
        return last_line(self.ledger)

    def object(self, object_id: str) -> StoredObject:
        """Return the object with this id or folder name. Raises IntegrityError if there is none."""
        if not object_id.startswith(archive_words.URN):
            candidates = [f"{archive_words.URN}:{kind}:{object_id}" for kind in archive_words.KINDS]
            object_id = next((each for each in candidates if self._holds(each)), candidates[0])
        try:
            return StoredObject(self.root, object_id)
        except archive_words.Malformed as error:
            raise IntegrityError(str(error)) from None

    def attested(self, object_id: str) -> StoredObject:
        """Return an object as its newest ledger line records it. Raises IntegrityError if there is none, or another."""
        line = newest_of(self.ledger, object_id)
        if line is None:
            raise IntegrityError(f"{object_id} is not in the ledger")
        return self.recorded_object(self.line(line.seq, line.offset))

    def recorded_object(self, line: Line) -> StoredObject:
        """Return the object that a ledger line records, as it was then. Raises IntegrityError if it is another one."""
        wanted = line.fields["inventory_sha512"]
        for version in ("", str(line.fields["version"])):  # a newer version may be there already
            stored = StoredObject(self.root, str(line.id), version)
            if hashlib.sha512(stored.inventory).hexdigest() == wanted:
                return stored
        raise IntegrityError(f"{stored.folder} is not the object that the ledger records")

    def check_object(self, object_id: str, lines: Sequence[tuple[int, int]], *, contents: bool) -> None:
        """Raise IntegrityError unless an object is as the newest of its ledger lines says.

        `lines` are as for `secured`. Without `contents`, the files must be there, but are not hashed. An object that
        comes from elsewhere when it is asked for has no fault while it is not here.
        """
        place = self.root / ledger_lines.object_path(object_id)
        if object_source.has_source(self.root) and not place.exists():
            return
        stored = self.object(object_id)
        if place.is_symlink():
            raise IntegrityError(f"{stored.folder} is a link")
        recorded = [self.line(*each).fields for each in lines]
        newest = [fields["inventory_sha512"] for fields in recorded if "inventory_sha512" in fields][-1:]
        if newest != [hashlib.sha512(stored.inventory).hexdigest()]:
            raise IntegrityError(f"{stored.folder} is not the object that the ledger records")
        for finding in ocfl_object.check_object(stored.path, contents=contents).findings:
            if finding.damage:
                raise IntegrityError(f"{finding.path} of {stored.folder} {finding.message}")

    def secured(
        self, lines: Sequence[tuple[int, int]], documents: Sequence[str], proven: proven_dates.Dates
    ) -> dict[str, str | None]:
        """Return since when each of these documents of an object is secured; None means not yet.

        `lines` are (number, byte offset) of the ledger lines about the object. If a document cannot be read, it is not
        dated earlier than its newest version. Raises IntegrityError for a line as `line` does, if the dates differ.
        """
        oldest, latest = proven.since(lines[0][0]), proven.since(lines[-1][0])
        if oldest == latest:
            return dict.fromkeys(documents, latest)
        recorded = [line for each in lines if "inventory_sha512" in (line := self.line(*each)).fields]
        seqs = {str(line.fields["version"]): line.seq for line in recorded}
        newest = max(seqs.values())
        try:
            first = self.recorded_object(recorded[-1]).first_versions()
        except IntegrityError:
            first = {}
        return {name: proven.since(seqs.get(first.get(name, ""), newest)) for name in documents}

    def _holds(self, object_id: str) -> bool:
        try:
            return object_path(self.root, object_id).is_dir()
        except archive_words.Malformed:
            return False


def signer_key(root: Path) -> bytes:
    """Return the 32 bytes of the Ed25519 key in an archive. Raises IntegrityError if there is none that can be used."""
    return key_in(root / archive_words.SIGNER_KEY)


def key_in(file: Path) -> bytes:
    """Return the public key in a PEM file; errors as for `signer_key`."""
    try:
        return signed_notes.public_key(regular_files.content(file).decode("utf-8", "replace"))
    except (OSError, archive_words.Malformed) as error:
        raise IntegrityError(f"{archive_words.SIGNER_KEY} cannot be read ({error})") from None


# ---------------------------------------------------------------- its shape


def check_shape(root: Path) -> None:
    """Raise IntegrityError if something of an archive is plainly gone or replaced. It may be missing as a whole.

    Hashes nothing. A writer refuses such an archive, too; `verify` finds the rest.
    """
    if not root.is_dir():
        if root.exists() or root.is_symlink():
            raise IntegrityError(f"{root} is not a folder")
        return
    check_folders(root)
    check_there(root)
    check_files(root)
    newest = next(
        ledger_lines.newest_checkpoints(root / archive_words.CHECKPOINTS), None
    )  # before the ledger: a run may add to it
    check_whole(root, last_line(root / archive_words.LEDGER), newest)


def check_folders(root: Path) -> None:
    """Refuse links: writing would change, and clearing would delete, files outside the archive."""
    for name in filter(None, whole_archive.FOLDERS):
        place = root / name
        if place.is_symlink():
            raise IntegrityError(f"{place} is a link")
        if place.exists() and not place.is_dir():
            raise IntegrityError(f"{place} is not a folder")


def check_there(root: Path) -> None:
    """Refuse to begin a lost ledger anew: that would hide the loss."""
    if (root / archive_words.LEDGER).exists():
        return
    if ledger_lines.newest_checkpoint(root)[0] or (root / "evidence").exists():
        raise IntegrityError(f"{root} contains evidence, but its {archive_words.LEDGER} is missing")


def is_unbegun(root: Path) -> bool:
    """Whether an archive has no first line yet, and nothing that comes after it: so a command leaves it that is killed
    while it makes an archive. The next one begins it anew.
    """
    later = root / "evidence", root / archive_words.TOOL, root / archive_words.INTENTS
    with suppress(IntegrityError):
        return not (
            any(os.path.lexists(each) for each in later)
            or ledger_lines.newest_checkpoint(root)[0]
            or last_line(root / archive_words.LEDGER)
        )
    return False


def check_files(root: Path) -> None:
    """Refuse pipes, devices and links in the place of files: opening them would hang or change files elsewhere.

    A hard link is refused for what is written in its place.
    """
    written = root / archive_words.LEDGER, root / archive_words.INTENTS
    for path in (*written, root / archive_words.TOOL, *(root / each for each in archive_words.STATED_FILES.values())):
        if path in written and path.is_symlink():
            raise IntegrityError(f"{path} is a link")
        check_regular(path)
        if path in written and path.exists() and path.stat().st_nlink > 1:
            raise IntegrityError(f"{path} has a second name (a hard link): writing would change that file, too")


def check_regular(path: Path) -> None:
    """Refuse something else in the place of a file, which may be missing."""
    if path.exists() and not path.is_file():
        raise IntegrityError(f"{path} is not a regular file")


def check_whole(root: Path, head: Line | None, newest: ledger_lines.CheckpointFiles | None) -> None:
    """Refuse a ledger that is shorter than its newest checkpoint: it was cut, and going on would hide that."""
    lines = head.seq + 1 if head else 0
    for path in (newest[1], *newest[2]) if newest else ():
        check_regular(path)
    if newest and newest[0] > lines:
        note = newest[1]
        raise IntegrityError(f"the ledger of {root} has {lines} lines, but {note.name} covers more")
    if not lines and (root / "evidence").exists():
        raise IntegrityError(f"{root} contains evidence but no ledger")


def check_evidence(root: Path) -> None:
    """Refuse an archive whose evidence is gone, unless it comes from elsewhere when it is asked for."""
    if not (root / "evidence").is_dir() and not object_source.has_source(root):
        raise IntegrityError(f"{root} contains no evidence, but its ledger records some")
