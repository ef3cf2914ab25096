"""Forged packs by the thousand: what an opponent does to zips, to files, to signed formats, and with keys of his own.

`forgery(world, number)` is one of them, always the same for a number. None of them may count as the owner's pack.
"""

from __future__ import annotations

import base64
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from archiver.archive.checking.parts import archive_words, signed_notes, whole_pack
from tests.support.check_page_kit import Checker
from tests.support.forger import (
    ONE,
    ORDER,
    TWO,
    Entry,
    Files,
    Knobs,
    Owner,
    b64,
    bagged,
    build,
    deflated,
    encoded,
    entries_of,
    resealed,
    zip64_end,
    zip64_field,
    zip_of,
)  # fmt: skip

PROOFS = "data/07_integrity"


class World:
    """The owner whose packs are forged, and a rival who uses the same names with keys of his own."""

    owner, rival = Owner(1), Owner(2)

    @cached_property
    def genuine(self) -> Files:
        return build(self.owner)

    @cached_property
    def alone(self) -> Files:
        """Another pack of the owner: a shorter ledger, with other timestamps."""
        return build(self.owner, (TWO,))

    @cached_property
    def rivals(self) -> Files:
        return build(self.rival)


@dataclass(frozen=True)
class Forgery:
    trick: str
    zip_file: bytes
    fine: bool = False  # it is the owner's pack in another wrapping
    keyed: bool = False  # somebody's own sound or odd pack: only who pins the owner's key can tell


# ---------------------------------------------------------------- the zip

ZipTrick = Callable[[list[Entry], int, random.Random], bytes]
ZIP_TRICKS: dict[str, ZipTrick] = {}
FINE = (
    "fine_stored",
    "fine_order",
    "fine_folders",
    "fine_described",
    "fine_zip64",
    "fine_large_fields",
    "fine_times",
    "fine_dos",
)


def zip_trick(made: ZipTrick) -> ZipTrick:
    ZIP_TRICKS[made.__name__] = made
    return made


def one_entry(name: str, change: Callable[[Entry, random.Random], Entry | list[Entry]]) -> None:
    def made(entries: list[Entry], at: int, rng: random.Random) -> bytes:
        changed = change(entries[at], rng)
        return zip_of([*entries[:at], *(changed if isinstance(changed, list) else [changed]), *entries[at + 1 :]])

    ZIP_TRICKS[name] = made


def more_entries(name: str, make: Callable[[Entry, random.Random], list[Entry]]) -> None:
    ZIP_TRICKS[name] = lambda entries, at, rng: zip_of([*entries, *make(entries[at], rng)])


