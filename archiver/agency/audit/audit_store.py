"""What an audit knows of a client's site, in one SQLite file: a working paper that may be deleted, never evidence.

Every change of a visit is committed at once, so a killed visit goes on where it was.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NotRequired, Self, TypedDict

import numpy as np

from archiver.agency.audit.page_reader import PageContent
from archiver.agency.audit.site_scope import host_of
from archiver.core.errors import ConfigError, Remedy
from archiver.core.json_files import checked
from archiver.home.settings import Home

if TYPE_CHECKING:
    from archiver.reading.fingerprint import Fingerprint

MAX_SAME_DISTANCE = 10  # bits of 256 in which the hashes of one picture's copies on a site may differ
MAX_RATIO_DIFFERENCE = 0.03  # of the copies' width to height
HASH_BYTES = 32
BUSY_TIMEOUT_S = 30.0
SIGHTING = "sighting.json"  # of a capture of a page
KINDS = ("sitemap", "page", "list", "style", "pdf", "picture")  # in the order of a visit

_VERSIONS = (  # what each version of the file adds to the one before it
    """
CREATE TABLE visits (id INTEGER PRIMARY KEY, began TEXT, ended TEXT, scope TEXT, requests INTEGER DEFAULT 0,
    bytes INTEGER DEFAULT 0);
CREATE TABLE resources (url TEXT PRIMARY KEY, kind TEXT, depth INTEGER, visit INTEGER, state TEXT, reason TEXT,
    etag TEXT, modified TEXT, found TEXT, picture TEXT);
CREATE INDEX waiting ON resources (visit, kind, state);
CREATE TABLE pictures (sha256 TEXT PRIMARY KEY, grouped TEXT, width INTEGER, height INTEGER, hash BLOB, preview BLOB,
    said TEXT, left_out TEXT, first_seen TEXT);
CREATE INDEX grouped ON pictures (grouped);
CREATE TABLE answers (picture TEXT PRIMARY KEY, visit INTEGER, answer TEXT, before TEXT, content TEXT, licensed BLOB);
CREATE TABLE marks (picture TEXT PRIMARY KEY, mark TEXT, by TEXT, reason TEXT, at TEXT);
CREATE TABLE hosts (host TEXT PRIMARY KEY, left_alone_until REAL);
""",
    """
DROP INDEX waiting;
CREATE INDEX waiting ON resources (visit, kind, state, depth);
CREATE TABLE files (url TEXT PRIMARY KEY, visit INTEGER, status INTEGER, type TEXT, etag TEXT, modified TEXT,
    content BLOB);
""",
    """
CREATE TABLE searches (sha256 TEXT PRIMARY KEY, archives TEXT, found TEXT, licensed BLOB);
""",
)


@dataclass(frozen=True)
class Resource:
    """One address of the site, and what the last visit found there. `picture` is a SHA-256."""

    url: str
    kind: str
    depth: int
    state: str  # waiting, read, gone, failed, refused or redirect
    reason: str | None
    etag: str | None
    modified: str | None
    content: PageContent | None
    picture: str | None


@dataclass(frozen=True)
class SiteFile:
    """A script or another file that the browser asked for in this visit, to show a page."""

    url: str
    visit: int
    status: int
    media_type: str
    etag: str | None
    modified: str | None
    content: bytes


@dataclass(frozen=True)
class SitePicture:
    """One picture of the site: all copies of it, their addresses and their pages, in the newest complete visit."""

    id: str
    sha256: str  # of its largest copy
    width: int
    height: int
    addresses: tuple[str, ...]
    pages: tuple[str, ...]
    first_seen: str
    said: PictureMetadata


class NamedByPicture(TypedDict):
    """A platform's asset that a picture's metadata names."""

    platform: str
    asset_id: str | None
    quote: str


class PictureMetadata(TypedDict, total=False):
    """What a picture's metadata says; `generated` is the kind of program that made it."""

    named: list[NamedByPicture]
    generated: str


class AuditScope(TypedDict):
    """What a visit was asked to read: addresses of sites, hosts, and the most pages."""

    sites: list[str]
    hosts: list[str]
    pages: int


