"""Assign a licence to a client, by rule or on a named person's word: copy it to that archive, and record it in both.

The house archive keeps what shared accounts bought. An assignment copies the licence byte for byte, with the texts of
terms that it names, and a statement that holds the place of the original in its ledger, with that checkpoint's
timestamps: so the copy proves as early a date as the original. A copy is taken back where the licence is assigned to
another client afterwards; its archive keeps it, and neither search nor proof show it. What came through a client's own
account or import is no copy, and stays that client's whatever is assigned. The last assignment can be undone.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from archiver.archive import pending_statements
from archiver.archive.checking.parts import archive_words, ledger_lines, one_proof, signed_notes
from archiver.archive.inclusion_bundle import first_covering
from archiver.archive.ledger import Line
from archiver.archive.merkle import inclusion_paths
from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.archive.writer import ArchiveWriter, unfinished
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.core.atomic_files import read_file
from archiver.core.errors import ArchiverError, ConfigError, IntegrityError
from archiver.core.model import iso
from archiver.home.settings import HOUSE, Home
from archiver.reading.worker import DocumentReader

COPIES_AT_ONCE = 8  # parallel copies, so that they share the archive's durable writes

type Open = Callable[[str], AbstractContextManager[ArchiveWriter]]
"""Opens a client's archive for writing."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """An assignment: the client, the person who confirms it, and why. `also`: keep the earlier clients, too.

    `ruled` is what the ledger says of an assignment by rule: `rule`, `reason` (the conditions that fitted), `rules`.
    """

    client: str
    by: str
    reason: str
    also: bool = False
    ruled: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A copy that an assignment takes back from a client. `licence` is the short ID in that client's archive."""

    client: str
    licence: str


type Agreed = Callable[[Sequence[Loss]], bool]
"""Asks a person whether to take these copies back."""


def disagreed(_: Sequence[Loss]) -> bool:
    """The answer when no person can agree: no."""
    return False


def assign(home: Home, opened: Open, entry: CatalogueEntry, made: Assignment, agreed: Agreed = disagreed) -> None:
    """Record an assignment in the archives concerned, and seal them. Repeating it completes an interrupted one.

    It governs the copies that assignments made: where the licence came through an account or an import of the client
    itself, it stays. ConfigError for an unknown client, the house, a comp, no reason or person, and where other clients
    would lose their copies and `agreed` does not agree to that.
    """
    assign_all(home, opened, [(entry, made)], agreed)


@dataclass(frozen=True, kw_only=True)
class _Change:
    """What one archive will say about a licence: a client's archive, whether it is `held`; the house's, for which
    `clients`.

    `act` is the same in all archives that one assignment changes, and reveals nothing about the other archives.
    """

    slug: str
    entry: CatalogueEntry  # in the archive that holds the original
    source: str  # that archive
    made: Assignment
    act: str
    held: bool | None = None
    clients: tuple[str, ...] | None = None
    undoes: str | None = None  # another act
    done: bool = False

    @property
    def placed(self) -> bool:
        """Whether the copy gets the original's place in its ledger."""
        return bool(self.clients) or (self.held is True and self.slug != self.source)

    @property
    def step(self) -> tuple[bool, bool, str]:
        """The order of changes: give copies, then take copies back, then update the house archive; each by archive."""
        return self.held is None, self.held is False, self.slug


@dataclass(frozen=True)
class _Said:
    """The assignments of one licence in one archive, oldest first."""

    archive: Archive
    entry: CatalogueEntry
    lines: Sequence[Line]

    @classmethod
    def by(cls, home: Home, slug: str, entry: CatalogueEntry) -> _Said:
        archive = Archive(home.archive(slug))
        lines = [archive.line(*each) for each in entry.lines]
        return cls(archive, entry, [line for line in lines if line.type == "assign"])

    @property
    def newest(self) -> Line | None:
        return self.lines[-1] if self.lines else None

    def statement(self, line: Line) -> dict[str, object]:
        """The person's statement; empty if it was erased."""
        with suppress(IntegrityError, ValueError):  # `verify` reports the fault
            return dict(json.loads(self.archive.attested(str(line.fields["statement"])).read("statement.json")))
        return {}

    def act(self, line: Line | None) -> str:
        """The ID that the lines of one assignment share; for lines of former versions, the time of their statement."""
        return str(line.fields.get("act") or self.statement(line).get("at") or line.hash) if line else ""

    @property
    def copied(self) -> bool:
        """Whether an assignment brought the licence here.

        A licence that came through the client's own account or import has its own inventory, even if it was also
        assigned to the client.
        """
        recorded = (self.archive.line(*each).fields for each in self.entry.lines)
        own = {fields["inventory_sha512"] for fields in recorded if "inventory_sha512" in fields}
        for line in self.lines:
            if line.fields.get("held") and "original" in line.fields:
                with suppress(IntegrityError, archive_words.Malformed, ValueError, KeyError):
                    statement = self.archive.object(str(line.fields["statement"]))
                    original = one_proof.InclusionProof.parse(statement.read("original.tlog-proof"))
                    if json.loads(original.line)["inventory_sha512"] in own:
                        return True
        return False


