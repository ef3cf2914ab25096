"""Changes of a platform's list that a redesign may bring, played to its adapter: none may pass as a complete reading.

A mutation gets the pages of a list (JSON answers, or HTML) and gives what the site shows instead, page by page; a page
behind the last is what any later request gets.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

type Pages = list[Any]
type Mutation = Callable[[Pages], Pages]

# What a platform does not show, nobody can miss who reads it for the first time, unless it states a total.
HIDDEN = (
    "a page left out", "rows halved", "rows halved on one page", "the newest row missing",
    "pages behind the first are empty",
)  # fmt: skip

RENAMED_DATES = ("2026-13-45", "21st of someday", "", "vor 3 Tagen", "20261121", "1764100000000", "11/21/26 at noon")


# ---------------------------------------------------------------- answers of an interface


def of_answers(rows: str, total: str, ids: Sequence[str], dates: Sequence[str]) -> Iterator[tuple[str, Mutation]]:
    """Mutations of JSON lists. `rows` and `total` are keys of the answer, `ids` and `dates` paths in a row."""

    def each_page(change: Callable[[Any, int], None]) -> Mutation:
        def mutated(pages: Pages) -> Pages:
            found = copy.deepcopy(pages)
            for number, page in enumerate(found):
                change(page, number)
            return found

        return mutated

    def each_row(change: Callable[[Any], None], every: int = 1) -> Mutation:
        def changed(page: Any, _: int) -> None:
            for row in page[rows][every - 1 :: every]:
                change(row)

        return each_page(changed)

    yield "paging removed: every page is the first", lambda pages: [pages[0]] * 9
    yield "paging removed, total gone", lambda pages: [without(pages[0], total)] * 9
    yield "paging renamed: later pages are the second", lambda pages: [pages[0], *[pages[1]] * 9]
    yield "a page repeated", lambda pages: [pages[0], pages[0], *pages[2:]]
    yield (
        "a page repeated, total gone",
        lambda pages: [without(each, total) for each in (pages[0], pages[0], *pages[2:])],
    )
    yield (
        "the last page repeated for ever, total gone",
        lambda pages: [
            *(without(each, total) for each in pages[:2]),
            *[without(pages[1], total)] * 9,
        ],
    )
    yield "a page left out", lambda pages: [pages[0], *pages[2:]]
    yield "pages behind the first are empty", lambda pages: [pages[0], *({**each, rows: []} for each in pages[1:])]
    yield "pages behind the first are null", lambda pages: [pages[0], *({**each, rows: None} for each in pages[1:])]
    yield "rows halved", each_page(lambda page, _: page.update({rows: page[rows][::2]}))
    yield "rows halved on one page", each_page(lambda page, n: page.update({rows: page[rows][: 1 if n == 1 else None]}))
    yield "the newest row missing", each_page(lambda page, n: page.update({rows: page[rows][1 if n == 0 else 0 :]}))
    yield "rows under another key", each_page(lambda page, _: page.update({"items": page.pop(rows)}))
    yield "rows in an object", each_page(lambda page, _: page.update({rows: {"edges": page[rows]}}))
    yield "rows as a number", each_page(lambda page, _: page.update({rows: len(page[rows])}))
    yield "rows as text", each_page(lambda page, _: page.update({rows: str(page[rows])}))
    yield "a list instead of an object", lambda pages: [page[rows] for page in pages]
    yield "nothing", lambda pages: [{} for _ in pages]
    yield "null", lambda pages: [None for _ in pages]
    yield "a page of HTML", lambda _: ["<!doctype html><title>Sign in</title>"] * 3
    for name, value in (
        ("gone", ...),
        ("null", None),
        ("text", "many"),
        ("too small by one", -1),
        ("too large", 10**6),
    ):
        if total:
            yield f"total {name}", each_page(lambda page, _, value=value: retotal(page, total, value))  # type: ignore[misc]
    for path in ids:
        yield f"{path} moved", each_row(lambda row, path=path: move(row, path))  # type: ignore[misc]
        yield f"{path} moved in every second row", each_row(lambda row, path=path: move(row, path), 2)  # type: ignore[misc]
        yield f"{path} null", each_row(lambda row, path=path: put(row, path, None))  # type: ignore[misc]
        yield f"{path} empty", each_row(lambda row, path=path: put(row, path, ""))  # type: ignore[misc]
    for path in dates:
        for text in RENAMED_DATES:
            yield f"{path}: {text!r}", each_row(lambda row, path=path, text=text: put(row, path, text))  # type: ignore[misc]
        yield f"{path} null in every second row", each_row(lambda row, path=path: put(row, path, None), 2)  # type: ignore[misc]
        yield f"{path} moved", each_row(lambda row, path=path: move(row, path))  # type: ignore[misc]


def without(page: Any, key: str) -> Any:
    return {name: value for name, value in page.items() if name != key}


def retotal(page: Any, key: str, value: Any) -> None:
    if value is ...:
        del page[key]
    else:
        page[key] = page[key] - 1 if value == -1 else value


def put(row: Any, path: str, value: Any) -> None:
    *parts, last = path.split(".")
    for part in parts:
        row = row[part]
    row[last] = value


def move(row: Any, path: str) -> None:
    *parts, last = path.split(".")
    for part in parts:
        row = row[part]
    row[f"{last}_v2"] = row.pop(last)


# ---------------------------------------------------------------- web pages


def of_pages(row: str, date: str, sign: str) -> Iterator[tuple[str, Mutation]]:
    """Mutations of lists on web pages. `row` matches a row, `date` what says its date, `sign` what makes it a row."""
    link = r'<a[^>]*rel="next"[^>]*>.*?</a>'
    count = r"Page \d+ of \d+"
    end = r"<p>You've reached the end</p>"

    def everywhere(pattern: str, text: str) -> Mutation:
        return lambda pages: [re.sub(pattern, text, page, flags=re.DOTALL) for page in pages]

    def rows_changed(change: Callable[[str], str], every: int = 2) -> Mutation:
        def mutated(pages: Pages) -> Pages:
            found = []
            for page in pages:
                numbers = iter(range(10**6))
                found.append(re.sub(row, lambda m: change(m[0]) if next(numbers) % every == every - 1 else m[0], page,  # noqa: B023
                                    flags=re.DOTALL))  # fmt: skip
            return found

        return mutated

    buttons = {
        "removed": "",
        "a button": "<button type=button>Next</button>",
        "a button that loads more": '<button type=button onclick="fetch(location + 1)">Load more</button>',
        "a link of another kind": '<a class="pager-next" href="?p=2">Next</a>',
        "a link without an address": "<a rel=next>Next</a>",
        "a link to nowhere": '<a rel="next" href="#">Next</a>',
        "a link to the first page": '<a rel="next" href="?page=1&amp;type=regular">Next</a>',
        "a script": "<script>addEventListener('scroll', () => fetch('?page=2'))</script>",
        "renamed in a language": '<a rel="weiter" href="?page=2">Weiter</a>',
    }

    def turned(text: str, *without: str, start: int = 0) -> Mutation:
        """The link to the next page as this text, and these marks gone, from the `start`-th page on."""

        def mutated(pages: Pages) -> Pages:
            rest = everywhere(link, text)(pages[start:])
            for mark in without:
                rest = everywhere(mark, "")(rest)
            return [*pages[:start], *rest]

        return mutated

    for name, text in buttons.items():
        yield f"paging {name}", turned(text)
        yield f"paging {name}, count gone", turned(text, count)
        yield f"paging {name}, end mark gone", turned(text, end)
        yield f"paging {name} behind the first page", turned(text, count, end, start=1)
    yield "every page is the first", lambda pages: [pages[0]] * 9
    yield "every page is the first, without marks", lambda pages: [everywhere(count, "")(pages)[0]] * 9
    yield "a page repeated", lambda pages: [pages[0], pages[0], *pages[2:]]
    yield "a page's rows repeated", lambda pages: [pages[0], swap_rows(row, pages[1], pages[0]), *pages[2:]]
    yield "a page's rows repeated later", lambda pages: [*pages[:2], swap_rows(row, pages[2], pages[0])]
    yield "a page left out", lambda pages: [pages[0], *pages[2:]]
    yield "the second page empty", lambda pages: [pages[0], re.sub(row, "", pages[1], flags=re.DOTALL), *pages[2:]]
    yield "a sign-in page behind the first", lambda pages: [pages[0], *["<h1>Welcome</h1><form></form>"] * 3]
    yield "all rows gone", everywhere(row, "")
    yield "rows halved: another element", rows_changed(lambda each: re.sub(r"^<(tr|li)\b", "<section", each))
    yield "rows halved: without their sign", rows_changed(lambda each: re.sub(sign, "", each, flags=re.DOTALL))
    yield "rows halved: in another list", rows_changed(lambda each: f"</ul></table><ul><table>{each}</table></ul><ul>")
    yield "every third row another element", rows_changed(lambda each: re.sub(r"^<(tr|li)\b", "<div", each), 3)
    yield "all rows another element", rows_changed(lambda each: re.sub(r"^<(tr|li)\b", "<div", each), 1)
    yield "all rows without their sign", rows_changed(lambda each: re.sub(sign, "", each, flags=re.DOTALL), 1)
    for text in RENAMED_DATES:
        yield f"dates: {text!r}", everywhere(date, f'datetime="{text}"')
    yield "dates in text alone", everywhere(rf"\s*{date}", "")
    yield "dates in text alone, in every second row", rows_changed(lambda each: re.sub(rf"\s*{date}", "", each))
    yield "columns moved", everywhere(r"<td>((?:Free|Premium)[^<]*)</td>(<td><time.*?</time></td>)", r"\2<td>\1</td>")
    yield "cells of another kind", everywhere(r"<(/?)(td|time)\b", r"<\1x-\2")
    yield "links of another kind", everywhere(r'href="([^"]*)"', r'data-href="\1"')


def swap_rows(row: str, page: str, other: str) -> str:
    """The page with the other page's rows."""
    head, *_ = re.split(row, page, flags=re.DOTALL)
    tail = re.split(row, page, flags=re.DOTALL)[-1]
    return head + "".join(re.findall(row, other, flags=re.DOTALL)) + tail
