"""Pictures of the archive are found again after what sites do to them, and others are not taken for them."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from archiver.catalogue.embedding import Embedder, installed
from archiver.catalogue.index import Catalogue
from archiver.catalogue.matcher import Matcher, _Answers, sheet
from archiver.catalogue.matching import Match, Word, laid_beside, match, windows
from archiver.catalogue.overlay import compare, grey
from archiver.catalogue.picture_index import VectorFile, loader
from archiver.core.errors import ConfigError, MachineRefused, UnreadablePicture
from archiver.core.model import Asset, Document, DocumentKind, Licence
from archiver.reading.fingerprint import decode
from archiver.reading.worker import DocumentReader
from tests.benchmarks.edits import EDITS, encoded, fit, watermarked
from tests.support.agency import MODEL
from tests.support.catalogue_kit import Acme, files
from tests.support.pictures import SIZE, scene
from tests.support.quick_model import quick_model


def moved(image: Image.Image) -> Image.Image:
    """The next frame: what is in front has moved against what is behind."""
    front = image.crop((200, 150, 700, 550))
    image = image.copy()
    image.paste(front, (214, 150))
    return image


def archived(acme: Acme, pictures: dict[str, bytes], provider: str = "shutterstock") -> None:
    licences = [
        Licence(asset=Asset(provider=provider, asset_id=name), licence_id=f"{provider}-{name}") for name in pictures
    ]
    contents = [
        files(
            licence,
            Document(name="preview.jpg", kind=DocumentKind.PREVIEW, content=content, media_type="image/jpeg"),
        )
        for licence, content in zip(licences, pictures.values(), strict=True)
    ]
    acme.add(*contents, licences=tuple(licences))
    acme.catch_up()


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader(workers=2) as reader:
        yield reader


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture(scope="module")
def quick() -> Embedder:
    """For what is judged of candidates, however they were found."""
    return Embedder(quick_model(MODEL))


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory, reader: DocumentReader) -> Iterator[Acme]:
    """The archive of six scenes; not to be changed."""
    with six_scenes(tmp_path_factory.mktemp("six"), reader) as acme:
        yield acme


@pytest.fixture(scope="module")
def quick_six(tmp_path_factory: pytest.TempPathFactory, reader: DocumentReader) -> Iterator[Acme]:
    """Another such archive, since each has the vectors of one model."""
    with six_scenes(tmp_path_factory.mktemp("quick"), reader) as acme:
        yield acme


@contextmanager
def six_scenes(folder: Path, reader: DocumentReader) -> Iterator[Acme]:
    with Catalogue(folder / "state" / "acme.sqlite") as catalogue:
        acme = Acme(folder, reader, catalogue)
        archived(acme, {str(seed): encoded(fit(scene(seed), 512)) for seed in range(6)})
        yield acme


def find(acme: Acme, content: bytes, embedder: Embedder | None = None) -> list[tuple[str, str]]:
    """Asset ids and words."""
    return [(each.picture.asset.partition(":")[2], each.word.value) for each in matches(acme, content, embedder)]


def matches(acme: Acme, content: bytes, embedder: Embedder | None = None) -> list[Match]:
    if embedder:
        acme.catalogue.embed(acme.archive, embedder, lambda *_: None)
    load = loader({"acme": acme.archive})
    return match(decode(content), [acme.catalogue.pictures()], load, embedder)


def edited(name: str, seed: int) -> bytes:
    return EDITS[name](scene(seed), Random(name), [])


def test_the_hash_alone_finds_what_was_not_cut(six: Acme) -> None:
    for name in ("resize 600", "thumbnail 200", "webp 800", "stretch", "grey", "mirror"):
        [found] = matches(six, edited(name, 3))
        assert (found.picture.asset, found.word, found.step) == ("shutterstock:3", Word.SAME, "hash"), name
        with Image.open(io.BytesIO(found.side_by_side())) as shown:
            pixels = np.asarray(shown.convert("L"), float)
        left, right = pixels[:300, :480], pixels[:300, 492:]
        assert np.corrcoef(left.ravel(), right.ravel())[0, 1] > 0.9, name
    assert find(six, edited("resize 600", 50)) == find(six, edited("crop 70", 3)) == []
    assert find(six, encoded(Image.new("RGB", SIZE, "teal"))) == []


@pytest.mark.parametrize(  # darkened ones: below
    "name", ["mirror crop text", *(pytest.param(name, marks=pytest.mark.long) for name in ("crop 40", "screenshot"))]
)
def test_cut_covered_and_framed_pictures_are_found(six: Acme, embedder: Embedder, name: str) -> None:
    found = matches(six, edited(name, 5), embedder)[0]
    assert found.picture.asset == "shutterstock:5" and found.word is not Word.POSSIBLE
    assert found.step == "alignment" and found.transform is not None
    assert all(word == "possible" for _, word in find(six, edited("crop 70", 50), embedder))


def page_with(places: dict[int, tuple[int, int, int]]) -> Image.Image:
    """A page of text with scenes on it: left, top and width of each by its seed."""
    page = Image.new("RGB", (1500, 1800), (243, 245, 248))
    draw = ImageDraw.Draw(page)
    for top in range(60, 1750, 34):
        draw.text((90, top), "lines of small print " * 6, (40, 40, 40), ImageFont.load_default(20))
    for seed, (left, top, width) in places.items():
        draw.rectangle((left - 30, top - 30, left + width + 30, top + width), (243, 245, 248))
        page.paste(fit(scene(seed), width), (left, top))
    return page


def test_pictures_small_on_a_page_are_found_by_the_hash_alone_each_in_its_place(six: Acme) -> None:
    query = encoded(page_with({2: (950, 300, 320), 3: (120, 900, 400), 51: (800, 1100, 400)}), quality=85)
    assert sorted(find(six, query)) == [("2", "same"), ("3", "same")]
    for each in matches(six, query):
        assert each.transform is not None
        left, top = {"2": (950, 300), "3": (120, 900)}[each.picture.asset[-1]]
        assert np.abs(each.transform[:, 2] - (left, top)).max() < 6
    assert find(six, encoded(page_with({51: (800, 1100, 400)}))) == []


@pytest.mark.parametrize("how", ["covered", pytest.param("shaded", marks=pytest.mark.long)])
def test_what_is_covered_or_shaded_is_probable(quick_six: Acme, quick: Embedder, how: str) -> None:
    covered = scene(4).copy()
    covered.paste(scene(60).crop((0, 0, 900, 150)), (0, 0))
    gradient = Image.linear_gradient("L").resize(SIZE).point(lambda value: min(value * 1.8, 245))
    shaded = Image.composite(Image.new("RGB", SIZE, "black"), scene(1), gradient)
    seed, picture = {"covered": ("4", covered), "shaded": ("1", shaded)}[how]
    assert dict(find(quick_six, encoded(fit(picture, 700)), quick)).get(seed) == "probable"


def test_what_is_too_smooth_for_points_is_probable_under_words(acme: Acme, quick: Embedder) -> None:
    smooth = {str(seed): scene(seed).filter(ImageFilter.GaussianBlur(25)) for seed in range(3)}
    archived(acme, {seed: encoded(fit(image, 512)) for seed, image in smooth.items()})
    darkened = EDITS["dark overlay"](smooth["2"], Random(1), [])
    assert find(acme, darkened, quick)[0] == ("2", "probable")
    other = EDITS["dark overlay"](scene(7).filter(ImageFilter.GaussianBlur(25)), Random(1), [])
    assert all(word == "possible" for _, word in find(acme, other, quick))


@pytest.mark.long  # among clean ones, too: below
def test_pale_previews_with_one_mark_are_not_told_apart_by_the_mark(acme: Acme, quick: Embedder) -> None:
    def pale(seed: int) -> Image.Image:
        smooth = scene(seed).filter(ImageFilter.GaussianBlur(90))
        return watermarked(Image.blend(smooth, Image.new("RGB", SIZE, "grey"), 0.93), "1")

    archived(acme, {str(seed): encoded(pale(seed)) for seed in range(4)})
    found = find(acme, EDITS["dark overlay"](pale(9), Random(1), []), quick)
    assert found and all(word == "possible" for _, word in found)


def test_the_page_around_a_picture_changes_nothing() -> None:
    preview, page = grey(scene(1), 448), Image.new("L", (1200, 900), "white")
    page.paste(placed := preview.resize((500, 333)), (300, 200))
    across, down = np.divide(placed.size, preview.size)
    assert compare(page, preview, np.array([[across, 0, 300], [0, down, 200]])).lowest > 0.99


def test_a_preview_is_laid_beside_the_picture_that_shows_it() -> None:
    preview = encoded(fit(scene(2), 512))
    for name, points in (("crop 40", True), ("mirror", False)):
        laid = laid_beside(edited(name, 2), preview, points=points)
        assert laid, name
        pixels = [np.asarray(Image.open(io.BytesIO(each)).convert("L"), float)[40:-40, 40:-40] for each in laid]
        assert np.corrcoef(pixels[0].ravel(), pixels[1].ravel())[0, 1] > 0.8, name
    assert laid_beside(edited("crop 40", 2), preview, points=False) is None
    page = encoded(page_with({2: (950, 300, 320)}))
    assert laid_beside(page, preview, points=False) and not laid_beside(page, preview, points=False, entire=True)
    assert laid_beside(edited("mirror", 2), preview, points=False, entire=True)
    assert laid_beside(edited("resize 600", 50), preview, points=False) is None


@pytest.mark.long  # by the hash alone: above
def test_where_the_preview_lies_in_a_page_is_told(six: Acme, embedder: Embedder) -> None:
    page = Image.new("RGB", (1600, 1000), "white")
    page.paste(scene(2).resize((600, 400)), (900, 500))
    found = matches(six, encoded(page), embedder)[0]
    assert found.transform is not None
    corners = np.array([(0, 0), found.preview.size]) @ found.transform[:, :2].T + found.transform[:, 2]
    assert np.abs(corners - [(900, 500), (1500, 900)]).max() < 4


@pytest.mark.parametrize("with_points", [False, pytest.param(True, marks=pytest.mark.long)])
def test_another_frame_of_a_series_is_not_the_same(quick_six: Acme, quick: Embedder, with_points: bool) -> None:
    words = dict(find(quick_six, encoded(moved(scene(1))), quick if with_points else None))
    assert words.get("1") in ("probable", "possible")


@pytest.mark.parametrize(("foreign", "words"), [(80, {"probable"}), (130, {"possible", None})])
def test_another_version_is_probable_only_if_much_of_it_is_shared(
    quick_six: Acme, quick: Embedder, foreign: int, words: set[str | None]
) -> None:
    version, other = scene(4).copy(), scene(60)
    for top in range(0, version.height, 200):
        version.paste(other.crop((0, top, other.width, top + foreign)), (0, top))
    assert dict(find(quick_six, encoded(fit(version, 700)), quick)).get("4") in words


def hero(picture: Image.Image, height: int = 640) -> bytes:
    """A site's first screen: the picture under a coloured gradient, with a headline and two buttons."""
    page = ImageOps.fit(picture, (1400, height))
    ramp = Image.linear_gradient("L").rotate(90).resize(page.size).point(lambda level: min(level * 1.3, 235))
    page.paste(Image.new("RGB", page.size, "navy"), mask=ramp)
    draw = ImageDraw.Draw(page)
    draw.text((80, 120), "Everything for\nyour harbour", "white", ImageFont.load_default(90))
    for left in (80, 340):
        draw.rounded_rectangle((left, 450, left + 220, 520), 30, "orange")
    return encoded(page)


