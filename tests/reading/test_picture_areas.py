"""The pictures on a page are found where they lie; text, and a picture that fills the page, are none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from archiver.claims.letter_reader import parse_letter
from archiver.reading.fingerprint import decode, distance, fingerprint
from archiver.reading.picture_areas import picture_areas
from archiver.reading.worker import DocumentReader
from tests.benchmarks.edits import encoded, fit
from tests.support.pictures import scene


def page(paper: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    """A page of nothing but text."""
    image = Image.new("RGB", (1240, 1754), paper)
    draw = ImageDraw.Draw(image)
    for top in range(80, 1700, 30):
        size = 44 if top % 300 == 80 else 20
        draw.text((90, top), "small print that goes on and on " * 3, (40, 40, 40), ImageFont.load_default(size))
    return image


@settings(max_examples=5, deadline=None)
@given(
    left=st.integers(0, 800), top=st.integers(0, 1300), width=st.integers(200, 420), seed=st.integers(0, 9),
    paper=st.sampled_from([(255, 255, 255), (238, 236, 230), (32, 33, 36)]), quality=st.integers(60, 95),
)  # fmt: skip
def test_a_picture_is_found_where_it_lies(
    left: int, top: int, width: int, seed: int, paper: tuple[int, int, int], quality: int
) -> None:
    sheet, shown = page(paper), fit(scene(seed), width)
    sheet.paste(paper, (left - 20, top - 20, left + shown.width + 20, top + shown.height + 20))
    sheet.paste(shown, (left, top))
    box = left, top, left + shown.width, top + shown.height
    found = picture_areas(decode(encoded(sheet, quality=quality)).image)
    assert any(max(abs(one - other) for one, other in zip(box, each, strict=True)) <= 12 for each in found), found


@pytest.mark.parametrize("seed", [4, 6])
def test_a_picture_is_found_on_a_grainy_scan(seed: int) -> None:
    sheet, shown = page((232, 232, 232)), fit(scene(seed), 420).convert("L").convert("RGB")
    box = 90, 300, 90 + shown.width, 300 + shown.height
    sheet.paste((232, 232, 232), (50, 260, 1240, box[3] + 40))
    sheet.paste(shown, box[:2])
    grain = np.random.default_rng(seed).normal(0, 9, (sheet.height, sheet.width, 1))
    scan = Image.fromarray((np.asarray(sheet, float) + grain).clip(0, 255).astype(np.uint8))
    found = picture_areas(decode(encoded(scan, quality=65)).image)
    assert any(max(abs(one - other) for one, other in zip(box, each, strict=True)) <= 12 for each in found), found


def test_text_alone_and_a_picture_that_fills_everything_have_no_areas() -> None:
    for image in (
        page(),
        page((240, 238, 232)),
        scene(1),
        Image.new("RGB", (900, 900), "teal"),
        scene(2).resize((9, 9)),
    ):
        assert picture_areas(image) == []


def test_the_picture_on_a_scanned_letter_is_taken_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet, out = page((244, 243, 240)), io.BytesIO()
    sheet.paste((244, 243, 240), (300, 480, 960, 960))
    sheet.paste(fit(scene(4), 600), (330, 510))
    sheet.save(out, "PDF", resolution=150)
    monkeypatch.setattr("shutil.which", lambda _: None)  # its text is for another test
    with DocumentReader(workers=1) as reader:
        [found] = parse_letter(out.getvalue(), reader).pictures
        assert reader.pictures_of_scan(b"no picture") == []
    assert distance(fingerprint(decode(found)).hash, fingerprint(decode(encoded(scene(4)))).hash) <= 31
