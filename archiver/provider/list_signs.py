"""Signs that a list goes on, on a web page or in an answer: an end is proven only if nothing there contradicts it.

An adapter's selectors find what its author has seen. These words find what a redesign may have put there instead: a
button that loads more, a count of pages, a filter that hides older years. A sign can be wrong; then an adapter declares
it as `harmless`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from archiver.provider import list_words as words_of
from archiver.provider.contract import redact_url

_UNSEEN = (
    'script, style, template, noscript, dialog:not([open]), [hidden], [style*="display:none"], [style*="display: none"]'
)
_DIALOGS = "dialog[open], [role=dialog], [role=alertdialog]"
_INSIDE = {"main", "section", "article"}  # whose headers and footers belong to their content, not to the page
_ELSEWHERE = '[class*="carousel"], [class*="slider"], [class*="swiper"], [class*="related"], [class*="recommend"]'
_MORE_INSIDE = re.compile(rf"\b[1-9]\d* (?:more|other|further) {words_of.THINGS} in this (?:order|purchase|pack)")
_CONTROLS = (
    "a, button, summary, [role=button], [role=link], input[type=button], input[type=submit], input[type=image], "
    "[onclick], [tabindex='0']"
)


def on_page(html: str, *, url: str, row: str, read: int, opened: Collection[str], harmless: str | None) -> list[str]:
    """What on a list's last page says that rows are missing, in words for its maintainer.

    `read` rows were read on the pages `opened`. Elements that match `harmless`, and the rows themselves, say nothing.
    """
    tree = LexborHTMLParser(html)
    _remove(tree, *([harmless] if harmless else []))
    data = [*_data(tree, read, len(opened)), *_counts_of_parts(tree, read)]
    inside_rows = " ".join(_text(node) for node in _matching(tree, row))
    covered = {each for node in _matching(tree, row) for each in _ancestors(node)}  # by a dialog, as a rule
    _remove(tree, row, _UNSEEN)
    for node in _matching(tree, "[aria-hidden=true]"):
        if node.mem_id not in covered:
            node.decompose()
    dialogs = " ".join(_text(node) for node in _matching(tree, _DIALOGS))
    _remove(tree, _DIALOGS, _ELSEWHERE)
    for node in _matching(tree, "header, footer"):
        if not any(each.tag in _INSIDE for each in _above(node)):
            node.decompose()
    said = _said(tree)
    signs = (
        *_controls(tree, url, opened), *_other_parts(tree, url, opened), *_frames(tree, url),
        *_filters(tree, url, opened), *_loaders(tree, url, opened, read), *_statements(said, read, len(opened)),
        *_headings(tree, read), *_alerts(tree), *_failures(dialogs), *data,
        *(f"the words {found[0]!r}" for found in _MORE_INSIDE.finditer(inside_rows)),
    )  # fmt: skip
    return [*dict.fromkeys(signs)]


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


class _PageText(NamedTuple):
    """What a page says, as one text, and where in it its paragraphs and cells begin."""

    words: str
    begins: Sequence[int]

    def before(self, found: re.Match[str]) -> str:
        """What its paragraph says before this; where that is nothing, what the paragraph above says alone."""
        number = bisect_right(self.begins, found.start()) - 1
        said = self.words[self.begins[number] : found.start()]
        above = self.words[self.begins[max(0, number - 1)] : self.begins[number]].strip()
        return said if said.strip() or not words_of.QUOTA_LABEL.fullmatch(above) else above

    def joins(self, found: re.Match[str]) -> bool:
        """Whether this is the end of one paragraph and the beginning of the next."""
        inside = bisect_right(self.begins, found.start()) < bisect_right(self.begins, found.end() - 1)
        return inside and found.start() not in self.begins

    def after(self, found: re.Match[str]) -> str:
        """What its paragraph says after this."""
        number = bisect_right(self.begins, found.end() - 1)
        return self.words[found.end() : self.begins[number] if number < len(self.begins) else None]


def _said(tree: LexborHTMLParser) -> _PageText:
    """The page's text, with `1 234` as one number where it stands in one piece, and words for numbers as numbers."""
    marked = LexborHTMLParser(
        _BLOCK.sub(lambda tag: f"{_EDGE}{tag[0]}" if tag[1] else f"{tag[0]}{_EDGE}", tree.html or "")
    )
    text, begins = "", []
    for block in marked.body.text(separator="\0").split(_EDGE) if marked.body else ():
        pieces = [re.sub(r"(?<=\d)\s(?=\d{3}(?!\d))", "", each) for each in block.split("\0")]
        if words := " ".join(" ".join(pieces).split()).casefold():
            begins.append(len(text))
            text += re.sub(r"[^\W\d_]+", lambda word: words_of.NUMBER_WORDS.get(word[0], word[0]), words) + " "
    return _PageText(text, begins or [0])


