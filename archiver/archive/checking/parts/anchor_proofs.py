"""Anchors: C2SP cosignatures and OpenTimestamps."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from archiver.archive.checking.parts.archive_words import LOG_DOMAIN, MAX_LINE_BYTES, Malformed, must
from archiver.archive.checking.parts.ed25519_signature import SignatureCheck, canonical_key, ed25519_verify
from archiver.archive.checking.parts.regular_files import opened
from archiver.archive.checking.parts.signed_notes import Note, base64_bytes, base64_text, key_fingerprint, utf8_text

# A cosigned checkpoint is the same tree under a name that tells no client: "archiver.invalid/" and the first 32 hex
# digits of the key's fingerprint. It has two signatures: the archive's and the witness's.

ANCHOR_FILE_NAME = re.compile(r"([0-9]{8}|[1-9][0-9]{8,14})\.note\.([a-z0-9-]{1,20})\.(cosigned|ots|pending\.ots)")
_END_OF_TIME = 253402300800  # the year 10000, in seconds since 1970

OTS_HEAD = b"\0OpenTimestamps\0\0Proof\0" + bytes.fromhex("bf89e2e884e892940108")  # version 1, of a SHA-256
_OTS_ATTESTATIONS = {bytes.fromhex("83dfe30d2ef90c8e"): "pending", bytes.fromhex("0588960d73d71901"): "bitcoin"}
_OTS_BRANCH, _OTS_SHA256, _OTS_APPEND, _OTS_PREPEND = 0xFF, 0x08, 0xF0, 0xF1
_MAX_OTS_BYTES, _MAX_OTS_MESSAGE_BYTES = 1 << 16, 4096


def size_of(anchor: Path) -> int:
    """The size of the checkpoint that an anchor belongs to."""
    return int(anchor.name.partition(".")[0])


def anchor_files(folder: Path) -> dict[int, list[Path]]:
    """Return the anchors beside the checkpoints in a folder, by the checkpoint's size."""
    found: dict[int, list[Path]] = {}
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():  # noqa: PTH208  # there may be thousands
        if match := ANCHOR_FILE_NAME.fullmatch(name):
            found.setdefault(int(match[1]), []).append(folder / name)
    return found


def superseded(anchors: Iterable[Path]) -> set[Path]:
    """Return the pending proofs whose complete form is there, too."""
    every = set(anchors)
    return {each for each in every if each.with_name(each.name.replace(".pending.ots", ".ots")) in every - {each}}


def anchor_name(anchor: Path, data: bytes) -> str:
    """What a proof calls an anchor: its checkpoint, the first 16 hex digits of its SHA-256, and its kind."""
    match = ANCHOR_FILE_NAME.fullmatch(anchor.name)
    assert match
    return f"{match[1]}.note.{hashlib.sha256(data).hexdigest()[:16]}.{match[3]}"


def neutral_log(public: bytes) -> str:
    """The name that witnesses know an archive by. It names no client."""
    return f"{LOG_DOMAIN}/{key_fingerprint(public)[:32]}"


class WitnessKey(NamedTuple):
    """The key of a witness that makes Ed25519 cosignatures; `text` is its C2SP form, `name+id+key`."""

    name: str
    public: bytes
    text: str

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x04" + self.public).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Raises Malformed with the reason."""
        match = re.fullmatch(r"([!-*,-~]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})", text)
        if not match:
            raise Malformed("is not the key of a witness, as NAME+12345678+BASE64")
        key = base64_bytes(match[3])
        found = cls(match[1], key[1:], text)
        must(key[0] == 4, "is not a key for Ed25519 cosignatures")
        must(found.id.hex() == match[2] and canonical_key(found.public), "is a damaged key of a witness")
        return found


def witness_keys(data: bytes) -> list[WitnessKey]:
    """Read a file of keys: one a line, sorted, each once."""
    keys = [WitnessKey.parse(line) for line in utf8_text(data).split("\n")[:-1]]
    must(data == encoded_keys(keys), "is not written as such a list is")
    return keys


def encoded_keys(keys: Iterable[WitnessKey]) -> bytes:
    return "".join(f"{text}\n" for text in sorted({each.text for each in keys})).encode()


