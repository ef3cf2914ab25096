"""Where the pictures of a page are: areas that stand apart from its background. NumPy and Pillow only; pure.

A page is a screenshot, a slide, a scan, a sheet of thumbnails, or a subject cut out on white. Its background is every
large area without edges. What differs from the background near it, and is thicker than letters and lines, is a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

type Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""

MAX_AREAS = 12  # of one page, the largest
MIN_SIDE_PX = 48  # of the page as given; anything smaller is an icon
MIN_AREA_RATIO, MAX_AREA_RATIO = 0.004, 0.9  # of the page
_WORKING_WIDTH_PX, _WORKING_HEIGHT_PX = 800, 2048  # to which a page is shrunk
_CELL_PX = 4
_FLAT_LEVELS = 7  # grey levels between neighbours without an edge: compression, and the grain of paper
_GRAIN_PX = 2  # by which a scan is smoothed
_APART_LEVELS = 14  # grey levels from the background
_MIN_BACKGROUND_RATIO = 0.03  # of the page
_MIN_PAPER_RATIO = 0.2  # of a scan, whose grain hides where its pictures are smooth, too
_MAX_PAPER_LEVELS = 14  # by which the grey of a scan's paper differs
_MIN_CELLS = 16  # of an area
_STROKE_PX = 6  # letters and lines are thinner
_PAPER_WIDTH_PX = 400  # to which a picture is shrunk that may be a page
_LINE_PX = 9  # of the shrunk picture: paper shows within so much of each letter
_STROKE_LEVELS = 24  # grey levels by which a stroke is darker than its paper
_MIN_PAPER_LEVEL = 90  # of 255: paper in the shade
_MAX_PAPER_SATURATION = 70  # of 255: paper under a warm lamp
_MIN_PAGE_RATIO = 0.4  # of a photograph that shows a page
_MIN_INK_RATIO, _MAX_INK_RATIO = 0.01, 0.6  # of the paper
_MIN_EDGE_RATIO = 0.2  # of an area's edge that its picture covers


def picture_areas(page: Image.Image) -> list[Box]:
    """The areas of a page that may be pictures, the largest first; none where the whole is one picture."""
    from PIL.Image import Resampling

    scale = min(1.0, _WORKING_WIDTH_PX / page.width, _WORKING_HEIGHT_PX / page.height)
    size = max(1, round(page.width * scale)), max(1, round(page.height * scale))
    if min(size) < 4 * _CELL_PX:
        return []
    small = page.convert("RGB").resize(size, Resampling.BOX, reducing_gap=2)
    marked = _apart(small)
    if marked is None:
        return []
    across, down = page.width / marked.shape[1], page.height / marked.shape[0]
    found: dict[Box, int] = {}
    for rows, columns in _extents(_cells(marked) >= 0.5):
        left, top, right, bottom = _trimmed(marked, rows, columns)
        box = round(left * across), round(top * down), round(right * across), round(bottom * down)
        width, height = box[2] - box[0], box[3] - box[1]
        share = width * height / (page.width * page.height)
        if min(width, height) >= MIN_SIDE_PX and MIN_AREA_RATIO <= share <= MAX_AREA_RATIO:
            found[_snapped(page, box, round(across) + 2)] = width * height
    return sorted(found, key=lambda box: -found[box])[:MAX_AREAS]


def may_be_paper(picture: Image.Image) -> bool:
    """Whether the picture may show a written page: much grey or white, also in the shade, with thin dark strokes on it.

    A photographed or scanned letter passes, and so does a subject on white now and then: it is worth reading, no more.
    """
    from PIL import ImageFilter
    from PIL.Image import Resampling

    scale = min(1.0, _PAPER_WIDTH_PX / picture.width)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    if min(size) < _PAPER_WIDTH_PX // 4 or max(size) > 4 * _PAPER_WIDTH_PX:
        return False
    small = picture.convert("RGB").resize(size, Resampling.BOX, reducing_gap=2)
    around = np.asarray(small.convert("L").filter(ImageFilter.MaxFilter(_LINE_PX)), dtype=np.int16)
    strokes = around - np.asarray(small.convert("L"), dtype=np.int16) >= _STROKE_LEVELS
    _, saturation, _ = (np.asarray(each) for each in small.convert("HSV").split())
    paper = (saturation < _MAX_PAPER_SATURATION) & (around > _MIN_PAPER_LEVEL)
    page, ink = float(paper.mean()), float((strokes & paper).mean())
    return page >= _MIN_PAGE_RATIO and _MIN_INK_RATIO * page <= ink <= _MAX_INK_RATIO * page


def _apart(page: Image.Image) -> NDArray[np.bool_] | None:
    """Which pixels differ from the background, without strokes; None where there is no background."""
    from PIL import Image, ImageFilter

    width, height = (length // _CELL_PX * _CELL_PX for length in page.size)
    page = page.crop((0, 0, width, height))
    channels = [np.asarray(each, np.int16) for each in page.split()]
    background = _background(channels)
    if is_grainy := not background.any():  # a scan, perhaps
        smooth = page.filter(ImageFilter.BoxBlur(_GRAIN_PX))
        background = _background([np.asarray(each, np.int16) for each in smooth.split()], _MIN_PAPER_RATIO)
    if not background.any():
        return None
    colours = np.asarray(page.resize((width // _CELL_PX, height // _CELL_PX), Image.Resampling.BOX), np.float32)
    if is_grainy and colours[background].std(0).max() > _MAX_PAPER_LEVELS:
        return None  # a sky
    near = Image.fromarray(_spread(colours, background).astype(np.uint8)).resize(page.size, Image.Resampling.NEAREST)
    apart = np.zeros((height, width), np.bool_)
    for each, other in zip(channels, near.split(), strict=True):
        apart |= np.abs(each - np.asarray(other, np.int16)) > _APART_LEVELS
    return _without_strokes(apart)


def _background(channels: Sequence[NDArray[np.int16]], share: float = _MIN_BACKGROUND_RATIO) -> NDArray[np.bool_]:
    """The cells of every large area without edges."""
    flat = np.ones(channels[0].shape, np.bool_)
    for each in channels:
        flat[:, :-1] &= np.abs(each[:, 1:] - each[:, :-1]) <= _FLAT_LEVELS
        flat[:-1] &= np.abs(each[1:] - each[:-1]) <= _FLAT_LEVELS
    areas = _areas(_cells(flat) == 1)
    sizes = np.bincount(areas.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= share * areas.size)[areas])


def _cells(values: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The share of each cell that is true."""
    rows, columns = (length // _CELL_PX for length in values.shape)
    sums = values.reshape(-1, _CELL_PX).sum(1, dtype=np.int16).reshape(rows, _CELL_PX, columns).sum(1)
    return np.asarray(sums / (_CELL_PX * _CELL_PX), np.float32)


def _spread(values: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The known values, and for each cell without one the mean of those around it."""
    if known.all() or max(known.shape) == 1:
        return values
    rows, columns = (length + length % 2 for length in known.shape)
    weights = np.zeros((rows, columns, 1), np.float32)
    weights[: known.shape[0], : known.shape[1], 0] = known
    sums = np.zeros((rows, columns, 3), np.float32)
    sums[: known.shape[0], : known.shape[1]] = values * known[..., None]
    weights, sums = (each.reshape(rows // 2, 2, columns // 2, 2, -1).sum((1, 3)) for each in (weights, sums))
    coarse = _spread(sums / np.maximum(weights, 1), weights[..., 0] > 0)
    around = coarse.repeat(2, 0).repeat(2, 1)[: known.shape[0], : known.shape[1]]
    return np.where(known[..., None], values, around)


def _without_strokes(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Only what a square of `_STROKE_PX` fits into."""
    height, width = (length - _STROKE_PX + 1 for length in marked.shape)
    across = np.logical_and.reduce([marked[:, n : n + width] for n in range(_STROKE_PX)])
    inner = np.logical_and.reduce([across[n : n + height] for n in range(_STROKE_PX)])
    wide, outer = np.zeros((height, marked.shape[1]), np.bool_), np.zeros_like(marked)
    for n in range(_STROKE_PX):
        wide[:, n : n + width] |= inner
    for n in range(_STROKE_PX):
        outer[n : n + height] |= wide
    return outer


def _areas(cells: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Numbers the connected areas of cells, from 1; 0 is in none."""
    areas = np.zeros(cells.shape, np.int32)
    parent = [0]

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    above: list[tuple[int, int, int]] = []
    edges = np.diff(np.pad(cells, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    for row, line in enumerate(edges):
        here, place = [], 0
        for start, end in zip(np.flatnonzero(line == 1).tolist(), np.flatnonzero(line == -1).tolist(), strict=True):
            number = len(parent)
            parent.append(number)
            while place < len(above) and above[place][1] <= start:
                place += 1
            for other_start, _, other in above[place:]:
                if other_start >= end:
                    break
                one, two = sorted((root(number), root(other)))
                parent[two] = one
            areas[row, start:end] = number
            here.append((start, end, number))
        above = here
    return np.array([root(number) for number in range(len(parent))], np.int32)[areas]


def _extents(cells: NDArray[np.bool_]) -> list[tuple[slice, slice]]:
    """The rows and columns of each connected area of cells."""
    areas = _areas(cells)
    rows, columns = np.nonzero(areas)
    if not len(rows):
        return []
    numbers = areas[rows, columns]
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    return [
        (slice(int(rows[part].min()), int(rows[part].max()) + 1),
         slice(int(columns[part].min()), int(columns[part].max()) + 1))
        for part in np.split(order, starts[1:])
        if len(part) > _MIN_CELLS
    ]  # fmt: skip


def _trimmed(marked: NDArray[np.bool_], rows: slice, columns: slice) -> Box:
    """The pixels of an area of cells and the cells around it, as far as its picture covers their rows and columns."""
    top, left = max(0, (rows.start - 1) * _CELL_PX), max(0, (columns.start - 1) * _CELL_PX)
    part = marked[top : (rows.stop + 1) * _CELL_PX, left : (columns.stop + 1) * _CELL_PX]
    lines, posts = (np.flatnonzero(part.mean(axis) >= _MIN_EDGE_RATIO) for axis in (1, 0))
    if not (len(lines) and len(posts)):
        return (0, 0, 0, 0)
    return left + int(posts[0]), top + int(lines[0]), left + int(posts[-1]) + 1, top + int(lines[-1]) + 1


def _snapped(page: Image.Image, box: Box, reach: int) -> Box:
    """The box with each side where, within `reach` pixels, the page changes most: at the picture's edge."""
    left, top, right, bottom = box
    grey = np.asarray(page.crop((left - reach, top - reach, right + reach, bottom + reach)).convert("L"), np.int16)
    middle = grey[2 * reach : -2 * reach, 2 * reach : -2 * reach]
    if not middle.size:
        return box
    change = [np.abs(np.diff(part, axis=axis)).mean(1 - axis) for axis, part in (
        (1, grey[2 * reach : -2 * reach]), (0, grey[:, 2 * reach : -2 * reach]))]  # fmt: skip
    (left, right), (top, bottom) = (
        (start - reach + 1 + int(each[: 2 * reach].argmax()), end - reach + int(each[-2 * reach :].argmax()))
        for each, start, end in zip(change, (left, top), (right, bottom), strict=True)
    )
    return max(left, 0), max(top, 0), min(right, page.width), min(bottom, page.height)
