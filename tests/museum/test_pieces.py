"""The museum's archives and packs, genuine and forged: each verifier gives each the verdict of its label."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.museum.build import HISTORY
from tests.museum.forgeries import ARCHIVES, PACKS
from tests.museum.pieces import ANCHORED, NEWEST, OLDEST, Piece, Verdict, by_file, by_parts, pieces
from tests.support.forger import Files, entries_of, zip_of
from tests.support.homes import Home, clean_environment

__all__ = ["pieces"]

BOUGHT = [f"{each.commit} bought" for each in HISTORY]
SHORT = (OLDEST, ANCHORED)
EACH = [
    pytest.param(each, marks=() if each in SHORT else pytest.mark.long)
    for each in [*BOUGHT, *(f"{each.commit} anchored" for each in HISTORY if each.anchored)]
]
PROVEN = Verdict("PROVEN")


@pytest.mark.parametrize("name", EACH)
def test_each_piece_keeps_its_verdict(pieces: dict[str, Piece], name: str, tmp_path: Path) -> None:
    """By today's command, today's verifier, and the one that the piece carries."""
    piece = pieces[name]
    home = Home(piece.home, clean_environment(tmp_path) | {"ARCHIVER_HOME": str(piece.home)})
    said = home.json("verify", "--roots", piece.roots)
    assert {each["client"]: each["state"] for each in said["clients"]} == {
        each.name: "PROVEN" for each in piece.archives
    }
    for archive in piece.archives:
        assert by_file(archive, piece.roots) == by_file(archive, piece.roots, archive / "tools/verify.py") == PROVEN
    bag = piece.unzipped(tmp_path / "unzipped")
    [carried] = bag.glob("**/verify.py")
    label = PACKS["nothing"].older.get(piece.commit, PROVEN)
    assert by_file(bag, piece.roots) == label
    if label == PROVEN:  # the others carry a verifier of proofs, that knew no packs
        assert by_file(bag, piece.roots, carried) == PROVEN
    if name != OLDEST:  # whose zip holds a proof alone
        assert by_parts(piece.pack, piece.roots) == by_file(piece.pack, piece.roots) == label


FORGED = {f"archive: {name}": each for name, each in ARCHIVES.items()} | {
    f"pack: {name}": each for name, each in PACKS.items()
}


def forged(piece: Piece, name: str, folder: Path) -> Path:
    """The forgery of this name, made of a piece: the folder of the shared account's archive, or the pack's zip."""
    kind, _, name = name.partition(": ")
    if kind == "archive":
        shutil.copytree(piece.home / "archive/house", folder / "house")
        ARCHIVES[name].do(folder / "house")
        return folder / "house"
    with zipfile.ZipFile(piece.pack) as opened:
        files: Files = {each.removeprefix("proof/"): opened.read(each) for each in opened.namelist()}
    made = PACKS[name].do(files)
    (folder / "pack.zip").write_bytes(made if isinstance(made, bytes) else zip_of(entries_of(made)))
    return folder / "pack.zip"


@pytest.mark.parametrize("name", FORGED)
def test_each_forgery_gets_the_verdict_of_its_label(pieces: dict[str, Piece], name: str, tmp_path: Path) -> None:
    """By the parts that the product runs."""
    piece = pieces[NEWEST]
    assert by_parts(forged(piece, name, tmp_path), piece.roots) == FORGED[name].label


@pytest.mark.long
@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("of", BOUGHT)
def test_each_forgery_gets_its_verdict_in_each_format(
    pieces: dict[str, Piece], of: str, name: str, tmp_path: Path
) -> None:
    """By the parts alone, of which the single file is made."""
    piece, each = pieces[of], FORGED[name]
    if of == OLDEST and name.startswith("pack"):
        return  # a proof of that time is no pack
    if label := each.older.get(piece.commit, each.label):
        assert by_parts(forged(piece, name, tmp_path), piece.roots) == label
