"""Signs in an interface's answer that its list goes on: an end is proven only if nothing there contradicts it.

They are keys of data and their values. A sign can be wrong; then an adapter declares it as `harmless`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from archiver.provider import list_words as words_of
from archiver.provider.contract import redact_url


def says_beside_others(key: str, value: object, read: int, pages: int) -> bool:
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
NEXT_ADDRESS = re.compile(rf"next(?:page|{_ROWS}|batch)?{_PLACE}")
_NEXT_IN_FULL = re.compile(rf"next(?:page)?(?:cursor|token)|continuationtoken|nextpage{_PLACE}")
_STATUSES, MESSAGES = {"status", "state"}, {"message", "messages", "notice", "info", "note", "hint"}
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
    for path, value in values(body):
        if path == cursor or path in harmless or (path.count(".") > _DEEP and words_of.OTHER_LISTS.search(path)):
            continue
        key, count = value_key(path), _count(value)
        goes_on = (
            (key in _ERRORS and bool(value))
            or _says_more_follow(path, key, value, number)
            or (key in _LEFT and count > 0 and not words_of.QUOTAS.search(path))
            or (key in _STATUSES and str(value).lower() in ("partial", "incomplete"))
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
        or (key in _OF_A_LINK and _NEXT.fullmatch(value_key(above)) is not None and bool(value))
        or (_PAGE_COUNT.fullmatch(key) is not None and count > number)
        or (key == "last" and _PAGERS.search(path) is not None and count > number)
    )


_OF_A_LINK = {"href", "url", "uri", "link"}


def _of_another_thing(path: str, value: object) -> bool:
    """Whether a flag that is false tells of something else than a list: a number (of the last page), or the account."""
    is_number = _count(value) >= 0 and not value_key(path).startswith("is")
    return is_number or words_of.NO_LISTS.search(path) is not None


def _is_total(path: str) -> bool:
    """Whether a number there counts the rows of the list: `count`, `total_records`, `hits.total.value`."""
    above, key = path.rpartition(".")[0], value_key(path)
    if key == "value":
        return _TOTAL.fullmatch(value_key(above)) is not None and _is_total(above)
    if not _TOTAL.fullmatch(key):
        return False
    return key in _PLAIN_TOTALS or not (words_of.QUOTAS.search(path) or words_of.OTHER_LISTS.search(path))


def stated_totals(body: object, harmless: Collection[str]) -> dict[str, int]:
    """Numbers in an answer that count the rows of the list, or of a page, by their paths."""
    return {
        path: _count(value)
        for path, value in values(body)
        if _count(value) >= 0 and path not in harmless and _is_total(path)
        and not (path.count(".") > _DEEP and words_of.OTHER_LISTS.search(path))
    }  # fmt: skip


def in_headers(
    headers: Mapping[str, str], *, number: int, read: int, has_total: bool, harmless: Collection[str]
) -> list[str]:
    """What in the headers of the answer to page `number` says that rows follow, unless `harmless` names the header."""
    found = []
    for name, value in headers.items():
        if name in harmless:
            continue
        key = value_key(name.lower().removeprefix("x-"))
        goes_on = (
            (key == "link" and re.search(r';\s*rel="?[^";,]*\bnext\b', value) is not None)
            or _says_more_follow(key, key, value, number)
            or (not has_total and _count(value) > read and _is_total(key))
            or (key == "contentrange" and (of := re.search(r"/(\d+)$", value)) is not None and int(of[1]) > read)
        )
        if goes_on:
            found.append(f"the header {name}: {redact_url(value) if '://' in value else value[:40]}")
    return found


def value_key(path: str) -> str:
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


def values(body: object, path: str = "", depth: int = 12) -> Iterator[tuple[str, object]]:
    """All single values outside lists, and whole errors, with their paths (`meta.next`)."""
    for name, value in body.items() if isinstance(body, Mapping) else ():
        here = f"{path}.{name}" if path else str(name)
        if str(name).lower() in _ERRORS:
            yield here, value
        elif isinstance(value, Mapping) and depth:
            yield from values(value, here, depth - 1)
        elif not isinstance(value, list):
            yield here, value
        else:
            links = [each for each in value if isinstance(each, Mapping) and "rel" in each]
            yield from ((f"{here}.{each['rel']}", each.get("href") or each.get("url")) for each in links)