@pytest.mark.long  # a covered picture: above
def test_a_picture_under_a_strong_gradient_a_headline_and_buttons_is_probable(quick_six: Acme, quick: Embedder) -> None:
    for seed, height in ((2, 640), (1, 480)):
        assert dict(find(quick_six, hero(scene(seed), height), quick)).get(str(seed)) == "probable"
        assert all(word == "possible" for _, word in find(quick_six, hero(scene(61), height), quick))


@pytest.mark.long  # with the quick model: below
def test_a_shared_watermark_does_not_make_two_pictures_one(acme: Acme, embedder: Embedder) -> None:
    foreign = encoded(fit(watermarked(scene(50), "999"), 800))
    archived(acme, {"0": encoded(watermarked(scene(0), "100"))})  # alone, it cannot be known to carry a mark
    assert {word for _, word in find(acme, foreign, embedder)} <= {"possible"}
    archived(acme, {str(seed): encoded(watermarked(scene(seed), f"10{seed}")) for seed in range(1, 4)})
    assert {word for _, word in find(acme, foreign, embedder)} <= {"possible"}
    [best, *_] = matches(acme, edited("crop 70", 3), embedder)
    assert (best.picture.asset, best.word) == ("shutterstock:3", Word.PROBABLE)
    assert "the platform's previews carry a mark" in best.reasons