def assign_all(
    home: Home, opened: Open, wanted: Iterable[tuple[CatalogueEntry, Assignment]], agreed: Agreed,
    watch: Watch = lambda *_: None,
) -> list[Loss]:  # fmt: skip
    """Record many assignments, as `assign` does, and open and seal each archive once for each step.

    Returns the copies that were taken back.
    """
    return _carry_out(home, opened, _changes(home, list(wanted)), agreed, watch)


type Watch = Callable[[str, int, int | None], object]
"""Hears how many licences of how many are recorded in an archive."""


@dataclass(frozen=True, kw_only=True)
class ArchiveChanges:
    """What assignments would change in one archive: how many licences it gets, loses, or only records (the house's)."""

    client: str
    gets: int = 0
    loses: int = 0
    records: int = 0


def preview(home: Home, wanted: Sequence[tuple[CatalogueEntry, Assignment]]) -> list[ArchiveChanges]:
    """What `assign_all` would change, archive by archive. Changes nothing; raises as `assign_all` does."""
    counts: dict[str, Counter[str]] = {}
    for change in _changes(home, wanted):
        what = "records" if change.held is None else "gets" if change.held else "loses"
        counts.setdefault(change.slug, Counter())[what] += 1
    return [ArchiveChanges(client=slug, **counts[slug]) for slug in sorted(counts)]


def _changes(home: Home, wanted: Sequence[tuple[CatalogueEntry, Assignment]]) -> list[_Change]:
    """What each archive will say after these assignments."""
    for entry, made in wanted:
        _check(home, entry, made)
    if twice := [each for each, count in Counter(entry.short_id for entry, _ in wanted).items() if count > 1]:
        raise ConfigError(f"The list assigns {twice[0]} twice. Keep one assignment, or add the second with --also.")
    with DocumentReader() as reader:
        known = _known(home, {entry.object_id for entry, _ in wanted}, reader)
    changes: list[_Change] = []
    for entry, made in wanted:
        said = {slug: _Said.by(home, slug, each) for slug, each in known[entry.object_id].items()}
        changes += _planned(entry, made, said)
    return changes


def _planned(entry: CatalogueEntry, made: Assignment, said: Mapping[str, _Said]) -> Iterator[_Change]:
    """The changes of one assignment in each archive. Changes that a killed command already recorded are `done`."""
    source = _source(entry, said)
    original = said[source].entry if source in said else entry
    held = {slug for slug, each in said.items() if slug != HOUSE and each.entry.held}
    clients = tuple(sorted({made.client, *(held if made.also else ())}))
    act = _begun(made, clients, said) or secrets.token_hex(8)

    def change(slug: str, *, held: bool | None = None, clients: tuple[str, ...] | None = None) -> _Change:
        done = slug in said and said[slug].act(said[slug].newest) == act
        return _Change(
            slug=slug, entry=original, source=source, made=made, act=act, done=done, held=held, clients=clients
        )

    yield change(made.client, held=True)
    for slug, each in said.items():
        again = each.newest is not None and each.act(each.newest) == act  # taken back already, perhaps not sealed
        if slug not in (HOUSE, made.client) and not made.also and (again or (slug in held and each.copied)):
            yield change(slug, held=False)
    if source == HOUSE:
        yield change(HOUSE, clients=clients)


def _source(entry: CatalogueEntry, said: Mapping[str, _Said]) -> str:
    """The archive with the original: the house's, or that of a client who owns it."""
    own = [slug for slug, each in said.items() if not each.copied]
    return HOUSE if HOUSE in said else entry.client if entry.client in own else next(iter(own), entry.client)


