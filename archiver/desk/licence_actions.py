"""What a person does with one licence: verify it, make its pack, hold it. Each leads back to the licence's page."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from archiver.agency import integrity, privacy
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.licence_pages import handed_out, opened
from archiver.desk.made_packs import Packs, make


def outcome(visit: PageRequest) -> dict[str, Any]:
    """What a form of this licence's page did: a report, or packs with warnings; nothing if that is no longer kept."""
    kept: dict[str, object] = visit.kept_if("done", dict) or {}
    ours = kept.get("licence") == f"{visit.path['client']}/{visit.path['folder']}"
    return {"report": None, "packs": (), "warnings": ()} | (kept if ours else {})


def _then(visit: PageRequest, size: int, **what: object) -> Response:
    """Go back to the licence's page, which says what was done."""
    key = _keep(visit, "", size, **what)
    return visit.to("licence", visit.path["client"], visit.path["folder"], done=key, list=visit.given("list"))


def _keep(visit: PageRequest, key: str, size: int, **what: object) -> str:
    return visit.keep({"licence": f"{visit.path['client']}/{visit.path['folder']}", **what}, size, key)


def _name(visit: PageRequest) -> str:
    with opened(visit) as (_, _, entry):
        return entry.short_id


def check(visit: PageRequest) -> Response:
    """Verify one licence now: each of its bytes and its ledger lines."""
    name = _name(visit)
    _, document, _ = integrity.verify(visit.home, integrity.VerifyRequest(client=visit.path["client"], licence=name))
    visit.log_action("verified", name, state=document["state"])
    return _then(visit, 1, report=document["clients"][0])


def proof(visit: PageRequest) -> Response:
    """Make the pack of this licence."""
    name, key, slug, folder = _name(visit), secrets.token_urlsafe(12), visit.path["client"], visit.path["folder"]
    place = at("licence", slug, folder, done=key, list=visit.given("list"))

    def keep(packs: Packs, warnings: tuple[str, ...]) -> None:
        _keep(visit, key, sum(len(content) for _, content in packs), packs=packs, warnings=warnings)
        visit.log_action("pack made", name)

    make(visit, (name,), visit.given("language"), place, keep)
    return RedirectResponse(place, status_code=303)


def pack(visit: PageRequest) -> Response:
    """One file of the pack that was made."""
    content = dict(outcome(visit)["packs"]).get(visit.path["name"])
    if content is None:
        raise HTTPException(404)
    visit.log_action("saved", visit.path["name"])
    return handed_out(visit, content, visit.path["name"], "")


def hold(visit: PageRequest) -> Response:
    """Put this licence under legal hold, or release it."""
    name, by, reason = _name(visit), visit.person(visit.given("by")), visit.given("reason")
    release = bool(visit.given("release"))
    if not by or not (release or reason):
        raise visit.refusal("hold_needs")
    privacy.hold_all(visit.home, visit.desk.vault, [name], by=by, reason=reason, release=release)
    visit.log_action("hold released" if release else "held", name)
    return _then(visit, 1)


ROUTES = [
    PageRoute("/licence/{client}/{folder}/verify", check, Role.READ, post=True),
    PageRoute("/licence/{client}/{folder}/proof", proof, Role.OPERATE, post=True),
    PageRoute("/licence/{client}/{folder}/pack/{name}", pack, Role.OPERATE),
    PageRoute("/licence/{client}/{folder}/hold", hold, Role.OPERATE, post=True),
]
