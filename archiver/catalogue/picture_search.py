"""Search the archives by a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import __version__
from archiver.catalogue.checked_dates import dated_rows
from archiver.catalogue.index import Hit
from archiver.core.atomic_files import write_new
from archiver.core.errors import MachineRefused
from archiver.core.progress import Progress, progress_bar
from archiver.home.settings import Home
from archiver.provider import declared
from archiver.reading import filenames
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from archiver.archive.reader import Archive
    from archiver.catalogue.index import Catalogue
    from archiver.catalogue.matcher import Found, Matcher
    from archiver.catalogue.matching import Indexed
    from archiver.catalogue.picture_index import PictureIndex
    from archiver.reading.worker import Look
from archiver.catalogue.search import PageUses, _opened, find

ANNOUNCE_FROM_PICTURES = 200  # from this many pictures to embed, the person gets a message
EMBEDDINGS_PER_SECOND = 20  # by a core, as tests/benchmarks/matching_speed.py measures it
MIN_PICTURE_SIDE_PX = 32  # pixels of a picture's shorter side; below, any two look alike


def _embedding(slug: str, watch: Progress, warn: Callable[[str], None], done: int, total: int) -> None:
    if done == 0 and total > ANNOUNCE_FROM_PICTURES:
        minutes = max(1, round(total / EMBEDDINGS_PER_SECOND / 60))
        warn(f"{slug}: {total} pictures are prepared once for the search by parts. This takes about {minutes} minutes.")
    watch(f"{slug}: pictures", done, total)


@dataclass(frozen=True)
class PictureRecogniser:
    """The matcher process for picture searches. Single-threaded. Keep it for several searches: its start is slow."""

    reader: DocumentReader
    matcher: Matcher


@contextmanager
def open_recogniser(home: Home) -> Iterator[PictureRecogniser]:
    """The home's matcher; without the extra `match` it compares only hashes."""
    from archiver.catalogue.matcher import Matcher

    with DocumentReader() as reader, Matcher(home.settings.match.model) as matcher:
        yield PictureRecogniser(reader, matcher)


@dataclass(frozen=True)
class PictureMatches:
    """The result of a picture search: rows of `find --json`, and matching assets with their licences, best first."""

    rows: list[dict[str, Any]]
    matches: list[tuple[Found, list[str]]]

    def sheet(self) -> bytes:
        """A PNG of the best matches beside the picture; empty without matches."""
        from archiver.catalogue.matcher import sheet

        best = [each for each, _ in self.matches if each.word is self.matches[0][0].word]
        return sheet(best) if best else b""

    def write_sheet(self, path: Path) -> bool:
        """Write the sheet as a new file. False without matches."""
        if drawn := self.sheet():
            write_new(path, drawn)
        return bool(drawn)


# many parameters: the options of its command
def find_picture(
    home: Home, content: bytes, name: str = "", *, client: str | None = None, alone: bool = False, limit: int = 20,
    seeing: PictureRecogniser | None = None, used_on: PageUses = dict, warn: Callable[[str], None] = lambda _: None,
) -> PictureMatches:  # fmt: skip
    """The licences of the assets that a picture shows, best first; `match` is `same`, `probable` or `possible`.

    What the picture's file name or address says counts too, where nothing is the same: as `file_name` or `page_url`.
    UnreadablePicture where it is none. Pictures that were archived since the last search are first made recognisable by
    their parts; that shows its progress, and `warn` hears of it where it takes a while. `alone` is as in `find`, and
    finds no comps.
    """
    with ExitStack() as stack:
        seeing = seeing or stack.enter_context(open_recogniser(home))
        look = seeing.matcher.look(content)  # whether it is a picture is told before others are prepared for minutes
        search = open_search(home, client=client, alone=alone, seeing=seeing, warn=warn)
        found = stack.enter_context(search).find(content, look)
    rows = {row["licence"]: row for row in found.rows}
    if name and not any(row["match"] == "same" for row in rows.values()) and filenames.names(name):
        for row in find(home, name, client=client, alone=alone, limit=limit, used_on=used_on):
            if row["match"] in ("file_name", "page_url"):
                rows.setdefault(row["licence"], row)
    return PictureMatches(list(rows.values())[:limit], found.matches)


