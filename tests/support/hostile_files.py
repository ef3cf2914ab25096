"""Files that no honest person sends, each of which must end in a reason."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

from tests.support.pictures import bare_png

PNG = b"\x89PNG\r\n\x1a\n"


def packed(members: dict[str, bytes], *, store: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if store else zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


def with_link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        info = zipfile.ZipInfo("certificate.txt")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        made.writestr(info, "/etc/passwd")
    return out.getvalue()


def twice() -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as made:
        warnings.simplefilter("ignore")
        made.writestr("a.txt", "one")
        made.writestr("a.txt", "two")
    return out.getvalue()


def encrypted() -> bytes:
    content = bytearray(packed({"a.txt": b"secret"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def overlapping() -> bytes:
    """Two members whose bytes are the same, as in a bomb that reuses one kernel."""
    content = bytearray(packed({"a": b"a" * 1000, "b": b"a" * 1000}))
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<I", 0)  # where its local header is said to lie
    content[second + 46 : second + 47] = b"a"
    return bytes(content)


def zip64_lie() -> bytes:
    """A member that claims 5 GB in zip64 fields, and holds a few bytes."""
    content = bytearray(packed({"a.txt": b"x" * 100}))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = b"\xff\xff\xff\xff"  # the size stands in the extra field
    extra = struct.pack("<HHQ", 1, 8, 5 << 30)
    content[central + 30 : central + 32] = struct.pack("<H", len(extra))
    end = content.index(b"PK\x05\x06")
    content[central + 51 : central + 51] = extra
    end = content.index(b"PK\x05\x06")
    size = struct.unpack("<I", content[end + 12 : end + 16])[0]
    content[end + 12 : end + 16] = struct.pack("<I", size + len(extra))
    return bytes(content)


def nested(depth: int) -> bytes:
    content = packed({"a.txt": b"Shutterstock"})
    for _ in range(depth):
        content = packed({"inner.zip": content})
    return content


def letter_of(parts: int) -> bytes:
    part = b'--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="x"\n\nx\n'
    return b'From: a@example.com\nContent-Type: multipart/mixed; boundary="b"\n\n' + part * parts + b"--b--\n"


def deep_letter(depth: int) -> bytes:
    heads = [b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)]
    return b"From: a@example.com\n" + b"".join(heads)


def huge_png() -> bytes:
    """200 megapixels in a few hundred bytes."""
    return bare_png(20_000, 10_000, zlib.compress(b"\0" * 100_000))


def long_pdf(pages: int) -> bytes:
    from pypdf import PdfWriter

    writer, out = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(10, 10)
    writer.write(out)
    return out.getvalue()


def pdf_of(pages_object: bytes) -> bytes:
    body = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    second = len(body)
    body += b"2 0 obj\n" + pages_object + b"\nendobj\n"
    table = b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n%010d 00000 n \n" % second
    return body + table + b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def encrypted_pdf() -> bytes:
    from pypdf import PdfWriter

    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(10, 10)
    writer.encrypt("secret", "owner")
    writer.write(out)
    return out.getvalue()


def fill(folder: Path) -> dict[str, str]:
    """Write hostile files into a folder; the path that is refused of each, and a word of the reason."""
    files = {
        "up.zip": (packed({"../../up.txt": b"x"}), "up.zip!../../up.txt", "leads out"),
        "absolute.zip": (packed({"/etc/cron": b"x"}), "absolute.zip!/etc/cron", "leads out"),
        "drive.zip": (packed({"C:\\a.txt": b"x"}), "drive.zip!C:\\a.txt", "leads out"),
        "link.zip": (with_link(), "link.zip!certificate.txt", "link"),
        "twice.zip": (twice(), "twice.zip!a.txt", "2 files of this name"),
        "encrypted.zip": (encrypted(), "encrypted.zip!a.txt", "encrypted"),
        "bomb.zip": (packed({"zeros.txt": b"\0" * (20 << 20)}), "bomb.zip!zeros.txt", "times its size"),
        "overlapping.zip": (overlapping(), "overlapping.zip", "verlap"),
        "lie.zip": (zip64_lie(), "lie.zip!a.txt", "times its size"),
        "deep.zip": (nested(8), "deep.zip" + "!inner.zip" * 5, "containers deep"),
        "cut.zip": (packed({"a.txt": b"abc" * 1000})[:60], "cut.zip", "cannot be opened as a zip"),
        "parts.eml": (letter_of(5000), "parts.eml", "parts"),
        "nested.eml": (deep_letter(2000), "nested.eml", "parts"),
        "huge.png": (huge_png(), "huge.png", "megapixels"),
        "broken.jpg": (b"\xff\xd8\xff" + bytes(range(256)), "broken.jpg", "not a picture"),
        "locked.pdf": (encrypted_pdf(), "locked.pdf", "encrypted"),
        "loop.pdf": (pdf_of(b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"), "loop.pdf", "read"),
        "broken.pdf": (b"%PDF-1.7 and no more", "broken.pdf", "read as a PDF"),
    }
    for name, (content, _, _) in files.items():
        (folder / name).write_bytes(content)
    reasons = {path: reason for _, path, reason in files.values()}
    if os.name == "posix":
        (folder / "link.txt").symlink_to("/etc/hostname")
        (folder / "around").symlink_to(folder.parent, target_is_directory=True)
        os.mkfifo(folder / "pipe.txt")
        reasons |= {"link.txt": "link", "around": "link", "pipe.txt": "pipe"}
    return reasons
