"""Take the picture of the README, docs/desk/demo.png: the desk shows which licence the demo's letter is about.

`make desk-pictures` runs it after the demo. Give it the folder in which the demo left its files.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from archiver.browsing import chromium

OUT = Path(__file__).parent / "desk" / "demo.png"
SIZE_PX = (1120, 870)
COLOURS = 200
PICTURE_TIMEOUT_MS = 60_000  # to look for the picture in all archives


def take(demo: Path, link: str) -> bytes:
    """The page of the desk behind `link` that finds the picture of the demo's letter, as PNG."""
    found = chromium.usable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.path, chromium_sandbox=chromium.sandboxed())
        page = browser.new_page(viewport={"width": SIZE_PX[0], "height": SIZE_PX[1]})
        page.goto(link)
        page.get_by_role("link", name="Find", exact=True).click()
        page.set_input_files("#file", demo / "letter-picture.jpg")
        page.locator("form[data-drop] button").click()
        page.locator(".findings li").first.wait_for(timeout=PICTURE_TIMEOUT_MS)  # the verdict comes after the page
        page.mouse.move(0, 0)
        page.wait_for_load_state("networkidle")
        return page.screenshot()


def main(demo: Path) -> None:
    """Open the desk on the demo's home, take the picture and close the desk."""
    environment = os.environ | {"ARCHIVER_HOME": str(demo / "home"), "ARCHIVER_KEY_FILE": str(demo / "vault.key")}
    command = [sys.executable, "-m", "archiver", "desk", "--no-open"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as desk:
        assert desk.stdout
        try:
            link = next(found[0] for line in desk.stdout if (found := re.search(r"http\S+", line)))
            with Image.open(io.BytesIO(take(demo, link))) as shot:
                shot.convert("RGB").quantize(COLOURS).save(OUT, optimize=True)
        finally:
            desk.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
