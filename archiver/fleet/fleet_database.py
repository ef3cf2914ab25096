"""A fleet's database: a home's small files as versioned rows, leases, accounts and workers. Needs the extra `fleet`.

Each call is one transaction. What others may change at the same time is changed by compare-and-set: a row's new content
names the version that was read.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, LiteralString, Self, TypedDict

from archiver import __version__
from archiver.core.errors import INSTALL_ALL, ClockDiffers, ConfigError, DatabaseUnavailable, LeaseLost
from archiver.fleet.fence import Lease
from archiver.fleet.replica_format import ReplicaHead

if TYPE_CHECKING:
    from psycopg import Connection

CONNECT_TIMEOUT_S = 10
STATEMENT_TIMEOUT_MS = 30_000
MAX_IDLE_TRANSACTION_MS = 30_000  # a process that freezes in a transaction must not keep its locks
MAX_CONNECTIONS = 4  # of one process
CONNECTION: Mapping[str, str | int] = MappingProxyType({
    "connect_timeout": CONNECT_TIMEOUT_S,
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} "
               f"-c idle_in_transaction_session_timeout={MAX_IDLE_TRANSACTION_MS}",
    # A network that swallows packets breaks the connection in a minute, not in hours.
    "keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000,
})  # fmt: skip
"""How each process of a fleet connects, whatever for."""
FORMAT_VERSION = "1"  # of these tables
MAX_CLOCK_DIFFERENCE_S = 60.0  # a ledger line from the future would stop all others

OUTDATED = (
    "This fleet is used with archiver {}, but this is {}. Install the newer one here: an older one may not know what "
    "the newer one writes."
)


class VisitedAccount(TypedDict):
    """An account with its last visit. Times are ISO texts."""

    account: str
    client: str
    outcome: str | None
    error: str | None
    message: str | None
    visited_at: str | None
    due_at: str | None
    seconds: float | None
    worker: str | None


class WorkerRow(TypedDict):
    """A worker, the accounts that it visits, how far its clock is ahead (negative: behind), and for how long nothing
    was heard of it.
    """

    name: str
    host: str
    process: int
    started_at: str
    seen_at: str
    visits: list[str]
    draining: bool
    clock_ahead_s: float
    silent_s: float


class LeaseRow(TypedDict):
    """Who may write to a client's archive, and until when."""

    client: str
    epoch: int
    holder: str
    ends_at: str


TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS fleet_setting (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS fleet_file (
    path text PRIMARY KEY, version bigint NOT NULL, content bytea NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS fleet_cache (client text PRIMARY KEY, part text NOT NULL, content bytea NOT NULL);
CREATE TABLE IF NOT EXISTS fleet_lease (
    client text PRIMARY KEY, epoch bigint NOT NULL, holder text NOT NULL, ends_at timestamptz NOT NULL,
    head text /* the last published one */
);
CREATE TABLE IF NOT EXISTS fleet_account (
    account text PRIMARY KEY, client text NOT NULL, planned_for date, due_at timestamptz, done_for date,
    visited_at timestamptz, outcome text, error text, message text, archived bigint, seconds double precision,
    worker text
);
CREATE TABLE IF NOT EXISTS fleet_worker (
    name text PRIMARY KEY, host text NOT NULL, process bigint NOT NULL, started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(), visits text NOT NULL DEFAULT '[]',
    draining boolean NOT NULL DEFAULT false
);
ALTER TABLE fleet_worker ADD COLUMN IF NOT EXISTS clock_ahead_s double precision NOT NULL DEFAULT 0;
"""


@dataclass(frozen=True)
class FileRow:
    """A row's content and its version, which grows with each change and never comes twice, not even after a backup."""

    content: bytes
    version: int


@dataclass(frozen=True, kw_only=True)
class VisitReport:
    """How an account's last visit ended. `night` is the day on which its night began."""

    account: str
    night: date | None
    outcome: str
    error: str | None
    message: str
    archived: int
    seconds: float


class FleetDatabase:
    """One fleet's database at `address` (`postgresql://…`). Safe for threads. A context manager."""

    def __init__(self, address: str, holder: str, lease_s: float = 300.0) -> None:
        try:
            from psycopg_pool import ConnectionPool
        except ImportError:
            raise ConfigError(f"A fleet needs the extra fleet. Install it. {INSTALL_ALL}") from None
        self.address, self.holder, self.lease_s = address, holder, lease_s
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # each failed try, which the error tells once
        self._pool = ConnectionPool(
            address, min_size=0, max_size=MAX_CONNECTIONS, open=False, timeout=CONNECT_TIMEOUT_S,
            check=ConnectionPool.check_connection, reconnect_timeout=CONNECT_TIMEOUT_S,
            kwargs=dict(CONNECTION),
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._pool.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()

    def _why_unreachable(self) -> str:
        import psycopg

        try:
            psycopg.connect(self.address, connect_timeout=CONNECT_TIMEOUT_S).close()
        except psycopg.Error as error:
            return _first_line(error)
        return f"no connection became free within {CONNECT_TIMEOUT_S} seconds"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection, committed at the end. DatabaseUnavailable for whatever PostgreSQL refuses."""
        import psycopg
        from psycopg_pool import PoolTimeout

        try:
            with self._pool.connection() as connection:
                yield connection
        except PoolTimeout as error:
            raise DatabaseUnavailable(self._why_unreachable()) from error
        except psycopg.Error as error:
            raise DatabaseUnavailable(_first_line(error)) from error

    def prepare(self) -> bool:
        """Make the tables, if they are not there. Returns whether they are new."""
        with self.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(4711001)")
            row = connection.execute("SELECT to_regclass('fleet_setting')").fetchone()
            connection.execute(TABLES)
            connection.execute(
                "INSERT INTO fleet_setting VALUES ('format', %s) ON CONFLICT DO NOTHING", (FORMAT_VERSION,)
            )
            if _newer(self._archiver(connection)):
                connection.rollback()
                raise ConfigError(OUTDATED.format(self._archiver(connection), __version__))
            connection.execute(
                "INSERT INTO fleet_setting VALUES ('archiver', %s) ON CONFLICT (name) DO UPDATE "
                "SET value = EXCLUDED.value", (__version__,),
            )  # fmt: skip
            return row is None or row[0] is None

    def check_format(self) -> None:
        """ConfigError if the database is no fleet's, or one of another version of the archiver."""
        with self.transaction() as connection:
            row = connection.execute("SELECT to_regclass('fleet_setting')").fetchone()
            if row is None or row[0] is None:
                raise ConfigError("This database has no fleet yet. Make one with `archiver fleet init`.")
            found = connection.execute("SELECT value FROM fleet_setting WHERE name = 'format'").fetchone()
            if found is None or found[0] != FORMAT_VERSION:
                raise ConfigError(
                    f"This fleet has the format {found and found[0]}, but this archiver knows {FORMAT_VERSION}. Use "
                    "the same version of the archiver everywhere."
                )
            if _newer(needed := self._archiver(connection)):
                raise ConfigError(OUTDATED.format(needed, __version__))

    @staticmethod
    def _archiver(connection: Connection) -> str:
        """The version of the archiver that last ran `fleet init`."""
        row = connection.execute("SELECT value FROM fleet_setting WHERE name = 'archiver'").fetchone()
        return str(row[0]) if row else "0"

    # ------------------------------------------------------------ the fleet's one clock

    def now(self) -> datetime:
        """The time of the database, by which the fleet plans, tries again and leases."""
        with self.transaction() as connection:
            return database_time(connection)

    def clock_ahead(self) -> float:
        """How many seconds this machine's clock is ahead of the database's; negative: behind."""
        with self.transaction() as connection:
            return _ahead(connection)

    def check_clock(self) -> None:
        """ClockDiffers if this machine's clock is too wrong to take part in the fleet."""
        _check_ahead(self.clock_ahead())

    # ------------------------------------------------------------ files as rows

    def files(self, *prefixes: str) -> dict[str, FileRow]:
        """The rows whose paths begin with one of the prefixes."""
        query = "SELECT path, content, version FROM fleet_file WHERE starts_with(path, %s) ORDER BY path"
        with self.transaction() as connection:
            rows = [row for prefix in prefixes for row in connection.execute(query, (prefix,))]
        return {path: FileRow(bytes(content), version) for path, content, version in rows}

    def put(self, path: str, content: bytes | None, version: int) -> bool:
        """Change a row that has this version, or make it (version 0), or delete it (None). False: it has another."""
        with self.transaction() as connection:
            return _put(connection, path, content, version) is not None

    def put_under(self, lease: Lease, changes: Mapping[str, tuple[bytes | None, int]]) -> None:
        """Change rows that belong to a client, as long as this lease is its newest; LeaseLost otherwise."""
        with self.transaction() as connection:
            self._held(connection, lease)
            for path, (content, version) in changes.items():
                _put(connection, path, content, version)

    def file_mark(self, *prefixes: str) -> str:
        """Differs after any change of the rows whose paths begin with one of the prefixes."""
        query = "SELECT count(*), coalesce(sum(version), 0) FROM fleet_file WHERE starts_with(path, %s)"
        with self.transaction() as connection:
            return str([connection.execute(query, (each,)).fetchone() for each in prefixes])

    def file_versions(self, *prefixes: str) -> dict[str, int]:
        """The versions of the rows whose paths begin with one of the prefixes."""
        query = "SELECT path, version FROM fleet_file WHERE starts_with(path, %s)"
        with self.transaction() as connection:
            return {str(path): int(version) for each in prefixes
                    for path, version in connection.execute(query, (each,))}  # fmt: skip

    def read_files(self, paths: Sequence[str]) -> dict[str, FileRow]:
        """These rows; those that are not there are left out."""
        query = "SELECT path, content, version FROM fleet_file WHERE path = ANY(%s)"
        with self.transaction() as connection:
            rows = connection.execute(query, (list(paths),)).fetchall()
        return {path: FileRow(bytes(content), version) for path, content, version in rows}

    def put_all(
        self, changes: Mapping[str, tuple[bytes | None, int]], beside: Mapping[str, int] = MappingProxyType({}),
        accounts: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> tuple[dict[str, int], list[str]]:  # fmt: skip
        """Change all these rows, each as `put` does, and the open accounts of clients; or nothing.

        Returns the new versions, and the paths of rows that have another version than was said. `beside` are the
        versions of all rows of clients, if they must not change meanwhile.
        """
        with self.transaction() as connection:
            refused = list[str]()
            if beside:
                connection.execute("SELECT pg_advisory_xact_lock(4711003)")
                query = "SELECT path, version FROM fleet_file WHERE starts_with(path, 'clients/')"
                there = {str(path): int(version) for path, version in connection.execute(query)}
                refused = sorted(path for path in {*there, *beside} if there.get(path) != beside.get(path))
            done = {path: _put(connection, path, content, version) for path, (content, version) in changes.items()}
            refused = sorted({*refused, *(path for path, version in done.items() if version is None)})
            for client, names in accounts.items():
                _set_accounts(connection, client, names)
            if refused:
                connection.rollback()
        return {path: version for path, version in done.items() if version is not None}, refused

    def heads(self) -> dict[str, ReplicaHead]:
        """The last published head of each client."""
        with self.transaction() as connection:
            rows = connection.execute("SELECT client, head FROM fleet_lease WHERE head IS NOT NULL").fetchall()
        return {str(client): ReplicaHead(**json.loads(head)) for client, head in rows}

    def cache(self, client: str) -> tuple[str, bytes] | None:
        """What was kept of a client's last check-out: the newest part it has, and its content."""
        with self.transaction() as connection:
            row = connection.execute("SELECT part, content FROM fleet_cache WHERE client = %s", (client,)).fetchone()
        return (str(row[0]), bytes(row[1])) if row else None

    def put_cache(self, lease: Lease, part: str, content: bytes) -> None:
        with self.transaction() as connection:
            self._held(connection, lease)
            connection.execute(
                "INSERT INTO fleet_cache VALUES (%s, %s, %s) ON CONFLICT (client) DO UPDATE SET part = EXCLUDED.part, "
                "content = EXCLUDED.content", (lease.client, part, content),
            )  # fmt: skip

    def forget(self, client: str, accounts: Sequence[str]) -> None:
        """Delete everything about a client but its lease, whose epoch must never begin anew."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM fleet_account WHERE client = %s", (client,))
            connection.execute("DELETE FROM fleet_cache WHERE client = %s", (client,))
            connection.execute(
                "DELETE FROM procrastinate_jobs WHERE queueing_lock = ANY(%s) AND status = 'todo'",
                ([queueing_lock(each) for each in accounts],),
            )
            paths = [
                f"clients/{client}.yaml",
                f"vault/signers/{client}",
                *(f"vault/accounts/{each}" for each in accounts),
            ]
            connection.execute(
                "DELETE FROM fleet_file WHERE path = ANY(%s) OR starts_with(path, %s)", (paths, f"state/{client}/")
            )

    # ------------------------------------------------------------ leases

    def take(self, client: str) -> Lease | None:
        with self.transaction() as connection:
            row = connection.execute(
                "INSERT INTO fleet_lease AS held (client, epoch, holder, ends_at) VALUES (%(client)s, 1, %(holder)s, "
                "now() + %(span)s * interval '1 second') ON CONFLICT (client) DO UPDATE SET epoch = held.epoch + 1, "
                "holder = EXCLUDED.holder, ends_at = EXCLUDED.ends_at WHERE held.ends_at < now() "
                "RETURNING epoch", {"client": client, "holder": self.holder, "span": self.lease_s},
            ).fetchone()  # fmt: skip
            _check_ahead(_ahead(connection))
        return Lease(client, int(row[0])) if row else None

    def renew(self, lease: Lease) -> None:
        with self.transaction() as connection:
            self._held(connection, lease)
            connection.execute(
                "UPDATE fleet_lease SET ends_at = now() + %s * interval '1 second' WHERE client = %s",
                (self.lease_s, lease.client),
            )

    def raise_to(self, lease: Lease, epoch: int) -> Lease:
        with self.transaction() as connection:
            self._held(connection, lease)
            connection.execute("UPDATE fleet_lease SET epoch = %s WHERE client = %s", (epoch, lease.client))
        return Lease(lease.client, epoch)

    def release(self, lease: Lease) -> None:
        with self.transaction() as connection:
            connection.execute(
                "UPDATE fleet_lease SET ends_at = '-infinity' WHERE client = %s AND epoch = %s",
                (lease.client, lease.epoch),
            )

    def published(self, client: str) -> ReplicaHead | None:
        with self.transaction() as connection:
            row = connection.execute("SELECT head FROM fleet_lease WHERE client = %s", (client,)).fetchone()
        return ReplicaHead(**json.loads(row[0])) if row and row[0] else None

    def report(self, lease: Lease, head: ReplicaHead) -> None:
        with self.transaction() as connection:
            connection.execute(
                "UPDATE fleet_lease SET head = %s WHERE client = %s AND epoch = %s",
                (json.dumps(asdict(head)), lease.client, lease.epoch),
            )

    @staticmethod
    def _held(connection: Connection, lease: Lease) -> None:
        row = connection.execute(
            "SELECT epoch FROM fleet_lease WHERE client = %s FOR UPDATE", (lease.client,)
        ).fetchone()
        if row is None or row[0] != lease.epoch:
            raise LeaseLost(f"the lease of {lease.client} has the epoch {row and row[0]}, not {lease.epoch}")
        _check_ahead(_ahead(connection))

    # ------------------------------------------------------------ accounts and their visits

    def set_accounts(self, client: str, accounts: Sequence[str]) -> None:
        """The open accounts of a client, which nights visit from now on."""
        with self.transaction() as connection:
            _set_accounts(connection, client, accounts)

    def clients_of(self, accounts: Sequence[str]) -> dict[str, str]:
        """The clients of those of these accounts that the fleet visits."""
        query = "SELECT account, client FROM fleet_account WHERE account = ANY(%s)"
        with self.transaction() as connection:
            return dict(connection.execute(query, (list(accounts),)).fetchall())

    def visited(self, report: VisitReport) -> None:
        """Record a visit's end."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE fleet_account SET done_for = coalesce(%(night)s, done_for), "
                "visited_at = now(), outcome = %(outcome)s, error = %(error)s, message = %(message)s, "
                "archived = %(archived)s, seconds = %(seconds)s, worker = %(worker)s WHERE account = %(account)s",
                {**asdict(report), "worker": self.holder},
            )

    def accounts(self) -> list[VisitedAccount]:
        """Every account with its last visit."""
        return self._rows(
            "SELECT account, client, outcome, error, message, visited_at, due_at, seconds, worker FROM fleet_account "
            "ORDER BY client, account", VisitedAccount,
        )  # fmt: skip

    # ------------------------------------------------------------ workers

    def beat(self, visits: Sequence[str]) -> bool:
        """A worker's sign of life, with the accounts that it visits. Returns whether it must end: asked or outdated.

        ClockDiffers, once that is told, if its clock is too wrong; its row stays, for `status`.
        """
        host = socket.gethostname()
        with self.transaction() as connection:
            connection.execute(
                "DELETE FROM fleet_worker WHERE seen_at < now() - interval '1 day' "  # killed ones
                "OR host = %s AND name <> %s AND abs(clock_ahead_s) > %s", (host, self.holder, MAX_CLOCK_DIFFERENCE_S),
            )  # fmt: skip
            ahead = _ahead(connection)
            row = connection.execute(
                "INSERT INTO fleet_worker AS worker (name, host, process, visits, clock_ahead_s) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE SET seen_at = now(), "
                "visits = EXCLUDED.visits, clock_ahead_s = EXCLUDED.clock_ahead_s RETURNING draining",
                (self.holder, host, os.getpid(), json.dumps(sorted(visits)), ahead),
            ).fetchone()
            outdated = _newer(self._archiver(connection))
        _check_ahead(ahead)
        return bool(row and row[0]) or outdated

    def leave(self) -> None:
        """Delete this worker's row: it ends."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM fleet_worker WHERE name = %s", (self.holder,))

    def drain(self, names: Sequence[str]) -> list[str]:
        """Ask workers to end after their visits; all, if none is named. Returns those that were asked."""
        with self.transaction() as connection:
            rows = connection.execute(
                "UPDATE fleet_worker SET draining = true WHERE %(all)s OR name = ANY(%(names)s) RETURNING name",
                {"all": not names, "names": list(names)},
            ).fetchall()
        return sorted(str(row[0]) for row in rows)

    def workers(self) -> list[WorkerRow]:
        """Every worker that has not left, and when it was last seen."""
        return self._rows(
            "SELECT name, host, process, started_at, seen_at, visits::json, draining, clock_ahead_s, "
            "extract(epoch FROM now() - seen_at)::float AS silent_s FROM fleet_worker ORDER BY name", WorkerRow,
        )  # fmt: skip

    def leases(self) -> list[LeaseRow]:
        """The leases that have not ended."""
        return self._rows(
            "SELECT client, epoch, holder, ends_at FROM fleet_lease WHERE ends_at > now() ORDER BY client", LeaseRow
        )

    def _rows[T](self, query: LiteralString, kind: Callable[..., T]) -> list[T]:
        """The rows as `kind` makes them of their columns; times are ISO texts."""
        from psycopg.rows import kwargs_row

        def made(**columns: object) -> T:
            return kind(**{name: _plain(value) for name, value in columns.items()})

        with self.transaction() as connection, connection.cursor(row_factory=kwargs_row(made)) as cursor:
            return cursor.execute(query).fetchall()


def _newer(version: str) -> bool:
    """Whether a version is newer than this archiver."""
    numbers = [[int(each) for each in re.findall(r"\d+", text)] for text in (version, __version__)]
    return numbers[0] > numbers[1]


def database_time(connection: Connection) -> datetime:
    """The database's time in this transaction."""
    row = connection.execute("SELECT now()").fetchone()
    assert row
    found: datetime = row[0]
    return found


def _ahead(connection: Connection) -> float:
    """How many seconds this machine's clock is ahead; negative: behind. A slow answer counts for neither."""
    before = time.time()
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float").fetchone()
    assert row
    return min(max(float(row[0]), before), time.time()) - float(row[0])


def _check_ahead(ahead: float) -> None:
    if is_wrong_clock(ahead):
        raise ClockDiffers(f"it is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}")


def is_wrong_clock(ahead_s: float) -> bool:
    """Whether a machine whose clock is so far ahead (negative: behind) may take no part in a fleet."""
    return abs(ahead_s) > MAX_CLOCK_DIFFERENCE_S


def queueing_lock(account: str) -> str:
    return f"account:{account}"


def _plain(value: object) -> object:
    from datetime import UTC

    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


_DELETE: LiteralString = "DELETE FROM fleet_file WHERE path = %(path)s AND version = %(version)s RETURNING 0"
_UPDATE: LiteralString = (
    "UPDATE fleet_file SET content = %(content)s, changed_at = now(), version = greatest(version + 1, (extract(epoch "
    "FROM clock_timestamp()) * 1000000)::bigint) WHERE path = %(path)s AND version = %(version)s RETURNING version"
)
_INSERT: LiteralString = (
    "INSERT INTO fleet_file (path, version, content) VALUES (%(path)s, (extract(epoch FROM clock_timestamp()) * "
    "1000000)::bigint, %(content)s) ON CONFLICT DO NOTHING RETURNING version"
)


def _put(connection: Connection, path: str, content: bytes | None, version: int) -> int | None:
    """The row's new version, 0 for a deleted one; None if it has another version than was said."""
    query = _DELETE if content is None else _UPDATE if version else _INSERT
    row = connection.execute(query, {"path": path, "version": version, "content": content}).fetchone()
    return int(row[0]) if row else None


def _set_accounts(connection: Connection, client: str, accounts: Sequence[str]) -> None:
    connection.execute(
        "DELETE FROM fleet_account WHERE client = %s AND NOT account = ANY(%s)", (client, list(accounts))
    )
    for account in accounts:
        connection.execute(
            "INSERT INTO fleet_account (account, client) VALUES (%s, %s) ON CONFLICT (account) DO NOTHING",
            (account, client),
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
