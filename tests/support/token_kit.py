"""Timestamps as no sound authority makes them: every field by hand, signed by real keys."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.authority_kit import CERTIFYING, STAMPING, certificate, key

OIDS = {
    "sha1": "2b0e03021a", "md5": "2a864886f70d0205", "sha256": "608648016503040201", "sha384": "608648016503040202",
    "sha512": "608648016503040203", "tst": "2a864886f70d0109100104", "signed data": "2a864886f70d010702",
    "rsa": "2a864886f70d010101", "content type": "2a864886f70d010903", "digest": "2a864886f70d010904",
    "ess1": "2a864886f70d010910020c", "ess2": "2a864886f70d010910022f", "data": "2a864886f70d010701",
    "policy": "2b0601040181fd5901", "ecdsa-sha256": "2a8648ce3d040302",
}  # fmt: skip


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + body


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(name: str) -> bytes:
    return tlv(0x06, bytes.fromhex(OIDS[name]))


def algorithm(name: str) -> bytes:
    return seq(oid(name), tlv(0x05))


@dataclass
class Shape:
    """What an authority's answer looks like. `certify` are options of `certificate` for the one that signs."""

    kind: str = "rsa"
    digest: str = "sha256"  # that the signature is made over
    announced: Sequence[str] = ("sha256",)
    imprint: str = "sha512"
    time: str = ""  # the form of the present time in it, as `strftime` has it
    tag: int = 0x18
    ess: Sequence[str] = ("own",)  # certificates that the attribute names: own, root, other
    ess_by: str = "sha256"  # SHA-1 is the first form of the attribute, which names no hash function
    serial: str = ""  # the certificate whose issuer and number it names, too
    tsa: str = ""  # own, other, san
    accuracy: bytes = b""
    version: int = 1
    status: int = 0
    content: str = "tst"
    sent: Sequence[str] = ("own",)
    signatures: int = 1
    nonce: int | None = None
    certify: dict[str, Any] = field(default_factory=dict)


def _purposes(*wanted: x509.ObjectIdentifier, critical: bool = True) -> dict[str, Any]:
    return {"more": ((x509.ExtendedKeyUsage(list(wanted)), critical),)}


_ALSO = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Also")])
_STAMPS, _CODE = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING
GOOD, UNFIT, REFUSED = "good", "unfit", "refused"
SHAPES: dict[str, tuple[str, Shape]] = {
    "as most are": (GOOD, Shape()),
    "by an elliptic curve": (GOOD, Shape(kind="p256")),
    "the first form of the attribute": (GOOD, Shape(ess_by="sha1")),
    "a longer name of its certificate": (GOOD, Shape(ess_by="sha512")),
    "issuer and number named": (GOOD, Shape(serial="own")),
    "the chain named": (GOOD, Shape(ess=("own", "root"))),
    "its own name": (GOOD, Shape(tsa="own")),
    "a further name": (GOOD, Shape(tsa="san", certify={
        "more": (STAMPING, (x509.SubjectAlternativeName([x509.DirectoryName(_ALSO)]), False))})),
    "SHA-384": (GOOD, Shape(digest="sha384", announced=("sha384",))),
    "a fraction of a second": (GOOD, Shape(time="%Y%m%d%H%M%S.123Z")),
    "a leap second": (GOOD, Shape(time="%Y%m%d%H%M60Z")),
    "its accuracy": (GOOD, Shape(accuracy=seq(integer(1), tlv(0x80, b"\1\0")))),
    "granted with modifications": (GOOD, Shape(status=1)),
    "more certificates sent": (GOOD, Shape(sent=("own", "other", "root"))),
    "no certificate named": (UNFIT, Shape(ess=())),
    "another certificate named": (UNFIT, Shape(ess=("other",))),
    "another certificate named, by SHA-1": (UNFIT, Shape(ess=("other",), ess_by="sha1")),
    "the certificates in the wrong order": (UNFIT, Shape(ess=("root", "own"))),
    "a certificate named besides": (UNFIT, Shape(ess=("own", "other"))),
    "its certificate named twice": (UNFIT, Shape(ess=("own", "own"))),
    "another number named": (UNFIT, Shape(serial="other")),
    "another's name": (UNFIT, Shape(tsa="other")),
    "a name that its certificate lacks": (UNFIT, Shape(tsa="san")),
    "MD5": (UNFIT, Shape(digest="md5", announced=("md5",))),
    "a day's accuracy": (GOOD, Shape(accuracy=seq(integer(86400)))),
    "an accuracy of two days": (UNFIT, Shape(accuracy=seq(integer(172800), tlv(0x80, b"\1")))),
    "a version to come": (UNFIT, Shape(version=2)),
    "a hash function that it does not announce": (REFUSED, Shape(announced=("sha512",))),
    "SHA-1 of the data": (REFUSED, Shape(imprint="sha1")),
    "MD5 of the data": (REFUSED, Shape(imprint="md5")),
    "the time of other years": (REFUSED, Shape(tag=0x17, time="%y%m%d%H%M%SZ")),
    "a time without seconds": (REFUSED, Shape(time="%Y%m%d%H%MZ")),
    "refused": (REFUSED, Shape(status=2)),
    "other content": (REFUSED, Shape(content="data")),
    "no certificate": (REFUSED, Shape(sent=())),
    "another's certificate": (REFUSED, Shape(sent=("other",))),
    "two signatures": (REFUSED, Shape(signatures=2)),
    "no signature": (REFUSED, Shape(signatures=0)),
    "an expired certificate": (REFUSED, Shape(certify={"days": (-30, -10)})),
    "a certificate to come": (REFUSED, Shape(certify={"days": (1, 10)})),
    "no purpose": (REFUSED, Shape(certify={"more": ()})),
    "a purpose that is not critical": (REFUSED, Shape(certify=_purposes(_STAMPS, critical=False))),
    "one purpose too many": (REFUSED, Shape(certify=_purposes(_STAMPS, _CODE))),
    "another purpose": (REFUSED, Shape(certify=_purposes(_CODE))),
    "a key for certificates": (REFUSED, Shape(certify={"usage": CERTIFYING})),
}  # fmt: skip
"""What an authority sends, and what is to become of it: it counts, it breaks a rule, or its signature does not hold."""


