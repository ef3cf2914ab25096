"""Authorities with rules about names, odd times, and roots of one name: the page judges them as OpenSSL does."""

from __future__ import annotations

import ipaddress
import itertools
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from archiver.archive.checking.parts import openssl_program, timestamp_tokens
from archiver.archive.checking.parts.whole_pack import verify_zip
from tests.claims.test_check_page import accepted
from tests.support import token_kit
from tests.support.authority_kit import STAMPING, certificate, key, pem
from tests.support.check_page_kit import Checker, checker
from tests.support.forger import Owner, build, entries_of, zip_of
from tests.support.token_kit import Forge, Shape, seq, tlv

__all__ = ["checker"]

COUNTS = [24, pytest.param(500, marks=pytest.mark.long)]


def name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.DirectoryName:
    return x509.DirectoryName(x509.Name([x509.NameAttribute(*each) for each in parts]))


CN, C = NameOID.COMMON_NAME, NameOID.COUNTRY_NAME
NETS = [ipaddress.ip_network(each) for each in ("10.0.0.0/8", "10.1.0.0/16", "fd00::/8")]
BASES: list[x509.GeneralName] = [
    name((CN, "Stamps")), name((CN, "stamps")), name((CN, "Other")), name((C, "DE")), name((C, "DE"), (CN, "Stamps")),
    *map(x509.DNSName, ("example.com", ".example.com", "a.example.com", "")),
    *map(x509.RFC822Name, ("example.com", ".example.com", "ada@example.com")),
    *map(x509.UniformResourceIdentifier, ("example.com", ".example.com")), *map(x509.IPAddress, NETS),
]  # fmt: skip
NAMES: list[x509.GeneralName] = [
    name((CN, "Also")), name((C, "DE"), (CN, "Stamps")), x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
    *map(x509.DNSName, ("a.example.com", "EXAMPLE.com", "badexample.com", "example.org")),
    *map(x509.RFC822Name, ("ada@example.com", "Ada@EXAMPLE.com", "ada@a.example.com", "ada@example.org")),
    *map(x509.UniformResourceIdentifier, ("https://a.example.com/x", "https://example.com:8/", "urn:x:y")),
    *(x509.IPAddress(ipaddress.ip_address(each)) for each in ("10.1.2.3", "10.2.2.3", "11.0.0.1", "fd00::1")),
]  # fmt: skip


def asked(forge: Forge, token: bytes, note: Path) -> bool:
    """What OpenSSL says."""
    program, trusted = openssl_program.openssl(), [forge.root.public_bytes(Encoding.DER)]
    file = note.with_name("token")
    file.write_bytes(token)
    assert program
    return openssl_program.openssl_refuses(program, file, note, trusted, trusted) is None


def limited(draw: random.Random, forge: Forge) -> dict[str, Any]:
    """The root gets rules about names, critical or not; options of a certificate with names of all kinds."""
    subtrees = [draw.sample(BASES, draw.randint(0, 3)) for _ in range(2)]
    if any(subtrees):
        rule = x509.NameConstraints(subtrees[0] or None, subtrees[1] or None)
        forge.root = certificate("Root", forge.root_key, days=(-2000, 4000), more=((rule, draw.random() < 0.5),))
    names = draw.sample(NAMES, draw.randint(0, 2))
    more = ((x509.SubjectAlternativeName(names), False),) if names else ()
    return {"more": (STAMPING, *more), "country": draw.choice(["", "DE", "FR"])}


@pytest.mark.parametrize("count", COUNTS)
def test_rules_about_names_are_kept_critical_or_not(checker: Checker, tmp_path: Path, count: int) -> None:
    draw, forge = random.Random(count), Forge()  # a seed, no secret
    note, roots, said = tmp_path / "note", tmp_path / "roots.pem", set()
    note.write_bytes(b"anything")
    for number in range(count):
        options = limited(draw, forge)
        token = forge.answer(b"anything", Shape(kind="p256", certify=options))
        roots.write_bytes(pem(forge.root))
        good = asked(forge, token, note)
        assert accepted(checker, roots, note, [token]) == [good], (number, options, forge.root.extensions)
        said.add(good)
    assert said == {True, False}


