"""Anchors: parties outside that vouch for a checkpoint beside the timestamps, each in its own way.

A C2SP witness cosigns only what continues all that it cosigned before. An OpenTimestamps calendar puts a digest into a
Bitcoin block, hours later. Both are optional, and decide no state and no date. Each gives a file beside the checkpoint,
which is never changed; `checking/parts/anchor_proofs.py` says what it must hold. They learn hashes, sizes, times and a
name that tells no client.

The verifier, which imports nothing, reads the form of OpenTimestamps; a library would be a second reader of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.archive.checking.parts import anchor_proofs, archive_words, ledger_lines, signed_notes
from archiver.archive.ledger import read_lines
from archiver.archive.merkle import consistency_path
from archiver.archive.ocfl import write_over
from archiver.archive.seal import sign
from archiver.core.atomic_files import read_file, sync_folder
from archiver.core.errors import ArchiverError
from archiver.core.json_files import read_json, write_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

type Ask = Callable[[str, str, bytes, float], tuple[int, bytes]]
"""Send `(method, url, body, timeout in seconds)` and return status and body. Raises OSError or ArchiverError."""

ANCHOR_TIMEOUT_S = 10.0  # for one request

NEW_LOG = "it does not know this archive yet; give its operator the line that `archiver anchors` shows"
OTHER_LINES = "it has cosigned other lines of this archive than those here: some were lost or changed"


class AnchorRefused(Exception):
    """An anchor's answer is of no use; the text says why."""


class NothingPending(Exception):
    """A file that is kept as a pending proof is none; the text says why."""


@dataclass(frozen=True)
class SealedCheckpoint:
    """A checkpoint that was just sealed: its note, and the archive's signing key."""

    note: Path
    signer: Ed25519PrivateKey

    @property
    def folder(self) -> Path:
        return self.note.parent

    @property
    def ledger(self) -> Path:
        return self.folder.parent / Path(archive_words.LEDGER).name


