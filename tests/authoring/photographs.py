"""Pictures that look like photographs, rendered by numbers alone: landscapes, water, interiors, still lifes, nights.

Each scene is a function of a random generator and a few settings, and returns light as floats (height, width, 3).
`photograph(title)` develops it into a JPEG as a camera would: exposure, a soft lens, grain. Deterministic for a title.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 426
MAX_BYTES = 40_000

type Floats = NDArray[np.float64]
type Scene = Callable[[np.random.Generator], Floats]


@cache
def photograph(title: str) -> bytes:
    """The JPEG of this title, at most MAX_BYTES. KeyError for a title without a scene."""
    light = SCENES[title](np.random.default_rng(zlib.crc32(title.encode())))
    image = develop(light, np.random.default_rng(zlib.crc32(b"grain" + title.encode())))
    for quality in range(82, 20, -4):
        target = io.BytesIO()
        image.save(target, "JPEG", quality=quality, optimize=True)
        if target.tell() <= MAX_BYTES:
            return target.getvalue()
    raise ValueError(f"{title} does not fit into {MAX_BYTES} bytes")


def develop(light: Floats, rng: np.random.Generator) -> Image.Image:
    """Light as a camera keeps it: a filmic curve, fall-off towards the corners, a soft lens and grain."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    light = np.maximum(light, 0) * (1 - 0.22 * (x * x + y * y) ** 1.2)[..., None]
    curve = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    shown = np.clip(curve, 0, 1) ** (1 / 2.2)
    image = Image.fromarray((shown * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.55))
    grain = rng.normal(0, 1, (HEIGHT, WIDTH, 1)) * 2.2 + rng.normal(0, 1, (HEIGHT, WIDTH, 3)) * 0.9
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


# ---------------------------------------------------------------- noise and colour


def rgb(text: str) -> Floats:
    """A colour such as `c8a27d` as linear light."""
    return (np.array([int(text[at : at + 2], 16) for at in (0, 2, 4)]) / 255) ** 2.2


def mix(one: Floats, other: Floats, share: Floats | float) -> Floats:
    share = np.asarray(share)
    return one + (other - one) * (share[..., None] if share.ndim else share)


def smooth(low: float, high: float, value: Floats) -> Floats:
    at = np.clip((value - low) / (high - low), 0, 1)
    return at * at * (3 - 2 * at)


def noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Value noise from 0 to 1 over the plane."""
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = x - left, y - top
    fx, fy = fx * fx * fx * (fx * (fx * 6 - 15) + 10), fy * fy * fy * (fy * (fy * 6 - 15) + 10)

    def corner(i: Any, j: Any) -> Floats:
        mixed = (i * 374761393 + j * 668265263 + seed * 974711) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 13)) * 1274126177) & 0xFFFFFFFF
        return np.asarray(((mixed ^ (mixed >> 16)) & 0xFFFF) / 65535.0)

    upper = corner(left, top) * (1 - fx) + corner(left + 1, top) * fx
    lower = corner(left, top + 1) * (1 - fx) + corner(left + 1, top + 1) * fx
    return upper * (1 - fy) + lower * fy


def fractal(x: Floats, y: Floats, seed: int, octaves: int = 5) -> Floats:
    total, weight, size = np.zeros_like(x), 0.5, 1.0
    for octave in range(octaves):
        total += weight * noise(x * size + 17.3 * octave, y * size - 9.1 * octave, seed + octave)
        weight, size = weight / 2, size * 2.03
    return total


def blurred(light: Floats, radius: float) -> Floats:
    """The light out of focus: each point is the mean of a square about it, twice."""
    reach = max(1, round(radius))
    for axis in (0, 1, 0, 1):
        edges = [(0, 0)] * 3
        edges[axis] = (reach + 1, reach)
        sums = np.cumsum(np.pad(light, edges, mode="edge"), axis=axis)
        size = sums.shape[axis]
        light = (sums.take(range(2 * reach + 1, size), axis) - sums.take(range(size - 2 * reach - 1), axis)) / (
            2 * reach + 1
        )
    return light


# ---------------------------------------------------------------- outdoors


@dataclass(frozen=True)
class Weather:
    """The sky: colours at the zenith and the horizon, the sun's place on the picture, clouds from 0 to 1."""

    zenith: str
    horizon: str
    sun: str
    at: tuple[float, float] = (0.7, 0.35)
    clouds: float = 0.5
    bright: float = 1.0


DAWN = Weather("4a5a86", "f2a765", "ffd9a0", (0.66, 0.46), 0.6, 1.0)
ORANGE = Weather("6a4a6a", "ff8a3c", "ffcf8a", (0.4, 0.5), 0.7, 1.0)
CLEAR = Weather("2f6fb5", "c6dcec", "fff4dd", (0.85, 0.1), 0.35, 1.1)
GREY = Weather("7c8791", "c3c8cb", "e6e6e2", (0.3, 0.2), 0.95, 0.85)
STORM = Weather("4c5661", "a9b2b5", "d8d8cf", (0.2, 0.3), 1.0, 0.75)
EVENING = Weather("2c3a66", "d58a7a", "ffb37a", (0.2, 0.5), 0.5, 0.7)


def sky(weather: Weather, rng: np.random.Generator, horizon: float = 0.5) -> Floats:
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.5 : WIDTH * 1j]
    height = np.clip((horizon - y) / horizon, 0, 1)
    light = mix(rgb(weather.horizon), rgb(weather.zenith), height**0.6)
    away = np.hypot(x / 1.5 - weather.at[0], (y - weather.at[1]) * 0.75)
    glow = np.exp(-((away / 0.2) ** 1.3))
    light = light + rgb(weather.sun) * (0.7 * glow + 3 * np.exp(-((away / 0.022) ** 2)))[..., None]
    depth = 0.35 / (height + 0.12)
    seed = int(rng.integers(1 << 20))
    cover = fractal((x - 0.7) * depth * 3.2 + 4, depth * 5.5, seed, 6)
    dense = smooth(0.62 - 0.32 * weather.clouds, 0.86 - 0.2 * weather.clouds, cover)
    lit = mix(rgb(weather.horizon) * 0.62, rgb(weather.sun) * 1.05, smooth(0.3, 0.75, cover) * (0.45 + 0.55 * glow))
    return mix(light, lit, dense * smooth(0.0, 0.12, height) * 0.85) * weather.bright


def terrain(
    rng: np.random.Generator, *, weather: Weather, relief: float = 1.0, camera: float = 1.1, far: float = 26.0,
    snow: float = 9.0, ground: str = "5d6b3a", rock: str = "7d766b", fog: float = 0.05, horizon: float = 0.42,
    terraces: bool = False, lake: float | None = None, tint: str = "3d4d2a", rough: float = 1.0,
) -> Floats:  # fmt: skip
    """Hills as the eye crosses them, strip by strip from near to far, over a sky and perhaps around a lake."""
    light = sky(weather, rng, horizon + 0.08)
    seed = int(rng.integers(1 << 20))
    columns = np.linspace(-0.75, 0.75, WIDTH)
    lowest = np.full(WIDTH, HEIGHT, dtype=int)
    toward = np.array([weather.at[0] * 2 - 1, 0.55, 0.35])
    toward = toward / np.linalg.norm(toward)
    haze = mix(rgb(weather.horizon), rgb(weather.zenith), 0.25) * weather.bright

    def height(x: Floats, z: Floats) -> Floats:
        broad = fractal(x * 0.16 + 3, z * 0.16, seed, 3) - 0.42
        ridged = 1 - np.abs(2 * fractal(x * 0.33, z * 0.33 + 7, seed + 31, 6) - 1)
        raised = relief * (2.6 * broad + 1.9 * (ridged - 0.72) * smooth(2, 9, z)) + 0.35
        raised = raised + 0.05 * rough * fractal(x * 6, z * 6, seed + 77, 3) * relief
        if terraces:
            steps = raised * 7
            raised = (np.floor(steps) + smooth(0.75, 1.0, steps - np.floor(steps))) / 7
        if lake is not None:
            raised = np.where(raised < lake, lake, raised)
        return raised

    eye = camera + height(np.zeros(1), np.full(1, 0.5))[0]
    z = 0.9
    while z < far:
        x, depth = columns * z * 1.5, np.full(WIDTH, z)
        here = height(x, depth)
        rows = ((horizon + (eye - here) / z * 0.9) * HEIGHT).astype(int)
        rows = np.clip(rows, 0, HEIGHT)
        seen = rows < lowest
        if seen.any():
            step = 0.012 * z + 0.004
            dx, dz = (height(x + step, depth) - here) / step, (height(x, depth + step) - here) / step
            normal = np.stack([-dx, np.ones(WIDTH), -dz], axis=-1)
            normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
            sunny = np.clip(normal @ toward, 0, 1)
            grain = fractal(x * 9, depth * 9, seed + 5, 4)
            fine = noise(x * 60, depth * 60, seed + 6)
            steep = smooth(0.62, 0.86, normal[:, 1] + 0.25 * (grain - 0.5))
            colour = mix(rgb(rock), mix(rgb(ground), rgb(tint), smooth(0.3, 0.7, grain)), steep)
            white = smooth(snow - 0.25, snow + 0.25, here + 0.5 * (grain - 0.5)) * smooth(0.45, 0.75, normal[:, 1])
            colour = mix(colour, rgb("eef2f8") * 1.15, white)
            colour = colour * (0.7 + 0.6 * fine * (1 - 0.7 * white))[:, None]
            shade = 0.32 * rgb("b8c8e0") + 1.25 * rgb(weather.sun) * sunny[:, None]
            colour = colour * shade * weather.bright
            if lake is not None:
                water = here <= lake + 1e-9
                ripple = 0.5 + 0.5 * noise(x * 3, depth * 14, seed + 9)
                deep = mix(rgb("0f7f86"), rgb("5fd0c4"), smooth(0.5, 7, depth)) * 0.8
                colour = np.where(
                    water[:, None],
                    mix(deep, haze, 0.25 + 0.25 * smooth(3, 14, depth)) * (0.75 + 0.4 * ripple[:, None]),
                    colour,
                )
            misty = (1 - np.exp(-fog * np.maximum(z - 1.2, 0) * np.clip(1.35 - 0.32 * here, 0.35, 2.5)))[:, None]
            colour = colour * (1 - misty) + haze * misty
            for column in np.nonzero(seen)[0]:
                light[rows[column] : lowest[column], column] = colour[column]
            lowest = np.where(seen, rows, lowest)
        z *= 1.006
    return light


def sea(rng: np.random.Generator, *, weather: Weather, horizon: float = 0.52, swell: float = 1.0) -> Floats:
    """Open water that mirrors the sky in waves."""
    above = sky(weather, rng, horizon)
    line = int(horizon * HEIGHT)
    seed = int(rng.integers(1 << 20))
    y, x = np.mgrid[0 : HEIGHT - line, 0:WIDTH].astype(float)
    depth = 60.0 / (y + 1.5)
    across = (x / WIDTH - 0.5) * depth * 2.2
    waves = fractal(across * 3.2, depth * 9, seed, 5) - 0.47
    tilt = waves * swell
    mirrored = np.clip(line - 2 - (y * 0.9 + 40 * np.abs(tilt) + 2), 0, line - 1).astype(int)
    sideways = np.clip(x + 55 * tilt * (0.3 + y / HEIGHT), 0, WIDTH - 1).astype(int)
    reflected = above[mirrored, sideways]
    facing = np.clip(0.28 + 0.72 * np.exp(-y / (0.35 * HEIGHT)) + 0.9 * tilt, 0.05, 1)
    body = rgb("12303a") * (0.6 + 0.8 * np.clip(tilt + 0.5, 0, 1))[..., None] * weather.bright
    water = mix(body, reflected * 0.95, facing)
    glitter = np.exp(-(((x / WIDTH - weather.at[0]) / (0.05 + 0.16 * y / HEIGHT)) ** 2)) * smooth(0.08, 0.2, tilt)
    water = water + rgb(weather.sun) * (1.5 * glitter)[..., None]
    foam = smooth(0.2, 0.3, tilt * swell + 0.08 * (noise(x / 3, y / 2, seed + 3) - 0.5)) * smooth(
        0.7, 1.3, np.full_like(x, swell)
    )
    water = mix(water, rgb("dfe6e6") * weather.bright, foam * 0.85)
    light = above.copy()
    light[line:] = water
    return light


def paint(light: Floats, draw: Callable[[ImageDraw.ImageDraw, int], object], colour: Floats, soft: float = 0.6,
          seed: int = 0, shaded: float = 0.35) -> Floats:  # fmt: skip
    """Lay a shape over the light: `draw` fills it at four times the size; it is shaded from left to right."""
    mask = Image.new("L", (WIDTH * 4, HEIGHT * 4))
    draw(ImageDraw.Draw(mask), 4)
    small = np.asarray(mask.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(soft)))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    tone = 1 - shaded + 2 * shaded * fractal(x / 28, y / 28, seed + 1, 5)
    return mix(light, colour * tone[..., None], small / 255.0)


def box(x: float, y: float, w: float, h: float, scale: int) -> tuple[float, float, float, float]:
    """A rectangle in parts of the picture's width and height, as pixels."""
    return x * WIDTH * scale, y * HEIGHT * scale, (x + w) * WIDTH * scale, (y + h) * HEIGHT * scale


def polygon(points: list[tuple[float, float]], scale: int) -> list[tuple[float, float]]:
    return [(x * WIDTH * scale, y * HEIGHT * scale) for x, y in points]


def lighthouse(rng: np.random.Generator) -> Floats:
    light = sea(rng, weather=STORM, horizon=0.6, swell=1.5)
    rocks = [
        (0.46, 0.86),
        (0.5, 0.7),
        (0.56, 0.64),
        (0.63, 0.6),
        (0.7, 0.61),
        (0.78, 0.66),
        (0.86, 0.74),
        (1.0, 0.8),
        (1.0, 0.9),
    ]
    tower = [(0.642, 0.62), (0.655, 0.24), (0.705, 0.24), (0.718, 0.62)]
    light = paint(light, lambda d, s: d.polygon(polygon(tower, s), fill=255), rgb("e2ded2") * 0.75, shaded=0.12)
    side = [(0.69, 0.62), (0.686, 0.24), (0.705, 0.24), (0.718, 0.62)]
    light = paint(light, lambda d, s: d.polygon(polygon(side, s), fill=150), rgb("6d6a66") * 0.5, soft=2.5)
    for top in (0.3, 0.45):
        band = [
            (0.652 - (top - 0.3) * 0.035, top + 0.07),
            (0.654 - (top - 0.3) * 0.03, top),
            (0.706 + (top - 0.3) * 0.03, top),
            (0.708 + (top - 0.3) * 0.04, top + 0.07),
        ]
        light = paint(light, lambda d, s: d.polygon(polygon(band, s), fill=230), rgb("a23428") * 0.55, shaded=0.2)

    def lantern(d: ImageDraw.ImageDraw, s: int) -> None:
        d.rectangle(box(0.648, 0.225, 0.064, 0.016, s), fill=255)
        d.rectangle(box(0.664, 0.165, 0.032, 0.06, s), fill=255)
        d.pieslice(box(0.66, 0.125, 0.04, 0.08, s), 180, 360, fill=255)

    light = paint(light, lantern, rgb("33383c") * 0.5)
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    lamp = np.exp(-((np.hypot((x - 0.68) * 1.5, y - 0.195) / 0.02) ** 2))
    light = (
        light + rgb("fff0c0") * (2.6 * lamp + 0.35 * np.exp(-np.hypot((x - 0.68) * 1.5, y - 0.195) / 0.07))[..., None]
    )
    light = paint(
        light, lambda d, s: d.polygon(polygon(rocks, s), fill=255), rgb("3c3833") * 0.5, soft=1.2, seed=4, shaded=0.75
    )
    spray = fractal(x * 11, y * 9, 71, 6)
    near = np.exp(-(((x - 0.55) / 0.13) ** 2 + ((y - 0.75) / 0.12) ** 2))
    return mix(light, rgb("eef2f2") * 0.95, smooth(0.42, 0.7, spray) * np.clip(near * 1.6, 0, 1))


def harbour(rng: np.random.Generator, weather: Weather = ORANGE, cranes: int = 2) -> Floats:
    light = sea(rng, weather=weather, horizon=0.66, swell=0.45)

    def quay(d: ImageDraw.ImageDraw, s: int) -> None:
        d.rectangle(box(0, 0.625, 1, 0.05, s), fill=255)
        for n in range(26):
            high = 0.018 + 0.055 * ((n * 7919) % 11) / 11
            d.rectangle(box(0.02 + n * 0.038, 0.627 - high, 0.035, high, s), fill=255)
        for n in range(cranes):
            x, w = 0.52 + 0.2 * n, 4 * s
            for a, b in (((x, 0.63), (x + 0.02, 0.3)), ((x + 0.09, 0.63), (x + 0.07, 0.3)), ((x + 0.02, 0.3), (x + 0.07, 0.3)),
                         ((x + 0.008, 0.5), (x + 0.082, 0.5)), ((x + 0.045, 0.2), (x + 0.02, 0.3)), ((x + 0.045, 0.2), (x + 0.07, 0.3)),
                         ((x - 0.2, 0.27), (x + 0.16, 0.31)), ((x - 0.2, 0.27), (x + 0.045, 0.2)), ((x + 0.16, 0.31), (x + 0.045, 0.2))):  # fmt: skip
                d.line(polygon([a, b], s), fill=255, width=w)
            d.line(polygon([(x - 0.12, 0.28), (x - 0.12, 0.45)], s), fill=255, width=s)
            d.rectangle(box(x - 0.135, 0.45, 0.03, 0.025, s), fill=255)

    shape = rgb("1c1418") * 0.55
    light = paint(light, quay, shape, soft=0.5)
    line, deep = int(0.675 * HEIGHT), int(0.3 * HEIGHT)
    y, x = np.mgrid[0:deep, 0:WIDTH]
    wave = (7 * (fractal(x / 22.0, y / 3.0, 8, 3) - 0.47) * (0.4 + y / 40)).astype(int)
    mirrored = light[np.clip(line - y - 1, 0, HEIGHT - 1), np.clip(x + wave, 0, WIDTH - 1)]
    below = light[line : line + deep]
    light[line : line + deep] = mix(below, mirrored * 0.8, 0.72 * np.exp(-y / (deep * 0.5)))
    return light


def turbines(rng: np.random.Generator) -> Floats:
    light = terrain(rng, weather=DAWN, relief=0.45, camera=2.4, fog=0.16, horizon=0.5, rough=0.4)
    for x, foot, size, turn in (
        (0.22, 0.66, 0.36, 0.3),
        (0.5, 0.6, 0.25, 1.1),
        (0.74, 0.64, 0.31, 0.7),
        (0.9, 0.58, 0.18, 1.7),
    ):

        def one(
            d: ImageDraw.ImageDraw, s: int, x: float = x, foot: float = foot, size: float = size, turn: float = turn
        ) -> None:
            hub = (x, foot - size)
            d.polygon(
                polygon(
                    [
                        (x - 0.006 * size / 0.3, foot),
                        (x - 0.003, hub[1]),
                        (x + 0.003, hub[1]),
                        (x + 0.006 * size / 0.3, foot),
                    ],
                    s,
                ),
                fill=255,
            )
            for blade in range(3):
                angle = turn + blade * 2.094
                tip = (x + np.sin(angle) * size * 0.42, hub[1] - np.cos(angle) * size * 0.62)
                side = (np.cos(angle) * 0.005, np.sin(angle) * 0.007)
                d.polygon(
                    polygon([(hub[0] - side[0], hub[1] - side[1]), tip, (hub[0] + side[0], hub[1] + side[1])], s),
                    fill=255,
                )

        light = paint(light, one, rgb("d9d6d4") * 0.7, soft=0.5, shaded=0.1)
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.5 : WIDTH * 1j]
    bank = fractal(x * 3, y * 9, 33, 5) * np.exp(-(((y - 0.68) / 0.12) ** 2))
    return mix(light, mix(rgb("f2c49a"), rgb("c9c4cf"), 0.4) * 0.85, np.clip(bank * 1.7, 0, 0.95))


def boats(rng: np.random.Generator, *, weather: Weather, count: int, sail: bool) -> Floats:
    light = sea(rng, weather=weather, horizon=0.45, swell=0.6)
    for n in range(count):
        x, y = 0.1 + 0.8 * ((n * 0.37 + 0.13) % 1), 0.5 + 0.34 * n / count
        size = 0.03 + 0.16 * (y - 0.45)
        colour = rgb(("c8412b", "e0b030", "e8e4da", "2f6a9a", "d6713a")[n % 5]) * 0.7

        def hull(d: ImageDraw.ImageDraw, s: int, x: float = x, y: float = y, w: float = size * 1.6) -> None:
            d.polygon(
                polygon(
                    [(x - w, y), (x - w * 0.7, y + w * 0.28), (x + w * 0.7, y + w * 0.28), (x + w * 1.1, y - w * 0.05)],
                    s,
                ),
                fill=255,
            )

        def shadow(d: ImageDraw.ImageDraw, s: int, x: float = x, y: float = y, w: float = size * 1.6) -> None:
            d.ellipse(box(x - w, y + w * 0.2, w * 2, w * 0.5, s), fill=170)

        light = paint(light, shadow, rgb("0c1c20") * 0.4, soft=3)
        light = paint(light, hull, colour, soft=0.6, shaded=0.25)
        if sail:

            def cloth(d: ImageDraw.ImageDraw, s: int, x: float = x, y: float = y, w: float = size) -> None:
                d.polygon(
                    polygon([(x, y - w * 4.2), (x + w * 0.12, y - 0.005), (x + w * 1.4, y - w * 0.15)], s), fill=255
                )
                d.polygon(
                    polygon([(x - w * 0.06, y - w * 3.8), (x - w * 0.1, y - 0.005), (x - w * 1.1, y - w * 0.2)], s),
                    fill=235,
                )

            light = paint(light, cloth, rgb("f1eee6") * 0.85, soft=0.6, shaded=0.12)
    return light


def night(rng: np.random.Generator, *, glow: tuple[str, ...], lanterns: int = 60, rails: bool = False) -> Floats:
    """A street after dark, out of focus, on wet ground."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.5 : WIDTH * 1j]
    light = mix(rgb("0b1022"), rgb("2b2440"), np.exp(-(((y - 0.55) / 0.25) ** 2))) * 0.7
    walls = smooth(0.5, 0.52, noise(x * 6, np.zeros_like(x), 3) * 0.6 + 0.35 - np.abs(x - 0.75) * 0.1 + (y - 0.45))
    light = mix(light, rgb("120d14") * 0.5, walls * (y < 0.62))
    for _ in range(lanterns):
        cx, cy = rng.uniform(0, 1.5), 0.58 - abs(rng.normal(0, 0.16))
        near = rng.uniform(0.006, 0.045) ** 1.0
        colour = rgb(glow[int(rng.integers(len(glow)))])
        away = np.hypot(x - cx, y - cy)
        disc = smooth(near * 1.08, near * 0.92, away) * (0.75 + 0.35 * smooth(near * 0.7, near, away))
        light = light + colour * (disc * rng.uniform(0.25, 1.1) + 0.05 * np.exp(-away / 0.12))[..., None]
    floor = int(0.62 * HEIGHT)
    rows = np.arange(HEIGHT - floor)
    wave = (5 * (noise(x[floor:] * 9, y[floor:] * 60, 12) - 0.5) * (1 + rows[:, None] / 30)).astype(int)
    from_row = np.clip(floor - (rows[:, None] * 1.15).astype(int) + 0 * wave, 0, HEIGHT - 1)
    columns = np.clip(np.arange(WIDTH)[None, :] + wave, 0, WIDTH - 1)
    wet = blurred(light, 2.5)[from_row, columns]
    stones = 0.6 + 0.8 * fractal(x[floor:] * 14 / (0.3 + rows[:, None] / 160), y[floor:] * 80, 21, 3)
    light[floor:] = wet * 0.55 * stones[..., None] + rgb("15131c") * 0.35 * stones[..., None]
    if rails:
        for side, lit in ((0.0, 1.0), (0.03, 0.6)):
            edge = np.abs(x - (1.5 - (y - 0.45) * 1.55 - side)) < 0.006 + 0.02 * np.clip(y - 0.45, 0, 1)
            light = mix(light, rgb("e8c890") * lit, (edge & (y > 0.5)).astype(float) * 0.55)
        for n in range(7):
            left, top, wide = 0.93 + 0.09 * n, 0.42 - 0.025 * n, 0.06 + 0.012 * n
            window = (
                smooth(0, 0.012, x - left)
                * smooth(0, 0.012, left + wide - x)
                * smooth(0, 0.01, y - top)
                * smooth(0, 0.01, top + 0.085 + 0.02 * n - y)
            )
            light = mix(light, rgb("ffdf9c") * 1.15, window * 0.9)
    return blurred(light, 1.2)


def leaves(rng: np.random.Generator) -> Floats:
    """Fern fronds near the lens, drops on them, the wood behind them far out of focus."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.5 : WIDTH * 1j]
    light = mix(rgb("1d3a1c"), rgb("9fbf6a"), smooth(0.35, 0.75, fractal(x * 2.2, y * 2.2, 5, 3))) * 0.75
    light = blurred(light, 14)
    for frond, (x0, y0, bend, length, blur) in enumerate(
        ((0.2, 1.05, 0.5, 1.25, 5.0), (1.25, 1.1, -0.55, 1.2, 3.0), (0.55, 1.08, 0.16, 1.2, 0.6))
    ):
        spine = []
        for step in range(60):
            t = step / 59
            spine.append(((x0 + bend * t * t) / 1.5, y0 - length * t * (1 - 0.22 * t)))

        def shape(d: ImageDraw.ImageDraw, s: int, spine: list[tuple[float, float]] = spine) -> None:
            for number, (px, py) in enumerate(spine[4:-1]):
                t = number / 55
                reach = 0.21 * (1 - t) ** 0.8 * min(1, t * 6 + 0.3)
                nx, ny = spine[number + 5][0] - px, spine[number + 5][1] - py
                size = float(np.hypot(nx * 1.5, ny)) or 1.0
                ux, uy = nx / size, ny / size
                for side in (-1, 1):
                    tip = (px + (ux * 0.45 - side * uy / 1.5) * reach, py + (uy * 0.45 + side * ux * 1.5) * reach)
                    thick = 0.011 * (1 - t) + 0.003
                    d.polygon(
                        polygon(
                            [
                                (px, py),
                                ((px + tip[0]) / 2 + ux * thick, (py + tip[1]) / 2 + uy * thick * 1.5),
                                tip,
                                ((px + tip[0]) / 2 - ux * thick, (py + tip[1]) / 2 - uy * thick * 1.5),
                            ],
                            s,
                        ),
                        fill=255,
                    )
            d.line(polygon(spine, s), fill=255, width=3 * s)

        green = rgb(("35602a", "46752f", "6f9f3d")[frond]) * (0.5, 0.65, 0.95)[frond]
        light = paint(light, shape, green, soft=blur, seed=frond * 9, shaded=0.5)
        if blur > 2:
            light = blurred(light, 3)
    for _ in range(70):
        cx, cy, r = rng.uniform(0.35, 0.95) * 1.5 * 0.8, rng.uniform(0.1, 0.95), rng.uniform(0.004, 0.012)
        away = np.hypot(x - cx, y - cy) / r
        light = mix(light, light * 0.72 + rgb("e6f2d8") * 0.12, smooth(1.0, 0.8, away))
        light = (
            light
            + rgb("ffffff")
            * (1.1 * np.exp(-((np.hypot(x - cx + r * 0.35, y - cy + r * 0.4) / (r * 0.22)) ** 2)))[..., None]
        )
    return light


# ---------------------------------------------------------------- indoors: rays marched to solid shapes

type Shape = Callable[[Floats], Floats]
"""How far points (n, 3) are from a surface."""


@dataclass(frozen=True)
class Solid:
    """A shape and what it is made of: `paint` gives the colour of its points, `gloss` how much it shines."""

    shape: Shape
    paint: Callable[[Floats], Floats]
    gloss: float = 0.1


def ball(x: float, y: float, z: float, r: float, flat: float = 1.0) -> Shape:
    centre = np.array([x, y, z])
    return lambda p: (np.linalg.norm((p - centre) / np.array([1, flat, 1]), axis=-1) - r) * flat


def brick(x: float, y: float, z: float, w: float, h: float, d: float, edge: float = 0.01, turn: float = 0.0) -> Shape:
    """A box by its centre and half sizes, with rounded edges, turned around the upright."""
    cos, sin = np.cos(turn), np.sin(turn)

    def far(p: Floats) -> Floats:
        q = p - np.array([x, y, z])
        q = np.stack([cos * q[:, 0] - sin * q[:, 2], q[:, 1], sin * q[:, 0] + cos * q[:, 2]], axis=-1)
        outside = np.abs(q) - np.array([w, h, d]) + edge
        return np.asarray(np.linalg.norm(np.maximum(outside, 0), axis=-1) + np.minimum(outside.max(axis=-1), 0) - edge)

    return far


def turned(x: float, z: float, foot: float, profile: list[tuple[float, float]], wall: float = 0.0) -> Shape:
    """A body of revolution: `profile` lists (height, radius); with a `wall` it is hollow and open above."""
    heights, radii = np.array(profile).T
    top = foot + heights[-1]

    def far(p: Floats) -> Floats:
        around, up = np.hypot(p[:, 0] - x, p[:, 2] - z), p[:, 1] - foot
        radius = np.interp(up, heights, radii)
        side = around - radius
        if wall:
            side = np.abs(side + wall / 2) - wall / 2
            bottom = np.maximum(np.abs(up - wall) - wall, around - np.interp(wall, heights, radii))
            return np.asarray(np.minimum(np.maximum(side, np.maximum(p[:, 1] - top, -up)), bottom) * 0.6)
        return np.asarray(np.maximum(side, np.maximum(p[:, 1] - top, -up)) * 0.6)

    return far


def floor(level: float = 0.0) -> Shape:
    return lambda p: p[:, 1] - level


def wall(z: float) -> Shape:
    return lambda p: z - p[:, 2]


def plain(colour: str, grain: float = 0.25, size: float = 6.0, seed: int = 1) -> Callable[[Floats], Floats]:
    return lambda p: (
        rgb(colour)
        * (1 - grain / 2 + grain * fractal(p[:, 0] * size + p[:, 2] * 2, p[:, 1] * size + p[:, 2] * size, seed, 4))[
            :, None
        ]
    )


def wood(light: str, dark: str, plank: float = 0.6, seed: int = 3, along: int = 0) -> Callable[[Floats], Floats]:
    def colour(p: Floats) -> Floats:
        length, across = p[:, along], p[:, 2 - along]
        board = np.floor(across / plank)
        rings = fractal(length * 0.7 + board * 13, across * 14 + board * 5, seed, 5)
        shade = noise(board * 3.7, board * 1.3, seed)
        gap = smooth(0.0, 0.02, np.abs(across / plank - board - 0.0)) * smooth(
            0.0, 0.02, np.abs(board + 1 - across / plank)
        )
        return (
            mix(rgb(dark), rgb(light), np.clip(rings * 1.1 - 0.1 + 0.35 * (shade - 0.5), 0, 1))
            * (0.35 + 0.65 * gap)[:, None]
        )

    return colour


def render(
    solids: list[Solid], *, eye: tuple[float, float, float], look: tuple[float, float, float], zoom: float = 1.5,
    sun: tuple[float, float, float] = (-0.6, 0.7, -0.4), warm: str = "fff0d8", fill: str = "a8bcd8", bright: float = 1.0,
    window: bool = False, focus: float | None = None, backdrop: str = "30343a", size: float = 3.0,
) -> Floats:  # fmt: skip
    """Light of solids on a table or in a room: sun with soft shadows, sky, bounced light, and a lens in focus at one depth.

    With `window` the sun falls in through panes and leaves bars of shade.
    """
    start = np.array(eye)
    ahead = np.array(look) - start
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(np.array([0.0, 1.0, 0.0]), ahead)
    right /= np.linalg.norm(right)
    up = np.cross(ahead, right)
    y, x = np.mgrid[0.5 : -0.5 : HEIGHT * 1j, -0.75 : 0.75 : WIDTH * 1j]
    rays = (x[..., None] * right + y[..., None] * up + zoom * ahead).reshape(-1, 3)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    toward = np.array(sun)
    toward = toward / np.linalg.norm(toward)

    def nearest(p: Floats) -> Floats:
        return np.asarray(np.minimum.reduce([each.shape(p) for each in solids]))

    def march(origin: Floats, direction: Floats, most: float, steps: int) -> tuple[Floats, Floats]:
        """How far each ray goes, and how narrowly it missed on its way (for soft shadows)."""
        gone, missed = np.full(len(origin), 0.012), np.ones(len(origin))
        live = np.arange(len(origin))
        for _ in range(steps):
            away = nearest(origin[live] + direction[live] * gone[live, None])
            missed[live] = np.minimum(missed[live], 9 * away / gone[live])
            gone[live] += np.maximum(away, 0.002)
            live = live[(away > 0.0015 * np.maximum(gone[live], 1)) & (gone[live] < most)]
            if not len(live):
                break
        return gone, np.clip(missed, 0, 1)

    gone, _ = march(np.broadcast_to(start, rays.shape), rays, 14.0, 110)
    hit = np.nonzero(gone < 13.9)[0]
    light = np.tile(rgb(backdrop), (len(rays), 1))
    p = start + rays[hit] * gone[hit, None]
    tiny = 0.002
    normal = np.stack([nearest(p + tiny * axis) - nearest(p - tiny * axis) for axis in np.eye(3)], axis=-1)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    which = np.argmin(np.stack([each.shape(p) for each in solids]), axis=0)
    colour, gloss = np.zeros_like(p), np.zeros(len(p))
    for number, each in enumerate(solids):
        mine = which == number
        if mine.any():
            colour[mine], gloss[mine] = each.paint(p[mine]), each.gloss
    lifted = p + normal * 0.006
    _, shadow = march(lifted, np.broadcast_to(toward, p.shape), 6.0, 42)
    if window:
        across, above = p[:, 0] - p[:, 2] * toward[0] / toward[2], p[:, 1] - p[:, 2] * toward[1] / toward[2]
        bars = smooth(0.04, 0.1, np.abs((across / 0.9) % 1 - 0.5)) * smooth(0.03, 0.08, np.abs((above / 1.1) % 1 - 0.5))
        shadow = shadow * bars
    sunny = np.clip(normal @ toward, 0, 1) * shadow
    closed = np.ones(len(p))
    for step in (0.03, 0.09, 0.22):
        closed -= 0.5 * np.clip(1 - nearest(p + normal * step) / step, 0, 1) * (0.6 if step < 0.1 else 0.45)
    closed = np.clip(closed, 0.12, 1)
    half = toward - rays[hit]
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    shine = np.clip((normal * half).sum(axis=-1), 0, 1) ** 60 * shadow
    edge = (1 - np.clip(-(normal * rays[hit]).sum(axis=-1), 0, 1)) ** 4
    ambient = (0.3 + 0.25 * normal[:, 1] + 0.1 * normal[:, 0])[:, None] * rgb(fill) + 0.12 * rgb("c8a888") * np.clip(
        -normal[:, 1:2] + 0.3, 0, 1
    )
    seen = colour * (ambient * closed[:, None] * 1.25 + 2.1 * rgb(warm) * sunny[:, None])
    seen = seen + gloss[:, None] * (2.5 * rgb(warm) * shine[:, None] + 0.5 * rgb(fill) * (edge * closed)[:, None])
    light[hit] = seen * bright
    picture = light.reshape(HEIGHT, WIDTH, 3)
    if focus is not None:
        depth = gone.reshape(HEIGHT, WIDTH)
        for radius, start_at in ((1.2, 0.35), (2.6, 0.9), (5.0, 1.9)):
            picture = mix(
                picture, blurred(picture, radius * size / 3), smooth(start_at, start_at * 1.7, np.abs(depth - focus))
            )
    return picture


def table(seed: int = 3, light: str = "b98a5e", dark: str = "6b4527") -> list[Solid]:
    return [
        Solid(floor(), wood(light, dark, 0.55, seed), 0.12),
        Solid(wall(3.2), plain("b7b0a4", 0.2, 1.5, seed), 0.02),
    ]


def loaves(rng: np.random.Generator) -> Floats:
    def crust(p: Floats) -> Floats:
        baked = mix(
            rgb("7a4519"), rgb("d39a55"), smooth(0.3, 0.65, fractal(p[:, 0] * 5, p[:, 2] * 5 + p[:, 1] * 3, 8, 5))
        )
        cut = smooth(0.05, 0.02, np.abs(((p[:, 0] * 2.2 + p[:, 2]) % 0.9) - 0.45)) * smooth(0.22, 0.4, p[:, 1])
        return mix(
            baked,
            rgb("efdcb8"),
            np.maximum(cut * 0.9, 0.5 * smooth(0.62, 0.75, fractal(p[:, 0] * 9, p[:, 2] * 9, 3, 3))),
        )

    def loaf(x: float, z: float, r: float) -> Shape:
        body = ball(x, r * 0.42, z, r, 0.62)
        return lambda p: (body(p) - 0.03 * fractal(p[:, 0] * 7, p[:, 2] * 7, 5, 3)) * 0.8

    solids = [
        *table(5),
        Solid(loaf(-0.75, 0.4, 0.55), crust, 0.03),
        Solid(loaf(0.45, 0.1, 0.5), crust, 0.03),
        Solid(loaf(0.05, 1.15, 0.52), crust, 0.03),
        Solid(turned(1.25, 0.9, 0, [(0, 0.3), (0.25, 0.42), (0.5, 0.46)], 0.05), plain("d8d2c4", 0.1), 0.25),
    ]
    return render(
        solids,
        eye=(0.2, 1.3, -2.4),
        look=(0.05, 0.25, 0.5),
        sun=(-0.8, 0.42, -0.25),
        warm="ffcf96",
        fill="8fa0c0",
        focus=2.7,
    )


