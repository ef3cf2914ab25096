"""The templates of the pages, and the addresses in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from jinja2 import Environment


def at(*parts: str, **query: str) -> str:
    """The address of a page. Each part is escaped, so it cannot change the path."""
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
    return "/" + "/".join(quote(each, safe="") for each in parts) + (f"?{asked}" if asked else "")


@cache
def templates() -> Environment:
    """The templates of the pages. Every text in them is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from archiver.desk import passkeys, template_filters

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.globals |= {"at": at, "passkey_options": passkeys.sign_in_options, **template_filters.GLOBALS}
    environment.filters |= template_filters.FILTERS
    environment.tests["draft"] = lambda name: name.startswith("drafts/")
    environment.tests["sendable"] = template_filters.sendable
    return environment
