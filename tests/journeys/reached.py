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

ELSEWHERE = {
    "GET /sign-in/openid": "needs a provider of identities; tests/desk/test_openid.py has one",
    "GET /sign-in/openid/back": "needs a provider of identities; tests/desk/test_openid.py has one",
    "POST /you/passkey": "needs an authenticator; tests/desk/test_passkeys.py has one",
    "GET /you/passkey/{key}": "needs an authenticator; tests/desk/test_passkeys.py has one",
    "POST /you/passkey/{key}": "needs an authenticator; tests/desk/test_passkeys.py has one",
    "POST /you/no-passkey": "needs an authenticator; tests/desk/test_passkeys.py has one",
    "POST /sign-in/passkey": "needs an authenticator; tests/desk/test_passkeys.py has one",
    "GET /find/picture/{key}/{number}.png": "needs a picture that matches; tests/desk/test_desk.py has one",
    "POST /find/picture/{key}/claim": "needs a picture that matches; tests/desk/test_claim_journey.py has one",
    "GET /licences/totals": "needs a list too long to count at once; tests/desk/test_licences.py has one",
    "POST /arrivals/{key}/stop": "needs files that take long to read; tests/desk/test_arrivals.py has them",
    "POST /claim/{claim}/assign": "needs an unassigned licence that matches; tests/desk/test_claim_journey.py has one",
    "POST /client/{client}/put-back": "needs a replica; tests/fleet/test_put_back.py has one",
    "POST /setup/nights": "needs the system's scheduler; tests/desk/test_setup.py stands in for it",
    "POST /settings/timestamps": "needs a real home without an authority; tests/desk/test_settings_page.py has one",
    "GET /terms/{provider}": "needs terms that changed; tests/desk/test_terms_pages.py has them",
    "archiver capture": "needs a person in a browser; tests/collect/test_attended_capture.py has one",
    "archiver source rotate": "needs a mail server; tests/collect/test_mailbox.py has one",
    "archiver source origin": "needs a licence that came by mail; tests/collect/test_mailbox.py has one",
    "archiver adapter repair": "needs a site that changed; tests/devkit/test_repair.py has one",
    "archiver adapter remove": "needs a repaired adapter; tests/devkit/test_repair.py has one",
    "archiver recording capture": "needs a session at a site; tests/devkit/test_recorder.py has one",
    "archiver replica check": "needs an object store; tests/fleet/test_fleet_examples.py has one",
    "archiver replica restore": "needs an object store; tests/fleet/test_fleet_examples.py has one",
} | {
    f"archiver fleet {each}": "needs a database; tests/fleet/test_fleet_examples.py has one"
    for each in ("init", "adopt", "export", "checkout", "run", "worker", "status", "drain")
}  # fmt: skip
"""What no journey reaches yet, and the test that does, on a home that it made by hand."""


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
        open_ones = [each for each in dict.fromkeys(names) if each not in done]
        missing = [each for each in open_ones if each not in ELSEWHERE]
        lost += len(missing)
        print(f"journeys: {len(set(names)) - len(open_ones)} of {len(set(names))} {what} reached, "
              f"{len(open_ones) - len(missing)} only by other tests, {len(missing) or 'none'} by nothing")  # fmt: skip
        print("".join(f"  {each}\n" for each in missing), end="")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
