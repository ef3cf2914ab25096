"""Somebody leaves: what the person bought, what is missing, and what the person can still reach."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from archiver.agency import offboarding
from archiver.browsing.recording import recordings_of
from archiver.catalogue.licence_list import seats
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role

MAX_MISSING = 50  # documents on the page


def show(visit: PageRequest) -> Response:
    """Everything of one person, from the archives as they are; without a person, the field for the name."""
    name, work, leaving, nobody = visit.asked("person"), visit.desk.work, None, False
    if name:
        try:
            leaving = asyncio.run(
                offboarding.leaver(visit.home, visit.desk.vault, name, dry_run=True, most=MAX_MISSING)
            )
        except ConfigError:  # nothing in the home names that person
            nobody = True
    same = name.casefold()
    browsers = [each for each in visit.desk.companion.browsers.all() if each.person.casefold() == same]
    sessions = [says for says, _ in visit.desk.access.sessions.all() if says.who.casefold() == same]
    users = [each for each in visit.desk.access.users.all() if each.casefold() == same]
    return visit.page(
        "leaver.html", person=name, leaving=leaving, nobody=nobody and not (browsers or users or sessions),
        seats=visit.desk.cached("seats", lambda: seats(visit.home)), browsers=browsers, sessions=sessions, users=users,
        work=work, mine=work.what == "leaver" and work.account == name,
    )  # fmt: skip


def read(visit: PageRequest) -> Response:
    """Read the histories of the person's accounts once more, in the background, as `archiver account leaver` does."""
    name, home, vault, work = visit.given("person"), visit.home, visit.desk.vault, visit.desk.work

    async def reading() -> None:
        await offboarding.leaver(home, vault, name, replay=recordings_of(home), progress=work.progress)

    place = at("leaver", person=name)
    work.begin("leaver", name, reading, place=place)
    visit.log_action("histories read for a leaver", name)
    return visit.to("leaver", person=name)


ROUTES = [
    PageRoute("/leaver", show, Role.OPERATE),
    PageRoute("/leaver", read, Role.OPERATE, post=True),
]
