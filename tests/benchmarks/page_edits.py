"""Pages with a picture in them, as claimants, agencies and sites make them; and pictures half covered, or cut out.

The rule for what may be said was chosen on `TUNED`; `HELD_OUT` were never looked at before it stood.
"""

from __future__ import annotations

from random import Random

import numpy as np
from edits import Edit, encoded, fit, words  # type: ignore[import-not-found]  # lies beside this file
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

type Draw = ImageDraw.ImageDraw
PALE = ((255, 255, 255), (250, 250, 248), (243, 245, 248), (238, 236, 230))
STRONG = ((24, 32, 58), (160, 28, 52), (12, 92, 74), (235, 140, 20), (70, 50, 140))


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def lines(
    draw: Draw,
    chance: Random,
    box: tuple[int, int, int, int],
    size: int,
    ink: int | tuple[int, int, int] = (50, 50, 55),
) -> None:
    """A paragraph that fills a box."""
    for top in range(box[1], box[3] - size, round(size * 1.35)):
        text = ""
        while draw.textlength(text, font(size)) < box[2] - box[0]:
            text += f" {words(chance, 2).lower()}"
        while draw.textlength(text, font(size)) > box[2] - box[0]:
            text = text.rpartition(" ")[0]
        draw.text((box[0], top), text, ink, font(size))


def placed(page: Image.Image, image: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The picture within a box, whole; where it lies."""
    small = ImageOps.contain(image.convert("RGB"), (box[2] - box[0], box[3] - box[1]))
    page.paste(small, box[:2])
    return (*box[:2], box[0] + small.width, box[1] + small.height)


def report(image: Image.Image, chance: Random) -> Image.Image:
    """A claimant's report: a page of text with a table, and the picture small."""
    page = Image.new("RGB", (1240, 1754), chance.choice(PALE))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 1240, chance.randint(60, 130)), chance.choice(STRONG))
    draw.text((90, 170), f"Report: {words(chance, 3)}", "black", font(40))
    lines(draw, chance, (90, 250, 1150, 560), 22)
    side, top = chance.choice([90, 780]), chance.randint(600, 900)
    _, _, _, end = placed(page, image, (side, top, side + chance.randint(260, 380), top + 420))
    text = (500, 1150) if side == 90 else (90, 740)
    lines(draw, chance, (text[0], 600, text[1], 1280), 20)
    draw.text((side, end + 8), "Figure 1: the work", "dimgrey", font(18))
    for row in range(8):
        draw.line((90, 1320 + row * 44, 1150, 1320 + row * 44), (190, 190, 190), 2)
        draw.text((100, 1328 + row * 44), words(chance, 6), (60, 60, 60), font(19))
    return page


def hero(image: Image.Image, chance: Random) -> Image.Image:
    """A site's first screen: the picture fills it, under a gradient from one side, a headline and two buttons."""
    page = ImageOps.fit(image.convert("RGB"), (1400, chance.choice([560, 640, 760])))
    strength, turn = chance.uniform(0.75, 0.96), chance.choice([0, 90, 180])
    ramp = Image.linear_gradient("L").point(lambda level: round(strength * min(255, level * 1.35)))
    page.paste(Image.new("RGB", page.size, chance.choice(STRONG)), mask=ramp.rotate(turn).resize(page.size))
    draw = ImageDraw.Draw(page)
    left = {0: 380, 90: 760, 180: 380}[turn] if turn != 90 else 700
    draw.text((left, 160), f"{words(chance, 2)}\n{words(chance, 2)}", "white", font(76))
    draw.text((left, 360), words(chance, 6), "white", font(26))
    for number in range(2):
        box = (left + number * 240, 430, left + 210 + number * 240, 492)
        draw.rounded_rectangle(box, 30, chance.choice(["white", "orange", "crimson"]))
        draw.text((box[0] + 40, 444), words(chance, 1), "black", font(26))
    draw.rectangle((0, 0, 1400, 70), "white")
    draw.text((40, 18), words(chance, 5), "black", font(28))
    return page


