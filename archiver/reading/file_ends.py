"""Whether a file has all of its bytes, by its format's own marks and sizes, and what it is. Nothing is decoded."""

from __future__ import annotations

import re

PDF_MARGIN_BYTES = 1024  # readers look for a PDF's end mark in its last KiB
ZIP_END_BYTES = 22  # of the record behind the list of a zip's files; a comment may follow it
_PADDING = b"\0 \t\r\n\f"
_BOX = re.compile(rb"[A-Za-z0-9 ]{4}")  # the name of a part of an MP4 or AVIF
_ZIP64 = 0xFFFFFFFF  # the place is stated in another record, as it needs more bytes
_STATED = re.compile(rb"/Linearized\b[^>]{0,400}?/L\s+(\d{1,10})\b")
_REVISION = re.compile(  # begins with an object or a table of places, or with a part of either, where it is cut
    rb"[1-9]\d{0,9}\s+\d{1,5}(?:\s+(?:o|ob|obj\b.*)?)?\Z|(?:xr|xre|xref|st[artxef]{0,7})\s*\Z|xref\b"
    rb"|.*\b(?:endobj\b|endstream\b|trailer\s*<<|startxref\s+\d)",
    re.DOTALL,
)
_COMMENT = re.compile(rb"(?:%[^\r\n]*(?:[\r\n]+|\Z)|[\0\s]+)+")
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)  # of a JPEG, and none within its coded data


def is_whole_pdf(content: bytes) -> bool:
    """Whether a PDF ends with its end mark, and is as long as it states itself, if it does.

    A file may be followed by padding, comments or what a server appended. Objects or a table of their places begin
    another revision, which is cut: it has no end mark of its own.
    """
    stated = _STATED.search(content, 0, PDF_MARGIN_BYTES)
    if stated and int(stated[1]) > len(content):
        return False
    end = content.rfind(b"%%EOF")
    after = content[end + len(b"%%EOF") :].strip(_PADDING)  # however long that is
    if end < 0 or len(after) > PDF_MARGIN_BYTES:
        return False
    after = after[skipped.end() :] if (skipped := _COMMENT.match(after)) else after
    return not _REVISION.match(after)


def picture_type(content: bytes) -> str | None:
    """The media type of a picture by its first bytes, whatever a server says; None for all else."""
    if content[4:8] == b"ftyp":
        return "image/avif" if content[8:12] in (b"avif", b"avis") else None
    if content.startswith(b"RIFF"):
        return "image/webp" if content[8:12] == b"WEBP" else None
    return next((kind for start, kind in _PICTURES.items() if content.startswith(start)), None)


_PICTURES = {
    b"\xff\xd8": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF87a": "image/gif", b"GIF89a": "image/gif",
}  # fmt: skip


def is_whole_file(content: bytes) -> bool | None:
    """Whether a picture (JPEG, PNG, GIF, WebP, AVIF), a WAV, an MP4 or a zip, as office documents are, has its end.

    None for all else.
    """
    if content.startswith(b"\xff\xd8"):
        return _is_whole_jpeg(content)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _is_whole_png(content)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _is_whole_gif(content)
    if content.startswith(b"RIFF"):
        size = int.from_bytes(content[4:8], "little")
        return None if size in (0, _ZIP64) and len(content) >= 12 else 12 <= 8 + size <= len(content)
    if content[4:8] == b"ftyp":
        return _is_whole_of_boxes(content)
    if content.startswith(b"PK\x03\x04"):
        return _is_whole_zip(content)
    return None


def _is_whole_zip(content: bytes) -> bool:
    """Whether a record of the end, with its comment, names where the list of files begins. That of a zip within this
    one counts from that one's beginning, so it names another place.
    """
    at = len(content)
    while (at := content.rfind(b"PK\x05\x06", 0, at)) >= 0:
        size, listed = (int.from_bytes(content[at + n : at + n + 4], "little") for n in (12, 16))
        end = at + ZIP_END_BYTES + int.from_bytes(content[at + 20 : at + 22], "little")
        there = listed + size <= at and content.startswith(b"PK\x01\x02", listed) if size else listed == at
        if end <= len(content) and (there or _ZIP64 in (size, listed)):
            return True
    return False


def _is_whole_of_boxes(content: bytes) -> bool | None:
    """Whether the last part of an MP4 or AVIF ends within the file, and those that it needs are there. Each states its
    size. None where one reaches to the end, however far that is, or where its pictures may lie elsewhere.
    """
    at, names = 0, set[bytes]()
    while at < len(content):
        size, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if len(name) == 4 and not _BOX.fullmatch(name):
            break  # padding, or what a server added
        if len(name) < 4:
            if content[at:].strip(_PADDING):
                return False
            break
        if size == 0:
            return None
        size = int.from_bytes(content[at + 8 : at + 16]) if size == 1 else size
        at += max(8, size)
        names.add(name)
    if at > len(content) or names == {b"ftyp"}:
        return False
    return not names.isdisjoint((b"moov", b"moof", b"meta")) if b"mdat" in names else None


def _is_whole_jpeg(content: bytes) -> bool:
    """Whether the end mark follows the segments. A preview within one of them has its own, which says nothing."""
    at = 2
    while found := _MARKER.search(content, at):
        if found[1] == b"\xd9":
            return True
        at = found.end()
        if found[1] != b"\x01":  # the only other mark without a length
            at += max(2, int.from_bytes(content[at : at + 2]))
    return False


def _is_whole_png(content: bytes) -> bool:
    at = 8
    while at + 12 <= len(content):
        if content[at + 4 : at + 8] == b"IEND":
            return True
        at += 12 + int.from_bytes(content[at : at + 4])
    return False


def _is_whole_gif(content: bytes) -> bool:
    """Whether the blocks are whole, each of which is a head and parts that state their length. Some programs write no
    end mark behind the last one.
    """
    has_picture = False
    at = 13 + _palette(content[10:11])
    while (kind := content[at : at + 1]) in (b"!", b","):
        has_picture = has_picture or kind == b","
        at += 2 if kind == b"!" else 11 + _palette(content[at + 9 : at + 10])
        while size := int.from_bytes(content[at : at + 1]):
            at += 1 + size
        at += 1
    return kind == b";" or (has_picture and at <= len(content))


def _palette(flags: bytes) -> int:
    """The bytes of the table of colours that follows a head with these flags."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0
