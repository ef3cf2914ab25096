"""Which client a licence is for, by rule or on a named person's word: copied into its archive, recorded in both.

The house archive keeps what shared accounts bought. An assignment copies the licence byte for byte, with the texts of
terms that it names, and a statement that holds the place of the original in its ledger, with that checkpoint's
timestamps: so the copy proves as early a date as the original. What is assigned to another client afterwards is
withdrawn from the first one; its archive keeps it, and neither search nor proof show it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import translate
from functools import cache
from typing import Any

from archiver.archive import verify
from archiver.archive.disclose import first_covering
from archiver.archive.reader import Archive
from archiver.archive.store import NewObject, object_path
from archiver.archive.tree import inclusion_paths
from archiver.archive.writer import ArchiveWriter
from archiver.catalogue.catalogue import Catalogue, Entry
from archiver.config import HOUSE, Account, Home, Rule
from archiver.domain import Licence, iso
from archiver.errors import ArchiverError, ConfigError, IntegrityError
from archiver.files import read_file
from archiver.reading.worker import DocumentReader

AT_ONCE = 8  # licences that are copied at once, so that they share the archive's durable writes
PROJECTS = ("project", "job")  # client hints by which platforms call a project
FOLDERS = ("folder", "collection", "board", "album")  # and the place where a picture was filed

type Open = Callable[[str], AbstractContextManager[ArchiveWriter]]
"""Opens a client's archive for writing."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Who says that a licence is for a client, and why. `also`: for the clients that it was for before, too.

    `ruled` is what the ledger says of an assignment by rule: `rule`, `reason` (the conditions that fitted), `rules`.
    """

    client: str
    by: str
    reason: str
    also: bool = False
    ruled: Mapping[str, str] | None = None


def assign(home: Home, opened: Open, entry: Entry, made: Assignment) -> None:
    """Record an assignment in the archives concerned, and seal each of them. Repeating it completes what broke off.

    ConfigError for an unknown client, the house, a comp, or no reason or person.
    """
    assign_all(home, opened, [(entry, made)])


@dataclass(frozen=True, kw_only=True)
class _Move:
    """One assignment on its way: from the archive that holds the original, past the clients it was for before."""

    entry: Entry
    made: Assignment
    client_name: str
    source: str
    before: frozenset[str]


def assign_all(home: Home, opened: Open, wanted: Iterable[tuple[Entry, Assignment]]) -> None:
    """Record many assignments: each archive concerned is opened and sealed once for each step. As `assign`."""
    wanted = list(wanted)
    names = [_checked(home, entry, made) for entry, made in wanted]
    if twice := [each for each, count in Counter(entry.short_id for entry, _ in wanted).items() if count > 1]:
        raise ConfigError(
            f"{twice[0]} is to be assigned twice at once. Say which of both, or add the second with --also."
        )
    with DocumentReader() as reader:
        held = holders(home, {entry.object_id for entry, _ in wanted}, reader)
    moves = []
    for (entry, made), name in zip(wanted, names, strict=True):
        there = held[entry.object_id]
        source = HOUSE if HOUSE in there else entry.client
        original = there.setdefault(source, entry)
        before = frozenset(there) - {HOUSE}
        moves.append(_Move(entry=original, made=made, client_name=name, source=source, before=before))
    places: dict[str, _Place] = {}
    for source, of_source in _by(moves, lambda move: [move.source]):
        with opened(source) as writer:
            writer.seal()  # the places in its ledger that are handed on lie under a checkpoint
        places |= _places(Archive(home.archive(source)), [move.entry for move in of_source])
    at = datetime.now(UTC)

    def given(move: _Move) -> NewObject:
        return _statement(move.entry, move.made, at, move.client_name, places[move.entry.object_id].files)

    def take(writer: ArchiveWriter, move: _Move) -> None:
        original, line = Archive(home.archive(move.source)), dict(places[move.entry.object_id].fields)
        if move.source == move.made.client:
            line = {}
        else:
            for terms in move.entry.file.terms:
                writer.copy(original.object(terms.id))
            writer.copy(original.object(move.entry.object_id))
        _record(writer, move, given(move), held=True, **line)

    def withdraw(writer: ArchiveWriter, move: _Move) -> None:
        _record(writer, move, _statement(move.entry, move.made, at, None, {}), held=False)

    def note(writer: ArchiveWriter, move: _Move) -> None:
        now = sorted({move.made.client, *(move.before if move.made.also else ())})
        _record(writer, move, given(move), clients=now, **places[move.entry.object_id].fields)

    steps: list[tuple[Callable[[_Move], Iterable[str]], Callable[[ArchiveWriter, _Move], None]]] = [
        (lambda move: [move.made.client], take),
        (lambda move: () if move.made.also else move.before - {move.made.client}, withdraw),
        (lambda move: [HOUSE] if move.source == HOUSE else (), note),
    ]
    for whose, step in steps:
        for slug, concerned in _by(moves, whose):
            with opened(slug) as writer, ThreadPoolExecutor(AT_ONCE) as threads:
                list(threads.map(step, [writer] * len(concerned), concerned))
                writer.seal()


def _checked(home: Home, entry: Entry, made: Assignment) -> str:
    """The client's name, where the assignment can be made."""
    client = home.client(made.client)
    if client.slug == HOUSE:
        raise ConfigError("The house archive is nobody's: name the client that the licence is for.")
    if not made.reason.strip() or not made.by.strip():
        raise ConfigError("An assignment needs a reason and the person who says so: --reason TEXT --by NAME.")
    if entry.licence.comp:
        raise ConfigError(f"{entry.short_id} is a preview download (comp), which grants nothing to assign.")
    return client.name


