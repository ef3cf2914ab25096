"""Write an archive: one writer, group commit, and recovery from a kill at any moment.

The safe order: build in `staging/`, sync it, write the intent durably, rename into place, sync the rename, and append
the ledger line durably. The ledger line is the commit.
"""

from __future__ import annotations

import base64
import errno
import itertools
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256, sha512
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.archive import merkle
from archiver.archive import seal as sealing
from archiver.archive.anchors import Anchor, CosigningWitness, secure
from archiver.archive.builder import Builder
from archiver.archive.checking.parts import (
    archive_words,
    ledger_lines,
    ocfl_object,
    openssl_program,
    regular_files,
    signed_notes,
    timestamp_tokens,
    witnessed,
)
from archiver.archive.erasure import LASTING, REASONS, erasure_of, refuse_held, statement_of, tombstone, tombstone_id
from archiver.archive.last_seen import CheckpointListing, LastSeen, LostEnd, own_verifier
from archiver.archive.ledger import (
    FIRST_PREVIOUS_HASH,
    Ledger,
    LedgerEntry,
    Line,
    Sign,
    check_fields,
    clock,
    lines_from,
    newest_lines,
    read_lines,
)
from archiver.archive.ocfl import (
    Erasure,
    NewObject,
    Staged,
    Stored,
    check_names,
    make_durable,
    make_folder,
    object_path,
    publish_version,
    remove_file,
    stage_copy,
    stage_object,
    stage_tombstone,
    stage_version,
    write_new,
)
from archiver.archive.reader import (
    Archive,
    StoredObject,
    check_files,
    check_folders,
    check_regular,
    check_there,
    check_whole,
)
from archiver.archive.seal import Authority, Post, Qualify, Seal
from archiver.archive.side_files import STATED, SideContent, SideFiles, certificates
from archiver.archive.witness import FolderWitness, Handover, Witness, hand_over, warnings_of
from archiver.core.atomic_files import FilesystemSync, read_file, remove_tree, replace_file, sync_folder
from archiver.core.errors import ArchiverError, ClockWrong, ConfigError, DiskFull, Erased, IntegrityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["ArchiveWriter", "Authority", "Seal", "SealSettings", "open_archive"]

