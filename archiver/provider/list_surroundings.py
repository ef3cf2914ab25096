"""What a web page shows beside the rows of a list: each control, frame and text, by a fingerprint.

None of it is judged by its words. What was there when a list was proven to be whole belongs to its layout; all else may
say that rows are missing, in whatever language, so the page's own end proves nothing then (`collect/grounds.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from unicodedata import category
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from archiver.provider.contract import redact_url
from archiver.provider.list_signs import NEXT_ADDRESS, says_beside_others, value_key, values
from archiver.provider.list_words import NEUTRAL_PARAMETERS, OTHER_LISTS

_UNSEEN = (
    'head > :not(link), script, style, dialog:not([open]), [hidden], [style*="display:none"], [style*="display: none"]'
)
_CONTROLS = (
    "a, button, summary, select, textarea, input:not([type=hidden]), [role=button], [role=link], [role=tab], "
    "[role=switch], [role=combobox], [role=radio], [role=checkbox], [onclick], [tabindex]"
)
_PARTS = "iframe, frame, embed, object, template, noscript, progress, meter, [aria-rowcount], [aria-setsize]"
_QUOTED = re.compile(r'^text=(.+)|:text\("(.+)"\)')  # the browser's own selectors
_NUMBER = re.compile(r"\d+(?:[.,'’\s]\d{3})*")
_EDGE = "\ue000"  # a private character
_BLOCK = re.compile(
    r"<(/?)(?:p|div|li|td|h[1-6]|dt|dd|section|article|main|label|option|nav|form|small|footer)\b[^>]*>"
)


# many parameters: what is accounted for
def beside(
    html: str, *, url: str, row: str, marks: Collection[str], stated: Collection[str], read: int,
    opened: Collection[str],
) -> dict[str, str]:  # fmt: skip
    """All that a list's last page shows beside its rows.

    `read` rows were read on the pages `opened`. `marks` are selectors of what the adapter knows: that the list ends, or
    is empty, or what is harmless. `stated` are texts that it knows: the total, the number of this page and of all.
    """
    tree = LexborHTMLParser(html)
    found = [*_data(tree, read, len(opened)), *_loaders(tree, url, opened, read)]
    quoted = [next(filter(None, each)).casefold() for mark in marks for each in _QUOTED.findall(mark)]
    _remove(tree, row, *marks, _UNSEEN)
    found += _parts(tree, url)
    found += _controls(tree, url, opened)
    found += _texts(tree, [*(each.casefold() for each in stated), *quoted])
    return {fingerprint(each, read): each for each in found}


def fingerprint(what: str, read: int) -> str:
    """What tells a thing from others, whichever numbers it has: only the number of rows is one of its own."""
    bare = _NUMBER.sub(lambda number: "N" if re.sub(r"\D", "", number[0]) == str(read) else "#", what)
    return sha256(bare.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _remove(tree: LexborHTMLParser, *selectors: str) -> None:
    for selector in selectors:
        for node in _matching(tree, selector):
            node.decompose()


def _matching(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    try:
        found = {node.mem_id: node for node in tree.css(selector)}
    except (SelectolaxError, ValueError):  # one of the browser's own, such as `:text("…")`
        return []
    return [node for node in found.values() if not any(each in found for each in _ancestors(node))]  # the outermost


def _ancestors(node: LexborNode) -> Iterator[int]:
    return (each.mem_id for each in _above(node))


def _above(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def addresses(row: str, selector: str) -> set[str]:
    """The different addresses of the links in a row that match, whatever their query and file type.

    One that continues another, such as `/certificate/7/view`, is no other.
    """
    links = [
        node.attributes.get("href") or "" for node in _matching(LexborHTMLParser(row), selector) if node.tag == "a"
    ]
    found = {re.sub(r"\.\w{2,4}$", "", re.split("[?#]", each)[0]).rstrip("/") for each in links} - {""}
    return {each for each in found if not any(each.startswith(f"{other}/") for other in found)}


def _text(node: LexborNode | None) -> str:
    return " ".join(node.text(separator=" ").split()).casefold() if node else ""


def _label(node: LexborNode) -> str:
    pictures = [node, *node.css("img[alt]")]
    named = [each.attributes.get(name) for each in pictures for name in ("aria-label", "value", "title", "alt")]
    return _text(node) or " ".join(next(filter(None, named), "").split()).casefold()


def _is_off(node: LexborNode) -> bool:
    """Whether a control can do nothing, by itself or with the list item that is around it."""
    around = [node, *([node.parent] if node.parent and node.parent.tag in ("li", "span") else [])]
    return any(
        "disabled" in said or said.get("aria-disabled") == "true" or "disabled" in (said.get("class") or "")
        for said in (each.attributes for each in around)
    )


def _where(node: LexborNode, url: str) -> str | None:
    """The address to which a control leads; None if a script decides."""
    href = node.attributes.get("href")
    return urldefrag(urljoin(url, href))[0] if href and not href.startswith(("#", "javascript:")) else None


def _controls(tree: LexborHTMLParser, url: str, opened: Collection[str]) -> Iterator[str]:
    """All that can be pressed or filled in, except what can do nothing, and links to pages that were read."""
    read = {_view(each) for each in (url, *opened)}
    for node in _matching(tree, _CONTROLS):
        where = _where(node, url)
        if not _is_off(node) and (where is None or _view(where) not in read):
            options = " ".join(_text(each) for each in node.css("option"))
            name = _label(node) or options or node.attributes.get("class") or ""
            yield f"the {node.tag} {name[:60]!r}" + (f" to {redact_url(where)}" if where else "")
        node.decompose()
    for node in tree.css("link[rel~=next][href]"):
        if _view(urljoin(url, node.attributes["href"])) not in read:
            yield "a link to the next page in its head"


def _parts(tree: LexborHTMLParser, url: str) -> Iterator[str]:
    """Pages within the page, what is kept for later, counts for programs, and elements of the page's own making."""
    for node in [*tree.css(_PARTS), *(each for each in tree.css("body *") if "-" in (each.tag or ""))]:
        said = node.attributes
        if node.tag in ("template", "noscript") and not re.sub(r"<[^>]*>|\s", "", node.html or ""):
            continue
        counts = [
            f"{name} {said[name]}" for name in ("value", "max", "aria-rowcount", "aria-setsize") if said.get(name)
        ]
        where = redact_url(urljoin(url, said["src"] or "")) if said.get("src") else ""
        yield " ".join(filter(None, (f"the {node.tag}", where, *counts)))


