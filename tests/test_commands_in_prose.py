"""No text of the program names a command by hand: what to do is a remedy, whose command stands in `remedies.yaml`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

import archiver
from archiver.cli.commands import program

PACKAGE = Path(archiver.__file__).parent
COMMAND = re.compile(rf"\barchiver ({'|'.join(map(re.escape, program.commands))})\b")
ITS_PLACE = "core/remedies.yaml"
NOT_REMEDIES = {
    "browsing/scrub.py": "the mark in a scrubbed recording says what made it",
    "devkit/demo.py": "the marker in the demo's folder says what made it",
    "devkit/demo_archive.py": "the demo tells which commands it runs",
    "devkit/demo_claim.py": "as above",
    "collect/companion/site_rules.py": "a generated file says what made it",
    "agency/account_check.py": "the head of a file in the home says what writes it",
    "agency/schedule.py": "the head of a schedule says what writes it",
    "desk/auth.py": "salts of signatures, and the title of a page",
    "cli/completion.py": "a generated script says how to load it",
    "archive/witness.py": "a mail says how to compare with it later",
}
"""Files in which a command stands for what it did, not for what a person can do."""

TO_DO = {
    "agency/fleet.py",
    "agency/fleet_clients.py",
    "agency/fleet_copy.py",
    "agency/unassigned.py",
    "archive/anchors.py",
    "archive/checking/frame.txt",
    "archive/checking/parts/common_checks.py",
    "archive/checking/verify.py",
    "archive/writer.py",
    "catalogue/search.py",
    "claims/rules.yaml",
    "cli/fleet.py",
    "desk/sentences.yaml",
    "desk/serve.py",
    "desk/templates/new-source.html",
    "desk/templates/parts.html",
    "desk/templates/pictures-in-use.html",
    "desk/words/settings.yaml",
    "desk/words.yaml",
    "devkit/example/acme_stock_web.py",
    "devkit/golden.py",
    "devkit/repair.py",
    "fleet/copied_rows.py",
    "fleet/fleet_database.py",
    "fleet/fleet_home.py",
    "fleet/home_copy.py",
    "home/vault.py",
    "provider/registry.py",
    "reading/labelled_documents.py",
}
"""Files that still name a command by hand. It only gets shorter."""


def texts(path: Path) -> Iterator[str]:
    """What a file can show to a person, as far as it stands there."""
    source = path.read_text("utf-8")
    if path.suffix == ".yaml":
        yield from _leaves(yaml.load(source, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    elif path.suffix == ".py":
        tree = ast.parse(source)
        skipped = {id(each) for node in ast.walk(tree) for each in _not_shown(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                skipped |= {id(part) for part in node.values}
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{x}" for part in node.values)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
                yield node.value
    else:
        yield re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)


def _not_shown(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, which programmers read or `--help` shows, and the help of options. Errors' docstrings are texts."""
    body = getattr(node, "body", None)
    if isinstance(body, list):
        yield from (
            each.value
            for each in body
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) and not _is_error(node)
        )
    if isinstance(node, ast.keyword) and node.arg == "help":
        yield from ast.walk(node)


def _is_error(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any("Error" in ast.unparse(base) for base in node.bases)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield str(value)


def named_by_hand() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*")):
        place = path.relative_to(PACKAGE).as_posix()
        if path.suffix not in (".py", ".yaml", ".html", ".txt") or place in (ITS_PLACE, *NOT_REMEDIES):
            continue
        if any(COMMAND.search(" ".join(text.split())) for text in texts(path)):
            yield place


def test_commands_are_named_by_remedies_alone() -> None:
    assert set(named_by_hand()) == TO_DO


if __name__ == "__main__":
    print("\n".join(named_by_hand()))
