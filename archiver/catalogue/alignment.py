"""How one picture lies in another, point by point: SIFT features that match both ways round. Needs OpenCV.

SIFT: Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004; RootSIFT: Arandjelović and Zisserman,
2012. Everything here is pure and takes grey pictures of a few hundred pixels.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archiver.catalogue.overlay import Affine, Comparison, compare, grey

if TYPE_CHECKING:
    import cv2
    from PIL import Image

type Points = NDArray[np.float32]

MAX_POINTS = 1000  # of a picture
LOWE_RATIO = 0.8  # Lowe's: a match counts where the second best is this much worse
INLIER_DISTANCE_PX = 3.0  # pixels at which a match agrees with the map
MIN_DISTANCE_PX = 6.0  # pixels at which two points are no longer one thing
MIN_SCALE_RATIO, MAX_SCALE_RATIO = 0.08, 12.0  # the scale of a map
MAX_SKEW_RATIO = 1.6  # how differently it may scale the two directions


@cache
def _import_opencv() -> None:
    """Import OpenCV and take back what it does to LD_LIBRARY_PATH: its empty entry would let programs that start later
    load libraries from the current folder.
    """
    before = os.environ.get("LD_LIBRARY_PATH")
    import cv2  # noqa: F401  # for its effect

    if before is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
    else:
        os.environ["LD_LIBRARY_PATH"] = before


@dataclass(frozen=True)
class Features:
    """A picture's distinctive points: the grey picture, pixels (n, 2), and RootSIFT descriptors (n, 128)."""

    image: Image.Image
    points: Points
    descriptors: NDArray[np.float32]

    def without(self, places: Points) -> Features:
        """Only the points that lie apart from all of these."""
        if not len(places):
            return self
        apart = np.linalg.norm(self.points[:, None] - places[None], axis=2).min(1) > MIN_DISTANCE_PX
        return replace(self, points=self.points[apart], descriptors=self.descriptors[apart])


@dataclass(frozen=True)
class Alignment:
    """How a preview lies in the query: `affine` takes its pixels to those of the query, mirrored if `mirrored`.

    `inliers`: distinct points that agree. `doubtful`: points that match but lie beside their place, as in the next
    frame of a series. `spread`: cells of a 4×4 grid over the preview that have inliers. `under` and `over` are the
    query, mirrored too, and the preview.
    """

    affine: Affine
    mirrored: bool
    inliers: int
    doubtful: int
    spread: int
    used: Points  # the preview's points that agree
    under: Image.Image = field(repr=False)
    over: Image.Image = field(repr=False)

    @cached_property
    def comparison(self) -> Comparison:
        """How the two agree block by block."""
        return compare(self.under, self.over, self.affine)

    @cached_property
    def confirmed(self) -> tuple[int, int]:
        """How many of the `inliers` lie in blocks that agree almost perfectly, and in how many such blocks."""
        left, top, right, bottom = self.comparison.close_blocks.T[..., None]
        here = _moved(self.affine, self.used)
        x, y = here.T
        within = (left <= x) & (x < right) & (top <= y) & (y < bottom)
        return _distinct(here[within.any(0)]), int(within.any(1).sum())


def features(image: Image.Image, side: int) -> Features:
    """The `MAX_POINTS` strongest points of the picture, its longer side shrunk to `side` pixels."""
    _import_opencv()
    import cv2

    small = grey(image, side)
    # The contrast of all parts is made alike, so that darkened and graded pictures keep their points.
    even = cv2.createCLAHE(2.0, (4, 4)).apply(np.asarray(small))
    found, descriptors = _sift().detectAndCompute(even, None)
    if descriptors is None:
        return Features(small, np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    points = np.array([each.pt for each in found], np.float32) + np.float32(0.5)
    return Features(small, points, np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-7)))


def evened(image: Image.Image) -> Image.Image:
    """A picture in colours whose lightness has the same contrast in all parts."""
    _import_opencv()
    import cv2
    from PIL import Image

    colours = cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2LAB)
    colours[..., 0] = cv2.createCLAHE(4.0, (4, 4)).apply(colours[..., 0])
    return Image.fromarray(cv2.cvtColor(colours, cv2.COLOR_LAB2RGB))


