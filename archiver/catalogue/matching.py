"""Which archived pictures a picture shows: by hash, by embedding, by alignment, and in which words that may be said.

Steps two and three need the extra `match`; without it the hash alone answers. A match is a hint for a person, who sees
query and preview side by side, and confirms. For pictures of any origin, use it by way of `matcher`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations, islice
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from archiver.catalogue.overlay import Affine, Comparison, beside, between, chained, compare, flip, grey, side_by_side
from archiver.core.errors import IntegrityError, UnreadablePicture
from archiver.reading.fingerprint import (
    MAX_HASH_DISTANCE,
    Fingerprint,
    Picture,
    as_preview,
    decode,
    distance,
    fingerprint,
)
from archiver.reading.fingerprint import preview as small_jpeg
from archiver.reading.picture_areas import Box, picture_areas

if TYPE_CHECKING:
    from PIL import Image

    from archiver.catalogue.alignment import Alignment, Features
    from archiver.catalogue.embedding import Embedder

MAX_CANDIDATES = 5  # candidates that are looked at, and at most shown
MIN_SIMILARITY = 0.30  # a product of vectors below is chance
MIN_ALIGNED_SIMILARITY = 0.15  # below that, but not below this, points may still show it, as under a gradient
QUERY_SIDE_PX, PREVIEW_SIDE_PX = 560, 448  # pixels at which points are sought
DECOYS, DECOY_POINTS = 4, 6  # other previews of the provider, which tell what all of them carry

# What a match must show to be called the same, or probable. Measured by tests/benchmarks/matching.py.
SAME_POINTS, PROBABLE_POINTS = 20, 10
MIN_SAME_BLOCKS_RATIO = 0.8  # of those that are close
MIN_SAME_AGREEING_RATIO = 0.95  # of those that agree: more that do not are a page with another small picture
MIN_PROBABLE_BLOCKS_RATIO = 0.7  # of those that agree
MIN_COVERED_MEDIAN = 0.95  # where fewer blocks agree: a headline covers some and changes no other; another version does
MIN_COVERED_DETAIL = 0.9  # and a gradient below it changes no detail, where as many points agree as for the same
MIN_WATERMARKED_MEDIAN = 0.8  # instead, where all previews carry a mark, which agrees with itself
SAME_SPREAD, PROBABLE_SPREAD = 5, 3
# A gradient, a headline and buttons leave few blocks that agree. Those are close, and many points lie in them: no
# chance, and seldom a watermark alone, around whose points most pictures differ.
CONFIRMED_POINTS, CONFIRMING_BLOCKS = 12, 5
MIN_CONFIRMED_POINTS_RATIO, MIN_CONFIRMING_BLOCKS_RATIO = 0.33, 0.2
MAX_OUTLIER_RATIO = 0.25  # points beside their place, as a share of those in it: more are another frame of a series
MIN_SCORE = 0.5  # below, pictures agree by chance
HASH_MEDIAN, HASH_LOWEST = 0.95, 0.92  # nothing is cut, covered or moved where the hash may answer
MIN_TELLING_RATIO = 0.5  # of the blocks, of which the others show nothing: fewer are those of another simple shape, too
MAX_COLOUR_LEVELS = 24  # by which the mean colours of a field differ in two copies of a simple shape
MAX_MARGIN_RATIO = 0.1  # of a place in the query, that another may share
MIN_HASHED_SIDE_PX = 96  # of a part of a page
MAX_WINDOW_STEPS = 12  # of the windows along a page


class Word(StrEnum):
    """What may be said of a match. Only `SAME` claims that both are one picture, and a person still confirms it."""

    SAME = "same"
    PROBABLE = "probable"
    POSSIBLE = "possible"


@dataclass(frozen=True)
class Indexed:
    """A picture of the archive: the document `name` of an object. `asset` is the work that it shows."""

    client: str
    object_id: str
    name: str
    provider: str
    asset: str


class Index(Protocol):
    """One client's pictures, to be searched."""

    def near(self, seen: Fingerprint) -> Iterable[tuple[Indexed, int, bool]]:
        """Those whose hash is the query's: in how many bits it differs, and whether the query is their mirror image."""

    def alike(self, vectors: NDArray[np.float32], count: int) -> Iterable[tuple[Indexed, float, int]]:
        """For (n, 512) vectors the `count` most alike assets, best first: how much, and to which of the n."""

    def others(self, picture: Indexed) -> Iterable[Indexed]:
        """Pictures of other assets of the same provider."""


