"""Picture searches that the desk keeps for a while, and what the archives lack."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.responses import Response

from archiver.catalogue import picture_search, search
from archiver.desk.app import PageRequest


@dataclass
class Search:
    """A picture that was searched for, and its matches. `other`: a person chose it, it is not of the claim's letter.

    `state` is that of the archives when they were searched.
    """

    name: str
    content: bytes = field(repr=False)
    client: str
    found: picture_search.PictureMatches
    messages: list[str]
    state: object = None
    other: bool = False
    sheets: dict[int, bytes] = field(default_factory=dict, repr=False)

    def sheet(self, number: int) -> bytes:
        """The query and the match side by side, as a PNG."""
        if number not in self.sheets:
            self.sheets[number] = self.found.matches[number][0].side_by_side()
        return self.sheets[number]


def searched(visit: PageRequest, content: bytes, name: str, client: str) -> Response:
    """Search for a picture, and show what was found; UnreadablePicture for anything else."""
    messages: list[str] = []
    found = visit.desk.look_for(content, name, client or None, alone=bool(visit.visitor.client), warn=messages.append)
    search = Search(name, content, client, found, [] if visit.visitor.client else messages)
    size = len(content) + 12_000_000  # with the pictures that are decoded
    return visit.to("find", "picture", visit.keep(search, size))


def missing(visit: PageRequest, client: str) -> list[str]:
    """What the searched archives lack."""
    return [] if visit.visitor.client else search.incomplete(visit.home, client or None, visit.desk.turns)


def nothing_archived(visit: PageRequest, client: str = "") -> bool:
    """Whether the archives that a search looks into hold no licence at all. What cannot be read may hold some."""
    home, alone = visit.home, visit.visitor.client
    places = [home.client(alone)] if alone else home.client_and_house(client) if client else home.clients.values()
    stands = (visit.desk.standing(home, each.slug) for each in places)
    return not any(each.count or each.fault for each in stands)


def notices(visit: PageRequest) -> list[str]:
    """The warnings of what the visitor just did; empty if they are no longer kept."""
    return visit.kept_if("told", list) or []
