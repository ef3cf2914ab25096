"""The archives of a fleet below a folder: ledgers and indexes as published, documents when somebody looks at them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

from archiver.archive.checking.parts import archive_words
from archiver.archive.object_source import objects_from
from archiver.core.atomic_files import remove_tree
from archiver.core.errors import ArchiveBusy, ArchiverError, IntegrityError, ReplicaForked
from archiver.fleet.check_out import CheckedOut, build, check_continues, published_state
from archiver.fleet.fleet_home import SEAL_FILES, fingerprint_of, signer_row
from archiver.fleet.published_objects import DECLARATION, PublishedObjects
from archiver.fleet.publisher import PublishedState, line_before, state_path
from archiver.fleet.replica_format import ReplicaHead
from archiver.fleet.taking_over import check_lines, check_signer, move_in
from archiver.fleet.visit import FleetTools, LeaseKeeper, hold_soon, publish_held, tell_of
from archiver.home.locks import exclusive
from archiver.home.settings import Home

LEASE_WAIT_S = 20.0
MIN_DOCUMENT_AGE_S = 600.0  # so long after it was fetched, a document stays whatever the cache's limit is
REMEMBERED = ("history", "retries")

type Warn = Callable[[str], None]


class CopiedArchives:
    """The archives below `root`. Only `holding` writes to one. Safe for threads and processes."""

    def __init__(self, root: Path, tools: FleetTools, stack: ExitStack, say: Warn) -> None:
        self._tools, self._stack, self._say = tools, stack, say
        self._place = replace(tools.settings, root=root, clients={})
        self._known: dict[str, tuple[object, PublishedState]] = {}
        self._served: dict[str, object] = {}

    # ------------------------------------------------------------ what others published

    def pull(self, heads: Mapping[str, ReplicaHead], known: Mapping[str, ReplicaHead]) -> None:
        """Bring archives up to these heads. `say` gets a sentence for each that cannot be; it stays as it is.

        `known` are the heads that the database had before: whoever may write to the bucket can have written others.
        """
        for client, head in sorted(heads.items()):
            if head.lines and self._is_due(client, head):
                try:
                    with self._locked(client):
                        self._install(client, head, known.get(client))
                except ArchiveBusy:
                    continue  # somebody here writes to it, from a newer head than this
                except ReplicaForked as error:
                    self._say(f"warning: {client}: {error} The archive here stays as it was.")
                except ArchiverError as error:
                    self._say(f"warning: the archive of {client} here is not the newest: {error}")
            self._serve(client)

    def _is_due(self, client: str, head: ReplicaHead) -> bool:
        """Whether the archive here lacks what a head names, or is longer, but not by continuing it."""
        here, root = self._state(client).head, self._place.archive(client)
        if here is None or here.part == head.part or here.lines <= head.lines:
            return here is None or here.part != head.part
        try:
            check_continues(root, self._tools.bucket, client, head)
            check_lines(root, self._tools.bucket, client, head)
        except (ReplicaForked, IntegrityError):
            return True
        return False

    def leave(self, clients: Collection[str]) -> None:
        """Remove the archives here of all but these clients: the others left the fleet."""
        waiting = self.unpublished()
        for folder in self._place.archive("-").parent.glob("*"):
            if folder.name not in (*clients, *waiting):
                remove_tree(folder)

    def unpublished(self) -> list[str]:
        """The clients whose ledgers here have more than was published: a command was killed, or the store was away."""
        found = []
        for folder in sorted(self._place.archive("-").parent.glob("*")):
            with suppress(FileNotFoundError):
                head = self._state(folder.name).head
                if (folder / archive_words.LEDGER).stat().st_size > (head.ledger_bytes if head else 0):
                    found.append(folder.name)
        return found

    def _state(self, client: str) -> PublishedState:
        path = state_path(self._place, client)
        stamp = None
        with suppress(FileNotFoundError):
            stamp = path.stat().st_mtime_ns, path.stat().st_ino
        if client not in self._known or self._known[client][0] != stamp:
            self._known[client] = stamp, PublishedState.load(path)
        return self._known[client][1]

    def _locked(self, client: str) -> AbstractContextManager[None]:
        return exclusive(self._place.state / "fleet" / f"{client}.lock")

    def _install(self, client: str, head: ReplicaHead, known: ReplicaHead | None) -> None:
        """Replace the archive's ledger, index and other files by what a head names. Fetched documents stay.

        ReplicaForked if that is not the fleet's archive, or does not continue what the database knew of it.
        """
        there = replace(self._place, root=self._place.state / "fetch" / f"new-{token_hex(6)}")
        bucket, root = self._tools.bucket, there.archive(client)
        try:
            build(there, bucket, client, head, self._tools.rows.rows)
            check_continues(root, bucket, client, known)
            check_signer(there, self._place, bucket, client, self._signer(client))
            check_lines(root, bucket, client, known)
            state = published_state(root, head)
            move_in(there, self._place, client)
            self._served.pop(client, None)
            state.save(state_path(self._place, client))
        finally:
            remove_tree(there.root)

    def _signer(self, client: str) -> str | None:
        """The fingerprint of the client's signing key in the fleet's vault."""
        path = signer_row(client)
        row = self._tools.rows.read(path).get(path)
        return fingerprint_of(row[0]) if row else None

    def _serve(self, client: str) -> None:
        """From now on, missing documents of the archive come from the store."""
        root = self._place.archive(client)
        if client not in self._served and root.exists():
            place = self._place.state / "fetch" / client
            source = self._served[client] = PublishedObjects(self._tools.bucket, client, root, place)
            self._stack.enter_context(objects_from(root, source))

    # ------------------------------------------------------------ writing

    @contextmanager
    def holding(self, client: str) -> Iterator[None]:
        """Within the block, this process alone writes to the archive; at its end, what it wrote is published.

        ClientTaken while a worker has the client for longer than a moment; LeaseLost if somebody took it meanwhile:
        then nothing was published, and the next pull discards it.
        """
        with self._locked(client), ExitStack() as stack:
            claimed, keeper = hold_soon(stack, self._tools, client, LEASE_WAIT_S)
            out = CheckedOut(self._place, self._tools.bucket, claimed, 0)
            self._bring_up(out)
            self._serve(client)
            remembered = self._recall(client)
            try:
                yield
            finally:  # what a failed command had archived before counts, too
                if (out.root / archive_words.LEDGER).exists():
                    head = publish_held(self._tools, out, keeper)
                    for warning in tell_of(self._tools, out, keeper, head):
                        self._say(f"warning: {warning}")
            self._remember(client, keeper, remembered)

    def _bring_up(self, out: CheckedOut) -> None:
        """Make the archive what the claimed head names, or what continues it."""
        client, head, state = out.client, out.claimed.head, self._state(out.client)
        before = line_before(out.root / archive_words.LEDGER, head.ledger_bytes)
        continues = not head.lines or (before is not None and before.hash == head.line)
        if not continues or (state.head.part if state.head else "") != head.part:
            if client in self.unpublished():
                self._say(f"warning: {client}: others went on meanwhile. Repeat what was not published before.")
            self._install(client, head, out.claimed.known)
            state = self._state(client)
        check_continues(out.root, out.bucket, client, out.claimed.known)
        replace(state, head=head, tag=out.claimed.tag).save(state_path(self._place, client))

    def _recall(self, client: str) -> dict[str, tuple[bytes, int]]:
        """Write what runs and seals remember of the client, and return its rows."""
        rows = self._tools.rows.read(*(f"state/{client}/{folder}/" for folder in (*REMEMBERED, f"archive/{client}")))
        for path, (content, _) in rows.items():
            place = self._place.state / path.removeprefix(f"state/{client}/")
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.write_bytes(content)
        return rows

    def _remember(self, client: str, keeper: LeaseKeeper, before: Mapping[str, tuple[bytes, int]]) -> None:
        names = [each.name for each in Home.load(self._place.root).client(client).inputs]
        wanted = [f"{folder}/{name}.json" for folder in REMEMBERED for name in names]
        changes = dict[str, tuple[bytes | None, int]]()
        for name in (*wanted, *(f"archive/{client}/{each}" for each in SEAL_FILES)):
            path, place = f"state/{client}/{name}", self._place.state / name
            content, version = before.get(path, (None, 0))
            now = place.read_bytes() if place.exists() else None
            if now != content:
                changes[path] = now, version
        if changes:
            self._tools.rows.put_under(keeper.lease, changes)

    # ------------------------------------------------------------ the cache of documents

    def trim(self, limit: int) -> None:
        """Remove the documents that were fetched first, until those that stay have `limit` bytes at most."""
        found, now = list[tuple[float, int, Path]](), time.time()
        for client in list(self._served):
            state, root = self._state(client), self._place.archive(client)
            if state.head is None or (root / archive_words.LEDGER).stat().st_size != state.head.ledger_bytes:
                continue  # something waits to be published
            for folder in [each.parent for each in (root / "evidence").rglob(DECLARATION)]:
                size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                found.append((folder.stat().st_mtime, size, folder))
        total = sum(size for _, size, _ in found)
        for at, size, place in sorted(found):
            if total <= limit or now - at < MIN_DOCUMENT_AGE_S:
                break
            remove_tree(place)
            total -= size
