"""The tables of a client's search index, and how its file is opened, made anew, or brought up to this version."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from archiver.core.errors import ArchiveBusy, DiskFull, MachineRefused

WAL_BYTES = 1 << 16  # with less room SQLite cannot even read, and calls that an I/O error
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # what SQLite says of a file that is no whole database
SCHEMA_VERSION = 14  # of the schema; a file of any other version is made anew, but for those in `CHANGES`

SCHEMA = """
CREATE TABLE position (offset INTEGER, hash TEXT /* of the last ledger line that was read */);
CREATE TABLE licence (
    id INTEGER PRIMARY KEY,
    object_id TEXT UNIQUE,
    folder TEXT COLLATE NOCASE,
    identity TEXT,
    comp INTEGER,
    asset_id TEXT COLLATE NOCASE,
    licence_id TEXT COLLATE NOCASE,
    order_id TEXT COLLATE NOCASE,
    licensed_at TEXT,
    account TEXT,
    failed INTEGER,
    described BLOB,
    lines TEXT,
    assigned TEXT /* what the newest assignment says, in JSON */,
    withdrawn INTEGER /* that it is no longer for this client */
);
CREATE INDEX licence_folder ON licence (folder);
CREATE INDEX licence_identity ON licence (identity);
CREATE INDEX licence_asset ON licence (asset_id);
CREATE INDEX licence_licence ON licence (licence_id);
CREATE INDEX licence_order ON licence (order_id);
CREATE INDEX licence_date ON licence (licensed_at) WHERE NOT comp;
CREATE INDEX licence_newest ON licence (coalesce(licensed_at, ''), id) WHERE NOT comp AND NOT withdrawn;
CREATE INDEX licence_comp ON licence (comp);
CREATE INDEX licence_assigned ON licence (id) WHERE assigned IS NOT NULL;
CREATE INDEX licence_account ON licence (account) WHERE NOT comp;
CREATE INDEX licence_open ON licence (id) WHERE NOT comp AND assigned IS NULL;
CREATE INDEX licence_failed ON licence (account) WHERE failed;
CREATE TABLE listed (
    licence INTEGER PRIMARY KEY,
    folder TEXT,
    provider TEXT,
    kind TEXT,
    day TEXT,
    seat TEXT,
    job TEXT,
    title TEXT /* folded, to sort by */,
    missing TEXT /* kinds of documents (GapReason.is_missing), each between spaces */,
    papers TEXT /* the documents that are there, as `certificate`, and those that are not, as `receipt:failed` */,
    seq INTEGER /* of its newest ledger line */,
    shared INTEGER /* that it is assigned to a client whose archive has a copy */,
    account TEXT /* whose run archived it */
);
CREATE INDEX listed_day ON listed (day, folder);
CREATE INDEX listed_title ON listed (title, folder);
CREATE INDEX listed_provider ON listed (provider, folder);
CREATE TABLE download (licence INTEGER, name TEXT, bytes INTEGER, day TEXT /* that it ended on, in UTC */);
CREATE INDEX download_licence ON download (licence);
CREATE INDEX download_name ON download (name, bytes);
CREATE INDEX listed_provider_day ON listed (provider, day, folder);
CREATE INDEX listed_kind ON listed (kind, day, folder);
CREATE INDEX listed_job ON listed (job, day, folder) WHERE job != '';
CREATE INDEX listed_missing ON listed (day, folder) WHERE missing != '';
CREATE INDEX listed_seq ON listed (seq);
CREATE TABLE tally (
    provider TEXT, kind TEXT, missing TEXT, day TEXT, shared INTEGER,
    number INTEGER /* of listed licences of which all this is true, by day */,
    PRIMARY KEY (provider, kind, missing, day, shared)
) WITHOUT ROWID;
CREATE TABLE hold (seq INTEGER PRIMARY KEY, offset INTEGER /* of a ledger line that holds something or releases it */);
CREATE TABLE picture (
    number INTEGER PRIMARY KEY /* and the row of its vector */,
    licence INTEGER,
    name TEXT,
    hash BLOB,
    flat INTEGER,
    embedded INTEGER
);
CREATE INDEX picture_licence ON picture (licence);
CREATE INDEX picture_bare ON picture (number) WHERE NOT embedded;
CREATE TABLE model (identity TEXT /* of what made the vectors */);
CREATE TABLE run (seq INTEGER PRIMARY KEY, account TEXT, fields TEXT /* of the ledger's line, in JSON */);
CREATE INDEX run_account ON run (account, seq);
CREATE TABLE unreadable (object_id TEXT PRIMARY KEY, reason TEXT);
CREATE TABLE erased (
    object_id TEXT PRIMARY KEY, folder TEXT COLLATE NOCASE, identity_sha256 TEXT, at TEXT, reason TEXT, tombstone TEXT
);
CREATE INDEX erased_identity ON erased (identity_sha256);
CREATE VIRTUAL TABLE words USING fts5
    (ids, title, about, text, inside, tokenize="unicode61 remove_diacritics 2", prefix="1 2 3");
