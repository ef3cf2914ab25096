"""Erase an object's content visibly, and place legal holds on objects that must not be erased.

The content is removed. A tombstone, itself an OCFL object, keeps the digests. An `erasure` line in the ledger records
the tombstone and names the erased object. A missing object counts as erased only if that line exists.

A hold and its release are `statement` lines. The person's words are stored in the statement's object, which can itself
be erased.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from archiver.archive.checking.parts import archive_words, ocfl_object
from archiver.archive.ledger import Line
from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.core.errors import ConfigError, IntegrityError, LegalHold
from archiver.core.json_files import readable
from archiver.core.model import iso

REASONS = {
    "data_subject_request": "a person asked that data about them be erased",
    "retention_expired": "the time for which it was to be kept is over",
    "wrong_client": "it was archived for a client to whom it does not belong",
    "court_order": "a court or an authority ordered it",
    "other": "another reason, which the statement gives",
}
"""Classes of reasons that the ledger may contain. All further words belong in the statement."""

MARKS = {
    "data_subject_request": r"gdpr|dsgvo|ccpa|lgpd|data subject|right to erasure|right to be forgotten",
    "retention_expired": r"retention (period|expired|is over|time)|aufbewahrungsfrist",
    "wrong_client": r"wrong (client|customer|archive)",
    "court_order": r"court order|injunction|gerichtsbeschluss",
}
"""Words by which a reason in a person's own words names its class."""

LASTING = (f"{archive_words.URN}:tombstone:", f"{archive_words.URN}:terms:")
"""Prefixes of ids that are never erased: the objects have no personal data, and others refer to them."""

EVERYTHING = "all"
"""The scope of a hold on a whole archive, in place of an object's id."""

TOMBSTONE = "tombstone.json"
STATEMENT = "statement.json"


def statement_of(what: str, by: str, reason: str, now: datetime, **more: str) -> NewObject:
    """Return the object of what a person says: who says it, why, and when. Raises ConfigError without a name."""
    if not by.strip():
        raise ConfigError("A named person must decide this. Give a name with --by.")
    said = {"format": 1, "statement": what, "by": by.strip(), "reason": reason, "at": iso(now), **more}
    return NewObject(
        kind="statements",
        date=now,
        provider="archiver",
        asset_id=what,
        identity=f"{what}:{secrets.token_hex(16)}",
        files={STATEMENT: readable(said)},
        created=now,
    )


def tombstone_id(object_id: str) -> str:
    """Return the id of an object's tombstone: its folder's name, ended by another digest (that of its id)."""
    folder = object_id.rpartition(":")[2]
    return f"{archive_words.URN}:tombstone:{folder[:-8]}{sha256(object_id.encode()).hexdigest()[:8]}"


def tombstone(
    archive: Archive, object_id: str, *, reason: str, statement: str, identity_sha256: str | None, at: datetime
) -> bytes:
    """Return the content of `tombstone.json`, which is what remains of an object.

    `versions` lists for each version its ledger line, the inventory's digest, and the files. `intact` is false if the
    object was damaged, so that an erasure cannot hide damage. Raises IntegrityError if the object is missing in the
    ledger or on disk: a missing object cannot be erased.
    """
    needle = f'"id":"{object_id}"'.encode()
    lines = [line for line in archive.lines() if needle in line.raw and "inventory_sha512" in line.fields]
    place = object_path(archive.root, object_id)
    if not lines or not place.is_dir():
        raise IntegrityError(f"{object_id} is not in the archive, so there is nothing to erase")
    checked = ocfl_object.check_object(place)
    recorded = {line.fields["version"]: line.fields["inventory_sha512"] for line in lines}
    intact = checked.inventories == recorded and not any(finding.damage for finding in checked.findings)
    versions = {
        line.fields["version"]: {
            "seq": line.seq,
            "inventory_sha512": line.fields["inventory_sha512"],
            "files": _files(archive, object_id, line.fields["version"]),
        }
        for line in lines
    }
    described = {
        "format": 1,
        "erased": object_id,
        "erased_at": iso(at),
        "reason": reason,
        "statement": statement,
        "identity_sha256": identity_sha256,
        "intact": intact,
        "versions": versions,
    }
    return json.dumps(described, indent=1, sort_keys=True).encode() + b"\n"


def _files(archive: Archive, object_id: str, version: str) -> list[dict[str, str | int | None]]:
    """Return name, size and digest of a version's files, as far as a damaged object still shows them."""
    files = []
    with suppress(IntegrityError):
        for name, file in sorted(archive.object(object_id).files(version).items()):
            size = file.path.stat().st_size if file.path.is_file() else None
            files.append({"name": name, "bytes": size, "sha512": file.sha512})
    return files


def erasure_of(archive: Archive, object_id: str) -> Line | None:
    """Return the ledger line that records the erasure of an object."""
    needle = f'"erases":"{object_id}"'.encode()
    return next((line for line in archive.lines() if needle in line.raw and line.type == "erasure"), None)


# ---------------------------------------------------------------- legal holds


@dataclass(frozen=True)
class Hold:
    """A legal hold in force on `scope`: an object's id or EVERYTHING.

    `by` and `reason` are None if the statement was erased.
    """

    scope: str
    at: str
    statement: str
    by: str | None
    reason: str | None

    def covers(self, object_id: str) -> bool:
        return self.scope in (EVERYTHING, object_id) or self.statement == object_id

    def __str__(self) -> str:
        what = "the whole archive" if self.scope == EVERYTHING else self.scope.rpartition(":")[2]
        who = f"by {self.by} because: {self.reason}" if self.by else f"(statement {self.statement})"
        return f"{what} has been held since {self.at} {who}"


def holds(archive: Archive, lines: Iterable[Line] | None = None) -> list[Hold]:
    """Return the holds in force, oldest first. `lines`: these alone, if they are all that hold or release."""
    found: dict[str, Line] = {}
    for line in archive.lines() if lines is None else lines:
        if b'"type":"statement"' in line.raw:
            if "hold" in line.fields:
                found[str(line.id)] = line
            found.pop(str(line.fields.get("release")), None)
    return [_hold(archive, line) for line in found.values()]


def refuse_held(archive: Archive, object_id: str) -> None:
    """Raise LegalHold, with the holder and the date, if a hold is in force on the object."""
    for hold in holds(archive):
        if hold.covers(object_id):
            raise LegalHold(str(hold))


def _hold(archive: Archive, line: Line) -> Hold:
    said: Mapping[str, str] = {}
    with suppress(IntegrityError, ValueError):
        said = json.loads(archive.attested(str(line.id)).read(STATEMENT))
    return Hold(str(line.fields["hold"]), str(line.fields["at"]), str(line.id), said.get("by"), said.get("reason"))
