"""The pictures in a PDF with the numbers of their pages, read in the confined reader process within limits.

No page is rendered: what a cover draws by lines and text is no picture of anybody's.
"""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING

from archiver.reading.documents import broken
from archiver.reading.worker import DocumentReader, ReaderFailed

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, ReaderJob

MAX_PAGES = 200
MAX_PICTURES = 200  # in one PDF
MIN_SIDE_PX = 80
MAX_SECONDS = 20.0
MAX_BYTES = 64 << 20  # of all pictures of one PDF

type PdfPictures = list[tuple[int, bytes]]
"""Each picture with the number of its page, from 1."""


def pictures_of_pdf(reader: DocumentReader, content: bytes) -> tuple[PdfPictures, bool]:
    """The pictures of a PDF, and whether that is all of them."""
    found: PdfPictures = []
    page, whole = 0, False
    try:
        for number, part in enumerate(reader.stream(f"{__name__}:reading", content, 2 * MAX_SECONDS)):
            if number % 2 == 0:
                said = json.loads(part)
                page, whole = int(said["page"]), bool(said["whole"])
            else:
                found.append((page, part))
    except (ReaderFailed, ValueError, KeyError, TypeError):  # what came before counts
        return found, False
    return found, whole


def reading() -> ReaderJob:
    """The job of the reader process: for each picture its page, then its bytes; last, whether that was all."""
    import PIL.Image  # noqa: F401  # imported before the clock runs
    from pypdf import PdfReader

    def work(content: bytes, channel: Channel) -> bytes:
        began, count, size, whole = time.monotonic(), 0, 0, False
        try:
            pages = PdfReader(io.BytesIO(content)).pages
            whole = len(pages) <= MAX_PAGES
            for number, page in enumerate(pages[:MAX_PAGES], 1):
                names = page.images.keys()
                for name in names:
                    if count >= MAX_PICTURES or size > MAX_BYTES or time.monotonic() - began > MAX_SECONDS:
                        return json.dumps({"page": 0, "whole": False}).encode()
                    try:
                        each = page.images[name]
                        picture = _as_file(each.data, each.image)
                    except broken():  # one picture; the others count
                        whole = False
                        continue
                    if picture:
                        channel.tell(json.dumps({"page": number, "whole": False}).encode())
                        channel.tell(picture)
                        count, size = count + 1, size + len(picture)
        except broken():
            whole = False
        return json.dumps({"page": 0, "whole": whole}).encode()

    return work


def _as_file(data: bytes, image: object) -> bytes:
    """A picture as a JPEG if it lies in the PDF as one, else as PNG; empty for what is too small."""
    from PIL import Image

    if not isinstance(image, Image.Image) or min(image.size) < MIN_SIDE_PX:
        return b""
    if data.startswith(b"\xff\xd8"):
        return data
    out = io.BytesIO()
    image.convert("RGB").save(out, "PNG")
    return out.getvalue()
