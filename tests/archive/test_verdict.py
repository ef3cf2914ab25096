"""One archive, one verdict, from every entrance; it names its scope; and what a witness holds is never passed over."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.seal import sign
from archiver.archive.writer import Authority
from tests.support.archive_kit import SIGNER, Kit, damage, flip, licence, root_of

OWN = "by a root in the archive itself"
OTHERS_ROOTS: dict[str, Callable[[Kit, Path], object]] = {
    "other roots": lambda k, forger: shutil.copy(forger, k.root / archive_words.TSA_ROOTS),
    "no roots": lambda k, _: (k.root / archive_words.TSA_ROOTS).unlink(),
    "no certificate": lambda k, _: (k.root / archive_words.TSA_ROOTS).write_text("none"),
}


@pytest.mark.parametrize("name", OTHERS_ROOTS)
def test_the_roots_that_you_supply_do_not_hide_that_the_archives_own_are_other_ones(
    sealed: Kit, tmp_path: Path, name: str
) -> None:
    with LocalAuthority(tmp_path / "forger") as forger:
        OTHERS_ROOTS[name](sealed, forger.root_pem)
    supplied = sealed.authorities[0].roots
    with_roots, alone = verify_archive(sealed.root, roots=supplied), sealed.verify()
    assert (with_roots.state, alone.state) == ("DAMAGED", "DAMAGED")
    assert archive_words.TSA_ROOTS in {each.path for each in with_roots.findings}


def test_what_others_write_beside_the_evidence_is_told_by_every_entrance_and_never_signed(
    sealed: Kit, tmp_path: Path
) -> None:
    """With this machine's memory of the archive, and without it. What is known of a file is put back."""
    roots, memory = sealed.authorities[0].roots, sealed.root.parent / "state/stated.json"
    for path in archive_words.STATED_FILES.values():
        place = sealed.root / path
        before = place.read_bytes() if place.exists() else None
        for planted in (b"more\n", (before or b"") + b"more\n", None):
            place.unlink(missing_ok=True)
            if planted is not None:
                place.write_bytes(planted)
                memory.unlink(missing_ok=True)
            told = [verify_archive(sealed.root, each, quick=quick) for each in (None, roots) for quick in (False, True)]
            wanted = "PROVEN" if planted == before else "DAMAGED"
            assert {each.state for each in told} == {wanted}, (path, planted)
            warnings = sealed.write(1).warnings
            assert any(f"{place} " in each for each in warnings) is (planted != before), (path, planted)
            if before is None or (path == archive_words.KEY_HISTORY and planted in (None, b"more\n")):
                assert place.read_bytes() == planted if planted else not place.exists()  # only a backup has it
                place.write_bytes(before) if before else place.unlink(missing_ok=True)
            assert sealed.verify().findings == [] and (not before or place.read_bytes() == before)
    own, earlier = sealed.root / archive_words.TSA_ROOTS, (sealed.root / archive_words.TSA_ROOTS).read_bytes()
    with LocalAuthority(tmp_path / "other") as other:
        sealed.authorities = [Authority(name="other", url=other.url, roots=other.root_pem)]
        assert sealed.write(7).warnings == () and sealed.verify().state == "PROVEN"
    newer, sealed.authorities = own.read_bytes(), []
    own.write_bytes(earlier)  # whether this machine remembers the newer one, or only the earlier one
    assert "keys/tsa-roots.pem is what the ledger stated earlier" in str(sealed.write(8).warnings)
    assert archive_words.TSA_ROOTS in damage(sealed)
    own.write_bytes(newer)
    assert sealed.write(9).warnings == () and archive_words.TSA_ROOTS not in damage(sealed)
    own.write_bytes(earlier)  # what is remembered is of a longer ledger, which a restored backup replaced
    files = json.loads(memory.read_bytes())["files"] | {archive_words.TSA_ROOTS: sha256(earlier).hexdigest()}
    memory.write_text(json.dumps({"offset": 1 << 30, "hash": "0" * 64, "files": files}))
    assert "keys/tsa-roots.pem is what the ledger stated earlier" in str(sealed.write(10).warnings)
    own.write_bytes(newer)
    assert sealed.write(11).warnings == () and sealed.verify().findings == []