def holders(home: Home, object_ids: Iterable[str], reader: DocumentReader) -> dict[str, dict[str, Entry]]:
    """For each licence the archives that hold it and are not withdrawn from, by client; the house's among them."""
    found: dict[str, dict[str, Entry]] = {object_id: {} for object_id in object_ids}
    for slug in home.clients:
        archive = Archive(home.archive(slug))
        there = [each for each in found if object_path(archive.root, each).is_dir()]
        if there:
            with Catalogue(home.catalogue(slug)) as catalogue:
                catalogue.catch_up(archive, reader)
                for object_id in there:
                    entry = catalogue.of_object(object_id)
                    if entry and (entry.held or slug == HOUSE):  # the house keeps what it gave away
                        found[object_id][slug] = entry
    return found


def _by(moves: Iterable[_Move], whose: Callable[[_Move], Iterable[str]]) -> Iterator[tuple[str, list[_Move]]]:
    """The moves by the archives that they concern, in the order of their names."""
    groups: dict[str, list[_Move]] = {}
    for move in moves:
        for slug in whose(move):
            groups.setdefault(slug, []).append(move)
    yield from sorted(groups.items())


# ---------------------------------------------------------------- by rule


def fitting(rules: Iterable[Rule], licence: Licence) -> list[tuple[Rule, Mapping[str, str]]]:
    """The rules that a licence fits, each with what fits in words, by the name of the condition. Pure."""
    return [(rule, why) for rule in rules if (why := _fits(rule, licence))]


def _fits(rule: Rule, licence: Licence) -> dict[str, str]:
    """What fits a rule, by the name of the condition; nothing where one condition does not."""
    hints = licence.client_hints
    asked: list[tuple[str, str | None, list[tuple[str, str]]]] = [
        ("hint", rule.hint, list(hints.items())),
        *(("hints", pattern, [(name, hints.get(name, ""))]) for name, pattern in rule.hints.items()),
        ("project", rule.project, [(name, hints[name]) for name in PROJECTS if name in hints]),
        ("folder", rule.folder, [(name, hints[name]) for name in FOLDERS if name in hints]),
        ("seat", rule.seat, [("seat", licence.seat or "")]),
        ("title", rule.title, [("title", licence.asset.title or "")]),
    ]
    why: dict[str, str] = {}
    for condition, pattern, values in asked:
        if pattern is not None:
            found = next((each for each in values if each[1] and _pattern(pattern).match(each[1].casefold())), None)
            if found is None:
                return {}
            why[condition] = f"{why[condition]}; " if condition in why else ""
            why[condition] += f"{found[0]} is {found[1]!r}"
    if rule.since or rule.until:
        on = licence.licensed_at.date() if isinstance(licence.licensed_at, datetime) else licence.licensed_at
        if on is None or not (rule.since or date.min) <= on <= (rule.until or date.max):
            return {}
        why["dates"] = f"licensed on {on}"
    return why


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.casefold().replace("[", "[[]")))


def rules_digest(rules: Sequence[Rule]) -> str:
    """What changes whenever a rule does; 16 hex digits."""
    return hashlib.sha256(json.dumps([each.model_dump(mode="json") for each in rules]).encode()).hexdigest()[:16]


