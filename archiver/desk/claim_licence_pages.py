"""Find the licence of a claim, choose it, and assign it to the claim's client."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from starlette.responses import Response

from archiver.catalogue import assigning, search
from archiver.catalogue.assignment import Assignment, Loss
from archiver.catalogue.index import CatalogueEntry, ErasedEntry
from archiver.claims import claim_files
from archiver.claims.claim_files import Claim
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import OWNER, Role
from archiver.desk.kept_searches import Search
from archiver.reading.worker import DocumentReader


def licences_of(visit: PageRequest, claim: Claim) -> list[tuple[CatalogueEntry | ErasedEntry, bool]]:
    """The claim's licences, and whether each is in the archive of the claim's client."""
    with DocumentReader() as reader:
        found = [search.named(visit.home, each, reader, prefer=claim.client) for each in claim.licences]
    return [(entry, slug == claim.client) for slug, entry in found]


def match(visit: PageRequest) -> Response:
    """Search for the licence with the claim's pictures, until one has a match, or with an uploaded picture."""
    claim = visit.claim()
    folder = claim_files.folder(visit.home, claim.claim)
    given = visit.upload("picture")
    pictures = [given] if given else [((folder / name).read_bytes(), name) for name in claim.pictures]
    if not pictures:
        return visit.to("claim", claim.claim)
    messages: list[str] = []
    for content, name in pictures:
        found = visit.desk.look_for(content, name, claim.client, warn=messages.append)
        kept = Search(name, content, claim.client, found, messages)
        if found.rows:
            break
    key = secrets.token_urlsafe(12)
    visit.desk.keep(f"{visit.visitor.name} {key}", len(kept.content) + 12_000_000, kept)
    return visit.to("claim", claim.claim, found=key)


def choose(visit: PageRequest) -> Response:
    """Record which licence the person chose."""
    claim = visit.claim()
    with DocumentReader() as reader, search.located(visit.home, visit.given("licence"), reader) as (_, _, entry):
        pass
    kept = claim.licences if visit.given("also") else ()
    claim_files.with_licences(visit.home, claim, [*kept, entry.short_id])
    visit.log_action("licence chosen", claim.claim, licence=entry.short_id)
    return visit.to("claim", claim.claim)


def assign(visit: PageRequest) -> Response:
    """Assign the licence to this client, on the word of a named person."""
    claim = visit.claim()
    by = visit.given("by") if visit.visitor.name == OWNER else visit.visitor.name
    made = Assignment(client=claim.client, by=by, reason=visit.given("reason"))
    if not made.by or not made.reason:
        raise ConfigError(visit.words("assign_needs"))

    def agreed(losses: Sequence[Loss]) -> bool:
        if not visit.given("take_back"):
            names = ", ".join(visit.home.client(each.client).name for each in losses)
            raise ConfigError(visit.words("assign_takes_back", clients=names))
        return True

    now = []
    for entry, own in licences_of(visit, claim):
        if not own:
            assigning.assign(visit.home, visit.desk.vault, entry.short_id, made, agreed)
            visit.log_action("assigned", entry.short_id, client=claim.client)
        now.append(f"{claim.client}/{entry.folder}")
    claim_files.with_licences(visit.home, claim, now)
    return visit.to("claim", claim.claim)


WAYS = [
    PageRoute("/claim/{claim}/match", match, Role.OPERATE, post=True, upload=True),
    PageRoute("/claim/{claim}/licence", choose, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/assign", assign, Role.OPERATE, post=True),
]
