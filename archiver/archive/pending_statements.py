"""Statements that a killed command archived but did not record. The next run of the command uses them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress

from archiver.archive.erasure import STATEMENT
from archiver.archive.reader import Archive
from archiver.core.errors import IntegrityError

type Statements = Mapping[str, Mapping[str, object]]
"""Return the content of statements by their objects' ids."""

_WHEN = frozenset(("at", "act"))  # fields that differ when the same command runs again


def pending(archive: Archive, begun: str | None = None) -> Statements:
    """Return the statements that no ledger line uses: their command was killed before it recorded the rest.

    `begun`: also this one, of whose lines the command recorded some.
    """
    there: set[str] = set()
    used: set[str] = set()
    for line in archive.lines():
        if b":statement:" not in line.raw:
            continue
        if "inventory_sha512" in line.fields:
            there.add(str(line.id))
        else:
            used.add(str(line.id))
        used |= {str(line.fields.get(key)) for key in ("statement", "erases")}
    found: dict[str, Mapping[str, object]] = {}
    for object_id in there - (used - {begun}):
        with suppress(IntegrityError, ValueError):  # `verify` reports this damage
            found[object_id] = json.loads(archive.attested(object_id).read(STATEMENT))
    return found


def about(archive: Archive, account: str) -> Statements:
    """Return the statements about an account that the ledger records and that still exist."""
    found: dict[str, Mapping[str, object]] = {}
    for line in archive.lines():
        if b'"type":"statement"' in line.raw and line.fields.get("account") == account:
            with suppress(IntegrityError, ValueError):  # it may be erased
                found[str(line.id)] = json.loads(archive.attested(str(line.id)).read(STATEMENT))
    return found


def same(statements: Statements, said: Mapping[str, object]) -> str | None:
    """Return the id of an earlier statement with exactly this content, whenever it was made."""
    return next((object_id for object_id, each in statements.items() if _timeless(each) == _timeless(said)), None)


def _timeless(said: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in said.items() if key not in _WHEN}