def test_a_verdict_names_its_scope(sealed: Kit) -> None:
    flip(sealed.place(1) / "v1/content/certificate.pdf")
    one, quick = licence(2).object_id.rpartition(":")[2], (None, None, True)
    told = {
        "all": verify_archive(sealed.root),
        "contents not read, other checkpoints not checked": verify_archive(sealed.root, *quick),
        "one licence": verify_archive(sealed.root, licence=one),
        "one licence, contents not read": verify_archive(sealed.root, *quick, licence=one),
    }
    for scope, report in told.items():
        assert report.as_json()["scope"] == scope and report.state == ("DAMAGED" if scope == "all" else "PROVEN")
    for scope in [scope for scope in told if scope.startswith("contents")]:
        assert f"acme: PROVEN (contents not read; other checkpoints not checked; {OWN})" in told[scope].as_text()
    assert f"acme: PROVEN (this licence only; {OWN})" in told["one licence"].as_text()
    assert "acme: DAMAGED\n" in told["all"].as_text()
    (sealed.root / "tools/verify.py").write_text("print('PROVEN')")
    report = verify_archive(sealed.root, licence=one)
    assert f"acme: PROVEN (this licence only; 1 finding elsewhere; {OWN})" in report.as_text()


def test_the_verifier_in_the_archive_says_the_same(sealed: Kit) -> None:
    for damaged in (False, True):
        if damaged:
            flip(sealed.place(1) / "v1/content/certificate.pdf")
        for options in ([], ["--quick"]):
            tool = [sys.executable, f"{sealed.root / archive_words.TOOL}", "--json", *options]
            told = json.loads(subprocess.run(tool, capture_output=True, check=False).stdout)
            assert told == verify_archive(sealed.root, quick=bool(options)).as_json()


def remade(kit: Kit, log: str, signer: Ed25519PrivateKey) -> Path:
    """All over again under another name, by somebody who holds a key; the witness goes on as if nothing were."""
    witness = kit.root.parent / "disk"
    shutil.rmtree(kit.root)
    shutil.rmtree(kit.root.parent / "state")
    kit.witnesses, kit.signer = [], signer
    kit.write(2, 3, 4, 5)
    for size, note, _ in ledger_lines.checkpoint_files(kit.root / archive_words.CHECKPOINTS):
        note.unlink()
        note.write_bytes(sign(log, size, root_of(kit, size), signer))
        (witness / "acme" / note.name).unlink(missing_ok=True)  # it is read-only
        shutil.copy(note, witness / "acme")
    line = json.loads((kit.root / archive_words.LEDGER).read_bytes().splitlines()[0])
    assert line["log"] == "acme"
    return witness


def test_a_fork_does_not_hide_behind_another_name(sealed: Kit) -> None:
    """The old checkpoints at the witness stand under the old name, and are by the archive's key all the same."""
    witness = remade(sealed, "archiver.invalid/other", SIGNER)
    report = sealed.verify(witness)
    assert report.state == "FORKED"
    assert {"forked", "checkpoint"} <= {each.code for each in report.findings}  # line 0 fixes the name besides
    assert sealed.verify().state == "DAMAGED"


def test_a_fork_does_not_hide_behind_another_key(sealed: Kit) -> None:
    witness = remade(sealed, "archiver.invalid/acme", Ed25519PrivateKey.generate())
    assert sealed.verify(witness).state == "FORKED"


def test_checkpoints_of_other_archives_are_told_and_not_compared(sealed: Kit, tmp_path: Path) -> None:
    other = sign("archiver.invalid/other", 7, b"\0" * 32, Ed25519PrivateKey.generate())
    (tmp_path / "disk/other").mkdir()
    (tmp_path / "disk/other/00000007.note").write_bytes(other)
    report = sealed.verify(tmp_path / "disk")
    assert (report.state, report.findings) == ("PROVEN", [])
    assert "extends 2 outside checkpoints" in report.extends and "archiver.invalid/other" in report.extends
    renamed = sign("archiver.invalid/older-name", 3, root_of(sealed, 3), SIGNER)
    (tmp_path / "disk/acme/renamed.note").write_bytes(renamed)
    assert [each.code for each in sealed.verify(tmp_path / "disk").findings] == ["witness"]
    with sealed.open():
        pass
    (tmp_path / "disk/acme/renamed.note").write_bytes(sign("archiver.invalid/older-name", 3, b"\1" * 32, SIGNER))
    assert sealed.verify(tmp_path / "disk").state == "FORKED"