@dataclass(frozen=True)
class Match:
    """An archived picture that the query may show.

    `score` from 0 to 1: how well query and preview agree, or for `POSSIBLE` how alike they are. `step` found it:
    `hash`, `embedding` or `alignment`. `transform` takes the preview's pixels to the query's, where that is known.
    `reasons` say in words what keeps it from being called the same.
    """

    picture: Indexed
    word: Word
    score: float
    step: str
    transform: Affine | None = field(repr=False, compare=False)
    reasons: tuple[str, ...]
    query: Image.Image = field(repr=False, compare=False)
    preview: Image.Image = field(repr=False, compare=False)

    def side_by_side(self) -> bytes:
        """A PNG of query and aligned preview, 972 pixels wide."""
        return side_by_side(self.query, self.preview, self.transform)


type Load = Callable[[Indexed], bytes]
"""Reads a picture's bytes from the archive. IntegrityError where they are not there or damaged."""


def match(
    query: Picture, indexes: Sequence[Index], load: Load, embedder: Embedder | None = None,
    marked: Callable[[str], bool] = lambda _: False,
) -> list[Match]:  # fmt: skip
    """The archived assets that the query may show, best first, at most five; none means none in these archives.

    Without an embedder only pictures that were not cut, covered or turned are found, also as parts of a page. `marked`
    knows the providers whose previews may carry a watermark: nothing is called the same by those, nor where other
    previews show that they do.
    """
    search = _Search(query.image, indexes, load, marked, points=embedder is not None)
    everything = whole(query.image.size)
    search.by_hash(everything)
    if embedder is not None and not search.settled:
        search.by_vector(embedder, [everything])
    if search.settled:
        return search.result()
    areas = picture_areas(query.image)
    for area in areas:
        search.by_hash(area)
    if embedder is not None and (left := search.unexplained(areas)):
        search.by_vector(embedder, left)
    if embedder is not None and not search.settled:
        search.by_vector(embedder, windows(query.image.size))
    if embedder is not None and not search.recognised:
        search.by_vector(embedder, [everything], even=True)
    return search.result()


def laid_beside(
    query: bytes, preview: bytes, *, points: bool, known: Affine | None = None, entire: bool = False
) -> tuple[bytes, bytes] | None:
    """A picture and the preview of the asset that it shows, laid as it lies in it, as JPEGs; None where it does not.

    Without `points`, which need the extra `match`, only a preview of the whole picture can be laid. `known` is the
    `transform` of their match, if that is known. `entire` is quick: it looks at the picture as a whole, not at its
    parts, and lays only what agrees almost perfectly.
    """
    image, asset = decode(query).image, Indexed("", "", "", "", "")
    search = _Search(image, [], lambda _: preview, lambda _: False, points=points)
    way, laid = search.way_to(asset, entire=entire) if known is None else known, search.picture(asset)
    if way is None or laid is None:
        return None
    one, two = (small_jpeg(Picture(each.width, each.height, each)) for each in beside(image, laid, way))
    return one, two


def whole(size: tuple[int, int]) -> Box:
    """The view of everything."""
    return (0, 0, *size)


