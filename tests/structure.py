"""The shape of the product's code, held by `make check`: rooms, floors, circles, imports, names, and functions.

Run it from anywhere: `python tests/structure.py`. It prints each number with its limit, and ends with 1 and the names
where a limit is passed (`--names`: those of warnings, too). An import counts wherever it stands: inside a function and
under TYPE_CHECKING, too.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "archiver"
MAX_ROOT_FILES = 2
MAX_ROOMS = 14
MAX_FLOORS = 8
MAX_IMPORTS = 14  # of our own modules in one file
JOINED = "archiver.archive.checking.verify"  # made of the parts, which are checked in its place
VERIFIER = "archiver.archive.checking"  # counts as one where others use its parts, as the single file that they make
MAX_PARAMETERS = 6  # of one function
MAX_FUNCTION_LINES = 50
MAX_ANY = 143  # lines; what was reached, so lower it with every type that replaces one
MANY, LONG = "# many parameters: ", "# long: "  # begin the reason that stands above a function
TYPES, CONSTANTS, WORDS = "type names defined twice", "times and sizes without a unit", "names with a banned word"
ENFORCED = {TYPES, CONSTANTS, WORDS}  # a rule that is not here is a warning

UNITS = (
    "S", "MS", "NS", "SECONDS", "MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS", "YEARS", "BYTES", "KB", "MB", "GB",
    "MIB", "PIXELS", "PX", "CHARACTERS", "CHARS", "LENGTH", "OFFSET", "RUNS", "DISTANCE", "PERCENT", "HZ",
)  # fmt: skip
_TIME_OR_SIZE = re.compile(
    r"\b(milliseconds?|seconds?|minutes?|hours?|days?|weeks?|bytes|[kmg]i?b|kilobytes?|megabytes?|characters|pixels)\b",
    re.IGNORECASE,
)
_ASKS_FOR_UNIT = re.compile(r"(^|_)(PATIENCE|TIMEOUT|WAIT|DELAY|PAUSE|INTERVAL|AGE|LARGEST|SIZE)(_|$)")

type Graph = Mapping[str, set[str]]


def modules() -> dict[str, Path]:
    """All modules of the package by their dotted names."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    found.pop(JOINED, None)
    return found


def imports(module: str, tree: ast.Module, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules of ours that a module imports, wherever the import stands."""
    above = module.split(".") if known[module].name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in known)
        elif isinstance(node, ast.ImportFrom):
            relative = above[: len(above) - node.level + 1] if node.level else []
            source = ".".join([*relative, *([node.module] if node.module else [])])
            for each in node.names:
                name = f"{source}.{each.name}"
                if name in known:
                    yield name
                elif source in known and source != PACKAGE:
                    yield source


def neighbours(module: str, used: Iterable[str]) -> set[str]:
    """What a module imports, with all parts of the verifier as one unless it is one of them."""
    inside = module.startswith(VERIFIER)
    return {each if inside or not each.startswith(VERIFIER) else VERIFIER for each in used}


def circles(graph: Graph) -> list[list[str]]:
    """The groups of nodes each of which leads to all others of its group."""

    def reached(start: str) -> set[str]:
        seen, waiting = set[str](), [start]
        while waiting:
            new = graph.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    paths = {name: reached(name) for name in graph}
    groups = {
        tuple(sorted({name, *(each for each in found if name in paths.get(each, ()))}))
        for name, found in paths.items()
        if name in found
    }
    return [list(group) for group in sorted(groups)]


def longest_chain(graph: Graph) -> list[str]:
    """The longest way downwards through a graph without circles."""
    known: dict[str, list[str]] = {}

    def below(name: str) -> list[str]:
        if name not in known:
            known[name] = [name, *max((below(each) for each in graph.get(name, ())), key=len, default=[])]
        return known[name]

    return max((below(name) for name in graph), key=len, default=[])


def rooms_of(graph: Graph) -> dict[str, set[str]]:
    """Which room imports which other ones."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, used in graph.items():
        room = name.split(".")[1:2]
        for other in (each.split(".")[1:2] for each in used):
            if room and other and room != other and room[0] != "__main__":
                found[room[0]].add(other[0])
    return found


# ---------------------------------------------------------------- names


def types_defined_twice(trees: Mapping[str, ast.Module]) -> list[str]:
    """Names of classes and type aliases that more than one place defines; private ones count, too."""
    places: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
            elif isinstance(node, ast.TypeAlias):
                places[node.name.id].append(module)
    return [f"{name}: {', '.join(sorted(where))}" for name, where in sorted(places.items()) if len(where) > 1]


def constants_without_unit(trees: Mapping[str, ast.Module], sources: Mapping[str, str]) -> list[str]:
    """Numeric constants of a time or a size, by their name or the comment beside them, whose name has no unit."""
    found = []
    for module, tree in trees.items():
        lines = sources[module].splitlines()
        for node in tree.body:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None or not _is_number(node.value):
                continue
            comment = lines[node.lineno - 1].partition("#")[2]
            for name in _assigned(node):
                if name.isupper() and not set(name.split("_")) & set(UNITS):
                    begins = " ".join(comment.split()[:3])  # `# seconds to wait`, `# free megabytes`
                    if _TIME_OR_SIZE.search(begins) or _ASKS_FOR_UNIT.search(name):
                        found.append(f"{module}.{name}")
    return found


def _is_number(value: ast.expr) -> bool:
    return any(isinstance(each, ast.Constant) and isinstance(each.value, int | float) for each in ast.walk(value)) and (
        all(
            isinstance(each, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Tuple | ast.operator | ast.unaryop | ast.Load)
            and not isinstance(getattr(each, "value", None), str | bytes | bool)
            for each in ast.walk(value)
        )
    )


def _assigned(node: ast.AST) -> Iterator[str]:
    """The names that a statement gives a value, or defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))


def banned_names(trees: Mapping[str, ast.Module], banned: Iterable[str]) -> list[str]:
    """Names of modules, types, functions, parameters, fields and variables that have a banned word as a part."""
    words, found = set(banned), list[str]()
    for module, tree in trees.items():
        named = {module.rpartition(".")[2]}
        for node in ast.walk(tree):
            named |= {*_assigned(node)}
            if isinstance(node, ast.arg):
                named.add(node.arg)
        found += [f"{module}: {name}" for name in sorted(named) if words & {*_words(name)}]
    return found


def _words(name: str) -> Iterator[str]:
    """The words of a name in snake_case or CamelCase, in lower case."""
    return (each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


# ---------------------------------------------------------------- functions and types

type Function = ast.FunctionDef | ast.AsyncFunctionDef


def many_parameters(trees: Mapping[str, ast.Module], sources: Mapping[str, str]) -> list[str]:
    """Functions with more parameters than a reader keeps in mind, and no reason above. A command's are its options."""
    return [
        f"{module}.{node.name} ({count})"
        for module, node in _functions(trees)
        if (count := _parameters(node)) > MAX_PARAMETERS
        and not _is_command(node)
        and not _reason(node, sources[module], MANY)
    ]


def long_functions(trees: Mapping[str, ast.Module], sources: Mapping[str, str]) -> list[str]:
    """Functions with more lines than a screen, and no reason above. Of a command, only what it does counts."""
    found = []
    for module, node in _functions(trees):
        first = node.body[1].lineno if _is_command(node) and len(node.body) > 1 else node.lineno
        if (lines := (node.end_lineno or 0) - first + 1) > MAX_FUNCTION_LINES and not _reason(
            node, sources[module], LONG
        ):
            found.append(f"{module}.{node.name} ({lines})")
    return found


def lines_with_any(trees: Mapping[str, ast.Module]) -> list[str]:
    """Lines that use `Any`, which turns off the check of types for whatever has it."""
    used = {
        (module, node.lineno)
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "Any"
    }
    return [f"{module}:{line}" for module, line in sorted(used)]


def _functions(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, Function]]:
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def _parameters(node: Function) -> int:
    given = node.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    own = bool(named) and named[0].arg in ("self", "cls")
    return len(named) - own + bool(given.vararg) + bool(given.kwarg)


