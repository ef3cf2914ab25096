"""A pack that was unpacked, looked at and zipped again: what computers add to it is told and is no damage."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.archive.checking.parts.whole_pack import verify_pack, verify_zip
from tests.support.check_page_kit import Checker, checker
from tests.support.forger import Files, Owner, build

__all__ = ["checker"]

ADDED = (".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini", "Desktop.ini", ".directory", "__MACOSX/x", "@eaDir/x",
         ".AppleDouble/x", ".Trashes/501/x", ".fseventsd/no_log", "__MACOSX/.DS_Store")  # fmt: skip
BESIDE = ("README.md", "Please read.txt", "notes/of/ours.docx", "contract.pdf")
FORGED = ("certificate-2.pdf", "README.md", "DS_Store", "Thumbs.db.pdf", "_.DS_Store", ".hidden", "MACOSX/x")
COUNTS = [6, pytest.param(100, marks=pytest.mark.long)]  # more finds no more, and takes minutes


@pytest.fixture(scope="module")
def files() -> Files:
    return build(Owner(1))


def folders_of(files: Files) -> list[str]:
    every = {path.rpartition("/")[0] for path in files}
    return sorted({"/".join(each.split("/")[:n]) for each in every for n in range(1, each.count("/") + 2)})


def additions(draw: random.Random, files: Files) -> Iterator[str]:
    """What computers and people add, in any folder where each of them may. No computer writes one name in two spellings
    into one folder, and a zip that has both is refused."""
    folders = ["", *filter(None, folders_of(files))]
    places = [f"{draw.choice(folders)}/{draw.choice(ADDED)}".lstrip("/") for _ in range(draw.randint(1, 5))]
    yield from {each.lower(): each for each in places}.values()
    path = draw.choice(sorted(files))
    yield f"{path.rpartition('/')[0]}/._{path.rpartition('/')[2]}".lstrip("/")
    if draw.random() < 0.5:
        yield draw.choice(BESIDE)


def as_zip(files: Files, draw: random.Random) -> bytes:
    """By another program than ours: with folders or without, with a folder around it or without, as jar or not."""
    out, top = io.BytesIO(), draw.choice(["proof/", ""])
    method = draw.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    with zipfile.ZipFile(out, "w", method) as made:
        if draw.random() < 0.5:
            info = zipfile.ZipInfo("META-INF/")
            info.extra = b"\xfe\xca\0\0"
            made.writestr(info, b"")
            made.writestr("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n")
        if draw.random() < 0.5:
            made.writestr(f"__MACOSX/{top}._bagit.txt", b"\0\5\26\7")
            made.writestr(f"__MACOSX/{top}data/07_integrity/._x", b"\0\5\26\7")
        for path in draw.sample(sorted(files), len(files)):
            made.writestr(top + path, files[path])
    return out.getvalue()


def verdicts(files: Files, draw: random.Random, checker: Checker, folder: Path) -> set[tuple[str, str]]:
    """What everything of ours says of a pack, zipped and as a folder."""
    folder.mkdir()
    zip_file, bag = folder / "pack.zip", folder / "pack"
    zip_file.write_bytes(as_zip(files, draw))
    for path, content in files.items():
        (bag / path).parent.mkdir(parents=True, exist_ok=True)
        (bag / path).write_bytes(content)
    said = verify_zip(zip_file)
    found = checker.of_zip(zip_file.read_bytes())
    told = {(each.code, each.path) for report in said for each in report.findings}
    assert {
        (each["code"], each["path"]) for one in [*found["proofs"], found["copies"]] for each in one["findings"]
    } == told
    unpacked = verify_pack(bag)[-1]
    return {
        (found["verdict"], found["trust"] or ""),
        *((each.verdict.word, each.verdict.trust) for each in (said[-1], unpacked)),
    }


@pytest.mark.parametrize("count", COUNTS)
def test_what_computers_add_is_no_damage(files: Files, checker: Checker, tmp_path: Path, count: int) -> None:
    draw = random.Random(count)  # a seed, no secret
    for number in range(count):
        added = {path: draw.randbytes(9) for path in additions(draw, files)}
        said = verdicts({**files, **added}, draw, checker, tmp_path / str(number))
        assert said == {("PROVEN_IF", "enclosed")}, (number, sorted(added))


@pytest.mark.parametrize("count", COUNTS)
def test_what_nobody_but_a_person_adds_beside_the_documents_is(
    files: Files, checker: Checker, tmp_path: Path, count: int
) -> None:
    draw = random.Random(count)  # a seed, no secret
    folders = [each for each in folders_of(files) if each.startswith("data")]
    for number in range(count):
        place = f"{draw.choice(folders)}/{draw.choice(FORGED)}"
        said = verdicts({**files, place: b"forged"}, draw, checker, tmp_path / str(number))
        assert said == {("DAMAGED", "")}, (number, place)