def windows(size: tuple[int, int]) -> list[Box]:
    """Views of half the size, in steps of a quarter: a picture in a page or a collage fills one of them.

    Along a long page they are as long as the page is wide.
    """
    spans = []
    for length, other in (size, size[::-1]):
        window = max(1, min(length // 2, other))
        steps = min(max(2, round(2 * (length - window) / window)), MAX_WINDOW_STEPS)
        spans.append([(round(n * (length - window) / steps), window) for n in range(steps + 1)])
    return [(x, y, x + width, y + height) for y, height in spans[1] for x, width in spans[0]]


MARKED = ("the platform's previews carry a mark",)
PARTS_DIFFER = "parts of the pictures differ"


class _Search:
    """One query's candidates: the best judgement of each asset so far."""

    def __init__(
        self, image: Image.Image, indexes: Sequence[Index], load: Load, marked: Callable[[str], bool], *, points: bool
    ) -> None:
        self._declared = marked
        self._image = image
        self._indexes = indexes
        self._load = load
        self._points = points
        self._found: dict[str, Match] = {}
        self._pictures: dict[Indexed, Image.Image | None] = {}
        self._greys: dict[Box, Image.Image] = {}
        self._features: dict[Indexed | Box, Features | None] = {}
        self._others: dict[Indexed, list[Indexed]] = {}  # other previews of the provider
        self._shared: dict[Indexed, NDArray[np.float32]] = {}  # points that other previews have, too
        self._looked: set[tuple[Indexed, Box]] = set()

    @property
    def settled(self) -> bool:
        """Whether something is the same, or would be, were it not for a mark: no other view shows more."""
        return any(
            each.word is Word.SAME or (each.word is Word.PROBABLE and each.reasons == MARKED)
            for each in self._found.values()
        )

    @property
    def recognised(self) -> bool:
        """Whether anything is more than possible."""
        return any(each.word is not Word.POSSIBLE for each in self._found.values())

    def _grey(self, view: Box) -> Image.Image:
        if view not in self._greys:
            self._greys[view] = grey(self._image.crop(view), PREVIEW_SIDE_PX)
        return self._greys[view]

    def result(self) -> list[Match]:
        """Best first. Where two assets could be the same picture in one place, neither is called so.

        Two crops of one photograph agree alike. Which of the two is only probable, say by some points beside their
        place, is chance.
        """
        agree = [each for each in self._found.values() if each.word is not Word.POSSIBLE and _all_of_it(each)]
        for each in agree:
            if each.word is Word.SAME and any(_one_place(each, other) for other in agree if other is not each):
                self._found[each.picture.asset] = replace(
                    each, word=Word.PROBABLE, reasons=(*each.reasons, "another asset agrees as well")
                )
        words = list(Word)
        return sorted(self._found.values(), key=lambda each: (words.index(each.word), -each.score))[:MAX_CANDIDATES]

    def _add(self, new: Match) -> None:
        words, old = list(Word), self._found.get(new.picture.asset)
        if old is None or (words.index(new.word), -new.score) < (words.index(old.word), -old.score):
            self._found[new.picture.asset] = new

    # ------------------------------------------------------------ the steps

    def unexplained(self, areas: Sequence[Box]) -> list[Box]:
        """Of these areas those in which nothing is known to be the same."""
        same = [_extent(each) for each in self._found.values() if each.word is Word.SAME]
        return [area for area in areas if not any(_overlap(area, other) for other in same)]

    def by_hash(self, view: Box) -> None:
        """Take in what has a view's hash, or its mirror image's, and agrees with it block by block.

        A part of a page counts only where all blocks agree, and enough of them show anything: simple shapes, as flags
        and discs, have the hash of many pictures.
        """
        entire = view == whole(self._image.size)
        size = view[2] - view[0], view[3] - view[1]
        if not entire and min(size) < MIN_HASHED_SIDE_PX:
            return
        seen = fingerprint(Picture(*size, self._image.crop(view)))
        if seen.flat:
            return
        hits = [hit for index in self._indexes for hit in index.near(seen)]
        for picture, bits, mirrored in sorted(hits, key=lambda hit: hit[1])[: 2 * MAX_CANDIDATES]:
            if (image := self.picture(picture)) is None:
                continue
            compared, onto = self._stretched(image, view, mirrored=mirrored)
            alike = compared.median >= HASH_MEDIAN and compared.lowest >= HASH_LOWEST
            reasons = _parts(agree=alike and _same_blocks(compared))
            reasons += _simple(compared)
            if compared.median < MIN_SCORE or (reasons and not entire):
                continue
            if self._declared(picture.provider):
                reasons += MARKED
            elif self._points:
                reasons += self._marked(picture, pairs=False)  # here the whole picture agrees
            if self._points:
                way = self._align(picture, view)
                reasons += _series(way) if way else ()
            word = Word.PROBABLE if reasons else Word.SAME
            if _simple(compared) and not _coloured_alike(self._image, image, mirrored=mirrored):
                word = Word.POSSIBLE  # a flag of another country
            self._add(Match(picture, word, 1 - bits / 256, "hash", onto, reasons, self._image, image))

    def by_vector(self, embedder: Embedder, views: Sequence[Box], *, even: bool = False) -> None:
        """Take in what looks most alike, as far as its points lie as they should.

        `even` makes the contrast alike everywhere first: under a gradient, a picture looks like no other.
        """
        pictures = [self._image.crop(view) for view in views]
        if even:
            from archiver.catalogue.alignment import evened

            pictures = [evened(each) for each in pictures]
        vectors = embedder(pictures)
        hits = [hit for index in self._indexes for hit in index.alike(vectors, MAX_CANDIDATES)]
        for picture, likeness, view in sorted(hits, key=lambda hit: -hit[1])[:MAX_CANDIDATES]:
            if likeness >= MIN_ALIGNED_SIMILARITY and (image := self.picture(picture)) is not None:
                for place in dict.fromkeys((views[view], whole(self._image.size))):
                    if (picture, place) not in self._looked:
                        self._looked.add((picture, place))
                        judged = self._judged(picture, image, likeness, place)
                        if likeness >= MIN_SIMILARITY or judged.word is not Word.POSSIBLE:
                            self._add(judged)

    def way_to(self, picture: Indexed, *, entire: bool = False) -> Affine | None:
        """Where in the query the picture lies, if it does; of the `entire` query only where it is beyond doubt."""
        if (image := self.picture(picture)) is None:
            return None
        everything = whole(self._image.size)
        areas = [] if entire else picture_areas(self._image)
        parts = [] if entire else [*areas, *windows(self._image.size)]
        best = max(
            (self._stretched(image, view, mirrored=each) for view in (everything, *areas) for each in (False, True)),
            key=lambda way: way[0].median,
        )
        for view in (everything, *parts) if self._points else ():
            if best[0].median >= MIN_COVERED_MEDIAN:
                break
            way = self._align(picture, view)
            if way and _enough(way) and way.comparison.median > best[0].median:
                best = way.comparison, self._placed(picture, way, view)
        return best[1] if best[0].median >= (MIN_COVERED_MEDIAN if entire else MIN_SCORE) else None

    def _stretched(self, image: Image.Image, view: Box, *, mirrored: bool) -> tuple[Comparison, Affine]:
        """A whole picture laid over a whole view: how they agree, and the way from its pixels to the query's."""
        lower, upper = self._grey(view), grey(image, PREVIEW_SIDE_PX)
        affine = between(upper.size, lower.size)
        affine = chained(affine, flip(lower.width)) if mirrored else affine
        onto = chained(chained(between(image.size, upper.size), affine), _from_view(lower.size, view))
        return compare(lower, upper, affine), onto

    def _judged(self, picture: Indexed, image: Image.Image, likeness: float, view: Box) -> Match:
        reasons: tuple[str, ...] = ()
        way = self._align(picture, view)
        if way and _enough(way) and (reasons := self._marked(picture, pairs=True)):
            way = self._align(picture, view, apart=self._shared[picture])
        if way is None or not (_enough(way) and _agreeing(way, marked=bool(reasons))):
            if view == whole(self._image.size) and (covered := self._covered(picture, image)):
                return covered
            likely = min(max(likeness, 0.0), 1.0)
            return Match(picture, Word.POSSIBLE, likely, "embedding", None, reasons, self._image, image)
        # That others are clean says nothing of this one: a platform marks some of its previews.
        reasons = MARKED if self._declared(picture.provider) else reasons
        reasons += _parts(agree=_same_blocks(way.comparison)) + _series(way) + _few(way)
        word = Word.PROBABLE if reasons else Word.SAME
        onto, score = self._placed(picture, way, view), min(way.comparison.median, 1.0)
        return Match(picture, word, score, "alignment", onto, reasons, self._image, image)

    def _covered(self, picture: Indexed, image: Image.Image) -> Match | None:
        """The whole preview where something lies over it, and it is too smooth for points; None where it is another.

        Smooth previews with one mark agree by the mark, and are not judged so.
        """
        seen, onto = self._stretched(image, whole(self._image.size), mirrored=False)
        if seen.median < MIN_COVERED_MEDIAN or seen.detail < MIN_COVERED_DETAIL or _simple(seen):
            return None
        if self._declared(picture.provider) or self._marked(picture, pairs=True):
            return None
        score, reasons = min(seen.median, 1.0), _parts(agree=False)
        return Match(picture, Word.PROBABLE, score, "alignment", onto, reasons, self._image, image)

    # ------------------------------------------------------------ pictures and their points

    def picture(self, picture: Indexed) -> Image.Image | None:
        """The archived picture; None where it cannot be read, which `verify` explains."""
        if picture not in self._pictures:
            try:
                self._pictures[picture] = as_preview(self._load(picture))
            except (IntegrityError, UnreadablePicture):
                self._pictures[picture] = None
        return self._pictures[picture]

    def _points_of(self, place: Indexed | Box) -> Features | None:
        """Those of an archived picture, or of a view of the query."""
        from archiver.catalogue.alignment import features

        if place not in self._features:
            if isinstance(place, Indexed):
                image, side = self.picture(place), PREVIEW_SIDE_PX
            else:
                image, side = self._image.crop(place), QUERY_SIDE_PX
            self._features[place] = features(image, side) if image else None
        return self._features[place]

    def _align(
        self, upper: Indexed, lower: Indexed | Box, apart: NDArray[np.float32] | None = None
    ) -> Alignment | None:
        """One picture laid over another, with the upper one's points that lie `apart` from those given."""
        from archiver.catalogue.alignment import align

        below, above = self._points_of(lower), self._points_of(upper)
        if below is None or above is None:
            return None
        between_previews = isinstance(lower, Indexed)  # what these have in common, a mark, is in none mirrored
        return align(below, above if apart is None else above.without(apart), mirrored=not between_previews)

    def _marked(self, picture: Indexed, *, pairs: bool) -> tuple[str, ...]:
        """Whether the provider's previews carry a mark: a watermark, a logo, a bar; its points are kept in `_shared`.

        It shows between this preview and another, or, where `pairs` are looked at, too, between two pairs of others:
        one pair may be of one series.
        """
        if picture not in self._shared:
            others = list(islice((other for index in self._indexes for other in index.others(picture)), DECOYS))
            common = self._alike((picture, other) for other in others)
            self._shared[picture] = np.concatenate([np.zeros((0, 2), np.float32), *common])
            self._others[picture] = others
        bears = len(self._shared[picture]) or (pairs and len(self._alike(combinations(self._others[picture], 2))) > 1)
        return MARKED if bears else ()

    def _alike(self, pairs: Iterable[tuple[Indexed, Indexed]]) -> list[NDArray[np.float32]]:
        """Of the pairs that have something in common, which points of the first."""
        ways = (self._align(one, other) for one, other in pairs)
        return [way.used for way in ways if way and way.inliers >= DECOY_POINTS]

    def _placed(self, picture: Indexed, way: Alignment, view: Box) -> Affine:
        """The way from the preview as archived to the query as given."""
        below, above, image = self._points_of(view), self._points_of(picture), self.picture(picture)
        assert below and above and image
        affine = chained(between(image.size, above.image.size), way.affine)
        affine = chained(affine, flip(below.image.width)) if way.mirrored else affine
        return chained(affine, _from_view(below.image.size, view))


# ---------------------------------------------------------------- places in the query


def _from_view(size: tuple[int, int], view: Box) -> Affine:
    """The way from a view, shrunk to this size, to the whole query."""
    onto = between(size, (view[2] - view[0], view[3] - view[1]))
    return chained(onto, np.array([[1.0, 0, view[0]], [0, 1, view[1]]]))


def _extent(found: Match) -> Box:
    """Where in the query the preview lies; nowhere if that is unknown."""
    if found.transform is None:
        return (0, 0, 0, 0)
    corners = np.array([(x, y) for x in (0, found.preview.width) for y in (0, found.preview.height)])
    placed = corners @ found.transform[:, :2].T + found.transform[:, 2]
    (left, top), (right, bottom) = placed.min(0), placed.max(0)
    return round(left), round(top), round(right), round(bottom)


def _one_place(one: Match, other: Match) -> bool:
    """Whether two matches claim the same part of the query, or would claim each other's."""
    prints = [fingerprint(Picture(*each.preview.size, each.preview)) for each in (one, other)]
    alike = min(distance(prints[0].hash, each) for each in (prints[1].hash, prints[1].mirrored)) <= MAX_HASH_DISTANCE
    return alike or _overlap(_extent(one), _extent(other))


def _overlap(one: Box, other: Box) -> bool:
    """Whether two places share more than a margin of the smaller one."""
    width, height = (min(one[n + 2], other[n + 2]) - max(one[n], other[n]) for n in (0, 1))
    sizes = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width > 0 and height > 0 and width * height > MAX_MARGIN_RATIO * min(sizes)


# ---------------------------------------------------------------- what keeps a match from being called the same


def _enough(way: Alignment) -> bool:
    return way.inliers >= PROBABLE_POINTS and way.spread >= PROBABLE_SPREAD


def _agreeing(way: Alignment, *, marked: bool) -> bool:
    seen, clear = way.comparison, not (_few(way) or _series(way))
    if _confirmed(way):
        return True
    if marked:
        return seen.median >= (MIN_SCORE if clear else MIN_WATERMARKED_MEDIAN)
    if clear and seen.detail >= MIN_COVERED_DETAIL:
        return True
    return seen.agreeing >= MIN_PROBABLE_BLOCKS_RATIO or seen.median >= MIN_COVERED_MEDIAN


def _confirmed(way: Alignment) -> bool:
    points, blocks = way.confirmed
    return (
        points >= max(CONFIRMED_POINTS, MIN_CONFIRMED_POINTS_RATIO * way.inliers)
        and blocks >= CONFIRMING_BLOCKS
        and way.comparison.close >= MIN_CONFIRMING_BLOCKS_RATIO
        and way.spread >= SAME_SPREAD
        and not _series(way)
    )


def _parts(*, agree: bool) -> tuple[str, ...]:
    return () if agree else (PARTS_DIFFER,)


def _all_of_it(found: Match) -> bool:
    return PARTS_DIFFER not in found.reasons


def _series(way: Alignment) -> tuple[str, ...]:
    beside = way.doubtful > max(3, MAX_OUTLIER_RATIO * way.inliers)
    return ("points lie beside their place, as in another frame of a series",) if beside else ()


def _same_blocks(seen: Comparison) -> bool:
    return seen.close >= MIN_SAME_BLOCKS_RATIO and seen.agreeing >= MIN_SAME_AGREEING_RATIO


def _simple(seen: Comparison) -> tuple[str, ...]:
    return ("large parts of the picture show nothing to compare",) if seen.telling < MIN_TELLING_RATIO else ()


def _coloured_alike(query: Image.Image, preview: Image.Image, *, mirrored: bool) -> bool:
    """Whether the colours of two whole pictures are the same everywhere, as far as copies keep them."""
    from PIL.Image import Resampling

    one, other = (np.asarray(each.resize((8, 8), Resampling.BOX), np.int16) for each in (query, preview))
    return bool(np.abs(one - (other[:, ::-1] if mirrored else other)).max() <= MAX_COLOUR_LEVELS)


def _few(way: Alignment) -> tuple[str, ...]:
    few = way.inliers < SAME_POINTS or way.spread < SAME_SPREAD
    return ("only a few points of the pictures agree",) if few else ()
