"""Compare an archive with its replica, both ways, and count what waits to be published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from archiver.archive.checking.parts import archive_words, ledger_lines, signed_notes
from archiver.archive.ledger import read_lines
from archiver.archive.reader import Archive, signer_key
from archiver.core.atomic_files import read_file
from archiver.core.errors import IntegrityError
from archiver.core.progress import with_progress
from archiver.fleet.object_store import Bucket, bucket_of, sha256_of
from archiver.fleet.publisher import PublishedState, heads_of, is_genuine, parts_of, published_files, state_path
from archiver.fleet.replica_format import ReplicaFile, ReplicaHead, content_of, head_key
from archiver.fleet.restore import fetched
from archiver.home.settings import Home

MAX_WITNESSED = 20  # checkpoints with which `verify --against` compares
MAX_FETCHED = 1000  # files that are fetched to find them
_NOTE = re.compile(r"[0-9]{8,15}\.note/[0-9a-f]{64}")


@dataclass(frozen=True)
class ReplicaFinding:
    """A difference. `code`: head, missing, overwritten, unlisted, differs, unpublished, unknown."""

    code: str
    path: str
    message: str


@dataclass(frozen=True)
class ReplicaStatus:
    """How far a client's replica is behind the newest checkpoint: ledger lines that wait, and since when (UTC)."""

    client: str
    published: str | None
    waiting: int
    since: str | None
    error: str | None

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        behind = f"{self.waiting} ledger lines wait since {self.since}" if self.waiting else "nothing waits"
        fault = f"; the last publication failed: {self.error}" if self.error else ""
        return f"replica of {self.client}: published {self.published or 'never'}; {behind}{fault}"

    def hours_behind(self, now: datetime) -> float:
        """Hours since the oldest waiting line was written."""
        return (now - datetime.fromisoformat(self.since)).total_seconds() / 3600 if self.since else 0.0


def replica_status(home: Home) -> list[ReplicaStatus]:
    """The backlog of each client with an archive, without asking the store. Empty in a home without a replica."""
    if home.settings.replica is None:
        return []
    found = []
    for slug in home.clients:
        sealed, _, _ = ledger_lines.newest_checkpoint(home.archive(slug))
        if not sealed:
            continue
        state = PublishedState.load(state_path(home, slug))
        head = state.head
        waiting = max(0, sealed - (head.lines if head else 0))
        line = (
            next(read_lines(home.archive(slug) / archive_words.LEDGER, head.ledger_bytes if head else 0), None)
            if waiting
            else None
        )
        since = str(line.fields["at"]) if line else None
        found.append(ReplicaStatus(slug, head.at if head else None, waiting, since, state.error))
    return found


def lines_beyond(home: Home, client: str, lines: int) -> int:
    """How many lines of a client's ledger the replica has, if they are more than these and signed by the archive's key;
    else 0. Errors of the store pass through."""
    bucket, key = bucket_of(home), signer_key(home.archive(client))
    for head in sorted(heads_of(bucket, client), key=lambda each: -each.lines):
        if head.lines <= lines:
            break
        if is_genuine(bucket, client, head, key):
            return head.lines
    return 0


def check(home: Home, bucket: Bucket, client: str, *, deep: bool = False) -> tuple[int, list[ReplicaFinding]]:
    """Compare both ways: every published file with the archive's and the store's, and the archive with the replica.

    Without `deep`, the store's listing must have each key with its size, and the key names the digest. With `deep`,
    each file's bytes are fetched and compared. Returns the number of published files, and what differs.
    """
    root, key = home.archive(client), head_key(client)
    newest = bucket.get(key)
    head = ReplicaHead.parse(newest[0]) if newest else None
    best = max(heads_of(bucket, client), key=lambda each: (each.lines, each.at), default=None)
    findings = []
    if best is None:
        return 0, [ReplicaFinding("head", key, "nothing is published yet")]
    here = (root / archive_words.SIGNER_KEY).exists()
    if head is None or head.lines < best.lines or (here and not is_genuine(bucket, client, head, signer_key(root))):
        findings.append(
            ReplicaFinding("head", key, "was deleted, overwritten or set back; its locked version is intact")
        )
    content = content_of(list(parts_of(bucket, best))[::-1])
    files = [*content.files.values(), *content.ledger]
    listed = dict(bucket.keys(f"{client}/"))
    ledger = read_file(root / archive_words.LEDGER) if (root / archive_words.LEDGER).exists() else b""
    for file in with_progress(f"{client}: files", files, len(files)):
        findings += _compare(bucket, root, client, file, listed, ledger)
    if deep:
        findings += [
            ReplicaFinding("missing", file.path, "no version in the store has its bytes")
            if data is None
            else ReplicaFinding("overwritten", file.path, "only an older version in the store has its bytes")
            for file, data, newest_has in with_progress(f"{client}: bytes", fetched(bucket, client, files), len(files))
            if data is None or not newest_has
        ]
    known = {each.key(client) for each in files} | {key}
    findings += [
        ReplicaFinding("unknown", each, "is in the store, but no part lists it")
        for each in listed
        if each not in known
        and not each.startswith(f"{client}/parts/")
        and not _was_replaced(each, client, content.files)
    ]
    findings += [
        ReplicaFinding("unpublished", path, "is in the archive, but not published")
        for path in _objects(root, best)
        if not any(each.startswith(f"{path}/") for each in content.files)
    ]
    return len(files), list(dict.fromkeys(findings))


