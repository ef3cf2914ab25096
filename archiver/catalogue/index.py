"""The search index of one client's archive: a cache that is updated from the ledger. It is never evidence."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date, timedelta
from functools import cache, cached_property, partial
from hashlib import sha256
from itertools import batched, islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock

from archiver.archive.erasure import TOMBSTONE
from archiver.archive.ledger import Line, newest_of
from archiver.archive.reader import Archive, check_there
from archiver.catalogue.index_rows import (
    FOR_CLIENTS,
    KINDS,
    ReadLicence,
    downloads_of,
    file_name,
    plain_text,
    read_all,
    searched_words,
)
from archiver.catalogue.index_schema import DAMAGE, TABLES, connect, disk_errors, in_memory
from archiver.catalogue.ledger_tree import LedgerTree
from archiver.catalogue.search_words import (
    FILLERS,
    MIN_ID_LENGTH,
    MIN_TYPO_LENGTH,
    Period,
    folded,
    inflected,
    is_file_name,
    mistyped,
    periods,
    spellings,
    stem_of_file,
)  # fmt: skip
from archiver.core.errors import IntegrityError, MachineRefused
from archiver.core.model import Licence, Outcome, iso
from archiver.core.progress import progress_bar
from archiver.reading.licence_json import LicenceFile, from_json
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from archiver.catalogue.matching import Indexed, Load
    from archiver.catalogue.picture_index import Embeds, PictureIndex, VectorFile

BATCH_LINES = 256  # ledger lines of one transaction
OBJECT_ID = re.compile(rf"(?:{'|'.join(KINDS)})[\w-]+", re.ASCII)
UNSIGNED = "the archive's key does not vouch for the ledger line that names it"  # why an object is not read
EMBEDDINGS_PER_COMMIT = 64  # pictures between two commits
ASSIGNED = ("held", "clients", "statement", "rule", "rules")  # the parts of an `assign` line that are kept
MAX_QUERY_WORDS = 32  # of a query
MAX_WORD_LENGTH = 100
type _IndexedAs = tuple[int, str, str | None]  # a licence's number, its ledger lines and its assignment, both in JSON
JOBS = ("project", "job", "purchase_order")  # client hints that name the work a licence was bought for
PUT = """INSERT OR REPLACE INTO licence VALUES (:id, :object_id, :folder, :identity, :comp, :asset_id, :licence_id,
    :order_id, :licensed_at, :account, :failed, :described, :lines, :assigned, :withdrawn)"""
LIST = """INSERT INTO listed VALUES
    (:licence, :folder, :provider, :kind, :day, :seat, :job, :title, :missing, :papers, :seq, :shared,
    :account)"""
WORDS = "INSERT INTO words (rowid, ids, title, about, text, inside) VALUES (?, ?, ?, ?, ?, ?)"
BESIDE_LICENCE = (("words", "rowid"), ("listed", "licence"), ("download", "licence"))  # tables, and its number in them
COLUMNS = "object_id, folder, described, lines, assigned"
VISIBLE_SQL = "NOT comp AND NOT withdrawn"
INCOMPLETE_SQL = "failed AND NOT +comp AND NOT +withdrawn"  # without the plus, SQLite scans all visible licences
INSIDE = ("seat", "client_hints", "inside")  # fields of a licence that a client's own link neither shows nor finds
OUTSIDE = "{ids title about text}"  # the columns of `words` that hold the rest
# The newest first, which is how the index lies: it stops at the limit, however common the words are.
MATCHING = """SELECT object_id, folder, described, lines, assigned
    FROM words CROSS JOIN licence ON licence.id = words.rowid
    WHERE words MATCH ? AND NOT comp AND NOT withdrawn AND (NOT ? OR assigned IS NULL)
        AND (? IS NULL OR (licensed_at >= ? AND licensed_at < ?))
    ORDER BY words.rowid DESC LIMIT ?"""
# All in one row, because a hundred thousand rows take longer than everything else. SQLite joins both in one order.
PICTURES = """SELECT coalesce(group_concat(number), ''), coalesce(group_concat(hex(hash), ''), ''),
        coalesce(group_concat((flat != 0) + 2 * (embedded != 0), ''), '')
    FROM picture WHERE licence NOT IN (SELECT id FROM licence WHERE assigned IS NOT NULL AND (withdrawn OR ?))"""
COMMON_WORD_LICENCES = 100  # licences: a word of so many is not also sought as the beginning of others
NEAR_SCORE = 0.8  # relative to a match of the words themselves
COMMON_QUERY_LICENCES = 2_000  # licences: of so many, a list looks each up instead of gathering all
MIN_COMPARED_LICENCES = 100  # licences that are compared at least, of each question to the index
NAMES = {"asset_id": "asset_id", "licence_id": "licence_id", "order": "order_id"}  # fields and their columns
WEIGHTS = {**dict.fromkeys(NAMES, 10.0), "title": 5.0, "text": 1.0}  # of the field that holds a word; 3 for all others

# Scripts without spaces between words: each character becomes a word, and a query a phrase of them.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A licence or comp in the catalogue. `lines` are the (seq, byte offset) of its ledger lines, oldest first."""

    client: str
    folder: str
    object_id: str
    described: bytes = field(repr=False)
    lines: tuple[tuple[int, int], ...]
    assigned: Mapping[str, Any] | None = None  # what the newest `assign` line says: the fields in `ASSIGNED`

    @property
    def held(self) -> bool:
        """Whether it is for the owner of this archive. False if it was withdrawn."""
        return self.assigned is None or bool(self.assigned.get("held", True))

    @cached_property
    def file(self) -> LicenceFile:
        return from_json(self.described)

    @property
    def file_name(self) -> str | None:
        """The name under which a browser saved the licensed file last; None if no browser said it."""
        name, *_ = max(downloads_of(self.file), key=lambda each: (each[2], each[0]), default=(None, 0, ""))
        return name

    @property
    def licence(self) -> Licence:
        return self.file.licence

    @property
    def provider(self) -> str:
        return self.licence.asset.provider

    @property
    def short_id(self) -> str:
        """Its short ID: `acme/20261124_shutterstock_1234567890_1a2b3c4d`."""
        return f"{self.client}/{self.folder}"


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """The ledger line of one account's run; `at` is UTC, `2026-11-24T02:00:00Z`."""

    account: str
    provider: str
    at: str
    sweep: str
    outcome: str
    error: str | None
    listed: int
    archived: int
    total: int | None
    incomplete: int = 0
    unexplained: int = 0
    ground: str | None = None

    @property
    def is_complete(self) -> bool:
        return self.outcome == Outcome.COMPLETE

    @property
    def is_read_to_end(self) -> bool:
        return self.outcome == Outcome.READ_TO_END