def test_where_a_platform_may_mark_its_previews_none_is_the_same(acme: Acme, quick: Embedder) -> None:
    """Not even among clean ones: what they show says nothing of the one that is marked and else smooth."""

    def pale(seed: int) -> bytes:
        smooth = scene(seed).filter(ImageFilter.GaussianBlur(90))
        return encoded(watermarked(Image.blend(smooth, Image.new("RGB", SIZE, "grey"), 0.9), "1"))

    def asked(content: bytes, model: Embedder | None = None) -> tuple[str, str, tuple[str, ...]]:
        load = loader({"acme": acme.archive})
        best = match(decode(content), [acme.catalogue.pictures()], load, model, lambda _: True)[0]
        return best.picture.asset[-1], best.word.value, best.reasons

    archived(acme, {"0": pale(0)} | {str(seed): encoded(fit(scene(seed), 450)) for seed in range(1, 5)})
    acme.catalogue.embed(acme.archive, quick, lambda *_: None)
    mark = ("the platform's previews carry a mark",)
    assert asked(pale(9), quick) == ("0", "probable", mark)
    assert asked(edited("resize 600", 3)) == asked(edited("resize 600", 3), quick) == ("3", "probable", mark)


def test_two_assets_that_agree_are_both_only_probable(acme: Acme, quick: Embedder) -> None:
    archived(acme, {str(seed): encoded(fit(scene(seed), 600)) for seed in range(4)})
    archived(acme, {"99": encoded(fit(scene(2), 500))}, provider="freepik")
    for model in (None, quick):
        assert sorted(find(acme, edited("resize 600", 2), model)) == [("2", "probable"), ("99", "probable")]
    query, load = decode(edited("resize 600", 2)), loader({"acme": acme.archive})
    found = match(query, [acme.catalogue.pictures()], load, quick, "freepik".__eq__)
    assert [each.word.value for each in found] == ["probable", "probable"], "also where one never is the same"


