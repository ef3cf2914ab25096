"""The list of claims, and the form that makes a new claim from a letter or a picture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.claims import claim_entry, claim_files
from archiver.core.atomic_files import scratch_folder
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.kept_searches import Search, notices

FILTERS = ("open", "answered", "closed", "all")
"""Which claims the list shows."""


def listed(visit: PageRequest) -> Response:
    """The claims, the most urgent first: open ones, unless the person asks for others."""
    show = visit.asked("show") if visit.asked("show") in FILTERS else FILTERS[0]
    unread: list[str] = []
    client, owner, everything = visit.asked("client"), visit.asked("owner"), due(visit, unread.append)
    counts = {each: sum(_shows(each, claim) for claim, _ in everything) for each in FILTERS}
    wanted = [
        (claim, clocks)
        for claim, clocks in everything
        if _shows(show, claim) and client in ("", claim.client) and owner in ("", claim.owner)
    ]
    return visit.page(
        "claims.html", claims=wanted, show=show, choices=FILTERS, counts=counts, client=client, owner=owner,
        owners=sorted({claim.owner for claim, _ in everything if claim.owner}),
        clients=visit.customers(), told=notices(visit), unread=unread,
    )  # fmt: skip


def _shows(show: str, claim: claim_files.Claim) -> bool:
    return show == "all" or show == (claim.step.value if claim.answered else "open")


def new(visit: PageRequest) -> Response:
    return visit.page("new-claim.html", letter=None, client=visit.asked("client"), error=None)


def add(visit: PageRequest) -> Response:
    """Make a claim from a letter, a picture, or both."""
    letter, picture = visit.upload("letter"), visit.upload("picture")
    if key := visit.given("letter_key"):
        letter = visit.kept(key, tuple)
    client = visit.given("client")
    if client not in visit.home.clients or (letter is None and picture is None):
        error = "needs_client" if client not in visit.home.clients else "needs_letter"
        return visit.page("new-claim.html", 422, letter=None, client=client, error=error)
    return begun(visit, client, letter, picture)


def begun(
    visit: PageRequest, client: str, letter: tuple[bytes, str] | None, picture: tuple[bytes, str] | None,
    licence: str | None = None,
) -> Response:  # fmt: skip
    """Make a new claim from the uploaded files."""
    with scratch_folder("desk") as folder:
        paths: dict[str, Path] = {}
        for what, file in (("letter", letter), ("picture", picture)):
            if file:
                paths[what] = folder / (what + Path(file[1]).suffix[:9])
                paths[what].write_bytes(file[0])
        pictures = [paths["picture"]] if picture else []
        claim = claim_entry.add(visit.home, client, paths.get("letter"), {}, pictures, by=visit.visitor.name)
    if letter is None:  # nothing was read, so a person must enter what the letter says
        claim = claim_files.change(visit.home, claim, confirmed=False)
    if licence:
        claim = claim_files.with_licences(visit.home, claim, [licence], by=visit.visitor.name)
    visit.log_action("claim added", claim.claim)
    return visit.to("claim", claim.claim)


def taken(visit: PageRequest, content: bytes, name: str, client: str) -> Response:
    """A letter that was dropped on the search page. If the client is not clear, a person chooses it."""
    own = [each.slug for each in visit.customers()]
    if client or len(own) == 1:
        return begun(visit, client or own[0], (content, name), None)
    key = visit.keep((content, name), len(content))
    return visit.page("new-claim.html", letter=(key, name), client="", error=None)


def from_picture(visit: PageRequest) -> Response:
    """Make a claim from a matched picture and the licence that the person chose."""
    kept = visit.kept(visit.path["key"], Search)
    name = visit.given("licence")
    slug = visit.client(name.partition("/")[0]).slug
    client = visit.client(kept.client or visit.given("client") or slug).slug
    if name not in {row["licence"] for row in kept.found.rows}:
        raise HTTPException(404)
    return begun(visit, client, None, (kept.content, kept.name or "picture.jpg"), licence=name)


def due(visit: PageRequest, warn: Callable[[str], None]) -> list[tuple[claim_files.Claim, dict[str, object]]]:
    """The claims with their clocks, the most urgent first; `warn` hears of each that cannot be read."""
    now = datetime.now(UTC)
    return [(each, each.clocks(now)) for each in claim_files.all_claims(visit.home, warn)]


ROUTES = [
    PageRoute("/claims", listed),
    PageRoute("/claims/new", new, Role.OPERATE),
    PageRoute("/claims/new", add, Role.OPERATE, post=True, upload=True),
    PageRoute("/find/picture/{key}/claim", from_picture, Role.OPERATE, post=True),
]
