"""Pictures: any kind decodes to what a person sees, hostile ones are refused, and a hash survives what sites do."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from archiver.core.errors import UnreadablePicture
from archiver.reading.fingerprint import MAX_HASH_DISTANCE, MAX_SIDE_PX, decode, distance, fingerprint, preview
from tests.support.pictures import bare_png


def scene(seed: int = 0, size: tuple[int, int] = (450, 300)) -> Image.Image:
    """A colourful picture without symmetry."""
    values = np.random.default_rng(seed).integers(0, 255, (8, 12, 3), dtype=np.uint8)
    return Image.fromarray(values).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def grey(scale: float, kind: type) -> Callable[[Image.Image], Image.Image]:
    return lambda image: Image.fromarray((np.asarray(image.convert("L"), float) * scale).astype(kind))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda image: image.resize((300, 200)), "JPEG"),
        (lambda image: image.resize((350, 300)), "WEBP"),
        (lambda image: ImageEnhance.Contrast(ImageOps.grayscale(image)).enhance(1.3), "AVIF"),
        (lambda image: image.convert("CMYK"), "JPEG"),
        (lambda image: image.convert("CMYK"), "TIFF"),
        (lambda image: image.convert("LAB"), "TIFF"),
        (lambda image: image.convert("P"), "GIF"),
        (lambda image: image.convert("1"), "PNG"),
        (grey(257, np.uint16), "PNG"),
        (grey(257, np.int32), "TIFF"),
        (grey(1 / 255, np.float32), "TIFF"),
        (lambda image: image.resize((1800, 1200)), "JPEG"),
    ],
)
def test_a_picture_keeps_its_hash_in_any_encoding(change: Callable[[Image.Image], Image.Image], kind: str) -> None:
    changed = change(scene())
    found = fingerprint(decode(encoded(changed, kind)))
    original = fingerprint(decode(encoded(scene())))
    assert distance(found.hash, original.hash) <= MAX_HASH_DISTANCE
    assert (found.width, found.height) == changed.size
    mirrored = fingerprint(decode(encoded(change(ImageOps.mirror(scene())), kind)))
    assert distance(mirrored.mirrored, original.hash) <= MAX_HASH_DISTANCE < distance(mirrored.hash, original.hash)


def test_different_pictures_are_far_apart_and_flat_ones_are_named() -> None:
    hashes = [fingerprint(decode(encoded(scene(seed)))) for seed in range(8)]
    assert (
        min(distance(one.hash, two.hash) for one in hashes for two in hashes if one is not two) > 2 * MAX_HASH_DISTANCE
    )
    assert not any(each.flat for each in hashes)
    assert fingerprint(decode(encoded(Image.new("RGB", (300, 200), "navy")))).flat


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(scene(), kind, exif=exif)
    with Image.open(io.BytesIO(content)) as opened:
        shown = ImageOps.exif_transpose(opened).convert("RGB")
    picture = decode(content)
    assert (picture.width, picture.height) == picture.image.size == shown.size
    assert np.array_equal(np.asarray(picture.image), np.asarray(shown))


def test_transparency_is_white_and_animations_are_their_first_frame() -> None:
    for mode in ("RGBA", "LA"):
        clear = Image.new(mode, (400, 300), (0,) * len(mode))
        assert decode(encoded(clear)).image.getcolors() == [(120_000, (255, 255, 255))]
    film = encoded(scene(1), "PNG", save_all=True, append_images=[scene(2), scene(3)])
    assert distance(fingerprint(decode(film)).hash, fingerprint(decode(encoded(scene(1)))).hash) <= MAX_HASH_DISTANCE


def test_large_pictures_are_shrunk_and_previews_are_small_and_always_the_same() -> None:
    content = encoded(scene(size=(5000, 400)), "JPEG")
    picture = decode(content)
    assert max(picture.image.size) <= MAX_SIDE_PX and (picture.width, picture.height) == (5000, 400)
    small = preview(picture)
    assert small == preview(decode(content)) and len(small) < 100_000
    assert max(decode(small).image.size) == 512


@pytest.mark.parametrize("size", [(20_000, 10_000), (13_000, 13_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadablePicture, match="160 megapixels"):
        decode(bare_png(*size, packed=b""))


def test_a_picture_of_a_phone_is_called_what_it_is() -> None:
    with pytest.raises(UnreadablePicture, match="HEIC"):
        decode(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + b"\0" * 99)


@pytest.mark.parametrize("content", [b"", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"<svg/>", b"%PDF-1.7"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        decode(content)


KINDS = {kind: encoded(scene(size=(60, 40)), kind) for kind in ("AVIF", "BMP", "GIF", "ICO", "JPEG", "PNG", "WEBP")}
KINDS["TIFF"] = encoded(scene(size=(60, 40)), "TIFF", compression="tiff_lzw")


@given(st.sampled_from(sorted(KINDS)), st.randoms(use_true_random=False))
def test_a_broken_picture_is_decoded_or_refused(kind: str, chance: random.Random) -> None:
    content = bytearray(KINDS[kind])
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    cut = chance.randint(1, len(content)) if chance.random() < 0.3 else None
    with contextlib.suppress(UnreadablePicture):
        fingerprint(decode(bytes(content[:cut])))


@pytest.mark.long  # with documents: test_documents.py
def test_a_worker_looks_at_pictures_that_may_kill_it() -> None:
    from archiver.reading.worker import DocumentReader

    content = encoded(scene(size=(3000, 2000)), "JPEG")
    seen = fingerprint(decode(content))
    large = encoded(Image.new("RGBA", (12_000, 12_000)), compress_level=1)
    with DocumentReader(workers=1) as reader:
        for wanted, side in ((False, 512), (True, MAX_SIDE_PX)):
            look = reader.look(content, large=wanted)
            assert look.fingerprint == seen
            assert max(decode(look.preview).image.size) == side
        for hostile in (b"no picture", bare_png(20_000, 10_000, b""), large):
            with pytest.raises(UnreadablePicture):
                reader.look(hostile)
        assert reader.look(encoded(scene())).fingerprint.width == 450
