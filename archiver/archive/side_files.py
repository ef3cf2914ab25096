"""The files beside the evidence: keys, roots, statements about timestamps, and the guide.

The ledger states the SHA-256 of each in a signed line. So whoever can write here, but has no key, can neither change
one nor add one unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import catch_warnings

from archiver.archive.checking.parts import (
    anchor_proofs,
    archive_words,
    ledger_lines,
    merkle_tree,
    regular_files,
    signed_notes,
    timestamp_tokens,
)
from archiver.archive.ledger import LedgerEntry, last_line, read_lines
from archiver.archive.stated_files import STATES, content_of, lines_with, sha256_of, stated
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import ConfigError, IntegrityError
from archiver.core.json_files import checked, write_json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

STATED = "stated.json"  # in the disposable folder: `RememberedFiles`
MAX_UNREAD_BYTES = 1 << 15  # of the ledger, behind what is remembered
PATHS = tuple(archive_words.STATED_FILES.values())
FIXED = (archive_words.GUIDE, archive_words.SIGNER_KEY)  # the program knows their content, and puts it back

type Append = Callable[[LedgerEntry], object]
"""Append a line to the archive's ledger, signed and durably."""


@dataclass(frozen=True, kw_only=True)
class SideContent:
    """What the settings want beside the evidence. `roots` are added to the archive's roots, `witnesses` to its keys.

    `known` are files of roots of which an archive that states nothing yet may hold some: those that the settings pin.
    """

    guide: bytes
    key: bytes  # the public one
    roots: Sequence[Certificate] = ()
    known: Sequence[Path] = ()
    witnesses: Sequence[anchor_proofs.WitnessKey] = ()


@dataclass
class _SideFile:
    """One file: what is there, and how much of it counts."""

    there: bytes | None = None  # as it was read or written last
    genuine: bytes = b""  # as far as the ledger states it
    stated: str | None = None  # its SHA-256, by the newest statement
    is_unknown: bool = False  # no line states it, and it holds what the settings do not know
    is_older: bool = False  # somebody put it back to what was stated earlier