_EDGE = "\ue000"  # a private character
_BLOCK = re.compile(r"<(/?)(?:p|div|li|td|th|h[1-6]|dt|dd|section|article|main|button|label|option|nav|form)\b[^>]*>")


def _label(node: LexborNode) -> str:
    pictures = [node, *node.css("img[alt]")]
    named = [each.attributes.get(name) for each in pictures for name in ("aria-label", "value", "title", "alt")]
    return _text(node) or " ".join(next(filter(None, named), "").split()).casefold()


def _bare(label: str) -> str:
    """A label without arrows, dots and counts around its words, if it has any."""
    label = re.sub(rf"\s*(?:\([^)]*\)|\b(?:{words_of.ICONS}))$", "", label) or label
    return label.strip(" …./←‹«<›»→>↓⌄▼▾❯+") or label.strip(" …./←‹«<") or label


def _is_off(node: LexborNode) -> bool:
    """Whether a control can do nothing, by itself or with the list item that is around it."""
    around = [node, *([node.parent] if node.parent and node.parent.tag in ("li", "span") else [])]
    return any(
        "disabled" in said or said.get("aria-disabled") == "true" or "disabled" in (said.get("class") or "")
        for said in (each.attributes for each in around)
    )


def _controls(tree: LexborHTMLParser, url: str, opened: Collection[str]) -> Iterator[str]:
    """Buttons and links that lead to more rows, except links to pages that were read."""
    pages, number = len(opened), str(len(opened) + 1)
    leaves = ", ".join(f"{tag}:not(:has(*))" for tag in ("em", "i", "mark", "td", "div", "p"))
    numbered = {
        int(label)
        for node in tree.css(f"{_CONTROLS}, b, strong, span, li, {leaves}")
        if (label := _label(node)).isdecimal()
    }
    is_pager = {1, 2} <= numbered
    for link in tree.css("link[rel~=next][href]"):
        if urljoin(url, link.attributes["href"]) not in opened:
            yield "a link to the next page in its head"
    for node in tree.css(_CONTROLS):
        label, rel = _label(node), (node.attributes.get("rel") or "").split()
        bare = _bare(label)
        page = words_of.PAGE_LABEL.fullmatch(bare)
        ahead = (label.isdecimal() and pages < int(label) < 1000) or (page is not None and int(page[1]) > pages)
        more = words_of.MORE.fullmatch(bare) if label else words_of.NAMED_MORE.search(_names(node))
        leads = ahead or "next" in rel or (more is not None and not words_of.UPSELL.fullmatch(bare))
        where = _where(node, url)
        if _is_off(node) or not (leads or (words_of.PERIOD_LABEL.fullmatch(bare) and _is_part(where, url))):
            continue
        if label.isdecimal() and len(label) < 4 and not (label == number if where else is_pager):
            continue
        if where and (where in opened or not ("next" in rel or ahead or _is_near(where, url))):
            continue
        yield f"the control {label or 'next'!r}"


def _names(node: LexborNode) -> str:
    said = node.attributes
    return " ".join(said.get(name) or "" for name in ("class", "id", "name", "data-testid")).lower()


def _where(node: LexborNode, url: str) -> str | None:
    """The address to which a control leads; None if a script decides."""
    href = node.attributes.get("href")
    return urldefrag(urljoin(url, href))[0] if href and not href.startswith(("#", "javascript:")) else None


def _is_part(where: str | None, url: str) -> bool:
    """Whether an address is a part of this list, or nobody knows."""
    return where is None or urlsplit(where).path.startswith(urlsplit(url).path) or "archiv" in where.lower()


def _is_near(where: str, url: str) -> bool:
    """Whether an address may hold rows of this list: it is of a history, or begins as the list's own does."""
    there, here = urlsplit(where), urlsplit(url)
    same = there.netloc == here.netloc and there.path.split("/")[:2] == here.path.split("/")[:2]
    return same or words_of.HISTORY.search(there.path) is not None


