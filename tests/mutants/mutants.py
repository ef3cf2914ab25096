"""Mutants of the modules that decide: one small change at a time, and whether the module's tests see it.

    make mutants MODULE=claims/facts         every mutant of one module
    make mutants MODULE=all DRAW=20 SEED=7   twenty of each module, drawn with this seed
    make mutants MODULE=changed SECONDS=180  of lines changed since the commit that `base` names, as many as fit

One process collects a module's tests and notes which lines each of them reaches. Each mutant lives in a fork of it, and
meets only the tests that reach its line. So only tests count that judge in their own process; those that start a
command see the file. Ends with 1 where a mutant survives that `equal.yaml` does not name. Where all changed lines were
judged and nothing survived, `base` becomes the commit of today.
"""

from __future__ import annotations

import argparse
import ast
import functools
import os
import pickle
import random
import re
import select
import signal
import subprocess
import sys
import time
import types
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from _pytest.main import Session
from _pytest.main import pytest_runtestloop as run_items

ROOT = Path(__file__).parents[2]
EQUAL, BASE = (Path(__file__).with_name(name) for name in ("equal.yaml", "base"))
MIN_TIMEOUT_S, TIMES_SLOWER = 5, 10  # of one test: a mutant that makes it endless is killed

_PARTS = "archive/checking/parts"
_WRITTEN = ("boundaries", "writer", "writer_choices", "clock_skew", "erasure", "witness", "cut_end")
_JUDGING = ("timestamp_tokens", "witnessed", "ledger_lines", "ocfl_object", "verify_report", "proven_dates")
TESTS = {
    "claims/facts": ("tests/claims/test_rule_engine.py",),
    "claims/rule_engine": ("tests/claims/test_rule_engine.py",),
    "claims/claim_files": ("tests/claims/test_claim_life.py", "tests/claims/test_claim_way.py"),
    "claims/redaction": ("tests/claims/test_redaction.py",),
    "claims/soundness": ("tests/claims/test_soundness.py",),
    "collect/history_cursor": ("tests/collect/test_history_cursor.py",),
    "reading/secret_scan": ("tests/reading/test_secret_scan.py",),
    "catalogue/assignment": ("tests/catalogue/test_assignment_changes.py",),
    "catalogue/assignment_rules": ("tests/agency/test_shared_accounts.py",),
    "archive/writer": tuple(f"tests/archive/test_{each}.py" for each in _WRITTEN),
    "archive/ledger": ("tests/archive/test_ledger.py", "tests/archive/test_boundaries.py"),
    "archive/seal": tuple(
        f"tests/archive/test_{each}.py" for each in ("seal_choices", "boundaries", "seal", "token_times")
    ),
    **{f"{_PARTS}/{each}": (f"tests/archive/test_{each}.py",) for each in _JUDGING},
    f"{_PARTS}/merkle_tree": ("tests/archive/test_merkle.py",),
    "provider/request_rules": ("tests/provider/test_request_rules.py", "tests/provider/test_state_changes.py"),
    "browsing/request_guard": ("tests/browsing/test_request_judges.py",),
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
    """One change: its line from 1, the code before and after, and the place of the changed node in `ast.walk`."""

    line: int
    before: str
    after: str
    place: int
    node: ast.AST = field(repr=False)

    def __str__(self) -> str:
        return f"line {self.line}: {self.before}  ->  {self.after}"

    def statement(self, source: str) -> ast.stmt:
        """The module's statement that holds the change, changed."""
        tree = ast.parse(source)
        place = next(each for at, each in enumerate(ast.walk(tree)) if at == self.place)
        whole = next(each for each in tree.body if any(node is place for node in ast.walk(each)))
        changed = _Put(place, self.node).visit(whole)
        assert isinstance(changed, ast.stmt)
        return ast.fix_missing_locations(changed)


def mutants(source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    for number, node in enumerate(ast.walk(tree)):
        line = getattr(node, "lineno", 0)
        found += [Mutant(line, _short(node), _short(after), number, after) for after in _changed(node)]
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
    """Lines of imports, of what only types or Windows need, of how data classes are made, of how much is remembered,
    and of the log."""
    found: set[int] = set()
    for node in ast.walk(tree):
        kind = isinstance(node, ast.Import | ast.ImportFrom | ast.TypeAlias)
        typing = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        logged = isinstance(node, ast.Expr) and ast.unparse(node).startswith("log.")
        made = isinstance(node, ast.Call) and ast.unparse(node.func) in ("dataclass", "functools.lru_cache")
        if kind or typing or logged or made:
            assert isinstance(node, ast.stmt | ast.expr)
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "sys.platform == 'win32'":
            found |= set(range(node.lineno, (node.body[-1].end_lineno or node.lineno) + 1))
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


# ---------------------------------------------------------------- one mutant in this process


def put(module: types.ModuleType, statement: ast.stmt) -> None:
    """Change a module that is in use: its functions get new code, and what else it defines new values, wherever these
    have been imported."""
    made: dict[str, Any] = {}
    exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), vars(module), made)
    for name, new in made.items():
        old = getattr(module, name)
        if not _replaced(old, new):
            for other in [*sys.modules.values()]:
                if vars(other).get(name) is old:
                    setattr(other, name, new)


