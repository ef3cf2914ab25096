"""A file that an import judged is not read again while it is the same, and is bound when its licence comes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver.collect import import_reader, judged_files
from archiver.collect.judged_files import JudgedFiles
from archiver.collect.recognition import ClassifiedFile, read_item
from archiver.reading.containers import Item
from archiver.reading.worker import DocumentReader
from tests.support import papers
from tests.support.folder import jpeg, letter, photo
from tests.support.homes import begun

WEEK_S = 604_800


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (path.stat().st_atime - WEEK_S, path.stat().st_mtime - WEEK_S))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "papers"
    place.mkdir()
    put(place / "notes.txt", b"minutes of the meeting on the brochure")
    put(place / "mail.eml", letter("Lunch", "At noon?", [("card.vcf", b"BEGIN:VCARD")]))
    put(place / "AdobeStock_121681000.jpeg", jpeg(photo(1)))
    put(place / "licence.txt", papers.elements("ai", 1).text.encode())
    return place


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    names: list[str] = []

    def noted(item: Item, *rest: Any, **how: Any) -> ClassifiedFile:
        names.append(item.name)
        return read_item(item, *rest, **how)

    monkeypatch.setattr(import_reader, "read_item", noted)
    yield names


def imported(tmp_path: Path, folder: Path, read: list[str]) -> tuple[list[str], dict[str, str]]:
    """The names of the files that were read, and what each file was."""
    read.clear()
    (tmp_path / "home").mkdir(exist_ok=True)
    with DocumentReader(workers=1) as reader, JudgedFiles(tmp_path / "judged.sqlite", [folder], keeps=True) as judged:
        how = import_reader.FileReading(
            home=tmp_path / "home", reader=reader, wanted=judged.is_new, judged=judged.take
        )  # fmt: skip
        found = {}
        for seen in import_reader.recognised([folder], how):
            judged.add(seen)
            found[seen.path] = repr(seen)
    return sorted(read), found


def test_only_what_changed_and_papers_are_read_again(tmp_path: Path, folder: Path, read: list[str]) -> None:
    names, first = imported(tmp_path, folder, read)
    assert names == ["AdobeStock_121681000.jpeg", "card.vcf", "licence.txt", "mail.eml", "notes.txt"]
    names, second = imported(tmp_path, folder, read)
    assert names == ["licence.txt"]
    assert second == first
    put(folder / "notes.txt", b"minutes of the meeting on the leaflets")
    assert imported(tmp_path, folder, read)[0] == ["licence.txt", "notes.txt"]


def test_other_rules_read_everything_again(
    tmp_path: Path, folder: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names, _ = imported(tmp_path, folder, read)
    monkeypatch.setattr(judged_files, "judged_by", lambda: "other rules")
    assert imported(tmp_path, folder, read)[0] == names


def test_a_damaged_memory_is_none(tmp_path: Path, folder: Path, read: list[str]) -> None:
    names, _ = imported(tmp_path, folder, read)
    (tmp_path / "judged.sqlite").write_bytes(b"no database" * 1000)
    assert imported(tmp_path, folder, read)[0] == names


def test_a_licence_that_comes_later_binds_a_picture_that_is_not_read_again(tmp_path: Path, folder: Path) -> None:
    home = begun(tmp_path / "made")

    def picture() -> dict[str, str]:
        rows: list[dict[str, str]] = home.json("import", folder, "--client", "acme")["files"]
        return next(row for row in rows if "AdobeStock" in row["path"])

    assert picture()["outcome"] == "irrelevant"
    history = tmp_path / "Adobe Stock licence history.csv"
    history.write_bytes(papers.adobe_history(1))
    home.json("import", history, "--client", "acme", "--yes")
    bound = picture()
    assert bound["outcome"] == "merged"
    folder_name = bound["licence"].rpartition("/")[2]
    [kept] = home.archive().glob(f"evidence/**/{folder_name}/**/imported-preview.jpg")
    assert kept.read_bytes().startswith(b"\xff\xd8")
    assert picture()["outcome"] == "known"
