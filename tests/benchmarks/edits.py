"""What web sites do to pictures: 23 edits, each as the bytes of the picture that a letter would show."""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

type Edit = Callable[[Image.Image, Random, list[Image.Image]], bytes]
"""Takes the picture, chance, and three foreign pictures (for a collage)."""

WORDS = (
    "Summer",
    "Offers",
    "Quality",
    "Service",
    "Discover",
    "More",
    "About",
    "Our Team",
    "Partners",
    "Journey",
    "Fresh",
)


def encoded(image: Image.Image, kind: str = "JPEG", quality: int = 75) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, kind, quality=quality)
    return out.getvalue()


def fit(image: Image.Image, side: int) -> Image.Image:
    """Longer side of exactly `side` pixels."""
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def crop(image: Image.Image, chance: Random, area: float) -> Image.Image:
    """A part with this share of the area, somewhere, in a somewhat different shape."""
    shape = chance.uniform(0.85, 1.18)
    width = min(1.0, (area * shape) ** 0.5)
    height = min(1.0, area / width)
    left, top = chance.uniform(0, 1 - width), chance.uniform(0, 1 - height)
    box = left * image.width, top * image.height, (left + width) * image.width, (top + height) * image.height
    return image.crop(tuple(map(round, box)))


def words(chance: Random, count: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(count))