def _replaced(old: Any, new: Any) -> bool:
    """Give a function, or each of a class, the code of another; False where neither is one."""
    if isinstance(old, type):
        for name, value in vars(new).items():
            before = vars(old).get(name)
            if (
                not _replaced(before, value)
                and isinstance(value, bool | int | str | tuple)
                and not name.startswith("__")
            ):
                setattr(old, name, value)
        return True
    theirs, ours = _function(old), _function(new)
    if theirs is None or ours is None:
        return False
    if len(theirs.__code__.co_freevars) == len(ours.__code__.co_freevars):
        theirs.__code__, theirs.__defaults__, theirs.__kwdefaults__ = (
            ours.__code__, ours.__defaults__, ours.__kwdefaults__,
        )  # fmt: skip
    getattr(old, "cache_clear", int)()
    return True


def _function(value: Any) -> types.FunctionType | None:
    """The function under its decorators."""
    while not isinstance(value, types.FunctionType):
        names = [name for name in ("__wrapped__", "__func__", "fget", "func") if hasattr(value, name)]
        if not names:
            return None
        value = getattr(value, names[0])
    while hasattr(value, "__wrapped__"):
        value = value.__wrapped__
    return value  # type: ignore[no-any-return]  # what decorators keep has no type


def in_fork(work: Callable[[], Any], timeout_s: float) -> Any:
    """What the work returns in a process of its own; None where it fails or does not end."""
    reading, writing = os.pipe()
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of threads that idle in a library
        child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        try:
            with os.fdopen(writing, "wb") as out:
                out.write(pickle.dumps(work()))
        finally:
            os._exit(0)
    os.close(writing)
    said, deadline = b"", time.monotonic() + timeout_s
    while select.select([reading], [], [], max(0, deadline - time.monotonic()))[0]:
        if not (part := os.read(reading, 1 << 16)):
            break
        said += part
    os.close(reading)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # with whatever the tests have started
    os.waitpid(child, 0)
    return pickle.loads(said) if said else None


# ---------------------------------------------------------------- the tests of a module


class Reached:
    """Which lines of a file each test reaches; what is prepared for one may serve all."""

    def __init__(self, path: Path) -> None:
        self.path, self.now = str(path), ""
        self.lines, self.seconds = defaultdict[str, set[int]](set), dict[str, float]()
        sys.monitoring.use_tool_id(sys.monitoring.COVERAGE_ID, "mutants")
        sys.monitoring.register_callback(sys.monitoring.COVERAGE_ID, sys.monitoring.events.LINE, self.line)
        sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, sys.monitoring.events.LINE)

    def line(self, code: types.CodeType, line: int) -> object:
        if code.co_filename == self.path:
            self.lines[self.now].add(line)
        return sys.monitoring.DISABLE

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self.now = ""  # a fixture of many tests
        sys.monitoring.restart_events()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self.now = item.nodeid
        sys.monitoring.restart_events()


