"""Print results: one JSON document on standard output, or sentences and a plain table for people."""

from __future__ import annotations

import json
import math
import os
import shutil
import stat
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from archiver.core.remedy import Remedy
from archiver.reading.terminal_safe import printable

if TYPE_CHECKING:
    from archiver.core.progress import Progress


PIPE_CLOSED_EXIT_CODE = 141  # as of a program that SIGPIPE ended


class Level(IntEnum):
    """How important a message is."""

    ERROR = 0
    WARNING = 1
    INFO = 2
    DETAIL = 3


@dataclass
class Messages:
    """What goes to standard error: messages up to a level. All of them also go to the log file, if there is one."""

    level: Level = Level.INFO
    log: TextIO | None = None

    def write(self, text: str, level: Level) -> None:
        for line in map(printable, text.split("\n")):
            self._log(line, level)
            if level <= self.level and sys.stderr:
                try:
                    print(line, file=sys.stderr, flush=True)
                except OSError:  # nobody reads, or the disk is full; the command's work goes on
                    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  # until the process ends

    def _log(self, line: str, level: Level) -> None:
        log = self.log
        if log is None:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            print(f"{now} {level.name:<7} {line}", file=log, flush=True)
        except OSError as error:  # the command's work goes on
            self.log = None
            with suppress(OSError):
                log.close()
            self.write(f"warning: The log file cannot be written any more: {error.strerror}.", Level.WARNING)


messages = Messages()


def be_quiet(wanted: bool) -> None:
    """Print only warnings and errors."""
    if wanted:
        messages.level = Level.WARNING


def be_verbose(wanted: bool) -> None:
    """Print details too: what the libraries of this program report, and the trace of an error."""
    if wanted:
        messages.level = Level.DETAIL
        _report_details()


def log_to(path: Path | None) -> None:
    """Append all messages to a file, however much is printed."""
    if path is None:
        return
    with suppress(OSError, ValueError):
        mode = path.stat().st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):  # a pipe that nobody reads would never open
            what = "pipe" if stat.S_ISFIFO(mode) else "socket"
            raise typer.BadParameter(f"--log-file {path} is a {what}. Name a file in a folder that exists.")
    try:
        messages.log = path.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise typer.BadParameter(
            f"--log-file {path} cannot be written ({error.strerror}). Name a file in a folder that exists."
        ) from None
    _report_details()


