"""How long a download takes to be secured, and how much of that is the desk's.

`python tests/benchmarks/companion_speed.py` prints the median seconds from "download complete" to "secured" with a desk
on this machine, beside those of the same captures sent to the desk without a browser, and their ratio.
"""

from __future__ import annotations

import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from statistics import median
from types import ModuleType

from playwright.sync_api import sync_playwright

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from tests.collect.companion.test_extension import CERTIFICATES, site  # noqa: E402  # as above
from tests.support.companion_kit import SHOP, capture, companion_desk, document  # noqa: E402  # as above
from tests.support.extension_kit import FREEPIK, companion, shop  # noqa: E402  # as above


def main(asked: Namespace) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="companion-speed-") as name,
        sync_playwright() as playwright,
        companion_desk(Path(name) / "agency") as desk,
        shop(site) as platform,
    ):
        sender, assets = desk.browser(), list(CERTIFICATES)
        direct = []
        for asset in assets[: asked.count]:
            about = capture(asset=str(asset), documents=[document(url=f"{SHOP}/profile/license/pdf/{asset}")])
            began = time.perf_counter()
            sender.send(about, page_html=b"<p>Walk", document_01_pdf=CERTIFICATES[asset].pdf()).raise_for_status()
            direct.append(time.perf_counter() - began)
        with companion(playwright, Path(name), platform, (FREEPIK,)) as browser:
            browser.pair(desk.base, desk.owner.code())
            browser.wish("choose", host=FREEPIK, client="acme", job="")
            page = browser.context.new_page()
            for number, asset in enumerate(assets[asked.count : 2 * asked.count], 1):
                page.goto(f"https://{FREEPIK}/photo/walk_{asset}.htm")
                with page.expect_download():
                    page.click("#link")
                browser.secured(number)
            took = [each["took"] / 1000 for each in browser.wish("state")["history"]]
    print(f"secured after the download: median {median(took):.2f} s, highest {max(took):.2f} s, of {len(took)}")
    print(
        f"the same captures without a browser: median {median(direct):.2f} s; ratio {median(took) / median(direct):.2f}"
    )


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    main(asked(__doc__, count=(15, 2)))
