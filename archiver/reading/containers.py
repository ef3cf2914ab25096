"""Read the files in zips, letters and mboxes, as bytes or with a reason for the refusal. Runs in a reader process.

Nothing is unpacked to disk, and names in containers are never used as paths. Files that need too much memory, time or
depth are refused. The process that walks a disk calls `unpack`.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import re
import stat
import struct
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256
from typing import IO, TYPE_CHECKING, BinaryIO

from archiver.reading.mail import ParsedMail, Unreadable, looks_like_mail, messages, plain, read_mail
from archiver.reading.outlook import COMPOUND_FILE

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, DocumentReader, ReaderJob

MAX_FILE_BYTES = 50 << 20  # bytes of a file that is read; of a larger one only the digest is known
MAX_DEPTH = 5  # containers in containers
MAX_MEMBERS = 20_000  # of one container, with all that is in it
MAX_UNPACKED_BYTES = 4 << 30  # that one container unpacks to, with all that is in it
TOO_DEEP_MEMBERS = 1000  # members that a container in too many others counts as, since a bomb has thousands of those
MAX_COMPRESSION_RATIO, RATIO_FROM = (
    200,
    1 << 20,
)  # a member that unpacks to more than this many times its size, and to this many bytes
MAX_DIRECTORY_BYTES = 32 << 20  # bytes of a zip's list of members
CHUNK_BYTES = 1 << 20
UNPACK_TIMEOUT_S = 60.0  # from one file in a container to the next
MAX_LETTERS_S = 30.0  # of the processor, that all letters in one container may take beyond what honest ones take
HONEST_LETTER_S, HONEST_BYTES_PER_S = 0.05, 10 << 20  # of the processor: a letter, and its bytes

# Made of zips, and one document each.
_ONE_DOCUMENT = (
    ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".jar", ".apk", ".pages", ".numbers", ".key", ".sketch",
    ".idml", ".xpi", ".whl", ".3mf", ".kmz",
)  # fmt: skip
_DRIVE = re.compile(r"[A-Za-z]:")
_SPAN = struct.Struct(">QQ")  # where a container's bytes are asked for, and how many


@dataclass(frozen=True, kw_only=True)
class Item:
    """One file. `path` begins with the last part of the path that was given: `papers/mail.eml!certificate.pdf`.

    `content` is None where it is larger than `MAX_FILE_BYTES`. `mail` is what a letter says; `within` is the digest of
    the letter that a file was attached to. `dated` is the day (UTC) of the file as its file system or its zip gives it.
    `file` is the path of the file on disk that it is or lies in: names of files may hold a `!`, too.
    """

    path: str
    size: int
    sha256: str
    content: bytes | None
    mail: ParsedMail | None = None
    within: str | None = None
    dated: date | None = None
    file: str = ""

    @property
    def name(self) -> str:
        return re.split(r"[/!]", self.path)[-1]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Something that was not read: its name, and the reason. `file` as of an `Item`."""

    path: str
    reason: str
    file: str = ""


@dataclass
class Budget:
    """How much one outermost container may still unpack to."""

    members: int = MAX_MEMBERS
    bytes: int = MAX_UNPACKED_BYTES
    seconds: float = field(default_factory=lambda: MAX_LETTERS_S)


@dataclass(frozen=True)
class ContainerPlace:
    """Where the walk stands inside containers."""

    path: str
    depth: int = 0
    budget: Budget = field(default_factory=Budget)
    within: str | None = None
    dated: date | None = None

    def inside(self, name: str, within: str | None = None, dated: date | None = None) -> ContainerPlace:
        return ContainerPlace(
            f"{self.path}!{display_name(name)}", self.depth + 1, self.budget, within or self.within, dated
        )


def display_name(name: str) -> str:
    """A name of any origin as text that can be stored and printed. Two names stay two."""
    return os.fsencode(name).decode("utf-8", "backslashreplace").replace("\0", "\N{REPLACEMENT CHARACTER}")


