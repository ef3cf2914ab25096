"""Lists whose scripts hide rows or bring them late, in Chromium. The suite plays what stands still."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from archiver.devkit.golden import checking, replayed
from tests.authoring import envato_elements as elements
from tests.authoring import freepik
from tests.authoring.scenario import Facts, Scenario, pdf
from tests.support.hidden_rows import COUNT, HARMLESS, INVENTED, SCRIPTS, Shop, invented_adapter, scripted, shops

SHOPS = {shop.name: shop for shop in shops()}
AT_ONCE = 5


def install(folder: Path) -> None:
    """The invented adapters, as installing their package leaves them."""
    there = folder / "invented_adapters-0.1.0.dist-info"
    there.mkdir()
    (there / "METADATA").write_text("Metadata-Version: 2.1\nName: invented-adapters\nVersion: 0.1.0\n")
    points = [f"{name} = {name}:{''.join(map(str.capitalize, name.split('_')))}\n" for name in INVENTED]
    (there / "entry_points.txt").write_text("[archiver.providers]\n" + "".join(points))
    for name in INVENTED:
        (folder / f"{name}.py").write_text(invented_adapter(name))


def recorded(root: Path, shop: Shop, page: str, name: str) -> Path:
    """A recording of an account that a person signed in, whose list is this page."""
    made = Scenario(shop.name, name, "attended", ["invented"], session={"cookies": [], "origins": []}, root=root)
    made.get(shop.url, page, slug="list")
    for number in range(COUNT):
        if shop.name == "freepik":
            resource = freepik.Resource(number)
            made.get(resource.certificate_url, resource.certificate(), slug="certificate.pdf")
        elif shop.name == "envato_elements":
            item = elements.Item(number)
            made.get(item.certificate_url, item.certificate().encode(), slug="certificate.txt")
        else:
            licence = f"L-{900 - number}"
            paper = pdf([f"Licence {licence}", f"Asset {7000 + number}: Heron", f"Date: 2026-0{9 - number}-11"])
            made.get(f"{shop.url.partition('/licences')[0]}/certificate/{licence}", paper, slug="certificate.pdf")
    made.write()
    return root / shop.name / name


async def outcomes(root: Path, pages: dict[tuple[str, str], str]) -> dict[tuple[str, str], Facts]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, shop: str, page: str) -> Facts:
        async with turns:
            return await replayed(recorded(root, SHOPS[shop], page, f"n{number}"), tools)

    async with checking() as tools:
        found = await asyncio.gather(*(one(number, key[0], page) for number, (key, page) in enumerate(pages.items())))
    return dict(zip(pages, found, strict=True))


@pytest.mark.browser
def test_a_list_that_hides_rows_is_never_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    pages = {(name, kind): scripted(shop, kind) for name, shop in SHOPS.items() for kind in SCRIPTS}
    whole = {(name, kind): shop.page(shop.rows(), HARMLESS[kind]) for name, shop in SHOPS.items() for kind in HARMLESS}
    found = asyncio.run(outcomes(tmp_path / "sites", pages | whole))
    silent = [key for key in pages if found[key]["outcome"] == "complete" and len(found[key]["licences"]) < COUNT]
    refused = [
        (key, found[key]["message"]) for key in whole if found[key]["outcome"] not in ("complete", "read_to_end")
    ]
    assert (silent, refused) == ([], [])
