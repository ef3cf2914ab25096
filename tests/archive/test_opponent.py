"""The opponent who may write to the share and holds no key. The long form is in the soak tests."""

from __future__ import annotations

import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from archiver.archive import verify
from archiver.archive.inclusion_bundle import disclose
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.reader import Archive
from archiver.archive.seal import sign
from archiver.archive.verify import Frontier, canonical, leaf_hash, verify_archive, verify_proof
from archiver.core.errors import IntegrityError
from tests.support.archive_kit import SIGNER, Kit, licence
from tests.support.opponent import CHANGES, attack, base


@pytest.mark.parametrize("recorded", [True, False])
def test_nothing_of_an_opponents_is_adopted_and_all_is_told(kit: Kit, tmp_path: Path, recorded: bool) -> None:
    pristine = base(kit, recorded=recorded)
    for number, change in enumerate(CHANGES[recorded::2]):  # the soak tests try all, with both, at many places
        attack(pristine, tmp_path.with_name(f"{tmp_path.name}-{number}"), change, seed=number)
    with pytest.raises(AssertionError):  # where nothing was changed, nothing is told
        attack(pristine, tmp_path.with_name(f"{tmp_path.name}-control"), lambda *_: None, seed=0)


def test_a_planted_timestamp_is_neither_signed_nor_taken_for_the_next_checkpoints(kit: Kit, tmp_path: Path) -> None:
    kit.pins = False  # the settings do not help
    kit.write(1)
    kit.write(2)
    _, note, [genuine] = verify.newest_checkpoint(kit.root)
    garbage, forged = (note.with_name(f"{note.name}.{name}.tsr") for name in ("garbage", "forged"))
    garbage.write_bytes(b"garbage")
    with LocalAuthority(tmp_path / "forger") as forger:
        request, trusted = tmp_path / "request", kit.root / verify.TSA_ROOTS
        query = ["openssl", "ts", "-query", "-data", str(note), "-sha512", "-cert", "-out", str(request)]
        subprocess.run(query, capture_output=True, check=True)
        forged.write_bytes(forger.reply(request.read_bytes()))
        trusted.write_bytes(trusted.read_bytes() + forger.root_pem.read_bytes())
    for size in range(6, 10):  # whatever number of lines the next checkpoint covers
        note.with_name(f"{size:08d}.note.local.tsr").write_bytes(genuine.read_bytes())
    assert verify_archive(kit.root).state == "DAMAGED"
    with pytest.raises(IntegrityError, match="not what the ledger states"):
        disclose(Archive(kit.root), kit.stored[0].object_id, tmp_path / "forged")
    sealed = kit.write(3)
    [anchor] = [each.fields for each in Archive(kit.root).lines() if each.type == "anchor"][-1:]
    assert anchor["tokens"] == {"local": sha256(genuine.read_bytes()).hexdigest()}
    assert any("was there before its checkpoint" in each for each in sealed.warnings)
    told = {each.path for each in kit.verify().findings if each.damage}
    assert {f"{verify.CHECKPOINTS}/{each.name}" for each in (garbage, forged)} <= told
    for each in (garbage, forged, *(note.with_name(f"{size:08d}.note.local.tsr") for size in range(6, 10))):
        if each.with_name(each.name.partition(".note")[0] + ".note") != note.with_name(f"{sealed.size:08d}.note"):
            each.unlink()
    assert kit.verify().state == "PROVEN"


def test_what_a_killed_command_left_stays_told_as_recovered(kit: Kit) -> None:
    base(kit, recorded=False)
    kit.write(5)
    report = kit.verify()
    told = [each for each in report.findings if each.code == "recovered"]
    assert report.state == "PROVEN" and {each.path.rpartition("_")[0][-7:] for each in told} == {"asset-9", "asset-4"}
    one = verify_archive(kit.root, licence=licence(9).object_id)
    assert [each.code for each in one.findings] == ["recovered"] and one.elsewhere == 0
    out = kit.root.parent / "proof"
    disclose(Archive(kit.root), licence(9).object_id, out)
    assert [each.code for each in verify_proof(out).findings] == ["recovered"]


def test_what_an_earlier_version_left_unsigned_is_not_adopted(sealed: Kit) -> None:
    """It had no signatures: its archives are as good as before, but nothing that no checkpoint covers is signed now."""
    ledger, notes = sealed.root / verify.LEDGER, sealed.root / verify.CHECKPOINTS
    previous, lines = "0" * 64, []
    for each in list(Archive(sealed.root).lines())[:3]:
        lines.append(canonical({k: v for k, v in each.fields.items() if k != "signature"} | {"prev": previous}))
        previous = sha256(lines[-1]).hexdigest()
    ledger.write_bytes(b"".join(line + b"\n" for line in lines))
    shutil.rmtree(sealed.place(3))
    shutil.rmtree(notes)
    shutil.rmtree(sealed.root.parent / "state")
    notes.mkdir()
    sealed.witnesses = []
    report = sealed.verify()
    assert (report.state, {each.code for each in report.findings}) == ("UNPROVEN", {"unsigned"})
    with pytest.raises(IntegrityError, match="run that version once more"):
        sealed.write(5)
    tree = Frontier()
    for line in lines:
        tree.add(leaf_hash(line))
    (notes / "00000003.note").write_bytes(sign("archiver.invalid/acme", 3, tree.root(), SIGNER))
    assert sealed.verify().findings == []
    sealed.write(5)
    assert (sealed.verify().state, sealed.verify().findings) == ("PROVEN", [])
