"""The progress of long work: the callback that hears of it, and who shows what no caller watches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol


class Progress(Protocol):
    """A progress callback. It gets what is worked on, how much of it is done, and how much there is, if known."""

    def __call__(self, what: str, done: int, total: int | None, /) -> None: ...


type Show = Callable[[], AbstractContextManager[Progress]]

_show: ContextVar[Show | None] = ContextVar("who shows progress", default=None)


def show_with(show: Show | None) -> None:
    """From now on, `progress_bar` shows its work so; None: to nobody."""
    _show.set(show)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """For long work that many commands need and none asks for, such as updating an index."""
    show = _show.get()
    if show is None:
        yield lambda *_: None
    else:
        with show() as watch:
            yield watch


def with_progress[T](what: str, items: Iterable[T], total: int | None) -> Iterator[T]:
    """Yield the items, and show how many of them are done."""
    with progress_bar() as watch:
        watch(what, 0, total)
        for done, item in enumerate(items, 1):
            yield item
            watch(what, done, total)
