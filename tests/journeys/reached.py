"""Which pages and commands the journeys reach: they note them in `.venv/journeys`; run, this prints what they did not.

A route is reached when it answers with less than 400, a command when it did not end with a wrong usage (2).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.routing import compile_path

from archiver.cli.commands import program
from archiver.desk.routes import ROUTES

REACHED = Path(__file__).parents[2] / ".venv" / "journeys"
PATTERNS = [(f"{'POST' if each.post else 'GET'} {each.path}", compile_path(each.path)[0]) for each in ROUTES]


def note(what: str) -> None:
    """Note an address or a command as reached."""
    REACHED.mkdir(parents=True, exist_ok=True)
    with (REACHED / f"{os.getpid()}.txt").open("a", encoding="utf-8") as file:
        file.write(f"{what}\n")


def route_of(method: str, path: str) -> str:
    """`GET /licence/{client}/{folder}` for the address of a page; empty for what is none."""
    return next((name for name, pattern in PATTERNS if name.startswith(method) and pattern.match(path)), "")


def commands(command: Any = program, name: str = "archiver") -> Iterator[str]:
    """All commands of the program; a group that does something by itself is one, too."""
    if not hasattr(command, "commands") or command.invoke_without_command:
        yield name
    for each in getattr(command, "commands", ()):
        yield from commands(command.commands[each], f"{name} {each}")


def main() -> int:
    noted = {line for path in REACHED.glob("*.txt") for line in path.read_text("utf-8").splitlines()}
    known = [*commands()]
    run = {max((name for name in known if f"{each} ".startswith(f"{name} ")), key=len, default="") for each in noted}
    parts = (("pages and forms of the desk", [name for name, _ in PATTERNS], noted), ("commands", known, run))
    lost = 0
    for what, names, done in parts:
        missing = [each for each in dict.fromkeys(names) if each not in done]
        lost += len(missing)
        print(f"journeys: {len(set(names)) - len(missing)} of {len(set(names))} {what} reached")
        print("".join(f"  not reached: {each}\n" for each in missing), end="")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