class CompleteVisit(TypedDict):
    """A visit that ended. `began` and `ended` are ISO times."""

    visit: int
    began: str
    ended: str
    scope: AuditScope
    requests: int
    bytes: int


class Sighting(TypedDict):
    """`sighting.json` of a capture: `state` is `shows` or `shows_not`, `files` has the SHA-256 of each file."""

    format: int
    client: str
    picture: str
    page: str
    status: int
    state: str
    at: str
    not_asked_for: list[str]
    files: dict[str, str]
    folder: NotRequired[str]  # its name; not in the file


class PictureAnswer(TypedDict):
    """What a visit keeps of a picture besides its answer. Each of the `reasons` has its `rule` and its languages."""

    sha256: str
    width: int
    height: int
    pages: list[str]
    addresses: list[str]
    first_seen: str
    on_site_since: str
    licences: list[str]
    generated: str | None
    reasons: list[dict[str, str]]


class AuditStore:
    """The file of one client. A context manager; for one process at a time."""

    def __init__(self, path: Path | None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(  # the browser asks from another thread, while this one waits
            path or ":memory:", timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        if path:  # whatever a killed visit saved is there; only a power failure may take its last requests
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        for number, step in enumerate(_VERSIONS[version:], version + 1):
            self._db.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")
        self._copies: _Copies | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # ------------------------------------------------------------ visits

    def begin(self, scope: Mapping[str, object]) -> tuple[int, bool]:
        """The visit that is under way, or a new one: its number, and whether it goes on."""
        row = self._db.execute("SELECT id, scope FROM visits WHERE ended IS NULL ORDER BY id DESC").fetchone()
        text = json.dumps(scope, sort_keys=True)
        if row and row[1] == text:
            return row[0], True
        with self._changes():
            self._db.execute("DELETE FROM visits WHERE ended IS NULL")
            number = self._db.execute("INSERT INTO visits (began, scope) VALUES (?, ?)", (_now(), text)).lastrowid
        assert number
        return number, False

    def under_way(self) -> bool:
        """Whether a visit was begun and not ended."""
        return self._db.execute("SELECT 1 FROM visits WHERE ended IS NULL").fetchone() is not None

    def traffic(self, visit: int, requests: int, received_bytes: int) -> None:
        """Add to what a visit has asked and received."""
        self._db.execute(
            "UPDATE visits SET requests = requests + ?, bytes = bytes + ? WHERE id = ?",
            (requests, received_bytes, visit),
        )

    def end(self, visit: int) -> None:
        with self._changes():
            self._db.execute("UPDATE visits SET ended = ? WHERE id = ?", (_now(), visit))
            self._db.execute("DELETE FROM files WHERE visit < ?", (visit,))

    def visits(self) -> list[CompleteVisit]:
        """All complete visits, oldest first."""
        rows = self._db.execute("SELECT id, began, ended, scope, requests, bytes FROM visits WHERE ended IS NOT NULL")
        return [
            {"visit": number, "began": began, "ended": ended, "scope": json.loads(scope), "requests": requests,
             "bytes": received}
            for number, began, ended, scope, requests, received in rows
        ]  # fmt: skip

    def left_alone(self) -> dict[str, float]:
        return dict(self._db.execute("SELECT host, left_alone_until FROM hosts"))

    # ------------------------------------------------------------ addresses

    def want(self, visit: int, wanted: Iterable[tuple[str, str, int]]) -> None:
        """Put addresses with kind and depth into the visit, unless they are in it."""
        self._db.executemany(
            "INSERT INTO resources (url, kind, depth, visit, state) VALUES (?, ?, ?, ?, 'waiting') ON CONFLICT (url) "
            "DO UPDATE SET kind = excluded.kind, depth = excluded.depth, visit = excluded.visit, state = 'waiting', "
            "reason = NULL WHERE resources.visit < excluded.visit",
            [(url, kind, depth, visit) for url, kind, depth in wanted],
        )

    def waiting(self, visit: int, kind: str, most: int) -> list[Resource]:
        """The next addresses of this kind that wait in the visit."""
        sql = f"SELECT {_COLUMNS} FROM resources WHERE visit = ? AND state = 'waiting' AND kind = ?"  # noqa: S608  # ours
        return [_resource(row) for row in self._db.execute(f"{sql} ORDER BY depth, rowid LIMIT ?", (visit, kind, most))]

    def keep(
        self, visit: int, each: Resource, wanted: Iterable[tuple[str, str, int]] = (),
        left_alone: Mapping[str, float] | None = None, traffic: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        """Save what a request found, with what is wanted now and its requests and bytes, at once."""
        with self._changes():
            self.traffic(visit, *traffic)
            found = json.dumps(asdict(each.content)) if each.content else None
            self._db.execute(
                "UPDATE resources SET kind = ?, state = ?, reason = ?, etag = ?, modified = ?, found = ?, picture = ? "
                "WHERE url = ?",
                (each.kind, each.state, each.reason, each.etag, each.modified, found, each.picture, each.url),
            )
            self.want(visit, wanted)
            self._db.executemany("INSERT OR REPLACE INTO hosts VALUES (?, ?)", (left_alone or {}).items())

    def count(self, visit: int, kind: str) -> dict[str, int]:
        """How many addresses of this kind are in which state."""
        rows = self._db.execute(
            "SELECT state, count(*) FROM resources WHERE visit = ? AND kind = ? GROUP BY state", (visit, kind)
        )
        return dict(rows)

    def reasons(self, visit: int, kind: str, states: Sequence[str]) -> list[tuple[str, str, str]]:
        """Address, state and reason of what was not read."""
        return [
            (url, state, reason or "")
            for url, state, reason in self._db.execute(
                "SELECT url, state, reason FROM resources WHERE visit = ? AND kind = ? ORDER BY rowid", (visit, kind)
            )
            if state in states
        ]

    def asked_pages(self, visit: int) -> list[Resource]:
        """The pages that a visit has asked for, in the order of `waiting`."""
        sql = f"SELECT {_COLUMNS} FROM resources WHERE visit = ? AND kind = 'page' AND state NOT IN ('waiting', 'trap')"  # noqa: S608  # ours
        return [_resource(row) for row in self._db.execute(f"{sql} ORDER BY depth, rowid", (visit,))]

    def content(self, url: str) -> PageContent | None:
        """What was last found at an address."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM resources WHERE url = ?", (url,)).fetchone()  # noqa: S608  # ours
        return _resource(row).content if row else None

    def words(self, url: str) -> str:
        """The words of a page or PDF, in lower case."""
        row = self._db.execute("SELECT found FROM resources WHERE url = ?", (url.partition("#")[0],)).fetchone()
        return str(json.loads(row[0]).get("words", "")).casefold() if row and row[0] else ""

    def file(self, url: str) -> SiteFile | None:
        """What was kept of a file that the browser asked for."""
        row = self._db.execute(
            "SELECT url, visit, status, type, etag, modified, content FROM files WHERE url = ?", (url,)
        ).fetchone()
        return SiteFile(*row) if row else None

    def keep_file(self, each: SiteFile, traffic: tuple[int, int]) -> None:
        with self._changes():
            self.traffic(each.visit, *traffic)
            self._db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", tuple(vars(each).values()))

    def resources(self, visit: int, kind: str) -> Iterator[Resource]:
        """What a visit read of this kind."""
        sql = f"SELECT {_COLUMNS} FROM resources WHERE visit = ? AND kind = ? AND state IN ('read', 'redirect')"  # noqa: S608  # ours
        return map(_resource, self._db.execute(f"{sql} ORDER BY rowid", (visit, kind)))

    # ------------------------------------------------------------ pictures

    def knows(self, sha256: str) -> bool:
        return self._db.execute("SELECT 1 FROM pictures WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def held(self, url: str) -> str | None:
        """The SHA-256 of the picture that stands in another file, by its place there."""
        beginning = url.rpartition("picture=")[2]
        row = self._db.execute(
            "SELECT sha256 FROM pictures WHERE sha256 BETWEEN ? AND ? || 'g'", (beginning, beginning)
        ).fetchone()
        return str(row[0]) if row else None

    def group_of(self, sha256: str) -> str | None:
        """The picture of which this is a copy, if it is known."""
        row = self._db.execute("SELECT grouped FROM pictures WHERE sha256 = ?", (sha256,)).fetchone()
        return str(row[0]) if row else None

    def copies(self, picture_hash: bytes, size: tuple[int, int]) -> str | None:
        """The picture of which one with this hash and size would be a copy."""
        return self._group(picture_hash, size)

    def unread(self, visit: int, urls: Iterable[str]) -> list[str]:
        """Those of these pages that a visit did not read; one that is gone counts as read."""
        said = dict(self._db.execute("SELECT url, state FROM resources WHERE visit = ?", (visit,)))
        return [url for url in urls if said.get(url.partition("#")[0]) not in ("read", "gone", "redirect")]

    def put_picture(
        self, sha256: str, seen: Fingerprint, preview: bytes, said: PictureMetadata, left_out: str | None
    ) -> None:
        """Save a picture, grouped with its copies."""
        size, compared = (seen.width, seen.height), not (left_out or seen.flat)
        group = (self._group(seen.hash, size) if compared else None) or sha256[:12]
        with self._changes():
            self._db.execute(
                "INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (sha256, group, *size, b"" if seen.flat else seen.hash, preview, json.dumps(said), left_out, _now()),
            )
        if compared:
            self._known_copies().add(group, seen.hash, seen.width / seen.height)

    def _group(self, picture_hash: bytes, size: tuple[int, int]) -> str | None:
        copies = self._known_copies()
        if not copies.groups:
            return None
        differ = np.bitwise_count(copies.hashes[: len(copies.groups)] ^ np.frombuffer(picture_hash, np.uint64)).sum(
            1, dtype=np.int64
        )
        near = np.flatnonzero(differ <= MAX_SAME_DISTANCE)
        ratio = size[0] / size[1]
        for place in near[np.argsort(differ[near], kind="stable")]:
            if abs(copies.ratios[place] - ratio) <= MAX_RATIO_DIFFERENCE * copies.ratios[place]:
                return copies.groups[int(place)]
        return None

    def _known_copies(self) -> _Copies:
        if self._copies is None:
            self._copies = _Copies()
            for group, picture_hash, width, height in self._db.execute(
                "SELECT grouped, hash, width, height FROM pictures WHERE left_out IS NULL AND length(hash) = ? "
                "ORDER BY rowid", (HASH_BYTES,),
            ):  # fmt: skip
                self._copies.add(group, picture_hash, width / height)
        return self._copies

    def opened(self, visit: int) -> int:
        """How many pages of a visit were opened in the browser."""
        pages = self.resources(visit, "page")
        return sum(each.content.opened == visit for each in pages if each.content)

    def elsewhere(self, visit: int, hosts: Collection[str]) -> dict[str, int]:
        """How many pictures the pages show from hosts that were not named."""
        found = {url for page in self.resources(visit, "page") if page.content for url in page.content.all_pictures}
        return dict(Counter(host for url in sorted(found) if (host := host_of(url)) not in hosts))

    def left_out(self, visit: int) -> dict[str, int]:
        """How many pictures of a visit do not count, by the reason."""
        rows = self._db.execute(
            "SELECT left_out, count(DISTINCT sha256) FROM pictures JOIN resources ON picture = sha256 "
            "WHERE visit = ? AND state = 'read' AND left_out IS NOT NULL GROUP BY left_out", (visit,),
        )  # fmt: skip
        return dict(rows)

    def site_pictures(self, visit: int) -> list[SitePicture]:
        """The pictures that a visit found, each with all its addresses and pages."""
        targets = {each.url: each.content.links[0] for each in self.resources(visit, "picture")
                   if each.state == "redirect" and each.content and each.content.links}  # fmt: skip
        held = {each.url: each.picture for each in self.resources(visit, "picture") if each.picture}
        styles = {each.url: each.content for each in self.resources(visit, "style") if each.content}
        pages: dict[str, dict[str, None]] = {}
        for page in self.resources(visit, "page"):
            if page.content and page.state == "read":
                for url in (*page.content.all_pictures, *pictures_of_styles(page.content.styles, styles.get)):
                    pages.setdefault(url, {})[page.url] = None
        for pdf in self.resources(visit, "pdf"):
            for url in pdf.content.pictures if pdf.content else ():
                pages.setdefault(url, {})[url.partition("&")[0]] = None  # with the number of its page
        rows = self._db.execute(
            "SELECT sha256, grouped, width, height, said, (SELECT min(first_seen) FROM pictures AS other WHERE "
            "other.grouped = pictures.grouped) FROM pictures WHERE left_out IS NULL ORDER BY rowid"
        ).fetchall()
        group_of = {row[0]: row[1] for row in rows}
        copies_of: dict[str, list[tuple[str, str, int, int, str, str]]] = {}
        for row in rows:
            copies_of.setdefault(row[1], []).append(row)
        addresses: dict[str, dict[str, dict[str, None]]] = {}
        for url in dict.fromkeys([*pages, *held]):
            end = url
            for _ in range(len(targets)):
                if end not in targets:
                    break
                end = targets[end]
            if (sha256 := held.get(end)) in group_of:
                addresses.setdefault(group_of[sha256], {})[url] = pages.get(url, {})
        found = []
        for group, used in addresses.items():
            copies = copies_of[group]
            best = max(copies, key=lambda row: row[2] * row[3])
            said: PictureMetadata = {}
            for row in copies:
                said = json.loads(row[4]) | said
            found.append(
                SitePicture(
                    group, best[0], best[2], best[3], tuple(used),
                    tuple(dict.fromkeys(page for each in used.values() for page in each)), best[5], said,
                )
            )  # fmt: skip
        return found

    def preview(self, sha256: str) -> bytes:
        row = self._db.execute("SELECT preview FROM pictures WHERE sha256 = ?", (sha256,)).fetchone()
        return row[0] if row else b""

    # ------------------------------------------------------------ searches, answers and marks

    def search_result(self, sha256: str, archives: str) -> tuple[list[dict[str, object]], bytes] | None:
        """What a search of the archives in this state found for a picture: rows of `find --json`, and a preview."""
        row = self._db.execute(
            "SELECT found, licensed FROM searches WHERE sha256 = ? AND archives = ?", (sha256, archives)
        ).fetchone()
        return (json.loads(row[0]), row[1]) if row else None

    def put_search_result(
        self, sha256: str, archives: str, found: Sequence[Mapping[str, object]], licensed: bytes
    ) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO searches VALUES (?, ?, ?, ?)", (sha256, archives, json.dumps(found), licensed)
        )

    def forget_search_results(self, but_of: str) -> None:
        """Delete what searches of the archives in other states than this one found."""
        self._db.execute("DELETE FROM searches WHERE archives <> ?", (but_of,))

    def put_answers(self, visit: int, answers: Iterable[tuple[str, str, Mapping[str, object], bytes]]) -> None:
        """Save the answers of a visit: picture, answer, its content, and the licensed picture's preview."""
        with self._changes():
            self._db.executemany(
                "INSERT INTO answers VALUES (?, ?, ?, NULL, ?, ?) ON CONFLICT (picture) DO UPDATE SET "
                "before = CASE WHEN visit < excluded.visit THEN answer ELSE before END, visit = excluded.visit, "
                "answer = excluded.answer, content = excluded.content, licensed = excluded.licensed",
                [(picture, visit, answer, json.dumps(content), licensed)
                 for picture, answer, content, licensed in answers],
            )  # fmt: skip

    def answers(
        self, visit: int, picture: str | None = None
    ) -> list[tuple[str, int, str, str | None, PictureAnswer]]:  # fmt: skip
        """The last answers up to a visit, of one picture or all: picture, the visit that last found it, answer, the
        answer before, and content.
        """
        of_one = " AND picture = ?" if picture else ""
        rows = self._db.execute(_ANSWERS + of_one, (visit, picture) if picture else (visit,))
        return [(*said, json.loads(content)) for *said, content in rows]

    def count_answers(self, visit: int) -> dict[str, int]:
        """How many pictures of a visit have which answer."""
        rows = self._db.execute("SELECT answer, count(*) FROM answers WHERE visit = ? GROUP BY answer", (visit,))
        return dict(rows)

    def licensed_preview(self, picture: str) -> bytes:
        row = self._db.execute("SELECT licensed FROM answers WHERE picture = ?", (picture,)).fetchone()
        return row[0] or b"" if row else b""

    def mark(self, picture: str, mark: str, by: str, reason: str) -> None:
        with self._changes():
            self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?)", (picture, mark, by, reason, _now()))

    def marks(self) -> dict[str, dict[str, str]]:
        names = ("mark", "by", "reason", "at")
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in self._db.execute("SELECT * FROM marks")}

    def named(self, name: str, client: str) -> str:
        """The id of the picture with this unique beginning; ConfigError for none or several."""
        rows = self._db.execute("SELECT picture FROM answers WHERE substr(picture, 1, ?) = ?", (len(name), name))
        found = [row[0] for row in rows]
        if len(found) != 1 or not name:
            what = "names several pictures." if found and name else "names no picture of this audit."
            raise ConfigError(f"{name!r} {what}", remedy=Remedy("audit report", {"client": client}))
        return str(found[0])

    def _changes(self) -> _Transaction:
        return _Transaction(self._db)


class _Copies:
    """The hashes of all pictures in memory, since each new one is compared with all."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.hashes = np.zeros((1024, HASH_BYTES // 8), np.uint64)
        self.ratios: list[float] = []

    def add(self, group: str, picture_hash: bytes, ratio: float) -> None:
        count = len(self.groups)
        if count == len(self.hashes):
            self.hashes = np.concatenate([self.hashes, np.zeros_like(self.hashes)])
        self.hashes[count] = np.frombuffer(picture_hash, np.uint64)
        self.groups.append(group)
        self.ratios.append(ratio)


class _Transaction:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("ROLLBACK" if kind else "COMMIT")


def path_of(home: Home, client: str) -> Path:
    """Where the audit of a client is."""
    return home.root / "work/audits" / f"{home.client(client).slug}.sqlite"


def captures_of(home: Home, client: str) -> dict[str, list[Sighting]]:
    """The complete captures of pages of each picture (see `page_captures`), the oldest first: what `sighting.json`
    says, and the `folder`'s name.
    """
    found: dict[str, list[Sighting]] = {}
    for path in sorted(path_of(home, client).with_suffix("").glob(f"*/*/{SIGHTING}")):
        with suppress(OSError, ValueError):
            said: Sighting = json.loads(path.read_bytes())
            found.setdefault(path.parent.parent.name, []).append({**said, "folder": path.parent.name})
    return found


def folder_of(home: Home, client: str, picture: str, name: str) -> Path:
    return path_of(home, client).with_suffix("") / picture / name


_ANSWERS = "SELECT picture, visit, answer, before, content FROM answers WHERE visit <= ?"
_COLUMNS = "url, kind, depth, state, reason, etag, modified, found, picture"


type _ResourceRow = tuple[str, str, int, str, str | None, str | None, str | None, str | None, str | None]


def _resource(row: _ResourceRow) -> Resource:
    """The address in a row of `_COLUMNS`."""
    url, kind, depth, state, reason, etag, modified, found, picture = row
    content = checked(PageContent, found) if found else None
    return Resource(url, kind, depth, state, reason, etag, modified, content, picture)


def pictures_of_styles(styles: Iterable[str], read: Callable[[str], PageContent | None]) -> list[str]:
    """The pictures of style sheets and of those that they import."""
    waiting, done, found = list(styles), set[str](), list[str]()
    while waiting:
        url = waiting.pop()
        if url in done or not (content := read(url)):
            continue
        done.add(url)
        found += content.pictures
        waiting += content.styles
    return found


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
