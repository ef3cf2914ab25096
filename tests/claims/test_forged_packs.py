"""Packs forged by an opponent: verify.py and the page in the browser agree on each, and none counts as the owner's."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.archive.check_page import check_page
from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import archive_words, common_checks, proven_dates, verify_command, whole_pack
from tests.support import forger
from tests.support.check_page_kit import Checker, checker
from tests.support.firefox_kit import FIREFOX, plain_firefox
from tests.support.pack_attacks import remembering
from tests.support.pack_forgeries import FINE, HEAVY, NAMES, World, forgery, judged
from tests.support.trusted_list_kit import qualified

__all__ = ["checker", "remembering"]

IF_GENUINE = "PROVEN (if the authority is genuine: its root came with this file)"
QUICK = [name for name in NAMES if name not in HEAVY]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize(
    "numbers",
    [
        range(3, len(QUICK), 12),
        pytest.param(range(9, len(QUICK), 12), marks=pytest.mark.long),
        pytest.param(range(2_400), marks=pytest.mark.longest),
    ],
    ids=["some", "others", "2400"],
)
def test_no_forged_pack_counts(world: World, checker: Checker, tmp_path: Path, numbers: range) -> None:
    said = Counter(judged(forgery(world, n, QUICK[n % len(QUICK)]), world, checker, tmp_path) for n in numbers)
    assert said[None] > said["PROVEN"] and said["DAMAGED"]


@pytest.mark.parametrize("name", [FINE[2], pytest.param("keyed", marks=pytest.mark.longest)])
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
    assert said == [whole_pack.folder_of_copy(name) for name in names]


@pytest.mark.long
@pytest.mark.skipif(not FIREFOX, reason="no Firefox here")
def test_firefox_says_the_same_from_a_file(world: World, tmp_path: Path) -> None:
    """Chosen by hand, as a person does; what `DecompressionStream` lets pass differs between browsers."""
    page, zip_file = tmp_path / "CHECK-THIS.html", tmp_path / "proof.zip"
    page.write_bytes(check_page())
    with plain_firefox(tmp_path / "firefox", {}) as browser:
        browser.go(page.as_uri())
        [pack] = browser.ask("WebDriver:FindElement", using="css selector", value="#pack").values()
        for number, name in enumerate(
            ["fine_order", "fine_described", *NAMES[::3], "deflate_and_more", "deflate_twice"]
        ):
            zip_file = tmp_path / f"{number}.zip"
            zip_file.write_bytes(forgery(world, number, name).zip_file)
            browser.ask("WebDriver:ElementSendKeys", id=pack, text=str(zip_file))
            said = browser.run(
                """const [name, done] = arguments, look = () => {
                    const box = document.querySelector("#result .verdict");
                    if (box && box.textContent.includes(name)) done(document.body.dataset.state);
                    else setTimeout(look, 20);
                };
                look();""",
                zip_file.name,
            )
            try:
                wanted = whole_pack.verify_zip(zip_file)[-1].state
            except archive_words.Malformed:
                wanted = "NO_PACK"
            assert said == wanted, (name, number)


THE_YEAR_2045 = """async () => {
    const Real = Date;
    Date = class extends Real {
        constructor(...given) { super(...(given.length ? given : ["2045-01-01T00:00:00Z"])); }
    };
}"""


def test_a_pack_of_today_is_proven_in_2045(
    world: World, checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificates have ended by then; both verifiers say so, and that its date holds."""
    zip_file = tmp_path / "proof.zip"
    zip_file.write_bytes(forgery(world, 0, "fine_order").zip_file)
    if faketime := shutil.which("faketime"):
        command = [faketime, "2045-01-01 00:00:00", sys.executable, "-I", str(CARRIED), "--proof", str(zip_file)]
        printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        assert f"files beside them: {IF_GENUINE}" in printed and "ended at" in printed
    checker.do(lambda page: page.evaluate(THE_YEAR_2045))
    for each in (common_checks, proven_dates):
        monkeypatch.setattr(each, "moment", lambda _=None: "2045-01-01T00:00:00Z")
    try:
        found, reports = checker.of_zip(zip_file.read_bytes()), whole_pack.verify_zip(zip_file)
    finally:
        checker.do(lambda page: page.reload())
    assert found["state"] == reports[-1].state == "PROVEN"
    checker.same_report(found, reports)
    assert (
        [[each["path"] for each in proof["findings"] if each["code"] == "remark"] for proof in found["proofs"]]
        == [[each.path for each in report.findings if each.code == "remark"] for report in reports[:-1]]
        == [["integrity/00000005.note"]] * 2
    )


