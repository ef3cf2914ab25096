#!/usr/bin/env python3
"""The verifier of an archive, of one OCFL object, or of a proof. One file; needs Python 3.9 and nothing else.

Timestamps are checked by the `openssl` program (version 3 or later); without it the dates stay unchecked, in words.
This very file lies in every archive (`tools/verify.py`) and in every proof. It is joined from the modules that
`archiver verify` runs, `archiver/archive/checking/parts` in the program's source; who changes it changes those. It
writes nothing but a temporary folder for the content of a zip.

Exit codes: 0 PROVEN, UNPROVEN or ERASED, 2 usage, 50 another command is writing, 90 DAMAGED or FORKED. For a proof or
pack: 0 PROVEN by roots that you named with --roots, 3 PROVEN if the authority is genuine, because its root came with
the file, 4 UNPROVEN or no evidence, 90 DAMAGED.

What to read, from top to bottom; each section rests on those before it only:

    archive words        Words: states, findings, and where an archive keeps what
    verify report        The report: what was found, what it rests on, and how it is told
    regular files        Files: nothing but regular files is read, and no more than makes sense
    strict json          JSON that no two programs read differently
    merkle tree          The Merkle tree of RFC 6962, section 2.1
    ed25519 signature    Ed25519 (RFC 8032), verification only
    signed notes         Checkpoints: C2SP signed-note and tlog-checkpoint
    timestamp tokens     Timestamps (RFC 3161): what they say, and when their certificates end
    token rules          What a timestamp must keep besides its signature
    openssl program      The program openssl, which checks the signature of a timestamp
    anchor proofs        Anchors: C2SP cosignatures and OpenTimestamps
    ocfl object          One OCFL 1.1 object
    strict zip           A zip, read strictly: nothing that programs unpack differently
    witnessed            Witnesses: checkpoints that somebody outside holds
    many objects         Many OCFL objects, on all processors
    ledger lines         Where things are; lines of the ledger, their signatures, intents
    proven dates         From when on a ledger line provably existed, and until when that holds
    common checks        What an archive and a proof have in common: key, checkpoints, timestamps
    whole archive        An archive: the ledger in one pass, then every object against it
    one proof            A proof: one object with its place in the tree
    whole pack           A pack: proofs, and copies of their files to read
    verify command       The command
"""

from __future__ import annotations

import sys

# This file's folder goes: whoever can write to the archive could put modules there that run in place of Python's own.
if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]

import argparse
import base64
import binascii
import bisect
import calendar
import contextlib
import errno
import functools
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import threading
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

CARRIED = Path(__file__)

# ---------------------------------------------------------------- archive words

PROVEN, UNPROVEN, ERASED, DAMAGED, FORKED = "PROVEN", "UNPROVEN", "ERASED", "DAMAGED", "FORKED"
STATES = (PROVEN, UNPROVEN, ERASED, DAMAGED, FORKED)
"""From the best to the worst. ERASED is a state of one object, never of an archive."""

SCOPE_ALL, SCOPE_QUICK, SCOPE_ONE = "all", "contents not read", "one licence"
SCOPE_BRIEF = "other checkpoints not checked"  # than the checkpoints that the verdict needs
SCOPE_DATE = "date only, nothing else checked"  # for one licence
"""The scope of a verdict. If several apply, all are listed, separated by commas."""

PROVEN_IF, NO_EVIDENCE = "PROVEN_IF", "NOT_EVIDENCE"
"""Words of a verdict that are no states: PROVEN by an authority that came with the file, and a replay of recordings."""

TRUST_NAMED, TRUST_OWN, TRUST_ENCLOSED = "named", "own", "enclosed"
"""Whose authority proves it: one that the reader named, one of the archive's own, or one that came with a proof."""

LEDGER = "ledger/ledger.jsonl"
INTENTS = "ledger/intents.jsonl"
CHECKPOINTS = "ledger/checkpoints"
HOLDER = "staging/holder.txt"  # names the writing process for others that wait; what a killed one leaves holds nothing
SIGNER_KEY = "keys/signer-public.pem"
TSA_ROOTS = "keys/tsa-roots.pem"
KEY_HISTORY = "keys/history.jsonl"
WITNESS_KEYS = "keys/witness-keys.txt"
TOOL = "tools/verify.py"
GUIDE = "READ-ME-FIRST.txt"
LISTS = "keys"  # the folder of the trusted lists by which timestamps are qualified

STATED_FILES = {Path(each).name: each for each in (GUIDE, SIGNER_KEY, TSA_ROOTS, KEY_HISTORY, WITNESS_KEYS)}
"""The files beside the evidence that the ledger states: name in its lines -> path. Statements about lists are others.

The verifier is not among them: the one that runs compares it with itself.
"""

KINDS = {
    "licence": "licences",
    "comp": "comps",
    "terms": "terms",
    "receipt": "receipts",
    "sighting": "sightings",
    "statement": "statements",
    "tombstone": "tombstones",
}
"""Kinds of objects: singular, as in ids, and the folder below `evidence/`."""

PRACTICE = frozenset({"run", "anchor", "files"})
"""Types of ledger lines that record no evidence.

They may wait for a timestamp: each line is signed when it is written.
"""

URN = "urn:x-archiver"
LOG_DOMAIN = "archiver.invalid"  # logs are named after it and the client; the name shows that no server exists
MAX_LINE_BYTES = 1 << 20  # size of a ledger line; the writer stays below 2 ** 15
MAX_ALIKE = 100  # findings of one kind about the ledger; whoever appends to it may make millions
CLOCK_TOLERANCE_S = 600  # our clock may be off by this much before a claimed date contradicts a proven one
AGREE_WITHIN_S = 86400  # the timestamps of one checkpoint; those of one seal are made within seconds of each other
OPENSSL_TIMEOUT_S = 30  # for one call of the program openssl
LATE_AFTER_S = 7 * 86400  # a longer time between a claimed date and its proof is reported
LATE_PRACTICE_AFTER_S = 2 * LATE_AFTER_S  # likewise for the lines of PRACTICE, which are sealed about once a week
MAX_TIMESTAMPS_BY_PROGRAM = 32  # up to here, one openssl process each is cheaper than loading a library
RENEW_BEFORE_S = 2 * 365 * 86400  # timestamps are renewed this long before their certificates end

WARNINGS = frozenset(
    {
        "interrupted",
        "claimed-date",
        "dates-apart",
        "dates-not-checked",
        "erased",
        "recovered",
        "remark",
        "renewal",
        "rollback",
        "stray",
        "unfit",
        "unsigned",
        "verifier",
        "withheld",
        "witness",
    }
)
"""Codes of findings that are not damage."""

UNDECIDED = frozenset({"dates-not-checked", "missing", "unreadable"})
"""Codes of findings about what could not be checked, so that another time or another machine may decide otherwise."""

NOT_EVIDENCE = "NOT EVIDENCE: this comes from a replay of recordings, not from a platform. It proves nothing."


class Busy(Exception):
    """Another command is writing to this archive."""


class Malformed(ValueError):
    """A file does not have the expected form. The text says what is wrong."""


@dataclass(frozen=True)
class Finding:
    """One fault. `path` is the file, relative to the archive; for `forked` and `witness` it is the outside file."""

    code: str
    path: str
    message: str

    @property
    def damage(self) -> bool:
        return self.code not in WARNINGS

    def __str__(self) -> str:
        return in_one_line(f"{'DAMAGE' if self.damage else 'note'}: {self.path}: {self.message} [{self.code}]")


def in_one_line(text: str) -> str:
    """Return the text in one line. Characters that move the cursor or change the order of reading are written out."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def must(holds: object, otherwise: str) -> None:
    if not holds:
        raise Malformed(otherwise)


# ---------------------------------------------------------------- verify report


@dataclass(frozen=True)
class Trust:
    """What the result depends on: the SHA-256 fingerprint of a key or certificate, and who vouches for it."""

    what: str
    fingerprint: str
    supplied: bool

    def __str__(self) -> str:
        whence = "supplied" if self.supplied else "only found in the archive"
        return f"{self.what} sha256:{self.fingerprint} ({whence})"


TRUST_IN_WORDS = {
    TRUST_NAMED: "by an authority that you named",
    TRUST_OWN: "by a root in the archive itself",
    TRUST_ENCLOSED: "if the authority is genuine: its root came with this file",
}


@dataclass(frozen=True)
class ArchiveVerdict:
    """A state with what it covers and who vouches for it. Whoever prints it prints all of that.

    `about` is what was checked, in words; empty for everything. `trust` is a `TRUST_...` if the state is PROVEN, else
    empty. Without `evidence`, what was checked comes from a replay of recordings.
    """

    state: str
    about: tuple[str, ...] = ()
    trust: str = ""
    evidence: bool = True

    @property
    def word(self) -> str:
        """The verdict in one word, the same in every program that judges the same bytes."""
        if self.state in (DAMAGED, FORKED):
            return self.state
        if not self.evidence:
            return NO_EVIDENCE
        return PROVEN_IF if self.trust == TRUST_ENCLOSED else self.state

    @property
    def exit_code(self) -> int:
        """What a program returns that was asked about something that another person sent."""
        return {PROVEN: 0, PROVEN_IF: 3, DAMAGED: 90, FORKED: 90}.get(self.word, 4)

    def __str__(self) -> str:
        state = self.state if self.evidence or self.word == self.state else f"NOT EVIDENCE, {self.state}"
        about = [*self.about, *([TRUST_IN_WORDS[self.trust]] if self.trust else [])]
        return f"{state} ({'; '.join(about)})" if about else state


@dataclass(frozen=True)
class DatedDocument:
    """A document of an object's newest version. `version` is the first version with the same bytes.

    `secured_since` is the earliest time that a timestamp proves for that version, or None. `withheld` means that the
    document is not included.
    """

    name: str
    sha512: str
    version: str
    secured_since: str | None
    withheld: bool = False

    def __str__(self) -> str:
        since = f"secured since {self.secured_since}" if self.secured_since else "not proven yet"
        return in_one_line(f"{self.name}: {since}{' (withheld by the sender)' if self.withheld else ''}")


def newest(times: Iterable[str | None]) -> str | None:
    """Return the one date of several documents: that of the newest. None if one of them is not proven yet."""
    every = list(times)
    return None if None in every else max(filter(None, every), default=None)


def secured_since(documents: list[DatedDocument]) -> str | None:
    """Return the one date of several documents. Withheld ones do not count if there are others."""
    return newest(each.secured_since for each in [each for each in documents if not each.withheld] or documents)


class TimestampStatement(NamedTuple):
    """What a timestamp that holds says of itself: its time, its policy, and whether it is qualified in the EU.

    `country`, `list_of` and `list_sha256` name the trusted list that shows it, as who kept the list states; this
    program does not read such lists. They are empty if no such statement is here.
    """

    time: str
    policy: str
    states_qualified: bool
    country: str = ""
    list_of: str = ""
    list_sha256: str = ""

    def __str__(self) -> str:
        stated = "states that it is qualified in the EU" if self.states_qualified else "does not state to be qualified"
        judged = "; not shown to be qualified"
        if self.country:
            later = " (issued after it, with the history of its service)" if self.list_of > self.time else ""
            judged = f"; qualified according to the trusted list of {self.country} of {self.list_of[:10]}{later} "
            judged += f"(kept, sha256:{self.list_sha256}), as the archive that kept the list states"
        elif self.states_qualified:
            judged += ": no trusted list that shows it is kept here"
        return f"timestamp of {self.time}, policy {self.policy or 'unknown'}: {stated}{judged}"


class AnchorStatement(NamedTuple):
    """What a valid anchor of a checkpoint says. It is no trusted timestamp: no date and no state depends on it.

    `kind` is `cosignature`, `bitcoin` or `pending`; `by` is the witness, the block's height, or the calendar. `key` is
    the witness's, as C2SP writes it. `time` is the witness's word, or the block's by headers that the user supplied.
    `root` is the Merkle root, in hex as block explorers show it, that the block must have.
    """

    checkpoint: int
    kind: str
    by: str
    key: str
    time: str | None
    root: str

    def __str__(self) -> str:
        about = f"anchor of checkpoint {self.checkpoint}:"
        if self.kind == "cosignature":
            said = f"the witness {self.by} states that at {self.time} it had seen nothing that contradicts it"
            return f"{about} {said}; that is its word, no trusted timestamp. Its key came with it: {self.key}"
        if self.kind == "pending":
            return f"{about} {self.by} has promised to put it into a Bitcoin block; this proves no time yet"
        if self.time:
            return f"{about} Bitcoin block {self.by} of {self.time} contains it, by the headers that you supplied"
        asked = f"not checked here whether block {self.by} has the Merkle root {self.root} (--headers does it)"
        return f"{about} OpenTimestamps leads to Bitcoin block {self.by}; {asked}"


@dataclass
class VerifyReport:
    """The result of a check. `secured_since` is when a trusted timestamp first covered everything asked about, or None.

    For one licence this is the date of its newest document. `documents` has the date of each document, and `terms` the
    dates of the texts of terms, by folder.

    `unproven` says in words what no timestamp covers. `dates_by` names the program that checked the timestamps.
    `compared` is what the archive was compared with outside it, in words: only that shows a cut-off end. `extends`
    names the outside checkpoints that the ledger continues. `licensed_at` is the date in the platform's
    document; only the proof of one licence has it. `erased` objects are not counted in `objects`; their tombstones are.
    `scope` says what was checked, `authority` whose roots dated it, and `elsewhere`, for one licence, counts the
    findings that are not about it.
    """

    client: str
    state: str = UNPROVEN
    licences: int = 0
    objects: int = 0
    erased: int = 0
    checkpoint: int | None = None
    secured_since: str | None = None
    evidence: bool = True
    findings: list[Finding] = field(default_factory=list)
    trust: list[Trust] = field(default_factory=list)
    unproven: str = ""
    dates_by: str = ""
    extends: str = ""
    compared: list[str] = field(default_factory=list)
    licensed_at: str | None = None
    scope: str = SCOPE_ALL
    authority: str = TRUST_OWN
    elsewhere: int = 0
    documents: list[DatedDocument] = field(default_factory=list)
    terms: dict[str, list[DatedDocument]] = field(default_factory=dict)
    timestamps: list[TimestampStatement] = field(default_factory=list)  # that hold; of an archive, the newest
    lists_read: int = 0  # statements that hold, by trusted lists that were read again; this program alone cannot
    anchors: list[AnchorStatement] = field(default_factory=list)  # that hold

    def as_json(self) -> dict[str, Any]:
        keys = ("client", "state", "scope", "licences", "objects", "erased", "checkpoint", "secured_since", "evidence")
        findings = [{"code": f.code, "path": f.path, "message": f.message} for f in self.findings]
        described: dict[str, Any] = {**{key: getattr(self, key) for key in keys}, "findings": findings}
        described |= {"verdict": self.verdict.word, "trust": self.verdict.trust or None, "compared": self.compared}
        if self.documents:
            described["documents"] = [vars(each) for each in self.documents]
            described["terms"] = {name: [vars(each) for each in files] for name, files in self.terms.items()}
        if self.timestamps:
            described["timestamps"] = [each._asdict() for each in self.timestamps]
        if self.anchors:
            described["anchors"] = [each._asdict() for each in self.anchors]
        return described

    @property
    def verdict(self) -> ArchiveVerdict:
        """The state with its scope, because it covers only what was checked."""
        about = []
        if SCOPE_ONE in self.scope:
            about.append("this licence only")
        if SCOPE_QUICK in self.scope:
            about.append(SCOPE_QUICK)
        if SCOPE_BRIEF in self.scope:
            about.append(SCOPE_BRIEF)
        if self.elsewhere:
            about.append(f"{self.elsewhere} finding{'s' * (self.elsewhere > 1)} elsewhere")
        return ArchiveVerdict(self.state, tuple(about), self.authority if self.state == PROVEN else "", self.evidence)

    def as_text(self) -> str:
        """Return the result in words, for people."""
        erased = f", {self.erased} erased" if self.erased else ""
        counts = f"{self.licences} licences, {self.objects} objects{erased}, "
        counts += f"newest checkpoint {self.checkpoint or 'none'}"
        secured = f"{self.secured_since}, as a trusted timestamp proves" if self.secured_since else "not proven yet"
        if len({each.secured_since for each in self.documents}) > 1:
            secured += "; this is the date of the newest document" if self.secured_since else " for all documents"
        lines = [
            in_one_line(f"{self.client}: {self.verdict}"),
            f"  {counts}",
            f"  licensed on {self.licensed_at}, as the platform's document says" if self.licensed_at else "",
            f"  secured since: {secured}",
            *(f"    {each}" for each in self.documents),
            *(f"    terms/{name}/{each}" for name, files in self.terms.items() for each in files),
            f"  {self.unproven}" if self.unproven else "",
            in_one_line(f"  {self.extends}") if self.extends else "",
            *(in_one_line(f"  compared with {each}") for each in self.compared),
            f"  dates checked by {self.dates_by}" if self.dates_by else "",
            *(f"  {each}" for each in self.timestamps),
            *(f"  {each}" for each in self.anchors),
            f"  trusted lists read again: {self.lists_read} statements hold" if self.lists_read else "",
            *(f"  trusting {trust}" for trust in self.trust),
            *(f"  {finding}" for finding in self.findings),
        ]
        mark = [] if self.evidence else [NOT_EVIDENCE]
        return "\n".join([*mark, *filter(None, lines), *mark])


# ---------------------------------------------------------------- regular files

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
BLOCK_BYTES = 1 << 18  # block size for reading and hashing, small enough for the processor's cache


MAX_FILE_BYTES = 1 << 33  # of a file that is hashed; a pack is no larger, either
_HOLLOW_FROM_BYTES, _HOLLOW_PART = 1 << 24, 64  # from which size on a file with so small a part of data is refused


def opened(path: Path | str, most: int | None = None) -> int:
    """Open a regular file for reading and return its descriptor. Raises OSError if it has more than `most` bytes.

    Also raises OSError for pipes and devices, because reading them might never end, and for large files of holes.
    """
    try:
        file = os.open(path, _READ_FLAGS)
    except ValueError:
        raise FileNotFoundError(errno.ENOENT, "no file can have this name", os.fspath(path)) from None
    status = os.fstat(file)
    try:
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        if most is not None and status.st_size > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes", os.fspath(path))
        if status.st_size > _HOLLOW_FROM_BYTES and _is_hollow(file, status.st_size):
            raise OSError(errno.EFBIG, "almost all of it is empty space that nobody wrote", os.fspath(path))
    except OSError:
        os.close(file)
        raise
    return file


def _is_hollow(file: int, size: int) -> bool:
    """Return whether a file has hardly any data for its size. Such a file costs nothing to plant, and days to read.

    Where the file system does not tell holes, there are none.
    """
    if not hasattr(os, "SEEK_DATA"):
        return False
    data, at, enough = 0, 0, size // _HOLLOW_PART
    try:
        while at < size and data < enough:
            begin = os.lseek(file, at, os.SEEK_DATA)
            at = max(begin + 1, os.lseek(file, begin, os.SEEK_HOLE))
            data += at - begin
    except OSError as error:
        if error.errno != errno.ENXIO:  # which says that only holes follow
            data = enough
    os.lseek(file, 0, os.SEEK_SET)
    return data < enough


def blocks(path: Path | str, most: int | None = None) -> Iterator[bytes]:
    """Yield a file's bytes in blocks. Raises OSError as `opened` does."""
    file = opened(path, most)
    try:
        while block := os.read(file, BLOCK_BYTES):
            yield block
    finally:
        os.close(file)


def content(path: Path | str, most: int = 1 << 20) -> bytes:
    """Return a file's bytes. Raises OSError as `opened` does."""
    return b"".join(blocks(path, most))


def digests(path: Path | str, algorithms: Iterable[str] = ("sha512",), most: int = MAX_FILE_BYTES) -> dict[str, str]:
    """Return a file's digests in hexadecimal, by hashlib's algorithm names. Raises OSError as `opened` does."""
    hashes = {name: hashlib.new(name) for name in algorithms}
    for block in blocks(path, most):
        for each in hashes.values():
            each.update(block)
    return {name: each.hexdigest() for name, each in hashes.items()}


# ---------------------------------------------------------------- strict json

MAX_JSON_DEPTH = 100


