"""Take every page of the desk: light and dark, wide and narrow, English and German, with data, empty and with faults.

`python docs/desk_screens.py DEMO OUT [LOOK]...`, after `archiver demo --keep DEMO`. OUT gets a folder for each state
and look, such as `error-dark-390-de`, with one PNG for each page and, beside it, contact sheets. Without a LOOK, all
are taken. Look at them one by one. Prints each page that is wider than its window or in which axe finds a fault of any
grade, and exits 1 for one.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from archiver.browsing import chromium

SCHEMES, WIDTHS_PX, LANGUAGES = ("light", "dark"), (1280, 390), ("en", "de")
MAX_HEIGHT_PX = {1280: 1_450, 390: 2_600}  # of one page on a contact sheet
TILE_PX, COLUMNS, PER_SHEET = {1280: 780, 390: 300}, {1280: 2, 390: 5}, {1280: 6, 390: 10}
WAIT_MS = 180_000  # on a slow machine

ALWAYS = (
    "/", "/find", "/find?q=harbour", "/find?q=nothing-has-this-name", "/licences", "/licences?view=table", "/claims",
    "/claims/new", "/accounts", "/accounts/new", "/accounts/new?provider=shutterstock", "/arrivals", "/companion",
    "/unassigned", "/clients/new", "/you", "/access", "/setup", "/audit", "/users", "/tokens", "/no-such-page",
)  # fmt: skip
"""Pages that every home has."""

MANAGED = (
    "/client/{client}", "/client/{client}/manage", "/account/{account}", "/accounts/secret?account={account}",
    "/leaver?person={seat}", "/sources/new?kind=mailbox", "/sources/new?kind=folder", "/licence/{licence}",
    "/claim/{claim}",
)  # fmt: skip
"""Pages of one client, account, licence or claim of the demo."""


@contextmanager
def desk(home: Path, key: Path, *arguments: str) -> Iterator[str]:
    """The desk on a home, as the command serves it; gives the link that opens it."""
    environment = os.environ | {"ARCHIVER_HOME": str(home), "ARCHIVER_KEY_FILE": str(key)}
    command = [sys.executable, "-m", "archiver", "desk", "--no-open", "--port", "0", *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http\S+/enter/\S+", line)))
        finally:
            process.terminate()


def empty_home(folder: Path, key: Path) -> Path:
    """A home as `archiver init` leaves it."""
    home = folder / "empty"
    environment = os.environ | {"ARCHIVER_KEY_FILE": str(key)}
    subprocess.run([sys.executable, "-m", "archiver", "init", str(home), "--replay"], env=environment, check=True)
    return home


def faulty_home(folder: Path, demo: Path) -> Path:
    """A copy of the demo's home in which one archive lost its ledger and one claim cannot be read."""
    shutil.copyfile(demo / "tsa-root.pem", folder / "tsa-root.pem")
    home = shutil.copytree(demo / "home", folder / "faulty")
    next((home / "archive").glob("*/ledger/ledger.jsonl")).write_bytes(b"not a ledger\n")
    next((home / "work").glob("*/claim.*")).write_text("{", "utf-8")
    return home


def names(demo: Path) -> dict[str, str]:
    """What the addresses of `MANAGED` name."""
    licence = next((demo / "home/archive/acme/evidence/licences").glob("*/*/*_shutterstock_*"))
    claim = next(each.name for each in (demo / "home/work").iterdir() if each.is_dir())
    return {
        "client": "acme", "account": "acme-shutterstock", "seat": "grace.example", "licence": f"acme/{licence.name}",
        "claim": claim,
    }  # fmt: skip


def visit_flows(page: Page, base: str, demo: Path) -> list[str]:
    """The addresses that only a form leads to: a picture found, files that arrived, licences chosen."""
    found = []
    page.goto(f"{base}/find")
    page.set_input_files("#file", demo / "letter-picture.jpg")
    page.locator("form[data-drop] button").click()
    page.locator(".findings li").first.wait_for(timeout=WAIT_MS)
    found.append(page.url)
    page.goto(f"{base}/arrivals")
    files = [demo / "letter.pdf", demo / "letter-picture.jpg", demo / "proof.zip"]
    page.locator("main input[type=file]").set_input_files(files)
    page.locator("main form[enctype] button").first.click()
    page.wait_for_url(re.compile("/arrivals/."), timeout=WAIT_MS)
    found.append(page.url)
    page.goto(f"{base}/licences?view=table")
    for box in page.locator("main input[type=checkbox]").all()[:3]:
        box.check()
    if (
        choose := page.locator("form[action='/licences/choose'] button, button[formaction='/licences/choose']")
    ).count():
        choose.first.click()
        page.wait_for_url(re.compile("/licences/chosen/"), timeout=WAIT_MS)
        found.append(page.url)
    return [address.removeprefix(base) for address in found]


