"""The pages of README.md and docs/ name what is there: the picture, files, functions and headings.

If a test here fails after you moved code: run `make docs`, then put the new names into docs/architecture.md. The
message of the test says where a function went.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError
from pathlib import Path

import pytest

from docs import draw_architecture

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
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