LAST_LINE = "the last line"  # the source of a time
TREE = "tree.json"  # in the disposable folder: how far the ledger has been read into its tree
COMPARED = "compared"  # in the disposable folder: what `CheckpointListing` remembers
MAX_BATCH = 128  # requests that share the durable writes of intents and ledger lines
MAX_BUILDERS = 3  # objects that are built at the same time; more threads would wait for the interpreter
MAX_SYNCERS = 16  # the same where each file is synced by itself: then threads wait for the disk
MIN_OBJECTS_FOR_PROCESS = 100  # from this number on, beside other archives, a building process repays its start
SEAL_AFTER_S = 7.5 * 86400  # a checkpoint is renewed after this time even without new evidence: every eighth night
OWED_AFTER_S = 3 * SEAL_AFTER_S  # without its timestamps for so long, an authority that answers gets a checkpoint early
MIN_OBJECTS_FOR_DISK_SYNC = 3  # from this number on, sync the whole file system, although it may be busy
type RollbackFields = Mapping[str, int | str | list[str]]  # the content of a `rollback` line
RESTORED = "The archive was restored from a backup."
MAX_ROOTS_PER_LINE = 300  # of lost checkpoints in one ledger line, which stays far below its limit
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A person's word, by name, that an archive was restored from a backup. `place` is the newest checkpoint from
    before, or a folder that contains it; what this machine and the folder witnesses remember counts, too."""

    place: Path
    by: str


@dataclass(frozen=True, kw_only=True)
class SealSettings:
    """Whose archive it is, who signs it, and who vouches for its checkpoints. `state` is a disposable folder.

    `roots` are PEM files of the timestamp roots that checks rely on; none means those in the archive. `note` is told
    who was asked: `timestamps` or `witness`, and why each failed, or None.
    """

    client: str
    signer: Ed25519PrivateKey
    authorities: Sequence[Authority]
    state: Path
    post: Post
    qualify: Qualify = lambda *_: ([], [])
    roots: Sequence[Path] = ()
    witnesses: Sequence[Witness] = ()
    anchors: Sequence[Anchor] = ()
    note: Callable[[str, Mapping[str, str | None]], None] = lambda *_: None


@contextmanager
def open_archive(
    root: Path, means: SealSettings, *, origin: str, after_restore: Restored | None = None, clock_is_right: bool = False
) -> Iterator[ArchiveWriter]:
    """Open a client's archive for writing. Makes a missing archive, and finishes what a killed command left.

    `origin` is `live` or `replay`. With `after_restore`, a person confirms that the archive was restored from a backup;
    what was lost is recorded in `rollback` lines. With `clock_is_right`, a person confirms that
    lines from the future, which no timestamp covers, were written by a clock that was ahead.

    Raises ArchiveBusy while another process writes; ClockWrong if the clock is behind what the archive knows;
    ConfigError for an archive of the other origin or of another signing key, and for an `after_restore` that shows no
    loss; IntegrityError if the ledger is shorter than its checkpoints or does not extend what a folder witness has, if
    the last line or the intents are not signed by the key, or if something else is in the place of a file.
    """
    check_folders(root)
    check_there(root)
    wanted = _side_content(means, origin)
    for name in ("ledger", archive_words.CHECKPOINTS, "keys", "tools", "staging"):
        make_folder(root / name)
    check_files(root)
    signer, tree, folder = means.signer, means.state / TREE, root / archive_words.CHECKPOINTS
    listing = CheckpointListing(means.state / COMPARED, signer, folder, _witness_folders(means))
    ledger = Ledger(root / archive_words.LEDGER, root / archive_words.HOLDER, signing(signer))
    memory = LastSeen(means.state)
    checkpoints = ledger_lines.newest_checkpoints(folder, listing.names)
    newest = next(checkpoints, None)
    older = ledger_lines.newest_checkpoints(folder) if listing.unchanged else checkpoints  # seldom asked for
    try:
        check_whole(root, ledger.head, newest)
        differences, losses = _compare(root, means, after_restore, newest, listing, memory)
        beside = SideFiles(root, wanted, means.state / STATED, lambda entry: ledger.append([entry]))
        _introduce(root, ledger, means.client, beside, origin)
        _check_authentic(root, ledger, signer, tree)
        memory.wrote_with(wanted.key)
        differences += beside.check()
        ledger.latest = latest_moment(root, itertools.chain([newest] if newest else [], older))
        _check_clock(root, ledger, partial(_seal, ledger, means, beside), clock_is_right=clock_is_right)
        beside.renew()
        writer = ArchiveWriter(ledger, means, memory, beside, memory.unreported(differences))
        try:
            if after_restore:
                writer.confirm_losses(losses, after_restore.by)
            yield writer
        finally:
            writer.close()
    finally:
        memory.close()
        ledger.close()


# ---------------------------------------------------------------- a new archive, or the right one


def latest_moment(
    root: Path, newest_first: Iterable[ledger_lines.CheckpointFiles] | None = None
) -> tuple[str, str] | None:
    """Return the newest time (UTC, `…Z`) that an archive knows, and its source: a timestamp, or a line that none
    covers.

    If a timestamp covers the last line, only the timestamp counts, so that a clock that was once ahead does no lasting
    harm. `newest_first` are its checkpoints, if they were already listed.
    """
    known: list[tuple[str, str]] = []
    covered = 0
    for size, _, tokens in newest_first or ledger_lines.newest_checkpoints(root / archive_words.CHECKPOINTS):
        for path in tokens:
            check_regular(path)
        if stated := sealing.stated_time(tokens):
            known.append((stated[0], f"the timestamp {stated[1].name}"))
        if known:
            covered = size
            break
    last = Archive(root).head()
    if last and last.seq >= covered:
        with suppress(ValueError):
            timestamp_tokens.epoch(at := str(last.fields.get("at")))
            known.append((at, LAST_LINE))
    return max(known, default=None)


def unfinished(root: Path) -> bool:
    """Return whether a command was killed in this archive or ended without a seal. `open_archive` and a seal finish it.

    Lines that record no evidence may wait for a seal.
    """
    intents = root / archive_words.INTENTS
    size, _, _ = ledger_lines.newest_checkpoint(root)
    return (
        any(path != root / archive_words.HOLDER for path in (root / "staging").glob("*"))
        or (intents.exists() and intents.stat().st_size > 0)
        or any(line.type not in archive_words.PRACTICE for line in newest_lines(root / archive_words.LEDGER, size))
    )


def _check_clock(root: Path, ledger: Ledger, seal: Callable[[], Seal], *, clock_is_right: bool) -> None:
    """Raise ClockWrong if this machine's clock is behind what the archive knows.

    If the clock is only behind a line that no timestamp covers, that line's clock may have been ahead: ask an
    authority.
    """
    try:
        ledger.now()
    except ClockWrong:
        ledger.latest = None  # what a new authority's roots add states this clock's time; its timestamps decide
        seal()
        ledger.latest = latest_moment(root)
        if clock_is_right and ledger.latest and ledger.latest[1] == LAST_LINE:
            ledger.latest = None
        ledger.now()


def _seal(ledger: Ledger, means: SealSettings, beside: SideFiles, *, rests: bool = False) -> Seal:
    """Write a checkpoint over the ledger, and get timestamps for the newest checkpoint.

    If it `rests`, it gets a checkpoint only with a timestamp of an authority that owes one for long.
    """
    root, planted, asked = beside.root, list[str](), dict[str, str | None]()
    owed = sealing.owing(root, means.authorities, clock().timestamp() - OWED_AFTER_S) if rests else []
    with _disk_full(root):
        if not rests or owed:
            tree = merkle.follow(ledger.path, means.state / TREE)
            settled = partial(sealing.settled, beside, owed=owed, post=means.post, asked=asked)
            planted = sealing.write_checkpoint(
                root, _name(means.client), tree, means.signer, settled if rests else lambda _: []
            )
        sealed = sealing.stamp(root, means.authorities, means.post, means.qualify, beside)
    return replace(sealed, warnings=(*planted, *sealed.warnings), asked={**asked, **sealed.asked})


def _rests(root: Path, ledger: Ledger) -> bool:
    """Return whether the newest checkpoint is enough for now: it is recent, and no evidence came after it.

    Its age is that of the last line below it, by the clock that wrote that line. It is not enough if the lines' dates
    are out of order.
    """
    size, _, _ = ledger_lines.newest_checkpoint(root)
    if not size:
        return False
    lines = lines_from(ledger.path, size - 1)
    waiting = lines[1:]
    if not waiting or any(line.type not in archive_words.PRACTICE for line in waiting):
        return False
    with suppress(ValueError, ClockWrong):
        times = [
            *(timestamp_tokens.epoch(str(line.fields.get("at"))) for line in lines),
            timestamp_tokens.epoch(ledger.now()),
        ]
        return times == sorted(times) and times[-1] - times[0] < SEAL_AFTER_S
    return False


def _name(client: str) -> str:
    """Return the log's name in its checkpoints."""
    return f"{archive_words.LOG_DOMAIN}/{client}"


