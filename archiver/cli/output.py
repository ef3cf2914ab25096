"""Print results: one JSON document on standard output, or sentences and a plain table for people."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archiver.reading.terminal_safe import printable

if TYPE_CHECKING:
    from archiver.collect.account_result import Progress


def say(text: str = "") -> None:
    """Print lines for people on standard error, so that standard output holds only the result."""
    for line in text.split("\n"):
        print(printable(line), file=sys.stderr, flush=True)


def tell(text: object) -> None:
    """Print one line of the result on standard output. Control characters in a platform's title are made harmless."""
    print(printable(str(text)), flush=True)


def tell_lines(text: str) -> None:
    """Print several lines of the result."""
    for line in text.split("\n"):
        tell(line)


def emit(document: Any) -> None:
    """Print the JSON document of a `--json` command. It is valid in any character set of standard output."""
    plain = (sys.stdout.encoding or "").casefold() not in ("utf-8", "utf8")
    print(json.dumps(document, indent=1, ensure_ascii=plain, default=str))


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 licence", "1,200 licences"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str = "") -> None:
    """Print a plain table on standard output. Numbers are aligned to the right; no cell is cut to the terminal's width.

    Without rows, `empty` is printed on standard error instead.
    """
    if not rows:
        if empty:
            say(empty)
        return
    lines = [list(columns), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.rjust(w) if cell.isdecimal() else cell.ljust(w) for cell, w in zip(line, widths, strict=True))
        tell(" ".join(cells).rstrip())


@contextmanager
def progress() -> Iterator[Progress]:
    """Show the progress of each account or file, with rate and time left: bars on a terminal, else occasional lines."""
    if not sys.stderr.isatty():
        yield Lines(say)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeLeft())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def watch(account: str, done: int, total: int | None) -> None:
            if account not in tasks:
                tasks[account] = bars.add_task(account, total=total)
            bars.update(tasks[account], completed=done, total=total)

        yield watch


PROGRESS_INTERVAL_S = 60.0  # seconds between two lines of progress


@dataclass
class Lines:
    """Progress in lines, for logs. Work that ends within a minute prints none."""

    say: Callable[[str], None]
    now: Callable[[], float] = time.monotonic
    _began: dict[str, tuple[float, int]] = field(default_factory=dict)
    _printed_at: dict[str, float] = field(default_factory=dict)

    def __call__(self, account: str, done: int, total: int | None) -> None:
        now = self.now()
        began, before = self._began.setdefault(account, (now, done))
        if now - self._printed_at.setdefault(account, now) >= PROGRESS_INTERVAL_S:
            from archiver.agency.run_messages import spelt

            self._printed_at[account] = now
            rate = (done - before) / (now - began)
            left = f", {spelt((total - done) / rate)} left" if total and rate else ""
            self.say(f"{account}: {done:,}{f' of {total:,}' if total else ''}, {rate:.1f} a second{left}")
