"""Read the C2PA manifests of a file: the texts of their claims and assertions, by name. Nothing is verified.

Manifests are boxes (JUMBF, ISO 19566-5) with JSON or CBOR. Thumbnails, hashes, signatures and other content are
skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

MAX_DEPTH = 16  # boxes in boxes, and values in values
MAX_BOXES = 4_000


def c2pa_texts(content: bytes) -> list[tuple[str, str]]:
    """Names without their prefixes, with their texts, the newest manifest first; empty if there are none.

    A field inside a part is named after it: `author.name`. Hostile bytes cost no more time than their length.
    """
    boxes: list[tuple[bytes, memoryview]] = []
    _open(_store(content), boxes, 0)
    found: list[tuple[str, str]] = []
    for kind, data in reversed(boxes):  # the newest manifest is the last
        with suppress(ValueError, IndexError, RecursionError):
            found += _texts(json.loads(bytes(data)) if kind == b"json" else _Cbor(data).value(), "")
    return found


def _store(content: bytes) -> memoryview:
    """The manifests' boxes: in a JPEG in segments of at most 64 KB, in all other files in one piece."""
    if not content.startswith(b"\xff\xd8"):
        start = content.find(b"jumb") - 4
        size = int.from_bytes(content[start : start + 4]) if start >= 0 else 0
        return memoryview(content)[start : start + size]
    stores: dict[bytes, bytearray] = {}
    place = 2
    while (mark := content[place : place + 2])[:1] == b"\xff" and mark != b"\xff\xda":  # where the picture begins
        segment = content[place + 4 : place + 2 + int.from_bytes(content[place + 2 : place + 4])]
        if mark == b"\xff\xeb" and segment.startswith(b"JP"):
            store, part = stores.setdefault(segment[2:4], bytearray()), segment[8:]
            store += part[8:] if store else part  # each segment repeats the head of the outermost box
        place += 4 + len(segment)
    return memoryview(b"".join(stores.values()))


def _open(data: memoryview, found: list[tuple[bytes, memoryview]], depth: int) -> None:
    """Gather the JSON and CBOR boxes in these bytes."""
    while len(data) >= 8 and depth < MAX_DEPTH and len(found) < MAX_BOXES:
        size, kind, head = int.from_bytes(data[:4]), bytes(data[4:8]), 8
        if size == 1:
            size, head = int.from_bytes(data[8:16]), 16
        size = size or len(data)
        if size < head:
            return
        if kind == b"jumb":
            _open(data[head:size], found, depth + 1)
        elif kind in (b"json", b"cbor"):
            found.append((kind, data[head:size]))
        data = data[size:]


def _texts(value: object, within: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each, within)
    elif isinstance(value, dict):
        for key, each in value.items():
            name = str(key).rpartition(":")[2]
            if isinstance(each, str | int):
                yield f"{within}.{name}".lstrip("."), str(each)
            else:
                yield from _texts(each, name)


class _Cbor:
    """A reader of CBOR (RFC 8949) for texts, numbers, lists and maps; bytes and the like become None.

    ValueError or IndexError if it is malformed.
    """

    def __init__(self, data: memoryview) -> None:
        self._data, self._at = data, 0

    def value(self, depth: int = 0) -> object:
        if depth > MAX_DEPTH:
            raise ValueError("too deep")
        first = self._data[self._at]
        self._at += 1
        major, length = first >> 5, first & 31
        if length in (24, 25, 26, 27):
            length = int.from_bytes(self._bytes(1 << length - 24))
        elif length > 27:  # without a length, which manifests do not need
            raise ValueError("of no known length")
        match major:
            case 0:
                return length
            case 2 | 3:
                data = self._bytes(length)
                return bytes(data).decode() if major == 3 else None
            case 4:
                return [self.value(depth + 1) for _ in range(length)]
            case 5:
                return {str(self.value(depth + 1)): self.value(depth + 1) for _ in range(length)}
            case 6:  # a tag
                return self.value(depth + 1)
        return None

    def _bytes(self, length: int) -> memoryview:
        if self._at + length > len(self._data):
            raise ValueError("cut")
        self._at += length
        return self._data[self._at - length : self._at]