def _other_parts(tree: LexborHTMLParser, url: str, opened: Collection[str]) -> Iterator[str]:
    """Links to the list's own address with another query, or with a fragment that names a page."""
    read = {_view(each) for each in (url, *opened)}
    for node in tree.css("a[href]"):
        address, fragment = urldefrag(urljoin(url, node.attributes["href"] or ""))
        names_page = re.search(r"(?:page|p|seite)[=/]?(\d+)$|/(\d+)$", fragment)
        ahead = names_page is not None and int(names_page[1] or names_page[2]) > len(opened)
        label = _label(node)
        part = _view(address)[:2] == _view(url)[:2] and _view(address) not in read
        if part and _view(address)[2] < _view(url)[2]:  # as a rule, how the page's own menu leads to it
            part = words_of.ALL.match(label) is not None
        below = urlsplit(address).path.startswith(f"{urlsplit(url).path.rstrip('/')}/") and address not in opened
        if below and (words_of.NARROW.match(label) or words_of.ALL.match(label) or words_of.COUNTED.search(label)):
            part = True
        if not _is_off(node) and (ahead or (part and not words_of.OTHER_THINGS.search(label))):
            yield f"a link to another part of the list, {label or address!r}"


def _frames(tree: LexborHTMLParser, url: str) -> Iterator[str]:
    """Pages within the page that may have rows: those that it brings itself, and those of a history."""
    for node in tree.css("iframe"):
        where = urljoin(url, node.attributes.get("src") or "")
        own = urlsplit(where).netloc == urlsplit(url).netloc and words_of.HISTORY.search(urlsplit(where).path)
        if own or _text(LexborHTMLParser(node.attributes.get("srcdoc") or "").body):
            yield f"a frame: {redact_url(where) if own else 'of its own'}"


def _view(address: str) -> tuple[str, str, frozenset[tuple[str, str]]]:
    """What of an address decides which rows are shown. The first page may be named or not."""
    parts = urlsplit(address)
    query = {
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not words_of.NEUTRAL_PARAMETERS.fullmatch(name)
        and not (re.fullmatch("page|p|pg|seite|offset|start", name) and value in ("", "0", "1"))
    }
    return parts.netloc, parts.path.rstrip("/"), frozenset(query)


def _filters(tree: LexborHTMLParser, url: str, opened: Collection[str]) -> Iterator[str]:
    """Choices that hide rows: one is chosen, and another one says "all", or a year, or a kind of asset."""
    for node in tree.css("select"):
        options = node.css("option")
        labels = [_label(each) for each in options]
        chosen = next((label for each, label in zip(options, labels, strict=True) if "selected" in each.attributes), "")
        chosen = chosen or (labels[0] if labels else "")
        numbers = [found[0] if (found := re.findall(r"\d+", each)) else "" for each in labels]
        if numbers == [str(number) for number in range(1, len(labels) + 1)] and len(labels) > len(opened):
            yield f"a choice of {len(labels)} pages"
        if len(labels) < 2 or words_of.ALL.match(chosen) or any(map(words_of.SORTING.search, labels)):
            continue
        if any(map(words_of.ALL.match, labels)) or (
            words_of.NARROW.match(chosen) and sum(bool(words_of.NARROW.match(x)) for x in labels) > 1
        ):
            yield f"the filter {chosen!r}"
    for group in ("[role=tab]", "[aria-pressed]", "[role=radio]"):
        tabs = tree.css(group)
        chosen_tab = next((each for each in tabs if _is_chosen(each)), None)
        if chosen_tab is None or words_of.ALL.match(_label(chosen_tab)):
            continue
        for tab in tabs:
            label = _label(tab)
            if tab.mem_id == chosen_tab.mem_id or _is_off(tab) or words_of.OTHER_THINGS.search(label):
                continue
            if words_of.ALL.match(label) or words_of.NARROW.match(label) or words_of.COUNTED.search(label):
                yield f"the tab {label!r} beside {_label(chosen_tab)!r}"
                break
    yield from _choices_without_roles(tree, url, opened)
    for node in tree.css("input[type=number][max]"):
        if _number(node, "max") > len(opened) and _number(node, "value") == len(opened):
            yield f"a field for {node.attributes['max']} pages"
    for node in tree.css("input[type=date][value], input[type=month][value], input[type=search][value]"):
        if node.attributes["value"]:
            yield f"the filter {node.attributes.get('name') or 'input'!r}: {node.attributes['value']}"
    for node in tree.css("input[type=checkbox], [role=switch], [role=checkbox]"):
        label = _text(node.parent) if node.tag == "input" else _label(node)
        is_on = "checked" in node.attributes or node.attributes.get("aria-checked") == "true"
        if words_of.HIDING.match(label) if is_on else words_of.SHOWING.match(label):
            yield f"the choice {label!r}"
    for node in tree.css("[aria-expanded=false]"):
        label = _label(node)
        if words_of.OTHER_THINGS.search(label):
            continue
        if not _is_off(node) and (words_of.COUNTED.search(label) or words_of.NARROW.match(label)):
            yield f"the closed section {label!r}"


