"""The JSON documents of `find --json` and `show --json`. Their keys are stable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from archiver.archive.checking.parts.archive_words import SCOPE_DATE
from archiver.archive.checking.parts.proven_dates import Dates
from archiver.archive.checking.parts.verify_report import ArchiveVerdict, newest
from archiver.archive.erasure import TOMBSTONE
from archiver.archive.reader import Archive
from archiver.archive.trusted_list import qualified_times
from archiver.catalogue.index import CatalogueEntry, ErasedEntry, Hit
from archiver.core.errors import IntegrityError
from archiver.core.model import iso
from archiver.reading.stated_values import stated_values

type FoundRow = dict[str, Any]
"""One licence in the form of `find --json`."""


def hits(
    client: str, archive: Archive, found: Iterable[Hit], proven: Dates, warn: Callable[[str], None] = lambda _: None
) -> list[FoundRow]:
    """The rows of `find --json`. `score` is 1 for a named id, below for words; dates are `iso` texts or None. `without`
    are the words of the search that a near miss lacks.

    `secured_documents` gives the date of each document, and `secured_since` that of the newest. A licence with a ledger
    line that does not hold has no date, and `warn` gets a sentence about it.
    """
    return [_row(client, archive, proven, hit, warn) for hit in found]


def secured(archive: Archive, entry: CatalogueEntry, proven: Dates) -> dict[str, str | None]:
    """Since when each document of a licence is secured; None if not yet. Without documents, the description counts.

    Raises IntegrityError for a ledger line that does not hold.
    """
    return archive.secured(entry.lines, _names(entry), proven)


def _names(entry: CatalogueEntry) -> list[str]:
    return [document.name for document in entry.file.documents] or ["licence.json"]


def by_date(documents: Mapping[str, str | None]) -> dict[str | None, list[str]]:
    """The names of documents by the date since which they are secured, oldest first; unsecured ones last."""
    found: dict[str | None, list[str]] = {}
    for name, since in documents.items():
        found.setdefault(since, []).append(name)
    return {since: found[since] for since in sorted(found, key=lambda since: (since is None, since or ""))}


def secured_in_words(row: Mapping[str, Any]) -> str:
    """A phrase that says since when the documents of a `find --json` row are secured, and what was checked for it."""
    return f"{in_words(row['secured_documents'])}, {ArchiveVerdict(row['state'], (row['scope'],))}"


def in_words(documents: Mapping[str, str | None]) -> str:
    """A phrase that says since when documents are secured."""
    dated = by_date(documents)
    if len(dated) == 1:
        (since,) = dated
        return f"secured since {since}" if since else "not yet secured by a timestamp"
    parts = [f"{since} ({', '.join(names)})" for since, names in dated.items() if since]
    missing = f"; not yet by a timestamp: {', '.join(dated[None])}" if None in dated else ""
    return f"secured since {' and '.join(parts)}{missing}"


def show(client: str, archive: Archive, entry: CatalogueEntry, proven: Dates) -> dict[str, Any]:
    """The JSON document of `show --json`: everything about one licence or comp, with its ledger lines.

    `gaps` gives for each missing kind of document the reason and, after a colon, the detail.
    """
    file, licence = entry.file, entry.licence
    history = [archive.line(*each).fields for each in entry.lines]
    row = _row(client, archive, proven, Hit(entry, None, 1.0), lambda _: None)
    return row | {
        "asset": dict(vars(licence.asset)),
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
                "secured_since": row["secured_documents"][document.name],
            }
            for document in file.documents
        ],
        "gaps": {gap.kind.value: gap.reason.value for gap in file.gaps},
        "gap_details": {gap.kind.value: gap.detail for gap in file.gaps if gap.detail},
        "stated": {name: vars(each) for name, each in stated_values(file).items()},
        "provenance": {name: value for name, value in file.provenance.items() if name != "imports"},
        "imports": list(file.provenance.get("imports", ())),
        "terms": [{"id": each.id, "relation": each.relation.value} for each in file.terms],
        "assignments": assignments(archive, entry),
        "recovered": [
            {"version": fields["version"], "line": fields["seq"], "at": fields["at"]}
            for fields in history
            if fields["type"] == "recovered"
        ],
        "qualified_times": [each._asdict() for each in qualified_times(archive.root, entry.lines[-1][0])],
        "history": history,
    }


def _assignment(archive: Archive, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A person's statement and its date; `held` is false if the licence was withdrawn."""
    statement: dict[str, object] = {}
    with suppress(IntegrityError):  # it can be erased separately; otherwise `verify` reports the fault
        statement = json.loads(archive.attested(fields["statement"]).read("statement.json"))
    return {name: statement.get(name) for name in ("client", "by", "reason", "at")} | {
        "held": fields.get("held") is not False,
        "statement": fields["statement"],
    }


def assignments(archive: Archive, entry: CatalogueEntry) -> list[dict[str, object]]:
    """What persons and rules stated of a licence's clients, oldest first."""
    lines = [archive.line(*each).fields for each in entry.lines]
    return [_assignment(archive, fields) for fields in lines if fields["type"] == "assign"]


def erased(client: str, archive: Archive, entry: ErasedEntry, proven: Dates) -> dict[str, object]:
    """The JSON document of `show --json` for an erased licence: its tombstone and its ledger lines."""
    search_terms = [f'"{key}":"{entry.object_id}"'.encode() for key in ("id", "erases")]
    places = [(each.seq, each.offset) for each in archive.lines() if any(needle in each.raw for needle in search_terms)]
    history = [archive.line(*each) for each in places]
    return {
        "licence": entry.short_id,
        "client": client,
        "state": "ERASED",
        "secured_since": proven.since(history[0].seq),
        "erased_at": entry.at,
        "reason": entry.reason,
        "tombstone": json.loads(archive.object(entry.tombstone).read(TOMBSTONE)),
        "history": [line.fields for line in history],
    }


def _row(client: str, archive: Archive, proven: Dates, hit: Hit, warn: Callable[[str], None]) -> FoundRow:
    entry, licence = hit.entry, hit.entry.licence
    try:
        documents, state = secured(archive, entry, proven), "PROVEN" if proven.since(entry.lines[-1][0]) else "UNPROVEN"
    except IntegrityError as error:
        documents, state = dict.fromkeys(_names(entry)), "UNPROVEN"
        warn(f"warning: {client}/{entry.folder} has no date: {error}")
    return {
        "licence": f"{client}/{entry.folder}",
        "client": client,
        "provider": licence.asset.provider,
        "asset_id": licence.asset.asset_id,
        "title": licence.asset.title,
        "file_name": entry.file_name,
        "kind": licence.kind,
        "media_type": licence.asset.media_type,
        "licensed_at": iso(licence.licensed_at),
        "licensee": licence.licensee,
        "match": hit.match,
        "score": hit.score,
        "without": list(hit.without),
        "secured_since": newest(documents.values()),
        "secured_documents": documents,
        "state": state,
        "scope": SCOPE_DATE,
    }
