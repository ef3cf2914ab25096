"""Remember what this machine last saw of an archive, outside that archive, so that forgers there cannot change it.

The memory is disposable and proves nothing. Differences give a warning, because an archive can look intact from inside
although its end was cut off or a file was swapped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import archive_words, ledger_lines, regular_files, signed_notes
from archiver.archive.ledger import Line, read_lines
from archiver.archive.reader import key_in, signer_key
from archiver.core.atomic_files import change_times_hold, read_file, remove_tree, replace_file
from archiver.core.errors import IntegrityError, Remedy
from archiver.core.json_files import checked, write_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

STEADY_NS = 2 * 10**9  # clocks of file systems tick: within this time, a second change may leave no trace
SINGLE_FILES = (archive_words.TOOL,)  # the ledger states the others


KNOWN_KEY = "signer-public.pem"  # in the disposable folder of an archive


@dataclass(frozen=True, kw_only=True)
class LostEnd:
    """An end of the ledger that this machine saw and that is no longer there: the ledger had `lines`, the last of which
    began at the byte `offset` and had this `hash` (hex). At least `kept` of them were there when this was noticed.
    """

    lines: int
    offset: int
    hash: str
    kept: int = 0

    def is_in(self, ledger: Path) -> bool:
        """Whether a ledger has this line. Each line holds the hash of the one before, so it has all earlier ones."""
        with suppress(IntegrityError):  # no line begins there
            line = next(read_lines(ledger, self.offset), None)
            return line is not None and line.hash == self.hash
        return False

    @property
    def finding(self) -> str:
        """What a verdict says of it, after the ledger's path."""
        return f"had {self.lines} lines when this machine last wrote to it, which are no longer its first {self.lines}"

    def sentence(self, client: str) -> str:
        """The loss in a sentence."""
        return (
            f"The ledger of {client} had {self.lines} lines when this machine last wrote to it. Now it has fewer, or "
            "others in their place. Find out who changed it, and put the newer archive back. If you restored it from a "
            "backup, record that, and repeat all imports and erasures since that backup."
        )


class LastSeen:
    """Five files in the disposable folder.

    `head` is the newest ledger line that this machine wrote. `lost.json` has the ends of the ledger that were cut off,
    until they are there again or a `rollback` line names them. `files.json` has the SHA-256 of each file outside
    objects and of the newest checkpoint. `signer-public.pem` is the key with which it wrote. `unreported.json` has the
    sentences about changes that no run has told yet: other commands may drop them, and the trace is gone once it is
    mended.
    """

    def __init__(self, folder: Path) -> None:
        self._files, self._key, self._head = folder / "files.json", folder / KNOWN_KEY, -1
        self._unreported, self._lost = folder / "unreported.json", folder / "lost.json"
        with suppress(OSError):  # a full disk: remember nothing
            folder.mkdir(parents=True, exist_ok=True)
            self._head = os.open(folder / "head", os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)

    def wrote(self, line: Line) -> None:
        """Remember the newest line. Not durable: after a power cut the memory is older, which does no harm."""
        with suppress(OSError):
            os.lseek(self._head, 0, os.SEEK_SET)
            os.write(self._head, b"%020d %020d %s\n" % (line.seq, line.offset, line.hash.encode()))

    def left(self, root: Path, head: Line | None) -> None:
        """Remember the files as they are now, and the newest line."""
        if head:
            self.wrote(head)
        new = self._files.with_suffix(".new")
        with suppress(OSError):
            new.write_text(json.dumps(dict(_digests(root))), "ascii")
            new.replace(self._files)

    def wrote_with(self, key: bytes) -> None:
        """Remember the archive's public key. Who replaces a whole archive brings a key of his own."""
        _remember(self._key, key)

    def losses(self, root: Path) -> list[LostEnd]:
        """Return the ends of the ledger that this machine saw, that are not there, and that no `rollback` names."""
        ledger, seen = root / archive_words.LEDGER, [*self._known_losses(), *self._seen_head()]
        lost = {each.hash: each for each in reversed(seen) if not each.is_in(ledger)}
        if not lost:
            return []
        size = 0
        for line in read_lines(ledger):
            size += 1
            if b'"type":"rollback"' in line.raw:
                lost.pop(str(line.fields.get("head")), None)
        return [replace(each, kept=each.kept or (size if size < each.lines else 0)) for each in lost.values()]

    def keep_losses(self, losses: Sequence[LostEnd]) -> None:
        """Remember these losses, before new lines are written. What cannot be kept is not written over."""
        try:
            if losses or self._lost.exists():
                write_json(self._lost, [asdict(each) for each in losses])
        except OSError:
            self.close()
            self._head = -1

    def differences(self, client: str, root: Path) -> list[str]:
        """Return one sentence for each difference from what this machine left."""
        lost = (f"{each.sentence(client)} {self.confirm(client)}" for each in self.losses(root))
        return [*lost, *self._file_doubts(client, root)]

    def confirm(self, client: str) -> Remedy:
        """What a person does to confirm the losses after an honest restore."""
        return Remedy("after restore", {"client": client, "checkpoint": str(self._files.parent)})

    @property
    def lines(self) -> int:
        """The most lines that this machine saw; 0 if it saw none."""
        return max((each.lines for each in [*self._known_losses(), *self._seen_head()]), default=0)

    def _known_losses(self) -> list[LostEnd]:
        with suppress(OSError, ValueError):
            return checked(list[LostEnd], read_file(self._lost))
        return []

    def _seen_head(self) -> Iterator[LostEnd]:
        with suppress(OSError, ValueError):
            os.lseek(self._head, 0, os.SEEK_SET)
            seq, offset, digest = os.read(self._head, 200).split()
            yield LostEnd(lines=int(seq) + 1, offset=int(offset), hash=digest.decode())

    def _file_doubts(self, client: str, root: Path) -> Iterator[str]:
        look = Remedy("verify", {"client": client})
        with suppress(OSError, ValueError, AttributeError):
            for path, digest in json.loads(read_file(self._files)).items():
                if _digest(root / path) != digest:
                    what = "was changed after this machine wrote it" if (root / path).exists() else "is missing"
                    yield f"{path} in the archive of {client} {what}. {look}"

    def unreported(self, new: Sequence[str]) -> list[str]:
        """Return the sentences that no run has told yet, with these new ones, and keep them."""
        before = list[str]()
        with suppress(OSError, ValueError):
            before = checked(list[str], read_file(self._unreported))
        every = list(dict.fromkeys([*before, *new]))
        with suppress(OSError):
            if every != before:
                write_json(self._unreported, every)
        return every

    def changes_reported(self) -> None:
        """A run has told them."""
        with suppress(OSError):
            self._unreported.unlink(missing_ok=True)

    def close(self) -> None:
        if self._head >= 0:
            os.close(self._head)