def tomatoes(rng: np.random.Generator) -> Floats:
    solids = table(9, "9a8a74", "5c4d3d")
    solids.append(Solid(brick(0, 0.12, 0.55, 1.5, 0.12, 0.03), wood("c49a66", "8a6238", 0.3, 4), 0.05))
    colours = ("b8251a", "d3512b", "e0a02a", "7d2a33", "c93c22", "5f7a2b")
    for n in range(17):
        r = rng.uniform(0.17, 0.25)
        x, z = -1.2 + 0.42 * (n % 6) + rng.uniform(-0.06, 0.06), 0.72 + 0.4 * (n // 6)
        high = r * 0.86 + 0.02 + (0.16 if n > 11 else 0.0)
        flat = rng.uniform(0.78, 0.95)

        def ribbed(
            p: Floats, x: float = x, z: float = z, high: float = high, r: float = r, flat: float = flat
        ) -> Floats:
            turn = np.arctan2(p[:, 2] - z, p[:, 0] - x)
            return (ball(x, high, z, r, flat)(p) + 0.012 * np.cos(turn * 8) * np.clip((p[:, 1] - high) / r, 0, 1)) * 0.8

        solids.append(Solid(ribbed, plain(colours[int(rng.integers(6))], 0.3, 4, n), 0.5))
        solids.append(Solid(ball(x, high + r * flat * 0.94, z, 0.05, 0.4), plain("4e6a2c", 0.5, 20, n), 0.05))
    return render(solids, eye=(0.5, 1.35, -1.7), look=(0.0, 0.2, 0.9), sun=(-0.5, 0.75, -0.5), warm="fff2dc", focus=2.5)


def bowls(rng: np.random.Generator, colour: str = "2d5fa8", backdrop: str = "b7b0a4") -> Floats:
    def glaze(p: Floats) -> Floats:
        run = smooth(0.18, 0.32, p[:, 1] + 0.12 * fractal(np.arctan2(p[:, 2] - 0.3, p[:, 0]) * 4, p[:, 1] * 2, 6, 3))
        return mix(rgb("a5795a"), rgb(colour), run) * (0.8 + 0.4 * fractal(p[:, 0] * 9, p[:, 1] * 9, 4, 4))[:, None]

    bowl = turned(0, 0.3, 0.02, [(0, 0.2), (0.06, 0.24), (0.2, 0.46), (0.4, 0.6), (0.55, 0.64)], 0.05)
    jar = turned(-1.05, 1.0, 0, [(0, 0.26), (0.2, 0.36), (0.5, 0.34), (0.75, 0.2), (0.9, 0.17), (0.98, 0.22)])
    cup = turned(0.98, 0.15, 0, [(0, 0.16), (0.1, 0.21), (0.34, 0.23)], 0.03)
    solids = [
        *table(11, "8b7a68", "4b3f35"),
        Solid(bowl, glaze, 0.6),
        Solid(jar, plain("b86f4a", 0.4, 5, 2), 0.05),
        Solid(cup, plain("dcd6c8", 0.15, 8, 3), 0.35),
    ]
    return render(solids, eye=(0.1, 1.35, -2.1), look=(0, 0.28, 0.4), sun=(-0.75, 0.6, -0.3), warm="fff0dc", focus=2.4)


def coffee(rng: np.random.Generator) -> Floats:
    def drink(p: Floats) -> Floats:
        away = np.hypot(p[:, 0], p[:, 2] - 0.2)
        swirl = np.sin(np.arctan2(p[:, 2] - 0.2, p[:, 0]) * 2 + away * 22 + 3 * fractal(p[:, 0] * 3, p[:, 2] * 3, 2, 3))
        return mix(rgb("3a1d0e"), rgb("e8cfa8"), smooth(0.1, 0.9, swirl) * smooth(0.42, 0.1, away))

    cup = turned(0, 0.2, 0.06, [(0, 0.24), (0.1, 0.36), (0.3, 0.45), (0.48, 0.47)], 0.045)
    level: Shape = lambda p: np.maximum(np.abs(p[:, 1] - 0.43) - 0.01, np.hypot(p[:, 0], p[:, 2] - 0.2) - 0.43)
    saucer = turned(0, 0.2, 0.0, [(0, 0.3), (0.03, 0.6), (0.07, 0.75)])
    jug = turned(-1.0, 0.95, 0, [(0, 0.3), (0.3, 0.36), (0.6, 0.26), (0.8, 0.28)], 0.04)
    solids = [
        *table(2, "6d4a30", "35200f"),
        Solid(saucer, plain("e6e2da", 0.06), 0.4),
        Solid(cup, plain("ece8e0", 0.05), 0.45),
        Solid(level, drink, 0.25),
        Solid(jug, plain("a9adb2", 0.2, 3), 0.8),
    ]
    return render(
        solids, eye=(0.45, 1.75, -1.6), look=(-0.05, 0.25, 0.3), sun=(-0.7, 0.6, 0.25), warm="ffe6c4", focus=2.45
    )


def typewriter(rng: np.random.Generator) -> Floats:
    dark = plain("23262a", 0.3, 5)
    solids = [Solid(floor(), plain("ded8cc", 0.15, 3, 4), 0.1), Solid(wall(2.6), plain("c7cfd3", 0.1, 1), 0.02)]
    solids += [
        Solid(brick(0, 0.16, 0.75, 0.82, 0.16, 0.5, 0.08), dark, 0.35),
        Solid(brick(0, 0.42, 1.1, 0.72, 0.16, 0.22, 0.1), dark, 0.4),
    ]
    roller = lambda p: np.maximum(np.hypot(p[:, 1] - 0.66, p[:, 2] - 1.12) - 0.1, np.abs(p[:, 0]) - 0.95)
    solids += [
        Solid(roller, plain("17181a", 0.2), 0.3),
        Solid(brick(0, 0.98, 1.17, 0.5, 0.34, 0.006, 0.004), plain("f4f0e4", 0.05), 0.05),
    ]

    def keys(p: Floats) -> Floats:
        row = np.clip(np.round((p[:, 2] - 0.1) / 0.15), 0, 3)
        column = np.clip(np.round((p[:, 0] - 0.04 * row) / 0.145), -5, 5)
        q = p - np.stack([column * 0.145 + 0.04 * row, 0.12 + 0.07 * row, 0.1 + row * 0.15], axis=-1)
        return np.maximum(np.hypot(q[:, 0], q[:, 2]) - 0.055, np.abs(q[:, 1]) - 0.02) * 0.8

    solids.append(Solid(keys, plain("e7e0cf", 0.1, 9), 0.4))
    solids += [
        Solid(brick(1.35, 0.1, 1.3, 0.35, 0.05, 0.25, 0.02, 0.3), plain("7d3b2f", 0.2), 0.1),
        Solid(brick(1.33, 0.2, 1.3, 0.33, 0.045, 0.24, 0.02, 0.1), plain("3c5a57", 0.2), 0.1),
    ]
    return render(
        solids,
        eye=(-0.85, 1.35, -1.5),
        look=(0.12, 0.38, 0.8),
        sun=(0.8, 0.6, 0.35),
        warm="ffeccc",
        fill="b8cbe0",
        window=True,
        focus=2.5,
    )


def hall(
    rng: np.random.Generator, *, benches: str = "a8733f", floor_light: str = "9a7b58", people: bool = False
) -> Floats:
    """Rows of benches in a high room, lit from the left by tall windows."""

    def rows(p: Floats) -> Floats:
        row = np.clip(np.round(p[:, 2] / 1.1), 0, 8)
        q = p - np.stack([np.zeros(len(p)), 0.16 * row, row * 1.1], axis=-1)
        seat = np.maximum(
            np.maximum(np.abs(q[:, 0]) - 2.6, np.abs(q[:, 1] - 0.42) - 0.04), np.abs(q[:, 2] - 0.1) - 0.22
        )
        back = np.maximum(
            np.maximum(np.abs(q[:, 0]) - 2.6, np.abs(q[:, 1] - 0.72) - 0.24), np.abs(q[:, 2] - 0.34) - 0.03
        )
        return np.minimum(seat, back) * 0.75

    def steps(p: Floats) -> Floats:
        row = np.clip(np.round(p[:, 2] / 1.1), -3, 8)
        return (p[:, 1] - 0.16 * np.maximum(row, 0)) * 0.8

    side: Shape = lambda p: 3.6 - p[:, 0]
    other: Shape = lambda p: p[:, 0] + 3.6

    def panes(p: Floats) -> Floats:
        at = np.abs((p[:, 2] / 1.8) % 1 - 0.5)
        glass = smooth(0.34, 0.32, at) * smooth(1.0, 1.05, p[:, 1]) * smooth(3.6, 3.5, p[:, 1])
        cross = smooth(0.012, 0.02, np.abs(at - 0.0)) * smooth(0.03, 0.05, np.abs((p[:, 1] / 0.9) % 1 - 0.5))
        return mix(rgb("cfc6b4"), rgb("f6fbff") * 3.4, glass * cross)

    solids = [Solid(steps, wood(floor_light, "5f452b", 0.4, 4), 0.15), Solid(rows, wood(benches, "5d3616", 0.9, 6), 0.2),
              Solid(side, plain("cfc8ba", 0.12, 1), 0.02), Solid(other, panes, 0.02), Solid(wall(11.0), plain("8c7a62", 0.3, 0.8), 0.02),
              Solid(lambda p: 4.4 - p[:, 1], plain("d9d4c8", 0.1, 0.6), 0.0)]  # fmt: skip
    return render(
        solids,
        eye=(1.1, 2.1, -2.3),
        look=(-0.2, 1.25, 3.0),
        zoom=0.95,
        sun=(-0.8, 0.55, -0.1),
        warm="fff0d2",
        bright=1.05,
    )


def library(rng: np.random.Generator) -> Floats:
    seeds = rng.integers(1 << 16, size=4)

    def books(p: Floats) -> Floats:
        shelf, spine = (
            np.floor(p[:, 1] / 0.42),
            np.floor(p[:, 0] / 0.075 + 40 * noise(np.floor(p[:, 1] / 0.42), np.zeros(len(p)), int(seeds[0]))),
        )
        tone = noise(spine * 3.1, shelf * 7.7, int(seeds[1]))
        palette = np.stack(
            [rgb(each) for each in ("5a2a22", "2c3d4f", "6e5a36", "3f4a33", "7d6d58", "8a3b2a", "23282d", "b9a57e")]
        )
        colour = palette[(tone * 7.99).astype(int)]
        stripe = smooth(0.03, 0.02, np.abs((p[:, 1] % 0.42) - 0.27)) * (tone > 0.4)
        return (
            mix(colour, rgb("c8a95e"), stripe * 0.7)
            * (0.75 + 0.5 * noise(p[:, 0] * 60, p[:, 1] * 5, int(seeds[2])))[:, None]
        )

    def case(p: Floats) -> Floats:
        spine = p[:, 0] / 0.075 + 40 * noise(np.floor(p[:, 1] / 0.42), np.zeros(len(p)), int(seeds[0]))
        depth = 0.07 * noise(np.floor(spine) * 1.7, np.floor(p[:, 1] / 0.42), int(seeds[3])) + 0.02 * np.abs(
            spine - np.floor(spine) - 0.5
        )
        tall = 0.3 + 0.1 * noise(np.floor(spine) * 5.3, np.floor(p[:, 1] / 0.42) + 9, int(seeds[3]))
        behind = np.where((p[:, 1] % 0.42) > tall, 0.25, 0.0)
        return (2.0 + depth + behind - p[:, 2]) * 0.45

    def boards(p: Floats) -> Floats:
        flat = np.abs((p[:, 1] + 0.21) % 0.42 - 0.21) - 0.018
        upright = np.abs((p[:, 0] + 0.9) % 1.8 - 0.9) - 0.03
        return np.maximum(np.minimum(flat, upright), 1.86 - p[:, 2]) * 0.8

    def ladder(p: Floats) -> Floats:
        lean = p[:, 2] - 1.75 + (p[:, 1] - 3.2) * -0.0 + 0.22 * (3.2 - p[:, 1]) / 3.2
        rails = np.hypot(np.abs(p[:, 0] - 0.75) - 0.24, lean) - 0.03
        rungs = np.maximum(np.hypot((p[:, 1] + 0.17) % 0.34 - 0.17, lean) - 0.022, np.abs(p[:, 0] - 0.75) - 0.24)
        return np.minimum(rails, rungs) * 0.85

    oak = wood("9c6f42", "5b3a1e", 3.0, 8)
    solids = [
        Solid(case, books, 0.05),
        Solid(boards, oak, 0.15),
        Solid(ladder, wood("b98a52", "7a5228", 3.0, 2), 0.2),
        Solid(floor(), wood("8a5f38", "4d301a", 0.35, 7, 1), 0.2),
    ]
    return render(
        solids,
        eye=(-0.7, 1.5, -1.3),
        look=(0.35, 1.55, 1.9),
        zoom=1.0,
        sun=(-0.55, 0.5, -0.75),
        warm="ffe2b4",
        fill="b0b6c4",
        backdrop="3a2a1c",
    )


def office(rng: np.random.Generator) -> Floats:
    """Desks with papers and rolled plans before a glass front and a town in haze."""

    def panes(p: Floats) -> Floats:
        town = smooth(
            0.42, 0.44, 0.25 + 0.45 * noise(np.floor(p[:, 0] * 2.2) * 3.3, np.zeros(len(p)), 5) - 0.25 * (p[:, 1] - 0.9)
        )
        lit = noise(np.floor(p[:, 0] * 16), np.floor(p[:, 1] * 14), 8)
        outside = mix(rgb("e6eef6") * 2.0, rgb("93a4b5") * (0.8 + 0.5 * lit[:, None]), town)
        frame = smooth(0.015, 0.03, np.abs((p[:, 0] / 1.3) % 1 - 0.5)) * smooth(0.03, 0.05, np.abs(p[:, 1] - 2.0))
        return mix(rgb("2b2f33") * 0.4, outside, frame)

    paper = plain("f3f1ea", 0.04)
    solids = [Solid(brick(0, 0.72, 0.7, 1.7, 0.03, 0.75, 0.01), wood("c9a878", "93703f", 0.8, 6), 0.2), Solid(floor(-0.2), plain("6b6f73", 0.3, 2), 0.1), Solid(wall(4.2), panes, 0.0),
              Solid(brick(-0.25, 0.757, 0.55, 0.62, 0.006, 0.42, 0.003, 0.15), lambda p: mix(rgb("e9edf2"), rgb("4f78a8"), smooth(0.02, 0.008, np.minimum(np.abs((p[:, 0] * 1.6 + 0.3) % 0.31 - 0.15), np.abs((p[:, 2] * 1.4) % 0.23 - 0.11)))), 0.03),
              Solid(brick(0.85, 0.77, 0.85, 0.28, 0.012, 0.2, 0.006, -0.3), plain("2a2d31", 0.1), 0.4), Solid(brick(0.83, 0.95, 1.04, 0.28, 0.18, 0.012, 0.006, -0.3), plain("15181c", 0.1), 0.5)]  # fmt: skip
    for n in range(3):

        def roll(
            p: Floats, z: float = 1.05 + 0.09 * n, x: float = -0.9 + 0.12 * n, up: float = 0.06 * (n == 1)
        ) -> Floats:
            return np.maximum(np.hypot(p[:, 1] - 0.79 - up, p[:, 2] - z) - 0.05, np.abs(p[:, 0] - x) - 0.5)

        solids.append(Solid(roll, paper, 0.05))
    solids += [
        Solid(turned(0.35, 1.05, 0.75, [(0, 0.07), (0.16, 0.08)], 0.012), plain("d8dcdf", 0.05), 0.4),
        Solid(turned(1.35, 0.5, 0.75, [(0, 0.1), (0.06, 0.13), (0.14, 0.14)], 0.02), plain("3d6e8c", 0.2), 0.4),
    ]
    return render(
        solids,
        eye=(-0.5, 1.5, -1.25),
        look=(0.1, 0.85, 1.2),
        zoom=1.15,
        sun=(0.35, 0.6, 0.7),
        warm="fff4e2",
        fill="c8d8ec",
        bright=1.05,
        focus=2.2,
    )


def violin(rng: np.random.Generator) -> Floats:
    """A workbench with a carved body, a scroll of shavings and tools."""

    def body(p: Floats) -> Floats:
        q = p - np.array([0.1, 0.12, 0.5])
        turn = 0.5
        q = np.stack(
            [np.cos(turn) * q[:, 0] - np.sin(turn) * q[:, 2], q[:, 1], np.sin(turn) * q[:, 0] + np.cos(turn) * q[:, 2]],
            axis=-1,
        )
        bout = 0.36 + 0.09 * np.cos((q[:, 0] + 0.1) * 6.4) - 0.12 * smooth(0.1, 0.7, q[:, 0])
        outline = np.maximum(
            np.abs(q[:, 2]) - bout * np.sqrt(np.clip(1 - (q[:, 0] / 0.82) ** 4, 0, 1)), np.abs(q[:, 0]) - 0.82
        )
        return np.maximum(outline, np.abs(q[:, 1]) - 0.11 - 0.04 * np.cos(q[:, 2] * 4)) * 0.6

    def shavings(p: Floats) -> Floats:
        cell = np.clip(np.round(p[:, [0, 2]] / 0.33), -5, 6)
        centre = cell * 0.33 + 0.12 * (
            np.stack([noise(cell[:, 0] * 2.3, cell[:, 1] * 1.1, 4), noise(cell[:, 0], cell[:, 1] * 3.7, 5)], axis=-1)
            - 0.5
        )
        away = np.hypot(np.hypot(p[:, 0] - centre[:, 0], p[:, 1] - 0.05) - 0.045, 0.6 * (p[:, 2] - centre[:, 1]))
        return (away - 0.008) * 0.5

    neck = brick(-0.95, 0.2, -0.08, 0.38, 0.03, 0.05, 0.02, -0.5 + 1.0)
    solids = [Solid(floor(), wood("8f6a45", "4a3018", 0.9, 12), 0.05), Solid(wall(3.4), plain("6f665a", 0.35, 2), 0.02), Solid(body, wood("c07f3a", "83451a", 0.08, 5), 0.35),
              Solid(neck, wood("6b3c1a", "3b1f0c", 0.4, 2), 0.2), Solid(shavings, plain("e3c896", 0.15), 0.05),
              Solid(brick(1.25, 0.06, 0.1, 0.35, 0.05, 0.05, 0.03, 0.8), wood("5a3a22", "2d1a0e", 0.5, 1), 0.2), Solid(brick(1.02, 0.05, -0.2, 0.2, 0.012, 0.03, 0.004, 0.8), plain("b8bcc0", 0.1), 0.9)]  # fmt: skip
    return render(
        solids,
        eye=(0.1, 1.6, -1.7),
        look=(0.1, 0.1, 0.45),
        sun=(-0.75, 0.5, 0.1),
        warm="ffd9a6",
        fill="8a98ac",
        focus=2.5,
    )


def pots(rng: np.random.Generator) -> Floats:
    solids = [
        Solid(floor(), wood("93795a", "55402b", 0.5, 15), 0.05),
        Solid(wall(3.4), plain("8fa38c", 0.5, 1.2), 0.02),
    ]
    for x, z, size in ((0.0, 0.4, 1.0), (-1.05, 1.1, 0.8), (1.05, 1.2, 0.85)):
        solids.append(
            Solid(
                turned(
                    x,
                    z,
                    0,
                    [
                        (0, 0.25 * size),
                        (0.45 * size, 0.36 * size),
                        (0.46 * size, 0.41 * size),
                        (0.58 * size, 0.42 * size),
                    ],
                ),
                plain("b5633c", 0.35, 5, int(size * 9)),
                0.05,
            )
        )
        solids.append(Solid(turned(x, z, 0.5 * size, [(0, 0.035), (0.7 * size, 0.02)]), plain("6d5a3e", 0.4, 12), 0.05))

        def crown(p: Floats, x: float = x, z: float = z, size: float = size) -> Floats:
            body = ball(x, 1.28 * size, z, 0.4 * size, 0.9)(p)
            return (body + 0.16 * (0.5 - fractal(p[:, 0] * 11 + p[:, 2] * 5, p[:, 1] * 13 + p[:, 2] * 7, 6, 3))) * 0.5

        solids.append(
            Solid(
                crown,
                lambda p: mix(
                    rgb("47592f"),
                    rgb("a3b07a"),
                    smooth(0.35, 0.65, fractal(p[:, 0] * 16, p[:, 1] * 16 + p[:, 2] * 9, 2, 3)),
                ),
                0.1,
            )
        )
    return render(solids, eye=(0.1, 1.1, -2.5), look=(0, 0.72, 0.5), sun=(-0.6, 0.65, -0.45), warm="fff0d0", focus=2.8)


def yarn(rng: np.random.Generator) -> Floats:
    def wound(x: float, z: float, r: float) -> Shape:
        def far(p: Floats) -> Floats:
            q = (p - np.array([x, r * 0.96, z])) / r
            strands = np.sin(24 * np.arctan2(q[:, 2] + 0.4 * q[:, 1], q[:, 0]) + 9 * q[:, 1]) * np.cos(
                5 * q[:, 0] + 4 * q[:, 2]
            )
            return np.asarray((np.linalg.norm(p - np.array([x, r * 0.96, z]), axis=-1) - r - 0.012 * strands) * 0.7)

        return far

    solids = [*table(21, "c2a277", "86683f"), Solid(wound(-0.55, 0.3, 0.45), plain("a8414e", 0.3, 20), 0.02), Solid(wound(0.5, 0.15, 0.38), plain("d9c9a6", 0.2, 20), 0.02),
              Solid(wound(0.15, 1.05, 0.48), plain("4c6f86", 0.3, 20), 0.02), Solid(wound(1.25, 0.9, 0.36), plain("7d8b55", 0.3, 20), 0.02)]  # fmt: skip
    needle: Shape = lambda p: (
        np.maximum(
            np.hypot(p[:, 1] - 0.62 + 0.35 * p[:, 0], p[:, 2] - 0.2 - 0.2 * p[:, 0]) - 0.018,
            np.abs(p[:, 0] + 0.1) - 0.95,
        )
        * 0.8
    )
    solids.append(Solid(needle, wood("d6b27c", "b08a50", 0.5, 3), 0.3))
    return render(
        solids, eye=(0.2, 1.35, -2.0), look=(0.15, 0.35, 0.5), sun=(-0.7, 0.6, -0.3), warm="ffe8c8", focus=2.3
    )


def machine(rng: np.random.Generator, colour: str = "d98a2b") -> Floats:
    """An arm of steel over parcels on a belt."""
    solids = [
        Solid(floor(), plain("4c5054", 0.3, 3), 0.25),
        Solid(wall(4.0), plain("8e979d", 0.15, 1), 0.02),
        Solid(brick(0, 0.3, 0.9, 3.0, 0.08, 0.5, 0.03), plain("26282b", 0.25, 9), 0.1),
    ]
    for n in range(6):
        solids.append(
            Solid(
                brick(
                    -2.0 + 0.8 * n,
                    0.38 + 0.17 + 0.03 * (n % 3),
                    0.9,
                    0.24,
                    0.17 + 0.03 * (n % 3),
                    0.24,
                    0.015,
                    0.2 * (n % 4),
                ),
                plain(("b98d5c", "a87c4c", "c59a68")[n % 3], 0.15, 4, n),
                0.03,
            )
        )
    joints = [np.array(each) for each in ((1.3, 0.1, 2.2), (1.3, 1.2, 2.2), (0.4, 1.75, 1.6), (-0.35, 1.15, 1.0))]
    for one, two, thick in zip(joints[:-1], joints[1:], (0.24, 0.17, 0.12), strict=True):

        def limb(p: Floats, one: Floats = one, two: Floats = two, thick: float = thick) -> Floats:
            along = np.clip(((p - one) @ (two - one)) / ((two - one) @ (two - one)), 0, 1)
            return np.asarray(np.linalg.norm(p - one - along[:, None] * (two - one), axis=-1) - thick)

        solids.append(Solid(limb, plain(colour, 0.12, 3), 0.45))
        solids.append(Solid(ball(two[0], two[1], two[2], thick * 1.25), plain("3a3d40", 0.15), 0.5))
    solids.append(Solid(brick(-0.35, 0.95, 0.9, 0.16, 0.05, 0.16, 0.02), plain("2c2e31", 0.1), 0.5))
    return render(
        solids,
        eye=(-1.0, 1.6, -2.2),
        look=(0.05, 0.9, 1.0),
        zoom=1.15,
        sun=(-0.5, 0.8, -0.4),
        warm="f4f4ff",
        fill="b0c0d0",
        focus=3.3,
    )


def washbasin(rng: np.random.Generator) -> Floats:
    tiles = lambda p: (
        rgb("dfe8ea")
        * (
            0.55
            + 0.45
            * smooth(
                0.0,
                0.03,
                np.minimum(
                    np.abs((p[:, 0] / 0.4) % 1 - 0.5) * 0 + np.minimum((p[:, 0] / 0.4) % 1, 1 - (p[:, 0] / 0.4) % 1),
                    np.minimum((p[:, 1] / 0.4) % 1, 1 - (p[:, 1] / 0.4) % 1),
                ),
            )
        )[:, None]
    )
    basin = turned(0, 0.8, 0.1, [(0, 0.5), (0.2, 0.78), (0.36, 0.85)], 0.06)
    tap: Shape = lambda p: (
        np.minimum(
            np.maximum(np.hypot(p[:, 0], p[:, 2] - 1.55) - 0.05, np.abs(p[:, 1] - 0.75) - 0.45),
            np.maximum(np.hypot(p[:, 0], p[:, 1] - 1.2) - 0.045, np.abs(p[:, 2] - 1.25) - 0.32),
        )
        * 0.9
    )
    water: Shape = lambda p: (
        np.maximum(
            np.hypot(p[:, 0], p[:, 2] - 0.95) - 0.025 - 0.006 * np.sin(p[:, 1] * 30), np.abs(p[:, 1] - 0.7) - 0.5
        )
        * 0.8
    )
    solids = [Solid(floor(), plain("c6cdd0", 0.1, 2), 0.3), Solid(wall(2.0), tiles, 0.25), Solid(basin, plain("f0f2f2", 0.03), 0.5), Solid(tap, plain("aab2b8", 0.1), 1.2), Solid(water, plain("cfe2ea", 0.1), 1.0),
              Solid(turned(1.15, 1.2, 0.1, [(0, 0.14), (0.4, 0.15), (0.46, 0.06), (0.6, 0.06)]), plain("3f8f8a", 0.1), 0.5)]  # fmt: skip
    return render(
        solids,
        eye=(0.5, 1.5, -1.3),
        look=(0.1, 0.6, 0.9),
        sun=(-0.5, 0.75, -0.5),
        warm="f4f8ff",
        fill="c4d6e4",
        bright=1.0,
        focus=2.2,
    )


def chess(rng: np.random.Generator) -> Floats:
    def squares(p: Floats) -> Floats:
        odd = (np.floor(p[:, 0] / 0.36) + np.floor(p[:, 2] / 0.36)) % 2
        return mix(rgb("5a3820"), rgb("d8bd8c"), odd) * (0.8 + 0.4 * fractal(p[:, 0] * 3, p[:, 2] * 14, 3, 4))[:, None]

    solids = [Solid(floor(), squares, 0.25), Solid(wall(4.5), plain("3b3f46", 0.4, 1), 0.0)]
    pawn = [
        (0, 0.12),
        (0.05, 0.12),
        (0.08, 0.08),
        (0.26, 0.045),
        (0.28, 0.08),
        (0.31, 0.05),
        (0.36, 0.085),
        (0.42, 0.07),
        (0.46, 0.01),
    ]
    tall = [
        (0, 0.15),
        (0.06, 0.15),
        (0.1, 0.1),
        (0.5, 0.055),
        (0.54, 0.11),
        (0.58, 0.06),
        (0.72, 0.11),
        (0.76, 0.09),
        (0.82, 0.02),
    ]
    places = [
        (-0.9, 0.2, 0),
        (-0.18, 0.55, 1),
        (0.18, 0.18, 0),
        (0.54, 0.9, 1),
        (-0.54, 1.26, 1),
        (0.9, 0.54, 0),
        (0.18, 1.62, 0),
        (-1.26, 1.62, 1),
        (1.26, 1.62, 0),
    ]
    for n, (x, z, black) in enumerate(places):
        solids.append(
            Solid(turned(x, z, 0, tall if n % 3 == 1 else pawn), plain("1e1a18" if black else "e6d7b4", 0.2, 8, n), 0.5)
        )
    return render(
        solids, eye=(0.3, 0.85, -1.5), look=(0.0, 0.22, 0.6), sun=(-0.7, 0.55, -0.1), warm="ffe9c8", focus=2.0, size=4
    )


def keys_pattern(rng: np.random.Generator) -> Floats:
    """Keys drawn by hand with a brush on paper."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.5 : WIDTH * 1j]
    light = rgb("ece3d0") * (0.86 + 0.2 * fractal(x * 40, y * 40, 3, 4))[..., None]
    for row in range(5):
        for column in range(7):
            cx, cy = 0.06 + column * 0.15 + 0.07 * (row % 2), 0.1 + row * 0.21
            turn = rng.uniform(-0.5, 0.5)
            cos, sin = np.cos(turn), np.sin(turn)

            def key(
                d: ImageDraw.ImageDraw, s: int, cx: float = cx, cy: float = cy, cos: float = cos, sin: float = sin
            ) -> None:
                def at(u: float, v: float) -> tuple[float, float]:
                    return cx + (u * cos - v * sin) / 1.5, cy + u * sin + v * cos

                d.line(polygon([at(-0.02, 0), at(0.09, 0)], s), fill=235, width=4 * s)
                for u in (0.06, 0.085):
                    d.line(polygon([at(u, 0), at(u, 0.025)], s), fill=235, width=4 * s)
                d.line(
                    polygon([at(-0.045 + 0.027 * np.cos(a), 0.027 * np.sin(a)) for a in np.linspace(0, 6.4, 30)], s),
                    fill=235,
                    width=4 * s,
                )

            light = paint(
                light,
                key,
                rgb(("2f4858", "7a3b2e", "4d6b4a", "8a6a2f")[int(rng.integers(4))]) * 0.8,
                soft=0.7,
                seed=row * 7 + column,
                shaded=0.4,
            )
    return light


def roof(rng: np.random.Generator) -> Floats:
    """Rain on corrugated tin."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.5 : WIDTH * 1j]
    depth = 1 / (1.25 - y)
    across = (x - 0.75) * depth
    wave = np.cos(across * 34)
    rust = smooth(0.45, 0.62, fractal(across * 3, depth * 4, 4, 5))
    tin = (
        mix(rgb("7c868c"), rgb("7a4527"), rust)
        * (0.55 + 0.35 * wave + 0.2 * fractal(across * 30, depth * 12, 6, 3))[..., None]
    )
    wet = smooth(0.75, 1.0, np.sin(across * 34 + 0.9)) * (0.5 + fractal(across * 8, depth * 40, 9, 3))
    light = tin * 0.8 + rgb("cfd8de") * (0.35 * wet)[..., None]
    for _ in range(420):
        cx, cy, long = rng.uniform(0, 1.5), rng.uniform(0, 1), rng.uniform(0.02, 0.06)
        streak = (
            np.exp(-(((x - cx - (y - cy) * 0.12) / 0.0014) ** 2))
            * smooth(0, 0.01, y - cy)
            * smooth(0, 0.01, cy + long - y)
        )
        light = light + rgb("e6eef4") * (0.3 * streak)[..., None]
    return np.asarray(light)


def puddle(rng: np.random.Generator) -> Floats:
    light = boats(rng, weather=GREY, count=0, sail=False) * 0.9
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1.5 : WIDTH * 1j]
    ground = rgb("6b645c") * (0.4 + 0.9 * fractal(x * 16 / (0.4 + y), y * 40, 3, 5))[..., None]
    shore = smooth(-0.03, 0.05, 0.42 - y + 0.12 * (fractal(x * 2, y * 2, 5, 3) - 0.45)) + smooth(
        0, 0.06, y - 0.86 + 0.1 * (fractal(x * 3, y, 8, 3) - 0.45)
    )
    light = mix(light, ground * 0.7, np.clip(shore, 0, 1))
    for n, (cx, cy, size) in enumerate(((0.3, 0.62, 0.1), (0.58, 0.7, 0.13), (0.78, 0.56, 0.085))):
        parts = (
            ([(-1, 0), (-0.6, 0.45), (0.6, 0.45), (1, 0)], rgb("e9e6de") * 0.75),
            ([(-1, 0), (0, -0.12), (1, 0), (0, 0.16)], rgb("b9b6b0") * 0.6),
            ([(-0.42, 0.05), (0.02, -0.75), (0.42, 0.05)], rgb("f5f2ea") * 0.9),
            ([(0.02, -0.75), (0.42, 0.05), (0.1, 0.1)], rgb("c4c1ba") * 0.65),
        )
        light = paint(
            light,
            lambda d, s: d.ellipse(box(cx - size, cy + size * 0.5, size * 2, size * 0.9, s), fill=150),
            rgb("20242a") * 0.5,
            soft=4,
        )
        for points, colour in parts:
            light = paint(
                light,
                lambda d, s: d.polygon(polygon([(cx + u * size, cy + v * size * 1.5) for u, v in points], s), fill=255),
                colour,
                soft=0.7,
                seed=n,
                shaded=0.1,
            )
    return light