def _report_details() -> None:
    import logging

    class Details(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.write(f"{record.name.removeprefix('archiver.')}: {record.getMessage()}", Level.DETAIL)

    log = logging.getLogger("archiver")
    if not log.handlers:
        log.addHandler(Details())
        log.setLevel(logging.DEBUG)
        log.propagate = False


def say(text: str = "") -> None:
    """Print lines for people on standard error, so that standard output holds only the result.

    A line that begins with `archiver:` is an error, one with `warning:` a warning; both are printed with --quiet too.
    """
    level = Level.ERROR if text.startswith("archiver:") else Level.INFO
    messages.write(text, Level.WARNING if text.startswith("warning:") else level)


def warn_each(warnings: Iterable[object]) -> None:
    """Print each warning in a line of its own."""
    for warning in warnings:
        say(f"warning: {warning}")


def offer(action: str, **known: str) -> None:
    """Print what a person can do next, as a command; `action` is a key of `remedies.yaml`."""
    say(str(Remedy.of(action, known)))


def command_for(action: str, **known: str) -> str:
    """The command of an action alone, where a table has a word for it."""
    return Remedy.of(action, known).command


@dataclass(frozen=True)
class Nothing:
    """What is printed in place of a table without rows, and the action that makes the first one."""

    text: str
    action: str

    def __str__(self) -> str:
        return f"{self.text} {Remedy.of(self.action, {})}"


def tell(text: object) -> None:
    """Print one line of the result on standard output. Control characters in a platform's title are made harmless."""
    _print(printable(str(text)))


def _print(text: str) -> None:
    with _read_by_somebody():
        print(text, flush=True)


def flush_result() -> None:
    """Write what of the result waits in a buffer; OSError if it cannot be written."""
    with _read_by_somebody():
        sys.stdout.flush()


@contextmanager
def _read_by_somebody() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # who read the output, as `head` does, has enough
        sys.exit(PIPE_CLOSED_EXIT_CODE)


def give_up_unwritable_streams() -> None:
    """Before the process ends, point an output that takes nothing more at nowhere.

    What waits in its buffer would fail once more when Python ends, in Python's words and with its exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def tell_lines(text: str) -> None:
    """Print several lines of the result."""
    for line in text.split("\n"):
        tell(line)


JSON_VERSION = 1
"""Of the JSON documents: new keys do not change it; it changes when a key goes or gets another meaning."""


def emit(document: object, rows: str = "items", *, versioned: bool = True) -> None:
    """Print the JSON document of a `--json` command: an object with the key `version`.

    A list becomes the object's entry `rows`. The document is valid in any character set of standard output.
    """
    if versioned:
        document = {"version": JSON_VERSION, **(document if isinstance(document, dict) else {rows: document})}
    plain = (getattr(sys.stdout, "encoding", None) or "").casefold() not in ("utf-8", "utf8")
    _print(json.dumps(document, indent=1, ensure_ascii=plain, default=str))


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 licence", "1,200 licences"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def width() -> int:
    """The columns of the terminal, or of COLUMNS; 0 if standard output is no terminal, where lines have any length."""
    return shutil.get_terminal_size((0, 0)).columns if os.environ.get("COLUMNS") or sys.stdout.isatty() else 0


def tell_filled(text: str, indent: str = "", hanging: str | None = None) -> None:
    """Print a paragraph, broken at the terminal's width; `hanging` begins the lines after the first one."""
    columns = width()
    if not columns:
        tell(indent + text)
        return
    tell_lines(
        textwrap.fill(
            text, max(columns, MIN_WIDTH), initial_indent=indent,
            subsequent_indent=indent if hanging is None else hanging, break_long_words=False, break_on_hyphens=False,
        )
    )  # fmt: skip


def facts(heading: str, pairs: Sequence[tuple[str, object]]) -> None:
    """Print a heading, and below it a line for each pair of a name and a value; a pair without a value is left out."""
    tell_filled(heading)
    given = [(name, str(value)) for name, value in pairs if value not in (None, "")]
    longest = max((len(name) for name, _ in given), default=0)
    for name, value in given:
        tell_filled(value, f"  {name.ljust(longest)}  ", " " * (longest + 4))


MIN_WIDTH = 30  # columns; a narrower terminal breaks lines itself


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: Nothing | str = "") -> None:
    """Print a plain table on standard output. Numbers are aligned to the right, and no cell is cut.

    Where the table is wider than the terminal, each row becomes a block of lines `column  value`. Without rows, `empty`
    is printed on standard error instead.
    """
    if not rows:
        if empty:
            say(str(empty))
        return
    lines = [list(columns), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if sum(widths) + len(widths) - 1 > (width() or math.inf):
        for row in rows:
            pairs = [(name, str(cell)) for name, cell in zip(columns[1:], row[1:], strict=True)]
            facts(str(row[0]), [(name, cell) for name, cell in pairs if cell not in ("", "-")])
        return
    for line in lines:
        cells = (cell.rjust(w) if cell.isdecimal() else cell.ljust(w) for cell, w in zip(line, widths, strict=True))
        tell(" ".join(cells).rstrip())


def listing(
    rows: Sequence[object], name: str, as_json: bool, columns: Sequence[str], cells: Sequence[Sequence[object]],
    empty: Nothing | str,
) -> None:  # fmt: skip
    """Print rows: with `as_json` as the entry `name` of a document, else as a table of these cells."""
    if as_json:
        emit(rows, name)
    else:
        table(columns, cells, empty)


_watching: Progress | None = None  # the bars or lines that are shown now


@contextmanager
def progress(*, steady: bool = False) -> Iterator[Progress]:
    """Show the progress of each account or file, with rate and time left: bars on a terminal, else lines.

    Inside another one, its bars or lines are shared. With `steady` the bars also move while a single step takes long:
    they have a thread of their own, so the work must not fork, as that of `verify` does.
    """
    global _watching
    if _watching:
        yield _watching
        return
    if messages.level < Level.INFO:
        bars: AbstractContextManager[Progress] = nullcontext(lambda *_: None)
    elif not (sys.stderr and sys.stderr.isatty()):
        bars = nullcontext(Lines(say))
    else:
        bars = _bars(steady)
    with bars as _watching:
        try:
            yield _watching
        finally:
            _watching = None


@contextmanager
def _bars(steady: bool) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeLeft())
    bars = Progress(*columns, console=Console(stderr=True), auto_refresh=False)
    tasks: dict[str, TaskID] = {}
    newest: dict[str, tuple[int, int | None]] = {}
    due, ended = time.monotonic() + FIRST_DRAWN_AFTER_S, threading.Event()

    def draw() -> None:
        nonlocal due
        for what, (done, total) in [*newest.items()]:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)
        bars.start()
        bars.refresh()
        due = time.monotonic() + REDRAW_INTERVAL_S

    def watch(what: str, done: int, total: int | None) -> None:
        newest[what] = done, total
        if not steady and time.monotonic() >= due:
            draw()

    def redraw() -> None:
        while not ended.wait(max(0.0, due - time.monotonic())):
            draw()

    thread = threading.Thread(target=redraw, daemon=True)
    if steady:
        thread.start()
    try:
        yield watch
    finally:
        ended.set()
        if steady:
            thread.join()
        if bars.live.is_started:
            draw()
            bars.stop()


FIRST_DRAWN_AFTER_S = 1.0  # quick work shows no bars
REDRAW_INTERVAL_S = 0.1
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