def _remember(file: Path, key: bytes) -> None:
    pem = signed_notes.pem_of_key(key)
    with suppress(OSError):
        if not file.exists() or read_file(file) != pem:
            replace_file(file, pem)


def known_key(folder: Path) -> Path | None:
    """Return the file of the key with which this machine wrote to an archive; None if it never did."""
    with suppress(IntegrityError):
        key_in(folder / KNOWN_KEY)
        return folder / KNOWN_KEY
    return None


def has_written(folder: Path) -> bool:
    """Whether this machine remembers a ledger line that it wrote."""
    with suppress(OSError):
        return (folder / "head").stat().st_size > 0
    return False


def forget(folder: Path, root: Path) -> None:
    """Forget what this machine saw last of an archive, since another state of it is now there, but not its key.

    The caller knows that the key there is the right one, which also takes the place of an earlier one.
    """
    for each in folder.glob("*"):
        if each.is_dir():
            remove_tree(each)
        elif each.name != KNOWN_KEY:
            each.unlink(missing_ok=True)
    if (folder / KNOWN_KEY).exists():
        _remember(folder / KNOWN_KEY, signer_key(root))


def has_known_key(folder: Path, root: Path) -> bool:
    """Whether an archive has the key with which this machine wrote to it, if it ever did."""
    known = known_key(folder)
    with suppress(IntegrityError):
        return known is None or key_in(known) == signer_key(root)
    return False


def _digests(root: Path) -> Iterator[tuple[str, str]]:
    paths = [root / each for each in SINGLE_FILES]
    _, note, tokens = ledger_lines.newest_checkpoint(root)
    paths += [note, *tokens]
    for path in paths:
        if digest := _digest(path):
            yield path.relative_to(root).as_posix(), digest


def _digest(path: Path) -> str | None:
    with suppress(OSError):
        content = regular_files.content(path)
        own, digest = own_verifier()  # as a rule the same, and larger than all else
        return digest if content == own else hashlib.sha256(content).hexdigest()
    return None


@cache
def own_verifier() -> tuple[bytes, str]:
    """Return the verifier of this version of the program, and its SHA-256."""
    content = Path(CARRIED).read_bytes()
    return content, hashlib.sha256(content).hexdigest()


class CheckpointListing:
    """The names in an archive's folder of checkpoints. If no entry of it or of a witness's folder has changed since the
    last comparison, it is `unchanged`, and `names` are only those of the newest checkpoint, so that nothing is listed.

    A program cannot set back the time when a folder's entries changed, as the kernel has it. What is remembered of it
    is signed with a key that follows from the client's signing key, so that forgers can only make the program list.
    """

    def __init__(self, file: Path, signer: Ed25519PrivateKey, folder: Path, witnesses: Sequence[Path]) -> None:
        self._file, self._folders = file, (folder, *witnesses)
        self._key = hashlib.sha256(b"archiver: folders that were compared\n" + signer.private_bytes_raw()).digest()
        self._states = [_folder_state(each) for each in self._folders]  # before the names are read
        remembered = self._remembered()
        self.unchanged = remembered is not None
        self.names = os.listdir(folder) if remembered is None else remembered  # noqa: PTH208  # there may be thousands

    def compared(self, newest: ledger_lines.CheckpointFiles) -> None:
        """Remember that no witness has what the archive lacks, and the newest checkpoint, which all of them have."""
        names = "/".join(path.name for path in (newest[1], *newest[2])).encode()
        new, changed = self._file.with_suffix(".new"), max(max(each[2:], default=0) for each in self._states)
        if changed + STEADY_NS < time.time_ns() and all(map(change_times_hold, self._folders)):
            with suppress(OSError):
                new.write_bytes(self._mark(names) + names)
                new.replace(self._file)

    def _remembered(self) -> list[str] | None:
        with suppress(OSError):
            stored = read_file(self._file)
            mark, names = stored[:32], stored[32:]
            if hmac.compare_digest(mark, self._mark(names)):
                return names.decode().split("/")
        return None

    def _mark(self, names: bytes) -> bytes:
        return hmac.digest(self._key, repr(self._states).encode() + names, "sha256")


def _folder_state(folder: Path) -> tuple[int, ...]:
    """Return what identifies a folder, and when it changed in nanoseconds; nothing if it is not there."""
    try:
        found = folder.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns
