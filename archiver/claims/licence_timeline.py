"""What happened to a licence, oldest first: licensed, archived, secured, renewed, assigned, held, used in claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from archiver.archive.erasure import Hold, holds
from archiver.archive.reader import Archive
from archiver.catalogue.index import Catalogue
from archiver.claims import claim_files
from archiver.core.model import iso
from archiver.home.settings import Home

LINES = {"version": "renewed", "recovered": "recovered", "redaction": "redacted"}


@dataclass(frozen=True, kw_only=True)
class LicenceEvent:
    """One event: `at` is an ISO date or moment, `what` its kind, `who` and `note` are a person's words.

    `letter` is the date of a claim's letter, which may be long before the claim was added here.
    """

    at: str
    what: str
    who: str = ""
    note: str = ""
    claim: str = ""
    letter: str = ""


def holds_on(archive: Archive, catalogue: Catalogue, object_id: str) -> list[Hold]:
    """The legal holds in force on a licence."""
    return [each for each in holds(archive, catalogue.hold_lines(archive)) if each.covers(object_id)]


def timeline(home: Home, facts: Mapping[str, Any], held: Iterable[Hold]) -> list[LicenceEvent]:
    """The events of the licence that `show --json` describes (`facts`)."""
    events = []
    if facts["licensed_at"]:
        events.append(LicenceEvent(at=facts["licensed_at"], what="licensed", note=facts["licensee"] or ""))
    recorded = [line for line in facts["history"] if "inventory_sha512" in line]
    if recorded:
        events.append(LicenceEvent(at=str(recorded[0]["at"]), what="archived"))
    events += [
        LicenceEvent(at=str(line["at"]), what=LINES[line["type"]]) for line in facts["history"] if line["type"] in LINES
    ]
    if facts["secured_since"]:
        events.append(LicenceEvent(at=facts["secured_since"], what="secured"))
    for each in facts["assignments"]:
        what = "withdrawn" if not each["held"] else "assigned" if each["client"] else "unassigned"
        events.append(LicenceEvent(at=each["at"] or "", what=what, who=each["by"] or "", note=each["reason"] or ""))
    events += [LicenceEvent(at=each.at, what="held", who=each.by or "", note=each.reason or "") for each in held]
    for claim in claim_files.all_claims(home):
        if facts["licence"].rpartition("/")[2] in {name.rpartition("/")[2] for name in claim.licences}:
            letter, sender = iso(claim.dated) or "", claim.claimant or ""
            earlier = iso(claim.came or claim.dated) or ""  # claims of earlier versions have no events
            at = claim.events[0].at if claim.events else earlier
            events.append(LicenceEvent(at=at, what="claimed", who=sender, claim=claim.claim, letter=letter))
    return sorted(events, key=lambda each: (not each.at, each.at))