def test_several_licences_of_one_asset_are_one_answer(acme: Acme) -> None:
    asset = Asset(provider="shutterstock", asset_id="7")
    preview = Document(
        name="preview.jpg", kind=DocumentKind.PREVIEW, content=encoded(fit(scene(7), 600)), media_type="image/jpeg"
    )
    licences = tuple(Licence(asset=asset, licence_id=f"l-{n}") for n in range(3))
    acme.add(*(files(licence, preview) for licence in licences), licences=licences)
    acme.catch_up()
    assert find(acme, edited("resize 600", 7)) == [("7", "same")]


def test_vectors_follow_the_archive(acme: Acme, quick: Embedder) -> None:
    archived(acme, {str(seed): encoded(fit(scene(seed), 400)) for seed in range(3)})
    told: list[tuple[int, int]] = []

    def embed() -> None:
        acme.catalogue.embed(acme.archive, quick, lambda *each: told.append(each))

    embed()
    embed()
    assert told == [(0, 3), (3, 3)]
    archived(acme, {"3": encoded(fit(scene(3), 400)), "broken": b"no picture"})
    [entry] = acme.catalogue.matching("_2_")
    changed = files(
        entry.licence,
        Document(
            name="preview.jpg", kind=DocumentKind.PREVIEW, content=encoded(scene(20)), media_type="image/jpeg"
        ),
    )  # fmt: skip
    with acme.writing() as writer:
        writer.add_version(entry.object_id, changed).result()
    acme.catch_up()
    embed()
    assert told[2:] == [(0, 2), (2, 2)]
    index = acme.catalogue.pictures()
    assert index.embedded.all() and len(index.numbers) == 4
    for seed, asset in ((0, "0"), (3, "3"), (20, "2")):
        [(picture, likeness, _)] = index.alike(quick([fit(scene(seed), 400)]), 1)
        assert picture.asset == f"shutterstock:{asset}" and likeness > 0.8
    acme.catalogue.rebuild(acme.archive, acme.reader)
    assert not acme.catalogue.pictures().embedded.any()
    embed()
    assert told[-1] == (4, 4)