def outline(size: tuple[int, int], chance: Random) -> Image.Image:
    """A subject's shape: a blob about the middle, of a third to a half of the picture."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    waves = [chance.uniform(0.01, 0.07) * np.sin(n * angles + chance.uniform(0, 6.3)) for n in (2, 3, 5)]
    radius = 0.36 + np.sum(waves, axis=0)
    middle = chance.uniform(0.42, 0.58), chance.uniform(0.45, 0.55)
    points = [
        (size[0] * (middle[0] + r * np.cos(a)), size[1] * (middle[1] + 1.15 * r * np.sin(a)))
        for a, r in zip(angles, radius, strict=True)
    ]
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon(points, 255)
    return mask.filter(ImageFilter.GaussianBlur(1.2))


def cut_out(image: Image.Image, chance: Random) -> Image.Image:
    """The subject alone on white, on a shop's square picture."""
    image = fit(image.convert("RGB"), 900)
    alone = Image.composite(image, Image.new("RGB", image.size, "white"), outline(image.size, chance))
    page = Image.new("RGB", (1000, 1000), "white")
    alone = fit(alone, chance.randint(760, 980))
    page.paste(alone, ((1000 - alone.width) // 2, (1000 - alone.height) // 2))
    return page


def browser(image: Image.Image, chance: Random) -> Image.Image:
    """A screenshot of a blog in a browser: tabs, an address, a column of text with the picture, and a side bar."""
    page = Image.new("RGB", (1600, 1000), chance.choice(PALE))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 1600, 44), (210, 214, 220))
    draw.rounded_rectangle((20, 8, 300, 60), 12, "white")
    draw.text((40, 16), words(chance, 3), "black", font(18))
    draw.rectangle((0, 44, 1600, 92), "white")
    draw.rounded_rectangle((120, 52, 1300, 84), 16, (235, 238, 242))
    draw.text((140, 57), "https://blog.example.com/2026/autumn", "dimgrey", font(18))
    draw.text((300, 120), words(chance, 4), "black", font(44))
    width = chance.randint(420, 700)
    _, _, _, end = placed(page, image, (300, 200, 300 + width, 760))
    lines(draw, chance, (300, end + 20, 1000, 990), 21)
    draw.rectangle((1080, 200, 1400, 1000), (226, 230, 236))
    lines(draw, chance, (1100, 230, 1380, 700), 18)
    return page