def headline(image: Image.Image, chance: Random) -> Image.Image:
    """A gradient from below, a headline and a button."""
    image = image.convert("RGB")
    shade = Image.new("L", (1, 100))
    shade.putdata([max(0, round(200 * (y - 40) / 60)) for y in range(100)])
    image.paste(Image.new("RGB", image.size, "black"), mask=shade.resize(image.size))
    draw = ImageDraw.Draw(image)
    size = image.width // 14
    at = (image.width * chance.uniform(0.04, 0.12), image.height * chance.uniform(0.45, 0.6))
    draw.text(at, f"{words(chance, 2)}\n{words(chance, 3)}", "white", ImageFont.load_default(size))
    button = (at[0], image.height * 0.84, at[0] + image.width * 0.22, image.height * 0.94)
    draw.rounded_rectangle(button, size // 3, chance.choice(["crimson", "royalblue", "seagreen", "orange"]))
    draw.text((button[0] + size / 2, button[1] + size / 8), "Read on", "white", ImageFont.load_default(size * 2 / 3))
    return image


def darkened(image: Image.Image, chance: Random) -> Image.Image:
    image = image.convert("RGB").filter(ImageFilter.GaussianBlur(2))
    image = Image.blend(image, Image.new("RGB", image.size, (10, 12, 20)), 0.6)
    at = (image.width / 2, image.height / 2)
    font = ImageFont.load_default(image.width // 12)
    ImageDraw.Draw(image).multiline_text(
        at, f"{words(chance, 2)}\n{words(chance, 2)}", "white", font, anchor="mm", align="center"
    )
    return image


def graded(image: Image.Image) -> Image.Image:
    image = ImageEnhance.Contrast(ImageEnhance.Color(image.convert("RGB")).enhance(0.55)).enhance(1.3)
    table = [round(255 * (value / 255) ** 0.8) for value in range(256)]
    warm = [[min(255, round(value * gain)) for value in table] for gain in (1.08, 1.0, 0.88)]
    return image.point([value for channel in warm for value in channel])


def turned(image: Image.Image, degrees: float, keep: bool) -> Image.Image:
    """Rotated; without white corners where `keep` is false."""
    image = image.convert("RGB").rotate(degrees, Image.Resampling.BICUBIC, expand=keep, fillcolor="white")
    if keep:
        return image
    return image.crop(
        (round(image.width * 0.08), round(image.height * 0.08), round(image.width * 0.92), round(image.height * 0.92))
    )


def screenshot(image: Image.Image, chance: Random) -> Image.Image:
    """A browser's window of 1440×900 with text, the picture about half as wide."""
    page = Image.new("RGB", (1440, 900), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 1440, 80), (222, 225, 230))
    draw.rounded_rectangle((160, 42, 1200, 72), 14, "white")
    draw.text((180, 48), "https://www.example.com/blog/2026", "dimgrey", ImageFont.load_default(16))
    draw.rectangle((0, 80, 1440, 150), chance.choice(["white", "midnightblue", "black", "darkgreen"]))
    draw.text((60, 96), words(chance, 2), "grey", ImageFont.load_default(32))
    small = fit(image.convert("RGB"), round(706 * (1 if image.width >= image.height else image.height / image.width)))
    small.thumbnail((720, 740))
    left, top = chance.choice([40, 360, 690]), chance.randint(160, max(161, 890 - small.height))
    for row in range(22):
        for column in (20, 760):
            draw.text((column, 170 + row * 32), words(chance, 9), (60, 60, 60), ImageFont.load_default(17))
    page.paste(small, (left, top))
    return page


def collage(image: Image.Image, chance: Random, others: list[Image.Image]) -> Image.Image:
    page = Image.new("RGB", (1208, 808), "white")
    parts = [image, *others]
    chance.shuffle(parts)
    for number, part in enumerate(parts):
        page.paste(ImageOps.fit(part.convert("RGB"), (600, 400)), (608 * (number % 2), 408 * (number // 2)))
    return page


def watermarked(image: Image.Image, number: str) -> Image.Image:
    """A platform's preview: 450 pixels, tiled words, a logo in the middle, a bar with the picture's number."""
    image = fit(image.convert("RGB"), 450)
    over = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(over)
    for row in range(0, image.height, 60):
        for column in range(-40, image.width, 120):
            draw.text((column + (row // 60 % 2) * 60, row), "example", (255, 255, 255, 90), ImageFont.load_default(18))
    middle = image.width / 2, image.height / 2
    box = (middle[0] - 90, middle[1] - 26, middle[0] + 90, middle[1] + 26)
    draw.rounded_rectangle(box, 8, outline=(255, 255, 255, 150), width=3)
    draw.text(middle, "EXAMPLE", (255, 255, 255, 160), ImageFont.load_default(34), anchor="mm")
    draw.rectangle((0, image.height - 22, image.width, image.height), (20, 20, 20, 255))
    draw.text((8, image.height - 20), f"example.com · {number}", "white", ImageFont.load_default(14))
    return Image.alpha_composite(image.convert("RGBA"), over).convert("RGB")


EDITS: dict[str, Edit] = {
    "resize 600": lambda image, chance, others: encoded(fit(image, 600), quality=60),
    "thumbnail 200": lambda image, chance, others: encoded(fit(image, 200), quality=60),
    "webp 800": lambda image, chance, others: encoded(fit(image, 800), "WEBP", 50),
    "avif 800": lambda image, chance, others: encoded(fit(image, 800), "AVIF", 45),
    "crop 90": lambda image, chance, others: encoded(fit(crop(image, chance, 0.9), 800)),
    "crop 70": lambda image, chance, others: encoded(fit(crop(image, chance, 0.7), 800)),
    "crop 40": lambda image, chance, others: encoded(fit(crop(image, chance, 0.4), 800)),
    "banner": lambda image, chance, others: encoded(
        ImageOps.fit(image.convert("RGB"), (1200, 400), centering=(0.5, chance.uniform(0.2, 0.8)))
    ),
    "stretch": lambda image, chance, others: encoded(image.resize((round(image.width * 1.15), image.height))),
    "headline": lambda image, chance, others: encoded(headline(fit(image, 1000), chance)),
    "dark overlay": lambda image, chance, others: encoded(darkened(fit(image, 1000), chance)),
    "grade": lambda image, chance, others: encoded(graded(fit(image, 800))),
    "grey": lambda image, chance, others: encoded(ImageEnhance.Contrast(fit(image, 800).convert("L")).enhance(1.4)),
    "mirror": lambda image, chance, others: encoded(ImageOps.mirror(fit(image, 800))),
    "rotate 5": lambda image, chance, others: encoded(turned(fit(image, 800), 5, keep=False)),
    "rotate 15": lambda image, chance, others: encoded(turned(fit(image, 800), 15, keep=True)),
    "screenshot": lambda image, chance, others: encoded(screenshot(image, chance), quality=85),
    "collage": lambda image, chance, others: encoded(collage(image, chance, others)),
    "mirror crop text": lambda image, chance, others: encoded(
        headline(fit(crop(ImageOps.mirror(image), chance, 0.7), 800), chance), "WEBP", 60
    ),
    "crop grade text": lambda image, chance, others: encoded(
        headline(graded(fit(crop(image, chance, 0.4), 500)), chance)
    ),
}
# The same for pictures of which the archive holds a watermarked preview only.
EDITS |= {
    "marked: resize 800": lambda image, chance, others: encoded(fit(image, 800)),
    "marked: crop 70": EDITS["crop 70"],
    "marked: headline": EDITS["headline"],
}
MARKED = "marked: "
assert len(EDITS) == 23
