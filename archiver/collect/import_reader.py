"""Read the files of an import side by side, and spool their bytes until their place is decided."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archiver.collect.file_walk import Item, Refused, Unopened, Wanted, walk
from archiver.collect.import_report import ImportProgress
from archiver.collect.recognition import ClassifiedFile, ocr_by, read_item
from archiver.reading.mail import Lookup, unasked
from archiver.reading.worker import DocumentReader

THREADS = 4  # that recognise files; PDFs and pictures are read in as many processes as there are processors
MAX_PENDING_FILES = 64  # that are read at once
MAX_PENDING_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class FileReading:
    """How the files of an import are read. `home` is passed over, wherever it lies.

    Without a `spool`, no bytes are kept; with `keep_files`, those of delivered files are kept, too, with `keep_all`
    those of every file. A file that is not `wanted` is not opened; a file that is `known` once it is read is left out.
    """

    home: Path
    reader: DocumentReader
    lookup: Lookup = unasked
    spool: Spool | None = None
    keep_files: bool = False
    keep_all: bool = False
    closely: bool = False
    progress: ImportProgress = lambda *_: None
    wanted: Wanted | None = None
    known: Callable[[Item], bool] = lambda _: False
    judged: Callable[[str], Sequence[ClassifiedFile]] = lambda _: ()


def recognised(paths: Sequence[Path], how: FileReading) -> Iterator[ClassifiedFile]:
    """Every file, recognised, in the walk's order; a bounded number of them, and of bytes, is in memory at once."""
    reader, spool = how.reader, how.spool
    ocr = ocr_by(reader)

    def work(item: Item) -> ClassifiedFile:
        seen = read_item(item, reader, how.lookup, ocr, closely=how.closely)
        if spool:
            kept = how.keep_all or seen.keep or (how.keep_files and bool(seen.named or seen.fingerprint))
            spool.take(seen, item.content if kept else None)
        return replace(seen, preview=None)

    pending: list[tuple[Future[ClassifiedFile], int]] = []
    done = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for each in walk(paths, how.home, wanted=how.wanted):
            if isinstance(each, Item) and how.known(each):
                continue
            if isinstance(each, Unopened):
                pending += [(_done(seen), 0) for seen in how.judged(each.path)]
            elif isinstance(each, Refused):
                refused = ClassifiedFile(
                    path=each.path, sha256="", size=0, what="other", refused=each.reason, file=each.file
                )
                pending.append((_done(refused), 0))
            else:
                pending.append((threads.submit(work, each), each.size if each.content is not None else 0))
            while len(pending) > MAX_PENDING_FILES or sum(size for _, size in pending) > MAX_PENDING_BYTES:
                done += 1
                how.progress("read", done, None)
                yield pending.pop(0)[0].result()
        for future, _ in pending:
            done += 1
            how.progress("read", done, None)
            yield future.result()


def _done(seen: ClassifiedFile) -> Future[ClassifiedFile]:
    future: Future[ClassifiedFile] = Future()
    future.set_result(seen)
    return future


@dataclass
class Spool:
    """Where the bytes of files stay until the plan is made; disposable.

    `again` gives those of a file that was not read this time, or None; `look` makes the small picture of such a one.
    """

    folder: Path
    again: Callable[[str], bytes | None] = lambda _: None
    look: Callable[[bytes], bytes | None] = lambda _: None

    def take(self, seen: ClassifiedFile, content: bytes | None) -> None:
        if content is not None:
            (self.folder / seen.sha256).write_bytes(content)
        if seen.preview:
            (self.folder / f"{seen.sha256}.jpg").write_bytes(seen.preview)

    def content(self, sha256: str) -> bytes:
        path = self.folder / sha256
        found = None if path.exists() else self.again(sha256)
        return path.read_bytes() if found is None else found

    def preview(self, sha256: str) -> bytes | None:
        path = self.folder / f"{sha256}.jpg"
        if path.exists():
            return path.read_bytes()
        content = self.again(sha256)
        return None if content is None else self.look(content)


@contextmanager
def spooling(folder: Path) -> Iterator[Spool]:
    """The spool of one client, without the leftovers of a killed import. The archive's lock keeps others out."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield Spool(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
