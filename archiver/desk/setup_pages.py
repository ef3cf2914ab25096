"""What this home needs before it may be left alone: what is ready, and where to do the rest."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from archiver.agency.readiness import readiness
from archiver.agency.schedule import Schedule, install, nights_of
from archiver.core.errors import ArchiverError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role


def setup(visit: PageRequest) -> Response:
    """What is ready, what is missing or fails, and what that costs."""
    night, obstacle = _nights(visit)
    items = readiness(visit.home, datetime.now(UTC))
    return visit.page("setup.html", items=items, night=night, obstacle=obstacle, done=visit.asked("done"))


def _nights(visit: PageRequest) -> tuple[Schedule | None, str]:
    """What the button would install, or why the desk cannot do it."""
    try:
        return nights_of(visit.home), ""
    except ArchiverError as error:
        return None, str(error)


def schedule_nights(visit: PageRequest) -> Response:
    """Install the nightly run for the user of the desk. The form says only that it is wanted."""
    made = nights_of(visit.home)
    install(made)
    visit.log_action("night scheduled", made.system.value)
    return visit.to("setup", done="night_scheduled")


ROUTES = [
    PageRoute("/setup", setup),
    PageRoute("/setup/nights", schedule_nights, Role.ADMIN, post=True, confirms=True),
]