def extra(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def with_extra(each: Entry, data: bytes, *, head: bool) -> Entry:
    return replace(each, head={"extra": data}) if head else replace(each, told={"extra": data})


def odd_field(name: bytes, rng: random.Random) -> bytes:
    """A field by which a program may give the file another name, or make a link or a folder of it."""
    link = struct.pack("<HIHH", rng.choice((0o120777, 0o040755)), 11, 0, 0) + b"/etc/passwd"
    path = extra(0x7075, b"\1" + struct.pack("<I", zlib.crc32(name)) + b"proof/data/other.pdf")
    modes = extra(0x6C78, b"\4" + struct.pack("<I", 0o120777 << 16))
    unix = extra(0x756E, struct.pack("<I", zlib.crc32(link)) + link)
    return rng.choice((path, modes, unix, extra(rng.randrange(0x8000, 0x10000), rng.randbytes(9))))


def described(each: Entry, form: str = "<III", mark: bytes = b"PK\7\x08", wrong: int = 0) -> Entry:
    told = struct.pack(form, zlib.crc32(each.data) ^ wrong, len(deflated(each.data)), len(each.data))
    return replace(each, flags=8, head={"crc": 0, "packed": 0, "size": 0}, after=mark + told)


BAD_NAMES = (
    b"/etc/passwd", b"../evil", b"proof/../evil", b"proof/data/../../evil", b"proof/./a", b".", b"..", b"", b"/",
    b"proof//a",
    b"proof/data\\evil", b"C:\\evil", b"C:evil", b"proof/data/a:stream", b"proof/data/proof.pdf.",
    b"proof/data/proof.pdf ",
    b"proof/data/a\0b", b"proof/data/a\nb", b"proof/data/\xff", b"proof/" + b"a" * 300, b"proof/" + b"a/" * 100 + b"a",
    b"proof/data/" + "\u202egpj.exe".encode(), b"proof/data/nul", b"proof/bagit.txt/a", b"proof/bagit.txt/",
    b"proof/DATA/a", b"proof/Bagit.txt", b"PROOF/bagit.txt", b"proof/data/PROOF.PDF", b"beside.pdf", b".DS_Store",
    b"__MACOSX/proof/._bagit.txt", b"proof/.hidden", b"proof/data/.DS_Store", b"other/data/07_integrity/x/integrity/a",
    b"proof/07_integrity/x", b"07_integrity/x", b"proof/data/07_integrity/x", b"proof/data/07_integrity/", b"proof2/",
    "proof/data/\u00e9.txt".encode(), "proof/data/\ufb01.txt".encode(), "proof/\U0001f600".encode(),
    "pr\u00f3of/a".encode(),
)  # fmt: skip

one_entry("twice_same", lambda e, _: [e, e])
one_entry("twice_other", lambda e, _: [replace(e, data=b"forged"), e])
one_entry("twice_after", lambda e, _: [e, replace(e, data=b"forged")])
one_entry("head_other_name", lambda e, r: replace(e, head={"name": e.name[:-1] + b"X"}))
one_entry("head_longer_name", lambda e, _: replace(e, head={"name": e.name + b"X"}))
one_entry("list_other_name", lambda e, _: replace(e, told={"name": e.name[:-1] + b"X"}))
one_entry("head_other_method", lambda e, _: replace(e, head={"method": 0}))
one_entry("head_other_flags", lambda e, r: replace(e, head={"flags": r.choice((1, 2, 8, 0x800))}))
one_entry("head_other_crc", lambda e, _: replace(e, head={"crc": zlib.crc32(e.data) ^ 1}))
one_entry("list_other_crc", lambda e, _: replace(e, told={"crc": zlib.crc32(e.data) ^ 1}))
one_entry("both_other_crc", lambda e, _: replace(e, told={"crc": 7}, head={"crc": 7}))
one_entry("head_other_size", lambda e, r: replace(e, head={r.choice(("size", "packed")): r.randrange(1 << 32)}))
one_entry("list_other_size", lambda e, r: replace(e, told={r.choice(("size", "packed")): r.randrange(1 << 32)}))
one_entry("both_other_size", lambda e, r: replace(e, told={"size": len(e.data) + 1}, head={"size": len(e.data) + 1}))
one_entry(
    "both_less_size",
    lambda e, r: replace(e, told={"size": max(0, len(e.data) - 1)}, head={"size": max(0, len(e.data) - 1)}),
)
one_entry("bytes_before_one", lambda e, _: replace(e, before=b"hidden"))
one_entry("bytes_after_one", lambda e, _: replace(e, after=b"hidden"))
one_entry("hidden_file", lambda e, _: replace(e, before=zip_of([replace(e, data=b"forged")])[: 30 + len(e.name) + 8]))
one_entry("remark", lambda e, _: replace(e, told={"remark": b"see http://stock.example/"}))
one_entry("odd_field_in_list", lambda e, r: replace(e, told={"extra": odd_field(e.name, r)}))
one_entry("odd_field_in_head", lambda e, r: replace(e, head={"extra": odd_field(e.name, r)}))
one_entry(
    "broken_extra",
    lambda e, r: with_extra(
        e, r.choice((b"\1", b"\1\0\x20\0aa", b"\0\0\0", extra(1, b"12345678"))), head=r.random() < 0.5
    ),
)
one_entry(
    "zip64_twice",
    lambda e, _: replace(e, told={"size": 0xFFFFFFFF, "extra": zip64_field(len(e.data)) + zip64_field(1)}),
)
one_entry(
    "zip64_wrong",
    lambda e, r: replace(
        e, told={"size": 0xFFFFFFFF, "extra": zip64_field(len(e.data) + r.choice((1, 1 << 40, 1 << 63)))}
    ),
)
one_entry("zip64_missing", lambda e, _: replace(e, told={"size": 0xFFFFFFFF}))
one_entry("zip64_too_much", lambda e, _: replace(e, told={"extra": zip64_field(len(e.data))}))
one_entry(
    "zip64_head_wrong",
    lambda e, _: replace(e, head={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": zip64_field(1, 2)}),
)
one_entry("link", lambda e, r: replace(e, mode=0o120777 << 16, system=r.choice((0, 3, 19)), data=b"/etc/passwd"))
one_entry("link_same", lambda e, r: replace(e, mode=0o120777 << 16, system=r.choice((0, 3, 19))))
one_entry("device", lambda e, r: replace(e, mode=r.choice((0o020644, 0o060644, 0o010644, 0o140644)) << 16))
one_entry(
    "file_as_folder", lambda e, r: replace(e, mode=r.choice((0o040755 << 16, 0x10, 0x18, 0x400, 0o100644 << 16 | 0x10)))
)
one_entry("folder_with_bytes", lambda e, _: replace(e, name=e.name + b"/"))
one_entry("folder_instead", lambda e, _: replace(e, name=e.name + b"/", data=b"", method=0))
one_entry("encrypted", lambda e, r: replace(e, flags=r.choice((1, 0x41, 0x2001))))
one_entry("list_encrypted", lambda e, r: replace(e, told={"flags": 1}))
one_entry("patched", lambda e, r: replace(e, flags=r.choice((0x20, 0x10, 0x4000, 0x8000))))
one_entry(
    "other_method",
    lambda e, r: replace(
        e, method=0, head={"method": (m := r.choice((1, 6, 9, 12, 14, 93, 95, 99)))}, told={"method": m}
    ),
)
one_entry("said_deflated", lambda e, _: replace(e, method=0, head={"method": 8}, told={"method": 8}))
one_entry("said_stored", lambda e, _: replace(e, head={"method": 0}, told={"method": 0}))
one_entry("deflate_and_more", lambda e, _: replace(e, packed=deflated(e.data) + b"hidden"))
one_entry("deflate_twice", lambda e, _: replace(e, packed=deflated(e.data) * 2))
one_entry("deflate_cut", lambda e, _: replace(e, packed=deflated(e.data)[:-1]))
one_entry("deflate_nothing", lambda e, _: replace(e, packed=b""))
one_entry("deflate_noise", lambda e, r: replace(e, packed=r.randbytes(40)))
one_entry("zlib_head", lambda e, _: replace(e, packed=zlib.compress(e.data)))
one_entry("described_wrong", lambda e, r: described(e, wrong=1))
one_entry("described_missing", lambda e, _: replace(described(e), after=b""))
one_entry("described_and_more", lambda e, _: replace(described(e), after=described(e).after + b"hid"))
one_entry("described_other_head", lambda e, _: replace(described(e), head={"crc": 1, "packed": 0, "size": 0}))
one_entry("far_away", lambda e, r: replace(e, told={"offset": r.choice((0, 1, 0xFFFFFFF0, 0xFFFFFFFF))}))
one_entry(
    "bomb",
    lambda e, _: replace(
        e, packed=deflated(bytes(220 << 20)), head={"size": 220 << 20, "crc": 0}, told={"size": 220 << 20, "crc": 0}
    ),
)
one_entry("bomb_said_small", lambda e, _: replace(e, packed=deflated(bytes(60 << 20))))
one_entry(
    "bomb_beyond",
    lambda e, _: replace(
        e,
        told={"size": 0xFFFFFFFF, "extra": zip64_field(1 << 50)},
        head={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": zip64_field(1 << 50, len(deflated(e.data)))},
    ),
)
more_entries("bad_name", lambda _, r: [Entry(r.choice(BAD_NAMES), b"forged")])
more_entries("bad_folder", lambda _, r: [Entry(r.choice(BAD_NAMES) + b"/", b"", 0)])
more_entries(
    "forms_of_a_letter",
    lambda _, r: (
        [Entry(f"proof/data/e{x}.txt".encode(), b"x") for x in ("\u0301", "")]
        + [Entry("proof/data/\u00e9.txt".encode(), b"y")]
    ),
)
more_entries("capitals", lambda e, _: [replace(e, name=e.name.swapcase())])
more_entries("capital_folder", lambda e, _: [Entry(b"proof/Data/x", b"forged")])
more_entries(
    "many_files", lambda _, r: [Entry(b"proof/data/%d" % n, b"", 0) for n in range(r.choice((2_000, 110_000)))]
)
more_entries("overlapping", lambda e, _: [replace(e, name=e.name, offset=0)])


@zip_trick
def two_in_one(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    """The list names one file's bytes a second time, under another name."""
    return zip_of([*entries, replace(entries[0], name=b"proof/extra.txt", told={"offset": 0})])


@zip_trick
def bytes_around(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    more = rng.choice((b"MZ", b"%PDF-1.7", b"<html><script>", b"PK\5\6" + bytes(18), bytes(100)))
    whole = zip_of(entries)
    return rng.choice((
        more + whole, whole + more, zip_of(entries, before=more), zip_of(entries, before=more, shift=-len(more)),
        zip_of(entries, gap=more), whole[:-2] + struct.pack("<H", len(more)) + more, whole + whole,
        whole[:-22] + more + whole[-22:],
        whole + zip_of([Entry(b"proof/data/proof.pdf", b"forged")]), zip_of([Entry(b"a", b"b")]) + whole,
    ))  # fmt: skip


@zip_trick
def other_end(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    what = rng.choice(("count", "here", "size", "start", "disk", "first", "note"))
    return zip_of(entries, says={what: rng.choice((0, 1, len(entries) - 1, len(entries) + 1, 0xFFFF))})


@zip_trick
def other_zip64_end(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    what = rng.choice(("count", "size", "start", "place", "length"))
    return zip64_end(
        entries, zip_of(entries), **{what: rng.choice((0, 1, 45, len(entries) - 1, 1 << 40, (1 << 64) - 1))}
    )


@zip_trick
def zip64_beside(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    """A list for readers of the form for large zips, another for all others."""
    whole, other = zip_of(entries), [replace(each, data=b"forged") for each in entries[:3]]
    return zip64_end(other, zip_of(other))[:-22] + zip_of(entries,
        before=b"")[:0] + whole[-22:] if rng.random() < 0.3 else (
        zip64_end(entries, whole)[:-22] + whole[-22:]
    )  # fmt: skip


@zip_trick
def cut(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    whole = zip_of(entries)
    return whole[: rng.randrange(len(whole))] if rng.random() < 0.5 else whole[rng.randrange(1, len(whole)) :]


@zip_trick
def flipped(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    whole = bytearray(zip_of(entries))
    start = struct.unpack("<I", whole[-6:-2])[0]
    for _ in range(rng.choice((1, 1, 2))):  # in the list and the end, or anywhere
        whole[rng.randrange(start if rng.random() < 0.7 else 0, len(whole))] ^= 1 << rng.randrange(8)
    return bytes(whole)


@zip_trick
def several_packs(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    other = rng.choice((b"other/", b"", b"data/", b"proof/data/", b"proof/x/"))
    return zip_of([*entries, *(replace(each, name=other + each.name[6:]) for each in entries)])


@zip_trick
def fine_stored(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    return zip_of([replace(each, method=rng.choice((0, 8))) for each in entries])


@zip_trick
def fine_order(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    return zip_of(rng.sample(entries, len(entries)))


@zip_trick
def fine_folders(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    folders = sorted({each.name[: found.end()] for each in entries for found in re.finditer(b"/", each.name)})
    return zip_of([*(Entry(name, b"", 0, mode=0o40755 << 16) for name in folders), *entries])


@zip_trick
def fine_described(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    return zip_of([described(each, rng.choice(("<III", "<IQQ")), rng.choice((b"", b"PK\7\x08"))) for each in entries])


@zip_trick
def fine_zip64(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    return zip64_end(entries, zip_of(entries))


@zip_trick
def fine_large_fields(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    def large(each: Entry) -> Entry:
        size, packed = len(each.data), len(deflated(each.data))
        head = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": zip64_field(size, packed)}
        return replace(each, head=head, told={"size": 0xFFFFFFFF, "extra": zip64_field(size)})

    return zip_of([large(each) for each in entries])


@zip_trick
def fine_times(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    times = extra(0x5455, b"\3" + bytes(8))
    return zip_of(
        [replace(each, head={"extra": times}, told={"extra": extra(0x5455, b"\3" + bytes(4))}) for each in entries]
    )


@zip_trick
def fine_dos(entries: list[Entry], at: int, rng: random.Random) -> bytes:
    return zip_of([replace(each, mode=0x20, system=0) for each in entries])


# ---------------------------------------------------------------- the files, without any key

FileTrick = Callable[[Files, World, random.Random], Files]
FILE_TRICKS: dict[str, FileTrick] = {}


def file_trick(made: FileTrick) -> FileTrick:
    FILE_TRICKS[made.__name__] = made
    return made


def some(files: Files, rng: random.Random, pattern: str = "") -> str:
    return rng.choice([path for path in sorted(files) if re.search(pattern, path)])


def edited(files: Files, path: str, change: Callable[[bytes], bytes]) -> Files:
    return {**files, path: change(files[path])}


@file_trick
def bit(files: Files, world: World, rng: random.Random) -> Files:
    path = some(files, rng)
    at, mask = rng.randrange(len(files[path])), 1 << rng.randrange(8)
    return edited(files, path, lambda data: data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])


@file_trick
def of_another_pack(files: Files, world: World, rng: random.Random) -> Files:
    """Some files as another pack has them in this place: of the rival, or of the owner's other ledger."""
    other = rng.choice((world.rivals, world.alone))
    place = rng.choice((PROOFS, f"{PROOFS}/{TWO}", f"{PROOFS}/{TWO}/integrity", f"{PROOFS}/{TWO}/licence", "data/02"))
    found = {path: content for path, content in files.items() if not path.startswith(place)}
    found |= {path: content for path, content in other.items() if path.startswith(place)}
    return found


@file_trick
def one_of_another_pack(files: Files, world: World, rng: random.Random) -> Files:
    other = rng.choice((world.rivals, world.alone))
    paths = [path for path in sorted(other) if files.get(path) != other[path]]
    return {**files, **{path: other[path] for path in rng.sample(paths, rng.choice((1, 1, 2)))}}


@file_trick
def swapped_files(files: Files, world: World, rng: random.Random) -> Files:
    pattern = rng.choice((r"\.pdf$", r"tlog-proof$", r"\.tsr$", "inventory", "02_|04_", "integrity/"))
    one, two = some(files, rng, pattern), some(files, rng, pattern)
    return {**files, one: files[two], two: files[one]}


@file_trick
def swapped_proofs(files: Files, world: World, rng: random.Random) -> Files:
    names = {ONE: TWO, TWO: ONE} if rng.random() < 0.7 else {ONE: TWO}
    part = rng.choice(("07_integrity", "02_licence_original", "integrity", ""))
    found: Files = {}
    for path, content in files.items():
        own = next((name for name in names if f"/{name}" in path and part in path), "")
        found[path.replace(own, names[own], rng.choice((1, 9))) if own else path] = content
    return found


@file_trick
def renamed(files: Files, world: World, rng: random.Random) -> Files:
    path = some(files, rng)
    new = rng.choice(
        (f"{path}.bak", path.upper(), f"x{path}", path.replace("0", "1"), path.replace("v1", "v2"), some(files, rng))
    )
    return {**{each: content for each, content in files.items() if each != path}, new: files[path]}


@file_trick
def added(files: Files, world: World, rng: random.Random) -> Files:
    folder = some(files, rng).rpartition("/")[0]
    name = rng.choice((
        "letter-by-us.txt", "contract.pdf", "record-excerpt.json", "licence-excerpt.json", "proof.html",
        "picture-1.jpg",
        "claim-by-us.txt", "00000009.note", "00000005.note.x.tsr", "00000001.tlog-proof", "inventory.json.sha256",
        "v2/a",
        "logs/a", "extensions/a/b", "withheld.json", "fetch.txt", "manifest-md5.txt", "terms.txt", "é",
    ))  # fmt: skip
    return {**files, f"{folder}/{name}".lstrip("/"): rng.choice((b"forged", files[some(files, rng)]))}


@file_trick
def removed(files: Files, world: World, rng: random.Random) -> Files:
    pattern = rng.choice(("", "integrity/", r"\.tsr$", "tlog-proof$", "/v1/", "^[^/]*$"))
    gone = {some(files, rng, pattern) for _ in range(rng.choice((1, 1, 2, 5)))}
    return {path: content for path, content in files.items() if path not in gone}


@file_trick
def shorter_ledger(files: Files, world: World, rng: random.Random) -> Files:
    """The licence as the owner's other pack proves it, with terms left out, or only its first line."""
    keep = rng.choice(("00000000", "00000002", "00000001"))
    return {path: each for path, each in files.items() if "tlog-proof" not in path or keep in path}


@file_trick
def rivals_time(files: Files, world: World, rng: random.Random) -> Files:
    """The owner's checkpoint, stamped by the rival's authority: instead of the owner's, or beside it."""
    found = dict(files)
    for path in [each for each in files if each.endswith(".tsr")]:
        note = path.partition(".note")[0] + ".note"
        if rng.random() < 0.5:
            del found[path]
        found[f"{note}.rival.tsr"] = world.rival.stamp(files[note])
        roots = path.rpartition("/")[0] + "/tsa-roots.pem"
        found[roots] = rng.choice(
            (world.rival.roots, files[roots] + world.rival.roots, world.rival.roots + files[roots], files[roots])
        )
    return found


@file_trick
def time_of_something_else(files: Files, world: World, rng: random.Random) -> Files:
    path = some(files, rng, r"\.tsr$")
    note = files[path.partition(".note")[0] + ".note"]
    return {
        **files,
        path: rng.choice(
            (world.owner.stamp(b"something else"), world.owner.stamp(note + b"\n"), world.rival.stamp(note))
        ),
    }


@file_trick
def rivals_key(files: Files, world: World, rng: random.Random) -> Files:
    """The owner's checkpoints signed by the rival, under the same name."""
    found = dict(files)
    whole = rng.random() < 0.5
    for path, content in files.items():
        if path.endswith("signer-public.pem"):
            found[path] = rng.choice((world.rival.signer_pem, content + world.rival.signer_pem))
        elif path.endswith((".note", ".tlog-proof")):
            head, text, signed = content.rpartition(b"archiver.invalid/acme\n5")
            body = (text + signed).partition(b"\n\n")[0] + b"\n"
            signature = world.rival.signature(body).encode()
            rest = (text + signed).partition(b"\n\n")[2]
            found[path] = head + body + b"\n" + (signature if whole else rest + signature)
    return found


LINE_FORMATS = r"\.note$|tlog-proof$|\.pem$|sha512$|manifest|bagit|bag-info|withheld|0=ocfl|inventory\.json$"


@file_trick
def other_line_ends(files: Files, world: World, rng: random.Random) -> Files:
    changes: list[Callable[[bytes], bytes]] = [
        lambda d: d.replace(b"\n", b"\r\n"), lambda d: b"\xef\xbb\xbf" + d, lambda d: d + b"\n",
        lambda d: d.rstrip(b"\n"),
        lambda d: d.replace(b" ", b"\t"), lambda d: d.replace(b"\n", b" \n", 1), lambda d: d.replace(b"\n", b"\r", 1),
        lambda d: d + b"\0", lambda d: d.replace(b"\n", "\u2028".encode(), 1), lambda d: b"\n" + d,
        lambda d: d.replace(b"\n", b"\x0b", 1),
        lambda d: d.upper(), lambda d: d.lower(), lambda d: d.replace(b"\n", b"\x85", 1),
        lambda d: d.decode("latin1").encode("utf-16"),
    ]  # fmt: skip
    path, change = some(files, rng, LINE_FORMATS), rng.choice(changes)
    note = path.rpartition("/")[2]
    alike = [each for each in files if each.rpartition("/")[2] == note] if rng.random() < 0.3 else [path]
    for each in alike:
        files = edited(files, each, change)
    return files


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def loose(text: str, rng: random.Random) -> str:
    """The same bytes in another form of base64, or nearly."""
    bits = 2 if text.endswith("==") else 1
    last = len(text) - bits - 1
    if text.endswith("=") and rng.random() < 0.6:
        other = ALPHABET[ALPHABET.index(text[last]) | rng.randrange(1, 16 if bits == 2 else 4)]
        return text[:last] + other + text[last + 1 :]
    return rng.choice(
        (
            text.rstrip("="),
            f"{text}=",
            f"{text}====",
            text.replace("+", "-"),
            f"{text[:4]}\u00a0{text[4:]}",
            f"={text}",
            f"{text[:5]}\x1c{text[5:]}",
            f"{text[:4]}=={text[4:]}",
        )
    )


@file_trick
def loose_base64(files: Files, world: World, rng: random.Random) -> Files:
    """In all files at once that hold the same line, so that they still fit each other."""
    path = some(files, rng, r"\.note$|tlog-proof$|\.pem$")
    found = sorted(set(re.findall(rb"[A-Za-z0-9+/]{20,}=*", files[path])))
    old = rng.choice(found)
    new = loose(old.decode(), rng).encode()
    return {
        each: content.replace(old, new) if each.endswith((".note", ".tlog-proof", ".pem")) else content
        for each, content in files.items()
    }


@file_trick
def malleable_signature(files: Files, world: World, rng: random.Random) -> Files:
    """S + L, a negated R, R of small order, an all-zero signature."""

    def change(blob: bytes) -> bytes:
        scalar = int.from_bytes(blob[36:], "little")
        kind = rng.randrange(5)
        if kind == 0:
            return blob[:36] + ((scalar + ORDER) % 2**256).to_bytes(32, "little")
        if kind == 1:
            return blob[:4] + (1).to_bytes(32, "little") + bytes(32)
        if kind == 2:
            return blob[:35] + bytes([blob[35] ^ 0x80]) + blob[36:]
        return blob[:36] + ((ORDER - scalar) % 2**256).to_bytes(32, "little") if kind == 3 else blob[:4] + bytes(64)

    [line] = {
        found
        for each in files.values()
        for found in re.findall("\u2014 archiver.invalid/acme ([A-Za-z0-9+/=]+)\n".encode(), each)
    }
    new = b64(change(base64.b64decode(line))).encode()
    return {path: content.replace(line, new) for path, content in files.items()}


SMALL_KEYS = tuple(
    bytes.fromhex(each)
    for each in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
    )
)


def tlv(data: bytes, at: int) -> tuple[int, int, int]:
    """Where an item's value begins and ends; and its tag."""
    length, begins = data[at + 1], at + 2
    if length & 0x80:
        width = length & 0x7F
        length, begins = int.from_bytes(data[begins : begins + width], "big"), begins + width
    return begins, begins + length, data[at]


def items(data: bytes, begin: int = 0, end: int | None = None) -> list[int]:
    """Where all items begin, those inside others too."""
    found, at, end = [], begin, len(data) if end is None else end
    while at < end:
        begins, after, tag = tlv(data, at)
        found.append(at)
        if tag & 0x20:
            found += items(data, begins, after)
        at = after
    return found


def rewritten(
    data: bytes, wanted: int, change: Callable[[int, bytes], bytes], begin: int = 0, end: int | None = None
) -> bytes:
    """The same DER with one item changed, and the lengths around it made to fit."""
    out, at, end = b"", begin, len(data) if end is None else end
    while at < end:
        begins, after, tag = tlv(data, at)
        if at == wanted:
            out += change(tag, data[begins:after])
        elif at < wanted < after:
            inner = rewritten(data, wanted, change, begins, after)
            out += bytes([tag]) + minimal(len(inner)) + inner
        else:
            out += data[at:after]
        at = after
    return out


def minimal(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    size = (length.bit_length() + 7) // 8
    return bytes([0x80 | size]) + length.to_bytes(size, "big")


@file_trick
def other_der(files: Files, world: World, rng: random.Random) -> Files:
    path = some(files, rng, r"\.tsr$")
    token = files[path]
    changes: list[Callable[[int, bytes], bytes]] = [
        lambda tag, v: bytes([tag, 0x84]) + len(v).to_bytes(4, "big") + v, lambda tag, v: bytes([tag,
        0x80]) + v + b"\0\0",
        lambda tag, v: bytes([tag]) + minimal(len(v)) + v + bytes([tag]) + minimal(len(v)) + v, lambda tag, v: b"",
        lambda tag, v: bytes([tag]) + minimal(len(v) + 1) + b"\0" + v, lambda tag,
        v: bytes([tag ^ 0x20]) + minimal(len(v)) + v,
        lambda tag, v: bytes([tag, 0x82]) + len(v).to_bytes(2, "big") + v, lambda tag,
        v: bytes([tag]) + minimal(len(v)) + v + b"\5\0",
        lambda tag, v: bytes([0x1F, tag]) + minimal(len(v)) + v, lambda tag, v: bytes([tag, 0xFF]) + b"\xff" * 127,
        lambda tag, v: bytes([tag]) + minimal(90_000) + bytes(90_000), lambda tag,
        v: bytes([tag]) + minimal(len(v)) + v[::-1],
    ]  # fmt: skip
    new = rewritten(token, rng.choice(items(token)), rng.choice(changes))
    return {**files, path: rng.choice((new, new, new, token + b"\0", token + token, token[:-1]))}


@file_trick
def odd_json(files: Files, world: World, rng: random.Random) -> Files:
    path = some(files, rng, r"inventory\.json$|withheld\.json$|excerpt\.json$")
    return edited(files, path, lambda data: odd(json.loads(data), rng))


@file_trick
def papers_of_ours(files: Files, world: World, rng: random.Random) -> Files:
    path = rng.choice(("data/proof.pdf", "CHECK-THIS.html", "HOW-TO-CHECK.txt", "data/07_integrity/verify.py"))
    return edited(
        files, path, lambda data: rng.choice((b"", b"forged", data + b"<script>alert(1)</script>", bytes(3 << 20)))
    )


# ---------------------------------------------------------------- with a key of his own

DEEP = (98, 99, 100, 101, 102, 499, 501, 990, 5_000, 100_000)


def odd_values(rng: random.Random) -> bytes:
    deep = rng.choice(DEEP)
    return rng.choice((
        b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-0", b"0.0", b"1.5", b"1E2", b"9007199254740991",
        b"9007199254740992",
        b"9007199254740993", b"-9007199254740993", b"1" * 4300, b"1" * 4301, b"-" + b"1" * 4300, b"01", b"null",
        b"true", b"[]", b"{}",
        b'""', b'"\\ud800"', b'"\\udcff"', b'"\\ud83d\\ude00"', b'"\\u0000"', b'"\\u2028"', b'"\x7f"',
        '"\U0001f600"'.encode(),
        b'"\xff"', b'"\x01"', b'"\\x41"', b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep,
        b'"__proto__"', b'"v1"',
        b'["v1"]', b'{"__proto__":1}', b"[[],{}]", b'"None"', b'"null"', b"0", b"1", b"\xef\xbb\xbf1",
    ))  # fmt: skip


def odd(tree: Any, rng: random.Random) -> bytes:
    """JSON of a tree in which one value or key is odd."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for name, value in list(
            node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        ):
            places.append((node, name))
            walk(value)

    walk(tree)
    mark = "@@@"
    kind = rng.randrange(6)
    if not places or kind == 5:
        data = encoded(tree, ensure_ascii=False)
        return rng.choice(
            (
                b"\xef\xbb\xbf" + data,
                data + b" ",
                data + b"{}",
                b"\n" + data,
                data.decode().encode("utf-16"),
                b"",
                b"[" + data + b"]",
                odd_values(rng),
            )
        )
    node, name = rng.choice(places)
    if kind in (0, 1, 2) or isinstance(node, list):
        old, node[name] = node[name], mark
        value = odd_values(rng) if rng.random() < 0.7 else encoded(strange_like(old, rng))
        return encoded(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace(
            f'"{mark}"'.encode(), value
        )
    if kind == 3:  # a key twice
        value = node[name]
        node[mark] = rng.choice((value, None, "v1", []))
        return encoded(tree, ensure_ascii=False).replace(f'"{mark}"'.encode(), encoded(name))
    value = node.pop(name)
    if rng.random() < 0.7:
        node[str(strange_like(name, rng))] = value
    return encoded(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def strange_like(value: Any, rng: random.Random) -> Any:
    text = value if isinstance(value, str) else "x"
    return rng.choice((
        text.upper(), text + "\n", text + "\0", text + "/", "/" + text, "../" + text, text + "/..", text.replace("/",
            "//"), text * 50,
        text + "\ud800", text + "\udcff", text + "\U0001f600", text + "\ue000", text.replace("v1", "v01"),
            text.replace("1", "2"), "", ".",
        "a/" * 63 + "a", "a/" * 64 + "a", "a" * 4096, "a" * 4097, "v" + "0" * 70 + "1", "v" + "0" * 40 + "1", "é",
        "e\u0301", "__proto__",
        "constructor", "urn:x-archiver:terms:__proto__", f"urn:x-archiver:licence:{ONE}", "capture; terms none",
        "capture; terms later __proto__",
        "capture; terms at_purchase x, later x", "sha256", "md5", "https://ocfl.io/1.0/spec/#inventory",
        "0000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "2026-01-01T23:59:61Z", "2026-01-01T00:00:00.5+01:00", "٢٠٢٦-01-01T00:00:00Z", 1,
        None, True, [], {},
    ))  # fmt: skip


def odd_fields(rng: random.Random) -> Callable[[Any], Any]:
    def change(fields: Any) -> Any:
        fields = dict(fields)
        how = rng.randrange(4)
        if how == 0:
            return odd(fields, rng)
        if how == 1:
            fields[rng.choice(("z", "\U0001f600", "\ue000", "a\nb", "__proto__", "Z"))] = rng.choice(
                (1, None, "\U0001f600", [1, {"\ue000": 1, "\U0001f600": 2}])
            )
        elif how == 2:
            fields[rng.choice(list(fields))] = strange_like(rng.choice(list(fields.values())), rng)
        else:
            del fields[rng.choice(list(fields))]
        try:
            json.dumps(fields, sort_keys=True)
        except TypeError:
            return b"{}"
        return fields

    return change


def odd_note(rng: random.Random) -> Callable[[bytes], bytes]:
    def change(text: bytes) -> bytes:
        origin, size, root = text.decode().split("\n")[:3]
        return rng.choice((
            f"{origin}\n{size}\n{root}\nmore\n", f"{origin}\n0{size}\n{root}\n", f"{origin}\n{10**14}\n{root}\n",
            f"{origin}\n{10**16}\n{root}\n",
            f"{origin}é\n{size}\n{root}\n", f"\n{size}\n{root}\n", f"{origin}\n{size}\n{loose(root, rng)}\n",
            f"{origin}\n-1\n{root}\n",
            f"{origin}\n{size}\n{root}", f"{origin}\n\n{size}\n{root}\n", f"{origin}\n{size}\n{root[:-4]}\n",
            f"{origin}\r\n{size}\r\n{root}\r\n",
        )).encode()  # fmt: skip

    return change


def keyed(world: World, rng: random.Random) -> Files:
    """The rival's own pack, with something odd that he signed himself."""
    what = rng.choice(
        (
            "inventory",
            "inventory",
            "line",
            "line",
            "licence",
            "licence",
            "note",
            "withheld",
            "nothing",
            "key",
            "signatures",
        )
    )
    knobs = Knobs(show_licence=what == "licence" or (what != "withheld" and rng.random() < 0.3))
    if what == "line":
        knobs.line = odd_fields(rng)
    elif what == "note":
        knobs.note = odd_note(rng)
    elif what in ("inventory", "licence", "withheld"):
        setattr(knobs, what, (lambda tree: odd(tree, rng)) if rng.random() < 0.8 else odd_fields(rng))
    files = build(world.rival, knobs=knobs, only=rng.choice((ONE, TWO, "")))
    if what == "key":
        small = rng.choice(SMALL_KEYS)
        files = {
            p: signed_notes.pem_of_key(small) if p.endswith("signer-public.pem") else each for p, each in files.items()
        }
    if what == "signatures":
        count, name = (
            rng.choice((1, 63, 64, 70)),
            rng.choice(("archiver.invalid/acme", "witness.example/a", "a+b", "é")),
        )
        for path, content in files.items():
            if path.endswith((".note", "tlog-proof")):
                text = content[content.rindex(b"archiver.invalid/acme\n") :].partition(b"\n\n")[0] + b"\n"
                files[path] = content + world.rival.signature(text, name).encode() * count
    return files


# ---------------------------------------------------------------- one of them

NAMES = [*ZIP_TRICKS, *FILE_TRICKS, "keyed"]
KEYED = ("keyed", "of_another_pack", "rivals_time")
"""Packs that are, in whole or in one proof, of somebody else's keys, which the pack itself shows."""
HEAVY = ("bomb", "bomb_said_small", "many_files")


def forgery(world: World, number: int, trick: str = "") -> Forgery:
    """The forged pack of this number. Each trick comes in turn; what else it needs is drawn."""
    rng = random.Random(number)
    kinds = [*NAMES, *FILE_TRICKS, *["keyed"] * 40]
    trick = trick or kinds[number % len(kinds)]
    if trick in ZIP_TRICKS:
        entries = entries_of(world.genuine)
        return Forgery(trick, ZIP_TRICKS[trick](entries, rng.randrange(len(entries)), rng), fine=trick in FINE)
    if trick in FILE_TRICKS:
        files = FILE_TRICKS[trick](world.genuine, world, rng)
        if rng.random() < 0.7:  # else whoever has sha256sum sees it
            files = rng.choice((resealed, bagged))(files)
    else:
        files = keyed(world, rng)
    return Forgery(trick, zip_of(entries_of(files)), keyed=trick in KEYED)


# ---------------------------------------------------------------- what both verifiers say of it


def judged(forged: Forgery, world: World, checker: Checker, folder: Path) -> str | None:
    """What both verifiers say of it; they must agree, and nothing but the owner's pack may count as that."""
    zip_file = folder / "forged.zip"
    zip_file.write_bytes(forged.zip_file)
    state = agreed(zip_file, checker, {})
    if forged.fine:
        assert state == "PROVEN"
    elif state == "PROVEN":
        mended = unchanged_but_for_papers(zip_file, world)
        assert forged.keyed or mended
        pins = {"key": world.owner.signer_pem.decode(), "roots": world.owner.roots.decode()}
        (folder / "key.pem").write_text(pins["key"])
        (folder / "roots.pem").write_text(pins["roots"])
        pinned = agreed(zip_file, checker, pins, folder / "roots.pem", folder / "key.pem")
        assert pinned != "PROVEN" or mended
    return state


def unchanged_but_for_papers(zip_file: Path, world: World) -> bool:
    """Whether all of it is the owner's, but for the papers that the sender wrote."""
    copies = whole_pack.verify_zip(zip_file)[-1]
    told = [each.path for each in copies.findings if each.code == "stray"]  # which is no part of the pack
    with zipfile.ZipFile(zip_file) as opened:
        every = {each.filename: opened.read(each) for each in opened.infolist() if not each.is_dir()}
    stray = [path for path in every if any(f"{path}/".startswith((f"{each}/", f"proof/{each}/")) for each in told)]
    found = {path[6:]: content for path, content in every.items() if path not in stray}
    lists = {"manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt"}
    own = (world.genuine, world.alone)  # put together from both, it is the owner's still
    changed = {path for path in found.keys() | own[0].keys() if all(found.get(path) != each.get(path) for each in own)}
    return changed - lists <= set(copies.by_sender)  # type: ignore[attr-defined]  # a PackReport


def agreed(zip_file: Path, checker: Checker, pins: dict[str, str], *trusted: Path) -> str | None:
    found = checker.of_zip(zip_file.read_bytes(), pins=pins)
    try:
        reports = whole_pack.verify_zip(zip_file, *trusted)
    except archive_words.Malformed as error:
        assert found["state"] is None, (str(error), found)
        return None
    if found["state"] == "DAMAGED":
        said = {each["code"] for proof in [*found["proofs"], found["copies"]] for each in proof["findings"]}
        if said - {each.code for report in reports for each in report.findings} == {"timestamp"}:
            return "DAMAGED"  # bytes of a timestamp that nobody signed: OpenSSL takes them, the page is stricter
    verdict = reports[-1].verdict
    assert (found["verdict"], found["trust"] or "") == (verdict.word, verdict.trust)
    assert found["state"] == reports[-1].state, (found, [str(each) for report in reports for each in report.findings])
    assert json.dumps([each.as_json() for each in reports]) and all(each.as_text() for each in reports)
    if found["state"] != "DAMAGED":
        checker.same_report(found, reports)
    return reports[-1].state