def cosigned(
    data: bytes, note: Note, public: bytes, keys: Iterable[WitnessKey], check: SignatureCheck | None = None
) -> tuple[WitnessKey, int]:
    """Check a cosigned checkpoint. Returns the witness, and its time in seconds since 1970. Raises Malformed."""
    found = Note.parse(data)
    lines = "".join(f"\u2014 {name} {base64_text(blob)}\n" for name, blob in found.signatures)
    must(data == found.text + b"\n" + lines.encode(), "is not written as a signed note is")
    must(len(found.signatures) == 2, "has other signatures than the archive's and one witness's")
    log = neutral_log(public)
    wanted = f"{log}\n{note.size}\n{base64_text(note.root)}\n".encode()
    must(found.text == wanted, "is of something else than its checkpoint")
    own, (name, blob) = replace(found, signatures=found.signatures[:1]), found.signatures[1]
    must(own.signed_by(public, check), "is not signed by the signer's key")
    key = next((each for each in keys if each.name == name and each.id == blob[:4]), None)
    if key is None:
        raise Malformed("is cosigned by a witness whose key is not here")
    at = int.from_bytes(blob[4:12], "big")
    signed = b"cosignature/v1\ntime %d\n" % at + found.text
    whole = len(blob) == 76 and 0 < at < _END_OF_TIME
    must(whole and (check or ed25519_verify)(key.public, blob[12:], signed), "has a cosignature that does not hold")
    return key, at


class OtsAttestation(NamedTuple):
    """Where a branch of an OpenTimestamps proof ends: `kind` is `pending`, `bitcoin` or `unknown`.

    `message` is what the branch makes of the digest; `said` the calendar's address or the block's height. The
    attestation is the proof's bytes from `start` to `end`.
    """

    kind: str
    message: bytes
    said: str
    start: int
    end: int


class _OtsReader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        must(len(taken) == count, "is cut off")
        self.at += count
        return taken

    def number(self, most: int) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            must(value <= most and (byte or not shift), "has a number that makes no sense")
            if byte < 0x80:
                return value
            shift += 7

    def text(self, most: int) -> bytes:
        return self.take(self.number(most))


def ots_attestations(proof: bytes, digest: bytes) -> list[OtsAttestation]:
    """Read an OpenTimestamps proof of a SHA-256 digest to its ends. Raises Malformed.

    Of the operations it knows those that Bitcoin needs: append, prepend and SHA-256.
    """
    must(len(proof) <= _MAX_OTS_BYTES, "is larger than such a proof")
    must(proof.startswith(OTS_HEAD + digest), "is no OpenTimestamps proof of its checkpoint")
    reader, found, waiting = _OtsReader(proof), [], [digest]
    reader.at = len(OTS_HEAD) + len(digest)
    while waiting:
        message = waiting.pop()
        tag = reader.take(1)[0]
        if tag == _OTS_BRANCH:
            waiting.append(message)
            tag = reader.take(1)[0]
        if tag == 0:
            start = reader.at - 1
            kind, inner = _OTS_ATTESTATIONS.get(reader.take(8), "unknown"), _OtsReader(reader.text(8192))
            said = ""
            if kind == "pending":
                said = inner.text(1000).decode("latin-1")
                must(re.fullmatch("[A-Za-z0-9._/:-]+", said), "names no calendar")
            elif kind == "bitcoin":
                said = str(inner.number(1 << 31))
                must(len(message) == 32, "does not lead to a Merkle root")
            must(kind == "unknown" or inner.at == len(inner.data), "has an attestation of another form")
            found.append(OtsAttestation(kind, message, said, start, reader.at))
            continue
        if tag == _OTS_SHA256:
            message = hashlib.sha256(message).digest()
        elif tag in (_OTS_APPEND, _OTS_PREPEND):
            more = reader.text(_MAX_OTS_MESSAGE_BYTES)
            must(more, "adds nothing")
            message = message + more if tag == _OTS_APPEND else more + message
        else:
            raise Malformed("has an operation that is not known here")
        must(len(message) <= _MAX_OTS_MESSAGE_BYTES, "makes a message that is too long")
        waiting.append(message)
    must(reader.at == len(proof), "has bytes after its end")
    return found


def block_header(file: Path, height: int) -> bytes | None:
    """A Bitcoin block's header, 80 bytes, in a file: lines `HEIGHT HEADER-IN-HEX`, or all headers from block 0 on.

    None if it is not there; Malformed if it has not the work that it claims.
    """
    try:
        with os.fdopen(opened(file), "rb") as source:
            if source.read(1).isdigit():
                source.seek(0)
                lines = (line.split() for line in iter(lambda: source.readline(MAX_LINE_BYTES), b""))
                texts = [line[1] for line in lines if len(line) == 2 and line[0] == str(height).encode()]
                header = bytes.fromhex(utf8_text(texts[0])) if texts else b""
            else:
                source.seek(80 * height)
                header = source.read(80)
    except OSError as error:
        raise Malformed(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise Malformed(f"{file} holds no header of block {height} in hex") from None
    if not header:
        return None
    bits = int.from_bytes(header[72:76], "little")
    target = (bits & 0x7FFFFF) << 8 * max(0, (bits >> 24) - 3)
    work = hashlib.sha256(hashlib.sha256(header).digest()).digest()
    must(len(header) == 80, f"{file} is no file of block headers")
    must(int.from_bytes(work, "little") <= target, f"{file} holds a header of block {height} without its work")
    return header