RUN_FIELDS = {each.name for each in fields(RunLine) if each.default is MISSING}  # a line without them is no run's


@dataclass(frozen=True, kw_only=True)
class ErasedEntry:
    """A licence or comp whose content was erased: when, the class of the reason, and the tombstone's object ID."""

    client: str
    folder: str
    object_id: str
    at: str
    reason: str
    tombstone: str

    @property
    def short_id(self) -> str:
        return f"{self.client}/{self.folder}"


@dataclass(frozen=True)
class SeatLicence:
    """A licence of a seat: its folder, its platform, the account that read it, and its `papers` as the index has them:
    documents that are there, as `certificate`, and those that are not, with the reason, as `receipt:failed`."""

    folder: str
    provider: str
    papers: tuple[str, ...]
    account: str | None


@dataclass(frozen=True)
class Hit:
    """A search result: the entry, the matching field (`asset_id`, `title`, … `text`), and the score from 0 to 1.

    `without` are the words of the search that it lacks: then it is only a near miss.
    """

    entry: CatalogueEntry
    match: str | None
    score: float
    without: tuple[str, ...] = ()


class Catalogue:
    """One client's index, in a SQLite file named after the client. A context manager."""

    def __init__(self, path: Path) -> None:
        self._path, self.client = path, path.stem
        self._turn = Lock()  # to follow, or to close: the thread of a task that was cancelled goes on for a while
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{path}.lock").acquire()  # SQLite itself does not wait where two processes make the file
        except OSError:
            if os.access(path.parent, os.W_OK):
                raise
            self._db, self._writable = in_memory(path), False
            return
        self._writable = True
        with lock, disk_errors(path):
            if path.is_dir():  # SQLite says of a folder only that it cannot be opened
                self._remove()
            try:
                self._db = connect(path)
            except sqlite3.OperationalError:  # locked, or a full disk: nothing is wrong with the file
                raise
            except sqlite3.DatabaseError:  # another kind of file, or a damaged one; it is only a cache
                self._remove()
                self._db = connect(path)

    @property
    def _vectors(self) -> VectorFile:
        from archiver.catalogue.picture_index import VectorFile  # brings in numpy, which most commands need not

        return VectorFile(self._path.with_suffix(".vectors"), writable=self._writable)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: object) -> None:
        with self._turn:
            self._db.close()
        if isinstance(error, sqlite3.DatabaseError) and error.sqlite_errorcode in DAMAGE and self._writable:
            self._remove()
            raise MachineRefused(f"the search index {self._path.name} was damaged, and is made anew") from error

    def _remove(self) -> None:
        for name in (self._path.name, f"{self._path.name}-wal", f"{self._path.name}-shm"):
            if (path := self._path.parent / name).is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    # ------------------------------------------------------------ following the archive

    def catch_up(self, archive: Archive, reader: DocumentReader) -> None:
        """Read the ledger's new lines, or all lines if it is another ledger than before. Its progress is shown."""
        check_there(archive.root)
        if not (lines := self._follow(archive, reader)):
            return
        last = archive.head()
        begin, end = lines[0].seq, last.seq + 1 if last else 0
        with progress_bar() as watch:
            while lines:
                watch(f"{self.client}: search index", lines[-1].seq + 1 - begin, end - begin)
                lines = self._follow(archive, reader)

    def catch_up_beside(self, archive: Archive, reader: DocumentReader) -> None:
        """Catch up in a thread while others ask this index: over a connection of its own, because of two threads on one
        connection one gets the errors of the other.
        """
        if not self._writable:  # it is in memory, and nobody writes to its archive
            return
        with Catalogue(self._path) as beside:
            beside.catch_up(archive, reader)

    def _follow(self, archive: Archive, reader: DocumentReader) -> list[Line]:
        """Read some new lines, and return them."""
        with self._turn:
            if (last := self._last(archive)) is None:
                self._forget()
            offset = last.end if last else 0
            found = list(islice(archive.lines(offset=offset), BATCH_LINES))
            lines = archive.vouched(found, last)
            self._note_unsigned(found[len(lines) :])
            if not lines:
                return []
            read = read_all(archive, reader, self._recorded(archive, lines))
            with self._writing():
                if self._position() == (last and (last.offset, last.hash)):  # otherwise another process has done it
                    self._store(archive, lines, read)
            if any(line.type == "erasure" for line in lines):
                self._wipe()
        return lines

    def _note_unsigned(self, lines: Sequence[Line]) -> None:
        """Note the objects of lines that are not read, and forget those of lines that are gone."""
        found = {line.id for line in lines if line.id and OBJECT_ID.fullmatch(line.id)}
        query = "SELECT object_id FROM unreadable WHERE reason = ?"
        known = {object_id for (object_id,) in self._db.execute(query, (UNSIGNED,))}
        if found != known:
            with self._writing():
                self._db.execute("DELETE FROM unreadable WHERE reason = ?", (UNSIGNED,))
                rows = [(object_id, UNSIGNED) for object_id in sorted(found)]
                self._db.executemany("INSERT OR REPLACE INTO unreadable VALUES (?, ?)", rows)

    def _recorded(self, archive: Archive, lines: Sequence[Line]) -> dict[str, Line | None]:
        """The newest line that records each licence or comp in these lines: one of them, or an older one."""
        found: dict[str, Line | None] = {line.id: None for line in lines if line.id and line.id.startswith(KINDS)}
        found |= {line.id: line for line in lines if line.id in found and "inventory_sha512" in line.fields}
        missing = [object_id for object_id, line in found.items() if line is None]
        for object_id, listed in self._among("SELECT object_id, lines FROM licence WHERE object_id IN (?)", missing):
            with suppress(IntegrityError):  # a line that the key did not sign
                older = (archive.line(*each) for each in reversed(json.loads(listed)))
                found[object_id] = next((line for line in older if "inventory_sha512" in line.fields), None)
        for object_id in [each for each in missing if found[each] is None]:  # it could not be read then
            line = newest_of(archive.ledger, object_id)
            with suppress(IntegrityError):
                if line and line.seq < lines[0].seq:
                    found[object_id] = archive.line(line.seq, line.offset)
        return found

    def rebuild(self, archive: Archive, reader: DocumentReader) -> None:
        """Rebuild the index from the archive."""
        self._forget()
        self.catch_up(archive, reader)

    def embed(self, archive: Archive, embedder: Embeds, watch: Callable[[int, int], object]) -> None:
        """Make the missing vectors, oldest first. It can stop and continue at any time.

        `watch` hears how many of how many are made. Pictures that cannot be read are left to the hash.
        """
        from archiver.catalogue.matching import Indexed
        from archiver.catalogue.picture_index import loader

        with self._writing():
            if self._db.execute("SELECT identity FROM model").fetchone() != (embedder.identity,):
                self._db.execute("UPDATE picture SET embedded = 0")
                self._db.execute("DELETE FROM model")
                self._db.execute("INSERT INTO model VALUES (?)", (embedder.identity,))
        query = """SELECT number, object_id, name FROM picture JOIN licence ON licence.id = licence
            WHERE NOT embedded ORDER BY number"""
        missing = [
            (number, Indexed(self.client, object_id, name, "", ""))
            for number, object_id, name in self._db.execute(query)
        ]
        load = loader({self.client: archive})
        done = 0
        if missing:
            watch(done, len(missing))
        for part in batched(missing, EMBEDDINGS_PER_COMMIT):
            there = [(number, content) for number, picture in part if (content := _loaded(load, picture))]
            vectors = embedder.embed([content for _, content in there])
            made = {number: vector for (number, _), vector in zip(there, vectors, strict=True) if vector is not None}
            with self._writing():
                self._vectors.write(made)
                self._db.executemany("UPDATE picture SET embedded = 1 WHERE number = ?", [(n,) for n in made])
            watch(done := done + len(part), len(missing))

    def ledger_roots(self, archive: Archive, sizes: Collection[int]) -> dict[int, bytes]:
        """The roots of the ledger's tree, over the lines that were read, by size: those at these checkpoints."""
        tree = LedgerTree(self._db)
        position = self._db.execute("SELECT offset FROM position").fetchone()
        if position and tree.lacks(sizes):
            with self._writing():
                tree.read_again(archive, sizes, position[0] + 1)
        return tree.roots()

    def is_as_read(self, archive: Archive) -> bool:
        """Whether the ledger's lines are still those that were read. Hashes all of them."""
        position = self._db.execute("SELECT offset FROM position").fetchone()
        return position is not None and LedgerTree(self._db).is_as_read(archive, position[0] + 1)

    @property
    def is_empty(self) -> bool:
        """Whether it has read nothing yet, as when it was made anew in place of a damaged file."""
        return self._db.execute("SELECT 1 FROM position").fetchone() is None

    def unreadable(self) -> dict[str, str]:
        """Unreadable objects and why. Results leave them out; `verify` reports the fault."""
        return dict(self._db.execute("SELECT object_id, reason FROM unreadable ORDER BY object_id"))

    def note_fault(self, object_id: str, reason: str) -> None:
        """Note why an object is damaged, or with an empty reason that it no longer is."""
        if reason != self.unreadable().get(object_id, ""):
            with self._writing():
                self._db.execute("DELETE FROM unreadable WHERE object_id = ?", (object_id,))
                if reason:
                    self._db.execute("INSERT INTO unreadable VALUES (?, ?)", (object_id, reason))

    # ------------------------------------------------------------ queries

    def known(self, *identities: str) -> dict[str, CatalogueEntry]:
        """The archived licences and comps of these identities."""
        query = f"SELECT identity, {COLUMNS} FROM licence WHERE identity IN (?) ORDER BY id DESC"  # noqa: S608  # all ours
        rows = self._among(query, map(plain_text, identities))
        found = {identity: self._entry(columns) for identity, *columns in rows}  # the older one of two
        return {each: found[plain] for each in identities if (plain := plain_text(each)) in found}

    def erased(self, *identities: str) -> set[str]:
        """Those whose licence or comp was archived and then erased. They stay known and are not fetched again."""
        digests = {identity_digest(each): each for each in identities}
        rows = self._among("SELECT identity_sha256 FROM erased WHERE identity_sha256 IN (?)", digests)
        return {digests[digest] for (digest,) in rows}

    def of_asset(self, provider: str, *asset_ids: str, comps: bool = False) -> list[CatalogueEntry]:
        """The licences of a platform's assets, oldest first; with their comps if asked for."""
        which = "asset_id IN (?)" if comps else "NOT comp AND asset_id IN (?)"
        query = f"SELECT {COLUMNS} FROM licence WHERE {which} ORDER BY id"  # noqa: S608  # all ours
        entries = map(self._entry, self._among(query, map(plain_text, asset_ids)))
        return [entry for entry in entries if entry.provider == provider]

    def names_another(self, words: Iterable[str], but: Collection[str]) -> bool:
        """Whether one of these words is the number of an asset, a licence or an order other than those in `but`."""
        known = {each.casefold() for each in but}
        wanted = sorted({plain for word in words if (plain := plain_text(word).casefold()) not in known})
        return any(
            next(self._among(f"SELECT 1 FROM licence WHERE {column} IN (?) LIMIT 1", wanted), None)  # noqa: S608  # all ours
            for column in NAMES.values()
        )

    def of_order(self, provider: str, order: str) -> list[CatalogueEntry]:
        """The licences (no comps) that a platform's order paid for, oldest first."""
        found = self._entries("NOT comp AND order_id = ? ORDER BY id", plain_text(order))
        return [entry for entry in found if entry.provider == provider]

    def of_download(self, name: str, size: int, day: date | None) -> list[CatalogueEntry]:
        """The licences of which a browser said that a file with this name and size was downloaded, `day` or earlier."""
        latest = (day + timedelta(days=1)).isoformat() if day else "9999"  # the file's day may be of another zone
        query = "id IN (SELECT licence FROM download WHERE name = ? AND bytes = ? AND day <= ?) ORDER BY id"
        return list(self._entries(query, file_name(name), size, latest))

    def downloads(self) -> set[tuple[str, int]]:
        """The names and sizes of all files that a browser said were downloaded."""
        return set(self._db.execute("SELECT name, bytes FROM download"))

    def each(self) -> Iterator[CatalogueEntry]:
        """All licences and comps, one after another, in the order in which they were archived."""
        return self._entries("true ORDER BY id")

    def of_account(self, account: str) -> Iterator[CatalogueEntry]:
        """The licences (no comps) that an account's runs archived, oldest first."""
        return self._entries("NOT comp AND account = ? ORDER BY id", account)

    def of_platform(self, provider: str) -> Iterator[CatalogueEntry]:
        """The licences (no comps) of a platform, oldest first."""
        return (entry for entry in self._entries("NOT comp ORDER BY id") if entry.provider == provider)

    def papers(self, provider: str) -> list[CatalogueEntry]:
        """The licences (no comps) of a platform that no account's run brought, oldest first: imports, mails."""
        found = self._entries("NOT comp AND account IS NULL ORDER BY id")
        return [entry for entry in found if entry.provider == provider]

    def unassigned(self) -> Iterator[CatalogueEntry]:
        """The licences (no comps) that are assigned to nobody, oldest first."""
        return self._entries("NOT comp AND assigned IS NULL ORDER BY id")

    def entries(self) -> list[CatalogueEntry]:
        """All licences and comps, in the order in which they were archived."""
        return list(self.each())

    def incomplete(self) -> list[CatalogueEntry]:
        """The licences that lack a document (`GapReason.is_missing`), oldest first: no comps, nothing withdrawn."""
        return list(self._entries(f"{INCOMPLETE_SQL} ORDER BY +id"))

    def to_fetch_again(self, account: str) -> list[CatalogueEntry]:
        """The licences and comps that lack a document and that an account's run archived, oldest first."""
        return list(self._entries("failed AND account = ? ORDER BY id", account))

    def runs(self, account: str | None = None, newest: int = -1) -> list[RunLine]:
        """The newest runs of an account, or of all, oldest first. -1: all of them."""
        query = "SELECT fields FROM run WHERE ?1 IS NULL OR account = ?1 ORDER BY seq DESC LIMIT ?2"
        found = [json.loads(fields) for (fields,) in self._db.execute(query, (account, newest))]
        names = RunLine.__dataclass_fields__
        return [RunLine(**{name: each[name] for name in names if name in each}) for each in reversed(found)]

    def count(self) -> int:
        """The number of licences, without comps."""
        return self._count("comp = 0")

    def count_held(self) -> int:
        """The number of licences that lists show: no comps, nothing withdrawn."""
        return self._count(VISIBLE_SQL)

    def count_incomplete(self) -> int:
        """The number of `incomplete` licences."""
        return self._count(INCOMPLETE_SQL)

    def incomplete_by_account(self) -> dict[str, int]:
        """The numbers of `incomplete` licences by the account whose run archived them; those of imports have none."""
        query = f"""SELECT account, count(*) FROM licence
            WHERE {INCOMPLETE_SQL} AND account IS NOT NULL GROUP BY account"""  # noqa: S608  # this file's own text
        return dict(self._db.execute(query))

    def previews_by_account(self) -> dict[str, int]:
        """The numbers of comps by the account whose run archived them."""
        query = "SELECT account, count(*) FROM licence WHERE comp AND account IS NOT NULL GROUP BY account"
        return dict(self._db.execute(query))

    def count_unassigned(self) -> int:
        """The number of licences (no comps) that are assigned to nobody."""
        return self._count("NOT comp AND assigned IS NULL")

    def recent(self, limit: int) -> list[CatalogueEntry]:
        """The licences (no comps) that were archived last, newest first."""
        return list(self._entries(f"{VISIBLE_SQL} ORDER BY id DESC LIMIT ?", limit))

    def licensed_in(self, month: str) -> list[CatalogueEntry]:
        """The licences (no comps) whose day lies in a month, `2026-11`, the earliest first."""
        return list(self._entries(f"{VISIBLE_SQL} AND substr(licensed_at, 1, 7) = ? ORDER BY licensed_at, id", month))

    def matching(self, part: str) -> list[CatalogueEntry]:
        """The licences that a folder name, or a part of one, names: an exact match alone, else up to 10 that contain
        the part.
        """
        part = plain_text(part)
        exact = list(self._entries("folder = ?", part))
        return exact or list(self._entries("instr(lower(folder), lower(?)) ORDER BY folder LIMIT 10", part))

    def erased_matching(self, part: str) -> list[ErasedEntry]:
        """Like `matching`, for erased licences."""
        part, columns = plain_text(part), "folder, object_id, at, reason, tombstone"
        for where in ("folder = ?", "instr(lower(folder), lower(?)) ORDER BY folder LIMIT 10"):
            query = f"SELECT {columns} FROM erased WHERE {where}"  # noqa: S608  # this file's own text
            if rows := self._db.execute(query, (part,)).fetchall():
                names = columns.split(", ")
                return [ErasedEntry(client=self.client, **dict(zip(names, row, strict=True))) for row in rows]
        return []

    def assigned(self) -> list[CatalogueEntry]:
        """The licences that a person or a rule assigned to a client or withdrew from this one, oldest first."""
        return list(self._entries("assigned IS NOT NULL ORDER BY id"))

    def of_object(self, object_id: str) -> CatalogueEntry | None:
        """The licence or comp of this object."""
        return next(self._entries("object_id = ?", object_id), None)

    def find(self, text: str = "", limit: int = 20, *, unassigned: bool = False, outside: bool = False) -> list[Hit]:
        """Licences (no comps) that match an ID, a day or the words, best first; without words, the newest.

        Any text is a valid query. Words match from their beginning, in any script, ignoring accents. All of them must
        occur. If no licence has them all, other numbers and spellings count too; if that finds nothing, licences with
        some of the words are near misses (`Hit.without`). A month or a day is first read as a time and then as words,
        and a platform's file name is not read as words. `unassigned` leaves out licences that are assigned to a
        client; every search leaves out withdrawn ones. `outside` matches only what a client's own link shows.
        """
        scope = f"{VISIBLE_SQL} AND assigned IS NULL" if unassigned else VISIBLE_SQL
        words = _query_words(text)
        if not words:
            newest = self._entries(f"{scope} ORDER BY licensed_at DESC, id DESC LIMIT ?", limit)
            return [] if text.strip() else [Hit(entry, None, 0.0) for entry in newest]
        pieces = re.findall(r"[^\W_]+", " ".join(words))[:MAX_QUERY_WORDS]
        named = self._named({plain_text(text).strip(), *words, *pieces}, scope, limit)
        times, others = periods(plain_text(text))
        rest = [each for each in re.findall(r"[^\W_]+", others) if times and each.lower() not in FILLERS]
        dated = [] if rest else [hit for time in times for hit in self._dated(time, scope, limit)]
        hits = {hit.entry.object_id: hit for hit in (*dated, *named)}
        if len(hits) < limit:
            near = cache(lambda word: self._near(word, outside))
            known = cache(lambda word: form if (form := self._spelt(word, outside)).held else near(word))
            compared = max(limit, MIN_COMPARED_LICENCES)
            ask = partial(self._with_words, unassigned=unassigned, outside=outside, compared=compared)
            steps = [partial(ask, rest, time=time, near=each) for each in (None, near) for time in times if rest]
            steps.append(partial(ask, words))
            if not hits and not is_file_name(text):
                pieces = re.findall(r"[^\W_]+", stem_of_file(" ".join(words)))[:MAX_QUERY_WORDS]
                telling = [each for each in pieces if not (each.isdigit() and len(each) <= MIN_ID_LENGTH)]
                steps += [partial(ask, pieces, near=near), partial(ask, telling, near=known, any_of=True)]
            for hit in next((found for step in steps if (found := step())), ()):
                hits.setdefault(hit.entry.object_id, hit)
        return list(hits.values())[:limit]

    def select(self, query: str, values: Sequence[object]) -> list[Any]:
        """The rows of a query that `licence_list` builds."""
        return self._db.execute(query, values).fetchall()

    def in_folders(self, folders: Sequence[str]) -> list[CatalogueEntry]:
        """The licences (no comps, nothing withdrawn) in these folders."""
        query = f"SELECT {COLUMNS} FROM licence WHERE {VISIBLE_SQL} AND folder IN (?)"  # noqa: S608  # all ours
        return [self._entry(row) for row in self._among(query, folders)]

    def kinds(self) -> list[tuple[str, str]]:
        """The platforms and the kinds of the listed licences, each pair once."""
        rows = self._db.execute("SELECT DISTINCT provider, kind FROM tally")
        return [(provider, kind) for provider, kind in rows]

    def count_of_account(self, account: str) -> int:
        """The number of licences (no comps) that an account's runs archived."""
        query = "SELECT count(*) FROM licence WHERE NOT comp AND account = ?"
        (number,) = self._db.execute(query, (account,)).fetchone()
        return int(number)

    def seats(self) -> list[str]:
        """The seats of the listed licences, each once."""
        return self._each_once("seat", -1)

    def jobs(self, limit: int) -> list[str]:
        """The jobs of the listed licences, each once, up to a limit."""
        return self._each_once("job", limit)

    def _each_once(self, column: str, limit: int) -> list[str]:
        """The values of an indexed column: from each to the next, however many licences have it."""
        query = f"""WITH RECURSIVE next(value) AS (
                SELECT min({column}) FROM listed WHERE {column} != ''
                UNION ALL
                SELECT (SELECT min({column}) FROM listed WHERE {column} != '' AND {column} > next.value)
                FROM next WHERE value IS NOT NULL)
            SELECT value FROM next WHERE value IS NOT NULL LIMIT ?"""  # noqa: S608  # this file's own text
        return [value for (value,) in self._db.execute(query, (limit,))]

    def of_seats(self, seats: Sequence[str]) -> list[SeatLicence]:
        """The listed licences of these seats, oldest first."""
        query = "SELECT licence, folder, provider, papers, account FROM listed WHERE seat != '' AND seat IN (?)"
        rows = sorted(self._among(query, seats), key=lambda row: int(row[0]))
        return [SeatLicence(folder, provider, tuple(papers.split()), account)
                for _, folder, provider, papers, account in rows]  # fmt: skip

    def hold_lines(self, archive: Archive) -> list[Line]:
        """The ledger's lines that hold something or release it, oldest first."""
        places = self._db.execute("SELECT seq, offset FROM hold ORDER BY seq").fetchall()
        return [archive.line(*each) for each in places]

    def is_common(self, query: str, licences: int = COMMON_QUERY_LICENCES) -> bool:
        """Whether so many licences have the words of a query (`words_query`), by default so many that a list meets them
        soon."""
        return self._holds(query, licences)

    def words_query(self, text: str) -> str:
        """A text as a query of the words table for all its words; empty if it has none."""
        forms = [self._spelt(word, outside=False) for word in dict.fromkeys(_query_words(text))]
        return " AND ".join(form.query for form in forms if form.query)

    def newest(self, limit: int, after: str | None) -> tuple[list[Hit], str | None]:
        """Licences (no comps), the newest first, a page at a time.

        `after` is the mark that came with the page before.
        """
        where, values = VISIBLE_SQL, []
        if after is not None:
            day, _, number = after.rpartition(" ")
            values = [day, int(number[:15]) if number.isdecimal() else 0]
            where += " AND (coalesce(licensed_at, ''), id) < (?, ?)"
        query = f"SELECT {COLUMNS}, coalesce(licensed_at, ''), id FROM licence WHERE {where} "  # noqa: S608  # all ours
        rows = self._db.execute(
            f"{query} ORDER BY coalesce(licensed_at, '') DESC, id DESC LIMIT ?", (*values, limit + 1)
        )
        found = rows.fetchall()
        more = f"{found[limit - 1][-2]} {found[limit - 1][-1]}" if len(found) > limit else None
        return [Hit(self._entry(row[:-2]), None, 0.0) for row in found[:limit]], more

    def _dated(self, time: Period, scope: str, limit: int) -> Iterator[Hit]:
        where = f"{scope} AND licensed_at >= ? AND licensed_at < ? ORDER BY licensed_at, id LIMIT ?"
        for entry in self._entries(where, *time, limit):
            yield Hit(entry, "licensed_at", 1.0)

    def pictures(self, *, unassigned: bool = False) -> PictureIndex:
        """The previews of all licences and comps, to be searched by hash and by vector; `unassigned` as in `find`."""
        import numpy as np

        from archiver.catalogue.picture_index import PictureIndex

        numbers, hashes, marks = self._db.execute(PICTURES, (unassigned,)).fetchone()
        number = np.fromstring(numbers, np.int64, sep=",")
        order = np.argsort(number)
        mark = np.frombuffer(marks.encode(), np.uint8)[order] - ord("0")
        return PictureIndex(
            numbers=number[order],
            hashes=np.frombuffer(bytes.fromhex(hashes), np.uint64).reshape(-1, 4)[order],
            flat=mark & 1 > 0,
            embedded=mark & 2 > 0,
            vectors=self._vectors.read(),
            describe=self._described,
        )

    def _described(self, number: int) -> Indexed:
        from archiver.catalogue.matching import Indexed

        # The text is all this file's own.
        query = f"SELECT {COLUMNS}, name FROM picture JOIN licence ON licence.id = licence WHERE number = ?"  # noqa: S608
        *columns, name = self._db.execute(query, (number,)).fetchone()
        entry = self._entry(columns)
        asset = entry.licence.asset
        return Indexed(self.client, entry.object_id, name, asset.provider, f"{asset.provider}:{asset.asset_id}")

    def _named(self, names: set[str], scope: str, limit: int) -> Iterator[Hit]:
        for column in ("asset_id", "licence_id", "order_id", "folder"):
            marks = ", ".join("?" * len(names))
            where = f"{scope} AND {column} IN ({marks}) ORDER BY licensed_at DESC, id DESC LIMIT ?"
            for entry in self._entries(where, *names, limit):
                yield Hit(entry, {"order_id": "order", "folder": "licence"}.get(column, column), 1.0)

    # many parameters: how one attempt of a search differs from the next
    def _with_words(
        self, words: Sequence[str], *, unassigned: bool, outside: bool, compared: int, any_of: bool = False,
        near: Callable[[str], _Form] | None = None, time: Period | None = None,
    ) -> list[Hit]:  # fmt: skip
        """Licences with these words, best first; with `any_of`, those with as many of the words as occur together, of
        which one at least is not only in the documents' text.

        `near` gives what else counts as a word. Of more licences than `compared`, the newest are compared, and the
        newest that have the words in a title or an id.
        """
        asked = {word: near(word) if near else self._spelt(word, outside) for word in words}
        forms, without = list(asked.values()), tuple[str, ...]()
        wanted = [form.words for form in forms]
        if any_of:
            forms = self._together([form for form in forms if form.held])
            without = tuple(word for word, form in asked.items() if form not in forms)
        elif not all(form.held for form in forms):
            return []
        if not forms:
            return []
        query = " AND ".join(form.query for form in forms)
        if any_of:  # a contract's text has any common words: one of them at least names the licence or its work
            query = f"({query}) AND {{ids title about}} : ({' OR '.join(form.query for form in forms)})"
        entries = self._matching(query, compared, unassigned=unassigned, time=time)
        if len(entries) == compared:  # there are more, and better ones may be older
            entries += self._matching(f"{{ids title}} : ({query})", compared, unassigned=unassigned, time=time)
        hits = [_hit(entry, wanted, outside=outside) for entry in {each.object_id: each for each in entries}.values()]
        best = sorted(hits, key=lambda each: (each[0].score, each[1]), reverse=True)
        factor = NEAR_SCORE if near else 1.0
        return [replace(hit, score=round(hit.score * factor, 3), without=without) for hit, _ in best]

    def _spelt(self, word: str, outside: bool) -> _Form:
        """A word by its beginning, with its umlauts in either spelling."""
        plain = not word.isalpha() or _UNSPACED.search(word)
        return self._form([word] if plain else spellings(word), (), outside)

    def _near(self, word: str, outside: bool) -> _Form:
        """A word and its other numbers. If none of these is known: the words that differ by one letter."""
        if not word.isalpha() or _UNSPACED.search(word):
            return self._spelt(word, outside)
        spelt = spellings(word)
        others = dict.fromkeys(form for each in spelt for form in inflected(each))
        begin = [*spelt, *(each[:-1] for each in others if each.endswith("*"))]
        whole = [each for each in others if not each.endswith("*")]
        form = self._form(begin, whole, outside)
        if form.held or len(word) < MIN_TYPO_LENGTH:
            return form
        singular = [each[:-1] for each in spelt if each.endswith("s") and len(each) > MIN_TYPO_LENGTH]
        terms = [term for each in (*spelt, *singular) for term in mistyped(each, self._terms(each))]
        return self._form((), terms, outside)

    def _form(self, begin: Sequence[str], whole: Sequence[str], outside: bool) -> _Form:
        """The query for words with these beginnings, or for these whole words. A common word counts only as a whole."""
        asked = [*(f"{_phrase(each)}*" for each in begin), *map(_phrase, whole)]
        if not asked:
            return _Form((), "", False)
        if len(begin) == 1 and not whole and self._holds(_phrase(begin[0]), COMMON_WORD_LICENCES):
            asked = [_phrase(begin[0])]
        query = f"({' OR '.join(asked)})" if len(asked) > 1 else asked[0]
        query = f"{OUTSIDE} : {query}" if outside else query
        return _Form(tuple(map(folded, (*begin, *whole))), query, self._holds(query))

    def _terms(self, word: str) -> list[str]:
        """All words of the index of about this length that begin with the word's first letter or its second."""
        self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, row)")
        asked = "term >= ? AND term < ? AND length(term) BETWEEN ? AND ? AND term NOT GLOB '*[0-9]*'"
        query = f"SELECT term FROM vocabulary WHERE {asked}"  # noqa: S608  # all ours
        size = len(word)
        return [
            term
            for first in dict.fromkeys(word[:2])
            for (term,) in self._db.execute(query, (first, chr(ord(first) + 1), size - 1, size + 3))
        ]

    def _together(self, forms: Sequence[_Form]) -> list[_Form]:
        """As many of these as occur together in one licence, including the rarest."""
        kept: list[_Form] = []
        for form in sorted(forms, key=lambda form: "*" in form.query, reverse=True):
            if self._holds(" AND ".join(each.query for each in (*kept, form))):
                kept.append(form)
        return kept

    def _holds(self, query: str, number: int = 1) -> bool:
        """Whether so many rows have these words."""
        rows = self._db.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1 OFFSET ?", (query, number - 1))
        return rows.fetchone() is not None

    def _matching(self, query: str, limit: int, *, unassigned: bool, time: Period | None) -> list[CatalogueEntry]:
        first, after = time or (None, None)
        values = (query, unassigned, first, first, after, limit)
        return [self._entry(columns) for columns in self._db.execute(MATCHING, values)]

    def _among(self, query: str, values: Iterable[str]) -> Iterator[Sequence[Any]]:
        """The rows of a query for any of these values, for which the query has `(?)`."""
        for part in batched(values, 500):
            yield from self._db.execute(query.replace("(?)", f"({', '.join('?' * len(part))})"), part)

    def _entries(self, where: str, *values: object) -> Iterator[CatalogueEntry]:
        query = f"SELECT {COLUMNS} FROM licence WHERE {where}"  # noqa: S608  # `where` is this file's own text
        return map(self._entry, self._db.execute(query, values))

    def _count(self, where: str) -> int:
        query = f"SELECT count(*) FROM licence WHERE {where}"  # noqa: S608  # `where` is this file's own text
        return int(self._db.execute(query).fetchone()[0])

    def _entry(self, columns: Sequence[Any]) -> CatalogueEntry:
        object_id, folder, described, lines, assigned = columns
        return CatalogueEntry(
            client=self.client, folder=folder, object_id=object_id, described=described,
            lines=tuple(map(tuple, json.loads(lines))),
            assigned=json.loads(assigned) if assigned else None,
        )  # fmt: skip

    # ------------------------------------------------------------ the database

    def _last(self, archive: Archive) -> Line | None:
        """The last line that was read; None if none was, or if it is not in the ledger."""
        if (position := self._position()) is None:
            return None
        offset, digest = position
        with suppress(IntegrityError):  # another ledger may have no line that begins there
            line = next(archive.lines(offset=offset), None)
            # A line holds the hash of the line before it, so its own hash stands for everything read so far.
            return line if line is not None and line.hash == digest else None
        return None

    def _position(self) -> tuple[int, str] | None:
        """The byte offset and the hash of the last line that was read."""
        found: tuple[int, str] | None = self._db.execute("SELECT offset, hash FROM position").fetchone()
        return found

    def _forget(self) -> None:
        with self._writing():
            for table in TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # all ours

    def _store(self, archive: Archive, lines: Sequence[Line], read: dict[str, ReadLicence | str]) -> None:
        by_object = defaultdict[str | None, list[Line]](list)
        for line in lines:
            by_object[line.id].append(line)
        self._db.executemany("DELETE FROM unreadable WHERE object_id = ?", [(object_id,) for object_id in read])
        query = "SELECT object_id, id, lines, assigned FROM licence WHERE object_id IN (?)"
        known = {each: (number, lines, assigned) for each, number, lines, assigned in self._among(query, read)}
        words: list[tuple[object, ...]] = []
        for object_id, found in read.items():
            if isinstance(found, str):
                self._db.execute("INSERT OR REPLACE INTO unreadable VALUES (?, ?)", (object_id, found))
            else:
                number = self._put(object_id, found, by_object[object_id], known.get(object_id))
                words.append((number, *(_indexed(" ".join(each)) for each in searched_words(found))))
        # Together at the end: each statement with a trigger makes FTS5 write what it has gathered so far.
        self._db.executemany(WORDS, words)
        for line in lines:
            if line.type == "erasure" and str(line.fields.get("erases")).startswith(KINDS):
                self._erase(archive, line)
        ran = [line for line in lines if line.type == "run" and line.fields.keys() >= RUN_FIELDS]
        runs = [(line.seq, line.fields["account"], line.raw.decode()) for line in ran]
        self._db.executemany("INSERT OR REPLACE INTO run VALUES (?, ?, ?)", runs)
        holding = [line for line in lines if line.type == "statement" and line.fields.keys() & {"hold", "release"}]
        held = [(line.seq, line.offset) for line in holding]
        self._db.executemany("INSERT OR REPLACE INTO hold VALUES (?, ?)", held)
        LedgerTree(self._db).grow(archive, lines)
        last = lines[-1]
        self._db.execute("DELETE FROM position")
        self._db.execute("INSERT INTO position VALUES (?, ?)", (last.offset, last.hash))

    def _erase(self, archive: Archive, line: Line) -> None:
        """Forget an erased licence, except that it existed."""
        object_id, tombstone = str(line.fields["erases"]), str(line.id)
        for (number,) in self._db.execute("SELECT id FROM licence WHERE object_id = ?", (object_id,)).fetchall():
            self._picture(number, None)
        for table, column in BESIDE_LICENCE:
            query = f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM licence WHERE object_id = ?)"  # noqa: S608  # all ours
            self._db.execute(query, (object_id,))
        self._db.execute("DELETE FROM licence WHERE object_id = ?", (object_id,))
        self._db.execute("DELETE FROM unreadable WHERE object_id = ?", (object_id,))
        identity = None
        try:
            identity = json.loads(archive.object(tombstone).read(TOMBSTONE)).get("identity_sha256")
        except (IntegrityError, ValueError, AttributeError) as error:
            self._db.execute("INSERT OR REPLACE INTO unreadable VALUES (?, ?)", (tombstone, str(error)))
        folder, said = object_id.rpartition(":")[2], (str(line.fields.get(name)) for name in ("at", "reason"))
        values = (object_id, folder, identity, *said, tombstone)
        self._db.execute("INSERT OR REPLACE INTO erased VALUES (?, ?, ?, ?, ?, ?)", values)

    def _wipe(self) -> None:
        """Leave nothing of deleted rows in the file: neither in the search index nor in free pages nor in the log."""
        self._db.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _put(self, object_id: str, found: ReadLicence, about: Sequence[Line], known: _IndexedAs | None) -> int | None:
        """Index a licence anew, but for its words. Returns its number.

        `known` are the number, lines and assignment that it has there already.
        """
        number, listed, assigned = known or (None, "[]", None)
        for line in about:
            if line.type == "assign":
                assigned = _assigned(line.fields, assigned)
        licence, positions = found.file.licence, [*json.loads(listed), *((line.seq, line.offset) for line in about)]
        values = {
            "id": number,
            "object_id": object_id,
            "folder": found.folder,
            "identity": plain_text(licence.identity),
            "comp": licence.comp,
            "asset_id": plain_text(licence.asset.asset_id),
            "licence_id": plain_text(licence.licence_id),
            "order_id": plain_text(licence.order),
            "licensed_at": iso(licence.licensed_at),
            "account": found.file.provenance.get("account"),
            "failed": any(gap.reason.is_missing for gap in found.file.gaps),
            "described": found.described,
            "lines": json.dumps(positions),
            "assigned": assigned,
            "withdrawn": assigned is not None and json.loads(assigned)["held"] is False,
        }
        if number is not None:
            for table, column in BESIDE_LICENCE:
                self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))  # noqa: S608  # all ours
        number = self._db.execute(PUT, values).lastrowid
        self._list(number, found, values, newest=positions[-1][0])
        if downloads := [(number, *each) for each in downloads_of(found.file)]:
            self._db.executemany("INSERT INTO download VALUES (?, ?, ?, ?)", downloads)
        if found.pictures or values["id"] is not None:
            self._picture(number, found)
        return number

    def _list(self, number: int | None, found: ReadLicence, values: Mapping[str, Any], newest: int) -> None:
        """Add the columns by which lists filter and sort. They hold neither comps nor withdrawn licences."""
        if values["comp"] or values["withdrawn"]:
            return
        licence, hints = found.file.licence, found.file.licence.client_hints
        missing = sorted({gap.kind.value for gap in found.file.gaps if gap.reason.is_missing})
        papers = [*(each.kind.value for each in found.file.documents),
                  *(f"{gap.kind.value}:{gap.reason.value}" for gap in found.file.gaps)]  # fmt: skip
        row = {
            "licence": number, "folder": found.folder, "provider": licence.asset.provider,
            "kind": plain_text(licence.kind), "day": values["licensed_at"] or "", "seat": plain_text(licence.seat),
            "job": plain_text(next((hints[name] for name in JOBS if name in hints), "")),
            "title": folded(plain_text(licence.asset.title or licence.asset.asset_id)),
            "missing": f" {' '.join(missing)} " if missing else "",
            "papers": " ".join(dict.fromkeys(papers)), "seq": newest,
            "shared": bool(values["assigned"] and json.loads(values["assigned"]).get("clients")),
            "account": values["account"],
        }  # fmt: skip
        self._db.execute(LIST, row)

    def _picture(self, licence: int | None, found: ReadLicence | None) -> None:
        """A licence's pictures as they now stand. Those that stayed as they were keep their vectors."""
        pictures = found.pictures if found else {}
        before = self._db.execute("SELECT name, hash, number FROM picture WHERE licence = ?", (licence,)).fetchall()
        stay = {name for name, words, _ in before if name in pictures and pictures[name].hash == words}
        gone = [number for name, _, number in before if name not in stay]
        self._db.executemany("DELETE FROM picture WHERE number = ?", [(number,) for number in gone])
        if gone:
            self._vectors.forget(gone)
        self._db.executemany(
            "INSERT INTO picture (licence, name, hash, flat, embedded) VALUES (?, ?, ?, ?, 0)",
            [(licence, name, seen.hash, seen.flat) for name, seen in pictures.items() if name not in stay],
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with disk_errors(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite itself rolls back if the disk is full
                    self._db.execute("ROLLBACK")
                raise


def _assigned(fields: Mapping[str, object], before: str | None) -> str | None:
    """What to keep of an `assign` line.

    Nothing is kept if the last assignment was undone, or if a copy that was never given is taken back: what the
    client's own account captured stays the client's.
    """
    if fields.get("clients") == [] or (fields.get("held") is False and before is None):
        return None
    return json.dumps({key: fields.get(key) for key in ASSIGNED})


def _loaded(load: Load, picture: Indexed) -> bytes | None:
    with suppress(IntegrityError):
        return load(picture)
    return None


def identity_digest(identity: str) -> str:
    """How a tombstone knows the identity of a licence."""
    return sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


# ---------------------------------------------------------------- what a search asks for, and how well a licence fits


@dataclass(frozen=True)
class _Form:
    """A word of a search: its possible forms, its query, and whether any licence has it."""

    words: Sequence[str]
    query: str
    held: bool


def _hit(entry: CatalogueEntry, wanted: Sequence[Sequence[str]], *, outside: bool) -> tuple[Hit, str]:
    """How well a licence fits, with its best field, and its date. If no field holds a word, the certificate's text
    does.

    It reads the JSON directly, because a hundred licences are compared to show a few. Older versions left numbers
    there.
    """
    described = json.loads(entry.described)
    asset = described["asset"]
    fields = {
        "title": asset.get("title"),
        "asset_id": asset.get("asset_id"),
        "licence_id": described["licence_id"],
        "order": described["order"],
        "kind": described["kind"],
        "licensee": described["licensee"],
        "client_hints": " ".join(map(str, described["client_hints"].values())),
        "contributor": asset.get("contributor"),
        "plan": described["plan"],
        "seat": described["seat"],
        "provider": described["provider"],
        "documents": " ".join(each["name"] for each in described["documents"] if each["kind"] in FOR_CLIENTS),
        "inside": " ".join(each["name"] for each in described["documents"] if each["kind"] not in FOR_CLIENTS),
    }
    if outside:
        fields = {name: value for name, value in fields.items() if name not in INSIDE}
    values = {name: folded(str(value)) for name, value in fields.items() if value}
    counts = {name: sum(_in(value, word) for word in wanted) for name, value in values.items()}
    best = max(counts, key=counts.__getitem__)
    found = counts[best]
    weights = [
        max((WEIGHTS.get(n, 3.0) for n, value in values.items() if _in(value, word)), default=WEIGHTS["text"])
        for word in wanted
    ]
    weight = sum(weights) / len(weights)
    best = "documents" if best == "inside" else best
    hit = Hit(entry, best if found else "text", round(weight / (1 + weight), 3))
    return hit, described["licensed_at"] or ""


def _in(value: str, alternatives: Sequence[str]) -> bool:
    return any(each in value for each in alternatives)


def _query_words(text: str) -> list[str]:
    """The words that a query is made of. Signs alone are no words."""
    words = (word[:MAX_WORD_LENGTH] for word in plain_text(text).split() if any(map(str.isalnum, word)))
    return list(islice(words, MAX_QUERY_WORDS))


def _indexed(text: str) -> str:
    """Text as the words table has it."""
    return _UNSPACED.sub(r" \1 ", folded(plain_text(text)))


def _phrase(word: str) -> str:
    quoted = _indexed(word).replace('"', " ")
    return f'"{quoted}"'
