"""A list that a redesign changed is never read as complete with a licence missing: `tests.support.mutations`.

Every adapter of an interface is played each mutation by the real run; those of web pages in the pages alone, and in
Chromium by `make soak-long`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from archiver.collect.history_cursor import Tally
from archiver.core.errors import LayoutChanged
from archiver.core.model import Outcome
from archiver.provider import load
from archiver.provider.paging import PageSource
from tests.providers.test_lists import Pages
from tests.providers.test_scenarios import SITES, Nights, Play, Site, chunks, play, stage  # noqa: F401  # fixtures
from tests.support.mutations import HIDDEN, Mutation, of_answers, of_pages

DATES = {
    "shutterstock": ["download_time"], "adobe_stock": ["license_date"], "getty_images": ["date_downloaded"],
    "istock": ["date_downloaded"], "envato_market": ["sold_at"], "depositphotos": ["purchaseDate"],
    "depositphotos_enterprise": ["datetime"],
}  # fmt: skip
TOTALS = {site.provider: site.total for site in SITES.values()}
AS_THEY_ARE: Mutation = list
SAMPLE = 3  # mutations of each interface in the suite; `make soak-long` plays all


def answers(site: Site) -> list[tuple[str, Mutation]]:
    found = of_answers(site.rows, site.total, site.ids, DATES[site.provider])
    return [each for each in found if site.total or each[0] not in HIDDEN]


def web(site: Site) -> list[tuple[str, Mutation]]:
    row, sign = site.ids[0], {"freepik": r"<td><a.*?</a>", "envato_elements": r' data-item-id="[^"]*"'}
    return [each for each in of_pages(row, r'datetime="[^"]*"', sign[site.provider]) if each[0] not in HIDDEN]


def rows_of(site: Site, pages: int = 3) -> list[Any]:
    return site.numbered((pages - 1) * site.per_page + max(2, site.per_page // 2))


def shown(site: Site) -> list[Any]:
    """The pages of a list of three, as the site shows them today."""
    parts = chunks(rows_of(site), site.per_page)
    return [
        site.page(rows, sum(map(len, parts)), number, len(parts))["text" if site.browser else "json"]
        for number, rows in enumerate(parts, 1)
    ]


def exchanges(site: Site, pages: Sequence[Any]) -> list[dict[str, Any]]:
    """The site with these pages; whatever is asked for behind them is answered by the last one."""
    parts = chunks(rows_of(site), site.per_page)
    found = site.reading([*parts, *[[]] * 8])
    for number, exchange in enumerate(found):
        page = pages[min(number, len(pages) - 1)]
        old = {name: value for name, value in exchange["response"].items() if name not in ("json", "text")}
        if number >= len(pages) and not site.browser and isinstance(page, dict) and site.rows in page:
            page = {**page, site.rows: []} if site.provider != "envato_market" else {"count": 0, site.rows: []}
        exchange["response"] = {**old, "text" if isinstance(page, str) else "json": page, "status": 200}
        exchange["repeat"] = 9
    return found


def ends_honestly(site: Site, pages: Sequence[Any], nights: Nights) -> bool:
    """Play it. Whether the account was complete; a complete one lists all, and another says what is missing."""
    result = nights.run(exchanges(site, pages), dry=True, foreseen=False)
    if result.outcome is Outcome.COMPLETE:
        assert result.listed == len(rows_of(site)), result
        return True
    assert len(result.message) > 30 and (result.error is None or result.error != "AdapterBroken"), result
    return False


def sampled() -> Iterator[Any]:
    for site in SITES.values():
        if not site.browser:
            found = answers(site)
            yield from (
                pytest.param(site.provider, mutation, id=f"{site.provider}: {name}")
                for name, mutation in random.Random(site.provider).sample(found, SAMPLE)
            )


@pytest.mark.parametrize(("provider", "mutation"), [*sampled()])
def test_an_interface_that_changed_is_never_complete_with_a_licence_missing(
    provider: str,
    mutation: Mutation,
    play: Play,  # noqa: F811  # the fixture
) -> None:
    ends_honestly(SITES[provider], mutation(shown(SITES[provider])), play(provider))


@pytest.mark.parametrize("provider", [site.provider for site in SITES.values() if site.browser])
def test_web_pages_that_changed_are_never_complete_with_a_licence_missing(provider: str) -> None:
    site, complete = SITES[provider], []
    for name, mutation in [("as they are", AS_THEY_ARE), *web(site)]:
        pages = mutation(shown(site))
        session = Pages(pages[0], **{f"page{number}": page for number, page in enumerate(pages, 1)})
        session.behind = pages[-1]
        adapter = load(provider)()

        async def read(adapter: Any = adapter, session: Any = session) -> Tally:
            source = PageSource.of(adapter.history(session)[0].pages)
            tally = Tally("downloads")
            async for page in source:
                [*tally.reading.rows(page)]
            tally.reading.full = source.end is not None
            return tally

        try:
            tally = asyncio.run(read())
        except LayoutChanged as error:
            assert error.page and len(error.detail) > 20, name
            continue
        if tally.reading.full and tally.agrees:
            assert tally.reading.seen == len(rows_of(site)), name
            complete.append(name)
    assert complete[0] == "as they are" and len(complete) < 8, complete
