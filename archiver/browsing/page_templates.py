"""The Jinja2 templates of the pages that we print. All share one layout, one set of macros and one stylesheet."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.reading.terminal_safe import printable

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(template: Path, **values: object) -> str:
    """Render a template as HTML.

    Values are plain text: each is made printable and escaped, whatever the template says.
    """
    return _environment(template.parent).get_template(template.name).render(values)


@cache
def _environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([folder, Path(__file__).with_name("templates")]), autoescape=True,
        undefined=StrictUndefined, finalize=_fit_for_a_page, trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.filters["base64"] = lambda content: base64.b64encode(content).decode()
    environment.filters["whole_file_names"] = _whole_file_names
    return environment


def _whole_file_names(text: str) -> Markup:
    """Escape a text, and keep each file name in it on one line: a browser breaks a line behind a hyphen."""
    from markupsafe import Markup, escape

    whole = r'<span style="white-space: nowrap">\g<0></span>'
    return Markup(re.sub(r"[\w-]+\.(?:html|txt)\b", whole, escape(printable(text))))  # noqa: S704  # it is escaped


def _fit_for_a_page(value: object) -> object:
    """Make a printed value printable, except HTML from our own macros. Jinja2 escapes it afterwards."""
    return value if hasattr(value, "__html__") else printable(str(value), keep="\n")
