"""Redesigned sites that no adapter has seen are never complete with a licence missing: `tests.support.redesigns`.

The suite plays all static pages to the adapters of web sites, and some answers to each adapter of an interface. The
scripted pages run in Chromium: one in the suite, all by `make soak-long`, as do all answers.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from archiver.collect.history_cursor import Tally
from archiver.core.errors import ArchiverError, LayoutChanged
from archiver.core.model import Asset, Licence
from archiver.devkit.example.acme_stock_web import AcmeStockSite
from archiver.provider import Page, Provider, Request, Response, load
from archiver.provider.paging import ListEnd, PageSource, Turn, pages
from tests.providers.test_lists import Pages
from tests.providers.test_mutations import DATES, ends_honestly, exchanges, shown
from tests.providers.test_scenarios import SITES, Nights, Play, Site, play, stage  # noqa: F401  # fixtures
from tests.support.redesigns import Answers, Look, of_interface, of_scripts, of_site

SAMPLE = 2  # redesigns of each interface in the suite
PER_PAGE = 4
LOOKS = {
    "freepik": Look(
        "<table><tr><th>Resource</th></tr>", "</table>",
        lambda n: f"https://www.freepik.com/user/downloads?page={n}&type=regular", "Page {} of {} ", "",
        "<p>You have no downloads yet</p>",
    ),
    "envato_elements": Look(
        '<ul id="downloads">', "</ul>", lambda n: f"https://elements.envato.com/account/downloads?page={n}", "",
        "<p>You've reached the end</p>", '<p data-testid="empty-state">Nothing yet</p>',
    ),
    "acme_stock": Look(
        '<table id="licences"><tr><th>Asset</th></tr>', "</table>",
        lambda n: f"https://www.acme-stock.example/licences?page={n}", "Page {} of {} ", "",
        '<p id="no-licences">None</p>',
    ),
}  # fmt: skip


def rows_of(name: str) -> list[str]:
    if name == "acme_stock":
        return [
            f'<tr data-licence="L{n}"><td><a class="asset" href="/asset/{n}">Picture</a></td><td class="kind">standard'
            f'</td><td><time datetime="2026-01-{n:02}">then</time></td></tr>'
            for n in range(1, 3 * PER_PAGE)
        ]  # fmt: skip
    found: list[str] = SITES[name].numbered(3 * PER_PAGE - 1)
    return found


def adapter_of(name: str) -> Provider[Any]:
    return AcmeStockSite() if name == "acme_stock" else load(name)()


class Screen(Pages):
    """A browser that shows a redesigned site, counts its visits, and refuses what the adapter's rules do."""

    def __init__(self, provider: Provider[Any], answers: Answers) -> None:
        super().__init__(answers[0], **{f"page{n}": each for n, each in enumerate(answers, 1)})
        self.behind, self._rules, self.visits = answers[-1], provider.info.rules, 0

    async def goto(self, url: str) -> Response:
        self.visits += 1
        assert self.visits < 50, "it goes round in circles"
        assert self._rules.permit(Request("GET", url.partition("#")[0])), url
        return await super().goto(url)


async def read(adapter: Provider[Any], session: Any) -> Tally:
    source = PageSource.of(adapter.history(session)[0].pages)
    tally = Tally("list")
    async for page in source:
        [*tally.reading.rows(page)]
    tally.reading.end, tally.reading.full, tally.reading.beside = source.end, source.end is not None, source.beside
    return tally


@pytest.mark.parametrize("name", LOOKS)
def test_a_redesigned_site_is_never_complete_with_a_licence_missing(name: str) -> None:
    rows, honest, silent = rows_of(name), list[str](), list[str]()
    for redesign, answers in of_site(rows, LOOKS[name], PER_PAGE):
        adapter = adapter_of(name)
        try:
            tally = asyncio.run(read(adapter, Screen(adapter, answers)))
        except LayoutChanged as error:
            assert error.page and len(error.detail) > 20, redesign
            honest.append(redesign)
            continue
        except ArchiverError as error:
            assert len(error.detail) > 20, redesign
            continue
        if tally.reading.full and tally.agrees and tally.reading.seen < len(rows):
            ends = f"{redesign}: {tally.reading.seen} of {len(rows)}, {tally.reading.end}"
            (silent if tally.standing.ground else honest).append(ends)
    assert not silent and len(honest) > 50


