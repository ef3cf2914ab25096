"""A folder as a source: what is new is read once, what moved is recognised, and what is stock without a licence is
listed."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from archiver.agency import night, watching
from archiver.archive.reader import Archive
from archiver.collect import file_walk, folder, import_commit
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.collect.sources import SourceResult
from archiver.home.settings_edit import add_source
from tests.support.agency import Agency, agency
from tests.support.papers import licence, picture


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path) as made:
        projects = tmp_path / "projects"
        (projects / "spring").mkdir(parents=True)
        add_source(
            made.home.root, "acme-projects", client="acme", kind="folder", path=str(projects),
            jobs=[{"folder": "spring*"}],
        )  # fmt: skip
        yield made


@pytest.fixture
def projects(office: Agency, tmp_path: Path) -> Path:
    return tmp_path / "projects"


def put(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def read(office: Agency, **options: Any) -> SourceResult:
    order = RunRequest(sources=["acme-projects"], **options)
    [result] = asyncio.run(night.run(office.home, office.vault, order)).accounts
    assert isinstance(result, SourceResult)
    return result


def lines(office: Agency) -> int:
    """The objects in the ledger, without what each run writes."""
    return sum(1 for line in Archive(office.home.archive("acme")).lines() if line.id)


def test_files_are_read_once_wherever_they_go(office: Agency, projects: Path, tmp_path: Path) -> None:
    put(projects / "spring" / "licence.txt", licence("en", "istock", 1).text)
    put(projects / "spring" / "istockphoto-123450001-612x612.jpg", picture(number=1))
    put(projects / "spring" / "istockphoto-999999999-612x612.jpg", picture(number=2))
    put(projects / "img.jpg", picture(number=3))
    put(projects / "~$draft.docx", licence("en", "istock", 7).text)
    put(projects / "big.pdf.crdownload", licence("en", "istock", 8).text)
    put(tmp_path / "outside.txt", licence("en", "istock", 9).text)
    (projects / "link.txt").symlink_to(tmp_path / "outside.txt")
    (projects / "elsewhere").symlink_to(tmp_path)
    planned = read(office, dry_run=True)
    assert planned.archived == 2 and not office.run.json("find", "--client", "acme")
    first = read(office)
    assert (first.outcome, first.archived, first.sweep) == ("complete", 2, "full")
    [row] = office.run.json("find", "--client", "acme")
    described = (next(office.home.archive("acme").rglob("licence.json"))).read_text()
    assert row["asset_id"] == "123450001" and '"job": "spring"' in described and '"source": "folder"' in described
    [missing] = office.run.json("source", "report", "acme-projects")
    assert (missing["kind"], missing["assets"]) == ("stock", ["istock:999999999"])
    before = lines(office)
    shutil.move(projects / "spring", projects / "2026")
    shutil.copytree(projects / "2026", projects / "copy")
    second = read(office)
    assert (second.archived, second.already, lines(office)) == (0, 0, before)
    shutil.move(projects / "img.jpg", projects / "istockphoto-888888888-612x612.jpg")
    assert read(office).archived == 0
    told = [row["assets"] for row in office.run.json("source", "report", "acme-projects")]
    assert ["istock:888888888"] in told  # the same bytes, but its new name tells what it is
    (projects / "istockphoto-888888888-612x612.jpg").unlink()
    put(projects / "late.txt", licence("en", "istock", 2).text.replace("123450002", "999999999"))
    third = read(office)
    assert third.archived >= 2  # the paper, and the files that waited for it
    assert not office.run.json("source", "report", "acme-projects")
    assert (fourth := read(office)).listed == 0 and fourth.outcome == "complete"


def test_a_file_that_is_still_written_waits(office: Agency, projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "SETTLE_S", 3600.0)
    path = put(projects / "a.txt", licence("en", "istock", 3).text)
    os.utime(path)

    def write(seconds: float) -> None:
        if seconds == 3600.0:  # the writer goes on meanwhile
            path.write_text(path.read_text() + "\n")
            os.utime(path)

    monkeypatch.setattr(time, "sleep", write)
    result = read(office)
    assert (result.archived, result.reasons) == (0, {"passed over: still being written": 1})
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert read(office).archived == 1


def test_a_broken_zip_is_told_and_the_rest_is_archived(office: Agency, projects: Path) -> None:
    put(projects / "spring" / "broken.zip", b"PK\x03\x04" + b"x" * 300)
    put(projects / "spring" / "licence.txt", licence("en", "istock", 1).text)
    result = read(office)
    assert (result.error, result.archived, result.exit_code, len(result.unexplained)) == (None, 1, 40, 1)
    assert (again := read(office)).exit_code == 0 and again.archived == 0


def test_a_share_that_is_gone_and_files_that_cannot_be_read(
    office: Agency, projects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(folder, "BATCH_FILES", 1)
        closed, commits = {"!c.txt", "m"}, list[int]()
        opened, listed, committed = file_walk._Folder.file, file_walk._Folder.entries, import_commit.commit_import

        def file(self: Any, name: str) -> int:
            if name in closed:
                raise PermissionError(13, "Permission denied")
            return opened(self, name)

        def entries(self: Any) -> Any:
            if self.path.name in closed:
                raise PermissionError(13, "Permission denied")
            return listed(self)

        def commit(*arguments: Any, **options: Any) -> None:
            commits.append(1)
            if len(commits) == 3:
                raise OSError(28, "No space left on device")
            committed(*arguments, **options)

        patch.setattr(file_walk._Folder, "file", file)
        patch.setattr(file_walk._Folder, "entries", entries)
        patch.setattr("archiver.collect.source_filing.commit_import", commit)
        for name, number in {b"!c.txt": 20, b"a\xfe.txt": 21, b"a\xff.txt": 22, b"z.txt": 23}.items():
            put(projects / os.fsdecode(name), licence("en", "istock", number).text)
        (projects / "m").mkdir()
        assert read(office).exit_code == 50 and len(commits) == 3
        assert (there := read(office)).archived >= 1 and {each.partition(":")[0] for each in there.unexplained} == {
            "projects/!c.txt", "projects/m",
        }  # fmt: skip
        closed.clear()
        assert read(office).exit_code == 0
        found = {row["asset_id"] for row in office.run.json("find", "--client", "acme")}
        assert found == {f"1234500{number}" for number in range(20, 24)}
        shutil.rmtree(projects)
        projects.mkdir()
        assert "mounted" in read(office).message
        shutil.rmtree(office.home.state / "sources")
    put(projects / "a.txt", licence("en", "istock", 4).text)
    put(projects / "b.pdf", b"%PDF-1.7 broken")
    result = read(office)
    assert (result.archived, result.exit_code, len(result.unexplained)) == (1, 40, 1)
    assert read(office).exit_code == 0  # told once, and listed
    assert [row["kind"] for row in office.run.json("source", "report", "acme-projects")] == ["refused"]
    shutil.move(projects, tmp_path / "away")
    assert read(office).error == "SiteUnavailable"
    projects.mkdir()
    assert "mounted" in read(office).message
    shutil.copytree(tmp_path / "away", projects, dirs_exist_ok=True)
    assert (again := read(office)).exit_code == 0 and again.archived == 0 == again.already
    shutil.rmtree(projects)  # the one night that is to read all anew, as after an archive was restored
    assert read(office, full=True).error == "SiteUnavailable"
    shutil.copytree(tmp_path / "away", projects)
    assert read(office).already == 1 and read(office).already == 0


def test_a_watched_folder_is_read_when_it_changes(office: Agency, projects: Path) -> None:
    put(projects / "a.txt", licence("en", "istock", 5).text)
    archived = list[int]()

    async def changes(folders: Sequence[Path], wait_ms: Callable[[], int]) -> AsyncIterator[set[Path]]:
        yield {put(projects / "b.txt", licence("en", "istock", 6).text)}
        yield {projects.parent / "another"}  # none of ours
        shutil.move(projects, projects.parent / "away")
        yield set()
        assert wait_ms() == watching.AGAIN_MS  # it could not be read
        shutil.move(projects.parent / "away", projects)
        yield set()
        assert wait_ms() == watching.LOOK_MS

    def ended(summary: RunSummary) -> None:
        archived.append(summary.accounts[0].archived)

    asyncio.run(watching.watch(office.home.root, office.vault, (), ended, changes))
    assert archived == [1, 1, 0, 0]
    unit = office.run("watch", "--unit").stdout
    assert f"--home {office.home.root} watch" in unit and "LoadCredential=archiver-key:" in unit
