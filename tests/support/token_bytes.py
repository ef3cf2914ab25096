"""Timestamps and certificates in as many bytes as are read of them: nothing in them is signed."""

from __future__ import annotations

import hashlib

from tests.support.token_kit import algorithm, integer, oid, seq, tlv

DATA = b"a note"


def name(text: str) -> bytes:
    return seq(tlv(0x31, seq(tlv(0x06, b"\x55\4\3"), tlv(0x0C, text.encode()))))


def cert(subject: str, issuer: str, ends: str, serial: int = 1, *, version: bytes = tlv(0xA0, integer(2))) -> bytes:
    """As much of a certificate (DER) as is read; `ends` as in a UTCTime."""
    validity = seq(tlv(0x17, b"200101000000Z"), tlv(0x17 if len(ends) == 13 else 0x18, ends.encode()))
    return seq(
        seq(version, integer(serial), algorithm("rsa"), name(issuer), validity, name(subject), seq()),
        algorithm("rsa"), tlv(0x03, b"\0"),
    )  # fmt: skip


def signer(issuer: str = "Root", serial: int = 7) -> bytes:
    return seq(integer(1), seq(name(issuer), integer(serial)), algorithm("sha256"))


def response(
    info: bytes | None = None, *, sent: bytes = b"", signers: bytes | None = None, octets: int = 0x04, status: int = 0,
    announced: str = "sha256",
) -> bytes:  # fmt: skip
    encapsulated = seq(oid("tst"), tlv(0xA0, tlv(octets, info_of() if info is None else info)))
    inside = seq(integer(3), tlv(0x31, algorithm(announced)), encapsulated, sent,
                 tlv(0x31, signer() if signers is None else signers))  # fmt: skip
    return seq(seq(integer(status)), seq(oid("signed data"), tlv(0xA0, inside)))


def info_of(*more: bytes, time: bytes = b"20261124020000Z", tag: int = 0x18, imprint: str = "sha512") -> bytes:
    digest = hashlib.new(imprint, DATA).digest()
    return seq(integer(1), oid("policy"), seq(algorithm(imprint), tlv(0x04, digest)), integer(2), tlv(tag, time), *more)