def test_the_program_checks_a_zip(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fine, broken = tmp_path / "proof.zip", tmp_path / "letter.zip"
    fine.write_bytes(forgery(world, 0, "fine_order").zip_file)
    broken.write_bytes(b"Dear Sir or Madam")
    assert verify_command.main(["--proof", str(fine)]) == 3
    assert capsys.readouterr().out.endswith(f"all 2 proofs and 8 files beside them: {IF_GENUINE}\n")
    with pytest.raises(SystemExit):
        verify_command.main(["--proof", str(broken)])
    assert f"{broken} is not a zip file" in capsys.readouterr().err


class Qualified(forger.Owner):
    """Its authority says of each timestamp that it is qualified."""

    def stamp(self, data: bytes) -> bytes:
        if data not in self._tokens:
            self._tokens[data] = qualified(super().stamp(data), self._authority[1])
        return self._tokens[data]


def test_what_a_timestamp_says_of_itself_is_told_as_its_own_statement(checker: Checker, tmp_path: Path) -> None:
    owner = Qualified(3)
    zip_file = tmp_path / "proof.zip"
    zip_file.write_bytes(forger.zip_of(forger.entries_of(forger.build(owner))))
    found, reports = checker.of_zip(zip_file.read_bytes()), whole_pack.verify_zip(zip_file)
    assert found["state"] == reports[-1].state == "PROVEN"
    checker.same_report(found, reports)
    [stated] = reports[0].timestamps
    assert (stated.policy, stated.states_qualified) == ("0.4.0.2023.1.1", True)
    assert (stated.country, stated.list_of[:10]) == ("DE", "2026-01-01")
    assert "according to the trusted list of DE of 2026-01-01 (kept, sha256:" in reports[0].as_text()


TRICKS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "of another timestamp": lambda said: said | {"timestamp": "0" * 64},
    "of a list that is not here": lambda said: said | {"trusted_list": "0" * 64},
    "granted later": lambda said: said | {"granted_since": "2090-01-01T00:00:00Z"},
    "ended before": lambda said: said | {"next_update": "2020-01-01T00:00:00Z"},
    "with a number": lambda said: said | {"service": 1},
    "with half a character": lambda said: said | {"service": "\ud800"},
    "with more": lambda said: said | {"more": ""},
    "with less": lambda said: {key: each for key, each in said.items() if key != "url"},
    "of no country": lambda said: said | {"country": "Germany"},
    "of no day": lambda said: said | {"issued_at": "2026-01-01"},
}


def test_both_say_the_same_of_a_statement_about_a_list(checker: Checker, tmp_path: Path) -> None:
    """Whoever can make a pack can state that; none of these shows anything."""

    class Stating(Qualified):
        trick: Callable[[Any], Any] = staticmethod(forger.unchanged)

        def lists(self, token: bytes) -> forger.Files:
            made = super().lists(token)
            (own,) = (each for each in made if each.endswith(".json"))
            statement = forger.encoded(self.trick(json.loads(made.pop(own))), indent=1, sort_keys=True) + b"\n"
            return made | {f"qualified.{hashlib.sha256(statement).hexdigest()}.json": statement}

    owner, zip_file, shown = Stating(3), tmp_path / "proof.zip", {}
    for name, owner.trick in {"": forger.unchanged, **TRICKS}.items():
        zip_file.write_bytes(forger.zip_of(forger.entries_of(forger.build(owner, (forger.ONE,)))))
        found, reports = checker.of_zip(zip_file.read_bytes()), whole_pack.verify_zip(zip_file)
        assert found["state"] == reports[-1].state, name
        checker.same_report(found, reports)
        said = [{(each["code"], each["path"]) for each in one["findings"]} for one in found["proofs"]]
        assert said == [{(each.code, each.path) for each in report.findings} for report in reports[:-1]], name
        shown[name] = [each.country for each in reports[0].timestamps]
    assert shown == {"": ["DE"]} | {name: [""] for name in TRICKS}
