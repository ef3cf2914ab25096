"""What is handed to an outsider checks on its own, and any changed file in it is seen."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import archive_words
from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.checking.parts.merkle_tree import leaf_hash, root_by_path
from archiver.archive.checking.parts.one_proof import InclusionProof, sealed_names, verify_proof
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.inclusion_bundle import disclose
from archiver.archive.ocfl import NewObject
from archiver.archive.reader import Archive
from archiver.core.errors import IntegrityError
from tests.support.archive_kit import Kit, flip, licence, passes_ocfl_py


def check(proof: Path) -> subprocess.CompletedProcess[str]:
    """As a stranger does: nothing but Python and openssl."""
    command: list[str | Path] = [sys.executable, "-I", CARRIED, "--proof", proof]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})


@pytest.fixture
def proof(kit: Kit, tmp_path: Path) -> Path:
    """Of licence 2, whose two versions are under different checkpoints."""
    kit.write(1, 2, 3)
    with kit.open() as archive:
        archive.add_version(licence(2).object_id, {"receipt.pdf": b"paid"}).result()
        archive.seal()
    disclose(Archive(kit.root), licence(2).object_id, tmp_path / "proof")
    return tmp_path / "proof"


def test_a_proof_stands_alone_and_tells_nothing_of_others(kit: Kit, proof: Path) -> None:
    done = check(proof)
    assert done.returncode == 3 and "PROVEN" in done.stdout and "UNPROVEN" not in done.stdout, done.stdout
    assert "licensed on 2026-11-24" in done.stdout
    assert f"secured since: {kit.dates().since(5)}" in done.stdout, "the date of the newest document"
    assert passes_ocfl_py(proof / "licence" / kit.place(2).name)
    roots = (proof / "integrity/tsa-roots.pem").read_bytes()
    tokens = [
        (kit.root / f"ledger/checkpoints/{note}.note.local.tsr").read_bytes() for note in ("00000004", "00000006")
    ]
    assert sorted(path.name for path in (proof / "integrity").iterdir()) == [
        "00000000.tlog-proof",
        "00000002.tlog-proof",
        "00000004.note",
        *sealed_names("00000004.note", roots, tokens[:1]),
        "00000005.tlog-proof",
        "00000006.note",
        *sealed_names("00000006.note", roots, tokens[1:]),
        "signer-public.pem",
        "tsa-roots.pem",
    ]
    everything = b"".join(path.read_bytes() for path in proof.rglob("*") if path.is_file())
    assert kit.place(1).name.encode() not in everything and b"certificate of 3" not in everything


def test_each_document_is_secured_since_its_own_date(kit: Kit, tmp_path: Path) -> None:
    """A paper that came later, one that came anew under an old name, and a description that alone changed at last."""
    new = [{"receipt.pdf": b"paid"}, {"certificate.pdf": b"%PDF-1.7 another one"}, {"licence.json": b"{}"}]
    kit.write(1)
    for files in new:
        time.sleep(1.1)  # timestamps are in whole seconds
        with kit.open() as archive:
            archive.add_version(licence(1).object_id, files).result()
            archive.seal()
    proven = kit.dates()
    lines = [line for line in Archive(kit.root).lines() if line.id == licence(1).object_id]
    captured, paid, certified, described = (proven.since(line.seq) for line in lines)
    assert len({captured, paid, certified, described}) == 4
    disclose(Archive(kit.root), licence(1).object_id, tmp_path / "proof")
    wanted = {"receipt.pdf": paid, "certificate.pdf": certified}
    for report in (verify_proof(tmp_path / "proof"), verify_archive(kit.root, licence="asset-1_")):
        assert {each.name: each.secured_since for each in report.documents} == wanted
        assert report.state == "PROVEN" and report.secured_since == certified
        assert f"receipt.pdf: secured since {paid}" in report.as_text()
        assert report.as_json()["documents"][0]["version"] == "v3"
    places = [(line.seq, line.offset) for line in lines]
    assert Archive(kit.root).secured(places, list(wanted), proven) == wanted


def test_every_flipped_file_is_seen(proof: Path) -> None:
    files = [path for path in proof.rglob("*") if path.is_file()]
    for file in files:
        whole = file.read_bytes()
        flip(file)
        report = verify_proof(proof)
        assert report.state == "DAMAGED", file
        file.write_bytes(whole)
    assert verify_proof(proof).state == "PROVEN"


def test_every_missing_file_is_seen(proof: Path) -> None:
    tokens = sorted(proof.glob("integrity/*.tsr"))
    for file in [path for path in proof.rglob("*") if path.is_file() and path not in tokens]:
        whole = file.read_bytes()
        file.unlink()
        assert verify_proof(proof).state == "DAMAGED", file
        file.write_bytes(whole)
    tokens[0].unlink()
    assert [each.code for each in verify_proof(proof).findings if each.damage] == ["missing"]
    tokens[1].unlink()
    assert verify_proof(proof).state == "UNPROVEN"


def test_a_proof_of_another_object_does_not_pass(kit: Kit, proof: Path, tmp_path: Path) -> None:
    disclose(Archive(kit.root), licence(3).object_id, tmp_path / "other")
    (proof / "licence").rename(tmp_path / "aside")
    (tmp_path / "other/licence").rename(proof / "licence")
    assert check(proof).returncode == 90


def test_a_forged_line_does_not_pass(proof: Path) -> None:
    """A licence's line back-dated, then its path and note mended as far as one can without the key."""
    file = proof / "integrity/00000002.tlog-proof"
    true = InclusionProof.parse(file.read_bytes())
    line = canonical(json.loads(true.line) | {"at": "2020-01-01T00:00:00Z"})
    forged = replace(true, line=line)
    file.write_bytes(forged.encode())
    assert [finding.code for finding in verify_proof(proof).findings] == ["inclusion", "orphan"]
    root = root_by_path(leaf_hash(line), 2, 4, forged.path)
    assert root is not None
    lines = forged.note.split(b"\n")
    lines[2] = base64.b64encode(root)
    file.write_bytes(replace(forged, note=b"\n".join(lines)).encode())
    assert verify_proof(proof).state == "DAMAGED"


