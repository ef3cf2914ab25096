"""Killing a command (`kill -9`, by itself) at a chosen change of the disk, as tests/support/forked.py starts it."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATTERN, NUMBER, UNDER = "KILL_PATTERN", "KILL_NUMBER", "KILL_UNDER"
"""Variables of the environment: which changes count, at the how manyth of them to end, and in which folder."""

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.chmod")
_UNCOUNTED = re.compile(r"\.lock$|/catalogue/")  # locks hold nothing; the index is SQLite's, and can be thrown away


def arm() -> None:
    """Watch the changes that this process makes, where its environment says so."""
    if PATTERN not in os.environ:
        return
    wanted, number, under = (os.environ.pop(name) for name in (PATTERN, NUMBER, UNDER))
    pattern, counted = re.compile(wanted), 0

    def changes(what: str, path: str, first: Callable[[], object] = lambda: None) -> None:
        nonlocal counted
        if not path.startswith(under) or _UNCOUNTED.search(path) or not pattern.search(f"{what} {path}"):
            return
        counted += 1
        if counted == int(number):
            first()
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            if (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
                changes(event, os.fsdecode(arguments[0]))
        elif event in _CHANGES:
            path = place(arguments[0]) if isinstance(arguments[0], int) else os.fsdecode(arguments[0])
            target = os.fsdecode(arguments[1]) if event in ("os.rename", "os.link") else ""
            changes(f"{event} {target}", path)

    def place(handle: int) -> str:
        return str(Path(f"/proc/self/fd/{handle}").readlink())

    write, fsync = os.write, os.fsync

    def half_written(handle: int, content: Any) -> int:
        changes("write", place(handle), lambda: write(handle, bytes(content)[: len(content) // 2]))
        return write(handle, content)

    def waited_for(handle: int) -> None:
        changes("fsync", place(handle))
        fsync(handle)

    os.write, os.fsync = half_written, waited_for  # type: ignore[assignment]  # the same, told of
    sys.addaudithook(heard)
