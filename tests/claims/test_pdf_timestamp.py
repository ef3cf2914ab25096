"""The document timestamp in proof.pdf, judged by pyHanko and openssl, and seen by poppler, which does not judge it."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pyhanko", reason="the extra pdf is not installed")

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from archiver.archive import seal
from archiver.archive.local_tsa import LocalAuthority
from archiver.claims import packing
from archiver.claims.pdf_timestamp import timestamped
from archiver.home.network import Network
from archiver.reading.pdf_join import join_pdfs
from tests.authoring.scenario import pdf
from tests.support.agency import agency, record
from tests.support.pack_kit import document, licence

POST = Network().post
PDF = join_pdfs(iter([("A part", pdf(["A page"]))]), [("list.txt", b"A file in the zip\n")])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seal.Authority]:
    with LocalAuthority(tmp_path_factory.mktemp("tsa")) as local:
        yield seal.Authority(name="local", url=local.url, roots=local.root_pem)


@pytest.fixture(scope="module")
def stamped(authority: seal.Authority) -> bytes:
    async def within_a_loop() -> tuple[bytes, list[str]]:
        return timestamped(PDF, [authority], POST)

    made, reasons = asyncio.run(within_a_loop())
    assert reasons == [] and made.startswith(PDF)
    return made


def holds(content: bytes, authority: seal.Authority) -> bool:
    """Whether pyHanko's own validator accepts the document timestamp, and that it covers the whole file."""
    assert authority.roots
    root = x509.Certificate.load(pem.unarmor(authority.roots.read_bytes())[2])
    (signature,) = PdfFileReader(io.BytesIO(content), strict=False).embedded_timestamp_signatures
    status = validate_pdf_timestamp(signature, ValidationContext(trust_roots=[root], allow_fetching=False))
    good = status.intact and status.valid and status.trusted
    return bool(good and status.coverage == SignatureCoverageLevel.ENTIRE_FILE)


def signed_part(content: bytes) -> tuple[bytes, bytes]:
    """The bytes that the timestamp covers, and the timestamp token."""
    found = re.search(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", content)
    assert found
    _, first, second, rest = map(int, found.groups())
    token = bytes.fromhex(content[first + 1 : second - 1].decode())
    return content[:first] + content[second : second + rest], token


def test_readers_of_pdfs_and_openssl_accept_it(stamped: bytes, authority: seal.Authority, tmp_path: Path) -> None:
    assert holds(stamped, authority) and authority.roots
    (tmp_path / "data").write_bytes((covered := signed_part(stamped))[0])
    (tmp_path / "token").write_bytes(covered[1])
    command: list[str | Path] = [
        "openssl",
        "ts",
        "-verify",
        "-token_in",
        "-in",
        "token",
        "-data",
        "data",
        "-CAfile",
        authority.roots,
    ]
    assert "OK" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    if shutil.which("pdfsig"):
        (tmp_path / "proof.pdf").write_bytes(stamped)
        said = subprocess.run(["pdfsig", "-nocert", "proof.pdf"], cwd=tmp_path, capture_output=True, text=True).stdout
        assert "DocumentTimestamp" in said and "Total document signed" in said, said


def test_one_changed_byte_is_seen(stamped: bytes, authority: seal.Authority) -> None:
    at = stamped.index(b"A page")
    changed = stamped[:at] + b"B" + stamped[at + 1 :]
    assert not holds(changed, authority)


def test_an_answer_that_does_not_hold_is_left_out(authority: seal.Authority, tmp_path: Path) -> None:
    """An authority that is down, one that sends something else, and one with other roots: the next one is taken."""
    assert authority.roots
    with LocalAuthority(tmp_path / "other") as other:
        down = seal.Authority(name="down", url="http://127.0.0.1:9/", roots=authority.roots)
        foreign = seal.Authority(name="foreign", url=other.url, roots=authority.roots)
        made, reasons = timestamped(PDF, [down, foreign, authority], POST)
        assert holds(made, authority) and reasons == []
        made, reasons = timestamped(PDF, [down, foreign], POST)
    assert made == PDF and [each.split(":")[0] for each in reasons] == ["down", "foreign"]
    assert "does not hold" in reasons[1]


def earlier_answer(authority: seal.Authority) -> seal.Post:
    """A network in which every request gets the answer to another one."""
    kept = POST(authority.url, request_of(b"other"), "application/timestamp-query", 5)
    return lambda *_: kept


def request_of(data: bytes) -> bytes:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    return TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA512).build().as_bytes()


def test_the_answer_to_another_request_is_not_taken(authority: seal.Authority) -> None:
    made, reasons = timestamped(PDF, [authority], earlier_answer(authority))
    assert made == PDF and "other data" in reasons[0]


@pytest.mark.browser
def test_a_pack_has_it_or_says_that_it_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.claims.proof_pack.pdf_of", lambda *_: PDF)
    with agency(tmp_path / "agency") as at:
        certificate = document("certificate.pdf", "certificate", pdf(["Licence"]))
        (stored,) = at.archive("acme", (licence("1"), (record(), certificate)))
        warned: list[str] = []
        home = at.home
        packing.proof(home, [stored.folder], tmp_path / "with.zip", packing.ProofRequest(), warn=warned.append)
        (local,) = home.settings.timestamps
        assert local.roots and warned == []
        roots = home.root / local.roots
        assert holds((tmp_path / "with.pdf").read_bytes(), seal.Authority(name="local", url="", roots=roots))
    packing.proof(home, [stored.folder], tmp_path / "without.zip", packing.ProofRequest(), warn=warned.append)
    (said,) = warned
    assert said.startswith("proof.pdf has no document timestamp of its own: local: ")
    assert (tmp_path / "without.pdf").read_bytes() == PDF
