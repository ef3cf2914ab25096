"""An archive: the ledger in one pass, then every object against it."""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts.anchor_proofs import ANCHOR_FILE_NAME
from archiver.archive.checking.parts.archive_words import (
    CHECKPOINTS,
    CLOCK_TOLERANCE_S,
    DAMAGED,
    ERASED,
    FORKED,
    HOLDER,
    INTENTS,
    KEY_HISTORY,
    KINDS,
    LATE_AFTER_S,
    LATE_PRACTICE_AFTER_S,
    LEDGER,
    LISTS,
    LOG_DOMAIN,
    MAX_ALIKE,
    MAX_LINE_BYTES,
    PRACTICE,
    SCOPE_ALL,
    SCOPE_BRIEF,
    SCOPE_ONE,
    SCOPE_QUICK,
    SIGNER_KEY,
    STATED_FILES,
    TOOL,
    TSA_ROOTS,
    UNDECIDED,
    URN,
    Busy,
    Finding,
    Malformed,
    must,
)
from archiver.archive.checking.parts.common_checks import CommonCheck, HeldCheckpoint
from archiver.archive.checking.parts.ledger_lines import (
    BEFORE_FIRST,
    CHECKPOINT_FILE_NAME,
    ID_IN_LINE,
    Intents,
    LineFields,
    canonical,
    check_line,
    is_first_history,
    is_signed,
    newest_checkpoint,
    object_path,
    stated_files,
)
from archiver.archive.checking.parts.many_objects import PlacedObject, checked_at_once
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.checking.parts.ocfl_object import (
    MAX_INVENTORY_BYTES,
    CheckedObject,
    Inventory,
    check_object,
    documents_of,
)
from archiver.archive.checking.parts.openssl_program import TokenChecker
from archiver.archive.checking.parts.regular_files import content, opened
from archiver.archive.checking.parts.strict_json import decoded
from archiver.archive.checking.parts.timestamp_tokens import LIST_FILE_NAME, SHA256_HEX, epoch
from archiver.archive.checking.parts.verify_report import VerifyReport, secured_since
from archiver.archive.checking.parts.witnessed import Rollback, check_witnessed, outside_checkpoints, whole_lines


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
