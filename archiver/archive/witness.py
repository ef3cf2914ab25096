"""Witnesses keep the newest checkpoint outside the archive, so that nobody can rewrite the archive unnoticed.

A witness gets a few kilobytes. They reveal only the archive's name, the number of ledger lines, a hash of them, and the
time.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from archiver.archive.ocfl import make_folder
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import ArchiverError
from archiver.core.json_files import read_json, write_json
from archiver.core.smtp import Mailer

COMMAND_TIMEOUT_S = 30.0  # for a command

MAIL = """\
Attached is the newest checkpoint of the archive "{archive}": {size} lines, with {count} timestamp(s).

Please keep this mail. You need to do nothing else. With this mail you can later prove that nothing which the archive
contained today was changed or removed:

    archiver verify --client {archive} --against {name}
    python3 tools/verify.py --against {name}        (in a copy of the archive)

The attachment contains a signed hash. It does not show the content of the archive.
"""


@dataclass(frozen=True)
class Handover:
    """What a witness gets: the archive's name, its newest checkpoint's size and note, and the note's timestamps."""

    archive: str
    size: int
    note: Path
    tokens: tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        return self.note, *self.tokens

    @property
    def digest(self) -> str:
        """SHA-256 over all that is handed over. It changes when a timestamp is added."""
        parts = (each.name.encode() + b"\0" + hashlib.sha256(read_file(each)).digest() for each in self.files)
        return hashlib.sha256(b"".join(parts)).hexdigest()


class Witness(Protocol):
    """A place outside the archive.

    `take` may be repeated, and raises OSError or ArchiverError if the handover failed.
    """

    @property
    def name(self) -> str: ...

    def take(self, handover: Handover) -> None: ...

    def lost(self, handover: Handover) -> bool:
        """Whether what it was given is no longer there, as far as that can be seen."""
        ...


@dataclass(frozen=True, kw_only=True)
class FolderWitness:
    """An existing folder on another disk or a share. Each archive has its own folder in it."""

    name: str
    folder: Path

    def of(self, archive: str) -> Path:
        """Return the folder of an archive's checkpoints."""
        return self.folder / archive

    def take(self, handover: Handover) -> None:
        if not self.folder.is_dir():
            raise FileNotFoundError(f"{self.folder} is not there")
        if not (place := self.of(handover.archive)).is_dir():
            make_folder(place)
            place.chmod(0o755)  # readable by others: it contains no secret
        for copy, file in self._copies(handover):
            if not copy.exists():
                replace_file(copy, read_file(file), 0o444)

    def lost(self, handover: Handover) -> bool:
        return not self.folder.is_dir() or not all(copy.exists() for copy, _ in self._copies(handover))

    def _copies(self, handover: Handover) -> list[tuple[Path, Path]]:
        """The copy of each file. The note comes last: if it exists, its timestamps do too."""
        note = read_file(handover.note)
        stem = handover.note.name.removesuffix(".note")
        place = self.of(handover.archive)
        there = place / handover.note.name
        if there.exists() and read_file(there) != note:  # from before a restore; nothing is ever overwritten
            stem += f"-{hashlib.sha256(note).hexdigest()[:8]}"
        return [
            (place / f"{stem}.note{file.name.removeprefix(handover.note.name)}", file)
            for file in reversed(handover.files)
        ]


@dataclass(frozen=True, kw_only=True)
class MailWitness:
    """A mail address, reached through a mail server."""

    name: str
    address: str
    mailer: Mailer

    def take(self, handover: Handover) -> None:
        self.mailer.send(self._message(handover))

    def lost(self, _: Handover) -> bool:
        return False

    def _message(self, handover: Handover) -> EmailMessage:
        from email.message import EmailMessage

        message = EmailMessage()
        message["To"] = self.address
        message["Subject"] = f"Checkpoint {handover.size} of the archive {handover.archive}"
        words = {"archive": handover.archive, "size": handover.size, "name": handover.note.name}
        message.set_content(MAIL.format(**words, count=len(handover.tokens)))
        for file in handover.files:  # as bytes, because mail may change the line ends of text
            message.add_attachment(read_file(file), maintype="application", subtype="octet-stream", filename=file.name)
        return message


@dataclass(frozen=True, kw_only=True)
class CommandWitness:
    """A program, run without a shell. It gets the note on standard input and the files' names as further arguments."""

    name: str
    command: tuple[str, ...]

    def take(self, handover: Handover) -> None:
        program = self.command[0]
        try:
            done = subprocess.run(
                [*self.command, *map(str, handover.files)], input=read_file(handover.note), check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=COMMAND_TIMEOUT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{program} did not end within {COMMAND_TIMEOUT_S:g} seconds") from None
        if done.returncode:
            raise ChildProcessError(f"{program} ended with exit code {done.returncode}")

    def lost(self, _: Handover) -> bool:
        return False


def hand_over(witnesses: Sequence[Witness], handover: Handover, memory: Path) -> dict[str, str | None]:
    """Give the newest checkpoint to every witness that lacks it or lost it.

    Returns for each of these why it did not get it, or None.
    `memory` is a disposable file that remembers which witness has which checkpoint.
    """
    had = _remembered(memory)
    digest = handover.digest
    lacking = [each for each in witnesses if had.get(each.name) != digest or _has_lost(each, handover)]
    if not lacking:
        return {}
    with ThreadPoolExecutor(len(lacking)) as pool:
        troubles = list(pool.map(lambda each: _trouble(each, handover), lacking))
    now = {each.name: digest for each, trouble in zip(lacking, troubles, strict=True) if trouble is None}
    write_json(memory, _of(witnesses, {**had, **now}))
    return {each.name: trouble for each, trouble in zip(lacking, troubles, strict=True)}


def warnings_of(handover: Handover, given: Mapping[str, str | None]) -> tuple[str, ...]:
    """A sentence for each witness that `hand_over` did not reach."""
    return tuple(
        f"The archiver could not give checkpoint {handover.size} of {handover.archive} to the witness {name}: "
        f"{trouble.rstrip('.')}. The next seal tries again."
        for name, trouble in given.items()
        if trouble is not None
    )


def _has_lost(witness: Witness, handover: Handover) -> bool:
    try:
        return witness.lost(handover)
    except OSError:  # `take` says why
        return True


def _trouble(witness: Witness, handover: Handover) -> str | None:
    try:
        witness.take(handover)
    except (OSError, ArchiverError) as error:  # errors of smtplib are OSErrors
        return str(error) or type(error).__name__
    return None


def _remembered(memory: Path) -> dict[str, str]:
    found = read_json(memory)
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _of(witnesses: Iterable[Witness], had: Mapping[str, str]) -> dict[str, str]:
    return {each.name: had[each.name] for each in witnesses if each.name in had}