@dataclass
class Redated:
    """A certificate that states its time in another form, which no library makes or reads."""

    subject: x509.Name
    issuer: x509.Name
    serial_number: int
    whole: bytes

    def public_bytes(self, _: Encoding) -> bytes:
        return self.whole


FORMS = [(0x17, "%y%m%d%H%M%SZ"), (0x18, "%Y%m%d%H%M%SZ"), (0x17, "%y%m%d%H%MZ"), (0x18, "%Y%m%d%H%MZ"),
         (0x18, "%Y%m%d%H%M%S.5Z"), (0x17, "%y%m%d%H%M%S+0000"), (0x18, "%Y%m%d%H%M%S+0000"), (0x17, "%Y%m%d%H%M%SZ"),
         (0x18, "%y%m%d%H%M%SZ"), (0x18, "%Y%m%d%H%M%S"), (0x17, "%y%m%d%H%M60Z"), (0x18, "%Y%m%d%H%M60Z"),
         (0x0C, "%Y%m%d%H%M%SZ"), (0x17, "%y%m%d2460%SZ"), (0x18, "%Y1301%H%M%SZ")]  # fmt: skip


def redated(made: x509.Certificate, own: Any, forms: tuple[tuple[int, str], ...]) -> Redated:
    days = made.not_valid_before_utc, made.not_valid_after_utc
    validity = seq(*(tlv(tag, day.strftime(form).encode()) for (tag, form), day in zip(forms, days, strict=True)))
    items = [
        each.whole
        for each in timestamp_tokens.der_items(timestamp_tokens.der_items(made.tbs_certificate_bytes)[0].value)
    ]
    tbs = seq(*items[:4], validity, *items[5:])
    signature = own.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    return Redated(made.subject, made.issuer, made.serial_number, seq(tbs, items[2], tlv(0x03, b"\0", signature)))


@pytest.mark.parametrize("odd", [0, *(pytest.param(each, marks=pytest.mark.long) for each in range(1, 15))])
def test_a_certificate_s_times_are_read_in_the_forms_that_openssl_reads(
    checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: int
) -> None:
    forge = Forge()
    note, roots = tmp_path / "note", tmp_path / "roots.pem"
    note.write_bytes(b"anything")
    roots.write_bytes(pem(forge.root))
    for forms in itertools.product([FORMS[odd]], FORMS) if odd else [(each, each) for each in FORMS]:

        def made(*given: Any, forms: tuple[tuple[int, str], ...] = forms, **how: Any) -> Redated:
            return redated(certificate(*given, **how), forge.root_key, forms)

        monkeypatch.setattr(token_kit, "certificate", made)
        token = forge.answer(b"anything", Shape(kind="p256"))
        assert accepted(checker, roots, note, [token]) == [asked(forge, token, note)], forms


@pytest.mark.parametrize("count", [3, pytest.param(60, marks=pytest.mark.long)])
def test_a_genuine_pack_holds_whatever_roots_of_the_same_name_are_supplied_with_its_own(
    checker: Checker, tmp_path: Path, count: int
) -> None:
    draw, owner = random.Random(count), Owner(1)  # a seed, no secret
    zip_file, roots = tmp_path / "pack.zip", tmp_path / "roots.pem"
    zip_file.write_bytes(zip_of(entries_of(build(owner))))
    others = [pem(certificate(owner.root_name, key("p256"))) for _ in range(4)]
    for number in range(count):
        found = [owner.roots] * (number % 3 != 2) + draw.sample(others, draw.randint(1, 4))
        draw.shuffle(found)
        roots.write_bytes(b"".join(found))
        said = verify_zip(zip_file, roots)[-1].verdict
        page = checker.of_zip(zip_file.read_bytes(), pins={"roots": roots.read_text()})
        wanted = ("PROVEN", "named") if owner.roots in found else ("DAMAGED", "")
        assert (said.word, said.trust) == (page["verdict"], page["trust"] or "") == wanted
