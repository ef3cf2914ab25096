"""Whose authority a verdict rests on: one word, one trust and one exit code for the same bytes, in both verifiers."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pytest

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import whole_pack
from tests.support.check_page_kit import Checker, checker
from tests.support.forger import TWO, Files, Owner, bagged, build, entries_of, zip_of

__all__ = ["checker"]

EXIT_CODES = {"PROVEN": 0, "PROVEN_IF": 3, "UNPROVEN": 4, "NOT_EVIDENCE": 4, "DAMAGED": 90}


class World:
    """Owners of archives, of whom one shows a demonstration."""

    owners: ClassVar = {
        "ours": Owner(1), "rival": Owner(2, root_name="Rival"), "demo": Owner(3, "replay", root_name="Demo"),
    }  # fmt: skip

    @cached_property
    def packs(self) -> dict[str, Files]:
        return {name: build(owner) for name, owner in self.owners.items()}

    def pack(self, one: str, two: str, *, whole: bool) -> Files:
        """A pack of which the second licence is another's; `whole`: with what lies beside its folder `data`."""
        kept = {path: content for path, content in self.packs[one].items() if TWO not in path}
        files = bagged(kept | {path: each for path, each in self.packs[two].items() if TWO in path})
        return files if whole else {path: content for path, content in files.items() if path.startswith("data/")}


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def label(one: str, two: str, named: frozenset[str], *, whole: bool) -> tuple[str, str | None]:
    """What must be said of such a pack if the reader names the roots of these owners' authorities."""
    if named and not {one, two} <= named:
        return "DAMAGED", None
    if "demo" in (one, two):
        trust = ("named" if named else "enclosed") if whole else None
        return "NOT_EVIDENCE", trust
    if not whole:
        return "UNPROVEN", None
    return ("PROVEN", "named") if named else ("PROVEN_IF", "enclosed")


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(n, marks=pytest.mark.long) for n in range(6, 500))])
def test_both_say_whose_authority_it_is(world: World, checker: Checker, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)  # a seed, no secret
    one, two = (draw.choice(["ours", "ours", "rival", "demo"]) for _ in range(2))
    named = frozenset(draw.sample(sorted(world.owners), draw.choice([0, 0, 1, 2, 3])))
    whole = draw.random() < 0.8
    zip_file, roots = tmp_path / "proof.zip", tmp_path / "roots.pem"
    zip_file.write_bytes(zip_of(entries_of(world.pack(one, two, whole=whole))))
    roots.write_bytes(b"".join(world.owners[each].roots for each in sorted(named)))
    reports = whole_pack.verify_zip(zip_file, roots if named else None)
    found = checker.of_zip(zip_file.read_bytes(), pins={"roots": roots.read_text()} if named else {})
    verdict = reports[-1].verdict
    assert (verdict.word, verdict.trust or None) == (found["verdict"], found["trust"]), (one, two, named)
    assert (verdict.word, verdict.trust or None) == label(one, two, named, whole=whole), (one, two, named)
    assert verdict.exit_code == EXIT_CODES[verdict.word]
    foreign = "is of another archive than the first proof here"
    for findings in (map(str, reports[-1].findings), (each["message"] for each in found["copies"]["findings"])):
        assert any(foreign in each for each in findings) is (one != two)


@pytest.mark.parametrize("owner", ["ours", "demo"])
def test_the_program_says_it_in_its_headline_its_document_and_its_exit_code(
    world: World, tmp_path: Path, owner: str
) -> None:
    zip_file, roots = tmp_path / "proof.zip", tmp_path / "roots.pem"
    zip_file.write_bytes(zip_of(entries_of(world.packs[owner])))
    roots.write_bytes(world.owners[owner].roots)
    for named, word in ((False, "PROVEN_IF"), (True, "PROVEN")):
        word = "NOT_EVIDENCE" if owner == "demo" else word
        command = [sys.executable, "-I", str(CARRIED), "--proof", str(zip_file)]
        command += ["--roots", str(roots)] if named else []
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        document = json.loads(subprocess.run([*command, "--json"], capture_output=True, check=False).stdout)
        assert told.returncode == EXIT_CODES[word] and document["verdict"] == word
        assert [each["trust"] for each in document["proofs"]] == ["named" if named else "enclosed"] * 2
        headline = told.stdout.splitlines()[-1]
        assert ("by an authority that you named" if named else "if the authority is genuine") in headline
        assert ("NOT EVIDENCE" in headline) is (owner == "demo")
