"""The files beside the evidence: keys, roots, statements about timestamps, and the guide.

The ledger states the SHA-256 of each in a signed line. So whoever can write here, but has no key, can neither change
one nor add one unnoticed.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import catch_warnings

from archiver.archive import verify
from archiver.archive.ledger import LedgerEntry, is_by_key, last_line, read_lines
from archiver.archive.reader import signer_key
from archiver.core.atomic_files import open_file, read_file, replace_file
from archiver.core.errors import ConfigError, IntegrityError
from archiver.core.json_files import checked, write_json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

STATES = b'"files":{'  # in a ledger line that states files
STATED = "stated.json"  # in the disposable folder: `RememberedFiles`
MAX_UNREAD_BYTES = 1 << 15  # of the ledger, behind what is remembered
FIXED = (verify.GUIDE, verify.SIGNER_KEY)  # the program knows their content, and puts it back

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
    witnesses: Sequence[verify.WitnessKey] = ()


@dataclass
class SideFiles:
    """The files beside one archive's evidence. `memory` is a disposable file of the newest statements, so that opening
    reads no ledger.
    """

    root: Path
    content: SideContent
    memory: Path
    append: Append
    _unknown: set[str] = field(default_factory=set)  # paths of files that an archive without statements had
    _older: set[str] = field(default_factory=set)  # paths of files that somebody put back to an earlier content
    _waiting: set[str] = field(default_factory=set)  # paths of which the ledger's last line states something
    _there: dict[str, bytes] = field(default_factory=dict)  # path -> content, as it was read or written last
    _genuine: dict[str, bytes] = field(default_factory=dict)  # path -> content, as far as the ledger states it
    _stated: dict[str, str] = field(default_factory=dict)  # path -> SHA-256, by the newest statement
    _remembered: RememberedFiles | None = None  # if it still holds

    def begin(self, history: bytes) -> dict[str, str]:
        """Write the files of a new archive. Returns what its first line must state."""
        self._write({verify.KEY_HISTORY: history, **{path: self._wanted(path) for path in self._made}})
        return {Path(path).name: digest for path, digest in self._stated.items()}

    def check(self) -> list[str]:
        """Compare the files with the ledger's statements. Returns a sentence for each that someone else changed."""
        known, ledger = verify.STATED_FILES.values(), self.root / verify.LEDGER
        self._there = {path: data for path in known if (data := _read(self.root / path)) is not None}
        self._genuine, self._stated = dict(self._there), {path: _digest(data) for path, data in self._there.items()}
        if (before := remembered(self.memory)).covers(ledger, self._stated):
            self._remembered = before
            return []
        every, last = stated(ledger, self.content.key), last_line(ledger)
        self._stated = {path: states[-1] for path, states in every.items() if path in known}
        with suppress(verify.Malformed):  # a kill may have come before these were written
            self._waiting = set(verify.stated_files(last.fields)) if last else set()
        return list(filter(None, (self._doubt(path, every.get(path, ())) for path in {*self._there, *self._stated})))

    def renew(self) -> None:
        """State and write what the settings, or this version of the program, want otherwise than it is there."""
        new = {path: self._wanted(path) for path in (*self._made, verify.KEY_HISTORY)}
        self._replace({path: data for path, data in new.items() if data and path not in self._older})
        end, before = (self.root / verify.LEDGER).stat().st_size, self._remembered
        if before is None or before.files != self._stated or end - before.end > MAX_UNREAD_BYTES:
            with suppress(OSError):  # a full disk: the next opening reads the ledger
                write_json(self.memory, RememberedFiles(end, self._stated))

    def add_roots(self, certificates: Iterable[Certificate]) -> None:
        """Add an authority's roots to the archive's."""
        there = self._genuine.get(verify.TSA_ROOTS, b"")
        new = _with_roots(there, certificates)
        if new != there and verify.TSA_ROOTS not in self._older:
            self._replace({verify.TSA_ROOTS: new})

    def holds(self, path: str) -> bool:
        """Whether a file is what the ledger states now."""
        there = _read(self.root / path)
        return there is not None and _digest(there) == self._stated.get(path)

    def state_lists(self, names: Sequence[str]) -> None:
        """State that this program wrote these statements about timestamps."""
        if names:
            self.append(("files", {"files": {name: name.split(".")[1] for name in names}}))

    @property
    def _made(self) -> list[str]:
        """The files that are made from the settings."""
        wanted = {verify.TSA_ROOTS: self.content.roots, verify.WITNESS_KEYS: self.content.witnesses}
        kept = self._unknown - {verify.TSA_ROOTS}  # without the new roots, new timestamps would count as damage
        return [
            *FIXED,
            *(path for path, each in wanted.items() if (each or self._genuine.get(path)) and path not in kept),
        ]

    def _wanted(self, path: str) -> bytes:
        genuine = self._genuine.get(path, b"")
        match path:
            case verify.GUIDE:
                return self.content.guide
            case verify.SIGNER_KEY:
                return verify.pem_of_key(self.content.key)
            case verify.TSA_ROOTS:
                return _with_roots(genuine, self.content.roots)
            case verify.WITNESS_KEYS:
                return verify.encoded_keys([*verify.witness_keys(genuine), *self.content.witnesses])
            case _:
                return genuine

    def _doubt(self, path: str, states: Sequence[str]) -> str | None:
        """Return what is wrong with a file, given all that the ledger states of it. Only its genuine part stays."""
        there = self._genuine.get(path)
        if there is not None and (self._is_current(path, there, states) if states else self._is_known(path, there)):
            return None
        if states and path not in FIXED and _digest(there or b"") in states:
            self._older.add(path)
            return (
                f"{self.root / path} is what the ledger stated earlier. Find out who can write to the archive, and put "
                "the newer file back from a backup."
            )
        if not states:
            self._unknown.add(path)
            return (
                f"{self.root / path} holds something that neither the ledger states nor archiver.yaml knows. Add the "
                "roots of your former timestamp authorities and the keys of former witnesses there, or remove from the "
                "file what is not theirs. Until then, the ledger states nothing of it."
            )
        self._genuine[path] = _genuine_part(there or b"", states)
        found = "is missing" if there is None else "is not what the ledger states"
        then = "What is known of it is put back" if self._wanted(path) else "What it says does not count"
        return f"{self.root / path} {found}. {then}. Find out who can write to the archive."

    def _is_current(self, path: str, there: bytes, states: Sequence[str]) -> bool:
        """Whether a file is what the ledger states; before it is written, it is what an earlier line states."""
        return _digest(there) in (states if path in self._waiting else states[-1:])

    def _is_known(self, path: str, there: bytes) -> bool:
        """Whether a file of an archive that states nothing yet holds nothing but what the settings know."""
        try:
            match path:
                case verify.TSA_ROOTS:
                    pinned = [each for file in self.content.known for each in certificates(file)]
                    known = {*pinned, *self.content.roots, *public_roots()}
                    return all(each in known or self._has_dated(each) for each in _certificates(there))
                case verify.WITNESS_KEYS:
                    return set(verify.witness_keys(there)) <= set(self.content.witnesses)
                case verify.KEY_HISTORY:
                    return verify.is_first_history(there, verify.key_fingerprint(self.content.key))
                case _:
                    return True  # of an earlier version
        except ValueError:
            return False

    def _has_dated(self, root: Certificate) -> bool:
        """Whether a timestamp that a sealed line names holds against this root, of a former authority for example."""
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

        for anchor in self._sealed_anchors:
            note = self.root / verify.CHECKPOINTS / f"{anchor['checkpoint']:08d}.note"
            for name, digest in anchor["tokens"].items():
                with suppress(OSError, ValueError, VerificationError):
                    response = verify.content(note.with_name(f"{note.name}.{name}.tsr"))
                    answer = decode_timestamp_response(response)
                    VerifierBuilder(roots=[root]).build().verify_message(answer, verify.content(note))
                    return bool(_digest(response) == digest)
        return False

    @cached_property
    def _sealed_anchors(self) -> list[verify.LineFields]:
        """The ledger's `anchor` lines below its newest checkpoint; none if that was made over other lines."""
        size, file, _ = verify.newest_checkpoint(self.root)
        tree, anchors = verify.Frontier(), list[verify.LineFields]()
        for line in islice(read_lines(self.root / verify.LEDGER), size):
            tree.add(verify.leaf_hash(line.raw))
            anchors += [line.fields] if line.type == "anchor" else []
        try:
            note = verify.Note.parse(verify.content(file))
        except (OSError, verify.Malformed):
            return []
        return anchors if note.root == tree.root() and note.signed_by(self.content.key) else []

    def _replace(self, wanted: Mapping[str, bytes]) -> None:
        """State what files will be, then write them. If a kill comes between, they hold what was stated before."""
        known = {path: _digest(data) for path, data in wanted.items() if path not in self._unknown}
        new = {path: digest for path, digest in known.items() if self._stated.get(path) != digest}
        if new:
            self.append(("files", {"files": {Path(path).name: digest for path, digest in new.items()}}))
        self._write(wanted)

    def _write(self, wanted: Mapping[str, bytes]) -> None:
        for path, data in wanted.items():
            if self._there.get(path) != data:
                replace_file(self.root / path, data)
            self._there[path] = self._genuine[path] = data
            if path not in self._unknown:
                self._stated[path] = _digest(data)


