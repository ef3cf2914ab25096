"""Turn unexpected pages into LayoutChanged, with the page saved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from sysconfig import get_path
from traceback import FrameSummary, extract_tb
from typing import Protocol

from archiver.core.errors import LayoutChanged, SavedPage
from archiver.core.model import Licence
from archiver.provider.contract import JsonObject, UnreadRow, redact_url

# A missing key, another type, an unreadable date: what reading a page of another layout raises.
_UNEXPECTED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_TAG = re.compile(r"<[^>]*>")
_PACKAGE, _PYTHON = Path(__file__).parents[1], Path(get_path("stdlib"))


class PageAnswer(Protocol):
    """A page or an answer: where it is from, and its bytes."""

    @property
    def url(self) -> str: ...

    @property
    def content(self) -> bytes: ...


def changed(page: PageAnswer, what: str) -> LayoutChanged:
    """The error for a page that the adapter does not recognise, with the page for the maintainer."""
    return LayoutChanged(f"{redact_url(page.url)}: {what}", page=SavedPage(page.url, page.content))


def needed(row: JsonObject, name: str) -> str:
    """A value that every licence must have (an id or a date), as text; KeyError or ValueError if it is missing."""
    value = row[name]
    if not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f"{name} is {value!r}")
    return str(value)


def place_of(error: BaseException) -> str:
    """The adapter's line that caused an error, as ` (freepik.py:120)`; empty if no adapter was involved."""
    frames = [frame for frame in extract_tb(error.__traceback__) if not is_own(frame)]
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def is_own(frame: FrameSummary) -> bool:
    """Whether a frame belongs to the archiver or to Python, so that it is not in an adapter."""
    file = Path(frame.filename)
    return _PACKAGE in file.parents or _PYTHON in file.parents or not file.is_file()


@contextmanager
def known_layout(page: PageAnswer) -> Iterator[None]:
    """Read mandatory values inside this. A missing key, another type or an unreadable date becomes LayoutChanged."""
    try:
        yield
    except _UNEXPECTED as error:
        raise changed(page, _in_words(error)) from error


def read_rows[Row: (str, JsonObject)](rows: Iterable[Row], read: Callable[[Row], Licence]) -> list[Licence | UnreadRow]:
    """The licence of each row, JSON or HTML. A row that cannot be read is an `UnreadRow`: the others, and the pages
    behind them, do not wait for it.
    """
    found: list[Licence | UnreadRow] = []
    for row in rows:
        try:
            found.append(read(row))
        except _UNEXPECTED as error:
            found.append(UnreadRow(_fingerprint(row), _in_words(error)))
    return found


def _in_words(error: Exception) -> str:
    what = f"no {error}" if isinstance(error, KeyError) else str(error)
    if isinstance(error, (AttributeError, TypeError)):
        what = f"a value is missing or has another type ({error})"
    return f"{what}{place_of(error)}"


def _fingerprint(row: str | JsonObject) -> str:
    """What tells a row from others. Of HTML only the words count, because scripts change the rest."""
    words = " ".join(_TAG.sub(" ", row).split()) if isinstance(row, str) else json.dumps(row, sort_keys=True)
    return f"unread {sha256(words.encode('utf-8', 'backslashreplace')).hexdigest()}"
