"""Mutants of the modules that decide: one small change at a time, and whether the module's tests see it.

    make mutants MODULE=claims/facts         every mutant of one module
    make mutants MODULE=all DRAW=20 SEED=7   twenty of each module, drawn with this seed

A mutant lives in a forked process that imports the changed module in place of the file. So only tests count that judge
in their own process; those that start a command see the file. Ends with 1 where a mutant survives that
`equal.yaml` does not name.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import io
import os
import random
import select
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EQUAL = Path(__file__).with_name("equal.yaml")
TIMEOUT_S = 120  # for the tests of one mutant; a mutant that makes them endless is killed

TESTS = {
    "claims/facts": ("tests/claims/test_rule_engine.py",),
    "claims/rule_engine": ("tests/claims/test_rule_engine.py",),
    "claims/claim_files": ("tests/claims/test_claim_life.py", "tests/claims/test_claim_way.py"),
    "claims/redaction": ("tests/claims/test_redaction.py",),
    "claims/soundness": ("tests/claims/test_soundness.py",),
    "provider/request_rules": ("tests/provider/test_request_rules.py",),
    "browsing/request_guard": ("tests/browsing/test_request_judges.py",),
    "archive/checking/parts/merkle_tree": ("tests/archive/test_merkle.py",),
}
"""A module below `archiver/` and the files of tests that must see its mutants."""

_OPPOSITE: dict[type[ast.AST], Any] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip
_OPPOSITE_CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutant:
    """One change: its line from 1, the code before and after, and the whole changed tree."""

    line: int
    before: str
    after: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"line {self.line}: {self.before}  ->  {self.after}"


def mutants(source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    for number, node in enumerate(ast.walk(tree)):
        for after in _changed(node):
            changed = copy.deepcopy(tree)
            place = next(each for at, each in enumerate(ast.walk(changed)) if at == number)
            _Put(place, after).visit(changed)
            line = getattr(node, "lineno", 0)
            found.append(Mutant(line, _short(node), _short(after), ast.fix_missing_locations(changed)))
    words = _ignored(tree)
    return sorted((each for each in found if each.line not in words), key=lambda each: (each.line, each.before))


class _Put(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, place: ast.AST, after: ast.AST) -> None:
        self.place, self.after = place, after

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self.after, node) if node is self.place else self.generic_visit(node)


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:100]


def _ignored(tree: ast.Module) -> set[int]:
    """Lines of imports, of what only types need, of how data classes are made, and of the log."""
    found: set[int] = set()
    for node in ast.walk(tree):
        kind = isinstance(node, ast.Import | ast.ImportFrom | ast.TypeAlias)
        typing = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        logged = isinstance(node, ast.Expr) and ast.unparse(node).startswith("log.")
        made = isinstance(node, ast.Call) and ast.unparse(node.func) == "dataclass"
        if kind or typing or logged or made:
            assert isinstance(node, ast.stmt | ast.expr)
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may become; it stays as it is."""
    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in _OPPOSITE:
            yield ast.Compare(left, [_opposite(operator)], [right])
        case ast.Compare(left, operators, others):
            for at, operator in enumerate(operators):
                yield ast.Compare(left, [*operators[:at], _opposite(operator), *operators[at + 1 :]], others)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(_OPPOSITE[type(operator)](), values)
        case ast.BinOp(left, operator, right) if type(operator) in _OPPOSITE and not _is_text(node):
            yield ast.BinOp(left, _opposite(operator), right)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Call(ast.Name(name), arguments, keywords) if name in _OPPOSITE_CALLS:
            yield ast.Call(ast.Name(_OPPOSITE_CALLS[name], ast.Load()), arguments, keywords)
        case ast.If(test, body, orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Return(value) if value is not None and not _is_nothing(value):
            yield ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Continue() | ast.Break() | ast.AugAssign():
            yield ast.Pass()
        case ast.Expr(ast.Call()):
            yield ast.Pass()


def _opposite(operator: ast.cmpop | ast.operator) -> Any:  # an operator of the same kind
    return _OPPOSITE[type(operator)]()


def _is_nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value


def _is_text(node: ast.BinOp) -> bool:
    """Whether texts are joined: the opposite of that fails everywhere, and says nothing."""
    return any(isinstance(each, ast.JoinedStr | ast.List) or isinstance(getattr(each, "value", 0), str | bytes)
               for each in (node.left, node.right))  # fmt: skip


# ---------------------------------------------------------------- one mutant and its tests


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the changed module in place of the file."""

    def __init__(self, name: str, path: Path, mutant: Mutant | None) -> None:
        self.name, self.path, self.mutant = name, path, mutant

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self.path))
        spec.has_location = True
        return spec

    def exec_module(self, module: object) -> None:
        tree = self.mutant.tree if self.mutant else ast.parse(self.path.read_text("utf-8"))
        exec(compile(tree, str(self.path), "exec"), vars(module))  # as the import of a file does


def _forget() -> None:
    """Forget what is ours, and keep what the tests need of others."""
    for name in [each for each in sys.modules if each.split(".")[0] in ("archiver", "providers", "tests")]:
        del sys.modules[name]


def run_tests(name: str, path: Path, mutant: Mutant | None, tests: Sequence[str]) -> bool:
    """Whether the tests pass with a mutant, or without one; False also where they do not end."""
    sys.stdout.flush()
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of threads that idle in a library
        child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        code = 1
        try:
            _forget()
            sys.meta_path.insert(0, _Finder(name, path, mutant))
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                code = pytest.main([*tests, "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"])
        finally:
            os._exit(int(code))
    ended = os.pidfd_open(child)
    in_time = bool(select.select([ended], [], [], TIMEOUT_S)[0])
    os.close(ended)
    if not in_time:
        os.killpg(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


def judge(module: str, drawn: int | None, seed: int) -> tuple[int, list[Mutant], int]:
    """Judge a module's mutants. How many were made, which survived, and how many of them are known to be equal."""
    path = ROOT / "archiver" / f"{module}.py"
    name = f"archiver.{module.replace('/', '.')}"
    every = mutants(path.read_text("utf-8"))
    if drawn is not None and drawn < len(every):
        every = sorted(random.Random(f"{seed} {module}").sample(every, drawn), key=lambda each: each.line)
    if not run_tests(name, path, None, TESTS[module]):
        sys.exit(f"{module}: its tests fail without any mutant")
    known = [(each["before"], each["after"]) for each in yaml.safe_load(EQUAL.read_text("utf-8")).get(module, [])]
    survived = [each for each in every if run_tests(name, path, each, TESTS[module])]
    left = [each for each in survived if (each.before, each.after) not in known]
    return len(every), left, len(survived) - len(left)


def main() -> int:
    """Judge and print; 1 where a mutant survives."""
    parser = argparse.ArgumentParser(prog="mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("module", choices=["all", *TESTS])
    parser.add_argument("--draw", type=int, help="so many of each module; else all")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 16))
    options = parser.parse_args()
    os.chdir(ROOT)
    survivors = 0
    print(f"seed {options.seed}")
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        pytest.main(
            ["--collect-only", "-q", "-p", "no:cacheprovider", *TESTS.get(options.module, ())]
        )  # loads what is not ours
    for module in TESTS if options.module == "all" else [options.module]:
        begun = time.monotonic()
        made, left, equal = judge(module, options.draw, options.seed)
        took = time.monotonic() - begun
        print(
            f"{module}: {made} made, {made - len(left) - equal} killed, {equal} equal, {len(left)} left; {took:.0f} s"
        )
        print("".join(f"    {each}\n" for each in left), end="", flush=True)
        survivors += len(left)
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