def decoded(data: bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Parse JSON. Raises Malformed for invalid text, for `NaN`, for half characters, and for more than
    MAX_JSON_DEPTH levels: programs differ in what they make of these.
    """
    try:
        text = data.decode()
        found = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_number) if pairs else _plain(text)
        if data.count(b"{") + data.count(b"[") > MAX_JSON_DEPTH:
            must(_is_flat(found), "not valid JSON (nested too deeply)")
        if b"\\u" in data:
            json.dumps(found, ensure_ascii=False).encode()
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not valid JSON ({error})") from None
    return found


def _no_number(name: str) -> None:
    raise Malformed(f"not valid JSON ({name} is no number)")


_plain = json.JSONDecoder(parse_constant=_no_number).decode  # one decoder for all ledger lines


def _is_flat(tree: Any) -> bool:
    """Return whether JSON has at most MAX_JSON_DEPTH levels of objects and lists."""
    level = [tree]
    for _ in range(MAX_JSON_DEPTH + 1):
        inside = [each for each in level if isinstance(each, (dict, list))]
        level = [one for each in inside for one in (each.values() if isinstance(each, dict) else each)]
        if not inside:
            return True
    return False


# ---------------------------------------------------------------- merkle tree


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """The tree over a growing list, reduced to its complete subtrees: O(log n) memory, one hash per leaf on average."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)  # largest subtree first; the sizes are the bits of `size`

    def add(self, leaf: bytes) -> None:
        """Append a leaf, given as its `leaf_hash`."""
        carry = self.size
        while carry & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            carry >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_by_path(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes | None:
    """Return the root that an inclusion path leads to (RFC 9162, section 2.1.3.2), or None for an impossible path."""
    if not 0 <= index < size:
        return None
    position, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    return found if last == 0 else None


# ---------------------------------------------------------------- ed25519 signature

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, xy = T/Z


def _add(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _point(encoded: bytes) -> _Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT_OF_MINUS_1 % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
_ZERO: _Point = (0, 1, 1, 0)


@functools.lru_cache(8)
def _multiples(point: _Point) -> list[list[_Point]]:
    """Return eight rows of 0 to 15 times the point; each row is for 16 ** 8 times the point of the previous row.

    The table takes as long as one signature and makes all further signatures of the key three times as quick to check.
    """
    rows = []
    for _ in range(8):
        row = [_ZERO, point]
        while len(row) < 16:
            row.append(_add(row[-1], point))
        rows.append(row)
        for _ in range(32):
            point = _add(point, point)
    return rows


@functools.lru_cache(8)
def _small(point: _Point) -> bool:
    """Return whether eight times the point is nothing: such a key "signs" without any secret."""
    for _ in range(3):
        point = _add(point, point)
    return point[0] % _P == 0 and point[1] == point[2]


@functools.lru_cache(8)
def canonical_key(public: bytes) -> bool:
    """Return whether these bytes are the one canonical encoding of a point. Some libraries accept others too."""
    return len(public) == 32 and _point(public) is not None


def ed25519_verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether this is the key's signature over the message (strict: canonical encodings, no cofactor)."""
    key = _point(public) if len(public) == 32 else None
    if key is None or _BASE is None or len(signature) != 64 or _small(key):
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= _L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    minus_key = (_P - key[0], key[1], 1, _P - key[3])
    factors = ((scalar, _multiples(_BASE)), (challenge, _multiples(minus_key)))
    total = _ZERO
    for place in range(7, -1, -1):  # scalar * base - challenge * key, four bits of each row at once
        for _ in range(4):
            total = _add(total, total)
        for factor, rows in factors:
            for number, row in enumerate(rows):
                if digit := factor >> 4 * (8 * number + place) & 15:
                    total = _add(total, row[digit])
    inverse = pow(total[2], -1, _P)
    x, y = total[0] * inverse % _P, total[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""Check one Ed25519 signature, given as (public key, signature, message)."""


# ---------------------------------------------------------------- signed notes

_ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
MAX_SIGNATURES = MAX_TIMESTAMPS = 64  # of one checkpoint


def pem_blocks(text: str, label: str) -> list[bytes]:
    """Return the DER contents of all PEM blocks with this label. Raises Malformed if one cannot be decoded."""
    blocks = [each.partition(f"-----END {label}-----") for each in text.split(f"-----BEGIN {label}-----")[1:]]
    must(all(end for _, end, _ in blocks), "holds a block without an end")
    found = [base64_bytes(re.sub(r"[ \t\r\n]+", "", block)) for block, _, _ in blocks]
    must(all(found), "holds an empty block")
    return found


def public_key(pem: str) -> bytes:
    """Return the 32 bytes of an Ed25519 public key in PEM form."""
    blocks = pem_blocks(pem, "PUBLIC KEY")
    if len(blocks) != 1 or not blocks[0].startswith(_ED25519_SPKI) or len(blocks[0]) != 44:
        raise Malformed("not an Ed25519 public key in PEM form")
    return blocks[0][12:]


def key_fingerprint(public: bytes) -> str:
    """SHA-256 of the key's DER form, as `openssl pkey -pubin -outform DER | sha256sum` prints it."""
    return hashlib.sha256(_ED25519_SPKI + public).hexdigest()


def key_id(name: str, public: bytes) -> bytes:
    """Four bytes that name a key in a signed note: SHA-256(name, newline, 0x01 for Ed25519, key)."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


@dataclass(frozen=True)
class Note:
    """A signed checkpoint: the log's name, its size and root, and the text that the signatures cover."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a note file. Raises Malformed with the reason."""
        text, separator, rest = data.partition(b"\n\n")
        lines = utf8_text(text).split("\n")
        if not separator or len(lines) < 3 or not re.fullmatch("[1-9][0-9]{0,14}|0", lines[1]):
            raise Malformed("not a signed checkpoint")
        must(lines[0].isascii() and lines[0].isprintable(), "the checkpoint's name of its log is not ASCII text")
        signatures = []
        for line in utf8_text(rest).removesuffix("\n").split("\n") if rest else ():
            match = re.fullmatch("\u2014 ([^ +]+) (\\S+)", line)
            if not match:
                raise Malformed("not a signature line of a checkpoint")
            signatures.append((match[1], base64_bytes(match[2])))
        must(len(signatures) <= MAX_SIGNATURES, "the checkpoint has more signatures than make sense")
        root = base64_bytes(lines[2])
        if len(root) != 32:
            raise Malformed("the checkpoint's root is not a SHA-256 hash")
        return cls(lines[0], int(lines[1]), root, text + b"\n", tuple(signatures))

    def claims(self, public: bytes) -> bool:
        """Return whether a signature claims to be by this key, under any name. The claim may be false."""
        return any(blob[:4] == key_id(name, public) for name, blob in self.signatures)

    def signed_by(self, public: bytes, check: SignatureCheck | None = None, *, under_any_name: bool = False) -> bool:
        """Return whether this key signed the checkpoint, under the log's name or any name.

        `check` replaces `ed25519_verify`.
        """
        return any(
            (under_any_name or name == self.origin)
            and blob[:4] == key_id(name, public)
            and (check or ed25519_verify)(public, blob[4:], self.text)
            for name, blob in self.signatures
        )


def utf8_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8 text") from None


def base64_bytes(text: str) -> bytes:
    """Decode base64 that is written in the one canonical way."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not valid base64") from None
    must(base64_text(found) == text, "not valid base64")
    return found


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pem_of_key(public: bytes) -> bytes:
    """An Ed25519 public key as a PEM file."""
    return f"-----BEGIN PUBLIC KEY-----\n{base64_text(_ED25519_SPKI + public)}\n-----END PUBLIC KEY-----\n".encode()


# ---------------------------------------------------------------- timestamp tokens


def certificates_in(pem: bytes) -> tuple[list[bytes], str | None]:
    """Return the certificates (DER) of a file in PEM form, and what is wrong with the file, or None.

    Text around them is allowed. But `-----BEGIN` with anything else than a whole certificate is wrong: other programs
    may trust that, too. OpenSSL reads `TRUSTED CERTIFICATE`, for example.
    """
    found, wrong = [], None
    for part in pem.decode("latin-1").split("-----BEGIN")[1:]:
        label, _, rest = part.partition(" CERTIFICATE-----")
        block, end, _ = rest.partition("-----END CERTIFICATE-----")
        certificate = b""
        with contextlib.suppress(Malformed):
            certificate = base64_bytes(re.sub(r"[ \t\r\n]+", "", block))
        if not label and end and _is_certificate(certificate):
            found.append(certificate)
        else:
            wrong = "holds something besides certificates in PEM form"
    return found, wrong


def pem_of_certificates(certificates: Iterable[bytes]) -> bytes:
    """Certificates (DER) as a PEM file, each once."""
    lines = []
    for each in dict.fromkeys(certificates):
        block = base64_text(each)
        wrapped = (block[at : at + 64] for at in range(0, len(block), 64))
        lines += ["-----BEGIN CERTIFICATE-----", *wrapped, "-----END CERTIFICATE-----"]
    return "".join(f"{line}\n" for line in lines).encode()


HASHES = {
    "608648016503040201": "sha256",
    "608648016503040202": "sha384",
    "608648016503040203": "sha512",
}
"""Encoded object identifiers of the hash functions that a token may use for the data it covers."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
NEVER = "9999-12-31T23:59:59Z"

_HASH_ENDS = {"2b0e03021a": "2014-01-01T00:00:00Z"}
"""The date after which signatures with a hash function are no longer trusted: SHA-1, by NIST SP 800-131A."""


@dataclass(frozen=True)
class Token:
    """The content of a timestamp response, not verified: `time` is `2026-11-24T02:00:00Z`, `nonce` the raw integer
    bytes. `policy` is the authority's, as a dotted identifier; `states_qualified` is the timestamp's own statement that
    it is qualified in the EU (ETSI EN 319 422), which it may make without being so.
    """

    algorithm: str
    digest: bytes
    time: str
    nonce: bytes | None
    policy: str = ""
    states_qualified: bool = False

    def covers(self, data: bytes) -> bool:
        return hashlib.new(self.algorithm, data).digest() == self.digest

    @classmethod
    @functools.lru_cache(16)  # a check of one timestamp asks several times
    def parse(cls, response: bytes) -> Token:
        """Read a TimeStampResp up to its TSTInfo. Raises Malformed if it was not granted or is something else."""
        try:
            _, _, encapsulated, *_, signers = signed_data(response)
            must(len(der_items(signers.value)) == 1, "the timestamp has not exactly one signature")
            (octets,) = der_items(der_items(encapsulated.value)[1].value)
            must(octets.tag == 0x04, "the timestamp is not in one piece")
            info = der_items(der_items(octets.value)[0].value)
            hash_function, digest = der_items(info[2].value)
            algorithm = HASHES[der_items(hash_function.value)[0].value.hex()]
            must(info[4].tag == 0x18, "the timestamp states its time in another form than RFC 3161 asks")
            moment_text = _asn1_time(info[4])
            nonce = next((item.value for item in info[5:] if item.tag == 0x02), None)
        except (IndexError, KeyError, ValueError) as error:
            raise error if isinstance(error, Malformed) else Malformed("not a timestamp response") from None
        return cls(algorithm, digest.value, moment_text, nonce, _dotted(info[1].value), _states_qualified(info))


_QC_STATEMENTS, _EU_QUALIFIED = bytes.fromhex("2b06010505070103"), bytes.fromhex("040081975e0101")


@dataclass(frozen=True)
class Qualification:
    """What an archive recorded when it read the trusted lists of the EU: that a timestamp's authority is qualified.

    All are texts: times as `2026-11-24T02:00:00Z`, digests SHA-256 in hexadecimal. `certificate` is the service's in
    the list, `timestamp` the response, `trusted_list` and `lotl` the country's list and the list of lists, as received.
    """

    certificate: str
    country: str
    fetched_at: str
    granted_since: str
    issued_at: str
    lotl: str
    next_update: str
    service: str
    timestamp: str
    trusted_list: str
    url: str

    @classmethod
    def parse(cls, data: bytes) -> Qualification:
        """Read a statement. Raises Malformed if it is not written exactly as `encode` writes it."""
        tree = decoded(data)
        texts = isinstance(tree, dict) and all(isinstance(each, str) for each in tree.values())
        must(texts and sorted(tree) == sorted(cls.__annotations__), "is no statement about a trusted list")
        found = cls(**tree)
        times = found.fetched_at, found.granted_since, found.issued_at, found.next_update
        digests = found.certificate, found.lotl, found.timestamp, found.trusted_list
        must(all(_MOMENT.fullmatch(each) for each in times), "is no statement about a trusted list")
        must(all(SHA256_HEX.fullmatch(each) for each in digests), "is no statement about a trusted list")
        must(re.fullmatch("[A-Z]{2}", found.country), "is no statement about a trusted list")
        must(found.encode() == data, "is not written as such a statement is")
        return found

    def encode(self) -> bytes:
        return (json.dumps(vars(self), indent=1, sort_keys=True) + "\n").encode()

    def shows(self, time: str) -> bool:
        """Return whether it is about a timestamp of this time."""
        return self.granted_since <= time <= self.next_update


MAX_LIST_BYTES = 1 << 25  # of a trusted list
SHA256_HEX = re.compile("[0-9a-f]{64}")
LIST_FILE_NAME = re.compile(r"(?:trusted-list\.([0-9a-f]{64})\.xml|qualified\.([0-9a-f]{64})\.json)")


def qualifications(folder: Path) -> dict[str, list[Path]]:
    """Return the statements in a folder about timestamps, by the SHA-256 of the timestamp. Skips damaged ones."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("qualified.*.json")):
        with contextlib.suppress(OSError, Malformed):
            found.setdefault(Qualification.parse(content(path)).timestamp, []).append(path)
    return found


def _dotted(oid: bytes) -> str:
    """Return an object identifier as `1.3.6.1`, or an empty text if it is not one."""
    numbers, value = [], 0
    for byte in oid:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers or oid[-1] & 0x80 or len(oid) > 64:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _states_qualified(info: list[DerItem]) -> bool:
    """Return whether the extensions of a TSTInfo hold the statement esi4-qtstStatement-1."""
    with contextlib.suppress(IndexError, ValueError):
        extensions = [der_items(each.value) for item in info[5:] if item.tag == 0xA1 for each in der_items(item.value)]
        statements = [
            der_items(der_items(each[-1].value)[0].value) for each in extensions if each[0].value == _QC_STATEMENTS
        ]
        return any(der_items(each.value)[0].value == _EU_QUALIFIED for found in statements for each in found)
    return False


def signed_message(response: bytes) -> bytes:
    """Return the ContentInfo (RFC 5652) of a granted TimeStampResp."""
    (whole,) = der_items(response)
    status, *content = der_items(whole.value)
    if der_items(status.value)[0].value not in (b"\0", b"\1"):  # granted, or granted with modifications
        raise Malformed("the authority refused the timestamp")
    return content[0].whole


@functools.lru_cache(16)
def signed_data(response: bytes) -> list[DerItem]:
    """Return the content of the SignedData (RFC 5652, section 5.1) of a granted TimeStampResp."""
    (message,) = der_items(signed_message(response))
    return der_items(der_items(der_items(message.value)[1].value)[0].value)


def token_ends(response: bytes, roots: Iterable[bytes]) -> str | None:
    """Return when a timestamp ends: when its first certificate up to the root ends, or its hash function.

    `roots` are additional certificates in DER, besides those in the response. Returns None if this cannot be
    determined.
    """
    with contextlib.suppress(IndexError, ValueError):
        signed = signed_data(response)
        within = [item.value for item in signed if item.tag == 0xA0]
        issuer, serial = der_items(der_items(der_items(signed[-1].value)[0].value)[1].value)
        ends = [
            _HASH_ENDS[oid]
            for item in der_items(signed[1].value)
            if (oid := der_items(item.value)[0].value.hex()) in _HASH_ENDS
        ]
        if chain := _chain_ends((*within, *roots), issuer.value, serial.value):
            return min([chain, *ends])
    return None


@functools.lru_cache(32)  # an authority sends the same certificates for years
def _chain_ends(certificates: tuple[bytes, ...], issuer: bytes, serial: bytes) -> str | None:
    """Return when the first certificate ends, from the one with this issuer and number up to its root."""
    known = [Certificate.parse(item) for each in certificates for item in der_items(each)]
    signers = [each for each in known if (each.issuer, each.serial) == (issuer, serial)]
    signer = min(signers, key=lambda each: each.ends)  # the choice is not covered by the signature
    ends = []
    for _ in known:  # upwards; of several ways, the one that lasts longest
        ends.append(signer.ends)
        issuers = [each for each in known if each.subject == signer.issuer]
        if signer.subject == signer.issuer or not issuers:
            return min(ends)
        signer = max(issuers, key=lambda each: each.ends)
    return None


def roots_of_chain(response: bytes, roots: Iterable[bytes]) -> set[bytes]:
    """Return the certificates (DER) to which a timestamp's chain may lead, or all if this cannot be determined."""
    candidates = set(roots)
    try:
        signed = signed_data(response)
        issuers = {der_items(der_items(der_items(signed[-1].value)[0].value)[1].value)[0].value}
        issuers |= {Certificate.parse(c).issuer for each in signed if each.tag == 0xA0 for c in der_items(each.value)}
        found: set[bytes] = set()
        by_subject = {each: Certificate.parse(der_items(each)[0]) for each in candidates}
        for _ in candidates:
            found |= {each for each, parsed in by_subject.items() if parsed.subject in issuers}
            issuers |= {by_subject[each].issuer for each in found}
        return found or candidates
    except (IndexError, ValueError):
        return candidates


class Certificate(NamedTuple):
    """An X.509 certificate's place in a chain (names and number as encoded), and its end."""

    serial: bytes
    issuer: bytes
    subject: bytes
    ends: str

    @classmethod
    def parse(cls, item: DerItem) -> Certificate:
        fields = [each for each in der_items(der_items(item.value)[0].value) if each.tag != 0xA0]  # without the version
        serial, _, issuer, validity, subject = fields[:5]
        return cls(serial.value, issuer.value, subject.value, _asn1_time(der_items(validity.value)[1]))


def _is_certificate(data: bytes) -> bool:
    """Return whether these bytes have the outer form of one X.509 certificate."""
    with contextlib.suppress(IndexError, ValueError):
        (whole,) = der_items(data)
        return [whole.tag, *(each.tag for each in der_items(whole.value))] == [0x30, 0x30, 0x30, 0x03]
    return False


def _asn1_time(item: DerItem) -> str:
    """Return a UTCTime (1950 to 2049) or GeneralizedTime as `2026-11-24T02:00:00Z`.

    Raises ValueError for anything else.
    """
    text = item.value.decode("ascii")
    if item.tag == 0x17:
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    parts = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z", text, re.ASCII)
    found = "{}-{}-{}T{}:{}:{}Z".format(*parts.groups()) if parts else ""
    epoch(found)
    return found


class DerItem(NamedTuple):
    tag: int
    value: bytes
    whole: bytes


def der_items(data: bytes) -> list[DerItem]:
    """Yield the consecutive DER items in `data`. Raises Malformed for encodings that OpenSSL, which accepts BER, reads
    differently.

    Without this, a genuine timestamp could be wrapped so that its signature is checked but another time is read.
    """
    items, position = [], 0
    while position < len(data):
        begin, tag, length = position, data[position], data[position + 1]
        if length == 0x80 or tag & 0x1F == 0x1F:
            raise Malformed("the timestamp is not encoded in DER")
        position += 2
        if length & 0x80:
            width = length & 0x7F
            length = int.from_bytes(data[position : position + width], "big")
            position += width
        if position + length > len(data):
            raise Malformed("the timestamp is cut off")
        items.append(DerItem(tag, data[position : position + length], data[begin : position + length]))
        position += length
    return items


@functools.lru_cache(1 << 12)
def epoch(moment: str) -> int:
    """Return seconds since 1970 of `2026-11-24T02:00:00Z`. Raises ValueError for anything else."""
    if _MOMENT.fullmatch(moment):
        with contextlib.suppress(ValueError):  # a leap second
            return int(datetime.fromisoformat(f"{moment[:-1]}+00:00").timestamp())
    return calendar.timegm(time.strptime(moment, _TIME))


def moment(seconds: float | None = None) -> str:
    """Return seconds since 1970 as `2026-11-24T02:00:00Z`; None means now."""
    return time.strftime(_TIME, time.gmtime(seconds))


# ---------------------------------------------------------------- token rules

_ESS_1, _ESS_2 = bytes.fromhex("2a864886f70d010910020c"), bytes.fromhex("2a864886f70d010910022f")
_KNOWN_HASHES = {**HASHES, "2b0e03021a": "sha1"}
_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_DIRECTORY_NAME, _EXTENSIONS = 0xA4, 0xA3


@dataclass(frozen=True)
class _Signed:
    """What the rules look at: the TSTInfo's fields, the one who signed it, and how."""

    info: list[DerItem]
    signer: list[DerItem]
    certificates: tuple[bytes, ...]  # in DER: those in the response, then those that the reader has

    @property
    def named(self) -> list[bytes]:
        """The certificates with the issuer and the number that the signature names."""
        issuer, serial = der_items(self.signer[1].value)
        found = ((each, Certificate.parse(der_items(each)[0])) for each in self.certificates)
        return [whole for whole, each in found if (each.issuer, each.serial) == (issuer.value, serial.value)]

    def attributes(self, oid: bytes) -> list[DerItem]:
        """The values of a signed attribute."""
        every = [der_items(each.value) for field in self.signer if field.tag == 0xA0 for each in der_items(field.value)]
        return [value for kind, values in every if kind.value == oid for value in der_items(values.value)]


def _version(signed: _Signed) -> str | None:
    return None if signed.info[0].value == b"\1" else "is of an unknown version"


def _hash_function(signed: _Signed) -> str | None:
    strong = der_items(signed.signer[2].value)[0].value.hex() in _KNOWN_HASHES
    return None if strong else "is signed over a hash function that protects nothing, as MD5"


def _accuracy(signed: _Signed) -> str | None:
    """A time that may be off by more than two authorities may disagree says no day."""
    stated = next((der_items(item.value) for item in signed.info[5:] if item.tag == 0x30), [])
    seconds = next((int.from_bytes(item.value, "big") for item in stated if item.tag == 0x02), 0)
    return "states that its time may be off by more than a day" if seconds > AGREE_WITHIN_S else None


def _signing_certificate(signed: _Signed) -> str | None:
    """The attribute that names the certificate which signed: the first entry is the signer's, the others are above."""
    lists = [(oid, value) for oid in (_ESS_1, _ESS_2) for value in signed.attributes(oid)]
    if not lists:
        return "does not say which certificate signed it"
    for oid, value in lists:
        candidates = signed.named
        for entry in der_items(der_items(value.value)[0].value):
            named = [each for each in candidates if _names(entry, oid, each)]
            if not named:
                return "names another certificate than the one that signed it"
            candidates = _above(signed.named, signed.certificates)
    return None


def _names(entry: DerItem, oid: bytes, certificate: bytes) -> bool:
    """Whether an ESSCertID names a certificate: by its digest, and by issuer and number if it states them."""
    items = der_items(entry.value)
    function = "sha1" if oid == _ESS_1 else "sha256"
    if oid == _ESS_2 and items[0].tag == 0x30:
        function = _KNOWN_HASHES[der_items(items.pop(0).value)[0].value.hex()]
    if hashlib.new(function, certificate).digest() != items[0].value:
        return False
    known = Certificate.parse(der_items(certificate)[0])
    if len(items) == 1:
        return True
    (name, *_), serial = der_items(der_items(items[1].value)[0].value), der_items(items[1].value)[1]
    issuer = der_items(name.value)[0].value if name.tag == _DIRECTORY_NAME else b""
    return serial.value == known.serial and same_name(issuer, known.issuer)


def _above(first: Iterable[bytes], certificates: Iterable[bytes]) -> list[bytes]:
    """The certificates to which the issuers' names lead."""
    parsed = {each: Certificate.parse(der_items(each)[0]) for each in certificates}
    found, reached = list[bytes](), [parsed[each] for each in first]
    for _ in range(len(parsed)):
        further = [
            whole
            for whole, each in parsed.items()
            if whole not in found and any(same_name(each.subject, one.issuer) for one in reached)
        ]
        found += further
        reached = [parsed[each] for each in further]
    return [each for each in found if each not in first]


def _authority_name(signed: _Signed) -> str | None:
    """The name that the timestamp gives its authority is one of the signer's."""
    stated = [item for item in signed.info[5:] if item.tag == 0xA0]
    for name in (der_items(each.value)[0] for each in stated):
        if not any(name.whole in _alternative_names(each) or _is_subject(name, each) for each in signed.named):
            return "names another authority than the one that signed it"
    return None


def _is_subject(name: DerItem, certificate: bytes) -> bool:
    if name.tag != _DIRECTORY_NAME:
        return False
    return same_name(der_items(name.value)[0].value, Certificate.parse(der_items(certificate)[0]).subject)


def _alternative_names(certificate: bytes) -> list[bytes]:
    fields = der_items(der_items(der_items(certificate)[0].value)[0].value)
    lists = [der_items(each.value)[0] for each in fields if each.tag == _EXTENSIONS]
    extensions = [der_items(each.value) for found in lists for each in der_items(found.value)]
    values = [each[-1].value for each in extensions if each[0].value == _ALTERNATIVE_NAME]
    return [name.whole for value in values for name in der_items(der_items(value)[0].value)]


def same_name(one: bytes, other: bytes) -> bool:
    """Compare names as OpenSSL does: without regard to case, runs of spaces, and the kind of text."""
    return one == other or _folded(one) == _folded(other)


def _folded(name: bytes) -> list[list[tuple[bytes, str]]]:
    def text(value: bytes) -> str:
        return " ".join(value.decode("utf-8", "replace").split()).lower()

    pairs = [[der_items(pair.value) for pair in der_items(part.value)] for part in der_items(name)]
    return [[(kind.value, text(value.value)) for kind, value in part] for part in pairs]


RULES: tuple[Callable[[_Signed], str | None], ...] = (
    _version,
    _hash_function,
    _accuracy,
    _signing_certificate,
    _authority_name,
)


def broken_rule(response: bytes, certificates: Iterable[bytes]) -> str | None:
    """Return the first rule that a timestamp breaks, in words that follow "it", or None.

    `certificates` are those that the reader has, in DER, besides those in the response. Neither its signature nor its
    chain is checked here, and programs differ in which of these rules they know: so everything of ours that judges a
    timestamp asks this first, when it seals as when it verifies.
    """
    try:
        signed = signed_data(response)
        sent = [each.whole for item in signed if item.tag == 0xA0 for each in der_items(item.value)]
        (octets,) = der_items(der_items(signed[2].value)[1].value)
        info = der_items(der_items(octets.value)[0].value)
        (signer,) = der_items(signed[-1].value)
        facts = _Signed(info, der_items(signer.value), tuple(dict.fromkeys([*sent, *certificates])))
        return next(filter(None, (rule(facts) for rule in RULES)), None)
    except (IndexError, KeyError, ValueError):
        return "is not written as RFC 3161 asks"


# ---------------------------------------------------------------- openssl program

MAX_OF_ONE_NAME, MAX_CHOICES = 8, 64  # roots of one name that are tried, one after another

ListChecker = Callable[[Qualification, bytes, bytes, bytes], "str | None"]
"""Read kept trusted lists: (statement, timestamp, list of lists, list) -> why they do not show what it states, or None.
"""


class StampedNote(NamedTuple):
    """A timestamp response and the note that it covers: their files, and their bytes as they were read.

    `breaks_rule` asks for its signature and chain only, as it is known to break a rule of `token_rules`.
    """

    response_file: str
    note_file: str
    response: bytes
    note: bytes
    breaks_rule: bool = False


class TokenChecker(NamedTuple):
    """A checker of timestamps: its name, and a function of (timestamp, roots, further certificates), these in DER.

    The function returns the reason why it refuses a timestamp, or None. It raises Malformed if it cannot read it.
    """

    name: str
    refuses: Callable[[StampedNote, tuple[bytes, ...], tuple[bytes, ...]], str | None]
    signed: SignatureCheck | None = None  # as quick for signatures as for timestamps
    qualifies: ListChecker | None = None
    first: bool = False  # ask it before OpenSSL about a few timestamps, too: it is loaded, or remembers answers


def openssl_version() -> tuple[str, str] | None:
    """Return the `openssl` program and its kind (`OpenSSL 3.5.9`, `LibreSSL 3.3.6`, `not answering`), or None."""
    program = shutil.which("openssl")
    if program is None:
        return None
    try:
        return program, _kind(program, Path(program).stat().st_mtime_ns)
    except OSError:
        return None
    except subprocess.TimeoutExpired:
        return program, "not answering"


@functools.lru_cache
def _kind(program: str, _changed_ns: int) -> str:
    """Ask a program once, until its file has changed."""
    return " ".join(_openssl([program, "version"]).stdout.split()[:2])


def _openssl(command: list[str | Path], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        timeout=OPENSSL_TIMEOUT_S,
    )  # fmt: skip


def openssl() -> str | None:
    """Return the `openssl` program if it is OpenSSL 3 or later."""
    program, version = openssl_version() or ("", "")
    return program if is_openssl_3(version) else None


def is_openssl_3(version: str) -> bool:
    """LibreSSL and older versions lack needed features."""
    number = re.match(r"OpenSSL (\d+)\.", version)
    return number is not None and int(number[1]) >= 3


def openssl_refuses(
    program: str, response: Path, data: Path | bytes, roots: Iterable[bytes], chain: Iterable[bytes]
) -> str | None:
    """Return why `openssl ts -verify` refuses a timestamp at its stated time, or None if it accepts it.

    `data` is the file that was timestamped, or its digest. `roots` and `chain`, further certificates, are in DER: the
    program gets files of exactly these, as it trusts more in a PEM file than others read there. Raises
    subprocess.TimeoutExpired if the program does not end.
    """
    about = ["-digest", data.hex()] if isinstance(data, bytes) else ["-data", data.resolve()]
    command: list[str | Path] = [program, "ts", "-verify", "-in", response.resolve(), *about]
    return _answer(command, "-untrusted", content(response), roots, chain)


def openssl_refuses_signature(
    program: str, response: bytes, roots: Iterable[bytes], chain: Iterable[bytes]
) -> str | None:
    """The same of the signature and the chain alone, for a timestamp that breaks another rule."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        token = Path(folder, "token")
        token.write_bytes(signed_message(response))
        command: list[str | Path] = [program, "cms", "-verify", "-binary", "-inform", "DER", "-in", token]
        command += ["-purpose", "timestampsign", "-out", Path(folder, "content")]
        return _answer(command, "-certfile", response, roots, chain)


def _answer(
    command: Sequence[str | Path], further: str, response: bytes, roots: Iterable[bytes], chain: Iterable[bytes]
) -> str | None:
    """Run a command that verifies a timestamp at its time; `further` is its option for the file of `chain`."""
    at = str(epoch(Token.parse(response).time))
    every = tuple(roots)
    refused = _answer_by(command, further, at, every, chain)
    for some in _one_of_each_name(every) if refused else ():
        if _answer_by(command, further, at, some, chain) is None:
            return None
    return refused


def _one_of_each_name(roots: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    """Choices of roots of which no two have one name, if there are any: OpenSSL only ever tries the first of a name."""
    by_name: dict[bytes, list[bytes]] = {}
    for each in roots:
        with contextlib.suppress(IndexError, ValueError):
            by_name.setdefault(Certificate.parse(der_items(each)[0]).subject, []).append(each)
    alike = [found[:MAX_OF_ONE_NAME] for found in by_name.values()]
    if any(len(found) > 1 for found in alike):
        yield from itertools.islice(itertools.product(*alike), MAX_CHOICES)


def _answer_by(
    command: Sequence[str | Path], further: str, at: str, roots: tuple[bytes, ...], chain: Iterable[bytes]
) -> str | None:
    command = list(command)
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        Path(folder, "roots.pem").write_bytes(pem_of_certificates(roots))
        command += ["-CAfile", "roots.pem", "-attime", at]
        if pem := pem_of_certificates(chain):
            Path(folder, "chain.pem").write_bytes(pem)
            command += [further, "chain.pem"]  # openssl splits this at spaces and commas: use no folder
        done = _openssl(command, Path(folder))
    if done.returncode == 0:
        return None
    reasons = re.findall(r":(?:[^:\n]*):([^:\n]+):[^:\n]*:\d+:(.*)", done.stderr)
    return "; ".join(" ".join(part for part in reason if part) for reason in reasons) or "openssl gives no reason"


# ---------------------------------------------------------------- anchor proofs

# A cosigned checkpoint is the same tree under a name that tells no client: "archiver.invalid/" and the first 32 hex
# digits of the key's fingerprint. It has two signatures: the archive's and the witness's.

ANCHOR_FILE_NAME = re.compile(r"([0-9]{8}|[1-9][0-9]{8,14})\.note\.([a-z0-9-]{1,20})\.(cosigned|ots|pending\.ots)")
_END_OF_TIME = 253402300800  # the year 10000, in seconds since 1970

OTS_HEAD = b"\0OpenTimestamps\0\0Proof\0" + bytes.fromhex("bf89e2e884e892940108")  # version 1, of a SHA-256
_OTS_ATTESTATIONS = {bytes.fromhex("83dfe30d2ef90c8e"): "pending", bytes.fromhex("0588960d73d71901"): "bitcoin"}
_OTS_BRANCH, _OTS_SHA256, _OTS_APPEND, _OTS_PREPEND = 0xFF, 0x08, 0xF0, 0xF1
_MAX_OTS_BYTES, _MAX_OTS_MESSAGE_BYTES = 1 << 16, 4096


def size_of(anchor: Path) -> int:
    """The size of the checkpoint that an anchor belongs to."""
    return int(anchor.name.partition(".")[0])


def anchor_files(folder: Path) -> dict[int, list[Path]]:
    """Return the anchors beside the checkpoints in a folder, by the checkpoint's size."""
    found: dict[int, list[Path]] = {}
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():  # noqa: PTH208  # there may be thousands
        if match := ANCHOR_FILE_NAME.fullmatch(name):
            found.setdefault(int(match[1]), []).append(folder / name)
    return found


def superseded(anchors: Iterable[Path]) -> set[Path]:
    """Return the pending proofs whose complete form is there, too."""
    every = set(anchors)
    return {each for each in every if each.with_name(each.name.replace(".pending.ots", ".ots")) in every - {each}}


def anchor_name(anchor: Path, data: bytes) -> str:
    """What a proof calls an anchor: its checkpoint, the first 16 hex digits of its SHA-256, and its kind."""
    match = ANCHOR_FILE_NAME.fullmatch(anchor.name)
    assert match
    return f"{match[1]}.note.{hashlib.sha256(data).hexdigest()[:16]}.{match[3]}"


def neutral_log(public: bytes) -> str:
    """The name that witnesses know an archive by. It names no client."""
    return f"{LOG_DOMAIN}/{key_fingerprint(public)[:32]}"


class WitnessKey(NamedTuple):
    """The key of a witness that makes Ed25519 cosignatures; `text` is its C2SP form, `name+id+key`."""

    name: str
    public: bytes
    text: str

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x04" + self.public).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Raises Malformed with the reason."""
        match = re.fullmatch(r"([!-*,-~]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})", text)
        if not match:
            raise Malformed("is not the key of a witness, as NAME+12345678+BASE64")
        key = base64_bytes(match[3])
        found = cls(match[1], key[1:], text)
        must(key[0] == 4, "is not a key for Ed25519 cosignatures")
        must(found.id.hex() == match[2] and canonical_key(found.public), "is a damaged key of a witness")
        return found


def witness_keys(data: bytes) -> list[WitnessKey]:
    """Read a file of keys: one a line, sorted, each once."""
    keys = [WitnessKey.parse(line) for line in utf8_text(data).split("\n")[:-1]]
    must(data == encoded_keys(keys), "is not written as such a list is")
    return keys


def encoded_keys(keys: Iterable[WitnessKey]) -> bytes:
    return "".join(f"{text}\n" for text in sorted({each.text for each in keys})).encode()


def cosigned(
    data: bytes, note: Note, public: bytes, keys: Iterable[WitnessKey], check: SignatureCheck | None = None
) -> tuple[WitnessKey, int]:
    """Check a cosigned checkpoint. Returns the witness, and its time in seconds since 1970. Raises Malformed."""
    found = Note.parse(data)
    lines = "".join(f"\u2014 {name} {base64_text(blob)}\n" for name, blob in found.signatures)
    must(data == found.text + b"\n" + lines.encode(), "is not written as a signed note is")
    must(len(found.signatures) == 2, "has other signatures than the archive's and one witness's")
    log = neutral_log(public)
    wanted = f"{log}\n{note.size}\n{base64_text(note.root)}\n".encode()
    must(found.text == wanted, "is of something else than its checkpoint")
    own, (name, blob) = replace(found, signatures=found.signatures[:1]), found.signatures[1]
    must(own.signed_by(public, check), "is not signed by the signer's key")
    key = next((each for each in keys if each.name == name and each.id == blob[:4]), None)
    if key is None:
        raise Malformed("is cosigned by a witness whose key is not here")
    at = int.from_bytes(blob[4:12], "big")
    signed = b"cosignature/v1\ntime %d\n" % at + found.text
    whole = len(blob) == 76 and 0 < at < _END_OF_TIME
    must(whole and (check or ed25519_verify)(key.public, blob[12:], signed), "has a cosignature that does not hold")
    return key, at


class OtsAttestation(NamedTuple):
    """Where a branch of an OpenTimestamps proof ends: `kind` is `pending`, `bitcoin` or `unknown`.

    `message` is what the branch makes of the digest; `said` the calendar's address or the block's height. The
    attestation is the proof's bytes from `start` to `end`.
    """

    kind: str
    message: bytes
    said: str
    start: int
    end: int


class _OtsReader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        must(len(taken) == count, "is cut off")
        self.at += count
        return taken

    def number(self, most: int) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            must(value <= most and (byte or not shift), "has a number that makes no sense")
            if byte < 0x80:
                return value
            shift += 7

    def text(self, most: int) -> bytes:
        return self.take(self.number(most))


def ots_attestations(proof: bytes, digest: bytes) -> list[OtsAttestation]:
    """Read an OpenTimestamps proof of a SHA-256 digest to its ends. Raises Malformed.

    Of the operations it knows those that Bitcoin needs: append, prepend and SHA-256.
    """
    must(len(proof) <= _MAX_OTS_BYTES, "is larger than such a proof")
    must(proof.startswith(OTS_HEAD + digest), "is no OpenTimestamps proof of its checkpoint")
    reader, found, waiting = _OtsReader(proof), [], [digest]
    reader.at = len(OTS_HEAD) + len(digest)
    while waiting:
        message = waiting.pop()
        tag = reader.take(1)[0]
        if tag == _OTS_BRANCH:
            waiting.append(message)
            tag = reader.take(1)[0]
        if tag == 0:
            start = reader.at - 1
            kind, inner = _OTS_ATTESTATIONS.get(reader.take(8), "unknown"), _OtsReader(reader.text(8192))
            said = ""
            if kind == "pending":
                said = inner.text(1000).decode("latin-1")
                must(re.fullmatch("[A-Za-z0-9._/:-]+", said), "names no calendar")
            elif kind == "bitcoin":
                said = str(inner.number(1 << 31))
                must(len(message) == 32, "does not lead to a Merkle root")
            must(kind == "unknown" or inner.at == len(inner.data), "has an attestation of another form")
            found.append(OtsAttestation(kind, message, said, start, reader.at))
            continue
        if tag == _OTS_SHA256:
            message = hashlib.sha256(message).digest()
        elif tag in (_OTS_APPEND, _OTS_PREPEND):
            more = reader.text(_MAX_OTS_MESSAGE_BYTES)
            must(more, "adds nothing")
            message = message + more if tag == _OTS_APPEND else more + message
        else:
            raise Malformed("has an operation that is not known here")
        must(len(message) <= _MAX_OTS_MESSAGE_BYTES, "makes a message that is too long")
        waiting.append(message)
    must(reader.at == len(proof), "has bytes after its end")
    return found


def block_header(file: Path, height: int) -> bytes | None:
    """A Bitcoin block's header, 80 bytes, in a file: lines `HEIGHT HEADER-IN-HEX`, or all headers from block 0 on.

    None if it is not there; Malformed if it has not the work that it claims.
    """
    try:
        with os.fdopen(opened(file), "rb") as source:
            if source.read(1).isdigit():
                source.seek(0)
                lines = (line.split() for line in iter(lambda: source.readline(MAX_LINE_BYTES), b""))
                texts = [line[1] for line in lines if len(line) == 2 and line[0] == str(height).encode()]
                header = bytes.fromhex(utf8_text(texts[0])) if texts else b""
            else:
                source.seek(80 * height)
                header = source.read(80)
    except OSError as error:
        raise Malformed(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise Malformed(f"{file} holds no header of block {height} in hex") from None
    if not header:
        return None
    bits = int.from_bytes(header[72:76], "little")
    target = (bits & 0x7FFFFF) << 8 * max(0, (bits >> 24) - 3)
    work = hashlib.sha256(hashlib.sha256(header).digest()).digest()
    must(len(header) == 80, f"{file} is no file of block headers")
    must(int.from_bytes(work, "little") <= target, f"{file} holds a header of block {height} without its work")
    return header


# ---------------------------------------------------------------- ocfl object

_DIGESTS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "sha512": "sha512",
    "sha512/256": "sha512_256",
    "blake2b-512": "blake2b",
}
"""OCFL's digest algorithms and hashlib's names. Fixity blocks may use others, which are not checked."""

_CONTENT_DIGESTS = {"sha512": re.compile("[0-9a-fA-F]{128}"), "sha256": re.compile("[0-9a-fA-F]{64}")}
"""Algorithms that may address content, and the form of their digests."""

_INVENTORY_FILES = frozenset({"inventory.json", "inventory.json.sha256", "inventory.json.sha512"})
MAX_INVENTORY_BYTES = 1 << 24
MAX_VERSIONS = 1000  # of one object: each has an inventory that lists all before it

_SPEC = re.compile(r"https://ocfl\.io/(1\.[01])/spec/#inventory")
_CREATED = re.compile(r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|6[01])(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Inventory:
    """A valid inventory. Versions are in order; the manifest and the states map path to digest."""

    id: str
    spec: str
    algorithm: str
    content_folder: str
    versions: tuple[str, ...]
    manifest: dict[str, str]
    states: dict[str, dict[str, str]]
    fixity: dict[str, dict[str, str]]
    messages: dict[str, str] = field(default_factory=dict)  # of each version

    @property
    def head(self) -> str:
        return self.versions[-1]

    def contents(self, version: str) -> dict[str, frozenset[str]]:
        """Return logical path -> content files with these bytes, which is independent of the digest algorithm."""
        return {path: self._holders[digest] for path, digest in self.states[version].items()}

    @functools.cached_property
    def _holders(self) -> dict[str, frozenset[str]]:
        """Digest -> the content files that have it."""
        holders: dict[str, set[str]] = {}
        for path, digest in self.manifest.items():
            holders.setdefault(digest, set()).add(path)
        return {digest: frozenset(paths) for digest, paths in holders.items()}

    @classmethod
    def parse(cls, data: bytes) -> Inventory:
        """Read an inventory. Raises Malformed with the first rule that it breaks."""
        tree = decoded(data, _unique)
        must(isinstance(tree, dict), "the inventory is not a JSON object")
        for key in ("id", "type", "digestAlgorithm", "head"):
            must(isinstance(tree.get(key), str) and tree[key] != "", f"the inventory has no {key}")
        spec = _SPEC.fullmatch(tree["type"])
        if spec is None:
            raise Malformed("the inventory is of an unknown type")
        algorithm, folder = tree["digestAlgorithm"], tree.get("contentDirectory", "content")
        must(algorithm in _CONTENT_DIGESTS, f"{algorithm} is not allowed for content")
        must(isinstance(folder, str) and re.fullmatch(r"(?!\.{1,2}$)[^/]+", folder), "bad contentDirectory")
        blocks = tree.get("versions")
        must(isinstance(blocks, dict) and blocks != {}, "the inventory has no versions")
        must(len(blocks) <= MAX_VERSIONS, f"the inventory has more than {MAX_VERSIONS} versions")
        versions = _in_order(blocks)
        must(tree["head"] == versions[-1], "the inventory's head is not its newest version")
        manifest = _by_path(tree.get("manifest"), "manifest")
        must(all(map(_CONTENT_DIGESTS[algorithm].fullmatch, manifest.values())), "the manifest has a bad digest")
        places = tuple(f"{version}/{folder}/" for version in versions)
        must(all(path.startswith(places) for path in manifest), "the manifest names a file outside the content")
        states, contents = {}, set(manifest.values())
        for version in versions:
            block = blocks[version]
            must(isinstance(block, dict), f"{version} is not a JSON object")
            must(is_created(block.get("created")), f"{version} has no valid creation date")
            states[version] = _by_path(block.get("state"), f"state of {version}")
            must(contents.issuperset(states[version].values()), f"{version} has a digest without content")
            must(isinstance(block.get("message", ""), str), f"the message of {version} is not text")
            user = block.get("user", {"name": "-"})
            must(isinstance(user, dict) and isinstance(user.get("name"), str) and user["name"], "a user has no name")
            must(isinstance(user.get("address", ""), str), "a user's address is not text")
        used = {digest for state in states.values() for digest in state.values()}
        must(contents <= used, "the manifest has content that no version uses")
        fixity = tree.get("fixity", {})
        must(isinstance(fixity, dict), "fixity is not a JSON object")
        sums = {name: _by_path(block, f"{name} fixity") for name, block in fixity.items()}
        must(all(set(paths) <= set(manifest) for paths in sums.values()), "fixity names a file without content")
        messages = {version: blocks[version].get("message", "") for version in versions}
        return cls(tree["id"], spec[1], algorithm, folder, versions, manifest, states, sums, messages)


def first_versions(states: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return, for each file of the newest version, the first version with the same bytes.

    `states` maps each version, oldest first, to its files: name -> digest.
    """
    first: dict[str, str] = {}
    for version, state in states.items():
        for digest in state.values():
            first.setdefault(digest, version)
    return {name: first[digest] for name, digest in next(reversed(states.values())).items()}


def documents_of(files: list[DatedDocument]) -> list[DatedDocument]:
    """Return an object's files without `licence.json`, which is the archiver's own description and changes with each
    version.

    If the object has no other file, `licence.json` is its document.
    """
    return [each for each in files if each.name != "licence.json"] or files


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    must(len(found) == len(pairs), "a JSON key occurs twice")
    return found


def is_created(text: object) -> bool:
    match = _CREATED.fullmatch(text) if isinstance(text, str) else None
    try:
        return match is not None and bool(date.fromisoformat(match[1]))
    except ValueError:
        return False


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Check version names: `v1, v2, …`, or zero-padded to one width, without a gap."""
    known = set(names)
    plain = [f"v{n}" for n in range(1, len(known) + 1)]
    width = len(min(known)) - 1
    must(width <= MAX_NAME_PARTS, "the versions are not numbered in sequence")
    padded = [f"v0{n:0{max(width - 1, 1)}d}" for n in range(1, len(known) + 1)]
    for order in (plain, padded):
        if known == set(order):
            return tuple(order)
    raise Malformed("the versions are not numbered in sequence")


def _by_path(block: object, what: str) -> dict[str, str]:
    """Invert `{digest: [path, …]}`. Raises Malformed for a repeated digest or path and for unsafe paths."""
    if not isinstance(block, dict):
        raise Malformed(f"the {what} is not a JSON object")
    must(len({digest.lower() for digest in block}) == len(block), f"the {what} has a digest twice")
    found: dict[str, str] = {}
    folders = {""}
    for digest, paths in block.items():
        must(isinstance(paths, list) and paths, f"the {what} has a digest without files")
        for path in paths:
            must(isinstance(path, str) and is_path(path), f"the {what} has a bad path")
            must(path not in found, f"the {what} has a path twice")
            found[path] = digest
            folder = path.rpartition("/")[0]
            while folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
    must(folders.isdisjoint(found), f"the {what} has a path that is both file and folder")
    return found


MAX_PATH_LETTERS, MAX_NAME_PARTS = 4096, 64


def is_path(path: str) -> bool:
    """Return whether a relative path stays where it is, and is one that files have."""
    parts = path.split("/")
    short = len(path) <= MAX_PATH_LETTERS and len(parts) <= MAX_NAME_PARTS
    return short and "\0" not in path and {"", ".", ".."}.isdisjoint(parts)


@dataclass
class CheckedObject:
    """The result of `check_object`: findings, the inventory if valid, and version -> SHA-512 of its inventory."""

    findings: list[Finding] = field(default_factory=list)
    inventory: Inventory | None = None
    inventories: dict[str, str] = field(default_factory=dict)


def check_object(
    folder: Path,
    prefix: str = "",
    *,
    contents: bool = True,
    closed: bool = False,
    withheld: frozenset[str] = frozenset(),
) -> CheckedObject:
    """Validate one OCFL object by specification 1.1. With `contents=False`, the content's digests are not checked.

    With `closed`, folders whose files have no digest are refused, although the specification allows them. `withheld`
    are content files that may be missing, which the specification does not know, for example `v1/content/record.json`.
    """
    check = _ObjectCheck(os.fspath(folder), prefix, contents, closed, withheld)
    try:
        check.run()
    except Malformed as error:
        check.find("invalid", check.at, str(error))
    except FileNotFoundError:
        check.find("missing", check.at, "is missing")
    except OSError as error:
        check.find("unreadable", check.at, f"cannot be read: {error.strerror}")
    return check.result


_Sums = dict[str, set[tuple[str, str]]]
"""Content file -> its expected digests, each with hashlib's name of the algorithm."""


@dataclass
class _ObjectCheck:
    folder: str
    prefix: str
    contents: bool
    closed: bool
    withheld: frozenset[str]
    at: str = ""  # the part being checked, for the findings
    result: CheckedObject = field(default_factory=CheckedObject)

    def find(self, code: str, path: str, message: str) -> None:
        self.result.findings.append(Finding(code, (self.prefix + path).rstrip("/") or ".", message))

    def read(self, path: str) -> bytes:
        return content(f"{self.folder}/{path}", MAX_INVENTORY_BYTES)

    def entries(self, place: str) -> dict[str, os.DirEntry[str]]:
        """Return the content of a folder of the object, by name."""
        with os.scandir(f"{self.folder}/{place}") as found:
            return {entry.name: entry for entry in found}

    def run(self) -> None:
        top = self.entries("")
        declared = self.declaration([name for name in top if name.startswith("0=")])
        data = self.read_inventory("")
        root = self.result.inventory = Inventory.parse(data)
        valid = self.sidecar("", data, root.algorithm)
        inside = self.layout(root, top)
        sums: _Sums = {path: {(root.algorithm, digest.lower())} for path, digest in root.manifest.items()}
        for name in root.fixity.keys() & _DIGESTS.keys():
            for path, digest in root.fixity[name].items():
                sums[path].add((_DIGESTS[name], digest.lower()))
        newest = declared
        must(root.spec == declared, "is not of the declared version of OCFL")
        for version in reversed(root.versions):
            if "inventory.json" not in inside.get(version, ()):
                self.find("remark", f"{version}/inventory.json", "this version has no inventory of its own")
                for name in inside.get(version, {}).keys() - {root.content_folder}:
                    if name.startswith("inventory.json."):
                        self.find("extra", f"{version}/{name}", "is the digest of an inventory that is not here")
                continue
            old_data = self.read_inventory(f"{version}/")
            self.result.inventories[version] = hashlib.sha512(old_data).hexdigest()
            try:
                if version == root.head:
                    old = root
                    must(not valid or old_data == data, "is not the same as the object's inventory")
                else:
                    old = Inventory.parse(old_data)
                    must(old.spec <= newest, "follows a newer version of OCFL than its successor")
                    self.predecessor(old, root, version, sums)
                newest = old.spec
                self.sidecar(f"{version}/", old_data, old.algorithm)
                for name in inside[version].keys() & _INVENTORY_FILES - {"inventory.json"}:
                    if name != f"inventory.json.{old.algorithm}":
                        self.find("extra", f"{version}/{name}", "does not belong to the version")
            except Malformed as error:
                self.find("invalid", self.at, str(error))
        self.files(root, sums, [version for version in inside if root.content_folder in inside[version]])

    def declaration(self, names: list[str]) -> str:
        spec = re.fullmatch(r"0=ocfl_object_(1\.[01])", names[0]) if len(names) == 1 else None
        self.at = names[0] if names else "0=ocfl_object_1.1"
        if spec is None:
            raise Malformed("the object's declaration is missing, unknown or not alone")
        must(self.read(self.at) == f"ocfl_object_{spec[1]}\n".encode(), "not the declared content")
        return spec[1]

    def read_inventory(self, where: str) -> bytes:
        self.at = f"{where}inventory.json"
        return self.read(self.at)

    def sidecar(self, where: str, data: bytes, algorithm: str) -> bool:
        """Check the inventory against the digest in the file beside it, and that this file is well-formed."""
        place = f"{where}inventory.json.{algorithm}"
        try:
            stated = re.fullmatch(rb"([0-9a-fA-F]+)[ \t]+inventory\.json\n?", self.read(place))
        except FileNotFoundError:
            self.find("missing", place, "the inventory's digest file is missing")
            return True
        except OSError as error:
            self.find("unreadable", place, f"cannot be read: {error.strerror}")
            return True
        if not stated:
            self.find("invalid", place, "not the digest of an inventory")
        elif stated[1].decode().lower() != hashlib.new(algorithm, data).hexdigest():
            self.find("changed", f"{where}inventory.json", "does not have the digest that its digest file states")
            return False
        return True

    def layout(self, root: Inventory, top: dict[str, os.DirEntry[str]]) -> dict[str, dict[str, os.DirEntry[str]]]:
        """Check that the object's folder and its version folders contain only what belongs there.

        Returns their content.
        """
        expected = {f"0=ocfl_object_{root.spec}", "inventory.json", f"inventory.json.{root.algorithm}"}
        for entry in top.values():
            folder = entry.is_dir(follow_symlinks=False)
            if folder and entry.name in root.versions:
                continue
            if folder and entry.name in ("logs", "extensions") and not self.closed:
                for inner in self.entries(entry.name).values() if entry.name == "extensions" else ():
                    if not inner.is_dir(follow_symlinks=False):
                        self.find("extra", f"extensions/{inner.name}", "a file that no extension owns")
            elif folder or entry.name not in expected or not entry.is_file(follow_symlinks=False):
                self.find("extra", entry.name, "does not belong to the object")
        inside = {}
        for version in root.versions:
            if version not in top or not top[version].is_dir():
                self.find("missing", version, "a version's folder is missing")
                continue
            inside[version] = self.entries(version)
            for entry in inside[version].values():
                place = f"{version}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != root.content_folder:
                        self.find("extra" if self.closed else "remark", place, "a folder beside the content")
                elif entry.name not in _INVENTORY_FILES or not entry.is_file(follow_symlinks=False):
                    self.find("extra", place, "does not belong to the version")
        return inside

    def predecessor(self, old: Inventory, root: Inventory, version: str, sums: _Sums) -> None:
        """Check that an earlier version's inventory agrees with the object's."""
        earlier = root.versions[: root.versions.index(version) + 1]
        must(old.id == root.id, "has another object's id")
        must(old.content_folder == root.content_folder, "has another contentDirectory than the object")
        must(old.versions == earlier, "has other versions than its place says")
        places = tuple(f"{name}/" for name in earlier)
        must(set(old.manifest) == {p for p in root.manifest if p.startswith(places)}, "lists other content files")
        for path, digest in old.manifest.items():
            sums[path].add((old.algorithm, digest.lower()))
        for name in earlier:
            before, now = old.contents(name), root.contents(name)
            must(before.keys() == now.keys(), f"{name} has other files than in the object's inventory")
            must(all(before[path] <= now[path] for path in before), f"{name} has other content than in the object's")

    def files(self, root: Inventory, sums: _Sums, versions: list[str]) -> None:
        """Check that the content files are exactly those of the manifest, with its digests."""
        found: dict[str, bool] = {}  # whether it is a file
        folders = [f"{version}/{root.content_folder}" for version in versions]
        for here in folders:
            entries = self.entries(here)
            if not entries:
                self.find("extra", here, "an empty folder")
            for name, entry in entries.items():
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{here}/{name}")
                else:
                    found[f"{here}/{name}"] = entry.is_file(follow_symlinks=False)
        for path in sorted(found.keys() - sums.keys()):
            self.find("extra", path, "a file that the inventory does not list")
        for path in sorted(sums.keys() - found.keys()):
            if path in self.withheld:
                self.find("withheld", path, f"withheld by the sender: {path.rpartition('/')[2]}")
            else:
                self.find("missing", path, "a file that the inventory lists is missing")
        for path in sorted(found.keys() & sums.keys()):
            self.at = path
            if not found[path]:
                self.find("invalid", path, "a link or device, not a file")
            elif self.contents:
                actual = digests(f"{self.folder}/{path}", {algorithm for algorithm, _ in sums[path]})
                if not sums[path] <= actual.items():
                    self.find("changed", path, "does not have the digest that the inventory states")


# ---------------------------------------------------------------- strict zip

MAX_PACK_BYTES = 1 << 33
MAX_ZIP_FILES = 20_000
MAX_ZIP_LIST_BYTES = 1 << 23
MAX_ZIP_NAME_BYTES = 1024
MAX_TIMES_LARGER, FREE_BYTES = 100, 100 << 20  # unpacked, a zip may be this many times larger, and by so much more

_ENCRYPTED, _DESCRIBED_AFTER = 0x2041, 0x08  # bits of a file's flags
_ZIP_FLAGS = 0x0806 | _DESCRIBED_AFTER  # those that change nothing about what is unpacked
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_BROKEN_LIST = "is a zip file with a broken list"


class ZipMember(NamedTuple):
    """A file or folder of a zip: its path, and where its packed bytes are."""

    path: str
    folder: bool
    begins: int
    packed: int
    size: int
    crc: int
    deflated: bool


class _ZipEntry(NamedTuple):
    """What a zip's list says of a file or folder; its own head is at `offset`."""

    path: str
    folder: bool
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


_Part = Callable[[int, int, str], bytes]
"""Reads so many bytes from a place on; Malformed with this message if they are not there."""


def zip_members(file: BinaryIO, length: int) -> list[ZipMember]:
    """List what a zip holds. Raises Malformed for all that other programs might unpack otherwise.

    Every byte of the file is accounted for: each file follows the one before it, what its own head says is what the
    list says, the list is at the end, and no two names are one name on some computer.
    """

    def part(begin: int, size: int, otherwise: str) -> bytes:
        file.seek(max(0, begin))
        found = file.read(size)
        must(begin >= 0 and len(found) == size, otherwise)
        return found

    listed, start, count = _zip_list(part, length)
    members, at, expected = list[ZipMember](), 0, 0
    spelled: dict[str, str] = {}  # as computers compare names that do not tell capitals apart -> as it is
    for _ in range(count):
        entry, at = _zip_entry(listed, at)
        must(entry.offset == expected, "is a zip file that holds bytes between its files")
        begins, expected = _zip_content(part, entry, start)
        parts = entry.path.split("/")
        for n in range(1, len(parts) + 1):
            one = "/".join(parts[:n])
            alike = unicodedata.normalize("NFC", one).lower()
            must(spelled.setdefault(alike, one) == one, f"is a zip file that holds {one} twice, in two spellings")
        deflated = entry.method == 8
        members.append(ZipMember(entry.path, entry.folder, begins, entry.packed, entry.size, entry.crc, deflated))
    must(
        at == len(listed) and expected == start,
        _BROKEN_LIST if at != len(listed) else "is a zip file that holds bytes between its files",
    )
    paths = {each.path for each in members}
    must(len(paths) == len(members), "is a zip file that holds a file twice")
    files = {each.path for each in members if not each.folder}
    above = {path.rpartition("/")[0] for path in paths}
    for each in list(above):
        while each := each.rpartition("/")[0]:
            above.add(each)
    must(files.isdisjoint(above), "is a zip file that holds a file and a folder of the same name")
    total = sum(each.size for each in members)
    fits = total <= MAX_PACK_BYTES and total <= MAX_TIMES_LARGER * length + FREE_BYTES
    must(fits, "is a zip file that unpacks to far more than a pack has")
    return members


def _zip_list(part: _Part, length: int) -> tuple[bytes, int, int]:
    """The list at the end of a zip, where it starts, and how many files and folders it names."""
    end = part(length - 22, 22, "is not a zip file")
    must(end[:4] == b"PK\5\6", "is not a zip file, or something was added at its end")
    disk, first, here, count, size, start, note = struct.unpack("<HHHHIIH", end[4:])
    ends, odd = length - 22, "is a zip file in several parts, or with a remark at its end"
    must(note == 0 and disk in (0, _MAX_16) and first in (0, _MAX_16) and here == count, odd)
    if count == _MAX_16 or size == _MAX_32 or start == _MAX_32:
        locator = part(length - 42, 20, "is not a zip file")
        must(locator[:8] == b"PK\6\7\0\0\0\0" and locator[16:] == b"\1\0\0\0", odd)
        ends = int.from_bytes(locator[8:16], "little")
        must(ends == length - 98, odd)
        large = part(ends, 56, "is not a zip file")
        must(large[:12] == b"PK\6\6" + (44).to_bytes(8, "little") and large[16:24] == bytes(8), odd)
        here, count, size, start = struct.unpack("<QQQQ", large[24:])
        must(here == count, odd)
    must(start + size == ends and size <= MAX_ZIP_LIST_BYTES, "is a zip file whose list is not at its end")
    must(count <= MAX_ZIP_FILES, "is a zip file of more files than a pack has")
    return part(start, size, _BROKEN_LIST), start, count


_DOS_FOLDER, _DOS_SPECIAL = 0x10, 0x408  # bits of an entry's attributes: a folder; a volume's name, or a link


def _zip_entry(listed: bytes, at: int) -> tuple[_ZipEntry, int]:
    """What a zip's list says at this place, and where its next entry begins."""
    must(at + 46 <= len(listed) and listed[at : at + 4] == b"PK\1\2", _BROKEN_LIST)
    flags, method = struct.unpack("<HH", listed[at + 8 : at + 12])
    crc, packed, size, *sizes = struct.unpack("<IIIHHH", listed[at + 16 : at + 34])
    mode, offset = struct.unpack("<II", listed[at + 38 : at + 46])
    name, extra, remark = (listed[at + 46 + sum(sizes[:n]) : at + 46 + sum(sizes[: n + 1])] for n in range(3))
    at += 46 + sum(sizes)
    must(at <= len(listed) and not remark, _BROKEN_LIST)
    text = utf8_text(name)
    path, folder = (text[:-1], True) if text.endswith("/") else (text, False)
    must(_is_zip_path(path), "is a zip file that names a file outside of itself, or in a way of one system only")
    size, packed, offset = _zip64(extra, [size, packed, offset])
    must(not flags & _ENCRYPTED, "is an encrypted zip file")
    known = not flags & ~_ZIP_FLAGS and method in (0, 8)
    must(known, "is a zip file that is packed in a way that browsers do not know")
    plain = mode >> 16 & 0xF000 in (0, 0x4000 if folder else 0x8000)
    plain = plain and not mode & (_DOS_SPECIAL if folder else _DOS_SPECIAL | _DOS_FOLDER)
    must(plain, f"is a zip file that holds {path} as a link or a device")
    must(not folder or (size == 0 and packed <= 2), f"is a zip file that holds bytes in the folder {path}")
    must(method == 8 or packed == size, _BROKEN_LIST)
    return _ZipEntry(path, folder, name, flags, method, crc, packed, size, offset), at


def _zip_content(part: _Part, entry: _ZipEntry, end: int) -> tuple[int, int]:
    """Where a file's packed bytes begin, and where all that belongs to it ends, at the latest at `end`."""
    broken, two_sizes = "is a broken zip file", f"is a zip file that says of {entry.path} two sizes"
    head = part(entry.offset, 30 + len(entry.name), broken)
    same = head[:4] == b"PK\3\4" and head[6:10] == struct.pack("<HH", entry.flags, entry.method)
    same = same and head[26:28] == struct.pack("<H", len(entry.name)) and head[30:] == entry.name
    must(same, f"is a zip file that calls {entry.path} something else in another place")
    crc, packed, size = struct.unpack("<III", head[14:26])
    begins = entry.offset + 30 + len(entry.name)
    more = part(begins, int.from_bytes(head[28:30], "little"), broken)
    begins += len(more)
    size, packed = _zip64(more, [size, packed])
    stated, listed = (crc, packed, size), (entry.crc, entry.packed, entry.size)
    after = begins + entry.packed
    if not entry.flags & _DESCRIBED_AFTER:
        must(stated == listed, two_sizes)
        return begins, after
    must(stated in ((0, 0, 0), listed), two_sizes)
    return begins, after + _description(part(after, min(24, max(0, end - after)), broken), *listed)


def _is_zip_path(path: str) -> bool:
    """Return whether all computers unpack this name to the same place."""
    parts = path.split("/")
    strange = re.search(r"[\x00-\x1f\x7f\\:]", path) or any(each.endswith((".", " ")) for each in parts)
    short = len(path.encode()) <= MAX_ZIP_NAME_BYTES and all(len(each.encode()) <= 255 for each in parts)
    return is_path(path) and not strange and short


_ZIP_FIELDS = frozenset({0x0001, 0x000A, 0x5455, 0x5855, 0x7855, 0x7875})
"""The extra fields of a zip for sizes, times and owners. By others, some programs make a link or give another name."""

_JAR_FIELD = 0xCAFE  # without content; the program jar marks its first entry so


def _zip64(extra: bytes, values: list[int]) -> list[int]:
    """Return the values, those that are too large for 32 bits taken from the extra fields, which must be sound."""
    found, at, seen = list(values), 0, False
    while at < len(extra):
        must(at + 4 <= len(extra), _BROKEN_LIST)
        kind, size = struct.unpack("<HH", extra[at : at + 4])
        body = extra[at + 4 : at + 4 + size]
        must(len(body) == size and (kind in _ZIP_FIELDS or (kind == _JAR_FIELD and not size)), _BROKEN_LIST)
        if kind == 1:
            wanted = [n for n, value in enumerate(values) if value == _MAX_32]
            must(not seen and len(body) == 8 * len(wanted), _BROKEN_LIST)
            for place, n in enumerate(wanted):
                found[n] = int.from_bytes(body[8 * place : 8 * place + 8], "little")
            seen = True
        at += 4 + size
    return found


def _description(data: bytes, crc: int, packed: int, size: int) -> int:
    """Return the length of what follows a file whose size was not known when it was begun."""
    for form in ("<III", "<IQQ"):
        with contextlib.suppress(struct.error):
            stated = struct.pack(form, crc, packed, size)
            for each in (b"PK\7\x08" + stated, stated):
                if data.startswith(each):
                    return len(each)
    raise Malformed("is a zip file with a broken list")


def unzipped(file: BinaryIO, member: ZipMember) -> Iterator[bytes]:
    """Yield a file's bytes in blocks. Raises Malformed if they are not what the list says."""
    file.seek(member.begins)
    left, crc, size = member.packed, 0, 0
    engine = zlib.decompressobj(-15) if member.deflated else None
    while left or (engine and not engine.eof):
        packed = file.read(min(left, BLOCK_BYTES))
        must(packed or (engine and engine.unconsumed_tail), "it is cut off")
        left -= len(packed)
        while True:
            try:
                block = engine.decompress(packed, BLOCK_BYTES) if engine else packed
            except zlib.error as error:
                raise Malformed(f"it cannot be unpacked: {error}") from None
            crc, size = zlib.crc32(block, crc), size + len(block)
            must(size <= member.size, "it has more bytes than the zip file says")
            yield block
            packed = engine.unconsumed_tail if engine else b""
            if not engine or engine.eof or (not packed and len(block) < BLOCK_BYTES):
                break
        must(not engine or not engine.eof or not (engine.unused_data or left), "bytes follow after its end")
    must(size == member.size, "it has fewer bytes than the zip file says")
    must(crc == member.crc, "it does not have the checksum that the zip file says")


# ---------------------------------------------------------------- witnessed


@dataclass(frozen=True)
class OutsideCheckpoint:
    """A checkpoint outside the archive.

    `note` is None if it cannot serve as a witness; `fault` says why, or that another key than the archive's signed it.
    `other_log` is the log's name if neither the name nor the key belongs to this archive.
    """

    path: Path
    note: Note | None
    fault: str = ""
    other_log: str = ""

    @property
    def size(self) -> int:
        return self.note.size if self.note else 0


def outside_checkpoints(
    place: Path,
    key: bytes | None,
    origin: str | None,
    own: frozenset[Note] = frozenset(),
    *,
    signatures: bool = True,
) -> list[OutsideCheckpoint]:
    """Return the checkpoints in a file, a folder, a pack or a copy of an archive, smallest first.

    `key` is the archive's; without it, or without `signatures`, no signature is checked. `origin` is the name of the
    archive's log. A note that is signed by this key (under any name) or has this name (with any key) belongs to the
    archive. Other notes get `other_log`. `origin` None: there is no other log. `own` are the archive's own checkpoints;
    the signature of a copy is not checked again.
    """
    found = list[OutsideCheckpoint]()
    for path, note in _parsed_notes(place):
        if isinstance(note, str):
            found.append(OutsideCheckpoint(path, None, note))
            continue
        named, claimed = origin in (None, note.origin), key is not None and note.claims(key)
        if not named and not claimed:
            found.append(OutsideCheckpoint(path, None, other_log=note.origin))
        elif key is None or not signatures or note in own or (claimed and note.signed_by(key, under_any_name=True)):
            found.append(OutsideCheckpoint(path, note))
        elif claimed:
            found.append(OutsideCheckpoint(path, None, "is a damaged copy: its signature does not hold"))
        else:
            found.append(OutsideCheckpoint(path, note, "is signed by another key than this archive's"))
    return sorted(found, key=lambda each: each.size)


_FOLDERS = ("", "*/", "ledger/checkpoints/", "07_integrity/*/integrity/", "data/07_integrity/*/integrity/")
_NOTE_IN_ZIP = re.compile(r"(?:[^/]+/)?(?:data/)?07_integrity/[^/]+/integrity/[0-9]+\.note")
_MAX_NOTE_BYTES = 1 << 20


def _notes_at(place: Path) -> Iterator[tuple[Path, Callable[[], bytes]]]:
    """The files that should be checkpoints, each with what reads it: a witness's folder, an unpacked pack, a copy of an
    archive, one file, or a pack as it was sent.
    """
    if not place.is_file():
        for path in sorted(path for folder in _FOLDERS for path in place.glob(f"{folder}*.note")):
            yield path, partial(content, path)
        return
    with os.fdopen(opened(place), "rb") as file:
        packed = file.read(4) == b"PK\3\4"
        for member in zip_members(file, os.fstat(file.fileno()).st_size) if packed else ():
            if _NOTE_IN_ZIP.fullmatch(member.path) and member.size <= _MAX_NOTE_BYTES:
                yield place / member.path, partial(b"".join, unzipped(file, member))
    if not packed:
        yield place, partial(content, place)


def _parsed_notes(place: Path) -> Iterator[tuple[Path, Note | str]]:
    """Each of them once, or why it cannot be read."""
    seen = set[tuple[str, bytes]]()
    try:
        for path, read in _notes_at(place):
            try:
                data = read()
                if (path.name, data) not in seen:  # each proof of a pack has its own copy
                    yield path, Note.parse(data)
                seen.add((path.name, data))
            except (OSError, Malformed) as error:
                yield path, _fault(error)
    except (OSError, Malformed) as error:
        yield place, _fault(error)


def _fault(error: OSError | Malformed) -> str:
    return f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)


@dataclass(frozen=True)
class Rollback:
    """The content of a `rollback` line after a restore: of `lost` lines, `kept` still exist.

    It names what was lost by the Merkle root of these lines, or by the hash of the last one (`head`), or by both; in
    hex. Its own number is `seq`. `others` are the roots of further lost checkpoints that cover more than `seq` lines;
    None in a line of an earlier version, which does not tell them from checkpoints of the lines that came after it.
    """

    kept: int
    lost: int
    seq: int
    root: str
    head: str
    others: frozenset[str] | None

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> Rollback:
        kept, lost = (fields.get(each, "") for each in ("kept", "lost"))
        named, others = [fields[each] for each in ("root", "head") if each in fields], fields.get("others")
        must((type(kept), type(lost)) == (int, int) and named, "not a rollback")
        must(type(others) in (type(None), list), "not a rollback")
        for each in [*named, *(others or ())]:
            must(type(each) is str and re.fullmatch("[0-9a-f]{64}", each), "not a rollback")
        must(0 <= kept < lost and kept <= fields["seq"], "not a rollback")
        root, head = (fields.get(each, "") for each in ("root", "head"))
        return cls(kept, lost, fields["seq"], root, head, None if others is None else frozenset(others))

    def explains(self, note: Note) -> bool:
        """Return whether the checkpoint covers lines that are recorded as lost."""
        root = note.root.hex()
        if (note.size, root) == (self.lost, self.root):
            return True
        if not self.kept < note.size < self.lost:
            return False
        return self.others is None or note.size <= self.seq or root in self.others


@dataclass(frozen=True)
class WitnessedCheckpoints:
    """Outside checkpoints: those that a ledger extends, those that its rollbacks explain, and those that it forks."""

    extended: list[OutsideCheckpoint]
    explained: list[OutsideCheckpoint]
    forked: list[OutsideCheckpoint]


def check_witnessed(ledger: Path, outside: Iterable[OutsideCheckpoint]) -> WitnessedCheckpoints:
    """Find, in one pass over the ledger's lines, the valid checkpoints that cover its first lines."""
    valid = [each for each in outside if each.note]
    sizes = {each.size for each in valid}
    roots: dict[int, bytes] = {}
    rollbacks: list[Rollback] = []
    frontier = Frontier()
    for data in whole_lines(ledger) if valid else ():
        frontier.add(leaf_hash(data))
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root()
        if b'"type":"rollback"' in data:
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                rollbacks.append(Rollback.parse(decoded(data)))
    held = WitnessedCheckpoints([], [], [])
    for each in valid:
        assert each.note
        if each.fault:
            held.forked.append(each)
        elif roots.get(each.note.size) == each.note.root:
            held.extended.append(each)
        else:
            explained = any(rollback.explains(each.note) for rollback in rollbacks)
            (held.explained if explained else held.forked).append(each)
    return held


def whole_lines(ledger: Path) -> Iterator[bytes]:
    with contextlib.suppress(OSError), os.fdopen(opened(ledger), "rb") as file:
        while (data := file.readline(MAX_LINE_BYTES)).endswith(b"\n"):
            yield data[:-1]


# ---------------------------------------------------------------- many objects

MIN_OBJECTS_FOR_PROCESSES = 256  # from this number of objects on, processes are worth starting

PlacedObject = tuple[str, CheckedObject]
"""An object's folder and the result of checking it."""
_Work = Callable[[list[str]], list[PlacedObject]]


@contextlib.contextmanager
def checked_at_once(work: _Work, places: list[str]) -> Iterator[Iterator[PlacedObject]]:
    """Check each place, on all processors, and yield the results in order. Starts at once.

    Uses processes where fork works: Python threads block each other whenever they do not hash. It does not work well on
    macOS, nor in a program that already has threads.
    """
    size = max(1, min(64, len(places) // 64), len(places) // 4096)
    groups = [places[i : i + size] for i in range(0, len(places), size)]
    forks = hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1
    if forks and len(places) >= MIN_OBJECTS_FOR_PROCESSES:
        with _forked(work, groups) as results:
            yield chain.from_iterable(_gathered(work, groups, results))
        return
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        try:
            yield chain.from_iterable(pool.map(work, groups))
        finally:
            pool.shutdown(cancel_futures=True)


_Results = Iterator[tuple[int, list[PlacedObject]]]
"""The number of a group, and its results."""


@contextlib.contextmanager
def _forked(work: _Work, groups: list[list[str]]) -> Iterator[_Results]:
    """The results of the worker processes. Each takes the next group from a pipe that contains the groups' numbers."""
    from multiprocessing.connection import Connection, Pipe, wait

    numbers, end = os.pipe()
    os.write(end, b"".join(number.to_bytes(4, "big") for number in range(len(groups))))
    os.close(end)
    processes: dict[Connection, int] = {}

    def results() -> _Results:
        heard = list(processes)
        while heard:
            for each in wait(heard):
                assert isinstance(each, Connection)
                try:
                    yield each.recv()
                except (EOFError, OSError):
                    heard.remove(each)

    try:
        for _ in range(os.cpu_count() or 2):
            hearing, telling = Pipe(duplex=False)
            if process := os.fork():
                telling.close()
                processes[hearing] = process
                continue
            try:
                while data := os.read(numbers, 4):
                    number = int.from_bytes(data, "big")
                    telling.send((number, work(groups[number])))
            finally:
                os._exit(0)  # a group without a result is done by the process that waits for it
        yield results()
    finally:
        os.close(numbers)
        for hearing, process in processes.items():
            hearing.close()
            os.kill(process, signal.SIGKILL)  # it has already ended, unless the rest is no longer wanted
            os.waitpid(process, 0)


def _gathered(work: _Work, groups: list[list[str]], results: _Results) -> Iterator[list[PlacedObject]]:
    """Yield the results of each group. If no process delivers them, the work is done here."""
    found: dict[int, list[PlacedObject]] = {}
    for number, group in enumerate(groups):
        while number not in found:
            found.update([next(results, None) or (number, work(group))])
        yield found.pop(number)


# ---------------------------------------------------------------- ledger lines

ID_IN_LINE = re.compile(rf'"id":"{URN}:[a-z]+:([^":]+)"'.encode())
_OBJECT_ID = re.compile(rf"{URN}:([a-z]+):((\d{{4}})(\d\d)\d\d_[\w-]+|undated_[\w-]+)", re.ASCII)


def object_path(object_id: str) -> str:
    """Return the path of an object, relative to the archive: `evidence/licences/2026/11/20261124_…`."""
    match = _OBJECT_ID.fullmatch(object_id)
    if not match or match[1] not in KINDS:
        raise Malformed(f"{object_id} is not the id of an object")
    return f"evidence/{KINDS[match[1]]}/{f'{match[3]}/{match[4]}' if match[3] else 'undated'}/{match[2]}"


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)  # one encoder for all lines


_LINE_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("prev", "type"), str),
    **dict.fromkeys(("account", "at", "erases", "error", "id", "inventory_sha512", "key", "log", "origin", "outcome",
                     "provider", "reason", "signature", "statement", "sweep", "tool", "version"), (str, type(None))),
    **dict.fromkeys(("archived", "incomplete", "listed", "seq", "total", "unexplained"), (int, type(None))),
    "clients": list,
    "files": dict,
}  # fmt: skip
"""What each field of a ledger line may be, as far as readers rely on it."""


LineFields = dict[str, Any]
"""The fields of a ledger line, as `check_line` wants them."""


def check_line(fields: object) -> None:
    """Raise Malformed if a ledger line lacks a field on which its readers rely, or has one of another kind.

    Anyone who can write to an archive can append such a line.
    """
    if not isinstance(fields, dict) or "type" not in fields or "prev" not in fields:
        raise Malformed("not a ledger line")
    must(type(fields.get("seq")) is int, "not a ledger line")
    for name, value in fields.items():
        if not isinstance(value, _LINE_KINDS.get(name, object)):
            raise Malformed(f"not a ledger line: {name}")
    must(all(isinstance(each, str) for each in fields.get("clients", ())), "not a ledger line")


def stated_files(fields: LineFields) -> dict[str, str]:
    """Return path -> SHA-256 of the files beside the evidence that a ledger line states. Raises Malformed."""
    files = fields.get("files", {})
    for name, digest in files.items():
        known = name in STATED_FILES or name == f"qualified.{digest}.json"
        must(known and isinstance(digest, str) and SHA256_HEX.fullmatch(digest), "not a statement of files")
    return {STATED_FILES.get(name, f"{LISTS}/{name}"): digest for name, digest in files.items()}


def is_first_history(data: bytes, fingerprint: str) -> bool:
    """Return whether a history of keys holds nothing but that it began with the key of this fingerprint."""
    try:
        said = decoded(data)
        return said == {**said, "event": "first", "key": fingerprint} and data == canonical(said) + b"\n"
    except (ValueError, TypeError, RecursionError):
        return False


def canonical(fields: LineFields) -> bytes:
    """Return a ledger line without its line end: sorted keys, no spaces, UTF-8."""
    return _CANONICAL.encode(fields).encode()


CHECKPOINT_FILE_NAME = re.compile(r"([0-9]{8}|[1-9][0-9]{8,14})\.note(\.[A-Za-z0-9_ -]{1,64}\.tsr)?")


CheckpointFiles = tuple[int, Path, list[Path]]  # a checkpoint's size, its note, its timestamp responses


def checkpoint_files(folder: Path) -> list[CheckpointFiles]:
    """Return all checkpoints, smallest first. Other file names are ignored."""
    return sorted(newest_checkpoints(folder))


def newest_checkpoints(folder: Path, names: Iterable[str] | None = None) -> Iterator[CheckpointFiles]:
    """Yield the checkpoints newest first, on demand. If only the newest is needed, the cost hardly grows with their
    number.

    `names` are the folder's files, if they were already listed.
    """
    try:
        names = os.listdir(folder) if names is None else names  # noqa: PTH208  # no Path for each of thousands
    except OSError:
        return
    for size, note, tokens in checkpoint_names(names):
        yield size, folder / note, [folder / token for token in tokens]


def checkpoint_names(names: Iterable[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the checkpoints among a folder's files as `newest_checkpoints` does, but names: no Path for each."""
    ordered = sorted(names)
    notes = sorted([name for name in ordered if name.endswith(".note")], key=len)  # of one length, they are in order
    for note in reversed(notes):
        if not (match := CHECKPOINT_FILE_NAME.fullmatch(note)):
            continue
        begin = end = bisect.bisect_right(ordered, note)
        while end < len(ordered) and ordered[end].startswith(f"{note}."):
            end += 1
        yield int(match[1]), note, [name for name in ordered[begin:end] if CHECKPOINT_FILE_NAME.fullmatch(name)]


def newest_checkpoint(root: Path) -> CheckpointFiles:
    """An archive's newest checkpoint; of size 0 where it has none."""
    return next(newest_checkpoints(root / CHECKPOINTS), (0, root / CHECKPOINTS, []))


# What lies after the newest checkpoint can be written by whoever can write to the archive: the chain of hashes needs no
# key. So each line is signed when it is written, and the last one's signature vouches for all before it.

_LINE_CONTEXT, _INTENTS_CONTEXT = b"archiver ledger line\n", b"archiver intents\n"
_SIGNATURE = re.compile("[A-Za-z0-9_-]{86}")
BEFORE_FIRST = "0" * 64  # the hash of the line before the first


def line_to_sign(fields: LineFields) -> bytes:
    """Return the bytes that the signature of a ledger line covers: everything but the signature."""
    return _LINE_CONTEXT + canonical({name: value for name, value in fields.items() if name != "signature"})


def is_signed(
    fields: LineFields,
    public: bytes,
    to_sign: Callable[[LineFields], bytes] = line_to_sign,
    check: SignatureCheck | None = None,
) -> bool:
    """Return whether this key signed a ledger line (or, with another `to_sign`, something else)."""
    signature = fields.get("signature")
    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        return False
    return (check or ed25519_verify)(public, base64.urlsafe_b64decode(f"{signature}=="), to_sign(fields))


def intents_to_sign(fields: LineFields) -> bytes:
    """Return what the signature in the first line of `intents.jsonl` covers: that line without the signature."""
    return _INTENTS_CONTEXT + canonical({name: value for name, value in fields.items() if name != "signature"})


class Intent(NamedTuple):
    """An object's version that a command was about to put in place, and the SHA-512 of its inventory."""

    id: str
    version: str
    inventory_sha512: str

    @property
    def number(self) -> int:
        return int(self.version[1:])

    @property
    def inventory(self) -> str:
        """Return the path of that inventory, relative to the archive."""
        return f"{object_path(self.id)}/{self.version}/inventory.json"


@dataclass(frozen=True)
class Intents:
    """The content of `intents.jsonl`.

    `head` is None if the archive's key did not sign the intents. The signature covers the hash of the ledger's last
    line before them (`head`), the number of lines to follow without anchors (`lines`), and the digest of the intents.
    `cut_off` means that a command was killed while it wrote the file, before it acted.
    """

    named: tuple[Intent, ...] = ()
    head: str | None = None
    lines: int = 0
    cut_off: bool = False
    unsigned: bool = False

    @classmethod
    def parse(cls, data: bytes, public: bytes | None) -> Intents:
        """Never raises: an invalid file has no intents. Without `public`, nothing counts as signed."""
        first, end, rest = data.partition(b"\n")
        if not data or not end or first.startswith(b"\0"):  # zeros: what some file systems leave after a power cut
            return cls(cut_off=bool(data))
        try:
            head = decoded(first)
            signed = isinstance(head, dict) and public is not None and is_signed(head, public, intents_to_sign)
            bound = (str(head["head"]), int(head["lines"]), str(head["sha256"])) if signed else None
        except (ValueError, KeyError, TypeError):
            bound = None
        if bound and bound[2] != hashlib.sha256(rest).hexdigest():
            return cls(cut_off=True)
        named = []
        for each in data.split(b"\n")[:-1]:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                fields = decoded(each)
                intent = Intent(*(str(fields[name]) for name in Intent._fields))
                object_path(intent.id)
                if re.fullmatch("v[1-9][0-9]{0,8}", intent.version):
                    named.append(intent)
        if bound is None:
            return cls(tuple(named), unsigned=True)
        return cls(tuple(named), head=bound[0], lines=bound[1])

    def follows(self, lines_since: int | None) -> bool:
        """Return whether the signed intents fit the current ledger.

        `lines_since` is the number of lines, without anchors, after line `head`, or None if the ledger has no such
        line.
        """
        return self.head is not None and lines_since is not None and lines_since <= self.lines


# ---------------------------------------------------------------- proven dates


def agreed(times: Iterable[str]) -> str:
    """The time of a checkpoint, given those of its timestamps: the earliest.

    If they are more than a day apart, one authority's clock is wrong and nobody can say whose: the latest counts. A
    seal gets them within seconds, so a day allows for a clock set to another zone, and gains a forger nothing.
    """
    ordered = sorted(times)
    is_one_time = epoch(ordered[-1]) - epoch(ordered[0]) <= AGREE_WITHIN_S
    return ordered[0] if is_one_time else ordered[-1]


class Dates:
    """The proven date of each ledger line, computed from (checkpoint size, time of its timestamp) pairs."""

    def __init__(self, stamps: Iterable[tuple[int, str]]) -> None:
        ordered = sorted(stamps)
        self.sizes = [size for size, _ in ordered]
        self.times = [time for _, time in ordered]
        for i in range(len(ordered) - 2, -1, -1):  # a later checkpoint covers it too, perhaps with an earlier timestamp
            self.times[i] = min(self.times[i], self.times[i + 1])

    def since(self, seq: int) -> str | None:
        """Return when a trusted timestamp first covered this line, or None."""
        at = bisect.bisect_right(self.sizes, seq)
        return self.times[at] if at < len(self.times) else None


@dataclass
class Stamp:
    """A timestamp: its time, and when its certificates or hash function end (None if unknown).

    `anchored` means that the ledger names it in the anchor after its checkpoint, so that every later timestamp covers
    it.
    """

    time: str
    ends: str | None
    anchored: bool = False
    policy: str = ""
    states_qualified: bool = False
    qualified: Qualification | None = None

    def statement(self) -> TimestampStatement:
        """Return what it says of itself, and what a trusted list says of it."""
        said, kept = (self.time, self.policy, self.states_qualified), self.qualified
        return TimestampStatement(*said, *((kept.country, kept.issued_at, kept.trusted_list) if kept else ()))

    @property
    def renew(self) -> str | None:
        """Return when to renew it: two years before its end, or halfway through a life of less than four years."""
        if self.ends is None:
            return None
        ends = epoch(self.ends)
        ahead = min(RENEW_BEFORE_S, max(0, ends - epoch(self.time)) // 2)
        return moment(ends - ahead)


def vouched_until(checkpoints: Iterable[Iterable[Stamp]]) -> Iterator[str]:
    """Return how long the date of each checkpoint is vouched for, given the timestamps of each, newest checkpoint
    first.

    A date holds until its own timestamps end, or until newer ones end, in a chain: each must cover the previous one and
    have been made before that one's end (RFC 4998, section 5.2).
    """
    untils: list[str] = []  # expiry times of newer timestamps that outlast every older one, in descending order,
    ages: list[int] = []  # and their own times, negated: in ascending order
    for stamps in checkpoints:
        vouched = []
        for stamp in stamps:
            until = stamp.ends or NEVER
            at = bisect.bisect_right(ages, -epoch(until)) if stamp.anchored else len(untils)
            vouched.append((stamp.time, max([until, *untils[at : at + 1]])))
        for at_time, until in sorted(vouched, reverse=True):
            while untils and untils[-1] <= until:
                del untils[-1], ages[-1]
            if not ages or -epoch(at_time) >= ages[-1]:
                untils.append(until)
                ages.append(-epoch(at_time))
        yield max(until for _, until in vouched)


def renewal(root: Path) -> str | None:
    """Return when an archive's newest timestamps must be renewed, or None if unknown.

    Their signatures are not checked, so this is cheap.
    """
    stamped = next((tokens for _, _, tokens in newest_checkpoints(root / CHECKPOINTS) if tokens), [])
    with contextlib.suppress(OSError, Malformed):
        roots, _ = certificates_in(content(root / TSA_ROOTS))
        responses = [content(path) for path in stamped]
        dates = [Stamp(Token.parse(each).time, token_ends(each, roots)).renew for each in responses]
        return max(filter(None, dates), default=None)
    return None


# ---------------------------------------------------------------- common checks


@dataclass
class HeldCheckpoint:
    """The file of a checkpoint and the files of its timestamps; both paths are relative to the archive.

    `data` is what was read of the file. `note` and `stamps` (by file name) are set once they were checked and are
    valid.
    """

    size: int
    path: str
    tokens: list[str]
    anchors: list[Path] = field(default_factory=list)
    data: bytes | None = None
    note: Note | None = None
    stamps: dict[str, Stamp] = field(default_factory=dict)
    checked: bool = False

    @property
    def time(self) -> str:
        """The time that its timestamps prove; it has at least one."""
        return agreed(stamp.time for stamp in self.stamps.values())


def _supplied(path: Path) -> bytes:
    """A file that the user named."""
    try:
        return content(path)
    except OSError as error:
        raise Malformed(f"{path} cannot be read: {error.strerror}") from None


class _OpenSSL:
    """The program openssl, located at first use. `hangs` means that it once did not end."""

    hangs = False

    @functools.cached_property
    def found(self) -> tuple[str, str]:
        return openssl_version() or ("", "")

    @property
    def version(self) -> str:
        return self.found[1]

    @functools.cached_property
    def checker(self) -> TokenChecker | None:
        program, version = self.found

        def refuses(stamped: StampedNote, roots: tuple[bytes, ...], chain: tuple[bytes, ...]) -> str | None:
            if stamped.breaks_rule:
                return openssl_refuses_signature(program, stamped.response, roots, chain)
            return openssl_refuses(program, Path(stamped.response_file), Path(stamped.note_file), roots, chain)

        return TokenChecker(version, refuses) if is_openssl_3(version) else None


NEW_TIMESTAMP = "`archiver verify --renew` gets a new one; name an authority that keeps RFC 3161 in archiver.yaml"
_NOT_OWN_ROOTS = "does not hold the roots of the timestamps here, which do hold against the roots that you supplied"


class CommonCheck:
    """Keys, checkpoints and timestamps of an archive or a proof, independent of where each stores them."""

    checker: TokenChecker | None = None  # asked about timestamps before OpenSSL
    brief = False
    own_authority = TRUST_OWN  # where the reader names no roots
    headers: Path | None = None  # of Bitcoin's blocks, supplied by the user

    def __init__(self, root: Path, roots: Path | None, key: Path | None, places: tuple[str, ...]) -> None:
        self.root = root
        self.signer_key, self.tsa_roots, self.checkpoint_folder, self.list_folder = places
        self.own_roots = root / self.tsa_roots
        self.witness_keys = f"{self.signer_key.rpartition('/')[0]}/{Path(WITNESS_KEYS).name}"
        self.supplied_roots, self.supplied_key = roots, key
        self.report = VerifyReport(root.resolve().name, authority=TRUST_NAMED if roots else self.own_authority)
        self.known: set[tuple[str, str]] = set()
        self.about_ledger: dict[str, int] = {}  # code -> number of findings
        self.checkpoints: dict[int, HeldCheckpoint] = {}
        self.openssl = _OpenSSL()
        self.dates_by = set[str]()
        self.token_digests: dict[str, str] = {}  # path -> SHA-256 of the timestamps that were read
        self.list_files: set[str] = set()  # paths of trusted lists, and of statements about them
        self.counting: set[str] | None = None  # paths of the statements about timestamps that count; None means all

    def find(self, code: str, path: str, message: str) -> None:
        self.add(Finding(code, path, message))

    def trouble(self, path: str, error: OSError, effect: str = "") -> None:
        """Record a file or folder that cannot be read."""
        if isinstance(error, FileNotFoundError):
            self.find("missing", path, f"is missing{effect}")
        else:
            self.find("unreadable", path, f"cannot be read: {error.strerror}{effect}")

    def add(self, finding: Finding) -> None:
        """Record a finding. The same fault of the same file is recorded once; of the ledger, MAX_ALIKE times."""
        if finding.path == LEDGER:
            alike = self.about_ledger[finding.code] = self.about_ledger.get(finding.code, 0) + 1
            if alike == MAX_ALIKE + 1:
                finding = replace(finding, message="has more like these, which are not listed")
            if alike <= MAX_ALIKE + 1:
                self.report.findings.append(finding)
        elif (finding.code, finding.path) not in self.known:
            self.known.add((finding.code, finding.path))
            self.report.findings.append(finding)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None and a finding."""
        try:
            return content(f"{self.root}/{path}")  # no Path for each of thousands
        except OSError as error:
            self.trouble(path, error)
        return None

    def key(self) -> bytes | None:
        """Return the key for checking signatures: the supplied one, else the one in the archive or proof."""
        found = None
        if (pem := self.read(self.signer_key)) is not None:
            try:
                found = public_key(utf8_text(pem))
                if pem != pem_of_key(found):
                    self.find("invalid", self.signer_key, "holds more than a key")
            except Malformed as error:
                self.find("invalid", self.signer_key, str(error))
        key = found
        if self.supplied_key:
            try:
                key = public_key(utf8_text(_supplied(self.supplied_key)))
            except Malformed as error:
                advice = "Name an Ed25519 public key in PEM form, as keys/signer-public.pem is"
                raise Malformed(f"the key that you supplied cannot be used: {error}. {advice}") from None
            if found is not None and found != key:
                self.find("key", self.signer_key, "is another key than the one that was supplied")
        if key:
            self.report.trust.append(Trust("signer key", key_fingerprint(key), self.supplied_key is not None))
        return key

    def find_checkpoints(self) -> None:
        """List the checkpoints and their timestamps without reading them."""
        folder = self.root / self.checkpoint_folder
        with contextlib.suppress(OSError):
            names = set(os.listdir(folder))  # noqa: PTH208  # no Path for each of thousands
            for size, note, tokens in sorted(checkpoint_names(names)):
                path, *stamped = (f"{self.checkpoint_folder}/{name}" for name in (note, *tokens[:MAX_TIMESTAMPS]))
                self.checkpoints[size] = HeldCheckpoint(size, path, stamped)
                if len(tokens) > MAX_TIMESTAMPS:
                    text = f"has more than {MAX_TIMESTAMPS} timestamps, of which only the first are checked"
                    self.find("extra", path, text)
            for token in sorted(name for name in names if re.fullmatch(r".*\.note\..*\.tsr", name, re.DOTALL)):
                if (note := token.partition(".note")[0] + ".note") not in names:
                    self.find("missing", f"{self.checkpoint_folder}/{note}", f"is missing, and {token} is of it")
        for size, anchors in anchor_files(folder).items():
            if size in self.checkpoints:
                self.checkpoints[size].anchors = anchors
                continue
            for file in anchors:
                note = file.name.partition(".note")[0] + ".note"
                self.find("missing", f"{self.checkpoint_folder}/{note}", f"is missing, and {file.name} is of it")

    def read_checkpoints(self, key: bytes | None, sizes: Iterable[int] | None = None) -> None:
        """Read and check the checkpoints of these sizes and their timestamps, each once. None means all."""
        wanted = sorted(self.checkpoints if sizes is None else sizes)
        due = [self.checkpoints[size] for size in wanted if not self.checkpoints[size].checked]
        for checkpoint in due:
            checkpoint.checked = True
            checkpoint.note = self.read_note(checkpoint, key)
        self.check_tokens([(each, token) for each in due for token in each.tokens])
        for checkpoint in due:
            hidden = superseded(checkpoint.anchors)
            for file in checkpoint.anchors:
                statements = self.check_anchor(checkpoint, file, key)
                self.report.anchors += statements if file not in hidden else []

    def check_anchor(self, checkpoint: HeldCheckpoint, file: Path, key: bytes | None) -> list[AnchorStatement]:
        """Return what an anchor says of its checkpoint; nothing and a finding if it does not hold."""
        path, note = f"{self.checkpoint_folder}/{file.name}", checkpoint.note
        data = self.read(path)
        if data is None or not (note and key and checkpoint.data):  # the others are reported already
            return []
        try:
            if file.suffix == ".cosigned":
                keys = self.known_witnesses
                witness, at = cosigned(data, note, key, keys, self.checker.signed if self.checker else None)
                return [AnchorStatement(note.size, "cosignature", witness.name, witness.text, moment(at), "")]
            kind = "pending" if file.name.endswith(".pending.ots") else "bitcoin"
            digest = hashlib.sha256(checkpoint.data).digest()
            ends = [each for each in ots_attestations(data, digest) if each.kind == kind]
            must(ends, "leads to no Bitcoin block" if kind == "bitcoin" else "leads to no calendar")
            if kind == "pending":
                return [AnchorStatement(note.size, kind, each.said, "", None, "") for each in ends]
            return [
                AnchorStatement(note.size, kind, each.said, "", self.block_time(each), each.message[::-1].hex())
                for each in ends
            ]
        except Malformed as error:
            self.find("anchor", path, str(error))
        return []

    def block_time(self, end: OtsAttestation) -> str | None:
        """Return the time of the block that a proof leads to, if the user supplied its header. Raises Malformed."""
        header = block_header(self.headers, int(end.said)) if self.headers else None
        if header is None:
            return None
        must(header[36:68] == end.message, f"leads to a Merkle root that block {end.said} of your headers has not")
        return moment(int.from_bytes(header[68:72], "little"))

    @functools.cached_property
    def known_witnesses(self) -> list[WitnessKey]:
        """Return the keys of witnesses in the archive or proof. They tell names apart; nobody vouches for them here."""
        if (data := self.read(self.witness_keys)) is not None:
            try:
                return witness_keys(data)
            except Malformed as error:
                self.find("invalid", self.witness_keys, str(error))
        return []

    def read_lists(self, *, hashed: bool = True) -> set[str]:
        """Check the trusted lists and the statements about them, and give each timestamp its statement.

        Returns the paths that are of no use: statements about no timestamp here, and lists that no statement names.
        Without `hashed`, the lists are not read.
        """
        found = []
        with contextlib.suppress(OSError), os.scandir(self.root / self.list_folder) as entries:
            found = sorted(entry.name for entry in entries if LIST_FILE_NAME.fullmatch(entry.name))
        idle = {f"{self.list_folder}/{name}" for name in found}
        stated: dict[str, tuple[str, Qualification]] = {}
        for name in found:
            path, match = f"{self.list_folder}/{name}", LIST_FILE_NAME.fullmatch(name)
            self.list_files.add(path)
            try:
                if match and match[1]:
                    if hashed and digests(self.root / path, ("sha256",), MAX_LIST_BYTES)["sha256"] != match[1]:
                        self.find("changed", path, "is not the trusted list that its name says")
                    continue
                data = content(self.root / path)
                if match and hashlib.sha256(data).hexdigest() != match[2]:
                    self.find("changed", path, "is not the statement that its name says")
                said = Qualification.parse(data)
                if self.counting is not None and path not in self.counting:
                    self.find("stray", path, "is named by no ledger line, so nothing vouches for it; it is passed over")
                    continue
            except Malformed as error:
                self.find("invalid", path, str(error))
                idle.discard(path)
                continue
            except OSError as error:
                self.trouble(path, error)
                continue
            stated[said.timestamp] = path, said
        named = {self.list_path(each) for _, said in stated.values() for each in (said.lotl, said.trusted_list)}
        for path in sorted(idle - named - self.counting) if self.counting is not None else ():
            self.find("stray", path, "is named by no statement that counts, so nothing vouches for it")
        for token, digest in self.token_digests.items():
            if digest not in stated:
                continue
            path, kept = stated[digest]
            idle -= {path, *map(self.list_path, (kept.trusted_list, kept.lotl))}
            holding = [each.stamps.get(Path(token).name) for each in self.checkpoints.values()]
            for stamp in filter(None, holding):
                if kept.shows(stamp.time) and self.lists_show(path, token, kept):
                    stamp.qualified = kept
        return idle

    def list_path(self, digest: str) -> str:
        return f"{self.list_folder}/trusted-list.{digest}.xml"

    def lists_show(self, path: str, token: str, stated: Qualification) -> bool:
        """Return whether the lists that a statement names are here and, if the caller can read them, show it."""
        lists = [self.list_path(each) for each in (stated.lotl, stated.trusted_list)]
        missing = [each for each in lists if each not in self.list_files and not (self.root / each).is_file()]
        for each in missing:
            self.find("missing", each, f"is missing, and {Path(path).name} names it")
        if missing or not (self.checker and self.checker.qualifies):
            return not missing
        try:
            files = [content(self.root / each, MAX_LIST_BYTES) for each in (token, *lists)]
        except OSError:
            return False
        if reason := self.checker.qualifies(stated, *files):
            self.find("remark", path, f"does not show that its timestamp is qualified: {reason}")
        self.report.lists_read += not reason
        return not reason

    def read_note(self, checkpoint: HeldCheckpoint, key: bytes | None) -> Note | None:
        """Read a checkpoint's file. Returns the signed note, or None and a finding."""
        many = len(self.checkpoints) > MAX_TIMESTAMPS_BY_PROGRAM and not self.brief
        check = self.checker.signed if self.checker and (self.checker.first or many) else None
        checkpoint.data = self.read(checkpoint.path)
        if checkpoint.data is not None:
            try:
                note = Note.parse(checkpoint.data)
                must(note.size == checkpoint.size, "is of another size than its name says")
                must(key is None or note.signed_by(key, check), "is not signed by the signer's key")
                return note
            except Malformed as error:
                self.find("checkpoint", checkpoint.path, str(error))
        return None

    @functools.cached_property
    def certificates(self) -> list[bytes]:
        """Return the roots for checking timestamps, in DER: the supplied ones, else those in the archive or proof."""
        supplied = self.supplied_roots
        found = self.own_certificates
        if supplied:
            try:
                found, wrong = certificates_in(_supplied(supplied))
                if wrong or not found:
                    raise Malformed(wrong or "holds no certificate")
            except Malformed as error:
                advice = "Name a file of the authorities' root certificates in PEM form, as keys/tsa-roots.pem is"
                raise Malformed(
                    f"the file of timestamp roots that you supplied cannot be used: {error}. {advice}"
                ) from None
        for certificate in found:
            fingerprint = hashlib.sha256(certificate).hexdigest()
            self.report.trust.append(Trust("timestamp root", fingerprint, supplied is not None))
        return found

    @functools.cached_property
    def own_certificates(self) -> list[bytes]:
        """Return the timestamp roots in the archive or proof, in DER. They may be missing if nothing needs them."""
        stamped = any(each.tokens for each in self.checkpoints.values())
        if not stamped and not self.own_roots.exists():
            return []
        pem = self.read(self.tsa_roots)
        if pem is None:
            return []
        found, wrong = certificates_in(pem)
        if not found:
            wrong = "holds no certificate, so no date can be checked"
        if wrong:
            self.find("invalid", self.tsa_roots, wrong)
        return found

    def check_tokens(self, stamped: list[tuple[HeldCheckpoint, str]]) -> None:
        """Check these timestamps with the caller's checker and, if that refuses one, with OpenSSL."""
        checkers = list(self.checkers(len(stamped)))
        unchecked: list[str] = []  # the dates in the timestamps
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            judge = functools.partial(
                self.judge_token, checkers, unchecked, tuple(self.certificates), tuple(self.own_certificates)
            )
            each = map if self.checker and self.checker.first else pool.map  # a thread costs more than what is known
            judged = each(lambda item: (*item, judge(*item)), stamped)
            for checkpoint, path, judgement in judged:
                if isinstance(judgement, Finding):
                    self.add(judgement)
                elif judgement:
                    checkpoint.stamps[path.rpartition("/")[2]] = judgement
        self.report.dates_by = " and ".join(sorted(self.dates_by, reverse=True))
        if unchecked:
            version = "not answering" if self.openssl.hangs else self.openssl.version
            here = f"the program openssl is {version} here" if version else "there is no program openssl here"
            text = (
                f"dates not checked: {here}. Install OpenSSL 3 or later and see that it comes first on the PATH. It is "
                f"about {len(unchecked)} timestamps, which state {min(unchecked)} to {max(unchecked)}"
            )
            self.find("dates-not-checked", self.checkpoint_folder, text)

    def judge_token(
        self, checkers: list[TokenChecker], unchecked: list[str], certificates: tuple[bytes, ...],
        own: tuple[bytes, ...], checkpoint: HeldCheckpoint, path: str,
    ) -> Stamp | Finding | None:  # fmt: skip
        """What this timestamp proves, or what is wrong with it. Where nobody could decide, its date is `unchecked`."""
        try:
            response = content(f"{self.root}/{path}")
            self.token_digests[path] = hashlib.sha256(response).hexdigest()
            token = Token.parse(response)
            if checkpoint.data is None:
                return Finding("unreadable", path, "is not checked: its checkpoint cannot be read")
            must(token.covers(checkpoint.data), "is a timestamp of something else than its checkpoint")
        except Malformed as error:
            return Finding("timestamp", path, str(error))
        except OSError as error:
            return Finding("unreadable", path, f"cannot be read: {error.strerror}")
        if not certificates and checkers:
            return None
        broken = broken_rule(response, (*certificates, *own))
        files = f"{self.root}/{path}", f"{self.root}/{checkpoint.path}"
        stamped = StampedNote(*files, response, checkpoint.data, breaks_rule=broken is not None)
        try:
            if refused := self.refusal(checkers, stamped, certificates, own or certificates):
                return Finding(refused[0], path, refused[1])
            if own and not set(certificates) <= set(own):  # readers of the archive alone rely on these: one verdict
                foreign = not roots_of_chain(response, certificates) <= set(own)
                if foreign and (refused := self.refusal(checkers, stamped, own, own)) and refused[0] == "timestamp":
                    return Finding("timestamp", self.tsa_roots, _NOT_OWN_ROOTS)
        except TimeoutError:
            unchecked.append(token.time)
            return None
        if broken:
            return Finding("unfit", path, f"does not count, as it {broken}. {NEW_TIMESTAMP}")
        ends = token_ends(response, certificates)
        return Stamp(token.time, ends, False, token.policy, token.states_qualified)

    def refusal(
        self, checkers: list[TokenChecker], stamped: StampedNote, roots: tuple[bytes, ...], chain: tuple[bytes, ...]
    ) -> tuple[str, str] | None:
        """The code and message of a finding, or None if a checker accepts the timestamp.

        Raises TimeoutError if no checker could decide.
        """
        against = "the roots that you supplied" if self.supplied_roots else Path(self.tsa_roots).name
        refused = None
        for checker in checkers:
            if checker is self.openssl.checker and self.openssl.hangs:
                continue
            try:
                reason = checker.refuses(stamped, roots, chain)
            except subprocess.TimeoutExpired:
                self.openssl.hangs = True  # never wait for it again
                continue
            except (Malformed, OSError) as error:  # a full disk, for example
                refused = "dates-not-checked", f"is not checked: {checker.name} cannot read it: {error}"
                continue
            self.dates_by.add(checker.name)
            if not reason:
                return None
            refused = "timestamp", f"does not hold against {against}: {reason}"
        if self.openssl.hangs or not refused:
            raise TimeoutError
        return refused

    def checkers(self, timestamps: int) -> Iterator[TokenChecker]:
        """Return the checkers for this number of timestamps, in order. OpenSSL decides.

        For many timestamps, the caller's quicker checker comes first; also for a few if it is to be `first`.
        """
        many = timestamps > MAX_TIMESTAMPS_BY_PROGRAM
        if self.checker and (self.checker.first or many or not self.openssl.checker):
            yield self.checker
        if self.openssl.checker and not self.openssl.hangs:
            yield self.openssl.checker

    @property
    def unread(self) -> bool:
        """Return whether some checkpoints were not checked."""
        return not all(checkpoint.checked for checkpoint in self.checkpoints.values())

    def dates(self) -> Dates:
        """Return the proven dates, only from checkpoints that are valid as far as they were checked."""
        valid = [c for c in self.checkpoints.values() if c.note and c.stamps]
        return Dates((c.size, c.time) for c in valid)

    def tell_dates_apart(self) -> None:
        """Report checkpoints whose timestamps disagree about the time."""
        for checkpoint in self.checkpoints.values():
            times = sorted(stamp.time for stamp in checkpoint.stamps.values())
            if checkpoint.note and times and checkpoint.time != times[0]:
                text = (
                    f"has timestamps of {times[0]} and {times[-1]}; one authority's clock is wrong, so the later counts"
                )
                self.find("dates-apart", checkpoint.path, text)

    def age(self) -> None:
        """Report dates that disagree, dates whose certificates ended before a newer timestamp covered them, and
        renewals that are due.
        """
        self.tell_dates_apart()
        now = moment()
        valid = [c for _, c in sorted(self.checkpoints.items(), reverse=True) if c.note and c.stamps]
        untils = vouched_until(c.stamps.values() for c in valid)
        past = [(c, until) for c in valid if (until := next(untils)) < now]
        if self.unread and past:  # unread ones may have covered the older ones
            past = [each for each in past if each[0] is valid[0]]
        if past:
            oldest, until = past[-1]
            more = f" (and {len(past) - 1} more like it)" if len(past) > 1 else ""
            text = (
                f"the certificates or hash functions of its timestamps ended at {until}, and no newer timestamp here "
                f"covered them before; its date holds for whoever trusts that their keys were not misused since{more}"
            )
            self.find("remark", oldest.path, text)
        due = renewal(self.root)
        if due and due <= now:
            text = f"the newest timestamps are to be renewed since {due}; `archiver verify --renew` does it"
            self.find("renewal", self.checkpoint_folder, text)

    def origin(self, fields: dict[str, Any], path: str, key: bytes | None) -> None:
        """Read the first line: the kind of archive, and its client."""
        if fields.get("type") != "origin" or fields.get("origin") not in ("live", "replay"):
            self.find("ledger", path, "does not begin with an origin line")
        elif key and fields.get("key") != key_fingerprint(key):
            self.find("key", self.signer_key, "is not the key that the ledger's first line names")
        self.report.evidence = fields.get("origin") == "live"

    def tell_recovered(self, place: str, version: str, seq: int) -> None:
        """Report a version that a killed command placed without recording it.

        It dates from the line that records it.
        """
        text = f"was recovered after a command had been killed; it dates from ledger line {seq}, which says so"
        self.find("recovered", f"{place}/{version}", text)

    def compare(self, place: str, object_id: str, checked: CheckedObject, recorded: dict[str, tuple[str, int]]) -> None:
        """Compare an object with the ledger's record of its versions: version -> (inventory's SHA-512, line)."""
        inventory = checked.inventory
        if inventory is None:
            return
        if inventory.id != object_id:
            self.find("invalid", f"{place}/inventory.json", f"is the inventory of {inventory.id}, not of this object")
        for version in inventory.versions:
            path = f"{place}/{version}/inventory.json"
            if version not in recorded:
                self.find("orphan", f"{place}/{version}", "this version is not in the ledger")
            elif version not in checked.inventories:
                self.find("missing", path, f"ledger line {recorded[version][1]} records this inventory")
            elif checked.inventories[version] != recorded[version][0]:
                self.find("changed", path, f"is not the inventory that ledger line {recorded[version][1]} records")
        for version in recorded.keys() - set(inventory.versions):
            self.find("missing", f"{place}/{version}", f"ledger line {recorded[version][1]} records this version")

    @staticmethod
    def dated(
        inventory: Inventory | None, versions: dict[str, tuple[str, int]], proven: Dates, *, absent: Iterable[str] = ()
    ) -> list[DatedDocument]:
        """Return since when each file of an object's newest version provably existed.

        `versions` are its ledger lines.
        """
        if inventory is None:
            return []
        state, first = inventory.states[inventory.head], first_versions(inventory.states)
        since = {version: proven.since(seq) for version, (_, seq) in versions.items()}
        return [
            DatedDocument(name, state[name], first[name], since.get(first[name]), name in absent)
            for name in sorted(state)
        ]

    def conclude(self, proven: bool) -> VerifyReport:
        codes = {finding.code for finding in self.report.findings if finding.damage}
        self.report.state = FORKED if "forked" in codes else DAMAGED if codes else PROVEN if proven else UNPROVEN
        return self.report


# ---------------------------------------------------------------- whole archive


@contextlib.contextmanager
def _quiet(ledger: Path) -> Iterator[None]:
    """Hold a shared lock on the ledger where the system allows it, so that nobody writes meanwhile.

    Raises Busy while a command is writing.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(ImportError, OSError):  # no locks here, or no ledger, which is reported later
            import fcntl

            file = held.enter_context(os.fdopen(opened(ledger), "rb"))
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"another command is writing to {ledger.parent.parent}") from None
        yield


# many parameters: the options of its command
def verify_archive(
    root: Path,
    roots: Path | None = None,
    key: Path | None = None,
    quick: bool = False,
    licence: str | None = None,
    against: Path | None = None,
    checker: TokenChecker | None = None,
    progress: Callable[[int, int], None] | None = None,
    headers: Path | None = None,
) -> VerifyReport:
    """Check a whole archive, or with `licence` (any unique part of a folder's name) one object and its place in it.

    `roots` and `key` are PEM files from a source that you trust; by default, those in the archive are used. `quick`
    skips the digests of the documents. Both `quick` and `licence` skip checkpoints that the result does not need, and
    the report's `scope` says so; after a fault, the whole ledger and all checkpoints are checked. `against` is a
    checkpoint outside the archive, a folder of them, or a pack: the state is FORKED if the ledger does not extend them.
    `checker` checks timestamps if OpenSSL 3 is missing, and most of many. `progress` gets, after each object, how many
    are checked and how many there are. `headers` is a file of Bitcoin's block headers (`block_header`).

    Raises Malformed if this is not an archive, the licence is not unique, or `against` has no checkpoint of this
    archive; Busy while a command is writing. Uses about one kilobyte of memory for each object.
    """
    if not any((root / name).is_dir() for name in ("ledger", "evidence", "keys")):
        raise Malformed(f"{root} is not an archive")
    with _quiet(root / LEDGER):
        brief = quick or licence is not None
        check = _ArchiveCheck(root, roots, key, quick, licence, checker, progress, brief=brief)
        check.headers = headers
        report = check.run(against)
        if brief and any(finding.damage for finding in report.findings):
            check = _ArchiveCheck(root, roots, key, quick, licence, checker, progress)
            check.headers = headers
            report = check.run(against)
        return report


def check_checkpoints(
    root: Path, roots: Path | None, checker: TokenChecker, sizes: Iterable[int]
) -> dict[int, tuple[str, str] | None]:
    """Check an archive's checkpoints of these sizes and their timestamps as `verify_archive` does. Reads no ledger.

    Returns the root in hex and the first time that the timestamps prove, or None where nothing holds. A checkpoint
    about which nobody can decide now is left out: without the archive's key, all. `roots` and `checker` are as in
    `verify_archive`.
    """
    check = CommonCheck(root, roots, None, (SIGNER_KEY, TSA_ROOTS, CHECKPOINTS, LISTS))
    check.checker = checker
    check.find_checkpoints()
    key = check.key()
    if key is None:
        return {}
    wanted = [check.checkpoints[size] for size in sizes if size in check.checkpoints]
    check.read_checkpoints(key, [each.size for each in wanted])
    undecided = {each.path for each in check.report.findings if each.code in UNDECIDED}
    found: dict[int, tuple[str, str] | None] = {}
    for each in wanted:
        if each.note and each.stamps:
            found[each.size] = each.note.root.hex(), each.time
        elif not undecided & {each.path, *each.tokens, CHECKPOINTS, TSA_ROOTS}:
            found[each.size] = None
    return found


def check_newest(root: Path, roots: Path | None, checker: TokenChecker) -> frozenset[str]:
    """Check an archive's newest checkpoint and its timestamps as `verify_archive` does, for a checker that remembers
    what held. Returns the paths of the timestamps that do not hold.
    """
    check = CommonCheck(root, roots, None, (SIGNER_KEY, TSA_ROOTS, CHECKPOINTS, LISTS))
    size, file, tokens = newest_checkpoint(root)
    check.checker = checker
    path, *stamped = (f"{CHECKPOINTS}/{each.name}" for each in (file, *tokens))
    check.checkpoints[size] = HeldCheckpoint(size, path, stamped)
    check.read_checkpoints(check.key())
    return frozenset({each.path for each in check.report.findings if each.damage} & set(stamped))


_AUTHORITIES = re.compile("[A-Za-z0-9_ -]+")
FOLDERS = {
    "": re.compile(r"READ-ME-FIRST\.txt|READ-ME\.txt|licences\.csv|evidence|ledger|keys|tools|staging"),
    "evidence": re.compile(""),
    "ledger": re.compile(r"ledger\.jsonl|intents\.jsonl|checkpoints"),
    CHECKPOINTS: re.compile(
        CHECKPOINT_FILE_NAME.pattern + r"(?:(?<=\.tsr)\.(?:unchecked|refused))?|" + ANCHOR_FILE_NAME.pattern
    ),
    "keys": re.compile(rf"signer-public\.pem|tsa-roots\.pem|history\.jsonl|witness-keys\.txt|{LIST_FILE_NAME.pattern}"),
    "tools": re.compile(r"verify\.py"),
    "staging": re.compile(""),
}
"""The folders of an archive and the names allowed in each. `_ArchiveCheck.walk` checks `evidence/`."""

_FOR_A_CLIENT = ("READ-ME.txt", "licences.csv")
"""What only a copy for a client has. Neither the ledger nor a signature covers it."""

_LEFTOVER = re.compile(
    r"\.(READ-ME-FIRST\.txt|verify\.py|[a-z-]+(\.[0-9a-f]{64})?\.(pem|jsonl|txt|json|xml))\.[a-z0-9_-]+(\.tmp)?"
)
"""The name of a temporary file, written beside the file that it replaces."""


def _named_in(ledger: Path) -> set[bytes]:
    """Return the folders of all objects that a ledger names, unchecked: quick, and never too few."""
    return {folder for line in whole_lines(ledger) for folder in ID_IN_LINE.findall(line)}


class _Erasure(NamedTuple):
    """The content of an `erasure` line: its number, the tombstone's id, the time, and the class of the reason."""

    seq: int
    tombstone: str
    at: str
    reason: str


class _ArchiveCheck(CommonCheck):
    # many parameters: those of `verify_archive`
    def __init__(
        self,
        root: Path,
        roots: Path | None,
        key: Path | None,
        quick: bool,
        licence: str | None,
        checker: TokenChecker | None,
        progress: Callable[[int, int], None] | None = None,
        *,
        brief: bool = False,
    ) -> None:
        super().__init__(root, roots, key, (SIGNER_KEY, TSA_ROOTS, CHECKPOINTS, LISTS))
        self.progress = progress or (lambda *_: None)
        self.places = 0  # objects to check
        self.quick, self.licence, self.checker, self.brief = quick, licence, checker, brief
        self.recorded: dict[str, dict[str, tuple[str, int]]] = {}
        self.erased: dict[str, _Erasure] = {}  # by the erased object's id
        self.recovered: dict[tuple[str, str], int] = {}  # (id, version) -> line
        self.named: dict[int, set[str]] = {}  # size of a checkpoint -> its timestamps that anchors name
        self.empty: list[str] = []  # folders
        self.stated: dict[str, dict[str, int]] = {}  # path of a file beside the evidence -> its SHA-256s -> line
        self.lines = 0
        self.evidence_lines = 0  # up to the last line that records evidence
        self.roots_of: dict[int, bytes] = {}  # the tree's root at each checkpoint's size
        self.last: dict[str, Any] = {}  # the ledger's last line
        self.vouched = False  # whether the archive's key signs the last line, which covers all lines
        self.anchors: list[tuple[int, dict[str, Any]]] = []
        self.claims: list[tuple[int, str, bool]] = []  # line, date, and whether it is one of PRACTICE
        self.doubted = -1  # the last line with an implausible date
        self.log: str | None = None  # the name in all checkpoints of this archive
        self.signs = False  # whether lines are signed when written, as newer versions do
        self.intents = Intents()
        self.lines_since_intents: int | None = None  # lines, without anchors, after the one that the intents name
        self.wanted_inventory: Inventory | None = None  # of the requested licence
        self.in_ledger: set[bytes] | None = None  # folders that the ledger names; None: all are checked

    def run(self, against: Path | None) -> VerifyReport:
        key = self.key()
        self.read_folders()
        self.find_checkpoints()
        self.read_checkpoints(key, self.newest() if self.brief else None)
        if (self.root / INTENTS).exists():
            self.intents = Intents.parse(self.read(INTENTS) or b"", key)
        self.report.checkpoint = max(self.checkpoints, default=None)
        places = [] if self.licence else list(self.walk("evidence"))
        self.in_ledger = None if self.licence else _named_in(self.root / LEDGER)
        self.places = len(places)
        with checked_at_once(self.check, places) as checked:  # in the background, while the ledger is read
            report = self.conclude(self.read_all(key, against, checked))
        self.tell_scope()
        if self.licence:
            folder = re.split("[/:]", self.licence)[-1]
            report.elsewhere = sum(folder not in each.path for each in report.findings)
        if self.licence and report.erased and report.state not in (DAMAGED, FORKED):
            report.state = ERASED
        return report

    def read_folders(self) -> None:
        """Check that all folders but `evidence/` contain only what belongs there, and no links."""
        for folder, names in FOLDERS.items():
            place = self.root / folder
            if folder and place.is_symlink():
                self.find("link", folder, "is a link; what it leads to is not in the archive")
            if folder == "evidence" or not place.is_dir():
                continue
            for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
                path = f"{folder}/{entry.name}".lstrip("/")
                if path == HOLDER and entry.is_file(follow_symlinks=False):
                    continue
                if _LEFTOVER.fullmatch(entry.name) or folder == "staging":
                    self.find("interrupted", path, "was left by a command that was killed")
                elif not names.fullmatch(entry.name):
                    code = "extra" if folder.startswith("ledger") else "stray"
                    self.find(code, path, "does not belong to the archive, and nothing vouches for it")
                elif entry.is_symlink():
                    if path not in FOLDERS:  # else it is told with what it leads to
                        self.find("link", path, "is a link; a writing command would write over what it leads to")
                else:
                    self.read_entry(path, entry)

    def read_entry(self, path: str, entry: os.DirEntry[str]) -> None:
        """Check that something with a name that belongs there is of the right kind, and tell what nothing covers."""
        if path in FOLDERS and not entry.is_dir(follow_symlinks=False):
            self.find("invalid", path, "is no folder, and a folder belongs there")
        elif path not in FOLDERS and not entry.is_file(follow_symlinks=False):
            self.find("invalid", path, "is a folder, a pipe or a device, and a file belongs there")
        elif path in _FOR_A_CLIENT:
            self.find("remark", path, "was written for who reads this copy; nothing vouches for what it says")
        elif path.endswith((".refused", ".unchecked")):
            self.find("remark", path, "is an answer that did not hold or was not checked; nothing vouches for it")

    def newest(self) -> list[int]:
        """Return the sizes of the newest checkpoint, and of the newest with a timestamp."""
        stamped = [size for size, checkpoint in self.checkpoints.items() if checkpoint.tokens]
        return sorted({max(sizes) for sizes in (self.checkpoints, stamped) if sizes})

    def bounding(self, seqs: Iterable[int]) -> set[int]:
        """Return, for each line, the first timestamped checkpoint that covers it and the last one that does not."""
        stamped = sorted(size for size, checkpoint in self.checkpoints.items() if checkpoint.tokens)
        ends = [bisect.bisect_right(stamped, seq) for seq in seqs]
        return {size for end in ends for size in stamped[max(0, end - 1) : end + 1]}

    def signed(self) -> int:
        """Return how many lines are under a checkpoint with a valid signature, as far as checked."""
        return max((checkpoint.size for checkpoint in self.checkpoints.values() if checkpoint.note), default=0)

    def read_all(self, key: bytes | None, against: Path | None, checked: Iterable[PlacedObject]) -> bool:
        """Check the ledger, then the objects against it. Returns whether everything asked about is proven."""
        try:
            with os.fdopen(opened(self.root / LEDGER), "rb") as file:
                self.read_ledger(file, key)
        except OSError as error:
            self.trouble(LEDGER, error, "; without it no object can be checked")
            if against:
                self.hold_against(against, key)
            return False
        self.read_tool()
        self.read_stated()
        wanted = self.wanted()
        versions = self.recorded.get(wanted or "", {})
        seqs = [seq for _, seq in versions.values()]
        self.read_checkpoints(key, self.bounding(seqs) if self.brief else ())
        self.hold_checkpoints()
        self.read_end(key)
        self.read_lists(hashed=not (self.quick or self.brief))
        self.read_dates()
        if against:
            self.hold_against(against, key)
        self.age()
        self.read_objects(wanted, self.check(self.places_of(wanted)) if wanted else checked)
        proven = self.dates()
        valid = [self.checkpoints[size] for size in proven.sizes]
        dating = [each for each in valid if seqs and each.size > max(seqs)] if wanted else valid[-1:]
        stamps = [stamp for each in dating[:1] for _, stamp in sorted(each.stamps.items())]
        self.report.timestamps = [stamp.statement() for stamp in stamps if stamp.states_qualified or stamp.qualified]
        if wanted:
            self.report.documents = documents_of(self.dated(self.wanted_inventory, versions, proven))
            oldest = proven.since(min(seqs)) if seqs else None
            self.report.secured_since = secured_since(self.report.documents) if self.report.documents else oldest
            return bool(seqs) and proven.since(max(seqs)) is not None
        covered = proven.sizes[-1] if proven.sizes else 0
        waiting = max(self.evidence_lines, self.doubted + 1) <= covered < self.lines and self.vouched
        if covered < self.lines:
            what = f"ledger lines {covered} to {self.lines - 1}"
            self.report.unproven = f"no timestamp that holds covers {what}" + (
                ", which are signed and record no evidence; the next one covers them" * waiting
            )
        if covered > 0 and (covered >= self.lines or waiting):
            self.report.secured_since = proven.since(min(covered, self.lines) - 1)
            return self.lines > 0
        return False

    def tell_scope(self) -> None:
        """Record what was checked."""
        scopes = {SCOPE_ONE: self.licence, SCOPE_QUICK: self.quick, SCOPE_BRIEF: self.unread}
        self.report.scope = ", ".join(name for name, holds in scopes.items() if holds) or SCOPE_ALL

    def read_tool(self) -> None:
        """Check that the archive's own verifier, which others may run, is the one that runs now."""
        with contextlib.suppress(OSError):
            own = content(CARRIED)
            if not (self.root / TOOL).exists():
                self.find("verifier", TOOL, "is missing; the next writing command puts it back")
            elif self.read(TOOL) not in (None, own):
                text = (
                    "is another file than the verifier that ran now: that of another version, or a changed one. Do not "
                    "rely on what it prints; the next writing command replaces it"
                )
                self.find("verifier", TOOL, text)

    def read_stated(self) -> None:
        """Check the files beside the evidence against the ledger's statements; the newest of each file counts."""
        if not self.stated:
            return  # as earlier versions left it
        lists = [fields.get("qualified") for _, fields in self.anchors]
        anchored = [each for kept in lists if isinstance(kept, list) for each in kept]
        reported = {path for _, path in self.known}
        self.counting = {*self.stated, *(f"{LISTS}/qualified.{each}.json" for each in anchored)}
        for path, states in self.stated.items():
            newest, seq = list(states.items())[-1]
            waits = 0 < seq == self.lines - 1 and path in STATED_FILES.values()  # the line is written before the file
            data = b"" if waits and not (self.root / path).exists() else self.read(path)
            found = newest if data is None else hashlib.sha256(data).hexdigest()
            if found != newest and waits and (found in states or not data):
                text = f"is not yet what ledger line {seq} states; the next writing command writes it"
                self.find("interrupted", path, text)
            elif found != newest and path not in reported:
                self.find("changed", path, f"is not the file that ledger line {seq} states")
        from_the_start = any(0 in states.values() for states in self.stated.values())
        for path in [each for each in STATED_FILES.values() if each not in self.stated]:
            if (self.root / path).exists():  # an archive of an earlier version may hold one that nobody can vouch for
                text = "is stated by no ledger line, so nothing vouches for it"
                self.find("extra" if from_the_start or path == TSA_ROOTS else "stray", path, text)

    def hold_against(self, against: Path, key: bytes | None) -> None:
        """Compare the ledger with the outside checkpoints."""
        own = [checkpoint.note for checkpoint in self.checkpoints.values() if checkpoint.note]
        log = self.log or (own[0].origin if own else None)
        found = outside_checkpoints(against, key, log, frozenset(own))
        others = [each for each in found if each.other_log]
        outside = [each for each in found if not each.other_log]
        if not any(each.note for each in outside):
            faults = "".join(f" ({each.path.name}: {each.fault or f'is of {each.other_log}'})" for each in found[:1])
            advice = "Name a .note file that a witness was given, a folder of them, or a pack"
            raise Malformed(f"{against} holds no checkpoint of this archive{faults}. {advice}")
        for each in outside:
            if not each.note:
                self.find("witness", str(each.path), each.fault)
        self.report.compared.append(f"{len([each for each in outside if each.note])} outside checkpoints: {against}")
        held = check_witnessed(self.root / LEDGER, outside)
        for each in held.forked:
            text = f"was made over {each.size} lines that are not the first {each.size} of this ledger"
            self.find("forked", str(each.path), each.fault or text)
        for each in held.explained:
            self.find("witness", str(each.path), "is a checkpoint of lines that a rollback says were lost")
        for each in outside:
            if each.note and log not in (None, each.note.origin):
                text = f"is signed by this archive's key for the log {each.note.origin}, and this archive's is {log}"
                self.find("witness", str(each.path), text)
        if held.extended and not held.forked:
            count, newest = len(held.extended), held.extended[-1]
            self.report.extends = (
                f"extends {count} outside checkpoints, the newest of {newest.size} lines: {newest.path}"
            )
        if others:
            logs = ", ".join(sorted({each.other_log for each in others}))
            note = f"{len(others)} outside checkpoints are of other logs, by other keys, and were not compared: {logs}"
            self.report.extends = "; ".join(filter(None, [self.report.extends, note]))

    def read_ledger(self, file: BinaryIO, key: bytes | None) -> None:
        """Read the ledger in one pass: chain of hashes, tree at each checkpoint, records, and claimed dates.

        In a brief check, lines of runs below a valid signature are only compared with its root, which covers every
        byte.
        """
        frontier, before, unfit = Frontier(), b"", 0
        bound = self.signed() if self.brief else 0
        for seq, data in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b"")):
            if len(data) == MAX_LINE_BYTES:
                self.find("ledger", LEDGER, f"line {seq} is longer than any ledger line; the rest is not read")
                break
            if not data.endswith(b"\n"):
                self.find("interrupted", LEDGER, "the last line is cut off; the next writing command removes it")
                break
            data = data[:-1]
            self.count_since_intents(before, seq)
            if seq < bound and b'"type":"run"' in data:
                self.last = {"type": "run"}
            else:
                self.last = self.line(data, seq, before)
                unfit += not self.last
                if unfit > MAX_ALIKE:
                    self.find("ledger", LEDGER, "the rest is not read")
                    break
                self.take(self.last, seq, key)
            if self.lines_since_intents is not None and self.last.get("type") != "anchor":
                self.lines_since_intents += 1
            frontier.add(leaf_hash(data))
            if frontier.size in self.checkpoints:
                self.roots_of[frontier.size] = frontier.root()
            before = data
        self.lines = frontier.size
        self.count_since_intents(before, self.lines)
        if not self.lines:
            self.find("ledger", LEDGER, "is empty")

    def count_since_intents(self, before: bytes, seq: int) -> None:
        """Start counting if the line `before` line `seq` is the one that the intents name."""
        if self.intents.head and self.intents.head == (hashlib.sha256(before).hexdigest() if seq else BEFORE_FIRST):
            self.lines_since_intents = 0

    def take(self, fields: LineFields, seq: int, key: bytes | None) -> None:
        """Record the content of a line."""
        kind = fields.get("type")
        self.signs = self.signs or "signature" in fields
        if seq == 0:
            self.origin(fields, LEDGER, key)
            self.read_history(fields)
            self.log = f"{LOG_DOMAIN}/{fields['log']}" if isinstance(fields.get("log"), str) else None
        if "files" in fields:
            self.state(fields, seq)
        if kind == "anchor":
            self.anchors.append((seq, fields))
        elif kind == "rollback":
            self.rollback(fields, seq)
        elif "inventory_sha512" in fields:
            self.record(fields, seq)
        if kind == "erasure":
            self.erasure(fields, seq)
        practice = kind in PRACTICE and "inventory_sha512" not in fields
        if not practice:
            self.evidence_lines = seq + 1
        if fields:
            self.claims.append((seq, str(fields.get("at")), practice))

    def state(self, fields: LineFields, seq: int) -> None:
        """Record what a line states of files beside the evidence."""
        try:
            for path, digest in stated_files(fields).items():
                states = self.stated.setdefault(path, {})
                states.pop(digest, None)  # the newest one comes last
                states[digest] = seq
        except Malformed as error:
            self.find("ledger", LEDGER, f"line {seq} is {error}")

    def hold_checkpoints(self) -> None:
        """Compare the signed notes with the ledger's tree, as far as they were read."""
        for checkpoint in self.checkpoints.values():
            if checkpoint.note and checkpoint.note.root != self.roots_of.get(checkpoint.size, checkpoint.note.root):
                checkpoint.note = None
                text = f"its first {checkpoint.size} lines are not those that {checkpoint.path} was made over"
                self.find("ledger", LEDGER, text)
        cut = [c for c in self.checkpoints.values() if c.size > self.lines]
        for checkpoint in cut:
            checkpoint.note = None
        if cut:
            text = f"has {self.lines} lines, but {cut[-1].path} covers {cut[-1].size}: its end is missing"
            self.find("ledger", LEDGER, text)

    def read_dates(self) -> None:
        """Compare claimed with proven dates of each line, from its anchors and checkpoints, in order."""
        sizes = [0, *sorted(self.checkpoints)]
        starts, afters = [0], [""]  # line number -> the time after which this line and later ones were written
        anchors = list(reversed(self.anchors))
        for size in [*sizes[1:], self.lines + 1]:
            while anchors and anchors[-1][0] < size:
                seq, fields = anchors.pop()
                starts.append(seq)
                afters.append(max(afters[-1], self.anchor(fields, seq, sizes[bisect.bisect_right(sizes, seq) - 1])))
            if size in self.checkpoints:
                self.not_before(afters[-1], self.checkpoints[size])
        self.read_anchored()
        odd: dict[tuple[str, int], list[str]] = {}
        proven = self.dates()
        stamped = sorted(size for size, checkpoint in self.checkpoints.items() if checkpoint.tokens)
        for seq, at, practice in self.claims:
            first = bisect.bisect_right(stamped, seq)  # the first timestamped checkpoint that covers the line
            if first < len(stamped) and not self.checkpoints[stamped[first]].checked:
                continue
            after = afters[bisect.bisect_right(starts, seq) - 1]
            if claim := self.claim(at, after, proven.since(seq), LATE_PRACTICE_AFTER_S if practice else LATE_AFTER_S):
                self.doubted = seq
                covering = bisect.bisect_right(proven.sizes, seq)
                odd.setdefault((claim[0], covering), []).append(f"line {seq} {claim[1]}")
        for messages in odd.values():
            more = f" (and {len(messages) - 1} more lines like it)" if len(messages) > 1 else ""
            self.find("claimed-date", LEDGER, messages[0] + more)

    def read_history(self, origin: dict[str, Any]) -> None:
        """Check that the history of keys begins with the ledger's first key."""
        if not (self.root / KEY_HISTORY).exists():
            self.find("remark", KEY_HISTORY, "is missing; the ledger's first line says the same")
        elif not is_first_history(self.read(KEY_HISTORY) or b"", str(origin.get("key"))):
            self.find("key", KEY_HISTORY, "says something else than the key that the ledger's first line names")

    def read_end(self, key: bytes | None) -> None:
        """Check that the newest line or a checkpoint over it is signed, and that all checkpoints belong to one log."""
        covered = self.signed()
        self.vouched = self.lines <= covered or (key is not None and is_signed(self.last, key))
        if key and not self.vouched:
            text = (
                f"lines {covered} to {self.lines - 1} are under no checkpoint, and the last one is not signed by the "
            )
            if self.signs:
                text += "archive's key: whoever can write here can have written them"
                self.find("forged", LEDGER, text)
            else:
                text += "archive's key, as an earlier version of the archiver left them, or anybody"
                self.find("unsigned", LEDGER, text)
        for checkpoint in self.checkpoints.values():
            if checkpoint.note:
                self.log = self.log or checkpoint.note.origin
                if checkpoint.note.origin != self.log:
                    text = f"is of the log {checkpoint.note.origin}, and this archive's is {self.log}"
                    self.find("checkpoint", checkpoint.path, text)

    def read_anchored(self) -> None:
        """Check that a checkpoint has no timestamps beyond those that a later line names: they would have been added
        later.
        """
        for size, named in self.named.items():
            stamps = self.checkpoints[size].stamps if size in self.checkpoints else {}
            for name in sorted(stamps.keys() - named):
                self.find("extra", f"{CHECKPOINTS}/{name}", "is not among the timestamps that the ledger names")
                del stamps[name]

    def not_before(self, after: str, checkpoint: HeldCheckpoint) -> None:
        """Check that a checkpoint over a line that names a timestamp is not dated before this timestamp."""
        for name, stamp in checkpoint.stamps.items():
            if stamp.time < after:
                if epoch(stamp.time) < epoch(after) - CLOCK_TOLERANCE_S:
                    text = f"states {stamp.time}, and covers a line that names a timestamp of {after}, which counts"
                    self.find("claimed-date", f"{CHECKPOINTS}/{name}", text)
                stamp.time = after

    def line(self, data: bytes, seq: int, before: bytes) -> dict[str, Any]:
        """Return a line's fields, or none if invalid. Records a finding if it does not follow the line `before`."""
        try:
            fields: dict[str, Any] = decoded(data)
            check_line(fields)
            must(data.isascii() and canonical(fields) == data, "not canonical")
        except (ValueError, RecursionError):
            self.find("ledger", LEDGER, f"line {seq} is not a ledger line")
            return {}
        previous = hashlib.sha256(before).hexdigest() if seq else BEFORE_FIRST
        if fields["seq"] != seq or fields["prev"] != previous:
            self.find("ledger", LEDGER, f"line {seq} does not follow the line before it")
        return fields

    def record(self, fields: LineFields, seq: int) -> None:
        versions = self.recorded.setdefault(str(fields.get("id")), {})
        version = str(fields.get("version"))
        if version in versions:
            self.find("ledger", LEDGER, f"line {seq} records {fields.get('id')} {version} once more")
        versions.setdefault(version, (str(fields["inventory_sha512"]), seq))
        if fields.get("type") == "recovered":
            self.recovered[str(fields.get("id")), version] = seq
        if str(fields.get("id")) in self.erased:
            self.find("ledger", LEDGER, f"line {seq} records {fields.get('id')}, which was erased before")

    def erasure(self, fields: LineFields, seq: int) -> None:
        erased, tombstone = str(fields.get("erases")), str(fields.get("id"))
        try:
            kinds = [object_path(each).split("/")[1] for each in (erased, tombstone)]
        except Malformed:
            kinds = []
        valid = "tombstones" in kinds[1:] and "tombstones" not in kinds[:1] and "inventory_sha512" in fields
        if not valid or erased not in self.recorded or erased in self.erased:
            self.find("ledger", LEDGER, f"line {seq} is not the erasure of an object that was recorded before")
            return
        self.erased[erased] = _Erasure(seq, tombstone, str(fields.get("at")), str(fields.get("reason")))

    def rollback(self, fields: LineFields, seq: int) -> None:
        """Report a restore from a backup. Every check of the archive does so."""
        try:
            back = Rollback.parse(fields)
        except Malformed as error:
            self.find("ledger", LEDGER, f"line {seq} is {error}")
            return
        text = (
            f"line {seq} records a restore at {fields.get('at')}: earlier lines {back.kept} to {back.lost - 1} are lost"
        )
        self.find("rollback", LEDGER, text)

    def anchor(self, fields: dict[str, Any], seq: int, newest: int) -> str:
        """Check the timestamps that an anchor line names. Returns the latest valid time: the line is younger.

        `newest` is the size of the last checkpoint before the line.
        """
        size, tokens, times = fields.get("checkpoint"), fields.get("tokens"), [""]
        if type(size) is not int or not isinstance(tokens, dict) or not _AUTHORITIES.fullmatch(" ".join(tokens)):
            self.find("ledger", LEDGER, f"line {seq} is not an anchor")
            return ""
        self.named.setdefault(size, set()).update(f"{size:08d}.note.{name}.tsr" for name in tokens)
        kept = fields.get("qualified", [])
        if not isinstance(kept, list) or not all(isinstance(each, str) and SHA256_HEX.fullmatch(each) for each in kept):
            self.find("ledger", LEDGER, f"line {seq} is not an anchor")
            kept = []
        for each in kept:
            path = f"{LISTS}/qualified.{each}.json"
            if path not in self.list_files and not (self.root / path).is_file():
                self.find("missing", path, f"ledger line {seq} names it")
        if size in self.checkpoints and not self.checkpoints[size].checked:
            return ""
        for name, digest in sorted(tokens.items()):
            path = f"{CHECKPOINTS}/{size:08d}.note.{name}.tsr"
            found = self.token_digests.get(path)
            if found is None and (response := self.read(path)) is not None:
                found = hashlib.sha256(response).hexdigest()
            if found not in (None, digest):
                self.find("changed", path, f"is not the timestamp that ledger line {seq} names")
            elif stamp := self.checkpoints[size].stamps.get(Path(path).name) if size in self.checkpoints else None:
                stamp.anchored = size == newest
                times.append(stamp.time)
        return max(times)

    @staticmethod
    def claim(at: str, after: str, proven: str | None, late: int) -> tuple[str, str] | None:
        """Return what is implausible about a line's claimed date, given two proven dates: a kind, and words.

        `late` is how many seconds the proof may come after the claimed date without a remark.
        """
        try:
            claimed = epoch(at)
        except ValueError:
            return "none", "has no valid date"
        if after and claimed < epoch(after) - CLOCK_TOLERANCE_S:
            known = f"first proven {proven}" if proven else "no timestamp covers it yet"
            return "early", f"claims {at}, but was provably written after {after}; {known}"
        if proven and claimed > epoch(proven) + CLOCK_TOLERANCE_S:
            return "future", f"claims {at}, but provably existed at {proven}"
        if proven and claimed < epoch(proven) - late:
            return "late", f"claims {at}, first proven {proven}"
        return None

    def pending(self) -> dict[str, set[str]]:
        """Return the versions, by id, that a killed command placed as intended but did not record.

        Intents that the archive's key did not sign for the current ledger are ignored and reported.
        """
        found: dict[str, set[str]] = {}
        if self.intents.cut_off:
            self.find("interrupted", INTENTS, "is cut off, as a command leaves it that is killed before it acts")
        unrecorded = [each for each in self.intents.named if each.version not in self.recorded.get(each.id, {})]
        if self.intents_count:
            for intent in unrecorded:
                with contextlib.suppress(OSError):
                    inventory = content(self.root / intent.inventory, MAX_INVENTORY_BYTES)
                    if hashlib.sha512(inventory).hexdigest() == intent.inventory_sha512:
                        found.setdefault(intent.id, set()).add(intent.version)
            return found
        placed = [each for each in unrecorded if (self.root / each.inventory).exists()]
        if placed or (self.signs and (unrecorded or self.intents.unsigned)):
            about = (placed or unrecorded)[:1]
            what = f"names {about[0].id} {about[0].version}" if about else "names nothing that is known"
            why = "is signed for another state of the ledger" if self.intents.head else "is not signed"
            text = f"{what} and {why} by the archive's key: whoever can write here can have written it"
            self.find("intent", INTENTS, text)
        return found

    @property
    def intents_count(self) -> bool:
        """Return whether the archive's key signed the intents for the current ledger."""
        return self.intents.follows(self.lines_since_intents)

    def wanted(self) -> str | None:
        """Return the id that `licence` means."""
        if self.licence is None:
            return None
        short = re.split("[/:]", self.licence)[-1]
        tombstones = {erasure.tombstone for erasure in self.erased.values()}  # checked with the object that it replaces
        found = [i for i in self.recorded if short in i.rpartition(":")[2] and i not in tombstones]
        if len(found) != 1:
            raise Malformed(f"{self.licence!r} names {len(found) or 'no'} objects of this archive; name exactly one")
        return found[0]

    def read_objects(self, wanted: str | None, objects: Iterable[PlacedObject]) -> None:
        """Check every object against the ledger and, unless only one is requested, every ledger line against the
        objects.
        """
        pending = self.pending()
        singular = {folder: kind for kind, folder in KINDS.items()}
        seen = set()
        for number, (place, checked) in enumerate(objects, 1):
            self.progress(number, max(number, self.places))
            _, kind, *_, folder = place.split("/")
            object_id = f"{URN}:{singular[kind]}:{folder}"
            if object_id == wanted:
                self.wanted_inventory = checked.inventory
            seen.add(object_id)
            self.read_object(place, object_id, checked, pending.get(object_id, set()))
            counts = object_id in self.recorded and object_id not in self.erased  # planted folders are not
            self.report.objects += counts
            self.report.licences += kind == "licences" and counts
        for (object_id, version), seq in self.recovered.items():
            if object_id not in self.erased and wanted in (None, object_id):
                with contextlib.suppress(Malformed):
                    self.tell_recovered(object_path(object_id), version, seq)
        unfinished = self.unfinished()
        for folder in self.empty:
            killed = folder in unfinished
            self.find("interrupted" if killed else "extra", folder, "is an empty folder")
        for object_id in self.erased if not wanted else self.erased.keys() & {wanted}:
            self.read_erased(object_id, there=object_id in seen)
        for object_id in sorted(self.recorded.keys() - self.erased.keys() - seen) if not wanted else ():
            line = min(seq for _, seq in self.recorded[object_id].values())
            try:
                self.find("missing", object_path(object_id), f"ledger line {line} records this object")
            except Malformed as error:
                self.find("ledger", LEDGER, f"line {line}: {error}")

    def places_of(self, wanted: str) -> list[str]:
        """Return where an object must be.

        For an erased one, that is its tombstone, and the object itself if it still exists.
        """
        erasure = self.erased.get(wanted)
        there = not erasure or (self.root / object_path(wanted)).exists()
        places = [*([object_path(wanted)] if there else []), *([object_path(erasure.tombstone)] if erasure else [])]
        for place in places:
            for here in (place, *map(Path.as_posix, list(Path(place).parents)[:-2])):  # the whole check walks there
                if (self.root / here).is_symlink():
                    self.find("link", here, "is a link; what it leads to is not in the archive")
        return places

    def read_erased(self, object_id: str, *, there: bool) -> None:
        """Check an erased object: its content is gone, and its tombstone agrees with the ledger."""
        erasure, place = self.erased[object_id], object_path(object_id)
        if there and self.intents_count and any(each.id == erasure.tombstone for each in self.intents.named):
            self.find("interrupted", place, "is being erased; the next writing command completes it")
        elif there:
            text = f"is there again, though ledger line {erasure.seq} says that it was erased; erase it once more"
            self.find("erased-content-present", place, text)
        self.report.erased += 1
        text = f"was erased at {erasure.at} ({erasure.reason}), says ledger line {erasure.seq}; its digests are kept"
        path = f"{object_path(erasure.tombstone)}/v1/content/tombstone.json"
        if not (self.root / path).is_file():
            return  # the check of the tombstone, a recorded object, reported it
        tombstone = None
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            kept = decoded(content(self.root / path))
            tombstone = kept["erased"], {name: each["inventory_sha512"] for name, each in kept["versions"].items()}
            text += "" if kept["intact"] else "; it was damaged before"
        if tombstone != (object_id, {name: digest for name, (digest, _) in self.recorded[object_id].items()}):
            self.find("tombstone", path, f"does not say of {place} what the ledger says")
        self.find("erased", place, text)

    def check(self, places: Iterable[str]) -> list[PlacedObject]:
        """Yield the results for these objects' folders, without the long parts of the inventories."""
        found = []
        for place in places:
            if self.in_ledger is not None and os.fsencode(place.rpartition("/")[2]) not in self.in_ledger:
                found.append((place, CheckedObject()))  # planted, or not recorded yet: what it holds says nothing
                continue
            checked = check_object(self.root / place, f"{place}/", contents=not self.quick, closed=True)
            if checked.inventory and not self.licence:
                checked.inventory = replace(checked.inventory, manifest={}, states={}, fixity={})
            found.append((place, checked))
        return found

    def read_object(self, place: str, object_id: str, checked: CheckedObject, pending: set[str]) -> None:
        try:
            right_place = object_path(object_id) == place
        except Malformed:
            right_place = False
        if right_place and object_id in self.erased:
            return  # `read_erased` reports it
        recorded = self.recorded.get(object_id)
        unfinished = {f"{place}/{version}" for version in pending} | ({f"{place}/inventory.json"} if pending else set())
        if recorded is None or not right_place:
            if "v1" in pending:
                self.find("interrupted", place, "was about to be recorded; the next writing command does it")
            else:
                self.find("orphan", place, "is not in the ledger")
            return
        before = len(self.report.findings)
        for finding in checked.findings:
            self.add(finding)
        self.compare(place, object_id, checked, recorded)
        for i in range(before, len(self.report.findings)):
            if self.report.findings[i].path in unfinished:
                text = "a new version was being written; the next writing command completes it"
                self.report.findings[i] = Finding("interrupted", self.report.findings[i].path, text)

    def unfinished(self) -> set[str]:
        """Return the folders that a killed command may have left empty, above what it was placing or erasing."""
        intended = {each.id for each in self.intents.named}
        intended |= {erased for erased, erasure in self.erased.items() if erasure.tombstone in intended}
        above: set[str] = set()
        for object_id in intended:
            with contextlib.suppress(Malformed):
                above.update(each.as_posix() for each in Path(object_path(object_id)).parents)
        return above

    def walk(self, folder: str) -> Iterator[str]:
        """Yield the objects' folders in order. Anything between them is a finding, or counted as `empty`."""
        kinds = "|".join(KINDS.values())
        between = re.compile(rf"evidence(/({kinds})(/\d{{4}}(/\d\d)?|/undated)?)?", re.ASCII)
        holds_objects = re.compile(rf"evidence/({kinds})/(\d{{4}}/\d\d|undated)", re.ASCII)
        try:
            entries = sorted(os.scandir(self.root / folder), key=lambda entry: entry.name)
        except FileNotFoundError:  # so are the objects, and each is reported
            return
        except OSError as error:
            self.trouble(folder, error)
            return
        if not entries:
            self.empty.append(folder)
        if folder == "evidence" and self.read("evidence/0=ocfl_1.1") not in (None, b"ocfl_1.1\n"):
            self.find("changed", "evidence/0=ocfl_1.1", "does not have the content that it must have")
        for entry in entries:
            place = f"{folder}/{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                if place != "evidence/0=ocfl_1.1":
                    self.find("extra", place, "does not belong there")
                elif entry.is_symlink():
                    self.find("link", place, "is a link, not a file")
            elif holds_objects.fullmatch(folder):
                yield place
            elif between.fullmatch(place):
                yield from self.walk(place)
            else:
                self.find("extra", place, "does not belong there")


# ---------------------------------------------------------------- one proof


@dataclass(frozen=True)
class InclusionProof:
    """A C2SP tlog-proof@v1: one ledger line, its number, and the hashes that lead to a checkpoint's root."""

    line: bytes
    index: int
    path: tuple[bytes, ...]
    note: bytes

    HEADER = "c2sp.org/tlog-proof@v1"

    @classmethod
    def parse(cls, data: bytes) -> InclusionProof:
        head, separator, note = data.partition(b"\n\n")
        lines = utf8_text(head).split("\n")
        must(separator and len(lines) >= 3 and lines[0] == cls.HEADER, "not an inclusion proof")
        extra, index = re.fullmatch(r"extra (\S+)", lines[1]), re.fullmatch(r"index (0|[1-9][0-9]{0,14})", lines[2])
        if not extra or not index:
            raise Malformed("not an inclusion proof")
        return cls(base64_bytes(extra[1]), int(index[1]), tuple(base64_bytes(line) for line in lines[3:]), note)

    def encode(self) -> bytes:
        lines = [self.HEADER, f"extra {base64_text(self.line)}", f"index {self.index}", *map(base64_text, self.path)]
        return "\n".join(lines).encode() + b"\n\n" + self.note

    def leads_to(self, root: bytes, size: int) -> bool:
        return root_by_path(leaf_hash(self.line), self.index, size, self.path) == root


def _has_plain_values(fields: dict[str, Any]) -> bool:
    """Return whether all programs read the numbers and names of a ledger line in the same way."""
    level: list[Any] = [fields]
    while level:
        if any(isinstance(each, float) or (type(each) is int and abs(each) >= 2**53) for each in level):
            return False
        inside = [each for each in level if isinstance(each, (dict, list))]
        level = [one for each in inside for one in (each.values() if isinstance(each, dict) else each)]
    names = [fields.get(name, "") for name in ("id", "version", "inventory_sha512")]
    return "inventory_sha512" not in fields or all(isinstance(each, str) and each for each in names)


def terms_message(licence_json: bytes) -> str | None:
    """What an OCFL version's message says of the terms that a `licence.json` refers to: `terms later undated_…`.

    It is proven with the inventory, so that the relation can be shown where `licence.json` is withheld. None for what
    is not a description that names its terms.
    """
    try:
        named = [(str(each["relation"]), str(each["id"])) for each in decoded(licence_json)["terms"]]
    except (ValueError, KeyError, TypeError):
        return None
    said = ", ".join(f"{relation} {terms.rpartition(':')[2]}" for relation, terms in named)
    return f"terms {said or 'none'}"


def terms_said(message: str) -> dict[str, str] | None:
    """The inverse: folder -> relation. None where a message says nothing of terms, as those of earlier versions."""
    match = re.fullmatch(r"\w+; terms (none|\w+ [\w-]+(?:, \w+ [\w-]+)*)", message, re.ASCII)
    if not match:
        return None
    pairs = [] if match[1] == "none" else [each.split(" ") for each in match[1].split(", ")]
    return {folder: relation for relation, folder in pairs}


def sealed_names(note: str, roots: bytes, tokens: list[bytes]) -> list[str]:
    """What a proof calls the timestamps of a note: the number, and a digest over the roots and all of them.

    Some bytes of a timestamp, and of a root, are signed by nobody. This guards them against accidents, not forgers.
    """
    whole = hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in (roots, *tokens))).hexdigest()[:16]
    return [f"{note}.{number}-{whole}.tsr" for number in range(1, len(tokens) + 1)]


_SENT_ALONG = ("HOW-TO-CHECK.txt", "summary.txt", "integrity/verify.py")
"""What the first versions put into a proof that they sent by itself, before there were packs."""


def verify_proof(
    folder: Path, roots: Path | None = None, key: Path | None = None, headers: Path | None = None,
    checker: TokenChecker | None = None,
) -> VerifyReport:  # fmt: skip
    """Check an unpacked proof of one object: `integrity/` and the object's folder. Malformed where it is none.

    The other parameters are as in `verify_archive`.
    """
    return proof_check(folder, roots, key, headers, checker, _SENT_ALONG).report


def proof_check(
    folder: Path, roots: Path | None, key: Path | None, headers: Path | None, checker: TokenChecker | None = None,
    along: tuple[str, ...] = (),
) -> ProofCheck:  # fmt: skip
    """Check a proof that lies in a pack, or alone with the sender's papers `along` with it."""
    if not (folder / "integrity").is_dir():
        raise Malformed(f"{folder} is not a proof: it has no folder integrity/")
    keys = (f"integrity/{Path(each).name}" for each in (SIGNER_KEY, TSA_ROOTS))
    check = ProofCheck(folder, roots, key, (*keys, "integrity", "integrity"))
    check.headers, check.checker, check.along = headers, checker, along
    check.run()
    return check


def _line_in(path: Path) -> tuple[InclusionProof, dict[str, Any]]:
    """The proof in this file, and the fields of its ledger line. Raises ValueError if it is not one as we write it."""
    data = content(path)
    proof = InclusionProof.parse(data)
    fields = decoded(proof.line)
    must(isinstance(fields, dict) and canonical(fields) == proof.line, "does not hold a ledger line")
    must(_has_plain_values(fields), "does not hold a ledger line")
    must(type(fields.get("seq")) is int and fields["seq"] == proof.index, "is of another line than it holds")
    must(proof.encode() == data, "is not written as such a proof is")
    must(path.name == f"{proof.index:08d}.tlog-proof", "has another name than its line's number gives it")
    return proof, fields


class ProofCheck(CommonCheck):
    """What is derived is kept for a pack: the documents of the object and of its terms, and their relation."""

    own_authority = TRUST_ENCLOSED

    def __init__(self, root: Path, roots: Path | None, key: Path | None, places: tuple[str, ...]) -> None:
        super().__init__(root, roots, key, places)
        self.expected: set[str] = set()  # files of the proof, all others are damage
        self.sealed = True  # whether the timestamps have the names that `sealed_names` gives
        self.object: Inventory | None = None
        self.files: list[DatedDocument] = []  # of the object's newest version
        self.along: tuple[str, ...] = ()  # papers that may lie in it
        self.absent: set[str] = set()  # files of the object's newest version that were withheld
        self.relations: dict[str, str] | None = None  # terms' folder -> relation; None: nothing proves it

    def run(self) -> VerifyReport:
        key = self.key()
        self.find_checkpoints()
        self.read_checkpoints(key)
        self.expected.add(self.signer_key)
        recorded = self.read_inclusions(key)
        proven = self.dates()
        main = self.read_objects(recorded, proven)
        idle = self.read_lists()
        self.expected |= self.list_files
        for unused in sorted(idle):
            self.find("extra", unused, "is about no timestamp here")
        for paper in self.along:
            if (self.root / paper).is_file():
                self.expected.add(paper)
                self.find("remark", paper, "was written by the sender of this proof; nothing vouches for what it says")
        orphans = frozenset(finding.path for finding in self.report.findings if finding.code == "orphan")
        for place, message in unexpected_files(self.root, self.expected, orphans):
            self.find("extra", place, message)
        self.age()
        seqs = [seq for versions in recorded.values() for _, seq in versions.values()]
        self.report.checkpoint = max(self.checkpoints, default=None)
        checked = [each for _, each in sorted(self.checkpoints.items()) if each.note]
        self.report.timestamps = [stamp.statement() for each in checked for _, stamp in sorted(each.stamps.items())]
        if main:
            self.files = self.dated(self.object, recorded.get(main, {}), proven, absent=self.absent)
            self.report.documents = documents_of(self.files)
            self.report.secured_since = secured_since(self.report.documents)  # the terms have dates of their own
        if seqs and proven.since(max(seqs)) is None:
            self.report.unproven = "no timestamp that holds covers all of this"
        return self.conclude(bool(seqs) and proven.since(max(seqs)) is not None)

    def read_inclusions(self, key: bytes | None) -> dict[str, dict[str, tuple[str, int]]]:
        """The inventory's digest and the ledger line of each version of each object, by the proofs of its lines."""
        recorded: dict[str, dict[str, tuple[str, int]]] = {}
        notes: set[int] = set()
        self.report.evidence = False
        begins = False
        for path in sorted((self.root / "integrity").glob("*.tlog-proof")):
            place = f"integrity/{path.name}"
            try:
                proof, fields = _line_in(path)
                size = self.included(proof)
            except ValueError as error:
                self.find("inclusion", place, str(error) if isinstance(error, Malformed) else "not a ledger line")
                self.expected.add(place)
                continue
            except OSError as error:
                self.trouble(place, error)
                continue
            if proof.index == 0:
                begins = True
                self.origin(fields, place, key)
            elif "inventory_sha512" in fields:
                versions = recorded.setdefault(str(fields.get("id")), {})
                _, seq = versions.setdefault(str(fields.get("version")), (str(fields["inventory_sha512"]), proof.index))
                if seq != proof.index:
                    continue  # a second line for the same version: nothing expects it
                if fields.get("type") == "recovered":
                    name = str(fields.get("id")).rpartition(":")[2]
                    self.tell_recovered(name, str(fields.get("version")), proof.index)
            else:
                continue
            self.expected.add(place)
            notes.add(size)
        if not begins:
            self.find("inclusion", "integrity/00000000.tlog-proof", "the ledger's first line is missing")
        self.expect_checkpoints(notes)
        return recorded

    @property
    def archive(self) -> tuple[str, ...]:
        """The archive that it is of: the names of its log and the key's fingerprint, as far as they hold."""
        logs = {each.note.origin for each in self.checkpoints.values() if each.note}
        keys = {each.fingerprint for each in self.report.trust if each.what == "signer key"}
        return (*sorted(logs), *sorted(keys))

    @property
    def stamped(self) -> bool:
        """Whether there is any timestamp."""
        return any(path.endswith(".tsr") for path in self.expected)

    @property
    def anchored(self) -> bool:
        """Whether there is any anchor."""
        return any(path.endswith((".ots", ".cosigned")) for path in self.expected)

    def expect_anchors(self, checkpoint: HeldCheckpoint) -> None:
        """Each anchor of a checkpoint is named after its content, so that any change of it is told."""
        for file in checkpoint.anchors:
            path = f"integrity/{file.name}"
            self.expected.add(path)
            with contextlib.suppress(OSError):  # which is told already
                if anchor_name(file, content(file)) != file.name:
                    self.find("changed", path, "is not the file that its name was made of")

    def exact_witnesses(self) -> None:
        """The keys of the witnesses that cosigned here, and no others: the list is written in one way only."""
        names = {each.key for each in self.report.anchors if each.key}
        if any(path.endswith(".cosigned") for path in self.expected):
            self.expected.add(self.witness_keys)
            if {each.text for each in self.known_witnesses} != names:
                self.find("invalid", self.witness_keys, "does not list exactly the witnesses that cosigned here")

    def expect_checkpoints(self, notes: set[int]) -> None:
        """The checkpoints that the ledger's lines lead to, with their timestamps, and what those are checked with."""
        roots, stamped = b"", 0
        with contextlib.suppress(OSError):
            roots = content(self.root / self.tsa_roots)
            self.expected.add(self.tsa_roots)
        for size in sorted(notes, reverse=True):
            place = f"integrity/{size:08d}.note"
            found = (self.root / "integrity").glob(f"{Path(place).name}.*.tsr")
            tokens = sorted(found, key=lambda token: (len(token.name), token.name))
            self.expected |= {place, *(f"integrity/{token.name}" for token in tokens)}
            if size in self.checkpoints:
                self.expect_anchors(self.checkpoints[size])
            with contextlib.suppress(OSError):  # which the check of the timestamps tells
                names = sealed_names(Path(place).name, roots, [content(token) for token in tokens])
                self.sealed = self.sealed and names == [token.name for token in tokens]
            if any(re.search(r"\.note\.\d+-[0-9a-f]{16}\.tsr$", token.name) for token in tokens) and not self.sealed:
                self.find("changed", place, "its timestamps or their roots are not those that the names were made of")
            if stamped and not tokens:
                self.find("missing", place, f"its timestamps are missing, and checkpoint {stamped} has some")
            stamped = stamped or (size if tokens else 0)
        if stamped and self.tsa_roots not in self.expected:
            self.find("missing", self.tsa_roots, "is missing")
        self.exact_witnesses()

    def included(self, proof: InclusionProof) -> int:
        """The size of the checkpoint that a ledger line leads to; Malformed where it leads to none that is here."""
        note = Note.parse(proof.note)
        checkpoint = self.checkpoints.get(note.size)
        if checkpoint is None or proof.note != content(self.root / checkpoint.path):
            raise Malformed("leads to a checkpoint that is not here")
        must(proof.leads_to(note.root, note.size), "does not lead to its checkpoint's root")
        return note.size

    def withheld(self) -> dict[str, frozenset[str]]:
        """What the sender says to have left out, by the object's folder: content files. All others must be here."""
        place = "integrity/withheld.json"
        if not (self.root / place).exists():
            return {}
        self.expected.add(place)
        try:
            return {name: frozenset(map(str, paths)) for name, paths in decoded(self.read(place) or b"").items()}
        except (ValueError, AttributeError, TypeError):
            self.find("invalid", place, "is no list of withheld files")
            return {}

    def exact_withheld(self, place: str, absent: set[str]) -> None:
        """The list of withheld files names those that are not here, and nothing else: it is written in one way only."""
        with contextlib.suppress(OSError):
            stated = content(self.root / "integrity/withheld.json")
            if not absent or stated != (json.dumps({place: sorted(absent)}, indent=1) + "\n").encode():
                self.find("invalid", "integrity/withheld.json", "does not list exactly the files that are not here")

    def expect_object(self, place: str, checked: CheckedObject) -> None:
        """Every file of an object is exactly where its inventory has it; its sidecars are written in one way only."""
        inventory = checked.inventory
        if inventory is None:
            return
        self.expected |= {
            f"{place}/0=ocfl_object_{inventory.spec}",
            *(f"{place}/{path}" for path in inventory.manifest),
        }
        for where in ("", *(f"{version}/" for version in inventory.versions)):
            stem = f"{place}/{where}inventory.json"
            self.expected |= {stem, f"{stem}.{inventory.algorithm}"}
            with contextlib.suppress(OSError):  # which the check of the object tells
                digest = hashlib.new(inventory.algorithm, content(self.root / stem, MAX_INVENTORY_BYTES)).hexdigest()
                if content(self.root / f"{stem}.{inventory.algorithm}") != f"{digest} inventory.json\n".encode():
                    self.find("invalid", f"{stem}.{inventory.algorithm}", "is not written as such a digest is")

    def read_objects(self, recorded: dict[str, dict[str, tuple[str, int]]], proven: Dates) -> str | None:
        """The proof's one object, whose id this gives, and the terms that it refers to: sound, and as recorded."""
        places = {f"{URN}:{kind}:{p.name}": p for kind in KINDS for p in sorted((self.root / kind).glob("*"))}
        ids = sorted(places, key=lambda object_id: object_id.startswith(f"{URN}:terms:"))
        if not ids or not set(recorded) <= set(ids):
            self.find("missing", "licence", "a proof holds the object that its ledger lines record")
            return None
        withheld = self.withheld()
        referred: set[str] = set()
        for object_id in ids:
            folder = places[object_id]
            place = f"{folder.parent.name}/{folder.name}"
            if object_id != ids[0] and object_id not in referred:
                self.find("orphan", place, "is not referred to: a proof holds one object, and the terms of it")
                continue
            hidden = withheld.get(place, frozenset()) if object_id == ids[0] else frozenset()
            checked = check_object(folder, f"{place}/", closed=True, withheld=hidden)
            for finding in checked.findings:
                self.add(finding)
            self.compare(place, object_id, checked, recorded.get(object_id, {}))
            self.expect_object(place, checked)
            if object_id != ids[0]:
                self.report.terms[folder.name] = self.dated(checked.inventory, recorded.get(object_id, {}), proven)
            elif checked.inventory:
                self.object = checked.inventory
                absent = {path for path in checked.inventory.manifest if not (folder / path).exists()}
                self.exact_withheld(place, absent)
                holders = checked.inventory.contents(checked.inventory.head)
                self.absent = {name for name, paths in holders.items() if paths <= absent}
                self.relations = self.read_terms(folder, checked)
                every = {each for each in ids if each.startswith(f"{URN}:terms:")}
                named = self.relations
                referred = every if named is None else {f"{URN}:terms:{name}" for name in named}
                if named is None and every:
                    text = "which terms it refers to is in licence.json, which is withheld, and nothing else proves it"
                    self.find("remark", place, text)
        for object_id in sorted(referred - set(ids)):
            text = "the licence refers to these terms, and they are not enclosed"
            self.find("missing", "/".join(object_id.split(":")[2:]), text)
        self.report.objects, self.report.licences = len(ids), int(ids[0].startswith(f"{URN}:licence:"))
        self.report.client = places[ids[0]].name
        return ids[0]

    def read_terms(self, folder: Path, checked: CheckedObject) -> dict[str, str] | None:
        """The terms that the object refers to, folder -> relation, as its licence.json or its inventory says.

        An object without a licence.json refers to none; None where it is withheld, and the inventory does not say it.
        """
        inventory = checked.inventory
        assert inventory
        paths = inventory.contents(inventory.head).get("licence.json", frozenset())
        for path in sorted(paths):
            with contextlib.suppress(Malformed, OSError):
                described = decoded(content(folder / path, MAX_INVENTORY_BYTES))
                must(isinstance(described, dict), "not a description")
                at, terms = described.get("licensed_at"), described.get("terms", [])
                must(at is None or isinstance(at, str), "not a description")
                must(isinstance(terms, list) and all(isinstance(each, dict) for each in terms), "not a description")
                said = [(each.get("id"), each.get("relation", "")) for each in terms]
                must(all(isinstance(one, str) for each in said for one in each), "not a description")
                self.report.licensed_at = at
                return {name.rpartition(":")[2]: relation for name, relation in said}
        return terms_said(inventory.messages[inventory.head]) if paths else {}


def unexpected_files(root: Path, expected: set[str], but: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """What lies in a folder and is none of the expected files, links and empty folders included; and what is wrong.

    Paths are relative to `root`, parted by `/`. Folders in `but` are not looked into. What a folder holds in which
    nothing is expected is not told one by one.
    """
    folders = {
        "/".join(parts[:n]) for parts in (path.split("/") for path in expected | but) for n in range(1, len(parts))
    }
    waiting = [""]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(root / here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            yield here or ".", f"cannot be read: {error.strerror}"
            continue
        for entry in entries:
            place = f"{here}/{entry.name}" if here else entry.name
            if entry.is_dir(follow_symlinks=False):
                if place in folders:
                    waiting.append(place)
                elif place not in but:
                    yield place, "is a folder that does not belong here"
            elif place not in expected:
                yield place, "does not belong here"
            elif not entry.is_file(follow_symlinks=False):
                yield place, "is a link or a device, not a file"


# ---------------------------------------------------------------- whole pack

PROOFS = "07_integrity"
TERMS_FOLDERS = {"at_purchase": "03_terms_at_purchase", "later": "03_terms_captured_later"}
PACK_FORMAT = 4
_SEALED_FORMAT, _PAGE_FORMAT, _ANCHOR_FORMAT = 2, 3, 4
"""Since which format timestamps have sealed names, the page to check a pack in a browser lies in it, and it may hold
anchors. A pack without anchors is of format 3."""

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
HOW_TO_CHECK = "HOW-TO-CHECK.txt"
CHECK_PAGE = "CHECK-THIS.html"
_BAG_FILES = (CHECK_PAGE, HOW_TO_CHECK, "bag-info.txt", "bagit.txt", "manifest-sha256.txt")
"""The files beside `data/` that `tagmanifest-sha256.txt` lists; earlier formats have no `CHECK_PAGE`."""

OF_COMPUTERS = re.compile(
    r"(?:^|/)(?:\.DS_Store|\._[^/]*|__MACOSX|\.AppleDouble|\.Spotlight-V100|\.Trashes|\.fseventsd|[Tt]humbs\.db"
    r"|ehthumbs\.db|[Dd]esktop\.ini|\.directory|@eaDir)(?:/|$)"
)
"""Files and folders that computers add to a folder that is looked at or packed. They are passed over, and told."""

BY_SENDER = "written by the sender of this pack, not proven"


def folder_of_copy(name: str) -> str:
    """In which folder of a pack a document of this name lies to be read."""
    receipt = re.match(r"(imported-|attended-|companion-)?(receipt|invoice)(-\d+)?\.", name)
    return "04_invoice_payment" if receipt else "02_licence_original"


def pack_format(names: Iterable[str]) -> int:
    """The format of a new pack that holds files of these names."""
    return _ANCHOR_FORMAT if any(ANCHOR_FILE_NAME.fullmatch(each) for each in names) else _ANCHOR_FORMAT - 1


def bag_info(date: str, size: int, files: int, pack_format: int = _PAGE_FORMAT) -> bytes:
    """A pack's `bag-info.txt`; `date` is YYYY-MM-DD, `size` in bytes. Format 1 does not say its number."""
    lines = ["Bag-Software-Agent: archiver", f"Bagging-Date: {date}"]
    if pack_format > 1:
        lines.append(f"Archiver-Pack-Format: {pack_format}")
    return "".join(f"{line}\n" for line in [*lines, f"Payload-Oxum: {size}.{files}"]).encode()


def manifest(sums: dict[str, str]) -> bytes:
    """A BagIt manifest: path -> SHA-256 in hex."""
    return "".join(f"{sums[path]}  {path}\n" for path in sorted(sums, key=lambda path: path.split("/"))).encode(
        "utf-8", "surrogateescape"
    )


@dataclass
class PackReport(VerifyReport):
    """What was found in the folders beside the proofs; `documents` are not used.

    `copies`: each document to be read, by its path in the bag, and since when its bytes are secured. `by_sender`: the
    papers that nothing proves.
    """

    copies: dict[str, str | None] = field(default_factory=dict)
    by_sender: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        copies = [{"path": path, "secured_since": since} for path, since in self.copies.items()]
        return {**super().as_json(), "documents": copies, "by_sender": self.by_sender}


def verify_pack(
    folder: Path, roots: Path | None = None, key: Path | None = None, headers: Path | None = None
) -> list[VerifyReport]:
    """Check an unpacked pack: its bag, or the folder `data` in it. A report of each proof, and at last a `PackReport`.

    All that a pack holds is derived from its proofs: each file is a copy of a proven one and lies where that belongs,
    or is one of the papers that its sender wrote, which are listed, or belongs to BagIt. Anything else is damage.
    """
    whole = Path(os.path.abspath(folder))  # noqa: PTH100  # resolve() would hide that the folder is a link
    data = whole / "data" if (whole / "data" / PROOFS).is_dir() else whole
    check = _PackCheck(data, roots, key, headers)
    top = check.bag if check.in_bag else data
    added = sorted(path for path in _paths_below(top) if OF_COMPUTERS.search(path))
    with tempfile.TemporaryDirectory(prefix="verify-") as folder_of_copy:
        if added and _copied(top, copy := Path(folder_of_copy, top.name)):
            check = _PackCheck(copy / data.relative_to(top), roots, key, headers)
            check.pass_over(path for path in added if not (top / path).is_dir())
        return check.run()


def _paths_below(top: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(top):
        yield from (Path(folder, each).relative_to(top).as_posix() for each in (*folders, *files))


def _copied(top: Path, copy: Path) -> bool:
    """Copy a folder without what computers added to it; False if it holds devices, or cannot be read whole."""

    def added(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if OF_COMPUTERS.search(Path(folder, name).relative_to(top).as_posix())}

    try:
        shutil.copytree(top, copy, symlinks=True, ignore=added, copy_function=_linked)
    except (OSError, shutil.Error):
        return False
    return True


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # of another disk
        shutil.copyfile(source, target)


def verify_zip(
    path: Path, roots: Path | None = None, key: Path | None = None, headers: Path | None = None
) -> list[VerifyReport]:
    """Check a pack as it was sent, in its zip, which is unpacked into a temporary folder; reports as `verify_pack`.

    Raises Malformed if the file is not a zip, if programs would unpack it differently, or if it is not a pack.
    """
    with os.fdopen(opened(path), "rb") as file, tempfile.TemporaryDirectory(prefix="verify-") as folder:
        every = zip_members(file, os.fstat(file.fileno()).st_size)
        members = [each for each in every if not OF_COMPUTERS.search(each.path)]
        tops = {match.groups("") for each in members if (match := _PACK_IN_ZIP.match(each.path + "/" * each.folder))}
        (top, inner), *others = sorted(tops, key=lambda each: -len(each[1])) or [("", "none")]
        must(tops, "holds no proof of a licence")
        must(all(each == (top, "") for each in others), "holds several packs. Check them one by one")
        broken: dict[str, str] = {}
        for member in members:
            place = Path(folder, "zip", member.path)
            try:
                (place if member.folder else place.parent).mkdir(parents=True, exist_ok=True)
                if not member.folder:
                    with place.open("xb") as out:
                        for block in unzipped(file, member):
                            out.write(block)
            except Malformed as error:
                broken[member.path] = str(error)
        whole = Path(folder, "zip", top)
        check = _PackCheck(whole / inner if inner else whole, roots, key, headers)
        below = f"{top}/" if top else ""
        for member in members:
            if member.path in broken:
                check.find("unreadable", member.path[len(below) :], f"cannot be read: {broken[member.path]}")
            elif not member.path.startswith(below) and member.path != top:
                check.find("stray", member.path, "lies beside the pack in this zip file, and nothing vouches for it")
        check.pass_over(each.path for each in every if not each.folder and each not in members)
        return check.run()


_PACK_IN_ZIP = re.compile(r"(?:([^/]+)/)??(?:(data)/)?07_integrity/")


class _PackCheck:
    def __init__(self, data: Path, roots: Path | None, key: Path | None, headers: Path | None) -> None:
        self.data, self.bag, self.roots, self.key, self.headers = data, data.parent, roots, key, headers
        self.in_bag = data.name == "data" and any(os.path.lexists(self.bag / each) for each in _BAG_FILES)
        self.report = PackReport("copies", PROVEN)
        self.proofs: list[VerifyReport] = []
        self.copies: dict[str, dict[str, str | None]] = {}  # path -> SHA-512 that it may have -> secured since
        self.unsure: set[str] = set()  # copies whose place nothing proves
        summary = "proof.html" if os.path.lexists(data / "proof.html") else "proof.pdf"  # where no browser could print
        self.papers: dict[str, bool] = {summary: True, f"{PROOFS}/verify.py": True}  # whether it must be there
        self.inside: set[str] = set()  # files of the proofs
        self.archive: tuple[str, ...] | None = None  # that the first proof is of

    def find(self, code: str, path: str, message: str) -> None:
        self.report.findings.append(Finding(code, path, message))

    def pass_over(self, paths: Iterable[str]) -> None:
        """Tell of the files that are left out of the check, as computers added them."""
        if added := sorted(paths):
            text = f"is one of {len(added)} files that computers added (as .DS_Store, Thumbs.db)"
            self.find("stray", added[0], f"{text}; nothing vouches for it")

    def run(self) -> list[VerifyReport]:
        self.info = self.read_info()
        self.bag_files = _BAG_FILES if self.info >= _PAGE_FORMAT else _BAG_FILES[1:]
        self.read_proofs()
        self.read_claim()
        self.bound()
        self.read_copies()
        self.read_papers()
        for place, message in unexpected_files(self.data, {*self.copies, *self.papers, *self.inside}):
            self.find("extra", f"data/{place}", message)
        unproven = (
            "that the licence refers to these terms, and when they were seen, is in licence.json, which is withheld"
        )
        for path in sorted(self.unsure):
            self.find("remark", f"data/{path}", f"UNPROVEN: {unproven}")
        if self.in_bag:
            self.read_bag()
        else:
            text = f"what lies beside the folder data of a pack ({', '.join(self.bag_files)}) is not here"
            self.find("remark", "bagit.txt", text)
        report = self.report
        report.evidence = all(each.evidence for each in self.proofs)
        report.authority = TRUST_NAMED if self.roots else TRUST_ENCLOSED
        whole = self.in_bag and not self.unsure
        states = [UNPROVEN if not whole else PROVEN, *(each.state for each in self.proofs)]
        damaged = any(finding.damage for finding in report.findings)
        report.state = DAMAGED if damaged else max(states, key=STATES.index)
        return [*self.proofs, report]

    def read_proofs(self) -> None:
        """Each proof, and what of the pack it expects."""
        try:
            with os.scandir(self.data / PROOFS) as found:
                names = sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
        except OSError as error:
            raise Malformed(f"{self.data} is not a pack: {PROOFS}/ cannot be read: {error.strerror}") from None
        for name in names:
            try:
                check = proof_check(self.data / PROOFS / name, self.roots, self.key, self.headers)
            except Malformed:
                self.find("extra", f"data/{PROOFS}/{name}", "is no proof of a licence")
                continue
            self.proofs.append(check.report)
            self.archive = self.archive or check.archive
            if check.archive != self.archive:
                text = "is of another archive than the first proof here. Ask the sender whether both are his"
                self.find("remark", f"data/{PROOFS}/{name}", text)
            self.inside |= {f"{PROOFS}/{name}/{path}" for path in check.expected}
            if check.report.client != name:
                text = f"is the proof of {check.report.client}, under another name"
                self.find("renamed", f"data/{PROOFS}/{name}", text)
            if check.sealed != (self.info >= _SEALED_FORMAT) and self.in_bag and check.stamped:
                text = "names its timestamps otherwise than packs of this format do"
                self.find("changed", f"data/{PROOFS}/{name}/integrity", text)
            if check.anchored and self.info < _ANCHOR_FORMAT and self.in_bag:
                text = "holds anchors, which packs of this format do not"
                self.find("changed", f"data/{PROOFS}/{name}/integrity", text)
            self.expect(name, check)
        if not self.proofs:
            raise Malformed(f"{self.data} is not a pack: {PROOFS}/ holds no proof")

    def expect(self, name: str, check: ProofCheck) -> None:
        """What follows from one proof: copies of the newest documents and of the terms, and the sender's papers."""
        for each in check.files:
            folder = f"{folder_of_copy(each.name)}/{name}"
            if each.name not in check.absent:
                self.copy(f"{folder}/{each.name}", each)
            elif each.name == "licence.json":
                self.papers[f"{folder}/licence-excerpt.json"] = True
            else:
                stem = each.name.partition(".")[0]
                self.papers |= {f"{folder}/{stem}-excerpt.{ending}": False for ending in ("json", "txt")}
        self.papers |= {f"05_client_assignment/{name}/chain-by-us.txt": True}
        self.papers |= {f"06_use_and_dates/{name}/dates-by-us.txt": True}
        for terms, documents in check.report.terms.items():
            there = [each for each in documents if each.name in ("terms.txt", "page.pdf")]
            if check.relations is not None:
                folders = [TERMS_FOLDERS[each] for each in [check.relations.get(terms, "")] if each in TERMS_FOLDERS]
            else:
                folders = [each for each in TERMS_FOLDERS.values() if (self.data / each / terms).is_dir()]
                self.unsure |= {f"{folder}/{terms}/{each.name}" for folder in folders for each in there}
            for folder in folders:
                for each in there:
                    self.copy(f"{folder}/{terms}/{each.name}", each)
            if not folders:
                self.find("missing", f"data/03_terms/{terms}", "is missing: no copy of these terms lies in a folder 03")

    def copy(self, path: str, document: DatedDocument) -> None:
        self.copies.setdefault(path, {})[document.sha512.lower()] = document.secured_since

    def read_claim(self) -> None:
        """The sender's papers about the enquiry: the sheet, and pictures without a gap in their numbers."""
        pictures = 0
        while (self.data / f"01_claim/picture-{pictures + 1}.jpg").exists():
            pictures += 1
            self.papers[f"01_claim/picture-{pictures}.jpg"] = True
        self.papers["01_claim/claim-by-us.txt"] = pictures > 0

    def bound(self) -> None:
        """Raise Malformed if what is to be read is larger than a pack may be, packed or not."""
        size = 0
        for path in sorted({*self.copies, *self.papers, *self.inside}):
            with contextlib.suppress(OSError):
                size += (self.data / path).lstat().st_size
        must(size <= MAX_PACK_BYTES, f"{self.data} is not a pack: it has more than {MAX_PACK_BYTES >> 30} GiB")

    def read_copies(self) -> None:
        for path, allowed in sorted(self.copies.items()):
            self.report.objects += 1
            try:
                digest = digests(self.data / path)["sha512"]
            except OSError as error:
                missing = isinstance(error, FileNotFoundError)
                text = "is missing" if missing else f"cannot be read: {error.strerror}"
                self.find("missing" if missing else "unreadable", f"data/{path}", text)
                continue
            if digest not in allowed:
                self.find("copy", f"data/{path}", "is not the file that is proven for this place")
            else:
                self.report.copies[f"data/{path}"] = allowed[digest]

    def read_papers(self) -> None:
        for path, needed in sorted(self.papers.items()):
            if os.path.lexists(self.data / path):
                self.report.by_sender.append(f"data/{path}")
            elif needed:
                self.find("missing", f"data/{path}", "is missing")
        with contextlib.suppress(OSError):
            if digests(self.data / PROOFS / "verify.py") != digests(CARRIED):
                text = "is another file than the verifier that ran now. Do not rely on what it prints"
                self.find("verifier", f"data/{PROOFS}/verify.py", text)

    # ---------------------------------------------------------------- BagIt, RFC 8493

    def read_info(self) -> int:
        """The pack's format: 1 where it does not say one."""
        with contextlib.suppress(OSError):
            stated = re.search(
                rb"^Archiver-Pack-Format: ([0-9]{1,4})$", content(self.bag / "bag-info.txt"), re.MULTILINE
            )
            return int(stated[1]) if stated else 1
        return 1

    def read_bag(self) -> None:
        """What lies beside `data/`: the files that say of all others what they are."""
        expected = {*self.bag_files, "tagmanifest-sha256.txt"}
        for place, message in unexpected_files(self.bag, expected, but=frozenset({"data"})):
            if place in expected:
                self.find("extra", place, message)
            else:
                self.find("stray", place, "is in none of the lists of this pack, and nothing vouches for it")
        if self.data.is_symlink():
            self.find("link", "data", "is a link, not a folder")
        payload: dict[str, str] = {}
        size = 0
        for path in sorted({*self.copies, *self.papers, *self.inside}):
            try:
                file = self.data / path
                payload[f"data/{path}"] = digests(file, ["sha256"])["sha256"]
                size += file.stat().st_size
            except OSError as error:  # what is missing is told, or may be; so is what is no file
                if error.errno == errno.EFBIG and path in self.papers:
                    self.find("unreadable", f"data/{path}", f"cannot be read: {error.strerror}")
        self.exactly("manifest-sha256.txt", payload)
        self.exactly("tagmanifest-sha256.txt", {name: self.digest(name) for name in self.bag_files})
        self.report.by_sender += self.bag_files[:-2]
        for name in self.bag_files[:-3]:
            self.read(name)
        if self.read("bagit.txt") not in (None, BAGIT):
            self.find("changed", "bagit.txt", "does not have the content that it must have")
        info = self.read("bag-info.txt") or b""
        bagged = re.search(rb"^Bagging-Date: ([0-9]{4}-[0-9]{2}-[0-9]{2})$", info, re.MULTILINE)
        day = bagged[1].decode() if bagged and is_created(f"{bagged[1].decode()}T00:00:00Z") else ""
        wanted = bag_info(day, size, len(payload), self.info)
        if self.info > PACK_FORMAT:
            text = f"is of a pack of format {self.info}, which is newer than this verifier. Use the one of that version"
            self.find("format", "bag-info.txt", text)
        elif info != wanted:
            self.find("changed", "bag-info.txt", "does not say what it must say of this pack")
        elif self.info < _SEALED_FORMAT:
            text = "is of the first format: nothing shows whether bytes of timestamps that nobody signed are unchanged"
            self.find("remark", "bag-info.txt", text)

    def read(self, name: str) -> bytes | None:
        try:
            return content(self.bag / name)
        except FileNotFoundError:
            self.find("missing", name, "is missing")
        except OSError as error:
            self.find("unreadable", name, f"cannot be read: {error.strerror}")
        return None

    def digest(self, name: str) -> str:
        try:
            return digests(self.bag / name, ["sha256"])["sha256"]
        except OSError:
            return ""

    def exactly(self, name: str, sums: dict[str, str]) -> None:
        """A manifest lists exactly these files with exactly these digests; the files at odds with it are named."""
        stated = self.read(name)
        wanted = manifest(sums)
        if stated is None or stated == wanted:
            return
        lines, right = stated.decode("utf-8", "replace").splitlines(), wanted.decode("utf-8", "replace").splitlines()
        if self.info < _SEALED_FORMAT and sorted(lines) == sorted(right) and stated.count(b"\n") == len(right):
            return  # earlier versions sorted as their system does
        for path in sorted(path for path, digest in sums.items() if f"{digest}  {path}" not in lines):
            self.find("changed", path, f"does not have the digest that {name} states")
        self.find("changed", name, "does not list exactly the files that belong to this pack")


# ---------------------------------------------------------------- verify command


def tell_pack(reports: list[VerifyReport], *, as_json: bool) -> int:
    """Print what was found in a pack; the exit code."""
    *proofs, copies = reports
    if as_json:
        judged = {"state": copies.state, "verdict": copies.verdict.word, "trust": copies.verdict.trust or None}
        document = {**judged, "proofs": [each.as_json() for each in proofs], "copies": copies.as_json()}
        print(json.dumps(document, indent=1))
    else:
        for report in proofs:
            print(report.as_text())
        assert isinstance(copies, PackReport)
        for path, since in copies.copies.items():
            print(in_one_line(f"  {path}: {f'secured since {since}' if since else 'not proven yet'}"))
        for path in copies.by_sender:
            print(in_one_line(f"  {path}: {BY_SENDER}"))
        for unfit in copies.findings:
            print(unfit)
        print(f"all {len(proofs)} proofs and {copies.objects} files beside them: {copies.verdict}")
    return copies.verdict.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify.py", description="Check an archive, one object of it, or a proof. Changes nothing."
    )
    parser.add_argument("archive", nargs="?", type=Path, help="the archive's folder; else the one that holds tools/")
    parser.add_argument("--object", type=Path, metavar="PATH", help="check one OCFL object's folder only")
    parser.add_argument(
        "--proof", type=Path, metavar="PATH", help="check a proof or pack: its zip, or what was unpacked"
    )
    parser.add_argument("--roots", type=Path, metavar="PEM", help="the timestamp roots, from a source you trust")
    parser.add_argument("--key", type=Path, metavar="PEM", help="the signer's public key, from a source you trust")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="X",
        help="a checkpoint held by somebody outside, a folder of them, or a pack",
    )
    parser.add_argument(
        "--headers", type=Path, metavar="X", help="Bitcoin's block headers: lines HEIGHT HEX, or all from block 0 on"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the documents' digests")
    parser.add_argument("--licence", metavar="ID", help="check one licence and its place in the ledger")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


# long: the whole command line, a branch for each thing that it checks
def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if sum(map(bool, (options.archive, options.object, options.proof))) > 1:
        parser.error("give one of ARCHIVE, --object and --proof")
    if options.against and (options.object or options.proof):
        parser.error("--against needs a whole archive")
    given = (options.archive, options.object, options.proof, options.roots, options.key, options.against)
    for path in filter(None, (*given, options.headers)):
        if not path.exists():
            parser.error(f"{path} does not exist")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that a terminal cannot show ends nothing
    bag = options.proof / "data" if options.proof else None  # what was unpacked holds the pack in a folder of this name
    if bag and (bag / PROOFS).is_dir():
        options.proof = bag
    try:
        if options.object:
            report = VerifyReport(options.object.name, findings=check_object(options.object).findings)
            report.state = DAMAGED if any(f.damage for f in report.findings) else "VALID"
            report.objects = 1
        elif options.proof and options.proof.is_file():
            return tell_pack(
                verify_zip(options.proof, options.roots, options.key, options.headers), as_json=options.json
            )
        elif options.proof and (options.proof / PROOFS).is_dir():
            return tell_pack(
                verify_pack(options.proof, options.roots, options.key, options.headers), as_json=options.json
            )
        elif options.proof:
            report = verify_proof(options.proof, options.roots, options.key, options.headers)
        else:
            archive = options.archive or CARRIED.resolve().parent.parent
            report = verify_archive(
                archive, options.roots, options.key, options.quick, options.licence, options.against,
                headers=options.headers,
            )  # fmt: skip
    except Malformed as error:
        parser.error(f"{options.proof} {error}" if options.proof and options.proof.is_file() else str(error))
    except OSError as error:
        place = options.proof or error.filename or options.object or options.archive or "the archive"
        parser.error(f"{place} cannot be checked here: {error.strerror or error}")
    except Busy as error:
        print(f"verify.py: {error}; wait until it ends", file=sys.stderr)
        return 50
    if options.json:
        print(json.dumps(report.as_json(), indent=1))
    elif options.object:
        for finding in report.findings:
            print(finding)
        print(in_one_line(f"{report.client}: {report.state}"))
    else:
        print(report.as_text())
    return report.verdict.exit_code if options.proof else 90 if report.state in (DAMAGED, FORKED) else 0


if __name__ == "__main__":
    sys.exit(main())
