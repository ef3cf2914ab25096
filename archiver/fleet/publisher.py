"""Publish an archive to its replica after every seal.

Files first, then the part that lists them, then the head, which moves only from the version that was read. So a crash
between any two steps leaves the replica as it was, and the next seal repeats what is missing. Whoever finds that the
head has moved elsewhere stops with ReplicaForked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path

from archiver.archive.checking.parts import anchor_proofs, archive_words, ledger_lines
from archiver.archive.erasure import EVERYTHING, holds
from archiver.archive.ledger import Line, read_lines
from archiver.archive.reader import Archive, signer_key
from archiver.archive.witness import Handover
from archiver.core.atomic_files import open_file, read_file, replace_file
from archiver.core.errors import ArchiverError, IntegrityError, LeaseLost, Remedy, ReplicaForked
from archiver.core.json_files import checked
from archiver.core.model import iso
from archiver.core.progress import progress_bar
from archiver.fleet.fence import Fence
from archiver.fleet.object_store import MAX_REQUESTS, Bucket, NotWritten, bucket_of, sha256_of
from archiver.fleet.replica_format import (
    ReplicaFile,
    ReplicaHead,
    ReplicaPart,
    head_key,
    part_digest,
    part_key,
    path_of,
)
from archiver.home.settings import Home

MAX_LINES = 500  # ledger lines in one part

type RetainDays = Callable[[str], int]
"""For how many days the store must keep a file of the archive, by its path."""


@dataclass
class PublishedState:
    """What this machine knows of the replica: disposable, and valid while the head has this entity tag.

    `files` are the digests of the files outside objects; `held` the scopes under legal hold.
    """

    head: ReplicaHead | None = None
    tag: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    error: str | None = None  # why the last publication failed: a class of error

    @classmethod
    def load(cls, path: Path) -> PublishedState:
        with suppress(OSError, ValueError):
            return checked(cls, read_file(path))
        return cls()

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(asdict(self)).encode())


def state_path(home: Home, client: str) -> Path:
    return home.state / "replica" / f"{client}.json"


def continues(ledger: Path, head: ReplicaHead) -> bool:
    """Whether a ledger continues the published one."""
    line = line_before(ledger, head.ledger_bytes) if head.lines else None
    return not head.lines or (line is not None and (line.hash, line.seq + 1) == (head.line, head.lines))


def unexplained_head(home: Home, client: str) -> ReplicaHead | None:
    """The newest head that this machine saw, if the archive here neither continues it nor names its end as lost in a
    `rollback` line. Asks no store.
    """
    ledger, head = home.archive(client) / archive_words.LEDGER, PublishedState.load(state_path(home, client)).head
    if head is None or continues(ledger, head):
        return None
    lost = (each.fields for each in read_lines(ledger) if each.type == "rollback")
    named = any(each.get("head") == head.line or each["kept"] < head.lines <= each["lost"] for each in lost)
    return None if named else head


@dataclass(frozen=True)
class ReplicaWitness:
    """The replica as a receiver of checkpoints. Each seal hands over to it, and it publishes the whole archive."""

    home: Home

    @property
    def name(self) -> str:
        settings = self.home.settings.replica
        return f"s3://{settings.bucket}/{settings.prefix}".rstrip("/") if settings else ""

    def take(self, handover: Handover) -> None:
        """Publish. Raises ReplicaForked, StoreUnavailable, ConfigError."""
        path = state_path(self.home, handover.archive)
        try:
            Publisher(bucket_of(self.home), handover.archive, handover.note.parents[2], path, self._retain()).publish()
        except ArchiverError as error:
            state = PublishedState.load(path)
            state.error = type(error).__name__
            state.save(path)
            raise

    def lost(self, _: Handover) -> bool:
        return False  # the store keeps what is locked, and `replica check` looks

    def _retain(self) -> RetainDays:
        assert self.home.settings.replica
        return self.home.settings.replica.retain.days


class Publisher:
    """Publishes one archive, which nobody else changes meanwhile. `retain`: how long the store must keep each file.

    A `fence` belongs to a fleet's worker: the head then moves only on from the very version that the worker claimed.
    """

    def __init__(
        self, bucket: Bucket, client: str, root: Path, state: Path, retain: RetainDays, fence: Fence | None = None
    ) -> None:
        self._bucket, self._client, self._root, self._path = bucket, client, root, state
        self._retain, self._now = retain, datetime.now(UTC)
        self._state, self._fence = PublishedState(), fence

    def publish(self) -> ReplicaHead | None:
        """Publish what the replica lacks. Returns the head, or None for an empty archive."""
        self._state, condition = self._read()
        self._check_continues()
        lines = read_lines(self._root / archive_words.LEDGER, self._state.head.ledger_bytes if self._state.head else 0)
        held = self._scopes() if self._state.head is None else None
        first, last = True, Archive(self._root).head()
        with progress_bar() as watch:
            while (batch := list(islice(lines, MAX_LINES))) or first:
                first = False
                if held is not None or any("hold" in each.fields or "release" in each.fields for each in batch):
                    self._state.held, before = self._scopes(), self._state.held
                    self._hold(before)
                    held = None
                condition = self._publish(batch, condition)
                if batch and last:
                    watch(f"{self._client}: published", batch[-1].seq + 1, max(last.seq, batch[-1].seq) + 1)
        self._state.error = None
        self._state.save(self._path)
        return self._state.head

    def _read(self) -> tuple[PublishedState, str | None]:
        """Return what is published, and the tag of the head's newest version, which need not be a valid head."""
        found = self._bucket.get(head_key(self._client))
        known = PublishedState.load(self._path)
        if found and known.head and found[1] == known.tag:
            return known, known.tag
        if self._fence:
            raise LeaseLost(f"the head of {self._client} in {self._bucket.name} moved on")
        head = ReplicaHead.parse(found[0]) if found else None
        tag = found[1] if found else None
        set_back = head and known.head and known.head.lines > head.lines
        if head is None or set_back or not self._continues(head):
            head = self._best_head()  # somebody deleted, overwrote or set it back, or published from another machine
        state = PublishedState(head=head, tag=tag)
        if head:
            for part in reversed(list(parts_of(self._bucket, head))):
                state.files |= {each.path: each.sha256 for each in part.files if is_single(each.path)}
            state.held = held_scopes(self._root, head.ledger_bytes)  # a later hold has not reached the store yet
        return state, tag

    def _best_head(self) -> ReplicaHead | None:
        """The longest head among all versions that this archive continues, or that its key vouches for."""
        heads = sorted(heads_of(self._bucket, self._client), key=lambda each: -each.lines)
        return next((each for each in heads if self._continues(each) or self._is_genuine(each)), None)

    def _continues(self, head: ReplicaHead) -> bool:
        """Whether the ledger here continues the published one."""
        return continues(self._root / archive_words.LEDGER, head)

    def _is_genuine(self, head: ReplicaHead) -> bool:
        try:
            return is_genuine(self._bucket, self._client, head, signer_key(self._root))
        except IntegrityError:
            return False

    def _check_continues(self) -> None:
        """Raise ReplicaForked unless the ledger continues the published one."""
        head = self._state.head
        if head and head.epoch and not self._fence:
            raise ReplicaForked(f"{self._client} in {self._bucket.name} belongs to a fleet, which alone may publish it")
        if head and not self._continues(head):
            raise ReplicaForked(
                f"{self._bucket.name} has {head.lines} lines of {self._client}, which this archive does not continue",
                remedy=self._taking_over,
            )

    @property
    def _taking_over(self) -> Remedy:
        return Remedy("restore the archive", {"client": self._client})

    def _publish(self, batch: list[Line], condition: str | None) -> str | None:
        """Publish these lines and what belongs to them. Returns the new head's tag."""
        head = self._state.head
        lines = (head.lines if head else 0) + len(batch)
        contents = list(self._new(batch, lines))
        erased = [str(each.fields["erases"]) for each in batch if each.type == "erasure"]
        gone = tuple(map(ledger_lines.object_path, erased))
        if not contents and not gone:
            return condition
        with ThreadPoolExecutor(MAX_REQUESTS) as pool:
            files = tuple(pool.map(self._put_file, contents))
        part = ReplicaPart(previous=(head.part if head else "") or None, files=files, gone=gone).encode()
        key = part_key(self._client, lines, part)
        self._put_once(key, part, archive_words.LEDGER)
        newest = max((size for size, _, _ in self._checkpoints(lines)), default=0)
        end, last = (batch[-1].end, batch[-1].hash) if batch else (head.ledger_bytes, head.line) if head else (0, "")
        moved = ReplicaHead(
            lines=lines, ledger_bytes=end, line=last, checkpoint=newest, part=key, at=str(iso(datetime.now(UTC)))
        )
        if self._fence and head:
            moved = replace(moved, epoch=self._fence.epoch, previous=sha256_of(head.encode()))
        tag = self._move(moved.encode(), condition)
        self._state.head, self._state.tag = moved, tag
        self._state.files |= {each.path: each.sha256 for each in files if is_single(each.path)}
        self._state.save(self._path)
        return tag

    def _move(self, data: bytes, condition: str | None) -> str:
        """Move the head from the version that was read: the fence."""
        key = head_key(self._client)
        if self._fence:
            self._fence.check()
        until, held = self._until(archive_words.LEDGER), is_held(archive_words.LEDGER, self._state.held)
        try:
            return self._bucket.put(key, data, until=until, held=held, if_match=condition, if_absent=condition is None)
        except NotWritten:
            found = self._bucket.get(key)
            if found and found[0] == data:  # written, but the answer was lost
                return found[1]
            if self._fence:
                raise LeaseLost(f"the head of {self._client} in {self._bucket.name} moved on") from None
            raise ReplicaForked(
                f"another machine published {self._client} to {self._bucket.name} meanwhile", remedy=self._taking_over
            ) from None

    def _put_file(self, content: tuple[ReplicaFile, Path | bytes]) -> ReplicaFile:
        file, source = content
        data = source if isinstance(source, bytes) else read_file(source)
        if sha256_of(data) != file.sha256:
            raise IntegrityError(f"{file.path} changed while it was published")
        self._put_once(file.key(self._client), data, file.path)
        return file

    def _put_once(self, key: str, data: bytes, path: str) -> None:
        """Write a key that no crash and no repetition writes twice. `path` decides how long the store keeps it.

        If somebody put other or unlocked bytes there, write a further version; the versions below stay.
        """
        until, held = self._until(path), is_held(path, self._state.held)
        try:
            self._bucket.put(key, data, until=until, held=held, if_absent=True)
        except NotWritten:
            if not self._bucket.is_kept(key, data):
                self._bucket.put(key, data, until=until, held=held)

    def _until(self, path: str) -> datetime:
        return self._now + timedelta(days=self._retain(path))

    # ------------------------------------------------------------ what is new

    def _new(self, batch: list[Line], lines: int) -> Iterator[tuple[ReplicaFile, Path | bytes]]:
        """Yield each file that the replica lacks: of these lines, and outside objects."""
        if batch:
            data = b"".join(each.raw + b"\n" for each in batch)
            yield (
                ReplicaFile(path=archive_words.LEDGER, sha256=sha256_of(data), bytes=len(data), offset=batch[0].offset),
                data,
            )
        for line in batch:
            if "inventory_sha512" in line.fields and line.type != "redaction":
                yield from self._version(ledger_lines.object_path(str(line.id)), str(line.fields["version"]))
        for path in self._changed_outside_objects(lines):
            file = self._described(path)
            if self._state.files.get(file.path) != file.sha256:
                yield file, path

    def _version(self, place: str, version: str) -> Iterator[tuple[ReplicaFile, Path | bytes]]:
        folder = self._root / place
        if not (folder / version).is_dir():  # erased since; its line says so
            return
        for path in [folder / "0=ocfl_object_1.1", *(each for each in (folder / version).rglob("*") if each.is_file())]:
            yield self._described(path), path

    def _described(self, path: Path) -> ReplicaFile:
        data = read_file(path)
        return ReplicaFile(path=self._name(path), sha256=sha256_of(data), bytes=len(data))

    def _name(self, path: Path) -> str:
        """The path below the root. `relative_to` costs as much as reading a small file."""
        return path.as_posix().removeprefix(f"{self._root.as_posix()}/")

    def _changed_outside_objects(self, lines: int) -> Iterator[Path]:
        """Yield the files outside objects that may have changed; of checkpoints, the new ones up to this line."""
        for folder in ("", "keys", "tools", "evidence"):
            yield from sorted(each for each in (self._root / folder).glob("*") if each.is_file())
        for _, note, tokens in self._checkpoints(lines):
            for path in (*tokens, note):
                if self._name(path) not in self._state.files:
                    yield path
        for size, anchors in anchor_proofs.anchor_files(self._root / archive_words.CHECKPOINTS).items():
            for path in anchors if size <= lines else ():
                if self._name(path) not in self._state.files:
                    yield path

    def _checkpoints(self, lines: int) -> list[ledger_lines.CheckpointFiles]:
        return [
            each for each in ledger_lines.checkpoint_files(self._root / archive_words.CHECKPOINTS) if each[0] <= lines
        ]

    # ------------------------------------------------------------ legal holds

    def _scopes(self) -> list[str]:
        return held_scopes(self._root)

    def _hold(self, before: Collection[str]) -> None:
        """Hold the published files of scopes under hold, and release the others. Each version of a file."""
        before, now = set(before), set(self._state.held)
        places = {f"{self._client}/files/{ledger_lines.object_path(each)}/" for each in (before ^ now) - {EVERYTHING}}
        if EVERYTHING in before ^ now or bool(before) != bool(now):
            places = {f"{self._client}/"}
        listed = set[str]()
        for each in (each for place in sorted(places) for each in self._bucket.versions(place)):
            listed.add(each.key)
            path = path_of(self._client, each.key) or archive_words.LEDGER
            held = is_held(path, now)
            if held != is_held(path, before) and (each.newest or not held or path != archive_words.LEDGER):
                self._bucket.hold(each.key, each.version, held=held)
        for key, path in self._published() if places else ():
            held = is_held(path, now)
            if key not in listed and key.startswith(tuple(places)) and held != is_held(path, before):
                self._bucket.hold(key, None, held=held)  # the store's list is late, or ended early

    def _published(self) -> Iterator[tuple[str, str]]:
        """Yield each key below the head but its own, and the path that says how long it is kept."""
        head = self._state.head
        key = head.part if head else ""
        for part in parts_of(self._bucket, head) if head else ():
            yield key, archive_words.LEDGER
            yield from ((each.key(self._client), each.path) for each in part.files)
            key = part.previous or ""


