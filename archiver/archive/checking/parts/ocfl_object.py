"""One OCFL 1.1 object."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from archiver.archive.checking.parts.archive_words import Finding, Malformed, must
from archiver.archive.checking.parts.regular_files import content, digests
from archiver.archive.checking.parts.strict_json import decoded
from archiver.archive.checking.parts.verify_report import DatedDocument

_DIGESTS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "sha512": "sha512",
    "sha512/256": "sha512_256",
    "blake2b-512": "blake2b",
}
"""OCFL's digest algorithms and hashlib's names. Fixity blocks may use others, which are not checked."""

_CONTENT_DIGESTS = {"sha512": re.compile("[0-9a-fA-F]{128}"), "sha256": re.compile("[0-9a-fA-F]{64}")}
"""Algorithms that may address content, and the form of their digests."""

_INVENTORY_FILES = frozenset({"inventory.json", "inventory.json.sha256", "inventory.json.sha512"})
MAX_INVENTORY_BYTES = 1 << 24
MAX_VERSIONS = 1000  # of one object: each has an inventory that lists all before it

_SPEC = re.compile(r"https://ocfl\.io/(1\.[01])/spec/#inventory")
_CREATED = re.compile(r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|6[01])(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Inventory:
    """A valid inventory. Versions are in order; the manifest and the states map path to digest."""

    id: str
    spec: str
    algorithm: str
    content_folder: str
    versions: tuple[str, ...]
    manifest: dict[str, str]
    states: dict[str, dict[str, str]]
    fixity: dict[str, dict[str, str]]
    messages: dict[str, str] = field(default_factory=dict)  # of each version

    @property
    def head(self) -> str:
        return self.versions[-1]

    def contents(self, version: str) -> dict[str, frozenset[str]]:
        """Return logical path -> content files with these bytes, which is independent of the digest algorithm."""
        return {path: self._holders[digest] for path, digest in self.states[version].items()}

    @functools.cached_property
    def _holders(self) -> dict[str, frozenset[str]]:
        """Digest -> the content files that have it."""
        holders: dict[str, set[str]] = {}
        for path, digest in self.manifest.items():
            holders.setdefault(digest, set()).add(path)
        return {digest: frozenset(paths) for digest, paths in holders.items()}

    @classmethod
    def parse(cls, data: bytes) -> Inventory:
        """Read an inventory. Raises Malformed with the first rule that it breaks."""
        tree = decoded(data, _unique)
        must(isinstance(tree, dict), "the inventory is not a JSON object")
        for key in ("id", "type", "digestAlgorithm", "head"):
            must(isinstance(tree.get(key), str) and tree[key] != "", f"the inventory has no {key}")
        spec = _SPEC.fullmatch(tree["type"])
        if spec is None:
            raise Malformed("the inventory is of an unknown type")
        algorithm, folder = tree["digestAlgorithm"], tree.get("contentDirectory", "content")
        must(algorithm in _CONTENT_DIGESTS, f"{algorithm} is not allowed for content")
        must(isinstance(folder, str) and re.fullmatch(r"(?!\.{1,2}$)[^/]+", folder), "bad contentDirectory")
        blocks = tree.get("versions")
        must(isinstance(blocks, dict) and blocks != {}, "the inventory has no versions")
        must(len(blocks) <= MAX_VERSIONS, f"the inventory has more than {MAX_VERSIONS} versions")
        versions = _in_order(blocks)
        must(tree["head"] == versions[-1], "the inventory's head is not its newest version")
        manifest = _by_path(tree.get("manifest"), "manifest")
        must(all(map(_CONTENT_DIGESTS[algorithm].fullmatch, manifest.values())), "the manifest has a bad digest")
        places = tuple(f"{version}/{folder}/" for version in versions)
        must(all(path.startswith(places) for path in manifest), "the manifest names a file outside the content")
        states, contents = {}, set(manifest.values())
        for version in versions:
            block = blocks[version]
            must(isinstance(block, dict), f"{version} is not a JSON object")
            must(is_created(block.get("created")), f"{version} has no valid creation date")
            states[version] = _by_path(block.get("state"), f"state of {version}")
            must(contents.issuperset(states[version].values()), f"{version} has a digest without content")
            must(isinstance(block.get("message", ""), str), f"the message of {version} is not text")
            user = block.get("user", {"name": "-"})
            must(isinstance(user, dict) and isinstance(user.get("name"), str) and user["name"], "a user has no name")
            must(isinstance(user.get("address", ""), str), "a user's address is not text")
        used = {digest for state in states.values() for digest in state.values()}
        must(contents <= used, "the manifest has content that no version uses")
        fixity = tree.get("fixity", {})
        must(isinstance(fixity, dict), "fixity is not a JSON object")
        sums = {name: _by_path(block, f"{name} fixity") for name, block in fixity.items()}
        must(all(set(paths) <= set(manifest) for paths in sums.values()), "fixity names a file without content")
        messages = {version: blocks[version].get("message", "") for version in versions}
        return cls(tree["id"], spec[1], algorithm, folder, versions, manifest, states, sums, messages)


def first_versions(states: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return, for each file of the newest version, the first version with the same bytes.

    `states` maps each version, oldest first, to its files: name -> digest.
    """
    first: dict[str, str] = {}
    for version, state in states.items():
        for digest in state.values():
            first.setdefault(digest, version)
    return {name: first[digest] for name, digest in next(reversed(states.values())).items()}


