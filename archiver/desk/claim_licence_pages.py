"""Find the licence of a claim, choose it, and assign it to the claim's client."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.catalogue import assigning, search
from archiver.catalogue.assignment import Assignment, Loss
from archiver.catalogue.index import CatalogueEntry, ErasedEntry
from archiver.claims import claim_files, claim_life
from archiver.claims.assessment import AssessedLicence
from archiver.claims.claim_files import Claim
from archiver.claims.rule_engine import Verdict
from archiver.core.errors import ConfigError, IntegrityError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.claim_pack_pages import assessed_for, keep_verdict, worst_verdict
from archiver.desk.kept_searches import Search
from archiver.reading.worker import DocumentReader


def licences_of(visit: PageRequest, claim: Claim) -> list[tuple[CatalogueEntry | ErasedEntry, bool]]:
    """The claim's licences, and whether each is in the archive of the claim's client."""
    with DocumentReader() as reader:
        found = [search.named(visit.home, each, reader, prefer=claim.client) for each in claim.licences]
    return [(entry, slug == claim.client) for slug, entry in found]


@dataclass(frozen=True)
class JudgedLicences:
    """A claim's licences, and the assessments of those that a person chose.

    With `damage`, the archive with them cannot be read: both are empty, and `verdict` is the last one that was kept.
    """

    entries: Sequence[tuple[CatalogueEntry | ErasedEntry, bool]]
    assessed: Sequence[AssessedLicence]
    verdict: Verdict | None
    damage: str = ""

    @property
    def own(self) -> bool:
        """Whether all are in the archive of the claim's client."""
        return all(own for _, own in self.entries)


def judged(visit: PageRequest, claim: Claim) -> JudgedLicences:
    """The claim's licences with their verdicts. A damaged archive hides only them, because the claim is not in it."""
    kept = Verdict(claim.verdict) if claim.verdict else None
    try:
        entries = licences_of(visit, claim)
        compared = claim.confirmed and not set(claim.licences) <= set(claim.probable)
        there = [entry.short_id for entry, _ in entries if isinstance(entry, CatalogueEntry)]  # the others were erased
        assessed = [assessed_for(visit, claim, name) for name in there] if compared else []
        return JudgedLicences(entries, assessed, worst_verdict(assessed))
    except IntegrityError as error:
        return JudgedLicences((), (), kept, str(error))
    except (ConfigError, OSError):  # no licence has this name, or no file can be opened: so it is in an archive's ruins
        places = {claim.client, *(each.partition("/")[0] for each in claim.licences)}
        damage = next((fault for slug, fault in visit.desk.faults().items() if slug in places), "")
        if not damage:
            raise
        return JudgedLicences((), (), kept, damage)


def searched(visit: PageRequest, claim: Claim, given: tuple[bytes, str] | None = None) -> Search | None:
    """The search for the claim's pictures, kept until the archives change; None if the claim has no picture.

    With several pictures it stops at the first one with a match. `given` is another picture, which replaces them.
    """
    key, state = f"{visit.visitor.name} claim-{claim.claim}", visit.desk.state_of(visit.home, claim.client)
    with suppress(HTTPException):  # nothing is kept
        kept: Search = visit.desk.kept(key)
        if given is None and kept.state == state:
            return kept
        given = given or ((kept.content, kept.name) if kept.other else None)
    folder = claim_files.folder(visit.home, claim.claim)
    pictures = [given] if given else [((folder / name).read_bytes(), name) for name in claim.pictures]
    found = None
    for content, name in pictures:
        messages: list[str] = []
        matches = visit.desk.look_for(content, name, claim.client, warn=messages.append)
        found = Search(name, content, claim.client, matches, messages, state=state, other=given is not None)
        if found.found.rows:
            break
    if found:
        visit.desk.keep(key, len(found.content) + 12_000_000, found)
    return found


def found_by_words(visit: PageRequest, claim: Claim, text: str) -> list[dict[str, Any]]:
    """The licences that a search by words finds for a claim, the best first."""
    used_on = partial(claim_files.licences_by_page, visit.home)
    return search.find(visit.home, text, client=claim.client, limit=20, used_on=used_on)


def match(visit: PageRequest) -> Response:
    """Search with another picture that the person uploads."""
    claim = visit.claim()
    if given := visit.upload("picture"):
        searched(visit, claim, given)
    return visit.to("claim", claim.claim, other="1")


def none(visit: PageRequest) -> Response:
    """Record that the person found no licence in this archive."""
    claim = visit.claim()
    claim_life.no_licence(visit.home, claim, by=visit.visitor.name)
    visit.log_action("no licence found", claim.claim)
    return visit.to("claim", claim.claim)


def choose(visit: PageRequest) -> Response:
    """Record which licence the person chose."""
    claim = visit.claim()
    with DocumentReader() as reader, search.located(visit.home, visit.given("licence"), reader) as (_, _, entry):
        pass
    kept = claim.licences if visit.given("also") else ()
    claim_files.with_licences(visit.home, claim, [*kept, entry.short_id], by=visit.visitor.name)
    keep_verdict(visit)
    visit.log_action("licence chosen", claim.claim, licence=entry.short_id)
    return visit.to("claim", claim.claim)


def assign(visit: PageRequest) -> Response:
    """Assign the licence to this client, on the word of a named person."""
    claim = visit.claim()
    by = visit.person(visit.given("by"))
    made = Assignment(client=claim.client, by=by, reason=visit.given("reason"))
    if not made.by or not made.reason:
        raise visit.refusal("assign_needs")

    def agreed(losses: Sequence[Loss]) -> bool:
        if not visit.given("take_back"):
            names = ", ".join(visit.home.client(each.client).name for each in losses)
            raise visit.refusal("assign_takes_back", clients=names)
        return True

    now = []
    for entry, own in licences_of(visit, claim):
        if not own:
            assigning.assign(visit.home, visit.desk.vault, entry.short_id, made, agreed)
            visit.log_action("assigned", entry.short_id, client=claim.client)
        now.append(f"{claim.client}/{entry.folder}")
    claim_files.with_licences(visit.home, claim, now, by=visit.visitor.name)
    keep_verdict(visit)
    return visit.to("claim", claim.claim)


ROUTES = [
    PageRoute("/claim/{claim}/match", match, Role.OPERATE, post=True, upload=True),
    PageRoute("/claim/{claim}/none", none, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/licence", choose, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/assign", assign, Role.OPERATE, post=True),
]