def _compare(
    bucket: Bucket, root: Path, client: str, file: ReplicaFile, listed: dict[str, int], ledger: bytes
) -> Iterator[ReplicaFinding]:
    key = file.key(client)
    if listed.get(key) != file.bytes:
        data, newest = bucket.fetch(key, file.sha256)
        if newest:
            yield ReplicaFinding("unlisted", file.path, "is there, but the store's list is late or incomplete")
        elif data is not None:
            yield ReplicaFinding("overwritten", file.path, "was deleted or overwritten; an older version is intact")
        else:
            yield ReplicaFinding("missing", file.path, "is lost: no version has its bytes")
    if file.offset is not None:
        same = sha256_of(ledger[file.offset : file.offset + file.bytes]) == file.sha256
    else:
        try:
            same = sha256_of(read_file(root / file.path)) == file.sha256
        except OSError:
            same = False
    if not same:
        yield ReplicaFinding("differs", file.path, "differs in the archive on this machine, or is missing there")


def _was_replaced(key: str, client: str, files: dict[str, ReplicaFile]) -> bool:
    """Whether a key is an earlier content of a path that the replica knows, or of the ledger, or was erased."""
    path = key.removeprefix(f"{client}/files/").rpartition("/")[0]
    return path in files or path == archive_words.LEDGER or path.startswith("evidence/")


def _objects(root: Path, head: ReplicaHead) -> Iterator[str]:
    """The places of the objects that the ledger's published lines record and that are there."""
    for line in Archive(root).lines():
        if line.offset >= head.ledger_bytes:
            return
        if "inventory_sha512" in line.fields and (root / (place := ledger_lines.object_path(str(line.id)))).is_dir():
            yield place


def fetch_checkpoints(bucket: Bucket, client: str, key: bytes | None, folder: Path) -> bool:
    """Write the newest published checkpoints of a client into a folder, as a witness has them.

    `key` is the archive's, if it has one. Whoever may write to the bucket can put anything under any name. So a
    checkpoint counts by its own size and signature, and those below the genuine head have a search of their own.
    Returns whether nothing newer can have been left out.
    """
    place = f"{client}/files/{archive_words.CHECKPOINTS}/"
    head = _genuine_head(bucket, client, key) if key else None
    certain = list[str]()
    if head:  # the list may be late
        with suppress(IntegrityError):
            files = published_files(bucket, head, f"{archive_words.CHECKPOINTS}/")
            notes = (each.key(client) for each in files if each.path.endswith(".note"))
            certain = list(islice(notes, MAX_WITNESSED))
    search = _CheckpointSearch(bucket, place, key)
    below = search.newest(certain)
    found, whole = search.newest({*certain, *(each.key for each in bucket.versions(place))})
    for each in {**below[0], **found, **search.foreign}.values():
        note = signed_notes.Note.parse(each)
        (folder / f"{note.size:08d}-{sha256_of(each)[:8]}.note").write_bytes(each)
    return whole and below[1] and (head is not None or not found)


def _genuine_head(bucket: Bucket, client: str, key: bytes) -> ReplicaHead | None:
    """The head, or the longest of its last versions, that the archive's key vouches for."""
    newest = bucket.get(head_key(client))
    head = ReplicaHead.parse(newest[0]) if newest else None
    if head and is_genuine(bucket, client, head, key):
        return head
    last = islice(heads_of(bucket, client), MAX_WITNESSED)
    heads = sorted({*last}, key=lambda each: -each.lines)
    return next((each for each in heads if is_genuine(bucket, client, each, key)), None)


class _CheckpointSearch:
    """Finds checkpoints among keys whose names mean nothing yet. `foreign` are some that another key signed."""

    def __init__(self, bucket: Bucket, place: str, key: bytes | None) -> None:
        self._bucket, self._place, self._key = bucket, place, key
        self._read = dict[str, bytes]()  # by digest
        self.foreign = dict[str, bytes]()

    def newest(self, keys: Iterable[str]) -> tuple[dict[str, bytes], bool]:
        """The newest checkpoints by digest, of those whose name is their own size; and whether all were looked at."""
        found, fetched_keys = dict[str, bytes](), 0
        names = [each.removeprefix(self._place) for each in keys]
        for name in sorted(filter(_NOTE.fullmatch, names), key=lambda each: (len(each), each), reverse=True):
            if len(found) >= MAX_WITNESSED:
                break
            number, _, digest = name.partition(".note/")
            if digest not in self._read:
                if fetched_keys >= MAX_FETCHED:
                    return found, False
                fetched_keys += 1
                data, _ = self._bucket.fetch(self._place + name, digest)
                if data is None:
                    continue
                self._read[digest] = data
            if self._is_own(digest, int(number)):
                found[digest] = self._read[digest]
        return found, True

    def _is_own(self, digest: str, size: int) -> bool:
        try:
            note = signed_notes.Note.parse(self._read[digest])
        except archive_words.Malformed:
            return False
        if self._key is None or not note.claims(self._key):
            if len(self.foreign) < MAX_WITNESSED:
                self.foreign[digest] = self._read[digest]  # the verifier says what it is
            return False
        return note.size == size and note.signed_by(self._key, under_any_name=True)