class BoundedReader(io.BufferedReader):
    """A file that is never read whole by mistake: zipfile reads a zip's list of members at one go."""

    most = MAX_DIRECTORY_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:  # Python 3.12.1 reads the end of a zip so
            here = self.tell()
            size = self.seek(0, io.SEEK_END) - here
            self.seek(here)
        if size > max(self.most, CHUNK_BYTES):
            raise zipfile.BadZipFile("it has too many members")
        return super().read(size) or b""


# ---------------------------------------------------------------- to a reader process and back


@dataclass(frozen=True, kw_only=True)
class _Found:
    """An item or a refusal on its way out of a reader process. `content` says what follows, or why nothing does."""

    path: str
    refused: str | None = None
    size: int = 0
    sha256: str = ""
    content: str = "none"
    headers: dict[str, str] | None = None
    within: str | None = None
    dated: date | None = None


def unpack(
    reader: DocumentReader, place: ContainerPlace, content: bytes, read: Callable[[int, int], bytes] | None = None
) -> Iterator[Item | Refused]:
    """The content of a letter (`content`), or of a zip or mbox whose bytes `read` gives (from which place, how many at
    most).

    A reader process takes it apart, and its worker is busy until the end.
    """
    from archiver.core.json_files import checked
    from archiver.reading.worker import MADE_UP, ReaderFailed

    budget = place.budget
    wish = {"path": place.path, "members": budget.members, "bytes": budget.bytes, "seconds": budget.seconds,
            "largest": MAX_DIRECTORY_BYTES, "chunk": CHUNK_BYTES,
            "dated": place.dated and str(place.dated), "letter": read is None}  # fmt: skip

    def answer(question: bytes) -> bytes:
        at, size = _SPAN.unpack(question)
        return read(at, min(size, CHUNK_BYTES)) if read else content

    answers = reader.stream(f"{__name__}:unpacking", json.dumps(wish).encode(), UNPACK_TIMEOUT_S, answer)
    try:
        for head in answers:
            found = checked(_Found, head)
            if found.path != place.path and not found.path.startswith(f"{place.path}!"):
                raise ValueError("a file from outside the archive")
            if found.refused is not None:
                yield Refused(path=found.path, reason=found.refused)
                continue
            kept = {"given": content, "none": None}[found.content] if found.content != "follows" else next(answers)
            mail = (
                ParsedMail(headers=found.headers, text=next(answers).decode(), html=next(answers).decode())
                if found.headers is not None
                else None
            )
            digest = found.sha256 if kept is None else sha256(kept).hexdigest()
            yield Item(path=found.path, size=found.size if kept is None else len(kept), sha256=digest, content=kept,
                       mail=mail, within=found.within, dated=found.dated)  # fmt: skip
    except ReaderFailed as failed:
        yield Refused(path=place.path, reason=str(failed))
    except (ValueError, LookupError, StopIteration, struct.error):
        yield Refused(path=place.path, reason=MADE_UP)
    finally:
        answers.close()


def unpacking() -> ReaderJob:
    """The reader process's side of `unpack`."""

    def work(request: bytes, channel: Channel) -> bytes:
        global CHUNK_BYTES
        wish = json.loads(request)
        CHUNK_BYTES, BoundedReader.most = wish["chunk"], wish["largest"]
        dated = wish["dated"] and date.fromisoformat(wish["dated"])
        place = ContainerPlace(
            wish["path"], budget=Budget(wish["members"], wish["bytes"], wish["seconds"]), dated=dated
        )
        if wish["letter"]:
            content = channel.ask(_SPAN.pack(0, 0))  # a large letter is in the memory of each side once
            found = _taken_apart(sha256(content).hexdigest(), content, len(content), place)
        else:
            content, file = None, BoundedReader(_Remote(channel), 1 << 16)
            found = _zip(file, place) if is_zip(file.peek(8192)[:8192], place.path) else _mbox(file, place)
        for each in found:
            _tell(each, given=content, channel=channel)
        return b""

    return work