"""
COUNT_ANEW = """
UPDATE listed SET missing = coalesce((
    SELECT ' ' || group_concat(kind, ' ') || ' ' FROM (
        SELECT DISTINCT substr(value, 1, instr(value, ':') - 1) AS kind
        FROM json_each('["' || replace(papers, ' ', '","') || '"]') WHERE value LIKE '%:failed' ORDER BY kind
    )), '') WHERE missing != '';
DROP INDEX listed_seat; DROP TRIGGER tally_more; DROP TRIGGER tally_less; DELETE FROM tally;
INSERT INTO tally SELECT provider, kind, missing, substr(day, 1, 10), shared, count(*)
    FROM listed GROUP BY 1, 2, 3, 4, 5;
"""
# The tally is by day: by the second it would have as many rows as there are licences.
TALLIED = """
CREATE INDEX listed_seat ON listed (seat, day, folder, provider, papers, account) WHERE seat != '';
CREATE TRIGGER tally_more AFTER INSERT ON listed BEGIN
    INSERT INTO tally VALUES (new.provider, new.kind, new.missing, substr(new.day, 1, 10), new.shared, 1)
        ON CONFLICT DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER tally_less AFTER DELETE ON listed BEGIN
    UPDATE tally SET number = number - 1 WHERE (provider, kind, missing, day, shared)
        = (old.provider, old.kind, old.missing, substr(old.day, 1, 10), old.shared);
    DELETE FROM tally WHERE number = 0 AND (provider, kind, missing, day, shared)
        = (old.provider, old.kind, old.missing, substr(old.day, 1, 10), old.shared);
END;
"""
# Empty in an older file: the lines that were read are hashed once more.
TREE = """
CREATE TABLE tree (size INTEGER /* lines that were read */, peaks BLOB /* of the tree over them */);
CREATE TABLE root (size INTEGER PRIMARY KEY /* at which there is a checkpoint */, hash BLOB /* of that tree */);
"""
CHANGES = {
    0: f"{SCHEMA} {TALLIED} {TREE}", 12: f"{COUNT_ANEW} {TALLIED} {TREE}", 13: TREE, SCHEMA_VERSION: "",
}  # fmt: skip
"""What makes the tables of this version from those of another; 0 is an empty file."""
TABLES = ("position", "licence", "listed", "download", "picture", "run", "hold", "unreadable", "erased", "words",
          "tree", "root")  # fmt: skip


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn errors of the disk into our own errors; other faults of SQLite pass."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF
        full = code == sqlite3.SQLITE_IOERR and shutil.disk_usage(path.parent).free < WAL_BYTES
        if code == sqlite3.SQLITE_FULL or full:
            raise DiskFull(f"writing to {path}") from error
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise MachineRefused(f"{error} ({path})") from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ArchiveBusy(f"its search index {path.name} is in use") from error
        raise


def has_read(path: Path) -> bool:
    """Whether the catalogue in this file has read lines of a ledger. It is not made if it is missing."""
    if not path.is_file():
        return False
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as there:
        return there.execute("SELECT 1 FROM position").fetchone() is not None
    return False


def in_memory(path: Path) -> sqlite3.Connection:
    """A copy for this process alone, used if the folder cannot be written. It starts from the existing file if that is
    intact.

    On a large archive without such a file, this takes minutes each time, but it is correct.
    """
    db = connect(":memory:")
    if path.is_file():
        with (
            suppress(sqlite3.DatabaseError),
            closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as there,
        ):
            if there.execute("PRAGMA user_version").fetchone()[0] in CHANGES:
                there.backup(db)
                _prepare(db)
    return db


def connect(path: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        _prepare(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    """Make the tables, or change those of an earlier version."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in CHANGES:
        raise sqlite3.DatabaseError(f"schema version {version}")
    if change := CHANGES[version]:
        db.executescript(f"BEGIN; {change} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