def _compare(
    root: Path,
    means: SealSettings,
    after_restore: Restored | None,
    newest: ledger_lines.CheckpointFiles | None,
    listing: CheckpointListing,
    memory: LastSeen,
) -> tuple[list[str], list[RollbackFields]]:
    """Compare an archive with witnesses and this machine's memory. Returns differences in sentences, and the losses to
    record, which are those that `after_restore` confirms.
    """
    differences, seen = list[str](), memory.losses(root)
    losses = _check_witnessed(root, means, after_restore, newest, listing, differences)
    if after_restore and not (losses := _with_memory(losses, seen)):
        client = means.client
        raise ConfigError(f"{after_restore.place} shows no loss in the archive {client}. Leave --after-restore out.")
    memory.keep_losses(seen)
    return differences + ([] if losses else memory.differences(means.client, root)), losses


def _check_witnessed(
    root: Path,
    means: SealSettings,
    after_restore: Restored | None,
    newest: ledger_lines.CheckpointFiles | None,
    listing: CheckpointListing,
    doubts: list[str],
) -> list[RollbackFields]:
    """Compare the ledger with what witnesses have. Returns the losses to record, if `after_restore` shows one.

    `newest` is the archive's newest checkpoint. `doubts` gets a sentence for each damaged copy.

    If a witness has the checkpoint of the last seal and none that is missing here, the ledger is not read: the cache of
    its tree leads to that checkpoint's root.
    """
    client, places = means.client, _witness_folders(means)
    places += [after_restore.place] if after_restore else []
    sealed = merkle.known(root / archive_words.LEDGER, means.state / TREE)
    names = None if listing.unchanged else frozenset(listing.names)
    if (
        not after_restore
        and sealed
        and all(_holds_newest(each, newest, sealed.frontier.size, names) for each in places)
    ):
        if names and newest and all((each / newest[1].name).exists() for each in places):
            listing.compared(newest)
        return []
    key, own = means.signer.public_key().public_bytes_raw(), _notes(root) if places else frozenset()
    outside = [each for place in places for each in witnessed.outside_checkpoints(place, key, _name(client), own)]
    damaged = [each for each in outside if each.fault and not each.note]
    doubts += [f"The witness's {each.path} {each.fault}. Find out who can write there." for each in damaged]
    held = witnessed.check_witnessed(root / archive_words.LEDGER, outside)  # this skips checkpoints of other archives
    foreign = [each for each in held.forked if each.fault]
    if foreign:
        raise IntegrityError(f"{foreign[0].path} {foreign[0].fault}")
    if not after_restore and held.forked:
        lost = held.forked[-1]
        raise IntegrityError(
            f"its ledger does not continue {lost.path}, which covers {lost.size} lines. Lines were lost or "
            f"changed. If you restored the archive from a backup, record that: `archiver run --client {client} "
            f"--after-restore {lost.path}`"
        )
    return _losses(held) if after_restore and held.forked else []


def _losses(held: witnessed.WitnessedCheckpoints) -> list[RollbackFields]:
    """Return what `rollback` lines say of the checkpoints that a ledger does not continue."""
    forked = sorted(held.forked, key=lambda each: each.size)  # they come from several places
    lost, first = forked[-1], forked[0].size
    kept = max((each.size for each in held.extended if each.size < first), default=0)
    roots = list(dict.fromkeys(each.note.root.hex() for each in reversed(forked) if each.note))
    loss: RollbackFields = {"kept": kept, "lost": lost.size, "root": roots[0]}
    starts = range(1, max(len(roots), 2), MAX_ROOTS_PER_LINE)
    return [{**loss, "others": roots[at : at + MAX_ROOTS_PER_LINE]} for at in starts]


def _with_memory(losses: Sequence[RollbackFields], seen: Sequence[LostEnd]) -> list[RollbackFields]:
    """Return these losses, and those that this machine saw."""
    found = list(losses)
    for each in seen:
        same = next((at for at, loss in enumerate(found) if loss["lost"] == each.lines and "head" not in loss), None)
        if same is None:
            found.append({"kept": each.kept, "lost": each.lines, "head": each.hash, "others": []})
        else:
            found[same] = {**found[same], "head": each.hash}
    return found


def _witness_folders(means: SealSettings) -> list[Path]:
    """Return where folder witnesses keep this archive's checkpoints."""
    return [each.of(means.client) for each in means.witnesses if isinstance(each, FolderWitness)]


def _holds_newest(
    place: Path, newest: ledger_lines.CheckpointFiles | None, known: int, names: frozenset[str] | None
) -> bool:
    """Return whether a witness has the archive's newest checkpoint or none, no longer one, and no unknown one.

    `names` are the archive's; None if it is known that the witness has none beside these, and the newest.
    """
    size, note, _ = newest or (0, place, [])
    if names is not None:
        listed: list[str] = []
        with suppress(OSError):
            listed = os.listdir(place)  # noqa: PTH208  # no Path for each of thousands
        unknown = [name for name in listed if name not in names]
        if any(name.endswith(".note") or (place / name).is_dir() for name in unknown):
            return False
        if note.name not in listed:
            return not any(name.endswith(".note") for name in listed)
    with suppress(OSError):
        return size <= known and read_file(note) == regular_files.content(place / note.name)
    return False


