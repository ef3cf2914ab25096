"""Today, the first page: everything that needs a person, what came in last night, and the clients."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from starlette.responses import Response

from archiver.agency import integrity
from archiver.agency.sign_ins import DueSignIn, due_sign_ins
from archiver.agency.today import today_of
from archiver.agency.today_facts import gather
from archiver.core.errors import VaultLocked
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.kept_searches import notices

PAGE = 24  # licences of a page


def start(visit: PageRequest) -> Response:
    """Today: everything that needs a person, or that nothing does; what came in last night; and the clients."""
    if visit.visitor.client:
        return visit.to("client", visit.visitor.client)
    desk = visit.desk
    facts = gather(visit.home, datetime.now(UTC), lambda: desk.vault, summaries=desk.standing, alerts=desk.alerts)
    return visit.page("home.html", today=today_of(facts), facts=facts, told=notices(visit))


def timestamp(visit: PageRequest) -> Response:
    """Sign and timestamp what an archive holds without a timestamp."""
    slug = visit.client(visit.given("client")).slug
    return _stamped(visit, slug, integrity.seal(visit.home, visit.desk.vault, slug))


def renewal(visit: PageRequest) -> Response:
    """Renew the timestamps of an archive."""
    slug, said = visit.client(visit.given("client")).slug, list[str]()
    integrity.renew(visit.home, visit.desk.vault, client=slug, say=said.append)
    return _stamped(visit, slug, [each for each in said if each.startswith("warning: ")])


def _stamped(visit: PageRequest, slug: str, warnings: list[str]) -> Response:
    visit.log_action("timestamp", slug, warnings=len(warnings))
    return visit.to("", told=visit.keep(warnings) if warnings else "")


def troubles(visit: PageRequest) -> list[DueSignIn]:
    """The sign-ins that need a person; empty if the vault is locked, because its commands report that."""
    with suppress(VaultLocked):
        return due_sign_ins(visit.home, visit.desk.vault, turns=visit.desk.turns)
    return []


ROUTES = [
    PageRoute("/", start, Role.CLIENT),
    PageRoute("/today/timestamp", timestamp, Role.OPERATE, post=True),
    PageRoute("/today/renewal", renewal, Role.OPERATE, post=True),
]