def _begun(made: Assignment, clients: Sequence[str], said: Mapping[str, _Said]) -> str | None:
    """The act of this very assignment if it was the last one, begun or completed; None if it is new."""
    own = said.get(made.client)
    if own is None or own.newest is None or not own.newest.fields.get("held"):
        return None
    stated, act = own.statement(own.newest), own.act(own.newest)
    if (stated.get("by"), stated.get("reason"), stated.get("client")) != (made.by, made.reason, made.client):
        return None
    for slug, each in said.items():
        if slug == made.client or each.newest is None:
            continue
        same = each.act(each.newest) == act
        if not same and str(each.newest.fields["at"]) >= str(own.newest.fields["at"]):
            return None  # a later assignment exists
        if same and slug == HOUSE and each.newest.fields.get("clients") != list(clients):
            return None
    return act


def undo(
    home: Home, opened: Open, entry: CatalogueEntry, by: str, reason: str, agreed: Agreed
) -> tuple[list[str], list[Loss]]:
    """Undo the last assignment of a licence: each archive says again what it said before. Returns the clients that it
    is now for, and the copies that were taken back.

    Repeating it completes an interrupted undo, and undoes nothing more. ConfigError if nothing was assigned, if no
    person is named, or if `agreed` does not agree to the losses.
    """
    losses = undo_all(home, opened, [entry], by, reason, agreed)
    with DocumentReader() as reader:
        now = holders(home, [entry.object_id], reader)[entry.object_id]
    return sorted(now.keys() - {HOUSE}), losses


def undo_all(
    home: Home, opened: Open, entries: Sequence[CatalogueEntry], by: str, reason: str = "", agreed: Agreed = disagreed
) -> list[Loss]:
    """Undo the last assignment of each licence, as `undo` does. Each step opens and seals an archive once."""
    if not by.strip():
        raise ConfigError("A person must confirm this. Give the name with --by.")
    with DocumentReader() as reader:
        known = _known(home, {each.object_id for each in entries}, reader)
    changes = [change for each in entries for change in _undoing(home, each, known[each.object_id], by, reason)]
    return _carry_out(home, opened, changes, agreed)


def _undoing(
    home: Home, entry: CatalogueEntry, known: Mapping[str, CatalogueEntry], by: str, reason: str
) -> list[_Change]:
    """What each archive will say once the last assignment of a licence is undone."""
    everywhere = {slug: _Said.by(home, slug, each) for slug, each in known.items()}
    said = {slug: (each, each.newest) for slug, each in everywhere.items() if each.newest}
    if not said:
        raise ConfigError(f"{entry.short_id} has no assignment, so there is nothing to undo.")

    def age(slug: str) -> tuple[bool, str, bool]:
        line = said[slug][1]
        return slug == HOUSE, str(line.fields["at"]), "undoes" in line.fields

    last, line = said[max(said, key=age)]
    act = str(line.fields.get("undoes") or last.act(line))  # an earlier undo stays
    source = _source(entry, everywhere)
    token = hashlib.sha256(f"undo:{act}".encode()).hexdigest()[:16]
    changes = []
    for slug, (each, newest) in said.items():
        done = newest.fields.get("undoes") == act
        if not done and each.act(newest) != act:
            continue
        others = (line for line in reversed(each.lines) if act not in (line.fields.get("undoes"), each.act(line)))
        before = next(others, None)
        stated = each.statement(before) if before else {}
        whom = str(stated.get("client") or "") if slug == HOUSE else slug
        made = Assignment(client=whom, by=by, reason=reason or "the last assignment was undone")
        change = _Change(slug=slug, entry=known[source], source=source, made=made, act=token, undoes=act, done=done)
        if slug == HOUSE:
            change = replace(change, clients=tuple(before.fields.get("clients") or ()) if before else ())
        elif each.copied or (before and before.fields.get("held")):  # else the client's own licence stays
            change = replace(change, held=bool(before and before.fields.get("held")))
        else:
            continue
        changes.append(change)
    return changes


