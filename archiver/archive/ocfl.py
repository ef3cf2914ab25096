"""OCFL 1.1 objects: their names and paths, and how to build them atomically."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from archiver import __version__
from archiver.archive import object_source
from archiver.archive.checking.parts import archive_words, ledger_lines, ocfl_object, one_proof
from archiver.core.atomic_files import read_file, sync, sync_folder
from archiver.core.errors import IntegrityError
from archiver.core.model import Licence, Moment, iso

KINDS = {folder: kind for kind, folder in archive_words.KINDS.items()}
"""Folder below `evidence/` -> the kind's name in ids."""

MAX_FOLDER_LENGTH = 60
_MAX_PROVIDER_LENGTH = 24
_FILE_NAME = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9][a-z0-9._-]{0,58}[a-z0-9]")


@dataclass(frozen=True, kw_only=True)
class NewObject:
    """One object to archive: `kind` is its folder (`licences`), `files` its content by name.

    File names are lower case, so that every system can store them: `certificate.pdf`. Raises ValueError for any other
    name.
    """

    kind: str
    date: Moment | None
    provider: str
    asset_id: str
    identity: str
    files: Mapping[str, bytes]
    created: datetime

    @classmethod
    def of(cls, licence: Licence, files: Mapping[str, bytes], created: datetime) -> NewObject:
        """The object of a licence, or of a preview download."""
        return cls(
            kind="comps" if licence.comp else "licences",
            date=licence.licensed_at,
            provider=licence.asset.provider,
            asset_id=licence.asset.asset_id,
            identity=licence.identity,
            files=files,
            created=created,
        )

    def __post_init__(self) -> None:
        check_names(self.files)

    @cached_property
    def object_id(self) -> str:
        return object_id(self.kind, self.date, self.provider, self.asset_id, self.identity)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object's version in the archive, recorded by ledger line `seq`. `already` is true if it was there before."""

    object_id: str
    version: str
    seq: int
    already: bool

    @property
    def folder(self) -> str:
        return self.object_id.rpartition(":")[2]


def check_names(files: Mapping[str, bytes]) -> None:
    """Raise ValueError for a file name that some system cannot store, and for an object without files."""
    wrong = [name for name in files if not _FILE_NAME.fullmatch(name)]
    if wrong or not files:
        raise ValueError(f"these are not valid file names in an archive: {wrong}")


def object_id(kind: str, date: Moment | None, provider: str, asset_id: str, identity: str) -> str:
    """Return an object's id, for example `urn:x-archiver:licence:20261124_shutterstock_1234567890_1a2b3c4d`.

    Any text is allowed in any part. The last part is the folder's name and has at most 60 characters; the asset id is
    shortened first. The date is the UTC day; an object without a date gets `undated`.
    """
    if isinstance(date, datetime):
        date = date.astimezone(UTC)
    day = f"{date:%Y%m%d}" if date and date.year >= 1000 else "undated"
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    where = _plain(provider)[:_MAX_PROVIDER_LENGTH].strip("-_") or "unknown"
    room = MAX_FOLDER_LENGTH - len(f"{day}_{where}__{digest}")
    asset = _plain(asset_id)[:room].strip("-_") or "unknown"
    return f"{archive_words.URN}:{KINDS[kind]}:{day}_{where}_{asset}_{digest}"


def _plain(text: str) -> str:
    """Keep only ASCII letters, digits, `-` and `_`."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", ascii_text)


def object_path(root: Path, object_id: str) -> Path:
    """Return the folder of an object in the archive at `root`, whether it exists or not.

    An archive without its documents fetches the object first; see `object_source`.
    """
    place = root / ledger_lines.object_path(object_id)
    object_source.bring(root, object_id, place)
    return place


# ---------------------------------------------------------------- building


@dataclass(frozen=True)
class Erasure:
    """The fields of an erasure's ledger line: the object's id, the class of the reason, and the statement's id."""

    erases: str
    reason: str
    statement: str