def documents_of(files: list[DatedDocument]) -> list[DatedDocument]:
    """Return an object's files without `licence.json`, which is the archiver's own description and changes with each
    version.

    If the object has no other file, `licence.json` is its document.
    """
    return [each for each in files if each.name != "licence.json"] or files


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    must(len(found) == len(pairs), "a JSON key occurs twice")
    return found


def is_created(text: object) -> bool:
    match = _CREATED.fullmatch(text) if isinstance(text, str) else None
    try:
        return match is not None and bool(date.fromisoformat(match[1]))
    except ValueError:
        return False


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Check version names: `v1, v2, …`, or zero-padded to one width, without a gap."""
    known = set(names)
    plain = [f"v{n}" for n in range(1, len(known) + 1)]
    width = len(min(known)) - 1
    must(width <= MAX_NAME_PARTS, "the versions are not numbered in sequence")
    padded = [f"v0{n:0{max(width - 1, 1)}d}" for n in range(1, len(known) + 1)]
    for order in (plain, padded):
        if known == set(order):
            return tuple(order)
    raise Malformed("the versions are not numbered in sequence")


def _by_path(block: object, what: str) -> dict[str, str]:
    """Invert `{digest: [path, …]}`. Raises Malformed for a repeated digest or path and for unsafe paths."""
    if not isinstance(block, dict):
        raise Malformed(f"the {what} is not a JSON object")
    must(len({digest.lower() for digest in block}) == len(block), f"the {what} has a digest twice")
    found: dict[str, str] = {}
    folders = {""}
    for digest, paths in block.items():
        must(isinstance(paths, list) and paths, f"the {what} has a digest without files")
        for path in paths:
            must(isinstance(path, str) and is_path(path), f"the {what} has a bad path")
            must(path not in found, f"the {what} has a path twice")
            found[path] = digest
            folder = path.rpartition("/")[0]
            while folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
    must(folders.isdisjoint(found), f"the {what} has a path that is both file and folder")
    return found


MAX_PATH_LETTERS, MAX_NAME_PARTS = 4096, 64


def is_path(path: str) -> bool:
    """Return whether a relative path stays where it is, and is one that files have."""
    parts = path.split("/")
    short = len(path) <= MAX_PATH_LETTERS and len(parts) <= MAX_NAME_PARTS
    return short and "\0" not in path and {"", ".", ".."}.isdisjoint(parts)


@dataclass
class CheckedObject:
    """The result of `check_object`: findings, the inventory if valid, and version -> SHA-512 of its inventory."""

    findings: list[Finding] = field(default_factory=list)
    inventory: Inventory | None = None
    inventories: dict[str, str] = field(default_factory=dict)


def check_object(
    folder: Path,
    prefix: str = "",
    *,
    contents: bool = True,
    closed: bool = False,
    withheld: frozenset[str] = frozenset(),
) -> CheckedObject:
    """Validate one OCFL object by specification 1.1. With `contents=False`, the content's digests are not checked.

    With `closed`, folders whose files have no digest are refused, although the specification allows them. `withheld`
    are content files that may be missing, which the specification does not know, for example `v1/content/record.json`.
    """
    check = _ObjectCheck(os.fspath(folder), prefix, contents, closed, withheld)
    try:
        check.run()
    except Malformed as error:
        check.find("invalid", check.at, str(error))
    except FileNotFoundError:
        check.find("missing", check.at, "is missing")
    except OSError as error:
        check.find("unreadable", check.at, f"cannot be read: {error.strerror}")
    return check.result


_Sums = dict[str, set[tuple[str, str]]]
"""Content file -> its expected digests, each with hashlib's name of the algorithm."""


