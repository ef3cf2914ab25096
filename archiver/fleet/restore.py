"""Rebuild an archive from its replica, and verify it before it gets its name."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archiver.archive.checking.parts import archive_words, whole_archive
from archiver.archive.ledger import last_line, read_lines
from archiver.archive.ocfl import make_folder
from archiver.archive.seal import strict_checker
from archiver.core.atomic_files import remove_tree, sync_folder
from archiver.core.errors import ConfigError, IntegrityError
from archiver.core.progress import progress_bar, with_progress
from archiver.fleet.object_store import MAX_REQUESTS, Bucket
from archiver.fleet.publisher import heads_of, parts_of
from archiver.fleet.replica_format import ReplicaContent, ReplicaFile, ReplicaHead, content_of, head_key
from archiver.home.connections import trusted_roots
from archiver.home.settings import Home
from archiver.home.settings_models import check_slug

UNFIT = (
    IntegrityError, ValueError, FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError,
)  # fmt: skip
"""What the files of a forged state raise when they are put together: another state may be whole."""
WINDOW = 256  # files that wait for their bytes at the same time


@dataclass(frozen=True)
class RestoreResult:
    """A restored archive: its state by the verifier, its lines and checkpoint, and how many files only an older version
    still had.
    """

    client: str
    state: str
    lines: int
    checkpoint: int
    files: int
    recovered: int
    passed_over: tuple[str, ...] = ()


def published_clients(bucket: Bucket, known: Iterable[str]) -> tuple[list[str], list[str]]:
    """The clients that the replica has, even where every key was deleted: their versions are locked.

    `known` are looked for by name, in case the store's list is late. The second list has the names that no client can
    have: whoever may write to the bucket can have put any there.
    """
    found = {each.key.partition("/")[0] for each in bucket.versions("") if each.key.endswith("/head.json")}
    found |= {each for each in {*known} - found if bucket.get(head_key(each))}
    valid = {each for each in found if _is_client(each)}
    return sorted(valid), sorted(found - valid - {""})


def checkpoints_of(bucket: Bucket, client: str) -> list[int]:
    """The sizes of the checkpoints to which a client's archive can be restored."""
    return sorted({head.checkpoint for head in heads_of(bucket, client)})


def _is_client(name: str) -> bool:
    try:
        return check_slug(name) == name
    except ValueError:
        return False


# many parameters: the options of its command
def restore(
    home: Home, bucket: Bucket, client: str, *, at: int | None = None, against: Path | None = None,
    key: Path | None = None, signer: str | None = None,
) -> RestoreResult:  # fmt: skip
    """Rebuild a client's archive. `at` is the size of a checkpoint; by default the newest state that verifies.

    `signer` is the fingerprint of the key that must have signed it. States that somebody forged do not verify, are
    signed by another key, or are dated by authorities that the home does not pin; they are passed over. ConfigError if
    the archive exists, or the replica has no such state; IntegrityError if none verifies.
    """
    place = home.archive(client)
    if place.exists():
        raise ConfigError(f"{place} exists. Nothing is overwritten. Move it away first, or restore into a new home.")
    heads = sorted({*heads_of(bucket, client)}, key=lambda each: (-each.lines, each.at))
    wanted = [head for head in heads if at is None or head.checkpoint == at]
    if not wanted:
        known = ", ".join(map(str, sorted({each.checkpoint for each in heads}))) or "none"
        raise ConfigError(f"{bucket.name} has no such state of {client}. Its checkpoints: {known}.")
    temporary, passed = home.state / "restore" / client, list[str]()
    for head in wanted:
        remove_tree(temporary)
        try:
            files, recovered = _rebuild(bucket, client, head, temporary)
            first = next(read_lines(temporary / archive_words.LEDGER))
            if signer and first.fields.get("key") != signer:
                raise IntegrityError("another key signed it than the one in this home's vault")
            with progress_bar() as watch:
                report = whole_archive.verify_archive(
                    temporary, trusted_roots(home), key, against=against, checker=strict_checker(),
                    progress=partial(watch, f"{client}: verified objects"),
                )  # fmt: skip
        except UNFIT as error:
            passed.append(f"{head.lines} lines of {head.at}: {error}")
            continue
        if report.state in ("DAMAGED", "FORKED"):
            fault = next((str(each) for each in report.findings if each.damage), report.state)
            passed.append(f"{head.lines} lines of {head.at}: {report.state}: {fault}")
            continue
        if hasattr(os, "sync"):
            os.sync()  # once for all files
        make_folder(place.parent)
        temporary.rename(place)
        sync_folder(place.parent)
        return RestoreResult(client, report.state, head.lines, head.checkpoint, files, recovered, tuple(passed))
    remove_tree(temporary)
    raise IntegrityError(f"no state of {client} in {bucket.name} verifies ({passed[0]})")


