"""What a timestamp must keep besides its signature.

The rules of RFC 3161 and RFC 5035. What seals and what verifies ask the same function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from archiver.archive.checking.parts.archive_words import AGREE_WITHIN_S
from archiver.archive.checking.parts.timestamp_tokens import (
    HASHES,
    Certificate,
    DerItem,
    der_items,
    signed_data,
)

_ESS_1, _ESS_2 = bytes.fromhex("2a864886f70d010910020c"), bytes.fromhex("2a864886f70d010910022f")
_KNOWN_HASHES = {**HASHES, "2b0e03021a": "sha1"}
_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_DIRECTORY_NAME, _EXTENSIONS = 0xA4, 0xA3


@dataclass(frozen=True)
class _Signed:
    """What the rules look at: the TSTInfo's fields, the one who signed it, and how."""

    info: list[DerItem]
    signer: list[DerItem]
    certificates: tuple[bytes, ...]  # in DER: those in the response, then those that the reader has

    @property
    def named(self) -> list[bytes]:
        """The certificates with the issuer and the number that the signature names."""
        issuer, serial = der_items(self.signer[1].value)
        found = ((each, Certificate.parse(der_items(each)[0])) for each in self.certificates)
        return [whole for whole, each in found if (each.issuer, each.serial) == (issuer.value, serial.value)]

    def attributes(self, oid: bytes) -> list[DerItem]:
        """The values of a signed attribute."""
        every = [der_items(each.value) for field in self.signer if field.tag == 0xA0 for each in der_items(field.value)]
        return [value for kind, values in every if kind.value == oid for value in der_items(values.value)]


def _version(signed: _Signed) -> str | None:
    return None if signed.info[0].value == b"\1" else "is of an unknown version"


def _hash_function(signed: _Signed) -> str | None:
    strong = der_items(signed.signer[2].value)[0].value.hex() in _KNOWN_HASHES
    return None if strong else "is signed over a hash function that protects nothing, as MD5"


def _accuracy(signed: _Signed) -> str | None:
    """A time that may be off by more than two authorities may disagree says no day."""
    stated = next((der_items(item.value) for item in signed.info[5:] if item.tag == 0x30), [])
    seconds = next((int.from_bytes(item.value, "big") for item in stated if item.tag == 0x02), 0)
    return "states that its time may be off by more than a day" if seconds > AGREE_WITHIN_S else None


def _signing_certificate(signed: _Signed) -> str | None:
    """The attribute that names the certificate which signed: the first entry is the signer's, the others are above."""
    lists = [(oid, value) for oid in (_ESS_1, _ESS_2) for value in signed.attributes(oid)]
    if not lists:
        return "does not say which certificate signed it"
    for oid, value in lists:
        candidates = signed.named
        for entry in der_items(der_items(value.value)[0].value):
            named = [each for each in candidates if _names(entry, oid, each)]
            if not named:
                return "names another certificate than the one that signed it"
            candidates = _above(signed.named, signed.certificates)
    return None


def _names(entry: DerItem, oid: bytes, certificate: bytes) -> bool:
    """Whether an ESSCertID names a certificate: by its digest, and by issuer and number if it states them."""
    items = der_items(entry.value)
    function = "sha1" if oid == _ESS_1 else "sha256"
    if oid == _ESS_2 and items[0].tag == 0x30:
        function = _KNOWN_HASHES[der_items(items.pop(0).value)[0].value.hex()]
    if hashlib.new(function, certificate).digest() != items[0].value:
        return False
    known = Certificate.parse(der_items(certificate)[0])
    if len(items) == 1:
        return True
    (name, *_), serial = der_items(der_items(items[1].value)[0].value), der_items(items[1].value)[1]
    issuer = der_items(name.value)[0].value if name.tag == _DIRECTORY_NAME else b""
    return serial.value == known.serial and same_name(issuer, known.issuer)


def _above(first: Iterable[bytes], certificates: Iterable[bytes]) -> list[bytes]:
    """The certificates to which the issuers' names lead."""
    parsed = {each: Certificate.parse(der_items(each)[0]) for each in certificates}
    found, reached = list[bytes](), [parsed[each] for each in first]
    for _ in range(len(parsed)):
        further = [
            whole
            for whole, each in parsed.items()
            if whole not in found and any(same_name(each.subject, one.issuer) for one in reached)
        ]
        found += further
        reached = [parsed[each] for each in further]
    return [each for each in found if each not in first]


def _authority_name(signed: _Signed) -> str | None:
    """The name that the timestamp gives its authority is one of the signer's."""
    stated = [item for item in signed.info[5:] if item.tag == 0xA0]
    for name in (der_items(each.value)[0] for each in stated):
        if not any(name.whole in _alternative_names(each) or _is_subject(name, each) for each in signed.named):
            return "names another authority than the one that signed it"
    return None


def _is_subject(name: DerItem, certificate: bytes) -> bool:
    if name.tag != _DIRECTORY_NAME:
        return False
    return same_name(der_items(name.value)[0].value, Certificate.parse(der_items(certificate)[0]).subject)


def _alternative_names(certificate: bytes) -> list[bytes]:
    fields = der_items(der_items(der_items(certificate)[0].value)[0].value)
    lists = [der_items(each.value)[0] for each in fields if each.tag == _EXTENSIONS]
    extensions = [der_items(each.value) for found in lists for each in der_items(found.value)]
    values = [each[-1].value for each in extensions if each[0].value == _ALTERNATIVE_NAME]
    return [name.whole for value in values for name in der_items(der_items(value)[0].value)]


def same_name(one: bytes, other: bytes) -> bool:
    """Compare names as OpenSSL does: without regard to case, runs of spaces, and the kind of text."""
    return one == other or _folded(one) == _folded(other)


def _folded(name: bytes) -> list[list[tuple[bytes, str]]]:
    def text(value: bytes) -> str:
        return " ".join(value.decode("utf-8", "replace").split()).lower()

    pairs = [[der_items(pair.value) for pair in der_items(part.value)] for part in der_items(name)]
    return [[(kind.value, text(value.value)) for kind, value in part] for part in pairs]


RULES: tuple[Callable[[_Signed], str | None], ...] = (
    _version,
    _hash_function,
    _accuracy,
    _signing_certificate,
    _authority_name,
)


def broken_rule(response: bytes, certificates: Iterable[bytes]) -> str | None:
    """Return the first rule that a timestamp breaks, in words that follow "it", or None.

    `certificates` are those that the reader has, in DER, besides those in the response. Neither its signature nor its
    chain is checked here, and programs differ in which of these rules they know: so everything of ours that judges a
    timestamp asks this first, when it seals as when it verifies.
    """
    try:
        signed = signed_data(response)
        sent = [each.whole for item in signed if item.tag == 0xA0 for each in der_items(item.value)]
        (octets,) = der_items(der_items(signed[2].value)[1].value)
        info = der_items(der_items(octets.value)[0].value)
        (signer,) = der_items(signed[-1].value)
        facts = _Signed(info, der_items(signer.value), tuple(dict.fromkeys([*sent, *certificates])))
        return next(filter(None, (rule(facts) for rule in RULES)), None)
    except (IndexError, KeyError, ValueError):
        return "is not written as RFC 3161 asks"
