"""Outlook messages for tests: compound files by the published format, with small streams in the mini stream."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

SECTOR, MINI, CUTOFF = 512, 64, 4096  # bytes
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

type Tree = Mapping[str, bytes | Tree]


def compound_file(tree: Tree) -> bytes:
    """A compound file (version 3) with these storages and streams."""
    entries: list[dict[str, int | str | bytes]] = [{"name": "Root Entry", "kind": 5, "data": b""}]
    entries[0]["child"] = _children(tree, entries)
    sectors: list[bytes] = []
    fat: list[int] = []
    mini = bytearray()
    mini_fat: list[int] = []

    def chain(data: bytes) -> int:
        parts = [data[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(data), SECTOR)]
        first = len(sectors)
        for n, part in enumerate(parts):
            sectors.append(part)
            fat.append(first + n + 1 if n + 1 < len(parts) else END)
        return first if parts else END

    for entry in entries[1:]:
        data = bytes(entry["data"])  # type: ignore[arg-type]  # bytes there
        entry["size"] = len(data)
        if entry["kind"] == 1:
            entry["data"], entry["start"] = b"", 0
        elif len(data) >= CUTOFF:
            entry["start"] = chain(data)
        else:
            count = -(-len(data) // MINI)
            entry["start"] = len(mini_fat) if count else END
            mini_fat += [len(mini_fat) + n + 1 if n + 1 < count else END for n in range(count)]
            mini += data.ljust(count * MINI, b"\0")
    entries[0]["start"], entries[0]["size"] = chain(bytes(mini)), len(mini)
    packed = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    mini_fat_start = chain(packed.ljust(-(-len(mini_fat) // 128) * SECTOR, b"\xff"))
    directory = chain(b"".join(map(_entry, entries)))
    needed = 1
    while needed * 128 < len(sectors) + needed:
        needed += 1
    first_fat = len(sectors)
    fat += [FAT_SECTOR] * needed
    fat += [FREE] * (needed * 128 - len(fat))
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, needed,
        directory, 0, CUTOFF, mini_fat_start, -(-len(mini_fat) // 128), END, 0,
    )  # fmt: skip
    difat = [*range(first_fat, first_fat + needed)]
    header += struct.pack("<109I", *difat, *[FREE] * (109 - len(difat)))
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _children(tree: Tree, entries: list[dict[str, int | str | bytes]]) -> int:
    """Add a storage's children, each the right sibling of the one before; the number of the first."""
    numbers = []
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        content = tree[name]
        entry: dict[str, int | str | bytes] = {"name": name, "kind": 2 if isinstance(content, bytes) else 1}
        entry["data"] = content if isinstance(content, bytes) else b""
        numbers.append(len(entries))
        entries.append(entry)
        if not isinstance(content, bytes):
            entry["child"] = _children(content, entries)
    for one, other in pairwise(numbers):
        entries[one]["right"] = other
    return numbers[0] if numbers else FREE


def _entry(entry: Mapping[str, int | str | bytes]) -> bytes:
    name = str(entry["name"]).encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", name, len(name), entry["kind"], 1, FREE, entry.get("right", FREE),
        entry.get("child", FREE), b"", 0, 0, 0, entry["start"], entry["size"],
    )  # fmt: skip


def outlook_message(
    *, sender: str, subject: str, body: str, sent: datetime, html: str = "",
    attachments: Sequence[tuple[str, bytes]] = (),
) -> bytes:  # fmt: skip
    """A received mail as Outlook saves it: its header as text, body, and attachments."""
    header = f"From: {sender}\r\nTo: office@acme.example\r\nDate: {sent:%a, %d %b %Y %H:%M:%S} +0000\r\n\r\n"
    texts = {0x0037: subject, 0x1000: body, 0x007D: header, 0x001A: "IPM.Note"}
    tree: dict[str, bytes | Tree] = dict(_texts(texts))
    fixed = _fixed(0x0039, 0x40, int((sent.astimezone(UTC).timestamp() + 11644473600) * 1e7))
    properties = b"".join(_text_entry(number, text) for number, text in texts.items()) + fixed
    if html:
        tree["__substg1.0_10130102"] = html.encode()
        properties += struct.pack("<HHIII", 0x0102, 0x1013, 6, len(html.encode()), 0)
    tree["__properties_version1.0"] = struct.pack("<8xIIII8x", 0, len(attachments), 0, len(attachments)) + properties
    tree["__nameid_version1.0"] = {f"__substg1.0_000{n}0102": b"" for n in (2, 3, 4)}  # no named properties
    for n, (name, content) in enumerate(attachments):
        entries = _text_entry(0x3707, name) + _fixed(0x3705, 3, 1)
        entries += struct.pack("<HHIII", 0x0102, 0x3701, 6, len(content), 0)
        tree[f"__attach_version1.0_#{n:08X}"] = {
            **_texts({0x3707: name}), "__substg1.0_37010102": content,
            "__properties_version1.0": b"\0" * 8 + entries,
        }  # fmt: skip
    return compound_file(tree)


def _texts(texts: Mapping[int, str]) -> dict[str, bytes]:
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le") for number, text in texts.items()}


def _text_entry(number: int, text: str) -> bytes:
    return struct.pack("<HHIII", 0x001F, number, 6, 2 * len(text) + 2, 0)


def _fixed(number: int, kind: int, value: int) -> bytes:
    return struct.pack("<HHIQ", kind, number, 6, value)
