"""Unpack gzip, zlib or raw deflate, up to a limit. Call it only in a confined process."""

from __future__ import annotations

import zlib


def unpacked_bytes(content: bytes, most: int) -> tuple[bytes, str]:
    """The unpacked content, part by part, up to `most` bytes, and the reason if it is incomplete (else empty)."""
    found, rest = bytearray(), content
    try:
        while rest and len(found) < most:
            part = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
            found += part.decompress(rest, most - len(found))
            if not part.eof:
                return bytes(found), "" if len(found) == most else "it breaks off"
            rest = part.unused_data.lstrip(b"\0")  # as gzip pads
    except zlib.error as error:
        return bytes(found), str(error)
    return bytes(found), ""
