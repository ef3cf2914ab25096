"""Which client a licence is for, as a named person says: copied into that client's archive, recorded in both.

The house archive keeps what shared accounts bought. An assignment copies the licence byte for byte, with the texts of
terms that it names, and a statement that holds the place of the original in its ledger, with that checkpoint's
timestamps: so the copy proves as early a date as the original. What is assigned to another client afterwards is
withdrawn from the first one; its archive keeps it, and neither search nor proof show it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archiver.archive import verify
from archiver.archive.disclose import first_covering
from archiver.archive.reader import Archive
from archiver.archive.store import NewObject, object_path
from archiver.archive.tree import inclusion_path
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue.catalogue import Catalogue, Entry
from archiver.config import HOUSE, Home
from archiver.domain import iso
from archiver.errors import ArchiverError, ConfigError, IntegrityError
from archiver.reading.worker import DocumentReader

type Open = Callable[[str], AbstractContextManager[ArchiveWriter]]
"""Opens a client's archive for writing."""


def holders(home: Home, object_id: str, reader: DocumentReader) -> dict[str, Entry]:
    """The archives that hold a licence and are not withdrawn from, by client; the house's among them."""
    found = {}
    for slug in home.clients:
        archive = Archive(home.archive(slug))
        if object_path(archive.root, object_id).is_dir():
            with Catalogue(home.catalogue(slug)) as catalogue:
                catalogue.catch_up(archive, reader)
                entry = catalogue.of_object(object_id)
                if entry and entry.held:
                    found[slug] = entry
    return found


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Who says that a licence is for a client, and why. `also`: for the clients that it was for before, too."""

    client: str
    by: str
    reason: str
    also: bool = False


def assign(home: Home, opened: Open, entry: Entry, made: Assignment) -> None:
    """Record an assignment in the archives concerned, and seal each of them. Repeating it completes what broke off.

    ConfigError for an unknown client, the house, a comp, or no reason or person.
    """
    client = home.client(made.client)
    if client.slug == HOUSE:
        raise ConfigError("The house archive is nobody's: name the client that the licence is for.")
    if not made.reason.strip() or not made.by.strip():
        raise ConfigError("An assignment needs a reason and the person who says so: --reason TEXT --by NAME.")
    if entry.licence.comp:
        raise ConfigError(f"{entry.short_id} is a preview download (comp), which grants nothing to assign.")
    with DocumentReader() as reader:
        held = holders(home, entry.object_id, reader)
    source = HOUSE if HOUSE in held else entry.client
    held.setdefault(source, entry)
    before = set(held) - {HOUSE}
    with opened(source) as writer:
        writer.seal()  # the place in its ledger that is handed on lies under a checkpoint
    original = Archive(home.archive(source))
    place, files = _place(original, held[source])
    at = datetime.now(UTC)
    statement = _statement(entry, made, at, client.name, files)
    if source == client.slug:
        _record(opened, source, statement, entry, held=True)
    else:
        with opened(client.slug) as writer:
            for terms in entry.file.terms:
                writer.copy(original.object(terms.id))
            writer.copy(original.object(entry.object_id))
            writer.put(statement).result()
            writer.append("assign", id=entry.object_id, held=True, statement=statement.object_id, **place)
            writer.seal()
    if not made.also:
        for slug in sorted(before - {client.slug}):
            withdrawn = _statement(entry, made, at, None, {})
            _record(opened, slug, withdrawn, entry, held=False)
    if source == HOUSE:
        now = sorted({client.slug, *(before if made.also else ())})
        _record(opened, HOUSE, statement, entry, clients=now, **place)


def follow(home: Home, opened: Open) -> Iterator[str]:
    """Bring the copies of assigned licences up to their originals' versions; yields a warning for each that fails."""
    with DocumentReader() as reader:
        for slug in home.clients:
            if slug == HOUSE or not home.archive(slug).is_dir():
                continue
            with Catalogue(home.catalogue(slug)) as catalogue:
                catalogue.catch_up(Archive(home.archive(slug)), reader)
                copies = [entry.object_id for entry in catalogue.assigned() if entry.held]
            behind = [newer for each in copies if (newer := _newer(home, slug, each))]
            if not behind:
                continue
            try:
                with opened(slug) as writer:
                    for archive, object_id in behind:
                        writer.copy(archive.object(object_id))
                    writer.seal()
            except (ArchiverError, OSError) as error:
                yield f"{slug}: the copies of assigned licences are behind their originals: {error}"


def _newer(home: Home, slug: str, object_id: str) -> tuple[Archive, str] | None:
    """Where versions lie that continue the copy: in the house archive, else in that of another client."""
    mine = Archive(home.archive(slug)).object(object_id)
    in_house = HOUSE in home.clients and object_path(home.archive(HOUSE), object_id).is_dir()
    for other in [HOUSE] if in_house else home.clients:
        archive = Archive(home.archive(other))
        if other == slug or not object_path(archive.root, object_id).is_dir():
            continue
        try:
            theirs = archive.object(object_id)
            head = theirs.path / mine.versions[-1] / "inventory.json"
            if len(theirs.versions) > len(mine.versions) and head.read_bytes() == mine.inventory:
                return archive, object_id
        except (IntegrityError, OSError):  # `verify` names what is wrong there
            continue
    return None


def _record(opened: Open, slug: str, statement: NewObject, entry: Entry, **fields: object) -> None:
    with opened(slug) as writer:
        writer.put(statement).result()
        writer.append("assign", id=entry.object_id, statement=statement.object_id, **fields)
        writer.seal()


def _statement(
    entry: Entry, made: Assignment, at: datetime, client_name: str | None, files: dict[str, bytes]
) -> NewObject:
    """What the person says. Of the client for whom a licence is now, the archive of the one before learns nothing."""
    asset = entry.licence.asset
    said: dict[str, Any] = {
        "format": 1,
        "statement": "licensed for" if client_name else "no longer for this client",
        "licence": entry.object_id,
        "client": made.client if client_name else None,
        "client_name": client_name,
        "by": made.by,
        "reason": made.reason if client_name else None,
        "at": iso(at),
    }
    whose = made.client if client_name else "withdrawn"
    return NewObject(
        kind="statements", date=at, provider=asset.provider, asset_id=asset.asset_id,
        identity=f"assignment:{entry.object_id}:{whose}:{iso(at)}", created=at,
        files={"statement.json": json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False).encode(), **files},
    )  # fmt: skip


def _place(archive: Archive, entry: Entry) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Where the original stands in its ledger: fields for a ledger line, and the same as files that can be checked."""
    about = [next(archive.lines(offset=offset)) for _, offset in entry.lines]
    newest = [line for line in about if "inventory_sha512" in line.fields][-1]
    size, note, tokens = first_covering(verify.checkpoint_files(archive.root / verify.CHECKPOINTS), newest)
    path = tuple(inclusion_path(archive.lines(), newest.seq, size))
    stamps = {each.name[len(note.name) + 1 : -len(".tsr")]: each.read_bytes() for each in tokens}
    fields = {
        "original": {
            "checkpoint": size,
            "root": verify.Note.parse(note.read_bytes()).root.hex(),
            "line": newest.seq,
            "line_sha256": newest.hash,
            "path": [each.hex() for each in path],
            "tokens": {name: hashlib.sha256(content).hexdigest() for name, content in stamps.items()},
        }
    }
    proof = verify.InclusionProof(newest.raw, newest.seq, path, note.read_bytes())
    files = {"original.tlog-proof": proof.encode(), "original.note": note.read_bytes()}
    return fields, files | {f"original.note.{name}.tsr": content for name, content in stamps.items()}