def _notes(root: Path) -> frozenset[signed_notes.Note]:
    """Return the archive's checkpoints. `verify` reports damaged ones."""
    notes = set()
    for _, path, _ in ledger_lines.checkpoint_files(root / archive_words.CHECKPOINTS):
        check_regular(path)
        with suppress(archive_words.Malformed):
            notes.add(signed_notes.Note.parse(regular_files.content(path)))
    return frozenset(notes)


def signing(signer: Ed25519PrivateKey) -> Sign:
    """Return the function that signs ledger lines and intents with this key."""
    return lambda text: base64.urlsafe_b64encode(signer.sign(text)).decode().rstrip("=")


def _check_authentic(root: Path, ledger: Ledger, signer: Ed25519PrivateKey, known: Path) -> None:
    """Check that this key, or a checkpoint by it, signs the last line, which covers all lines before.

    Whoever continues a ledger vouches for all of it. Without this signature, anybody who can write here may have
    written the last line.
    """
    head, public = ledger.head, signer.public_key().public_bytes_raw()
    # One key signs a line in one way only, and signing is quicker than the verifier's own arithmetic.
    if head is None or head.fields.get("signature") == signing(signer)(ledger_lines.line_to_sign(head.fields)):
        return
    note = None
    with suppress(OSError, archive_words.Malformed):
        note = signed_notes.Note.parse(
            regular_files.content(root / archive_words.CHECKPOINTS / f"{head.seq + 1:08d}.note")
        )
    if note and note.signed_by(public) and note.root == merkle.follow(ledger.path, known).root():
        return
    raise IntegrityError(
        f"the last line of {ledger.path} is not signed by this archive's key, and no checkpoint covers it. Anyone "
        "with write access may have added it. If an earlier version of the archiver was stopped before it sealed, "
        "run that version once more"
    )


def _side_content(means: SealSettings, origin: str) -> SideContent:
    """Return what belongs beside the evidence. Raises ConfigError for a file of roots that cannot be used."""
    mark = "" if origin == "live" else f"{archive_words.NOT_EVIDENCE}\n\n"
    guide = Path(__file__).with_name("read-me-first.txt").read_text("utf-8")
    return SideContent(
        guide=(mark + guide).encode(),
        key=means.signer.public_key().public_bytes_raw(),
        roots=[each for authority in means.authorities if authority.roots for each in certificates(authority.roots)],
        known=means.roots,
        witnesses=[each.key for each in means.anchors if isinstance(each, CosigningWitness)],
    )


def _introduce(root: Path, ledger: Ledger, client: str, beside: SideFiles, origin: str) -> None:
    """Begin a new archive, or check that this is the expected one. Then install the running version's verifier."""
    fingerprint = signed_notes.key_fingerprint(beside.content.key)
    first = next(read_lines(ledger.path), None)
    if first is None:
        history = (
            ledger_lines.canonical({"at": timestamp_tokens.moment(), "key": fingerprint, "event": "first"}) + b"\n"
        )
        files = beside.begin(history)
        ledger.append([("origin", {"origin": origin, "key": fingerprint, "log": client, "files": files})])
    elif first.fields.get("origin") != origin:
        raise ConfigError(
            f"{root} is a {first.fields.get('origin')} archive, but this is a {origin} run. A replay is never "
            "evidence. Keep replays in a home made by `archiver init --replay`."
        )
    elif first.fields.get("key") != fingerprint:
        raise ConfigError(f"The vault does not have the key that signed {root}. Restore the vault of this archive.")
    tool, (current, _) = root / archive_words.TOOL, own_verifier()
    there = b""
    with suppress(OSError):  # also for what is much longer than any verifier
        there = regular_files.content(tool)
    if there != current:
        replace_file(tool, current)