def is_held(path: str, scopes: Collection[str]) -> bool:
    """Whether a file is under legal hold. What lies outside objects is as soon as any object is, which needs it."""
    if not path.startswith("evidence/"):
        return bool(scopes)
    return any(each == EVERYTHING or path.startswith(f"{ledger_lines.object_path(each)}/") for each in scopes)


def held_scopes(root: Path, end: int | None = None) -> list[str]:
    """The scopes under legal hold in an archive, by the lines before this byte of its ledger."""
    archive = Archive(root)
    lines = archive.lines() if end is None else (each for each in archive.lines() if each.offset < end)
    return sorted({each.scope for each in holds(archive, lines)})


def is_single(path: str) -> bool:
    """Whether a file lies outside objects and the ledger."""
    return (
        path.count("/") < 2 or path.startswith(f"{archive_words.CHECKPOINTS}/")
        if path != archive_words.LEDGER
        else False
    )


def line_before(ledger: Path, end: int) -> Line | None:
    """The line that ends at this byte; None if none does."""
    try:
        with open_file(ledger) as file:
            start = max(0, end - (1 << 20))
            file.seek(start)
            data = file.read(end - start)
    except OSError:
        return None
    if len(data) != end - start or not data.endswith(b"\n"):
        return None
    begin = data.rfind(b"\n", 0, len(data) - 1) + 1
    return Line(data[begin:-1], start + begin)