def _choices_without_roles(tree: LexborHTMLParser, url: str, opened: Collection[str]) -> Iterator[str]:
    """As tabs and lists to choose from that are known by their looks: a chosen kind or period beside another one."""
    for node in tree.css(
        '[class~="active"], [class~="selected"], [class~="current"], [class~="on"], [class~="is-active"]'
    ):
        chosen = _label(node)
        if not (words_of.NARROW.match(chosen) or words_of.CURRENT.fullmatch(chosen)):
            continue
        for other in node.parent.iter() if node.parent else ():
            links = [each for each in (other, *other.css("a[href]")) if each.attributes.get("href")]
            where = next((_where(each, url) for each in links), None)
            elsewhere = where is not None and (where in opened or not _is_near(where, url))
            if other.mem_id != node.mem_id and words_of.NARROW.match(_label(other)) and not elsewhere:
                yield f"the choice {_label(other)!r} beside {chosen!r}"
                break
    for node in tree.css("[role=combobox], [aria-haspopup=listbox]"):
        if words_of.NARROW.match(label := re.sub(r"^[^\W\d]+\s*:\s*", "", _label(node))) and not _is_off(node):
            yield f"the filter {label!r}"
    for group in {each.attributes.get("name") for each in tree.css("input[type=radio][checked]")} - {None, ""}:
        radios = [each for each in tree.css("input[type=radio]") if each.attributes.get("name") == group]
        labels = [_text(each.parent) for each in radios if "checked" not in each.attributes]
        chosen = next(_text(each.parent) for each in radios if "checked" in each.attributes)
        if words_of.NARROW.match(chosen) and any(words_of.NARROW.match(x) or words_of.ALL.match(x) for x in labels):
            yield f"the choice {chosen!r}"


def _is_chosen(node: LexborNode) -> bool:
    return any(node.attributes.get(name) == "true" for name in ("aria-selected", "aria-pressed", "aria-checked"))


def _number(node: LexborNode, name: str) -> int:
    """A whole number in an attribute; -1 if there is none."""
    said = node.attributes.get(name) or ""
    return int(said) if said.isdecimal() else -1


def _statements(said: _PageText, read: int, pages: int) -> Iterator[str]:
    """What the page's text says: `Page 1 of 3`, `1-20 of 55`, `nine licences`, `the last 12 months`, `older orders`."""
    words = said.words
    for pattern, reached in ((words_of.PAGES_STATED, pages), (words_of.PAGES_CHINESE, pages), (words_of.RANGE, read)):
        for found in pattern.finditer(words):
            first, of = map(_whole, found.groups())
            if first < of and of > reached:
                yield f"the words {found[0]!r}"
    for found in words_of.SHARE.finditer(words):
        first, of = map(_whole, found.groups())
        rated = words_of.RATED.search(said.before(found)) or words_of.QUOTA_AFTER.match(said.after(found))
        if first == read < of and not rated:
            yield f"the words {found[0]!r}"
    for found in words_of.COUNT.finditer(words):
        quota = words_of.QUOTA_BEFORE.search(said.before(found)) or words_of.QUOTA_AFTER.match(said.after(found))
        more = read < _whole(found[found.lastindex or 0]) < words_of.MAX_COUNTED
        if more and not quota and not said.joins(found):
            yield f"the words {found[0]!r}"
    for found in words_of.HIDDEN.finditer(words):
        if not words_of.OFFERED.search(said.before(found)):
            yield f"the words {found[0]!r}"
    yield from _failures(words)


def _failures(words: str) -> Iterator[str]:
    """Words of a failure, if it is one that happened."""
    for found in words_of.FAILED.finditer(words):
        if not words_of.SUPPOSED.search(words[max(0, found.start() - 25) : found.start()]):
            yield f"the words {found[0]!r}"


