"""`archiver import`: read what lies in the paths, decide what it is, archive it, and tell what became of every file."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

from archiver.archive.reader import Archive
from archiver.archive.verify import URN
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue import views
from archiver.catalogue.index import Catalogue, Entry, Hit
from archiver.collect.file_walk import Item, Refused, walk
from archiver.collect.import_filing import AddVersion, Import, Put, file
from archiver.collect.import_plan import Fate, Group, Outcome, Plan, plan
from archiver.collect.recognition import Seen, ocr_by, recognise
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, Erased, IntegrityError, UnreadablePicture
from archiver.core.model import DocumentKind, iso
from archiver.home.archives import writing
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.mail import DnsLookup, Lookup, unasked
from archiver.reading.worker import DocumentReader

PARTIAL = 40  # exit code where files were refused
THREADS = 4  # that recognise files; PDFs and pictures are read in as many processes as there are processors
PENDING, PENDING_BYTES = 64, 64 << 20  # files and bytes on their way
PAPER = re.compile(rf"{URN}:receipt:.+_([0-9a-f]{{16}})_[0-9a-f]{{8}}")

type Progress = Callable[[str, int, int | None], None]
"""Who watches: told what is done ("read", "archived"), how many, and of how many, where that is known."""


@dataclass
class Report:
    """What an import did. `licences` are rows as `find --json` has them, of all licences that the files belong to.

    `passed` are the path and kind of files that say nothing: most of any folder, so no more of them is kept.
    """

    client: str
    fates: list[Fate] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)
    licences: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    dry_run: bool = False
    failed: int = 0  # exit code of what failed besides single files

    @property
    def exit_code(self) -> int:
        return max(self.failed, PARTIAL if self.counts[Outcome.REFUSED] else 0)

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(fate.outcome for fate in self.fates) + Counter({Outcome.IRRELEVANT: len(self.passed)})

    def as_json(self) -> dict[str, Any]:
        """The document of `import --json`."""
        rows = [self._row(fate) for fate in self.fates]
        rows += [_row(path, kind, Outcome.IRRELEVANT) for path, kind in self.passed]
        return {"files": sorted(rows, key=itemgetter("path")) if self.passed else rows, "licences": self.licences}

    def _row(self, fate: Fate) -> dict[str, Any]:
        seen, paper = fate.seen, fate.seen.paper
        kind = paper.kind.value if paper and not seen.is_letter else seen.what
        return _row(seen.path, kind, fate.outcome, fate.message) | {
            "licence": self._names(fate)[0] if fate.groups else None,
            "reader": paper.reader if paper else None,
            "sure": paper.sure.value if paper else None,
        }

    def _names(self, fate: Fate) -> list[str]:
        return [f"{self.client}/{group.object_id.rpartition(':')[2]}" for group in fate.groups]

    def table(self) -> list[tuple[str, str, str, str]]:
        """What each file is, for people: path, kind, outcome, and its licence or the reason.

        Only a dry run lists those of which nothing is to be told.
        """
        rows = []
        for fate in self.fates:
            if not self.dry_run and not fate.message and fate.outcome in (Outcome.IRRELEVANT, Outcome.KNOWN):
                continue
            names = self._names(fate)
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            what = "; ".join(filter(None, (f"{names[0]}{more}" if names else "", fate.message)))
            rows.append((fate.seen.path, self._row(fate)["kind"], fate.outcome.value, what))
        if self.dry_run:
            rows = sorted([*rows, *((path, kind, Outcome.IRRELEVANT.value, "") for path, kind in self.passed)])
        return rows


def _row(path: str, kind: str, outcome: Outcome, message: str = "") -> dict[str, Any]:
    return {"path": path, "kind": kind, "outcome": outcome.value, "licence": None, "reader": None, "sure": None,
            "message": message}  # fmt: skip


def import_files(
    home: Home,
    vault: Vault,
    paths: Sequence[Path],
    client: str,
    *,
    by: str,
    dry_run: bool = False,
    keep_files: bool = False,
    progress: Progress = lambda *_: None,
) -> Report:
    """Import everything in these paths into a client's archive; a dry run archives nothing and tells the same.

    `by` is the person who imports. What is archived already is not archived again, so an import that was killed is
    simply repeated. ConfigError for a path that is not there; ArchiveBusy while another command writes to the archive.
    """
    home.client(client)
    if missing := [path for path in paths if not path.exists()]:
        raise ConfigError(f"There is no file or folder {missing[0]}. Nothing was imported.")
    report = Report(client, dry_run=dry_run)
    with ExitStack() as stack:
        archive = None if dry_run else stack.enter_context(writing(home, vault, client))
        reader = stack.enter_context(DocumentReader(workers=os.cpu_count() or 2))
        catalogue = stack.enter_context(Catalogue(home.catalogue(client)))
        spool = None if dry_run else stack.enter_context(spooling(home.state / "import" / client))
        stored = Archive(home.archive(client))
        if stored.ledger.exists():
            catalogue.catch_up(stored, reader)
        lookup = unasked if home.settings.replay else DnsLookup()
        files = []
        for seen in recognised(paths, home.root, reader, lookup, spool, keep_files, progress):
            if seen.says_nothing:
                report.passed.append((seen.path, seen.what))
            else:
                files.append(seen)
        order = None
        if spool:
            order = Import(by=by, at=datetime.now(UTC), content=spool.content, preview=spool.preview,
                           keep_files=keep_files)  # fmt: skip
        settle(home, report, files, archive, order, catalogue, reader, progress)
    return report


def settle(
    home: Home,
    report: Report,
    files: Sequence[Seen],
    archive: ArchiveWriter | None,
    order: Import | None,
    catalogue: Catalogue,
    reader: DocumentReader,
    progress: Progress = lambda *_: None,
) -> None:
    """Decide what becomes of recognised files, archive and seal that where there is an archive to write to, and report.

    The catalogue must have caught up with the archive.
    """
    stored = Archive(home.archive(report.client))
    looks = home.state / "looks" / f"{report.client}.json"
    planned = plan(files, _Archived(stored, catalogue, reader, looks))
    report.fates = planned.fates
    if archive and order:
        report.warnings += map(str, _file(planned, archive.put, archive.add_version, order, progress))
        report.warnings += archive.seal().warnings
        catalogue.catch_up(stored, reader)
    report.licences = _rows(report.client, stored, catalogue, planned)


def _file(planned: Plan, put: Put, add_version: AddVersion, order: Import, progress: Progress) -> list[Erased]:
    total = len(planned.papers) + sum(any(True for _ in group.members) for group in planned.groups)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress("archived", done, total)

    return file(planned, put, add_version, order, count)


def _rows(client: str, stored: Archive, catalogue: Catalogue, planned: Plan) -> list[dict[str, Any]]:
    """The licences of an import as `find` shows them; those that a dry run would archive have no state yet."""
    coming: list[dict[str, Any]] = []

    def archived() -> Iterator[Hit]:
        for group in planned.groups:
            folder = group.object_id.rpartition(":")[2]
            entries = catalogue.matching(folder)
            if entries and entries[0].folder == folder:
                yield Hit(entries[0], None, 1.0)
            else:
                coming.append(_coming(client, group))

    hits = archived()  # one after another, as each holds all that is known of its licence
    first = next(hits, None)
    return [*(views.hits(client, stored, chain([first], hits)) if first else ()), *coming]


def _coming(client: str, group: Group) -> dict[str, Any]:
    licence = group.licence
    return {
        "licence": f"{client}/{group.object_id.rpartition(':')[2]}", "client": client,
        "provider": licence.asset.provider, "asset_id": licence.asset.asset_id, "title": licence.asset.title,
        "kind": licence.kind, "licensed_at": iso(licence.licensed_at), "licensee": licence.licensee, "match": None,
        "score": 1.0, "secured_since": None, "state": None, "scope": None,
    }  # fmt: skip


# ---------------------------------------------------------------- reading the files


def recognised(
    paths: Sequence[Path],
    home: Path,
    reader: DocumentReader,
    lookup: Lookup,
    spool: Spool | None,
    keep_files: bool,
    progress: Progress,
) -> Iterator[Seen]:
    """Every file, recognised, in the walk's order; a bounded number of them, and of bytes, is in memory at once."""

    ocr = ocr_by(reader)

    def work(item: Item) -> Seen:
        try:
            seen = recognise(item, reader, lookup, ocr)
        except Exception as fault:  # noqa: BLE001  # a fault of ours in one file is told with it, and costs no other
            told = f"the archiver has a fault ({type(fault).__name__}: {fault}); please report it"
            seen = Seen(path=item.path, sha256=item.sha256, size=item.size, what="other", refused=told)
        if spool:
            kept = seen.keep or (keep_files and bool(seen.named or seen.fingerprint))
            spool.take(seen, item.content if kept else None)
        return replace(seen, preview=None)

    pending: list[tuple[Future[Seen], int]] = []
    done = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for each in walk(paths, home):
            if isinstance(each, Refused):
                refused = Seen(path=each.path, sha256="", size=0, what="other", refused=each.reason)
                future: Future[Seen] = Future()
                future.set_result(refused)
                pending.append((future, 0))
            else:
                pending.append((threads.submit(work, each), each.size if each.content is not None else 0))
            while len(pending) > PENDING or sum(size for _, size in pending) > PENDING_BYTES:
                done += 1
                progress("read", done, None)
                yield pending.pop(0)[0].result()
        for future, _ in pending:
            done += 1
            progress("read", done, None)
            yield future.result()