class FirstFailed:
    """The first test that fails; one that does not end ends this process."""

    name = ""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self.seconds = seconds
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.setitimer(signal.ITIMER_REAL, MIN_TIMEOUT_S + TIMES_SLOWER * self.seconds[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid


@dataclass
class Judge:
    """Judges mutants of one module, as a plugin of the pytest that has collected its tests."""

    module: str
    wanted: Callable[[list[Mutant]], list[Mutant]]
    deadline: float = float("inf")
    made: int = 0
    equal: int = 0
    unjudged: int = 0
    left: list[Mutant] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    begun: bool = False

    @property
    def path(self) -> Path:
        return ROOT / "archiver" / f"{self.module}.py"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Session) -> bool | None:
        if self.begun:
            return None
        self.begun = True
        loaded, source = import_module(f"archiver.{self.module.replace('/', '.')}"), self.path.read_text("utf-8")
        known = yaml.safe_load(EQUAL.read_text("utf-8")).get(self.module, [])
        equal = {(each["line"], each["before"], each["after"]) for each in known}
        chosen = self.wanted(mutants(source))
        measured = in_fork(functools.partial(self.measure, session), 600)
        if measured is None:
            raise pytest.UsageError(f"{self.module}: its tests fail without any mutant")
        lines, seconds = measured
        inside = _function_lines(ast.parse(source))
        for at, each in enumerate(chosen):
            if time.monotonic() > self.deadline:
                self.unjudged = len(chosen) - at
                break
            self.made += 1
            tests = [name for name in seconds if each.line in lines.get(name, ())]
            if not tests or each.line not in inside or each.line in lines.get("", ()):
                tests = [*seconds]  # a jump may leave no trace of its line
            tests.sort(key=lambda name: seconds[name] / (1 + self.kills[name]))  # cheap ones, and those that see much
            timeout_s = MIN_TIMEOUT_S * len(tests) + TIMES_SLOWER * sum(map(seconds.__getitem__, tests))
            limits = {name: seconds[name] for name in tests}
            judging = functools.partial(self.seen_by, session, loaded, each.statement(source), limits)
            if (seen := in_fork(judging, timeout_s)) != "":
                self.kills.update(filter(None, [seen]))
                continue
            if (source.splitlines()[each.line - 1].strip(), each.before, each.after) in equal:
                self.equal += 1
            else:
                self.left.append(each)
        return True

    def measure(self, session: Session) -> tuple[dict[str, set[int]], dict[str, float]] | None:
        """The lines that each test reaches, with those of fixtures under no name, and the seconds it takes."""
        reached = Reached(self.path)
        session.config.pluginmanager.register(reached)
        try:
            run_items(session)
        except Session.Failed:
            return None
        return (dict(reached.lines), reached.seconds) if not session.testsfailed else None

    @staticmethod
    def seen_by(session: Session, module: types.ModuleType, statement: ast.stmt, tests: Mapping[str, float]) -> str:
        """The first of these tests, with their seconds, that fails with a changed module; empty if all pass."""
        put(module, statement)
        by_name, first = {each.nodeid: each for each in session.items}, FirstFailed(tests)
        session.items = [by_name[name] for name in tests]
        session.config.pluginmanager.register(first)
        with suppress(Session.Failed):
            if tests:
                run_items(session)
        return first.name


def _function_lines(tree: ast.Module) -> set[int]:
    """The lines within functions: what stands elsewhere runs while a module is imported."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= set(range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1))
    return found


def judge(judging: Judge) -> None:
    """Judge mutants of one module in a process of its own, and print what survives."""
    begun = time.monotonic()
    tests = [each for each in TESTS[judging.module] if (ROOT / each).exists()]
    options = ["-x", "-qq", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-p", "no:xdist"]

    def work() -> Judge:
        pytest.main([*tests, *options], plugins=[judging])
        return Judge(judging.module, _none, 0, judging.made, judging.equal, judging.unjudged, judging.left)

    done = in_fork(work, 24 * 3600)
    if not done or not done.made + done.unjudged:
        sys.exit(f"{judging.module}: its tests fail without any mutant, or there is none")
    judging.__dict__ |= vars(done)
    killed, took = done.made - done.equal - len(done.left), time.monotonic() - begun
    late = f", {done.unjudged} not judged" if done.unjudged else ""
    counts = f"{done.made} made, {killed} killed, {done.equal} equal, {len(done.left)} left{late}"
    print(f"{done.module}: {counts}; {took:.0f} s")
    print("".join(f"    {each}\n" for each in done.left), end="", flush=True)


def _none(_: list[Mutant]) -> list[Mutant]:
    return []


# ---------------------------------------------------------------- what has changed


def changed_lines(base: str) -> dict[str, set[int]]:
    """The lines of each module of `TESTS` that are new since a commit; a line that only moved is none."""
    paths = [f"archiver/{module}.py" for module in TESTS]
    diff = git("diff", "--unified=0", "--find-renames", base, "--", *paths).splitlines()
    gone = Counter(each[1:].strip() for each in diff if each.startswith("-") and not each.startswith("--- "))
    found, module, line = defaultdict[str, set[int]](set), "", 0
    for each in diff:
        if each.startswith("+++ b/archiver/"):
            module = each.removeprefix("+++ b/archiver/").removesuffix(".py")
        elif hunk := re.match(r"@@ -\S+ \+(\d+)", each):
            line = int(hunk[1])
        elif each.startswith("+") and not each.startswith("+++ "):
            if gone[each[1:].strip()] > 0:
                gone[each[1:].strip()] -= 1
            else:
                found[module].add(line)
            line += 1
    return found


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True).stdout


def judge_changed(seed: int, seconds: float) -> list[Judge]:
    """Judge mutants of changed lines, module after module in an order that the seed draws, until the time is used."""
    base = BASE.read_text("utf-8").strip()
    try:
        lines = changed_lines(base)
    except (subprocess.CalledProcessError, FileNotFoundError):
        print(f"no history with {base} here, so nothing is known to have changed")
        return []
    drawn = random.Random(seed)
    by_module = {module: [each for each in mutants((ROOT / "archiver" / f"{module}.py").read_text("utf-8"))
                          if each.line in lines[module]] for module in lines}  # fmt: skip
    print(f"{sum(map(len, by_module.values()))} mutants of lines changed since {base[:8]}", flush=True)
    judged, end = [], time.monotonic() + seconds
    modules = sorted(module for module, each in by_module.items() if each)
    for at, module in enumerate(drawn.sample(modules, len(modules))):
        every, now = by_module[module], time.monotonic()
        if now >= end:
            judged.append(Judge(module, _none, unjudged=len(every)))
            continue
        share = now + (end - now) / (len(modules) - at)
        judged.append(Judge(module, lambda _, every=every: drawn.sample(every, len(every)), share))  # type: ignore[misc]  # mypy infers no lambda with a default
        judge(judged[-1])
    return judged


def main() -> int:
    """Judge and print; 1 where a mutant survives."""
    parser = argparse.ArgumentParser(prog="mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("module", choices=["all", "changed", *TESTS])
    parser.add_argument("--draw", type=int, help="so many of each module; else all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of changed lines: so long; else all")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 16))
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ.pop("PYTEST_ADDOPTS", None)  # nothing is run once more
    print(f"seed {options.seed}", flush=True)
    if options.module == "changed":
        judged = judge_changed(options.seed, options.seconds)
        if options.seconds == float("inf") and judged and not any(each.left or each.unjudged for each in judged):
            BASE.write_text(git("rev-parse", "HEAD"), "utf-8")
        return int(any(each.left for each in judged))
    judged = [Judge(module, functools.partial(draw, options.draw, f"{options.seed} {module}"))
              for module in (TESTS if options.module == "all" else [options.module])]  # fmt: skip
    for each in judged:
        judge(each)
    print(f"in all: {sum(each.made for each in judged)} made, {sum(len(each.left) for each in judged)} left")
    return int(any(each.left for each in judged))


def draw(many: int | None, seed: str, every: list[Mutant]) -> list[Mutant]:
    """So many of these, in the order of their lines; all of them for None."""
    if many is None or many >= len(every):
        return every
    return sorted(random.Random(seed).sample(every, many), key=lambda each: each.line)


if __name__ == "__main__":
    sys.exit(main())