def _whole(number: str) -> int:
    return int(re.sub(r"\D", "", number))


def _headings(tree: LexborHTMLParser, read: int) -> Iterator[str]:
    """A heading that ends in a count of more rows than were read: `Downloads (55)`."""
    for node in tree.css("h1, h2, h3, h4, caption, legend"):
        if (found := re.search(r"\((\d+)\)$", _text(node))) and int(found[1]) > read:
            yield f"the heading {_text(node)!r}"


def _alerts(tree: LexborHTMLParser) -> Iterator[str]:
    """What a page says aloud: as a rule, that something failed."""
    for node in tree.css("[role=alert]"):
        if (said := _text(node)) and not words_of.OTHER_THINGS.search(said):
            yield f"the alert {said[:80]!r}"


def _counts_of_parts(tree: LexborHTMLParser, read: int) -> Iterator[str]:
    """Counts for programs: of a table that shows some of its rows, of a set, of a bar of progress."""
    for node in tree.css("[aria-rowcount]"):
        if _number(node, "aria-rowcount") > read + 1:  # its head counts as one
            yield f"a table of {node.attributes['aria-rowcount']} rows"
    for node in tree.css("[role=article], [role=listitem], [role=row], li, tr, article"):
        if _number(node, "aria-setsize") > read:
            yield f"a set of {node.attributes['aria-setsize']} items"
            break
    for node in tree.css("progress[value][max]"):
        if _number(node, "value") == read < _number(node, "max"):
            yield f"progress: {node.attributes['value']} of {node.attributes['max']}"


def _data(tree: LexborHTMLParser, read: int, pages: int) -> Iterator[str]:
    """What the data of the page's scripts says of a list, except of lists that recommend something."""
    for node in tree.css('script[type="application/json"]'):
        try:
            body = json.loads(node.text())
        except (ValueError, RecursionError):
            continue
        for path, value in _values(body):
            if _says_beside_others(_key(path), value, read, pages) and not words_of.OTHER_LISTS.search(path):
                yield f"its data, {path} is {str(value)[:40]}"


def _loaders(tree: LexborHTMLParser, url: str, opened: Collection[str], read: int) -> Iterator[str]:
    """Attributes from which a script takes where the next rows are: `hx-get`, `data-next-url`, `data-has-more`."""
    here, views = _view(url), {_view(each) for each in (url, *opened)}
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            said = (value or "").strip()
            key = _key(name.removeprefix("data-"))
            loads = name in ("hx-get", "data-hx-get") or (name == "src" and node.tag == "turbo-frame")
            named = name.startswith("data-") and (
                _NEXT_ADDRESS.fullmatch(key) is not None or _says_beside_others(key, said, read, len(opened))
            )
            if not said or not (loads or named):
                continue
            view = _view_of(said, url)
            if view not in views and (named or (view is not None and view[:2] == here[:2])):
                where = said if view is None else redact_url(urljoin(url, said))
                yield f"its attribute {name} is {where[:80]}"


def _view_of(said: str, url: str) -> tuple[str, str, frozenset[tuple[str, str]]] | None:
    """The view at an address in an attribute; None for what is no address."""
    try:
        return _view(urljoin(url, said)) if re.search("[/?]", said) else None
    except ValueError:
        return None


def _says_beside_others(key: str, value: object, read: int, pages: int) -> bool:
    """Whether a value among those of a whole page says that this list goes on: only if its key says it in full."""
    number = _count(value)
    return (
        (_FLAG.fullmatch(key) is not None and not _NEXT.fullmatch(key) and key not in _BARE and _truth(value) is True)
        or (key in ("nextpage", "nextpagenumber") and number > pages)
        or (_LAST.fullmatch(key) is not None and key not in _BARE and str(value).lower() == "false")
        or (_NEXT_IN_FULL.fullmatch(key) is not None and isinstance(value, str) and _names_something(value))
        or (_PAGE_COUNT.fullmatch(key) is not None and key not in _BARE and number > pages)
        or (_TOTAL.fullmatch(key) is not None and key not in _BARE and number > read)
    )