@dataclass(frozen=True)
class Spool:
    """Where the bytes of files wait until it is decided what belongs together; disposable."""

    folder: Path

    def take(self, seen: Seen, content: bytes | None) -> None:
        if content is not None:
            (self.folder / seen.sha256).write_bytes(content)
        if seen.preview:
            (self.folder / f"{seen.sha256}.jpg").write_bytes(seen.preview)

    def content(self, sha256: str) -> bytes:
        return (self.folder / sha256).read_bytes()

    def preview(self, sha256: str) -> bytes | None:
        path = self.folder / f"{sha256}.jpg"
        return path.read_bytes() if path.exists() else None


@contextmanager
def spooling(folder: Path) -> Iterator[Spool]:
    """The spool of one client, emptied of what a killed import left; the archive's lock keeps others out."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield Spool(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------- what the archive knows


class _Archived:
    """What is archived, for the plan: by identity, asset, order, digest, and looks."""

    def __init__(self, archive: Archive, catalogue: Catalogue, reader: DocumentReader, cache: Path) -> None:
        self._archive, self._catalogue, self._reader, self._cache = archive, catalogue, reader, cache
        self._files: dict[str, str] = {}  # SHA-256 of an imported file -> folder of its licence
        for entry in catalogue.each():
            for each in entry.file.provenance.get("imports", ()):
                if not each.get("held_in"):
                    self._files[each["sha256"]] = entry.folder
        ids = (line.id or "" for line in archive.lines()) if archive.ledger.exists() else iter(())
        self._papers = {match[1]: match[0] for each in ids if (match := PAPER.fullmatch(each))}

    def identity(self, identity: str) -> Entry | None:
        return self._catalogue.known(identity).get(identity)

    def erased(self, identity: str) -> bool:
        return identity in self._catalogue.erased(identity)

    def asset(self, provider: str, asset_id: str) -> Sequence[Entry]:
        return self._catalogue.of_asset(provider, asset_id)

    def order(self, provider: str, order: str) -> Sequence[Entry]:
        return self._catalogue.of_order(provider, order)

    def file(self, sha256: str) -> Entry | None:
        folder = self._files.get(sha256)
        return self._catalogue.matching(folder)[0] if folder else None

    def platform(self, provider: str) -> Iterable[Entry]:
        return (entry for entry in self._catalogue.each() if entry.provider == provider)

    def paper(self, sha256: str) -> str | None:
        return self._papers.get(sha256[:16])

    def looks(self) -> Iterable[tuple[Entry, bytes]]:
        """The hashes of all archived pictures. What was looked at once is remembered in a file that may vanish."""
        remembered: dict[str, str | None] = {}
        with suppress(OSError, ValueError):
            remembered = json.loads(self._cache.read_text())
        found: dict[str, str | None] = {}
        with ThreadPoolExecutor(os.cpu_count() or 2) as threads:
            looked = [
                (entry, sha512, remembered[sha512] if sha512 in remembered else threads.submit(self._look, entry, name))
                for entry in self._catalogue.each()
                for name, sha512 in _pictures(entry)
            ]
            hashes = []
            for entry, sha512, known in looked:
                found[sha512] = known.result() if isinstance(known, Future) else known
                if mark := found[sha512]:
                    hashes.append((entry, bytes.fromhex(mark)))
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._cache, json.dumps(found).encode())
        return hashes

    def _look(self, entry: Entry, name: str) -> str | None:
        with suppress(IntegrityError, UnreadablePicture):  # `verify` names what is damaged
            look = self._reader.look(self._archive.object(entry.object_id).read(name)).fingerprint
            return None if look.flat else look.hash.hex()
        return None


def _pictures(entry: Entry) -> Iterator[tuple[str, str]]:
    """The pictures of a licence by which a file is recognised: name and SHA-512."""
    for document in entry.file.documents:
        if document.kind is DocumentKind.PREVIEW and not entry.licence.comp:
            yield document.name, document.sha512