@cache
def _sift() -> cv2.SIFT:
    _import_opencv()
    import cv2

    cv2.setNumThreads(2)
    return cv2.SIFT.create(MAX_POINTS, contrastThreshold=0.01, edgeThreshold=12)


# A mirrored patch has the same SIFT numbers in another order: rows, columns and directions of its 4×4×8 histogram.
_MIRROR = np.arange(128).reshape(4, 4, 8)[::-1][:, :, (-np.arange(8)) % 8].ravel()


def mirror(one: Features) -> Features:
    from PIL.ImageOps import mirror

    points = one.points * np.array([-1, 1], np.float32) + np.array([one.image.width, 0], np.float32)
    return Features(mirror(one.image), points, one.descriptors[:, _MIRROR])


def align(query: Features, preview: Features, *, mirrored: bool = True) -> Alignment | None:
    """The best way to lay the preview over the query, straight or, unless excluded, `mirrored`; None for none."""
    sides = [query, mirror(query)] if mirrored else [query]
    ways = [way for turned, side in enumerate(sides) if (way := _align(side, preview, bool(turned)))]
    return max(ways, key=lambda way: way.inliers, default=None)


def _align(query: Features, preview: Features, mirrored: bool) -> Alignment | None:
    mine, theirs = matches(query, preview)
    there, here = preview.points[theirs], query.points[mine]
    affine = _fit(there, here)
    if affine is None:
        return None
    error = np.linalg.norm(_moved(affine, there) - here, axis=1)
    agree = error <= INLIER_DISTANCE_PX
    return Alignment(
        affine=affine,
        mirrored=mirrored,
        inliers=_distinct(here[agree]),
        doubtful=_distinct(here[(error > INLIER_DISTANCE_PX) & (error <= 8 * INLIER_DISTANCE_PX)]),
        spread=len(np.unique((there[agree] * 4 / preview.image.size).clip(0, 3).astype(int), axis=0)),
        used=there[agree],
        under=query.image,
        over=preview.image,
    )


def matches(query: Features, preview: Features) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which points of the query look like which of the preview, each at most once."""
    if len(query.points) < 2 or len(preview.points) < 2:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    alike = query.descriptors @ preview.descriptors.T  # of unit vectors: the distance squared is 2 - 2 × this
    best, rows = alike.argmax(1), np.arange(len(alike))
    first = alike[rows, best]
    alike[rows, best] = -1
    clear = 1 - first < LOWE_RATIO * LOWE_RATIO * (1 - alike.max(1))
    order = np.flatnonzero(clear)[np.argsort(-first[clear])]
    _, kept = np.unique(best[order], return_index=True)
    return order[kept], best[order[kept]]


def _fit(there: Points, here: Points) -> Affine | None:
    """The affine map most matches agree with: first a rotation with scale, robustly, then its refinement."""
    _import_opencv()
    import cv2

    if len(there) < 4:
        return None
    cv2.setRNGSeed(0)
    found, _ = cv2.estimateAffinePartial2D(there, here, method=cv2.RANSAC, ransacReprojThreshold=6, maxIters=1000)
    if found is None:
        return None
    affine: Affine = np.asarray(found, np.float64)
    for limit in (10, 6, INLIER_DISTANCE_PX, INLIER_DISTANCE_PX):
        agree = np.linalg.norm(_moved(affine, there) - here, axis=1) <= limit
        if agree.sum() < 6:  # too few for six unknowns
            break
        solved, *_ = np.linalg.lstsq(np.c_[there[agree], np.ones(agree.sum())], here[agree], rcond=None)
        affine = solved.T.astype(np.float64)
    large, small = np.linalg.svd(affine[:, :2])[1]
    plausible = (
        small > MIN_SCALE_RATIO
        and large < min(MAX_SCALE_RATIO, MAX_SKEW_RATIO * small)
        and np.linalg.det(affine[:, :2]) > 0
    )
    return affine if plausible else None


def _moved(affine: Affine, points: Points) -> NDArray[np.float64]:
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])


def _distinct(points: NDArray[np.floating]) -> int:
    """How many, counting those within 4 pixels as one: many hits on one corner are one hit."""
    return len(np.unique(np.round(points / 4), axis=0))