def interface(site: Site) -> list[tuple[str, Answers]]:
    return [*of_interface(shown(site), site.rows, site.total, DATES[site.provider])]


def sampled() -> Iterator[Any]:
    for site in SITES.values():
        if not site.browser:
            chosen = random.Random(f"redesigned {site.provider}").sample(interface(site), SAMPLE)
            yield from (pytest.param(site.provider, answers, id=f"{site.provider}: {name}") for name, answers in chosen)


@pytest.mark.parametrize(("provider", "answers"), [*sampled()])
def test_a_redesigned_interface_is_never_complete_with_a_licence_missing(
    provider: str,
    answers: Answers,
    play: Play,  # noqa: F811  # the fixture
) -> None:
    ends_honestly(SITES[provider], answers, play(provider))


def scripted(name: str) -> list[tuple[str, Answers]]:
    return [*of_scripts(rows_of(name), LOOKS[name], PER_PAGE)]


def ends_honestly_in_chromium(name: str, answers: Answers, nights: Nights) -> None:
    result = nights.run(exchanges(SITES[name], answers), dry=True, foreseen=False)
    if result.outcome.value == "complete":
        assert result.listed == len(rows_of(name)), result
    else:
        assert len(result.message) > 30 and result.error != "AdapterBroken", result


@pytest.mark.long  # rows that are hidden: test_hidden_rows.py
@pytest.mark.browser
def test_rows_that_a_script_brings_late_are_read(play: Play) -> None:  # noqa: F811  # the fixture
    answers = dict(scripted("freepik"))["late rows"]
    result = play("freepik").run(exchanges(SITES["freepik"], answers), dry=True, foreseen=False)
    assert (result.outcome.value, result.listed) == ("complete", len(rows_of("freepik"))), result


# ---------------------------------------------------------------- cursors


class Cursors:
    """An interface whose pages name the next one: `links` says which page each one names."""

    def __init__(
        self, links: Mapping[str | None, str | None], rows: Mapping[str | None, Sequence[int]], **more: Any
    ) -> None:
        self._links, self._rows, self._more, self.asked = links, rows, more, 0

    async def ask(self, turn: Turn) -> Any:
        self.asked += 1
        assert self.asked < 100, "it goes round in circles"
        body = {"rows": self._rows.get(turn.cursor, ()), "next": self._links.get(turn.cursor), **self._more}

        class Answer:
            url, content = "https://api.example/list", b""
            headers: ClassVar[Mapping[str, str]] = {}

            def json(self) -> Any:
                return body

        return Answer()

    def pages(self) -> AsyncIterator[Page]:
        def page(body: Any) -> Page:
            licences = [Licence(asset=Asset(provider="x", asset_id=str(n)), licence_id=str(n)) for n in body["rows"]]
            return Page(licences, total=body.get("total"))

        return pages(self.ask, page, cursor="next")


@pytest.mark.parametrize(
    ("cursors", "listed", "end"),
    [
        (Cursors({None: "a", "a": "b"}, {None: [1], "a": [2], "b": [3]}), 3, ListEnd.CURSOR),
        (Cursors({None: "a", "a": "b"}, {None: [1], "a": [], "b": [3]}), 2, ListEnd.CURSOR),
        (Cursors({None: "a", "a": "b", "b": "a"}, {None: [1]}), 1, None),
        (Cursors({None: "a", "a": "b", "b": "c", "c": "a"}, {None: [1], "a": [2], "b": [3], "c": [4]}), 4, None),
        (Cursors({None: "0", **{str(n): str(n + 1) for n in range(200)}}, {None: [1]}), 1, None),
        (Cursors({None: "a"}, {None: [1], "a": [2]}, total=1), 2, ListEnd.TOTAL),
        (Cursors({}, {None: [1]}, has_more=True), 1, None),
    ],
    ids=["a chain", "an empty page on the way", "a loop of empty pages", "a loop", "empty for ever", "total too small",
         "more, without a cursor"],
)  # fmt: skip
def test_cursors_that_lead_in_circles_end(cursors: Cursors, listed: int, end: ListEnd | None) -> None:
    source, found = PageSource.of(cursors.pages()), 0

    async def walk() -> None:
        nonlocal found
        async for page in source:
            found += len(page.licences)

    if end is None:
        with pytest.raises(LayoutChanged):
            asyncio.run(walk())
    else:
        asyncio.run(walk())
    assert (found, source.end) == (listed, end)
