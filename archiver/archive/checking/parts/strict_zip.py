"""A zip, read strictly: nothing that programs unpack differently."""

from __future__ import annotations

import contextlib
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from archiver.archive.checking.parts.archive_words import Malformed, must
from archiver.archive.checking.parts.ocfl_object import is_path
from archiver.archive.checking.parts.regular_files import BLOCK_BYTES
from archiver.archive.checking.parts.signed_notes import utf8_text

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
