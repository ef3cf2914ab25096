"""Erase content, and put content under legal hold. A named person decides both."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NotRequired, TypedDict

from archiver.archive import pending_statements
from archiver.archive.erasure import (
    EVERYTHING,
    LASTING,
    MARKS,
    REASONS,
    STATEMENT,
    Hold,
    erasure_of,
    holds,
    refuse_held,
    statement_of,
)
from archiver.archive.ocfl import object_path
from archiver.archive.reader import Archive
from archiver.archive.writer import ArchiveWriter, unfinished
from archiver.catalogue.archives import writing
from archiver.catalogue.index import Catalogue, identity_digest
from archiver.core.errors import ConfigError, IntegrityError, Remedy
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.licence_json import from_json
from archiver.reading.worker import DocumentReader

NOT_REACHED = (
    "Backups and other copies of this archive: erase there too. After a restore from a backup, erase again.",
    "Proof packs and other files that you gave away, and working papers in work/.",
    "The disk itself: old bytes may stay on an SSD, in a snapshot or in a journal. Secure deletion is not promised.",
    "Logs, pages and documents in state/: they are deleted when their time is over, or when you remove them.",
    "The ledger, and the checkpoints of witnesses: they hold no content and name nobody.",
)
"""What an erasure does not reach. Every erasure prints it."""


def named_object(home: Home, name: str) -> tuple[str, str]:
    """The client and the id of the one erasable object that a short id, or a unique part of it, names.

    An erased object counts too. ConfigError if no object or several objects match.
    """
    client, _, part = name.rpartition("/")
    slugs = [home.client(client).slug] if client else list(home.clients)
    found: list[tuple[str, str]] = []
    for slug in slugs:
        ids = {str(line.id) for line in Archive(home.archive(slug)).lines() if "inventory_sha512" in line.fields}
        ids = {each for each in ids if not each.startswith(LASTING)}
        exact = {each for each in ids if part in (each, each.rpartition(":")[2])}
        found += [(slug, each) for each in sorted(exact or {each for each in ids if part.lower() in each.lower()})]
    if not found:
        raise ConfigError(f"Nothing in this archive matches {name!r}.", remedy=Remedy("find"))
    if len(found) > 1:
        some = ", ".join(f"{slug}/{each.rpartition(':')[2]}" for slug, each in found[:5])
        raise ConfigError(f"{name!r} matches more than one object, among them {some}. Give more of the name.")
    return found[0]


def reason_of(text: str) -> tuple[str, str]:
    """Split a reason into its class and text: `CLASS`, `CLASS: TEXT`, or any other text.

    Other text, such as `GDPR`, is kept whole. Its class is the one that it names, or `other` if it names none or two.
    """
    code, _, words = text.partition(":")
    code = "_".join(re.split(r"[\s_-]+", code.strip().casefold()))  # a variant spelling must not become `other` forever
    if code in REASONS:
        return code, words.strip()
    plain = " ".join(re.split(r"[\s_-]+", text.casefold()))
    named = [each for each, marks in MARKS.items() if re.search(rf"\b({marks})\b", plain)]
    return (named[0] if len(named) == 1 else "other"), text.strip()


# ---------------------------------------------------------------- erasing


class ErasureRow(TypedDict):
    """What an erasure removes, or removed, as the document of `erase --json`."""

    licence: str
    client: str
    object: str
    outcome: str
    files: list[str]
    bytes: int
    reason: str | None
    tombstone: str | None
    not_reached: list[str]
    statement: NotRequired[str]  # of what was erased now


class HoldRow(TypedDict):
    """A hold in force; `by` and `reason` are None if its statement was erased."""

    scope: str
    since: str
    by: str | None
    reason: str | None
    statement: str


class HoldsRow(TypedDict):
    """What was held or released, and the holds that are in force now, as the document of `hold --json`."""

    client: str
    scope: str
    outcome: str
    statement: str
    holds: list[HoldRow]


def plan(home: Home, name: str) -> ErasureRow:
    """What an erasure would remove, as the document of `erase --json`. LegalHold if a hold forbids it; IntegrityError
    if the object is missing."""
    slug, object_id = named_object(home, name)
    archive = Archive(home.archive(slug))
    refuse_held(archive, object_id)
    place, before = object_path(archive.root, object_id), erasure_of(archive, object_id)
    if not before and not place.exists():
        raise IntegrityError(f"{place.name} is missing, so it cannot be erased")
    files = [path for path in place.rglob("*") if path.is_file() and path.parent.name == "content"]
    return {
        "licence": f"{slug}/{object_id.rpartition(':')[2]}",
        "client": slug,
        "object": object_id,
        "outcome": "already_erased" if before and not place.exists() else "would_erase",
        "files": sorted(path.relative_to(place).as_posix() for path in files),
        "bytes": sum(path.stat().st_size for path in files),
        "reason": before.fields["reason"] if before else None,
        "tombstone": before.id if before else None,
        "not_reached": [*_beside(home, slug, object_id), *NOT_REACHED],
    }


def _beside(home: Home, slug: str, object_id: str) -> list[str]:
    """Sentences about other places in this home that hold the same content."""
    archive, papers = Archive(home.archive(slug)), set()
    with suppress(IntegrityError):
        imports = from_json(archive.object(object_id).read("licence.json")).provenance.get("imports", ())
        papers = {str(each["held_in"]) for each in imports if each.get("held_in")}
    there = [held.rpartition(":")[2] for held in sorted(papers) if object_path(archive.root, held).exists()]
    others = [each for each in home.clients if each != slug and object_path(home.archive(each), object_id).exists()]
    texts = [f"{slug}/{folder}: a document about several licences, including this one" for folder in there]
    texts += [f"{each}/{object_id.rpartition(':')[2]}: its copy in another archive" for each in others]
    return [f"{text}. Erase it too." for text in texts]


def erase(home: Home, vault: Vault, name: str, *, reason: str, by: str) -> tuple[ErasureRow, tuple[str, ...]]:
    """Erase one object's content for good. Returns the document of `erase --json` and the warnings of the seal.

    An erased object stays as it is. If a restore brought its content back, that is erased again. LegalHold if a hold
    forbids it; ConfigError without a reason or a person's name.
    """
    if not reason.strip():
        raise ConfigError("An erasure needs a reason. Give it with --reason.")
    done = plan(home, name)
    code, words = reason_of(reason)
    slug, object_id = done["client"], done["object"]
    if done["outcome"] == "already_erased" and not unfinished(home.archive(slug)):
        return done, ()
    with writing(home, vault, slug) as archive:
        refuse_held(archive.reader, object_id)
        if before := erasure_of(archive.reader, object_id):
            code, statement = before.fields["reason"], str(before.fields["statement"])
        else:
            statement = state(archive, "erasure", by, words, object=object_id, reason_class=code)
        stored = archive.erase(
            object_id, reason=code, statement=statement, identity_sha256=identity(archive.reader, object_id)
        ).result()
        warnings = archive.seal().warnings
        home.erase_set_aside(object_id)
        with Catalogue(home.catalogue(slug)) as catalogue, DocumentReader() as reader:
            catalogue.catch_up(archive.reader, reader)
    again = "already_erased" if done["outcome"] == "already_erased" else "erased_again"
    outcome = again if stored.already else "erased"
    line = erasure_of(Archive(home.archive(slug)), object_id)
    done |= {
        "outcome": outcome, "reason": line.fields["reason"] if line else code, "tombstone": stored.object_id,
        "statement": statement,
    }  # fmt: skip
    return done, warnings


def identity(archive: Archive, object_id: str) -> str | None:
    """The digest by which later runs recognise the licence; None if the object is not a readable licence."""
    with suppress(IntegrityError):
        return identity_digest(from_json(archive.object(object_id).read("licence.json")).licence.identity)
    return None


def state(archive: ArchiveWriter, what: str, by: str, reason: str, *, begun: str | None = None, **more: str) -> str:
    """Archive a person's statement and return its id. The same statement of a killed command is used again, also the
    one that it has `begun` to record.
    """
    new = statement_of(what, by, reason, datetime.now(UTC), **more)
    said = json.loads(new.files[STATEMENT])
    if left := pending_statements.same(pending_statements.pending(archive.reader, begun), said):
        return left
    return archive.put(new).result().object_id


# ---------------------------------------------------------------- legal holds


# many parameters: the options of its command; none has a default, so that nothing is held unsaid
def hold(
    home: Home, vault: Vault, *, name: str | None, client: str | None, by: str, reason: str | None, release: bool
) -> tuple[HoldsRow, tuple[str, ...]]:
    """Put one object or a client's whole archive under legal hold, or release all holds on exactly that.

    Returns the document of `hold --json` and the warnings of the seal. Repeating a call changes nothing. ConfigError if
    there is nothing to hold or release.
    """
    if (name is None) == (client is None):
        raise ConfigError("Name either a licence, or a whole archive with --client.")
    if not (release or (reason or "").strip()):
        raise ConfigError("A hold needs a reason. Give it with --reason.")
    slug, scope = named_object(home, name) if name else (home.client(client or "").slug, EVERYTHING)
    there = Archive(home.archive(slug))
    before, former = [each for each in holds(there) if each.scope == scope], released(there, scope)
    if release and not before and not former:
        raise ConfigError(f"{name or client} has no legal hold to release.")
    if not release and erasure_of(there, scope):
        raise ConfigError(f"{name} was erased, so it cannot be held.")
    by = by.strip()
    with writing(home, vault, slug) as archive:
        if release:
            statement = _release(archive, before, by, reason or "", begun=former) if before else str(former)
        elif same := next((each for each in before if (each.by, each.reason) == (by, reason)), None):
            statement = same.statement
        else:
            statement = _hold(archive, scope, by, reason or "")
        warnings = archive.seal().warnings
        now = [each for each in holds(archive.reader) if scope == EVERYTHING or each.covers(scope)]
    return {
        "client": slug,
        "scope": scope,
        "outcome": "released" if release else "held",
        "statement": statement,
        "holds": [described(each) for each in now],
    }, warnings


def hold_all(
    home: Home, vault: Vault, names: Sequence[str], *, by: str, reason: str, release: bool = False
) -> tuple[list[str], tuple[str, ...]]:
    """Put several licences under legal hold, or release the holds on exactly them. Each archive is sealed once.

    Returns the short ids of those that changed, and the warnings of the seals. What is held already stays as it is.
    ConfigError as in `hold`.
    """
    if not (release or reason.strip()):
        raise ConfigError("A hold needs a reason. Give it with --reason.")
    scopes: dict[str, list[str]] = {}
    for slug, object_id in dict.fromkeys(named_object(home, name) for name in names):
        scopes.setdefault(slug, []).append(object_id)
    changed, warnings = list[str](), list[str]()
    for slug, objects in scopes.items():
        there = Archive(home.archive(slug))
        held = {scope: [each for each in holds(there) if each.scope == scope] for scope in objects}
        todo = [scope for scope in objects if bool(held[scope]) is release and not erasure_of(there, scope)]
        if not todo:
            continue
        with writing(home, vault, slug) as archive:
            for scope in todo:
                if release:
                    _release(archive, held[scope], by.strip(), reason, begun=released(there, scope))
                else:
                    _hold(archive, scope, by.strip(), reason)
            warnings += archive.seal().warnings
        changed += [f"{slug}/{scope.rpartition(':')[2]}" for scope in todo]
    return changed, tuple(warnings)


def _hold(archive: ArchiveWriter, scope: str, by: str, reason: str) -> str:
    """Record a hold; the id of its statement."""
    statement = state(archive, "hold", by, reason, scope=scope)
    archive.append("statement", id=statement, hold=scope)
    return statement


def _release(archive: ArchiveWriter, holds: Sequence[Hold], by: str, reason: str, *, begun: str | None) -> str:
    """Record the release of these holds, which are on the same scope; the id of its statement.

    `begun`: the statement of a killed command that released others on it.
    """
    statement = state(archive, "release", by, reason, begun=begun, scope=holds[0].scope)
    for each in holds:
        archive.append("statement", id=statement, release=each.statement)
    return statement


def released(archive: Archive, scope: str) -> str | None:
    """The id of the newest statement that released a hold on exactly this; None if none did since the last hold."""
    held: set[str] = set()
    newest = None
    for line in archive.lines():
        if b'"type":"statement"' in line.raw:
            if line.fields.get("hold") == scope:
                held.add(str(line.id))
                newest = None
            newest = line.id if line.fields.get("release") in held else newest
    return newest


def described(each: Hold) -> HoldRow:
    """A hold in force, in the form of `--json`."""
    return {"scope": each.scope, "since": each.at, "by": each.by, "reason": each.reason, "statement": each.statement}