@dataclass(frozen=True)
class RememberedFiles:
    """The SHA-256 of each file by the ledger's newest statements, up to its byte `end`."""

    end: int = 0
    files: dict[str, str] = field(default_factory=dict)

    def covers(self, ledger: Path, files: Mapping[str, str]) -> bool:
        """Whether these are the files, and no later line states others."""
        return self.files == files and not any(lines_with(ledger, STATES, self.end))


def remembered(memory: Path) -> RememberedFiles:
    """Return what is remembered; nothing if there is no memory, or a damaged one."""
    with suppress(OSError, ValueError):
        return checked(RememberedFiles, read_file(memory))
    return RememberedFiles()


def stated(ledger: Path, key: bytes) -> dict[str, list[str]]:
    """Return path -> the SHA-256 digests that the ledger's lines state of it, oldest first.

    Lines that the archive's key did not sign count for nothing.
    """
    found: dict[str, list[str]] = {}
    for line in _signed_lines(ledger, key, STATES):
        with suppress(verify.Malformed):
            for path, digest in verify.stated_files(line).items():
                found.setdefault(path, []).append(digest)
    return found


def is_stated(root: Path, path: str) -> bool:
    """Whether a file beside the evidence is one that the ledger states, if it states any."""
    try:
        every = stated(root / verify.LEDGER, signer_key(root))
    except IntegrityError:
        return False
    return not every or _digest(_read(root / path) or b"") in every.get(path, ())