def bridge(rng: np.random.Generator) -> Floats:
    light = terrain(rng, weather=CLEAR, relief=0.5, camera=1.6, lake=0.35, fog=0.06, horizon=0.4)

    def arches(d: ImageDraw.ImageDraw, s: int) -> None:
        d.polygon(polygon([(0, 0.52), (0.5, 0.42), (1, 0.52), (1, 0.72), (0, 0.72)], s), fill=255)
        for n in range(3):
            d.pieslice(box(0.07 + 0.31 * n, 0.52, 0.24, 0.5, s), 180, 360, fill=0)

    stone = rgb("a8967c") * 0.75
    light = paint(light, arches, stone, soft=0.7, seed=5, shaded=0.45)
    for n in range(3):

        def arch(d: ImageDraw.ImageDraw, s: int) -> None:
            d.pieslice(box(0.07 + 0.31 * n, 0.52, 0.24, 0.5, s), 180, 360, fill=210)
            d.pieslice(box(0.095 + 0.31 * n, 0.56, 0.24, 0.5, s), 180, 360, fill=0)

        light = paint(light, arch, rgb("3a3126") * 0.5, soft=1.5)

    def cyclist(d: ImageDraw.ImageDraw, s: int) -> None:
        for x in (0.585, 0.645):
            d.ellipse(box(x - 0.02, 0.385, 0.04, 0.06, s), outline=255, width=2 * s)
        d.line(polygon([(0.585, 0.415), (0.61, 0.38), (0.635, 0.38), (0.645, 0.415)], s), fill=255, width=2 * s)
        d.line(polygon([(0.606, 0.37), (0.622, 0.325), (0.64, 0.355)], s), fill=255, width=7 * s)
        d.line(polygon([(0.606, 0.37), (0.618, 0.4)], s), fill=255, width=5 * s)
        d.ellipse(box(0.618, 0.29, 0.016, 0.026, s), fill=255)

    return paint(light, cyclist, rgb("2a2230") * 0.4, soft=0.5)