@contextmanager
def _disk_full(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(f"writing to {root}") from error
        raise


# ---------------------------------------------------------------- the writer


@dataclass(frozen=True)
class _NewVersion:
    object_id: str
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class _Removal:
    erasure: Erasure
    identity_sha256: str | None

    @property
    def object_id(self) -> str:
        return self.erasure.erases


@dataclass(frozen=True)
class _CopiedVersion:
    object_id: str
    version: str
    source: Path  # the object's folder in the other archive


type _Operation = NewObject | _NewVersion | _CopiedVersion | _Removal | LedgerEntry | None
"""The content of a request; None: only report when all earlier requests are done."""


@dataclass
class _Request:
    wish: _Operation
    answer: Future[object]
    staged: Staged | None = None

    @property
    def object_id(self) -> str | None:
        changing = NewObject | _NewVersion | _CopiedVersion | _Removal
        return self.wish.object_id if isinstance(self.wish, changing) else None

    @property
    def entry(self) -> LedgerEntry | None:
        """Return the ledger line for this operation."""
        if self.staged:
            return self.staged.entry
        return self.wish if isinstance(self.wish, tuple) else None


class ArchiveWriter:
    """One archive, open for writing. `put`, `add_version`, `erase` and `append` may be called from any thread.

    After a failed write (DiskFull, OSError), every further request gets the same error. The next `open_archive`
    finishes what had begun.
    """

    def __init__(
        self, ledger: Ledger, means: SealSettings, memory: LastSeen, beside: SideFiles, warnings: Sequence[str]
    ) -> None:
        root, self._beside = beside.root, beside
        self.reader = Archive(root)
        self._root, self._staging, self._intents = root, root / "staging", root / archive_words.INTENTS
        self._ledger, self._means, self._memory, self._warnings = ledger, means, memory, warnings
        self._sign, self._public = signing(means.signer), means.signer.public_key().public_bytes_raw()
        self._anchored = False
        self._numbers = itertools.count()
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._postponed: _Request | None = None
        self._door = threading.Lock()
        self._failure: BaseException | None = None
        self._builder: Builder | None = None
        self._built = 0
        self._recover()
        self._disk = FilesystemSync.of(root)  # None: objects are made durable while they are built, file by file
        self._turn = self._disk.turn if self._disk else nullcontext()
        self._threads = ThreadPoolExecutor(MAX_BUILDERS if self._disk else MAX_SYNCERS, "archive")
        self._thread = threading.Thread(target=self._work, name="archive-writer")
        self._thread.start()
        self._beside.append = lambda entry: self._ask(entry).result()

    # ------------------------------------------------------------ for callers

    @property
    def lines(self) -> int:
        """Return the number of lines in the ledger."""
        return self._ledger.head.seq + 1 if self._ledger.head else 0

    @property
    def newest_line(self) -> Line | None:
        return self._ledger.head

    def put(self, new: NewObject) -> Future[Stored]:
        """Archive an object; returns when it is durable. An object that exists already stays as it is.

        Raises IntegrityError if something that the ledger does not know is in its place, and Erased if it was erased.
        """
        return self._ask(new)

    def add_version(self, object_id: str, files: Mapping[str, bytes]) -> Future[Stored]:
        """Archive changed or additional files as an object's next version; the other files are carried over.

        Writes nothing if nothing changes. Raises IntegrityError if the object differs from the ledger, and Erased if it
        was erased.
        """
        check_names(files)
        return self._ask(_NewVersion(object_id, files))

    def copy(self, source: StoredObject) -> Stored:
        """Copy an object of another archive byte for byte, with each version that is missing here.

        An object with another history here stays as it is. Raises IntegrityError if the source is damaged.
        """
        if damage := [finding for finding in ocfl_object.check_object(source.path).findings if finding.damage]:
            raise IntegrityError(f"{source.folder} cannot be copied: {damage[0].path} {damage[0].message}")
        answers = [self._ask(_CopiedVersion(source.id, version, source.path)) for version in source.versions]
        stored: Stored = [answer.result() for answer in answers][-1]
        return stored

    def erase(
        self, object_id: str, *, reason: str, statement: str, identity_sha256: str | None = None
    ) -> Future[Stored]:
        """Erase an object's content for good, in all versions. A tombstone with its digests and a ledger line remain.

        `reason` is one of REASONS. `statement` is the id of the object that says who asked for it and why.
        `identity_sha256`, of a licence's identity, lets later runs recognise the licence without storing it. Returns
        the tombstone; if the object was erased before and its content is there again, the content is removed again.

        Raises LegalHold while a hold covers the object, IntegrityError if there is no such object, ValueError for
        tombstones and for terms, which other licences need.
        """
        if reason not in REASONS or object_id.startswith(LASTING):
            raise ValueError(f"{object_id} cannot be erased for the reason {reason!r}")
        ledger_lines.object_path(object_id)
        erasure = Erasure(object_id, reason, statement)
        check_fields(vars(erasure))
        return self._ask(_Removal(erasure, identity_sha256))

    def append(self, type: str, **fields: object) -> Line:
        """Record a line in the ledger durably: ids, digests and numbers. Raises ValueError for names and free text."""
        check_fields(fields)
        line: Line = self._ask((type, fields)).result()
        return line

    def confirm_losses(self, losses: Sequence[RollbackFields], by: str) -> None:
        """Record that a restore from a backup lost this, as a person confirms by name, and how far this machine knows
        it.
        """
        statement = self.put(statement_of("restore", by, RESTORED, datetime.now(UTC))).result().object_id
        for loss in losses:
            self.append("rollback", statement=statement, **loss)
        self._memory.keep_losses(())

    def seal(self, *, whole: bool = False) -> Seal:
        """Sign and timestamp everything that was written, and inform the witnesses. Does nothing if that is already so.

        If no evidence was written since a recent checkpoint, the lines of PRACTICE wait for the next one, unless
        `whole` asks for a checkpoint over the entire ledger. A failing authority or witness gives a warning; the next
        seal asks it again.
        """
        self._ask(None).result()
        means, before = self._means, ledger_lines.newest_checkpoint(self._root)
        rests = not whole and _rests(self._root, self._ledger)
        sealed = _seal(self._ledger, means, self._beside, rests=rests)
        self._name_joined(before)
        with _disk_full(self._root):
            self._memory.left(self._root, self._ledger.head)
            failed = secure(self._root, means.anchors, means.signer, means.state / "anchors.json")
            newest = _, note, tokens = ledger_lines.newest_checkpoint(self._root)
            if newest != before:
                with self.checker() as checker:
                    sealing.check_newest(self._root, means.roots, checker)
            handover = Handover(means.client, sealed.size, note, tuple(tokens))
            given = hand_over(means.witnesses, handover, means.state / "witnesses.json")
            means.note("timestamps", sealed.asked)
            means.note("witness", given)
        self._anchored = False
        said, self._warnings = self._warnings, ()
        return replace(sealed, warnings=(*said, *sealed.warnings, *failed, *warnings_of(handover, given)))

    def changes_reported(self) -> None:
        """Forget the warnings of earlier seals about changes by others: a run has put them where people see them."""
        self._memory.changes_reported()

    def renew(self) -> Seal:
        """Cover all timestamps by new ones before their certificates end, with an anchor and a seal.

        Every seal of new lines does the same; this is for an archive that no longer changes.
        """
        last = self._anchor_fields()
        if last and not self._names(last):
            self._ask(("anchor", last)).result()
        return self.seal(whole=True)

    def qualify(self) -> list[str]:
        """Keep, for all timestamps that state to be qualified, the trusted lists that show it. Returns reasons against.

        A ledger line states what was kept, so that the next timestamp covers it.
        """
        tokens = [
            token
            for _, _, each in ledger_lines.checkpoint_files(self._root / archive_words.CHECKPOINTS)
            for token in each
        ]
        return sealing.keep_lists(self._beside, tokens, self._means.qualify)

    def checker(self) -> AbstractContextManager[openssl_program.TokenChecker]:
        """A checker of signatures that remembers from one command to the next what held."""
        return sealing.remembering(self._means.state / "signatures", self._means.signer)

    def close(self) -> None:
        """Finish all requests and stop."""
        with self._door:
            self._requests.put(None)
            self._failure = self._failure or ValueError("this archive is closed")
        self._thread.join()
        self._threads.shutdown()
        if self._builder:
            self._builder.close()
        if self._disk:
            self._disk.close()

    # ------------------------------------------------------------ the writing thread

    def _ask(self, wish: _Operation) -> Future[Any]:
        answer: Future[object] = Future()
        answer.set_running_or_notify_cancel()  # requests are written, whether anybody waits for them or not
        with self._door:
            if self._failure:
                answer.set_exception(self._failure)
            else:
                self._requests.put(_Request(wish, answer))
        return answer

    def _work(self) -> None:
        batch: list[_Request] = []
        failure: BaseException = RuntimeError("the archive's writing thread stopped")
        try:
            while first := self._postponed or self._requests.get():
                batch = [first]
                with _disk_full(self._root), self._turn:
                    batch = self._take(first)
                    self._commit(batch)
            self._note_intents([])
        except (OSError, ArchiverError) as error:
            failure = error
        finally:  # whatever happened, nobody waits for ever
            with self._door:
                self._failure = self._failure or failure
            waiting = [*batch, self._postponed]
            with suppress(queue.Empty):
                while True:
                    waiting.append(self._requests.get_nowait())
            for request in filter(None, waiting):
                if not request.answer.done():
                    request.answer.set_exception(failure)

    def _take(self, first: _Request) -> list[_Request]:
        """Return the next batch: all requests up to now, at most one for each object."""
        batch, self._postponed = [first], None
        objects = {first.object_id}
        while len(batch) < MAX_BATCH and not self._requests.empty():  # nobody else takes from the queue
            request = self._requests.get()
            if request is None:
                self._requests.put(None)  # for the next batch
                break
            if request.object_id and request.object_id in objects:
                self._postponed = request
                break
            batch.append(request)
            objects.add(request.object_id)
        return batch

    def _commit(self, batch: Sequence[_Request]) -> None:
        """Carry out and answer all requests of a batch. A failure of one object affects only that one."""
        for request in batch:
            self._settle(request)
        self._build([request for request in batch if not request.answer.done()])
        self._ledger.now()  # before anything is placed that could then not be recorded
        due = [(request, request.entry) for request in batch if request.entry and not request.answer.done()]
        self._place([request.staged for request in batch if request.staged], lines=len(due))
        lines = self._append([entry for _, entry in due])
        for (request, _), line in zip(due, lines, strict=True):
            staged = request.staged
            if staged and staged.erasure:
                self._remove(staged.erasure.erases)
            request.answer.set_result(_stored(staged.object_id, line, already=False) if staged else line)
        for request in batch:
            if request.wish is None:
                request.answer.set_result(None)

    def _settle(self, request: _Request) -> None:
        """Answer the request at once, or build what it asks for. New objects are built together, later."""
        try:
            match request.wish:
                case NewObject() as new:
                    self._refuse_erased(new.object_id)
                    if object_path(self._root, new.object_id).exists():
                        request.answer.set_result(_stored(new.object_id, self._recorded(new.object_id), already=True))
                case _NewVersion(object_id, files):
                    self._refuse_erased(object_id)
                    line, before = self._recorded(object_id), self.reader.object(object_id).inventory
                    if sha512(before).hexdigest() != line.fields["inventory_sha512"]:
                        raise IntegrityError(f"the inventory of {object_id} differs from the ledger")
                    request.staged = stage_version(self._new_staging(), object_id, before, files)
                    if request.staged is None:
                        request.answer.set_result(_stored(object_id, line, already=True))
                case _CopiedVersion(object_id, version, source):
                    self._refuse_erased(object_id)
                    here = object_path(self._root, object_id)
                    if (here / version).exists() or (version != "v1" and not _continues(here, source, version)):
                        request.answer.set_result(_stored(object_id, self._recorded(object_id), already=True))
                    else:
                        request.staged = stage_copy(self._new_staging(), object_id, source, version)
                case _Removal(erasure, identity_sha256):
                    self._stage_erasure(request, erasure, identity_sha256)
        except ArchiverError as error:
            if request.staged:
                remove_tree(request.staged.folder)
                request.staged = None
            request.answer.set_exception(error)

    def _stage_erasure(self, request: _Request, erasure: Erasure, identity_sha256: str | None) -> None:
        """Refuse held objects, finish an earlier erasure, or else build the tombstone."""
        object_id = erasure.erases
        refuse_held(self.reader, object_id)
        if line := self._erased(object_id):
            self._remove(object_id)
            request.answer.set_result(_stored(tombstone_id(object_id), line, already=True))
            return
        now = datetime.now(UTC)
        content = tombstone(
            self.reader, object_id, reason=erasure.reason, statement=erasure.statement,
            identity_sha256=identity_sha256, at=now,
        )  # fmt: skip
        request.staged = stage_tombstone(self._new_staging(), tombstone_id(object_id), erasure, content, now)

    def _erased(self, object_id: str) -> Line | None:
        """Return the line that records an erasure. Raises IntegrityError for a tombstone that the ledger does not know.

        Without a tombstone, which is quick to see, the ledger is not read.
        """
        if not object_path(self._root, tombstone_id(object_id)).exists():
            return None
        self._recorded(tombstone_id(object_id))
        return erasure_of(self.reader, object_id)

    def _refuse_erased(self, object_id: str) -> None:
        if line := self._erased(object_id):
            raise Erased(f"{object_id.rpartition(':')[2]} on {line.fields['at']} ({line.fields['reason']})")

    def _remove(self, object_id: str) -> None:
        """Remove an object if it exists: first out of its place with one rename, then file by file."""
        place, gone = object_path(self._root, object_id), self._new_staging()
        if place.exists():
            place.rename(gone)
            sync_folder(place.parent)
            remove_tree(gone)
        self._remove_empty(place)

    def _remove_empty(self, place: Path) -> None:
        """Remove empty folders between the storage root and an object's place; OCFL allows none."""
        for folder in self._between(place):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
                sync_folder(folder.parent)

    def _between(self, place: Path) -> Sequence[Path]:
        return place.parents[: len(place.relative_to(self._root / "evidence").parents) - 1]

    def _build(self, requests: Sequence[_Request]) -> None:
        """Build the new objects side by side, or in a process of their own after many."""
        asked = [(request, request.wish) for request in requests if isinstance(request.wish, NewObject)]
        wanted = [(self._new_staging(), new) for _, new in asked]
        self._built += len(wanted)
        if self._disk and self._disk.turn.wanted and self._built > MIN_OBJECTS_FOR_PROCESS:
            self._builder = self._builder or Builder(self._ledger.handle)
        if self._builder:
            staged = self._builder.build(wanted)
        else:
            stage = partial(stage_object, durable=not self._disk)
            staged = list(self._threads.map(stage, *zip(*wanted, strict=True))) if wanted else []
        for (request, _), each in zip(asked, staged, strict=True):
            request.staged = each

    def _new_staging(self) -> Path:
        return self._staging / str(next(self._numbers))

    def _recorded(self, object_id: str) -> Line:
        line = self._ledger.newest(object_id)
        if line is None:
            raise IntegrityError(f"{object_id} is in the archive but not in the ledger")
        return line

    def _place(self, staged: Sequence[Staged], lines: int) -> None:
        """Place durably what was built: the intents, then the renames. The ledger `lines` follow."""
        if not staged:
            return
        disk = self._disk if self._disk and len(staged) >= MIN_OBJECTS_FOR_DISK_SYNC else None
        self._note_intents(staged, lines, durable=not disk)
        if disk:
            disk.sync()
        elif self._disk:
            list(self._threads.map(make_durable, [each.folder for each in staged]))
        places = [object_path(self._root, each.object_id) for each in staged]
        new = {place.parent for place, each in zip(places, staged, strict=True) if each.version == "v1"}
        if new:
            self._make_evidence()
        for folder in new:
            make_folder(folder)
        changed = {self._move(each, place) for each, place in zip(staged, places, strict=True)}
        if disk:
            disk.sync()
        else:
            list(self._threads.map(sync_folder, changed))
        for each in staged:
            if each.version != "v1":
                publish_version(self._root, self._staging, each.object_id, each.version)

    @staticmethod
    def _move(staged: Staged, place: Path) -> Path:
        """Rename into place. Returns the folder whose entries changed."""
        if staged.version == "v1":
            staged.folder.rename(place)
            return place.parent
        staged.folder.rename(place / staged.version)
        return place

    def _make_evidence(self) -> None:
        """Make the OCFL storage root, complete from the first moment."""
        if not (self._root / "evidence").exists():
            new = self._staging / "evidence"
            make_folder(new)
            write_new(new / "0=ocfl_1.1", b"ocfl_1.1\n")
            sync_folder(new)
            new.rename(self._root / "evidence")
            sync_folder(self._root)

    def _note_intents(self, staged: Sequence[Staged], lines: int = 0, *, durable: bool = True) -> None:
        """Write a signed intent of what comes next, bound to the current ledger.

        It replaces the earlier one, which is recorded.
        """
        new = not self._intents.exists()
        if not staged and (new or not self._intents.stat().st_size):
            return
        text = b"".join(ledger_lines.canonical(each.intent) + b"\n" for each in staged)
        if staged:
            before = self._ledger.head.hash if self._ledger.head else FIRST_PREVIOUS_HASH
            head = {"head": before, "lines": lines, "sha256": sha256(text).hexdigest()}
            signed = head | {"signature": self._sign(ledger_lines.intents_to_sign(head))}
            text = ledger_lines.canonical(signed) + b"\n" + text
        with self._intents.open("wb") as file:
            file.write(text)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if new and durable:
            sync_folder(self._intents.parent)

    def _append(self, entries: Sequence[LedgerEntry]) -> list[Line]:
        """Append ledger lines.

        The first lines after a seal follow an anchor, which proves them younger than its timestamps.
        """
        if not entries:
            return []
        anchor: list[LedgerEntry] = []
        if not self._anchored and entries[0][0] not in ("anchor", "files") and (last := self._anchor_fields()):
            anchor = [] if self._names(last) else [("anchor", last)]
        lines = self._ledger.append([*anchor, *entries])
        self._memory.wrote(lines[-1])
        self._anchored = self._anchored or entries[0][0] != "files"
        return lines[len(anchor) :]

    def _anchor_fields(self) -> sealing.AnchorFields | None:
        """Return what an anchor would name now; None if the newest checkpoint has no timestamp that holds."""
        own = self._beside.holds(archive_words.TSA_ROOTS)  # the archive's roots, which hold those of former authorities
        if not own and not self._means.roots:
            return None
        with self.checker() as checker:
            return sealing.anchored(self._root, () if own else self._means.roots, checker)

    def _name_joined(self, before: ledger_lines.CheckpointFiles) -> None:
        """Name what joined the timestamps of a checkpoint that the ledger has named: else it seems added by others."""
        size, _, tokens = ledger_lines.newest_checkpoint(self._root)
        if size != before[0] or tokens == before[2]:
            return
        if any(line.type == "anchor" for line in lines_from(self._ledger.path, size)) and (
            last := self._anchor_fields()
        ):
            self._ask(("anchor", last)).result()

    def _names(self, last: sealing.AnchorFields) -> bool:
        """Return whether a line after a checkpoint already names what an anchor would name."""
        lines = (line.fields for line in lines_from(self._ledger.path, last["checkpoint"]) if line.type == "anchor")
        return any(last.items() <= fields.items() for fields in lines)

    # ------------------------------------------------------------ recovery

    def _recover(self) -> None:
        """Finish or undo what a killed command left: adopt what an intent names and is complete, remove the rest.

        An erasure is finished if the ledger has its line. Otherwise it is undone: its tombstone goes, the content
        stays.
        """
        for leftover in set(self._staging.iterdir()) - {self._root / archive_words.HOLDER}:
            remove_tree(leftover) if leftover.is_dir() and not leftover.is_symlink() else remove_file(leftover)
        adopted: list[LedgerEntry] = []
        noted = read_file(self._intents) if self._intents.exists() else b""
        intents = ledger_lines.Intents.parse(noted, self._public)
        genuine = intents.cut_off or intents.follows(self._lines_since(intents.head))
        recorded = [each for each in intents.named if self._has_line(each)]
        if not genuine:
            self._refuse_intents(intents, [each for each in intents.named if each not in recorded])
        for intent in intents.named:
            erasing = ":tombstone:" in intent.id
            if intent not in recorded and not genuine:
                self._remove_empty(object_path(self._root, intent.id))
            elif intent not in recorded and erasing:
                self._undo_erasure(**intent._asdict())
            elif intent not in recorded and self._adopt(**intent._asdict()):
                adopted.append(("recovered", intent._asdict()))
            elif genuine and erasing and (line := self._ledger.newest(intent.id)) and line.type == "erasure":
                self._remove(line.fields["erases"])
        self._append(adopted)
        self._note_intents([])

    def _has_line(self, intent: ledger_lines.Intent) -> bool:
        line = self._ledger.newest(intent.id)
        return line is not None and int(line.fields["version"][1:]) >= intent.number

    def _lines_since(self, head: str | None) -> int | None:
        """Return the number of lines, without anchors, after the line with this hash.

        None if the ledger has no such line.
        """
        count = 0 if head == FIRST_PREVIOUS_HASH else None
        for line in self.reader.lines() if head else ():
            if line.hash == head:
                count = 0
            elif count is not None:
                count += line.type != "anchor"
        return count

    def _refuse_intents(self, intents: ledger_lines.Intents, unrecorded: Sequence[ledger_lines.Intent]) -> None:
        """Raise IntegrityError for an intent that was made without the key.

        Unsigned intents of an earlier version are ignored if that version had not put the objects in place.
        """
        placed = [each for each in unrecorded if (self._root / each.inventory).exists()]
        head = self._ledger.head
        signs = head is not None and "signature" in head.fields
        if placed or (signs and (unrecorded or intents.unsigned)):
            about = "".join(f" ({each.id} {each.version})" for each in (placed or unrecorded)[:1])
            raise IntegrityError(
                f"the archiver does not adopt what {self._intents} names{about}, because this archive's key did not "
                "sign it for the present ledger. Anyone with write access may have added it. If an earlier version of "
                "the archiver was killed while it wrote, run that version once more. If not, keep a copy of that file "
                "and of what it names, and move both out of the archive"
            )

    def _undo_erasure(self, id: str, version: str, inventory_sha512: str) -> None:
        place = object_path(self._root, id)
        inventory = place / version / "inventory.json"
        if inventory.exists() and sha512(read_file(inventory)).hexdigest() == inventory_sha512:
            self._remove(id)
        self._remove_empty(place)

    def _adopt(self, id: str, version: str, inventory_sha512: str) -> bool:
        """Return whether the version is in place and undamaged. A new version is completed first."""
        place = object_path(self._root, id)
        inventory = place / version / "inventory.json"
        if not inventory.exists() or sha512(read_file(inventory)).hexdigest() != inventory_sha512:
            self._remove_empty(place)  # a kill just before the object was placed
            return False
        if version != "v1":
            publish_version(self._root, self._staging, id, version)
        for folder in (*self._between(place), self._root / "evidence", self._root):
            sync_folder(folder)
        return not any(finding.damage for finding in ocfl_object.check_object(place).findings)


def _continues(here: Path, source: Path, version: str) -> bool:
    """Return whether a version of an object elsewhere follows the newest one here."""
    before = source / f"v{int(version[1:]) - 1}" / "inventory.json"
    return read_file(here / "inventory.json") == read_file(before)


def _stored(object_id: str, line: Line, *, already: bool) -> Stored:
    return Stored(object_id=object_id, version=line.fields["version"], seq=line.seq, already=already)