def parts_of(bucket: Bucket, head: ReplicaHead, known: str | None = None) -> Iterator[ReplicaPart]:
    """Yield the parts below a head, newest first, down to the `known` one, which is left out.

    IntegrityError if one is missing in every version.
    """
    key: str | None = head.part
    while key and key != known:
        data, _ = bucket.fetch(key, part_digest(key))
        if data is None:
            raise IntegrityError(f"{bucket.name} has no {key}")
        part = ReplicaPart.parse(data)
        yield part
        key = part.previous


def heads_of(bucket: Bucket, client: str) -> Iterator[ReplicaHead]:
    """Yield every head that the store has kept. Whoever may write to the bucket can have written them.

    The newest comes first, even if the store's list does not have it yet.
    """
    key = head_key(client)
    versions = (each.version for each in bucket.versions(key) if each.key == key)
    for version in chain([None], versions):
        found = bucket.get(key, version)
        if found and (head := ReplicaHead.parse(found[0])) and head.lines:
            yield head


def is_genuine(bucket: Bucket, client: str, head: ReplicaHead, key: bytes) -> bool:
    """Whether the last line of a published ledger is signed by the archive's key. Others were forged."""
    try:
        files = (each for part in parts_of(bucket, head) for each in part.files)
        piece = next(each for each in files if each.path == archive_words.LEDGER)
        data, _ = bucket.fetch(piece.key(client), piece.sha256)
        line = Line((data or b"").splitlines()[-1], 0)
        return line.hash == head.line and ledger_lines.is_signed(line.fields, key)
    except (IntegrityError, StopIteration, IndexError, ValueError):
        return False


def published_files(bucket: Bucket, head: ReplicaHead, below: str) -> Iterator[ReplicaFile]:
    """Yield what the parts below a head list of a folder: certain, where a list of the store may be late or end early.

    Newest first; earlier contents of a path come later.
    """
    for part in parts_of(bucket, head):
        yield from (each for each in part.files if each.path.startswith(below))
