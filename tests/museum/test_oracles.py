"""What others' programs say of the museum's archives and packs, beside our verdicts.

Timestamps: OpenSSL and pyHanko. Their DER: asn1crypto. Objects: ocfl-py. Signatures: cryptography. Zips: Python's
`zipfile` and Info-ZIP's `unzip`. They read the genuine pieces as we do. Of the forged ones they see what their
standards know; where they say something else than we do, `OTHERWISE` has the reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.archive.checking.parts.ed25519_signature import ed25519_verify
from archiver.archive.checking.parts.ledger_lines import is_signed
from archiver.archive.checking.parts.ocfl_object import check_object
from archiver.archive.checking.parts.signed_notes import Note, public_key
from archiver.archive.checking.parts.strict_json import decoded
from archiver.archive.checking.parts.strict_zip import zip_members
from archiver.archive.checking.parts.timestamp_tokens import Token
from archiver.archive.checking.parts.whole_archive import verify_archive
from tests.museum.pieces import NEWEST, Piece, pieces
from tests.museum.test_pieces import EACH, FORGED, forged
from tests.support.archive_kit import objects, passes_ocfl_py

pytest.importorskip("pyhanko", reason="the extra pdf is not installed")

from asn1crypto import pem, tsp, x509  # of that extra, as what follows
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

__all__ = ["pieces"]

OTHERWISE = {
    ("zipfile", "pack: file twice"): "takes the last of two files of one name; others take the first",
    ("unzip", "pack: file twice"): "asks which of the two is meant",
    ("zipfile", "pack: foreign file in another case"): "knows no disk on which PROOF.PDF and proof.pdf are one file",
    ("unzip", "pack: foreign file in another case"): "as zipfile",
    ("zipfile", "pack: link"): "writes a link as a file; `unzip` makes the link",
    ("unzip", "pack: link"): "makes the link, which leads out of the pack",
    ("zipfile", "pack: zip with bytes before it"): "looks for the list from the end, as self-extracting programs need",
    ("zipfile", "pack: zip with bytes behind it"): "looks for the list's end in the last 64 kB, as remarks need",
    ("unzip", "pack: zip with bytes before it"): "as zipfile",
    ("unzip", "pack: zip with bytes behind it"): "as zipfile",
}
"""What accepts a forged zip that we refuse, and why."""


# ---------------------------------------------------------------- timestamps


def tokens_of(root: Path) -> list[tuple[Path, Path]]:
    """Each timestamp of an archive or an unzipped pack, and the checkpoint that it is of."""
    found = [path for path in root.rglob("*.tsr") if path.is_file()]
    return [(path, Path(str(path).partition(".note")[0] + ".note")) for path in sorted(found)]


def openssl_accepts(token: Path, note: Path, roots: Path) -> bool:
    command: list[str | Path] = ["openssl", "ts", "-verify", "-data", note, "-in", token, "-CAfile", roots]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def pyhanko_accepts(token: Path, note: Path, roots: Path) -> bool:
    response = tsp.TimeStampResp.load(token.read_bytes(), strict=True)
    trusted = [x509.Certificate.load(der) for *_, der in pem.unarmor(roots.read_bytes(), multiple=True)]
    context = ValidationContext(trust_roots=trusted, allow_fetching=False)
    signed = response["time_stamp_token"]["content"]

    def imprint(algorithm: str) -> bytes:
        return hashlib.new(algorithm, note.read_bytes()).digest()

    try:
        said = asyncio.run(validate_tst_signed_data(signed, context, imprint))
    except SignatureValidationError:
        return False
    return bool(said["intact"] and said["valid"] and said["trust_problem_indic"] is None)


@pytest.mark.parametrize("of", EACH)
def test_timestamps_are_read_alike(pieces: dict[str, Piece], of: str, tmp_path: Path) -> None:
    piece = pieces[of]
    stamped = [each for root in [*piece.archives, piece.unzipped(tmp_path / "pack")] for each in tokens_of(root)]
    assert stamped
    for token, note in stamped:
        data = token.read_bytes()
        response = tsp.TimeStampResp.load(data, strict=True)
        assert response.dump(force=True) == data, "not DER"
        stated = response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
        assert f"{stated['gen_time'].native:%Y-%m-%dT%H:%M:%SZ}" == Token.parse(data).time
        assert openssl_accepts(token, note, piece.roots) and pyhanko_accepts(token, note, piece.roots)


TOKENS = [name for name in FORGED if name.startswith("archive: token") and name != "archive: token removed"]


@pytest.mark.long
@pytest.mark.parametrize("name", [*TOKENS, "archive: checkpoint signed by nobody"])
def test_forged_timestamps_are_judged_alike(pieces: dict[str, Piece], name: str, tmp_path: Path) -> None:
    """What they accept we accept; that a genuine one does not belong there, or differs where nobody signs, is for the
    ledger to say."""
    piece, archive = pieces[NEWEST], forged(pieces[NEWEST], name, tmp_path)
    report = verify_archive(archive, piece.roots)
    ours = {archive / each.path for each in report.findings if each.code == "timestamp"}
    for accepts in (openssl_accepts, pyhanko_accepts):
        assert {token for token, note in tokens_of(archive) if not accepts(token, note, piece.roots)} == ours


# ---------------------------------------------------------------- objects


@pytest.mark.parametrize("of", EACH)
def test_objects_are_valid_for_ocfl_py(pieces: dict[str, Piece], of: str) -> None:
    every = [each for archive in pieces[of].archives for each in objects(archive)]
    for each in every[:: 1 if len(every) < 20 else len(every) // 10]:
        assert passes_ocfl_py(each) and not any(found.damage for found in check_object(each).findings), each


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in FORGED if name.startswith("archive") and "link" not in name])
def test_forged_objects_are_judged_alike(pieces: dict[str, Piece], name: str, tmp_path: Path) -> None:
    """Each object by itself; what the ledger says of it, ocfl-py does not know."""
    for each in objects(forged(pieces[NEWEST], name, tmp_path)):
        damaged = any(found.damage for found in check_object(each).findings)
        assert passes_ocfl_py(each) == (not damaged), each


# ---------------------------------------------------------------- signatures


def cryptography_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("of", EACH)
def test_signatures_hold_for_cryptography(pieces: dict[str, Piece], of: str) -> None:
    signed = 0
    for archive in pieces[of].archives:
        public = public_key((archive / "keys/signer-public.pem").read_text())
        for path in archive.glob("ledger/checkpoints/*.note"):
            note = Note.parse(path.read_bytes())
            assert note.signed_by(public, cryptography_verifies) and note.signed_by(public, ed25519_verify)
        lines = [decoded(line) for line in (archive / "ledger/ledger.jsonl").read_bytes().splitlines()]
        for fields in [each for each in lines if "signature" in each][-3:]:
            signed += 1
            assert is_signed(fields, public, check=cryptography_verifies) and is_signed(fields, public)
            assert not is_signed(fields | {"at": "2025"}, public, check=cryptography_verifies)
    assert bool(signed) == (not of.startswith(("c727bf93", "8c67327c"))), "lines are signed since a later version"


# ---------------------------------------------------------------- zips


def zipfile_accepts(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as opened:
            return opened.testzip() is None
    except (zipfile.BadZipFile, zlib.error):
        return False


def unzip_accepts(path: Path) -> bool:
    if not shutil.which("unzip"):
        pytest.skip("unzip is not installed")
    return subprocess.run(["unzip", "-tq", path], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


ZIPS: dict[str, Callable[[Path], bool]] = {"zipfile": zipfile_accepts, "unzip": unzip_accepts}


@pytest.mark.parametrize("of", EACH)
def test_zips_are_read_alike(pieces: dict[str, Piece], of: str) -> None:
    pack = pieces[of].pack
    with pack.open("rb") as file, zipfile.ZipFile(pack) as opened:
        ours = [(each.path, each.size, each.crc) for each in zip_members(file, pack.stat().st_size)]
        assert ours == [(each.filename.rstrip("/"), each.file_size, each.CRC) for each in opened.infolist()]
    assert all(accepts(pack) for accepts in ZIPS.values())


@pytest.mark.parametrize("by", ZIPS)
@pytest.mark.parametrize("name", [name for name in FORGED if name.startswith("pack")])
def test_forged_zips_are_judged_alike(pieces: dict[str, Piece], name: str, by: str, tmp_path: Path) -> None:
    pack = forged(pieces[NEWEST], name, tmp_path)
    we_read_it = FORGED[name].label.code != 2
    assert (ZIPS[by](pack) == we_read_it) == ((by, name) not in OTHERWISE)
