"""What timestamps say, read from bytes made by hand: the other tag, the second signature, the last second."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.archive.checking.parts import timestamp_tokens
from archiver.archive.checking.parts.archive_words import Malformed
from archiver.archive.checking.parts.timestamp_tokens import (
    Certificate,
    Qualification,
    Token,
    certificates_in,
    der_items,
    epoch,
    moment,
    pem_of_certificates,
    qualifications,
    roots_of_chain,
    signed_message,
    token_ends,
)
from tests.support.authority_kit import certificate, key
from tests.support.token_bytes import DATA, cert, info_of, name, response, signer
from tests.support.token_kit import algorithm, integer, oid, seq, tlv

STAMPED = "2026-11-24T02:00:00Z"


def extensions(*each: bytes) -> bytes:
    return tlv(0xA1, *each)


STATEMENTS, QUALIFIED = bytes.fromhex("2b06010505070103"), bytes.fromhex("040081975e0101")


def statements(*said: bytes, about: bytes = STATEMENTS) -> bytes:
    return seq(tlv(0x06, about), tlv(0x04, seq(*(seq(tlv(0x06, each)) for each in said))))


def test_a_token_says_what_it_covers_when_and_under_which_policy() -> None:
    token = Token.parse(response())
    assert token == Token("sha512", hashlib.sha512(DATA).digest(), STAMPED, None, "1.3.6.1.4.1.32473.1", False)
    assert token.covers(DATA) and not token.covers(b"another")
    assert Token("sha512", b"", STAMPED, None) == Token("sha512", b"", STAMPED, None, "", False)
    assert Token.parse(response(info_of(seq(integer(1)), integer(1 << 20)))).nonce == (1 << 20).to_bytes(3, "big")
    assert Token.parse(response(info_of(tlv(0x03, b"\0"), integer(5)))).nonce == b"\5"
    assert Token.parse(response(status=1)) == token


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a timestamp response"), (seq(), "not a timestamp response"), (b"\x30", "not a timestamp response"),
        (response(status=2), "the authority refused the timestamp"),
        (response(signers=b""), "has not exactly one signature"),
        (response(signers=signer() * 2), "has not exactly one signature"),
        (response(octets=0x24), "is not in one piece"), (response(octets=0x05), "is not in one piece"),
        (response(info_of(tag=0x17, time=b"261124020000Z")), "in another form than RFC 3161 asks"),
        (response(info_of(time=b"202611240200Z")), "not a timestamp response"),
        (response(info_of(time=b"20261124020000")), "not a timestamp response"),
        (response(info_of(imprint="md5")), "not a timestamp response"),
    ],
)  # fmt: skip
def test_what_is_no_token_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        Token.parse(data)
    assert token_ends(b"x", []) is None and roots_of_chain(b"x", [b"r"]) == {b"r"}


@pytest.mark.parametrize(
    ("more", "qualified"),
    [
        ([extensions(statements(QUALIFIED))], True), ([extensions(statements(b"\1", QUALIFIED))], True),
        ([integer(5), extensions(statements(b"\1", about=b"\2"), statements(QUALIFIED))], True),
        ([extensions(statements(b"\1"))], False), ([extensions(statements(QUALIFIED, about=b"\2"))], False),
        ([tlv(0xA0, statements(QUALIFIED))], False), ([tlv(0xA2, statements(QUALIFIED))], False), ([], False),
        ([extensions(b"\x30")], False), ([extensions(seq())], False),
        ([extensions(seq(tlv(0x06, STATEMENTS), tlv(0x01, b"\xff"), tlv(0x04, seq(seq(tlv(0x06, QUALIFIED))))))], True),
    ],
)  # fmt: skip
def test_a_token_states_to_be_qualified(more: list[bytes], qualified: bool) -> None:
    assert Token.parse(response(info_of(*more))).states_qualified is qualified
    early = seq(integer(1), oid("policy"), seq(algorithm("sha512"), tlv(0x04, bytes(64))),
                extensions(statements(QUALIFIED)), tlv(0x18, b"20261124020000Z"))  # fmt: skip
    assert not Token.parse(response(early)).states_qualified, "only extensions, which come last"


@pytest.mark.parametrize(
    ("encoded", "policy"),
    [
        ("00", "0.0"), ("27", "0.39"), ("28", "1.0"), ("4f", "1.39"), ("50", "2.0"), ("7f", "2.47"), ("8100", "2.48"),
        ("8837", "2.999"), ("2a8648", "1.2.840"), ("2aff7f", "1.2.16383"), ("2a818000", "1.2.16384"), ("", ""),
        ("2a81", ""), ("80", ""), ("2a" + "01" * 63, "1.2" + ".1" * 63), ("2a" + "01" * 64, ""),
    ],
)  # fmt: skip
def test_a_policy_is_written_in_numbers(encoded: str, policy: str) -> None:
    info = info_of().replace(oid("policy"), tlv(0x06, bytes.fromhex(encoded)))
    body = der_items(info)[0].value if len(encoded) == len("2b0601040181fd5901") else info[2:]
    assert Token.parse(response(seq(body))).policy == policy


# ---------------------------------------------------------------- statements about trusted lists


def statement(**more: Any) -> Qualification:
    fields: dict[str, Any] = dict.fromkeys(("certificate", "lotl", "timestamp", "trusted_list"), "ab" * 32)
    fields |= dict.fromkeys(("fetched_at", "granted_since", "issued_at", "next_update"), STAMPED)
    return Qualification(**fields | {"country": "AT", "service": "s", "url": "u"} | more)


def test_a_statement_about_a_list_is_read_only_as_it_is_written(tmp_path: Path) -> None:
    written = statement().encode()
    assert Qualification.parse(written) == statement() and written.startswith(b'{\n "certificate": "')
    assert written.endswith(b'"url": "u"\n}\n') and timestamp_tokens.MAX_LIST_BYTES == 32 << 20
    tree = json.loads(written)
    rules: list[tuple[dict[str, Any], str]] = [
        ({name: "2026-11-24"}, "is no statement") for name in ("fetched_at", "granted_since", "issued_at")
    ]
    rules += [({name: "ab" * 31}, "is no statement") for name in ("certificate", "lotl", "timestamp", "trusted_list")]
    rules += [({"country": each}, "is no statement") for each in ("A", "AUT", "at")]
    rules += [({"next_update": ""}, "is no statement"), ({"service": 1}, "is no statement"), ({"x": "1"}, "no statem")]
    for more, reason in rules:
        with pytest.raises(Malformed, match=reason):
            Qualification.parse((json.dumps(tree | more, indent=1, sort_keys=True) + "\n").encode())
    for data, reason in ((written + b"\n", "is not written"), (b"[]", "is no statement"), (b'["a"]', "is no statement"),
                         (json.dumps(tree).encode(), "is not written as such a statement is")):  # fmt: skip
        with pytest.raises(Malformed, match=reason):
            Qualification.parse(data)
    for number, data in enumerate((written, b"damaged", statement(url="v").encode())):
        (tmp_path / f"qualified.{number}.json").write_bytes(data)
    (tmp_path / "qualified.3.json").mkdir()
    assert qualifications(tmp_path) == {"ab" * 32: [tmp_path / f"qualified.{n}.json" for n in (0, 2)]}


def test_a_statement_is_about_timestamps_from_the_grant_to_the_next_list() -> None:
    said = statement(granted_since=moment(10), next_update=moment(20))
    assert [said.shows(moment(each)) for each in (9, 10, 15, 20, 21)] == [False, True, True, True, False]


# ---------------------------------------------------------------- certificates


@pytest.fixture(scope="module")
def ders() -> list[bytes]:
    own = key("p256")
    return [certificate(each, own).public_bytes(Encoding.DER) for each in ("One", "Two")]


def test_certificates_and_their_files(ders: list[bytes]) -> None:
    text = pem_of_certificates([*ders, ders[0]])
    assert certificates_in(text) == (ders, None) and certificates_in(b"none") == ([], None)
    assert text.startswith(b"-----BEGIN CERTIFICATE-----\n") and text.count(b"BEGIN") == 2
    lines = text.split(b"-----END")[0].splitlines()[1:]
    assert {len(each) for each in lines[:-1]} == {64} and base64.b64decode(b"".join(lines)) == ders[0]
    wrong = "holds something besides certificates in PEM form"
    for other in (b"x" + text.replace(b"END CERT", b"END OTHER"), text.replace(b"BEGIN", b"BEGIN X509"),
                  text.replace(b"M", b"~"), pem_of_certificates([b"\x30\0"])):  # fmt: skip
        assert certificates_in(other) == ([], wrong)
    assert certificates_in(pem_of_certificates([ders[0], ders[0] + ders[1], ders[1]])) == (ders, wrong)
    for odd in (seq(seq(), seq(), tlv(0x04, b"")), seq(seq(), seq(), seq()), tlv(0x31, seq(), seq(), tlv(0x03, b""))):
        assert certificates_in(pem_of_certificates([odd])) == ([], wrong)
    bare = seq(seq(), seq(), tlv(0x03, b""))
    assert certificates_in(pem_of_certificates([bare, bare[:-1]])) == ([bare], wrong)


def test_the_place_of_a_certificate_in_a_chain(ders: list[bytes]) -> None:
    for version in (tlv(0xA0, integer(2)), b""):
        parsed = Certificate.parse(der_items(cert("A", "B", "300101000000Z", 9, version=version))[0])
        assert parsed == Certificate(b"\t", der_items(name("B"))[0].value, der_items(name("A"))[0].value,
                                     "2030-01-01T00:00:00Z")  # fmt: skip
    assert Certificate.parse(der_items(ders[0])[0]).ends > STAMPED


@pytest.mark.parametrize(
    ("written", "ends"),
    [
        ("500101000000Z", "1950-01-01T00:00:00Z"), ("491231235959Z", "2049-12-31T23:59:59Z"),
        ("510101000000Z", "1951-01-01T00:00:00Z"), ("20500101000000Z", "2050-01-01T00:00:00Z"),
        ("20500101000000.5Z", "2050-01-01T00:00:00Z"), ("20501301000000Z", None), ("5001010000Z", None), ("x", None),
    ],
)  # fmt: skip
def test_times_have_two_forms(written: str, ends: str | None) -> None:
    data = cert("A", "A", written)
    if ends:
        assert Certificate.parse(der_items(data)[0]).ends == ends
        return
    with pytest.raises(ValueError, match="time data"):
        Certificate.parse(der_items(data)[0])


def ends(*sent: bytes, roots: tuple[bytes, ...] = (), **more: Any) -> str | None:
    return token_ends(response(sent=tlv(0xA0, *sent) if sent else b"", **more), roots)


def test_a_timestamp_ends_with_the_first_certificate_up_to_its_root() -> None:
    root, own = cert("Root", "Root", "400101000000Z", 7), cert("Own", "Root", "300101000000Z", 8)
    assert ends(roots=(root,)) == "2040-01-01T00:00:00Z" == ends(root)
    assert ends(own, roots=(root,), signers=signer("Root", 8)) == "2030-01-01T00:00:00Z" == ends(
        own, signers=signer("Root", 8))  # fmt: skip
    long = cert("Own", "Root", "480101000000Z", 8)
    assert ends(long, root, signers=signer("Root", 8)) == "2040-01-01T00:00:00Z"
    assert ends(long, own, root, signers=signer("Root", 8)) == "2030-01-01T00:00:00Z", "of two of one number, the first"
    other_root = cert("Root", "Root", "450101000000Z", 9)
    assert ends(long, root, other_root, signers=signer("Root", 8)) == "2045-01-01T00:00:00Z", "the longest way"
    above = cert("Root", "Top", "350101000000Z", 3)
    assert ends(long, above, cert("Top", "Top", "320101000000Z"), signers=signer("Root", 8)) == "2032-01-01T00:00:00Z"
    circle = cert("B", "A", "350101000000Z", 2)
    assert ends(cert("A", "B", "350101000000Z", 1), circle, signers=signer("B", 1)) is None
    for wrong in (signer("Root", 9), signer("Own", 7)):
        assert ends(own, root, signers=wrong) is None
    assert ends(root, announced="sha1") == "2014-01-01T00:00:00Z"
    assert ends(cert("Root", "Root", "100101000000Z", 7), announced="sha1") == "2010-01-01T00:00:00Z"
    assert token_ends(response(sent=tlv(0xA1, root)), ()) is None and ends(b"\x30", roots=(root,)) is None


def test_the_roots_of_a_chain_are_those_to_which_names_lead() -> None:
    root, other = cert("Root", "Root", "400101000000Z", 7), cert("Other", "Other", "400101000000Z")
    between, above = cert("Between", "Root", "400101000000Z"), cert("Root", "Top", "400101000000Z")
    top = cert("Top", "Top", "400101000000Z")
    assert roots_of_chain(response(), [root, other]) == {root}
    sent = response(sent=tlv(0xA0, cert("Own", "Between", "300101000000Z", 8), between), signers=signer("Between", 8))
    assert roots_of_chain(sent, [root, other]) == {root} == roots_of_chain(sent, [root])
    assert roots_of_chain(response(signers=signer("Between")), [between, root, other]) == {between, root}
    assert roots_of_chain(response(), [other, top, above]) == {above, top}
    assert roots_of_chain(response(), [other]) == {other} == roots_of_chain(response(sent=tlv(0xA0, b"\x30")), [other])
    unread = response(sent=tlv(0xA1, cert("Own", "Other", "300101000000Z")))
    assert roots_of_chain(unread, [root, other]) == {root}


def test_what_follows_is_not_read() -> None:
    """Whoever is not signed over can append; the first of each is what counts."""
    status, message = der_items(der_items(response())[0].value)
    longer = seq(seq(integer(0), seq(integer(2))), message.whole, seq())
    assert signed_message(longer) == message.whole and Token.parse(longer) == Token.parse(response())
    assert Token.parse(response(info_of() + seq(integer(1)))) == Token.parse(response())
    root, other = cert("Root", "Root", "400101000000Z", 7), cert("Other", "Other", "300101000000Z", 7)
    both = signer("Root", 7) + signer("Other", 7)
    assert ends(root, other, signers=both) == "2040-01-01T00:00:00Z"
    assert roots_of_chain(response(signers=both), [root, other]) == {root}
    assert roots_of_chain(response(), [root + seq(), other]) == {root + seq()}
    kind, content = der_items(message.value)
    [inside] = der_items(content.value)
    nested = seq(status.whole, seq(kind.whole, tlv(0xA0, inside.whole, seq())))
    assert Token.parse(nested) == Token.parse(response())


def test_only_a_granted_response_has_a_message() -> None:
    message = signed_message(response())
    assert message == der_items(der_items(response())[0].value)[1].whole
    for status in (2, 3, 255):
        with pytest.raises(Malformed, match="refused"):
            signed_message(response(status=status))


# ---------------------------------------------------------------- DER and times


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_items_follow_each_other(size: int) -> None:
    first, second = tlv(0x1E, b"x" * size), tlv(0xA2, b"y")
    found = der_items(first + second)
    assert [(each.tag, each.value, each.whole) for each in found] == [(0x1E, b"x" * size, first), (0xA2, b"y", second)]
    for cut in (first + second[:-1], (first + second)[: len(first) - 1]) if size else (second[:-1],):
        with pytest.raises(Malformed, match="is cut off"):
            der_items(cut)


@pytest.mark.parametrize(
    ("data", "passes"),
    [
        (b"", True), (b"\x30\x80\0\0", False), (b"\x1f\1\1", False), (b"\x3f\1\1", False), (b"\xff\1\1", False),
        (b"\x1e\1\1", True), (b"\x20\1\1", True), (b"\x0f\1\1", True), (b"\x30\x81\1\1", True), (b"\x01\x01\1", True),
    ],
)  # fmt: skip
def test_what_openssl_reads_otherwise_is_not_read(data: bytes, passes: bool) -> None:
    if passes:
        assert len(der_items(data)) == bool(data)
        return
    with pytest.raises(Malformed, match="is not encoded in DER"):
        der_items(data)


def test_times_in_seconds() -> None:
    assert (epoch("1970-01-01T00:00:10Z"), moment(10), moment(0)) == (
        10,
        "1970-01-01T00:00:10Z",
        "1970-01-01T00:00:00Z",
    )
    assert epoch("2016-12-31T23:59:60Z") == epoch("2017-01-01T00:00:00Z"), "a leap second"
    assert abs(epoch(moment()) - datetime.now(UTC).timestamp()) < 5
    for wrong in ("", "2026-11-24", "2026-11-24T02:00:00", "2026-02-30T00:00:00Z", "2026-11-24 02:00:00Z"):
        with pytest.raises(ValueError, match=r"time data|out of range"):
            epoch(wrong)
