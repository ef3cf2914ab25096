"""Read the rows of a web page into declared fields: the element, the attribute, and the part of its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

MIN_ROW_CELLS = 3  # of a row in a table of several columns; one of two may be a label and its value
_CELL_END, _TABLE_END = "\ue000", "\ue001"  # private characters: white space would be collapsed
# Outside a table a parser drops these elements, so a row that was cut out of its table gets one around it.
_TABLE_PART = re.compile(r"\s*<(tr|td|th|tbody|thead)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Field:
    """A value in a row: the first element matching `css` whose text, or whose attribute `attr`, has a value.

    `pattern` must match somewhere in the value; its first group is taken. White space is collapsed.
    """

    css: str
    attr: str | None = None
    pattern: str = r"(?s)(.+)"
    optional: bool = False

    def __call__(self, html: str) -> str | None:
        """The value in this page or row; None if no element has one."""
        return value(html, self)


@dataclass(frozen=True)
class Words:
    """A value in what a reader sees of a page: what `pattern`'s first group matches there first."""

    pattern: str

    def __call__(self, html: str) -> str | None:
        """The value; None if the page's text has none."""
        found = re.search(self.pattern, text(html))
        return found[1] if found else None


def rows(html: str, css: str) -> list[str]:
    """The outer HTML of all elements that match, in the page's order."""
    # The parser returns an element once for every selector of a list that it matches.
    found = {node.mem_id: node for node in LexborHTMLParser(html).css(css)}
    return [node.html or "" for node in found.values()]


def cells(row: str) -> list[str]:
    """The texts of a table row's cells."""
    tree = LexborHTMLParser(f"<table>{row}</table>")
    return [_collapsed(node.text(separator=" ")) for node in tree.css("td, th")]


def text(html: str) -> str:
    """The page's text as one line, without scripts and what else is not for people."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template", "noscript"])
    body = tree.body
    return _collapsed(body.text(separator=" ")) if body else ""


def lines(html: str) -> str:
    """The page's text with roughly the line breaks that a reader sees, without invisible parts.

    A colon after a label's element belongs to the label.
    """
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template", "noscript", "title"])  # a frame's title is in the body
    body = tree.body
    found = map(_collapsed, body.text(separator="\n").splitlines()) if body else ()
    return "\n".join(line for line in found if line).replace("\n:", ":")


def row_lines(html: str) -> str:
    """As `lines`, but with each row of a table of several columns in one line, tabs between its cells.

    An empty line ends a table. Empty if the page has none.
    """
    tree = LexborHTMLParser(html)
    tables = False
    for table in tree.css("table:not(:has(table))"):
        listed = [row.css("td, th") for row in table.css("tr")]
        if max(map(len, listed), default=0) >= MIN_ROW_CELLS:
            tables = True
            texts = [_CELL_END.join(_collapsed(cell.text(separator=" ")) for cell in row) for row in listed]
            table.replace_with("\n".join([_TABLE_END, *texts, _TABLE_END]))
    return lines(tree.html or "").replace(_CELL_END, "\t").replace(_TABLE_END, "") if tables else ""


def value(html: str, field: Field) -> str | None:
    """One field's value; None if no element has one."""
    tree = LexborHTMLParser(f"<table>{html}</table>" if _TABLE_PART.match(html) else html)
    return next(_values(tree, field), None)


def read_row(html: str, fields: Mapping[str, Field]) -> dict[str, str]:
    """The fields that a row has, by name. ValueError names a mandatory one that is missing."""
    found = {name: value(html, field) for name, field in fields.items()}
    missing = [name for name, field in fields.items() if found[name] is None and not field.optional]
    if missing:
        raise ValueError(f"a row has no {' and no '.join(missing)}")
    return {name: each for name, each in found.items() if each is not None}


def _values(tree: LexborHTMLParser, field: Field) -> Iterator[str]:
    for node in tree.css(field.css):
        raw = _collapsed(_raw(node, field.attr))
        if (match := re.search(field.pattern, raw)) and match[1]:
            yield match[1]


def _raw(node: LexborNode, attr: str | None) -> str:
    return node.text(separator=" ") if attr is None else node.attributes.get(attr) or ""


def _collapsed(raw: str) -> str:
    return " ".join(raw.split())
