"""Print our own pages to PDF with Chromium, without network access."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.browsing.chromium import child_environment, launch, playwright_driver, run_apart, usable

MIN_FONT_RATIO = 0.62  # the largest scale for an element `.one-page` that does not fit its page

FIT = """(smallest) => [...document.querySelectorAll('.one-page')].map((page) => {
  let size = 1;
  const fits = () => page.scrollHeight <= page.clientHeight + 1 && page.scrollWidth <= page.clientWidth + 1;
  for (; !fits() && size > smallest; size -= 0.02) page.style.setProperty('--size', size);
  return fits();
})"""


def print_pages(pages: Sequence[str]) -> list[bytes]:
    """Print each HTML page as a PDF. In an element `.one-page`, letters shrink (`--size`) until it fits its height.

    Raises BrowserMissing if no Chromium starts. It has its own event loop, so it may be called within a running one.
    """
    return run_apart(_print(pages))


async def _print(pages: Sequence[str]) -> list[bytes]:
    executable = usable().path
    async with playwright_driver(child_environment()) as playwright:
        browser = await launch(playwright, executable)
        context = await browser.new_context(offline=True, viewport={"width": 794, "height": 1123})  # A4
        printed = []
        for html in pages:
            page = await context.new_page()
            await page.emulate_media(media="print")
            await page.set_content(html)
            await page.evaluate("document.fonts.ready")
            await page.evaluate(FIT, MIN_FONT_RATIO)
            printed.append(await page.pdf(prefer_css_page_size=True, print_background=True))
            await page.close()
        await browser.close()
        return printed
