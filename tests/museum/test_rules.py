"""A rule of the verifier that is changed on purpose is seen by a piece of the museum and by a test at its boundary."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from archiver.archive.checking import CARRIED
from archiver.archive.checking.build import joined, sources
from tests.museum.pieces import NEWEST, Piece, by_file, pieces
from tests.museum.test_pieces import FORGED, forged
from tests.structure import ROOT

__all__ = ["pieces"]

pytestmark = pytest.mark.long

ATTACKS, VERIFY, PACKS = (
    "tests/archive/test_attacks.py",
    "tests/archive/test_verify.py",
    "tests/claims/test_pack_attacks.py",
)


@dataclass(frozen=True)
class Rule:
    """Where a rule is and what it becomes; the forgery and the test that see it."""

    part: str
    old: str
    new: str
    forgery: str
    test: str


RULES = {
    "a file has the digest that its inventory states": Rule(
        "ocfl_object", "if not sums[path] <= actual.items():", "if not sums[path]:",
        "archive: certificate exchanged", f"{ATTACKS}::test_attacks[a bit is flipped]",
    ),
    "an inventory is the one that the ledger records": Rule(
        "common_checks", "elif checked.inventories[version] != recorded[version][0]:", "elif not recorded[version][0]:",
        "archive: certificate and inventories exchanged", f"{ATTACKS}::test_attacks",
    ),
    "the first lines are those that the checkpoint signs": Rule(
        "whole_archive", "checkpoint.note.root != self.roots_of.get(checkpoint.size, checkpoint.note.root)",
        "not checkpoint.note.root",
        "archive: line edited and chained anew",
        f"{VERIFY}::test_the_hand_written_attack_of_a_rewritten_line_with_its_chain_mended",
    ),
    "a line names the hash of the line before it": Rule(
        "whole_archive", 'fields["seq"] != seq or fields["prev"] != previous', 'fields["seq"] != seq or not previous',
        "archive: waiting line edited", f"{VERIFY}::test_lines_that_no_checkpoint_covers_yet_are_still_a_chain",
    ),
    "the newest line is signed": Rule(
        "whole_archive", "key is not None and is_signed(self.last, key)", "key is not None",
        "archive: line appended", f"{ATTACKS}::test_attacks",
    ),
    "a checkpoint is signed by the archive's key": Rule(
        "common_checks", "must(key is None or note.signed_by(key, check),", "must(note.size,",
        "archive: key exchanged", VERIFY,
    ),
    "a timestamp is the one that the ledger names": Rule(
        "whole_archive", "if found not in (None, digest):", "if found is None and digest is None:",
        "archive: token with other unsigned bytes",
        f"{VERIFY}::test_a_timestamp_exchanged_for_a_later_good_one_is_found",
    ),
    "what was erased is gone": Rule(
        "whole_archive", "        elif there:", "        elif not there and False:",
        "archive: erased object put back",
        "tests/archive/test_erasure.py::test_only_a_ledger_line_makes_an_erasure[the content is there again]",
    ),
    "what lies in the archive is in the ledger": Rule(
        "whole_archive", 'self.find("orphan", place, "is not in the ledger")', "pass",
        "archive: object planted", f"{VERIFY}::test_a_planted_object_is_a_finding_and_is_not_adopted",
    ),
    "files beside the evidence are those that the ledger states": Rule(
        "whole_archive", "elif found != newest and path not in reported:", "elif not path:",
        "archive: letter to readers changed", "tests/archive/test_verdict.py",
    ),
    "a line in a pack leads to its checkpoint": Rule(
        "one_proof", 'must(proof.leads_to(note.root, note.size),', "must(note.size,",
        "pack: line edited", "tests/archive/test_inclusion_bundle.py::test_a_forged_line_does_not_pass",
    ),
    "a pack holds nothing that does not belong to it": Rule(
        "whole_pack", 'self.find("extra", f"data/{place}", message)', "pass",
        "pack: foreign file", f"{PACKS}::test_attacks[an extra file in the bag]",
    ),
}  # fmt: skip

CHANGED = """
import sys
from importlib.machinery import SourceFileLoader
path, old, new, *arguments = sys.argv[1:]
code_of = SourceFileLoader.get_code
def changed(self, name):
    if self.path != path:
        return code_of(self, name)
    text = self.get_data(path).decode()
    assert text.count(old) == 1
    return compile(text.replace(old, new), path, "exec")
SourceFileLoader.get_code = changed
import pytest
sys.exit(pytest.main(["-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not longest", *arguments]))
"""
"""Runs tests with one part changed in memory."""


IN_A_BROWSER = {"a pack holds nothing that does not belong to it"}  # its test compares with the page that checks a pack


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.browser] * (name in IN_A_BROWSER), id=name) for name in RULES]
)
def test_a_changed_rule_is_seen_twice(pieces: dict[str, Piece], tmp_path: Path, name: str) -> None:
    rule, parts, changed = RULES[name], sources(), tmp_path / "verify.py"
    assert parts[rule.part].count(rule.old) == 1
    changed.write_text(joined(parts | {rule.part: parts[rule.part].replace(rule.old, rule.new)}))
    piece, made = pieces[NEWEST], forged(pieces[NEWEST], rule.forgery, tmp_path)
    assert by_file(made, piece.roots) == FORGED[rule.forgery].label
    assert by_file(made, piece.roots, changed) != FORGED[rule.forgery].label

    file = CARRIED.parent / "parts" / f"{rule.part}.py"
    command = [sys.executable, "-c", CHANGED, str(file), rule.old, rule.new, rule.test]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1 and "AssertionError" in done.stdout, done.stdout[-2000:] + done.stderr