@dataclass
class SideFiles:
    """The files beside one archive's evidence. `memory` is a disposable file of the newest statements, so that opening
    reads no ledger.
    """

    root: Path
    content: SideContent
    memory: Path
    append: Append
    _files: dict[str, _SideFile] = field(default_factory=lambda: {path: _SideFile() for path in PATHS})
    _remembered: RememberedFiles | None = None  # if it still holds

    def begin(self, history: bytes) -> dict[str, str]:
        """Write the files of a new archive. Returns what its first line must state."""
        self._write({archive_words.KEY_HISTORY: history, **{path: self._wanted(path) for path in self._made}})
        return {Path(path).name: digest for path, digest in self._stated.items()}

    def check(self) -> list[str]:
        """Compare the files with the ledger's statements. Returns a sentence for each that someone else changed."""
        ledger = self.root / archive_words.LEDGER
        for path, file in self._files.items():
            file.there = content_of(self.root / path)
            file.genuine = file.there or b""
        there = {path: sha256_of(file.there) for path, file in self._files.items() if file.there is not None}
        if (memory := remembered(self.memory)).covers(ledger, there):
            self._remembered, states = memory, {path: [each] for path, each in there.items()}
        else:
            states = stated(ledger, self.content.key)
        for path in states.keys() & self._files.keys():
            self._files[path].stated = states[path][-1]
        return [doubt for path in PATHS if (doubt := self._doubt(path, states.get(path, ())))]

    def renew(self) -> None:
        """State and write what the settings, or this version of the program, want otherwise than it is there."""
        new = {path: self._wanted(path) for path in (*self._made, archive_words.KEY_HISTORY)}
        self._replace({path: data for path, data in new.items() if data and not self._files[path].is_older})
        last, before = last_line(self.root / archive_words.LEDGER), self._remembered
        if last is None or (
            before and before.files == self._stated and last.offset - before.offset <= MAX_UNREAD_BYTES
        ):
            return
        with suppress(OSError):  # a full disk: the next opening reads the ledger
            write_json(self.memory, RememberedFiles(last.offset, last.hash, self._stated))

    def add_roots(self, certificates: Iterable[Certificate]) -> None:
        """Add an authority's roots to the archive's."""
        file = self._files[archive_words.TSA_ROOTS]
        new = _with_roots(file.genuine, certificates)
        if new != file.genuine and not file.is_older:
            self._replace({archive_words.TSA_ROOTS: new})

    def holds(self, path: str) -> bool:
        """Whether a file is what the ledger states now."""
        there = content_of(self.root / path)
        return there is not None and sha256_of(there) == self._files[path].stated

    def state_lists(self, names: Sequence[str]) -> None:
        """State that this program wrote these statements about timestamps."""
        if names:
            self.append(("files", {"files": {name: name.split(".")[1] for name in names}}))

    @property
    def _stated(self) -> dict[str, str]:
        return {path: file.stated for path, file in self._files.items() if file.stated}

    @property
    def _made(self) -> list[str]:
        """The files that are made from the settings."""
        return [
            *FIXED,
            *(path for path in (archive_words.TSA_ROOTS, archive_words.WITNESS_KEYS) if self._is_made(path)),
        ]

    def _is_made(self, path: str) -> bool:
        if (
            path == archive_words.TSA_ROOTS
        ):  # also of an unknown file: without the new roots, new timestamps would be damage
            return bool(self.content.roots or self._files[path].genuine)
        return bool(self.content.witnesses or self._files[path].genuine) and not self._files[path].is_unknown

    def _wanted(self, path: str) -> bytes:
        genuine = self._files[path].genuine
        match path:
            case archive_words.GUIDE:
                return self.content.guide
            case archive_words.SIGNER_KEY:
                return signed_notes.pem_of_key(self.content.key)
            case archive_words.TSA_ROOTS:
                return _with_roots(genuine, self.content.roots)
            case archive_words.WITNESS_KEYS:
                return anchor_proofs.encoded_keys([*anchor_proofs.witness_keys(genuine), *self.content.witnesses])
            case _:
                return genuine

    def _doubt(self, path: str, states: Sequence[str]) -> str | None:
        """Return what is wrong with a file, given all that the ledger states of it. Only its genuine part stays."""
        file, place = self._files[path], self.root / path
        if file.there is None and not states:
            return None
        if self._is_current(path, states) if states else self._is_known(path):
            return None
        if not states:
            file.is_unknown = True
            return (
                f"{place} holds something that neither the ledger states nor archiver.yaml knows. Add the roots of "
                "your former timestamp authorities and the keys of former witnesses there, or remove from the file "
                "what is not theirs. Until then, the ledger states nothing of it."
            )
        if path not in FIXED and sha256_of(file.there or b"") in states:
            file.is_older = True
            return (
                f"{place} is what the ledger stated earlier. Find out who can write to the archive, and put the newer "
                "file back from a backup."
            )
        file.genuine = _genuine_part(file.there or b"", states)
        found = "is missing" if file.there is None else "is not what the ledger states"
        then = "What is known of it is put back" if self._wanted(path) else "What it says does not count"
        return f"{place} {found}. {then}. Find out who can write to the archive."

    def _is_current(self, path: str, states: Sequence[str]) -> bool:
        """Whether a file is what the ledger states; before it is written, it is what an earlier line states."""
        there = self._files[path].there
        if there is None or sha256_of(there) not in states:
            return False
        return sha256_of(there) == states[-1] or path in self._waiting

    @cached_property
    def _waiting(self) -> set[str]:
        """The paths of which the ledger's last line states something."""
        last = last_line(self.root / archive_words.LEDGER)
        with suppress(archive_words.Malformed):
            return set(ledger_lines.stated_files(last.fields)) if last else set()
        return set()

    def _is_known(self, path: str) -> bool:
        """Whether a file of an archive that states nothing yet holds nothing but what the settings know."""
        there = self._files[path].there or b""
        try:
            match path:
                case archive_words.TSA_ROOTS:
                    pinned = [each for file in self.content.known for each in certificates(file)]
                    known = {*pinned, *self.content.roots, *public_roots()}
                    return all(each in known or self._has_dated(each) for each in _certificates(there))
                case archive_words.WITNESS_KEYS:
                    return set(anchor_proofs.witness_keys(there)) <= set(self.content.witnesses)
                case archive_words.KEY_HISTORY:
                    return ledger_lines.is_first_history(there, signed_notes.key_fingerprint(self.content.key))
                case _:
                    return True  # of an earlier version
        except ValueError:
            return False

    def _has_dated(self, root: Certificate) -> bool:
        """Whether a timestamp that a sealed line names holds against this root, of a former authority for example."""
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

        for anchor in self._sealed_anchors:
            note = self.root / archive_words.CHECKPOINTS / f"{anchor['checkpoint']:08d}.note"
            for name, digest in anchor["tokens"].items():
                with suppress(OSError, ValueError, VerificationError):
                    response = regular_files.content(note.with_name(f"{note.name}.{name}.tsr"))
                    answer = decode_timestamp_response(response)
                    VerifierBuilder(roots=[root]).build().verify_message(answer, regular_files.content(note))
                    return bool(sha256_of(response) == digest)
        return False

    @cached_property
    def _sealed_anchors(self) -> list[ledger_lines.LineFields]:
        """The ledger's `anchor` lines below its newest checkpoint; none if that was made over other lines."""
        size, file, _ = ledger_lines.newest_checkpoint(self.root)
        tree, anchors = merkle_tree.Frontier(), list[ledger_lines.LineFields]()
        for line in islice(read_lines(self.root / archive_words.LEDGER), size):
            tree.add(merkle_tree.leaf_hash(line.raw))
            anchors += [line.fields] if line.type == "anchor" else []
        try:
            note = signed_notes.Note.parse(regular_files.content(file))
        except (OSError, archive_words.Malformed):
            return []
        return anchors if note.root == tree.root() and note.signed_by(self.content.key) else []

    def _replace(self, wanted: Mapping[str, bytes]) -> None:
        """State what files will be, then write them. If a kill comes between, they hold what was stated before."""
        known = {path: sha256_of(data) for path, data in wanted.items() if not self._files[path].is_unknown}
        new = {path: each for path, each in known.items() if self._files[path].stated != each}
        if new:
            self.append(("files", {"files": {Path(path).name: each for path, each in new.items()}}))
        self._write(wanted)

    def _write(self, wanted: Mapping[str, bytes]) -> None:
        for path, data in wanted.items():
            file = self._files[path]
            if file.there != data:
                replace_file(self.root / path, data)
            file.there = file.genuine = data
            file.stated = file.stated if file.is_unknown else sha256_of(data)