@dataclass(frozen=True)
class Staged:
    """A complete and durable version in the staging folder, with its record and the way to put it in place."""

    object_id: str
    version: str
    inventory_sha512: str
    folder: Path  # in staging: the whole object for v1, else only the version's folder
    erasure: Erasure | None = None  # the object that a tombstone replaces

    @property
    def intent(self) -> dict[str, str]:
        return {"id": self.object_id, "version": self.version, "inventory_sha512": self.inventory_sha512}

    @property
    def entry(self) -> tuple[str, dict[str, str]]:
        """Return the ledger line that records this version."""
        if self.erasure:
            return "erasure", self.intent | vars(self.erasure)
        return "capture" if self.version == "v1" else "version", self.intent


def stage_object(folder: Path, new: NewObject, *, durable: bool = True) -> Staged:
    """Build a new object, version v1, in a folder that does not exist yet.

    Without `durable`, the caller makes it durable together with others.
    """
    return _stage(folder, new.object_id, new.files, new.created, _message("captured", new.files), durable)


def stage_tombstone(folder: Path, object_id: str, erasure: Erasure, content: bytes, created: datetime) -> Staged:
    """Build the tombstone of an erased object, in a folder that does not exist yet."""
    staged = _stage(folder, object_id, {"tombstone.json": content}, created, "erased", durable=True)
    return replace(staged, erasure=erasure)


def _stage(
    folder: Path, object_id: str, contents: Mapping[str, bytes], created: datetime, message: str, durable: bool
) -> Staged:
    digests = {name: hashlib.sha512(content).hexdigest() for name, content in contents.items()}
    manifest: dict[str, list[str]] = {}
    for name, digest in digests.items():
        manifest.setdefault(digest, []).append(f"v1/content/{name}")
    inventory = _inventory(object_id, "v1", manifest, {"v1": _version(digests, created, message)})
    digest, inventories = _inventory_files(inventory)
    files = {
        **{f"v1/content/{name}": content for name, content in contents.items()},
        **{f"v1/{name}": content for name, content in inventories.items()},
        **inventories,
        "0=ocfl_object_1.1": b"ocfl_object_1.1\n",
    }
    _write(folder, files, durable=durable)
    return Staged(object_id, "v1", digest, folder)


def stage_version(folder: Path, object_id: str, before: bytes, files: Mapping[str, bytes]) -> Staged | None:
    """Build the next version of the object with the inventory `before`, in a new folder.

    `files` are replaced or added; unchanged files are carried over by their digests. Returns None if nothing changes.
    """
    inventory = json.loads(before)
    manifest, head = inventory["manifest"], inventory["head"]
    state = _by_name(inventory["versions"][head]["state"])
    digests = {name: hashlib.sha512(content).hexdigest() for name, content in files.items()}
    if state | digests == state:
        return None
    version = f"v{int(head[1:]) + 1}"
    if int(version[1:]) > ocfl_object.MAX_VERSIONS:
        raise IntegrityError(f"{object_id} has {ocfl_object.MAX_VERSIONS} versions, and no object has more")
    content: dict[str, bytes] = {}
    for name, digest in digests.items():
        if digest not in inventory["manifest"]:
            manifest = {**manifest, digest: [*manifest.get(digest, []), f"{version}/content/{name}"]}
            content[f"content/{name}"] = files[name]
    message = _message("completed", files, inventory["versions"][head].get("message", ""))
    versions = {**inventory["versions"], version: _version(state | digests, datetime.now(UTC), message)}
    digest, inventories = _inventory_files(_inventory(object_id, version, manifest, versions))
    _write(folder, {**content, **inventories})
    return Staged(object_id, version, digest, folder)


def _message(done: str, files: Mapping[str, bytes], before: str = "") -> str:
    """Return a version's message: what was done and, for a licence, the terms that it refers to, which proves them too.

    `before` is the previous version's message. If the description stays the same, the terms do too.
    """
    _, _, kept = before.partition("; ")
    terms = one_proof.terms_message(files["licence.json"]) if "licence.json" in files else kept
    return f"{done}; {terms}" if terms else done