@contextmanager
def open_search(
    home: Home, *, client: str | None = None, alone: bool = False, seeing: PictureRecogniser | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[PictureSearch]:  # fmt: skip
    """Open the archives once, for the search of one or many pictures. The arguments are those of `find_picture`."""
    with ExitStack() as stack:
        seeing = seeing or stack.enter_context(open_recogniser(home))
        reader, matcher = seeing.reader, seeing.matcher
        matcher.prepare()  # while the archives are opened
        if not matcher.points:
            warn("The extra `match` is not installed, so cropped or covered pictures are not recognised.")
        archives: dict[str, Archive] = {}
        catalogues: dict[str, Catalogue] = {}
        indexes: list[PictureIndex] = []
        for slug, unassigned, archive, catalogue in _opened(home, client, reader, warn, alone=alone, stack=stack):
            try:
                if matcher.points:
                    with progress_bar() as watch:
                        catalogue.embed(archive, matcher, partial(_embedding, slug, watch, warn))
            except (OSError, MachineRefused):  # a read-only home
                warn(
                    f"{slug}: the archiver cannot save the data that recognises cropped pictures. New pictures use "
                    "only the hash."
                )
            archives[slug], catalogues[slug] = archive, catalogue
            indexes.append(catalogue.pictures(unassigned=unassigned))
        yield PictureSearch(home, matcher, archives, catalogues, indexes, alone, warn)


@dataclass(frozen=True)
class PictureSearch:
    """Archives that are open for searches by a picture. Single-threaded."""

    home: Home
    matcher: Matcher
    archives: Mapping[str, Archive]
    catalogues: Mapping[str, Catalogue]
    indexes: Sequence[PictureIndex]
    alone: bool
    warn: Callable[[str], None]

    @property
    def state(self) -> str:
        """A digest of all that a search depends on but the picture: as long as it is the same, so is the result."""
        heads = [(slug, head and head.hash) for slug, each in sorted(self.archives.items()) for head in [each.head()]]
        embedded = [int(each.embedded.sum()) for each in self.indexes]
        model = self.matcher.identity if self.matcher.points else ""
        return sha256(repr((__version__, model, self.alone, heads, embedded)).encode()).hexdigest()

    def find(self, content: bytes, look: Look | None = None) -> PictureMatches:
        """All licences of the assets that a picture shows, best first. UnreadablePicture where it is none.

        `look`: what the matcher has seen of it already.
        """
        from archiver.catalogue.picture_index import loader

        look = look or self.matcher.look(content)
        size = look.fingerprint.width, look.fingerprint.height
        if look.fingerprint.flat or min(size) < MIN_PICTURE_SIDE_PX:
            what = f"{size[0]} × {size[1]} pixels{', nearly one colour' if look.fingerprint.flat else ''}"
            self.warn(
                f"The picture ({what}) has too few details to be recognised. Use another copy of it, or search by "
                "words."
            )
        rows: dict[str, dict[str, object]] = {}
        matches: list[tuple[Found, list[str]]] = []
        for each in self.matcher.match(look.preview, self.indexes, loader(self.archives), _marked):
            provider, _, asset_id = each.picture.asset.partition(":")
            comp = each.picture if not self.alone else None
            found = self.of_asset(provider, asset_id, each.word.value, round(each.score, 3), comp)
            for row in found:
                rows.setdefault(row["licence"], row)
            if found or not self.alone:
                matches.append((each, [row["licence"] for row in found]))
        return PictureMatches(list(rows.values()), matches)

    def of_asset(
        self, provider: str, asset_id: str, match: str, score: float = 1.0, comp: Indexed | None = None
    ) -> list[dict[str, Any]]:
        """The licences of an asset, as rows of `find --json` with this match; `comp` is a picture that may be one's."""
        rows = []
        for slug, catalogue in self.catalogues.items():
            entries = [entry for entry in catalogue.of_asset(provider, asset_id) if entry.held]
            own = catalogue.of_object(comp.object_id) if comp and slug == comp.client else None
            if own and own not in entries:
                entries.append(own)
            if entries:
                hits = [Hit(entry, match, score) for entry in entries]
                rows += dated_rows(self.home, catalogue, hits, self.warn)
        return rows


def _marked(provider: str) -> bool:
    """Whether the platform's archived previews have its watermark."""
    info = declared(provider)
    return info is not None and info.previews_marked
