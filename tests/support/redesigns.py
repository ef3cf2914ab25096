"""Redesigned sites: the same licences behind other paging, filters, scripts and failures, as a platform may bring them.

Each redesign is a whole list of a platform, answered page by page. All licences stay on the site, so a run that says
`complete` must have listed every one of them. `mutations` changes single details of the pages as recorded; this module
builds the pages anew.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Answers = list[Any]  # by the number of the page; the last one answers for all behind it


# ---------------------------------------------------------------- answers of an interface


def of_interface(
    pages: Sequence[Mapping[str, Any]], rows: str, total: str, dates: Sequence[str]
) -> Iterator[tuple[str, Answers]]:
    """Redesigns of a JSON list, given its pages as they are. `rows` and `total` are keys of an answer."""
    every = [row for page in pages for row in page[rows]]
    size, count = len(pages[0][rows]), len(every)
    frame = {name: value for name, value in pages[0].items() if name not in (rows, total)}

    def page(some: Sequence[Any], stated: Any = count, **more: Any) -> dict[str, Any]:
        return {**frame, **({total: stated} if total and stated is not None else {}), rows: list(some), **more}

    def cut(step: int = size, length: int = size, **more: Any) -> Answers:
        return [page(every[at : at + length], **more) for at in range(0, len(every), step)]

    truth = cut()
    empty = page([])
    behind = [empty, empty, empty]
    yield "pages that overlap by a row", [*cut(size - 1 or 1), *behind]
    yield "a page that comes twice and pushes the last one out", [truth[0], truth[0], *truth[1:-1], *behind]
    yield "an empty page in the middle", [truth[0], empty, *truth[1:], *behind]
    yield "two empty pages in the middle", [truth[0], empty, empty, *truth[1:], *behind]
    yield "an empty page behind a short one", [truth[0], page(every[size:-1]), empty, page(every[-1:]), *behind]
    yield "two empty pages at the beginning", [empty, empty, *truth, *behind]
    yield (
        "an empty page in the middle, without a total",
        [truth[0], page([], None), *cut(stated=None)[1:], page([], None)],
    )
    yield "null in the middle", [truth[0], None, *truth[1:]]
    yield (
        "an error with status 200 in the middle",
        [truth[0], {"error": {"code": 503, "message": "try later"}}, *truth[1:]],
    )
    yield "an error beside no rows", [truth[0], page([], None, errors=[{"message": "backend timeout"}]), *truth[1:]]
    yield "an error beside no rows on the first page", [page([], 0, error="shard 3 is not available")] * 3
    yield (
        "a sign-in page in the middle",
        [truth[0], "<title>Sign in</title><form><input name=password></form>", *truth[1:]],
    )
    yield "cut JSON", [truth[0], json.dumps(truth[1])[:-20], *truth[2:]]
    yield "an empty body", [truth[0], "", *truth[1:]]
    yield "pages in pages", [{**frame, "page": each} for each in truth]
    yield "data around the answer", [{"data": each} for each in truth]
    yield "rows by their number", [{**each, rows: {str(n): row for n, row in enumerate(each[rows])}} for each in truth]
    yield "rows in groups", [{**each, rows: [{"month": "2026-11", "items": each[rows]}]} for each in truth]
    yield "rows in edges", [{**each, rows: [{"node": row} for row in each[rows]]} for each in truth]
    yield "rows as references", [{**each, rows: [str(n) for n, _ in enumerate(each[rows])]} for each in truth]
    yield "an empty row among the rows", [{**each, rows: [*each[rows], {}]} for each in truth]
    yield "a null among the rows", [{**each, rows: [*each[rows], None]} for each in truth]
    yield (
        "an advertisement among the rows",
        [{**each, rows: [*each[rows], {"type": "promo", "id": "P1"}]} for each in truth],
    )
    goes_on = {
        "has_more": True, "hasNextPage": True, "next": "/v9?cursor=abc", "next_cursor": "abc", "total_pages": 3,
        "paging": {"next": "abc"}, "meta": {"pagination": {"total_pages": 9}}, "links": {"next": "/v9?page=2"},
    }  # fmt: skip
    for name, value in goes_on.items():
        alone = page(every[:size], size if total else None, **{name: value})
        yield f"cursors instead of pages: {name}", [alone] * 3
        yield (
            f"cursors, and nothing behind the first page: {name}",
            [alone, page([], size if total else None, **{name: value})],
        )
    if total:
        yield "a total of one too many", cut(stated=len(every) + 1) + behind
        yield "a total of one too few", cut(stated=len(every) - 1) + behind
        yield (
            "a total that is too small, and grows",
            [page(each[rows], size * n or 1) for n, each in enumerate(truth)] + behind,
        )
        yield "a total as words", cut(stated=f"{len(every)} licences")
        yield "a total with a fraction", cut(stated=len(every) + 0.5) + behind
        yield "a negative total", cut(stated=-1) + behind
        yield "a total in another place", [{**each, "meta": {total: each.pop(total)}} for each in copy.deepcopy(truth)]
        yield "no rows, though there is a total", [page([], len(every))] * 3
        yield "rows, though the total is none", cut(stated=0) + behind
    for path in dates:
        for name, write in DATES.items():
            changed = copy.deepcopy(truth)
            for each in changed:
                for row in each[rows]:
                    row[path] = write(str(row[path]))
            yield f"{path} as {name}", changed


DATES: Mapping[str, Callable[[str], Any]] = {
    "day and month alone": lambda _: "21.11.",
    "a day without a year": lambda _: "Saturday",
    "two digits of a year": lambda _: "21/11/26",
    "either order": lambda _: "03/04/2026",
    "a list": lambda _: [2026, 11, 21],
    "an object": lambda _: {"date": "2026-11-21"},
    "a later century": lambda _: "9999-99-99",
    "false": lambda _: False,
}


# ---------------------------------------------------------------- web pages


@dataclass(frozen=True)
class Look:
    """How a platform shows a list: a row's container, the address of page N, and its marks of an end."""

    open: str
    close: str
    address: Callable[[int], str]
    count: str  # `Page {} of {}`; empty where it shows none
    end: str
    empty: str