def dog(rng: np.random.Generator) -> Floats:
    light = terrain(rng, weather=EVENING, relief=0.7, camera=1.3, fog=0.05, horizon=0.55, ground="6b7040")

    def shape(d: ImageDraw.ImageDraw, s: int) -> None:
        d.polygon(polygon([(0, 0.83), (0.25, 0.77), (0.45, 0.74), (0.7, 0.78), (1, 0.86), (1, 1), (0, 1)], s), fill=255)
        d.ellipse(box(0.38, 0.575, 0.15, 0.1, s), fill=255)
        d.polygon(
            polygon([(0.5, 0.6), (0.545, 0.51), (0.575, 0.52), (0.605, 0.545), (0.56, 0.58), (0.53, 0.65)], s), fill=255
        )
        d.polygon(polygon([(0.546, 0.52), (0.55, 0.48), (0.568, 0.515)], s), fill=255)
        for x in (0.395, 0.415, 0.5, 0.515):
            d.line(polygon([(x, 0.64), (x - 0.004, 0.76)], s), fill=255, width=8 * s)
        d.line(polygon([(0.385, 0.61), (0.345, 0.66), (0.32, 0.65)], s), fill=255, width=8 * s)

    return paint(light, shape, rgb("14120f") * 0.5, soft=0.8, shaded=0.6)