def test_vectors_stay_as_they_are_where_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "acme.vectors"
    one, two = np.eye(2, 512, dtype=np.float32)
    VectorFile(path).write({1: one})
    file = VectorFile(path, writable=False)
    file.forget([1, 9])
    with pytest.raises(MachineRefused, match=r"acme\.vectors"):
        file.write({3: two})
    assert len(file.read()) == 2 and file.read()[1] @ one == 1


def test_what_is_erased_leaves_neither_hash_nor_vector(acme: Acme, quick: Embedder) -> None:
    archived(acme, {str(seed): encoded(fit(scene(seed), 400)) for seed in range(2)})
    acme.catalogue.embed(acme.archive, quick, lambda *_: None)
    index = acme.catalogue.pictures()
    [(picture, _, _)] = index.alike(quick([fit(scene(1), 400)]), 1)
    [row] = [n for n in index.numbers if index.describe(int(n)) == picture]
    traces = index.vectors[row].tobytes(), index.hashes[list(index.numbers).index(row)].tobytes()
    with acme.writing() as writer:
        writer.erase(picture.object_id, reason="court_order", statement="x").result()
    acme.catch_up()
    assert len(acme.catalogue.pictures().numbers) == 1
    left = b"".join(path.read_bytes() for path in (acme.folder / "state").iterdir())
    assert not any(trace in left for trace in traces)


def test_a_damaged_preview_hides_no_other(acme: Acme) -> None:
    archived(acme, {str(seed): encoded(fit(scene(seed), 600)) for seed in range(2)})
    index = acme.catalogue.pictures()
    for path in acme.archive.root.rglob("*_0_*/v1/content/preview.jpg"):
        path.chmod(0o644)
        path.write_bytes(b"spoiled")
    load = loader({"acme": acme.archive})
    assert match(decode(edited("resize 600", 0)), [index], load) == []
    assert [each.word for each in match(decode(edited("resize 600", 1)), [index], load)] == [Word.SAME]


@pytest.mark.parametrize("size", [(1440, 900), (1000, 1000), (1440, 9000), (3000, 100), (2, 1), (1, 1)])
def test_windows_cover_the_picture(size: tuple[int, int]) -> None:
    views = windows(size)
    assert 9 <= len(views) <= 60
    assert (min(each[0] for each in views), min(each[1] for each in views)) == (0, 0)
    assert (max(each[2] for each in views), max(each[3] for each in views)) == size


def test_a_model_that_is_none_is_told(tmp_path: Path) -> None:
    assert installed()
    for content in (None, b"no model"):
        path = tmp_path / "model.onnx"
        if content:
            path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"match\.model"):
            Embedder(path)([scene(0)])