def _carry_out(
    home: Home, opened: Open, changes: Sequence[_Change], agreed: Agreed, watch: Watch = lambda *_: None
) -> list[Loss]:
    """Make the open changes, and seal archives that a killed command left unsealed."""
    open_ones = [each for each in changes if not each.done]
    lost = [each for each in open_ones if each.held is False]
    losses = [Loss(client=each.slug, licence=f"{each.slug}/{each.entry.folder}") for each in lost]
    if losses and not agreed(losses):
        words = "; ".join(f"{each.client} loses {each.licence}" for each in losses)
        raise ConfigError(
            f"Clients would lose copies from earlier assignments: {words}. Nothing was changed. Confirm with "
            "--yes, or keep the copies with --also."
        )
    places: dict[str, _Place] = {}
    for source, of_source in _by([each for each in open_ones if each.placed], lambda change: change.source):
        with opened(source) as writer:
            writer.seal()  # the ledger places in the copies must be under a checkpoint
        originals = {each.entry.object_id: each.entry for each in of_source}
        places |= _places(Archive(home.archive(source)), list(originals.values()))
    at = datetime.now(UTC)

    def record(writer: ArchiveWriter, pending: pending_statements.Statements, change: _Change) -> None:
        object_id = change.entry.object_id
        if change.held and change.placed:
            original = Archive(home.archive(change.source))
            for terms in change.entry.file.terms:
                writer.copy(original.object(terms.id))
            writer.copy(original.object(object_id))
        place = places[object_id] if change.placed else _Place({}, {})
        new = _statement(home, change, at, place.files)
        statement = pending_statements.same(pending, json.loads(new.files["statement.json"]))
        fields: dict[str, object] = {**(change.made.ruled or {}), **place.fields}
        fields |= {"held": change.held} if change.clients is None else {"clients": list(change.clients)}
        fields |= {"undoes": change.undoes} if change.undoes else {}
        statement = statement or writer.put(new).result().object_id
        writer.append("assign", id=object_id, statement=statement, act=change.act, **fields)

    for (_, _, slug), concerned in _by(changes, lambda change: change.step):
        todo = [each for each in concerned if not each.done]
        if not todo and not unfinished(home.archive(slug)):
            continue
        with opened(slug) as writer, ThreadPoolExecutor(COPIES_AT_ONCE) as threads:
            pending = pending_statements.pending(writer.reader)
            for number, _ in enumerate(threads.map(partial(record, writer, pending), todo), 1):
                watch(f"{slug}: assigned", number, len(todo))
            writer.seal()
    return losses


def _check(home: Home, entry: CatalogueEntry, made: Assignment) -> None:
    """ConfigError if the assignment is not possible."""
    if home.client(made.client).slug == HOUSE:
        raise ConfigError("The house archive is not a client. Name the client that the licence is for.")
    if not made.reason.strip() or not made.by.strip():
        raise ConfigError("An assignment needs a reason and a person who confirms it: --reason TEXT --by NAME.")
    if entry.licence.comp:
        raise ConfigError(
            f"{entry.short_id} is a preview download (comp). It grants no licence, so there is nothing to assign."
        )


def holders(home: Home, object_ids: Iterable[str], reader: DocumentReader) -> dict[str, dict[str, CatalogueEntry]]:
    """For each licence, the archives that have it and that it was not withdrawn from, by client, with the house's."""
    return {
        object_id: {slug: entry for slug, entry in there.items() if entry.held or slug == HOUSE}
        for object_id, there in _known(home, object_ids, reader).items()
    }


def _known(home: Home, object_ids: Iterable[str], reader: DocumentReader) -> dict[str, dict[str, CatalogueEntry]]:
    """For each licence, all archives that have it, by client, also those that it was withdrawn from."""
    found: dict[str, dict[str, CatalogueEntry]] = {object_id: {} for object_id in object_ids}
    for slug in home.clients:
        archive = Archive(home.archive(slug))
        there = [each for each in found if object_path(archive.root, each).is_dir()]
        if not there:
            continue
        with Catalogue(home.catalogue(slug)) as catalogue:
            catalogue.catch_up(archive, reader)
            entries = {object_id: catalogue.of_object(object_id) for object_id in there}
        for object_id, entry in entries.items():
            if entry:
                found[object_id][slug] = entry
    return found


def _by[Key: (str, tuple[bool, bool, str])](
    changes: Iterable[_Change], whose: Callable[[_Change], Key]
) -> Iterator[tuple[Key, list[_Change]]]:
    """The changes by archive or by step, sorted."""
    groups: dict[Key, list[_Change]] = {}
    for change in changes:
        groups.setdefault(whose(change), []).append(change)
    yield from sorted(groups.items())


