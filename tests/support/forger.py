"""An opponent who forges packs: builds whole ones with keys and authorities of any owner, and zips byte by byte.

Nothing here uses the code that makes packs, nor a library's zip writer, so that it can make what those would not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archiver.archive.check_page import check_page
from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import one_proof, signed_notes, whole_pack
from tests.support.authority_kit import STAMPING, certificate, key, pem, stamped

Files = dict[str, bytes]
"""What lies in a pack's folder, by path."""

ORDER = 2**252 + 27742317777372353535851937790883648493
ONE, TWO = "20260101_shutterstock_1_aaaaaaaa", "20260102_shutterstock_2_bbbbbbbb"
TERMS = "undated_shutterstock_terms_cccccccc"


def unchanged(data: Any) -> Any:
    return data


@dataclass
class Knobs:
    """What the owner of a key may do otherwise than the archiver does, before signing."""

    inventory: Callable[[Any], Any] = unchanged  # a tree, or the bytes of its JSON
    line: Callable[[Any], Any] = unchanged
    licence: Callable[[Any], Any] = unchanged
    note: Callable[[bytes], bytes] = unchanged
    withheld: Callable[[Any], Any] = unchanged
    show_licence: bool = False


def encoded(tree: Any, **how: Any) -> bytes:
    return tree if isinstance(tree, bytes) else json.dumps(tree, **how).encode("utf-8", "surrogatepass")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


def tree_root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:half]) + tree_root(leaves[half:])).digest()