@pytest.mark.long  # readers are confined in tests/reading
def test_a_confined_process_finds_what_is_found_here(
    six: Acme, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words and scores, and the same vectors; what cannot be read, or takes over, is no match."""
    with Matcher() as matcher:
        assert matcher.identity == embedder.identity
        matcher.prepare()
        load = loader({"acme": six.archive})
        six.catalogue.embed(six.archive, matcher, lambda *_: None)
        pictures = [encoded(fit(scene(seed), 512)) for seed in range(2)]
        here, there = embedder.embed([*pictures, b"no picture"]), matcher.embed([*pictures, b"no picture"])
        assert here[2] is None and there[2] is None
        assert np.allclose(np.array(here[:2]), np.array(there[:2]))
        query, index = edited("crop 70", 5), six.catalogue.pictures()
        ours, theirs = match(decode(query), [index], load, embedder), matcher.match(query, [index], load)
        assert [(each.picture, each.word, each.score, each.step, each.reasons) for each in ours] == [
            (each.picture, each.word, each.score, each.step, each.reasons) for each in theirs
        ]
        assert theirs[0].side_by_side() == ours[0].side_by_side()
        with Image.open(io.BytesIO(sheet(theirs[:2]))) as drawn:
            assert drawn.width == 972
        laid = matcher.laid_beside(edited("crop 70", 5), encoded(fit(scene(5), 512)))
        assert laid and all(each.startswith(b"\xff\xd8") for each in laid)
        assert matcher.laid_beside(b"no picture", b"nor this") is None
        monkeypatch.setattr(matcher, "_model", None)  # without points, only what is known already is laid
        assert matcher.laid_beside(query, encoded(fit(scene(5), 512))), "found above, and not aligned again"
        assert matcher.laid_beside(edited("crop 40", 5), encoded(fit(scene(5), 512))) is None
        monkeypatch.undo()
        look = matcher.look(query)
        with DocumentReader(workers=1) as other:
            monkeypatch.setattr(other, "_ask", lambda *_: pytest.fail("decoded again"))
            assert other.look(query, large=True) is look
        with pytest.raises(UnreadablePicture):
            matcher.match(b"no picture", [six.catalogue.pictures()], load)
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with Matcher(tmp_path / "model.onnx") as matcher, pytest.raises(ConfigError, match=r"match\.model"):
        matcher.embed(pictures)


def test_questions_that_make_no_sense_end_the_search(six: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was taken over gets no picture that it was not told of, and no more views than there may be."""
    answers = _Answers([six.catalogue.pictures()], loader({"acme": six.archive}), lambda _: False)
    for question in (b"", b"x", b"l\0\0\0\0", b"l\0", b"o\0\0\0\7", b"a", b"a\5abc", b"l/etc/passwd"):
        with pytest.raises((ValueError, IndexError, struct.error)):
            answers(question)
    assert answers(b"a\5" + np.full((1000, 512), np.nan, np.float32).tobytes())
    with Matcher() as matcher:
        real = _Answers.__call__
        monkeypatch.setattr(_Answers, "__call__", lambda *_: real(answers, b"x"))
        with pytest.raises(UnreadablePicture, match="not valid"):
            matcher.match(edited("crop 70", 5), [six.catalogue.pictures()], loader({"acme": six.archive}))


def stripes(*colours: str) -> Image.Image:
    image = Image.new("RGB", SIZE)
    for number, colour in enumerate(colours):
        image.paste(colour, (number * SIZE[0] // len(colours), 0, *SIZE))
    return image


def disc(colour: str) -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    ImageDraw.Draw(image).ellipse((0, 0, *SIZE), colour)
    return image


def test_simple_shapes_in_other_colours_are_not_one_picture(acme: Acme, quick: Embedder) -> None:
    """Flags and discs have few edges, and these lie alike: their hashes are one, and all that shows anything agrees."""
    shapes = {"0": stripes("navy", "white", "crimson"), "1": disc("navy"), "2": scene(2)}
    archived(acme, {name: encoded(fit(image, 512)) for name, image in shapes.items()})
    for other in (stripes("darkgreen", "white", "firebrick"), disc("darkred")):
        page = Image.new("RGB", (1400, 900), "ivory")
        page.paste(fit(other, 330), (200, 300))
        for query in (other, page):
            for model in (None, quick):
                assert {word for _, word in find(acme, encoded(query, quality=90), model)} <= {"possible"}
    assert find(acme, encoded(fit(shapes["1"], 700))) == [("1", "probable")]


def test_opencv_does_not_change_where_programs_look_for_libraries() -> None:
    code = (
        "import os; before = dict(os.environ)\n"
        "from PIL import Image; from archiver.catalogue import alignment\n"
        "alignment.features(Image.new('RGB', (64, 64)), 10)\n"
        "assert dict(os.environ) == before, os.environ.get('LD_LIBRARY_PATH')"
    )
    env = {name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "OPENBLAS_NUM_THREADS")}
    subprocess.run([sys.executable, "-c", code], check=True, env=env | {"OPENBLAS_NUM_THREADS": "1"})
