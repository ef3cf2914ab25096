"""Join PDFs of any origin into one that only shows pages. Call `join_pdfs` only in a process with limits."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archiver.reading.documents import broken

if TYPE_CHECKING:
    from pypdf import PdfWriter

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


def join_pdfs(parts: Iterator[tuple[str, bytes]], enclosed: Sequence[tuple[str, bytes]]) -> bytes:
    """The pages of all parts, each part under its name in the outline; empty if one cannot be read. Files that are
    `enclosed`, which are texts of ours, are attached (see `enclose`).

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
        if enclosed:
            enclose(writer, enclosed)
        writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
        out = io.BytesIO()
        writer.write(out)
    except broken():
        return b""
    return out.getvalue()


def enclose(writer: PdfWriter, files: Sequence[tuple[str, bytes]]) -> None:
    """Attach texts as PDF/A-3 asks for (ISO 19005-3, 6.8: associated files with a relationship), with XMP metadata and
    an sRGB output intent.

    The file is not labelled as PDF/A: certificates of platforms need not conform, and no validator was at hand.
    """
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject, TextStringObject

    def stream(data: bytes, **entries: str | int) -> Any:
        made = StreamObject()
        made.set_data(data)
        for key, value in entries.items():
            made[NameObject(f"/{key}")] = NumberObject(value) if isinstance(value, int) else NameObject(value)
        return writer._add_object(made)

    specified = ArrayObject()
    for name, content in files:
        file = stream(content, Type="/EmbeddedFile", Subtype="/text/plain")
        file.get_object()[NameObject("/Params")] = DictionaryObject({NameObject("/Size"): NumberObject(len(content))})
        both = {NameObject(key): file for key in ("/F", "/UF")}
        about = {"/F": name, "/UF": name, "/Desc": "SHA-256 of the files in the zip"}
        made = DictionaryObject({NameObject(key): TextStringObject(value) for key, value in about.items()})
        made[NameObject("/Type")], made[NameObject("/EF")] = NameObject("/Filespec"), DictionaryObject(both)
        made[NameObject("/AFRelationship")] = NameObject("/Data")
        specified.append(writer._add_object(made))
    pairs = zip((TextStringObject(name) for name, _ in files), specified, strict=True)
    names = ArrayObject(each for pair in pairs for each in pair)
    intent = {
        "/Type": NameObject("/OutputIntent"), "/S": NameObject("/GTS_PDFA1"),
        "/OutputConditionIdentifier": TextStringObject("sRGB"), "/DestOutputProfile": stream(srgb_profile(), N=3),
    }  # fmt: skip
    tree = DictionaryObject({NameObject("/EmbeddedFiles"): DictionaryObject({NameObject("/Names"): names})})
    writer.root_object.update({
        NameObject("/AF"): specified, NameObject("/Names"): tree,
        NameObject("/Metadata"): stream(_XMP, Type="/Metadata", Subtype="/XML"),
        NameObject("/OutputIntents"): ArrayObject([
            DictionaryObject({NameObject(key): value for key, value in intent.items()})
        ]),
    })  # fmt: skip


_XMP = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><pdf:Producer>archiver</pdf:Producer></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def srgb_profile() -> bytes:
    """An ICC profile of sRGB, always with the same bytes."""
    from PIL import ImageCms

    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # the time when it was made
    return bytes(made)
