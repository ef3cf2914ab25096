"""Say which other client a claim may be about, and change it."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.claims import claim_entry
from archiver.claims.claim_files import Claim
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.kept_searches import Search
from archiver.reading.letter_sender import belongs


def other_clients(visit: PageRequest, claim: Claim, found: Search | None) -> dict[str, str]:
    """The clients that the claim may rather be about, by slug, and why: the letter names a `page` of theirs, or only
    their archive holds the `picture`. `found` is the search in the archive of the claim's own client."""
    hosts = [urlsplit(each).hostname or "" for each in claim.urls]
    own = visit.home.client(claim.client).domains
    theirs = [host for host in hosts if host and not belongs(host, own)]
    others = [each for each in visit.customers() if each.slug != claim.client]
    named = {each.slug: "page" for each in others if any(belongs(host, each.domains) for host in theirs)}
    if found is None or not others or _sure(found):
        return named
    wide = _searched_everywhere(visit, claim, found)
    slugs = {name.partition("/")[0] for name in _sure(wide)}
    return {each.slug: "picture" for each in others if each.slug in slugs} | named


def _sure(search: Search) -> list[str]:
    """The licences of the matches that are more than possible."""
    return [name for match, names in search.found.matches if match.word != "possible" for name in names]


def _searched_everywhere(visit: PageRequest, claim: Claim, given: Search) -> Search:
    """The same picture, searched for in all archives; kept until the archives change."""
    key, state = f"{visit.visitor.name} claim-{claim.claim} everywhere", (given.state, given.name)
    with suppress(HTTPException):  # nothing is kept
        kept: Search = visit.desk.kept(key)
        if kept.state == state:
            return kept
    messages: list[str] = []
    matches = visit.desk.look_for(given.content, given.name, None, warn=messages.append)
    found = Search(given.name, given.content, "", matches, messages, state=state)
    visit.desk.keep(key, len(found.content) + 12_000_000, found)
    return found


def change_client(visit: PageRequest) -> Response:
    """Make the claim one about another client, which the person chose."""
    claim, client = visit.claim(), visit.client(visit.given("client"))
    claim_entry.change_client(visit.home, claim, client.slug, by=visit.visitor.name)
    visit.log_action("client changed", claim.claim, client=client.slug)
    return visit.to("claim", claim.claim)


ROUTES = [PageRoute("/claim/{claim}/client", change_client, Role.OPERATE, post=True)]