@dataclass
class _ObjectCheck:
    folder: str
    prefix: str
    contents: bool
    closed: bool
    withheld: frozenset[str]
    at: str = ""  # the part being checked, for the findings
    result: CheckedObject = field(default_factory=CheckedObject)

    def find(self, code: str, path: str, message: str) -> None:
        self.result.findings.append(Finding(code, (self.prefix + path).rstrip("/") or ".", message))

    def read(self, path: str) -> bytes:
        return content(f"{self.folder}/{path}", MAX_INVENTORY_BYTES)

    def entries(self, place: str) -> dict[str, os.DirEntry[str]]:
        """Return the content of a folder of the object, by name."""
        with os.scandir(f"{self.folder}/{place}") as found:
            return {entry.name: entry for entry in found}

    def run(self) -> None:
        top = self.entries("")
        declared = self.declaration([name for name in top if name.startswith("0=")])
        data = self.read_inventory("")
        root = self.result.inventory = Inventory.parse(data)
        valid = self.sidecar("", data, root.algorithm)
        inside = self.layout(root, top)
        sums: _Sums = {path: {(root.algorithm, digest.lower())} for path, digest in root.manifest.items()}
        for name in root.fixity.keys() & _DIGESTS.keys():
            for path, digest in root.fixity[name].items():
                sums[path].add((_DIGESTS[name], digest.lower()))
        newest = declared
        must(root.spec == declared, "is not of the declared version of OCFL")
        for version in reversed(root.versions):
            if "inventory.json" not in inside.get(version, ()):
                self.find("remark", f"{version}/inventory.json", "this version has no inventory of its own")
                for name in inside.get(version, {}).keys() - {root.content_folder}:
                    if name.startswith("inventory.json."):
                        self.find("extra", f"{version}/{name}", "is the digest of an inventory that is not here")
                continue
            old_data = self.read_inventory(f"{version}/")
            self.result.inventories[version] = hashlib.sha512(old_data).hexdigest()
            try:
                if version == root.head:
                    old = root
                    must(not valid or old_data == data, "is not the same as the object's inventory")
                else:
                    old = Inventory.parse(old_data)
                    must(old.spec <= newest, "follows a newer version of OCFL than its successor")
                    self.predecessor(old, root, version, sums)
                newest = old.spec
                self.sidecar(f"{version}/", old_data, old.algorithm)
                for name in inside[version].keys() & _INVENTORY_FILES - {"inventory.json"}:
                    if name != f"inventory.json.{old.algorithm}":
                        self.find("extra", f"{version}/{name}", "does not belong to the version")
            except Malformed as error:
                self.find("invalid", self.at, str(error))
        self.files(root, sums, [version for version in inside if root.content_folder in inside[version]])

    def declaration(self, names: list[str]) -> str:
        spec = re.fullmatch(r"0=ocfl_object_(1\.[01])", names[0]) if len(names) == 1 else None
        self.at = names[0] if names else "0=ocfl_object_1.1"
        if spec is None:
            raise Malformed("the object's declaration is missing, unknown or not alone")
        must(self.read(self.at) == f"ocfl_object_{spec[1]}\n".encode(), "not the declared content")
        return spec[1]

    def read_inventory(self, where: str) -> bytes:
        self.at = f"{where}inventory.json"
        return self.read(self.at)

    def sidecar(self, where: str, data: bytes, algorithm: str) -> bool:
        """Check the inventory against the digest in the file beside it, and that this file is well-formed."""
        place = f"{where}inventory.json.{algorithm}"
        try:
            stated = re.fullmatch(rb"([0-9a-fA-F]+)[ \t]+inventory\.json\n?", self.read(place))
        except FileNotFoundError:
            self.find("missing", place, "the inventory's digest file is missing")
            return True
        except OSError as error:
            self.find("unreadable", place, f"cannot be read: {error.strerror}")
            return True
        if not stated:
            self.find("invalid", place, "not the digest of an inventory")
        elif stated[1].decode().lower() != hashlib.new(algorithm, data).hexdigest():
            self.find("changed", f"{where}inventory.json", "does not have the digest that its digest file states")
            return False
        return True

    def layout(self, root: Inventory, top: dict[str, os.DirEntry[str]]) -> dict[str, dict[str, os.DirEntry[str]]]:
        """Check that the object's folder and its version folders contain only what belongs there.

        Returns their content.
        """
        expected = {f"0=ocfl_object_{root.spec}", "inventory.json", f"inventory.json.{root.algorithm}"}
        for entry in top.values():
            folder = entry.is_dir(follow_symlinks=False)
            if folder and entry.name in root.versions:
                continue
            if folder and entry.name in ("logs", "extensions") and not self.closed:
                for inner in self.entries(entry.name).values() if entry.name == "extensions" else ():
                    if not inner.is_dir(follow_symlinks=False):
                        self.find("extra", f"extensions/{inner.name}", "a file that no extension owns")
            elif folder or entry.name not in expected or not entry.is_file(follow_symlinks=False):
                self.find("extra", entry.name, "does not belong to the object")
        inside = {}
        for version in root.versions:
            if version not in top or not top[version].is_dir():
                self.find("missing", version, "a version's folder is missing")
                continue
            inside[version] = self.entries(version)
            for entry in inside[version].values():
                place = f"{version}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != root.content_folder:
                        self.find("extra" if self.closed else "remark", place, "a folder beside the content")
                elif entry.name not in _INVENTORY_FILES or not entry.is_file(follow_symlinks=False):
                    self.find("extra", place, "does not belong to the version")
        return inside

    def predecessor(self, old: Inventory, root: Inventory, version: str, sums: _Sums) -> None:
        """Check that an earlier version's inventory agrees with the object's."""
        earlier = root.versions[: root.versions.index(version) + 1]
        must(old.id == root.id, "has another object's id")
        must(old.content_folder == root.content_folder, "has another contentDirectory than the object")
        must(old.versions == earlier, "has other versions than its place says")
        places = tuple(f"{name}/" for name in earlier)
        must(set(old.manifest) == {p for p in root.manifest if p.startswith(places)}, "lists other content files")
        for path, digest in old.manifest.items():
            sums[path].add((old.algorithm, digest.lower()))
        for name in earlier:
            before, now = old.contents(name), root.contents(name)
            must(before.keys() == now.keys(), f"{name} has other files than in the object's inventory")
            must(all(before[path] <= now[path] for path in before), f"{name} has other content than in the object's")

    def files(self, root: Inventory, sums: _Sums, versions: list[str]) -> None:
        """Check that the content files are exactly those of the manifest, with its digests."""
        found: dict[str, bool] = {}  # whether it is a file
        folders = [f"{version}/{root.content_folder}" for version in versions]
        for here in folders:
            entries = self.entries(here)
            if not entries:
                self.find("extra", here, "an empty folder")
            for name, entry in entries.items():
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{here}/{name}")
                else:
                    found[f"{here}/{name}"] = entry.is_file(follow_symlinks=False)
        for path in sorted(found.keys() - sums.keys()):
            self.find("extra", path, "a file that the inventory does not list")
        for path in sorted(sums.keys() - found.keys()):
            if path in self.withheld:
                self.find("withheld", path, f"withheld by the sender: {path.rpartition('/')[2]}")
            else:
                self.find("missing", path, "a file that the inventory lists is missing")
        for path in sorted(found.keys() & sums.keys()):
            self.at = path
            if not found[path]:
                self.find("invalid", path, "a link or device, not a file")
            elif self.contents:
                actual = digests(f"{self.folder}/{path}", {algorithm for algorithm, _ in sums[path]})
                if not sums[path] <= actual.items():
                    self.find("changed", path, "does not have the digest that the inventory states")
