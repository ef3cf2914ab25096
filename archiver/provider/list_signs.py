"""Signs that a list goes on, on a web page or in an answer: an end is proven only if nothing there contradicts it.

An adapter's selectors find what its author has seen. These words find what a redesign may have put there instead: a
button that loads more, a count of pages, a filter that hides older years. A sign can be wrong; then an adapter declares
it as `harmless`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

_THINGS = r"(?:rows|results|items|downloads|licen[cs]es|purchases|files|assets|entries|orders)"
_MORE = re.compile(
    rf"(?:load|show|view|see|get|display) (?:\d+ )?more(?: \w+)?|\d+ more(?: \w+)?|more {_THINGS}"
    rf"|(?:load|show|view|see) all(?: {_THINGS})?|next(?: page)?|older(?: {_THINGS})?"
    r"|mehr (?:laden|anzeigen)|weitere(?: \w+)?(?: laden| anzeigen)?|weiter|nächste(?: seite)?|alle anzeigen"
    r"|(?:page )?suivante?s?|(?:voir|afficher|charger) plus|(?:página )?siguiente|(?:ver|cargar|mostrar) más"
    r"|(?:pagina )?successiv[ao]|carica altr[oi]|mostra altr[oi]|volgende|meer (?:laden|tonen)|następna|[›»→>]+",
)
_ALL = re.compile(r"(?:all|any|every\w*|alles?|tou(?:s|tes)|tod[oa]s|tutt[ei]|wszystkie)\b")
_NARROW = re.compile(
    r"(?:19|20)\d\d\b|(?:last|past|this|current|recent|older|earlier|previous|archived?|expired|team|shared|regular"
    r"|letzte\w*|diese\w*|ältere|archiv\w*)\b"
    r"|(?:photos?|images?|pictures?|vectors?|illustrations?|videos?|footage|music|audio|sounds?|fonts?|templates?"
    r"|graphics|editorial|fotos?|bilder|musik)\b"
)
_SORTING = re.compile(r"sort|newest|oldest|relevan|descend|ascend|a ?[-–] ?z|neueste|älteste")
_HIDING = re.compile(r"(?:hide|only|without|exclude)\b|ohne\b|nur\b")
_SHOWING = re.compile(r"(?:show|include|also|with)\b|auch\b|mit\b")
_COUNTED = re.compile(r"\(?\b0*[1-9]\d*\)?$")
_NUMBER = r"(\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+|\d+)"
_OF = r"\s*(?:of|von|de|sur|di|van|z|/)\s*(?:about |over )?"
_PAGES = re.compile(rf"\b(?:page|seite|página|pagina|strona)\s*{_NUMBER}{_OF}{_NUMBER}")
_RANGE = re.compile(
    rf"(?:\b\d+\s*[-–—]\s*|\b(?:showing|displaying|viewing|zeige|affich\w+|mostrando)\D{{0,20}}?){_NUMBER}"
    rf"(?: {_THINGS})?{_OF}{_NUMBER}"
)
_UNSEEN = (
    "script, style, template, noscript, dialog, [hidden], [aria-hidden=true], "
    '[style*="display:none"], [style*="display: none"]'
)
_ELSEWHERE = 'header, footer, [role=dialog], [class*="carousel"], [class*="slider"], [class*="swiper"]'
_CONTROLS = "a, button, summary, [role=button], [role=link], input[type=button], input[type=submit]"


def on_page(
    html: str, *, url: str, row: str, read: int, opened: Collection[str], harmless: str | None = None
) -> list[str]:
    """What on a list's last page says that rows are missing, in words for its maintainer.

    `read` rows were read on the pages `opened`. Elements that match `harmless`, and the rows themselves, say nothing.
    """
    tree = LexborHTMLParser(html)
    for selector in (row, harmless, _UNSEEN, _ELSEWHERE):
        for node in _matching(tree, selector) if selector else ():
            node.decompose()
    words = _text(tree.body)
    return [*_controls(tree, url, opened), *_filters(tree, opened), *_statements(words, read, len(opened))]


def _matching(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    try:
        found = {node.mem_id: node for node in tree.css(selector)}
    except (SelectolaxError, ValueError):  # one of the browser's own, such as `:text("…")`
        return []
    return [node for node in found.values() if not any(each in found for each in _ancestors(node))]  # the outermost


def _ancestors(node: LexborNode) -> Iterator[int]:
    above = node.parent
    while above is not None:
        yield above.mem_id
        above = above.parent


def _text(node: LexborNode | None) -> str:
    return " ".join(node.text(separator=" ").split()).casefold() if node else ""


def _label(node: LexborNode) -> str:
    named = node.attributes.get("aria-label") or node.attributes.get("value") or node.attributes.get("title") or ""
    return _text(node) or " ".join(named.split()).casefold()


def _is_off(node: LexborNode) -> bool:
    said = node.attributes
    return "disabled" in said or said.get("aria-disabled") == "true" or "disabled" in (said.get("class") or "")


def _controls(tree: LexborHTMLParser, url: str, opened: Collection[str]) -> Iterator[str]:
    """Buttons and links that lead to more rows, except links to pages that were read."""
    number = str(len(opened) + 1)
    for node in tree.css(_CONTROLS):
        label, rel = _label(node), (node.attributes.get("rel") or "").split()
        if _is_off(node) or not (label == number or "next" in rel or _MORE.fullmatch(label.strip(" …."))):
            continue
        href = node.attributes.get("href")
        where = urldefrag(urljoin(url, href))[0] if href and not href.startswith(("#", "javascript:")) else None
        if (where is None and label == number) or (where and where in opened):
            continue
        yield f"the control {label or 'next'!r}"


def _filters(tree: LexborHTMLParser, opened: Collection[str]) -> Iterator[str]:
    """Choices that hide rows: one is chosen, and another one says "all", or a year, or a kind of asset."""
    for node in tree.css("select"):
        options = node.css("option")
        labels = [_label(each) for each in options]
        chosen = next((label for each, label in zip(options, labels, strict=True) if "selected" in each.attributes), "")
        chosen = chosen or (labels[0] if labels else "")
        if labels == [str(number) for number in range(1, len(labels) + 1)] and len(labels) > len(opened):
            yield f"a choice of {len(labels)} pages"
        if len(labels) < 2 or _ALL.match(chosen) or any(map(_SORTING.search, labels)):
            continue
        if any(map(_ALL.match, labels)) or (_NARROW.match(chosen) and sum(bool(_NARROW.match(x)) for x in labels) > 1):
            yield f"the filter {chosen!r}"
    for group in ("[role=tab]", "[aria-pressed]", "[role=radio]"):
        tabs = tree.css(group)
        chosen_tab = next((each for each in tabs if _is_chosen(each)), None)
        if chosen_tab is None or _ALL.match(_label(chosen_tab)):
            continue
        for tab in tabs:
            label = _label(tab)
            if tab.mem_id == chosen_tab.mem_id or _is_off(tab):
                continue
            if _ALL.match(label) or _NARROW.match(label) or _COUNTED.search(label):
                yield f"the tab {label!r} beside {_label(chosen_tab)!r}"
                break
    for node in tree.css("input[type=date][value], input[type=month][value], input[type=search][value]"):
        if node.attributes["value"]:
            yield f"the filter {node.attributes.get('name') or 'input'!r}: {node.attributes['value']}"
    for node in tree.css("input[type=checkbox]"):
        label = _text(node.parent)
        if _HIDING.match(label) if "checked" in node.attributes else _SHOWING.match(label):
            yield f"the choice {label!r}"
    for node in tree.css("[aria-expanded=false]"):
        label = _label(node)
        if not _is_off(node) and (_COUNTED.search(label) or _NARROW.match(label)):
            yield f"the closed section {label!r}"


def _is_chosen(node: LexborNode) -> bool:
    return any(node.attributes.get(name) == "true" for name in ("aria-selected", "aria-pressed", "aria-checked"))


def _statements(words: str, read: int, pages: int) -> Iterator[str]:
    """Numbers in the page's text: `Page 1 of 3`, `1-20 of 55`, `Showing 20 of 55`."""
    for pattern, reached in ((_PAGES, pages), (_RANGE, read)):
        for found in pattern.finditer(words):
            first, of = (int(re.sub(r"\D", "", each)) for each in found.groups())
            if first < of and of > reached:
                yield f"the words {found[0]!r}"


