"""Draw docs/architecture.svg from the imports in the source: `make docs`.

A room is a folder of `archiver/`, or `providers/` with the adapters. Each room stands one floor above the highest room
that it imports. An arrow means "imports". An import that a chain of arrows already shows gets no arrow of its own.
"""

from __future__ import annotations

import ast
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from html import escape
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "architecture.svg"

WIDTH, BOX_WIDTH, BOX_HEIGHT, FLOOR_HEIGHT, MARGIN = 1240, 290, 84, 128, 24  # pixels; four boxes stand side by side
LINE_HEIGHT, LINE_CHARACTERS = 16, 46

STYLE = """
  svg { --paper: #ffffff; --box: #eef3f8; --edge: #8aa2b8; --arrow: #b4540a; --ink: #1d2733; --soft: #41505f }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #12181f; --box: #1e2833; --edge: #5d7389; --arrow: #f0a35c; --ink: #eef3f8; --soft: #bccad8 }
  }
  .paper { fill: var(--paper) } .box { fill: var(--box); stroke: var(--edge) } .tip { fill: var(--arrow) }
  .arrow { stroke: var(--arrow); stroke-width: 1.6; fill: none; marker-end: url(#tip) }
  .name { fill: var(--ink); font: bold 15px Helvetica, Arial, sans-serif }
  .says { fill: var(--soft); font: 12px Helvetica, Arial, sans-serif }
"""


def rooms(root: Path) -> dict[str, Path]:
    """The folder of each room."""
    found = {init.parent.name: init.parent for init in sorted((root / "archiver").glob("*/__init__.py"))}
    return found | {"providers": root / "providers"}


def imported_modules(source: str) -> Iterator[str]:
    """The full name of every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_imports(folders: Mapping[str, Path]) -> dict[str, set[str]]:
    """Which other rooms each room imports."""
    found: dict[str, set[str]] = {}
    for room, folder in folders.items():
        modules = {name for path in folder.rglob("*.py") for name in imported_modules(path.read_text("utf-8"))}
        parts = [name.split(".") for name in modules if name.startswith("archiver.")]
        found[room] = {part[1] for part in parts if part[1] in folders} - {room}
    return found


def floors(imports: Mapping[str, set[str]]) -> dict[str, int]:
    """The floor of each room, 0 at the bottom. Raises CycleError if rooms import each other in a circle."""
    found: dict[str, int] = {}
    for room in TopologicalSorter(imports).static_order():
        found[room] = max((found[below] + 1 for below in imports[room]), default=0)
    return found


def arrows(imports: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """The imports that no chain of other imports shows."""
    reach: dict[str, set[str]] = {}
    for room in TopologicalSorter(imports).static_order():
        reach[room] = imports[room].union(*(reach[below] for below in imports[room]))
    return [
        (room, below)
        for room in sorted(imports)
        for below in sorted(imports[room])
        if not any(below in reach[other] for other in imports[room])
    ]


def paths(floor_of: Mapping[str, int], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each arrow as the places it passes: both rooms, and a gap on every floor between them."""
    return [
        [upper, *(f"{upper}>{lower}@{floor}" for floor in range(floor_of[upper] - 1, floor_of[lower], -1)), lower]
        for upper, lower in edges
    ]


def placed(floor_of: Mapping[str, int], ways: Sequence[Sequence[str]]) -> dict[str, tuple[float, int]]:
    """The middle of each room and gap: x, and y from the top. A place stands below what points to it."""
    floor = dict(floor_of)
    for way in ways:
        floor |= {gap: floor_of[way[0]] - step for step, gap in enumerate(way[:-1]) if step}
    importers = defaultdict[str, list[str]](list)
    for upper, lower in (step for way in ways for step in pairwise(way)):
        importers[lower].append(upper)
    found: dict[str, tuple[float, int]] = {}

    def wanted(place: str) -> tuple[float, str]:
        above = [found[upper][0] for upper in importers[place]]
        return (sum(above) / len(above) if above else WIDTH, place)

    for level in range(max(floor.values()), -1, -1):
        there = sorted((place for place, at in floor.items() if at == level), key=wanted)
        y = MARGIN + BOX_HEIGHT // 2 + FLOOR_HEIGHT * (max(floor.values()) - level)
        found |= {place: ((number + 0.5) * WIDTH / len(there), y) for number, place in enumerate(there)}
    return found


def summary(folder: Path) -> str:
    """The first sentence of a room's docstring."""
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    return " ".join(said.split("\n\n")[0].split()).split(". ")[0].rstrip(".").replace("`", "")


def draw(root: Path = ROOT) -> str:
    """The picture of the source below `root`, as SVG."""
    folders = rooms(root)
    imports = room_imports(folders)
    floor_of = floors(imports)
    ways = paths(floor_of, arrows(imports))
    places = placed(floor_of, ways)
    height = 2 * MARGIN + BOX_HEIGHT + FLOOR_HEIGHT * max(floor_of.values())
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        "<title>The rooms of the archiver. An arrow means: imports.</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">',
        '<path class="tip" d="M0 0 L10 5 L0 10 z"/></marker></defs>',
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
    ]
    for room in sorted(folders):
        x, y = places[room]
        says = textwrap.wrap(summary(folders[room]), LINE_CHARACTERS)[:3]
        box = f'x="{x - BOX_WIDTH / 2:.0f}" y="{y - BOX_HEIGHT // 2}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}"'
        lines.append(f'<rect class="box" {box} rx="6"/>')
        top = y - LINE_HEIGHT * len(says) // 2 + 5
        for number, text in enumerate((room, *says)):
            kind = "says" if number else "name"
            at = f'x="{x:.0f}" y="{top + LINE_HEIGHT * number}"'
            lines.append(f'<text class="{kind}" {at} text-anchor="middle">{escape(text)}</text>')
    for way in ways:
        (x, y), *between, (end_x, end_y) = (places[place] for place in way)
        points = [(x, y + BOX_HEIGHT // 2), *between, (end_x, end_y - BOX_HEIGHT // 2)]
        lines.append(f'<path class="arrow" d="M{" L".join(f"{x:.0f} {y}" for x, y in points)}"/>')
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), "utf-8")