def follow(home: Home, opened: Open) -> Iterator[str]:
    """Update the copies of assigned licences to their originals' versions. Yields a warning for each failure."""
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
                _copy(opened, slug, behind)
            except (ArchiverError, OSError) as error:
                yield f"{slug}: the copies of assigned licences are behind their originals: {error}"


def _copy(opened: Open, slug: str, newer: Sequence[tuple[Archive, str]]) -> None:
    with opened(slug) as writer:
        for archive, object_id in newer:
            writer.copy(archive.object(object_id))
        writer.seal()


def _newer(home: Home, slug: str, object_id: str) -> tuple[Archive, str] | None:
    """The archive with later versions of the copy: the house's, or another client's."""
    mine = Archive(home.archive(slug)).object(object_id)
    in_house = HOUSE in home.clients and object_path(home.archive(HOUSE), object_id).is_dir()
    for other in [HOUSE] if in_house else home.clients:
        archive = Archive(home.archive(other))
        if other == slug or not object_path(archive.root, object_id).is_dir():
            continue
        with suppress(IntegrityError, OSError):  # `verify` reports the fault
            theirs = archive.object(object_id)
            head = theirs.path / mine.versions[-1] / "inventory.json"
            if len(theirs.versions) > len(mine.versions) and read_file(head) == mine.inventory:
                return archive, object_id
    return None


def _statement(home: Home, change: _Change, at: datetime, files: Mapping[str, bytes]) -> NewObject:
    """The person's statement. It does not tell a former client's archive who the licence is for now."""
    asset, made = change.entry.licence.asset, change.made
    given = bool(change.held or change.clients)
    is_stated = given or change.clients is not None
    name = home.clients[made.client].name if made.client in home.clients else None
    said: dict[str, object] = {
        "format": 1,
        "statement": "licensed for" if given else "assigned to nobody" if is_stated else "no longer for this client",
        "licence": change.entry.object_id,
        "client": made.client or None if given else None,
        "client_name": name if given else None,
        "by": made.by,
        "reason": made.reason if is_stated else None,
        "at": iso(at),
        "act": change.act,
        **({"rule": made.ruled["rule"]} if made.ruled and given else {}),
    }
    text = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False)
    return NewObject(
        kind="statements", date=at, provider=asset.provider, asset_id=asset.asset_id,
        identity=f"assignment:{text}", created=at,  # a rule and a person may say the same within a second
        files={"statement.json": text.encode(), **files},
    )  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """Where an original stands in its ledger: as fields for a ledger line, and as files that can be checked."""

    fields: Mapping[str, object]
    files: Mapping[str, bytes]


def _places(archive: Archive, entries: Sequence[CatalogueEntry]) -> dict[str, _Place]:
    """The ledger place of each licence's newest version, by object ID."""
    checkpoints = ledger_lines.checkpoint_files(archive.root / archive_words.CHECKPOINTS)
    newest = []
    for entry in entries:
        lines = (archive.line(*each) for each in reversed(entry.lines))
        newest.append(next(line for line in lines if "inventory_sha512" in line.fields))
    covering = [first_covering(checkpoints, line) for line in newest]
    wanted = [(line.seq, size) for line, (size, _, _) in zip(newest, covering, strict=True)]
    paths = inclusion_paths(archive.lines(), wanted)
    places = {}
    for entry, line, (size, note, tokens), path in zip(entries, newest, covering, paths, strict=True):
        stamps = {each.name.removeprefix(f"{note.name}.").removesuffix(".tsr"): read_file(each) for each in tokens}
        content = read_file(note)
        fields = {
            "original": {
                "checkpoint": size,
                "root": signed_notes.Note.parse(content).root.hex(),
                "line": line.seq,
                "line_sha256": line.hash,
                "path": [each.hex() for each in path],
                "tokens": {name: hashlib.sha256(stamp).hexdigest() for name, stamp in stamps.items()},
            }
        }
        proof = one_proof.InclusionProof(line.raw, line.seq, tuple(path), content)
        files = {"original.tlog-proof": proof.encode(), "original.note": content}
        stamped = {f"original.note.{name}.tsr": stamp for name, stamp in stamps.items()}
        places[entry.object_id] = _Place(fields, files | stamped)
    return places
