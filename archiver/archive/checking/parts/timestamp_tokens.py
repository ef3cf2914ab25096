"""Timestamps (RFC 3161): what they say, and when their certificates end."""

from __future__ import annotations

import calendar
import contextlib
import functools
import hashlib
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from archiver.archive.checking.parts.archive_words import Malformed, must
from archiver.archive.checking.parts.regular_files import content
from archiver.archive.checking.parts.signed_notes import base64_bytes, base64_text
from archiver.archive.checking.parts.strict_json import decoded


def certificates_in(pem: bytes) -> tuple[list[bytes], str | None]:
    """Return the certificates (DER) of a file in PEM form, and what is wrong with the file, or None.

    Text around them is allowed. But `-----BEGIN` with anything else than a whole certificate is wrong: other programs
    may trust that, too. OpenSSL reads `TRUSTED CERTIFICATE`, for example.
    """
    found, wrong = [], None
    for part in pem.decode("latin-1").split("-----BEGIN")[1:]:
        label, _, rest = part.partition(" CERTIFICATE-----")
        block, end, _ = rest.partition("-----END CERTIFICATE-----")
        certificate = b""
        with contextlib.suppress(Malformed):
            certificate = base64_bytes(re.sub(r"[ \t\r\n]+", "", block))
        if not label and end and _is_certificate(certificate):
            found.append(certificate)
        else:
            wrong = "holds something besides certificates in PEM form"
    return found, wrong


def pem_of_certificates(certificates: Iterable[bytes]) -> bytes:
    """Certificates (DER) as a PEM file, each once."""
    lines = []
    for each in dict.fromkeys(certificates):
        block = base64_text(each)
        wrapped = (block[at : at + 64] for at in range(0, len(block), 64))
        lines += ["-----BEGIN CERTIFICATE-----", *wrapped, "-----END CERTIFICATE-----"]
    return "".join(f"{line}\n" for line in lines).encode()


HASHES = {
    "608648016503040201": "sha256",
    "608648016503040202": "sha384",
    "608648016503040203": "sha512",
}
"""Encoded object identifiers of the hash functions that a token may use for the data it covers."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
NEVER = "9999-12-31T23:59:59Z"

_HASH_ENDS = {"2b0e03021a": "2014-01-01T00:00:00Z"}
"""The date after which signatures with a hash function are no longer trusted: SHA-1, by NIST SP 800-131A."""


@dataclass(frozen=True)
class Token:
    """The content of a timestamp response, not verified: `time` is `2026-11-24T02:00:00Z`, `nonce` the raw integer
    bytes. `policy` is the authority's, as a dotted identifier; `states_qualified` is the timestamp's own statement that
    it is qualified in the EU (ETSI EN 319 422), which it may make without being so.
    """

    algorithm: str
    digest: bytes
    time: str
    nonce: bytes | None
    policy: str = ""
    states_qualified: bool = False

    def covers(self, data: bytes) -> bool:
        return hashlib.new(self.algorithm, data).digest() == self.digest

    @classmethod
    @functools.lru_cache(16)  # a check of one timestamp asks several times
    def parse(cls, response: bytes) -> Token:
        """Read a TimeStampResp up to its TSTInfo. Raises Malformed if it was not granted or is something else."""
        try:
            _, _, encapsulated, *_, signers = signed_data(response)
            must(len(der_items(signers.value)) == 1, "the timestamp has not exactly one signature")
            (octets,) = der_items(der_items(encapsulated.value)[1].value)
            must(octets.tag == 0x04, "the timestamp is not in one piece")
            info = der_items(der_items(octets.value)[0].value)
            hash_function, digest = der_items(info[2].value)
            algorithm = HASHES[der_items(hash_function.value)[0].value.hex()]
            must(info[4].tag == 0x18, "the timestamp states its time in another form than RFC 3161 asks")
            moment_text = _asn1_time(info[4])
            nonce = next((item.value for item in info[5:] if item.tag == 0x02), None)
        except (IndexError, KeyError, ValueError) as error:
            raise error if isinstance(error, Malformed) else Malformed("not a timestamp response") from None
        return cls(algorithm, digest.value, moment_text, nonce, _dotted(info[1].value), _states_qualified(info))


_QC_STATEMENTS, _EU_QUALIFIED = bytes.fromhex("2b06010505070103"), bytes.fromhex("040081975e0101")


@dataclass(frozen=True)
class Qualification:
    """What an archive recorded when it read the trusted lists of the EU: that a timestamp's authority is qualified.

    All are texts: times as `2026-11-24T02:00:00Z`, digests SHA-256 in hexadecimal. `certificate` is the service's in
    the list, `timestamp` the response, `trusted_list` and `lotl` the country's list and the list of lists, as received.
    """

    certificate: str
    country: str
    fetched_at: str
    granted_since: str
    issued_at: str
    lotl: str
    next_update: str
    service: str
    timestamp: str
    trusted_list: str
    url: str

    @classmethod
    def parse(cls, data: bytes) -> Qualification:
        """Read a statement. Raises Malformed if it is not written exactly as `encode` writes it."""
        tree = decoded(data)
        texts = isinstance(tree, dict) and all(isinstance(each, str) for each in tree.values())
        must(texts and sorted(tree) == sorted(cls.__annotations__), "is no statement about a trusted list")
        found = cls(**tree)
        times = found.fetched_at, found.granted_since, found.issued_at, found.next_update
        digests = found.certificate, found.lotl, found.timestamp, found.trusted_list
        must(all(_MOMENT.fullmatch(each) for each in times), "is no statement about a trusted list")
        must(all(SHA256_HEX.fullmatch(each) for each in digests), "is no statement about a trusted list")
        must(re.fullmatch("[A-Z]{2}", found.country), "is no statement about a trusted list")
        must(found.encode() == data, "is not written as such a statement is")
        return found

    def encode(self) -> bytes:
        return (json.dumps(vars(self), indent=1, sort_keys=True) + "\n").encode()

    def shows(self, time: str) -> bool:
        """Return whether it is about a timestamp of this time."""
        return self.granted_since <= time <= self.next_update


MAX_LIST_BYTES = 1 << 25  # of a trusted list
SHA256_HEX = re.compile("[0-9a-f]{64}")
LIST_FILE_NAME = re.compile(r"(?:trusted-list\.([0-9a-f]{64})\.xml|qualified\.([0-9a-f]{64})\.json)")


def qualifications(folder: Path) -> dict[str, list[Path]]:
    """Return the statements in a folder about timestamps, by the SHA-256 of the timestamp. Skips damaged ones."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("qualified.*.json")):
        with contextlib.suppress(OSError, Malformed):
            found.setdefault(Qualification.parse(content(path)).timestamp, []).append(path)
    return found