# Keys in small letters, without what parts their words. Nothing in a pattern repeats, so a long key takes no longer.
_ROWS = (
    r"(?:results?|items?|rows?|records?|hits?|elements?|entries|entry|objects?|documents?|downloads?|licen[cs]es?"
    r"|purchases?|orders?|assets?|files?)"
)
_FLAG = re.compile(
    rf"(?:has|is|are)?(?:more|next)(?:page|{_ROWS}|data|exists?|available)?s?"
    r"|(?:is|results?)?(?:truncated|incomplete|partial)(?:results?)?|(?:is)?(?:limitreached|capped)"
)
_LAST = re.compile(
    r"(?:is|at|on|reached|has)?(?:the)?(?:last|final|end)(?:page|reached|oflist|ofresults)?"
    r"|(?:is|all)?(?:done|complete|completed|finished|exhausted|loaded|eof|ended)|nomore(?:pages?|results?)?"
)
_LEFT = {"remaining", "remainingitems", "remainingrows", "itemsremaining", "left", "archived", "archivedcount"}
_PLACE = r"(?:ur[li]|href|links?|path|address)"
_OPAQUE = re.compile(r"(?:next)?(?:page)?(?:cursor|token|marker|continuation(?:token)?)")  # digits there are no number
_NEXT = re.compile(rf"next(?:page|{_ROWS}|batch|set)?(?:{_PLACE}|cursor|token|marker|offset|start|number)?"
                   r"|continuation(?:token)?")  # fmt: skip
_NEXT_ADDRESS = re.compile(rf"next(?:page|{_ROWS}|batch)?{_PLACE}")
_NEXT_IN_FULL = re.compile(rf"next(?:page)?(?:cursor|token)|continuationtoken|nextpage{_PLACE}")
_STATUSES, _MESSAGES = {"status", "state"}, {"message", "messages", "notice", "info", "note", "hint"}
_PAGE_COUNT = re.compile(
    r"(?:total|num|numberof|last)pages?(?:count|number)?|pages?(?:count|total)|pages|totalpagecount"
)
_ERRORS = {"error", "errors", "errormessage", "exception", "fault", "warning", "warnings"}
_TOTAL = re.compile(
    rf"(?:grand|overall)?total(?:number|num)?(?:of)?(?:{_ROWS})?(?:count|found)?"
    rf"|(?:num|number|count)(?:of)?(?:{_ROWS}|found)|{_ROWS}(?:count|found|filtered)|{_ROWS}(?<=s)total|count"
)
_PLAIN_TOTALS = {"total", "totalcount", "totalresults", "totalitems", "totalrows", "numfound", "resultcount"}
_BARE = {"more", "next", "pages", "total", "count", "last", "final", "end", "done", "complete", "completed", "finished",
         "loaded", "eof", "ended", "exhausted", "iscomplete", "isdone", "isloaded", "isfinished", "alldone",
         "allloaded"}  # fmt: skip
"""Keys that say too little where a whole page's data has them."""
_PAGERS = re.compile(r"(?:^|\.)(?:pag\w*|meta)\.[^.]+$", re.IGNORECASE)


def in_answer(
    body: object, *, number: int, read: int, has_total: bool, cursor: str | None, harmless: Collection[str]
) -> list[str]:
    """What in the answer to page `number` says that rows follow. `cursor` is the place that the adapter reads itself.

    Where the adapter reads a total (`has_total`), the archiver compares that one, and no other.
    """
    found = []
    for path, value in _values(body):
        if path == cursor or path in harmless or (path.count(".") > _DEEP and words_of.OTHER_LISTS.search(path)):
            continue
        key, count = _key(path), _count(value)
        goes_on = (
            (key in _ERRORS and bool(value))
            or _says_more_follow(path, key, value, number)
            or (key in _LEFT and count > 0 and not words_of.QUOTAS.search(path))
            or (key in _STATUSES and str(value).lower() in ("partial", "incomplete"))
            or (key in _MESSAGES and isinstance(value, str) and says_more(value))
            or (not has_total and count > read and _is_total(path))
        )
        if goes_on:
            found.append(f"{path} is {str(value)[:40]}")
    return found


