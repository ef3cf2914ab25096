"""Checkpoints: C2SP signed-note and tlog-checkpoint."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from archiver.archive.checking.parts.archive_words import Malformed, must
from archiver.archive.checking.parts.ed25519_signature import SignatureCheck, ed25519_verify

_ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
MAX_SIGNATURES = MAX_TIMESTAMPS = 64  # of one checkpoint


def pem_blocks(text: str, label: str) -> list[bytes]:
    """Return the DER contents of all PEM blocks with this label. Raises Malformed if one cannot be decoded."""
    blocks = [each.partition(f"-----END {label}-----") for each in text.split(f"-----BEGIN {label}-----")[1:]]
    must(all(end for _, end, _ in blocks), "holds a block without an end")
    found = [base64_bytes(re.sub(r"[ \t\r\n]+", "", block)) for block, _, _ in blocks]
    must(all(found), "holds an empty block")
    return found


def public_key(pem: str) -> bytes:
    """Return the 32 bytes of an Ed25519 public key in PEM form."""
    blocks = pem_blocks(pem, "PUBLIC KEY")
    if len(blocks) != 1 or not blocks[0].startswith(_ED25519_SPKI) or len(blocks[0]) != 44:
        raise Malformed("not an Ed25519 public key in PEM form")
    return blocks[0][12:]


def key_fingerprint(public: bytes) -> str:
    """SHA-256 of the key's DER form, as `openssl pkey -pubin -outform DER | sha256sum` prints it."""
    return hashlib.sha256(_ED25519_SPKI + public).hexdigest()


def key_id(name: str, public: bytes) -> bytes:
    """Four bytes that name a key in a signed note: SHA-256(name, newline, 0x01 for Ed25519, key)."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


@dataclass(frozen=True)
class Note:
    """A signed checkpoint: the log's name, its size and root, and the text that the signatures cover."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a note file. Raises Malformed with the reason."""
        text, separator, rest = data.partition(b"\n\n")
        lines = utf8_text(text).split("\n")
        if not separator or len(lines) < 3 or not re.fullmatch("[1-9][0-9]{0,14}|0", lines[1]):
            raise Malformed("not a signed checkpoint")
        must(lines[0].isascii() and lines[0].isprintable(), "the checkpoint's name of its log is not ASCII text")
        signatures = []
        for line in utf8_text(rest).removesuffix("\n").split("\n") if rest else ():
            match = re.fullmatch("\u2014 ([^ +]+) (\\S+)", line)
            if not match:
                raise Malformed("not a signature line of a checkpoint")
            signatures.append((match[1], base64_bytes(match[2])))
        must(len(signatures) <= MAX_SIGNATURES, "the checkpoint has more signatures than make sense")
        root = base64_bytes(lines[2])
        if len(root) != 32:
            raise Malformed("the checkpoint's root is not a SHA-256 hash")
        return cls(lines[0], int(lines[1]), root, text + b"\n", tuple(signatures))

    def claims(self, public: bytes) -> bool:
        """Return whether a signature claims to be by this key, under any name. The claim may be false."""
        return any(blob[:4] == key_id(name, public) for name, blob in self.signatures)

    def signed_by(self, public: bytes, check: SignatureCheck | None = None, *, under_any_name: bool = False) -> bool:
        """Return whether this key signed the checkpoint, under the log's name or any name.

        `check` replaces `ed25519_verify`.
        """
        return any(
            (under_any_name or name == self.origin)
            and blob[:4] == key_id(name, public)
            and (check or ed25519_verify)(public, blob[4:], self.text)
            for name, blob in self.signatures
        )


def utf8_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8 text") from None


def base64_bytes(text: str) -> bytes:
    """Decode base64 that is written in the one canonical way."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not valid base64") from None
    must(base64_text(found) == text, "not valid base64")
    return found


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pem_of_key(public: bytes) -> bytes:
    """An Ed25519 public key as a PEM file."""
    return f"-----BEGIN PUBLIC KEY-----\n{base64_text(_ED25519_SPKI + public)}\n-----END PUBLIC KEY-----\n".encode()
