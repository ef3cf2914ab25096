"""A remedy as a person follows it: taken from what the program printed, and run as it stands there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pexpect

from archiver.core.remedy import actions
from tests.support.agency import Agency, record
from tests.support.claims_kit import licence
from tests.support.homes import Home

type Case = Callable[[Path], None]
"""Brings a state about in an empty folder, follows the remedy that is printed, and looks for the state again."""


def offered(said: str, action: str) -> str:
    """The command of an action in what the program printed."""
    pattern = re.escape(actions()[action]["command"]).replace(r"\ ", " ")
    pattern = re.sub(r" \\\[(.*?)\\\]", r"(?: \1)?", pattern)
    pattern = r"archiver (?:--home ('[^']*'|[^\s`]+) )?" + re.sub(r"\\{\w+\\}", r"('[^']*'|[^\\s`]+)", pattern)
    found = re.search(pattern, " ".join(said.split()))
    assert found, f"{action!r} is not offered in: {said}"
    return found[0]


def follow(home: Home, said: str, action: str, *more: str, code: int | None = 0, stdin: str = "", **chosen: str) -> str:
    """Run the command that was printed, with what a person chooses for words in CAPITALS; what it says.

    `more` is what a replay home needs besides: recordings in place of the platform.
    """
    words = [chosen.get(word, word) for word in shlex.split(offered(said, action))[1:]]
    done = home(*words, *more, code=code, stdin=stdin)
    return done.stdout + done.stderr


def follow_and_type(home: Home, said: str, action: str, *answers: str, **chosen: str) -> str:
    """As `follow`, at a terminal: a person answers each question."""
    words = [chosen.get(word, word) for word in shlex.split(offered(said, action))[1:]]
    child = pexpect.spawn(
        home.command()[0], [*home.command()[1:], *words], env=home.env, encoding="utf-8", timeout=60,
        dimensions=(40, 200),
    )  # fmt: skip
    text = ""
    for answer in answers:
        child.expect(r"[:\]\?] $")
        text += str(child.before)
        child.sendline(answer)
    child.expect(pexpect.EOF)
    text += str(child.before)
    child.wait()
    child.close()
    assert child.exitstatus == 0, text
    return text


def printed(home: Home, *command: str | Path, code: int | None = None) -> str:
    """What a command says, on both streams."""
    done = home(*command, code=code)
    return str(done.stdout + done.stderr)


def with_licence(at: Agency) -> str:
    """An archived licence, and its short id."""
    [stored] = at.archive("acme", (licence("1"), [record()]))
    return f"acme/{stored.folder}"
