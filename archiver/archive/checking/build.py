"""Join the parts of the verifier to the single file that archives and packs carry.

    python -m archiver.archive.checking.build

Nothing is lost but the parts' docstrings and what they import of each other; the same parts always make the same bytes.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import ORDER

_PACKAGE = "archiver.archive.checking"
_FRAME = Path(__file__).with_name("frame.txt")
_RULE = "-" * 64


def sources() -> dict[str, str]:
    """The text of each part by its name, in order."""
    return {part: (CARRIED.parent / "parts" / f"{part}.py").read_text("utf-8") for part in ORDER}


def joined(parts: Mapping[str, str]) -> str:
    """The single file. Raises ValueError where parts import what they may not, or define a name twice."""
    plain, named = {"sys"}, defaultdict[str, set[str]](set)
    places: dict[str, str] = {}
    earlier, contents, sections = list[str](), list[str](), list[str]()
    for part, source in parts.items():
        tree = ast.parse(source)
        title, code = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip("."), _code(tree)
        for node in tree.body[1 : len(tree.body) - len(code)]:
            _gather(node, part, earlier, plain, named)
        for name in (name for node in code for name in _defined(node)):
            if places.setdefault(name, part) != part:
                raise ValueError(f"{part} and {places[name]} both define {name}")
        words = part.replace("_", " ")
        contents.append(f"    {words:<21}{title}")
        earlier.append(part)
        begin = tree.body[len(tree.body) - len(code) - 1].end_lineno
        sections.append("\n".join([f"# {_RULE} {words}", *source.splitlines()[begin:]]))
    imports = [f"import {name}" for name in sorted(plain - {"sys"})]
    for module, names in sorted(named.items()):
        imports.append(f"from {module} import {', '.join(sorted(names, key=_by_case))}")
    filled = {"contents": "\n".join(contents), "imports": "\n".join(imports), "parts": "\n\n\n".join(sections)}
    text = _FRAME.read_text("utf-8")
    for place, content in filled.items():
        text = text.replace(f"@{place}@", content, 1)
    return text


def _code(tree: ast.Module) -> list[ast.stmt]:
    """What follows the docstring and the imports, where nothing is imported any more."""
    first = next(at for at, node in enumerate(tree.body[1:], 1) if not isinstance(node, ast.Import | ast.ImportFrom))
    return tree.body[first:]


def _gather(node: ast.stmt, part: str, earlier: Iterable[str], plain: set[str], named: dict[str, set[str]]) -> None:
    """Keep what is imported of the standard library; that of earlier parts is in the same file."""
    if isinstance(node, ast.Import):
        plain |= {each.name for each in node.names}
        return
    assert isinstance(node, ast.ImportFrom)
    module, names = node.module or "", {each.name for each in node.names}
    if node.level or any(each.asname for each in node.names):
        raise ValueError(f"{part} imports under another name")
    if module == "__future__" or (module == _PACKAGE and names == {"CARRIED"}):
        return
    if module.startswith(f"{_PACKAGE}.parts."):
        if module.rpartition(".")[2] not in earlier:
            raise ValueError(f"{part} imports {module}, which does not come before it")
    elif module.partition(".")[0] in sys.stdlib_module_names:
        named[module] |= names
    else:
        raise ValueError(f"{part} imports {module}, and the single file has nothing but Python's standard library")


def _defined(node: ast.stmt) -> list[str]:
    """The names that a statement of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    stored = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
    return [each.id for each in stored]


def _by_case(name: str) -> tuple[bool, str]:
    """Types before functions, as ruff sorts them."""
    return name[0].islower(), name


if __name__ == "__main__":
    made = joined(sources())
    CARRIED.write_text(made, "utf-8", newline="\n")
    print(f"{CARRIED}: {len(made.splitlines())} lines of {len(ORDER)} parts")
