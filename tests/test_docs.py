"""The pages of README.md and docs/ name what is there: the picture, files, functions and headings.

If a test here fails after you moved code: run `make docs`, then put the new names into docs/architecture.md. The
message of the test says where a function went.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError
from pathlib import Path

import pytest

from archiver.core import errors
from docs import draw_architecture, write_reference

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")])
TOP = ("archiver", "docs", "providers", "recordings", "tests")


def names_in(path: Path) -> Iterator[str]:
    """What a module defines, as `name` or `Class.name`."""

    def named(body: list[ast.stmt], before: str) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield before + node.name
                if isinstance(node, ast.ClassDef):
                    yield from named(node.body, f"{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                yield from (before + target.id for target in targets if isinstance(target, ast.Name))

    return named(ast.parse(path.read_text("utf-8")).body, "")


def where(name: str) -> str:
    """Where a function of that name is now; of a method, what has the same last name in any class."""
    last = name.rpartition(".")[2]
    found = [
        f"{path.relative_to(ROOT / 'archiver').as_posix()}:{each}"
        for path in sorted((ROOT / "archiver").rglob("*.py"))
        if last in path.read_text("utf-8")
        for each in names_in(path)
        if each.rpartition(".")[2] == last
    ]
    return ", ".join(found) or "gone"


def missing(page: Path) -> Iterator[str]:
    """The paths and `path:function` that a page names in backquotes, and that are not there.

    docs/architecture.md names files of archiver/ without that folder.
    """
    rooms = page.name == "architecture.md"
    for quoted in re.findall(r"`([\w./-]+\.[a-z]+(?::[\w.]+)?|[\w/-]+/)`", page.read_text("utf-8")):
        path, _, name = quoted.partition(":")
        if path.split("/")[0] not in TOP and not (rooms and "/" in path):
            continue
        file = next((top / path for top in (ROOT, ROOT / "archiver") if (top / path).exists()), None)
        if file is None:
            yield f"{page.name} names {path}, which does not exist"
        elif name and name not in names_in(file):
            yield f"{page.name} names {quoted}, which does not exist; {name} is now {where(name)}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_files_and_functions_that_exist(page: Path) -> None:
    assert list(missing(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_to_files_and_headings_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file), target


def test_the_architecture_page_names_enough_to_be_of_use() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert len(re.findall(r"`[\w/]+\.py:[\w.]+`", text)) >= 40
    assert all(f"| `{room}/` |" in text for room in draw_architecture.rooms(ROOT))


def test_a_name_that_is_gone_is_told_with_its_new_place(tmp_path: Path) -> None:
    page = tmp_path / "architecture.md"
    page.write_text("`core/gone.py`, `core/model.py:check_certificate`, `reading/documents.py:check_certificate`, `a/`")
    told = list(missing(page))
    assert len(told) == 3
    assert "check_certificate is now reading/documents.py:check_certificate" in told[1]


def test_the_picture_of_the_architecture_is_what_the_imports_give() -> None:
    drawn = draw_architecture.draw()
    assert draw_architecture.PICTURE.read_text("utf-8") == drawn, "run `make docs`"


def source_tree(root: Path, **imports: str) -> Path:
    """A source tree with one file for each room, which imports the rooms named."""
    (root / "providers").mkdir()
    (root / "providers" / "__init__.py").write_text("")
    for room, imported in imports.items():
        (root / "archiver" / room).mkdir(parents=True)
        lines = [f"def late():\n    from archiver import {each}\n" for each in imported.split()]
        (root / "archiver" / room / "__init__.py").write_text("".join(lines))
    return root


def test_the_picture_has_an_arrow_for_each_import_that_no_other_shows(tmp_path: Path) -> None:
    root = source_tree(tmp_path, top="middle side base", middle="low", low="base", side="base", base="")
    imports = draw_architecture.room_imports(draw_architecture.rooms(root))
    floor_of = draw_architecture.floors(imports)
    assert floor_of == {"providers": 0, "base": 0, "side": 1, "low": 1, "middle": 2, "top": 3}
    edges = draw_architecture.arrows(imports)
    assert edges == [("low", "base"), ("middle", "low"), ("side", "base"), ("top", "middle"), ("top", "side")]
    ways = draw_architecture.paths(floor_of, edges)
    assert ways[-1] == ["top", "top>side@2", "side"]  # it passes between the rooms of the floor that it skips
    places = draw_architecture.placed(floor_of, ways)
    assert places["top>side@2"][1] == places["middle"][1]
    assert places["top>side@2"][0] != places["middle"][0]


def test_rooms_that_import_each_other_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(CycleError):
        draw_architecture.draw(source_tree(tmp_path, one="two", two="one"))


def test_the_reference_is_what_the_program_gives() -> None:
    pages = {
        "commands.md": write_reference.commands_page(),
        "settings.md": write_reference.settings_page(),
        "home.md": write_reference.home_page(),
        "errors.md": write_reference.errors_page(),
        "contract.md": write_reference.contract_page(),
    }
    for name, text in pages.items():
        assert (write_reference.PAGES / name).read_text("utf-8") == text, "run `make docs`"


def test_the_reference_has_every_command_option_error_and_exit_code() -> None:
    commands = (write_reference.PAGES / "commands.md").read_text("utf-8")
    for name, command in write_reference.commands():
        assert f"### {name}\n" in commands
        options = [option for each in command.params if not getattr(each, "hidden", False) for option in each.opts]
        assert [each for each in options if each.startswith("-") and each not in commands] == [], name
    kinds = write_reference.error_kinds()
    assert {f"`{kind.__name__}`" for kind in kinds} <= set(re.findall(r"`\w+`", write_reference.errors_page()))
    assert {kind.exit_code for kind in kinds} | {0} <= set(write_reference.EXIT_CODES)
    assert errors.spoken("SignInNeeded") == "sign-in needed" and errors.spoken("NotACertificate") == "not a certificate"


def site(docs: Path, out: Path) -> subprocess.CompletedProcess[str]:
    configuration = (ROOT / ".ci" / "mkdocs.yml").read_text("utf-8").replace("../docs", str(docs))
    file = out.parent / "mkdocs.yml"
    file.write_text(configuration.replace("../.venv/site", str(out)), "utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_the_site_is_built_and_a_dead_link_fails(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")
    whole = site(ROOT / "docs", tmp_path / "site")
    assert whole.returncode == 0, whole.stderr
    listed = (ROOT / ".ci" / "mkdocs.yml").read_text("utf-8")
    assert all(page.relative_to(ROOT / "docs").as_posix() in listed for page in PAGES if page.name != "README.md")
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "docs" / "upgrade.md").open("a") as page:
        page.write("[gone](no-such-page.md)\n")
    assert site(tmp_path / "docs", tmp_path / "site2").returncode == 1


@pytest.mark.skipif(not shutil.which("groff"), reason="the program groff, which sets manual pages, is not installed")
def test_the_manual_pages_are_read_without_a_complaint(tmp_path: Path) -> None:
    name, command = next(each for each in write_reference.commands() if each[0] == "archiver account add")
    page = tmp_path / "page.1"
    page.write_text(write_reference.manual(name, command))
    command = ["groff", "-man", "-Tascii", "-P-cbou", "-ww", str(page)]
    read = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "GROFF_NO_SGR": "1"})
    assert "--client CLIENT" in read.stdout and not read.stderr
