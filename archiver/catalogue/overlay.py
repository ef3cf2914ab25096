"""One picture laid over another: compared block by block, and shown side by side. Pillow and NumPy only."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

type Affine = NDArray[np.float64]
"""2×3: takes pixels of the picture laid over to pixels of the one below. Pixel centres are at halves, as in Pillow."""

BLOCKS_PER_SIDE = 8  # blocks to a side
MIN_BLOCKS = 4  # blocks that show anything, to say anything
AGREES, CLOSE = 0.7, 0.9  # correlations of a block that shows the same, and that shows it unchanged
FINE_BLUR_PX, BROAD_BLUR_PX = 1.5, 16  # pixels of blur: below, noise and compression; above, light and shade
SHEET_SIDE_PX = 480  # pixels of each of two pictures side by side


@dataclass(frozen=True)
class Comparison:
    """The blocks' correlations: their `median`, their `lowest` tenth, the shares that are `agreeing` and `close`.

    `telling` is the share of all blocks that show anything, on which these rest. `detail` is the median without light
    and shade, which a gradient laid over a picture changes.
    """

    median: float = 0.0
    lowest: float = 0.0
    agreeing: float = 0.0
    close: float = 0.0
    detail: float = 0.0
    telling: float = 0.0
    close_blocks: NDArray[np.intp] = field(default_factory=lambda: np.zeros((0, 4), np.intp), repr=False, compare=False)


def between(upper: tuple[int, int], lower: tuple[int, int]) -> Affine:
    """The map that stretches a picture of one size over one of another."""
    return np.array([[lower[0] / upper[0], 0, 0], [0, lower[1] / upper[1], 0]])


def chained(first: Affine, second: Affine) -> Affine:
    """First the one, then the other."""
    return np.hstack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2:] + second[:, 2:]])


def flip(width: int) -> Affine:
    """The mirror image of a picture of this width."""
    return np.array([[-1.0, 0, width], [0, 1, 0]])


def inverse(affine: Affine) -> Affine:
    """The way back."""
    back = np.linalg.inv(affine[:, :2])
    return np.hstack([back, -back @ affine[:, 2:]])


def grey(image: Image.Image, side: int) -> Image.Image:
    """The picture in grey, its longer side at most `side` pixels."""
    from PIL.Image import Resampling

    small = image.convert("L")
    small.thumbnail((side, side), Resampling.BOX, reducing_gap=2)
    return small


def lay(upper: Image.Image, affine: Affine, size: tuple[int, int], outside: str = "black") -> Image.Image:
    """The upper picture as it lies on a lower one of that size."""
    from PIL.Image import Resampling, Transform

    # Shrunk before, because the transformation itself takes single pixels.
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    if scale < 0.75:
        small = upper.resize((max(1, round(upper.width * scale)), max(1, round(upper.height * scale))), Resampling.BOX)
        affine, upper = chained(between(small.size, upper.size), affine), small
    back = inverse(affine).ravel().tolist()
    return upper.transform(size, Transform.AFFINE, back, Resampling.BILINEAR, fillcolor=outside)


def compare(lower: Image.Image, upper: Image.Image, affine: Affine) -> Comparison:
    """Correlates two grey pictures, one laid over the other, in blocks of the common area."""
    from PIL import Image, ImageFilter

    mask = lay(Image.new("L", upper.size, 255), affine, lower.size)
    inside = np.asarray(mask) > 250
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if len(rows) < 3 * BLOCKS_PER_SIDE or len(columns) < 3 * BLOCKS_PER_SIDE:
        return Comparison()
    # Around the upper picture lies the lower one, so that blurring takes the same into both.
    pair = Image.composite(lay(upper, affine, lower.size), lower, mask), lower
    (one, light), (other, shade) = (
        [
            np.asarray(each.filter(ImageFilter.GaussianBlur(pixels)), np.float32)
            for pixels in (FINE_BLUR_PX, BROAD_BLUR_PX)
        ]
        for each in pair
    )
    lines = np.linspace(rows[0], rows[-1] + 1, BLOCKS_PER_SIDE + 1).astype(int)
    posts = np.linspace(columns[0], columns[-1] + 1, BLOCKS_PER_SIDE + 1).astype(int)
    grid = _correlations(one, other, inside, lines, posts)
    blocks = grid[~np.isnan(grid)]
    if len(blocks) < MIN_BLOCKS:
        return Comparison()
    fine = _correlations(one - light, other - shade, inside, lines, posts)
    fine = fine[~np.isnan(fine)]
    row, column = np.nonzero(grid >= CLOSE)
    return Comparison(
        median=float(np.median(blocks)),
        lowest=float(np.quantile(blocks, 0.1)),
        agreeing=float((blocks >= AGREES).mean()),
        close=float((blocks >= CLOSE).mean()),
        detail=float(np.median(fine)) if len(fine) >= MIN_BLOCKS else 0.0,
        telling=len(blocks) / BLOCKS_PER_SIDE**2,
        close_blocks=np.stack([posts[column], lines[row], posts[column + 1], lines[row + 1]], 1),
    )


def _correlations(
    one: NDArray[np.float32], other: NDArray[np.float32], inside: NDArray[np.bool],
    lines: NDArray[np.intp], posts: NDArray[np.intp],
) -> NDArray[np.float64]:  # fmt: skip
    """(8, 8): of the blocks between these lines and posts; NaN where the first picture shows nothing."""
    pixels = np.outer(np.diff(lines), np.diff(posts))

    def means(values: NDArray[np.generic]) -> NDArray[np.float64]:
        """Of each block; (8, 8)."""
        common = values[lines[0] : lines[-1], posts[0] : posts[-1]].astype(np.float64)
        sums = np.add.reduceat(common, lines[:-1] - lines[0], 0)
        sums = np.add.reduceat(sums, posts[:-1] - posts[0], 1)
        return np.asarray(sums / pixels, np.float64)

    mine, theirs = means(one), means(other)
    wide, narrow = np.sqrt((means(one * one) - mine**2).clip(0)), np.sqrt((means(other * other) - theirs**2).clip(0))
    agree = np.where(narrow > 0.7, (means(one * other) - mine * theirs) / np.maximum(wide * narrow, 1e-9), 0)
    return np.where((means(inside) >= 0.95) & (wide >= 3), agree, np.nan)


def beside(query: Image.Image, preview: Image.Image, affine: Affine) -> tuple[Image.Image, Image.Image]:
    """The query, and the preview as it lies in the query, in one size.

    Of a query much larger than the preview in it, a page for instance, only that part is shown.
    """
    from PIL.Image import Resampling

    corners = np.array([(x, y) for x in (0, preview.width) for y in (0, preview.height)])
    placed = corners @ affine[:, :2].T + affine[:, 2]
    margin = 0.05 * (placed.max(0) - placed.min(0))
    left, top = np.maximum(placed.min(0) - margin, 0).astype(int)
    right, bottom = np.minimum(placed.max(0) + margin, query.size).astype(int)
    part = query.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    moved = affine - np.array([[0, 0, left], [0, 0, top]])
    scale = SHEET_SIDE_PX / max(part.size)
    size = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    laid = lay(preview, chained(moved, between(part.size, size)), size, outside="grey")
    return part.resize(size, Resampling.LANCZOS), laid


def side_by_side(query: Image.Image, preview: Image.Image, affine: Affine | None) -> bytes:
    """A PNG: to the left the query, to the right the preview, laid as it lies in the query where that is known."""
    from PIL import Image, ImageOps

    if affine is None:
        parts = (
            ImageOps.contain(query, (SHEET_SIDE_PX, SHEET_SIDE_PX)),
            ImageOps.contain(preview, (SHEET_SIDE_PX, SHEET_SIDE_PX)),
        )
    else:
        parts = beside(query, preview, affine)
    page = Image.new("RGB", (2 * SHEET_SIDE_PX + 12, max(each.height for each in parts)), "white")
    page.paste(parts[0], (0, 0))
    page.paste(parts[1], (SHEET_SIDE_PX + 12, 0))
    out = io.BytesIO()
    page.save(out, "PNG", compress_level=1)
    return out.getvalue()


def below_each_other(sheets: Sequence[bytes]) -> bytes:
    """One PNG of several."""
    from PIL import Image

    pages = [Image.open(io.BytesIO(each)) for each in sheets]
    joined = Image.new("RGB", (max(page.width for page in pages), sum(page.height + 12 for page in pages)), "white")
    top = 0
    for page in pages:
        joined.paste(page, (0, top))
        top += page.height + 12
    out = io.BytesIO()
    joined.save(out, "PNG")
    return out.getvalue()