def _texts(tree: LexborHTMLParser, known: Sequence[str]) -> Iterator[str]:
    """Each paragraph, except the page's heading, the heads of columns, and what the adapter knows."""
    for node in _matching(tree, "h1, th"):
        if not re.search(r"\d", _text(node)):
            node.decompose()
    marked = LexborHTMLParser(
        _BLOCK.sub(lambda tag: f"{_EDGE}{tag[0]}" if tag[1] else f"{tag[0]}{_EDGE}", tree.html or "")
    )
    for block in marked.body.text(separator=" ").split(_EDGE) if marked.body else ():
        words = " ".join(block.split()).casefold()
        left = next((words.replace(each, "", 1) for each in known if each in words), None)
        accounted = left is not None and len(left) < 20 and not re.search(r"\d", left)
        if not accounted and any(each.isalnum() or category(each) == "So" for each in words):
            yield f"the words {words[:80]!r}"


def _view(address: str) -> tuple[str, str, frozenset[tuple[str, str]]]:
    """What of an address decides which rows are shown. The first page may be named or not."""
    parts = urlsplit(address)
    query = {
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not NEUTRAL_PARAMETERS.fullmatch(name)
        and not (re.fullmatch("page|p|pg|seite|offset|start", name) and value in ("", "0", "1"))
    }
    return parts.netloc, parts.path.rstrip("/"), frozenset(query)


def _data(tree: LexborHTMLParser, read: int, pages: int) -> Iterator[str]:
    """What the data of the page's scripts says of a list, except of lists that recommend something."""
    for node in tree.css('script[type="application/json"]'):
        try:
            body = json.loads(node.text())
        except (ValueError, RecursionError):
            continue
        for path, value in values(body):
            if says_beside_others(value_key(path), value, read, pages) and not OTHER_LISTS.search(path):
                yield f"data, {path} is {str(value)[:40]}"


def _loaders(tree: LexborHTMLParser, url: str, opened: Collection[str], read: int) -> Iterator[str]:
    """Attributes from which a script takes where the next rows are: `hx-get`, `data-next-url`, `data-has-more`."""
    here, views = _view(url), {_view(each) for each in (url, *opened)}
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            said = (value or "").strip()
            key = value_key(name.removeprefix("data-"))
            loads = name in ("hx-get", "data-hx-get") or (name == "src" and node.tag == "turbo-frame")
            named = name.startswith("data-") and (
                NEXT_ADDRESS.fullmatch(key) is not None or says_beside_others(key, said, read, len(opened))
            )
            if not said or not (loads or named):
                continue
            view = _view_of(said, url)
            if view not in views and (named or (view is not None and view[:2] == here[:2])):
                where = said if view is None else redact_url(urljoin(url, said))
                yield f"the attribute {name}: {where[:80]}"


def _view_of(said: str, url: str) -> tuple[str, str, frozenset[tuple[str, str]]] | None:
    """The view at an address in an attribute; None for what is no address."""
    try:
        return _view(urljoin(url, said)) if re.search("[/?]", said) else None
    except ValueError:
        return None