@dataclass(frozen=True)
class RememberedFiles:
    """The SHA-256 of each file by the ledger's newest statements, up to the line at a byte offset with this hash."""

    offset: int = 0
    hash: str = ""
    files: dict[str, str] = field(default_factory=dict)

    def covers(self, ledger: Path, files: Mapping[str, str]) -> bool:
        """Whether these are the files, and no later line states others. After a restore, it may be another ledger."""
        if self.files != files:
            return False
        last = None
        with suppress(IntegrityError):
            last = next(read_lines(ledger, self.offset), None)
        return last is not None and last.hash == self.hash and not any(lines_with(ledger, STATES, last.end))


def remembered(memory: Path) -> RememberedFiles:
    """Return what is remembered; nothing if there is no memory, or a damaged one."""
    with suppress(OSError, ValueError):
        return checked(RememberedFiles, read_file(memory))
    return RememberedFiles()


def _with_roots(pem: bytes, certificates: Iterable[Certificate]) -> bytes:
    """Add certificates to a PEM file, each once."""
    from cryptography.hazmat.primitives.serialization import Encoding

    for each in certificates:
        new = each.public_bytes(Encoding.PEM)
        pem += b"" if new in pem else new
    return pem


def certificates(file: Path) -> list[Certificate]:
    """Return the certificates of a PEM file. Raises ConfigError if it cannot be used."""
    try:
        return _certificates(read_file(file))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{file} holds no usable root certificates ({error}). Name a PEM file of the authority's roots in "
            "archiver.yaml."
        ) from None


def _certificates(pem: bytes) -> list[Certificate]:
    """Return the certificates of a PEM file that holds nothing else in this form. Raises ValueError for others."""
    found, wrong = timestamp_tokens.certificates_in(pem)
    if wrong or not found:
        raise archive_words.Malformed(f"it {wrong or 'holds no certificate'}")
    return loaded_certificates(found)


def loaded_certificates(wholes: Iterable[bytes]) -> list[Certificate]:
    """Return certificates that are given in DER. Raises ValueError if one is damaged."""
    from cryptography import x509

    return [x509.load_der_x509_certificate(each) for each in wholes]


def public_roots() -> list[Certificate]:
    """Return the root certificates that browsers trust."""
    import certifi
    from cryptography.utils import CryptographyDeprecationWarning

    with catch_warnings(action="ignore", category=CryptographyDeprecationWarning):  # one has a serial number of old
        return certificates(Path(certifi.where()))


def _genuine_part(data: bytes, states: Collection[str]) -> bytes:
    """Return the longest beginning, in whole lines, that the ledger states; files only grow."""
    end, genuine, hashed = 0, 0, sha256()
    for line in data.splitlines(keepends=True):
        hashed.update(line)
        end += len(line)
        genuine = end if hashed.hexdigest() in states else genuine
    return data[:genuine]
