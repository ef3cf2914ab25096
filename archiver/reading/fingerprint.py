"""Fingerprints of pictures: decoding with resource limits, a 256-bit hash, and a small preview. Pure.

A hostile file can still use time and memory up to the limits, so decode it through `worker`.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from archiver.core.errors import UnreadablePicture, spoken

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

MAX_PIXELS = 160_000_000  # of a picture that is still decoded: above the largest medium-format cameras
MAX_SIDE_PX = 2048  # pixels of a decoded picture's longer side, at most
PREVIEW_SIDE_PX = 512
MAX_HASH_DISTANCE = 31  # bits of 256 that two hashes of one picture may differ in
FLAT_STANDARD_DEVIATION = 5.0  # grey levels: a picture whose standard deviation is below says nothing by its hash

warnings.filterwarnings("ignore", "Image size", module="PIL")  # Pillow warns at half of what is allowed here

# Whatever else Pillow reads (EPS runs a program, others are rarities) is not taken for a picture.
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PSD", "TIFF", "WEBP")


@dataclass(frozen=True)
class Picture:
    """A decoded picture: its size in pixels as shown, and RGB pixels, upright, on white, within `MAX_SIDE_PX`."""

    width: int
    height: int
    image: Image.Image


@dataclass(frozen=True)
class Fingerprint:
    """What recognises a picture after resizing, re-encoding, stretching, grading or mirroring.

    `hash` and `mirrored` are 32 bytes each: the 256 signs of the lowest frequencies against their median, and those of
    the picture seen in a mirror. A `flat` picture (one colour, nearly) hashes to noise: compare nothing with it.
    """

    width: int
    height: int
    hash: bytes
    mirrored: bytes
    flat: bool


def decode(content: bytes) -> Picture:
    """The picture in these bytes, of an animation the first frame; UnreadablePicture says why there is none."""
    import zlib
    from struct import error as unpacked

    from PIL import Image

    # What malformed files make Pillow's plug-ins raise besides OSError.
    broken = (ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError,
              SyntaxError, TypeError, ValueError, unpacked, zlib.error)  # fmt: skip
    if content[4:8] == b"ftyp" and b"hei" in content[8:40] and b"avif" not in content[8:40]:
        raise UnreadablePicture("it is a HEIC file from a phone, and the archiver cannot read that format")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:
                raise _too_large(width, height)
            opened.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))  # a JPEG is decoded at a half, a quarter or an eighth
            opened.load()
            turned = opened.getexif().get(0x0112, 1)  # after loading, which turns a TIFF by itself
            if turned in (5, 6, 7, 8) or opened.size == (height, width):
                width, height = height, width
            image = _upright(_on_white(opened), turned)
    except UnreadablePicture:
        raise
    except Image.DecompressionBombError:  # by the header; Pillow's own limit is a little higher
        raise UnreadablePicture(f"it is larger than {MAX_PIXELS // 1_000_000} megapixels") from None
    except MemoryError:
        raise UnreadablePicture("it needs too much memory") from None
    except broken as error:
        raise UnreadablePicture(f"it is not a picture, or it is broken ({spoken(type(error).__name__)})") from None
    return Picture(width, height, image)


def _too_large(width: int, height: int) -> UnreadablePicture:
    return UnreadablePicture(f"its {width} × {height} pixels are more than {MAX_PIXELS // 1_000_000} megapixels")


def _on_white(image: Image.Image) -> Image.Image:
    """Shrunk to `MAX_SIDE_PX`, in RGB, with white behind what is transparent."""
    from PIL import Image

    if image.mode == "F" or image.mode.startswith("I"):
        image = _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode != "CMYK" or image.width * image.height > MAX_SIDE_PX * MAX_SIDE_PX * 4:
        image = image.convert("RGB")
    # In two steps, the first a quick one that leaves twice the size.
    factor = max(image.size) // (2 * MAX_SIDE_PX)
    if factor > 1:
        image = image.reduce(factor)
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
    if image.mode == "RGBA":
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits: 16 bits over their whole range, wider ones up to the brightest value."""
    import numpy as np
    from PIL import Image

    step = max(1, max(image.size) // (2 * MAX_SIDE_PX))
    values = np.nan_to_num(np.asarray(image)[::step, ::step].astype(np.float32), posinf=0, neginf=0)
    top = max(float(values.max()), 65535.0 if image.mode != "F" else 1e-30)
    return Image.fromarray((values.clip(0, top) * (255 / top)).astype(np.uint8))


def _upright(image: Image.Image, turned: int) -> Image.Image:
    """As its EXIF orientation asks (Exif 2.32, tag 0x0112)."""
    from PIL.Image import Transpose

    ways = {2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
            5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE,
            8: Transpose.ROTATE_90}  # fmt: skip
    return image.transpose(ways[turned]) if turned in ways else image


@cache
def _cosines() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(16, 64): the lowest 16 rows of the discrete cosine transform of 64 values."""
    import numpy as np

    return np.cos(np.pi * np.arange(16)[:, None] * (2 * np.arange(64)[None] + 1) / 128)


def fingerprint(picture: Picture) -> Fingerprint:
    """The picture's fingerprint; well under a millisecond for a preview."""
    import numpy as np
    from PIL.Image import Resampling

    grey = np.asarray(picture.image.convert("L").resize((64, 64), Resampling.BOX), np.float64)
    low = _cosines() @ grey @ _cosines().T
    mirror = low * np.where(np.arange(16) % 2, -1, 1)  # left and right change places: odd frequencies change sign
    straight, mirrored = (np.packbits(each > np.median(each)).tobytes() for each in (low, mirror))
    return Fingerprint(picture.width, picture.height, straight, mirrored, bool(grey.std() < FLAT_STANDARD_DEVIATION))


def distance(one: bytes, other: bytes) -> int:
    """In how many bits two hashes differ; at most `MAX_HASH_DISTANCE` for one picture."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def preview(picture: Picture, side: int = PREVIEW_SIDE_PX) -> bytes:
    """A JPEG of the picture, its longer side at most `side`; the same bytes for the same picture."""
    from PIL.Image import Resampling

    small = picture.image.copy()
    small.thumbnail((side, side), Resampling.LANCZOS)
    small.info = {}  # a comment, or whatever else the file says, is not shown in the picture
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()


def as_preview(content: bytes) -> Image.Image:
    """The picture in these bytes as its preview shows it, on which all figures of matching rest."""
    return decode(preview(decode(content))).image
