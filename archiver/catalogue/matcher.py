"""Recognising pictures in a process of its own: pictures, and the model that looks at them, may be hostile.

The process is confined as all readers are. It asks for what `matching` needs of the archives: which pictures are like a
hash or a vector, and the bytes of those that it was told of, by number. Of clients and objects it learns nothing.
"""

from __future__ import annotations

import json
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from itertools import batched, chain, islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from archiver.catalogue import embedding
from archiver.catalogue.embedding import BATCH_PICTURES, VECTOR_LENGTH, Embedder
from archiver.catalogue.matching import DECOYS, Index, Indexed, Load, Word, laid_beside, match
from archiver.core.errors import ConfigError, IntegrityError, UnreadablePicture
from archiver.core.json_files import checked
from archiver.reading.fingerprint import Fingerprint, decode
from archiver.reading.pdf_join import packed, unpacked
from archiver.reading.worker import HASH_BYTES, MADE_UP, DocumentReader, Kind, Look, ReaderFailed

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, ReaderJob

MATCH_TIMEOUT_S = 120.0  # for one picture, or one batch of them
MAX_MEMORY_BYTES = 6 << 30  # bytes of address space; the model's runtime reserves much more than it uses
MAX_VIEWS = 200  # of one picture
MAX_REMEMBERED = 64  # alignments, of a few numbers each
_ID, _HIT = struct.Struct(">I"), struct.Struct(">If?")


@dataclass(frozen=True)
class Found:
    """An archived picture that the query may show; see `matching.Match`."""

    picture: Indexed
    word: Word
    score: float
    step: str
    reasons: tuple[str, ...]
    transform: list[list[float]] | None = field(repr=False)
    query: bytes = field(repr=False)
    preview: bytes = field(repr=False)

    def side_by_side(self) -> bytes:
        """A PNG of query and aligned preview, 972 pixels wide; empty where it cannot be made."""
        return sheet([self])


def sheet(found: Sequence[Found]) -> bytes:
    """One PNG: each match beside the query, one below the other; empty where it cannot be made."""
    parts = [("", part) for each in found
             for part in (json.dumps(each.transform).encode(), each.query, each.preview)]  # fmt: skip
    with suppress(ReaderFailed), DocumentReader(workers=1) as reader:
        return b"".join(reader.stream(f"{__name__}:sheet_drawing", packed(parts), MATCH_TIMEOUT_S))
    return b""


class Matcher:
    """Compares pictures, in one process that is kept. A context manager, for one thread at a time.

    `model` is an SSCD model in ONNX, by default the one of the extra `match`; without that, only hashes are compared.
    """

    def __init__(self, model: Path | None = None, threads: int = 2) -> None:
        self.points = embedding.installed()
        self._model = embedding.model_path(model) if self.points else None
        self._threads = threads
        files = (str(self._model.absolute()),) if self._model else ()
        self._reader = DocumentReader(workers=1, kind=Kind(files=files, memory=MAX_MEMORY_BYTES))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.__exit__()

    @cached_property
    def identity(self) -> str:
        """Which model this is: vectors of different models cannot be compared. ConfigError where it cannot be read."""
        assert self._model
        return embedding.identity_of(self._model)

    def look(self, query: bytes) -> Look:
        """What a query looks like, with as much of it as `match` can use, in the process that will match it."""
        return self._reader.look(query, large=True)

    def prepare(self) -> None:
        """Start the process and load the model beside what else is to be done first."""

        def begin() -> None:
            with suppress(ReaderFailed, ConfigError):  # whoever asks next is told
                self._ask("preparing", b"")

        if self._model:
            _ = self.identity
            Thread(target=begin, name="matcher", daemon=True).start()

    def embed(self, pictures: Sequence[bytes]) -> list[NDArray[np.float32] | None]:
        """A unit vector of 512 numbers for each picture; None for what cannot be read. ConfigError for a bad model."""
        found: list[NDArray[np.float32] | None] = []
        for part in batched(pictures, BATCH_PICTURES):
            try:
                marks, vectors = self._ask("embedding_pictures", packed([("", each) for each in part]))
                rows = iter(np.frombuffer(vectors, np.float32).reshape(-1, VECTOR_LENGTH))
                found += [next(rows) if mark else None for mark in marks[: len(part)].ljust(len(part), b"\0")]
            except ReaderFailed:  # one of them took over, or took too long: each by itself will tell
                found += [None] if len(part) == 1 else chain.from_iterable(self.embed([each]) for each in part)
            except (ValueError, StopIteration):
                found += [None] * len(part)
        return found

    def match(
        self, query: bytes, indexes: Sequence[Index], load: Load, marked: Callable[[str], bool] = lambda _: False
    ) -> list[Found]:
        """See `matching.match`; UnreadablePicture where the query cannot be looked at."""
        asked = _Answers(indexes, load, marked)
        try:
            answers = self._ask("finding", query, asked)
            found = [checked(_KnownPictures, each) for each in answers]
            matches = [
                Found(asked.pictures[each.picture], Word(each.word), each.score, each.step, tuple(each.reasons),
                      each.transform, query, asked.loaded[each.picture])
                for each in found
            ]  # fmt: skip
        except ReaderFailed as failed:
            raise UnreadablePicture(str(failed)) from None
        except (ValueError, LookupError, struct.error):
            raise UnreadablePicture(MADE_UP) from None
        for each in matches:
            if each.transform and each.word is not Word.POSSIBLE:
                _remember(query, each.preview, each.transform)
        return matches

    def laid_beside(self, query: bytes, preview: bytes, *, entire: bool = False) -> tuple[bytes, bytes] | None:
        """See `matching.laid_beside`; None also where one of the two cannot be looked at.

        What `match` found in this program for the same bytes is not aligned again.
        """
        about = json.dumps([_ALIGNED.get(_digests(query, preview)), entire]).encode()
        with suppress(ReaderFailed, ValueError):
            one, two = self._ask("laying", packed([("", query), ("", preview), ("", about)]))
            return one, two
        return None

    def _ask(self, job: str, content: bytes, answer: Callable[[bytes], bytes] | None = None) -> list[bytes]:
        """The parts of an answer, of which the first says whether it went well."""
        about = json.dumps([str(self._model) if self._model else None, self._threads]).encode()
        request = packed([("", about), ("", content)])
        state, *parts = self._reader.stream(f"{__name__}:{job}", request, MATCH_TIMEOUT_S, answer)
        if state == b"model":
            raise ConfigError(b"".join(parts).decode("utf-8", "replace"))
        if state != b"ok":
            raise ReaderFailed(b"".join(parts).decode("utf-8", "replace"))
        return parts


