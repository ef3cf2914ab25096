"""A damaged archive: look at it again, and replace what is damaged by the replica's."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from archiver.agency import integrity
from archiver.agency.put_back import put_back
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.background_job import Work


def check(visit: PageRequest) -> Response:
    """Verify a client's archive in the background, as `archiver verify --client` does."""
    owner, home = visit.client(), visit.home

    def verifying(work: Work) -> None:
        integrity.verify(home, integrity.VerifyRequest(client=owner.slug), partial(_step, work, owner.name))

    visit.desk.works.do("verify", at("client", owner.slug), verifying)
    visit.log_action("archive verified", owner.slug)
    return visit.to("client", owner.slug)


def restore(visit: PageRequest) -> Response:
    """Replace the damaged objects of a client's archive in the background by those of the replica."""
    owner, home, vault = visit.client(), visit.home, visit.desk.vault

    def restoring(work: Work) -> None:
        put_back(home, vault, owner.slug, partial(_step, work, owner.name))

    visit.desk.works.do("put-back", at("client", owner.slug), restoring)
    visit.log_action("damage replaced", owner.slug)
    return visit.to("client", owner.slug)


def _step(work: Work, name: str, _: str, done: int, total: int | None) -> None:
    work.step(name, done, total)


ROUTES = [
    PageRoute("/client/{client}/check", check, Role.OPERATE, post=True),
    PageRoute("/client/{client}/put-back", restore, Role.ADMIN, post=True, confirms=True),
]
