"""One judge of a timestamp: whatever seals or verifies says the same of the same bytes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.archive.checking.parts import openssl_program, timestamp_tokens
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.seal import strict_checker
from archiver.archive.writer import Authority
from archiver.core.errors import SiteUnavailable
from archiver.home.network import Network
from tests.support.archive_kit import Kit, licence
from tests.support.token_kit import GOOD, REFUSED, SHAPES, UNFIT, Forge

STATES = {GOOD: "PROVEN", UNFIT: "UNPROVEN", REFUSED: "DAMAGED"}


@pytest.fixture(scope="module")
def forge() -> Forge:
    return Forge()


@pytest.fixture
def odd(tmp_path: Path, forge: Forge) -> Authority:
    """The authority of the shapes; nobody answers at its address."""
    roots = tmp_path / "forge.pem"
    roots.write_bytes(forge.root.public_bytes(Encoding.PEM))
    return Authority(name="odd", url="http://odd.example/", roots=roots)


@pytest.mark.parametrize("name", SHAPES)
def test_every_check_says_the_same_of_a_timestamp(
    kit: Kit, odd: Authority, forge: Forge, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    label, shape = SHAPES[name]

    def silent(*_: object) -> bytes:
        raise SiteUnavailable("no answer")

    kit.authorities, kit.post = [odd], silent
    kit.write(1)
    note = kit.root / "ledger/checkpoints/00000002.note"
    token = note.with_name(f"{note.name}.odd.tsr")
    token.write_bytes(forge.answer(note.read_bytes(), shape))
    quick = strict_checker()._replace(first=True)
    said = set()
    for checker in (None, quick):
        report = verify_archive(kit.root, checker=checker)
        said.add((report.state, *(each.code for each in report.findings if each.code != "renewal")))
    code = {GOOD: (), UNFIT: ("unfit",), REFUSED: ("timestamp",)}[label]
    assert said == {(STATES[label], *code)}
    monkeypatch.setenv("PATH", str(tmp_path))
    alone = verify_archive(kit.root, checker=quick)
    assert alone.state in (STATES[label], "UNPROVEN"), alone.as_text()  # it cannot read all that OpenSSL reads


@pytest.mark.parametrize("name", SHAPES)
def test_a_seal_takes_what_a_check_counts_and_keeps_the_others(
    kit: Kit, odd: Authority, forge: Forge, name: str
) -> None:
    label, shape = SHAPES[name]

    def post(url: str, query: bytes, kind: str, timeout_s: float) -> bytes:
        if url != odd.url:
            return Network().post(url, query, kind, timeout_s)
        fields = timestamp_tokens.der_items(timestamp_tokens.der_items(query)[0].value)
        nonce = next(int.from_bytes(each.value, "big") for each in fields[2:] if each.tag == 2)
        return forge.answer(max(kit.root.glob("ledger/checkpoints/*.note")).read_bytes(), replace(shape, nonce=nonce))

    kit.authorities = [odd, *kit.authorities]
    with kit.open(post=post) as archive:
        archive.put(licence(1)).result()
        warnings = archive.seal().warnings
    assert [text for text in warnings if "odd" in text] == list(warnings)
    assert bool(warnings) == (label != GOOD), warnings
    report = kit.verify()
    assert (report.state, [each.code for each in report.findings if each.code != "remark"]) == ("PROVEN", [])


def test_a_new_timestamp_makes_good_for_one_that_breaks_a_rule(kit: Kit, odd: Authority, forge: Forge) -> None:
    sound, kit.authorities = kit.authorities, [replace(odd, url="http://127.0.0.1:9/")]
    kit.write(1)
    note = kit.root / "ledger/checkpoints/00000002.note"
    note.with_name(f"{note.name}.odd.tsr").write_bytes(forge.answer(note.read_bytes(), SHAPES["another's name"][1]))
    [finding] = kit.verify().findings
    assert "names another authority than the one that signed it" in finding.message and "--renew" in finding.message
    kit.authorities = [*kit.authorities, *sound]
    with kit.open() as archive:
        archive.renew()
    report = kit.verify()
    assert (report.state, [each.code for each in report.findings]) == ("PROVEN", ["unfit"])


def test_the_labels_are_what_openssl_says(forge: Forge, tmp_path: Path) -> None:
    """But of the hash functions that are broken, and of times that say no day, which OpenSSL takes."""
    program, root = openssl_program.openssl(), [forge.root.public_bytes(Encoding.DER)]
    assert program
    note, token = tmp_path / "note", tmp_path / "token"
    note.write_bytes(b"anything")
    command: list[str | Path] = [
        program,
        "ts",
        "-verify",
        "-in",
        token,
        "-data",
        note,
        "-CAfile",
        tmp_path / "root.pem",
    ]
    (tmp_path / "root.pem").write_bytes(timestamp_tokens.pem_of_certificates(root))
    for name, (label, shape) in SHAPES.items():
        token.write_bytes(forge.answer(b"anything", shape))
        taken = subprocess.run(command, capture_output=True, check=False).returncode == 0
        assert taken == (label == GOOD or name.startswith(("MD5", "SHA-1", "an accuracy"))), name
