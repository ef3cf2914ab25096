"""A home with one of everything is backed up, deleted and restored elsewhere: every command and page says the same."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import lxml.html
import pytest

from archiver.cli.json_schemas import SCHEMAS
from archiver.core.atomic_files import remove_tree
from archiver.home.contents import KINDS, Holds, files_in
from tests.journeys.visitor import Installed, desk_of, installed
from tests.museum.test_museum import MUSEUM, unpacked
from tests.support.homes import QUICK

pytestmark = pytest.mark.journey

READING = (
    "account list", "anchors", "audit list", "audit report beta", "claim list", "claim show CLAIM", "client list",
    "client show acme", "account show ACCOUNT", "desk audit", "desk link list", "desk session list", "desk user list",
    "doctor", "find a", "notify --dry-run", "providers", "providers show shutterstock", "settings", "show LICENCE",
    "status", "terms diff adobe_stock", "terms list", "unassigned", "verify", "assess LICENCE --client acme",
    "sign-in --due --dry-run", "run --dry-run --replay QUICK", "report --client acme --month 2026-11 --out OUT",
)  # fmt: skip
"""What says something of a home and changes nothing in it."""
OTHERS = {
    "account check", "account close", "account first", "account leaver", "audit capture", "audit enter", "audit mark",
    "audit run", "backup check", "backup make", "capture", "claim add", "client hand-over", "erase", "hold", "home",
    "import", "replica check", "replica restore", "restore",
} | {f"fleet {each}" for each in ("adopt", "drain", "export", "init", "run", "status")}  # fmt: skip
"""What changes something, or says nothing of a home."""

STAGING = "archive/{client}/staging/**"  # which no line of the ledger names yet, so a backup leaves it out


def example_of(pattern: str) -> str:
    """The path of a file that the pattern stands for."""
    path = re.sub(r"\{client\}", "acme", pattern)
    path = re.sub(r"\{\w+\}", "one", path.replace("/**", "/one.json"))
    return re.sub(r"\*+", "one", path.replace("**/", "state/").replace("**.", "state/one."))


def complete(root: Path) -> None:
    """Put a file of each kind into the home of which it has none."""
    there = {each.kind for each in files_in(root)}
    for kind in KINDS:
        if kind not in there:
            path = root / example_of(kind.pattern)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}" if path.suffix == ".json" else "")


def without_times(text: str, home: Installed, base: str = "") -> str:
    text = text.replace(str(home.root.parent), "FOLDER").replace(base or "\0", "BASE")
    text = re.sub(r"\b\d{1,2}:\d\d(:\d\d(\.\d+)?)?Z?|T\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "TIME", text)
    text = re.sub(r"\b\d{8}TIME-[0-9a-f]{6}\b|\b\d{8}T\d{6}Z-[0-9a-f]{6}\b|127\.0\.0\.1[0-9a-f]{8}", "RUN", text)
    text = re.sub(r'"seconds": [\d.]+|\d+ MB are free', "TIME", text)
    return re.sub(r"This machine [0-9a-f]{8}", "RUN", " ".join(text.split()))


def said(home: Installed, chosen: dict[str, str]) -> dict[str, str]:
    found = {}
    for words in READING:
        arguments = [chosen.get(each, each) for each in words.split()]
        done = home(*arguments, "--json", code=None)
        found[words] = without_times(f"{done.returncode} {done.stdout}", home)
    return found


def seen(home: Installed) -> dict[str, str]:
    """The text of every page."""
    with desk_of(home) as desk:
        walk = desk.owner().walk("/", "/find?q=a", most=2)
        assert not walk.faults, "\n".join(walk.faults)
        return {
            address: without_times(lxml.html.fromstring(text).text_content(), home, desk.base)
            for address, text in walk.texts.items()
            if address != "/audit"  # which tells of this visit itself
        }


def test_every_command_of_the_program_is_told_apart() -> None:
    names = sorted(SCHEMAS, key=len, reverse=True)
    assert {*SCHEMAS} == OTHERS | {next(n for n in names if f"{each} ".startswith(f"{n} ")) for each in READING}


def test_nothing_differs_but_times(tmp_path: Path) -> None:
    [kept] = [each for each in MUSEUM if each.name.startswith("agency-")]
    home = unpacked(kept, tmp_path / "here")
    complete(home.root)
    for path in (home.root, *home.root.rglob("*")):  # as the program makes them; an unpacked home has what tar gave it
        evidence = path.relative_to(home.root).parts[2:3] == ("evidence",)
        path.chmod(0o700 if path.is_dir() else path.stat().st_mode & (0o500 if evidence else 0o700))
    assert {each.kind for each in files_in(home.root)} >= {*KINDS}
    home("backup", tmp_path / "home.tar")
    (home.root / example_of(STAGING)).unlink()
    shutil.copytree(tmp_path / "here", tmp_path / "there", ignore=lambda *_: ["home", "state"])
    chosen = {
        "CLAIM": home.json("claim", "list")[0]["claim"], "LICENCE": home.json("find", "a")[0]["licence"],
        "ACCOUNT": home.json("account", "list")["accounts"][0]["account"], "QUICK": str(QUICK),
        "OUT": str(tmp_path / "out.html"),
    }  # fmt: skip
    before = said(home, chosen), seen(home)
    remove_tree(home.root)
    restored = installed(tmp_path / "there")
    restored("restore", tmp_path / "home.tar", restored.root)
    kinds = {each.kind for each in files_in(restored.root)}
    assert {each.pattern for each in KINDS if each.holds is not Holds.CACHE and each not in kinds} == {STAGING}
    after = said(restored, chosen), seen(restored)
    for was, now in zip(before, after, strict=True):
        assert was.keys() == now.keys()
        assert not [(each, *differing(was[each], now[each])) for each in was if was[each] != now[each]]


def differing(one: str, other: str) -> tuple[str, str]:
    """The part of two texts from where they differ."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[at - 60 : at + 100], other[at - 60 : at + 100]
