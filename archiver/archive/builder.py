"""Build objects in a separate process.

Each file of an object needs a few system calls, and after each call a thread waits for the interpreter lock. During a
busy run these waits take longer than the calls.
"""

from __future__ import annotations

import errno
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from archiver.archive.ocfl import NewObject, Staged, stage_object


class Builder:
    """The building process.

    It does not sync: the caller makes the objects durable. Only one thread may ask at a time.
    """

    def __init__(self, held: int) -> None:
        """`held` is the handle of the locked ledger.

        If this process is killed, the lock stays until the builder has ended too.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[held]
        )

    def build(self, wanted: Sequence[tuple[Path, NewObject]]) -> list[Staged]:
        """Build each object in its new folder. Raises OSError if the disk refuses one or the process has ended."""
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None and sink is not None
        try:
            for each in (*wanted, None):
                pickle.dump(each, sink)
            sink.flush()
            answer: list[Staged] | OSError = _receive(source)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            raise OSError(errno.EIO, "the process that builds objects has ended") from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def close(self) -> None:
        self._process.communicate()  # the child ends when its input does


def _receive(source: IO[bytes]) -> Any:
    return pickle.load(source)  # noqa: S301 # both ends are this program, and only it has the pipe


def _serve() -> None:
    """Run the child: read objects, build them, report each one, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, and that ends the child
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):
        while True:
            answer: list[Staged] | OSError = []
            while wanted := _receive(source):
                if isinstance(answer, list):
                    try:
                        answer.append(stage_object(*wanted, durable=False))
                    except OSError as error:
                        answer = error
            pickle.dump(answer, sink)
            sink.flush()


if __name__ == "__main__":
    _serve()