def _dotted(oid: bytes) -> str:
    """Return an object identifier as `1.3.6.1`, or an empty text if it is not one."""
    numbers, value = [], 0
    for byte in oid:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers or oid[-1] & 0x80 or len(oid) > 64:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _states_qualified(info: list[DerItem]) -> bool:
    """Return whether the extensions of a TSTInfo hold the statement esi4-qtstStatement-1."""
    with contextlib.suppress(IndexError, ValueError):
        extensions = [der_items(each.value) for item in info[5:] if item.tag == 0xA1 for each in der_items(item.value)]
        statements = [
            der_items(der_items(each[-1].value)[0].value) for each in extensions if each[0].value == _QC_STATEMENTS
        ]
        return any(der_items(each.value)[0].value == _EU_QUALIFIED for found in statements for each in found)
    return False


def signed_message(response: bytes) -> bytes:
    """Return the ContentInfo (RFC 5652) of a granted TimeStampResp."""
    (whole,) = der_items(response)
    status, *content = der_items(whole.value)
    if der_items(status.value)[0].value not in (b"\0", b"\1"):  # granted, or granted with modifications
        raise Malformed("the authority refused the timestamp")
    return content[0].whole


@functools.lru_cache(16)
def signed_data(response: bytes) -> list[DerItem]:
    """Return the content of the SignedData (RFC 5652, section 5.1) of a granted TimeStampResp."""
    (message,) = der_items(signed_message(response))
    return der_items(der_items(der_items(message.value)[1].value)[0].value)


def token_ends(response: bytes, roots: Iterable[bytes]) -> str | None:
    """Return when a timestamp ends: when its first certificate up to the root ends, or its hash function.

    `roots` are additional certificates in DER, besides those in the response. Returns None if this cannot be
    determined.
    """
    with contextlib.suppress(IndexError, ValueError):
        signed = signed_data(response)
        within = [item.value for item in signed if item.tag == 0xA0]
        issuer, serial = der_items(der_items(der_items(signed[-1].value)[0].value)[1].value)
        ends = [
            _HASH_ENDS[oid]
            for item in der_items(signed[1].value)
            if (oid := der_items(item.value)[0].value.hex()) in _HASH_ENDS
        ]
        if chain := _chain_ends((*within, *roots), issuer.value, serial.value):
            return min([chain, *ends])
    return None


