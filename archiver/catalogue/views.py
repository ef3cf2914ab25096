"""The documents of `find --json` and `show --json`, with their stable keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from archiver.archive.erasure import TOMBSTONE
from archiver.archive.reader import Archive
from archiver.archive.verify import Dates, dates
from archiver.catalogue.catalogue import Entry, ErasedEntry, Hit
from archiver.domain import iso
from archiver.errors import IntegrityError


def hits(client: str, archive: Archive, found: Iterable[Hit]) -> list[dict[str, Any]]:
    """The rows of `find --json`. `score` is 1 for a named id, below for words; dates are `iso` texts or None."""
    proven = dates(archive.root)
    return [_row(client, proven, hit.entry, hit.match, hit.score) for hit in found]


def show(client: str, archive: Archive, entry: Entry) -> dict[str, Any]:
    """The document of `show --json`: everything about one licence or comp, with its lines of the ledger.

    `gaps` gives for each missing kind of document the reason and, after a colon, the detail.
    """
    file, licence = entry.file, entry.licence
    asset = licence.asset
    history = [next(archive.lines(offset=offset)).fields for _, offset in entry.lines]
    return _row(client, dates(archive.root), entry, None, 1.0) | {
        "asset": {
            "provider": asset.provider,
            "asset_id": asset.asset_id,
            "title": asset.title,
            "contributor": asset.contributor,
            "media_type": asset.media_type,
        },
        "seat": licence.seat,
        "plan": licence.plan,
        "plan_ends": iso(licence.plan_ends),
        "order": licence.order,
        "client_hints": dict(licence.client_hints),
        "documents": [
            {
                "name": document.name,
                "kind": document.kind.value,
                "media_type": document.media_type,
                "bytes": document.bytes,
                "sha512": document.sha512,
                "source": document.url,
            }
            for document in file.documents
        ],
        "gaps": {gap.kind.value: gap.reason.value for gap in file.gaps},
        "gap_details": {gap.kind.value: gap.detail for gap in file.gaps if gap.detail},
        "provenance": {name: value for name, value in file.provenance.items() if name != "imports"},
        "imports": list(file.provenance.get("imports", ())),
        "terms": [{"id": each.id, "relation": each.relation.value} for each in file.terms],
        "assignments": [_assignment(archive, fields) for fields in history if fields["type"] == "assign"],
        "recovered": [
            {"version": fields["version"], "line": fields["seq"], "at": fields["at"]}
            for fields in history
            if fields["type"] == "recovered"
        ],
        "history": history,
    }


def _assignment(archive: Archive, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a person stated, and since when that is so; `held` is false where a licence was withdrawn."""
    statement: dict[str, Any] = {}
    with suppress(IntegrityError):  # it can be erased by itself; else `verify` names the fault
        statement = json.loads(archive.object(fields["statement"]).read("statement.json"))
    return {name: statement.get(name) for name in ("client", "by", "reason", "at")} | {
        "held": fields.get("held") is not False,
        "statement": fields["statement"],
    }


def erased(client: str, archive: Archive, entry: ErasedEntry) -> dict[str, Any]:
    """The document of `show --json` for what was erased: what its tombstone says, and its lines of the ledger."""
    needles = [f'"{key}":"{entry.object_id}"'.encode() for key in ("id", "erases")]
    history = [line for line in archive.lines() if any(needle in line.raw for needle in needles)]
    return {
        "licence": entry.short_id,
        "client": client,
        "state": "ERASED",
        "secured_since": dates(archive.root).since(history[0].seq),
        "erased_at": entry.at,
        "reason": entry.reason,
        "tombstone": json.loads(archive.object(entry.tombstone).read(TOMBSTONE)),
        "history": [line.fields for line in history],
    }


def _row(client: str, proven: Dates, entry: Entry, match: str | None, score: float) -> dict[str, Any]:
    licence = entry.licence
    first, last = entry.lines[0][0], entry.lines[-1][0]
    return {
        "licence": f"{client}/{entry.folder}",
        "client": client,
        "provider": licence.asset.provider,
        "asset_id": licence.asset.asset_id,
        "title": licence.asset.title,
        "kind": licence.kind,
        "licensed_at": iso(licence.licensed_at),
        "licensee": licence.licensee,
        "match": match,
        "score": score,
        "secured_since": proven.since(first),
        "state": "PROVEN" if proven.since(last) else "UNPROVEN",
    }