def take(
    browser: Browser, state: str, link: str, places: list[str], demo: Path, out: Path, wanted: list[str]
) -> Iterator[str]:
    """All pages of one desk, in every look that is wanted. Yields each fault."""
    base = link.partition("/enter/")[0]
    first = browser.new_context(locale="en-GB")
    first.set_default_timeout(WAIT_MS)
    opening = first.new_page()
    opening.goto(link)
    opening.wait_for_url(f"{base}/")
    flows = visit_flows(opening, base, demo) if state == "data" else []
    cookies = first.cookies()
    for scheme, width, language in itertools.product(SCHEMES, WIDTHS_PX, LANGUAGES):
        look = f"{state}-{scheme}-{width}-{language}"
        if wanted and look not in wanted:
            continue
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language)  # type: ignore[arg-type]  # one of the two schemes
        context.set_default_timeout(WAIT_MS)
        context.add_cookies(cookies)  # type: ignore[arg-type]  # as Playwright gave them
        page, shots = context.new_page(), []
        for number, place in enumerate([*places, *flows]):
            page.goto(base + place)
            page.wait_for_load_state("networkidle")
            shot = out / look / f"{number:02}.png"
            shot.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=shot, full_page=True)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                yield f"{look} {place}: wider than the window"
            for each in Axe().run(page).response["violations"]:
                yield f"{look} {place}: {each['id']} ({each['impact']}): {each['nodes'][0]['html'][:160]}"
            shots.append((f"{number:02} {place}", shot))
        for first, group in enumerate(itertools.batched(shots, PER_SHEET[width])):
            sheet(list(group), TILE_PX[width], COLUMNS[width], out / f"{look}-{first}.png")
        context.close()


def sheet(shots: list[tuple[str, Path]], tile_px: int, columns: int, out: Path) -> None:
    """Many pages on one picture, each with its address above it."""
    tiles = []
    for title, path in shots:
        with Image.open(path) as shot:
            whole = shot.convert("RGB").crop((0, 0, shot.width, min(shot.height, MAX_HEIGHT_PX[shot.width])))
            small = whole.resize((tile_px, round(whole.height * tile_px / whole.width)), Image.Resampling.LANCZOS)
            tiles.append((title, small))
    heights = [0] * columns
    places = []
    for _, small in tiles:
        column = heights.index(min(heights))
        places.append((column * (tile_px + 12), heights[column]))
        heights[column] += small.height + 32
    made = Image.new("RGB", (columns * (tile_px + 12), max(heights)), "#888")
    for (title, small), (x, y) in zip(tiles, places, strict=True):
        ImageDraw.Draw(made).text((x + 4, y + 4), title[:90], fill="#fff")
        made.paste(small, (x, y + 20))
    made.save(out)


def main(demo: Path, out: Path, *wanted: str) -> int:
    """Take the pages of three homes: the demo's, an empty one and one with faults. Returns the number of faults."""
    faults = 0
    demo, key = demo.resolve(), (demo / "vault.key").resolve()
    named = [place.format(**names(demo)) for place in MANAGED]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        homes = {"data": (demo / "home", [*ALWAYS, *named]), "empty": (empty_home(Path(folder), key), [*ALWAYS]),
                 "error": (faulty_home(Path(folder), demo), [*ALWAYS, *named])}  # fmt: skip
        found = chromium.usable()
        browser = playwright.chromium.launch(executable_path=found.path, chromium_sandbox=chromium.sandboxed())
        for state, (home, places) in homes.items():
            if wanted and not any(look.startswith(f"{state}-") for look in wanted):
                continue
            with desk(home, key) as link:
                for fault in take(browser, state, link, places, demo, out, list(wanted)):
                    faults += 1
                    print(fault, flush=True)
            print(f"{state}: {out}/{state}-*.png")
    return faults


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]) > 0)
