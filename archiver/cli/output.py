"""How results look: one JSON document on standard output, or tables and sentences for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archiver.sync import Progress


def say(text: str = "") -> None:
    """A line for people, on standard error, so that standard output stays clean for what was asked."""
    print(text, file=sys.stderr, flush=True)


def emit(document: Any) -> None:
    """The one JSON document of a `--json` command."""
    print(json.dumps(document, indent=1, ensure_ascii=False, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table on standard output; colour and box only on a terminal."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in UNBROKEN)
    for row in rows:
        shown.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(shown)


UNBROKEN = ("account", "licence")


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars on a terminal, one per account; nothing elsewhere (each account ends with a line of its own)."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def watch(account: str, done: int, total: int | None) -> None:
            if account not in tasks:
                tasks[account] = bars.add_task(account, total=total)
            bars.update(tasks[account], completed=done, total=total)

        yield watch
