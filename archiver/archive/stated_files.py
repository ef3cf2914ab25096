"""What an archive's ledger states of the files beside the evidence, for all who read them.

Lines that the archive's key did not sign count for nothing.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from archiver.archive.checking.parts import archive_words, ledger_lines, regular_files, timestamp_tokens
from archiver.archive.ledger import is_by_key
from archiver.archive.reader import Archive
from archiver.core.atomic_files import open_file
from archiver.core.errors import IntegrityError

STATES = b'"files":{'  # in a ledger line that states files


def stated(ledger: Path, key: bytes) -> dict[str, list[str]]:
    """Return path -> the SHA-256 digests that the ledger's lines state of it, oldest first."""
    found: dict[str, list[str]] = {}
    for line in _signed_lines(ledger, key, STATES):
        with suppress(archive_words.Malformed):
            for path, digest in ledger_lines.stated_files(line).items():
                found.setdefault(path, []).append(digest)
    return found


def is_stated(root: Path, path: str) -> bool:
    """Whether a file beside the evidence is one that the ledger states, if it states any."""
    ledger = root / archive_words.LEDGER
    try:
        every = stated(ledger, Archive(root).key)
    except IntegrityError:
        return False
    return not any(lines_with(ledger, STATES)) or sha256_of(content_of(root / path) or b"") in every.get(path, ())


def check_stated(root: Path, path: str) -> None:
    """Raise IntegrityError unless `is_stated`."""
    if not is_stated(root, path):
        raise IntegrityError(f"{path} is not what the ledger states")


def statement_about(root: Path, response: bytes) -> Path | None:
    """Return the statement about a timestamp that the ledger names; any, where it names no files at all."""
    about = timestamp_tokens.qualifications(root / archive_words.LISTS).get(sha256_of(response), [])
    return next((path for path in about if _is_named(root, path)), None)


def _is_named(root: Path, statement: Path) -> bool:
    ledger, digest = root / archive_words.LEDGER, statement.name.split(".")[1]
    try:
        key = Archive(root).key
    except IntegrityError:
        return False
    named = (
        statement.name in line.get("files", ()) or digest in (line.get("qualified") or ())
        for line in _signed_lines(ledger, key, digest.encode())
    )
    return any(named) or not any(lines_with(ledger, STATES))


def _signed_lines(ledger: Path, key: bytes, needle: bytes) -> Iterator[ledger_lines.LineFields]:
    """Yield the fields of the lines with a text in them that the archive's key signed."""
    return (fields for fields in lines_with(ledger, needle) if ledger_lines.is_signed(fields, key, check=is_by_key))


def lines_with(ledger: Path, needle: bytes, begin: int = 0) -> Iterator[ledger_lines.LineFields]:
    """Yield the fields of the lines, from a byte offset on, with a text in them. Nothing is parsed but these."""
    with (
        suppress(FileNotFoundError, ValueError),  # no ledger, or an empty one
        open_file(ledger) as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        at = data.find(needle, begin)
        while at >= 0 and (end := data.find(b"\n", at)) >= 0:
            with suppress(ValueError, RecursionError):  # `verify` reports a line that is none
                fields = json.loads(data[data.rfind(b"\n", 0, at) + 1 : end])
                ledger_lines.check_line(fields)
                yield fields
            at = data.find(needle, end)


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal, as the ledger states it."""
    return sha256(data).hexdigest()


def content_of(path: Path) -> bytes | None:
    """Return a file's bytes; None if it cannot be read."""
    with suppress(OSError):
        return regular_files.content(path)
    return None