def follow_rules(home: Home, opened: Open) -> Iterator[str]:
    """Assign what the rules of shared accounts say, where no person said anything; yields what a person should know.

    A licence that fits rules for two clients is assigned to nobody. What a rule assigned, changed rules may assign
    anew; what a named person said stays. Doing it again changes nothing.
    """
    ruled = [account for account in home.client(HOUSE).accounts if account.rules] if HOUSE in home.clients else []
    if not ruled:
        return
    wanted: list[tuple[Entry, Assignment]] = []
    with DocumentReader() as reader, Catalogue(home.catalogue(HOUSE)) as catalogue:
        catalogue.catch_up(Archive(home.archive(HOUSE)), reader)
        for account in ruled:
            digest, several = rules_digest(account.rules), list[Entry]()
            for entry in catalogue.of_account(account.name):
                said = entry.assigned
                if said is not None and (not said.get("rule") or said.get("rules") == digest):
                    continue
                fits = fitting(account.rules, entry.licence)
                clients = {rule.client for rule, _ in fits}
                if len(clients) > 1:
                    several.append(entry)
                elif clients and not (said and said.get("clients") == [*clients]):
                    wanted.append((entry, _by_rule(account, digest, *fits[0])))
            if several:
                some = ", ".join(entry.short_id for entry in several[:3])
                yield (
                    f"{account.name}: {len(several)} licences fit rules for more than one client and were assigned to "
                    f"nobody, among them {some}. See them with `archiver unassigned`."
                )
    for slug in sorted({made.client for _, made in wanted}):
        try:  # each client for itself: one archive that is held or damaged does not stop the others
            assign_all(home, opened, [(entry, made) for entry, made in wanted if made.client == slug])
        except (ArchiverError, OSError) as error:
            yield f"{slug}: not all that the rules say was assigned, and the next run tries it again: {error}"


def _by_rule(account: Account, digest: str, rule: Rule, why: Mapping[str, str]) -> Assignment:
    ruled = {"rule": rule.name, "reason": "+".join(why), "rules": digest}
    by = f"rule {rule.name} of the account {account.name}"
    return Assignment(client=rule.client, by=by, reason="; ".join(why.values()), ruled=ruled)


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
            if len(theirs.versions) > len(mine.versions) and read_file(head) == mine.inventory:
                return archive, object_id
        except (IntegrityError, OSError):  # `verify` names what is wrong there
            continue
    return None


def _record(writer: ArchiveWriter, move: _Move, statement: NewObject, **fields: object) -> None:
    stored = writer.put(statement).result()
    writer.append("assign", id=move.entry.object_id, statement=stored.object_id, **(move.made.ruled or {}), **fields)


def _statement(
    entry: Entry, made: Assignment, at: datetime, client_name: str | None, files: Mapping[str, bytes]
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
        **({"rule": made.ruled["rule"]} if made.ruled and client_name else {}),
    }
    text = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False)
    return NewObject(
        kind="statements", date=at, provider=asset.provider, asset_id=asset.asset_id,
        identity=f"assignment:{text}", created=at,  # a rule and a person may say the same within a second
        files={"statement.json": text.encode(), **files},
    )  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """Where an original stands in its ledger: fields for a ledger line, and the same as files that can be checked."""

    fields: Mapping[str, Any]
    files: Mapping[str, bytes]


def _places(archive: Archive, entries: Sequence[Entry]) -> dict[str, _Place]:
    """The place of each licence's newest version, by object id."""
    checkpoints = verify.checkpoint_files(archive.root / verify.CHECKPOINTS)
    newest = [
        [line for line in (next(archive.lines(offset=offset)) for _, offset in entry.lines) if _records(line.fields)][
            -1
        ]
        for entry in entries
    ]
    covering = [first_covering(checkpoints, line) for line in newest]
    wanted = [(line.seq, size) for line, (size, _, _) in zip(newest, covering, strict=True)]
    paths = inclusion_paths(archive.lines(), wanted)
    places = {}
    for entry, line, (size, note, tokens), path in zip(entries, newest, covering, paths, strict=True):
        stamps = {each.name[len(note.name) + 1 : -len(".tsr")]: read_file(each) for each in tokens}
        content = read_file(note)
        fields = {
            "original": {
                "checkpoint": size,
                "root": verify.Note.parse(content).root.hex(),
                "line": line.seq,
                "line_sha256": line.hash,
                "path": [each.hex() for each in path],
                "tokens": {name: hashlib.sha256(stamp).hexdigest() for name, stamp in stamps.items()},
            }
        }
        proof = verify.InclusionProof(line.raw, line.seq, tuple(path), content)
        files = {"original.tlog-proof": proof.encode(), "original.note": content}
        stamped = {f"original.note.{name}.tsr": stamp for name, stamp in stamps.items()}
        places[entry.object_id] = _Place(fields, files | stamped)
    return places


def _records(fields: Mapping[str, Any]) -> bool:
    return "inventory_sha512" in fields