@dataclass(frozen=True, kw_only=True)
class CosigningWitness:
    """A witness of C2SP's tlog-witness, by the prefix of its address."""

    name: str
    url: str
    key: anchor_proofs.WitnessKey
    ask: Ask
    ending: str = "cosigned"

    def give(self, sealed: SealedCheckpoint) -> bytes:
        """The checkpoint with its cosignature. Raises AnchorRefused, Malformed, OSError or ArchiverError."""
        note, public = signed_notes.Note.parse(read_file(sealed.note)), sealed.signer.public_key().public_bytes_raw()
        checkpoint = sign(anchor_proofs.neutral_log(public), note.size, note.root, sealed.signer)
        known = self._cosigned(sealed.folder)
        status, answer = self._submit(sealed, note.size, known, checkpoint)
        if status == 409:
            seen = self._seen(answer)
            if seen > note.size:
                raise AnchorRefused(f"it has seen {seen} lines of this archive, which has {note.size}: some were lost")
            if seen == known:
                raise AnchorRefused(OTHER_LINES)
            status, answer = self._submit(sealed, note.size, seen, checkpoint)
        if status != 200:
            reasons = {
                403: "it does not accept this archive's key",
                404: NEW_LOG,
                409: OTHER_LINES,
                422: "it says that this archive does not continue what it cosigned: lines were lost or changed",
            }
            raise AnchorRefused(reasons.get(status, f"it answered {status}"))
        ours = (line for line in answer.splitlines(keepends=True) if self._is_ours(line))
        cosigned = checkpoint + next(ours, b"")
        anchor_proofs.cosigned(cosigned, note, public, [self.key])
        return cosigned

    def _cosigned(self, folder: Path) -> int:
        """The size of the newest checkpoint that it cosigned, as far as is known here."""
        every = anchor_proofs.anchor_files(folder).items()
        return max((size for size, files in every for each in files if each.name.endswith(self._suffix)), default=0)

    @property
    def _suffix(self) -> str:
        return f".{self.name}.{self.ending}"

    def _submit(self, sealed: SealedCheckpoint, size: int, old: int, checkpoint: bytes) -> tuple[int, bytes]:
        proof = consistency_path(read_lines(sealed.ledger), old, size)
        head = "".join(f"{line}\n" for line in (f"old {old}", *map(signed_notes.base64_text, proof), ""))
        address = f"{self.url.rstrip('/')}/add-checkpoint"
        return self.ask("POST", address, head.encode() + checkpoint, ANCHOR_TIMEOUT_S)

    @staticmethod
    def _seen(answer: bytes) -> int:
        if not (answer.strip().isdigit() and len(answer) < 17):
            raise AnchorRefused("it answered 409 without the size that it knows")
        return int(answer)

    def _is_ours(self, line: bytes) -> bool:
        with suppress(archive_words.Malformed):
            [(name, blob)] = signed_notes.Note.parse(b"-\n0\n" + b"A" * 43 + b"=\n\n" + line).signatures
            return name == self.key.name and blob[:4] == self.key.id
        return False


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """An OpenTimestamps calendar. It is asked under its own address only, never under one that an answer names."""

    name: str
    url: str
    ask: Ask
    ending: str = "pending.ots"

    def give(self, sealed: SealedCheckpoint) -> bytes:
        """The pending proof of a checkpoint. Raises as the witness's does."""
        # No random number is added to hide the digest, as others do: a note holds a signature, which nobody can guess.
        digest = hashlib.sha256(read_file(sealed.note)).digest()
        status, answer = self.ask("POST", f"{self._address}/digest", digest, ANCHOR_TIMEOUT_S)
        if status != 200:
            raise AnchorRefused(f"it answered {status}")
        proof = anchor_proofs.OTS_HEAD + digest + answer
        ends = [each for each in anchor_proofs.ots_attestations(proof, digest) if each.kind == "pending"]
        if not ends or any(each.said.rstrip("/") != self._address for each in ends):
            named = ", ".join(each.said for each in ends) or "no calendar"
            raise AnchorRefused(f"its answer names {named}; write that address into archiver.yaml instead")
        return proof

    def complete(self, pending: bytes, digest: bytes) -> bytes | None:
        """The proof that leads to a Bitcoin block; None while it must wait. Raises NothingPending, and as `give`."""
        try:
            ends = [each for each in anchor_proofs.ots_attestations(pending, digest) if each.kind == "pending"]
        except archive_words.Malformed as error:
            raise NothingPending(f"{error}; remove that file") from None
        if not ends:
            raise NothingPending("waits for nothing; remove that file")
        end = ends[0]
        status, answer = self.ask("GET", f"{self._address}/timestamp/{end.message.hex()}", b"", ANCHOR_TIMEOUT_S)
        if status == 404:
            return None
        if status != 200:
            raise AnchorRefused(f"it answered {status}")
        proof = pending[: end.start] + answer + pending[end.end :]
        done = any(each.kind == "bitcoin" for each in anchor_proofs.ots_attestations(proof, digest))
        return proof if done else None

    @property
    def _address(self) -> str:
        return self.url.rstrip("/")


type Anchor = CosigningWitness | Calendar


@dataclass(frozen=True)
class Backlog:
    """What an anchor still owes an archive: the newest checkpoint, and Bitcoin blocks for pending proofs."""

    name: str
    lacks_newest: bool
    held: int  # checkpoints that it anchored, pending ones included
    pending: tuple[int, ...] = ()  # sizes of checkpoints


def backlog(root: Path, anchors: Sequence[Anchor]) -> list[Backlog]:
    """What each anchor has given for an archive, and what it owes."""
    newest, _, _ = ledger_lines.newest_checkpoint(root)
    found = []
    for each in anchors:
        files = [
            file
            for files in anchor_proofs.anchor_files(root / archive_words.CHECKPOINTS).values()
            for file in _of(each, files)
        ]
        sizes = {anchor_proofs.size_of(file): file for file in files}
        waiting = isinstance(each, Calendar)
        pending = tuple(size for size, file in sizes.items() if waiting and not _completed(file).exists())
        found.append(Backlog(each.name, bool(newest) and newest not in sizes, len(sizes), pending))
    return found