class Forge:
    """An authority of the tests: one root, and whatever certificates the shapes want."""

    def __init__(self) -> None:
        self.root_key, self.other_key = key("rsa"), key("rsa")
        self.root = certificate("Root", self.root_key, days=(-2000, 4000))
        self.keys = {"rsa": key("rsa"), "p256": key("p256")}

    @cached_property
    def other(self) -> x509.Certificate:
        return certificate("Others", self.other_key, (self.root, self.root_key), ca=False, more=(STAMPING,))

    def answer(self, data: bytes, shape: Shape) -> bytes:
        """The response, in DER, over `data`."""
        own_key = self.keys[shape.kind]
        options = {"ca": False, "more": (STAMPING,), "days": (-1500, 3000), **shape.certify}
        own = certificate("Stamps", own_key, (self.root, self.root_key), **options)
        known = {"own": own, "root": self.root, "other": self.other}
        info = self._info(data, shape, known)
        attributes = [self._attribute("content type", oid(shape.content))]
        attributes.append(self._attribute("digest", tlv(0x04, hashlib.new(shape.digest, info).digest())))
        if shape.ess:
            attributes.append(self._ess(shape, known))
        signed = b"".join(sorted(attributes))
        signer = self._signer(shape, own, own_key, signed)
        sent = tlv(0xA0, *(known[each].public_bytes(Encoding.DER) for each in shape.sent)) if shape.sent else b""
        inside = seq(
            integer(3),
            tlv(0x31, *(algorithm(each) for each in shape.announced)),
            seq(oid(shape.content), tlv(0xA0, tlv(0x04, info))),
            sent,
            tlv(0x31, signer * shape.signatures),
        )
        return seq(seq(integer(shape.status)), seq(oid("signed data"), tlv(0xA0, inside)))

    @staticmethod
    def _info(data: bytes, shape: Shape, known: dict[str, x509.Certificate]) -> bytes:
        names = {
            "own": known["own"].subject.public_bytes(),
            "other": known["other"].subject.public_bytes(),
            "san": _ALSO.public_bytes(),
        }
        time = datetime.now(UTC).strftime(shape.time or "%Y%m%d%H%M%SZ")
        return seq(
            integer(shape.version),
            oid("policy"),
            seq(algorithm(shape.imprint), tlv(0x04, hashlib.new(shape.imprint, data).digest())),
            integer(7),
            tlv(shape.tag, time.encode()),
            shape.accuracy,
            integer(shape.nonce) if shape.nonce is not None else b"",
            tlv(0xA0, tlv(0xA4, names[shape.tsa])) if shape.tsa else b"",
        )

    @staticmethod
    def _attribute(name: str, value: bytes) -> bytes:
        return seq(oid(name), tlv(0x31, value))

    def _ess(self, shape: Shape, known: dict[str, x509.Certificate]) -> bytes:
        entries = []
        for each in shape.ess:
            named = known[each]
            mark = tlv(0x04, hashlib.new(shape.ess_by, named.public_bytes(Encoding.DER)).digest())
            said = known[shape.serial or each]
            issuer = seq(seq(tlv(0xA4, said.issuer.public_bytes())), integer(said.serial_number))
            by = algorithm(shape.ess_by) if shape.ess_by not in ("sha1", "sha256") else b""
            entries.append(seq(by, mark, issuer if shape.serial else b""))
        return self._attribute("ess1" if shape.ess_by == "sha1" else "ess2", seq(seq(*entries)))

    @staticmethod
    def _signer(shape: Shape, own: x509.Certificate, own_key: Any, signed: bytes) -> bytes:
        kinds: dict[str, hashes.HashAlgorithm] = {
            "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(), "sha1": hashes.SHA1(),
            "md5": hashes.MD5(),
        }  # fmt: skip
        message, by = tlv(0x31, signed), kinds[shape.digest]
        if isinstance(own_key, rsa.RSAPrivateKey):
            signature, how = own_key.sign(message, padding.PKCS1v15(), by), algorithm("rsa")
        else:
            signature, how = own_key.sign(message, ec.ECDSA(by)), seq(oid("ecdsa-sha256"))
        identity = seq(own.issuer.public_bytes(), integer(own.serial_number))
        return seq(integer(1), identity, algorithm(shape.digest), tlv(0xA0, signed), how, tlv(0x04, signature))