def check_stated(root: Path, path: str) -> None:
    """Raise IntegrityError unless `is_stated`."""
    if not is_stated(root, path):
        raise IntegrityError(f"{path} is not what the ledger states")


def statement_about(root: Path, response: bytes) -> Path | None:
    """Return the statement about a timestamp that the ledger names; any, where it names no files at all."""
    about = verify.qualifications(root / verify.LISTS).get(_digest(response), [])
    return next((path for path in about if _is_named(root, path)), None)


def _is_named(root: Path, statement: Path) -> bool:
    ledger, digest = root / verify.LEDGER, statement.name.split(".")[1]
    try:
        key = signer_key(root)
    except IntegrityError:
        return False
    named = (
        statement.name in line.get("files", ()) or digest in (line.get("qualified") or ())
        for line in _signed_lines(ledger, key, digest.encode())
    )
    return any(named) or next(_signed_lines(ledger, key, STATES), None) is None


def _signed_lines(ledger: Path, key: bytes, needle: bytes) -> Iterator[verify.LineFields]:
    """Yield the fields of the lines with a text in them that the archive's key signed."""
    return (fields for fields in lines_with(ledger, needle) if verify.is_signed(fields, key, check=is_by_key))


def lines_with(ledger: Path, needle: bytes, begin: int = 0) -> Iterator[verify.LineFields]:
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
                verify.check_line(fields)
                yield fields
            at = data.find(needle, end)


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
    from cryptography import x509

    return x509.load_pem_x509_certificates(pem)


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


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _read(path: Path) -> bytes | None:
    with suppress(OSError):
        return verify.content(path)
    return None