def stage_copy(folder: Path, object_id: str, source: Path, version: str) -> Staged:
    """Build, in a new folder, one version of an object of another archive.

    For v1 the whole object is copied byte for byte.
    """
    files = {
        path.relative_to(source / version).as_posix(): read_file(path)
        for path in sorted((source / version).rglob("*"))
        if path.is_file()
    }
    inventories = {name: files[name] for name in ("inventory.json", "inventory.json.sha512")}
    digest = hashlib.sha512(inventories["inventory.json"]).hexdigest()
    if version == "v1":
        files = {f"v1/{name}": content for name, content in files.items()}
        files |= {**inventories, "0=ocfl_object_1.1": b"ocfl_object_1.1\n"}
    _write(folder, files)
    return Staged(object_id, version, digest, folder)


def publish_version(root: Path, staging: Path, object_id: str, version: str) -> None:
    """Make a version whose folder is in place the object's head: first the inventory, then its digest.

    Can be repeated; after a crash it completes the change.
    """
    place = object_path(root, object_id)
    for name in ("inventory.json", "inventory.json.sha512"):
        copy = staging / f"{place.name}.{name}"
        write_over(copy, read_file(place / version / name))
        move_over(copy, place / name)
    sync_folder(place)


def _by_name(state: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: digest for digest, names in state.items() for name in names}


def _version(digests: Mapping[str, str], created: datetime, message: str) -> dict[str, object]:
    state: dict[str, list[str]] = {}
    for name, digest in sorted(digests.items()):
        state.setdefault(digest, []).append(name)
    user = {"name": f"archiver {__version__}", "address": f"{archive_words.URN}:tool"}
    return {"created": iso(created), "message": message, "user": user, "state": state}


def _inventory(object_id: str, head: str, manifest: Mapping[str, object], versions: Mapping[str, object]) -> bytes:
    inventory = {
        "id": object_id,
        "type": "https://ocfl.io/1.1/spec/#inventory",
        "digestAlgorithm": "sha512",
        "head": head,
        "manifest": manifest,
        "versions": versions,
    }
    # One line for each entry: people can read it, and the standard library's fast encoder, which cannot indent, works.
    return json.dumps(inventory, sort_keys=True, separators=(",\n", ": ")).encode()


def _inventory_files(inventory: bytes) -> tuple[str, dict[str, bytes]]:
    digest = hashlib.sha512(inventory).hexdigest()
    return digest, {"inventory.json": inventory, "inventory.json.sha512": f"{digest} inventory.json\n".encode()}


def _write(folder: Path, files: Mapping[str, bytes], *, durable: bool = True) -> None:
    """Write a folder of new files durably: write all of them before waiting for the first."""
    root = os.fspath(folder)  # str paths, since this runs for every file of an archive
    folders = {root}
    for name in files:
        while name := name.rpartition("/")[0]:
            folders.add(f"{root}/{name}")
    for each in sorted(folders):
        os.mkdir(each)  # noqa: PTH102  # as above
    handles = []
    try:
        for name, content in files.items():
            handles.append(_create(f"{root}/{name}", content))
        for handle in handles if durable else ():
            os.fsync(handle)
    finally:
        for handle in handles:
            os.close(handle)
    for each in sorted(folders, reverse=True) if durable else ():
        sync_folder(each)


def make_durable(folder: Path) -> None:
    """Wait until a folder that was built without `durable`, with all its content, is durable (POSIX)."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(f"{place}/{name}")
        sync(place)


def write_new(path: Path, content: bytes) -> None:
    """Write a new file durably and read-only."""
    handle = _create(path, content)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_over(path: Path, content: bytes) -> None:
    """Write a file durably and read-only. Replaces what a crash may have left there."""
    remove_file(path)
    write_new(path, content)


def _create(path: Path | str, content: bytes) -> int:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o444)
    try:
        if os.name == "posix":
            os.fchmod(handle, 0o444)  # independent of the umask
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
    except BaseException:
        os.close(handle)
        raise
    return handle


def move_over(new: Path, old: Path) -> None:
    """Rename a file, perhaps over an existing one."""
    if os.name == "nt" and old.exists():
        old.chmod(stat.S_IWRITE)  # Windows does not replace read-only files
    new.replace(old)


def make_folder(path: Path) -> None:
    """Make a folder and its parents durably."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def remove_file(path: Path) -> None:
    """Remove a file, read-only or not, if it exists. If the path is a link, remove the link."""
    if os.name == "nt" and path.exists():
        path.chmod(stat.S_IWRITE)  # Windows does not remove read-only files
    path.unlink(missing_ok=True)