def contact_sheet(image: Image.Image, chance: Random, others: list[Image.Image]) -> Image.Image:
    """Twelve thumbnails with names below them, one of them the picture."""
    page = Image.new("RGB", (1500, 1250), chance.choice([*PALE, (40, 40, 42)]))
    draw = ImageDraw.Draw(page)
    place = chance.randrange(12)
    for number in range(12):
        left, top = 40 + (number % 4) * 365, 40 + (number // 4) * 400
        other = others[number % len(others)]
        part = image if number == place else ImageOps.mirror(other) if number // len(others) % 2 else other
        placed(page, part, (left, top, left + 325, top + 325))
        draw.text((left, top + 335), f"IMG_{chance.randint(1000, 9999)}.jpg", "grey", font(20))
    return page


def slide(image: Image.Image, chance: Random) -> Image.Image:
    """A slide: a title, points, and the picture to one side, on a gradient or plain."""
    one, two = chance.sample([*PALE, *STRONG], 2)
    page = Image.composite(
        Image.new("RGB", (1600, 900), one), Image.new("RGB", (1600, 900), two if chance.random() < 0.5 else one),
        Image.linear_gradient("L").resize((1600, 900)),
    )  # fmt: skip
    draw = ImageDraw.Draw(page)
    ink = "black" if sum(one) > 500 else "white"
    draw.text((90, 70), words(chance, 4), ink, font(64))
    left = chance.choice([90, 880])
    for row in range(5):
        draw.text((90 if left == 880 else 820, 230 + row * 90), f"• {words(chance, 3)}", ink, font(38))
    placed(page, image, (left, 230, left + chance.randint(480, 640), 800))
    return page


# ---------------------------------------------------------------- held out


def photographed(page: Image.Image, chance: Random) -> Image.Image:
    """A phone's photograph of a sheet on a desk: in perspective, unevenly lit, with grain."""
    width, height = page.size
    desk = np.random.default_rng(chance.randrange(1 << 30)).normal(0, 1, (90, 70))
    wood = Image.fromarray((110 + 14 * desk).clip(0, 255).astype(np.uint8)).resize((1200, 1600)).convert("RGB")
    wood = ImageOps.colorize(wood.convert("L"), (60, 38, 20), (190, 150, 110))

    def near(x: float, y: float) -> tuple[float, float]:
        return x + chance.uniform(-45, 45), y + chance.uniform(-45, 45)

    corners = [near(130, 150), near(1070, 150), near(1090, 1450), near(110, 1450)]
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    rows = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
    system = np.array(rows)
    ways = tuple(np.linalg.solve(system[:, :8], system[:, 8]))
    sheet = page.transform((1200, 1600), Image.Transform.PERSPECTIVE, ways, Image.Resampling.BICUBIC)
    mask = Image.new("L", page.size, 255).transform((1200, 1600), Image.Transform.PERSPECTIVE, ways)
    wood.paste(sheet, mask=mask)
    light = Image.linear_gradient("L").rotate(chance.choice([0, 90, 180, 270])).resize((1200, 1600))
    wood = Image.composite(wood, ImageEnhance.Brightness(wood).enhance(0.72), light)
    grain = np.random.default_rng(1).normal(0, 5, (1600, 1200, 1))
    return Image.fromarray((np.asarray(wood, float) + grain).clip(0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.8)
    )


def letter(image: Image.Image, chance: Random) -> Image.Image:
    """A printed letter with the picture in its middle."""
    page = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(page)
    draw.text((800, 90), f"{words(chance, 2)}\nMain Street 1\nExample City", "black", font(24))
    lines(draw, chance, (110, 300, 1130, 620), 24)
    width = chance.randint(420, 700)
    _, _, _, end = placed(page, image, (110, 660, 110 + width, 1180))
    lines(draw, chance, (110, end + 40, 1130, 1560), 24)
    return page


def two_pictures(image: Image.Image, chance: Random, others: list[Image.Image]) -> Image.Image:
    """A page of a PDF with two pictures, one of them foreign, with captions."""
    page = Image.new("RGB", (1190, 1684), "white")
    draw = ImageDraw.Draw(page)
    parts = [image, others[0]]
    chance.shuffle(parts)
    top = 110
    for number, part in enumerate(parts):
        draw.text((100, top), f"{number + 1}. {words(chance, 3)}", "black", font(30))
        _, _, _, end = placed(page, part, (100, top + 60, 100 + chance.randint(420, 820), top + 560))
        lines(draw, chance, (100, end + 16, 1090, end + 150), 20)
        top = end + 190
    return page


def social_card(image: Image.Image, chance: Random) -> Image.Image:
    """A post: a person, a line, the picture cut to a shape, hearts and comments."""
    page = Image.new("RGB", (1080, 1350), chance.choice([(255, 255, 255), (21, 32, 43), (240, 242, 245)]))
    ink = "black" if page.getpixel((0, 0))[0] > 100 else "white"  # type: ignore[index]  # three channels
    draw = ImageDraw.Draw(page)
    draw.ellipse((40, 40, 130, 130), chance.choice(STRONG))
    draw.text((150, 50), f"{words(chance, 2)}\n2 h", ink, font(32))
    draw.text((40, 150), words(chance, 5), ink, font(34))
    shape = chance.choice([(1080, 810), (1000, 1000), (1000, 562)])
    page.paste(ImageOps.fit(image.convert("RGB"), shape), ((1080 - shape[0]) // 2, 220))
    for number in range(3):
        draw.regular_polygon((80 + number * 120, 1280, 26), 3 + number, fill=None, outline=ink, width=4)
    return page


def newspaper(image: Image.Image, chance: Random) -> Image.Image:
    """A scan of a page in columns, grey and grainy, a little turned."""
    page = Image.new("L", (1300, 1700), 232)
    draw = ImageDraw.Draw(page)
    draw.text((70, 60), words(chance, 3), 20, font(96))
    width = chance.choice([370, 770])
    column = chance.randrange(3 if width == 370 else 2)
    left = 70 + column * 400
    _, _, right, end = placed(rgb := page.convert("RGB"), image.convert("L"), (left, 240, left + width, 900))
    page = rgb.convert("L")
    draw = ImageDraw.Draw(page)
    for number in range(3):
        start = 70 + number * 400
        under = start < right and start + 360 > left
        lines(draw, chance, (start, end + 40 if under else 240, start + 360, 1640), 19, 50)
    page = page.rotate(chance.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor=232)
    grain = np.random.default_rng(chance.randrange(1 << 30)).normal(0, 9, (1700, 1300))
    return Image.fromarray((np.asarray(page, float) + grain).clip(0, 255).astype(np.uint8)).convert("RGB")


def shop(image: Image.Image, chance: Random, others: list[Image.Image]) -> Image.Image:
    """A shop's page: a row of thumbnails, the picture, a price and a button."""
    page = Image.new("RGB", (1440, 1000), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 1440, 64), chance.choice(STRONG))
    draw.text((40, 14), words(chance, 6), "white", font(28))
    for number, other in enumerate(others):
        page.paste(ImageOps.fit(other.convert("RGB"), (110, 110)), (40, 120 + number * 130))
    placed(page, image, (180, 120, 180 + chance.randint(380, 640), 820))
    draw.text((880, 130), words(chance, 3), "black", font(46))
    draw.text((880, 210), "EUR 39.00", "crimson", font(40))
    lines(draw, chance, (880, 290, 1380, 620), 20)
    draw.rounded_rectangle((880, 660, 1160, 724), 10, chance.choice(STRONG))
    draw.text((930, 674), "Add to basket", "white", font(28))
    return page


def dark_results(image: Image.Image, chance: Random, others: list[Image.Image]) -> Image.Image:
    """A search by picture in dark mode: results of several heights, cut round at the corners."""
    page = Image.new("RGB", (1400, 1000), (32, 33, 36))
    draw = ImageDraw.Draw(page)
    draw.rounded_rectangle((60, 30, 800, 84), 27, (60, 62, 66))
    draw.text((90, 42), words(chance, 3), "white", font(26))
    tops = [120] * 4
    parts = [image, *others]
    chance.shuffle(parts)
    for number in range(8):
        part = parts[number] if number < len(parts) else others[number % len(others)].rotate(90, expand=True)
        column = number % 4
        height = max(90, min(430, round(310 * part.height / part.width)))
        small = ImageOps.fit(part.convert("RGB"), (310, height))
        mask = Image.new("L", small.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *small.size), 14, 255)
        page.paste(small, (50 + column * 330, tops[column]), mask)
        draw.text((54 + column * 330, tops[column] + height + 8), words(chance, 3), (200, 200, 200), font(18))
        tops[column] += height + 50
    return page


TUNED: dict[str, Edit] = {
    "report page": lambda image, chance, others: encoded(report(image, chance), quality=80),
    "hero": lambda image, chance, others: encoded(hero(image, chance)),
    "cut-out": lambda image, chance, others: encoded(cut_out(image, chance), quality=85),
    "browser": lambda image, chance, others: encoded(browser(image, chance), "PNG"),
    "contact sheet": lambda image, chance, others: encoded(contact_sheet(image, chance, others), quality=80),
    "slide": lambda image, chance, others: encoded(slide(image, chance), quality=80),
}
HELD_OUT: dict[str, Edit] = {
    "photographed letter": lambda image, chance, others: encoded(photographed(letter(image, chance), chance)),
    "two pictures": lambda image, chance, others: encoded(two_pictures(image, chance, others), quality=80),
    "social card": lambda image, chance, others: encoded(social_card(image, chance), quality=80),
    "newspaper": lambda image, chance, others: encoded(newspaper(image, chance), quality=65),
    "shop": lambda image, chance, others: encoded(shop(image, chance, others), "WEBP", 70),
    "dark results": lambda image, chance, others: encoded(dark_results(image, chance, others), quality=75),
}
