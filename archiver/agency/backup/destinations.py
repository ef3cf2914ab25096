"""Where a backup goes, and where it comes from: a file, a folder, a bucket, a command, standard input and output."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from archiver.agency.backup.backup_file import ByteSource, Sink
from archiver.agency.backup.encryption import MAGIC, DecryptedSource, EncryptingSink
from archiver.core.atomic_files import abandoned, open_file, owner, refuse_taken, sync_folder
from archiver.core.errors import BackupUnavailable, ConfigError, StoreUnavailable, machine_error
from archiver.fleet.object_store import Bucket, bucket_at
from archiver.home.settings import Home

STREAM, BUCKET = "-", "s3://"
END_TIMEOUT_S = 10.0  # for a command to clean up what it began


@dataclass(frozen=True)
class Destination:
    """Where a backup goes: its name for people, and what opens it. What is opened is there as a whole at the end of the
    block, or not at all after an error.
    """

    name: str
    opened: Callable[[], AbstractContextManager[Sink]]


def destination(home: Home, to: str, *, encrypted: bool) -> Destination:
    """A file, a folder, a bucket or standard output, as a person names it. Nothing is written yet.

    ConfigError for a place that is taken, that is not there, or that is inside the home; BackupUnavailable.
    """
    if to == STREAM:
        return Destination("standard output", _standard_output)
    name = f"{home.root.name}-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar{'.age' if encrypted else ''}"
    if to.startswith(BUCKET):
        return _in_bucket(home, to, name)
    place = Path(to)
    if place.is_dir():
        place /= name
    if place.resolve().is_relative_to(home.root.resolve()):
        raise ConfigError(f"{place} is inside the home. Choose a place outside of it, on another disk.")
    if not place.parent.is_dir():
        raise ConfigError(f"There is no folder {place.parent}. Create it, or mount the disk.")
    refuse_taken(place)
    return Destination(str(place), partial(_new_file, place))


def command_as_destination(words: Sequence[str]) -> Destination:
    """A program that reads a backup from its standard input. Its arguments are told nobody."""
    return Destination(f"the command {words[0]}", partial(_handed_over, words))


@contextmanager
def written(to: Destination, passphrase: str | None) -> Iterator[Sink]:
    """Open a destination; what is written is encrypted if there is a passphrase."""
    with to.opened() as sink:
        if passphrase is None:
            yield sink
            return
        encrypting = EncryptingSink(sink, passphrase)
        yield encrypting
        encrypting.finish()


@contextmanager
def read(source: str, home: Home | None, ask: Callable[[], str]) -> Iterator[ByteSource]:
    """A backup's bytes, from a file, a bucket or standard input. `ask` is asked for the passphrase if it has one.

    ConfigError if there is no such backup, or the passphrase does not fit; BackupUnavailable.
    """
    with _opened(source, home) as file:
        begin = b""
        while len(begin) < len(MAGIC) and (more := file.read(len(MAGIC) - len(begin))):
            begin += more
        whole = _Joined(begin, file)
        yield DecryptedSource(whole, ask()) if begin == MAGIC else whole


class _Joined:
    """What was read already, and then the rest."""

    def __init__(self, begin: bytes, rest: ByteSource) -> None:
        self._begin, self._rest = io.BytesIO(begin), rest

    def read(self, size: int = -1) -> bytes:
        return self._begin.read(size) or self._rest.read(size)


# ---------------------------------------------------------------- files and streams


@contextmanager
def _standard_output() -> Iterator[Sink]:
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def _new_file(place: Path) -> Iterator[Sink]:
    """A new file. DiskFull or MachineRefused if it cannot be written."""
    try:
        _sweep(place)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.{owner()}-", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            refuse_taken(place)
            Path(name).rename(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(place.parent)
    except OSError as error:
        raise machine_error(error) from error


def _sweep(place: Path) -> None:
    """Remove what killed backups left beside this file, whatever its moment."""
    beginning = "." + place.name.partition("-2")[0]
    for path in place.parent.glob(".*.tmp"):
        if path.name.startswith(beginning) and abandoned(path, time.time()):
            path.unlink(missing_ok=True)


@contextmanager
def _opened(source: str, home: Home | None) -> Iterator[ByteSource]:
    if source == STREAM:
        yield sys.stdin.buffer
    elif source.startswith(BUCKET):
        with _from_bucket(source, home) as body:
            yield body
    else:
        try:
            file: IO[bytes] = open_file(Path(source))
        except OSError as error:
            raise ConfigError(f"The backup {source} cannot be read: {error.strerror}. Name a backup's file.") from None
        with file:
            yield file


# ---------------------------------------------------------------- commands


@contextmanager
def _handed_over(words: Sequence[str]) -> Iterator[Sink]:
    """The standard input of a program. After an error it is ended before its input ends: it shall keep nothing half."""
    try:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=2, start_new_session=True)
    except OSError as error:
        raise ConfigError(f"The command {words[0]!r} cannot be started: {error.strerror}. Check its name.") from None
    assert process.stdin
    try:
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            raise BackupUnavailable(f"{words[0]!r} stopped reading, with exit code {process.wait()}") from None
        if code := process.wait():
            raise BackupUnavailable(f"{words[0]!r} ended with exit code {code}")
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program, and those that it started, and close its input."""
    with suppress(subprocess.TimeoutExpired, OSError):
        if process.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGTERM)
            else:
                process.terminate()
            process.wait(END_TIMEOUT_S)
    process.kill()
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()


# ---------------------------------------------------------------- buckets


def _in_bucket(home: Home, address: str, name: str) -> Destination:
    """The key that the address names, if it ends as a backup does; or else a new one below it."""
    bucket, key = _named(address, home)
    if not key.endswith((".tar", ".age")):
        key = f"{key}/{name}".lstrip("/")
    with _as_unavailable():
        taken = any(found == key for found, _ in bucket.keys(key))
    if taken:
        raise ConfigError(f"s3://{bucket.bucket}/{key} exists. Choose another name.")
    return Destination(f"s3://{bucket.bucket}/{key}", partial(_uploaded, bucket, key))


@contextmanager
def _uploaded(bucket: Bucket, key: str) -> Iterator[Sink]:
    with _as_unavailable(), bucket.uploaded(key) as sink:
        yield sink


@contextmanager
def _from_bucket(address: str, home: Home | None) -> Iterator[ByteSource]:
    bucket, key = _named(address, home)
    with _as_unavailable(), bucket.opened(key) as body:
        if body is None:
            below = [found for found, _ in bucket.keys(key) if found.endswith((".tar", ".age"))]
            there = f"Name one of: {', '.join(below[-5:])}" if below else "Check the name of the bucket and the backup"
            raise ConfigError(f"There is no backup {address}. {there}.")
        yield body


def _named(address: str, home: Home | None) -> tuple[Bucket, str]:
    name, _, key = address.removeprefix(BUCKET).partition("/")
    if not name:
        raise ConfigError(f"{address} names no bucket. Write s3://BUCKET/FOLDER.")
    return bucket_at(name, home), key.strip("/")


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise BackupUnavailable(error.detail) from None
