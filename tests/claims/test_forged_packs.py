"""Packs forged by an opponent: verify.py and the page in the browser agree on each, and none counts as the owner's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from archiver.archive import verify
from tests.support.check_page_kit import Checker, checker
from tests.support.pack_attacks import remembering
from tests.support.pack_forgeries import FINE, HEAVY, NAMES, World, forgery, judged

__all__ = ["checker", "remembering"]

QUICK = [name for name in NAMES if name not in HEAVY]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize(
    "numbers", [range(3, len(QUICK), 6), pytest.param(range(2_400), marks=pytest.mark.long)], ids=["some", "2400"]
)
def test_no_forged_pack_counts(world: World, checker: Checker, tmp_path: Path, numbers: range) -> None:
    said = Counter(judged(forgery(world, n, QUICK[n % len(QUICK)]), world, checker, tmp_path) for n in numbers)
    assert said[None] > said["PROVEN"] and said["DAMAGED"]


@pytest.mark.parametrize("name", [FINE[2], pytest.param("keyed", marks=pytest.mark.long)])
def test_the_owner_s_own_pack_counts(world: World, checker: Checker, tmp_path: Path, name: str) -> None:
    """So that the test above could fail; and, in its long form, rivals' packs with odd JSON, both verifiers alike."""
    said = {judged(forgery(world, n, name), world, checker, tmp_path) for n in range(1 if name in FINE else 800)}
    assert "PROVEN" in said


@pytest.mark.long
@pytest.mark.parametrize("name", HEAVY)
def test_what_unpacks_to_far_more_is_refused_at_once(world: World, checker: Checker, tmp_path: Path, name: str) -> None:
    for number in range(2):
        assert judged(forgery(world, number, name), world, checker, tmp_path) in (None, "DAMAGED")


def test_a_pack_s_folders_are_the_same_for_both(checker: Checker) -> None:
    stems = ("receipt", "receipt-2", "invoice", "certificate", "receipts", "xreceipt", "receipt-a", "record")
    names = [f"{way}{stem}.pdf" for way in ("", "imported-", "attended-", "companion-", "other-") for stem in stems]
    said = checker.do(lambda page: page.evaluate("(names) => names.map(folderOfCopy)", names))
    assert said == [verify.folder_of_copy(name) for name in names]


def test_the_program_checks_a_zip(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fine, broken = tmp_path / "proof.zip", tmp_path / "letter.zip"
    fine.write_bytes(forgery(world, 0, "fine_order").zip_file)
    broken.write_bytes(b"Dear Sir or Madam")
    assert verify.main(["--proof", str(fine)]) == 0
    assert capsys.readouterr().out.endswith("all 2 proofs and 8 files beside them: PROVEN\n")
    with pytest.raises(SystemExit):
        verify.main(["--proof", str(broken)])
    assert f"{broken} is not a zip file" in capsys.readouterr().err
