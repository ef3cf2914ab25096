"""The files of an archive as they were at one line of its ledger, while another process may write to it.

No lock is taken, since a run holds it for hours. That is safe because of how archives are written:

- The ledger only grows, and its line is the commit. So its beginning, up to any line, is a ledger of its own, and tells
  which objects, in which version, belong to it.
- An object's version never changes, and a later one leaves it as it is. So what the beginning names can be read later,
  and what it does not name is left out: it may be half done.
- Checkpoints and their timestamps never change. Those of later lines are left out.
- A line states the files in `keys/` before they change. So they are read again if a line was written meanwhile.
- Only an erasure takes something away, after its line. Then the snapshot goes on to that line, and whoever has read the
  erased object before must forget it (`Withdrawn`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archiver.archive import object_source
from archiver.archive.checking.parts import archive_words, ledger_lines, strict_json
from archiver.archive.ledger import Line, last_line, read_lines
from archiver.core.atomic_files import read_file
from archiver.core.errors import IntegrityError

_BESIDE = ("", "keys", "tools", "evidence")  # the folders of the files that are outside objects and checkpoints
_DECLARATION, _INVENTORY = "0=ocfl_object_1.1", ("inventory.json", "inventory.json.sha512")


@dataclass(frozen=True)
class SnapshotFile:
    """A file of the archive: its path below the root, and its content; of the ledger, its length in bytes."""

    name: str
    content: bytes | int


@dataclass(frozen=True)
class Withdrawn:
    """All files below this folder that were read before do not belong to the archive: the object was erased."""

    folder: str


type SnapshotPart = SnapshotFile | Withdrawn


@dataclass
class Snapshot:
    """Reads one archive. `faults` has a sentence for each object that is not as the ledger names it: it is read as it
    is, since a copy of a damaged archive is better than none. `lines` is the number of ledger lines in the end.
    """

    root: Path
    faults: list[str] = field(default_factory=list)
    lines: int = 0
    _read: dict[str, str] = field(default_factory=dict)  # object id -> the version that was read

    def parts(self) -> Iterator[SnapshotPart]:
        """Yield everything, the ledger last; nothing for an archive that has no line yet.

        Raises IntegrityError if the ledger cannot be read.
        """
        ledger = self.root / archive_words.LEDGER
        last, wanted = last_line(ledger), dict[str, tuple[str, str]]()
        while last:
            object_source.bring_all(self.root)
            beside, last = self._beside(last)
            self._follow(wanted, last)
            yield from self._withdrawn(wanted)
            if not (yield from self._objects(wanted, last)):
                break
            last = last_line(ledger)
        else:
            return
        self.lines = last.seq + 1
        for name, content in (beside | self._checkpoints(self.lines)).items():
            yield SnapshotFile(name, content)
        yield SnapshotFile(archive_words.LEDGER, last.end)

    def _beside(self, last: Line) -> tuple[dict[str, bytes], Line]:
        """The files beside the evidence, and the newest line that they fit to."""
        while True:
            found = dict[str, bytes]()
            for folder in _BESIDE:
                found |= self._files_in(folder)
            newest = last_line(self.root / archive_words.LEDGER) or last
            if newest.end == last.end:
                return found, last
            last, stated = newest, [each for each in self._after(last) if "files" in each.fields]
            if not stated:
                return found, newest

    def _files_in(self, folder: str) -> dict[str, bytes]:
        found = dict[str, bytes]()
        with suppress(FileNotFoundError), os.scandir(self.root / folder) as entries:
            for each in sorted(entries, key=lambda entry: entry.name):
                if each.is_file(follow_symlinks=False) and not each.name.startswith("."):
                    with suppress(FileNotFoundError):  # replaced just now
                        found[f"{folder}/{each.name}".lstrip("/")] = read_file(Path(each.path))
        return found

    def _checkpoints(self, lines: int) -> dict[str, bytes]:
        found = self._files_in(archive_words.CHECKPOINTS)
        size = {name: name.rpartition("/")[2].partition(".")[0] for name in found}
        return {name: found[name] for name in found if size[name].isdigit() and int(size[name]) <= lines}

    def _follow(self, wanted: dict[str, tuple[str, str]], last: Line) -> None:
        """Bring `wanted` (object id -> version and digest of its inventory) to this line."""
        for line in read_lines(self.root / archive_words.LEDGER):
            if line.offset > last.offset:
                break
            fields = line.fields
            if line.type == "erasure":
                wanted.pop(str(fields.get("erases")), None)
            if "inventory_sha512" in fields and line.type != "redaction":
                wanted[str(line.id)] = str(fields["version"]), str(fields["inventory_sha512"])

    def _withdrawn(self, wanted: dict[str, tuple[str, str]]) -> Iterator[Withdrawn]:
        for object_id in [each for each in self._read if each not in wanted]:
            del self._read[object_id]
            yield Withdrawn(ledger_lines.object_path(object_id))

    def _objects(self, wanted: dict[str, tuple[str, str]], last: Line) -> Generator[SnapshotPart, None, bool]:
        """Yield the files of the objects that were not read yet. Returns whether one of them was erased meanwhile."""
        for object_id, (version, digest) in wanted.items():
            if self._read.get(object_id) == version:
                continue
            place = ledger_lines.object_path(object_id)
            files = self._object(self.root / place, version, digest)
            if files is None:
                if any(each.fields.get("erases") == object_id for each in self._after(last)):
                    return True
                self.faults.append(f"{place} is not as the ledger names it")
                files = self._as_it_is(place)
            self._read[object_id] = version
            for name, content in files.items():
                yield SnapshotFile(f"{place}/{name}", content)
        return False

    def _after(self, last: Line) -> list[Line]:
        return list(read_lines(self.root / archive_words.LEDGER, last.end))

    def _object(self, place: Path, version: str, digest: str) -> dict[str, bytes] | None:
        """The files of an object at a version, by name; None if it is not there as a whole."""
        try:
            number = int(version.removeprefix("v"))
            inventories = {f"v{each}/{name}" for each in range(1, number + 1) for name in _INVENTORY}
            inventory = read_file(place / version / _INVENTORY[0])
            if hashlib.sha512(inventory).hexdigest() != digest:
                return None
            paths = {str(path) for paths in strict_json.decoded(inventory)["manifest"].values() for path in paths}
            if not all(each.split("/")[0] in {f"v{n}" for n in range(1, number + 1)} for each in paths):
                return None
            if any(".." in each.split("/") for each in paths):
                return None
            found = {name: read_file(place / name) for name in sorted({_DECLARATION, *inventories, *paths})}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return found | {name: found[f"{version}/{name}"] for name in _INVENTORY}

    def _as_it_is(self, place: str) -> dict[str, bytes]:
        found = dict[str, bytes]()
        for folder, _, names in os.walk(self.root / place):
            for name in sorted(names):
                path = Path(folder) / name
                with suppress(OSError):
                    found[path.relative_to(self.root / place).as_posix()] = read_file(path)
        return found


def snapshot_or_as_it_is(root: Path, faults: list[str]) -> Iterator[SnapshotPart]:
    """As `Snapshot.parts`; if the ledger cannot be read, all files as they are, with a sentence in `faults`."""
    snapshot = Snapshot(root, faults)
    try:
        yield from snapshot.parts()
    except IntegrityError as error:
        faults.append(error.detail)
        for folder, _, names in os.walk(root):
            for name in sorted(names):
                path = Path(folder) / name
                with suppress(OSError):
                    yield SnapshotFile(path.relative_to(root).as_posix(), read_file(path))