def test_a_replay_is_marked(kit: Kit, tmp_path: Path) -> None:
    kit.write(1, origin="replay")
    disclose(Archive(kit.root), licence(1).object_id, tmp_path / "proof")
    done = check(tmp_path / "proof")
    assert done.returncode == 4 and done.stdout.startswith("NOT EVIDENCE")
    (tmp_path / "proof/integrity/00000000.tlog-proof").unlink()  # hiding the mark is no way out
    assert check(tmp_path / "proof").returncode == 90


def test_without_a_timestamp_it_is_unproven(kit: Kit, tmp_path: Path) -> None:
    kit.authorities = []
    kit.write(1)
    disclose(Archive(kit.root), licence(1).object_id, tmp_path / "proof")
    done = check(tmp_path / "proof")
    assert done.returncode == 4 and "UNPROVEN" in done.stdout
    document = verify_proof(tmp_path / "proof").as_json()
    assert json.dumps(document) and document["secured_since"] is None


def test_what_is_not_sealed_or_not_there_is_not_disclosed(kit: Kit, tmp_path: Path) -> None:
    with kit.open() as archive:
        archive.put(licence(1)).result()
    with pytest.raises(IntegrityError, match="no checkpoint covers"):
        disclose(Archive(kit.root), licence(1).object_id, tmp_path / "one")
    with pytest.raises(IntegrityError):
        disclose(Archive(kit.root), licence(2).object_id, tmp_path / "two")
    kit.write(3, 4)
    ledger = kit.root / archive_words.LEDGER
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:-1]))  # somebody cut the last line
    with pytest.raises(IntegrityError, match="the ledger has 3 lines, but a checkpoint covers 4"):
        disclose(Archive(kit.root), licence(3).object_id, tmp_path / "three")


def terms(text: bytes) -> NewObject:
    return replace(licence(0, {"terms.txt": text}), kind="terms", date=None, identity=text.decode())


def test_terms_go_with_the_licence_that_refers_to_them_and_lend_it_no_date(kit: Kit, tmp_path: Path) -> None:
    old, new = terms(b"the text of then"), terms(b"another text")
    with kit.open() as archive:
        archive.put(old).result()
        archive.put(new).result()
        archive.seal()
    kit.authorities = []
    described = json.dumps({"licensed_at": "2026-11-24", "terms": [{"id": old.object_id}]}).encode()
    with kit.open() as archive:
        archive.put(licence(1, {"licence.json": described})).result()
        archive.seal()
    proof = tmp_path / "proof"
    disclose(Archive(kit.root), licence(1).object_id, proof, [old.object_id])
    report = verify_proof(proof)
    assert (report.state, report.findings, report.objects, report.licences) == ("UNPROVEN", [], 2, 1)
    assert report.secured_since is None and report.client == kit.place(1).name

    [text] = (proof / "terms").rglob("terms.txt")
    text.write_bytes(b"the text of thin")
    assert verify_proof(proof).state == "DAMAGED"

    disclose(Archive(kit.root), licence(1).object_id, tmp_path / "other", [new.object_id])
    assert [finding.code for finding in verify_proof(tmp_path / "other").findings] == ["orphan", "missing"]


def test_what_is_withheld_is_named_and_all_else_must_be_there(kit: Kit, tmp_path: Path) -> None:
    kit.write(1)
    proof, place = tmp_path / "proof", f"licence/{kit.place(1).name}"
    disclose(Archive(kit.root), licence(1).object_id, proof, withheld=["v1/content/licence.json"])
    done = check(proof)
    assert done.returncode == 3 and "UNPROVEN" not in done.stdout
    assert f"note: {place}/v1/content/licence.json: withheld by the sender: licence.json [withheld]" in done.stdout
    (proof / place / "v1/content/licence.json").write_bytes(b"another one")
    assert check(proof).returncode == 90
    (proof / place / "v1/content/licence.json").unlink()
    (proof / "integrity/withheld.json").write_text("[]")
    assert [each.code for each in verify_proof(proof).findings if each.damage] == ["invalid", "missing"]
    (proof / "integrity/withheld.json").unlink()
    assert [each.code for each in verify_proof(proof).findings if each.damage] == ["missing"]