def of_site(rows: Sequence[str], look: Look, per_page: int) -> Iterator[tuple[str, Answers]]:
    """Redesigns of a list on web pages without scripts, whatever the marks of its end say."""
    parts = [rows[at : at + per_page] for at in range(0, len(rows), per_page)]
    last = len(parts)

    def page(some: Sequence[str], *, top: str = "", foot: str = "") -> str:
        return f"<main><h1>Downloads</h1>{top}{look.open}{''.join(some)}{look.close}<p>{foot}</p></main>"

    def link(number: int, text: str = "Next", rel: str = "next") -> str:
        return f'<a rel="{rel}" href="{look.address(number).replace("&", "&amp;")}">{text}</a>'

    def count(number: int, of: int = last) -> str:
        return look.count.format(number, of) if look.count else ""

    def paged(middle: Mapping[int, str] | None = None, **more: Any) -> Answers:
        """All pages as they should be, but for those in `middle`."""
        return [
            (middle or {}).get(n) or page(
                part, foot=count(n) + (link(n + 1) if n < last else look.end), **more
            ) for n, part in enumerate(parts, 1)
        ]  # fmt: skip

    only = parts[0]
    lies = f"{count(1, 1)}{look.end}"  # the marks of an end, though there are more rows
    controls = {
        "a button": "<button>Load more</button>", "a button with a count": "<button>Show 20 more</button>",
        "a button in German": "<button type=button>Mehr laden</button>",
        "a button in French": "<button>Afficher plus</button>",
        "an arrow": '<button aria-label="Next page">›</button>',
        "a link without an address": '<a class="pager" href="#">Next</a>',
        "a link for a script": '<a href="javascript:next()">Next page</a>',
        "a link of another kind": f'<a class="pager" href="{look.address(2)}&amp;v=2">Older downloads</a>',
        "numbers": f'<nav><b>1</b> <a href="{look.address(2)}&amp;v=2">2</a></nav>',
        "a form": '<form method="post"><button name="page" value="2">Next</button></form>',
        "a choice of pages": "<select name=page><option selected>1<option>2<option>3</select>",
        "a summary": "<details><summary>Show more</summary></details>",
        "a count of rows": f"<p>1–{per_page} of {len(rows)}</p>",
        "a count of shown rows": f"<p>Showing {per_page} of {len(rows)} downloads</p>",
        "a count of pages in German": f"<p>Seite 1 von {last}</p>",
        "closed months": '<button aria-expanded="false">October 2026 (6)</button>',
    }  # fmt: skip
    for name, text in controls.items():
        yield f"paging by {name}", [page(only, foot=text)] * 2
        yield f"paging by {name}, and marks that lie", [page(only, foot=lies + text)] * 2
    filters = {
        "a year": "<select><option>All years<option selected>2026<option>2025</select>",
        "a year without all": "<select><option selected>2026<option>2025<option>2024</select>",
        "thirty days": "<select><option selected>Last 30 days<option>Last 12 months</select>",
        "kinds": "<select><option selected>Photos<option>Videos<option>Music</select>",
        "tabs": '<div role=tablist><button role=tab aria-selected=true>Photos</button><button role=tab>Videos</button></div>',  # noqa: E501  # one page
        "tabs with counts": '<button role=tab aria-selected=true>Mine (5)</button><button role=tab>Studio B (7)</button>',  # noqa: E501  # one page
        "an archive": '<button role=tab aria-selected=true>Active</button><button role=tab>Archived</button>',
        "pressed buttons": '<button aria-pressed=false>All</button><button aria-pressed=true>2026</button>',
        "a first day": '<input type=date name=from value="2026-06-01">',
        "a checked box": "<label><input type=checkbox checked> Hide expired licences</label>",
        "a box that is not checked": "<label><input type=checkbox> Show archived</label>",
        "a search": '<input type=search name=q value="walk">',
    }  # fmt: skip
    for name, text in filters.items():
        yield f"filtered by {name}", [page(only, top=text, foot=lies)] * 2
        yield f"filtered by {name}, to nothing", [f"<main>{text}{look.empty}</main>"] * 2
    yield "a page of an error, with status 200", paged({2: "<main><h1>Oops</h1><p>Something went wrong.</p></main>"})
    yield "an error beside the frame of the rows", paged({2: page([], foot="Could not load your downloads.")})
    yield "a sign-in page in the middle", paged({2: "<main><form><input type=password name=password></form></main>"})
    yield "an empty page in the middle", paged({2: f"<main>{look.empty}</main>"})
    yield "an empty page in the middle, and a link", paged({2: f"<main>{look.empty}{link(3)}</main>"})
    yield "a page that comes twice", [paged()[0], *paged()[:1], *paged()[2:]]
    yield "a link that leads back", paged({2: page(parts[1], foot=count(2) + link(1))})
    yield "a link that leads to itself", paged({2: page(parts[1], foot=count(2) + link(2))})
    yield "a link to nowhere", paged({2: page(parts[1], foot=count(2) + '<a rel="next" href="#">Next</a>')})
    yield "a page without a link", paged({2: page(parts[1], foot=count(2))})
    yield "a count that shrinks", paged({2: page(parts[1], foot=count(2, 2))})
    yield "a count that skips", paged({2: page(parts[1], foot=count(3) + link(3))})
    yield "pages that overlap", paged({2: page([only[-1], *parts[1]], foot=count(2) + link(3))})
    yield "hidden rows", [page(only, foot=count(n) + (link(n + 1) if n < last else look.end)).replace("<main>", "<main hidden>")  # noqa: E501  # one page
                          if n == 2 else each for n, each in enumerate(paged(), 1)]  # fmt: skip
    yield (
        "rows in a template",
        paged({2: f"<main>{look.open}<template>{''.join(parts[1])}</template>{look.close}{count(2)}{link(3)}</main>"}),
    )
    older = f"<h2>Older</h2>{look.open}{rows[-1]}{look.close}"
    yield "two lists on a page", [page(rows[:-1], foot=lies + older)] * 2
    yield "rows of another element", [re.sub(r"<(/?)(tr|li)\b", r"<\1div", each) for each in paged()]
    yield "rows in a grid", [re.sub(r"<(/?)(table|ul|tr|li|td)\b", r"<\1section", each) for each in paged()]
    yield "a frame that loads the list", ['<main><iframe src="/user/downloads/frame"></iframe></main>'] * 2
    yield "nothing but a spinner", ['<main><div class="spinner" role="status">Loading…</div></main>'] * 2
    yield "an empty list's words over rows", [page(only, top=look.empty, foot="")] * 2


