"""Pages of a desk in a real browser: what a person would see, and what the browser itself holds wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page
from playwright.sync_api import Response as Answer

from tests.journeys.reached import note, route_of
from tests.journeys.visitor import PATIENCE_S, Desk, Visitor

PARTS_CAME = "(many) => performance.getEntries().filter((each) => each.initiatorType === 'fetch').length >= many"
"""Whether those parts of a page are there which come after it."""


@contextmanager
def window(browser: Browser, visitor: Visitor, language: str = "en") -> Iterator[Page]:
    """A window of the browser for somebody who is signed in; at its end, nothing went wrong in it."""
    context = browser.new_context(
        base_url=str(visitor.http.base_url), locale=language, extra_http_headers={"accept-language": language}
    )
    base = str(visitor.http.base_url).rstrip("/")
    for each in visitor.http.cookies.jar:
        context.add_cookies([{"name": each.name, "value": each.value or "", "url": base}])
    context.set_default_timeout(PATIENCE_S * 1000)
    page, faults = context.new_page(), list[str]()
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))

    def answered(got: Answer) -> None:
        if got.status < 400 and (route := route_of(got.request.method, got.url.removeprefix(base).partition("?")[0])):
            note(route)

    page.on("response", answered)
    try:
        yield page
    finally:
        context.close()
    assert not faults, "\n".join(faults)


def look_at(browser: Browser, desk: Desk, visitor: Visitor, addresses: Iterable[str], language: str) -> None:
    """Open these addresses in a browser: each is a page in the visitor's language."""
    with window(browser, visitor, language) as page:
        for each in addresses:
            answer = page.goto(each, wait_until="load")
            assert answer and answer.status == 200, f"{visitor.who}: {each}: {answer and answer.status}"
            parts = page.locator("[data-part]").count()
            page.wait_for_function(PARTS_CAME, arg=parts)
            assert page.locator("html").get_attribute("lang") == language, each
