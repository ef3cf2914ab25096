"""A fleet's home as a folder on this machine, for the desk and for commands: they work as on any home.

The folder is a copy. Settings, secrets, claims and users of the desk are rows of the database (`copied_rows`); archives
are in the bucket, and are written to only by whoever holds the client (`copied_archives`). Processes of one person
share the folder; each person and each machine has another one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from archiver.core.errors import ArchiverError
from archiver.fleet.copied_archives import CopiedArchives, Warn
from archiver.fleet.copied_rows import CopiedRows
from archiver.fleet.fleet_home import SharedRows
from archiver.fleet.object_store import MAX_REQUESTS, Bucket, sha256_of
from archiver.fleet.replica_format import ReplicaHead, head_key
from archiver.fleet.visit import FleetTools
from archiver.home.settings import Home
from archiver.home.shared_copy import kept_as_copy

FOLDER = "ARCHIVER_FLEET_FOLDER"


class HomeCopy:
    """Implements `SharedCopy` for a fleet."""

    def __init__(self, root: Path, rows: CopiedRows, archives: CopiedArchives, database: SharedRows) -> None:
        self._root, self._rows, self._archives, self._database = root, rows, archives, database
        self._pulling = Lock()

    def pull(self) -> None:
        with self._pulling:
            self._rows.pull()
            clients = {path.stem for path in (self._root / "clients").glob("*.yaml")}
            self._archives.leave(clients)
            heads = {client: head for client, head in self._database.heads().items() if client in clients}
            self._archives.pull(heads, heads)

    def push(self) -> None:
        self._rows.push()

    def losses(self) -> int:
        return self._rows.losses()

    def trim(self, limit: int) -> None:
        """Keep `limit` bytes of documents at most."""
        with suppress(OSError):
            self._archives.trim(limit)

    @contextmanager
    def holding(self, client: str) -> Iterator[None]:
        self._rows.vault().signer(client)
        self._rows.push()  # a new client's signing key is in the database before anything is signed with it
        with self._archives.holding(client):
            yield


def folder_of(address: str) -> Path:
    """The folder of a fleet on this machine. Who may read it, and the password in the address, make no difference."""
    import platformdirs

    parts = urlsplit(address)
    name = sha256_of(f"{parts.hostname}:{parts.port}{parts.path}?{parts.query}".encode())[:12]
    above = os.environ.get(FOLDER) or platformdirs.user_state_path("archiver", appauthor=False) / "fleets"
    return Path(above).absolute() / name


@contextmanager
def copied(root: Path, tools: FleetTools, say: Warn) -> Iterator[None]:
    """Within the block, the folder is a copy of the fleet's home. At its end, what was changed there is handed over."""
    for folder in ("clients", "archive", "state"):
        (root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        rows = CopiedRows(root, tools.rows, tools.key)
        archives = CopiedArchives(root, tools, stack, say)
        copy = HomeCopy(root, rows, archives, tools.rows.rows)
        rows.vault()
        copy.pull()
        rows.push()  # what a killed command left
        clients = Home.load(root).clients
        known = {client: head for client, head in tools.rows.rows.heads().items() if client in clients}
        archives.pull(_newest_heads(tools.bucket, known, say), known)
        stack.enter_context(kept_as_copy(root, copy))
        for client in archives.unpublished():
            try:
                with archives.holding(client):
                    pass
            except ArchiverError as error:
                say(f"warning: {client}: what was archived here is not published yet: {error}")
        limit = tools.settings.settings.fleet.documents
        try:
            yield
        finally:
            try:
                copy.push()
            finally:
                copy.trim(limit)


def _newest_heads(bucket: Bucket, known: Mapping[str, ReplicaHead], say: Warn) -> dict[str, ReplicaHead]:
    """The head in the bucket of each client of which the database knows one, read later: a worker may have died before
    it told the database.
    """

    def newest(client: str) -> ReplicaHead | None:
        found = bucket.get(head_key(client))
        return ReplicaHead.parse(found[0]) if found else None

    heads = dict[str, ReplicaHead]()
    with ThreadPoolExecutor(MAX_REQUESTS) as pool:
        for client, head in zip(known, pool.map(newest, known), strict=True):
            if head is None or head.lines < known[client].lines:
                say(f"warning: the head of {client} in {bucket.name} was deleted or set back. `archiver replica "
                    "restore` in another home shows what is there.")  # fmt: skip
            heads[client] = head if head and head.lines >= known[client].lines else known[client]
    return heads