def tree_path(leaves: list[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*tree_path(leaves[:half], index), tree_root(leaves[half:])]
    return [*tree_path(leaves[half:], index - half), tree_root(leaves[:half])]


@dataclass
class Owner:
    """Somebody with a signing key and a timestamp authority, both under the names that everybody uses."""

    seed: int
    origin: str = "live"
    root_name: str = "Root of time"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @cached_property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @cached_property
    def _authority(self) -> tuple[Any, Any, bytes]:
        keys = key("p256"), key("p256")
        root = certificate(self.root_name, keys[0])
        leaf = certificate("Time", keys[1], (root, keys[0]), ca=False, more=(STAMPING,))
        return leaf, keys[1], pem(root)

    @property
    def roots(self) -> bytes:
        return self._authority[2]

    @property
    def signer_pem(self) -> bytes:
        return signed_notes.pem_of_key(self.public)

    @cached_property
    def _tokens(self) -> dict[bytes, bytes]:
        return {}

    def stamp(self, data: bytes) -> bytes:
        if data not in self._tokens:
            leaf, own, _ = self._authority
            with tempfile.TemporaryDirectory() as folder:
                note = Path(folder) / "note"
                note.write_bytes(data)
                self._tokens[data] = stamped(Path(folder) / "tsa", note, leaf, own, b"", "sha256", "sha256")
        return self._tokens[data]

    def lists(self, token: bytes) -> Files:
        """What an archive keeps that read the EU's trusted lists about a timestamp, invented."""
        lotl, national = b"<lists of='EU'/>", b"<list of='DE'/>"
        digests = {name: hashlib.sha256(each).hexdigest() for name, each in (("lotl", lotl), ("list", national))}
        stated = {
            "certificate": "ab" * 32, "country": "DE", "fetched_at": "2026-01-02T00:00:00Z",
            "granted_since": "2020-01-01T00:00:00Z", "issued_at": "2026-01-01T00:00:00Z", "lotl": digests["lotl"],
            "next_update": "2099-01-01T00:00:00Z", "service": "Zeit f\u00fcr alle",
            "timestamp": hashlib.sha256(token).hexdigest(), "trusted_list": digests["list"],
            "url": "https://lists.example/de.xml",
        }  # fmt: skip
        statement = encoded(stated, indent=1) + b"\n"
        return {
            f"qualified.{hashlib.sha256(statement).hexdigest()}.json": statement,
            f"trusted-list.{digests['lotl']}.xml": lotl, f"trusted-list.{digests['list']}.xml": national,
        }  # fmt: skip

    def signature(self, text: bytes, name: str = "archiver.invalid/acme") -> str:
        blob = signed_notes.key_id(name, self.public) + self.key.sign(text)
        return f"\u2014 {name} {b64(blob)}\n"


def licence_files(number: str) -> Files:
    return {
        "certificate.pdf": f"%PDF-1.7 certificate {number}".encode(),
        "receipt.pdf": f"%PDF-1.7 receipt {number}".encode(),
        "record.json": f'{{"id": {number}}}'.encode(),
    }


def ocfl(kind: str, folder: str, files: Files, message: str, knobs: Knobs) -> tuple[Files, str]:
    """An object of one version, and the SHA-512 of its inventory."""
    sums = {name: sha512(content) for name, content in files.items()}
    tree = {
        "id": f"urn:x-archiver:{kind}:{folder}", "type": "https://ocfl.io/1.1/spec/#inventory",
        "digestAlgorithm": "sha512", "head": "v1",
        "manifest": {digest: [f"v1/content/{name}"] for name, digest in sums.items()},
        "versions": {"v1": {"created": "2026-01-01T00:00:00Z", "message": message, "user": {"name": "archiver"},
                            "state": {digest: [name] for name, digest in sums.items()}}},
    }  # fmt: skip
    data = encoded(knobs.inventory(tree), indent=1)
    found = {f"v1/content/{name}": content for name, content in files.items()}
    for where in ("", "v1/"):
        found |= {
            f"{where}inventory.json": data,
            f"{where}inventory.json.sha512": f"{sha512(data)} inventory.json\n".encode(),
        }
    found["0=ocfl_object_1.1"] = b"ocfl_object_1.1\n"
    return {f"{kind}/{folder}/{path}": content for path, content in found.items()}, sha512(data)


def build(owner: Owner, names: tuple[str, ...] = (ONE, TWO), knobs: Knobs | None = None, only: str = "") -> Files:
    """A pack of these licences, all in one ledger; `knobs` count for the licence `only`, or for all."""
    knobs, plain, objects = knobs or Knobs(), Knobs(), {}
    terms = {"terms.txt": b"Terms of then\n", "page.pdf": b"%PDF-1.7 terms"}
    objects[TERMS] = ocfl("terms", TERMS, terms, "capture", plain)
    shown: dict[str, Files] = {}
    for number, name in enumerate(names, 1):
        own = plain if only and name != only else knobs
        described = encoded(own.licence({"licensed_at": "2026-01-01", "account": "one",
                                         "terms": [{"id": f"urn:x-archiver:terms:{TERMS}",
                                         "relation": "later"}]}))  # fmt: skip
        shown[name] = licence_files(str(number)) | {"licence.json": described}
        objects[name] = ocfl("licence", name, shown[name], f"capture; terms later {TERMS}", own)
    fingerprint = signed_notes.key_fingerprint(owner.public)
    records: list[dict[str, Any]] = [
        {"type": "origin", "origin": owner.origin, "key": fingerprint, "log": "acme"},
        *({"type": "capture", "id": f"urn:x-archiver:{'terms' if name == TERMS else 'licence'}:{name}", "version": "v1",
           "inventory_sha512": digest} for name, (_, digest) in objects.items()),
        {"type": "run", "listed": 2},
    ]  # fmt: skip
    lines: list[bytes] = []
    for seq, record in enumerate(records):
        before = hashlib.sha256(lines[-1]).hexdigest() if lines else "0" * 64
        fields = {"at": "2026-01-01T00:00:00Z", "prev": before, "seq": seq, **record}
        own = knobs if record.get("id", "").endswith(only or "") and seq else plain
        lines.append(encoded(own.line(fields), sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    text = knobs.note(f"archiver.invalid/acme\n{len(lines)}\n{b64(tree_root(leaves))}\n".encode())
    note = text + b"\n" + owner.signature(text).encode()
    stem = f"{len(lines):08d}.note"
    [token] = one_proof.sealed_names(stem, owner.roots, [owner.stamp(note)])
    files: Files = {}
    for name in names:
        own = plain if only and name != only else knobs
        proof: Files = {**objects[name][0], **objects[TERMS][0]}
        withheld = [] if own.show_licence else ["v1/content/licence.json"]
        for path in withheld:
            del proof[f"licence/{name}/{path}"]
        if withheld:
            listed = own.withheld({f"licence/{name}": withheld})
            proof["integrity/withheld.json"] = encoded(listed, indent=1) + b"\n" * (not isinstance(listed, bytes))
        for seq in [0, *(n for n, each in enumerate(records) if each.get("id", "").endswith((name, TERMS)))]:
            path_lines = [f"extra {b64(lines[seq])}", f"index {seq}", *map(b64, tree_path(leaves, seq))]
            head = "\n".join(["c2sp.org/tlog-proof@v1", *path_lines]).encode()
            proof[f"integrity/{seq:08d}.tlog-proof"] = head + b"\n\n" + note
        proof |= {
            f"integrity/{stem}": note, f"integrity/{token}": owner.stamp(note),
            "integrity/tsa-roots.pem": owner.roots, "integrity/signer-public.pem": owner.signer_pem,
            **{f"integrity/{each}": data for each, data in owner.lists(owner.stamp(note)).items()},
        }  # fmt: skip
        files |= {f"data/07_integrity/{name}/{path}": content for path, content in proof.items()}
        for each, content in shown[name].items():
            if each == "licence.json" and not own.show_licence:
                each, content = "licence-excerpt.json", b"{}\n"
            files[f"data/{whole_pack.folder_of_copy(each)}/{name}/{each}"] = content
        files[f"data/05_client_assignment/{name}/chain-by-us.txt"] = b"Acme Ltd\n"
        files[f"data/06_use_and_dates/{name}/dates-by-us.txt"] = b"2026\n"
    files |= {f"data/03_terms_captured_later/{TERMS}/{name}": content for name, content in terms.items()}
    files |= {"data/proof.pdf": b"%PDF-1.7", "data/07_integrity/verify.py": Path(CARRIED).read_bytes()}
    files |= {"CHECK-THIS.html": check_page(), "HOW-TO-CHECK.txt": b"See verify.py\n"}
    return bagged(files)


def bagged(files: Files) -> Files:
    """With the files that list all others made anew."""
    payload = {path: content for path, content in files.items() if path.startswith("data/")}
    size = sum(map(len, payload.values()))
    anchored = any(path.endswith((".ots", ".cosigned")) for path in files)
    files = {**files, "bagit.txt": whole_pack.BAGIT}
    files["bag-info.txt"] = (
        f"Bag-Software-Agent: archiver\nBagging-Date: 2026-01-01\nArchiver-Pack-Format: {3 + anchored}\n"
        f"Payload-Oxum: {size}.{len(payload)}\n"
    ).encode()
    files["manifest-sha256.txt"] = _listed(payload)
    tags = {path: each for path, each in files.items() if "/" not in path and path != "tagmanifest-sha256.txt"}
    files["tagmanifest-sha256.txt"] = _listed(tags)
    return files


def _listed(files: Files) -> bytes:
    lines = (
        f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files, key=lambda p: p.split("/"))
    )
    return "".join(lines).encode("utf-8", "surrogateescape")


def resealed(files: Files) -> Files:
    """With the timestamps named after themselves again, which needs no key."""
    found = dict(files)
    for folder in sorted({path.rpartition("/")[0] for path in files if path.endswith(".tsr")}):
        roots = files.get(f"{folder}/tsa-roots.pem", b"")
        notes: dict[str, list[str]] = {}
        for path in sorted(path for path in files if path.startswith(f"{folder}/") and path.endswith(".tsr")):
            notes.setdefault(path.partition(".note")[0] + ".note", []).append(path)
        for note, paths in notes.items():
            paths.sort(key=lambda path: (len(path), path))
            contents = [found.pop(path) for path in paths]
            names = one_proof.sealed_names(note.rpartition("/")[2], roots, contents)
            found |= {f"{folder}/{name}": content for name, content in zip(names, contents, strict=True)}
    return bagged(found)


# ---------------------------------------------------------------- a zip, byte by byte


@dataclass(frozen=True)
class Entry:
    """A file of a zip, in which the head and the list may say different things."""

    name: bytes
    data: bytes
    method: int = 8
    packed: bytes | None = None
    flags: int = 0
    head: dict[str, Any] = field(default_factory=dict)  # what the head says instead: name, crc, packed, size, …
    told: dict[str, Any] = field(default_factory=dict)  # what the list says instead
    before: bytes = b""
    after: bytes = b""
    mode: int = 0o100644 << 16
    system: int = 3
    offset: int | None = None


@cache
def deflated(data: bytes) -> bytes:
    engine = zlib.compressobj(6, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


def entries_of(files: Files, top: str = "proof/") -> list[Entry]:
    return [Entry((top + path).encode("utf-8", "surrogateescape"), content) for path, content in sorted(files.items())]


def zip_of(
    entries: list[Entry], before: bytes = b"", gap: bytes = b"", after: bytes = b"", shift: int = 0,
        end: bytes | None = None,
    says: Mapping[str, int] | None = None,
) -> bytes:  # fmt: skip
    """The zip; `says` is what its end says instead, `shift` is added to every place that it names."""
    out, listed = bytearray(before), bytearray()
    for each in entries:
        packed = each.packed if each.packed is not None else deflated(each.data) if each.method == 8 else each.data
        own = {"name": each.name, "flags": each.flags, "method": each.method, "crc": zlib.crc32(each.data),
               "packed": len(packed), "size": len(each.data), "extra": b""}  # fmt: skip
        head, told = {**own, **each.head}, {**own, "remark": b"", **each.told}
        out += each.before
        offset = len(out) + shift if each.offset is None else each.offset
        out += b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, head["flags"], head["method"], 0, 33, head["crc"],
        head["packed"],
                                       head["size"], len(head["name"]), len(head["extra"]))  # fmt: skip
        out += head["name"] + head["extra"] + packed + each.after
        listed += b"PK\1\2" + struct.pack(
            "<BBHHHHHIIIHHHHHII", 20, each.system, 20, told["flags"], told["method"], 0, 33, told["crc"],
            told["packed"],
            told["size"], len(told["name"]), len(told["extra"]), len(told["remark"]), 0, 0, each.mode,
            told.get("offset", offset),
        )  # fmt: skip
        listed += told["name"] + told["extra"] + told["remark"]
    out += gap
    start = len(out) + shift
    said = {
        "count": len(entries),
        "here": (says or {}).get("count", len(entries)),
        "size": len(listed),
        "start": start,
    } | dict(says or {})
    out += listed
    if end is not None:
        return bytes(out) + end
    tail = struct.pack("<HHHHIIH", said.get("disk", 0), said.get("first", 0), said["here"] & 0xFFFF,
        said["count"] & 0xFFFF,
                       said["size"], said["start"], said.get("note", 0))  # fmt: skip
    return bytes(out) + b"PK\5\6" + tail + after


def zip64_end(entries: list[Entry], whole: bytes, **stated: int) -> bytes:
    """The end of a zip in the form for large ones."""
    start = struct.unpack("<I", whole[-6:-2])[0]
    size = struct.unpack("<I", whole[-10:-6])[0]
    said = {"count": len(entries), "size": size, "start": start, "place": start + size, "length": 44} | stated
    record = b"PK\6\6" + struct.pack(
        "<QHHIIQQQQ", said["length"], 45, 45, 0, 0, said["count"], said["count"], said["size"], said["start"]
    )
    locator = b"PK\6\7" + struct.pack("<IQI", 0, said["place"], 1)
    return (
        whole[:-22]
        + record
        + locator
        + b"PK\5\6"
        + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    )


def zip64_field(*values: int, kind: int = 1) -> bytes:
    return struct.pack("<HH", kind, 8 * len(values)) + b"".join(struct.pack("<Q", each) for each in values)