def of_scripts(rows: Sequence[str], look: Look, per_page: int) -> Iterator[tuple[str, Answers]]:
    """Redesigns whose scripts bring, move or hide rows. They need a real browser."""
    lies = f"{look.count.format(1, 1) if look.count else ''}{look.end}"
    data = json.dumps(list(rows)).replace("</", "<\\/")

    def page(script: str, first: int = per_page, foot: str = lies, style: str = "") -> str:
        return (
            f"<!doctype html><meta charset=utf-8><style>li,tr{{height:15rem;display:block}}{style}</style><main>"
            f"<h1>Downloads</h1>{look.open}{''.join(rows[:first])}{look.close}<p>{foot}</p></main>"
            f"<script>const all={data},box=document.querySelector('table tbody')||document.querySelector('ul');"
            f"const add=(n)=>{{const have=box.querySelectorAll('time').length;"
            f"for(const each of all.slice(have,have+n))box.insertAdjacentHTML('beforeend',each)}};{script}</script>"
        )

    step, grow = per_page, "addEventListener('scroll',()=>setTimeout(()=>add({}),{}))"
    yield "late rows", [page(f"setTimeout(()=>add({len(rows)}),1200)")]
    yield "late rows, and none at first", [page(f"setTimeout(()=>add({len(rows)}),1200)", 0)]
    yield "late rows behind words that say none", [page(f"setTimeout(()=>add({len(rows)}),1200)", 0, look.empty)]
    yield "an endless list without a mark", [page(grow.format(step, 200), foot="")]
    yield "an endless list with a mark too early", [page(grow.format(step, 200))]
    yield "an endless list that stalls", [page(f"let n=0;addEventListener('scroll',()=>n++<1&&add({step}))", foot="")]
    yield "an endless list that stalls, and a mark", [page(
        f"let n=0;addEventListener('scroll',()=>n++<1?add({step}):document.querySelector('p').innerHTML+="
        "'<button>Try again</button><button>Load more</button>')")]  # fmt: skip
    yield "an endless list in a box", [page(
        f"document.querySelector('main div').addEventListener('scroll',()=>setTimeout(()=>add({step}),100))",
        style="main div{height:20rem;overflow:auto}").replace("<main>", "<main><div>").replace("</p>", "</p></div>", 1)]  # fmt: skip  # noqa: E501  # one page
    yield "a virtual list", [page(
        f"const draw=()=>{{const at=Math.min(all.length-{step},Math.floor(scrollY/200));box.innerHTML=all.slice(at,at+{step}).join('')}};"  # noqa: E501  # one page
        "addEventListener('scroll',draw)", style="main{height:6000px}")]  # fmt: skip
    yield "a virtual list that jumps", [page(
        f"addEventListener('scroll',()=>{{box.innerHTML=all.slice(scrollY?-{step}:0).slice(0,{step}).join('')}})",
        style="main{height:6000px}")]  # fmt: skip
    yield (
        "a button that loads more",
        [page("window.more=()=>add(99)", foot=lies + "<button onclick=more()>Load more</button>")],
    )
    yield "a list that empties itself", [page("setTimeout(()=>{box.innerHTML=''},600)")]
    yield "a list that turns into a sign-in", [page(
        "addEventListener('scroll',()=>{document.body.innerHTML='<form><input type=password></form>'})")]  # fmt: skip
