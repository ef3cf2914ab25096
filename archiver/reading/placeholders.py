"""Small placeholders for files that a scrubbed recording must not contain: PDFs, pictures, packed files."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

PRODUCER = b"archiver: a stand-in, its text and nothing else of what it stands for"
LINES_PER_PAGE = 52  # on a page
_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xbf\xbf\xbf\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def pdf(lines: Sequence[str]) -> bytes:
    """A small real PDF of these lines in Helvetica, which says in its properties that it is a stand-in.

    Characters outside Windows' Western set become question marks.
    """
    pages = [lines[start : start + LINES_PER_PAGE] for start in range(0, max(1, len(lines)), LINES_PER_PAGE)]
    kids = b" ".join(b"%d 0 R" % (5 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Producer (%s) >>" % PRODUCER,
    ]
    for page in pages:
        drawn = [b"(%s) Tj T*" % re.sub(rb"([\\()])", rb"\\\1", line.encode("cp1252", "replace")) for line in page]
        stream = b"\n".join((b"BT /F1 10 Tf 40 800 Td 14 TL", *drawn, b"ET"))
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (len(objects) + 2),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        ]
    raw, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(raw))
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return raw + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(raw))
    )


def picture(media_type: str) -> bytes:
    """A grey picture of a few pixels, of the requested type if that is a usual one, else a GIF."""
    from PIL import Image

    kind = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}.get(media_type)
    if kind is None:
        return _GIF
    written = io.BytesIO()
    Image.new("RGB", (16, 12), (191, 191, 191)).save(written, kind)
    return written.getvalue()
