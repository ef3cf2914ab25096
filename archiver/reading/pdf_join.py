"""Join PDFs of any origin into one that only shows pages. Call `join_pdfs` only in a process with limits."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence

from archiver.reading.documents import broken

MAX_PAGES = 60  # of one document; a document with more is not taken
PRINTED_ANNOTATIONS = frozenset({"/Widget", "/Stamp", "/FreeText", "/Ink", "/Highlight", "/Line", "/Square", "/Circle"})
"""Annotations that are part of what a page looks like. All others (links, files, sounds, films) are left out."""

_LENGTH = struct.Struct(">Q")


def packed(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """Names and contents in one message."""
    return b"".join(_LENGTH.pack(len(each)) + each for name, content in parts for each in (name.encode(), content))


def unpacked(message: bytes) -> Iterator[tuple[str, bytes]]:
    """The inverse of `packed`."""
    fields, at = [], 0
    while at < len(message):
        (length,) = _LENGTH.unpack_from(message, at)
        at += _LENGTH.size + length
        fields.append(message[at - length : at])
    yield from zip((name.decode() for name in fields[::2]), fields[1::2], strict=True)


def join_pdfs(parts: Iterator[tuple[str, bytes]]) -> bytes:
    """The pages of all parts, each part under its name in the outline; empty if one cannot be read.

    Leaves out scripts, actions, forms, links, attachments, dates and programs' names: so the same parts give the same
    bytes.
    """
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import ArrayObject, NameObject

    writer = PdfWriter()
    try:
        for name, content in parts:
            reader = PdfReader(io.BytesIO(content))
            if not 0 < len(reader.pages) <= MAX_PAGES:
                return b""
            writer.append(reader, outline_item=name, import_outline=False)
        for page in writer.pages:
            for key in ("/AA", "/PieceInfo", "/Metadata", "/StructParents", "/Tabs"):
                page.pop(NameObject(key), None)
            found = [each.get_object() for each in page.get("/Annots") or ()]
            printed = [each for each in found if each.get("/Subtype") in PRINTED_ANNOTATIONS]
            for each in printed:
                for key in ("/A", "/AA", "/PA", "/Popup", "/Parent", "/P"):
                    each.pop(NameObject(key), None)
            page.pop(NameObject("/Annots"), None)
            if printed:
                page[NameObject("/Annots")] = ArrayObject(writer._add_object(each) for each in printed)
        for key in ("/Names", "/OpenAction", "/AA", "/AcroForm", "/Metadata", "/Dests"):
            writer.root_object.pop(NameObject(key), None)
        writer.metadata = {"/Producer": "archiver"}
        writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
        out = io.BytesIO()
        writer.write(out)
    except broken():
        return b""
    return out.getvalue()
