"""Turn unexpected pages into LayoutChanged, with the page saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from archiver.core.errors import LayoutChanged, SavedPage
from archiver.provider.contract import redact_url


class PageAnswer(Protocol):
    """A page or an answer: where it is from, and its bytes."""

    @property
    def url(self) -> str: ...

    @property
    def content(self) -> bytes: ...


def changed(page: PageAnswer, what: str) -> LayoutChanged:
    """The error for a page that is not what the adapter knows, with the page for the maintainer."""
    return LayoutChanged(f"{redact_url(page.url)}: {what}", page=SavedPage(page.url, page.content))


def needed(row: Mapping[str, Any], name: str) -> str:
    """What a licence cannot be without, an id or a date, as text; KeyError or ValueError where there is none."""
    value = row[name]
    if not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f"{name} is {value!r}")
    return str(value)


@contextmanager
def known_layout(page: PageAnswer) -> Iterator[None]:
    """Read mandatory values inside this: a missing key, another type or an unreadable date is LayoutChanged."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        if isinstance(error, (AttributeError, TypeError)):
            what = f"a value is missing or has another type ({error})"
        raise changed(page, what) from error