def _says_more_follow(path: str, key: str, value: object, number: int) -> bool:
    """Whether a value says that a page follows page `number`: by a flag, by naming it, or by a count of pages."""
    count, above = _count(value), path.rpartition(".")[0]
    if _NEXT.fullmatch(key):
        counts = count >= 0 and not (isinstance(value, str) and _OPAQUE.fullmatch(key))
        return count > number if counts else _truth(value) is True or _names_something(value)
    return (
        (_FLAG.fullmatch(key) is not None and _truth(value) is True)
        or (_LAST.fullmatch(key) is not None and _truth(value) is False and not _of_another_thing(path, value))
        or (key in _OF_A_LINK and _NEXT.fullmatch(_key(above)) is not None and bool(value))
        or (_PAGE_COUNT.fullmatch(key) is not None and count > number)
        or (key == "last" and _PAGERS.search(path) is not None and count > number)
    )


_OF_A_LINK = {"href", "url", "uri", "link"}


def _of_another_thing(path: str, value: object) -> bool:
    """Whether a flag that is false tells of something else than a list: a number (of the last page), or the account."""
    is_number = _count(value) >= 0 and not _key(path).startswith("is")
    return is_number or words_of.NO_LISTS.search(path) is not None


def _is_total(path: str) -> bool:
    """Whether a number there counts the rows of the list: `count`, `total_records`, `hits.total.value`."""
    above, key = path.rpartition(".")[0], _key(path)
    if key == "value":
        return _TOTAL.fullmatch(_key(above)) is not None and _is_total(above)
    if not _TOTAL.fullmatch(key):
        return False
    return key in _PLAIN_TOTALS or not (words_of.QUOTAS.search(path) or words_of.OTHER_LISTS.search(path))


def stated_totals(body: object, harmless: Collection[str]) -> dict[str, int]:
    """Numbers in an answer that count the rows of the list, or of a page, by their paths."""
    return {
        path: _count(value)
        for path, value in _values(body)
        if _count(value) >= 0 and path not in harmless and _is_total(path)
        and not (path.count(".") > _DEEP and words_of.OTHER_LISTS.search(path))
    }  # fmt: skip


def says_more(words: str) -> bool:
    """Whether a message says that rows are elsewhere, or did not come."""
    return any(pattern.search(words.casefold()) for pattern in (words_of.HIDDEN, words_of.FAILED))


def in_headers(
    headers: Mapping[str, str], *, number: int, read: int, has_total: bool, harmless: Collection[str]
) -> list[str]:
    """What in the headers of the answer to page `number` says that rows follow, unless `harmless` names the header."""
    found = []
    for name, value in headers.items():
        if name in harmless:
            continue
        key = _key(name.lower().removeprefix("x-"))
        goes_on = (
            (key == "link" and re.search(r';\s*rel="?[^";,]*\bnext\b', value) is not None)
            or _says_more_follow(key, key, value, number)
            or (not has_total and _count(value) > read and _is_total(key))
            or (key == "contentrange" and (of := re.search(r"/(\d+)$", value)) is not None and int(of[1]) > read)
        )
        if goes_on:
            found.append(f"the header {name}: {redact_url(value) if '://' in value else value[:40]}")
    return found


def _key(path: str) -> str:
    """The last part of a path in small letters: `hasnextpage`."""
    return re.sub(r"[^a-z]", "", path.rpartition(".")[2].lower())


def _count(value: object) -> int:
    """A whole number, perhaps as text; -1 for all else."""
    if isinstance(value, str) and len(value) < _MAX_DIGITS and value.isascii() and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


_MAX_DIGITS = 16


def _truth(value: object) -> bool | None:
    """What a flag says, whichever way it is written (`1`, `"yes"`); None for what is no flag."""
    said = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
    if said in ("false", "no", "0"):
        return False
    return True if said in ("true", "yes") or _count(value) > 0 else None


def _names_something(value: object) -> bool:
    """Whether a text is more than another word for nothing."""
    return isinstance(value, str) and value.strip().lower() not in ("", "false", "no", "none", "null")


_DEEP = 3  # mappings in mappings, below which other lists of the answer may lie


def _values(body: object, path: str = "", depth: int = 12) -> Iterator[tuple[str, object]]:
    """All single values outside lists, and whole errors, with their paths (`meta.next`)."""
    for name, value in body.items() if isinstance(body, Mapping) else ():
        here = f"{path}.{name}" if path else str(name)
        if str(name).lower() in _ERRORS:
            yield here, value
        elif isinstance(value, Mapping) and depth:
            yield from _values(value, here, depth - 1)
        elif not isinstance(value, list):
            yield here, value
        else:
            links = [each for each in value if isinstance(each, Mapping) and "rel" in each]
            yield from ((f"{here}.{each['rel']}", each.get("href") or each.get("url")) for each in links)