_ALIGNED: OrderedDict[tuple[bytes, bytes], list[list[float]]] = OrderedDict()  # by the digests of query and preview


def _digests(query: bytes, preview: bytes) -> tuple[bytes, bytes]:
    return sha256(query).digest(), sha256(preview).digest()


def _remember(query: bytes, preview: bytes, transform: list[list[float]]) -> None:
    _ALIGNED[_digests(query, preview)] = transform
    while len(_ALIGNED) > MAX_REMEMBERED:
        _ALIGNED.popitem(last=False)


@dataclass(frozen=True)
class _KnownPictures:
    """A match as the process tells of it; `picture` is its number."""

    picture: int
    word: str
    score: float
    step: str
    reasons: list[str]
    transform: list[list[float]] | None


class _Answers:
    """What the process may know of the archives: numbers instead of clients and objects, and the bytes of pictures that
    it was told of. ValueError, IndexError or struct.error for a question that makes no sense."""

    def __init__(self, indexes: Sequence[Index], load: Load, marked: Callable[[str], bool]) -> None:
        self._indexes, self._load, self._marked = indexes, load, marked
        self.pictures: list[Indexed] = []
        self.loaded: dict[int, bytes] = {}
        self._numbers: dict[Indexed, int] = {}

    def __call__(self, question: bytes) -> bytes:
        kind, about = question[:1], question[1:]
        if kind == b"n":
            one, other = about[:HASH_BYTES], about[HASH_BYTES : 2 * HASH_BYTES]
            seen = Fingerprint(0, 0, one.ljust(HASH_BYTES, b"\0"), other.ljust(HASH_BYTES, b"\0"), flat=False)
            return self._hits((picture, float(bits), mirrored) for index in self._indexes
                              for picture, bits, mirrored in index.near(seen))  # fmt: skip
        if kind == b"a":
            count, vectors = about[0], np.frombuffer(about[1:], np.float32).reshape(-1, VECTOR_LENGTH)[:MAX_VIEWS]
            hits = [hit for index in self._indexes for hit in index.alike(np.nan_to_num(vectors), count)]
            views = bytes(view for _, _, view in hits)
            return self._hits((picture, likeness, False) for picture, likeness, _ in hits) + views
        if kind == b"o":
            others = (each for index in self._indexes for each in index.others(self._picture(about)))
            return self._hits((each, 0.0, False) for each in islice(others, DECOYS))
        if kind == b"l":
            try:
                self.loaded[_ID.unpack(about)[0]] = content = self._load(self._picture(about))
            except IntegrityError:
                return b"-"
            return b"+" + content
        if kind == b"m":
            return b"1" if self._marked(about.decode("utf-8", "replace")) else b"0"
        raise ValueError("unknown question")

    def _picture(self, number: bytes) -> Indexed:
        (place,) = _ID.unpack(number)
        return self.pictures[int(place)]

    def _hits(self, hits: Iterable[tuple[Indexed, float, bool]]) -> bytes:
        rows = [(self._number(picture), value, mirrored) for picture, value, mirrored in hits]
        names = json.dumps([[self.pictures[row[0]].provider, self.pictures[row[0]].asset] for row in rows]).encode()
        return _ID.pack(len(rows)) + b"".join(_HIT.pack(*row) for row in rows) + _ID.pack(len(names)) + names

    def _number(self, picture: Indexed) -> int:
        if picture not in self._numbers:
            self._numbers[picture] = len(self.pictures)
            self.pictures.append(picture)
        return self._numbers[picture]