def _rebuild(bucket: Bucket, client: str, head: ReplicaHead, root: Path) -> tuple[int, int]:
    """Write the files of a state below `root`. Returns their number, and how many came from older versions."""
    content = content_of(list(parts_of(bucket, head))[::-1])
    if content.ledger_bytes != head.ledger_bytes:
        raise IntegrityError("the head and its parts do not fit together")
    make_folder(root)
    wanted = [*content.files.values(), *content.ledger]
    recovered = 0
    (root / archive_words.LEDGER).parent.mkdir(parents=True)

    def keep(file: ReplicaFile, data: bytes) -> None:
        if file.offset is None:
            _write(root / file.path, data, read_only=file.path.startswith("evidence/"))

    answers = fetched(bucket, client, wanted, keep)
    with (root / archive_words.LEDGER).open("xb") as ledger:
        for file, data, newest in with_progress(f"{client}: files", answers, len(wanted)):
            if data is None:
                raise IntegrityError(f"{bucket.name} has no version of {file.key(client)} with its bytes")
            recovered += not newest
            if file.offset is not None:
                ledger.write(data)
        ledger.flush()
        os.fsync(ledger.fileno())
    last = last_line(root / archive_words.LEDGER)
    if last is None or (last.seq + 1, last.hash) != (head.lines, head.line):
        raise IntegrityError("the head does not fit the ledger that it names")
    if (
        max((int(path.name[:-5]) for path in (root / archive_words.CHECKPOINTS).glob("*.note")), default=0)
        != head.checkpoint
    ):
        raise IntegrityError("the head does not name the newest checkpoint")
    _complete_objects(root, content)
    for folder in ("staging", "ledger/checkpoints"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    return len(wanted), recovered


def fetched(
    bucket: Bucket, client: str, files: Iterable[ReplicaFile],
    keep: Callable[[ReplicaFile, bytes], None] = lambda *_: None,
) -> Iterator[tuple[ReplicaFile, bytes | None, bool]]:  # fmt: skip
    """Yield each file with its bytes, or None, and whether the newest version had them. In order, several at a time.

    `keep` gets each file's bytes first, as soon as they are there, in the thread that fetched them.
    """

    def fetch(file: ReplicaFile) -> tuple[ReplicaFile, bytes | None, bool]:
        data, newest = bucket.fetch(file.key(client), file.sha256)
        if data is not None:
            keep(file, data)
        return file, data, newest

    with ThreadPoolExecutor(MAX_REQUESTS) as pool:
        waiting: deque[Future[tuple[ReplicaFile, bytes | None, bool]]] = deque()
        for file in files:
            waiting.append(pool.submit(fetch, file))
            if len(waiting) >= WINDOW:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _complete_objects(root: Path, content: ReplicaContent) -> None:
    """Copy the inventory of each object's newest version to its root, where OCFL wants it."""

    def copy(found: tuple[str, int]) -> None:
        folder, version = found
        for name in ("inventory.json", "inventory.json.sha512"):
            _write(root / folder / name, (root / folder / f"v{version}" / name).read_bytes(), read_only=True)

    with ThreadPoolExecutor(MAX_REQUESTS) as pool:
        for _ in pool.map(copy, content.newest_inventories().items()):
            pass


def _write(path: Path, data: bytes, *, read_only: bool) -> None:
    try:
        file = path.open("xb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")
    with file:
        file.write(data)
        if not hasattr(os, "sync"):
            file.flush()
            os.fsync(file.fileno())
    if read_only:
        path.chmod(0o444)