def lit_panel(rng: np.random.Generator) -> Floats:
    """A lit panel on a wall, with a drawing of teeth on film, and instruments before it."""

    def film(p: Floats) -> Floats:
        u, v = p[:, 0] / 0.9, (p[:, 1] - 1.1) / 0.5
        arch = np.abs(v - 0.25 * u * u)
        tooth = np.abs((u * 7) % 1 - 0.5)
        white = (
            smooth(0.36, 0.3, arch)
            * smooth(0.47, 0.38, tooth)
            * (0.55 + 0.45 * fractal(p[:, 0] * 30, p[:, 1] * 30, 4, 3))
        )
        bone = 0.22 * smooth(0.9, 0.3, np.abs(v)) * fractal(p[:, 0] * 9, p[:, 1] * 9, 7, 4)
        return mix(rgb("0b1a26"), rgb("cfe4f2") * 1.6, np.clip(white + bone, 0, 1))

    solids = [
        Solid(floor(), plain("aeb9be", 0.1, 2), 0.4),
        Solid(wall(2.4), plain("9fb0b6", 0.1, 1), 0.03),
        Solid(brick(0, 1.1, 2.3, 1.15, 0.68, 0.05, 0.03), plain("e8edf0", 0.03), 0.2),
        Solid(brick(0, 1.1, 2.24, 0.95, 0.52, 0.01, 0.004), film, 0.15),
    ]
    for n in range(4):
        solids.append(
            Solid(
                brick(-0.6 + 0.22 * n, 0.05, 0.9, 0.025, 0.02, 0.35, 0.018, 0.12 * n - 0.2), plain("b8c0c6", 0.1), 1.0
            )
        )
    solids.append(Solid(turned(0.9, 0.95, 0, [(0, 0.2), (0.34, 0.22)], 0.02), plain("c9dde2", 0.05), 0.7))
    return render(
        solids,
        eye=(0.35, 1.2, -1.2),
        look=(0.0, 0.75, 1.6),
        zoom=1.25,
        sun=(-0.5, 0.8, -0.3),
        warm="f2f8ff",
        fill="a8c4d4",
        focus=3.4,
    )


def cargo(rng: np.random.Generator) -> Floats:
    def front(p: Floats) -> Floats:
        brickwork = smooth(0.0, 0.08, np.minimum((p[:, 1] / 0.12) % 1, 1 - (p[:, 1] / 0.12) % 1)) * smooth(
            0.0,
            0.05,
            np.minimum(
                (p[:, 0] / 0.3 + 0.5 * np.floor(p[:, 1] / 0.12)) % 1,
                1 - (p[:, 0] / 0.3 + 0.5 * np.floor(p[:, 1] / 0.12)) % 1,
            ),
        )
        return (
            mix(rgb("b8aea0"), rgb("8a4a35"), brickwork)
            * (0.6 + 0.7 * noise(np.floor(p[:, 0] / 0.3) * 7, np.floor(p[:, 1] / 0.12) * 3, 3))[:, None]
        )

    def ring(x: float, r: float) -> Shape:
        return lambda p: np.hypot(np.hypot(p[:, 0] - x, p[:, 1] - r) - r + 0.04, p[:, 2] - 1.0) - 0.035

    def tube(a: tuple[float, float], b: tuple[float, float], thick: float = 0.025) -> Shape:
        one, two = np.array([*a, 1.0]), np.array([*b, 1.0])

        def far(p: Floats) -> Floats:
            along = np.clip(((p - one) @ (two - one)) / ((two - one) @ (two - one)), 0, 1)
            return np.asarray(np.linalg.norm(p - one - along[:, None] * (two - one), axis=-1) - thick)

        return far

    frame = plain("2f6f6a", 0.1)
    solids = [Solid(floor(), plain("77736d", 0.5, 9), 0.05), Solid(wall(2.6), front, 0.02), Solid(ring(-1.0, 0.42), plain("1b1b1c", 0.2), 0.1), Solid(ring(1.35, 0.32), plain("1b1b1c", 0.2), 0.1),
              Solid(brick(0.72, 0.5, 1.0, 0.42, 0.26, 0.3, 0.02), wood("c49b62", "8f6a38", 0.16, 4, 0), 0.1),
              *(Solid(tube(a, b), frame, 0.4) for a, b in (((-1.0, 0.42), (-0.45, 0.4)), ((-0.45, 0.4), (-0.6, 0.98)), ((-1.0, 0.42), (-0.55, 0.85)), ((-0.45, 0.4), (0.1, 0.95)), ((-0.58, 0.88), (0.06, 0.92)), ((0.1, 0.95), (0.3, 0.25)), ((0.3, 0.25), (1.35, 0.32)), ((0.1, 0.95), (0.02, 1.12)))),
              Solid(brick(-0.62, 1.02, 1.0, 0.16, 0.03, 0.08, 0.03), plain("3a2a20", 0.2), 0.2), Solid(brick(0.62, 0.86, 0.95, 0.22, 0.12, 0.18, 0.01, 0.2), plain("b98d5c", 0.15), 0.03)]  # fmt: skip
    return render(
        solids, eye=(-0.5, 1.15, -2.2), look=(0.1, 0.6, 1.0), sun=(-0.65, 0.65, -0.45), warm="fff2da", focus=3.3
    )


SCENES: Mapping[str, Scene] = {
    "Baker shaping sourdough loaves at dawn": loaves,
    "Harbour crane against an orange sky": harbour,
    "Two engineers reading a plan": office,
    "Empty lecture hall with wooden benches": hall,
    "Close-up of fern leaves after rain": leaves,
    "Cyclist crossing a stone bridge": bridge,
    "Grandmother teaching a child to knit": yarn,
    "Night train leaving a platform": partial(night, glow=("ffd9a0", "ffb060", "ff7a5a"), lanterns=26, rails=True),
    "Hands potting a young olive tree": pots,
    "Aerial view of terraced rice fields": partial(
        terrain,
        weather=DAWN,
        relief=0.75,
        camera=3.0,
        terraces=True,
        ground="6f9a3c",
        tint="3f6a2a",
        horizon=0.2,
        fog=0.05,
    ),
    "Dentist explaining an X-ray": lit_panel,
    "Old typewriter on a window sill": typewriter,
    "Market stall with heirloom tomatoes": tomatoes,
    "Snow plough on a mountain pass": partial(
        terrain, weather=CLEAR, relief=1.35, camera=1.0, snow=0.75, horizon=0.45, rock="6f6c6a"
    ),
    "Team cheering in a glass office": office,
    "Lighthouse in heavy surf": lighthouse,
    "Potter glazing a blue bowl": bowls,
    "Library shelves with a rolling ladder": library,
    "Paper boats on a puddle": puddle,
    "Wind turbines above morning fog": turbines,
    "Violin maker carving a scroll": violin,
    "Kayaks on a turquoise lake": partial(
        terrain, weather=CLEAR, relief=1.1, camera=1.3, lake=0.5, snow=2.0, horizon=0.42
    ),
    "Courier with a cargo bike": cargo,
    "Sheepdog on a ridge": dog,
    "Seamless pattern of hand-drawn keys": keys_pattern,
    "Time lapse of clouds over a valley": partial(terrain, weather=GREY, relief=1.2, camera=1.8, fog=0.07, snow=2.6),
    "Row of beehives in a lavender field": partial(
        terrain, weather=CLEAR, relief=0.3, camera=1.2, ground="6f5a9a", tint="8a6fb0", rock="7a6a58", fog=0.04
    ),
    "Farmers' protest, Sampleburg - 11 Jun 2026": partial(night, glow=("ffc070", "ff9040", "ffe0b0"), lanterns=90),
    "Flood barrier test, Sampleburg - 17 Jul 2026": partial(harbour, weather=GREY, cranes=1),
    "Drone flight along a coast road": partial(terrain, weather=EVENING, relief=0.9, camera=2.2, lake=0.42, fog=0.06),
    "Slow motion of milk poured into coffee": coffee,
    "Surgeon washing hands": washbasin,
    "Street musicians at dusk": partial(night, glow=("ffcf8a", "ff9a5a", "7aa8ff", "ffe9c0"), lanterns=70),
    "Robot arm sorting parcels": machine,
    "Rain on a tin roof": roof,
    "City marathon, Exampletown - 04 Oct 2026": partial(
        night, glow=("cfe0ff", "ffe0b0", "ff6a4a", "8ad0ff"), lanterns=110
    ),
    "Opening of the harbour museum, Exampletown - 12 Sep 2026": partial(harbour, weather=EVENING, cranes=1),
    "Chess championship, Sampleburg - 30 Aug 2026": chess,
    "Lantern festival, Exampletown - 02 May 2026": partial(
        night, glow=("ffb040", "ff7a2a", "ffd080", "ff5a3a"), lanterns=130
    ),
    "Regatta finals, Sampleburg - 19 Apr 2026": partial(boats, weather=CLEAR, count=7, sail=True),
    "Tram line inauguration, Exampletown - 01 Sep 2026": partial(
        night, glow=("fff0c0", "ff9a6a", "9ac8ff"), lanterns=40, rails=True
    ),
}