# ---------------------------------------------------------------- in the confined process


class _Asked:
    """The archives' pictures, as far as they are told when asked for: an `Index`, and what loads from it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def near(self, seen: Fingerprint) -> Iterable[tuple[Indexed, int, bool]]:
        hits, _ = self._ask(b"n" + seen.hash + seen.mirrored)
        return [(picture, int(bits), mirrored) for picture, bits, mirrored in hits]

    def alike(self, vectors: NDArray[np.float32], count: int) -> Iterable[tuple[Indexed, float, int]]:
        hits, views = self._ask(b"a" + bytes([count]) + np.ascontiguousarray(vectors, np.float32).tobytes())
        return [(picture, likeness, view) for (picture, likeness, _), view in zip(hits, views, strict=True)]

    def others(self, picture: Indexed) -> Iterable[Indexed]:
        return [each for each, _, _ in self._ask(b"o" + _ID.pack(int(picture.object_id)))[0]]

    def load(self, picture: Indexed) -> bytes:
        content = self._channel.ask(b"l" + _ID.pack(int(picture.object_id)))
        if content[:1] != b"+":
            raise IntegrityError("the archive cannot read it")
        return content[1:]

    def marked(self, provider: str) -> bool:
        return self._channel.ask(b"m" + provider.encode()) == b"1"

    def _ask(self, question: bytes) -> tuple[list[tuple[Indexed, float, bool]], bytes]:
        answer = self._channel.ask(question)
        (count,) = _ID.unpack_from(answer)
        rows = _HIT.iter_unpack(answer[_ID.size : (end := _ID.size + count * _HIT.size)])
        (length,) = _ID.unpack_from(answer, end)
        names = json.loads(answer[end + _ID.size : end + _ID.size + length])
        found = [
            (Indexed("", str(number), "", provider, asset), value, mirrored)
            for (number, value, mirrored), (provider, asset) in zip(rows, names, strict=True)
        ]
        return found, answer[end + _ID.size + length :]


@cache
def _embedder(model: str | None, threads: int) -> Embedder | None:
    return Embedder(Path(model), threads) if model else None


def _job(work: Callable[[bytes, Embedder | None, Channel], Iterator[bytes]]) -> ReaderJob:
    def done(request: bytes, channel: Channel) -> bytes:
        (_, about), (_, content) = unpacked(request)
        try:
            parts = list(work(content, _embedder(*json.loads(about)), channel))
        except UnreadablePicture as error:
            parts, state = [error.detail.encode()], b"unreadable"
        except ConfigError as error:
            parts, state = [str(error).encode("utf-8", "replace")], b"model"
        else:
            state = b"ok"
        for each in (state, *parts):
            channel.tell(each)
        return b""

    return done


def preparing() -> ReaderJob:
    def work(_content: bytes, embedder: Embedder | None, _channel: Channel) -> Iterator[bytes]:
        if embedder:
            embedder([])
        yield from ()

    return _job(work)


def embedding_pictures() -> ReaderJob:
    def work(content: bytes, embedder: Embedder | None, _channel: Channel) -> Iterator[bytes]:
        assert embedder
        vectors = embedder.embed([each for _, each in unpacked(content)])
        yield bytes(each is not None for each in vectors)
        yield b"".join(each.tobytes() for each in vectors if each is not None)

    return _job(work)


def finding() -> ReaderJob:
    def work(content: bytes, embedder: Embedder | None, channel: Channel) -> Iterator[bytes]:
        asked = _Asked(channel)
        for each in match(decode(content), [asked], asked.load, embedder, asked.marked):
            transform = None if each.transform is None else each.transform.tolist()
            yield json.dumps({"picture": int(each.picture.object_id), "word": each.word, "score": float(each.score),
                              "step": each.step, "reasons": each.reasons, "transform": transform}).encode()  # fmt: skip

    return _job(work)


def laying() -> ReaderJob:
    def work(content: bytes, embedder: Embedder | None, _channel: Channel) -> Iterator[bytes]:
        (_, query), (_, preview), (_, about) = unpacked(content)
        laid, entire = json.loads(about)
        way = None if laid is None else np.array(laid)
        yield from laid_beside(query, preview, points=embedder is not None, known=way, entire=entire) or ()

    return _job(work)


def sheet_drawing() -> ReaderJob:
    from archiver.catalogue.overlay import below_each_other, side_by_side
    from archiver.reading.fingerprint import as_preview

    def work(content: bytes, _channel: Channel) -> bytes:
        parts = [each for _, each in unpacked(content)]
        drawn = []
        for transform, query, preview in batched(parts, 3):
            laid = json.loads(transform)
            pictures = decode(query).image, as_preview(preview)
            drawn.append(side_by_side(*pictures, None if laid is None else np.array(laid)))
        return drawn[0] if len(drawn) == 1 else below_each_other(drawn)

    return work
