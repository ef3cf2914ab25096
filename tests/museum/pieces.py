"""The pieces of the museum, archives and packs of each format, and what programs say of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts.archive_words import WARNINGS, Malformed
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.checking.parts.whole_pack import verify_zip

KEPT = Path(__file__).parent / "pieces/kept.tar.xz"
OLDEST, NEWEST, ANCHORED = "c727bf93 bought", "e392dea3 bought", "e392dea3 anchored"
REFUSED = "refused"  # in place of a state: not taken for an archive or a pack at all


class Verdict(NamedTuple):
    """A state, an exit code, and the codes of the findings that are damage."""

    state: str
    code: int = 0
    damage: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Piece:
    """What one version made in one way: a folder with `home`, `packs` and the root of its timestamps.

    `bought` is a replay with three archives; `anchored`, of versions that know anchors, one archive that is none.
    """

    folder: Path

    @property
    def commit(self) -> str:
        return self.folder.parent.name

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def pack(self) -> Path:
        return self.folder / "packs/pack.zip"

    @property
    def roots(self) -> Path:
        return self.folder / "tsa-root.pem"

    @property
    def archives(self) -> list[Path]:
        return sorted((self.home / "archive").iterdir())

    def unzipped(self, folder: Path) -> Path:
        """The folder of its pack, unzipped; of the oldest piece, whose zip has a proof alone, the proof's."""
        with zipfile.ZipFile(self.pack) as opened:
            opened.extractall(folder)
        return folder / "proof" if (folder / "proof").is_dir() else folder


def unpacked(folder: Path) -> dict[str, Piece]:
    """All pieces, by commit and kind, in a folder; their packs are deflated again."""
    with tarfile.open(KEPT) as packed:
        packed.extractall(folder, filter="data")
    found = {f"{each.parent.name} {each.name}": Piece(each) for each in sorted(folder.glob("*/*/"))}
    for piece in found.values():
        rezipped(piece.pack, zipfile.ZIP_DEFLATED)
    return found


def rezipped(path: Path, method: int) -> None:
    """Write a zip anew with its files packed by another method, and nothing else changed."""
    with zipfile.ZipFile(path) as old:
        files = [(info, old.read(info)) for info in old.infolist()]
    with zipfile.ZipFile(path, "w") as new:
        for info, content in files:
            info.compress_type = zipfile.ZIP_STORED if info.is_dir() else method
            new.writestr(info, content)


@pytest.fixture(scope="session")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Piece]]:
    yield unpacked(tmp_path_factory.mktemp("museum"))


# ---------------------------------------------------------------- what programs say


def by_parts(what: Path, roots: Path) -> Verdict:
    """What the product says, which imports the verifier's parts, of an archive's folder or a pack's zip."""
    try:
        reports = verify_zip(what, roots) if what.is_file() else [verify_archive(what, roots)]
    except Malformed:
        return Verdict(REFUSED, 2)
    return _verdict(reports[-1].state, [each.code for report in reports for each in report.findings])


def by_file(what: Path, roots: Path, program: Path = CARRIED) -> Verdict:
    """What a carried verifier says, in a process of its own: of an archive, a pack's zip, or what was unzipped."""
    kind = [] if (what / "ledger").is_dir() else ["--proof"]
    command = [sys.executable, "-I", str(program), *kind, str(what), "--roots", str(roots), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        return Verdict(REFUSED, 2)
    said = json.loads(done.stdout)
    reports = [*said["proofs"], said["copies"]] if "proofs" in said else [said]
    verdict = _verdict(said["state"], [each["code"] for report in reports for each in report["findings"]])
    word = said.get("verdict", "") if kind else ""  # earlier verifiers return 0 for what is not proven, too
    assert done.returncode == NOT_PROVEN.get(word, verdict.code), done.stdout + done.stderr
    return verdict


NOT_PROVEN = {"UNPROVEN": 4, "NOT_EVIDENCE": 4}
"""What `verify.py` returns for a pack that is not damaged and yet not proven, by its verdict."""


def _verdict(state: str, codes: list[str]) -> Verdict:
    damage = frozenset(codes) - WARNINGS
    return Verdict(state, 90 if state in ("DAMAGED", "FORKED") else 0, damage)