def _is_command(node: Function) -> bool:
    """Whether typer makes a command of it."""
    called = [ast.unparse(each.func) for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(each.endswith((".command", ".callback")) for each in called)


def _reason(node: Function, source: str, kind: str) -> bool:
    """Whether a comment of this kind stands directly above the function, among other comments."""
    lines = source.splitlines()
    above = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        if lines[above].lstrip().startswith(kind):
            return True
        above -= 1
    return False


# ---------------------------------------------------------------- the check


def main() -> int:
    """Print the numbers; 1 where a limit is passed."""
    known = modules()
    sources = {name: path.read_text("utf-8") for name, path in known.items()}
    trees = {name: ast.parse(text) for name, text in sources.items()}
    graph = {name: set(imports(name, tree, known)) - {name} for name, tree in trees.items()}
    rooms = rooms_of(graph)
    room_circles = circles(rooms)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["structure"]
    packages = sorted(path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py"))
    chain = [] if room_circles else longest_chain(rooms)
    checks: list[tuple[str, list[str], int]] = [
        (
            f"files at the root of {PACKAGE}/",
            sorted(path.name for path in (ROOT / PACKAGE).glob("*.py")),
            MAX_ROOT_FILES,
        ),
        ("rooms", packages, MAX_ROOMS),
        ("floors", chain, MAX_FLOORS),
        ("circles of rooms", [" <-> ".join(each) for each in room_circles], 0),
        ("circles of files", [" <-> ".join(each) for each in circles(graph)], 0),
        (
            f"files that import more than {MAX_IMPORTS} of our modules",
            [
                f"{name} ({len(near)})"
                for name, used in sorted(graph.items())
                if len(near := neighbours(name, used)) > MAX_IMPORTS and name not in settings["registries"]
            ],
            0,
        ),
    ]
    names: list[tuple[str, list[str], int]] = [
        (TYPES, types_defined_twice(trees), 0),
        (CONSTANTS, constants_without_unit(trees, sources), 0),
        (WORDS, banned_names(trees, settings["banned_names"]), 0),
    ]
    adapters = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "providers").glob("*.py"))}
    sources |= {f"providers.{name}": text for name, text in adapters.items()}
    trees |= {f"providers.{name}": ast.parse(text) for name, text in adapters.items()}
    checks += [
        (f"functions with more than {MAX_PARAMETERS} parameters and no reason", many_parameters(trees, sources), 0),
        (f"functions longer than {MAX_FUNCTION_LINES} lines and no reason", long_functions(trees, sources), 0),
        ("lines with Any", lines_with_any(trees), MAX_ANY),
    ]
    failed = False
    for what, found, limit in checks + names:
        passed, error = len(found) > limit, what in ENFORCED or (what, found, limit) in checks
        sign = "" if not passed else "  REFUSED" if error else "  warning"
        print(f"{len(found):5} (at most {limit}) {what}{sign}")
        if passed and (error or "--names" in sys.argv):
            print("".join(f"        {each}\n" for each in found), end="")
        failed |= passed and error
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