_FLAGS = {"hasmore", "hasnext", "hasnextpage", "more", "moreresults", "morepages", "istruncated", "truncated"}
_NEXT = {"next", "nextpage", "nexturl", "nexthref", "nextlink", "nextcursor", "nexttoken", "nextpagetoken",
         "continuation", "continuationtoken", "nextoffset"}  # fmt: skip
_PAGE_COUNTS = {"totalpages", "pagecount", "pagescount", "pages", "lastpage", "numpages", "totalpagecount"}
_ERRORS = {"error", "errors", "errormessage", "exception", "fault", "warning", "warnings"}
_TOTALS = {"total", "totalcount", "totalresults", "totalitems", "totalrows", "numfound", "resultcount"}


def in_answer(
    body: Any, *, number: int, read: int, has_total: bool, cursor: str | None = None, harmless: Collection[str] = ()
) -> list[str]:
    """What in the answer to page `number` says that rows follow. `cursor` is the place that the adapter reads itself.

    Where the adapter reads a total (`has_total`), the archiver compares that one, and no other.
    """
    found = []
    for path, value in _values(body):
        key = re.sub(r"[^a-z]", "", path.rpartition(".")[2].lower())
        if path == cursor or path in harmless:
            continue
        count = value if isinstance(value, int) and not isinstance(value, bool) else None
        goes_on = (
            (key in _ERRORS and bool(value))
            or (key in _FLAGS and (value is True or str(value).lower() == "true"))
            or (key in _NEXT and (count > number if count is not None else isinstance(value, str) and bool(value)))
            or (key in _PAGE_COUNTS and count is not None and count > number)
            or (key in _TOTALS and not has_total and count is not None and count > read)
        )
        if goes_on:
            found.append(f"{path} is {str(value)[:40]}")
    return found


def _values(body: Any, path: str = "", depth: int = 3) -> Iterator[tuple[str, Any]]:
    """All single values outside lists, and whole errors, with their paths (`meta.next`)."""
    for name, value in body.items() if isinstance(body, Mapping) else ():
        here = f"{path}.{name}" if path else str(name)
        if str(name).lower() in _ERRORS:
            yield here, value
        elif isinstance(value, Mapping) and depth:
            yield from _values(value, here, depth - 1)
        elif not isinstance(value, list):
            yield here, value