def secure(root: Path, anchors: Sequence[Anchor], signer: Ed25519PrivateKey, memory: Path) -> tuple[str, ...]:
    """Have each anchor vouch for the newest checkpoint, and complete older pending proofs.

    Returns a sentence for each file that is no pending proof, and for each anchor that failed and did not fail the last
    time, which `memory`, a disposable file, remembers. What failed is tried again at the next call.
    """
    size, note, _ = ledger_lines.newest_checkpoint(root)
    if not anchors or not size:
        return ()
    sealed = SealedCheckpoint(note, signer)
    with ThreadPoolExecutor(len(anchors)) as pool:
        answers = list(pool.map(lambda each: _asked(each, sealed), anchors))
    failed = {}
    for each, answer in zip(anchors, answers, strict=True):
        for path, data in answer.files:
            staged = root / "staging" / path.name
            write_over(staged, data)
            staged.rename(path)
        if answer.trouble:
            failed[each.name] = answer.trouble
    sync_folder(note.parent)
    known = read_json(memory)
    before = set(map(str, known)) if isinstance(known, list) else set()
    if failed.keys() != before:
        write_json(memory, sorted(failed))
    faults = [fault for answer in answers for fault in answer.faults]
    return *faults, *(
        f"The anchor {name} did not take checkpoint {size}: {trouble.rstrip('.')}. The next seal tries again; until it "
        "succeeds, `archiver doctor` lists it, and no further warning is given."
        for name, trouble in failed.items()
        if name not in before
    )


@dataclass
class _Answer:
    """The new files of an anchor, why not all that are wanted, and what is wrong with files that are there."""

    files: list[tuple[Path, bytes]] = field(default_factory=list)
    trouble: str = ""
    faults: list[str] = field(default_factory=list)


def _asked(anchor: Anchor, sealed: SealedCheckpoint) -> _Answer:
    answer = _Answer()
    try:
        wanted = sealed.note.with_name(f"{sealed.note.name}.{anchor.name}.{anchor.ending}")
        if not wanted.exists():
            answer.files.append((wanted, anchor.give(sealed)))
        if isinstance(anchor, Calendar):
            _complete(anchor, sealed.folder, answer)
    except ArchiverError as error:
        answer.trouble = error.detail or str(error)
    except archive_words.Malformed as error:
        answer.trouble = f"its answer does not hold: it {error}"
    except (OSError, AnchorRefused) as error:
        answer.trouble = str(error) or type(error).__name__
    return answer


def _complete(calendar: Calendar, folder: Path, answer: _Answer) -> None:
    """Complete the pending proofs. A file that is none is a fault and stops no other: anybody may have put it there."""
    for pending in _pending(calendar, folder):
        try:
            proof = read_file(pending)
            note = read_file(pending.with_name(pending.name.partition(".note")[0] + ".note"))
        except OSError as error:
            answer.faults.append(f"{pending} cannot be completed: {error.strerror}.")
            continue
        try:
            done = calendar.complete(proof, hashlib.sha256(note).digest())
        except NothingPending as error:
            answer.faults.append(f"{pending} {error}.")
            continue
        if done is not None:
            answer.files.append((_completed(pending), done))


def _of(anchor: Anchor, files: Sequence[Path]) -> list[Path]:
    return [each for each in files if each.name.endswith(f".{anchor.name}.{anchor.ending}")]


def _pending(anchor: Calendar, folder: Path) -> Iterator[Path]:
    for files in anchor_proofs.anchor_files(folder).values():
        yield from (each for each in _of(anchor, files) if not _completed(each).exists())


def _completed(pending: Path) -> Path:
    return pending.with_name(pending.name.replace(".pending.ots", ".ots"))


def log_key(public: bytes) -> str:
    """An archive's key and neutral name in C2SP's form: what a witness's operator must know."""
    log = anchor_proofs.neutral_log(public)
    return f"{log}+{signed_notes.key_id(log, public).hex()}+{signed_notes.base64_text(b'\x01' + public)}"