def _tell(each: Item | Refused, given: bytes | None, channel: Channel) -> None:
    if isinstance(each, Refused):
        channel.tell(json.dumps({"path": each.path, "refused": plain(each.reason)}).encode())
        return
    kept = "none" if each.content is None else "given" if each.content is given else "follows"
    headers = {name: plain(value) for name, value in each.mail.headers.items()} if each.mail else None
    head = _Found(path=each.path, size=each.size, sha256=each.sha256, content=kept, within=each.within, headers=headers)
    channel.tell(json.dumps(asdict(head) | {"dated": each.dated and str(each.dated)}).encode())
    if kept == "follows":
        channel.tell(each.content or b"")
    if each.mail:
        channel.tell(each.mail.text.encode("utf-8", "replace"))
        channel.tell(each.mail.html.encode("utf-8", "replace"))


class _Remote(io.RawIOBase):
    """A file that another process reads."""

    def __init__(self, channel: Channel) -> None:
        self._channel, self._at = channel, 0
        self._size = int.from_bytes(channel.ask(_SPAN.pack(0, 0)))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        found = self._channel.ask(_SPAN.pack(self._at, min(len(buffer), CHUNK_BYTES)))[: len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


# ---------------------------------------------------------------- in containers


def taken(file: IO[bytes] | io.FileIO, most: int | None = None) -> tuple[str, bytes | None, int]:
    """SHA-256, bytes (None above `MAX_FILE_BYTES`) and size of what can be read; ValueError beyond `most` bytes."""
    digest, kept, size = sha256(), bytearray(), 0
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if most is not None and size > most:
            raise ValueError("it is larger than its container says")
        if size <= MAX_FILE_BYTES:
            kept += chunk
    return digest.hexdigest(), bytes(kept) if size <= MAX_FILE_BYTES else None, size


def is_zip(start: bytes, path: str) -> bool:
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not path.lower().endswith(_ONE_DOCUMENT)


def is_mbox(start: bytes, path: str) -> bool:
    return start.startswith(b"From ") and (path.lower().endswith((".mbox", ".mbx", "/mbox")) or looks_like_mail(start))


def _taken_apart(digest: str, content: bytes | None, size: int, place: ContainerPlace) -> Iterator[Item | Refused]:
    """A file whose bytes are there, and what it contains."""
    if place.depth > MAX_DEPTH:
        yield Refused(path=place.path, reason=f"it is nested more than {MAX_DEPTH} containers deep")
        return
    start = (content or b"")[:8192]
    mail = None
    if content is not None and place.depth and is_zip(start, place.path):
        yield from _zip(io.BytesIO(content), place)
        return
    if content is not None and place.depth and is_mbox(start, place.path):
        yield from _mbox(io.BytesIO(content), place)
        return
    if content is not None and is_letter(start, place.path):
        try:
            mail = _letter(content, place.budget)
        except Unreadable as error:
            yield Refused(path=place.path, reason=str(error))
            return
    yield Item(
        path=place.path, size=size, sha256=digest, content=content, mail=mail, within=place.within, dated=place.dated
    )
    for name, attachment in mail.attachments if mail else ():
        yield from _member(attachment, place.inside(name, digest))


def _letter(content: bytes, budget: Budget) -> ParsedMail:
    """Raises Unreadable for a letter that cannot be read, and for all once they took too long together."""
    if budget.seconds <= 0:
        raise Unreadable("the letters before it took longer to read than any honest ones")
    began = time.process_time()
    try:
        return read_mail(content)
    finally:
        honest = HONEST_LETTER_S + len(content) / HONEST_BYTES_PER_S
        budget.seconds -= max(0.0, time.process_time() - began - honest)


def is_letter(start: bytes, path: str) -> bool:
    """A letter, also one without the name of one, as some programs and mboxes keep them; or a page saved as MHTML."""
    if start.startswith(COMPOUND_FILE):
        return path.lower().endswith(".msg")  # as old files of Word and Excel begin, too
    return path.lower().endswith((".eml", ".mhtml", ".mht")) or (
        "." not in path.rpartition("/")[2].rpartition("!")[2][-6:] and looks_like_mail(start)
    )


def _member(content: bytes, place: ContainerPlace) -> Iterator[Item | Refused]:
    """What lies in a container, as bytes."""
    place.budget.members -= 1
    place.budget.bytes -= len(content)
    if place.budget.members < 0 or place.budget.bytes < 0:
        yield Refused(path=place.path, reason="its container holds more than any honest one")
    else:
        yield from _taken_apart(sha256(content).hexdigest(), content, len(content), place)


def _mbox(file: BinaryIO, place: ContainerPlace) -> Iterator[Item | Refused]:
    for number, letter in enumerate(messages(file, MAX_FILE_BYTES), 1):
        inside = place.inside(f"{number}.eml")
        if isinstance(letter, int):
            yield Refused(path=inside.path, reason=f"it is larger than {MAX_FILE_BYTES >> 20} MB")
        elif place.budget.members <= 0:
            yield Refused(path=inside.path, reason=f"its container holds more than {MAX_MEMBERS} files")
            return
        else:
            yield from _member(letter, inside)


def _zip(file: BinaryIO, place: ContainerPlace) -> Iterator[Item | Refused]:
    if place.depth >= MAX_DEPTH:
        place.budget.members -= TOO_DEEP_MEMBERS
        yield Refused(path=place.path, reason=f"it is nested more than {MAX_DEPTH} containers deep")
        return
    try:
        opened = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        # zipfile raises NotImplementedError for compression methods that it does not know; the file is refused by name.
        yield Refused(path=place.path, reason=f"it cannot be opened as a zip ({error})")
        return
    with opened:
        members = [info for info in opened.infolist() if not info.is_dir()]
        if fault := _overlap(members) or (
            f"it has {len(members)} members, more than the {MAX_MEMBERS} that are read"
            if len(members) > place.budget.members
            else None
        ):
            yield Refused(path=place.path, reason=fault)
            return
        times = Counter(info.filename for info in members)
        for info in members:
            written = None
            with suppress(ValueError):  # a zip may say the 31st of April
                written = date(*info.date_time[:3])
            inside = place.inside(info.filename, dated=written)
            if fault := _fault(info, times[info.filename], place.budget):
                yield Refused(path=inside.path, reason=fault)
                continue
            try:
                with opened.open(info) as member:
                    digest, content, size = taken(member, info.file_size)
            except (
                zipfile.BadZipFile,
                zlib.error,
                lzma.LZMAError,
                EOFError,
                OSError,
                RuntimeError,
                ValueError,
            ) as error:
                yield Refused(path=inside.path, reason=f"it cannot be unpacked ({error})")
                continue
            place.budget.members -= 1
            place.budget.bytes -= size
            yield from _taken_apart(digest, content, size, inside)


def _overlap(members: Sequence[zipfile.ZipInfo]) -> str | None:
    """Members that share bytes, as in a bomb; no program writes such a zip."""
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            return "its members overlap, as in a bomb"
        end = info.header_offset + 30 + info.compress_size
    return None


def _fault(info: zipfile.ZipInfo, times: int, budget: Budget) -> str | None:
    """Why a member of a zip is not read."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return "its name leads out of its container"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link, and links are not followed"
    if times > 1:
        return f"its container has {times} files of this name"
    if info.flag_bits & 1:
        return "it is encrypted; unpack it and import what is inside"
    if info.file_size > RATIO_FROM and info.file_size > MAX_COMPRESSION_RATIO * max(info.compress_size, 1):
        return f"it unpacks to {info.file_size // max(info.compress_size, 1)} times its size, as a bomb does"
    if info.file_size > budget.bytes:
        gigabytes = MAX_UNPACKED_BYTES >> 30
        return f"its container unpacks to more than {gigabytes} GB, or to {MAX_COMPRESSION_RATIO} times its size"
    return None
