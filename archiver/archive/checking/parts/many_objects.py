"""Many OCFL objects, on all processors."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from archiver.archive.checking.parts.ocfl_object import CheckedObject

MIN_OBJECTS_FOR_PROCESSES = 256  # from this number of objects on, processes are worth starting

PlacedObject = tuple[str, CheckedObject]
"""An object's folder and the result of checking it."""
_Work = Callable[[list[str]], list[PlacedObject]]


@contextlib.contextmanager
def checked_at_once(work: _Work, places: list[str]) -> Iterator[Iterator[PlacedObject]]:
    """Check each place, on all processors, and yield the results in order. Starts at once.

    Uses processes where fork works: Python threads block each other whenever they do not hash. It does not work well on
    macOS, nor in a program that already has threads.
    """
    size = max(1, min(64, len(places) // 64), len(places) // 4096)
    groups = [places[i : i + size] for i in range(0, len(places), size)]
    forks = hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1
    if forks and len(places) >= MIN_OBJECTS_FOR_PROCESSES:
        with _forked(work, groups) as results:
            yield chain.from_iterable(_gathered(work, groups, results))
        return
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        try:
            yield chain.from_iterable(pool.map(work, groups))
        finally:
            pool.shutdown(cancel_futures=True)


_Results = Iterator[tuple[int, list[PlacedObject]]]
"""The number of a group, and its results."""


@contextlib.contextmanager
def _forked(work: _Work, groups: list[list[str]]) -> Iterator[_Results]:
    """The results of the worker processes. Each takes the next group from a pipe that contains the groups' numbers."""
    from multiprocessing.connection import Connection, Pipe, wait

    numbers, end = os.pipe()
    os.write(end, b"".join(number.to_bytes(4, "big") for number in range(len(groups))))
    os.close(end)
    processes: dict[Connection, int] = {}

    def results() -> _Results:
        heard = list(processes)
        while heard:
            for each in wait(heard):
                assert isinstance(each, Connection)
                try:
                    yield each.recv()
                except (EOFError, OSError):
                    heard.remove(each)

    try:
        for _ in range(os.cpu_count() or 2):
            hearing, telling = Pipe(duplex=False)
            if process := os.fork():
                telling.close()
                processes[hearing] = process
                continue
            try:
                while data := os.read(numbers, 4):
                    number = int.from_bytes(data, "big")
                    telling.send((number, work(groups[number])))
            finally:
                os._exit(0)  # a group without a result is done by the process that waits for it
        yield results()
    finally:
        os.close(numbers)
        for hearing, process in processes.items():
            hearing.close()
            os.kill(process, signal.SIGKILL)  # it has already ended, unless the rest is no longer wanted
            os.waitpid(process, 0)


def _gathered(work: _Work, groups: list[list[str]], results: _Results) -> Iterator[list[PlacedObject]]:
    """Yield the results of each group. If no process delivers them, the work is done here."""
    found: dict[int, list[PlacedObject]] = {}
    for number, group in enumerate(groups):
        while number not in found:
            found.update([next(results, None) or (number, work(group))])
        yield found.pop(number)
