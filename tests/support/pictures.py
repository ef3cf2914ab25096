"""Invented pictures: scenes whose likeness is known."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (900, 600)


def bare_png(width: int, height: int, packed: bytes, *, grey: bool = False) -> bytes:
    """A PNG that says how many pixels it has, and holds these packed ones."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0 if grey else 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@cache
def scene(seed: int) -> Image.Image:
    """Something like a photograph: shades, shapes of all sizes, and grain."""
    chance = Random(seed)
    colours = np.random.default_rng(seed)
    image = Image.fromarray(colours.integers(40, 215, (3, 4, 3), dtype=np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(140):
        x, y, size = chance.randrange(SIZE[0]), chance.randrange(SIZE[1]), round(6 + 120 * chance.random() ** 3)
        colour = tuple(chance.randrange(256) for _ in range(3))
        if chance.random() < 0.5:
            draw.ellipse((x - size, y - size // 2, x + size, y + size // 2), colour)
        else:
            corners = [(x + chance.randint(-size, size), y + chance.randint(-size, size)) for _ in range(5)]
            draw.polygon(corners, colour)
    grain = Image.fromarray(colours.integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8))
    return Image.blend(image.filter(ImageFilter.GaussianBlur(0.8)), grain, 0.06)