@functools.lru_cache(32)  # an authority sends the same certificates for years
def _chain_ends(certificates: tuple[bytes, ...], issuer: bytes, serial: bytes) -> str | None:
    """Return when the first certificate ends, from the one with this issuer and number up to its root."""
    known = [Certificate.parse(item) for each in certificates for item in der_items(each)]
    signers = [each for each in known if (each.issuer, each.serial) == (issuer, serial)]
    signer = min(signers, key=lambda each: each.ends)  # the choice is not covered by the signature
    ends = []
    for _ in known:  # upwards; of several ways, the one that lasts longest
        ends.append(signer.ends)
        issuers = [each for each in known if each.subject == signer.issuer]
        if signer.subject == signer.issuer or not issuers:
            return min(ends)
        signer = max(issuers, key=lambda each: each.ends)
    return None


def roots_of_chain(response: bytes, roots: Iterable[bytes]) -> set[bytes]:
    """Return the certificates (DER) to which a timestamp's chain may lead, or all if this cannot be determined."""
    candidates = set(roots)
    try:
        signed = signed_data(response)
        issuers = {der_items(der_items(der_items(signed[-1].value)[0].value)[1].value)[0].value}
        issuers |= {Certificate.parse(c).issuer for each in signed if each.tag == 0xA0 for c in der_items(each.value)}
        found: set[bytes] = set()
        by_subject = {each: Certificate.parse(der_items(each)[0]) for each in candidates}
        for _ in candidates:
            found |= {each for each, parsed in by_subject.items() if parsed.subject in issuers}
            issuers |= {by_subject[each].issuer for each in found}
        return found or candidates
    except (IndexError, ValueError):
        return candidates


class Certificate(NamedTuple):
    """An X.509 certificate's place in a chain (names and number as encoded), and its end."""

    serial: bytes
    issuer: bytes
    subject: bytes
    ends: str

    @classmethod
    def parse(cls, item: DerItem) -> Certificate:
        fields = [each for each in der_items(der_items(item.value)[0].value) if each.tag != 0xA0]  # without the version
        serial, _, issuer, validity, subject = fields[:5]
        return cls(serial.value, issuer.value, subject.value, _asn1_time(der_items(validity.value)[1]))


def _is_certificate(data: bytes) -> bool:
    """Return whether these bytes have the outer form of one X.509 certificate."""
    with contextlib.suppress(IndexError, ValueError):
        (whole,) = der_items(data)
        return [whole.tag, *(each.tag for each in der_items(whole.value))] == [0x30, 0x30, 0x30, 0x03]
    return False


def _asn1_time(item: DerItem) -> str:
    """Return a UTCTime (1950 to 2049) or GeneralizedTime as `2026-11-24T02:00:00Z`.

    Raises ValueError for anything else.
    """
    text = item.value.decode("ascii")
    if item.tag == 0x17:
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    parts = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z", text, re.ASCII)
    found = "{}-{}-{}T{}:{}:{}Z".format(*parts.groups()) if parts else ""
    epoch(found)
    return found


class DerItem(NamedTuple):
    tag: int
    value: bytes
    whole: bytes


def der_items(data: bytes) -> list[DerItem]:
    """Yield the consecutive DER items in `data`. Raises Malformed for encodings that OpenSSL, which accepts BER, reads
    differently.

    Without this, a genuine timestamp could be wrapped so that its signature is checked but another time is read.
    """
    items, position = [], 0
    while position < len(data):
        begin, tag, length = position, data[position], data[position + 1]
        if length == 0x80 or tag & 0x1F == 0x1F:
            raise Malformed("the timestamp is not encoded in DER")
        position += 2
        if length & 0x80:
            width = length & 0x7F
            length = int.from_bytes(data[position : position + width], "big")
            position += width
        if position + length > len(data):
            raise Malformed("the timestamp is cut off")
        items.append(DerItem(tag, data[position : position + length], data[begin : position + length]))
        position += length
    return items


@functools.lru_cache(1 << 12)
def epoch(moment: str) -> int:
    """Return seconds since 1970 of `2026-11-24T02:00:00Z`. Raises ValueError for anything else."""
    if _MOMENT.fullmatch(moment):
        with contextlib.suppress(ValueError):  # a leap second
            return int(datetime.fromisoformat(f"{moment[:-1]}+00:00").timestamp())
    return calendar.timegm(time.strptime(moment, _TIME))


def moment(seconds: float | None = None) -> str:
    """Return seconds since 1970 as `2026-11-24T02:00:00Z`; None means now."""
    return time.strftime(_TIME, time.gmtime(seconds))
