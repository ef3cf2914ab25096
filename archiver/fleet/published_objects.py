"""Objects of a published archive, each fetched from the store when somebody looks at it."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from secrets import token_hex
from threading import Lock

from archiver.archive.checking.parts import archive_words
from archiver.archive.ocfl import object_path
from archiver.core.atomic_files import open_file, remove_tree
from archiver.core.errors import IntegrityError
from archiver.fleet.object_store import MAX_REQUESTS, Bucket
from archiver.fleet.publisher import published_files
from archiver.fleet.replica_format import ReplicaHead, head_key

MAX_OBJECTS = 4  # that are fetched at the same time; each takes several requests
_RECORDED = re.compile(rb'"id":"([^"]+)","inventory_sha512":"([0-9a-f]{128})".*"version":"(v[0-9]+)"')
_ERASED = re.compile(rb'"erases":"([^"]+)"')
DECLARATION = "0=ocfl_object_1.1"


class PublishedObjects:
    """The objects that the ledger at `root` records, in a bucket. Safe for threads.

    The ledger names the digest of each inventory, and the inventory those of all files, so nothing else is taken.
    `temporary` is a folder on the archive's disk.
    """

    def __init__(self, bucket: Bucket, client: str, root: Path, temporary: Path) -> None:
        self._bucket, self._client, self._root, self._temporary = bucket, client, root, temporary
        self._lock, self._read_bytes = Lock(), 0
        self._inventories: dict[str, dict[str, str]] = defaultdict(dict)  # id -> version -> digest

    def bring(self, object_id: str, place: Path) -> None:
        recorded = self._recorded(object_id)
        if not recorded:
            return
        folder = self._temporary / token_hex(8)
        folder.mkdir(parents=True)
        try:
            self._fetch(place.relative_to(self._root).as_posix(), recorded, folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                folder.rename(place)
            except OSError:
                if not place.exists():  # another thread was quicker
                    raise
        finally:
            remove_tree(folder)

    def bring_all(self, part: str = "") -> None:
        self._recorded("")
        wanted = [each for each in self._inventories if part in each]
        with ThreadPoolExecutor(MAX_OBJECTS) as pool:
            for _ in pool.map(partial(object_path, self._root), wanted):
                pass

    def _recorded(self, object_id: str) -> dict[str, str]:
        """The digests of the object's inventories by version, after reading the ledger's new lines."""
        with self._lock:
            ledger = self._root / archive_words.LEDGER
            if ledger.exists() and ledger.stat().st_size > self._read_bytes:
                with open_file(ledger) as file:
                    file.seek(self._read_bytes)
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        self._read_bytes += len(line)
                        if found := _RECORDED.search(line):
                            self._inventories[found[1].decode()][found[3].decode()] = found[2].decode()
                        if gone := _ERASED.search(line):
                            self._inventories.pop(gone[1].decode(), None)
            return dict(self._inventories.get(object_id, {}))

    def _fetch(self, place: str, recorded: dict[str, str], folder: Path) -> None:
        """Write the object's files into a folder. IntegrityError if one has no version with the right bytes."""
        keys: dict[str, set[str]] = defaultdict(set)  # path in the object -> the SHA-256 of each content
        prefix = f"{self._client}/files/{place}/"
        for each in self._bucket.versions(prefix):
            path, _, sha256 = each.key.removeprefix(prefix).rpartition("/")
            keys[path].add(sha256)
        try:
            self._write_object(place, recorded, keys, folder)
        except IntegrityError:  # the store's list may be late, or have ended early; the parts are certain
            found = self._bucket.get(head_key(self._client))
            head = ReplicaHead.parse(found[0]) if found else None
            if head is None:
                raise
            for file in published_files(self._bucket, head, f"{place}/"):
                keys[file.path.removeprefix(f"{place}/")].add(file.sha256)
            remove_tree(folder)
            self._write_object(place, recorded, keys, folder)

    def _write_object(
        self, place: str, recorded: dict[str, str], keys: dict[str, set[str]], folder: Path
    ) -> None:  # fmt: skip
        newest = max(recorded, key=lambda version: int(version[1:]))
        wanted: dict[str, str] = {}  # path -> SHA-512
        for version, digest in recorded.items():
            wanted[f"{version}/inventory.json"] = digest
        inventory = self._content(place, keys, f"{newest}/inventory.json", recorded[newest])
        manifest = json.loads(inventory)["manifest"]
        wanted |= {path: digest.lower() for digest, paths in manifest.items() for path in paths}
        with ThreadPoolExecutor(MAX_REQUESTS) as pool:
            contents = pool.map(lambda item: self._content(place, keys, *item), wanted.items())
            for path, content in zip(wanted, contents, strict=True):
                _write(folder / path, content)
        for version, digest in recorded.items():
            _write(folder / version / "inventory.json.sha512", f"{digest} inventory.json\n".encode())
        for name in ("inventory.json", "inventory.json.sha512"):
            _write(folder / name, (folder / newest / name).read_bytes())
        _write(folder / DECLARATION, b"ocfl_object_1.1\n")

    def _content(self, place: str, keys: dict[str, set[str]], path: str, sha512: str) -> bytes:
        for content in self._candidates(place, keys, path):
            if hashlib.sha512(content).hexdigest() == sha512:
                return content
        raise IntegrityError(f"{self._bucket.name} has no {place}/{path} with the bytes that the ledger records")

    def _candidates(self, place: str, keys: dict[str, set[str]], path: str) -> Iterator[bytes]:
        for sha256 in sorted(keys.get(path, ())):
            content, _ = self._bucket.fetch(f"{self._client}/files/{place}/{path}/{sha256}", sha256)
            if content is not None:
                yield content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
    path.chmod(0o444)
