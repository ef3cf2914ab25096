"""Where a date, a licensee and an item come from is said from what the archive records, in every output."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.support.desk_in_process import desk_on
from tests.support.homes import QUICK, begun
from tests.support.pack_kit import unpacked

PAPER = "Lumen Photos Ltd\nThank you for your order. You may use our picture.\nPicture HARBOUR-4711\n3 June 2024\n"
TYPED = {"--item": "QUAY-9", "--licensed-on": "2023-05-03", "--licensee": "Gamma Works Ltd"}


@pytest.mark.browser
def test_what_a_person_typed_is_never_called_the_platform_s_and_the_paper_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = begun(tmp_path)
    (tmp_path / "paper.txt").write_text(PAPER)
    words = ("--client", "acme", "--seller", "lumen.example", "--by", "Ada Example", "--yes")
    typed = [word for pair in TYPED.items() for word in pair]
    [file] = home.json("import", tmp_path / "paper.txt", *words, *typed)["files"]
    for doubt in ("the paper says 2024-06-03", "does not name the licensee Gamma", "does not name the item QUAY-9"):
        assert doubt in file["message"], "who typed it is told"
    name = file["licence"]
    home("proof", name, "--out", tmp_path / "proof.zip")
    pages = {"proof.pdf": " ".join(page.extract_text() for page in PdfReader(tmp_path / "proof.pdf").pages)}
    pages["show"] = home("show", name).stdout
    bag = unpacked(tmp_path / "proof.zip", tmp_path / "bag")
    pages["dates sheet"] = next(bag.rglob("dates-by-us.txt")).read_text("utf-8")
    with desk_on(home, monkeypatch) as desk:
        page = desk.person().get(f"/licence/{name}").text
        pages["licence page"] = re.sub(r"<[^>]*>", "", page)
    for place, text in pages.items():
        said = " ".join(text.split())
        assert re.search(r"(Ada Example stated this date on|stated by Ada Example on)", said), place
        assert re.search(r"says 3 June 2024|says 2024-06-03", said), place
        assert "the platform's data" not in said and "as the platform states" not in said, place
    for place in ("proof.pdf", "show", "licence page"):
        said = " ".join(pages[place].split())
        assert len(re.findall(r"stated by Ada Example", said)) >= 2, f"licensee and item on {place}"


def test_what_the_platform_gave_is_the_platform_s(tmp_path: Path) -> None:
    home = begun(tmp_path)
    home.account("acme-shutterstock", "shutterstock")
    home("run", "--replay", QUICK)
    name = home.json("find", "--client", "acme", "--limit", "1")[0]["licence"]
    origins = {field: each["origin"] for field, each in home.json("show", name)["stated"].items()}
    assert set(origins.values()) == {"platform"} and {"licensed_at", "licensee", "asset_id"} <= set(origins)
